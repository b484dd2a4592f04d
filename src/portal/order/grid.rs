//! Cells of the regimen's grid, as people write doses, days and cycles. What is not understood is none: nothing is guessed, and a cell
//! that is left empty is never taken for "until progression".

use crate::domain::order::Dose;
use crate::domain::vocabulary::DoseUnit;

/// Words for treatment without a last cycle.
const OPEN_ENDED: [&str; 4] = ["until progression", "progression", "up", "ongoing"];

/// `75 mg/m2`, `AUC 6`, `1,000 mg/m²`, `240mg`.
pub(super) fn dose(text: &str) -> Option<Dose> {
    let text = text.trim().to_lowercase().replace('²', "2").replace(['µ', 'μ'], "mc");
    let starts = text.find(|c: char| c.is_ascii_digit() || c == '.')?;
    let before = text.get(..starts)?.trim();
    let rest = text.get(starts..)?;
    let ends = rest.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == ',')).unwrap_or(rest.len());
    let (digits, after) = rest.split_at_checked(ends)?;
    let unit = match (before, after.trim()) {
        ("", unit) => unit_of(unit)?,
        ("auc" | "auc =", "") => DoseUnit::Auc,
        _ => return None,
    };
    let amount = number(digits)?;
    (amount > 0.0).then_some(Dose { amount, unit })
}

/// `1,000.5`: commas stand between thousands only; `1,5` could be two numbers and is none.
pub(super) fn number(text: &str) -> Option<f64> {
    let (whole, fraction) = text.split_once('.').map_or((text, None), |(whole, fraction)| (whole, Some(fraction)));
    let mut groups = whole.split(',');
    let first = groups.next()?;
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let rest: Vec<&str> = groups.collect();
    let grouped = rest.is_empty() || (1..=3).contains(&first.len());
    let well_formed = digits(first) && grouped && rest.iter().all(|group| group.len() == 3 && digits(group));
    let fraction_fits = fraction.is_none_or(|fraction| !fraction.is_empty() && digits(fraction));
    let something = !first.is_empty() || fraction.is_some();
    if !(well_formed && fraction_fits && something) || text.len() > 20 {
        return None;
    }
    text.replace(',', "").parse().ok().filter(|number: &f64| number.is_finite())
}

fn unit_of(text: &str) -> Option<DoseUnit> {
    let text: String = text.split_whitespace().collect();
    let per = |text: &str| text.replace("/m^2", "/m2").replace("persquaremeter", "/m2").replace("perkg", "/kg");
    let text = per(&text);
    Some(match text.as_str() {
        "unit" | "iu" | "u" => DoseUnit::Units,
        "iu/m2" | "unit/m2" => DoseUnit::UnitsPerM2,
        "iu/kg" | "unit/kg" => DoseUnit::UnitsPerKg,
        "millionunits" | "miu" | "mu" => DoseUnit::MillionUnits,
        "gm" | "gram" | "grams" => DoseUnit::G,
        "ug" => DoseUnit::Mcg,
        "ug/kg" => DoseUnit::McgPerKg,
        "ug/m2" => DoseUnit::McgPerM2,
        other => DoseUnit::parse(other)?,
    })
}

/// `1`, `1, 8, 15`, `d1 d8`, `1-5`, `1–3, 8`.
pub(super) fn days(text: &str) -> Option<Vec<u32>> {
    let text = text.to_lowercase().replace(['–', '—'], "-").replace("days", "").replace("day", "");
    let mut days = Vec::new();
    for part in text.split([',', ' ', ';', '+', '&']).map(str::trim).filter(|part| !part.is_empty()) {
        let one = |text: &str| text.trim_start_matches('d').parse::<u32>().ok().filter(|day| (1..=366).contains(day));
        match part.split_once('-') {
            Some((from, through)) => {
                let (from, through) = (one(from)?, one(through)?);
                if from >= through {
                    return None;
                }
                days.extend(from..=through);
            }
            None => days.push(one(part)?),
        }
        if days.len() > 366 {
            return None;
        }
    }
    (!days.is_empty()).then_some(days)
}

/// Days as they are written: `1-5, 8`.
pub(super) fn days_in_words(days: &[u32]) -> String {
    let mut parts: Vec<(u32, u32)> = Vec::new();
    for day in days {
        match parts.last_mut() {
            Some((_, last)) if *last + 1 == *day => *last = *day,
            _ => parts.push((*day, *day)),
        }
    }
    let part = |(from, through): &(u32, u32)| match through - from {
        0 => from.to_string(),
        1 => format!("{from}, {through}"),
        _ => format!("{from}-{through}"),
    };
    parts.iter().map(part).collect::<Vec<_>>().join(", ")
}

/// How many cycles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cycles {
    /// So many.
    Number(u32),
    /// Until progression.
    OpenEnded,
}

/// Cycles: a number, or "until progression".
pub(super) fn cycles(text: &str) -> Option<Cycles> {
    let text = text.trim().to_lowercase();
    if OPEN_ENDED.contains(&text.as_str()) {
        return Some(Cycles::OpenEnded);
    }
    let number = text.strip_prefix('x').or_else(|| text.strip_suffix('x')).unwrap_or(&text).trim();
    number.parse::<u32>().ok().filter(|cycles| *cycles > 0).map(Cycles::Number)
}

