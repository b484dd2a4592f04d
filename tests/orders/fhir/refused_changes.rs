//! What is not understood of changes, of marks and of inquiries takes nothing back, helps nothing through, and finds nothing more.

use super::refused::Becomes::{Authorized, Fault, Pended, Refused};
use super::refused::{
    Becomes, Row, becomes, clinical, diagnosis, hold, instruction, item, of_member, pembro, place, quantity, tchp,
};
use super::{claim, claim_response, entry, sandbox, submit};
use serde_json::{Value, json};

/// What is done to an inquiry, and how many answers there are, or which status.
type Asked = (&'static str, fn(&mut Value), Result<usize, u16>);

/// What is done to the change of a request that pended.
async fn change_becomes(pended: &Value, number: usize, how: fn(&mut Value)) -> (Becomes, String, Value) {
    let service = sandbox().await;
    let mut first = of_member(pended, number);
    assert_eq!(becomes(&service, &first).await.0, Pended);
    let prior = claim(&mut first)["identifier"][0].clone();
    let mut change = of_member(&pembro(), number);
    claim(&mut change)["identifier"][0]["value"] = json!("CHANGE");
    claim(&mut change)["related"] = json!([{"claim": {"identifier": prior}, "relationship": {"coding": [{"code": "prior"}]}}]);
    how(&mut change);
    let (became, words) = becomes(&service, &change).await;
    let listed = service.get("/v1/orders", crate::support::submit::ADMINISTRATOR).await.json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    let id = listed["items"][0]["case_id"].as_str().unwrap();
    (became, words, service.get(&format!("/v1/orders/{id}"), crate::support::submit::ORDERING).await.json())
}

/// A request that pends: one answer is missing.
fn pending() -> Value {
    let mut bundle = pembro();
    clinical(&mut bundle).retain(|item| item["item"][0]["answer"][0]["valueString"] != "pd_l1_tps");
    bundle
}

#[tokio::test]
async fn a_change_says_everything_anew_and_what_it_does_not_say_is_not_told() {
    // proves SUB-08
    let (became, words, _) = change_becomes(&pending(), 1, |_| {}).await;
    assert_eq!(became, Authorized, "{words}");
    // what is asked for is what is decided
    let (became, words, case) = change_becomes(&pending(), 1, |b| {
        quantity(b)["value"] = json!(2000);
        instruction(b).as_object_mut().unwrap().remove("text");
    })
    .await;
    assert_eq!(case["request"]["treatment"]["phases"][0]["drugs"][0]["dose"]["amount"], 2000.0);
    assert_eq!(became, Pended, "{words}");
    let rows: &[Row] = &[
        ("an answer that is taken out", |b| clinical(b).retain(|item| item["linkId"] != "/clinical/weight_kg"), Authorized),
        (
            "a diagnosis that is not read",
            |b| diagnosis(b)["diagnosisCodeableConcept"]["coding"][0]["system"] = json!("http://snomed.info/sct"),
            Refused,
        ),
        ("a month", |b| item(b, 0)["servicedPeriod"] = json!({"start": "2028-03"}), Fault),
        ("a place that is not read", |b| place(b, "http://example.org", "21"), Fault),
        ("a dose that is not read", |b| quantity(b)["code"] = json!("mg/d"), Refused),
        ("a stage that is not told", |b| clinical(b).retain(|item| item["linkId"] != "/clinical/stage"), Pended),
    ];
    let mut differing = Vec::new();
    for (what, how, wanted) in rows {
        let (became, words, _) = change_becomes(&pending(), 1, *how).await;
        if became != *wanted {
            differing.push(format!("{what}: {became:?} instead of {wanted:?}: {words}"));
        }
    }
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

#[tokio::test]
async fn nothing_is_taken_back_in_the_name_of_another_member() {
    // proves DRG-05
    let rows: &[Row] = &[
        ("another member", |b| *b = of_another_member(b), Refused),
        ("another name", |b| entry(b, "Patient", "BMA000001")["name"][0]["family"] = json!("Somebody"), Refused),
        ("another birthday", |b| entry(b, "Patient", "BMA000001")["birthDate"] = json!("1980-01-01"), Refused),
        ("no payer", |b| entry(b, "Organization", "payer")["identifier"][0]["value"] = json!("NOBODY"), Refused),
        ("another clinician", |b| entry(b, "Practitioner", "clinician")["identifier"][0]["value"] = json!("1234567893"), Refused),
    ];
    for (what, how, wanted) in rows {
        let cancel = |b: &mut Value| {
            claim(b)["extension"].as_array_mut().unwrap().push(json!({
                "url": "http://hl7.org/fhir/us/davinci-pas/StructureDefinition/extension-certificationType",
                "valueCodeableConcept": {"coding": [{"system": "https://codesystem.x12.org/005010/1322", "code": "3"}]}}));
        };
        let service = sandbox().await;
        let mut first = of_member(&pending(), 1);
        assert_eq!(becomes(&service, &first).await.0, Pended);
        let prior = claim(&mut first)["identifier"][0].clone();
        let mut change = of_member(&pembro(), 1);
        claim(&mut change)["identifier"][0]["value"] = json!("CHANGE");
        claim(&mut change)["related"] =
            json!([{"claim": {"identifier": prior}, "relationship": {"coding": [{"code": "prior"}]}}]);
        cancel(&mut change);
        how(&mut change);
        let (became, words) = becomes(&service, &change).await;
        assert_eq!(became, *wanted, "{what}: {words}");
        let listed = service.get("/v1/orders", crate::support::submit::ADMINISTRATOR).await.json();
        assert_eq!(listed["items"][0]["status"], "in_progress", "{what}: {listed}");
    }
}

fn of_another_member(change: &Value) -> Value {
    serde_json::from_str(&change.to_string().replace("BMA000001", "BMA000002")).unwrap()
}

fn entry_of<'b>(bundle: &'b mut Value, kind: &str) -> &'b mut Value {
    let entries = bundle["entry"].as_array_mut().unwrap();
    &mut entries.iter_mut().find(|entry| entry["resource"]["resourceType"] == kind).unwrap()["resource"]
}

