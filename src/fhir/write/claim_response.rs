//! `ClaimResponse`: where a case stands, item by item.

use super::{Context, concept, extension, instant};
use crate::domain::case::Case;
use crate::domain::content::Coded;
use crate::domain::line::CaseLine;
use crate::domain::vocabulary::{CaseStatus, DrugStatus};
use crate::fhir::element::{date, extension as extension_of, list, put, text};
use crate::fhir::read::answers::Note;
use crate::fhir::read::claim::{Claim, Line};
use crate::fhir::urls;
use crate::fhir::write::bundle::Repeated;
use chrono::NaiveDate;
use serde_json::{Value, json};

/// Which kind of answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// To a request.
    Response,
    /// To an inquiry.
    Inquiry,
}

impl Kind {
    /// Profile of the answer.
    const fn profile(self) -> &'static str {
        match self {
            Self::Response => urls::CLAIM_RESPONSE,
            Self::Inquiry => urls::INQUIRY_RESPONSE,
        }
    }

    /// Profile of its Bundle.
    pub const fn bundle(self) -> &'static str {
        match self {
            Self::Response => urls::RESPONSE_BUNDLE,
            Self::Inquiry => urls::INQUIRY_RESPONSE_BUNDLE,
        }
    }
}

/// What an answer is made from.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// The case, as the caller may see it.
    pub case: &'a Case,
    /// The Claim that it answers.
    pub claim: &'a Claim<'a>,
    /// Resources of the request that it refers to.
    pub repeated: &'a Repeated<'a>,
    /// What was not taken as it stands.
    pub notes: &'a [Note],
    /// Whether a person has decided; none where nothing is.
    pub was_reviewed: Option<bool>,
    /// Which kind of answer it is.
    pub kind: Kind,
    /// What the writer needs beside it.
    pub context: Context<'a>,
}

/// Notes, with the numbers that items name them by.
#[derive(Debug, Default)]
struct Notes(Vec<Value>);

impl Notes {
    fn add(&mut self, text: &str) -> usize {
        let number = self.0.len() + 1;
        self.0.push(json!({"number": number, "type": "display", "text": text}));
        number
    }
}

/// Writes the answer.
pub fn write(answer: Answer<'_>, asked: &[Value]) -> Value {
    let Answer { case, claim, repeated, context, .. } = answer;
    let id = case.case_id.to_string();
    let mut notes = Notes::default();
    let items: Vec<Value> = claim.lines.iter().map(|line| item(answer, line, &mut notes)).collect();
    about_the_case(answer, &mut notes);
    let mut response = json!({
        "resourceType": "ClaimResponse",
        "id": id,
        "meta": {"profile": [answer.kind.profile()]},
        "identifier": [{"system": format!("{}/case", context.base), "value": id}],
        "status": "active",
        "type": claim_type(claim),
        "use": "preauthorization",
        "patient": {"reference": repeated.patient},
        "created": instant(case.decided_at.unwrap_or(case.submitted_at)),
        "insurer": insurer(claim, repeated),
        "requestor": {"reference": repeated.requestor},
        "request": {"reference": repeated.claim},
        "outcome": "complete",
        "item": items,
        "adjudication": [adjudication(context.content.code_tables.cases.get(&case.status), case.order_id.as_deref(), None)],
    });
    let extensions = extensions(answer);
    if !extensions.is_empty() {
        put(&mut response, "extension", json!(extensions));
    }
    if let Some(order_id) = &case.order_id {
        put(&mut response, "preAuthRef", json!(order_id));
        if let Some(period) = whole_period(case) {
            put(&mut response, "preAuthPeriod", period);
        }
    }
    let added: Vec<Value> = claim.lines.iter().filter_map(|line| added(answer, line)).collect();
    if !added.is_empty() {
        put(&mut response, "addItem", json!(added));
    }
    if !notes.0.is_empty() {
        put(&mut response, "processNote", json!(notes.0));
    }
    let references: Vec<Value> = asked
        .iter()
        .filter(|resource| text(resource, "resourceType") == Some("CommunicationRequest"))
        .filter_map(|resource| Some(json!({"reference": context.url("CommunicationRequest", text(resource, "id")?)})))
        .collect();
    if !references.is_empty() {
        put(&mut response, "communicationRequest", json!(references));
    }
    response
}

