//! DTR: what orders ask for as questionnaires, drafts of their answers, and the answers back through `$submit`.

use super::{actions, cases, claim_response, held, notes, pair, post, sandbox, submit};
use crate::support::conformance::{kit, left_out};
use crate::support::http::{Answer, Service};
use crate::support::submit::{HEALTH_PLAN, ORDERING, OTHER_PRACTICE};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use oncoauth::app::questionnaires;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::HashSet;
use std::fs;

const PACKAGE: &str = "/fhir/Questionnaire/$questionnaire-package";
const BASE: &str = "http://127.0.0.1:8080/fhir";

fn resources(bundle: &Value, kind: &str) -> Vec<Value> {
    let all = bundle["entry"].as_array().unwrap().iter().map(|entry| entry["resource"].clone());
    all.filter(|resource| resource["resourceType"] == kind).collect()
}

/// The parameters for the orders of a pair.
fn parameters(name: &str) -> Value {
    let bundle = pair(&format!("{name}.pas-request"));
    let mut all = vec![json!({"name": "coverage", "resource": resources(&bundle, "Coverage")[0]})];
    for mut order in resources(&bundle, "MedicationRequest") {
        order["status"] = json!("draft");
        order["reasonCode"] = json!([{"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "C50.911"}]}]);
        all.push(json!({"name": "order", "resource": order}));
    }
    all.extend(
        resources(&bundle, "Organization").into_iter().map(|resource| json!({"name": "referenced", "resource": resource})),
    );
    json!({"resourceType": "Parameters", "parameter": all})
}

/// Every item of a questionnaire or response, groups too.
fn all<'v>(holder: &'v Value, into: &mut Vec<&'v Value>) {
    for item in holder["item"].as_array().into_iter().flatten() {
        into.push(item);
        all(item, into);
    }
}

fn links(holder: &Value) -> Vec<&str> {
    let mut items = Vec::new();
    all(holder, &mut items);
    items.iter().map(|item| item["linkId"].as_str().unwrap()).collect()
}

fn item<'v>(holder: &'v Value, link: &str) -> &'v Value {
    let mut items = Vec::new();
    all(holder, &mut items);
    items.into_iter().find(|item| item["linkId"] == link).unwrap_or_else(|| panic!("{link}"))
}

fn options(item: &Value) -> Vec<&str> {
    let offered = item["answerOption"].as_array().into_iter().flatten();
    offered.map(|option| option["valueCoding"]["code"].as_str().unwrap()).collect()
}

/// The packages of an answer, each held to what the guide and the kit ask for.
#[track_caller]
fn packages(answer: &Answer) -> Vec<[Value; 3]> {
    assert_eq!(answer.status, 200, "{}", answer.text);
    let body = answer.json();
    assert_eq!(body["resourceType"], "Parameters");
    let bundles = body["parameter"].as_array().unwrap().iter().filter(|parameter| parameter["name"] == "packagebundle");
    bundles.map(|parameter| package(&parameter["resource"])).collect()
}

