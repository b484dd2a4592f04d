//! What is not understood never helps an order through: requests that would be authorized, each with one thing said beside it or otherwise,
//! and what becomes of it.

use super::{actions, claim, claim_response, entry, notes, pair, sandbox, submit};
use crate::support::http::Service;
use serde_json::{Value, json};

const HCPCS: &str = "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets";

/// What has to become of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Becomes {
    /// 400: it cannot be taken as it is.
    Fault,
    /// An answer that refuses.
    Refused,
    /// Taken, with nothing authorized.
    Pended,
    /// Authorized as it would have been.
    Authorized,
}

use Becomes::{Authorized, Fault, Pended, Refused};

/// What is done to a request, and what becomes of it.
pub(super) type Row = (&'static str, fn(&mut Value), Becomes);

pub(super) async fn becomes(service: &Service, request: &Value) -> (Becomes, String) {
    let answer = submit(service, request).await;
    if answer.status == 400 {
        return (Fault, answer.text);
    }
    let response = claim_response(&answer);
    let authorized = actions(&response).iter().any(|(_, action)| action == "A1");
    let became = match (response["outcome"] == "complete", authorized) {
        (false, _) => Refused,
        (true, false) => Pended,
        (true, true) => Authorized,
    };
    (became, notes(&response))
}

/// The request, of another member and under a number of its own.
pub(super) fn of_member(request: &Value, number: usize) -> Value {
    let text = request.to_string();
    let at = text.find("BMA0000").unwrap();
    let mut request: Value = serde_json::from_str(&text.replace(&text[at..at + 9], &format!("BMA{number:06}"))).unwrap();
    claim(&mut request)["identifier"][0]["value"] = json!(format!("REFUSED-{number}"));
    request
}

pub(super) async fn hold(base: fn() -> Value, rows: &[Row]) {
    let service = sandbox().await;
    let (sound, words) = becomes(&service, &of_member(&base(), 39)).await;
    assert_eq!(sound, Authorized, "{words}");
    let mut differing = Vec::new();
    for (number, (what, how, wanted)) in (1..).zip(rows) {
        assert!(number < 39, "another sandbox is needed");
        let mut request = of_member(&base(), number);
        how(&mut request);
        let (became, words) = becomes(&service, &request).await;
        if became != *wanted {
            differing.push(format!("{what}: {became:?} instead of {wanted:?}: {words}"));
        }
    }
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

/// Six drugs, given as a questionnaire says.
pub(super) fn tchp() -> Value {
    pair("approve-tchp.pas-request")
}

fn questions(bundle: &mut Value) -> &mut Vec<Value> {
    entry(bundle, "QuestionnaireResponse", "order-questions")["item"].as_array_mut().unwrap()
}

/// Answers of the group `/clinical`.
pub(super) fn clinical(bundle: &mut Value) -> &mut Vec<Value> {
    questions(bundle).iter_mut().find(|item| item["linkId"] == "/clinical").unwrap()["item"].as_array_mut().unwrap()
}

fn said(name: &str, value: &str) -> Value {
    json!({"linkId": format!("/clinical/{name}"), "answer": [{"valueString": value}]})
}

fn marker(name: &str, result: &str) -> Value {
    json!({"linkId": "/clinical/biomarkers", "item": [said("biomarkers/name", name), said("biomarkers/result", result)]})
}

/// One drug, given as its `MedicationRequest` says.
pub(super) fn pembro() -> Value {
    let mut bundle = tchp();
    bundle["entry"]
        .as_array_mut()
        .unwrap()
        .retain(|entry| entry["resource"]["resourceType"] != "MedicationRequest" || entry["resource"]["id"] == "med-1");
    let claim = claim(&mut bundle);
    claim["item"].as_array_mut().unwrap().truncate(1);
    claim["item"][0]["productOrService"] = json!({"coding": [{"system": HCPCS, "code": "J9271"}]});
    claim["diagnosis"][0]["diagnosisCodeableConcept"]["coding"][0]["code"] = json!("C34.11");
    let request = medication(&mut bundle);
    request["medicationCodeableConcept"] = json!({"coding": [{"system": HCPCS, "code": "J9271"}]});
    request["dosageInstruction"] = json!([{"sequence": 1, "text": "200 mg iv, day 1 of each 21-day cycle",
        "route": {"coding": [{"system": "http://snomed.info/sct", "code": "47625008"}]},
        "timing": {"repeat": {"count": 8, "frequency": 1, "period": 21, "periodUnit": "d"}},
        "doseAndRate": [{"doseQuantity": {"value": 200, "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg"}}]}]);
    questions(&mut bundle).retain(|item| item["linkId"] == "/clinical");
    let status = json!({"linkId": "/clinical/performance_status", "item": [said("performance_status/scale", "ecog"),
        {"linkId": "/clinical/performance_status/value", "answer": [{"valueInteger": 1}]}]});
    let size = |name: &str, value: f64| json!({"linkId": format!("/clinical/{name}"), "answer": [{"valueDecimal": value}]});
    *clinical(&mut bundle) = vec![
        said("cancer_type", "lung_nsclc"),
        said("pathology", "adenocarcinoma"),
        said("stage", "IVA"),
        said("line_of_treatment", "first_line"),
        said("treatment_goal", "palliative"),
        status,
        marker("pd_l1_tps", "80 %"),
        marker("egfr", "negative"),
        marker("alk", "negative"),
        marker("ros1", "negative"),
        size("height_cm", 165.0),
        size("weight_kg", 71.5),
        said("sex", "female"),
        said("prior_therapies", "none"),
    ];
    bundle
}

fn medication(bundle: &mut Value) -> &mut Value {
    entry(bundle, "MedicationRequest", "med-1")
}

pub(super) fn instruction(bundle: &mut Value) -> &mut Value {
    &mut medication(bundle)["dosageInstruction"][0]
}

pub(super) fn quantity(bundle: &mut Value) -> &mut Value {
    &mut instruction(bundle)["doseAndRate"][0]["doseQuantity"]
}

pub(super) fn item(bundle: &mut Value, index: usize) -> &mut Value {
    &mut claim(bundle)["item"][index]
}

/// Takes the reference to the request out of an item.
fn without_request(item: &mut Value) {
    item["extension"].as_array_mut().unwrap().retain(|it| !it["url"].as_str().unwrap().ends_with("requestedService"));
}

#[tokio::test]
async fn a_request_for_medication_is_read_as_a_plan_only_where_it_leaves_nothing_open() {
    // proves DEV-05
    let rows: &[Row] = &[
        ("doNotPerform", |b| medication(b)["doNotPerform"] = json!(true), Fault),
        ("entered in error", |b| medication(b)["status"] = json!("entered-in-error"), Fault),
        ("cancelled", |b| medication(b)["status"] = json!("cancelled"), Fault),
        ("stopped", |b| medication(b)["status"] = json!("stopped"), Fault),
        ("on hold", |b| medication(b)["status"] = json!("on-hold"), Refused),
        ("an option", |b| medication(b)["intent"] = json!("option"), Refused),
        ("a proposal", |b| medication(b)["intent"] = json!("proposal"), Refused),
        ("twice a day", |b| instruction(b)["timing"]["code"] = json!({"coding": [{"code": "BID"}]}), Refused),
        ("days listed", |b| instruction(b)["timing"]["event"] = json!(["2026-12-07", "2026-12-14"]), Refused),
        ("three days in words", |b| instruction(b)["text"] = json!("200 mg iv days 1, 8 and 15"), Refused),
        ("another dose in words", |b| instruction(b)["text"] = json!("400 mg iv, day 1 of each 21-day cycle"), Refused),
        ("another cycle in words", |b| instruction(b)["text"] = json!("200 mg iv, day 1 of each 42-day cycle"), Refused),
        ("other words", |b| instruction(b)["text"] = json!("as discussed"), Refused),
        ("as needed", |b| instruction(b)["asNeededBoolean"] = json!(true), Refused),
        ("at most", |b| instruction(b)["maxDosePerAdministration"] = json!({"value": 50, "unit": "mg"}), Refused),
        ("more words", |b| instruction(b)["additionalInstruction"] = json!([{"text": "double dose from cycle 2"}]), Refused),
        ("a unit beside a unit", |b| quantity(b)["code"] = json!("mg/d"), Refused),
        ("a unit of another system", |b| quantity(b)["system"] = json!("http://example.org/units"), Refused),
        ("a number as text", |b| quantity(b)["value"] = json!("200"), Refused),
        ("another route", |b| instruction(b)["route"]["coding"][0]["code"] = json!("72607000"), Refused),
        ("another route in words", |b| instruction(b)["route"]["text"] = json!("subcutaneous"), Refused),
        ("two routes", |b| instruction(b)["text"] = json!("200 mg sc, day 1 of each 21-day cycle"), Refused),
        ("without words", |b| drop(instruction(b).as_object_mut().unwrap().remove("text")), Authorized),
        ("a draft", |b| medication(b)["status"] = json!("draft"), Authorized),
    ];
    hold(pembro, rows).await;
}

#[tokio::test]
async fn an_item_and_whatever_is_said_of_it_mean_one_drug() {
    // proves DEV-05
    let of_request: &[Row] = &[
        ("request for another code", |b| medication(b)["medicationCodeableConcept"]["coding"][0]["code"] = json!("J9299"), Fault),
        ("request for another drug in words", |b| medication(b)["medicationCodeableConcept"]["text"] = json!("nivolumab"), Fault),
        ("item with another drug in words", |b| item(b, 0)["productOrService"]["text"] = json!("nivolumab 240 mg"), Fault),
        ("another drug beside the code", |b| item(b, 0)["productOrService"]["coding"][0]["display"] = json!("Opdivo"), Fault),
        (
            "two codes",
            |b| item(b, 0)["productOrService"]["coding"].as_array_mut().unwrap().push(json!({"system": HCPCS, "code": "J9299"})),
            Fault,
        ),
        (
            "a medication that is not there",
            |b| medication(b)["medicationReference"] = json!({"reference": "Medication/none"}),
            Fault,
        ),
        (
            "a request that is not there",
            |b| {
                let extensions = item(b, 0)["extension"].as_array_mut().unwrap();
                let of_request = extensions.iter_mut().find(|it| it["url"].as_str().unwrap().ends_with("requestedService"));
                of_request.unwrap()["valueReference"] = json!({"reference": "MedicationRequest/none"});
            },
            Fault,
        ),
        ("the drug in words", |b| item(b, 0)["productOrService"]["text"] = json!("pembrolizumab 200 mg (Keytruda)"), Authorized),
    ];
    hold(pembro, of_request).await;
    let of_plan: &[Row] = &[
        (
            "words for another drug than the plan has",
            |b| {
                item(b, 2)["productOrService"] = json!({"text": "nivolumab"});
                without_request(item(b, 2));
            },
            Fault,
        ),
        (
            "no product that is read",
            |b| {
                item(b, 2)["productOrService"] =
                    json!({"coding": [{"system": "http://hl7.org/fhir/sid/ndc", "code": "0002-7640-01"}]});
                without_request(item(b, 2));
            },
            Fault,
        ),
        (
            "request for another drug",
            |b| entry(b, "MedicationRequest", "med-3")["medicationCodeableConcept"]["coding"][0]["code"] = json!("J9299"),
            Fault,
        ),
        (
            "request that is not to be carried out",
            |b| entry(b, "MedicationRequest", "med-3")["doNotPerform"] = json!(true),
            Fault,
        ),
        (
            "the drug's name instead of its code",
            |b| {
                item(b, 2)["productOrService"] = json!({"text": "Herceptin"});
                without_request(item(b, 2));
            },
            Authorized,
        ),
    ];
    hold(tchp, of_plan).await;
}

#[tokio::test]
async fn who_when_where_and_what_for_are_read_or_refused() {
    // proves DEV-05
    let rows: &[Row] = &[
        ("a month", |b| item(b, 0)["servicedPeriod"] = json!({"start": "2027-06", "end": "2027-12"}), Fault),
        ("inpatient under another system", |b| place(b, "http://terminology.hl7.org/CodeSystem/ex-serviceplace", "21"), Fault),
        ("one item inpatient", |b| item(b, 2)["locationCodeableConcept"]["coding"][0]["code"] = json!("21"), Fault),
        ("acute admission", |b| encounter(b, &json!({"system": ACT, "code": "ACUTE"}), "e1"), Refused),
        (
            "a class of their own",
            |b| encounter(b, &json!({"system": "http://ehr.example.org", "code": "INPATIENT"}), "e1"),
            Fault,
        ),
        ("an encounter that is not there", |b| encounter(b, &json!({"system": ACT, "code": "AMB"}), "none"), Fault),
        ("an ambulatory encounter", |b| encounter(b, &json!({"system": ACT, "code": "AMB"}), "e1"), Authorized),
        (
            "diagnosis in another system",
            |b| diagnosis(b)["diagnosisCodeableConcept"]["coding"][0]["system"] = json!("http://snomed.info/sct"),
            Refused,
        ),
        (
            "two codes of one diagnosis",
            |b| {
                diagnosis(b)["diagnosisCodeableConcept"]["coding"]
                    .as_array_mut()
                    .unwrap()
                    .push(json!({"system": ICD, "code": "C34.11"}));
            },
            Fault,
        ),
        ("two principal diagnoses", |b| another_diagnosis(b, true), Fault),
        (
            "items for another diagnosis",
            |b| {
                another_diagnosis(b, false);
                for item in claim(b)["item"].as_array_mut().unwrap() {
                    item["diagnosisSequence"] = json!([2]);
                }
            },
            Fault,
        ),
        ("another diagnosis beside it", |b| another_diagnosis(b, false), Authorized),
    ];
    hold(tchp, rows).await;
}

const ICD: &str = "http://hl7.org/fhir/sid/icd-10-cm";
const ACT: &str = "http://terminology.hl7.org/CodeSystem/v3-ActCode";

pub(super) fn place(bundle: &mut Value, system: &str, code: &str) {
    for item in claim(bundle)["item"].as_array_mut().unwrap() {
        item["locationCodeableConcept"] = json!({"coding": [{"system": system, "code": code}], "text": "Inpatient hospital"});
    }
}

pub(super) fn diagnosis(bundle: &mut Value) -> &mut Value {
    &mut claim(bundle)["diagnosis"][0]
}

fn another_diagnosis(bundle: &mut Value, principal: bool) {
    let mut other = diagnosis(bundle).clone();
    other["sequence"] = json!(2);
    other["diagnosisCodeableConcept"]["coding"][0]["code"] = json!("C34.11");
    if !principal {
        other.as_object_mut().unwrap().remove("type");
    }
    claim(bundle)["diagnosis"].as_array_mut().unwrap().push(other);
}

fn encounter(bundle: &mut Value, class: &Value, id: &str) {
    let patient = claim(bundle)["patient"].clone();
    let base = "http://ehr.example.org/fhir/Encounter";
    claim(bundle)["extension"].as_array_mut().unwrap().push(json!({
        "url": "http://hl7.org/fhir/5.0/StructureDefinition/extension-Claim.encounter",
        "valueReference": {"reference": format!("{base}/{id}")}}));
    bundle["entry"].as_array_mut().unwrap().push(json!({"fullUrl": format!("{base}/e1"), "resource":
        {"resourceType": "Encounter", "id": "e1", "status": "planned", "class": class, "subject": patient}}));
}

fn observation(bundle: &mut Value, code: &str, value: &Value) {
    let patient = claim(bundle)["patient"].clone();
    let id = format!("o-{}", bundle["entry"].as_array().unwrap().len());
    let mut resource = json!({"resourceType": "Observation", "id": id, "status": "final", "subject": patient,
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]}, "effectiveDateTime": "2026-11-20"});
    for (name, value) in value.as_object().unwrap() {
        resource[name] = value.clone();
    }
    let url = format!("http://ehr.example.org/fhir/Observation/{id}");
    bundle["entry"].as_array_mut().unwrap().push(json!({"fullUrl": url, "resource": resource}));
}

