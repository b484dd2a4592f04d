//! Regimens and Pathways.

use super::super::problem::Problem;
use super::super::query::ValidQuery;
use super::super::state::HttpState;
use super::{SearchPage, page};
use crate::app::catalog::pathways::{self, ListedPathway, PathwayStatus};
use crate::app::{App, catalog};
use crate::domain::content::{Content, Form, Regimen, RegimenDose, RegimenDrug, RegimenDrugRole, RegimenPathway, RegimenPhase};
use crate::domain::vocabulary::{DoseUnit, LineOfTreatment};
use axum::Json;
use axum::extract::{Path, State};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<HttpState> {
    OpenApiRouter::new().routes(routes!(list_regimens)).routes(routes!(get_regimen)).routes(routes!(list_pathways))
}

/// An evidence-based regimen.
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
    /// Its name.
    cancer_name: String,
    /// How ICD-10-CM codes of its diagnoses begin.
    icd10_prefixes: Vec<String>,
    /// Pathology that it is for; any where null.
    pathology: Option<String>,
    /// Settings, such as `adjuvant`.
    settings: Vec<String>,
    /// Lines of treatment that fit.
    lines_of_treatment: Vec<LineOfTreatment>,
    /// Stages; any where empty.
    stages: Vec<String>,
    /// Biomarkers that it is for, in words.
    biomarkers: Vec<String>,
    /// Ingredients that an order must contain.
    ingredients: Vec<String>,
    /// Usual supportive ingredients.
    supportive_ingredients: Vec<String>,
    /// Risk of febrile neutropenia: `low`, `intermediate`, `high`, `unknown` (DEV-06).
    fn_risk: &'static str,
    /// Emetic risk: `minimal`, `low`, `moderate`, `high`.
    emetogenicity: &'static str,
    /// Designation as a Pathway, where it is one.
    pathway: Option<DesignationBody>,
    /// Citation.
    citation: String,
    /// For people.
    notes: Option<String>,
    /// True where a clinician still has to verify it.
    verify: bool,
    /// Release of the content shown here.
    content_release: String,
    /// Phases in order.
    phases: Vec<PhaseBody>,
    /// Other schedules, products and memberships that count as it.
    forms: Vec<FormBody>,
}

/// A regimen's place among the Pathways.
#[derive(Debug, Serialize, ToSchema)]
struct DesignationBody {
    /// Id of the Pathway.
    pathway_id: String,
    /// First day of service for which it is one.
    effective_from: Option<NaiveDate>,
    /// Last day.
    effective_through: Option<NaiveDate>,
    /// Rank by efficacy in its situation; 1 is best (REG-09).
    efficacy: u32,
    /// Rank by toxicity; 1 is mildest.
    toxicity: u32,
    /// Rank by strength of consensus; 1 is strongest.
    consensus: u32,
}

impl From<&RegimenPathway> for DesignationBody {
    fn from(pathway: &RegimenPathway) -> Self {
        Self {
            pathway_id: pathway.id.clone(),
            effective_from: pathway.effective_from,
            effective_through: pathway.effective_through,
            efficacy: pathway.efficacy,
            toxicity: pathway.toxicity,
            consensus: pathway.consensus,
        }
    }
}

/// A phase of a regimen.
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
    /// True where it runs beside the others, from the first day on.
    beside: bool,
    /// Drugs.
    drugs: Vec<PhaseDrugBody>,
}

/// Another labelled or usual way of giving a regimen, which counts as it.
#[derive(Debug, Serialize, ToSchema)]
struct FormBody {
    /// What is other.
    name: String,
    /// Label or guideline.
    source: String,
    /// Ingredients that an order of it contains.
    ingredients: Vec<String>,
    /// Phases in order, in place of the regimen's.
    phases: Vec<PhaseBody>,
}

/// A drug of a phase.
#[derive(Debug, Serialize, ToSchema)]
struct PhaseDrugBody {
    /// Generic name.
    generic: String,
    /// Active HCPCS codes of the drug.
    codes: Vec<String>,
    /// Its part in the regimen.
    role: RegimenRole,
    /// Dose of one administration.
    dose: DoseBody,
    /// Dose of the first administration, where it differs.
    loading_dose: Option<DoseBody>,
    /// Most that is given at once, in milligrams or the dose's own unit.
    maximum_dose: Option<f64>,
    /// Days of the cycle.
    days: Vec<u32>,
    /// Administrations on each day.
    frequency_per_day: u32,
    /// Route.
    route: String,
    /// For people.
    note: Option<String>,
}

/// A drug's part in a regimen.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum RegimenRole {
    /// Against the cancer.
    Therapeutic,
    /// Part of the treatment's effect.
    Modulator,
    /// Usual support; never part of the match (REG-06).
    Supportive,
}

/// A dose.
#[derive(Debug, Serialize, ToSchema)]
struct DoseBody {
    /// Amount.
    amount: f64,
    /// Unit.
    unit: DoseUnit,
}

impl From<RegimenDose> for DoseBody {
    fn from(dose: RegimenDose) -> Self {
        Self { amount: dose.amount, unit: dose.unit }
    }
}

