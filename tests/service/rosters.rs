//! Member and provider files over HTTP.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "test crate")]

use crate::support;

use axum::body::Body;
use axum::http::Request;
use oncoauth::app::Settings;
use oncoauth::app::sandbox_rosters::load_missing;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::time::Duration;
use support::http::Service;
use support::submit::{ADMINISTRATOR, HEALTH_PLAN, NURSE, ORDERING, authorized_order, count, put_roster, sandbox};

const MEMBERS: &str = "/v1/rosters/anthem-blue-medicare-advantage/members";
const PROVIDERS: &str = "/v1/rosters/anthem-blue-medicare-advantage/providers";

fn member(id: &str, from: &str, through: Option<&str>) -> Value {
    json!({"member_id": id, "first_name": "Test", "last_name": "Member", "birth_date": "1950-01-15", "sex": "female",
           "line_of_business": "medicare_advantage", "product": "medicare_ppo", "group_number": null, "trust": null, "state": "MO",
           "coverage_from": from, "coverage_through": through})
}

fn provider(npi: &str, kind: &str) -> Value {
    json!({"npi": npi, "kind": kind, "first_name": "Ordering", "last_name": "Clinician", "name": "Sample Infusion Center",
           "tax_ids": ["900000001"], "state": "MO", "address": "1 Example Street", "in_network": true})
}

fn file(rows: &[Value]) -> String {
    rows.iter().fold(String::new(), |mut file, row| {
        writeln!(file, "{row}").unwrap();
        file
    })
}

// proves PRV-05
#[tokio::test]
async fn a_file_replaces_what_it_covers_and_says_what_changed() {
    let service = Service::sandbox().await;
    let rows =
        [member("M1", "2020-01-01", Some("2020-12-31")), member("M1", "2021-01-01", None), member("M2", "2020-01-01", None)];
    let first = put_roster(&service, HEALTH_PLAN, MEMBERS, file(&rows)).await;
    assert_eq!(first.json(), json!({"loaded": 3, "unchanged": 0, "removed": 0}), "{}", first.text);
    let mut changed = member("M1", "2021-01-01", None);
    changed["last_name"] = json!("Renamed");
    let rows = [member("M1", "2020-01-01", Some("2020-12-31")), changed, member("M3", "2020-01-01", None)];
    let second = put_roster(&service, ADMINISTRATOR, MEMBERS, file(&rows)).await;
    assert_eq!(second.json(), json!({"loaded": 3, "unchanged": 1, "removed": 1}), "{}", second.text);
    assert_eq!(count(&service, "select count(*) from members where folded_name = 'ted'").await, 1);
    assert_eq!(count(&service, "select count(*) from members where member_id = 'M2'").await, 0);
    assert_eq!(count(&service, "select count(*) from roster_loads where kind = 'members'").await, 2);
    let providers = file(&[provider("1234567893", "individual"), provider("1245319599", "facility")]);
    let loaded = put_roster(&service, HEALTH_PLAN, PROVIDERS, providers).await;
    assert_eq!(loaded.json(), json!({"loaded": 2, "unchanged": 0, "removed": 0}), "{}", loaded.text);
}

/// As after a first start that was cut off between two of its files.
#[tokio::test]
async fn demonstration_files_come_where_the_plan_has_sent_none_of_their_kind() {
    let service = Service::sandbox().await;
    put_roster(&service, HEALTH_PLAN, MEMBERS, file(&[member("M1", "2020-01-01", None)])).await;
    load_missing(&service.app).await.unwrap();
    let own = "select count(*) from members where health_plan = 'anthem-blue-medicare-advantage'";
    assert_eq!(count(&service, own).await, 1, "what the plan sent stays");
    assert_eq!(count(&service, "select count(distinct health_plan) from members").await, 3);
    assert_eq!(count(&service, "select count(distinct health_plan) from providers").await, 3);
    let loads = count(&service, "select count(*) from roster_loads").await;
    load_missing(&service.app).await.unwrap();
    assert_eq!(count(&service, "select count(*) from roster_loads").await, loads, "each is loaded once");
}