#[track_caller]
fn package(bundle: &Value) -> [Value; 3] {
    assert_eq!((&bundle["resourceType"], &bundle["type"]), (&json!("Bundle"), &json!("collection")));
    let kinds: Vec<&Value> = bundle["entry"].as_array().unwrap().iter().map(|entry| &entry["resource"]["resourceType"]).collect();
    assert_eq!(kinds, ["Questionnaire", "QuestionnaireResponse", "Library"]);
    let entries: Vec<Value> = bundle["entry"].as_array().unwrap().iter().map(|entry| entry["resource"].clone()).collect();
    let [questionnaire, response, library] = entries.try_into().unwrap();
    let links = links(&questionnaire);
    assert_eq!(links.iter().collect::<HashSet<_>>().len(), links.len(), "each link is there once");
    let mut items = Vec::new();
    all(&questionnaire, &mut items);
    for item in &items {
        let kind = item["type"].as_str().unwrap();
        assert_eq!(kind == "group", item["item"].is_array(), "{item}");
        assert!(item["text"].as_str().is_some_and(|text| !text.is_empty()), "{item}");
        let chosen = matches!(kind, "choice" | "open-choice");
        assert!(chosen != options(item).is_empty(), "{item}");
    }
    let url = format!("{}|{}", questionnaire["url"].as_str().unwrap(), questionnaire["version"].as_str().unwrap());
    assert_eq!(response["questionnaire"], url);
    assert_eq!(response["status"], "in-progress");
    let mut answered = Vec::new();
    all(&response, &mut answered);
    for one in answered {
        let asked = item(&questionnaire, one["linkId"].as_str().unwrap());
        assert_eq!(asked["type"] == "group", one["answer"].is_null(), "{one}");
        for answer in one["answer"].as_array().into_iter().flatten() {
            assert_eq!(answer["extension"][0]["extension"][0], json!({"url": "source", "valueCode": "auto-server"}), "{answer}");
        }
    }
    let own = questionnaire["extension"].as_array().unwrap();
    let version = format!("{}|{}", library["url"].as_str().unwrap(), library["version"].as_str().unwrap());
    assert!(own.iter().any(|extension| extension["valueCanonical"] == version), "{own:?}");
    assert!(own.iter().any(|extension| extension["url"].as_str().unwrap().ends_with("launchContext")));
    let content = library["content"].as_array().unwrap();
    let kinds: Vec<&Value> = content.iter().map(|content| &content["contentType"]).collect();
    assert_eq!(kinds, ["text/cql", "application/elm+json"]);
    // every expression is one of the library's
    let cql = String::from_utf8(STANDARD.decode(content[0]["data"].as_str().unwrap()).unwrap()).unwrap();
    let mut initial = 0;
    for extension in items.iter().flat_map(|item| item["extension"].as_array().into_iter().flatten()) {
        let expression = &extension["valueExpression"];
        if expression["language"] == "text/cql" {
            let name = expression["expression"].as_str().unwrap().split('.').nth(1).unwrap();
            assert!(cql.contains(&format!("define {name}:")), "{name}");
            initial += 1;
        }
    }
    assert!(initial > 0 || links.iter().all(|link| !link.starts_with("/clinical/")), "the record fills in what it has");
    [questionnaire, response, library]
}

/// The answers of an order to a questionnaire, as an application that fills it in would write them.
fn fill(questionnaire: &Value, order: &Value) -> Vec<Value> {
    let mut written = Vec::new();
    for asked in questionnaire["item"].as_array().into_iter().flatten() {
        let link = asked["linkId"].as_str().unwrap();
        let kind = asked["type"].as_str().unwrap();
        let value = &order[link.rsplit('/').next().unwrap()];
        if kind == "group" {
            let one = std::slice::from_ref(value);
            for entry in value.as_array().map_or(one, Vec::as_slice) {
                let items = fill(asked, entry);
                if !items.is_empty() {
                    written.push(json!({"linkId": link, "item": items}));
                }
            }
            continue;
        }
        let answer = |value: &Value| match (kind, value) {
            ("choice", Value::String(word)) => {
                assert!(options(asked).contains(&word.as_str()), "{link} offers {word}: {:?}", options(asked));
                Some(json!({"valueCoding": {"code": word}}))
            }
            ("open-choice", Value::String(word)) if options(asked).contains(&word.as_str()) => {
                Some(json!({"valueCoding": {"code": word}}))
            }
            ("open-choice" | "string", Value::String(text)) => Some(json!({"valueString": text})),
            ("open-choice" | "string", Value::Number(number)) => Some(json!({"valueString": number.to_string()})),
            ("date", Value::String(day)) => Some(json!({"valueDate": day})),
            ("decimal", Value::Number(number)) => Some(json!({"valueDecimal": number})),
            ("integer", Value::Number(number)) => Some(json!({"valueInteger": number})),
            ("boolean", Value::Bool(flag)) => Some(json!({"valueBoolean": flag})),
            _ => None,
        };
        let one = std::slice::from_ref(value);
        let answers: Vec<Value> = value.as_array().map_or(one, Vec::as_slice).iter().filter_map(answer).collect();
        if !answers.is_empty() {
            written.push(json!({"linkId": link, "answer": answers}));
        }
    }
    written
}