/// A length in centimetres: `165`, `165 cm`, `1.65 m`, `5'5"`, `5 ft 5 in`, `65 in`.
pub(super) fn centimetres(text: &str) -> Option<f64> {
    let text = text.trim().to_lowercase().replace(['’', '′'], "'").replace(['”', '″'], "\"");
    let text = text.replace("feet", "'").replace("ft", "'").replace("inches", "\"").replace("in", "\"");
    if let Some((feet, inches)) = text.split_once('\'') {
        let inches = inches.trim().trim_end_matches('"').trim();
        let inches = if inches.is_empty() { 0.0 } else { number(inches).filter(|inches| *inches < 12.0)? };
        return Some(tenths((number(feet.trim())?.mul_add(12.0, inches)) * 2.54));
    }
    if let Some(inches) = text.strip_suffix('"') {
        return number(inches.trim()).map(|inches| tenths(inches * 2.54));
    }
    if let Some(centimetres) = text.strip_suffix("cm") {
        return number(centimetres.trim());
    }
    match text.strip_suffix('m') {
        Some(metres) => number(metres.trim()).map(|metres| tenths(metres * 100.0)),
        None => number(&text),
    }
}

/// A weight in kilograms: `71.5`, `71.5 kg`, `158 lb`.
pub(super) fn kilograms(text: &str) -> Option<f64> {
    let text = text.trim().to_lowercase();
    for pounds in ["pounds", "lbs", "lb"] {
        if let Some(text) = text.strip_suffix(pounds) {
            return number(text.trim()).map(|pounds| tenths(pounds * 0.453_592_37));
        }
    }
    number(text.strip_suffix("kg").unwrap_or(&text).trim())
}

fn tenths(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::{Cycles, centimetres, cycles, days, days_in_words, dose, kilograms, number};
    use crate::domain::order::Dose;
    use crate::domain::vocabulary::DoseUnit;
    use proptest::prelude::*;

    fn read(text: &str) -> Option<(f64, DoseUnit)> {
        dose(text).map(|Dose { amount, unit }| (amount, unit))
    }

    #[test]
    fn doses_are_read_as_they_are_written() {
        // proves VER-07
        assert_eq!(read("75 mg/m2"), Some((75.0, DoseUnit::MgPerM2)));
        assert_eq!(read("1,000 mg/m²"), Some((1000.0, DoseUnit::MgPerM2)));
        assert_eq!(read("AUC 6"), Some((6.0, DoseUnit::Auc)));
        assert_eq!(read("6 AUC"), Some((6.0, DoseUnit::Auc)));
        assert_eq!(read("240mg"), Some((240.0, DoseUnit::Mg)));
        assert_eq!(read("5 µg/kg"), Some((5.0, DoseUnit::McgPerKg)));
        assert_eq!(read("1.5 million units"), Some((1.5, DoseUnit::MillionUnits)));
    }

    #[test]
    fn a_dose_that_could_be_another_is_none() {
        // proves SAFE-05
        for text in [
            "",
            "75",
            "mg",
            "1,5 mg",
            "75 mg/m2 or 60",
            "75-100 mg",
            "0 mg",
            "75 mg/m3",
            "six mg",
            "1.000,5 mg",
            "AUC 5 mg",
            "-75 mg",
        ] {
            assert_eq!(dose(text), None, "{text}");
        }
        assert_eq!(number("12,34"), None);
        assert_eq!(number("1,234,567.5"), Some(1_234_567.5));
    }

    #[test]
    fn days_and_cycles_are_read_and_an_empty_cell_is_not_until_progression() {
        // proves SAFE-05
        assert_eq!(days("1"), Some(vec![1]));
        assert_eq!(days("d1, d8 and"), None);
        assert_eq!(days("Days 1, 8, 15"), Some(vec![1, 8, 15]));
        assert_eq!(days("1–3, 8"), Some(vec![1, 2, 3, 8]));
        for text in ["", "0", "5-1", "1-", "400", "weekly", "1..3"] {
            assert_eq!(days(text), None, "{text}");
        }
        assert_eq!(days_in_words(&[1, 2, 3, 8]), "1-3, 8");
        assert_eq!(cycles("4"), Some(Cycles::Number(4)));
        assert_eq!(cycles("x4"), Some(Cycles::Number(4)));
        assert_eq!(cycles("Until progression"), Some(Cycles::OpenEnded));
        for text in ["", "0", "four", "4-6"] {
            assert_eq!(cycles(text), None, "{text}");
        }
    }

    #[test]
    fn measures_are_read_with_their_units() {
        // proves VER-07
        for text in ["165", "165 cm", "1.65 m"] {
            assert_eq!(centimetres(text), Some(165.0), "{text}");
        }
        for text in ["5'5\"", "5 ft 5 in", "65 in", "5’5”"] {
            assert_eq!(centimetres(text), Some(165.1), "{text}");
        }
        assert_eq!(centimetres("5'13\""), None);
        assert_eq!(kilograms("71.5"), Some(71.5));
        assert_eq!(kilograms("158 lb"), Some(71.7));
        assert_eq!(kilograms("eleven stone"), None);
    }

    proptest! {
        #[test]
        fn days_are_read_back_from_their_words(days_in in proptest::collection::btree_set(1_u32..=366, 1..20)) {
            let sorted: Vec<u32> = days_in.into_iter().collect();
            prop_assert_eq!(days(&days_in_words(&sorted)), Some(sorted));
        }

        #[test]
        fn nothing_typed_breaks_a_cell(text in ".{0,40}") {
            let _ = (dose(&text), days(&text), cycles(&text), centimetres(&text), kilograms(&text));
        }
    }
}
