//! Searching providers: by name in any order of its words, as far as typed; by NPI; and, where nothing begins so, with the words set
//! right (PRV-04, PRV-07).

use super::super::{App, Caller};
use super::text::{fold, tolerance, variants, wrong_letters};
use crate::domain::roster::ProviderKind;
use crate::store::Result;
use crate::store::pool::begin_by_key;
use crate::store::provider_search::{self as store, Scope};
pub use crate::store::provider_search::{FoundProvider, Place};
use sqlx::PgConnection;

/// Words of a search that count; more only narrow it further.
const WORDS: usize = 6;
/// Beginnings that a misspelt word is tried with.
const BEGINNINGS: usize = 12;
/// Names looked at under a beginning.
const DEPTH: i64 = 100;
/// Words that a single misspelt one is taken for.
const MEANINGS: usize = 3;
/// So few providers with the name as typed leave room for those whose words only begin so.
const FEW: usize = 10;
/// Words that names have in two ways.
const TWO_WAYS: [(&str, &str); 5] =
    [("st", "saint"), ("ste", "sainte"), ("mt", "mount"), ("ctr", "center"), ("univ", "university")];

/// Whom to search for.
#[derive(Debug, Clone, Default)]
pub struct Search<'a> {
    /// A name, or digits of an NPI.
    pub typed: Option<&'a str>,
    /// NPI, or how it begins.
    pub npi: Option<&'a str>,
    /// Clinicians or facilities only.
    pub kind: Option<ProviderKind>,
    /// On this plan's file only.
    pub health_plan: Option<&'a str>,
    /// Where the page before ended.
    pub after: Option<&'a Place>,
    /// Providers at most.
    pub limit: u32,
}

/// Providers found.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// The providers; one more than asked for where there is a next page.
    pub providers: Vec<FoundProvider>,
    /// True where nothing is called as typed, and these are the nearest.
    pub similar: bool,
}

/// Searches the files of the plans that the caller may know of.
pub async fn search(app: &App, caller: &Caller, search: &Search<'_>) -> crate::app::Result<Found> {
    let programs = &super::content(app, None).programs;
    let plans = programs.iter().map(|program| &program.health_plan);
    let wanted = |plan: &&String| caller.serves_plan(plan) && search.health_plan.is_none_or(|wanted| wanted == **plan);
    let plans: Vec<String> = plans.filter(wanted).cloned().collect();
    let kinds = match search.kind {
        Some(kind) => vec![kind.as_str()],
        None => vec![ProviderKind::Individual.as_str(), ProviderKind::Facility.as_str()],
    };
    let scope = Scope { plans: &plans, kinds: &kinds, limit: i64::from(search.limit) + 1 };
    Ok(find(&mut *begin_by_key(&app.pool).await?, &scope, search).await?)
}

async fn find(conn: &mut PgConnection, scope: &Scope<'_>, search: &Search<'_>) -> Result<Found> {
    let typed = search.typed.unwrap_or_default();
    let digits = |text: &str| !text.trim().is_empty() && text.trim().bytes().all(|byte| byte.is_ascii_digit());
    if let Some(npi) = search.npi.or_else(|| search.typed.filter(|typed| digits(typed))) {
        let mut providers = store::by_npi(conn, scope, npi.trim(), search.after).await?;
        let phrase = fold(typed);
        if search.npi.is_some() {
            providers.retain(|found| phrase.split(' ').all(|word| fold(&found.provider.display_name()).contains(word)));
        }
        return Ok(Found { providers, similar: false });
    }
    let phrase = fold(typed);
    if phrase.is_empty() && !typed.trim().is_empty() {
        return Ok(Found::default());
    }
    let mut providers = store::by_name(conn, scope, &phrase, search.after).await?;
    let is_full = providers.len() > search.limit as usize;
    if search.after.is_some() || phrase.is_empty() || is_full || providers.len() >= FEW {
        return Ok(Found { providers, similar: false });
    }
    if let Some(other) = in_the_other_way(&phrase) {
        let found = store::by_name(conn, scope, &other, None).await?;
        add(&mut providers, found);
    }
    let words: Vec<&str> = phrase.split(' ').take(WORDS).collect();
    if providers.is_empty() {
        return less_exactly(conn, scope, &words, search.limit as usize).await;
    }
    if words.len() > 1 {
        let found = by_words(conn, scope, words.iter().map(|word| (*word).to_owned()).collect()).await?;
        add(&mut providers, found);
    }
    providers.truncate(search.limit as usize);
    Ok(Found { providers, similar: false })
}

