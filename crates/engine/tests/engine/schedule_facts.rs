//! What sentences of policy ask about a drug's own schedule: dose, interval, route, number and duration, each met, not met and unknown.
//! The sentences stand as `general` of a policy in a copy of the content, so that each is a finding of the decision.

#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a fixture that fails has to fail the test")]

use crate::support;

use oncoauth::domain::content::Content;
use oncoauth::domain::vocabulary::{CaseStatus, DeviationCode, Truth};
use oncoauth::rules::Decision;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use support::orders::{Situation, exact};

use Truth::{Met, NotMet, Unknown};

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a directory");
    for entry in std::fs::read_dir(from).expect("the content") {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::copy(&path, &target).expect("a copy");
        }
    }
}

/// The content with these files of policies.
fn content_with(policies: &[(&str, &str)]) -> Arc<Content> {
    let directory = tempfile::tempdir().expect("a temporary directory");
    copy(&crate::support::copy::repository().join("content"), directory.path());
    for (file, text) in policies {
        std::fs::write(directory.path().join("policies").join(file), text).expect("written");
    }
    // the title of the policy that is no more in another language
    let letters = directory.path().join("letters/es.toml");
    let text = std::fs::read_to_string(&letters).expect("letters");
    let kept = text.lines().filter(|line| !line.starts_with("MP-TRASTUZUMAB-AND-BIOSIMILARS"));
    std::fs::write(&letters, kept.collect::<Vec<_>>().join("\n")).expect("written");
    let loaded = oncoauth::content::load_dir(directory.path()).unwrap_or_else(|errors| panic!("{errors}"));
    Arc::clone(loaded.releases().last().expect("a release"))
}

/// The content with these sentences in place of trastuzumab's policy.
fn content(sentences: &[&str]) -> Arc<Content> {
    let mut policy = String::from(
        "id = \"MP-TEST\"\ntitle = \"Test\"\ngenerics = [\"trastuzumab\", \"trastuzumab and hyaluronidase-oysk\"]\nkind = \"therapeutic\"\n\
         source = \"a test\"\ngeneral = [\n",
    );
    for sentence in sentences {
        writeln!(policy, "  {sentence:?},").expect("a string takes it");
    }
    policy.push_str("]\n[[indication]]\nid = \"any\"\ntitle = \"Any\"\ncriteria = [\"cancer is breast\"]\n");
    content_with(&[("trastuzumab.toml", &policy)])
}

/// A line of trastuzumab.
fn line(number: u32, amount: f64, unit: &str, days: &[u32]) -> Value {
    json!({"line": number, "hcpcs": "Q5116", "route": "iv", "dose": {"amount": amount, "unit": unit}, "days": days})
}

fn phase(length: u32, cycles: Option<u32>, drugs: &[Value]) -> Value {
    json!({"cycle_length_days": length, "cycles": cycles, "drugs": drugs})
}

/// The decision about an order of these phases.
fn decided(content: &Content, phases: &[Value], change: impl FnOnce(&mut Value)) -> Decision {
    let regimen = content.regimen("BRE-TCHP").expect("a regimen");
    let mut order = exact(regimen, content, "bma");
    order["treatment"]["phases"] = json!(phases);
    change(&mut order);
    Situation::new(order, "bma").decide(content).unwrap_or_else(|refusal| panic!("{refusal:?}"))
}

fn outcome(decision: &Decision, sentence: &str) -> Truth {
    decision
        .findings
        .iter()
        .find(|finding| finding.criterion.as_deref() == Some(sentence))
        .map_or_else(|| panic!("no finding about {sentence}: {:?}", decision.findings), |finding| finding.outcome)
}

fn check(content: &Content, phases: &[Value], change: impl FnOnce(&mut Value), expected: &[(&str, Truth)]) -> Decision {
    let decision = decided(content, phases, change);
    let wrong: Vec<String> = expected
        .iter()
        .map(|(sentence, truth)| (sentence, truth, outcome(&decision, sentence)))
        .filter(|(_, truth, found)| *truth != found)
        .map(|(sentence, truth, found)| format!("{sentence}: {found}, not {truth}"))
        .collect();
    assert!(wrong.is_empty(), "{wrong:?}\n{phases:?}");
    decision
}

const WEEKLY_OR_LESS: &str = "dose_mg_per_kg <= 4 or interval_days >= 21";

