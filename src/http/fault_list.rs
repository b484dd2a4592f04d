//! The faults of a request, as many as anybody mends. Each that is listed costs work and memory here and to whoever reads it, and a caller
//! can send a hundred thousand in one body: what is beyond the list is counted and not made.

use crate::domain::refusal::Fault;

/// So many faults are listed.
pub const LISTED_AT_MOST: usize = 100;
/// So many of them say what may have been meant: to find that costs a look at every known word.
const HINTS_AT_MOST: usize = 20;
/// The longest part of a pointer, in bytes: a name that a caller made up may be as long as a body.
const STEP_AT_MOST: usize = 200;

/// Faults, and how many more there are.
#[derive(Debug, Clone, Default)]
pub struct FaultList {
    listed: Vec<Fault>,
    unlisted: usize,
    hinted: usize,
}

impl FaultList {
    /// True where nothing is wrong.
    pub const fn is_empty(&self) -> bool {
        self.listed.is_empty() && self.unlisted == 0
    }

    /// How many are listed.
    pub const fn len(&self) -> usize {
        self.listed.len()
    }

    /// True where a further one is only counted.
    pub const fn is_full(&self) -> bool {
        self.listed.len() >= LISTED_AT_MOST
    }

    /// Adds a fault, which is made only where it is listed. The same one again is the same one.
    pub fn add(&mut self, fault: impl FnOnce() -> Fault) {
        if self.is_full() {
            self.unlisted += 1;
            return;
        }
        let fault = fault();
        if self.listed.last() != Some(&fault) {
            self.listed.push(fault);
        }
    }

    /// Counts faults that are not listed.
    pub const fn count(&mut self, more: usize) {
        self.unlisted = self.unlisted.saturating_add(more);
    }

    /// Adds what another list has.
    pub fn append(&mut self, other: Self) {
        for fault in other.listed {
            self.add(|| fault);
        }
        self.count(other.unlisted);
    }

    /// What `find` says may have been meant, as long as hints are given.
    pub fn hint<'w>(&mut self, find: impl FnOnce() -> Option<&'w str>) -> Option<&'w str> {
        if self.is_full() || self.hinted >= HINTS_AT_MOST {
            return None;
        }
        self.hinted += 1;
        find()
    }

    /// The faults listed since there were so many, to say more about them.
    pub fn since(&mut self, before: usize) -> &mut [Fault] {
        self.listed.get_mut(before..).unwrap_or_default()
    }

    /// Those listed, and how many are not.
    pub fn into_parts(self) -> (Vec<Fault>, usize) {
        (self.listed, self.unlisted)
    }
}

impl From<Vec<Fault>> for FaultList {
    fn from(mut faults: Vec<Fault>) -> Self {
        let unlisted = faults.len().saturating_sub(LISTED_AT_MOST);
        faults.truncate(LISTED_AT_MOST);
        Self { listed: faults, unlisted, hinted: 0 }
    }
}

/// A name as part of a JSON pointer; one that is too long to be anybody's is cut off.
pub fn step(name: &str) -> String {
    let mut end = STEP_AT_MOST.min(name.len());
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    let (shown, rest) = name.split_at(end);
    let mut step = shown.replace('~', "~0").replace('/', "~1");
    if !rest.is_empty() {
        step.push('…');
    }
    step
}

#[cfg(test)]
mod tests {
    use super::{FaultList, LISTED_AT_MOST, step};
    use crate::domain::refusal::Fault;

    fn fault(number: usize) -> Fault {
        Fault::new(format!("/{number}"), "x", "y")
    }

    #[test]
    fn a_hundred_are_listed_and_those_beyond_are_counted_without_being_made() {
        let mut faults = FaultList::default();
        for number in 0..LISTED_AT_MOST {
            faults.add(|| fault(number));
        }
        faults.add(|| unreachable!("nobody reads it"));
        faults.count(5);
        let mut all = FaultList::from((0..LISTED_AT_MOST + 2).map(fault).collect::<Vec<_>>());
        all.append(faults);
        let (listed, unlisted) = all.into_parts();
        assert_eq!((listed.len(), unlisted), (LISTED_AT_MOST, 2 + LISTED_AT_MOST + 6));
    }

    #[test]
    fn hints_are_looked_for_twenty_times() {
        let mut faults = FaultList::default();
        let found = (0..30).filter_map(|_| faults.hint(|| Some("word"))).count();
        assert_eq!(found, 20);
    }

    #[test]
    fn a_long_name_is_cut_between_characters() {
        assert_eq!(step("a/b~c"), "a~1b~0c");
        let cut = step(&"é".repeat(100_000));
        assert!(cut.ends_with("é…") && cut.len() < 210, "{cut}");
    }
}