/// Adds providers that are not among them.
fn add(providers: &mut Vec<FoundProvider>, others: Vec<FoundProvider>) {
    for other in others {
        let is_it =
            |known: &FoundProvider| (&known.place.health_plan, &known.place.npi) == (&other.place.health_plan, &other.place.npi);
        if !providers.iter().any(is_it) {
            providers.push(other);
        }
    }
}

/// The name with its words written in the other way, where one of them can be: `saint marys` for `st marys`.
fn in_the_other_way(phrase: &str) -> Option<String> {
    let other = |word: &str| {
        TWO_WAYS.iter().find_map(|(short, long)| if *short == word { Some(*long) } else { (*long == word).then_some(*short) })
    };
    let words: Vec<String> = phrase.split(' ').map(|word| other(word).unwrap_or(word).to_owned()).collect();
    Some(words.join(" ")).filter(|written| written != phrase)
}

/// Nothing begins as typed: the words in any order, then the words as they may be meant. There is no next page of these.
async fn less_exactly(conn: &mut PgConnection, scope: &Scope<'_>, words: &[&str], limit: usize) -> Result<Found> {
    if words.len() > 1 {
        let mut providers = by_words(conn, scope, words.iter().map(|word| (*word).to_owned()).collect()).await?;
        if !providers.is_empty() {
            providers.truncate(limit);
            return Ok(Found { providers, similar: false });
        }
    }
    let mut meant = Vec::with_capacity(words.len());
    for word in words {
        let meanings = set_right(conn, scope, word).await?;
        if meanings.is_empty() {
            return Ok(Found::default());
        }
        meant.push(meanings);
    }
    let mut providers = Vec::new();
    if let [meanings] = meant.as_slice() {
        for meaning in meanings {
            providers.extend(store::by_name(conn, scope, meaning, None).await?);
        }
    } else {
        let nearest = meant.into_iter().filter_map(|meanings| meanings.into_iter().next()).collect();
        providers = by_words(conn, scope, nearest).await?;
    }
    providers.truncate(limit);
    Ok(Found { providers, similar: true })
}

async fn by_words(conn: &mut PgConnection, scope: &Scope<'_>, mut words: Vec<String>) -> Result<Vec<FoundProvider>> {
    // the longest word is likely the rarest, and it leads
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    store::by_words(conn, scope, &words).await
}

/// The word itself where some name has it, or the words that it may be meant for, nearest first.
async fn set_right(conn: &mut PgConnection, scope: &Scope<'_>, word: &str) -> Result<Vec<String>> {
    let itself = vec![word.to_owned()];
    if !store::words(conn, scope, &itself, 1).await?.is_empty() {
        return Ok(itself);
    }
    if tolerance(word) == 0 {
        return Ok(Vec::new());
    }
    let mut beginnings = store::beginnings(conn, &variants(word)).await?;
    let distance = |beginning: &String| strsim::osa_distance(beginning, word.get(..beginning.len()).unwrap_or(word));
    beginnings.sort_by_cached_key(|beginning| (distance(beginning), beginning.clone()));
    beginnings.truncate(BEGINNINGS);
    // the fault is in the beginning and the rest is right: one letter more or less shifts the rest
    let rests = |beginning: &String| {
        let size = beginning.len();
        let rest = |from: usize| word.get(from..).filter(|rest| !rest.is_empty()).map(|rest| format!("{beginning}{rest}"));
        [size.checked_sub(1).and_then(rest), rest(size), rest(size + 1)]
    };
    let likely: Vec<String> = beginnings.iter().flat_map(rests).flatten().collect();
    let mut meanings = nearest(word, store::words(conn, scope, &likely, 1).await?);
    if meanings.is_empty() {
        meanings = nearest(word, store::words(conn, scope, &beginnings, DEPTH).await?);
    }
    Ok(meanings)
}

fn nearest(word: &str, candidates: Vec<String>) -> Vec<String> {
    let ranked = candidates.into_iter().filter_map(|candidate| Some((wrong_letters(word, &candidate)?, candidate)));
    let mut ranked: Vec<(usize, String)> = ranked.collect();
    ranked.sort_unstable();
    ranked.truncate(MEANINGS);
    ranked.into_iter().map(|(_, candidate)| candidate).collect()
}
