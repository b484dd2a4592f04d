//! A member's cases lie in one place: whatever belongs to them carries its shard, in its keys, and every statement finds its rows by it.
//! What goes over all members stands in `shards.toml`, with its reason.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "test crate")]

use crate::source::rust_files;
use crate::support::http::Service;
use crate::support::submit::{ORDERING, assert_created, authorized_order, pending_order, sandbox};
use oncoauth::domain::order_id::{Numbered, ReadableId};
use oncoauth::ids::Ids;
use oncoauth::shard::Shard;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use uuid::Uuid;

/// What belongs to a member's cases.
const TABLES: [&str; 20] = [
    "attachment_chunks",
    "attachments",
    "case_events",
    "case_lines",
    "cases",
    "claim_line_reversals",
    "claim_lines",
    "determinations",
    "expiry_reviews",
    "feed_outbox",
    "letters",
    "member_ledger",
    "peer_to_peer_events",
    "reconsiderations",
    "retired_numbers",
    "review_claims",
    "s_code_awards",
    "s_code_claims",
    "sent_requests",
    "timers",
];
/// What shows rows of these.
const VIEWS: [&str; 1] = ["claim_lines_in_force"];

/// `shards.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Exceptions {
    table: Vec<Table>,
    statement: Vec<Statement>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    name: String,
    reason: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Statement {
    words: String,
    tables: BTreeSet<String>,
    reason: String,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn exceptions() -> Exceptions {
    toml::from_str(&fs::read_to_string(root().join("tests/service/shards.toml")).unwrap()).unwrap()
}

/// The words and marks of a statement in lower case: no comments, no texts, `a.b` as one word.
fn tokens(sql: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut rest = sql.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '-' if rest.peek() == Some(&'-') => while rest.next_if(|c| *c != '\n').is_some() {},
            '\'' => {
                while rest.next_if(|c| *c != '\'').is_some() || (rest.next().is_some() && rest.next_if_eq(&'\'').is_some()) {}
            }
            c if c.is_alphanumeric() || "_$\"".contains(c) => {
                let mut word = String::from(c);
                while let Some(c) = rest.next_if(|c| c.is_alphanumeric() || "_$.\"".contains(*c)) {
                    word.push(c);
                }
                found.push(word.to_lowercase());
            }
            c if c.is_whitespace() => {}
            c => found.push(c.to_string()),
        }
    }
    found
}

/// A part of a statement without what stands in brackets, and the parts that do.
#[derive(Debug, Default)]
struct Part {
    own: Vec<String>,
    inner: Vec<Part>,
}

/// The parts of a statement. What is united, or follows behind a semicolon or a condition, is a statement of its own.
fn parts(tokens: &[String]) -> Vec<Part> {
    let mut open = vec![vec![Part::default()]];
    let mut choices = 0_usize;
    for token in tokens {
        match token.as_str() {
            "case" => choices += 1,
            "end" => choices = choices.saturating_sub(1),
            "then" | "else" if choices > 0 => {}
            "(" => open.push(vec![Part::default()]),
            ")" if open.len() > 1 => {
                let closed = open.pop().unwrap();
                let part = open.last_mut().unwrap().last_mut().unwrap();
                part.own.push("()".to_owned());
                part.inner.push(Part { own: Vec::new(), inner: closed });
            }
            ")" => {}
            "union" | "intersect" | "except" | ";" | "then" | "else" => open.last_mut().unwrap().push(Part::default()),
            word => open.last_mut().unwrap().last_mut().unwrap().own.push(word.to_owned()),
        }
    }
    // dynamic statements are put together from texts whose brackets others close
    while open.len() > 1 {
        let closed = open.pop().unwrap();
        open.last_mut().unwrap().last_mut().unwrap().inner.push(Part { own: Vec::new(), inner: closed });
    }
    open.pop().unwrap()
}

/// One of these tables in a part.
struct Named {
    table: String,
    alias: String,
    /// Where rows are added, whether the shard is one of the columns.
    adds: Option<bool>,
}

