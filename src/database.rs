//! The database of the program: connecting to the one that is given, or to our own.

use crate::hosts::{Follower, Hosts};
use crate::options::{DatabaseOptions, Outcome};
use oncoauth::postgres::{self, Embedded, default_data_dir};
use oncoauth::store;
use sqlx::postgres::PgPoolOptions;
use sqlx::{Connection as _, PgPool};
use std::time::Duration;
use tokio::task::JoinHandle;

/// Connections for a command that does one thing.
pub const FEW_CONNECTIONS: u32 = 4;
/// The database that we make.
const DATABASE: &str = "oncoauth";
/// The role that has what the service may do (`src/store/grants.sql`).
const SERVICE_ROLE: &str = "oncoauth_service";
/// Connections that the service's own PostgreSQL keeps for other tools.
const SPARE_CONNECTIONS: u32 = 8;

/// The database in use, and the PostgreSQL that is ours, where it is.
#[derive(Debug)]
pub struct Database {
    /// Connections to it.
    pub pool: PgPool,
    own: Option<Embedded>,
    /// The owner of the tables; none where they are brought up to date by somebody else, or by the role that serves.
    owner: Option<Hosts>,
    serving: Hosts,
    /// Keeps the pool at the server that takes writes.
    following: JoinHandle<()>,
}

impl Database {
    /// Connects to the database given, or starts our own.
    pub async fn open(options: &DatabaseOptions, connections: u32) -> Outcome<Self> {
        let (own, url, owner) = if let Some(url) = options.url() {
            (None, url.to_owned(), options.owner_url().map(Hosts::read).transpose()?)
        } else {
            let data_dir = options.data_dir.clone().map_or_else(default_data_dir, Ok)?;
            let max_connections = connections + SPARE_CONNECTIONS;
            let settings = postgres::Settings { data_dir, durable: true, max_connections };
            let own = tokio::task::spawn_blocking(move || Embedded::start(&settings)).await??;
            let owner = Hosts::read(&own.create_database(DATABASE).await?)?;
            let url = own.serving_url(DATABASE, SERVICE_ROLE).await?;
            (Some(own), url, Some(owner))
        };
        let sessions = options.sessions();
        let serving = Hosts::read(&url)?.with(sessions)?;
        let connected = serving.connect().await?;
        let follower = Follower::of(serving.clone(), sessions);
        let pool = PgPoolOptions::new().max_connections(connections).acquire_timeout(Duration::from_secs(3));
        let pool = follower
            .watched(pool)
            .connect_with(store::connect_options(connected.options.clone(), sessions))
            .await
            .map_err(|error| format!("cannot connect to the database: {error}"))?;
        let following = tokio::spawn(follower.follow(pool.clone(), connected));
        Ok(Self { pool, own, owner, serving, following })
    }

    /// Brings the tables up to date, and grants what the service needs; several processes may start at once. A role that owns nothing has
    /// nothing to do where the tables are up to date already.
    pub async fn migrate(&self) -> Outcome<()> {
        if self.owner.is_none() && store::is_migrated(&mut *self.pool.acquire().await?).await? {
            return Ok(());
        }
        // over a connection without limits: another process may be at it, and a large table takes its time
        let hosts = self.owner.as_ref().unwrap_or(&self.serving);
        let mut connection = hosts.connect().await?.connection;
        store::MIGRATIONS.run(&mut connection).await.map_err(|error| format!("cannot migrate the database: {error}"))?;
        if self.owner.is_some() {
            store::grant(&mut connection).await.map_err(|error| format!("cannot grant the service what it needs: {error}"))?;
        }
        Ok(connection.close().await?)
    }

    /// Lets go of the database, and stops our own.
    pub async fn close(self) {
        self.following.abort();
        self.pool.close().await;
        if let Some(own) = self.own
            && tokio::task::spawn_blocking(move || own.stop()).await.is_err()
        {
            tracing::warn!("the database was not stopped in order");
        }
    }
}
