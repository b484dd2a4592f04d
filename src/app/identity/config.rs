//! The file that names the OpenID providers whose people may sign in. Everything that is wrong with it is told at once, and nothing is
//! served until it is right.

use super::Authority;
use super::mapping::{Mapping, Of, PlanOf, RoleOf, TaxIdsOf};
use crate::app::tax_ids::{self, is_tax_id};
use crate::domain::content::Library;
use crate::domain::vocabulary::CallerRole;
use crate::outbound::{Reach, Target};
use chrono::TimeDelta;
use openidconnect::core::CoreJwsSigningAlgorithm;
use openidconnect::{ClientId, ClientSecret, IssuerUrl};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};

/// Algorithms that a provider may sign with: those whose key a provider keeps for itself. Neither none at all, nor a secret that both
/// sides know, is among them.
const ALGORITHMS: [&str; 9] = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"];
/// Clocks may differ by this much at most, in seconds.
const SKEW_AT_MOST: u32 = 300;

/// The file is not one by which people can be let in: every reason.
#[derive(Debug, thiserror::Error)]
#[error("the file of sign-in providers cannot be used:\n{}", .0.join("\n"))]
pub struct Unusable(pub Vec<String>);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default, rename = "provider")]
    providers: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    title: String,
    issuer: String,
    client_id: String,
    client_secret_file: Option<PathBuf>,
    client_secret_env: Option<String>,
    #[serde(default = "usual_scopes")]
    scopes: Vec<String>,
    #[serde(default = "usual_algorithms")]
    algorithms: Vec<String>,
    api_audience: Option<String>,
    #[serde(default = "usual_skew")]
    clock_skew_seconds: u32,
    #[serde(default)]
    own_network: bool,
    #[serde(default)]
    registered: bool,
    role: Option<RoleEntry>,
    tax_ids: Option<TaxIdsEntry>,
    health_plan: Option<PlanEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RoleEntry {
    claim: Option<String>,
    words: Option<BTreeMap<String, String>>,
    value: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TaxIdsEntry {
    claim: String,
    only: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PlanEntry {
    claim: Option<String>,
    words: Option<BTreeMap<String, String>>,
    value: Option<String>,
}

fn usual_scopes() -> Vec<String> {
    vec!["profile".to_owned(), "email".to_owned()]
}

fn usual_algorithms() -> Vec<String> {
    vec!["RS256".to_owned()]
}

const fn usual_skew() -> u32 {
    60
}

/// Reads the file.
pub fn read(file: &Path, library: &Library) -> Result<Vec<Authority>, Unusable> {
    let unusable = |error: &dyn std::fmt::Display| Unusable(vec![format!("{}: {error}", file.display())]);
    let text = std::fs::read_to_string(file).map_err(|error| unusable(&error))?;
    parse(&text, file.parent().unwrap_or(Path::new("")), library)
}

/// Reads its text; files that it names are looked for below `dir`.
pub fn parse(text: &str, dir: &Path, library: &Library) -> Result<Vec<Authority>, Unusable> {
    let file: File = toml::from_str(text).map_err(|error| Unusable(vec![error.to_string().trim_end().to_owned()]))?;
    let (mut authorities, mut faults) = (Vec::new(), Vec::new());
    let (mut names, mut issuers) = (HashSet::new(), HashSet::new());
    for entry in file.providers {
        let mut found = Vec::new();
        if !names.insert(entry.name.clone()) {
            found.push("name: another provider has this name".to_owned());
        }
        if !issuers.insert(entry.issuer.clone()) {
            found.push("issuer: another provider has this issuer".to_owned());
        }
        let name = entry.name.clone();
        let authority = authority(entry, dir, library, &mut found);
        faults.extend(found.into_iter().map(|fault| format!("provider `{name}`: {fault}")));
        authorities.extend(authority);
    }
    if faults.is_empty() { Ok(authorities) } else { Err(Unusable(faults)) }
}

fn authority(entry: Entry, dir: &Path, library: &Library, faults: &mut Vec<String>) -> Option<Authority> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if entry.name.is_empty() || entry.name.len() > 40 || !entry.name.bytes().all(plain) {
        faults.push("name: has 1 to 40 lower-case letters, digits and dashes; it stands in an address".to_owned());
    }
    if entry.title.trim().is_empty() || entry.client_id.is_empty() {
        faults.push("title and client_id must not be empty".to_owned());
    }
    let reach = if entry.own_network { Reach::OwnNetwork } else { Reach::Public };
    let issuer = issuer(&entry.issuer, reach).map_err(|fault| faults.push(format!("issuer: {fault}"))).ok();
    if entry.api_audience.as_deref().is_some_and(|audience| audience.is_empty() || audience == entry.client_id) {
        faults.push(
            "api_audience: must be another than client_id, or whoever may read an ID token could call the API with it".to_owned(),
        );
    }
    if entry.clock_skew_seconds > SKEW_AT_MOST {
        faults.push(format!("clock_skew_seconds: {SKEW_AT_MOST} at most"));
    }
    let client_secret = secret(&entry, dir).unwrap_or_else(|fault| {
        faults.push(fault);
        None
    });
    let algorithms = algorithms(&entry.algorithms, faults);
    // whoever registered here needs no word of the provider's
    let mapping = if entry.registered && entry.role.is_none() { None } else { Some(mapping(&entry, library, faults)?) };
    Some(Authority {
        name: entry.name,
        title: entry.title.trim().to_owned(),
        issuer: issuer?,
        client_id: ClientId::new(entry.client_id),
        client_secret,
        scopes: entry.scopes,
        algorithms,
        api_audience: entry.api_audience,
        clock_skew: TimeDelta::seconds(i64::from(entry.clock_skew_seconds)),
        reach,
        mapping,
        registered: entry.registered,
    })
}

/// An issuer is compared byte by byte with what tokens say, and has neither query nor fragment.
fn issuer(text: &str, reach: Reach) -> Result<IssuerUrl, String> {
    Target::parse(text, reach).map_err(|(_, why)| format!("{why}; own_network = true allows more"))?;
    if text.contains(['?', '#']) {
        return Err("has neither a query nor a fragment".to_owned());
    }
    IssuerUrl::new(text.to_owned()).map_err(|error| error.to_string())
}

fn secret(entry: &Entry, dir: &Path) -> Result<Option<ClientSecret>, String> {
    let text = match (&entry.client_secret_file, &entry.client_secret_env) {
        (None, None) => return Ok(None),
        (Some(_), Some(_)) => return Err("client_secret_file and client_secret_env: give one of them".to_owned()),
        (Some(file), None) => {
            let file = dir.join(file);
            std::fs::read_to_string(&file).map_err(|error| format!("client_secret_file: {}: {error}", file.display()))?
        }
        (None, Some(variable)) => std::env::var(variable).map_err(|_| format!("client_secret_env: {variable} is not set"))?,
    };
    let text = text.trim_end_matches(['\r', '\n']);
    if text.is_empty() { Err("the client's secret is empty".to_owned()) } else { Ok(Some(ClientSecret::new(text.to_owned()))) }
}

fn algorithms(names: &[String], faults: &mut Vec<String>) -> Vec<CoreJwsSigningAlgorithm> {
    let mut known = Vec::new();
    for name in names {
        let algorithm = ALGORITHMS.contains(&name.as_str()).then(|| serde_json::from_value(serde_json::json!(name)));
        match algorithm {
            Some(Ok(algorithm)) => known.push(algorithm),
            _ => faults.push(format!("algorithms: `{name}` is none of {}", ALGORITHMS.join(", "))),
        }
    }
    if names.is_empty() {
        faults.push("algorithms: name at least one".to_owned());
    }
    known
}

fn mapping(entry: &Entry, library: &Library, faults: &mut Vec<String>) -> Option<Mapping> {
    let role = role(entry.role.as_ref(), faults)?;
    let roles = role.possible();
    let is_practice = |role: &CallerRole| matches!(role, CallerRole::OrderingProvider | CallerRole::ServicingProvider);
    if roles.iter().any(is_practice) && entry.tax_ids.is_none() {
        faults.push("tax_ids: practices are bound to tax IDs; say in which claim they stand".to_owned());
    }
    if roles.contains(&CallerRole::HealthPlan) && entry.health_plan.is_none() {
        faults.push("health_plan: people of a plan are bound to it; say which it is, or in which claim it stands".to_owned());
    }
    let health_plan = entry.health_plan.as_ref().and_then(|entry| plan(entry, library, faults));
    let tax_ids = entry.tax_ids.as_ref().map(|entry| tax_ids(entry, faults));
    Some(Mapping { role, tax_ids, health_plan })
}

fn role(entry: Option<&RoleEntry>, faults: &mut Vec<String>) -> Option<RoleOf> {
    let mut known = |word: &str| {
        let role = CallerRole::parse(word);
        if role.is_none() {
            faults.push(format!("role: `{word}` is none of the service's roles"));
        }
        role
    };
    match entry {
        Some(RoleEntry { claim: None, words: None, value: Some(word) }) => known(word).map(Of::Everybody),
        Some(RoleEntry { claim: Some(claim), words: Some(words), value: None }) if !words.is_empty() => {
            let words = words.iter().filter_map(|(word, role)| Some((word.clone(), known(role)?))).collect();
            Some(Of::Claim { claim: claim.clone(), words })
        }
        _ => {
            faults.push(
                "role: give either `value`, or `claim` and `words`, which says what each of the provider's words means here"
                    .to_owned(),
            );
            None
        }
    }
}

fn plan(entry: &PlanEntry, library: &Library, faults: &mut Vec<String>) -> Option<PlanOf> {
    let mut known = |plan: &str| {
        if !library.releases().any(|content| content.program_of_plan(plan).is_some()) {
            faults.push(format!("health_plan: no program is run for `{plan}`"));
        }
    };
    match entry {
        PlanEntry { claim: None, words: None, value: Some(plan) } => {
            known(plan);
            Some(Of::Everybody(plan.clone()))
        }
        PlanEntry { claim: Some(claim), words: Some(words), value: None } if !words.is_empty() => {
            for plan in words.values() {
                known(plan);
            }
            Some(Of::Claim { claim: claim.clone(), words: words.clone() })
        }
        _ => {
            faults.push(
                "health_plan: give either `value`, or `claim` and `words`, which says which plan each of the provider's words means"
                    .to_owned(),
            );
            None
        }
    }
}

fn tax_ids(entry: &TaxIdsEntry, faults: &mut Vec<String>) -> TaxIdsOf {
    let only = entry.only.as_ref().map(|list| list.iter().filter_map(|text| tax_ids::read(text)).collect::<BTreeSet<_>>());
    if entry.only.iter().flatten().any(|text| !is_tax_id(text)) {
        faults.push("tax_ids: those in `only` have nine digits".to_owned());
    }
    TaxIdsOf { claim: entry.claim.clone(), only }
}
