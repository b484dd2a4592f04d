//! The words in which radiation is ordered: sites and their parts, targets, techniques, and what is listened for in free text.

use super::phrases::Phrases;
use crate::domain::vocabulary::{LineOfTreatment, Modality, Sex};
use serde::Deserialize;
use std::collections::BTreeMap;

/// A site treated.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own that content tells")]
#[derive(Debug, Clone, PartialEq)]
pub struct Site {
    /// Key such as `head_and_neck`.
    pub key: String,
    /// Name for people.
    pub name: String,
    /// Folded words that practices write for it.
    pub words: Vec<String>,
    /// ICD-10-CM prefixes of the diagnoses treated there; empty where any will do.
    pub diagnoses: Vec<String>,
    /// Of `diagnoses`, those of cancers that begin in the organ, where the others begin elsewhere; empty where all do.
    pub own_diagnoses: Vec<String>,
    /// ICD-10-CM prefixes of metastases that lie there: a code of metastases elsewhere is of another organ.
    pub secondary: Vec<String>,
    /// Sites whose fields may overlap with those of this one; `any` for all.
    pub near: Vec<String>,
    /// The only sex that has it.
    pub sex: Option<Sex>,
    /// True where a stage is asked for.
    pub staged: bool,
    /// True where the disease is metastatic by what the site is.
    pub metastatic: bool,
    /// True where no rule speaks of the site and a nurse always looks.
    pub reviewed: bool,
    /// Stages at which the target is asked for, where treatment is meant to cure.
    pub target_at: Vec<String>,
    /// True where what is treated came back after surgery by what the site is.
    pub salvage: bool,
    /// Modalities that treat several of its parts in one order, each by the dose of the order.
    pub together: Vec<Modality>,
}

/// Codes of where a cancer has spread: they agree with every cancer type.
pub const SECONDARY: [&str; 4] = ["C77", "C78", "C79", "C7B"];

/// Length of the category of a diagnosis, such as `C50`: what is shorter names no organ.
const CATEGORY: usize = 3;

impl Site {
    /// ICD-10-CM prefixes of cancers that begin there.
    pub fn own(&self) -> impl Iterator<Item = &str> {
        let own = if self.own_diagnoses.is_empty() { &self.diagnoses } else { &self.own_diagnoses };
        own.iter().map(String::as_str).filter(|prefix| prefix.len() >= CATEGORY)
    }

    /// True for a diagnosis of the site itself: a cancer that begins there, a metastasis that lies there, or one whose title names it.
    pub fn is_site_of(&self, code: &str, title: &str) -> bool {
        if SECONDARY.iter().any(|prefix| code.starts_with(prefix)) {
            return self.secondary.iter().any(|prefix| code.starts_with(prefix.as_str()));
        }
        self.own().any(|prefix| code.starts_with(prefix)) || title.to_lowercase().contains(&self.name.to_lowercase())
    }
}

/// The side of the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Right.
    Right,
    /// Left.
    Left,
    /// Both.
    Both,
}

impl Side {
    /// In words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Right => "right",
            Self::Left => "left",
            Self::Both => "both",
        }
    }
}

/// A part of a site that has words of its own: they say more than the site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The site.
    pub site: String,
    /// Folded words that practices write for it.
    pub words: Vec<String>,
    /// The side that it is on.
    pub side: Option<Side>,
    /// The target that it is.
    pub target: Option<String>,
    /// ICD-10-CM prefixes of other parts: such a diagnosis is of another place.
    pub other_diagnoses: Vec<String>,
    /// ICD-10-CM prefixes with which alone the words mean this; empty where they always do.
    pub diagnoses: Vec<String>,
}

/// True where a code begins so; `?` is any character.
pub fn begins_with(code: &str, prefix: &str) -> bool {
    let mut chars = code.chars();
    prefix.chars().all(|wanted| chars.next().is_some_and(|is| wanted == '?' || wanted == is))
}

/// What a word of a technique goes with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TechniqueScope {
    /// The word.
    pub key: String,
    /// Modalities; empty for all.
    pub modalities: Vec<Modality>,
    /// Sites; empty for all.
    pub sites: Vec<String>,
    /// Other words that it says as well.
    pub implies: Vec<String>,
}

/// An organ that a histology may name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organ {
    /// Words for it.
    pub words: Phrases,
    /// Phrases with these words that do not say where the cancer begins: `metastatic to lung`.
    pub elsewhere: Phrases,
    /// Cancer types that begin there.
    pub cancers: Vec<String>,
}

