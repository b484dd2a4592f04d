//! Claim lines matched with what was authorized, over HTTP: what a plan pays for is what was approved, whoever sends what how often.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "test crate")]

use super::guards::past_every_guard;
use crate::support;

use futures_util::future::join_all;
use serde_json::{Value, json};
use support::http::Service;
use support::submit::{
    ADMINISTRATOR, HEALTH_PLAN, INTAKE, NURSE, ORDERING, OTHER_PRACTICE, SERVICING, assert_created, authorized_order, count,
    sandbox,
};

const ORDERING_NPI: &str = "1234567893";
const SERVICING_NPI: &str = "1245319599";

/// Six visits of docetaxel and carboplatin with trastuzumab, then eleven of trastuzumab.
async fn approved(service: &Service) -> Value {
    let case = assert_created(&service.post("/v1/orders", ORDERING, &authorized_order()).await);
    assert_eq!(case["status"], "authorized", "{case:#}");
    case
}

fn number(case: &Value, line: usize, field: &str) -> u64 {
    case["drugs"][line - 1][field].as_u64().unwrap()
}

async fn check(service: &Service, token: &str, lines: Value) -> Vec<Value> {
    let answer = service.post("/v1/claim-checks", token, &json!({ "lines": lines })).await;
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.text);
    answer.json()["lines"].as_array().unwrap().clone()
}

fn line(case: &Value, hcpcs: &str, units: u64, on: &str) -> Value {
    json!({"order_id": case["order_id"], "hcpcs": hcpcs, "units": units, "service_date": on, "billing_npi": SERVICING_NPI})
}

fn with(mut line: Value, field: &str, value: Value) -> Value {
    line[field] = value;
    line
}

/// Why each line does not match, or `ok`.
fn told(lines: &[Value]) -> Vec<&str> {
    lines.iter().map(|line| line["reason"].as_str().unwrap_or("ok")).collect()
}

const IN_FORCE: &str = "select coalesce(sum(units), 0)::bigint from claim_lines_in_force where hcpcs = 'J9171'";

// proves VER-05
#[tokio::test]
async fn claim_lines_match_by_code_units_dates_and_provider_and_use_units_up() {
    let service = sandbox().await;
    let case = approved(&service).await;
    let (all, visit) = (number(&case, 1, "units_approved"), number(&case, 1, "units_per_visit"));
    assert_eq!(all, 6 * visit);
    let through = case["drugs"][0]["valid_through"].as_str().unwrap();
    let typed = json!(case["order_id"].as_str().unwrap().to_lowercase());
    let lines = check(
        &service,
        HEALTH_PLAN,
        json!([
            line(&case, "J9171", visit, "2026-12-01"),
            with(with(line(&case, "j9171", visit, through), "order_id", typed), "billing_npi", json!(ORDERING_NPI)),
            line(&case, "J9171", all, "2026-12-22"),
            line(&case, "J9299", 1, "2026-12-01"),
            line(&case, "J9045", 1, "2026-11-30"),
            with(line(&case, "J9045", 1, "2026-12-01"), "billing_npi", json!("1999999034")),
            with(line(&case, "J9045", 1, "2026-12-01"), "order_id", json!("A000000000")),
        ]),
    )
    .await;
    let expected =
        ["ok", "ok", "units_exceeded", "code_not_authorized", "outside_dates", "provider_not_on_order", "unknown_order"];
    assert_eq!(told(&lines), expected, "{lines:#?}");
    let left: Vec<_> = lines.iter().map(|line| line["units_remaining"].clone()).collect();
    assert_eq!(left[..3], [json!(all - visit), json!(all - 2 * visit), json!(all - 2 * visit)]);
    assert_eq!((&left[6], &lines[0]["units_approved"]), (&Value::Null, &json!(all)));
}

