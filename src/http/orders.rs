//! Orders: submitted, previewed, read and listed.

use super::body::{Creation, ValidJson};
use super::etag::etag;
use super::idempotency_header::IDEMPOTENCY_REPLAYED;
use super::paging::{self, DEFAULT_LIMIT, Page};
use super::path::Id;
use super::problem::Problem;
use super::query::ValidQuery;
use super::state::HttpState;
use crate::app::orders::{self, Filter, OrderRow, Seen, View};
use crate::app::{App, Caller};
use crate::domain::case::Case;
use crate::domain::order::{MemberIdentity, OrderRequest};
use crate::domain::order_id::{Numbered, ReadableId};
use crate::domain::refusal::Fault;
use crate::domain::vocabulary::CaseStatus;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use utoipa::openapi::{OneOfBuilder, RefOr, Schema};
use utoipa::{IntoParams, PartialSchema, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

/// The routes.
pub fn routes() -> OpenApiRouter<HttpState> {
    OpenApiRouter::new()
        .routes(routes!(post_order, list_orders))
        .routes(routes!(post_order_preview))
        .routes(routes!(get_order))
        .routes(routes!(get_order_history))
}

/// Decides and stores an order.
///
/// What meets the criteria is authorized in the answer; what needs a reviewer is `in_progress` with its deadline. Send an
/// `Idempotency-Key`: the same key and payload make one order, however often they arrive.
#[utoipa::path(post, path = "/v1/orders", operation_id = "post_order", tag = "orders",
    extensions(("x-roles" = json!(["ordering_provider", "servicing_provider", "intake"]))),
    request_body = OrderRequest,
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 visible characters, chosen by the caller")),
    responses((status = 201, description = "The case", body = Case)))]
async fn post_order(
    State(app): State<App>,
    caller: Caller,
    Creation { body: order, idempotent }: Creation<OrderRequest>,
) -> Result<Response, Problem> {
    let placed = orders::submit(&app, &caller, &order, idempotent.as_ref()).await?;
    let mut headers = HeaderMap::new();
    let location = HeaderValue::from_str(&format!("/v1/orders/{}", placed.case_id));
    headers.insert(header::LOCATION, location.map_err(|error| Problem::internal(error.to_string()))?);
    if placed.replayed {
        headers.insert(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"));
    }
    Ok((StatusCode::CREATED, headers, etag(placed.version), json(placed.body)).into_response())
}

/// Decides an order and stores nothing.
///
/// The answer is the one that submitting would give now, except that no number is issued: `case_id` is the nil UUID, `order_id` and
/// `pathway_eligible_id` are null.
#[utoipa::path(post, path = "/v1/orders/preview", operation_id = "post_order_preview", tag = "orders",
    extensions(("x-roles" = json!(["ordering_provider", "servicing_provider", "intake"]))),
    request_body = OrderRequest,
    responses((status = 200, description = "The case as it would be", body = Case)))]
async fn post_order_preview(
    State(app): State<App>,
    caller: Caller,
    ValidJson(order): ValidJson<OrderRequest>,
) -> Result<Response, Problem> {
    Ok(json(orders::preview(&app, &caller, &order).await?).into_response())
}

/// Reads a case.
#[utoipa::path(get, path = "/v1/orders/{case_id}", operation_id = "get_order", tag = "orders",
    extensions(("x-roles" = json!(["ordering_provider", "servicing_provider", "intake", "nurse", "physician", "health_plan",
                                   "administrator"]))),
    params(("case_id" = Uuid, Path, description = "The case")),
    responses((status = 200, description = "The case", body = Case)))]
async fn get_order(State(app): State<App>, caller: Caller, Id(case_id): Id) -> Result<Response, Problem> {
    let Seen { version, body, .. } = orders::get(&app, &caller, case_id).await?;
    Ok((etag(version), json(body)).into_response())
}