/// Without the answer of the questionnaire, and with this result instead.
fn her2(bundle: &mut Value, value: &Value) {
    observation(bundle, "48676-1", value);
}

fn positive() -> Value {
    json!({"system": "http://snomed.info/sct", "code": "10828004"})
}

/// Six drugs; that HER2 is positive is told by an observation.
fn observed() -> Value {
    let mut bundle = tchp();
    clinical(&mut bundle).retain(|item| item["item"][0]["answer"][0]["valueString"] != "her2");
    her2(&mut bundle, &json!({"valueCodeableConcept": {"coding": [positive()]}}));
    bundle
}

/// The observation that tells it.
fn her2_of(bundle: &mut Value) -> &mut Value {
    &mut bundle["entry"].as_array_mut().unwrap().last_mut().unwrap()["resource"]
}

#[tokio::test]
async fn a_result_that_contradicts_itself_is_unknown() {
    // proves DEV-05
    let rows: &[Row] = &[
        (
            "two codes",
            |b| {
                her2_of(b)["valueCodeableConcept"]["coding"]
                    .as_array_mut()
                    .unwrap()
                    .push(json!({"system": "http://loinc.org", "code": "LA6577-6"}));
            },
            Pended,
        ),
        ("other words", |b| her2_of(b)["valueCodeableConcept"]["text"] = json!("Negative (1+)"), Pended),
        (
            "other words beside the code",
            |b| her2_of(b)["valueCodeableConcept"]["coding"][0]["display"] = json!("Negative"),
            Pended,
        ),
        (
            "another interpretation",
            |b| her2_of(b)["interpretation"] = json!([{"coding": [{"system": INTERPRETATION, "code": "NEG"}]}]),
            Pended,
        ),
        ("said to be absent", |b| her2_of(b)["dataAbsentReason"] = json!({"coding": [{"code": "error"}]}), Pended),
        ("two values", |b| her2_of(b)["valueString"] = json!("positive"), Pended),
        ("of somebody else", |b| her2_of(b)["focus"] = json!([{"reference": "RelatedPerson/mother"}]), Pended),
        ("a later one that is not read", |b| her2(b, &json!({"valueBoolean": false, "effectiveDateTime": "2026-11-28"})), Pended),
        (
            "an earlier one that is not read",
            |b| her2(b, &json!({"valueBoolean": false, "effectiveDateTime": "2026-11-10"})),
            Authorized,
        ),
        ("the same words", |b| her2_of(b)["valueCodeableConcept"]["text"] = json!("Positive (3+)"), Authorized),
        (
            "of the patient",
            |b| her2_of(b)["focus"] = json!([{"reference": claim(&mut b.clone())["patient"]["reference"]}]),
            Authorized,
        ),
        ("a code that is not known", |b| observation(b, "99999-9", &json!({"valueString": "positive"})), Authorized),
    ];
    hold(observed, rows).await;
}

