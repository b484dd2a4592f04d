//! Keys that clients publish themselves, so that they change them without anybody here. The administrator registered the address; an
//! assertion names none.

use super::assertion::{Assertion, Unverified};
use super::keys::{self, PublicKey};
use crate::app::published::{Ages, Published};
use crate::app::{App, webhooks};
use crate::outbound::{self, Reach};
use crate::store::smart_clients::Client;
use axum::http::{Request, header};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use uuid::Uuid;

/// A key that was withdrawn counts for minutes, and for an hour where its owner's server is away as well.
const AGES: Ages = Ages { fresh: TimeDelta::minutes(5), usable: TimeDelta::hours(1) };
/// For one question to a client's server.
const PATIENCE: Duration = Duration::from_secs(4);
/// Clients of which keys are kept; beyond that all are asked for anew.
const KEPT: usize = 1_000;

/// Of an assertion that somebody else could be behind.
pub(super) const UNKNOWN: &str = "the assertion is not signed by a key on file for its client";
const NOT_HAD: &str =
    "the client's key set cannot be had now: at its jwks_uri, a server answers 200 with a JSON Web Key Set, without a redirect";

type Set = Published<Vec<PublicKey>>;

/// The key sets of clients, by address. Threads and requests share them.
#[derive(Debug, Clone, Default)]
pub struct KeySets(Arc<Mutex<HashMap<Uuid, (String, Set)>>>);

impl KeySets {
    fn of(&self, client_id: Uuid, address: &str) -> Set {
        let mut known = self.known();
        if known.len() >= KEPT && !known.contains_key(&client_id) {
            known.clear();
        }
        let new = || (address.to_owned(), Set::new(AGES));
        match known.entry(client_id) {
            Entry::Occupied(mut entry) => {
                if entry.get().0 != address {
                    entry.insert(new());
                }
                entry.get().1.clone()
            }
            Entry::Vacant(entry) => entry.insert(new()).1.clone(),
        }
    }

    /// Forgets what a client published.
    pub(super) fn forget(&self, client_id: Uuid) {
        self.known().remove(&client_id);
    }

    fn known(&self) -> MutexGuard<'_, HashMap<Uuid, (String, Set)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Verifies that this client signed an assertion, and holds what it says to the rules; or says why it does not count.
pub(super) async fn prove(
    app: &App,
    client: &Client,
    assertion: &Unverified<'_>,
    audience: &str,
) -> Result<Assertion, &'static str> {
    assertion.form()?;
    let is_signed = match (&client.jwks, &client.jwks_uri) {
        (Some(jwks), None) => assertion.is_signed_by(&keys::read(jwks, "").unwrap_or_default()),
        (None, Some(address)) => is_signed_by_published(app, client.client_id, address, assertion).await?,
        _ => false,
    };
    if is_signed { assertion.held(audience, app.clock.now()) } else { Err(UNKNOWN) }
}

async fn is_signed_by_published(
    app: &App,
    client_id: Uuid,
    address: &str,
    assertion: &Unverified<'_>,
) -> Result<bool, &'static str> {
    let set = app.key_sets.of(client_id, address);
    let (now, reach): (DateTime<Utc>, Reach) = (app.clock.of_others(), webhooks::reach(app));
    let keys = set.now(now, ask(client_id, address.to_owned(), reach)).await.ok_or(NOT_HAD)?;
    if assertion.is_signed_by(&keys) {
        return Ok(true);
    }
    // it may be a new key
    let again = set.again(keys, now, ask(client_id, address.to_owned(), reach)).await;
    Ok(again.is_some_and(|keys| assertion.is_signed_by(&keys)))
}

async fn ask(client_id: Uuid, address: String, reach: Reach) -> Option<Vec<PublicKey>> {
    let request = Request::get(address).header(header::ACCEPT, "application/json").body(Vec::new()).ok()?;
    let why = match outbound::ask(request, reach, PATIENCE).await {
        Ok(answer) if answer.status() == 200 => {
            let keys = serde_json::from_slice(answer.body()).ok().and_then(|jwks| keys::published(&jwks));
            if keys.is_some() {
                return keys;
            }
            "no_key_set".to_owned()
        }
        Ok(answer) => outbound::Failure::Status(answer.status().as_u16()).to_string(),
        Err(failure) => failure.to_string(),
    };
    tracing::warn!(target: "sign_in", %client_id, why, "a client's key set cannot be had");
    None
}
