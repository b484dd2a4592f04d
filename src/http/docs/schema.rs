//! Types of the description in words and links.

use super::page::{Page, text_of};
use serde_json::{Map, Value};

/// Links to a type, such as `list of OrderRequest`.
pub(super) fn named(page: &mut Page, schema: &Value) {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.rsplit('/').next().unwrap_or(reference);
        page.link(&format!("#schema-{name}"), name);
        return;
    }
    for choice in ["oneOf", "anyOf", "allOf"] {
        if let Some(all) = schema[choice].as_array() {
            for (index, one) in all.iter().filter(|one| one["type"] != "null").enumerate() {
                if index > 0 {
                    page.text(if choice == "allOf" { " and " } else { " or " });
                }
                named(page, one);
            }
            return;
        }
    }
    if let Some(words) = schema["enum"].as_array() {
        for (index, word) in words.iter().enumerate() {
            if index > 0 {
                page.text(", ");
            }
            page.code(&text_of(word));
        }
        return;
    }
    match kind(schema) {
        "array" => {
            page.text("list of ");
            named(page, &schema["items"]);
        }
        "object" if schema["additionalProperties"].is_object() => {
            page.text("object of ");
            named(page, &schema["additionalProperties"]);
        }
        "" => page.text("anything"),
        other => {
            page.text(other);
            if let Some(format) = schema["format"].as_str().filter(|format| format.starts_with("date") || *format == "uuid") {
                page.text(&format!(" ({format})"));
            }
        }
    }
}

/// The type's name; of several the one that is not null.
fn kind(schema: &Value) -> &str {
    match &schema["type"] {
        Value::String(kind) => kind,
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or_default(),
        _ => "",
    }
}

/// Every type of the description, with its fields.
pub(super) fn all(page: &mut Page, schemas: &Map<String, Value>) {
    for (name, schema) in schemas {
        page.open("section", &format!("id=\"schema-{name}\""));
        page.element("h3", name);
        page.prose(schema["description"].as_str().unwrap_or_default());
        let mut parts = vec![schema];
        parts.extend(schema["allOf"].as_array().into_iter().flatten());
        let required: Vec<&str> =
            parts.iter().flat_map(|part| part["required"].as_array().into_iter().flatten()).filter_map(Value::as_str).collect();
        let fields: Vec<(&String, &Value)> =
            parts.iter().filter_map(|part| part["properties"].as_object()).flat_map(Map::iter).collect();
        if fields.is_empty() {
            page.open("p", "");
            named(page, schema);
            page.close("p");
        } else {
            page.table(&format!("Fields of {name}"), &["Field", "Type", "Meaning"], &fields, |page, (field, schema)| {
                page.open("th", "scope=\"row\"");
                page.code(field);
                if required.contains(&field.as_str()) {
                    page.element("small", "required");
                }
                page.close("th");
                page.open("td", "");
                named(page, schema);
                page.close("td");
                page.open("td", "");
                page.line(schema["description"].as_str().unwrap_or_default());
                page.close("td");
            });
            for reference in parts.iter().skip(1).filter(|part| part["$ref"].is_string()) {
                page.open("p", "");
                page.text("With the fields of ");
                named(page, reference);
                page.close("p");
            }
        }
        page.close("section");
    }
}
