//! Clinical documents over HTTP, on a sandbox with its own database.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "test crate")]

use crate::support;

mod access;
mod asking;
mod files;
mod interrupted;
mod reconsideration;
mod scanning;

use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::{Value, json};
use support::desk::*;
use support::http::{Answer, Service};

/// A short PDF.
const PDF: &[u8] = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n";

/// A case in progress for which a nurse has asked for something.
async fn asked(service: &Service) -> String {
    let case_id = id(&submit(service, &custom(BMA)).await);
    done(service, NURSE, &case_id, "information-requests", &json!({"items": ["tumor board note"]})).await;
    case_id
}

/// A request that sends these bytes as they are. `query` begins with a question mark, or is empty.
fn request(token: &str, case_id: &str, query: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Request<Body> {
    let mut request = Request::builder().method(Method::POST).uri(format!("/v1/orders/{case_id}/attachments{query}"));
    request = request.header("authorization", format!("Bearer {token}"));
    for (name, value) in headers {
        request = request.header(*name, axum::http::HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    request.body(body.into()).unwrap()
}

/// Sends a document as the body.
async fn send(service: &Service, token: &str, case_id: &str, media_type: &str, bytes: &[u8]) -> Answer {
    service.send(request(token, case_id, "", &[("content-type", media_type)], bytes.to_vec())).await
}

/// Sends a short PDF that has to be taken; answers with what is known of it.
async fn sent(service: &Service, token: &str, case_id: &str) -> Value {
    let answer = send(service, token, case_id, "application/pdf", PDF).await;
    assert_eq!(answer.status.as_u16(), 201, "{}", answer.text);
    answer.json()
}

/// A part of a form: its headers after `Content-Disposition: form-data; `, and its bytes.
type Part<'a> = (&'a str, &'a [u8]);

/// A form as clients write it.
fn form(parts: &[Part<'_>]) -> Vec<u8> {
    let mut body = Vec::new();
    for (headers, bytes) in parts {
        body.extend_from_slice(format!("--border\r\nContent-Disposition: form-data; {headers}\r\n\r\n").as_bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--border--\r\n");
    body
}

/// Sends a form.
async fn send_form(service: &Service, case_id: &str, body: Vec<u8>) -> Answer {
    let headers = [("content-type", "multipart/form-data; boundary=border")];
    service.send(request(PRACTICE, case_id, "", &headers, body)).await
}

/// The documents of a case, as this caller sees them.
async fn list(service: &Service, token: &str, case_id: &str) -> Answer {
    service.get(&format!("/v1/orders/{case_id}/attachments"), token).await
}

/// How many documents and pieces the database has.
async fn stored(service: &Service) -> (i64, i64) {
    sqlx::query_as("select (select count(*) from attachments), (select count(*) from attachment_chunks)")
        .fetch_one(&service.app.pool)
        .await
        .unwrap()
}

/// Bytes without any pattern, the same every time.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut bytes = PDF.to_vec();
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}
