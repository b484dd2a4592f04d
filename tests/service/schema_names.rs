//! In the API description a type goes by its name alone: of two types with one name, one would take the other's place.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "test crate")]

use crate::source::rust_files;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The names of the types of a file that the description takes in.
fn described(text: &str) -> Vec<&str> {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let derives = |line: &str| line.starts_with("#[derive(") && line.contains("ToSchema");
    let name = |line: &&&str| line.contains("struct ") || line.contains("enum ");
    let starts = lines.iter().enumerate().filter(|(_, line)| derives(line));
    starts
        .filter_map(|(at, _)| {
            let declared = lines[at..].iter().find(name)?;
            let after = declared.split_once("struct ").or_else(|| declared.split_once("enum "))?.1;
            after.split(|letter: char| !letter.is_alphanumeric()).next()
        })
        .collect()
}

#[test]
fn no_two_types_of_the_description_share_a_name() {
    let mut files = Vec::new();
    for sources in ["src", "crates/engine/src"] {
        rust_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join(sources), &mut files);
    }
    let mut places: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for file in files {
        for name in described(&fs::read_to_string(&file).unwrap()) {
            places.entry(name.to_owned()).or_default().push(file.clone());
        }
    }
    assert!(places.len() > 100, "the search itself works: {}", places.len());
    let shared: Vec<_> = places.iter().filter(|(_, files)| files.len() > 1).collect();
    assert!(shared.is_empty(), "{shared:?}");
}
