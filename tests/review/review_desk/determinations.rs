//! Deciding lines: who may, why, and what follows for the case.

use crate::support::desk::*;
use crate::support::http::Service;
use serde_json::{Value, json};

/// Line, role, rationale, the line that took it along, criteria.
type Denied = (i32, String, String, Option<i32>, Vec<String>);

async fn pended(order: &Value) -> (Service, String) {
    let service = Service::with_rosters().await;
    let case_id = id(&submit(&service, order).await);
    (service, case_id)
}

// proves DET-02, CAS-03, CAS-08, SCD-01
#[tokio::test]
async fn a_nurse_authorizes_and_the_case_gets_its_numbers_pathway_and_s_codes() {
    let (service, case_id) = pended(&unanswered(BMA)).await;
    let case = done(&service, NURSE, &case_id, "determinations", &authorize(&[3, 4])).await;
    assert_eq!(case["status"], "authorized");
    assert_eq!(&statuses(&case)[2..], ["authorized", "authorized"]);
    let order_id = case["order_id"].as_str().unwrap();
    assert!(order_id.starts_with('A') && order_id.len() == 10);
    assert!(case["pathway_eligible_id"].as_str().unwrap().starts_with('P'));
    assert_eq!(case["pathway"]["determination"], "on_pathway");
    assert_eq!((&case["s_codes"][0]["code"], &case["s_codes"][1]["code"]), (&json!("S0353"), &json!("S0354")));
    assert_eq!((&case["review"], &case["decided_at"]), (&Value::Null, &json!("2026-11-20T15:00:00Z")));
    for drug in case["drugs"].as_array().unwrap() {
        assert_eq!(drug["order_id"], order_id);
        assert!(drug["units_approved"].is_u64() && drug["visits_approved"].is_u64(), "{drug}");
        assert_eq!(drug["valid_from"], "2026-12-01");
    }
    assert_eq!(read(&service, &case_id).await, case);
    let awards: i64 = sqlx::query_scalar("select count(*) from s_code_awards").fetch_one(&service.app.pool).await.unwrap();
    assert_eq!(awards, 2);
    let found = service.get(&format!("/v1/orders?order_id={order_id}"), PRACTICE).await.json();
    assert_eq!(found["items"][0]["case_id"], case_id);
}

// proves DET-02
/// Machines' clocks are set, and processes take turns: what one wrote may be later than the other's now.
#[tokio::test]
async fn a_clock_that_was_set_back_keeps_no_case_from_being_decided() {
    let (service, case_id) = pended(&unanswered(BMA)).await;
    service.app.clock.freeze_at("2026-11-20T14:50:00Z".parse().unwrap());
    done(&service, NURSE, &case_id, "information-requests", &json!({"items": ["echocardiogram"]})).await;
    let case = done(&service, NURSE, &case_id, "determinations", &authorize(&[3, 4])).await;
    assert_eq!(case["status"], "authorized");
    let events = events(&service, &case_id).await;
    assert!(
        events.len() > 2 && events.iter().all(|event| event["at"] == "2026-11-20T15:00:00Z"),
        "none is earlier than the one before it"
    );
}

// proves CAS-08
#[tokio::test]
async fn lines_that_are_left_out_stay_in_progress_and_held_ones_return_to_what_was_computed() {
    let mut order = custom(BMA);
    order["clinical"]["assessments"] = json!([]);
    let (service, case_id) = pended(&order).await;
    let case = done(&service, NURSE, &case_id, "determinations", &authorize(&[2])).await;
    assert_eq!(case["status"], "in_progress");
    assert_eq!(statuses(&case), ["clinical_review_not_required", "authorized", "in_progress", "in_progress"]);
    assert_eq!(case["review"]["holds"], json!([]));
    assert_eq!(case["status_reason"], "trastuzumab needs clinical review");
    assert_eq!((&case["order_id"], &case["pathway"]["determination"]), (&Value::Null, &json!("not_determined")));
    let case = done(&service, NURSE, &case_id, "determinations", &authorize(&[3, 4])).await;
    assert_eq!(case["status"], "authorized");
}

