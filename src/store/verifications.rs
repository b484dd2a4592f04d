//! What a verification is answered from (VER-03): cases with their drug lines, by Order ID or by member, in one statement each.

use super::facts::read;
use super::{Error, Result, shard_of_number};
use crate::domain::roster::MemberRow;
use crate::domain::vocabulary::{CaseStatus, DrugStatus, Service};
use chrono::NaiveDate;
use serde::Deserialize;
use sqlx::PgConnection;
use uuid::Uuid;

/// A case, as far as a verification may speak of it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct VerifiableCase {
    /// The case.
    pub case_id: Uuid,
    /// Health plan.
    pub health_plan: String,
    /// Program.
    pub program: String,
    /// Release of the content that decided.
    pub content_release: String,
    /// Whose it is, as [`crate::domain::roster::Person`] writes it.
    pub person: String,
    /// What the plan's file says today of the member number.
    #[serde(skip)]
    pub spans: Vec<MemberRow>,
    /// Status.
    pub status: CaseStatus,
    /// Order ID, once it has one.
    pub order_id: Option<String>,
    /// First day.
    pub valid_from: NaiveDate,
    /// Last day.
    pub valid_through: NaiveDate,
    /// Who may see it.
    pub visible_to: Vec<String>,
    /// What it orders.
    pub service: Service,
    /// Lines, in order.
    pub drugs: Vec<VerifiableDrug>,
}

/// A case, and the member number that it stands under.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct OfMember {
    /// Member ID on the plan's file.
    pub member_id: String,
    /// The case; without spans.
    #[serde(flatten)]
    pub case: VerifiableCase,
}

/// A drug line.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct VerifiableDrug {
    /// Line of the order.
    pub line: u32,
    /// HCPCS code, where there is one.
    pub hcpcs: Option<String>,
    /// Generic name.
    pub name: String,
    /// Status.
    pub status: DrugStatus,
    /// Billing units in the range.
    pub units_approved: Option<u64>,
    /// Treatment days in the range.
    pub visits_approved: Option<u32>,
    /// First day.
    pub valid_from: Option<NaiveDate>,
    /// Last day.
    pub valid_through: Option<NaiveDate>,
}

/// The member asked about. The name is a key of [`crate::domain::names::person_key`].
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Health plan.
    pub health_plan: &'a str,
    /// Member ID. Name and date of birth count only where there is none.
    pub member_id: Option<&'a str>,
    /// Key of the name.
    pub name: &'a str,
    /// Date of birth.
    pub birth_date: NaiveDate,
    /// Only cases with this code.
    pub hcpcs: Option<&'a str>,
    /// Only the case with this Order ID.
    pub order_id: Option<&'a str>,
}

/// The case with this Order ID, where there is one; of its drug lines those with this code, where one is given.
pub async fn by_order_id(conn: &mut PgConnection, order_id: &str, hcpcs: Option<&str>) -> Result<Option<VerifiableCase>> {
    let rows = sqlx::query!(
        r#"select c.case_id, c.health_plan, c.program, c.service, c.content_release, c.person, covered.spans as "spans!", c.status,
             c.valid_from, c.valid_through, c.visible_to, d.line as "line?", d.code, d.name as "name?", d.status as "drug_status?",
             d.units_approved, d.visits_approved, d.valid_from as "drug_from", d.valid_through as "drug_through"
           from cases c
           cross join lateral (
             select array(select m.document::text from members m
                          where m.health_plan = c.health_plan and m.member_id = c.member_id) as spans
             offset 0) as covered
           left join case_lines d on d.case_id = c.case_id and d.shard = c.shard and ($2::text is null or d.code = $2)
           where c.order_id = $1 and c.shard = $3
           order by d.line"#,
        order_id,
        hcpcs,
        shard_of_number(order_id),
    )
    .fetch_all(conn)
    .await?;
    let mut told: Option<VerifiableCase> = None;
    for row in rows {
        let case = match &mut told {
            Some(case) => case,
            None => told.insert(VerifiableCase {
                case_id: row.case_id,
                health_plan: row.health_plan,
                program: row.program,
                content_release: row.content_release,
                person: row.person,
                spans: row.spans.iter().map(|text| read("members.document", text)).collect::<Result<_>>()?,
                status: CaseStatus::parse(&row.status).ok_or_else(|| corrupt("cases.status"))?,
                order_id: Some(order_id.to_owned()),
                valid_from: row.valid_from,
                valid_through: row.valid_through,
                visible_to: row.visible_to,
                service: Service::parse(&row.service).ok_or_else(|| corrupt("cases.service"))?,
                drugs: Vec::new(),
            }),
        };
        // a case without such drug lines comes as one row without a line
        if let (Some(line), Some(name), Some(status)) = (row.line, row.name, row.drug_status) {
            case.drugs.push(VerifiableDrug {
                line: line.unsigned_abs(),
                hcpcs: row.code,
                name,
                status: DrugStatus::parse(&status).ok_or_else(|| corrupt("case_lines.status"))?,
                units_approved: row.units_approved.map(i64::unsigned_abs),
                visits_approved: row.visits_approved.map(i32::unsigned_abs),
                valid_from: row.drug_from,
                valid_through: row.drug_through,
            });
        }
    }
    Ok(told)
}

/// The rows of the members who may be meant, and the cases of all of them, each with its member ID.
pub async fn by_member(conn: &mut PgConnection, asked: &Asked<'_>) -> Result<(Vec<MemberRow>, Vec<OfMember>)> {
    let row = sqlx::query!(
        r#"with member as (
             select member_id, document from members where health_plan = $1 and member_id = $2
             union all
             select member_id, document from members
             where $2::text is null and health_plan = $1 and member_id in (
               select member_id from members where folded_name = $3 and birth_date = $4 and health_plan = $1)
           )
           select
             array(select document::text from member) as "members!",
             (select json_agg(json_build_object(
                       'member_id', c.member_id, 'case_id', c.case_id, 'health_plan', c.health_plan, 'program', c.program,
                       'content_release', c.content_release, 'person', c.person, 'status', c.status, 'order_id', c.order_id, 'valid_from', c.valid_from,
                       'valid_through', c.valid_through, 'visible_to', c.visible_to, 'service', c.service,
                       'drugs', array(
                          select json_build_object('line', d.line, 'hcpcs', d.code, 'name', d.name, 'status', d.status,
                            'units_approved', d.units_approved, 'visits_approved', d.visits_approved, 'valid_from', d.valid_from,
                            'valid_through', d.valid_through)
                          from case_lines d where d.case_id = c.case_id and d.shard = c.shard order by d.line)
                     ) order by c.case_id desc)::text
              from (select distinct member_id, shard_of_member($1, member_id) as shard from member) as named
              join cases c on c.shard = named.shard and c.member_id = named.member_id and c.health_plan = $1
              where ($5::text is null or exists (
                  select from case_lines d where d.case_id = c.case_id and d.shard = c.shard and d.code = $5))
                and ($6::text is null or c.order_id = $6)) as cases"#,
        asked.health_plan,
        asked.member_id,
        asked.name,
        asked.birth_date,
        asked.hcpcs,
        asked.order_id,
    )
    .fetch_one(conn)
    .await?;
    let members = row.members.iter().map(|text| read("members.document", text)).collect::<Result<_>>()?;
    let cases = row.cases.map(|text| read("cases", &text)).transpose()?.unwrap_or_default();
    Ok((members, cases))
}

fn corrupt(what: &'static str) -> Error {
    Error::Corrupt { what, why: "no such word".to_owned() }
}
