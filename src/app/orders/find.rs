//! Reading cases: one, many, and what happened to one (VER-06, VER-09).

use super::{patient_names, view};
use crate::app::accesses::About;
use crate::app::visibility::{Sight, seen_by, sees};
use crate::app::{App, Caller, Error, Result, audience};
use crate::domain::vocabulary::CaseStatus;
use crate::store;
use crate::store::case_events::Event;
use crate::store::cases::StoredCase;
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use uuid::Uuid;

/// Closed cases stay in "my orders" so many days (VER-06).
const DAYS_IN_MY_ORDERS: i64 = 90;
/// So many days before an authorization ends it is time to order anew.
const DAYS_BEFORE_THE_END: u64 = 21;

/// Which list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum View {
    /// Open cases, and those closed during the last 90 days.
    MyOrders,
    /// Every case, for good.
    #[default]
    OrderStatus,
}

/// Which cases to list. What is not set does not matter.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Which list.
    pub view: View,
    /// Any of these.
    pub statuses: Vec<CaseStatus>,
    /// Member ID.
    pub member_id: Option<String>,
    /// Name of a patient of the practice that asks, as somebody types it: words or their beginnings, in any order.
    pub member_name: Option<String>,
    /// NPI of the ordering provider.
    pub ordering_npi: Option<String>,
    /// Case number.
    pub case_number: Option<String>,
    /// Order ID.
    pub order_id: Option<String>,
    /// Received at or after.
    pub submitted_from: Option<DateTime<Utc>>,
    /// Received before.
    pub submitted_before: Option<DateTime<Utc>>,
    /// Only those in which the practice is asked for something.
    pub asked_for: bool,
    /// Only those whose authorization ends soon.
    pub ends_soon: bool,
}

/// How many cases there are of each kind.
pub use crate::store::case_list::Counts;

/// A case as a caller sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Id.
    pub case_id: Uuid,
    /// Version.
    pub version: i64,
    /// The case as JSON.
    pub body: String,
}

/// One case.
pub async fn get(app: &App, caller: &Caller, case_id: Uuid) -> Result<Seen> {
    let mut conn = seen_by(app, caller).await?;
    let stored = in_sight(store::cases::current(&mut conn, case_id).await?, caller)?;
    let (version, now) = (i64::from(stored.version), app.clock.now());
    let body = if view::is_shown_as_stored(&stored, caller, now) {
        stored.document
    } else {
        view::show(&mut conn, stored, caller, now).await?
    };
    Ok(Seen { case_id, version, body })
}

/// Up to `limit` cases older than `after`, newest first.
pub async fn list(app: &App, caller: &Caller, filter: &Filter, after: Option<Uuid>, limit: usize) -> Result<Vec<Seen>> {
    Ok(list_page(app, caller, filter, after, limit).await?.0)
}

/// The same, and whether there are more.
pub async fn list_page(
    app: &App,
    caller: &Caller,
    filter: &Filter,
    after: Option<Uuid>,
    limit: usize,
) -> Result<(Vec<Seen>, bool)> {
    let now = app.clock.now();
    let filter = within_sight(caller, filter, now);
    let mut conn = seen_by(app, caller).await?;
    let one_more = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let mut found = store::case_list::list(&mut conn, &filter, after, one_more).await?;
    // of the one that says that there are more nothing else is told
    let more = found.len() > limit;
    found.truncate(limit);
    let mut seen = Vec::with_capacity(found.len());
    for stored in found.into_iter().filter(|case| sees(caller, case)) {
        let (case_id, version) = (stored.case_id, i64::from(stored.version));
        seen.push(Seen { case_id, version, body: view::show(&mut conn, stored, caller, now).await? });
    }
    Ok((seen, more))
}

/// Whoever is told how many cases there are has read of many members of these plans.
fn note_plans<'a>(caller: &Caller, plans: impl Iterator<Item = &'a String>) {
    for plan in plans {
        caller.accessed.add(About::Plan(plan.clone()));
    }
}

/// How many of each kind a list holds.
pub async fn count(app: &App, caller: &Caller, filter: &Filter) -> Result<Counts> {
    let now = app.clock.now();
    let of_plans =
        store::case_list::count(&mut *seen_by(app, caller).await?, &within_sight(caller, filter, now), soon(now)).await?;
    note_plans(caller, of_plans.iter().map(|(plan, _)| plan));
    let sum = |of: fn(&Counts) -> i64| of_plans.iter().map(|(_, counts)| of(counts)).sum();
    Ok(Counts {
        all: sum(|counts| counts.all),
        asked_for: sum(|counts| counts.asked_for),
        open: sum(|counts| counts.open),
        ending: sum(|counts| counts.ending),
    })
}

/// How many there are of each status, of those that the filter finds whatever statuses it asks for.
pub async fn count_by_status(app: &App, caller: &Caller, filter: &Filter) -> Result<Vec<(CaseStatus, i64)>> {
    let filter = within_sight(caller, filter, app.clock.now());
    let counted = store::case_list::count_by_status(&mut *seen_by(app, caller).await?, &filter).await?;
    note_plans(caller, counted.iter().map(|(plan, ..)| plan));
    let of =
        |status: CaseStatus| counted.iter().filter(|(_, word, _)| word == status.as_str()).map(|(.., count)| count).sum::<i64>();
    Ok(CaseStatus::ALL.iter().map(|status| (*status, of(*status))).collect())
}

/// The words of a name as search sees them. The longest leads: it finds the fewest.
fn name_words(typed: &str) -> Vec<String> {
    let mut words = patient_names::words(typed);
    if words.is_empty() {
        // nobody is called so
        words.push(typed.trim().to_lowercase());
    }
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    words
}

fn soon(now: DateTime<Utc>) -> (NaiveDate, NaiveDate) {
    let today = now.date_naive();
    (today, today.checked_add_days(Days::new(DAYS_BEFORE_THE_END)).unwrap_or(today))
}

fn within_sight(caller: &Caller, filter: &Filter, now: DateTime<Utc>) -> store::case_list::Filter {
    let (parties, health_plan) = match Sight::of(caller) {
        Sight::All => (None, None),
        Sight::Plan(plan) => (None, Some(plan)),
        Sight::Parties(parties) => (Some(parties), None),
    };
    store::case_list::Filter {
        parties,
        health_plan,
        statuses: filter.statuses.iter().map(|status| status.as_str()).collect(),
        member_id: filter.member_id.clone(),
        member_name: filter.member_name.as_deref().map(name_words),
        ordering_npi: filter.ordering_npi.clone(),
        case_number: filter.case_number.clone(),
        order_id: filter.order_id.clone(),
        submitted_from: filter.submitted_from,
        submitted_before: filter.submitted_before,
        open_or_closed_since: (filter.view == View::MyOrders).then(|| now - TimeDelta::days(DAYS_IN_MY_ORDERS)),
        asked_for: filter.asked_for,
        ends: filter.ends_soon.then(|| soon(now)),
    }
}

/// What happened to a case, oldest first, as far as it is for this caller. The answers within are left out: they are the full ones.
pub async fn history(app: &App, caller: &Caller, case_id: Uuid) -> Result<Vec<Event>> {
    let mut conn = seen_by(app, caller).await?;
    in_sight(store::cases::current(&mut conn, case_id).await?, caller)?;
    Ok(audience::history(store::case_events::history(&mut conn, case_id).await?, caller))
}

/// The case, where there is one and the caller may know of it.
pub(in crate::app) fn in_sight(stored: Option<StoredCase>, caller: &Caller) -> Result<StoredCase> {
    stored.filter(|case| sees(caller, case)).ok_or(Error::NotFound)
}
