//! Who may call what below `/fhir`. A route that is not in this list is open to nobody.

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
/// A request, by the id of its case.
pub const CLAIM: &str = "/fhir/Claim/{id}";
/// Where a case stands.
pub const CLAIM_RESPONSE: &str = "/fhir/ClaimResponse/{id}";

/// Where there is nothing, which the router matches last.
pub const NOTHING: [&str; 2] = ["/fhir", "/fhir/{*rest}"];

/// Roles that order.
const ORDERING: &[CallerRole] = &[CallerRole::OrderingProvider, CallerRole::ServicingProvider, CallerRole::Intake];

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
}

/// Every route.
pub const ROUTES: [Route; 7] = [
    Route { method: "GET", path: METADATA, roles: None },
    Route { method: "POST", path: SUBMIT, roles: Some(ORDERING) },
    Route { method: "POST", path: INQUIRE, roles: Some(READING) },
    Route { method: "POST", path: ENCODED_SUBMIT, roles: Some(ORDERING) },
    Route { method: "POST", path: ENCODED_INQUIRE, roles: Some(READING) },
    Route { method: "GET", path: CLAIM, roles: Some(READING) },
    Route { method: "GET", path: CLAIM_RESPONSE, roles: Some(READING) },
];
