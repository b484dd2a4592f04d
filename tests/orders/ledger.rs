//! Billing of S-codes, as tables over the pure rules and over HTTP.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "test crate")]

use super::guards::past_every_guard;
use crate::support;

use chrono::{Days, NaiveDate};
use oncoauth::domain::vocabulary::{CaseStatus, SCodesWithheld};
use oncoauth::rules::ledger::{Award, Basis, Billed, Claim, ClaimForm, LaterTreatment, rule};
use proptest::prelude::{Just, Strategy, prop_assert, prop_oneof, proptest};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use support::http::{Answer, Service};
use support::orders::exact;
use support::submit::{
    ADMINISTRATOR, HEALTH_PLAN, INTAKE, NURSE, ORDERING, OTHER_PRACTICE, SERVICING, assert_created, authorized_order, count,
    pending_order, sandbox,
};
use uuid::Uuid;

const ORDERING_NPI: &str = "1234567893";
const SERVICING_NPI: &str = "1245319599";

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// Six cycles of 21 days from 1 December: S0353 once, S0354 four times from 31 December, through 27 April.
fn award(code: &str) -> Award<'static> {
    let monthly = code == "S0354";
    Award {
        times: if monthly { 4 } else { 1 },
        billable_from: day(if monthly { "2026-12-31" } else { "2026-12-01" }),
        billable_through: day("2027-04-27"),
        voided: None,
    }
}

fn basis(case: u128, code: &str) -> Basis<'static> {
    Basis {
        case_id: Uuid::from_u128(case),
        status: CaseStatus::Authorized,
        ordering_npi: ORDERING_NPI,
        pathway_id: Some(if case == 1 { "first" } else { "second" }),
        award: matches!(code, "S0353" | "S0354").then(|| award(code)),
        withheld: None,
        onset_code: "S0353",
        step_days: 30,
        changed_by: None,
    }
}

fn claim<'a>(code: &'a str, on: &str) -> Claim<'a> {
    Claim { code, service_date: day(on), billing_npi: ORDERING_NPI, form: ClaimForm::Professional }
}

fn billed(case: u128, code: &str, on: &str) -> Billed {
    let pathway_id = basis(case, code).pathway_id.map(str::to_owned);
    Billed { case_id: Uuid::from_u128(case), onset: code == "S0353", service_date: day(on), pathway_id }
}

/// The rule that refuses, or `ok`.
fn ruling(claim: &Claim<'_>, basis: &Basis<'_>, earlier: &[Billed]) -> &'static str {
    rule(claim, basis, earlier).err().map_or("ok", |refused| refused.rule)
}

/// Code, day, what was accepted before (case, code, day), and the rule that refuses it or `ok`.
type Row = (&'static str, &'static str, &'static [(u128, &'static str, &'static str)], &'static str);

