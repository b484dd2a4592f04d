//! Rounds: the service and pgbench in turns, each for a few seconds.

use crate::Outcome;
use crate::capture::Statements;
use crate::client::{Arrivals, Connection};
use crate::machine::{self, Postmaster};
use crate::pgbench::Pgbench;
use crate::service::Service;
use std::time::{Duration, Instant};

/// So often the memory of the service is looked at.
const SAMPLED: Duration = Duration::from_millis(200);

/// What is measured with what.
#[derive(Debug)]
pub struct Bench<'a> {
    /// The service.
    pub service: &'a Service,
    /// pgbench, where there is one.
    pub pgbench: Option<&'a Pgbench>,
    /// What pgbench runs.
    pub statements: &'a Statements,
    /// So many rounds each.
    pub rounds: u32,
    /// So long each.
    pub length: Duration,
    /// The PostgreSQL of both.
    pub server: Postmaster,
}

/// Processor time of one request, in microseconds.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cost {
    /// Of whoever asks.
    pub client: f64,
    /// Of the service.
    pub service: f64,
    /// Of the PostgreSQL.
    pub database: f64,
}

impl Cost {
    /// Of all.
    pub fn total(&self) -> f64 {
        self.client + self.service + self.database
    }
}

/// What a side did.
#[derive(Debug, Clone, Default)]
pub struct Side {
    /// Requests a second, round by round.
    pub rates: Vec<f64>,
    /// What one cost.
    pub cost: Cost,
}

impl Side {
    /// The middle one of the rates.
    pub fn rate(&self) -> f64 {
        middle(&self.rates)
    }
}

/// A line of the report.
#[derive(Debug)]
pub struct Line {
    /// The call.
    pub call: &'static str,
    /// What it is.
    pub kind: &'static str,
    /// How many at a time.
    pub connections: usize,
    /// The service's side.
    pub service: Side,
    /// That of pgbench.
    pub pgbench: Option<Side>,
    /// Milliseconds that one of two requests took at most.
    pub median: f64,
    /// Milliseconds that 99 of 100 requests took at most.
    pub p99: f64,
    /// The most resident memory of the service, MiB.
    pub resident: f64,
}

impl Line {
    /// The service's rate as a part of that of pgbench: the middle one of the rounds' ratios.
    pub fn ratio(&self) -> Option<f64> {
        let pgbench = self.pgbench.as_ref()?;
        let ratios: Vec<f64> =
            self.service.rates.iter().zip(&pgbench.rates).map(|(service, pgbench)| service / pgbench).collect();
        Some(middle(&ratios))
    }
}

/// The middle one of several figures.
pub fn middle(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

/// The figure that so large a share does not exceed.
pub fn percentile(sorted: &[u32], share: f64) -> f64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a place in a list")]
    let place = (share * sorted.len() as f64) as usize;
    f64::from(sorted.get(place.min(sorted.len().saturating_sub(1))).copied().unwrap_or_default())
}

