//! Where things are kept when nobody says otherwise.

use std::env;
use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use nix::unistd::{User, geteuid};
use sha2::{Digest, Sha256};

use super::error::PostgresError;

/// The data directory used when neither `--data-dir` nor `ONCOAUTH_DATA_DIR` names one.
///
/// It is keyed by the checkout (or else the directory) the service is started in, so that two clones side by side do
/// not meet: as root below `/var/lib/oncoauth` (the server's unprivileged account cannot reach `/root`), otherwise
/// below `$XDG_DATA_HOME/oncoauth`, on macOS below `~/Library/Application Support/oncoauth`.
///
/// # Errors
/// [`PostgresError::NoHome`] without a home directory, [`PostgresError::Io`] when the current directory is gone.
pub fn default_data_dir() -> Result<PathBuf, PostgresError> {
    let here = env::current_dir().and_then(|dir| dir.canonicalize()).map_err(|source| PostgresError::Io {
        what: "finding",
        path: ".".into(),
        source,
    })?;
    let base = base("XDG_DATA_HOME", ".local/share", "Library/Application Support", "/var/lib")?;
    Ok(base.join(clone_name(&here)))
}

/// Where a fetched PostgreSQL is kept: outside every data directory, shared by all clones.
pub(super) fn cache_dir() -> Result<PathBuf, PostgresError> {
    base("XDG_CACHE_HOME", ".cache", "Library/Caches", "/var/cache")
}

fn base(variable: &str, linux: &str, macos: &str, root: &str) -> Result<PathBuf, PostgresError> {
    if geteuid().is_root() {
        return Ok(Path::new(root).join("oncoauth"));
    }
    // the XDG specification has relative values ignored
    let xdg = env::var_os(variable).map(PathBuf::from).filter(|dir| dir.is_absolute());
    if let Some(dir) = xdg {
        return Ok(dir.join("oncoauth"));
    }
    let home = env::home_dir()
        .filter(|dir| dir.is_absolute())
        .or_else(|| User::from_uid(geteuid()).ok().flatten().map(|user| user.dir))
        .ok_or(PostgresError::NoHome)?;
    Ok(home.join(if cfg!(target_os = "macos") { macos } else { linux }).join("oncoauth"))
}

/// `<name>-<hash>` of the checkout that holds `here`.
fn clone_name(here: &Path) -> String {
    let is_root = |dir: &&Path| dir.join("Cargo.toml").is_file() || dir.join(".git").exists();
    let root = here.ancestors().find(is_root).unwrap_or(here);
    let name = root.file_name().unwrap_or_default().to_string_lossy();
    format!("{name}-{}", key(root))
}

/// Twelve hexadecimal digits that stand for a path.
pub(super) fn key(path: &Path) -> String {
    hex(&Sha256::digest(path.as_os_str().as_bytes())).chars().take(12).collect()
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}"); // writing to a String cannot fail
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_clones_of_the_same_name_do_not_meet() {
        let dir = tempfile::tempdir().unwrap();
        let names = ["a", "b"].map(|parent| {
            let root = dir.path().join(parent).join("oncoauth");
            std::fs::create_dir_all(root.join("src")).unwrap();
            std::fs::write(root.join("Cargo.toml"), "").unwrap();
            assert_eq!(clone_name(&root), clone_name(&root.join("src")), "a subdirectory is the same clone");
            clone_name(&root)
        });
        assert_ne!(names[0], names[1]);
        assert!(names[0].starts_with("oncoauth-"), "{}", names[0]);
    }
}
