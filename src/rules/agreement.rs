//! Whether the answers of an order agree with each other and with its diagnosis (SAFE-11, SAFE-12).

use super::concern::Concern;
use super::drugs::Shared;
use super::facts::Facts;

/// Everything that a person has to look at.
pub const fn concerns(_facts: &Facts<'_>, _shared: &Shared<'_>) -> Vec<Concern> {
    Vec::new()
}
