//! What is asked of a database to find out whether a service can rely on it. Nothing here writes.

use super::{MIGRATIONS, Result, SETTINGS};
use chrono::{DateTime, Utc};
use sqlx::{Connection as _, Executor as _, PgConnection, PgTransaction};

/// The server and the role that asks.
#[expect(clippy::struct_excessive_bools, reason = "each is an answer of its own")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Such as 150014.
    pub version_number: i32,
    /// For people.
    pub version: String,
    /// It is a standby.
    pub standby: bool,
    /// What was written reaches the disk.
    pub fsync: bool,
    /// A page that was written in half is mended.
    pub full_page_writes: bool,
    /// What a commit waits for.
    pub synchronous_commit: String,
    /// The standbys that it waits for.
    pub synchronous_standby_names: String,
    /// Connections that roles such as this one may have.
    pub max_connections: i32,
    /// Where the data are, where the role may know.
    pub data_directory: Option<String>,
    /// It runs on this machine, as far as the connection tells.
    pub on_this_machine: bool,
    /// What passes between here and there is encrypted.
    pub encrypted: bool,
    /// The role.
    pub role: String,
    /// It may do everything.
    pub superuser: bool,
    /// It owns tables, and could turn their guards off.
    pub owns_tables: bool,
}

/// A look in which the server refuses whatever writes, and gives up what takes long: a transaction, as the session may be lent.
pub async fn look(conn: &mut PgConnection) -> Result<PgTransaction<'_>> {
    let mut look = conn.begin().await?;
    look.execute("set transaction read only; set local statement_timeout = '20s'; set local lock_timeout = '5s'").await?;
    Ok(look)
}

/// The settings of sessions that are not limited where the session began.
pub async fn unlimited(conn: &mut PgConnection) -> Result<Vec<String>> {
    let names = SETTINGS.map(|(name, _)| name.to_owned());
    let unlimited = sqlx::query_scalar!(
        r#"select name as "name!" from pg_settings where name = any($1) and reset_val = '0' order by name"#,
        &names
    );
    Ok(unlimited.fetch_all(conn).await?)
}

/// Who they are.
pub async fn server(conn: &mut PgConnection) -> Result<Server> {
    let server = sqlx::query_as!(
        Server,
        r#"select current_setting('server_version_num')::int as "version_number!", current_setting('server_version') as "version!",
             pg_is_in_recovery() as "standby!", current_setting('fsync')::boolean as "fsync!",
             current_setting('full_page_writes')::boolean as "full_page_writes!", current_setting('synchronous_commit') as "synchronous_commit!",
             current_setting('synchronous_standby_names') as "synchronous_standby_names!",
             current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int as "max_connections!",
             (select setting from pg_settings where name = 'data_directory') as data_directory,
             coalesce(inet_server_addr() <<= '127.0.0.0/8'::inet or inet_server_addr() = '::1'::inet, true) as "on_this_machine!",
             coalesce((select ssl from pg_stat_ssl where pid = pg_backend_pid()), false) as "encrypted!",
             current_user::text as "role!", (select rolsuper from pg_roles where rolname = current_user) as "superuser!",
             exists (select from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'
                       and pg_has_role(relowner, 'usage')) as "owns_tables!""#
    );
    Ok(server.fetch_one(conn).await?)
}

/// What the server's clock shows.
pub async fn clock(conn: &mut PgConnection) -> Result<DateTime<Utc>> {
    Ok(sqlx::query_scalar!(r#"select clock_timestamp() as "now!""#).fetch_one(conn).await?)
}

/// How the migrations of this version and those of the database differ.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Migrations {
    /// Those that the database lacks.
    pub missing: Vec<i64>,
    /// Those that were other ones when they were applied.
    pub changed: Vec<i64>,
    /// Those that this version does not know.
    pub unknown: Vec<i64>,
    /// The one that broke off.
    pub broken_off: Option<i64>,
}

/// Compares them.
pub async fn migrations(conn: &mut PgConnection) -> Result<Migrations> {
    use sqlx::migrate::Migrate as _;
    let table = &MIGRATIONS.table_name;
    let exists = sqlx::query_scalar!(r#"select to_regclass('_sqlx_migrations') is not null as "exists!""#);
    if !exists.fetch_one(&mut *conn).await? {
        return Ok(Migrations { missing: MIGRATIONS.iter().map(|known| known.version).collect(), ..Migrations::default() });
    }
    let failed = |error: sqlx::migrate::MigrateError| sqlx::Error::Migrate(Box::new(error));
    let broken_off = conn.dirty_version(table).await.map_err(failed)?;
    let applied = conn.list_applied_migrations(table).await.map_err(failed)?;
    let mut found = Migrations { broken_off, ..Migrations::default() };
    for known in MIGRATIONS.iter() {
        match applied.iter().find(|applied| applied.version == known.version) {
            None => found.missing.push(known.version),
            Some(applied) if applied.checksum != known.checksum => found.changed.push(known.version),
            Some(_) => {}
        }
    }
    found.unknown =
        applied.iter().map(|applied| applied.version).filter(|version| !MIGRATIONS.version_exists(*version)).collect();
    Ok(found)
}

/// What the role lacks of `grants.sql`, and what it has beyond it: `insert on cases`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Grants {
    /// Without these the service fails.
    pub missing: Vec<String>,
    /// With these what is only ever added to can be rewritten.
    pub beyond: Vec<String>,
}

/// Compares what the role may do with what `grants.sql` gives.
pub async fn grants(conn: &mut PgConnection) -> Result<Grants> {
    let rows = sqlx::query!(
        r#"with append_only as (
             select distinct guard.tgrelid as oid from pg_trigger guard join pg_proc refuses on refuses.oid = guard.tgfoid
             where refuses.proname = 'refuse_change' and guard.tgname like '%append_only'
           ), wanted as (
             select c.relname, p.privilege, has_table_privilege(c.oid, p.privilege) as has,
               case when c.relname = '_sqlx_migrations' then p.privilege = 'select'
                 when c.oid in (select oid from append_only) then p.privilege in ('select', 'insert')
                 when c.relname in ('tokens', 'smart_clients', 'access_heads', 'cases', 's_code_awards') then p.privilege <> 'delete'
                 when c.relname in ('feed_outbox', 'idempotency_keys') then p.privilege <> 'update'
                 else true end as should
             from pg_class c cross join (values ('select'), ('insert'), ('update'), ('delete')) p (privilege)
             where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
           )
           select privilege || ' on ' || relname as "what!", should as "should!" from wanted where has <> should order by relname, privilege"#
    )
    .fetch_all(conn)
    .await?;
    let mut grants = Grants::default();
    for row in rows {
        if row.should { grants.missing.push(row.what) } else { grants.beyond.push(row.what) }
    }
    Ok(grants)
}

