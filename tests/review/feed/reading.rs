//! Following a feed.

use super::support::desk::{
    ADMINISTRATOR, BMA, NURSE, OVM, PHYSICIAN, PRACTICE, QCCP, SECOND_PHYSICIAN, act, custom, denied, deny, done, id, move_clock,
    offer, submit, tch, unanswered,
};
use super::support::http::Service;
use super::{PLAN_TOKEN, assert_complete, follow, items, page};
use axum::http::Method;
use serde_json::json;

const NIL: &str = "00000000-0000-0000-0000-000000000000";

// proves DET-11
#[tokio::test]
async fn an_authorized_order_reaches_the_plan_with_codes_and_units() {
    let service = Service::with_rosters().await;
    let case = submit(&service, &tch(BMA)).await;
    let answer = service.get(&format!("/v1/feeds/{BMA}/events"), PLAN_TOKEN).await;
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.text);
    let found = items(&answer.json());
    let [item] = found.as_slice() else { panic!("one item: {found:?}") };
    assert_eq!((&item["case_id"], &item["kind"], &item["position"]), (&case["case_id"], &json!("submitted"), &json!(1)));
    assert_eq!((&item["status"], &item["order_id"]), (&json!("authorized"), &case["order_id"]));
    assert_eq!((&item["member_id"], &item["program"]), (&json!("XKM100200300"), &json!("blue-medicare-advantage-ccq")));
    for (told, decided) in item["drugs"].as_array().unwrap().iter().zip(case["drugs"].as_array().unwrap()) {
        for name in ["hcpcs", "status", "units_approved", "billing_unit", "visits_approved", "valid_from", "valid_through"] {
            assert_eq!(told[name], decided[name], "{name}");
        }
    }
    assert_eq!(item["s_codes"], case["s_codes"], "the plan pays them, so it may see them");
    let version = item["event_id"].as_str().unwrap().parse::<uuid::Uuid>().unwrap().get_version_num();
    assert_eq!(version, 7);
}

// proves DET-11
#[tokio::test]
async fn a_reader_resumes_exactly_where_it_stopped() {
    let service = Service::with_rosters().await;
    let empty = page(&service, BMA, "").await;
    assert_eq!(empty, json!({"items": [], "next": NIL}), "the beginning is a cursor, too");
    let mut case_ids = Vec::new();
    let mut found = Vec::new();
    let mut after = NIL.to_owned();
    for round in 0..6 {
        case_ids.push(id(&submit(&service, &custom(BMA)).await));
        if round % 2 == 0 {
            continue; // the next page has two
        }
        let next = page(&service, BMA, &format!("after={after}")).await;
        assert_eq!(items(&next).len(), 2);
        found.extend(items(&next));
        next["next"].as_str().unwrap().clone_into(&mut after);
        let none = page(&service, BMA, &format!("after={after}&limit=200")).await;
        assert_eq!(none, json!({"items": [], "next": after}), "nothing new: the same cursor");
    }
    assert_complete(&service, &found, &case_ids).await;
    let again = follow(&service, BMA, 1).await;
    assert_eq!(again, found, "the order and the ids never change");
}

// proves DET-11
#[tokio::test]
async fn an_unknown_cursor_and_a_wrong_limit_are_refused() {
    let service = Service::with_rosters().await;
    submit(&service, &tch(BMA)).await;
    submit(&service, &tch(OVM)).await;
    let foreign = page(&service, OVM, "").await["next"].as_str().unwrap().to_owned();
    for after in [foreign.as_str(), "0199aaaa-0000-7000-8000-000000000000"] {
        let answer = service.get(&format!("/v1/feeds/{BMA}/events?after={after}"), PLAN_TOKEN).await;
        let problem = answer.assert_problem(422, "validation-failed");
        assert_eq!(
            (&problem["errors"][0]["pointer"], &problem["errors"][0]["code"]),
            (&json!("?after"), &json!("unknown-cursor"))
        );
    }
    for query in ["after=yesterday", "limit=0", "limit=201", "afer=x"] {
        let answer = service.get(&format!("/v1/feeds/{BMA}/events?{query}"), PLAN_TOKEN).await;
        answer.assert_problem(422, "validation-failed");
    }
}

#[tokio::test]
async fn a_plan_reads_its_own_feed_only() {
    // proves DET-11
    let service = Service::with_rosters().await;
    submit(&service, &tch(OVM)).await;
    for plan in [OVM, QCCP, "no-such-plan"] {
        service.get(&format!("/v1/feeds/{plan}/events"), PLAN_TOKEN).await.assert_problem(404, "not-found");
    }
    service.get("/v1/feeds/no-such-plan/events", ADMINISTRATOR).await.assert_problem(404, "not-found");
    assert_eq!(items(&page(&service, OVM, "").await).len(), 1);
    assert!(items(&page(&service, BMA, "").await).is_empty());
}

