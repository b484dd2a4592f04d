//! The library of expressions by which an EHR fills in a questionnaire from its record. Its source is CQL; `scripts/translate-cql` makes the ELM
//! of it that is kept beside it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// Its name, which expressions begin with.
pub const NAME: &str = "OncologyOrder";
/// Its version, which the source names, too.
pub const VERSION: &str = "1.0.0";
/// The source.
const CQL: &str = include_str!("OncologyOrder.cql");
/// What is run.
const ELM: &str = include_str!("OncologyOrder.elm.json");

/// Its canonical address, with the version.
pub fn canonical(base: &str) -> String {
    format!("{base}/Library/{NAME}|{VERSION}")
}

/// An expression of it.
pub fn expression(name: &str) -> Value {
    json!({"language": "text/cql", "expression": format!("\"{NAME}\".\"{name}\"")})
}

/// The resource.
pub fn write(base: &str) -> Value {
    json!({
        "resourceType": "Library",
        "id": NAME,
        "url": format!("{base}/Library/{NAME}"),
        "version": VERSION,
        "name": NAME,
        "title": "What a record says of the questions of an oncology order",
        "status": "active",
        "type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/library-type", "code": "logic-library"}]},
        "content": [
            {"contentType": "text/cql", "data": STANDARD.encode(CQL)},
            {"contentType": "application/elm+json", "data": STANDARD.encode(ELM)},
        ],
    })
}
