//! Who: the member, the clinician who orders, who treats, whom to call.

use super::bundle::{Bundle, Entry};
use super::claim::{Claim, Line};
use crate::fhir::element::{date, extension, has_code, identifier_of, identifier_typed, identifiers_typed, list, text};
use crate::fhir::outcome::Issue;
use crate::fhir::urls;
use serde_json::{Map, Value, json};

/// Roles of a care team that treat or dispense: service provider, facility, service location.
const SERVICING: [&str; 3] = ["SJ", "FA", "77"];

/// States of a request that nobody carries out.
const VOID: [&str; 4] = ["entered-in-error", "cancelled", "stopped", "revoked"];

/// A part of an order with where it was read from.
pub type Read = (Value, String);

/// The member, without the plan.
pub fn member(claim: &Claim<'_>) -> Map<String, Value> {
    let (coverage, patient) = (claim.coverage.resource, claim.patient.resource);
    let member_id =
        identifier_typed(coverage, "MB").or_else(|| text(coverage, "subscriberId")).or_else(|| identifier_typed(patient, "MB"));
    let (first, last) = name_of(patient);
    let born = text(patient, "birthDate").and_then(date);
    let mut member = Map::new();
    member.insert("member_id".to_owned(), json!(member_id));
    member.insert("first_name".to_owned(), json!(first));
    member.insert("last_name".to_owned(), json!(last));
    member.insert("birth_date".to_owned(), json!(born));
    member
}

/// What speaks against asking for this patient under this coverage.
pub fn faults(bundle: &Bundle<'_>, claim: &Claim<'_>) -> Vec<Issue> {
    let (coverage, patient) = (claim.coverage, claim.patient);
    let mut faults = Vec::new();
    let mut fault = |at: String, words: &str| faults.push(Issue::at("business-rule", at, words));
    let lives = |name: &str| patient.resource.get(name).is_none_or(|told| *told == false);
    if !lives("deceasedBoolean") || !lives("deceasedDateTime") {
        fault(patient.path("deceased"), "the patient is said to have died");
    }
    if text(coverage.resource, "status").is_some_and(|status| !matches!(status, "active" | "draft")) {
        fault(coverage.path("status"), "the coverage is said to be not in force");
    }
    let is_of_another = |beneficiary: &Value| bundle.resolve(coverage, beneficiary) != Some(patient);
    if coverage.resource.get("beneficiary").filter(|it| text(it, "reference").is_some()).is_some_and(is_of_another) {
        fault(coverage.path("beneficiary"), "the coverage is that of somebody else than the patient of the Claim");
    }
    faults
}

/// True where the coverage and the patient have one number of the member at most.
pub fn is_one_member(claim: &Claim<'_>) -> bool {
    let mut numbers = [claim.coverage, claim.patient].into_iter().flat_map(|entry| identifiers_typed(entry.resource, "MB"));
    numbers.next().is_none_or(|first| numbers.all(|other| other == first))
}

/// Given and family name: those of the official one, or the first.
fn name_of(person: &Value) -> (Option<&str>, Option<&str>) {
    let names = list(person, "name");
    let official = names.iter().find(|name| text(name, "use") == Some("official"));
    let Some(name) = official.or(names.first()) else { return (None, None) };
    let given = name.get("given").and_then(Value::as_array).into_iter().flatten().find_map(Value::as_str);
    (given.map(str::trim), text(name, "family"))
}

/// Members of the care team with a role of these, as sources of providers.
fn team<'v>(bundle: &Bundle<'v>, claim: &Claim<'v>, roles: &[&str]) -> Option<Entry<'v>> {
    let members = list(claim.entry.resource, "careTeam");
    roles.iter().find_map(|role| {
        let with_role = |member: &&Value| member.get("role").is_some_and(|concept| has_code(concept, "/98", role));
        let member = members.iter().find(with_role)?;
        bundle.resolve(claim.entry, member.get("provider")?)
    })
}

/// The clinician who orders.
pub fn ordering(bundle: &Bundle<'_>, claim: &Claim<'_>) -> Option<Read> {
    let requester = || {
        let requests = requested(bundle, claim);
        requests.into_iter().find_map(|request| bundle.resolve(request, request.resource.get("requester")?))
    };
    let of_claim = Some(claim.provider).filter(|entry| matches!(entry.kind(), "PractitionerRole" | "Practitioner"));
    let source = team(bundle, claim, &["DK"]).or(of_claim).or_else(requester)?;
    let person = practitioner(bundle, source).unwrap_or(source);
    let npi = identifier_of(person.resource, urls::NPI).or_else(|| identifier_of(source.resource, urls::NPI));
    let (first, last) = name_of(person.resource);
    Some((json!({"npi": npi, "first_name": first, "last_name": last}), person.path("")))
}

