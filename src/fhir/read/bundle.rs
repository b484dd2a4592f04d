//! A Bundle: its entries, and what references lead to.

use crate::fhir::element::{list, resource_type, text};
use crate::fhir::outcome::Issue;
use serde_json::{Map, Value};
use std::collections::HashMap;

/// Marks an item of a Claim as cancelled: the one modifier extension that is understood, and only there. Any other may change the meaning of
/// what it stands in, and is refused.
pub const INFO_CANCELLED: &str = "http://hl7.org/fhir/us/davinci-pas/StructureDefinition/modifierextension-infoCancelled";

/// A Bundle and its entries.
#[derive(Debug)]
pub struct Bundle<'v> {
    /// The resource.
    pub resource: &'v Value,
    entries: Vec<Entry<'v>>,
    by_url: HashMap<&'v str, usize>,
}

/// A resource of a Bundle.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'v> {
    /// Its place among the entries.
    pub index: usize,
    /// Its full URL.
    pub full_url: Option<&'v str>,
    /// The resource.
    pub resource: &'v Value,
}

impl<'v> Entry<'v> {
    /// Type of the resource.
    pub fn kind(&self) -> &'v str {
        resource_type(self.resource)
    }

    /// The `FHIRPath` to the resource, or to something in it.
    pub fn path(&self, within: &str) -> String {
        let dot = if within.is_empty() { "" } else { "." };
        format!("Bundle.entry[{}].resource{dot}{within}", self.index)
    }
}

/// True where two entries are the same.
impl PartialEq for Entry<'_> {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.resource, other.resource)
    }
}

impl<'v> Bundle<'v> {
    /// Reads a Bundle; what keeps it from being one is added to the issues.
    pub fn read(resource: &'v Value, issues: &mut Vec<Issue>) -> Option<Self> {
        let kind = resource_type(resource);
        if kind != "Bundle" {
            let sent = if kind.is_empty() { "no resourceType" } else { kind };
            issues.push(Issue::at("structure", "Bundle", format!("send a Bundle; this has {sent}")));
            return None;
        }
        let written = list(resource, "entry");
        if written.is_empty() {
            issues.push(Issue::at("required", "Bundle.entry", "the Bundle has no entry; the first one is the Claim"));
            return None;
        }
        if let Some(kind) = text(resource, "type").filter(|kind| *kind != "collection") {
            issues.push(Issue::at("value", "Bundle.type", format!("a request is a `collection`, and this is a `{kind}`")));
        }
        let members = resource.as_object().into_iter().flatten().filter(|(name, _)| *name != "entry");
        let around: Map<String, Value> = members.map(|(name, member)| (name.clone(), member.clone())).collect();
        refuse_modifiers(&Value::Object(around), "Bundle", false, issues);
        let mut bundle = Self { resource, entries: Vec::with_capacity(written.len()), by_url: HashMap::new() };
        for (index, entry) in written.iter().enumerate() {
            bundle.add(index, entry, issues);
        }
        Some(bundle)
    }

    fn add(&mut self, index: usize, entry: &'v Value, issues: &mut Vec<Issue>) {
        let at = |member: &str| format!("Bundle.entry[{index}].{member}");
        let Some(resource) = entry.get("resource").filter(|resource| !resource_type(resource).is_empty()) else {
            issues.push(Issue::at("structure", at("resource"), "an entry has a resource with its resourceType"));
            return;
        };
        let full_url = text(entry, "fullUrl");
        if let Some(url) = full_url
            && self.by_url.insert(url, self.entries.len()).is_some()
        {
            issues.push(Issue::at("duplicate", at("fullUrl"), "another entry has the same fullUrl"));
        }
        refuse_modifiers(entry, &format!("Bundle.entry[{index}]"), resource_type(resource) == "Claim", issues);
        self.entries.push(Entry { index, full_url, resource });
    }

    /// The entries with resources of a type.
    pub fn of_type<'b>(&'b self, kind: &'b str) -> impl Iterator<Item = Entry<'v>> + 'b {
        self.entries.iter().copied().filter(move |entry| entry.kind() == kind)
    }

    /// What a reference leads to, seen from the entry that it stands in: contained resources too. None where it leads out of the Bundle, or
    /// may mean several resources.
    pub fn resolve(&self, from: Entry<'v>, reference: &Value) -> Option<Entry<'v>> {
        let reference = text(reference, "reference")?;
        if let Some(id) = reference.strip_prefix('#') {
            let contained = list(from.resource, "contained").iter().find(|resource| text(resource, "id") == Some(id))?;
            return Some(Entry { index: from.index, full_url: None, resource: contained });
        }
        let reference = reference.split("/_history/").next().unwrap_or(reference);
        if let Some(entry) = self.at(reference) {
            return Some(entry);
        }
        let (kind, id) = relative(reference)?;
        if let Some(base) = from.full_url.and_then(|url| base_of(url, from.resource))
            && let Some(entry) = self.at(&format!("{base}/{reference}"))
        {
            return Some(entry);
        }
        let mut same = self.of_type(kind).filter(|entry| text(entry.resource, "id") == Some(id));
        let found = same.next()?;
        same.next().is_none().then_some(found)
    }

    fn at(&self, url: &str) -> Option<Entry<'v>> {
        self.entries.get(*self.by_url.get(url)?).copied()
    }
}

