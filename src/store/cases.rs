//! Cases: written in one statement, read back as the answers that they were.

use super::letters::LetterColumns;
use super::together::{Statement, array_literal};
use super::{Result, keys, shard_of, shard_of_member};
use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use std::marker::PhantomData;
use std::sync::Arc;
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
    /// Whose it is among those who ever had the number, as [`crate::domain::roster::Person`] writes it.
    pub person: &'a str,
    /// Service.
    pub service: &'a str,
    /// Derived status.
    pub status: &'a str,
    /// The number that people read out.
    pub case_number: &'a str,
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
    /// The member's name beginning with each of its words in turn: those who may see the case find it so.
    pub patient_names: &'a [String],
    /// Ingredients of the treatment drugs.
    pub treatment_ingredients: &'a [String],
    /// Lines.
    pub lines: LineColumns<'a>,
    /// Awards.
    pub awards: AwardColumns<'a>,
    /// Other cases of the member whose Pathway this approved treatment may have ended (SCD-13).
    pub may_end: &'a [Uuid],
    /// Letters of an order that is decided at once.
    pub letters: LetterColumns,
    /// The whole answer.
    pub document: &'a str,
    /// What the engine computed and review keeps back.
    pub computed: &'a str,
    /// The request as another standard wrote it, where it came so.
    pub sent: Option<SentColumns<'a>>,
}

/// A request as another standard wrote it.
#[derive(Debug, Clone, Copy)]
pub struct SentColumns<'a> {
    /// Whose numbers these are.
    pub system: &'a str,
    /// The sender's number of the request.
    pub value: &'a str,
    /// The request.
    pub document: &'a str,
}

/// Lines, column by column.
#[derive(Debug, Clone, Default)]
pub struct LineColumns<'a> {
    /// Line of the order.
    pub line: Vec<i32>,
    /// HCPCS or CPT code.
    pub code: Vec<Option<&'a str>>,
    /// Generic name of a drug, own words for a procedure.
    pub name: Vec<&'a str>,
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

impl LineColumns<'_> {
    /// How many lines these are. An order has at most some hundred.
    pub fn count(&self) -> i16 {
        i16::try_from(self.line.len()).unwrap_or(i16::MAX)
    }
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
    /// The idempotency key.
    pub key: Option<Key<'a>>,
}

/// An idempotency key.
#[derive(Debug, Clone, Copy)]
pub struct Key<'a> {
    /// Whose it is.
    pub owner: &'a str,
    /// The key.
    pub key: &'a str,
    /// SHA-256 of what it is used for.
    pub fingerprint: &'a [u8; 32],
}

/// How a write went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// Stored.
    Stored,
    /// Another order of the member was stored since the facts were loaded; nothing was.
    MemberMoved,
    /// Somebody holds the member; nothing was stored, and nobody waited.
    MemberBusy,
    /// The idempotency key is in use; no case was stored.
    KeyUsed,
}

/// Something that can be stored as a new case.
pub trait Storable: Send + Sync + 'static {
    /// Its rows.
    fn rows(&self) -> NewCase<'_>;

    /// What protects the write.
    fn guard(&self) -> Guard<'_>;

    /// Health plan and member.
    fn member(&self) -> (&str, &str);
}

/// Writes of new cases.
#[derive(Debug)]
pub struct Inserts<C>(PhantomData<C>);

impl<C: Storable> Statement for Inserts<C> {
    type Asked = Arc<C>;
    type Told = Written;

    /// The second of two orders of a member must see the first.
    fn exclude(one: &Arc<C>, other: &Arc<C>) -> bool {
        one.member() == other.member()
    }

    async fn run(conn: &mut PgConnection, asked: &[Arc<C>]) -> Result<Vec<Written>> {
        let cases: Vec<(NewCase<'_>, Guard<'_>)> = asked.iter().map(|case| (case.rows(), case.guard())).collect();
        insert(conn, &cases).await
    }
}

