//! Every schedule, ordered as it stands, and at the edges of its ranges.

use super::exact::exact;
use super::{beside_its_course, content, decide, schedule};
use oncoauth::domain::content::radiation::FractionationSchedule;
use serde_json::{Value, json};
use std::sync::Arc;

fn all() -> &'static [Arc<FractionationSchedule>] {
    &content().radiation.schedules
}

fn with_dose(order: &Value, dose: f64, fractions: u32) -> Value {
    let mut order = order.clone();
    order["radiation"]["total_dose_gy"] = json!((dose * 10_000.0).round() / 10_000.0);
    order["radiation"]["fractions"] = json!(fractions);
    order
}

/// Schedules that another one, of the same dose in as many fractions, goes before when nothing but the schedule is told.
const BESIDE: [(&str, &str); 0] = [];

#[test]
fn every_schedule_ordered_as_it_stands_is_found() {
    // proves R-21
    assert_eq!(all().len(), 203);
    assert_eq!(all().iter().filter(|schedule| schedule.tier == 1).count(), 124);
    let failures: Vec<String> = all()
        .iter()
        .filter_map(|wanted| {
            let order = exact(wanted);
            let found = schedule(&beside_its_course(order, wanted));
            let expected = BESIDE.iter().find(|(id, _)| *id == wanted.id).map_or(wanted.id.as_str(), |(_, other)| other);
            (found.as_deref() != Some(expected)).then(|| format!("{}: {found:?}", wanted.id))
        })
        .collect();
    assert!(failures.is_empty(), "{} of {}\n{}", failures.len(), all().len(), failures.join("\n"));
}

#[test]
fn every_schedule_of_tier_1_takes_doses_two_percent_beyond_its_range_and_no_more() {
    // proves
    let mut failures = Vec::new();
    for wanted in all().iter().filter(|schedule| schedule.tier == 1) {
        let order = exact(wanted);
        for (dose, fractions, each, beyond) in edges(wanted) {
            // the dose of a fraction has a range of its own, which may be the narrower one
            let within = each >= wanted.dose_per_fraction_gy.0 * 0.98 && each <= wanted.dose_per_fraction_gy.1 * 1.02;
            let found = schedule(&decide(&with_dose(&order, dose, fractions)));
            let is_it = found.as_deref() == Some(wanted.id.as_str());
            if beyond && is_it {
                failures.push(format!("{}: {dose} Gy in {fractions} is taken for it", wanted.id));
            }
            // a schedule that goes before it may have the same dose
            if !beyond && within && found.is_none() {
                failures.push(format!("{}: {dose} Gy in {fractions} is not found", wanted.id));
            }
        }
        for fractions in [wanted.fractions.0.saturating_sub(1), wanted.fractions.1 + 1].into_iter().filter(|count| *count > 0) {
            let dose = f64::from(fractions) * wanted.typical.0 / f64::from(wanted.typical.1);
            let found = schedule(&decide(&with_dose(&order, dose, fractions)));
            if found.as_deref() == Some(wanted.id.as_str()) {
                failures.push(format!("{}: {dose} Gy in {fractions} is taken for it", wanted.id));
            }
        }
    }
    assert!(failures.is_empty(), "{}\n{}", failures.len(), failures.join("\n"));
}

/// Dose, fractions, dose of a fraction, and whether it is beyond the range.
fn edges(of: &FractionationSchedule) -> Vec<(f64, u32, f64, bool)> {
    let (low, high) = of.dose_gy;
    let fractions = [of.fractions.0, of.fractions.1];
    let doses = [(low * 0.9801, false), (high * 1.0199, false), (low * 0.979, true), (high * 1.021, true)];
    let pairs = fractions.into_iter().flat_map(|count| doses.into_iter().map(move |(dose, beyond)| (dose, count, beyond)));
    pairs.map(|(dose, count, beyond)| (dose, count, dose / f64::from(count), beyond)).collect()
}
