//! The shipped content loads, and says what its sources say.

use oncoauth::content::load_embedded;
use oncoauth::domain::content::{FnRisk, RegimenDrugRole, RequiredResult};
use oncoauth::domain::vocabulary::{DoseUnit, LineOfTreatment};
use std::sync::Arc;

fn day(text: &str) -> chrono::NaiveDate {
    text.parse().unwrap()
}

// proves REG-08
#[test]
fn the_shipped_content_loads_in_two_releases_that_differ_a_little() {
    let library = load_embedded().unwrap_or_else(|errors| panic!("{errors}"));
    let old = library.in_force(day("2026-09-30"));
    let new = library.in_force(day("2026-10-01"));
    assert_eq!((old.release.name.as_str(), new.release.name.as_str()), ("2026.3", "2026.4"));
    assert_eq!(new.regimens.len(), 197);
    assert!(old.regimen("SCL-TARLA").unwrap().pathway.is_none());
    assert!(new.regimen("SCL-TARLA").unwrap().pathway.is_some());
    assert!(old.regimen("BIL-GEMCIS").unwrap().pathway.is_some());
    assert!(new.regimen("BIL-GEMCIS").unwrap().pathway.is_none());
    assert!(Arc::ptr_eq(old.regimen("BRE-TC").unwrap(), new.regimen("BRE-TC").unwrap()), "unchanged regimens are shared");
}

// proves REG-01
#[test]
fn a_regimen_says_what_its_file_says() {
    let library = load_embedded().unwrap();
    let content = library.in_force(day("2026-12-01"));
    let tchp = content.regimen("BRE-TCHP").unwrap();
    assert_eq!(tchp.required_ingredients, ["carboplatin", "docetaxel", "pertuzumab", "trastuzumab"]);
    assert_eq!(tchp.lines, [LineOfTreatment::Neoadjuvant, LineOfTreatment::Adjuvant]);
    assert_eq!(tchp.fn_risk, FnRisk::High);
    assert_eq!(tchp.pathway.as_ref().unwrap().id, "PW-BRE-TCHP");
    let trastuzumab = tchp.phases[0].drugs.iter().find(|drug| drug.generic == "trastuzumab").unwrap();
    assert_eq!((trastuzumab.dose.amount, trastuzumab.dose.unit), (6.0, DoseUnit::MgPerKg));
    assert_eq!(trastuzumab.loading_dose.unwrap().amount, 8.0);
    let her2 = &tchp.biomarkers[0];
    assert_eq!((her2.text.as_str(), &her2.required), ("HER2 positive", &RequiredResult::AnyOf(vec!["positive".to_owned()])));
    let folfox = content.regimen("CRC-FOLFOX-ADJ").unwrap();
    assert!(folfox.required_ingredients.contains(&"leucovorin".to_owned()), "a modulator is part of the treatment (REG-13)");
    let ddact = content.regimen("BRE-DDAC-T").unwrap();
    assert_eq!(ddact.supportive_ingredients, ["pegfilgrastim"]);
    assert!(ddact.phases[0].drugs.iter().any(|drug| drug.role == RegimenDrugRole::Supportive));
    let rchop = content.regimen("LYM-RCHOP").unwrap();
    assert_eq!(rchop.lines, [LineOfTreatment::Definitive, LineOfTreatment::FirstLine]);
}

// proves SUB-16
#[test]
fn codes_lead_to_drugs_and_ended_codes_to_their_successors() {
    let library = load_embedded().unwrap();
    let content = library.in_force(day("2026-12-01"));
    let (drug, code) = content.drugs.by_code("Q5116").unwrap();
    assert_eq!((drug.generic.as_str(), code.biosimilar_name.as_deref()), ("trastuzumab", Some("trastuzumab-qyyp")));
    assert_eq!(code.billing_unit.as_ref().unwrap().words(), "10 mg");
    let (phesgo, _) = content.drugs.by_code("J9316").unwrap();
    assert_eq!(phesgo.ingredients, ["pertuzumab", "trastuzumab"]);
    assert_eq!(content.drugs.terminated("J9310").unwrap().replaced_by, ["J9312"]);
    assert!(content.drugs.by_name("Nab-Paclitaxel").is_some());
    assert!(content.drugs.by_name("prednisone").unwrap().codes.is_empty());
}

// proves PRG-11
#[test]
fn neoplasms_and_chosen_context_codes_are_oncology() {
    let library = load_embedded().unwrap();
    let content = library.in_force(day("2026-12-01"));
    assert!(content.diagnoses["C50.911"].oncology && content.diagnoses["C50.911"].billable);
    assert!(!content.diagnoses["C50"].billable);
    assert!(content.diagnoses["Z51.11"].oncology && content.diagnoses["D70.1"].oncology);
    assert!(!content.diagnoses["R11.2"].oncology);
    assert!(content.places_of_service["21"].inpatient && !content.places_of_service["11"].inpatient);
    assert_eq!(content.calendars["us-federal"].days[&day("2026-07-03")], "Independence Day");
}

// proves REG-11
#[test]
fn every_policy_of_the_shipped_content_can_be_read() {
    let library = load_embedded().unwrap_or_else(|errors| panic!("{errors}"));
    let content = library.in_force(day("2026-12-01"));
    assert_eq!(content.policies.len(), 37);
    let policy = content.policies_for("trastuzumab and hyaluronidase-oysk").next().unwrap();
    assert_eq!(policy.id, "MP-TRASTUZUMAB-AND-BIOSIMILARS");
    assert!(!policy.preferred.as_ref().unwrap().enabled);
    let enhertu = |day_of| {
        let content = library.in_force(day(day_of));
        let policy = content.policies_for("fam-trastuzumab deruxtecan-nxki").next().unwrap();
        policy.indications.iter().map(|indication| indication.id.clone()).collect::<Vec<_>>()
    };
    assert!(enhertu("2026-09-30").contains(&"bc-low".to_owned()));
    assert!(enhertu("2026-10-01").contains(&"bc-low-ultralow".to_owned()));
}
