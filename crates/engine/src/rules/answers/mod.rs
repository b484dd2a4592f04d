//! What the entered answers are worth: one place that turns each into a usable result, or says why it is none (SAFE-01…03).
//!
//! Everything is read once, when the patient is; rules ask the outcome. What is not understood never counts, whatever stands beside it.

mod numbers;
mod read;
mod standing;
mod tell;

pub use standing::{Standing, Unusable, Value, as_typed};
pub use tell::{concerns, concerns_of_drugs, untold};

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

/// An entry whose name is in no vocabulary.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stranger<'a> {
    /// `biomarkers` or `assessments`.
    pub list: &'static str,
    /// Place in the list.
    pub index: usize,
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
    /// Reads every answer.
    pub fn new(clinical: &'a Clinical, content: &'a Content, days: Days) -> Self {
        let mut found = Self::default();
        let biomarkers = clinical.biomarkers.known().map(Vec::as_slice).unwrap_or_default();
        let biomarkers = biomarkers.iter().map(|entry| (entry.name.as_str(), &entry.result, entry.on));
        let assessments = clinical.assessments.known().map(Vec::as_slice).unwrap_or_default();
        let assessments = assessments.iter().map(|entry| (entry.name.as_str(), &entry.result, entry.on));
        found.biomarkers = found.list(
            "biomarkers",
            biomarkers,
            |name| content.biomarker(name),
            &content.answers.derived_biomarkers,
            content,
            days,
        );
        let follow = &content.answers.derived_assessments;
        found.assessments = found.list("assessments", assessments, |name| content.assessment(name), follow, content, days);
        found.misplaced(clinical, content, days);
        found
    }

    fn list(
        &mut self,
        list: &'static str,
        entries: impl Iterator<Item = (&'a str, &'a Answer<Reported>, Option<NaiveDate>)>,
        known: impl Fn(&str) -> Option<&'a Arc<ResultDefinition>>,
        follow: &'a [Arc<ResultDefinition>],
        content: &'a Content,
        days: Days,
    ) -> Vec<Standing<'a>> {
        let mut unnamed = Vec::new();
        let mut grouped: Vec<(&'a ResultDefinition, Vec<Entry<'a>>)> = Vec::new();
        for (index, (name, result, on)) in entries.enumerate() {
            let Some(definition) = known(name) else {
                self.strangers.push(Stranger { list, index, name, result });
                unnamed.push((index, name, result, on));
                continue;
            };
            let mut definition: &'a ResultDefinition = definition;
            let mut entry = Entry::read(definition, name, index, result, on, content, days);
            if entry.is_not_understood()
                && let Some((other, told)) = told_by_name(name, result, &known)
                && let Some(value) = read::number(other, told)
            {
                (definition, entry) = (other, Entry::of(other, value, index, result, on, days));
            }
            match grouped.iter_mut().find(|(known, _)| std::ptr::eq(*known, definition)) {
                Some((_, entries)) => entries.push(entry),
                None => grouped.push((definition, vec![entry])),
            }
        }
        for (index, name, result, on) in unnamed {
            let folded = fold(name);
            for (_, entries) in grouped.iter_mut().filter(|(definition, _)| is_named_in(definition, &folded)) {
                entries.extend(Entry::under_another_name(name, index, result, on));
            }
        }
        let mut found: Vec<Standing<'a>> =
            grouped.into_iter().map(|(definition, entries)| settle(definition, &entries)).collect();
        // twice, as what is derived may say more: the ratio says what ISH is, and ISH what HER2 is
        for _ in 0..2 {
            for definition in follow {
                derived(definition, &mut found);
            }
        }
        found
    }

    /// What stands in the other list answers nothing, and is heeded by contraindications all the same.
    fn misplaced(&mut self, clinical: &'a Clinical, content: &'a Content, days: Days) {
        for Stranger { list, index, name, result } in self.strangers.clone() {
            let among_biomarkers = list == "biomarkers";
            let known = if among_biomarkers { content.assessment(name) } else { content.biomarker(name) };
            let Some(definition) = known else { continue };
            let on = if among_biomarkers {
                clinical.biomarkers.known().and_then(|entries| entries.get(index)?.on)
            } else {
                clinical.assessments.known().and_then(|entries| entries.get(index)?.on)
            };
            let own = if among_biomarkers { &mut self.assessments } else { &mut self.biomarkers };
            if let Some(value) = Entry::read(definition, name, index, result, on, content, days).says() {
                hear_value(own, definition, value, format!("{}, entered among {list}", standing::as_typed(result)));
            }
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

/// `FISH ratio 4.2`, told as a result of HER2: the question that stands in front of it, by itself or with the name of the entry, and its answer.
fn told_by_name<'a>(
    name: &str,
    result: &'a Answer<Reported>,
    known: impl Fn(&str) -> Option<&'a Arc<ResultDefinition>>,
) -> Option<(&'a ResultDefinition, &'a str)> {
    let Some(Reported::Word(text)) = result.known() else { return None };
    let (front, told) = text.trim().rsplit_once([' ', ':', '='])?;
    let front = front.trim_end_matches([' ', ':', '=']);
    let other = known(front).or_else(|| known(&[name, " ", front].concat()))?;
    Some((other, told))
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
    let Some(value) = Entry::read(definition, name, 0, result, None, content, days).says() else { return };
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
