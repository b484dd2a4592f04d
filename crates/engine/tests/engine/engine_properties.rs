//! What holds of every order, whatever it says: checked on random ones, built from the content's regimens and drugs.
#![expect(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a fixture that fails has to fail the test")]

use crate::support;

use oncoauth::domain::case::Deviation;
use oncoauth::domain::content::{Content, Regimen};
use oncoauth::domain::order::OrderRequest;
use oncoauth::domain::shared_text::Text;
use oncoauth::domain::vocabulary::{CaseStatus, DeviationCode, DoseUnit, DrugRole, DrugStatus, Truth};
use oncoauth::rules::Decision;
use oncoauth::rules::derive::case_status;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};
use support::orders::{Situation, exact, in_form};

static CONTENT: LazyLock<&Arc<Content>> = LazyLock::new(support::content);

const PROGRAMS: [&str; 3] = ["bma", "ovm", "qccp"];

/// Supportive drugs of every route of decision: managed with and without policy, not managed, and the pharmacy's.
const SUPPORTIVE: [(&str, f64, &str); 8] = [
    ("J2506", 6.0, "mg"),
    ("J1453", 150.0, "mg"),
    ("J0885", 40000.0, "units"),
    ("J0897", 120.0, "mg"),
    ("J2405", 16.0, "mg"),
    ("S0119", 8.0, "mg"),
    ("J2562", 24.0, "mg"),
    ("J2783", 14.0, "mg"),
];

/// Earlier treatments as practices write them.
const THERAPIES: [&str; 16] = [
    "trastuzumab",
    "Herceptin",
    "Taxotere",
    "carbo/taxol",
    "Keytruda",
    "AC-T",
    "none",
    "chemo",
    "J9171",
    "platinum/etoposide",
    "FOLFOX",
    "R-CHOP",
    "PD-1 inhibitor",
    "clinical trial",
    "ondansetron",
    "surgery",
];

const OUTCOMES: [&str; 9] = ["progression", "PD", "completed", "CR", "toxicity", "ongoing", "planned", "not_reported", "failed"];

const LINES: [&str; 7] = ["neoadjuvant", "adjuvant", "first_line", "second_line", "third_line_plus", "maintenance", "unknown"];

/// Every clinical answer that may be left out, as a JSON pointer.
const ANSWERS: [&str; 15] = [
    "/clinical/cancer_type",
    "/clinical/pathology",
    "/clinical/stage",
    "/clinical/tnm",
    "/clinical/line_of_treatment",
    "/clinical/treatment_goal",
    "/clinical/performance_status",
    "/clinical/biomarkers",
    "/clinical/height_cm",
    "/clinical/weight_kg",
    "/clinical/serum_creatinine_mg_dl",
    "/clinical/disease_setting",
    "/clinical/fn_risk_factors",
    "/clinical/assessments",
    "/clinical/prior_therapies",
];

fn decide(order: &Value, program: &str) -> Decision {
    Situation::new(order.clone(), program).decide(&CONTENT).unwrap_or_else(|refusal| panic!("refused: {refusal:?}\n{order}"))
}

/// A regimen for a patient who may not fit it, with supportive drugs beside it.
#[derive(Debug, Clone)]
struct Drawn {
    order: Value,
    program: &'static str,
}

fn drawn() -> impl Strategy<Value = Drawn> {
    let regimens = CONTENT.regimens.len();
    let answers = (
        prop::option::of(0_usize..6),
        prop::option::of(0_u8..5),
        prop::option::of(any::<bool>()),
        prop::option::of(any::<bool>()),
        prop::option::of(any::<prop::sample::Index>()),
        0.3_f64..3.0,
    );
    let drugs = (prop::collection::vec(0..SUPPORTIVE.len(), 0..3), prop::option::weighted(0.3, 1_u64..9));
    let form = prop::option::weighted(0.4, any::<prop::sample::Index>());
    (0..regimens, form, 0..PROGRAMS.len(), answers, drugs).prop_map(|(regimen, form, program, answers, (supportive, cycles))| {
        let program = PROGRAMS[program];
        let regimen = &CONTENT.regimens[regimen];
        let mut order = match form.filter(|_| !regimen.forms.is_empty()) {
            Some(form) => exact(&in_form(regimen, form.get(&regimen.forms)), &CONTENT, program),
            None => exact(regimen, &CONTENT, program),
        };
        answer(&mut order, &answers);
        if let Some(cycles) = cycles {
            order["treatment"]["phases"][0]["cycles"] = json!(cycles);
        }
        for (index, which) in supportive.iter().enumerate() {
            let (code, amount, unit) = SUPPORTIVE[*which];
            let line = json!({"line": 700 + index, "hcpcs": code, "role": "supportive", "dose": {"amount": amount, "unit": unit}, "days": [1]});
            order["treatment"]["phases"][0]["drugs"].as_array_mut().expect("a list").push(line);
        }
        Drawn { order, program }
    })
}

