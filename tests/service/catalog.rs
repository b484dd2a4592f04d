//! Catalogues over HTTP: found as they are typed, and in what state.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "test crate")]

use crate::support;

use serde_json::{Value, json};
use support::http::Service;
use support::submit::{ADMINISTRATOR, HEALTH_PLAN, INTAKE, ORDERING, put_roster, sandbox};

const PLAN: &str = "anthem-blue-medicare-advantage";

async fn items(service: &Service, address: &str) -> Vec<Value> {
    let answer = service.get(address, ORDERING).await;
    assert_eq!(answer.status.as_u16(), 200, "{address}: {}", answer.text);
    answer.json()["items"].as_array().unwrap().clone()
}

/// One field of everything found.
async fn found(service: &Service, address: &str, field: &str) -> Vec<String> {
    let items = items(service, address).await;
    items.iter().map(|item| item[field].as_str().unwrap_or_else(|| panic!("no {field} in {item:#}")).to_owned()).collect()
}

/// An NPI with its check digit.
fn npi(number: u32) -> String {
    let stem = format!("1{number:08}");
    let candidates = (0..10).map(|digit| format!("{stem}{digit}"));
    candidates.into_iter().find(|npi| oncoauth::domain::roster::npi_is_valid(npi)).unwrap()
}

fn clinician(number: u32, first: &str, last: &str) -> Value {
    json!({"npi": npi(number), "kind": "individual", "first_name": first, "last_name": last, "tax_ids": ["900000009"],
           "state": "MO", "in_network": number.is_multiple_of(2)})
}

fn facility(number: u32, name: &str) -> Value {
    json!({"npi": npi(number), "kind": "facility", "name": name, "tax_ids": ["900000009"], "state": "MO", "in_network": true})
}

async fn load(service: &Service, rows: &[Value]) {
    let file = rows.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    let answer = put_roster(service, ADMINISTRATOR, &format!("/v1/rosters/{PLAN}/providers"), file).await;
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.text);
}

// proves PRV-04, PRV-07
#[tokio::test]
async fn providers_are_found_by_name_in_either_order_by_facility_name_and_by_npi() {
    let service = sandbox().await;
    let names = |query: &str| format!("/v1/providers?health_plan={PLAN}&{query}");
    for query in [
        "q=ord",
        "q=Ordering%20Clin",
        "q=clinician,%20ordering",
        "q=CLINICIAN+ORD",
        "npi=1234567893",
        "q=12345678",
        "q=clin%20orde",
    ] {
        assert_eq!(found(&service, &names(query), "display_name").await, ["Ordering Clinician"], "{query}");
    }
    let all = found(&service, &names("q=clinician"), "display_name").await;
    assert_eq!(
        all,
        ["Another Clinician", "Distant Clinician", "Elsewhere Clinician", "Ordering Clinician", "Radiation Clinician"]
    );
    for query in ["q=sample", "q=infusion+center+sam", "q=sample%20center", "npi=12453&kind=facility", "q=sam&kind=facility"] {
        assert_eq!(found(&service, &names(query), "display_name").await, ["Sample Infusion Center"], "{query}");
    }
    for query in
        ["q=clinician&kind=facility", "q=infusion&kind=individual", "npi=99", "q=zzzz", "q=--", "q=clinician&health_plan=no-plan"]
    {
        let address = if query.contains("health_plan") { format!("/v1/providers?{query}") } else { names(query) };
        assert_eq!(items(&service, &address).await, Vec::<Value>::new(), "{query}");
    }
    let distant = items(&service, &names("q=distant")).await;
    assert_eq!(distant.iter().map(|item| item["in_network"].clone()).collect::<Vec<_>>(), [false, false]);
    assert!(
        items(&service, &names(""))
            .await
            .iter()
            .all(|item| item.get("tax_ids").is_none() && !item.to_string().contains("90000000"))
    );
    let each_plan = found(&service, "/v1/providers?npi=1234567893", "health_plan").await;
    assert_eq!(each_plan, [PLAN, "bcbs-massachusetts", "bcbs-michigan"]);
    let own: Vec<_> = service.get("/v1/providers?npi=1234567893", HEALTH_PLAN).await.json()["items"].as_array().unwrap().clone();
    assert_eq!(own.len(), 1, "a plan finds its own file only");
}

