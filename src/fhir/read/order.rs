//! A request Bundle as an order: who, what and when from the Claim, clinical answers from questionnaires and then from other resources.

use super::answers::{self, Answers, Note, shown};
use super::bundle::{Bundle, Entry};
use super::claim::Claim;
use super::observations::{self, Findings, same};
use super::shape::Shape;
use super::{items, people, treatment};
use crate::domain::content::{CodeTables, Content, SystemCode};
use crate::domain::order::OrderRequest;
use crate::fhir::element::{list, put, text};
use crate::fhir::outcome::Issue;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// A refusal that the Claim itself leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// Name of the refusal, as the code tables have it.
    pub refusal: &'static str,
    /// Where the cause stands.
    pub expression: String,
    /// In words.
    pub text: String,
    /// The item concerned.
    pub item: Option<u32>,
}

/// What was read of a request.
#[derive(Debug, Default)]
pub struct Reading {
    /// The order as JSON.
    pub order: Value,
    /// Where its fields stand, by JSON pointer.
    pub origins: BTreeMap<String, String>,
    /// What was not taken as it stands.
    pub notes: Vec<Note>,
    /// Why the request cannot be taken as it is.
    pub issues: Vec<Issue>,
    /// Why it is refused.
    pub rejected: Vec<Rejected>,
}

impl Reading {
    /// Where the field that a JSON pointer names stands in the request: of the field itself, or of what it is in.
    pub fn origin(&self, pointer: &str, claim: &Claim<'_>) -> String {
        let mut pointer = pointer;
        loop {
            if let Some(path) = self.origins.get(pointer) {
                return path.clone();
            }
            match pointer.rfind('/') {
                Some(end) => pointer = pointer.get(..end).unwrap_or_default(),
                None => return claim.entry.path(""),
            }
        }
    }
}

/// Reads a request. Of one that changes an order, what it leaves out stays as the order has it.
pub fn read(bundle: &Bundle<'_>, claim: &Claim<'_>, shape: &Shape, content: &Content, stored: Option<&OrderRequest>) -> Reading {
    let tables = &content.code_tables;
    let before = stored.and_then(|stored| serde_json::to_value(stored).ok());
    let mut reader = Reader { bundle, claim, shape, tables, before, reading: Reading::default(), order: Map::new() };
    reader.member();
    reader.request(content);
    reader.providers();
    let mut told = reader.questionnaires();
    let plan = told.fields.remove("treatment");
    reader.notes(&mut told);
    reader.order.extend(told.fields);
    reader.reading.origins.extend(told.origins);
    reader.clinical();
    if reader.order.get("service") == Some(&json!("radiation_oncology")) {
        reader.radiation();
    } else {
        reader.treatment(plan);
    }
    let told = Value::Object(reader.order);
    reader.reading.order = match stored {
        Some(stored) => over(stored, told),
        None => told,
    };
    reader.reading
}

/// The health plan that an identifier of the payer means; identifiers of two plans mean none.
pub fn plan(claim: &Claim<'_>, tables: &CodeTables) -> Option<String> {
    let own = claim.insurer.map(|entry| list(entry.resource, "identifier"));
    let logical = claim.entry.resource.get("insurer").map(|insurer| list(insurer, "identifier"));
    let identifiers = own.or(logical).unwrap_or_default();
    let mut plans = identifiers.iter().filter_map(|identifier| {
        let (system, code) = (text(identifier, "system")?.to_owned(), text(identifier, "value")?.to_owned());
        tables.payers.get(&SystemCode { system, code })
    });
    let first = plans.next()?;
    plans.all(|plan| plan == first).then(|| first.clone())
}

struct Reader<'a, 'v> {
    bundle: &'a Bundle<'v>,
    claim: &'a Claim<'v>,
    shape: &'a Shape,
    tables: &'a CodeTables,
    /// The order that is changed.
    before: Option<Value>,
    reading: Reading,
    order: Map<String, Value>,
}

impl Reader<'_, '_> {
    fn set(&mut self, name: &str, value: Value, path: String) {
        self.order.insert(name.to_owned(), value);
        self.reading.origins.insert(format!("/{name}"), path);
    }

