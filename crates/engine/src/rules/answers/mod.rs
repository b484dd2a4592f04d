//! What the entered answers are worth: one place that turns each into a usable result, or says why it is none (SAFE-01…03).
//!
//! Everything is read once, when the patient is; rules ask the outcome. What is not understood never counts, whatever stands beside it.

mod cover;
mod numbers;
mod read;
mod standing;
mod tell;

pub use standing::{Standing, Unusable, Value, as_typed};
pub use tell::untold;

use super::facts::RelatedCase;
use crate::domain::answer::Answer;
use crate::domain::content::{Content, ResultDefinition, ToldAnswer};
use crate::domain::fold::fold;
use crate::domain::order::{Assessment, Biomarker, Clinical, PriorTherapy, Reported};
use crate::domain::vocabulary::Truth;
use chrono::NaiveDate;
use standing::{Entry, derived, settle};
use std::sync::Arc;

/// Every biomarker and assessment that was answered, or follows from an answer.
#[derive(Debug, Default)]
pub struct Answered<'a> {
    biomarkers: Vec<Standing<'a>>,
    assessments: Vec<Standing<'a>>,
    strangers: Vec<Stranger<'a>>,
}

/// Where an entry stands in the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// `biomarkers` or `assessments`.
    pub list: &'static str,
    /// Place in the list.
    pub index: usize,
}

impl Place {
    /// JSON pointer of the entry.
    pub fn pointer(self) -> String {
        format!("/clinical/{}/{}", self.list, self.index)
    }

    /// JSON pointer of its result.
    pub fn result_pointer(self) -> String {
        format!("{}/result", self.pointer())
    }
}

/// An entry of either list.
#[derive(Debug, Clone, Copy)]
struct Told<'a> {
    place: Place,
    name: &'a str,
    result: &'a Answer<Reported>,
    on: Option<NaiveDate>,
}

/// An entry whose name is in no vocabulary.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stranger<'a> {
    /// Where it stands.
    pub place: Place,
    /// As entered.
    pub name: &'a str,
    /// Its result.
    pub result: &'a Answer<Reported>,
}

/// The days that the age of a result is counted by.
#[derive(Debug, Clone, Copy)]
pub struct Days {
    /// Day of receipt, in the program's zone: what is dated later has not happened.
    pub received: NaiveDate,
    /// Date of service.
    pub service: NaiveDate,
}

impl<'a> Answered<'a> {
    /// Reads every answer. What stands in the one list under a name that only the other knows, or that both call the same, counts there: it is
    /// understood all the same.
    pub fn new(clinical: &'a Clinical, content: &'a Content, days: Days) -> Self {
        let entries: Vec<Told<'a>> = entries(clinical).collect();
        let (marker, assessment) = (|name: &str| content.biomarker(name), |name: &str| content.assessment(name));
        // EGFR is a receptor among biomarkers, and a filtration rate among assessments
        let means = |told: &Told<'_>, known: &Arc<ResultDefinition>, list: &str| {
            let own = if told.place.list == "biomarkers" { marker(told.name) } else { assessment(told.name) };
            told.place.list == list || own.is_none_or(|own| own.name == known.name)
        };
        let strangers: Vec<&Told<'a>> =
            entries.iter().filter(|told| marker(told.name).is_none() && assessment(told.name).is_none()).collect();
        let list = |list, known: &dyn Fn(&str) -> Option<&'a Arc<ResultDefinition>>, follow: &'a [Arc<ResultDefinition>]| {
            let strangers = strangers.iter().copied().filter(|stranger| stranger.place.list == list);
            let known_to = |told: &Told<'a>| known(told.name).filter(|known| means(told, known, list));
            let told = entries.iter().filter_map(|told| Some((told, known_to(told)?)));
            read_list(told, strangers, known, follow, content, days)
        };
        Self {
            biomarkers: list("biomarkers", &marker, &content.answers.derived_biomarkers),
            assessments: list("assessments", &assessment, &content.answers.derived_assessments),
            strangers: strangers
                .iter()
                .map(|told| Stranger { place: told.place, name: told.name, result: told.result })
                .collect(),
        }
    }

    /// Adds what outcomes of earlier treatments tell: contraindications heed it, and it answers no question.
    #[must_use]
    pub fn beside(
        mut self,
        told: impl Iterator<Item = (&'a ToldAnswer, Option<&'a PriorTherapy>)>,
        content: &'a Content,
    ) -> Self {
        for (answer, therapy) in told {
            let (list, definition) = match content.assessment(&answer.name) {
                Some(definition) => (&mut self.assessments, definition),
                None => match content.biomarker(&answer.name) {
                    Some(definition) => (&mut self.biomarkers, definition),
                    None => continue,
                },
            };
            let words = therapy.map_or_else(
                || TOLD_ELSEWHERE.to_owned(),
                |told| format!("{}, the outcome of {}", told.outcome.known().map_or("", String::as_str), told.typed()),
            );
            hear(list, definition, &answer.result, words);
        }
        self
    }

    /// Adds what other cases of the member told and this order leaves out, where it lasts: contraindications heed it, and it answers no question.
    #[must_use]
    pub fn remember(mut self, cases: &'a [RelatedCase], content: &'a Content, days: Days) -> Self {
        for case in cases {
            for Assessment { name, result, on } in &case.told.assessments {
                let known = content.assessment(name);
                remember(&mut self.assessments, known, (name, result, *on), case, content, days);
            }
            for Biomarker { name, result, on } in &case.told.biomarkers {
                let known = content.biomarker(name);
                remember(&mut self.biomarkers, known, (name, result, *on), case, content, days);
            }
        }
        self
    }

    /// How a biomarker stands; none where nothing was entered that says anything of it.
    pub fn biomarker(&self, name: &str) -> Option<&Standing<'a>> {
        of_name(&self.biomarkers, name).or_else(|| of_name(&self.assessments, name))
    }

    /// How an assessment stands, by its name in content.
    pub fn assessment(&self, name: &str) -> Option<&Standing<'a>> {
        of_name(&self.assessments, name).or_else(|| of_name(&self.biomarkers, name))
    }

    /// How a question stands; none where nothing was entered that says anything of it.
    pub fn of(&self, definition: &ResultDefinition) -> Option<&Standing<'a>> {
        self.biomarkers.iter().chain(&self.assessments).find(|standing| std::ptr::eq(standing.definition, definition))
    }

    /// Entries whose names are in no vocabulary.
    pub fn strangers(&self) -> &[Stranger<'a>] {
        &self.strangers
    }

    /// Everything, with the name of its list.
    pub fn all(&self) -> impl Iterator<Item = (&'static str, &Standing<'a>)> {
        let biomarkers = self.biomarkers.iter().map(|standing| ("biomarkers", standing));
        biomarkers.chain(self.assessments.iter().map(|standing| ("assessments", standing)))
    }
}

