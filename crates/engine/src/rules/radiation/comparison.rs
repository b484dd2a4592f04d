//! What a plan comparison says of the plan that is ordered: each word that judges, and each number, is laid to one of the plans. Only where all of
//! them speak for the plan ordered does it help the order.

use crate::domain::content::radiation::{Heard, Judging};
use crate::domain::fold::plain;
use crate::domain::vocabulary::Modality;
use std::cmp::Ordering;

/// What dosimetric numbers are in.
pub(super) const MEASURES: [&str; 9] = ["gy", "cgy", "%", "cc", "cm3", "ml", "percent", "mm", "cm"];
/// Words between two judging ones of which the second is what the first speaks of: `lower hot spot`, `fails to spare`.
const CLOSE: usize = 3;

/// What a comparison comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// None is told.
    Missing,
    /// It speaks for the plan ordered, and nothing in it against.
    For,
    /// It does not say which plan is better.
    Unclear,
    /// Something in it speaks against the plan ordered.
    Against,
}

/// Whose plan it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Plan {
    Own,
    Other,
}

impl Plan {
    const fn other(self) -> Self {
        match self {
            Self::Own => Self::Other,
            Self::Other => Self::Own,
        }
    }
}

/// A part of the text that tells something.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Part {
    Plan(Plan),
    /// A number with its measure.
    Value(f64, &'static str),
    Better,
    Worse,
    Lowers,
    Raises,
    Not,
    /// `than`, `versus`: the other plan comes next.
    Than,
    /// `with`, `by`: the plan behind is that of the number before.
    By,
    /// The dose to the tumor, of which more is better.
    Target,
    /// Where another clause begins.
    Break,
    Word,
}

/// Judges it.
pub(super) fn of(text: &str, modality: Modality, heard: &Heard) -> Comparison {
    let parts = parts(text, modality, heard);
    let mut all = by_words(&parts);
    all.extend(by_numbers(&parts));
    let is_supposed = heard.judging.supposed.are_in(text) && !parts.iter().any(|part| matches!(part, Part::Value(..)));
    if all.contains(&Plan::Other) {
        Comparison::Against
    } else if all.is_empty() || is_supposed || text.contains('?') || heard.judging.beside_the_point.are_in(text) {
        Comparison::Unclear
    } else {
        Comparison::For
    }
}

/// The plan that each judging word speaks for. One whose clause names no plan speaks of that before it.
fn by_words(parts: &[Part]) -> Vec<Plan> {
    let mut found = Vec::new();
    let mut before = None;
    for clause in parts.split(|part| *part == Part::Break) {
        let is_of_target = clause.contains(&Part::Target);
        let mut last: Option<usize> = None;
        for (at, part) in clause.iter().enumerate() {
            let behind = clause.get(at + 1..(at + 1 + CLOSE).min(clause.len())).unwrap_or_default();
            let Some(is_good) = judged(*part, behind, is_of_target) else { continue };
            let is_spoken_of = last.is_some_and(|last| at - last <= CLOSE);
            last = Some(at);
            let Some(subject) = subject(clause, at).or(before) else { continue };
            before = Some(subject);
            if !is_spoken_of {
                let denied = clause.get(at.saturating_sub(CLOSE)..at).is_some_and(|words| words.contains(&Part::Not));
                found.push(if is_good == denied { subject.other() } else { subject });
            }
        }
        let named = clause.iter().rev().find_map(|part| if let Part::Plan(plan) = part { Some(*plan) } else { None });
        before = before.filter(|_| last.is_some()).or(named).or(before);
    }
    found
}

/// True for what is good of a plan, false for what is bad; none for what does not judge. `Lower hot spot` and `more sparing` are good, `less sparing` is bad.
fn judged(part: Part, behind: &[Part], is_of_target: bool) -> Option<bool> {
    let lowered = || {
        behind.iter().find_map(|part| match part {
            Part::Better => Some(true),
            Part::Worse => Some(false),
            _ => None,
        })
    };
    match part {
        Part::Better => Some(true),
        Part::Worse => Some(false),
        Part::Lowers => Some(lowered().map_or(!is_of_target, |is_good| !is_good)),
        Part::Raises => Some(lowered().unwrap_or(is_of_target)),
        _ => None,
    }
}

/// The plan before a judging word, else that behind it; what stands behind `than` is the other.
fn subject(clause: &[Part], at: usize) -> Option<Plan> {
    let named = |index: usize| match clause.get(index)? {
        Part::Plan(plan) => {
            let words = clause.get(index.saturating_sub(CLOSE)..index).unwrap_or_default();
            let is_object = words.iter().rev().take_while(|part| !matches!(part, Part::Plan(_))).any(|part| *part == Part::Than);
            Some(if is_object { plan.other() } else { *plan })
        }
        _ => None,
    };
    (0..at).rev().find_map(named).or_else(|| (at..clause.len()).find_map(named))
}

