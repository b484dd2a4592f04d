//! Where content files come from: the binary itself or a directory. Nothing is interpreted here.

use include_dir::{Dir, DirEntry, include_dir};
use std::borrow::Cow;
use std::fs;
use std::path::{Path, PathBuf};

static EMBEDDED: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../../content");

/// How a file differs from the one that is compiled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Differs {
    /// It is not there.
    Missing,
    /// It is less than half as long: it may be damaged.
    Shorter,
    /// It has other content.
    Changed,
}

/// A file of the compiled-in content that a directory does not have so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Its path, relative to the content directory.
    pub file: String,
    /// How it differs.
    pub how: Differs,
}

fn all_files(folder: &'static Dir<'static>, into: &mut Vec<&'static include_dir::File<'static>>) {
    into.extend(folder.files());
    folder.dirs().for_each(|inner| all_files(inner, into));
}

/// A content directory.
#[derive(Debug, Clone)]
pub(super) enum Source {
    /// Compiled in.
    Embedded,
    /// On disk.
    Directory(PathBuf),
}

impl Source {
    /// Files of a folder with this extension, as paths relative to the content directory, sorted.
    pub fn files(&self, folder: &str, extension: &str) -> Vec<String> {
        let mut names = self.names(folder);
        names.retain(|name| Path::new(name).extension().is_some_and(|found| found == extension));
        names.into_iter().map(|name| format!("{folder}/{name}")).collect()
    }

    /// Names of the files and folders in a folder, sorted; the content directory itself where the name is empty. Hidden files, such
    /// as an editor's, do not count.
    pub fn names(&self, folder: &str) -> Vec<String> {
        let mut names: Vec<String> = match self {
            Self::Embedded => {
                let found = if folder.is_empty() { Some(&EMBEDDED) } else { EMBEDDED.get_dir(folder) };
                let paths = found.into_iter().flat_map(Dir::entries).map(DirEntry::path);
                paths.filter_map(|path| path.file_name()?.to_str().map(str::to_owned)).collect()
            }
            Self::Directory(root) => {
                let entries = fs::read_dir(root.join(folder)).into_iter().flatten().flatten();
                entries.filter_map(|entry| entry.file_name().to_str().map(str::to_owned)).collect()
            }
        };
        names.retain(|name| !name.starts_with('.'));
        names.sort();
        names
    }

    /// How this directory differs from what is compiled in, by the files of that.
    pub fn differences(&self) -> Vec<Difference> {
        let Self::Directory(root) = self else { return Vec::new() };
        let mut shipped = Vec::new();
        all_files(&EMBEDDED, &mut shipped);
        let differs = |file: &&include_dir::File<'static>| {
            let own = fs::read(root.join(file.path())).ok();
            let how = match &own {
                None => Differs::Missing,
                Some(own) if own == file.contents() => return None,
                Some(own) if own.len() < file.contents().len() / 2 => Differs::Shorter,
                Some(_) => Differs::Changed,
            };
            Some(Difference { file: file.path().display().to_string(), how })
        };
        let mut found: Vec<Difference> = shipped.iter().filter_map(differs).collect();
        found.sort_by(|one, other| one.file.cmp(&other.file));
        found
    }

    /// The text of a file; an error says why there is none.
    pub fn read(&self, path: &str) -> Result<Cow<'static, str>, String> {
        match self {
            Self::Embedded => EMBEDDED
                .get_file(path)
                .and_then(include_dir::File::contents_utf8)
                .map(Cow::Borrowed)
                .ok_or_else(|| "the file is missing or not UTF-8".to_owned()),
            Self::Directory(root) => {
                fs::read_to_string(root.join(path)).map(Cow::Owned).map_err(|error| format!("the file cannot be read: {error}"))
            }
        }
    }
}
