//! Logs and counters that every layer may use. Ids only: no PHI, no bodies, no query strings, no authorization headers.

mod answered;
mod json_lines;
mod log_lines;
mod panics;
mod traces;

pub use answered::Answered;
pub use traces::{note_status, request_span};

use crate::domain::vocabulary::CaseStatus;
use json_lines::JsonLines;
use log_lines::{LastLines, LogLines};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::io::IsTerminal as _;
use std::sync::OnceLock;
use std::thread;
use std::time::Duration;
use traces::Traces;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

/// How often measured times are added up.
const UPKEEP: Duration = Duration::from_secs(5);

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// For people.
    Pretty,
    /// One JSON object a line.
    Json,
}

/// Sends the last traces and writes the last lines when it is dropped.
#[derive(Debug)]
pub struct Telling {
    _traces: Option<Traces>,
    _lines: LastLines,
}

/// Starts logging to standard error until the guard is dropped; `RUST_LOG` narrows or widens it. Traces go to this collector, where one is named.
/// A second call changes nothing.
pub fn start_logging(format: LogFormat, collector: Option<&str>) -> std::io::Result<Telling> {
    let (lines, last) = LogLines::to(std::io::stderr())?;
    let (delivery, tracer) = collector.map(traces::start).transpose().map_err(std::io::Error::other)?.unzip();
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info,sqlx=warn"));
    let colours = std::io::stderr().is_terminal();
    let started = if let Some(tracer) = tracer {
        let lines = tracing_subscriber::fmt::layer().with_writer(lines).with_ansi(colours);
        let lines = match format {
            LogFormat::Pretty => lines.compact().with_filter(filter).boxed(),
            LogFormat::Json => lines.event_format(JsonLines).fmt_fields(JsonLines).with_filter(filter).boxed(),
        };
        tracing_subscriber::registry().with(lines).with(traces::layer(tracer)).try_init().map_err(|error| error.to_string())
    } else {
        let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(lines).with_ansi(colours);
        let started = match format {
            LogFormat::Pretty => builder.compact().try_init(),
            LogFormat::Json => builder.event_format(JsonLines).fmt_fields(JsonLines).try_init(),
        };
        started.map_err(|error| error.to_string())
    };
    if let Err(error) = started {
        tracing::debug!(error, "logging was already started");
    }
    panics::log();
    Ok(Telling { _traces: delivery, _lines: last })
}

/// The process's metrics; installed on first use.
pub fn metrics() -> &'static PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(|| {
        let seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
        let builder = PrometheusBuilder::new();
        let builder = builder
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &seconds)
            .unwrap_or_else(|_| PrometheusBuilder::new());
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        keep_up(handle.clone());
        if metrics::set_global_recorder(recorder).is_err() {
            tracing::warn!("another metrics recorder is installed; /metrics stays empty");
        }
        // what has not happened yet is shown as none, so that its first time is seen as a rise
        for counter in [
            "oncoauth_connections_refused_total",
            "oncoauth_connections_timed_out_total",
            "oncoauth_database_server_changes_total",
            "oncoauth_database_waits_given_up_total",
            "oncoauth_sign_ins_failed_total",
            "oncoauth_sign_ins_refused_total",
        ] {
            metrics::counter!(counter).increment(0);
        }
        handle
    })
}

/// Each measured time is kept by itself until it is added up, whether or not anybody reads the metrics.
fn keep_up(handle: PrometheusHandle) {
    let added_up = move || {
        loop {
            thread::sleep(UPKEEP);
            handle.run_upkeep();
        }
    };
    if let Err(error) = thread::Builder::new().name("metrics".to_owned()).spawn(added_up) {
        tracing::warn!(%error, "measured times are added up only when /metrics is read");
    }
}

/// Counts a decision by program and case status.
pub fn count_decision(program: &str, status: CaseStatus) {
    metrics::counter!("oncoauth_decisions_total", "program" => program.to_owned(), "status" => status.as_str()).increment(1);
}

/// Counts a run of a job: `done`, `failed` or `panicked`.
pub fn count_job(job: &'static str, outcome: &'static str) {
    metrics::counter!("oncoauth_job_runs_total", "job" => job, "outcome" => outcome).increment(1);
}

/// Shows how often in a row a job has failed.
pub fn show_failing(job: &'static str, failures: u32) {
    metrics::gauge!("oncoauth_job_failures_in_a_row", "job" => job).set(f64::from(failures));
}

/// Counts a timer by its kind: `done`, `failed` or `panicked`.
pub fn count_timer(kind: &str, outcome: &'static str) {
    metrics::counter!("oncoauth_timers_total", "kind" => kind.to_owned(), "outcome" => outcome).increment(1);
}

/// Shows how many timers are due and could not be run.
pub fn show_failed_jobs(count: i64) {
    metrics::gauge!("oncoauth_failed_jobs").set(f64::from(u32::try_from(count).unwrap_or(u32::MAX)));
}

/// Shows how many subscriptions are not told because their receivers do not answer for it.
pub fn show_failing_subscriptions(count: i64) {
    metrics::gauge!("oncoauth_subscriptions_failing").set(f64::from(u32::try_from(count).unwrap_or(u32::MAX)));
}

/// Shows how much waits in a queue, and for how many seconds the oldest of it.
pub fn show_queue(queue: &'static str, items: i64, oldest_seconds: u32) {
    metrics::gauge!("oncoauth_queue_items", "queue" => queue).set(f64::from(u32::try_from(items).unwrap_or(u32::MAX)));
    metrics::gauge!("oncoauth_queue_oldest_seconds", "queue" => queue).set(f64::from(oldest_seconds));
}

/// Shows how many cases in progress have a deadline that is `overdue`, or runs out `within_1h`, `within_4h` or `within_24h`.
pub fn show_deadlines(due: &'static str, cases: i64) {
    metrics::gauge!("oncoauth_deadlines", "due" => due).set(f64::from(u32::try_from(cases).unwrap_or(u32::MAX)));
}

/// Counts a request that found no connection to the database in time.
pub fn count_wait_given_up() {
    metrics::counter!("oncoauth_database_waits_given_up_total").increment(1);
}

/// Counts an attempt to deliver an event to a plan: `delivered`, or what went wrong.
pub fn count_delivery(health_plan: &str, outcome: &str) {
    metrics::counter!("oncoauth_webhook_attempts_total", "health_plan" => health_plan.to_owned(), "outcome" => outcome.to_owned())
        .increment(1);
}

/// Shows how many events are still to be delivered to a plan.
pub fn show_undelivered(health_plan: &str, events: i64) {
    let events = u32::try_from(events).unwrap_or(u32::MAX);
    metrics::gauge!("oncoauth_webhook_undelivered", "health_plan" => health_plan.to_owned()).set(f64::from(events));
}
