//! What is decided at once of the orders that community practices write (`tests/community/*.toml`): `docs/decision-report.md`, which
//! `scripts/decision-report` writes anew, so that a change of the content shows its effect there.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a fixture that fails has to fail the test")]

use crate::support::orders::{Situation, merge, plan, told};
use oncoauth::domain::content::Content;
use oncoauth::domain::vocabulary::{CaseStatus, DoseUnit, PathwayDetermination};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    cancer: String,
    order: Vec<Order>,
}

/// An order, in short.
#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields)]
struct Order {
    name: String,
    /// One of the 60 that are ordered most.
    #[serde(default)]
    common: bool,
    /// Why it is beyond label and guideline, or says too little: it must not be decided without a person.
    beyond: Option<String>,
    icd10: String,
    pathology: Option<String>,
    stage: Option<String>,
    line: String,
    setting: Option<String>,
    #[serde(default)]
    markers: BTreeMap<String, Value>,
    #[serde(default)]
    answers: BTreeMap<String, Value>,
    #[serde(default)]
    prior: Vec<String>,
    lines_before: Option<u32>,
    /// `21 days x 4: docetaxel 75 mg/m2 iv day 1; …`
    plan: Vec<String>,
    /// JSON merge patch.
    patch: Option<String>,
}

fn root() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every order with its cancer, by file.
fn orders() -> Vec<(String, Order)> {
    let mut paths: Vec<_> = std::fs::read_dir(root().join("tests/community"))
        .expect("there are orders")
        .map(|entry| entry.expect("a file").path())
        .collect();
    paths.sort();
    let mut all = Vec::new();
    for path in paths {
        let text = std::fs::read_to_string(&path).expect("a readable file");
        let file: File = toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        all.extend(file.order.into_iter().map(|order| (file.cancer.clone(), order)));
    }
    all
}

fn request(cancer: &str, order: &Order, content: &Content) -> Value {
    let named = |answers: &BTreeMap<String, Value>| -> Vec<Value> {
        answers.iter().map(|(name, result)| json!({"name": name, "result": result, "on": "2026-11-12"})).collect()
    };
    let sex = if ["prostate", "testicular", "penile"].contains(&cancer) { "male" } else { "female" };
    let mut line = 0;
    let phases: Vec<Value> = order.plan.iter().map(|text| phase(text, &mut line, content)).collect();
    let prior: Vec<Value> = order.prior.iter().flat_map(|text| told::earlier(text)).collect();
    let goal = if ["neoadjuvant", "adjuvant", "perioperative", "definitive"].contains(&order.line.as_str()) {
        "curative"
    } else {
        "palliative"
    };
    let mut made = json!({
        "member": {"health_plan": plan("bma"), "member_id": "XKM100200300", "first_name": "Test", "last_name": "Member", "birth_date": "1970-01-15"},
        "service": "medical_oncology", "setting": "outpatient", "place_of_service": "11", "channel": "portal", "urgency": "standard",
        "date_of_service": "2026-12-01",
        "ordering_provider": {"npi": "1234567893", "first_name": "Ordering", "last_name": "Clinician"},
        "servicing_provider": {"npi": "1245319599", "name": "Sample Infusion Center"},
        "contact": {"name": "Front desk", "phone": "+1 734 555 0100"},
        "diagnosis": {"icd10": order.icd10},
        "clinical": {
            "cancer_type": cancer, "pathology": order.pathology, "stage": order.stage, "line_of_treatment": order.line,
            "disease_setting": order.setting, "treatment_goal": goal, "performance_status": {"scale": "ecog", "value": 1},
            "biomarkers": named(&order.markers), "height_cm": 165.0, "weight_kg": 71.5, "serum_creatinine_mg_dl": 0.8, "sex": sex,
            "fn_risk_factors": [], "assessments": named(&order.answers), "prior_therapies": prior, "lines_of_therapy_before": order.lines_before
        },
        "treatment": {"regimen_id": null, "phases": phases}
    });
    if let Some(patch) = &order.patch {
        merge(&mut made, &serde_json::from_str(patch).expect("a merge patch"));
    }
    made
}

/// `21 days x 4: …`, `28 days until progression: …`, `84 days beside: …`, `28 days beside x 26: …`
fn phase(text: &str, line: &mut u32, content: &Content) -> Value {
    let (how, drugs) = text.split_once(": ").unwrap_or_else(|| panic!("no colon in {text}"));
    let mut words = how.split(' ');
    let length: u32 = words.next().and_then(|word| word.parse().ok()).unwrap_or_else(|| panic!("no length in {text}"));
    let cycles: Option<u32> = how.rsplit_once(" x ").map(|(_, cycles)| cycles.parse().expect("a number of cycles"));
    let drugs: Vec<Value> = drugs
        .split("; ")
        .map(|drug| {
            *line += 1;
            ordered(drug, *line, content)
        })
        .collect();
    json!({"cycle_length_days": length, "cycles": cycles, "beside": how.contains(" beside"), "drugs": drugs})
}

