//! What differs between two orders, as the form calls it: lines by their numbers, results by their names.

use super::super::differences::{place, value};
use super::labels;
use crate::app::orders::{Difference, differences};
use serde_json::{Map, Value};

/// Something that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Changed {
    pub place: String,
    pub was: String,
    pub will: String,
}

/// The rows of a table of what differs. Where lines or results come, go or change their places, each is told for itself.
pub(super) fn rows(before: &Value, after: &Value) -> Vec<Changed> {
    let (mut was, mut is) = (before.clone(), after.clone());
    let phases = after.pointer("/treatment/phases").and_then(Value::as_array).map_or(0, Vec::len);
    let of_phase = |phase: usize| (format!("/treatment/phases/{phase}/drugs"), "line", format!("Phase {}, line ", phase + 1));
    let results = ["biomarkers", "assessments"].map(|list| (format!("/clinical/{list}"), "name", String::new()));
    let mut listed = Vec::new();
    for (at, key, prefix) in results.into_iter().chain((0..phases).map(of_phase)) {
        let (Some(old), Some(new)) = (items(&was, &at), items(&is, &at)) else { continue };
        if !old.iter().map(|one| &one[key]).eq(new.iter().map(|one| &one[key])) {
            listed.extend(by_key(key, &prefix, &old, &new));
            for order in [&mut was, &mut is] {
                if let Some(list) = order.pointer_mut(&at) {
                    *list = Value::Null;
                }
            }
        }
    }
    let other =
        |one: Difference| Changed { place: place_of(&one.pointer, after), was: value(&one.before), will: value(&one.after) };
    differences(&was, &is).into_iter().map(other).chain(listed).collect()
}

/// The list at a place; none where a word stands there, or no such place is.
fn items(order: &Value, at: &str) -> Option<Vec<Value>> {
    match order.pointer(at)? {
        Value::Array(all) => Some(all.clone()),
        Value::Null => Some(Vec::new()),
        _ => None,
    }
}

/// Lists in which one came or went: each of them for itself.
fn by_key(key: &str, prefix: &str, before: &[Value], after: &[Value]) -> Vec<Changed> {
    let of = |list: &[Value], known: &Value| list.iter().find(|one| one[key] == known[key]).cloned();
    let mut changed = Vec::new();
    for one in before.iter().chain(after.iter().filter(|one| of(before, one).is_none())) {
        let (was, will) = (of(before, one), of(after, one));
        if was != will {
            let told = |one: Option<Value>, otherwise: &str| one.map_or_else(|| otherwise.to_owned(), |one| told(&one, key));
            let name = if key == "name" { value(&one[key]).to_uppercase() } else { value(&one[key]) };
            changed.push(Changed { place: format!("{prefix}{name}"), was: told(was, "nothing"), will: told(will, "taken out") });
        }
    }
    changed
}

/// A line or a result in words.
fn told(one: &Value, key: &str) -> String {
    if key == "name" {
        let day = one["on"].as_str().map(|on| format!(", {on}")).unwrap_or_default();
        return format!("{}{day}", value(&one["result"]));
    }
    let dose = |name: &str| {
        let dose = &one[name];
        dose.is_object().then(|| format!("{} {}", value(&dose["amount"]), dose["unit"].as_str().unwrap_or_default()))
    };
    let text = |name: &str| one[name].as_str().map(str::to_owned);
    let days = one["days"].as_array().filter(|days| !days.is_empty()).map(|_| format!("days {}", value(&one["days"])));
    let parts = [
        text("hcpcs"),
        text("generic"),
        dose("dose"),
        text("route"),
        days,
        dose("loading_dose").map(|dose| format!("first dose {dose}")),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn number(text: &str) -> String {
    text.parse::<usize>().map_or_else(|_| text.to_owned(), |number| (number + 1).to_string())
}

/// A place of an order as its form calls it.
fn place_of(pointer: &str, order: &Value) -> String {
    let parts: Vec<&str> = pointer.split('/').skip(1).collect();
    let rest = |parts: &[&str]| parts.iter().map(|part| part.replace('_', " ")).collect::<Vec<_>>().join(" ");
    let named =
        |at: &str| order.pointer(at).and_then(Value::as_object).and_then(|one: &Map<String, Value>| one.get("name")?.as_str());
    match parts.as_slice() {
        ["clinical", list @ ("biomarkers" | "assessments"), at, parts @ ..] if !parts.is_empty() => {
            let name = named(&format!("/clinical/{list}/{at}")).unwrap_or(list);
            format!("{}, {}", name.replace('_', " ").to_uppercase(), rest(parts))
        }
        ["treatment", "phases", phase, "drugs", drug, parts @ ..] => {
            format!("Phase {}, drug {}, {}", number(phase), number(drug), rest(parts))
        }
        ["treatment", "phases", phase, parts @ ..] if !parts.is_empty() => format!("Phase {}, {}", number(phase), rest(parts)),
        _ => labels::known(pointer).map_or_else(|| place(pointer), str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::{place_of, rows};
    use serde_json::json;

    #[test]
    fn places_are_called_as_in_the_form() {
        let order = json!({"clinical": {"assessments": [{"name": "lvef_percent"}]}});
        for (pointer, told) in [
            ("/clinical/weight_kg", "Weight"),
            ("/clinical/assessments/0/on", "LVEF PERCENT, on"),
            ("/treatment/phases/0/drugs/1/dose/amount", "Phase 1, drug 2, dose amount"),
            ("/treatment/phases/1/cycles", "Phase 2, cycles"),
            ("/clinical/stage", "Clinical, stage"),
        ] {
            assert_eq!(place_of(pointer, &order), told);
        }
    }

    #[test]
    fn a_line_that_comes_or_goes_is_told_by_its_number() {
        let line =
            |line: u32, code: &str| json!({"line": line, "hcpcs": code, "dose": {"amount": 75.0, "unit": "mg/m2"}, "days": [1]});
        let order =
            |lines: Vec<serde_json::Value>| json!({"clinical": {"stage": "II"}, "treatment": {"phases": [{"drugs": lines}]}});
        let before = order(vec![line(10, "J9171"), line(20, "J9075")]);
        let mut after = order(vec![line(20, "J9075"), line(21, "J9045"), line(22, "J9267")]);
        after["clinical"]["stage"] = json!("III");
        let told: Vec<String> =
            rows(&before, &after).into_iter().map(|row| format!("{}: {} > {}", row.place, row.was, row.will)).collect();
        assert_eq!(
            told,
            [
                "Clinical, stage: II > III",
                "Phase 1, line 10: J9171 75 mg/m2 days 1 > taken out",
                "Phase 1, line 21: nothing > J9045 75 mg/m2 days 1",
                "Phase 1, line 22: nothing > J9267 75 mg/m2 days 1",
            ]
        );
    }
}