fn named(part: &Part) -> Vec<Named> {
    let is_name = |word: &str| word.starts_with(|c: char| c.is_alphabetic()) && !KEYWORDS.contains(&word);
    let mut brackets = 0;
    let mut found = Vec::new();
    for (place, word) in part.own.iter().enumerate() {
        brackets += usize::from(word == "()");
        let known = |next: &&String| TABLES.contains(&next.as_str()) || VIEWS.contains(&next.as_str());
        let Some(table) = part.own.get(place + 1).filter(known) else { continue };
        if !["from", "join", "into", "update", "using", "only"].contains(&word.as_str()) {
            continue;
        }
        let after: Vec<&str> = part.own[place + 2..].iter().map(String::as_str).take(3).collect();
        let (alias, behind) = match after.as_slice() {
            ["as", alias, ..] => (*alias, after.get(2)),
            [alias, ..] if is_name(alias) => (*alias, after.get(1)),
            _ => (table.as_str(), after.first()),
        };
        let adds = (word == "into").then(|| {
            let columns = behind.filter(|behind| **behind == "()").and_then(|_| part.inner.get(brackets));
            columns.is_some_and(|columns| columns.inner.iter().any(|list| list.own.iter().any(|column| column == "shard")))
        });
        found.push(Named { table: table.clone(), alias: alias.to_owned(), adds });
    }
    found
}

/// What is compared as equal in a part, and in those inside it where they are asked too.
fn equal(part: &Part, inside: bool) -> Vec<(String, String)> {
    let pairs = part.own.windows(3).filter(|words| words[1] == "=").map(|words| (words[0].clone(), words[2].clone()));
    let mut found: Vec<_> = pairs.flat_map(|(one, other)| [(one.clone(), other.clone()), (other, one)]).collect();
    if inside {
        found.extend(part.inner.iter().flat_map(|inner| equal(inner, true)));
    }
    found
}

fn aliases_inside(part: &Part) -> Vec<String> {
    let of = |inner: &Part| named(inner).into_iter().map(|one| one.alias).chain(aliases_inside(inner)).collect::<Vec<_>>();
    part.inner.iter().flat_map(of).collect()
}

/// The tables of members' cases that a part reads or writes without a shard: one that comes from outside, or from such a table beside it
/// that has one.
fn without_shard(part: &Part, found: &mut Vec<String>) -> usize {
    let (adding, mut reading): (Vec<Named>, Vec<Named>) = named(part).into_iter().partition(|one| one.adds.is_some());
    let seen = adding.len() + reading.len();
    found.extend(adding.into_iter().filter(|one| one.adds == Some(false)).map(|one| one.table));
    let (everywhere, here) = (equal(part, true), equal(part, false));
    let inside = aliases_inside(part);
    loop {
        let is_open = |word: &str| {
            let of = |alias: &String| word.strip_suffix(".shard") == Some(alias);
            reading.iter().any(|one| of(&one.alias)) || inside.iter().any(of)
        };
        let told = |name: &str, pairs: &[(String, String)]| pairs.iter().any(|(one, other)| one == name && !is_open(other));
        let bare = reading.iter().filter(|one| !told(&format!("{}.shard", one.alias), &everywhere)).count() == 1;
        let next = reading.iter().position(|one| {
            // a bare `shard` can be meant of one table only
            told(&format!("{}.shard", one.alias), &everywhere) || (bare && told("shard", &here))
        });
        let Some(next) = next else { break };
        reading.remove(next);
    }
    found.extend(reading.into_iter().map(|one| one.table));
    seen + part.inner.iter().map(|inner| without_shard(inner, found)).sum::<usize>()
}

const KEYWORDS: [&str; 24] = [
    "cross",
    "do",
    "for",
    "full",
    "group",
    "having",
    "inner",
    "join",
    "left",
    "limit",
    "loop",
    "natural",
    "offset",
    "on",
    "order",
    "returning",
    "right",
    "select",
    "set",
    "using",
    "values",
    "where",
    "window",
    "with",
];

/// How many of these tables a statement names, and which of them it does not find by their shard.
fn judge(sql: &str) -> (usize, BTreeSet<String>) {
    let mut found = Vec::new();
    let seen = parts(&tokens(sql)).iter().map(|part| without_shard(part, &mut found)).sum();
    (seen, found.into_iter().collect())
}

/// The texts of a source file, as Rust reads them.
fn texts(source: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (place, piece) in source.split("r#\"").enumerate() {
        let plain = match (place, piece.split_once("\"#")) {
            (0, _) | (_, None) => piece,
            (_, Some((raw, behind))) => {
                found.push(raw.to_owned());
                behind
            }
        };
        let code: Vec<&str> = plain.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        let code = code.join("\n").replace("\\\"", " ");
        found.extend(code.split('"').skip(1).step_by(2).map(str::to_owned));
    }
    found
}

