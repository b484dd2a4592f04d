//! Cases: written in one statement, read back as the answers that they were.

use super::Result;
use super::letters::LetterColumns;
use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// A case to store, with everything that belongs to it.
#[derive(Debug, Clone)]
pub struct NewCase<'a> {
    /// Id.
    pub case_id: Uuid,
    /// Health plan.
    pub health_plan: &'a str,
    /// Program.
    pub program: &'a str,
    /// Member.
    pub member_id: &'a str,
    /// Service.
    pub service: &'a str,
    /// Derived status.
    pub status: &'a str,
    /// Order ID.
    pub order_id: Option<&'a str>,
    /// Pathway Eligible ID.
    pub pathway_eligible_id: Option<&'a str>,
    /// Pathway followed.
    pub pathway_id: Option<&'a str>,
    /// Release of the content.
    pub content_release: &'a str,
    /// Urgency.
    pub urgency: &'a str,
    /// Channel.
    pub channel: &'a str,
    /// When it was received.
    pub submitted_at: DateTime<Utc>,
    /// When it was decided.
    pub decided_at: Option<DateTime<Utc>>,
    /// When the answer is due, while in progress.
    pub due_at: Option<DateTime<Utc>>,
    /// First day.
    pub valid_from: NaiveDate,
    /// Last day.
    pub valid_through: NaiveDate,
    /// NPI of the ordering provider.
    pub ordering_npi: &'a str,
    /// NPI of the servicing provider.
    pub servicing_npi: Option<&'a str>,
    /// Subject that submitted.
    pub submitted_by: &'a str,
    /// Its role.
    pub submitted_as: &'a str,
    /// Who may see it.
    pub visible_to: &'a [String],
    /// Ingredients of the treatment drugs.
    pub treatment_ingredients: &'a [String],
    /// Drug lines.
    pub drugs: DrugColumns<'a>,
    /// Awards.
    pub awards: AwardColumns<'a>,
    /// Letters of an order that is decided at once.
    pub letters: LetterColumns,
    /// The whole answer.
    pub document: &'a str,
    /// What the engine computed and review keeps back.
    pub computed: &'a str,
}

/// Drug lines, column by column.
#[derive(Debug, Clone, Default)]
pub struct DrugColumns<'a> {
    /// Line of the order.
    pub line: Vec<i32>,
    /// HCPCS code.
    pub hcpcs: Vec<Option<&'a str>>,
    /// Generic name.
    pub generic: Vec<&'a str>,
    /// Role.
    pub role: Vec<&'a str>,
    /// Status.
    pub status: Vec<&'a str>,
    /// Status without case-level holds.
    pub computed_status: Vec<&'a str>,
    /// Billing units.
    pub units_approved: Vec<Option<i64>>,
    /// Visits.
    pub visits_approved: Vec<Option<i32>>,
    /// First day.
    pub valid_from: Vec<Option<NaiveDate>>,
    /// Last day.
    pub valid_through: Vec<Option<NaiveDate>>,
}

/// Awards, column by column.
#[derive(Debug, Clone, Default)]
pub struct AwardColumns<'a> {
    /// Code.
    pub code: Vec<&'a str>,
    /// Times.
    pub times: Vec<i32>,
    /// First day.
    pub billable_from: Vec<NaiveDate>,
    /// Last day.
    pub billable_through: Vec<NaiveDate>,
}

/// What protects a write from others at the same time.
#[derive(Debug, Clone, Copy)]
pub struct Guard<'a> {
    /// The member's ledger version that the decision has seen.
    pub seen: i64,
    /// Idempotency key and fingerprint.
    pub key: Option<(&'a str, &'a [u8; 32])>,
}

/// How a write went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// Stored.
    Stored,
    /// Another order of the member was stored since the facts were loaded; nothing was.
    MemberMoved,
    /// The idempotency key is in use; no case was stored.
    KeyUsed,
}

