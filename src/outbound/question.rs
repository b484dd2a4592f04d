//! One question and its answer: a request whose answer is read, over a connection of its own.

use super::connection::{USER_AGENT, connect, send};
use super::{Failure, Reach, Target};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::header::{CONNECTION, HOST, HeaderValue, USER_AGENT as AGENT};
use hyper::{Request, Response};
use std::time::Duration;
use tokio::time::timeout;

/// The longest answer that is read, in bytes.
const ANSWER_LIMIT: usize = 256 * 1024;

/// Sends a request and reads its answer, whatever its status, within the time limit. A redirect is an answer like any other.
pub async fn ask(request: Request<Vec<u8>>, reach: Reach, limit: Duration) -> Result<Response<Vec<u8>>, Failure> {
    timeout(limit, exchange(request, reach)).await.unwrap_or(Err(Failure::TimedOut))
}

async fn exchange(request: Request<Vec<u8>>, reach: Reach) -> Result<Response<Vec<u8>>, Failure> {
    let (mut parts, body) = request.into_parts();
    let target = Target::parse(&parts.uri.to_string(), reach).map_err(|_| Failure::AddressNotAllowed)?;
    parts.uri = target.resource.parse().map_err(|_| Failure::AddressNotAllowed)?;
    let host = HeaderValue::from_str(&target.authority).map_err(|_| Failure::AddressNotAllowed)?;
    parts.headers.insert(HOST, host);
    parts.headers.insert(AGENT, HeaderValue::from_static(USER_AGENT));
    parts.headers.insert(CONNECTION, HeaderValue::from_static("close"));
    let mut open = connect(&target).await?;
    let response = send(&mut open, Request::from_parts(parts, Full::from(body))).await?;
    let (parts, body) = response.into_parts();
    let read = Limited::new(body, ANSWER_LIMIT).collect().await.map_err(|_| Failure::BrokenOff)?;
    let read: Bytes = read.to_bytes();
    Ok(Response::from_parts(parts, read.to_vec()))
}