fn certification(bundle: &mut Value, index: usize) -> &mut Value {
    let extensions = item(bundle, index)["extension"].as_array_mut().unwrap();
    let found = extensions.iter_mut().find(|it| it["url"].as_str().unwrap().ends_with("certificationType"));
    &mut found.unwrap()["valueCodeableConcept"]["coding"][0]
}

const CANCELLED: &str = "http://hl7.org/fhir/us/davinci-pas/StructureDefinition/modifierextension-infoCancelled";

#[tokio::test]
async fn marks_and_relations_that_are_not_understood_are_faults() {
    // proves DEV-05
    let rows: &[Row] = &[
        ("an appeal", |b| certification(b, 0)["code"] = json!("1"), Fault),
        ("a revision of nothing", |b| certification(b, 0)["code"] = json!("S"), Fault),
        ("a mark of another system", |b| certification(b, 2)["system"] = json!("http://example.org"), Fault),
        (
            "the whole Claim cancelled",
            |b| claim(b)["modifierExtension"] = json!([{"url": CANCELLED, "valueBoolean": true}]),
            Fault,
        ),
        ("cancelled in words", |b| item(b, 2)["modifierExtension"] = json!([{"url": CANCELLED, "valueString": "true"}]), Fault),
        (
            "a request cancelled",
            |b| entry(b, "MedicationRequest", "med-1")["modifierExtension"] = json!([{"url": CANCELLED, "valueBoolean": true}]),
            Fault,
        ),
        ("an entry negated", |b| b["entry"][0]["modifierExtension"] = json!([{"url": "http://example.org/not"}]), Fault),
        ("rules of the Bundle", |b| b["implicitRules"] = json!("http://example.org/rules"), Fault),
        ("rules of the Claim", |b| claim(b)["implicitRules"] = json!("http://example.org/rules"), Fault),
        (
            "parts of an item",
            |b| item(b, 2)["detail"] = json!([{"sequence": 1, "productOrService": {"text": "nivolumab"}}]),
            Fault,
        ),
        (
            "a relation of another kind",
            |b| related(b, &json!({"claim": {"reference": "Claim/1"}, "relationship": {"coding": [{"code": "associated"}]}})),
            Fault,
        ),
        (
            "a relation to no Claim",
            |b| related(b, &json!({"reference": {"value": "1"}, "relationship": {"coding": [{"code": "prior"}]}})),
            Fault,
        ),
        ("two Claims", second_claim, Fault),
        ("another kind of Bundle", |b| b["type"] = json!("batch"), Fault),
        ("a patient who died", |b| entry_of(b, "Patient")["deceasedDateTime"] = json!("2026-11-01"), Fault),
        ("a coverage that is none", |b| entry_of(b, "Coverage")["status"] = json!("entered-in-error"), Fault),
        ("somebody else's coverage", |b| entry_of(b, "Coverage")["beneficiary"] = json!({"reference": "Patient/other"}), Fault),
        ("two numbers of the member", |b| entry_of(b, "Patient")["identifier"][0]["value"] = json!("BMA000038"), Refused),
        ("a renewal", |b| certification(b, 0)["code"] = json!("R"), Authorized),
        ("not cancelled", |b| item(b, 2)["modifierExtension"] = json!([{"url": CANCELLED, "valueBoolean": false}]), Authorized),
        ("more than is authorized", |b| item(b, 2)["quantity"] = json!({"value": 99_999, "unit": "units"}), Authorized),
    ];
    hold(tchp, rows).await;
    let service = sandbox().await;
    let mut other = of_member(&tchp(), 5);
    entry_of(&mut other, "Patient")["gender"] = json!("male");
    let (_, words) = becomes(&service, &other).await;
    assert!(words.contains("the Patient is male; it counts as unknown"), "{words}");
    let mut more = of_member(&tchp(), 6);
    item(&mut more, 2)["quantity"] = json!({"value": 99_999, "unit": "units"});
    item(&mut more, 2)["servicedPeriod"]["end"] = json!("2031-01-01");
    let (_, words) = becomes(&service, &more).await;
    assert!(words.contains("99999 units are asked for") && words.contains("days through 2031-01-01"), "{words}");
}