    fn note(&mut self, expression: String, text: impl Into<String>) {
        self.reading.notes.push(Note { expression, text: text.into() });
    }

    fn notes(&mut self, answers: &mut Answers) {
        self.reading.notes.append(&mut answers.notes);
    }

    fn member(&mut self) {
        let mut member = people::member(self.claim);
        let path = self.claim.entry.path("insurer");
        match plan(self.claim, self.tables) {
            Some(plan) => {
                member.insert("health_plan".to_owned(), json!(plan));
            }
            None => self.reading.rejected.push(Rejected {
                refusal: "unknown-payer",
                expression: path,
                text: "none of the payer's identifiers is that of a health plan here".to_owned(),
                item: None,
            }),
        }
        self.set("member", Value::Object(member), self.claim.patient.path(""));
        self.reading.origins.insert("/member/member_id".to_owned(), self.claim.coverage.path("identifier"));
    }

    fn request(&mut self, content: &Content) {
        let (bundle, claim) = (self.bundle, self.claim);
        let service = if items::is_radiation(claim) { "radiation_oncology" } else { "medical_oncology" };
        self.set("service", json!(service), claim.entry.path("item"));
        self.set("channel", json!("api"), claim.entry.path(""));
        let urgency = if items::is_urgent(claim) { "urgent" } else { "standard" };
        self.set("urgency", json!(urgency), claim.entry.path("priority"));
        let mut inpatient = items::is_admission(bundle, claim);
        if let Some((code, path, differs)) = items::place(claim) {
            inpatient |= content.places_of_service.get(&code).is_some_and(|place| place.inpatient);
            if differs {
                self.note(path.clone(), format!("the items have different places of service; {code} of the first is taken"));
            }
            self.set("place_of_service", json!(code), path);
        }
        self.set("setting", json!(if inpatient { "inpatient" } else { "outpatient" }), claim.entry.path("item"));
        if let Some((day, path)) = items::date_of_service(claim) {
            self.set("date_of_service", json!(day), path);
        }
        if let Some((code, path)) = items::diagnosis(bundle, claim) {
            self.set("diagnosis", json!({"icd10": code}), path);
        }
    }

    fn providers(&mut self) {
        let (bundle, claim) = (self.bundle, self.claim);
        let found = [
            ("ordering_provider", people::ordering(bundle, claim)),
            ("servicing_provider", people::servicing(bundle, claim)),
            ("contact", people::contact(bundle, claim)),
        ];
        for (name, read) in found {
            if let Some((value, path)) = read {
                self.set(name, value, path);
            }
        }
    }

    /// The answers of every questionnaire that is finished and about the patient.
    fn questionnaires(&mut self) -> Answers {
        let mut all = Answers::default();
        for entry in self.bundle.of_type("QuestionnaireResponse") {
            if let Err(why) = self.is_read(entry) {
                self.note(entry.path(""), format!("the QuestionnaireResponse {why} and was not read"));
                continue;
            }
            let read = answers::read(entry, self.shape, self.tables);
            all.notes.extend(read.notes);
            for (pointer, path) in read.origins {
                all.origins.entry(pointer).or_insert(path);
            }
            for (name, value) in read.fields {
                match all.fields.get_mut(&name) {
                    Some(slot) => self.combine(slot, value, &format!("/{name}"), entry),
                    None => {
                        all.fields.insert(name, value);
                    }
                }
            }
        }
        all
    }

    fn is_read(&self, entry: Entry<'_>) -> Result<(), String> {
        let status = text(entry.resource, "status").unwrap_or("without status");
        if !matches!(status, "completed" | "amended") {
            return Err(format!("is {status}, not completed,"));
        }
        match entry.resource.get("subject") {
            None => Ok(()),
            Some(_) if observations::is_about(self.bundle, entry, self.claim) => Ok(()),
            Some(_) => Err("is not about the patient of the Claim".to_owned()),
        }
    }

