//! `content::check` on directories that a person has edited badly: every fault with its file, line and suggestion, and all at once.

#![allow(clippy::expect_used, clippy::panic, reason = "a fixture that fails has to fail the test")]

mod faults;
mod warnings;

use crate::support::copy::{Copy, Edit};
use faults::{FAULTS, Fault};
use oncoauth::content::{Problem, Report, check, load_dir};
use std::fs;
use warnings::WARNINGS;

fn missing<'r>(report: &'r Report, fault: &Fault, line: usize) -> Option<String> {
    let said = |problem: &&'r Problem| {
        (problem.file.as_str(), problem.line) == (fault.edit.file, line)
            && problem.message.contains(fault.message)
            && problem.suggestion.as_deref().unwrap_or_default().contains(fault.suggestion)
    };
    (!report.errors.iter().any(|problem| said(&problem)))
        .then(|| format!("{}:{line}: {} ({})\n{report}\n", fault.edit.file, fault.message, fault.suggestion))
}

/// Reading all content takes seconds: faults of different files are looked for in one reading, those of one file each in its own.
fn rounds(faults: &[Fault]) -> Vec<Vec<&Fault>> {
    let mut rounds: Vec<Vec<&Fault>> = Vec::new();
    for fault in faults {
        let is_free = |round: &&mut Vec<&Fault>| round.iter().all(|other| other.edit.file != fault.edit.file);
        match rounds.iter_mut().find(is_free) {
            Some(round) => round.push(fault),
            None => rounds.push(vec![fault]),
        }
    }
    rounds
}

