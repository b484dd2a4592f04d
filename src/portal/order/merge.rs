//! A change of an order: what differs between the form as it was opened and as it is sent goes into the order that is stored, and whatever
//! else that has stays. Lines are found by their numbers, results by their names, earlier treatment by its row. A line that is gone is one
//! that was taken out of the form.

use super::read::Read;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// Parts that say something only as a whole.
const WHOLE: [&str; 3] = ["clinical_trial", "supportive_only", "continues"];
/// The largest number of a line.
const LAST_LINE: u64 = 1000;

/// Puts into an order what differs between the form as it was opened and as it is now.
pub(super) fn merge(order: &mut Value, was: &Read, is: &Read) {
    let was_told = order.pointer("/treatment").is_some_and(|treatment| !is_empty(treatment));
    let (mut rest_was, mut rest_is) = (with_parts(&was.order), with_parts(&is.order));
    let mut lists = |place: &str| (taken(&mut rest_was, place), taken(&mut rest_is, place));
    let providers = ["/ordering_provider", "/servicing_provider"].map(|place| (place, lists(place)));
    let results = ["/clinical/biomarkers", "/clinical/assessments"].map(|place| (place, lists(place)));
    let prior = lists("/clinical/prior_therapies");
    let phases = lists("/treatment/phases");
    put(order, &rest_was, &rest_is);
    for (place, (was, is)) in providers {
        change(order, place, &was, &is, provider);
    }
    for (place, (was, is)) in results {
        change(order, place, &was, &is, |known, was, is| *known = named(known, was, is));
    }
    change(order, "/clinical/prior_therapies", &prior.0, &prior.1, |known, before, now| {
        *known = earlier(known, (before, &was.prior_rows), (now, &is.prior_rows));
    });
    change(order, "/treatment/phases", &phases.0, &phases.1, |known, before, now| {
        let (before, now) = (phases_of(before, was), phases_of(now, is));
        *known = json!(Lines::of(known, &before).merged(&before, &now));
    });
    if was_told && order.pointer("/treatment").is_some_and(is_empty) {
        order["treatment"] = Value::Null;
    }
}

/// The order of a form with the parts that no order is without.
fn with_parts(order: &Value) -> Value {
    let mut order = order.clone();
    for name in ["member", "clinical"] {
        if let Some(parts) = order.as_object_mut() {
            parts.entry(name).or_insert_with(|| json!({}));
        }
    }
    order
}

/// Takes a part out of the order of a form.
fn taken(order: &mut Value, place: &str) -> Value {
    let part = place.rsplit_once('/').and_then(|(of, name)| order.pointer_mut(of)?.as_object_mut()?.remove(name));
    part.unwrap_or_default()
}

/// Changes a part of an order, where the form does.
fn change(order: &mut Value, place: &str, was: &Value, is: &Value, how: impl FnOnce(&mut Value, &Value, &Value)) {
    if was == is {
        return;
    }
    let mut at = order;
    for name in place.split('/').skip(1) {
        if !at.is_object() {
            *at = json!({});
        }
        at = &mut at[name];
    }
    how(at, was, is);
}

/// Sets one part.
fn set(of: &mut Value, name: &str, part: Value) {
    if let Some(parts) = of.as_object_mut() {
        parts.insert(name.to_owned(), part);
    }
}

/// True where nothing is told.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(all) => all.is_empty(),
        Value::Object(parts) => parts.values().all(is_empty),
        _ => false,
    }
}

/// Puts what differs into a part; what neither has stays.
fn put(order: &mut Value, was: &Value, is: &Value) {
    if was == is {
        return;
    }
    let has_parts = |value: &Value| matches!(value, Value::Object(_) | Value::Null);
    let Some(parts) = order.as_object_mut().filter(|_| has_parts(was) && has_parts(is)) else {
        *order = is.clone();
        return;
    };
    let none = Map::new();
    let (was_parts, is_parts) = (was.as_object().unwrap_or(&none), is.as_object().unwrap_or(&none));
    for name in was_parts.keys().chain(is_parts.keys().filter(|name| !was_parts.contains_key(*name))) {
        let (was, is) = (was_parts.get(name).unwrap_or(&Value::Null), is_parts.get(name).unwrap_or(&Value::Null));
        if was == is {
            continue;
        }
        let known = parts.entry(name).or_insert(Value::Null);
        if WHOLE.contains(&name.as_str()) {
            *known = is.clone();
        } else {
            put(known, was, is);
        }
    }
    if is.is_null() && is_empty(order) {
        *order = Value::Null;
    }
}

