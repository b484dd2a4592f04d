//! Changes of an order by its practice: corrections while it is in progress, and withdrawals.

use super::body::{Creation, MergePatch, read};
use super::etag::{IfMatch, etag};
use super::orders::json;
use super::path::Id;
use super::problem::Problem;
use super::reviews::respond_with_version;
use super::state::HttpState;
use crate::app::orders::{self, Reason, Withdrawal};
use crate::app::{App, Caller};
use crate::domain::case::Case;
use crate::domain::order::OrderRequest;
use crate::domain::refusal::Fault;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, OneOfBuilder, Schema, SchemaType, Type};
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes.
pub fn routes() -> OpenApiRouter<HttpState> {
    OpenApiRouter::new().routes(routes!(patch_order)).routes(routes!(post_withdrawal))
}

/// Changes an order while it is in progress, and decides it again.
///
/// The body is a JSON merge patch (RFC 7396) of the order as it was sent: what it names is replaced, null removes, arrays are replaced as
/// a whole. The result is held to everything that a new order is held to, and decided by the content release that was in force when the
/// order came in; it counts as received when it was received, and its deadline does not move (an order made urgent is due earlier).
/// What reviewers have decided stays where it is about the same thing. A decided case is 409: any change of an authorized treatment is
/// a new order (SUB-13). Of an approved course of radiation `radiation.extended_through` and `extension_reason` may be changed, and nothing else: a
/// course that broke off or moved gets later dates, within the days that the program allows, and no new units.
#[utoipa::path(patch, path = "/v1/orders/{case_id}", operation_id = "patch_order", tag = "orders",
    extensions(("x-roles" = json!(["ordering_provider", "servicing_provider", "intake"]))),
    params(("case_id" = Uuid, Path, description = "The case"),
           ("If-Match" = Option<String>, Header, description = "The `ETag` of the version that is changed")),
    request_body(content((OrderRequest = "application/merge-patch+json"), (OrderRequest = "application/json")),
        description = "The members to change; those left out stay"),
    responses((status = 200, description = "The case, decided again", body = Case),
              (status = 409, description = "The case is decided, or the order was changed at the same moment"),
              (status = 412, description = "`If-Match` names another version")))]
async fn patch_order(
    State(app): State<App>,
    caller: Caller,
    Id(case_id): Id,
    IfMatch(expected): IfMatch,
    MergePatch(patch): MergePatch,
) -> Result<Response, Problem> {
    let editable = orders::editable(&app, &caller, case_id, &expected).await?;
    let mut request = editable.request;
    merge(&mut request, patch);
    let order: OrderRequest = read(&request)?;
    let seen = orders::update(&app, &caller, case_id, editable.version, &order).await?;
    Ok((etag(seen.version), json(seen.body)).into_response())
}

/// RFC 7396.
fn merge(target: &mut Value, patch: Value) {
    let Value::Object(patch) = patch else {
        *target = patch;
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(target) = target else { return };
    for (name, value) in patch {
        if value.is_null() {
            target.remove(&name);
        } else {
            merge(target.entry(name).or_insert(Value::Null), value);
        }
    }
}

/// What to withdraw.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WithdrawalRequest {
    /// Line numbers of the drugs, or `"all"`; required, here or as `lines`.
    #[serde(default)]
    #[schema(schema_with = lines_schema)]
    drugs: Option<Lines>,
    /// The same, by the name that fits orders of every service; never beside `drugs`.
    #[serde(default)]
    #[schema(schema_with = lines_schema)]
    lines: Option<Lines>,
    /// Why: `voluntarily_cancelled`, or `error_entry` as long as no reviewer has acted.
    reason: Reason,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Lines {
    Some(Vec<u32>),
    All(All),
}

#[derive(Debug, Deserialize)]
enum All {
    #[serde(rename = "all")]
    All,
}

fn lines_schema() -> Schema {
    let line = ObjectBuilder::new().schema_type(SchemaType::Type(Type::Integer)).minimum(Some(1)).maximum(Some(1000));
    OneOfBuilder::new()
        .description(Some("Line numbers, or `all`"))
        .item(ArrayBuilder::new().items(line).min_items(Some(1)).max_items(Some(1000)))
        .item(ObjectBuilder::new().schema_type(SchemaType::Type(Type::String)).enum_values(Some(["all"])))
        .into()
}

/// Withdraws drugs of an order, or all of it.
///
/// Withdrawing a treatment drug of an approved order ends its Pathway: S-codes that were not billed are void from that day (SCD-13). A
/// case whose drugs are all withdrawn is `review_cancelled`.
#[utoipa::path(post, path = "/v1/orders/{case_id}/withdrawals", operation_id = "post_withdrawal", tag = "orders",
    extensions(("x-roles" = json!(["ordering_provider", "servicing_provider", "intake"]))),
    params(("case_id" = Uuid, Path, description = "The case"),
           ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 visible characters, chosen by the caller"),
           ("If-Match" = Option<String>, Header, description = "The version that the caller has seen, as in `ETag`")),
    request_body = WithdrawalRequest,
    responses((status = 201, description = "The case as it is now", body = Case),
              (status = 409, description = "There is nothing to withdraw, or a reviewer has acted")))]
async fn post_withdrawal(
    State(app): State<App>,
    caller: Caller,
    Id(case_id): Id,
    IfMatch(expected): IfMatch,
    Creation { body, idempotent }: Creation<WithdrawalRequest>,
) -> Result<Response, Problem> {
    let refuse = |pointer: &str, code: &str, message: &str| Err(Problem::validation(vec![Fault::new(pointer, code, message)]));
    let (list, lines) = match (body.drugs, body.lines) {
        (Some(_), Some(_)) => {
            return refuse("/lines", "not-allowed", "`drugs` and `lines` are two names for one list: use one of them");
        }
        (Some(lines), None) => ("/drugs", lines),
        (None, Some(lines)) => ("/lines", lines),
        (None, None) => return refuse("/drugs", "missing", "name the lines to withdraw, or \"all\""),
    };
    let lines = match lines {
        Lines::All(All::All) => None,
        Lines::Some(lines) if lines.is_empty() => {
            return refuse(list, "too-short", "name at least one line, or \"all\"");
        }
        Lines::Some(lines) => Some(lines),
    };
    let withdrawal = Withdrawal { lines, reason: body.reason };
    respond_with_version(orders::withdraw(&app, &caller, case_id, &withdrawal, &expected, idempotent.as_ref()).await?)
}

#[cfg(test)]
mod tests {
    use super::merge;
    use serde_json::json;

    #[test]
    fn a_merge_patch_replaces_removes_and_goes_deep() {
        let mut target = json!({"a": "b", "c": {"d": "e", "f": "g"}, "h": [1, 2]});
        merge(&mut target, json!({"a": "z", "c": {"f": null, "n": {"x": null}}, "h": [3], "k": {"l": 1}}));
        assert_eq!(target, json!({"a": "z", "c": {"d": "e", "n": {}}, "h": [3], "k": {"l": 1}}));
    }
}
