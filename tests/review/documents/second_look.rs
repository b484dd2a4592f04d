//! Letters after a reconsideration that leaves a part denied, and after one that finds nothing denied any more.

use crate::documents::forms::{pdf, words_of_pdf};
use crate::support::desk::*;
use crate::support::http::{Answer, Service};
use serde_json::{Value, json};

/// An order with a growth factor that no policy supports, beside what `order` holds.
fn with_growth_factor(mut order: Value) -> Value {
    let supportive = json!({"line": 5, "hcpcs": "J2506", "role": "supportive", "route": "sc", "dose": {"amount": 6, "unit": "mg"},
                            "days": [2], "frequency_per_day": 1});
    order["treatment"]["phases"][0]["drugs"].as_array_mut().unwrap().push(supportive);
    order
}

async fn asked(service: &Service, case_id: &str) -> String {
    let asked = service.post(&format!("/v1/orders/{case_id}/reconsiderations"), PRACTICE, &json!({"reason": "new data"})).await;
    asked.json()["reconsideration_id"].as_str().unwrap().to_owned()
}

async fn decided(service: &Service, one: &str, body: &Value) -> Answer {
    service.post(&format!("/v1/reconsiderations/{one}/determinations"), SECOND_PHYSICIAN, body).await
}

async fn words(service: &Service, case: &Value, kind: &str) -> String {
    let letters = case["letters"].as_array().unwrap();
    let letter = letters.iter().rfind(|letter| letter["kind"] == kind && letter["to"] == "member").unwrap();
    words_of_pdf(&pdf(service, &format!("/v1/letters/{}", letter["letter_id"].as_str().unwrap()), PRACTICE).await)
}

// proves APP-04, DET-10
#[tokio::test]
async fn what_was_denied_along_with_another_drug_stays_denied_for_reasons_of_its_own_only() {
    let service = Service::with_rosters().await;
    let case_id = id(&submit(&service, &with_growth_factor(custom(BMA))).await);
    done(&service, PHYSICIAN, &case_id, "peer-to-peer", &offer()).await;
    let denied = done(&service, PHYSICIAN, &case_id, "determinations", &deny(&[2])).await;
    assert!(words(&service, &denied, "denial").await.contains("Not approved because nivolumab, a treatment drug"));
    let one = asked(&service, &case_id).await;
    let mut body =
        json!({"decision": "overturned", "rationale": "the trial holds", "drugs": [{"line": 2, "decision": "authorized"}]});
    let unnamed = decided(&service, &one, &body).await.assert_problem(422, "validation-failed");
    assert!(unnamed["detail"].as_str().unwrap().contains("line 5 was denied only because another line was"), "{unnamed}");
    let own = json!({"line": 5, "decision": "non_authorized", "reason_code": "criteria_not_met", "rationale": "No risk factor is documented."});
    body["drugs"].as_array_mut().unwrap().push(own);
    let answer = decided(&service, &one, &body).await;
    assert_eq!(answer.status.as_u16(), 201, "{}", answer.text);
    let case = read(&service, &case_id).await;
    assert_eq!(case["status"], "multiple_decisions_rendered", "{}", case["drugs"]);
    let denial = words(&service, &case, "denial").await;
    for said in
        ["does not approve a part of the treatment requested", "No risk factor is documented.", "overturned a part of the denial"]
    {
        assert!(denial.contains(said), "no {said:?} in {denial}");
    }
    assert!(!denial.contains("The entire request is denied") && !denial.contains("Not approved because"), "{denial}");
    assert!(words(&service, &case, "approval").await.contains("Nivolumab"));
}

// proves APP-02, DET-10
#[tokio::test]
async fn nobody_is_told_of_a_denial_that_was_withdrawn_since() {
    let service = Service::with_rosters().await;
    let mut order = with_growth_factor(unanswered(BMA));
    order["servicing_provider"] = json!({"name": "Unlisted Infusion Center"});
    let case_id = id(&submit(&service, &order).await);
    done(&service, PHYSICIAN, &case_id, "peer-to-peer", &offer()).await;
    let mut in_parts = authorize(&[3, 4]);
    in_parts["drugs"].as_array_mut().unwrap().push(deny(&[5])["drugs"][0].clone());
    let case = done(&service, PHYSICIAN, &case_id, "determinations", &in_parts).await;
    let one = asked(&service, &case_id).await;
    let withdrawal = json!({"drugs": [5], "reason": "voluntarily_cancelled"});
    let withdrawn = service.post(&format!("/v1/orders/{case_id}/withdrawals"), PRACTICE, &withdrawal).await;
    assert_eq!((withdrawn.status.as_u16(), &withdrawn.json()["status"]), (201, &json!("authorized")), "{}", withdrawn.text);
    let answer = decided(&service, &one, &json!({"decision": "upheld", "rationale": "nothing is left to decide"})).await;
    assert_eq!(answer.status.as_u16(), 201, "{}", answer.text);
    assert_eq!(read(&service, &case_id).await["letters"], case["letters"]);
}
