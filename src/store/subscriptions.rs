//! Where practices are told of changes to their cases, what each is still to be told, and who is telling.
//!
//! A delivery is claimed with a lease and made outside of any transaction. Whoever lost the claim writes nothing any more.

use super::feeds::Unsent;
use super::{Error, Result};
use crate::domain::vocabulary::CallerRole;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// A subscription to store.
#[derive(Debug, Clone)]
pub struct NewSubscription<'a> {
    /// Its id.
    pub subscription_id: Uuid,
    /// Whose.
    pub subject: &'a str,
    /// As what.
    pub role: CallerRole,
    /// What they are bound to.
    pub tax_ids: &'a [String],
    /// Cases that name one of these are told of.
    pub parties: &'a [String],
    /// As it is shown, without headers and status.
    pub document: &'a str,
    /// Where to.
    pub endpoint: &'a str,
    /// `Content-Type` of what is sent.
    pub media_type: &'a str,
    /// Headers of what is sent, as they are kept.
    pub headers: &'a [u8],
    /// Until when.
    pub ends_at: Option<DateTime<Utc>>,
    /// When it was made.
    pub at: DateTime<Utc>,
}

/// Stores a subscription.
pub async fn insert(conn: &mut PgConnection, new: &NewSubscription<'_>) -> Result<()> {
    sqlx::query!(
        "insert into subscriptions (subscription_id, subject, role, tax_ids, parties, document, endpoint, media_type, headers, ends_at,
           created_at)
         values ($1, $2, $3, $4, $5, $6::text::json, $7, $8, $9, $10, $11)",
        new.subscription_id,
        new.subject,
        new.role.as_str(),
        new.tax_ids,
        new.parties,
        new.document,
        new.endpoint,
        new.media_type,
        new.headers,
        new.ends_at,
        new.at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Puts another in the place of somebody's subscription; false where there is none. A claim on it is lost, numbers of events go on.
pub async fn replace(conn: &mut PgConnection, new: &NewSubscription<'_>) -> Result<bool> {
    let done = sqlx::query!(
        "update subscriptions set tax_ids = $4, parties = $5, document = $6::text::json, endpoint = $7, media_type = $8, headers = $9,
           ends_at = $10, status = 'requested', failures = 0, last_failure = null, next_attempt_at = null, claim = null,
           claimed_until = null
         where subscription_id = $1 and subject = $2 and role = $3",
        new.subscription_id,
        new.subject,
        new.role.as_str(),
        new.tax_ids,
        new.parties,
        new.document,
        new.endpoint,
        new.media_type,
        new.headers,
        new.ends_at,
    );
    Ok(done.execute(conn).await?.rows_affected() == 1)
}

/// How many somebody has. Who makes one at the same moment waits.
pub async fn count_of(conn: &mut PgConnection, subject: &str) -> Result<i64> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('subscriptions of ' || $1, 0))", subject)
        .execute(&mut *conn)
        .await?;
    let count = sqlx::query_scalar!(r#"select count(*) as "count!" from subscriptions where subject = $1"#, subject);
    Ok(count.fetch_one(conn).await?)
}

/// A subscription and how it is doing.
#[derive(Debug, Clone)]
pub struct Subscription {
    /// Its id.
    pub subscription_id: Uuid,
    /// As it is shown, without headers and status.
    pub document: String,
    /// Headers of what is sent, as they are kept.
    pub headers: Vec<u8>,
    /// Until when.
    pub ends_at: Option<DateTime<Utc>>,
    /// `requested`, `active` or `error`.
    pub status: String,
    /// Notifications that the receiver answered for.
    pub delivered: i64,
    /// Those that are still to be sent.
    pub waiting: i64,
    /// Failures in a row.
    pub failures: i32,
    /// What kept the last one that failed.
    pub last_failure: Option<String>,
}

