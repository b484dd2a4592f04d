//! A regimen pasted as text, one drug a line: `docetaxel 75 mg/m2 iv d1 q21d x4`. Each line is understood whole or not at all, and the
//! page says which, word by word; nothing of a line that is not understood comes into the grid. Lines below `then`, or below an empty one,
//! are the next phase.

use super::super::fields::Fields;
use super::cells::{self, PHASES, ROWS};
use super::grid::{self, Cycles};
use crate::app::catalog::drugs::code_by_route;
use crate::domain::content::Content;
use crate::domain::order::Dose;

/// The most that is read.
const LONGEST: usize = 8_000;
/// Words that say where one phase ends and the next begins.
const NEXT_PHASE: [&str; 4] = ["then", "followed by", "then:", "followed by:"];
/// Words without which a line says the same.
const EMPTY_WORDS: [&str; 8] = ["on", "of", "each", "cycle", "dose", "infusion", "-", "•"];

/// What a line came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// As it was pasted.
    pub typed: String,
    /// What it was taken for.
    pub understood: Option<String>,
    /// Why it was not taken over.
    pub not: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq)]
struct Phase {
    length: Option<u32>,
    cycles: Option<Cycles>,
    drugs: Vec<Drug>,
}

#[derive(Debug, Clone, Default, PartialEq)]
struct Drug {
    name: String,
    dose: Option<Dose>,
    route: Option<String>,
    days: Vec<u32>,
}

/// Everything that a line says.
#[derive(Debug, Clone, Default)]
struct Said {
    names: Vec<String>,
    doses: Vec<Dose>,
    routes: Vec<String>,
    days: Vec<Vec<u32>>,
    lengths: Vec<u32>,
    cycles: Vec<Cycles>,
}

/// Puts what was pasted in the place of what the grid held, and says of each line what became of it. Where no line is understood the grid
/// stays.
pub(super) fn paste(fields: &mut Fields, text: &str, content: &Content) -> Vec<Line> {
    let (phases, lines) = read(text, content);
    if phases.iter().all(|phase| phase.drugs.is_empty()) {
        return lines;
    }
    fields.clear("/treatment/phases/");
    fields.set("/treatment/regimen_id", "");
    fields.set("regimen", "");
    for (number, phase) in phases.iter().enumerate() {
        let at = format!("/treatment/phases/{number}");
        if let Some(length) = phase.length {
            fields.set(&format!("{at}/cycle_length_days"), length.to_string());
        }
        if let Some(cycles) = phase.cycles {
            fields.set(&format!("{at}/cycles"), cycles_in_words(cycles));
        }
        for (row, drug) in phase.drugs.iter().enumerate() {
            let mut set = |cell: &str, value: String| fields.set(&format!("{at}/drugs/{row}/{cell}"), value);
            set("drug", drug.name.clone());
            set("dose", drug.dose.map(|dose| dose.to_string()).unwrap_or_default());
            set("route", drug.route.clone().unwrap_or_default());
            set("days", grid::days_in_words(&drug.days));
        }
    }
    lines
}

fn cycles_in_words(cycles: Cycles) -> String {
    match cycles {
        Cycles::Number(number) => number.to_string(),
        Cycles::OpenEnded => "until progression".to_owned(),
    }
}

fn read(text: &str, content: &Content) -> (Vec<Phase>, Vec<Line>) {
    let text = text.get(..text.floor_char_boundary(LONGEST)).unwrap_or_default();
    let mut phases = vec![Phase::default()];
    let mut lines = Vec::new();
    for typed in text.split(['\n', ';']).map(str::trim) {
        let begins_next = typed.is_empty() || NEXT_PHASE.contains(&typed.to_lowercase().as_str());
        if begins_next {
            if phases.last().is_some_and(|phase| !phase.drugs.is_empty()) {
                phases.push(Phase::default());
            }
            continue;
        }
        let taken = match phases.last_mut() {
            Some(phase) => take(typed, phase, content),
            None => continue,
        };
        let (understood, not) = taken.map_or_else(|not| (None, not), |words| (Some(words), Vec::new()));
        lines.push(Line { typed: typed.to_owned(), understood, not });
    }
    if phases.len() > 1 && phases.last().is_some_and(|phase| phase.drugs.is_empty()) {
        phases.pop();
    }
    let cut = phases.len() > PHASES;
    phases.truncate(PHASES);
    if cut {
        let not = vec![format!("a form has {PHASES} phases: what stands below was left out")];
        lines.push(Line { typed: String::new(), understood: None, not });
    }
    (phases, lines)
}

