//! `POST /fhir/Claim/$submit`: a request for authorization.

use super::body::Resource;
use super::outcome::{Failure, Issue, respond};
use super::read::bundle::Bundle;
use super::read::claim::Claim;
use super::read::order::{self, Reading, Rejected};
use super::write::bundle::{self, Repeated};
use super::write::claim_response::{self, Answer};
use super::write::{Context, asked, refusal};
use super::{Documented, fingerprint, refused};
use crate::app::orders::{self, SentForm};
use crate::app::{App, Caller, Idempotent};
use crate::domain::case::Case;
use crate::domain::content::Content;
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::Value;
use std::sync::Arc;

/// Decides a request, and answers with where each item stands.
pub async fn submit_claim(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Extension(documented): Extension<Documented>,
    Resource(sent): Resource,
) -> Result<Response, Failure> {
    let content = Arc::clone(app.library.in_force(app.clock.now().date_naive()));
    let mut issues = Vec::new();
    let bundle = Bundle::read(&sent, &mut issues);
    let claim = bundle.as_ref().and_then(|bundle| Claim::read(bundle, &mut issues));
    let (Some(bundle), Some(claim)) = (&bundle, &claim) else { return Err(Failure::bad(issues)) };
    if claim.prior.is_some() || claim.is_cancelled || claim.lines.iter().any(|line| line.is_cancelled) {
        let text = "a Claim that changes or takes back another one is not taken here; PATCH /v1/orders/{case_id} and its withdrawals do that";
        issues.push(Issue::at("not-supported", claim.entry.path("related"), text));
    }
    if !issues.is_empty() {
        return Err(Failure::bad(issues));
    }
    let base = super::base(&app);
    let request = Request { app: &app, caller: &caller, documented, sent: &sent, bundle, claim, content: &content, base: &base };
    let answer = request.answer().await?;
    Ok(respond(StatusCode::OK, &answer))
}

/// A request that can be read.
struct Request<'a> {
    app: &'a App,
    caller: &'a Caller,
    documented: Documented,
    sent: &'a Value,
    bundle: &'a Bundle<'a>,
    claim: &'a Claim<'a>,
    content: &'a Content,
    base: &'a str,
}

impl Request<'_> {
    async fn answer(&self) -> Result<Value, Failure> {
        let mut reading = order::read(self.bundle, self.claim, self.documented.order(), self.content);
        if !reading.issues.is_empty() {
            return Err(Failure::bad(std::mem::take(&mut reading.issues)));
        }
        if !reading.rejected.is_empty() {
            return Ok(self.refuse(&reading.rejected));
        }
        let order = match (self.documented.read)(&reading.order) {
            Ok(order) => order,
            Err(faults) => return Ok(self.refuse(&refused::of_faults(&faults, &reading, self.claim)?)),
        };
        let placed = orders::submit_sent(self.app, self.caller, &order, &self.key(), self.form()).await;
        match placed {
            Ok(placed) => self.decided(&placed.body, &reading),
            Err(error) => Ok(self.refuse(&refused::reasons(error, &reading, self.claim)?)),
        }
    }

    /// The number of the Claim makes a resend the same request.
    fn key(&self) -> Idempotent {
        let Claim { system, value, .. } = self.claim;
        Idempotent { key: fingerprint::key(system, value), fingerprint: fingerprint::of_request(self.sent) }
    }

    fn form(&self) -> SentForm {
        SentForm {
            system: self.claim.system.to_owned(),
            value: self.claim.value.to_owned(),
            document: fingerprint::without_documents(self.sent).to_string(),
        }
    }

    fn context(&self) -> Context<'_> {
        Context { base: self.base, content: self.content }
    }

    fn decided(&self, body: &str, reading: &Reading) -> Result<Value, Failure> {
        let case: Case = serde_json::from_str(body).map_err(|error| {
            Failure::internal(format!("a case does not read back: {:?} at {}", error.classify(), error.column()))
        })?;
        let repeated = Repeated::of(self.bundle, self.claim, self.context());
        let answer = Answer {
            case: &case,
            claim: self.claim,
            repeated: &repeated,
            notes: &reading.notes,
            was_reviewed: case.decided_at.map(|_| false),
            context: self.context(),
        };
        let asked = asked::write(answer);
        let made = std::iter::once(claim_response::write(answer, &asked)).chain(asked.iter().cloned()).collect();
        Ok(bundle::write(self.bundle, &repeated, made, self.context(), case.submitted_at))
    }

    fn refuse(&self, rejected: &[Rejected]) -> Value {
        let now = self.app.clock.now();
        let repeated = Repeated::of(self.bundle, self.claim, self.context());
        let response = refusal::write(self.claim, &repeated, rejected, self.context(), self.app.ids.uuid(now), now);
        bundle::write(self.bundle, &repeated, vec![response], self.context(), now)
    }
}