// proves SCD-05, SCD-06, SCD-07, SCD-08
#[test]
fn s_codes_are_billed_within_their_windows_and_not_outside() {
    let table: &[Row] = &[
        // the onset's code: from the date of service, once for a Pathway
        ("S0353", "2026-11-30", &[], "SCD-05"),
        ("S0353", "2026-12-01", &[], "ok"),
        ("S0353", "2027-04-27", &[], "ok"),
        ("S0353", "2027-04-28", &[], "SCD-08"),
        ("S0353", "2027-03-01", &[(1, "S0353", "2026-12-01")], "SCD-05"),
        // again for a new Pathway, at once
        ("S0353", "2026-12-15", &[(2, "S0353", "2026-12-14")], "ok"),
        ("S0353", "2026-12-15", &[(2, "S0354", "2026-12-14")], "ok"),
        // the monthly code: from 30 days after onset
        ("S0354", "2026-12-30", &[], "SCD-06"),
        ("S0354", "2026-12-31", &[], "ok"),
        ("S0354", "2027-04-28", &[], "SCD-08"),
        // not within 30 days of the onset's
        ("S0354", "2026-12-31", &[(1, "S0353", "2026-12-01")], "ok"),
        ("S0354", "2026-12-31", &[(1, "S0353", "2026-12-02")], "SCD-06"),
        ("S0354", "2026-12-31", &[(1, "S0353", "2027-01-29")], "SCD-06"),
        ("S0354", "2026-12-31", &[(1, "S0353", "2027-01-30")], "ok"),
        ("S0353", "2027-01-29", &[(1, "S0354", "2026-12-31")], "SCD-06"),
        ("S0354", "2027-01-20", &[(2, "S0353", "2027-01-10")], "SCD-06"),
        ("S0354", "2027-01-09", &[(2, "S0353", "2027-01-10")], "ok"),
        ("S0353", "2027-01-10", &[(2, "S0354", "2027-02-08")], "SCD-06"),
        ("S0353", "2027-01-10", &[(2, "S0354", "2027-02-09")], "ok"),
        // not more often than every 30 days, whichever comes first, on whichever case
        ("S0354", "2027-01-29", &[(1, "S0354", "2026-12-31")], "SCD-06"),
        ("S0354", "2027-01-30", &[(1, "S0354", "2026-12-31")], "ok"),
        ("S0354", "2027-01-01", &[(1, "S0354", "2027-01-30")], "SCD-06"),
        ("S0354", "2027-01-29", &[(2, "S0354", "2026-12-31")], "SCD-06"),
        // not more often than the summary says
        ("S0354", "2027-04-01", &[(1, "S0354", "2026-12-31"), (1, "S0354", "2027-01-30"), (1, "S0354", "2027-03-01")], "ok"),
        (
            "S0354",
            "2027-04-27",
            &[(1, "S0354", "2026-12-31"), (1, "S0354", "2027-01-30"), (1, "S0354", "2027-03-01"), (1, "S0354", "2027-03-28")],
            "SCD-08",
        ),
    ];
    for (code, on, earlier, expected) in table {
        let earlier: Vec<Billed> = earlier.iter().map(|(case, code, on)| billed(*case, code, on)).collect();
        assert_eq!(ruling(&claim(code, on), &basis(1, code), &earlier), *expected, "{code} for {on} after {earlier:?}");
    }
}

// proves SCD-04
#[test]
fn only_the_ordering_provider_bills_and_only_on_a_professional_claim() {
    let basis = basis(1, "S0353");
    let mine = claim("S0353", "2026-12-01");
    assert_eq!(ruling(&mine, &basis, &[]), "ok");
    assert_eq!(ruling(&Claim { billing_npi: SERVICING_NPI, ..mine }, &basis, &[]), "SCD-04");
    assert_eq!(ruling(&Claim { form: ClaimForm::Facility, ..mine }, &basis, &[]), "SCD-04");
}

// proves SCD-01, SCD-02, SCD-03, SCD-05, SCD-11
#[test]
fn what_was_not_awarded_is_refused_with_the_rule_that_withheld_it() {
    let table = [
        (CaseStatus::InProgress, Some(SCodesWithheld::NotDecided), "SCD-01"),
        (CaseStatus::NonAuthorized, Some(SCodesWithheld::NotDecided), "SCD-11"),
        (CaseStatus::ReviewCancelled, Some(SCodesWithheld::NotDecided), "SCD-11"),
        (CaseStatus::Authorized, Some(SCodesWithheld::OutOfNetwork), "SCD-03"),
        (CaseStatus::Completed, Some(SCodesWithheld::StateNotParticipating), "SCD-02"),
        (CaseStatus::Authorized, Some(SCodesWithheld::OffPathway), "SCD-01"),
        (CaseStatus::Authorized, Some(SCodesWithheld::AlreadyAwarded), "SCD-05"),
        (CaseStatus::Authorized, None, "SCD-01"),
    ];
    for (status, withheld, expected) in table {
        let basis = Basis { status, withheld, award: None, ..basis(1, "S0353") };
        assert_eq!(ruling(&claim("S0353", "2026-12-01"), &basis, &[]), expected, "{status} {withheld:?}");
    }
}

