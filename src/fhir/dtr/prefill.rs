//! A draft of a questionnaire's answers: what is known of the request, in the form that its questions take.

use super::input::{Asked, Draft};
use super::items::{self, NAMED, REQUEST};
use crate::app::questionnaires::Form;
use crate::fhir::element::{list, put, text};
use crate::fhir::write::instant;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

/// Extension: orders and coverage that a response is about.
const CONTEXT: &str = "http://hl7.org/fhir/us/davinci-dtr/StructureDefinition/qr-context";
/// Extension: what it is for.
const INTENDED_USE: &str = "http://hl7.org/fhir/us/davinci-dtr/StructureDefinition/intendedUse";
/// Codes of what it is for.
const CODES: &str = "http://hl7.org/fhir/us/davinci-crd/CodeSystem/temp";
/// Extension: who answered.
const ORIGIN: &str = "http://hl7.org/fhir/us/davinci-dtr/StructureDefinition/information-origin";
/// Says that a list is empty.
const NONE: &str = "none";

/// What a response is made from.
pub struct Response<'a> {
    /// Its id.
    pub id: &'a str,
    /// The form that is answered.
    pub form: &'a Form,
    /// The same as a resource.
    pub questionnaire: &'a Value,
    /// What is known.
    pub draft: &'a Draft,
    /// What was asked.
    pub asked: &'a Asked<'a>,
    /// Where resources are addressed that are made here.
    pub base: &'a str,
    /// Now.
    pub now: DateTime<Utc>,
}

/// Writes the response.
pub fn write(response: &Response<'_>) -> Value {
    let Response { id, form, questionnaire, draft, asked, base, now } = response;
    let filler = Filler { form };
    let items = filler.within(questionnaire, &draft.order, &draft.order);
    let contexts =
        asked.references().into_iter().map(|reference| json!({"url": CONTEXT, "valueReference": {"reference": reference}}));
    let used = json!({"url": INTENDED_USE, "valueCodeableConcept": {"coding": [{"system": CODES, "code": "withpa"}]}});
    let mut written = json!({
        "resourceType": "QuestionnaireResponse",
        "id": id,
        "meta": {"profile": ["http://hl7.org/fhir/us/davinci-dtr/StructureDefinition/dtr-questionnaireresponse"]},
        "extension": contexts.chain([used]).collect::<Vec<_>>(),
        "questionnaire": super::canonical(form, base),
        "status": "in-progress",
        "authored": instant(*now),
    });
    if !items.is_empty() {
        put(&mut written, "item", items);
    }
    if let Some(subject) = asked.subject() {
        put(&mut written, "subject", json!({"reference": subject}));
    }
    written
}

struct Filler<'a> {
    form: &'a Form,
}

impl Filler<'_> {
    /// The answers to the items of a questionnaire or group. `holder` is the part of the order that the group is about.
    fn within(&self, group: &Value, order: &Value, holder: &Value) -> Vec<Value> {
        list(group, "item").iter().flat_map(|item| self.item(item, order, holder)).collect()
    }

    fn item(&self, item: &Value, order: &Value, holder: &Value) -> Vec<Value> {
        let (Some(link), Some(kind)) = (text(item, "linkId"), text(item, "type")) else { return Vec::new() };
        if link == REQUEST {
            let told = list(item, "item").iter().filter_map(|shown| {
                let link = text(shown, "linkId")?;
                Some(json!({"linkId": link, "answer": [answer(text(shown, "type")?, order.pointer(link)?)?]}))
            });
            let told: Vec<Value> = told.collect();
            return if told.is_empty() { Vec::new() } else { vec![json!({"linkId": link, "item": told})] };
        }
        let name = link.rsplit('/').next().unwrap_or_default();
        let of_form = json!(self.form.cancer);
        let value = match holder.get(name).filter(|value| !value.is_null()) {
            None if link == "/clinical/cancer_type" => &of_form,
            known => known.unwrap_or(&Value::Null),
        };
        if kind == "group" { self.group(item, link, order, value) } else { question(link, kind, value) }
    }

    fn group(&self, item: &Value, link: &str, order: &Value, value: &Value) -> Vec<Value> {
        let group = |holder: &Value| {
            let within = self.within(item, order, holder);
            (!within.is_empty()).then(|| json!({"linkId": link, "item": within}))
        };
        match value {
            Value::Array(entries) if entries.is_empty() => {
                let is_named = list(item, "item").iter().any(|child| text(child, "linkId") == Some(&format!("{link}/name")));
                group(&json!({"name": NONE})).filter(|_| is_named).into_iter().collect()
            }
            Value::Array(entries) => entries.iter().filter_map(&group).chain(self.to_answer(link, entries, &group)).collect(),
            Value::Object(_) => group(value).into_iter().collect(),
            _ => self.to_answer(link, &[], &group),
        }
    }

    /// Entries for what is asked for and not known, which lack the result only.
    fn to_answer(&self, link: &str, known: &[Value], group: &impl Fn(&Value) -> Option<Value>) -> Vec<Value> {
        if !NAMED.contains(&link) {
            return Vec::new();
        }
        let is_known = |name: &str| known.iter().any(|entry| entry.get("name").is_some_and(|own| own == name));
        let open = items::asked(self.form, link).iter().filter(|one| !is_known(&one.name));
        open.filter_map(|one| group(&json!({"name": one.name}))).collect()
    }
}

fn question(link: &str, kind: &str, value: &Value) -> Vec<Value> {
    let answers: Vec<Value> = match value {
        Value::Array(values) => values.iter().filter_map(|value| answer(kind, value)).collect(),
        value => answer(kind, value).into_iter().collect(),
    };
    if answers.is_empty() { Vec::new() } else { vec![json!({"linkId": link, "answer": answers})] }
}

/// A value as an answer to a question of this type.
fn answer(kind: &str, value: &Value) -> Option<Value> {
    let mut answer = match (kind, value) {
        ("choice" | "open-choice", Value::String(word)) => json!({"valueCoding": {"code": word}}),
        ("open-choice" | "string", Value::Number(number)) => json!({"valueString": number.to_string()}),
        ("open-choice" | "string", Value::Bool(flag)) => json!({"valueString": if *flag { "yes" } else { "no" }}),
        ("string", Value::String(text)) => json!({"valueString": text}),
        ("string", Value::Object(parts)) => {
            let parts: Vec<&str> = parts.values().filter_map(Value::as_str).collect();
            json!({"valueString": parts.join(", ")})
        }
        ("date", Value::String(day)) => json!({"valueDate": day}),
        ("decimal", Value::Number(number)) => json!({"valueDecimal": number}),
        ("integer", Value::Number(number)) => json!({"valueInteger": number}),
        ("boolean", Value::Bool(flag)) => json!({"valueBoolean": flag}),
        _ => return None,
    };
    put(&mut answer, "extension", json!([{"url": ORIGIN, "extension": [{"url": "source", "valueCode": "auto-server"}]}]));
    Some(answer)
}
