//! `POST /fhir/Claim/$submit-attachment`: what a pended request asked for. Answers to a questionnaire are put into the order, which is decided
//! anew; documents go to the case.
//!
//! A resend does nothing twice: a document is known by its bytes, and answers that the order has already change nothing.

use super::answer::read_case;
use super::attach_documents::Document;
use super::attachment_case::{Found, find};
use super::body::Resource;
use super::element::{put, resource_type, text};
use super::outcome::{Failure, Issue, issue_code};
use super::read::answers;
use super::read::attachments::{self as read, Sent};
use super::write::Context;
use super::{Documented, attach_documents};
use crate::app::orders;
use crate::app::{App, Caller};
use crate::domain::case::Case;
use crate::domain::order::OrderRequest;
use crate::domain::refusal::Fault;
use crate::domain::vocabulary::CaseStatus;
use axum::Extension;
use axum::extract::{FromRequest as _, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde_json::Value;
use std::sync::Arc;
use tokio::time::timeout;
use uuid::Uuid;

/// How often answers are put to an order that somebody else changes at the same moment.
const TRIES: u32 = 4;
/// What a plan is changed by.
const PLAN: &str = "treatment";

/// Takes attachments.
pub async fn submit_attachment(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Extension(documented): Extension<Documented>,
    request: Request,
) -> Result<Response, Failure> {
    let arrived = timeout(app.settings.request_timeout, Resource::from_request(request, &()));
    let Resource(sent) = arrived.await.map_err(|_| Failure::bad_one("timeout", "the body took too long to come"))??;
    let mut issues = Vec::new();
    let Some(sent) = read::read(&sent, &mut issues) else { return Err(Failure::bad(issues)) };
    let in_force = Arc::clone(app.library.in_force(app.clock.now().date_naive()));
    let base = super::base(&app);
    let context = Context { base: &base, content: &in_force };
    let found = find(&app, &caller, &sent, context).await?;
    let mut documents = Vec::new();
    let mut told = Vec::new();
    for (path, content) in &sent.contents {
        match resource_type(content) {
            "QuestionnaireResponse" => told.push((path.as_str(), *content)),
            _ => documents.extend(Document::read(content, path, &mut issues)),
        }
    }
    let fields = fields_of(&told, &found, &sent, documented, context, &mut issues);
    if !issues.is_empty() {
        return Err(Failure::bad(issues));
    }
    if !documents.is_empty() && !fields.is_empty() {
        // where the answers are refused no document is kept either
        Box::pin(check(&app, &caller, found.case_id, &fields, documented)).await?;
    }
    // the rest is the service's own time, a scanner's too
    let turns = u32::try_from(documents.len()).unwrap_or(u32::MAX).saturating_add(1);
    let limit = (app.settings.request_timeout + app.settings.scanner.time_limit()).saturating_mul(turns);
    let storing = attach_documents::store(&app, &caller, found.case_id, &sent.tracking, documents);
    timeout(limit, storing)
        .await
        .map_err(|_| Failure::bad_one("timeout", "storing took too long: send it again, which does it once"))??;
    if !fields.is_empty() {
        Box::pin(answer(&app, &caller, found.case_id, &fields, documented)).await?;
    }
    Ok(StatusCode::OK.into_response())
}

/// What the questionnaires answer. What is not understood is a fault: there is no answer in which it could be told.
fn fields_of(
    told: &[(&str, &Value)],
    found: &Found,
    sent: &Sent<'_>,
    documented: Documented,
    context: Context<'_>,
    issues: &mut Vec<Issue>,
) -> Vec<Value> {
    let mut fields = Vec::new();
    for (path, response) in told {
        let status = text(response, "status").unwrap_or_default();
        if !matches!(status, "completed" | "amended") {
            issues.push(Issue::at("value", format!("{path}.status"), "answers are taken when the questionnaire is `completed`"));
        }
        if !read::is_about(response, &found.patient, &sent.member_id) {
            let words = "the answers are not about the member of this request";
            issues.push(Issue::at("business-rule", format!("{path}.subject"), words));
        }
        let mut read = answers::read_at(response, path, documented.order(), &context.content.code_tables);
        let issue = |note: answers::Note| Issue::at("value", note.expression, format!("{}; nothing was taken", note.text));
        issues.extend(read.notes.into_iter().map(issue));
        // a questionnaire that was filled in for the request has its plan, too
        if read.fields.remove(PLAN).is_some_and(|plan| !is_plan_of(found, plan, documented)) {
            let words = "a plan is changed by a Claim that names the one before (Claim.related), not by an attachment";
            issues.push(Issue::at("not-supported", *path, words));
        }
        if read.fields.is_empty() {
            issues.push(Issue::at("required", *path, "there is no answer in it to a question about an order"));
        }
        fields.push(Value::Object(read.fields));
    }
    fields
}

/// True where a plan is that of the order on file. Which regimen it is called is not asked.
fn is_plan_of(found: &Found, mut plan: Value, documented: Documented) -> bool {
    let Ok(mut order) = serde_json::to_value(&found.request) else { return false };
    if let Some(regimen) = order.pointer("/treatment/regimen_id").filter(|_| plan.get("regimen_id").is_none()) {
        put(&mut plan, "regimen_id", regimen.clone());
    }
    put(&mut order, PLAN, plan);
    (documented.read)(&order).is_ok_and(|order| order.treatment == found.request.treatment)
}

/// Puts answers into the order, which is decided anew where that changes it.
async fn answer(app: &App, caller: &Caller, case_id: Uuid, fields: &[Value], documented: Documented) -> Result<(), Failure> {
    for _ in 1..TRIES {
        match Box::pin(answer_once(app, caller, case_id, fields, documented)).await {
            Err(failure) if failure.is_conflict() => {}
            done => return done,
        }
    }
    Box::pin(answer_once(app, caller, case_id, fields, documented)).await
}

async fn answer_once(app: &App, caller: &Caller, case_id: Uuid, fields: &[Value], documented: Documented) -> Result<(), Failure> {
    if let Some((version, order)) = planned(app, caller, case_id, fields, documented).await? {
        orders::update(app, caller, case_id, version, &order).await?;
    }
    Ok(())
}

/// Refuses what putting these answers to the order would be refused.
async fn check(app: &App, caller: &Caller, case_id: Uuid, fields: &[Value], documented: Documented) -> Result<(), Failure> {
    let Some((version, order)) = planned(app, caller, case_id, fields, documented).await? else { return Ok(()) };
    match orders::preview_update(app, caller, case_id, version, &order).await.map(drop).map_err(Failure::from) {
        // somebody else changes it at the same moment: it is put to what comes of that
        Err(failure) if failure.is_conflict() => Ok(()),
        checked => checked,
    }
}

/// The order with these answers, and which version of the case it changes; none where it has them already.
async fn planned(
    app: &App,
    caller: &Caller,
    case_id: Uuid,
    fields: &[Value],
    documented: Documented,
) -> Result<Option<(i64, OrderRequest)>, Failure> {
    let seen = orders::get(app, caller, case_id).await?;
    let case: Case = read_case(&seen.body)?;
    let mut order = serde_json::to_value(&case.request).map_err(|_| Failure::internal("an order does not serialize"))?;
    for fields in fields {
        overlay(&mut order, fields);
    }
    let issue = |fault: &Fault| Issue::at(issue_code(fault), "Parameters", format!("{}: {}", fault.pointer, fault.message));
    let faults = |faults: Vec<Fault>| Failure::bad(faults.iter().map(issue).collect());
    let order = (documented.read)(&order).map_err(faults)?;
    if order == case.request {
        return Ok(None);
    }
    if case.status != CaseStatus::InProgress {
        let text =
            format!("the request is {}: nothing is asked for any more, and any change is a new request (SUB-13)", case.status);
        return Err(Failure::new(StatusCode::UNPROCESSABLE_ENTITY, vec![Issue::new("business-rule", text)]));
    }
    Ok(Some((seen.version, order)))
}

/// Puts later answers in the place of earlier ones. Entries of a list that have names are each an answer of their own.
fn overlay(order: &mut Value, told: &Value) {
    match (order, told) {
        (Value::Object(there), Value::Object(more)) => {
            for (name, value) in more {
                overlay(there.entry(name.clone()).or_insert(Value::Null), value);
            }
        }
        (Value::Array(there), Value::Array(more))
            if !more.is_empty() && more.iter().all(|entry| text(entry, "name").is_some()) =>
        {
            for entry in more {
                let same = |other: &&mut Value| text(other, "name") == text(entry, "name");
                match there.iter_mut().find(same) {
                    // an answer that gives no result takes none away
                    Some(other) if entry.get("result").is_none() => overlay(other, entry),
                    Some(other) => other.clone_from(entry),
                    None => there.push(entry.clone()),
                }
            }
        }
        (slot, value) => slot.clone_from(value),
    }
}

#[cfg(test)]
mod tests {
    use super::overlay;
    use serde_json::json;

    #[test]
    fn later_answers_take_the_place_of_earlier_ones_each_by_itself() {
        let mut order = json!({"clinical": {"stage": "unknown", "tnm": {"t": "2"}, "biomarkers": [{"name": "her2", "result": "unknown"},
            {"name": "er", "result": "positive"}], "prior_therapies": [{"generic": "a"}], "fn_risk_factors": "unknown"}, "contact": 1});
        let told = json!({"clinical": {"stage": "IIB", "tnm": {"n": "1"}, "biomarkers": [{"name": "her2", "result": "positive"},
            {"name": "pr", "result": "negative"}, {"name": "er", "on": "2026-11-01"}], "prior_therapies": [], "fn_risk_factors": ["age"]}});
        overlay(&mut order, &told);
        assert_eq!(
            order,
            json!({"clinical": {"stage": "IIB", "tnm": {"t": "2", "n": "1"}, "biomarkers": [{"name": "her2", "result": "positive"},
                {"name": "er", "result": "positive", "on": "2026-11-01"}, {"name": "pr", "result": "negative"}], "prior_therapies": [],
                "fn_risk_factors": ["age"]}, "contact": 1})
        );
    }
}
