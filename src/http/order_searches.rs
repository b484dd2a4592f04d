//! The search for orders as a body: addresses are kept in many logs, and a member's number has no place there.

use super::body::ValidJson;
use super::orders::{ListFields, ListView, OrderPage, OrderQuery, listed};
use super::problem::Problem;
use super::state::HttpState;
use crate::app::{App, Caller};
use crate::domain::refusal::Fault;
use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes.
pub fn routes() -> OpenApiRouter<HttpState> {
    OpenApiRouter::new().routes(routes!(post_order_search))
}

/// Which orders to list: the parameters of `GET /v1/orders` as a body.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OrderSearch {
    /// A case status, or several separated by commas.
    #[serde(default)]
    status: Option<String>,
    /// Member ID.
    #[serde(default)]
    #[schema(max_length = 40)]
    member_id: Option<String>,
    /// Name of a patient of the practice that asks: words or their beginnings, two letters at least, in any order. For practices.
    #[serde(default)]
    #[schema(min_length = 2, max_length = 100)]
    member_name: Option<String>,
    /// NPI of the ordering provider.
    #[serde(default)]
    #[schema(max_length = 10)]
    ordering_npi: Option<String>,
    /// Case number as a person types it.
    #[serde(default)]
    case_number: Option<String>,
    /// Order ID as a person types it.
    #[serde(default)]
    order_id: Option<String>,
    /// Received at or after: an instant, or a date in UTC.
    #[serde(default)]
    submitted_from: Option<String>,
    /// Received at or before: an instant, or a date in UTC, which counts to its end.
    #[serde(default)]
    submitted_to: Option<String>,
    /// `my_orders`: open, or closed within the last 90 days. `order_status`, the default: all.
    #[serde(default)]
    #[schema(inline)]
    view: Option<ListView>,
    /// `summary` answers what a list shows of each case instead of whole cases.
    #[serde(default)]
    #[schema(inline)]
    fields: Option<ListFields>,
    /// `true` also answers how many cases there are of each status, whatever `status` asks for. For practices.
    #[serde(default)]
    counts: Option<bool>,
    /// Items on a page.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    #[serde(default)]
    cursor: Option<String>,
}

/// Lists the cases that the caller may see, newest first, as `GET /v1/orders` does, with nothing of the question in the address (VER-06).
#[utoipa::path(post, path = "/v1/orders/searches", operation_id = "search_orders", tag = "orders",
    extensions(("x-roles" = json!(["ordering_provider", "servicing_provider", "intake", "nurse", "physician", "health_plan",
                                   "administrator"]))),
    request_body = OrderSearch,
    responses((status = 200, description = "A page of cases", body = OrderPage)))]
async fn post_order_search(
    State(app): State<App>,
    caller: Caller,
    ValidJson(search): ValidJson<OrderSearch>,
) -> Result<Json<OrderPage>, Problem> {
    let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
    let query = OrderQuery {
        status: filled(search.status),
        member_id: filled(search.member_id),
        ordering_npi: filled(search.ordering_npi),
        case_number: filled(search.case_number),
        order_id: filled(search.order_id),
        submitted_from: filled(search.submitted_from),
        submitted_to: filled(search.submitted_to),
        view: search.view,
        fields: search.fields,
        counts: search.counts,
        limit: search.limit,
        cursor: filled(search.cursor),
    };
    let member_name = filled(search.member_name);
    if member_name.as_ref().is_some_and(|typed| typed.chars().filter(|letter| letter.is_alphanumeric()).count() < 2) {
        let fault = Fault::new("/member_name", "too-short", "type two letters of the name at least");
        return Err(Problem::validation(vec![fault]));
    }
    listed(&app, &caller, query, member_name).await.map_err(Problem::in_the_body)
}
