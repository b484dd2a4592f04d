//! Whose coverage, over HTTP: members are matched span by span, and what is authorized, verified and billed ends with the coverage.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "test crate")]

use crate::support;

use serde_json::{Value, json};
use std::fmt::Write as _;
use support::http::Service;
use support::submit::{
    HEALTH_PLAN, ORDERING, SERVICING, assert_created, authorized_order, count, for_member, pending_order, put_roster, sandbox,
};

const MEMBERS: &str = "/v1/rosters/anthem-blue-medicare-advantage/members";

/// A person under a number, first and last name and date of birth.
type Who = (&'static str, &'static str, &'static str);

const ALICE: Who = ("Alice", "Old", "1941-02-03");
const BERNARD: Who = ("Bernard", "New", "1979-07-08");

fn span(id: &str, (first, last, born): Who, from: &str, through: Option<&str>) -> Value {
    json!({"member_id": id, "first_name": first, "last_name": last, "birth_date": born, "sex": "female",
           "line_of_business": "medicare_advantage", "product": "medicare_ppo", "group_number": null, "trust": null, "state": "MO",
           "coverage_from": from, "coverage_through": through})
}

async fn load(service: &Service, rows: &[Value]) {
    let file = rows.iter().fold(String::new(), |mut file, row| {
        writeln!(file, "{row}").unwrap();
        file
    });
    let answer = put_roster(service, HEALTH_PLAN, MEMBERS, file).await;
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.text);
}

fn order(base: Value, id: &str, (first, last, born): Who, day: &str) -> Value {
    let mut order = for_member(base, id, first, last, born);
    order["date_of_service"] = json!(day);
    order
}

async fn verify(service: &Service, question: &Value) -> Value {
    let answer = service.post("/v1/verifications", SERVICING, question).await;
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.text);
    answer.json()
}

fn identity((first, last, born): Who, id: Option<&str>) -> Value {
    json!({"health_plan": "anthem-blue-medicare-advantage", "member_id": id, "first_name": first, "last_name": last, "birth_date": born})
}

// proves SAFE-14, INF-08, PRG-14
#[tokio::test]
async fn two_people_under_one_number_are_never_each_other() {
    let service = sandbox().await;
    load(&service, &[span("REC2", ALICE, "2020-01-01", Some("2027-05-31")), span("REC2", BERNARD, "2027-06-01", None)]).await;
    let send = async |who, day: &str| service.post("/v1/orders", ORDERING, &order(authorized_order(), "REC2", who, day)).await;
    let send_late = async |who, day: &str| {
        let mut late = order(authorized_order(), "REC2", who, day);
        late["clinical"]["assessments"] = json!([{"name": "lvef_percent", "result": 60, "on": "2027-05-20"}]);
        service.post("/v1/orders", ORDERING, &late).await
    };
    let hers = assert_created(&send(ALICE, "2026-12-01").await);
    assert_eq!((&hers["status"], &hers["drugs"][0]["valid_through"]), (&json!("authorized"), &json!("2027-05-31")));
    for (who, day, slug) in [
        (ALICE, "2027-07-01", "coverage-not-active"),
        (BERNARD, "2027-05-15", "coverage-not-active"),
        (("Alice", "New", "1979-07-08"), "2027-07-01", "member-mismatch"),
        (("Bernard", "New", "1941-02-03"), "2027-07-01", "member-mismatch"),
    ] {
        let answer = send(who, day).await;
        answer.assert_problem(422, slug);
        assert!(["1941", "1979", "Bernard", "Alice"].iter().all(|known| !answer.text.contains(known)), "{}", answer.text);
    }
    // her running treatment is no duplicate of his, nor does her award use his up
    service.app.clock.freeze_at("2027-05-25T15:00:00Z".parse().unwrap());
    let his = assert_created(&send_late(BERNARD, "2027-06-01").await);
    assert_eq!((&his["status"], &his["notices"]), (&json!("authorized"), &hers_less(&hers, "coverage_ends")), "{his:#}");
    assert_eq!(his["s_codes"][0]["code"], hers["s_codes"][0]["code"]);
    for (case, day, code) in [(&hers, "2026-12-01", "S0353"), (&his, "2027-06-01", "S0353")] {
        let claim = json!({"case_id": case["case_id"], "code": code, "service_date": day, "billing_npi": "1234567893",
                           "claim_type": "professional"});
        let answer = service.post("/v1/s-code-claims", ORDERING, &claim).await.json();
        assert_eq!(answer["accepted"], true, "{answer:#}");
    }
    // each is told of their own order only
    for (who, other, case) in [(ALICE, BERNARD, &hers), (BERNARD, ALICE, &his)] {
        for id in [Some("REC2"), None] {
            let found = verify(&service, &json!({"member": identity(who, id), "hcpcs": "J9355"})).await;
            assert_eq!(found["order_id"], case["order_id"], "{found:#}");
            let question = json!({"order_id": case["order_id"], "member": identity(other, id)});
            let none = verify(&service, &question).await;
            assert_eq!((&none["reason"], &none["order_id"]), (&json!("not_found"), &Value::Null), "{none:#}");
        }
    }
}

