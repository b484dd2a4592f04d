//! The catalogue: what orders can name, and what the rules know about it. Lists are searched with `?q=` and read page by page.

use super::paging::{self, DEFAULT_LIMIT, Page};
use super::problem::Problem;
use super::query::ValidQuery;
use super::state::HttpState;
use crate::app::App;
use crate::domain::content::{Benefit, BiomarkerDefinition, Content, Drug};
use axum::Json;
use axum::extract::State;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes.
pub fn routes() -> OpenApiRouter<HttpState> {
    OpenApiRouter::new()
        .routes(routes!(list_drugs))
        .routes(routes!(list_diagnoses))
        .routes(routes!(list_biomarkers))
        .routes(routes!(list_pathways))
}

/// What to search for.
#[derive(Debug, Deserialize, IntoParams)]
pub(super) struct CatalogQuery {
    /// Part of a name or code; case does not matter.
    #[param(max_length = 100)]
    pub(super) q: Option<String>,
    /// Items on a page.
    #[param(minimum = 1, maximum = 200, default = 50)]
    pub(super) limit: Option<u32>,
    /// `next_cursor` of the page before.
    pub(super) cursor: Option<String>,
}

impl CatalogQuery {
    /// A page of those items that `matches` finds, in the order of their keys.
    pub(super) fn page<T>(
        &self,
        items: impl Iterator<Item = T>,
        key: impl Fn(&T) -> String,
        matches: impl Fn(&T, &str) -> bool,
    ) -> Result<Page<T>, Problem> {
        let limit = self.limit.unwrap_or(DEFAULT_LIMIT);
        let after: Option<String> = paging::decode(self.cursor.as_deref())?;
        let wanted = self.q.as_deref().unwrap_or_default().trim().to_lowercase();
        let mut found: Vec<(String, T)> = items
            .map(|item| (key(&item), item))
            .filter(|(key, item)| after.as_ref().is_none_or(|after| key > after) && (wanted.is_empty() || matches(item, &wanted)))
            .collect();
        found.sort_by(|(one, _), (other, _)| one.cmp(other));
        found.truncate(usize::try_from(limit).unwrap_or(usize::MAX).saturating_add(1));
        Ok(Page::new(found, limit, |(key, _)| key.clone()).map(|(_, item)| item))
    }
}

/// True where a text contains what is searched for, which is in lower case.
pub(super) fn contains(text: &str, wanted: &str) -> bool {
    text.to_lowercase().contains(wanted)
}

/// The content in force now.
pub(super) fn content(app: &App) -> &Content {
    app.library.in_force(app.clock.now().date_naive())
}

/// A drug.
#[derive(Debug, Serialize, ToSchema)]
struct DrugBody {
    /// Generic name.
    generic: String,
    /// Other names.
    synonyms: Vec<String>,
    /// Brand names.
    brands: Vec<String>,
    /// Ingredients that it counts as in a match.
    ingredients: Vec<String>,
    /// Class.
    class: String,
    /// Subclass.
    subclass: String,
    /// True where it supports treatment unless a regimen counts it as treatment (REG-13).
    supportive: bool,
    /// Active HCPCS codes.
    codes: Vec<CodeBody>,
    /// Programs that manage it (PRG-18).
    managed_by: Vec<String>,
    /// Where this comes from.
    provenance: String,
}

/// A HCPCS code.
#[derive(Debug, Serialize, ToSchema)]
struct CodeBody {
    /// The code.
    hcpcs: String,
    /// Its descriptor.
    descriptor: String,
    /// What one unit bills, such as `10 mg`.
    billing_unit: Option<String>,
    /// `medical`, `pharmacy` or `either`.
    benefit: &'static str,
}

fn drug_body(drug: &Drug, content: &Content) -> DrugBody {
    let codes = drug.codes.iter().map(|code| CodeBody {
        hcpcs: code.hcpcs.clone(),
        descriptor: code.descriptor.clone(),
        billing_unit: code.billing_unit.as_ref().map(crate::domain::content::BillingUnit::words),
        benefit: match code.benefit {
            Benefit::Medical => "medical",
            Benefit::Pharmacy => "pharmacy",
            Benefit::Either => "either",
        },
    });
    let managing = content.programs.iter().filter(|program| program.managed.contains(&drug.generic));
    DrugBody {
        generic: drug.generic.clone(),
        synonyms: drug.synonyms.clone(),
        brands: drug.brands.clone(),
        ingredients: drug.ingredients.clone(),
        class: drug.class.clone(),
        subclass: drug.subclass.clone(),
        supportive: drug.supportive,
        codes: codes.collect(),
        managed_by: managing.map(|program| program.id.clone()).collect(),
        provenance: drug.provenance.clone(),
    }
}

