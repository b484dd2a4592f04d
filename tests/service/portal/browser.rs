//! A browser without script: it keeps cookies, says where a form comes from, and shows pages.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "test crate")]

use crate::support::http::{Answer, Service};
use axum::body::Body;
use axum::http::Request;
use std::collections::BTreeMap;

/// One person's browser.
pub struct Browser<'a> {
    service: &'a Service,
    /// What it keeps, by name.
    pub cookies: BTreeMap<String, String>,
}

impl<'a> Browser<'a> {
    /// One that was never here.
    pub fn new(service: &'a Service) -> Self {
        Self { service, cookies: BTreeMap::new() }
    }

    /// One in which this person of the sandbox is signed in.
    pub async fn of(service: &'a Service, person: &str) -> Self {
        let mut browser = Self::new(service);
        let answer = browser.send("/login", &[("person", person)]).await;
        assert_eq!((answer.status.as_u16(), answer.header("location")), (303, "/"), "{}", answer.text);
        browser
    }

    /// Opens an address.
    pub async fn open(&mut self, path: &str) -> Answer {
        self.ask(Request::builder().uri(path), Body::empty()).await
    }

    /// Opens an address where a page is expected.
    pub async fn page(&mut self, path: &str) -> String {
        let answer = self.open(path).await;
        assert_eq!(answer.status.as_u16(), 200, "{path}: {}", answer.text);
        answer.text
    }

    /// Sends a form.
    pub async fn send(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.send_from(path, fields, "same-origin").await
    }

    /// Sends a form, and opens where that leads.
    pub async fn follow(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let answer = self.send(path, fields).await;
        assert_eq!(answer.status.as_u16(), 303, "{path}: {}", answer.text);
        let location = answer.header("location").to_owned();
        self.open(&location).await
    }

    /// Sends a form from a page of such a site.
    pub async fn send_from(&mut self, path: &str, fields: &[(&str, &str)], site: &str) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = Request::builder().method("POST").uri(path).header("sec-fetch-site", site);
        self.ask(request.header("content-type", "application/x-www-form-urlencoded"), Body::from(body)).await
    }

    /// Sends a document with what it is.
    pub async fn send_document(&mut self, path: &str, kind: &str, bytes: &[u8], description: &str) -> Answer {
        let mut body =
            format!("--edge\r\nContent-Disposition: form-data; name=\"description\"\r\n\r\n{description}\r\n").into_bytes();
        let file = "--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"report.bin\"\r\n";
        body.extend_from_slice(format!("{file}Content-Type: {kind}\r\n\r\n").as_bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n--edge--\r\n");
        let request = Request::builder().method("POST").uri(path).header("sec-fetch-site", "same-origin");
        self.ask(request.header("content-type", "multipart/form-data; boundary=edge"), Body::from(body)).await
    }

    async fn ask(&mut self, mut request: axum::http::request::Builder, body: Body) -> Answer {
        let pairs: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !pairs.is_empty() {
            request = request.header("cookie", pairs.join("; "));
        }
        let answer = self.service.send(request.header("accept", "text/html").body(body).unwrap()).await;
        for line in answer.headers.get_all("set-cookie") {
            let line = line.to_str().unwrap();
            let (name, rest) = line.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            if line.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }
}
