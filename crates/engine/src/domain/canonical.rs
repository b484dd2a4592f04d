//! Brings a plan to one form, so that neither the order of lines nor an equivalent split into phases changes what it matches.
//!
//! Two steps: a phase whose days repeat within the cycle becomes shorter cycles (21 days with days 1, 8, 15 is 7 days with day 1,
//! three times as often), and neighbouring phases with the same cycle are one.

/// An ingredient's place among those of a release's regimens, which are in the order of their names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IngredientId(pub u16);

/// An ingredient on a day of a cycle, with its administrations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct GivenOn {
    /// Which ingredient.
    pub ingredient: IngredientId,
    /// Day of the cycle, from 1.
    pub day: u32,
    /// Administrations on that day.
    pub times: u32,
}

/// A phase in canonical form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CanonicalPhase {
    /// Days of a cycle.
    pub length: u32,
    /// Fewest cycles.
    pub cycles_min: u32,
    /// Most cycles; none where open-ended.
    pub cycles_max: Option<u32>,
    /// True where it may run until progression (REG-13).
    pub until_progression: bool,
    /// Days of each ingredient, in the order of ingredients and days.
    pub given: Vec<GivenOn>,
    /// Index of the first phase it stands for.
    pub source: usize,
}

impl CanonicalPhase {
    /// A phase of an order, still without drugs: exactly so many cycles, or open-ended.
    pub const fn ordered(source: usize, length: u32, cycles: Option<u32>) -> Self {
        let min = match cycles {
            Some(count) => count,
            None => 1,
        };
        Self { length, cycles_min: min, cycles_max: cycles, until_progression: cycles.is_none(), given: Vec::new(), source }
    }

    /// Adds the days of an ingredient. What is split over two lines on one day is given once (REG-01: bolus and infusion, two vial sizes).
    pub fn give(&mut self, ingredient: IngredientId, days: &[u32], times: u32) {
        for day in days {
            let at = self.given.partition_point(|known| (known.ingredient, known.day) < (ingredient, *day));
            match self.given.get_mut(at).filter(|known| known.ingredient == ingredient && known.day == *day) {
                Some(known) => known.times = known.times.max(times),
                None => self.given.insert(at, GivenOn { ingredient, day: *day, times }),
            }
        }
    }

    /// The same phase with these ingredients only.
    #[must_use]
    pub fn only(&self, ingredients: &[IngredientId]) -> Self {
        let given = self.given.iter().filter(|given| ingredients.contains(&given.ingredient)).copied().collect();
        Self { given, ..*self }
    }

    /// True where it holds the ingredient.
    pub fn gives(&self, ingredient: IngredientId) -> bool {
        self.days_of(ingredient).next().is_some()
    }

    /// The days of an ingredient.
    pub fn days_of(&self, ingredient: IngredientId) -> impl Iterator<Item = &GivenOn> {
        self.given.iter().filter(move |given| given.ingredient == ingredient)
    }

    /// Shortens the cycle as far as its days repeat.
    fn shortened(mut self) -> Self {
        let parts = (2..=self.length).rev().find(|parts| self.length.is_multiple_of(*parts) && self.repeats(self.length / parts));
        if let Some(parts) = parts {
            let period = self.length / parts;
            self.length = period;
            self.cycles_min *= parts;
            self.cycles_max = self.cycles_max.map(|most| most * parts);
            self.given.retain(|given| given.day <= period);
        }
        self
    }

    /// True when every drug's days are the same in each part of the cycle.
    fn repeats(&self, period: u32) -> bool {
        !self.given.is_empty()
            && self.given.iter().all(|given| {
                let next = if given.day + period > self.length { (given.day - 1) % period + 1 } else { given.day + period };
                self.given.contains(&GivenOn { day: next, ..*given })
            })
    }
}

/// The canonical form of a sequence of phases; phases without drugs of interest are left out.
pub fn canonical(phases: impl IntoIterator<Item = CanonicalPhase>) -> Vec<CanonicalPhase> {
    merged(phases.into_iter().map(CanonicalPhase::shortened))
}

/// Neighbouring phases with the same cycle as one, cycles as long as they were entered.
pub fn merged(phases: impl IntoIterator<Item = CanonicalPhase>) -> Vec<CanonicalPhase> {
    let mut out: Vec<CanonicalPhase> = Vec::new();
    for phase in phases.into_iter().filter(|phase| !phase.given.is_empty()) {
        match out.last_mut() {
            Some(last) if last.length == phase.length && last.given == phase.given => {
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
    use super::{CanonicalPhase, IngredientId, canonical};
    use proptest::prelude::*;

    fn phase(length: u32, cycles: Option<u32>, days: &[u32]) -> CanonicalPhase {
        let mut phase = CanonicalPhase::ordered(0, length, cycles);
        phase.give(IngredientId(0), days, 1);
        phase
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

    #[test]
    fn a_drug_on_two_lines_of_one_day_is_given_once() {
        // proves REG-01
        let mut split = phase(21, Some(4), &[8, 1]);
        split.give(IngredientId(0), &[1], 2);
        let given: Vec<(u32, u32)> = split.given.iter().map(|given| (given.day, given.times)).collect();
        assert_eq!(given, [(1, 2), (8, 1)]);
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