/// Another provider than before has another name and another address.
fn provider(known: &mut Value, was: &Value, is: &Value) {
    if was["npi"] == is["npi"] {
        return put(known, was, is);
    }
    *known = is.clone();
    if let Some(parts) = known.as_object_mut().filter(|_| was["address"] == is["address"]) {
        parts.remove("address");
    }
}

fn items(list: &Value) -> &[Value] {
    list.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// Results: each is found by its name, whatever stands before it. The form shows the first of a name that is told.
fn named(known: &Value, was: &Value, is: &Value) -> Value {
    let of = |list: &[Value], name: &Value| list.iter().find(|one| one["name"] == *name).cloned();
    let (was, is) = (items(was), items(is));
    let mut done: Vec<Value> = Vec::new();
    let mut merged: Vec<Value> = Vec::new();
    for one in items(known) {
        let name = &one["name"];
        let result = &one["result"];
        let is_told = !result.is_null() && result.as_str().is_none_or(|text| !text.trim().is_empty());
        let is_shown = is_told && !done.contains(name);
        match (of(was, name).filter(|_| is_shown), of(is, name)) {
            (Some(was), Some(is)) => {
                done.push(name.clone());
                let mut one = one.clone();
                put(&mut one, &was, &is);
                merged.push(one);
            }
            (Some(_), None) => done.push(name.clone()),
            // what the form could not show was entered anew
            (None, Some(_)) if of(was, name).is_none() => {}
            (None, _) => merged.push(one.clone()),
        }
    }
    merged.extend(is.iter().filter(|one| !done.contains(&one["name"])).cloned());
    if merged.is_empty() { Value::Null } else { json!(merged) }
}

/// Earlier treatment: each is found by its row in the form. Rows that the form has no place for stay.
fn earlier(known: &Value, (was, was_rows): (&Value, &[usize]), (is, is_rows): (&Value, &[usize])) -> Value {
    let is_told = is.is_null() || is.as_array().is_some_and(|is| !is.is_empty());
    let (Some(all), true) = (known.as_array(), is_told) else { return is.clone() };
    let is = items(is);
    let at = |list: &[Value], rows: &[usize], row: usize| {
        rows.iter().position(|known| *known == row).and_then(|place| list.get(place)).cloned()
    };
    let mut merged: Vec<Value> = Vec::new();
    for (row, one) in all.iter().enumerate() {
        match (at(items(was), was_rows, row), at(is, is_rows, row)) {
            (Some(was), Some(is)) => {
                let mut one = one.clone();
                put(&mut one, &was, &is);
                if let Some(parts) = one.as_object_mut().filter(|_| was.get("name") != is.get("name")) {
                    // what was entered in place of a generic name
                    parts.remove("generic");
                    parts.insert("name".to_owned(), is.get("name").cloned().unwrap_or_default());
                }
                merged.push(one);
            }
            (Some(_), None) => {}
            (None, _) => merged.push(one.clone()),
        }
    }
    merged.extend(is_rows.iter().zip(is).filter(|(row, _)| !was_rows.contains(row)).map(|(_, one)| one.clone()));
    if merged.is_empty() { Value::Null } else { json!(merged) }
}

/// A phase of the form with its place there.
struct Phase {
    number: usize,
    about: Value,
    drugs: Vec<Value>,
}

fn phases_of(phases: &Value, read: &Read) -> Vec<Phase> {
    let phase = |(phase, (number, _)): (&Value, &(usize, Vec<usize>))| {
        let mut about = phase.clone();
        let drugs = about.as_object_mut().and_then(|about| about.remove("drugs"));
        Phase { number: *number, about, drugs: drugs.map(|drugs| items(&drugs).to_vec()).unwrap_or_default() }
    };
    items(phases).iter().zip(&read.rows).map(phase).collect()
}

/// The lines of an order, and which of them the form shows.
struct Lines<'a> {
    phases: &'a [Value],
    taken: BTreeSet<u64>,
    shown: BTreeSet<u64>,
}

