//! Regimens: by name, trial, drug, brand and code; those of the order's cancer first.

use super::Search;
use super::index::{Fit, Hit, NameIndex};
use super::text::fold;
use crate::app::App;
use crate::domain::content::{Cancer, Content, Regimen, Therapy};
use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

/// Kinds of names: its own, what its name begins with, the trial's, what clinics call its drugs together, alone or among others, those of its phases, and of its parts.
const OWN: u8 = 0;
const SHORT: u8 = 1;
const TRIAL: u8 = 2;
const TOGETHER: u8 = 3;
const CHOICE: u8 = 4;
const PHASE: u8 = 5;
const PART: u8 = 6;
/// Families of trials, and how they are shortened: `KN189` for `KEYNOTE-189`.
const TRIALS: [(&str, &str); 6] = [
    ("KEYNOTE-", "KN"),
    ("CheckMate ", "CM"),
    ("DESTINY-Breast", "DB-"),
    ("DESTINY-Lung", "DL-"),
    ("IMpower", "IMP"),
    ("EMPOWER-Lung ", "EL"),
];
/// Ingredients by which a Pathway may differ from the regimen that was named, to be shown after it, and how many are.
const NEAR: std::ops::RangeInclusive<usize> = 1..=2;
const NEIGHBORS: usize = 2;

/// Regimens, and the names of their drugs.
#[derive(Debug)]
pub(super) struct Index {
    regimens: NameIndex,
    /// Names of each ingredient, folded.
    ingredients: HashMap<String, Vec<Box<str>>>,
}

/// Which regimens to find.
#[derive(Debug, Clone, Default)]
pub struct Filter<'a> {
    /// Words of regimen, trial, drug or cancer type.
    pub typed: Option<&'a str>,
    /// Only those of this cancer type.
    pub cancer: Option<&'a str>,
    /// ICD-10-CM code of the order's diagnosis: regimens of its cancer type come first.
    pub diagnosis: Option<&'a str>,
}

/// Regimens, best answer first; in the order of their files where nothing is typed.
pub fn search<'a>(app: &App, content: &'a Content, filter: &Filter<'_>) -> Search<&'a Arc<Regimen>> {
    let found = numbers(app, content, filter);
    let items = found.items.into_iter().filter_map(|number| content.regimens.get(number)).collect();
    Search { items, searched_for: found.searched_for }
}

/// Their numbers in the content.
pub(super) fn numbers(app: &App, content: &Content, filter: &Filter<'_>) -> Search<usize> {
    let first = cancers_of(content, filter.diagnosis);
    let is_first = |number: usize| {
        let cancer = content.regimens.get(number).map(|regimen| regimen.cancer.as_str());
        first.iter().any(|known| Some(*known) == cancer)
    };
    let is_wanted = |regimen: &Regimen| filter.cancer.is_none_or(|cancer| regimen.cancer == cancer);
    let wanted: Vec<usize> = (0..content.regimens.len())
        .filter(|number| content.regimens.get(*number).is_some_and(|regimen| is_wanted(regimen)))
        .collect();
    let Some(typed) = filter.typed else {
        let mut all = wanted;
        all.sort_by_key(|number| !is_first(*number));
        return Search::all(all);
    };
    let said = said(content, typed);
    if said.is_some_and(<[String]>::is_empty) {
        return Search::all(Vec::new());
    }
    let indexes = app.catalog.of(content);
    let index = indexes.regimens.get_or_init(|| index(content));
    let mut found = index.regimens.search(typed);
    let wanted: HashSet<usize> = wanted.into_iter().collect();
    found.hits.retain(|hit| wanted.contains(&hit.item));
    let phrase = fold(found.searched_for.as_deref().unwrap_or(typed));
    let words: Vec<&str> = phrase.split(' ').collect();
    let is_called_so = found.hits.iter().any(|hit| hit.fit <= Fit::SameWords && hit.kind <= SHORT);
    found.hits.sort_by_cached_key(|hit| {
        let regimen = content.regimens.get(hit.item);
        (Reverse(is_first(hit.item)), regimen.map(|regimen| index.key(hit, regimen, &words, is_called_so)))
    });
    let is_named = |hit: &&Hit| hit.fit <= Fit::SameWords && hit.kind <= TOGETHER;
    let named = found.hits.iter().take_while(is_named).count();
    let mut items: Vec<usize> = found.hits.iter().map(|hit| hit.item).collect();
    if let Some(first) = items.first().filter(|_| named > 0).and_then(|number| content.regimens.get(*number)) {
        // those of the same cancer that are nearly the same follow what was named
        let mut near: Vec<(usize, [u32; 3], usize)> = wanted
            .iter()
            .filter(|number| !items.iter().take(named).any(|known| known == *number))
            .filter_map(|number| {
                let other = content.regimens.get(*number).filter(|other| other.cancer == first.cancer)?;
                let apart = difference(first, other);
                NEAR.contains(&apart).then_some((apart, ranks(other)?, *number))
            })
            .collect();
        near.sort_unstable();
        let rest = items.split_off(named);
        items.extend(near.into_iter().take(NEIGHBORS).map(|(_, _, number)| number));
        let known: HashSet<usize> = items.iter().copied().collect();
        items.extend(rest.into_iter().filter(|number| !known.contains(number)));
    }
    if let Some(ids) = said {
        let number = |id: &String| content.regimens.iter().position(|regimen| regimen.id == *id);
        let mut first: Vec<usize> = ids.iter().filter_map(number).filter(|number| wanted.contains(number)).collect();
        first.sort_by_key(|number| !is_first(*number));
        items.retain(|number| !first.contains(number));
        items.splice(0..0, first);
        return Search::all(items);
    }
    Search { items, searched_for: found.searched_for }
}

