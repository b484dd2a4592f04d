//! What was given before this order: this member's earlier cases, and treatment that is already running (SAFE-15).

use super::Judging;
use super::calendar::Laid;
use crate::domain::criteria::Partner;
use crate::domain::vocabulary::{LineOfTreatment, Truth};
use crate::rules::drugs::Shared;
use crate::rules::facts::Facts;
use crate::rules::history::{ToldOf, at_pace};
use chrono::NaiveDate;

/// A drug that an earlier case authorized. Days count from the date of service; those before it are negative.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earlier<'a> {
    /// Generic name.
    pub drug: &'a str,
    /// HCPCS code.
    pub code: Option<&'a str>,
    /// First day of its authorization.
    pub from: NaiveDate,
    /// First day.
    pub first: i64,
    /// The day of its last visit, if the visits approved were spread over its cycles.
    pub last: i64,
    /// Visits approved; none where nobody has counted them.
    pub times: Option<u64>,
    /// Units authorized; none where nobody has counted them.
    pub units: Option<u64>,
    /// Line of treatment of its case.
    pub line: Option<LineOfTreatment>,
    /// True where words may name it (PRV-02).
    pub is_theirs: bool,
}

/// Drugs of this member's other cases that may have been given, in the order in which they began.
pub fn earlier<'a>(facts: &'a Facts<'_>, shared: &Shared<'a>) -> Vec<Earlier<'a>> {
    let service = shared.admitted.date_of_service;
    let after_last = i64::from(shared.admitted.program.range.days_after_last_cycle);
    let mut found: Vec<Earlier<'a>> = Vec::new();
    for case in facts.related_cases.iter().filter(|case| !case.is_void()) {
        for drug in case.drugs.iter().filter(|drug| drug.may_have_been_given()) {
            let from = drug.valid_from.unwrap_or(case.valid_from);
            let through = drug.valid_through.unwrap_or(case.valid_through);
            let times = drug.visits_approved.filter(|visits| *visits > 0);
            let first = (from - service).num_days();
            let span = ((through - from).num_days() - after_last).max(0);
            found.push(Earlier {
                drug: shared.content.drugs.by_name(&drug.generic).map_or(&drug.generic, |known| &known.generic),
                code: drug.hcpcs.as_deref(),
                from,
                first,
                last: times.map_or(first + span, |times| first + span * i64::from(times - 1) / i64::from(times)),
                times: times.map(u64::from),
                units: drug.units_approved,
                line: case.line_of_treatment,
                is_theirs: case.is_theirs,
            });
        }
    }
    found.sort_by(|left, right| (left.first, left.drug, left.last).cmp(&(right.first, right.drug, right.last)));
    found
}

/// What went before within one course.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Course {
    /// First day of the course, at the latest.
    pub first: i64,
    /// True where it may have begun before that.
    pub is_undated: bool,
    /// Administrations before this order, at least.
    pub times: u64,
    /// True where nobody has counted all of them.
    pub is_uncounted: bool,
}

impl Course {
    /// Adds what the practice tells of earlier treatment with these drugs, with a pause only what did not end longer ago: nobody has counted
    /// its administrations. With both its days, and where no case on file may be the same, it counts at the pace of this order.
    fn add_told(
        &mut self,
        partners: impl Fn() -> Vec<Partner>,
        pause: Option<i64>,
        pace: impl FnOnce() -> Option<u64>,
        judging: &Judging<'_>,
    ) {
        let (history, service) = (&judging.shared.patient.history, judging.shared.admitted.date_of_service);
        if !history.lists_treatment() {
            return;
        }
        let pace = pace();
        let has_cases = self.times > 0;
        let mut counted = 0;
        for ToldOf { held, since, through } in history.told_of(&partners(), pause, judging.shared.content) {
            let times = pace.zip(since.zip(through)).and_then(|(pace, (since, through))| at_pace(since, through, pace));
            match times.filter(|_| held == Truth::Met && !has_cases) {
                Some(times) => counted += times,
                None => self.is_uncounted = true,
            }
            if held == Truth::Met {
                self.times = self.times.max(1);
            }
            let since = since.map(|since| (since - service).num_days());
            match since.filter(|_| held == Truth::Met) {
                Some(since) => self.first = self.first.min(since),
                None => self.is_undated |= since.is_none_or(|since| since < self.first),
            }
        }
        self.times = self.times.max(counted);
    }
}

