//! Claim lines that matched an authorization (VER-05).

use super::Result;
use crate::domain::roster::MemberRow;
use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// An approved order that claim lines name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Its Order ID.
    pub order_id: String,
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
    /// What the plan's file says today of the member number: documents of [`crate::domain::roster::MemberRow`].
    pub spans: Vec<String>,
    /// Who may see it.
    pub visible_to: Vec<String>,
    /// Ordering provider.
    pub ordering_npi: String,
    /// Servicing provider.
    pub servicing_npi: Option<String>,
}

/// The orders with these Order IDs, held until the transaction ends. They are taken in one order by everybody, so that nobody waits for
/// each other.
pub async fn lock_orders(conn: &mut PgConnection, order_ids: &[String]) -> Result<Vec<Order>> {
    let orders = sqlx::query_as!(
        Order,
        r#"select order_id as "order_id!", case_id, health_plan, program, content_release, person,
             array(select m.document::text from members m
                   where m.health_plan = cases.health_plan and m.member_id = cases.member_id) as "spans!",
             visible_to, ordering_npi, servicing_npi
           from cases where order_id = any($1) order by case_id for update"#,
        order_ids,
    )
    .fetch_all(conn)
    .await?;
    Ok(orders)
}

impl Order {
    /// The spans of the member number.
    pub fn read_spans(&self) -> Result<Vec<MemberRow>> {
        self.spans.iter().map(|text| super::facts::read("members.document", text)).collect()
    }
}

/// One drug line of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrugLine {
    /// The case.
    pub case_id: Uuid,
    /// HCPCS code.
    pub hcpcs: Option<String>,
    /// Status.
    pub status: String,
    /// Units approved.
    pub units_approved: Option<i64>,
    /// First day.
    pub valid_from: Option<NaiveDate>,
    /// Last day.
    pub valid_through: Option<NaiveDate>,
}

/// The drug lines of these cases.
pub async fn drugs(conn: &mut PgConnection, case_ids: &[Uuid]) -> Result<Vec<DrugLine>> {
    let drugs = sqlx::query_as!(
        DrugLine,
        "select case_id, hcpcs, status, units_approved, valid_from, valid_through from case_drugs
         where case_id = any($1) order by case_id, line",
        case_ids,
    )
    .fetch_all(conn)
    .await?;
    Ok(drugs)
}

/// A claim line that matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchedLine {
    /// The case.
    pub case_id: Uuid,
    /// HCPCS code in capitals.
    pub hcpcs: String,
    /// Units.
    pub units: i64,
    /// The day of the service.
    pub service_date: NaiveDate,
    /// Who billed.
    pub billing_npi: String,
    /// The claim's own name for it.
    pub reference: Option<String>,
}

/// The lines of these cases that matched so far.
pub async fn matched(conn: &mut PgConnection, case_ids: &[Uuid]) -> Result<Vec<MatchedLine>> {
    let lines = sqlx::query_as!(
        MatchedLine,
        "select case_id, hcpcs, units, service_date, billing_npi, reference from claim_lines where case_id = any($1)
         order by claim_line_id",
        case_ids,
    )
    .fetch_all(conn)
    .await?;
    Ok(lines)
}

/// Takes a line back that came under this reference.
pub async fn forget(conn: &mut PgConnection, case_id: Uuid, billing_npi: &str, reference: &str) -> Result<()> {
    sqlx::query!(
        "delete from claim_lines where case_id = $1 and billing_npi = $2 and reference = $3",
        case_id,
        billing_npi,
        reference,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Keeps a line that matched.
pub async fn keep(conn: &mut PgConnection, id: Uuid, line: &MatchedLine, at: DateTime<Utc>, by: &str) -> Result<()> {
    sqlx::query!(
        "insert into claim_lines (claim_line_id, case_id, hcpcs, units, service_date, billing_npi, reference, at, by_subject)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        id,
        line.case_id,
        line.hcpcs,
        line.units,
        line.service_date,
        line.billing_npi,
        line.reference,
        at,
        by,
    )
    .execute(conn)
    .await?;
    Ok(())
}