/// The regimens that content says are meant by what was typed; empty where it says that there are none.
fn said<'a>(content: &'a Content, typed: &str) -> Option<&'a [String]> {
    let typed = fold(typed);
    let is_said = |words: &[String]| words.iter().any(|word| fold(word) == typed);
    content.searches.regimens.iter().find(|entry| is_said(&entry.words)).map(|entry| entry.regimens.as_slice())
}

/// Cancer types that the code says, then those that it agrees with.
pub(super) fn cancers_of<'a>(content: &'a Content, diagnosis: Option<&str>) -> Vec<&'a str> {
    let Some(code) = diagnosis.map(|code| code.trim().to_uppercase()) else { return Vec::new() };
    let of = |fits: &dyn Fn(&Cancer) -> bool| -> Vec<&'a str> {
        content.cancers.iter().filter(|cancer| fits(cancer)).map(|cancer| cancer.key.as_str()).collect()
    };
    let meant = of(&|cancer| cancer.is_meant_by(&code));
    if meant.is_empty() { of(&|cancer| cancer.agrees_with(&code)) } else { meant }
}

/// How many ingredients only one of them has.
fn difference(left: &Regimen, right: &Regimen) -> usize {
    let (left, right) = (&left.required_ingredients, &right.required_ingredients);
    left.iter().filter(|it| !right.contains(it)).count() + right.iter().filter(|it| !left.contains(it)).count()
}

/// Ranks of a Pathway (REG-09).
fn ranks(regimen: &Regimen) -> Option<[u32; 3]> {
    regimen.pathway.as_ref().map(|pathway| [pathway.efficacy, pathway.toxicity, pathway.consensus])
}

/// True where the name says nothing but its drugs: `Carboplatin/paclitaxel`, without radiation or setting.
fn is_only_drugs(regimen: &Regimen) -> bool {
    let drugs = fold(&regimen.required_ingredients.join(" "));
    fold(&regimen.name).split(' ').all(|word| drugs.split(' ').any(|drug| drug == word))
}

/// Where a regimen stands among those found; lowest first.
type Key = (u8, usize, u8, bool, usize, [u32; 3], usize, usize);