type Answers = (Option<usize>, Option<u8>, Option<bool>, Option<bool>, Option<prop::sample::Index>, f64);

/// Lets the patient depart from the one who fits.
fn answer(order: &mut Value, (line, ecog, goal, factors, biomarker, creatinine): &Answers) {
    let clinical = &mut order["clinical"];
    let lines = ["neoadjuvant", "adjuvant", "first_line", "second_line", "third_line", "maintenance"];
    if let Some(line) = line {
        clinical["line_of_treatment"] = json!(lines[*line]);
    }
    if let Some(ecog) = ecog {
        clinical["performance_status"]["value"] = json!(ecog);
    }
    if let Some(curative) = goal {
        clinical["treatment_goal"] = json!(if *curative { "curative" } else { "palliative" });
    }
    if let Some(ticked) = factors {
        clinical["fn_risk_factors"] = if *ticked { json!(["prior_febrile_neutropenia"]) } else { json!([]) };
        let more = [
            json!({"name": "hemoglobin_g_dl", "result": 9.0, "on": "2026-11-20"}),
            json!({"name": "bone_metastases", "result": "yes"}),
        ];
        clinical["assessments"].as_array_mut().expect("a list").extend(more);
    }
    clinical["serum_creatinine_mg_dl"] = json!(creatinine);
    let markers = clinical["biomarkers"].as_array_mut().expect("a list");
    if let Some(index) = biomarker.as_ref().filter(|_| !markers.is_empty()) {
        let at = index.index(markers.len());
        let definition = CONTENT.biomarker(markers[at]["name"].as_str().expect("a name")).expect("a defined marker");
        if let Some((word, _)) = definition.results.first() {
            markers[at]["result"] = json!(word);
        }
    }
}

/// Makes one answer unknown, not reported or absent; a list may lose one of its entries' results instead.
fn leave_out(order: &mut Value, pointer: &str, how: u8, entry: prop::sample::Index) {
    let Some(answer) = order.pointer_mut(pointer) else { return };
    let missing = [json!("unknown"), json!("not_reported"), Value::Null][usize::from(how) % 3].clone();
    match answer {
        Value::Array(entries) if how >= 3 && !entries.is_empty() && entries.iter().all(|entry| entry.get("result").is_some()) => {
            let at = entry.index(entries.len());
            entries[at]["result"] = missing;
        }
        answer => *answer = missing,
    }
}

/// True where answers of the order contradict each other.
fn contradicts(decision: &Decision) -> bool {
    decision.deviations.iter().any(|deviation| deviation.code == DeviationCode::Contradiction)
}

/// True where a dose is far from that of the matched regimen.
fn departs_from_its_regimen(decision: &Decision) -> bool {
    decision.findings.iter().any(|finding| finding.rule.ends_with("/share-of-regimen") && finding.outcome == Truth::NotMet)
}

const fn is_approved(status: CaseStatus) -> bool {
    matches!(status, CaseStatus::Authorized | CaseStatus::Completed | CaseStatus::MultipleDecisionsRendered)
}

