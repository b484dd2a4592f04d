//! What a decision depends on, in one round trip: the member, the providers, the member's other cases, and what guards the write.

use super::together::{Statement, array_literal};
use super::{Error, Result, shard_of_member};
use crate::domain::answer::Answer;
use crate::domain::order::{Assessment, Biomarker, Phase, PriorTherapy};
use crate::domain::roster::{MemberRow, ProviderRow};
use crate::domain::vocabulary::{CaseStatus, DrugRole, DrugStatus, LineOfTreatment, Service};
use chrono::NaiveDate;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sqlx::PgConnection;
use uuid::Uuid;

/// Whom an order or enquiry names. Names of providers are keys of [`crate::domain::roster::name_key`], first and last name joined; the
/// member's is one of [`crate::domain::names::person_key`].
#[derive(Debug, Clone, Default)]
pub struct Named {
    /// Health plan; nobody is found without one.
    pub health_plan: String,
    /// Member ID. The name counts only where there is none.
    pub member_id: Option<String>,
    /// Key of the member's name.
    pub member_name: Option<String>,
    /// Date of birth.
    pub birth_date: Option<NaiveDate>,
    /// NPI of the ordering provider. The name counts only where there is none.
    pub ordering_npi: Option<String>,
    /// Key of the ordering clinician's name.
    pub ordering_name: Option<String>,
    /// Tax IDs to which the look-up by name is limited.
    pub tax_ids: Option<Vec<String>>,
    /// NPI of the servicing provider. The name counts only where there is none.
    pub servicing_npi: Option<String>,
    /// Key of the servicing provider's name.
    pub servicing_name: Option<String>,
}

impl Named {
    /// The shard of the member, where their number is given.
    fn shard(&self) -> Option<i16> {
        self.member_id.as_deref().map(|member_id| shard_of_member(&self.health_plan, member_id))
    }
}

/// What the database knows of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    /// Coverage rows; of several members, where the key of a name fits several.
    pub members: Vec<MemberRow>,
    /// Ordering providers that fit; at most two.
    pub ordering: Vec<ProviderRow>,
    /// Servicing providers that fit; at most two.
    pub servicing: Vec<ProviderRow>,
    /// Cases of the member number, whatever became of them: similar or awarded ones (DUP-01, SCD-05), and what each told (SAFE-12). Of the first
    /// member, where a name fits several.
    pub cases: Vec<MemberCase>,
    /// The member's ledger version: a write is guarded by it.
    pub seen: i64,
    /// What the idempotency key was used for before.
    pub key: Option<UsedKey>,
}

/// Another case of the member.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct MemberCase {
    /// Its id.
    pub case_id: Uuid,
    /// Its status.
    pub status: CaseStatus,
    /// What it orders.
    pub service: Service,
    /// Whose it is, as [`crate::domain::roster::Person`] writes it.
    pub person: String,
    /// Its Order ID.
    pub order_id: Option<String>,
    /// First day of its range.
    pub valid_from: NaiveDate,
    /// Last day of its range.
    pub valid_through: NaiveDate,
    /// Ingredients of its treatment drugs.
    pub treatment_ingredients: Vec<String>,
    /// The regimen that it matched.
    pub regimen_id: Option<String>,
    /// The Pathway for which it holds an S-code award, or whose onset was billed on it, though it may have been given up since.
    pub awarded_pathway: Option<String>,
    /// Who may see it.
    pub visible_to: Vec<String>,
    /// Its lines.
    #[serde(default)]
    pub drugs: Vec<MemberDrug>,
    /// Cancer type as entered; an answer that is missing has its word.
    pub cancer_type: Option<String>,
    /// Diagnosis.
    pub icd10: Option<String>,
    /// Line of treatment as entered.
    pub line_of_treatment: Option<String>,
    /// Stage as entered; an answer that is missing has its word.
    pub stage: Option<String>,
    /// Assessments as entered.
    #[serde(default)]
    pub assessments: Answer<Vec<Assessment>>,
    /// Biomarkers as entered.
    #[serde(default)]
    pub biomarkers: Answer<Vec<Biomarker>>,
    /// Earlier treatments as entered.
    #[serde(default)]
    pub prior_therapies: Answer<Vec<PriorTherapy>>,
    /// The phases of its drugs as entered.
    #[serde(default)]
    pub phases: Option<Vec<Phase>>,
}

impl MemberCase {
    /// Line of treatment, where it is known.
    pub fn line(&self) -> Option<LineOfTreatment> {
        self.line_of_treatment.as_deref().and_then(LineOfTreatment::parse)
    }
}

