//! How often one caller may call: a bucket a subject, so that one practice's runaway script does not slow the others down,
//! whichever door it comes to.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Subjects remembered before the idle ones are dropped.
const REMEMBERED: usize = 10_000;

/// Buckets that hold two seconds' worth of requests.
#[derive(Debug)]
pub struct RateLimit {
    per_second: Option<u32>,
    buckets: Mutex<HashMap<String, Bucket>>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    left: f64,
    at: Instant,
}

impl RateLimit {
    /// A limit in requests a second for each caller; none lets everything through.
    pub fn new(per_second: Option<u32>) -> Self {
        Self { per_second, buckets: Mutex::default() }
    }

    /// True where there is a limit.
    pub const fn is_set(&self) -> bool {
        self.per_second.is_some()
    }

    /// Takes one request from the caller's bucket; where there is none, says how many a second there may be.
    pub fn take(&self, subject: &str) -> Result<(), u32> {
        let Some(per_second) = self.per_second else { return Ok(()) };
        if self.take_at(subject, f64::from(per_second), Instant::now()) { Ok(()) } else { Err(per_second) }
    }

    fn take_at(&self, subject: &str, per_second: f64, now: Instant) -> bool {
        let full = per_second * 2.0;
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= REMEMBERED {
            buckets.retain(|_, bucket| now.duration_since(bucket.at).as_secs() < 2);
        }
        let bucket = buckets.entry(subject.to_owned()).or_insert(Bucket { left: full, at: now });
        bucket.left = full.min(bucket.left + now.duration_since(bucket.at).as_secs_f64() * per_second);
        bucket.at = now;
        let granted = bucket.left >= 1.0;
        if granted {
            bucket.left -= 1.0;
        }
        granted
    }
}

#[cfg(test)]
mod tests {
    use super::RateLimit;
    use std::time::{Duration, Instant};

    #[test]
    fn a_bucket_empties_for_its_caller_only_and_fills_again() {
        let limit = RateLimit::new(Some(2));
        let begun = Instant::now();
        let granted = (0..6).filter(|_| limit.take_at("a", 2.0, begun)).count();
        assert_eq!(granted, 4);
        assert!(limit.take_at("b", 2.0, begun));
        assert!(limit.take_at("a", 2.0, begun + Duration::from_millis(500)));
        assert!(!limit.take_at("a", 2.0, begun + Duration::from_millis(500)));
        assert!((0..9).all(|_| RateLimit::new(None).take("a").is_ok()));
    }
}
