//! `$submit-attachment`: answers are put into the order, which is decided anew, and documents go to the case.

use super::{actions, claim_response, held, pair, post, sandbox, submit};
use crate::support::desk::{NURSE, PHYSICIAN, done};
use crate::support::http::{Answer, Service};
use crate::support::submit::{ADMINISTRATOR, HEALTH_PLAN, INTAKE, ORDERING, OTHER_PRACTICE, SERVICING};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

const ATTACH: &str = "/fhir/Claim/$submit-attachment";
const PDF: &[u8] = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n";

/// A request that pends because a receptor's status is not known: its case, and what is asked for.
struct Pended {
    case_id: String,
    member_id: String,
    requests: Vec<Value>,
}

async fn pended(service: &Service) -> Pended {
    let request = pair("pend-her2-unknown.pas-request");
    let answer = submit(service, &request).await;
    let response = claim_response(&answer);
    assert!(actions(&response).iter().any(|(_, action)| action == "A4"), "{response}");
    let bundle = answer.json();
    let of = |kind: &str| -> Vec<Value> {
        let all = bundle["entry"].as_array().unwrap().iter().map(|entry| entry["resource"].clone());
        all.filter(|resource| resource["resourceType"] == kind).collect()
    };
    let requests = of("CommunicationRequest");
    assert!(!requests.is_empty() && of("Task").len() == 1, "what is asked for is told: {bundle}");
    let case_id = response["id"].as_str().unwrap().to_owned();
    let case = service.get(&format!("/v1/orders/{case_id}"), ORDERING).await.json();
    let member_id = case["request"]["member"]["member_id"].as_str().unwrap().to_owned();
    Pended { case_id, member_id, requests }
}

impl Pended {
    /// An attachment that answers the first request.
    fn attachment(&self, contents: &[Value]) -> Value {
        let mut parameters = vec![
            json!({"name": "TrackingId", "valueIdentifier": self.requests[0]["identifier"][0]}),
            json!({"name": "AttachTo", "valueCode": "preauthorization"}),
            json!({"name": "MemberId", "valueIdentifier": {"value": self.member_id}}),
        ];
        parameters.extend(contents.iter().map(|content| {
            json!({"name": "Attachment", "part": [{"name": "LineItem", "valueString": "1"}, {"name": "Content", "resource": content}]})
        }));
        json!({"resourceType": "Parameters", "parameter": parameters})
    }

    async fn case(&self, service: &Service) -> Value {
        service.get(&format!("/v1/orders/{}", self.case_id), ORDERING).await.json()
    }
}

fn answers(items: &Value) -> Value {
    json!({"resourceType": "QuestionnaireResponse", "status": "completed", "questionnaire": "http://example.org/q", "item": items})
}

fn her2(result: &str) -> Value {
    answers(&json!([{"linkId": "/clinical/biomarkers", "item": [
        {"linkId": "/clinical/biomarkers/name", "answer": [{"valueString": "her2"}]},
        {"linkId": "/clinical/biomarkers/result", "answer": [{"valueString": result}]},
    ]}]))
}

fn document(bytes: &[u8]) -> Value {
    json!({"resourceType": "DocumentReference", "status": "current", "description": "Pathology report",
           "content": [{"attachment": {"contentType": "application/pdf", "title": "pathology.pdf", "data": STANDARD.encode(bytes)}}]})
}

/// Sends an attachment: taken without a word, or refused as FHIR has it.
async fn attach(service: &Service, token: &str, body: &Value) -> Answer {
    let request = axum::http::Request::post(ATTACH)
        .header("content-type", "application/fhir+json")
        .header("authorization", format!("Bearer {token}"));
    let answer = service.send(request.body(axum::body::Body::from(body.to_string())).unwrap()).await;
    if answer.status == 200 {
        assert_eq!(answer.text, "");
        return answer;
    }
    held(answer)
}

fn her2_of(case: &Value) -> Value {
    let all = case["request"]["clinical"]["biomarkers"].as_array().unwrap();
    all.iter().find(|one| one["name"] == "her2").map_or(Value::Null, |one| one["result"].clone())
}

