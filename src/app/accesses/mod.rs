//! The record of who read or wrote what about whom (PRV-02): kept before the caller has its answer, told to administrators and plans, and
//! chained so that nobody changes it unseen.

mod chain;
mod seal;
mod verify;

pub use seal::seal;
pub use verify::{Anchor, Break, verify};

use super::audience::who;
use super::feeds::check_plan;
use super::{App, Caller, Result};
use crate::domain::vocabulary::CallerRole;
use crate::store;
pub use crate::store::accesses::About;
use crate::store::accesses::NewAccess;
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use utoipa::ToSchema;
use uuid::Uuid;

/// What a request has come upon so far. Cheap to clone: a request has one.
#[derive(Debug, Clone, Default)]
pub struct Accessed(Arc<Mutex<BTreeSet<About>>>);

impl Accessed {
    /// The request is about this.
    pub fn add(&self, about: About) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(about);
    }

    /// The request is about this case.
    pub fn case(&self, case_id: Uuid) {
        self.add(About::Case(case_id));
    }

    /// The request is about this member.
    pub fn member(&self, health_plan: &str, member_id: &str) {
        self.add(About::Member { health_plan: health_plan.to_owned(), member_id: member_id.to_owned() });
    }

    /// The request is about this new case, and so about its member.
    pub fn new_case(&self, case_id: Uuid, health_plan: &str, member_id: &str) {
        let mut about = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        about.remove(&About::Member { health_plan: health_plan.to_owned(), member_id: member_id.to_owned() });
        about.insert(About::Case(case_id));
    }

    /// The cases so far.
    pub fn cases(&self) -> Vec<Uuid> {
        let about = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let case = |one: &About| if let About::Case(case_id) = one { Some(*case_id) } else { None };
        about.iter().filter_map(case).collect()
    }

    fn take(&self) -> BTreeSet<About> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What a request has come upon says nothing of who calls.
impl PartialEq for Accessed {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Accessed {}

/// A request that was handled.
#[derive(Debug, Clone)]
pub struct Handled {
    /// Its id.
    pub request_id: String,
    /// Method and route.
    pub operation: String,
    /// True where it changes something.
    pub writes: bool,
    /// The case in its address, where it was answered as asked: answers that are given again are about it, too.
    pub case_id: Option<Uuid>,
}

/// Writes down what a request was about; nothing where that is nobody. Where that cannot be done and something was changed, the log keeps it:
/// the case's history has the change already.
pub async fn keep(app: &App, caller: &Caller, handled: Handled) -> Result<()> {
    let mut about = caller.accessed.take();
    about.extend(handled.case_id.map(About::Case));
    if about.is_empty() {
        return Ok(());
    }
    let now = app.clock.now();
    let purpose = purpose(caller.role, &handled.operation);
    let (writes, operation, request_id) = (handled.writes, handled.operation.clone(), handled.request_id.clone());
    let access = NewAccess {
        at: now,
        subject: caller.subject.clone(),
        role: caller.role.as_str(),
        tax_ids: caller.tax_ids.clone(),
        token_id: caller.token_id,
        action: if handled.writes { "write" } else { "read" },
        operation: handled.operation,
        purpose,
        request_id: handled.request_id,
        about: about.into_iter().map(|about| (app.ids.uuid(now), about)).collect(),
    };
    let kept = app.busy.accesses.ask(access).await;
    if kept.is_err() && writes {
        let (subject, role) = (&caller.subject, caller.role);
        tracing::error!(target: "audit", request_id, operation, subject, %role, "a change is not on record");
    }
    Ok(kept?)
}

/// Writes down that a plan was sent an event of a case.
pub async fn keep_delivery(app: &App, health_plan: &str, case_id: Uuid, event_id: Uuid) -> Result<()> {
    let now = app.clock.now();
    let access = NewAccess {
        at: now,
        subject: format!("webhook of {health_plan}"),
        role: CallerRole::HealthPlan.as_str(),
        tax_ids: Vec::new(),
        token_id: None,
        action: "read",
        operation: "webhook".to_owned(),
        purpose: "payment",
        request_id: event_id.to_string(),
        about: vec![(app.ids.uuid(now), About::Case(case_id))],
    };
    Ok(app.busy.accesses.ask(access).await?)
}

/// What a role does an operation for (45 CFR 164.501).
fn purpose(role: CallerRole, operation: &str) -> &'static str {
    if operation.ends_with("/v1/s-code-claims") || operation.ends_with("/v1/claim-checks") {
        return "payment";
    }
    if operation.ends_with("/v1/disclosures") {
        return "operations";
    }
    match role {
        CallerRole::OrderingProvider | CallerRole::ServicingProvider => "treatment",
        CallerRole::HealthPlan => "payment",
        CallerRole::Intake | CallerRole::Nurse | CallerRole::Physician => "utilization_review",
        CallerRole::Administrator => "operations",
    }
}

/// A record of a member's accounting.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Disclosure {
    /// Identifies the record.
    pub access_id: Uuid,
    /// When.
    pub at: DateTime<Utc>,
    /// Who: the subject of a token; to plans the role, where it is not their own.
    pub actor: String,
    /// As what.
    pub actor_role: String,
    /// Tax IDs of the practice, where a practice it was.
    pub tax_ids: Vec<String>,
    /// `read` or `write`.
    pub action: String,
    /// The call: its method and address.
    pub operation: String,
    /// `treatment`, `payment`, `utilization_review` or `operations`.
    pub purpose: String,
    /// The case, where it was about one.
    pub case_id: Option<Uuid>,
    /// The request, as in its answer's `X-Request-Id`: the caller's own name for it, where they sent one. `access_id` is this service's.
    pub request_id: String,
}

/// Up to `limit` records of a member after this one, oldest first. Reading them is recorded, too.
pub async fn disclosures(
    app: &App,
    caller: &Caller,
    (health_plan, member_id): (&str, &str),
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Disclosure>> {
    check_plan(app, caller, health_plan)?;
    let mut conn = app.pool.acquire().await?;
    let found = store::accesses::of_member(&mut conn, (health_plan, member_id), after, limit).await?;
    if !found.is_empty() {
        caller.accessed.member(health_plan, member_id);
    }
    let told = |access: store::accesses::Access| Disclosure {
        access_id: access.access_id,
        at: access.at,
        actor: who(&access.actor_subject, &access.actor_role, caller),
        actor_role: access.actor_role,
        tax_ids: access.tax_ids,
        action: access.action,
        operation: access.operation,
        purpose: access.purpose,
        case_id: access.case_id,
        request_id: access.request_id,
    };
    Ok(found.into_iter().map(told).collect())
}