/// Takes a line into the phase; says what it was taken for, or why it was not.
fn take(typed: &str, phase: &mut Phase, content: &Content) -> Result<String, Vec<String>> {
    let said = said(typed);
    let mut not = Vec::new();
    let mut one = |what: &str, many: bool| {
        if many {
            not.push(format!("more than one {what}"));
        }
    };
    one("dose", said.doses.len() > 1);
    one("route", said.routes.len() > 1);
    one("list of days", said.days.len() > 1);
    one("length of a cycle", said.lengths.len() > 1);
    one("number of cycles", said.cycles.len() > 1);
    let route = said.routes.first().cloned();
    let drug = drug(&said.names.join(" "), route.as_deref(), content);
    if let Err(message) = &drug {
        not.push(message.clone());
    }
    if said.doses.is_empty() {
        not.push("no dose with its unit".to_owned());
    }
    if said.days.is_empty() {
        not.push("no days of the cycle, such as d1".to_owned());
    }
    let (length, cycles) = (said.lengths.first().copied(), said.cycles.first().copied());
    if length.is_some() && phase.length.is_some() && length != phase.length {
        not.push("another length of a cycle than the lines above: begin a phase with “then”".to_owned());
    }
    if cycles.is_some() && phase.cycles.is_some() && cycles != phase.cycles {
        not.push("another number of cycles than the lines above: begin a phase with “then”".to_owned());
    }
    if phase.drugs.len() >= ROWS {
        not.push(format!("a phase has {ROWS} drugs"));
    }
    let (Ok(name), true) = (drug, not.is_empty()) else { return Err(not) };
    let days = said.days.into_iter().next().unwrap_or_default();
    let taken = Drug { name, dose: said.doses.first().copied(), route, days };
    let words = [
        Some(taken.name.clone()),
        taken.dose.map(|dose| dose.to_string()),
        taken.route.clone(),
        Some(format!("day {}", grid::days_in_words(&taken.days))),
        length.map(|length| format!("every {length} days")),
        cycles.map(|cycles| format!("cycles: {}", cycles_in_words(cycles))),
    ];
    phase.length = phase.length.or(length);
    phase.cycles = phase.cycles.or(cycles);
    phase.drugs.push(taken);
    Ok(words.into_iter().flatten().collect::<Vec<_>>().join(", "))
}

/// Code and name of the drug that the rest of the line names.
fn drug(name: &str, route: Option<&str>, content: &Content) -> Result<String, String> {
    if name.is_empty() {
        return Err("no drug".to_owned());
    }
    if let Some(known) = content.drugs.named(name) {
        let code = route.and_then(|route| code_by_route(content, &known.generic, route));
        let only = || known.codes.first().filter(|_| known.codes.len() == 1);
        let code = code.or_else(only);
        return Ok(code.map_or_else(|| known.generic.clone(), |code| format!("{} {}", code.hcpcs, known.generic)));
    }
    match cells::drug(name, content) {
        Ok((Some(code), generic)) => Ok([Some(code), generic].into_iter().flatten().collect::<Vec<_>>().join(" ")),
        _ => Err(format!("“{name}” is no drug that is known here")),
    }
}

/// Reads a line from left to right; whatever is nothing else belongs to the name.
fn said(typed: &str) -> Said {
    let plain = typed.to_lowercase().replace(['\t', '|'], " ").replace(" / ", "/").replace(['–', '—'], "-");
    let words: Vec<&str> = plain.split_whitespace().filter(|word| !bare(word).is_empty()).collect();
    let mut said = Said::default();
    let mut at = 0;
    while let Some(rest) = words.get(at..).filter(|rest| !rest.is_empty()) {
        at += length(rest, &mut said)
            .or_else(|| cycles(rest, &mut said))
            .or_else(|| days(rest, &mut said))
            .or_else(|| dose(rest, &mut said))
            .or_else(|| route(rest, &mut said))
            .unwrap_or_else(|| {
                let word = word(rest, 0);
                if !EMPTY_WORDS.contains(&word) {
                    said.names.push(word.to_owned());
                }
                1
            });
    }
    said
}