/// One line of another case.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct MemberDrug {
    /// Number of the line.
    pub line: u32,
    /// Generic name.
    pub generic: String,
    /// HCPCS code.
    pub hcpcs: Option<String>,
    /// Role.
    pub role: DrugRole,
    /// Status.
    pub status: DrugStatus,
    /// First day.
    pub valid_from: Option<NaiveDate>,
    /// Last day.
    pub valid_through: Option<NaiveDate>,
    /// Visits authorized.
    pub visits_approved: Option<u32>,
    /// Units authorized.
    pub units_approved: Option<u64>,
}

/// A key that was used before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsedKey {
    /// SHA-256 of what it was used for.
    pub fingerprint: Vec<u8>,
    /// The case it made.
    pub case_id: Option<Uuid>,
}

/// What is asked for one decision.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// Whom it is about.
    pub named: Named,
    /// The case that is being decided again.
    pub except: Option<Uuid>,
    /// The caller's subject and idempotency key.
    pub key: Option<(String, String)>,
}

/// Look-ups for decisions.
#[derive(Debug)]
pub struct Loads;

impl Statement for Loads {
    type Asked = Asked;
    type Told = Known;

    async fn run(conn: &mut PgConnection, asked: &[Asked]) -> Result<Vec<Known>> {
        load_all(conn, asked).await
    }
}

/// Loads it for one decision.
pub async fn load(conn: &mut PgConnection, asked: &Asked) -> Result<Known> {
    let known = load_all(conn, std::slice::from_ref(asked)).await?.pop();
    Ok(known.ok_or(sqlx::Error::RowNotFound)?)
}

struct Row {
    members: Vec<String>,
    ordering: Vec<String>,
    servicing: Vec<String>,
    cases: Option<String>,
    seen: i64,
    fingerprint: Option<Vec<u8>>,
    case_id: Option<Uuid>,
}

