//! Places for clinical documents under way. A document may take minutes to arrive, so many may arrive at once, but few of one caller;
//! scanning and storing costs the machine and a connection, so few are at that.

use crate::app::{Caller, Error, Result, Settings};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The places. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Places {
    receiving: Arc<Semaphore>,
    of_one: usize,
    /// Callers of whom documents arrive.
    callers: Arc<Mutex<HashMap<String, Weak<Semaphore>>>>,
    storing: Arc<Semaphore>,
}

/// The place of a document that arrives.
#[derive(Debug)]
pub struct Place {
    _of_caller: OwnedSemaphorePermit,
    _of_all: OwnedSemaphorePermit,
}

impl Places {
    /// As many as the settings say.
    pub fn new(settings: &Settings) -> Self {
        Self {
            receiving: Arc::new(Semaphore::new(settings.uploads)),
            of_one: settings.uploads_of_one,
            callers: Arc::default(),
            storing: Arc::new(Semaphore::new(settings.uploads_stored)),
        }
    }

    /// Places in which a document may arrive.
    pub fn free(&self) -> usize {
        self.receiving.available_permits()
    }

    /// A place in which a document of this caller arrives; waits a while for one.
    pub(super) async fn to_receive(&self, caller: &Caller, patience: Duration) -> Result<Place> {
        let own = self.of(&caller.subject);
        let both = async {
            // those who wait for their own do not hold up the others
            let of_caller = own.acquire_owned().await?;
            Ok(Place { _of_caller: of_caller, _of_all: Arc::clone(&self.receiving).acquire_owned().await? })
        };
        given(both, patience, "as many documents as may be are being received already").await
    }

    /// A turn to be scanned and stored; waits a while for it.
    pub(super) async fn to_store(&self, patience: Duration) -> Result<OwnedSemaphorePermit> {
        let turn = Arc::clone(&self.storing).acquire_owned();
        given(turn, patience, "as many documents as may be are being stored already").await
    }

    fn of(&self, subject: &str) -> Arc<Semaphore> {
        let mut callers = self.callers.lock().unwrap_or_else(PoisonError::into_inner);
        callers.retain(|_, places| places.strong_count() > 0);
        if let Some(places) = callers.get(subject).and_then(Weak::upgrade) {
            return places;
        }
        let places = Arc::new(Semaphore::new(self.of_one));
        callers.insert(subject.to_owned(), Arc::downgrade(&places));
        places
    }
}

async fn given<T>(
    place: impl Future<Output = std::result::Result<T, tokio::sync::AcquireError>>,
    patience: Duration,
    otherwise: &str,
) -> Result<T> {
    match tokio::time::timeout(patience, place).await {
        Ok(Ok(place)) => Ok(place),
        Ok(Err(error)) => Err(Error::Internal(error.to_string())),
        Err(_) => Err(Error::Unavailable(otherwise.to_owned())),
    }
}
