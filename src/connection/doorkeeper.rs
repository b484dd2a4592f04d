//! How many connections there may be, and what the others are told.

use super::addresses::{Addresses, Seat};
use std::io;
use std::net::IpAddr;
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
    addresses: Addresses,
    full: Box<dyn Fn() -> Vec<u8> + Send + Sync>,
    words: Arc<Semaphore>,
}

impl Doorkeeper {
    /// So many connections at most, and so many of each address; `full` puts together what the others are answered, all of its bytes.
    pub fn new(most: usize, addresses: Addresses, full: impl Fn() -> Vec<u8> + Send + Sync + 'static) -> Self {
        Self { most, addresses, full: Box::new(full), words: Arc::new(Semaphore::new(WORDS_AT_ONCE)) }
    }

    /// The connections that there may be.
    pub const fn most(&self) -> usize {
        self.most
    }

    /// Lets one more in from this address, where there is room for it.
    pub fn admit(&self, open: usize, address: IpAddr) -> Option<Seat> {
        if open < self.most { self.addresses.seat(address) } else { None }
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
