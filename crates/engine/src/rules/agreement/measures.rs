//! Height, weight and creatinine that no patient of this age has, alone and together: inches for centimetres, pounds for kilograms, a
//! slipped point. A dose worked out from them is unsafe, whoever reviews the drug.

use super::{Side, contradiction};
use crate::domain::content::{BodyMeasure, MeasureBounds};
use crate::domain::criteria::{Comparison, ResultTest};
use crate::domain::vocabulary::{DoseUnit, Truth};
use crate::rules::answers::{Place, Unusable};
use crate::rules::concern::{Concern, Pends};
use crate::rules::drugs::Shared;

pub(super) fn concerns(shared: &Shared<'_>, found: &mut Vec<Concern>) {
    let patient = shared.patient;
    let age = patient.age;
    let of_age = shared.content.agreement.bounds.iter().filter(|bounds| bounds.from_age <= age && age < bounds.below_age);
    found.extend(creatinine_told_twice(shared));
    let mut both_told = false;
    for bounds in of_age {
        let Some(value) = measured(bounds.measure, shared) else { continue };
        if (bounds.least..=bounds.most).contains(&value) {
            continue;
        }
        // of a height that is wrong, the index and the surface are wrong, too
        let is_pair = matches!(bounds.measure, BodyMeasure::MassIndex | BodyMeasure::Surface);
        if is_pair && both_told {
            continue;
        }
        both_told |= matches!(bounds.measure, BodyMeasure::Height | BodyMeasure::Weight) || is_pair;
        found.extend(sides(bounds.measure, shared).map(|sides| implausible(*bounds, value, &sides, shared)));
    }
}

/// A serum creatinine among the assessments that is another one than the doses are worked out from.
fn creatinine_told_twice(shared: &Shared<'_>) -> Option<Concern> {
    let told = &shared.content.agreement.creatinine_told;
    let standing = shared.patient.assessment(&told.assessment)?;
    let own = *shared.patient.clinical.serum_creatinine_mg_dl.known()?;
    let share = 1.0 + told.apart_percent / 100.0;
    let is = |comparison, bound| standing.heeded(&ResultTest::Compare(comparison, bound)) == Truth::Met;
    // an older one was another day's
    let is_of_today = !matches!(standing.value, Err(Unusable::TooOld(_)));
    if !is_of_today || !(is(Comparison::More, own * share) || is(Comparison::Less, own / share)) {
        return None;
    }
    let pointer = standing.place.map_or_else(|| "/clinical/assessments".to_owned(), Place::result_pointer);
    let first = Side::new("serum creatinine", "/clinical/serum_creatinine_mg_dl", format!("{own} mg/dL"));
    let second = Side::new(standing.definition.display.clone(), pointer, standing.as_entered());
    let because = "doses and the creatinine clearance are worked out from one of them";
    Some(contradiction("measures/creatinine-told-twice", because, &first, &second, Pends::Everything, shared))
}

/// The value, where the answers give it.
fn measured(measure: BodyMeasure, shared: &Shared<'_>) -> Option<f64> {
    let clinical = shared.patient.clinical;
    let height = clinical.height_cm.known().copied();
    let weight = clinical.weight_kg.known().copied();
    match measure {
        BodyMeasure::Height => height,
        BodyMeasure::Weight => weight,
        BodyMeasure::MassIndex => Some(weight? / (height? / 100.0).powi(2)),
        BodyMeasure::Surface => Some((height? * weight? / 3600.0).sqrt()),
        BodyMeasure::Creatinine => clinical.serum_creatinine_mg_dl.known().copied(),
    }
}

/// The two answers that it is held together with.
fn sides(measure: BodyMeasure, shared: &Shared<'_>) -> Option<(Side, Side)> {
    let clinical = shared.patient.clinical;
    let side = |name: &str, pointer: &str, value: f64, unit: &str| Side::new(name, pointer, format!("{value} {unit}"));
    let tall = || Some(side("height", "/clinical/height_cm", *clinical.height_cm.known()?, "cm"));
    let heavy = || Some(side("weight", "/clinical/weight_kg", *clinical.weight_kg.known()?, "kg"));
    let aged = || Side::new("age", "/member/birth_date", format!("{} years", shared.patient.age));
    Some(match measure {
        BodyMeasure::Height => (aged(), tall()?),
        BodyMeasure::Weight => (aged(), heavy()?),
        BodyMeasure::MassIndex | BodyMeasure::Surface => (tall()?, heavy()?),
        BodyMeasure::Creatinine => {
            let creatinine = *clinical.serum_creatinine_mg_dl.known()?;
            (aged(), side("serum creatinine", "/clinical/serum_creatinine_mg_dl", creatinine, "mg/dL"))
        }
    })
}

fn implausible(bounds: MeasureBounds, value: f64, (first, second): &(Side, Side), shared: &Shared<'_>) -> Concern {
    let MeasureBounds { least, most, .. } = bounds;
    let (id, because) = match bounds.measure {
        BodyMeasure::Height => {
            ("height", format!("a height from {least} to {most} cm is plausible; is the number in another unit?"))
        }
        BodyMeasure::Weight => {
            ("weight", format!("a weight from {least} to {most} kg is plausible; is the number in another unit?"))
        }
        BodyMeasure::MassIndex => (
            "body-mass-index",
            format!(
                "together they give a body mass index of {value:.1}, and {least} to {most} is plausible; are they in pounds or inches, or \
                 in each other's place?"
            ),
        ),
        BodyMeasure::Surface => {
            ("body-surface", format!("together they give a body surface of {value:.2} m2, and {least} to {most} is plausible"))
        }
        BodyMeasure::Creatinine => (
            "creatinine",
            format!(
                "a serum creatinine from {least} to {most} mg/dL is plausible; is the number in µmol/L, or a point in the wrong place?"
            ),
        ),
    };
    let is_unsafe = |unit: DoseUnit| match bounds.measure {
        BodyMeasure::Creatinine => unit == DoseUnit::Auc,
        _ => unit.is_relative(),
    };
    let doses = shared.plan.iter().flat_map(|line| line.ordered.dose.into_iter().chain(line.ordered.loading_dose));
    let pends = if doses.map(|dose| dose.unit).any(is_unsafe) { Pends::Everything } else { Pends::Managed };
    contradiction(&["measures/", id].concat(), &because, first, second, pends, shared)
}