// proves SAFE-13, VER-05
#[tokio::test]
async fn a_day_has_no_more_than_one_visits_units_whatever_came_before() {
    let service = sandbox().await;
    let case = approved(&service).await;
    let visit = number(&case, 1, "units_per_visit");
    let in_pieces = json!([
        line(&case, "J9171", visit + 1, "2026-12-01"),
        line(&case, "J9171", visit - 1, "2026-12-01"),
        line(&case, "J9171", 2, "2026-12-01"),
        line(&case, "J9171", 1, "2026-12-01"),
        line(&case, "J9171", visit, "2026-12-22"),
    ]);
    let lines = check(&service, HEALTH_PLAN, in_pieces).await;
    assert_eq!(told(&lines), ["units_exceed_visit", "ok", "units_exceed_visit", "ok", "ok"], "{lines:#?}");
    let later = check(&service, SERVICING, json!([line(&case, "J9171", 1, "2026-12-01")])).await;
    assert_eq!(told(&later), ["units_exceed_visit"]);
    assert!(later[0]["message"].as_str().unwrap().contains(&visit.to_string()), "{}", later[0]["message"]);
    // trastuzumab is on two lines that follow one another: a day has the larger of their visits, the loading dose, and not both
    let (loading, maintenance) = (number(&case, 3, "units_per_visit"), number(&case, 4, "units_per_visit"));
    assert!(loading > maintenance);
    let lines = json!([line(&case, "J9355", loading + 1, "2026-12-01"), line(&case, "J9355", loading, "2026-12-01")]);
    assert_eq!(told(&check(&service, HEALTH_PLAN, lines).await), ["units_exceed_visit", "ok"]);
}

// proves SAFE-13
#[tokio::test]
async fn units_that_nobody_counted_match_nothing() {
    let service = sandbox().await;
    let case = approved(&service).await;
    // docetaxel is not managed by this program, and needs no count to be given
    past_every_guard(&service, "update case_lines set units_approved = null where code = 'J9171'").await;
    let lines = check(&service, HEALTH_PLAN, json!([line(&case, "J9171", 1, "2026-12-01")])).await;
    assert_eq!((told(&lines), &lines[0]["units_remaining"]), (vec!["units_not_counted"], &Value::Null));
    assert_eq!(count(&service, "select count(*) from claim_lines").await, 0);
}

// proves SAFE-13, VER-05
#[tokio::test]
async fn discarded_units_are_counted_beside_those_given_and_go_with_them() {
    let service = sandbox().await;
    let case = approved(&service).await;
    let (all, visit) = (number(&case, 1, "units_approved"), number(&case, 1, "units_per_visit"));
    let given = |on: &str| line(&case, "J9171", visit, on);
    let jw = |units: u64, on: &str| with(line(&case, "J9171", units, on), "modifier", json!("JW"));
    // the line of what was discarded may stand first
    let lines = check(&service, HEALTH_PLAN, json!([jw(24, "2026-12-07"), given("2026-12-07")])).await;
    assert_eq!(told(&lines), ["ok", "ok"], "{lines:#?}");
    assert_eq!((&lines[0]["discarded_units"], &lines[0]["given_units"]), (&json!(24), &json!(0)));
    assert_eq!(lines[0]["units_remaining"], json!(all - visit));
    // without a visit, or beyond what one takes, nothing is discarded
    let lines = json!([jw(24, "2026-12-08"), jw(visit, "2026-12-07"), jw(visit - 24, "2026-12-07"), jw(1, "2026-12-07")]);
    let lines = check(&service, HEALTH_PLAN, lines).await;
    assert_eq!(told(&lines), ["units_exceed_visit", "units_exceed_visit", "ok", "units_exceed_visit"], "{lines:#?}");
    // on the line itself, with either modifier, and as a line that says it twice
    let spellings = json!([
        with(given("2026-12-28"), "discarded_units", json!(24)),
        with(with(given("2027-01-18"), "discarded_units", json!(24)), "modifier", json!("JW")),
        with(with(given("2027-02-08"), "discarded_units", json!(0)), "modifier", json!("JZ")),
        with(with(given("2027-03-01"), "discarded_units", Value::Null), "modifier", json!("JZ")),
        given("2027-03-22"),
        with(jw(24, "2027-03-22"), "discarded_units", json!(24)),
    ]);
    let lines = check(&service, HEALTH_PLAN, spellings).await;
    assert_eq!(told(&lines), ["ok"; 6], "{lines:#?}");
    assert_eq!(
        (&lines[4]["units_remaining"], &lines[5]["units_remaining"]),
        (&json!(0), &json!(0)),
        "nothing discarded uses units up"
    );
    assert_eq!(
        count(&service, "select sum(discarded)::bigint from claim_lines_in_force").await,
        3 * 24 + i64::try_from(visit).unwrap()
    );
    for (field, value, pointer) in [
        ("modifier", json!("JX"), "/lines/0/modifier"),
        ("modifier", json!(""), "/lines/0/modifier"),
        ("discarded_units", json!(-1), "/lines/0/discarded_units"),
        ("units", json!(0), "/lines/0/units"),
        ("claim_line_id", json!("\u{200b}"), "/lines/0/claim_line_id"),
    ] {
        let body = json!({"lines": [with(given("2026-12-07"), field, value)]});
        let problem = service.post("/v1/claim-checks", HEALTH_PLAN, &body).await.assert_problem(422, "validation-failed");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
        if pointer == "/lines/0/modifier" {
            let message = problem["errors"][0]["message"].as_str().unwrap();
            assert!(message.contains("JW") && message.contains("JZ"), "{message}");
        }
    }
    for (modifier, discarded) in [("JZ", 1), ("JW", 0)] {
        let line = with(with(given("2026-12-07"), "discarded_units", json!(discarded)), "modifier", json!(modifier));
        let problem = service.post("/v1/claim-checks", HEALTH_PLAN, &json!({"lines": [line]})).await;
        assert_eq!(problem.assert_problem(422, "validation-failed")["errors"][0]["pointer"], "/lines/0/discarded_units");
    }
}

