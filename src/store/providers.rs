//! Searching the provider files (PRV-04).

use super::Result;
use super::facts::read;
use crate::domain::roster::ProviderRow;
use sqlx::PgConnection;

/// Whom to search for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Search<'a> {
    /// Health plan; any where there is none.
    pub health_plan: Option<&'a str>,
    /// Key of a part of the name; any where there is none.
    pub name: Option<&'a str>,
    /// NPI, or how it begins.
    pub npi: Option<&'a str>,
    /// `individual` or `facility`.
    pub kind: Option<&'a str>,
    /// Where the page before ended: health plan and NPI.
    pub after: Option<(&'a str, &'a str)>,
    /// Providers at most.
    pub limit: i64,
}

/// A provider with the plan whose file it is on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundProvider {
    /// Health plan.
    pub health_plan: String,
    /// The provider.
    pub provider: ProviderRow,
}

/// Searches, in order of plan and NPI.
pub async fn search(conn: &mut PgConnection, search: &Search<'_>) -> Result<Vec<FoundProvider>> {
    let (after_plan, after_npi) = search.after.unzip();
    let rows = sqlx::query!(
        r#"select health_plan, document::text as "document!" from providers
           where ($1::text is null or health_plan = $1)
             and ($2::text is null or position($2 in folded_name) > 0)
             and ($3::text is null or starts_with(npi, $3))
             and ($4::text is null or kind = $4)
             and ($5::text is null or (health_plan, npi) > ($5, $6))
           order by health_plan, npi limit $7"#,
        search.health_plan,
        search.name,
        search.npi,
        search.kind,
        after_plan,
        after_npi,
        search.limit,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| Ok(FoundProvider { health_plan: row.health_plan, provider: read("providers.document", &row.document)? }))
        .collect()
}
