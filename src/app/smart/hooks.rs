//! CDS Hooks: an EHR signs a token of its own for each call. Only those whose issuer and keys an administrator registered, or the address of
//! these, are let in; no address that a token names is ever called.

use super::assertion::Unverified;
use super::key_sets::prove;
use crate::app::accesses::Accessed;
use crate::app::{App, Caller, Result};
use crate::store;
use sha2::{Digest as _, Sha256};

/// Who signed this token for a call of this address; none where nobody who may did.
pub async fn caller_of(app: &App, bearer: &str, path: &str) -> Result<Option<Caller>> {
    let Ok(token) = Unverified::read(bearer) else { return Ok(None) };
    let Some(issuer) = token.named_issuer() else { return Ok(None) };
    let mut conn = app.pool.acquire().await?;
    let client = store::smart_clients::of_issuer(&mut conn, issuer).await?;
    drop(conn);
    let Some(client) = client else { return Ok(None) };
    let audience = format!("{}{path}", app.settings.public_url.trim_end_matches('/'));
    let Ok(proven) = prove(app, &client, &token, &audience).await else { return Ok(None) };
    let mut transaction = app.pool.begin().await?;
    if store::smart_clients::held(&mut transaction, client.client_id).await?.as_ref() != Some(&client) {
        return Ok(None); // it was revoked meanwhile, or has other keys
    }
    let jti_hash = Sha256::digest(proven.jti.as_bytes()).into();
    if !store::smart_clients::use_assertion(&mut transaction, client.client_id, &jti_hash, proven.expires_at).await? {
        return Ok(None);
    }
    transaction.commit().await?;
    Ok(Some(Caller {
        role: client.role,
        subject: client.subject,
        tax_ids: client.tax_ids,
        health_plan: client.health_plan,
        token_id: None,
        scopes: None,
        accessed: Accessed::default(),
    }))
}
