//! Searching providers (PRV-04, PRV-07).

use super::paging::{self, DEFAULT_LIMIT, Page};
use super::problem::Problem;
use super::query::ValidQuery;
use super::state::HttpState;
use crate::app::catalog::providers::{self, FoundProvider, Place};
use crate::app::{App, Caller};
use crate::domain::roster::{ProviderKind, any_json};
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes.
pub fn routes() -> OpenApiRouter<HttpState> {
    OpenApiRouter::new().routes(routes!(list_providers))
}

/// A provider on a plan's file, without its tax IDs.
#[derive(Debug, Serialize, ToSchema)]
struct ProviderBody {
    /// Id of the health plan.
    health_plan: String,
    /// National Provider Identifier.
    npi: String,
    /// Clinician or facility.
    kind: ProviderKind,
    /// Name as a person would write it.
    display_name: String,
    /// First name of a clinician.
    first_name: Option<String>,
    /// Last name of a clinician.
    last_name: Option<String>,
    /// Name of a facility.
    name: Option<String>,
    /// Specialty.
    specialty: Option<String>,
    /// State of practice.
    state: Option<String>,
    /// Address in one line, or as an object.
    #[schema(schema_with = any_json)]
    address: Option<serde_json::Value>,
    /// Phone.
    phone: Option<String>,
    /// True when the plan contracts with it.
    in_network: bool,
    /// `name`: called so, as far as typed. `similar`: nothing is called so, and this is the nearest.
    matched: Matched,
}

/// How a provider was found.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Matched {
    /// By what was typed.
    Exact,
    /// By words that resemble it.
    Similar,
}

fn body(found: FoundProvider, matched: Matched) -> ProviderBody {
    let provider = found.provider;
    ProviderBody {
        health_plan: found.place.health_plan,
        npi: provider.npi.clone(),
        kind: provider.kind,
        display_name: provider.display_name(),
        first_name: provider.first_name,
        last_name: provider.last_name,
        name: provider.name,
        specialty: provider.specialty,
        state: provider.state,
        address: provider.address,
        phone: provider.phone,
        in_network: provider.in_network,
        matched,
    }
}

/// Whom to search for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ProviderQuery {
    /// What was typed so far: words of a facility's name, a clinician's first and last name in either order, or digits of an NPI.
    /// Misspellings are forgiven where nothing fits.
    #[param(max_length = 200)]
    q: Option<String>,
    /// NPI, or how it begins.
    #[param(pattern = "^[0-9]{1,10}$")]
    npi: Option<String>,
    /// `individual` for clinicians, who alone can order, or `facility`.
    #[param(inline)]
    kind: Option<ProviderKind>,
    /// On this plan's file only.
    #[param(max_length = 100)]
    health_plan: Option<String>,
    /// Items on a page.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    #[param(max_length = 2000)]
    cursor: Option<String>,
}

/// Searches providers by name or NPI; each shows whether it is in the plan's network.
///
/// A provider on the files of several plans comes once for each.
#[utoipa::path(get, path = "/v1/providers", operation_id = "list_providers", tag = "catalogue",
    extensions(("x-roles" = json!(["ordering_provider", "servicing_provider", "intake", "nurse", "physician", "health_plan",
                                   "administrator"]))),
    params(ProviderQuery),
    responses((status = 200, description = "A page of providers, best first", body = Page<ProviderBody>)))]
async fn list_providers(
    State(app): State<App>,
    caller: Caller,
    ValidQuery(query): ValidQuery<ProviderQuery>,
) -> Result<Json<Page<ProviderBody>>, Problem> {
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
    let after: Option<Place> = paging::decode(query.cursor.as_deref())?;
    let search = providers::Search {
        typed: query.q.as_deref(),
        npi: query.npi.as_deref(),
        kind: query.kind,
        health_plan: query.health_plan.as_deref(),
        after: after.as_ref(),
        limit,
    };
    let found = providers::search(&app, &caller, &search).await?;
    let matched = if found.similar { Matched::Similar } else { Matched::Exact };
    let page = Page::new(found.providers, limit, |found| found.place.clone());
    Ok(Json(page.map(|found| body(found, matched))))
}
