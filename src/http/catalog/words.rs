//! Words that clinical answers are given in: biomarkers and assessments with their accepted results, and cancer types.

use super::super::problem::Problem;
use super::super::query::ValidQuery;
use super::super::state::HttpState;
use super::{Search, SearchPage, page};
use crate::app::{App, catalog};
use crate::domain::content::{Cancer, Content, ResultDefinition};
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<HttpState> {
    OpenApiRouter::new().routes(routes!(list_biomarkers)).routes(routes!(list_assessments)).routes(routes!(list_cancers))
}

/// What counts as the result of a biomarker or an assessment.
#[derive(Debug, Serialize, ToSchema)]
struct ResultBody {
    /// Name, as orders give it.
    name: String,
    /// Name for people.
    display: String,
    /// Other names that orders may give; case, spaces and punctuation do not count.
    synonyms: Vec<String>,
    /// Names of a part of it: a negative result of a part leaves the whole open.
    parts: Vec<String>,
    /// Words accepted as a result; for a score, words that stand for numbers.
    results: Vec<String>,
    /// What else is understood, by the result that it is.
    written: BTreeMap<String, Vec<String>>,
    /// Words that a result also counts as.
    counts_as: BTreeMap<String, Vec<String>>,
    /// Finer words that a result leaves open.
    leaves_open: BTreeMap<String, Vec<String>>,
    /// Lowest plausible number, where the result is one.
    minimum: Option<f64>,
    /// Highest plausible number, where the result is one.
    maximum: Option<f64>,
    /// Unit of the number; others are converted where content knows them.
    unit: Option<String>,
    /// True where the result is a day.
    is_day: bool,
    /// Days before the date of service for which a dated result counts; null where it does not age.
    window_days: Option<u32>,
    /// True where a result without a date counts.
    undated_counts: bool,
    /// What counts, in words.
    wanted: String,
    /// Results that say what this one is, where it is not answered itself.
    derived_from: Vec<String>,
}

impl From<&ResultDefinition> for ResultBody {
    fn from(asked: &ResultDefinition) -> Self {
        let (minimum, maximum) = asked.range.unzip();
        let mut written: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (word, index) in asked.words.iter().filter(|(word, index)| word.as_str() != asked.word(**index)) {
            written.entry(asked.word(*index).to_owned()).or_default().push(word.clone());
        }
        for words in written.values_mut() {
            words.sort_unstable();
        }
        let open = asked.results.iter().zip(&asked.details).filter(|(_, detail)| !detail.leaves_open.is_empty());
        let mut derived_from: Vec<String> =
            asked.derived.iter().flat_map(|rule| &rule.parts).map(|(name, _)| name.clone()).collect();
        derived_from.sort_unstable();
        derived_from.dedup();
        Self {
            name: asked.name.clone(),
            display: asked.display.clone(),
            synonyms: asked.synonyms.clone(),
            parts: asked.parts.clone(),
            results: asked.results.iter().map(|(word, _)| word.clone()).collect(),
            written,
            counts_as: asked.results.iter().filter(|(_, also)| !also.is_empty()).cloned().collect(),
            leaves_open: open.map(|((word, _), detail)| (word.clone(), detail.leaves_open.clone())).collect(),
            minimum,
            maximum,
            unit: (!asked.unit.is_empty()).then(|| asked.unit.clone()),
            is_day: asked.is_day,
            window_days: asked.window_days,
            undated_counts: asked.undated_counts,
            wanted: asked.wanted(),
            derived_from,
        }
    }
}

/// Searches biomarkers; each lists the results that are accepted.
#[utoipa::path(get, path = "/v1/biomarkers", operation_id = "list_biomarkers", tag = "catalogue",
    extensions(("x-roles" = json!(["ordering_provider", "servicing_provider", "intake", "nurse", "physician", "health_plan",
                                   "administrator"]))),
    params(Search),
    responses((status = 200, description = "A page of biomarkers", body = SearchPage<ResultBody>)))]
async fn list_biomarkers(
    State(app): State<App>,
    ValidQuery(search): ValidQuery<Search>,
) -> Result<Json<SearchPage<ResultBody>>, Problem> {
    let found = catalog::biomarkers(&app, catalog::content(&app, None), search.q.as_deref());
    page(found, search.limit, search.cursor.as_deref(), |asked| ResultBody::from(&**asked)).map(Json)
}

/// Searches assessments; each lists the results that are accepted.
#[utoipa::path(get, path = "/v1/assessments", operation_id = "list_assessments", tag = "catalogue",
    extensions(("x-roles" = json!(["ordering_provider", "servicing_provider", "intake", "nurse", "physician", "health_plan",
                                   "administrator"]))),
    params(Search),
    responses((status = 200, description = "A page of assessments", body = SearchPage<ResultBody>)))]
async fn list_assessments(
    State(app): State<App>,
    ValidQuery(search): ValidQuery<Search>,
) -> Result<Json<SearchPage<ResultBody>>, Problem> {
    let found = catalog::assessments(&app, catalog::content(&app, None), search.q.as_deref());
    page(found, search.limit, search.cursor.as_deref(), |asked| ResultBody::from(&**asked)).map(Json)
}

/// A cancer type.
#[derive(Debug, Serialize, ToSchema)]
struct CancerBody {
    /// Key, as orders name it.
    cancer_type: String,
    /// Name.
    name: String,
    /// True for solid tumors.
    solid: bool,
    /// How ICD-10-CM codes of its diagnoses begin.
    icd10_prefixes: Vec<String>,
    /// Pathology words that mean something for this type; others are accepted and count as unknown (REG-13).
    pathologies: Vec<PathologyBody>,
}

/// A pathology word.
#[derive(Debug, Serialize, ToSchema)]
struct PathologyBody {
    /// The word.
    word: String,
    /// Words that mean the same.
    synonyms: Vec<String>,
    /// What it counts as.
    kinds: Vec<String>,
}

fn cancer_body(cancer: &Cancer, content: &Content) -> CancerBody {
    let required =
        |word: &str| content.regimens.iter().any(|it| it.cancer == cancer.key && it.pathology.as_deref() == Some(word));
    let pathologies = content.pathologies.iter().filter_map(|term| {
        let kinds = term.kinds.iter().filter(|(of, _)| *of == cancer.key).map(|(_, kind)| kind.clone());
        let kinds: Vec<String> = kinds.collect();
        let applies = !kinds.is_empty() || required(&term.word);
        applies.then(|| PathologyBody { word: term.word.clone(), synonyms: term.synonyms.clone(), kinds })
    });
    CancerBody {
        cancer_type: cancer.key.clone(),
        name: cancer.name.clone(),
        solid: cancer.solid,
        icd10_prefixes: cancer.icd10_prefixes.clone(),
        pathologies: pathologies.collect(),
    }
}

/// Searches cancer types by name, or by what clinics call them.
#[utoipa::path(get, path = "/v1/cancers", operation_id = "list_cancers", tag = "catalogue",
    extensions(("x-roles" = json!(["ordering_provider", "servicing_provider", "intake", "nurse", "physician", "health_plan",
                                   "administrator"]))),
    params(Search),
    responses((status = 200, description = "A page of cancer types", body = SearchPage<CancerBody>)))]
async fn list_cancers(
    State(app): State<App>,
    ValidQuery(search): ValidQuery<Search>,
) -> Result<Json<SearchPage<CancerBody>>, Problem> {
    let content = catalog::content(&app, None);
    let found = catalog::cancers(&app, content, search.q.as_deref());
    page(found, search.limit, search.cursor.as_deref(), |cancer| cancer_body(cancer, content)).map(Json)
}
