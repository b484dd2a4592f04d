//! Orders over HTTP: taken, stored once, found again by those who may, and by nobody else.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "test crate")]

use crate::support;

use axum::http::Method;
use chrono::TimeDelta;
use oncoauth::app::idempotency;
use serde_json::{Value, json};
use support::submit::{
    ADMINISTRATOR, HEALTH_PLAN, INTAKE, NURSE, ORDERING, OTHER_PRACTICE, SERVICING, assert_created, authorized_order, count,
    for_member, pending_order, put_roster, sandbox, submit_with_key,
};

// proves DET-01, DET-09, VER-01
#[tokio::test]
async fn an_order_that_meets_the_criteria_is_authorized_in_the_answer_and_read_back_the_same() {
    let service = sandbox().await;
    let answer = service.post("/v1/orders", ORDERING, &authorized_order()).await;
    let case = assert_created(&answer);
    assert_eq!(case["status"], "authorized", "{case:#}");
    let order_id = case["order_id"].as_str().unwrap();
    assert!(order_id.starts_with('A') && order_id.len() == 10, "{order_id}");
    assert!(case["pathway_eligible_id"].as_str().unwrap().starts_with('P'));
    assert!(case["drugs"].as_array().unwrap().iter().all(|drug| drug["order_id"] == case["order_id"]), "{case:#}");
    assert_eq!(case["review"], Value::Null);
    assert_eq!(answer.header("etag"), "\"1\"");
    assert_eq!(answer.header("location"), format!("/v1/orders/{}", case["case_id"].as_str().unwrap()));
    let read = service.get(answer.header("location"), ORDERING).await;
    assert_eq!(read.text, answer.text);
    assert_eq!(read.header("etag"), "\"1\"");
}

// proves SAFE-16, VER-07
#[tokio::test]
async fn what_runs_beside_the_other_phases_has_visits_of_its_own_over_the_same_time_and_what_follows_them_does_not() {
    let service = sandbox().await;
    let goserelin = json!({"line": 5, "hcpcs": "J9202", "route": "sc", "dose": {"amount": 3.6, "unit": "mg"}, "days": [1]});
    let mut order = authorized_order();
    let phases = order["treatment"]["phases"].as_array_mut().unwrap();
    phases.push(json!({"cycle_length_days": 28, "beside": true, "drugs": [goserelin]}));
    let case = assert_created(&service.post("/v1/orders", ORDERING, &order).await);
    assert_eq!((&case["status"], &case["deviations"]), (&json!("authorized"), &json!([])), "{case:#}");
    let visits = |line: usize| case["drugs"][line - 1]["visits_approved"].clone();
    // 17 cycles of 21 days are 357 days, in which 13 cycles of 28 days begin
    assert_eq!((visits(1), visits(4), visits(5)), (json!(6), json!(11), json!(13)), "{case:#}");
    order["treatment"]["phases"][2] = json!({"cycle_length_days": 28, "cycles": 13, "drugs": [goserelin]});
    let follows = assert_created(&service.post("/v1/orders", ORDERING, &order).await);
    assert_eq!(follows["status"], "in_progress", "{follows:#}");
    order["treatment"]["phases"] = json!([{"cycle_length_days": 28, "beside": true, "cycles": 13, "drugs": [goserelin]}]);
    let alone = service.post("/v1/orders", ORDERING, &order).await;
    alone.assert_problem(422, "validation-failed");
    assert!(alone.text.contains("/treatment/phases/0/beside"), "{}", alone.text);
}