impl Bench<'_> {
    /// Takes turns.
    pub fn compare(
        &self,
        call: &'static str,
        kind: &'static str,
        connections: usize,
        expected: u16,
        request: &impl Fn(&mut Vec<u8>) -> bool,
    ) -> Outcome<Line> {
        let (mut service, mut pgbench) = (Vec::new(), Vec::new());
        let mut micros = Vec::new();
        let mut resident = 0.0_f64;
        // the first round warms up and does not count
        for round in 0..=self.rounds {
            let length = if round == 0 { Duration::from_secs(1) } else { self.length };
            let (side, took, memory) = self.of_service(connections, expected, length, request)?;
            resident = resident.max(memory);
            let theirs = self.pgbench.map(|pgbench| self.of_pgbench(pgbench, kind, round, connections, length)).transpose()?;
            if round > 0 {
                eprintln!(
                    "{call}, {connections} at a time, round {round}: {:.0}/s, pgbench {:.0}/s",
                    side.0,
                    theirs.map_or(0.0, |(rate, _)| rate)
                );
                micros.extend(took);
                service.push(side);
                pgbench.extend(theirs);
            }
        }
        micros.sort_unstable();
        Ok(Line {
            call,
            kind,
            connections,
            service: side(&service),
            pgbench: self.pgbench.is_some().then(|| side(&pgbench)),
            median: percentile(&micros, 0.5) / 1000.0,
            p99: percentile(&micros, 0.99) / 1000.0,
            resident,
        })
    }

    fn of_service(
        &self,
        connections: usize,
        expected: u16,
        length: Duration,
        request: &impl Fn(&mut Vec<u8>) -> bool,
    ) -> Outcome<((f64, Cost), Vec<u32>, f64)> {
        let mut clients = (0..connections)
            .map(|_| Ok(Client { connection: Connection::open(self.service.address)?, sent: Instant::now() }))
            .collect::<Outcome<Vec<_>>>()?;
        let mut arrivals = Arrivals::on(clients.iter().map(|client| &client.connection))?;
        let (mut buffer, mut took) = (Vec::new(), Vec::new());
        let (mut resident, mut samples) = (0.0_f64, 0);
        let used = self.used();
        let begun = Instant::now();
        for client in &mut clients {
            client.ask(request, &mut buffer)?;
        }
        let mut asking = connections;
        while asking > 0 {
            for place in arrivals.wait()? {
                let client = &mut clients[place];
                let status = client.connection.receive()?;
                client.connection.expect(expected, status)?;
                took.push(u32::try_from(client.sent.elapsed().as_micros()).unwrap_or(u32::MAX));
                if begun.elapsed() < length {
                    client.ask(request, &mut buffer)?;
                } else {
                    asking -= 1;
                }
            }
            if begun.elapsed() >= SAMPLED * samples {
                resident = resident.max(machine::resident_mib(self.service.pid()));
                samples += 1;
            }
        }
        let seconds = begun.elapsed().as_secs_f64();
        let [client, service, database] = per_request(used, self.used(), took.len());
        Ok(((rate(took.len(), seconds), Cost { client, service, database }), took, resident))
    }

    /// Processor time so far: of this process, of the service, and of the PostgreSQL.
    fn used(&self) -> [f64; 3] {
        let of = |pid| machine::processor_seconds(pid, false);
        [of(std::process::id()), of(self.service.pid()), self.server.processor_seconds()]
    }

    fn of_pgbench(&self, pgbench: &Pgbench, kind: &str, round: u32, clients: usize, length: Duration) -> Outcome<(f64, Cost)> {
        let before = [machine::children_seconds(), 0.0, self.server.processor_seconds()];
        let (rate, count) = pgbench.run(self.statements, kind, round, clients, length)?;
        let after = [machine::children_seconds(), 0.0, self.server.processor_seconds()];
        let [client, service, database] = per_request(before, after, count);
        Ok((rate, Cost { client, service, database }))
    }
}

fn side(rounds: &[(f64, Cost)]) -> Side {
    let cost = |of: fn(&Cost) -> f64| middle(&rounds.iter().map(|(_, cost)| of(cost)).collect::<Vec<_>>());
    Side {
        rates: rounds.iter().map(|(rate, _)| *rate).collect(),
        cost: Cost { client: cost(|cost| cost.client), service: cost(|cost| cost.service), database: cost(|cost| cost.database) },
    }
}

#[expect(clippy::cast_precision_loss, reason = "a rate")]
fn rate(count: usize, seconds: f64) -> f64 {
    count as f64 / seconds
}

#[expect(clippy::cast_precision_loss, reason = "an average")]
fn per_request(before: [f64; 3], after: [f64; 3], count: usize) -> [f64; 3] {
    [0, 1, 2].map(|place| (after[place] - before[place]) * 1e6 / count.max(1) as f64)
}

/// One that sends a request after the other.
struct Client {
    connection: Connection,
    sent: Instant,
}

impl Client {
    fn ask(&mut self, request: &impl Fn(&mut Vec<u8>) -> bool, buffer: &mut Vec<u8>) -> Outcome<()> {
        if !request(buffer) {
            return Err("every member has an order: give more --members".into());
        }
        self.sent = Instant::now();
        self.connection.send(buffer)
    }
}
