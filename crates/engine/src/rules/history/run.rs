//! How much of a drug's course came before this order: this member's cases, what the practice says of its start, and earlier treatments
//! that end too near to be another course (SAFE-15).

use super::{Earlier, History, Told, is_drug, partners_of};
use crate::domain::content::Content;
use crate::domain::criteria::Partner;
use crate::domain::vocabulary::Truth;
use crate::rules::patient::Patient;
use crate::rules::plan::PlanLine;
use chrono::NaiveDate;
use std::cell::LazyCell;

/// The part of a course before this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Run {
    /// Fewest administrations.
    pub fewest: u64,
    /// Most administrations; none where nobody has counted them.
    pub most: Option<u64>,
    /// True where something may have come before.
    pub began: bool,
    /// The first day at the earliest; none where it may be any day.
    pub earliest: Option<NaiveDate>,
    /// The first day at the latest; none where the course may begin with this order.
    pub latest: Option<NaiveDate>,
}

impl History<'_> {
    /// What came before of the course of a line's drug.
    pub fn run(&self, line: &PlanLine<'_>, patient: &Patient<'_>) -> Run {
        let mut run = self.run_on_file(line, patient);
        let gap = i64::from(patient.content.therapies.course_gap_days);
        let partners = LazyCell::new(|| partners_of(line));
        let mut told = 0;
        for earlier in self.told.iter().flatten() {
            let held = earlier.held(&partners, patient.content);
            let is_apart = self.is_before_own_maintenance(earlier.told.line.known().copied(), &partners, patient.content);
            if held == Truth::NotMet || is_apart || self.ended_before(earlier, gap) {
                continue;
            }
            let since = earlier.told.started_on.known().copied();
            let has_end = earlier.told.ended_on.known().is_some();
            let surely = held == Truth::Met && (earlier.is_ongoing() || has_end);
            match self.times_at_pace(earlier, pace(line)).filter(|_| held == Truth::Met && run.most == Some(0)) {
                Some(times) => {
                    run.begin(since, surely);
                    told += times;
                }
                None => run.reaches_back_to(since, surely),
            }
        }
        let mut began = None;
        if let Some(since) = patient.continued_since.filter(|since| *since < self.date_of_service) {
            // what is told of it with its days is counted already
            began =
                Some(since).filter(|since| run.most.is_none() || told == 0 || run.earliest.is_none_or(|first| *since < first));
            run.begin(Some(since), true);
        }
        run.most = if began.is_some() { None } else { run.most.map(|most| most + told) };
        run
    }

    /// Earlier treatments, as told, that were or may have been one of these drugs, each with whether it was and since when; with a gap,
    /// only those that did not end longer ago.
    pub fn told_of<'s>(
        &'s self,
        partners: &'s [Partner],
        gap: Option<i64>,
        content: &'s Content,
    ) -> impl Iterator<Item = ToldOf> + 's {
        let is_apart = move |earlier: &&Earlier<'_>| {
            let line = earlier.told.line.known().copied();
            gap.is_some_and(|gap| self.ended_before(earlier, gap) || self.is_before_own_maintenance(line, partners, content))
        };
        let told = self.told.iter().flatten().filter(move |earlier| !is_apart(earlier));
        told.map(move |earlier| ToldOf {
            held: earlier.held(partners, content),
            since: earlier.told.started_on.known().copied(),
            through: self.last_day(earlier),
        })
        .filter(|told| told.held != Truth::NotMet)
    }

    /// The last day of an earlier treatment: as told, or the day before this order where it goes on.
    fn last_day(&self, earlier: &Earlier<'_>) -> Option<NaiveDate> {
        match earlier.told.ended_on.known() {
            Some(ended) => Some((*ended).min(self.date_of_service)),
            None => earlier.is_ongoing().then_some(self.date_of_service),
        }
    }

    /// How often a treatment with both its days can have been given, at the pace of this order.
    fn times_at_pace(&self, earlier: &Earlier<'_>, pace: Option<u64>) -> Option<u64> {
        at_pace(earlier.told.started_on.known().copied()?, self.last_day(earlier)?, pace?)
    }

    /// Treatment that goes on, or may, and that is, or may be, one of these drugs: its place in the list, what was typed, and whether it
    /// is so.
    pub fn ongoing(&self, partners: &[Partner], content: &Content) -> Option<(usize, &str, Truth)> {
        let goes_on = |earlier: &Earlier<'_>| {
            let ended = earlier.told.ended_on.known();
            let ends_later = ended.is_some_and(|ended| *ended >= self.date_of_service);
            match earlier.outcome {
                _ if earlier.is_ongoing() || ends_later => Truth::Met,
                Told::NotUnderstood | Told::Not if ended.is_none() => Truth::Unknown,
                _ => Truth::NotMet,
            }
        };
        let is_so = |earlier: &Earlier<'_>| goes_on(earlier).and(earlier.held(partners, content));
        let of = |wanted: Truth| {
            let found = self.told.iter().flatten().find(|earlier| is_so(earlier) == wanted);
            found.map(|found| (found, wanted))
        };
        let (found, held) = of(Truth::Met).or_else(|| of(Truth::Unknown))?;
        Some((found.index, found.told.typed(), held))
    }

    /// True where an earlier treatment ended more days before this order.
    pub(super) fn ended_before(&self, earlier: &Earlier<'_>, days: i64) -> bool {
        let ended = earlier.told.ended_on.known();
        !earlier.is_ongoing() && ended.is_some_and(|ended| (self.date_of_service - *ended).num_days() > days)
    }

    /// The cases that follow one another up to this order. They say what may have been given; that it was, where the order goes on.
    fn run_on_file(&self, line: &PlanLine<'_>, patient: &Patient<'_>) -> Run {
        if self.cases.is_empty() {
            return Run { most: Some(0), ..Run::default() };
        }
        let partners = partners_of(line);
        let content = patient.content;
        let goes_on = self.continuation(line, patient) == Truth::Met;
        let mut cases: Vec<_> = self.cases.iter().collect();
        cases.sort_unstable_by_key(|case| std::cmp::Reverse(case.valid_through));
        let mut run = Run { most: Some(0), ..Run::default() };
        let mut next = self.date_of_service;
        for case in cases {
            let of_drug = || {
                case.drugs
                    .iter()
                    .filter(|drug| drug.may_have_been_given() && partners.iter().any(|one| is_drug(drug, one, content)))
            };
            if self.is_before_own_maintenance(case.line_of_treatment, &partners, content) {
                continue;
            }
            if of_drug().next().is_none() || !self.is_one_course(case.valid_through, next, content) {
                continue;
            }
            let visits = of_drug().map(|drug| drug.visits_approved.map(u64::from)).sum::<Option<u64>>();
            run.most = run.most.zip(visits).map(|(so_far, visits)| so_far + visits);
            run.fewest += visits.filter(|_| goes_on).unwrap_or(0);
            run.begin(Some(case.valid_from), goes_on);
            next = next.min(case.valid_from);
        }
        run
    }
}

