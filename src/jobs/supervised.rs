//! Jobs, each by itself: what one fails at, or panics over, keeps none of the others, and itself only for a while.

use super::deliveries::To;
use crate::app::background::PANICKED;
use crate::app::{
    App, Error, accesses, backlog, drafts, feeds, idempotency, identity, mail, registrations, sandbox, sessions, smart,
    subscriptions, timers,
};
use futures_util::FutureExt as _;
use std::panic::AssertUnwindSafe;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

/// The longest that a job which fails waits.
const LONGEST_WAIT: Duration = Duration::from_secs(15);

/// What is done now and then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Job {
    /// Deadlines, and what else falls due.
    Timers,
    /// Events to the feeds of the plans.
    Publishing,
    /// Records of accesses into their chains.
    Sealing,
    /// What waits, for the metrics.
    Measuring,
    /// Mails that are due.
    Mails,
    /// Old idempotency keys and drafts, and sessions, registrations, subscriptions, assertions and access tokens that ended by themselves.
    Purge,
}

impl Job {
    pub(super) const ALL: [Self; 6] = [Self::Timers, Self::Publishing, Self::Sealing, Self::Measuring, Self::Mails, Self::Purge];

    /// For people, and a label of the metrics.
    const fn name(self) -> &'static str {
        match self {
            Self::Timers => "timers",
            Self::Publishing => "publishing",
            Self::Sealing => "sealing",
            Self::Measuring => "measuring",
            Self::Mails => "mails",
            Self::Purge => "purge",
        }
    }

    const fn every(self) -> Duration {
        match self {
            Self::Timers | Self::Publishing | Self::Sealing | Self::Mails => Duration::from_secs(1),
            Self::Measuring => Duration::from_secs(10),
            Self::Purge => Duration::from_hours(1),
        }
    }

    pub(super) async fn run(self, app: &App) -> Result<(), Error> {
        match self {
            Self::Timers => {
                if app.settings.sandbox {
                    // another process may have set the clock
                    sandbox::follow_clock(app).await?;
                }
                timers::run_free_timers(app, app.clock.now()).await
            }
            Self::Publishing => in_time(app, feeds::publish(app)).await,
            Self::Sealing => in_time(app, accesses::seal(app)).await,
            Self::Measuring => in_time(app, backlog::measure(app)).await,
            Self::Mails => mail::send_due(app).await,
            Self::Purge => {
                // what keeps one of them keeps not the others
                let keys = in_time(app, idempotency::purge(app)).await;
                let drafts = in_time(app, drafts::purge(app)).await;
                let sessions = in_time(app, sessions::purge(app)).await;
                let sign_ins = in_time(app, identity::purge(app)).await;
                let assertions = in_time(app, smart::purge(app)).await;
                let registrations = in_time(app, registrations::purge(app)).await;
                let mails = in_time(app, mail::purge(app)).await;
                let subscriptions = in_time(app, subscriptions::purge(app)).await;
                let counted = keys.and(drafts).and(sessions).and(sign_ins).and(registrations).and(mails).and(subscriptions);
                counted.map(drop).and(assertions)
            }
        }
    }
}

/// Gives up what takes too long, as a failure like any other. Each timer has such a limit of its own.
async fn in_time<T>(app: &App, run: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let given_up = |_| Err(Error::Unavailable("took too long".to_owned()));
    timeout(app.settings.job_limit, run).await.unwrap_or_else(given_up)
}

/// Does a job again and again until the sender is dropped; what has begun by then is finished.
pub(super) async fn repeat(app: App, job: Job, mut ended: watch::Receiver<()>) {
    let mut wait = Duration::ZERO;
    loop {
        tokio::select! {
            _ = ended.changed() => return,
            () = sleep(wait) => {}
        }
        wait = match AssertUnwindSafe(job.run(&app)).catch_unwind().await {
            Ok(Ok(())) => {
                app.background.succeeded(job.name());
                job.every()
            }
            Ok(Err(error)) => put_off(app.background.failed(job.name(), "failed", &error.to_string(), app.clock.now())),
            Err(_) => put_off(app.background.failed(job.name(), PANICKED, PANICKED, app.clock.now())),
        };
    }
}

/// Makes deliveries, which have a loop of their own, and begins it anew where it panics.
pub(super) async fn deliver(to: To, app: App, mut ended: watch::Receiver<()>) {
    while AssertUnwindSafe(to.run(app.clone(), ended.clone())).catch_unwind().await.is_err() {
        let wait = put_off(app.background.failed(to.name(), PANICKED, PANICKED, app.clock.now()));
        tokio::select! {
            _ = ended.changed() => return,
            () = sleep(wait) => {}
        }
    }
}

/// A second, then twice as long each time.
fn put_off(failures: u32) -> Duration {
    let seconds = 2_u64.checked_pow(failures.saturating_sub(1)).unwrap_or(u64::MAX);
    Duration::from_secs(seconds).min(LONGEST_WAIT)
}

#[cfg(test)]
mod tests {
    use super::put_off;

    #[test]
    fn a_job_that_fails_waits_longer_each_time_and_never_long() {
        let waits: Vec<u64> = [1, 2, 3, 4, 5, 64, u32::MAX].into_iter().map(|failures| put_off(failures).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 15, 15, 15]);
    }
}