/// All that went before, whenever it was.
pub fn ever(
    lines: &[&Laid<'_>],
    partners: impl Fn() -> Vec<Partner>,
    is_of: impl Fn(&str) -> bool,
    judging: &Judging<'_>,
) -> Course {
    let mut ever = course(lines, &partners, &is_of, judging);
    let of_drug = || judging.earlier.iter().filter(|earlier| is_of(earlier.drug));
    ever.times = ever.times.max(of_drug().filter_map(|earlier| earlier.times).sum());
    ever.is_uncounted |= of_drug().any(|earlier| earlier.times.is_none());
    ever.add_told(partners, None, || None, judging);
    ever
}

/// The course that these lines belong to: back through earlier cases until a pause that ends one, and to the day on which the treatment
/// is said to have begun.
pub fn course(
    lines: &[&Laid<'_>],
    partners: impl Fn() -> Vec<Partner>,
    is_of: impl Fn(&str) -> bool,
    judging: &Judging<'_>,
) -> Course {
    let begins = lines.iter().map(|line| line.first()).min().and_then(|day| i64::try_from(day).ok()).unwrap_or(0);
    let pause = i64::from(judging.shared.content.limits.course_ends_after_days);
    let mut course = Course { first: begins, is_undated: false, times: 0, is_uncounted: false };
    let mut running = 0;
    if let Some((first, times)) = continued(lines, judging) {
        course.first = first.min(begins);
        running = times;
    }
    // cases overlap and hold one another's pauses, so the latest end comes first
    let history = &judging.shared.patient.history;
    let is_apart = |earlier: &Earlier<'_>| history.is_before_own_maintenance(earlier.line, &partners(), judging.shared.content);
    let mut before: Vec<_> = judging.earlier.iter().filter(|earlier| is_of(earlier.drug) && !is_apart(earlier)).collect();
    before.sort_by_key(|earlier| std::cmp::Reverse((earlier.last, earlier.first)));
    for earlier in before {
        if earlier.last + pause >= course.first {
            course.first = course.first.min(earlier.first);
            course.times += earlier.times.unwrap_or(1);
            course.is_uncounted |= earlier.times.is_none();
        }
    }
    course.add_told(partners, Some(pause), || pace(lines), judging);
    course.times = course.times.max(running);
    course
}

/// Days from one administration to the next on the average, in the first phase that gives the drug.
fn pace(lines: &[&Laid<'_>]) -> Option<u64> {
    let line = lines.iter().min_by_key(|line| (line.first(), line.number()))?;
    let days = line.line.ordered.days.len() as u64;
    (days > 0).then(|| (line.length() / days).max(1))
}

/// When treatment that is running began, and how often it was given since at the pace of this order. Supportive drugs may be new.
pub fn continued(lines: &[&Laid<'_>], judging: &Judging<'_>) -> Option<(i64, u64)> {
    let started = judging.facts.order.continuation_of_treatment_started_on?;
    let days = (judging.shared.admitted.date_of_service - started).num_days();
    let line = lines
        .iter()
        .filter(|line| !line.drug.is_some_and(|drug| drug.supportive))
        .min_by_key(|line| (line.first(), line.number()))?;
    let days = u64::try_from(days).ok().filter(|days| *days > 0)?;
    let of_cycle = line.line.ordered.days.len() as u64 * u64::from(line.times());
    Some((-i64::try_from(days).ok()?, days * of_cycle / line.length()))
}
