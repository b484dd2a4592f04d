//! Reconsideration of a denial.

use crate::support::desk::*;
use crate::support::http::{Answer, Service};
use serde_json::{Value, json};

async fn ask(service: &Service, token: &str, case_id: &str) -> Answer {
    let body = json!({"reason": "new trial data", "attachments": []});
    service.post(&format!("/v1/orders/{case_id}/reconsiderations"), token, &body).await
}

async fn open(service: &Service, case_id: &str) -> String {
    let answer = ask(service, PRACTICE, case_id).await;
    assert_eq!(answer.status.as_u16(), 201, "{}", answer.text);
    answer.json()["reconsideration_id"].as_str().unwrap().to_owned()
}

async fn decide(service: &Service, token: &str, id: &str, body: &Value) -> Answer {
    service.post(&format!("/v1/reconsiderations/{id}/determinations"), token, body).await
}

fn overturn() -> Value {
    json!({"decision": "overturned", "drugs": [], "rationale": "the new data support it"})
}

/// A denial of an order on a Pathway.
async fn denied_on_pathway(service: &Service) -> String {
    let case_id = id(&submit(service, &unanswered(BMA)).await);
    done(service, PHYSICIAN, &case_id, "peer-to-peer", &offer()).await;
    let case = done(service, PHYSICIAN, &case_id, "determinations", &deny(&[3])).await;
    assert_eq!(case["status"], "non_authorized");
    case_id
}

// proves APP-01, APP-04
#[tokio::test]
async fn an_overturned_denial_is_approved_as_at_a_first_decision_by_another_physician() {
    let service = Service::with_rosters().await;
    let case_id = denied_on_pathway(&service).await;
    let answer = ask(&service, PRACTICE, &case_id).await;
    assert_eq!(answer.status.as_u16(), 201, "{}", answer.text);
    let opened = answer.json();
    assert_eq!(
        (&opened["state"], &opened["case_id"], &opened["requested_by"]),
        (&json!("open"), &json!(case_id), &json!(PRACTICE))
    );
    let one = opened["reconsideration_id"].as_str().unwrap();
    assert_eq!(answer.header("location"), format!("/v1/reconsiderations/{one}"));
    let waiting = service.get("/v1/reconsiderations", SECOND_PHYSICIAN).await.json();
    assert_eq!(waiting["items"][0]["reconsideration_id"], one);
    decide(&service, PHYSICIAN, one, &overturn()).await.assert_problem(403, "forbidden");
    decide(&service, NURSE, one, &overturn()).await.assert_problem(403, "forbidden");
    let decided = decide(&service, SECOND_PHYSICIAN, one, &overturn()).await;
    assert_eq!(decided.status.as_u16(), 201, "{}", decided.text);
    let decided = decided.json();
    assert_eq!((&decided["state"], &decided["decided_by"]), (&json!("overturned"), &json!(SECOND_PHYSICIAN)));
    let case = read(&service, &case_id).await;
    assert_eq!(decided["case"], case);
    assert_eq!(case["status"], "authorized");
    assert_eq!(statuses(&case)[2..], ["authorized", "authorized"]);
    assert!(case["order_id"].is_string() && case["pathway_eligible_id"].is_string(), "{case}");
    assert_eq!((&case["pathway"]["determination"], &case["s_codes"][0]["code"]), (&json!("on_pathway"), &json!("S0353")));
    assert!(
        case["drugs"]
            .as_array()
            .unwrap()
            .iter()
            .all(|drug| drug["order_id"] == case["order_id"] && drug["valid_from"] == "2026-12-01")
    );
    let kinds = kinds(&service, &case_id).await;
    assert_eq!(kinds[kinds.len() - 2..], ["reconsideration_requested", "reconsideration_overturned"]);
    decide(&service, SECOND_PHYSICIAN, one, &overturn()).await.assert_problem(409, "conflict");
    let seen = service.get(&format!("/v1/reconsiderations/{one}"), PRACTICE).await.json();
    assert_eq!(seen["state"], "overturned");
    service.get(&format!("/v1/reconsiderations/{one}"), OTHER_PRACTICE).await.assert_problem(404, "not-found");
}