impl Index {
    /// A name that drugs share with others leads to them where no regimen is called so.
    fn key(&self, hit: &Hit, regimen: &Regimen, words: &[&str], is_called_so: bool) -> Key {
        let ranks = ranks(regimen).unwrap_or_default();
        let no_pathway = regimen.pathway.is_none();
        let size = regimen.required_ingredients.len();
        let unlike = || self.unlike(regimen, words);
        match (hit.fit, hit.kind) {
            (Fit::Whole | Fit::SameWords, OWN | SHORT) => (0, 0, hit.kind, no_pathway, 0, ranks, hit.length, hit.item),
            // a trial is a whole treatment rather than a part of it
            (Fit::Whole | Fit::SameWords, TRIAL) => (0, 0, hit.kind, no_pathway, usize::MAX - size, ranks, hit.length, hit.item),
            (Fit::Whole | Fit::SameWords, TOGETHER) => {
                (1, 0, u8::from(!is_only_drugs(regimen)), no_pathway, 0, ranks, hit.length, hit.item)
            }
            (Fit::Whole | Fit::SameWords, CHOICE) if !is_called_so => (1, 0, 1, no_pathway, 0, ranks, hit.length, hit.item),
            (Fit::Whole | Fit::SameWords, PHASE) => (1, 0, 1, no_pathway, 0, ranks, regimen.name.len(), hit.item),
            (Fit::WholeWords, OWN | SHORT | TRIAL) => (1, 0, 1, no_pathway, 0, ranks, hit.length, hit.item),
            // of those that go on, the one that adds the least is nearest
            (Fit::Beginning | Fit::Words, OWN | SHORT | TRIAL) => (2, 0, 0, no_pathway, size, ranks, hit.length, hit.item),
            _ => (3, unlike(), u8::from(!is_only_drugs(regimen)), no_pathway, 0, ranks, 0, hit.item),
        }
    }

    /// How far the ingredients are from the words: three for each that no word names, one for each that a word names only in part.
    fn unlike(&self, regimen: &Regimen, words: &[&str]) -> usize {
        let names = |ingredient: &String| self.ingredients.get(ingredient).map(Vec::as_slice).unwrap_or_default();
        let ingredients = regimen.required_ingredients.iter();
        let unlike = ingredients.map(|ingredient| {
            let whole = |name: &str| name.split(' ').all(|part| words.contains(&part));
            let begun = |name: &str| name.split(' ').any(|part| words.iter().any(|word| part.starts_with(word)));
            if names(ingredient).iter().any(|name| whole(name)) {
                0
            } else if names(ingredient).iter().any(|name| begun(name)) {
                1
            } else {
                3
            }
        });
        unlike.sum()
    }
}

fn index(content: &Content) -> Index {
    let ingredients = names_of_ingredients(content);
    let together = names_of_combinations(content);
    let choices = names_of_choices(content);
    let names = content.regimens.iter().map(|regimen| {
        let cancer = content.cancer(&regimen.cancer).map_or(&regimen.cancer, |cancer| &cancer.name);
        let mut names =
            vec![(regimen.id.clone(), OWN), (regimen.name.clone(), OWN), (format!("{cancer} {}", regimen.name), PART)];
        names.extend(regimen.aliases.iter().map(|alias| (alias.clone(), OWN)));
        names.extend(short_name(&regimen.name).map(|name| (name.to_owned(), SHORT)));
        names.extend(regimen.pathway.iter().map(|pathway| (pathway.id.clone(), OWN)));
        for trial in trials(&regimen.citation) {
            names.extend(shortened(trial).map(|short| (short, TRIAL)));
            names.push((trial.to_owned(), TRIAL));
        }
        let drugs: BTreeSet<&str> = regimen.required_ingredients.iter().map(String::as_str).collect();
        names.extend(together.get(&drugs).into_iter().flatten().map(|name| ((*name).to_owned(), TOGETHER)));
        let is_one_of = |choice: &&Choice<'_>| choice.is(&drugs);
        names.extend(choices.iter().filter(is_one_of).map(|choice| (choice.name.to_owned(), CHOICE)));
        names.extend(regimen.phases.iter().filter(|phase| phase.name != regimen.name).map(|phase| (phase.name.clone(), PHASE)));
        names.extend(regimen.settings.iter().map(|setting| (setting.clone(), PART)));
        names.extend(regimen.biomarkers.iter().map(|marker| (marker.text.clone(), PART)));
        let called = regimen.required_ingredients.iter().filter_map(|ingredient| ingredients.get(ingredient)).flatten();
        names.extend(called.map(|name| (name.to_string(), PART)));
        names
    });
    let regimens = NameIndex::new(names, &std::collections::BTreeMap::new());
    Index { regimens, ingredients }
}

