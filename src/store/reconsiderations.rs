//! Reconsiderations of denials (APP-01…04).

use super::{Result, shard_of};
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

/// A reconsideration as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Reconsideration {
    /// Id.
    pub reconsideration_id: Uuid,
    /// The case.
    pub case_id: Uuid,
    /// Who asked.
    pub requested_by: String,
    /// As what.
    pub requested_as: String,
    /// When.
    pub requested_at: DateTime<Utc>,
    /// Why.
    pub reason: String,
    /// What was sent along.
    pub attachments: Value,
    /// `upheld` or `overturned`; none while open.
    pub decision: Option<String>,
    /// Who decided.
    pub decided_by: Option<String>,
    /// When.
    pub decided_at: Option<DateTime<Utc>>,
    /// Why.
    pub rationale: Option<String>,
    /// What was decided about each line.
    pub lines: Option<Value>,
    /// Documents of the case that came for it, named or not.
    pub documents: i64,
}

/// Records a request; false where the case has one already.
pub async fn insert(conn: &mut PgConnection, one: &Reconsideration) -> Result<bool> {
    let done = sqlx::query!(
        "insert into reconsiderations (reconsideration_id, case_id, requested_by, requested_as, requested_at, reason, attachments, shard)
         values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (case_id, shard) do nothing",
        one.reconsideration_id,
        one.case_id,
        one.requested_by,
        one.requested_as,
        one.requested_at,
        one.reason,
        one.attachments as _,
        shard_of(one.case_id),
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// A reconsideration.
pub async fn find(conn: &mut PgConnection, id: Uuid) -> Result<Option<Reconsideration>> {
    let found = sqlx::query_as!(
        Reconsideration,
        r#"select reconsideration_id, case_id, requested_by, requested_as, requested_at, reason, attachments, decision, decided_by,
             decided_at, rationale, lines,
             (select count(*) from attachments a
              where a.case_id = r.case_id and a.shard = r.shard and a.purpose = 'reconsideration') as "documents!"
           from reconsiderations r where reconsideration_id = $1 and shard = $2"#,
        id,
        shard_of(id),
    )
    .fetch_optional(conn)
    .await?;
    Ok(found)
}

/// The reconsideration of a case, where there is one.
pub async fn of_case(conn: &mut PgConnection, case_id: Uuid) -> Result<Option<Reconsideration>> {
    let found = sqlx::query_as!(
        Reconsideration,
        r#"select reconsideration_id, case_id, requested_by, requested_as, requested_at, reason, attachments, decision, decided_by,
             decided_at, rationale, lines,
             (select count(*) from attachments a
              where a.case_id = r.case_id and a.shard = r.shard and a.purpose = 'reconsideration') as "documents!"
           from reconsiderations r where case_id = $1 and shard = $2"#,
        case_id,
        shard_of(case_id),
    )
    .fetch_optional(conn)
    .await?;
    Ok(found)
}

/// When a case was decided with a denial: a withdrawal that moves the case later moves nothing here (APP-01).
pub async fn denied_at(conn: &mut PgConnection, case_id: Uuid) -> Result<Option<DateTime<Utc>>> {
    let at = sqlx::query_scalar!(
        "select min(at) from case_events
         where case_id = $1 and shard = $2 and (document ->> 'status' in ('non_authorized', 'multiple_decisions_rendered')
           or document ->> 'status' = 'authorized'
             and jsonb_path_exists(document::jsonb, '$.*[*].refused_part ? (@ != null)'))",
        case_id,
        shard_of(case_id),
    )
    .fetch_one(conn)
    .await?;
    Ok(at)
}

/// Open reconsiderations after this id, oldest first.
pub async fn open(conn: &mut PgConnection, after: Option<Uuid>, limit: i64) -> Result<Vec<Reconsideration>> {
    let found = sqlx::query_as!(
        Reconsideration,
        r#"select reconsideration_id, case_id, requested_by, requested_as, requested_at, reason, attachments, decision, decided_by,
             decided_at, rationale, lines,
             (select count(*) from attachments a
              where a.case_id = r.case_id and a.shard = r.shard and a.purpose = 'reconsideration') as "documents!"
           from reconsiderations r where decision is null and ($1::uuid is null or reconsideration_id > $1)
           order by reconsideration_id limit $2"#,
        after,
        limit,
    )
    .fetch_all(conn)
    .await?;
    Ok(found)
}

/// Writes the decision down, once; false where it is decided already. The database refuses a physician who denied (APP-04).
pub async fn decide(conn: &mut PgConnection, one: &Reconsideration) -> Result<bool> {
    let done = sqlx::query!(
        "update reconsiderations set decision = $2, decided_by = $3, role = 'physician', decided_at = $4, rationale = $5, lines = $6
         where reconsideration_id = $1 and shard = $7 and decision is null",
        one.reconsideration_id,
        one.decision,
        one.decided_by,
        one.decided_at,
        one.rationale,
        one.lines as _,
        shard_of(one.reconsideration_id),
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
