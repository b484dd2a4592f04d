//! Nobody's mistake holds up anybody else. These tests say that the others go on, with margins that a slow machine keeps; they say nothing
//! of speed.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "test crate")]

use crate::support::http::{Answer, Service};
use crate::support::submit::{ORDERING, authorized_order, sandbox};
use axum::body::Body;
use axum::http::Request;
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Others are answered within this, on any machine that runs the tests.
const SOON: Duration = Duration::from_secs(1);

/// A body near the limit with this many names that nobody knows, at the top and in the clinical answers.
fn flood_of_names() -> String {
    let names: Vec<String> = (0..28_000).map(|number| format!("\"memberr{number}\":1")).collect();
    format!("{{{},\"clinical\":{{{}}}}}", names.join(","), names.join(","))
}

async fn post_text(service: &Service, body: String) -> Answer {
    let request = Request::post("/v1/orders").header("content-type", "application/json");
    service.send(request.header("authorization", format!("Bearer {ORDERING}")).body(Body::from(body)).unwrap()).await
}

/// On the one thread that serves here.
#[tokio::test]
async fn a_flood_of_unknown_names_is_told_in_short_and_holds_up_nobody() {
    let service = sandbox().await;
    let body = flood_of_names();
    assert!((800_000..1_048_576).contains(&body.len()), "{}", body.len());
    let floods = join_all((0..10).map(|_| post_text(&service, body.clone())));
    let others = async {
        let mut longest = Duration::ZERO;
        for _ in 0..20 {
            let begun = Instant::now();
            assert_eq!(service.get("/healthz", "").await.status.as_u16(), 200);
            longest = longest.max(begun.elapsed());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        longest
    };
    let (answers, longest) = tokio::join!(floods, others);
    assert!(longest < SOON, "/healthz took {longest:?}");
    for answer in answers {
        let problem = answer.assert_problem(422, "validation-failed");
        let errors = problem["errors"].as_array().unwrap();
        assert_eq!(errors.len(), 100);
        let hints = errors.iter().filter(|fault| fault["message"].as_str().unwrap().contains("did you mean")).count();
        assert!(hints <= 20, "{hints}");
        let told = problem["errors_not_listed"].as_u64().unwrap();
        assert!(told >= 55_900, "{told}");
        assert_eq!(problem["detail"], format!("the request has {} faults; `errors` lists the first 100", told + 100));
        assert!(answer.text.len() < 100_000, "{} bytes", answer.text.len());
    }
}

/// Lists at every depth, and names as long as a body, each with faults below.
#[tokio::test]
async fn faults_are_bounded_at_every_depth_and_however_long_the_names_are() {
    let service = sandbox().await;
    let drugs: Vec<Value> = (0..60_000).map(|number| json!({"x": number})).collect();
    let many = json!({"treatment": {"phases": [{"drugs": drugs}]}}).to_string();
    let long = format!("{{\"{}\": [{}\"\\u0000\"]}}", "n".repeat(500_000), "\"\\u0000\",".repeat(50_000));
    let deep = format!("{{\"clinical\": {{\"prior_therapies\": [{}1]}}}}", "1,".repeat(400_000));
    for body in [many, long, deep] {
        let answer = post_text(&service, body).await;
        let problem = answer.assert_problem(422, "validation-failed");
        assert_eq!(problem["errors"].as_array().unwrap().len(), 100);
        assert!(problem["errors_not_listed"].as_u64().unwrap() > 0, "{}", problem["detail"]);
        assert!(answer.text.len() < 200_000, "{} bytes", answer.text.len());
    }
    // and an order is taken as before
    let taken = service.post("/v1/orders", ORDERING, &authorized_order()).await;
    assert_eq!(taken.status.as_u16(), 201, "{}", taken.text);
}
