//! What people expect at the top of an open project is there and says what is true of this one. Nothing is built here.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "test crate")]

use std::fs;
use std::path::Path;

fn read(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn yaml(name: &str) -> serde_json::Value {
    yaml_serde::from_str(&read(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn the_image_is_small_runs_as_nobody_in_particular_and_is_built_for_operators() {
    let file = read("Dockerfile");
    let stages: Vec<&str> = file.lines().filter(|line| line.starts_with("FROM ")).collect();
    assert_eq!(stages.len(), 2, "one stage builds, one runs: {stages:?}");
    assert!(stages[1].contains("slim"), "{stages:?}");
    let runs = &file[file.rfind("FROM ").unwrap()..];
    let user = runs.lines().find(|line| line.starts_with("USER ")).expect("a user");
    assert!(!user.contains("root") && !user.starts_with("USER 0"), "{user}");
    assert!(file.contains("--profile dist") && file.contains("/target/dist/oncoauth"), "the operators' profile");
    let cargo: toml::Value = toml::from_str(&read("Cargo.toml")).unwrap();
    assert_eq!(cargo["profile"]["dist"]["lto"].as_str(), Some("fat"));
    // what the image copies beside the program
    for named in ["LICENSE", "NOTICE"] {
        assert!(runs.contains(named) && !read(named).is_empty());
    }
    assert!(read(".dockerignore").lines().any(|line| line == "target"), "the build directory stays out of the image's context");
}

#[test]
fn the_composition_has_a_service_on_a_root_it_never_writes_and_a_database_with_a_volume() {
    let compose = yaml("compose.yaml");
    let service = &compose["services"]["service"];
    assert_eq!(service["read_only"], true);
    assert_eq!(service["cap_drop"][0], "ALL");
    assert!(service["ports"][0].as_str().unwrap().starts_with("127.0.0.1:"), "reached on this machine only");
    assert_eq!(service["depends_on"]["database"]["condition"], "service_healthy");
    let database = &compose["services"]["database"];
    assert!(database["healthcheck"]["test"].is_array());
    let volume = database["volumes"][0].as_str().unwrap().split(':').next().unwrap();
    assert!(compose["volumes"].get(volume).is_some(), "{volume}");
    // no password that anybody could know
    for place in [&database["environment"]["POSTGRES_PASSWORD"], &service["environment"]["DATABASE_URL"]] {
        assert!(place.as_str().unwrap().contains("${ONCOAUTH_DB_PASSWORD:?"), "{place}");
    }
}

#[test]
fn the_hosted_checks_are_those_that_are_run_here() {
    let workflow = yaml(".github/workflows/ci.yml");
    let steps = workflow["jobs"]["run"]["steps"].as_array().unwrap();
    assert!(steps.iter().any(|step| step["run"] == ".ci/run"), "{steps:?}");
    assert_eq!(workflow["permissions"]["contents"], "read");
}

#[test]
fn the_version_is_one_and_the_changelog_knows_it() {
    let cargo: toml::Value = toml::from_str(&read("Cargo.toml")).unwrap();
    let version = cargo["workspace"]["package"]["version"].as_str().unwrap();
    assert!(read("CHANGELOG.md").contains(&format!("\n## {version}")), "CHANGELOG.md has a part for {version}");
    assert_eq!(yaml("openapi.yaml")["info"]["version"], version);
}

#[test]
fn every_file_that_a_page_of_the_project_names_is_there() {
    for page in ["README.md", "CONTRIBUTING.md", "SECURITY.md", "docs/architecture.md"] {
        for (index, word) in read(page).split('`').enumerate() {
            let is_path = index % 2 == 1
                && word.contains('/')
                && !word.contains(char::is_whitespace)
                && !word.starts_with('/')
                && [
                    "content/",
                    "crates/",
                    "src/",
                    "tests/",
                    "docs/",
                    "scripts/",
                    "migrations/",
                    "benches/",
                    ".ci/",
                    "assets/",
                    "deploy/",
                ]
                .iter()
                .any(|top| word.starts_with(top));
            if is_path && !word.contains('*') && !word.contains('{') {
                assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(word).exists(), "{page} names {word}");
            }
        }
    }
}
