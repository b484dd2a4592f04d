//! The reasons that reviewers of a program may give for a determination (DET-10).

use super::problem::Problem;
use super::query::ValidQuery;
use super::state::HttpState;
use crate::app::App;
use crate::domain::content::{Program, Reason};
use crate::domain::refusal::Fault;
use crate::domain::review::LineOutcome;
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes.
pub fn routes() -> OpenApiRouter<HttpState> {
    OpenApiRouter::new().routes(routes!(list_reason_codes))
}

/// Whose codes.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ReasonQuery {
    /// Program, such as `quality-care-cancer`; every program's when left out.
    #[param(max_length = 100)]
    program: Option<String>,
    /// Only codes for this decision.
    #[param(inline)]
    decision: Option<LineOutcome>,
}

/// A reason for a determination.
#[derive(Debug, Serialize, ToSchema)]
struct ReasonBody {
    /// The program.
    program: String,
    /// The code, as determinations name it in `reason_code`.
    reason_code: String,
    /// What it may be given for.
    decision: LineOutcome,
    /// For the member, in English.
    lay: String,
    /// For the member, by language; letters in another language use English.
    lay_by_language: BTreeMap<String, String>,
    /// For the ordering provider.
    clinical: String,
    /// The code of X12's code source 886 that it maps to; null until content has it.
    x12: Option<String>,
}

fn body(program: &Program, reason: &Reason) -> ReasonBody {
    ReasonBody {
        program: program.id.clone(),
        reason_code: reason.code.clone(),
        decision: reason.decision,
        lay: reason.lay("en", true).to_owned(),
        lay_by_language: reason.lay.clone(),
        clinical: reason.clinical.clone(),
        x12: reason.x12.clone(),
    }
}

/// The reasons of one or all programs. There are a few only, so they come on one page.
#[derive(Debug, Serialize, ToSchema)]
struct ReasonCodes {
    /// In the order in which content lists them.
    items: Vec<ReasonBody>,
    /// Always null.
    next_cursor: Option<String>,
}

/// Lists the codes that reviewers may give as `reason_code`, in words for the member and for the provider.
#[utoipa::path(get, path = "/v1/reason-codes", operation_id = "list_reason_codes", tag = "catalogue",
    extensions(("x-roles" = json!(["ordering_provider", "servicing_provider", "intake", "nurse", "physician", "health_plan",
                                   "administrator"]))),
    params(ReasonQuery),
    responses((status = 200, description = "The codes", body = ReasonCodes)))]
async fn list_reason_codes(
    State(app): State<App>,
    ValidQuery(query): ValidQuery<ReasonQuery>,
) -> Result<Json<ReasonCodes>, Problem> {
    let content = app.library.in_force(app.clock.now().date_naive());
    let asked = |program: &&std::sync::Arc<Program>| query.program.as_ref().is_none_or(|id| program.id == *id);
    let programs: Vec<_> = content.programs.iter().filter(asked).collect();
    if programs.is_empty() {
        let known: Vec<&str> = content.programs.iter().map(|program| program.id.as_str()).collect();
        let message = format!("there is no such program: name one of {}", known.join(", "));
        return Err(Problem::validation(vec![Fault::new("?program", "not-allowed-value", message)]));
    }
    let fits = |reason: &&Reason| query.decision.is_none_or(|decision| reason.decision == decision);
    let of = |program: &&std::sync::Arc<Program>| {
        program.reasons.iter().filter(fits).map(|reason| body(program, reason)).collect::<Vec<_>>()
    };
    Ok(Json(ReasonCodes { items: programs.iter().flat_map(of).collect(), next_cursor: None }))
}
