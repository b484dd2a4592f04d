//! How the schedule of a plan departs from a regimen's: interval, cycles, days, frequency, drug by drug (DEV-02).

use super::plan::PlanLine;
use crate::domain::canonical::{CanonicalPhase, IngredientId, canonical, merged};
use crate::domain::content::{Content, Way};
use crate::domain::order::Phase;
use crate::domain::text::day_list;
use std::cell::OnceCell;

/// A departure of one drug, in words.
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

/// The phases of an order with those of its drugs that are compared.
#[derive(Debug)]
pub struct Ordered {
    /// Phases that run beside the others.
    beside: Vec<CanonicalPhase>,
    /// Phases that follow one another, as entered.
    following: Vec<CanonicalPhase>,
    /// The same in canonical form, once that was asked for.
    shortest: OnceCell<Vec<CanonicalPhase>>,
}

impl Ordered {
    /// With every ingredient of the plan that some regimen has.
    pub fn of(phases: &[Phase], plan: &[PlanLine<'_>], content: &Content) -> Self {
        let (mut beside, mut following) = (Vec::new(), Vec::with_capacity(phases.len()));
        for (index, phase) in phases.iter().enumerate() {
            let mut canonical = CanonicalPhase::ordered(index, phase.cycle_length_days, phase.cycles);
            for line in plan.iter().filter(|line| line.phase_index == index && !line.is_investigational()) {
                for ingredient in line.ingredients().filter_map(|name| content.ingredient(name)) {
                    canonical.give(ingredient, &line.ordered.days, line.ordered.frequency_per_day);
                }
            }
            if phase.beside { &mut beside } else { &mut following }.push(canonical);
        }
        Self { beside, following, shortest: OnceCell::new() }
    }

    /// The same with these ingredients only.
    #[must_use]
    pub fn only(&self, ingredients: &[IngredientId]) -> Self {
        let (beside, following) = (projected(&self.beside, ingredients), projected(&self.following, ingredients));
        Self { beside, following, shortest: OnceCell::new() }
    }

    fn shortest(&self) -> &[CanonicalPhase] {
        self.shortest.get_or_init(|| canonical(self.following.iter().cloned()))
    }

    /// True where it follows a way in everything: the same in canonical form; phase for phase the same, as most are, is that already.
    fn is_alike(&self, way: &Way, extent: Extent) -> bool {
        same(&self.following, &way.following, extent) || same(self.shortest(), &way.shortest, extent)
    }

    /// The drugs of phases of a regimen that follow one another, or of one that runs beside.
    fn against<'p, 'a>(
        &self,
        expected: &[CanonicalPhase],
        is_beside: bool,
        lines: Lines<'p, 'a>,
        extent: Extent,
    ) -> Vec<Departure<'p, 'a>> {
        let mut drugs: Vec<IngredientId> = expected.iter().flat_map(|phase| &phase.given).map(|given| given.ingredient).collect();
        drugs.sort_unstable();
        drugs.dedup();
        let place = |drug: IngredientId| self.beside.iter().find(|phase| phase.gives(drug));
        let (apart, rest): (Vec<IngredientId>, Vec<IngredientId>) = drugs.into_iter().partition(|drug| place(*drug).is_some());
        let mut found = Vec::new();
        for drug in apart {
            let (ordered, expected) = (place(drug).map(|phase| phase.only(&[drug])), projected(expected, &[drug]));
            let ordered: Vec<CanonicalPhase> = ordered.into_iter().collect();
            if is_beside || begins_at_once(&expected) {
                found.extend(together(&[drug], &ordered, &expected, lines, extent));
            } else {
                found.extend(departs_in(lines.first(|line| lines.is_of(line, drug)), How::Course, &ordered, &expected));
            }
        }
        if rest.is_empty() {
            return found;
        }
        let (ordered, expected) = (projected(&self.following, &rest), projected(expected, &rest));
        if is_beside && !begins_at_once(&ordered) {
            let line = lines.first(|line| rest.iter().any(|drug| lines.is_of(line, *drug)));
            found.extend(departs_in(line, How::Course, &ordered, &expected));
        } else {
            found.extend(together(&rest, &ordered, &expected, lines, extent));
        }
        found
    }
}

/// The lines of a plan, with the content that names their ingredients.
#[derive(Debug, Clone, Copy)]
pub struct Lines<'p, 'a> {
    /// The lines.
    pub plan: &'p [PlanLine<'a>],
    /// Content.
    pub content: &'p Content,
}

impl<'p, 'a> Lines<'p, 'a> {
    fn is_of(self, line: &PlanLine<'_>, ingredient: IngredientId) -> bool {
        line.has_ingredient(self.content.ingredient_name(ingredient))
    }

    /// The line with the lowest number, whichever was entered first.
    fn first(self, is_it: impl Fn(&PlanLine<'a>) -> bool) -> Option<&'p PlanLine<'a>> {
        self.plan.iter().filter(|line| is_it(line)).min_by_key(|line| line.ordered.line)
    }
}

/// How much of a way an order gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Extent {
    /// All of it, but for what it leaves open.
    Whole,
    /// Its first phases: the later ones are ordered when it is known how these went.
    Beginning,
}

