//! What content knows of radiation treatment: fractionation schedules, which modality is supported where, sites with their diagnoses, and
//! the codes of services.

use super::Phrases;
use super::Statement;
use crate::domain::quick::HashMap;
use crate::domain::vocabulary::{DrugRole, LineOfTreatment, Modality, TreatmentGoal};
use chrono::NaiveDate;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;

pub use super::radiation_words::{
    Aim, CourseNumbers, Heard, Judging, Means, Operation, Organ, Part, Rhythm, SECONDARY, Side, Site, StageGroup, Target,
    TechniqueScope, Term, begins_with, loosely,
};

/// True for five digits, a letter and four digits, or four digits and `T`.
pub fn is_service_code(code: &str) -> bool {
    let bytes = code.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else { return false };
    let digits = |part: Option<&[u8]>| part.is_some_and(|part| part.iter().all(u8::is_ascii_digit));
    bytes.len() == 5
        && digits(bytes.get(1..4))
        && (first.is_ascii_digit() && (last.is_ascii_digit() || *last == b'T')
            || first.is_ascii_uppercase() && last.is_ascii_digit())
}

/// BED and EQD2 in gray of a dose in so many fractions, by the linear-quadratic model.
pub fn equivalent_dose(dose_gy: f64, fractions: u32, alpha_beta_gy: f64) -> (f64, f64) {
    let each = dose_gy / f64::from(fractions.max(1));
    let bed = dose_gy * (1.0 + each / alpha_beta_gy);
    (bed, bed / (1.0 + 2.0 / alpha_beta_gy))
}

/// How a schedule stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Designation {
    /// Preferred.
    Preferred,
    /// Acceptable.
    Acceptable,
    /// Not recommended: a nurse looks.
    NotRecommended,
}

impl Designation {
    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Preferred => "preferred",
            Self::Acceptable => "acceptable",
            Self::NotRecommended => "not_recommended",
        }
    }
}

/// A modality of a schedule; brachytherapy with its dose rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScheduleModality {
    /// The modality.
    pub modality: Modality,
    /// `hdr` or `ldr`, a word of the technique.
    pub dose_rate: Option<DoseRate>,
}

/// Dose rate of brachytherapy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DoseRate {
    /// High.
    High,
    /// Low: an implant or a plaque.
    Low,
}

impl DoseRate {
    /// The word of the technique.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::High => "hdr",
            Self::Low => "ldr",
        }
    }
}

/// What a schedule says about a boost.
#[derive(Debug, Clone, PartialEq)]
pub struct ScheduleBoost {
    /// True where it is given by another modality, on this order or its own.
    pub separate: bool,
    /// The modality, where it is another.
    pub modality: Option<ScheduleModality>,
    /// Lowest and highest dose in gray.
    pub dose_gy: (f64, f64),
    /// Fewest and most fractions.
    pub fractions: (u32, u32),
    /// Lowest and highest dose of one fraction in gray.
    pub dose_per_fraction_gy: (f64, f64),
    /// A modality by which it may be given as well, on the lines of the order: electrons after photons.
    pub also: Option<Modality>,
}

/// Courses of external radiation that a schedule boosts, as an order of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoostOf {
    /// Schedules of those courses.
    pub schedules: Vec<String>,
    /// Days that the order may begin before the first or after the last day of the course.
    pub within_days: u32,
    /// True for a schedule that is also ordered where no such course is on file.
    pub alone: bool,
}