// proves SCD-11
#[test]
fn what_was_awarded_is_not_billed_while_the_case_has_no_order_id() {
    for status in [CaseStatus::NonAuthorized, CaseStatus::ReviewCancelled] {
        let basis = Basis { status, ..basis(1, "S0353") };
        assert_eq!(ruling(&claim("S0353", "2026-12-01"), &basis, &[]), "SCD-11", "{status}");
    }
}

// proves SCD-09, SCD-13
#[test]
fn leaving_the_pathway_ends_what_was_not_billed() {
    let voided = Award { voided: Some((day("2027-01-10"), "a treatment drug was withdrawn")), ..award("S0354") };
    let basis_of = |code| Basis { award: Some(voided), ..basis(1, code) };
    for on in ["2027-01-10", "2027-02-01"] {
        assert_eq!(ruling(&claim("S0354", on), &basis_of("S0354"), &[]), "SCD-13", "{on}");
    }
    // a month on the Pathway is not lost because it is billed late
    assert_eq!(ruling(&claim("S0354", "2027-01-05"), &basis_of("S0354"), &[]), "ok");
    let later = LaterTreatment { starts_on: day("2027-02-01") };
    let changed = |code| Basis { changed_by: Some(later), ..basis(1, code) };
    assert_eq!(ruling(&claim("S0354", "2027-01-31"), &changed("S0354"), &[]), "ok");
    assert_eq!(ruling(&claim("S0354", "2027-02-01"), &changed("S0354"), &[]), "SCD-09");
    assert_eq!(ruling(&claim("S0353", "2027-02-01"), &changed("S0353"), &[]), "SCD-13");
}

fn arbitrary_claim() -> impl Strategy<Value = (u128, &'static str, u64)> {
    (prop_oneof![Just(1_u128), Just(2)], prop_oneof![Just("S0353"), Just("S0354")], 0..160_u64)
}

proptest! {
    // proves SCD-05, SCD-06, SCD-08
    #[test]
    fn whatever_the_order_of_claims_the_accepted_ones_keep_their_distance(claims in proptest::collection::vec(arbitrary_claim(), 0..60)) {
        let mut accepted: Vec<Billed> = Vec::new();
        for (case, code, after) in claims {
            let service_date = day("2026-11-20").checked_add_days(Days::new(after)).unwrap();
            let asked = Claim { service_date, ..claim(code, "2026-12-01") };
            if rule(&asked, &basis(case, code), &accepted).is_ok() {
                accepted.push(Billed { service_date, ..billed(case, code, "2026-12-01") });
            }
        }
        for (index, one) in accepted.iter().enumerate() {
            for other in &accepted[index + 1..] {
                let apart = (one.service_date - other.service_date).num_days().abs();
                let same_case = one.case_id == other.case_id;
                prop_assert!(one.onset || other.onset || apart >= 30, "{one:?} {other:?}");
                prop_assert!(!(one.onset && other.onset && same_case), "{one:?} {other:?}");
                prop_assert!(one.onset == other.onset || !same_case || apart >= 30, "{one:?} {other:?}");
                let (onset, monthly) = if one.onset { (one, other) } else { (other, one) };
                let after = (monthly.service_date - onset.service_date).num_days();
                prop_assert!(one.onset == other.onset || !(0..30).contains(&after), "{one:?} {other:?}");
            }
        }
        for case in [1, 2] {
            let months = accepted.iter().filter(|it| !it.onset && it.case_id == Uuid::from_u128(case)).count();
            prop_assert!(months <= 4);
        }
    }
}

/// Six cycles of docetaxel and carboplatin with trastuzumab: on its Pathway, with both codes.
async fn awarded(service: &Service) -> Value {
    let case = assert_created(&service.post("/v1/orders", ORDERING, &authorized_order()).await);
    assert_eq!(case["s_codes"][0]["code"], "S0353", "{case:#}");
    case
}

