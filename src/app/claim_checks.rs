//! Matching claim lines with what was authorized (VER-05). A line that matches uses its units up, so that later lines see what is left;
//! a line sent again under the same reference replaces itself.

use super::idempotency::{self, Answer};
use super::visibility::Sight;
use super::{App, Caller, Error, Idempotent, Result};
use crate::domain::order_id::{Numbered, ReadableId};
use crate::domain::roster::MemberRow;
use crate::domain::vocabulary::DrugStatus;
use crate::rules::claims::{self, Authorization, ClaimLine as Asked, Mismatch, OrderedCode};
use crate::store;
use crate::store::claims::{MatchedLine, Order};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use utoipa::ToSchema;
use uuid::Uuid;

/// Lines to check.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClaimCheck {
    /// The lines; each is checked after those before it.
    #[schema(min_items = 1, max_items = 500)]
    pub lines: Vec<ClaimCheckLine>,
}

/// A line of a claim.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClaimCheckLine {
    /// Order ID as a person types it: case, spaces and dashes do not matter.
    #[schema(min_length = 1, max_length = 40)]
    pub order_id: String,
    /// HCPCS code.
    #[schema(min_length = 1, max_length = 10)]
    pub hcpcs: String,
    /// Billing units.
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    pub units: u64,
    /// The day of the service; any day, future ones too.
    pub service_date: NaiveDate,
    /// NPI of who bills.
    #[schema(pattern = "^[0-9]{10}$")]
    pub billing_npi: String,
    /// The claim's own name for the line. A line sent again under the same name replaces itself instead of using units up twice.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 100)]
    pub claim_line_id: Option<String>,
}

/// What was found out about the lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ClaimCheckAnswer {
    /// One for each line, in order.
    pub lines: Vec<CheckedLine>,
}

/// What was found out about a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CheckedLine {
    /// The Order ID.
    pub order_id: String,
    /// The code.
    pub hcpcs: String,
    /// The claim's own name for the line.
    pub claim_line_id: Option<String>,
    /// True where code, units, date and provider are those authorized.
    pub matches: bool,
    /// Why not; null where it matches.
    pub reason: Option<Mismatch>,
    /// In words.
    pub message: String,
    /// Units approved for the code in all; null where they are not counted or the line is not authorized.
    pub units_approved: Option<u64>,
    /// Units left, after this line where it matches.
    pub units_remaining: Option<u64>,
}

/// Checks lines, and keeps those that match.
pub async fn check(app: &App, caller: &Caller, asked: &ClaimCheck, key: Option<&Idempotent>) -> Result<Answer> {
    let now = app.clock.now();
    idempotency::once(app, caller, key, async |conn| {
        let answer = Checking { app, caller, now }.run(conn, &asked.lines).await?;
        let body =
            serde_json::to_value(&answer).map_err(|error| Error::Internal(format!("check does not serialize: {error}")))?;
        Ok(Answer { status: 200, body, location: None, replayed: false })
    })
    .await
}

struct Checking<'a> {
    app: &'a App,
    caller: &'a Caller,
    now: DateTime<Utc>,
}

/// An order with what has matched on it so far.
struct Known {
    order: Order,
    drugs: Vec<OrderedCode>,
    spans: Vec<MemberRow>,
    matched: Vec<MatchedLine>,
}