// proves DET-02, DET-08
#[tokio::test]
async fn an_order_that_needs_review_is_in_progress_with_its_deadline_and_without_numbers() {
    let service = sandbox().await;
    let case = assert_created(&service.post("/v1/orders", ORDERING, &pending_order()).await);
    assert_eq!(case["status"], "in_progress", "{case:#}");
    assert_eq!(
        (&case["order_id"], &case["pathway_eligible_id"], &case["decided_at"]),
        (&Value::Null, &Value::Null, &Value::Null)
    );
    assert_eq!(case["review"]["queue"], "nurse");
    assert_eq!(case["review"]["due_at"], "2026-11-25T09:00:00-06:00");
    assert_eq!(case["review"]["overdue"], false);
    assert_eq!(count(&service, "select count(*) from timers").await, 1);
}

// proves DUP-03
#[tokio::test]
async fn the_same_key_and_payload_is_the_first_answer_again_and_another_payload_is_refused() {
    let service = sandbox().await;
    let first = submit_with_key(&service, ORDERING, "key-1", &authorized_order()).await;
    assert_created(&first);
    assert_eq!(first.header("idempotency-replayed"), "");
    let again = submit_with_key(&service, ORDERING, "key-1", &authorized_order()).await;
    assert_created(&again);
    assert_eq!(again.text, first.text);
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.header("location"), first.header("location"));
    submit_with_key(&service, ORDERING, "key-1", &pending_order()).await.assert_problem(422, "idempotency-key-reused");
    // a key belongs to its caller
    assert_created(&submit_with_key(&service, INTAKE, "key-1", &json_with(authorized_order(), "channel", "phone")).await);
    assert_eq!(count(&service, "select count(*) from cases").await, 2);
}

// proves DUP-03
#[tokio::test]
async fn a_key_is_kept_for_a_day_and_forgotten_after_two() {
    let service = sandbox().await;
    let order = authorized_order();
    let first = assert_created(&submit_with_key(&service, ORDERING, "key-1", &order).await);
    service.app.clock.freeze_at("2026-11-21T15:00:00Z".parse().unwrap());
    assert_eq!(idempotency::purge(&service.app).await.unwrap(), 0);
    let again = submit_with_key(&service, ORDERING, "key-1", &order).await;
    assert_eq!(assert_created(&again)["case_id"], first["case_id"]);
    service.app.clock.freeze_at("2026-11-22T15:00:01Z".parse().unwrap());
    assert_eq!(idempotency::purge(&service.app).await.unwrap(), 1);
    let anew = submit_with_key(&service, ORDERING, "key-1", &order).await;
    assert_ne!(assert_created(&anew)["case_id"], first["case_id"]);
}

fn json_with(mut order: Value, field: &str, value: &str) -> Value {
    order[field] = json!(value);
    order
}

// proves SUB-08
#[tokio::test]
async fn a_preview_decides_the_same_and_stores_nothing() {
    let service = sandbox().await;
    let answer = service.post("/v1/orders/preview", ORDERING, &authorized_order()).await;
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.text);
    let case = answer.json();
    assert_eq!(case["status"], "authorized");
    assert_eq!(case["case_id"], "00000000-0000-0000-0000-000000000000");
    assert_eq!((&case["order_id"], &case["pathway_eligible_id"]), (&Value::Null, &Value::Null));
    let not_eligible = json_with(authorized_order(), "setting", "inpatient");
    service.post("/v1/orders/preview", ORDERING, &not_eligible).await.assert_problem(422, "not-eligible");
    for table in ["select count(*) from cases", "select count(*) from enquiries", "select count(*) from member_ledger"] {
        assert_eq!(count(&service, table).await, 0, "{table}");
    }
}

// proves PRG-15
#[tokio::test]
async fn a_request_that_no_program_takes_is_kept_as_an_enquiry_and_not_as_an_order() {
    let service = sandbox().await;
    let refused = service.post("/v1/orders", ORDERING, &json_with(authorized_order(), "setting", "inpatient")).await;
    let problem = refused.assert_problem(422, "not-eligible");
    assert_eq!(problem["exclusion"], "inpatient");
    assert!(problem["redirect"]["entity"].is_string());
    assert_eq!(count(&service, "select count(*) from cases").await, 0);
    assert_eq!(
        count(
            &service,
            "select count(*) from enquiries where kind = 'order' and exclusion = 'inpatient' and member_id = 'XKM100200300'"
        )
        .await,
        1
    );
}

