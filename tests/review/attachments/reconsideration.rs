//! Documents that go with a reconsideration.

use crate::attachments::{PDF, asked, list, send, sent};
use crate::support::desk::*;
use crate::support::http::{Answer, Service};
use serde_json::{Value, json};

async fn ask(service: &Service, case_id: &str, attachments: &Value) -> Answer {
    let body = json!({"reason": "new data", "attachments": attachments});
    service.post(&format!("/v1/orders/{case_id}/reconsiderations"), PRACTICE, &body).await
}

// proves APP-01, INF-07
#[tokio::test]
async fn documents_go_with_a_reconsideration_before_and_after_it_is_asked_for() {
    let service = Service::with_rosters().await;
    let case_id = id(&denied(&service, BMA).await);
    let before = read(&service, &case_id).await;
    let first = sent(&service, PRACTICE, &case_id).await;
    assert_eq!(first["purpose"], "reconsideration");
    assert_eq!(read(&service, &case_id).await, before, "the decision stands");
    let opened = ask(&service, &case_id, &json!([first["attachment_id"]])).await;
    assert_eq!(
        (opened.status.as_u16(), &opened.json()["attachments"]),
        (201, &json!([first["attachment_id"]])),
        "{}",
        opened.text
    );
    assert_eq!(opened.json()["attachments_received"], 1);
    // the days for asking are over, the reconsideration is not
    move_clock(&service, "2026-12-05T15:00:00Z").await;
    sent(&service, INTAKE, &case_id).await;
    assert_eq!(list(&service, SECOND_PHYSICIAN, &case_id).await.json()["items"].as_array().unwrap().len(), 2);
    let waiting = service.get("/v1/reconsiderations", SECOND_PHYSICIAN).await.json();
    assert_eq!(waiting["items"][0]["attachments_received"], 2, "{waiting}");
    let kinds = kinds(&service, &case_id).await;
    assert_eq!(kinds[kinds.len() - 3..], ["attachment_received", "reconsideration_requested", "attachment_received"]);
    let path = format!("/v1/reconsiderations/{}/determinations", opened.json()["reconsideration_id"].as_str().unwrap());
    let upheld = service.post(&path, SECOND_PHYSICIAN, &json!({"decision": "upheld", "rationale": "no change"})).await;
    assert_eq!(upheld.status.as_u16(), 201, "{}", upheld.text);
    let refused = send(&service, PRACTICE, &case_id, "application/pdf", PDF).await.assert_problem(409, "conflict");
    assert_eq!(refused["requirement"], "APP-02");
}

// proves APP-02, APP-03
#[tokio::test]
async fn outside_a_reconsideration_documents_go_with_the_appeal() {
    let service = Service::with_rosters().await;
    let ovm = id(&denied(&service, OVM).await);
    let refused = send(&service, PRACTICE, &ovm, "application/pdf", PDF).await.assert_problem(409, "conflict");
    assert!(refused["detail"].as_str().unwrap().contains("appeal") && refused["requirement"] == "APP-03", "{refused}");
    let bma = id(&denied(&service, BMA).await);
    move_clock(&service, "2026-12-01T06:00:00Z").await;
    let refused = send(&service, PRACTICE, &bma, "application/pdf", PDF).await.assert_problem(409, "conflict");
    assert!(refused["detail"].as_str().unwrap().contains("until 2026-11-30"), "{refused}");
}

// proves APP-01, INF-07
#[tokio::test]
async fn a_reconsideration_names_documents_of_its_own_case_only() {
    let service = Service::with_rosters().await;
    let ovm = id(&submit(&service, &custom(OVM)).await);
    done(&service, NURSE, &ovm, "information-requests", &json!({"items": ["note"]})).await;
    let foreign = sent(&service, PRACTICE, &ovm).await;
    let case_id = asked(&service).await;
    let own = sent(&service, PRACTICE, &case_id).await;
    done(&service, NURSE, &case_id, "peer-to-peer", &offer()).await;
    done(&service, NURSE, &case_id, "escalations", &json!({"rationale": "x"})).await;
    done(&service, PHYSICIAN, &case_id, "determinations", &deny(&[2])).await;
    let refused = ask(&service, &case_id, &json!([own["attachment_id"], foreign["attachment_id"]])).await;
    let refused = refused.assert_problem(422, "validation-failed");
    assert_eq!(
        (&refused["errors"][0]["pointer"], &refused["errors"][0]["code"]),
        (&json!("/attachments/1"), &json!("unknown-attachment"))
    );
    let named = ask(&service, &case_id, &json!(["trial.pdf"])).await.assert_problem(422, "validation-failed");
    assert_eq!(named["errors"][0]["pointer"], "/attachments/0");
    assert_eq!(ask(&service, &case_id, &json!([own["attachment_id"]])).await.status.as_u16(), 201);
}