/// Every entry of both lists.
fn entries(clinical: &Clinical) -> impl Iterator<Item = Told<'_>> {
    let biomarkers = clinical.biomarkers.known().map(Vec::as_slice).unwrap_or_default();
    let assessments = clinical.assessments.known().map(Vec::as_slice).unwrap_or_default();
    let biomarkers = biomarkers.iter().enumerate().map(|(index, entry)| Told {
        place: Place { list: "biomarkers", index },
        name: &entry.name,
        result: &entry.result,
        on: entry.on,
    });
    let assessments = assessments.iter().enumerate().map(|(index, entry)| Told {
        place: Place { list: "assessments", index },
        name: &entry.name,
        result: &entry.result,
        on: entry.on,
    });
    biomarkers.chain(assessments)
}

fn group<'a>(grouped: &mut Vec<(&'a ResultDefinition, Vec<Entry<'a>>)>, definition: &'a ResultDefinition, entry: Entry<'a>) {
    match grouped.iter_mut().find(|(known, _)| std::ptr::eq(*known, definition)) {
        Some((_, entries)) => entries.push(entry),
        None => grouped.push((definition, vec![entry])),
    }
}

/// What the entries say to the questions of one vocabulary.
fn read_list<'a, 's>(
    entries: impl Iterator<Item = (&'s Told<'a>, &'a Arc<ResultDefinition>)>,
    strangers: impl Iterator<Item = &'s Told<'a>>,
    known: &dyn Fn(&str) -> Option<&'a Arc<ResultDefinition>>,
    follow: &'a [Arc<ResultDefinition>],
    content: &'a Content,
    days: Days,
) -> Vec<Standing<'a>>
where
    'a: 's,
{
    let mut grouped: Vec<(&'a ResultDefinition, Vec<Entry<'a>>)> = Vec::new();
    for (&Told { place, name, result, on }, definition) in entries {
        let mut definition: &'a ResultDefinition = definition;
        let mut entry = Entry::read(definition, name, place, result, on, content, days);
        if entry.is_not_understood()
            && let Some((other, told)) = told_by_name(name, result, known)
            && let Some(value) = read::number(other, told)
        {
            (definition, entry) = (other, Entry::of(other, value, place, result, on, days));
        }
        let by_tests = match result.known() {
            Some(Reported::Word(text)) if entry.is_open_by_its_words() => {
                cover::by_tests(definition, name, text, known, (content, days.received))
            }
            _ => None,
        };
        let Some(tests) = by_tests else {
            group(&mut grouped, definition, entry);
            continue;
        };
        for (test, value) in tests {
            group(&mut grouped, test, Entry::of(test, value, place, result, on, days));
        }
    }
    for Told { place, name, result, on } in strangers {
        let folded = fold(name);
        for (_, entries) in grouped.iter_mut().filter(|(definition, _)| is_named_in(definition, &folded)) {
            entries.extend(Entry::under_another_name(name, *place, result, *on));
        }
    }
    let mut found: Vec<Standing<'a>> = grouped.into_iter().map(|(definition, entries)| settle(definition, &entries)).collect();
    // twice, as what is derived may say more: the ratio says what ISH is, and ISH what HER2 is
    for _ in 0..2 {
        for definition in follow {
            derived(definition, &mut found);
        }
    }
    found
}

/// `FISH ratio 4.2`, told as a result of HER2: the question that stands in front of it, by itself or with the name of the entry, and its answer.
fn told_by_name<'a>(
    name: &str,
    result: &'a Answer<Reported>,
    known: &dyn Fn(&str) -> Option<&'a Arc<ResultDefinition>>,
) -> Option<(&'a ResultDefinition, &'a str)> {
    let Some(Reported::Word(text)) = result.known() else { return None };
    let text = text.trim();
    let ends = text.char_indices().filter(|(_, c)| matches!(c, ' ' | ':' | '=' | '<' | '>')).map(|(at, _)| at);
    ends.rev().find_map(|at| {
        let (front, told) = text.split_at_checked(at)?;
        let front = front.trim_end_matches([' ', ':', '=', '<', '>']);
        let told = told.trim_start_matches([' ', ':']);
        let other = known(front).or_else(|| known(&[name, " ", front].concat()))?;
        Some((other.as_ref(), told.strip_prefix('=').unwrap_or(told).trim_start()))
    })
}