// proves VER-05
#[tokio::test]
async fn a_correction_takes_the_place_of_its_line_and_what_was_before_stays_on_record() {
    let service = sandbox().await;
    let case = approved(&service).await;
    let (all, visit) = (number(&case, 1, "units_approved"), number(&case, 1, "units_per_visit"));
    let named = |units: u64| with(line(&case, "J9171", units, "2026-12-01"), "claim_line_id", json!("claim 7, line 1"));
    for _ in 0..2 {
        let lines = check(&service, HEALTH_PLAN, json!([named(visit)])).await;
        assert_eq!((told(&lines), &lines[0]["units_remaining"]), (vec!["ok"], &json!(all - visit)), "{lines:#?}");
    }
    assert_eq!(count(&service, "select count(*) from claim_lines").await, 1, "the same line again is no event");
    let lines = check(&service, HEALTH_PLAN, json!([named(1)])).await;
    assert_eq!((told(&lines), &lines[0]["units_remaining"]), (vec!["ok"], &json!(all - 1)));
    assert_eq!(count(&service, IN_FORCE).await, 1);
    assert_eq!(count(&service, "select count(*) from claim_lines").await, 2);
    assert_eq!(count(&service, "select count(*) from claim_line_reversals").await, 1);
    // a correction to another code moves the units
    let lines = check(&service, HEALTH_PLAN, json!([with(named(1), "hcpcs", json!("J9045"))])).await;
    assert_eq!(told(&lines), ["ok"]);
    assert_eq!(count(&service, IN_FORCE).await, 0);
}

// proves VER-05
#[tokio::test]
async fn a_correction_that_does_not_match_frees_nothing() {
    let service = sandbox().await;
    let case = approved(&service).await;
    let (all, visit) = (number(&case, 1, "units_approved"), number(&case, 1, "units_per_visit"));
    let days = ["2026-12-01", "2026-12-22", "2027-01-12", "2027-02-02", "2027-02-23", "2027-03-16"];
    let named = |index: usize| with(line(&case, "J9171", visit, days[index]), "claim_line_id", json!(format!("line {index}")));
    let first: Vec<Value> = (0..6).map(named).collect();
    assert_eq!(told(&check(&service, HEALTH_PLAN, json!(first)).await), ["ok"; 6]);
    let wrong = [
        ("hcpcs", json!("J9299"), "code_not_authorized"),
        ("hcpcs", json!("nonsense"), "code_not_authorized"),
        ("service_date", json!("2028-01-01"), "outside_dates"),
        ("units", json!(visit + 1), "units_exceeded"),
        ("units", json!(all * 2), "units_exceeded"),
        ("service_date", json!("2026-12-22"), "units_exceed_visit"),
    ];
    for (field, value, reason) in wrong {
        let lines = check(&service, HEALTH_PLAN, json!([with(named(0), field, value)])).await;
        assert_eq!(told(&lines), [reason], "{field}: {lines:#?}");
        assert!(lines[0]["units_remaining"].is_null() || lines[0]["units_remaining"] == 0, "{lines:#?}");
        assert_eq!(count(&service, IN_FORCE).await, i64::try_from(all).unwrap(), "{field}");
    }
    let another = check(&service, HEALTH_PLAN, json!([line(&case, "J9171", 1, "2027-04-06")])).await;
    assert_eq!((told(&another), &another[0]["units_remaining"]), (vec!["units_exceeded"], &json!(0)));
    assert_eq!(count(&service, "select count(*) from claim_line_reversals").await, 0);
}

