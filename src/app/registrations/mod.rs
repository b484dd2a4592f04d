//! Registration: a person asks to act for a practice, confirms their address, is approved, and signs in (PRV-01, PRV-03).
//!
//! Whoever asks is told the same, whoever they name: that somebody is registered already is nobody's business but support's. What an
//! address confirms is a code that only its mailbox has; what a registration is worth is decided by people; and from the first sign-in on
//! it belongs to an issuer and its subject, whatever becomes of the address.

mod approve;
mod bind;

pub use approve::{Decision, Word, decide, end, list};
pub use bind::{Registered, act};

use super::idempotency::{self, Answer};
use super::mail::Letter;
use super::secrets::hash;
use super::{App, CameFrom, Error, Idempotent, Result, mail, tax_ids};
use crate::domain::refusal::Fault;
use crate::domain::vocabulary::CallerRole;
use crate::store;
pub use crate::store::registrations::{Registration, Status};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use lettre::Address;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// Days for which the link in the mail counts.
const CODE_DAYS: i64 = 3;
/// Days for which a confirmed registration waits to be decided, and an approved one for the first sign-in.
const WAITING_DAYS: i64 = 30;
/// Days for which one that waited and ran out can still be looked at.
const KEPT_DAYS: i64 = 30;
/// Mails to one mailbox a day, so that nobody's is filled by strangers; a sandbox sends none.
const MAILS_A_DAY: i64 = 12;
/// Of these, mails that somebody at one address has sent: they are not used up by one stranger.
const MAILS_A_DAY_FROM_ONE: i64 = 3;

/// Somebody who wants to act for a practice.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegistrationRequest {
    /// First name.
    #[schema(min_length = 1, max_length = 100)]
    pub first_name: String,
    /// Last name.
    #[schema(min_length = 1, max_length = 100)]
    pub last_name: String,
    /// `ordering_provider` or `servicing_provider`.
    pub role: CallerRole,
    /// Credentials, such as `RN` or `Practice manager`.
    #[schema(min_length = 1, max_length = 100)]
    pub credentials: String,
    /// Tax IDs of the providers that they order for, nine digits each.
    #[schema(min_items = 1, max_items = 100)]
    pub tax_ids: Vec<String>,
    /// Where the code is sent. The account with which they sign in later has to have this address, confirmed.
    #[schema(min_length = 3, max_length = 254)]
    pub email: String,
    /// Phone number: support calls it.
    #[schema(min_length = 7, max_length = 40)]
    pub phone: String,
    /// Fax number.
    #[serde(default)]
    #[schema(min_length = 7, max_length = 40)]
    pub fax: Option<String>,
}

/// How far a registration is, for whoever has its code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Progress {
    /// Identifies it.
    pub registration_id: Uuid,
    /// How far it is.
    pub status: Status,
    /// Until when it waits for the next step; null where there is none.
    pub expires_at: Option<DateTime<Utc>>,
}

impl Progress {
    fn of(registration: &Registration) -> Self {
        let waits = matches!(registration.status, Status::EmailUnconfirmed | Status::WaitingForApproval | Status::Approved);
        Self {
            registration_id: registration.registration_id,
            status: registration.status,
            expires_at: waits.then_some(registration.expires_at),
        }
    }
}

/// Takes a registration, and writes to its address. The answer is the same whoever is registered already.
pub async fn register(
    app: &App,
    request: RegistrationRequest,
    from: CameFrom,
    idempotent: Option<&Idempotent>,
) -> Result<(Progress, bool)> {
    if app.settings.mailer.is_missing() {
        return Err(Error::conflict(
            "registration is not open here: this installation sends no mails; its administrator issues access",
        ));
    }
    let new = read(app, request)?;
    let answer = idempotency::once_for(app, "registration", idempotent, async |conn| {
        let code = URL_SAFE_NO_PAD.encode(app.ids.secret());
        store::registrations::insert(conn, &new, &hash(&code)).await?;
        let since = new.created_at - TimeDelta::days(1);
        let from = from.0.map(|address| address.to_string()).unwrap_or_default();
        let (sent, sent_from) = store::mails::count_since(conn, &new.email, &from, since).await?;
        if app.settings.sandbox || (sent < MAILS_A_DAY && sent_from < MAILS_A_DAY_FROM_ONE) {
            let link = format!("{}/register/{}/{code}", app.settings.public_url, new.registration_id);
            let letter = Letter { subject: "Confirm your email address", body: confirm_text(&link), asked_from: Some(&from) };
            mail::write(app, conn, &new.email, letter).await?;
        }
        let body = serde_json::to_value(Progress::of(&new)).map_err(|error| Error::Internal(error.to_string()))?;
        Ok(Answer::created(body, None))
    })
    .await?;
    let progress = serde_json::from_value(answer.body).map_err(|error| Error::Internal(error.to_string()))?;
    Ok((progress, answer.replayed))
}

