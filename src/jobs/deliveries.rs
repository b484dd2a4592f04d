//! Deliveries to those who asked to be told: health plans, of their feeds, and subscribers, of their cases. Each receiver's are a task of their
//! own, so that one that hangs keeps nobody else.

use crate::app::{App, Error, subscriptions, webhooks};
use crate::fhir::notify;
use std::future::Future;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout};

/// How often deliveries are looked for.
const EVERY: Duration = Duration::from_secs(1);
/// So long a stop waits for a receiver. What it then cuts off is sent again, under the same id, when its lease has run out.
const GRACE: Duration = Duration::from_secs(2);

/// To whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum To {
    /// Health plans.
    Plans,
    /// Subscribers.
    Subscribers,
}

impl To {
    /// For people, and a label of the metrics.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Plans => "deliveries",
            Self::Subscribers => "notifications",
        }
    }

    /// Makes deliveries as they fall due, until the sender is dropped.
    pub(super) async fn run(self, app: App, ended: watch::Receiver<()>) {
        match self {
            Self::Plans => {
                let claim = |app: App| async move { webhooks::claim_due(&app).await };
                let deliver = |app: App, claimed| async move { webhooks::deliver_caught(&app, claimed).await };
                repeat(self.name(), app, ended, claim, deliver).await;
            }
            Self::Subscribers => {
                let claim = |app: App| async move { subscriptions::claim_due(&app).await };
                let deliver = |app: App, claimed| async move { notify::serve(&app, claimed).await };
                repeat(self.name(), app, ended, claim, deliver).await;
            }
        }
    }
}

async fn repeat<C, Claims, Made>(
    name: &'static str,
    app: App,
    mut ended: watch::Receiver<()>,
    claim: impl Fn(App) -> Claims + Send,
    deliver: impl Fn(App, C) -> Made + Send,
) where
    C: Send,
    Claims: Future<Output = Result<Vec<C>, Error>> + Send,
    Made: Future<Output = Result<(), Error>> + Send + 'static,
{
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
                    Ok(Err(error)) => tracing::warn!(name, %error, "a delivery is not made"),
                    Err(_) => tracing::error!(name, "a delivery did not end in order"),
                }
            }
        }
        match claim(app.clone()).await {
            Ok(claimed) => {
                app.background.succeeded(name);
                for claimed in claimed {
                    runs.spawn(deliver(app.clone(), claimed));
                }
            }
            Err(error) => drop(app.background.failed(name, "failed", &error.to_string(), app.clock.now())),
        }
    }
    drop(timeout(GRACE, async { while runs.join_next().await.is_some() {} }).await);
}
