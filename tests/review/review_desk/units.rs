//! Units that the engine did not count: whoever authorizes them says how many (SAFE-13).

use crate::support::desk::*;
use crate::support::http::{Answer, Service};
use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::{Value, json};

const PLAN_TOKEN: &str = "sandbox-health-plan";

/// An order whose second line has a code without a billing unit: nobody can count it.
fn uncounted() -> Value {
    let mut order = custom(BMA);
    let drug = &mut order["treatment"]["phases"][0]["drugs"][1];
    drug["hcpcs"] = json!("J9999");
    drug["generic"] = json!("alphamab");
    drug["dose"] = json!({"amount": 10, "unit": "mg"});
    order
}

async fn patch(service: &Service, case_id: &str, change: &Value) -> Answer {
    let request = Request::builder()
        .method(Method::PATCH)
        .uri(format!("/v1/orders/{case_id}"))
        .header("authorization", format!("Bearer {PRACTICE}"))
        .header("content-type", "application/merge-patch+json");
    service.send(request.body(Body::from(change.to_string())).unwrap()).await
}

async fn pended() -> (Service, String) {
    let service = Service::with_rosters().await;
    let case = submit(&service, &uncounted()).await;
    assert_eq!((&case["status"], &case["drugs"][1]["hcpcs"]), (&json!("in_progress"), &json!("J9999")), "{case:#}");
    (service, id(&case))
}

/// All four lines authorized, the second with these.
fn with_units(units: Value, visits: Value) -> Value {
    let mut body = authorize(&[1, 2, 3, 4]);
    body["drugs"][1]["units_approved"] = units;
    body["drugs"][1]["visits_approved"] = visits;
    body
}

async fn faults(service: &Service, case_id: &str, body: &Value) -> Vec<String> {
    let problem = act(service, NURSE, case_id, "determinations", body).await.assert_problem(422, "validation-failed");
    let pointers = problem["errors"].as_array().unwrap().iter();
    pointers.map(|error| error["pointer"].as_str().unwrap().to_owned()).collect()
}

// proves SAFE-13
#[tokio::test]
async fn nothing_is_authorized_with_uncounted_units() {
    let (service, case_id) = pended().await;
    let (units, visits) = ("/drugs/1/units_approved", "/drugs/1/visits_approved");
    let bare = act(&service, NURSE, &case_id, "determinations", &authorize(&[1, 2, 3, 4])).await;
    let bare = bare.assert_problem(422, "validation-failed");
    let message = bare["errors"][0]["message"].as_str().unwrap();
    assert!(message.contains("line 2") && message.contains("J9999"), "{message}");
    assert_eq!(faults(&service, &case_id, &authorize(&[1, 2, 3, 4])).await, [units, visits]);
    for (given_units, given_visits, expected) in [
        (json!(12), Value::Null, vec![visits]),
        (Value::Null, json!(6), vec![units]),
        (json!(0), json!(6), vec![units]),
        (json!(-1), json!(6), vec![units]),
        (json!(2.5), json!(6), vec![units]),
        (json!("12"), json!(6), vec![units]),
        (json!(12), json!(0), vec![visits]),
        (json!(10_000_001), json!(6), vec![units]),
        (json!(1_000), json!(367), vec![visits]),
        (json!(5), json!(6), vec![units]),
    ] {
        let body = with_units(given_units, given_visits);
        assert_eq!(faults(&service, &case_id, &body).await, expected, "{body}");
    }
    let mut denial = deny(&[2]);
    denial["drugs"][0]["units_approved"] = json!(12);
    denial["drugs"][0]["visits_approved"] = json!(6);
    done(&service, PHYSICIAN, &case_id, "peer-to-peer", &offer()).await;
    let refused = act(&service, PHYSICIAN, &case_id, "determinations", &denial).await.assert_problem(422, "validation-failed");
    assert_eq!(refused["errors"].as_array().unwrap().len(), 2, "{refused}");
    assert_eq!(read(&service, &case_id).await["status"], "in_progress");
    // nor by hand, also where somebody authorized it
    let decided = "insert into determinations (determination_id, case_id, shard, line, decision, decided_by, role, at)
                   select gen_random_uuid(), case_id, shard, 2, 'authorized', 'somebody', 'nurse', now() from cases";
    sqlx::query(decided).execute(&service.app.pool).await.unwrap();
    let by_hand =
        "update case_lines set status = 'authorized', valid_from = '2026-12-01', valid_through = '2027-01-01' where line = 2";
    let error = sqlx::query(by_hand).execute(&service.app.pool).await.unwrap_err();
    assert!(error.to_string().contains("case_lines_authorized_units_counted"), "{error}");
}

