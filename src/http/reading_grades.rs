//! How easy a text is to read, for reviewers while they write to a member (DET-10).

use super::body::ValidJson;
use super::state::HttpState;
use crate::domain::reading;
use axum::Json;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes.
pub fn routes() -> OpenApiRouter<HttpState> {
    OpenApiRouter::new().routes(routes!(post_reading_grade))
}

/// A text in English.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TextToRead {
    /// The text, such as a `rationale_for_member`.
    #[schema(min_length = 1, max_length = 8000)]
    text: String,
}

/// How easy it is to read.
#[derive(Debug, Serialize, ToSchema)]
struct ReadingGrade {
    /// School grade by Flesch and Kincaid; null where there is no word.
    grade: Option<f64>,
    /// The grade that words for members aim at.
    aim: f64,
    /// True where the text is no harder than that.
    within_aim: bool,
}

/// Tells how easy an English text is to read. A figure, not a judgement: nothing is refused by it, and nothing is kept.
#[utoipa::path(post, path = "/v1/reading-grades", operation_id = "post_reading_grade", tag = "documents",
    extensions(("x-roles" = json!(["nurse", "physician", "health_plan", "administrator"]))),
    request_body = TextToRead,
    responses((status = 200, description = "The grade", body = ReadingGrade)))]
async fn post_reading_grade(ValidJson(asked): ValidJson<TextToRead>) -> Json<ReadingGrade> {
    let grade = reading::grade(&asked.text);
    Json(ReadingGrade { grade, aim: reading::AIM, within_aim: grade.is_none_or(|grade| grade <= reading::AIM) })
}
