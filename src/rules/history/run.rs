//! How much of a drug's course came before this order: this member's cases, what the practice says of its start, and earlier treatments
//! that end too near to be another course (SAFE-15).

use super::{History, is_drug, partners_of};
use crate::domain::content::CourseState;
use crate::domain::vocabulary::Truth;
use crate::rules::patient::Patient;
use crate::rules::plan::PlanLine;
use chrono::NaiveDate;

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
        let partners = partners_of(line);
        for earlier in self.told.iter().flatten() {
            let held = earlier.held(&partners, patient.content);
            let ongoing = earlier.course() == Some(CourseState::Ongoing);
            let ended = earlier.told.ended_on.known();
            let is_over = !ongoing && ended.is_some_and(|ended| (self.date_of_service - *ended).num_days() > gap);
            if held == Truth::NotMet || is_over {
                continue;
            }
            let since = earlier.told.started_on.known().copied();
            run.reaches_back_to(since, held == Truth::Met && (ongoing || ended.is_some()));
        }
        if let Some(since) = patient.continued_since.filter(|since| *since < self.date_of_service) {
            run.reaches_back_to(Some(since), true);
        }
        run
    }

    /// The cases that follow one another up to this order. They say what may have been given; that it was, where the order goes on.
    fn run_on_file(&self, line: &PlanLine<'_>, patient: &Patient<'_>) -> Run {
        let partners = partners_of(line);
        let content = patient.content;
        let goes_on = self.continuation(line, patient) == Truth::Met;
        let mut cases: Vec<_> = self.cases.iter().collect();
        cases.sort_unstable_by_key(|case| std::cmp::Reverse(case.valid_through));
        let mut run = Run { most: Some(0), ..Run::default() };
        let mut next = self.date_of_service;
        for case in cases {
            let of_drug =
                || case.drugs.iter().filter(|drug| drug.may_be_given() && partners.iter().any(|one| is_drug(drug, one, content)));
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
