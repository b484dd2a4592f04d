//! The parameters of `$submit-attachment` (CDex): which request they are for, and what is attached.

use crate::fhir::element::{list, resource_type, text};
use crate::fhir::outcome::Issue;
use crate::fhir::read::bundle::refuse_modifiers;
use serde_json::Value;

/// Attachments at most.
const AT_MOST: usize = 20;
/// What may be attached.
const KINDS: [&str; 3] = ["QuestionnaireResponse", "DocumentReference", "Binary"];
/// Characters of a number at most.
const NUMBER_AT_MOST: usize = 500;

/// A number with the system that it is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number {
    /// System, which may be empty.
    pub system: String,
    /// Value.
    pub value: String,
}

/// What was sent.
#[derive(Debug)]
pub struct Sent<'v> {
    /// By which the sender was asked: the number of the request for it.
    pub tracking: Number,
    /// The payer's number of the request.
    pub reference: Option<String>,
    /// The member.
    pub member_id: String,
    /// The payer.
    pub payer: Option<Number>,
    /// What is attached, with the `FHIRPath` to it.
    pub contents: Vec<(String, &'v Value)>,
}

/// Reads the parameters; an issue for everything that is missing or not taken.
pub fn read<'v>(resource: &'v Value, issues: &mut Vec<Issue>) -> Option<Sent<'v>> {
    if resource_type(resource) != "Parameters" {
        issues.push(Issue::at("structure", "Parameters", "the body is a Parameters resource"));
        return None;
    }
    refuse_modifiers(resource, "Parameters", false, issues);
    let all = list(resource, "parameter");
    let mut one = |name: &str| {
        let mut named = all.iter().filter(|parameter| text(parameter, "name") == Some(name));
        let first = named.next();
        if named.next().is_some() {
            issues.push(Issue::at("structure", format!("Parameters.parameter.where(name='{name}')"), "this comes once at most"));
        }
        first
    };
    let (tracking, reference, member) = (one("TrackingId"), one("AdminRefNumber"), one("MemberId"));
    let (payer, purpose) = (one("PayerId"), one("AttachTo"));
    let mut missing = |name: &str, words: &str| {
        issues.push(Issue::at("required", format!("Parameters.parameter.where(name='{name}')"), words));
    };
    let tracking = tracking.and_then(number);
    if tracking.is_none() {
        missing("TrackingId", "say by which number it was asked for: the identifier of the CommunicationRequest");
    }
    let member_id = member.and_then(number).map(|number| number.value);
    if member_id.is_none() {
        missing("MemberId", "say for which member it is");
    }
    if purpose.and_then(|purpose| text(purpose, "valueCode")) != Some("preauthorization") {
        let at = "Parameters.parameter.where(name='AttachTo')";
        issues.push(Issue::at("not-supported", at, "attachments are taken for requests: AttachTo is `preauthorization`"));
    }
    let contents = contents(all, issues);
    if !issues.is_empty() {
        return None;
    }
    let reference = reference.and_then(number).map(|number| number.value);
    Some(Sent { tracking: tracking?, reference, member_id: member_id?, payer: payer.and_then(number), contents })
}

fn contents<'v>(all: &'v [Value], issues: &mut Vec<Issue>) -> Vec<(String, &'v Value)> {
    let attached = all.iter().enumerate().filter(|(_, parameter)| text(parameter, "name") == Some("Attachment"));
    let mut contents = Vec::new();
    for (index, attachment) in attached {
        let parts = list(attachment, "part").iter().enumerate();
        let mut found = parts.filter(|(_, part)| text(part, "name") == Some("Content"));
        let place = format!("Parameters.parameter[{index}]");
        match (found.next().and_then(|(at, part)| Some((at, part.get("resource")?))), found.next()) {
            (Some((at, content)), None) => {
                let path = format!("{place}.part[{at}].resource");
                if KINDS.contains(&resource_type(content)) {
                    contents.push((path, content));
                } else {
                    let words = "a QuestionnaireResponse with answers is taken, and documents as DocumentReference or Binary";
                    issues.push(Issue::at("not-supported", path, words));
                }
            }
            _ => issues.push(Issue::at("required", place, "an attachment has one Content")),
        }
    }
    if contents.is_empty() && issues.is_empty() {
        issues.push(Issue::at("required", "Parameters.parameter", "nothing is attached"));
    }
    if contents.len() > AT_MOST {
        issues.push(Issue::at("too-costly", "Parameters.parameter", format!("{AT_MOST} attachments are taken at once")));
    }
    contents
}

fn number(parameter: &Value) -> Option<Number> {
    let identifier = parameter.get("valueIdentifier");
    let value = match identifier {
        Some(identifier) => text(identifier, "value"),
        None => text(parameter, "valueString"),
    };
    let value = value.filter(|value| value.len() <= NUMBER_AT_MOST)?.to_owned();
    let system = identifier.and_then(|identifier| text(identifier, "system")).filter(|system| system.len() <= NUMBER_AT_MOST);
    Some(Number { system: system.unwrap_or_default().to_owned(), value })
}

/// True where a resource is about this member: it says so by number or by one of these addresses of the patient, or says nothing.
pub fn is_about(resource: &Value, patient: &[String], member_id: &str) -> bool {
    let Some(subject) = resource.get("subject") else { return true };
    let is_member = |holder: &Value| list(holder, "identifier").iter().any(|it| text(it, "value") == Some(member_id));
    match text(subject, "reference") {
        Some(reference) => match reference.strip_prefix('#') {
            Some(id) => list(resource, "contained").iter().any(|it| text(it, "id") == Some(id) && is_member(it)),
            None => patient.iter().any(|address| address == reference),
        },
        None => is_member(subject),
    }
}
