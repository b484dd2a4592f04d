//! What practices write for earlier treatments and their outcomes, and what it stands for (SAFE-04). What is in neither list is unknown.

use super::catalog::{Drug, DrugCatalog};
use crate::domain::criteria::Partner;
use crate::domain::fold::fold;
use crate::domain::quick::HashMap;
use crate::domain::vocabulary::Truth;
use std::sync::Arc;

/// What a name of an earlier treatment stands for.
#[derive(Debug, Clone, Default, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each says something of its own about a name")]
pub struct Therapy {
    /// Drugs that it holds for certain.
    pub drugs: Vec<Arc<Drug>>,
    /// Classes and subclasses of which it holds a drug for certain; which one, the name does not say.
    pub classes: Vec<String>,
    /// Drugs that it may hold.
    pub may_be: Vec<Arc<Drug>>,
    /// Classes and subclasses of which it may hold a drug.
    pub may_be_classes: Vec<String>,
    /// True where `drugs` and `may_be` are all that it can hold: a class says no other.
    pub is_listed: bool,
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
            || !self.is_listed && self.classes.iter().chain(&self.may_be_classes).any(may_hold);
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
    /// True where it is told with doubt: that the treatment was given is not certain, either.
    pub doubt: bool,
    /// Answers that it gives: a cardiomyopathy says something of heart failure.
    pub tells: Vec<ToldAnswer>,
}

/// An answer that is told by the outcome of an earlier treatment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToldAnswer {
    /// Name of the assessment or biomarker.
    pub name: String,
    /// Its result.
    pub result: String,
}

/// What is read of an outcome as typed.
#[derive(Debug, Clone)]
pub struct Ending<'t> {
    /// What it says; none where not all of it is understood, or a part of it is told with doubt.
    pub outcome: Option<&'t Outcome>,
    /// Whether the treatment was stopped for its toxicity, whatever words stand around that.
    pub toxicity: Truth,
    /// Whether the patient reacted severely to it, likewise.
    pub reaction: Truth,
    /// True where its words tell of a severe reaction, if only with doubt.
    pub tells_of_reaction: bool,
    /// Answers that it gives.
    pub tells: Vec<&'t ToldAnswer>,
}

