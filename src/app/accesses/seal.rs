//! Sealing: records join the chain of their plan a moment after they were kept, so that no request waits for another one's.

use super::chain::{BEGINNING, hash};
use super::verify::Anchor;
use crate::app::{App, Result};
use crate::store;
use crate::store::accesses::{Head, Seal};
use sqlx::Connection as _;
use std::collections::BTreeMap;

/// Records sealed in one transaction.
const BATCH: i64 = 1_000;

/// Seals every record that was kept before the call, and writes where each chain ends into the log.
pub async fn seal(app: &App) -> Result<()> {
    let mut conn = app.pool.acquire().await?;
    while store::accesses::are_unsealed(&mut conn).await? {
        let mut transaction = conn.begin().await?;
        store::accesses::lock_sealing(&mut transaction).await?;
        let records = store::accesses::take_unsealed(&mut transaction, BATCH).await?;
        let heads = store::accesses::heads(&mut transaction).await?;
        let mut heads: BTreeMap<String, Head> = heads.into_iter().map(|head| (head.health_plan.clone(), head)).collect();
        let mut moved = BTreeMap::new();
        let mut seals = Vec::with_capacity(records.len());
        for record in &records {
            let plan = &record.health_plan;
            let beginning = || Head { health_plan: plan.clone(), seq: 0, hash: BEGINNING.to_vec() };
            let head = heads.entry(plan.clone()).or_insert_with(beginning);
            head.seq += 1;
            head.hash = hash(&head.hash, head.seq, record);
            seals.push(Seal { health_plan: plan.clone(), seq: head.seq, access_id: record.access_id, hash: head.hash.clone() });
            moved.insert(plan.clone(), head.clone());
        }
        let moved: Vec<Head> = moved.into_values().collect();
        store::accesses::seal(&mut transaction, &seals, &moved, app.clock.now()).await?;
        transaction.commit().await?;
        for head in &moved {
            let anchor = Anchor::of(head);
            tracing::info!(target: "audit", health_plan = anchor.health_plan, seq = anchor.seq, hash = anchor.hash, "sealed");
        }
        if i64::try_from(records.len()).is_ok_and(|taken| taken < BATCH) {
            break;
        }
    }
    Ok(())
}
