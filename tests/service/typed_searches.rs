//! What people type into searches, and what has to come first: tests/searches/typed.tsv, through HTTP.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "test crate")]

use crate::support;

use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use support::http::Service;
use support::submit::{ADMINISTRATOR, ORDERING, put_roster, sandbox};

const TYPED: &str = include_str!("../searches/typed.tsv");
const PROVIDERS: &str = include_str!("../searches/providers.ndjson");
const PLAN: &str = "anthem-blue-medicare-advantage";

struct Row {
    kind: &'static str,
    with: &'static str,
    typed: &'static str,
    first: &'static str,
    then: Vec<&'static str>,
    not_before: Vec<&'static str>,
}

fn rows() -> Vec<Row> {
    let list = |cell: &'static str| cell.split('|').map(str::trim).filter(|it| !it.is_empty()).collect();
    let lines = TYPED.lines().filter(|line| !line.starts_with('#')).skip(1);
    lines
        .map(|line| {
            let cells: Vec<&'static str> = line.split('\t').collect();
            let [kind, with, typed, first, then, not_before] = cells[..] else { panic!("six columns: {line}") };
            Row { kind, with, typed, first, then: list(then), not_before: list(not_before) }
        })
        .collect()
}

/// What each kind is searched at, and what an answer is known by.
fn place(kind: &str) -> (&'static str, &'static str) {
    match kind {
        "drug" | "code" => ("drugs", "generic"),
        "diagnosis" => ("diagnoses", "icd10"),
        "regimen" => ("regimens", "regimen_id"),
        "provider" => ("providers", "npi"),
        "procedure" => ("procedures", "code"),
        "schedule" => ("radiation/schedules", "schedule"),
        "biomarker" => ("biomarkers", "name"),
        "assessment" => ("assessments", "name"),
        other => panic!("no search of {other}"),
    }
}

async fn search(service: &Service, row: &Row) -> Vec<String> {
    let (catalogue, field) = place(row.kind);
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("q", row.typed);
    if !row.with.is_empty() {
        query.append_pair("diagnosis", row.with);
    }
    if row.kind == "provider" {
        query.append_pair("health_plan", PLAN);
    }
    let answer = service.get(&format!("/v1/{catalogue}?{}", query.finish()), ORDERING).await;
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.text);
    if row.kind == "code" {
        // the codes of the drug that is found first, as a form offers them
        let found = answer.json();
        let codes = found["items"][0]["codes"].as_array().unwrap().iter();
        return codes.map(|code| code["hcpcs"].as_str().unwrap().to_owned()).collect();
    }
    answer.json()["items"].as_array().unwrap().iter().map(|item| item[field].as_str().unwrap().to_owned()).collect()
}

/// What is wrong with the answer.
fn fault(row: &Row, found: &[String]) -> Option<String> {
    let place = |wanted: &str| found.iter().position(|it| it == wanted);
    let near = 3 + row.then.len() * 3;
    let is_right = place(row.first) == Some(0)
        && row.then.iter().all(|it| place(it).is_some_and(|place| place <= near))
        && row.not_before.iter().all(|it| place(it) != Some(0));
    let shown: Vec<&String> = found.iter().take(near + 1).collect();
    (!is_right).then(|| format!("{} `{}` {}: wanted {} {:?}, got {shown:?}", row.kind, row.typed, row.with, row.first, row.then))
}

// proves PRV-04, PRG-11, REG-01, REG-02
#[tokio::test]
async fn what_people_type_finds_first_what_they_mean() {
    let service = sandbox().await;
    let loaded = put_roster(&service, ADMINISTRATOR, &format!("/v1/rosters/{PLAN}/providers"), PROVIDERS.to_owned()).await;
    assert_eq!(loaded.status.as_u16(), 200, "{}", loaded.text);
    let mut faults = String::new();
    let rows = rows();
    for row in &rows {
        let found = search(&service, row).await;
        if let Some(fault) = fault(row, &found) {
            writeln!(faults, "{fault}").unwrap();
        }
    }
    assert!(faults.is_empty(), "of {}:\n{faults}", rows.len());
}

