//! What handlers share: the use cases, and the description of the API that authorization is read from.

use super::failed_sign_ins::FailedSignIns;
use super::openapi::Api;
use crate::app::rate_limit::RateLimit;
use crate::app::{App, Settings};
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
    /// How often somebody may call.
    pub limits: Arc<Limits>,
    /// Counters of the answers.
    pub answered: Answered,
}

/// How often somebody may call.
#[derive(Debug)]
pub struct Limits {
    /// One address.
    pub of_address: RateLimit,
    /// One address with tokens that do not work.
    pub failed_sign_ins: FailedSignIns,
    /// One address with registrations.
    pub registrations: RateLimit,
}

impl Limits {
    /// As the settings say.
    pub fn of(settings: &Settings) -> Self {
        Self {
            of_address: RateLimit::new(settings.address_limit),
            failed_sign_ins: FailedSignIns::new(settings.failed_sign_in_limit),
            registrations: RateLimit::an_hour(settings.registration_limit),
        }
    }
}

impl HttpState {
    /// The state of a service.
    pub fn new(app: App, api: Arc<Api>, limits: Arc<Limits>) -> Self {
        telemetry::metrics();
        Self(Arc::new(Shared { app, api, limits, answered: Answered::default() }))
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