/// Statements of the service that are checked when it is built, those that it puts together, and those of functions in the database.
fn statements() -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root().join(".sqlx")).unwrap() {
        let cached: serde_json::Value = serde_json::from_str(&fs::read_to_string(entry.unwrap().path()).unwrap()).unwrap();
        found.push(cached["query"].as_str().unwrap().to_owned());
    }
    assert!(found.len() > 150, "the cache of statements was found: {}", found.len());
    let mut files = Vec::new();
    rust_files(&root().join("src"), &mut files);
    let dynamic = [
        "QueryBuilder",
        "sqlx::query(",
        "query_as(",
        "query_scalar(",
        "query_scalar::<",
        "raw_sql(",
        "AssertSqlSafe",
        ".execute(\"",
    ];
    for file in files {
        let source = fs::read_to_string(&file).unwrap();
        if dynamic.iter().any(|mark| source.contains(mark)) {
            found.extend(texts(&source));
        }
    }
    for entry in fs::read_dir(root().join("migrations")).unwrap() {
        let migration = fs::read_to_string(entry.unwrap().path()).unwrap();
        found.extend(migration.split("$$").skip(1).step_by(2).map(str::to_owned));
    }
    found
}

#[test]
fn every_statement_finds_a_members_cases_by_their_shard() {
    let exceptions = exceptions();
    let plain = |sql: &str| tokens(sql).join(" ");
    let mut unused: BTreeSet<&str> = exceptions.statement.iter().map(|one| one.words.as_str()).collect();
    let (mut seen, mut wrong) = (0, Vec::new());
    for sql in statements() {
        let (of_statement, mut without) = judge(&sql);
        seen += of_statement;
        if without.is_empty() {
            continue;
        }
        let text = plain(&sql);
        for one in exceptions.statement.iter().filter(|one| text.contains(&plain(&one.words))) {
            assert!(one.reason.len() > 20, "{}: why?", one.words);
            if one.tables.iter().filter(|table| without.remove(*table)).count() > 0 {
                unused.remove(one.words.as_str());
            }
        }
        if !without.is_empty() {
            wrong.push(format!("{without:?} without their shard:\n{sql}\n"));
        }
    }
    assert!(seen > 200, "the search itself works: {seen}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(unused.is_empty(), "no statement needs these exceptions any more: {unused:?}");
}

#[test]
fn a_statement_without_the_shard_would_be_noticed() {
    let without = |sql: &str| judge(sql).1.into_iter().collect::<Vec<_>>();
    for right in [
        "select 1 from cases where case_id = $1 and shard = $2",
        "select 1 from cases c join case_events e on e.case_id = c.case_id and e.shard = c.shard where c.shard = $1",
        "select 1 from cases c join timers t on t.shard = c.shard join letters l on l.shard = t.shard where shard_of_id($1) = c.shard",
        "select 1 from asked join cases c on c.shard = asked.shard where exists (select from letters l where l.shard = c.shard)",
        "insert into letters as l (letter_id, shard) values ($1, (select 2)) on conflict (letter_id, shard) do update set seq = 1",
        "with x as (delete from case_lines where $1 = shard returning 1) select -- from cases\n 'from cases' from x",
        "if exists (select from determinations where shard = new.shard) then perform from cases c where c.shard = 1; end if",
        "select attachments from reconsiderations r where r.shard = $1",
        "update cases set x = case when y then 1 else 2 end where shard = $1",
    ] {
        assert_eq!(without(right), Vec::<String>::new(), "{right}");
    }
    for (wrong, tables) in [
        ("select 1 from cases where case_id = $1", vec!["cases"]),
        ("select shard from cases where case_id = $1", vec!["cases"]),
        ("select 1 from cases c join case_events e on e.case_id = c.case_id where c.shard = $1", vec!["case_events"]),
        ("select 1 from cases, lateral (select from case_lines where shard = $1) as line", vec!["cases"]),
        ("select 1 from cases c where c.shard = $1 union all select 1 from cases c where c.case_id = $2", vec!["cases"]),
        ("insert into letters (letter_id) select $1 where shard = $2", vec!["letters"]),
        ("insert into letters (letter_id) values ($1) on conflict (letter_id, shard) do nothing", vec!["letters"]),
        ("update cases set status = 'x' where exists (select from timers t where t.shard = $1)", vec!["cases"]),
        ("delete from timers using cases where timers.shard = $1", vec!["cases"]),
        ("perform from cases where shard = 1; perform from cases where case_id = 2", vec!["cases"]),
        ("select 1 from cases a join cases b on b.case_id = a.case_id where shard = 3", vec!["cases"]),
        ("select 1 from timers t join cases c on c.shard = t.shard", vec!["cases", "timers"]),
        ("select 1 from cases c where exists (select from letters l where l.shard = c.shard)", vec!["cases"]),
        ("with found as (select 1 from attachments where x = $1", vec!["attachments"]),
    ] {
        assert_eq!(without(wrong), tables, "{wrong}");
    }
    assert_eq!(texts("f(\"a \\\"b\\\" c\", r#\"d \"e\" f\"#);\n  // \"g\n  // \"h\"\n\"i\""), ["a  b  c", "d \"e\" f", "i"]);
}

/// Names that one query of the catalogue gives.
async fn names(service: &Service, query: &'static str) -> BTreeSet<String> {
    sqlx::query_scalar(query).fetch_all(&service.app.pool).await.unwrap().into_iter().collect()
}

#[tokio::test]
async fn the_shard_is_part_of_every_key_of_what_belongs_to_a_members_cases() {
    let service = Service::sandbox().await;
    let with_shard = names(
        &service,
        "select relname::text from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'shard' and a.attnotnull
         where relkind = 'r' and relnamespace = 'public'::regnamespace and atttypid = 'smallint'::regtype",
    )
    .await;
    assert_eq!(with_shard, TABLES.iter().map(|table| (*table).to_owned()).collect());
    // what names a case or a member and has no shard has a reason
    let others = names(
        &service,
        "select distinct table_name::text from information_schema.columns outside
         where table_schema = 'public' and column_name in ('case_id', 'member_id', 'about')
           and not exists (select from information_schema.columns own where own.table_schema = 'public'
                             and own.table_name = outside.table_name and own.column_name = 'shard')",
    )
    .await;
    let listed = exceptions().table;
    assert!(listed.iter().all(|table| table.reason.len() > 20), "{listed:?}");
    assert_eq!(others, listed.into_iter().map(|table| table.name).collect());
    // a primary key, a unique index, or a reference between two of these tables
    let without = names(
        &service,
        "with sharded as (select attrelid, attnum from pg_attribute a join pg_class c on c.oid = a.attrelid
           where attname = 'shard' and relkind = 'r' and relnamespace = 'public'::regnamespace)
         select indexrelid::regclass::text from pg_index join sharded on attrelid = indrelid
         where indisunique and not attnum = any(indkey::smallint[])
         union all
         select conname::text from pg_constraint join sharded one on one.attrelid = conrelid join sharded other on other.attrelid = confrelid
         where contype = 'f' and not exists (select from generate_subscripts(conkey, 1) as place
                                             where conkey[place] = one.attnum and confkey[place] = other.attnum)",
    )
    .await;
    assert_eq!(without, BTreeSet::new());
    let references = names(
        &service,
        "select conname::text from pg_constraint where contype = 'f' and conrelid <> confrelid and 'cases'::regclass = confrelid",
    )
    .await;
    assert!(references.len() >= 14, "the search itself works: {references:?}");
}

