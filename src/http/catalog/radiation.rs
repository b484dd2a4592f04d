//! What portals ask about radiation: schedules, sites with their words, and procedure codes.

use super::super::problem::Problem;
use super::super::query::ValidQuery;
use super::super::state::HttpState;
use super::{Search, SearchPage, page};
use crate::app::{App, catalog};
use crate::domain::content::radiation::{
    FractionationSchedule, RadiationCatalog, RadiationService, ScheduleBoost, ScheduleModality, Site, Term,
};
use crate::domain::vocabulary::{DrugRole, LineOfTreatment, Modality, Sex, TreatmentGoal};
use axum::Json;
use axum::extract::State;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<HttpState> {
    OpenApiRouter::new()
        .routes(routes!(list_radiation_schedules))
        .routes(routes!(list_radiation_sites))
        .routes(routes!(list_procedures))
}

/// Which schedules.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ScheduleSearch {
    /// What was typed so far: the beginning of an id, a name or a site. Everything without it.
    #[param(max_length = 100)]
    q: Option<String>,
    /// Only those of this site, those for any included: a key of `GET /v1/radiation/sites`.
    #[param(max_length = 60)]
    site: Option<String>,
    /// Items on a page.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    #[param(max_length = 500)]
    cursor: Option<String>,
}

/// A range of numbers.
#[derive(Debug, Serialize, ToSchema)]
struct RangeBody<T> {
    /// Lowest.
    minimum: T,
    /// Highest.
    maximum: T,
}

impl<T> From<(T, T)> for RangeBody<T> {
    fn from((minimum, maximum): (T, T)) -> Self {
        Self { minimum, maximum }
    }
}

/// A fractionation schedule.
#[derive(Debug, Serialize, ToSchema)]
struct ScheduleBody {
    /// Id, as cases name it.
    schedule: String,
    /// Name.
    name: String,
    /// `preferred`, `acceptable` or `not_recommended`.
    designation: String,
    /// 1 for what is ordered often.
    tier: u8,
    /// Sites; empty for any.
    sites: Vec<String>,
    /// Sites that it is never for, where it is for any.
    except_sites: Vec<String>,
    /// Cancer types; empty for any.
    cancers: Vec<String>,
    /// Goal; null for any.
    treatment_goal: Option<TreatmentGoal>,
    /// Stage groups; empty for any.
    stages: Vec<String>,
    /// Pathology words; empty for any.
    pathologies: Vec<String>,
    /// Lines of treatment; empty for any.
    lines_of_treatment: Vec<LineOfTreatment>,
    /// Target; null for any.
    target: Option<String>,
    /// What has to hold for it, as a sentence of the criteria language.
    needs: Option<String>,
    /// Modalities.
    modalities: Vec<ModalityBody>,
    /// Total dose in gray.
    total_dose_gy: RangeBody<f64>,
    /// Fractions.
    fractions: RangeBody<u32>,
    /// Dose of a fraction in gray.
    dose_per_fraction_gy: RangeBody<f64>,
    /// Total dose in gray, as its name has it.
    typical_dose_gy: f64,
    /// Fractions, as its name has them.
    typical_fractions: u32,
    /// Fractions a day.
    per_day: u32,
    /// Treatment days a week.
    per_week: u32,
    /// Boost, where it has one.
    boost: Option<BoostBody>,
    /// α/β of the tumor in gray.
    alpha_beta_gy: f64,
    /// What it rests on.
    citation: String,
}

/// A modality, and for brachytherapy the word of the technique.
#[derive(Debug, Serialize, ToSchema)]
struct ModalityBody {
    /// Modality.
    modality: Modality,
    /// `hdr` or `ldr`.
    technique: Option<String>,
}

impl From<ScheduleModality> for ModalityBody {
    fn from(by: ScheduleModality) -> Self {
        Self { modality: by.modality, technique: by.dose_rate.map(|rate| rate.as_str().to_owned()) }
    }
}