/// What an entry says of a question, whatever its date; none where it is not understood.
pub fn reading<'a>(
    definition: &'a ResultDefinition,
    name: &str,
    result: &'a Answer<Reported>,
    content: &'a Content,
    days: Days,
) -> Option<Value> {
    Entry::read(definition, name, Place { list: "", index: 0 }, result, None, content, days).says()
}

/// What is said of another practice's order: that it told something, and not what.
const TOLD_ELSEWHERE: &str = "what another order of this member told";

/// One answer of another case.
fn remember<'a>(
    list: &mut Vec<Standing<'a>>,
    known: Option<&'a Arc<ResultDefinition>>,
    (name, result, on): (&str, &Answer<Reported>, Option<NaiveDate>),
    case: &RelatedCase,
    content: &'a Content,
    days: Days,
) {
    let Some((definition, lasts_days)) = known.and_then(|known| Some((known.as_ref(), known.remembered_days?))) else { return };
    let age = (days.service - on.unwrap_or(case.valid_from)).num_days();
    let Some(value) = reading(definition, name, result, content, days) else { return };
    let answers = |standing: &Standing<'a>| standing.answers(&value) || case.is_entry_error() && standing.value.is_ok();
    let is_answered = |standing: &Standing<'a>| std::ptr::eq(standing.definition, definition) && answers(standing);
    if age > i64::from(lasts_days) || list.iter().any(is_answered) {
        return;
    }
    let words = if case.is_theirs {
        format!("{}, told in an earlier order from {}", standing::as_typed(result), case.valid_from)
    } else {
        TOLD_ELSEWHERE.to_owned()
    };
    hear_value(list, definition, value, words);
}

/// Lets a question be heeded by what is told beside its own answer.
fn hear<'a>(list: &mut Vec<Standing<'a>>, definition: &'a ResultDefinition, result: &str, words: String) {
    if let Some(index) = definition.result(result) {
        hear_value(list, definition, read::result(definition, index), words);
    }
}

fn hear_value<'a>(list: &mut Vec<Standing<'a>>, definition: &'a ResultDefinition, value: Value, words: String) {
    if let Some(known) = list.iter_mut().find(|standing| std::ptr::eq(standing.definition, definition)) {
        known.hear(value, words);
        return;
    }
    let mut standing = settle(definition, &[]);
    standing.hear(value, words);
    list.push(standing);
}

/// The answer of that name. One that both lists know counts in whichever it was told.
fn of_name<'s, 'a>(answers: &'s [Standing<'a>], name: &str) -> Option<&'s Standing<'a>> {
    answers.iter().find(|standing| standing.definition.name == name)
}

/// True where the words of a folded name hold a name of the definition.
fn is_named_in(definition: &ResultDefinition, folded: &str) -> bool {
    let words = ["_", folded, "_"].concat();
    let is_in = |name: &String| {
        let name = fold(name);
        name.len() >= 3 && words.contains(&["_", &name, "_"].concat())
    };
    std::iter::once(&definition.name).chain(&definition.synonyms).any(is_in)
}

/// Whether a result is dated at most so many days before the date of service; an older or undated one says nothing.
pub fn is_recent(standing: Option<&Standing<'_>>, within: Option<u32>, service: NaiveDate) -> Truth {
    match (within, standing.and_then(|standing| standing.on)) {
        (None, _) => Truth::Met,
        (Some(days), Some(on)) if (service - on).num_days() <= i64::from(days) => Truth::Met,
        (Some(_), _) => Truth::Unknown,
    }
}
