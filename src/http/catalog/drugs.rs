//! Drugs and diagnoses.

use super::super::problem::Problem;
use super::super::query::ValidQuery;
use super::super::state::HttpState;
use super::{Search, SearchPage, page};
use crate::app::{App, catalog};
use crate::domain::content::{Benefit, Code, Content, Drug};
use crate::domain::vocabulary::DrugRole;
use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<HttpState> {
    OpenApiRouter::new().routes(routes!(list_drugs)).routes(routes!(get_drug)).routes(routes!(list_diagnoses))
}

/// A drug with its codes.
#[derive(Debug, Serialize, ToSchema)]
struct DrugBody {
    /// Generic name.
    generic: String,
    /// Other names of the same drug.
    synonyms: Vec<String>,
    /// Brand names.
    brands: Vec<String>,
    /// Class, such as `chemotherapy`.
    class: String,
    /// Subclass, such as `platinum`.
    subclass: String,
    /// Role unless a regimen counts it otherwise (REG-13).
    role: DrugRole,
    /// True where that is `supportive`.
    supportive: bool,
    /// Ingredients it counts as.
    ingredients: Vec<String>,
    /// Whose benefit pays where a code does not say otherwise (PRG-12).
    benefit: BenefitBody,
    /// Active codes; the one whose number or product was typed comes first.
    codes: Vec<CodeBody>,
    /// Codes that ended.
    ended_codes: Vec<EndedCodeBody>,
    /// Programs that manage it (PRG-18).
    managed_by: Vec<String>,
    /// Where this comes from.
    provenance: String,
    /// True where a clinician still has to verify it.
    verify: bool,
}

/// Whose benefit pays.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum BenefitBody {
    /// The medical benefit.
    Medical,
    /// The pharmacy benefit.
    Pharmacy,
    /// Either.
    Either,
}

impl From<Benefit> for BenefitBody {
    fn from(benefit: Benefit) -> Self {
        match benefit {
            Benefit::Medical => Self::Medical,
            Benefit::Pharmacy => Self::Pharmacy,
            Benefit::Either => Self::Either,
        }
    }
}

/// A HCPCS code.
#[derive(Debug, Serialize, ToSchema)]
struct CodeBody {
    /// The code.
    hcpcs: String,
    /// Descriptor.
    descriptor: String,
    /// What one unit bills, such as `10 mg`.
    billing_unit: Option<String>,
    /// Whose benefit pays.
    benefit: BenefitBody,
    /// Covered under Part B for Medicare Advantage members (PRG-12).
    medicare_part_b_oral: bool,
    /// Brand or labeler.
    product: Option<String>,
    /// Name with suffix, where it is a biosimilar.
    biosimilar_name: Option<String>,
}

impl From<&Code> for CodeBody {
    fn from(code: &Code) -> Self {
        Self {
            hcpcs: code.hcpcs.clone(),
            descriptor: code.descriptor.clone(),
            billing_unit: code.billing_unit.as_ref().map(crate::domain::content::BillingUnit::words),
            benefit: code.benefit.into(),
            medicare_part_b_oral: code.medicare_part_b_oral,
            product: code.product.clone(),
            biosimilar_name: code.biosimilar_name.clone(),
        }
    }
}

/// A code that ended.
#[derive(Debug, Serialize, ToSchema)]
struct EndedCodeBody {
    /// The code.
    hcpcs: String,
    /// When it ended, as the source writes it.
    ended: Option<String>,
    /// Codes to use instead.
    replaced_by: Vec<String>,
}

fn drug_body(drug: &Drug, typed: Option<&Code>, content: &Content) -> DrugBody {
    let ended = content.drugs.ended_codes().filter(|code| code.generic.eq_ignore_ascii_case(&drug.generic));
    let mut ended_codes: Vec<EndedCodeBody> = ended
        .map(|code| EndedCodeBody { hcpcs: code.hcpcs.clone(), ended: code.ended.clone(), replaced_by: code.replaced_by.clone() })
        .collect();
    ended_codes.sort_by(|left, right| left.hcpcs.cmp(&right.hcpcs));
    let managing = content.programs.iter().filter(|program| program.managed.contains(&drug.generic));
    DrugBody {
        generic: drug.generic.clone(),
        synonyms: drug.synonyms.clone(),
        brands: drug.brands.clone(),
        class: drug.class.clone(),
        subclass: drug.subclass.clone(),
        role: if drug.supportive { DrugRole::Supportive } else { DrugRole::Treatment },
        supportive: drug.supportive,
        ingredients: drug.ingredients.clone(),
        benefit: drug.benefit.into(),
        codes: catalog::drugs::codes_in_order(drug, typed).into_iter().map(CodeBody::from).collect(),
        ended_codes,
        managed_by: managing.map(|program| program.id.clone()).collect(),
        provenance: drug.provenance.clone(),
        verify: drug.verify,
    }
}