/// The notices of a case, but for one kind.
fn hers_less(case: &Value, code: &str) -> Value {
    let left = case["notices"].as_array().unwrap().iter().filter(|notice| notice["code"] != code);
    left.cloned().collect()
}

// proves SAFE-14, SUB-08
#[tokio::test]
async fn an_order_under_way_stays_the_persons() {
    let service = sandbox().await;
    load(&service, &[span("REC2", ALICE, "2020-01-01", Some("2026-12-31")), span("REC2", BERNARD, "2027-01-01", None)]).await;
    let case = assert_created(&service.post("/v1/orders", ORDERING, &order(pending_order(), "REC2", ALICE, "2026-12-15")).await);
    let change = json!({"member": {"first_name": "Bernard", "last_name": "New", "birth_date": "1979-07-08"}, "date_of_service": "2027-01-15"});
    let path = format!("/v1/orders/{}", case["case_id"].as_str().unwrap());
    let answer = service.call(axum::http::Method::PATCH, &path, ORDERING, Some(&change)).await;
    let problem = answer.assert_problem(422, "validation-failed");
    assert_eq!(problem["errors"][0]["pointer"], "/member/member_id", "{problem:#}");
}

// proves SAFE-14, VER-03, VER-05
#[tokio::test]
async fn what_was_authorized_ends_with_the_coverage_that_ended_later() {
    let service = sandbox().await;
    let row = |through| span("REN1", ALICE, "2020-01-01", through);
    load(&service, &[row(None)]).await;
    let case =
        assert_created(&service.post("/v1/orders", ORDERING, &order(authorized_order(), "REN1", ALICE, "2026-12-01")).await);
    let (id, through) = (&case["order_id"], case["drugs"][0]["valid_through"].clone());
    assert!(through.as_str().unwrap() > "2027-03-01", "{case:#}");
    let ask = async |date: Value| verify(&service, &json!({"order_id": id, "hcpcs": "J9355", "date": date})).await;
    let bill = async |day: &str| {
        let lines =
            json!({"lines": [{"order_id": id, "hcpcs": "J9171", "units": 1, "service_date": day, "billing_npi": "1234567893"}]});
        service.post("/v1/claim-checks", HEALTH_PLAN, &lines).await.json()["lines"][0]["reason"].clone()
    };
    assert_eq!(ask(json!("2027-02-01")).await["authorized"], true);
    assert_eq!(bill("2027-02-01").await, Value::Null);
    load(&service, &[row(Some("2026-12-31"))]).await;
    for (date, authorized, reason) in [
        (json!("2026-12-31"), true, "authorized"),
        (json!("2027-01-01"), false, "coverage_ended"),
        (Value::Null, true, "authorized"),
        (json!("2026-11-30"), false, "outside_valid_range"),
    ] {
        let answer = ask(date).await;
        assert_eq!((&answer["authorized"], &answer["reason"]), (&json!(authorized), &json!(reason)), "{answer:#}");
        assert_eq!(answer["valid_through"], "2026-12-31");
        assert!(answer["drugs"].as_array().unwrap().iter().all(|drug| drug["authorized"] == authorized), "{answer:#}");
    }
    assert_eq!((bill("2026-12-31").await, bill("2027-01-01").await), (Value::Null, json!("coverage_ended")));
    let claim = json!({"case_id": case["case_id"], "code": "S0354", "service_date": "2027-01-02", "billing_npi": "1234567893",
                       "claim_type": "professional"});
    let answer = service.post("/v1/s-code-claims", ORDERING, &claim).await.json();
    assert_eq!((&answer["accepted"], &answer["rule"]), (&json!(false), &json!("SAFE-14")), "{answer:#}");
    // renewed from the day after, under the name as somebody else writes it
    load(&service, &[row(Some("2026-12-31")), span("REN1", ("ALICE M.", "Old", "1941-02-03"), "2027-01-01", None)]).await;
    assert_eq!(ask(json!("2027-02-01")).await["valid_through"], through);
    assert_eq!(bill("2027-02-02").await, Value::Null);
    // the number went to somebody else, and she was never covered
    load(&service, &[span("REN1", BERNARD, "2020-01-01", None)]).await;
    let answer = ask(Value::Null).await;
    assert_eq!((&answer["authorized"], &answer["reason"]), (&json!(false), &json!("coverage_ended")), "{answer:#}");
    assert_eq!(answer["valid_through"], Value::Null);
}

