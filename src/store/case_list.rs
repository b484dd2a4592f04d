//! Finding cases. The statement is put together from the filters that are set, so that each shape gets a plan of its own.

use super::cases::StoredCase;
use super::{Result, shard_of_member, shard_of_number};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use sqlx::{FromRow, PgConnection, Postgres, QueryBuilder};
use uuid::Uuid;

/// Which cases to find. What is not set does not matter.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only cases that one of these parties may see.
    pub parties: Option<Vec<String>>,
    /// Health plan.
    pub health_plan: Option<String>,
    /// Any of these statuses.
    pub statuses: Vec<&'static str>,
    /// Member.
    pub member_id: Option<String>,
    /// A patient of these parties with a name that has words which begin so; the first one leads.
    pub member_name: Option<Vec<String>>,
    /// NPI of the ordering provider.
    pub ordering_npi: Option<String>,
    /// Case number.
    pub case_number: Option<String>,
    /// Order ID.
    pub order_id: Option<String>,
    /// Received at or after.
    pub submitted_from: Option<DateTime<Utc>>,
    /// Received before.
    pub submitted_before: Option<DateTime<Utc>>,
    /// In progress, or closed at or after.
    pub open_or_closed_since: Option<DateTime<Utc>>,
    /// In progress, and the practice is asked for something.
    pub asked_for: bool,
    /// With an Order ID whose last day is one of these.
    pub ends: Option<(NaiveDate, NaiveDate)>,
}

/// How many cases there are of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromRow)]
pub struct Counts {
    /// Of any.
    pub all: i64,
    /// In progress, and the practice is asked for something.
    pub asked_for: i64,
    /// In progress.
    pub open: i64,
    /// With an Order ID whose last day is one of those asked about.
    pub ending: i64,
}

#[derive(FromRow)]
struct CountRow {
    health_plan: String,
    #[sqlx(flatten)]
    counts: Counts,
}

/// By how much the instant of an id may differ from when its case came, as `cases_id_tells_when_submitted` has it.
const AN_HOUR: TimeDelta = TimeDelta::hours(1);
/// The practice is asked for something.
const ASKED_FOR: &str = "c.status = 'in_progress' and exists (select from case_events asked where asked.case_id = c.case_id
    and asked.shard = c.shard and asked.seq = c.document_seq and json_array_length(asked.document -> 'review' -> 'asked_for') > 0)";

#[derive(FromRow)]
struct Row {
    case_id: Uuid,
    health_plan: String,
    visible_to: Vec<String>,
    version: i32,
    due_at: Option<DateTime<Utc>>,
    document: String,
}

/// Up to `limit` cases older than `after`, newest first.
pub async fn list(conn: &mut PgConnection, filter: &Filter, after: Option<Uuid>, limit: i64) -> Result<Vec<StoredCase>> {
    let mut query = statement(filter, after);
    query.push(" order by c.case_id desc limit ").push_bind(limit);
    query.push(
        ") select found.*, e.document::text as document from found
           join case_events e on e.case_id = found.case_id and e.shard = found.shard and e.seq = found.document_seq order by found.case_id desc",
    );
    let rows: Vec<Row> = query.build_query_as().fetch_all(conn).await?;
    Ok(rows
        .into_iter()
        .map(|row| StoredCase {
            case_id: row.case_id,
            health_plan: row.health_plan,
            visible_to: row.visible_to,
            version: row.version,
            due_at: row.due_at,
            document: row.document,
        })
        .collect())
}

/// Counts those that the filter finds by their plan and status, whatever statuses it asks for.
pub async fn count_by_status(conn: &mut PgConnection, filter: &Filter) -> Result<Vec<(String, String, i64)>> {
    let mut query = QueryBuilder::new("select c.health_plan, c.status, count(*) from cases c where true");
    conditions(&mut query, &Filter { statuses: Vec::new(), ..filter.clone() });
    query.push(" group by c.health_plan, c.status");
    Ok(query.build_query_as().fetch_all(conn).await?)
}