// proves SAFE-13, VER-03, VER-05, DET-10, DET-11
#[tokio::test]
async fn what_the_reviewer_sets_is_what_everybody_reads_and_claims_are_matched_with() {
    let (service, case_id) = pended().await;
    let case = done(&service, PHYSICIAN, &case_id, "determinations", &with_units(json!(12), json!(6))).await;
    assert_eq!(case["status"], "authorized", "{case:#}");
    let drug = &case["drugs"][1];
    assert_eq!((&drug["units_approved"], &drug["visits_approved"], &drug["units_per_visit"]), (&json!(12), &json!(6), &json!(2)));
    assert_eq!(read(&service, &case_id).await, case);
    let question = json!({"order_id": case["order_id"], "hcpcs": "J9999"});
    let verified = service.post("/v1/verifications", FACILITY, &question).await.json();
    let of = &verified["drugs"][0];
    assert_eq!((&verified["authorized"], &of["units_approved"], &of["visits_approved"]), (&json!(true), &json!(12), &json!(6)));
    let feed = service.get(&format!("/v1/feeds/{BMA}/events"), PLAN_TOKEN).await.json();
    let told = feed["items"].as_array().unwrap().last().unwrap();
    assert_eq!((&told["drugs"][1]["units_approved"], &told["drugs"][1]["units_per_visit"]), (&json!(12), &json!(2)));
    let letter = case["letters"][0]["letter_id"].as_str().unwrap();
    let letter = service.get(&format!("/v1/letters/{letter}"), PRACTICE).await.json();
    let in_letter = letter["drugs"].as_array().unwrap().iter().find(|drug| drug["line"] == 2).unwrap();
    assert_eq!((&in_letter["units_approved"], &in_letter["visits_approved"]), (&json!(12), &json!(6)));
    let history = events(&service, &case_id).await;
    let determined = history.iter().find(|event| event["kind"] == "determined").unwrap();
    assert_eq!(determined["detail"]["drugs"][1]["units_approved"], 12);
    let stored: (i64, i32) = sqlx::query_as("select units_approved, visits_approved from determinations where line = 2")
        .fetch_one(&service.app.pool)
        .await
        .unwrap();
    assert_eq!(stored, (12, 6));
    let line = |units: u64, on: &str| json!({"order_id": case["order_id"], "hcpcs": "J9999", "units": units, "service_date": on, "billing_npi": "1245319599"});
    let lines = json!([line(3, "2026-12-01"), line(2, "2026-12-01"), line(1, "2026-12-01"), line(13, "2026-12-22")]);
    let checked = service.post("/v1/claim-checks", PLAN_TOKEN, &json!({"lines": lines})).await.json();
    let reasons: Vec<&Value> = checked["lines"].as_array().unwrap().iter().map(|line| &line["reason"]).collect();
    assert_eq!(reasons, [&json!("units_exceed_visit"), &Value::Null, &json!("units_exceed_visit"), &json!("units_exceeded")]);
}

/// Lines 3 and 4 authorized, the fourth with these.
fn fourth(units: u64, visits: u64) -> Value {
    let mut body = authorize(&[3, 4]);
    body["drugs"][1]["units_approved"] = json!(units);
    body["drugs"][1]["visits_approved"] = json!(visits);
    body
}

/// The same with a denial's reasons.
fn fourth_with_reasons(units: u64, visits: u64) -> Value {
    let mut body = fourth(units, visits);
    body["drugs"][1]["reason_code"] = json!("criteria_not_met");
    body["drugs"][1]["rationale"] = json!("Two doses, then reassess.");
    body["drugs"][1]["rationale_for_member"] = json!("We look again after two doses.");
    body
}

