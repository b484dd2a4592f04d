//! A request Bundle as an order: who, what and when from the Claim, clinical answers from questionnaires and then from other resources.

use super::answers::{self, Answers, Note, shown};
use super::bundle::{Bundle, Entry};
use super::claim::Claim;
use super::items::Place;
use super::observations::{self, Findings, same};
use super::shape::Shape;
use super::{items, people, treatment};
use crate::domain::content::{CodeTables, Content, SystemCode};
use crate::fhir::element::{list, put, text};
use crate::fhir::outcome::Issue;
use crate::fhir::refused::MEMBER;
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

/// Reads a request. One that changes another is read alike: it says everything anew, and what it does not say is not told.
pub fn read(bundle: &Bundle<'_>, claim: &Claim<'_>, shape: &Shape, content: &Content) -> Reading {
    let tables = &content.code_tables;
    let mut reader = Reader { bundle, claim, shape, content, tables, reading: Reading::default(), order: Map::new() };
    reader.member();
    reader.request();
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
    reader.reading.order = Value::Object(reader.order);
    reader.reading
}

/// The health plan that an identifier of the payer means; identifiers of two plans mean none.
pub fn plan(claim: &Claim<'_>, tables: &CodeTables) -> Option<String> {
    let own = claim.insurer.map(|entry| list(entry.resource, "identifier"));
    let logical = claim.entry.resource.get("insurer").map(|insurer| list(insurer, "identifier"));
    plan_of(own.or(logical).unwrap_or_default(), tables)
}

/// The one health plan that these identifiers mean.
pub fn plan_of(identifiers: &[Value], tables: &CodeTables) -> Option<String> {
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
    content: &'a Content,
    tables: &'a CodeTables,
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
        self.reading.issues.extend(people::faults(self.bundle, self.claim));
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
        if !people::is_one_member(self.claim) {
            self.reading.rejected.push(Rejected {
                refusal: "member-mismatch",
                expression: self.claim.coverage.path("identifier"),
                text: MEMBER.to_owned(),
                item: None,
            });
        }
        self.set("member", Value::Object(member), self.claim.patient.path(""));
        self.reading.origins.insert("/member/member_id".to_owned(), self.claim.coverage.path("identifier"));
    }

    fn request(&mut self) {
        let (bundle, claim) = (self.bundle, self.claim);
        let service = if items::is_radiation(claim) { "radiation_oncology" } else { "medical_oncology" };
        self.set("service", json!(service), claim.entry.path("item"));
        self.set("channel", json!("api"), claim.entry.path(""));
        let urgency = if items::is_urgent(claim) { "urgent" } else { "standard" };
        self.set("urgency", json!(urgency), claim.entry.path("priority"));
        let admitted = self.sound(items::is_admission(bundle, claim)).unwrap_or_default();
        let place = self.sound(items::place(claim, &self.content.places_of_service)).flatten();
        let inpatient = admitted || place.as_ref().is_some_and(|place| place.admits);
        if let Some(Place { code, path, differs, .. }) = place {
            if differs {
                self.note(path.clone(), format!("the items have different places of service; {code} of the first is taken"));
            }
            self.set("place_of_service", json!(code), path);
        }
        self.set("setting", json!(if inpatient { "inpatient" } else { "outpatient" }), claim.entry.path("item"));
        if let Some((day, path)) = self.sound(items::date_of_service(claim)).flatten() {
            self.set("date_of_service", json!(day), path);
        }
        if let Some((code, path)) = self.sound(items::diagnosis(bundle, claim)).flatten() {
            self.set("diagnosis", json!({"icd10": code}), path);
        }
    }

    /// What was read; a fault is kept.
    fn sound<T>(&mut self, read: Result<T, Issue>) -> Option<T> {
        read.map_err(|issue| self.reading.issues.push(issue)).ok()
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
        let gender = text(self.claim.patient.resource, "gender").filter(|gender| matches!(*gender, "female" | "male"));
        if let Some(gender) = gender {
            let path = self.claim.patient.path("gender");
            let sex = clinical.entry("sex").or_insert_with(|| json!(gender));
            if matches!(sex.as_str(), Some("female" | "male")) && *sex != gender {
                let words = format!("the questionnaire answers /clinical/sex with {}, the Patient is {gender}", shown(sex));
                self.reading.notes.push(Note { expression: path.clone(), text: format!("{words}; it counts as unknown") });
                *sex = json!("unknown");
            }
            self.reading.origins.entry("/clinical/sex".to_owned()).or_insert(path);
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
    }

    fn treatment(&mut self, told: Option<Value>) {
        let plan = treatment::read(self.bundle, self.claim, told, self.shape, self.content);
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
        let mut asked = Vec::new();
        for line in &claim.lines {
            let units = line.item.get("quantity").and_then(|quantity| quantity.get("value")).and_then(Value::as_number);
            let units = units.and_then(answers::whole);
            match items::product(bundle, claim, line, &self.content.drugs) {
                Ok(product) => asked.push(json!({"line": line.sequence, "code": product.code, "units": units})),
                Err(issue) => self.reading.issues.push(issue),
            }
        }
        if let Some(radiation) = entry.as_object_mut() {
            radiation.insert("procedures".to_owned(), Value::Array(asked));
        }
    }
}
