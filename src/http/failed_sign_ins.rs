//! Tokens, codes and assertions that do not work, counted for each address: whoever tries many is asked to wait, and reaches the database no more until then.
//! Tokens that worked are known by their hash and get through: somebody at the same address may be trying others.

use super::problem::Problem;
use super::problem_kinds as kinds;
use crate::app::secrets::hash;
use axum::http::{HeaderValue, header};
use std::collections::{HashMap, HashSet};
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
    swept: Option<Instant>,
    good: HashMap<[u8; 32], Instant>,
    /// Tokens that are being looked up: who tries one twice at the same time tries one.
    pending: HashSet<[u8; 32]>,
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

/// A token that may be looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
    hash: [u8; 32],
    address: Option<IpAddr>,
    /// It was counted when it was let through, so that none of many at once is passed by.
    counted: bool,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The token works.
    Worked,
    /// It does not.
    Failed,
    /// That could not be found out.
    Unknown,
}

impl FailedSignIns {
    /// So many failures a minute and address; none lets everybody try as often as they like.
    pub fn new(a_minute: Option<u32>) -> Self {
        Self { a_minute, state: Mutex::default() }
    }

    /// Lets a token be looked up, or not.
    pub fn admit(&self, address: Option<IpAddr>, token: &str) -> Result<Attempt, Problem> {
        let free = Attempt { hash: hash(token), address: None, counted: false };
        let (Some(a_minute), Some(address)) = (self.a_minute, address) else { return Ok(free) };
        self.admit_at(address, free.hash, f64::from(a_minute), Instant::now()).map_err(|seconds| {
            metrics::counter!("oncoauth_sign_ins_refused_total").increment(1);
            let detail = "too many tokens or codes that do not work came from this address; wait a minute";
            Problem::new(&kinds::TOO_MANY_REQUESTS, detail).with_header(header::RETRY_AFTER, HeaderValue::from(seconds))
        })
    }

    /// An attempt, or so many seconds to wait for one.
    fn admit_at(&self, address: IpAddr, hash: [u8; 32], a_minute: f64, now: Instant) -> Result<Attempt, u64> {
        let mut state = self.state();
        let attempt = |counted| Attempt { hash, address: Some(address), counted };
        let is_good = state.good.get(&hash).is_some_and(|at| now.duration_since(*at) < TRUSTED);
        if is_good || state.pending.contains(&hash) {
            return Ok(attempt(false));
        }
        let bucket = state.bucket(address, a_minute, now);
        if bucket.left < 1.0 {
            return Err(seconds_until_one(bucket.left, a_minute));
        }
        bucket.left -= 1.0;
        if state.pending.len() >= REMEMBERED {
            state.pending.clear(); // of callers who hung up
        }
        state.pending.insert(hash);
        Ok(attempt(true))
    }

    /// A token was looked up.
    pub fn note(&self, attempt: Attempt, outcome: Outcome) {
        if outcome == Outcome::Failed {
            metrics::counter!("oncoauth_sign_ins_failed_total").increment(1);
        }
        if let (Some(a_minute), Some(address)) = (self.a_minute, attempt.address) {
            self.note_at(address, attempt, outcome, f64::from(a_minute), Instant::now());
        }
    }

