//! Items of a Claim: what is asked for, where and when.

use super::bundle::{Bundle, Entry};
use super::claim::{Claim, Line};
use super::people::requested_by;
use crate::domain::content::{DrugCatalog, PlaceOfService};
use crate::fhir::element::{Coding, coding, codings, date, extension, has_code, is_system, list, text};
use crate::fhir::outcome::Issue;
use crate::fhir::urls;
use chrono::NaiveDate;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Words of a drug's name at most.
const WORDS_OF_A_NAME: usize = 5;
/// Classes of encounters in which a patient is admitted.
const ADMITTED: [&str; 3] = ["IMP", "ACUTE", "NONAC"];
/// Classes of those in which nobody is.
const NOT_ADMITTED: [&str; 7] = ["AMB", "EMER", "FLD", "HH", "OBSENC", "SS", "VR"];

/// A drug or procedure as an item names it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Product {
    /// HCPCS or CPT code.
    pub code: Option<String>,
    /// Name, where there is no code.
    pub name: Option<String>,
    /// Generic name of the drug that it is, where it is one of content.
    pub generic: Option<String>,
}

/// What an item asks for: its own code, else that of the request behind it, else a name. Whatever says it has to mean the same drug: of two
/// nobody chooses.
pub fn product<'v>(bundle: &Bundle<'v>, claim: &Claim<'v>, line: &Line<'v>, drugs: &DrugCatalog) -> Result<Product, Issue> {
    let refuse = |words: String| Issue::at("business-rule", claim.item_path(line, "productOrService"), words);
    if line.item.get("detail").is_some() {
        let words = "parts of an item are not read here: send an item for each";
        return Err(Issue::at("not-supported", claim.item_path(line, "detail"), words));
    }
    let of_item: Vec<&Value> = line.item.get("productOrService").into_iter().collect();
    let of_request = match requested_by(bundle, claim, line)? {
        Some(request) => medications(bundle, request)?,
        None => Vec::new(),
    };
    let own = one_code(&of_item).map_err(refuse)?;
    let requested = one_code(&of_request).map_err(refuse)?;
    let generic_of = |code: &str| drugs.by_code(code).map(|(drug, _)| drug.generic.as_str());
    if let (Some(own), Some(requested)) = (own, requested)
        && own != requested
        && (generic_of(own).is_none() || generic_of(own) != generic_of(requested))
    {
        return Err(refuse(format!("the item is {own} and the request behind it is for {requested}: correct one of them")));
    }
    let words: Vec<&str> = of_item.iter().chain(&of_request).flat_map(|concept| words_of(concept)).collect();
    let code = own.or(requested);
    let mut generic = code.and_then(generic_of);
    for word in &words {
        match generic {
            Some(meant) if !may_mean(word, meant, drugs) => {
                let item = code.unwrap_or("named");
                return Err(refuse(format!("the item is {item}, which is {meant}, and says `{word}`: correct one of them")));
            }
            None if code.is_none() => generic = drugs.named(word).map(|drug| drug.generic.as_str()),
            _ => {}
        }
    }
    Ok(Product {
        code: code.map(str::to_owned),
        name: words.first().filter(|_| code.is_none()).map(|name| (*name).to_owned()),
        generic: generic.map(str::to_owned),
    })
}

/// The code that an item itself has, whatever else is said of it.
pub fn own_code(line: &Line<'_>) -> Product {
    let concepts: Vec<&Value> = line.item.get("productOrService").into_iter().collect();
    Product { code: one_code(&concepts).ok().flatten().map(str::to_owned), ..Product::default() }
}

/// The one code of HCPCS or CPT that concepts have.
fn one_code<'v>(concepts: &[&'v Value]) -> Result<Option<&'v str>, String> {
    let codes = concepts.iter().flat_map(|concept| procedure_codes(concept));
    let codes: BTreeSet<&str> = codes.collect();
    if codes.len() > 1 {
        let all: Vec<&str> = codes.into_iter().collect();
        return Err(format!("one product has the codes {}: send an item for each", all.join(" and ")));
    }
    Ok(codes.first().copied())
}

/// The codes of HCPCS or CPT of a concept.
pub fn procedure_codes(concept: &Value) -> impl Iterator<Item = &str> {
    codings(concept).filter(is_procedure_code).map(|coding| coding.code)
}

/// Codes of HCPCS Level I and II; their systems are written in several ways.
fn is_procedure_code(coding: &Coding<'_>) -> bool {
    ["HCPCSReleaseCodeSets", "HCPCS-all-codes", "codesystem/hcpcs", "/cpt", "2.16.840.1.113883.6.285", "2.16.840.1.113883.6.12"]
        .iter()
        .any(|end| is_system(coding.system, end))
}

