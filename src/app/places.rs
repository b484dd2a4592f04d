//! Places for what takes its time: so many in all, and few for each of those who come, so that nobody takes all of them.

use super::{Error, Result};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

/// The places. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Places {
    all: Arc<Semaphore>,
    of_one: usize,
    /// Those who have a place or wait for one.
    each: Arc<Mutex<HashMap<String, Weak<Semaphore>>>>,
}

/// A place that is taken.
#[derive(Debug)]
pub struct Place {
    _of_one: OwnedSemaphorePermit,
    _of_all: OwnedSemaphorePermit,
}

impl Places {
    /// So many in all, and so many for each.
    pub fn new(all: usize, of_one: usize) -> Self {
        Self { all: Arc::new(Semaphore::new(all)), of_one, each: Arc::default() }
    }

    /// Places that are free.
    pub fn free(&self) -> usize {
        self.all.available_permits()
    }

    /// A place for whoever this names; waits so long for one.
    pub async fn take(&self, who: &str, patience: Duration, otherwise: &str) -> Result<Place> {
        let own = self.of(who);
        let both = async {
            // those who wait for their own do not hold up the others
            let of_one = own.acquire_owned().await?;
            Ok(Place { _of_one: of_one, _of_all: Arc::clone(&self.all).acquire_owned().await? })
        };
        given(both, patience, otherwise).await
    }

    fn of(&self, who: &str) -> Arc<Semaphore> {
        let mut each = self.each.lock().unwrap_or_else(PoisonError::into_inner);
        each.retain(|_, places| places.strong_count() > 0);
        if let Some(places) = each.get(who).and_then(Weak::upgrade) {
            return places;
        }
        let places = Arc::new(Semaphore::new(self.of_one));
        each.insert(who.to_owned(), Arc::downgrade(&places));
        places
    }
}

/// What comes free in time, or why none did.
pub async fn given<T>(
    place: impl Future<Output = std::result::Result<T, AcquireError>>,
    patience: Duration,
    otherwise: &str,
) -> Result<T> {
    match tokio::time::timeout(patience, place).await {
        Ok(Ok(place)) => Ok(place),
        Ok(Err(error)) => Err(Error::Internal(error.to_string())),
        Err(_) => Err(Error::Unavailable(otherwise.to_owned())),
    }
}