/// Outcomes by rule; rules asked twice by their drug's line keep the worst one.
fn outcomes(decision: &Decision) -> BTreeMap<&str, Truth> {
    let mut found: BTreeMap<&str, Truth> = BTreeMap::new();
    for finding in &decision.findings {
        found.entry(&finding.rule).and_modify(|known| *known = known.and(finding.outcome)).or_insert(finding.outcome);
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, max_global_rejects: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_answer_left_out_never_turns_a_pend_into_an_approval(
        drawn in drawn(),
        which in prop::collection::vec((0..ANSWERS.len(), 0_u8..6, any::<prop::sample::Index>()), 1..4),
    ) {
        // proves DEV-05, DEV-07, DET-02
        let known = decide(&drawn.order, drawn.program);
        // an answer that contradicts another pends by being there: without it there is no contradiction left
        prop_assume!(!contradicts(&known));
        let mut order = drawn.order;
        for (answer, how, entry) in which {
            leave_out(&mut order, ANSWERS[answer], how, entry);
        }
        let unknown = decide(&order, drawn.program);
        // a dose is held against the regimen that matches; without the answer another one may, whose dose it is
        prop_assume!(!departs_from_its_regimen(&known) || known.pathway.regimen_id == unknown.pathway.regimen_id);
        prop_assert!(
            is_approved(known.status) || !is_approved(unknown.status),
            "{} became {}\nknown: {:?}\nunknown: {:?}\n{}", known.status, unknown.status, known.status_reason, unknown.drugs, order["clinical"]
        );
        // nor drug by drug: what would pend by itself pends still
        for (before, after) in known.drugs.iter().zip(&unknown.drugs) {
            let pended = before.computed == DrugStatus::InProgress;
            prop_assert!(!pended || after.computed == DrugStatus::InProgress, "{}: {:?}\n{:?}\n{:?}", before.drug.name, after.drug.status, before.drug.message, after.drug.message);
        }
    }

    #[test]
    fn an_answer_left_out_never_reads_as_no(
        drawn in drawn(),
        answer in 0..ANSWERS.len(),
        how in 0_u8..6,
        entry in any::<prop::sample::Index>(),
    ) {
        // proves DEV-05
        let known = decide(&drawn.order, drawn.program);
        let mut order = drawn.order;
        leave_out(&mut order, ANSWERS[answer], how, entry);
        let unknown = decide(&order, drawn.program);
        let before = outcomes(&known);
        for (rule, outcome) in outcomes(&unknown) {
            let was = before.get(rule).copied();
            prop_assert!(
                !(outcome == Truth::NotMet && was == Some(Truth::Met)),
                "{rule} was met and is not met without {}\n{}", ANSWERS[answer], order["clinical"]
            );
        }
    }

    #[test]
    fn a_foreign_word_never_turns_a_pend_into_an_approval(
        drawn in drawn(),
        which in any::<prop::sample::Index>(),
        word in prop_oneof![
            Just(json!("perhaps")), Just(json!("see below")), Just(json!("pending")), Just(json!("not done")), Just(json!("60ish")),
            Just(json!("about 60")), Just(json!(800)), Just(json!(-1)), Just(json!("???")), Just(json!("none of your business")),
            "[a-z]{3,12}".prop_map(|word| json!(format!("zz{word}"))),
        ],
    ) {
        // proves SAFE-01
        let known = decide(&drawn.order, drawn.program);
        let mut order = drawn.order;
        let answers = ["biomarkers", "assessments"].into_iter().flat_map(|list| {
            (0..order["clinical"][list].as_array().map_or(0, Vec::len)).map(move |at| format!("/clinical/{list}/{at}/result"))
        });
        let answers: Vec<String> = answers.chain(["/clinical/pathology".to_owned(), "/clinical/stage".to_owned()]).collect();
        let at = &answers[which.index(answers.len())];
        let is_word = at.ends_with("pathology") || at.ends_with("stage");
        *order.pointer_mut(at).expect("an answer") = if is_word && !word.is_string() { json!("zz") } else { word };
        // without the answer, what contradicted it is contradicted no more
        prop_assume!(known.deviations.iter().all(|deviation| deviation.code != DeviationCode::Contradiction));
        let foreign = decide(&order, drawn.program);
        prop_assert!(is_approved(known.status) || !is_approved(foreign.status), "{at}: {} became {}", known.status, foreign.status);
        for (before, after) in known.drugs.iter().zip(&foreign.drugs) {
            let pended = before.drug.status == DrugStatus::InProgress;
            prop_assert!(!pended || after.drug.status == DrugStatus::InProgress, "{}: {:?}", before.drug.name, after.drug.status);
        }
    }

    #[test]
    fn the_order_of_answers_changes_nothing(
        drawn in drawn(),
        more in prop::collection::vec((0_usize..6, prop::option::of(1_u32..28)), 0..5),
        seed in any::<u64>(),
    ) {
        // proves SAFE-03
        let mut order = drawn.order;
        for (which, on) in more {
            let (name, result) = [
                ("hemoglobin_g_dl", json!(12)), ("hemoglobin_g_dl", json!(9)), ("hemoglobin_g_dl", json!("pending")),
                ("lvef_percent", json!(45)), ("lvef_percent", json!("fine")), ("lvef_percent", json!("60%")),
            ][which].clone();
            let on = on.map(|day| format!("2026-11-{day:02}"));
            let entry = json!({"name": name, "result": result, "on": on});
            order["clinical"]["assessments"].as_array_mut().expect("a list").push(entry);
        }
        let plain = decide(&order, drawn.program);
        for list in ["biomarkers", "assessments"] {
            let entries = order["clinical"][list].as_array_mut().expect("a list");
            entries.sort_by_key(|entry| entry.to_string().bytes().fold(seed | 1, |so_far, byte| {
                so_far.rotate_left(7).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ u64::from(byte)
            }));
        }
        prop_assert_eq!(essence(&plain), essence(&decide(&order, drawn.program)));
    }

    #[test]
    fn a_foreign_word_about_earlier_treatment_never_turns_a_pend_into_an_approval(
        drawn in drawn(),
        list in prop::collection::vec((0..THERAPIES.len(), 0..OUTCOMES.len(), 0..LINES.len()), 1..5),
        before in prop::option::of(0_u32..6),
        at in any::<prop::sample::Index>(),
        which in 0_u8..3,
        foreign in "[a-z]{3,9}( |/|-)[a-z]{3,9}",
    ) {
        // proves SAFE-04, SAFE-12
        // `none` beside a treatment contradicts itself, whatever stands in its place
        prop_assume!(list.len() == 1 || list.iter().all(|(name, ..)| THERAPIES[*name] != "none"));
        let mut order = drawn.order;
        let entry = |(name, outcome, line): &(usize, usize, usize)| json!({"name": THERAPIES[*name], "outcome": OUTCOMES[*outcome], "line": LINES[*line]});
        order["clinical"]["prior_therapies"] = json!(list.iter().map(entry).collect::<Vec<_>>());
        order["clinical"]["lines_of_therapy_before"] = json!(before);
        let known = decide(&order, drawn.program);
        // a treatment that is named, goes on and is never given beside an unmanaged drug says more than no name: nothing of that drug waits
        let beside = |deviation: &Deviation| {
            deviation.code == DeviationCode::DuplicateTherapy && deviation.field.starts_with("/clinical/prior_therapies")
        };
        prop_assume!(!known.deviations.iter().any(beside) && !contradicts(&known));
        let therapy = &mut order["clinical"]["prior_therapies"][at.index(list.len())];
        if which != 1 {
            therapy["name"] = json!(format!("zq{foreign}"));
        }
        if which != 0 {
            therapy["outcome"] = json!(format!("zq{foreign}"));
        }
        let unknown = decide(&order, drawn.program);
        prop_assert!(
            is_approved(known.status) || !is_approved(unknown.status),
            "{} became {}: {}", known.status, unknown.status, order["clinical"]["prior_therapies"]
        );
        for (before, after) in known.drugs.iter().zip(&unknown.drugs) {
            let pended = before.drug.status == DrugStatus::InProgress;
            prop_assert!(!pended || after.drug.status == DrugStatus::InProgress, "{}: {:?}", before.drug.name, after.drug.status);
        }
        // nor does the order in which they are told count
        order["clinical"]["prior_therapies"].as_array_mut().expect("a list").reverse();
        let turned = decide(&order, drawn.program);
        prop_assert_eq!((unknown.status, &unknown.pathway), (turned.status, &turned.pathway));
    }

    #[test]
    fn the_order_of_lines_changes_nothing_and_deciding_twice_is_the_same(drawn in drawn(), seed in any::<u64>()) {
        // proves REG-01, DET-01
        let plain = decide(&drawn.order, drawn.program);
        prop_assert_eq!(&plain, &decide(&drawn.order, drawn.program));
        let mut order = drawn.order;
        for phase in order["treatment"]["phases"].as_array_mut().expect("a list") {
            let drugs = phase["drugs"].as_array_mut().expect("a list");
            drugs.sort_by_key(|drug| drug["line"].as_u64().unwrap_or(0).wrapping_mul(seed | 1).rotate_left(17));
            for days in drugs.iter_mut().filter_map(|drug| drug["days"].as_array_mut()) {
                days.reverse();
            }
        }
        prop_assert_eq!(essence(&plain), essence(&decide(&order, drawn.program)));
    }

    #[test]
    fn a_split_phase_is_the_same_treatment(drawn in drawn(), phase in any::<prop::sample::Index>(), at in 1_u64..30) {
        // proves REG-01, VER-07, VER-08
        let plain = decide(&drawn.order, drawn.program);
        let mut order = drawn.order;
        let phases = order["treatment"]["phases"].as_array_mut().expect("a list");
        let index = phase.index(phases.len());
        let cycles = phases[index]["cycles"].as_u64();
        // two phases that both run beside the others, with one drug, are refused: both would begin at once
        prop_assume!(cycles != Some(1) && phases[index]["beside"] != true);
        let at = cycles.map_or(at % 3 + 1, |cycles| at % (cycles - 1) + 1);
        let mut rest = phases[index].clone();
        phases[index]["cycles"] = json!(at);
        rest["cycles"] = cycles.map_or(Value::Null, |cycles| json!(cycles - at));
        for drug in rest["drugs"].as_array_mut().expect("a list") {
            drug["line"] = json!(drug["line"].as_u64().unwrap_or(0) + 100);
            drug["loading_dose"] = Value::Null;
        }
        phases.insert(index + 1, rest);
        let split = decide(&order, drawn.program);
        // a range that grows with its fixed part, or a line that begins after it, is not the same treatment
        prop_assume!(plain.valid_through == split.valid_through && split.drugs.iter().all(|drug| drug.drug.visits_approved != Some(0)));
        let late = |decision: &Decision| decision.drugs.iter().any(|drug| drug.drug.message.contains("would first be given after"));
        prop_assume!(late(&plain) == late(&split));
        prop_assert_eq!(plain.status, split.status);
        prop_assert_eq!(&plain.pathway, &split.pathway);
        prop_assert_eq!(&plain.s_codes, &split.s_codes);
        prop_assert_eq!(units_by_name(&plain), units_by_name(&split));
    }

    #[test]
    fn no_larger_dose_ever_turns_a_pend_into_an_approval(
        drawn in drawn(), line in any::<prop::sample::Index>(), which in any::<bool>(), first in 1.0_f64..12.0, more in 1.0_f64..100.0
    ) {
        // proves SAFE-05, SAFE-06
        let mut order = drawn.order.clone();
        let scale = |order: &mut Value, factor: f64| {
            let phases = order["treatment"]["phases"].as_array_mut().expect("phases");
            let mut drugs: Vec<&mut Value> = phases.iter_mut().flat_map(|phase| phase["drugs"].as_array_mut().expect("drugs")).collect();
            let at = line.index(drugs.len());
            let field = if which && !drugs[at]["loading_dose"].is_null() { "loading_dose" } else { "dose" };
            let amount = drugs[at][field]["amount"].as_f64().expect("an amount") * factor;
            drugs[at][field]["amount"] = json!(amount);
            amount
        };
        scale(&mut order, first);
        let smaller = decide(&order, drawn.program);
        let amount = scale(&mut order, more);
        prop_assume!(amount < 1e6);
        let larger = decide(&order, drawn.program);
        prop_assert!(smaller.status != CaseStatus::InProgress || larger.status == CaseStatus::InProgress, "{:?}", smaller.deviations);
    }

    #[test]
    fn no_shorter_interval_and_no_longer_duration_lifts_a_limit(
        drawn in drawn(),
        days in prop::collection::vec(1_u32..=21, 1..6),
        (shorter, cycles, times) in (0_u64..10, 1_u64..40, 1_u64..3),
    ) {
        // proves SAFE-09, SAFE-10, SAFE-15
        let mut order = drawn.order;
        let limits = |order: &Value| {
            let decision = decide(order, drawn.program);
            // what the pharmacy benefit reviews is not held here
            let ours = |id: &Text| {
                let elsewhere = [DrugStatus::OtherImpact, DrugStatus::ReferToHealthPlan];
                decision.drugs.iter().any(|drug| drug.drug.findings.contains(id) && !elsewhere.contains(&drug.drug.status))
            };
            let broken = decision.findings.iter().any(|finding| finding.rule.starts_with("limits/") && ours(&finding.id));
            (broken, decision.status, decision.status_reason)
        };
        let length = order["treatment"]["phases"][0]["cycle_length_days"].as_u64().expect("a length");
        let drugs = order["treatment"]["phases"][0]["drugs"].as_array_mut().expect("a list");
        for day in days.iter().map(|day| u64::from(*day)).filter(|day| *day <= length) {
            let given = drugs.last_mut().expect("a drug")["days"].as_array_mut().expect("days");
            if !given.contains(&json!(day)) {
                given.push(json!(day));
            }
        }
        let before = limits(&order);
        prop_assert!(!before.0 || !is_approved(before.1));
        prop_assume!(before.0);
        let phase = &mut order["treatment"]["phases"][0];
        let mut longest = 1;
        for drug in phase["drugs"].as_array_mut().expect("a list") {
            longest = longest.max(drug["days"].as_array().expect("days").iter().filter_map(Value::as_u64).max().unwrap_or(1));
            let often = drug["frequency_per_day"].as_u64().unwrap_or(1);
            drug["frequency_per_day"] = json!(often * times);
        }
        if let Some(planned) = phase["cycles"].as_u64() {
            // so many more that the whole is no shorter than it was
            phase["cycles"] = json!(planned * 2 + cycles);
        }
        phase["cycle_length_days"] = json!(length.saturating_sub(shorter).max(longest).max(length.div_ceil(2)));
        let after = limits(&order);
        prop_assert!(after.0 && !is_approved(after.1), "{:?} became {:?}\n{}", before.2, after.2, order["treatment"]);
    }

    #[test]
    fn statuses_units_and_dates_agree_with_each_other(drawn in drawn()) {
        // proves CAS-08, VER-07, VER-08, SCD-01, SUB-01
        consistent(&decide(&drawn.order, drawn.program))?;
    }

    #[test]
    fn any_well_formed_order_is_decided(order in any_order(), program in 0..PROGRAMS.len()) {
        // proves CAS-08, VER-07, VER-08
        if let Ok(decision) = Situation::new(order, PROGRAMS[program]).decide(&CONTENT) {
            consistent(&decision)?;
        }
    }
}

/// What does not depend on the order of lines: findings and deviations as sets, without ids.
fn essence(decision: &Decision) -> Value {
    let mut findings: Vec<String> =
        decision.findings.iter().map(|finding| format!("{} {:?} {}", finding.rule, finding.outcome, finding.message)).collect();
    findings.sort();
    let mut deviations: Vec<String> = decision
        .deviations
        .iter()
        .map(|deviation| format!("{} {:?} {} {}", deviation.code, deviation.drug_line, deviation.effect, deviation.expected))
        .collect();
    deviations.sort();
    let drugs: Vec<Value> = decision
        .drugs
        .iter()
        .map(|decided| {
            let drug = &decided.drug;
            json!([drug.line, drug.status, drug.role, drug.units_approved, drug.visits_approved, drug.message, decided.computed])
        })
        .collect();
    json!({"status": decision.status, "drugs": drugs, "pathway": decision.pathway, "s_codes": decision.s_codes,
           "withheld": decision.s_codes_withheld, "findings": findings, "deviations": deviations, "through": decision.valid_through})
}

fn units_by_name(decision: &Decision) -> BTreeMap<String, u64> {
    let mut found = BTreeMap::new();
    for drug in &decision.drugs {
        *found.entry(drug.drug.name.clone()).or_default() += drug.drug.units_approved.unwrap_or(0);
    }
    found
}

fn consistent(decision: &Decision) -> Result<(), TestCaseError> {
    let drugs = || decision.drugs.iter().map(|decided| &decided.drug);
    prop_assert_eq!(decision.status, case_status(drugs().map(|drug| (drug.role, drug.status))));
    prop_assert_ne!(decision.status, CaseStatus::NonAuthorized, "the engine never denies");
    prop_assert!(drugs().all(|drug| drug.status != DrugStatus::NonAuthorized && drug.order_id.is_none()));
    prop_assert!(drugs().zip(drugs().skip(1)).all(|(left, right)| left.line < right.line), "lines in order");
    prop_assert!(decision.valid_from < decision.valid_through);
    prop_assert!(decision.valid_through <= decision.valid_from + chrono::Months::new(12));
    prop_assert_eq!(decision.status == CaseStatus::InProgress, decision.due_at.is_some());
    prop_assert_eq!(decision.status == CaseStatus::InProgress, decision.decided_at.is_none());
    prop_assert!(decision.holds.is_empty() || decision.status == CaseStatus::InProgress);
    prop_assert!(decision.s_codes.is_empty() || is_approved(decision.status));
    for drug in drugs() {
        if drug.status == DrugStatus::Authorized {
            prop_assert!(drug.visits_approved.is_some_and(|visits| visits > 0), "{drug:?}");
            prop_assert!(drug.hcpcs.is_none() || drug.units_approved.is_some_and(|units| units > 0), "{drug:?}");
        }
        let given = matches!(drug.status, DrugStatus::Authorized | DrugStatus::ClinicalReviewNotRequired);
        prop_assert!(given || drug.units_approved.is_none());
        prop_assert!(drug.role != DrugRole::Investigational || drug.units_approved.is_none());
        prop_assert!(!drug.message.is_empty());
        prop_assert!(drug.findings.iter().all(|id| decision.findings.iter().any(|finding| finding.id == *id)));
    }
    prop_assert!(decision.deviations.iter().all(|deviation| !deviation.message.is_empty() && deviation.field.starts_with('/')));
    Ok(())
}

/// Any drugs of the catalogue, and none, on any days, at any dose.
fn any_order() -> impl Strategy<Value = Value> {
    let codes: Vec<String> =
        CONTENT.drugs.all().iter().flat_map(|drug| drug.codes.iter().map(|code| code.hcpcs.clone())).collect();
    let names: Vec<String> = CONTENT.drugs.all().iter().map(|drug| drug.generic.clone()).collect();
    let code = prop_oneof![8 => prop::sample::select(codes).prop_map(Some), 1 => Just(Some("J3999".to_owned())), 1 => Just(None)];
    let unit = prop::sample::select(DoseUnit::ALL);
    let amount = prop_oneof![Just(1e-9), Just(1e6), 0.01_f64..2000.0];
    let role = prop::option::of(prop::sample::select(DrugRole::ALL));
    let days = prop_oneof![3 => prop::collection::btree_set(1_u32..=366, 1..5), 1 => Just((1..=366).collect())];
    let drug = (code, prop::sample::select(names), role, (amount, unit), days, 1_u32..=24, any::<bool>());
    let length = prop_oneof![Just(1_u32), Just(7), Just(21), Just(366), 1_u32..=366];
    let cycles = prop_oneof![Just(1_u32), Just(400), 1_u32..=400];
    let phase = (length, cycles, prop::collection::vec(drug, 1..5));
    (prop::collection::vec(phase, 1..5), any::<bool>(), 0..CONTENT.regimens.len()).prop_map(|(phases, open, regimen)| {
        let regimen: &Regimen = &CONTENT.regimens[regimen];
        let mut order = exact(regimen, &CONTENT, "bma");
        let mut line = 0;
        let last = phases.len() - 1;
        let phases: Vec<Value> = phases
            .into_iter()
            .enumerate()
            .map(|(index, (length, cycles, drugs))| {
                let drugs: Vec<Value> = drugs
                    .into_iter()
                    .map(|(code, name, role, (amount, unit), days, times, loading)| {
                        line += 1;
                        let mut days: Vec<u32> = days.into_iter().map(|day| (day - 1) % length + 1).collect();
                        days.sort_unstable();
                        days.dedup();
                        let generic = if code.is_none() { json!(name) } else { Value::Null };
                        let dose = json!({"amount": amount, "unit": unit});
                        json!({"line": line, "hcpcs": code, "generic": generic, "role": role, "dose": dose, "days": days,
                               "frequency_per_day": times, "loading_dose": if loading { dose.clone() } else { Value::Null }})
                    })
                    .collect();
                let cycles = (!(open && index == last)).then_some(cycles);
                json!({"cycle_length_days": length, "cycles": cycles, "drugs": drugs})
            })
            .collect();
        order["treatment"]["phases"] = json!(phases);
        serde_json::from_value::<OrderRequest>(order.clone()).expect("a well-formed order");
        order
    })
}