// proves PRV-02, SCD-10
#[tokio::test]
async fn a_case_is_seen_by_its_practices_its_plan_and_the_reviewers_and_by_nobody_else() {
    let service = sandbox().await;
    let answer = service.post("/v1/orders", ORDERING, &authorized_order()).await;
    assert!(!assert_created(&answer)["s_codes"].as_array().unwrap().is_empty());
    let path = answer.header("location").to_owned();
    for token in [ORDERING, SERVICING, INTAKE, NURSE, HEALTH_PLAN, ADMINISTRATOR] {
        let seen = service.get(&path, token).await;
        assert_eq!(seen.status.as_u16(), 200, "{token}: {}", seen.text);
        let history = service.get(&format!("{path}/history"), token).await.json();
        assert_eq!(history["items"][0]["kind"], "submitted", "{token}");
    }
    service.get(&path, OTHER_PRACTICE).await.assert_problem(404, "not-found");
    service.get(&format!("{path}/history"), OTHER_PRACTICE).await.assert_problem(404, "not-found");
    assert_eq!(service.get("/v1/orders", OTHER_PRACTICE).await.json()["items"], json!([]));
    let servicing = service.get(&path, SERVICING).await;
    let case = servicing.json();
    assert_eq!((case.get("s_codes"), case.get("s_codes_withheld")), (None, None));
    assert!(!servicing.text.contains("S0353") && !servicing.text.contains("SCD-"), "{case:#}");
    assert_eq!(case["order_id"], answer.json()["order_id"]);
}

#[tokio::test]
async fn another_plans_cases_do_not_exist_for_a_health_plan() {
    // proves PRV-02
    let service = sandbox().await;
    let mut order = for_member(authorized_order(), "XXP100200302", "Commercial", "Ppo", "1971-08-08");
    order["member"]["health_plan"] = json!("bcbs-massachusetts");
    let answer = service.post("/v1/orders", ORDERING, &order).await;
    assert_created(&answer);
    service.get(answer.header("location"), HEALTH_PLAN).await.assert_problem(404, "not-found");
    assert_eq!(
        service.get("/v1/orders", HEALTH_PLAN).await.json()["items"],
        json!([]),
        "{}",
        service.get("/v1/orders", HEALTH_PLAN).await.text
    );
}

// proves DUP-01
#[tokio::test]
async fn a_similar_order_names_the_other_case_only_to_those_who_may_see_it() {
    let service = sandbox().await;
    let mut first = authorized_order();
    // NPI of the clinician of tax ID 900000003
    first["ordering_provider"] = json!({"npi": "1999999034", "first_name": "Another", "last_name": "Clinician"});
    first["servicing_provider"] = json!({"npi": "1999999034", "name": "Another Clinician"});
    let first = assert_created(&service.post("/v1/orders", OTHER_PRACTICE, &first).await);
    let answer = service.post("/v1/orders", ORDERING, &authorized_order()).await;
    let second = assert_created(&answer);
    assert_eq!(second["status"], "in_progress", "{second:#}");
    assert_eq!(second["review"]["holds"], json!(["possible_duplicate"]));
    let notice = |case: &Value| {
        let notices = case["notices"].as_array().unwrap();
        notices.iter().find(|notice| notice["code"] == "duplicate_order").unwrap()["case_id"].clone()
    };
    assert_eq!(notice(&second), Value::Null, "another practice's case");
    assert_eq!(notice(&service.get(answer.header("location"), ORDERING).await.json()), Value::Null);
    assert_eq!(notice(&service.get(answer.header("location"), NURSE).await.json()), first["case_id"]);
}

