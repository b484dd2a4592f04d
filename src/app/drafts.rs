//! Forms begun at the portal and not sent: orders, and what reviewers write about a case. A draft is its writer's alone, in the role and
//! for the practice that it was written in, is no order and no record, and is forgotten two weeks after it was last saved.

use super::{App, Caller, Error, Result};
use crate::store;
pub use crate::store::drafts::Draft;
use crate::store::sight::begin_own;
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// Days for which a draft is kept after it was last saved.
pub const KEPT_DAYS: i64 = 14;
/// Orders begun by one person; of more the oldest are forgotten.
const MOST: i64 = 50;

fn since(app: &App) -> DateTime<Utc> {
    app.clock.now() - TimeDelta::days(KEPT_DAYS)
}

/// Saves a form under the id that it was given. Where somebody else has that id nothing is saved.
pub async fn save(app: &App, caller: &Caller, draft_id: Uuid, form: String) -> Result<()> {
    let mut conn = app.pool.acquire().await?;
    write(app, &mut conn, caller, draft_id, form).await?;
    Ok(store::drafts::keep_latest(&mut conn, &caller.key_owner(), MOST).await?)
}

/// The same of what a reviewer writes about a case. There is one for each case, and none is forgotten for another: half a rationale may
/// wait for a call that was agreed on.
pub async fn save_for_a_case(app: &App, caller: &Caller, draft_id: Uuid, form: String) -> Result<()> {
    let mut conn = app.pool.acquire().await?;
    write(app, &mut conn, caller, draft_id, form).await
}

async fn write(app: &App, conn: &mut PgConnection, caller: &Caller, draft_id: Uuid, form: String) -> Result<()> {
    let draft = Draft { draft_id, form, saved_at: app.clock.now() };
    if store::drafts::save(conn, &caller.key_owner(), &draft).await? { Ok(()) } else { Err(Error::NotFound) }
}

/// The caller's drafts, the latest first.
pub async fn list(app: &App, caller: &Caller) -> Result<Vec<Draft>> {
    let owner = caller.key_owner();
    Ok(store::drafts::of(&mut *begin_own(&app.pool, &owner).await?, &owner, since(app), MOST).await?)
}

/// One of the caller's drafts.
pub async fn get(app: &App, caller: &Caller, draft_id: Uuid) -> Result<Draft> {
    let owner = caller.key_owner();
    store::drafts::get(&mut *begin_own(&app.pool, &owner).await?, &owner, draft_id, since(app)).await?.ok_or(Error::NotFound)
}

/// Forgets one of the caller's drafts, where it is there.
pub async fn discard(app: &App, caller: &Caller, draft_id: Uuid) -> Result<()> {
    let mut conn = app.pool.acquire().await?;
    Ok(store::drafts::remove(&mut conn, &caller.key_owner(), draft_id).await?)
}

/// Forgets drafts that are too old.
pub async fn purge(app: &App) -> Result<u64> {
    let mut conn = app.pool.acquire().await?;
    Ok(store::drafts::remove_before(&mut conn, since(app)).await?)
}
