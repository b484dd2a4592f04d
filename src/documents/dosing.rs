//! What was asked for of a line, in the language of a letter. In English it stands in the case.

use crate::domain::case::Case;
use crate::domain::content::{ENGLISH, LetterWords};
use crate::domain::line::{CaseLine, Ordered};
use crate::domain::order::{OrderedDrug, Phase};
use crate::domain::text::{day_list, route_in_words};

/// In words.
pub(super) fn in_words(line: &CaseLine, case: &Case, words: &LetterWords) -> String {
    if words.language == ENGLISH {
        return line.asked_in_words().into_owned();
    }
    match &line.ordered {
        Ordered::Procedure { units: None } => words.phrase("units_not_known").to_owned(),
        Ordered::Procedure { units: Some(1) } => words.phrase("one_unit").to_owned(),
        Ordered::Procedure { units: Some(units) } => words.say("units_asked", &[("units", &units.to_string())]),
        Ordered::Drug(drug) => {
            let phases = case.request.treatment.iter().flat_map(|treatment| &treatment.phases);
            let mut entered = phases.flat_map(|phase| phase.drugs.iter().map(move |drug| (phase, drug)));
            let entered = entered.find(|(_, drug)| drug.line == line.line);
            entered.map_or_else(|| drug.dosing.clone(), |(phase, drug)| schedule(phase, drug, words))
        }
    }
}

/// `75 mg/m2 IV, day 1 of 21, 6 cycles`.
pub(super) fn schedule(phase: &Phase, drug: &OrderedDrug, words: &LetterWords) -> String {
    let dose = drug.dose.map_or_else(|| words.phrase("no_dose").to_owned(), |dose| dose.to_string());
    let dose = match drug.loading_dose {
        Some(first) => words.say("first_then", &[("first", &first.to_string()), ("dose", &dose)]),
        None => dose,
    };
    let route = drug.route.as_ref().map(|route| format!(" {}", words.term(&route_in_words(route)))).unwrap_or_default();
    let mut parts = vec![dose + &route];
    if drug.frequency_per_day > 1 {
        parts.push(words.say("times_a_day", &[("times", &drug.frequency_per_day.to_string())]));
    }
    if !drug.days.is_empty() {
        let mut days = drug.days.clone();
        days.sort_unstable();
        let key = if days.len() == 1 { "on_day" } else { "on_days" };
        parts.push(words.say(key, &[("days", &day_list(&days)), ("cycle", &phase.cycle_length_days.to_string())]));
    }
    parts.push(match phase.cycles {
        Some(1) => words.phrase("one_cycle").to_owned(),
        Some(cycles) => words.say("cycles", &[("cycles", &cycles.to_string())]),
        None => words.phrase("until_progression").to_owned(),
    });
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::schedule;
    use crate::domain::content::ENGLISH;
    use crate::domain::order::{OrderedDrug, Phase};
    use serde_json::json;

    /// Each language has the same parts; in English they say what the case says.
    #[test]
    fn a_schedule_is_written_in_each_language() {
        let content = oncoauth_engine::content::load_embedded().unwrap();
        let content = content.in_force("2026-11-20".parse().unwrap());
        let words = |language: &str| content.letters.get(language).unwrap();
        let phase = |cycles: Option<u32>| -> Phase {
            serde_json::from_value(json!({"cycle_length_days": 21, "cycles": cycles, "drugs": []})).unwrap()
        };
        let drug = |more: serde_json::Value| -> OrderedDrug {
            let mut drug =
                json!({"line": 1, "hcpcs": "J9355", "route": "iv", "dose": {"amount": 6, "unit": "mg/kg"}, "days": [1]});
            drug.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            serde_json::from_value(drug).unwrap()
        };
        for (phase, drug, english, spanish) in [
            (phase(Some(6)), drug(json!({})), "6 mg/kg IV, day 1 of 21, 6 cycles", "6 mg/kg IV, el día 1 de 21, 6 ciclos"),
            (
                phase(None),
                drug(json!({"loading_dose": {"amount": 8, "unit": "mg/kg"}, "days": [8, 1, 2, 3], "frequency_per_day": 2})),
                "8 mg/kg first, then 6 mg/kg IV, 2 times a day, days 1-3, 8 of 21, until progression",
                "8 mg/kg primero y después 6 mg/kg IV, 2 veces al día, los días 1-3, 8 de 21, hasta que el cáncer avance",
            ),
            (
                phase(Some(1)),
                drug(json!({"dose": null, "route": null, "days": []})),
                "dose not entered, 1 cycle",
                "dosis no indicada, 1 ciclo",
            ),
        ] {
            assert_eq!(schedule(&phase, &drug, words(ENGLISH)), english);
            assert_eq!(schedule(&phase, &drug, words("es")), spanish);
        }
    }
}
