//! What practices write for earlier treatments and their outcomes, and what it stands for (SAFE-04). What is in neither list is unknown.

use super::catalog::{Drug, DrugCatalog};
use crate::domain::criteria::Partner;
use crate::domain::fold::fold;
use crate::domain::quick::HashMap;
use crate::domain::vocabulary::Truth;
use std::sync::Arc;

/// What a name of an earlier treatment stands for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Therapy {
    /// Drugs that it holds for certain.
    pub drugs: Vec<Arc<Drug>>,
    /// Classes and subclasses of which it holds a drug for certain; which one, the name does not say.
    pub classes: Vec<String>,
    /// Drugs that it may hold.
    pub may_be: Vec<Arc<Drug>>,
    /// Classes and subclasses of which it may hold a drug.
    pub may_be_classes: Vec<String>,
    /// True where it may hold any other drug.
    pub others: bool,
    /// A drug that the catalogue does not hold: its classes are those above, and no other is ruled out.
    pub outside: Option<String>,
    /// True where it is treatment without a systemic drug, such as surgery.
    pub no_drug: bool,
    /// True where it says that there was no earlier treatment.
    pub none: bool,
}

/// True where the drug is of a class or subclass.
fn in_class(drug: &Drug, class: &str) -> bool {
    drug.class == class || drug.subclass == class
}

/// True where a drug is, or counts as, a partner.
pub fn is_partner(drug: &Drug, partner: &Partner) -> bool {
    match partner {
        Partner::Generic(generic) => drug.generic == *generic || drug.ingredients.contains(generic),
        Partner::Class(class) => in_class(drug, class),
    }
}

impl Therapy {
    /// One drug.
    pub fn of(drug: Arc<Drug>) -> Self {
        Self { drugs: vec![drug], ..Self::default() }
    }

    /// Whether it held a drug.
    pub fn held(&self, partner: &Partner, drugs: &DrugCatalog) -> Truth {
        let of_class = |class: &String| match partner {
            Partner::Class(asked) => class == asked,
            Partner::Generic(_) => false,
        };
        if self.drugs.iter().any(|drug| is_partner(drug, partner)) || self.classes.iter().any(of_class) {
            return Truth::Met;
        }
        let may_hold =
            |class: &String| of_class(class) || drugs.all().iter().any(|drug| in_class(drug, class) && is_partner(drug, partner));
        let is_open = self.others
            || (self.outside.is_some() && matches!(partner, Partner::Class(_)))
            || self.may_be.iter().any(|drug| is_partner(drug, partner))
            || self.classes.iter().chain(&self.may_be_classes).any(may_hold);
        if is_open { Truth::Unknown } else { Truth::NotMet }
    }
}

/// Where a course of treatment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CourseState {
    /// It is over.
    Over,
    /// It goes on.
    Ongoing,
    /// It was planned and never begun: no earlier treatment at all.
    Never,
    /// It ended with death.
    Died,
}

/// What an outcome word says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The word that others stand for, such as `stopped_toxicity`.
    pub word: String,
    /// Whether the disease progressed on the treatment.
    pub progressed: Truth,
    /// Whether the treatment was stopped for its toxicity.
    pub toxicity: Truth,
    /// Whether it says that the patient reacted severely to the treatment: anaphylaxis, a reaction of grade 4.
    pub reaction: Truth,
    /// Where the course stands.
    pub course: CourseState,
    /// True where people write the best response, and not how the treatment ended.
    pub best_response: bool,
}

/// Every name and every outcome, by what people type.
#[derive(Debug, Clone, Default)]
pub struct Therapies {
    /// Days without treatment after which a drug that is given again is a new course (SAFE-15).
    pub course_gap_days: u32,
    /// Lines before a first metastatic line that a solid tumor may have had: neoadjuvant and adjuvant (SAFE-12).
    pub early_lines: u32,
    names: Index<Therapy>,
    outcomes: Index<Outcome>,
}

/// Entries by key; and by key without its spaces, where that leads to one entry only.
#[derive(Debug, Clone)]
struct Index<T> {
    by_key: HashMap<String, Arc<T>>,
    by_letters: HashMap<String, Option<Arc<T>>>,
}

impl<T> Default for Index<T> {
    fn default() -> Self {
        Self { by_key: HashMap::default(), by_letters: HashMap::default() }
    }
}

