//! Who may send documents, and who may read them.

use crate::attachments::{PDF, asked, list, send, sent};
use crate::support::desk::*;
use crate::support::http::Service;
use axum::http::Method;
use serde_json::json;

const HEALTH_PLAN: &str = "sandbox-health-plan";

// proves PRV-02, INF-07
#[tokio::test]
async fn documents_are_for_the_practice_that_ordered_and_for_those_who_review() {
    let service = Service::with_rosters().await;
    let case_id = asked(&service).await;
    let one = sent(&service, PRACTICE, &case_id).await;
    let path = format!("/v1/attachments/{}", one["attachment_id"].as_str().unwrap());
    for token in [PRACTICE, INTAKE, NURSE, PHYSICIAN, SECOND_PHYSICIAN, HEALTH_PLAN, ADMINISTRATOR] {
        assert_eq!(list(&service, token, &case_id).await.json()["items"].as_array().unwrap().len(), 1, "{token}");
        assert_eq!(service.get(&path, token).await.bytes, PDF, "{token}");
        assert_eq!(service.call(Method::HEAD, &path, token, None).await.status.as_u16(), 200, "{token}");
    }
    // the facility sees the case, not its clinical documents
    assert_eq!(service.get(&format!("/v1/orders/{case_id}"), FACILITY).await.status.as_u16(), 200);
    for token in [FACILITY, OTHER_PRACTICE] {
        list(&service, token, &case_id).await.assert_problem(404, "not-found");
        service.get(&path, token).await.assert_problem(404, "not-found");
    }
    service.get("/v1/attachments/019aaa5e-0000-7000-8000-000000000000", NURSE).await.assert_problem(404, "not-found");
    service.get("/v1/attachments/nonsense", NURSE).await.assert_problem(404, "not-found");
}

// proves PRV-02, INF-07
#[tokio::test]
async fn documents_come_from_the_practice_that_ordered_or_through_the_call_center() {
    let service = Service::with_rosters().await;
    let case_id = asked(&service).await;
    assert_eq!(sent(&service, INTAKE, &case_id).await["received_as"], "intake");
    send(&service, OTHER_PRACTICE, &case_id, "application/pdf", PDF).await.assert_problem(404, "not-found");
    send(&service, FACILITY, &case_id, "application/pdf", PDF).await.assert_problem(403, "forbidden");
    for token in [NURSE, PHYSICIAN, HEALTH_PLAN, ADMINISTRATOR] {
        send(&service, token, &case_id, "application/pdf", PDF).await.assert_problem(403, "forbidden");
    }
    let nowhere = "019aaa5e-0000-7000-8000-000000000000";
    send(&service, PRACTICE, nowhere, "application/pdf", PDF).await.assert_problem(404, "not-found");
}

// proves PRV-02, SUB-08, INF-07
#[tokio::test]
async fn a_plans_cases_of_others_stay_hidden_and_a_servicing_provider_sees_what_it_submitted_itself() {
    let service = Service::with_rosters().await;
    let answer = service.post("/v1/orders", FACILITY, &custom(OVM)).await;
    assert_eq!(answer.status.as_u16(), 201, "{}", answer.text);
    let case_id = id(&answer.json());
    done(&service, NURSE, &case_id, "information-requests", &json!({"items": ["tumor board note"]})).await;
    let one = sent(&service, FACILITY, &case_id).await;
    let path = format!("/v1/attachments/{}", one["attachment_id"].as_str().unwrap());
    assert_eq!(one["received_as"], "servicing_provider");
    assert_eq!(service.get(&path, FACILITY).await.bytes, PDF);
    // the ordering practice's case as well
    assert_eq!(service.get(&path, PRACTICE).await.bytes, PDF);
    // a token of another plan
    service.get(&path, HEALTH_PLAN).await.assert_problem(404, "not-found");
    list(&service, HEALTH_PLAN, &case_id).await.assert_problem(404, "not-found");
}

// proves INF-07
#[tokio::test]
async fn the_database_keeps_documents_whole_and_for_good() {
    let service = Service::with_rosters().await;
    let case_id = asked(&service).await;
    let one = sent(&service, PRACTICE, &case_id).await;
    let refused = async |statement: &'static str| {
        let error = sqlx::query(statement).execute(&service.app.pool).await.expect_err(statement);
        error.as_database_error().and_then(|error| error.constraint()).unwrap_or_default().to_owned()
    };
    assert_eq!(refused("delete from attachment_chunks").await, "attachment_chunks_append_only");
    assert_eq!(refused("update attachments set file_name = 'x'").await, "attachments_append_only");
    assert_eq!(refused("truncate attachments cascade").await, "attachments_append_only");
    let half =
        "insert into attachments select case_id, case_id, shard, file_name, media_type, size_bytes, sha256, description, purpose,
                  received_at, received_from, received_as, scan from attachments";
    assert_eq!(refused(half).await, "attachments_stored_whole");
    let more =
        "insert into attachment_chunks (attachment_id, n, shard, bytes) select attachment_id, 1, shard, 'x' from attachments";
    assert_eq!(refused(more).await, "attachment_chunks_fit");
    // what is damaged behind the service's back is not handed out as whole
    let mut connection = service.app.pool.acquire().await.unwrap();
    for statement in
        ["set session_replication_role = replica", "update attachment_chunks set bytes = overlay(bytes placing 'X' from 10)"]
    {
        sqlx::query(statement).execute(&mut *connection).await.unwrap();
    }
    sqlx::query("set session_replication_role = origin").execute(&mut *connection).await.unwrap();
    drop(connection);
    let path = format!("/v1/attachments/{}", one["attachment_id"].as_str().unwrap());
    let request = axum::http::Request::builder().uri(path).header("authorization", format!("Bearer {NURSE}"));
    let router = oncoauth::http::router(service.app.clone());
    let answer = tower::ServiceExt::oneshot(router, request.body(axum::body::Body::empty()).unwrap()).await.unwrap();
    let body = http_body_util::BodyExt::collect(answer.into_body()).await;
    assert!(body.is_err(), "the answer breaks off");
}
