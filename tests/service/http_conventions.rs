//! What holds for every call, whatever it is about.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "test crate")]

use crate::support;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use oncoauth::app::Settings;
use oncoauth::http::address::Peer;
use oncoauth::http::openapi::Api;
use oncoauth::http::state::{HttpState, Limits};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use support::http::Service;
use utoipa_axum::{router::OpenApiRouter, routes};

const ADMINISTRATOR: &str = "sandbox-administrator";

fn post_token(content_type: Option<&str>, token: &str, body: impl Into<Body>) -> Request<Body> {
    let mut request = Request::builder().method("POST").uri("/v1/tokens");
    if let Some(content_type) = content_type {
        request = request.header("content-type", content_type);
    }
    if !token.is_empty() {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    request.body(body.into()).unwrap()
}

#[tokio::test]
async fn unknown_addresses_and_methods_are_problems_too() {
    let service = Service::sandbox().await;
    service.get("/nowhere", "").await.assert_problem(404, "not-found");
    service.get("/v1/nowhere?member=secret", ADMINISTRATOR).await.assert_problem(404, "not-found");
    let answer = service.call(Method::PATCH, "/v1/tokens", ADMINISTRATOR, None).await;
    answer.assert_problem(405, "method-not-allowed");
    let allow = answer.header("allow");
    assert!(allow.contains("GET") && allow.contains("POST"), "{allow}");
}

#[tokio::test]
async fn authentication_comes_before_media_type_and_body() {
    let service = Service::sandbox().await;
    let too_large = " ".repeat(2 * 1024 * 1024);
    let answer = service.send(post_token(Some("text/plain"), "", too_large.clone())).await;
    answer.assert_problem(401, "unauthenticated");
    assert_eq!(answer.header("www-authenticate"), "Bearer");
    service.send(post_token(None, "no-such-token", "{")).await.assert_problem(401, "unauthenticated");
    service.send(post_token(None, "sandbox-nurse", "{")).await.assert_problem(403, "forbidden");
    service.send(post_token(None, ADMINISTRATOR, "{")).await.assert_problem(415, "unsupported-media-type");
    service.send(post_token(Some("application/json"), ADMINISTRATOR, too_large)).await.assert_problem(413, "payload-too-large");
}

#[tokio::test]
async fn a_body_that_is_not_json_says_where_it_breaks_off() {
    let service = Service::sandbox().await;
    for body in ["", "{\"role\": ", "{} {}", "[1,]"] {
        let answer = service.send(post_token(Some("application/json; charset=utf-8"), ADMINISTRATOR, body)).await;
        answer.assert_problem(400, "malformed-json");
    }
    let answer = service.send(post_token(Some("application/json"), ADMINISTRATOR, "{\"role\": \"nurse\",}")).await;
    assert!(answer.json()["detail"].as_str().unwrap().contains("column"), "{}", answer.text);
}

#[tokio::test]
async fn every_fault_of_a_body_is_listed_with_its_pointer() {
    let service = Service::sandbox().await;
    let text = r#"{"role": "nurs", "nam": "x", "tax_ids": [5, "\u0000"], "name": "a", "name": "b"}"#;
    let body =
        service.send(post_token(Some("application/json"), ADMINISTRATOR, text)).await.assert_problem(422, "validation-failed");
    assert_eq!(codes(&body), [("/tax_ids/1", "malformed"), ("/name", "duplicate-field")]);
    let body = json!({"role": "nurs", "nam": "x", "tax_ids": [5], "expires_at": "tomorrow"});
    let body = service.post("/v1/tokens", ADMINISTRATOR, &body).await.assert_problem(422, "validation-failed");
    let mut found = codes(&body);
    found.sort_unstable();
    let expected =
        [("/expires_at", "malformed"), ("/nam", "unknown-field"), ("/role", "not-allowed-value"), ("/tax_ids/0", "wrong-type")];
    assert_eq!(found, expected);
    assert!(body.to_string().contains("did you mean `name`?") && body.to_string().contains("did you mean `nurse`?"), "{body}");
}

fn codes(problem: &Value) -> Vec<(&str, &str)> {
    let errors = problem["errors"].as_array().unwrap();
    errors.iter().map(|error| (error["pointer"].as_str().unwrap(), error["code"].as_str().unwrap())).collect()
}

#[tokio::test]
async fn query_parameters_are_held_to_their_description() {
    let service = Service::sandbox().await;
    let body = service.get("/v1/tokens?limit=0&curser=x", ADMINISTRATOR).await.assert_problem(422, "validation-failed");
    assert_eq!(codes(&body), [("?limit", "out-of-range"), ("?curser", "unknown-parameter")]);
    assert!(body.to_string().contains("did you mean `cursor`?"), "{body}");
    for (query, code) in [("limit=201", "out-of-range"), ("limit=ten", "wrong-type"), ("limit=1&limit=2", "duplicate-parameter")]
    {
        let body = service.get(&format!("/v1/tokens?{query}"), ADMINISTRATOR).await.assert_problem(422, "validation-failed");
        assert_eq!(codes(&body), [("?limit", code)], "{query}");
    }
    service.get("/v1/tokens?cursor=forged", ADMINISTRATOR).await.assert_problem(422, "validation-failed");
    assert_eq!(service.get("/v1/tokens?limit=200&cursor=", ADMINISTRATOR).await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_callers_request_id_is_quoted_where_it_is_plain() {
    let service = Service::sandbox().await;
    let with_id = |id: &str| Request::builder().uri("/nowhere").header("x-request-id", id).body(Body::empty()).unwrap();
    let body = service.send(with_id("portal-7.a_B")).await.assert_problem(404, "not-found");
    assert_eq!(body["request_id"], "portal-7.a_B");
    for odd in ["a b", "", "{\"a\":1}", &"x".repeat(65)] {
        let body = service.send(with_id(odd)).await.assert_problem(404, "not-found");
        assert_ne!(body["request_id"], odd);
    }
    assert!(!service.get("/healthz", "").await.header("x-request-id").is_empty());
}

#[tokio::test]
async fn every_kind_of_problem_is_explained_at_its_address() {
    let service = Service::sandbox().await;
    for kind in oncoauth::http::problem_kinds::ALL {
        let page = service.get(&format!("/problems/{}", kind.slug), "").await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.text.contains(kind.title), "{}", page.text);
    }
    service.get("/problems/none", "").await.assert_problem(404, "not-found");
}

#[tokio::test]
async fn a_token_works_until_it_is_revoked() {
    let service = Service::sandbox().await;
    let request = json!({"role": "ordering_provider", "tax_ids": ["900000009"], "name": "front desk"});
    let answer = service.post("/v1/tokens", ADMINISTRATOR, &request).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    let issued = answer.json();
    let (token, id) = (issued["token"].as_str().unwrap(), issued["token_id"].as_str().unwrap());
    service.get("/v1/tokens", token).await.assert_problem(403, "forbidden");
    let listed = service.get("/v1/tokens", ADMINISTRATOR).await;
    assert!(listed.text.contains(id) && !listed.text.contains(token), "{}", listed.text);
    for _ in 0..2 {
        let answer = service.call(Method::DELETE, &format!("/v1/tokens/{id}"), ADMINISTRATOR, None).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT);
    }
    service.get("/v1/tokens", token).await.assert_problem(401, "unauthenticated");
    let unknown = service.call(Method::DELETE, "/v1/tokens/not-a-uuid", ADMINISTRATOR, None).await;
    unknown.assert_problem(404, "not-found");
}

#[tokio::test]
async fn a_token_expires_and_a_senseless_one_is_not_issued() {
    let service = Service::sandbox().await;
    let request = json!({"role": "nurse", "expires_at": "2026-11-20T16:00:00Z"});
    let issued = service.post("/v1/tokens", ADMINISTRATOR, &request).await.json();
    let token = issued["token"].as_str().unwrap();
    service.get("/v1/tokens", token).await.assert_problem(403, "forbidden");
    service.app.clock.freeze_at("2026-11-20T16:00:00Z".parse().unwrap());
    service.get("/v1/tokens", token).await.assert_problem(401, "unauthenticated");
    for (request, pointer) in [
        (json!({"role": "nurse", "expires_at": "2026-11-20T15:59:59Z"}), "/expires_at"),
        (json!({"role": "nurse", "tax_ids": ["900000001"]}), "/tax_ids"),
        (json!({"role": "servicing_provider"}), "/tax_ids"),
        (json!({"role": "ordering_provider", "tax_ids": ["12345"]}), "/tax_ids/0"),
        (json!({"role": "health_plan"}), "/health_plan"),
        (json!({"role": "health_plan", "health_plan": "no-such-plan"}), "/health_plan"),
    ] {
        let body = service.post("/v1/tokens", ADMINISTRATOR, &request).await.assert_problem(422, "validation-failed");
        assert_eq!(body["errors"][0]["pointer"], pointer, "{body}");
    }
}

#[tokio::test]
async fn the_fixed_tokens_and_the_clock_exist_in_a_sandbox_only() {
    let service = Service::start(Settings::default()).await;
    for (token, ..) in oncoauth::app::sandbox::TOKENS {
        service.get("/v1/tokens", token).await.assert_problem(401, "unauthenticated");
    }
    service.get("/v1/sandbox/clock", ADMINISTRATOR).await.assert_problem(404, "not-found");
    let put = service.call(Method::PUT, "/v1/sandbox/clock", ADMINISTRATOR, Some(&json!({"now": "2026-12-01T09:00:00Z"}))).await;
    put.assert_problem(404, "not-found");
}

#[tokio::test]
async fn the_sandbox_clock_goes_anywhere_while_there_is_no_order() {
    let service = Service::sandbox().await;
    for now in ["2031-12-01T09:00:00-05:00", "2025-12-01T09:00:00Z"] {
        let answer = service.call(Method::PUT, "/v1/sandbox/clock", ADMINISTRATOR, Some(&json!({"now": now}))).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        let shown = service.get("/v1/sandbox/clock", "sandbox-ordering-provider").await.json();
        let shown: chrono::DateTime<chrono::Utc> = shown["now"].as_str().unwrap().parse().unwrap();
        assert_eq!(shown, now.parse::<chrono::DateTime<chrono::Utc>>().unwrap());
    }
    for now in ["1969-12-31T00:00:00Z", "9999-12-31T00:00:00Z"] {
        let answer = service.call(Method::PUT, "/v1/sandbox/clock", ADMINISTRATOR, Some(&json!({"now": now}))).await;
        answer.assert_problem(422, "validation-failed");
    }
}

#[tokio::test]
async fn health_readiness_metrics_and_description_need_no_token() {
    let service = Service::sandbox().await;
    for path in ["/healthz", "/readyz", "/metrics", "/openapi.yaml", "/docs/"] {
        let answer = service.get(path, "").await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
    }
    let docs = service.get("/docs/", "").await;
    let policy = docs.header("content-security-policy");
    for part in ["default-src 'none'", "frame-ancestors 'none'"] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("script-src"), "the page runs nothing: {policy}");
    service.get("/v1/tokens?member_id=XKM100200300", ADMINISTRATOR).await;
    let metrics = service.get("/metrics", "").await.text;
    assert!(metrics.contains("route=\"/v1/tokens\"") && metrics.contains("oncoauth_database_connections"), "{metrics}");
    assert!(!metrics.contains("XKM100200300"), "{metrics}");
}

