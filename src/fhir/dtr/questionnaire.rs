//! `Questionnaire`: what an order of a cancer and regimen family asks for.

use super::{items, library};
use crate::app::questionnaires::Form;
use crate::fhir::element::put;
use crate::fhir::read::shape::Shape;
use serde_json::{Value, json};

/// Extension: where the expressions are.
const LIBRARY: &str = "http://hl7.org/fhir/StructureDefinition/cqf-library";
/// Extension: what the application that fills in knows.
const LAUNCH: &str = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-launchContext";
/// System of what it knows.
const LAUNCHES: &str = "http://hl7.org/fhir/uv/sdc/CodeSystem/launchContext";

/// Writes the questionnaire.
pub fn write(form: &Form, order: &Shape, base: &str) -> Value {
    let mut period = json!({"start": form.from});
    if let Some(last) = form.until.and_then(|until| until.pred_opt()) {
        put(&mut period, "end", json!(last));
    }
    let title = form.title.replace('&', "&amp;").replace('<', "&lt;");
    json!({
        "resourceType": "Questionnaire",
        "id": form.id,
        "meta": {"profile": ["http://hl7.org/fhir/us/davinci-dtr/StructureDefinition/dtr-std-questionnaire"]},
        "text": {"status": "generated", "div": format!("<div xmlns=\"http://www.w3.org/1999/xhtml\">{title}</div>")},
        "extension": [
            {"url": LIBRARY, "valueCanonical": library::canonical(base)},
            {"url": LAUNCH, "extension": [
                {"url": "name", "valueCoding": {"system": LAUNCHES, "code": "patient"}},
                {"url": "type", "valueCode": "Patient"},
            ]},
        ],
        "url": format!("{base}/Questionnaire/{}", form.id),
        "version": form.version,
        "name": format!("Order_{}", form.id.replace(['.', '-'], "_")),
        "title": form.title,
        "status": "active",
        "subjectType": ["Patient"],
        "date": form.from,
        "publisher": "oncoauth",
        "effectivePeriod": period,
        "item": items::write(form, order),
    })
}
