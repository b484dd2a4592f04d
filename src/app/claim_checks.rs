//! Matching claim lines with what was authorized (VER-05, SAFE-13). A line that matches uses its units up, so that later lines see what is
//! left. Nothing is ever changed: a correction is a line of its own that takes the place of the earlier one of its name, from the same
//! sender, and only where it matches.

use super::idempotency::{self, Answer};
use super::orders::view;
use super::visibility::{seen_by, sees_one, submitter_party};
use super::{App, Caller, Error, Idempotent, Result};
use crate::domain::case::Case;
use crate::domain::order_id::{Numbered, ReadableId};
use crate::domain::refusal::Fault;
use crate::domain::roster::MemberRow;
use crate::domain::text::said;
use crate::domain::vocabulary::{CallerRole, DrugStatus, NoticeCode, Service};
use crate::rules::claims::{self, Authorization, Before, Billed, ClaimLine as Asked, Mismatch, OrderedCode};
use crate::store;
use crate::store::claims::{DrugLine, MatchedLine, Order};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use utoipa::ToSchema;
use uuid::Uuid;

/// Lines to check.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClaimCheck {
    /// The lines; each is checked after those before it, those of nothing but discarded units last.
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
    /// `JW`: the units of this line were discarded; with `discarded_units` beside other units, those were. `JZ`: nothing was discarded.
    #[serde(default)]
    pub modifier: Option<Modifier>,
    /// Billing units.
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    pub units: u64,
    /// Billing units discarded beside those given. They use up none of the units approved.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    pub discarded_units: Option<u64>,
    /// The day of the service; any day, future ones too.
    pub service_date: NaiveDate,
    /// NPI of who bills.
    #[schema(pattern = "^[0-9]{10}$")]
    pub billing_npi: String,
    /// The sender's own name for the line. A line that the same sender sends again under the same name for the same order and biller
    /// takes the place of the earlier one where it matches; where it does not, the earlier one stays as it is.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 100)]
    pub claim_line_id: Option<String>,
}

/// What a line says of drug that was discarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum Modifier {
    /// Drug amount discarded and not administered to any patient.
    #[serde(rename = "JW")]
    Jw,
    /// Zero drug amount discarded.
    #[serde(rename = "JZ")]
    Jz,
}

impl Modifier {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Jw => "JW",
            Self::Jz => "JZ",
        }
    }
}

impl ClaimCheckLine {
    /// Units given and units discarded.
    fn billed(&self) -> Billed {
        match (self.modifier, self.discarded_units) {
            (Some(Modifier::Jw), None) => Billed { given: 0, discarded: self.units },
            (Some(Modifier::Jw), Some(discarded)) if discarded == self.units => Billed { given: 0, discarded },
            (_, discarded) => Billed { given: self.units, discarded: discarded.unwrap_or(0) },
        }
    }

    /// What the schema cannot say of the line at this place.
    fn faults(&self, index: usize) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut fault =
            |field: &str, code: &str, message: &str| faults.push(Fault::new(format!("/lines/{index}/{field}"), code, message));
        match (self.modifier, self.discarded_units) {
            (Some(Modifier::Jz), Some(discarded)) if discarded > 0 => {
                fault("discarded_units", "contradiction", "JZ says that nothing was discarded: leave out /modifier, or this");
            }
            (Some(Modifier::Jw), Some(0)) => {
                fault(
                    "discarded_units",
                    "contradiction",
                    "JW says that units were discarded: leave out /modifier, or say how many",
                );
            }
            _ => {}
        }
        if self.claim_line_id.as_deref().is_some_and(|name| said(name).is_none()) {
            fault("claim_line_id", "missing", "a name has letters or digits; leave it out for a line without a name");
        }
        faults
    }
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
    /// The modifier.
    pub modifier: Option<Modifier>,
    /// Billing units given, of this line.
    pub given_units: u64,
    /// Billing units discarded, of this line.
    pub discarded_units: u64,
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
    let faults: Vec<Fault> = asked.lines.iter().enumerate().flat_map(|(index, line)| line.faults(index)).collect();
    if !faults.is_empty() {
        return Err(Error::invalid(faults));
    }
    let now = app.clock.now();
    // read with the caller's rights: what is not within their sight is not held, and nobody waits for it
    let named: Vec<String> = asked.lines.iter().filter_map(|line| readable(&line.order_id)).collect();
    let within_sight = store::claims::within_sight(&mut *seen_by(app, caller).await?, &named).await?;
    idempotency::once(app, caller, key, async |conn| {
        let checking = Checking { app, caller, now, sender: sender(caller), within_sight };
        let answer = checking.run(conn, &asked.lines).await?;
        let body =
            serde_json::to_value(&answer).map_err(|error| Error::Internal(format!("check does not serialize: {error}")))?;
        Ok(Answer { status: 200, body, location: None, replayed: false })
    })
    .await
}