#[tokio::test]
async fn the_database_and_the_service_find_the_same_shard() {
    let service = Service::sandbox().await;
    let mut members: Vec<(String, String)> =
        (0..200).map(|number| ("bcbs-michigan".to_owned(), format!("XKM{number:09}"))).collect();
    members.extend(
        [("", ""), ("a", ""), ("", "a"), ("plan", "Ünï-码 1")].map(|(plan, member)| (plan.to_owned(), member.to_owned())),
    );
    for (plan, member) in members {
        let shard = Shard::of_member(&plan, &member);
        let id = Ids.case(shard, service.app.clock.now());
        let number = Ids.readable(Numbered::Order, id).to_string();
        let found: (i16, i16, i16) = sqlx::query_as("select shard_of_member($1, $2), shard_of_id($3), shard_of_number($4)")
            .bind(&plan)
            .bind(&member)
            .bind(id)
            .bind(&number)
            .fetch_one(&service.app.pool)
            .await
            .unwrap();
        assert_eq!(found, (shard.get(), shard.get(), shard.get()), "{plan:?} {member:?}");
    }
}

/// Ids and numbers of an answer.
fn told(case: &serde_json::Value) -> Vec<Shard> {
    let ids = [&case["case_id"], &case["letters"][0]["letter_id"], &case["letters"][1]["letter_id"]];
    let numbers = [&case["case_number"], &case["order_id"], &case["pathway_eligible_id"]];
    let ids = ids.into_iter().filter_map(|id| Some(Shard::of_id(id.as_str()?.parse().ok()?)));
    ids.chain(numbers.into_iter().filter_map(|number| Shard::of_number(number.as_str()?))).collect()
}

