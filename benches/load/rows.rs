//! The rows of an order as the service stored them, as one statement that writes the same: the plain one that somebody would write who
//! stores a single order and has nothing else to do.

use crate::Outcome;
use crate::capture::Statement;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _};
use uuid::Uuid;

/// A statement in the making.
#[derive(Debug, Default)]
struct Writing {
    ctes: Vec<String>,
    parameters: Vec<Option<String>>,
}

/// A column of a table, with its values in the rows of the order.
#[derive(Debug)]
struct Column {
    name: String,
    kind: String,
    /// One row's value, or those of all rows as an array.
    value: Option<String>,
}

/// Tables with several rows an order.
const MANY: [&str; 3] = ["case_lines", "s_code_awards", "letters"];

/// The shard of the order's member, in the statement.
pub const SHARD: &str = "(select shard from own)::int";

/// The statement that writes the rows of this order.
pub async fn statement(url: &str, case_id: Uuid) -> Outcome<Statement> {
    let mut database = PgConnection::connect(url).await?;
    let mut writing = Writing::default();
    let cases = columns(&mut database, "cases", case_id).await?;
    let of = |name: &str| cases.iter().find(|column| column.name == name).and_then(|column| column.value.clone());
    let [plan, member] = ["health_plan", "member_id"].map(|name| writing.place(of(name), "text"));
    writing.ctes.push(format!(
        "own as materialized (select shard_of_member({plan}, {member}) as shard), \
         guard as (insert into member_ledger as ledger (health_plan, member_id, version, shard) \
         select {plan}, {member}, 1, shard from own on conflict (health_plan, member_id, shard) \
         do update set version = ledger.version + 1 where ledger.version = 0 returning true)"
    ));
    let keys = columns(&mut database, "idempotency_keys", case_id).await?;
    writing.insert("new_key", "idempotency_keys", &keys, "guard on conflict do nothing returning true");
    writing.insert("new_case", "cases", &cases, "guard where exists (select from new_key) returning case_id");
    let events = columns(&mut database, "case_events", case_id).await?;
    writing.insert("events", "case_events", &events, "new_case");
    for table in MANY {
        let columns = columns(&mut database, table, case_id).await?;
        writing.insert_many(table, &columns);
    }
    database.close().await?;
    let text = format!("with {} select exists (select from new_case)", writing.ctes.join(", "));
    Ok(Statement { text, parameters: writing.parameters })
}

/// The columns of a table that the service gives values: those with a default and those that are null are left out.
async fn columns(database: &mut PgConnection, table: &str, case_id: Uuid) -> Outcome<Vec<Column>> {
    let names = sqlx::query(
        "select attname::text, format_type(atttypid, atttypmod) from pg_attribute
         where attrelid = $1::regclass and attnum > 0 and not attisdropped and not atthasdef order by attnum",
    )
    .bind(table)
    .fetch_all(&mut *database)
    .await?;
    let mut columns = Vec::new();
    for row in names {
        let (name, kind): (String, String) = (row.get(0), row.get(1));
        let value = if MANY.contains(&table) { format!("array_agg({name} order by ctid)") } else { format!("min({name}::text)") };
        let query = format!("select ({value})::text, count({name}) > 0 from {table} where case_id = $1");
        let row = sqlx::query(AssertSqlSafe(query)).bind(case_id).fetch_one(&mut *database).await?;
        if row.get(1) {
            columns.push(Column { name, kind, value: row.get(0) });
        }
    }
    if columns.is_empty() { Err(format!("the order has no row in {table}").into()) } else { Ok(columns) }
}

impl Writing {
    /// The place of a parameter with this value: the same one wherever the value is the same.
    fn place(&mut self, value: Option<String>, kind: &str) -> String {
        let index = self.parameters.iter().position(|known| *known == value).unwrap_or_else(|| {
            self.parameters.push(value);
            self.parameters.len() - 1
        });
        format!("${}::{kind}", index + 1)
    }

    /// One row, where there is one in `from`.
    fn insert(&mut self, name: &str, table: &str, columns: &[Column], from: &str) {
        let place = |column: &Column| match column.name.as_str() {
            "shard" => SHARD.to_owned(),
            _ => self.place(column.value.clone(), &column.kind),
        };
        let places: Vec<String> = columns.iter().map(place).collect();
        self.ctes.push(format!("{name} as (insert into {table} ({}) select {} from {from})", names(columns), places.join(", ")));
    }

    /// Several rows of a new case.
    fn insert_many(&mut self, table: &str, columns: &[Column]) {
        let of_rows: Vec<&Column> =
            columns.iter().filter(|column| !["case_id", "shard"].contains(&column.name.as_str())).collect();
        let arrays: Vec<String> =
            of_rows.iter().map(|column| self.place(column.value.clone(), &format!("{}[]", column.kind))).collect();
        let list = of_rows.iter().map(|column| column.name.as_str()).collect::<Vec<_>>().join(", ");
        self.ctes.push(format!(
            "{table}_rows as (insert into {table} (case_id, shard, {list}) select new_case.case_id, own.shard, one.* \
             from new_case, own, unnest({}) as one)",
            arrays.join(", ")
        ));
    }
}

fn names(columns: &[Column]) -> String {
    columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>().join(", ")
}
