//! Courses of radiation that go on longer, and those that go with drugs.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "test crate")]

use super::radiation::{example, examples, whole_breast};
use crate::support::desk::{self, ADMINISTRATOR, FACILITY, PRACTICE, id, submit};
use crate::support::http::{Answer, Service};
use axum::http::Method;
use serde_json::{Value, json};

async fn patch(service: &Service, token: &str, case_id: &str, radiation: &Value) -> Answer {
    service.call(Method::PATCH, &format!("/v1/orders/{case_id}"), token, Some(&json!({"radiation": radiation}))).await
}

fn notices<'a>(case: &'a Value, code: &str) -> Vec<&'a Value> {
    case["notices"].as_array().expect("a list").iter().filter(|notice| notice["code"] == code).collect()
}

// proves R-34, SUB-08, SUB-13, VER-01, VER-05, CAS-07
#[tokio::test]
async fn a_course_that_breaks_off_gets_later_dates_within_bounds_and_no_new_units() {
    let service = Service::with_rosters().await;
    let case = submit(&service, &whole_breast()).await;
    let case_id = id(&case);
    assert_eq!((&case["status"], &case["procedures"][1]["valid_through"]), (&json!("authorized"), &json!("2027-02-15")));
    let on = json!({"member": whole_breast()["member"], "hcpcs": "77407", "date": "2027-03-01"});
    assert_eq!(service.post("/v1/verifications", PRACTICE, &on).await.json()["authorized"], false);

    for (through, why) in [("2027-06-01", "a new order"), ("2027-02-01", "extends nothing"), ("2027-02-15", "extends nothing")] {
        let change = json!({"extended_through": through, "extension_reason": "the machine was down"});
        let asked = patch(&service, PRACTICE, &case_id, &change).await;
        let problem = asked.assert_problem(422, "validation-failed");
        assert_eq!(problem["errors"][0]["pointer"], "/radiation/extended_through");
        assert!(problem["errors"][0]["message"].as_str().unwrap().contains(why), "{through}: {problem}");
    }
    for without in [json!({"extended_through": "2027-03-10"}), json!({"extended_through": "2027-03-10", "extension_reason": " "})]
    {
        let problem = patch(&service, PRACTICE, &case_id, &without).await.assert_problem(422, "validation-failed");
        assert_eq!(problem["errors"][0]["pointer"], "/radiation/extension_reason", "{problem}");
    }
    for change in [json!({"fractions": 20}), json!({"extended_through": "2027-03-10", "total_dose_gy": 50})] {
        let problem = patch(&service, PRACTICE, &case_id, &change).await.assert_problem(409, "conflict");
        assert_eq!(problem["requirements"], json!(["SUB-13"]), "{problem}");
    }
    assert_eq!(desk::read(&service, &case_id).await, case, "what is refused changes nothing");

    let why = "the machine was down for two weeks";
    let change = json!({"extended_through": "2027-03-10", "extension_reason": why});
    patch(&service, FACILITY, &case_id, &change).await.assert_problem(403, "forbidden");
    let answer = patch(&service, PRACTICE, &case_id, &change).await;
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.text);
    let extended = answer.json();
    assert_eq!((&extended["status"], &extended["order_id"]), (&json!("authorized"), &case["order_id"]));
    for (line, before) in extended["procedures"].as_array().unwrap().iter().zip(case["procedures"].as_array().unwrap()) {
        assert_eq!((&line["valid_from"], &line["valid_through"]), (&before["valid_from"], &json!("2027-03-10")));
        for kept in ["code", "units", "units_approved", "visits_approved", "status"] {
            assert_eq!(line[kept], before[kept], "{kept}");
        }
    }
    assert_eq!(desk::kinds(&service, &case_id).await.last().map(String::as_str), Some("extended"));
    let event = desk::events(&service, &case_id).await.pop().expect("an event");
    assert_eq!((&event["reason"], &event["detail"]["valid_through"]), (&json!(why), &json!("2027-03-10")), "{event}");

    assert_eq!(service.post("/v1/verifications", PRACTICE, &on).await.json()["authorized"], true);
    let line = json!({"lines": [{"order_id": case["order_id"], "hcpcs": "77407", "units": 1, "service_date": "2027-03-01",
                                 "billing_npi": "1245319599"}]});
    let checked = service.post("/v1/claim-checks", ADMINISTRATOR, &line).await.json();
    assert_eq!(
        (&checked["lines"][0]["matches"], &checked["lines"][0]["units_remaining"]),
        (&json!(true), &json!(15)),
        "{checked}"
    );

    // it may be extended again, to the same bound, for another reason
    let more = |through: &str| json!({"extended_through": through, "extension_reason": "a treatment break for dermatitis"});
    let again = patch(&service, PRACTICE, &case_id, &more("2027-03-29")).await.json();
    assert_eq!(again["procedures"][1]["valid_through"], "2027-03-29", "{again}");
    let beyond = json!({"extended_through": "2027-03-30", "extension_reason": "the machine was down once more"});
    patch(&service, PRACTICE, &case_id, &beyond).await.assert_problem(422, "validation-failed");
    let second = submit(&service, &whole_breast()).await;
    assert_eq!(second["review"]["holds"], json!(["possible_duplicate"]), "the days on file are the later ones");

    // what is not authorized has nothing to extend
    let mut order = whole_breast();
    order["radiation"]["extended_through"] = json!("2027-03-10");
    for path in ["/v1/orders", "/v1/orders/preview"] {
        let problem = service.post(path, PRACTICE, &order).await.assert_problem(422, "validation-failed");
        assert_eq!(problem["errors"][0]["pointer"], "/radiation/extended_through", "{problem}");
    }
    let pended = second["case_id"].as_str().unwrap();
    patch(&service, PRACTICE, pended, &json!({"extended_through": "2027-03-10"})).await.assert_problem(422, "validation-failed");
}

