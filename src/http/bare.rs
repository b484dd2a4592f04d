//! Answers for connections on which there is no request: what came could not be read as one, or nobody more is let in. All of their bytes,
//! as they go over the connection, which ends after them.

use super::observe::REQUEST_ID;
use super::problem::{self, MEDIA_TYPE, Problem};
use super::problem_kinds as kinds;
use crate::app::App;
use axum::http::StatusCode;

/// The answer to what could not be read as a request, for that reason.
pub fn unread(app: &App, status: StatusCode) -> Vec<u8> {
    answer(app, &problem::for_status(status))
}

/// The answer to whoever comes when there are as many connections as may be.
pub fn full(app: &App) -> Vec<u8> {
    answer(app, &Problem::new(&kinds::TEMPORARILY_UNAVAILABLE, "as many connections as may be are open; try again soon"))
}

fn answer(app: &App, problem: &Problem) -> Vec<u8> {
    let now = app.clock.now();
    let id = app.ids.uuid(now).to_string();
    let (status, slug) = (problem.kind().status, problem.kind().slug);
    tracing::info!(request_id = id, status = status.as_u16(), problem = slug, "refused before it was a request");
    metrics::counter!("oncoauth_http_unread_total", "status" => status.as_str().to_owned()).increment(1);
    let body = problem.text(Some(&id));
    let retry = if status == StatusCode::SERVICE_UNAVAILABLE { "retry-after: 1\r\n" } else { "" };
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: {MEDIA_TYPE}\r\ncontent-length: {}\r\ndate: {}\r\nconnection: close\r\n{retry}\
         {REQUEST_ID}: {id}\r\ncache-control: no-store\r\nx-content-type-options: nosniff\r\n\r\n{body}",
        body.len(),
        now.format("%a, %d %b %Y %H:%M:%S GMT"),
    )
    .into_bytes()
}
