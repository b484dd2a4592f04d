//! How many connections there may be, and what the others are told.

use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// Callers that are turned away by words at once. Others find the door closed.
const WORDS_AT_ONCE: usize = 64;
/// How long a caller has to read them.
const PATIENCE: Duration = Duration::from_secs(2);
/// So much is read of what it sends meanwhile, in bytes.
const READ_AT_MOST: u64 = 256 * 1024;

/// Lets callers in, or tells them that it is full.
pub struct Doorkeeper {
    most: usize,
    full: Box<dyn Fn() -> Vec<u8> + Send + Sync>,
    words: Arc<Semaphore>,
}

impl Doorkeeper {
    /// So many connections at most; `full` puts together what the others are answered, all of its bytes.
    pub fn new(most: usize, full: impl Fn() -> Vec<u8> + Send + Sync + 'static) -> Self {
        Self { most, full: Box::new(full), words: Arc::new(Semaphore::new(WORDS_AT_ONCE)) }
    }

    /// The connections that there may be.
    pub const fn most(&self) -> usize {
        self.most
    }

    /// True where one more may come in.
    pub const fn has_room(&self, open: usize) -> bool {
        open < self.most
    }

    /// Says that it is full.
    pub fn turn_away(&self, mut stream: TcpStream) {
        metrics::counter!("oncoauth_connections_refused_total").increment(1);
        let Ok(place) = Arc::clone(&self.words).try_acquire_owned() else { return };
        let words = (self.full)();
        tokio::spawn(async move {
            let said = async {
                stream.write_all(&words).await?;
                stream.shutdown().await?;
                // what it sent and nobody read would take the answer with it when the connection is closed
                tokio::io::copy(&mut (&mut stream).take(READ_AT_MOST), &mut tokio::io::sink()).await?;
                io::Result::Ok(())
            };
            drop(timeout(PATIENCE, said).await);
            drop(place);
        });
    }
}
