//! The lines of a radiation order: as listed and checked, or derived (R-31…33).

use super::ground::Ground;
use super::schedule::Fit;
use super::{Treated, modality};
use crate::domain::content::radiation::{
    DerivedLines, DerivedUnits, DoseRate, RadiationService, ScheduleModality, ServiceCategory, UnitRule,
};
use crate::domain::criteria::Criterion;
use crate::domain::order::Boost;
use crate::domain::vocabulary::{DrugRole, DrugStatus, Modality, Truth};
use crate::rules::criteria::{self, Bench};
use crate::rules::plain;
use chrono::NaiveDate;
use std::sync::Arc;

/// What units are counted by: the phases given by one modality.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counted {
    /// Fractions, where they are known.
    pub fractions: Option<u32>,
    /// Plans.
    pub plans: u32,
    /// True at a high dose rate.
    pub high_dose_rate: bool,
}

/// The course as lines and dates count it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Course {
    /// Of the modality of the order.
    pub main: Counted,
    /// Of a boost by another modality.
    pub other: Option<(ScheduleModality, Counted)>,
    /// Of a boost that may be given by another modality as well; its fractions are among those of `main`.
    pub also: Option<(Modality, Counted)>,
    /// Fractions a day.
    pub per_day: u32,
    /// Treatment days a week.
    pub per_week: u32,
    /// Treatment days of everything.
    pub days: Option<u32>,
}

impl Course {
    /// Counts the course; by an ordinary week where no schedule says another.
    pub fn new(fit: Option<&Fit<'_>>, treated: &Treated<'_>) -> Self {
        let boost: Option<Boost> = treated.entered.boost;
        let separate = fit.and_then(|fit| fit.schedule.boost.as_ref()).and_then(|of| of.modality);
        let separate = separate.filter(|of| boost.is_some() && of.modality != treated.modality);
        let fractions = fit.map(|fit| fit.fractions).or(treated.fractions);
        let same = boost.filter(|_| separate.is_none());
        let high = treated.technique.says(DoseRate::High.as_str()) == Truth::Met;
        let main = Counted {
            fractions: fractions.map(|main| main + same.map_or(0, |boost| boost.fractions)),
            plans: 1 + u32::from(same.is_some()),
            high_dose_rate: high,
        };
        let other = separate.zip(boost).map(|(of, boost)| {
            let high_dose_rate = of.dose_rate == Some(DoseRate::High);
            (of, Counted { fractions: Some(boost.fractions), plans: 1, high_dose_rate })
        });
        let also = fit
            .and_then(|fit| fit.schedule.boost.as_ref()?.also)
            .zip(same)
            .map(|(by, boost)| (by, Counted { fractions: Some(boost.fractions), plans: 1, high_dose_rate: false }));
        let per_day = fit.map_or(1, |fit| fit.schedule.per_day.max(1));
        let all = fractions.map(|main| main + boost.map_or(0, |boost| boost.fractions));
        Self {
            main,
            other,
            also,
            per_day,
            per_week: fit.map_or(5, |fit| fit.schedule.per_week.max(1)),
            days: all.map(|all| all.div_ceil(per_day)),
        }
    }

    /// Fractions a day of the phase that a service belongs to: a boost by another modality is given once.
    pub fn per_day_of(&self, service: &RadiationService, of: Modality) -> u32 {
        let is_main = service.modalities.is_empty() || service.modalities.contains(&of);
        let is_other = !is_main && self.other.is_some_and(|(by, _)| service.modalities.contains(&by.modality));
        if is_other { 1 } else { self.per_day }
    }

    /// What a service is counted by; none where it goes with no modality of the order.
    fn counted_for(&self, service: &RadiationService, of: Modality) -> Option<Counted> {
        if service.modalities.is_empty() || service.modalities.contains(&of) {
            return Some(self.main);
        }
        let other = self.other.filter(|(by, _)| service.modalities.contains(&by.modality)).map(|(_, counted)| counted);
        other.or_else(|| self.also.filter(|(by, _)| service.modalities.contains(by)).map(|(_, counted)| counted))
    }
}

