//! The front doors of the service put together: the API for programs, and the portal for people. Each calls the same use cases, and
//! neither knows of the other.

use crate::app::App;
use crate::domain::order::OrderRequest;
use crate::domain::refusal::Fault;
use crate::{http, portal};
use axum::Router;
use serde_json::Value;

/// The service.
pub fn router(app: App) -> Router {
    let pages = portal::router(app.clone(), read_order);
    http::router_with(app, pages)
}

/// Both doors hold an order to the schema that the API documents.
fn read_order(value: &Value) -> Result<OrderRequest, Vec<Fault>> {
    http::body::read(value).map_err(http::problem::Problem::into_errors)
}
