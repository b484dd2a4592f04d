//! Panics as log lines: where and in which thread. What a panic says may be about a person, and is not written.

use std::panic::{self, PanicHookInfo};
use std::thread;

/// Has panics logged instead of written to standard error with what they say.
pub fn log() {
    panic::set_hook(Box::new(write));
}

fn write(info: &PanicHookInfo<'_>) {
    let location = info.location().map(ToString::to_string);
    let thread = thread::current();
    tracing::error!(location, thread = thread.name(), "panicked");
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::panic;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_panic_says_where_it_was_and_nothing_of_what_it_says() {
        let written = Written::default();
        let writer = written.clone();
        let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
        let panicked = tracing::subscriber::with_default(subscriber, || {
            let before = panic::take_hook();
            super::log();
            let panicked = panic::catch_unwind(|| panic!("Test Member, born 1950-01-15"));
            panic::set_hook(before);
            panicked
        });
        assert!(panicked.is_err());
        let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        assert!(text.contains("panicked") && text.contains("panics.rs:") && text.contains("thread="), "{text}");
        assert!(!text.contains("Test Member") && !text.contains("1950"), "{text}");
    }
}
