//! Reading documents back, piece by piece. Between two pieces nothing is held, so that a slow reader keeps no connection.

use super::may_read;
use crate::app::audience::who;
use crate::app::visibility::{Sight, seen_by};
use crate::app::{App, Caller, Error, Result};
use crate::domain::attachment::Attachment;
use crate::store;
use crate::store::attachments::hex;
use futures_util::{Stream, stream};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// The documents of a case, in the order in which they arrived.
pub async fn list(app: &App, caller: &Caller, case_id: Uuid) -> Result<Vec<Attachment>> {
    let mut conn = seen_by(app, caller).await?;
    let stored = store::cases::current(&mut conn, case_id).await?.ok_or(Error::NotFound)?;
    may_read(&mut conn, caller, &stored).await?;
    let mut documents = store::attachments::of_case(&mut conn, case_id).await?;
    for one in &mut documents {
        one.received_from = who(&one.received_from, &one.received_as, caller);
    }
    Ok(documents)
}

/// A document to be sent.
#[derive(Debug)]
pub struct Download {
    /// What is known of it.
    pub attachment: Attachment,
    app: App,
    sight: Sight,
}

/// Opens a document.
pub async fn open(app: &App, caller: &Caller, attachment_id: Uuid) -> Result<Download> {
    let mut conn = seen_by(app, caller).await?;
    let attachment = store::attachments::find(&mut conn, attachment_id).await?.ok_or(Error::NotFound)?;
    let stored = store::cases::current(&mut conn, attachment.case_id).await?.ok_or(Error::NotFound)?;
    may_read(&mut conn, caller, &stored).await?;
    Ok(Download { attachment, app: app.clone(), sight: Sight::of(caller) })
}

/// How far a document is sent.
struct Sending {
    download: Download,
    hash: Sha256,
    sent: u64,
    n: i32,
}

impl Download {
    /// Its bytes. The last piece comes only when size and hash are those of the document that was received; otherwise the stream fails, so
    /// that nobody takes a damaged document for whole.
    pub fn pieces(self) -> impl Stream<Item = Result<Vec<u8>>> + Send + 'static {
        let sending = Sending { download: self, hash: Sha256::new(), sent: 0, n: 0 };
        stream::try_unfold(sending, Sending::next)
    }
}

impl Sending {
    async fn next(mut self) -> Result<Option<(Vec<u8>, Self)>> {
        let Attachment { attachment_id, size_bytes, ref sha256, .. } = self.download.attachment;
        if self.sent == size_bytes {
            return Ok(None);
        }
        let damaged = || Error::Internal(format!("attachment {attachment_id} does not read back as it was received"));
        let piece = {
            let mut conn = self.download.sight.begin_in(&self.download.app.pool).await?;
            store::attachments::chunk(&mut conn, attachment_id, self.n).await?
        };
        let piece = piece.filter(|piece| !piece.is_empty()).ok_or_else(damaged)?;
        self.hash.update(&piece);
        self.sent += piece.len() as u64;
        self.n += 1;
        let last = self.sent >= size_bytes;
        if last && (self.sent != size_bytes || hex(&self.hash.clone().finalize()) != *sha256) {
            return Err(damaged());
        }
        Ok(Some((piece, self)))
    }
}
