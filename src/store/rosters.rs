//! Member and provider files: staged in a temporary table, checked as a whole, and swapped in by comparing row hashes.
//!
//! The statements name temporary tables, which do not exist when queries are checked at build time; the tests run every one.

use super::Result;
use chrono::{DateTime, NaiveDate, Utc};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

/// Which file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Roster {
    /// Members.
    Members,
    /// Providers.
    Providers,
}

impl Roster {
    /// The word used in SQL and addresses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Members => "members",
            Self::Providers => "providers",
        }
    }
}

/// Rows to stage, column by column.
#[derive(Debug, Default)]
pub struct Batch {
    /// Line of the file, from 1.
    pub line: Vec<i64>,
    /// Member ID or NPI.
    pub id: Vec<String>,
    /// First day of coverage; none for providers.
    pub coverage_from: Vec<Option<NaiveDate>>,
    /// Last day of coverage.
    pub coverage_through: Vec<Option<NaiveDate>>,
    /// Date of birth; none for providers.
    pub birth_date: Vec<Option<NaiveDate>>,
    /// Key of the name.
    pub folded_name: Vec<String>,
    /// Kind of provider; none for members.
    pub kind: Vec<Option<&'static str>>,
    /// Tax IDs, separated by spaces.
    pub tax_ids: Vec<Option<String>>,
    /// In network; none for members.
    pub in_network: Vec<Option<bool>>,
    /// The row as the plan sent it.
    pub document: Vec<String>,
    /// Hash of the document.
    pub row_hash: Vec<Vec<u8>>,
}

/// Two lines of the file that contradict each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromRow)]
pub struct Clash {
    /// The later line.
    pub line: i64,
    /// The earlier one.
    pub earlier: i64,
    /// True where the key is the same, not just the span.
    pub same_key: bool,
}

/// What a load did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromRow)]
pub struct Loaded {
    /// Rows of the file.
    pub loaded: i64,
    /// Of these, rows that were on file just so.
    pub unchanged: i64,
    /// Rows that were on file and are not in this one.
    pub removed: i64,
    /// Rows that were on file before.
    pub before: i64,
}

/// Makes other loads of this file wait until the transaction ends, and prepares the staging table.
pub async fn begin(conn: &mut PgConnection, health_plan: &str, roster: Roster) -> Result<()> {
    // a million rows take their time, and so does another process's load of this file
    sqlx::query("select set_config('statement_timeout', '0', true), set_config('lock_timeout', '0', true)")
        .execute(&mut *conn)
        .await?;
    sqlx::query("select pg_advisory_xact_lock(hashtextextended($1, 0))")
        .bind(format!("roster {} {health_plan}", roster.as_str()))
        .execute(&mut *conn)
        .await?;
    sqlx::query(
        "create temporary table staged (
           line bigint not null, id text not null, coverage_from date, coverage_through date, birth_date date, folded_name text not null,
           kind text, tax_ids text, in_network boolean, document text not null, row_hash bytea not null
         ) on commit drop",
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Stages rows.
pub async fn stage(conn: &mut PgConnection, batch: &Batch) -> Result<()> {
    sqlx::query(
        "insert into staged select * from unnest($1::bigint[], $2::text[], $3::date[], $4::date[], $5::date[], $6::text[], $7::text[],
           $8::text[], $9::boolean[], $10::text[], $11::bytea[])",
    )
    .bind(&batch.line)
    .bind(&batch.id)
    .bind(&batch.coverage_from)
    .bind(&batch.coverage_through)
    .bind(&batch.birth_date)
    .bind(&batch.folded_name)
    .bind(&batch.kind)
    .bind(&batch.tax_ids)
    .bind(&batch.in_network)
    .bind(&batch.document)
    .bind(&batch.row_hash)
    .execute(conn)
    .await?;
    Ok(())
}

/// Up to `limit` lines that contradict an earlier one: a provider or a first day of coverage twice, or spans that overlap.
pub async fn clashes(conn: &mut PgConnection, limit: i64) -> Result<Vec<Clash>> {
    let clashes = sqlx::query_as(
        "select line, earlier, same_key from (
           select line, coverage_from,
             first_value(line) over before as earlier,
             coalesce(lag(coverage_from) over ordered = coverage_from, coverage_from is null) as same_key,
             count(*) over before as predecessors,
             max(coalesce(coverage_through, 'infinity')) over before as covered_through
           from staged
           window ordered as (partition by id order by coverage_from, line),
                  before as (partition by id order by coverage_from, line rows between unbounded preceding and 1 preceding)
         ) as compared
         where predecessors > 0 and (coverage_from is null or coverage_from <= covered_through)
         order by line limit $1",
    )
    .bind(limit)
    .fetch_all(conn)
    .await?;
    Ok(clashes)
}

