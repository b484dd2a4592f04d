//! Searching the provider files at every keystroke (PRV-04, PRV-07).
//!
//! Every statement walks index ranges of a few rows: each plan and kind asked for is its own range, read in order up to the limit.
//! Names are those that the triggers of migration 0040 keep: lower case words, beginning with each word in turn.

use super::Result;
use super::facts::read;
use crate::domain::roster::ProviderRow;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

/// Providers looked at for the words that the first one leaves open.
const LOOKED_AT: i64 = 1_000;
/// Beginnings of words that a misspelt one may stand for.
const BEGINNINGS: i64 = 200;

/// Among whom to search, and how many to find.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// Health plans.
    pub plans: &'a [String],
    /// Kinds: `individual`, `facility`.
    pub kinds: &'a [&'static str],
    /// Providers at most.
    pub limit: i64,
}

/// Where a page ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Name as search sees it; the NPI where the search was by NPI.
    pub name: String,
    /// Health plan.
    pub health_plan: String,
    /// NPI.
    pub npi: String,
}

/// A provider, the plan whose file it is on, and its place among the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundProvider {
    /// Its place.
    pub place: Place,
    /// The provider.
    pub provider: ProviderRow,
}

struct Row {
    name: String,
    health_plan: String,
    npi: String,
    document: String,
}

impl TryFrom<Row> for FoundProvider {
    type Error = super::Error;

    fn try_from(row: Row) -> Result<Self> {
        let provider = read("providers.document", &row.document)?;
        Ok(Self { place: Place { name: row.name, health_plan: row.health_plan, npi: row.npi }, provider })
    }
}

fn found(rows: Vec<Row>) -> Result<Vec<FoundProvider>> {
    rows.into_iter().map(FoundProvider::try_from).collect()
}

/// The end of the range of everything that begins so.
fn end_of(beginning: &str) -> String {
    format!("{beginning}\u{10ffff}")
}

/// Providers with a name that begins so, each once, in order of that name.
pub async fn by_name(
    conn: &mut PgConnection,
    scope: &Scope<'_>,
    beginning: &str,
    after: Option<&Place>,
) -> Result<Vec<FoundProvider>> {
    let rows = sqlx::query_as!(
        Row,
        r#"select hit.name as "name!", hit.health_plan as "health_plan!", hit.npi as "npi!", p.document::text as "document!"
           from (
             select one.* from unnest($1::text[]) as plan (id), unnest($2::text[]) as sort (kind), lateral (
               select n.name, n.health_plan, n.npi from provider_names n
               where n.health_plan = plan.id and n.kind = sort.kind
                 and n.name >= greatest($3::text collate "C", $5::text collate "C") and n.name < $4::text
                 and ($5::text is null or (n.name, n.health_plan, n.npi) > ($5, $6, $7))
                 and not exists (select from provider_names earlier
                                 where earlier.health_plan = n.health_plan and earlier.npi = n.npi
                                   and earlier.name >= $3 and earlier.name < n.name)
               order by n.name, n.npi limit $8
             ) as one
             order by one.name, one.health_plan, one.npi limit $8
           ) as hit
           join providers p on p.health_plan = hit.health_plan and p.npi = hit.npi
           order by hit.name, hit.health_plan, hit.npi"#,
        scope.plans,
        scope.kinds as &[&str],
        beginning,
        end_of(beginning),
        after.map(|place| place.name.as_str()),
        after.map(|place| place.health_plan.as_str()),
        after.map(|place| place.npi.as_str()),
        scope.limit,
    )
    .fetch_all(conn)
    .await?;
    found(rows)
}