#[tokio::test]
async fn what_orders_ask_for_comes_as_a_questionnaire_of_their_regimen() {
    let service = sandbox().await;
    let answer = post(&service, PACKAGE, ORDERING, &parameters("approve-tchp")).await;
    let packages = packages(&answer);
    let [[questionnaire, response, _]] = packages.as_slice() else { panic!("{}", answer.text) };
    assert!(questionnaire["id"].as_str().unwrap().contains(".breast."), "{}", questionnaire["id"]);
    // all that the native order of the pair answers is asked
    let asked: HashSet<&str> = links(questionnaire).into_iter().collect();
    let bundle = pair("approve-tchp.pas-request");
    let native = &resources(&bundle, "QuestionnaireResponse")[0];
    for link in links(native) {
        assert!(asked.contains(link), "{link} is not asked");
    }
    // and all that the program requires
    let program = service.get("/v1/programs/blue-medicare-advantage-ccq", ORDERING).await;
    assert_eq!(program.status, 200, "{}", program.text);
    for pointer in
        ["/member/first_name", "/date_of_service", "/diagnosis/icd10", "/ordering_provider/last_name", "/treatment/phases"]
    {
        assert!(asked.contains(pointer), "{pointer} is not there");
    }
    assert_eq!(item(questionnaire, "/treatment/phases")["required"], true);
    // only what the drugs of the regimen need
    let markers = options(item(questionnaire, "/clinical/biomarkers/name"));
    assert!(markers.contains(&"her2") && !markers.contains(&"egfr"), "{markers:?}");
    assert!(options(item(questionnaire, "/clinical/assessments/name")).contains(&"lvef_percent"));
    assert_eq!(item(questionnaire, "/clinical/cancer_type")["answerOption"][0]["initialSelected"], true);
    // the draft has the drugs, the diagnosis, and a place for each result that is asked for
    let codes: Vec<&Value> = {
        let mut items = Vec::new();
        all(response, &mut items);
        items
            .into_iter()
            .filter(|item| item["linkId"] == "/treatment/phases/drugs/hcpcs")
            .map(|item| &item["answer"][0]["valueString"])
            .collect()
    };
    assert_eq!(codes, ["J9171", "J9045", "J9355", "J9306", "J9355", "J9306"]);
    assert_eq!(item(response, "/diagnosis/icd10")["answer"][0]["valueString"], "C50.911");
    let named = links(response).into_iter().filter(|link| *link == "/clinical/biomarkers/name").count();
    assert_eq!(named, markers.len());
    assert_eq!(response["subject"]["reference"], "http://ehr.example.org/fhir/Patient/BMA000002");
    let contexts =
        response["extension"].as_array().unwrap().iter().filter(|it| it["url"].as_str().unwrap().ends_with("qr-context"));
    assert_eq!(contexts.count(), 7);
    // each is read by its address, too
    let path = questionnaire["url"].as_str().unwrap().strip_prefix("http://127.0.0.1:8080").unwrap();
    let read = held(service.get(path, HEALTH_PLAN).await);
    assert_eq!((read.status.as_u16(), &read.json()), (200, questionnaire));
    assert_eq!(held(service.get("/fhir/Library/OncologyOrder", HEALTH_PLAN).await).status, 200);
    assert_eq!(held(service.get("/fhir/Questionnaire/nothing", HEALTH_PLAN).await).status, 404);
    assert_eq!(held(service.get("/fhir/Library/nothing", HEALTH_PLAN).await).status, 404);
    assert_eq!(post(&service, PACKAGE, HEALTH_PLAN, &parameters("approve-tchp")).await.status, 403);
    assert_eq!(cases(&service).await, 0, "asking stores nothing");
}