/// The most units of a service; none where content sets none or the fractions are not known.
pub(super) fn most_units(rule: UnitRule, counted: Counted) -> Option<u32> {
    let plans = counted.plans;
    match rule {
        UnitRule::Most(most) => return Some(most),
        UnitRule::PerPlan(each) => return Some(each * plans),
        UnitRule::AsOrdered => return None,
        _ => {}
    }
    let n = counted.fractions?;
    Some(match rule {
        UnitRule::Fractions(most) => most.map_or(n, |most| n.min(most)),
        UnitRule::FractionsLessOne(most) => n.saturating_sub(1).min(most),
        UnitRule::FractionsOrOne => {
            if counted.high_dose_rate {
                n
            } else {
                1
            }
        }
        UnitRule::Weeks => n.div_ceil(5),
        UnitRule::Management if n <= 2 => 0,
        UnitRule::Management => n / 5 + u32::from(n % 5 >= 3),
        UnitRule::ShortCourse => u32::from(n <= 2),
        UnitRule::SingleFraction => u32::from(n == 1),
        UnitRule::Most(_) | UnitRule::PerPlan(_) | UnitRule::AsOrdered => return None,
    })
}

/// What a code is by itself: reviewed, which is in progress here, not reviewed, or not known.
pub fn by_code(service: Option<&RadiationService>) -> DrugStatus {
    match service {
        None => DrugStatus::ReferToHealthPlan,
        Some(service) if !service.needs_authorization => DrugStatus::ClinicalReviewNotRequired,
        Some(_) => DrugStatus::InProgress,
    }
}

/// One line.
#[derive(Debug, Clone)]
pub(super) struct Line<'a> {
    /// Number.
    pub number: u32,
    /// Code; none where no line could be derived.
    pub code: Option<&'a str>,
    /// What content knows of it.
    pub service: Option<&'a Arc<RadiationService>>,
    /// Units asked for, or counted.
    pub units: Option<u32>,
    /// What does not go with the treatment.
    pub mismatch: Option<String>,
}

impl Line<'_> {
    /// Name for people.
    pub fn name(&self) -> String {
        match (self.service, self.code) {
            (Some(service), _) => service.name.clone(),
            (None, Some(code)) => format!("code {code}"),
            (None, None) => "radiation treatment".to_owned(),
        }
    }

    /// Treatment, or supportive.
    pub fn role(&self) -> DrugRole {
        self.service.map_or(DrugRole::Treatment, |service| service.role)
    }

    /// Status by itself, before what pends the order.
    pub fn status(&self) -> DrugStatus {
        match by_code(self.service.map(AsRef::as_ref)) {
            DrugStatus::ReferToHealthPlan if self.code.is_some() => DrugStatus::ReferToHealthPlan,
            _ if self.mismatch.is_some() || self.code.is_none() => DrugStatus::InProgress,
            DrugStatus::InProgress => DrugStatus::Authorized,
            status => status,
        }
    }

    pub fn treats(&self) -> bool {
        self.service.is_some_and(|service| service.is_delivery())
    }
}

/// The lines in the order of their numbers, and whether one of them delivers the treatment.
pub(super) fn of<'a>(ground: &Ground<'a>, course: &Course, day: NaiveDate) -> Vec<Line<'a>> {
    let listed = ground.treated.entered.listed();
    if listed.is_empty() {
        return derived(ground, course, day);
    }
    let mut lines: Vec<Line<'a>> = listed
        .iter()
        .map(|ordered| Line {
            number: ordered.line,
            code: Some(&ordered.code),
            service: ground.catalog().service(&ordered.code),
            units: Some(ordered.units),
            mismatch: None,
        })
        .collect();
    lines.sort_by_key(|line| line.number);
    let guided = modality::is_guided(ground);
    for index in 0..lines.len() {
        let Some((before, line)) = lines.get(..=index).and_then(|lines| lines.split_last()).map(|(last, before)| (before, last))
        else {
            continue;
        };
        let mismatch = mismatch(line, before, ground, course, (guided, day));
        if let Some(line) = lines.get_mut(index) {
            line.mismatch = mismatch;
        }
    }
    lines
}