// proves VER-05, PRV-02
#[tokio::test]
async fn a_name_belongs_to_who_sent_it() {
    let service = sandbox().await;
    let case = approved(&service).await;
    let (all, visit) = (number(&case, 1, "units_approved"), number(&case, 1, "units_per_visit"));
    let named = |units: u64, on: &str| with(line(&case, "J9171", units, on), "claim_line_id", json!("1"));
    assert_eq!(told(&check(&service, HEALTH_PLAN, json!([named(visit, "2026-12-01")])).await), ["ok"]);
    let mut left = all - visit;
    for (token, on) in
        [(SERVICING, "2026-12-22"), (ORDERING, "2027-01-12"), (INTAKE, "2027-02-02"), (ADMINISTRATOR, "2027-02-23")]
    {
        let lines = check(&service, token, json!([named(1, on)])).await;
        left -= 1;
        assert_eq!((told(&lines), &lines[0]["units_remaining"]), (vec!["ok"], &json!(left)), "{token}: another line");
    }
    assert_eq!(count(&service, "select count(*) from claim_line_reversals").await, 0);
    // another token of the same practice sends for the same sender
    let asked = json!({"role": "servicing_provider", "tax_ids": ["900000002"], "name": "the night shift"});
    let token = assert_created(&service.post("/v1/tokens", ADMINISTRATOR, &asked).await)["token"].as_str().unwrap().to_owned();
    let lines = check(&service, &token, json!([named(2, "2026-12-22")])).await;
    assert_eq!((told(&lines), &lines[0]["units_remaining"]), (vec!["ok"], &json!(left - 1)), "a correction");
    assert_eq!(count(&service, "select count(*) from claim_line_reversals").await, 1);
    // who does not see the order touches nothing of it
    let stranger = check(&service, OTHER_PRACTICE, json!([named(1, "2026-12-01")])).await;
    assert_eq!(told(&stranger), ["unknown_order"]);
}

// proves VER-05, SAFE-13
#[tokio::test]
async fn lines_and_corrections_sent_at_once_never_match_more_than_was_approved() {
    let service = sandbox().await;
    let case = approved(&service).await;
    let (all, visit) = (number(&case, 1, "units_approved"), number(&case, 1, "units_per_visit"));
    let senders = [HEALTH_PLAN, SERVICING, ORDERING, INTAKE];
    let codes = ["J9171", "J9171", "J9171", "J9045", "J9299"];
    let mut seed = 20_261_128_u64;
    let mut draw = move |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    let pick = |index: u64| usize::try_from(index).unwrap();
    let mut matched = 0_u64;
    for _ in 0..25 {
        let calls = (0..6).map(|_| {
            let lines: Vec<Value> = (0..=draw(3))
                .map(|_| {
                    let on = chrono::NaiveDate::from_ymd_opt(2026, 12, 1).unwrap() + chrono::Days::new(draw(8));
                    let mut one = line(&case, codes[pick(draw(5))], 1 + draw(visit + 10), &on.to_string());
                    if draw(3) > 0 {
                        one["claim_line_id"] = json!(format!("line {}", draw(4)));
                    }
                    match draw(6) {
                        0 => one["modifier"] = json!("JW"),
                        1 => one["discarded_units"] = json!(draw(visit)),
                        _ => {}
                    }
                    one
                })
                .collect();
            (senders[pick(draw(4))], lines)
        });
        let calls: Vec<(&str, Vec<Value>)> = calls.collect();
        let answers = join_all(calls.iter().map(|(token, lines)| check(&service, token, json!(lines)))).await;
        matched += answers.iter().flatten().filter(|line| line["matches"] == true).count() as u64;
        let most: Vec<(String, i64, i64)> = sqlx::query_as(
            "select hcpcs, sum(units)::bigint, max(of_day)::bigint from (
               select hcpcs, units, sum(units) over (partition by hcpcs, service_date) as of_day from claim_lines_in_force) as line
             group by hcpcs",
        )
        .fetch_all(&service.app.pool)
        .await
        .unwrap();
        for (hcpcs, in_all, of_day) in most {
            let of = if hcpcs == "J9171" { 1 } else { 2 };
            let (approved, visit) = (number(&case, of, "units_approved"), number(&case, of, "units_per_visit"));
            assert!(u64::try_from(in_all).unwrap() <= approved, "{hcpcs}: {in_all} of {approved}");
            assert!(u64::try_from(of_day).unwrap() <= visit, "{hcpcs}: {of_day} of {visit}");
        }
        let twice = "select count(*) from (select from claim_lines_in_force where reference is not null
                     group by case_id, sender, billing_npi, reference having count(*) > 1) as twice";
        assert_eq!(count(&service, twice).await, 0, "one line in force under a name");
    }
    assert!(matched > 20, "{matched} matched: the test would show nothing");
    let reversed = count(&service, "select count(*) from claim_line_reversals").await;
    assert!(reversed > 3, "{reversed} corrected");
    // the same correction from everybody of one sender at once: one line of it
    let correction = || with(line(&case, "J9171", 1, "2027-04-20"), "claim_line_id", json!("the last"));
    join_all((0..8).map(|_| check(&service, HEALTH_PLAN, json!([correction()])))).await;
    let last = count(&service, "select count(*) from claim_lines where reference = 'the last'").await;
    let left = all - u64::try_from(count(&service, IN_FORCE).await).unwrap();
    assert!(last == 1 || left == 0, "{last} lines");
}

