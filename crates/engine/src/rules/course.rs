//! The schedule of one drug, as sentences of policy ask for it: its administrations on this order one by one, with dose, route and the
//! time to the next (SAFE-05), and the course that this order belongs to (SAFE-09, SAFE-15).

use super::criteria::Bench;
use super::dose::{self, Given};
use super::drugs::{ceiling, cycle_cap};
use super::history::Run;
use super::plan::PlanLine;
use crate::domain::content::Product;
use crate::domain::criteria::{Amount, Comparison, NumberFact, Per};
use crate::domain::order::Dose;
use crate::domain::vocabulary::{DoseUnit, Truth};
use chrono::{Datelike, Days, Months, NaiveDate};
use std::cell::OnceCell;

/// One administration of the drug reviewed, or several that are alike: same line, same dose, as long until the next.
#[derive(Debug)]
pub struct Administration<'a> {
    /// The line that gives it.
    pub line: &'a PlanLine<'a>,
    /// Doses of the drug on that day.
    doses: Doses,
    /// Hours until the next one; none where the schedule is not told.
    interval_hours: Option<f64>,
}

/// Doses of a drug on one day, over all its lines, of which most drugs have one; none where one was not told.
#[derive(Debug)]
struct Doses {
    first: Option<Dose>,
    others: Vec<Option<Dose>>,
}

impl Doses {
    fn iter(&self) -> impl Iterator<Item = Option<Dose>> {
        std::iter::once(self.first).chain(self.others.iter().copied())
    }
}

/// The administrations of one drug on an order.
#[derive(Debug)]
pub struct Course<'a> {
    /// Each that differs from the others, in order of time.
    pub administrations: Vec<Administration<'a>>,
    /// The days of all of them, once they were asked for; none where the days of a line are not told.
    occasions: OnceCell<Option<Occasions>>,
    /// By how much, in percent, a flat dose may pass a bound per kilogram or square metre: whole vials (SAFE-07).
    rounding_percent: f64,
}

impl<'a> Course<'a> {
    /// Lays the drug of `bench.line` out.
    pub fn of(bench: &Bench<'a>, rounding_percent: f64) -> Self {
        let mut administrations = Vec::new();
        for (index, phase) in bench.phases.iter().enumerate() {
            let mut lines: Vec<&PlanLine<'a>> = lines(bench).filter(|line| line.phase_index == index).collect();
            lines.sort_unstable_by_key(|line| line.ordered.line);
            let Some(start) = lines.first().map(|line| line.start) else { continue };
            let laid_out = LaidOut {
                length: f64::from(phase.cycle_length_days),
                repeats: phase.cycles.is_none_or(|cycles| cycles > 1),
                after: phase.cycles.map_or(After::Unending, |cycles| {
                    let last_cycle = start + u64::from(cycles.saturating_sub(1)) * u64::from(phase.cycle_length_days);
                    following(bench, index).map_or(After::Nothing, |day| After::Next(days(day) - days(last_cycle)))
                }),
                lines,
            };
            laid_out.add_to(&mut administrations);
        }
        Self { administrations, occasions: OnceCell::new(), rounding_percent }
    }
}

/// Lines of the drug reviewed: those that share an ingredient with it.
fn lines<'a>(bench: &Bench<'a>) -> impl Iterator<Item = &'a PlanLine<'a>> {
    let reviewed = bench.line;
    bench.plan.iter().filter(move |line| line.ingredients().any(|ingredient| reviewed.has_ingredient(ingredient)))
}

/// The day, counted from 0 on the date of service, of the first administration in a later phase.
fn following(bench: &Bench<'_>, index: usize) -> Option<u64> {
    let first = |line: &PlanLine<'_>| line.ordered.days.iter().min().map(|day| line.start + u64::from(day.saturating_sub(1)));
    lines(bench).filter(|line| line.phase_index > index).filter_map(first).min()
}

#[expect(clippy::cast_precision_loss, reason = "days of a plan fit a float exactly")]
const fn days(count: u64) -> f64 {
    count as f64
}

/// What comes after the last cycle of a phase.
enum After {
    /// It has none.
    Unending,
    /// An administration in a later phase, so many days from the start of the last cycle.
    Next(f64),
    /// Nothing.
    Nothing,
}

/// The lines of the drug in one phase.
struct LaidOut<'a> {
    /// Days of a cycle.
    length: f64,
    /// True where a cycle follows another.
    repeats: bool,
    after: After,
    lines: Vec<&'a PlanLine<'a>>,
}