/// What each ingredient is called: generic names, brands and codes of the drugs that contain it alone, and what clinics call them.
fn names_of_ingredients(content: &Content) -> HashMap<String, Vec<Box<str>>> {
    let mut found: HashMap<String, Vec<Box<str>>> = HashMap::new();
    for drug in content.drugs.all() {
        for ingredient in &drug.ingredients {
            let names = [&drug.generic].into_iter().chain(&drug.synonyms).chain(&drug.brands);
            let codes = drug.codes.iter().flat_map(|code| [Some(&code.hcpcs), code.product.as_ref()]).flatten();
            let names = names.chain(codes).map(|name| fold(name).into_boxed_str());
            found.entry(ingredient.clone()).or_default().extend(names);
        }
    }
    for (name, therapy) in content.therapies.names() {
        if let ([only], false) = (therapy.drugs.as_slice(), therapy.others || !therapy.may_be.is_empty()) {
            for ingredient in &only.ingredients {
                found.entry(ingredient.clone()).or_default().push(fold(name).into_boxed_str());
            }
        }
    }
    for names in found.values_mut() {
        names.sort_unstable();
        names.dedup();
    }
    found
}

/// What clinics call drugs together, by their ingredients.
fn names_of_combinations(content: &Content) -> HashMap<BTreeSet<&str>, Vec<&str>> {
    let is_certain =
        |therapy: &Therapy| therapy.drugs.len() > 1 && !therapy.others && therapy.may_be.is_empty() && therapy.outside.is_none();
    let mut found: HashMap<BTreeSet<&str>, Vec<&str>> = HashMap::new();
    for (name, therapy) in content.therapies.names().filter(|(_, therapy)| is_certain(therapy)) {
        let drugs = therapy.drugs.iter().flat_map(|drug| &drug.ingredients).map(String::as_str).collect();
        found.entry(drugs).or_default().push(name);
    }
    for names in found.values_mut() {
        names.sort_unstable();
    }
    found
}

/// A name for drugs of which some may differ: `AC-T` with paclitaxel or docetaxel.
struct Choice<'c> {
    name: &'c str,
    certain: BTreeSet<&'c str>,
    possible: BTreeSet<&'c str>,
}

impl Choice<'_> {
    /// True for drugs that hold all that is certain, and one or more of the possible, and no others.
    fn is(&self, drugs: &BTreeSet<&str>) -> bool {
        let certain = drugs.iter().filter(|drug| self.certain.contains(*drug)).count();
        certain == self.certain.len()
            && drugs.len() > certain
            && drugs.iter().all(|drug| self.certain.contains(drug) || self.possible.contains(drug))
    }
}

fn names_of_choices(content: &Content) -> Vec<Choice<'_>> {
    let is_choice = |therapy: &Therapy| {
        !therapy.drugs.is_empty() && !therapy.may_be.is_empty() && !therapy.others && therapy.outside.is_none()
    };
    let chosen = content.therapies.names().filter(|(_, therapy)| is_choice(therapy));
    let mut found: Vec<Choice<'_>> = chosen
        .map(|(name, therapy)| Choice {
            name,
            certain: therapy.drugs.iter().flat_map(|drug| &drug.ingredients).map(String::as_str).collect(),
            possible: therapy.may_be.iter().flat_map(|drug| &drug.ingredients).map(String::as_str).collect(),
        })
        .collect();
    found.sort_by_key(|choice| choice.name);
    found
}

/// What a name begins with before it explains itself: `TCHP` of `TCHP then trastuzumab to 1 year`, `VRd` of `VRd (bortezomib …)`.
fn short_name(name: &str) -> Option<&str> {
    let ends = [" (", ",", ":", " then "].iter().filter_map(|mark| name.find(mark));
    name.get(..ends.min()?).map(str::trim).filter(|short| !short.is_empty())
}

/// The name of a trial of a family, as clinics shorten it.
fn shortened(trial: &str) -> Option<String> {
    TRIALS.iter().find_map(|(family, short)| {
        let number = trial.strip_prefix(family)?;
        Some(format!("{short}{number}"))
    })
}

/// Names and numbers of the trials that a citation begins with: `KEYNOTE-522` and `NCT03036488`.
fn trials(citation: &str) -> impl Iterator<Item = &str> {
    citation.split(';').map(str::trim).flat_map(|source| {
        let name = source.split([',', '(']).next().unwrap_or_default().trim();
        let name = (!name.is_empty() && !name.starts_with("FDA")).then_some(name);
        let number = source.split([',', ' ']).find(|part| part.starts_with("NCT"));
        let names = name.into_iter().flat_map(|name| std::iter::once(name).chain(name.split('/')).map(str::trim));
        names.chain(number)
    })
}
