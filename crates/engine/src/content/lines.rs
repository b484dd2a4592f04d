//! Which lines of treatment a regimen fits, worked out from its setting words and line. A file may say `lines` itself instead.

use crate::domain::vocabulary::LineOfTreatment;
use std::collections::BTreeSet;

const ANY_LINE: [LineOfTreatment; 4] =
    [LineOfTreatment::FirstLine, LineOfTreatment::SecondLine, LineOfTreatment::ThirdLine, LineOfTreatment::ThirdLinePlus];

/// How a regimen's line is written, with the lines it means.
pub(super) fn of_text(text: &str) -> Option<&'static [LineOfTreatment]> {
    use LineOfTreatment::{FirstLine, SecondLine, ThirdLine, ThirdLinePlus};
    Some(match text {
        "1L" => &[FirstLine],
        "1L+" => &ANY_LINE,
        "2L" => &[SecondLine],
        "2L+" => &[SecondLine, ThirdLine, ThirdLinePlus],
        "3L" => &[ThirdLine],
        "3L+" => &[ThirdLine, ThirdLinePlus],
        // only the number of earlier lines says which of these it is: `fewest_before`
        "4L+" | "5L+" => &[ThirdLinePlus],
        "NA" => &[],
        _ => return None,
    })
}

/// Earlier lines that a regimen needs, where the line alone does not say them (SAFE-12).
pub(super) fn fewest_before(text: &str) -> Option<u32> {
    match text {
        "4L+" => Some(3),
        "5L+" => Some(4),
        _ => None,
    }
}

/// Every accepted way to write a line.
pub(super) const TEXTS: [&str; 9] = ["1L", "1L+", "2L", "2L+", "3L", "3L+", "4L+", "5L+", "NA"];

/// The lines that a setting says by itself.
pub(super) fn of_setting(setting: &str) -> &'static [LineOfTreatment] {
    use LineOfTreatment::{Adjuvant, Consolidation, Definitive, Maintenance, Neoadjuvant, Perioperative};
    match setting {
        "neoadjuvant" | "neoadjuvant_chemoradiation" => &[Neoadjuvant],
        "adjuvant" | "adjuvant_chemoradiation" | "adjuvant_radiation" => &[Adjuvant],
        "perioperative" => &[Perioperative],
        "definitive" | "definitive_chemoradiation" | "primary" => &[Definitive],
        "induction" => &[Definitive, Neoadjuvant],
        "consolidation" => &[Consolidation],
        "maintenance" => &[Maintenance],
        "non_muscle_invasive" => &[Adjuvant, Definitive],
        _ => &[],
    }
}

/// The lines of a regimen: what its settings say and what its line says. `NA` in an advanced setting means every line.
pub(super) fn derive(settings: &[String], line: &str) -> Vec<LineOfTreatment> {
    let mut found: BTreeSet<LineOfTreatment> = settings.iter().flat_map(|setting| of_setting(setting)).copied().collect();
    // Settings without a line of their own (metastatic, relapsed …) leave the choice open; primary and induction are first line.
    let first = settings.iter().any(|setting| matches!(setting.as_str(), "primary" | "induction"));
    let open = settings.iter().any(|setting| of_setting(setting).is_empty());
    // what keeps or completes the result of a line is not that line: `maintenance` after 1L is no first line (SAFE-12)
    let follows = |setting: &String| matches!(setting.as_str(), "maintenance" | "consolidation");
    if !settings.is_empty() && settings.iter().all(follows) {
        return found.into_iter().collect();
    }
    match (line, first, open) {
        ("NA", true, _) => found.extend([LineOfTreatment::FirstLine]),
        ("NA", false, true) => found.extend(ANY_LINE),
        _ => found.extend(of_text(line).unwrap_or_default()),
    }
    found.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use LineOfTreatment::{
        Adjuvant, Consolidation, Definitive, FirstLine, Maintenance, Neoadjuvant, SecondLine, ThirdLine, ThirdLinePlus,
    };

    fn lines(settings: &[&str], line: &str) -> Vec<LineOfTreatment> {
        derive(&settings.iter().map(|setting| (*setting).to_owned()).collect::<Vec<_>>(), line)
    }

    // proves REG-01
    #[test]
    fn setting_and_line_both_count() {
        assert_eq!(lines(&["definitive"], "1L"), [Definitive, FirstLine]);
        assert_eq!(lines(&["neoadjuvant", "adjuvant"], "NA"), [Neoadjuvant, Adjuvant]);
        assert_eq!(lines(&["metastatic"], "2L+"), [SecondLine, ThirdLine, ThirdLinePlus]);
        assert_eq!(lines(&["metastatic"], "3L+"), [ThirdLine, ThirdLinePlus]);
        assert_eq!(
            lines(&["adjuvant_radiation", "metastatic_cspc"], "NA"),
            [Adjuvant, FirstLine, SecondLine, ThirdLine, ThirdLinePlus]
        );
        assert_eq!(lines(&["induction"], "NA"), [Neoadjuvant, Definitive, FirstLine]);
    }

    // proves SAFE-12
    #[test]
    fn maintenance_is_not_first_line_and_late_lines_need_their_number() {
        assert_eq!(lines(&["maintenance"], "1L"), [Maintenance]);
        assert_eq!(lines(&["consolidation"], "1L"), [Consolidation]);
        assert_eq!(lines(&["relapsed"], "4L+"), [ThirdLinePlus]);
        assert_eq!(["3L+", "4L+", "5L+"].map(fewest_before), [None, Some(3), Some(4)]);
    }
}