/// `Type/id`, where a reference is that.
fn relative(reference: &str) -> Option<(&str, &str)> {
    let (kind, id) = reference.split_once('/')?;
    let plain =
        |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'));
    (plain(kind) && plain(id)).then_some((kind, id))
}

/// What stands before `/Type/id` in a full URL.
fn base_of<'u>(url: &'u str, resource: &Value) -> Option<&'u str> {
    let before_id = url.rsplit_once('/')?.0;
    before_id.strip_suffix(resource_type(resource))?.strip_suffix('/')
}

/// Adds an issue for everything that may change the meaning of what it stands in and is not understood.
pub(super) fn refuse_modifiers(value: &Value, at: &str, of_claim: bool, issues: &mut Vec<Issue>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let path = format!("{at}.{name}");
                if name == "implicitRules" {
                    issues.push(Issue::at("not-supported", path, "rules that a resource is read by are not understood here"));
                } else if name == "modifierExtension" {
                    for extension in list(value, name).iter().filter(|extension| !(of_claim && is_mark(extension, at))) {
                        let url = text(extension, "url").unwrap_or_default();
                        let words = format!("`{url}` may change the meaning of what it stands in, and is not understood here");
                        issues.push(Issue::at("extension", path.as_str(), words));
                    }
                } else if member.is_object() || member.is_array() {
                    refuse_modifiers(member, &path, of_claim, issues);
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate().filter(|(_, item)| item.is_object() || item.is_array()) {
                refuse_modifiers(item, &format!("{at}[{index}]"), of_claim, issues);
            }
        }
        _ => {}
    }
}

/// True where an extension says of an item of a Claim whether it is taken back.
fn is_mark(extension: &Value, at: &str) -> bool {
    let of_item = at.split_once("].resource.item[").and_then(|(_, rest)| rest.strip_suffix(']'));
    let is_item = of_item.is_some_and(|index| index.bytes().all(|byte| byte.is_ascii_digit()));
    is_item && text(extension, "url") == Some(INFO_CANCELLED) && extension.get("valueBoolean").is_some_and(Value::is_boolean)
}

#[cfg(test)]
mod tests {
    use super::Bundle;
    use serde_json::{Value, json};

    fn resolved(bundle: &Value, from: usize, reference: &str) -> Option<usize> {
        let mut issues = Vec::new();
        let read = Bundle::read(bundle, &mut issues).unwrap();
        read.resolve(read.entries[from], &json!({ "reference": reference })).map(|entry| entry.index)
    }

    #[test]
    fn references_lead_to_entries_by_full_url_by_base_and_by_type_and_id() {
        let bundle = json!({"resourceType": "Bundle", "entry": [
            {"fullUrl": "http://a/fhir/Claim/1", "resource": {"resourceType": "Claim", "id": "1", "contained": [{"resourceType": "Patient", "id": "p"}]}},
            {"fullUrl": "http://a/fhir/Patient/1", "resource": {"resourceType": "Patient", "id": "1"}},
            {"fullUrl": "http://b/fhir/Patient/1", "resource": {"resourceType": "Patient", "id": "1"}},
            {"fullUrl": "urn:uuid:7", "resource": {"resourceType": "Coverage", "id": "2"}},
            {"resource": {"resourceType": "Organization", "id": "3"}}]});
        for (reference, leads_to) in [
            ("http://b/fhir/Patient/1", Some(2)),
            ("Patient/1", Some(1)),
            ("Patient/1/_history/4", Some(1)),
            ("urn:uuid:7", Some(3)),
            ("Organization/3", Some(4)),
            ("#p", Some(0)),
            ("#q", None),
            ("Patient/9", None),
            ("http://c/fhir/Patient/1", None),
        ] {
            assert_eq!(resolved(&bundle, 0, reference), leads_to, "{reference}");
        }
        // seen from an entry without a base, two may be meant
        assert_eq!(resolved(&bundle, 3, "Patient/1"), None);
    }

    #[test]
    fn every_fault_of_the_frame_is_found() {
        let mut issues = Vec::new();
        assert!(Bundle::read(&json!({"resourceType": "Patient"}), &mut issues).is_none());
        assert!(Bundle::read(&json!({"resourceType": "Bundle", "entry": []}), &mut issues).is_none());
        let odd = json!({"resourceType": "Bundle", "entry": [
            {"fullUrl": "urn:uuid:1", "resource": {"id": "x"}},
            {"fullUrl": "urn:uuid:1", "resource": {"resourceType": "Claim", "item": [{"modifierExtension": [{"url": "http://x"}]}]}},
            {"fullUrl": "urn:uuid:1", "resource": {"resourceType": "Patient"}}]});
        assert!(Bundle::read(&odd, &mut issues).is_some());
        let found: Vec<_> = issues.iter().map(|issue| (issue.code, issue.expression.as_deref().unwrap_or_default())).collect();
        assert_eq!(
            found,
            [
                ("structure", "Bundle"),
                ("required", "Bundle.entry"),
                ("structure", "Bundle.entry[0].resource"),
                ("extension", "Bundle.entry[1].resource.item[0].modifierExtension"),
                ("duplicate", "Bundle.entry[2].fullUrl")
            ]
        );
    }
}
