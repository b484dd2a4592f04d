//! Where plans have their feeds delivered to, how far each delivery has come, and who is delivering.
//!
//! A delivery is claimed with a lease and made outside of any transaction. Whoever lost the claim, because the lease ran out or the
//! webhook was changed, writes nothing any more.

use super::Result;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// A webhook and the state of its deliveries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Its plan.
    pub health_plan: String,
    /// Where to.
    pub url: String,
    /// Everything up to here is delivered.
    pub delivered_position: i64,
    /// How far the feed goes.
    pub last_position: i64,
    /// Version, for `ETag`: how often its plan has changed it.
    pub version: i32,
    /// When it was registered.
    pub created_at: DateTime<Utc>,
    /// When it was changed last.
    pub changed_at: DateTime<Utc>,
    /// Failures in a row.
    pub failures: i32,
    /// When something was sent last.
    pub last_attempt_at: Option<DateTime<Utc>>,
    /// When something was delivered last.
    pub last_delivered_at: Option<DateTime<Utc>>,
    /// What kept the last delivery that failed.
    pub last_failure: Option<String>,
    /// When that was.
    pub last_failure_at: Option<DateTime<Utc>>,
    /// Not before.
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// Until when somebody delivers.
    pub claimed_until: Option<DateTime<Utc>>,
}

/// A plan's webhook.
pub async fn find(conn: &mut PgConnection, health_plan: &str) -> Result<Option<Webhook>> {
    let webhook = sqlx::query_as!(
        Webhook,
        r#"select w.health_plan as "health_plan!", w.url as "url!", w.delivered_position as "delivered_position!", coalesce(f.last_position, 0) as "last_position!", w.version, w.created_at,
             w.changed_at, w.failures, w.last_attempt_at, w.last_delivered_at, w.last_failure, w.last_failure_at, w.next_attempt_at,
             w.claimed_until
           from feed_webhooks w left join feeds f on f.health_plan = w.health_plan where w.health_plan = $1"#,
        health_plan,
    )
    .fetch_optional(conn)
    .await?;
    Ok(webhook)
}

/// The version of a plan's webhook, held until the transaction ends.
pub async fn lock(conn: &mut PgConnection, health_plan: &str) -> Result<Option<i32>> {
    let version = sqlx::query_scalar!("select version from feed_webhooks where health_plan = $1 for update", health_plan);
    Ok(version.fetch_optional(conn).await?)
}

/// A webhook as its plan wants it.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Its plan.
    pub health_plan: &'a str,
    /// Where to.
    pub url: &'a str,
    /// A new secret; none where the one on file stays.
    pub secret: Option<&'a [u8]>,
    /// Until when the secret before is used beside a new one.
    pub previous_until: DateTime<Utc>,
    /// Deliver what comes after this position; none: go on where deliveries are.
    pub position: Option<i64>,
    /// Who wants it.
    pub by: &'a str,
    /// When.
    pub at: DateTime<Utc>,
}

