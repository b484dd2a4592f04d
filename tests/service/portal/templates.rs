//! What holds for every template and script of the portal, read from the files.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "test crate")]

use std::fs;
use std::path::Path;

fn files(folder: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let read = |entry: std::io::Result<fs::DirEntry>| {
        let path = entry.unwrap().path();
        (path.display().to_string(), fs::read_to_string(&path).unwrap())
    };
    fs::read_dir(folder).unwrap().map(read).collect()
}

#[test]
fn whatever_a_template_shows_is_escaped_and_nothing_in_it_runs() {
    let templates = files("templates");
    assert!(templates.len() > 4, "the walk found them");
    for (name, text) in templates {
        assert_eq!(Path::new(&name).extension().unwrap(), "html", "{name}: only the names of pages are escaped as pages");
        for word in [
            "|safe",
            "| safe",
            "|escape(",
            "style=",
            "<style",
            "javascript:",
            "hx-on",
            "onclick",
            "onsubmit",
            "onchange",
            "onload",
        ] {
            assert!(!text.contains(word), "{name} has {word}");
        }
        for script in text.split("<script").skip(1) {
            assert!(script.starts_with(" src=\"{{"), "{name}: a script comes from a file of ours");
        }
        for form in text.split("<form").skip(1) {
            assert!(form.starts_with(" method=\"post\""), "{name}: what is entered never stands in an address");
        }
    }
}

#[test]
fn scripts_evaluate_nothing_keep_nothing_and_write_no_markup() {
    for (name, text) in files("assets/portal") {
        for word in [
            "eval(",
            "new Function",
            "innerHTML =",
            "insertAdjacentHTML",
            "localStorage",
            "sessionStorage",
            "indexedDB",
            "document.cookie",
            "http://",
            "//cdn",
        ] {
            let allowed = word == "http://" && Path::new(&name).extension().unwrap() == "svg"; // the name of the SVG vocabulary
            assert!(allowed || !text.contains(word), "{name} has {word}");
        }
    }
}