/// Stores a case with its drugs, awards, first event (for the plan's feed, too), letters, deadline and idempotency key, in one
/// statement.
///
/// Everything hangs on the ledger row: who moves it from the version seen goes on, everybody else inserts nothing.
pub async fn insert(conn: &mut PgConnection, case: &NewCase<'_>, guard: Guard<'_>) -> Result<Written> {
    let (key, fingerprint) = guard.key.unzip();
    let row = sqlx::query!(
        r#"with guard as (
             insert into member_ledger as ledger (health_plan, member_id, version) values ($2, $4, 1)
             on conflict (health_plan, member_id) do update set version = ledger.version + 1 where ledger.version = $23
             returning true
           ), new_key as (
             insert into idempotency_keys (subject, key, fingerprint, status, case_id, created_at)
             select $19, $24, $25, 201, $1, $13 from guard where $24::text is not null
             on conflict do nothing returning true
           ), new_case as (
             insert into cases (case_id, health_plan, program, member_id, service, status, order_id, pathway_eligible_id, pathway_id,
               content_release, urgency, channel, submitted_at, decided_at, closed_at, due_at, valid_from, valid_through, ordering_npi,
               servicing_npi, submitted_by, visible_to, treatment_ingredients, version, document_seq)
             select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14, $15, $16, $17, $18, $20, $19, $21, $22, 1, 1
             from guard where $24::text is null or exists (select from new_key)
             returning case_id
           ), drugs as (
             insert into case_drugs (case_id, line, hcpcs, generic, role, status, computed_status, units_approved, visits_approved,
               valid_from, valid_through)
             select new_case.case_id, drug.* from new_case, unnest($26::int[], $27::text[], $28::text[], $29::text[], $30::text[],
               $31::text[], $32::bigint[], $33::int[], $34::date[], $35::date[]) as drug
           ), awards as (
             insert into s_code_awards (case_id, code, times, billable_from, billable_through)
             select new_case.case_id, award.* from new_case, unnest($36::text[], $37::int[], $38::date[], $39::date[]) as award
           ), events as (
             insert into case_events (case_id, seq, at, kind, actor_subject, actor_role, document, computed)
             select case_id, 1, $13, 'submitted', $19, $40, $41::text::json, $42::text::json from new_case
           ), outbox as (
             insert into feed_outbox (case_id, seq) select case_id, 1 from new_case
           ), letters as (
             insert into letters (letter_id, case_id, seq, kind, addressee, issued_at)
             select letter.id, new_case.case_id, 1, letter.kind, letter.addressee, $13
             from new_case, unnest($43::uuid[], $44::text[], $45::text[]) as letter(id, kind, addressee)
           ), deadline as (
             insert into timers (case_id, kind, due_at) select case_id, 'pend_deadline', $15 from new_case where $15 is not null
           )
           select exists (select from guard) as "guarded!", exists (select from new_case) as "stored!""#,
        case.case_id,
        case.health_plan,
        case.program,
        case.member_id,
        case.service,
        case.status,
        case.order_id,
        case.pathway_eligible_id,
        case.pathway_id,
        case.content_release,
        case.urgency,
        case.channel,
        case.submitted_at,
        case.decided_at,
        case.due_at,
        case.valid_from,
        case.valid_through,
        case.ordering_npi,
        case.submitted_by,
        case.servicing_npi,
        case.visible_to,
        case.treatment_ingredients,
        guard.seen,
        key,
        fingerprint.map(<[u8; 32]>::as_slice),
        &case.drugs.line,
        &case.drugs.hcpcs as &[Option<&str>],
        &case.drugs.generic as &[&str],
        &case.drugs.role as &[&str],
        &case.drugs.status as &[&str],
        &case.drugs.computed_status as &[&str],
        &case.drugs.units_approved as &[Option<i64>],
        &case.drugs.visits_approved as &[Option<i32>],
        &case.drugs.valid_from as &[Option<NaiveDate>],
        &case.drugs.valid_through as &[Option<NaiveDate>],
        &case.awards.code as &[&str],
        &case.awards.times,
        &case.awards.billable_from,
        &case.awards.billable_through,
        case.submitted_as,
        case.document,
        case.computed,
        &case.letters.letter_id,
        &case.letters.kind as &[&str],
        &case.letters.addressee as &[&str],
    )
    .fetch_one(conn)
    .await?;
    Ok(match (row.guarded, row.stored) {
        (_, true) => Written::Stored,
        (true, false) => Written::KeyUsed,
        (false, false) => Written::MemberMoved,
    })
}