/// A fractionation schedule.
#[derive(Debug, Clone, PartialEq)]
pub struct FractionationSchedule {
    /// Id such as `BRE-WB-40-15`.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// 1 for what is ordered often, 2 for the rest.
    pub tier: u8,
    /// Sites; empty for any.
    pub sites: Vec<String>,
    /// Sites that it is never for, where it is for any.
    pub except_sites: Vec<String>,
    /// Cancer types; empty for any.
    pub cancers: Vec<String>,
    /// Schedules of a group compete with each other.
    pub group: String,
    /// Goal; none for any.
    pub goal: Option<TreatmentGoal>,
    /// Stage groups; empty for any.
    pub stages: Vec<String>,
    /// Pathology words; empty for any.
    pub pathologies: Vec<String>,
    /// Words of the stage or the histology, as entered, with which it is not meant: a bulky lymphoma, an anaplastic glioma.
    pub not_told: Phrases,
    /// Lines of treatment; empty for any.
    pub lines: Vec<LineOfTreatment>,
    /// Target; none for any.
    pub target: Option<String>,
    /// What the patient must have for it.
    pub needs: Option<Statement>,
    /// Where `needs` asks for earlier radiation: a nurse looks all the same where this holds. Left out: always.
    pub reviewed_when: Option<Statement>,
    /// Modalities by which it is given.
    pub modalities: Vec<ScheduleModality>,
    /// Lowest and highest total dose in gray.
    pub dose_gy: (f64, f64),
    /// Fewest and most fractions.
    pub fractions: (u32, u32),
    /// Lowest and highest dose of one fraction in gray.
    pub dose_per_fraction_gy: (f64, f64),
    /// Total dose in gray and fractions as the name of the schedule has them.
    pub typical: (f64, u32),
    /// Fractions a day.
    pub per_day: u32,
    /// Treatment days a week.
    pub per_week: u32,
    /// Boost; none where the schedule has none.
    pub boost: Option<ScheduleBoost>,
    /// Courses on file that it belongs to as their boost.
    pub boost_of: Option<BoostOf>,
    /// α/β of the tumor in gray.
    pub alpha_beta_gy: f64,
    /// False for permanent implants and plaques, whose dose is no sum of fractions.
    pub fractionated: bool,
    /// How it stands.
    pub designation: Designation,
    /// What it rests on.
    pub citation: String,
}

impl FractionationSchedule {
    /// True where it is for this very site, and not for any.
    pub fn is_of(&self, site: &str) -> bool {
        self.sites.iter().any(|key| key == site)
    }

    /// True where the site may have it.
    pub fn goes_with(&self, site: &str) -> bool {
        self.is_of(site) || self.sites.is_empty() && !self.except_sites.iter().any(|key| key == site)
    }

    /// Treatment days of so many fractions.
    pub fn days(&self, fractions: u32) -> u32 {
        fractions.div_ceil(self.per_day.max(1))
    }
}

/// Whether a modality is supported (R-10…14).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Support {
    /// It is.
    Supported,
    /// With a plan comparison on the order.
    PlanComparison,
    /// With one that a nurse reads.
    PlanComparisonReviewed,
    /// It is not.
    NotSupported,
}

impl Support {
    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Supported => "supported",
            Self::PlanComparison => "plan_comparison",
            Self::PlanComparisonReviewed => "plan_comparison_reviewed",
            Self::NotSupported => "not_supported",
        }
    }
}

/// One row of the table of indications.
#[derive(Debug, Clone, PartialEq)]
pub struct ModalityIndication {
    /// Id such as `IND-005`.
    pub id: String,
    /// Site; none for any.
    pub site: Option<String>,
    /// Modality; none for the guidance line.
    pub modality: Option<Modality>,
    /// What it says.
    pub support: Support,
    /// When; always, where there is none.
    pub when: Option<Statement>,
    /// The modality that a comparison is with.
    pub compare_with: Option<Modality>,
    /// What it rests on.
    pub source: String,
}

/// How many units of a service an order may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnitRule {
    /// So many in all.
    Most(u32),
    /// So many for each plan.
    PerPlan(u32),
    /// One a fraction, at most so many.
    Fractions(Option<u32>),
    /// One a fraction but the first, at most so many.
    FractionsLessOne(u32),
    /// One a fraction at a high dose rate, else one.
    FractionsOrOne,
    /// One for every five fractions begun.
    Weeks,
    /// One for every five fractions, and one for three or four that are left; none for one or two in all.
    Management,
    /// One for a course of one or two fractions.
    ShortCourse,
    /// One for a course of one fraction.
    SingleFraction,
    /// As ordered.
    AsOrdered,
}

/// What a line of an order is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServiceCategory {
    /// Plan.
    Planning,
    /// Simulation.
    Simulation,
    /// Dosimetry.
    Dosimetry,
    /// Device.
    Device,
    /// Physics.
    Physics,
    /// Delivery by a machine.
    Delivery,
    /// Guidance.
    Guidance,
    /// Delivery by sources.
    Brachytherapy,
    /// A source itself.
    Source,
    /// Management.
    Management,
    /// Placing of needles, markers, applicators.
    Placement,
    /// What a surgeon does.
    Surgeon,
    /// An unlisted code.
    Unlisted,
}

