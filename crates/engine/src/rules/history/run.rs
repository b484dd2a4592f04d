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
        for earlier in self.told.iter().flatten() {
            let held = earlier.held(&partners, patient.content);
            if held == Truth::NotMet || self.ended_before(earlier, gap) {
                continue;
            }
            let since = earlier.told.started_on.known().copied();
            let has_end = earlier.told.ended_on.known().is_some();
            run.reaches_back_to(since, held == Truth::Met && (earlier.is_ongoing() || has_end));
        }
        if let Some(since) = patient.continued_since.filter(|since| *since < self.date_of_service) {
            run.reaches_back_to(Some(since), true);
        }
        run
    }

    /// Earlier treatments, as told, that were or may have been one of these drugs, each with whether it was and since when; with a gap,
    /// only those that did not end longer ago.
    pub fn told_of<'s>(
        &'s self,
        partners: &'s [Partner],
        gap: Option<i64>,
        content: &'s Content,
    ) -> impl Iterator<Item = (Truth, Option<NaiveDate>)> + 's {
        let told = self.told.iter().flatten().filter(move |earlier| !gap.is_some_and(|gap| self.ended_before(earlier, gap)));
        told.map(move |earlier| (earlier.held(partners, content), earlier.told.started_on.known().copied()))
            .filter(|(held, _)| *held != Truth::NotMet)
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
    fn ended_before(&self, earlier: &Earlier<'_>, days: i64) -> bool {
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
