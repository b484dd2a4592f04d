//! What the tables hold: who may call, and whether what runs by itself does.

use super::Finding;
use crate::options::ServeOptions;
use chrono::{DateTime, TimeDelta, Utc};
use oncoauth::app::sealing::Sealing;
use oncoauth::app::webhooks as kept_webhooks;
use oncoauth::clock::Clock;
use oncoauth::domain::vocabulary::CallerRole;
use oncoauth::store::backlog::{self, Queue};
use oncoauth::store::checkup::{self, TokensOfRole};
use oncoauth::store::{Result, sandbox_clock, subscriptions, webhooks};
use sqlx::PgConnection;

/// Everything that runs by itself is done within seconds.
const SECONDS: TimeDelta = TimeDelta::minutes(1);
/// Tokens that end sooner are told.
const TOKENS_END: TimeDelta = TimeDelta::days(14);
/// Member files come nightly.
const FILES_ARE_OLD: TimeDelta = TimeDelta::days(3);

/// Looks.
pub async fn look(options: &ServeOptions, conn: &mut PgConnection, plans: &[String]) -> Result<Vec<Finding>> {
    let sandbox = options.is_sandbox();
    let ahead = if sandbox { TimeDelta::microseconds(sandbox_clock::offset(conn).await?) } else { TimeDelta::zero() };
    let shown = Clock::system().now();
    let now = shown + ahead;
    let mut findings = Vec::new();
    if sandbox {
        findings.push(Finding::ok("tokens", "a sandbox has its fixed tokens, which anybody knows"));
    } else {
        findings.push(tokens(&checkup::tokens(conn, shown, shown + TOKENS_END).await?));
        findings.push(member_files(&checkup::member_files(conn).await?, plans, now));
    }
    let (failed, since) = checkup::failed_jobs(conn).await?;
    findings.push(match since {
        Some(since) if failed > 0 => Finding::fault(
            "failed_jobs",
            format!("{failed} things that were due could not be done, since {}", when(since)),
            "GET /v1/failed-jobs says which and why; POST …/retries tries one again",
        ),
        _ => Finding::ok("failed_jobs", "none"),
    });
    let waits = backlog::backlog(conn, now).await?;
    let no_job = "see that a service runs and /readyz is quiet: it publishes, seals and meets deadlines every second; its log says what keeps it";
    findings.push(queue("outbox", "events for the plans' feeds", waits.outbox, now, no_job));
    findings.push(queue("timers", "deadlines and other timers", waits.timers, now, no_job));
    findings.push(queue("unsealed_records", "records of accesses", waits.sealing, now, no_job));
    findings.extend(checkup::failing_webhooks(conn).await?.into_iter().map(|webhook| {
        let why = webhook.last_failure.unwrap_or_default();
        let message = format!("deliveries to {} failed {} times in a row: {why}", webhook.health_plan, webhook.failures);
        Finding::warning("webhooks", message, "ask the plan for its receiver; GET /v1/feeds/{plan}/webhook has the particulars")
    }));
    let failing = subscriptions::count_failing(conn).await?;
    if failing > 0 {
        let message = format!("{failing} subscribers are not told: they do not answer for it");
        let remedy = "tell their owners; docs/runbook.md (OncoauthSubscriptionsFail) says how to find them";
        findings.push(Finding::warning("subscriptions", message, remedy));
    }
    findings.push(sealed(options, conn).await?);
    Ok(findings)
}

/// Whether the keys open what is sealed in the database: the service does not start where they do not.
async fn sealed(options: &ServeOptions, conn: &mut PgConnection) -> Result<Finding> {
    const CHECK: &str = "sealed_secrets";
    let keys = options.secrets_key_file.as_deref().map(Sealing::read).transpose();
    let Ok(keys) = keys.map(Option::unwrap_or_default) else {
        return Ok(Finding::unknown(CHECK, "the file of keys cannot be read"));
    };
    let (mut of_webhooks, mut of_subscriptions) = (0, 0);
    for kept in webhooks::secrets(conn).await? {
        of_webhooks += usize::from(keys.open(&kept.health_plan, &kept.secret, kept_webhooks::SECRET_BYTES).is_err());
    }
    for kept in subscriptions::headers(conn).await? {
        of_subscriptions += usize::from(keys.open_any(&kept.subscription_id.to_string(), &kept.headers).is_err());
    }
    if of_webhooks + of_subscriptions == 0 {
        return Ok(Finding::ok(CHECK, "the keys open what is sealed in the database"));
    }
    let message =
        format!("no key opens the secrets of {of_webhooks} webhooks and the headers of {of_subscriptions} subscriptions");
    let remedy =
        "put the key that sealed them back into --secrets-key-file, behind the new one: the service does not start without it";
    Ok(Finding::fault(CHECK, message, remedy))
}

fn when(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}

/// A queue that is worked through is never old.
fn queue(check: &'static str, what: &str, queue: Queue, now: DateTime<Utc>, remedy: &str) -> Finding {
    match queue.oldest {
        Some(oldest) if now - oldest > SECONDS => {
            Finding::fault(check, format!("{} {what} wait, the oldest since {}", queue.items, when(oldest)), remedy)
        }
        _ => Finding::ok(check, format!("no {what} wait for longer than a minute")),
    }
}

fn tokens(found: &[TokensOfRole]) -> Finding {
    const CHECK: &str = "tokens";
    let of = |role: CallerRole| found.iter().find(|of_role| of_role.role == role.as_str());
    if of(CallerRole::Administrator).is_none() {
        return Finding::fault(CHECK, "no administrator has a token", "oncoauth issue-token --role administrator");
    }
    let missing: Vec<&str> = CallerRole::ALL.iter().filter(|role| of(**role).is_none()).map(|role| role.as_str()).collect();
    if !missing.is_empty() {
        let message = format!("nobody can call as {}", missing.join(", "));
        return Finding::warning(CHECK, message, "issue tokens for them (POST /v1/tokens), where there is somebody in that role");
    }
    let ending: Vec<String> = found
        .iter()
        .filter(|of_role| of_role.ending > 0)
        .map(|of_role| format!("{} of {}", of_role.ending, of_role.role))
        .collect();
    if !ending.is_empty() {
        let message = format!("tokens that end within two weeks: {}", ending.join(", "));
        return Finding::warning(CHECK, message, "issue new ones for the same subjects (POST /v1/tokens) before they end");
    }
    let all: i64 = found.iter().map(|of_role| of_role.lasting).sum();
    Finding::ok(CHECK, format!("{all} that work, for every role"))
}

fn member_files(loaded: &[(String, DateTime<Utc>)], plans: &[String], now: DateTime<Utc>) -> Finding {
    const CHECK: &str = "member_files";
    let mut missing: Vec<&str> =
        plans.iter().map(String::as_str).filter(|plan| loaded.iter().all(|(of, _)| of != plan)).collect();
    missing.dedup();
    if !missing.is_empty() {
        let message = format!("none was ever loaded for {}: their members are not found", missing.join(", "));
        return Finding::warning(CHECK, message, "PUT /v1/rosters/{health_plan}/members with the plan's file");
    }
    let old: Vec<String> =
        loaded.iter().filter(|(_, at)| now - *at > FILES_ARE_OLD).map(|(plan, at)| format!("{plan} ({})", when(*at))).collect();
    if !old.is_empty() {
        let message = format!("the last are older than three days: {}", old.join(", "));
        return Finding::warning(CHECK, message, "see what became of the plans' nightly files");
    }
    Finding::ok(CHECK, "every plan's was loaded within three days")
}
