//! The summary of an order (VER-01, VER-09): whatever the channel it came by, as far as the caller may see the case.

use super::orders::{in_sight, view};
use super::rendering::{Format, Rendered, render};
use super::visibility::seen_by;
use super::{App, Caller, Error, Result};
pub use crate::documents::Summary;
use crate::rules::review::reconsideration::last_day;
use crate::store;
use uuid::Uuid;

/// The summary of a case.
pub async fn get(app: &App, caller: &Caller, case_id: Uuid, format: Format) -> Result<Rendered<Summary>> {
    let now = app.clock.now();
    let mut conn = seen_by(app, caller).await?;
    let stored = in_sight(store::cases::current(&mut conn, case_id).await?, caller)?;
    let case = view::seen(&mut conn, &stored, caller, now).await?;
    drop(conn);
    let content = super::reviews::change::content_of(app, &case, now);
    let program = content.program(&case.program).ok_or_else(|| Error::Internal(format!("no program {}", case.program)))?;
    let number = case.order_id.as_ref().or(case.case_number.as_ref()).cloned().unwrap_or_else(|| case.case_id.to_string());
    let until = program.reconsideration.zip(case.decided_at);
    let until = until.map(|(rule, decided_at)| last_day(decided_at, rule.calendar_days, program.time_zone));
    render(app, Summary::of(case, &content, program, until), format, format!("order-summary-{number}"), Summary::document).await
}