// proves PRG-11
#[tokio::test]
async fn every_word_of_clinics_finds_first_the_first_of_its_codes() {
    let service = sandbox().await;
    let content = oncoauth::content::load_embedded().unwrap();
    let today = content.in_force(chrono::NaiveDate::from_ymd_opt(2026, 12, 1).unwrap());
    let mut seen = BTreeSet::new();
    let mut wrong = Vec::new();
    for entry in &today.searches.diagnoses {
        // the first and the last of each list: all of them would take half a minute
        let some = entry.words.iter().take(1).chain(entry.words.last());
        for word in some.filter(|word| seen.insert(word.to_lowercase())) {
            let row = Row {
                kind: "diagnosis",
                with: "",
                typed: Box::leak(word.clone().into()),
                first: "",
                then: vec![],
                not_before: vec![],
            };
            let found = search(&service, &row).await;
            if found.first() != entry.codes.first() {
                wrong.push(format!("{word}: {:?}, not {:?}", found.first(), entry.codes.first()));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), seen.len(), wrong.join("\n"));
}

// proves REG-02
#[tokio::test]
async fn pathways_are_found_by_brand_code_drug_and_trial() {
    let service = sandbox().await;
    for (typed, regimen) in [
        ("keynote 522", "BRE-KN522"),
        ("keynote-522", "BRE-KN522"),
        ("tchp", "BRE-TCHP"),
        ("folfirinox", "PAN-FFX"),
        ("niagara", "BLA-NIAGARA"),
    ] {
        let query = form_urlencoded::Serializer::new(String::new()).append_pair("q", typed).finish();
        let found = service.get(&format!("/v1/pathways?{query}"), ORDERING).await.json();
        assert_eq!(found["items"][0]["regimen_id"], regimen, "{typed}: {found:#}");
    }
    for (typed, ingredient) in
        [("keytruda", "pembrolizumab"), ("herceptin", "trastuzumab"), ("J9171", "docetaxel"), ("j9271", "pembrolizumab")]
    {
        let found = service.get(&format!("/v1/pathways?q={typed}"), ORDERING).await.json();
        let items = found["items"].as_array().unwrap();
        let has_it = |pathway: &Value| pathway["ingredients"].as_array().unwrap().iter().any(|it| it == ingredient);
        assert!(items.len() > 2 && items.iter().all(has_it), "{typed}: {found:#}");
    }
}

// proves PRG-11, PRG-12
#[tokio::test]
async fn a_search_says_what_is_a_category_what_was_understood_and_which_product_was_meant() {
    let service = sandbox().await;
    let get = async |address: &str| service.get(address, ORDERING).await.json();
    let breast = get("/v1/diagnoses?q=C50&limit=200").await;
    let items = breast["items"].as_array().unwrap();
    let first = |count: usize| items[..count].iter().map(|it| it["icd10"].as_str().unwrap()).collect::<Vec<_>>();
    assert_eq!(first(3), ["C50.911", "C50.912", "C50.919"]);
    assert!(items.iter().take(3).all(|it| it["billable"] == true && it["header"] == false && it["notice"].is_null()));
    let header = items.iter().find(|it| it["icd10"] == "C50").unwrap();
    assert_eq!((&header["billable"], &header["header"]), (&Value::Bool(false), &Value::Bool(true)));
    assert_eq!(header["notice"], "C50 is a category and cannot be billed: choose a code below it");
    assert!(!header["narrower"].as_array().unwrap().is_empty());
    let unknown = get("/v1/drugs?q=neulasta%20gizmo").await;
    assert_eq!((&unknown["items"][0]["generic"], &unknown["searched_for"]), (&"pegfilgrastim".into(), &"neulasta".into()));
    assert_eq!(get("/v1/drugs?q=neulasta").await["searched_for"], Value::Null);
    for (typed, code) in [("truxima", "Q5115"), ("q5116", "Q5116"), ("J9271", "J9271")] {
        let found = get(&format!("/v1/drugs?q={typed}")).await;
        assert_eq!(found["items"][0]["codes"][0]["hcpcs"], code, "{typed}: {found:#}");
    }
    assert_eq!(get("/v1/cancers?q=nsclc").await["items"][0]["cancer_type"], "lung_nsclc");
    assert_eq!(get("/v1/cancers?q=dlbcl").await["items"][0]["cancer_type"], "lymphoma_dlbcl");
}
