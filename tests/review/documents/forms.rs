//! Reading documents in a form, and what is in them.

use crate::support::http::Service;
use axum::body::Body;
use axum::http::{HeaderMap, Request};
use http_body_util::BodyExt as _;
use lopdf::{Document, Object};
use oncoauth::http;
use tower::ServiceExt as _;

pub const HTML: &str = "text/html";
pub const PDF: &str = "application/pdf";

/// An answer with its bytes.
pub struct Form {
    pub status: u16,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
}

impl Form {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// Reads with this `Accept`.
pub async fn read_as(service: &Service, path: &str, token: &str, accept: &str) -> Form {
    let request = Request::builder().uri(path).header("authorization", format!("Bearer {token}")).header("accept", accept);
    let request = request.body(Body::empty()).unwrap();
    let response = http::router(service.app.clone()).oneshot(request).await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let bytes = response.into_body().collect().await.unwrap().to_bytes().to_vec();
    Form { status, headers, bytes }
}

/// The page.
pub async fn page(service: &Service, path: &str, token: &str) -> String {
    let form = read_as(service, path, token, HTML).await;
    assert_eq!((form.status, form.header("content-type")), (200, "text/html; charset=utf-8"), "{}", form.text());
    form.text()
}

/// The PDF.
pub async fn pdf(service: &Service, path: &str, token: &str) -> Vec<u8> {
    let form = read_as(service, path, token, PDF).await;
    assert_eq!((form.status, form.header("content-type")), (200, PDF), "{}", form.text());
    form.bytes
}

/// What a reader sees of a page: text without tags, with blanks folded.
pub fn words_of_page(page: &str) -> String {
    let body = page.split_once("</style>").unwrap().1;
    let mut text = String::new();
    for part in body.split('<') {
        text.push(' ');
        text.push_str(part.split_once('>').map_or("", |(_, text)| text));
    }
    for (entity, character) in [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")] {
        text = text.replace(entity, character);
    }
    folded(&text)
}

/// What a reader can select in a PDF, page by page, with blanks folded.
pub fn pages_of_pdf(bytes: &[u8]) -> Vec<String> {
    let document = Document::load_mem(bytes).expect("a PDF");
    let numbers: Vec<u32> = document.get_pages().keys().copied().collect();
    numbers.iter().map(|number| folded(&document.extract_text(&[*number]).expect("text"))).collect()
}

pub fn words_of_pdf(bytes: &[u8]) -> String {
    pages_of_pdf(bytes).join(" ")
}

fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Every dictionary of a PDF that has this type.
pub fn of_type(document: &Document, kind: &str) -> Vec<lopdf::Dictionary> {
    let is_kind = |dictionary: &lopdf::Dictionary| {
        dictionary.get(b"Type").and_then(Object::as_name).is_ok_and(|name| name == kind.as_bytes())
    };
    document.objects.values().filter_map(|object| object.as_dict().ok()).filter(|one| is_kind(one)).cloned().collect()
}
