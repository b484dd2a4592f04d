//! Letters to member and provider, as data, page and PDF.

use super::accept::{Accepted, PdfFile, answer};
use super::path::Id;
use super::problem::Problem;
use super::state::HttpState;
use crate::app::letters::{self, Letter};
use crate::app::{App, Caller};
use crate::domain::case::LetterReference;
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes.
pub fn routes() -> OpenApiRouter<HttpState> {
    OpenApiRouter::new().routes(routes!(list_order_letters)).routes(routes!(get_letter))
}

/// The letters of a case. There are a few only, so they come on one page.
#[derive(Debug, Serialize, ToSchema)]
struct Letters {
    /// In the order in which they were issued.
    items: Vec<LetterReference>,
    /// Always null.
    next_cursor: Option<String>,
}

/// Lists the letters of a case (DET-10).
///
/// Letters are there from the moment of the decision. A servicing provider sees those to the provider.
#[utoipa::path(get, path = "/v1/orders/{case_id}/letters", operation_id = "list_order_letters", tag = "documents",
    extensions(("x-roles" = json!(["ordering_provider", "servicing_provider", "intake", "nurse", "physician", "health_plan",
                                   "administrator"]))),
    params(("case_id" = Uuid, Path, description = "The case")),
    responses((status = 200, description = "Its letters", body = Letters)))]
async fn list_order_letters(State(app): State<App>, caller: Caller, Id(case_id): Id) -> Result<Json<Letters>, Problem> {
    Ok(Json(Letters { items: letters::list(&app, &caller, case_id).await?, next_cursor: None }))
}

/// Reads a letter (DET-10).
///
/// `Accept` chooses between JSON, a page and a PDF to print and send. A letter never changes.
#[utoipa::path(get, path = "/v1/letters/{letter_id}", operation_id = "get_letter", tag = "documents",
    extensions(("x-roles" = json!(["ordering_provider", "servicing_provider", "intake", "nurse", "physician", "health_plan",
                                   "administrator"]))),
    params(("letter_id" = Uuid, Path, description = "The letter")),
    responses((status = 200, description = "The letter", content(
                  (Letter = "application/json"), (String = "text/html"), (PdfFile = "application/pdf"))),
              (status = 406, description = "`Accept` names neither JSON nor HTML nor PDF")))]
async fn get_letter(
    State(app): State<App>,
    caller: Caller,
    Accepted(format): Accepted,
    Id(letter_id): Id,
) -> Result<Response, Problem> {
    answer(letters::get(&app, &caller, letter_id, format).await?)
}
