//! People who register to act for practices.

use super::{Error, Result};
use crate::domain::vocabulary::CallerRole;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use utoipa::ToSchema;
use uuid::Uuid;

/// How far a registration is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The person has to follow the link in their mail.
    EmailUnconfirmed,
    /// Support, or the practice's lead, has to decide.
    WaitingForApproval,
    /// The person may sign in for the first time.
    Approved,
    /// They have.
    Active,
    /// It was not approved.
    Refused,
    /// They act for nobody any more.
    Ended,
}

impl Status {
    /// As it is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EmailUnconfirmed => "email_unconfirmed",
            Self::WaitingForApproval => "waiting_for_approval",
            Self::Approved => "approved",
            Self::Active => "active",
            Self::Refused => "refused",
            Self::Ended => "ended",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::EmailUnconfirmed, Self::WaitingForApproval, Self::Approved, Self::Active, Self::Refused, Self::Ended]
            .into_iter()
            .find(|status| status.as_str() == text)
    }
}

/// A registration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Registration {
    /// Identifies it.
    pub registration_id: Uuid,
    /// How far it is.
    pub status: Status,
    /// What the person wants to act as.
    pub role: CallerRole,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// Credentials, as they wrote them.
    pub credentials: String,
    /// Email address, in lower case.
    pub email: String,
    /// Phone number, as they wrote it.
    pub phone: String,
    /// Fax number.
    pub fax: Option<String>,
    /// Tax IDs of the providers that they order for.
    pub tax_ids: Vec<String>,
    /// When it was sent.
    pub created_at: DateTime<Utc>,
    /// Until when the code, or the approval, counts.
    pub expires_at: DateTime<Utc>,
    /// When the address was confirmed.
    pub confirmed_at: Option<DateTime<Utc>>,
    /// When it was approved or refused.
    pub decided_at: Option<DateTime<Utc>>,
    /// By whom.
    pub decided_by: Option<String>,
    /// Why it was refused.
    pub reason: Option<String>,
    /// May approve others of the same tax IDs.
    pub lead: bool,
    /// Who it is: the provider's issuer.
    pub issuer: Option<String>,
    /// Who it is: the provider's subject.
    pub subject: Option<String>,
}

struct Row {
    registration_id: Uuid,
    status: String,
    role: String,
    first_name: String,
    last_name: String,
    credentials: String,
    email: String,
    phone: String,
    fax: Option<String>,
    tax_ids: Vec<String>,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    confirmed_at: Option<DateTime<Utc>>,
    decided_at: Option<DateTime<Utc>>,
    decided_by: Option<String>,
    reason: Option<String>,
    lead: bool,
    issuer: Option<String>,
    subject: Option<String>,
}

impl TryFrom<Row> for Registration {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let corrupt = |what| Error::Corrupt { what, why: "no such word".to_owned() };
        Ok(Self {
            status: Status::parse(&row.status).ok_or_else(|| corrupt("registrations.status"))?,
            role: CallerRole::parse(&row.role).ok_or_else(|| corrupt("registrations.role"))?,
            registration_id: row.registration_id,
            first_name: row.first_name,
            last_name: row.last_name,
            credentials: row.credentials,
            email: row.email,
            phone: row.phone,
            fax: row.fax,
            tax_ids: row.tax_ids,
            created_at: row.created_at,
            expires_at: row.expires_at,
            confirmed_at: row.confirmed_at,
            decided_at: row.decided_at,
            decided_by: row.decided_by,
            reason: row.reason,
            lead: row.lead,
            issuer: row.issuer,
            subject: row.subject,
        })
    }
}