fn line_of(drug: &Value) -> u64 {
    drug["line"].as_u64().unwrap_or_default()
}

impl<'a> Lines<'a> {
    fn of(phases: &'a Value, was: &[Phase]) -> Self {
        let phases = items(phases);
        let taken = phases.iter().flat_map(|phase| items(&phase["drugs"])).map(line_of).collect();
        Self { phases, taken, shown: was.iter().flat_map(|phase| &phase.drugs).map(line_of).collect() }
    }

    fn merged(mut self, was: &[Phase], is: &[Phase]) -> Vec<Value> {
        let in_form = |phases: &[Phase], number: usize| phases.iter().position(|phase| phase.number == number);
        let mut merged = Vec::new();
        for (number, known) in self.phases.iter().enumerate() {
            let before = in_form(was, number).and_then(|place| was.get(place));
            let now = in_form(is, number).and_then(|place| is.get(place));
            let mut phase = known.clone();
            let mut drugs = self.kept(items(&known["drugs"]), was, now.map(|now| now.drugs.as_slice()));
            match (before, now) {
                (Some(before), Some(now)) => put(&mut phase, &before.about, &now.about),
                (Some(_), None) if drugs.is_empty() => continue,
                _ => {}
            }
            if let Some(now) = now {
                drugs.extend(self.further(&now.drugs, items(&known["drugs"]), was));
            }
            set(&mut phase, "drugs", json!(drugs));
            merged.push(phase);
        }
        for now in is.iter().filter(|now| now.number >= self.phases.len()) {
            let mut phase = now.about.clone();
            set(&mut phase, "drugs", json!(self.further(&now.drugs, &[], was)));
            merged.push(phase);
        }
        merged
    }

    /// Lines of a phase that stay in it, as they are now.
    fn kept(&self, known: &[Value], was: &[Phase], now: Option<&[Value]>) -> Vec<Value> {
        let mut kept = Vec::new();
        for drug in known {
            let line = line_of(drug);
            match now.unwrap_or_default().iter().find(|now| line_of(now) == line) {
                Some(now) if self.shown.contains(&line) => kept.push(merged_line(drug, was, now)),
                None if self.shown.contains(&line) => {}
                _ => kept.push(drug.clone()),
            }
        }
        kept
    }

    /// Lines that come into a phase: from another one with their number, or new with one that nobody has.
    fn further(&mut self, now: &[Value], known: &[Value], was: &[Phase]) -> Vec<Value> {
        let mut further = Vec::new();
        for drug in now {
            let line = line_of(drug);
            if self.shown.contains(&line) {
                if known.iter().any(|known| line_of(known) == line) {
                    continue;
                }
                let stored = self.phases.iter().flat_map(|phase| items(&phase["drugs"])).find(|known| line_of(known) == line);
                further.push(stored.map_or_else(|| drug.clone(), |stored| merged_line(stored, was, drug)));
                continue;
            }
            let next = self.taken.last().map_or(1, |last| last + 1);
            let free = if next <= LAST_LINE { Some(next) } else { (1..=LAST_LINE).find(|line| !self.taken.contains(line)) };
            let number = free.unwrap_or(next);
            self.taken.insert(number);
            let mut drug = drug.clone();
            set(&mut drug, "line", json!(number));
            further.push(drug);
        }
        further
    }
}