// proves APP-02
#[tokio::test]
async fn an_upheld_denial_stands_and_leads_to_the_plans_appeal() {
    let service = Service::with_rosters().await;
    let case_id = id(&denied(&service, BMA).await);
    let before = read(&service, &case_id).await;
    let one = open(&service, &case_id).await;
    let second = ask(&service, PRACTICE, &case_id).await.assert_problem(409, "conflict");
    assert!(second["detail"].as_str().unwrap().contains(&one), "{second}");
    let contradiction = json!({"decision": "upheld", "drugs": [{"line": 2, "decision": "authorized"}], "rationale": "no"});
    decide(&service, SECOND_PHYSICIAN, &one, &contradiction).await.assert_problem(422, "validation-failed");
    let blank = json!({"decision": "upheld", "rationale": " "});
    decide(&service, SECOND_PHYSICIAN, &one, &blank).await.assert_problem(422, "validation-failed");
    let upheld = json!({"decision": "upheld", "rationale": "the new data do not change it"});
    let answer = decide(&service, SECOND_PHYSICIAN, &one, &upheld).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["state"]), (201, &json!("upheld")), "{}", answer.text);
    let mut after = read(&service, &case_id).await;
    after["letters"] = before["letters"].clone(); // the denial is told again
    assert_eq!(after, before);
    let again = ask(&service, PRACTICE, &case_id).await.assert_problem(409, "conflict");
    assert!(again["detail"].as_str().unwrap().contains("first-level appeal to Blue Medicare Advantage"), "{again}");
}

// proves APP-01, APP-02
#[tokio::test]
async fn reconsideration_is_open_for_ten_local_calendar_days() {
    // denied on 2026-11-20 at 09:00 in Chicago: the tenth day ends with 2026-11-30 there, which is 06:00 of December in London
    for (now, taken) in [("2026-12-01T05:59:59Z", true), ("2026-12-01T06:00:00Z", false)] {
        let service = Service::with_rosters().await;
        let case_id = id(&denied(&service, BMA).await);
        move_clock(&service, now).await;
        let answer = ask(&service, PRACTICE, &case_id).await;
        if taken {
            assert_eq!(answer.status.as_u16(), 201, "{}", answer.text);
        } else {
            let refused = answer.assert_problem(409, "conflict");
            let detail = refused["detail"].as_str().unwrap();
            assert!(detail.contains("2026-11-30") && detail.contains("appeal to Blue Medicare Advantage"), "{detail}");
        }
    }
}

// proves APP-03
#[tokio::test]
async fn programs_without_reconsideration_name_the_plans_appeal() {
    let service = Service::with_rosters().await;
    for plan in [OVM, QCCP] {
        let case_id = id(&denied(&service, plan).await);
        let refused = ask(&service, PRACTICE, &case_id).await.assert_problem(409, "conflict");
        assert!(refused["detail"].as_str().unwrap().contains("first-level appeal to"), "{refused}");
    }
}

// proves APP-01, PRV-02
#[tokio::test]
async fn only_a_denial_is_reconsidered_and_only_for_those_whose_case_it_is() {
    let service = Service::with_rosters().await;
    let open_case = id(&submit(&service, &unanswered(BMA)).await);
    ask(&service, PRACTICE, &open_case).await.assert_problem(409, "conflict");
    done(&service, NURSE, &open_case, "determinations", &authorize(&[3, 4])).await;
    ask(&service, PRACTICE, &open_case).await.assert_problem(409, "conflict");
    let case_id = {
        let second = id(&submit(&service, &custom(BMA)).await);
        done(&service, NURSE, &second, "duplicate-decisions", &json!({"duplicate": false, "rationale": "other"})).await;
        done(&service, NURSE, &second, "peer-to-peer", &offer()).await;
        done(&service, NURSE, &second, "escalations", &json!({"rationale": "x"})).await;
        id(&done(&service, PHYSICIAN, &second, "determinations", &deny(&[2])).await)
    };
    ask(&service, OTHER_PRACTICE, &case_id).await.assert_problem(404, "not-found");
    for token in ["sandbox-health-plan", ADMINISTRATOR] {
        ask(&service, token, &case_id).await.assert_problem(403, "forbidden");
    }
    let key = [("idempotency-key", "again-please")];
    let path = format!("/v1/orders/{case_id}/reconsiderations");
    let body = json!({"reason": "by phone"});
    let first = post_with(&service, &path, INTAKE, &key, &body).await;
    let again = post_with(&service, &path, INTAKE, &key, &body).await;
    assert_eq!((first.status.as_u16(), again.header("idempotency-replayed")), (201, "true"), "{}", first.text);
    assert_eq!(first.json(), again.json());
}

