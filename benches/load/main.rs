//! What the service does in a second, beside what PostgreSQL alone does with the same statements: `scripts/measure`.
//!
//! Everything runs on this machine and stops by itself: a PostgreSQL of its own with durable settings in a temporary directory, the
//! release build of the service on loopback with everything on, and `pgbench`, taking turns so that noise meets both. The figures and
//! what they were measured on stand in `docs/measurements.md`.
#![expect(clippy::indexing_slicing, reason = "a measurement that goes wrong has to stop")]

mod capture;
mod client;
mod machine;
mod orders;
mod pgbench;
mod report;
mod rosters;
mod rounds;
mod rows;
mod searches;
mod service;

use clap::Parser;
use oncoauth::postgres::{Embedded, Settings};
use rounds::Bench;
use service::{Service, Stage};
use sqlx::{Connection as _, Executor as _, PgConnection};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::time::Duration;

/// What goes wrong is told in words, and ends the measurement.
pub type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// Connections that the PostgreSQL takes: those of the service, and as many clients of pgbench.
const DATABASE_CONNECTIONS: u32 = 100;

/// Measures the service beside PostgreSQL itself.
#[derive(Debug, Parser)]
#[command(name = "scripts/measure")]
pub struct Options {
    /// Seconds of each round.
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    /// Rounds of the service and of pgbench, in turns.
    #[arg(long, default_value_t = 9)]
    rounds: u32,
    /// Members on file: each places one order.
    #[arg(long, default_value_t = 200_000)]
    members: usize,
    /// Providers on file.
    #[arg(long, default_value_t = 100_000)]
    providers: usize,
    /// Measures only these: orders, reads, verifications, searches.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// The program to measure; the release build of this checkout where none is named.
    #[arg(long, default_value = env!("CARGO_BIN_EXE_oncoauth"))]
    program: PathBuf,
    /// Given by `cargo bench`.
    #[arg(long, hide = true)]
    bench: bool,
}

impl Options {
    fn wants(&self, what: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|wanted| wanted == what)
    }
}

fn main() -> Outcome<()> {
    let options = Options::parse();
    if !options.bench {
        println!("Nothing is measured by a test run: use scripts/measure.");
        return Ok(());
    }
    let directory = tempfile::tempdir()?;
    // as root, the server runs as somebody else
    std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o755))?;
    let settings = Settings { data_dir: directory.path().join("data"), durable: true, max_connections: DATABASE_CONNECTIONS };
    let server = Embedded::start(&settings)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let stage = Stage::new(directory.path(), &settings.data_dir, options.program.clone(), &server);
    let measured = runtime.block_on(measure(&options, &server, &stage));
    server.stop();
    print!("{}", measured?);
    Ok(())
}

async fn measure(options: &Options, server: &Embedded, stage: &Stage) -> Outcome<String> {
    let url = server.create_database("oncoauth").await?;
    let fleet = orders::Fleet::new(options.members);
    let service = Service::start(stage, &url)?;
    let tokens = rosters::load(&service, options)?;
    let today = service.today()?;
    let statements = {
        service.stop()?;
        capture::capture(stage, &url, &tokens, &fleet, &today).await?
    };
    let service = Service::start(stage, &url)?;
    let placed = orders::place(&service, &tokens, &fleet, &today)?;
    let pgbench = pgbench::Pgbench::find(stage, &placed);
    let bench = Bench {
        service: &service,
        pgbench: pgbench.as_ref(),
        statements: &statements,
        rounds: options.rounds,
        length: Duration::from_secs(options.seconds),
        server: machine::Postmaster::of(&stage.data_dir)?,
    };
    let mut report = report::Report::new(&bench, &url).await?;
    if options.wants("searches") {
        report.searches = searches::measure(&service, &tokens)?;
    }
    for connections in [8, 32] {
        if options.wants("orders") {
            settle(&url).await?;
            let request = |buffer: &mut Vec<u8>| fleet.next_order(&tokens.ordering, &today, buffer);
            report.lines.push(bench.compare("POST /v1/orders", "orders", connections, 201, &request)?);
        }
    }
    for connections in [8, 32] {
        if options.wants("reads") {
            settle(&url).await?;
            let request = |buffer: &mut Vec<u8>| placed.next_read(&tokens.ordering, buffer);
            report.lines.push(bench.compare("GET /v1/orders/{case_id}", "reads", connections, 200, &request)?);
        }
    }
    for connections in [8, 32] {
        if options.wants("verifications") {
            settle(&url).await?;
            let request = |buffer: &mut Vec<u8>| placed.next_verification(&tokens.servicing, &today, buffer);
            report.lines.push(bench.compare("POST /v1/verifications", "verifications", connections, 200, &request)?);
        }
    }
    service.stop()?;
    Ok(report.to_string())
}

/// Lets the server finish what the lines before left to it, which it would otherwise do in the background of the next one.
async fn settle(url: &str) -> Outcome<()> {
    let mut connection = PgConnection::connect(url).await?;
    connection.execute("vacuum analyze").await?;
    connection.execute("checkpoint").await?;
    Ok(connection.close().await?)
}
