//! The portal, as a browser meets it: pages, forms, one cookie. What scripts add is shown by `scripts/test-browser`.

mod access;
mod answer;
pub mod browser;
mod cases;
mod desk;
mod desk_acts;
mod desk_decide;
mod desk_kept;
mod drafts;
mod edit;
mod edit_keeps;
pub mod identity;
mod my_orders;
mod orders;
mod reference;
mod sessions;
mod templates;
