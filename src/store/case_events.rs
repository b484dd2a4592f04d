//! What happened to a case, and changes to a case that is stored already.

use super::{Error, Result, shard_of};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// Who did it.
#[derive(Debug, Clone, Copy)]
pub struct Actor<'a> {
    /// Subject of the token, or `service` for the clock.
    pub subject: &'a str,
    /// Role.
    pub role: &'a str,
}

/// The clock as an actor.
pub const SERVICE: Actor<'static> = Actor { subject: "service", role: "service" };

/// An event to record.
#[derive(Debug, Clone, Copy)]
pub struct NewEvent<'a> {
    /// The case.
    pub case_id: Uuid,
    /// When.
    pub at: DateTime<Utc>,
    /// What, in snake case.
    pub kind: &'a str,
    /// Who.
    pub actor: Actor<'a>,
    /// Why, in words.
    pub reason: Option<&'a str>,
    /// Particulars, as JSON.
    pub detail: Option<&'a str>,
    /// Where the event changed the case: the whole answer from now on, and what the engine computed for it.
    pub change: Option<(&'a str, &'a str)>,
}

/// Records an event and makes its document the case's current one with the next version; the database puts it into the outbox of the plan's
/// feed. What the document says of the case is in the rows already: the database compares. The case is held by the caller
/// ([`super::cases::lock`]), so that sequence numbers have no races and events are committed in their order. An event is never earlier than
/// the one before it: a clock that was set back keeps nobody from deciding a case.
pub async fn append(conn: &mut PgConnection, event: &NewEvent<'_>) -> Result<i32> {
    let (document, computed) = event.change.unzip();
    let row = sqlx::query!(
        r#"with next as (
             select coalesce(max(seq), 0) + 1 as seq, max(at) as latest from case_events where case_id = $1 and shard = $10
           ), event as (
             insert into case_events (case_id, seq, at, kind, actor_subject, actor_role, reason, detail, document, computed, shard)
             select $1, next.seq, greatest($2, next.latest), $3, $4, $5, $6, $7::text::json, $8::text::json, $9::text::json, $10 from next
             returning seq, document is not null as changes
           ), moved as (
             update cases set document_seq = event.seq, version = version + 1 from event
             where cases.case_id = $1 and cases.shard = $10 and event.changes returning version
           )
           select coalesce((select version from moved), (select version from cases where case_id = $1 and shard = $10)) as version"#,
        event.case_id,
        event.at,
        event.kind,
        event.actor.subject,
        event.actor.role,
        event.reason,
        event.detail,
        document,
        computed,
        shard_of(event.case_id),
    )
    .fetch_one(conn)
    .await?;
    row.version.ok_or_else(|| Error::Corrupt { what: "cases", why: "an event was recorded for no case".to_owned() })
}

/// An event of a case's history.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Its place in the history, from 1.
    pub seq: i32,
    /// When.
    pub at: DateTime<Utc>,
    /// What.
    pub kind: String,
    /// Who.
    pub actor_subject: String,
    /// As what.
    pub actor_role: String,
    /// Why.
    pub reason: Option<String>,
    /// Particulars.
    pub detail: Option<serde_json::Value>,
    /// The answer from then on, where the event changed it.
    pub document: Option<String>,
}

/// Every event of a case, oldest first.
pub async fn history(conn: &mut PgConnection, case_id: Uuid) -> Result<Vec<Event>> {
    let events = sqlx::query_as!(
        Event,
        r#"select seq, at, kind, actor_subject, actor_role, reason, detail, document::text as document
           from case_events where case_id = $1 and shard = $2 order by seq"#,
        case_id,
        shard_of(case_id),
    )
    .fetch_all(conn)
    .await?;
    Ok(events)
}