#[tokio::test]
async fn an_answer_that_was_asked_for_decides_the_request_anew_and_once() {
    // proves DEV-05
    let service = sandbox().await;
    let pended = pended(&service).await;
    let before = pended.case(&service).await;
    assert_eq!(before["status"], "in_progress");
    let body = pended.attachment(&[her2("positive")]);
    let answer = attach(&service, ORDERING, &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let after = pended.case(&service).await;
    assert_eq!(her2_of(&after), "positive");
    let biomarkers = |case: &Value| case["request"]["clinical"]["biomarkers"].as_array().unwrap().len();
    assert!(biomarkers(&after) >= biomarkers(&before), "what was told before stays");
    assert_eq!(after["status"], "authorized", "{after}");
    let history = async || service.get(&format!("/v1/orders/{}/history", pended.case_id), ADMINISTRATOR).await.text;
    let told = history().await;
    assert_eq!(attach(&service, ORDERING, &body).await.status, 200, "a resend");
    assert_eq!(history().await, told);
    // what is decided is changed by nobody
    let late = attach(&service, ORDERING, &pended.attachment(&[her2("negative")])).await;
    assert_eq!((late.status.as_u16(), &late.json()["issue"][0]["code"]), (422, &json!("business-rule")));
    assert_eq!(her2_of(&pended.case(&service).await), "positive");
}

#[tokio::test]
async fn an_answer_that_is_not_known_or_not_understood_helps_nothing_through() {
    // proves DEV-05
    let service = sandbox().await;
    let pended = pended(&service).await;
    assert_eq!(attach(&service, ORDERING, &pended.attachment(&[her2("unknown")])).await.status, 200);
    assert_eq!(pended.case(&service).await["status"], "in_progress");
    let foreign = answers(&json!([{"linkId": "1", "answer": [{"valueString": "yes"}]}]));
    let nonsense = answers(&json!([{"linkId": "/clinical/nonsense", "answer": [{"valueString": "yes"}]}]));
    let plan = answers(
        &json!([{"linkId": "/treatment/phases", "item": [{"linkId": "/treatment/phases/cycles", "answer": [{"valueInteger": 9}]}]}]),
    );
    let mut draft = her2("positive");
    draft["status"] = json!("in-progress");
    let mut of_another = her2("positive");
    of_another["subject"] = json!({"reference": "Patient/somebody-else"});
    let mut other_member = her2("positive");
    other_member["subject"] = json!({"identifier": {"value": "BMA000039"}});
    let mut modified = her2("positive");
    modified["modifierExtension"] = json!([{"url": "http://example.org/not", "valueBoolean": true}]);
    for (what, content) in [
        ("foreign", foreign),
        ("not understood", nonsense),
        ("a plan", plan),
        ("not finished", draft),
        ("another patient", of_another),
        ("another member", other_member),
        ("a modifier", modified),
        ("nothing", answers(&json!([]))),
        ("an observation", json!({"resourceType": "Observation", "status": "final"})),
    ] {
        let answer = attach(&service, ORDERING, &pended.attachment(&[her2("positive"), content])).await;
        assert_eq!(answer.status, 400, "{what}: {}", answer.text);
        let place = answer.json()["issue"][0]["expression"][0].as_str().unwrap().to_owned();
        assert!(place.starts_with("Parameters.parameter"), "{what}: {place}");
        assert_ne!(her2_of(&pended.case(&service).await), "positive", "{what}: nothing of it was taken");
    }
    let mut own = her2("positive");
    own["subject"] = json!({"identifier": {"system": "http://payer.example.org/members", "value": pended.member_id}});
    assert_eq!(attach(&service, ORDERING, &pended.attachment(&[own])).await.status, 200);
}

#[tokio::test]
async fn the_case_is_found_by_either_number_and_with_its_member_only() {
    // proves PRV-02
    let service = sandbox().await;
    let pended = pended(&service).await;
    let with = |changes: &dyn Fn(&mut Vec<Value>)| {
        let mut body = pended.attachment(&[her2("unknown")]);
        changes(body["parameter"].as_array_mut().unwrap());
        body
    };
    let case = pended.case(&service).await;
    let number = case["case_number"].as_str().unwrap();
    let reference = |value: &str| json!({"name": "AdminRefNumber", "valueIdentifier": {"value": value}});
    let tracking = |value: &str| json!({"name": "TrackingId", "valueIdentifier": {"system": "http://ehr.example.org/claims", "value": value}});
    let named = |name: &'static str| move |parameter: &Value| parameter["name"] != name;
    for (what, body) in [
        ("the id of the case", with(&|all| all.push(reference(&pended.case_id)))),
        ("its number", with(&|all| all.push(reference(number)))),
        ("the case and the line", with(&|all| all[0] = tracking(&format!("{}-1", pended.case_id)))),
        (
            "its payer",
            with(&|all| {
                all.push(json!({"name": "PayerId", "valueIdentifier": {"system": "http://payer.example.org/payer-id", "value": "ANTHEM-BMA"}}));
            }),
        ),
    ] {
        let answer = attach(&service, ORDERING, &body).await;
        assert_eq!(answer.status, 200, "{what}: {}", answer.text);
    }
    for (what, token, body, status) in [
        ("another member", ORDERING, with(&|all| all[2]["valueIdentifier"]["value"] = json!("BMA000039")), 404),
        ("no such number", ORDERING, with(&|all| all[0] = tracking("nothing")), 404),
        ("no such case", ORDERING, with(&|all| all.push(reference("00000000-0000-7000-8000-000000000000"))), 404),
        ("another practice", OTHER_PRACTICE, with(&|_| {}), 404),
        (
            "another payer",
            ORDERING,
            with(&|all| {
                all.push(json!({"name": "PayerId", "valueIdentifier": {"system": "http://payer.example.org/payer-id", "value": "BCBSM"}}));
            }),
            404,
        ),
        ("for a claim", ORDERING, with(&|all| all[1]["valueCode"] = json!("claim")), 400),
        ("no number", ORDERING, with(&|all| all.retain(named("TrackingId"))), 400),
        ("no member", ORDERING, with(&|all| all.retain(named("MemberId"))), 400),
        ("nothing attached", ORDERING, with(&|all| all.retain(named("Attachment"))), 400),
        ("two numbers", ORDERING, with(&|all| all.push(tracking("x"))), 400),
        ("another resource", ORDERING, json!({"resourceType": "Bundle"}), 400),
        ("the plan", HEALTH_PLAN, with(&|_| {}), 403),
    ] {
        let answer = attach(&service, token, &body).await;
        assert_eq!(answer.status.as_u16(), status, "{what}: {}", answer.text);
    }
    assert_eq!(attach(&service, INTAKE, &with(&|_| {})).await.status, 200, "the call center sends for anybody");
}

#[tokio::test]
async fn documents_go_to_the_case_when_they_are_asked_for_each_once() {
    // proves INF-07
    let service = sandbox().await;
    let pended = pended(&service).await;
    let body = pended.attachment(&[document(PDF)]);
    let unasked = attach(&service, ORDERING, &body).await;
    assert_eq!(unasked.status, 409, "{}", unasked.text);
    done(&service, NURSE, &pended.case_id, "information-requests", &json!({"items": ["pathology report"]})).await;
    let stored = async || {
        let listed = service.get(&format!("/v1/orders/{}/attachments", pended.case_id), ORDERING).await.json();
        listed["items"].as_array().unwrap().clone()
    };
    for (what, content, place) in [
        ("an address", json!({"contentType": "application/pdf", "url": "http://127.0.0.1:9/x.pdf"}), "url"),
        ("nothing", json!({"contentType": "application/pdf"}), "data"),
        ("no base64", json!({"contentType": "application/pdf", "data": "%%%"}), "data"),
        ("another type", json!({"contentType": "video/mp4", "data": STANDARD.encode(PDF)}), "contentType"),
        ("no PDF", json!({"contentType": "application/pdf", "data": STANDARD.encode(b"plain words")}), "data"),
    ] {
        let reference = json!({"resourceType": "DocumentReference", "status": "current", "content": [{"attachment": content}]});
        let answer = attach(&service, ORDERING, &pended.attachment(&[document(PDF), reference])).await;
        assert_eq!(answer.status, 400, "{what}: {}", answer.text);
        let found = answer.json()["issue"][0]["expression"][0].as_str().unwrap().to_owned();
        assert!(found.ends_with(&format!(".attachment.{place}")), "{what}: {found}");
        assert!(stored().await.is_empty(), "{what}");
    }
    // where an answer beside it is refused, the document is not kept either
    for (what, item) in [
        ("no weight", json!({"linkId": "/clinical/weight_kg", "answer": [{"valueDecimal": -5}]})),
        ("no diagnosis", json!({"linkId": "/diagnosis/icd10", "answer": [{"valueString": "Z99.999"}]})),
    ] {
        let refused = attach(&service, ORDERING, &pended.attachment(&[document(PDF), answers(&json!([item]))])).await;
        assert!(matches!(refused.status.as_u16(), 400 | 422), "{what}: {} {}", refused.status, refused.text);
        assert!(stored().await.is_empty(), "{what}");
    }
    for _ in 0..2 {
        let answer = attach(&service, ORDERING, &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
    let binary = json!({"resourceType": "Binary", "contentType": "text/plain", "data": STANDARD.encode("HER2 was not tested.")});
    assert_eq!(attach(&service, ORDERING, &pended.attachment(&[binary, her2("unknown")])).await.status, 200);
    let stored = stored().await;
    assert_eq!(stored.len(), 2, "{stored:?}");
    // both arrived within the same frozen instant, in no order
    let pathology = stored.iter().find(|one| one["file_name"] == "pathology.pdf").unwrap();
    assert_eq!((&pathology["media_type"], &pathology["description"]), (&json!("application/pdf"), &json!("Pathology report")));
    let path = format!("/v1/attachments/{}", pathology["attachment_id"].as_str().unwrap());
    assert_eq!(service.get(&path, PHYSICIAN).await.bytes, PDF);
    assert_eq!(pended.case(&service).await["review"]["attachments_received"], 2);
    // the facility did not order
    let refused = attach(&service, SERVICING, &body).await;
    assert!(matches!(refused.status.as_u16(), 403 | 404), "{}", refused.text);
    let empty = post(&service, ATTACH, ORDERING, &json!({"resourceType": "Parameters"})).await;
    assert_eq!(empty.status, 400);
}
