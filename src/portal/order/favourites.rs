//! Treatments that a practice keeps under a name: the rows of drugs as they stand in the form, and nothing else of it.

use super::super::failure::Failure;
use super::super::fields::Fields;
use super::super::visitor::Visitor;
use super::panel::Link;
use crate::app::favourites::{self, NAME};
use crate::app::{App, Error};
use crate::documents::words;
use uuid::Uuid;

/// The largest that is kept, in bytes.
const LIMIT: usize = 64 * 1024;

/// A treatment to fill in with a press.
#[derive(Debug, Clone)]
pub(super) struct Offered {
    pub id: Uuid,
    pub name: String,
}

/// What the visitor's practice keeps.
pub(super) async fn offered(app: &App, visitor: &Visitor) -> Result<Vec<Offered>, Failure> {
    let kept = favourites::list(app, &visitor.caller).await?;
    Ok(kept.into_iter().map(|one| Offered { id: one.favourite_id, name: one.name }).collect())
}

/// True for a field that a treatment is made of. What it goes on with is a patient's.
fn is_kept(name: &str) -> bool {
    let is_of_order = name.ends_with("/line");
    name == "regimen" || name == "/treatment/regimen_id" || (name.starts_with("/treatment/phases/") && !is_of_order)
}

/// Puts a treatment in the place of the one in the form.
pub(super) async fn fill(app: &App, visitor: &Visitor, fields: &mut Fields, id: &str) -> Result<(), Failure> {
    let kept = favourites::get(app, &visitor.caller, super::super::case::id(id)?).await?;
    fields.clear("/treatment/phases/");
    fields.set("/treatment/regimen_id", "");
    fields.set("regimen", "");
    for (name, value) in Fields::decoded(&kept.form).under("").filter(|(name, _)| is_kept(name)) {
        fields.set(name, value);
    }
    Ok(())
}

/// Keeps the treatment of the form, or says why it does not.
pub(super) async fn keep(app: &App, visitor: &Visitor, fields: &Fields) -> Result<Option<Link>, Failure> {
    let fault = |text: String| Ok(Some(Link { field: "favourite_name".to_owned(), text }));
    let name = fields.text("favourite_name").or_else(|| fields.text("regimen")).unwrap_or_default();
    if name.is_empty() || name.chars().count() > NAME {
        return fault(format!("Name of the favourite: 1 to {NAME} characters"));
    }
    let kept: Fields = fields.under("").filter(|(name, _)| is_kept(name)).collect();
    if !kept.under("/treatment/phases/").any(|(_, value)| !value.is_empty()) {
        return fault("Name of the favourite: enter the drugs first".to_owned());
    }
    let form = kept.encoded();
    if form.len() > LIMIT {
        return Err(Failure::too_large());
    }
    match favourites::save(app, &visitor.caller, name, form).await {
        Ok(()) => Ok(None),
        Err(Error::Conflict { detail }) => fault(words::sentence(&detail)),
        Err(other) => Err(other.into()),
    }
}

/// Forgets one.
pub(super) async fn forget(app: &App, visitor: &Visitor, id: &str) -> Result<(), Failure> {
    Ok(favourites::forget(app, &visitor.caller, super::super::case::id(id)?).await?)
}