// proves VER-06
#[tokio::test]
async fn orders_are_listed_newest_first_page_by_page_and_found_by_what_is_known_of_them() {
    let service = sandbox().await;
    let members = [
        ("XKM100200300", "Test", "Member", "1950-01-15"),
        ("XKM100200301", "Sample", "Patient", "1948-06-30"),
        ("XKM100200302", "Example", "Retiree", "1955-03-21"),
    ];
    let mut cases = Vec::new();
    for (id, first, last, birth) in members {
        let order = for_member(authorized_order(), id, first, last, birth);
        cases.push(assert_created(&service.post("/v1/orders", ORDERING, &order).await));
    }
    let ids = |page: &Value| page["items"].as_array().unwrap().iter().map(|case| case["case_id"].clone()).collect::<Vec<_>>();
    let first = service.get("/v1/orders?limit=2", ORDERING).await.json();
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = service.get(&format!("/v1/orders?limit=2&cursor={cursor}"), ORDERING).await.json();
    assert_eq!(second["next_cursor"], Value::Null);
    let mut listed = [ids(&first), ids(&second)].concat();
    assert!(listed.is_sorted_by_key(|id| std::cmp::Reverse(id.as_str().unwrap().to_owned())));
    let mut made: Vec<Value> = cases.iter().map(|case| case["case_id"].clone()).collect();
    listed.sort_by_key(ToString::to_string);
    made.sort_by_key(ToString::to_string);
    assert_eq!(listed, made);
    let order_id = cases[1]["order_id"].as_str().unwrap().to_lowercase();
    let typed = format!("{}-{}", &order_id[..5], &order_id[5..]);
    let queries = [
        (format!("order_id={typed}"), 1),
        ("member_id=XKM100200302".to_owned(), 1),
        ("status=in_progress,non_authorized".to_owned(), 0),
        ("status=authorized&ordering_npi=1234567893".to_owned(), 3),
        ("ordering_npi=1999999034".to_owned(), 0),
        ("submitted_from=2026-11-20&submitted_to=2026-11-20".to_owned(), 3),
        ("submitted_to=2026-11-20T14:59:59Z".to_owned(), 0),
        ("submitted_from=2026-11-20T15:00:00Z&submitted_to=2026-11-20T15:00:00Z".to_owned(), 3),
        ("view=my_orders".to_owned(), 3),
    ];
    for (query, expected) in queries {
        let found = service.get(&format!("/v1/orders?{query}"), ORDERING).await.json();
        assert_eq!(ids(&found).len(), expected, "{query}");
    }
    service.get("/v1/orders?status=done", ORDERING).await.assert_problem(422, "validation-failed");
    service.get("/v1/orders?order_id=A000", ORDERING).await.assert_problem(422, "validation-failed");
}