/// Loads it for several decisions, in their order. Each document is read once (`offset 0`), and not for each of its uses.
async fn load_all(conn: &mut PgConnection, asked: &[Asked]) -> Result<Vec<Known>> {
    let count = i32::try_from(asked.len()).unwrap_or(i32::MAX);
    let tax_ids: Vec<Option<String>> = column(asked, |asked| asked.named.tax_ids.as_deref().map(array_literal));
    let rows = sqlx::query_as!(
        Row,
        r#"select
             member.documents as "members!",
             array(select document::text from providers where health_plan = asked.health_plan and npi = asked.ordering_npi
                   union all
                   select document::text from (
                     select document from providers
                     where asked.ordering_npi is null and health_plan = asked.health_plan and folded_name = asked.ordering_name
                       and kind = 'individual' and (asked.tax_ids is null or tax_ids && asked.tax_ids) limit 2) as by_name) as "ordering!",
             array(select document::text from providers where health_plan = asked.health_plan and npi = asked.servicing_npi
                   union all
                   select document::text from (
                     select document from providers
                     where asked.servicing_npi is null and health_plan = asked.health_plan and folded_name = asked.servicing_name limit 2)
                       as by_name) as "servicing!",
             (select json_agg(json_build_object(
                       'case_id', c.case_id, 'person', c.person, 'service', c.service, 'status', c.status, 'order_id', c.order_id, 'valid_from', c.valid_from,
                       'valid_through', c.valid_through, 'treatment_ingredients', c.treatment_ingredients, 'visible_to', c.visible_to,
                       'drugs', coalesce((
                          select json_agg(json_build_object(
                            'line', d.line, 'generic', d.name, 'hcpcs', d.code, 'role', d.role, 'status', d.status,
                            'valid_from', d.valid_from, 'valid_through', d.valid_through, 'visits_approved', d.visits_approved,
                            'units_approved', d.units_approved) order by d.line)
                          from case_lines d where d.case_id = c.case_id and d.shard = c.shard), '[]'),
                       'cancer_type', said.clinical ->> 'cancer_type', 'icd10', said.icd10, 'regimen_id', said.regimen_id,
                       'line_of_treatment', said.clinical ->> 'line_of_treatment', 'stage', said.clinical ->> 'stage',
                       'assessments', said.clinical -> 'assessments', 'biomarkers', said.clinical -> 'biomarkers',
                       'prior_therapies', said.clinical -> 'prior_therapies', 'phases', said.phases,
                       'awarded_pathway', coalesce(
                          (select b.pathway_id from s_code_claims b
                           where b.case_id = c.case_id and b.shard = c.shard and b.accepted and b.onset),
                          case when exists (
                            select from s_code_awards a where a.case_id = c.case_id and a.shard = c.shard and a.voided_on is null) then c.pathway_id end)
                     ) order by c.case_id)::text
              from cases c
              left join lateral (
                select e.document #> '{request,clinical}' as clinical, e.document #>> '{request,diagnosis,icd10}' as icd10,
                  e.document #>> '{pathway,regimen_id}' as regimen_id, e.document #> '{request,treatment,phases}' as phases
                from case_events e where e.case_id = c.case_id and e.shard = c.shard and e.seq = c.document_seq offset 0) as said on true
              where c.shard = home.shard and c.member_id = member.member_id and c.health_plan = asked.health_plan
                and c.case_id is distinct from asked.except_case) as cases,
             coalesce((select version from member_ledger
                       where shard = home.shard and health_plan = asked.health_plan and member_id = member.member_id), 0) as "seen!",
             used.fingerprint as "fingerprint?", used.case_id
           from (
             select place, ($1::text[])[place] as health_plan, ($2::text[])[place] as member_id, ($3::text[])[place] as member_name,
               ($4::date[])[place] as birth_date, ($5::text[])[place] as ordering_npi, ($6::text[])[place] as ordering_name,
               ($7::text[])[place]::text[] as tax_ids, ($8::text[])[place] as servicing_npi, ($9::text[])[place] as servicing_name,
               ($10::uuid[])[place] as except_case, ($11::text[])[place] as subject, ($12::text[])[place] as key,
               ($14::smallint[])[place] as shard
             from generate_series(1, $13::int) as place
             offset 0
           ) as asked
           cross join lateral (
             select array(select document::text from (
                       select document, coverage_from from members where health_plan = asked.health_plan and member_id = asked.member_id
                       union all
                       select document, coverage_from from members
                       where asked.member_id is null and health_plan = asked.health_plan and member_id in (
                         select member_id from members
                         where folded_name = asked.member_name and birth_date = asked.birth_date and health_plan = asked.health_plan))
                       as rows order by coverage_from) as documents,
                    coalesce(asked.member_id, (
                       select min(member_id) from members
                       where folded_name = asked.member_name and birth_date = asked.birth_date and health_plan = asked.health_plan))
                      as member_id
             offset 0
           ) as member
           -- of a member who is found by name, the number is known here first
           cross join lateral (
             select coalesce(asked.shard, shard_of_member(asked.health_plan, member.member_id)) as shard offset 0
           ) as home
           left join idempotency_keys as used on used.subject = asked.subject and used.key = asked.key
           order by asked.place"#,
        &column(asked, |asked| asked.named.health_plan.as_str()) as &[&str],
        &column(asked, |asked| asked.named.member_id.as_deref()) as &[Option<&str>],
        &column(asked, |asked| asked.named.member_name.as_deref()) as &[Option<&str>],
        &column(asked, |asked| asked.named.birth_date) as &[Option<NaiveDate>],
        &column(asked, |asked| asked.named.ordering_npi.as_deref()) as &[Option<&str>],
        &column(asked, |asked| asked.named.ordering_name.as_deref()) as &[Option<&str>],
        &tax_ids as &[Option<String>],
        &column(asked, |asked| asked.named.servicing_npi.as_deref()) as &[Option<&str>],
        &column(asked, |asked| asked.named.servicing_name.as_deref()) as &[Option<&str>],
        &column(asked, |asked| asked.except) as &[Option<Uuid>],
        &column(asked, |asked| asked.key.as_ref().map(|(subject, _)| subject.as_str())) as &[Option<&str>],
        &column(asked, |asked| asked.key.as_ref().map(|(_, key)| key.as_str())) as &[Option<&str>],
        count,
        &column(asked, |asked| asked.named.shard()) as &[Option<i16>],
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(known).collect()
}

/// A value of each question.
fn column<'a, T>(asked: &'a [Asked], of: impl Fn(&'a Asked) -> T) -> Vec<T> {
    asked.iter().map(of).collect()
}

fn known(row: Row) -> Result<Known> {
    Ok(Known {
        members: documents("members.document", &row.members)?,
        ordering: documents("providers.document", &row.ordering)?,
        servicing: documents("providers.document", &row.servicing)?,
        cases: row.cases.map(|text| read("cases", &text)).transpose()?.unwrap_or_default(),
        seen: row.seen,
        key: row.fingerprint.map(|fingerprint| UsedKey { fingerprint, case_id: row.case_id }),
    })
}

fn documents<T: DeserializeOwned>(what: &'static str, texts: &[String]) -> Result<Vec<T>> {
    texts.iter().map(|text| read(what, text)).collect()
}

/// Reads a stored document back.
pub(super) fn read<T: DeserializeOwned>(what: &'static str, text: &str) -> Result<T> {
    // The kind of fault and its place, never the text: it may be PHI.
    serde_json::from_str(text).map_err(|error| Error::Corrupt {
        what,
        why: format!("{:?} at line {} column {}", error.classify(), error.line(), error.column()),
    })
}
