//! `Accept`, and who may read what.

use crate::documents::forms::{page, pdf, read_as};
use crate::support::desk::*;
use crate::support::http::Service;
use serde_json::json;

// proves VER-04
#[tokio::test]
async fn the_form_is_the_one_that_the_caller_likes_best() {
    let service = Service::with_rosters().await;
    let path = format!("/v1/orders/{}/summary", id(&submit(&service, &tch(BMA)).await));
    for (accept, expected) in [
        ("*/*", "application/json"),
        ("application/json", "application/json"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html; charset=utf-8"),
        ("application/pdf", "application/pdf"),
        ("text/html;q=0.4, application/pdf;q=0.9", "application/pdf"),
        ("application/json;q=0, */*;q=0.1", "text/html; charset=utf-8"),
    ] {
        let form = read_as(&service, &path, PRACTICE, accept).await;
        assert_eq!((form.status, form.header("content-type")), (200, expected), "{accept}");
        assert_eq!((form.header("vary"), form.header("cache-control")), ("accept", "no-store"));
    }
    assert_eq!(service.get(&path, PRACTICE).await.header("content-type"), "application/json");
    for accept in ["text/plain", "image/png, application/xml", "application/json;q=0"] {
        let form = read_as(&service, &path, PRACTICE, accept).await;
        assert_eq!((form.status, form.header("content-type")), (406, "application/problem+json"), "{accept}");
        assert!(form.text().contains("/problems/not-acceptable"), "{}", form.text());
    }
}

// proves PRV-02, VER-09
#[tokio::test]
async fn a_summary_is_there_for_whoever_may_read_the_order_and_for_nobody_else() {
    let service = Service::with_rosters().await;
    let mut order = tch(BMA);
    order["channel"] = json!("phone");
    let answer = service.post("/v1/orders", INTAKE, &order).await;
    assert_eq!(answer.status.as_u16(), 201, "{}", answer.text);
    let path = format!("/v1/orders/{}/summary", id(&answer.json()));
    for token in [PRACTICE, FACILITY, INTAKE, NURSE, PHYSICIAN, ADMINISTRATOR, "sandbox-health-plan"] {
        assert_eq!(service.get(&path, token).await.status.as_u16(), 200, "{token}");
    }
    service.get(&path, OTHER_PRACTICE).await.assert_problem(404, "not-found");
    let form = read_as(&service, &path, OTHER_PRACTICE, "application/pdf").await;
    assert_eq!((form.status, form.header("content-type")), (404, "application/problem+json"));
    let nothing = "/v1/orders/00000000-0000-7000-8000-000000000000/summary";
    service.get(nothing, ADMINISTRATOR).await.assert_problem(404, "not-found");
}

// proves DET-10
#[tokio::test]
async fn letters_are_read_by_those_whom_they_concern() {
    let service = Service::with_rosters().await;
    let case = submit(&service, &tch(BMA)).await;
    let letters = format!("/v1/orders/{}/letters", id(&case));
    let listed = |answer: crate::support::http::Answer| answer.json()["items"].as_array().unwrap().clone();
    for token in [PRACTICE, INTAKE, NURSE, PHYSICIAN, ADMINISTRATOR, "sandbox-health-plan"] {
        let items = listed(service.get(&letters, token).await);
        assert_eq!(items.len(), 2, "{token}");
        for letter in &items {
            let path = format!("/v1/letters/{}", letter["letter_id"].as_str().unwrap());
            assert_eq!(service.get(&path, token).await.status.as_u16(), 200, "{token}");
            service.get(&path, OTHER_PRACTICE).await.assert_problem(404, "not-found");
        }
    }
    service.get(&letters, OTHER_PRACTICE).await.assert_problem(404, "not-found");
    // who treats reads what was written to the provider
    let items = listed(service.get(&letters, FACILITY).await);
    assert_eq!((items.len(), &items[0]["to"]), (1, &json!("provider")));
    assert_eq!(service.get(&format!("/v1/orders/{}", id(&case)), FACILITY).await.json()["letters"], json!(items));
    for letter in case["letters"].as_array().unwrap() {
        let path = format!("/v1/letters/{}", letter["letter_id"].as_str().unwrap());
        let expected = if letter["to"] == "provider" { 200 } else { 404 };
        assert_eq!(service.get(&path, FACILITY).await.status.as_u16(), expected);
    }
    // the plan of another program
    let other = submit(&service, &tch(OVM)).await;
    let path = format!("/v1/letters/{}", other["letters"][0]["letter_id"].as_str().unwrap());
    service.get(&path, "sandbox-health-plan").await.assert_problem(404, "not-found");
    service.get("/v1/letters/00000000-0000-7000-8000-000000000000", ADMINISTRATOR).await.assert_problem(404, "not-found");
    service.get("/v1/letters/nonsense", ADMINISTRATOR).await.assert_problem(404, "not-found");
}

// proves VER-04
#[tokio::test]
async fn names_that_callers_wrote_stay_text_in_every_form() {
    let service = Service::with_rosters().await;
    let hostile = "<script>alert(1)</script>\"><img src=x onerror='a&b'> \u{202e}中文 Clínica";
    let mut order = custom(BMA);
    order["servicing_provider"] = json!({"name": hostile});
    order["contact"]["name"] = json!("</title><style>*{display:none}</style>");
    let path = format!("/v1/orders/{}/summary", id(&submit(&service, &order).await));
    let page = page(&service, &path, PRACTICE).await;
    assert!(!page.contains("<script") && !page.contains("<img") && page.matches("<style>").count() == 1, "{page}");
    assert!(
        page.contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&gt;&lt;img src=x onerror=&#39;a&amp;b&#39;&gt;"),
        "{page}"
    );
    let words = crate::documents::forms::words_of_pdf(&pdf(&service, &path, PRACTICE).await);
    assert!(words.contains("<script>alert(1)</script>") && words.contains("Clínica"), "{words}");
}