/// True where no line delivers the treatment: then nobody knows what is authorized.
pub(super) fn lacks_delivery(lines: &[Line<'_>]) -> bool {
    !lines.iter().any(Line::treats)
}

fn mismatch(
    line: &Line<'_>,
    before: &[Line<'_>],
    ground: &Ground<'_>,
    course: &Course,
    (guided, day): (bool, NaiveDate),
) -> Option<String> {
    let (code, service, units) = (line.code?, line.service?, line.units?);
    let name = &service.name;
    let of = ground.treated.modality;
    if before.iter().any(|other| other.code == Some(code)) {
        return Some(format!("{code} ({name}) is listed twice: put its units on one line"));
    }
    if service.category == ServiceCategory::Unlisted {
        return Some(format!("{code} is an unlisted code: a nurse reads what is meant by it"));
    }
    if !service.is_valid_on(day) {
        return Some(format!("{code} ({name}) may not be billed on {day}: its meaning begins later"));
    }
    let Some(counted) = course.counted_for(service, of) else {
        return Some(format!("{code} ({name}) does not go with {}", plain::modality_name(of)));
    };
    if code == ground.catalog().guidance_code && !guided {
        return Some(format!("{code} ({name}) is not indicated for this treatment"));
    }
    if let Some(needs) = service.needs.as_ref().filter(|needs| judge(&needs.criterion, service, ground, course) != Truth::Met) {
        let reason = plain::clause_of(needs, ground.content);
        return Some(format!("{code} ({name}) goes with this alone, which the order does not say: {reason}"));
    }
    if let (Some(0), Some(n)) = (most_units(service.units, counted), counted.fractions) {
        return Some(format!("{code} ({name}) is not for a course of {n} fractions"));
    }
    if let Some(most) = most_units(service.units, counted).filter(|most| units > *most) {
        return Some(format!("{units} units of {code} ({name}) are more than this treatment takes: {most}"));
    }
    if line.treats() {
        return delivered(line, before, ground, course, counted);
    }
    if is_plan(service) {
        return planned(line, before, ground, course, counted);
    }
    None
}

/// What a service needs, of the phase that it belongs to: the main course, or a boost by another modality.
fn judge(needs: &Criterion, service: &RadiationService, ground: &Ground<'_>, course: &Course) -> Truth {
    let is_main = service.modalities.is_empty() || service.modalities.contains(&ground.treated.modality);
    match course.other.filter(|(by, _)| !is_main && service.modalities.contains(&by.modality)) {
        None => ground.judge(needs),
        Some((by, _)) => {
            let treated = ground.treated.as_boost(by.modality, by.dose_rate.unwrap_or(DoseRate::High));
            criteria::judge(needs, &Bench { radiation: Some(&treated), ..ground.bench })
        }
    }
}

/// True for a plan of dose: of one phase there is one, whatever its kind.
fn is_plan(service: &RadiationService) -> bool {
    service.category == ServiceCategory::Planning && matches!(service.units, UnitRule::PerPlan(_) | UnitRule::FractionsOrOne)
}

/// Codes of plans beside each other plan no more phases than there are.
fn planned(line: &Line<'_>, before: &[Line<'_>], ground: &Ground<'_>, course: &Course, counted: Counted) -> Option<String> {
    let of = ground.treated.modality;
    let same = |other: &&Line<'_>| {
        other.service.is_some_and(|service| is_plan(service) && course.counted_for(service, of) == Some(counted))
    };
    let most = most_units(line.service?.units, counted)?;
    let earlier: u32 = before.iter().filter(same).filter_map(|other| other.units).sum();
    (earlier > 0 && earlier + line.units.unwrap_or(0) > most).then(|| {
        let code = line.code.unwrap_or_default();
        format!("with the plans before it, {code} is more than the {most} that this treatment takes")
    })
}