/// Changes a webhook that the caller holds ([`lock`]). Whoever delivers loses the claim, and the next attempt is made at once.
pub async fn change(conn: &mut PgConnection, wanted: &Wanted<'_>) -> Result<()> {
    sqlx::query!(
        "update feed_webhooks set url = $2, secret = coalesce($3, secret),
           previous_secret = case when $3::bytea is null then previous_secret else secret end,
           previous_until = case when $3::bytea is null then previous_until else $4 end,
           delivered_position = coalesce($5, delivered_position), changed_at = $6, changed_by = $7, version = version + 1,
           failures = 0, next_attempt_at = null, claim = null, claimed_until = null
         where health_plan = $1",
        wanted.health_plan,
        wanted.url,
        wanted.secret,
        wanted.previous_until,
        wanted.position,
        wanted.at,
        wanted.by,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Registers a webhook.
pub async fn insert(conn: &mut PgConnection, wanted: &Wanted<'_>, secret: &[u8]) -> Result<()> {
    sqlx::query!(
        "insert into feed_webhooks (health_plan, url, secret, delivered_position, created_at, changed_at, changed_by)
         values ($1, $2, $3, coalesce($4::bigint, 0), $5, $5, $6)",
        wanted.health_plan,
        wanted.url,
        secret,
        wanted.position,
        wanted.at,
        wanted.by,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Secrets of a webhook, as they are kept.
#[derive(Debug, Clone)]
pub struct KeptSecrets {
    /// The plan.
    pub health_plan: String,
    /// The one in force.
    pub secret: Vec<u8>,
    /// The one before.
    pub previous_secret: Option<Vec<u8>>,
}

/// The secrets of every webhook.
pub async fn secrets(conn: &mut PgConnection) -> Result<Vec<KeptSecrets>> {
    Ok(sqlx::query_as!(KeptSecrets, "select health_plan, secret, previous_secret from feed_webhooks order by health_plan")
        .fetch_all(conn)
        .await?)
}

/// Keeps the same secrets otherwise, unless they were changed meanwhile.
pub async fn keep_sealed(conn: &mut PgConnection, kept: &KeptSecrets, secret: &[u8], previous: Option<&[u8]>) -> Result<()> {
    sqlx::query!(
        "update feed_webhooks set secret = $3, previous_secret = $4
         where health_plan = $1 and secret = $2 and previous_secret is not distinct from $5",
        kept.health_plan,
        kept.secret,
        secret,
        previous,
        kept.previous_secret,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Removes a plan's webhook.
pub async fn remove(conn: &mut PgConnection, health_plan: &str) -> Result<()> {
    sqlx::query!("delete from feed_webhooks where health_plan = $1", health_plan).execute(conn).await?;
    Ok(())
}

/// A claimed delivery.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// The plan.
    pub health_plan: String,
    /// Identifies the claim.
    pub claim: Uuid,
    /// Where to.
    pub url: String,
    /// The secret in force.
    pub secret: Vec<u8>,
    /// The one before, while it is still used.
    pub previous_secret: Option<Vec<u8>>,
    /// Everything up to here is delivered.
    pub position: i64,
    /// Failures in a row so far.
    pub failures: i32,
}

/// Claims every delivery that is due and that nobody makes.
pub async fn claim(conn: &mut PgConnection, claim: Uuid, now: DateTime<Utc>, until: DateTime<Utc>) -> Result<Vec<Claimed>> {
    let claimed = sqlx::query_as!(
        Claimed,
        r#"update feed_webhooks set claim = $1, claimed_until = $3
           where health_plan in (
             select w.health_plan from feed_webhooks w join feeds f on f.health_plan = w.health_plan
             where f.last_position > w.delivered_position and (w.next_attempt_at is null or w.next_attempt_at <= $2)
               and (w.claimed_until is null or w.claimed_until <= $2)
             for update of w skip locked)
           returning health_plan, $1::uuid as "claim!", url, secret,
             case when previous_until > $2 then previous_secret end as previous_secret, delivered_position as position, failures"#,
        claim,
        now,
        until,
    )
    .fetch_all(conn)
    .await?;
    Ok(claimed)
}

/// True where a delivery is due that somebody else is making.
pub async fn is_being_delivered(conn: &mut PgConnection, now: DateTime<Utc>) -> Result<bool> {
    let is = sqlx::query_scalar!(
        r#"select exists (
             select from feed_webhooks w join feeds f on f.health_plan = w.health_plan
             where f.last_position > w.delivered_position and (w.next_attempt_at is null or w.next_attempt_at <= $1)
               and w.claimed_until > $1) as "is!""#,
        now,
    );
    Ok(is.fetch_one(conn).await?)
}

/// One more event is delivered; the lease goes on. False where the claim was lost.
pub async fn advance(
    conn: &mut PgConnection,
    claimed: &Claimed,
    position: i64,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<bool> {
    let done = sqlx::query!(
        "update feed_webhooks set delivered_position = $3::bigint, last_attempt_at = $4, last_delivered_at = $4, failures = 0,
           next_attempt_at = null, claimed_until = $5
         where health_plan = $1 and claim = $2 and delivered_position = $3::bigint - 1",
        claimed.health_plan,
        claimed.claim,
        position,
        now,
        until,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// A delivery failed; the claim is given back.
pub async fn fail(
    conn: &mut PgConnection,
    claimed: &Claimed,
    failure: &str,
    now: DateTime<Utc>,
    next_attempt_at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update feed_webhooks set failures = failures + 1, last_attempt_at = $3, last_failure = $4, last_failure_at = $3,
           next_attempt_at = $5, claim = null, claimed_until = null
         where health_plan = $1 and claim = $2",
        claimed.health_plan,
        claimed.claim,
        now,
        failure,
        next_attempt_at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Gives a claim back.
pub async fn release(conn: &mut PgConnection, claimed: &Claimed) -> Result<()> {
    sqlx::query!(
        "update feed_webhooks set claim = null, claimed_until = null where health_plan = $1 and claim = $2",
        claimed.health_plan,
        claimed.claim,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// How many events each webhook's plan has not been sent yet.
pub async fn undelivered(conn: &mut PgConnection) -> Result<Vec<(String, i64)>> {
    let rows = sqlx::query!(
        r#"select w.health_plan as "health_plan!", coalesce(f.last_position, 0) - w.delivered_position as "undelivered!"
           from feed_webhooks w left join feeds f on f.health_plan = w.health_plan"#,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.health_plan, row.undelivered)).collect())
}
