//! Where is treated, in the words of content: the site with its part, side and target, as practices write them in one line.

use super::read::{Told, Treated, word};
use crate::domain::answer::Answer;
use crate::domain::content::Content;
use crate::domain::content::radiation::{Part, RadiationCatalog, Side, Site, Target, loosely};
use crate::domain::fold::fold;
use crate::domain::order::OrderRequest;
use crate::domain::vocabulary::Modality;
use std::sync::Arc;

/// What levels of the spine are.
const SPINE: &str = "spine";
/// The most words among which a part is looked for beside its site.
const MOST_WORDS: usize = 8;

/// What the words of a site say.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    /// The site.
    pub site: Told<&'a Arc<Site>>,
    /// The part of it; of several places the first.
    pub part: Option<&'a Part>,
    /// The side, where it is that of every place.
    pub side: Option<Side>,
    /// The target that the part is; unknown where the parts of several places are several targets.
    pub target: Told<&'a Target>,
}

/// What places are read by: what content knows, and the diagnosis that decides between two places of one name.
#[derive(Debug, Clone, Copy)]
struct Known<'a> {
    catalog: &'a RadiationCatalog,
    icd10: Option<&'a str>,
}

/// Reads the site.
pub(super) fn read<'a>(entered: &'a Answer<String>, order: &'a OrderRequest, content: &'a Content) -> Place<'a> {
    let known =
        Known { catalog: &content.radiation, icd10: order.diagnosis.as_ref().and_then(|diagnosis| diagnosis.icd10.as_deref()) };
    let modality = order.radiation.as_ref().and_then(|radiation| radiation.modality);
    let mut found = Place { site: Told::Missing, part: None, side: None, target: Told::Missing };
    found.site = word(entered, content, |text| {
        let places = place(text, known).map(|one| vec![one]).or_else(|| several(text, modality?, known))?;
        let (site, part, _) = *places.first()?;
        let targets = || places.iter().map(|(_, part, _)| part.and_then(|part| part.target.as_deref()));
        found.part = part;
        found.side = the_same(places.iter().map(|(.., side)| *side)).flatten();
        found.target = match the_same(targets()) {
            Some(of) => of
                .and_then(|key| known.catalog.targets.iter().find(|target| target.term.key == key))
                .map_or(Told::Missing, Told::Known),
            None => Told::Unknown,
        };
        Some(site)
    });
    found
}

/// What all of them are, where they are the same.
fn the_same<T: PartialEq>(mut all: impl Iterator<Item = T>) -> Option<T> {
    let first = all.next()?;
    all.all(|other| other == first).then_some(first)
}

type Found<'a> = (&'a Arc<Site>, Option<&'a Part>, Option<Side>);

/// Several places in one order, such as `T8 and left femur`: each is understood by itself, all are of one site, and content says that the modality treats
/// several of its parts together.
fn several<'a>(text: &str, modality: Modality, known: Known<'a>) -> Option<Vec<Found<'a>>> {
    let spaced = text.replace(['&', '+', ';', '/', '\n'], ",");
    let apart = spaced.split(',').flat_map(|piece| split_at_word(piece, "and")).flat_map(|piece| split_at_word(piece, "plus"));
    let pieces: Vec<&str> = apart.map(str::trim).filter(|piece| !piece.is_empty()).collect();
    let places: Vec<Found<'a>> = pieces.iter().map(|piece| place(piece, known)).collect::<Option<_>>()?;
    let (site, ..) = places.first()?;
    let is_one = places.len() > 1 && places.iter().all(|(other, ..)| other.key == site.key);
    (is_one && site.together.contains(&modality)).then_some(places)
}

fn split_at_word<'t>(text: &'t str, word: &str) -> Vec<&'t str> {
    let mut pieces = Vec::new();
    let (mut from, mut at) = (0, 0);
    for token in text.split(char::is_whitespace) {
        if token.eq_ignore_ascii_case(word) {
            pieces.push(text.get(from..at).unwrap_or_default());
            from = at + token.len();
        }
        // the separator is one character, of which only the first byte may begin a token
        at += token.len();
        at += text.get(at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
    }
    pieces.push(text.get(from..).unwrap_or_default());
    pieces
}

fn place<'a>(text: &str, known: Known<'a>) -> Option<Found<'a>> {
    if let Some(found) = named(text, known) {
        return Some(found);
    }
    let Tokens { words, is_leveled } = tokens(text);
    let found = named(&joined(&words), known).or_else(|| with_side(&words, is_leveled, known))?;
    if is_leveled { at_a_level(found, known) } else { Some(found) }
}