impl<'a> LaidOut<'a> {
    fn add_to(&self, found: &mut Vec<Administration<'a>>) {
        for line in self.lines.iter().filter(|line| line.ordered.days.is_empty()) {
            found.push(Administration { line, doses: self.doses(None, true), interval_hours: None });
            found.push(Administration { line, doses: self.doses(None, false), interval_hours: None });
        }
        let mut all: Vec<u32> = self.lines.iter().flat_map(|line| line.ordered.days.iter().copied()).collect();
        all.sort_unstable();
        all.dedup();
        for (place, day) in all.iter().enumerate() {
            for days_to_next in self.days_to_next(&all, place) {
                self.add_day(*day, place == 0, days_to_next, found);
            }
        }
    }

    /// Days from one day of the cycle to the next administration: within the cycle, to the next cycle, and after the last.
    fn days_to_next(&self, all: &[u32], place: usize) -> impl Iterator<Item = f64> + use<> {
        let day = all.get(place).copied().map_or(0.0, f64::from);
        let within = all.get(place + 1).map(|next| f64::from(*next) - day);
        let first = all.first().copied().map_or(0.0, f64::from);
        let next_cycle = (within.is_none() && self.repeats).then_some(self.length - day + first);
        // after the very last one nothing comes: it counts as a cycle's length away
        let after = match self.after {
            After::Unending => None,
            After::Next(next) => Some(next - (day - 1.0)),
            After::Nothing => Some(self.length),
        };
        let after = after.filter(|_| within.is_none());
        [within, next_cycle, after].into_iter().flatten()
    }

    fn add_day(&self, day: u32, first_of_cycle: bool, days_to_next: f64, found: &mut Vec<Administration<'a>>) {
        let on_the_day = || self.lines.iter().filter(|line| line.ordered.days.contains(&day));
        let times = on_the_day().map(|line| line.ordered.frequency_per_day).max().unwrap_or(1).max(1);
        let apart = 24.0 / f64::from(times);
        let to_next_day = Some(days_to_next.mul_add(24.0, -(f64::from(times - 1) * apart)));
        let within_the_day = (times > 1).then_some(apart);
        let loads = first_of_cycle && on_the_day().any(|line| line.ordered.loading_dose.is_some());
        for line in on_the_day() {
            for hours in [within_the_day, to_next_day].into_iter().flatten() {
                if loads {
                    found.push(Administration { line, doses: self.doses(Some(day), true), interval_hours: Some(hours) });
                }
                if !loads || self.repeats {
                    found.push(Administration { line, doses: self.doses(Some(day), false), interval_hours: Some(hours) });
                }
            }
        }
    }

    /// Doses of one day over all lines; every line where the day is not told.
    fn doses(&self, day: Option<u32>, first: bool) -> Doses {
        let on_the_day = self.lines.iter().filter(|line| day.is_none_or(|day| line.ordered.days.contains(&day)));
        let mut doses = on_the_day.map(|line| line.ordered.loading_dose.filter(|_| first).or(line.ordered.dose));
        Doses { first: doses.next().flatten(), others: doses.collect() }
    }
}

/// Whether a fact of the schedule compares as asked, at the administration of `bench.at` or over the course.
pub fn compare(fact: NumberFact, comparison: Comparison, value: f64, bench: &Bench<'_>) -> Truth {
    let bound = match (fact, comparison, bench.course, bench.at) {
        (NumberFact::Dose(_, per), Comparison::AtMost | Comparison::Less, Some(course), Some(at))
            if per != Per::Administration && at.is_flat() =>
        {
            value * (1.0 + course.rounding_percent / 100.0)
        }
        _ => value,
    };
    let Some((least, most)) = span(fact, bench) else { return Truth::Unknown };
    match (comparison.holds(least, bound), comparison.holds(most, bound)) {
        (true, true) => Truth::Met,
        (false, false) if comparison != Comparison::Equal || bound < least || most < bound => Truth::NotMet,
        _ => Truth::Unknown,
    }
}