fn confirm_text(link: &str) -> String {
    format!(
        "Somebody, most likely you, registered this address to send authorization requests.\n\n\
         Open this page and confirm that it is yours, within {CODE_DAYS} days:\n\n{link}\n\n\
         After that, support calls you to finish the registration. The same page shows how far it is.\n\n\
         If it was not you, do nothing: without this page nobody gets any further.\n"
    )
}

/// How far a registration is; nothing is told to whoever has not its code.
pub async fn progress(app: &App, registration_id: Uuid, code: &str) -> Result<Progress> {
    let mut conn = app.pool.acquire().await?;
    let found = store::registrations::by_code(&mut conn, registration_id, &hash(code)).await?.ok_or(Error::NotFound)?;
    known(app, &found)?;
    Ok(Progress::of(&found))
}

/// The address is confirmed by the code that was sent there. Doing it again changes nothing.
pub async fn confirm(app: &App, registration_id: Uuid, code: &str) -> Result<Progress> {
    let mut transaction = app.pool.begin().await?;
    let found = store::registrations::by_code(&mut transaction, registration_id, &hash(code)).await?.ok_or(Error::NotFound)?;
    known(app, &found)?;
    if found.status == Status::EmailUnconfirmed {
        let now = app.clock.now();
        store::registrations::confirm(&mut transaction, registration_id, now, now + TimeDelta::days(WAITING_DAYS)).await?;
    }
    let found = store::registrations::lock(&mut transaction, registration_id).await?.ok_or(Error::NotFound)?;
    transaction.commit().await?;
    Ok(Progress::of(&found))
}

/// A code that was not used in time is as good as none.
fn known(app: &App, found: &Registration) -> Result<()> {
    let over = found.status == Status::EmailUnconfirmed && found.expires_at <= app.clock.now();
    if over { Err(Error::NotFound) } else { Ok(()) }
}

/// What was entered as it is kept, or every fault.
fn read(app: &App, request: RegistrationRequest) -> Result<Registration> {
    let mut faults = Vec::new();
    if !matches!(request.role, CallerRole::OrderingProvider | CallerRole::ServicingProvider) {
        faults.push(Fault::new("/role", "not-allowed-value", "people register as ordering_provider or servicing_provider"));
    }
    let email = request.email.trim().to_lowercase();
    if email.len() > 254 || email.parse::<Address>().is_err() || email.contains(['"', ' ']) {
        faults.push(Fault::new("/email", "malformed", "this is not an email address"));
    }
    if request.tax_ids.is_empty() || request.tax_ids.len() > 100 {
        faults.push(Fault::new("/tax_ids", "missing", "name one to a hundred tax IDs"));
    }
    faults.extend(tax_ids::faults(&request.tax_ids));
    let mut text = |pointer: &str, entered: &str| {
        let plain = entered.trim();
        if plain.is_empty() || plain.chars().count() > 100 || plain.chars().any(char::is_control) {
            faults.push(Fault::new(pointer, "malformed", "write it in one line of 1 to 100 characters"));
        }
        plain.to_owned()
    };
    let (first_name, last_name) = (text("/first_name", &request.first_name), text("/last_name", &request.last_name));
    let (credentials, phone) = (text("/credentials", &request.credentials), text("/phone", &request.phone));
    let fax = request.fax.as_deref().map(|fax| text("/fax", fax));
    for (pointer, number) in [("/phone", Some(&phone)), ("/fax", fax.as_ref())] {
        if number.is_some_and(|number| number.chars().filter(char::is_ascii_digit).count() < 7) {
            faults.push(Fault::new(pointer, "malformed", "a number has seven digits at least"));
        }
    }
    if !faults.is_empty() {
        return Err(Error::invalid(faults));
    }
    let mut tax_ids = request.tax_ids;
    tax_ids.sort_unstable();
    tax_ids.dedup();
    let now = app.clock.now();
    Ok(Registration {
        registration_id: app.ids.uuid(now),
        status: Status::EmailUnconfirmed,
        role: request.role,
        first_name,
        last_name,
        credentials,
        email,
        phone,
        fax,
        tax_ids,
        created_at: now,
        expires_at: now + TimeDelta::days(CODE_DAYS),
        confirmed_at: None,
        decided_at: None,
        decided_by: None,
        reason: None,
        lead: false,
        issuer: None,
        subject: None,
    })
}

/// Forgets those whose address was not confirmed in time, and, a while later, those that were waiting and ran out.
pub async fn purge(app: &App) -> Result<u64> {
    let now = app.clock.now();
    let mut conn = app.pool.acquire().await?;
    Ok(store::registrations::remove_run_out(&mut conn, now, now - TimeDelta::days(KEPT_DAYS)).await?)
}
