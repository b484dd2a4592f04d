//! What every page has at hand.

use super::pages::Page;
use crate::app::App;
use crate::domain::order::OrderRequest;
use crate::domain::refusal::Fault;
use axum::extract::FromRef;
use axum::http::Method;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;

/// Holds an order to the documented schema, as the API does: the order, or every fault.
pub type ReadOrder = fn(&Value) -> Result<OrderRequest, Vec<Fault>>;

/// State of the portal's router. Handlers extract `State<App>`.
#[derive(Debug, Clone)]
pub(super) struct Portal {
    /// The use cases.
    pub app: App,
    /// Reads an order.
    pub read_order: ReadOrder,
    pages: Arc<HashMap<&'static str, Vec<Page>>>,
}

impl Portal {
    /// The state of a portal with these pages.
    pub fn new(app: App, read_order: ReadOrder, pages: &[Page]) -> Self {
        let mut by_path: HashMap<&'static str, Vec<Page>> = HashMap::new();
        for page in pages {
            by_path.entry(page.path).or_default().push(page.clone());
        }
        Self { app, read_order, pages: Arc::new(by_path) }
    }

    /// The page at this address; none where it does not take the method.
    pub fn page(&self, method: &Method, path: &str) -> Option<&Page> {
        let method = if method == Method::HEAD { &Method::GET } else { method };
        self.pages.get(path)?.iter().find(|page| page.method == method)
    }
}

impl FromRef<Portal> for App {
    fn from_ref(portal: &Portal) -> Self {
        portal.app.clone()
    }
}
