//! Letters: written with the decision that they tell, never changed.

use super::{Result, shard_of};
use crate::domain::case::LetterReference;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// Letters, column by column.
#[derive(Debug, Clone, Default)]
pub struct LetterColumns {
    /// Ids.
    pub letter_id: Vec<Uuid>,
    /// `approval` or `denial`.
    pub kind: Vec<&'static str>,
    /// `member` or `provider`.
    pub addressee: Vec<&'static str>,
}

impl LetterColumns {
    /// These letters.
    pub fn of(letters: &[LetterReference]) -> Self {
        Self {
            letter_id: letters.iter().map(|letter| letter.letter_id).collect(),
            kind: letters.iter().map(|letter| letter.kind.as_str()).collect(),
            addressee: letters.iter().map(|letter| letter.to.as_str()).collect(),
        }
    }
}

/// Records letters of the event that the case's answer comes from now, each with its content as JSON.
pub async fn insert(
    conn: &mut PgConnection,
    case_id: Uuid,
    issued_at: DateTime<Utc>,
    letters: &LetterColumns,
    content: &[String],
) -> Result<()> {
    sqlx::query!(
        "insert into letters (letter_id, case_id, seq, kind, addressee, issued_at, content, shard)
         select letter.id, c.case_id, c.document_seq, letter.kind, letter.addressee, $2, letter.content::json, c.shard
         from cases c, unnest($3::uuid[], $4::text[], $5::text[], $6::text[]) as letter(id, kind, addressee, content)
         where c.case_id = $1 and c.shard = $7",
        case_id,
        issued_at,
        &letters.letter_id,
        &letters.kind as &[&str],
        &letters.addressee as &[&str],
        content,
        shard_of(case_id),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A letter as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredLetter {
    /// Id.
    pub letter_id: Uuid,
    /// The case.
    pub case_id: Uuid,
    /// Its health plan.
    pub health_plan: String,
    /// Who may see the case.
    pub visible_to: Vec<String>,
    /// `approval` or `denial`.
    pub kind: String,
    /// `member` or `provider`.
    pub addressee: String,
    /// When it was issued.
    pub issued_at: DateTime<Utc>,
    /// The letter as it went out, where it was kept.
    pub content: Option<String>,
    /// The answer that it tells, where it was not.
    pub document: Option<String>,
}

/// A letter.
pub async fn find(conn: &mut PgConnection, letter_id: Uuid) -> Result<Option<StoredLetter>> {
    let letter = sqlx::query_as!(
        StoredLetter,
        r#"select l.letter_id, l.case_id, c.health_plan, c.visible_to, l.kind, l.addressee, l.issued_at, l.content::text as content,
             case when l.content is null then e.document::text end as document
           from letters l
           join cases c on c.case_id = l.case_id and c.shard = l.shard
           join case_events e on e.case_id = l.case_id and e.shard = l.shard and e.seq = l.seq
           where l.letter_id = $1 and l.shard = $2"#,
        letter_id,
        shard_of(letter_id),
    )
    .fetch_optional(conn)
    .await?;
    Ok(letter)
}

/// What was decided against a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredDenial {
    /// The line.
    pub line: i32,
    /// Why, as a code.
    pub reason_code: Option<String>,
    /// Why, in words.
    pub rationale: Option<String>,
    /// The same for the member.
    pub rationale_for_member: Option<String>,
    /// Criteria that the denial rests on.
    pub criteria_not_met: Vec<String>,
    /// The line whose denial took this one along.
    pub implied_by_line: Option<i32>,
}

/// The latest decision against each line of a case.
pub async fn denials(conn: &mut PgConnection, case_id: Uuid) -> Result<Vec<StoredDenial>> {
    let denials = sqlx::query_as!(
        StoredDenial,
        "select distinct on (line) line, reason_code, rationale, rationale_for_member, criteria_not_met, implied_by_line
         from determinations where case_id = $1 and shard = $2 and (decision = 'non_authorized' or visits_refused is not null) order by line, seq desc",
        case_id,
        shard_of(case_id),
    )
    .fetch_all(conn)
    .await?;
    Ok(denials)
}

/// An event of the peer-to-peer discussion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCall {
    /// What.
    pub event: String,
    /// When it happened, or was to happen.
    pub at: DateTime<Utc>,
    /// With whom.
    pub with_whom: Option<String>,
}

/// Everything about the peer-to-peer discussion of a case, in the order in which it was recorded.
pub async fn calls(conn: &mut PgConnection, case_id: Uuid) -> Result<Vec<StoredCall>> {
    let calls = sqlx::query_as!(
        StoredCall,
        "select event, at, with_whom from peer_to_peer_events
         where case_id = $1 and shard = $2 order by recorded_at, peer_to_peer_event_id",
        case_id,
        shard_of(case_id),
    )
    .fetch_all(conn)
    .await?;
    Ok(calls)
}
