//! What practices that document well tell beside a regimen, from `told.toml`.

use super::merge;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Told {
    #[serde(default)]
    prior: Vec<String>,
    #[serde(default)]
    answers: BTreeMap<String, Value>,
    #[serde(default)]
    markers: BTreeMap<String, Value>,
    patch: Option<String>,
}

/// Tells it in the order of that regimen.
pub fn tell(regimen: &str, order: &mut Value) {
    let all: BTreeMap<String, Told> = toml::from_str(include_str!("told.toml")).expect("a readable file");
    let Some(told) = all.get(regimen) else { return };
    let clinical = &mut order["clinical"];
    if !told.prior.is_empty() {
        clinical["prior_therapies"] = told.prior.iter().flat_map(|text| earlier(text)).collect();
    }
    let result = |name: &str, result: &Value| json!({"name": name, "result": result, "on": "2026-11-12"});
    clinical["assessments"]
        .as_array_mut()
        .expect("a list")
        .extend(told.answers.iter().map(|(name, answer)| result(name, answer)));
    let markers = clinical["biomarkers"].as_array_mut().expect("a list");
    markers.retain(|marker| !marker["name"].as_str().is_some_and(|name| told.markers.contains_key(name)));
    markers.extend(told.markers.iter().map(|(name, answer)| result(name, answer)));
    if let Some(patch) = &told.patch {
        merge(order, &serde_json::from_str(patch).expect("a merge patch"));
    }
}

/// `first_line progression carboplatin, paclitaxel`
pub fn earlier(text: &str) -> Vec<Value> {
    let mut words = text.splitn(3, ' ');
    let (line, outcome) = (words.next().expect("a line"), words.next().expect("an outcome"));
    let (from, through) = match line {
        "neoadjuvant" | "adjuvant" | "first_line" => ("2024-01-05", "2024-12-20"),
        "second_line" => ("2025-01-12", "2025-10-02"),
        "third_line" => ("2025-10-20", "2026-04-30"),
        _ => ("2026-05-18", "2026-10-30"),
    };
    let drugs = words.next().expect("drugs").split(", ");
    let one = |drug: &str| match line {
        "-" => json!({"generic": drug, "outcome": outcome}),
        _ => json!({"generic": drug, "line": line, "outcome": outcome, "started_on": from, "ended_on": through}),
    };
    drugs.map(one).collect()
}