/// A number, whose it is, and whether more of it is better.
#[derive(Debug, Clone, Copy)]
struct Amount {
    value: f64,
    measure: &'static str,
    is_of_target: bool,
    whose: Option<Plan>,
}

/// The plan that the numbers speak for, each with its like.
fn by_numbers(parts: &[Part]) -> Vec<Plan> {
    let amounts = amounts(parts);
    let mut found = Vec::new();
    for measure in ["gy", "%", "cc", "mm"] {
        for is_of_target in [false, true] {
            let of = |whose: Option<Plan>| -> Vec<f64> {
                let is_of =
                    |amount: &&Amount| amount.measure == measure && amount.is_of_target == is_of_target && amount.whose == whose;
                amounts.iter().filter(is_of).map(|amount| amount.value).collect()
            };
            let (mut own, mut other, nobodys) = (of(Some(Plan::Own)), of(Some(Plan::Other)), of(None));
            match (own.as_slice(), other.as_slice(), nobodys.as_slice()) {
                ([_], [], [_]) => other = nobodys,
                ([], [_], [_]) => own = nobodys,
                _ => {}
            }
            if own.len() == other.len() {
                found.extend(own.iter().zip(&other).filter_map(|(own, other)| better(*own, *other, is_of_target)));
            }
        }
    }
    found
}

/// The plan whose number is the better of two; none where they are the same.
fn better(own: f64, other: f64, is_of_target: bool) -> Option<Plan> {
    match own.total_cmp(&other) {
        Ordering::Equal => None,
        Ordering::Greater if is_of_target => Some(Plan::Own),
        Ordering::Less if !is_of_target => Some(Plan::Own),
        _ => Some(Plan::Other),
    }
}

/// Lays each number to a plan.
fn amounts(parts: &[Part]) -> Vec<Amount> {
    let mut laying = Laying { parts, ..Laying::default() };
    for at in 0..parts.len() {
        laying.next(at);
    }
    laying.found.into_iter().map(|(_, amount)| amount).collect()
}

/// Numbers that are laid to plans: `by IMRT` to the number before, else a plan to those behind it, up to `versus`, behind which the other's stand. `3D versus
/// IMRT` is the order of two numbers with `versus` between them.
#[derive(Debug, Default)]
struct Laying<'p> {
    parts: &'p [Part],
    found: Vec<(usize, Amount)>,
    current: Option<Plan>,
    /// The first of two plans that are set against each other, and whether one of them was named since.
    pair: Option<(Plan, bool)>,
    is_of_target: bool,
}

impl Laying<'_> {
    fn next(&mut self, at: usize) {
        match self.parts.get(at) {
            Some(Part::Break) => self.is_of_target = false,
            Some(Part::Target) => self.is_of_target = true,
            Some(Part::Plan(plan)) => self.plan(*plan, at),
            Some(Part::Than) => self.current = self.current.map(Plan::other),
            Some(Part::Value(value, measure)) => {
                let whose = match self.pair {
                    Some((_, true)) if self.is_set_against(at) => None,
                    Some((first, false)) if self.is_second(at) => Some(first.other()),
                    Some((first, false)) if self.is_set_against(at) => Some(first),
                    _ => self.current,
                };
                let amount = Amount { value: *value, measure, is_of_target: self.is_of_target, whose };
                self.found.push((at, amount));
            }
            _ => {}
        }
    }

    fn plan(&mut self, plan: Plan, at: usize) {
        if self.first_of_pair(at) == Some(plan.other()) {
            (self.pair, self.current) = (Some((plan.other(), false)), None);
            return;
        }
        self.pair = self.pair.map(|(first, _)| (first, true));
        let is_before = |value: usize| {
            let between = self.parts.get(value + 1..at).unwrap_or_default();
            between.first() == Some(&Part::By) && between.iter().all(|part| matches!(part, Part::By | Part::Word))
        };
        let goes_on = self.after(at).is_some_and(|next| matches!(next, Part::Value(..)));
        match self.found.last_mut().filter(|(value, _)| is_before(*value)) {
            // `IMRT 3 Gy with 3D 1 Gy` may be either
            Some((_, amount)) => {
                amount.whose = Some(plan).filter(|_| !goes_on);
                self.current = None;
            }
            None => self.current = Some(plan),
        }
    }

    /// What comes next that is no mere word.
    fn after(&self, at: usize) -> Option<Part> {
        self.parts.get(at + 1..)?.iter().find(|part| **part != Part::Word).copied()
    }

    fn before(&self, at: usize) -> Option<Part> {
        self.parts.get(..at)?.iter().rev().find(|part| !matches!(part, Part::Word | Part::By)).copied()
    }

    /// The plan that this one is set against without a number between them.
    fn first_of_pair(&self, at: usize) -> Option<Plan> {
        if self.before(at) != Some(Part::Than) {
            return None;
        }
        let told = self.parts.get(..at)?.iter().rev().find(|part| matches!(part, Part::Plan(_) | Part::Value(..) | Part::Break));
        if let Some(Part::Plan(first)) = told { Some(*first) } else { None }
    }

    /// True where `versus` and another number follow, or came before.
    fn is_set_against(&self, at: usize) -> bool {
        self.after(at) == Some(Part::Than) || self.is_second(at)
    }

    fn is_second(&self, at: usize) -> bool {
        self.before(at) == Some(Part::Than)
    }
}

