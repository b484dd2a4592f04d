//! Other radiation of the same member: of the same site on the same days it may be the same order, else the area may be irradiated again.

use super::ground::Ground;
use super::schedule::is_dose_of;
use super::{PRIOR_RADIATION, Treated};
use crate::domain::case::Notice;
use crate::domain::content::Content;
use crate::domain::content::radiation::{FractionationSchedule, RadiationCatalog};
use crate::domain::criteria::ResultTest;
use crate::domain::order::OrderRequest;
use crate::domain::vocabulary::{CaseStatus, NoticeCode, Service, Truth};
use crate::rules::facts::RelatedCase;
use chrono::{Days, NaiveDate};

const SITE: &str = "site:";
const SIDE: &str = "side:";
const TARGET: &str = "target:";
const BY: &str = "by:";
const DOSE: &str = "dose:";
/// The order has its boost with it.
const BOOSTED: &str = "boosted";
/// The order was taken back when its first day had come: some of it may have been given.
const BEGUN: &str = "begun";
/// A site that nobody understood.
const UNKNOWN: &str = "unknown";

/// What is on file of the member's radiation.
#[derive(Debug, Default)]
pub(super) struct OnFile {
    /// Of this site, on days of this order.
    pub similar: Vec<Notice>,
    /// On other days, or of a neighbouring site.
    pub earlier: Vec<Notice>,
}

/// What a course is filed under: its site, its side and target where they are known, and how it is given.
pub fn course_words(order: &OrderRequest, content: &Content) -> Vec<String> {
    order.radiation.as_ref().map(|entered| words(&Treated::read(order, entered, content))).unwrap_or_default()
}

/// The same of a course that was taken back when its first day had come.
pub fn begun(mut words: Vec<String>) -> Vec<String> {
    words.push(BEGUN.to_owned());
    words
}

/// True where nothing of a course was given: it was denied, or taken back before it began.
fn is_void(case: &RelatedCase) -> bool {
    match case.status {
        CaseStatus::NonAuthorized => true,
        CaseStatus::ReviewCancelled => !case.treatment_ingredients.iter().any(|word| word == BEGUN),
        _ => false,
    }
}

/// True for radiation of the site, side and target of this order, as far as they are known.
pub(super) fn is_of_same_area(case: &RelatedCase, ground: &Ground<'_>) -> bool {
    let own = words(ground.treated);
    case.service == Service::RadiationOncology
        && may_be_same(&own, &case.treatment_ingredients)
        && may_overlap(&own, &case.treatment_ingredients, ground.catalog())
}

pub(super) fn words(treated: &Treated<'_>) -> Vec<String> {
    let of_site = [SITE, treated.site_key().unwrap_or(UNKNOWN)].concat();
    let target = treated.target.known().map(|target| [TARGET, target.term.key.as_str()].concat());
    let place = std::iter::once(of_site).chain(treated.side.map(|side| [SIDE, side.as_str()].concat())).chain(target);
    let by = [BY, treated.modality.as_str()].concat();
    let dose = treated.dose_gy.zip(treated.fractions).map(|(dose, fractions)| format!("{DOSE}{dose}/{fractions}"));
    let boosted = treated.entered.boost.map(|_| BOOSTED.to_owned());
    place.chain([by]).chain(dose).chain(boosted).collect()
}

/// The course of external radiation on file that a schedule is the boost of: of the same place, by one of the schedules that content names, and
/// not long before or after.
pub(super) fn boosted<'a>(schedule: &FractionationSchedule, ground: &Ground<'a>) -> Option<&'a RelatedCase> {
    let of = schedule.boost_of.as_ref()?;
    let own = words(ground.treated);
    let (day, within) = (ground.patient.date_of_service, Days::new(u64::from(of.within_days)));
    let is_close = |case: &RelatedCase| {
        case.valid_from.checked_sub_days(within).is_none_or(|first| first <= day)
            && case.valid_through.checked_add_days(within).is_none_or(|last| day <= last)
    };
    ground.related.iter().find(|case| {
        let filed = &case.treatment_ingredients;
        case.service == Service::RadiationOncology
            && case.is_approved()
            && is_close(case)
            && self::of(filed, SITE) == self::of(&own, SITE)
            && may_overlap(&own, filed, ground.catalog())
            && !filed.iter().any(|word| word == BOOSTED)
            && of.schedules.iter().filter_map(|id| ground.catalog().schedule(id)).any(|main| is_by_schedule(filed, main, ground))
    })
}

