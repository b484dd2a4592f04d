//! A later treatment ends the Pathway of an earlier case: what was not billed of its S-codes is void from the later one's first day, and
//! good again where the later order is taken back whole (SCD-13). Runs as a timer of the earlier case, set in the transaction that
//! approves or withdraws the later one.

use crate::app::orders::view;
use crate::app::{Error, Result};
use crate::domain::case::Case;
use crate::store;
use crate::store::case_events::{NewEvent, SERVICE};
use crate::store::s_codes::LaterOrder;
use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

/// Brings the awards of a case in line with what was ordered after it.
pub(in crate::app) async fn follow(conn: &mut PgConnection, case_id: Uuid, now: DateTime<Utc>) -> Result<()> {
    let held = store::cases::lock(conn, case_id).await?.ok_or(Error::NotFound)?;
    let mut case: Case = view::read_back(&held.stored.document)?;
    let (kind, codes, reason) = match store::s_codes::changed_by(conn, case_id).await? {
        Some(later) => void(conn, &mut case, &later).await?,
        None => restore(conn, &mut case).await?,
    };
    if codes.is_empty() {
        return Ok(());
    }
    let document = view::write_out(&case)?;
    let detail = view::write_out(&json!({ "codes": codes }))?;
    let event = NewEvent {
        case_id,
        at: now,
        kind,
        actor: SERVICE,
        reason: Some(&reason),
        detail: Some(&detail),
        change: Some((&document, &held.computed)),
    };
    store::case_events::append(conn, &event).await?;
    Ok(())
}

type Followed = (&'static str, Vec<String>, String);

async fn void(conn: &mut PgConnection, case: &mut Case, later: &LaterOrder) -> Result<Followed> {
    let LaterOrder { order_id, valid_from, .. } = later;
    let reason = format!("order {order_id} changed the treatment, which ended the Pathway");
    let codes = store::order_changes::void_unbilled(conn, case.case_id, *valid_from, &reason, Some(later.case_id)).await?;
    for award in case.s_codes.iter_mut().flatten().filter(|award| codes.contains(&award.code)) {
        award.voided_from = Some(*valid_from);
        award.void_reason = Some(reason.clone());
    }
    Ok(("s_codes_voided", codes, reason))
}

async fn restore(conn: &mut PgConnection, case: &mut Case) -> Result<Followed> {
    let codes = store::order_changes::restore_voided(conn, case.case_id).await?;
    for award in case.s_codes.iter_mut().flatten().filter(|award| codes.contains(&award.code)) {
        award.voided_from = None;
        award.void_reason = None;
    }
    Ok(("s_codes_restored", codes, "the order that changed the treatment was taken back".to_owned()))
}
