//! Brings a plan to one form, so that neither the order of lines nor an equivalent split into phases changes what it matches.
//!
//! Two steps: a phase whose days repeat within the cycle becomes shorter cycles (21 days with days 1, 8, 15 is 7 days with day 1,
//! three times as often), and neighbouring phases with the same cycle are one.

/// What is given on the days of a cycle: each day, in their order, with its administrations.
pub type Days = Vec<(u32, u32)>;

/// A phase in canonical form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CanonicalPhase<'a> {
    /// Days of a cycle.
    pub length: u32,
    /// Fewest cycles.
    pub cycles_min: u32,
    /// Most cycles; none where open-ended.
    pub cycles_max: Option<u32>,
    /// True where it may run until progression (REG-13).
    pub until_progression: bool,
    /// Days of each ingredient, in the order of their names.
    pub days: Vec<(&'a str, Days)>,
    /// Index of the first phase it stands for.
    pub source: usize,
}

impl<'a> CanonicalPhase<'a> {
    /// A phase of an order: exactly so many cycles, or open-ended.
    pub const fn ordered(source: usize, length: u32, cycles: Option<u32>, days: Vec<(&'a str, Days)>) -> Self {
        let min = match cycles {
            Some(count) => count,
            None => 1,
        };
        Self { length, cycles_min: min, cycles_max: cycles, until_progression: cycles.is_none(), days, source }
    }

    /// The same phase with these ingredients only.
    #[must_use]
    pub fn only(&self, ingredients: &[&str]) -> Self {
        let days = self.days.iter().filter(|(name, _)| ingredients.contains(name)).cloned().collect();
        Self { days, ..*self }
    }

    /// The days of an ingredient.
    pub fn days_of(&self, ingredient: &str) -> Option<&Days> {
        self.days.iter().find(|(name, _)| *name == ingredient).map(|(_, days)| days)
    }

    /// Shortens the cycle as far as its days repeat.
    fn shortened(mut self) -> Self {
        let parts = (2..=self.length).rev().find(|parts| self.length.is_multiple_of(*parts) && self.repeats(self.length / parts));
        if let Some(parts) = parts {
            let period = self.length / parts;
            self.length = period;
            self.cycles_min *= parts;
            self.cycles_max = self.cycles_max.map(|most| most * parts);
            for (_, days) in &mut self.days {
                days.retain(|(day, _)| *day <= period);
            }
        }
        self
    }

    /// True when every drug's days are the same in each part of the cycle.
    fn repeats(&self, period: u32) -> bool {
        !self.days.is_empty()
            && self.days.iter().all(|(_, days)| {
                days.iter().all(|(day, times)| {
                    let next = if day + period > self.length { (day - 1) % period + 1 } else { day + period };
                    days.contains(&(next, *times))
                })
            })
    }
}

/// The canonical form of a sequence of phases; phases without drugs of interest are left out.
pub fn canonical<'a>(phases: impl IntoIterator<Item = CanonicalPhase<'a>>) -> Vec<CanonicalPhase<'a>> {
    merged(phases.into_iter().map(CanonicalPhase::shortened))
}

/// Neighbouring phases with the same cycle as one, cycles as long as they were entered.
pub fn merged<'a>(phases: impl IntoIterator<Item = CanonicalPhase<'a>>) -> Vec<CanonicalPhase<'a>> {
    let mut out: Vec<CanonicalPhase<'a>> = Vec::new();
    for phase in phases.into_iter().filter(|phase| !phase.days.is_empty()) {
        match out.last_mut() {
            Some(last) if last.length == phase.length && last.days == phase.days => {
                last.cycles_min += phase.cycles_min;
                last.cycles_max = last.cycles_max.zip(phase.cycles_max).map(|(left, right)| left + right);
                last.until_progression |= phase.until_progression;
            }
            _ => out.push(phase),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{CanonicalPhase, canonical};
    use proptest::prelude::*;

    fn phase(length: u32, cycles: Option<u32>, days: &[u32]) -> CanonicalPhase<'static> {
        CanonicalPhase::ordered(0, length, cycles, vec![("paclitaxel", days.iter().map(|day| (*day, 1)).collect())])
    }

    #[test]
    fn weekly_dosing_is_the_same_in_one_week_and_three_week_cycles() {
        // proves REG-01
        assert_eq!(canonical([phase(21, Some(4), &[1, 8, 15])]), canonical([phase(7, Some(12), &[1])]));
        assert_eq!(
            canonical([phase(42, None, &[1, 22])]),
            canonical([phase(21, None, &[1])])
                .into_iter()
                .map(|mut p| {
                    p.cycles_min = 2;
                    p
                })
                .collect::<Vec<_>>()
        );
        assert_ne!(canonical([phase(21, Some(4), &[1, 8])]), canonical([phase(7, Some(8), &[1])]));
    }

    proptest! {
        #[test]
        fn splitting_a_phase_changes_nothing(length in 1_u32..40, left in 1_u32..9, right in 1_u32..9, day in 1_u32..40) {
            let day = (day - 1) % length + 1;
            let whole = canonical([phase(length, Some(left + right), &[day])]);
            let split = canonical([phase(length, Some(left), &[day]), phase(length, Some(right), &[day])]);
            prop_assert_eq!(whole, split);
        }
    }
}
