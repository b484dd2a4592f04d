//! What this server can do, as a `CapabilityStatement`.

use super::{Context, extension};
use crate::fhir::urls;
use serde_json::{Value, json};

/// The guides that are served, with their versions.
const GUIDES: [&str; 3] = [
    "http://hl7.org/fhir/us/davinci-pas/ImplementationGuide/hl7.fhir.us.davinci-pas|2.2.1",
    "http://hl7.org/fhir/us/davinci-crd/ImplementationGuide/hl7.fhir.us.davinci-crd|2.2.1",
    "http://hl7.org/fhir/us/davinci-dtr/ImplementationGuide/hl7.fhir.us.davinci-dtr|2.2.0",
];

/// Extension: where tokens are given out.
const OAUTH: &str = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris";
/// Operation: how a subscription is doing.
const STATUS: &str = "http://hl7.org/fhir/uv/subscriptions-backport/OperationDefinition/backport-subscription-status";
/// How callers are known.
const SERVICES: &str = "http://terminology.hl7.org/CodeSystem/restful-security-service";

/// Writes the statement. CDS Hooks are no interactions of FHIR: `hooks` is the address at which they are listed.
pub fn write(context: Context<'_>, operations: &[(&str, &str)], token_endpoint: &str, hooks: &str) -> Value {
    let operations: Vec<Value> =
        operations.iter().map(|(name, definition)| json!({"name": name, "definition": definition})).collect();
    let service = |code: &str| json!({"coding": [{"system": SERVICES, "code": code}]});
    json!({
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": context.content.release.in_force_from,
        "publisher": "oncoauth",
        "kind": "instance",
        "implementation": {"description": "Prior authorization of oncology treatment", "url": context.base},
        "software": {"name": "oncoauth", "version": env!("CARGO_PKG_VERSION")},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json", "json"],
        "implementationGuide": GUIDES,
        "rest": [{
            "mode": "server",
            "documentation": format!("Coverage requirements (CRD) are told by CDS Hooks, which are listed at {hooks}."),
            "security": {
                "extension": [{"url": OAUTH, "extension": [{"url": "token", "valueUri": token_endpoint}]}],
                "description": "Every call but this one needs `Authorization: Bearer <token>`. Systems get tokens by SMART Backend Services.",
                "service": [service("SMART-on-FHIR"), service("OAuth")],
            },
            "resource": [
                {
                    "type": "Claim",
                    "profile": "http://hl7.org/fhir/us/davinci-pas/StructureDefinition/profile-claim",
                    "interaction": [{"code": "read"}],
                    "operation": operations,
                },
                {
                    "type": "ClaimResponse",
                    "profile": "http://hl7.org/fhir/us/davinci-pas/StructureDefinition/profile-claimresponse",
                    "interaction": [{"code": "read"}],
                },
                {
                    "type": "Questionnaire",
                    "profile": "http://hl7.org/fhir/us/davinci-dtr/StructureDefinition/dtr-std-questionnaire",
                    "interaction": [{"code": "read"}],
                    "operation": [
                        {"name": "questionnaire-package",
                         "definition": "http://hl7.org/fhir/us/davinci-dtr/OperationDefinition/questionnaire-package"},
                        {"name": "log-questionnaire-errors",
                         "definition": "http://hl7.org/fhir/us/davinci-dtr/OperationDefinition/log-questionnaire-errors"},
                    ],
                },
                {"type": "Library", "interaction": [{"code": "read"}]},
                {"type": "Bundle", "profile": urls::RESPONSE_BUNDLE, "interaction": [{"code": "read"}]},
                {
                    "type": "Subscription",
                    "profile": urls::SUBSCRIPTION,
                    "extension": [extension(urls::TOPICS, "valueCanonical", urls::TOPIC)],
                    "interaction": [{"code": "create"}, {"code": "read"}, {"code": "update"}, {"code": "delete"}],
                    "operation": [{"name": "status", "definition": STATUS}],
                },
            ],
        }],
    })
}
