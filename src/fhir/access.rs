//! Who may call what below `/fhir`. A route that is not in this list is open to nobody.

use crate::domain::vocabulary::CallerRole;

/// What this server can do.
pub const METADATA: &str = "/fhir/metadata";
/// Requests for authorization.
pub const SUBMIT: &str = "/fhir/Claim/$submit";

/// Where there is nothing, which the router matches last.
pub const NOTHING: [&str; 2] = ["/fhir", "/fhir/{*rest}"];

/// Roles that order.
const ORDERING: &[CallerRole] = &[CallerRole::OrderingProvider, CallerRole::ServicingProvider, CallerRole::Intake];

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
pub const ROUTES: [Route; 2] =
    [Route { method: "GET", path: METADATA, roles: None }, Route { method: "POST", path: SUBMIT, roles: Some(ORDERING) }];