/// A concept's text, and what stands beside its codes.
pub fn words_of(concept: &Value) -> impl Iterator<Item = &str> {
    let shown = list(concept, "coding").iter().filter_map(|coding| text(coding, "display"));
    text(concept, "text").into_iter().chain(shown)
}

/// False where words name a drug and it is another one. What they say beside it, such as a strength, is nobody's to read.
fn may_mean(words: &str, generic: &str, drugs: &DrugCatalog) -> bool {
    if let Some(named) = drugs.named(words) {
        return named.generic == generic;
    }
    let lower = generic.to_lowercase();
    let named = named_within(words, drugs);
    // the name of a product may be in several parts, one of which is another drug's name
    named.is_empty() || named.contains(&generic) || named.iter().all(|name| lower.contains(&name.to_lowercase()))
}

/// The drugs that a text names in its words, of several words first.
fn named_within<'d>(text: &str, drugs: &'d DrugCatalog) -> Vec<&'d str> {
    let words: Vec<&str> =
        text.split(|sign: char| !(sign.is_alphanumeric() || sign == '-')).filter(|word| !word.is_empty()).collect();
    let mut named = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let longest = (1..=WORDS_OF_A_NAME.min(words.len() - at)).rev().find_map(|count| {
            let phrase = words.get(at..at + count)?.join(" ");
            drugs.named(&phrase).map(|drug| (count, drug.generic.as_str()))
        });
        at += longest.map_or(1, |(count, _)| count);
        named.extend(longest.map(|(_, generic)| generic));
    }
    named
}

/// What the request behind an item is for.
fn medications<'v>(bundle: &Bundle<'v>, request: Entry<'v>) -> Result<Vec<&'v Value>, Issue> {
    let own = ["medicationCodeableConcept", "code"].into_iter().filter_map(|name| request.resource.get(name));
    let mut concepts: Vec<&Value> = own.collect();
    if let Some(reference) = request.resource.get("medicationReference") {
        let medication = bundle.resolve(request, reference).and_then(|entry| entry.resource.get("code"));
        let words = "the medication of this request is not in the Bundle, or has no code";
        concepts.push(medication.ok_or_else(|| Issue::at("not-found", request.path("medication"), words))?);
    }
    Ok(concepts)
}

/// The earliest day that the items ask for, else the day of the patient's event. One that is written and is no day is a fault.
pub fn date_of_service(claim: &Claim<'_>) -> Result<Option<(NaiveDate, String)>, Issue> {
    let mut earliest: Option<(NaiveDate, String)> = None;
    for line in &claim.lines {
        let at = claim.item_path(line, "serviced");
        if let Some(day) = day_of(line.item, "serviced").map_err(|words| Issue::at("value", at.as_str(), words))?
            && earliest.as_ref().is_none_or(|(first, _)| day < *first)
        {
            earliest = Some((day, at));
        }
    }
    let is_event = |info: &Value| info.get("category").is_some_and(|concept| has_code(concept, "/PASTempCodes", "patientEvent"));
    for (index, info) in list(claim.entry.resource, "supportingInfo").iter().enumerate().filter(|(_, info)| is_event(info)) {
        let at = claim.entry.path(&format!("supportingInfo[{index}].timing"));
        let day = day_of(info, "timing").map_err(|words| Issue::at("value", at.as_str(), words))?;
        earliest = earliest.or_else(|| Some((day?, at)));
    }
    Ok(earliest)
}

/// The day of `xDate`, or on which `xPeriod` begins.
fn day_of(holder: &Value, name: &str) -> Result<Option<NaiveDate>, &'static str> {
    let single = ["Date", "DateTime"].iter().find_map(|end| holder.get(format!("{name}{end}")));
    let written = match (single, holder.get(format!("{name}Period"))) {
        (None, None) => return Ok(None),
        (Some(single), _) => Some(single),
        (None, Some(period)) => period.get("start"),
    };
    let day = written.and_then(Value::as_str).and_then(|written| date(written.trim()));
    day.map(Some).ok_or("a date of service has year, month and day")
}

/// The place of service of the items, with whether they name different ones. A place that is told and not read is a fault, and so are two of
/// which one admits.
pub fn place(claim: &Claim<'_>, places: &BTreeMap<String, PlaceOfService>) -> Result<Option<Place>, Issue> {
    let mut found: Option<Place> = None;
    for line in &claim.lines {
        let Some(told) =
            ["locationCodeableConcept", "locationReference", "locationAddress"].iter().find_map(|name| line.item.get(name))
        else {
            continue;
        };
        let at = claim.item_path(line, "location");
        let codes =
            codings(told).filter(|coding| is_system(coding.system, "Place_of_Service_Code_Set")).map(|coding| coding.code);
        let codes: BTreeSet<&str> = codes.collect();
        let (Some(code), 1) = (codes.first(), codes.len()) else {
            let words = "a place of service is one code of the CMS place of service code set";
            return Err(Issue::at("code-invalid", at, words));
        };
        let admits = places.get(*code).is_some_and(|place| place.inpatient);
        match &mut found {
            None => found = Some(Place { code: (*code).to_owned(), admits, path: at, differs: false }),
            Some(first) if first.admits != admits => {
                let words = format!("this item is at {code} and another one at {}: one of them is an admission", first.code);
                return Err(Issue::at("business-rule", at, words));
            }
            Some(first) => first.differs |= first.code != *code,
        }
    }
    Ok(found)
}

