//! Treatments that a practice orders often, under names of its own: shared by everybody of the practice, and about no patient.

use super::{App, Caller, Error, Result};
use crate::store;
pub use crate::store::favourites::Favourite;
use uuid::Uuid;

/// The most that a practice keeps.
pub const MOST: i64 = 60;
/// The longest name, in characters.
pub const NAME: usize = 80;

/// Whose favourites a caller sees: their practices', or their own where they have none.
fn owners(caller: &Caller) -> Vec<String> {
    let mut owners = caller.tax_ids.clone();
    owners.sort_unstable();
    if owners.is_empty() {
        owners.push(format!("u{}", caller.subject));
    }
    owners
}

/// Keeps a treatment for the caller's practice; what it kept under that name is replaced.
pub async fn save(app: &App, caller: &Caller, name: &str, form: String) -> Result<()> {
    let now = app.clock.now();
    let owners = owners(caller);
    let Some(owner) = owners.first() else { return Err(Error::NotFound) };
    let mut conn = app.pool.acquire().await?;
    let kept = store::favourites::of(&mut conn, &owners, MOST).await?;
    let is_full = kept.len() >= usize::try_from(MOST).unwrap_or(usize::MAX);
    if is_full && kept.iter().all(|one| one.name != name) {
        return Err(Error::conflict(format!("a practice keeps up to {MOST} treatments: forget one first")));
    }
    let one = Favourite { favourite_id: app.ids.uuid(now), name: name.to_owned(), form };
    Ok(store::favourites::save(&mut conn, owner, &one, &caller.subject, now).await?)
}

/// What the caller's practice keeps, by name.
pub async fn list(app: &App, caller: &Caller) -> Result<Vec<Favourite>> {
    let mut conn = app.pool.acquire().await?;
    Ok(store::favourites::of(&mut conn, &owners(caller), MOST).await?)
}

/// One of them.
pub async fn get(app: &App, caller: &Caller, favourite_id: Uuid) -> Result<Favourite> {
    let mut conn = app.pool.acquire().await?;
    store::favourites::get(&mut conn, &owners(caller), favourite_id).await?.ok_or(Error::NotFound)
}

/// Forgets one of them, where it is there.
pub async fn forget(app: &App, caller: &Caller, favourite_id: Uuid) -> Result<()> {
    let mut conn = app.pool.acquire().await?;
    Ok(store::favourites::remove(&mut conn, &owners(caller), favourite_id).await?)
}
