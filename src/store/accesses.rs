//! Who read or wrote what about whom, and the chains that hold the records together.

use super::Result;
use super::together::{Statement, array_literal};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// What one request did, for each case or member that it was about.
#[derive(Debug, Clone)]
pub struct NewAccess {
    /// When.
    pub at: DateTime<Utc>,
    /// Subject of the caller.
    pub subject: String,
    /// Its role.
    pub role: &'static str,
    /// The practice's tax IDs.
    pub tax_ids: Vec<String>,
    /// The token used.
    pub token_id: Option<Uuid>,
    /// `read` or `write`.
    pub action: &'static str,
    /// Method and route.
    pub operation: String,
    /// What for.
    pub purpose: &'static str,
    /// The request.
    pub request_id: String,
    /// About whom, each with the id of its record.
    pub about: Vec<(Uuid, About)>,
}

/// About whom.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum About {
    /// A case, and so its member and plan.
    Case(Uuid),
    /// A member of a plan.
    Member {
        /// Health plan.
        health_plan: String,
        /// Member ID.
        member_id: String,
    },
    /// Many members of a plan.
    Plan(String),
}

impl About {
    fn columns(&self) -> (Option<Uuid>, Option<&str>, Option<&str>) {
        match self {
            Self::Case(case_id) => (Some(*case_id), None, None),
            Self::Member { health_plan, member_id } => (None, Some(health_plan), Some(member_id)),
            Self::Plan(health_plan) => (None, Some(health_plan), None),
        }
    }
}

/// Writes of records.
#[derive(Debug)]
pub struct Inserts;

impl Statement for Inserts {
    type Asked = NewAccess;
    type Told = ();

    /// A case that does not exist leaves no record.
    async fn run(conn: &mut PgConnection, asked: &[NewAccess]) -> Result<Vec<()>> {
        let rows: Vec<(&NewAccess, Uuid, &About)> =
            asked.iter().flat_map(|one| one.about.iter().map(move |(id, about)| (one, *id, about))).collect();
        let each = |of: fn(&NewAccess) -> &str| rows.iter().map(|(one, ..)| of(one).to_owned()).collect::<Vec<_>>();
        let case_ids: Vec<Option<Uuid>> = rows.iter().map(|(.., about)| about.columns().0).collect();
        let plans: Vec<Option<&str>> = rows.iter().map(|(.., about)| about.columns().1).collect();
        let members: Vec<Option<&str>> = rows.iter().map(|(.., about)| about.columns().2).collect();
        sqlx::query!(
            "with asked as (
               select * from unnest($1::uuid[], $2::timestamptz[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
                 $9::uuid[], $10::text[], $11::text[], $12::text[], $13::text[])
                 as asked (access_id, at, case_id, health_plan, member_id, subject, role, tax_ids, token_id, action, operation, purpose,
                   request_id)
             ), kept as (
               insert into accesses (access_id, at, health_plan, member_id, case_id, actor_subject, actor_role, tax_ids, token_id, action,
                 operation, purpose, request_id)
               select asked.access_id, asked.at, coalesce(c.health_plan, asked.health_plan), coalesce(c.member_id, asked.member_id),
                 c.case_id, asked.subject, asked.role, asked.tax_ids::text[], asked.token_id, asked.action, asked.operation, asked.purpose,
                 asked.request_id
               from asked left join cases c on c.case_id = asked.case_id and c.shard = shard_of_id(asked.case_id)
               where coalesce(c.health_plan, asked.health_plan) is not null
               returning access_id
             )
             insert into accesses_unsealed (access_id) select access_id from kept",
            &rows.iter().map(|(_, id, _)| *id).collect::<Vec<_>>(),
            &rows.iter().map(|(one, ..)| one.at).collect::<Vec<_>>(),
            &case_ids as &[Option<Uuid>],
            &plans as &[Option<&str>],
            &members as &[Option<&str>],
            &each(|one| &one.subject),
            &each(|one| one.role),
            &rows.iter().map(|(one, ..)| array_literal(&one.tax_ids)).collect::<Vec<_>>(),
            &rows.iter().map(|(one, ..)| one.token_id).collect::<Vec<_>>() as &[Option<Uuid>],
            &each(|one| one.action),
            &each(|one| &one.operation),
            &each(|one| one.purpose),
            &each(|one| &one.request_id),
        )
        .execute(conn)
        .await?;
        Ok(vec![(); asked.len()])
    }
}

