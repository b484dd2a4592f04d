//! The first sign-in of somebody who registered, and every later one.

use crate::app::identity::mapping::{Claims, Grant, NoGrant};
use crate::app::{App, Result};
use crate::store;

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
/// one before has ended with that; the address counts for nothing after it.
pub async fn act(app: &App, person: Registered<'_>) -> Result<std::result::Result<Grant, NoGrant>> {
    let Registered { issuer, subject, claims } = person;
    let now = app.clock.now();
    let mut transaction = app.pool.begin().await?;
    if let Some(email) = confirmed_address(claims)
        && let Some(approved) = store::registrations::approved_for(&mut transaction, &email, now).await?
    {
        let own = approved.registration_id;
        store::registrations::bind(&mut transaction, own, issuer, subject, now).await?;
        store::registrations::end_others(&mut transaction, own, &email, Some((issuer, subject)), now).await?;
        // what they acted as before ends in every browser
        store::sessions::remove_all_of(&mut transaction, &format!("{issuer}#{subject}")).await?;
    }
    let own = store::registrations::of_person(&mut transaction, issuer, subject).await?;
    transaction.commit().await?;
    Ok(own.map(|own| Grant { role: own.role, tax_ids: own.tax_ids, health_plan: None }).ok_or(
        "Nobody is registered here with this account. Register first; support then calls you. The account has to have the address that you \
         register, confirmed.",
    ))
}

/// The address that the provider has confirmed to be theirs. One of which it does not say so could be anybody's.
fn confirmed_address(claims: &Claims) -> Option<String> {
    let confirmed = claims.get("email_verified")?.as_bool()?;
    let email = claims.get("email")?.as_str()?.trim().to_lowercase();
    (confirmed && !email.is_empty()).then_some(email)
}
