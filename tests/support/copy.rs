//! A copy of the shipped content that a test may spoil, and where the files of the repository are.

use std::fs;
use std::path::Path;

/// The repository, whichever of its crates is tested.
pub fn repository() -> &'static Path {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    above.into_iter().find(|folder| folder.join("content").is_dir()).expect("the content is in the repository")
}

/// The first occurrence of a text in a file of the content, and what to put there.
pub struct Edit {
    /// File, relative to the content.
    pub file: &'static str,
    /// What stands there.
    pub old: &'static str,
    /// What shall stand there.
    pub new: &'static str,
}

/// A copy of the shipped content that may be spoilt.
pub struct Copy(tempfile::TempDir);

impl Copy {
    pub fn new() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        copy(&repository().join("content"), directory.path());
        Self(directory)
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn read(&self, file: &str) -> String {
        fs::read_to_string(self.path().join(file)).expect("a content file")
    }

    pub fn write(&self, file: &str, text: &str) {
        fs::write(self.path().join(file), text).expect("a content file");
    }

    /// Edits a file; the line, from 1, that holds `at` then.
    pub fn apply(&self, edit: &Edit, at: &str) -> usize {
        let text = self.read(edit.file);
        assert!(text.contains(edit.old), "{} has no `{}`", edit.file, edit.old);
        self.write(edit.file, &text.replacen(edit.old, edit.new, 1));
        self.line_of(edit.file, at)
    }

    pub fn line_of(&self, file: &str, at: &str) -> usize {
        let line = self.read(file).lines().position(|line| line.contains(at));
        line.unwrap_or_else(|| panic!("{file} has no `{at}`")) + 1
    }
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("a folder").map(|entry| entry.expect("an entry")) {
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            fs::create_dir(&target).expect("a folder");
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a file");
        }
    }
}
