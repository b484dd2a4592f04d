//! What runs by itself as time goes by. Any number of processes may run it at once: work is claimed in the database and done exactly once.

use crate::app::{App, Result, idempotency, timers};
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};

/// How often timers are looked for.
const EVERY: Duration = Duration::from_secs(1);

/// Ticks between two purges of old idempotency keys: an hour.
const TICKS_BETWEEN_PURGES: u32 = 3600;

/// Runs due timers every second, and forgets old idempotency keys every hour, for as long as the service lives.
pub async fn run(app: App) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut failing = false;
    for tick in (0..TICKS_BETWEEN_PURGES).cycle() {
        ticks.tick().await;
        let done = work(&app, tick == 0).await;
        // a database that is away fails every second; it is said once when it goes and once when it comes back
        match (&done, failing) {
            (Err(error), false) => tracing::warn!(%error, "timers do not run"),
            (Ok(()), true) => tracing::info!("timers run again"),
            _ => {}
        }
        failing = done.is_err();
    }
}

/// What is due now.
async fn work(app: &App, purge: bool) -> Result<()> {
    timers::run_due_timers(app, app.clock.now()).await?;
    if purge {
        let forgotten = idempotency::purge(app).await?;
        tracing::debug!(forgotten, "old idempotency keys are forgotten");
    }
    Ok(())
}
