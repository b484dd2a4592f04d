//! The requests of the guide and of the test kits: their payers, members and services are mostly not ours, and nothing is special-cased for
//! them. Whatever they ask, the answer is no failure of the service, and it conforms.

use super::{SUBMIT, cases, post, sandbox};
use crate::support::conformance::{guide, kit, left_out};
use crate::support::submit::ORDERING;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

fn files(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            files(&entry, found);
        } else if entry.extension().is_some_and(|extension| extension == "json") {
            found.push(entry);
        }
    }
}

#[tokio::test]
async fn every_request_of_the_kits_is_answered_in_a_form_that_conforms() {
    let Some(kit) = kit() else { return left_out("the requests of the kits") };
    let service = sandbox().await;
    let mut found = Vec::new();
    for folder in ["inferno-pas", "prior-auth-ri", "pas-2.2.1/examples", "inferno-dtr", "inferno-crd", "cdex"] {
        files(&kit.join(folder), &mut found);
    }
    found.sort();
    let mut sent = 0;
    for file in &found {
        let text = fs::read_to_string(file).unwrap();
        let Ok(body) = serde_json::from_str::<Value>(&text) else { continue };
        let answer = post(&service, SUBMIT, ORDERING, &body).await;
        assert!(answer.status.as_u16() < 500, "{}: {}", file.display(), answer.text);
        if answer.status.is_success() {
            let response = answer.json()["entry"][0]["resource"].clone();
            assert_eq!(response["outcome"], "error", "{}: none of their members is ours", file.display());
        }
        sent += 1;
    }
    assert!(sent > 60, "{sent} were sent");
    assert_eq!(cases(&service).await, 0);
}

/// A fault that is put in.
enum Spoil {
    /// Another value at a place.
    Set(Value),
    /// Nothing there.
    Remove,
    /// The same once more behind the list that it is in.
    Again,
}

fn spoil(bundle: &mut Value, pointer: &str, how: Spoil) {
    let (holder, last) = pointer.rsplit_once('/').unwrap();
    match (how, bundle.pointer_mut(holder).unwrap()) {
        (Spoil::Set(value), Value::Object(members)) => {
            members.insert(last.to_owned(), value);
        }
        (Spoil::Set(value), Value::Array(items)) => items[last.parse::<usize>().unwrap()] = value,
        (Spoil::Remove, Value::Object(members)) => {
            members.remove(last).unwrap();
        }
        (Spoil::Remove, Value::Array(items)) => {
            items.remove(last.parse().unwrap());
        }
        (Spoil::Again, Value::Array(items)) => items.push(items[last.parse::<usize>().unwrap()].clone()),
        _ => panic!("{pointer}"),
    }
}

#[test]
fn faults_that_are_put_in_are_found_and_what_is_sound_is_not_blamed() {
    let Some(guide) = guide() else { return left_out("the guide's profiles") };
    let sound: Value = super::pair("pend-her2-unknown.pas-response");
    assert_eq!(guide.faults(&sound), Vec::<String>::new());
    let extension = |name: &str| json!({"url": format!("http://hl7.org/fhir/us/davinci-pas/StructureDefinition/{name}")});
    let mut of_another_type = extension("extension-administrationReferenceNumber");
    of_another_type["valueInteger"] = json!(1);
    let put_in = [
        ("/entry/0/resource/status", Spoil::Remove),
        ("/entry/0/resource/status", Spoil::Set(json!("draft"))),
        ("/entry/0/resource/use", Spoil::Set(json!("claim"))),
        ("/entry/0/resource/patient", Spoil::Remove),
        ("/entry/0/resource/outcome", Spoil::Set(json!("queued"))),
        ("/entry/0/resource/verdict", Spoil::Set(json!("an element that there is not"))),
        ("/entry/0/resource/item", Spoil::Set(json!({"itemSequence": 1}))),
        ("/entry/0/resource/item/0/adjudication/0/category", Spoil::Set(json!({"coding": [{"code": "benefit"}]}))),
        ("/entry/0/resource/item/0/adjudication", Spoil::Remove),
        ("/entry/0/resource/item/0/itemSequence", Spoil::Set(json!(0))),
        ("/entry/0/resource/processNote/0/number", Spoil::Remove),
        ("/entry/0/resource/processNote/0/text", Spoil::Remove),
        ("/entry/0/resource/item/0/extension/0", Spoil::Set(extension("extension-itemTraceNumber"))),
        ("/entry/0/resource/item/2/extension/2", Spoil::Set(of_another_type)),
        ("/entry/0/resource/item/2/extension/2", Spoil::Again),
        ("/type", Spoil::Set(json!("document"))),
        ("/timestamp", Spoil::Remove),
        ("/identifier", Spoil::Remove),
        ("/entry/0/resource/patient/reference", Spoil::Set(json!("http://ehr.example.org/fhir/Patient/2"))),
        ("/entry/1/fullUrl", Spoil::Remove),
        ("/entry/1", Spoil::Again),
        ("/entry/0", Spoil::Remove),
    ];
    for (pointer, how) in put_in {
        let mut spoilt = sound.clone();
        spoil(&mut spoilt, pointer, how);
        assert!(!guide.faults(&spoilt).is_empty(), "what was done to {pointer} is not found");
    }
}
