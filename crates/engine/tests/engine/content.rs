//! The shipped content loads without a warning, and says what its sources say.

#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a fixture that fails has to fail the test")]

use crate::support;

use oncoauth::content::check;
use oncoauth::domain::content::{Benefit, FnRisk, RegimenDrugRole, RequiredResult};
use oncoauth::domain::vocabulary::{CaseStatus, DoseUnit, DrugStatus, LineOfTreatment, PathwayDetermination};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use support::orders::{Situation, exact};

fn day(text: &str) -> chrono::NaiveDate {
    text.parse().expect("a day")
}

// proves REG-08, REG-11
#[test]
fn the_shipped_content_has_no_error_and_no_warning() {
    let report = check(None);
    assert!(report.errors.is_empty() && report.warnings.is_empty(), "{report}");
    assert_eq!(report.exit_code(), 0);
    assert!(report.to_string().ends_with("The content can be used: 0 errors, 0 warnings, 18 notes."), "{report}");
}

// proves REG-08
#[test]
fn the_shipped_content_loads_in_two_releases_that_differ_a_little() {
    let library = support::library();
    let old = library.in_force(day("2026-09-30"));
    let new = library.in_force(day("2026-10-01"));
    assert_eq!((old.release.name.as_str(), new.release.name.as_str()), ("2026.3", "2026.4"));
    assert_eq!((old.regimens.len(), new.regimens.len()), (204, 839));
    assert!(old.regimen("SCL-TARLA").unwrap().pathway.is_none());
    assert!(new.regimen("SCL-TARLA").unwrap().pathway.is_some());
    assert!(old.regimen("BIL-GEMCIS").unwrap().pathway.is_some());
    assert!(new.regimen("BIL-GEMCIS").unwrap().pathway.is_none());
    assert!(
        std::sync::Arc::ptr_eq(old.regimen("BRE-TC").unwrap(), new.regimen("BRE-TC").unwrap()),
        "unchanged regimens are shared"
    );
}

// proves REG-01
#[test]
fn a_regimen_says_what_its_file_says() {
    let library = support::library();
    let content = library.in_force(day("2026-12-01"));
    let tchp = content.regimen("BRE-TCHP").unwrap();
    assert_eq!(tchp.required_ingredients, ["carboplatin", "docetaxel", "pertuzumab", "trastuzumab"]);
    assert_eq!(tchp.lines, [LineOfTreatment::Neoadjuvant, LineOfTreatment::Adjuvant]);
    assert_eq!(tchp.fn_risk, FnRisk::High);
    assert_eq!(tchp.pathway.as_ref().unwrap().id, "PW-BRE-TCHP");
    let trastuzumab = tchp.phases[0].drugs.iter().find(|drug| drug.generic == "trastuzumab").unwrap();
    assert_eq!((trastuzumab.dose.amount, trastuzumab.dose.unit), (6.0, DoseUnit::MgPerKg));
    assert_eq!(trastuzumab.loading_dose.map(|dose| (dose.amount, dose.unit)), Some((8.0, DoseUnit::MgPerKg)));
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
    let library = support::library();
    let content = library.in_force(day("2026-12-01"));
    let (drug, code) = content.drugs.by_code("Q5116").unwrap();
    assert_eq!((drug.generic.as_str(), code.biosimilar_name.as_deref()), ("trastuzumab", Some("trastuzumab-qyyp")));
    assert_eq!(code.billing_unit.as_ref().unwrap().words(), "10 mg");
    let (phesgo, _) = content.drugs.by_code("J9316").unwrap();
    assert_eq!(phesgo.ingredients, ["pertuzumab", "trastuzumab"]);
    assert_eq!(content.drugs.terminated("J9310").unwrap().replaced_by, ["J9312"]);
    assert!(content.drugs.by_name("Nab-Paclitaxel").is_some());
    assert!(content.drugs.by_name("lenalidomide").unwrap().codes.is_empty());
}