    /// Puts the answers of another questionnaire to those there are. Clinical ones that differ are unknown, others a fault.
    fn combine(&mut self, slot: &mut Value, value: Value, pointer: &str, entry: Entry<'_>) {
        match (slot, value) {
            (Value::Object(there), Value::Object(more)) => {
                for (name, value) in more {
                    match there.get_mut(&name) {
                        Some(slot) => self.combine(slot, value, &format!("{pointer}/{name}"), entry),
                        None => {
                            there.insert(name, value);
                        }
                    }
                }
            }
            (slot, value) if same(slot, &value) => {}
            (slot, value) => {
                let words = format!("two questionnaires answer {pointer}: {} and {}", shown(slot), shown(&value));
                if self.shape.at(pointer).is_some_and(|shape| shape.may_be_unknown) {
                    self.note(entry.path(""), format!("{words}; it counts as unknown"));
                    *slot = json!("unknown");
                } else {
                    self.reading.issues.push(Issue::at("business-rule", entry.path(""), words));
                }
            }
        }
    }

    /// What other resources say, where no questionnaire does. Where both do and differ, it is unknown.
    fn clinical(&mut self) {
        let icd10 =
            self.order.get("diagnosis").and_then(|diagnosis| diagnosis.get("icd10")).and_then(Value::as_str).map(str::to_owned);
        let found = observations::read(self.bundle, self.claim, icd10.as_deref(), self.shape, self.tables);
        let mut clinical = match self.order.remove("clinical") {
            Some(Value::Object(clinical)) => clinical,
            _ => Map::new(),
        };
        self.fields(&found, &mut clinical);
        self.named(&mut clinical, "biomarkers", found.biomarkers);
        self.named(&mut clinical, "assessments", found.assessments);
        self.reading.notes.extend(found.notes);
        if !clinical.contains_key("sex") {
            let sex = text(self.claim.patient.resource, "gender").filter(|gender| matches!(*gender, "female" | "male"));
            if let Some(sex) = sex {
                clinical.insert("sex".to_owned(), json!(sex));
                self.reading.origins.insert("/clinical/sex".to_owned(), self.claim.patient.path("gender"));
            }
        }
        self.order.insert("clinical".to_owned(), Value::Object(clinical));
    }

    fn fields(&mut self, found: &Findings, clinical: &mut Map<String, Value>) {
        for (pointer, (value, path)) in &found.fields {
            let Some(rest) = pointer.strip_prefix("/clinical/") else { continue };
            let (holder, name) = match rest.split_once('/') {
                None => (Some(&mut *clinical), rest),
                Some((group, name)) => (clinical.entry(group).or_insert_with(|| json!({})).as_object_mut(), name),
            };
            // a group that is said to be unknown as a whole stays so
            let Some(holder) = holder else { continue };
            match holder.get_mut(name) {
                None => {
                    holder.insert(name.to_owned(), value.clone());
                    self.reading.origins.insert(pointer.clone(), path.clone());
                }
                Some(told) if same(told, value) => {}
                Some(told) => {
                    let words = format!(
                        "the questionnaire answers {pointer} with {}, another resource with {}",
                        shown(told),
                        shown(value)
                    );
                    self.reading.notes.push(Note { expression: path.clone(), text: format!("{words}; it counts as unknown") });
                    *told = json!("unknown");
                }
            }
        }
    }

    /// Results of other resources beside those of the questionnaire, by name.
    fn named(&mut self, clinical: &mut Map<String, Value>, list_name: &str, found: Vec<(Value, String)>) {
        if found.is_empty() {
            return;
        }
        let of_before = if clinical.contains_key(list_name) { Vec::new() } else { self.stay(list_name, &found) };
        let slot = clinical.entry(list_name).or_insert_with(|| json!([]));
        let Value::Array(told) = slot else { return };
        let asked = told.len();
        for (result, path) in found {
            let field = |value: &Value, name: &str| value.get(name).cloned().unwrap_or_default();
            let (before, added) = told.split_at_mut(asked);
            let same_name = |other: &&mut Value| same(&field(other, "name"), &field(&result, "name"));
            match before.iter_mut().find(same_name) {
                Some(other) if same(&field(other, "result"), &field(&result, "result")) => {}
                Some(other) => {
                    let (name, one, another) = (field(&result, "name"), field(other, "result"), field(&result, "result"));
                    let words = format!(
                        "the questionnaire gives {} as {}, another resource as {}",
                        shown(&name),
                        shown(&one),
                        shown(&another)
                    );
                    self.reading.notes.push(Note { expression: path, text: format!("{words}; it counts as unknown") });
                    put(other, "result", json!("unknown"));
                }
                None if added.contains(&result) => {}
                None => {
                    self.reading.origins.insert(format!("/clinical/{list_name}/{}", told.len()), path);
                    told.push(result);
                }
            }
        }
        told.extend(of_before);
    }