impl<'t> Ending<'t> {
    fn of(outcome: &'t Outcome) -> Self {
        let tells = outcome.tells.iter().collect();
        let tells_of_reaction = outcome.reaction == Truth::Met;
        Self { outcome: Some(outcome), toxicity: outcome.toxicity, reaction: outcome.reaction, tells_of_reaction, tells }
    }
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
    /// Words that say an outcome wherever they stand, between underscores; with an open end where any ending will do.
    heard: Vec<(String, Arc<Outcome>)>,
    /// Folded words that tell with doubt.
    doubt: Vec<String>,
    /// Folded words that deny what stands behind them.
    denial: Vec<String>,
    /// Folded words that a reason stands behind, which a denial before them does not deny: `could not continue due to`.
    reasons: Vec<String>,
    /// Folded words that stand behind the name of a treatment and change nothing of it: `weekly`.
    behind_names: Vec<String>,
    /// The same behind an outcome: where it was seen, and when.
    behind_outcomes: Vec<String>,
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

/// What was typed, clause by clause and folded, with a `_` at both ends: a denial holds for its clause alone.
fn clauses(typed: &str) -> Vec<String> {
    let text = typed.to_lowercase().replace("w/o", "without");
    let text = [".", " but ", " or "].iter().fold(text, |text, join| text.replace(join, ";"));
    parts(&text, &JOINS).into_iter().map(|part| ["_", &part, "_"].concat()).collect()
}

/// The parts of what was typed.
/// What is left of a text without the words, numbers and dates at its end that change nothing; none where nothing is there to leave out.
fn without_tail(typed: &str, words: &[String]) -> Option<String> {
    let is_amount = |token: &str| {
        let number = token.trim_start_matches(['x', 'X']).trim_end_matches(|c: char| c.is_alphabetic());
        number.starts_with(|c: char| c.is_ascii_digit())
            && number.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '/' | '-'))
    };
    let is_behind = |token: &str| words.iter().any(|word| *word == fold(token)) || is_amount(token);
    let mut left: Vec<&str> = typed.split_whitespace().collect();
    let all = left.len();
    while left.len() > 1 && left.last().is_some_and(|token| is_behind(token)) {
        left.pop();
    }
    (left.len() < all).then(|| left.join(" "))
}

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
        let without_tail = || self.resolve_as_it_is(&without_tail(typed, &self.behind_names)?);
        self.resolve_as_it_is(typed).or_else(without_tail)
    }

    fn resolve_as_it_is(&self, typed: &str) -> Option<Vec<&Therapy>> {
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
        if parts.iter().any(|part| self.doubt.contains(part)) {
            return None;
        }
        let found: Option<Vec<&Therapy>> = parts.iter().map(|part| self.names.get(part).map(Arc::as_ref)).collect();
        // `none` says something only by itself
        found.filter(|found| found.iter().all(|therapy| !therapy.none))
    }

    /// Adds a word that says an outcome wherever it stands; `anaphyla*` with any ending.
    pub fn add_heard(&mut self, word: &str, outcome: &Arc<Outcome>) {
        let needle = match word.strip_suffix('*') {
            Some(stem) => ["_", &fold(stem)].concat(),
            None => ["_", &fold(word), "_"].concat(),
        };
        self.heard.push((needle, Arc::clone(outcome)));
    }

    /// Words that tell with doubt, words that deny, and words that a reason stands behind.
    pub fn set_doubt(&mut self, doubt: &[String], denial: &[String], reasons: &[String]) {
        let folded = |words: &[String]| words.iter().map(|word| fold(word).into_owned()).collect();
        (self.doubt, self.denial, self.reasons) = (folded(doubt), folded(denial), folded(reasons));
    }

    /// Words behind the name of a treatment, and behind an outcome, that change nothing.
    pub fn set_behind(&mut self, names: &[String], outcomes: &[String]) {
        let folded = |words: &[String]| words.iter().map(|word| fold(word).into_owned()).collect();
        (self.behind_names, self.behind_outcomes) = (folded(names), folded(outcomes));
    }

    /// What an outcome says: of a phrase, the worst that all its parts leave certain. None where any part is not known, or is in doubt.
    pub fn outcome(&self, typed: &str) -> Option<&Outcome> {
        self.ending(typed).outcome
    }

    /// What is read of an outcome. Of a phrase that is not wholly understood, a reaction and toxicity are heard all the same.
    pub fn ending(&self, typed: &str) -> Ending<'_> {
        let without_tail = || self.outcome_word(&without_tail(typed, &self.behind_outcomes)?);
        if let Some(known) = self.outcome_word(typed).or_else(without_tail) {
            return Ending::of(known);
        }
        let parts = parts(typed, &JOINS);
        let mut known: Vec<&Outcome> = parts.iter().filter_map(|part| self.outcomes.get(part).map(Arc::as_ref)).collect();
        let is_doubted = known.iter().any(|outcome| outcome.doubt);
        let is_understood = parts.len() >= 2 && known.len() == parts.len() && !is_doubted;
        let outcome = known.iter().copied().filter(|_| is_understood).max_by_key(|outcome| weight(outcome));
        let mut doubted = Vec::new();
        if !is_understood {
            for (outcome, in_doubt) in clauses(typed).iter().flat_map(|clause| self.heard_in(clause)) {
                if in_doubt { &mut doubted } else { &mut known }.push(outcome);
            }
        }
        if is_doubted {
            doubted.append(&mut known);
        }
        let least = if is_understood { Truth::NotMet } else { Truth::Unknown };
        let worst = |of: fn(&Outcome) -> Truth| known.iter().fold(least, |so_far, outcome| so_far.or(of(outcome)));
        let all = || known.iter().chain(&doubted);
        Ending {
            outcome,
            toxicity: worst(|outcome| outcome.toxicity),
            reaction: worst(|outcome| outcome.reaction),
            tells_of_reaction: all().any(|outcome| outcome.reaction == Truth::Met),
            tells: all().flat_map(|outcome| &outcome.tells).collect(),
        }
    }

    /// What is heard in a clause, and whether it is in doubt. A word that denies does so to what stands behind it, and then nothing is heard.
    fn heard_in<'t>(&'t self, clause: &str) -> Vec<(&'t Outcome, bool)> {
        let in_doubt = has(clause, &self.doubt);
        let found = self.heard.iter().filter_map(|(needle, outcome)| Some((clause.find(needle)?, outcome.as_ref())));
        let is_denied = |at: usize| clause.get(..=at).is_some_and(|before| self.denies(before));
        found.filter(|(at, _)| !is_denied(*at)).map(|(_, outcome)| (outcome, in_doubt)).collect()
    }

    /// True where what is said before something denies it. `did not tolerate due to` denies no reason, `not due to` does.
    fn denies(&self, before: &str) -> bool {
        let reason = |word: &String| {
            let word = ["_", word, "_"].concat();
            before.rfind(&word).map(|at| (at, at + word.len() - 1))
        };
        let is_denied =
            |at: usize| before.get(..at).is_some_and(|said| self.denial.iter().any(|word| said.ends_with(&["_", word].concat())));
        let reason = self.reasons.iter().filter_map(reason).max().filter(|(at, _)| !is_denied(*at));
        let from = reason.map_or(0, |(_, end)| end);
        before.get(from..).is_some_and(|said| has(said, &self.denial))
    }
}

/// True where one of the words stands in the text.
fn has(text: &str, words: &[String]) -> bool {
    words.iter().any(|word| text.contains(&["_", word, "_"].concat()))
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
