//! How what runs by itself is doing in this process, for `/readyz`, the metrics and the log.

use crate::telemetry;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The jobs that fail. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Background(Arc<Mutex<BTreeMap<&'static str, Failing>>>);

/// A job that fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failing {
    /// Failures in a row.
    pub failures: u32,
    /// Since when.
    pub since: DateTime<Utc>,
}

impl Background {
    /// A job ran to its end.
    pub fn succeeded(&self, job: &'static str) {
        telemetry::count_job(job, "done");
        telemetry::show_failing(job, 0);
        if self.all().remove(job).is_some() {
            tracing::info!(job, "runs again");
        }
    }

    /// A job failed, or panicked. Returns how often in a row; the first time is logged, and each time that it panics.
    pub fn failed(&self, job: &'static str, outcome: &'static str, why: &str, now: DateTime<Utc>) -> u32 {
        telemetry::count_job(job, outcome);
        let mut all = self.all();
        let failing = all.entry(job).or_insert(Failing { failures: 0, since: now });
        failing.failures = failing.failures.saturating_add(1);
        telemetry::show_failing(job, failing.failures);
        // a database that is away fails every run; it is said once when it goes and once when it comes back
        if failing.failures == 1 || outcome == PANICKED {
            tracing::error!(job, failures = failing.failures, why, "does not run");
        }
        failing.failures
    }

    /// Those that fail, by name.
    pub fn failing(&self) -> Vec<(&'static str, Failing)> {
        self.all().iter().map(|(job, failing)| (*job, failing.clone())).collect()
    }

    fn all(&self) -> std::sync::MutexGuard<'_, BTreeMap<&'static str, Failing>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The outcome of what ended in a panic. The panic hook has written where; what it said may be about a person.
pub const PANICKED: &str = "panicked";