/// Counts those that the filter finds, of each plan; `ends` are the days in which one that is about to end does.
pub async fn count(conn: &mut PgConnection, filter: &Filter, ends: (NaiveDate, NaiveDate)) -> Result<Vec<(String, Counts)>> {
    let mut query = QueryBuilder::new("select c.health_plan, count(*) as \"all\", count(*) filter (where ");
    query
        .push(ASKED_FOR)
        .push(") as asked_for, count(*) filter (where c.status = 'in_progress') as open, count(*) filter (where ");
    ending(&mut query, ends);
    query.push(") as ending from cases c where true");
    conditions(&mut query, filter);
    query.push(" group by c.health_plan");
    let rows: Vec<CountRow> = query.build_query_as().fetch_all(conn).await?;
    Ok(rows.into_iter().map(|row| (row.health_plan, row.counts)).collect())
}

fn ending(query: &mut QueryBuilder<Postgres>, (first, last): (NaiveDate, NaiveDate)) {
    query.push("c.order_id is not null and c.valid_through between ").push_bind(first).push(" and ").push_bind(last);
}

/// Not after any id that is made at this instant.
fn first_id_of(instant: DateTime<Utc>) -> Uuid {
    let millis = u64::try_from(instant.timestamp_millis()).unwrap_or(0);
    Uuid::from_u128(u128::from(millis.min((1 << 48) - 1)) << 80)
}

fn statement(filter: &Filter, after: Option<Uuid>) -> QueryBuilder<Postgres> {
    let mut query = QueryBuilder::new(
        "with found as (select c.case_id, c.health_plan, c.visible_to, c.version, c.due_at, c.document_seq, c.shard from cases c where true",
    );
    if let Some(after) = after {
        query.push(" and c.case_id < ").push_bind(after);
    }
    conditions(&mut query, filter);
    query
}

fn conditions(query: &mut QueryBuilder<Postgres>, filter: &Filter) {
    if let Some(parties) = &filter.parties {
        query.push(" and c.visible_to && ").push_bind(parties.clone());
    }
    if let Some(plan) = &filter.health_plan {
        query.push(" and c.health_plan = ").push_bind(plan.clone());
    }
    if !filter.statuses.is_empty() {
        // as they are: of a status that few cases have a plan is made that looks for those few
        query.push(" and c.status in ('").push(filter.statuses.join("', '")).push("')");
    }
    if let (Some(plan), Some(member)) = (&filter.health_plan, &filter.member_id) {
        query.push(" and c.shard = ").push_bind(shard_of_member(plan, member));
    }
    if let Some(number) = filter.case_number.as_ref().or(filter.order_id.as_ref()) {
        query.push(" and c.shard = ").push_bind(shard_of_number(number));
    }
    if let Some(member) = &filter.member_id {
        query.push(" and c.member_id = ").push_bind(member.clone());
    }
    if let Some([first, others @ ..]) = filter.member_name.as_deref() {
        let likes: Vec<String> = others.iter().map(|word| format!("% {word}%")).collect();
        query
            .push(" and (c.health_plan, c.member_id) in (select p.health_plan, p.member_id from patients p where p.party = any(")
            .push_bind(filter.parties.clone().unwrap_or_default())
            .push(") and p.name >= ")
            .push_bind(first.clone())
            .push(" and p.name < ")
            .push_bind(format!("{first}\u{10ffff}"))
            .push(" and ' ' || p.name like all(")
            .push_bind(likes)
            .push("))");
    }
    if let Some(npi) = &filter.ordering_npi {
        query.push(" and c.ordering_npi = ").push_bind(npi.clone());
    }
    if let Some(number) = &filter.case_number {
        query.push(" and c.case_number = ").push_bind(number.clone());
    }
    if let Some(order_id) = &filter.order_id {
        query.push(" and c.order_id = ").push_bind(order_id.clone());
    }
    // an id tells when its case came, to the hour: the days are found among the ids
    if let Some(from) = filter.submitted_from {
        query.push(" and c.submitted_at >= ").push_bind(from).push(" and c.case_id >= ").push_bind(first_id_of(from - AN_HOUR));
    }
    if let Some(before) = filter.submitted_before {
        query
            .push(" and c.submitted_at < ")
            .push_bind(before)
            .push(" and c.case_id <= ")
            .push_bind(first_id_of(before + AN_HOUR));
    }
    if let Some(since) = filter.open_or_closed_since {
        query.push(" and (c.status = 'in_progress' or c.closed_at >= ").push_bind(since).push(")");
    }
    if filter.asked_for {
        query.push(" and ").push(ASKED_FOR);
    }
    if let Some(days) = filter.ends {
        query.push(" and ");
        ending(query, days);
    }
}
