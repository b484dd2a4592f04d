//! Claim lines that matched an authorization (VER-05).

use super::{Result, keys, shard_of, shard_of_number};
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

/// Those of these Order IDs that the transaction sees.
pub async fn within_sight(conn: &mut PgConnection, order_ids: &[String]) -> Result<Vec<String>> {
    let shards: Vec<i16> = order_ids.iter().map(|order_id| shard_of_number(order_id)).collect();
    let seen = sqlx::query_scalar!(
        r#"select distinct cases.order_id as "order_id!"
           from unnest($1::text[], $2::smallint[]) as asked (order_id, shard)
           join cases on cases.order_id = asked.order_id and cases.shard = asked.shard
           where cases.order_id is not null"#,
        order_ids,
        &shards,
    )
    .fetch_all(conn)
    .await?;
    Ok(seen)
}

/// The orders with these Order IDs, held until the transaction ends. They are taken in one order by everybody, so that nobody waits for
/// each other.
pub async fn lock_orders(conn: &mut PgConnection, order_ids: &[String]) -> Result<Vec<Order>> {
    let mut order_ids = order_ids.to_vec();
    order_ids.sort_unstable();
    order_ids.dedup();
    let shards: Vec<i16> = order_ids.iter().map(|order_id| shard_of_number(order_id)).collect();
    let orders = sqlx::query_as!(
        Order,
        r#"select cases.order_id as "order_id!", case_id, health_plan, program, content_release, person,
             array(select m.document::text from members m
                   where m.health_plan = cases.health_plan and m.member_id = cases.member_id) as "spans!",
             visible_to, ordering_npi, servicing_npi
           from unnest($1::text[], $2::smallint[]) as asked (order_id, shard)
           join cases on cases.order_id = asked.order_id and cases.shard = asked.shard
           where cases.order_id is not null
           order by case_id for no key update of cases"#,
        &order_ids,
        &shards,
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

/// The answers of these cases as they stand.
pub async fn documents(conn: &mut PgConnection, case_ids: &[Uuid]) -> Result<Vec<(Uuid, String)>> {
    let (case_ids, shards) = keys(case_ids);
    let rows = sqlx::query!(
        r#"select c.case_id, e.document::text as "document!"
           from unnest($1::uuid[], $2::smallint[]) as asked (case_id, shard)
           join cases c on c.case_id = asked.case_id and c.shard = asked.shard
           join case_events e on e.case_id = c.case_id and e.shard = c.shard and e.seq = c.document_seq"#,
        &case_ids,
        &shards,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.case_id, row.document)).collect())
}

/// One drug line of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrugLine {
    /// The case.
    pub case_id: Uuid,
    /// Line of the order.
    pub line: i32,
    /// HCPCS code.
    pub hcpcs: Option<String>,
    /// Generic name.
    pub generic: String,
    /// Status.
    pub status: String,
    /// Units approved.
    pub units_approved: Option<i64>,
    /// Visits approved.
    pub visits_approved: Option<i32>,
    /// First day.
    pub valid_from: Option<NaiveDate>,
    /// Last day.
    pub valid_through: Option<NaiveDate>,
}

/// The drug lines of these cases.
pub async fn drugs(conn: &mut PgConnection, case_ids: &[Uuid]) -> Result<Vec<DrugLine>> {
    let (case_ids, shards) = keys(case_ids);
    let drugs = sqlx::query_as!(
        DrugLine,
        "select d.case_id, line, code as hcpcs, name as generic, status, units_approved, visits_approved, valid_from, valid_through
         from unnest($1::uuid[], $2::smallint[]) as asked (case_id, shard)
         join case_lines d on d.case_id = asked.case_id and d.shard = asked.shard
         order by d.case_id, line",
        &case_ids,
        &shards,
    )
    .fetch_all(conn)
    .await?;
    Ok(drugs)
}

/// A claim line that matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchedLine {
    /// Id.
    pub claim_line_id: Uuid,
    /// The case.
    pub case_id: Uuid,
    /// HCPCS code in capitals.
    pub hcpcs: String,
    /// `JW` or `JZ`.
    pub modifier: Option<String>,
    /// Units given.
    pub units: i64,
    /// Units discarded.
    pub discarded: i64,
    /// The day of the service.
    pub service_date: NaiveDate,
    /// Who billed.
    pub billing_npi: String,
    /// Who sent it.
    pub sender: String,
    /// The sender's own name for it.
    pub reference: Option<String>,
}

/// The lines of these cases that matched and are not taken back.
pub async fn matched(conn: &mut PgConnection, case_ids: &[Uuid]) -> Result<Vec<MatchedLine>> {
    let (case_ids, shards) = keys(case_ids);
    let lines = sqlx::query_as!(
        MatchedLine,
        r#"select claim_line_id as "claim_line_id!", l.case_id as "case_id!", hcpcs as "hcpcs!", modifier, units as "units!",
             discarded as "discarded!", service_date as "service_date!", billing_npi as "billing_npi!", sender as "sender!", reference
           from unnest($1::uuid[], $2::smallint[]) as asked (case_id, shard)
           join claim_lines_in_force l on l.case_id = asked.case_id and l.shard = asked.shard
           order by claim_line_id"#,
        &case_ids,
        &shards,
    )
    .fetch_all(conn)
    .await?;
    Ok(lines)
}

/// Keeps a line that matched, in place of an earlier one where it corrects that.
pub async fn keep(
    conn: &mut PgConnection,
    line: &MatchedLine,
    in_place_of: Option<Uuid>,
    at: DateTime<Utc>,
    by: &str,
) -> Result<()> {
    if let Some(earlier) = in_place_of {
        sqlx::query!(
            "insert into claim_line_reversals (claim_line_id, replaced_by, at, by_subject, shard) values ($1, $2, $3, $4, $5)",
            earlier,
            line.claim_line_id,
            at,
            by,
            shard_of(line.case_id),
        )
        .execute(&mut *conn)
        .await?;
    }
    sqlx::query!(
        "insert into claim_lines (claim_line_id, case_id, hcpcs, modifier, units, discarded, service_date, billing_npi, sender, reference,
           at, by_subject, shard)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        line.claim_line_id,
        line.case_id,
        line.hcpcs,
        line.modifier,
        line.units,
        line.discarded,
        line.service_date,
        line.billing_npi,
        line.sender,
        line.reference,
        at,
        by,
        shard_of(line.case_id),
    )
    .execute(conn)
    .await?;
    Ok(())
}