#[test]
fn a_sentence_on_dose_and_interval_holds_when_it_holds_at_every_administration() {
    // proves SAFE-05
    let content = content(&[WEEKLY_OR_LESS, "interval_days >= 7", "interval_days >= 21"]);
    let mut loaded = line(1, 2.0, "mg/kg", &[1]);
    loaded["loading_dose"] = json!({"amount": 4, "unit": "mg/kg"});
    let weekly = phase(7, Some(12), &[loaded.clone()]);
    let then = |length, amount| phase(length, None, &[line(2, amount, "mg/kg", &[1])]);
    let none = |_: &mut Value| ();
    check(
        &content,
        &[weekly.clone(), then(21, 6.0)],
        none,
        &[(WEEKLY_OR_LESS, Met), ("interval_days >= 7", Met), ("interval_days >= 21", NotMet)],
    );
    check(&content, &[weekly.clone(), then(14, 6.0)], none, &[(WEEKLY_OR_LESS, NotMet), ("interval_days >= 7", Met)]);
    check(&content, &[phase(7, Some(12), &[line(1, 6.0, "mg/kg", &[1])])], none, &[(WEEKLY_OR_LESS, NotMet)]);
    // the loading dose of three-weekly treatment, and the same loading dose a week before the next
    loaded["loading_dose"] = json!({"amount": 8, "unit": "mg/kg"});
    check(&content, &[phase(7, Some(12), &[loaded.clone()])], none, &[(WEEKLY_OR_LESS, NotMet)]);
    loaded["dose"] = json!({"amount": 6, "unit": "mg/kg"});
    check(&content, &[phase(21, Some(18), &[loaded.clone()])], none, &[(WEEKLY_OR_LESS, Met), ("interval_days >= 21", Met)]);
    // days 1, 8 and 15 of 21 are a week apart, whatever the cycle
    check(
        &content,
        &[phase(21, Some(4), &[line(1, 6.0, "mg/kg", &[1, 8, 15])])],
        none,
        &[(WEEKLY_OR_LESS, NotMet), ("interval_days >= 7", Met)],
    );
    // the last day of a cycle and the first of the next are neighbours
    check(&content, &[phase(21, Some(4), &[line(1, 6.0, "mg/kg", &[1, 20])])], none, &[("interval_days >= 7", NotMet)]);
    // a drug begins again in a later phase too soon
    check(
        &content,
        &[phase(21, Some(1), &[line(1, 6.0, "mg/kg", &[18])]), then(21, 6.0)],
        none,
        &[("interval_days >= 7", NotMet)],
    );
}

#[test]
fn a_dose_is_compared_in_the_unit_asked_and_unknown_where_that_cannot_be() {
    // proves SAFE-05, SAFE-07
    let sentences = [
        "dose_mg_per_kg <= 6",
        "dose_mg <= 440",
        "dose_g <= 0.44",
        "dose_mcg_per_kg <= 6000",
        "dose_mg_per_m2 <= 250",
        "dose_units <= 5",
        "dose_ml <= 5",
        "dose_mci <= 5",
        "dose_mg > 200",
    ];
    let content = content(&sentences);
    let once = |amount, unit: &str| [phase(21, Some(6), &[line(1, amount, unit, &[1])])];
    let none = |_: &mut Value| ();
    // 440 mg for 71.5 kg are 6.15 mg/kg: whole vials
    let all = [
        ("dose_mg_per_kg <= 6", Met),
        ("dose_mg <= 440", Met),
        ("dose_g <= 0.44", Met),
        ("dose_mcg_per_kg <= 6000", Met),
        ("dose_mg_per_m2 <= 250", Met),
        ("dose_units <= 5", Unknown),
        ("dose_ml <= 5", Unknown),
        ("dose_mci <= 5", Unknown),
        ("dose_mg > 200", Met),
    ];
    check(&content, &once(440.0, "mg"), none, &all);
    check(
        &content,
        &once(500.0, "mg"),
        none,
        &[("dose_mg_per_kg <= 6", NotMet), ("dose_mg <= 440", NotMet), ("dose_g <= 0.44", NotMet)],
    );
    check(&content, &once(0.5, "g"), none, &[("dose_mg_per_kg <= 6", NotMet), ("dose_mg <= 440", NotMet)]);
    check(&content, &once(6000.0, "mcg/kg"), none, &[("dose_mg_per_kg <= 6", Met), ("dose_mcg_per_kg <= 6000", Met)]);
    // what is ordered by weight is not rounded
    check(&content, &once(6.1, "mg/kg"), none, &[("dose_mg_per_kg <= 6", NotMet)]);
    // a dose by weight is compared as such without the weight; as an amount it waits for it, and says so
    let unweighed = |order: &mut Value| order["clinical"]["weight_kg"] = json!("unknown");
    let decision = check(&content, &once(6.0, "mg/kg"), unweighed, &[("dose_mg_per_kg <= 6", Met), ("dose_mg <= 440", Unknown)]);
    assert!(decision.asked_for.iter().any(|asked| asked.contains("weight")), "{:?}", decision.asked_for);
    check(&content, &once(440.0, "mg"), unweighed, &[("dose_mg_per_kg <= 6", Unknown), ("dose_mg <= 440", Met)]);
    // two lines of one day are one dose
    let two = [phase(21, Some(6), &[line(1, 300.0, "mg", &[1]), line(2, 300.0, "mg", &[1])])];
    check(&content, &two, none, &[("dose_mg <= 440", NotMet), ("dose_mg_per_kg <= 6", NotMet)]);
}

