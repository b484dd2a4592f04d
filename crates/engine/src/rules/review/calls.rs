//! The peer-to-peer discussion: what may follow what (DET-03, DET-08, DET-13).

use super::ReviewError;
use crate::domain::case::{Case, PeerToPeer};
use crate::domain::review::PeerToPeerEvent;
use chrono::{DateTime, TimeDelta, Utc};

/// Where the discussion stands after an event.
///
/// # Errors
/// [`ReviewError::CallOutOfOrder`]: nothing comes before the offer, and a discussion that was held stays held.
pub const fn follow(state: PeerToPeer, event: PeerToPeerEvent) -> Result<PeerToPeer, ReviewError> {
    use PeerToPeerEvent::{Declined, Held, Offered, Scheduled, Unreachable};
    match (state, event) {
        (PeerToPeer::NotOffered, Scheduled | Held | Declined | Unreachable)
        | (PeerToPeer::Held, Offered | Declined | Unreachable) => {
            Err(ReviewError::CallOutOfOrder { state: state.as_words(), event: event.as_str() })
        }
        // another talk may follow the first
        (PeerToPeer::Held, Scheduled | Held) | (_, Held) => Ok(PeerToPeer::Held),
        (_, Offered) => Ok(PeerToPeer::Offered),
        (_, Scheduled) => Ok(PeerToPeer::Scheduled),
        (_, Declined) => Ok(PeerToPeer::Declined),
        (_, Unreachable) => Ok(PeerToPeer::Unreachable),
    }
}

/// Records an event of the discussion.
///
/// # Errors
/// See [`ReviewError`].
pub fn record(case: &Case, event: PeerToPeerEvent) -> Result<Case, ReviewError> {
    let mut case = case.clone();
    let status = case.status;
    let review = case.review.as_mut().ok_or(ReviewError::AlreadyDecided(status))?;
    review.peer_to_peer = follow(review.peer_to_peer, event)?;
    Ok(case)
}

/// True where an event of the discussion of a case may have been, or be going to be, at this time: never before the case was received,
/// and later than now only where it is scheduled. Compared to the minute, as people tell the time of a call (DET-03).
pub fn is_in_time(event: PeerToPeerEvent, at: DateTime<Utc>, received_at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    let minute = |time: DateTime<Utc>| time.timestamp().div_euclid(TimeDelta::minutes(1).num_seconds());
    minute(received_at) <= minute(at) && (event == PeerToPeerEvent::Scheduled || minute(at) <= minute(now))
}

/// Asks the practice for something. What is asked for twice is asked for once.
///
/// # Errors
/// See [`ReviewError`].
pub fn ask(case: &Case, items: &[String]) -> Result<Case, ReviewError> {
    let mut case = case.clone();
    let status = case.status;
    let review = case.review.as_mut().ok_or(ReviewError::AlreadyDecided(status))?;
    for item in items {
        if !review.asked_for.contains(item) {
            review.asked_for.push(item.clone());
        }
    }
    Ok(case)
}