fn drug_body(drug: &RegimenDrug, content: &Content) -> PhaseDrugBody {
    let known = content.drugs.by_name(&drug.generic);
    PhaseDrugBody {
        generic: drug.generic.clone(),
        codes: known.iter().flat_map(|known| &known.codes).map(|code| code.hcpcs.clone()).collect(),
        role: match drug.role {
            RegimenDrugRole::Therapeutic => RegimenRole::Therapeutic,
            RegimenDrugRole::Modulator => RegimenRole::Modulator,
            RegimenDrugRole::Supportive => RegimenRole::Supportive,
        },
        dose: drug.dose.into(),
        loading_dose: drug.loading_dose.map(DoseBody::from),
        maximum_dose: drug.maximum_dose,
        days: drug.days.clone(),
        frequency_per_day: drug.frequency_per_day,
        route: drug.route.clone(),
        note: drug.note.clone(),
    }
}

fn phase_body(phase: &RegimenPhase, content: &Content) -> PhaseBody {
    PhaseBody {
        name: phase.name.clone(),
        cycle_length_days: phase.cycle_length_days,
        cycles_min: phase.cycles_min,
        cycles_max: phase.cycles_max,
        until_progression: phase.until_progression,
        beside: phase.beside,
        drugs: phase.drugs.iter().map(|drug| drug_body(drug, content)).collect(),
    }
}

fn cancer_name(key: &str, content: &Content) -> String {
    content.cancer(key).map_or(key, |cancer| &cancer.name).to_owned()
}

fn body(regimen: &Regimen, content: &Content) -> RegimenBody {
    RegimenBody {
        regimen_id: regimen.id.clone(),
        name: regimen.name.clone(),
        aliases: regimen.aliases.clone(),
        cancer_type: regimen.cancer.clone(),
        cancer_name: cancer_name(&regimen.cancer, content),
        icd10_prefixes: regimen.icd10_prefixes.clone(),
        pathology: regimen.pathology.clone(),
        settings: regimen.settings.clone(),
        lines_of_treatment: regimen.lines.clone(),
        stages: regimen.stages.clone(),
        biomarkers: regimen.biomarkers.iter().map(|marker| marker.text.clone()).collect(),
        ingredients: regimen.required_ingredients.clone(),
        supportive_ingredients: regimen.supportive_ingredients.clone(),
        fn_risk: regimen.fn_risk.as_str(),
        emetogenicity: regimen.emetogenicity.as_str(),
        pathway: regimen.pathway.as_ref().map(DesignationBody::from),
        citation: regimen.citation.clone(),
        notes: regimen.notes.clone(),
        verify: regimen.verify,
        content_release: content.release.name.clone(),
        phases: phase_bodies(&regimen.phases, content),
        forms: regimen.forms.iter().map(|form| form_body(form, content)).collect(),
    }
}

fn phase_bodies(phases: &[RegimenPhase], content: &Content) -> Vec<PhaseBody> {
    phases.iter().map(|phase| phase_body(phase, content)).collect()
}

fn form_body(form: &Form, content: &Content) -> FormBody {
    FormBody {
        name: form.name.clone(),
        source: form.source.clone(),
        ingredients: form.required_ingredients.clone(),
        phases: phase_bodies(&form.phases, content),
    }
}

/// Which regimens to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct RegimenQuery {
    /// What was typed so far: name, alias, trial, drug by any name or code, or cancer type; misspellings are forgiven where nothing fits.
    #[param(max_length = 100)]
    q: Option<String>,
    /// Key of the cancer type.
    #[param(max_length = 40)]
    cancer: Option<String>,
    /// ICD-10-CM code of the order's diagnosis: regimens of its cancer type come first.
    #[param(max_length = 10)]
    diagnosis: Option<String>,
    /// The release in force on this day; today's when left out.
    as_of: Option<NaiveDate>,
    /// Items on a page.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    #[param(max_length = 500)]
    cursor: Option<String>,
}

/// Searches evidence-based regimens.
#[utoipa::path(get, path = "/v1/regimens", operation_id = "list_regimens", tag = "catalogue",
    extensions(("x-roles" = json!(["ordering_provider", "servicing_provider", "intake", "nurse", "physician", "health_plan",
                                   "administrator"]))),
    params(RegimenQuery),
    responses((status = 200, description = "A page of regimens, best first", body = SearchPage<RegimenBody>)))]
async fn list_regimens(
    State(app): State<App>,
    ValidQuery(query): ValidQuery<RegimenQuery>,
) -> Result<Json<SearchPage<RegimenBody>>, Problem> {
    let content = catalog::content(&app, query.as_of);
    let (typed, cancer, diagnosis) = (query.q.as_deref(), query.cancer.as_deref(), query.diagnosis.as_deref());
    let found = catalog::regimens::search(&app, content, &catalog::regimens::Filter { typed, cancer, diagnosis });
    page(found, query.limit, query.cursor.as_deref(), |regimen| body(regimen, content)).map(Json)
}