// proves PRV-04
#[tokio::test]
async fn a_misspelt_provider_is_found_and_said_to_be_similar() {
    let service = sandbox().await;
    let rows = [
        clinician(1, "Jane", "Smith"),
        clinician(2, "John", "Smithson"),
        clinician(3, "María José", "O’Brien-Núñez"),
        facility(4, "Mercy Hematology & Oncology Associates, Inc."),
        facility(5, "St. Vincent Infusion Center"),
    ];
    load(&service, &rows).await;
    for (typed, expected, matched) in [
        ("smith", vec!["Jane Smith", "John Smithson"], "exact"),
        ("smtih", vec!["Jane Smith", "John Smithson"], "similar"),
        ("jane smtih", vec!["Jane Smith"], "similar"),
        ("smihtson", vec!["John Smithson"], "similar"),
        ("obrien nunez", vec!["María José O’Brien-Núñez"], "exact"),
        ("Núñez", vec!["María José O’Brien-Núñez"], "exact"),
        ("jose maria", vec!["María José O’Brien-Núñez"], "exact"),
        ("obrein", vec!["María José O’Brien-Núñez"], "similar"),
        ("oncolgy", vec!["Mercy Hematology & Oncology Associates, Inc."], "similar"),
        ("mercy oncolo", vec!["Mercy Hematology & Oncology Associates, Inc."], "exact"),
        ("hematology asociates", vec!["Mercy Hematology & Oncology Associates, Inc."], "similar"),
        ("infsuion cen", vec!["St. Vincent Infusion Center"], "similar"),
        ("st vincnet", vec!["St. Vincent Infusion Center"], "similar"),
        ("qqqqqqq", vec![], ""),
    ] {
        let query =
            form_urlencoded::Serializer::new(String::new()).append_pair("q", typed).append_pair("health_plan", PLAN).finish();
        let items = items(&service, &format!("/v1/providers?{query}")).await;
        let names: Vec<&str> = items.iter().map(|item| item["display_name"].as_str().unwrap()).collect();
        assert_eq!(names, expected, "{typed}");
        assert!(items.iter().all(|item| item["matched"] == matched), "{typed}: {items:#?}");
    }
}

// proves PRV-04, PRV-05
#[tokio::test]
async fn pages_follow_one_another_and_a_new_file_changes_what_is_found() {
    let service = sandbox().await;
    let rows: Vec<Value> = (0..7).map(|number| clinician(number, &format!("Test{}", number % 3), "Testing")).collect();
    load(&service, &rows).await;
    let mut address = format!("/v1/providers?q=test&limit=2&health_plan={PLAN}");
    let mut seen = Vec::new();
    loop {
        let page = service.get(&address, INTAKE).await.json();
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= 2 && !items.is_empty());
        seen.extend(items.iter().map(|item| item["npi"].as_str().unwrap().to_owned()));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        address = format!("/v1/providers?q=test&limit=2&health_plan={PLAN}&cursor={cursor}");
    }
    let mut expected: Vec<String> = (0..7).map(npi).collect();
    seen.sort();
    expected.sort();
    assert_eq!(seen, expected, "each once, though first and last name begin so");
    // renamed, removed, and turned into a facility
    load(&service, &[clinician(0, "Somebody", "Else"), facility(1, "Testing Laboratory")]).await;
    assert_eq!(
        found(&service, &format!("/v1/providers?q=test&health_plan={PLAN}"), "display_name").await,
        ["Testing Laboratory"]
    );
    assert_eq!(found(&service, &format!("/v1/providers?q=else&health_plan={PLAN}"), "npi").await, [npi(0)]);
}

