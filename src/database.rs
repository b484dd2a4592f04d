//! The database of the program: connecting to the one that is given, or to our own.

use crate::options::{DatabaseOptions, Outcome};
use oncoauth::postgres::{self, Embedded, default_data_dir};
use oncoauth::store;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection as _, PgConnection, PgPool};
use std::io::ErrorKind;
use std::time::{Duration, Instant};

/// The database that we make.
const DATABASE: &str = "oncoauth";
/// The role that has what the service may do (`src/store/grants.sql`).
const SERVICE_ROLE: &str = "oncoauth_service";
/// Connections that the service's own PostgreSQL keeps for other tools.
const SPARE_CONNECTIONS: u32 = 8;
/// How long a server that refuses connections may take to come up.
const COMING_UP: Duration = Duration::from_secs(3);

/// How connections are shared out.
#[derive(Debug, Clone, Copy)]
pub struct Connections {
    /// In the pool. Roster loads, the storing of documents and readers of feeds hold one for a while, and timers, the review desk and
    /// deliveries must find one beside them.
    pub pool: u32,
    /// In the lane.
    pub lane: u32,
}

impl Connections {
    /// For a command that does one thing.
    pub const FEW: Self = Self { pool: 2, lane: 6 };

    /// So many in all, twelve or more; where none is given, as many as so many threads need.
    pub fn shared_out(all: Option<u32>, threads: u16) -> Self {
        let all = all.unwrap_or_else(|| (18 + 6 * u32::from(threads)).min(500));
        let pool = (all / 4 + 4).max(8);
        Self { pool, lane: all.saturating_sub(pool).max(1) }
    }
}

/// Reads the URL of a database. What is wrong with it is told without its password.
fn connect_options(url: &str) -> Outcome<PgConnectOptions> {
    let scheme = url.split_once(':').map(|(scheme, _)| scheme).filter(|_| url.contains("://"));
    match scheme {
        Some("postgres" | "postgresql") => {}
        Some(other) => {
            return Err(format!("the database URL begins with `{other}://`, and the service keeps its data in PostgreSQL only: give one that begins with `postgres://`").into());
        }
        None => return Err("the database URL is none: give one such as `postgres://user@host:5432/database`".into()),
    }
    Ok(url.parse().map_err(|error| format!("the database URL cannot be read: {error}"))?)
}

/// Where the database is, for people.
fn place(options: &PgConnectOptions) -> String {
    let database = options.get_database().unwrap_or_default();
    match options.get_socket() {
        Some(socket) => format!("{database} at {}", socket.display()),
        None => format!("{database} at {}:{}", options.get_host(), options.get_port()),
    }
}

/// Connects once, so that what keeps the service from it is told as it is. A pool would only say that its time was up.
async fn first_connection(options: &PgConnectOptions) -> Result<(), sqlx::Error> {
    let begun = Instant::now();
    let wait = |attempt| tokio::time::timeout(COMING_UP, attempt);
    loop {
        match wait(PgConnection::connect_with(options)).await {
            Ok(Ok(connection)) => return connection.close().await,
            Ok(Err(sqlx::Error::Io(error))) if error.kind() == ErrorKind::ConnectionRefused && begun.elapsed() < COMING_UP => {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            Ok(Err(error)) => return Err(error),
            Err(_) => return Err(sqlx::Error::Io(ErrorKind::TimedOut.into())),
        }
    }
}

/// The database in use, and the PostgreSQL that is ours, where it is.
#[derive(Debug)]
pub struct Database {
    /// Connections to it.
    pub pool: PgPool,
    own: Option<Embedded>,
    /// The owner of the tables; none where they are brought up to date by somebody else, or by the role that serves.
    owner: Option<PgConnectOptions>,
    serving: PgConnectOptions,
}

impl Database {
    /// Connects to the database given, or starts our own.
    pub async fn open(options: &DatabaseOptions, connections: Connections) -> Outcome<Self> {
        let (own, url, owner) = if let Some(url) = options.url() {
            (None, url.to_owned(), options.owner_url().map(connect_options).transpose()?)
        } else {
            let data_dir = options.data_dir.clone().map_or_else(default_data_dir, Ok)?;
            let max_connections = connections.pool + connections.lane + SPARE_CONNECTIONS;
            let settings = postgres::Settings { data_dir, durable: true, max_connections };
            let own = tokio::task::spawn_blocking(move || Embedded::start(&settings)).await??;
            let owner = connect_options(&own.create_database(DATABASE).await?)?;
            let url = own.serving_url(DATABASE, SERVICE_ROLE).await?;
            (Some(own), url, Some(owner))
        };
        let parsed = connect_options(&url)?;
        first_connection(&parsed).await.map_err(|error| format!("cannot connect to the database {}: {error}", place(&parsed)))?;
        let pool = PgPoolOptions::new()
            .max_connections(connections.pool)
            .acquire_timeout(Duration::from_secs(3))
            .connect_with(store::connect_options(parsed.clone()))
            .await
            .map_err(|error| format!("cannot connect to the database: {error}"))?;
        Ok(Self { pool, own, owner, serving: parsed })
    }

    /// Brings the tables up to date, and grants what the service needs; several processes may start at once. A role that owns nothing has
    /// nothing to do where the tables are up to date already.
    pub async fn migrate(&self) -> Outcome<()> {
        if self.owner.is_none() && store::is_migrated(&mut *self.pool.acquire().await?).await? {
            return Ok(());
        }
        let failed = |error: sqlx::migrate::MigrateError| format!("cannot migrate the database: {error}");
        // over a connection without limits: another process may be at it, and a large table takes its time
        let options = self.owner.as_ref().unwrap_or(&self.serving);
        let mut connection = PgConnection::connect_with(options).await.map_err(|error| failed(error.into()))?;
        store::MIGRATIONS.run(&mut connection).await.map_err(failed)?;
        if self.owner.is_some() {
            store::grant(&mut connection).await.map_err(|error| format!("cannot grant the service what it needs: {error}"))?;
        }
        Ok(connection.close().await?)
    }

    /// Lets go of the database, and stops our own.
    pub async fn close(self) {
        self.pool.close().await;
        if let Some(own) = self.own
            && tokio::task::spawn_blocking(move || own.stop()).await.is_err()
        {
            tracing::warn!("the database was not stopped in order");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Connections;

    #[test]
    fn the_pool_has_room_beside_whoever_holds_a_connection_long() {
        let shared = |all, threads| {
            let Connections { pool, lane } = Connections::shared_out(all, threads);
            (pool, lane)
        };
        assert_eq!([shared(Some(12), 2), shared(Some(24), 8), shared(Some(500), 1)], [(8, 4), (10, 14), (129, 371)]);
        assert_eq!([shared(None, 1), shared(None, 4), shared(None, 256)], [(10, 14), (14, 28), (129, 371)]);
    }
}
