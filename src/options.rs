//! What can be told to a command that opens the database or serves, by flag or by environment variable.

use clap::Args;
use oncoauth::app::networks::Network;
use oncoauth::store::Sessions;
use oncoauth::telemetry::LogFormat;
use std::error::Error;
use std::path::PathBuf;

/// What a command answers.
pub type Outcome<T> = Result<T, Box<dyn Error>>;

/// Where the data is.
#[derive(Debug, Clone, Args)]
pub struct DatabaseOptions {
    /// The PostgreSQL to use; without it, the service starts one of its own and runs as a sandbox.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    database_url: Option<String>,
    /// The same database for the owner of its tables, who brings them up to date at the start and grants the service what it needs. Then
    /// the role of --database-url owns nothing, and has been granted `oncoauth_service`.
    #[arg(long, env = "ONCOAUTH_MIGRATE_AS", hide_env_values = true, value_name = "URL", requires = "database_url")]
    migrate_as: Option<String>,
    /// The URL is that of a pooler which lends sessions for a transaction (`PgBouncer`, `pool_mode = transaction`): nothing is set for a session,
    /// and the role has the settings of docs/operate.md. Migrations go to PostgreSQL itself: give --migrate-as, or migrate beforehand.
    #[arg(long, env = "ONCOAUTH_DATABASE_POOLER", requires = "database_url")]
    database_pooler: bool,
    /// Where the service's own PostgreSQL keeps its data.
    #[arg(long, env = "ONCOAUTH_DATA_DIR")]
    pub data_dir: Option<PathBuf>,
}

impl DatabaseOptions {
    /// The owner's URL, where one is given.
    pub fn owner_url(&self) -> Option<&str> {
        self.migrate_as.as_deref().filter(|url| !url.is_empty())
    }

    /// Whose the sessions behind the URL are.
    pub fn sessions(&self) -> Sessions {
        if self.database_pooler { Sessions::Lent } else { Sessions::Own }
    }

    /// The URL, where one is given; an empty variable gives none.
    pub fn url(&self) -> Option<&str> {
        self.database_url.as_deref().filter(|url| !url.is_empty())
    }
}

/// What is looked at: the deployment with the options that it serves with.
#[derive(Debug, Clone, Args)]
pub struct DoctorOptions {
    #[command(flatten)]
    pub serve: ServeOptions,
    /// How the report is written.
    #[arg(long, value_enum, default_value_t = ReportFormat::Text)]
    pub format: ReportFormat,
}

/// How a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ReportFormat {
    /// For people.
    Text,
    /// One JSON object.
    Json,
}

impl ServeOptions {
    /// True where it is said so, and where there is no database to serve for real on.
    pub fn is_sandbox(&self) -> bool {
        self.sandbox || self.database.url().is_none()
    }
}

