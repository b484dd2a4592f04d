//! `POST /fhir/Claim/$submit`: a request for authorization.

use super::answer::Known;
use super::body::Resource;
use super::outcome::{Failure, Issue, respond};
use super::read::bundle::Bundle;
use super::read::claim::Claim;
use super::read::order::{self, Reading, Rejected};
use super::write::bundle::{self, Repeated, Sent};
use super::write::claim_response::Kind;
use super::write::{Context, refusal};
use super::{Documented, fingerprint, refused};
use crate::app::orders::{self, SentForm};
use crate::app::sent_requests::{self, Numbered};
use crate::app::{App, Caller, Error, Idempotent};
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
    if claim.prior.is_none() && (claim.is_cancelled || claim.lines.iter().any(|line| line.is_cancelled)) {
        let text = "a new request has nothing to take back; name the Claim that is changed in Claim.related";
        issues.push(Issue::at("business-rule", claim.entry.path("item"), text));
    }
    if !issues.is_empty() {
        return Err(Failure::bad(issues));
    }
    let base = super::base(&app);
    let request = Request { app: &app, caller: &caller, documented, sent: &sent, bundle, claim, content: &content, base: &base };
    let answer = if claim.prior.is_some() { Box::pin(request.change()).await? } else { request.answer().await? };
    Ok(respond(StatusCode::OK, &answer))
}

/// A request that can be read.
pub(super) struct Request<'a> {
    pub app: &'a App,
    pub caller: &'a Caller,
    pub documented: Documented,
    pub sent: &'a Value,
    pub bundle: &'a Bundle<'a>,
    pub claim: &'a Claim<'a>,
    pub content: &'a Content,
    pub base: &'a str,
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
        let Idempotent { fingerprint, .. } = self.key();
        let numbered = sent_requests::numbered(self.app, self.caller, self.claim.system, self.claim.value, &fingerprint).await?;
        if matches!(numbered, Numbered::Answered(_) | Numbered::Change) {
            return Err(Error::IdempotencyKeyReused.into());
        }
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

    pub(super) fn form(&self) -> SentForm {
        SentForm {
            system: self.claim.system.to_owned(),
            value: self.claim.value.to_owned(),
            document: fingerprint::without_documents(self.sent).to_string(),
        }
    }

    pub(super) fn context(&self) -> Context<'_> {
        Context { base: self.base, content: self.content }
    }

    fn decided(&self, body: &str, reading: &Reading) -> Result<Value, Failure> {
        let known = Known::fresh(body)?;
        Ok(known.answer_to(self.bundle, self.claim.clone(), &reading.notes, self.sent_as()))
    }

    pub(super) fn sent_as(&self) -> Sent<'_> {
        Sent { of: None, kind: Kind::Response, context: self.context() }
    }

    pub(super) fn refuse(&self, rejected: &[Rejected]) -> Value {
        let now = self.app.clock.now();
        let repeated = Repeated::of(self.bundle, self.claim, self.context());
        let response = refusal::write(self.claim, &repeated, rejected, self.context(), self.app.ids.uuid(now), now);
        bundle::write(self.bundle, &repeated, vec![response], self.sent_as(), now)
    }
}
