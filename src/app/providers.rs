//! Searching the provider files (PRV-04).

use super::orders::typed_key;
use super::{App, Caller, Result};
use crate::domain::roster::ProviderKind;
use crate::domain::vocabulary::CallerRole;
use crate::store;
pub use crate::store::providers::FoundProvider;

/// Whom to search for.
#[derive(Debug, Clone, Default)]
pub struct Search {
    /// Part of a name, or how an NPI begins.
    pub text: Option<String>,
    /// Health plan.
    pub health_plan: Option<String>,
    /// Clinicians or facilities.
    pub kind: Option<ProviderKind>,
    /// Where the page before ended: health plan and NPI.
    pub after: Option<(String, String)>,
    /// Providers at most.
    pub limit: i64,
}

/// Searches in the order of plans and NPIs. A health plan finds its own providers only.
pub async fn search(app: &App, caller: &Caller, search: &Search) -> Result<Vec<FoundProvider>> {
    let own = caller.health_plan.as_deref().filter(|_| caller.role == CallerRole::HealthPlan);
    let asked = search.health_plan.as_deref();
    if asked.is_some_and(|plan| !caller.serves_plan(plan)) {
        return Ok(Vec::new());
    }
    let text = search.text.as_deref().map(str::trim).filter(|text| !text.is_empty());
    let is_npi = text.is_some_and(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    let name = text.filter(|_| !is_npi).map(typed_key);
    let wanted = store::providers::Search {
        health_plan: own.or(asked),
        name: name.as_deref(),
        npi: text.filter(|_| is_npi),
        kind: search.kind.map(ProviderKind::as_str),
        after: search.after.as_ref().map(|(plan, npi)| (plan.as_str(), npi.as_str())),
        limit: search.limit,
    };
    Ok(store::providers::search(&mut *app.pool.acquire().await?, &wanted).await?)
}