/// Which orders to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct OrderQuery {
    /// A case status, or several separated by commas.
    pub status: Option<String>,
    /// Member ID.
    #[param(max_length = 40)]
    pub member_id: Option<String>,
    /// NPI of the ordering provider.
    #[param(max_length = 10)]
    pub ordering_npi: Option<String>,
    /// Case number as a person types it: case, spaces and dashes do not matter.
    pub case_number: Option<String>,
    /// Order ID as a person types it.
    pub order_id: Option<String>,
    /// Received at or after: an instant, or a date in UTC.
    pub submitted_from: Option<String>,
    /// Received at or before: an instant, or a date in UTC, which counts to its end.
    pub submitted_to: Option<String>,
    #[param(inline)]
    /// `my_orders`: open, or closed within the last 90 days. `order_status`, the default: all.
    #[param(inline)]
    pub view: Option<ListView>,
    /// `summary` answers what a list shows of each case instead of whole cases.
    #[param(inline)]
    pub fields: Option<ListFields>,
    /// `true` also answers how many cases there are of each status, whatever `status` asks for. For practices.
    pub counts: Option<bool>,
    /// Items on a page.
    #[param(minimum = 1, maximum = 200, default = 50)]
    pub limit: Option<u32>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// Which list.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum ListView {
    /// Open, or closed within the last 90 days.
    MyOrders,
    /// All.
    OrderStatus,
}

/// How much of each case.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum ListFields {
    /// What a list shows.
    Summary,
}

/// What a list shows of a case.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OrderSummary {
    /// The case.
    case_id: Uuid,
    /// The same to read out: `C` and nine characters.
    case_number: Option<String>,
    /// The number that authorizes; null where there is none.
    order_id: Option<String>,
    /// Status.
    status: CaseStatus,
    /// Who is treated.
    member: SummaryMember,
    /// The regimen matched; null where the drugs are no known one.
    regimen_name: Option<String>,
    /// When an answer is due; null once decided.
    due_at: Option<DateTime<Utc>>,
    /// What the practice is asked for.
    asked_for: Vec<String>,
    /// Last day of what is authorized.
    valid_through: Option<NaiveDate>,
    /// When the order was received.
    submitted_at: DateTime<Utc>,
}

/// A member by name and number.
#[derive(Debug, Serialize, ToSchema)]
struct SummaryMember {
    /// Member ID.
    member_id: Option<String>,
    /// First name.
    first_name: Option<String>,
    /// Last name.
    last_name: Option<String>,
}

impl From<OrderRow> for OrderSummary {
    fn from(row: OrderRow) -> Self {
        let MemberIdentity { member_id, first_name, last_name, .. } = row.member;
        Self {
            case_id: row.case_id,
            case_number: row.case_number,
            order_id: row.order_id,
            status: row.status,
            member: SummaryMember { member_id, first_name, last_name },
            regimen_name: row.regimen_name,
            due_at: row.due_at,
            asked_for: row.asked_for,
            valid_through: row.valid_through,
            submitted_at: row.submitted_at,
        }
    }
}

/// A page of whole cases, or of what a list shows of them.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum OrderPage {
    /// Whole cases, as they are stored.
    Cases(OrderListPage<Box<RawValue>>),
    /// With `fields` `summary`.
    Summaries(OrderListPage<OrderSummary>),
}

/// A page of orders.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OrderListPage<T> {
    /// The items.
    items: Vec<T>,
    /// Send it as `?cursor=` for the next page; null on the last one.
    next_cursor: Option<String>,
    /// With `counts`: how many cases there are of each status.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<BTreeMap<String, i64>>)]
    counts: Option<BTreeMap<&'static str, i64>>,
}

impl<T> OrderListPage<T> {
    fn of(page: Page<T>, counts: Option<BTreeMap<&'static str, i64>>) -> Self {
        Self { items: page.items, next_cursor: page.next_cursor, counts }
    }
}

impl PartialSchema for OrderPage {
    fn schema() -> RefOr<Schema> {
        OneOfBuilder::new().item(OrderListPage::<Case>::schema()).item(OrderListPage::<OrderSummary>::schema()).into()
    }
}

impl ToSchema for OrderPage {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        OrderListPage::<Case>::schemas(schemas);
        OrderListPage::<OrderSummary>::schemas(schemas);
        schemas.push((OrderSummary::name().into_owned(), OrderSummary::schema()));
    }
}

/// Lists the cases that the caller may see, newest first (VER-06).
#[utoipa::path(get, path = "/v1/orders", operation_id = "list_orders", tag = "orders",
    extensions(("x-roles" = json!(["ordering_provider", "servicing_provider", "intake", "nurse", "physician", "health_plan",
                                   "administrator"]))),
    params(OrderQuery),
    responses((status = 200, description = "A page of cases", body = OrderPage)))]