async fn bill(service: &Service, token: &str, case: &Value, code: &str, on: &str) -> Answer {
    let body = json!({"case_id": case["case_id"], "code": code, "service_date": on, "billing_npi": ORDERING_NPI,
                      "claim_type": "professional"});
    service.post("/v1/s-code-claims", token, &body).await
}

fn ruled(answer: &Answer) -> (bool, Value) {
    let body = assert_created(answer);
    assert!(body["s_code_claim_id"].is_string() && body["message"].is_string(), "{body}");
    (body["accepted"].as_bool().unwrap(), body["rule"].clone())
}

// proves SCD-04, SCD-05, SCD-06
#[tokio::test]
async fn claims_are_accepted_or_refused_with_the_rule_and_kept_either_way() {
    let service = sandbox().await;
    let case = awarded(&service).await;
    assert_eq!(ruled(&bill(&service, ORDERING, &case, "S0353", "2026-12-01").await), (true, Value::Null));
    assert_eq!(ruled(&bill(&service, HEALTH_PLAN, &case, "S0353", "2026-12-08").await), (false, json!("SCD-05")));
    assert_eq!(ruled(&bill(&service, INTAKE, &case, "S0354", "2026-12-30").await), (false, json!("SCD-06")));
    assert_eq!(ruled(&bill(&service, ORDERING, &case, "S0354", "2026-12-31").await), (true, Value::Null));
    assert_eq!(ruled(&bill(&service, ADMINISTRATOR, &case, "S0354", "2027-01-29").await), (false, json!("SCD-06")));
    let by_facility = json!({"case_id": case["case_id"], "code": "S0354", "service_date": "2027-02-10", "billing_npi": SERVICING_NPI,
                             "claim_type": "facility"});
    assert_eq!(ruled(&service.post("/v1/s-code-claims", ORDERING, &by_facility).await), (false, json!("SCD-04")));
    assert_eq!(count(&service, "select count(*) from s_code_claims").await, 6);
    assert_eq!(count(&service, "select count(*) from s_code_claims where accepted").await, 2);
    let path = format!("/v1/orders/{}/history", case["case_id"].as_str().unwrap());
    let history = service.get(&path, ORDERING).await.json();
    let told: Vec<_> = history["items"].as_array().unwrap().iter().filter(|event| event["kind"] == "s_code_claimed").collect();
    assert_eq!((told.len(), &told[1]["detail"]["rule"]), (6, &json!("SCD-05")));
}

// proves SCD-04, PRV-02, SCD-10
#[tokio::test]
async fn who_may_not_bill_or_not_see_the_case_is_turned_away() {
    let service = sandbox().await;
    let case = awarded(&service).await;
    for token in [SERVICING, NURSE] {
        bill(&service, token, &case, "S0353", "2026-12-01").await.assert_problem(403, "forbidden");
    }
    bill(&service, OTHER_PRACTICE, &case, "S0353", "2026-12-01").await.assert_problem(404, "not-found");
    let nowhere = json!({"case_id": Uuid::from_u128(1)});
    bill(&service, ORDERING, &nowhere, "S0353", "2026-12-01").await.assert_problem(404, "not-found");
    bill(&service, ORDERING, &case, "J9171", "2026-12-01").await.assert_problem(422, "validation-failed");
    assert_eq!(count(&service, "select count(*) from s_code_claims").await, 0);
}

// proves SCD-05
#[tokio::test]
async fn of_two_claims_at_once_one_wins() {
    let service = sandbox().await;
    let case = awarded(&service).await;
    for code_and_day in [("S0353", "2026-12-01"), ("S0354", "2027-01-15")] {
        let (code, on) = code_and_day;
        let (first, second, third) = tokio::join!(
            bill(&service, ORDERING, &case, code, on),
            bill(&service, HEALTH_PLAN, &case, code, on),
            bill(&service, INTAKE, &case, code, on),
        );
        let accepted = [first, second, third].iter().filter(|answer| ruled(answer).0).count();
        assert_eq!(accepted, 1, "{code}");
    }
}