impl<T: PartialEq> Index<T> {
    fn add(&mut self, name: &str, entry: &Arc<T>) {
        let key = fold(name).into_owned();
        let letters = key.replace('_', "");
        self.by_letters
            .entry(letters)
            .and_modify(|known| *known = known.take().filter(|known| known == entry))
            .or_insert_with(|| Some(Arc::clone(entry)));
        self.by_key.insert(key, Arc::clone(entry));
    }

    fn get(&self, key: &str) -> Option<&Arc<T>> {
        self.by_key.get(key).or_else(|| self.by_letters.get(&key.replace('_', ""))?.as_ref())
    }
}

/// What joins the parts of a combination, or of what people write about an outcome.
const JOINS: [&str; 15] =
    [" w/ ", "(", ")", "/", "+", ",", ";", "&", "→", "->", " and ", " plus ", " with ", " then ", " followed by "];

/// The parts of what was typed.
fn parts(typed: &str, joins: &[&str]) -> Vec<String> {
    let mut text = typed.to_lowercase();
    for join in joins {
        text = text.replace(join, "\n");
    }
    text.split('\n').map(|part| fold(part).into_owned()).filter(|part| !part.is_empty()).collect()
}

impl Therapies {
    /// Adds a name. A name that is there already now stands for this.
    pub fn add_name(&mut self, name: &str, therapy: &Arc<Therapy>) {
        self.names.add(name, therapy);
    }

    /// Every name, folded, with what it stands for; in no order.
    pub fn names(&self) -> impl Iterator<Item = (&str, &Arc<Therapy>)> {
        self.names.by_key.iter().map(|(key, therapy)| (key.as_str(), therapy))
    }

    /// What a name stands for, combinations not taken apart.
    pub fn name(&self, typed: &str) -> Option<&Arc<Therapy>> {
        self.names.get(fold(typed).as_ref())
    }

    /// Adds an outcome word.
    pub fn add_outcome(&mut self, name: &str, outcome: &Arc<Outcome>) {
        self.outcomes.add(name, outcome);
    }

    /// What an outcome word says, phrases not taken apart.
    pub fn outcome_word(&self, typed: &str) -> Option<&Arc<Outcome>> {
        self.outcomes.get(fold(typed).as_ref())
    }

    /// What was given: one entry for each part of a combination. None where any part is not known.
    pub fn resolve(&self, typed: &str) -> Option<Vec<&Therapy>> {
        if let Some(known) = self.name(typed) {
            return Some(vec![known]);
        }
        self.all_of(&parts(typed, &JOINS))
            .or_else(|| {
                // `carboplatin-paclitaxel`; letters and numbers with a hyphen belong to one name
                let parts = parts(typed, &[&JOINS[..], &["-"]].concat());
                self.all_of(&parts).filter(|_| parts.iter().all(|part| part.len() >= 3))
            })
            .or_else(|| {
                // `carboplatin etoposide atezolizumab`: whole names, each of them known
                let parts = parts(typed, &[&JOINS[..], &["-", " "]].concat());
                self.all_of(&parts).filter(|_| parts.iter().all(|part| part.len() >= 5))
            })
    }

    fn all_of(&self, parts: &[String]) -> Option<Vec<&Therapy>> {
        if parts.len() < 2 {
            return None;
        }
        let found: Option<Vec<&Therapy>> = parts.iter().map(|part| self.names.get(part).map(Arc::as_ref)).collect();
        // `none` says something only by itself
        found.filter(|found| found.iter().all(|therapy| !therapy.none))
    }

    /// What an outcome says: of a phrase, the worst that all its parts leave certain. None where any part is not known.
    pub fn outcome(&self, typed: &str) -> Option<&Outcome> {
        if let Some(known) = self.outcome_word(typed) {
            return Some(known);
        }
        let parts = parts(typed, &JOINS);
        if parts.len() < 2 {
            return None;
        }
        let found: Option<Vec<&Outcome>> = parts.iter().map(|part| self.outcomes.get(part).map(Arc::as_ref)).collect();
        found?.into_iter().max_by_key(|outcome| weight(outcome))
    }
}

/// Progression before what leaves it open, before an end for another reason, before a response.
const fn weight(outcome: &Outcome) -> u8 {
    match (outcome.progressed, outcome.course) {
        (_, CourseState::Died) => 5,
        (Truth::Met, _) => 4,
        (Truth::Unknown, _) => 3,
        (Truth::NotMet, CourseState::Ongoing) => 2,
        (Truth::NotMet, _) => {
            if outcome.best_response {
                0
            } else {
                1
            }
        }
    }
}