/// True where a course on file is within the ranges of a schedule.
fn is_by_schedule(filed: &[String], schedule: &FractionationSchedule, ground: &Ground<'_>) -> bool {
    let dose = of(filed, DOSE).and_then(|dose| dose.split_once('/'));
    let dose = dose.and_then(|(dose, fractions)| Some((dose.parse().ok()?, fractions.parse().ok()?)));
    let by = of(filed, BY).is_some_and(|by| schedule.modalities.iter().any(|known| known.modality.as_str() == by));
    by && dose.is_some_and(|(dose, fractions)| is_dose_of(schedule, dose, fractions, ground))
}

/// Cases of the same or a neighbouring site whose side may be the same, but for the course that this order boosts.
pub(super) fn find(ground: &Ground<'_>, boosted: Option<&RelatedCase>, range: (NaiveDate, NaiveDate)) -> OnFile {
    let own = words(ground.treated);
    let may_overlap = |case: &&RelatedCase| {
        case.service == Service::RadiationOncology
            && !is_void(case)
            && !case.treatment_ingredients.is_empty()
            && may_overlap(&own, &case.treatment_ingredients, ground.catalog())
    };
    let denied = ResultTest::In(vec!["no".to_owned()]);
    let is_denied = ground.patient.assessment(PRIOR_RADIATION).is_some_and(|standing| standing.test(&denied) == Truth::Met);
    let mut found = OnFile::default();
    let is_of_plan = |case: &&RelatedCase| boosted.is_some_and(|of| of.case_id == case.case_id);
    for case in ground.related.iter().filter(may_overlap).filter(|case| !is_of_plan(case)) {
        // a neighbouring site is another treatment, whose fields may meet this one's
        let is_same = may_be_same(&own, &case.treatment_ingredients);
        let is_cancelled = case.status == CaseStatus::ReviewCancelled;
        if is_same && !is_cancelled && case.valid_from <= range.1 && range.0 <= case.valid_through {
            found.similar.push(similar(case));
        } else {
            found.earlier.push(earlier(case, is_denied));
        }
    }
    found
}

/// What is told of a case: what another practice treats, and when, is not told with this one's case (PRV-02).
fn told(case: &RelatedCase) -> Option<String> {
    let is_place = |word: &&String| [SITE, SIDE, TARGET].iter().any(|kind| word.starts_with(kind));
    let place = case.treatment_ingredients.iter().filter(is_place);
    let words = || place.map(|word| word.replace(['_', ':'], " ")).collect::<Vec<_>>().join(", ");
    let days = (case.valid_from, case.valid_through);
    let taken_back = if case.status == CaseStatus::ReviewCancelled {
        ", and was withdrawn when its first day had come: some of it may have been given"
    } else {
        ""
    };
    case.is_theirs.then(|| format!("radiation of this member ({}) is on file from {} to {}{taken_back}", words(), days.0, days.1))
}

fn similar(case: &RelatedCase) -> Notice {
    let told = told(case).unwrap_or_else(|| "other radiation of this member is on file for these days".to_owned());
    let text = format!("{told}; a nurse checks whether this is a duplicate (DUP-01)");
    Notice::new(NoticeCode::DuplicateOrder, &text, Some(case.case_id))
}

fn earlier(case: &RelatedCase, is_denied: bool) -> Notice {
    let told = told(case).unwrap_or_else(|| "other radiation of this member is on file".to_owned());
    let against = if is_denied { ", although the order says that the area was not treated before" } else { "" };
    let text = format!("{told}, of the same or a neighbouring area{against}; a nurse looks at both (R-42)");
    Notice::new(NoticeCode::EarlierRadiation, &text, Some(case.case_id))
}

/// The site of one may be that of the other.
fn may_be_same(own: &[String], other: &[String]) -> bool {
    match (of(own, SITE), of(other, SITE)) {
        (Some(own), Some(other)) => own == other || own == UNKNOWN || other == UNKNOWN,
        _ => true,
    }
}

/// What of these words is of this kind.
fn of<'w>(words: &'w [String], kind: &str) -> Option<&'w str> {
    words.iter().find_map(|word| word.strip_prefix(kind))
}

/// A site that nobody understood may be any, and so may a side; targets of one site that differ exclude each other.
fn may_overlap(own: &[String], other: &[String], catalog: &RadiationCatalog) -> bool {
    let (Some(site), Some(other_site)) = (of(own, SITE), of(other, SITE)) else { return true };
    let are_near = site == UNKNOWN || other_site == UNKNOWN || catalog.are_near(site, other_site);
    let sides = (of(own, SIDE), of(other, SIDE));
    let is_side = match sides {
        (Some(own), Some(other)) => own == other || own == "both" || other == "both",
        _ => true,
    };
    are_near && is_side && !catalog.are_apart(of(own, TARGET), of(other, TARGET))
}
