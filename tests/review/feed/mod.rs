//! What health plans are told of their cases: the feed, and the webhooks that carry it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "test crate")]

use crate::support;

mod at_once;
mod reading;
mod receiver;
mod sealed;
mod webhooks;

use serde_json::Value;
use support::desk::ADMINISTRATOR;
use support::http::Service;

/// The plan `anthem-blue-medicare-advantage`.
const PLAN_TOKEN: &str = "sandbox-health-plan";

/// One page of a feed.
async fn page(service: &Service, plan: &str, query: &str) -> Value {
    let answer = service.get(&format!("/v1/feeds/{plan}/events?{query}"), ADMINISTRATOR).await;
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.text);
    answer.json()
}

/// The items of a page.
fn items(page: &Value) -> Vec<Value> {
    page["items"].as_array().expect("items").clone()
}

/// A whole feed, as a plan follows it.
async fn follow(service: &Service, plan: &str, limit: usize) -> Vec<Value> {
    let mut all = Vec::new();
    let mut after = String::new();
    loop {
        let page = page(service, plan, &format!("limit={limit}&after={after}")).await;
        let found = items(&page);
        if found.is_empty() {
            return all;
        }
        assert!(found.len() <= limit);
        all.extend(found);
        page["next"].as_str().expect("a cursor").clone_into(&mut after);
    }
}

/// Case, place in its history, and kind.
fn keys(events: &[Value]) -> Vec<(String, i64, String)> {
    let word = |event: &Value, name: &str| event[name].as_str().unwrap_or_default().to_owned();
    events.iter().map(|event| (word(event, "case_id"), event["seq"].as_i64().unwrap_or_default(), word(event, "kind"))).collect()
}

/// Every event of these cases by their histories, sorted.
async fn histories(service: &Service, case_ids: &[String]) -> Vec<(String, i64, String)> {
    let mut all = Vec::new();
    for case_id in case_ids {
        for event in support::desk::events(service, case_id).await {
            let kind = event["kind"].as_str().unwrap_or_default().to_owned();
            all.push((case_id.clone(), event["seq"].as_i64().unwrap_or_default(), kind));
        }
    }
    all.sort();
    all
}

/// Fails the test unless these are exactly the events of the cases' histories, each once, every case's in its order, under ids and
/// positions of their own.
async fn assert_complete(service: &Service, found: &[Value], case_ids: &[String]) {
    let expected = histories(service, case_ids).await;
    let mut sorted = keys(found);
    sorted.sort();
    assert_eq!(sorted, expected, "every event once");
    let positions: Vec<i64> = found.iter().map(|item| item["position"].as_i64().unwrap()).collect();
    assert_eq!(positions, (1..=i64::try_from(found.len()).unwrap()).collect::<Vec<_>>(), "no gaps");
    let ids: std::collections::BTreeSet<&str> = found.iter().map(|item| item["event_id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), found.len(), "ids are unique");
    for case_id in case_ids {
        let seqs: Vec<i64> = keys(found).into_iter().filter(|(id, ..)| id == case_id).map(|(_, seq, _)| seq).collect();
        assert!(seqs.is_sorted(), "{case_id}: {seqs:?}");
    }
}
