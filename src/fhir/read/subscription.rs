//! A Subscription to the topic of prior authorizations, as the guide for backported subscriptions has it.

use crate::app::subscriptions::Wanted;
use crate::fhir::element::{extension, list, resource_type, text};
use crate::fhir::outcome::Issue;
use crate::fhir::read::bundle::refuse_modifiers;
use crate::fhir::urls;
use chrono::{DateTime, Utc};
use serde_json::Value;

/// Media types in which notifications are sent.
const MEDIA_TYPES: [&str; 2] = ["application/fhir+json", "application/json"];
/// Names of the filter: as the guide has it, and as its example does.
const FILTERS: [&str; 2] = ["org-identifier", "orgIdentifier"];
/// Characters of a reason at most.
const REASON_AT_MOST: usize = 1_000;

/// What is asked for, with what is only repeated.
#[derive(Debug)]
pub struct Read<'v> {
    /// What is asked for.
    pub wanted: Wanted,
    /// Why, in words.
    pub reason: &'v str,
}

/// Reads a Subscription; an issue for everything that is asked for and not done here.
pub fn read<'v>(resource: &'v Value, issues: &mut Vec<Issue>) -> Option<Read<'v>> {
    if resource_type(resource) != "Subscription" {
        issues.push(Issue::at("structure", "Subscription", "the body is a Subscription"));
        return None;
    }
    refuse_modifiers(resource, "Subscription", false, issues);
    let mut refuse = |code, at: &str, words: &str| issues.push(Issue::at(code, format!("Subscription.{at}"), words));
    if text(resource, "status").is_some_and(|status| !["requested", "active"].contains(&status)) {
        refuse("code-invalid", "status", "a new Subscription is `requested`");
    }
    let reason = text(resource, "reason").filter(|reason| reason.chars().count() <= REASON_AT_MOST);
    if reason.is_none() {
        refuse("required", "reason", "say in up to 1,000 characters what it is for");
    }
    let topic = text(resource, "criteria").map(|criteria| criteria.split('|').next().unwrap_or_default());
    if topic != Some(urls::TOPIC) {
        refuse("not-supported", "criteria", &format!("there is one topic here: {}", urls::TOPIC));
    }
    let channel = resource.get("channel").unwrap_or(&Value::Null);
    if text(channel, "type") != Some("rest-hook") {
        refuse("not-supported", "channel.type", "notifications are sent as `rest-hook`");
    }
    let endpoint = text(channel, "endpoint");
    if endpoint.is_none() {
        refuse("required", "channel.endpoint", "say where notifications are sent to");
    }
    let media_type = text(channel, "payload").unwrap_or("application/fhir+json");
    if !MEDIA_TYPES.contains(&media_type) {
        refuse("not-supported", "channel.payload", "notifications are sent as application/fhir+json or application/json");
    }
    let content = channel.get("_payload").and_then(|payload| extension(payload, urls::PAYLOAD_CONTENT));
    let content = content.and_then(|content| content.get("valueCode")?.as_str());
    if content != Some("full-resource") {
        let words =
            "notifications have the whole answer: give the payload the extension backport-payload-content with full-resource";
        refuse("not-supported", "channel.payload.extension", words);
    }
    let mut headers = Vec::new();
    match channel.get("header") {
        None => {}
        Some(Value::Array(all)) if all.iter().all(Value::is_string) => {
            headers.extend(all.iter().filter_map(Value::as_str).map(str::to_owned));
        }
        Some(_) => refuse("structure", "channel.header", "headers are a list of texts"),
    }
    let ends_at = text(resource, "end").map(str::parse::<DateTime<Utc>>);
    if matches!(ends_at, Some(Err(_))) {
        refuse("value", "end", "an end is an instant, such as 2027-12-31T00:00:00Z");
    }
    let mut organizations = Vec::new();
    let filters = resource.get("_criteria").map(|criteria| list(criteria, "extension")).unwrap_or_default();
    for filter in filters.iter().filter(|filter| text(filter, "url") == Some(urls::FILTER_CRITERIA)) {
        match text(filter, "valueString").and_then(filtered) {
            Some(found) => organizations.extend(found),
            None => refuse("not-supported", "criteria.extension", "the filter is org-identifier=<number>,<number>…"),
        }
    }
    if !issues.is_empty() {
        return None;
    }
    let (endpoint, media_type) = (endpoint?.to_owned(), media_type.to_owned());
    let wanted = Wanted { endpoint, media_type, headers, organizations, ends_at: ends_at.and_then(Result::ok) };
    Some(Read { wanted, reason: reason? })
}

/// The numbers of a filter, without their systems.
fn filtered(filter: &str) -> Option<Vec<String>> {
    let filter = filter.strip_prefix("ClaimResponse?").unwrap_or(filter);
    let (name, values) = filter.split_once('=')?;
    if !FILTERS.contains(&name) || values.contains('&') {
        return None;
    }
    let number = |value: &str| {
        let number = value.rsplit('|').next().unwrap_or_default().trim();
        (!number.is_empty() && number.len() <= 20).then(|| number.to_owned())
    };
    values.split(',').map(number).collect()
}

#[cfg(test)]
mod tests {
    use super::filtered;

    #[test]
    fn a_filter_names_organizations_and_nothing_else() {
        let read = |filter: &str| filtered(filter).map(|numbers| numbers.join(" "));
        for (filter, numbers) in [
            ("org-identifier=900000001", Some("900000001")),
            ("orgIdentifier=1234567893", Some("1234567893")),
            ("org-identifier=urn:oid:2.16.840.1.113883.4.4|90-0000001, 900000002", Some("90-0000001 900000002")),
            ("ClaimResponse?org-identifier=1", Some("1")),
            ("org-identifier=", None),
            ("org-identifier=1,", None),
            ("org-identifier=1&patient=2", None),
            ("patient=1", None),
            ("org-identifier", None),
        ] {
            assert_eq!(read(filter).as_deref(), numbers, "{filter}");
        }
    }
}
