//! Places of an order and what stands there, in words.

use crate::documents::words;
use serde_json::Value;

/// `clinical, weight kg`.
pub(super) fn place(pointer: &str) -> String {
    let parts = pointer.split('/').filter(|part| !part.is_empty());
    let part =
        |part: &str| part.parse::<u32>().map_or_else(|_| words::humanize(part).to_lowercase(), |number| (number + 1).to_string());
    words::capitalize(&parts.map(part).collect::<Vec<_>>().join(", "))
}

/// A part of an order in words, as far as it has any.
pub(super) fn value(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Number(number) => number.as_f64().map_or_else(|| number.to_string(), words::number),
        Value::String(text) => text.replace('_', " "),
        Value::Array(all) if all.is_empty() => "none".to_owned(),
        Value::Array(all) => all.iter().map(self::value).collect::<Vec<_>>().join("; "),
        Value::Object(members) => {
            let parts = members.iter().filter(|(_, part)| !part.is_null());
            parts.map(|(name, part)| format!("{} {}", name.replace('_', " "), self::value(part))).collect::<Vec<_>>().join(", ")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{place, value};
    use serde_json::json;

    #[test]
    fn what_changed_is_told_in_words() {
        assert_eq!(place("/clinical/weight_kg"), "Clinical, weight kg");
        assert_eq!(place("/treatment/phases/0/cycles"), "Treatment, phases, 1, cycles");
        assert_eq!(value(&json!({"amount": 75, "unit": "mg/m2", "left_out": null})), "amount 75, unit mg/m2");
        assert_eq!(value(&json!(72.0)), "72");
        assert_eq!(value(&json!([])), "none");
        assert_eq!(value(&json!("not_reported")), "not reported");
    }
}