/// Who treats or dispenses.
pub fn servicing(bundle: &Bundle<'_>, claim: &Claim<'_>) -> Option<Read> {
    let performer = || {
        let requests = requested(bundle, claim);
        requests
            .into_iter()
            .find_map(|request| bundle.resolve(request, request.resource.get("dispenseRequest")?.get("performer")?))
    };
    let source = team(bundle, claim, &SERVICING).or_else(performer)?;
    let organization = || bundle.resolve(source, source.resource.get("organization")?);
    let person = practitioner(bundle, source);
    let holder = match source.kind() {
        "PractitionerRole" => person.or_else(organization).unwrap_or(source),
        _ => source,
    };
    let npi = identifier_of(holder.resource, urls::NPI).or_else(|| identifier_of(source.resource, urls::NPI));
    let name = text(holder.resource, "name").map(str::to_owned).or_else(|| {
        let (first, last) = name_of(holder.resource);
        let words: Vec<&str> = [first, last].into_iter().flatten().collect();
        (!words.is_empty()).then(|| words.join(" "))
    });
    let address = list(holder.resource, "address").first().and_then(address);
    Some((json!({"npi": npi, "name": name, "address": address}), holder.path("")))
}

/// The person behind a role.
pub fn practitioner<'v>(bundle: &Bundle<'v>, source: Entry<'v>) -> Option<Entry<'v>> {
    bundle.resolve(source, source.resource.get("practitioner")?)
}

/// The requests that the items are for.
pub fn requested<'v>(bundle: &Bundle<'v>, claim: &Claim<'v>) -> Vec<Entry<'v>> {
    claim.lines.iter().filter_map(|line| requested_by(bundle, claim, line).ok().flatten()).collect()
}

/// The request that an item is for. One that is named and not there, or not to be carried out, is a fault.
pub fn requested_by<'v>(bundle: &Bundle<'v>, claim: &Claim<'v>, line: &Line<'v>) -> Result<Option<Entry<'v>>, Issue> {
    let Some(extension) = extension(line.item, urls::REQUESTED_SERVICE) else { return Ok(None) };
    let found = extension.get("valueReference").and_then(|reference| bundle.resolve(claim.entry, reference));
    let Some(request) = found else {
        let words = "the request that this item is for is not in the Bundle, or not once only";
        return Err(Issue::at("not-found", claim.item_path(line, "extension"), words));
    };
    let refuse = |member: &str, words: String| Err(Issue::at("business-rule", request.path(member), words));
    if request.resource.get("doNotPerform").is_some_and(|flag| flag != false) {
        return refuse("doNotPerform", "this request says that it is not to be carried out, and an item asks for it".to_owned());
    }
    match text(request.resource, "status") {
        Some(status) if VOID.contains(&status) => refuse("status", format!("this request is {status}, and an item asks for it")),
        _ => Ok(Some(request)),
    }
}

/// An address, as far as its parts are written as the order takes them.
fn address(written: &Value) -> Option<Value> {
    let line = written.get("line").and_then(Value::as_array).and_then(|lines| lines.first()).and_then(Value::as_str);
    let short = |part: Option<&str>, most: usize| part.filter(|part| part.chars().count() <= most).map(str::to_owned);
    let state = text(written, "state").filter(|state| state.len() == 2 && state.bytes().all(|byte| byte.is_ascii_uppercase()));
    let address = json!({
        "line1": short(line, 200), "city": short(text(written, "city"), 100), "state": state,
        "postal_code": short(text(written, "postalCode"), 10),
    });
    address.as_object().is_some_and(|parts| parts.values().any(|part| !part.is_null())).then_some(address)
}

/// Whom a reviewer calls: the requestor's contact, or its own numbers.
pub fn contact(bundle: &Bundle<'_>, claim: &Claim<'_>) -> Option<Read> {
    let number = |holder: &Value, system: &str| {
        list(holder, "telecom")
            .iter()
            .find(|it| text(it, "system") == Some(system))
            .and_then(|it| text(it, "value"))
            .map(str::to_owned)
    };
    let provider = claim.provider;
    let organization = match provider.kind() {
        "PractitionerRole" => provider.resource.get("organization").and_then(|reference| bundle.resolve(provider, reference)),
        _ => Some(provider),
    };
    let desk = organization.and_then(|entry| list(entry.resource, "contact").first().map(|desk| (desk, entry)));
    let own = [Some(provider), organization].into_iter().flatten().map(|entry| (entry.resource, entry));
    let clinician = team(bundle, claim, &["DK"]).map(|entry| (entry.resource, entry));
    let mut holders = desk.into_iter().chain(own).chain(clinician);
    let (holder, entry) = holders.find(|(holder, _)| number(holder, "phone").is_some() || number(holder, "fax").is_some())?;
    let name = holder.get("name").filter(|name| name.is_object()).and_then(|name| {
        let given = name.get("given").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        let words: Vec<&str> = given.chain(text(name, "family")).collect();
        text(name, "text").map(str::to_owned).or_else(|| (!words.is_empty()).then(|| words.join(" ")))
    });
    let contact = json!({"name": name, "phone": number(holder, "phone"), "fax": number(holder, "fax")});
    Some((contact, entry.path("")))
}