/// An earlier treatment as told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ToldOf {
    /// Whether it was one of the drugs.
    pub held: Truth,
    /// First day.
    pub since: Option<NaiveDate>,
    /// Last day.
    pub through: Option<NaiveDate>,
}

/// Days from one administration of a line to the next on the average.
fn pace(line: &PlanLine<'_>) -> Option<u64> {
    let days = u64::try_from(line.ordered.days.len()).ok().filter(|days| *days > 0)?;
    Some((u64::from(line.phase.cycle_length_days) / days).max(1))
}

/// Administrations between two days, both included, at so many days from one to the next.
pub fn at_pace(since: NaiveDate, through: NaiveDate, pace: u64) -> Option<u64> {
    let days = u64::try_from((through - since).num_days()).ok()?;
    Some(days / pace.max(1) + 1)
}

impl Run {
    /// Something of the course was given that nobody has counted.
    fn reaches_back_to(&mut self, since: Option<NaiveDate>, surely: bool) {
        self.most = None;
        self.begin(since, surely);
    }

    fn begin(&mut self, since: Option<NaiveDate>, surely: bool) {
        self.earliest = if self.began { self.earliest.zip(since).map(|(one, other)| one.min(other)) } else { since };
        self.began = true;
        if let Some(since) = since.filter(|_| surely) {
            self.latest = Some(self.latest.map_or(since, |known| known.min(since)));
        }
    }
}