// proves PRG-11
#[test]
fn neoplasms_and_chosen_context_codes_are_oncology() {
    let library = support::library();
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
    let library = support::library();
    let content = library.in_force(day("2026-12-01"));
    assert_eq!(content.policies.len(), 71);
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

// proves REG-08
#[test]
fn the_release_in_force_on_a_day_decides_and_the_first_one_reaches_back_for_good() {
    let library = support::library();
    for (on, release) in [
        ("1999-01-01", "2026.3"),
        ("2020-01-01", "2026.3"),
        ("2026-09-30", "2026.3"),
        ("2026-10-01", "2026.4"),
        ("2031-12-31", "2026.4"),
    ] {
        assert_eq!(library.in_force(day(on)).release.name, release, "{on}");
    }
    assert!(library.named("2026.3").is_some() && library.named("2026.5").is_none());
    assert!(library.releases().all(|content| !content.release.notes.is_empty()), "every release says what changed");
}

// proves PRG-18, DRG-01
#[test]
fn each_program_has_its_own_list_of_managed_drugs_and_long_generic_ones_are_in_none() {
    let content = support::content();
    let managed = |program: &str| &content.program(program).expect("a program").managed;
    let (qccp, ovm) = (managed("quality-care-cancer"), managed("oncology-value-management"));
    let bma = managed("blue-medicare-advantage-ccq");
    for (generic, by) in [
        ("trastuzumab", [true, true, true]),
        ("bendamustine", [false, true, true]),
        ("rasburicase", [true, false, true]),
        ("histrelin", [true, true, false]),
        ("docetaxel", [false, false, false]),
        ("cyclophosphamide", [false, false, false]),
    ] {
        assert_eq!([qccp, ovm, bma].map(|list| list.contains(generic)), by, "{generic}");
    }
    let unknown: BTreeSet<&String> =
        [qccp, ovm, bma].into_iter().flatten().filter(|name| content.drugs.by_name(name).is_none()).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

// proves DRG-01
#[test]
fn docetaxel_is_not_reviewed_and_trastuzumab_beside_it_is() {
    let content = support::content();
    let order = exact(content.regimen("BRE-TCHP").expect("a regimen"), content, "qccp");
    let decision = Situation::new(order.clone(), "qccp").decide(content).expect("a decision");
    let status_of = |generic: &str| {
        let line =
            order["treatment"]["phases"][0]["drugs"].as_array().expect("drugs").iter().find(|drug| drug["generic"] == generic);
        let line = line.expect("a line")["line"].as_u64().expect("a number");
        decision.drugs.iter().find(|drug| u64::from(drug.drug.line) == line).expect("a decided line").drug.status
    };
    assert_eq!(status_of("docetaxel"), DrugStatus::ClinicalReviewNotRequired);
    assert_eq!(status_of("trastuzumab"), DrugStatus::Authorized);
}

// proves PRG-12
#[test]
fn oral_drugs_are_the_pharmacy_benefit_but_part_b_orals_are_flagged() {
    let content = support::content();
    let coded: Vec<&str> = content
        .drugs
        .all()
        .iter()
        .flat_map(|drug| &drug.codes)
        .filter(|code| code.medicare_part_b_oral)
        .map(|code| code.hcpcs.as_str())
        .collect();
    assert_eq!(coded.len(), 28, "{coded:?}");
    assert!(coded.iter().all(|code| code.starts_with('J') || code.starts_with('Q')), "{coded:?}");
    let (capecitabine, code) = content.drugs.by_code("J8522").expect("capecitabine");
    assert_eq!((capecitabine.benefit, code.benefit), (Benefit::Pharmacy, Benefit::Pharmacy));
    assert!(code.medicare_part_b_oral);
    let osimertinib = content.drugs.by_name("osimertinib").expect("osimertinib");
    assert!(osimertinib.benefit == Benefit::Pharmacy && osimertinib.codes.is_empty());
    assert_eq!(content.drugs.by_name("trastuzumab").expect("trastuzumab").benefit, Benefit::Medical);
}

// proves DEV-06
#[test]
fn every_regimen_has_a_category_of_febrile_neutropenia_and_says_what_it_rests_on() {
    let content = support::content();
    let count = |category| content.regimens.iter().filter(|regimen| regimen.fn_risk == category).count();
    for category in [FnRisk::Low, FnRisk::Intermediate, FnRisk::High] {
        assert!(count(category) >= 10, "{category:?}: {}", count(category));
    }
    // what is unknown counts as low, and would deny a growth factor that the risk may support
    assert_eq!(count(FnRisk::Unknown), 0);
    let silent: Vec<&str> =
        content.regimens.iter().filter(|regimen| regimen.fn_risk_basis.is_empty()).map(|regimen| regimen.id.as_str()).collect();
    assert!(silent.is_empty(), "{silent:?}");
    let growth_factors = content.policies_for("pegfilgrastim").next().expect("a policy");
    let texts: Vec<&str> = growth_factors
        .indications
        .iter()
        .flat_map(|indication| &indication.criteria)
        .map(|statement| statement.text.as_ref())
        .collect();
    assert!(texts.contains(&"regimen fn_risk is high") && texts.contains(&"fn_risk_factor present"));
}

// proves SUB-16
#[test]
fn every_code_leads_to_one_drug_and_no_code_is_both_active_and_ended() {
    let content = support::content();
    for drug in content.drugs.all() {
        for code in &drug.codes {
            let (found, _) = content.drugs.by_code(&code.hcpcs).expect("an active code");
            assert_eq!(found.generic, drug.generic, "{}", code.hcpcs);
            assert!(content.drugs.terminated(&code.hcpcs).is_none(), "{}", code.hcpcs);
        }
    }
    assert!(content.drugs.by_code("J0000").is_none() && content.drugs.terminated("J0000").is_none());
}

/// What a Pathway's policies ask for beside the regimen itself: facts that are not part of it, and supportive drugs.
fn with_required_extras(regimen: &str, order: &mut Value) {
    match regimen {
        "PRO-CABA" => order["clinical"]["prior_therapies"] = json!([{"generic": "docetaxel", "outcome": "completed"}]),
        "LYM-POLA-RCHP" => order["clinical"]["fn_risk_factors"] = json!(["bone_marrow_involvement"]),
        "NSC-KN671" => order["clinical"]["pathology"] = json!("adenocarcinoma"),
        _ => {}
    }
    let drugs = |phase: &Value| phase["drugs"].as_array().cloned().unwrap_or_default();
    let phases = order["treatment"]["phases"].as_array().expect("phases").clone();
    if phases.iter().flat_map(drugs).any(|drug| drug["generic"] == "pemetrexed") {
        for (index, phase) in order["treatment"]["phases"].as_array_mut().expect("phases").iter_mut().enumerate() {
            let line = 100 + 2 * index;
            let vitamins = [
                json!({"line": line, "hcpcs": "J3420", "generic": "cyanocobalamin", "role": "supportive", "route": "im",
                       "dose": {"amount": 1000, "unit": "mcg"}, "days": [1]}),
                json!({"line": line + 1, "generic": "folic acid", "role": "supportive", "route": "po",
                       "dose": {"amount": 0.4, "unit": "mg"}, "days": [1]}),
            ];
            phase["drugs"].as_array_mut().expect("drugs").extend(vitamins);
        }
    }
}

// proves REG-04, REG-11, DET-01
#[test]
fn no_policy_refuses_a_pathway_entered_exactly_with_what_its_policies_ask_for() {
    let content = support::content();
    let mut faults = Vec::new();
    let mut decided = 0;
    for regimen in content.regimens.iter().filter(|regimen| regimen.pathway.is_some()) {
        for short in ["qccp", "ovm", "bma"] {
            let mut order = exact(regimen, content, short);
            with_required_extras(&regimen.id, &mut order);
            match Situation::new(order, short).decide(content) {
                Ok(decision)
                    if decision.status != CaseStatus::InProgress
                        && decision.pathway.determination == PathwayDetermination::OnPathway =>
                {
                    decided += 1;
                }
                Ok(decision) => {
                    let why: Vec<&str> = decision.deviations.iter().map(|deviation| deviation.message.as_str()).collect();
                    faults.push(format!("{} {short}: {} {why:?}", regimen.id, decision.status));
                }
                Err(refusal) => faults.push(format!("{} {short}: {refusal:?}", regimen.id)),
            }
        }
    }
    assert!(faults.is_empty(), "{} decided, these not:\n{}", decided, faults.join("\n"));
    assert!(decided > 400, "{decided}");
}
