//! Clinical documents of a case (INF-07).

use super::attachment_body::{Patience, Told, receive};
use super::content_disposition;
use super::guard::{UNKNOWN_EFFECT, given_up};
use super::idempotency_header::{IdempotencyKey, respond};
use super::path::Id;
use super::problem::Problem;
use super::query::ValidQuery;
use super::state::HttpState;
use crate::app::attachments;
use crate::app::{App, Caller};
use crate::domain::attachment::Attachment;
use axum::Json;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use futures_util::TryStreamExt as _;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes.
pub fn routes() -> OpenApiRouter<HttpState> {
    OpenApiRouter::new().routes(routes!(post_attachment, list_attachments)).routes(routes!(get_attachment))
}

/// What the address may say of a document; a form says it itself.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct AttachmentQuery {
    /// Name of the file, in place of the one in `Content-Disposition` or in the form. Addresses are kept in many logs: give no patient's
    /// name here.
    #[param(max_length = 1000)]
    file_name: Option<String>,
    /// What the document is.
    #[param(max_length = 1000)]
    description: Option<String>,
}

/// A document in a form.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes the form; the form is read piece by piece")]
struct AttachmentForm {
    /// The document, with its name and media type.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    /// What it is.
    #[schema(max_length = 1000)]
    description: Option<String>,
}

/// A document as the body.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "it describes the body; the body is read piece by piece")]
struct AttachmentBytes(Vec<u8>);

/// Attaches a clinical document to a case, when a clinician asked for it (INF-07).
///
/// In progress: once a reviewer has asked for information or offered the peer-to-peer discussion; `review.asked_for` says what is asked and
/// `review.due_at` by when. Denied: for a reconsideration, open or still to be asked for. Otherwise 409: medical records are not needed.
/// One document a call, as the field `file` of a form or as the body itself; PDF, PNG, JPEG, TIFF, plain text or an HL7 CDA document of up
/// to 25 MiB, as the program's content says. Its bytes have to be what its type says.
#[utoipa::path(post, path = "/v1/orders/{case_id}/attachments", operation_id = "post_attachment", tag = "orders",
    extensions(("x-roles" = json!(["ordering_provider", "servicing_provider", "intake"]))),
    params(("case_id" = Uuid, Path, description = "The case"), AttachmentQuery,
           ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 visible characters, chosen by the caller"),
           ("Content-Disposition" = Option<String>, Header, description = "`filename` or `filename*` of a document sent as the body")),
    request_body(content((AttachmentForm = "multipart/form-data"), (AttachmentBytes = "application/pdf"), (AttachmentBytes = "image/png"),
                         (AttachmentBytes = "image/jpeg"), (AttachmentBytes = "image/tiff"), (AttachmentBytes = "text/plain"),
                         (AttachmentBytes = "application/xml")),
        description = "The document"),
    responses((status = 201, description = "It is stored", body = Attachment),
              (status = 400, description = "The body broke off, or is no form"),
              (status = 409, description = "Nothing is asked for, or the case has as many documents as it may have"),
              (status = 422, description = "The document is empty, is not what its type says, or was refused by the virus scanner")))]
async fn post_attachment(
    State(app): State<App>,
    caller: Caller,
    Id(case_id): Id,
    key: IdempotencyKey,
    ValidQuery(query): ValidQuery<AttachmentQuery>,
    request: Request,
) -> Result<Response, Problem> {
    let rules = attachments::admit(&app, &caller, case_id, key.is_sent()).await?;
    let _place = attachments::place(&app, &caller).await?;
    let patience = Patience { total: app.settings.upload_timeout, silence: app.settings.request_timeout };
    let told = Told { file_name: query.file_name, description: query.description };
    let arrived = receive(request, told, &rules, patience).await?;
    let idempotent = key.with_payload(&json!({
        "sha256": arrived.spooled.sha256, "file_name": arrived.file_name, "media_type": arrived.media_type,
        "description": arrived.description,
    }));
    // the rest is the service's own time: until it is the document's turn, and to do it
    let limit = app.settings.request_timeout * 2 + app.settings.scanner.time_limit();
    let storing = attachments::store(&app, &caller, case_id, arrived, idempotent.as_ref());
    respond(tokio::time::timeout(limit, storing).await.map_err(|_| given_up(limit, UNKNOWN_EFFECT))??)
}

/// The documents of a case.
#[derive(Debug, Serialize, ToSchema)]
struct Attachments {
    /// All of them, in the order in which they arrived.
    items: Vec<Attachment>,
}

/// Lists the documents of a case. A servicing provider sees them where it submitted the order.
#[utoipa::path(get, path = "/v1/orders/{case_id}/attachments", operation_id = "list_attachments", tag = "orders",
    extensions(("x-roles" = json!(["ordering_provider", "servicing_provider", "intake", "nurse", "physician", "health_plan",
                                   "administrator"]))),
    params(("case_id" = Uuid, Path, description = "The case")),
    responses((status = 200, description = "The documents", body = Attachments)))]
async fn list_attachments(State(app): State<App>, caller: Caller, Id(case_id): Id) -> Result<Json<Attachments>, Problem> {
    Ok(Json(Attachments { items: attachments::list(&app, &caller, case_id).await? }))
}

/// Reads a document, byte for byte as it was sent. `ETag` is the SHA-256 of its bytes.
#[utoipa::path(get, path = "/v1/attachments/{attachment_id}", operation_id = "get_attachment", tag = "orders",
    extensions(("x-roles" = json!(["ordering_provider", "servicing_provider", "intake", "nurse", "physician", "health_plan",
                                   "administrator"]))),
    params(("attachment_id" = Uuid, Path, description = "The document")),
    responses((status = 200, description = "The document", content(
        (AttachmentBytes = "application/pdf"), (AttachmentBytes = "image/png"), (AttachmentBytes = "image/jpeg"),
        (AttachmentBytes = "image/tiff"), (AttachmentBytes = "text/plain"), (AttachmentBytes = "application/xml")))))]
async fn get_attachment(State(app): State<App>, caller: Caller, Id(attachment_id): Id) -> Result<Response, Problem> {
    let download = attachments::open(&app, &caller, attachment_id).await?;
    let one = &download.attachment;
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(one.media_type.as_str()));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(one.size_bytes));
    headers.insert(header::CONTENT_DISPOSITION, content_disposition::attachment(&one.file_name));
    headers.insert(header::ETAG, etag(&one.sha256)?);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // whatever it says inside, it does nothing
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox; default-src 'none'"));
    let pieces = download.pieces().inspect_err(|error| tracing::error!(%error, "a document broke off"));
    Ok((headers, Body::from_stream(pieces)).into_response())
}

fn etag(sha256: &str) -> Result<HeaderValue, Problem> {
    HeaderValue::from_str(&format!("\"{sha256}\"")).map_err(|error| Problem::internal(error.to_string()))
}