/// A boost of a schedule.
#[derive(Debug, Serialize, ToSchema)]
struct BoostBody {
    /// True where it is given by another modality, on the order or its own.
    separate: bool,
    /// The modality, where it is another.
    modality: Option<ModalityBody>,
    /// Dose in gray.
    dose_gy: RangeBody<f64>,
    /// Fractions.
    fractions: RangeBody<u32>,
    /// Dose of a fraction in gray.
    dose_per_fraction_gy: RangeBody<f64>,
}

impl From<&ScheduleBoost> for BoostBody {
    fn from(boost: &ScheduleBoost) -> Self {
        Self {
            separate: boost.separate,
            modality: boost.modality.map(ModalityBody::from),
            dose_gy: boost.dose_gy.into(),
            fractions: boost.fractions.into(),
            dose_per_fraction_gy: boost.dose_per_fraction_gy.into(),
        }
    }
}

impl From<&FractionationSchedule> for ScheduleBody {
    fn from(schedule: &FractionationSchedule) -> Self {
        Self {
            schedule: schedule.id.clone(),
            name: schedule.name.clone(),
            designation: schedule.designation.as_str().to_owned(),
            tier: schedule.tier,
            sites: schedule.sites.clone(),
            except_sites: schedule.except_sites.clone(),
            cancers: schedule.cancers.clone(),
            treatment_goal: schedule.goal,
            stages: schedule.stages.clone(),
            pathologies: schedule.pathologies.clone(),
            lines_of_treatment: schedule.lines.clone(),
            target: schedule.target.clone(),
            needs: schedule.needs.as_ref().map(|needs| needs.text.to_string()),
            modalities: schedule.modalities.iter().map(|by| (*by).into()).collect(),
            total_dose_gy: schedule.dose_gy.into(),
            fractions: schedule.fractions.into(),
            dose_per_fraction_gy: schedule.dose_per_fraction_gy.into(),
            typical_dose_gy: schedule.typical.0,
            typical_fractions: schedule.typical.1,
            per_day: schedule.per_day,
            per_week: schedule.per_week,
            boost: schedule.boost.as_ref().map(BoostBody::from),
            alpha_beta_gy: schedule.alpha_beta_gy,
            citation: schedule.citation.clone(),
        }
    }
}

/// Searches fractionation schedules.
#[utoipa::path(get, path = "/v1/radiation/schedules", operation_id = "list_radiation_schedules", tag = "catalogue",
    extensions(("x-roles" = json!(["ordering_provider", "servicing_provider", "intake", "nurse", "physician", "health_plan",
                                   "administrator"]))),
    params(ScheduleSearch),
    responses((status = 200, description = "A page of schedules", body = SearchPage<ScheduleBody>)))]
async fn list_radiation_schedules(
    State(app): State<App>,
    ValidQuery(search): ValidQuery<ScheduleSearch>,
) -> Result<Json<SearchPage<ScheduleBody>>, Problem> {
    let found = catalog::radiation::schedules(&app, catalog::content(&app, None), search.q.as_deref(), search.site.as_deref());
    page(found, search.limit, search.cursor.as_deref(), |schedule| ScheduleBody::from(&**schedule)).map(Json)
}

/// A word with what practices write for it.
#[derive(Debug, Serialize, ToSchema)]
struct TermBody {
    /// The word, as orders give it.
    key: String,
    /// Name.
    name: String,
    /// What is also understood; case, spaces and punctuation do not count.
    words: Vec<String>,
}

impl From<&Term> for TermBody {
    fn from(term: &Term) -> Self {
        Self { key: term.key.clone(), name: term.name.clone(), words: term.words.clone() }
    }
}

/// A site of radiation.
#[derive(Debug, Serialize, ToSchema)]
struct SiteBody {
    /// The word, as orders give it.
    key: String,
    /// Name.
    name: String,
    /// What is also understood, with a side before or after it; case, spaces and punctuation do not count.
    words: Vec<String>,
    /// How the diagnoses treated there begin; empty for any oncology diagnosis.
    icd10_prefixes: Vec<String>,
    /// The only sex that has it.
    sex: Option<Sex>,
    /// True where a stage, or T and N, is asked for.
    staged: bool,
    /// Targets within it.
    targets: Vec<TermBody>,
}