/// The kind of the Claim, as it was sent; a professional one where it was not.
pub fn claim_type(claim: &Claim<'_>) -> Value {
    let sent = claim.entry.resource.get("type").filter(|sent| sent.is_object());
    sent.cloned().unwrap_or_else(|| concept("http://terminology.hl7.org/CodeSystem/claim-type", "professional", None))
}

/// The payer: the resource of the request, else the identifier that it named.
pub fn insurer(claim: &Claim<'_>, repeated: &Repeated<'_>) -> Value {
    match (&repeated.insurer, claim.entry.resource.get("insurer")) {
        (Some(url), _) => json!({ "reference": url }),
        (None, Some(sent)) => json!({"identifier": sent.get("identifier")}),
        (None, None) => json!({}),
    }
}

/// Whether a person decided, and the ends of the transmission the other way round.
fn extensions(answer: Answer<'_>) -> Vec<Value> {
    let reviewed = answer.was_reviewed.map(|was_reviewed| {
        json!({"url": urls::REVIEWER, "extension": [extension("wasHumanReviewedFlag", "valueBoolean", was_reviewed)]})
    });
    reviewed.into_iter().chain(transmission(answer.claim)).collect()
}

/// Sender and receiver of the request, swapped.
pub fn transmission(claim: &Claim<'_>) -> Option<Value> {
    let sent = extension_of(claim.entry.resource, urls::TRANSMISSION)?;
    let swapped: Vec<Value> = [
        ("applicationSenderCode", "applicationReceiverCode"),
        ("applicationReceiverCode", "applicationSenderCode"),
        ("interchangeSenderID", "interchangeReceiverID"),
        ("interchangeReceiverID", "interchangeSenderID"),
    ]
    .into_iter()
    .filter_map(|(of_request, here)| Some(extension(here, "valueString", text(extension_of(sent, of_request)?, "valueString")?)))
    .collect();
    (!swapped.is_empty()).then(|| json!({"url": urls::TRANSMISSION, "extension": swapped}))
}

fn item(answer: Answer<'_>, line: &Line<'_>, notes: &mut Notes) -> Value {
    let Answer { case, context, .. } = answer;
    let drug = case.lines().iter().find(|drug| drug.line == line.sequence);
    let tables = &context.content.code_tables;
    let mut extensions: Vec<Value> = list(line.item, "extension")
        .iter()
        .filter(|extension| text(extension, "url") == Some(urls::TRACE_NUMBER) && extension.get("valueIdentifier").is_some())
        .cloned()
        .collect();
    extensions.extend(requested_date(line));
    let status = match drug {
        Some(drug) => drug.status,
        None if case.lines().is_empty() => line_status(case.status),
        None => DrugStatus::ReferToHealthPlan,
    };
    let mut item = json!({"itemSequence": line.sequence});
    let number = drug.and_then(|drug| drug.order_id.as_deref());
    let mut reason = None;
    let mut action = tables.lines.get(&status);
    if let Some(drug) = drug {
        if is_modified(line, drug) {
            action = tables.modified.as_ref();
        } else if drug.status == DrugStatus::Authorized {
            extensions.extend(authorized(answer, drug));
        }
        let mut numbers = vec![notes.add(&in_words(drug))];
        if let Some(denial) = drug.refused_part.as_ref().map_or(drug.denial.as_ref(), |part| part.denial.as_ref()) {
            numbers.push(notes.add(&denial.rationale));
            reason = Some(self::reason(answer, &denial.reason_code, &denial.reason));
        }
        put(&mut item, "noteNumber", json!(numbers));
    }
    if status == DrugStatus::InProgress {
        extensions.push(extension(urls::REFERENCE_NUMBER, "valueString", case.case_id.to_string()));
    }
    if !extensions.is_empty() {
        put(&mut item, "extension", json!(extensions));
    }
    put(&mut item, "adjudication", json!([adjudication(action, number, reason)]));
    item
}