    /// The results that the order has under other names than these: a change that brings a result leaves the others.
    fn stay(&self, list_name: &str, found: &[(Value, String)]) -> Vec<Value> {
        let stored = self.before.as_ref().and_then(|order| order.get("clinical")?.get(list_name)?.as_array());
        let is_new = |result: &&Value| {
            let name = result.get("name").cloned().unwrap_or_default();
            found.iter().any(|(other, _)| other.get("name").is_some_and(|other| same(other, &name)))
        };
        stored.into_iter().flatten().filter(|result| !is_new(result)).cloned().collect()
    }

    fn treatment(&mut self, told: Option<Value>) {
        let before = self.before.as_ref().and_then(|order| order.get("treatment"));
        let plan = treatment::read(self.bundle, self.claim, told, before, (self.shape, self.tables));
        self.reading.issues.extend(plan.issues);
        self.reading.origins.extend(plan.origins);
        for (item, note) in plan.untold {
            let Note { expression, text } = note;
            self.reading.rejected.push(Rejected { refusal: "missing-required-information", expression, text, item: Some(item) });
        }
        if let Some(treatment) = plan.treatment {
            self.order.insert("treatment".to_owned(), treatment);
            self.reading.origins.entry("/treatment".to_owned()).or_insert_with(|| self.claim.entry.path("item"));
        }
    }

    /// The procedures of a radiation order, where orders have them; the rest is the questionnaire's.
    fn radiation(&mut self) {
        let entry = self.order.entry("radiation").or_insert_with(|| json!({}));
        if self.shape.at("/radiation/procedures").is_none() {
            return;
        }
        let (bundle, claim) = (self.bundle, self.claim);
        let asked = claim.lines.iter().filter(|line| !line.is_cancelled).map(|line| {
            let units = line.item.get("quantity").and_then(|quantity| quantity.get("value")).and_then(Value::as_number);
            let units = units.and_then(answers::whole);
            json!({"line": line.sequence, "code": items::product(bundle, claim, line).code, "units": units})
        });
        if let Some(radiation) = entry.as_object_mut() {
            radiation.insert("procedures".to_owned(), Value::Array(asked.collect()));
        }
    }
}

/// The order as it is, with what a change says of it: what the change leaves out stays.
fn over(stored: &OrderRequest, told: Value) -> Value {
    let mut order = serde_json::to_value(stored).unwrap_or_default();
    lay_over(&mut order, told);
    // how the order came in first is no part of a change
    if let Some(order) = order.as_object_mut() {
        order.insert("channel".to_owned(), json!(stored.channel));
    }
    order
}

fn lay_over(under: &mut Value, over: Value) {
    match (under, over) {
        (_, Value::Null) => {}
        (Value::Object(under), Value::Object(over)) => {
            for (name, value) in over {
                lay_over(under.entry(name).or_insert(Value::Null), value);
            }
        }
        (under, over) => *under = over,
    }
}

#[cfg(test)]
mod tests {
    use super::lay_over;
    use serde_json::json;

    #[test]
    fn what_a_change_leaves_out_stays() {
        let mut order = json!({"a": {"b": 1, "c": [1, 2]}, "d": "e"});
        lay_over(&mut order, json!({"a": {"b": null, "c": [3]}, "f": "g"}));
        assert_eq!(order, json!({"a": {"b": 1, "c": [3]}, "d": "e", "f": "g"}));
    }
}
