//! Order summaries, as data, page and PDF.

use super::accept::{Accepted, PdfFile, answer};
use super::path::Id;
use super::problem::Problem;
use super::state::HttpState;
use crate::app::summaries::{self, Summary};
use crate::app::{App, Caller};
use axum::extract::State;
use axum::response::Response;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes.
pub fn routes() -> OpenApiRouter<HttpState> {
    OpenApiRouter::new().routes(routes!(get_order_summary))
}

/// Reads the summary of an order.
///
/// What is approved drug by drug, the numbers, the S-codes with billing instructions (for those who may bill or read them out), the
/// Pathway, disease information and codes, deviations and the state of review. `Accept` chooses between JSON, a page and a PDF to print
/// or keep (VER-01, VER-04, VER-09).
#[utoipa::path(get, path = "/v1/orders/{case_id}/summary", operation_id = "get_order_summary", tag = "documents",
    extensions(("x-roles" = json!(["ordering_provider", "servicing_provider", "intake", "nurse", "physician", "health_plan",
                                   "administrator"]))),
    params(("case_id" = Uuid, Path, description = "The case")),
    responses((status = 200, description = "The summary", content(
                  (Summary = "application/json"), (String = "text/html"), (PdfFile = "application/pdf"))),
              (status = 406, description = "`Accept` names neither JSON nor HTML nor PDF")))]
async fn get_order_summary(
    State(app): State<App>,
    caller: Caller,
    Accepted(format): Accepted,
    Id(case_id): Id,
) -> Result<Response, Problem> {
    answer(summaries::get(&app, &caller, case_id, format).await?)
}
