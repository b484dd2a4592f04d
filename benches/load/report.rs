//! The figures as a page of Markdown.

use crate::Outcome;
use crate::machine;
use crate::rounds::{Bench, Line, Side};
use crate::searches::Searches;
use sqlx::{Connection as _, PgConnection};
use std::fmt;

/// What is wanted: a ratio for each call, MiB, ms.
const WANTED: [(&str, f64); 3] = [("orders", 0.8), ("reads", 0.45), ("verifications", 0.5)];
const RESIDENT_MIB: f64 = 80.0;
const KEYSTROKE_MS: f64 = 10.0;

/// Everything that was measured.
#[derive(Debug)]
pub struct Report {
    machine: String,
    /// Calls beside pgbench.
    pub lines: Vec<Line>,
    /// Searches.
    pub searches: Vec<Searches>,
}

impl Report {
    /// An empty one of this machine.
    pub async fn new(bench: &Bench<'_>, url: &str) -> Outcome<Self> {
        let mut database = PgConnection::connect(url).await?;
        let version: String = sqlx::query_scalar("show server_version").fetch_one(&mut database).await?;
        let machine = format!(
            "{}; PostgreSQL {version} with fsync, synchronous_commit and full_page_writes on; {} rounds of {} s each in turns; {}. \
             Load average before: {}.",
            machine::described(),
            bench.rounds,
            bench.length.as_secs(),
            if bench.pgbench.is_some() {
                "the client, the service and the PostgreSQL share the cores, as pgbench and the PostgreSQL do"
            } else {
                "no pgbench was found on the path, beside the PostgreSQL or in ONCOAUTH_PG_BIN, so that nothing is compared"
            },
            machine::load_average(),
        );
        Ok(Self { machine, lines: Vec::new(), searches: Vec::new() })
    }
}

fn mark(good: bool) -> &'static str {
    if good { "yes" } else { "**no**" }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Measured with `scripts/measure` on {}\n", self.machine)?;
        if !self.lines.is_empty() {
            self.calls(f)?;
            self.costs(f)?;
        }
        if !self.searches.is_empty() {
            writeln!(
                f,
                "| search, at each keystroke | requests (with a hit) | median | p95 | slowest | p95 < {KEYSTROKE_MS} ms |"
            )?;
            writeln!(f, "|---|---|---|---|---|---|")?;
        }
        for Searches { what, path, keystrokes, hits, took: [median, p95, slowest] } in &self.searches {
            let good = mark(*p95 < KEYSTROKE_MS);
            writeln!(
                f,
                "| `{path}`: {what} | {keystrokes} ({hits}) | {median:.2} ms | {p95:.2} ms | {slowest:.2} ms | {good} |"
            )?;
        }
        Ok(())
    }
}

impl Report {
    fn calls(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| call | at a time | service | pgbench | ratio | wanted | median | p99 | p99 < 4 × median | resident |")?;
        writeln!(f, "|---|---|---|---|---|---|---|---|---|---|")?;
        for line in &self.lines {
            let wanted = WANTED.iter().find(|(kind, _)| *kind == line.kind).map_or(0.0, |(_, wanted)| *wanted);
            let rate = |side: &Side| format!("{:.0}/s", side.rate());
            let ratio = line.ratio().map_or("–".to_owned(), |ratio| format!("{ratio:.2}"));
            let good = line.ratio().map_or("–".to_owned(), |ratio| format!("≥ {wanted}: {}", mark(ratio >= wanted)));
            writeln!(
                f,
                "| `{}` | {} | {} | {} | {ratio} | {good} | {:.2} ms | {:.2} ms | {} | {:.0} MiB, < {RESIDENT_MIB}: {} |",
                line.call,
                line.connections,
                rate(&line.service),
                line.pgbench.as_ref().map_or("–".to_owned(), rate),
                line.median,
                line.p99,
                mark(line.p99 < 4.0 * line.median),
                line.resident,
                mark(line.resident < RESIDENT_MIB),
            )?;
        }
        writeln!(f)
    }

    fn costs(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "| processor time of one, µs | at a time | client | service | PostgreSQL | pgbench | its PostgreSQL | both of pgbench ÷ all three |"
        )?;
        writeln!(f, "|---|---|---|---|---|---|---|---|")?;
        for line in &self.lines {
            let cost = line.service.cost;
            let theirs = line.pgbench.as_ref().map(|side| side.cost).unwrap_or_default();
            writeln!(
                f,
                "| `{}` | {} | {:.0} | {:.0} | {:.0} | {:.0} | {:.0} | {:.2} |",
                line.call,
                line.connections,
                cost.client,
                cost.service,
                cost.database,
                theirs.client,
                theirs.database,
                theirs.total() / cost.total().max(1.0),
            )?;
        }
        writeln!(f)
    }
}