/// True where nothing departs from a way that holds the drugs of the order: [`departures`] finds nothing, and need not be asked what.
pub fn follows(ordered: &Ordered, way: &Way, lines: Lines<'_, '_>, extent: Extent) -> bool {
    if way.required.is_empty() || !ordered.beside.is_empty() || !way.beside.is_empty() {
        return departures(ordered, way, lines, extent).is_empty();
    }
    ordered.is_alike(way, extent)
}

/// Every departure from a way, one per line concerned.
pub fn departures<'p, 'a>(ordered: &Ordered, way: &Way, lines: Lines<'p, 'a>, extent: Extent) -> Vec<Departure<'p, 'a>> {
    let mut found = if ordered.beside.is_empty() && way.beside.is_empty() {
        if ordered.is_alike(way, extent) {
            return Vec::new();
        }
        apart(&way.required, &ordered.following, &way.following, lines)
    } else {
        let mut found = ordered.against(&way.following, false, lines, extent);
        for phase in &way.beside {
            found.extend(ordered.against(std::slice::from_ref(phase), true, lines, extent));
        }
        found
    };
    found.sort_by_key(|departure| departure.line.ordered.line);
    found.dedup_by_key(|departure| departure.line.ordered.line);
    found
}

/// Drugs whose phases follow one another: how they stand to each other counts, too.
fn together<'p, 'a>(
    drugs: &[IngredientId],
    ordered: &[CanonicalPhase],
    expected: &[CanonicalPhase],
    lines: Lines<'p, 'a>,
    extent: Extent,
) -> Vec<Departure<'p, 'a>> {
    if are_alike(ordered, expected, extent) { Vec::new() } else { apart(drugs, ordered, expected, lines) }
}

/// The same for phases that are not alike.
fn apart<'p, 'a>(
    drugs: &[IngredientId],
    ordered: &[CanonicalPhase],
    expected: &[CanonicalPhase],
    lines: Lines<'p, 'a>,
) -> Vec<Departure<'p, 'a>> {
    let mut found: Vec<Departure<'p, 'a>> =
        drugs.iter().filter_map(|ingredient| one_drug(*ingredient, ordered, expected, lines)).collect();
    if found.is_empty() {
        let is_of = |line: &PlanLine<'_>| drugs.iter().any(|ingredient| lines.is_of(line, *ingredient));
        found.extend(departs_in(lines.first(is_of), How::Sequence, ordered, expected));
    }
    found
}

fn departs_in<'p, 'a>(
    line: Option<&'p PlanLine<'a>>,
    how: How,
    ordered: &[CanonicalPhase],
    expected: &[CanonicalPhase],
) -> Option<Departure<'p, 'a>> {
    line.map(|line| Departure { line, how, expected: merged(expected.iter().cloned()), ordered: merged(ordered.iter().cloned()) })
}

fn projected(phases: &[CanonicalPhase], drugs: &[IngredientId]) -> Vec<CanonicalPhase> {
    phases.iter().map(|phase| phase.only(drugs)).collect()
}

/// True where the drugs are in every phase from the first on, until they end.
fn begins_at_once(phases: &[CanonicalPhase]) -> bool {
    let given = phases.iter().take_while(|phase| !phase.given.is_empty()).count();
    given > 0 && phases.iter().skip(given).all(|phase| phase.given.is_empty())
}

/// The same in canonical form; phase for phase the same, as most are, is that already.
fn are_alike(ordered: &[CanonicalPhase], expected: &[CanonicalPhase], extent: Extent) -> bool {
    same(ordered, expected, extent) || same(&canonical(ordered.iter().cloned()), &canonical(expected.iter().cloned()), extent)
}

/// Phases at the end that a regimen gives or leaves out may be missing; of a beginning every later one. The number of cycles of a phase is
/// never another one (DEV-02).
fn same(left: &[CanonicalPhase], right: &[CanonicalPhase], extent: Extent) -> bool {
    let may_end = extent == Extent::Beginning || right.iter().skip(left.len().max(1)).all(|phase| phase.cycles_min == 0);
    left.len() <= right.len()
        && may_end
        && left.is_empty() == right.is_empty()
        && left.iter().zip(right).all(|(left, right)| how(left, right).is_none())
}

/// A departure of one drug.
#[derive(Debug)]
pub struct Departure<'p, 'a> {
    /// Line concerned.
    line: &'p PlanLine<'a>,
    how: How,
    ordered: Vec<CanonicalPhase>,
    expected: Vec<CanonicalPhase>,
}

/// Which entry departs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    Interval,
    Cycles,
    Days,
    Frequency,
    /// When the drug is given, as a whole.
    Course,
    /// How the phases of all drugs follow one another.
    Sequence,
}