    fn note_at(&self, address: IpAddr, attempt: Attempt, outcome: Outcome, a_minute: f64, now: Instant) {
        let mut state = self.state();
        state.pending.remove(&attempt.hash);
        match outcome {
            Outcome::Failed => {
                state.good.remove(&attempt.hash);
                if !attempt.counted {
                    let bucket = state.bucket(address, a_minute, now);
                    bucket.left = (bucket.left - 1.0).max(0.0);
                }
            }
            Outcome::Worked | Outcome::Unknown if attempt.counted => {
                let bucket = state.bucket(address, a_minute, now);
                bucket.left = a_minute.min(bucket.left + 1.0);
                if bucket.left >= a_minute {
                    state.addresses.remove(&address);
                }
            }
            Outcome::Worked | Outcome::Unknown => {}
        }
        let known = |at: &Instant| now.duration_since(*at) < TRUSTED / 2;
        if outcome == Outcome::Worked && !state.good.get(&attempt.hash).is_some_and(known) {
            if state.good.len() >= REMEMBERED {
                state.good.clear();
            }
            state.good.insert(attempt.hash, now);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The count of an address as of now. Of more addresses than are remembered one is forgotten.
    fn bucket(&mut self, address: IpAddr, a_minute: f64, now: Instant) -> &mut Bucket {
        if self.addresses.len() >= REMEMBERED && !self.addresses.contains_key(&address) {
            if self.swept.is_none_or(|at| now.duration_since(at) >= Duration::from_secs(1)) {
                // who has tried nothing for a minute has a full bucket again
                self.addresses.retain(|_, bucket| now.duration_since(bucket.at) < Duration::from_mins(1));
                self.swept = Some(now);
            }
            if self.addresses.len() >= REMEMBERED
                && let Some(one) = self.addresses.keys().next().copied()
            {
                self.addresses.remove(&one);
            }
        }
        let bucket = self.addresses.entry(address).or_insert(Bucket { left: a_minute, at: now });
        bucket.refill(a_minute, now);
        bucket
    }
}

/// Whole seconds, at least one, until a bucket that holds so much has one again.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between 1 and 60 for a limit of one a minute and more"
)]
fn seconds_until_one(left: f64, a_minute: f64) -> u64 {
    (((1.0 - left) * 60.0 / a_minute).ceil() as u64).max(1)
}

#[cfg(test)]
mod tests {
    use super::{FailedSignIns, Outcome};
    use crate::app::secrets::hash;
    use std::net::IpAddr;
    use std::time::{Duration, Instant};

    const ATTACKER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const OTHER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

    #[test]
    fn whoever_tries_many_tokens_waits_and_nobody_else_does() {
        let limit = FailedSignIns::new(Some(10));
        let begun = Instant::now();
        let admit = |address, token: &str, now| limit.admit_at(address, hash(token), 10.0, now);
        let good = admit(ATTACKER, "good", begun).unwrap();
        limit.note_at(ATTACKER, good, Outcome::Worked, 10.0, begun);
        // at once, before any of them is known not to work
        let tried: Vec<_> = (0..100).filter_map(|number| admit(ATTACKER, &format!("bad-{number}"), begun).ok()).collect();
        assert_eq!(tried.len(), 10);
        for attempt in tried {
            limit.note_at(ATTACKER, attempt, Outcome::Failed, 10.0, begun);
        }
        assert!(admit(OTHER, "bad", begun).is_ok());
        assert!(admit(ATTACKER, "good", begun).is_ok(), "a token that worked works on");
        assert_eq!(admit(ATTACKER, "bad-100", begun), Err(6));
        assert_eq!(admit(ATTACKER, "bad-100", begun + Duration::from_millis(3500)), Err(3));
        assert!(admit(ATTACKER, "bad-100", begun + Duration::from_secs(7)).is_ok(), "one comes back every six seconds");
        assert!(FailedSignIns::new(None).admit(Some(ATTACKER), "bad").is_ok());
    }

    #[test]
    fn one_token_at_many_connections_counts_once_while_it_works_and_each_time_when_it_does_not() {
        let limit = FailedSignIns::new(Some(2));
        let now = Instant::now();
        let admit = |token: &str| limit.admit_at(ATTACKER, hash(token), 2.0, now);
        let note = |attempt, outcome| limit.note_at(ATTACKER, attempt, outcome, 2.0, now);
        let many: Vec<_> = (0..50).map(|_| admit("good").unwrap()).collect();
        for attempt in many {
            note(attempt, Outcome::Worked);
        }
        note(admit("not found out").unwrap(), Outcome::Unknown);
        // it was revoked: it is let through once more, and then counts like any other
        note(admit("good").unwrap(), Outcome::Failed);
        note(admit("good").unwrap(), Outcome::Failed);
        assert!(admit("good").is_err());
    }

    #[test]
    fn addresses_are_remembered_up_to_a_number() {
        let limit = FailedSignIns::new(Some(2));
        let now = Instant::now();
        for number in 0..30_000_u32 {
            let address = IpAddr::from(std::net::Ipv4Addr::from_bits(number));
            assert!(limit.admit_at(address, hash("bad"), 2.0, now).is_ok());
            limit.state().pending.clear();
        }
        assert_eq!(limit.state().addresses.len(), super::REMEMBERED);
    }
}
