//! Diagnoses: by title, by the words of clinics, and by code. What is billed for cancer comes first.

use super::index::{Fit, Hit, NameIndex};
use super::{Search, as_code};
use crate::app::App;
use crate::domain::content::{Content, Diagnosis};
use std::cmp::Reverse;
use std::collections::HashMap;

/// The kind of a title among the names of a code; the words of clinics have their place in the list of codes.
const TITLE: u8 = 0;

/// Diagnoses in order of their codes.
#[derive(Debug)]
pub(super) struct Index {
    codes: Vec<Box<str>>,
    /// Of each code, how often the words of clinics mean it before others.
    meant: Vec<usize>,
    names: NameIndex,
}

/// A code and what it stands for.
pub type FoundDiagnosis<'a> = (&'a str, &'a Diagnosis);

/// What a diagnosis is, in the order in which people look for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// A cancer where it began.
    Cancer,
    /// A cancer where it spread to.
    Spread,
    /// In situ, uncertain, or a tumor whose behavior is not known.
    Precursor,
    /// Anything else that can be billed.
    Other,
    /// A category, which cannot.
    Category,
}

fn rank(code: &str, diagnosis: &Diagnosis) -> Rank {
    if !diagnosis.billable {
        return Rank::Category;
    }
    let begins = |prefixes: &[&str]| prefixes.iter().any(|prefix| code.starts_with(prefix));
    if begins(&["C77", "C78", "C79", "C7B"]) {
        Rank::Spread
    } else if begins(&["C"]) {
        Rank::Cancer
    } else if begins(&["D0", "D37", "D38", "D39", "D4"]) {
        Rank::Precursor
    } else {
        Rank::Other
    }
}

fn index(content: &Content) -> Index {
    let mut codes: Vec<Box<str>> = content.diagnoses.keys().map(|code| code.as_str().into()).collect();
    codes.sort_unstable();
    let mut clinics: HashMap<&str, Vec<(&str, u8)>> = HashMap::new();
    for entry in &content.searches.diagnoses {
        for (code, place) in entry.codes.iter().zip(TITLE..) {
            clinics.entry(code).or_default().extend(entry.words.iter().map(|word| (word.as_str(), place)));
        }
    }
    let said_of = |code: &str| clinics.get(code).map(Vec::as_slice).unwrap_or_default();
    let meant = codes.iter().map(|code| said_of(code).iter().filter(|(_, place)| *place == 0).count()).collect();
    let names = codes.iter().map(|code| {
        let title = content.diagnoses.get(&**code).map(|diagnosis| (diagnosis.title.as_str(), TITLE));
        title.into_iter().chain(said_of(code).iter().copied()).collect()
    });
    let names = NameIndex::new(names, &content.searches.means);
    Index { codes, meant, names }
}

/// Diagnoses by title or the words of clinics, or by the beginning of a code with or without its dot; in order of codes where nothing is
/// typed. Of codes that answer alike, cancers come before what is no cancer, and what is billed before categories.
pub fn search<'a>(app: &App, content: &'a Content, typed: Option<&str>) -> Search<FoundDiagnosis<'a>> {
    let indexes = app.catalog.of(content);
    let index = indexes.diagnoses.get_or_init(|| index(content));
    let entry = |code: &str| content.diagnoses.get_key_value(code).map(|(code, diagnosis)| (code.as_str(), diagnosis));
    let entry_of = |number: usize| entry(index.codes.get(number)?);
    let Some(typed) = typed else {
        return Search::all(index.codes.iter().filter_map(|code| entry(code)).collect());
    };
    if let Some(code) = as_code(typed) {
        let found = by_code(index, &code, &entry_of);
        if !found.is_empty() {
            return Search::all(found);
        }
    }
    let mut found = index.names.search(typed);
    found.hits.sort_by_cached_key(|hit| {
        let rank = entry_of(hit.item).map_or(Rank::Category, |(code, diagnosis)| rank(code, diagnosis));
        let meant = Reverse(index.meant.get(hit.item).copied().unwrap_or_default());
        key(hit, rank, meant)
    });
    let items = found.hits.iter().filter_map(|hit| entry_of(hit.item)).collect();
    Search { items, searched_for: found.searched_for }
}

/// Where a hit stands: a name of clinics leads to its codes in their order; what only begins so, by what people look for.
fn key(hit: &Hit, rank: Rank, meant: Reverse<usize>) -> (u8, u8, Rank, Reverse<usize>, usize, usize) {
    match hit.fit {
        Fit::Whole => (0, hit.kind, rank, meant, 0, hit.item),
        Fit::SameWords => (1, hit.kind, rank, meant, 0, hit.item),
        Fit::WholeWords | Fit::Beginning | Fit::Words => (2, 0, rank, meant, hit.length, hit.item),
        Fit::Across => (3, 0, rank, meant, hit.length, hit.item),
        Fit::Part => (4, 0, rank, meant, hit.length, hit.item),
    }
}

/// Codes that begin so: what clinics mean most often by its site first, then its sides in order; categories last.
fn by_code<'a>(index: &Index, code: &str, entry_of: &impl Fn(usize) -> Option<FoundDiagnosis<'a>>) -> Vec<FoundDiagnosis<'a>> {
    let fits = |known: &str| known.bytes().filter(|byte| *byte != b'.').take(code.len()).eq(code.bytes());
    let within: Vec<usize> =
        (0..index.codes.len()).filter(|number| index.codes.get(*number).is_some_and(|known| fits(known))).collect();
    let mut of_site: HashMap<&str, usize> = HashMap::new();
    for number in &within {
        let meant = index.meant.get(*number).copied().unwrap_or_default();
        *of_site.entry(index.codes.get(*number).map(|code| site(code)).unwrap_or_default()).or_default() += meant;
    }
    let mut found: Vec<(Rank, Reverse<usize>, usize)> = within
        .into_iter()
        .filter_map(|number| {
            let (code, diagnosis) = entry_of(number)?;
            Some((rank(code, diagnosis), Reverse(of_site.get(site(code)).copied().unwrap_or_default()), number))
        })
        .collect();
    found.sort_unstable();
    found.into_iter().filter_map(|(_, _, number)| entry_of(number)).collect()
}

/// A code without the character that tells its sides apart: `C50.91` of `C50.911`.
fn site(code: &str) -> &str {
    match code.split_once('.') {
        Some((_, detail)) if detail.len() > 1 => code.get(..code.len() - 1).unwrap_or(code),
        _ => code,
    }
}
