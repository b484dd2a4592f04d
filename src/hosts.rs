//! The servers that a database URL names, and which of them takes writes.
//!
//! A URL may name several, as libpq reads it: `postgres://user@one:5432,two:5432/database`. They are a primary and its standbys, and the
//! service is at the one that takes writes (libpq's `target_session_attrs=read-write`). When that one goes, or takes no more writes, all of
//! them are asked until another one does; new connections go there, and those to the server before are let go.

use crate::options::Outcome;
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use oncoauth::store::pool::Keeping;
use oncoauth::store::{self, Sessions};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection as _, PgConnection, PgPool};
use std::fmt;
use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};
use tokio::time::{sleep, timeout};

/// How long a server that refuses connections may take to come up, and one of several to take writes.
const COMING_UP: Duration = Duration::from_secs(3);
/// The longest that one of several may take to say whether it takes writes.
const ASKED: Duration = Duration::from_secs(2);
/// How often the server in use is asked.
const EVERY: Duration = Duration::from_secs(1);
/// How often all of them are asked while none takes writes.
const EVERY_WITHOUT: Duration = Duration::from_millis(250);

/// The servers of one database, in the order in which they are preferred.
#[derive(Debug, Clone)]
pub struct Hosts(Vec<PgConnectOptions>);

/// A connection to one of them.
#[derive(Debug)]
pub struct Connected {
    number: usize,
    /// How it was made.
    pub options: PgConnectOptions,
    /// The connection.
    pub connection: PgConnection,
}

/// What a server said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Which.
    pub address: String,
    /// Whether it takes writes, or why it is not known.
    pub takes_writes: Result<bool, String>,
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.takes_writes {
            Ok(true) => write!(f, "{} takes writes", self.address),
            Ok(false) => write!(f, "{} is a standby", self.address),
            Err(why) => write!(f, "{}: {why}", self.address),
        }
    }
}

impl Hosts {
    /// Reads the URL of a database. What is wrong with it is told without its password.
    pub fn read(url: &str) -> Outcome<Self> {
        let options = |url: String| url.parse().map_err(|error| format!("the database URL cannot be read: {error}").into());
        one_url_each(url)?.into_iter().map(options).collect::<Outcome<_>>().map(Self)
    }

    /// As they are asked for such sessions: a pooler takes no setting at the start of one.
    pub fn with(self, sessions: Sessions) -> Outcome<Self> {
        if sessions == Sessions::Own {
            return Ok(self);
        }
        if self.0.iter().any(|options| options.get_options().is_some()) {
            return Err("the database URL has `options`, which sessions of a pooler cannot have: set them for the role".into());
        }
        Ok(Self(self.0.into_iter().map(|options| options.extra_float_digits(None)).collect()))
    }

    /// Where the database is, for people.
    pub fn place(&self) -> String {
        let database = self.0.first().and_then(PgConnectOptions::get_database).unwrap_or_default();
        format!("{database} at {}", self.0.iter().map(address).collect::<Vec<_>>().join(" or "))
    }

    /// True where one may take over from another.
    pub fn several(&self) -> bool {
        self.0.len() > 1
    }

    /// Connects to the one that takes writes; where there is only one, to that, whatever it takes. Waits a while for one that comes up.
    /// What keeps the service from it is told as it is: a pool would only say that its time was up.
    pub async fn connect(&self) -> Outcome<Connected> {
        let begun = Instant::now();
        loop {
            let failed = match self.0.as_slice() {
                [only] => match timeout(COMING_UP, PgConnection::connect_with(only)).await {
                    Ok(Ok(connection)) => return Ok(Connected { number: 0, options: only.clone(), connection }),
                    Ok(Err(sqlx::Error::Io(error))) if error.kind() == ErrorKind::ConnectionRefused => error.to_string(),
                    Ok(Err(error)) => return Err(self.unreachable(&error.to_string())),
                    Err(_) => return Err(self.unreachable("it does not answer")),
                },
                _ => match self.find(0).await {
                    Ok(connected) => return Ok(connected),
                    Err(failed) => failed,
                },
            };
            if begun.elapsed() > COMING_UP {
                return Err(self.unreachable(&failed));
            }
            sleep(Duration::from_millis(200)).await;
        }
    }

    /// What each of them says.
    pub async fn look(&self) -> Vec<Seen> {
        let asked = self.0.iter().map(|options| async move {
            let asked = async {
                let mut connection = PgConnection::connect_with(options).await?;
                let takes_writes = takes_writes(&mut connection).await;
                drop(connection.close().await);
                takes_writes
            };
            let answered = timeout(ASKED, asked).await.map_err(|_| "it does not answer".to_owned());
            let takes_writes = answered.and_then(|answered| answered.map_err(|error| error.to_string()));
            Seen { address: address(options), takes_writes }
        });
        join_all(asked).await
    }

