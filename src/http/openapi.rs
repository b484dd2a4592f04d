//! The API description, generated from the handlers, and what the service itself reads from it: who may call what.

use super::problem::{MEDIA_TYPE, ProblemBody};
use crate::app::smart::scopes::Needed;
use crate::domain::vocabulary::CallerRole;
use crate::domain::{order, refusal, vocabulary};
use axum::http::Method;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::sync::OnceLock;
use utoipa::openapi::path::{HttpMethod, Operation, Parameter, ParameterIn};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Components, ContentBuilder, OpenApi, Ref, RefOr, Response, ResponseBuilder, Server};
use utoipa::{OpenApi as _, PartialSchema as _};

/// Who may call an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// No token is looked at.
    Everybody,
    /// A token with one of these roles; with an empty list, nobody.
    Roles(Vec<CallerRole>),
    /// The same, where the token is good for this if it was given for scopes. Such a token is good for nothing else.
    Scoped(Vec<CallerRole>, Needed),
    /// A token with one of these roles, or one that a registered system signed for this call.
    Signed(Vec<CallerRole>),
    /// The address does not take this method, which the router says better.
    NoSuchMethod,
}

/// The description, and what is looked up in it at every request.
#[derive(Debug)]
pub struct Api {
    yaml: String,
    access: HashMap<String, HashMap<Method, Access>>,
}

/// Components that schemas name without utoipa seeing it, because a clinical answer's schema is written by hand.
#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "oncoauth",
        description = "Decides oncology prior authorizations.\n\nErrors are `application/problem+json` \
        (RFC 9457). Ids are opaque. Unknown fields are refused. POSTs that create take an `Idempotency-Key`. `x-roles` says which \
        roles may call an operation."
    ),
    components(schemas(
        order::Tnm,
        order::PerformanceStatus,
        order::PerformanceScale,
        order::Biomarker,
        order::Assessment,
        order::PriorTherapy,
        vocabulary::LineOfTreatment,
        vocabulary::TreatmentGoal,
        vocabulary::Sex,
        vocabulary::FnRiskFactor,
        refusal::Fault,
    ))
)]
struct Base;

/// Every component of the description, as JSON.
pub fn components() -> &'static Map<String, Value> {
    static COMPONENTS: OnceLock<Map<String, Value>> = OnceLock::new();
    COMPONENTS.get_or_init(|| {
        let schemas = super::document().components.map(|components| components.schemas).unwrap_or_default();
        schemas.into_iter().filter_map(|(name, schema)| Some((name, serde_json::to_value(schema).ok()?))).collect()
    })
}

/// The description's frame, to which the resources add their operations.
pub fn base() -> OpenApi {
    let mut api = Base::openapi();
    // the service that serves the description, wherever that is
    api.servers = Some(vec![Server::new("/")]);
    let components = api.components.get_or_insert_with(Components::new);
    components.schemas.insert("Problem".to_owned(), ProblemBody::schema());
    components.add_security_scheme("bearer", SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build()));
    api.security = Some(vec![SecurityRequirement::new("bearer", Vec::<String>::new())]);
    api
}

impl Api {
    /// Completes what the resources declared: the errors that every operation may answer.
    pub fn new(mut api: OpenApi) -> Self {
        let mut access: HashMap<String, HashMap<Method, Access>> = HashMap::new();
        for (path, item) in &mut api.paths.paths {
            let operations = [
                (HttpMethod::Get, item.get.as_mut()),
                (HttpMethod::Put, item.put.as_mut()),
                (HttpMethod::Post, item.post.as_mut()),
                (HttpMethod::Delete, item.delete.as_mut()),
                (HttpMethod::Patch, item.patch.as_mut()),
            ];
            for (method, operation) in operations {
                let Some(operation) = operation else { continue };
                let allowed = access_of(operation);
                add_errors(operation, &allowed, path);
                access.entry(path.clone()).or_default().insert(method_of(&method), allowed);
            }
        }
        let yaml = api.to_yaml().unwrap_or_else(|error| format!("# the description does not serialize: {error}\n"));
        Self { yaml, access }
    }

    /// Says who may call an operation of another door, which the description does not have.
    pub fn admit(&mut self, method: &str, path: &str, access: Access) {
        let Ok(method) = Method::from_bytes(method.as_bytes()) else { return };
        self.access.entry(path.to_owned()).or_default().insert(method, access);
    }

    /// Lets everybody through to an address, to be told that there is nothing.
    pub fn pass(&mut self, path: &str) {
        self.access.entry(path.to_owned()).or_default();
    }

    /// The description as YAML.
    pub fn yaml(&self) -> &str {
        &self.yaml
    }

    /// Who may call this operation; nobody may call an address that is not described.
    pub fn access(&self, method: &Method, path: &str) -> &Access {
        static NOBODY: Access = Access::Roles(Vec::new());
        self.access.get(path).map_or(&NOBODY, |methods| methods.get(method).unwrap_or(&Access::NoSuchMethod))
    }
}

fn method_of(method: &HttpMethod) -> Method {
    match method {
        HttpMethod::Put => Method::PUT,
        HttpMethod::Post => Method::POST,
        HttpMethod::Delete => Method::DELETE,
        HttpMethod::Patch => Method::PATCH,
        _ => Method::GET,
    }
}

fn access_of(operation: &Operation) -> Access {
    let is_open = |requirement: &SecurityRequirement| *requirement == SecurityRequirement::default();
    if operation.security.as_ref().is_some_and(|requirements| requirements.iter().any(is_open)) {
        return Access::Everybody;
    }
    let declared = operation.extensions.as_ref().and_then(|extensions| extensions.get("x-roles"));
    let words = declared.and_then(|value| value.as_array()).map(Vec::as_slice).unwrap_or_default();
    Access::Roles(words.iter().filter_map(|word| CallerRole::parse(word.as_str()?)).collect())
}

/// Fills in what is the same for all operations, so that no handler has to say it and none can forget it.
fn add_errors(operation: &mut Operation, access: &Access, path: &str) {
    let mut errors = vec![("500", "The service failed"), ("503", "Temporarily unavailable, or the request took too long")];
    if *access != Access::Everybody {
        errors.extend([
            ("401", "No token, or one that does not work"),
            ("403", "The role may not do this"),
            ("429", "Too many requests"),
        ]);
    }
    if operation.request_body.is_some() {
        errors.extend([
            ("400", "The body is not JSON"),
            ("413", "The body is too large"),
            ("415", "Unsupported media type"),
            ("422", "The body is not valid"),
        ]);
    }
    let parameters = operation.parameters.as_deref().unwrap_or_default();
    let is_query = |parameter: &RefOr<Parameter>| matches!(parameter, RefOr::T(it) if it.parameter_in == ParameterIn::Query);
    if parameters.iter().any(is_query) {
        errors.push(("422", "A query parameter is unknown or malformed"));
    }
    if path.contains('{') {
        errors.push(("404", "No such resource, or none that the caller may see"));
    }
    let responses = &mut operation.responses.responses;
    for (status, description) in errors {
        responses.entry(status.to_owned()).or_insert_with(|| RefOr::T(ResponseBuilder::new().description(description).build()));
    }
    for (status, response) in responses.iter_mut() {
        if let RefOr::T(response) = response
            && (status.starts_with('4') || status.starts_with('5'))
        {
            describe_as_problem(response);
        }
    }
}

fn describe_as_problem(response: &mut Response) {
    response.content.clear();
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    response.content.insert(MEDIA_TYPE.to_owned(), RefOr::T(content));
}