// proves PRG-12, PRG-18, SUB-16
#[tokio::test]
async fn drugs_are_found_by_brand_generic_name_and_code_and_show_who_manages_them() {
    let service = sandbox().await;
    for query in ["q=hercep", "q=Herceptin", "q=J9355", "q=j9355", "q=trastuzumab", "q=trastuzumba", "q=herseptin"] {
        let first = &items(&service, &format!("/v1/drugs?{query}")).await[0];
        assert_eq!(first["generic"], "trastuzumab", "{query}");
        let code = first["codes"].as_array().unwrap().iter().find(|code| code["hcpcs"] == "J9355").unwrap().clone();
        assert_eq!((&code["billing_unit"], &code["benefit"]), (&json!("10 mg"), &json!("medical")));
        let managed_by = first["managed_by"].as_array().unwrap();
        assert!(managed_by.contains(&json!("blue-medicare-advantage-ccq")), "{first:#}");
    }
    assert_eq!(items(&service, "/v1/drugs?q=verzenio").await[0]["benefit"], "pharmacy");
    let by_code = items(&service, "/v1/drugs?q=J93").await;
    assert!(by_code.len() > 1);
    let has_code = |drug: &Value| ["codes", "ended_codes"].iter().any(|codes| drug[codes].to_string().contains("\"J93"));
    assert!(by_code.iter().all(has_code), "{by_code:#?}");
    let ended = &items(&service, "/v1/drugs?q=J2505").await[0];
    assert_eq!(ended["generic"], "pegfilgrastim");
    let codes = ended["ended_codes"].as_array().unwrap();
    assert!(codes.iter().any(|code| code["hcpcs"] == "J2505" && code["replaced_by"] == json!(["J2506"])), "{codes:#?}");
    assert_eq!(items(&service, "/v1/drugs?q=xyzzyxyzzy").await, Vec::<Value>::new());
    assert_eq!(service.get("/v1/drugs/j9355", ORDERING).await.json()["generic"], "trastuzumab");
    service.get("/v1/drugs/J0000", ORDERING).await.assert_problem(404, "not-found");
}

// proves PRG-11
#[tokio::test]
async fn diagnoses_are_found_by_title_and_by_code_with_or_without_its_dot() {
    let service = sandbox().await;
    for query in ["q=C50.911", "q=c50911", "q=C50.911%20"] {
        assert_eq!(found(&service, &format!("/v1/diagnoses?{query}"), "icd10").await, ["C50.911"], "{query}");
    }
    let breast = found(&service, "/v1/diagnoses?q=c50&limit=200", "icd10").await;
    assert!(breast.len() > 20 && breast.iter().all(|code| code.starts_with("C50")), "{breast:?}");
    for query in ["q=malignant%20neoplasm%20breast", "q=breast%20malig", "q=breats%20malignant"] {
        let titles = found(&service, &format!("/v1/diagnoses?{query}"), "title").await;
        assert!(!titles.is_empty() && titles.iter().all(|title| title.to_lowercase().contains("breast")), "{query}: {titles:?}");
    }
    let context = &items(&service, "/v1/diagnoses?q=Z51.11").await[0];
    assert_eq!((&context["icd10"], &context["billable"]), (&json!("Z51.11"), &json!(true)));
}

// proves REG-02, REG-08, REG-09
#[tokio::test]
async fn pathways_show_what_is_new_and_retired_and_the_best_come_first() {
    let service = sandbox().await;
    let new = items(&service, "/v1/pathways?status=new").await;
    assert!(!new.is_empty());
    assert!(
        new.iter().all(|pathway| pathway["introduced_in"] == "2026.4" && pathway["introduced_on"] == "2026-10-01"),
        "{new:#?}"
    );
    let retired = items(&service, "/v1/pathways?status=retired").await;
    assert_eq!(retired.len(), 1, "{retired:#?}");
    assert_eq!((&retired[0]["cancer_type"], &retired[0]["retired_in"]), (&json!("biliary"), &json!("2026.4")));
    // before the release that changed them
    assert_eq!(items(&service, "/v1/pathways?status=new&as_of=2026-09-30").await, Vec::<Value>::new());
    let earlier = found(&service, "/v1/pathways?status=current&as_of=2026-09-30&limit=200", "pathway_id").await;
    assert!(earlier.contains(&retired[0]["pathway_id"].as_str().unwrap().to_owned()));
    assert!(!earlier.contains(&new[0]["pathway_id"].as_str().unwrap().to_owned()));
    let breast = items(&service, "/v1/pathways?cancer=breast").await;
    let ranks: Vec<_> = breast
        .iter()
        .map(|it| ["efficacy", "toxicity", "consensus"].map(|rank| it["designation"][rank].as_u64().unwrap()))
        .collect();
    assert!(ranks.len() > 2 && ranks.is_sorted(), "{ranks:?}");
    let searched = items(&service, "/v1/pathways?q=zolbetuximab").await;
    assert!(!searched.is_empty() && searched.iter().all(|pathway| pathway["ingredients"].to_string().contains("zolbetuximab")));
    service.get("/v1/pathways?status=old", ORDERING).await.assert_problem(422, "validation-failed");
    service.get("/v1/pathways?as_of=yesterday", ORDERING).await.assert_problem(422, "validation-failed");
}

