//! The lines of an order on one calendar: phases follow one another, days are counted from 0 on the date of service.

use crate::domain::content::{Content, DosingCatalog, Drug};
use crate::domain::order::Dose;
use crate::rules::drugs::Shared;
use crate::rules::plan::PlanLine;
use std::sync::Arc;

/// A line with a drug that it stands for: that of its code, and that of its name where the two differ.
#[derive(Debug)]
pub struct Laid<'a> {
    /// The line.
    pub line: &'a PlanLine<'a>,
    /// What the catalogue knows.
    pub drug: Option<&'a Arc<Drug>>,
    /// Generic name, or the name as ordered.
    pub name: &'a str,
    /// First day of its phase.
    pub start: u64,
    /// True where the line's name says another drug than this one, as beside an unclassified code.
    pub is_named_otherwise: bool,
}

/// One administration, or several on one day.
#[derive(Debug, Clone, Copy)]
pub struct Event {
    /// Day.
    pub day: u64,
    /// Line.
    pub line: u32,
    /// Dose as ordered.
    pub dose: Option<Dose>,
    /// Administrations on that day.
    pub times: u32,
}

/// Every line, in the order of their numbers.
pub fn lay<'a>(plan: &'a [PlanLine<'a>], content: &'a Content) -> Vec<Laid<'a>> {
    let mut laid: Vec<Laid<'a>> = Vec::with_capacity(plan.len());
    for line in plan {
        let start = line.start;
        let other = named_otherwise(line, content);
        laid.push(Laid { line, drug: line.drug, name: line.name(), start, is_named_otherwise: other.is_some() });
        if let Some(drug) = other {
            laid.push(Laid { line, drug: Some(drug), name: &drug.generic, start, is_named_otherwise: false });
        }
    }
    laid.sort_by_key(|laid| (laid.line.ordered.line, laid.line.phase_index));
    laid
}

/// The drug that the line's name says, where it is not that of its code. A name that nobody knows says none.
fn named_otherwise<'a>(line: &PlanLine<'a>, content: &'a Content) -> Option<&'a Arc<Drug>> {
    let (drug, name) = (line.drug?, line.ordered.generic.as_deref()?);
    let is_it = |known: &String| known.eq_ignore_ascii_case(name);
    if is_it(&drug.generic) || drug.synonyms.iter().any(is_it) || drug.brands.iter().any(is_it) {
        return None;
    }
    content.drugs.named(name).filter(|other| other.generic != drug.generic)
}

impl Laid<'_> {
    /// Its line.
    pub const fn number(&self) -> u32 {
        self.line.ordered.line
    }

    /// Days of its cycle.
    pub fn length(&self) -> u64 {
        u64::from(self.line.phase.cycle_length_days.max(1))
    }

    /// Cycles of its phase; none where it is open-ended.
    pub fn cycles(&self) -> Option<u64> {
        self.line.phase.cycles.map(u64::from)
    }

    /// Administrations on each of its days.
    pub fn times(&self) -> u32 {
        self.line.ordered.frequency_per_day.max(1)
    }

    /// True where its route is among these.
    pub fn is_by(&self, routes: &[String], dosing: &DosingCatalog) -> bool {
        let route = || self.line.known_route().map(|route| dosing.route_key(route));
        !routes.is_empty() && route().is_some_and(|route| routes.iter().any(|other| other == route))
    }

    /// The line as people name it.
    pub fn words(&self) -> String {
        format!("{} (line {})", self.name, self.number())
    }

    /// Days of the cycle from 0.
    pub fn days(&self) -> impl Iterator<Item = u64> {
        self.line.ordered.days.iter().map(|day| u64::from(day.saturating_sub(1)))
    }

    /// The days on which it is given before a day.
    pub fn days_within(&self, before: u64) -> Vec<u64> {
        let cycles = (before / self.length() + 1).min(self.cycles().unwrap_or(u64::MAX));
        let of_cycle = |cycle: u64| self.days().map(move |day| self.start + cycle * self.length() + day);
        (0..cycles).flat_map(of_cycle).filter(|day| *day < before).collect()
    }

    /// Its first day; that of its phase where it names none.
    pub fn first(&self) -> u64 {
        self.start + self.days().min().unwrap_or(0)
    }

    /// The last day on which it is given: as planned, or within the authorization where it is open-ended.
    pub fn last(&self, end_of_range: u64) -> u64 {
        let last_of = |day: u64| match self.cycles() {
            Some(cycles) => self.start + cycles.saturating_sub(1) * self.length() + day,
            None => self.start + day + end_of_range.saturating_sub(self.start + day) / self.length() * self.length(),
        };
        self.days().map(last_of).max().unwrap_or(self.start)
    }

    /// Administrations in all: as planned, or within the authorization where it is open-ended.
    pub fn in_all(&self, end_of_range: u64) -> u64 {
        let on = |day: u64| match self.cycles() {
            Some(cycles) => cycles,
            None if self.start + day > end_of_range => 0,
            None => (end_of_range - self.start - day) / self.length() + 1,
        };
        self.days().map(on).sum::<u64>() * u64::from(self.times())
    }

    fn events_of_cycle(&self, cycle: u64) -> impl Iterator<Item = Event> {
        let ordered = self.line.ordered;
        let (start, first) = (self.start + cycle * self.length(), self.days().min());
        self.days().map(move |day| {
            let loading = ordered.loading_dose.filter(|_| cycle == 0 && first == Some(day));
            Event { day: start + day, line: ordered.line, dose: loading.or(ordered.dose), times: self.times() }
        })
    }
}

/// Administrations of so many cycles at the beginning and at the end of each phase, by day: what lies between is the same again.
pub fn events(lines: &[&Laid<'_>], cycles: impl Fn(u64) -> u64) -> Vec<Event> {
    let mut found: Vec<Event> = Vec::new();
    for line in lines {
        let shown = cycles(line.length());
        let planned = line.cycles().unwrap_or(shown);
        let beginning = 0..shown.min(planned);
        let end = beginning.end.max(planned.saturating_sub(shown))..planned;
        let laid_out = usize::try_from(shown.min(planned) * 2).unwrap_or(0);
        found.reserve(laid_out.saturating_mul(line.line.ordered.days.len()));
        found.extend(beginning.chain(end).flat_map(|cycle| line.events_of_cycle(cycle)));
    }
    found.sort_by_key(|event| (event.day, event.line));
    found
}

/// The last day of the authorization.
pub fn end_of_range(shared: &Shared<'_>) -> u64 {
    u64::try_from((shared.range.1 - shared.range.0).num_days()).unwrap_or(0)
}