/// Makes every other order of this member wait until the transaction ends.
pub async fn lock_member(conn: &mut PgConnection, health_plan: &str, member_id: &str) -> Result<()> {
    sqlx::query!(
        "insert into member_ledger (health_plan, member_id, version) values ($1, $2, 0)
         on conflict (health_plan, member_id) do update set version = member_ledger.version",
        health_plan,
        member_id,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A case as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCase {
    /// Id.
    pub case_id: Uuid,
    /// Health plan.
    pub health_plan: String,
    /// Who may see it.
    pub visible_to: Vec<String>,
    /// Version, for `ETag`.
    pub version: i32,
    /// When the answer is due, while in progress.
    pub due_at: Option<DateTime<Utc>>,
    /// The whole answer.
    pub document: String,
}

/// A case as it stands.
pub async fn current(conn: &mut PgConnection, case_id: Uuid) -> Result<Option<StoredCase>> {
    let case = sqlx::query_as!(
        StoredCase,
        r#"select c.case_id, c.health_plan, c.visible_to, c.version, c.due_at, e.document::text as "document!"
           from cases c join case_events e on e.case_id = c.case_id and e.seq = c.document_seq
           where c.case_id = $1"#,
        case_id,
    )
    .fetch_optional(conn)
    .await?;
    Ok(case)
}

/// A case held for a change, with what only changes need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldCase {
    /// The case.
    pub stored: StoredCase,
    /// What the engine computed and review keeps back.
    pub computed: String,
}

/// A case as it stands, held until the transaction ends.
pub async fn lock(conn: &mut PgConnection, case_id: Uuid) -> Result<Option<HeldCase>> {
    // held first, read afterwards: a statement sees what was there when it began, not when it got the lock
    let held =
        sqlx::query!("select case_id from cases where case_id = $1 for update", case_id).fetch_optional(&mut *conn).await?;
    if held.is_none() {
        return Ok(None);
    }
    let row = sqlx::query!(
        r#"select c.case_id, c.health_plan, c.visible_to, c.version, c.due_at, e.document::text as "document!",
             e.computed::text as "computed!"
           from cases c join case_events e on e.case_id = c.case_id and e.seq = c.document_seq
           where c.case_id = $1"#,
        case_id,
    )
    .fetch_one(conn)
    .await?;
    let stored = StoredCase {
        case_id: row.case_id,
        health_plan: row.health_plan,
        visible_to: row.visible_to,
        version: row.version,
        due_at: row.due_at,
        document: row.document,
    };
    Ok(Some(HeldCase { stored, computed: row.computed }))
}

/// The first answer about a case, without the deadline: what was not overdue then is not overdue in it now.
pub async fn first(conn: &mut PgConnection, case_id: Uuid) -> Result<Option<StoredCase>> {
    let case = sqlx::query_as!(
        StoredCase,
        r#"select c.case_id, c.health_plan, c.visible_to, 1 as "version!", null::timestamptz as due_at, e.document::text as "document!"
           from cases c join case_events e on e.case_id = c.case_id and e.seq = 1
           where c.case_id = $1"#,
        case_id,
    )
    .fetch_optional(conn)
    .await?;
    Ok(case)
}

/// Which of these cases one of these parties may see.
pub async fn visible(conn: &mut PgConnection, case_ids: &[Uuid], parties: &[String]) -> Result<Vec<Uuid>> {
    let visible =
        sqlx::query_scalar!("select case_id from cases where case_id = any($1) and visible_to && $2", case_ids, parties,)
            .fetch_all(conn)
            .await?;
    Ok(visible)
}