// proves VER-06
#[tokio::test]
async fn a_list_of_summaries_has_what_a_list_shows_and_nothing_else() {
    let service = sandbox().await;
    let authorized = assert_created(&service.post("/v1/orders", ORDERING, &authorized_order()).await);
    let pending = for_member(pending_order(), "XKM100200301", "Sample", "Patient", "1948-06-30");
    let pending = assert_created(&service.post("/v1/orders", ORDERING, &pending).await);
    let summary = |case: &Value, valid_through: &Value| {
        let member = &case["request"]["member"];
        json!({
            "case_id": case["case_id"], "case_number": case["case_number"], "order_id": case["order_id"], "status": case["status"],
            "member": {"member_id": member["member_id"], "first_name": member["first_name"], "last_name": member["last_name"]},
            "regimen_name": case["pathway"]["regimen_name"], "asked_for": case["review"]["asked_for"].as_array().cloned().unwrap_or_default(),
            "valid_through": valid_through, "submitted_at": case["submitted_at"],
        })
    };
    let whole = service.get("/v1/orders", ORDERING).await;
    let listed = service.get("/v1/orders?fields=summary", ORDERING).await;
    assert!(listed.text.len() * 10 < whole.text.len(), "{} and {} bytes", listed.text.len(), whole.text.len());
    let instant = |text: &Value| text.as_str().map(|text| text.parse::<chrono::DateTime<chrono::Utc>>().unwrap());
    let last_day =
        authorized["drugs"].as_array().unwrap().iter().map(|drug| &drug["valid_through"]).max_by_key(|day| day.as_str());
    let listed = listed.json();
    for (case, valid_through, due_at) in
        [(&pending, &Value::Null, &pending["review"]["due_at"]), (&authorized, last_day.unwrap(), &Value::Null)]
    {
        let mut item =
            listed["items"].as_array().unwrap().iter().find(|item| item["case_id"] == case["case_id"]).unwrap().clone();
        assert_eq!(instant(&item.as_object_mut().unwrap().remove("due_at").unwrap()), instant(due_at));
        assert_eq!(item, summary(case, valid_through));
    }
    let page = service.get("/v1/orders?fields=summary&limit=1", ORDERING).await.json();
    let next = format!("/v1/orders?fields=summary&limit=1&cursor={}", page["next_cursor"].as_str().unwrap());
    assert_eq!(service.get(&next, ORDERING).await.json()["items"][0], listed["items"][1]);
    let searched = json!({"fields": "summary", "member_id": "XKM100200301"});
    let found = service.post("/v1/orders/searches", ORDERING, &searched).await.json();
    assert_eq!(found["items"].as_array().unwrap().len(), 1);
    assert_eq!(found["items"][0]["member"]["last_name"], "Patient");
    service.get("/v1/orders?fields=all", ORDERING).await.assert_problem(422, "validation-failed");
}

// proves VER-06, PRV-02
#[tokio::test]
async fn a_practice_finds_its_own_patients_by_name_however_it_is_typed_and_nobody_elses() {
    let service = sandbox().await;
    let nunez = json!({"member_id": "XKM900200300", "first_name": "Ana María", "last_name": "Núñez-O’Brien", "birth_date": "1950-01-15",
                       "line_of_business": "medicare_advantage", "product": "medicare_ppo", "coverage_from": "2020-01-01"});
    let loaded =
        put_roster(&service, ADMINISTRATOR, "/v1/rosters/anthem-blue-medicare-advantage/members", nunez.to_string()).await;
    assert_eq!(loaded.status.as_u16(), 200, "{}", loaded.text);
    let nunez = for_member(authorized_order(), "XKM900200300", "Ana María", "Núñez-O’Brien", "1950-01-15");
    let first = assert_created(&service.post("/v1/orders", ORDERING, &nunez).await)["case_id"].clone();
    service.app.clock.freeze_at(service.app.clock.now() + TimeDelta::minutes(1));
    let again = assert_created(&service.post("/v1/orders", ORDERING, &nunez).await)["case_id"].clone();
    let search = async |token: &str, typed: &str| -> Vec<Value> {
        let body = json!({"member_name": typed, "fields": "summary"});
        let found = service.post("/v1/orders/searches", token, &body).await;
        assert_eq!(found.status.as_u16(), 200, "{}", found.text);
        found.json()["items"].as_array().unwrap().iter().map(|item| item["case_id"].clone()).collect()
    };
    for typed in ["nunez", "Núñez O'Brien, Ana", "ana maria", "MAR", "obr an", "nunez-obrien maria"] {
        assert_eq!(search(ORDERING, typed).await, [again.clone(), first.clone()], "{typed}, newest first");
        assert_eq!(search(SERVICING, typed).await.len(), 2, "{typed}: the facility treats her");
        assert_eq!(search(OTHER_PRACTICE, typed).await, Vec::<Value>::new(), "{typed}");
    }
    for typed in ["ana smith", "unez", "nunezz", "ana ana maria xx"] {
        assert_eq!(search(ORDERING, typed).await, Vec::<Value>::new(), "{typed}");
    }
    // every search is a read of the cases that it found
    let reads = "select count(*) from accesses where operation = 'POST /v1/orders/searches' and action = 'read' and actor_role = 'ordering_provider'";
    assert_eq!(count(&service, reads).await, 12);
    for (token, typed, code) in
        [(ORDERING, "n", "out-of-range"), (ORDERING, "n -", "too-short"), (ADMINISTRATOR, "nunez", "not-allowed")]
    {
        let refused = service.post("/v1/orders/searches", token, &json!({"member_name": typed})).await;
        let problem = refused.assert_problem(422, "validation-failed");
        assert_eq!(
            (&problem["errors"][0]["pointer"], &problem["errors"][0]["code"]),
            (&json!("/member_name"), &json!(code)),
            "{typed}"
        );
    }
    service.get("/v1/orders?member_name=nunez", ORDERING).await.assert_problem(422, "validation-failed");
}

