//! Data flows one way (see `lib.rs`): an import against the drawing fails here, with the file and line. What the engine cannot name
//! because it does not depend on it is the compiler's to refuse; here its dependencies are held to a list.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "test crate")]

use crate::source::rust_files;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Where the engine is, and the service around it.
const SOURCES: [&str; 2] = ["crates/engine/src", "src"];

/// What each module may import from these crates besides itself. Leaves may be used by every layer above the domain.
fn allowed() -> BTreeMap<&'static str, Vec<&'static str>> {
    BTreeMap::from([
        ("domain", vec![]),
        ("rules", vec!["domain"]),
        ("content", vec!["domain"]),
        ("clock", vec![]),
        ("shard", vec!["domain"]),
        ("ids", vec!["domain", "shard"]),
        // traces are sent to a collector
        ("telemetry", vec!["domain", "outbound"]),
        ("postgres", vec![]),
        ("outbound", vec![]),
        ("store", vec!["domain", "shard", "telemetry"]),
        ("documents", vec!["domain"]),
        ("app", vec!["domain", "rules", "store", "documents", "outbound", "clock", "ids", "shard", "telemetry"]),
        ("fhir", vec!["domain", "app"]),
        // it puts its frame around this door
        ("http", vec!["domain", "app", "fhir", "clock", "ids", "telemetry"]),
        ("portal", vec!["domain", "app", "documents", "clock", "ids", "telemetry"]),
        // what subscribers are told is in the form of this door
        ("jobs", vec!["domain", "app", "fhir", "clock", "ids", "telemetry"]),
    ])
}

/// The program itself puts everything together.
const PROGRAM: [&str; 14] = [
    "lib",
    "main",
    "cli",
    "options",
    "serve",
    "callers",
    "connection",
    "database",
    "hosts",
    "descriptors",
    "greeting",
    "doors",
    "doctor",
    "configuration",
];

/// All that the engine may depend on: formats, calendars and words, and nothing that waits, stores, serves, draws or tells the time.
const OF_THE_ENGINE: [&str; 11] = [
    "chrono",
    "chrono-tz",
    "include_dir",
    "serde",
    "serde_json",
    "strsim",
    "thiserror",
    "toml",
    "unicode-normalization",
    "utoipa",
    "uuid",
];

/// Every `crate::module` on a line, also inside `use crate::{a, b::c}`.
fn imports(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (start, _) in text.match_indices("crate::") {
        let line = text[..start].lines().count().max(1);
        let code = text[..start].lines().last().unwrap_or_default();
        let part_of_a_longer_name = text[..start].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$');
        if code.trim_start().starts_with("//") || part_of_a_longer_name {
            continue;
        }
        let rest = &text[start + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            found.extend(top_level_names(group).into_iter().map(|name| (line, name)));
        } else {
            found.push((line, first_word(rest)));
        }
    }
    found
}

fn first_word(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// The first segments of a `{…}` group, up to its closing brace.
fn top_level_names(group: &str) -> Vec<String> {
    let mut names = Vec::new();
    let (mut depth, mut at_start) = (0, true);
    for (index, character) in group.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => at_start = true,
            c if at_start && depth == 0 && !c.is_whitespace() => {
                names.push(first_word(&group[index..]));
                at_start = false;
            }
            _ => {}
        }
    }
    names
}

fn against_the_drawing(module: &str, text: &str) -> Vec<(usize, String)> {
    let allowed = allowed();
    let may = allowed.get(module).unwrap_or_else(|| panic!("src/{module} has no place in the drawing: give it one here"));
    let is_module = |name: &String| allowed.contains_key(name.as_str());
    imports(text).into_iter().filter(|(_, name)| is_module(name) && name != module && !may.contains(&name.as_str())).collect()
}

#[test]
fn no_import_runs_against_the_drawing() {
    let mut wrong = Vec::new();
    for sources in SOURCES {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(sources);
        let mut files = Vec::new();
        rust_files(&source, &mut files);
        assert!(files.len() > 30, "the walk found {sources}");
        for file in files {
            let relative = file.strip_prefix(&source).unwrap();
            let first = relative.components().next().unwrap().as_os_str().to_str().unwrap();
            let module = first.trim_end_matches(".rs");
            if PROGRAM.contains(&module) {
                continue;
            }
            for (line, name) in against_the_drawing(module, &fs::read_to_string(&file).unwrap()) {
                wrong.push(format!("{sources}/{}:{line}: {module} imports {name}", relative.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_import_against_the_drawing_would_be_noticed() {
    let noticed = |module, text| against_the_drawing(module, text).into_iter().map(|(_, name)| name).collect::<Vec<_>>();
    assert_eq!(noticed("rules", "use crate::store::cases;"), ["store"]);
    assert_eq!(noticed("http", "use crate::{app::App, domain, store::{self, tokens}};"), ["store"]);
    assert_eq!(noticed("domain", "fn f() { crate::clock::Clock::system(); }"), ["clock"]);
    assert!(noticed("app", "use crate::store::cases; // crate::http").iter().all(|name| name == "http"));
    assert!(noticed("store", "//! never uses crate::http\nuse crate::domain::order;").is_empty());
}

#[test]
fn the_engine_depends_on_nothing_that_waits_stores_serves_draws_or_tells_the_time() {
    let manifest = |path: &str| -> toml::Table {
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap().parse().unwrap()
    };
    let engine = manifest("crates/engine/Cargo.toml");
    let dependencies = engine["dependencies"].as_table().unwrap();
    let mut named: Vec<_> = dependencies.keys().map(String::as_str).collect();
    named.sort_unstable();
    assert_eq!(named, OF_THE_ENGINE, "a new dependency of the engine: is it as pure as the others?");
    let shared = &manifest("Cargo.toml")["workspace"]["dependencies"];
    for (name, without) in [("chrono", ["clock", "now"]), ("uuid", ["v4", "v7"])] {
        let asked_for = [&dependencies[name], &shared[name]];
        let mut features = asked_for.iter().filter_map(|from| from.get("features")?.as_array()).flatten();
        assert!(features.all(|feature| !without.contains(&feature.as_str().unwrap())), "{name} reads no clock and draws nothing");
    }
    assert_eq!(shared["chrono"]["default-features"].as_bool(), Some(false), "the default features of chrono have a clock");
}

#[test]
fn rules_and_words_read_no_file_no_clock_and_no_environment() {
    for room in ["rules", "domain"] {
        let mut files = Vec::new();
        rust_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/engine/src").join(room), &mut files);
        assert!(files.len() > 10, "the walk found {room}");
        for file in files {
            let text = fs::read_to_string(&file).unwrap();
            for word in ["async fn", "std::fs", "std::net", "std::env", "std::thread", "Utc::now", "SystemTime", "Instant::now"] {
                let used = text.lines().any(|line| !line.trim_start().starts_with("//") && line.contains(word));
                assert!(!used, "{} uses {word}", file.display());
            }
        }
    }
}
