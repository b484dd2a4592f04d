//! Cases as rows of a list: what a front desk looks for, without the rest (VER-06).

use super::find::{Filter, list_page};
use super::view;
use crate::app::{App, Caller, Result};
use crate::domain::case::Case;
use crate::domain::order::MemberIdentity;
use crate::domain::vocabulary::{CaseStatus, Service};
use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use uuid::Uuid;

/// A case as a row.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderRow {
    /// The case.
    pub case_id: Uuid,
    /// The same to read out.
    pub case_number: Option<String>,
    /// The number that authorizes, where there is one.
    pub order_id: Option<String>,
    /// What is ordered.
    pub service: Service,
    /// Status.
    pub status: CaseStatus,
    /// Who is treated.
    pub member: MemberIdentity,
    /// The regimen matched; none where the drugs are no known one.
    pub regimen_name: Option<String>,
    /// What is ordered, by name.
    pub drugs: Vec<String>,
    /// When an answer is due, while in progress.
    pub due_at: Option<DateTime<Utc>>,
    /// True once that has passed.
    pub overdue: bool,
    /// What the practice is asked for.
    pub asked_for: Vec<String>,
    /// Last day of what is authorized.
    pub valid_through: Option<NaiveDate>,
    /// When it was received.
    pub submitted_at: DateTime<Utc>,
    /// The program's zone, in which its days and deadlines are told.
    pub time_zone: Tz,
}

/// Up to `limit` cases older than `after`, newest first.
pub async fn rows(app: &App, caller: &Caller, filter: &Filter, after: Option<Uuid>, limit: usize) -> Result<Vec<OrderRow>> {
    Ok(rows_page(app, caller, filter, after, limit).await?.0)
}

/// The same, and whether there are more.
pub async fn rows_page(
    app: &App,
    caller: &Caller,
    filter: &Filter,
    after: Option<Uuid>,
    limit: usize,
) -> Result<(Vec<OrderRow>, bool)> {
    let (found, more) = list_page(app, caller, filter, after, limit).await?;
    let rows: Result<Vec<OrderRow>> = found.iter().map(|seen| Ok(row(app, view::read_back(&seen.body)?))).collect();
    Ok((rows?, more))
}

fn row(app: &App, case: Case) -> OrderRow {
    let content = app.library.named(&case.content_release);
    let program = content.and_then(|content| content.program(&case.program));
    let authorized = case.lines().iter().filter(|drug| drug.order_id.is_some());
    OrderRow {
        valid_through: authorized.filter_map(|drug| drug.valid_through).max(),
        drugs: case.lines().iter().map(|line| line.name.clone()).collect(),
        case_id: case.case_id,
        case_number: case.case_number,
        order_id: case.order_id,
        service: case.request.service.unwrap_or(Service::MedicalOncology),
        status: case.status,
        member: case.request.member,
        regimen_name: case.pathway.regimen_name,
        due_at: case.review.as_ref().map(|review| review.due_at.to_utc()),
        overdue: case.review.as_ref().is_some_and(|review| review.overdue),
        asked_for: case.review.map(|review| review.asked_for).unwrap_or_default(),
        submitted_at: case.submitted_at,
        time_zone: program.map_or(chrono_tz::UTC, |program| program.time_zone),
    }
}
