//! The first sign-in of somebody who registered, and every later one.

use crate::app::Result;
use crate::app::identity::mapping::{Claims, Grant, NoGrant};
use crate::store;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// Somebody of whom a provider says who they are.
#[derive(Debug, Clone, Copy)]
pub struct Registered<'a> {
    /// The provider's issuer.
    pub issuer: &'a str,
    /// Its subject.
    pub subject: &'a str,
    /// What it says of them.
    pub claims: &'a Claims,
}

/// What somebody who registered may act as. An approved registration of an address that the provider has confirmed becomes theirs, and the
/// ones before have ended with that; the address counts for nothing after it. What is begun in the same transaction ends with the registration.
pub async fn act(
    conn: &mut PgConnection,
    person: Registered<'_>,
    now: DateTime<Utc>,
) -> Result<std::result::Result<Grant, NoGrant>> {
    let Registered { issuer, subject, claims } = person;
    if let Some(email) = confirmed_address(claims)
        && store::registrations::approved_for(conn, &email, now).await?.is_some()
    {
        store::registrations::hold_all(conn).await?;
        // as it is now that nobody else changes it
        if let Some(approved) = store::registrations::approved_for(conn, &email, now).await? {
            let own = approved.registration_id;
            store::registrations::bind(conn, own, issuer, subject, now).await?;
            // what they acted as before ends in every browser
            sign_out(conn, issuer, subject).await?;
            end_others(conn, own, &email, Some((issuer, subject)), now).await?;
        }
    }
    let own = store::registrations::of_person(conn, issuer, subject).await?;
    Ok(own.map(|own| Grant { role: own.role, tax_ids: own.tax_ids, health_plan: None }).ok_or(
        "Nobody is registered here with this account. Register first; support then calls you. The account has to have the address that you \
         register, confirmed.",
    ))
}

/// Ends every other registration of this mailbox and this person. Whoever acted by one of them is signed out everywhere.
pub(super) async fn end_others(
    conn: &mut PgConnection,
    kept: Uuid,
    email: &str,
    person: Option<(&str, &str)>,
    now: DateTime<Utc>,
) -> Result<()> {
    for ended in store::registrations::end_others(conn, kept, email, person, now).await? {
        sign_out(conn, &ended.issuer, &ended.subject).await?;
    }
    Ok(())
}

/// Ends a person's sessions, on whatever machine.
pub(super) async fn sign_out(conn: &mut PgConnection, issuer: &str, subject: &str) -> Result<()> {
    Ok(store::sessions::remove_all_of(conn, &format!("{issuer}#{subject}")).await?)
}

/// The address that the provider has confirmed to be theirs. One of which it does not say so could be anybody's.
fn confirmed_address(claims: &Claims) -> Option<String> {
    let confirmed = claims.get("email_verified")?.as_bool()?;
    let email = claims.get("email")?.as_str()?.trim().to_lowercase();
    (confirmed && !email.is_empty()).then_some(email)
}