impl Checking<'_> {
    async fn run(&self, conn: &mut PgConnection, lines: &[ClaimCheckLine]) -> Result<ClaimCheckAnswer> {
        let mut known = self.load(conn, lines).await?;
        let mut checked = Vec::with_capacity(lines.len());
        for line in lines {
            let order_id = readable(&line.order_id);
            let order = known.iter_mut().find(|known| Some(&known.order.order_id) == order_id.as_ref());
            checked.push(self.check(conn, line, order).await?);
        }
        Ok(ClaimCheckAnswer { lines: checked })
    }

    /// The orders named that the caller may see, held.
    async fn load(&self, conn: &mut PgConnection, lines: &[ClaimCheckLine]) -> Result<Vec<Known>> {
        let order_ids: Vec<String> = lines.iter().filter_map(|line| readable(&line.order_id)).collect();
        let sight = Sight::of(self.caller);
        let mut orders = store::claims::lock_orders(conn, &order_ids).await?;
        orders.retain(|order| sight.reaches(&order.health_plan, &order.visible_to));
        let case_ids: Vec<Uuid> = orders.iter().map(|order| order.case_id).collect();
        let drugs = store::claims::drugs(conn, &case_ids).await?;
        let matched = store::claims::matched(conn, &case_ids).await?;
        let mut known = Vec::with_capacity(orders.len());
        for order in orders {
            let of_order = drugs.iter().filter(|drug| drug.case_id == order.case_id);
            let drugs = of_order.filter_map(|drug| {
                Some(OrderedCode {
                    hcpcs: drug.hcpcs.clone(),
                    status: DrugStatus::parse(&drug.status)?,
                    units_approved: drug.units_approved.and_then(|units| u64::try_from(units).ok()),
                    valid_from: drug.valid_from,
                    valid_through: drug.valid_through,
                })
            });
            let matched = matched.iter().filter(|line| line.case_id == order.case_id).cloned().collect();
            known.push(Known { drugs: drugs.collect(), spans: order.read_spans()?, matched, order });
        }
        Ok(known)
    }

    /// True where the program covers the member that day, as far as the plan's file says today (SAFE-14).
    fn is_covered(&self, known: &Known, day: NaiveDate) -> bool {
        super::coverage::covers(
            self.app,
            (&known.order.program, &known.order.content_release),
            &known.order.person,
            &known.spans,
            day,
        )
    }

    async fn check(&self, conn: &mut PgConnection, line: &ClaimCheckLine, known: Option<&mut Known>) -> Result<CheckedLine> {
        let hcpcs = line.hcpcs.trim().to_uppercase();
        let covered = known.as_deref().is_none_or(|known| self.is_covered(known, line.service_date));
        let asked =
            Asked { hcpcs: &hcpcs, units: line.units, service_date: line.service_date, billing_npi: &line.billing_npi, covered };
        let Some(known) = known else { return Ok(answer(line, claims::check(&asked, None, 0))) };
        let case_id = known.order.case_id;
        if let Some(reference) = &line.claim_line_id {
            let same = |other: &MatchedLine| other.billing_npi == line.billing_npi && other.reference.as_ref() == Some(reference);
            if known.matched.iter().any(same) {
                store::claims::forget(conn, case_id, &line.billing_npi, reference).await?;
                known.matched.retain(|other| !same(other));
            }
        }
        let of_code = known.matched.iter().filter(|other| other.hcpcs == hcpcs);
        let billed: i64 = of_code.map(|other| other.units).sum();
        let authorization = Authorization {
            drugs: &known.drugs,
            ordering_npi: &known.order.ordering_npi,
            servicing_npi: known.order.servicing_npi.as_deref(),
        };
        let checked = claims::check(&asked, Some(&authorization), u64::try_from(billed).unwrap_or(0));
        if checked.mismatch.is_none() {
            let matched = MatchedLine {
                case_id,
                hcpcs: hcpcs.clone(),
                units: i64::try_from(line.units).unwrap_or(i64::MAX),
                service_date: line.service_date,
                billing_npi: line.billing_npi.clone(),
                reference: line.claim_line_id.clone(),
            };
            store::claims::keep(conn, self.app.ids.uuid(self.now), &matched, self.now, &self.caller.subject).await?;
            known.matched.push(matched);
        }
        Ok(answer(line, checked))
    }
}

fn readable(typed: &str) -> Option<String> {
    ReadableId::parse(Numbered::Order, typed).map(|id| id.to_string())
}

fn answer(line: &ClaimCheckLine, checked: claims::Checked) -> CheckedLine {
    let message = match checked.mismatch {
        None => "code, units, date and provider are those authorized".to_owned(),
        Some(Mismatch::UnknownOrder) => "no approved order with this Order ID is known here".to_owned(),
        Some(Mismatch::CodeNotAuthorized) => format!("{} is not on this order", line.hcpcs),
        Some(Mismatch::NotAuthorized) => format!("{} is on this order, but not approved on it", line.hcpcs),
        Some(Mismatch::ProviderNotOnOrder) => {
            format!("{} is neither the ordering nor the servicing provider of this order", line.billing_npi)
        }
        Some(Mismatch::OutsideDates) => format!("{} is outside the valid range of this order", line.service_date),
        Some(Mismatch::CoverageEnded) => {
            format!("the program does not cover the member on {}: an authorization ends with the coverage", line.service_date)
        }
        Some(Mismatch::UnitsExceeded) => {
            format!("{} units are billed and {} are left", line.units, checked.units_remaining.unwrap_or(0))
        }
    };
    CheckedLine {
        order_id: readable(&line.order_id).unwrap_or_else(|| line.order_id.clone()),
        hcpcs: line.hcpcs.clone(),
        claim_line_id: line.claim_line_id.clone(),
        matches: checked.mismatch.is_none(),
        reason: checked.mismatch,
        message,
        units_approved: checked.units_approved,
        units_remaining: checked.units_remaining,
    }
}
