//! Tokens that do not work, counted for each address: whoever tries many is asked to wait, and reaches the database no more until then.
//! Tokens that worked are known by their hash and get through: somebody at the same address may be trying others.

use super::problem::Problem;
use super::problem_kinds as kinds;
use axum::http::{HeaderValue, header};
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Addresses, and tokens, that are remembered at most.
const REMEMBERED: usize = 20_000;
/// A token that worked gets through for so long after it was used.
const TRUSTED: Duration = Duration::from_hours(1);

/// The count.
#[derive(Debug)]
pub struct FailedSignIns {
    a_minute: Option<u32>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    addresses: HashMap<IpAddr, Bucket>,
    good: HashMap<[u8; 32], Instant>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    left: f64,
    at: Instant,
}

impl Bucket {
    fn refill(&mut self, a_minute: f64, now: Instant) {
        self.left = a_minute.min(self.left + now.duration_since(self.at).as_secs_f64() * a_minute / 60.0);
        self.at = now;
    }
}

impl FailedSignIns {
    /// So many failures a minute and address; none lets everybody try as often as they like.
    pub fn new(a_minute: Option<u32>) -> Self {
        Self { a_minute, state: Mutex::default() }
    }

    /// Lets a token be looked up, or not.
    pub fn admit(&self, address: Option<IpAddr>, token: &str) -> Result<(), Problem> {
        match (self.a_minute, address) {
            (Some(a_minute), Some(address)) if !self.admits_at(address, token, f64::from(a_minute), Instant::now()) => {
                metrics::counter!("oncoauth_sign_ins_refused_total").increment(1);
                Err(Problem::new(
                    &kinds::TOO_MANY_REQUESTS,
                    "too many tokens that do not work came from this address; wait a minute",
                )
                .with_header(header::RETRY_AFTER, HeaderValue::from_static("60")))
            }
            _ => Ok(()),
        }
    }

    fn admits_at(&self, address: IpAddr, token: &str, a_minute: f64, now: Instant) -> bool {
        let mut state = self.state();
        let Some(bucket) = state.addresses.get_mut(&address) else { return true };
        bucket.refill(a_minute, now);
        if bucket.left >= 1.0 {
            return true;
        }
        state.good.get(&hash(token)).is_some_and(|at| now.duration_since(*at) < TRUSTED)
    }

    /// A token was looked up, and worked or not.
    pub fn note(&self, address: Option<IpAddr>, token: &str, worked: bool) {
        if let (Some(a_minute), Some(address)) = (self.a_minute, address) {
            self.note_at(address, token, worked, f64::from(a_minute), Instant::now());
        }
    }

    fn note_at(&self, address: IpAddr, token: &str, worked: bool, a_minute: f64, now: Instant) {
        if !worked {
            metrics::counter!("oncoauth_sign_ins_failed_total").increment(1);
        }
        let mut state = self.state();
        if worked {
            let hash = hash(token);
            let known = state.good.get(&hash).is_some_and(|at| now.duration_since(*at) < TRUSTED / 2);
            if !known {
                if state.good.len() >= REMEMBERED {
                    state.good.clear();
                }
                state.good.insert(hash, now);
            }
            return;
        }
        if state.addresses.len() >= REMEMBERED {
            // who has tried nothing for a minute has a full bucket again
            state.addresses.retain(|_, bucket| now.duration_since(bucket.at) < Duration::from_mins(1));
        }
        let bucket = state.addresses.entry(address).or_insert(Bucket { left: a_minute, at: now });
        bucket.refill(a_minute, now);
        bucket.left = (bucket.left - 1.0).max(0.0);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::FailedSignIns;
    use std::net::IpAddr;
    use std::time::{Duration, Instant};

    #[test]
    fn whoever_tries_many_tokens_waits_and_nobody_else_does() {
        let limit = FailedSignIns::new(Some(10));
        let (begun, attacker, other) = (Instant::now(), IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        limit.note_at(attacker, "good", true, 10.0, begun);
        let tried = (0..100)
            .filter(|number| {
                let token = format!("bad-{number}");
                let admitted = limit.admits_at(attacker, &token, 10.0, begun);
                if admitted {
                    limit.note_at(attacker, &token, false, 10.0, begun);
                }
                admitted
            })
            .count();
        assert_eq!(tried, 10);
        assert!(limit.admits_at(other, "bad", 10.0, begun));
        assert!(limit.admits_at(attacker, "good", 10.0, begun), "a token that worked works on");
        assert!(!limit.admits_at(attacker, "bad", 10.0, begun + Duration::from_secs(3)));
        assert!(limit.admits_at(attacker, "bad", 10.0, begun + Duration::from_secs(7)), "one comes back every six seconds");
        assert!(FailedSignIns::new(None).admit(Some(attacker), "bad").is_ok());
    }
}