/// Whose names for lines these are: a plan's, a practice's, or one caller's. Who can name another one's line cannot touch it.
fn sender(caller: &Caller) -> String {
    let practice = matches!(caller.role, CallerRole::OrderingProvider | CallerRole::ServicingProvider);
    if let (CallerRole::HealthPlan, Some(plan)) = (caller.role, &caller.health_plan) {
        format!("p{plan}")
    } else if practice && !caller.tax_ids.is_empty() {
        let mut tax_ids = caller.tax_ids.clone();
        tax_ids.sort_unstable();
        tax_ids.dedup();
        format!("t{}", tax_ids.join("+"))
    } else {
        submitter_party(&caller.subject)
    }
}

struct Checking<'a> {
    app: &'a App,
    caller: &'a Caller,
    now: DateTime<Utc>,
    sender: String,
    /// The Order IDs that were named and are within sight.
    within_sight: Vec<String>,
}

/// An order with what has matched on it so far.
struct Known {
    order: Order,
    drugs: Vec<OrderedCode>,
    ends_with_coverage: bool,
    spans: Vec<MemberRow>,
    matched: Vec<MatchedLine>,
    service: Option<Service>,
}

impl Checking<'_> {
    async fn run(&self, conn: &mut PgConnection, lines: &[ClaimCheckLine]) -> Result<ClaimCheckAnswer> {
        let mut known = self.load(conn).await?;
        // drug is discarded of what was given: lines of nothing else come last, wherever they stand
        let mut in_turn: Vec<(usize, &ClaimCheckLine)> = lines.iter().enumerate().collect();
        in_turn.sort_by_key(|(_, line)| line.billed().given == 0);
        let mut checked = Vec::with_capacity(lines.len());
        for (index, line) in in_turn {
            let order_id = readable(&line.order_id);
            let order = known.iter_mut().find(|known| Some(&known.order.order_id) == order_id.as_ref());
            checked.push((index, self.check(conn, line, order).await?));
        }
        checked.sort_by_key(|(index, _)| *index);
        Ok(ClaimCheckAnswer { lines: checked.into_iter().map(|(_, line)| line).collect() })
    }

    /// The orders named that the caller may see, held.
    async fn load(&self, conn: &mut PgConnection) -> Result<Vec<Known>> {
        let mut orders = store::claims::lock_orders(conn, &self.within_sight).await?;
        orders.retain(|order| sees_one(self.caller, order.case_id, &order.health_plan, &order.visible_to));
        let case_ids: Vec<Uuid> = orders.iter().map(|order| order.case_id).collect();
        let drugs = store::claims::drugs(conn, &case_ids).await?;
        let documents = store::claims::documents(conn, &case_ids).await?;
        let matched = store::claims::matched(conn, &case_ids).await?;
        let known = orders.into_iter().map(|order| {
            let document = documents.iter().find(|(case_id, _)| *case_id == order.case_id);
            let case: Case = view::read_back(document.map_or("", |(_, document)| document.as_str()))?;
            let of_order = drugs.iter().filter(|drug| drug.case_id == order.case_id);
            Ok(Known {
                drugs: of_order.filter_map(|drug| ordered_code(drug, &case)).collect(),
                ends_with_coverage: case.notices.iter().any(|notice| notice.code == NoticeCode::CoverageEnds),
                spans: order.read_spans()?,
                service: case.request.service,
                matched: matched.iter().filter(|line| line.case_id == order.case_id).cloned().collect(),
                order,
            })
        });
        known.collect()
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

    /// True for a service of radiation that the program does not review, on an order of radiation.
    fn is_unreviewed(&self, known: &Known, code: &str, day: NaiveDate) -> bool {
        let content = self.app.library.named(&known.order.content_release);
        let service = content.and_then(|content| content.radiation.service(code));
        known.service == Some(Service::RadiationOncology)
            && service.is_some_and(|service| !service.needs_authorization && service.valid_through.is_none_or(|last| day <= last))
    }

    async fn check(&self, conn: &mut PgConnection, line: &ClaimCheckLine, known: Option<&mut Known>) -> Result<CheckedLine> {
        let hcpcs = line.hcpcs.trim().to_uppercase();
        let billed = line.billed();
        let covered = known.as_deref().is_none_or(|known| self.is_covered(known, line.service_date));
        let asked = Asked { hcpcs: &hcpcs, billed, service_date: line.service_date, billing_npi: &line.billing_npi, covered };
        let Some(known) = known else { return Ok(answer(line, claims::check(&asked, None, &Before::default()))) };
        let reference = line.claim_line_id.as_deref().and_then(said).map(str::to_owned);
        let is_earlier = |other: &MatchedLine| {
            reference.is_some()
                && other.reference == reference
                && other.sender == self.sender
                && other.billing_npi == line.billing_npi
        };
        let earlier = known.matched.iter().position(is_earlier);
        let authorization = Authorization {
            drugs: &known.drugs,
            ordering_npi: &known.order.ordering_npi,
            servicing_npi: known.order.servicing_npi.as_deref(),
            ends_with_coverage: known.ends_with_coverage,
        };
        // judged as if the earlier line of this name were not there; it goes only if this one matches
        let others = known.matched.iter().enumerate().filter(|(index, _)| Some(*index) != earlier).map(|(_, other)| other);
        let mut checked = claims::check(&asked, Some(&authorization), &before(others, &hcpcs, line.service_date));
        if checked.mismatch == Some(Mismatch::CodeNotAuthorized) && self.is_unreviewed(known, &hcpcs, line.service_date) {
            checked = claims::not_reviewed(&asked);
        }
        let matched = MatchedLine {
            claim_line_id: self.app.ids.beside(known.order.case_id, self.now),
            case_id: known.order.case_id,
            hcpcs: hcpcs.clone(),
            modifier: line.modifier.map(|modifier| modifier.as_str().to_owned()),
            units: i64::try_from(billed.given).unwrap_or(i64::MAX),
            discarded: i64::try_from(billed.discarded).unwrap_or(i64::MAX),
            service_date: line.service_date,
            billing_npi: line.billing_npi.clone(),
            sender: self.sender.clone(),
            reference,
        };
        let earlier = earlier.and_then(|index| known.matched.get_mut(index));
        match (checked.mismatch, earlier) {
            (Some(_), None) => {}
            (Some(_), Some(earlier)) => {
                let used = if earlier.hcpcs == hcpcs { u64::try_from(earlier.units).unwrap_or(0) } else { 0 };
                checked.units_remaining = checked.units_remaining.map(|left| left.saturating_sub(used));
                checked.message.push_str("; the line that matched under this name stays as it is");
            }
            (None, Some(earlier)) if is_the_same(earlier, &matched) => {}
            (None, Some(earlier)) => {
                let id = earlier.claim_line_id;
                store::claims::keep(conn, &matched, Some(id), self.now, &self.caller.subject).await?;
                *earlier = matched;
            }
            (None, None) => {
                store::claims::keep(conn, &matched, None, self.now, &self.caller.subject).await?;
                known.matched.push(matched);
            }
        }
        Ok(answer(line, checked))
    }
}

