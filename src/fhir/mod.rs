//! FHIR: the Da Vinci guide for prior authorization (PAS 2.2) as a second front door to the use cases. Readers make an order of a request,
//! writers make resources of a case, tables say what codes mean; no rule is here, and no SQL.
//!
//! Three habits of the JSON API turn round: elements that are not known are ignored, failures are `OperationOutcome`s, and
//! `application/json` is taken beside `application/fhir+json`.

pub mod access;
mod answer;
mod attach;
mod attach_documents;
mod attachment_case;
mod body;
mod crd;
mod dtr;
mod element;
mod fingerprint;
mod inquire;
pub mod notify;
pub mod outcome;
mod read;
mod reads;
mod refused;
pub mod sign_in;
mod statement;
mod submit;
mod subscriptions;
mod update;
mod urls;
mod write;

pub use outcome::Failure;

use crate::app::{App, Caller};
use crate::domain::order::OrderRequest;
use crate::domain::refusal::Fault;
use axum::extract::{FromRef, State};
use axum::routing::{any, get, post};
use axum::{Extension, Router};
use read::shape::Shape;
use serde_json::{Map, Value};
use std::sync::OnceLock;
use write::Context;
use write::request::Ordered;

/// The documented form of an order, which whoever mounts this door knows.
#[derive(Debug, Clone, Copy)]
pub struct Documented {
    /// Holds an order to its schema and reads it; every fault where it is none.
    pub read: fn(&Value) -> Result<OrderRequest, Vec<Fault>>,
    /// The named schemas.
    pub components: fn() -> &'static Map<String, Value>,
}

impl Documented {
    /// The form of an order. It is the same for as long as the process lives.
    fn order(self) -> &'static Shape {
        static ORDER: OnceLock<Shape> = OnceLock::new();
        ORDER.get_or_init(|| Shape::of("OrderRequest", (self.components)()))
    }
}

/// The routes. Who may call them is said in [`access`].
pub fn routes<S>(documented: Documented) -> Router<S>
where
    App: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    let nothing = || async { Failure::not_found() };
    let router = access::NOTHING.into_iter().fold(Router::new(), |router, path| router.route(path, any(nothing)));
    let hook = |router: Router<S>, service: crd::Service| {
        let answer = move |State(app): State<App>, Extension(caller): Extension<Caller>, sent: body::Resource| {
            crd::answer(service, app, caller, documented, sent)
        };
        router.route(service.path, post(answer))
    };
    crd::SERVICES
        .into_iter()
        .fold(router, hook)
        .route(access::METADATA, get(statement::get_metadata))
        .route(access::SMART_CONFIGURATION, get(sign_in::get_smart_configuration))
        .route(access::CDS_SERVICES, get(crd::get_services))
        .route(access::TOKEN, post(sign_in::post_token))
        .route(access::SUBMIT, post(submit::submit_claim))
        .route(access::ENCODED_SUBMIT, post(submit::submit_claim))
        .route(access::INQUIRE, post(inquire::inquire_claim))
        .route(access::ENCODED_INQUIRE, post(inquire::inquire_claim))
        .route(access::ATTACH, post(attach::submit_attachment))
        .route(access::ENCODED_ATTACH, post(attach::submit_attachment))
        .route(access::PACKAGE, post(dtr::questionnaire_package))
        .route(access::ENCODED_PACKAGE, post(dtr::questionnaire_package))
        .route(access::LOG_ERRORS, post(dtr::log_errors))
        .route(access::ENCODED_LOG_ERRORS, post(dtr::log_errors))
        .route(access::QUESTIONNAIRE, get(dtr::get_questionnaire).post(nothing))
        .route(access::LIBRARY, get(dtr::get_library))
        .route(access::SUBSCRIPTIONS, post(subscriptions::post_subscription))
        .route(
            access::SUBSCRIPTION,
            get(subscriptions::get_subscription).put(subscriptions::put_subscription).delete(subscriptions::delete_subscription),
        )
        .route(access::SUBSCRIPTION_STATUS, get(subscriptions::get_status))
        .route(access::ENCODED_SUBSCRIPTION_STATUS, get(subscriptions::get_status))
        .route(access::BUNDLE, get(reads::get_bundle))
        // an operation that is not offered is no resource that cannot be changed
        .route(access::CLAIM, get(reads::get_claim).post(nothing))
        .route(access::CLAIM_RESPONSE, get(reads::get_claim_response).post(nothing))
        .layer(Extension(documented))
}

/// An order as the request that would make it, under this number.
pub fn request_of(app: &App, order: &OrderRequest, number: &str) -> Value {
    let at = app.clock.now();
    let context = Context { base: &base(app), content: app.library.in_force(at.date_naive()) };
    write::request::write(Ordered { order, id: number, at, context })
}

/// Where resources are addressed that are made here.
fn base(app: &App) -> String {
    format!("{}/fhir", app.settings.public_url.trim_end_matches('/'))
}