/// Stores a new one.
pub async fn insert(conn: &mut PgConnection, new: &Registration, code: &[u8; 32]) -> Result<()> {
    sqlx::query!(
        "insert into registrations (registration_id, status, role, first_name, last_name, credentials, email, phone, fax, tax_ids,
           code_hash, created_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        new.registration_id,
        new.status.as_str(),
        new.role.as_str(),
        new.first_name,
        new.last_name,
        new.credentials,
        new.email,
        new.phone,
        new.fax,
        &new.tax_ids,
        code.as_slice(),
        new.created_at,
        new.expires_at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The one with this id and this code, whatever became of it.
pub async fn by_code(conn: &mut PgConnection, registration_id: Uuid, code: &[u8; 32]) -> Result<Option<Registration>> {
    let row = sqlx::query_as!(
        Row,
        "select registration_id, status, role, first_name, last_name, credentials, email, phone, fax, tax_ids, created_at, expires_at,
           confirmed_at, decided_at, decided_by, reason, lead, issuer, subject
         from registrations where registration_id = $1 and code_hash = $2",
        registration_id,
        code.as_slice(),
    )
    .fetch_optional(conn)
    .await?;
    row.map(Registration::try_from).transpose()
}

/// The one with this id; nobody else changes it until the transaction ends.
pub async fn lock(conn: &mut PgConnection, registration_id: Uuid) -> Result<Option<Registration>> {
    let row = sqlx::query_as!(
        Row,
        "select registration_id, status, role, first_name, last_name, credentials, email, phone, fax, tax_ids, created_at, expires_at,
           confirmed_at, decided_at, decided_by, reason, lead, issuer, subject
         from registrations where registration_id = $1 for update",
        registration_id,
    )
    .fetch_optional(conn)
    .await?;
    row.map(Registration::try_from).transpose()
}

/// Up to `limit` in this state after `after`, oldest first; where `tax_ids` are given, those of which every tax ID is among them and whose
/// address is confirmed: until then it may be anybody's.
pub async fn list(
    conn: &mut PgConnection,
    status: Option<Status>,
    tax_ids: Option<&[String]>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Registration>> {
    sqlx::query_as!(
        Row,
        "select registration_id, status, role, first_name, last_name, credentials, email, phone, fax, tax_ids, created_at, expires_at,
           confirmed_at, decided_at, decided_by, reason, lead, issuer, subject
         from registrations
         where ($1::text is null or status = $1) and ($2::text[] is null or (tax_ids <@ $2 and status <> 'email_unconfirmed'))
           and ($3::uuid is null or registration_id > $3)
         order by registration_id limit $4",
        status.map(Status::as_str),
        tax_ids,
        after,
        limit,
    )
    .fetch_all(conn)
    .await?
    .into_iter()
    .map(Registration::try_from)
    .collect()
}

/// The address is confirmed.
pub async fn confirm(conn: &mut PgConnection, registration_id: Uuid, at: DateTime<Utc>, expires_at: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update registrations set status = 'waiting_for_approval', confirmed_at = $2, expires_at = $3
         where registration_id = $1 and status = 'email_unconfirmed'",
        registration_id,
        at,
        expires_at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What was decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided<'a> {
    /// Approved or refused.
    pub status: Status,
    /// By whom.
    pub by: &'a str,
    /// When.
    pub at: DateTime<Utc>,
    /// Until when the person may sign in for the first time.
    pub expires_at: DateTime<Utc>,
    /// Why it was refused.
    pub reason: Option<&'a str>,
    /// May approve others.
    pub lead: bool,
}

/// Somebody has decided.
pub async fn decide(conn: &mut PgConnection, registration_id: Uuid, decided: &Decided<'_>) -> Result<()> {
    sqlx::query!(
        "update registrations set status = $2, decided_by = $3, decided_at = $4, expires_at = $5, reason = $6, lead = $7
         where registration_id = $1",
        registration_id,
        decided.status.as_str(),
        decided.by,
        decided.at,
        decided.expires_at,
        decided.reason,
        decided.lead,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The registration by which a person acts. Whoever ends it waits until the transaction ends, and ends what was begun in it, too.
pub async fn of_person(conn: &mut PgConnection, issuer: &str, subject: &str) -> Result<Option<Registration>> {
    let row = sqlx::query_as!(
        Row,
        "select registration_id, status, role, first_name, last_name, credentials, email, phone, fax, tax_ids, created_at, expires_at,
           confirmed_at, decided_at, decided_by, reason, lead, issuer, subject
         from registrations where issuer = $1 and subject = $2 and status = 'active' for share",
        issuer,
        subject,
    )
    .fetch_optional(conn)
    .await?;
    row.map(Registration::try_from).transpose()
}

/// Until the transaction ends, nobody else changes who acts by which registration: that concerns several rows at once.
pub async fn hold_all(conn: &mut PgConnection) -> Result<()> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('who acts by which registration', 0))").execute(conn).await?;
    Ok(())
}

/// The latest approved registration of a confirmed address that nobody has signed in with.
pub async fn approved_for(conn: &mut PgConnection, email: &str, now: DateTime<Utc>) -> Result<Option<Registration>> {
    let row = sqlx::query_as!(
        Row,
        "select registration_id, status, role, first_name, last_name, credentials, email, phone, fax, tax_ids, created_at, expires_at,
           confirmed_at, decided_at, decided_by, reason, lead, issuer, subject
         from registrations where email = $1 and status = 'approved' and expires_at > $2
         order by decided_at desc, registration_id desc limit 1",
        email,
        now,
    )
    .fetch_optional(conn)
    .await?;
    row.map(Registration::try_from).transpose()
}

/// From now on it is this person's, and the one by which they acted before has ended.
pub async fn bind(conn: &mut PgConnection, registration_id: Uuid, issuer: &str, subject: &str, at: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update registrations set status = 'ended', ended_at = $3 where issuer = $1 and subject = $2 and status = 'active'",
        issuer,
        subject,
        at,
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "update registrations set status = 'active', issuer = $2, subject = $3, bound_at = $4 where registration_id = $1",
        registration_id,
        issuer,
        subject,
        at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The person acts for nobody by it any more.
pub async fn end(conn: &mut PgConnection, registration_id: Uuid, at: DateTime<Utc>) -> Result<()> {
    sqlx::query!("update registrations set status = 'ended', ended_at = $2 where registration_id = $1", registration_id, at)
        .execute(conn)
        .await?;
    Ok(())
}

/// Somebody as a provider knows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The provider's issuer.
    pub issuer: String,
    /// Its subject.
    pub subject: String,
}

/// Ends every other registration by which the owner of this address, or this person, acts or could begin to. Says by whom each was used: the
/// mailbox may have been somebody else's before.
pub async fn end_others(
    conn: &mut PgConnection,
    kept: Uuid,
    email: &str,
    person: Option<(&str, &str)>,
    at: DateTime<Utc>,
) -> Result<Vec<Person>> {
    let ended = sqlx::query!(
        "update registrations set status = 'ended', ended_at = $5
         where registration_id <> $1 and status in ('approved', 'active') and (email = $2 or (issuer = $3 and subject = $4))
         returning issuer, subject",
        kept,
        email,
        person.map(|(issuer, _)| issuer),
        person.map(|(_, subject)| subject),
        at,
    )
    .fetch_all(conn)
    .await?;
    Ok(ended.into_iter().filter_map(|row| Some(Person { issuer: row.issuer?, subject: row.subject? })).collect())
}

/// True where the owner of this address acts, or may still begin to act, for tax IDs beyond these.
pub async fn acts_elsewhere(conn: &mut PgConnection, email: &str, tax_ids: &[String], now: DateTime<Utc>) -> Result<bool> {
    let found = sqlx::query_scalar!(
        r#"select exists(select from registrations
             where email = $1 and (status = 'active' or (status = 'approved' and expires_at > $3)) and not tax_ids <@ $2) as "found!""#,
        email,
        tax_ids,
        now,
    );
    Ok(found.fetch_one(conn).await?)
}

/// Forgets those whose address was not confirmed by now, and those that waited for a decision, or a first sign-in, until `long_ago`.
pub async fn remove_run_out(conn: &mut PgConnection, now: DateTime<Utc>, long_ago: DateTime<Utc>) -> Result<u64> {
    let done = sqlx::query!(
        "delete from registrations where (status = 'email_unconfirmed' and expires_at <= $1)
           or (status in ('waiting_for_approval', 'approved') and expires_at <= $2)",
        now,
        long_ago,
    );
    Ok(done.execute(conn).await?.rows_affected())
}