// proves SAFE-14, VER-08
#[tokio::test]
async fn renewals_count_as_one_coverage_and_gaps_and_other_programs_end_it() {
    let service = sandbox().await;
    let first = |id| span(id, ALICE, "2020-01-01", Some("2026-12-31"));
    let mut fep = span("R3", ALICE, "2027-01-01", None);
    fep["line_of_business"] = json!("fep");
    load(
        &service,
        &[
            first("R1"),
            span("R1", ("ALICE", "OLD", "1941-02-03"), "2027-01-01", Some("2027-01-31")),
            span("R1", ("Alice J", "Old", "1941-02-03"), "2027-02-01", None),
            first("R2"),
            span("R2", ALICE, "2027-01-02", None),
            first("R3"),
            fep,
            first("R4"),
            span("R4", BERNARD, "2027-01-01", None),
        ],
    )
    .await;
    for (id, cut) in [("R1", false), ("R2", true), ("R3", true), ("R4", true)] {
        let answer = service.post("/v1/orders", ORDERING, &order(authorized_order(), id, ALICE, "2026-12-01")).await;
        let case = assert_created(&answer);
        let told = case["notices"].as_array().unwrap().iter().any(|notice| notice["code"] == "coverage_ends");
        assert_eq!((told, case["drugs"][0]["valid_through"] == "2026-12-31"), (cut, cut), "{id}: {case:#}");
    }
}