impl Departure<'_, '_> {
    /// As people are told.
    pub fn in_words(&self) -> Difference {
        let in_phase = |field: &str| format!("/treatment/phases/{}/{field}", self.line.phase_index);
        let (what, field) = match self.how {
            How::Interval => ("length of cycle in days", in_phase("cycle_length_days")),
            How::Cycles => ("number of cycles", in_phase("cycles")),
            How::Days => ("days of the cycle", self.line.pointer("/days")),
            How::Frequency => ("administrations a day", self.line.pointer("/frequency_per_day")),
            How::Course => ("course", "/treatment/phases".to_owned()),
            How::Sequence => ("sequence of phases", "/treatment/phases".to_owned()),
        };
        let words = |phases: &[CanonicalPhase]| match (self.how, phases) {
            (How::Interval, [phase]) => phase.length.to_string(),
            (How::Cycles, [phase]) => cycles(phase),
            (How::Days, [phase]) => days(phase),
            (How::Frequency, [phase]) => times(phase),
            (_, phases) => in_words(phases),
        };
        Difference {
            line: self.line.ordered.line,
            name: self.line.name().to_owned(),
            field,
            expected: words(&self.expected),
            entered: words(&self.ordered),
            what,
            is_beside: self.line.phase.beside,
        }
    }
}

/// Which entry of one canonical phase departs.
fn how(ordered: &CanonicalPhase, expected: &CanonicalPhase) -> Option<How> {
    if ordered.length != expected.length {
        return Some(How::Interval);
    }
    if !cycles_fit(ordered, expected) {
        return Some(How::Cycles);
    }
    if ordered.given == expected.given {
        return None;
    }
    Some(if on_days(ordered).eq(on_days(expected)) { How::Frequency } else { How::Days })
}

fn on_days(phase: &CanonicalPhase) -> impl Iterator<Item = (IngredientId, u32)> {
    phase.given.iter().map(|given| (given.ingredient, given.day))
}

/// Treatment until progression fits an open-ended regimen, also one with a cap; a number of cycles fits the regimen's range (REG-13).
fn cycles_fit(ordered: &CanonicalPhase, expected: &CanonicalPhase) -> bool {
    if ordered.until_progression {
        return expected.until_progression;
    }
    let enough = ordered.cycles_min >= expected.cycles_min || expected.until_progression;
    enough && expected.cycles_max.is_none_or(|most| ordered.cycles_min <= most)
}

fn one_drug<'p, 'a>(
    ingredient: IngredientId,
    ordered: &[CanonicalPhase],
    expected: &[CanonicalPhase],
    lines: Lines<'p, 'a>,
) -> Option<Departure<'p, 'a>> {
    if is_alike_in(ingredient, ordered, expected) {
        return None;
    }
    let (ordered, expected) = (projected(ordered, &[ingredient]), projected(expected, &[ingredient]));
    if same(&canonical(ordered.iter().cloned()), &canonical(expected.iter().cloned()), Extent::Whole) {
        return None;
    }
    // told in the cycles that people entered, not in the shortest ones
    let (ordered, expected) = (merged(ordered), merged(expected));
    let at = |source: usize| {
        lines
            .first(|line| line.phase_index == source && lines.is_of(line, ingredient))
            .or_else(|| lines.first(|line| lines.is_of(line, ingredient)))
    };
    if ordered.len() != expected.len() {
        let line = at(ordered.first().map_or(0, |phase| phase.source))?;
        return Some(Departure { line, how: How::Course, ordered, expected });
    }
    ordered.iter().zip(&expected).find_map(|(have, want)| {
        let line = at(have.source)?;
        let how = how(have, want)?;
        Some(Departure { line, how, ordered: vec![have.clone()], expected: vec![want.clone()] })
    })
}

/// True where phase for phase an ingredient is given the same.
fn is_alike_in(ingredient: IngredientId, ordered: &[CanonicalPhase], expected: &[CanonicalPhase]) -> bool {
    let is_alike = |(left, right): (&CanonicalPhase, &CanonicalPhase)| {
        left.length == right.length && cycles_fit(left, right) && left.days_of(ingredient).eq(right.days_of(ingredient))
    };
    ordered.len() == expected.len() && ordered.iter().zip(expected).all(is_alike)
}

fn cycles(phase: &CanonicalPhase) -> String {
    match (phase.cycles_min, phase.cycles_max) {
        (_, None) => "until progression".to_owned(),
        (_, Some(most)) if phase.until_progression => format!("until progression, at most {most}"),
        (fewest, Some(most)) if fewest == most => most.to_string(),
        (fewest, Some(most)) => format!("{fewest} to {most}"),
    }
}

fn days(phase: &CanonicalPhase) -> String {
    let mut all: Vec<u32> = phase.given.iter().map(|given| given.day).collect();
    all.sort_unstable();
    all.dedup();
    day_list(&all)
}

fn times(phase: &CanonicalPhase) -> String {
    let mut all: Vec<u32> = phase.given.iter().map(|given| given.times).collect();
    all.sort_unstable();
    all.dedup();
    all.iter().map(u32::to_string).collect::<Vec<_>>().join(", ")
}

fn in_words(phases: &[CanonicalPhase]) -> String {
    if phases.is_empty() {
        return "not given".to_owned();
    }
    let one = |phase: &CanonicalPhase| format!("day {} every {} days, cycles: {}", days(phase), phase.length, cycles(phase));
    phases.iter().map(one).collect::<Vec<_>>().join("; then ")
}
