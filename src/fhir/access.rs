//! Who may call what below `/fhir`. A route that is not in this list is open to nobody.

use crate::app::smart::scopes::Needed;
use crate::domain::vocabulary::CallerRole;

/// What this server can do.
pub const METADATA: &str = "/fhir/metadata";
/// Requests for authorization.
pub const SUBMIT: &str = "/fhir/Claim/$submit";

/// Where requests of a member stand.
pub const INQUIRE: &str = "/fhir/Claim/$inquire";
/// The same two as clients write them that encode the sign.
pub const ENCODED_SUBMIT: &str = "/fhir/Claim/%24submit";
/// See [`ENCODED_SUBMIT`].
pub const ENCODED_INQUIRE: &str = "/fhir/Claim/%24inquire";
/// What a pended request asked for.
pub const ATTACH: &str = "/fhir/Claim/$submit-attachment";
/// See [`ENCODED_SUBMIT`].
pub const ENCODED_ATTACH: &str = "/fhir/Claim/%24submit-attachment";
/// A request, by the id of its case.
pub const CLAIM: &str = "/fhir/Claim/{id}";
/// Where a case stands.
pub const CLAIM_RESPONSE: &str = "/fhir/ClaimResponse/{id}";

/// The whole answer about a case.
pub const BUNDLE: &str = "/fhir/Bundle/{id}";
/// Subscriptions.
pub const SUBSCRIPTIONS: &str = "/fhir/Subscription";
/// A subscription.
pub const SUBSCRIPTION: &str = "/fhir/Subscription/{id}";
/// How a subscription is doing.
pub const SUBSCRIPTION_STATUS: &str = "/fhir/Subscription/{id}/$status";
/// See [`ENCODED_SUBMIT`].
pub const ENCODED_SUBSCRIPTION_STATUS: &str = "/fhir/Subscription/{id}/%24status";
/// What an order asks for.
pub const QUESTIONNAIRE: &str = "/fhir/Questionnaire/{id}";
/// Expressions by which it is filled in.
pub const LIBRARY: &str = "/fhir/Library/{id}";
/// All that it takes to fill in what orders ask for.
pub const PACKAGE: &str = "/fhir/Questionnaire/$questionnaire-package";
/// See [`ENCODED_SUBMIT`].
pub const ENCODED_PACKAGE: &str = "/fhir/Questionnaire/%24questionnaire-package";
/// What was in the way.
pub const LOG_ERRORS: &str = "/fhir/Questionnaire/$log-questionnaire-errors";
/// See [`ENCODED_SUBMIT`].
pub const ENCODED_LOG_ERRORS: &str = "/fhir/Questionnaire/%24log-questionnaire-errors";
/// How systems sign in.
pub const SMART_CONFIGURATION: &str = "/fhir/.well-known/smart-configuration";
/// Where they get their access tokens.
pub const TOKEN: &str = "/oauth2/token";
/// Services of CDS Hooks.
pub const CDS_SERVICES: &str = "/cds-services";
/// Orders are signed.
pub const ORDER_SIGN: &str = "/cds-services/order-sign-crd";
/// Orders are chosen.
pub const ORDER_SELECT: &str = "/cds-services/order-select-crd";
/// Orders are sent to who carries them out.
pub const ORDER_DISPATCH: &str = "/cds-services/order-dispatch-crd";
/// What is open to everybody and answers in the form of OAuth, or of CDS Hooks.
pub const SIGN_IN: [(&str, &str); 3] = [("GET", SMART_CONFIGURATION), ("POST", TOKEN), ("GET", CDS_SERVICES)];
/// What a system may call with a token that it signed itself, too.
pub const SIGNED: [(&str, &str, &[CallerRole]); 3] =
    [("POST", ORDER_SIGN, ORDERING), ("POST", ORDER_SELECT, ORDERING), ("POST", ORDER_DISPATCH, ORDERING)];

/// Where there is nothing, which the router matches last: operations and hooks that are not offered among it.
pub const NOTHING: [&str; 3] = ["/fhir", "/fhir/{*rest}", "/cds-services/{*rest}"];

/// Roles that order.
const ORDERING: &[CallerRole] = &[CallerRole::OrderingProvider, CallerRole::ServicingProvider, CallerRole::Intake];

/// Roles that are told of changes: practices, of their own cases.
const PRACTICES: &[CallerRole] = &[CallerRole::OrderingProvider, CallerRole::ServicingProvider];

/// Roles that read cases: everybody, each as far as they see.
const READING: &[CallerRole] = CallerRole::ALL;

/// A route, with who may call it.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// Method.
    pub method: &'static str,
    /// Path, as the router has it.
    pub path: &'static str,
    /// Roles that may; everybody, without a token, where there is none.
    pub roles: Option<&'static [CallerRole]>,
    /// What an access token that was given for scopes has to be good for.
    pub scope: Option<Needed>,
}

const fn open(method: &'static str, path: &'static str) -> Route {
    Route { method, path, roles: None, scope: None }
}

const fn route(
    method: &'static str,
    path: &'static str,
    roles: &'static [CallerRole],
    (resource, any_of): (&'static str, &'static str),
) -> Route {
    Route { method, path, roles: Some(roles), scope: Some(Needed { resource, any_of }) }
}

/// Every route that answers as FHIR has it.
pub const ROUTES: [Route; 22] = [
    open("GET", METADATA),
    route("POST", SUBMIT, ORDERING, ("Claim", "c")),
    route("POST", INQUIRE, READING, ("Claim", "rs")),
    route("POST", ENCODED_SUBMIT, ORDERING, ("Claim", "c")),
    route("POST", ENCODED_INQUIRE, READING, ("Claim", "rs")),
    route("POST", ATTACH, ORDERING, ("Claim", "cu")),
    route("POST", ENCODED_ATTACH, ORDERING, ("Claim", "cu")),
    route("POST", PACKAGE, ORDERING, ("Questionnaire", "rs")),
    route("POST", ENCODED_PACKAGE, ORDERING, ("Questionnaire", "rs")),
    route("POST", LOG_ERRORS, ORDERING, ("Questionnaire", "rs")),
    route("POST", ENCODED_LOG_ERRORS, ORDERING, ("Questionnaire", "rs")),
    route("GET", QUESTIONNAIRE, READING, ("Questionnaire", "rs")),
    route("GET", LIBRARY, READING, ("Library", "rs")),
    route("GET", CLAIM, READING, ("Claim", "r")),
    route("GET", CLAIM_RESPONSE, READING, ("ClaimResponse", "r")),
    route("GET", BUNDLE, READING, ("ClaimResponse", "r")),
    route("POST", SUBSCRIPTIONS, PRACTICES, ("Subscription", "c")),
    route("GET", SUBSCRIPTION, PRACTICES, ("Subscription", "r")),
    route("PUT", SUBSCRIPTION, PRACTICES, ("Subscription", "u")),
    route("DELETE", SUBSCRIPTION, PRACTICES, ("Subscription", "d")),
    route("GET", SUBSCRIPTION_STATUS, PRACTICES, ("Subscription", "r")),
    route("GET", ENCODED_SUBSCRIPTION_STATUS, PRACTICES, ("Subscription", "r")),
];
