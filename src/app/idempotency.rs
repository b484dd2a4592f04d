//! Doing something once, however often the request arrives: the answer is kept with the key, in the transaction that does it.
//!
//! Orders have a way of their own, because they are many and their first answer is the case's first version.

use super::accesses::Accessed;
use super::{App, Caller, Error, Idempotent, Result, changing};
use crate::store;
use crate::store::idempotency::StoredAnswer;
use chrono::TimeDelta;
use serde_json::Value;
use sqlx::PgConnection;

/// How long keys are kept: twice what callers are promised.
const KEPT_HOURS: i64 = 48;

/// Forgets keys that are older than any caller may rely on. Orders stay as they are: only their keys may be used anew.
pub async fn purge(app: &App) -> Result<u64> {
    let before = app.clock.now() - TimeDelta::hours(KEPT_HOURS);
    Ok(store::idempotency::purge(&mut *app.pool.acquire().await?, before).await?)
}

/// What a POST that creates answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Body.
    pub body: Value,
    /// Address of what was created.
    pub location: Option<String>,
    /// True where it was answered before.
    pub replayed: bool,
}

impl Answer {
    /// Something was created.
    pub const fn created(body: Value, location: Option<String>) -> Self {
        Self { status: 201, body, location, replayed: false }
    }
}

/// Runs `act` in a transaction, unless this caller's key was used for the same payload: then the first answer is given again. Requests
/// with the same key wait for each other. What fails is not kept, so that it may be tried again.
pub async fn once<F>(app: &App, caller: &Caller, idempotent: Option<&Idempotent>, act: F) -> Result<Answer>
where
    F: AsyncFnOnce(&mut PgConnection) -> Result<Answer>,
{
    run(app, &caller.key_owner(), &caller.accessed, idempotent, act).await
}

/// The same for those who call without a token: to whoever sends the same payload under the same key, the answer tells what they know. Nothing
/// about a case is answered in this way.
pub async fn once_for<F>(app: &App, owner: &str, idempotent: Option<&Idempotent>, act: F) -> Result<Answer>
where
    F: AsyncFnOnce(&mut PgConnection) -> Result<Answer>,
{
    run(app, owner, &Accessed::default(), idempotent, act).await
}

async fn run<F>(app: &App, owner: &str, accessed: &Accessed, idempotent: Option<&Idempotent>, act: F) -> Result<Answer>
where
    F: AsyncFnOnce(&mut PgConnection) -> Result<Answer>,
{
    let mut transaction = changing::begin(app, owner).await?;
    if let Some(Idempotent { key, fingerprint }) = idempotent {
        store::idempotency::lock(&mut transaction, owner, key).await?;
        if let Some(kept) = store::idempotency::find(&mut transaction, owner, key).await? {
            return replay(kept, fingerprint, accessed);
        }
    }
    let answer = act(&mut transaction).await?;
    if let Some(Idempotent { key, fingerprint }) = idempotent {
        let kept = StoredAnswer {
            fingerprint: fingerprint.to_vec(),
            status: i16::try_from(answer.status).map_err(|error| Error::Internal(error.to_string()))?,
            body: Some(answer.body.clone()),
            location: answer.location.clone(),
            case_id: None,
            about: accessed.cases(),
        };
        store::idempotency::keep(&mut transaction, owner, key, &kept, app.clock.now()).await?;
    }
    transaction.commit().await?;
    Ok(answer)
}

/// The first answer, where this caller's key was used for the same payload already: for what is to be known before [`once`] begins.
pub async fn answered(app: &App, caller: &Caller, idempotent: Option<&Idempotent>) -> Result<Option<Answer>> {
    let Some(Idempotent { key, fingerprint }) = idempotent else { return Ok(None) };
    let kept = store::idempotency::find(&mut *app.pool.acquire().await?, &caller.key_owner(), key).await?;
    kept.map(|kept| replay(kept, fingerprint, &caller.accessed)).transpose()
}

/// The answer that was kept. It tells of its cases again, and so does the record.
fn replay(kept: StoredAnswer, fingerprint: &[u8; 32], accessed: &Accessed) -> Result<Answer> {
    let StoredAnswer { status, body: Some(body), location, about, .. } = kept else { return Err(Error::IdempotencyKeyReused) };
    if kept.fingerprint != fingerprint {
        return Err(Error::IdempotencyKeyReused);
    }
    let status = u16::try_from(status).map_err(|error| Error::Internal(error.to_string()))?;
    for case_id in about {
        accessed.case(case_id);
    }
    Ok(Answer { status, body, location, replayed: true })
}
