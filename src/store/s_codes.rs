//! S-code claims, and what they rest on. The case is held by the caller ([`super::cases::lock`]), and the member
//! ([`super::cases::lock_member`]), so that of two claims at once the later sees the earlier.

use super::{Result, shard_of, shard_of_member};
use crate::domain::roster::MemberRow;
use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// What a claim rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ground {
    /// Member.
    pub member_id: String,
    /// Whose the case is, as [`crate::domain::roster::Person`] writes it.
    pub person: String,
    /// What the plan's file says today of the member number: documents of [`crate::domain::roster::MemberRow`].
    pub spans: Vec<String>,
    /// Ordering provider of the case.
    pub ordering_npi: String,
    /// Pathway of the case.
    pub pathway_id: Option<String>,
    /// How often the code may be billed; none where it was not awarded.
    pub times: Option<i32>,
    /// First day.
    pub billable_from: Option<NaiveDate>,
    /// Last day.
    pub billable_through: Option<NaiveDate>,
    /// Since when it is void.
    pub voided_on: Option<NaiveDate>,
    /// Why.
    pub void_reason: Option<String>,
}

impl Ground {
    /// The spans of the member number.
    pub fn read_spans(&self) -> Result<Vec<MemberRow>> {
        self.spans.iter().map(|text| super::facts::read("members.document", text)).collect()
    }
}

/// What a claim for this code on this case rests on.
pub async fn ground(conn: &mut PgConnection, case_id: Uuid, code: &str) -> Result<Option<Ground>> {
    let ground = sqlx::query_as!(
        Ground,
        r#"select c.member_id, c.person,
             array(select m.document::text from members m
                   where m.health_plan = c.health_plan and m.member_id = c.member_id) as "spans!",
             c.ordering_npi, c.pathway_id, a.times as "times?", a.billable_from as "billable_from?",
             a.billable_through as "billable_through?", a.voided_on, a.void_reason
           from cases c left join s_code_awards a on a.case_id = c.case_id and a.shard = c.shard and a.code = $2
           where c.case_id = $1 and c.shard = $3"#,
        case_id,
        code,
        shard_of(case_id),
    )
    .fetch_optional(conn)
    .await?;
    Ok(ground)
}

/// A later approved order that changed the treatment of the same cancer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaterOrder {
    /// Its case.
    pub case_id: Uuid,
    /// Its first day.
    pub valid_from: NaiveDate,
}

/// The first order that changed the treatment of a case.
pub async fn changed_by(conn: &mut PgConnection, case_id: Uuid) -> Result<Option<LaterOrder>> {
    let later = sqlx::query_as!(
        LaterOrder,
        "select later.case_id, later.valid_from
           from cases c
           join case_events mine on mine.case_id = c.case_id and mine.shard = c.shard and mine.seq = c.document_seq
           join cases later on later.shard = c.shard and later.member_id = c.member_id and later.health_plan = c.health_plan
             and later.person = c.person and later.submitted_at >= c.submitted_at and later.service = c.service
             and (later.valid_from, later.submitted_at, later.case_id) > (c.valid_from, c.submitted_at, c.case_id)
           join case_events theirs on theirs.case_id = later.case_id and theirs.shard = later.shard and theirs.seq = later.document_seq
           where c.case_id = $1 and c.shard = $2 and later.order_id is not null and later.treatment_ingredients <> '{}'
             and later.pathway_id is distinct from c.pathway_id
             and mine.document -> 'request' -> 'clinical' ->> 'cancer_type'
               is not distinct from theirs.document -> 'request' -> 'clinical' ->> 'cancer_type'
           order by later.valid_from, later.submitted_at, later.case_id limit 1",
        case_id,
        shard_of(case_id),
    )
    .fetch_optional(conn)
    .await?;
    Ok(later)
}

/// An accepted claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptedClaim {
    /// Its case.
    pub case_id: Uuid,
    /// Whose that is.
    pub person: String,
    /// True for the code at onset.
    pub onset: bool,
    /// The day billed for.
    pub service_date: NaiveDate,
    /// The Pathway of its case.
    pub pathway_id: Option<String>,
}

/// The accepted claims of a member number, on any case, oldest first.
pub async fn accepted(conn: &mut PgConnection, health_plan: &str, member_id: &str) -> Result<Vec<AcceptedClaim>> {
    let claims = sqlx::query_as!(
        AcceptedClaim,
        "select case_id, person, onset, service_date, pathway_id from s_code_claims
         where shard = $3 and health_plan = $1 and member_id = $2 and accepted order by service_date, s_code_claim_id",
        health_plan,
        member_id,
        shard_of_member(health_plan, member_id),
    )
    .fetch_all(conn)
    .await?;
    Ok(claims)
}

/// A claim to keep, accepted or not.
#[derive(Debug, Clone, Copy)]
pub struct NewClaim<'a> {
    /// Id.
    pub s_code_claim_id: Uuid,
    /// The case.
    pub case_id: Uuid,
    /// Health plan.
    pub health_plan: &'a str,
    /// Member.
    pub member_id: &'a str,
    /// Whose the case is.
    pub person: &'a str,
    /// Code.
    pub code: &'a str,
    /// True for the code at onset.
    pub onset: bool,
    /// The day billed for.
    pub service_date: NaiveDate,
    /// Who bills.
    pub billing_npi: &'a str,
    /// `professional` or `facility`.
    pub claim_type: &'a str,
    /// The Pathway of the case.
    pub pathway_id: Option<&'a str>,
    /// The rule that refuses it; none where it is accepted.
    pub rule: Option<&'a str>,
    /// In words.
    pub message: &'a str,
    /// When.
    pub at: DateTime<Utc>,
    /// Who sent it.
    pub by_subject: &'a str,
    /// As what.
    pub by_role: &'a str,
}

/// Keeps a claim.
pub async fn insert(conn: &mut PgConnection, claim: &NewClaim<'_>) -> Result<()> {
    sqlx::query!(
        "insert into s_code_claims (s_code_claim_id, case_id, health_plan, member_id, code, onset, service_date, billing_npi, claim_type,
           pathway_id, accepted, rule, message, at, by_subject, by_role, person, shard)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::text is null, $11, $12, $13, $14, $15, $16, $17)",
        claim.s_code_claim_id,
        claim.case_id,
        claim.health_plan,
        claim.member_id,
        claim.code,
        claim.onset,
        claim.service_date,
        claim.billing_npi,
        claim.claim_type,
        claim.pathway_id,
        claim.rule,
        claim.message,
        claim.at,
        claim.by_subject,
        claim.by_role,
        claim.person,
        shard_of(claim.case_id),
    )
    .execute(conn)
    .await?;
    Ok(())
}