/// `trastuzumab 6 mg/kg iv day 1 loading 8 mg/kg`, `J9271 200 mg iv day 1`, `capecitabine 1000 mg/m2 po days 1-14 x2`
fn ordered(text: &str, line: u32, content: &Content) -> Value {
    let words: Vec<&str> = text.split(' ').collect();
    let is_dose = |at: &usize| words[*at].parse::<f64>().is_ok() && DoseUnit::parse(words[*at + 1]).is_some();
    let at = (1..words.len() - 1).find(is_dose).unwrap_or_else(|| panic!("no dose in {text}"));
    let name = words[..at].join(" ");
    let dose = |at: usize| json!({"amount": words[at].parse::<f64>().expect("a number"), "unit": words[at + 1]});
    let route = words[at + 2];
    let from = words.iter().position(|word| word.starts_with("day")).unwrap_or_else(|| panic!("no days in {text}"));
    let mut days: Vec<u32> = Vec::new();
    let mut times = 1;
    let mut loading = Value::Null;
    for (index, word) in words.iter().enumerate().skip(from + 1) {
        match (word.strip_prefix('x'), *word) {
            (Some(count), _) => times = count.parse().expect("a number"),
            (None, "loading") => {
                loading = dose(index + 1);
                break;
            }
            (None, word) => {
                let (first, last) = word
                    .trim_end_matches(',')
                    .split_once('-')
                    .unwrap_or((word.trim_end_matches(','), word.trim_end_matches(',')));
                days.extend(first.parse::<u32>().expect("a day")..=last.parse::<u32>().expect("a day"));
            }
        }
    }
    let coded = name.len() == 5
        && name.starts_with(|first: char| first.is_ascii_uppercase())
        && name[1..].bytes().all(|it| it.is_ascii_digit());
    let drug =
        if coded { None } else { Some(content.drugs.by_name(&name).unwrap_or_else(|| panic!("no drug {name} in {text}"))) };
    let code = drug.and_then(|drug| {
        let oral = route == "po";
        drug.codes.iter().find(|code| code.hcpcs.starts_with("J8") == oral).or(if oral { None } else { drug.codes.first() })
    });
    let hcpcs = if coded { Some(name.clone()) } else { code.map(|code| code.hcpcs.clone()) };
    let supportive = drug.is_some_and(|drug| drug.supportive);
    json!({
        "line": line, "hcpcs": hcpcs, "generic": drug.map(|drug| drug.generic.clone()), "role": if supportive { "supportive" } else { "treatment" },
        "route": route, "dose": dose(at), "days": days, "frequency_per_day": times, "loading_dose": loading
    })
}

/// What came of an order.
struct Outcome {
    cancer: String,
    name: String,
    common: bool,
    beyond: Option<String>,
    decided: bool,
    on_pathway: bool,
    regimen: String,
    /// Kinds of what pends it.
    kinds: BTreeSet<String>,
    /// The first thing that does.
    why: String,
}

fn decide(cancer: &str, order: &Order, content: &Content) -> Outcome {
    let base = |decided, on_pathway, regimen: String, kinds, why| Outcome {
        cancer: cancer.to_owned(),
        name: order.name.clone(),
        common: order.common,
        beyond: order.beyond.clone(),
        decided,
        on_pathway,
        regimen,
        kinds,
        why,
    };
    let decision = match Situation::new(request(cancer, order, content), "bma").decide(content) {
        Ok(decision) => decision,
        Err(refusal) => return base(false, false, String::new(), BTreeSet::from(["refused".to_owned()]), format!("{refusal:?}")),
    };
    let decided = decision.status != CaseStatus::InProgress;
    let on_pathway = decided && decision.pathway.determination == PathwayDetermination::OnPathway;
    let mut kinds: BTreeSet<String> = BTreeSet::new();
    let mut why = String::new();
    if !decided {
        kinds.extend(decision.holds.iter().map(|hold| hold.as_str().replace('_', " ")));
        let pending: Vec<_> = decision.deviations.iter().filter(|deviation| deviation.effect.pends()).collect();
        kinds.extend(pending.iter().map(|deviation| deviation.code.as_str().replace('_', " ")));
        let by_drug = decision.drugs.iter().map(|drug| &drug.drug).find(|drug| drug.status.as_str() == "in_progress");
        if kinds.is_empty() {
            kinds.insert("policy not met".to_owned());
        }
        why = pending
            .first()
            .map(|deviation| deviation.message.clone())
            .or(by_drug.map(|drug| drug.message.clone()))
            .unwrap_or_default();
    }
    base(decided, on_pathway, decision.pathway.regimen_id.unwrap_or_default(), kinds, why)
}

const HEAD: &str = "# What is decided at once