/// What is listened for in what people write freely.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Heard {
    /// Radiation is given once more.
    pub again: Phrases,
    /// An implanted device of the heart or the nerves.
    pub device: Phrases,
    /// Earlier treatments that were no radiation.
    pub other_treatments: Phrases,
    /// Assessments that tell of earlier radiation by what they ask.
    pub told_by: Vec<String>,
    /// The cancer has spread.
    pub spread: Phrases,
    /// What says so of nodes alone, or of another cancer.
    pub near_spread: Phrases,
    /// Why a course may end later than authorized.
    pub pauses: Phrases,
    /// What is more than a later end of the same course.
    pub not_pauses: Phrases,
    /// Something came before.
    pub earlier: Phrases,
    /// Radiation, whatever stands beside it.
    pub radiation: Phrases,
    /// Radiation, among earlier treatments: their techniques, and words that mean other things elsewhere.
    pub treatments: Phrases,
    /// Radiation, where something says that it came before.
    pub fields: Phrases,
    /// Earlier radiation as such, the only words about it that a plan comparison is heard for.
    pub earlier_radiation: Phrases,
    /// Two plans set beside each other.
    pub comparison: Phrases,
    /// A pregnancy.
    pub pregnancy: Phrases,
    /// A cancer that came back.
    pub recurrence: Phrases,
    /// Words that say something else than what is listened for, and are left out first: `stereotactic biopsy`, `recurrence score`.
    pub elsewhere: Phrases,
    /// Behind RT: what was done to the right side.
    pub sided: Phrases,
    /// What is counted in two numbers with a slash or `x` between them, as dose and fractions are.
    pub counted: Phrases,
    /// Two numbers that are dose and fractions.
    pub course: CourseNumbers,
    /// Assessments that tell of radiation among other things.
    pub mixed: Vec<String>,
    /// A plan comparison that is none.
    pub no_comparison: Phrases,
    /// What a plan is called, by its modality.
    pub plans: BTreeMap<String, Phrases>,
    /// Two plans, without saying which.
    pub both_plans: Phrases,
    /// What differs between two plans.
    pub differs: Phrases,
    /// Which of two plans a comparison speaks for.
    pub judging: Judging,
}

/// Words by which a comparison judges a plan.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Judging {
    /// Good of a plan.
    pub better: Phrases,
    /// Bad of it.
    pub worse: Phrases,
    /// Good where organs are spoken of, bad of the dose to the tumor.
    pub lowers: Phrases,
    /// The other way round.
    pub raises: Phrases,
    /// What turns the word behind it round.
    pub not: Phrases,
    /// The plan behind is the one compared with.
    pub than: Phrases,
    /// The plan behind is that of the number before.
    pub by: Phrases,
    /// The dose to the tumor.
    pub target: Phrases,
    /// Where another clause begins, beside signs.
    pub clauses: Phrases,
    /// What was not planned, unless numbers stand with it.
    pub supposed: Phrases,
    /// What does not tell which plan is better for the patient.
    pub beside_the_point: Phrases,
}

/// What two numbers of a text can be, so that they are dose and fractions of a course.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CourseNumbers {
    /// Least and most of the whole course, in gray.
    pub dose_gy: (f64, f64),
    /// Least before a slash, where a month of a date may stand.
    pub least_before_a_slash_gy: f64,
    /// Fewest and most fractions.
    pub fractions: (f64, f64),
    /// Least and most in one fraction.
    pub per_fraction_gy: (f64, f64),
}

/// Words that join two places and say nothing else.
const JOINING: [&str; 5] = ["+", "and", "plus", "with", "the"];

/// A folded name without the words that join its parts: `breast_and_nodes` and `breast_+_nodes` are one.
pub fn loosely(folded: &str) -> String {
    let says = |token: &&str| !token.is_empty() && !JOINING.contains(token);
    folded.split('_').filter(says).collect::<Vec<_>>().join("_")
}

/// A word of a closed list, with what practices write for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// The word.
    pub key: String,
    /// Name for people.
    pub name: String,
    /// Folded words that practices write for it.
    pub words: Vec<String>,
}

impl Term {
    /// True where the folded word means it.
    pub fn is(&self, folded: &str) -> bool {
        self.key == folded || self.words.iter().any(|word| word == folded)
    }
}

/// A target within sites.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The word.
    pub term: Term,
    /// Sites that it lies in.
    pub sites: Vec<String>,
    /// Targets that lie elsewhere: two courses of these do not meet.
    pub apart: Vec<String>,
}

/// The stage groups that a T and an N leave, without distant metastases.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StageGroup {
    /// Cancers.
    pub cancers: Vec<String>,
    /// Digits of T, or `is`.
    pub t: Vec<String>,
    /// Digits of N.
    pub n: Vec<String>,
    /// Groups.
    pub stages: Vec<String>,
}

/// An operation after which a site is not what is treated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// What it is called.
    pub words: Phrases,
    /// Other operations with the same words.
    pub other: Phrases,
    /// Said anywhere among the earlier treatments, it contradicts nothing.
    pub unless: Phrases,
    /// The sites that it contradicts.
    pub sites: Vec<String>,
    /// Lines of treatment in which it does; empty for all.
    pub lines: Vec<LineOfTreatment>,
    /// Why.
    pub because: String,
}

/// Words of a technique that say what it is aimed at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aim {
    /// What it is, for people.
    pub name: String,
    /// The words.
    pub words: Phrases,
    /// Other things with the same words.
    pub other: Phrases,
    /// The sites for which they say it; empty for all.
    pub sites: Vec<String>,
    /// The targets that they go with.
    pub targets: Vec<String>,
    /// True where they go with a boost instead.
    pub boost: bool,
    /// Phrases that say that there is none.
    pub denied: Phrases,
}

/// Words of a technique that say a modality.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Means {
    /// Folded words.
    pub words: Vec<String>,
    /// The modalities that they go with.
    pub modalities: Vec<Modality>,
}

/// Words of a technique that say how often treatment is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rhythm {
    /// Folded words.
    pub words: Vec<String>,
    /// Fractions a day.
    pub per_day: Option<u32>,
    /// Treatment days a week.
    pub per_week: Option<u32>,
}
