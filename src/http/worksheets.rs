//! Worksheets of what to have ready, as data, page and PDF.

use super::accept::{Accepted, PdfFile, answer};
use super::paging::{self, DEFAULT_LIMIT, Page};
use super::problem::Problem;
use super::query::ValidQuery;
use super::state::HttpState;
use crate::app::App;
use crate::app::worksheets::{self, Worksheet};
use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes.
pub fn routes() -> OpenApiRouter<HttpState> {
    OpenApiRouter::new().routes(routes!(list_worksheets)).routes(routes!(get_worksheet))
}

/// Which worksheets to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct WorksheetQuery {
    /// Program, such as `quality-care-cancer`; every program's when left out.
    #[param(max_length = 100)]
    program: Option<String>,
    /// Key of the cancer type; every one when left out.
    #[param(max_length = 40)]
    cancer: Option<String>,
    /// Items on a page.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    #[param(max_length = 500)]
    cursor: Option<String>,
}

/// A worksheet.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct WorksheetReference {
    /// The program.
    program: String,
    /// The cancer type.
    cancer_type: String,
    /// Its name.
    cancer_name: String,
    /// Where it is read.
    href: String,
}

/// Lists the worksheets, one for each cancer type and program.
#[utoipa::path(get, path = "/v1/worksheets", operation_id = "list_worksheets", tag = "documents",
    extensions(("x-roles" = json!(["ordering_provider", "servicing_provider", "intake", "nurse", "physician", "health_plan",
                                   "administrator"]))),
    params(WorksheetQuery),
    responses((status = 200, description = "A page of worksheets", body = Page<WorksheetReference>)))]
async fn list_worksheets(
    State(app): State<App>,
    ValidQuery(query): ValidQuery<WorksheetQuery>,
) -> Result<Json<Page<WorksheetReference>>, Problem> {
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
    let begin = paging::decode::<usize>(query.cursor.as_deref())?.unwrap_or(0);
    let all = worksheets::list(&app, query.program.as_deref(), query.cancer.as_deref());
    let shown = all.into_iter().enumerate().skip(begin).take(usize::try_from(limit).unwrap_or(usize::MAX).saturating_add(1));
    let reference = |(place, (program, cancer)): (usize, (std::sync::Arc<_>, std::sync::Arc<_>))| {
        let (program, cancer): (&crate::domain::content::Program, &crate::domain::content::Cancer) = (&program, &cancer);
        let reference = WorksheetReference {
            program: program.id.clone(),
            cancer_type: cancer.key.clone(),
            cancer_name: cancer.name.clone(),
            href: format!("/v1/worksheets/{}/{}", program.id, cancer.key),
        };
        (place, reference)
    };
    let page = Page::new(shown.map(reference).collect(), limit, |(place, _)| place + 1);
    Ok(Json(page.map(|(_, reference)| reference)))
}

/// Reads a worksheet: what an order of this cancer type has to have ready in this program, with the biomarkers and other answers that its
/// regimens and policies ask for.
///
/// `Accept` chooses between JSON, a page and a PDF to print.
#[utoipa::path(get, path = "/v1/worksheets/{program}/{cancer_type}", operation_id = "get_worksheet", tag = "documents",
    extensions(("x-roles" = json!(["ordering_provider", "servicing_provider", "intake", "nurse", "physician", "health_plan",
                                   "administrator"]))),
    params(("program" = String, Path, description = "Id of the program"),
           ("cancer_type" = String, Path, description = "Key of the cancer type")),
    responses((status = 200, description = "The worksheet", content(
                  (Worksheet = "application/json"), (String = "text/html"), (PdfFile = "application/pdf"))),
              (status = 406, description = "`Accept` names neither JSON nor HTML nor PDF")))]
async fn get_worksheet(
    State(app): State<App>,
    Accepted(format): Accepted,
    Path((program, cancer_type)): Path<(String, String)>,
) -> Result<Response, Problem> {
    answer(worksheets::get(&app, &program, &cancer_type, format).await?)
}