// proves VER-06
#[tokio::test]
async fn patients_are_found_by_names_of_every_script_and_by_those_that_a_change_of_the_order_lets_see_them() {
    let service = sandbox().await;
    let names = [("XKM900300300", "ПЁТР", "Образцов-Smith"), ("XKM900300301", "ΑΝΝΑ", "Δοκιμή"), ("XKM900300302", "小明", "王")];
    let row = |(id, first, last): &(&str, &str, &str)| {
        json!({"member_id": id, "first_name": first, "last_name": last, "birth_date": "1950-01-15",
               "line_of_business": "medicare_advantage", "product": "medicare_ppo", "coverage_from": "2020-01-01"})
        .to_string()
    };
    let rows: Vec<String> = names.iter().map(row).collect();
    let path = "/v1/rosters/anthem-blue-medicare-advantage/members";
    assert_eq!(put_roster(&service, ADMINISTRATOR, path, rows.join("\n")).await.status.as_u16(), 200);
    let mut cases = Vec::new();
    for (id, first, last) in names {
        let order = for_member(pending_order(), id, first, last, "1950-01-15");
        cases.push(assert_created(&service.post("/v1/orders", ORDERING, &order).await)["case_id"].clone());
    }
    let search = async |token: &str, typed: &str| -> Vec<Value> {
        let found = service.post("/v1/orders/searches", token, &json!({"member_name": typed})).await;
        assert_eq!(found.status.as_u16(), 200, "{}", found.text);
        found.json()["items"].as_array().unwrap().iter().map(|item| item["case_id"].clone()).collect()
    };
    for (typed, place) in [
        ("пе", 0),
        ("ОБРАЗЦОВ петр", 0),
        ("smith, пётр", 0),
        ("анна", 9),
        ("αννα", 1),
        ("δοκιμη αν", 1),
        ("ΔΟΚ", 1),
        ("小明 王", 2),
        ("明小", 9),
    ] {
        let expected: Vec<Value> = cases.get(place).cloned().into_iter().collect();
        assert_eq!(search(ORDERING, typed).await, expected, "{typed}");
        assert_eq!(search(OTHER_PRACTICE, typed).await, Vec::<Value>::new(), "{typed}");
    }
    // another practice that is to treat finds the patient from then on
    let path = format!("/v1/orders/{}", cases[0].as_str().unwrap());
    let change = json!({"servicing_provider": {"npi": "1999999034", "name": "Another Clinician"}});
    let changed = service.call(Method::PATCH, &path, ORDERING, Some(&change)).await;
    assert_eq!(changed.status.as_u16(), 200, "{}", changed.text);
    let token = json!({"role": "servicing_provider", "tax_ids": ["900000003"], "subject": "another"});
    let token = service.post("/v1/tokens", ADMINISTRATOR, &token).await.json()["token"].as_str().unwrap().to_owned();
    assert_eq!(search(&token, "петр").await, [cases[0].clone()]);
}