/// A record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// Id.
    pub access_id: Uuid,
    /// When.
    pub at: DateTime<Utc>,
    /// Health plan.
    pub health_plan: String,
    /// Member; none where many are meant.
    pub member_id: Option<String>,
    /// Case, where it was about one.
    pub case_id: Option<Uuid>,
    /// Subject of the caller.
    pub actor_subject: String,
    /// Its role.
    pub actor_role: String,
    /// The practice's tax IDs.
    pub tax_ids: Vec<String>,
    /// The token used.
    pub token_id: Option<Uuid>,
    /// `read` or `write`.
    pub action: String,
    /// Method and route.
    pub operation: String,
    /// What for.
    pub purpose: String,
    /// The request.
    pub request_id: String,
}

/// Up to `limit` records of a member after this one, oldest first.
pub async fn of_member(
    conn: &mut PgConnection,
    (health_plan, member_id): (&str, &str),
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Access>> {
    let found = sqlx::query_as!(
        Access,
        "select access_id, at, health_plan, member_id, case_id, actor_subject, actor_role, tax_ids, token_id, action, operation, purpose,
           request_id
         from accesses where health_plan = $1 and member_id = $2 and ($3::uuid is null or access_id > $3) and is_readable(accesses)
         order by access_id limit $4",
        health_plan,
        member_id,
        after,
        limit,
    )
    .fetch_all(conn)
    .await?;
    Ok(found)
}

/// Makes other sealers wait until the transaction ends.
pub async fn lock_sealing(conn: &mut PgConnection) -> Result<()> {
    sqlx::query!(r#"select true as "locked!" from (select pg_advisory_xact_lock(hashtextextended('seal accesses', 0))) as held"#)
        .fetch_one(conn)
        .await?;
    Ok(())
}

/// The plans of which records wait to be sealed.
pub async fn unsealed(conn: &mut PgConnection) -> Result<Vec<String>> {
    let plans = sqlx::query_scalar!(
        "select distinct a.health_plan from accesses_unsealed u join accesses a using (access_id) order by 1"
    );
    Ok(plans.fetch_all(conn).await?)
}

/// How many records of a plan wait to be sealed and cannot be, because they cannot be read.
pub async fn unreadable(conn: &mut PgConnection, health_plan: &str) -> Result<i64> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from accesses_unsealed u join accesses a using (access_id)
           where a.health_plan = $1 and not is_readable(a)"#,
        health_plan,
    );
    Ok(count.fetch_one(conn).await?)
}

/// Up to `limit` records of a plan that wait to be sealed, in the order of their ids; they wait no longer.
pub async fn take_unsealed(conn: &mut PgConnection, health_plan: &str, limit: i64) -> Result<Vec<Access>> {
    let taken = sqlx::query_as!(
        Access,
        "with taken as (
           delete from accesses_unsealed
           where access_id in (select u.access_id from accesses_unsealed u join accesses of_plan using (access_id)
                               where of_plan.health_plan = $1 and is_readable(of_plan) order by u.access_id limit $2)
           returning access_id
         )
         select a.access_id, a.at, a.health_plan, a.member_id, a.case_id, a.actor_subject, a.actor_role, a.tax_ids, a.token_id, a.action,
           a.operation, a.purpose, a.request_id
         from taken join accesses a on a.access_id = taken.access_id order by a.access_id",
        health_plan,
        limit,
    )
    .fetch_all(conn)
    .await?;
    Ok(taken)
}

