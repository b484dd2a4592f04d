//! Where the service gets the time from. Everything else is handed an instant; only this file and `ids` may look at the machine.

use chrono::{DateTime, TimeDelta, Utc};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// A source of instants, cheap to clone; clones agree.
#[derive(Debug, Clone)]
pub struct Clock(Source);

#[derive(Debug, Clone)]
enum Source {
    System,
    /// Microseconds to add to the system's time.
    Offset(Arc<AtomicI64>),
    /// Microseconds since the epoch, standing still until set.
    Frozen(Arc<AtomicI64>),
}

impl Clock {
    /// The machine's clock.
    pub const fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that can be moved and ticks on from there (the sandbox).
    pub fn sandbox() -> Self {
        Self(Source::Offset(Arc::default()))
    }

    /// A clock that stands still until it is set, for tests.
    pub fn frozen_at(instant: DateTime<Utc>) -> Self {
        Self(Source::Frozen(Arc::new(AtomicI64::new(instant.timestamp_micros()))))
    }

    /// The present instant, in whole microseconds so that the database returns it unchanged.
    pub fn now(&self) -> DateTime<Utc> {
        let system = machine_now();
        match &self.0 {
            Source::System => system,
            Source::Offset(offset) => {
                system.checked_add_signed(TimeDelta::microseconds(offset.load(Ordering::Acquire))).unwrap_or(system)
            }
            Source::Frozen(micros) => DateTime::from_timestamp_micros(micros.load(Ordering::Acquire)).unwrap_or(system),
        }
    }

    /// The present instant on the clocks of others, who know nothing of a sandbox's: what they sign says when it is valid. Where time
    /// stands still, it does for everybody.
    pub fn of_others(&self) -> DateTime<Utc> {
        match &self.0 {
            Source::Offset(_) => machine_now(),
            Source::System | Source::Frozen(_) => self.now(),
        }
    }

    /// How far this clock would have to run ahead of the machine's to show `instant`, in microseconds.
    pub fn offset_for(&self, instant: DateTime<Utc>) -> i64 {
        instant.timestamp_micros() - machine_now().timestamp_micros()
    }

    /// Runs ahead of the machine's clock by this many microseconds from now on. Only a sandbox's clock does.
    pub fn follow(&self, micros: i64) {
        if let Source::Offset(offset) = &self.0 {
            offset.store(micros, Ordering::Release);
        }
    }

    /// Stands still at another instant. Only a clock that stands still does.
    pub fn freeze_at(&self, instant: DateTime<Utc>) {
        if let Source::Frozen(micros) = &self.0 {
            micros.store(instant.timestamp_micros(), Ordering::Release);
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
fn machine_now() -> DateTime<Utc> {
    let now = Utc::now();
    DateTime::from_timestamp_micros(now.timestamp_micros()).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::Clock;
    use chrono::{DateTime, TimeDelta, Utc};

    #[test]
    fn a_moved_clock_shows_the_new_time_to_every_clone_and_ticks_on() {
        let clock = Clock::sandbox();
        let clone = clock.clone();
        let there: DateTime<Utc> = "2031-01-01T09:00:00-05:00".parse().unwrap();
        clock.follow(clock.offset_for(there));
        let first = clone.now();
        assert!(first >= there && first < there + TimeDelta::minutes(1));
        assert!(clone.now() >= first);
        assert!(clone.of_others() < there, "nobody else's clock moves with it");
    }

    #[test]
    fn a_frozen_clock_stands_still() {
        let there: DateTime<Utc> = "2026-12-01T00:00:00Z".parse().unwrap();
        let clock = Clock::frozen_at(there);
        assert_eq!(clock.now(), there);
        clock.follow(5);
        assert_eq!(clock.now(), there);
        clock.freeze_at(there + TimeDelta::days(1));
        assert_eq!(clock.now(), there + TimeDelta::days(1));
    }
}