/// Where items are given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Code of the first item's place.
    pub code: String,
    /// True where patients are admitted there.
    pub admits: bool,
    /// Where it stands.
    pub path: String,
    /// True where another item is given at another place.
    pub differs: bool,
}

/// True where the encounter is an admission to a hospital.
pub fn is_admission(bundle: &Bundle<'_>, claim: &Claim<'_>) -> Result<bool, Issue> {
    let Some(extension) = extension(claim.entry.resource, urls::ENCOUNTER) else { return Ok(false) };
    let Some(entry) = extension.get("valueReference").and_then(|reference| bundle.resolve(claim.entry, reference)) else {
        let words = "the encounter is not in the Bundle, or not once only";
        return Err(Issue::at("not-found", claim.entry.path("extension"), words));
    };
    let class = entry.resource.get("class").and_then(coding).filter(|class| is_system(class.system, "/v3-ActCode"));
    match class.map(|class| class.code) {
        Some(code) if ADMITTED.contains(&code) => Ok(true),
        Some(code) if NOT_ADMITTED.contains(&code) => Ok(false),
        _ => Err(Issue::at(
            "code-invalid",
            entry.path("class"),
            "whether this encounter is an admission is not told by a code that is read",
        )),
    }
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

/// The ICD-10-CM code of the principal diagnosis, or of the first that has one, with its dot. What contradicts it is a fault.
pub fn diagnosis<'v>(bundle: &Bundle<'v>, claim: &Claim<'v>) -> Result<Option<(String, String)>, Issue> {
    let at = |index: usize| claim.entry.path(&format!("diagnosis[{index}]"));
    let mut all = Vec::new();
    for (index, diagnosis) in list(claim.entry.resource, "diagnosis").iter().enumerate() {
        let principal = list(diagnosis, "type").iter().any(|concept| codings(concept).any(|coding| coding.code == "principal"));
        let code = icd10_of(bundle, claim, diagnosis).map_err(|words| Issue::at("business-rule", at(index), words))?;
        all.push((index, diagnosis.get("sequence"), principal, code));
    }
    // where one is principal, another one is not what is treated
    let principal = all.iter().find(|(.., principal, _)| *principal);
    let Some((index, _, _, code)) = principal.or_else(|| all.iter().find(|(.., code)| code.is_some())) else { return Ok(None) };
    if all.iter().any(|(.., other, code_of_other)| *other && code_of_other != code) {
        return Err(Issue::at("business-rule", at(*index), "two diagnoses are principal: which one is treated is not told"));
    }
    let Some(code) = code else { return Ok(None) };
    for line in &claim.lines {
        let asked = line.item.get("diagnosisSequence").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let is_it = |sequence: &Value| all.iter().any(|(_, other, _, of)| *other == Some(sequence) && of.as_ref() == Some(code));
        if !asked.is_empty() && !asked.iter().any(is_it) {
            let words = format!("this item is for another diagnosis than {code}: one order is for one diagnosis");
            return Err(Issue::at("business-rule", claim.item_path(line, "diagnosisSequence"), words));
        }
    }
    Ok(Some((code.clone(), at(*index))))
}

/// The ICD-10-CM code that a diagnosis of a Claim has.
fn icd10_of<'v>(bundle: &Bundle<'v>, claim: &Claim<'v>, diagnosis: &'v Value) -> Result<Option<String>, &'static str> {
    let of_reference = match diagnosis.get("diagnosisReference") {
        Some(reference) => {
            Some(bundle.resolve(claim.entry, reference).ok_or("the condition is not in the Bundle, or not once only")?)
        }
        None => None,
    };
    let concepts = [diagnosis.get("diagnosisCodeableConcept"), of_reference.and_then(|entry| entry.resource.get("code"))];
    let codes = concepts.into_iter().flatten().flat_map(codings).filter(|coding| is_system(coding.system, "/icd-10-cm"));
    let codes: BTreeSet<String> = codes.map(|coding| with_dot(coding.code)).collect();
    if codes.len() > 1 { Err("a diagnosis has one code of ICD-10-CM") } else { Ok(codes.into_iter().next()) }
}

/// A code as X12 writes it, without its dot, with it.
pub fn with_dot(code: &str) -> String {
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
