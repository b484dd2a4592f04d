//! How often one caller may call, or one address may do something: a bucket each, so that one practice's runaway script does not slow the
//! others down, whichever door it comes to.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Subjects remembered before the idle ones are dropped.
const REMEMBERED: usize = 10_000;

/// Buckets that hold two seconds' worth of requests, or an hour's.
#[derive(Debug)]
pub struct RateLimit {
    rate: Option<Rate>,
    buckets: Mutex<HashMap<String, Bucket>>,
}

/// How a bucket fills.
#[derive(Debug, Clone, Copy)]
struct Rate {
    /// As it was asked for.
    limit: u32,
    per_second: f64,
    full: f64,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    left: f64,
    at: Instant,
}

impl RateLimit {
    /// A limit in requests a second for each caller; none lets everything through.
    pub fn new(per_second: Option<u32>) -> Self {
        let rate = |limit: u32| Rate { limit, per_second: f64::from(limit), full: f64::from(limit) * 2.0 };
        Self { rate: per_second.map(rate), buckets: Mutex::default() }
    }

    /// A limit in requests an hour for each.
    pub fn an_hour(limit: Option<u32>) -> Self {
        let rate = |limit: u32| Rate { limit, per_second: f64::from(limit) / 3_600.0, full: f64::from(limit) };
        Self { rate: limit.map(rate), buckets: Mutex::default() }
    }

    /// True where there is a limit.
    pub const fn is_set(&self) -> bool {
        self.rate.is_some()
    }

    /// Takes one request from the caller's bucket; where there is none, says how many there may be.
    pub fn take(&self, subject: &str) -> Result<(), u32> {
        let Some(rate) = self.rate else { return Ok(()) };
        if self.take_at(subject, rate, Instant::now()) { Ok(()) } else { Err(rate.limit) }
    }

    fn take_at(&self, subject: &str, Rate { per_second, full, .. }: Rate, now: Instant) -> bool {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= REMEMBERED {
            buckets.retain(|_, bucket| now.duration_since(bucket.at).as_secs_f64() * per_second < full);
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
        let (begun, rate) = (Instant::now(), limit.rate.unwrap());
        let granted = (0..6).filter(|_| limit.take_at("a", rate, begun)).count();
        assert_eq!(granted, 4);
        assert!(limit.take_at("b", rate, begun));
        assert!(limit.take_at("a", rate, begun + Duration::from_millis(500)));
        assert!(!limit.take_at("a", rate, begun + Duration::from_millis(500)));
        let hourly = RateLimit::an_hour(Some(6));
        let rate = hourly.rate.unwrap();
        assert_eq!((0..9).filter(|_| hourly.take_at("a", rate, begun)).count(), 6);
        assert!(!hourly.take_at("a", rate, begun + Duration::from_secs(599)));
        assert!(hourly.take_at("a", rate, begun + Duration::from_mins(10)));
        assert!((0..9).all(|_| RateLimit::new(None).take("a").is_ok()));
    }
}