/// Searches drugs by generic name, synonym, brand or HCPCS code.
#[utoipa::path(get, path = "/v1/drugs", operation_id = "list_drugs", tag = "catalogue",
    extensions(("x-roles" = json!(["ordering_provider", "servicing_provider", "intake", "nurse", "physician", "health_plan",
                                   "administrator"]))),
    params(CatalogQuery), responses((status = 200, description = "A page of drugs", body = Page<DrugBody>)))]
async fn list_drugs(
    State(app): State<App>,
    ValidQuery(query): ValidQuery<CatalogQuery>,
) -> Result<Json<Page<DrugBody>>, Problem> {
    let content = content(&app);
    let found = query.page(
        content.drugs.all().iter(),
        |drug| drug.generic.to_lowercase(),
        |drug, wanted| {
            let mut names = std::iter::once(&drug.generic).chain(&drug.synonyms).chain(&drug.brands);
            names.any(|name| contains(name, wanted)) || drug.codes.iter().any(|code| contains(&code.hcpcs, wanted))
        },
    )?;
    Ok(Json(found.map(|drug| drug_body(drug, content))))
}

/// An ICD-10-CM code.
#[derive(Debug, Serialize, ToSchema)]
struct DiagnosisBody {
    /// Code with its dot.
    icd10: String,
    /// Title.
    title: String,
    /// True for codes that may be billed.
    billable: bool,
    /// True where programs manage it (PRG-11).
    oncology: bool,
}

/// Searches diagnoses by title, or by how the code begins.
#[utoipa::path(get, path = "/v1/diagnoses", operation_id = "list_diagnoses", tag = "catalogue",
    extensions(("x-roles" = json!(["ordering_provider", "servicing_provider", "intake", "nurse", "physician", "health_plan",
                                   "administrator"]))),
    params(CatalogQuery), responses((status = 200, description = "A page of diagnoses", body = Page<DiagnosisBody>)))]
async fn list_diagnoses(
    State(app): State<App>,
    ValidQuery(query): ValidQuery<CatalogQuery>,
) -> Result<Json<Page<DiagnosisBody>>, Problem> {
    let found = query.page(
        content(&app).diagnoses.iter(),
        |(code, _)| (*code).clone(),
        |(code, diagnosis), wanted| code.to_lowercase().starts_with(wanted) || contains(&diagnosis.title, wanted),
    )?;
    Ok(Json(found.map(|(code, diagnosis)| DiagnosisBody {
        icd10: code.clone(),
        title: diagnosis.title.clone(),
        billable: diagnosis.billable,
        oncology: diagnosis.oncology,
    })))
}

/// A biomarker with what may be reported.
#[derive(Debug, Serialize, ToSchema)]
struct BiomarkerBody {
    /// Name as orders use it.
    name: String,
    /// Name for people.
    display: String,
    /// Other names that orders may use.
    synonyms: Vec<String>,
    /// Accepted words.
    results: Vec<String>,
    /// Lowest score, for markers that are numbers.
    minimum: Option<f64>,
    /// Highest score.
    maximum: Option<f64>,
    /// Markers that it follows from.
    derived_from: Vec<String>,
}

impl From<&BiomarkerDefinition> for BiomarkerBody {
    fn from(marker: &BiomarkerDefinition) -> Self {
        Self {
            name: marker.name.clone(),
            display: marker.display.clone(),
            synonyms: marker.synonyms.clone(),
            results: marker.results.iter().map(|(word, _)| word.clone()).collect(),
            minimum: marker.range.map(|(minimum, _)| minimum),
            maximum: marker.range.map(|(_, maximum)| maximum),
            derived_from: marker.derived_from.clone(),
        }
    }
}

/// Searches biomarkers, with the results that orders may report.
#[utoipa::path(get, path = "/v1/biomarkers", operation_id = "list_biomarkers", tag = "catalogue",
    extensions(("x-roles" = json!(["ordering_provider", "servicing_provider", "intake", "nurse", "physician", "health_plan",
                                   "administrator"]))),
    params(CatalogQuery), responses((status = 200, description = "A page of biomarkers", body = Page<BiomarkerBody>)))]