/// Somebody's subscription.
pub async fn find(
    conn: &mut PgConnection,
    subscription_id: Uuid,
    subject: &str,
    role: CallerRole,
) -> Result<Option<Subscription>> {
    let found = sqlx::query_as!(
        Subscription,
        r#"select s.subscription_id, s.document::text as "document!", s.headers, s.ends_at, s.status, s.delivered,
             (select count(*) from subscription_events e where e.subscription_id = s.subscription_id) as "waiting!", s.failures,
             s.last_failure
           from subscriptions s where s.subscription_id = $1 and s.subject = $2 and s.role = $3"#,
        subscription_id,
        subject,
        role.as_str(),
    );
    Ok(found.fetch_optional(conn).await?)
}

/// Headers of a subscription, as they are kept.
#[derive(Debug, Clone)]
pub struct KeptHeaders {
    /// Whose.
    pub subscription_id: Uuid,
    /// The headers.
    pub headers: Vec<u8>,
}

/// The headers of every subscription.
pub async fn headers(conn: &mut PgConnection) -> Result<Vec<KeptHeaders>> {
    Ok(sqlx::query_as!(KeptHeaders, "select subscription_id, headers from subscriptions order by subscription_id")
        .fetch_all(conn)
        .await?)
}

/// Keeps the same headers otherwise.
pub async fn keep_sealed(conn: &mut PgConnection, kept: &KeptHeaders, sealed: &[u8]) -> Result<()> {
    sqlx::query!(
        "update subscriptions set headers = $3 where subscription_id = $1 and headers = $2",
        kept.subscription_id,
        kept.headers,
        sealed
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Forgets those that ended before, with what they were still to be told.
pub async fn remove_ended(conn: &mut PgConnection, before: DateTime<Utc>) -> Result<u64> {
    Ok(sqlx::query!("delete from subscriptions where ends_at < $1", before).execute(conn).await?.rows_affected())
}

/// How many were active and are not told any more, because their receivers do not answer for it.
pub async fn count_failing(conn: &mut PgConnection) -> Result<i64> {
    let count = sqlx::query_scalar!(r#"select count(*) as "count!" from subscriptions where status <> 'error' and failures > 0"#);
    Ok(count.fetch_one(conn).await?)
}

/// Removes somebody's subscription; false where there is none.
pub async fn remove(conn: &mut PgConnection, subscription_id: Uuid, subject: &str, role: CallerRole) -> Result<bool> {
    let done = sqlx::query!(
        "delete from subscriptions where subscription_id = $1 and subject = $2 and role = $3",
        subscription_id,
        subject,
        role.as_str(),
    );
    Ok(done.execute(conn).await?.rows_affected() == 1)
}

/// The tax IDs of a provider, of whatever plan's file.
pub async fn tax_ids_of(conn: &mut PgConnection, npi: &str) -> Result<Vec<String>> {
    let found = sqlx::query_scalar!(
        r#"select distinct tax_id as "tax_id!" from providers cross join unnest(tax_ids) as tax_id where npi = $1 order by 1"#,
        npi,
    );
    Ok(found.fetch_all(conn).await?)
}

/// An event that a subscription may be about.
#[derive(Debug, Clone)]
pub struct Told {
    /// The subscription.
    pub subscription_id: Uuid,
    /// What its owner acts as.
    pub role: CallerRole,
    /// The case.
    pub case_id: Uuid,
    /// The event's place in the case's history.
    pub seq: i32,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// What happened.
    pub kind: String,
}

/// True where there is any subscription to tell.
pub async fn exist(conn: &mut PgConnection) -> Result<bool> {
    Ok(sqlx::query_scalar!(r#"select exists (select from subscriptions where status <> 'error') as "exist!""#)
        .fetch_one(conn)
        .await?)
}

/// Of these events those that changed a case, with each subscription to which the case belongs, in their order. Whoever sent a request by
/// FHIR was answered there when it came.
pub async fn concerned(conn: &mut PgConnection, events: &[Unsent], now: DateTime<Utc>) -> Result<Vec<Told>> {
    let case_ids: Vec<Uuid> = events.iter().map(|event| event.case_id).collect();
    let seqs: Vec<i32> = events.iter().map(|event| event.seq).collect();
    let rows = sqlx::query!(
        r#"select s.subscription_id, s.role, e.case_id, e.seq, e.at, e.kind
           from unnest($1::uuid[], $2::int[]) with ordinality as t (case_id, seq, place)
           join case_events e on e.case_id = t.case_id and e.shard = shard_of_id(t.case_id) and e.seq = t.seq
           join cases c on c.case_id = e.case_id and c.shard = e.shard
           join subscriptions s on s.parties && c.visible_to and s.status <> 'error' and (s.ends_at is null or s.ends_at > $3)
           where e.document is not null
             and not (e.kind = 'submitted' and e.actor_subject = s.subject
               and exists (select from sent_requests r where r.case_id = e.case_id and r.shard = e.shard and r.seq = 1))
           order by t.place, s.subscription_id"#,
        &case_ids,
        &seqs,
        now,
    )
    .fetch_all(conn)
    .await?;
    let told = rows.into_iter().map(|row| {
        Ok(Told {
            subscription_id: row.subscription_id,
            role: role(&row.role)?,
            case_id: row.case_id,
            seq: row.seq,
            at: row.at,
            kind: row.kind,
        })
    });
    told.collect()
}

fn role(word: &str) -> Result<CallerRole> {
    CallerRole::parse(word).ok_or_else(|| Error::Corrupt { what: "subscriptions.role", why: "no such role".to_owned() })
}

/// Puts events behind what the subscriptions are still to be told, in this order.
pub async fn enqueue(conn: &mut PgConnection, told: &[Told]) -> Result<()> {
    let ids: Vec<Uuid> = told.iter().map(|one| one.subscription_id).collect();
    let case_ids: Vec<Uuid> = told.iter().map(|one| one.case_id).collect();
    let seqs: Vec<i32> = told.iter().map(|one| one.seq).collect();
    let at: Vec<DateTime<Utc>> = told.iter().map(|one| one.at).collect();
    // one that is removed at the same moment is told nothing
    sqlx::query!(
        "insert into subscription_events (subscription_id, case_id, seq, at)
         select t.subscription_id, t.case_id, t.seq, t.at
         from unnest($1::uuid[], $2::uuid[], $3::int[], $4::timestamptz[]) with ordinality as t (subscription_id, case_id, seq, at, place)
         join (select subscription_id from subscriptions where subscription_id = any($1) for key share) as s
           on s.subscription_id = t.subscription_id
         order by t.place",
        &ids,
        &case_ids,
        &seqs,
        &at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A claimed subscription.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// Its id.
    pub subscription_id: Uuid,
    /// Identifies the claim.
    pub claim: Uuid,
    /// Whose.
    pub subject: String,
    /// As what.
    pub role: CallerRole,
    /// What they are bound to.
    pub tax_ids: Vec<String>,
    /// Where to.
    pub endpoint: String,
    /// `Content-Type` of what is sent.
    pub media_type: String,
    /// Headers of what is sent, as they are kept.
    pub headers: Vec<u8>,
    /// True before the handshake.
    pub is_new: bool,
    /// Notifications that the receiver answered for.
    pub delivered: i64,
    /// Failures in a row so far.
    pub failures: i32,
}

/// Claims every subscription that has something to tell and that nobody serves, where its owner can sign in: with a token, as a client, or
/// as one of these fixed subjects.
pub async fn claim(
    conn: &mut PgConnection,
    claim: Uuid,
    fixed: &[String],
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<Vec<Claimed>> {
    let rows = sqlx::query!(
        r#"update subscriptions set claim = $1, claimed_until = $3
           where subscription_id in (
             select s.subscription_id from subscriptions s
             where (s.status = 'requested'
                 or (s.status = 'active' and exists (select from subscription_events e where e.subscription_id = s.subscription_id)))
               and (s.next_attempt_at is null or s.next_attempt_at <= $2) and (s.claimed_until is null or s.claimed_until <= $2)
               and (s.ends_at is null or s.ends_at > $2)
               and (s.subject = any($4)
                 or exists (select from tokens t where t.subject = s.subject and t.role = s.role and t.tax_ids @> s.tax_ids
                              and t.client_id is null and t.revoked_at is null and (t.expires_at is null or t.expires_at > $2))
                 or exists (select from smart_clients c where c.subject = s.subject and c.role = s.role and c.tax_ids @> s.tax_ids
                              and c.revoked_at is null))
             for update of s skip locked)
           returning subscription_id, subject, role, tax_ids, endpoint, media_type, headers, status = 'requested' as "is_new!", delivered,
             failures"#,
        claim,
        now,
        until,
        fixed,
    )
    .fetch_all(conn)
    .await?;
    let claimed = rows.into_iter().map(|row| {
        Ok(Claimed {
            subscription_id: row.subscription_id,
            claim,
            role: role(&row.role)?,
            subject: row.subject,
            tax_ids: row.tax_ids,
            endpoint: row.endpoint,
            media_type: row.media_type,
            headers: row.headers,
            is_new: row.is_new,
            delivered: row.delivered,
            failures: row.failures,
        })
    });
    claimed.collect()
}

/// The next event to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Next {
    /// Its place among those that wait.
    pub place: i64,
    /// The case.
    pub case_id: Uuid,
    /// When it happened.
    pub at: DateTime<Utc>,
}

/// The next event of a subscription; none where nothing waits.
pub async fn next(conn: &mut PgConnection, subscription_id: Uuid) -> Result<Option<Next>> {
    let next = sqlx::query_as!(
        Next,
        "select place, case_id, at from subscription_events where subscription_id = $1 order by place limit 1",
        subscription_id,
    );
    Ok(next.fetch_optional(conn).await?)
}

/// The receiver has answered for the handshake; the lease goes on. False where the claim was lost.
pub async fn activate(conn: &mut PgConnection, claimed: &Claimed, until: DateTime<Utc>) -> Result<bool> {
    let done = sqlx::query!(
        "update subscriptions set status = 'active', failures = 0, last_failure = null, next_attempt_at = null, claimed_until = $3
         where subscription_id = $1 and claim = $2",
        claimed.subscription_id,
        claimed.claim,
        until,
    );
    Ok(done.execute(conn).await?.rows_affected() == 1)
}

/// The handshake failed: nothing will be told.
pub async fn refuse(conn: &mut PgConnection, claimed: &Claimed, failure: &str) -> Result<()> {
    sqlx::query!(
        "update subscriptions set status = 'error', failures = 1, last_failure = $3, claim = null, claimed_until = null
         where subscription_id = $1 and claim = $2",
        claimed.subscription_id,
        claimed.claim,
        failure,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// One event is done with: told, or of a case that the owner may not know of any more. The lease goes on. False where the claim was lost.
pub async fn advance(
    conn: &mut PgConnection,
    claimed: &Claimed,
    place: i64,
    was_told: bool,
    until: DateTime<Utc>,
) -> Result<bool> {
    let done = sqlx::query!(
        "with held as (
           update subscriptions set delivered = delivered + case when $4 then 1 else 0 end, failures = 0, last_failure = null,
             next_attempt_at = null, claimed_until = $5
           where subscription_id = $1 and claim = $2
             and exists (select from subscription_events e where e.subscription_id = $1 and e.place = $3)
           returning subscription_id)
         delete from subscription_events e using held where e.subscription_id = held.subscription_id and e.place = $3",
        claimed.subscription_id,
        claimed.claim,
        place,
        was_told,
        until,
    );
    Ok(done.execute(conn).await?.rows_affected() == 1)
}

/// A notification failed; the claim is given back.
pub async fn fail(conn: &mut PgConnection, claimed: &Claimed, failures: i32, failure: &str, next: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update subscriptions set failures = $3, last_failure = $4, next_attempt_at = $5, claim = null, claimed_until = null
         where subscription_id = $1 and claim = $2",
        claimed.subscription_id,
        claimed.claim,
        failures,
        failure,
        next,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Gives a claim back.
pub async fn release(conn: &mut PgConnection, claimed: &Claimed) -> Result<()> {
    sqlx::query!(
        "update subscriptions set claim = null, claimed_until = null where subscription_id = $1 and claim = $2",
        claimed.subscription_id,
        claimed.claim,
    )
    .execute(conn)
    .await?;
    Ok(())
}