    fn unreachable(&self, why: &str) -> Box<dyn std::error::Error> {
        format!("cannot connect to the database {}: {why}", self.place()).into()
    }

    /// Asks all of them at once which takes writes. Where two do, which is one too many, it is the one that was promoted last: the other one is
    /// a primary that came back. Else it is the one of this number, or the first.
    async fn find(&self, preferred: usize) -> Result<Connected, String> {
        let asked = join_all(self.0.iter().map(|options| timeout(ASKED, open_for_writes(options)))).await;
        let (mut found, mut failed) = (Vec::new(), Vec::new());
        for ((number, options), answer) in self.0.iter().enumerate().zip(asked) {
            match answer {
                Ok(Ok(connection)) => found.push(Connected { number, options: options.clone(), connection }),
                Ok(Err(error)) => failed.push(format!("{}: {error}", address(options))),
                Err(_) => failed.push(format!("{}: it does not answer", address(options))),
            }
        }
        if found.len() > 1 {
            let all: Vec<_> = found.iter().map(|one| address(&one.options)).collect();
            tracing::error!(servers = all.join(", "), "more than one server takes writes: stop those that are not the primary");
        }
        let several = found.len() > 1;
        let mut best: Option<((String, bool), Connected)> = None;
        for mut one in found {
            let timeline = if several { timeline(&mut one.connection).await } else { String::new() };
            let rank = (timeline, one.number == preferred);
            if best.as_ref().is_none_or(|(so_far, _)| rank > *so_far) {
                best = Some((rank, one));
            }
        }
        best.map(|(_, one)| one).ok_or_else(|| failed.join("; "))
    }
}

/// The pool's part in following: which of its connections are still good.
#[derive(Debug, Clone)]
pub struct Follower {
    hosts: Hosts,
    sessions: Sessions,
    keeping: Keeping,
}

impl Follower {
    /// Of these servers.
    pub fn of(hosts: Hosts, sessions: Sessions) -> Self {
        Self { hosts, sessions, keeping: Keeping::default() }
    }

    /// With several servers a pool hands out no connection to one that was left, and takes none to one that takes no writes.
    pub fn watched(&self, options: PgPoolOptions) -> PgPoolOptions {
        let options = self.keeping.kept(options);
        if !self.hosts.several() {
            return options;
        }
        options.after_connect(|connection, _| {
            async move { if takes_writes(connection).await? { Ok(()) } else { Err(takes_none()) } }.boxed()
        })
    }

    /// Keeps the pool, and whoever connects as it does, at the server that takes writes; never ends. There is nothing to follow where there is
    /// one.
    pub async fn follow(self, pool: PgPool, mut at: Connected) {
        if !self.hosts.several() {
            drop(at.connection.close().await); // it was made to see what keeps the service from the database
            return;
        }
        loop {
            sleep(EVERY).await;
            if matches!(timeout(ASKED, takes_writes(&mut at.connection)).await, Ok(Ok(true))) {
                continue;
            }
            let (number, before) = (at.number, address(&at.options));
            tracing::warn!(server = before, "the database server is gone or takes no writes");
            at = loop {
                match self.hosts.find(at.number).await {
                    Ok(found) => break found,
                    Err(why) => tracing::debug!(why, "no database server takes writes"),
                }
                sleep(EVERY_WITHOUT).await;
            };
            if at.number == number {
                tracing::info!(server = before, "the database server answers again");
                continue;
            }
            pool.set_connect_options(store::connect_options(at.options.clone(), self.sessions));
            self.keeping.leave_server();
            metrics::counter!("oncoauth_database_server_changes_total").increment(1);
            tracing::warn!(before, server = address(&at.options), "the database is used at this server");
        }
    }
}

fn address(options: &PgConnectOptions) -> String {
    match options.get_socket() {
        Some(socket) => socket.display().to_string(),
        None => format!("{}:{}", options.get_host(), options.get_port()),
    }
}

async fn open_for_writes(options: &PgConnectOptions) -> Result<PgConnection, sqlx::Error> {
    let mut connection = PgConnection::connect_with(options).await?;
    if takes_writes(&mut connection).await? { Ok(connection) } else { Err(takes_none()) }
}

/// What libpq asks for `target_session_attrs=read-write`.
async fn takes_writes(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    let asked = "select not pg_is_in_recovery() and current_setting('default_transaction_read_only') = 'off'";
    sqlx::query_scalar(asked).persistent(false).fetch_one(connection).await
}