// proves PRV-05
#[tokio::test]
async fn rows_that_are_on_file_just_so_are_neither_written_nor_locked() {
    let service = Service::sandbox().await;
    let mut members: Vec<Value> = (0..5).map(|number| member(&format!("M{number}"), "2020-01-01", None)).collect();
    let mut providers = [provider("1234567893", "individual"), provider("1245319599", "facility")];
    put_roster(&service, HEALTH_PLAN, MEMBERS, file(&members)).await;
    put_roster(&service, HEALTH_PLAN, PROVIDERS, file(&providers)).await;
    members[0]["last_name"] = json!("Renamed");
    providers[0]["state"] = json!("OH");
    assert_eq!(put_roster(&service, HEALTH_PLAN, MEMBERS, file(&members)).await.json()["unchanged"], 4);
    assert_eq!(put_roster(&service, HEALTH_PLAN, PROVIDERS, file(&providers)).await.json()["unchanged"], 1);
    // the transaction that wrote a row, and the last one that locked it
    let first = "select count(*) from members where xmin::text = (select min(xmin::text::bigint)::text from members) and xmax::text = '0'";
    assert_eq!(count(&service, first).await, 4, "members are written or locked again");
    let first = "select count(*) from providers where xmin::text = (select min(xmin::text::bigint)::text from providers) and xmax::text = '0'";
    assert_eq!(count(&service, first).await, 1, "providers are written or locked again");
}

// proves PRV-05
#[tokio::test]
async fn every_bad_line_is_told_and_nothing_is_changed() {
    let service = Service::sandbox().await;
    put_roster(&service, HEALTH_PLAN, MEMBERS, file(&[member("M1", "2020-01-01", None)])).await;
    let mut wrong_word = member("M3", "2020-01-01", None);
    wrong_word["line_of_business"] = json!("comercial");
    wrong_word["birth_date"] = json!("15/01/1950");
    let lines = [
        member("M2", "2020-01-01", None).to_string(),
        String::new(),
        wrong_word.to_string(),
        "{\"member_id\": ".to_owned(),
        member("M4", "2021-01-01", Some("2020-01-01")).to_string(),
        member("M2", "2022-01-01", None).to_string(),
        member("M2", "2020-01-01", None).to_string(),
    ];
    let answer = put_roster(&service, HEALTH_PLAN, MEMBERS, lines.join("\n")).await;
    let problem = answer.assert_problem(422, "validation-failed");
    let mut found: Vec<(&str, &str)> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| (fault["pointer"].as_str().unwrap(), fault["code"].as_str().unwrap()))
        .collect();
    found.sort_unstable();
    let expected = [
        ("/lines/3/birth_date", "malformed"),
        ("/lines/3/line_of_business", "not-allowed-value"),
        ("/lines/4", "malformed-json"),
        ("/lines/5/coverage_through", "out-of-range"),
        ("/lines/6/coverage_from", "overlapping-coverage"),
        ("/lines/7/coverage_from", "duplicate"),
    ];
    assert_eq!(found, expected);
    assert_eq!(count(&service, "select count(*) from members").await, 1);
    let mut nameless = provider("1234567890", "individual");
    nameless["last_name"] = json!(" ");
    nameless["tax_ids"] = json!(["90-0000001"]);
    let twice = file(&[nameless, provider("1245319599", "facility"), provider("1245319599", "facility")]);
    let problem = put_roster(&service, HEALTH_PLAN, PROVIDERS, twice).await.assert_problem(422, "validation-failed");
    let found: Vec<&str> = problem["errors"].as_array().unwrap().iter().map(|fault| fault["pointer"].as_str().unwrap()).collect();
    assert_eq!(found, ["/lines/1/npi", "/lines/1/last_name", "/lines/1/tax_ids/0", "/lines/3/npi"]);
}