/// Providers that have a word for each of these beginnings, in any order; the first beginning leads, and only so many are looked at.
pub async fn by_words(conn: &mut PgConnection, scope: &Scope<'_>, words: &[String]) -> Result<Vec<FoundProvider>> {
    let Some(leading) = words.first() else { return Ok(Vec::new()) };
    let ends: Vec<String> = words.iter().map(|word| end_of(word)).collect();
    let rows = sqlx::query_as!(
        Row,
        r#"select hit.name as "name!", hit.health_plan as "health_plan!", hit.npi as "npi!", p.document::text as "document!"
           from (
             select one.* from unnest($1::text[]) as plan (id), unnest($2::text[]) as sort (kind), lateral (
               select n.name, n.health_plan, n.npi from provider_names n
               where n.health_plan = plan.id and n.kind = sort.kind and n.name >= $3::text and n.name < $4::text
               order by n.name, n.npi limit $7
             ) as one
             where not exists (
               select from unnest($5::text[], $6::text[]) as word (beginning, ending)
               where not exists (select from provider_names other
                                 where other.health_plan = one.health_plan and other.npi = one.npi
                                   and other.name >= word.beginning and other.name < word.ending))
             order by one.name, one.health_plan, one.npi limit $8
           ) as hit
           join providers p on p.health_plan = hit.health_plan and p.npi = hit.npi
           order by hit.name, hit.health_plan, hit.npi"#,
        scope.plans,
        scope.kinds as &[&str],
        leading,
        end_of(leading),
        words,
        &ends,
        LOOKED_AT,
        scope.limit,
    )
    .fetch_all(conn)
    .await?;
    let mut providers = found(rows)?;
    // a name with the leading word twice comes twice
    let mut seen = std::collections::HashSet::new();
    providers.retain(|found| seen.insert((found.place.health_plan.clone(), found.place.npi.clone())));
    Ok(providers)
}

/// Providers whose NPI begins so, in order.
pub async fn by_npi(conn: &mut PgConnection, scope: &Scope<'_>, npi: &str, after: Option<&Place>) -> Result<Vec<FoundProvider>> {
    let rows = sqlx::query_as!(
        Row,
        r#"select one.npi as "name!", one.health_plan as "health_plan!", one.npi as "npi!", one.document as "document!"
           from unnest($1::text[]) as plan (id), lateral (
             select p.health_plan, p.npi, p.document::text as document from providers p
             where p.health_plan = plan.id and p.npi >= $3 and p.npi < $4 and p.kind = any($2::text[])
               and ($5::text is null or (p.npi, p.health_plan) > ($5, $6))
             order by p.npi limit $7
           ) as one
           order by one.npi, one.health_plan limit $7"#,
        scope.plans,
        scope.kinds as &[&str],
        npi,
        end_of(npi),
        after.map(|place| place.npi.as_str()),
        after.map(|place| place.health_plan.as_str()),
        scope.limit,
    )
    .fetch_all(conn)
    .await?;
    found(rows)
}

/// Beginnings of words on file that share one of these variants.
pub async fn beginnings(conn: &mut PgConnection, variants: &[String]) -> Result<Vec<String>> {
    let beginnings = sqlx::query_scalar!(
        "select distinct beginning from provider_name_beginnings where variant = any($1) limit $2",
        variants,
        BEGINNINGS,
    )
    .fetch_all(conn)
    .await?;
    Ok(beginnings)
}

/// First words of the names that begin so; of each beginning, as many names as `depth` are looked at.
pub async fn words(conn: &mut PgConnection, scope: &Scope<'_>, beginnings: &[String], depth: i64) -> Result<Vec<String>> {
    let ends: Vec<String> = beginnings.iter().map(|beginning| end_of(beginning)).collect();
    let words = sqlx::query_scalar!(
        r#"select distinct split_part(one.name, ' ', 1) as "word!"
           from unnest($1::text[]) as plan (id), unnest($2::text[]) as sort (kind), unnest($3::text[], $4::text[]) as range (beginning, ending),
             lateral (
               select n.name from provider_names n
               where n.health_plan = plan.id and n.kind = sort.kind and n.name >= range.beginning and n.name < range.ending
               order by n.name limit $5
             ) as one"#,
        scope.plans,
        scope.kinds as &[&str],
        beginnings,
        &ends,
        depth,
    )
    .fetch_all(conn)
    .await?;
    Ok(words)
}
