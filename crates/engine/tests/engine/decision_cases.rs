//! Decides every order of `tests/cases` and compares the answer with what the case expects. `docs/decision-cases.md` explains the files.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a case file that cannot be read has to fail the test"
)]

mod check;
mod format;
mod outcome;

use format::{Case, File};
use oncoauth::domain::vocabulary::{CaseStatus, DeviationCode, DrugStatus, Hold, PathwayDetermination};
use std::collections::BTreeSet;

/// The catalogue of requirements: chapter, and its last number.
const CATALOGUE: &[(&str, u32)] = &[
    ("PRG", 18),
    ("INF", 8),
    ("SUB", 16),
    ("DUP", 3),
    ("REG", 13),
    ("DEV", 7),
    ("DRG", 8),
    ("CAS", 9),
    ("DET", 13),
    ("APP", 4),
    ("SCD", 13),
    ("VER", 9),
    ("PRV", 7),
    ("TRI", 3),
    ("COV", 4),
    ("SAFE", 16),
];

/// Exclusions of the contract.
const EXCLUSIONS: &[&str] = &[
    "fep",
    "indemnity",
    "medicaid",
    "dual_eligible",
    "commercial",
    "group_not_participating",
    "not_urmbt",
    "service_not_managed",
    "inpatient",
    "before_program_start",
    "not_oncology_diagnosis",
];

/// What the cases of radiation prove.
const OF_RADIATION: &[DeviationCode] = &[
    DeviationCode::MissingPlanComparison,
    DeviationCode::Fractionation,
    DeviationCode::OffPreferredSchedule,
    DeviationCode::NotRecommendedSchedule,
    DeviationCode::ModalityNotSupported,
    DeviationCode::ProcedureMismatch,
];

/// The same for holds.
const HOLDS_OF_RADIATION: &[Hold] = &[Hold::RadiationReview, Hold::PlanComparisonReview, Hold::ReIrradiation];

/// Every case with the file it is in.
fn cases() -> Vec<(String, Case)> {
    let folder = crate::support::copy::repository().join("tests/cases");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).expect("there are cases").map(|entry| entry.expect("a file").path()).collect();
    files.sort();
    let mut cases = Vec::new();
    for path in files.iter().filter(|path| path.extension().is_some_and(|extension| extension == "toml")) {
        let name = path.file_name().expect("a file has a name").to_string_lossy().into_owned();
        let text = std::fs::read_to_string(path).expect("a readable file");
        let file: File = toml::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        cases.extend(file.case.into_iter().map(|case| (name.clone(), case)));
    }
    cases
}

#[test]
fn every_case_is_decided_as_its_file_expects() {
    let content = crate::support::content();
    let cases = cases();
    let failures: Vec<String> = cases
        .iter()
        .filter_map(|(file, case)| {
            let outcome =
                case.situation(content).and_then(|situation| outcome::of(situation, &case.changes, &case.then, content));
            let found = match outcome {
                Ok(outcome) => check::differences(&case.expect, &outcome),
                Err(fault) => vec![fault],
            };
            (!found.is_empty()).then(|| format!("{file}: {}\n    {}", case.name, found.join("\n    ")))
        })
        .collect();
    assert!(failures.is_empty(), "{} of {} cases differ\n\n{}\n", failures.len(), cases.len(), failures.join("\n"));
}

#[test]
fn the_cases_prove_known_requirements_and_leave_nothing_out() {
    let content = crate::support::content();
    let cases = cases();
    assert!(cases.len() >= 150, "{} cases", cases.len());
    let mut faults: Vec<String> = cases.iter().flat_map(|(file, case)| unsound(file, case)).collect();
    let names: BTreeSet<&str> = cases.iter().map(|(_, case)| case.name.as_str()).collect();
    if names.len() != cases.len() {
        faults.push("two cases have the same name".to_owned());
    }
    let mut missing = |what: &str, wanted: &mut dyn Iterator<Item = &str>, have: &BTreeSet<String>| {
        faults.extend(wanted.filter(|word| !have.contains(*word)).map(|word| format!("no case for {what} {word}")));
    };
    let all = |of: &dyn Fn(&Case) -> Vec<String>| cases.iter().flat_map(|(_, case)| of(case)).collect::<BTreeSet<String>>();
    let expected = |of: fn(&format::Expect) -> Vec<String>| all(&|case| of(&case.expect));

    missing("program", &mut ["bma", "ovm", "qccp"].into_iter(), &all(&|case| vec![case.program.clone()]));
    let cancers = all(&|case| content.regimen(&case.start).map(|regimen| regimen.cancer.clone()).into_iter().collect());
    let with_regimens: BTreeSet<&str> = content.regimens.iter().map(|regimen| regimen.cancer.as_str()).collect();
    assert_eq!(with_regimens.len(), 63, "cancer types with regimens");
    missing("cancer type", &mut with_regimens.into_iter(), &cancers);
    let exclusions = expected(|expect| expect.refusal.iter().filter_map(|refused| refused.exclusion.clone()).collect());
    missing("exclusion", &mut EXCLUSIONS.iter().copied(), &exclusions);
    let deviations = expected(|expect| {
        let listed = expect.deviations.iter().flatten().chain(&expect.deviates);
        listed.filter_map(|text| text.split([' ', '@']).next()).map(str::to_owned).collect()
    });
    // what radiation orders lack is proven with the rules for radiation
    let of_drugs = DeviationCode::ALL.iter().filter(|code| !OF_RADIATION.contains(code));
    missing("deviation", &mut of_drugs.map(|code| code.as_str()), &deviations);
    missing(
        "case status",
        &mut CaseStatus::ALL.iter().map(|status| status.as_str()),
        &expected(|expect| expect.status.iter().cloned().collect()),
    );
    missing(
        "drug status",
        &mut DrugStatus::ALL.iter().map(|status| status.as_str()),
        &expected(|expect| expect.drugs.values().cloned().collect()),
    );
    missing(
        "hold",
        &mut Hold::ALL.iter().filter(|hold| !HOLDS_OF_RADIATION.contains(hold)).map(|hold| hold.as_str()),
        &expected(|expect| expect.holds.iter().flatten().cloned().collect()),
    );
    missing(
        "determination",
        &mut PathwayDetermination::ALL.iter().map(|word| word.as_str()),
        &expected(|expect| expect.pathway.iter().cloned().collect()),
    );
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// What keeps a case from proving anything.
fn unsound(file: &str, case: &Case) -> Vec<String> {
    let is_known = |id: &String| {
        id.split_once('-').is_some_and(|(chapter, number)| {
            let last = CATALOGUE.iter().find(|(known, _)| *known == chapter).map(|(_, last)| *last);
            last.zip(number.parse::<u32>().ok()).is_some_and(|(last, number)| (1..=last).contains(&number))
        })
    };
    let mut faults: Vec<String> =
        case.proves.iter().filter(|id| !is_known(id)).map(|id| format!("{file}: {}: no requirement {id}", case.name)).collect();
    if case.proves.is_empty() {
        faults.push(format!("{file}: {}: proves nothing", case.name));
    }
    if case.expect.status.is_some() == case.expect.refusal.is_some() {
        faults.push(format!("{file}: {}: states a status or a refusal, one of them", case.name));
    }
    faults
}