// proves DET-02, DET-03, DET-04, DET-09, CAS-04, CAS-09, SCD-11
#[tokio::test]
async fn a_denial_needs_a_physician_an_offer_and_reasons_and_denies_the_entire_case() {
    let (service, case_id) = pended(&custom(BMA)).await;
    let nurse = act(&service, NURSE, &case_id, "determinations", &deny(&[2])).await.assert_problem(403, "forbidden");
    assert_eq!(nurse["remedy"], "escalate");
    let early = act(&service, PHYSICIAN, &case_id, "determinations", &deny(&[2])).await.assert_problem(409, "conflict");
    assert_eq!((&early["remedy"], &early["requirement"]), (&json!("offer_peer_to_peer"), &json!("DET-03")));
    done(&service, NURSE, &case_id, "peer-to-peer", &offer()).await;
    done(&service, NURSE, &case_id, "escalations", &json!({"rationale": "criteria not met"})).await;
    let bare = json!({"drugs": [{"line": 2, "decision": "non_authorized"}, {"line": 9, "decision": "non_authorized",
                                "reason_code": " ", "rationale": "because"}]});
    let faults = act(&service, PHYSICIAN, &case_id, "determinations", &bare).await.assert_problem(422, "validation-failed");
    let mut pointers: Vec<&str> =
        faults["errors"].as_array().unwrap().iter().map(|one| one["pointer"].as_str().unwrap()).collect();
    pointers.sort_unstable();
    assert_eq!(pointers, ["/drugs/0/rationale", "/drugs/0/reason_code", "/drugs/1/line", "/drugs/1/reason_code"]);
    let case = done(&service, PHYSICIAN, &case_id, "determinations", &deny(&[2])).await;
    assert_eq!(case["status"], "non_authorized");
    assert_eq!(statuses(&case), ["clinical_review_not_required", "non_authorized", "non_authorized", "non_authorized"]);
    assert_eq!((&case["order_id"], &case["pathway_eligible_id"], &case["review"]), (&Value::Null, &Value::Null, &Value::Null));
    assert_eq!(case["pathway"]["determination"], "not_eligible");
    assert_eq!((&case["s_codes"], &case["s_codes_withheld"]), (&json!([]), &json!("not_decided")));
    assert!(case["drugs"].as_array().unwrap().iter().all(|drug| drug["order_id"].is_null() && drug["units_approved"].is_null()));
    // each denied line has its determination, the ones taken along with the line that took them
    let rows: Vec<Denied> = sqlx::query_as(
        "select line, role, rationale, implied_by_line, criteria_not_met from determinations where decision = 'non_authorized' order by line",
    )
    .fetch_all(&service.app.pool)
    .await
    .unwrap();
    let lines: Vec<_> = rows.iter().map(|(line, role, _, by, _)| (*line, role.as_str(), *by)).collect();
    assert_eq!(lines, [(2, "physician", None), (3, "physician", Some(2)), (4, "physician", Some(2))]);
    assert!(rows.iter().all(|row| row.2 == "the evidence does not support this drug here"));
    assert!(rows[0].4.iter().any(|rule| rule.starts_with("policy/")), "{:?}", rows[0].4);
}

// proves CAS-05, CAS-07
#[tokio::test]
async fn a_denied_supportive_drug_leaves_the_treatment_authorized() {
    let mut order = custom(BMA);
    let supportive = json!({"line": 5, "hcpcs": "J2506", "role": "supportive", "route": "sc", "dose": {"amount": 6, "unit": "mg"},
                            "days": [2], "frequency_per_day": 1});
    order["treatment"]["phases"][0]["drugs"].as_array_mut().unwrap().push(supportive);
    let (service, case_id) = pended(&order).await;
    done(&service, PHYSICIAN, &case_id, "peer-to-peer", &offer()).await;
    let mut both = authorize(&[1, 2, 3, 4]);
    both["drugs"].as_array_mut().unwrap().push(deny(&[5])["drugs"][0].clone());
    let case = done(&service, PHYSICIAN, &case_id, "determinations", &both).await;
    assert_eq!(case["status"], "multiple_decisions_rendered");
    assert_eq!(statuses(&case), ["authorized", "authorized", "authorized", "authorized", "non_authorized"]);
    assert!(case["order_id"].is_string());
    assert_eq!(case["drugs"][4]["order_id"], Value::Null);
    assert_eq!(case["drugs"][0]["order_id"], case["order_id"]);
}

