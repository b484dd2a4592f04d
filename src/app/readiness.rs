//! Whether requests can be served.

use super::{App, Result};
use crate::store;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// Writing is tried so often at most: anybody may ask.
const EVERY: Duration = Duration::from_secs(2);
/// And so often where it failed.
const EVERY_FAILURE: Duration = Duration::from_millis(200);

/// What was found last. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct LastProbe(Arc<Mutex<Option<(Instant, Readiness)>>>);

/// Whether requests can be served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Readiness {
    /// They can.
    Ready,
    /// The database lacks migrations of this version.
    NotMigrated,
    /// The database does not answer, or cannot write.
    Failing(String),
}

/// Asks the database whether it has this version's tables and can write. An answer of a moment ago is given again.
pub async fn find_out(app: &App) -> Readiness {
    let mut last = app.last_probe.0.lock().await;
    if let Some((at, found)) = &*last
        && at.elapsed() < if *found == Readiness::Ready { EVERY } else { EVERY_FAILURE }
        && !app.pool.is_closed()
    {
        return found.clone();
    }
    let found = match ask(app).await {
        Ok(true) => Readiness::Ready,
        Ok(false) => Readiness::NotMigrated,
        Err(error) => Readiness::Failing(error.to_string()),
    };
    *last = Some((Instant::now(), found.clone()));
    found
}

async fn ask(app: &App) -> Result<bool> {
    let mut conn = app.pool.acquire().await?;
    if !store::is_migrated(&mut conn).await? {
        return Ok(false);
    }
    store::readiness::write_a_little(&mut conn).await?;
    Ok(true)
}
