//! The answer to a hook: coverage information on each order, and a card that says what to do.

use super::hook::Hook;
use super::judge::{Answer, Judged};
use crate::app::App;
use crate::domain::case::Contact;
use crate::fhir::element::{list, put, resource_type, text};
use crate::fhir::urls;
use serde_json::{Value, json};

/// Extension: what the payer says of an order.
const COVERAGE_INFORMATION: &str = "http://hl7.org/fhir/us/davinci-crd/StructureDefinition/ext-coverage-information";
/// Codes that the guide made for the time being.
const CODES: &str = "http://hl7.org/fhir/us/davinci-crd/CodeSystem/temp";
/// Kinds of cards.
const TOPICS: &str = "http://terminology.hl7.org/CodeSystem/cdshooks-card-type";
/// What varies with each answer.
const VARYING: [&str; 2] = ["date", "coverage-assertion-id"];

/// Writes the answer. Where there is nothing to say, both lists are empty.
pub fn answer(app: &App, hook: &Hook<'_>, judged: Option<&Judged<'_>>, base: &str) -> Value {
    let mut actions = Vec::new();
    let mut needed = Vec::new();
    if let Some(judged) = judged.filter(|_| hook.wants_coverage) {
        let assertion = app.ids.uuid(app.clock.now()).to_string();
        let coverage = format!("Coverage/{}", text(judged.coverage, "id").unwrap_or_default());
        for (order, (code, answer)) in hook.orders.iter().zip(&judged.answers) {
            if !hook.answers(order) {
                continue;
            }
            if matches!(answer, Answer::Needed { .. }) {
                needed.push(name_of(order));
            }
            let mut parts = information(&coverage, code.as_deref(), answer);
            if is_told(order, &parts) {
                continue;
            }
            parts.push(json!({"url": "date", "valueDate": judged.today}));
            parts.push(json!({"url": "coverage-assertion-id", "valueString": assertion}));
            actions.push(json!({
                "type": "update",
                "description": format!("Coverage information of {}", name_of(order)),
                "resource": marked(order, &coverage, json!({"url": COVERAGE_INFORMATION, "extension": parts})),
            }));
        }
    }
    let mut cards = Vec::new();
    if !needed.is_empty() && !actions.is_empty() {
        cards.push(card(app, &needed, base));
    }
    cards.truncate(hook.cards_at_most);
    json!({"cards": cards, "systemActions": actions})
}

/// Says what to do about orders that need authorization.
fn card(app: &App, needed: &[String], base: &str) -> Value {
    let (orders, verb) = if needed.len() == 1 { ("1 order", "needs") } else { ("orders", "need") };
    let count = if needed.len() == 1 { String::new() } else { format!("{} ", needed.len()) };
    json!({
        "uuid": app.ids.uuid(app.clock.now()).to_string(),
        "summary": format!("{count}{orders} {verb} prior authorization"),
        "indicator": "info",
        "detail": format!(
            "{}. Send the orders of a treatment together, as one request to {base}/Claim/$submit (Da Vinci PAS): one that meets the plan's \
             criteria is authorized at once.",
            needed.join(", ")
        ),
        "source": {"label": "Oncology prior authorization", "topic": {"system": TOPICS, "code": "coverage-info", "display": "Coverage Information"}},
    })
}

/// What an order is called.
fn name_of(order: &Value) -> String {
    let concept = order.get("medicationCodeableConcept").or_else(|| order.get("code")).unwrap_or(&Value::Null);
    let shown = list(concept, "coding").iter().find_map(|coding| text(coding, "display"));
    let named = text(concept, "text").or(shown).unwrap_or_else(|| resource_type(order));
    named.chars().take(80).collect()
}