// proves APP-04, CAS-04
#[tokio::test]
async fn an_overturn_names_what_it_authorizes_and_leaves_no_case_half_denied() {
    let service = Service::with_rosters().await;
    let case_id = denied_on_pathway(&service).await;
    let one = open(&service, &case_id).await;
    // lines 3 and 4 both waited for the answer
    let half = json!({"decision": "overturned", "drugs": [{"line": 3, "decision": "authorized"}], "rationale": "yes"});
    let refused = decide(&service, SECOND_PHYSICIAN, &one, &half).await.assert_problem(422, "validation-failed");
    assert!(refused["detail"].as_str().unwrap().contains("line 4"), "{refused}");
    let never = json!({"decision": "overturned", "drugs": [{"line": 1, "decision": "authorized"}], "rationale": "yes"});
    decide(&service, SECOND_PHYSICIAN, &one, &never).await.assert_problem(409, "conflict");
    assert_eq!(read(&service, &case_id).await["status"], "non_authorized");
    let whole = json!({"decision": "overturned", "rationale": "yes", "drugs": [{"line": 3, "decision": "authorized"},
                                                                            {"line": 4, "decision": "authorized"}]});
    let decided = decide(&service, SECOND_PHYSICIAN, &one, &whole).await;
    assert_eq!(decided.status.as_u16(), 201, "{}", decided.text);
    assert_eq!(decided.json()["case"]["status"], "authorized");
}

// proves APP-04, CAS-05
#[tokio::test]
async fn a_denied_supportive_drug_is_reconsidered_without_touching_the_rest() {
    let service = Service::with_rosters().await;
    let mut order = unanswered(BMA);
    let supportive = json!({"line": 5, "hcpcs": "J2506", "role": "supportive", "route": "sc", "dose": {"amount": 6, "unit": "mg"},
                            "days": [2], "frequency_per_day": 1});
    order["treatment"]["phases"][0]["drugs"].as_array_mut().unwrap().push(supportive);
    order["servicing_provider"] = json!({"name": "Unlisted Infusion Center"});
    let case_id = id(&submit(&service, &order).await);
    done(&service, PHYSICIAN, &case_id, "peer-to-peer", &offer()).await;
    let mut both = authorize(&[3, 4]);
    both["drugs"].as_array_mut().unwrap().push(deny(&[5])["drugs"][0].clone());
    let before = done(&service, PHYSICIAN, &case_id, "determinations", &both).await;
    assert_eq!(before["status"], "multiple_decisions_rendered", "{}", before["drugs"]);
    let one = open(&service, &case_id).await;
    let line =
        json!({"decision": "overturned", "drugs": [{"line": 5, "decision": "authorized"}], "rationale": "neutropenia before"});
    let decided = decide(&service, SECOND_PHYSICIAN, &one, &line).await;
    assert_eq!(decided.status.as_u16(), 201, "{}", decided.text);
    let case = &decided.json()["case"];
    assert_eq!(case["status"], "authorized");
    for field in ["order_id", "pathway_eligible_id", "pathway", "s_codes"] {
        assert_eq!(case[field], before[field], "{field} stays");
    }
    assert_eq!(case["drugs"][4]["order_id"], case["order_id"]);
}

/// An authorization of 2 of 11 visits of the fourth line, with the last day on which the rest may be reconsidered.
async fn denied_in_part(service: &Service) -> String {
    let case_id = id(&submit(service, &unanswered(BMA)).await);
    done(service, PHYSICIAN, &case_id, "peer-to-peer", &offer()).await;
    let mut less = authorize(&[3, 4]);
    less["drugs"][1] = json!({"line": 4, "decision": "authorized", "units_approved": 86, "visits_approved": 2,
        "reason_code": "criteria_not_met", "rationale": "Two doses, then reassess."});
    let case = done(service, PHYSICIAN, &case_id, "determinations", &less).await;
    assert_eq!(case["status"], "authorized", "{case:#}");
    case_id
}

fn more(units: u64, visits: u64) -> Value {
    let line = json!({"line": 4, "decision": "authorized", "units_approved": units, "visits_approved": visits,
        "reason_code": "criteria_not_met", "rationale": "So many until the next scan."});
    json!({"decision": "overturned", "drugs": [line], "rationale": "the new data support it"})
}