#[tokio::test]
async fn the_answers_come_back_and_decide_as_the_native_order_does() {
    let service = sandbox().await;
    for name in ["approve-tchp", "pend-her2-unknown", "approve-tc"] {
        let packages = packages(&post(&service, PACKAGE, ORDERING, &parameters(name)).await);
        let [[questionnaire, draft, _]] = packages.as_slice() else { panic!("{name}") };
        let mut bundle = pair(&format!("{name}.pas-request"));
        let order = pair(&format!("{name}.order"));
        let place = bundle["entry"]
            .as_array()
            .unwrap()
            .iter()
            .position(|entry| entry["resource"]["resourceType"] == "QuestionnaireResponse");
        let resource = &mut bundle["entry"][place.unwrap()]["resource"];
        resource["questionnaire"] = draft["questionnaire"].clone();
        resource["item"] = json!(fill(questionnaire, &order));
        let answered = claim_response(&submit(&service, &bundle).await);
        let expected = pair(&format!("{name}.pas-response"));
        assert_eq!(actions(&answered), actions(&expected["entry"][0]["resource"]), "{name}: {}", notes(&answered));
    }
}

#[tokio::test]
async fn a_draft_that_is_sent_as_it_is_says_nothing_that_was_not_known() {
    let service = sandbox().await;
    let packages = packages(&post(&service, PACKAGE, ORDERING, &parameters("approve-tchp")).await);
    let [[_, draft, _]] = packages.as_slice() else { panic!() };
    let mut bundle = pair("approve-tchp.pas-request");
    let place =
        bundle["entry"].as_array().unwrap().iter().position(|entry| entry["resource"]["resourceType"] == "QuestionnaireResponse");
    let place = place.unwrap();
    for status in ["in-progress", "completed"] {
        let resource = &mut bundle["entry"][place]["resource"];
        resource["item"] = draft["item"].clone();
        resource["status"] = json!(status);
        super::claim(&mut bundle)["identifier"][0]["value"] = json!(format!("draft-{status}"));
        let answer = submit(&service, &bundle).await;
        assert!(matches!(answer.status.as_u16(), 200 | 400), "{status}: {}", answer.text);
        if answer.status == 200 {
            let response = claim_response(&answer);
            assert!(actions(&response).iter().all(|(_, code)| code != "A1"), "{status}: {}", notes(&response));
        }
    }
}

/// What is asked with a context, under the coverage of the pair.
fn of_context(context: &str) -> Value {
    let mut asked = parameters("pend-her2-unknown");
    asked["parameter"].as_array_mut().unwrap().retain(|parameter| parameter["name"] == "coverage");
    asked["parameter"].as_array_mut().unwrap().push(json!({"name": "context", "valueString": context}));
    asked
}

#[tokio::test]
async fn a_pended_request_is_asked_for_what_it_lacks_and_has_its_answers_filled_in() {
    // proves DEV-05
    let service = sandbox().await;
    let answer = submit(&service, &pair("pend-her2-unknown.pas-request")).await;
    let case_id = claim_response(&answer)["id"].as_str().unwrap().to_owned();
    let task = &resources(&answer.json(), "Task")[0];
    let named = task["input"].as_array().unwrap().iter().find_map(|input| input["valueString"].as_str()).unwrap();
    assert!(!named.starts_with(&case_id), "the items have numbers of their own: {named}");
    // by the number that the task has, and by the case's own
    for context in [named.to_owned(), format!("{case_id}-1"), case_id.clone()] {
        let answer = post(&service, PACKAGE, ORDERING, &of_context(&context)).await;
        let found = packages(&answer);
        let [[_, draft, _]] = found.as_slice() else { panic!("{context}: {}", answer.text) };
        assert_eq!(item(draft, "/clinical/height_cm")["answer"][0]["valueDecimal"], 165.0);
        assert!(links(draft).contains(&"/treatment/phases/drugs/line"));
        let outcome = &answer.json()["parameter"].as_array().unwrap().last().unwrap()["resource"].clone();
        assert_eq!(outcome["resourceType"], "OperationOutcome");
        assert!(outcome["issue"].as_array().unwrap().iter().all(|issue| issue["severity"] != "error"), "{outcome}");
        assert!(outcome.to_string().contains("asked for"), "{outcome}");
        // of another practice's request, and under another member's coverage, nothing is told
        let of_another = of_context(&context).to_string().replace("BMA000003", "BMA000009");
        let of_another: Value = serde_json::from_str(&of_another).unwrap();
        for (token, asked) in [(OTHER_PRACTICE, of_context(&context)), (ORDERING, of_another)] {
            let answer = post(&service, PACKAGE, token, &asked).await;
            assert_eq!(packages(&answer).len(), 0, "{context} as {token}: {}", answer.text);
            assert!(!answer.text.contains("165"), "{}", answer.text);
        }
    }
}

