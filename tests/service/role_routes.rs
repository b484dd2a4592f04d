//! Every operation of the API description, tried as nobody and as each role. A new operation is covered without touching this file.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "test crate")]

use crate::support;

use axum::http::Method;
use oncoauth::app::sandbox::TOKENS;
use serde_json::Value;
use support::http::Service;

/// An operation as the description has it.
pub struct Operation {
    pub method: Method,
    pub path: String,
    /// None where it is open to everybody.
    roles: Option<Vec<String>>,
    id: String,
}

pub fn operations(description: &Value) -> Vec<Operation> {
    let mut found = Vec::new();
    for (path, item) in description["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let Ok(method) = method.to_uppercase().parse::<Method>() else { continue };
            let open = operation["security"].as_array().is_some_and(|all| all.iter().any(|one| one == &serde_json::json!({})));
            let words = operation["x-roles"].as_array();
            let roles = words.map(|words| words.iter().map(|word| word.as_str().unwrap().to_owned()).collect());
            assert_ne!(open, roles.is_some(), "{method} {path} must say either x-roles or security(())");
            found.push(Operation {
                method,
                path: path.clone(),
                roles,
                id: operation["operationId"].as_str().unwrap_or_default().to_owned(),
            });
        }
    }
    found
}

pub fn committed() -> Value {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.yaml");
    yaml_serde::from_str(&std::fs::read_to_string(file).expect("openapi.yaml is committed")).expect("it is YAML")
}

/// The address with something in place of its parameters; roles are looked at before anything is looked up.
fn concrete(path: &str) -> String {
    let mut address = String::new();
    let mut inside = false;
    for character in path.chars() {
        match character {
            '{' => {
                inside = true;
                address.push_str("00000000-0000-7000-8000-000000000000");
            }
            '}' => inside = false,
            other if !inside => address.push(other),
            _ => {}
        }
    }
    address
}

#[tokio::test]
async fn every_operation_lets_in_exactly_the_roles_that_it_names() {
    let service = Service::sandbox().await;
    for operation in operations(&committed()) {
        let address = concrete(&operation.path);
        let what = format!("{} {}", operation.method, operation.path);
        let nobody = service.call(operation.method.clone(), &address, "", None).await;
        let Some(roles) = &operation.roles else {
            assert!(!matches!(nobody.status.as_u16(), 401 | 403), "{what} is open: {}", nobody.text);
            continue;
        };
        nobody.assert_problem(401, "unauthenticated");
        for (token, role, ..) in TOKENS {
            let answer = service.call(operation.method.clone(), &address, token, None).await;
            if roles.iter().any(|allowed| allowed == role.as_str()) {
                assert_ne!(answer.status.as_u16(), 401, "{what} as {role}: {}", answer.text);
                let refused_by_role = answer.status.as_u16() == 403 && answer.text.contains("may not do this; allowed");
                assert!(!refused_by_role, "{what} as {role}: {}", answer.text);
            } else {
                answer.assert_problem(403, "forbidden");
            }
        }
    }
}

#[test]
fn the_committed_description_is_the_generated_one() {
    let committed = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.yaml")).unwrap_or_default();
    assert!(committed == oncoauth::http::api().yaml(), "run `cargo run -- openapi > openapi.yaml`");
}

#[test]
fn operations_are_named_verb_resource_and_every_error_is_a_problem() {
    let description = committed();
    let mut ids: Vec<String> = operations(&description).into_iter().map(|operation| operation.id).collect();
    assert!(ids.iter().all(|id| id.split_once('_').is_some_and(|(verb, noun)| !verb.is_empty() && !noun.is_empty())), "{ids:?}");
    ids.sort_unstable();
    let count = ids.len();
    ids.dedup();
    assert_eq!(ids.len(), count, "operation ids are unique");
    for (path, item) in description["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let responses = operation["responses"].as_object().unwrap();
            assert!(responses.contains_key("500"), "{method} {path}");
            for (status, response) in responses.iter().filter(|(status, _)| status.starts_with(['4', '5'])) {
                let schema = &response["content"]["application/problem+json"]["schema"]["$ref"];
                assert_eq!(schema, "#/components/schemas/Problem", "{method} {path} {status}");
            }
        }
    }
}

#[test]
fn every_schema_that_is_named_exists() {
    let description = committed();
    let mut missing = Vec::new();
    find_dangling(&description, &description, &mut missing);
    assert!(missing.is_empty(), "{missing:?}");
}

fn find_dangling(value: &Value, root: &Value, missing: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            if let Some(target) = members.get("$ref").and_then(Value::as_str)
                && root.pointer(target.trim_start_matches('#')).is_none()
            {
                missing.push(target.to_owned());
            }
            members.values().for_each(|member| find_dangling(member, root, missing));
        }
        Value::Array(items) => items.iter().for_each(|item| find_dangling(item, root, missing)),
        _ => {}
    }
}