// proves INF-08
#[tokio::test]
async fn members_are_found_by_name_as_people_write_it_and_told_apart() {
    let service = sandbox().await;
    let born = "1954-03-09";
    load(
        &service,
        &[
            span("LUK", ("Łukasz", "Wiśniewski", born), "2020-01-01", None),
            span("OST", ("Søren", "Østerby", born), "2020-01-01", None),
            span("DO1", ("Le", "Do", born), "2020-01-01", None),
            span("MA1", ("Mary Ann", "de la Cruz", born), "2020-01-01", None),
            span("MA2", ("Mary Beth", "de la Cruz", born), "2020-01-01", None),
        ],
    )
    .await;
    for (who, found) in [
        (("Lukasz", "Wisniewski", born), Some("LUK")),
        (("Soeren", "Oesterby", born), Some("OST")),
        (("SOREN", "OSTERBY", born), Some("OST")),
        (("Le", "Do", born), Some("DO1")),
        (("Le", "Le", born), None),
        (("Maryann", "Delacruz", born), Some("MA1")),
        (("Mary B.", "Cruz", born), Some("MA2")),
        (("Mark", "Cruz", born), None),
    ] {
        let question = json!({"member": identity(who, None), "service": "medical_oncology", "date_of_service": "2026-12-01"});
        let answer = service.post("/v1/eligibility-checks", ORDERING, &question).await;
        match found {
            Some(_) => assert_eq!(answer.json()["eligible"], true, "{who:?}: {}", answer.text),
            None => drop(answer.assert_problem(422, "member-not-found")),
        }
    }
    // two have the name as far as it was entered: the number decides
    let question =
        json!({"member": identity(("Mary", "Cruz", born), None), "service": "medical_oncology", "date_of_service": "2026-12-01"});
    service.post("/v1/eligibility-checks", ORDERING, &question).await.assert_problem(422, "missing-required-information");
    // who is found by name gets the duplicate of their own, not of the other
    let first = assert_created(
        &service
            .post("/v1/orders", ORDERING, &order(authorized_order(), "MA2", ("Mary Beth", "de la Cruz", born), "2026-12-01"))
            .await,
    );
    let seen = verify(&service, &json!({"member": identity(("Mary B", "Cruz", born), None), "hcpcs": "J9355"})).await;
    assert_eq!(seen["order_id"], first["order_id"], "{seen:#}");
    let none = verify(&service, &json!({"member": identity(("Mary A", "Cruz", born), None), "hcpcs": "J9355"})).await;
    assert_eq!(none["reason"], "not_found", "{none:#}");
}

// proves PRV-05
#[tokio::test]
async fn rows_that_are_nobodys_are_refused_with_their_line() {
    let service = Service::sandbox().await;
    let mut rows = vec![
        span("FUT1", ("Test", "Member", "2030-01-01"), "2020-01-01", None),
        span("MONO", (".", "Member", "1968-05-20"), "2020-01-01", None),
        span("OLD1", ("Test", "Member", "1879-12-31"), "2020-01-01", None),
        span("SWAP", ("Test", "Member", "1968-05-20"), "2021-01-01", Some("2020-12-31")),
        span("LAP1", ("Test", "Member", "1968-05-20"), "2020-01-01", Some("2021-01-01")),
        span("LAP1", ("Other", "Member", "1970-05-20"), "2021-01-01", None),
        span("NUM1", ("Test", "12", "1968-05-20"), "2020-01-01", None),
    ];
    let file = |rows: &[Value]| rows.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
    let problem = put_roster(&service, HEALTH_PLAN, MEMBERS, file(&rows)).await.assert_problem(422, "validation-failed");
    let mut found: Vec<&str> =
        problem["errors"].as_array().unwrap().iter().filter_map(|fault| fault["pointer"].as_str()).collect();
    found.sort_unstable();
    let expected = [
        "/lines/1/birth_date",
        "/lines/2/first_name",
        "/lines/3/birth_date",
        "/lines/4/coverage_through",
        "/lines/6/coverage_from",
        "/lines/7/last_name",
    ];
    assert_eq!(found, expected, "{problem:#}");
    assert_eq!(count(&service, "select count(*) from members").await, 0);
    // born on the day of the load, a surname of two letters, a date that is exact
    rows = vec![
        span("NEW1", ("Do", "Le", "2026-11-20"), "2026-11-20", None),
        span("OLD2", ("Ö", "Ø", "1880-01-01"), "2020-01-01", Some("2020-01-01")),
        span("OLD2", ("Test", "Member", "1980-01-01"), "2020-01-02", None),
    ];
    load(&service, &rows).await;
}
