//! What waits, for the metrics: every process tells the same of the one database.

use super::{App, Result};
use crate::store;
use crate::store::backlog::Queue;
use crate::telemetry;
use chrono::{DateTime, Utc};

/// Measures it.
pub async fn measure(app: &App) -> Result<()> {
    let now = app.clock.now();
    let waits = store::backlog::backlog(&mut *app.pool.acquire().await?, now).await?;
    for (name, queue) in [("outbox", waits.outbox), ("timers", waits.timers), ("sealing", waits.sealing)] {
        telemetry::show_queue(name, queue.items, age(queue, now));
    }
    telemetry::show_failing_subscriptions(store::subscriptions::count_failing(&mut *app.pool.acquire().await?).await?);
    let deadlines = waits.deadlines;
    for (due, count) in [
        ("overdue", deadlines.overdue),
        ("within_1h", deadlines.within_1h),
        ("within_4h", deadlines.within_4h),
        ("within_24h", deadlines.within_24h),
    ] {
        telemetry::show_deadlines(due, count);
    }
    Ok(())
}

/// Seconds that the oldest of it waits.
fn age(queue: Queue, now: DateTime<Utc>) -> u32 {
    let seconds = queue.oldest.map_or(0, |oldest| (now - oldest).num_seconds());
    u32::try_from(seconds.max(0)).unwrap_or(u32::MAX)
}