// proves VER-05
#[tokio::test]
async fn the_database_itself_matches_no_more_than_was_approved_and_forgets_nothing() {
    let service = sandbox().await;
    let case = approved(&service).await;
    let visit = number(&case, 1, "units_per_visit");
    let one = with(line(&case, "J9171", visit, "2026-12-01"), "claim_line_id", json!("1"));
    assert_eq!(told(&check(&service, HEALTH_PLAN, json!([one])).await), ["ok"]);
    let copy = |units: &str, reference: &str| {
        format!(
            "insert into claim_lines (claim_line_id, case_id, shard, hcpcs, units, discarded, service_date, billing_npi, sender, reference, at,
               by_subject)
             select gen_random_uuid(), case_id, shard, hcpcs, {units}, discarded, service_date, billing_npi, sender, {reference}, at, by_subject
             from claim_lines"
        )
    };
    for (statement, constraint) in [
        (copy("units * 6", "null"), "claim_lines_within_units"),
        (copy("1", "reference"), "claim_lines_one_of_a_name"),
        (copy("0", "null"), "claim_lines_bill_something"),
        ("update claim_lines set units = 1".to_owned(), "claim_lines_append_only"),
        ("delete from claim_lines".to_owned(), "claim_lines_append_only"),
        ("truncate claim_lines cascade".to_owned(), "_append_only"),
    ] {
        let error = sqlx::query(sqlx::AssertSqlSafe(statement.clone())).execute(&service.app.pool).await.unwrap_err();
        let stopped_by = error.as_database_error().and_then(sqlx::error::DatabaseError::constraint).unwrap_or("none");
        assert!(stopped_by.ends_with(constraint), "{statement}: {error}");
    }
}

// proves VER-05, PRV-02, SCD-13
#[tokio::test]
async fn orders_that_are_not_approved_or_not_the_callers_match_nothing() {
    let service = sandbox().await;
    let case = approved(&service).await;
    let mine = json!([line(&case, "J9045", 1, "2026-12-01")]);
    assert_eq!(told(&check(&service, OTHER_PRACTICE, mine.clone()).await), ["unknown_order"]);
    let path = format!("/v1/orders/{}/withdrawals", case["case_id"].as_str().unwrap());
    assert_created(&service.post(&path, ORDERING, &json!({"drugs": [2], "reason": "voluntarily_cancelled"})).await);
    assert_eq!(told(&check(&service, HEALTH_PLAN, mine.clone()).await), ["not_authorized"]);
    assert_created(&service.post(&path, ORDERING, &json!({"drugs": "all", "reason": "voluntarily_cancelled"})).await);
    assert_eq!(told(&check(&service, HEALTH_PLAN, mine).await), ["unknown_order"]);
    service.post("/v1/claim-checks", NURSE, &json!({"lines": []})).await.assert_problem(403, "forbidden");
    service.post("/v1/claim-checks", HEALTH_PLAN, &json!({"lines": []})).await.assert_problem(422, "validation-failed");
}
