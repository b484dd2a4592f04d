//! Places for clinical documents under way. A document may take minutes to arrive, so many may arrive at once, but few of one caller;
//! scanning and storing costs the machine and a connection, so few are at that.

use crate::app::places::{self, Place, given};
use crate::app::{Caller, Result, Settings};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The places. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Places {
    receiving: places::Places,
    storing: Arc<Semaphore>,
}

impl Places {
    /// As many as the settings say.
    pub fn new(settings: &Settings) -> Self {
        let receiving = places::Places::new(settings.uploads, settings.uploads_of_one);
        Self { receiving, storing: Arc::new(Semaphore::new(settings.uploads_stored)) }
    }

    /// Places in which a document may arrive.
    pub fn free(&self) -> usize {
        self.receiving.free()
    }

    /// A place in which a document of this caller arrives; waits a while for one.
    pub(super) async fn to_receive(&self, caller: &Caller, patience: Duration) -> Result<Place> {
        self.receiving.take(&caller.subject, patience, "as many documents as may be are being received already").await
    }

    /// A turn to be scanned and stored; waits a while for it.
    pub(super) async fn to_store(&self, patience: Duration) -> Result<OwnedSemaphorePermit> {
        let turn = Arc::clone(&self.storing).acquire_owned();
        given(turn, patience, "as many documents as may be are being stored already").await
    }
}