// proves SCD-05, SCD-06
#[tokio::test]
async fn claims_on_two_cases_of_one_patient_at_once_see_each_other() {
    let service = sandbox().await;
    let first = awarded(&service).await;
    // the same treatment again after the first one's range: a longer treatment needs a new order (SCD-08)
    service.app.clock.freeze_at("2027-12-10T15:00:00Z".parse().unwrap());
    let mut longer = authorized_order();
    longer["date_of_service"] = json!("2027-12-15");
    longer["clinical"]["assessments"] = json!([{"name": "lvef_percent", "result": 60, "on": "2027-12-01"}]);
    let second = assert_created(&service.post("/v1/orders", ORDERING, &longer).await);
    assert_eq!(second["status"], "in_progress", "trastuzumab for more than a year is for a person: {second:#}");
    let authorize = json!({"drugs": (1..=4).map(|line| json!({"line": line, "decision": "authorized"})).collect::<Vec<_>>(), "pathway": {"determination": "on_pathway"}});
    let path = format!("/v1/reviews/{}/determinations", second["case_id"].as_str().unwrap());
    assert_created(&service.post(&path, NURSE, &authorize).await);
    let second = service.get(&format!("/v1/orders/{}", second["case_id"].as_str().unwrap()), ORDERING).await.json();
    assert_eq!(second["s_codes_withheld"], "already_awarded", "{second:#}");
    assert_eq!(ruled(&bill(&service, ORDERING, &second, "S0353", "2027-12-15").await), (false, json!("SCD-05")));
    let billable_from = second["s_codes"][0]["billable_from"].as_str().unwrap().to_owned();
    past_every_guard(&service, "update s_code_awards set billable_through = '2028-12-31'").await;
    let (one, other) = tokio::join!(
        bill(&service, ORDERING, &first, "S0354", &billable_from),
        bill(&service, HEALTH_PLAN, &second, "S0354", &billable_from),
    );
    let accepted = [one, other].iter().filter(|answer| ruled(answer).0).count();
    assert_eq!(accepted, 1);
}

