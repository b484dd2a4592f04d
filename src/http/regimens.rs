//! Regimens of the catalogue.

use super::catalog::{CatalogQuery, contains, content};
use super::paging::Page;
use super::problem::Problem;
use super::query::ValidQuery;
use super::state::HttpState;
use crate::app::App;
use crate::domain::content::{Regimen, RegimenDose, RegimenDrug, RegimenDrugRole, RegimenPhase};
use crate::domain::vocabulary::{DoseUnit, LineOfTreatment};
use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes.
pub fn routes() -> OpenApiRouter<HttpState> {
    OpenApiRouter::new().routes(routes!(list_regimens)).routes(routes!(get_regimen))
}

/// A regimen.
#[derive(Debug, Serialize, ToSchema)]
struct RegimenBody {
    /// Id, as orders name it.
    regimen_id: String,
    /// Name.
    name: String,
    /// Other names.
    aliases: Vec<String>,
    /// Cancer type, as orders name it.
    cancer_type: String,
    /// Diagnoses: ICD-10-CM prefixes.
    icd10_prefixes: Vec<String>,
    /// Pathology required.
    pathology: Option<String>,
    /// Settings.
    settings: Vec<String>,
    /// Lines of treatment that fit.
    lines_of_treatment: Vec<LineOfTreatment>,
    /// Stage groups; empty where staging does not apply.
    stages: Vec<String>,
    /// Biomarkers required, as content writes them.
    biomarkers: Vec<String>,
    /// Phases in order.
    phases: Vec<PhaseBody>,
    /// Risk of febrile neutropenia: `low`, `intermediate`, `high` or `unknown` (DEV-06).
    fn_risk: &'static str,
    /// Emetogenicity.
    emetogenicity: &'static str,
    /// The Pathway, where it is one.
    pathway_id: Option<String>,
    /// Citation.
    citation: String,
    /// For people.
    notes: Option<String>,
    /// True where a clinician still has to verify it.
    to_be_verified: bool,
}

/// A phase.
#[derive(Debug, Serialize, ToSchema)]
struct PhaseBody {
    /// Name.
    name: String,
    /// Days of a cycle.
    cycle_length_days: u32,
    /// Fewest cycles.
    cycles_min: u32,
    /// Most cycles; null where open-ended.
    cycles_max: Option<u32>,
    /// True where treatment may go on until progression.
    until_progression: bool,
    /// Drugs.
    drugs: Vec<RegimenDrugBody>,
}

/// A drug of a phase.
#[derive(Debug, Serialize, ToSchema)]
struct RegimenDrugBody {
    /// Generic name.
    generic: String,
    /// `therapeutic`, `modulator` or `supportive`; supportive drugs are never part of a match (REG-06).
    role: &'static str,
    /// Dose per administration.
    dose: RegimenDoseBody,
    /// Dose of the first administration, where it differs.
    loading_dose: Option<RegimenDoseBody>,
    /// Days of the cycle.
    days: Vec<u32>,
    /// Administrations on each day.
    frequency_per_day: u32,
    /// Route.
    route: String,
    /// For people.
    note: Option<String>,
}

/// A dose.
#[derive(Debug, Serialize, ToSchema)]
struct RegimenDoseBody {
    /// Amount.
    amount: f64,
    /// Unit.
    unit: DoseUnit,
}

impl From<RegimenDose> for RegimenDoseBody {
    fn from(dose: RegimenDose) -> Self {
        Self { amount: dose.amount, unit: dose.unit }
    }
}

impl From<&RegimenDrug> for RegimenDrugBody {
    fn from(drug: &RegimenDrug) -> Self {
        Self {
            generic: drug.generic.clone(),
            role: match drug.role {
                RegimenDrugRole::Therapeutic => "therapeutic",
                RegimenDrugRole::Modulator => "modulator",
                RegimenDrugRole::Supportive => "supportive",
            },
            dose: drug.dose.into(),
            loading_dose: drug.loading_dose.map(Into::into),
            days: drug.days.clone(),
            frequency_per_day: drug.frequency_per_day,
            route: drug.route.clone(),
            note: drug.note.clone(),
        }
    }
}

impl From<&RegimenPhase> for PhaseBody {
    fn from(phase: &RegimenPhase) -> Self {
        Self {
            name: phase.name.clone(),
            cycle_length_days: phase.cycle_length_days,
            cycles_min: phase.cycles_min,
            cycles_max: phase.cycles_max,
            until_progression: phase.until_progression,
            drugs: phase.drugs.iter().map(Into::into).collect(),
        }
    }
}

impl From<&Regimen> for RegimenBody {
    fn from(regimen: &Regimen) -> Self {
        Self {
            regimen_id: regimen.id.clone(),
            name: regimen.name.clone(),
            aliases: regimen.aliases.clone(),
            cancer_type: regimen.cancer.clone(),
            icd10_prefixes: regimen.icd10_prefixes.clone(),
            pathology: regimen.pathology.clone(),
            settings: regimen.settings.clone(),
            lines_of_treatment: regimen.lines.clone(),
            stages: regimen.stages.clone(),
            biomarkers: regimen.biomarkers.iter().map(|required| required.text.clone()).collect(),
            phases: regimen.phases.iter().map(Into::into).collect(),
            fn_risk: regimen.fn_risk.as_str(),
            emetogenicity: regimen.emetogenicity.as_str(),
            pathway_id: regimen.pathway.as_ref().map(|pathway| pathway.id.clone()),
            citation: regimen.citation.clone(),
            notes: regimen.notes.clone(),
            to_be_verified: regimen.verify,
        }
    }
}

/// Searches regimens by id, name, cancer type or drug.
#[utoipa::path(get, path = "/v1/regimens", operation_id = "list_regimens", tag = "catalogue",
    extensions(("x-roles" = json!(["ordering_provider", "servicing_provider", "intake", "nurse", "physician", "health_plan",
                                   "administrator"]))),
    params(CatalogQuery), responses((status = 200, description = "A page of regimens", body = Page<RegimenBody>)))]
async fn list_regimens(
    State(app): State<App>,
    ValidQuery(query): ValidQuery<CatalogQuery>,
) -> Result<Json<Page<RegimenBody>>, Problem> {
    let found = query.page(
        content(&app).regimens.iter(),
        |regimen| regimen.id.clone(),
        |regimen, wanted| {
            let names = [&regimen.id, &regimen.name, &regimen.cancer].into_iter().chain(&regimen.aliases);
            let mut words = names.chain(&regimen.required_ingredients);
            words.any(|word| contains(word, wanted))
        },
    )?;
    Ok(Json(found.map(|regimen| regimen.as_ref().into())))
}

/// Reads one regimen.
#[utoipa::path(get, path = "/v1/regimens/{regimen_id}", operation_id = "get_regimen", tag = "catalogue",
    extensions(("x-roles" = json!(["ordering_provider", "servicing_provider", "intake", "nurse", "physician", "health_plan",
                                   "administrator"]))),
    params(("regimen_id" = String, Path, description = "Id of the regimen")),
    responses((status = 200, description = "The regimen", body = RegimenBody)))]
async fn get_regimen(State(app): State<App>, Path(regimen_id): Path<String>) -> Result<Json<RegimenBody>, Problem> {
    let found = content(&app).regimen(&regimen_id).ok_or_else(Problem::not_found)?;
    Ok(Json(found.as_ref().into()))
}
