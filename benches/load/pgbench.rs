//! PostgreSQL by itself: pgbench runs the statements of the service, prepared, with the same parameters sent each time.
//!
//! What differs between two orders (ids, numbers, the member, the key) is made anew in each transaction, ids in ascending order and
//! numbers at random, as the service makes them; the rest is sent as it was. The settings are those that the service runs with.

use crate::Outcome;
use crate::capture::{KEY, Statement, Statements};
use crate::orders::Placed;
use crate::rows::SHARD;
use crate::service::Stage;
use oncoauth::store::pool::BY_KEY;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Transactions that one client may run in one round, for unique numbers.
const PER_CLIENT: u64 = 100_000;
/// Numbers are drawn from so many, as seven hexadecimal digits.
const NUMBERS: u64 = 1 << 28;

/// pgbench, and what it needs to know.
#[derive(Debug)]
pub struct Pgbench {
    program: PathBuf,
    socket_directory: String,
    directory: PathBuf,
    case_ids: [String; 2],
    order_ids: [String; 2],
    picks: usize,
}

impl Pgbench {
    /// Finds it on the path or beside the PostgreSQL; none where the machine has none.
    pub fn find(stage: &Stage, placed: &Placed) -> Option<Self> {
        let named = std::env::var_os("ONCOAUTH_PG_BIN").map(PathBuf::from);
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
            .map(|entries| entries.flatten().map(|entry| entry.path().join("bin")).collect())
            .unwrap_or_default();
        versions.sort();
        let directories = named.into_iter().chain(std::env::split_paths(&path)).chain(versions.into_iter().rev());
        let found = directories.map(|directory| directory.join("pgbench")).find(|program| program.is_file());
        found.map(|program| Self {
            program,
            socket_directory: stage.socket_directory().to_owned(),
            directory: stage.directory.clone(),
            case_ids: [placed.case_ids.join(","), placed.case_shards().join(",")],
            order_ids: [placed.order_ids.join(","), placed.order_shards().join(",")],
            picks: placed.case_ids.len(),
        })
    }

    /// Transactions a second of so many clients.
    pub fn run(
        &self,
        statements: &Statements,
        kind: &str,
        round: u32,
        clients: usize,
        length: Duration,
    ) -> Outcome<(f64, usize)> {
        let mut script = Script::default();
        match kind {
            "orders" => script.write(&statements.orders, u64::from(round) * 64 * PER_CLIENT),
            "reads" => script.pick(&statements.read, &self.case_ids, "uuid", self.picks),
            _ => script.pick(&statements.verification, &self.order_ids, "text", self.picks),
        }
        let file = self.directory.join(format!("{kind}.sql"));
        std::fs::write(&file, script.finish()?)?;
        self.call(&file, &script.values, clients, length)
    }

    fn call(&self, file: &Path, values: &[(String, String)], clients: usize, length: Duration) -> Outcome<(f64, usize)> {
        let mut command = Command::new(&self.program);
        command.args(["--no-vacuum", "--protocol=prepared", "--username=oncoauth", "--port=5432"]);
        command.arg(format!("--host={}", self.socket_directory)).arg(format!("--client={clients}"));
        command.arg(format!("--time={}", length.as_secs())).arg(format!("--file={}", file.display()));
        for (name, value) in values {
            command.arg(format!("--define={name}={value}"));
        }
        let options = BY_KEY.map(|(name, value)| format!("-c {name}={value}")).join(" ");
        let output = command.arg("oncoauth").env("PGOPTIONS", options).output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        let figure = |before: &str| text.lines().find_map(|line| line.strip_prefix(before)?.split_whitespace().next());
        match (output.status.success(), figure("tps = "), figure("number of transactions actually processed: ")) {
            (true, Some(rate), Some(count)) => Ok((rate.parse()?, count.split('/').next().unwrap_or_default().parse()?)),
            _ => Err(format!("pgbench: {text}{}", String::from_utf8_lossy(&output.stderr)).into()),
        }
    }
}

/// A script, and the values sent with it.
#[derive(Debug, Default)]
struct Script {
    before: String,
    text: String,
    values: Vec<(String, String)>,
}

impl Script {
    /// The write of an order: of what differs between the two that were seen, every transaction makes its own.
    fn write(&mut self, [first, second]: &[Statement; 2], base: u64) {
        let _ = write!(
            self.before,
            "\\set counter :counter + 1\n\\set place {base} + :client_id * {PER_CLIENT} + :counter\n\
             \\set number permute(:place, {NUMBERS}, 42)\n"
        );
        self.values.push(("counter".to_owned(), "0".to_owned()));
        let own = |index: usize, value: &str| {
            let other = first.parameters.get(index).and_then(Option::as_deref);
            (other != Some(value)).then(|| own_expression(index, value)).flatten()
        };
        self.fill(second, own);
        self.tell_own(second, own);
    }

