//! What a change changed, for the history.

use serde::Serialize;
use serde_json::Value;

/// One place of the order that differs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// JSON pointer into the request.
    pub pointer: String,
    /// What stood there; null where nothing did.
    pub before: Value,
    /// What stands there now; null where nothing does.
    pub after: Value,
}

/// Every place where two orders differ, as deep as both have the same shape.
pub fn differences(before: &Value, after: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    compare(String::new(), before, after, &mut found);
    found
}

fn compare(pointer: String, before: &Value, after: &Value, found: &mut Vec<Difference>) {
    match (before, after) {
        _ if before == after => {}
        (Value::Object(old), Value::Object(new)) => {
            for (name, value) in old {
                let place = format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
                compare(place, value, new.get(name).unwrap_or(&Value::Null), found);
            }
            for (name, value) in new.iter().filter(|(name, _)| !old.contains_key(*name)) {
                compare(format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1")), &Value::Null, value, found);
            }
        }
        (Value::Array(old), Value::Array(new)) if old.len() == new.len() => {
            for (index, (old, new)) in old.iter().zip(new).enumerate() {
                compare(format!("{pointer}/{index}"), old, new, found);
            }
        }
        _ => found.push(Difference { pointer, before: before.clone(), after: after.clone() }),
    }
}

#[cfg(test)]
mod tests {
    use super::differences;
    use serde_json::json;

    #[test]
    fn only_the_places_that_differ_are_told() {
        let before = json!({"a": {"b": [1, {"c": 2}], "d": 1}, "e": [1], "g": null});
        let after = json!({"a": {"b": [1, {"c": 3}], "d": 1}, "e": [1, 2], "f": true});
        let found = differences(&before, &after);
        let told: Vec<_> = found.iter().map(|it| (it.pointer.as_str(), &it.before, &it.after)).collect();
        assert_eq!(
            told,
            [("/a/b/1/c", &json!(2), &json!(3)), ("/e", &json!([1]), &json!([1, 2])), ("/f", &json!(null), &json!(true)),]
        );
    }
}