// proves PRV-05
#[tokio::test]
async fn of_very_many_bad_lines_the_first_thousand_are_listed_and_the_rest_counted() {
    let service = Service::sandbox().await;
    let answer = put_roster(&service, HEALTH_PLAN, MEMBERS, "{}{}\n".repeat(1200)).await;
    let problem = answer.assert_problem(422, "validation-failed");
    let errors = problem["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 1001);
    assert_eq!(errors[1000]["message"], "200 further lines are bad and not listed");
}

// proves PRV-05
#[tokio::test]
async fn a_plan_loads_its_own_files_only_and_unknown_plans_do_not_exist() {
    let service = Service::sandbox().await;
    let rows = file(&[member("M1", "2020-01-01", None)]);
    let other = "/v1/rosters/bcbs-massachusetts/members";
    put_roster(&service, HEALTH_PLAN, other, rows.clone()).await.assert_problem(404, "not-found");
    put_roster(&service, ADMINISTRATOR, "/v1/rosters/nobody/members", rows.clone()).await.assert_problem(404, "not-found");
    put_roster(&service, NURSE, MEMBERS, rows.clone()).await.assert_problem(403, "forbidden");
    assert_eq!(put_roster(&service, ADMINISTRATOR, other, rows).await.status.as_u16(), 200);
}

// proves PRV-05
#[tokio::test]
async fn a_truncated_file_is_stopped_by_the_drop_guard_unless_it_is_meant() {
    let settings = Settings { sandbox: true, roster_drop_guard_percent: Some(20), ..Settings::default() };
    let service = Service::start(settings).await;
    let rows: Vec<Value> = (0..10).map(|number| member(&format!("M{number}"), "2020-01-01", None)).collect();
    put_roster(&service, HEALTH_PLAN, MEMBERS, file(&rows)).await;
    let answer = put_roster(&service, HEALTH_PLAN, MEMBERS, file(&rows[..7])).await;
    answer.assert_problem(409, "roster-drop-guard");
    assert_eq!(count(&service, "select count(*) from members").await, 10);
    assert_eq!(put_roster(&service, HEALTH_PLAN, MEMBERS, file(&rows[..8])).await.json()["removed"], 2);
    let meant = put_roster(&service, HEALTH_PLAN, &format!("{MEMBERS}?allow_drop=true"), String::new()).await;
    assert_eq!(meant.json(), json!({"loaded": 0, "unchanged": 0, "removed": 8}), "{}", meant.text);
}

// proves PRG-13, PRV-05
#[tokio::test]
async fn an_order_is_decided_by_the_file_as_it_stands() {
    let service = sandbox().await;
    let expired = member("XKM100200300", "2020-01-01", Some("2026-11-30"));
    put_roster(&service, HEALTH_PLAN, MEMBERS, file(&[expired])).await;
    service.post("/v1/orders", ORDERING, &authorized_order()).await.assert_problem(422, "coverage-not-active");
    put_roster(&service, HEALTH_PLAN, MEMBERS, file(&[member("M1", "2020-01-01", None)])).await;
    service.post("/v1/orders", ORDERING, &authorized_order()).await.assert_problem(422, "member-not-found");
}

// proves PRV-05
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_files_at_once_one_is_there_as_a_whole() {
    let service = Service::sandbox().await;
    let rows = |name: &str| (0..200).map(|number| member(&format!("{name}{number}"), "2020-01-01", None)).collect::<Vec<Value>>();
    for _ in 0..5 {
        let (one, other) = tokio::join!(
            put_roster(&service, HEALTH_PLAN, MEMBERS, file(&rows("A"))),
            put_roster(&service, ADMINISTRATOR, MEMBERS, file(&rows("B"))),
        );
        assert_eq!((one.status.as_u16(), other.status.as_u16()), (200, 200), "{} {}", one.text, other.text);
        assert_eq!(count(&service, "select count(*) from members").await, 200);
        assert_eq!(count(&service, "select count(distinct left(member_id, 1)) from members").await, 1);
    }
}

// proves PRV-05
#[tokio::test]
async fn so_many_files_are_loaded_at_once_and_the_others_wait_for_their_turn() {
    let settings = Settings { sandbox: true, roster_loads: 1, request_timeout: Duration::from_secs(1), ..Settings::default() };
    let service = Service::start(settings).await;
    let rows = file(&[member("M1", "2020-01-01", None)]);
    let silent = Body::from_stream(futures_util::stream::pending::<Result<String, std::io::Error>>());
    let request = Request::put(PROVIDERS).header("authorization", format!("Bearer {ADMINISTRATOR}"));
    let mut first = Box::pin(service.send(request.header("content-type", "application/x-ndjson").body(silent).unwrap()));
    let second = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        put_roster(&service, HEALTH_PLAN, MEMBERS, rows.clone()).await
    };
    tokio::select! {
        answer = &mut first => assert_eq!(answer.text, "none before its file has come"),
        refused = second => drop(refused.assert_problem(503, "temporarily-unavailable")),
    }
    drop(first);
    assert_eq!(put_roster(&service, HEALTH_PLAN, MEMBERS, rows).await.status.as_u16(), 200);
}
