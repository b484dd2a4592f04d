//! Tells the reviewers of an earlier order that its other half has arrived: chemoradiation is two orders, of drugs and of radiation.

use super::view;
use crate::app::reviews::change::{self, Change};
use crate::app::{App, Caller, Result, changing};
use crate::domain::case::{Case, Computed, Notice};
use crate::domain::vocabulary::{CaseStatus, NoticeCode};
use crate::store;
use crate::store::case_events::Actor;
use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

/// The kind of the event.
const ARRIVED: &str = "concurrent_order";

/// The earlier cases that a new one stands beside, with what theirs is told.
pub fn beside(case: &Case) -> Vec<(Uuid, NoticeCode)> {
    let other = |notice: &Notice| {
        let code = match notice.code {
            NoticeCode::ConcurrentRadiation => NoticeCode::ConcurrentMedicalOncology,
            NoticeCode::ConcurrentMedicalOncology => NoticeCode::ConcurrentRadiation,
            _ => return None,
        };
        Some((notice.case_id?, code))
    };
    case.notices.iter().filter_map(other).collect()
}

/// Tells those that are still reviewed. What fails here is logged and fails nothing: the later order names the earlier one in any case.
pub async fn tell(app: &App, caller: &Caller, earlier: &[(Uuid, NoticeCode)], arrived: Uuid, now: DateTime<Utc>) {
    for (case_id, code) in earlier {
        if let Err(error) = tell_one(app, caller, (*case_id, *code), arrived, now).await {
            tracing::warn!(%case_id, %error, "an earlier case was not told of a concurrent order");
        }
    }
}

async fn tell_one(app: &App, caller: &Caller, earlier: (Uuid, NoticeCode), arrived: Uuid, now: DateTime<Utc>) -> Result<()> {
    let mut transaction = changing::begin(app, &caller.key_owner()).await?;
    if write(&mut transaction, app, caller, earlier, arrived, now).await? {
        transaction.commit().await?;
    }
    Ok(())
}

async fn write(
    conn: &mut PgConnection,
    app: &App,
    caller: &Caller,
    (case_id, code): (Uuid, NoticeCode),
    arrived: Uuid,
    now: DateTime<Utc>,
) -> Result<bool> {
    let Some(held) = store::cases::lock(conn, case_id).await? else { return Ok(false) };
    let before: Case = view::read_back(&held.stored.document)?;
    let computed: Computed = view::read_back(&held.computed)?;
    if before.status != CaseStatus::InProgress || before.notices.iter().any(|notice| notice.case_id == Some(arrived)) {
        return Ok(false);
    }
    let what = match code {
        NoticeCode::ConcurrentRadiation => "radiation of this member was ordered since, beside this regimen of chemoradiation",
        _ => "drugs of chemoradiation were ordered for this member since, beside this radiation",
    };
    let mut after = before.clone();
    let message = format!("{what}: the two are reviewed with each other in view, and are no duplicates");
    after.notices.push(Notice::new(code, &message, Some(arrived)));
    let told = Change {
        before: &before,
        after,
        computed: &computed,
        kind: ARRIVED,
        actor: Actor { subject: &caller.subject, role: caller.role.as_str() },
        reason: None,
        detail: json!({"notice": code}),
    };
    change::write(app, conn, told, now).await?;
    Ok(true)
}