/// Returns when so many statements of this database wait for a lock.
async fn waiting(service: &Service, wanted: i64) {
    let query = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    let begun = Instant::now();
    while count(service, query).await < wanted {
        assert!(begun.elapsed() < Duration::from_secs(20), "nobody waits");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The approval has the member first and sets a timer of the case; the claim has the case first and waits for the member.
// proves SCD-05, SCD-13
#[tokio::test]
async fn a_claim_and_the_approval_of_a_later_treatment_do_not_wait_for_each_other() {
    let service = sandbox().await;
    let case = awarded(&service).await;
    let later = assert_created(&service.post("/v1/orders", ORDERING, &weekly(&service, "2027-03-01")).await);
    let mut member = service.app.pool.begin().await.unwrap();
    sqlx::query("select from member_ledger for update").execute(&mut *member).await.unwrap();
    let claimed = async {
        waiting(&service, 1).await;
        bill(&service, ORDERING, &case, "S0353", "2026-12-01").await
    };
    let released = async {
        waiting(&service, 2).await;
        member.rollback().await.unwrap();
    };
    let (_approved, claimed, ()) = tokio::join!(taken_for_a_change(&service, later), claimed, released);
    assert_eq!(ruled(&claimed), (true, Value::Null));
}

// proves SCD-13
#[tokio::test]
async fn withdrawing_a_treatment_drug_voids_what_was_not_billed_and_leaves_what_was() {
    let service = sandbox().await;
    let case = awarded(&service).await;
    assert!(ruled(&bill(&service, ORDERING, &case, "S0353", "2026-12-01").await).0);
    let path = format!("/v1/orders/{}/withdrawals", case["case_id"].as_str().unwrap());
    assert_created(&service.post(&path, ORDERING, &json!({"drugs": [1], "reason": "voluntarily_cancelled"})).await);
    let voided = "select count(*) from s_code_awards where voided_on is not null and code = 'S0354'";
    assert_eq!(count(&service, voided).await, 1);
    assert_eq!(count(&service, "select count(*) from s_code_awards where voided_on is null and code = 'S0353'").await, 1);
    assert_eq!(ruled(&bill(&service, ORDERING, &case, "S0354", "2026-12-31").await), (false, json!("SCD-13")));
    assert_eq!(ruled(&bill(&service, ORDERING, &case, "S0353", "2026-12-02").await), (false, json!("SCD-05")));
}

// proves SCD-01, SCD-11
#[tokio::test]
async fn a_case_that_is_not_approved_bills_nothing() {
    let service = sandbox().await;
    let case = assert_created(&service.post("/v1/orders", ORDERING, &pending_order()).await);
    assert_eq!(ruled(&bill(&service, ORDERING, &case, "S0353", "2026-12-01").await), (false, json!("SCD-01")));
}

// proves SCD-05
#[tokio::test]
async fn the_database_itself_refuses_a_second_onset_for_a_pathway() {
    let service = sandbox().await;
    let case = awarded(&service).await;
    assert!(ruled(&bill(&service, ORDERING, &case, "S0353", "2026-12-01").await).0);
    let copy = "insert into s_code_claims (s_code_claim_id, case_id, shard, health_plan, member_id, person, code, onset, service_date, billing_npi,
                  claim_type, pathway_id, accepted, message, at, by_subject, by_role)
                select gen_random_uuid(), case_id, shard, health_plan, member_id, person, code, onset, service_date + 40, billing_npi, claim_type,
                  pathway_id, true, message, at, by_subject, by_role from s_code_claims";
    let refused = sqlx::query(copy).execute(&service.app.pool).await.unwrap_err();
    assert!(refused.to_string().contains("s_code_claims_one_onset"), "{refused}");
    let gone = sqlx::query("delete from s_code_claims").execute(&service.app.pool).await.unwrap_err();
    assert!(gone.to_string().contains("append-only"), "{gone}");
}

/// Another treatment of the same cancer for the same member.
fn weekly(service: &Service, date_of_service: &str) -> Value {
    let content = service.app.library.in_force(service.app.clock.now().date_naive());
    let mut order = exact(content.regimen("BRE-AC-WKT").unwrap(), content, "bma");
    order["member"] = authorized_order()["member"].clone();
    order["date_of_service"] = json!(date_of_service);
    order
}

/// The case after a nurse found that it is no duplicate.
async fn taken_for_a_change(service: &Service, mut case: Value) -> Value {
    let decision = json!({"duplicate": false, "rationale": "The treatment was changed."});
    let path = format!("/v1/reviews/{}/duplicate-decisions", case["case_id"].as_str().unwrap());
    while case["review"]["holds"].as_array().is_some_and(|holds| !holds.is_empty()) {
        case = assert_created(&service.post(&path, NURSE, &decision).await);
    }
    // what would be given a second time in full waits for a person
    let waiting = case["drugs"].as_array().unwrap().iter().filter(|drug| drug["status"] == "in_progress");
    let lines: Vec<Value> = waiting.map(|drug| json!({"line": drug["line"], "decision": "authorized"})).collect();
    if !lines.is_empty() {
        let authorize = json!({"drugs": lines, "pathway": {"determination": "on_pathway"}});
        let path = format!("/v1/reviews/{}/determinations", case["case_id"].as_str().unwrap());
        assert_created(&service.post(&path, NURSE, &authorize).await);
        case = service.get(&format!("/v1/orders/{}", case["case_id"].as_str().unwrap()), ORDERING).await.json();
    }
    assert!(case["order_id"].is_string(), "{case:#}");
    case
}

fn award_of(code: &str, case: &Value) -> Value {
    case["s_codes"].as_array().unwrap().iter().find(|award| award["code"] == code).unwrap().clone()
}

async fn withdraw(service: &Service, case: &Value, drugs: Value) -> Value {
    let path = format!("/v1/orders/{}/withdrawals", case["case_id"].as_str().unwrap());
    assert_created(&service.post(&path, ORDERING, &json!({"drugs": drugs, "reason": "voluntarily_cancelled"})).await)
}

/// When the monthly code of a case is void, after all timers have run.
async fn void_from(service: &Service, case: &Value) -> Value {
    oncoauth::jobs::tick(&service.app).await.unwrap();
    let read = service.get(&format!("/v1/orders/{}", case["case_id"].as_str().unwrap()), ORDERING).await.json();
    award_of("S0354", &read)["voided_from"].clone()
}

// proves DUP-01, SCD-13, PRV-02
#[tokio::test]
async fn an_order_of_another_practice_is_named_in_no_notice_and_no_reason() {
    let service = sandbox().await;
    let case = awarded(&service).await;
    let mut changed = weekly(&service, "2027-03-01");
    // NPI of the clinician of tax ID 900000003
    changed["ordering_provider"] = json!({"npi": "1999999034", "first_name": "Another", "last_name": "Clinician"});
    changed["servicing_provider"] = json!({"npi": "1999999034", "name": "Another Clinician"});
    let answer = service.post("/v1/orders", OTHER_PRACTICE, &changed).await;
    let later = assert_created(&answer);
    let named = |case: &Value, code: &str| {
        let notices = case["notices"].as_array().unwrap();
        notices.iter().find(|notice| notice["code"] == code).unwrap()["case_id"].clone()
    };
    // that practice is told that something is on file, and the desk what it is
    let stored = answer.header("location");
    for told in [&later, &service.get(stored, OTHER_PRACTICE).await.json()] {
        assert_eq!(named(told, "duplicate_order"), Value::Null);
        assert!(told["notices"].as_array().unwrap().iter().all(|notice| notice["code"] != "overlapping_treatment"), "{told:#}");
    }
    assert_eq!(named(&service.get(stored, NURSE).await.json(), "overlapping_treatment"), case["case_id"]);
    let later = taken_for_a_change(&service, later).await;
    assert_eq!(void_from(&service, &case).await, "2027-03-01");
    let at = format!("/v1/orders/{}", case["case_id"].as_str().unwrap());
    let refused = bill(&service, ORDERING, &case, "S0354", "2027-03-01").await;
    assert_eq!(ruled(&refused), (false, json!("SCD-09")));
    for text in [refused.text, service.get(&at, ORDERING).await.text, service.get(&format!("{at}/history"), ORDERING).await.text]
    {
        assert!(text.contains("changed the treatment"), "{text}");
        assert!(!text.contains(later["order_id"].as_str().unwrap()), "{text}");
    }
}

// proves SCD-13
#[tokio::test]
async fn an_award_is_void_from_the_first_day_of_the_order_that_still_changes_the_treatment() {
    let service = sandbox().await;
    let case = awarded(&service).await;
    let mut changes = Vec::new();
    for on in ["2027-03-01", "2027-04-01"] {
        let order = assert_created(&service.post("/v1/orders", ORDERING, &weekly(&service, on)).await);
        changes.push(taken_for_a_change(&service, order).await);
        assert_eq!(void_from(&service, &case).await, "2027-03-01");
    }
    withdraw(&service, &changes[0], json!("all")).await;
    assert_eq!(void_from(&service, &case).await, "2027-04-01");
    withdraw(&service, &changes[1], json!("all")).await;
    assert_eq!(void_from(&service, &case).await, Value::Null);
}

// proves SCD-13
#[tokio::test]
async fn what_its_own_withdrawal_ended_stays_void_when_the_order_that_changed_the_treatment_is_taken_back() {
    let service = sandbox().await;
    let case = awarded(&service).await;
    let later = assert_created(&service.post("/v1/orders", ORDERING, &weekly(&service, "2027-03-01")).await);
    let later = taken_for_a_change(&service, later).await;
    assert_eq!(void_from(&service, &case).await, "2027-03-01");
    withdraw(&service, &case, json!([1])).await;
    withdraw(&service, &later, json!("all")).await;
    assert_eq!(count(&service, "select count(*) from s_code_awards where voided_on is null").await, 0);
    assert_eq!(ruled(&bill(&service, ORDERING, &case, "S0354", "2027-01-15").await), (false, json!("SCD-13")));
}

// proves SCD-13
#[tokio::test]
async fn an_order_that_keeps_only_supportive_drugs_changes_no_treatment() {
    let service = sandbox().await;
    let case = awarded(&service).await;
    let mut changed = weekly(&service, "2027-03-01");
    let supportive = json!({"line": 99, "hcpcs": "J2405", "role": "supportive", "route": "iv", "dose": {"amount": 8, "unit": "mg"},
                            "days": [1], "frequency_per_day": 1});
    changed["treatment"]["phases"][0]["drugs"].as_array_mut().unwrap().push(supportive);
    let later = assert_created(&service.post("/v1/orders", ORDERING, &changed).await);
    let later = taken_for_a_change(&service, later).await;
    assert_eq!(void_from(&service, &case).await, "2027-03-01");
    let treatment: Vec<&Value> =
        later["drugs"].as_array().unwrap().iter().filter(|drug| drug["role"] == "treatment").map(|drug| &drug["line"]).collect();
    let left = withdraw(&service, &later, json!(treatment)).await;
    assert_eq!(left["order_id"], later["order_id"], "{left:#}");
    assert_eq!(void_from(&service, &case).await, Value::Null);
}

// proves SCD-09, SCD-05, SCD-13
#[tokio::test]
async fn a_later_order_with_another_treatment_ends_the_monthly_code_from_its_first_day_and_starts_a_new_pathway() {
    let service = sandbox().await;
    let case = awarded(&service).await;
    assert!(ruled(&bill(&service, ORDERING, &case, "S0353", "2026-12-01").await).0);
    // other treatment on the same days: a nurse finds that it takes the place of the first
    let later = assert_created(&service.post("/v1/orders", ORDERING, &weekly(&service, "2027-03-01")).await);
    assert_eq!(later["review"]["holds"], json!(["overlapping_treatment"]), "{later:#}");
    let later = taken_for_a_change(&service, later).await;
    assert_eq!((&later["status"], &later["pathway"]["determination"]), (&json!("completed"), &json!("on_pathway")), "{later:#}");
    oncoauth::jobs::tick(&service.app).await.unwrap();
    let at = format!("/v1/orders/{}", case["case_id"].as_str().unwrap());
    let read = service.get(&at, ORDERING).await.json();
    assert_eq!(award_of("S0354", &read)["voided_from"], "2027-03-01", "{read:#}");
    assert!(award_of("S0354", &read)["void_reason"].as_str().unwrap().contains("changed the treatment"));
    assert_eq!(award_of("S0353", &read)["voided_from"], Value::Null, "billed already");
    assert_eq!(ruled(&bill(&service, ORDERING, &case, "S0354", "2027-01-29").await), (true, Value::Null));
    assert_eq!(ruled(&bill(&service, ORDERING, &case, "S0354", "2027-03-01").await), (false, json!("SCD-09")));
    assert_eq!(ruled(&bill(&service, ORDERING, &later, "S0353", "2027-03-01").await), (true, Value::Null));
    assert_eq!(ruled(&bill(&service, ORDERING, &later, "S0354", "2027-03-31").await), (true, Value::Null));
    // the new treatment is given up: the patient is back on nothing else, and the first order's codes are billable again
    let path = format!("/v1/orders/{}/withdrawals", later["case_id"].as_str().unwrap());
    assert_created(&service.post(&path, ORDERING, &json!({"drugs": "all", "reason": "voluntarily_cancelled"})).await);
    oncoauth::jobs::tick(&service.app).await.unwrap();
    let read = service.get(&at, ORDERING).await.json();
    assert_eq!(award_of("S0354", &read)["voided_from"], Value::Null, "{read:#}");
    assert_eq!(ruled(&bill(&service, ORDERING, &case, "S0354", "2027-04-30").await), (true, Value::Null));
}