/// An entry of a clinical list.
fn group(list: &str, answers: &[(&str, Value)]) -> Value {
    let items = answers.iter().map(|(name, value)| {
        let kind = if value.is_object() { "valueCoding" } else { "valueString" };
        json!({"linkId": format!("/clinical/{list}/{name}"), "answer": [{kind: value}]})
    });
    json!({"linkId": format!("/clinical/{list}"), "item": items.collect::<Vec<_>>()})
}

/// What is told of earlier treatment, in the place of what was.
fn before(bundle: &mut Value, told: &[Value]) {
    clinical(bundle).retain(|item| item["linkId"] != "/clinical/prior_therapies");
    clinical(bundle).extend(told.iter().cloned());
}

const INTERPRETATION: &str = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation";

#[tokio::test]
async fn an_answer_beside_the_questions_is_not_lost() {
    // proves DEV-05
    let rows: &[Row] = &[
        (
            "a code of an unknown system",
            |b| {
                let stage = clinical(b).iter_mut().find(|item| item["linkId"] == "/clinical/stage").unwrap();
                stage["answer"] = json!([{"valueCoding": {"system": "http://example.org/flags", "code": "IVA"}}]);
            },
            Pended,
        ),
        ("performance in words", |b| clinical(b).push(said("performance_status", "poor")), Pended),
        (
            "an open entry of a questionnaire",
            |b| clinical(b).push(group("biomarkers", &[("name", json!("pd_l1_tps"))])),
            Authorized,
        ),
        (
            "an entry whose result is not read",
            |b| {
                clinical(b)
                    .push(group("biomarkers", &[("name", json!("egfr")), ("result", json!({"code": "x", "system": "y"}))]));
            },
            Pended,
        ),
        ("no earlier treatment as an entry", |b| before(b, &[group("prior_therapies", &[("name", json!("none"))])]), Authorized),
        (
            "none, and since when",
            |b| before(b, &[group("prior_therapies", &[("name", json!("none")), ("ended_on", json!("in spring"))])]),
            Pended,
        ),
        (
            "none, and some",
            |b| {
                let some = [("name", json!("pembrolizumab")), ("ended_on", json!("2026-05-01"))];
                before(b, &[group("prior_therapies", &[("name", json!("none"))]), group("prior_therapies", &some)]);
            },
            Pended,
        ),
        (
            "some, and none",
            |b| {
                let some = [("name", json!("pembrolizumab")), ("ended_on", json!("2026-05-01"))];
                before(b, &[group("prior_therapies", &some), group("prior_therapies", &[("name", json!("none"))])]);
            },
            Pended,
        ),
    ];
    hold(pembro, rows).await;
    // what is told of earlier treatment is not lost, and `none` beside it is not what counts
    let in_words = "pembrolizumab until 2026-05, progression";
    let told: [fn(&mut Value, &str); 3] = [
        |b, words| {
            clinical(b).retain(|item| item["linkId"] != "/clinical/prior_therapies");
            clinical(b).push(said("prior_therapies", words));
        },
        |b, words| clinical(b).push(said("prior_therapies", words)),
        |b, words| {
            let question = clinical(b).iter_mut().find(|item| item["linkId"] == "/clinical/prior_therapies").unwrap();
            question["answer"].as_array_mut().unwrap().push(json!({"valueString": words}));
        },
    ];
    let service = sandbox().await;
    for (number, how) in (1..).zip(told) {
        let mut request = of_member(&pembro(), number);
        how(&mut request, in_words);
        let response = claim_response(&submit(&service, &request).await);
        assert!(notes(&response).contains("/clinical/prior_therapies is answered in words"), "{}", notes(&response));
        let id = response["id"].as_str().unwrap();
        let case = service.get(&format!("/v1/orders/{id}"), crate::support::submit::ORDERING).await.json();
        assert_eq!(case["request"]["clinical"]["prior_therapies"], "unknown");
    }
}
