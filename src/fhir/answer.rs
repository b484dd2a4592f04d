//! A case with the request that it goes by: the one that was sent, or, where it came in another way, the one that would have made it.

use super::outcome::Failure;
use super::read::answers::Note;
use super::read::bundle::Bundle;
use super::read::claim::{Claim, Line};
use super::write::bundle::{self, Repeated, Sent};
use super::write::claim_response::{self, Answer, Kind};
use super::write::request::{self, Ordered};
use super::write::{Context, asked};
use crate::app::sent_requests::{self, Told};
use crate::app::{App, Caller};
use crate::domain::case::Case;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

/// What is known of a case.
#[derive(Debug)]
pub struct Known {
    /// Its version.
    pub version: i64,
    /// The case, as the caller sees it.
    pub case: Case,
    /// Whether a reviewer decided a line; none while nothing is decided.
    pub was_reviewed: Option<bool>,
    /// The request that it goes by.
    pub request: Value,
    /// Lines of the case, for those that the request does not have.
    lines: Vec<Value>,
}

/// A stored answer as a case.
pub fn read_case(body: &str) -> Result<Case, Failure> {
    serde_json::from_str(body)
        .map_err(|error| Failure::internal(format!("a case does not read back: {:?} at {}", error.classify(), error.column())))
}

impl Known {
    /// A case, where the caller may know of it.
    pub async fn load(app: &App, caller: &Caller, case_id: Uuid, context: Context<'_>) -> Result<Self, Failure> {
        let Told { version, body, sent, was_reviewed } = sent_requests::told(app, caller, case_id).await?;
        let case = read_case(&body)?;
        let sent = sent.and_then(|sent| serde_json::from_str(&sent).ok());
        let made = || {
            let id = case.case_id.to_string();
            request::write(Ordered { order: &case.request, id: &id, at: case.submitted_at, context })
        };
        let request = sent.unwrap_or_else(made);
        let was_reviewed = case.decided_at.map(|_| was_reviewed);
        let lines = case.lines().iter().map(|line| json!({"sequence": line.line})).collect();
        Ok(Self { version, case, was_reviewed, request, lines })
    }

    /// A case that was just made by a request.
    pub fn fresh(body: &str) -> Result<Self, Failure> {
        let case = read_case(body)?;
        let was_reviewed = case.decided_at.map(|_| false);
        Ok(Self { version: 1, case, was_reviewed, request: Value::Null, lines: Vec::new() })
    }

    /// The Bundle that answers for the case as it stands.
    pub fn answer(&self, sent: Sent<'_>) -> Result<Value, Failure> {
        let (mut issues, whole) = (Vec::new(), || Failure::internal("a kept request does not read back"));
        let bundle = Bundle::read(&self.request, &mut issues).ok_or_else(whole)?;
        let claim = Claim::read(&bundle, &mut issues).ok_or_else(whole)?;
        Ok(self.answer_to(&bundle, claim, &[], sent))
    }

    /// The same for a request that was just sent, with what was not taken of it.
    pub fn answer_to<'a>(&'a self, bundle: &Bundle<'a>, mut claim: Claim<'a>, notes: &[Note], sent: Sent<'_>) -> Value {
        let Sent { kind, context, .. } = sent;
        self.complete(&mut claim);
        let repeated = Repeated::of(bundle, &claim, context);
        let (case, was_reviewed) = (&self.case, self.was_reviewed);
        let answer = Answer { case, claim: &claim, repeated: &repeated, notes, was_reviewed, kind, context };
        let asked = if kind == Kind::Response { asked::write(answer) } else { Vec::new() };
        let made = std::iter::once(claim_response::write(answer, &asked)).chain(asked.iter().cloned()).collect();
        bundle::write(bundle, &repeated, made, sent, self.at())
    }

    /// When the case came to stand as it does.
    fn at(&self) -> DateTime<Utc> {
        self.case.decided_at.unwrap_or(self.case.submitted_at)
    }

    /// Adds the lines that the case has beyond the Claim's items.
    fn complete<'a>(&'a self, claim: &mut Claim<'a>) {
        let lines = self.lines.iter().zip(self.case.lines());
        let added = lines.filter(|(_, own)| claim.lines.iter().all(|line| line.sequence != own.line));
        let added: Vec<Line<'a>> =
            added.map(|(item, own)| Line { sequence: own.line, index: 0, item, is_cancelled: false }).collect();
        claim.lines.extend(added);
    }
}