/// How the write of one case went.
struct Row {
    busy: bool,
    guarded: bool,
    stored: bool,
}

/// Stores cases, each of another member, with their lines, awards, first event, letters, deadline and
/// idempotency key, in one statement.
///
/// For each, everything hangs on the ledger row: who moves it from the version seen goes on, everybody else inserts nothing. A row that
/// somebody holds is passed over, so that nobody waits for another one's member. Ledger rows are taken in the order of members, so that two
/// of these statements do not wait for each other's new members.
#[expect(clippy::too_many_lines, reason = "one statement with all its values")]
async fn insert(conn: &mut PgConnection, cases: &[(NewCase<'_>, Guard<'_>)]) -> Result<Vec<Written>> {
    let count = i32::try_from(cases.len()).unwrap_or(i32::MAX);
    let rows = sqlx::query_as!(
        Row,
        r#"with asked as materialized (
             select place, ($1::uuid[])[place] as case_id, ($2::text[])[place] as health_plan, ($4::text[])[place] as member_id,
               ($23::bigint[])[place] as seen, ($24::text[])[place] as key, ($13::timestamptz[])[place] as submitted_at,
               ($19::text[])[place] as submitted_by, ($59::smallint[])[place] as shard
             from generate_series(1, $47::int) as place
           ), free as materialized (
             select ledger.health_plan, ledger.member_id
             from asked join member_ledger as ledger
               on ledger.shard = asked.shard and ledger.health_plan = asked.health_plan and ledger.member_id = asked.member_id
             order by ledger.health_plan, ledger.member_id for no key update of ledger skip locked
           ), busy as materialized (
             select place from asked
             where exists (select from member_ledger as ledger
                 where ledger.shard = asked.shard and ledger.health_plan = asked.health_plan and ledger.member_id = asked.member_id)
               and not exists (select from free where free.health_plan = asked.health_plan and free.member_id = asked.member_id)
           ), guard as (
             insert into member_ledger as ledger (health_plan, member_id, version, shard)
             select health_plan, member_id, seen + 1, shard from asked where place not in (select place from busy)
             order by health_plan, member_id
             on conflict (health_plan, member_id, shard) do update set version = excluded.version where ledger.version = excluded.version - 1
             returning health_plan, member_id
           ), guarded as materialized (
             select asked.* from asked join guard on guard.health_plan = asked.health_plan and guard.member_id = asked.member_id
           ), new_key as (
             insert into idempotency_keys (subject, key, fingerprint, status, case_id, created_at, lasting)
             select ($57::text[])[place], key, ($25::bytea[])[place], 201, case_id, submitted_at, ($54::text[])[place] is not null
             from guarded where key is not null
             on conflict do nothing returning case_id
           ), new_case as (
             insert into cases (case_id, health_plan, program, member_id, service, status, order_id, pathway_eligible_id, pathway_id,
               content_release, urgency, channel, submitted_at, decided_at, closed_at, due_at, valid_from, valid_through, ordering_npi,
               servicing_npi, submitted_by, visible_to, treatment_ingredients, version, document_seq, person, case_number, lines,
               shard)
             select case_id, health_plan, ($3::text[])[place], member_id, ($5::text[])[place], ($6::text[])[place], ($7::text[])[place],
               ($8::text[])[place], ($9::text[])[place], ($10::text[])[place], ($11::text[])[place], ($12::text[])[place], submitted_at,
               ($14::timestamptz[])[place], ($14::timestamptz[])[place], ($15::timestamptz[])[place], ($16::date[])[place],
               ($17::date[])[place], ($18::text[])[place], ($20::text[])[place], submitted_by, ($21::text[])[place]::text[],
               ($22::text[])[place]::text[], 1, 1, ($52::text[])[place], ($53::text[])[place], ($58::smallint[])[place],
               shard
             from guarded where key is null or case_id in (select new_key.case_id from new_key)
             returning case_id
           ), stored as materialized (
             select asked.place, asked.case_id, asked.submitted_at, asked.submitted_by, asked.shard
             from new_case join asked on asked.case_id = new_case.case_id
           ), lines as (
             insert into case_lines (case_id, line, code, name, role, status, computed_status, units_approved, visits_approved,
               valid_from, valid_through, shard)
             select stored.case_id, line.line, line.code, line.name, line.role, line.status, line.computed_status, line.units,
               line.visits, line.valid_from, line.valid_through, stored.shard
             from unnest($26::int[], $27::int[], $28::text[], $29::text[], $30::text[], $31::text[], $32::text[], $33::bigint[],
               $34::int[], $35::date[], $36::date[]) as line (place, line, code, name, role, status, computed_status, units, visits,
               valid_from, valid_through)
             join stored on stored.place = line.place
           ), awards as (
             insert into s_code_awards (case_id, code, times, billable_from, billable_through, shard)
             select stored.case_id, award.code, award.times, award.billable_from, award.billable_through, stored.shard
             from unnest($37::int[], $38::text[], $39::int[], $40::date[], $41::date[]) as award (place, code, times, billable_from,
               billable_through)
             join stored on stored.place = award.place
           ), events as (
             insert into case_events (case_id, seq, at, kind, actor_subject, actor_role, document, computed, shard)
             select case_id, 1, submitted_at, 'submitted', submitted_by, ($42::text[])[place], ($43::text[])[place]::json,
               ($44::text[])[place]::json, shard
             from stored
           ), letters as (
             insert into letters (letter_id, case_id, seq, kind, addressee, issued_at, shard)
             select letter.id, stored.case_id, 1, letter.kind, letter.addressee, stored.submitted_at, stored.shard
             from unnest($45::int[], $46::uuid[], $48::text[], $49::text[]) as letter (place, id, kind, addressee)
             join stored on stored.place = letter.place
           ), patients as (
             insert into patients (party, name, health_plan, member_id)
             select distinct party, called.name, asked.health_plan, asked.member_id
             from unnest($60::int[], $61::text[]) as called (place, name)
             join stored on stored.place = called.place join asked on asked.place = called.place
             cross join lateral unnest(($21::text[])[called.place]::text[]) as party
             on conflict do nothing
           ), pathways as (
             insert into timers (case_id, kind, due_at, shard)
             select earlier.case_id, 'pathway_end', stored.submitted_at, stored.shard
             from unnest($50::int[], $51::uuid[]) as earlier (place, case_id) join stored on stored.place = earlier.place
             on conflict (case_id, kind, shard) do nothing
           ), sent as (
             insert into sent_requests (case_id, seq, subject, system, value, received_at, document, shard)
             select case_id, 1, submitted_by, ($54::text[])[place], ($55::text[])[place], submitted_at, ($56::text[])[place]::json, shard
             from stored where ($54::text[])[place] is not null
           ), deadline as (
             insert into timers (case_id, kind, due_at, shard)
             select case_id, 'pend_deadline', ($15::timestamptz[])[place], shard from stored where ($15::timestamptz[])[place] is not null
           )
           select exists (select from busy where busy.place = asked.place) as "busy!",
             exists (select from guarded where guarded.place = asked.place) as "guarded!",
             exists (select from stored where stored.place = asked.place) as "stored!"
           from asked order by place"#,
        &column(cases, |case| case.case_id),
        &column(cases, |case| case.health_plan) as &[&str],
        &column(cases, |case| case.program) as &[&str],
        &column(cases, |case| case.member_id) as &[&str],
        &column(cases, |case| case.service) as &[&str],
        &column(cases, |case| case.status) as &[&str],
        &column(cases, |case| case.order_id) as &[Option<&str>],
        &column(cases, |case| case.pathway_eligible_id) as &[Option<&str>],
        &column(cases, |case| case.pathway_id) as &[Option<&str>],
        &column(cases, |case| case.content_release) as &[&str],
        &column(cases, |case| case.urgency) as &[&str],
        &column(cases, |case| case.channel) as &[&str],
        &column(cases, |case| case.submitted_at),
        &column(cases, |case| case.decided_at) as &[Option<DateTime<Utc>>],
        &column(cases, |case| case.due_at) as &[Option<DateTime<Utc>>],
        &column(cases, |case| case.valid_from),
        &column(cases, |case| case.valid_through),
        &column(cases, |case| case.ordering_npi) as &[&str],
        &column(cases, |case| case.submitted_by) as &[&str],
        &column(cases, |case| case.servicing_npi) as &[Option<&str>],
        &column(cases, |case| array_literal(case.visible_to)),
        &column(cases, |case| array_literal(case.treatment_ingredients)),
        &cases.iter().map(|(_, guard)| guard.seen).collect::<Vec<_>>(),
        &cases.iter().map(|(_, guard)| guard.key.map(|key| key.key)).collect::<Vec<_>>() as &[Option<&str>],
        &cases.iter().map(|(_, guard)| guard.key.map(|key| key.fingerprint.as_slice())).collect::<Vec<_>>()
            as &[Option<&[u8]>],
        &places(cases, |case| case.lines.line.len()),
        &joined(cases, |case| &case.lines.line),
        &joined(cases, |case| &case.lines.code) as &[Option<&str>],
        &joined(cases, |case| &case.lines.name) as &[&str],
        &joined(cases, |case| &case.lines.role) as &[&str],
        &joined(cases, |case| &case.lines.status) as &[&str],
        &joined(cases, |case| &case.lines.computed_status) as &[&str],
        &joined(cases, |case| &case.lines.units_approved) as &[Option<i64>],
        &joined(cases, |case| &case.lines.visits_approved) as &[Option<i32>],
        &joined(cases, |case| &case.lines.valid_from) as &[Option<NaiveDate>],
        &joined(cases, |case| &case.lines.valid_through) as &[Option<NaiveDate>],
        &places(cases, |case| case.awards.code.len()),
        &joined(cases, |case| &case.awards.code) as &[&str],
        &joined(cases, |case| &case.awards.times),
        &joined(cases, |case| &case.awards.billable_from),
        &joined(cases, |case| &case.awards.billable_through),
        &column(cases, |case| case.submitted_as) as &[&str],
        &column(cases, |case| case.document) as &[&str],
        &column(cases, |case| case.computed) as &[&str],
        &places(cases, |case| case.letters.letter_id.len()),
        &joined(cases, |case| &case.letters.letter_id),
        count,
        &joined(cases, |case| &case.letters.kind) as &[&str],
        &joined(cases, |case| &case.letters.addressee) as &[&str],
        &places(cases, |case| case.may_end.len()),
        &joined(cases, |case| case.may_end),
        &column(cases, |case| case.person) as &[&str],
        &column(cases, |case| case.case_number) as &[&str],
        &column(cases, |case| case.sent.map(|sent| sent.system)) as &[Option<&str>],
        &column(cases, |case| case.sent.map(|sent| sent.value)) as &[Option<&str>],
        &column(cases, |case| case.sent.map(|sent| sent.document)) as &[Option<&str>],
        &cases.iter().map(|(_, guard)| guard.key.map(|key| key.owner)).collect::<Vec<_>>() as &[Option<&str>],
        &column(cases, |case| case.lines.count()),
        &column(cases, |case| shard_of(case.case_id)),
        &places(cases, |case| case.patient_names.len()),
        &cases.iter().flat_map(|(case, _)| case.patient_names).map(String::as_str).collect::<Vec<_>>() as &[&str],
    )
    .fetch_all(conn)
    .await?;
    let written = rows.into_iter().map(|row| match row {
        Row { stored: true, .. } => Written::Stored,
        Row { guarded: true, .. } => Written::KeyUsed,
        Row { busy: true, .. } => Written::MemberBusy,
        _ => Written::MemberMoved,
    });
    Ok(written.collect())
}