/// A place with words for a side beside it.
fn with_side<'a>(words: &[String], is_leveled: bool, known: Known<'a>) -> Option<Found<'a>> {
    let (rest, told) = without_side(words, known.catalog);
    let levels = || named(SPINE, known).filter(|_| is_leveled && rest.is_empty());
    let (site, part, of_part) = levels().or_else(|| named(&joined(&rest), known)).or_else(|| with_part(&rest, known))?;
    match (told, of_part) {
        // `left RUL` is neither
        (Some(told), Some(of_part)) if told != of_part => None,
        (told, of_part) => Some((site, part, told.or(of_part))),
    }
}

/// What stands beside levels of the spine is the spine, or nothing that is understood: `T8 left femur` is no place.
fn at_a_level<'a>((site, part, told): Found<'a>, known: Known<'a>) -> Option<Found<'a>> {
    let (of_levels, level, _) = named(SPINE, known)?;
    let is_spine = part.is_none_or(|part| level.is_some_and(|level| level.target == part.target));
    (site.key == of_levels.key && is_spine).then_some((site, part.or(level), told))
}

/// The site, or the part of a site, that is called so.
fn named<'a>(name: &str, known: Known<'a>) -> Option<Found<'a>> {
    let (site, part) = known.catalog.place(name, known.icd10)?;
    Some((site, part, part.and_then(|part| part.side)))
}

/// A part beside a word for its site: `RUL lung nodule`, `lung, LLL`.
fn with_part<'a>(tokens: &[String], known: Known<'a>) -> Option<Found<'a>> {
    if tokens.len() > MOST_WORDS {
        return None;
    }
    for length in (1..tokens.len()).rev() {
        for from in 0..=tokens.len() - length {
            let (Some(before), Some(words), Some(after)) =
                (tokens.get(..from), tokens.get(from..from + length), tokens.get(from + length..))
            else {
                continue;
            };
            let rest: Vec<String> = before.iter().chain(after).cloned().collect();
            let Some((site, Some(part), of_part)) = named(&joined(words), known) else { continue };
            let is_same = named(&joined(&rest), known).is_some_and(|(other, more, _)| other.key == site.key && more.is_none());
            if is_same {
                return Some((site, Some(part), of_part));
            }
        }
    }
    None
}

/// A target, with a side before or after it.
pub(super) fn target<'a>(text: &str, catalog: &'a RadiationCatalog) -> Option<&'a Target> {
    let Tokens { words, is_leveled } = tokens(text);
    let (rest, _) = without_side(&words, catalog);
    if is_leveled && rest.is_empty() {
        return catalog.target(SPINE);
    }
    let found = catalog.target(&joined(&words)).or_else(|| catalog.target(&joined(&rest)));
    found.filter(|target| !is_leveled || target.term.key == SPINE)
}

/// The folded words of a text, levels of the spine apart.
struct Tokens {
    words: Vec<String>,
    /// True where levels stand beside them, or alone.
    is_leveled: bool,
}

/// `T10-12`, `L3 to S1` and `T8` are levels, whatever stands beside them.
fn tokens(text: &str) -> Tokens {
    let spaced: String =
        text.chars().map(|c| if matches!(c, '/' | '-' | '–' | '&' | ',' | ';' | '(' | ')') { ' ' } else { c }).collect();
    let all: Vec<String> =
        spaced.split_whitespace().flat_map(|word| fold(word).split('_').map(str::to_owned).collect::<Vec<_>>()).collect();
    let (mut words, mut is_leveled, mut goes_on) = (Vec::new(), false, false);
    for (at, token) in all.iter().enumerate() {
        let is_number = |token: &String| token.parse::<u8>().is_ok_and(|level| (1..=12).contains(&level));
        let joins =
            goes_on && THROUGH.contains(&token.as_str()) && all.get(at + 1).is_some_and(|next| is_level(next) || is_number(next));
        if is_level(token) || goes_on && is_number(token) {
            (is_leveled, goes_on) = (true, true);
        } else if !joins {
            goes_on = false;
            words.push(token.clone());
        }
    }
    Tokens { words, is_leveled }
}

/// Words between two levels.
const THROUGH: [&str; 6] = ["to", "through", "thru", "and", "+", "plus"];

/// `t8`, `l3`: a vertebra by its number.
fn is_level(token: &str) -> bool {
    let mut chars = token.chars();
    let last = match chars.next() {
        Some('c') => 7,
        Some('t') => 12,
        Some('l' | 's') => 5,
        _ => return false,
    };
    chars.as_str().parse::<u8>().is_ok_and(|level| (1..=last).contains(&level))
}

fn joined(tokens: &[String]) -> String {
    loosely(&tokens.join("_"))
}