fn information(coverage: &str, code: Option<&str>, answer: &Answer) -> Vec<Value> {
    let mut parts = vec![json!({"url": "coverage", "valueReference": {"reference": coverage}})];
    let mut say = |name: &str, code: &str| parts.push(json!({"url": name, "valueCode": code}));
    match answer {
        Answer::Satisfied { .. } => {
            say("covered", "covered");
            say("pa-needed", "satisfied");
        }
        Answer::Needed { .. } => {
            say("covered", "covered");
            say("pa-needed", "auth-needed");
            say("doc-needed", "clinical");
            say("doc-purpose", "withpa");
        }
        Answer::NotNeeded { .. } => {
            say("covered", "covered");
            say("pa-needed", "no-auth");
        }
        Answer::Elsewhere { .. } | Answer::Open { .. } => {
            say("covered", "conditional");
            say("pa-needed", "conditional");
            say("info-needed", "OTH");
        }
        Answer::NotCovered { .. } => say("covered", "not-covered"),
        Answer::Unknown { .. } => {
            say("covered", "indeterminate");
            say("pa-needed", "indeterminate");
        }
    }
    if let Some(code) = code {
        let system = if code.bytes().all(|byte| byte.is_ascii_digit()) { urls::CPT } else { urls::HCPCS };
        parts.push(json!({"url": "billingCode", "valueCoding": {"system": system, "code": code}}));
    }
    let reason = |code: Option<&str>, words: &str| {
        let mut concept = json!({});
        if !words.is_empty() {
            put(&mut concept, "text", words);
        }
        if let Some(code) = code {
            put(&mut concept, "coding", json!([{"system": CODES, "code": code}]));
        }
        json!({"url": "reason", "valueCodeableConcept": concept})
    };
    match answer {
        Answer::Satisfied { order_id, valid } => {
            if let Some((from, through)) = valid {
                parts.push(reason(None, &format!("An authorization is on file, valid from {from} through {through}")));
            }
            parts.push(json!({"url": "satisfied-pa-id", "valueString": order_id}));
            if let Some((_, through)) = valid {
                parts.push(json!({"url": "expiry-date", "valueDate": through}));
            }
        }
        Answer::Needed { why, questionnaire } => {
            parts.push(reason(None, why));
            parts.extend(questionnaire.iter().map(|form| json!({"url": "questionnaire", "valueCanonical": form})));
        }
        Answer::NotNeeded { why } => parts.push(reason(None, why)),
        Answer::Open { why } => parts.push(reason(None, if why.is_empty() { "More has to be known" } else { why })),
        Answer::NotCovered { code, why } => parts.push(reason(Some(code), why)),
        Answer::Unknown { code, why } => parts.push(reason(*code, why)),
        Answer::Elsewhere { why, contact } => {
            let words = contact.as_ref().map_or("Another entity decides about it", |contact| contact.entity.as_str());
            parts.push(reason(None, if why.is_empty() { words } else { why }));
            parts.extend(contact.as_deref().map(written));
        }
    }
    parts
}

fn written(contact: &Contact) -> Value {
    let number = |system: &str, value: &Option<String>| value.as_ref().map(|value| json!({"system": system, "value": value}));
    let telecom: Vec<Value> = [number("phone", &contact.phone), number("fax", &contact.fax), number("url", &contact.url)]
        .into_iter()
        .flatten()
        .collect();
    let mut detail = json!({"name": contact.entity});
    if !telecom.is_empty() {
        put(&mut detail, "telecom", telecom);
    }
    json!({"url": "contact", "valueContactDetail": detail})
}

/// True where the order says all of this already: then there is nothing new.
fn is_told(order: &Value, parts: &[Value]) -> bool {
    let same = |extension: &&Value| {
        let told =
            list(extension, "extension").iter().filter(|part| !text(part, "url").is_some_and(|url| VARYING.contains(&url)));
        text(extension, "url") == Some(COVERAGE_INFORMATION) && told.eq(parts)
    };
    list(order, "extension").iter().any(|extension| same(&extension))
}

/// The order, unchanged but for what is said of it under this coverage.
fn marked(order: &Value, coverage: &str, information: Value) -> Value {
    let is_older = |extension: &Value| {
        let of_coverage = |part: &Value| {
            text(part, "url") == Some("coverage") && part.pointer("/valueReference/reference") == Some(&json!(coverage))
        };
        text(extension, "url") == Some(COVERAGE_INFORMATION) && list(extension, "extension").iter().any(of_coverage)
    };
    let mut extensions: Vec<Value> = list(order, "extension").iter().filter(|extension| !is_older(extension)).cloned().collect();
    extensions.push(information);
    let mut order = order.clone();
    put(&mut order, "extension", extensions);
    order
}