/// Searches drugs by brand, generic name, abbreviation, class or HCPCS code.
///
/// Each shows its codes with their billing units, whose benefit pays, and which programs manage it. A code that ended finds the drug
/// that it stood for, with the codes to use instead.
#[utoipa::path(get, path = "/v1/drugs", operation_id = "list_drugs", tag = "catalogue",
    extensions(("x-roles" = json!(["ordering_provider", "servicing_provider", "intake", "nurse", "physician", "health_plan",
                                   "administrator"]))),
    params(Search),
    responses((status = 200, description = "A page of drugs, best first", body = SearchPage<DrugBody>)))]
async fn list_drugs(
    State(app): State<App>,
    ValidQuery(search): ValidQuery<Search>,
) -> Result<Json<SearchPage<DrugBody>>, Problem> {
    let content = catalog::content(&app, None);
    let found = catalog::drugs::search(&app, content, search.q.as_deref());
    page(found, search.limit, search.cursor.as_deref(), |found| drug_body(found.drug, found.code, content)).map(Json)
}

/// Reads the drug behind an active HCPCS code.
#[utoipa::path(get, path = "/v1/drugs/{hcpcs}", operation_id = "get_drug", tag = "catalogue",
    extensions(("x-roles" = json!(["ordering_provider", "servicing_provider", "intake", "nurse", "physician", "health_plan",
                                   "administrator"]))),
    params(("hcpcs" = String, Path, description = "HCPCS code")),
    responses((status = 200, description = "The drug", body = DrugBody)))]
async fn get_drug(State(app): State<App>, Path(hcpcs): Path<String>) -> Result<Json<DrugBody>, Problem> {
    let content = catalog::content(&app, None);
    let (drug, code) = content.drugs.by_code(&hcpcs.trim().to_ascii_uppercase()).ok_or_else(Problem::not_found)?;
    Ok(Json(drug_body(drug, Some(code), content)))
}

/// A diagnosis.
#[derive(Debug, Serialize, ToSchema)]
struct DiagnosisBody {
    /// ICD-10-CM code.
    icd10: String,
    /// Title.
    title: String,
    /// True for codes that may be billed.
    billable: bool,
    /// True for a category, which heads other codes and cannot be billed.
    header: bool,
    /// Of a category: what to bill instead, in words.
    notice: Option<String>,
    /// Codes below a category: its billable codes where they are few, else the next level.
    narrower: Vec<String>,
    /// True where programs manage it (PRG-11).
    oncology: bool,
}

fn diagnosis_body((code, diagnosis): catalog::diagnoses::FoundDiagnosis<'_>) -> DiagnosisBody {
    let header = !diagnosis.billable;
    DiagnosisBody {
        icd10: code.to_owned(),
        title: diagnosis.title.clone(),
        billable: diagnosis.billable,
        header,
        notice: header.then(|| format!("{code} is a category and cannot be billed: choose a code below it")),
        narrower: diagnosis.narrower.clone(),
        oncology: diagnosis.oncology,
    }
}

/// Searches diagnoses by title, by the words of clinics (`nsclc`, `bone mets`), or by ICD-10-CM code with or without its dot.
///
/// Cancers come before what is no cancer, and codes that may be billed before categories, which say so.
#[utoipa::path(get, path = "/v1/diagnoses", operation_id = "list_diagnoses", tag = "catalogue",
    extensions(("x-roles" = json!(["ordering_provider", "servicing_provider", "intake", "nurse", "physician", "health_plan",
                                   "administrator"]))),
    params(Search),
    responses((status = 200, description = "A page of diagnoses, best first", body = SearchPage<DiagnosisBody>)))]
async fn list_diagnoses(
    State(app): State<App>,
    ValidQuery(search): ValidQuery<Search>,
) -> Result<Json<SearchPage<DiagnosisBody>>, Problem> {
    let found = catalog::diagnoses::search(&app, catalog::content(&app, None), search.q.as_deref());
    page(found, search.limit, search.cursor.as_deref(), diagnosis_body).map(Json)
}