/// The tables of which practices and plans read rows of their own.
const NARROWED: [&str; 14] = [
    "attachment_chunks",
    "attachments",
    "case_events",
    "case_lines",
    "cases",
    "determinations",
    "drafts",
    "feed_events",
    "letters",
    "members",
    "patients",
    "peer_to_peer_events",
    "reconsiderations",
    "sent_requests",
];

/// What the isolation by row-level security lacks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RowSecurity {
    /// Tables that show every row, or every row to their owner.
    pub open: Vec<String>,
    /// Roles that the service reads as, and may not take on.
    pub withheld: Vec<String>,
}

/// Looks for what it lacks.
pub async fn row_security(conn: &mut PgConnection) -> Result<RowSecurity> {
    let open = "select name from unnest($1::text[]) as name left join pg_class c on c.oid = to_regclass(name)
                where (c.relrowsecurity and c.relforcerowsecurity) is not true order by name";
    let open = sqlx::query_scalar(open).bind(NARROWED.map(str::to_owned)).fetch_all(&mut *conn).await?;
    let withheld = "select name from unnest(array['oncoauth_plan', 'oncoauth_practice', 'oncoauth_verifier', 'oncoauth_writer']) as name
                    where not coalesce((select pg_has_role(r.oid, 'member') from pg_roles r where r.rolname = name), false) order by name";
    Ok(RowSecurity { open, withheld: sqlx::query_scalar(withheld).fetch_all(conn).await? })
}

/// Tokens of a role that work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokensOfRole {
    /// The role.
    pub role: String,
    /// Those that end at no or a later time.
    pub lasting: i64,
    /// Those that end by then.
    pub ending: i64,
}

/// Tokens that work, by role, and how many of them end by `until`.
pub async fn tokens(conn: &mut PgConnection, now: DateTime<Utc>, until: DateTime<Utc>) -> Result<Vec<TokensOfRole>> {
    let tokens = sqlx::query_as!(
        TokensOfRole,
        r#"select role, count(*) filter (where expires_at is null or expires_at > $2) as "lasting!",
             count(*) filter (where expires_at <= $2) as "ending!"
           from tokens where revoked_at is null and (expires_at is null or expires_at > $1) group by role order by role"#,
        now,
        until,
    );
    Ok(tokens.fetch_all(conn).await?)
}

/// How many timers failed, and when the first of them did.
pub async fn failed_jobs(conn: &mut PgConnection) -> Result<(i64, Option<DateTime<Utc>>)> {
    let row =
        sqlx::query!(r#"select count(*) as "count!", min(first_failed_at) as since from timers where failed_job_id is not null"#);
    let row = row.fetch_one(conn).await?;
    Ok((row.count, row.since))
}

/// A webhook whose deliveries fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailingWebhook {
    /// Its plan.
    pub health_plan: String,
    /// Failures in a row.
    pub failures: i32,
    /// What kept the last one.
    pub last_failure: Option<String>,
}

/// Webhooks whose last delivery failed.
pub async fn failing_webhooks(conn: &mut PgConnection) -> Result<Vec<FailingWebhook>> {
    let failing = sqlx::query_as!(
        FailingWebhook,
        "select health_plan, failures, last_failure from feed_webhooks where failures > 0 order by health_plan"
    );
    Ok(failing.fetch_all(conn).await?)
}

/// When each plan's member file was loaded last.
pub async fn member_files(conn: &mut PgConnection) -> Result<Vec<(String, DateTime<Utc>)>> {
    let rows = sqlx::query!(
        r#"select health_plan, max(at) as "at!" from roster_loads where kind = 'members' group by health_plan order by health_plan"#
    );
    Ok(rows.fetch_all(conn).await?.into_iter().map(|row| (row.health_plan, row.at)).collect())
}
