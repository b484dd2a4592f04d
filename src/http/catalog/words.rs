//! Words that clinical answers are given in: biomarkers with their accepted results, and cancer types.

use super::super::paging::Page;
use super::super::problem::Problem;
use super::super::query::ValidQuery;
use super::super::state::HttpState;
use super::{Search, page};
use crate::app::{App, catalog};
use crate::domain::content::{BiomarkerDefinition, Cancer, Content};
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<HttpState> {
    OpenApiRouter::new().routes(routes!(list_biomarkers)).routes(routes!(list_cancers))
}

/// A biomarker.
#[derive(Debug, Serialize, ToSchema)]
struct BiomarkerBody {
    /// Name, as orders give it.
    name: String,
    /// Name for people.
    display: String,
    /// Other names that orders may give.
    synonyms: Vec<String>,
    /// Words accepted as a result; none where it is a score.
    results: Vec<String>,
    /// Words that a result also counts as.
    counts_as: BTreeMap<String, Vec<String>>,
    /// Lowest score, where the result is a number.
    minimum: Option<f64>,
    /// Highest score, where the result is a number.
    maximum: Option<f64>,
    /// Markers that say what this one is, where it is not answered itself.
    derived_from: Vec<String>,
}

impl From<&BiomarkerDefinition> for BiomarkerBody {
    fn from(marker: &BiomarkerDefinition) -> Self {
        let (minimum, maximum) = marker.range.unzip();
        Self {
            name: marker.name.clone(),
            display: marker.display.clone(),
            synonyms: marker.synonyms.clone(),
            results: marker.results.iter().map(|(word, _)| word.clone()).collect(),
            counts_as: marker.results.iter().filter(|(_, also)| !also.is_empty()).cloned().collect(),
            minimum,
            maximum,
            derived_from: marker.derived_from.clone(),
        }
    }
}

/// Searches biomarkers; each lists the results that are accepted.
#[utoipa::path(get, path = "/v1/biomarkers", operation_id = "list_biomarkers", tag = "catalogue",
    extensions(("x-roles" = json!(["ordering_provider", "servicing_provider", "intake", "nurse", "physician", "health_plan",
                                   "administrator"]))),
    params(Search),
    responses((status = 200, description = "A page of biomarkers", body = Page<BiomarkerBody>)))]
async fn list_biomarkers(
    State(app): State<App>,
    ValidQuery(search): ValidQuery<Search>,
) -> Result<Json<Page<BiomarkerBody>>, Problem> {
    let found = catalog::biomarkers(catalog::content(&app, None), search.q.as_deref());
    page(found, search.limit, search.cursor.as_deref(), |marker| BiomarkerBody::from(&**marker)).map(Json)
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

/// Searches cancer types by name.
#[utoipa::path(get, path = "/v1/cancers", operation_id = "list_cancers", tag = "catalogue",
    extensions(("x-roles" = json!(["ordering_provider", "servicing_provider", "intake", "nurse", "physician", "health_plan",
                                   "administrator"]))),
    params(Search),
    responses((status = 200, description = "A page of cancer types", body = Page<CancerBody>)))]
async fn list_cancers(State(app): State<App>, ValidQuery(search): ValidQuery<Search>) -> Result<Json<Page<CancerBody>>, Problem> {
    let content = catalog::content(&app, None);
    let found = catalog::cancers(content, search.q.as_deref());
    page(found, search.limit, search.cursor.as_deref(), |cancer| cancer_body(cancer, content)).map(Json)
}
