//! What portals ask about radiation.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "test crate")]

use crate::support::submit::{ORDERING, sandbox};
use serde_json::{Value, json};

fn items(page: &Value) -> &Vec<Value> {
    page["items"].as_array().expect("a list")
}

// proves R-21
#[tokio::test]
async fn schedules_are_found_by_id_name_and_site_with_everything_that_they_take() {
    let service = sandbox().await;
    let page = service.get("/v1/radiation/schedules?q=BRE-WB-26-5", ORDERING).await.json();
    let schedule = &items(&page)[0];
    assert_eq!((&schedule["schedule"], &schedule["designation"]), (&json!("BRE-WB-26-5"), &json!("acceptable")));
    assert_eq!(schedule["total_dose_gy"], json!({"minimum": 26.0, "maximum": 26.0}));
    assert_eq!(schedule["fractions"], json!({"minimum": 5, "maximum": 5}));
    assert_eq!(schedule["boost"]["fractions"], json!({"minimum": 4, "maximum": 8}));
    let page = service.get("/v1/radiation/schedules?site=anus&limit=200", ORDERING).await.json();
    let ids: Vec<&str> = items(&page).iter().map(|schedule| schedule["schedule"].as_str().unwrap()).collect();
    assert!(ids.contains(&"ANA-54-30") && ids.contains(&"PAL-8-1") && !ids.contains(&"BRE-WB-26-5"), "{ids:?}");
    let page = service.get("/v1/radiation/schedules?limit=200", ORDERING).await.json();
    let next = page["next_cursor"].as_str().expect("more than a page");
    let rest = service.get(&format!("/v1/radiation/schedules?limit=200&cursor={next}"), ORDERING).await.json();
    assert_eq!((items(&page).len(), items(&rest).len(), rest["next_cursor"].is_null()), (200, 3, true));
}

// proves R-07
#[tokio::test]
async fn sites_are_found_by_what_practices_write_with_their_targets_and_the_words_of_a_technique() {
    let service = sandbox().await;
    for typed in ["prostatic+fossa", "prostate_bed", "Prostate+bed"] {
        let page = service.get(&format!("/v1/radiation/sites?q={typed}"), ORDERING).await.json();
        assert_eq!(items(&page)[0]["key"], "prostate_bed", "{typed}: {page}");
    }
    let page = service.get("/v1/radiation/sites?q=breast", ORDERING).await.json();
    let site = items(&page).iter().find(|site| site["key"] == "breast").expect("the breast");
    assert!(site["targets"].as_array().unwrap().iter().any(|target| target["key"] == "partial_breast"), "{site}");
    assert_eq!(site["icd10_prefixes"], json!(["C50", "D05", "C79.81"]));
    assert!(page["techniques"].as_array().unwrap().iter().any(|term| term["key"] == "breath_hold"));
    assert!(page["modalities"].as_array().unwrap().contains(&json!("proton_beam")));
}

// proves
#[tokio::test]
async fn procedures_are_found_by_code_and_by_what_they_are_for() {
    let service = sandbox().await;
    let page = service.get("/v1/procedures?q=774", ORDERING).await.json();
    assert!(items(&page).iter().all(|one| one["code"].as_str().unwrap().starts_with("774")), "{page}");
    let page = service.get("/v1/procedures?q=77386", ORDERING).await.json();
    assert_eq!(
        (&items(&page)[0]["valid_through"], &items(&page)[0]["replaced_by"]),
        (&json!("2025-12-31"), &json!(["77407", "77412"]))
    );
    let page = service.get("/v1/procedures?q=proton+delivery", ORDERING).await.json();
    assert!(items(&page).iter().any(|one| one["code"] == "77523" && one["needs_authorization"] == true), "{page}");
    let page = service.get("/v1/procedures?limit=200", ORDERING).await.json();
    assert_eq!(items(&page).len(), 120);
}
