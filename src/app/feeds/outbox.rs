//! From the outbox into the feeds, and to those who subscribed.
//!
//! One transaction at a time, over all processes, gives positions to what is committed. So a position, once visible, has no lower one
//! that is still to come, and a reader that goes on after the last one it saw loses nothing. A process that dies in between has
//! changed nothing.

use crate::app::{App, Result, subscriptions};
use crate::store;
use sqlx::Connection as _;

/// Events moved in one transaction: as many as take some ten milliseconds.
const BATCH: i64 = 1_000;

/// Puts every event that was committed before the call into its feed. Where there is none this is one cheap question and no lock.
pub async fn publish(app: &App) -> Result<()> {
    let mut conn = app.pool.acquire().await?;
    // rows that another process is moving count until it has committed, so that "none" means that all of them can be read
    while store::feeds::outbox_has_rows(&mut conn).await? {
        let mut transaction = conn.begin().await?;
        store::feeds::lock_outbox(&mut transaction).await?;
        let events = store::feeds::take_from_outbox(&mut transaction, BATCH).await?;
        let now = app.clock.now();
        let event_ids: Vec<_> = events.iter().map(|_| app.ids.uuid(now)).collect();
        store::feeds::append(&mut transaction, &events, &event_ids).await?;
        subscriptions::queue(&mut transaction, &events, now).await?;
        transaction.commit().await?;
        // what was taken under the lock holds all that was committed before; what comes in meanwhile is for the next call, which would
        // never end otherwise while orders come in
        if i64::try_from(events.len()).is_ok_and(|taken| taken < BATCH) {
            break;
        }
    }
    Ok(())
}