// proves VER-06
#[tokio::test]
async fn a_practice_is_told_how_many_cases_there_are_of_each_status() {
    let service = sandbox().await;
    assert_created(&service.post("/v1/orders", ORDERING, &authorized_order()).await);
    let pending = for_member(pending_order(), "XKM100200301", "Sample", "Patient", "1948-06-30");
    assert_created(&service.post("/v1/orders", ORDERING, &pending).await);
    let listed = service.get("/v1/orders?counts=true&status=authorized&limit=1", ORDERING).await.json();
    let counts = json!({"in_progress": 1, "completed": 0, "authorized": 1, "non_authorized": 0, "multiple_decisions_rendered": 0, "review_cancelled": 0});
    assert_eq!((&listed["counts"], listed["items"].as_array().unwrap().len()), (&counts, 1));
    let searched = service
        .post("/v1/orders/searches", ORDERING, &json!({"member_name": "sample", "counts": true, "fields": "summary"}))
        .await;
    assert_eq!((&searched.json()["counts"]["in_progress"], &searched.json()["counts"]["authorized"]), (&json!(1), &json!(0)));
    // of whose plan they are is on record, and that they are many: two counts were told so far
    let counted = "select count(*) from accesses where member_id is null and health_plan = 'anthem-blue-medicare-advantage'
                     and actor_role = 'ordering_provider' and action = 'read'";
    assert_eq!(count(&service, counted).await, 2);
    let others = service.get("/v1/orders?counts=true", OTHER_PRACTICE).await.json();
    assert_eq!(others["counts"]["authorized"], 0);
    assert_eq!(count(&service, counted).await, 2, "who counts none has read of nobody");
    assert!(service.get("/v1/orders", ORDERING).await.json().get("counts").is_none());
    service.get("/v1/orders?counts=true", NURSE).await.assert_problem(422, "validation-failed");
}

// proves VER-06
#[tokio::test]
async fn a_closed_case_leaves_my_orders_after_90_days_and_stays_in_order_status() {
    let service = sandbox().await;
    assert_created(&service.post("/v1/orders", ORDERING, &authorized_order()).await);
    let pending = for_member(pending_order(), "XKM100200301", "Sample", "Patient", "1948-06-30");
    let pending = assert_created(&service.post("/v1/orders", ORDERING, &pending).await);
    service.app.clock.freeze_at("2027-02-19T15:00:00Z".parse().unwrap());
    let mine = service.get("/v1/orders?view=my_orders", ORDERING).await.json();
    assert_eq!(mine["items"].as_array().unwrap().len(), 1);
    assert_eq!(mine["items"][0]["case_id"], pending["case_id"]);
    assert_eq!(mine["items"][0]["review"]["overdue"], true);
    let all = service.get("/v1/orders?view=order_status", ORDERING).await.json();
    assert_eq!(all["items"].as_array().unwrap().len(), 2);
}

// proves INF-08, PRG-14
#[tokio::test]
async fn a_member_is_found_by_name_where_the_program_asks_for_no_number_and_two_of_a_name_need_it() {
    let service = sandbox().await;
    let mut order = for_member(authorized_order(), "", "COMMERCIAL", "hmo", "1972-07-07");
    order["member"]["health_plan"] = json!("bcbs-massachusetts");
    order["member"].as_object_mut().unwrap().remove("member_id");
    let case = assert_created(&service.post("/v1/orders", ORDERING, &order).await);
    assert_eq!(case["program"], "quality-care-cancer");
    assert_eq!(count(&service, "select count(*) from cases where member_id = 'XXP100200301'").await, 1);
    order["member"]["first_name"] = json!("Same");
    order["member"]["last_name"] = json!("Name");
    order["member"]["birth_date"] = json!("1952-12-12");
    let problem = service.post("/v1/orders", ORDERING, &order).await.assert_problem(422, "missing-required-information");
    assert_eq!(problem["errors"][0]["pointer"], "/member/member_id");
}