/// A code of a service.
#[derive(Debug, Clone, PartialEq)]
pub struct RadiationService {
    /// Code: five digits, a letter and four digits, or four digits and `T`.
    pub code: String,
    /// Own words for it.
    pub name: String,
    /// What clinics call it, for searches.
    pub words: Vec<String>,
    /// What it is for.
    pub category: ServiceCategory,
    /// Treatment, or supportive.
    pub role: DrugRole,
    /// Modalities that it goes with; empty for all.
    pub modalities: Vec<Modality>,
    /// How many.
    pub units: UnitRule,
    /// First day on which it may be billed; none where it has long been.
    pub valid_from: Option<NaiveDate>,
    /// Last day; none while it is in use.
    pub valid_through: Option<NaiveDate>,
    /// What took its place.
    pub replaced_by: Vec<String>,
    /// What the order must say for it.
    pub needs: Option<Statement>,
    /// True where the program reviews it.
    pub needs_authorization: bool,
}

impl RadiationService {
    /// True where it treats the patient.
    pub const fn is_delivery(&self) -> bool {
        matches!(self.category, ServiceCategory::Delivery)
            || matches!((self.category, self.role), (ServiceCategory::Brachytherapy, DrugRole::Treatment))
    }

    /// True where every fraction takes one.
    pub const fn is_by_fraction(&self) -> bool {
        matches!(self.units, UnitRule::Fractions(_) | UnitRule::FractionsLessOne(_) | UnitRule::FractionsOrOne)
    }

    /// True on a day on which the code may be billed.
    pub fn is_valid_on(&self, day: NaiveDate) -> bool {
        self.valid_from.is_none_or(|from| from <= day) && self.valid_through.is_none_or(|last| day <= last)
    }
}

/// How many units a derived line has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DerivedUnits {
    /// So many.
    Number(u32),
    /// One a plan.
    Plans,
    /// One a fraction.
    Fractions,
}

/// The lines of an order that lists none: of the entries of a modality the first whose `when` is met.
#[derive(Debug, Clone, PartialEq)]
pub struct DerivedLines {
    /// Modality.
    pub modality: Modality,
    /// When; always, where there is none.
    pub when: Option<Statement>,
    /// First date of service for which its codes are billed.
    pub from: Option<NaiveDate>,
    /// Codes with their units.
    pub lines: Vec<(String, DerivedUnits)>,
    /// True where the guidance line goes with it.
    pub guided: bool,
}

/// Everything that a release knows of radiation.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RadiationCatalog {
    /// Schedules.
    pub schedules: Vec<Arc<FractionationSchedule>>,
    /// Indications, in the order in which they are asked.
    pub indications: Vec<Arc<ModalityIndication>>,
    /// Sites.
    pub sites: Vec<Arc<Site>>,
    /// Targets within sites.
    pub targets: Vec<Target>,
    /// Parts of sites.
    pub parts: Vec<Part>,
    /// ICD-10-CM prefixes of metastases of which the code does not say where they lie.
    pub secondary_anywhere: Vec<String>,
    /// What is listened for in free text.
    pub heard: Heard,
    /// Operations after which a site is not what is treated.
    pub operations: Vec<Operation>,
    /// The stage groups that T and N leave.
    pub stage_groups: Vec<StageGroup>,
    /// Words of a technique that say what it is aimed at.
    pub aims: Vec<Aim>,
    /// Organs that a histology may name.
    pub organs: Vec<Organ>,
    /// Folded words behind a side that say where a beam or the patient is: `right lateral`.
    pub beam_sides: Vec<String>,
    /// Words of the technique that count.
    pub techniques: Vec<Term>,
    /// What they go with, where not with everything.
    pub technique_scopes: Vec<TechniqueScope>,
    /// Words of the technique that say a modality.
    pub means: Vec<Means>,
    /// Words of the technique that say how often treatment is given.
    pub rhythms: Vec<Rhythm>,
    /// Folded words of the technique that are understood and change nothing.
    pub says_nothing: Vec<String>,
    /// Folded words that take back what stands beside them.
    pub denials: Vec<String>,
    /// Folded words for the right side, for the left, and for both.
    pub sides: [Vec<String>; 3],
    /// Services by code.
    pub services: BTreeMap<String, Arc<RadiationService>>,
    /// Derived lines, in the order in which they are asked.
    pub derived: Vec<Arc<DerivedLines>>,
    /// The guidance line.
    pub guidance_code: String,
    schedule_ids: HashMap<String, usize>,
    /// Sites, and parts of them, by every name.
    places: HashMap<String, (usize, Option<usize>)>,
    /// The same of parts that are meant with some diagnoses alone.
    coded_places: HashMap<String, Vec<(usize, usize)>>,
    /// Targets by every name.
    target_names: HashMap<String, usize>,
    by_site: HashMap<String, Vec<usize>>,
}

