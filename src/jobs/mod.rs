//! What runs by itself. Any number of processes may run it at once: work is claimed in the database, and done exactly once.

mod deliveries;

use crate::app::{App, Error, feeds, idempotency, sandbox, timers};
use std::future::Future;
use std::pin::pin;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

/// How often timers are looked for.
const EVERY: Duration = Duration::from_secs(1);

/// Ticks between two purges of old idempotency keys: an hour.
const TICKS_BETWEEN_PURGES: u32 = 3600;

/// Runs due timers every second, delivers to health plans, and forgets old idempotency keys every hour, until `stop` is ready; what has
/// begun by then is finished.
pub async fn run(app: App, stop: impl Future<Output = ()> + Send) {
    let (end, ended) = watch::channel(());
    // on their own, because receivers take their time and timers must not wait for them
    let deliveries = tokio::spawn(deliveries::run(app.clone(), ended));
    run_timers(app, stop).await;
    drop(end);
    if deliveries.await.is_err() {
        tracing::warn!("the deliveries did not end in order");
    }
}

async fn run_timers(app: App, stop: impl Future<Output = ()> + Send) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut stop = pin!(stop);
    let mut failing = false;
    for count in (0..TICKS_BETWEEN_PURGES).cycle() {
        tokio::select! {
            () = &mut stop => return,
            _ = ticks.tick() => {}
        }
        let done = match tick(&app).await {
            Ok(()) if count == 0 => idempotency::purge(&app).await.map(|_| ()),
            ticked => ticked,
        };
        // a database that is away fails every second; it is said once when it goes and once when it comes back
        match (&done, failing) {
            (Err(error), false) => tracing::warn!(%error, "timers do not run"),
            (Ok(()), true) => tracing::info!("timers run again"),
            _ => {}
        }
        failing = done.is_err();
    }
}

/// Runs what is due now, and publishes what happened. In a sandbox the clock may have been set by another process.
pub async fn tick(app: &App) -> Result<(), Error> {
    if app.settings.sandbox {
        sandbox::follow_clock(app).await?;
    }
    timers::run_free_timers(app, app.clock.now()).await?;
    feeds::publish(app).await
}