/// The least and the most that a fact can be; none where nothing is told.
pub fn span(fact: NumberFact, bench: &Bench<'_>) -> Option<(f64, f64)> {
    let exact = |value: f64| (value, value);
    match fact {
        NumberFact::Dose(amount, per) => bench.at?.dose(amount, per, bench).map(exact),
        NumberFact::IntervalDays => bench.at?.interval_hours.map(|hours| exact(hours / 24.0)),
        NumberFact::IntervalHours => bench.at?.interval_hours.map(exact),
        NumberFact::TreatmentDays => on_order(bench, Occasions::days).map(|count| exact(days(count))),
        NumberFact::TreatmentDaysInCycle => on_order(bench, Occasions::days_in_cycle).map(|count| exact(days(count))),
        NumberFact::DrugDays => on_order(bench, Occasions::length).map(|count| exact(days(count))),
        NumberFact::Administrations => on_order(bench, Occasions::administrations).map(|count| over_course(count, before(bench))),
        NumberFact::TotalCycles => {
            on_order(bench, Occasions::cycles).map(|count| over_course(count, Run { fewest: 0, ..before(bench) }))
        }
        NumberFact::TotalMonths => total_months(bench),
        _ => None,
    }
}

impl Administration<'_> {
    /// True where the dose was ordered as an amount, not by weight or surface.
    fn is_flat(&self) -> bool {
        self.doses.iter().flatten().all(|dose| !dose.unit.is_relative())
    }

    /// The dose of this administration, all its lines together; none where a dose or a measure is missing, or the units do not convert.
    fn dose(&self, amount: Amount, per: Per, bench: &Bench<'_>) -> Option<f64> {
        let ceiling = ceiling(self.line, bench.matched);
        let each = |dose: Option<Dose>| dose.and_then(|dose| converted(dose, amount, per, (ceiling, self.line.product), bench));
        self.doses.iter().map(each).sum()
    }

    /// Measures of the patient that the dose waits for.
    pub fn lacking(&self, per: Per, bench: &Bench<'_>) -> Vec<super::patient::Measure> {
        let told = self
            .doses
            .iter()
            .flatten()
            .find_map(|dose| dose::given(dose.amount, dose.unit, bench.patient, self.line.product).err());
        told.unwrap_or_else(|| match per {
            Per::Administration => Vec::new(),
            Per::Kg => bench.patient.weight().err().unwrap_or_default(),
            Per::M2 => bench.patient.body_surface().err().unwrap_or_default(),
        })
    }

    /// True where a dose was not entered.
    pub fn lacks_dose(&self) -> bool {
        self.doses.iter().any(|dose| dose.is_none())
    }
}

/// A dose in the amount asked for. One ordered per kilogram or square metre needs no measures to be compared as such.
fn converted(
    dose: Dose,
    amount: Amount,
    per: Per,
    (ceiling, product): (Option<f64>, Option<&Product>),
    bench: &Bench<'_>,
) -> Option<f64> {
    if per != Per::Administration && ordered_per(dose.unit) == Some(per) {
        return Given::of_flat(dose.amount, dose.unit)?.amount_in(amount);
    }
    let given = dose::given(dose.amount, dose.unit, bench.patient, product).ok()?;
    let given = if dose.unit.is_relative() && per == Per::Administration { given.at_most(ceiling) } else { given };
    let whole = given.amount_in(amount)?;
    match per {
        Per::Administration => Some(whole),
        Per::Kg => bench.patient.weight().ok().map(|weight| whole / weight),
        Per::M2 => bench.patient.body_surface().ok().map(|surface| whole / surface),
    }
}

const fn ordered_per(unit: DoseUnit) -> Option<Per> {
    match unit {
        DoseUnit::MgPerKg | DoseUnit::McgPerKg | DoseUnit::UciPerKg | DoseUnit::UnitsPerKg => Some(Per::Kg),
        DoseUnit::MgPerM2 | DoseUnit::McgPerM2 | DoseUnit::UnitsPerM2 => Some(Per::M2),
        _ => None,
    }
}

/// One day of the drug on this order.
#[derive(Debug)]
struct Occasion {
    day: u64,
    times: u32,
    cycle: (usize, u64),
}

/// Every day of the drug on this order; a phase without end within the order's range (VER-08).
#[derive(Debug)]
struct Occasions(Vec<Occasion>);

/// What the days of the drug on this order come to: those of its course, where there is one.
fn on_order<T>(bench: &Bench<'_>, of: impl FnOnce(&Occasions) -> T) -> Option<T> {
    match bench.course {
        Some(course) => course.occasions.get_or_init(|| Occasions::of(bench)).as_ref().map(of),
        None => Occasions::of(bench).as_ref().map(of),
    }
}