/// A line with what differs in the form. Code and name are of one drug.
fn merged_line(stored: &Value, was: &[Phase], now: &Value) -> Value {
    let before = was.iter().flat_map(|phase| &phase.drugs).find(|before| line_of(before) == line_of(now));
    let Some(before) = before else { return now.clone() };
    let mut merged = stored.clone();
    put(&mut merged, before, now);
    if before["hcpcs"] != now["hcpcs"] || before["generic"] != now["generic"] {
        set(&mut merged, "hcpcs", now["hcpcs"].clone());
        set(&mut merged, "generic", now["generic"].clone());
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::merge;
    use crate::domain::content::Content;
    use crate::domain::order::OrderRequest;
    use crate::portal::fields::Fields;
    use crate::portal::order::again;
    use crate::portal::order::read::{NEXT_LINE, Read, read};
    use proptest::prelude::*;
    use serde_json::{Value, json};
    use std::sync::{Arc, OnceLock};

    fn content() -> &'static Arc<Content> {
        static CONTENT: OnceLock<Arc<Content>> = OnceLock::new();
        CONTENT.get_or_init(|| {
            let library = crate::fixtures::library();
            Arc::clone(library.in_force("2026-12-01".parse().unwrap()))
        })
    }

    /// An order as it is stored, and the fields of its form.
    fn opened(order: Value) -> (Value, Fields) {
        let order: OrderRequest = serde_json::from_value(order).unwrap();
        let mut fields = again::as_it_stands(&order, content()).fields.in_one_line();
        let last = order.drugs().map(|(.., drug)| drug.line).max().unwrap_or_default();
        fields.set(NEXT_LINE, (last + 1).to_string());
        (serde_json::to_value(order).unwrap(), fields)
    }

    fn understood(fields: &Fields) -> Read {
        read(fields, content(), "2026-11-20".parse().unwrap())
    }

    /// The order after its form was saved with these fields in place of what it had.
    fn saved(order: Value, entered: &[(&str, &str)]) -> (Value, Value) {
        let (stored, was) = opened(order);
        // a browser sends what is not empty, in this order or another
        let mut is = Fields::decoded(&was.encoded());
        for (name, value) in entered {
            is.set(name, *value);
        }
        let mut merged = stored.clone();
        merge(&mut merged, &understood(&was), &understood(&is));
        // as it is stored
        let merged: OrderRequest = serde_json::from_value(merged).unwrap();
        (stored, serde_json::to_value(merged).unwrap())
    }

    fn drug(line: u32, hcpcs: Option<&str>, generic: Option<&str>) -> Value {
        json!({"line": line, "hcpcs": hcpcs, "generic": generic, "route": "IV", "days": [8, 1], "frequency_per_day": 2,
               "dose": {"amount": 75.0, "unit": "mg/m2"}, "loading_dose": null, "role": "treatment"})
    }

    /// An order with more than the form has places for.
    fn crowded() -> Value {
        let many = |from: u32, count: u32| (from..from + count).map(|line| drug(line, Some("J9171"), None)).collect::<Vec<_>>();
        let mut phases = vec![json!({"cycle_length_days": 21, "cycles": 4, "beside": true, "drugs": many(100, 35)})];
        phases.extend((0..9).map(|number| json!({"cycle_length_days": 28, "cycles": null, "drugs": many(10 * (number + 1), 2)})));
        let prior = (0..14).map(|number| {
            json!({"generic": format!("drug {number}"), "setting": "metastatic", "line": "first_line", "started_on": "unknown",
                   "ended_on": "2024-02-01", "outcome": "progression"})
        });
        json!({
            "member": {"health_plan": "bcbs-michigan", "member_id": "X1"}, "service": "medical_oncology", "channel": "fax",
            "technical_problem_attested": true, "urgency": "standard", "setting": "outpatient",
            "servicing_provider": {"npi": null, "name": "By hand", "address": {"line1": "1 Main St", "city": "Flint", "state": "MI"}},
            "clinical": {
                "weight_kg": 70, "performance_status": {"scale": "karnofsky", "value": 70}, "tnm": {"t": "T2", "n": "unknown"},
                "biomarkers": [{"name": "her2", "result": "positive", "on": "2026-11-01"}, {"name": "her2", "result": "negative"},
                               {"name": "a/b", "result": "x"}, {"name": "msi", "result": null, "on": "2026-10-01"}],
                "assessments": [{"name": "lvef_percent", "result": 60, "on": "2026-11-12"}, {"name": "odd", "result": true}],
                "prior_therapies": prior.collect::<Vec<_>>()
            },
            "treatment": {"regimen_id": "NO-SUCH", "phases": phases}
        })
    }

    /// What differs, with its pointers.
    fn differing(before: &Value, after: &Value) -> Vec<String> {
        crate::app::orders::differences(before, after).into_iter().map(|one| one.pointer).collect()
    }

    // proves SUB-08
    #[test]
    fn a_form_that_is_saved_as_it_was_opened_changes_nothing_however_crowded_the_order() {
        let (stored, merged) = saved(crowded(), &[]);
        assert_eq!(merged, stored);
    }

    // proves SUB-08
    #[test]
    fn one_answer_changes_that_answer() {
        for (name, value, pointer) in [
            ("/clinical/weight_kg", "72.5", "/clinical/weight_kg"),
            ("/clinical/tnm/n", "1", "/clinical/tnm/n"),
            ("/treatment/phases/0/drugs/3/dose", "60 mg/m2", "/treatment/phases/0/drugs/3/dose/amount"),
            ("/treatment/phases/7/cycles", "6", "/treatment/phases/7/cycles"),
            ("/clinical/prior_therapies/5/outcome", "toxicity", "/clinical/prior_therapies/5/outcome"),
            ("/clinical/biomarkers/her2/on", "11/12/2026", "/clinical/biomarkers/0/on"),
            ("/clinical/assessments/odd", "no", "/clinical/assessments/1/result"),
            ("/servicing_provider/address/city", "Lansing", "/servicing_provider/address/city"),
        ] {
            let (stored, merged) = saved(crowded(), &[(name, value)]);
            assert_eq!(differing(&stored, &merged), [pointer], "{name}");
        }
    }

    // proves SUB-08
    #[test]
    fn a_line_is_gone_only_when_its_row_was_emptied_and_a_new_one_has_a_number_of_its_own() {
        let numbers = |order: &Value, phase: usize| -> Vec<u64> {
            let drugs = order["treatment"]["phases"][phase]["drugs"].as_array().unwrap();
            drugs.iter().map(|drug| drug["line"].as_u64().unwrap()).collect()
        };
        let gone = ["drug", "dose", "route", "days", "times", "loading", "role"]
            .map(|cell| (format!("/treatment/phases/0/drugs/1/{cell}"), ""));
        let gone: Vec<(&str, &str)> = gone.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        let (stored, merged) = saved(crowded(), &gone);
        let mut left = numbers(&stored, 0);
        left.remove(1);
        assert_eq!(numbers(&merged, 0), left, "rows that the form cannot show stay, too");
        assert_eq!(merged["treatment"]["phases"][9], stored["treatment"]["phases"][9]);
        let new = [("/treatment/phases/1/drugs/2/drug", "J9075"), ("/treatment/phases/1/drugs/2/dose", "600 mg/m2")];
        let (stored, merged) = saved(crowded(), &new);
        assert_eq!(numbers(&merged, 1), [10, 11, 135], "not one that a hidden line has");
        assert_eq!(merged["treatment"]["phases"][0], stored["treatment"]["phases"][0]);
    }

    // proves SUB-08
    #[test]
    fn what_belongs_to_another_drug_treatment_or_site_does_not_stay() {
        let (_, merged) = saved(crowded(), &[("/treatment/phases/0/drugs/0/drug", "J9267 paclitaxel")]);
        let line = &merged["treatment"]["phases"][0]["drugs"][0];
        assert_eq!((&line["line"], &line["hcpcs"], &line["generic"]), (&json!(100), &json!("J9267"), &json!("paclitaxel")));
        let (_, merged) = saved(crowded(), &[("/clinical/prior_therapies/0/name", "another drug")]);
        let first = &merged["clinical"]["prior_therapies"][0];
        assert_eq!((&first["generic"], &first["name"]), (&Value::Null, &json!("another drug")));
        let (_, merged) = saved(crowded(), &[("/servicing_provider", "1245319599 Sample Infusion Center")]);
        assert_eq!(merged["servicing_provider"], json!({"npi": "1245319599", "name": "Sample Infusion Center", "address": null}));
        let (_, merged) = saved(crowded(), &[("/clinical/prior_therapies", "none"), ("/clinical/biomarkers/her2", "")]);
        assert_eq!(merged["clinical"]["biomarkers"][0], json!({"name": "her2", "result": "negative"}), "the second of the name");
    }

    fn some_drug() -> impl Strategy<Value = Value> {
        let code = prop_oneof![Just(Some("J9171")), Just(Some("j9075")), Just(Some("Q9999")), Just(Some("J9299-JW")), Just(None)];
        let name = prop_oneof![
            Just(None),
            Just(Some("docetaxel")),
            Just(Some("trastuzumab")),
            Just(Some("  no such drug ")),
            Just(Some("taxotere"))
        ];
        let dose = prop_oneof![
            Just(Value::Null),
            (1_u32..100_000, prop_oneof![Just("mg/m2"), Just("auc"), Just("million_units"), Just("mcg")])
                .prop_map(|(amount, unit)| json!({"amount": f64::from(amount) / 64.0, "unit": unit}))
        ];
        let days = proptest::collection::vec(1_u32..40, 0..4);
        (code, name, dose.clone(), dose, days, 1_u32..4, prop_oneof![Just(None), Just(Some("IV")), Just(Some(" Sub Q\n"))]).prop_filter_map(
            "a unit that is known",
            |(hcpcs, generic, dose, loading, days, times, route)| {
                let drug = json!({"line": 1, "hcpcs": hcpcs, "generic": generic, "dose": dose, "loading_dose": loading, "days": days,
                                  "frequency_per_day": times, "route": route});
                serde_json::from_value::<crate::domain::order::OrderedDrug>(drug.clone()).is_ok().then_some(drug)
            },
        )
    }

    fn some_order() -> impl Strategy<Value = Value> {
        let word = || prop_oneof![Just(Value::Null), Just(json!("unknown")), "[ a-z0-9+/.,\n-]{0,12}".prop_map(Value::from)];
        let named =
            (proptest::sample::select(vec!["her2", "er", "her2", "Odd Name", "a/b", "more-1", " x"]), word(), any::<bool>());
        let result =
            named.prop_map(|(name, result, dated)| json!({"name": name, "result": result, "on": dated.then_some("2026-11-01")}));
        let results = proptest::collection::vec(result, 0..5);
        let phase = (1_u32..60, proptest::option::of(1_u32..20), any::<bool>(), proptest::collection::vec(some_drug(), 0..33));
        let phases = proptest::collection::vec(phase, 0..10);
        (results.clone(), results, phases, word(), word(), proptest::collection::vec(word(), 0..14)).prop_map(
            |(biomarkers, assessments, phases, pathology, stage, prior)| {
                let mut line = 0;
                let mut numbered = |mut drug: Value| {
                    line += 3;
                    drug["line"] = json!(line);
                    drug
                };
                let phases: Vec<Value> = phases
                    .into_iter()
                    .map(|(length, cycles, beside, drugs)| {
                        let drugs: Vec<Value> = drugs.into_iter().map(&mut numbered).collect();
                        json!({"cycle_length_days": length, "cycles": cycles, "beside": beside, "drugs": drugs})
                    })
                    .collect();
                let prior: Vec<Value> = prior
                    .iter()
                    .enumerate()
                    .map(|(row, outcome)| json!({"name": format!("t{row}"), "outcome": outcome}))
                    .collect();
                json!({"service": "medical_oncology", "treatment": {"phases": phases},
                       "clinical": {"biomarkers": biomarkers, "assessments": assessments, "pathology": pathology, "stage": stage,
                                    "prior_therapies": prior}})
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        // proves SUB-08
        #[test]
        fn any_order_is_saved_as_it_was_opened(order in some_order()) {
            let (stored, merged) = saved(order, &[]);
            prop_assert_eq!(merged, stored);
        }

        // proves SUB-08
        #[test]
        fn a_weight_is_all_that_changes_when_a_weight_is_entered(order in some_order()) {
            let (stored, merged) = saved(order, &[("/clinical/weight_kg", "72")]);
            prop_assert_eq!(differing(&stored, &merged), ["/clinical/weight_kg"]);
        }
    }
}