/// True where a line is authorized for less than was asked for. Days beyond those that the treatment takes are told in a note.
fn is_modified(line: &Line<'_>, drug: &CaseLine) -> bool {
    drug.status == DrugStatus::Authorized && (drug.refused_part.is_some() || fewer(line, drug).is_some())
}

/// What is authorized of a line that asked for something else.
fn added(answer: Answer<'_>, line: &Line<'_>) -> Option<Value> {
    let drug = answer.case.lines().iter().find(|drug| drug.line == line.sequence && is_modified(line, drug))?;
    let service = line.item.get("productOrService").cloned();
    let service = service.or_else(|| drug.hcpcs.as_deref().map(|code| concept(code_system(code), code, None)))?;
    let extensions = when(answer, drug);
    let mut item = json!({"itemSequence": [line.sequence]});
    if !extensions.is_empty() {
        put(&mut item, "extension", json!(extensions));
    }
    put(&mut item, "productOrService", service);
    if let Some(units) = drug.units_approved {
        put(&mut item, "quantity", json!({"value": units, "unit": "units"}));
    }
    let action = answer.context.content.code_tables.lines.get(&DrugStatus::Authorized);
    put(&mut item, "adjudication", json!([adjudication(action, drug.order_id.as_deref(), None)]));
    Some(item)
}

const fn code_system(code: &str) -> &'static str {
    match code.as_bytes().first() {
        Some(b'0'..=b'9') => urls::CPT,
        _ => urls::HCPCS,
    }
}

/// Where an item of a case without lines stands.
const fn line_status(status: CaseStatus) -> DrugStatus {
    match status {
        CaseStatus::InProgress => DrugStatus::InProgress,
        CaseStatus::Completed => DrugStatus::ClinicalReviewNotRequired,
        CaseStatus::Authorized => DrugStatus::Authorized,
        CaseStatus::NonAuthorized => DrugStatus::NonAuthorized,
        CaseStatus::MultipleDecisionsRendered => DrugStatus::ReferToHealthPlan,
        CaseStatus::ReviewCancelled => DrugStatus::VoluntarilyCancelled,
    }
}

/// What a line's status means, with whom to ask.
fn in_words(drug: &CaseLine) -> String {
    let Some(contact) = &drug.contact else { return drug.message.clone() };
    let parts = [
        Some(contact.entity.as_str()),
        contact.phone.as_deref(),
        contact.fax.as_deref(),
        contact.url.as_deref(),
        contact.instructions.as_deref(),
    ];
    let words: Vec<&str> = parts.into_iter().flatten().collect();
    format!("{} Contact: {}", drug.message, words.join(", "))
}

fn requested_date(line: &Line<'_>) -> Option<Value> {
    let (name, value) = ["servicedDate", "servicedPeriod"].into_iter().find_map(|name| Some((name, line.item.get(name)?)))?;
    let value_name = if name == "servicedDate" { "valueDateTime" } else { "valuePeriod" };
    Some(extension(urls::REQUESTED_SERVICE_DATE, value_name, value.clone()))
}

/// When and for how long something is authorized.
fn when(answer: Answer<'_>, drug: &CaseLine) -> Vec<Value> {
    let mut extensions = Vec::new();
    if let Some(at) = answer.case.decided_at {
        extensions.push(extension(urls::ISSUE_DATE, "valueDate", at.date_naive().to_string()));
    }
    if let (Some(from), Some(through)) = (drug.valid_from, drug.valid_through) {
        extensions.push(extension(urls::PREAUTH_PERIOD, "valuePeriod", period(from, through)));
    }
    extensions
}

/// When, for how long and how much is authorized.
fn authorized(answer: Answer<'_>, drug: &CaseLine) -> Vec<Value> {
    let mut extensions = when(answer, drug);
    if let (Some(code), Some(units)) = (&drug.hcpcs, drug.units_approved) {
        let detail = [
            extension("productOrServiceCode", "valueCodeableConcept", concept(code_system(code), code, None)),
            extension("quantity", "valueQuantity", json!({"value": units, "unit": "units"})),
        ];
        extensions.push(json!({"url": urls::AUTHORIZED_DETAIL, "extension": detail}));
    }
    extensions
}

