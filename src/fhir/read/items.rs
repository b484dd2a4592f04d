//! Items of a Claim: what is asked for, where and when.

use super::bundle::{Bundle, Entry};
use super::claim::{Claim, Line};
use super::people::requested_by;
use crate::fhir::element::{Coding, codings, date, extension, has_code, is_system, list, text};
use crate::fhir::urls;
use chrono::NaiveDate;
use serde_json::Value;

/// A drug or procedure as an item names it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Product {
    /// HCPCS or CPT code.
    pub code: Option<String>,
    /// Name, where there is no code.
    pub name: Option<String>,
}

/// What an item asks for: its own code, else that of the request behind it, else a name.
pub fn product<'v>(bundle: &Bundle<'v>, claim: &Claim<'v>, line: &Line<'v>) -> Product {
    let of_item = line.item.get("productOrService");
    let request = requested_by(bundle, claim, line.item);
    let of_request = request.and_then(|entry| medication(bundle, entry));
    let concepts = [of_item, of_request];
    let code = concepts.into_iter().flatten().find_map(|concept| codings(concept).find(is_procedure_code));
    let name = || concepts.into_iter().flatten().find_map(name_of);
    match code {
        Some(coding) => Product { code: Some(coding.code.to_owned()), name: None },
        None => Product { code: None, name: name() },
    }
}

/// Codes of HCPCS Level I and II; their systems are written in several ways.
fn is_procedure_code(coding: &Coding<'_>) -> bool {
    ["HCPCSReleaseCodeSets", "HCPCS-all-codes", "/cpt", "2.16.840.1.113883.6.285", "2.16.840.1.113883.6.12"]
        .iter()
        .any(|end| is_system(coding.system, end))
}

/// A drug's name as it is written beside a code that is not read.
fn name_of(concept: &Value) -> Option<String> {
    let shown = list(concept, "coding").iter().find_map(|coding| text(coding, "display"));
    text(concept, "text").or(shown).map(str::to_owned)
}

fn medication<'v>(bundle: &Bundle<'v>, request: Entry<'v>) -> Option<&'v Value> {
    let own = request.resource.get("medicationCodeableConcept").or_else(|| request.resource.get("code"));
    own.or_else(|| bundle.resolve(request, request.resource.get("medicationReference")?)?.resource.get("code"))
}

/// The earliest day that the items ask for, else the day of the patient's event.
pub fn date_of_service(claim: &Claim<'_>) -> Option<(NaiveDate, String)> {
    let of_item = |line: &Line<'_>| {
        let day = day_of(line.item, "serviced").filter(|_| !line.is_cancelled)?;
        Some((day, claim.item_path(line, "serviced")))
    };
    let earliest = claim.lines.iter().filter_map(of_item).min_by_key(|(day, _)| *day);
    earliest.or_else(|| {
        let info = list(claim.entry.resource, "supportingInfo").iter().enumerate();
        info.filter(|(_, info)| info.get("category").is_some_and(|concept| has_code(concept, "/PASTempCodes", "patientEvent")))
            .find_map(|(index, info)| {
                Some((day_of(info, "timing")?, claim.entry.path(&format!("supportingInfo[{index}].timing"))))
            })
    })
}

/// The day of `xDate`, or on which `xPeriod` begins.
fn day_of(holder: &Value, name: &str) -> Option<NaiveDate> {
    let single = text(holder, &format!("{name}Date")).or_else(|| text(holder, &format!("{name}DateTime")));
    single.or_else(|| text(holder.get(format!("{name}Period"))?, "start")).and_then(date)
}

/// The place of service of the items, with whether they name different ones.
pub fn place(claim: &Claim<'_>) -> Option<(String, String, bool)> {
    let of_item = |line: &Line<'_>| {
        let concept = line.item.get("locationCodeableConcept")?;
        let code = codings(concept).find(|coding| is_system(coding.system, "Place_of_Service_Code_Set"))?.code.to_owned();
        Some((code, claim.item_path(line, "location")))
    };
    let mut places = claim.lines.iter().filter(|line| !line.is_cancelled).filter_map(of_item);
    let (first, at) = places.next()?;
    let differs = places.any(|(code, _)| code != first);
    Some((first, at, differs))
}

/// True where the encounter is an admission to a hospital.
pub fn is_admission(bundle: &Bundle<'_>, claim: &Claim<'_>) -> bool {
    let encounter = extension(claim.entry.resource, urls::ENCOUNTER)
        .and_then(|extension| bundle.resolve(claim.entry, extension.get("valueReference")?));
    encounter.is_some_and(|entry| entry.resource.get("class").is_some_and(|class| text(class, "code") == Some("IMP")))
}

/// True where the Claim asks for the urgent clock.
pub fn is_urgent(claim: &Claim<'_>) -> bool {
    let level =
        extension(claim.entry.resource, urls::LEVEL_OF_SERVICE).and_then(|extension| extension.get("valueCodeableConcept"));
    let by_level = level.is_some_and(|concept| ["U", "03"].iter().any(|code| has_code(concept, "/1338", code)));
    let stat = claim.entry.resource.get("priority").is_some_and(|concept| codings(concept).any(|coding| coding.code == "stat"));
    by_level || stat
}

/// True where the items ask for radiation: by their category.
pub fn is_radiation(claim: &Claim<'_>) -> bool {
    let of_radiation = |line: &Line<'_>| line.item.get("category").is_some_and(|concept| has_code(concept, "/1365", "6"));
    claim.lines.iter().any(of_radiation)
}

/// The ICD-10-CM code of the principal diagnosis, or of the first that has one, with its dot.
pub fn diagnosis<'v>(bundle: &Bundle<'v>, claim: &Claim<'v>) -> Option<(String, String)> {
    let all = list(claim.entry.resource, "diagnosis");
    let code_of = |diagnosis: &'v Value| {
        let concept = diagnosis
            .get("diagnosisCodeableConcept")
            .or_else(|| bundle.resolve(claim.entry, diagnosis.get("diagnosisReference")?)?.resource.get("code"))?;
        codings(concept).find(|coding| is_system(coding.system, "/icd-10-cm")).map(|coding| with_dot(coding.code))
    };
    let is_principal = |diagnosis: &Value| {
        list(diagnosis, "type").iter().any(|concept| codings(concept).any(|coding| coding.code == "principal"))
    };
    let at = |index: usize| claim.entry.path(&format!("diagnosis[{index}]"));
    // where one is principal, another one is not what is treated
    match all.iter().enumerate().find(|(_, diagnosis)| is_principal(diagnosis)) {
        Some((index, principal)) => Some((code_of(principal)?, at(index))),
        None => all.iter().enumerate().find_map(|(index, diagnosis)| Some((code_of(diagnosis)?, at(index)))),
    }
}

/// A code as X12 writes it, without its dot, with it.
fn with_dot(code: &str) -> String {
    match code.split_at_checked(3) {
        Some((category, rest)) if !rest.is_empty() && !code.contains('.') => format!("{category}.{rest}"),
        _ => code.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::with_dot;

    #[test]
    fn a_diagnosis_has_its_dot() {
        for (written, read) in [("C50911", "C50.911"), ("C50.911", "C50.911"), ("C20", "C20"), ("", "")] {
            assert_eq!(with_dot(written), read);
        }
    }
}