/// Cisplatin 100 mg/m2 every three weeks, with radiation of the tonsil.
fn cisplatin() -> Value {
    let mut order = desk::tch(desk::QCCP);
    order["member"] = tonsil()["member"].clone();
    order["date_of_service"] = json!("2026-12-07");
    order["diagnosis"]["icd10"] = json!("C09.9");
    order["clinical"] = json!({
        "cancer_type": "head_neck", "pathology": "squamous", "stage": "III", "line_of_treatment": "definitive",
        "treatment_goal": "curative", "performance_status": {"scale": "ecog", "value": 1}, "biomarkers": [], "height_cm": 175.0,
        "weight_kg": 80.0, "serum_creatinine_mg_dl": 0.9, "sex": "male", "fn_risk_factors": [], "assessments": [],
        "prior_therapies": []
    });
    let drug = json!({"line": 1, "hcpcs": "J9060", "role": "treatment", "route": "iv",
                      "dose": {"amount": 100, "unit": "mg/m2"}, "days": [1], "frequency_per_day": 1});
    order["treatment"] = json!({"phases": [{"cycle_length_days": 21, "cycles": 3, "drugs": [drug]}]});
    order
}

/// 70 Gy in 35 fractions to the tonsil.
fn tonsil() -> Value {
    let file = examples();
    let case = file["cases"].as_array().expect("a list").iter().find(|case| case["id"] == "RX-13").expect("RX-13");
    example(&file, &case["order"])
}

// proves DUP-01, SUB-03
#[tokio::test]
async fn radiation_and_the_drugs_that_go_with_it_know_of_each_other_and_are_no_duplicates() {
    let service = Service::with_rosters().await;
    let drugs = submit(&service, &cisplatin()).await;
    assert_eq!(drugs["pathway"]["regimen_id"], "HN-CISRT100", "{}", drugs["pathway"]);
    assert!(notices(&drugs, "concurrent_radiation").is_empty());
    let radiation = submit(&service, &tonsil()).await;
    assert_eq!(radiation["status"], "authorized", "{}", radiation["deviations"]);
    let told = notices(&radiation, "concurrent_medical_oncology");
    assert_eq!((told.len(), &told[0]["case_id"]), (1, &drugs["case_id"]), "{told:?}");
    assert!(notices(&radiation, "duplicate_order").is_empty() && notices(&radiation, "overlapping_treatment").is_empty());
    // whoever may not see the other case does not learn its number
    let elsewhere = service.get(&format!("/v1/orders/{}", id(&radiation)), FACILITY).await.json();
    assert_eq!(notices(&elsewhere, "concurrent_medical_oncology").len(), 1);
}