fn of_the_fourth(case: &Value) -> (Value, Value, Value) {
    let drug = &case["drugs"][3];
    (drug["units_approved"].clone(), drug["visits_approved"].clone(), drug["refused_part"]["visits"].clone())
}

// proves APP-01, APP-04, DET-10
#[tokio::test]
async fn a_denial_of_a_part_is_reconsidered_by_another_physician_up_to_what_was_ordered() {
    let service = Service::with_rosters().await;
    let case_id = denied_in_part(&service).await;
    let before = read(&service, &case_id).await;
    let one = open(&service, &case_id).await;
    decide(&service, PHYSICIAN, &one, &overturn()).await.assert_problem(403, "forbidden");
    // what is not more than before overturns nothing
    for (units, visits) in [(86, 2), (43, 1)] {
        let problem =
            decide(&service, SECOND_PHYSICIAN, &one, &more(units, visits)).await.assert_problem(422, "validation-failed");
        assert_eq!(problem["errors"][0]["code"], "nothing-overturned", "{problem:#}");
    }
    assert_eq!(read(&service, &case_id).await["drugs"], before["drugs"]);
    let decided = decide(&service, SECOND_PHYSICIAN, &one, &overturn()).await;
    assert_eq!(decided.status.as_u16(), 201, "{}", decided.text);
    let case = read(&service, &case_id).await;
    assert_eq!(decided.json()["case"], case);
    assert_eq!(of_the_fourth(&case), (json!(473), json!(11), Value::Null), "{case:#}");
    assert_eq!((&case["order_id"], &case["s_codes"]), (&before["order_id"], &before["s_codes"]), "{case:#}");
    let letters: Vec<&Value> = case["letters"].as_array().unwrap().iter().map(|letter| &letter["kind"]).collect();
    assert_eq!(letters[4..], ["approval", "approval"], "{letters:?}");
}

// proves APP-04, DET-10
#[tokio::test]
async fn a_reconsideration_may_take_back_some_of_what_was_denied_of_a_line() {
    let service = Service::with_rosters().await;
    let case_id = denied_in_part(&service).await;
    let one = open(&service, &case_id).await;
    let decided = decide(&service, SECOND_PHYSICIAN, &one, &more(258, 6)).await;
    assert_eq!(decided.status.as_u16(), 201, "{}", decided.text);
    let case = read(&service, &case_id).await;
    assert_eq!(of_the_fourth(&case), (json!(258), json!(6), json!(5)), "{case:#}");
    assert_eq!(case["drugs"][3]["refused_part"]["denial"]["rationale"], "So many until the next scan.", "{case:#}");
    let kinds: Vec<&Value> = case["letters"].as_array().unwrap().iter().map(|letter| &letter["kind"]).collect();
    assert_eq!(kinds[4..].iter().filter(|kind| **kind == "denial").count(), 2, "{kinds:?}");
    let last = case["letters"].as_array().unwrap().iter().rfind(|letter| letter["kind"] == "denial").unwrap();
    let letter = service.get(&format!("/v1/letters/{}", last["letter_id"].as_str().unwrap()), PRACTICE).await.json();
    let text = letter["document"].to_string();
    assert!(text.contains("Not approved: 5 visits, 215 billing units"), "{text}");
}

// proves APP-02
#[tokio::test]
async fn an_upheld_denial_of_a_part_is_told_again_and_leads_to_the_appeal() {
    let service = Service::with_rosters().await;
    let case_id = denied_in_part(&service).await;
    let before = read(&service, &case_id).await;
    let one = open(&service, &case_id).await;
    let body = json!({"decision": "upheld", "drugs": [], "rationale": "nothing new"});
    let decided = decide(&service, SECOND_PHYSICIAN, &one, &body).await;
    assert_eq!(decided.status.as_u16(), 201, "{}", decided.text);
    let case = read(&service, &case_id).await;
    assert_eq!((&case["drugs"], &case["status"]), (&before["drugs"], &before["status"]));
    let kinds: Vec<&Value> = case["letters"].as_array().unwrap().iter().map(|letter| &letter["kind"]).collect();
    assert_eq!(kinds[4..], ["denial", "denial"], "{kinds:?}");
    ask(&service, PRACTICE, &case_id).await.assert_problem(409, "conflict");
}