#[tokio::test]
async fn without_its_database_the_service_lives_but_is_not_ready() {
    let service = Service::sandbox().await;
    service.app.pool.close().await;
    assert_eq!(service.get("/healthz", "").await.status, StatusCode::OK);
    let answer = service.get("/readyz", "").await;
    answer.assert_problem(503, "temporarily-unavailable");
    let listing = service.get("/v1/tokens", ADMINISTRATOR).await;
    let body = listing.assert_problem(503, "temporarily-unavailable");
    assert_eq!(listing.header("retry-after"), "1");
    assert!(!body.to_string().contains("pool"), "{body}");
}

/// A disk without room, as far as a server without one can be told to have none.
#[tokio::test]
async fn a_database_that_cannot_write_is_not_ready() {
    for setting in ["temp_file_limit = '64kB'", "default_transaction_read_only = on"] {
        let service = Service::sandbox().await;
        assert_eq!(service.get("/readyz", "").await.text, "ready\n");
        let name: String = sqlx::query_scalar("select current_database()::text").fetch_one(&service.app.pool).await.unwrap();
        let set = sqlx::AssertSqlSafe(format!("alter database {name} set {setting}"));
        sqlx::query(set).execute(&service.app.pool).await.unwrap();
        let others = "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()";
        let mut last = service.app.pool.acquire().await.unwrap();
        sqlx::query(others).execute(&mut *last).await.unwrap();
        last.close().await.unwrap();
        let begun = std::time::Instant::now();
        while service.get("/readyz", "").await.status == StatusCode::OK {
            assert!(begun.elapsed() < Duration::from_secs(20), "with {setting} it stays ready");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        service.get("/readyz", "").await.assert_problem(503, "temporarily-unavailable");
        assert_eq!(service.get("/healthz", "").await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_given_up() {
    let service =
        Service::start(Settings { sandbox: true, request_timeout: Duration::from_millis(1), ..Settings::default() }).await;
    let mut held = Vec::new();
    for _ in 0..service.app.pool.options().get_max_connections() {
        held.push(service.app.pool.acquire().await.unwrap());
    }
    service.get("/v1/tokens", ADMINISTRATOR).await.assert_problem(503, "request-timeout");
    drop(held);
    assert_eq!(service.get("/v1/sandbox/clock", ADMINISTRATOR).await.status, StatusCode::OK);
}

#[tokio::test]
async fn browsers_may_call_from_named_origins_only() {
    let portal = "https://portal.example";
    let preflight = || {
        let request = Request::builder().method("OPTIONS").uri("/v1/tokens").header("origin", portal);
        request.header("access-control-request-method", "POST").body(Body::empty()).unwrap()
    };
    let closed = Service::sandbox().await;
    assert_eq!(closed.send(preflight()).await.header("access-control-allow-origin"), "");
    let open = Service::start(Settings { cors_origins: vec![portal.to_owned()], ..Settings::default() }).await;
    assert_eq!(open.send(preflight()).await.header("access-control-allow-origin"), portal);
    let refused = open.send(Request::builder().uri("/v1/tokens").header("origin", portal).body(Body::empty()).unwrap()).await;
    refused.assert_problem(401, "unauthenticated");
    assert_eq!(refused.header("access-control-allow-origin"), portal);
    let nowhere = open.send(Request::builder().uri("/v1/nowhere").header("origin", portal).body(Body::empty()).unwrap()).await;
    nowhere.assert_problem(404, "not-found");
    assert_eq!(nowhere.header("access-control-allow-origin"), portal);
}

fn keyed(key: &str, body: &Value) -> Request<Body> {
    let mut request = post_token(Some("application/json"), ADMINISTRATOR, body.to_string());
    request.headers_mut().insert("idempotency-key", key.parse().unwrap());
    request
}

#[tokio::test]
async fn the_same_key_and_payload_get_the_first_answer_again_also_at_once() {
    let service = Service::sandbox().await;
    let body = json!({"role": "nurse", "name": "a"});
    let (one, other) = tokio::join!(service.send(keyed("k1", &body)), service.send(keyed("k1", &body)));
    assert_eq!((one.status, other.status), (StatusCode::CREATED, StatusCode::CREATED), "{} {}", one.text, other.text);
    assert_eq!(one.json()["token_id"], other.json()["token_id"]);
    let mut replays = [one.header("idempotency-replayed"), other.header("idempotency-replayed")];
    replays.sort_unstable();
    assert_eq!(replays, ["", "true"]);
    let again = service.send(keyed("k1", &json!({"name": "a", "role": "nurse"}))).await;
    assert_eq!(again.json(), one.json());
    assert_eq!(again.header("idempotency-replayed"), "true");
    service.send(keyed("k1", &json!({"role": "nurse", "name": "b"}))).await.assert_problem(422, "idempotency-key-reused");
    assert_ne!(service.send(keyed("k2", &body)).await.json()["token_id"], one.json()["token_id"]);
    let listed = service.get("/v1/tokens", ADMINISTRATOR).await.json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_refused_request_does_not_use_its_key_up_and_no_secret_is_kept() {
    let service = Service::sandbox().await;
    service.send(keyed("k1", &json!({"role": "health_plan"}))).await.assert_problem(422, "validation-failed");
    let issued = service.send(keyed("k1", &json!({"role": "nurse"}))).await;
    assert_eq!(issued.status, StatusCode::CREATED, "{}", issued.text);
    let secret = issued.json()["token"].as_str().unwrap().to_owned();
    let kept: String = sqlx::query_scalar("select string_agg(body::text, ' ') from idempotency_keys")
        .fetch_one(&service.app.pool)
        .await
        .unwrap();
    assert!(kept.contains("token_id") && !kept.contains(&secret), "{kept}");
    let mut without_key = keyed("k", &json!({"role": "nurse"}));
    without_key.headers_mut().insert("idempotency-key", "white space".parse().unwrap());
    service.send(without_key).await.assert_problem(422, "validation-failed");
}

#[tokio::test]
async fn with_an_order_on_file_the_sandbox_clock_only_goes_forward() {
    let service = Service::with_rosters().await;
    let set = async |now: &str| service.call(Method::PUT, "/v1/sandbox/clock", ADMINISTRATOR, Some(&json!({"now": now}))).await;
    assert_eq!(set("2026-11-23T15:00:00Z").await.status, StatusCode::OK);
    let order = json!({
        "member": {"health_plan": "anthem-blue-medicare-advantage", "member_id": "XKM100200300", "first_name": "Test",
                   "last_name": "Member", "birth_date": "1950-01-15"},
        "service": "medical_oncology", "place_of_service": "11", "date_of_service": "2026-12-01",
        "ordering_provider": {"npi": "1234567893", "first_name": "Ordering", "last_name": "Clinician"},
        "servicing_provider": {"npi": "1245319599", "name": "Sample Infusion Center"},
        "contact": {"name": "Front desk", "phone": "+1 734 555 0100"},
        "diagnosis": {"icd10": "C50.911"},
        "treatment": {"phases": [{"cycle_length_days": 21, "cycles": 4, "drugs": [
            {"line": 1, "hcpcs": "J9171", "route": "iv", "dose": {"amount": 75, "unit": "mg/m2"}, "days": [1]}]}]},
    });
    let placed = service.post("/v1/orders", "sandbox-ordering-provider", &order).await;
    assert_eq!(placed.status, StatusCode::CREATED, "{}", placed.text);
    let metrics = service.get("/metrics", "").await.text;
    assert!(metrics.contains("oncoauth_decisions_total{program=\"blue-medicare-advantage-ccq\""), "{metrics}");
    set("2026-11-22T15:00:00Z").await.assert_problem(422, "validation-failed");
    assert_eq!(set("2026-11-24T15:00:00Z").await.status, StatusCode::OK);
}

#[tokio::test]
async fn one_caller_too_fast_does_not_slow_the_others_down() {
    let service = Service::start(Settings { sandbox: true, rate_limit: Some(1), ..Settings::default() }).await;
    let mut refused = Vec::new();
    for _ in 0..20 {
        let answer = service.get("/v1/tokens", ADMINISTRATOR).await;
        if answer.status == StatusCode::TOO_MANY_REQUESTS {
            refused.push(answer);
        }
    }
    let first = refused.first().expect("twenty requests at once are more than one a second");
    first.assert_problem(429, "too-many-requests");
    assert_eq!(first.header("retry-after"), "1");
    service.get("/v1/tokens", "sandbox-nurse").await.assert_problem(403, "forbidden");
}

#[tokio::test]
async fn a_panic_is_an_internal_problem_and_tells_nothing() {
    let service = Service::sandbox().await;
    let (routes, description) = OpenApiRouter::new().routes(routes!(get_panics)).split_for_parts();
    let state = HttpState::new(service.app.clone(), Arc::new(Api::new(description)), Arc::new(Limits::of(&service.app.settings)));
    let service = service.with_router(oncoauth::http::surround(routes, axum::Router::new(), state));
    let body = service.get("/panics", "").await.assert_problem(500, "internal");
    assert!(!body.to_string().contains("secret"), "{body}");
}

#[utoipa::path(get, path = "/panics", security(()), responses((status = 200)))]
async fn get_panics() -> &'static str {
    panic!("a secret")
}

/// From an address, as the connection says.
fn from(address: [u8; 4], path: &str, token: &str, forwarded: Option<&str>) -> Request<Body> {
    let mut request = Request::builder().uri(path).header("authorization", format!("Bearer {token}"));
    if let Some(forwarded) = forwarded {
        request = request.header("x-forwarded-for", forwarded);
    }
    let mut request = request.body(Body::empty()).unwrap();
    request.extensions_mut().insert(Peer(address.into()));
    request
}

#[tokio::test]
async fn an_address_that_tries_tokens_is_asked_to_wait_and_whoever_has_one_that_works_is_not() {
    let settings = Settings { sandbox: true, failed_sign_in_limit: Some(5), ..Settings::default() };
    let service = Service::start(settings).await;
    let (here, there) = ([192, 0, 2, 1], [192, 0, 2, 2]);
    assert_eq!(service.send(from(here, "/v1/tokens", ADMINISTRATOR, None)).await.status, StatusCode::OK);
    let mut refused = 0;
    for number in 0..20 {
        let answer = service.send(from(here, "/v1/tokens", &format!("oncoauth_{number}"), None)).await;
        if answer.status == StatusCode::TOO_MANY_REQUESTS {
            answer.assert_problem(429, "too-many-requests");
            let seconds: u64 = answer.header("retry-after").parse().unwrap();
            assert!((1..=12).contains(&seconds), "one comes back every twelve seconds: {seconds}");
            refused += 1;
        } else {
            answer.assert_problem(401, "unauthenticated");
        }
    }
    assert!((13..=15).contains(&refused), "{refused}");
    // another address cannot be made to wait by a header, nor this one freed by it
    service.send(from(here, "/v1/tokens", "oncoauth_x", Some("203.0.113.9"))).await.assert_problem(429, "too-many-requests");
    service.send(from(there, "/v1/tokens", "oncoauth_x", Some("192.0.2.1"))).await.assert_problem(401, "unauthenticated");
    assert_eq!(service.send(from(here, "/v1/tokens", ADMINISTRATOR, None)).await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_address_has_a_limit_and_a_trusted_proxy_says_whose_it_is() {
    let settings = Settings {
        sandbox: true,
        address_limit: Some(2),
        trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()],
        ..Settings::default()
    };
    let service = Service::start(settings).await;
    let proxy = [10, 0, 0, 1];
    let mut answers = Vec::new();
    for _ in 0..20 {
        answers.push(service.send(from(proxy, "/v1/tokens", ADMINISTRATOR, Some("198.51.100.7"))).await.status);
    }
    assert!(answers.contains(&StatusCode::TOO_MANY_REQUESTS), "{answers:?}");
    let other = service.send(from(proxy, "/v1/tokens", ADMINISTRATOR, Some("198.51.100.8"))).await;
    assert_eq!(other.status, StatusCode::OK, "another client of the same proxy: {}", other.text);
    for _ in 0..20 {
        assert_eq!(service.send(from(proxy, "/healthz", "", Some("198.51.100.7"))).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn the_limit_of_an_address_holds_for_pages_documents_and_addresses_with_nothing_behind_them() {
    for path in ["/login", "/docs", "/openapi.yaml", "/nowhere", "/v1/nowhere"] {
        let service = Service::start(Settings { sandbox: true, address_limit: Some(2), ..Settings::default() }).await;
        let mut statuses = Vec::new();
        for _ in 0..20 {
            statuses.push(service.send(from([192, 0, 2, 1], path, "", None)).await.status);
        }
        assert!(statuses.contains(&StatusCode::TOO_MANY_REQUESTS), "{path}: {statuses:?}");
    }
}

#[tokio::test]
async fn a_request_has_one_authorization() {
    let service = Service::sandbox().await;
    let request = Request::get("/v1/tokens").header("authorization", format!("Bearer {ADMINISTRATOR}"));
    let request = request.header("authorization", "Bearer another").body(Body::empty()).unwrap();
    service.send(request).await.assert_problem(400, "bad-request");
}

#[tokio::test]
async fn every_answer_carries_what_browsers_are_to_keep_to() {
    let service = Service::sandbox().await;
    for path in ["/healthz", "/v1/tokens", "/nowhere", "/openapi.yaml"] {
        let answer = service.get(path, ADMINISTRATOR).await;
        for (header, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("cache-control", "no-store"),
            ("cross-origin-resource-policy", "same-origin"),
            ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
        ] {
            assert_eq!(answer.header(header), value, "{header} of {path}");
        }
        assert!(answer.header("strict-transport-security").starts_with("max-age="), "{path}");
    }
    let docs = service.get("/docs/", "").await;
    let policy = docs.header("content-security-policy");
    assert!(policy.contains("default-src 'none'") && !policy.contains("script-src"), "it runs nothing: {policy}");
}

// proves VER-06
#[tokio::test]
async fn orders_are_searched_with_nothing_in_the_address() {
    let service = Service::with_rosters().await;
    let placed = crate::support::desk::submit(&service, &crate::support::desk::tch("anthem-blue-medicare-advantage")).await;
    let token = "sandbox-ordering-provider";
    let search = async |body: Value| service.post("/v1/orders/searches", token, &body).await;
    let found = search(json!({"member_id": "XKM100200300", "view": "my_orders", "limit": 10})).await;
    assert_eq!(found.json(), service.get("/v1/orders?member_id=XKM100200300&view=my_orders&limit=10", token).await.json());
    assert_eq!(found.json()["items"][0]["case_id"], placed["case_id"]);
    assert_eq!(search(json!({"member_id": "XKM100200301"})).await.json()["items"], json!([]));
    let faults =
        search(json!({"status": "approved", "submitted_from": "yesterday"})).await.assert_problem(422, "validation-failed");
    assert_eq!(codes(&faults), [("/status", "not-allowed-value"), ("/submitted_from", "malformed")]);
    search(json!({"member": "x"})).await.assert_problem(422, "validation-failed");
}
