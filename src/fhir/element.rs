//! Reading elements of resources. Whoever reads FHIR here reads leniently: what is not looked for does not matter, and what has another
//! form than the standard gives it is not there.

use serde_json::Value;

/// A member that is text which says something.
pub fn text<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
    value.get(name)?.as_str().map(str::trim).filter(|text| !text.is_empty())
}

/// A list, empty where there is none. A single object counts as a list of one, as some senders write it.
pub fn list<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    match value.get(name) {
        Some(Value::Array(items)) => items,
        Some(one @ Value::Object(_)) => std::slice::from_ref(one),
        _ => &[],
    }
}

/// Puts a member into an object.
pub fn put(object: &mut Value, name: &str, value: impl Into<Value>) {
    if let Some(members) = object.as_object_mut() {
        members.insert(name.to_owned(), value.into());
    }
}

/// The type of a resource.
pub fn resource_type(resource: &Value) -> &str {
    text(resource, "resourceType").unwrap_or_default()
}

/// The first extension with this URL.
pub fn extension<'v>(value: &'v Value, url: &str) -> Option<&'v Value> {
    list(value, "extension").iter().find(|extension| text(extension, "url") == Some(url))
}

/// A code with its system, which may be empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Coding<'v> {
    /// System.
    pub system: &'v str,
    /// Code.
    pub code: &'v str,
}

/// The codings of a `CodeableConcept`.
pub fn codings(concept: &Value) -> impl Iterator<Item = Coding<'_>> {
    list(concept, "coding").iter().filter_map(coding)
}

/// One coding.
pub fn coding(value: &Value) -> Option<Coding<'_>> {
    Some(Coding { system: text(value, "system").unwrap_or_default(), code: text(value, "code")? })
}

/// True where a concept has this code in a system that ends so. Systems are written with `http` and `https`, and with and without version.
pub fn has_code(concept: &Value, system_end: &str, code: &str) -> bool {
    codings(concept).any(|coding| coding.code == code && is_system(coding.system, system_end))
}

/// True where a system, without its version, ends so.
pub fn is_system(system: &str, end: &str) -> bool {
    system.split('|').next().unwrap_or_default().trim_end_matches('/').ends_with(end)
}

/// The value of the first identifier of a system.
pub fn identifier_of<'v>(resource: &'v Value, system: &str) -> Option<&'v str> {
    list(resource, "identifier").iter().find(|identifier| text(identifier, "system") == Some(system))?.get("value")?.as_str()
}

/// The value of the first identifier whose type has this code.
pub fn identifier_typed<'v>(resource: &'v Value, code: &str) -> Option<&'v str> {
    identifiers_typed(resource, code).next()
}

/// The values of all of them.
pub fn identifiers_typed<'v>(resource: &'v Value, code: &str) -> impl Iterator<Item = &'v str> {
    let typed = move |identifier: &&Value| {
        identifier.get("type").is_some_and(|concept| codings(concept).any(|coding| coding.code == code))
    };
    list(resource, "identifier").iter().filter(typed).filter_map(|identifier| text(identifier, "value"))
}

/// A full date, of a `date` or the beginning of a `dateTime`. A year or a month is no date.
pub fn date(text: &str) -> Option<chrono::NaiveDate> {
    let day = text.get(..10)?;
    let rest = text.get(10..)?;
    (rest.is_empty() || rest.starts_with('T')).then(|| day.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::{Coding, codings, date, has_code, identifier_typed, list, text};
    use serde_json::json;

    #[test]
    fn what_has_another_form_is_not_there() {
        let value = json!({"a": " ", "b": 1, "c": {"d": "e"}, "f": "g"});
        assert_eq!(text(&value, "a"), None);
        assert_eq!(text(&value, "b"), None);
        assert_eq!(text(&value, "f"), Some("g"));
        assert_eq!(list(&value, "c").len(), 1);
        assert!(list(&value, "f").is_empty());
    }

    #[test]
    fn codes_are_found_under_systems_however_they_are_written() {
        let concept =
            json!({"coding": [{"system": "https://codesystem.x12.org/005010/98", "code": "DK"}, {"code": "x"}, {"system": "s"}]});
        assert!(has_code(&concept, "/98", "DK") && !has_code(&concept, "/306", "DK"));
        assert_eq!(codings(&concept).last(), Some(Coding { system: "", code: "x" }));
        let patient = json!({"identifier": [{"value": "1"}, {"type": {"coding": [{"code": "MB"}]}, "value": "2"}]});
        assert_eq!(identifier_typed(&patient, "MB"), Some("2"));
    }

    #[test]
    fn a_date_has_a_day() {
        for (written, read) in [
            ("2026-12-01", true),
            ("2026-12-01T09:00:00-05:00", true),
            ("2026-12", false),
            ("2026-12-01x", false),
            ("2026-13-01", false),
        ] {
            assert_eq!(date(written).is_some(), read, "{written}");
        }
    }
}