impl RadiationCatalog {
    /// Builds the indexes.
    pub fn index(&mut self) {
        self.schedule_ids = self.schedules.iter().enumerate().map(|(place, schedule)| (schedule.id.clone(), place)).collect();
        self.places.clear();
        self.coded_places.clear();
        self.target_names.clear();
        for (place, site) in self.sites.iter().enumerate() {
            for name in std::iter::once(&site.key).chain(&site.words) {
                self.places.entry(loosely(name)).or_insert((place, None));
            }
        }
        for (of, part) in self.parts.iter().enumerate() {
            let Some(place) = self.sites.iter().position(|site| site.key == part.site) else { continue };
            for name in &part.words {
                if part.diagnoses.is_empty() {
                    self.places.entry(loosely(name)).or_insert((place, Some(of)));
                } else {
                    self.coded_places.entry(loosely(name)).or_default().push((place, of));
                }
            }
        }
        for (place, target) in self.targets.iter().enumerate() {
            for name in std::iter::once(&target.term.key).chain(&target.term.words) {
                self.target_names.entry(loosely(name)).or_insert(place);
            }
        }
        self.by_site.clear();
        for site in &self.sites {
            let own = self.schedules.iter().enumerate().filter(|(_, schedule)| schedule.goes_with(&site.key));
            let places = own.map(|(place, _)| place);
            self.by_site.insert(site.key.clone(), places.collect());
        }
    }

    /// A schedule by id.
    pub fn schedule(&self, id: &str) -> Option<&Arc<FractionationSchedule>> {
        self.schedules.get(*self.schedule_ids.get(id)?)
    }

    /// The schedules of a site, those for any site included.
    pub fn schedules_of(&self, site: &str) -> impl Iterator<Item = &Arc<FractionationSchedule>> {
        self.by_site.get(site).into_iter().flatten().filter_map(|place| self.schedules.get(*place))
    }

    /// A site by key.
    pub fn site(&self, key: &str) -> Option<&Arc<Site>> {
        self.sites.iter().find(|site| site.key == key)
    }

    /// True where the fields of two sites may overlap.
    pub fn are_near(&self, one: &str, other: &str) -> bool {
        let names = |of: &str, wanted: &str| {
            self.site(of).is_some_and(|site| site.near.iter().any(|near| near == wanted || near == "any"))
        };
        one == other || names(one, other) || names(other, one)
    }

    /// True where two targets lie apart, as content says of one of them.
    pub fn are_apart(&self, one: Option<&str>, other: Option<&str>) -> bool {
        let (Some(one), Some(other)) = (one, other) else { return false };
        let names = |of: &str, wanted: &str| {
            self.targets.iter().any(|target| target.term.key == of && target.apart.iter().any(|apart| apart == wanted))
        };
        names(one, other) || names(other, one)
    }

    /// A service by code.
    pub fn service(&self, code: &str) -> Option<&Arc<RadiationService>> {
        self.services.get(code)
    }

    /// A site, and the part of it, by a name without joining words; some names mean a place with some diagnoses alone.
    pub fn place(&self, name: &str, icd10: Option<&str>) -> Option<(&Arc<Site>, Option<&Part>)> {
        let is_of = |part: &Part| icd10.is_some_and(|code| part.diagnoses.iter().any(|prefix| code.starts_with(prefix.as_str())));
        let coded = self.coded_places.get(name).into_iter().flatten();
        let mut coded = coded.filter_map(|(site, part)| self.sites.get(*site).zip(self.parts.get(*part)));
        if let Some((site, part)) = coded.find(|(_, part)| is_of(part)) {
            return Some((site, Some(part)));
        }
        let (site, part) = self.places.get(name)?;
        Some((self.sites.get(*site)?, part.and_then(|part| self.parts.get(part))))
    }

    /// What practices write for a site and its parts.
    pub fn words_of<'a>(&'a self, site: &'a Site) -> impl Iterator<Item = &'a String> {
        let parts = self.parts.iter().filter(|part| part.site == site.key);
        site.words.iter().chain(parts.flat_map(|part| &part.words))
    }

    /// A target by a name without joining words.
    pub fn target(&self, name: &str) -> Option<&Target> {
        self.targets.get(*self.target_names.get(name)?)
    }
}
