//! Delivers to health plans. Each plan's deliveries are a task of their own, so that a receiver that hangs keeps nobody else.

use crate::app::{App, webhooks};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout};

/// For people, and a label of the metrics.
pub(super) const NAME: &str = "deliveries";
/// How often deliveries are looked for.
const EVERY: Duration = Duration::from_secs(1);
/// So long a stop waits for a receiver. What it then cuts off is sent again, under the same id, when its lease has run out.
const GRACE: Duration = Duration::from_secs(2);

/// Makes deliveries as they fall due, until the sender is dropped.
pub(super) async fn run(app: App, mut ended: watch::Receiver<()>) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut runs = JoinSet::new();
    loop {
        tokio::select! {
            _ = ended.changed() => break,
            _ = ticks.tick() => {}
            // whoever is done may have more
            Some(done) = runs.join_next(), if !runs.is_empty() => {
                match done {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => tracing::warn!(%error, "a delivery to a health plan is not made"),
                    Err(_) => tracing::error!("a delivery to a health plan did not end in order"),
                }
            }
        }
        match webhooks::claim_due(&app).await {
            Ok(claimed) => {
                app.background.succeeded(NAME);
                for claimed in claimed {
                    let app = app.clone();
                    runs.spawn(async move { webhooks::deliver_caught(&app, claimed).await });
                }
            }
            Err(error) => drop(app.background.failed(NAME, "failed", &error.to_string(), app.clock.now())),
        }
    }
    drop(timeout(GRACE, async { while runs.join_next().await.is_some() {} }).await);
}
