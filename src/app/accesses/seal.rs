//! Sealing: records join the chain of their plan a moment after they were kept, so that no request waits for another one's.

use super::chain::{BEGINNING, hash};
use super::verify::Anchor;
use crate::app::{App, Error, Result};
use crate::store;
use crate::store::accesses::{Head, Seal};
use sqlx::{Connection as _, PgConnection};

/// Records sealed in one transaction.
const BATCH: i64 = 1_000;

/// Seals every record that was kept before the call, and writes where each chain ends into the log. What one plan's chain runs into keeps no
/// other's.
pub async fn seal(app: &App) -> Result<()> {
    let mut conn = app.pool.acquire().await?;
    let mut failures = Vec::new();
    for health_plan in store::accesses::unsealed(&mut conn).await? {
        if let Err(error) = seal_plan(app, &mut conn, &health_plan).await {
            failures.push(format!("{health_plan}: {error}"));
        }
    }
    if failures.is_empty() { Ok(()) } else { Err(Error::Internal(failures.join("; "))) }
}

async fn seal_plan(app: &App, conn: &mut PgConnection, health_plan: &str) -> Result<()> {
    loop {
        let mut transaction = conn.begin().await?;
        store::accesses::lock_sealing(&mut transaction).await?;
        let records = store::accesses::take_unsealed(&mut transaction, health_plan, BATCH).await?;
        let heads = store::accesses::heads(&mut transaction).await?;
        let beginning = || Head { health_plan: health_plan.to_owned(), seq: 0, hash: BEGINNING.to_vec() };
        let mut head = heads.into_iter().find(|head| head.health_plan == health_plan).unwrap_or_else(beginning);
        let mut seals = Vec::with_capacity(records.len());
        for record in &records {
            head.seq += 1;
            head.hash = hash(&head.hash, head.seq, record);
            let health_plan = health_plan.to_owned();
            seals.push(Seal { health_plan, seq: head.seq, access_id: record.access_id, hash: head.hash.clone() });
        }
        if !seals.is_empty() {
            store::accesses::seal(&mut transaction, &seals, &head, app.clock.now()).await?;
            transaction.commit().await?;
            let anchor = Anchor::of(&head);
            tracing::info!(target: "audit", health_plan = anchor.health_plan, seq = anchor.seq, hash = anchor.hash, "sealed");
        }
        if i64::try_from(seals.len()).is_ok_and(|taken| taken < BATCH) {
            break;
        }
    }
    match store::accesses::unreadable(conn, health_plan).await? {
        0 => Ok(()),
        unreadable => Err(Error::Internal(format!("{unreadable} records are not readable and have no seal"))),
    }
}
