//! What runs by itself. Any number of processes may run it at once: work is claimed in the database, and done exactly once.

mod deliveries;
mod supervised;

use crate::app::{App, Error};
use deliveries::To;
use std::future::Future;
use std::time::Duration;
use supervised::Job;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// So long a stop waits for jobs. What is cut off is rolled back, and done later.
const GRACE: Duration = Duration::from_secs(10);

/// Runs due timers, publishes events and seals records of accesses every second, measures what waits, delivers to health plans and
/// subscribers, and forgets old idempotency keys, sessions and drafts every hour, until `stop` is ready; what has begun by then is finished, where that does not take long. None of
/// these waits for another or ends with it.
pub async fn run(app: App, stop: impl Future<Output = ()> + Send) {
    let (end, ended) = watch::channel(());
    let mut jobs = JoinSet::new();
    for job in Job::ALL {
        jobs.spawn(supervised::repeat(app.clone(), job, ended.clone()));
    }
    for to in [To::Plans, To::Subscribers] {
        jobs.spawn(supervised::deliver(to, app.clone(), ended.clone()));
    }
    stop.await;
    drop(end);
    let all = async {
        while let Some(ended) = jobs.join_next().await {
            if ended.is_err() {
                tracing::warn!("a job did not end in order");
            }
        }
    };
    if timeout(GRACE, all).await.is_err() {
        tracing::warn!("a job was cut off: what it had begun is done by the next process");
    }
}

/// Runs what is due now, publishes what happened and seals what was recorded. In a sandbox the clock may have been set by another process.
pub async fn tick(app: &App) -> Result<(), Error> {
    Job::Timers.run(app).await?;
    Job::Publishing.run(app).await?;
    Job::Sealing.run(app).await
}
