//! Which schedule is ordered (R-21…27).

use super::ground::Ground;
use super::read::Told;
use super::{duplicates, rhythm};
use crate::domain::content::radiation::{Designation, FractionationSchedule, ScheduleBoost};
use crate::domain::order::Boost;
use crate::domain::vocabulary::Truth;
use crate::rules::criteria;
use crate::rules::fit::is_line;
use std::sync::Arc;

/// Slack for doses that are decimal fractions, in gray.
const SLACK: f64 = 1e-6;

/// An answer by which schedules are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dimension {
    Cancer,
    Goal,
    Stage,
    Histology,
    Line,
    Target,
}

/// Whether a patient could have a schedule, whatever dose is ordered.
#[derive(Debug, Clone)]
pub(super) struct Agreement {
    /// Answers that the schedule names and nobody told.
    pub unknown: Vec<Dimension>,
    /// Whether what it needs is met; none where it needs nothing.
    pub needs: Option<Truth>,
    /// True where what it needs is open for the target alone, which was left out: the site as a whole comes first.
    pub lacks_target: bool,
}

/// A schedule that the order fits.
#[derive(Debug, Clone)]
pub(super) struct Fit<'a> {
    pub schedule: &'a Arc<FractionationSchedule>,
    pub agreement: Agreement,
    /// Total dose of the main course in gray.
    pub dose_gy: f64,
    /// Fractions of the main course.
    pub fractions: u32,
    /// True where the total was taken to include the boost.
    pub boost_in_total: bool,
    /// Fractions of the boost, where main course and boost are the schedule together: a cone down.
    pub cone_down: Option<u32>,
}

impl Fit<'_> {
    /// Fractions of all that the schedule counts.
    fn all_fractions(&self) -> u32 {
        self.fractions + self.cone_down.unwrap_or_default()
    }

    /// True where nothing speaks against it, and nothing is asked.
    fn is_accepted(&self) -> bool {
        self.schedule.designation != Designation::NotRecommended
            && matches!(self.agreement.needs, None | Some(Truth::Met))
            && self.agreement.unknown.is_empty()
    }

    /// of several the first; of those that are alike the one that is given as often as the technique says, and whose boost is ordered.
    fn rank(&self, site: &str, ground: &Ground<'_>) -> (u8, bool, bool, bool, Designation, bool, &str) {
        let needs = match self.agreement.needs {
            Some(Truth::Met) => 0,
            None => 1,
            Some(Truth::Unknown) => 2,
            Some(Truth::NotMet) => 3,
        };
        let other_boost = ground
            .treated
            .entered
            .boost
            .is_some_and(|boost| !self.boost_in_total && boost_fault(boost, self.schedule.boost.as_ref(), ground).is_some());
        let schedule = self.schedule;
        let other_rhythm = !rhythm::goes_with(schedule, ground);
        let is_any = !schedule.is_of(site);
        (needs, self.agreement.lacks_target, is_any, other_rhythm, schedule.designation, other_boost, &schedule.id)
    }
}

/// What came of looking for the schedule.
#[derive(Debug)]
pub(super) enum Found<'a> {
    /// Dose, fractions or site are not known: nothing is compared.
    NotCompared,
    /// None fits.
    None,
    /// This one.
    One(Box<Fit<'a>>),
}

impl<'a> Found<'a> {
    /// The schedule, where there is one.
    pub fn fit(&self) -> Option<&Fit<'a>> {
        match self {
            Self::One(fit) => Some(fit),
            _ => None,
        }
    }
}

/// Looks for it.
pub(super) fn find<'a>(ground: &Ground<'a>) -> Found<'a> {
    let treated = ground.treated;
    let (Some(site), Some(dose), Some(fractions)) = (treated.site_key(), treated.dose_gy, treated.fractions) else {
        return Found::NotCompared;
    };
    let alone = best(site, dose, fractions, false, ground);
    let Some(boost) = treated.entered.boost else { return alone.map_or(Found::None, |fit| Found::One(Box::new(fit))) };
    if let Some(fit) = alone {
        // a boost that the row of the main course has not may be a cone down of another
        let has_not = boost_fault(boost, fit.schedule.boost.as_ref(), ground).is_some();
        let sum = || together(site, (dose, fractions), boost, ground).filter(Fit::is_accepted);
        return Found::One(Box::new(if has_not { sum().unwrap_or(fit) } else { fit }));
    }
    let main = dose - boost.dose_gy;
    let tried = [fractions.checked_sub(boost.fractions), Some(fractions)].into_iter().flatten().filter(|left| *left > 0);
    let fit = tried.filter(|_| main > 0.0).find_map(|left| best(site, main, left, true, ground));
    let fit = fit.or_else(|| together(site, (dose, fractions), boost, ground));
    fit.map_or(Found::None, |fit| Found::One(Box::new(fit)))
}

