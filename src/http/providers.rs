//! Searching providers (PRV-04).

use super::paging::{self, DEFAULT_LIMIT, Page};
use super::problem::Problem;
use super::query::ValidQuery;
use super::state::HttpState;
use crate::app::providers::{self, Search};
use crate::app::{App, Caller};
use crate::domain::roster::ProviderKind;
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes.
pub fn routes() -> OpenApiRouter<HttpState> {
    OpenApiRouter::new().routes(routes!(list_providers))
}

/// Whom to search for.
#[derive(Debug, Deserialize, IntoParams)]
struct ProviderQuery {
    /// Part of a name (`Last, First` too), or how an NPI begins.
    #[param(max_length = 200)]
    q: Option<String>,
    /// Health plan.
    #[param(max_length = 100)]
    health_plan: Option<String>,
    #[param(inline)]
    /// Clinicians or facilities.
    kind: Option<ProviderKind>,
    /// Items on a page.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A provider as a plan's file has it, without tax IDs.
#[derive(Debug, Serialize, ToSchema)]
struct ProviderBody {
    /// The plan.
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
    /// State.
    state: Option<String>,
    /// Address.
    #[schema(value_type = Option<Object>)]
    address: Option<serde_json::Value>,
    /// Phone.
    phone: Option<String>,
    /// True when the plan contracts with it.
    in_network: bool,
}

/// Searches ordering and servicing providers by name or NPI; each shows whether it is in the plan's network.
#[utoipa::path(get, path = "/v1/providers", operation_id = "list_providers", tag = "catalogue",
    extensions(("x-roles" = json!(["ordering_provider", "servicing_provider", "intake", "nurse", "physician", "health_plan",
                                   "administrator"]))),
    params(ProviderQuery), responses((status = 200, description = "A page of providers", body = Page<ProviderBody>)))]
async fn list_providers(
    State(app): State<App>,
    caller: Caller,
    ValidQuery(query): ValidQuery<ProviderQuery>,
) -> Result<Json<Page<ProviderBody>>, Problem> {
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
    let after: Option<(String, String)> = paging::decode(query.cursor.as_deref())?;
    let search = Search { text: query.q, health_plan: query.health_plan, kind: query.kind, after, limit: i64::from(limit) + 1 };
    let found = providers::search(&app, &caller, &search).await?;
    let page = Page::new(found, limit, |found| (found.health_plan.clone(), found.provider.npi.clone()));
    Ok(Json(page.map(|found| ProviderBody {
        health_plan: found.health_plan,
        display_name: found.provider.display_name(),
        npi: found.provider.npi,
        kind: found.provider.kind,
        first_name: found.provider.first_name,
        last_name: found.provider.last_name,
        name: found.provider.name,
        specialty: found.provider.specialty,
        state: found.provider.state,
        address: found.provider.address,
        phone: found.provider.phone,
        in_network: found.provider.in_network,
    })))
}
