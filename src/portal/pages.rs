//! The list of pages: where each is, and who may ask for it. A page that is not listed here does not exist, and one is never listed
//! without saying for whom.

use super::here::Portal;
use crate::domain::vocabulary::CallerRole;
use axum::Router;
use axum::handler::Handler;
use axum::http::Method;
use axum::response::Response;
use axum::routing::{get, post};

/// Staff of practices, and the call center that orders for them.
pub const ORDERING: &[CallerRole] = &[CallerRole::OrderingProvider, CallerRole::ServicingProvider, CallerRole::Intake];

/// Staff of practices.
pub const PRACTICE: &[CallerRole] = &[CallerRole::OrderingProvider, CallerRole::ServicingProvider];

/// Those who review.
pub const DESK: &[CallerRole] = &[CallerRole::Nurse, CallerRole::Physician];

/// Everybody who signs in.
pub const EVERY_ROLE: &[CallerRole] = &[
    CallerRole::OrderingProvider,
    CallerRole::ServicingProvider,
    CallerRole::Intake,
    CallerRole::Nurse,
    CallerRole::Physician,
    CallerRole::HealthPlan,
    CallerRole::Administrator,
];

/// Who may ask for a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Also those who have not signed in.
    Everybody,
    /// Those who have, in one of these roles. To the others the page does not exist.
    SignedIn(&'static [CallerRole]),
}

impl Who {
    /// True where this role may ask for the page.
    pub fn admits(self, role: CallerRole) -> bool {
        match self {
            Self::Everybody => true,
            Self::SignedIn(roles) => roles.contains(&role),
        }
    }
}

/// Says of an answer that nothing was changed, though its page can.
#[derive(Debug, Clone, Copy)]
pub(super) struct OnlyRead;

/// The same answer: what was sent was only looked at.
pub(super) fn only_read(mut response: Response) -> Response {
    response.extensions_mut().insert(OnlyRead);
    response
}

/// A page, or what one of its forms is sent to.
#[derive(Debug, Clone)]
pub struct Page {
    /// GET reads, POST changes or asks what must not stand in an address.
    pub method: Method,
    /// Address, with parameters in braces.
    pub path: &'static str,
    /// For whom.
    pub who: Who,
    /// True where it changes nothing, whatever its method.
    pub reads: bool,
}

/// Pages with their handlers.
#[derive(Debug, Default)]
pub(super) struct Pages {
    pub list: Vec<Page>,
    pub router: Router<Portal>,
}

impl Pages {
    /// Adds a page to read.
    pub fn get<H: Handler<T, Portal>, T: 'static>(self, path: &'static str, who: Who, handler: H) -> Self {
        self.add(Page { method: Method::GET, path, who, reads: true }, get(handler))
    }

    /// Adds what a form is sent to.
    pub fn post<H: Handler<T, Portal>, T: 'static>(self, path: &'static str, who: Who, handler: H) -> Self {
        self.add(Page { method: Method::POST, path, who, reads: false }, post(handler))
    }

    /// Adds what a form is sent to that asks something which must not stand in an address.
    pub fn ask<H: Handler<T, Portal>, T: 'static>(self, path: &'static str, who: Who, handler: H) -> Self {
        self.add(Page { method: Method::POST, path, who, reads: true }, post(handler))
    }

    /// Adds a page whose form is sent to its own address.
    pub fn get_and_post<G, GT, P, PT>(self, path: &'static str, who: Who, show: G, send: P) -> Self
    where
        G: Handler<GT, Portal>,
        P: Handler<PT, Portal>,
        GT: 'static,
        PT: 'static,
    {
        self.get(path, who, show).post(path, who, send)
    }

    fn add(mut self, page: Page, handler: axum::routing::MethodRouter<Portal>) -> Self {
        self.router = self.router.route(page.path, handler);
        self.list.push(page);
        self
    }
}