// proves DUP-01, SUB-03
#[tokio::test]
async fn an_order_that_is_still_reviewed_is_told_of_its_other_half_when_it_arrives() {
    let service = Service::with_rosters().await;
    let mut order = tonsil();
    order["radiation"]["histology"] = json!("unknown");
    let radiation = submit(&service, &order).await;
    assert_eq!(radiation["status"], "in_progress");
    let drugs = submit(&service, &cisplatin()).await;
    assert_eq!(notices(&drugs, "concurrent_radiation")[0]["case_id"], radiation["case_id"], "{}", drugs["notices"]);
    let told = desk::read(&service, &id(&radiation)).await;
    assert_eq!(notices(&told, "concurrent_medical_oncology")[0]["case_id"], drugs["case_id"], "{}", told["notices"]);
    assert_eq!(desk::kinds(&service, &id(&radiation)).await.last().map(String::as_str), Some("concurrent_order"));
    // drugs that are not given with radiation are nothing that it is told of
    let mut other = desk::tch(desk::QCCP);
    other["member"] = whole_breast()["member"].clone();
    let breast = submit(&service, &whole_breast()).await;
    let drugs = submit(&service, &other).await;
    assert!(notices(&drugs, "concurrent_radiation").is_empty(), "{}", drugs["notices"]);
    assert_eq!(desk::read(&service, &id(&breast)).await, breast);
}

// proves, SAFE-15, PRV-02
#[tokio::test]
async fn a_later_course_of_the_same_or_a_neighbouring_area_is_held_with_the_earlier_one_named() {
    let service = Service::with_rosters().await;
    let first = submit(&service, &whole_breast()).await;
    assert_eq!(first["status"], "authorized");
    let mut later = whole_breast();
    later["date_of_service"] = json!("2027-08-02");
    later["clinical"]["assessments"] = json!([{"name": "prior_radiation_here", "result": "no", "on": "2026-11-20"}]);
    let again = submit(&service, &later).await;
    assert_eq!((&again["status"], &again["review"]["holds"]), (&json!("in_progress"), &json!(["re_irradiation"])), "{again}");
    let told = notices(&again, "earlier_radiation");
    assert_eq!((told.len(), &told[0]["case_id"]), (1, &first["case_id"]), "{told:?}");
    assert!(told[0]["message"].as_str().unwrap().contains("although the order says"), "{told:?}");
    // what the program does not review needs no line
    for (code, says) in [("77427", "does not review"), ("77301", "this procedure")] {
        let asked = json!({"order_id": first["order_id"], "hcpcs": code});
        let answer = service.post("/v1/verifications", PRACTICE, &asked).await.json();
        assert_eq!(answer["reason"], "drug_not_on_order", "{answer}");
        assert!(answer["message"].as_str().unwrap().contains(says), "{code}: {answer}");
    }
    let line = json!({"lines": [{"order_id": first["order_id"], "hcpcs": "77427", "units": 3, "service_date": "2026-12-11",
                                 "billing_npi": "1245319599"}]});
    let checked = service.post("/v1/claim-checks", ADMINISTRATOR, &line).await.json();
    assert_eq!(checked["lines"][0]["reason"], "units_not_counted", "{checked}");
    assert!(checked["lines"][0]["message"].as_str().unwrap().contains("not reviewed by this program"), "{checked}");
    // the other breast was not treated
    let mut left = later.clone();
    left["diagnosis"]["icd10"] = json!("C50.912");
    assert_eq!(submit(&service, &left).await["status"], "authorized");
    // the chest wall of that side lies beside it, on the same days
    let mut beside = whole_breast();
    beside["radiation"]["site"] = json!("chest_wall");
    let beside = submit(&service, &beside).await;
    assert!(beside["review"]["holds"].as_array().unwrap().contains(&json!("re_irradiation")), "{beside}");
}