    /// The answer tells of its own case what the rows do, or the database would not take it.
    fn tell_own(&mut self, statement: &Statement, own: impl Fn(usize, &str) -> Option<String>) {
        let values = || statement.parameters.iter().enumerate().filter_map(|(index, value)| Some((index, value.as_deref()?)));
        let Some((index, answer)) = values().find(|(_, value)| value.starts_with("{\"case_id\"")) else { return };
        let place = format!(":p{}", index + 1);
        let told = values()
            .filter(|(_, value)| answer.contains(value))
            .filter_map(|(index, value)| Some((value, own(index, value)?)))
            .fold(format!("{place}::text"), |told, (seen, made)| format!("replace({told}, '{seen}', ({made})::text)"));
        self.text = self.text.replace(&format!("{place}::json"), &format!("({told})::json"));
    }

    /// A read of one of several things, in place of the one that was seen.
    fn pick(&mut self, (statement, seen): &(Statement, [String; 2]), lists: &[String; 2], kind: &str, picks: usize) {
        let _ = writeln!(self.before, "\\set pick random(1, {picks})");
        self.fill(statement, |_, value| {
            let place = seen.iter().position(|one| one == value)?;
            let (list, kind) = (&lists[place], [kind, "smallint"][place]);
            Some(format!("(('{{{list}}}'::{kind}[])[:pick::int])"))
        });
    }

    /// Fills the places of the parameters: with an expression, with null, or with a variable that is sent as a parameter.
    fn fill(&mut self, statement: &Statement, expression: impl Fn(usize, &str) -> Option<String>) {
        self.text.clone_from(&statement.text);
        // from the last on: $1 is the beginning of $10
        for (index, value) in statement.parameters.iter().enumerate().rev() {
            let place = format!("${}", index + 1);
            let filled = match value {
                None => "null".to_owned(),
                Some(value) => expression(index, value).unwrap_or_else(|| {
                    self.values.push((format!("p{}", index + 1), value.clone()));
                    format!(":p{}", index + 1)
                }),
            };
            self.text = self.text.replace(&place, &filled);
        }
    }

    fn finish(&self) -> Outcome<String> {
        let begins_a_name = |rest: &str| rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        let ours = |rest: &str| ["p", "number", "pick", "place"].iter().any(|name| rest.starts_with(name));
        // pgbench would take any other :word for a variable
        let strange = self.text.replace("::", "").split(':').skip(1).any(|rest| begins_a_name(rest) && !ours(rest));
        if strange || self.text.contains('$') {
            return Err(format!("pgbench cannot run this statement: {}", self.text).into());
        }
        Ok(format!("{}{};\n", self.before, self.text))
    }
}

/// How a transaction makes a value of its own in place of one that was seen; none where the value may be the same again.
fn own_expression(index: usize, value: &str) -> Option<String> {
    let is_uuid = |text: &str| text.len() == 36 && text.bytes().filter(|byte| *byte == b'-').count() == 4;
    // the shard is in the ten bits behind those of the variant
    let uuid = |place: usize| {
        let first = format!("lpad(to_hex(:place::bigint), 12, '0') || '{:04}'", index * 100 + place);
        format!("({first} || lpad(to_hex({SHARD}), 3, '0') || repeat('0', 13))::uuid")
    };
    let hex = "upper(lpad(to_hex(:number::bigint), 7, '0'))";
    if is_uuid(value) {
        return Some(uuid(0));
    }
    if let Some(list) = value.strip_prefix('{').and_then(|list| list.strip_suffix('}'))
        && list.split(',').all(is_uuid)
    {
        let made: Vec<String> = (0..list.split(',').count()).map(uuid).collect();
        return Some(format!("array[{}]", made.join(", ")));
    }
    let is_number =
        |letter: char| value.len() == 10 && value.starts_with(letter) && value.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_number('A') || is_number('C') || is_number('P') {
        let symbol = |of: &str| format!("substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ', {of} + 1, 1)");
        let shard = [symbol(&format!("{SHARD} / 32")), symbol(&format!("{SHARD} % 32"))].join(" || ");
        return Some(format!("('{}' || {shard} || {hex})", &value[..1]));
    }
    if value.starts_with("XKM7") || value.starts_with(KEY) {
        return Some(format!("('{}' || {hex})", &value[..4]));
    }
    None
}
