//! What a decision depends on, in one round trip: the member, the providers, the member's other cases, and what guards the write.

use super::{Error, Result};
use crate::domain::roster::{MemberRow, ProviderRow};
use crate::domain::vocabulary::CaseStatus;
use chrono::NaiveDate;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sqlx::PgConnection;
use uuid::Uuid;

/// Whom an order or enquiry names. Names are keys of [`crate::domain::roster::name_key`], first and last name joined.
#[derive(Debug, Clone, Copy, Default)]
pub struct Named<'a> {
    /// Health plan; nobody is found without one.
    pub health_plan: &'a str,
    /// Member ID. The name counts only where there is none.
    pub member_id: Option<&'a str>,
    /// Key of the member's name.
    pub member_name: Option<&'a str>,
    /// Date of birth.
    pub birth_date: Option<NaiveDate>,
    /// NPI of the ordering provider. The name counts only where there is none.
    pub ordering_npi: Option<&'a str>,
    /// Key of the ordering clinician's name.
    pub ordering_name: Option<&'a str>,
    /// Tax IDs to which the look-up by name is limited.
    pub tax_ids: Option<&'a [String]>,
    /// NPI of the servicing provider. The name counts only where there is none.
    pub servicing_npi: Option<&'a str>,
    /// Key of the servicing provider's name.
    pub servicing_name: Option<&'a str>,
}

/// What the database knows of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    /// Coverage rows; of several members, where a name fits several.
    pub members: Vec<MemberRow>,
    /// Ordering providers that fit; at most two.
    pub ordering: Vec<ProviderRow>,
    /// Servicing providers that fit; at most two.
    pub servicing: Vec<ProviderRow>,
    /// Cases of the member that may count as similar or as awarded (DUP-01, SCD-05).
    pub cases: Vec<MemberCase>,
    /// The member's ledger version: a write is guarded by it.
    pub seen: i64,
    /// What the idempotency key was used for before.
    pub key: Option<UsedKey>,
}

/// Another case of the member.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct MemberCase {
    /// Its id.
    pub case_id: Uuid,
    /// Its status.
    pub status: CaseStatus,
    /// Its Order ID.
    pub order_id: Option<String>,
    /// First day of its range.
    pub valid_from: NaiveDate,
    /// Last day of its range.
    pub valid_through: NaiveDate,
    /// Ingredients of its treatment drugs.
    pub treatment_ingredients: Vec<String>,
    /// The Pathway for which it holds an S-code award, or whose onset was billed on it, though it may have been given up since.
    pub awarded_pathway: Option<String>,
    /// Who may see it.
    pub visible_to: Vec<String>,
}

/// A key that was used before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsedKey {
    /// SHA-256 of what it was used for.
    pub fingerprint: Vec<u8>,
    /// The case it made.
    pub case_id: Option<Uuid>,
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

/// Loads it. `except` is the case that is being decided again; `key` is the caller's subject and idempotency key.
pub async fn load(conn: &mut PgConnection, named: &Named<'_>, except: Option<Uuid>, key: Option<(&str, &str)>) -> Result<Known> {
    let (subject, key) = key.unzip();
    let row = sqlx::query_as!(
        Row,
        r#"with member as (
             select member_id, coverage_from, document from members where health_plan = $1 and member_id = $2
             union all
             select member_id, coverage_from, document from members
             where $2::text is null and folded_name = $3 and birth_date = $4 and health_plan = $1
           ), the_member as (select min(member_id) as member_id from member)
           select
             array(select document::text from member order by coverage_from) as "members!",
             array(select document::text from providers where health_plan = $1 and npi = $5
                   union all
                   select document::text from (
                     select document from providers
                     where $5::text is null and health_plan = $1 and folded_name = $6 and kind = 'individual'
                       and ($7::text[] is null or tax_ids && $7) limit 2) as by_name) as "ordering!",
             array(select document::text from providers where health_plan = $1 and npi = $8
                   union all
                   select document::text from (
                     select document from providers
                     where $8::text is null and health_plan = $1 and folded_name = $9 limit 2) as by_name) as "servicing!",
             (select json_agg(json_build_object(
                       'case_id', c.case_id, 'status', c.status, 'order_id', c.order_id, 'valid_from', c.valid_from,
                       'valid_through', c.valid_through, 'treatment_ingredients', c.treatment_ingredients, 'visible_to', c.visible_to,
                       'awarded_pathway', coalesce(
                          (select b.pathway_id from s_code_claims b where b.case_id = c.case_id and b.accepted and b.onset),
                          case when exists (
                            select from s_code_awards a where a.case_id = c.case_id and a.voided_on is null) then c.pathway_id end)
                     ) order by c.case_id)::text
              from cases c
              where c.member_id = (select member_id from the_member) and c.health_plan = $1 and c.case_id is distinct from $10
                and (c.status in ('in_progress', 'completed', 'authorized', 'multiple_decisions_rendered')
                     or exists (select from s_code_claims b where b.case_id = c.case_id and b.accepted and b.onset))) as cases,
             coalesce((select version from member_ledger
                       where health_plan = $1 and member_id = (select member_id from the_member)), 0) as "seen!",
             used.fingerprint as "fingerprint?", used.case_id
           from (select) as one left join idempotency_keys as used on used.subject = $11 and used.key = $12"#,
        named.health_plan,
        named.member_id,
        named.member_name,
        named.birth_date,
        named.ordering_npi,
        named.ordering_name,
        named.tax_ids,
        named.servicing_npi,
        named.servicing_name,
        except,
        subject,
        key,
    )
    .fetch_one(conn)
    .await?;
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