// proves, CAS-08, SUB-08
#[tokio::test]
async fn what_a_nurse_looked_at_is_looked_at_again_where_diagnosis_days_or_earlier_courses_change() {
    let service = Service::with_rosters().await;
    let first = submit(&service, &whole_breast()).await;
    let mut again = whole_breast();
    again["date_of_service"] = json!("2027-08-02");
    // one line waits by itself, so that the case stays open when the hold is gone
    again["radiation"]["procedures"] =
        json!([{"line": 1, "code": "77295", "units": 1}, {"line": 2, "code": "77407", "units": 20}]);
    let case = submit(&service, &again).await;
    let case_id = id(&case);
    assert_eq!(case["review"]["holds"], json!(["re_irradiation"]), "{case}");
    let planned = json!({"lines": [{"line": 1, "decision": "authorized"}]});
    let looked_at = desk::done(&service, desk::NURSE, &case_id, "determinations", &planned).await;
    assert_eq!((&looked_at["status"], &looked_at["review"]["holds"]), (&json!("in_progress"), &json!([])), "{looked_at}");
    assert_eq!(notices(&looked_at, "earlier_radiation")[0]["case_id"], first["case_id"]);

    let change = |change: Value| {
        let (service, path) = (&service, format!("/v1/orders/{case_id}"));
        async move {
            let answer = service.call(Method::PATCH, &path, PRACTICE, Some(&change)).await;
            assert_eq!(answer.status.as_u16(), 200, "{}", answer.text);
            answer.json()["review"]["holds"].clone()
        }
    };
    // another telephone number is nothing to look at
    assert_eq!(change(json!({"contact": {"name": "Front desk", "phone": "+1 617 555 0199"}})).await, json!([]));
    // another course, of which nobody knew
    let mut beside = whole_breast();
    beside["date_of_service"] = json!("2027-04-05");
    beside["radiation"]["site"] = json!("chest_wall");
    submit(&service, &beside).await;
    assert_eq!(change(json!({"contact": {"name": "Front desk", "phone": "+1 617 555 0198"}})).await, json!(["re_irradiation"]));
    desk::done(&service, desk::NURSE, &case_id, "determinations", &planned).await;
    // other days, and another diagnosis
    assert_eq!(change(json!({"date_of_service": "2027-08-09"})).await, json!(["re_irradiation"]));
    desk::done(&service, desk::NURSE, &case_id, "determinations", &planned).await;
    assert_eq!(change(json!({"diagnosis": {"icd10": "C50.411"}})).await, json!(["re_irradiation"]));
}

// proves, DUP-01
#[tokio::test]
async fn the_brachytherapy_of_a_course_on_file_is_part_of_its_plan_and_another_course_is_none() {
    let service = Service::with_rosters().await;
    let cervix = json!({
        "diagnosis": {"icd10": "C53.9"},
        "clinical": {"cancer_type": "cervical", "stage": "IIB", "line_of_treatment": "definitive", "tnm": null},
        "radiation": {"site": "cervix", "modality": "imrt", "histology": "squamous", "total_dose_gy": 45, "fractions": 25}
    });
    let mut main = example(&examples(), &cervix);
    main["radiation"]["boost"] = Value::Null;
    let main_case = submit(&service, &main).await;
    assert_eq!(main_case["status"], "authorized", "{}", main_case["deviations"]);
    let mut boost = main.clone();
    boost["date_of_service"] = json!("2027-01-11");
    for (key, value) in
        [("modality", json!("brachytherapy")), ("technique", json!("hdr")), ("total_dose_gy", json!(28)), ("fractions", json!(4))]
    {
        boost["radiation"][key] = value;
    }
    let boosted = submit(&service, &boost).await;
    assert_eq!((&boosted["status"], &boosted["notices"]), (&json!("authorized"), &json!([])), "{boosted}");
    let finding = boosted["findings"].as_array().unwrap().iter().find(|one| one["rule"] == "radiation/boost/CER-HDR-28-4");
    assert_eq!(finding.expect("a finding")["facts"]["case_id"], main_case["case_id"]);
    // a second external course is none of it
    let mut second = main;
    second["date_of_service"] = json!("2027-01-11");
    let second = submit(&service, &second).await;
    assert_eq!(second["review"]["holds"], json!(["possible_duplicate"]), "{second}");
}
