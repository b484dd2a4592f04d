//! Limits: drugs that are never given together, and how often, how close together and how long a drug is given (SAFE-09, SAFE-10, SAFE-15).

use super::regimen::{RegimenDose, Statement};
use crate::domain::quick::{HashMap, HashSet};
use std::sync::Arc;

/// One limit.
#[derive(Debug, Clone, PartialEq)]
pub struct Limit {
    /// Id such as `nk1-antagonists`.
    pub id: String,
    /// What it is about, for messages: `NK1 antagonists`.
    pub about: String,
    /// Generic names.
    pub drugs: Vec<String>,
    /// True where the drugs count as one; false where the limit holds for each by itself.
    pub together: bool,
    /// It holds where this does; unknown counts as holding, and is asked for.
    pub when: Option<Statement>,
    /// It does not hold where this does.
    pub unless: Option<Statement>,
    /// Routes, lower case, by which an administration does not count.
    pub except_routes: Vec<String>,
    /// What it limits.
    pub rule: LimitRule,
    /// Where it comes from.
    pub source: String,
    /// True where a clinician still has to verify it.
    pub verify: bool,
}

impl Limit {
    /// True where it does not hold for everybody.
    pub const fn is_conditional(&self) -> bool {
        self.when.is_some() || self.unless.is_some()
    }
}

/// What a limit limits.
#[derive(Debug, Clone, PartialEq)]
pub enum LimitRule {
    /// Two different ones of the drugs are never given together; or one of the drugs with one of `with`.
    NeverTogether {
        /// The other side; empty where it is the drugs themselves.
        with: Vec<String>,
        /// How near is together.
        reach: Reach,
        /// Days that have to lie between them even so; 0 where none.
        days_apart: u32,
    },
    /// Least days from an administration to the next, by dose: the first step that the dose does not exceed counts.
    Spacing(Vec<SpacingStep>),
    /// Most administrations.
    Number {
        /// How many.
        most: u32,
        /// In what.
        per: Span,
    },
    /// Least days from one of the drugs to the next administration of one of the others, the same day included.
    Clear {
        /// The others.
        with: Vec<String>,
        /// Days.
        least_days: u32,
        /// Codes of products that are put on on the same day and deliver the drug on the next.
        except_codes: Vec<String>,
    },
    /// The most in a lifetime.
    Total(TotalDose),
    /// The drugs are given only where `unless` says why.
    Only,
    /// Longest time from the first to the last administration, this member's earlier cases included.
    Duration {
        /// Days.
        most_days: u32,
    },
}

/// The most of drugs that count as one, in a lifetime.
#[derive(Debug, Clone, PartialEq)]
pub struct TotalDose {
    /// How much.
    pub most: RegimenDose,
    /// Drugs that count, each with how much of the first one of it is; those that only earlier treatment holds, too.
    pub equivalents: Vec<(String, f64)>,
    /// The assessments that tell what was given before; the largest of them counts.
    pub told_as: Vec<String>,
}

impl TotalDose {
    /// How much one of a drug counts; none for one that does not.
    pub fn counts_as(&self, generic: &str) -> Option<f64> {
        self.equivalents.iter().find(|(drug, _)| drug == generic).map(|(_, factor)| *factor)
    }

    /// Every drug that counts.
    pub fn others(&self) -> impl Iterator<Item = &str> {
        self.equivalents.iter().map(|(drug, _)| drug.as_str())
    }
}

/// How near is together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// On one day.
    Day,
    /// In one cycle: in the same phase of the order.
    Cycle,
}

/// A step of a spacing by dose.
#[derive(Debug, Clone, PartialEq)]
pub struct SpacingStep {
    /// Largest dose of the step; none in the last.
    pub up_to: Option<RegimenDose>,
    /// Least days to the next administration.
    pub least_days: u32,
}

/// In what administrations are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    /// A cycle.
    Cycle,
    /// Any so many days.
    Days(u32),
    /// Days in a row.
    Row,
    /// This order.
    Order,
    /// A course: this order and the member's earlier cases without a long pause.
    Course,
    /// This order and every earlier case.
    Lifetime,
}

/// Every limit of a release, by drug.
#[derive(Debug, Clone, Default)]
pub struct Limits {
    list: Vec<Arc<Limit>>,
    by_drug: HashMap<String, Vec<usize>>,
    several_lines: HashSet<String>,
    /// Drugs whose maintenance is a course of its own.
    own_maintenance: HashSet<String>,
    /// Days without the drug that end a course.
    pub course_ends_after_days: u32,
}

impl Limits {
    /// Builds the index.
    pub fn new(
        list: Vec<Arc<Limit>>,
        several_lines: HashSet<String>,
        own_maintenance: HashSet<String>,
        course_ends_after_days: u32,
    ) -> Self {
        let mut by_drug: HashMap<String, Vec<usize>> = HashMap::default();
        for (index, limit) in list.iter().enumerate() {
            let with: &[String] = match &limit.rule {
                LimitRule::NeverTogether { with, .. } | LimitRule::Clear { with, .. } => with,
                _ => &[],
            };
            for drug in limit.drugs.iter().chain(with) {
                let known = by_drug.entry(drug.clone()).or_default();
                if known.last() != Some(&index) {
                    known.push(index);
                }
            }
        }
        Self { list, by_drug, several_lines, own_maintenance, course_ends_after_days }
    }

    /// Every limit.
    pub fn all(&self) -> &[Arc<Limit>] {
        &self.list
    }

    /// Places in [`Limits::all`] of the limits that name a drug.
    pub fn of(&self, generic: &str) -> &[usize] {
        self.by_drug.get(generic).map_or(&[], Vec::as_slice)
    }

    /// True for a drug whose maintenance does not count what was given before it, such as rituximab after its induction.
    pub fn has_own_maintenance(&self, generic: &str) -> bool {
        self.own_maintenance.contains(generic)
    }

    /// True for a drug that may stand on several lines of one day, such as by vein and by mouth.
    pub fn may_be_on_several_lines(&self, generic: &str) -> bool {
        self.several_lines.contains(generic)
    }
}
