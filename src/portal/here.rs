//! What every page has at hand.

use super::pages::{Page, Who};
use crate::app::App;
use axum::extract::FromRef;
use axum::http::Method;
use std::collections::HashMap;
use std::sync::Arc;

/// State of the portal's router. Handlers extract `State<App>`.
#[derive(Debug, Clone)]
pub(super) struct Portal {
    /// The use cases.
    pub app: App,
    who: Arc<HashMap<&'static str, Vec<(Method, Who)>>>,
}

impl Portal {
    /// The state of a portal with these pages.
    pub fn new(app: App, pages: &[Page]) -> Self {
        let mut who: HashMap<&'static str, Vec<(Method, Who)>> = HashMap::new();
        for page in pages {
            who.entry(page.path).or_default().push((page.method.clone(), page.who));
        }
        Self { app, who: Arc::new(who) }
    }

    /// Who may ask for the page at this address; none where it does not take the method.
    pub fn who(&self, method: &Method, path: &str) -> Option<Who> {
        let method = if method == Method::HEAD { &Method::GET } else { method };
        self.who.get(path)?.iter().find(|(known, _)| known == method).map(|(_, who)| *who)
    }
}

impl FromRef<Portal> for App {
    fn from_ref(portal: &Portal) -> Self {
        portal.app.clone()
    }
}
