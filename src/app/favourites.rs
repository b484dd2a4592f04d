//! Treatments that a practice orders often, under names of its own: shared by everybody of the practice, and about no patient.

use super::{App, Caller, Error, Result};
use crate::store;
pub use crate::store::favourites::Favourite;
use uuid::Uuid;

/// The most that a practice keeps.
pub const MOST: i64 = 60;
/// The longest name, in characters.
pub const NAME: usize = 80;

/// Whose favourites a caller sees: those of their practices, or their own where they have none. Whoever acts for several practices keeps one
/// for each of them, so that everybody of each finds it.
fn owners(caller: &Caller) -> Vec<String> {
    let mut owners = caller.tax_ids.clone();
    owners.sort_unstable();
    owners.dedup();
    if owners.is_empty() {
        owners.push(format!("u{}", caller.subject));
    }
    owners
}

/// Keeps a treatment for the caller's practices; what they kept under that name is replaced.
pub async fn save(app: &App, caller: &Caller, name: &str, form: String) -> Result<()> {
    let now = app.clock.now();
    let mut transaction = app.pool.begin().await?;
    for owner in owners(caller) {
        let kept = store::favourites::of(&mut transaction, std::slice::from_ref(&owner), MOST).await?;
        let is_full = kept.len() >= usize::try_from(MOST).unwrap_or(usize::MAX);
        if is_full && kept.iter().all(|one| one.name != name) {
            return Err(Error::conflict(format!("a practice keeps up to {MOST} treatments: forget one first")));
        }
        let one = Favourite { favourite_id: app.ids.uuid(now), name: name.to_owned(), form: form.clone() };
        store::favourites::save(&mut transaction, &owner, &one, &caller.subject, now).await?;
    }
    Ok(transaction.commit().await?)
}

/// What the caller's practices keep, by name; what several of them keep alike stands once.
pub async fn list(app: &App, caller: &Caller) -> Result<Vec<Favourite>> {
    let mut told: Vec<Favourite> = Vec::new();
    for one in of_all(app, caller).await? {
        if !told.iter().any(|known| are_alike(known, &one)) {
            told.push(one);
        }
    }
    Ok(told)
}

fn are_alike(one: &Favourite, other: &Favourite) -> bool {
    one.name == other.name && one.form == other.form
}

async fn of_all(app: &App, caller: &Caller) -> Result<Vec<Favourite>> {
    let owners = owners(caller);
    let most = MOST.saturating_mul(i64::try_from(owners.len()).unwrap_or(i64::MAX));
    let mut conn = app.pool.acquire().await?;
    Ok(store::favourites::of(&mut conn, &owners, most).await?)
}

/// One of them.
pub async fn get(app: &App, caller: &Caller, favourite_id: Uuid) -> Result<Favourite> {
    let mut conn = app.pool.acquire().await?;
    store::favourites::get(&mut conn, &owners(caller), favourite_id).await?.ok_or(Error::NotFound)
}

/// Forgets one of them, where it is there, in each practice that keeps it alike.
pub async fn forget(app: &App, caller: &Caller, favourite_id: Uuid) -> Result<()> {
    let kept = of_all(app, caller).await?;
    let Some(one) = kept.iter().find(|one| one.favourite_id == favourite_id) else { return Ok(()) };
    let mut conn = app.pool.acquire().await?;
    for alike in kept.iter().filter(|known| are_alike(known, one)) {
        store::favourites::remove(&mut conn, &owners(caller), alike.favourite_id).await?;
    }
    Ok(())
}