// proves SAFE-13
#[tokio::test]
async fn units_and_visits_lie_between_what_a_visit_needs_and_what_is_ordered() {
    let service = Service::with_rosters().await;
    let case_id = id(&submit(&service, &unanswered(BMA)).await);
    done(&service, PHYSICIAN, &case_id, "peer-to-peer", &offer()).await;
    let (units, visits) = ("/drugs/1/units_approved", "/drugs/1/visits_approved");
    for (given_units, given_visits, field, range) in [
        (9_999, 99, visits, "from 1 to 11 visits"),
        (516, 12, visits, "from 1 to 11 visits"),
        (474, 11, units, "11 visits take 473 billing units"),
        (472, 11, units, "11 visits take 473 billing units"),
        (1, 1, units, "1 visit takes 43 billing units"),
        (473, 1, units, "1 visit takes 43 billing units"),
        (85, 2, units, "2 visits take 86 billing units"),
    ] {
        let body = fourth_with_reasons(given_units, given_visits);
        let problem = act(&service, PHYSICIAN, &case_id, "determinations", &body).await;
        let problem = problem.assert_problem(422, "validation-failed");
        let error = problem["errors"].as_array().unwrap().iter().find(|error| error["code"] == "out-of-range");
        let error = error.unwrap_or_else(|| panic!("{given_units} in {given_visits}: {problem:#}"));
        assert_eq!(error["pointer"], field, "{problem:#}");
        assert!(error["message"].as_str().unwrap().contains(range), "{problem:#}");
    }
    // all of it is what it takes, and a nurse may say so
    let service = Service::with_rosters().await;
    let case_id = id(&submit(&service, &unanswered(BMA)).await);
    let case = done(&service, NURSE, &case_id, "determinations", &fourth(473, 11)).await;
    assert_eq!((&case["status"], &case["drugs"][3]["units_approved"]), (&json!("authorized"), &json!(473)), "{case:#}");
    assert!(case["drugs"][3].get("refused_part").is_none(), "{case:#}");
}

// proves DET-02, DET-03, DET-04
#[tokio::test]
async fn less_than_was_asked_for_is_a_physicians_to_decide_after_the_offer_and_with_reasons() {
    let service = Service::with_rosters().await;
    let case_id = id(&submit(&service, &unanswered(BMA)).await);
    let less = fourth_with_reasons(86, 2);
    let nurse = act(&service, NURSE, &case_id, "determinations", &less).await.assert_problem(403, "forbidden");
    assert_eq!((&nurse["requirement"], &nurse["remedy"]), (&json!("DET-04"), &json!("escalate")), "{nurse:#}");
    let early = act(&service, PHYSICIAN, &case_id, "determinations", &less).await.assert_problem(409, "conflict");
    assert_eq!((&early["requirement"], &early["remedy"]), (&json!("DET-03"), &json!("offer_peer_to_peer")), "{early:#}");
    // nor by hand: not by a nurse, not before the offer, and not unsaid
    let reasons = "'criteria_not_met', 'why'";
    for (offered, role, amounts, reasons, constraint) in [
        (true, "nurse", "86, 2, 172, 4", reasons, "determinations_only_physicians_refuse_a_part"),
        (false, "physician", "86, 2, 172, 4", reasons, "no peer-to-peer discussion was offered"),
        (true, "physician", "86, 2, 172, 4", "'criteria_not_met', null", "determinations_only_physicians_refuse_a_part"),
        (true, "physician", "86, 2, null, null", reasons, "nobody says why"),
        (true, "nurse", "258, 5, null, null", "null, null", "nobody says why"),
    ] {
        let mut transaction = service.app.pool.begin().await.unwrap();
        if offered {
            let offer =
                "insert into peer_to_peer_events (peer_to_peer_event_id, case_id, shard, event, at, recorded_by, recorded_at)
                         select gen_random_uuid(), case_id, shard, 'offered', submitted_at, 'somebody', submitted_at from cases";
            sqlx::query(offer).execute(&mut *transaction).await.unwrap();
        }
        let by_hand = format!(
            "insert into determinations (determination_id, case_id, shard, line, decision, decided_by, role, at,
               units_approved, visits_approved, units_refused, visits_refused, reason_code, rationale)
             select gen_random_uuid(), case_id, shard, 4, 'authorized', 'somebody', '{role}', now(), {amounts}, {reasons} from cases"
        );
        let error = sqlx::query(sqlx::AssertSqlSafe(by_hand)).execute(&mut *transaction).await.unwrap_err();
        assert!(error.to_string().contains(constraint), "{role} {amounts} {reasons}: {error}");
    }
    done(&service, PHYSICIAN, &case_id, "peer-to-peer", &offer()).await;
    let silent = act(&service, PHYSICIAN, &case_id, "determinations", &fourth(86, 2)).await;
    let silent = silent.assert_problem(422, "validation-failed");
    assert_eq!(silent["errors"].as_array().unwrap().len(), 2, "reason and rationale: {silent:#}");
    assert_eq!(read(&service, &case_id).await["status"], "in_progress");
}