/// A word without the marks that end it.
fn bare(word: &str) -> &str {
    word.trim_end_matches([',', '.', ':'])
}

fn word<'a>(rest: &[&'a str], place: usize) -> &'a str {
    bare(rest.get(place).copied().unwrap_or_default())
}

/// `q21d`, `q3w`, `q3 weeks`, `every 21 days`: how many words that is.
fn length(rest: &[&str], said: &mut Said) -> Option<usize> {
    let first = word(rest, 0);
    let (text, used) = match first {
        "q" | "every" => (format!("{}{}", word(rest, 1), word(rest, 2)), 3),
        _ => (first.strip_prefix('q')?.to_owned(), 1),
    };
    let joined = |text: &str| -> Option<u32> {
        let ends = text.find(|c: char| !c.is_ascii_digit())?;
        let (number, unit) = text.split_at_checked(ends)?;
        let days = match unit {
            "d" | "day" | "days" => 1,
            "w" | "wk" | "wks" | "week" | "weeks" => 7,
            _ => return None,
        };
        number.parse::<u32>().ok()?.checked_mul(days).filter(|days| (1..=366).contains(days))
    };
    let (found, used) = match (joined(&text), first) {
        (Some(found), _) => (found, used),
        // `every 21d`, `q 3w`, `q3 weeks`
        (None, "q" | "every") => (joined(word(rest, 1))?, 2),
        (None, _) => (joined(&format!("{text}{}", word(rest, 1)))?, 2),
    };
    said.lengths.push(found);
    Some(used)
}

/// `x4`, `x 4 cycles`, `4 cycles`, `until progression`.
fn cycles(rest: &[&str], said: &mut Said) -> Option<usize> {
    let first = word(rest, 0);
    let is_cycles = |place: usize| matches!(word(rest, place), "cycles" | "cycle");
    let (text, used) = match first {
        "until" => (format!("until {}", word(rest, 1)), 2),
        "x" | "×" => (word(rest, 1).to_owned(), 2),
        _ if first.starts_with(['x', '×']) => (first.trim_start_matches(['x', '×']).to_owned(), 1),
        _ if is_cycles(1) => (first.to_owned(), 1),
        _ => return None,
    };
    let found = grid::cycles(&text)?;
    said.cycles.push(found);
    Some(if is_cycles(used) { used + 1 } else { used })
}

/// `d1`, `d1,8,15`, `day 1`, `days 1-5`, `d1 d8`.
fn days(rest: &[&str], said: &mut Said) -> Option<usize> {
    let is_list =
        |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b',' | b'-' | b'd'));
    let marks =
        |word: &str| word.strip_prefix('d').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()) && is_list(rest));
    let first = word(rest, 0);
    let spelled = matches!(first, "day" | "days" | "d");
    if !spelled && !marks(first) {
        return None;
    }
    let begin = usize::from(spelled);
    // `d1 d8`, and `days 1, 8`: a number alone belongs to them only after a comma
    let mut used = begin + 1;
    let goes_on = |used: usize| {
        let after_comma = rest.get(used - 1).is_some_and(|before| before.ends_with(','));
        after_comma && is_list(word(rest, used)) && !matches!(word(rest, used + 1), "cycles" | "cycle")
    };
    while marks(word(rest, used)) || goes_on(used) {
        used += 1;
    }
    let text = (begin..used).map(|place| word(rest, place)).collect::<Vec<_>>().join(" ");
    said.days.push(grid::days(&text)?);
    Some(used)
}

/// `75 mg/m2`, `240mg`, `auc 6`, `auc6`, `1.5 million units`.
fn dose(rest: &[&str], said: &mut Said) -> Option<usize> {
    let found = (1..=rest.len().min(3)).rev().find_map(|count| {
        let text = (0..count).map(|place| word(rest, place)).collect::<Vec<_>>().join(" ");
        grid::dose(&text).map(|dose| (dose, count))
    });
    let (dose, count) = found?;
    said.doses.push(dose);
    Some(count)
}

