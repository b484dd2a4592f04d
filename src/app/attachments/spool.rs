//! Where a document lies until it is known to be whole and what it says: a file without a name, gone with the process or the request. It
//! is in the system's temporary directory (`TMPDIR`), so that memory does not grow with what is sent.

use crate::app::{Error, Result};
use crate::domain::attachment::MediaType;
use crate::rules::attachments::Looks;
use sha2::{Digest as _, Sha256};
use std::io::SeekFrom;
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _};

/// Bytes that are handed to the file at once.
const BUFFER: usize = 256 * 1024;

/// A document on its way in.
#[derive(Debug)]
pub struct Spool {
    file: File,
    hash: Sha256,
    size: u64,
    looks: Looks,
}

/// A document that has arrived whole.
#[derive(Debug)]
pub struct Spooled {
    file: File,
    /// Size in bytes.
    pub size: u64,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
    looks: Looks,
}

/// No room, or no temporary directory: the same request may work later.
fn unavailable(error: &std::io::Error) -> Error {
    Error::Unavailable(format!("the temporary file of a document: {error}"))
}

impl Spool {
    /// An empty one.
    pub async fn begin() -> Result<Self> {
        let made = tokio::task::spawn_blocking(tempfile::tempfile).await;
        let file = made.map_err(|error| Error::Internal(error.to_string()))?.map_err(|error| unavailable(&error))?;
        let mut file = File::from_std(file);
        file.set_max_buf_size(BUFFER);
        Ok(Self { file, hash: Sha256::new(), size: 0, looks: Looks::default() })
    }

    /// Bytes so far.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Takes the next bytes.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.hash.update(bytes);
        self.looks.add(bytes);
        self.size += bytes.len() as u64;
        self.file.write_all(bytes).await.map_err(|error| unavailable(&error))
    }

    /// There are no more bytes.
    pub async fn finish(mut self) -> Result<Spooled> {
        self.file.flush().await.map_err(|error| unavailable(&error))?;
        Ok(Spooled { file: self.file, size: self.size, sha256: self.hash.finalize().into(), looks: self.looks })
    }
}

impl Spooled {
    /// The type that the bytes themselves show.
    pub fn recognized(&self) -> Option<MediaType> {
        self.looks.recognized()
    }

    /// What is wrong with calling it this.
    pub fn contradicts(&self, declared: MediaType) -> Option<String> {
        self.looks.contradicts(declared)
    }

    /// Another handle of the file, at its beginning. There is one position for both.
    pub(super) async fn handle(&mut self) -> Result<std::fs::File> {
        self.file.seek(SeekFrom::Start(0)).await.map_err(|error| unavailable(&error))?;
        let handle = self.file.try_clone().await.map_err(|error| unavailable(&error))?;
        Ok(handle.into_std().await)
    }

    /// Its bytes, from the beginning.
    pub(super) async fn read(&mut self) -> Result<Reading<'_>> {
        self.file.seek(SeekFrom::Start(0)).await.map_err(|error| unavailable(&error))?;
        Ok(Reading { spooled: self, hash: Sha256::new() })
    }
}

/// A document that is read back while it is stored.
#[derive(Debug)]
pub(super) struct Reading<'a> {
    spooled: &'a mut Spooled,
    hash: Sha256,
}

impl Reading<'_> {
    /// The next `size` bytes, or what is left; none at the end.
    pub(super) async fn next(&mut self, size: usize) -> Result<Option<Vec<u8>>> {
        let mut piece = Vec::with_capacity(size);
        let limit = u64::try_from(size).unwrap_or(u64::MAX);
        let read = (&mut self.spooled.file).take(limit).read_to_end(&mut piece).await;
        read.map_err(|error| unavailable(&error))?;
        self.hash.update(&piece);
        Ok((!piece.is_empty()).then_some(piece))
    }

    /// What was read back is what had arrived: a scanner has the file in its hands, too.
    pub(super) fn require_whole(self) -> Result<()> {
        let read: [u8; 32] = self.hash.finalize().into();
        if read == self.spooled.sha256 {
            Ok(())
        } else {
            Err(Error::Internal("a document changed while it was scanned".to_owned()))
        }
    }
}
