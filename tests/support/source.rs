//! The service's own source, for tests that hold it to a rule of the house.

#![allow(clippy::expect_used, reason = "a fixture that fails has to fail the test")]

use std::fs;
use std::path::{Path, PathBuf};

/// Every Rust file below a directory.
pub fn rust_files(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}
