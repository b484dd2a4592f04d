//! How the schedule of a plan departs from a regimen's: interval, cycles, days, frequency, drug by drug (DEV-02).

use super::canonical::{CanonicalPhase, Days, canonical, merged};
use super::plan::PlanLine;
use crate::domain::content::{RegimenDrugRole, RegimenPhase};
use crate::domain::order::Phase;

/// A departure of one drug.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Line concerned.
    pub line: u32,
    /// Drug.
    pub name: String,
    /// JSON pointer of the entry.
    pub field: String,
    /// What the regimen asks for.
    pub expected: String,
    /// What was entered.
    pub entered: String,
    /// What kind of entry it is, in words.
    pub what: &'static str,
    /// True for what runs beside the other phases.
    pub is_beside: bool,
}

/// True where nothing departs from these phases, which hold the drugs of the order: [`compare`] finds nothing, and need not be asked what.
pub fn follows(phases: &[Phase], plan: &[PlanLine<'_>], required: &[String], expected: &[RegimenPhase]) -> bool {
    let (beside, following) = ordered_phases(phases, plan, required);
    let (expected_beside, expected_following) = regimen_phases(expected);
    if required.is_empty() || !beside.is_empty() || !expected_beside.is_empty() {
        return compare(phases, plan, required, expected).is_empty();
    }
    are_alike(&following, &expected_following)
}

/// Every departure from these phases, one per drug concerned.
pub fn compare(phases: &[Phase], plan: &[PlanLine<'_>], required: &[String], expected: &[RegimenPhase]) -> Vec<Difference> {
    let (beside, following) = ordered_phases(phases, plan, required);
    let (expected_beside, expected_following) = regimen_phases(expected);
    let mut found = if beside.is_empty() && expected_beside.is_empty() {
        let all: Vec<&str> = required.iter().map(String::as_str).collect();
        together(&all, &following, &expected_following, plan)
    } else {
        let ordered = Ordered { beside, following, plan };
        let mut found = ordered.against(&expected_following, false);
        for phase in expected_beside {
            found.extend(ordered.against(&[phase], true));
        }
        found
    };
    found.sort_by_key(|difference| difference.line);
    found.dedup_by_key(|difference| difference.line);
    found
}

/// Drugs whose phases follow one another: how they stand to each other counts, too.
fn together(
    drugs: &[&str],
    ordered: &[CanonicalPhase<'_>],
    expected: &[CanonicalPhase<'_>],
    plan: &[PlanLine<'_>],
) -> Vec<Difference> {
    if are_alike(ordered, expected) {
        return Vec::new();
    }
    let mut found: Vec<Difference> =
        drugs.iter().filter_map(|ingredient| one_drug(ingredient, ordered, expected, plan)).collect();
    if found.is_empty() {
        let is_of = |line: &PlanLine<'_>| drugs.iter().any(|ingredient| line.has_ingredient(ingredient));
        found.extend(departs_in(first_line(plan, is_of), "sequence of phases", ordered, expected));
    }
    found
}

fn departs_in(
    line: Option<&PlanLine<'_>>,
    what: &'static str,
    ordered: &[CanonicalPhase<'_>],
    expected: &[CanonicalPhase<'_>],
) -> Option<Difference> {
    line.map(|line| Difference {
        line: line.ordered.line,
        name: line.name().to_owned(),
        field: "/treatment/phases".to_owned(),
        expected: in_words(&merged(expected.iter().cloned())),
        entered: in_words(&merged(ordered.iter().cloned())),
        what,
        is_beside: line.phase.beside,
    })
}

/// An order with phases that run beside others, or one that is compared with such a regimen. What runs beside has no place among what
/// follows one another, and is compared by itself.
struct Ordered<'p, 'a> {
    beside: Vec<CanonicalPhase<'a>>,
    following: Vec<CanonicalPhase<'a>>,
    plan: &'p [PlanLine<'a>],
}

impl Ordered<'_, '_> {
    /// The drugs of phases of a regimen that follow one another, or of one that runs beside.
    fn against(&self, expected: &[CanonicalPhase<'_>], is_beside: bool) -> Vec<Difference> {
        let mut drugs: Vec<&str> = expected.iter().flat_map(|phase| &phase.days).map(|(drug, _)| *drug).collect();
        drugs.sort_unstable();
        drugs.dedup();
        let place = |drug: &str| self.beside.iter().find(|phase| phase.days_of(drug).is_some());
        let (apart, rest): (Vec<&str>, Vec<&str>) = drugs.into_iter().partition(|drug| place(drug).is_some());
        let mut found = Vec::new();
        for drug in apart {
            let (ordered, expected) = (place(drug).map(|phase| phase.only(&[drug])), projected(expected, &[drug]));
            let ordered: Vec<CanonicalPhase<'_>> = ordered.into_iter().collect();
            if is_beside || begins_at_once(&expected) {
                found.extend(together(&[drug], &ordered, &expected, self.plan));
            } else {
                let line = first_line(self.plan, |line| line.has_ingredient(drug));
                found.extend(departs_in(line, "course", &ordered, &expected));
            }
        }
        if rest.is_empty() {
            return found;
        }
        let (ordered, expected) = (projected(&self.following, &rest), projected(expected, &rest));
        if is_beside && !begins_at_once(&ordered) {
            let line = first_line(self.plan, |line| rest.iter().any(|drug| line.has_ingredient(drug)));
            found.extend(departs_in(line, "course", &ordered, &expected));
        } else {
            found.extend(together(&rest, &ordered, &expected, self.plan));
        }
        found
    }
}

fn projected<'a>(phases: &[CanonicalPhase<'a>], drugs: &[&str]) -> Vec<CanonicalPhase<'a>> {
    phases.iter().map(|phase| phase.only(drugs)).collect()
}

/// True where the drugs are in every phase from the first on, until they end.
fn begins_at_once(phases: &[CanonicalPhase<'_>]) -> bool {
    let given = phases.iter().take_while(|phase| !phase.days.is_empty()).count();
    given > 0 && phases.iter().skip(given).all(|phase| phase.days.is_empty())
}

/// The same in canonical form; phase for phase the same, as most are, is that already.
fn are_alike(ordered: &[CanonicalPhase<'_>], expected: &[CanonicalPhase<'_>]) -> bool {
    same(ordered, expected) || same(&canonical(ordered.iter().cloned()), &canonical(expected.iter().cloned()))
}

/// Phases at the end that a regimen gives or leaves out may be missing.
fn same(left: &[CanonicalPhase<'_>], right: &[CanonicalPhase<'_>]) -> bool {
    let may_end = right.iter().skip(left.len().max(1)).all(|phase| phase.cycles_min == 0);
    left.len() <= right.len()
        && may_end
        && left.is_empty() == right.is_empty()
        && left.iter().zip(right).all(|(left, right)| departure(left, right).is_none())
}

/// The line with the lowest number, whichever was entered first.
fn first_line<'p, 'a>(plan: &'p [PlanLine<'a>], is_it: impl Fn(&PlanLine<'a>) -> bool) -> Option<&'p PlanLine<'a>> {
    plan.iter().filter(|line| is_it(line)).min_by_key(|line| line.ordered.line)
}

/// The phases of an order: those that run beside others, and those that follow one another.
fn ordered_phases<'a>(
    phases: &[Phase],
    plan: &[PlanLine<'a>],
    required: &[String],
) -> (Vec<CanonicalPhase<'a>>, Vec<CanonicalPhase<'a>>) {
    let canonical = phases.iter().enumerate().map(|(index, phase)| {
        let mut days: Vec<(&'a str, Days)> = Vec::with_capacity(required.len());
        for line in plan.iter().filter(|line| line.phase_index == index && !line.is_investigational()) {
            for ingredient in line.ingredients().filter(|name| required.iter().any(|required| required == name)) {
                add(&mut days, ingredient, &line.ordered.days, line.ordered.frequency_per_day);
            }
        }
        (phase.beside, CanonicalPhase::ordered(index, phase.cycle_length_days, phase.cycles, days))
    });
    apart(canonical)
}

fn apart<'a>(phases: impl Iterator<Item = (bool, CanonicalPhase<'a>)>) -> (Vec<CanonicalPhase<'a>>, Vec<CanonicalPhase<'a>>) {
    let (beside, following): (Vec<_>, Vec<_>) = phases.partition(|(beside, _)| *beside);
    let phases = |phases: Vec<(bool, CanonicalPhase<'a>)>| phases.into_iter().map(|(_, phase)| phase).collect();
    (phases(beside), phases(following))
}

/// The same of a regimen.
fn regimen_phases(phases: &[RegimenPhase]) -> (Vec<CanonicalPhase<'_>>, Vec<CanonicalPhase<'_>>) {
    let canonical = phases.iter().enumerate().map(|(source, phase)| {
        let mut days: Vec<(&str, Days)> = Vec::with_capacity(phase.drugs.len());
        for drug in phase.drugs.iter().filter(|drug| drug.role != RegimenDrugRole::Supportive) {
            for ingredient in &drug.ingredients {
                add(&mut days, ingredient, &drug.days, drug.frequency_per_day);
            }
        }
        let canonical = CanonicalPhase {
            length: phase.cycle_length_days,
            cycles_min: phase.cycles_min,
            cycles_max: phase.cycles_max,
            until_progression: phase.until_progression,
            days,
            source,
        };
        (phase.beside, canonical)
    });
    apart(canonical)
}

/// A drug split over two lines on one day is given once (REG-01: bolus and infusion, two vial sizes).
fn add<'a>(found: &mut Vec<(&'a str, Days)>, ingredient: &'a str, more: &[u32], times: u32) {
    let at = found.partition_point(|(name, _)| *name < ingredient);
    if found.get(at).is_none_or(|(name, _)| *name != ingredient) {
        found.insert(at, (ingredient, Vec::with_capacity(more.len())));
    }
    let Some((_, days)) = found.get_mut(at) else { return };
    for day in more {
        let at = days.partition_point(|(known, _)| known < day);
        match days.get_mut(at).filter(|(known, _)| known == day) {
            Some((_, known)) => *known = (*known).max(times),
            None => days.insert(at, (*day, times)),
        }
    }
}

/// Which entry of one canonical phase departs.
enum Departure {
    Interval,
    Cycles,
    Days,
    Frequency,
}

fn departure(ordered: &CanonicalPhase<'_>, expected: &CanonicalPhase<'_>) -> Option<Departure> {
    if ordered.length != expected.length {
        return Some(Departure::Interval);
    }
    if !cycles_fit(ordered, expected) {
        return Some(Departure::Cycles);
    }
    if ordered.days == expected.days {
        return None;
    }
    let same_days = ordered.days.len() == expected.days.len()
        && ordered
            .days
            .iter()
            .zip(&expected.days)
            .all(|((left, days), (right, wanted))| left == right && given_on(days).eq(given_on(wanted)));
    Some(if same_days { Departure::Frequency } else { Departure::Days })
}

fn given_on(days: &[(u32, u32)]) -> impl Iterator<Item = u32> {
    days.iter().map(|(day, _)| *day)
}

/// Treatment until progression fits an open-ended regimen, also one with a cap; a number of cycles fits the regimen's range (REG-13).
fn cycles_fit(ordered: &CanonicalPhase<'_>, expected: &CanonicalPhase<'_>) -> bool {
    if ordered.until_progression {
        return expected.until_progression;
    }
    let enough = ordered.cycles_min >= expected.cycles_min || expected.until_progression;
    enough && expected.cycles_max.is_none_or(|most| ordered.cycles_min <= most)
}

fn one_drug<'a>(
    ingredient: &str,
    ordered: &[CanonicalPhase<'a>],
    expected: &[CanonicalPhase<'a>],
    plan: &[PlanLine<'_>],
) -> Option<Difference> {
    let alone = |phases: &[CanonicalPhase<'a>]| phases.iter().map(|phase| phase.only(&[ingredient])).collect::<Vec<_>>();
    let (ordered, expected) = (alone(ordered), alone(expected));
    if are_alike(&ordered, &expected) {
        return None;
    }
    // told in the cycles that people entered, not in the shortest ones
    let (ordered, expected) = (merged(ordered), merged(expected));
    let at = |source: usize| {
        first_line(plan, |line| line.phase_index == source && line.has_ingredient(ingredient))
            .or_else(|| first_line(plan, |line| line.has_ingredient(ingredient)))
    };
    let describe = |line: &PlanLine<'_>, field: String, expected: String, entered: String, what| Difference {
        line: line.ordered.line,
        name: line.name().to_owned(),
        field,
        expected,
        entered,
        what,
        is_beside: line.phase.beside,
    };
    if ordered.len() != expected.len() {
        let line = at(ordered.first().map_or(0, |phase| phase.source))?;
        return Some(describe(line, "/treatment/phases".to_owned(), in_words(&expected), in_words(&ordered), "course"));
    }
    ordered.iter().zip(&expected).find_map(|(have, want)| {
        let line = at(have.source)?;
        let phase = format!("/treatment/phases/{}", line.phase_index);
        Some(match departure(have, want)? {
            Departure::Interval => describe(
                line,
                format!("{phase}/cycle_length_days"),
                want.length.to_string(),
                have.length.to_string(),
                "length of cycle in days",
            ),
            Departure::Cycles => describe(line, format!("{phase}/cycles"), cycles(want), cycles(have), "number of cycles"),
            Departure::Days => describe(line, line.pointer("/days"), days(want), days(have), "days of the cycle"),
            Departure::Frequency => {
                describe(line, line.pointer("/frequency_per_day"), times(want), times(have), "administrations a day")
            }
        })
    })
}

fn cycles(phase: &CanonicalPhase<'_>) -> String {
    match (phase.cycles_min, phase.cycles_max) {
        (_, None) => "until progression".to_owned(),
        (_, Some(most)) if phase.until_progression => format!("until progression, at most {most}"),
        (fewest, Some(most)) if fewest == most => most.to_string(),
        (fewest, Some(most)) => format!("{fewest} to {most}"),
    }
}

fn days(phase: &CanonicalPhase<'_>) -> String {
    let mut all: Vec<u32> = phase.days.iter().flat_map(|(_, days)| given_on(days)).collect();
    all.sort_unstable();
    all.dedup();
    day_list(&all)
}

fn times(phase: &CanonicalPhase<'_>) -> String {
    let mut all: Vec<u32> = phase.days.iter().flat_map(|(_, days)| days).map(|(_, times)| *times).collect();
    all.sort_unstable();
    all.dedup();
    all.iter().map(u32::to_string).collect::<Vec<_>>().join(", ")
}

fn in_words(phases: &[CanonicalPhase<'_>]) -> String {
    if phases.is_empty() {
        return "not given".to_owned();
    }
    let one = |phase: &CanonicalPhase<'_>| format!("day {} every {} days, cycles: {}", days(phase), phase.length, cycles(phase));
    phases.iter().map(one).collect::<Vec<_>>().join("; then ")
}

/// Days as people write them: `1, 8, 15` or `1-14`.
pub fn day_list(days: &[u32]) -> String {
    let mut parts: Vec<(u32, u32)> = Vec::new();
    for day in days {
        match parts.last_mut() {
            Some((_, last)) if *last + 1 == *day => *last = *day,
            _ => parts.push((*day, *day)),
        }
    }
    let word = |(first, last): &(u32, u32)| match last - first {
        0 => first.to_string(),
        1 => format!("{first}, {last}"),
        _ => format!("{first}-{last}"),
    };
    parts.iter().map(word).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::day_list;

    #[test]
    fn days_are_written_as_people_write_them() {
        assert_eq!(day_list(&[1]), "1");
        assert_eq!(day_list(&[1, 8, 15]), "1, 8, 15");
        assert_eq!(day_list(&[1, 2]), "1, 2");
        assert_eq!(day_list(&(1..=14).collect::<Vec<_>>()), "1-14");
        assert_eq!(day_list(&[1, 2, 3, 4, 8, 9, 10, 11]), "1-4, 8-11");
    }
}
