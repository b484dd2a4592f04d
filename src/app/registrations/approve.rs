//! Support decides on registrations; so does a practice's lead, where the installation lets leads do that.

use super::bind::{end_others, sign_out};
use super::{Registration, Status, WAITING_DAYS};
use crate::app::mail::Letter;
use crate::app::{App, Caller, Error, Result, mail};
use crate::domain::refusal::Fault;
use crate::domain::vocabulary::CallerRole;
use crate::store;
use crate::store::registrations::Decided;
use chrono::TimeDelta;
use serde::Deserialize;
use sqlx::PgConnection;
use utoipa::ToSchema;
use uuid::Uuid;

/// What is decided.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Word {
    /// The person may sign in.
    #[default]
    Approved,
    /// They may not.
    Refused,
}

/// A decision on a registration.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// `approved` where it is left out.
    #[serde(default)]
    pub decision: Word,
    /// Why it is refused; required then. It is told to the person.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 500)]
    pub reason: Option<String>,
    /// The person may approve others of the same tax IDs, where the installation lets leads do that. Only an administrator says so.
    #[serde(default)]
    pub lead: bool,
}

/// Whose registrations somebody decides on.
enum Reach {
    All,
    /// Those of which every tax ID is among these.
    Within {
        /// The lead's.
        tax_ids: Vec<String>,
        /// The lead's own address.
        email: String,
    },
}

/// What this caller decides on; nothing is there for anybody else.
async fn reach(app: &App, conn: &mut PgConnection, caller: &Caller) -> Result<Reach> {
    if caller.role == CallerRole::Administrator {
        return Ok(Reach::All);
    }
    let person = caller.subject.split_once('#').filter(|_| app.settings.leads_approve && caller.is_practice());
    let Some((issuer, subject)) = person else { return Err(Error::NotFound) };
    let own = store::registrations::of_person(conn, issuer, subject).await?;
    let lead = own.filter(|own| own.lead).ok_or(Error::NotFound)?;
    Ok(Reach::Within { tax_ids: lead.tax_ids, email: lead.email })
}

/// Registrations in this state that the caller decides on, oldest first.
pub async fn list(
    app: &App,
    caller: &Caller,
    status: Option<Status>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Registration>> {
    let mut conn = app.pool.acquire().await?;
    let within = match reach(app, &mut conn, caller).await {
        Ok(Reach::All) => None,
        Ok(Reach::Within { tax_ids, .. }) => Some(tax_ids),
        Err(Error::NotFound) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    Ok(store::registrations::list(&mut conn, status, within.as_deref(), after, limit).await?)
}

/// Approves or refuses a registration whose address is confirmed, and writes to the person.
pub async fn decide(app: &App, caller: &Caller, registration_id: Uuid, decision: &Decision) -> Result<Registration> {
    let now = app.clock.now();
    let mut transaction = app.pool.begin().await?;
    let reach = reach(app, &mut transaction, caller).await?;
    let found = store::registrations::lock(&mut transaction, registration_id).await?.ok_or(Error::NotFound)?;
    if let Reach::Within { tax_ids: own, email } = &reach {
        // what is not of their practice, or not confirmed, is not there for a lead
        if found.status == Status::EmailUnconfirmed || !found.tax_ids.iter().all(|tax_id| own.contains(tax_id)) {
            return Err(Error::NotFound);
        }
        if decision.lead {
            return Err(Error::forbidden("only an administrator makes somebody a lead"));
        }
        if found.email == *email {
            return Err(Error::forbidden("nobody decides on a registration of their own: support does"));
        }
        if store::registrations::acts_elsewhere(&mut transaction, &found.email, own, now).await? {
            return Err(Error::forbidden("this person acts for another practice: support decides whether they change"));
        }
    }
    let reason = decision.reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty());
    if decision.decision == Word::Refused && reason.is_none() {
        return Err(Error::invalid(vec![Fault::new("/reason", "missing", "say why it is refused; the person is told")]));
    }
    match found.status {
        Status::WaitingForApproval if found.expires_at > now => {}
        Status::WaitingForApproval => {
            return Err(Error::conflict("the registration has waited too long; the person has to register again"));
        }
        Status::EmailUnconfirmed => return Err(Error::conflict("the person has not confirmed their address yet")),
        Status::Approved | Status::Active | Status::Refused | Status::Ended => {
            return Err(Error::conflict("the registration has been decided"));
        }
    }
    let status = if decision.decision == Word::Approved { Status::Approved } else { Status::Refused };
    let lead = decision.lead && status == Status::Approved;
    let decided = Decided { status, by: &caller.subject, at: now, expires_at: now + TimeDelta::days(WAITING_DAYS), reason, lead };
    store::registrations::decide(&mut transaction, registration_id, &decided).await?;
    let (subject, body) = letter(app, status, reason);
    mail::write(app, &mut transaction, &found.email, Letter { subject, body, asked_from: None }).await?;
    let decided = store::registrations::lock(&mut transaction, registration_id).await?.ok_or(Error::NotFound)?;
    transaction.commit().await?;
    Ok(decided)
}

fn letter(app: &App, status: Status, reason: Option<&str>) -> (&'static str, String) {
    if status == Status::Approved {
        let address = format!("{}/login", app.settings.public_url);
        let text = format!(
            "Your registration is approved. Sign in within {WAITING_DAYS} days, with the account that has this email address:\n\n{address}\n"
        );
        return ("Your registration is approved", text);
    }
    let reason = reason.unwrap_or_default();
    ("Your registration is not approved", format!("Your registration was not approved, for this reason:\n\n{reason}\n"))
}

/// The person acts for nobody by it any more: they are signed out everywhere.
pub async fn end(app: &App, caller: &Caller, registration_id: Uuid) -> Result<()> {
    if caller.role != CallerRole::Administrator {
        return Err(Error::NotFound);
    }
    let mut transaction = app.pool.begin().await?;
    store::registrations::hold_all(&mut transaction).await?;
    let found = store::registrations::lock(&mut transaction, registration_id).await?.ok_or(Error::NotFound)?;
    if matches!(found.status, Status::Approved | Status::Active) {
        let now = app.clock.now();
        store::registrations::end(&mut transaction, registration_id, now).await?;
        let person = found.issuer.as_deref().zip(found.subject.as_deref());
        if let Some((issuer, subject)) = person {
            sign_out(&mut transaction, issuer, subject).await?;
        }
        end_others(&mut transaction, registration_id, &found.email, person, now).await?;
    } else if found.status != Status::Ended {
        return Err(Error::conflict("the registration is not approved: refuse it, or let it run out"));
    }
    transaction.commit().await?;
    Ok(())
}