fn related(bundle: &mut Value, related: &Value) {
    claim(bundle)["related"] = json!([related]);
}

fn second_claim(bundle: &mut Value) {
    let mut other = bundle["entry"][0].clone();
    other["fullUrl"] = json!("http://ehr.example.org/fhir/Claim/second");
    other["resource"]["id"] = json!("second");
    bundle["entry"].as_array_mut().unwrap().push(other);
}

fn change_of(first: &Value, number: &str, sent: &Value) -> Value {
    let mut change = sent.clone();
    let prior = first["entry"][0]["resource"]["identifier"][0].clone();
    claim(&mut change)["identifier"][0]["value"] = json!(number);
    related(&mut change, &json!({"claim": {"identifier": prior}, "relationship": {"coding": [{"code": "prior"}]}}));
    change
}

#[tokio::test]
async fn a_number_is_of_one_content_also_of_changes() {
    // proves DUP-03
    let service = sandbox().await;
    let (first, other) = (of_member(&pending(), 1), of_member(&pending(), 2));
    for request in [&first, &other] {
        assert_eq!(becomes(&service, request).await.0, Pended);
    }
    let mut lighter = of_member(&pending(), 1);
    let weight = clinical(&mut lighter).iter_mut().find(|item| item["linkId"] == "/clinical/weight_kg").unwrap();
    weight["answer"] = json!([{"valueDecimal": 70.5}]);
    let change = change_of(&first, "CHANGE", &lighter);
    let answer = submit(&service, &change).await;
    assert_eq!(claim_response(&answer)["outcome"], "complete", "{}", answer.text);
    assert_eq!(submit(&service, &change).await.text, answer.text);
    let conflict = async |request: &Value, what: &str| {
        let answer = submit(&service, request).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.json()["issue"][0]["code"]),
            (400, &json!("conflict")),
            "{what}: {}",
            answer.text
        );
    };
    conflict(&change_of(&first, "CHANGE", &of_member(&pembro(), 1)), "another content under the number of the change").await;
    conflict(&change_of(&first, "REFUSED-2", &of_member(&pembro(), 1)), "the number of another case").await;
    conflict(&change_of(&first, "REFUSED-1", &of_member(&pembro(), 1)), "the number of the request that is changed").await;
    let mut fresh = of_member(&pending(), 3);
    claim(&mut fresh)["identifier"][0]["value"] = json!("CHANGE");
    conflict(&fresh, "a new request under the number of a change").await;
    // the numbers still name their cases
    let (became, words) = becomes(&service, &change_of(&other, "CHANGE-2", &of_member(&pembro(), 2))).await;
    assert_eq!(became, Authorized, "{words}");
}

