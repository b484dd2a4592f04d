//! What a pended case needs: a `CommunicationRequest` for each pended line, and one `Task` that says where and until when.

use super::claim_response::Answer;
use super::{concept, extension};
use crate::domain::vocabulary::DrugStatus;
use crate::fhir::element::{extension as extension_of, identifier_of, list, put, text};
use crate::fhir::read::claim::Line;
use crate::fhir::urls;
use serde_json::{Value, json};

/// LOINC: fill in the payer's questionnaire.
const QUESTIONNAIRE: &str = "102089-0";
/// X12 code source 755: support data for verification.
const SUPPORT_DATA: &str = "77";

/// The requests and the task; empty where nothing is asked for.
pub fn write(answer: Answer<'_>) -> Vec<Value> {
    let case = answer.case;
    let Some(review) = case.review.as_ref().filter(|review| !review.asked_for.is_empty()) else { return Vec::new() };
    let is_pended = |line: &&Line<'_>| {
        case.lines().iter().find(|drug| drug.line == line.sequence).is_none_or(|drug| drug.status == DrugStatus::InProgress)
    };
    let lines: Vec<&Line<'_>> = answer.claim.lines.iter().filter(is_pended).collect();
    let words = review.asked_for.join("\n");
    let mut asked: Vec<Value> = lines.iter().map(|line| request(answer, line, &words)).collect();
    asked.push(task(answer, &lines, review.due_at));
    asked
}

/// By which the answer to a question about a line is told: the item's own number where it has one.
fn context_of(answer: Answer<'_>, line: &Line<'_>) -> String {
    let trace =
        extension_of(line.item, urls::TRACE_NUMBER).and_then(|extension| text(extension.get("valueIdentifier")?, "value"));
    trace.map_or_else(|| format!("{}-{}", answer.case.case_id, line.sequence), str::to_owned)
}

fn request(answer: Answer<'_>, line: &Line<'_>, words: &str) -> Value {
    let Answer { case, repeated, context, .. } = answer;
    let mut request = json!({
        "resourceType": "CommunicationRequest",
        "id": format!("{}-{}", case.case_id, line.sequence),
        "meta": {"profile": [urls::COMMUNICATION_REQUEST]},
        "extension": [extension(urls::LINE_NUMBER, "valuePositiveInt", line.sequence)],
        "identifier": [{"system": format!("{}/attachment", context.base), "value": context_of(answer, line)}],
        "status": "active",
        "category": [concept(urls::X12_REPORTS, SUPPORT_DATA, None)],
        "payload": [{"contentString": QUESTIONNAIRE}],
        "note": [{"text": words}],
    });
    if let Some(insurer) = &repeated.insurer {
        put(&mut request, "requester", json!({ "reference": insurer }));
    }
    if answer.claim.provider.kind() == "Organization" {
        put(&mut request, "recipient", json!([{"reference": repeated.requestor}]));
        put(&mut request, "sender", json!({"reference": repeated.requestor}));
    }
    request
}

fn task(answer: Answer<'_>, lines: &[&Line<'_>], due_at: chrono::DateTime<chrono::FixedOffset>) -> Value {
    let Answer { case, claim, repeated, context, .. } = answer;
    let pas = |code: &str| concept(urls::PAS_CODES, code, None);
    let mut input = vec![json!({"type": pas("payer-url"), "valueUrl": context.base})];
    input.extend(lines.iter().map(|line| {
        json!({
            "extension": [extension(urls::LINE_NUMBER, "valuePositiveInt", line.sequence)],
            "type": pas("questionnaire-context"),
            "valueString": context_of(answer, line),
        })
    }));
    let first = |resource: &Value| list(resource, "identifier").iter().find(|it| text(it, "value").is_some()).cloned();
    let payer =
        claim.insurer.and_then(|entry| first(entry.resource)).or_else(|| claim.entry.resource.get("insurer").and_then(first));
    let own = json!({"system": format!("{}/payer", context.base), "value": case.program});
    let npi = |resource: &Value| identifier_of(resource, urls::NPI).map(|npi| json!({"system": urls::NPI, "value": npi}));
    let owner = npi(claim.provider.resource).or_else(|| first(claim.provider.resource));
    let ordering = case.request.ordering_provider.as_ref().and_then(|provider| provider.npi.as_ref());
    let ordering = ordering.map(|npi| json!({"system": urls::NPI, "value": npi}));
    let mut task = json!({
        "resourceType": "Task",
        "id": case.case_id.to_string(),
        "meta": {"profile": [urls::TASK]},
        "identifier": [{"system": format!("{}/case", context.base), "value": case.case_id.to_string()}],
        "status": "requested",
        "intent": "order",
        "code": pas("attachment-request-questionnaire"),
        "for": {"reference": repeated.patient},
        "requester": {"identifier": payer.unwrap_or(own)},
        "reasonCode": pas("priorAuthorization"),
        "reasonReference": {"type": "Claim", "identifier": {"system": claim.system, "value": claim.value}},
        "restriction": {"period": {"end": due_at.to_rfc3339_opts(chrono::SecondsFormat::Secs, false)}},
        "input": input,
    });
    if let Some(owner) = owner.or(ordering) {
        put(&mut task, "owner", json!({ "identifier": owner }));
    }
    task
}
