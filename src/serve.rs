//! Starting and stopping the service: database, content, listener, and an orderly end.

use crate::callers::{Callers, Manners};
use crate::connection::{Addresses, Doorkeeper, Limits, Tls};
use crate::database::Database;
use crate::descriptors;
use crate::greeting;
use crate::options::{Outcome, ServeOptions};
use oncoauth::app::attachments::{ScanCommand, Scanner};
use oncoauth::app::mail::{Mailer, Smtp};
use oncoauth::app::sealing::Sealing;
use oncoauth::app::{App, Settings, identity, sandbox, sandbox_rosters, subscriptions, webhooks};
use oncoauth::content::Differs;
use oncoauth::domain::content::Library;
use oncoauth::{content, doors, http, jobs, telemetry};
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

/// How long requests in flight may take to finish once the service is told to stop.
const DRAIN: Duration = Duration::from_secs(15);
/// Requests a second that one caller may send.
const RATE_LIMIT: u32 = 200;
/// Requests a second that may come from one address: a practice, or a plan, behind one.
const ADDRESS_LIMIT: u32 = 1_000;
/// Tokens a minute that do not work and may come from one address.
const FAILED_SIGN_IN_LIMIT: u32 = 30;
/// Registrations an hour that may come from one address: a practice registers all its people in a morning.
const REGISTRATION_LIMIT: u32 = 20;
/// The largest share of a roster that a load may remove without saying so.
const ROSTER_DROP_GUARD_PERCENT: u8 = 20;
/// The longest that a virus scanner may take over a document.
const SCAN_LIMIT: Duration = Duration::from_secs(30);
/// Threads that serve, where nobody says how many, at most.
const THREADS_AT_MOST: u16 = 8;

/// Runs a future to its end, on this thread.
pub fn block_on<T>(future: impl Future<Output = Outcome<T>>) -> Outcome<T> {
    Builder::new_current_thread().enable_all().build()?.block_on(future)
}

/// Serves until told to stop.
pub fn run(options: &ServeOptions) -> Outcome<ExitCode> {
    let _last_lines = telemetry::start_logging(options.log_format, options.traces_to.as_deref().filter(|url| !url.is_empty()))?;
    let descriptors = descriptors::raise();
    let threads = usize::from(worker_threads(options));
    Builder::new_multi_thread()
        .worker_threads(threads)
        .thread_name("serve")
        .enable_all()
        .build()?
        .block_on(serve(options, descriptors))
}

async fn serve(options: &ServeOptions, descriptors: u64) -> Outcome<ExitCode> {
    let (settings, connections) = (settings(options), database_connections(options));
    let listener = listen(options, settings.sandbox).await?;
    let address = listener.local_addr()?;
    let public_url = options
        .public_url
        .as_deref()
        .map_or_else(|| format!("{}://{address}", scheme(options)), |url| url.trim_end_matches('/').to_owned());
    let library = library(options.content_dir.as_deref())?;
    tell_differences(options.content_dir.as_deref());
    let authorities = match &options.sign_in_providers {
        Some(file) => identity::config::read(file, &library)?,
        None => Vec::new(),
    };
    let mailer = mailer(options, settings.sandbox)?;
    let sealing = options.secrets_key_file.as_deref().map(Sealing::read).transpose()?.unwrap_or_default();
    let settings = Settings { public_url, authorities, mailer, sealing, ..settings };
    let database = Database::open(&options.database, connections).await?;
    let most = descriptors::connections(options.max_connections, descriptors, connections);
    let app = App::new(database.pool.clone(), Arc::new(library), settings);
    let served = serve_on(&database, app, listener, options, most).await;
    database.close().await;
    served.map(|()| ExitCode::SUCCESS)
}

/// How many threads serve.
fn worker_threads(options: &ServeOptions) -> u16 {
    let processors =
        || thread::available_parallelism().map_or(1, |processors| u16::try_from(processors.get()).unwrap_or(u16::MAX));
    options.worker_threads.unwrap_or_else(|| processors().clamp(2, THREADS_AT_MOST))
}

/// How many connections to the database there may be.
pub fn database_connections(options: &ServeOptions) -> u32 {
    options.database_connections.unwrap_or_else(|| (18 + 3 * u32::from(worker_threads(options))).min(500))
}

async fn serve_on(
    database: &Database,
    app: App,
    listener: TcpListener,
    options: &ServeOptions,
    most_connections: usize,
) -> Outcome<()> {
    database.migrate().await?;
    webhooks::seal_secrets(&app).await?;
    subscriptions::seal_headers(&app).await?;
    if app.settings.sandbox {
        sandbox::follow_clock(&app).await?;
        sandbox_rosters::load_missing(&app).await?;
    }
    let address = listener.local_addr()?;
    let tls = match (&options.tls_certificate, &options.tls_key) {
        (Some(certificate), Some(key)) => Some(Tls::new(certificate, key)?),
        _ => None,
    };
    let of_one_address = options.max_connections_per_address.and_then(|most| usize::try_from(most).ok());
    let doorkeeper = Doorkeeper::new(most_connections, Addresses::new(of_one_address), {
        let app = app.clone();
        // over TLS there are no words for those who are not let in
        let speaks = tls.is_none();
        move || if speaks { http::bare::full(&app) } else { Vec::new() }
    });
    let followed = tls.clone().map(|tls| tokio::spawn(tls.follow()));
    let mut callers = Callers::new(doors::router(app.clone()), doorkeeper, manners(options, &app, tls));
    greeting::print(&app, &format!("{}://{address}", scheme(options)));
    let (end_jobs, jobs_end) = oneshot::channel::<()>();
    let jobs = tokio::spawn(jobs::run(app, async { drop(jobs_end.await) }));
    tokio::select! {
        () = callers.serve(listener) => {}
        () = told_to_stop() => {}
    }
    tracing::info!("stopping: requests in flight may finish");
    tokio::select! {
        () = callers.finish() => {}
        () = patience_ends() => tracing::warn!("some requests did not finish"),
    }
    if let Some(followed) = followed {
        followed.abort();
    }
    drop(end_jobs);
    if jobs.await.is_err() {
        tracing::warn!("the timers did not end in order");
    }
    Ok(())
}

