//! `Accept` (RFC 9110, 12.5.1) for documents that come as JSON, HTML and PDF. Without the header, and where it says that anything will
//! do, JSON comes.

use super::problem::Problem;
use super::problem_kinds as kinds;
use crate::app::rendering::{Format, Rendered};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema};

/// What there is, in the order in which the service prefers it.
const OFFERED: [(Format, &str, &str); 3] =
    [(Format::Json, "application", "json"), (Format::Html, "text", "html"), (Format::Pdf, "application", "pdf")];

/// The form that the caller likes best.
#[derive(Debug, Clone, Copy)]
pub struct Accepted(pub Format);

impl<S: Send + Sync> FromRequestParts<S> for Accepted {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let values: Vec<&str> = parts.headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
        choose(&values.join(",")).map(Self).ok_or_else(|| {
            let detail = "this resource comes as application/json, text/html and application/pdf; Accept names none of them";
            Problem::new(&kinds::NOT_ACCEPTABLE, detail).with_header(header::VARY, HeaderValue::from_static("accept"))
        })
    }
}

/// One media range with its weight in thousandths.
struct Range<'a> {
    kind: &'a str,
    subkind: &'a str,
    weight: u16,
}

impl Range<'_> {
    /// How exactly this range names the type; none where it does not.
    fn names(&self, kind: &str, subkind: &str) -> Option<u8> {
        match (self.kind, self.subkind) {
            ("*", "*") => Some(0),
            (own, "*") if own.eq_ignore_ascii_case(kind) => Some(1),
            (own, sub) if own.eq_ignore_ascii_case(kind) && sub.eq_ignore_ascii_case(subkind) => Some(2),
            _ => None,
        }
    }
}

/// The heaviest of what is offered, each weighed by the range that names it most exactly; the service's order decides a tie.
fn choose(accept: &str) -> Option<Format> {
    let ranges: Vec<Range<'_>> = accept.split(',').filter_map(range).collect();
    if accept.trim_matches([' ', '\t', ',']).is_empty() {
        return Some(Format::Json);
    }
    let mut best: Option<(u16, Format)> = None;
    for (format, kind, subkind) in OFFERED {
        let named = ranges.iter().filter_map(|range| Some((range.names(kind, subkind)?, range.weight)));
        let weight = named.max_by_key(|(exactness, weight)| (*exactness, *weight)).map_or(0, |(_, weight)| weight);
        if weight > 0 && best.is_none_or(|(heaviest, _)| weight > heaviest) {
            best = Some((weight, format));
        }
    }
    best.map(|(_, format)| format)
}

/// A range; none where it is not well formed, which names nothing. Parameters other than the weight do not matter here.
fn range(text: &str) -> Option<Range<'_>> {
    let mut parts = text.split(';').map(str::trim);
    let (kind, subkind) = parts.next()?.split_once('/')?;
    let mut weight = 1000;
    for (name, value) in parts.filter_map(|parameter| parameter.split_once('=')) {
        if name.trim().eq_ignore_ascii_case("q") {
            weight = thousandths(value.trim())?;
        }
    }
    let well_formed = |word: &str| !word.is_empty() && !word.contains(char::is_whitespace);
    (well_formed(kind) && well_formed(subkind)).then_some(Range { kind, subkind, weight })
}

/// `0.8` as 800.
fn thousandths(text: &str) -> Option<u16> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let fraction: u16 = format!("{fraction:0<3}").parse().ok()?;
    match whole {
        "0" => Some(fraction),
        "1" if fraction == 0 => Some(1000),
        _ => None,
    }
}

/// A page may load nothing and run nothing, and nobody keeps what is about a patient.
const PAGE: [(HeaderName, HeaderValue); 2] = [
    (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        ),
    ),
];

/// A PDF, for the API description.
#[derive(Debug, Clone, Copy)]
pub struct PdfFile;

impl PartialSchema for PdfFile {
    fn schema() -> RefOr<Schema> {
        let format = SchemaFormat::KnownFormat(KnownFormat::Binary);
        ObjectBuilder::new().schema_type(Type::String).format(Some(format)).description(Some("A PDF document")).into()
    }
}

impl ToSchema for PdfFile {}

/// The document as an answer.
pub fn answer<T: Serialize>(rendered: Rendered<T>) -> Result<Response, Problem> {
    let mut response = match rendered {
        Rendered::Json(data) => {
            let text = serde_json::to_string(&data).map_err(|error| Problem::internal(format!("a document: {error}")))?;
            super::orders::json(text).into_response()
        }
        Rendered::Html(page) => (PAGE, page).into_response(),
        Rendered::Pdf { file, name } => {
            let disposition = HeaderValue::from_str(&format!("inline; filename=\"{name}.pdf\""));
            let disposition = disposition.map_err(|error| Problem::internal(error.to_string()))?;
            let kind = HeaderValue::from_static("application/pdf");
            ([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, disposition)], file).into_response()
        }
    };
    let headers = response.headers_mut();
    headers.insert(header::VARY, HeaderValue::from_static("accept"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::{Format, choose};

    #[test]
    fn the_heaviest_wins_and_the_most_exact_range_weighs() {
        for (accept, expected) in [
            ("", Some(Format::Json)),
            ("*/*", Some(Format::Json)),
            ("application/*", Some(Format::Json)),
            ("text/*", Some(Format::Html)),
            ("application/pdf", Some(Format::Pdf)),
            ("Application/PDF;q=0.1", Some(Format::Pdf)),
            ("text/html;charset=utf-8", Some(Format::Html)),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", Some(Format::Html)),
            ("application/json;q=0.2, application/pdf;q=0.9, text/html;q=0.5", Some(Format::Pdf)),
            ("application/pdf, text/html", Some(Format::Html)),
            ("*/*;q=1, application/json;q=0", Some(Format::Html)),
            ("application/json;q=0", None),
            ("text/plain", None),
            ("image/*, text/csv", None),
            ("application/pdf;q=2", None),
            ("application/pdf;q=0.12345", None),
            ("nonsense", None),
        ] {
            assert_eq!(choose(accept), expected, "{accept}");
        }
    }
}