/// What these lines billed of a code, in all and on a day.
fn before<'a>(lines: impl Iterator<Item = &'a MatchedLine>, hcpcs: &str, day: NaiveDate) -> Before {
    let mut before = Before::default();
    for line in lines.filter(|line| line.hcpcs == hcpcs) {
        let (given, discarded) = (u64::try_from(line.units).unwrap_or(0), u64::try_from(line.discarded).unwrap_or(0));
        before.in_all.given += given;
        before.in_all.discarded += discarded;
        if line.service_date == day {
            before.that_day.given += given;
            before.that_day.discarded += discarded;
        }
    }
    before
}

/// The same line, sent again: there is nothing to write down.
fn is_the_same(one: &MatchedLine, other: &MatchedLine) -> bool {
    let what = |line: &MatchedLine| (line.hcpcs.clone(), line.modifier.clone(), line.units, line.discarded, line.service_date);
    what(one) == what(other)
}

/// A line of an order, with the days on which its answer says that it is given.
fn ordered_code(drug: &DrugLine, case: &Case) -> Option<OrderedCode> {
    let is_it = |line: u32| i32::try_from(line) == Ok(drug.line);
    let phases = case.request.drugs().filter(|(.., ordered)| is_it(ordered.line));
    Some(OrderedCode {
        hcpcs: drug.hcpcs.clone(),
        name: drug.generic.clone(),
        status: DrugStatus::parse(&drug.status)?,
        units_approved: drug.units_approved.and_then(|units| u64::try_from(units).ok()),
        visits_approved: drug.visits_approved.and_then(|visits| u32::try_from(visits).ok()),
        units_per_visit: case.lines().iter().find(|of_case| is_it(of_case.line)).and_then(|of_case| of_case.units_per_visit),
        days: phases.flat_map(|(phase, _, _, ordered)| ordered.days.iter().map(move |day| (phase, *day))).collect(),
        valid_from: drug.valid_from,
        valid_through: drug.valid_through,
    })
}

fn readable(typed: &str) -> Option<String> {
    ReadableId::parse(Numbered::Order, typed).map(|id| id.to_string())
}

fn answer(line: &ClaimCheckLine, checked: claims::Checked) -> CheckedLine {
    let billed = line.billed();
    CheckedLine {
        order_id: readable(&line.order_id).unwrap_or_else(|| line.order_id.clone()),
        hcpcs: line.hcpcs.clone(),
        modifier: line.modifier,
        given_units: billed.given,
        discarded_units: billed.discarded,
        claim_line_id: line.claim_line_id.clone(),
        matches: checked.mismatch.is_none(),
        reason: checked.mismatch,
        message: checked.message,
        units_approved: checked.units_approved,
        units_remaining: checked.units_remaining,
    }
}