impl Occasions {
    /// None where the days of a line are not told.
    fn of(bench: &Bench<'_>) -> Option<Self> {
        let last = u64::try_from((bench.range.1 - bench.range.0).num_days()).unwrap_or(0);
        let mut found: Vec<Occasion> = Vec::new();
        for line in lines(bench) {
            if line.ordered.days.is_empty() {
                return None;
            }
            let (start, length) = (line.start, u64::from(line.phase.cycle_length_days.max(1)));
            let cap = bench.matched.and_then(|matched| cycle_cap(line, matched, bench.plan)).map_or(u64::MAX, u64::from);
            let cycles = line.phase.cycles.map_or_else(|| (last.saturating_sub(start) / length + 1).min(cap), u64::from);
            found.reserve(usize::try_from(cycles).unwrap_or(0).min(400).saturating_mul(line.ordered.days.len()));
            for cycle in 0..cycles {
                let on = line.ordered.days.iter().map(|day| start + cycle * length + u64::from(day.saturating_sub(1)));
                found.extend(on.filter(|day| line.phase.cycles.is_some() || *day <= last).map(|day| Occasion {
                    day,
                    times: line.ordered.frequency_per_day.max(1),
                    cycle: (line.phase_index, cycle),
                }));
            }
        }
        found.sort_unstable_by_key(|occasion| (occasion.day, std::cmp::Reverse(occasion.times)));
        found.dedup_by_key(|occasion| occasion.day);
        Some(Self(found))
    }

    fn administrations(&self) -> u64 {
        self.0.iter().map(|occasion| u64::from(occasion.times)).sum()
    }

    const fn days(&self) -> u64 {
        self.0.len() as u64
    }

    fn cycles(&self) -> u64 {
        self.by_cycle().count() as u64
    }

    fn days_in_cycle(&self) -> u64 {
        self.by_cycle().map(|cycle| cycle.len() as u64).max().unwrap_or(0)
    }

    fn by_cycle(&self) -> impl Iterator<Item = &[Occasion]> {
        self.0.chunk_by(|one, next| one.cycle == next.cycle)
    }

    /// Days from the first to the last.
    fn length(&self) -> u64 {
        self.last() - self.0.first().map_or(0, |occasion| occasion.day)
    }

    fn last(&self) -> u64 {
        self.0.last().map_or(0, |occasion| occasion.day)
    }
}

/// What was counted on this order, with what came before of the course. Of cases visits are known, not cycles: each may have been one.
fn over_course(here: u64, before: Run) -> (f64, f64) {
    (days(here + before.fewest), before.most.map_or(f64::INFINITY, |most| days(here + most)))
}

fn total_months(bench: &Bench<'_>) -> Option<(f64, f64)> {
    let (here_last, here_length) = on_order(bench, |here| (here.last(), here.length()))?;
    let day = |count: u64| bench.patient.date_of_service.checked_add_days(Days::new(count)).unwrap_or(NaiveDate::MAX);
    let last = day(here_last);
    let run = before(bench);
    let first = day(here_last - here_length);
    let fewest = months_between(run.latest.unwrap_or(first).min(first), last);
    let most = match run.earliest {
        _ if !run.began => fewest,
        None => f64::INFINITY,
        Some(earliest) => months_between(earliest.min(first), last),
    };
    Some((fewest, most))
}

fn before(bench: &Bench<'_>) -> Run {
    bench.patient.history.run(bench.line, bench.patient)
}

/// Calendar months between two days; a part of a month as its share of that month.
fn months_between(from: NaiveDate, through: NaiveDate) -> f64 {
    let after = |months: u32| from.checked_add_months(Months::new(months)).unwrap_or(NaiveDate::MAX);
    // the month before that of the last day is never too many
    let months = i64::from(through.year() - from.year()) * 12 + i64::from(through.month()) - i64::from(from.month());
    let mut whole = u32::try_from((months - 1).clamp(0, 12_000)).unwrap_or(0);
    while after(whole + 1) <= through && whole < 12_000 {
        whole += 1;
    }
    let rest = (through - after(whole)).num_days().max(0);
    let month = (after(whole + 1) - after(whole)).num_days().max(1);
    f64::from(whole) + days(u64::try_from(rest).unwrap_or(0)) / days(u64::try_from(month).unwrap_or(1))
}
