//! A Claim that changes an earlier one or takes it back (SUB-08, SUB-13, DRG-05). Marks of what changed are hints: what is asked for is held
//! against the case as it stands, and the difference is what is done. That makes a resend harmless, too.

use super::answer::Known;
use super::element::{list, put, text};
use super::outcome::{Failure, Issue};
use super::read::answers::Note;
use super::read::observations::same;
use super::read::order::{self, Reading, Rejected};
use super::read::people;
use super::submit::Request;
use super::{fingerprint, refused};
use crate::app::orders::{self, Reason, Withdrawal};
use crate::app::sent_requests::{self, Numbered};
use crate::app::{Error, Expected};
use crate::domain::case::Case;
use crate::domain::order::OrderRequest;
use crate::domain::vocabulary::{CaseStatus, DrugStatus};
use serde_json::{Value, json};
use uuid::Uuid;

/// How often a change is held against a case that somebody else changes at the same moment.
const TRIES: u32 = 4;

/// What became of a change.
enum Done {
    /// It was made; what was not taken of it.
    Made(Vec<Note>),
    /// It is refused.
    Rejected(Vec<Rejected>),
}

impl Request<'_> {
    /// Makes the change, and answers with where every item stands then. Where somebody else changed the case at the same moment, it is held
    /// against what it became.
    pub(super) async fn change(&self) -> Result<Value, Failure> {
        for _ in 1..TRIES {
            match Box::pin(self.change_once()).await {
                Err(failure) if failure.is_conflict() => {}
                done => return done,
            }
        }
        Box::pin(self.change_once()).await
    }

    async fn change_once(&self) -> Result<Value, Failure> {
        let (system, value) = (self.claim.system, self.claim.value);
        let fingerprint = fingerprint::of_request(self.sent);
        match sent_requests::numbered(self.app, self.caller, system, value, &fingerprint).await? {
            Numbered::Answered(answer) => {
                return serde_json::from_str(&answer).map_err(|_| Failure::internal("a kept answer does not read back"));
            }
            Numbered::New => {}
            Numbered::Request | Numbered::Change => return Err(Error::IdempotencyKeyReused.into()),
        }
        let Some(case_id) = self.prior_case().await? else { return Ok(self.refuse(&[self.unknown_prior()])) };
        let before = Known::load(self.app, self.caller, case_id, self.context()).await?;
        let notes = match Box::pin(self.make(&before)).await? {
            Done::Made(notes) => notes,
            Done::Rejected(rejected) => return Ok(self.refuse(&rejected)),
        };
        let after = Known::load(self.app, self.caller, case_id, self.context()).await?;
        let answer = after.answer_to(self.bundle, self.claim.clone(), &notes, self.sent_as());
        sent_requests::keep(self.app, self.caller, case_id, &self.form(), &fingerprint, &answer.to_string()).await?;
        Ok(answer)
    }

    /// The case of the Claim that is changed: by its identifier, or by its address here.
    async fn prior_case(&self) -> Result<Option<Uuid>, Failure> {
        let Some(prior) = self.claim.prior else { return Ok(None) };
        let entry = self.bundle.resolve(self.claim.entry, prior);
        let address = text(prior, "reference").and_then(|url| match url.strip_prefix(self.base) {
            Some(own) => own.strip_prefix('/'),
            None => Some(url).filter(|_| entry.is_none()),
        });
        let own = address.and_then(|url| url.strip_prefix("Claim/")?.parse().ok());
        if own.is_some() {
            return Ok(own);
        }
        let of_entry = entry.map(|entry| list(entry.resource, "identifier")).unwrap_or_default();
        for identifier in of_entry.iter().chain(list(prior, "identifier")) {
            let (Some(system), Some(value)) = (text(identifier, "system"), text(identifier, "value")) else { continue };
            if system.strip_prefix(self.base) == Some("/case") {
                return Ok(value.parse().ok());
            }
            if let Some(case_id) = sent_requests::case_of(self.app, self.caller, system, value).await? {
                return Ok(Some(case_id));
            }
        }
        Ok(None)
    }

    fn unknown_prior(&self) -> Rejected {
        Rejected {
            refusal: "prior-claim-unknown",
            expression: self.claim.entry.path("related"),
            text: "the Claim that this one changes is not on file: name it by its identifier, as another entry of the Bundle, or send a new \
                   request without Claim.related"
                .to_owned(),
            item: None,
        }
    }

    /// Why the Claim is no change of this order: it is about another member, of another plan, or ordered by another clinician.
    fn of_another(&self, order: &OrderRequest) -> Option<Rejected> {
        let refuse = |refusal, expression, text: &str| Some(Rejected { refusal, expression, text: text.to_owned(), item: None });
        let mut told = people::member(self.claim);
        told.insert("health_plan".to_owned(), json!(order::plan(self.claim, &self.content.code_tables)));
        let on_file = json!(order.member);
        let agrees = |(name, value): (&String, &Value)| on_file.get(name).is_some_and(|other| same(other, value));
        if !told.iter().all(agrees) {
            let text = "the Claim before is of another member or plan: a change names the member as the Claim before did";
            return refuse("member-mismatch", self.claim.coverage.path("identifier"), text);
        }
        let ordering = order.ordering_provider.as_ref().and_then(|provider| provider.npi.as_deref());
        let named = people::ordering(self.bundle, self.claim);
        let named = named.and_then(|(provider, path)| Some((provider.get("npi")?.as_str()?.to_owned(), path)));
        match named {
            Some((npi, path)) if self.claim.is_cancelled && Some(npi.as_str()) != ordering => {
                refuse("ordering-provider-not-on-file", path, "the Claim before was ordered by another clinician")
            }
            _ => None,
        }
    }

    async fn make(&self, before: &Known) -> Result<Done, Failure> {
        let case = &before.case;
        if let Some(rejected) = self.of_another(&case.request) {
            return Ok(Done::Rejected(vec![rejected]));
        }
        if self.claim.is_cancelled {
            return self.withdraw(case, None).await;
        }
        self.all_items_are_there(case)?;
        let mut reading = order::read(self.bundle, self.claim, self.documented.order(), self.content);
        if !reading.issues.is_empty() {
            return Err(Failure::bad(std::mem::take(&mut reading.issues)));
        }
        if !reading.rejected.is_empty() {
            return Ok(Done::Rejected(reading.rejected));
        }
        // how the order came in first is no part of a change
        put(&mut reading.order, "channel", json!(case.request.channel));
        let order = match (self.documented.read)(&reading.order) {
            Ok(order) => order,
            Err(faults) => return Ok(Done::Rejected(refused::of_faults(&faults, &reading, self.claim)?)),
        };
        if let Some(rejected) = self.patch(before, &order, &reading).await? {
            return Ok(Done::Rejected(rejected));
        }
        let cancelled: Vec<u32> = self.claim.lines.iter().filter(|line| line.is_cancelled).map(|line| line.sequence).collect();
        if cancelled.is_empty() {
            return Ok(Done::Made(reading.notes));
        }
        // what the change added may be taken back by it, too
        let changed = Known::load(self.app, self.caller, case.case_id, self.context()).await?;
        match self.withdraw(&changed.case, Some(cancelled)).await? {
            Done::Made(_) => Ok(Done::Made(reading.notes)),
            rejected @ Done::Rejected(_) => Ok(rejected),
        }
    }

    /// Changes the order, where it differs from what it is.
    async fn patch(&self, before: &Known, order: &OrderRequest, reading: &Reading) -> Result<Option<Vec<Rejected>>, Failure> {
        if *order == before.case.request {
            return Ok(None);
        }
        if before.case.status != CaseStatus::InProgress {
            let text = format!(
                "the case is {}: an order can be changed while it is in progress; any change of what is decided is a new request (SUB-13)",
                before.case.status
            );
            return Ok(Some(vec![self.new_request_needed(text)]));
        }
        match orders::update(self.app, self.caller, before.case.case_id, before.version, order).await {
            Ok(_) => Ok(None),
            Err(error) => Ok(Some(refused::reasons(error, reading, self.claim)?)),
        }
    }

    fn new_request_needed(&self, text: String) -> Rejected {
        Rejected { refusal: "new-request-needed", expression: self.claim.entry.path("item"), text, item: None }
    }

    /// A change has every item, those that are taken back too: one that is only left out is nobody's to take back.
    fn all_items_are_there(&self, case: &Case) -> Result<(), Failure> {
        let missing = case.lines().iter().filter(|drug| self.claim.lines.iter().all(|line| line.sequence != drug.line));
        let issues: Vec<Issue> = missing
            .map(|drug| {
                let text = format!(
                    "item {} of the Claim before is missing: send every item, and mark those that are taken back",
                    drug.line
                );
                Issue::at("required", self.claim.entry.path("item"), text)
            })
            .collect();
        if issues.is_empty() { Ok(()) } else { Err(Failure::bad(issues)) }
    }

    /// Takes lines back, or everything; what is taken back already stays so.
    async fn withdraw(&self, case: &Case, lines: Option<Vec<u32>>) -> Result<Done, Failure> {
        let is_open =
            |status: DrugStatus| !matches!(status, DrugStatus::VoluntarilyCancelled | DrugStatus::NotReviewedErrorEntry);
        let asked = |line: u32| lines.as_ref().is_none_or(|lines| lines.contains(&line));
        let open: Vec<u32> =
            case.lines().iter().filter(|drug| asked(drug.line) && is_open(drug.status)).map(|drug| drug.line).collect();
        if open.is_empty() && (lines.is_some() || case.status == CaseStatus::ReviewCancelled) {
            return Ok(Done::Made(Vec::new()));
        }
        let withdrawal = Withdrawal { lines: lines.map(|_| open), reason: Reason::VoluntarilyCancelled };
        match orders::withdraw(self.app, self.caller, case.case_id, &withdrawal, &Expected::Any, None).await {
            Ok(_) => Ok(Done::Made(Vec::new())),
            Err(Error::Review(error)) => Ok(Done::Rejected(vec![self.new_request_needed(error.to_string())])),
            Err(error) => Err(error.into()),
        }
    }
}
