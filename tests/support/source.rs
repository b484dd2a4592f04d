//! The service's own source, for tests that hold it to a rule of the house.

use std::fs;
use std::path::{Path, PathBuf};

/// Every Rust file below a directory.
pub fn rust_files(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}