// proves SCD-01
#[tokio::test]
async fn a_reviewer_finds_an_order_on_or_off_its_pathway() {
    let (service, case_id) = pended(&unanswered(BMA)).await;
    let mut body = authorize(&[3, 4]);
    body["pathway"] = json!({"determination": "off_pathway"});
    let case = done(&service, NURSE, &case_id, "determinations", &body).await;
    assert_eq!(case["pathway"]["determination"], "off_pathway");
    assert_eq!(
        (&case["pathway_eligible_id"], &case["s_codes"], &case["s_codes_withheld"]),
        (&Value::Null, &json!([]), &json!("off_pathway"))
    );
    // a schedule of its own takes a regimen off its Pathway; a physician puts it back
    let (service, case_id) = {
        let mut order = tch(OVM);
        for drug in order["treatment"]["phases"][0]["drugs"].as_array_mut().unwrap() {
            drug["days"] = json!([8]);
        }
        pended(&order).await
    };
    let open = read(&service, &case_id).await;
    assert_eq!(open["status"], "in_progress", "{}", open["deviations"]);
    let lines: Vec<u32> = (1..=4).filter(|line| statuses(&open)[*line as usize - 1] == "in_progress").collect();
    let mut body = authorize(&lines);
    body["pathway"] = json!({"determination": "on_pathway"});
    let case = done(&service, PHYSICIAN, &case_id, "determinations", &body).await;
    assert_eq!((&case["pathway"]["determination"], &case["pathway"]["pathway_id"]), (&json!("on_pathway"), &json!("PW-BRE-TCH")));
    assert!(case["pathway_eligible_id"].is_string());
    // without a match there is no Pathway to be on
    let (service, case_id) = pended(&custom(BMA)).await;
    let mut body = authorize(&[2]);
    body["pathway"] = json!({"determination": "on_pathway"});
    act(&service, NURSE, &case_id, "determinations", &body).await.assert_problem(409, "conflict");
}

// proves SCD-05
#[tokio::test]
async fn the_onset_is_awarded_once_though_two_cases_were_open_at_the_same_time() {
    let service = Service::with_rosters().await;
    let first = id(&submit(&service, &unanswered(BMA)).await);
    let second = id(&submit(&service, &unanswered(BMA)).await);
    let no = json!({"duplicate": false, "rationale": "another course"});
    done(&service, NURSE, &second, "duplicate-decisions", &no).await;
    let one = done(&service, NURSE, &first, "determinations", &authorize(&[3, 4])).await;
    let two = done(&service, NURSE, &second, "determinations", &authorize(&[3, 4])).await;
    assert_eq!(one["s_codes"][0]["code"], "S0353");
    assert_eq!(one["pathway"]["pathway_id"], two["pathway"]["pathway_id"]);
    assert_eq!((&two["s_codes"][0]["code"], &two["s_codes_withheld"]), (&json!("S0354"), &json!("already_awarded")));
}

#[tokio::test]
async fn a_line_is_decided_once_and_has_to_be_there() {
    let (service, case_id) = pended(&unanswered(BMA)).await;
    let twice = authorize(&[3, 3]);
    act(&service, NURSE, &case_id, "determinations", &twice).await.assert_problem(422, "validation-failed");
    act(&service, NURSE, &case_id, "determinations", &authorize(&[17])).await.assert_problem(422, "validation-failed");
    act(&service, NURSE, &case_id, "determinations", &authorize(&[1])).await.assert_problem(409, "conflict");
    act(&service, NURSE, &case_id, "determinations", &json!({"drugs": []})).await.assert_problem(422, "validation-failed");
    let unknown = json!({"drugs": [{"line": 3, "decision": "approved"}]});
    act(&service, NURSE, &case_id, "determinations", &unknown).await.assert_problem(422, "validation-failed");
    assert_eq!(kinds(&service, &case_id).await, ["submitted"]);
}