async fn list_orders(
    State(app): State<App>,
    caller: Caller,
    ValidQuery(query): ValidQuery<OrderQuery>,
) -> Result<Json<OrderPage>, Problem> {
    listed(&app, &caller, query, None).await
}

/// A page of the cases that a caller may see; `member_name` never stands in an address.
pub(super) async fn listed(
    app: &App,
    caller: &Caller,
    query: OrderQuery,
    member_name: Option<String>,
) -> Result<Json<OrderPage>, Problem> {
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
    let after: Option<Uuid> = paging::decode(query.cursor.as_deref())?;
    let (fields, counts, upto) = (query.fields, query.counts == Some(true), usize::try_from(limit).unwrap_or(usize::MAX));
    if !caller.is_practice() {
        let only = |name: &str, message: &str| Fault::new(format!("?{name}"), "not-allowed", message);
        let named = member_name.as_ref().map(|_| only("member_name", "only practices search by name: send the member's number"));
        let counted = counts.then(|| only("counts", "only practices have counts here; the review desk's are in GET /v1/reviews"));
        let faults: Vec<Fault> = named.into_iter().chain(counted).collect();
        if !faults.is_empty() {
            return Err(Problem::validation(faults));
        }
    }
    let filter = Filter { member_name, ..filter(query)? };
    let counts = if counts { Some(counted(app, caller, &filter).await?) } else { None };
    if matches!(fields, Some(ListFields::Summary)) {
        let (rows, more) = orders::rows_page(app, caller, &filter, after, upto).await?;
        let page = Page::of(rows, more, |row| row.case_id).map(OrderSummary::from);
        return Ok(Json(OrderPage::Summaries(OrderListPage::of(page, counts))));
    }
    let (seen, more) = orders::list_page(app, caller, &filter, after, upto).await?;
    let page = Page::of(seen, more, |seen| seen.case_id);
    let mut items = Vec::with_capacity(page.items.len());
    for seen in page.items {
        items.push(RawValue::from_string(seen.body).map_err(|error| Problem::internal(format!("stored case: {error}")))?);
    }
    Ok(Json(OrderPage::Cases(OrderListPage::of(Page { items, next_cursor: page.next_cursor }, counts))))
}

async fn counted(app: &App, caller: &Caller, filter: &Filter) -> Result<BTreeMap<&'static str, i64>, Problem> {
    let counted = orders::count_by_status(app, caller, filter).await?;
    Ok(counted.into_iter().map(|(status, count)| (status.as_str(), count)).collect())
}

fn filter(query: OrderQuery) -> Result<Filter, Problem> {
    let mut faults = Vec::new();
    let mut statuses = Vec::new();
    for word in query.status.as_deref().unwrap_or_default().split(',').map(str::trim).filter(|word| !word.is_empty()) {
        match CaseStatus::parse(word) {
            Some(status) => statuses.push(status),
            None => faults.push(Fault::new("?status", "not-allowed-value", format!("is not one of {}", status_words()))),
        }
    }
    let case_number = query.case_number.and_then(|typed| readable(Numbered::Case, "case_number", &typed, &mut faults));
    let order_id = query.order_id.and_then(|typed| readable(Numbered::Order, "order_id", &typed, &mut faults));
    let mut instant = |name: &str, text: Option<String>, end_of_day: bool| {
        let text = text?;
        let read = instant_of(&text, end_of_day);
        if read.is_none() {
            faults.push(Fault::new(format!("?{name}"), "malformed", "is neither a date YYYY-MM-DD nor an RFC 3339 instant"));
        }
        read
    };
    let submitted_from = instant("submitted_from", query.submitted_from, false);
    let submitted_before = instant("submitted_to", query.submitted_to, true);
    if !faults.is_empty() {
        return Err(Problem::validation(faults));
    }
    let view = match query.view {
        Some(ListView::MyOrders) => View::MyOrders,
        Some(ListView::OrderStatus) | None => View::OrderStatus,
    };
    let (member_id, ordering_npi) = (query.member_id, query.ordering_npi);
    Ok(Filter {
        view,
        statuses,
        member_id,
        ordering_npi,
        case_number,
        order_id,
        submitted_from,
        submitted_before,
        ..Filter::default()
    })
}