#[test]
fn a_limit_that_is_passed_is_told_as_such_and_what_is_unknown_is_asked_for() {
    // proves SAFE-05, SAFE-09
    let content = content(&["dose_mg_per_kg <= 6", "route is iv"]);
    let decision =
        check(&content, &[phase(21, Some(6), &[line(1, 8.0, "mg/kg", &[1])])], |_| (), &[("dose_mg_per_kg <= 6", NotMet)]);
    assert_eq!(decision.status, CaseStatus::InProgress);
    let mut elsewhere = line(1, 6.0, "mg/kg", &[1]);
    elsewhere["route"] = json!("through the nose");
    let decision = check(&content, &[phase(21, Some(6), &[elsewhere])], |_| (), &[("route is iv", Unknown)]);
    let asked = decision.deviations.iter().find(|deviation| deviation.code == DeviationCode::MissingClinicalInformation);
    assert!(asked.is_some_and(|asked| asked.field == "/treatment/phases/0/drugs/0/route"), "{:?}", decision.deviations);
    assert!(decision.asked_for.iter().any(|asked| asked.contains("route")), "{:?}", decision.asked_for);
}

#[test]
fn routes_places_and_weight_are_read_as_people_write_them() {
    // proves SAFE-08
    let sentences = [
        "route is iv",
        "route in [sc, po]",
        "place_of_service in [19, 22]",
        "weight_kg >= 40",
        "interval_hours >= 12",
        "interval_days >= 1",
    ];
    let content = content(&sentences);
    let by = |route: Value, times: u32| {
        let mut one = line(1, 6.0, "mg/kg", &[1]);
        one["route"] = route;
        one["frequency_per_day"] = json!(times);
        [phase(21, Some(6), &[one])]
    };
    for (route, iv, other) in [
        (json!("IV"), Met, NotMet),
        (json!("Intravenous"), Met, NotMet),
        (json!("IV push"), Met, NotMet),
        (json!("po"), NotMet, Met),
        (json!("somehow"), Unknown, Unknown),
        // this product is given one way only
        (Value::Null, Met, NotMet),
    ] {
        check(&content, &by(route, 1), |_| (), &[("route is iv", iv), ("route in [sc, po]", other)]);
    }
    let at = |place: Value| move |order: &mut Value| order["place_of_service"] = place;
    check(&content, &by(json!("iv"), 1), at(json!("22")), &[("place_of_service in [19, 22]", Met), ("weight_kg >= 40", Met)]);
    check(&content, &by(json!("iv"), 1), at(json!("11")), &[("place_of_service in [19, 22]", NotMet)]);
    check(&content, &by(json!("iv"), 1), at(Value::Null), &[("place_of_service in [19, 22]", Unknown)]);
    let weight = |weight: Value| move |order: &mut Value| order["clinical"]["weight_kg"] = weight;
    check(&content, &by(json!("iv"), 1), weight(json!(38)), &[("weight_kg >= 40", NotMet)]);
    check(&content, &by(json!("iv"), 1), weight(json!("not_reported")), &[("weight_kg >= 40", Unknown)]);
    check(&content, &by(json!("iv"), 2), |_| (), &[("interval_hours >= 12", Met), ("interval_days >= 1", NotMet)]);
    check(&content, &by(json!("iv"), 3), |_| (), &[("interval_hours >= 12", NotMet)]);
}

#[test]
fn days_administrations_cycles_and_months_are_counted_over_the_course() {
    // proves SAFE-09, SAFE-15
    let sentences = [
        "treatment_days <= 5",
        "treatment_days_in_cycle <= 2",
        "drug_days <= 56",
        "administrations <= 6",
        "total_cycles <= 4",
        "total_months <= 12",
    ];
    let content = content(&sentences);
    let none = |_: &mut Value| ();
    let of = |cycles, days: &[u32]| [phase(21, cycles, &[line(1, 6.0, "mg/kg", days)])];
    check(
        &content,
        &of(Some(3), &[1, 8]),
        none,
        &[
            ("treatment_days <= 5", NotMet),
            ("treatment_days_in_cycle <= 2", Met),
            ("drug_days <= 56", Met),
            ("administrations <= 6", Met),
            ("total_cycles <= 4", Met),
            ("total_months <= 12", Met),
        ],
    );
    check(
        &content,
        &of(Some(5), &[1, 2, 3]),
        none,
        &[
            ("treatment_days_in_cycle <= 2", NotMet),
            ("drug_days <= 56", NotMet),
            ("administrations <= 6", NotMet),
            ("total_cycles <= 4", NotMet),
        ],
    );
    check(&content, &of(Some(18), &[1]), none, &[("total_months <= 12", Met), ("administrations <= 6", NotMet)]);
    check(&content, &of(Some(19), &[1]), none, &[("total_months <= 12", NotMet)]);
    // without an end the order counts as far as its range goes, six months
    check(&content, &of(None, &[1]), none, &[("total_months <= 12", Met), ("administrations <= 6", NotMet)]);
    // begun elsewhere: months are known, how often it was given is not
    let since = |day: &str| {
        let day = json!(day);
        move |order: &mut Value| order["continuation_of_treatment_started_on"] = day
    };
    check(
        &content,
        &of(Some(4), &[1]),
        since("2026-06-01"),
        &[("total_months <= 12", Met), ("administrations <= 6", Unknown), ("total_cycles <= 4", Unknown)],
    );
    check(&content, &of(Some(4), &[1]), since("2025-06-01"), &[("total_months <= 12", NotMet)]);
    check(&content, &of(Some(7), &[1]), since("2026-06-01"), &[("administrations <= 6", NotMet)]);
}

