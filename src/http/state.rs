//! What handlers share: the use cases, and the description of the API that authorization is read from.

use super::openapi::Api;
use crate::app::App;
use crate::telemetry::{self, Answered};
use axum::extract::FromRef;
use std::ops::Deref;
use std::sync::Arc;

/// State of the router. Handlers extract `State<App>`. Every layer has its own with every request, so that it is one pointer.
#[derive(Debug, Clone)]
pub struct HttpState(Arc<Shared>);

/// What the state points to.
#[derive(Debug)]
pub struct Shared {
    /// The use cases.
    pub app: App,
    /// The API description and who may call what.
    pub api: Arc<Api>,
    /// Counters of the answers.
    pub answered: Answered,
}

impl HttpState {
    /// The state of a service.
    pub fn new(app: App, api: Arc<Api>) -> Self {
        telemetry::metrics();
        Self(Arc::new(Shared { app, api, answered: Answered::default() }))
    }
}

impl Deref for HttpState {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl FromRef<HttpState> for App {
    fn from_ref(state: &HttpState) -> Self {
        state.app.clone()
    }
}

impl FromRef<HttpState> for Arc<Api> {
    fn from_ref(state: &HttpState) -> Self {
        Arc::clone(&state.api)
    }
}