// proves REG-08, PRG-18, REG-11
#[test]
fn every_single_fault_is_reported_with_its_file_line_and_suggestion() {
    let copy = Copy::new();
    let mut faults = Vec::new();
    for round in rounds(FAULTS) {
        let before: Vec<String> = round.iter().map(|fault| copy.read(fault.edit.file)).collect();
        let lines: Vec<usize> = round.iter().map(|fault| copy.apply(&fault.edit, fault.at)).collect();
        let report = check(Some(copy.path()));
        assert_eq!(report.exit_code(), 1);
        for ((fault, line), text) in round.iter().zip(lines).zip(&before) {
            faults.extend(missing(&report, fault, line));
            copy.write(fault.edit.file, text);
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(check(Some(copy.path())).errors.is_empty(), "every fault was taken back");
}

// proves REG-08
#[test]
fn all_faults_together_are_reported_in_one_run_and_such_content_is_never_loaded() {
    let copy = Copy::new();
    for fault in FAULTS {
        copy.apply(&fault.edit, fault.at);
    }
    let report = check(Some(copy.path()));
    let missed: Vec<String> =
        FAULTS.iter().filter_map(|fault| missing(&report, fault, copy.line_of(fault.edit.file, fault.at))).collect();
    assert!(missed.is_empty(), "{} missed:\n{}", missed.len(), missed.join("\n"));
    let both = report.errors.iter().filter(|problem| problem.file == "regimens/breast-early.toml").count();
    assert!(both >= 2, "an unknown key does not hide the bad code next to it");
    let refused = load_dir(copy.path()).expect_err("bad content must not be loaded");
    assert_eq!(refused.0, report.errors);
    assert!(report.warnings.is_empty(), "warnings wait until there are no errors");
}

// proves REG-08
#[test]
fn missing_files_and_broken_syntax_are_errors_too() {
    let copy = Copy::new();
    fs::remove_file(copy.path().join("assessments.toml")).expect("a file");
    fs::remove_dir_all(copy.path().join("calendars")).expect("a folder");
    copy.apply(&Edit { file: "cancers.toml", old: "key = \"breast\"", new: "key = = \"breast\"" }, "= =");
    let report = check(Some(copy.path()));
    let about = |file: &str| report.errors.iter().find(|problem| problem.file == file).map(|problem| problem.line);
    assert_eq!(about("assessments.toml"), Some(1));
    assert_eq!(about("calendars"), Some(1));
    assert_eq!(about("cancers.toml"), Some(copy.line_of("cancers.toml", "= =")));
    let empty = tempfile::tempdir().expect("a temporary directory");
    let report = check(Some(empty.path()));
    for file in ["releases.toml", "drugs", "regimens", "programs", "calendars", "code-sets/icd10cm.tsv"] {
        assert!(report.errors.iter().any(|problem| problem.file == file), "{file}: {report}");
    }
}

// proves REG-11
#[test]
fn what_is_sound_but_hardly_meant_is_a_warning_with_its_line() {
    let copy = Copy::new();
    let mut missed = Vec::new();
    for round in rounds(WARNINGS) {
        let before: Vec<String> = round.iter().map(|fault| copy.read(fault.edit.file)).collect();
        let lines: Vec<usize> = round.iter().map(|fault| copy.apply(&fault.edit, fault.at)).collect();
        let report = check(Some(copy.path()));
        assert!(report.errors.is_empty(), "{report}");
        for ((fault, line), text) in round.iter().zip(lines).zip(&before) {
            let found = report.warnings.iter().any(|problem| {
                (problem.file.as_str(), problem.line) == (fault.edit.file, line)
                    && problem.message.contains(fault.message)
                    && problem.suggestion.as_deref().unwrap_or_default().contains(fault.suggestion)
            });
            if !found {
                missed.push(format!("{}:{line}: {}\n{report}", fault.edit.file, fault.message));
            }
            copy.write(fault.edit.file, text);
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

/// The Pathways that the policy data refused, each with the indication that was added for it.
const REFUSED: [(Edit, &str, &str, &str); 3] = [
    (
        Edit { file: "policies/bevacizumab.toml", old: "id = \"crc-tas\"", new: "id = \"crc-tas\"\nretired = \"2026.3\"" },
        "regimens/colorectal-metastatic.toml",
        "CRC-TASBEV",
        "bevacizumab",
    ),
    (
        Edit {
            file: "policies/pembrolizumab.toml",
            old: "id = \"esophageal-1l\"",
            new: "id = \"esophageal-1l\"\nretired = \"2026.3\"",
        },
        "regimens/esophageal.toml",
        "GE-KN590",
        "pembrolizumab",
    ),
    (
        Edit { file: "policies/nivolumab.toml", old: "id = \"chl-1l\"", new: "id = \"chl-1l\"\nretired = \"2026.3\"" },
        "regimens/lymphoma_hodgkin.toml",
        "HOD-NAVD",
        "nivolumab",
    ),
];

// proves REG-04, REG-11
#[test]
fn a_pathway_that_a_policy_would_refuse_is_a_warning_at_the_regimen() {
    let copy = Copy::new();
    for (edit, file, id, generic) in &REFUSED {
        let before = copy.read(edit.file);
        copy.apply(edit, "retired = \"2026.3\"");
        let report = check(Some(copy.path()));
        let line = copy.line_of(file, &format!("id = \"{id}\""));
        let said = report.warnings.iter().find(|problem| (problem.file.as_str(), problem.line) == (*file, line));
        let said = said.unwrap_or_else(|| panic!("nothing about {id}\n{report}"));
        assert!(said.message.contains(&format!("would refuse {generic} in the Pathway `{id}`")), "{said}");
        assert!(said.message.contains("nearest indication"), "{said}");
        assert!(said.suggestion.as_deref().unwrap_or_default().contains(edit.file), "{said}");
        copy.write(edit.file, &before);
    }
}

// proves REG-08
#[test]
fn a_file_that_nothing_reads_is_a_warning() {
    let copy = Copy::new();
    copy.write("policy.toml", "");
    copy.write("policies/trastuzumab.tml", "");
    copy.write("code-sets/icd10.tsv", "");
    copy.write(".draft", "");
    let report = check(Some(copy.path()));
    let found: Vec<String> = report.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        found,
        [
            "code-sets/icd10.tsv:1: nothing reads this; did you mean `icd10cm.tsv`?",
            "policies/trastuzumab.tml:1: nothing reads this; files here end in `.toml`",
            "policy.toml:1: nothing reads this",
        ]
    );
}

// proves REG-08
#[test]
fn a_report_reads_like_a_list_for_a_person() {
    let copy = Copy::new();
    copy.apply(&Edit { file: "policies/pertuzumab.toml", old: "cancer is breast", new: "cancer is brest" }, "brest");
    let report = check(Some(copy.path()));
    assert_eq!(
        report.to_string(),
        "policies/pertuzumab.toml:30: error: column 11 of \"cancer is brest\": unknown cancer type `brest`; did you mean `breast`?\n\
         The content cannot be used: 1 error, 0 warnings, 0 notes."
    );
    assert_eq!(report.exit_code(), 1);
}

// proves REG-11
#[test]
fn every_example_of_the_criteria_language_can_be_read() {
    let page = include_str!("../../../../../docs/criteria.md");
    let blocks = page.split("```criteria\n").skip(1).filter_map(|rest| rest.split("```").next());
    let examples: Vec<&str> = blocks.flat_map(str::lines).collect();
    assert!(examples.len() >= 15, "{examples:?}");
    let header =
        "id = \"EXAMPLES\"\ntitle = \"Examples\"\ngenerics = [\"paclitaxel\"]\nkind = \"therapeutic\"\nsource = \"test\"\n";
    let indications = examples
        .iter()
        .enumerate()
        .map(|(index, example)| format!("[[indication]]\nid = \"e{index}\"\ntitle = \"\"\ncriteria = ['{example}']\n"));
    let policy: String = std::iter::once(header.to_owned()).chain(indications).collect();
    let copy = Copy::new();
    copy.write("policies/examples.toml", &policy);
    let report = check(Some(copy.path()));
    assert!(report.errors.is_empty(), "{report}");
    let hollow: Vec<&Problem> = report.warnings.iter().filter(|problem| problem.message.contains("never hold")).collect();
    assert!(hollow.is_empty(), "{hollow:?}");
    for page in [page, include_str!("../../../../../docs/content.md")] {
        assert!(page.contains("policies/pertuzumab.toml:30: error: column 11 of \"cancer is brest\": unknown cancer type `brest`; did you mean `breast`?"));
    }
}

// proves COV-01, COV-02
#[test]
fn coverage_rows_that_overlap_that_nothing_reaches_or_that_leave_a_gap_are_errors() {
    let cases = [
        (
            "coverage/home-health.toml",
            "product = [\"medicare_ppo\"] }",
            "product = [\"medicare_ppo\", \"medicare_hmo\"] }",
            "answers the same question",
        ),
        (
            "coverage/home-health.toml",
            "product = [\"medicare_ppo\"] }",
            "product = [\"epo\"] }",
            "no question about `home_health_care` reaches this row",
        ),
        (
            "coverage/home-health.toml",
            "line_of_business = [\"fep\"] }\nrequirement",
            "line_of_business = [\"medicaid\"] }\nrequirement",
            "the source names `fep`",
        ),
        (
            "coverage/chiropractic.toml",
            "ask = [\"connect-center\"]\nlimits",
            "ask = [\"connect-centre\"]\nlimits",
            "there is no contact `connect-centre`",
        ),
        ("coverage/cancer.toml", "exclusion = \"indemnity\"", "exclusion = \"indemnities\"", "has no exclusion `indemnities`"),
        (
            "coverage/cancer-michigan.toml",
            "order = [\"medical_oncology\"]",
            "order = [\"radiation_oncology\"]",
            "does not manage radiation_oncology",
        ),
        (
            "coverage/dental.toml",
            "services = [\"orthodontia\"]",
            "services = [\"orthodontics\"]",
            "there is no service `orthodontics`",
        ),
        (
            "coverage/radiology-and-sleep.toml",
            "beside = [\"body_parts\"",
            "beside = [\"body_part\"",
            "there is no group of words `body_part`",
        ),
        ("coverage/words.toml", "input = \"request\"", "input = \"requests\"", "there is no input `requests`"),
        ("coverage/words.toml", "value = \"observation\"", "value = \"observed\"", "`observed` is no value of setting"),
        ("coverage/words.toml", "value = \"0\"", "value = \"nine\"", "`nine` is no value of age"),
        (
            "coverage/rehabilitation.toml",
            "in_setting = { home = \"home_health_care\" }",
            "in_setting = { home = \"home_health\" }",
            "names the service `home_health`",
        ),
        (
            "coverage/genetic-testing.toml",
            "also = { of = [\"genetic_testing\"]",
            "also = { of = [\"genetic_tests\"]",
            "names the service `genetic_tests`",
        ),
        (
            "coverage/behavioral-health.toml",
            "not_beside = [\"stay_words\"]",
            "not_beside = [\"stays\"]",
            "there is no group of words `stays`",
        ),
        ("coverage/words.toml", "\"under observation\"", "\"inpatient\"", "`inpatient` tells of setting twice"),
    ];
    for (file, old, new, message) in cases {
        let copy = Copy::new();
        let text = copy.read(file);
        assert!(text.contains(old), "{file}: {old}");
        copy.write(file, &text.replacen(old, new, 1));
        let report = check(Some(copy.path()));
        assert!(
            report.errors.iter().any(|problem| problem.file == file && problem.message.contains(message)),
            "{message}:\n{report}"
        );
    }
}