/// How far a chain goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Health plan.
    pub health_plan: String,
    /// Number of its last seal.
    pub seq: i64,
    /// Its hash.
    pub hash: Vec<u8>,
}

/// How far the chains go.
pub async fn heads(conn: &mut PgConnection) -> Result<Vec<Head>> {
    Ok(sqlx::query_as!(Head, "select health_plan, seq, hash from access_heads order by health_plan").fetch_all(conn).await?)
}

/// A record in its chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seal {
    /// Health plan.
    pub health_plan: String,
    /// Its number in the plan's chain, from 1.
    pub seq: i64,
    /// The record.
    pub access_id: Uuid,
    /// Hash of the record and of the seal before.
    pub hash: Vec<u8>,
}

/// Adds seals of a plan, and moves its head to the last.
pub async fn seal(conn: &mut PgConnection, seals: &[Seal], head: &Head, at: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "insert into access_seals (health_plan, seq, access_id, hash)
         select * from unnest($1::text[], $2::bigint[], $3::uuid[], $4::bytea[])",
        &seals.iter().map(|seal| seal.health_plan.clone()).collect::<Vec<_>>(),
        &seals.iter().map(|seal| seal.seq).collect::<Vec<_>>(),
        &seals.iter().map(|seal| seal.access_id).collect::<Vec<_>>(),
        &seals.iter().map(|seal| seal.hash.clone()).collect::<Vec<_>>(),
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "insert into access_heads (health_plan, seq, hash, sealed_at) values ($1, $2, $3, $4)
         on conflict (health_plan) do update set seq = excluded.seq, hash = excluded.hash, sealed_at = excluded.sealed_at",
        head.health_plan,
        head.seq,
        head.hash,
        at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The plans that have a chain, or records.
pub async fn plans(conn: &mut PgConnection) -> Result<Vec<String>> {
    let plans = sqlx::query_scalar!(
        r#"select health_plan as "health_plan!" from (
             select health_plan from access_heads union select health_plan from access_seals union select health_plan from accesses) as all_plans
           order by health_plan"#
    );
    Ok(plans.fetch_all(conn).await?)
}

/// Up to `limit` seals of a plan after this one, in order.
pub async fn seals_after(conn: &mut PgConnection, health_plan: &str, seq: i64, limit: i64) -> Result<Vec<Seal>> {
    let seals = sqlx::query_as!(
        Seal,
        "select health_plan, seq, access_id, hash from access_seals where health_plan = $1 and seq > $2 order by seq limit $3",
        health_plan,
        seq,
        limit,
    )
    .fetch_all(conn)
    .await?;
    Ok(seals)
}

/// Those of these records that can be read, in no order.
pub async fn find(conn: &mut PgConnection, access_ids: &[Uuid]) -> Result<Vec<Access>> {
    let found = sqlx::query_as!(
        Access,
        "select access_id, at, health_plan, member_id, case_id, actor_subject, actor_role, tax_ids, token_id, action, operation, purpose,
           request_id
         from accesses where access_id = any($1) and is_readable(accesses)",
        access_ids,
    )
    .fetch_all(conn)
    .await?;
    Ok(found)
}

/// True where there is such a record, readable or not.
pub async fn is_there(conn: &mut PgConnection, access_id: Uuid) -> Result<bool> {
    let there = sqlx::query_scalar!(r#"select exists (select from accesses where access_id = $1) as "there!""#, access_id);
    Ok(there.fetch_one(conn).await?)
}

/// How many records of a plan have no seal: of those that wait for one, the ones made before an instant; of the others all.
pub async fn without_seal(conn: &mut PgConnection, health_plan: &str, before: DateTime<Utc>) -> Result<i64> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from accesses a
           where a.health_plan = $1 and not exists (select from access_seals s where s.access_id = a.access_id)
             and (a.at < $2 or not exists (select from accesses_unsealed u where u.access_id = a.access_id))"#,
        health_plan,
        before,
    );
    Ok(count.fetch_one(conn).await?)
}