/// What swapping the file in would do.
pub async fn compare(conn: &mut PgConnection, health_plan: &str, roster: Roster) -> Result<Loaded> {
    sqlx::query("analyze staged").execute(&mut *conn).await?;
    let statement = match roster {
        Roster::Members => {
            "select (select count(*) from staged) as loaded,
               (select count(*) from staged s join members m on m.health_plan = $1 and m.member_id = s.id
                  and m.coverage_from = s.coverage_from where m.row_hash = s.row_hash) as unchanged,
               (select count(*) from members m where m.health_plan = $1 and not exists (
                  select from staged s where s.id = m.member_id and s.coverage_from = m.coverage_from)) as removed,
               (select count(*) from members where health_plan = $1) as before"
        }
        Roster::Providers => {
            "select (select count(*) from staged) as loaded,
               (select count(*) from staged s join providers p on p.health_plan = $1 and p.npi = s.id
                  where p.row_hash = s.row_hash) as unchanged,
               (select count(*) from providers p where p.health_plan = $1 and not exists (
                  select from staged s where s.id = p.npi)) as removed,
               (select count(*) from providers where health_plan = $1) as before"
        }
    };
    Ok(sqlx::query_as(statement).bind(health_plan).fetch_one(conn).await?)
}

/// Swaps the staged file in. Rows that are on file just so are not touched: even an upsert that updates nothing locks its row, which
/// writes it.
pub async fn replace(conn: &mut PgConnection, health_plan: &str, roster: Roster) -> Result<()> {
    let (removal, upsert) = match roster {
        Roster::Members => (
            "delete from members m where m.health_plan = $1 and not exists (
               select from staged s where s.id = m.member_id and s.coverage_from = m.coverage_from)",
            "insert into members (health_plan, member_id, coverage_from, coverage_through, birth_date, folded_name, document, row_hash)
             select $1, id, coverage_from, coverage_through, birth_date, folded_name, document::json, row_hash from staged s
             where not exists (select from members m where m.health_plan = $1 and m.member_id = s.id
               and m.coverage_from = s.coverage_from and m.row_hash = s.row_hash)
             on conflict (health_plan, member_id, coverage_from) do update set coverage_through = excluded.coverage_through,
               birth_date = excluded.birth_date, folded_name = excluded.folded_name, document = excluded.document,
               row_hash = excluded.row_hash",
        ),
        Roster::Providers => (
            "delete from providers p where p.health_plan = $1 and not exists (select from staged s where s.id = p.npi)",
            "insert into providers (health_plan, npi, kind, folded_name, tax_ids, in_network, document, row_hash)
             select $1, id, kind, folded_name, string_to_array(tax_ids, ' '), in_network, document::json, row_hash from staged s
             where not exists (select from providers p where p.health_plan = $1 and p.npi = s.id and p.row_hash = s.row_hash)
             on conflict (health_plan, npi) do update set kind = excluded.kind, folded_name = excluded.folded_name,
               tax_ids = excluded.tax_ids, in_network = excluded.in_network, document = excluded.document,
               row_hash = excluded.row_hash",
        ),
    };
    sqlx::query(removal).bind(health_plan).execute(&mut *conn).await?;
    sqlx::query(upsert).bind(health_plan).execute(&mut *conn).await?;
    // at once, and not when the server comes round to it: until then it would plan for the size of the file before
    sqlx::query("select analyze_roster($1)").bind(roster.as_str()).execute(conn).await?;
    Ok(())
}

/// Records who loaded which file.
pub async fn record(
    conn: &mut PgConnection,
    roster_load_id: Uuid,
    (health_plan, roster): (&str, Roster),
    loaded_by: &str,
    at: DateTime<Utc>,
    done: Loaded,
) -> Result<()> {
    sqlx::query!(
        "insert into roster_loads (roster_load_id, health_plan, kind, loaded_by, at, loaded, unchanged, removed)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        roster_load_id,
        health_plan,
        roster.as_str(),
        loaded_by,
        at,
        done.loaded,
        done.unchanged,
        done.removed,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// True where the plan has sent this file before, or has rows of it.
pub async fn was_sent(conn: &mut PgConnection, health_plan: &str, roster: Roster) -> Result<bool> {
    let sent = sqlx::query_scalar!(
        r#"select exists (select from roster_loads where health_plan = $1 and kind = $2)
             or case $2 when 'members' then exists (select from members where health_plan = $1)
                else exists (select from providers where health_plan = $1) end as "sent!""#,
        health_plan,
        roster.as_str(),
    )
    .fetch_one(conn)
    .await?;
    Ok(sent)
}