/// Main course and boost as one schedule, by fractions that are each of its size: a cone down.
fn together<'a>(site: &str, (dose, fractions): (f64, u32), boost: Boost, ground: &Ground<'a>) -> Option<Fit<'a>> {
    let each = [dose / f64::from(fractions.max(1)), boost.dose_gy / f64::from(boost.fractions.max(1))];
    let of_its_size = |schedule: &FractionationSchedule| {
        each.iter().all(|each| is_within(*each, schedule.dose_per_fraction_gy, ground.tolerance()))
    };
    let fit = best(site, dose + boost.dose_gy, fractions + boost.fractions, false, ground)?;
    of_its_size(fit.schedule).then_some(Fit { dose_gy: dose, fractions, cone_down: Some(boost.fractions), ..fit })
}

fn best<'a>(site: &str, dose: f64, fractions: u32, boost_in_total: bool, ground: &Ground<'a>) -> Option<Fit<'a>> {
    let fits = ground.catalog().schedules_of(site).filter(|schedule| has_dose(schedule, dose, fractions, ground)).filter_map(
        |schedule| {
            let agreement = agreement(schedule, ground)?;
            Some(Fit { schedule, agreement, dose_gy: dose, fractions, boost_in_total, cone_down: None })
        },
    );
    fits.min_by(|left, right| left.rank(site, ground).cmp(&right.rank(site, ground)))
}

fn has_dose(schedule: &FractionationSchedule, dose: f64, fractions: u32, ground: &Ground<'_>) -> bool {
    schedule.modalities.iter().any(|by| ground.treated.is_by(*by)) && is_dose_of(schedule, dose, fractions, ground)
}

/// True where so many gray in so many fractions lie within the ranges of the schedule.
pub(super) fn is_dose_of(schedule: &FractionationSchedule, dose: f64, fractions: u32, ground: &Ground<'_>) -> bool {
    let each = dose / f64::from(fractions.max(1));
    (schedule.fractions.0..=schedule.fractions.1).contains(&fractions)
        && is_within(dose, schedule.dose_gy, ground.tolerance())
        && is_within(each, schedule.dose_per_fraction_gy, ground.tolerance())
}

/// The boost that the order would be, were the course on file that it belongs to.
pub(super) fn without_its_course<'a>(ground: &Ground<'a>) -> Option<&'a Arc<FractionationSchedule>> {
    let (site, dose, fractions) = (ground.treated.site_key()?, ground.treated.dose_gy?, ground.treated.fractions?);
    let schedules = ground.catalog().schedules_of(site);
    schedules.into_iter().find(|schedule| schedule.boost_of.is_some() && has_dose(schedule, dose, fractions, ground))
}

fn is_within(value: f64, (low, high): (f64, f64), tolerance: f64) -> bool {
    value >= low * (1.0 - tolerance) - SLACK && value <= high * (1.0 + tolerance) + SLACK
}

/// None where a known answer excludes the patient. Absent and unknown answers never do.
pub(super) fn agreement(schedule: &FractionationSchedule, ground: &Ground<'_>) -> Option<Agreement> {
    let patient = ground.patient;
    // a boost without the course that it belongs to is another treatment
    let needs_course = schedule.boost_of.as_ref().is_some_and(|of| !of.alone);
    if needs_course && duplicates::boosted(schedule, ground).is_none() {
        return None;
    }
    if is_told_otherwise(schedule, ground) {
        return None;
    }
    let mut unknown = Vec::new();
    let mut ask = |dimension: Dimension, is_named: bool, truth: Truth| {
        if is_named && truth == Truth::Unknown {
            unknown.push(dimension);
        }
        !is_named || truth != Truth::NotMet
    };
    let among = |list: &[String], word: &str| list.iter().any(|known| known == word);
    let agrees = ask(
        Dimension::Cancer,
        !schedule.cancers.is_empty(),
        patient.cancer().map(|cancer| among(&schedule.cancers, cancer)).into(),
    ) && ask(
        Dimension::Goal,
        schedule.goal.is_some(),
        patient.clinical.treatment_goal.known().map(|goal| schedule.goal == Some(*goal)).into(),
    ) && ask(Dimension::Stage, !schedule.stages.is_empty(), staged(&schedule.stages, ground))
        && ask(Dimension::Histology, !schedule.pathologies.is_empty(), histology(&schedule.pathologies, ground))
        && ask(Dimension::Line, !schedule.lines.is_empty(), is_line(&schedule.lines, patient))
        && ask(
            Dimension::Target,
            schedule.target.is_some(),
            ground.treated.target.known().map(|target| schedule.target.as_deref() == Some(target.term.key.as_str())).into(),
        );
    let needs = schedule.needs.as_ref().map(|needs| ground.judge(&needs.criterion));
    let lacks_target = ground.treated.target == Told::Missing
        && schedule.needs.as_ref().filter(|_| needs == Some(Truth::Unknown)).is_some_and(|needs| {
            ground.open(&needs.criterion, Truth::Unknown).iter().all(|asked| asked.pointer == "/radiation/target")
        });
    agrees.then_some(Agreement { unknown, needs, lacks_target })
}

