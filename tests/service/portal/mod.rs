//! The portal, as a browser meets it: pages, forms, one cookie. What scripts add is shown by `scripts/test-browser`.

mod access;
pub mod browser;
mod cases;
mod drafts;
pub mod identity;
mod my_orders;
mod orders;
mod sessions;
mod templates;
