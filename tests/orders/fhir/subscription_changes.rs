//! A subscription that its owner changes: another receiver shakes hands, is told what waits, and numbers go on.

use super::subscriptions::{SUBSCRIPTION, pended, read, serve, statuses, subscribe, subscription, told};
use super::{held, sandbox};
use crate::support::desk::{NURSE, authorize, done};
use crate::support::hook::Hook;
use crate::support::http::{Answer, Service};
use crate::support::submit::{ADMINISTRATOR, ORDERING, OTHER_PRACTICE, SERVICING};
use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::{Value, json};

async fn put(service: &Service, token: &str, id: &str, body: &Value) -> Answer {
    let request = Request::builder()
        .method(Method::PUT)
        .uri(format!("{SUBSCRIPTION}/{id}"))
        .header("content-type", "application/fhir+json")
        .header("authorization", format!("Bearer {token}"));
    held(service.send(request.body(Body::from(body.to_string())).unwrap()).await)
}

/// The subscription with this id.
fn changed(id: &str, url: &str, filter: &str) -> Value {
    let mut subscription = subscription(url, filter);
    subscription["id"] = json!(id);
    subscription
}

async fn decide(service: &Service, case_id: &str) {
    done(service, NURSE, case_id, "determinations", &authorize(&statuses(service, case_id).await)).await;
}

#[tokio::test]
async fn another_receiver_shakes_hands_and_is_told_what_waits_under_the_numbers_that_follow() {
    // proves DET-11
    let service = sandbox().await;
    let (first, second) = (Hook::start().await, Hook::start().await);
    let id = subscribe(&service, ORDERING, &first.url, "org-identifier=900000001").await;
    serve(&service).await;
    let (one, two) = (pended(&service, 31).await, pended(&service, 32).await);
    decide(&service, &one).await;
    serve(&service).await;
    assert_eq!(first.sent().iter().map(|sent| sent.body["entry"].as_array().unwrap().len()).collect::<Vec<_>>(), [1, 2]);
    // what happens before the other receiver has shaken hands waits for it
    let mut wanted = changed(&id, &second.url, "org-identifier=900000001");
    wanted["reason"] = json!("Moved");
    let answer = put(&service, ORDERING, &id, &wanted).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["status"]), (200, &json!("requested")), "{}", answer.text);
    assert_eq!(answer.json()["channel"]["header"], json!(["Authorization: ********", "X-Room: ********"]));
    decide(&service, &two).await;
    serve(&service).await;
    assert_eq!(first.sent().len(), 2, "the one before hears nothing more");
    let sent = second.sent();
    let status = &sent[0].body["entry"][0]["resource"];
    let said = |name: &str| status["parameter"].as_array().unwrap().iter().find(|it| it["name"] == name).unwrap().clone();
    assert_eq!(said("type")["valueCode"], "handshake");
    assert_eq!(said("events-since-subscription-start")["valueString"], "1");
    assert_eq!(sent[1..].iter().map(|sent| told(sent, &id).1).collect::<Vec<_>>(), [2]);
    let stored = read(&service, ORDERING, &id).await.json();
    assert_eq!((&stored["status"], &stored["reason"]), (&json!("active"), &json!("Moved")));
    // one whose receiver refused the handshake is tried again
    second.answers(404);
    assert_eq!(put(&service, ORDERING, &id, &wanted).await.status, 200);
    serve(&service).await;
    assert_eq!(read(&service, ORDERING, &id).await.json()["status"], "error");
    second.answers(200);
    assert_eq!(put(&service, ORDERING, &id, &wanted).await.status, 200);
    serve(&service).await;
    let stored = read(&service, ORDERING, &id).await.json();
    assert_eq!((&stored["status"], &stored["error"]), (&json!("active"), &Value::Null));
}

#[tokio::test]
async fn only_its_owner_changes_it_and_only_to_what_may_be_made() {
    // proves PRV-02
    let service = sandbox().await;
    let hook = Hook::start().await;
    let id = subscribe(&service, ORDERING, &hook.url, "org-identifier=900000001").await;
    serve(&service).await;
    let before = read(&service, ORDERING, &id).await.json();
    let wanted = changed(&id, &hook.url, "org-identifier=900000001");
    for (who, status) in [(SERVICING, 404), (OTHER_PRACTICE, 404), (ADMINISTRATOR, 403), ("", 401)] {
        assert_eq!(put(&service, who, &id, &wanted).await.status, status, "{who}");
    }
    let absent = "00000000-0000-7000-8000-000000000000";
    assert_eq!(put(&service, ORDERING, absent, &changed(absent, &hook.url, "org-identifier=900000001")).await.status, 404);
    let with = |changes: &dyn Fn(&mut Value)| {
        let mut wanted = wanted.clone();
        changes(&mut wanted);
        wanted
    };
    for (what, body, status) in [
        ("another id", with(&|it| it["id"] = json!(absent)), 400),
        ("no id", with(&|it| drop(it.as_object_mut().unwrap().remove("id"))), 400),
        ("a header as it is shown", with(&|it| it["channel"]["header"][0] = before["channel"]["header"][0].clone()), 400),
        ("a private network", with(&|it| it["channel"]["endpoint"] = json!("https://10.0.0.1/")), 400),
        ("another topic", with(&|it| it["criteria"] = json!("http://example.org/topic")), 400),
        ("another's organization", changed(&id, &hook.url, "org-identifier=900000003"), 403),
    ] {
        let answer = put(&service, ORDERING, &id, &body).await;
        assert_eq!(answer.status.as_u16(), status, "{what}: {}", answer.text);
    }
    assert_eq!(read(&service, ORDERING, &id).await.json(), before, "nothing of that changed it");
}
