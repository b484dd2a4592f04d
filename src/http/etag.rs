//! `ETag` and `If-Match`: the tag of a resource is its version in quotes.

use super::problem::Problem;
use crate::app::Expected;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};

/// The tag of a version, to be sent as `ETag`.
pub fn etag(version: i64) -> [(header::HeaderName, HeaderValue); 1] {
    let value = HeaderValue::from_str(&format!("\"{version}\"")).unwrap_or(HeaderValue::from_static("\"0\""));
    [(header::ETAG, value)]
}

/// What `If-Match` says. Weak and foreign tags match no version, so that they are answered with 412.
#[derive(Debug, Clone)]
pub struct IfMatch(pub Expected);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let mut values = parts.headers.get_all(header::IF_MATCH).iter().peekable();
        if values.peek().is_none() {
            return Ok(Self(Expected::Unstated));
        }
        let tags: Vec<_> =
            values.filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(',')).map(str::trim).collect();
        if tags.contains(&"*") {
            return Ok(Self(Expected::Any));
        }
        let version = |tag: &&str| tag.strip_prefix('"')?.strip_suffix('"')?.parse().ok();
        Ok(Self(Expected::Versions(tags.iter().filter_map(version).collect())))
    }
}

#[cfg(test)]
mod tests {
    use super::{Expected, IfMatch};
    use axum::extract::FromRequestParts as _;
    use axum::http::Request;

    async fn read(value: Option<&str>) -> Expected {
        let mut request = Request::builder();
        if let Some(value) = value {
            request = request.header("if-match", value);
        }
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        IfMatch::from_request_parts(&mut parts, &()).await.unwrap().0
    }

    #[tokio::test]
    async fn only_strong_tags_of_ours_match() {
        assert_eq!(read(None).await, Expected::Unstated);
        assert_eq!(read(Some("*")).await, Expected::Any);
        assert_eq!(read(Some("\"3\", \"4\"")).await, Expected::Versions(vec![3, 4]));
        assert_eq!(read(Some("W/\"3\"")).await, Expected::Versions(vec![]));
        assert!(!read(Some("nonsense")).await.admits(1));
    }
}
