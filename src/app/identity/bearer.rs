//! Programs that bring a token which their own provider signed.

use super::verify::{For, claims_of, verify};
use crate::app::accesses::Accessed;
use crate::app::{App, Caller, Result};

/// Whose token it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bearer {
    /// A caller.
    Known(Caller),
    /// The token holds, but gives no role: why, in words for its holder.
    WithoutRole(&'static str),
    /// It is not believed.
    Unknown,
}

/// True where a token has the form of one that somebody signed. Those that are issued here have no dots.
pub fn is_signed(token: &str) -> bool {
    token.bytes().filter(|byte| *byte == b'.').count() == 2
}

/// Who comes with a signed token.
pub async fn recognize(app: &App, token: &str) -> Result<Bearer> {
    // whose token it says it is decides only by whose keys it is held
    let issuer = claims_of(token).and_then(|claims| Some(claims.get("iss")?.as_str()?.to_owned()));
    let Some((authority, keys, audience)) = issuer.as_deref().and_then(|issuer| app.authorities.of_api_issuer(issuer)) else {
        return Ok(Bearer::Unknown);
    };
    let told = match verify(authority, keys, token, For::Api(audience), app.clock.of_others()).await? {
        Ok(told) => told,
        Err(why) => {
            tracing::info!(target: "sign_in", provider = authority.name, why = why.0, "a token is not believed");
            return Ok(Bearer::Unknown);
        }
    };
    Ok(match authority.grant(&told.claims) {
        Ok(grant) => Bearer::Known(Caller {
            role: grant.role,
            subject: authority.subject(&told.subject),
            tax_ids: grant.tax_ids,
            health_plan: grant.health_plan,
            token_id: None,
            scopes: None,
            accessed: Accessed::default(),
        }),
        Err(why) => Bearer::WithoutRole(why),
    })
}