#[test]
fn an_assessment_that_is_not_asked_for_is_heeded_where_it_is_told() {
    // proves SAFE-01
    let sentence = "not assessment hypocalcemia is told or assessment hypocalcemia in [no, corrected]";
    let content = content(&[sentence]);
    let order = [phase(21, Some(6), &[line(1, 6.0, "mg/kg", &[1])])];
    let telling = |result: &str| {
        let entry = json!({"name": "hypocalcemia", "result": result, "on": "2026-11-20"});
        move |order: &mut Value| order["clinical"]["assessments"].as_array_mut().expect("a list").push(entry)
    };
    check(&content, &order, |_| (), &[(sentence, Met)]);
    check(&content, &order, telling("no"), &[(sentence, Met)]);
    check(&content, &order, telling("yes"), &[(sentence, NotMet)]);
    check(&content, &order, telling("unknown"), &[(sentence, Unknown)]);
    check(&content, &order, telling("somewhat"), &[(sentence, Unknown)]);
}

/// A policy of trastuzumab with one sentence.
fn policy(id: &str, head: &str, sentence: &str) -> String {
    format!(
        "id = \"{id}\"\ntitle = \"{id}\"\ngenerics = [\"trastuzumab\"]\nkind = \"therapeutic\"\nsource = \"a test\"\n{head}\n\
         [[indication]]\nid = \"any\"\ntitle = \"Any\"\ncriteria = [\"{sentence}\"]\n"
    )
}

fn asked(decision: &Decision) -> Vec<&str> {
    let mut policies: Vec<&str> =
        decision.findings.iter().filter_map(|finding| finding.rule.strip_prefix("policy/")?.split('/').next()).collect();
    policies.dedup();
    policies
}

#[test]
fn a_plans_own_policy_comes_before_the_general_one_and_is_nobody_elses() {
    // proves REG-10
    let general = policy("MP-GENERAL", "", "cancer is breast");
    let own = policy("MP-OWN", "health_plans = [\"bcbs-massachusetts\"]", "age >= 200");
    let of_program = policy("MP-OF-PROGRAM", "programs = [\"oncology-value-management\"]", "cancer is breast");
    let content = content_with(&[
        ("trastuzumab.toml", &general),
        ("trastuzumab-own.toml", &own),
        ("trastuzumab-program.toml", &of_program),
    ]);
    let regimen = content.regimen("BRE-TCH").expect("a regimen");
    for (program, policy, status) in [
        ("bma", "MP-GENERAL", CaseStatus::Authorized),
        ("qccp", "MP-OWN", CaseStatus::InProgress),
        ("ovm", "MP-OF-PROGRAM", CaseStatus::Authorized),
    ] {
        let decision = Situation::new(exact(regimen, &content, program), program).decide(&content).expect("a decision");
        assert_eq!((asked(&decision), decision.status), (vec![policy], status), "{program}");
    }
}

#[test]
fn a_policy_without_indications_is_never_met_and_its_note_is_told() {
    // proves REG-10, REG-11
    let noted = "id = \"MP-NOTED\"\ntitle = \"Trastuzumab\"\ngenerics = [\"trastuzumab\"]\nkind = \"therapeutic\"\nsource = \"a test\"\n\
                 note = \"withdrawn: of this test\"\n";
    let content = content_with(&[("trastuzumab.toml", noted)]);
    let regimen = content.regimen("BRE-TCH").expect("a regimen");
    let decision = Situation::new(exact(regimen, &content, "bma"), "bma").decide(&content).expect("a decision");
    assert_eq!(decision.status, CaseStatus::InProgress);
    assert!(decision.drugs.iter().any(|drug| drug.drug.message.contains("withdrawn: of this test")), "{:?}", decision.drugs);
}