fn period(from: NaiveDate, through: NaiveDate) -> Value {
    json!({"start": from, "end": through})
}

/// From the first to the last day on which anything is authorized.
fn whole_period(case: &Case) -> Option<Value> {
    let under_it = || case.lines().iter().filter(|drug| drug.order_id.is_some());
    let from = under_it().filter_map(|drug| drug.valid_from).min()?;
    let through = under_it().filter_map(|drug| drug.valid_through).max()?;
    Some(period(from, through))
}

/// The one adjudication of an item or of the whole.
fn adjudication(action: Option<&Coded>, number: Option<&str>, reason: Option<Value>) -> Value {
    let mut review = Vec::new();
    if let Some(action) = action {
        let coded = concept(urls::X12_ACTIONS, &action.code, Some(&action.display));
        review.push(extension(urls::REVIEW_ACTION_CODE, "valueCodeableConcept", coded));
    }
    review.extend(number.map(|number| extension("number", "valueString", number)));
    review.extend(reason.map(|reason| extension("reasonCode", "valueCodeableConcept", reason)));
    json!({
        "extension": [{"url": urls::REVIEW_ACTION, "extension": review}],
        "category": concept("http://terminology.hl7.org/CodeSystem/adjudication", "submitted", None),
    })
}

/// The specific reason of a denial: in words, and with its X12 code where content has one.
fn reason(answer: Answer<'_>, code: &str, words: &str) -> Value {
    let program = answer.context.content.program(&answer.case.program);
    let known = program.and_then(|program| program.reasons.iter().find(|reason| reason.code == code));
    let mut reason = json!({ "text": words });
    if let Some(x12) = known.and_then(|reason| reason.x12.as_deref()) {
        put(&mut reason, "coding", json!([{"system": urls::X12_REASONS, "code": x12}]));
    }
    reason
}

/// Units that are asked for and those that are authorized, where they are fewer.
fn fewer(line: &Line<'_>, drug: &CaseLine) -> Option<(f64, u32)> {
    let quantity = line.item.get("quantity").and_then(|quantity| quantity.get("value")).and_then(Value::as_f64);
    let units = drug.units_approved.and_then(|units| u32::try_from(units).ok());
    quantity.zip(units).filter(|(asked, units)| *asked > f64::from(*units))
}

/// What is asked for beyond what is authorized.
fn beyond(line: &Line<'_>, drug: &CaseLine) -> Option<String> {
    let more = fewer(line, drug);
    let end = line.item.get("servicedPeriod").and_then(|period| text(period, "end")).and_then(date);
    let longer = end.zip(drug.valid_through).filter(|(end, through)| end > through);
    let of_units = more.map(|(asked, units)| format!("{asked} units are asked for and {units} are authorized"));
    let of_days =
        longer.map(|(end, through)| format!("days through {end} are asked for and those through {through} are authorized"));
    let parts: Vec<String> = of_units.into_iter().chain(of_days).collect();
    (!parts.is_empty()).then(|| format!("item {}: {}", line.sequence, parts.join("; ")))
}

/// What the practice should know beside the items.
fn about_the_case(answer: Answer<'_>, notes: &mut Notes) {
    let case = answer.case;
    for line in &answer.claim.lines {
        let drug = case.lines().iter().find(|drug| drug.line == line.sequence && drug.status == DrugStatus::Authorized);
        if let Some(words) = drug.and_then(|drug| beyond(line, drug)) {
            notes.add(&words);
        }
    }
    for deviation in &case.deviations {
        notes.add(&format!("{} ({})", deviation.message, deviation.field));
    }
    for notice in &case.notices {
        notes.add(&notice.message);
    }
    for award in case.s_codes.iter().flatten() {
        notes.add(&format!(
            "{}: {} times from {} through {}. {}",
            award.code, award.times, award.billable_from, award.billable_through, award.instructions
        ));
    }
    for note in answer.notes {
        notes.add(&format!("{}: {}", note.expression, note.text));
    }
}