// proves VER-02, DUP-01
#[tokio::test]
async fn ids_and_numbers_of_a_members_cases_tell_their_shard_and_others_find_nothing() {
    let service = sandbox().await;
    let mut order = authorized_order();
    let case = assert_created(&service.post("/v1/orders", ORDERING, &order).await);
    let (plan, member): (String, String) =
        sqlx::query_as("select health_plan, member_id from cases").fetch_one(&service.app.pool).await.unwrap();
    let shard = Shard::of_member(&plan, &member);
    assert_eq!(told(&case), [shard; 6]);
    // the next one of the member lies beside it, which is how it is found to be a duplicate
    let next = assert_created(&service.post("/v1/orders", ORDERING, &pending_order()).await);
    assert_eq!((&next["status"], told(&next)), (&"in_progress".into(), vec![shard; 2]));
    assert!(next["notices"].to_string().contains(case["case_id"].as_str().unwrap()), "{}", next["notices"]);
    // where the member is asked for by name, the number and with it the shard are found first
    order["member"]["member_id"] = serde_json::Value::Null;
    let by_name = serde_json::json!({"member": order["member"], "hcpcs": "J9355", "date": "2026-12-01"});
    let verified = service.post("/v1/verifications", ORDERING, &by_name).await.json();
    assert_eq!((&verified["authorized"], &verified["order_id"]), (&true.into(), &case["order_id"]), "{verified}");
    // what carries another shard is no id or number of ours, though all else of it is
    let id: Uuid = case["case_id"].as_str().unwrap().parse().unwrap();
    let elsewhere = Uuid::from_u128(id.as_u128() ^ (1 << 60));
    assert_eq!(service.get(&format!("/v1/orders/{elsewhere}"), ORDERING).await.status.as_u16(), 404);
    assert_eq!(service.get(&format!("/v1/orders/{}", Uuid::nil()), ORDERING).await.status.as_u16(), 404);
    let foreign = ReadableId::from_entropy(Numbered::Order, 12345);
    let list = service.get(&format!("/v1/orders?order_id={foreign}"), ORDERING).await.json();
    assert_eq!(list["items"].as_array().map(Vec::len), Some(0), "{list}");
    let order_id = case["order_id"].as_str().unwrap();
    let list = service.get(&format!("/v1/orders?order_id={order_id}"), ORDERING).await.json();
    assert_eq!(list["items"][0]["order_id"], order_id, "{list}");
    // and the database lets no row be born elsewhere
    for (statement, constraint) in [
        ("update case_lines set shard = (shard + 1) % 1024", "case_lines_case_id_shard_fkey"),
        ("update member_ledger set shard = (shard + 1) % 1024", "member_ledger_shard_of_member"),
        ("update cases set shard = (shard + 1) % 1024", "cases_shard_of_member"),
    ] {
        let refused = sqlx::query(statement).execute(&service.app.pool).await.unwrap_err();
        assert_eq!(refused.as_database_error().and_then(|error| error.constraint()), Some(constraint), "{refused}");
    }
    let astray: Vec<String> = sqlx::query_scalar(
        "select 'case' from cases where shard <> shard_of_id(case_id)
         union all select 'event' from case_events where shard <> shard_of_id(case_id)
         union all select 'line' from case_lines where shard <> shard_of_id(case_id)
         union all select 'letter' from letters where shard <> shard_of_id(case_id) or shard <> shard_of_id(letter_id)
         union all select 'timer' from timers where shard <> shard_of_id(case_id)",
    )
    .fetch_all(&service.app.pool)
    .await
    .unwrap();
    assert_eq!(astray, Vec::<String>::new());
}
