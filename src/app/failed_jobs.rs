//! What runs by itself and failed, for the administrator: to be seen, and to be tried again before its turn.

use super::{App, Caller, Error, Result, timers};
use crate::store;
pub use crate::store::failed_jobs::FailedJob;
use uuid::Uuid;

/// Up to `limit` of them after this one, in the order in which they began to fail, and one more where there is one, of which only that is
/// told.
pub async fn list(app: &App, caller: &Caller, after: Option<Uuid>, limit: u32) -> Result<Vec<FailedJob>> {
    let found = store::failed_jobs::list(&mut *app.pool.acquire().await?, after, i64::from(limit) + 1).await?;
    for (_, shown) in (0..limit).zip(&found) {
        caller.accessed.case(shown.case_id);
    }
    Ok(found)
}

/// How many there are.
pub async fn count(app: &App) -> Result<i64> {
    Ok(store::failed_jobs::count(&mut *app.pool.acquire().await?).await?)
}

/// Tries one again at once. None where it is done or no longer to be done; otherwise what it is like now.
pub async fn retry(app: &App, caller: &Caller, failed_job_id: Uuid) -> Result<Option<FailedJob>> {
    let found = store::failed_jobs::find(&mut *app.pool.acquire().await?, failed_job_id).await?;
    let found = found.ok_or(Error::NotFound)?;
    caller.accessed.case(found.case_id);
    timers::run_timer(app, found.case_id, &found.kind, app.clock.now()).await?;
    Ok(store::failed_jobs::find(&mut *app.pool.acquire().await?, failed_job_id).await?)
}