#[tokio::test]
async fn an_act_is_done_once_under_its_key_and_only_on_the_version_it_was_meant_for() {
    let (service, case_id) = pended(&unanswered(BMA)).await;
    let path = format!("/v1/reviews/{case_id}/determinations");
    let stale = post_with(&service, &path, NURSE, &[("if-match", "\"7\"")], &authorize(&[3, 4])).await;
    stale.assert_problem(412, "precondition-failed");
    let headers = [("if-match", "\"1\""), ("idempotency-key", "decide-once")];
    let first = post_with(&service, &path, NURSE, &headers, &authorize(&[3, 4])).await;
    assert_eq!((first.status.as_u16(), first.header("etag")), (201, "\"2\""), "{}", first.text);
    let again = post_with(&service, &path, NURSE, &headers, &authorize(&[3, 4])).await;
    assert_eq!((again.status.as_u16(), again.header("idempotency-replayed")), (201, "true"));
    assert_eq!(again.json(), first.json());
    post_with(&service, &path, NURSE, &headers, &authorize(&[3])).await.assert_problem(422, "idempotency-key-reused");
    assert_eq!(kinds(&service, &case_id).await, ["submitted", "determined"]);
}

// proves DET-02, PRG-01
#[tokio::test]
async fn a_radiation_case_is_authorized_or_denied_as_its_one_line() {
    let service = Service::with_rosters().await;
    let mut order = tch(QCCP);
    order["service"] = json!("radiation_oncology");
    order["treatment"] = Value::Null;
    order["servicing_provider"]["address"] =
        json!({"line1": "2 Example Street", "city": "Sampletown", "state": "MA", "postal_code": "00000"});
    order["radiation"] = json!({"modality": "other", "technique": null, "site": "breast", "total_dose_gy": 42.56, "fractions": 16,
                                "plan_comparison": null, "histology": "invasive ductal carcinoma"});
    let first = submit(&service, &order).await;
    assert_eq!(first["status"], "in_progress", "what no rule speaks of is reviewed");
    let case = done(&service, NURSE, &id(&first), "determinations", &authorize(&[1])).await;
    assert_eq!((&case["status"], &case["procedures"][0]["status"]), (&json!("authorized"), &json!("authorized")));
    assert!(case["order_id"].is_string());
    order["radiation"]["site"] = json!("chest wall");
    let second = id(&submit(&service, &order).await);
    done(&service, PHYSICIAN, &second, "peer-to-peer", &offer()).await;
    let case = done(&service, PHYSICIAN, &second, "determinations", &deny(&[1])).await;
    assert_eq!(case["status"], "non_authorized");
    // a denial of radiation names what it rests on and where that is to be had, as one of drugs does (DET-10)
    for letter in case["letters"].as_array().unwrap() {
        let path = format!("/v1/letters/{}", letter["letter_id"].as_str().unwrap());
        let text = service.get(&path, PHYSICIAN).await.json()["document"].to_string();
        for said in ["“Radiation oncology criteria” (Criteria of the program's administrator)", "Where to get the policy:"] {
            assert!(text.contains(said), "no {said:?} in {text}");
        }
    }
}

// proves DET-11
#[tokio::test]
async fn the_history_says_who_did_what_when_why_and_what_changed() {
    let service = Service::with_rosters().await;
    let case_id = id(&denied(&service, BMA).await);
    let events = events(&service, &case_id).await;
    let kinds: Vec<&str> = events.iter().map(|event| event["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["submitted", "claimed", "peer_to_peer_offered", "escalated", "determined"]);
    let (offered, determined) = (&events[2], &events[4]);
    assert_eq!(
        (&offered["actor"], &offered["actor_role"], &offered["at"]),
        (&json!(NURSE), &json!("nurse"), &json!("2026-11-20T15:00:00Z"))
    );
    assert_eq!(offered["detail"]["with"], "front desk");
    assert_eq!(determined["actor"], PHYSICIAN);
    assert_eq!(determined["reason"], "the evidence does not support this drug here");
    assert_eq!(determined["detail"]["before"]["status"], "in_progress");
    assert_eq!(determined["detail"]["after"]["status"], "non_authorized");
    assert_eq!(determined["detail"]["drugs"][0]["reason_code"], "not_medically_necessary");
}
