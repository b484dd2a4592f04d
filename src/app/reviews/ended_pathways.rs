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

/// Why S-codes are void. The later order may be another practice's, and stays without its number.
const CHANGED: &str = "another order of this member changed the treatment, which ended the Pathway";
/// Why S-codes are good again.
const TAKEN_BACK: &str = "the order that changed the treatment was taken back";

/// Brings the awards of a case in line with what was ordered after it.
pub(in crate::app) async fn follow(conn: &mut PgConnection, case_id: Uuid, now: DateTime<Utc>) -> Result<()> {
    let held = store::cases::lock(conn, case_id).await?.ok_or(Error::NotFound)?;
    let mut case: Case = view::read_back(&held.stored.document)?;
    let later = store::s_codes::changed_by(conn, case_id).await?;
    let mut restored = restore(conn, &mut case, later.as_ref()).await?;
    let voided = match &later {
        Some(later) => void(conn, &mut case, later).await?,
        None => Vec::new(),
    };
    restored.retain(|code| !voided.contains(code));
    let document = view::write_out(&case)?;
    for (kind, codes, reason) in [("s_codes_restored", restored, TAKEN_BACK), ("s_codes_voided", voided, CHANGED)] {
        if codes.is_empty() {
            continue;
        }
        let detail = view::write_out(&json!({ "codes": codes }))?;
        let event = NewEvent {
            case_id,
            at: now,
            kind,
            actor: SERVICE,
            reason: Some(reason),
            detail: Some(&detail),
            change: Some((&document, &held.computed)),
        };
        store::case_events::append(conn, &event).await?;
    }
    Ok(())
}

async fn void(conn: &mut PgConnection, case: &mut Case, later: &LaterOrder) -> Result<Vec<String>> {
    let codes = store::order_changes::void_unbilled(conn, case.case_id, later.valid_from, CHANGED, Some(later.case_id)).await?;
    for award in case.s_codes.iter_mut().flatten().filter(|award| codes.contains(&award.code)) {
        award.voided_from = Some(later.valid_from);
        award.void_reason = Some(CHANGED.to_owned());
    }
    Ok(codes)
}

/// What another than the later order voided, or the same from another day, is good again.
async fn restore(conn: &mut PgConnection, case: &mut Case, later: Option<&LaterOrder>) -> Result<Vec<String>> {
    let unless = later.map(|later| (later.case_id, later.valid_from));
    let codes = store::order_changes::restore_voided(conn, case.case_id, unless).await?;
    for award in case.s_codes.iter_mut().flatten().filter(|award| codes.contains(&award.code)) {
        award.voided_from = None;
        award.void_reason = None;
    }
    Ok(codes)
}