fn site_body(site: &Site, catalog: &RadiationCatalog) -> SiteBody {
    let targets = catalog.targets.iter().filter(|target| target.sites.contains(&site.key));
    SiteBody {
        key: site.key.clone(),
        name: site.name.clone(),
        words: catalog.words_of(site).cloned().collect(),
        icd10_prefixes: site.diagnoses.clone(),
        sex: site.sex,
        staged: site.staged && !site.metastatic,
        targets: targets.map(|target| TermBody::from(&target.term)).collect(),
    }
}

/// A page of sites, with the words of a technique that count at any of them.
#[derive(Debug, Serialize, ToSchema)]
struct SitePage {
    /// The sites.
    items: Vec<SiteBody>,
    /// Send it as `?cursor=` for the next page; null on the last one.
    next_cursor: Option<String>,
    /// What was searched for where nothing is called what was typed.
    searched_for: Option<String>,
    /// Words of `radiation.technique` that count. Others are told and change nothing.
    techniques: Vec<TermBody>,
    /// Modalities.
    modalities: Vec<Modality>,
}

/// Searches sites of radiation.
#[utoipa::path(get, path = "/v1/radiation/sites", operation_id = "list_radiation_sites", tag = "catalogue",
    extensions(("x-roles" = json!(["ordering_provider", "servicing_provider", "intake", "nurse", "physician", "health_plan",
                                   "administrator"]))),
    params(Search),
    responses((status = 200, description = "A page of sites", body = SitePage)))]
async fn list_radiation_sites(State(app): State<App>, ValidQuery(search): ValidQuery<Search>) -> Result<Json<SitePage>, Problem> {
    let content = catalog::content(&app, None);
    let found = catalog::radiation::sites(&app, content, search.q.as_deref());
    let page = page(found, search.limit, search.cursor.as_deref(), |site| site_body(site, &content.radiation))?;
    Ok(Json(SitePage {
        items: page.items,
        next_cursor: page.next_cursor,
        searched_for: page.searched_for,
        techniques: content.radiation.techniques.iter().map(TermBody::from).collect(),
        modalities: Modality::ALL.to_vec(),
    }))
}

/// A procedure code.
#[derive(Debug, Serialize, ToSchema)]
struct ProcedureBody {
    /// Code.
    code: String,
    /// Own words for it.
    name: String,
    /// Planning and delivery are treatment, all others supportive.
    role: DrugRole,
    /// Modalities that it goes with; empty for all.
    modalities: Vec<Modality>,
    /// True where the program reviews it.
    needs_authorization: bool,
    /// What the order has to say for it, as a sentence of the criteria language.
    needs: Option<String>,
    /// First day; null where it has long been.
    valid_from: Option<NaiveDate>,
    /// Last day; null while it is in use.
    valid_through: Option<NaiveDate>,
    /// What took its place.
    replaced_by: Vec<String>,
}

impl From<&RadiationService> for ProcedureBody {
    fn from(service: &RadiationService) -> Self {
        Self {
            code: service.code.clone(),
            name: service.name.clone(),
            role: service.role,
            modalities: service.modalities.clone(),
            needs_authorization: service.needs_authorization,
            needs: service.needs.as_ref().map(|needs| needs.text.to_string()),
            valid_from: service.valid_from,
            valid_through: service.valid_through,
            replaced_by: service.replaced_by.clone(),
        }
    }
}

/// Searches procedure codes of radiation by number or by what they are for.
#[utoipa::path(get, path = "/v1/procedures", operation_id = "list_procedures", tag = "catalogue",
    extensions(("x-roles" = json!(["ordering_provider", "servicing_provider", "intake", "nurse", "physician", "health_plan",
                                   "administrator"]))),
    params(Search),
    responses((status = 200, description = "A page of procedures", body = SearchPage<ProcedureBody>)))]
async fn list_procedures(
    State(app): State<App>,
    ValidQuery(search): ValidQuery<Search>,
) -> Result<Json<SearchPage<ProcedureBody>>, Problem> {
    let found = catalog::radiation::procedures(&app, catalog::content(&app, None), search.q.as_deref());
    page(found, search.limit, search.cursor.as_deref(), |service| ProcedureBody::from(&**service)).map(Json)
}