/// The text in its parts.
fn parts(text: &str, modality: Modality, heard: &Heard) -> Vec<Part> {
    let words = words(text);
    let mut found = Vec::with_capacity(words.len());
    let mut at = 0;
    while let Some(rest) = words.get(at..).filter(|rest| !rest.is_empty()) {
        // the letter of `3D` is no dose to a volume
        let before = if found.last() == Some(&Part::Word) { words.get(at.wrapping_sub(1)) } else { None };
        let (part, length) = part(rest, before.map(String::as_str), modality, heard);
        found.push(part);
        at += length;
    }
    found
}

/// A number in the first of the measures that are the same.
fn amount(value: f64, measure: &str) -> Part {
    match measure {
        "gy" => Part::Value(value, "gy"),
        "cgy" => Part::Value(value / 100.0, "gy"),
        "%" | "percent" => Part::Value(value, "%"),
        "cc" | "cm3" | "ml" => Part::Value(value, "cc"),
        "cm" => Part::Value(value * 10.0, "mm"),
        _ => Part::Value(value, "mm"),
    }
}

/// The part at the beginning, and how many words it takes.
fn part(words: &[String], before: Option<&str>, modality: Modality, heard: &Heard) -> (Part, usize) {
    let Some(word) = words.first() else { return (Part::Word, 1) };
    if !matches!(before, Some("v" | "d"))
        && let (Ok(value), Some(measure)) =
            (word.parse::<f64>(), words.get(1).and_then(|next| MEASURES.iter().find(|known| *known == next)))
    {
        return (amount(value, measure), 2);
    }
    if word == "|" {
        return (Part::Break, 1);
    }
    let judging = &heard.judging;
    let plan =
        heard.plans.iter().map(|(of, plan)| (if of == modality.as_str() { Plan::Own } else { Plan::Other }, plan.begins(words)));
    let plan = plan.max_by_key(|(_, length)| *length).map_or((Part::Word, 0), |(plan, length)| (Part::Plan(plan), length));
    let Judging { better, worse, lowers, raises, not, than, by, target, clauses, .. } = judging;
    let others = [
        (Part::Better, better),
        (Part::Worse, worse),
        (Part::Lowers, lowers),
        (Part::Raises, raises),
        (Part::Not, not),
        (Part::Than, than),
        (Part::By, by),
        (Part::Target, target),
        (Part::Break, clauses),
    ];
    let others = others.into_iter().map(|(part, words_of)| (part, words_of.begins(words)));
    let longest = others.chain([plan]).max_by_key(|(_, length)| *length).unwrap_or((Part::Word, 0));
    if longest.1 == 0 { (Part::Word, 1) } else { longest }
}

/// Words and numbers, with `|` where a clause ends.
fn words(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let text = plain(text);
    let mut rest = text.as_str();
    while let Some(first) = rest.chars().next() {
        let of_it = |belongs: fn(char) -> bool| rest.find(|c| !belongs(c)).unwrap_or(rest.len());
        let length = match first {
            '0'..='9' => of_it(|c| c.is_ascii_digit() || c == '.'),
            _ if first.is_alphabetic() => of_it(char::is_alphabetic),
            _ => first.len_utf8(),
        };
        let (word, after) = rest.split_at(length);
        rest = after;
        match first {
            '0'..='9' => {
                found.push(word.trim_end_matches('.').to_owned());
                if word.ends_with('.') {
                    found.push("|".to_owned());
                }
            }
            _ if first.is_alphabetic() => found.push(word.to_owned()),
            '%' => found.push("%".to_owned()),
            '.' | ',' | ';' | ':' | '\n' | '(' | ')' => found.push("|".to_owned()),
            _ => {}
        }
    }
    found
}
