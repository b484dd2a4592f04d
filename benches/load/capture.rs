//! What the service asks of the PostgreSQL: a read and a verification as its log shows them, and orders as they lie in the tables.
//! Whatever the service reads and writes, pgbench reads and writes the same.

use crate::Outcome;
use crate::client::Connection;
use crate::orders::{Fleet, Placed};
use crate::rosters::Tokens;
use crate::rows;
use crate::service::{Service, Stage};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use std::time::Duration;

/// What the idempotency keys of orders begin with.
pub const KEY: &str = "measured-";

/// A statement as it was run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// With `$1`, `$2` …
    pub text: String,
    /// Values as text.
    pub parameters: Vec<Option<String>>,
}

/// What is captured.
#[derive(Debug)]
pub struct Statements {
    /// The write of two orders: what differs between them is each order's own.
    pub orders: [Statement; 2],
    /// The read, and the id that was read with its shard.
    pub read: (Statement, [String; 2]),
    /// The verification, and the Order ID asked about with its shard.
    pub verification: (Statement, [String; 2]),
}

/// Lets a service place two orders, read and verify, with a server that logs what it is told.
pub async fn capture(stage: &Stage, url: &str, tokens: &Tokens, fleet: &Fleet, today: &str) -> Outcome<Statements> {
    let mut database = PgConnection::connect(url).await?;
    for setting in ["log_min_duration_statement = 0", "log_error_verbosity = 'default'", "log_parameter_max_length = -1"] {
        sqlx::query(AssertSqlSafe(format!("alter database oncoauth set {setting}"))).execute(&mut database).await?;
    }
    let log = stage.data_dir.join("postgres.log");
    let begin = usize::try_from(std::fs::metadata(&log)?.len())?;
    let service = Service::start(stage, url)?;
    let mut connection = Connection::open(service.address)?;
    let mut request = Vec::new();
    let mut placed = Placed::default();
    for _ in 0..2 {
        fleet.next_order(&tokens.ordering, today, &mut request);
        let one = Placed::of(&connection.json(&request, 201)?)?;
        placed.case_ids.extend(one.case_ids);
        placed.order_ids.extend(one.order_ids);
    }
    placed.next_read(&tokens.ordering, &mut request);
    connection.json(&request, 200)?;
    placed.next_verification(&tokens.servicing, today, &mut request);
    let answer = connection.json(&request, 200)?;
    if answer["authorized"] != true {
        return Err(format!("the order does not verify: {answer}").into());
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    service.stop()?;
    sqlx::query("alter database oncoauth reset all").execute(&mut database).await?;
    database.close().await?;
    let text = std::fs::read(&log)?;
    let run = statements(&String::from_utf8_lossy(&text[begin.min(text.len())..]));
    let one = |mark: &str| -> Outcome<&Statement> {
        let found: Vec<&Statement> = run.iter().filter(|statement| statement.text.contains(mark)).collect();
        match found.as_slice() {
            [one] => Ok(*one),
            _ => Err(format!("{} statements with {mark:?} instead of one", found.len()).into()),
        }
    };
    Ok(Statements {
        orders: [
            rows::statement(url, placed.case_ids[0].parse()?).await?,
            rows::statement(url, placed.case_ids[1].parse()?).await?,
        ],
        read: (one("join case_events")?.clone(), [placed.case_ids[0].clone(), placed.case_shards()[0].clone()]),
        verification: (one("left join case_lines d")?.clone(), [placed.order_ids[0].clone(), placed.order_shards()[0].clone()]),
    })
}

/// The statements that a log shows as run.
fn statements(log: &str) -> Vec<Statement> {
    let mut found: Vec<Statement> = Vec::new();
    let mut entries: Vec<String> = Vec::new();
    for line in log.lines() {
        match (line.strip_prefix('\t'), entries.last_mut()) {
            (Some(rest), Some(entry)) => {
                entry.push('\n');
                entry.push_str(rest);
            }
            _ => entries.push(line.to_owned()),
        }
    }
    let mut open = false;
    for entry in &entries {
        if let Some((_, run)) = entry.split_once("  execute ")
            && let Some((_, text)) = run.split_once(": ")
        {
            found.push(Statement { text: text.to_owned(), parameters: Vec::new() });
            open = true;
        } else if let Some((_, list)) = entry.split_once("DETAIL:  ")
            && open
        {
            if let (Some(statement), Some((_, list))) = (found.last_mut(), list.split_once("arameters: ")) {
                statement.parameters = values(list);
            }
            open = false;
        } else {
            open = false;
        }
    }
    found
}

/// The values of `$1 = 'it''s', $2 = NULL`.
fn values(mut list: &str) -> Vec<Option<String>> {
    let mut values = Vec::new();
    while let Some((_, rest)) = list.split_once(" = ") {
        if let Some(rest) = rest.strip_prefix("NULL") {
            values.push(None);
            list = rest;
            continue;
        }
        let mut value = String::new();
        let mut rest = rest.strip_prefix('\'').unwrap_or(rest);
        while let Some((part, after)) = rest.split_once('\'') {
            value.push_str(part);
            rest = after;
            match after.strip_prefix('\'') {
                Some(more) => {
                    value.push('\'');
                    rest = more;
                }
                None => break,
            }
        }
        values.push(Some(value));
        list = rest;
    }
    values
}
