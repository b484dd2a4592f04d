//! What was answered is stored, once and whole, whatever was killed meanwhile.
//!
//! Left out of the usual run, because it takes its time:
//!
//!     ONCOAUTH_KILLS=200 cargo test --test service -- --ignored kills --nocapture
//!
//! Callers place orders, each under a key of its own, and send each again until it is answered; meanwhile the service, or its PostgreSQL, is
//! killed (SIGKILL) at moments that are drawn. Sometimes PostgreSQL is only stopped for a second (SIGSTOP), which is a database that hangs.
//! In the end what the callers were told is compared with what is stored: every answer is there, under the same number and key, no order
//! twice or in part, every event in the plan's feed once and without a gap, every order on record and the record's chain whole.
//! `ONCOAUTH_KILLS_SEED` repeats a run's draws, as far as the machine does.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "test crate")]

use crate::callers::{Load, free_address, load_members, until_ready};
use crate::running::{Running, program};
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

/// Numbers that look drawn and are the same for a seed.
struct Draws(u64);

impl Draws {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

fn start(address: &str, data: &Path) -> Running {
    Running::start(program().args(["--listen", address, "--data-dir"]).arg(data))
}

fn postgres(data: &Path) -> Option<String> {
    let mut file = std::fs::read_dir(data.join("postgres")).ok()?.flatten().map(|entry| entry.path().join("postmaster.pid"));
    let text = file.find_map(|file| std::fs::read_to_string(file).ok())?;
    text.lines().next().map(str::to_owned)
}

fn signal(pid: &str, signal: &str) {
    drop(Command::new("kill").args([signal, pid]).status()); // it may be gone
}

#[test]
#[ignore = "it takes minutes: see the head of this file"]
fn whatever_is_killed_what_was_answered_is_stored_once_and_whole() {
    let kills: usize = std::env::var("ONCOAUTH_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(20);
    let seed = std::env::var("ONCOAUTH_KILLS_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(0x5eed);
    let mut draws = Draws(seed);
    let data = tempfile::tempdir().unwrap();
    let address = free_address();
    let mut service = Some(start(&address, data.path()));
    load_members(&address, 20_000);
    let load = Load::on(&[&address], Duration::ZERO);
    load.during(|| {
        for kill in 0..kills {
            thread::sleep(Duration::from_millis(100 + draws.below(900)));
            match draws.below(4) {
                0 | 1 => {
                    drop(service.take()); // kills it
                    service = Some(start(&address, data.path()));
                }
                2 => postgres(data.path()).iter().for_each(|pid| signal(pid, "-KILL")),
                _ => postgres(data.path()).iter().for_each(|pid| {
                    signal(pid, "-STOP");
                    thread::sleep(Duration::from_secs(1));
                    signal(pid, "-CONT");
                }),
            }
            println!("kill {kill}: {} orders are answered", load.answered());
        }
        // whoever is waiting for an answer gets one
        until_ready(&address, Duration::from_mins(1));
        thread::sleep(Duration::from_secs(5));
    });
    load.check(&address);
    service.unwrap().stop(); // what waited to be sealed waits on
    let checked = program().args(["verify-audit", "--data-dir"]).arg(data.path()).output().unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
}