/// The same for one.
pub async fn insert_one<C: Storable>(conn: &mut PgConnection, case: &C) -> Result<Written> {
    let written = insert(conn, &[(case.rows(), case.guard())]).await?.pop();
    Ok(written.ok_or(sqlx::Error::RowNotFound)?)
}

/// A value of each case.
fn column<'a, T>(cases: &'a [(NewCase<'a>, Guard<'a>)], of: impl Fn(&'a NewCase<'a>) -> T) -> Vec<T> {
    cases.iter().map(|(case, _)| of(case)).collect()
}

/// The values of all cases' rows in a table beside them.
fn joined<'a, T: Copy + 'a>(cases: &'a [(NewCase<'a>, Guard<'a>)], of: impl Fn(&'a NewCase<'a>) -> &'a [T]) -> Vec<T> {
    cases.iter().flat_map(|(case, _)| of(case)).copied().collect()
}

/// For each of those rows, which case it belongs to, from 1.
fn places(cases: &[(NewCase<'_>, Guard<'_>)], rows: impl Fn(&NewCase<'_>) -> usize) -> Vec<i32> {
    (1..).zip(cases).flat_map(|(place, (case, _))| std::iter::repeat_n(place, rows(case))).collect()
}

/// Makes every other order of this member wait until the transaction ends.
pub async fn lock_member(conn: &mut PgConnection, health_plan: &str, member_id: &str) -> Result<()> {
    sqlx::query!(
        "insert into member_ledger (health_plan, member_id, version, shard) values ($1, $2, 0, $3)
         on conflict (health_plan, member_id, shard) do update set version = member_ledger.version",
        health_plan,
        member_id,
        shard_of_member(health_plan, member_id),
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
           from cases c join case_events e on e.case_id = c.case_id and e.shard = c.shard and e.seq = c.document_seq
           where c.case_id = $1 and c.shard = $2"#,
        case_id,
        shard_of(case_id),
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
    // held first, read afterwards: a statement sees what was there when it began, not when it got the lock. Rows that refer to the case
    // may come meanwhile: an approval that holds the member sets timers of other cases, and a claim that holds one of these waits for the
    // member
    let held =
        sqlx::query!("select case_id from cases where case_id = $1 and shard = $2 for no key update", case_id, shard_of(case_id))
            .fetch_optional(&mut *conn)
            .await?;
    if held.is_none() {
        return Ok(None);
    }
    with_computed(conn, case_id).await
}

/// The same without holding it.
pub async fn with_computed(conn: &mut PgConnection, case_id: Uuid) -> Result<Option<HeldCase>> {
    let row = sqlx::query!(
        r#"select c.case_id, c.health_plan, c.visible_to, c.version, c.due_at, e.document::text as "document!",
             e.computed::text as "computed!"
           from cases c join case_events e on e.case_id = c.case_id and e.shard = c.shard and e.seq = c.document_seq
           where c.case_id = $1 and c.shard = $2"#,
        case_id,
        shard_of(case_id),
    )
    .fetch_optional(conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
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
           from cases c join case_events e on e.case_id = c.case_id and e.shard = c.shard and e.seq = 1
           where c.case_id = $1 and c.shard = $2"#,
        case_id,
        shard_of(case_id),
    )
    .fetch_optional(conn)
    .await?;
    Ok(case)
}

/// Which of these cases one of these parties may see.
pub async fn visible(conn: &mut PgConnection, case_ids: &[Uuid], parties: &[String]) -> Result<Vec<Uuid>> {
    let (case_ids, shards) = keys(case_ids);
    let visible = sqlx::query_scalar!(
        "select c.case_id from unnest($1::uuid[], $3::smallint[]) as asked (case_id, shard)
         join cases c on c.case_id = asked.case_id and c.shard = asked.shard
         where c.visible_to && $2",
        &case_ids,
        parties,
        &shards,
    )
    .fetch_all(conn)
    .await?;
    Ok(visible)
}