#[tokio::test]
async fn the_questionnaire_that_was_filled_in_goes_back_as_an_attachment_and_changes_no_plan() {
    // proves DEV-05
    let service = sandbox().await;
    let answer = submit(&service, &pair("pend-her2-unknown.pas-request")).await;
    let case_id = claim_response(&answer)["id"].as_str().unwrap().to_owned();
    let found = packages(&post(&service, PACKAGE, ORDERING, &of_context(&case_id)).await);
    let [[_, draft, _]] = found.as_slice() else { panic!() };
    let mut filled = draft.clone();
    filled["status"] = json!("completed");
    let clinical = filled["item"].as_array_mut().unwrap().iter_mut().find(|item| item["linkId"] == "/clinical").unwrap();
    let of_her2 = clinical["item"].as_array_mut().unwrap().iter_mut().find(|item| item.to_string().contains("\"her2\"")).unwrap();
    let within = of_her2["item"].as_array_mut().unwrap();
    within.retain(|item| item["linkId"] != "/clinical/biomarkers/result");
    within.push(json!({"linkId": "/clinical/biomarkers/result", "answer": [{"valueCoding": {"code": "positive"}}]}));
    let attached = async |response: &Value| {
        let body = json!({"resourceType": "Parameters", "parameter": [
            {"name": "TrackingId", "valueIdentifier": {"value": case_id}},
            {"name": "AttachTo", "valueCode": "preauthorization"},
            {"name": "MemberId", "valueIdentifier": {"value": "BMA000003"}},
            {"name": "Attachment", "part": [{"name": "LineItem", "valueString": "1"}, {"name": "Content", "resource": response}]},
        ]});
        service.call(axum::http::Method::POST, "/fhir/Claim/$submit-attachment", ORDERING, Some(&body)).await
    };
    let case = async || service.get(&format!("/v1/orders/{case_id}"), ORDERING).await.json();
    // cycles of another length are another plan
    let another = filled.to_string().replacen("\"valueInteger\":21", "\"valueInteger\":28", 1);
    assert_ne!(another, filled.to_string());
    let refused = attached(&serde_json::from_str(&another).unwrap()).await;
    assert_eq!(refused.status, 400, "{}", refused.text);
    assert!(refused.text.contains("a plan is changed by a Claim"), "{}", refused.text);
    let before = case().await;
    let taken = attached(&filled).await;
    assert_eq!(taken.status, 200, "{}", taken.text);
    let after = case().await;
    assert_eq!((&before["status"], &after["status"]), (&json!("in_progress"), &json!("authorized")), "{after:#}");
    assert_eq!(before["request"]["treatment"], after["request"]["treatment"]);
}