/// Two codes of delivery beside each other deliver no more fractions than are ordered.
fn delivered(line: &Line<'_>, before: &[Line<'_>], ground: &Ground<'_>, course: &Course, counted: Counted) -> Option<String> {
    let of = ground.treated.modality;
    // a boost by electrons is among the fractions of the order
    let is_main = |counted: Counted| counted == course.main || course.also.is_some_and(|(_, also)| also == counted);
    let same = |other: &&Line<'_>| {
        let of_other = other.service.and_then(|service| course.counted_for(service, of));
        other.treats() && of_other.is_some_and(|other| other == counted || (is_main(other) && is_main(counted)))
    };
    let earlier: u32 = before.iter().filter(same).filter_map(|other| other.units).sum();
    let all = if is_main(counted) { course.main } else { counted };
    let n = all.fractions.filter(|n| earlier > 0 && earlier + line.units.unwrap_or(0) > *n)?;
    Some(format!(
        "with the delivery lines before it, {} delivers more than the {n} fractions ordered",
        line.code.unwrap_or_default()
    ))
}

fn derived<'a>(ground: &Ground<'a>, course: &Course, day: NaiveDate) -> Vec<Line<'a>> {
    let mut lines: Vec<Line<'a>> = Vec::new();
    let mut add = |of: &'a DerivedLines, counted: Counted| {
        for (code, units) in &of.lines {
            let units = match units {
                DerivedUnits::Number(number) => Some(*number),
                DerivedUnits::Plans => Some(counted.plans),
                DerivedUnits::Fractions => counted.fractions,
            };
            lines.push(line(code, units, ground));
        }
    };
    let main = first(ground.treated.modality, None, ground, day);
    if let Some(of) = main {
        add(of, course.main);
    }
    if let Some((by, counted)) = course.other
        && let Some(of) = first(by.modality, by.dose_rate, ground, day)
    {
        add(of, counted);
    }
    if main.is_some_and(|of| of.guided) && modality::is_guided(ground) {
        let at = main.map_or(0, |of| of.lines.len());
        lines.insert(at, line(&ground.catalog().guidance_code, course.main.fractions, ground));
    }
    if main.is_none() {
        lines.insert(0, Line { number: 0, code: None, service: None, units: course.main.fractions, mismatch: None });
    }
    for (number, line) in (1..).zip(&mut lines) {
        line.number = number;
    }
    lines
}

fn line<'a>(code: &'a str, units: Option<u32>, ground: &Ground<'a>) -> Line<'a> {
    Line { number: 0, code: Some(code), service: ground.catalog().service(code), units, mismatch: None }
}

/// The first entry of a modality that holds; of a boost with its own dose rate.
fn first<'a>(of: Modality, rate: Option<DoseRate>, ground: &Ground<'a>, day: NaiveDate) -> Option<&'a DerivedLines> {
    let holds = |when: &Criterion| match rate {
        None => ground.judge(when) == Truth::Met,
        Some(rate) => {
            let treated = ground.treated.as_boost(of, rate);
            criteria::judge(when, &Bench { radiation: Some(&treated), ..ground.bench }) == Truth::Met
        }
    };
    let entries = ground.catalog().derived.iter().filter(|entry| entry.modality == of);
    let mut valid = entries.filter(|entry| entry.from.is_none_or(|from| from <= day));
    valid.find(|entry| entry.when.as_ref().is_none_or(|when| holds(&when.criterion))).map(AsRef::as_ref)
}
