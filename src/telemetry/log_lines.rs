//! Log lines on their way to standard error, written by a thread of their own.
//!
//! Whoever logs never waits for whoever reads: a pipe that nobody empties would otherwise stop every request. Lines are written some
//! milliseconds later, many in one call; what a killed process had not written yet is lost, and its cases are not, being in the database.

use std::io::{self, Write};
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;
use tracing_subscriber::fmt::MakeWriter;

/// How long lines are gathered.
const GATHERED: Duration = Duration::from_millis(20);
/// Bytes that wait at most; lines beyond are counted and left out.
const WAITING_AT_MOST: usize = 4 * 1024 * 1024;
/// Bytes of room that are kept for the lines to come.
const KEPT: usize = 256 * 1024;
/// How long the end waits for the last lines to be written.
const PATIENCE: Duration = Duration::from_secs(1);

/// Where lines are put. Cheap to clone.
#[derive(Debug, Clone)]
pub struct LogLines(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    lines: Mutex<Lines>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Lines {
    waiting: Vec<u8>,
    left_out: u64,
    ending: bool,
    ended: bool,
}

/// Writes what is left when it is dropped.
#[derive(Debug)]
pub struct LastLines(LogLines);

impl LogLines {
    /// Lines that a thread writes there.
    pub fn to(sink: impl Write + Send + 'static) -> io::Result<(Self, LastLines)> {
        let lines = Self(Arc::default());
        let writer = lines.clone();
        thread::Builder::new().name("log".to_owned()).spawn(move || writer.write_out(sink))?;
        Ok((lines.clone(), LastLines(lines)))
    }

    fn lock(&self) -> MutexGuard<'_, Lines> {
        self.0.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_out(&self, mut sink: impl Write) {
        let mut bytes = Vec::new();
        loop {
            let idle = |lines: &mut Lines| lines.waiting.is_empty() && !lines.ending;
            let ending = self.0.changed.wait_while(self.lock(), idle).unwrap_or_else(PoisonError::into_inner).ending;
            if !ending {
                thread::sleep(GATHERED);
            }
            let (left_out, ending) = self.take(&mut bytes);
            // there is nobody to tell that standard error is gone
            drop(sink.write_all(&bytes));
            if left_out > 0 {
                drop(writeln!(
                    sink,
                    r#"{{"level":"WARN","message":"log lines were left out, nobody read them","lines":{left_out}}}"#
                ));
            }
            drop(sink.flush());
            if ending {
                self.lock().ended = true;
                self.0.changed.notify_all();
                return;
            }
        }
    }

    /// What waits, in exchange for room for what comes.
    fn take(&self, bytes: &mut Vec<u8>) -> (u64, bool) {
        bytes.clear();
        bytes.shrink_to(KEPT);
        let mut lines = self.lock();
        mem::swap(&mut lines.waiting, bytes);
        (mem::take(&mut lines.left_out), lines.ending)
    }
}

impl Write for &LogLines {
    /// Takes a line; it comes as a whole.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut lines = self.lock();
        if lines.waiting.len() + line.len() > WAITING_AT_MOST {
            lines.left_out += 1;
            return Ok(line.len());
        }
        let was_empty = lines.waiting.is_empty();
        lines.waiting.extend_from_slice(line);
        drop(lines);
        if was_empty {
            self.0.changed.notify_all();
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for LogLines {
    type Writer = &'a Self;

    fn make_writer(&'a self) -> &'a Self {
        self
    }
}

impl Drop for LastLines {
    fn drop(&mut self) {
        self.0.lock().ending = true;
        self.0.0.changed.notify_all();
        let lines = self.0.lock();
        drop(self.0.0.changed.wait_timeout_while(lines, PATIENCE, |lines| !lines.ended));
    }
}

#[cfg(test)]
mod tests {
    use super::{LogLines, WAITING_AT_MOST};
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex, mpsc};

    /// Written to once for each permission that is sent.
    struct Slow {
        permissions: mpsc::Receiver<()>,
        written: Arc<Mutex<String>>,
    }

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.permissions.recv().map_err(io::Error::other)?;
            self.written.lock().unwrap().push_str(std::str::from_utf8(bytes).unwrap());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn who_logs_does_not_wait_for_who_reads_and_the_last_lines_are_written() {
        let (allow, permissions) = mpsc::channel();
        let written = Arc::default();
        let (lines, last) = LogLines::to(Slow { permissions, written: Arc::clone(&written) }).unwrap();
        let long = format!("{}\n", "x".repeat(99_999));
        for _ in 0..=WAITING_AT_MOST / 100_000 * 3 {
            (&lines).write_all(long.as_bytes()).unwrap(); // nobody has read anything yet
        }
        for _ in 0..100 {
            allow.send(()).unwrap();
        }
        (&lines).write_all(b"the end\n").unwrap();
        drop(last);
        let written = written.lock().unwrap();
        assert!(written.starts_with("xxx"));
        assert!(written.contains("log lines were left out"), "{} bytes", written.len());
        assert!(written.len() <= 2 * WAITING_AT_MOST + 1000, "{} bytes", written.len());
    }
}