/// How often the database had been promoted when this server began to take writes, as text that can be compared; empty where it does not say.
async fn timeline(connection: &mut PgConnection) -> String {
    let asked = sqlx::query_scalar("select substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)").persistent(false);
    match timeout(ASKED, asked.fetch_one(connection)).await {
        Ok(Ok(timeline)) => timeline,
        _ => String::new(),
    }
}

fn takes_none() -> sqlx::Error {
    io::Error::new(ErrorKind::ReadOnlyFilesystem, "it takes no writes: it is a standby, or set to read only").into()
}

/// A URL for each server that is named, without what only libpq knows.
fn one_url_each(url: &str) -> Outcome<Vec<String>> {
    let (scheme, rest) = url.split_once("://").unwrap_or_default();
    match scheme {
        "postgres" | "postgresql" => {}
        "" => return Err("the database URL is none: give one such as `postgres://user@host:5432/database`".into()),
        other => {
            return Err(format!(
                "the database URL begins with `{other}://`, and the service keeps its data in PostgreSQL only: give one that begins with \
                 `postgres://`"
            )
            .into());
        }
    }
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let (user, hosts) = authority.rsplit_once('@').map_or(("", authority), |(user, hosts)| (user, hosts));
    let at = if user.is_empty() { "" } else { "@" };
    let path = without_session_attributes(path)?;
    let hosts: Vec<&str> = hosts.split(',').collect();
    if hosts.len() > 1 && hosts.iter().any(|host| host.is_empty()) {
        return Err("the database URL names a server without a name: write `postgres://user@one:5432,two:5432/database`".into());
    }
    Ok(hosts.into_iter().map(|host| format!("{scheme}://{user}{at}{host}{path}")).collect())
}

/// The path and query without `target_session_attrs`, which may only ask for what is done anyway.
fn without_session_attributes(path: &str) -> Outcome<String> {
    let Some((path, query)) = path.split_once('?') else { return Ok(path.to_owned()) };
    let mut kept = Vec::new();
    for pair in query.split('&') {
        match pair.split_once('=') {
            Some(("target_session_attrs", "read-write" | "primary" | "any")) => {}
            Some(("target_session_attrs", other)) => {
                return Err(format!(
                    "the database URL has `target_session_attrs={other}`: the service writes, so leave it out or say `read-write`"
                )
                .into());
            }
            Some(("host" | "hostaddr" | "port", value)) if value.contains(',') => {
                return Err("the database URL lists servers in its query: list them in front of the database's name, as in \
                            `postgres://user@one:5432,two:5432/database`"
                    .into());
            }
            _ => kept.push(pair),
        }
    }
    Ok(if kept.is_empty() { path.to_owned() } else { format!("{path}?{}", kept.join("&")) })
}

#[cfg(test)]
mod tests {
    use super::{Hosts, one_url_each};

    #[test]
    fn each_server_of_a_url_gets_a_url_of_its_own() {
        for (url, each) in [
            ("postgres://host/db", vec!["postgres://host/db"]),
            (
                "postgres://user:p%40ss@one,two:5433/db",
                vec!["postgres://user:p%40ss@one/db", "postgres://user:p%40ss@two:5433/db"],
            ),
            (
                "postgresql://u@[::1]:5432,[::2]/db?application_name=a,b&target_session_attrs=read-write",
                vec!["postgresql://u@[::1]:5432/db?application_name=a,b", "postgresql://u@[::2]/db?application_name=a,b"],
            ),
            ("postgres://u@localhost/db?host=%2Frun%2Fpg", vec!["postgres://u@localhost/db?host=%2Frun%2Fpg"]),
            ("postgres://one,two?target_session_attrs=any", vec!["postgres://one", "postgres://two"]),
        ] {
            assert_eq!(one_url_each(url).unwrap(), each, "{url}");
        }
        assert_eq!(Hosts::read("postgres://u:secret@one:1,two:2/db").unwrap().place(), "db at one:1 or two:2");
    }

    #[test]
    fn what_a_url_cannot_mean_is_told_with_what_to_write_and_without_its_password() {
        for (url, words) in [
            ("postgres://u:secret@one,/db", "without a name"),
            ("postgres://u:secret@one,two/db?target_session_attrs=standby", "`target_session_attrs=standby`"),
            ("postgres://u:secret@/db?host=/a,/b&port=1,2", "in front of the database's name"),
            ("postgres://u:secret@one:1,two:none/db", "cannot be read"),
            ("one:5432,two:5432/db", "`postgres://user@host"),
            ("mysql://u:secret@one,two/db", "`mysql://`"),
        ] {
            let told = Hosts::read(url).unwrap_err().to_string();
            assert!(told.contains(words) && !told.contains("secret"), "{url}: {told}");
        }
    }
}
