//! What reviewers recorded about a case: who has taken it, their determinations, their calls, and reviews for the end of the clock.

use super::{Result, shard_of};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// A reviewer's hold of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The case.
    pub case_id: Uuid,
    /// Who has taken it.
    pub claimed_by: String,
    /// As what.
    pub role: String,
    /// Since when.
    pub claimed_at: DateTime<Utc>,
    /// When they last acted on it.
    pub acted_at: DateTime<Utc>,
    /// When it comes back unless they act again.
    pub expires_at: DateTime<Utc>,
}

/// Who has taken a case.
pub async fn claim(conn: &mut PgConnection, case_id: Uuid) -> Result<Option<Claim>> {
    let claim = sqlx::query_as!(
        Claim,
        "select case_id, claimed_by, role, claimed_at, acted_at, expires_at from review_claims where case_id = $1 and shard = $2",
        case_id,
        shard_of(case_id),
    )
    .fetch_optional(conn)
    .await?;
    Ok(claim)
}

/// Takes a case, or keeps it longer. The case is held by the caller ([`super::cases::lock`]), who has seen that it is free.
pub async fn put_claim(conn: &mut PgConnection, claim: &Claim) -> Result<()> {
    sqlx::query!(
        "insert into review_claims (case_id, claimed_by, role, claimed_at, acted_at, expires_at, shard)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (case_id, shard) do update set claimed_by = excluded.claimed_by, role = excluded.role,
           claimed_at = excluded.claimed_at, acted_at = excluded.acted_at, expires_at = excluded.expires_at",
        claim.case_id,
        claim.claimed_by,
        claim.role,
        claim.claimed_at,
        claim.acted_at,
        claim.expires_at,
        shard_of(claim.case_id),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Gives a case back; false where nobody had it.
pub async fn drop_claim(conn: &mut PgConnection, case_id: Uuid) -> Result<bool> {
    let done = sqlx::query!("delete from review_claims where case_id = $1 and shard = $2", case_id, shard_of(case_id))
        .execute(conn)
        .await?;
    Ok(done.rows_affected() > 0)
}

/// A determination to record. It can never be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDetermination {
    /// Id.
    pub determination_id: Uuid,
    /// The case.
    pub case_id: Uuid,
    /// The line.
    pub line: i32,
    /// `authorized` or `non_authorized`.
    pub decision: &'static str,
    /// Who decided.
    pub decided_by: String,
    /// As what.
    pub role: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Why, as a code; required for a denial.
    pub reason_code: Option<String>,
    /// Why, in words; required for a denial.
    pub rationale: Option<String>,
    /// Why, in words for the member.
    pub rationale_for_member: Option<String>,
    /// Billing units as the reviewer set them.
    pub units_approved: Option<i64>,
    /// Visits as the reviewer set them.
    pub visits_approved: Option<i32>,
    /// Billing units that are not authorized, where others are.
    pub units_refused: Option<i64>,
    /// Visits that are not authorized, where others are.
    pub visits_refused: Option<i32>,
    /// Criteria that a denial rests on.
    pub criteria_not_met: Vec<String>,
    /// The line whose denial took this one along (CAS-04).
    pub implied_by_line: Option<i32>,
}

/// Records a determination.
pub async fn insert_determination(conn: &mut PgConnection, one: &NewDetermination) -> Result<()> {
    sqlx::query!(
        "insert into determinations (determination_id, case_id, line, decision, decided_by, role, at, reason_code, rationale,
           criteria_not_met, implied_by_line, rationale_for_member, units_approved, visits_approved, shard, units_refused, visits_refused)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
        one.determination_id,
        one.case_id,
        one.line,
        one.decision,
        one.decided_by,
        one.role,
        one.at,
        one.reason_code,
        one.rationale,
        &one.criteria_not_met,
        one.implied_by_line,
        one.rationale_for_member,
        one.units_approved,
        one.visits_approved,
        shard_of(one.case_id),
        one.units_refused,
        one.visits_refused,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Everybody who decided against a line of this case, or a part of it.
pub async fn denied_by(conn: &mut PgConnection, case_id: Uuid) -> Result<Vec<String>> {
    let subjects = sqlx::query_scalar!(
        "select distinct decided_by from determinations
         where case_id = $1 and shard = $2 and (decision = 'non_authorized' or visits_refused is not null) order by decided_by",
        case_id,
        shard_of(case_id),
    )
    .fetch_all(conn)
    .await?;
    Ok(subjects)
}

/// An event of the peer-to-peer discussion to record.
#[derive(Debug, Clone, Copy)]
pub struct NewCall<'a> {
    /// Id.
    pub peer_to_peer_event_id: Uuid,
    /// The case.
    pub case_id: Uuid,
    /// What.
    pub event: &'a str,
    /// When it happened, or will.
    pub at: DateTime<Utc>,
    /// With whom.
    pub with_whom: Option<&'a str>,
    /// Notes.
    pub notes: Option<&'a str>,
    /// Who recorded it.
    pub recorded_by: &'a str,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
}

/// Records an event of the peer-to-peer discussion. It can never be changed.
pub async fn insert_call(conn: &mut PgConnection, call: &NewCall<'_>) -> Result<()> {
    sqlx::query!(
        "insert into peer_to_peer_events (peer_to_peer_event_id, case_id, event, at, with_whom, notes, recorded_by, recorded_at, shard)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        call.peer_to_peer_event_id,
        call.case_id,
        call.event,
        call.at,
        call.with_whom,
        call.notes,
        call.recorded_by,
        call.recorded_at,
        shard_of(call.case_id),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A physician's review for the end of the clock, as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredExpiryReview {
    /// Who reviewed.
    pub reviewed_by: String,
    /// As what.
    pub role: String,
    /// When.
    pub at: DateTime<Utc>,
    /// The lines to deny, as JSON.
    pub lines: serde_json::Value,
    /// True where anything but the kinds of events named has happened to the case since.
    pub superseded: bool,
}

/// Records a physician's review for the end of the clock, as of the case's latest event.
pub async fn insert_expiry_review(
    conn: &mut PgConnection,
    id: Uuid,
    case_id: Uuid,
    reviewed_by: &str,
    role: &str,
    at: DateTime<Utc>,
    lines: &str,
) -> Result<()> {
    sqlx::query!(
        "insert into expiry_reviews (expiry_review_id, case_id, reviewed_by, role, at, after_event, lines, shard)
         select $1, $2, $3, $4, $5, max(seq), $6::text::json, $7 from case_events where case_id = $2 and shard = $7",
        id,
        case_id,
        reviewed_by,
        role,
        at,
        lines,
        shard_of(case_id),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The latest review for the end of the clock. Events of the kinds in `harmless` leave it in force, all others do not.
pub async fn expiry_review(conn: &mut PgConnection, case_id: Uuid, harmless: &[String]) -> Result<Option<StoredExpiryReview>> {
    let review = sqlx::query_as!(
        StoredExpiryReview,
        r#"select reviewed_by, role, at, lines as "lines!",
             exists (select from case_events e
                     where e.case_id = r.case_id and e.shard = r.shard and e.seq > r.after_event and e.kind <> all($2))
               as "superseded!"
           from expiry_reviews r where case_id = $1 and shard = $3 order by after_event desc limit 1"#,
        case_id,
        harmless,
        shard_of(case_id),
    )
    .fetch_optional(conn)
    .await?;
    Ok(review)
}

/// Puts a case into the nurses' or the physicians' queue.
pub async fn set_queue(conn: &mut PgConnection, case_id: Uuid, queue: &str) -> Result<()> {
    sqlx::query!(
        "update cases set review_queue = $2 where case_id = $1 and shard = $3 and review_queue <> $2",
        case_id,
        queue,
        shard_of(case_id),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Moves the ledger of the case's member: orders of the member that are being decided right now look again, and others wait.
pub async fn move_ledger(conn: &mut PgConnection, case_id: Uuid) -> Result<()> {
    sqlx::query!(
        "insert into member_ledger as ledger (health_plan, member_id, version, shard)
         select health_plan, member_id, 1, shard from cases where case_id = $1 and shard = $2
         on conflict (health_plan, member_id, shard) do update set version = ledger.version + 1",
        case_id,
        shard_of(case_id),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// True where another case of the member holds an award for this Pathway, or was paid for its onset (SCD-05).
pub async fn awarded_elsewhere(conn: &mut PgConnection, case_id: Uuid, pathway_id: &str) -> Result<bool> {
    let found = sqlx::query_scalar!(
        r#"select exists (
             select from cases c
             join cases other on other.shard = c.shard and other.member_id = c.member_id and other.health_plan = c.health_plan
               and other.person = c.person and other.case_id <> c.case_id
             join s_code_awards a on a.case_id = other.case_id and a.shard = other.shard and a.voided_on is null
             where c.case_id = $1 and c.shard = $3 and other.pathway_id = $2)
           or exists (
             select from cases c
             join s_code_claims b on b.shard = c.shard and b.member_id = c.member_id and b.health_plan = c.health_plan
               and b.person = c.person and b.case_id <> c.case_id
             where c.case_id = $1 and c.shard = $3 and b.pathway_id = $2 and b.accepted and b.onset) as "found!""#,
        case_id,
        pathway_id,
        shard_of(case_id),
    )
    .fetch_one(conn)
    .await?;
    Ok(found)
}

/// The Order ID that a case had and lost.
pub async fn retired_order_id(conn: &mut PgConnection, case_id: Uuid) -> Result<Option<String>> {
    let number = sqlx::query_scalar!(
        "select number from retired_numbers where case_id = $1 and shard = $2 and number like 'A%' limit 1",
        case_id,
        shard_of(case_id),
    );
    Ok(number.fetch_optional(conn).await?)
}