// proves DET-10
#[tokio::test]
async fn what_is_refused_of_a_line_is_told_in_a_letter_with_the_appeal() {
    let service = Service::with_rosters().await;
    let case_id = id(&submit(&service, &unanswered(BMA)).await);
    done(&service, PHYSICIAN, &case_id, "peer-to-peer", &offer()).await;
    let case = done(&service, PHYSICIAN, &case_id, "determinations", &fourth_with_reasons(86, 2)).await;
    let drug = |line: usize| &case["drugs"][line - 1];
    assert_eq!(case["status"], "authorized", "{case:#}");
    assert_eq!(
        (&drug(4)["units_approved"], &drug(4)["visits_approved"], &drug(4)["units_per_visit"]),
        (&json!(86), &json!(2), &json!(43))
    );
    let part = &drug(4)["refused_part"];
    assert_eq!(
        (&part["visits"], &part["units"], &part["visits_asked"], &part["units_asked"]),
        (&json!(9), &json!(387), &json!(11), &json!(473)),
        "{part:#}"
    );
    assert_eq!(part["denial"]["rationale"], "Two doses, then reassess.");
    assert!(drug(4)["message"].as_str().unwrap().contains("in part"), "{}", drug(4)["message"]);
    assert_eq!(drug(3)["visits_approved"], 6, "the other line keeps what was counted");
    assert!(drug(3)["units_per_visit"].as_u64() > drug(4)["units_per_visit"].as_u64(), "with its loading dose");
    assert_eq!(read(&service, &case_id).await, case);
    let letters = case["letters"].as_array().unwrap();
    let kinds: Vec<(&Value, &Value)> = letters.iter().map(|letter| (&letter["kind"], &letter["to"])).collect();
    assert_eq!(kinds.len(), 4, "{letters:?}");
    for (kind, to) in kinds {
        let letter = letters.iter().find(|one| (&one["kind"], &one["to"]) == (kind, to)).unwrap()["letter_id"].as_str().unwrap();
        let letter = service.get(&format!("/v1/letters/{letter}"), PRACTICE).await.json();
        let text = letter["document"].to_string();
        if kind == "approval" {
            assert!(text.contains("2 of 11") && text.contains("86 of 473") && text.contains("Another part"), "{text}");
            assert!(!text.contains("as it was requested"), "{text}");
            continue;
        }
        assert_eq!((&letter["in_part"], letter["drugs"].as_array().unwrap().len()), (&json!(true), 1), "{letter:#}");
        assert_eq!(letter["drugs"][0]["reason_code"], "criteria_not_met");
        assert!(text.contains("Not approved: 9 visits, 387 billing units. Approved: 2 visits, 86 billing units"), "{text}");
        let why = if to == "member" { "We look again after two doses." } else { "Two doses, then reassess." };
        assert!(text.contains(why) && text.to_lowercase().contains("appeal"), "{text}");
        assert!(letter["appeal"].is_object() && !letter["peer_to_peer"].as_array().unwrap().is_empty(), "{letter:#}");
    }
}

