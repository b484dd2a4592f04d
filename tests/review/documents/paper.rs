//! The PDF as a file: embedded fonts, structure, pages, the same bytes again.

use crate::documents::forms::{of_type, page, pages_of_pdf, pdf};
use crate::support::desk::*;
use crate::support::http::Service;
use lopdf::{Document, Object};
use serde_json::{Value, json};

async fn summary_path(service: &Service, order: &Value) -> String {
    format!("/v1/orders/{}/summary", id(&submit(service, order).await))
}

// proves VER-04
#[tokio::test]
async fn a_pdf_has_its_fonts_title_language_structure_and_page_numbers() {
    let service = Service::with_rosters().await;
    let path = summary_path(&service, &tch(BMA)).await;
    let bytes = pdf(&service, &path, PRACTICE).await;
    assert!(bytes.len() < 200_000, "{} bytes: fonts are subsets", bytes.len());
    let document = Document::load_mem(&bytes).unwrap();
    let descriptors = of_type(&document, "FontDescriptor");
    assert_eq!(descriptors.len(), 2, "regular and bold");
    for descriptor in &descriptors {
        assert!(descriptor.has(b"FontFile2"), "embedded: {descriptor:?}");
        let name = descriptor.get(b"FontName").and_then(Object::as_name).unwrap();
        assert!(
            name[6] == b'+' && name.ends_with(b"LiberationSans") || name.ends_with(b"LiberationSans-Bold"),
            "a subset: {name:?}"
        );
    }
    let catalog = document.catalog().unwrap();
    assert!(catalog.has(b"StructTreeRoot") && catalog.has(b"Outlines") && catalog.has(b"Metadata"), "{catalog:?}");
    assert_eq!(catalog.get(b"Lang").and_then(Object::as_str).unwrap(), b"en");
    let text = String::from_utf8_lossy(&bytes);
    assert!(text.contains("<pdfuaid:part>1</pdfuaid:part>") && text.contains("Order Request Summary"), "PDF/UA-1 with a title");
    let pages = pages_of_pdf(&bytes);
    for (index, page) in pages.iter().enumerate() {
        assert!(page.contains(&format!("Page {} of {}", index + 1, pages.len())), "{page}");
        assert!(page.contains("Blue Medicare Advantage"), "{page}");
    }
    for page in document.get_pages().values() {
        let media = document.get_object(*page).unwrap().as_dict().unwrap().get(b"MediaBox").unwrap().as_array().unwrap();
        let size: Vec<f32> = media.iter().map(|side| side.as_float().unwrap()).collect();
        assert_eq!(size, [0.0, 0.0, 612.0, 792.0], "US Letter");
    }
}

// proves VER-04
#[tokio::test]
async fn the_same_document_has_the_same_bytes_whenever_it_is_read() {
    let service = Service::with_rosters().await;
    let case = submit(&service, &tch(BMA)).await;
    let mut paths = vec![format!("/v1/orders/{}/summary", id(&case))];
    paths.extend(
        case["letters"].as_array().unwrap().iter().map(|one| format!("/v1/letters/{}", one["letter_id"].as_str().unwrap())),
    );
    for path in paths {
        let first = pdf(&service, &path, PRACTICE).await;
        move_clock(&service, "2026-12-24T09:00:00Z").await;
        assert!(first == pdf(&service, &path, PRACTICE).await, "{path}");
    }
}

// proves VER-04
#[tokio::test]
async fn a_table_that_breaks_across_pages_repeats_its_header() {
    let service = Service::with_rosters().await;
    let mut order = tch(BMA);
    let drug = |line: u32| json!({"line": line, "hcpcs": "J1100", "role": "supportive", "route": "iv", "dose": {"amount": 8, "unit": "mg"}, "days": [1]});
    order["treatment"]["phases"][0]["drugs"].as_array_mut().unwrap().extend((10..50).map(drug));
    let path = summary_path(&service, &order).await;
    let pages = pages_of_pdf(&pdf(&service, &path, PRACTICE).await);
    let with_rows: Vec<&String> = pages.iter().filter(|page| page.contains("HCPCS J1100")).collect();
    assert!(with_rows.len() > 2, "{}", pages.len());
    assert!(with_rows.iter().all(|page| page.contains("Dosing") && page.contains("Billing units")));
    let rows: usize = with_rows.iter().map(|page| page.matches("HCPCS J1100").count()).sum();
    assert_eq!(rows, 40);
}

// proves VER-04
#[tokio::test]
async fn a_page_stands_on_its_own_on_a_desk_a_phone_and_paper() {
    let service = Service::with_rosters().await;
    let page = page(&service, &summary_path(&service, &tch(BMA)).await, PRACTICE).await;
    assert!(page.starts_with("<!DOCTYPE html>\n<html lang=\"en\">"));
    for present in [
        "<meta name=\"viewport\"",
        "@media print",
        "@media (max-width",
        "<h1>",
        "scope=\"col\"",
        "scope=\"row\"",
        "<caption>",
        "<main>",
    ] {
        assert!(page.contains(present), "{present}");
    }
    for absent in ["<script", "http://", "https://", "url(", "@import", "<link", "<img", "javascript:"] {
        assert!(!page.contains(absent), "{absent}");
    }
    assert_eq!(page.matches("<h1").count(), 1);
}

// proves DET-10
#[tokio::test]
async fn the_longest_rationale_is_set_whole() {
    let service = Service::with_rosters().await;
    let case_id = id(&submit(&service, &custom(BMA)).await);
    done(&service, PHYSICIAN, &case_id, "peer-to-peer", &offer()).await;
    let rationale = (1..=330).map(|number| format!("finding{number}")).collect::<Vec<_>>().join(" ");
    let mut denial = deny(&[2]);
    denial["drugs"][0]["rationale"] = json!(rationale);
    let answer = act(&service, PHYSICIAN, &case_id, "determinations", &denial).await;
    assert_eq!(answer.status.as_u16(), 201, "{}", answer.text);
    let path = format!("/v1/letters/{}", answer.json()["letters"][0]["letter_id"].as_str().unwrap());
    let pages = pages_of_pdf(&pdf(&service, &path, PRACTICE).await);
    assert!(pages.len() >= 2, "it runs on");
    let words = pages.join(" ");
    assert!((1..=330).all(|number| words.contains(&format!("finding{number}"))), "{words}");
}