/// Reads a regimen with its phases.
#[utoipa::path(get, path = "/v1/regimens/{regimen_id}", operation_id = "get_regimen", tag = "catalogue",
    extensions(("x-roles" = json!(["ordering_provider", "servicing_provider", "intake", "nurse", "physician", "health_plan",
                                   "administrator"]))),
    params(("regimen_id" = String, Path, description = "Id of the regimen")),
    responses((status = 200, description = "The regimen", body = RegimenBody)))]
async fn get_regimen(State(app): State<App>, Path(regimen_id): Path<String>) -> Result<Json<RegimenBody>, Problem> {
    let content = catalog::content(&app, None);
    let regimen = content.regimen(&regimen_id).ok_or_else(Problem::not_found)?;
    Ok(Json(body(regimen, content)))
}

/// A Pathway.
#[derive(Debug, Serialize, ToSchema)]
struct PathwayBody {
    /// Id.
    pathway_id: String,
    /// Where it stands on the day asked about.
    status: PathwayStatus,
    /// Its regimen.
    regimen_id: String,
    /// The regimen's name.
    regimen_name: String,
    /// Cancer type, as orders name it.
    cancer_type: String,
    /// Its name.
    cancer_name: String,
    /// Pathology that it is for; any where null.
    pathology: Option<String>,
    /// Lines of treatment.
    lines_of_treatment: Vec<LineOfTreatment>,
    /// Stages; any where empty.
    stages: Vec<String>,
    /// Biomarkers that it is for, in words.
    biomarkers: Vec<String>,
    /// Ingredients that an order must contain.
    ingredients: Vec<String>,
    /// Days of service and ranks.
    designation: DesignationBody,
    /// Relative cost of a month, which decides between equals; lower is cheaper.
    relative_cost: Option<f64>,
    /// Release that introduced it.
    introduced_in: String,
    /// Its first day.
    introduced_on: NaiveDate,
    /// Release that retired it.
    retired_in: Option<String>,
    /// Its first day.
    retired_on: Option<NaiveDate>,
}

fn pathway_body(listed: ListedPathway, content: &Content) -> PathwayBody {
    let regimen = &listed.regimen;
    let retired = listed.retired;
    PathwayBody {
        pathway_id: listed.pathway.id.clone(),
        status: listed.status,
        regimen_id: regimen.id.clone(),
        regimen_name: regimen.name.clone(),
        cancer_type: regimen.cancer.clone(),
        cancer_name: cancer_name(&regimen.cancer, content),
        pathology: regimen.pathology.clone(),
        lines_of_treatment: regimen.lines.clone(),
        stages: regimen.stages.clone(),
        biomarkers: regimen.biomarkers.iter().map(|marker| marker.text.clone()).collect(),
        ingredients: regimen.required_ingredients.clone(),
        designation: (&listed.pathway).into(),
        relative_cost: regimen.relative_cost,
        introduced_in: listed.introduced.name,
        introduced_on: listed.introduced.in_force_from,
        retired_on: retired.as_ref().map(|release| release.in_force_from),
        retired_in: retired.map(|release| release.name),
    }
}

/// Which Pathways to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct PathwayQuery {
    /// What was typed so far: regimen, trial, drug by any name or code, or cancer type; misspellings are forgiven where nothing fits.
    #[param(max_length = 100)]
    q: Option<String>,
    /// Key of the cancer type.
    #[param(max_length = 40)]
    cancer: Option<String>,
    /// ICD-10-CM code of the order's diagnosis: Pathways of its cancer type come first.
    #[param(max_length = 10)]
    diagnosis: Option<String>,
    /// The Pathways of this day; today's when left out.
    as_of: Option<NaiveDate>,
    /// `current`, `new` or `retired`; all of them when left out. A new one is in force, too.
    #[param(inline)]
    status: Option<PathwayStatus>,
    /// Items on a page.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    #[param(max_length = 500)]
    cursor: Option<String>,
}

/// Lists Pathways: those in force, those that the latest release introduced, and those retired (REG-08).
///
/// Without `q` they come by cancer type, what is in force before what is retired, and then by efficacy, toxicity, consensus and, among
/// equals, cost (REG-09).
#[utoipa::path(get, path = "/v1/pathways", operation_id = "list_pathways", tag = "catalogue",
    extensions(("x-roles" = json!(["ordering_provider", "servicing_provider", "intake", "nurse", "physician", "health_plan",
                                   "administrator"]))),
    params(PathwayQuery),
    responses((status = 200, description = "A page of Pathways, best first", body = SearchPage<PathwayBody>)))]
async fn list_pathways(
    State(app): State<App>,
    ValidQuery(query): ValidQuery<PathwayQuery>,
) -> Result<Json<SearchPage<PathwayBody>>, Problem> {
    let (typed, cancer, diagnosis) = (query.q.as_deref(), query.cancer.as_deref(), query.diagnosis.as_deref());
    let filter = pathways::Filter { typed, cancer, diagnosis, as_of: query.as_of, status: query.status };
    let found = pathways::list(&app, &filter);
    let content = catalog::content(&app, query.as_of);
    page(found, query.limit, query.cursor.as_deref(), |listed| pathway_body(listed, content)).map(Json)
}