// proves REG-01
#[tokio::test]
async fn regimens_are_found_by_alias_and_drug_and_read_with_their_phases() {
    let service = sandbox().await;
    for query in ["q=ddac", "q=DDAC-T", "q=dose-dense&cancer=breast"] {
        let ids = found(&service, &format!("/v1/regimens?{query}"), "regimen_id").await;
        assert!(ids.contains(&"BRE-DDAC-T".to_owned()), "{query}: {ids:?}");
    }
    let breast = found(&service, "/v1/regimens?q=trastuzumab&cancer=breast", "cancer_type").await;
    assert!(breast.len() > 2 && breast.iter().all(|cancer| cancer == "breast"));
    let regimen = service.get("/v1/regimens/BRE-DDAC-T", ORDERING).await.json();
    let drug = &regimen["phases"][0]["drugs"][0];
    assert_eq!((&drug["generic"], &drug["dose"]), (&json!("doxorubicin"), &json!({"amount": 60.0, "unit": "mg/m2"})));
    assert!(drug["codes"].as_array().unwrap().contains(&json!("J9000")), "{drug:#}");
    service.get("/v1/regimens/NONE", ORDERING).await.assert_problem(404, "not-found");
}

// proves SAFE-16
#[tokio::test]
async fn a_regimen_lists_the_other_ways_of_giving_it_each_with_its_phases_and_source() {
    let service = sandbox().await;
    let regimen = service.get("/v1/regimens/NSC-PEMBRO", ORDERING).await.json();
    let forms = regimen["forms"].as_array().unwrap();
    let longer = forms.iter().find(|form| form["name"] == "pembrolizumab 400 mg every 6 weeks").expect("a form");
    let phase = &longer["phases"][0];
    assert_eq!((&phase["cycle_length_days"], &phase["beside"]), (&json!(42), &json!(false)), "{longer:#}");
    assert_eq!(phase["drugs"][0]["dose"], json!({"amount": 400.0, "unit": "mg"}), "{longer:#}");
    assert!(longer["source"].as_str().unwrap().starts_with("Keytruda label"), "{longer:#}");
}

// proves DEV-05
#[tokio::test]
async fn biomarkers_and_cancer_types_list_the_words_that_are_accepted() {
    let service = sandbox().await;
    let her2 = &items(&service, "/v1/biomarkers?q=her2").await[0];
    assert_eq!(her2["name"], "her2");
    assert!(["positive", "negative", "low"].iter().all(|word| her2["results"].as_array().unwrap().contains(&json!(word))));
    assert_eq!(her2["counts_as"]["low"], json!(["negative"]));
    let score = items(&service, "/v1/biomarkers?q=pd_l1_tps").await;
    assert_eq!((&score[0]["minimum"], &score[0]["maximum"]), (&json!(0.0), &json!(100.0)), "{score:#?}");
    let lung = &items(&service, "/v1/cancers?q=non-small").await[0];
    assert_eq!(lung["cancer_type"], "lung_nsclc");
    assert!(lung["pathologies"].to_string().contains("adenocarcinoma"), "{lung:#}");
}

// proves PRV-03
#[tokio::test]
async fn every_catalogue_pages_through_everything_it_has() {
    let service = sandbox().await;
    for catalogue in ["drugs", "diagnoses", "regimens", "pathways", "biomarkers", "cancers", "providers"] {
        let mut address = format!("/v1/{catalogue}?limit=200");
        let mut seen = Vec::new();
        loop {
            let page = service.get(&address, ORDERING).await.json();
            seen.extend(page["items"].as_array().unwrap().iter().map(ToString::to_string));
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            address = format!("/v1/{catalogue}?limit=200&cursor={cursor}");
        }
        let count = seen.len();
        assert!(count > 15, "{catalogue}: {count}");
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), count, "{catalogue}: each once");
        service.get(&format!("/v1/{catalogue}?cursor=x"), ORDERING).await.assert_problem(422, "validation-failed");
        service.get(&format!("/v1/{catalogue}?limit=0"), ORDERING).await.assert_problem(422, "validation-failed");
        service.get(&format!("/v1/{catalogue}"), "").await.assert_problem(401, "unauthenticated");
    }
}
