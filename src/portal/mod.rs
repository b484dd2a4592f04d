//! The portal: pages for practices, reviewers and health plans, one file a page.
//!
//! Each page extracts, calls use cases as its visitor, and sets a template of `templates/`. It holds no rule and no SQL, and never calls
//! the API: that is a door of its own, which knows no cookies. Every page works without script, as links and forms; `assets/portal` makes
//! some of them quicker. Nothing about a patient stands in an address, a title or what a browser keeps.

mod admin_registrations;
mod answer;
mod assets;
mod case;
mod cookie;
mod coverage;
mod desk;
mod differences;
mod enter;
mod failure;
mod faults;
mod fields;
mod here;
mod home;
mod inputs;
mod login;
mod my_orders;
mod order;
mod pages;
mod papers;
mod pathways;
mod plan;
mod plans;
mod public_metrics;
mod reference;
mod refusal;
mod register;
mod rows;
mod sandbox_clock;
mod session;
mod shell;
mod status;
mod typed;
mod upload;
mod verify;
mod visitor;

pub use here::ReadOrder;
pub use pages::{Page, Who};

use crate::app::App;
use axum::Router;
use axum::middleware::from_fn_with_state;
use here::Portal;
use pages::Pages;

/// Every page. Add yours here.
fn all(sandbox: bool) -> Pages {
    let pages = Pages::default();
    let pages = home::pages(pages);
    let pages = login::pages(pages, sandbox);
    let pages = session::pages(pages);
    let pages = register::pages(pages);
    let pages = admin_registrations::pages(pages);
    let pages = order::pages(pages);
    let pages = my_orders::pages(pages);
    let pages = verify::pages(pages);
    let pages = status::pages(pages);
    let pages = case::pages(pages);
    let pages = answer::pages(pages);
    let pages = desk::pages(pages);
    let pages = pathways::pages(pages);
    let pages = coverage::pages(pages);
    let pages = reference::pages(pages);
    let pages = plan::pages(pages);
    let pages = public_metrics::pages(pages);
    if sandbox { sandbox_clock::pages(pages) } else { pages }
}

/// Every page with who may ask for it, for those who check.
pub fn pages(sandbox: bool) -> Vec<Page> {
    all(sandbox).list
}

/// The pages, the files that belong to them, and what a browser is told where there is nothing.
pub fn router<S: Clone + Send + Sync + 'static>(app: App, read_order: ReadOrder) -> Router<S> {
    let pages = all(app.settings.sandbox);
    let portal = Portal::new(app, read_order, &pages.list);
    let router = pages.router.route_layer(from_fn_with_state(portal.clone(), enter::enter));
    router.merge(assets::routes()).fallback(enter::nothing_here).with_state(portal)
}