/// Words of the stage or the histology that exclude the patient, as they were entered: their vocabularies keep the group and the kind alone.
fn is_told_otherwise(schedule: &FractionationSchedule, ground: &Ground<'_>) -> bool {
    let stage = ground.patient.clinical.stage.known().map(String::as_str);
    let texts = ground.histologies().map(|(_, _, text)| text).chain([stage]);
    texts.flatten().any(|text| schedule.not_told.are_in(text))
}

/// The group, or those that T and N leave: where all of them agree the schedule does, and where none does it does not.
fn staged(stages: &[String], ground: &Ground<'_>) -> Truth {
    let among = |stage: &str| stages.iter().any(|known| known == stage);
    match (ground.patient.stage, ground.groups) {
        (None, Some(groups)) if groups.iter().all(|group| among(group)) => Truth::Met,
        (None, Some(groups)) if !groups.iter().any(|group| among(group)) => Truth::NotMet,
        (stage, _) => stage.map(among).into(),
    }
}

/// A word of the vocabulary that is none of those named is another histology; one outside it says nothing (REG-13).
fn histology(named: &[String], ground: &Ground<'_>) -> Truth {
    let told = ground.patient.clinical.pathology.known().and_then(|entered| ground.content.pathology(entered));
    match criteria::pathology(named, ground.patient) {
        Truth::Unknown if told.is_some() => Truth::NotMet,
        truth => truth,
    }
}

/// Schedules that are offered in the place of one that fits none: those of the site that the patient could have, else those of the cancer.
pub(super) fn offered<'a>(ground: &Ground<'a>) -> Vec<&'a Arc<FractionationSchedule>> {
    let Some(site) = ground.treated.site_key() else { return Vec::new() };
    let could_have = |schedule: &&Arc<FractionationSchedule>| {
        schedule.designation != Designation::NotRecommended
            && agreement(schedule, ground).is_some_and(|agreement| agreement.needs != Some(Truth::NotMet))
    };
    let all = || ground.catalog().schedules_of(site).filter(could_have);
    let mut own: Vec<_> = all().filter(|schedule| schedule.is_of(site)).collect();
    if own.is_empty() {
        own = all().collect();
    }
    // the cancer may be treated under another site: lymphoma of the mediastinum under the lymph nodes
    if own.is_empty() {
        let of_cancer =
            |schedule: &&Arc<FractionationSchedule>| !schedule.cancers.is_empty() && ground.patient.cancer().is_some();
        own = ground.catalog().schedules.iter().filter(of_cancer).filter(could_have).collect();
    }
    own.sort_by(|left, right| (left.designation, left.tier, &left.id).cmp(&(right.designation, right.tier, &right.id)));
    own
}

/// The preferred schedules of the group that the patient could have, where the order takes more treatment days than each of them.
pub(super) fn shorter<'a>(fit: &Fit<'_>, ground: &Ground<'a>) -> Vec<&'a Arc<FractionationSchedule>> {
    if fit.schedule.designation != Designation::Acceptable {
        return Vec::new();
    }
    let preferred = ground.catalog().schedules.iter().filter(|other| {
        let same_site = ground.treated.site_key().is_some_and(|site| other.goes_with(site));
        other.group == fit.schedule.group && other.designation == Designation::Preferred && same_site
    });
    let could_have =
        |other: &&Arc<FractionationSchedule>| agreement(other, ground).is_some_and(|found| found.needs != Some(Truth::NotMet));
    let preferred: Vec<_> = preferred.filter(could_have).collect();
    let days = fit.schedule.days(fit.all_fractions());
    let is_longer = preferred.iter().all(|other| days > other.days(other.fractions.1));
    if is_longer { preferred } else { Vec::new() }
}

/// What is wrong with a boost on a schedule.
pub(super) fn boost_fault(boost: Boost, of: Option<&ScheduleBoost>, ground: &Ground<'_>) -> Option<String> {
    let entered = format!("a boost of {} Gy in {} fractions", boost.dose_gy, boost.fractions);
    let Some(of) = of else { return Some(format!("{entered} does not belong to this schedule")) };
    let each = boost.dose_gy / f64::from(boost.fractions.max(1));
    let fits = is_within(boost.dose_gy, of.dose_gy, ground.tolerance())
        && (of.fractions.0..=of.fractions.1).contains(&boost.fractions)
        && is_within(each, of.dose_per_fraction_gy, ground.tolerance());
    let range = |low: String, high: String| if low == high { low } else { format!("{low} to {high}") };
    let doses = |(low, high): (f64, f64)| range(low.to_string(), high.to_string());
    (!fits).then(|| {
        format!(
            "{entered} is outside what the schedule has: {} Gy in {} fractions, {} Gy a fraction",
            doses(of.dose_gy),
            range(of.fractions.0.to_string(), of.fractions.1.to_string()),
            doses(of.dose_per_fraction_gy)
        )
    })
}