// proves SAFE-13, SUB-08
#[tokio::test]
async fn what_the_reviewer_set_outlives_a_change_that_leaves_the_line_alone() {
    let service = Service::with_rosters().await;
    let mut order = uncounted();
    order["clinical"]["assessments"] = json!([]); // trastuzumab waits for the heart
    let case_id = id(&submit(&service, &order).await);
    let mut one = authorize(&[2]);
    one["drugs"][0]["units_approved"] = json!(12);
    one["drugs"][0]["visits_approved"] = json!(6);
    assert_eq!(done(&service, NURSE, &case_id, "determinations", &one).await["status"], "in_progress");
    for change in [json!({"contact": {"name": "Back office"}}), json!({"clinical": {"serum_creatinine_mg_dl": 0.9}})] {
        let answer = patch(&service, &case_id, &change).await;
        assert_eq!(answer.status.as_u16(), 200, "{}", answer.text);
    }
    let case = done(&service, NURSE, &case_id, "determinations", &authorize(&[3, 4])).await;
    assert_eq!(kinds(&service, &case_id).await.iter().filter(|kind| *kind == "updated").count(), 2);
    assert_eq!(case["status"], "authorized", "{case:#}");
    let drug = &case["drugs"][1];
    assert_eq!(
        (&drug["status"], &drug["units_approved"], &drug["units_per_visit"]),
        (&json!("authorized"), &json!(12), &json!(2)),
        "{case:#}"
    );
}

// proves SAFE-13, SUB-08
#[tokio::test]
async fn what_the_reviewer_set_for_another_weight_is_looked_at_again() {
    for (dose, status) in
        [(json!({"amount": 10, "unit": "mg"}), "authorized"), (json!({"amount": 1, "unit": "mg/kg"}), "in_progress")]
    {
        let service = Service::with_rosters().await;
        let mut order = uncounted();
        order["clinical"]["assessments"] = json!([]);
        order["treatment"]["phases"][0]["drugs"][1]["dose"] = dose;
        let case_id = id(&submit(&service, &order).await);
        let mut one = authorize(&[2]);
        one["drugs"][0]["units_approved"] = json!(12);
        one["drugs"][0]["visits_approved"] = json!(6);
        done(&service, NURSE, &case_id, "determinations", &one).await;
        let answer = patch(&service, &case_id, &json!({"clinical": {"weight_kg": 58.5}})).await;
        assert_eq!(answer.status.as_u16(), 200, "{}", answer.text);
        // the custom plan is held anew; lifted, the line is what it was, or nobody's decision yet
        let case = done(&service, NURSE, &case_id, "determinations", &authorize(&[3, 4])).await;
        assert_eq!(statuses(&case)[1], status, "{case:#}");
    }
}

// proves SAFE-13, APP-04
#[tokio::test]
async fn a_reconsideration_counts_what_it_authorizes_too() {
    let (service, case_id) = pended().await;
    done(&service, PHYSICIAN, &case_id, "peer-to-peer", &offer()).await;
    done(&service, PHYSICIAN, &case_id, "determinations", &deny(&[2])).await;
    let asked =
        service.post(&format!("/v1/orders/{case_id}/reconsiderations"), PRACTICE, &json!({"reason": "new data"})).await.json();
    let path = format!("/v1/reconsiderations/{}/determinations", asked["reconsideration_id"].as_str().unwrap());
    let overturn = |drugs: Value| json!({"decision": "overturned", "rationale": "the new data support it", "drugs": drugs});
    let all = service.post(&path, SECOND_PHYSICIAN, &overturn(json!([]))).await.assert_problem(422, "validation-failed");
    assert_eq!((&all["requirement"], &all["errors"][0]["code"]), (&json!("SAFE-13"), &json!("units-not-counted")), "{all}");
    assert!(all["errors"][0]["message"].as_str().unwrap().contains("line 2"), "{all}");
    let mut lines = authorize(&[2, 3, 4])["drugs"].clone();
    service.post(&path, SECOND_PHYSICIAN, &overturn(lines.clone())).await.assert_problem(422, "validation-failed");
    lines[0]["units_approved"] = json!(6);
    lines[0]["visits_approved"] = json!(6);
    let decided = service.post(&path, SECOND_PHYSICIAN, &overturn(lines)).await;
    assert_eq!(decided.status.as_u16(), 201, "{}", decided.text);
    let case = read(&service, &case_id).await;
    let drug = &case["drugs"][1];
    assert_eq!(
        (&case["status"], &drug["units_approved"], &drug["units_per_visit"]),
        (&json!("authorized"), &json!(6), &json!(1)),
        "{case:#}"
    );
    assert!(drug["denial"].is_null(), "{drug}");
}