/// How connections are kept, and what they are answered by themselves.
fn manners(options: &ServeOptions, app: &App, tls: Option<Arc<Tls>>) -> Manners {
    let limits = Limits::new(Duration::from_secs(options.header_timeout), Duration::from_secs(options.keep_alive));
    let app = app.clone();
    Manners { limits, unread: Arc::new(move |status| http::bare::unread(&app, status)), tls }
}

/// The time that requests in flight have, cut short when told to stop again.
async fn patience_ends() {
    tokio::select! {
        () = tokio::time::sleep(DRAIN) => {}
        () = told_to_stop() => {}
    }
}

/// How callers come.
const fn scheme(options: &ServeOptions) -> &'static str {
    if options.tls_certificate.is_some() { "https" } else { "http" }
}

/// Where mails go. A sandbox without a mail server shows them.
pub fn mailer(options: &ServeOptions, sandbox: bool) -> Outcome<Mailer> {
    let Some(url) = options.mail_server.as_deref().filter(|url| !url.is_empty()) else {
        return Ok(if sandbox { Mailer::Shown } else { Mailer::Nowhere });
    };
    let password = options.mail_password_file.as_deref().map(secret_in).transpose()?;
    let from = options.mail_from.as_deref().unwrap_or_default();
    Ok(Mailer::Smtp(Smtp::new(url, password.as_deref(), from)?))
}

/// A secret that stands in a file by itself.
fn secret_in(file: &Path) -> Outcome<String> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("cannot read {}: {error}", file.display()))?;
    let text = text.trim_end_matches(['\r', '\n']);
    if text.is_empty() { Err(format!("{} is empty", file.display()).into()) } else { Ok(text.to_owned()) }
}

/// A sandbox has no limits unless they are asked for.
fn settings(options: &ServeOptions) -> Settings {
    let sandbox = options.is_sandbox();
    let scan = options.attachment_scan_command.as_deref().and_then(|line| ScanCommand::parse(line, SCAN_LIMIT));
    let limit = |asked: Option<u32>, usual| asked.or((!sandbox).then_some(usual)).filter(|limit| *limit > 0);
    Settings {
        sandbox,
        sandbox_allow_remote: options.sandbox_allow_remote,
        cors_origins: options.cors_origins.clone(),
        rate_limit: limit(options.rate_limit, RATE_LIMIT),
        address_limit: limit(options.address_limit, ADDRESS_LIMIT),
        registration_limit: limit(options.registration_limit, REGISTRATION_LIMIT),
        leads_approve: options.leads_approve,
        failed_sign_in_limit: limit(options.failed_sign_in_limit, FAILED_SIGN_IN_LIMIT),
        trusted_proxies: options.trusted_proxies.clone(),
        roster_drop_guard_percent: options.roster_drop_guard.or((!sandbox).then_some(ROSTER_DROP_GUARD_PERCENT)),
        scanner: scan.map_or(Scanner::NotConfigured, Scanner::Command),
        ..Settings::default()
    }
}

/// Binds the address before anything else is started, so that a taken port is told at once.
async fn listen(options: &ServeOptions, sandbox: bool) -> Outcome<TcpListener> {
    let listener =
        TcpListener::bind(&options.listen).await.map_err(|error| format!("cannot listen on {}: {error}", options.listen))?;
    let address: SocketAddr = listener.local_addr()?;
    if sandbox && !address.ip().is_loopback() && !options.sandbox_allow_remote {
        return Err(
            "a sandbox listens on loopback only, because anybody knows its tokens. Give --database-url without --sandbox to \
                    serve for real, or --sandbox-allow-remote to let other machines reach this sandbox."
                .into(),
        );
    }
    Ok(listener)
}

/// Puts the use cases together on a database.
pub fn app_on(database: &Database, content_dir: Option<&Path>, settings: Settings) -> Outcome<App> {
    let library = library(content_dir)?;
    Ok(App::new(database.pool.clone(), Arc::new(library), settings))
}

/// Loads the content of a directory, or what is compiled in; unsound content is not served.
pub fn library(content_dir: Option<&Path>) -> Outcome<Library> {
    Ok(content_dir.map_or_else(content::load_embedded, content::load_dir)?)
}

/// Says how a directory differs from the content of this version: a file that was cut off between two entries is sound, and rules are gone.
fn tell_differences(content_dir: Option<&Path>) {
    let differences = content_dir.map(content::differences).unwrap_or_default();
    let of = |how: Differs| {
        differences.iter().filter(move |difference| difference.how == how).map(|difference| difference.file.as_str())
    };
    let (missing, shorter) = (of(Differs::Missing).collect::<Vec<_>>(), of(Differs::Shorter).collect::<Vec<_>>());
    let changed = of(Differs::Changed).count();
    if !missing.is_empty() || !shorter.is_empty() {
        tracing::warn!(
            missing = missing.join(" "),
            shorter = shorter.join(" "),
            changed,
            "the content directory lacks parts of this version's content"
        );
    } else if changed > 0 {
        tracing::info!(changed, "the content directory differs from this version's content");
    }
}

async fn told_to_stop() {
    let terminated = async {
        match signal(SignalKind::terminate()) {
            Ok(mut terminated) => drop(terminated.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        () = terminated => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}