Made by `scripts/decision-report` from the orders of `tests/community/`; a test compares. Fictional orders as community practices write them:
within label or guideline unless they say what is beyond. *Decided*: without a person. Not for clinical use.
";

fn share(part: usize, whole: usize) -> String {
    (part * 100).checked_div(whole).map_or_else(|| "-".to_owned(), |percent| format!("{percent} %"))
}

fn page(outcomes: &[Outcome], release: &str) -> String {
    let within: Vec<&Outcome> = outcomes.iter().filter(|outcome| outcome.beyond.is_none()).collect();
    let decided = within.iter().filter(|outcome| outcome.decided).count();
    let on_pathway = within.iter().filter(|outcome| outcome.on_pathway).count();
    let common: Vec<&&Outcome> = within.iter().filter(|outcome| outcome.common).collect();
    let known = common.iter().filter(|outcome| !outcome.regimen.is_empty()).count();
    let common_decided = common.iter().filter(|outcome| outcome.decided).count();
    let mut text = format!(
        "{HEAD}\nRelease {release}. {} orders, {} of them within label or guideline: {decided} decided ({}), {on_pathway} on a Pathway ({}). Of the {} that are ordered \
         most, {known} match a regimen and {common_decided} are decided.\n\n| Cancer | Orders | Within | Decided | | On a Pathway | Beyond, with a person |\n|---|---|---|---|---|---|---|\n",
        outcomes.len(),
        within.len(),
        share(decided, within.len()),
        share(on_pathway, within.len()),
        common.len(),
    );
    let cancers: BTreeSet<&str> = outcomes.iter().map(|outcome| outcome.cancer.as_str()).collect();
    for cancer in cancers {
        let of: Vec<&Outcome> = outcomes.iter().filter(|outcome| outcome.cancer == cancer).collect();
        let count = |is: &dyn Fn(&&&Outcome) -> bool| of.iter().filter(is).count();
        let whole = count(&|it| it.beyond.is_none());
        let done = count(&|it| it.beyond.is_none() && it.decided);
        writeln!(
            text,
            "| {cancer} | {} | {whole} | {done} | {} | {} | {} of {} |",
            of.len(),
            share(done, whole),
            count(&|it| it.beyond.is_none() && it.on_pathway),
            count(&|it| it.beyond.is_some() && !it.decided),
            count(&|it| it.beyond.is_some()),
        )
        .expect("a string takes everything");
    }
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for kind in within.iter().flat_map(|outcome| &outcome.kinds) {
        *kinds.entry(kind).or_default() += 1;
    }
    text.push_str("\n## What pends orders within label or guideline\n\n| Kind | Orders |\n|---|---|\n");
    for (kind, number) in kinds {
        writeln!(text, "| {kind} | {number} |").expect("a string takes everything");
    }
    text.push('\n');
    for outcome in within.iter().filter(|outcome| !outcome.decided) {
        let why: String = outcome.why.replace('|', "/").chars().take(220).collect();
        writeln!(
            text,
            "- {}: {} ({}): {why}",
            outcome.cancer,
            outcome.name,
            outcome.kinds.iter().cloned().collect::<Vec<_>>().join(", ")
        )
        .expect("a string takes everything");
    }
    text.push_str("\n## The orders that are written most\n\n| Cancer | Order | Regimen | |\n|---|---|---|---|\n");
    for outcome in &common {
        let what = match (outcome.decided, outcome.on_pathway) {
            (true, true) => "on its Pathway",
            (true, false) => "decided",
            _ => "pends",
        };
        writeln!(text, "| {} | {} | {} | {what} |", outcome.cancer, outcome.name, outcome.regimen)
            .expect("a string takes everything");
    }
    text
}

// proves SAFE-16
#[test]
fn ordinary_orders_are_decided_at_once_and_what_is_beyond_label_and_guideline_never_is() {
    let content = crate::support::content();
    let outcomes: Vec<Outcome> = orders().iter().map(|(cancer, order)| decide(cancer, order, content)).collect();
    let unsafe_ones: Vec<String> = outcomes
        .iter()
        .filter(|outcome| outcome.decided)
        .filter_map(|outcome| Some(format!("{}: {}: {}", outcome.cancer, outcome.name, outcome.beyond.as_ref()?)))
        .collect();
    let path = root().join("docs/decision-report.md");
    let made = page(&outcomes, &content.release.name);
    if std::env::var_os("ONCOAUTH_WRITE").is_some() {
        std::fs::write(&path, &made).expect("a page that can be written");
    }
    assert!(unsafe_ones.is_empty(), "decided, though beyond label and guideline:\n{}", unsafe_ones.join("\n"));
    assert!(outcomes.len() >= 300, "{} orders", outcomes.len());
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = made.lines().zip(written.lines()).find(|(made, written)| made != written);
    assert!(
        made == written,
        "docs/decision-report.md is not what comes of the orders: run scripts/decision-report. First: {differs:?}"
    );
}