// proves DET-11
#[tokio::test]
async fn every_kind_of_event_of_every_case_is_in_the_feed() {
    let service = Service::with_rosters().await;
    let reconsidered = denied(&service, BMA).await;
    let body = json!({"reason": "new evidence", "attachments": []});
    let asked = service.post(&format!("/v1/orders/{}/reconsiderations", id(&reconsidered)), PRACTICE, &body).await;
    assert_eq!(asked.status.as_u16(), 201, "{}", asked.text);
    let path = format!("/v1/reconsiderations/{}/determinations", asked.json()["reconsideration_id"].as_str().unwrap());
    let body = json!({"decision": "overturned", "rationale": "the evidence supports it",
                      "drugs": [{"line": 2, "decision": "authorized"}]});
    let overturned = service.post(&path, SECOND_PHYSICIAN, &body).await;
    assert_eq!(overturned.status.as_u16(), 201, "{}", overturned.text);

    let duplicate = id(&submit(&service, &custom(BMA)).await);
    done(&service, NURSE, &duplicate, "duplicate-decisions", &json!({"duplicate": true, "rationale": "sent twice"})).await;

    let expiring = id(&submit(&service, &unanswered(BMA)).await);
    done(&service, NURSE, &expiring, "information-requests", &json!({"items": ["ejection fraction"]})).await;
    let correction = json!({"contact": {"name": "Back office", "phone": "+1 734 555 0101"}});
    let changed = service.call(Method::PATCH, &format!("/v1/orders/{expiring}"), PRACTICE, Some(&correction)).await;
    assert_eq!(changed.status.as_u16(), 200, "{}", changed.text);
    done(&service, NURSE, &expiring, "peer-to-peer", &offer()).await;
    done(&service, NURSE, &expiring, "escalations", &json!({"rationale": "no answer"})).await;
    act(&service, PHYSICIAN, &expiring, "determinations", &deny(&[3])).await;
    move_clock(&service, "2026-11-26T15:00:00Z").await;

    let mut later = tch(BMA);
    later["member"] = json!({"health_plan": BMA, "member_id": "XKM100200301", "first_name": "Sample", "last_name": "Patient",
                             "birth_date": "1948-06-30"});
    later["clinical"]["sex"] = json!("male");
    later["diagnosis"]["icd10"] = json!("C50.921");
    let billed = submit(&service, &later).await;
    let claim = json!({"case_id": billed["case_id"], "code": "S0353", "service_date": "2026-12-01", "billing_npi": "1234567893",
                       "claim_type": "professional"});
    assert_eq!(service.post("/v1/s-code-claims", PRACTICE, &claim).await.status.as_u16(), 201);
    let withdrawal = json!({"drugs": [3, 4], "reason": "voluntarily_cancelled"});
    let path = format!("/v1/orders/{}/withdrawals", id(&billed));
    let withdrawn = service.post(&path, PRACTICE, &withdrawal).await;
    assert_eq!(withdrawn.status.as_u16(), 201, "{}", withdrawn.text);

    let case_ids = [id(&reconsidered), duplicate, expiring, id(&billed)];
    let found = follow(&service, BMA, 3).await;
    assert_complete(&service, &found, &case_ids).await;
    let kinds: std::collections::BTreeSet<&str> = found.iter().map(|item| item["kind"].as_str().unwrap()).collect();
    for kind in ["submitted", "updated", "claimed", "withdrawn", "s_code_claimed", "s_codes_voided", "reconsideration_requested"]
    {
        assert!(kinds.contains(kind), "{kind} is not among {kinds:?}");
    }
    assert!(kinds.len() >= 12, "{kinds:?}");
    // each item shows the case as it stood then
    let of_case = |case_id: &str| -> Vec<&str> {
        let mine = found.iter().filter(|item| item["case_id"] == case_id);
        mine.map(|item| item["status"].as_str().unwrap()).collect()
    };
    let mut statuses = of_case(&case_ids[0]);
    statuses.dedup();
    assert_eq!(statuses, ["in_progress", "non_authorized", "authorized"]);
    let withdrawn = found.iter().rfind(|item| item["kind"] == "withdrawn").unwrap();
    assert_eq!(withdrawn["drugs"][2]["status"], "voluntarily_cancelled");
}
