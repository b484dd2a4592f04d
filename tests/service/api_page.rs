//! The page that shows the API description.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "test crate")]

use crate::support;

use axum::body::Body;
use axum::http::{HeaderMap, Method, Request};
use flate2::read::GzDecoder;
use http_body_util::BodyExt as _;
use oncoauth::app::Settings;
use oncoauth::http;
use serde_json::Value;
use std::io::Read as _;
use support::http::Service;
use tower::ServiceExt as _;

/// Status, headers and body.
async fn read(service: &Service, headers: &[(&str, &str)]) -> (u16, HeaderMap, Vec<u8>) {
    let mut request = Request::builder().uri("/docs");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = http::router(service.app.clone()).oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    (status, headers, response.into_body().collect().await.unwrap().to_bytes().to_vec())
}

async fn page(service: &Service) -> String {
    String::from_utf8(read(service, &[]).await.2).unwrap()
}

/// What stands in blocks of code that begin so, as a reader copies it.
fn commands(page: &str) -> Vec<String> {
    let blocks = page.split("<pre ").skip(1).filter_map(|rest| rest.split_once("<code>")?.1.split_once("</code></pre>"));
    let mut found = Vec::new();
    for (text, _) in blocks {
        let mut text = text.to_owned();
        for (entity, character) in [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&amp;", "&")] {
            text = text.replace(entity, character);
        }
        found.push(text);
    }
    found.into_iter().filter(|text| text.starts_with("curl ")).collect()
}

/// Between two marks.
fn between<'t>(text: &'t str, from: &str, to: &str) -> Option<&'t str> {
    text.split_once(from)?.1.split_once(to).map(|(inner, _)| inner)
}

#[tokio::test]
async fn the_page_of_the_api_is_small_kept_by_browsers_and_needs_no_script() {
    let service = Service::sandbox().await;
    let (status, headers, compressed) = read(&service, &[("accept-encoding", "gzip, br")]).await;
    assert_eq!((status, headers["content-encoding"].to_str().unwrap()), (200, "gzip"));
    assert!(compressed.len() < 120_000, "{} bytes", compressed.len());
    let mut text = String::new();
    GzDecoder::new(compressed.as_slice()).read_to_string(&mut text).unwrap();
    assert_eq!(text, page(&service).await);
    assert!(!text.contains("<script") && !text.contains("src="), "it loads nothing");
    assert!(headers["content-security-policy"].to_str().unwrap().contains("default-src 'none'"));
    assert!(headers["cache-control"].to_str().unwrap().contains("max-age"));
    let tag = headers["etag"].to_str().unwrap();
    let (status, _, body) = read(&service, &[("if-none-match", tag)]).await;
    assert_eq!((status, body.len()), (304, 0));
}

#[tokio::test]
async fn every_operation_and_type_of_the_description_is_on_the_page_and_every_link_leads_somewhere() {
    let service = Service::sandbox().await;
    let page = page(&service).await;
    let description: Value = yaml_serde::from_str(&service.get("/openapi.yaml", "").await.text).unwrap();
    for item in description["paths"].as_object().unwrap().values() {
        for operation in item.as_object().unwrap().values().filter_map(|operation| operation["operationId"].as_str()) {
            assert!(page.contains(&format!("id=\"{operation}\"")), "no {operation}");
        }
    }
    for name in description["components"]["schemas"].as_object().unwrap().keys() {
        assert!(page.contains(&format!("id=\"schema-{name}\"")), "no {name}");
    }
    let links = page.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next());
    for link in links {
        assert!(page.contains(&format!("id=\"{link}\"")), "#{link} leads nowhere");
    }
}

#[tokio::test]
async fn the_examples_are_the_readmes_and_work_as_they_stand_in_a_sandbox() {
    let service = Service::with_rosters().await;
    let address = service.app.settings.public_url.clone();
    let commands = commands(&page(&service).await);
    assert!(commands.len() >= 3, "{commands:?}");
    for command in commands {
        let path = between(&command, &address, " ").unwrap().trim_end_matches('\'').to_owned();
        let token = between(&command, "Bearer ", "'").unwrap();
        let body = between(&command, "<<'EOF'\n", "\nEOF").or_else(|| between(&command, "-d '", "'")).unwrap_or_default();
        let body: Option<Value> =
            (!body.is_empty()).then(|| serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body}")));
        let method = if body.is_some() { Method::POST } else { Method::GET };
        let answer = service.call(method, &path, token, body.as_ref()).await;
        assert!(answer.status.is_success(), "{command}: {}", answer.text);
    }
}

#[tokio::test]
async fn tokens_are_shown_in_a_sandbox_only() {
    let service = Service::sandbox().await;
    assert!(page(&service).await.contains("sandbox-ordering-provider"));
    let elsewhere = Service::start(Settings::default()).await;
    assert!(!page(&elsewhere).await.contains("sandbox-"), "nobody's tokens");
}
