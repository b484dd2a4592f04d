//! What only a sandbox has: fixed tokens, and a clock that integrators move so that they need not wait for deadlines.

use super::accesses::Accessed;
use super::{App, Caller, Error, Result, timers, webhooks};
use crate::domain::refusal::Fault;
use crate::domain::vocabulary::CallerRole;
use crate::store;
use chrono::{DateTime, Datelike as _, Utc};
use std::ops::RangeInclusive;

/// Years that the clock can show: deadlines and validity ranges stay within what dates can hold.
const YEARS: RangeInclusive<i32> = 2000..=2200;

/// A fixed token: its text, role, tax ID and health plan. The text is the subject, too.
pub type FixedToken = (&'static str, CallerRole, Option<&'static str>, Option<&'static str>);

/// The fixed tokens of the contract.
pub const TOKENS: [FixedToken; 9] = [
    ("sandbox-ordering-provider", CallerRole::OrderingProvider, Some("900000001"), None),
    ("sandbox-servicing-provider", CallerRole::ServicingProvider, Some("900000002"), None),
    ("sandbox-intake", CallerRole::Intake, None, None),
    ("sandbox-nurse", CallerRole::Nurse, None, None),
    ("sandbox-physician", CallerRole::Physician, None, None),
    ("sandbox-second-physician", CallerRole::Physician, None, None),
    ("sandbox-health-plan", CallerRole::HealthPlan, None, Some("anthem-blue-medicare-advantage")),
    ("sandbox-administrator", CallerRole::Administrator, None, None),
    ("sandbox-other-practice", CallerRole::OrderingProvider, Some("900000003"), None),
];

/// Who stands behind a fixed token, as the portal offers them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Person {
    /// The fixed token.
    pub token: &'static str,
    /// The name.
    pub name: &'static str,
    /// What they do here.
    pub does: &'static str,
}

/// The people of the sandbox: one for each fixed token.
pub const PEOPLE: [Person; 9] = [
    of("sandbox-ordering-provider", "Front desk, Sample Oncology", "Orders treatment and follows its own orders"),
    of(
        "sandbox-servicing-provider",
        "Infusion desk, Sample Infusion Center",
        "Verifies before treating, and orders for its patients",
    ),
    of("sandbox-intake", "Call center", "Takes orders by phone, fax and mail"),
    of("sandbox-nurse", "Oncology nurse", "Works what pends; may authorize, never deny"),
    of("sandbox-physician", "Medical oncologist", "Decides what the nurse cannot"),
    of("sandbox-second-physician", "Second medical oncologist", "Reconsiders what the first one decided"),
    of("sandbox-health-plan", "Health plan analyst", "Sees the cases of Anthem Blue Medicare Advantage"),
    of("sandbox-administrator", "Administrator", "Sees every case; loads rosters and issues tokens by the API"),
    of("sandbox-other-practice", "Front desk, another practice", "Orders, and sees nothing of Sample Oncology"),
];

const fn of(token: &'static str, name: &'static str, does: &'static str) -> Person {
    Person { token, name, does }
}

/// The person behind a fixed token.
pub fn person(token: &str) -> Option<&'static Person> {
    PEOPLE.iter().find(|person| person.token == token)
}

/// Who a fixed token stands for. The caller of this function has made sure that this is a sandbox.
pub fn caller_of(bearer: &str) -> Option<Caller> {
    let (text, role, tax_id, health_plan) = TOKENS.iter().find(|(text, ..)| *text == bearer)?;
    Some(Caller {
        role: *role,
        subject: (*text).to_owned(),
        tax_ids: tax_id.iter().map(|id| (*id).to_owned()).collect(),
        health_plan: health_plan.map(str::to_owned),
        token_id: None,
        scopes: None,
        accessed: Accessed::default(),
    })
}

/// Who the fixed tokens stand for.
pub(super) fn subjects() -> impl Iterator<Item = &'static str> {
    TOKENS.iter().map(|(text, ..)| *text)
}

/// Takes over the clock that another process may have set.
pub async fn follow_clock(app: &App) -> Result<()> {
    let mut conn = app.pool.acquire().await?;
    app.clock.follow(store::sandbox_clock::offset(&mut conn).await?);
    Ok(())
}

/// Sets the clock, runs every timer due by then and makes every delivery; answers with the time it shows afterwards.
///
/// Any instant is taken while no order exists; later the clock only goes forward, because deadlines that have run cannot be undone.
pub async fn set_clock(app: &App, to: DateTime<Utc>) -> Result<DateTime<Utc>> {
    if !YEARS.contains(&to.year()) {
        let message = format!("the clock shows years from {} to {}", YEARS.start(), YEARS.end());
        return Err(Error::invalid(vec![Fault::new("/now", "out-of-range", message)]));
    }
    let mut transaction = app.pool.begin().await?;
    let offset = store::sandbox_clock::lock_offset(&mut transaction).await?;
    app.clock.follow(offset);
    if to < app.clock.now() && store::sandbox_clock::orders_exist(&mut transaction).await? {
        return Err(Error::invalid(vec![Fault::new(
            "/now",
            "out-of-range",
            format!("orders exist, so the clock only goes forward; it shows {}", app.clock.now().to_rfc3339()),
        )]));
    }
    // nobody has sat idle for the days that are passed over
    store::sessions::shift(&mut transaction, to - app.clock.now()).await?;
    let offset = app.clock.offset_for(to);
    store::sandbox_clock::set_offset(&mut transaction, offset).await?;
    transaction.commit().await?;
    app.clock.follow(offset);
    app.clock.freeze_at(to);
    timers::run_due_timers(app, app.clock.now()).await?;
    // the clock has moved: what deliveries run into is no answer to that, and they are tried again
    if let Err(error) = webhooks::deliver_due(app).await {
        tracing::warn!(%error, "deliveries to health plans are not made");
    }
    Ok(app.clock.now())
}