/// How to serve.
#[derive(Debug, Clone, Args)]
pub struct ServeOptions {
    /// Address to listen on; port 0 picks a free one.
    #[arg(long, env = "ONCOAUTH_LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: String,
    /// The address that callers see, such as `https://pa.example.org`; that of `--listen` where it is not set.
    #[arg(long, env = "ONCOAUTH_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,
    #[command(flatten)]
    pub database: DatabaseOptions,
    /// File with the certificate (PEM, with those that vouch for it) with which to speak TLS; without it the service speaks HTTP, for a proxy
    /// in front of it. The files are looked at every half a minute: a new certificate needs no restart.
    #[arg(long, env = "ONCOAUTH_TLS_CERTIFICATE", value_name = "FILE", requires = "tls_key")]
    pub tls_certificate: Option<PathBuf>,
    /// File with the certificate's key (PEM).
    #[arg(long, env = "ONCOAUTH_TLS_KEY", value_name = "FILE", requires = "tls_certificate")]
    pub tls_key: Option<PathBuf>,
    /// Content to decide by, instead of what is compiled in.
    #[arg(long, env = "ONCOAUTH_CONTENT_DIR")]
    pub content_dir: Option<PathBuf>,
    /// Runs as a sandbox on the database given: fixed tokens that anybody knows, demonstration rosters, a clock that can be moved.
    #[arg(long)]
    pub sandbox: bool,
    /// Lets other machines reach a sandbox, whose tokens anybody knows.
    #[arg(long)]
    pub sandbox_allow_remote: bool,
    /// Origin of a portal that may call from a browser; may be given several times. None by default.
    #[arg(long = "cors-origin", value_name = "ORIGIN")]
    pub cors_origins: Vec<String>,
    /// File (TOML) that names the OpenID providers whose people may sign in, and whose tokens may call the API: docs/sign-in.md. Without it
    /// nobody signs in, but for the people of a sandbox.
    #[arg(long, env = "ONCOAUTH_SIGN_IN_PROVIDERS", value_name = "FILE")]
    pub sign_in_providers: Option<PathBuf>,
    /// File with the keys that seal the secrets of webhooks and the headers of subscriptions in the database: 64 hexadecimal digits a line, the newest first. Whoever has a copy
    /// of the database alone cannot use them then. Lines stay until the service was started once with the new one.
    #[arg(long, env = "ONCOAUTH_SECRETS_KEY_FILE", value_name = "FILE")]
    pub secrets_key_file: Option<PathBuf>,
    /// Mail server for people who register, such as `smtps://user@mail.example.org`; over TLS, but to this machine. Without it nobody can
    /// register outside a sandbox, which shows its mails instead of sending them.
    #[arg(long, env = "ONCOAUTH_MAIL_SERVER", hide_env_values = true, value_name = "URL", requires = "mail_from")]
    pub mail_server: Option<String>,
    /// File with the password of the mail server's user.
    #[arg(long, env = "ONCOAUTH_MAIL_PASSWORD_FILE", value_name = "FILE", requires = "mail_server")]
    pub mail_password_file: Option<PathBuf>,
    /// Address that mails come from, such as `Prior authorization <pa@example.org>`.
    #[arg(long, env = "ONCOAUTH_MAIL_FROM", value_name = "ADDRESS")]
    pub mail_from: Option<String>,
    /// Lets the lead of a practice, whom support names, approve the registrations of its other people.
    #[arg(long, env = "ONCOAUTH_LEADS_APPROVE")]
    pub leads_approve: bool,
    /// Registrations an hour that may come from one address, 0 for any number; 20 by default, any number in a sandbox.
    #[arg(long, env = "ONCOAUTH_REGISTRATION_LIMIT")]
    pub registration_limit: Option<u32>,
    /// Requests a second that one caller may send, 0 for any number; 200 by default, any number in a sandbox.
    #[arg(long, env = "ONCOAUTH_RATE_LIMIT")]
    pub rate_limit: Option<u32>,
    /// Requests a second that may come from one address, 0 for any number; 1,000 by default, any number in a sandbox.
    #[arg(long, env = "ONCOAUTH_ADDRESS_LIMIT")]
    pub address_limit: Option<u32>,
    /// Tokens, assertions and codes a minute that do not work and may come from one address, 0 for any number; 30 by default, any number in a sandbox. Then the
    /// address waits; tokens that worked there work on.
    #[arg(long, env = "ONCOAUTH_FAILED_SIGN_IN_LIMIT")]
    pub failed_sign_in_limit: Option<u32>,
    /// Proxy in front of the service, as an address or a network such as 10.0.0.0/8, whose `X-Forwarded-For` says where a request comes from;
    /// may be given several times. From anybody else that header counts for nothing.
    #[arg(long = "trusted-proxy", env = "ONCOAUTH_TRUSTED_PROXIES", value_delimiter = ',', value_name = "NETWORK")]
    pub trusted_proxies: Vec<Network>,
    /// The largest share of a roster, in percent, that a load may remove; 20 by default, any share in a sandbox.
    #[arg(long, env = "ONCOAUTH_ROSTER_DROP_GUARD", value_parser = clap::value_parser!(u8).range(0..=100))]
    pub roster_drop_guard: Option<u8>,
    /// Program, with its arguments, that looks for viruses in clinical documents: it reads one from its standard input and exits with 0
    /// (nothing found), 1 (something found: the document is refused) or anything else (it could not say: the sender may try again).
    /// Without it, documents say that they were not scanned.
    #[arg(long, env = "ONCOAUTH_SCAN_COMMAND", value_name = "COMMAND")]
    pub attachment_scan_command: Option<String>,
    /// Connections to the database at most; eighteen, and three for each thread that serves, where it is not set. Of those who wait for a
    /// member whom somebody holds, a quarter of them may have one. While one process takes over from another, both have theirs.
    #[arg(long, env = "ONCOAUTH_DATABASE_CONNECTIONS", value_parser = clap::value_parser!(u32).range(12..=500))]
    pub database_connections: Option<u32>,
    /// Threads that serve requests and do what runs by itself. As many as the machine has processors, two at least and eight at most, where
    /// it is not set: with a database on the same machine they and its processes take turns.
    #[arg(long, env = "ONCOAUTH_WORKER_THREADS", value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub worker_threads: Option<u16>,
    /// Connections of callers at most; 8,192 where it is not set, and never more than open files allow. Whoever comes after is answered
    /// 503.
    #[arg(long, env = "ONCOAUTH_MAX_CONNECTIONS", value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=60_000))]
    pub max_connections: Option<u32>,
    /// Connections of one address at most (of a /64 where it has the sixth version); any number where it is not set. Not behind a proxy: all
    /// callers then have its address.
    #[arg(long, env = "ONCOAUTH_MAX_CONNECTIONS_PER_ADDRESS", value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=60_000))]
    pub max_connections_per_address: Option<u32>,
    /// Seconds that the head of a request may take to arrive, the first one of a connection counted from its beginning.
    #[arg(long, env = "ONCOAUTH_HEADER_TIMEOUT", value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub header_timeout: u64,
    /// Seconds that a connection may be kept without a request. Give a proxy in front of the service less than this.
    #[arg(long, env = "ONCOAUTH_KEEP_ALIVE", value_name = "SECONDS", default_value_t = 75, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub keep_alive: u64,
    /// OpenTelemetry collector that is sent a trace of each request (OTLP over HTTP), such as `https://collector:4318`, or `http://localhost:4318` on this machine. Without it there are none.
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT", value_name = "URL")]
    pub traces_to: Option<String>,
    /// How log lines are written.
    #[arg(long, value_enum, default_value_t = LogFormat::Pretty)]
    pub log_format: LogFormat,
}