/// What is left without the words for a side, and the side.
fn without_side(tokens: &[String], catalog: &RadiationCatalog) -> (Vec<String>, Option<Side>) {
    let mut side = None;
    let mut rest = Vec::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let pair = tokens.get(at + 1).map(|next| [token.as_str(), "_", next.as_str()].concat());
        match (pair.and_then(|pair| side_of(&pair, catalog)), side_of(token, catalog)) {
            (Some(found), _) => {
                side = together(side, Some(found));
                at += 1;
            }
            (None, Some(found)) => side = together(side, Some(found)),
            (None, None) => rest.push(token.clone()),
        }
        at += 1;
    }
    (rest, side)
}

fn together(one: Option<Side>, other: Option<Side>) -> Option<Side> {
    match (one, other) {
        (Some(one), Some(other)) => Some(if one == other { one } else { Side::Both }),
        (one, other) => one.or(other),
    }
}

fn side_of(folded: &str, catalog: &RadiationCatalog) -> Option<Side> {
    let is = |words: &[String]| words.iter().any(|word| word == folded);
    let [right, left, both] = &catalog.sides;
    if is(right) {
        Some(Side::Right)
    } else if is(left) {
        Some(Side::Left)
    } else if is(both) {
        Some(Side::Both)
    } else {
        None
    }
}

/// Letters of a side that is written out.
const WRITTEN_OUT: usize = 4;

/// True for a side that is written out, as free text has it: abbreviations mean other things there.
pub(super) fn is_side(folded: &str, catalog: &RadiationCatalog) -> bool {
    folded.len() >= WRITTEN_OUT && side_of(folded, catalog).is_some()
}

/// An abbreviation of a side that means other things, too: radiation therapy.
const MEANS_MORE: [&str; 2] = ["rt", "r"];

/// The side that free text tells; `right lateral` is a beam, `LUL` is on the left. `RT` is a side before a place alone: `RT breast`.
pub(super) fn side_in_text(text: &str, catalog: &RadiationCatalog) -> Option<Side> {
    let Tokens { words, .. } = tokens(text);
    let told = words.iter().enumerate().filter_map(|(at, token)| {
        let next = words.get(at + 1).map(String::as_str).unwrap_or_default();
        let is_told = || is_side(token, catalog) || !MEANS_MORE.contains(&token.as_str()) || catalog.place(next, None).is_some();
        let of_part = || catalog.place(token, None).and_then(|(_, part)| part?.side);
        let told = side_of(token, catalog).filter(|_| is_told() && !catalog.beam_sides.iter().any(|word| word == next));
        told.or_else(of_part)
    });
    told.fold(None, |so_far, side| together(so_far, Some(side)))
}

/// The side that a text tells, abbreviated or not.
pub(super) fn any_side(text: &str, catalog: &RadiationCatalog) -> Option<Side> {
    without_side(&tokens(text).words, catalog).1
}

/// True where words of a text name the site that is treated, and no other side than that of the treatment. The whole brain is one place, whatever is in it.
pub(super) fn is_of(text: &str, treated: &Treated<'_>, catalog: &RadiationCatalog) -> bool {
    let Some(site) = treated.site_key() else { return false };
    let (words, _) = without_side(&tokens(text).words, catalog);
    let is_other_side = match (side_in_text(text, catalog), treated.side) {
        (Some(told), Some(own)) => told != own && told != Side::Both && own != Side::Both,
        _ => false,
    };
    let of_head = |key: &str| key.starts_with("brain");
    let is_same = |key: &str| key == site || of_head(key) && of_head(site);
    let named = |of: &[String]| catalog.place(&joined(of), None).is_some_and(|(found, _)| is_same(&found.key));
    !is_other_side
        && !treated.site.known().is_some_and(|site| site.near.iter().any(|near| near == "any"))
        && (1..=words.len().min(MOST_WORDS)).any(|length| words.windows(length).any(named))
}

/// The side that the title of the diagnosis names, where its code is about the site: the side of a breast says nothing about a hip.
pub(super) fn side_of_diagnosis(order: &OrderRequest, site: Option<&Site>, content: &Content) -> Option<Side> {
    let code = order.diagnosis.as_ref()?.icd10.as_deref()?;
    let title = &content.diagnoses.get(code)?.title;
    site.filter(|site| !site.metastatic && site.is_site_of(code, title))?;
    let says = |side: &str| title.split(|c: char| !c.is_alphanumeric()).any(|word| word.eq_ignore_ascii_case(side));
    match (says("right"), says("left")) {
        (true, false) => Some(Side::Right),
        (false, true) => Some(Side::Left),
        _ => None,
    }
}