async fn list_biomarkers(
    State(app): State<App>,
    ValidQuery(query): ValidQuery<CatalogQuery>,
) -> Result<Json<Page<BiomarkerBody>>, Problem> {
    let found = query.page(
        content(&app).biomarkers.iter(),
        |marker| marker.name.clone(),
        |marker, wanted| {
            let mut names = [&marker.name, &marker.display].into_iter().chain(&marker.synonyms);
            names.any(|name| contains(name, wanted))
        },
    )?;
    Ok(Json(found.map(|marker| marker.as_ref().into())))
}

/// A Pathway.
#[derive(Debug, Serialize, ToSchema)]
struct PathwayBody {
    /// Id.
    pathway_id: String,
    /// Its regimen.
    regimen_id: String,
    /// Its regimen's name.
    regimen_name: String,
    /// Cancer type.
    cancer_type: String,
    /// Settings for which it is a Pathway.
    settings: Vec<String>,
    /// Stage groups.
    stages: Vec<String>,
    /// Biomarkers required, as content writes them.
    biomarkers: Vec<String>,
    /// First day of service; null where it always was one.
    effective_from: Option<NaiveDate>,
    /// Last day of service; null while it is one.
    effective_through: Option<NaiveDate>,
    /// `current`, `coming` or `retired` today (REG-08).
    state: &'static str,
    /// Rank by efficacy within its situation; 1 is best (REG-09).
    efficacy: u32,
    /// Rank by toxicity; 1 is mildest.
    toxicity: u32,
    /// Rank by strength of consensus; 1 is strongest.
    consensus: u32,
    /// Release of the content that says so.
    content_release: String,
}

/// Searches Pathways by id, regimen or cancer type; new and retired ones are there too (REG-08).
#[utoipa::path(get, path = "/v1/pathways", operation_id = "list_pathways", tag = "catalogue",
    extensions(("x-roles" = json!(["ordering_provider", "servicing_provider", "intake", "nurse", "physician", "health_plan",
                                   "administrator"]))),
    params(CatalogQuery), responses((status = 200, description = "A page of Pathways", body = Page<PathwayBody>)))]
async fn list_pathways(
    State(app): State<App>,
    ValidQuery(query): ValidQuery<CatalogQuery>,
) -> Result<Json<Page<PathwayBody>>, Problem> {
    let today = app.clock.now().date_naive();
    // a Pathway that only another release has is listed as that release has it
    let mut known = std::collections::BTreeMap::new();
    let in_force = content(&app);
    let others = app.library.releases().map(AsRef::as_ref).filter(|release| release.release != in_force.release);
    for content in std::iter::once(in_force).chain(others) {
        for regimen in &content.regimens {
            if let Some(pathway) = &regimen.pathway {
                known.entry(pathway.id.clone()).or_insert((content, regimen, pathway));
            }
        }
    }
    let found = query.page(
        known.into_values(),
        |(_, _, pathway)| pathway.id.clone(),
        |(_, regimen, pathway), wanted| {
            let mut names = [&pathway.id, &regimen.id, &regimen.name, &regimen.cancer].into_iter().chain(&regimen.aliases);
            names.any(|name| contains(name, wanted))
        },
    )?;
    Ok(Json(found.map(|(content, regimen, pathway)| {
        let coming = pathway.effective_from.is_some_and(|from| today < from) || content.release.in_force_from > today;
        let retired = pathway.effective_through.is_some_and(|through| through < today) || content.release != in_force.release;
        PathwayBody {
            pathway_id: pathway.id.clone(),
            regimen_id: regimen.id.clone(),
            regimen_name: regimen.name.clone(),
            cancer_type: regimen.cancer.clone(),
            settings: regimen.settings.clone(),
            stages: regimen.stages.clone(),
            biomarkers: regimen.biomarkers.iter().map(|required| required.text.clone()).collect(),
            effective_from: pathway.effective_from,
            effective_through: pathway.effective_through,
            state: if coming {
                "coming"
            } else if retired {
                "retired"
            } else {
                "current"
            },
            efficacy: pathway.efficacy,
            toxicity: pathway.toxicity,
            consensus: pathway.consensus,
            content_release: content.release.name.clone(),
        }
    })))
}