/// A number as typed; a fault where its last character does not check the others.
pub(super) fn readable(kind: Numbered, parameter: &str, typed: &str, faults: &mut Vec<Fault>) -> Option<String> {
    let number = ReadableId::parse(kind, typed);
    if number.is_none() {
        let what = match kind {
            Numbered::Order => "is no Order ID: A",
            Numbered::Case => "is no case number: C",
            Numbered::PathwayEligible => "is no Pathway Eligible ID: P",
        };
        let message = format!("{what} and nine characters, of which the last checks the others");
        faults.push(Fault::new(format!("?{parameter}"), "malformed", message));
    }
    number.map(|number| number.to_string())
}

fn status_words() -> String {
    CaseStatus::ALL.iter().map(|status| status.as_str()).collect::<Vec<_>>().join(", ")
}

/// An instant, or a date's beginning or the instant after its end. An upper bound that is an instant includes that instant, so it moves
/// by the smallest step that is stored.
fn instant_of(text: &str, upper: bool) -> Option<DateTime<Utc>> {
    if let Ok(date) = text.parse::<NaiveDate>() {
        let date = if upper { date.checked_add_days(Days::new(1))? } else { date };
        return Some(date.and_time(NaiveTime::MIN).and_utc());
    }
    // a plus sign that was not escaped arrives as a space
    let instant = DateTime::parse_from_rfc3339(&text.replace(' ', "+")).ok()?.to_utc();
    if upper { instant.checked_add_signed(chrono::TimeDelta::microseconds(1)) } else { Some(instant) }
}

/// Something that happened to a case.
#[derive(Debug, Serialize, ToSchema)]
struct HistoryEvent {
    /// Its place in the history, from 1.
    seq: i32,
    /// When.
    at: DateTime<Utc>,
    /// What, such as `submitted`.
    kind: String,
    /// Who: the subject of a token, or `service` for the clock. Practices and plans read the role of others in its place.
    actor: String,
    /// As what.
    actor_role: String,
    /// Why, where somebody said so. What reviewers note for each other is for the review desk only.
    reason: Option<String>,
    /// Particulars, as far as they are for the caller.
    #[schema(value_type = Option<Object>)]
    detail: Option<serde_json::Value>,
}

/// The history of a case.
#[derive(Debug, Serialize, ToSchema)]
struct History {
    /// Every event, oldest first.
    items: Vec<HistoryEvent>,
}

/// Reads what happened to a case: who, when, what, why.
#[utoipa::path(get, path = "/v1/orders/{case_id}/history", operation_id = "get_order_history", tag = "orders",
    extensions(("x-roles" = json!(["ordering_provider", "servicing_provider", "intake", "nurse", "physician", "health_plan",
                                   "administrator"]))),
    params(("case_id" = Uuid, Path, description = "The case")),
    responses((status = 200, description = "Every event, oldest first", body = History)))]
async fn get_order_history(State(app): State<App>, caller: Caller, Id(case_id): Id) -> Result<Json<History>, Problem> {
    let events = orders::history(&app, &caller, case_id).await?;
    let items = events.into_iter().map(|event| HistoryEvent {
        seq: event.seq,
        at: event.at,
        kind: event.kind,
        actor: event.actor_subject,
        actor_role: event.actor_role,
        reason: event.reason,
        detail: event.detail,
    });
    Ok(Json(History { items: items.collect() }))
}

/// JSON that is written out already.
pub(super) fn json(body: String) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], body)
}

#[cfg(test)]
mod tests {
    use super::instant_of;

    #[test]
    fn a_date_counts_to_its_end_and_an_instant_is_included() {
        let at = |text: &str| text.parse::<chrono::DateTime<chrono::Utc>>().unwrap();
        assert_eq!(instant_of("2026-12-01", false), Some(at("2026-12-01T00:00:00Z")));
        assert_eq!(instant_of("2026-12-01", true), Some(at("2026-12-02T00:00:00Z")));
        assert_eq!(instant_of("2026-12-01T10:00:00 01:00", false), Some(at("2026-12-01T09:00:00Z")));
        assert!(instant_of("2026-12-01T09:00:00Z", true) > Some(at("2026-12-01T09:00:00Z")));
        assert_eq!(instant_of("yesterday", false), None);
    }
}