#[tokio::test]
async fn the_same_change_sent_several_times_at_once_is_one_change() {
    // proves DUP-03
    let service = sandbox().await;
    let first = of_member(&pending(), 1);
    assert_eq!(becomes(&service, &first).await.0, Pended);
    let change = change_of(&first, "CHANGE", &of_member(&pembro(), 1));
    let sent = (0..6).map(|_| submit(&service, &change));
    let answers = futures_util::future::join_all(sent).await;
    let states: Vec<u16> = answers.iter().map(|answer| answer.status.as_u16()).collect();
    assert_eq!(states, [200; 6], "{}", answers.iter().map(|answer| answer.text.as_str()).collect::<Vec<_>>().join("\n"));
}

#[tokio::test]
async fn an_inquiry_that_is_not_understood_finds_nothing_more() {
    // proves PRV-02
    let service = sandbox().await;
    let sound = of_member(&tchp(), 1);
    let (became, words) = becomes(&service, &sound).await;
    assert_eq!(became, Authorized, "{words}");
    let id = service.get("/v1/orders", crate::support::submit::ADMINISTRATOR).await.json()["items"][0].clone();
    let number = |bundle: &mut Value, name: &str, value: &str| {
        let url = format!("http://hl7.org/fhir/us/davinci-pas/StructureDefinition/extension-{name}");
        claim(bundle)["extension"].as_array_mut().unwrap().push(json!({"url": url, "valueString": value}));
    };
    let rows: &[Asked] = &[
        ("the request itself", |_| {}, Ok(1)),
        ("a code in another system", |b| item(b, 0)["productOrService"]["coding"][0]["system"] = json!("urn:oid:1.2"), Err(400)),
        (
            "a diagnosis in another system",
            |b| diagnosis(b)["diagnosisCodeableConcept"]["coding"][0]["system"] = json!("urn:oid:1.2"),
            Err(400),
        ),
        ("a month", |b| item(b, 2)["servicedPeriod"] = json!({"start": "2027-01", "end": "2027-01"}), Ok(1)),
        ("a month far away", |b| item(b, 2)["servicedPeriod"] = json!({"start": "2031-01", "end": "2031-01"}), Ok(0)),
        ("no date", |b| item(b, 2)["servicedPeriod"] = json!({"start": "soon"}), Err(400)),
        ("another payer", |b| entry(b, "Organization", "payer")["identifier"][0]["value"] = json!("NOBODY"), Err(400)),
        ("another name", |b| entry_of(b, "Patient")["name"][0]["family"] = json!("Somebody"), Ok(0)),
        ("another birthday", |b| entry_of(b, "Patient")["birthDate"] = json!("1980-01-01"), Ok(0)),
        ("half a birthday", |b| entry_of(b, "Patient")["birthDate"] = json!("1954"), Err(400)),
    ];
    let ask = async |request: &Value| {
        let answer = super::post(&service, "/fhir/Claim/$inquire", crate::support::submit::ORDERING, request).await;
        if answer.status != 200 {
            return Err(answer.status.as_u16());
        }
        Ok(answer.json()["parameter"].as_array().map_or(0, Vec::len))
    };
    let mut differing = Vec::new();
    for (what, how, wanted) in rows {
        let mut inquiry = sound.clone();
        how(&mut inquiry);
        let found = ask(&inquiry).await;
        if found != *wanted {
            differing.push(format!("{what}: {found:?} instead of {wanted:?}"));
        }
    }
    assert!(differing.is_empty(), "{}", differing.join("\n"));
    for (name, value) in [
        ("authorizationNumber", id["order_id"].as_str().unwrap().to_lowercase()),
        ("administrationReferenceNumber", id["case_id"].as_str().unwrap().to_uppercase()),
    ] {
        let mut inquiry = sound.clone();
        number(&mut inquiry, name, &value);
        assert_eq!(ask(&inquiry).await, Ok(1), "{name} {value}");
    }
}
