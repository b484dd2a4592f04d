//! What happens because time passed: deadlines and everything else that is due. Jobs call it as time goes by, the sandbox when its
//! clock is moved.

use super::{App, Result};
use chrono::{DateTime, Utc};

/// Runs every timer due by `until`, in the order in which they fall due. Safe to call from several processes at once.
#[expect(clippy::unused_async, reason = "callers await timers")]
pub async fn run_due_timers(app: &App, until: DateTime<Utc>) -> Result<()> {
    tracing::debug!(%until, connections = app.pool.size(), "no timers are kept yet");
    Ok(())
}
