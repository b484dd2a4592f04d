//! Lines of treatment in plain English.

use super::listed;
use crate::domain::vocabulary::LineOfTreatment;

/// The clause, or its opposite. What covers every later line is said once.
pub(super) fn said(lines: &[LineOfTreatment], denied: bool) -> String {
    use LineOfTreatment::{SecondLine, ThirdLine, ThirdLinePlus};
    let mut words: Vec<String> = Vec::new();
    let all_later = [SecondLine, ThirdLine, ThirdLinePlus].iter().all(|line| lines.contains(line));
    let third_or_later = [ThirdLine, ThirdLinePlus].iter().all(|line| lines.contains(line));
    for line in lines {
        let word = match line {
            SecondLine if all_later => "after an earlier treatment of advanced disease",
            ThirdLine | ThirdLinePlus if all_later => continue,
            ThirdLine if third_or_later => "after at least two earlier treatments of advanced disease",
            ThirdLinePlus if third_or_later => continue,
            other => in_words(*other),
        };
        words.push(word.to_owned());
    }
    let not = if denied { "not given" } else { "given" };
    format!("the treatment is {not} {}", listed(&words, "or"))
}

const fn in_words(line: LineOfTreatment) -> &'static str {
    match line {
        LineOfTreatment::Neoadjuvant => "before surgery",
        LineOfTreatment::Adjuvant => "after surgery",
        LineOfTreatment::Perioperative => "before and after surgery",
        LineOfTreatment::Definitive => "as the main treatment instead of surgery",
        LineOfTreatment::Consolidation => "right after the main treatment (consolidation)",
        LineOfTreatment::Maintenance => "to hold a response that was reached (maintenance)",
        LineOfTreatment::FirstLine => "as the first treatment of the disease",
        LineOfTreatment::SecondLine => "as the second treatment of the disease",
        LineOfTreatment::ThirdLine => "as the third treatment of the disease",
        LineOfTreatment::ThirdLinePlus => "as the third or a later treatment of the disease",
    }
}
