//! Ends what an earlier run left of a server: after `kill -9` the server may still be shutting down, its backends may
//! outlive it, and its pid file may name a process that is by now somebody else's. Touches only processes that are
//! PostgreSQL's and use the given directory.

use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::cluster::remove_if_there;
use super::error::PostgresError;

/// What a server writes into `postmaster.pid`.
pub(super) struct PidFile {
    pub(super) pid: i32,
    /// It takes connections.
    pub(super) ready: bool,
}

pub(super) fn pid_file(data: &Path) -> Option<PidFile> {
    let text = fs::read_to_string(data.join("postmaster.pid")).ok()?;
    let mut lines = text.lines();
    let pid = lines.next()?.trim().parse().ok()?;
    Some(PidFile { pid, ready: lines.nth(6).is_some_and(|status| status.trim() == "ready") })
}

/// Stops every server process that uses `data`, and removes its stale pid file. After a clean stop there is none.
pub(super) fn clear(data: &Path) -> Result<(), PostgresError> {
    let Some(old) = pid_file(data) else { return Ok(()) };
    end_processes(data, old.pid)?;
    // The server would refuse to start if the number in the file were in use, by a zombie or a stranger. Where
    // `users_of` does not see orphaned backends, the file stays otherwise: the server finds them by it.
    if cfg!(target_os = "linux") || exists(old.pid) {
        remove_if_there(&data.join("postmaster.pid"))?;
    }
    Ok(())
}

fn end_processes(data: &Path, server: i32) -> Result<(), PostgresError> {
    let begun = Instant::now();
    let mut sent = None;
    loop {
        let pids = users_of(data, server);
        if pids.is_empty() {
            return Ok(());
        }
        let alive = pids.contains(&server);
        let signal = match (alive, begun.elapsed().as_secs()) {
            (false, 0..3) => None, // orphans end by themselves as soon as they look up
            (true, 0..30) => Some(Signal::INT),
            (true, 30..40) => Some(Signal::QUIT),
            (_, 0..60) => Some(Signal::KILL),
            _ => return Err(PostgresError::Leftover { dir: data.to_owned(), pids }),
        };
        if let Some(signal) = signal.filter(|_| signal != sent) {
            tracing::warn!(?pids, ?signal, "ending what an earlier run of PostgreSQL left");
            let targets = pids.into_iter().filter(|pid| !alive || *pid == server);
            for pid in targets.filter_map(Pid::from_raw) {
                let _ = kill_process(pid, signal); // it may have ended meanwhile
            }
        }
        sent = signal;
        sleep(Duration::from_millis(10));
    }
}

/// The PostgreSQL processes whose working directory is `data`: the server and its backends.
#[cfg(target_os = "linux")]
fn users_of(data: &Path, _: i32) -> Vec<i32> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    processes
        .filter(|entry| fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd == data))
        // the name of the program: somebody's shell may stand in the directory, too
        .filter(|entry| fs::read_to_string(entry.path().join("comm")).is_ok_and(|name| name.trim() == "postgres"))
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect()
}

/// The server, if that process is one and was started on `data`.
#[cfg(not(target_os = "linux"))]
fn users_of(data: &Path, server: i32) -> Vec<i32> {
    let ps = std::process::Command::new("ps").args(["-ww", "-o", "command=", "-p"]).arg(server.to_string()).output();
    let ours = ps.is_ok_and(|ps| String::from_utf8_lossy(&ps.stdout).contains(&*data.to_string_lossy()));
    if ours { vec![server] } else { Vec::new() }
}

fn exists(pid: i32) -> bool {
    Pid::from_raw(pid).is_some_and(|pid| rustix::process::test_kill_process(pid) != Err(rustix::io::Errno::SRCH))
}