#[tokio::test]
async fn what_cannot_be_found_is_warned_of_and_faults_are_outcomes() {
    let service = sandbox().await;
    let with = |changes: &dyn Fn(&mut Vec<Value>)| {
        let mut asked = parameters("approve-tc");
        changes(asked["parameter"].as_array_mut().unwrap());
        asked
    };
    let ids = questionnaires::ids(&service.app);
    assert!(ids.len() > 300, "{}", ids.len());
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len());
    for id in &ids {
        assert!(id.len() <= 64 && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.')), "{id}");
        assert_eq!(questionnaires::form(&service.app, id).map(|form| form.id).as_ref(), Some(id));
    }
    let named = |id: &str| json!({"name": "questionnaire", "valueCanonical": format!("{BASE}/Questionnaire/{id}")});
    let warned = |answer: &Answer| {
        answer.json()["parameter"].as_array().unwrap().last().unwrap()["resource"]["issue"][0]["details"]["text"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    for (what, asked, found, words) in [
        (
            "by its address",
            with(&|all| {
                all.truncate(1);
                all.push(named(&ids[0]));
            }),
            1,
            "",
        ),
        (
            "radiation",
            with(&|all| {
                all.truncate(1);
                all.push(named("quality-care-cancer.radiation.breast"));
            }),
            1,
            "",
        ),
        (
            "an unknown one",
            with(&|all| {
                all.truncate(1);
                all.push(named("none"));
            }),
            0,
            "there is no questionnaire",
        ),
        (
            "another version",
            with(&|all| {
                all.truncate(1);
                all.push(named(&format!("{}|0.1", ids[0])));
            }),
            0,
            "there is no questionnaire",
        ),
        ("another payer", with(&|all| all.retain(|one| one["name"] != "referenced")), 0, "payer"),
        ("nothing", with(&|all| all.truncate(1)), 0, "nothing is asked for"),
        ("a context of nobody", with(&|all| all.push(json!({"name": "context", "valueString": "x"}))), 1, "context"),
        (
            "unchanged",
            with(&|all| all.push(json!({"name": "changedsince", "valueInstant": "2030-01-01T00:00:00Z"}))),
            0,
            "not changed",
        ),
        (
            "no diagnosis",
            with(&|all| {
                for one in all.iter_mut() {
                    if let Some(order) = one["resource"].as_object_mut() {
                        order.remove("reasonCode");
                    }
                }
            }),
            1,
            "",
        ),
    ] {
        let answer = post(&service, PACKAGE, ORDERING, &asked).await;
        assert_eq!(packages(&answer).len(), found, "{what}: {}", answer.text);
        assert!(words.is_empty() || warned(&answer).contains(words), "{what}: {}", answer.text);
    }
    for (what, asked) in [
        ("no coverage", with(&|all| drop(all.remove(0)))),
        ("no parameters", json!({"resourceType": "Bundle"})),
        ("no instant", with(&|all| all.push(json!({"name": "changedsince", "valueInstant": "soon"})))),
    ] {
        assert_eq!(post(&service, PACKAGE, ORDERING, &asked).await.status, 400, "{what}");
    }
    let log = "/fhir/Questionnaire/$log-questionnaire-errors";
    let outcome = json!({"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "invalid"}]});
    let errors = json!({"resourceType": "Parameters", "parameter": [named(&ids[0]), {"name": "outcome", "resource": outcome}]});
    let logged = service.call(axum::http::Method::POST, log, ORDERING, Some(&errors)).await;
    assert_eq!(logged.status, 200, "{}", logged.text);
    assert_eq!(post(&service, log, ORDERING, &json!({"resourceType": "Parameters"})).await.status, 400);
}

#[test]
fn the_expressions_that_are_run_are_those_of_the_source() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/fhir/dtr");
    let source = fs::read(format!("{folder}/OncologyOrder.cql")).unwrap();
    let elm: Value = serde_json::from_str(&fs::read_to_string(format!("{folder}/OncologyOrder.elm.json")).unwrap()).unwrap();
    let hash = Sha256::digest(&source).iter().fold(String::new(), |hash, byte| format!("{hash}{byte:02x}"));
    assert_eq!(elm["library"]["annotation"][0]["t"][0]["value"], hash, "run scripts/translate-cql");
    assert!(String::from_utf8(source).unwrap().contains("library OncologyOrder version '1.0.0'"));
    assert_eq!(elm["library"]["identifier"], json!({"id": "OncologyOrder", "version": "1.0.0"}));
}

#[tokio::test]
async fn every_request_of_the_dtr_kit_is_answered() {
    let Some(kit) = kit() else { return left_out("requests of the DTR kit") };
    let service: Service = sandbox().await;
    let mut sent = 0;
    for folder in ["payer-server-preset", "spec-fixtures"] {
        for file in fs::read_dir(kit.join("inferno-dtr").join(folder)).unwrap().map(|file| file.unwrap().path()) {
            let body: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
            let answer = post(&service, PACKAGE, ORDERING, &body).await;
            assert!(answer.status.as_u16() < 500, "{}: {}", file.display(), answer.text);
            if answer.status == 200 {
                assert_eq!(packages(&answer).len(), 0, "{}: none of their plans is ours", file.display());
            }
            sent += 1;
        }
    }
    assert!(sent > 10, "{sent}");
}
