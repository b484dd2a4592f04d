//! What the machine is, and what processes used of it. Linux only: elsewhere nothing of this is known.

use crate::Outcome;
use std::fs;
use std::path::Path;

/// Ticks a second in which Linux counts processor time.
const TICKS: f64 = 100.0;

/// Processor time of a process so far, in seconds, with that of the children it has seen end where `children` says so.
pub fn processor_seconds(pid: u32, children: bool) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let fields: Vec<f64> =
        stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace().map(|f| f.parse().unwrap_or(0.0)).collect();
    let of = |range: std::ops::Range<usize>| fields.get(range).map_or(0.0, |fields| fields.iter().sum());
    (of(11..13) + if children { of(13..15) } else { 0.0 }) / TICKS
}

/// Processor time of the children that this process has seen end, in seconds.
pub fn children_seconds() -> f64 {
    processor_seconds(std::process::id(), true) - processor_seconds(std::process::id(), false)
}

/// Resident memory of a process, MiB.
pub fn resident_mib(pid: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let kib = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.split_whitespace().next()?.parse::<f64>().ok());
    kib.unwrap_or_default() / 1024.0
}

/// The PostgreSQL's first process.
#[derive(Debug, Clone, Copy)]
pub struct Postmaster(u32);

impl Postmaster {
    /// That of the cluster in a data directory.
    pub fn of(data_dir: &Path) -> Outcome<Self> {
        for entry in fs::read_dir(data_dir.join("postgres"))?.flatten() {
            if let Ok(text) = fs::read_to_string(entry.path().join("postmaster.pid")) {
                return Ok(Self(text.lines().next().unwrap_or_default().trim().parse()?));
            }
        }
        Err("the PostgreSQL has no process".into())
    }

    /// Processor time of all its processes so far, in seconds.
    pub fn processor_seconds(self) -> f64 {
        let children = fs::read_to_string(format!("/proc/{0}/task/{0}/children", self.0)).unwrap_or_default();
        let living = children.split_whitespace().filter_map(|pid| pid.parse().ok());
        processor_seconds(self.0, true) + living.map(|pid| processor_seconds(pid, false)).sum::<f64>()
    }
}

/// The machine in a few words.
pub fn described() -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model =
        cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':')).map_or("unknown", |(_, name)| name.trim());
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kib: f64 =
        memory.lines().find_map(|line| line.strip_prefix("MemTotal:")?.split_whitespace().next()?.parse().ok()).unwrap_or(0.0);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("{cores} cores of {model}, {:.0} GiB, {} {}", kib / 1024.0 / 1024.0, std::env::consts::OS, kernel.trim())
}

/// Processes that wanted to run during the last minute, on average.
pub fn load_average() -> String {
    fs::read_to_string("/proc/loadavg").unwrap_or_default().split(' ').next().unwrap_or_default().to_owned()
}
