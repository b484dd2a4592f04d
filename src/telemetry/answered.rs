//! How many requests were answered, and how long they took.

use metrics::{Counter, Histogram};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// The counters by method, route and status. Each is looked up in the process's registry once, since that takes longer than counting.
#[derive(Default)]
pub struct Answered(Mutex<HashMap<String, Vec<Kind>>>);

/// Answers of one route that have method and status in common.
struct Kind {
    method: &'static str,
    status: u16,
    requests: Counter,
    seconds: Histogram,
}

impl std::fmt::Debug for Answered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Answered")
    }
}

impl Answered {
    /// Counts an answer that took so many seconds. Routes are those of the API, so that there are not many.
    pub fn count(&self, method: &'static str, route: &str, status: u16, seconds: f64) {
        let mut routes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !routes.contains_key(route) {
            routes.insert(route.to_owned(), Vec::new());
        }
        let Some(kinds) = routes.get_mut(route) else { return };
        let place = kinds.iter().position(|kind| kind.method == method && kind.status == status).unwrap_or_else(|| {
            kinds.push(Kind::new(method, route, status));
            kinds.len() - 1
        });
        if let Some(kind) = kinds.get(place) {
            kind.requests.increment(1);
            kind.seconds.record(seconds);
        }
    }
}

impl Kind {
    fn new(method: &'static str, route: &str, status: u16) -> Self {
        let labels = [("method", method.to_owned()), ("route", route.to_owned()), ("status", status.to_string())];
        let requests = metrics::counter!("oncoauth_http_requests_total", &labels);
        let seconds =
            metrics::histogram!("oncoauth_http_request_duration_seconds", "method" => method, "route" => route.to_owned());
        Self { method, status, requests, seconds }
    }
}