fn route(rest: &[&str], said: &mut Said) -> Option<usize> {
    let (route, used) = match (word(rest, 0), word(rest, 1)) {
        ("iv", "push" | "bolus" | "piggyback") => ("iv", 2),
        ("iv" | "ivpb" | "ivp" | "intravenous" | "intravenously", _) => ("iv", 1),
        ("sc" | "sq" | "subq" | "subcut" | "subcutaneous" | "subcutaneously", _) => ("sc", 1),
        ("po" | "oral" | "orally", _) => ("po", 1),
        ("im" | "intramuscular", _) => ("im", 1),
        ("it" | "intrathecal", _) => ("it", 1),
        _ => return None,
    };
    said.routes.push(route.to_owned());
    Some(used)
}

#[cfg(test)]
mod tests {
    use super::{Cycles, said};
    use proptest::prelude::*;

    fn told(text: &str) -> String {
        let said = said(text);
        let doses: Vec<String> = said.doses.iter().map(ToString::to_string).collect();
        format!(
            "{} | {} | {} | {:?} | {:?} | {:?}",
            said.names.join(" "),
            doses.join(" "),
            said.routes.join(" "),
            said.days,
            said.lengths,
            said.cycles
        )
    }

    #[test]
    fn a_line_is_read_word_by_word() {
        // proves SAFE-05
        let docetaxel = told("docetaxel 75 mg/m2 IV d1 q21d x4");
        assert_eq!(docetaxel, format!("docetaxel | 75 mg/m2 | iv | [[1]] | [21] | {:?}", vec![Cycles::Number(4)]));
        for text in [
            "Docetaxel 75mg/m² ivpb day 1 q3w x 4 cycles",
            "docetaxel, 75 mg / m2, IV, D1, every 3 weeks, 4 cycles",
            "docetaxel\t75 mg/m2\tIV\td1\tq 21 days\tx4",
        ] {
            assert_eq!(told(text), docetaxel, "{text}");
        }
        assert_eq!(told("gemcitabine 1,000 mg/m2 iv d1,8,15 q28d"), "gemcitabine | 1000 mg/m2 | iv | [[1, 8, 15]] | [28] | []");
        assert_eq!(told("carboplatin AUC 6 d1"), "carboplatin | AUC 6 |  | [[1]] | [] | []");
        assert_eq!(told("cytarabine 100 mg/m2 days 1, 3, 5"), "cytarabine | 100 mg/m2 |  | [[1, 3, 5]] | [] | []");
        assert_eq!(
            told("docetaxel 75 mg/m2 d1, 4 cycles").split(" | ").last(),
            Some(format!("{:?}", [Cycles::Number(4)]).as_str())
        );
        assert_eq!(
            told("paclitaxel protein-bound 125 mg/m2 d1 d8"),
            "paclitaxel protein-bound | 125 mg/m2 |  | [[1, 8]] | [] | []"
        );
        assert_eq!(
            told("nivolumab 240 mg iv d1 q14 days until progression"),
            format!("nivolumab | 240 mg | iv | [[1]] | [14] | {:?}", vec![Cycles::OpenEnded])
        );
    }

    #[test]
    fn a_word_that_is_nothing_else_stays_in_the_name_and_is_never_dropped() {
        // proves SAFE-05
        for (text, word) in [
            ("docetaxel 75 mg/m2 d1 weekly", "weekly"),
            ("docetaxel 75 d1", "75"),
            ("docetaxel 75 mg/m2 reduced d1", "reduced"),
            ("docetaxel 75 mg/m2 d1 hold", "hold"),
            ("docetaxel 75 mg/m2 d1 x many", "x"),
        ] {
            assert!(said(text).names.contains(&word.to_owned()), "{text}: {:?}", said(text));
        }
    }

    proptest! {
        #[test]
        fn no_line_breaks_the_reader(text in ".{0,80}") {
            let _ = said(&text);
        }
    }
}
