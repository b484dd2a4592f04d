//! The files that pages load: one style sheet, one script, one icon. Their addresses carry a digest of what they hold, so that browsers
//! keep them for good and still get the next release's.

use super::here::Portal;
use axum::Router;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use sha2::{Digest as _, Sha256};
use std::sync::LazyLock;

struct Asset {
    name: &'static str,
    kind: &'static str,
    text: &'static str,
    address: String,
}

static ASSETS: LazyLock<[Asset; 3]> = LazyLock::new(|| {
    let asset = |name: &'static str, kind, text: &'static str| {
        let digest = Sha256::digest(text.as_bytes());
        let digest = digest.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        let (stem, extension) = name.split_once('.').unwrap_or((name, ""));
        Asset { name, kind, text, address: format!("/assets/{stem}-{digest:016x}.{extension}") }
    };
    [
        asset("portal.css", "text/css; charset=utf-8", include_str!("../../assets/portal/portal.css")),
        asset("portal.js", "text/javascript; charset=utf-8", include_str!("../../assets/portal/portal.js")),
        asset("icon.svg", "image/svg+xml", include_str!("../../assets/portal/icon.svg")),
    ]
});

/// Where a file is.
pub(super) fn address_of(name: &str) -> &'static str {
    ASSETS.iter().find(|asset| asset.name == name).map_or("", |asset| &asset.address)
}

pub(super) fn routes() -> Router<Portal> {
    Router::new().route("/assets/{file}", get(file))
}

async fn file(Path(file): Path<String>) -> Response {
    let asked = ASSETS.iter().find(|asset| asset.address.strip_prefix("/assets/") == Some(file.as_str()));
    let Some(asset) = asked else { return StatusCode::NOT_FOUND.into_response() };
    let headers = [(header::CONTENT_TYPE, asset.kind), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")];
    (headers, asset.text).into_response()
}
