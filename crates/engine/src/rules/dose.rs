//! Doses, billing units, visits and the valid range (VER-07, VER-08). All amounts of mass are worked out in milligrams.

use super::patient::{Measure, Patient};
use super::plan::PlanLine;
use crate::domain::content::{Amount, Basis, BillingUnit, Kind, Per, Product, Range, WeightBasis};
use crate::domain::criteria::Amount as FactUnit;
use crate::domain::order::{Dose, Phase};
use crate::domain::vocabulary::{DoseUnit, Sex};
use chrono::{Days, Months, NaiveDate};

/// An amount given to this patient, in its base unit: milligrams, units, millicuries, pieces, millilitres or milliequivalents.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Given {
    kind: Kind,
    amount: f64,
}

impl Given {
    /// For people and for JSON, rounded to a hundredth (small doses to a ten-thousandth).
    pub fn shown(self) -> Dose {
        let unit = match self.kind {
            Kind::Mass => DoseUnit::Mg,
            Kind::Units => DoseUnit::Units,
            Kind::Radioactivity => DoseUnit::Mci,
            Kind::Count => DoseUnit::Each,
            Kind::Volume => DoseUnit::Ml,
            Kind::Equivalents => DoseUnit::Meq,
        };
        let places = if self.amount < 1.0 { 10_000.0 } else { 100.0 };
        Dose { amount: (self.amount * places).round() / places, unit }
    }

    /// What kind of amount it is.
    pub const fn kind(self) -> Kind {
        self.kind
    }

    /// How much, in the base unit of its kind.
    pub const fn amount(self) -> f64 {
        self.amount
    }

    /// As many times as much.
    #[must_use]
    pub fn times(self, count: f64) -> Self {
        Self { amount: self.amount * count, ..self }
    }

    /// The smaller of this and a regimen's ceiling in the same base unit.
    #[must_use]
    pub fn at_most(self, ceiling: Option<f64>) -> Self {
        Self { amount: ceiling.map_or(self.amount, |ceiling| self.amount.min(ceiling)), ..self }
    }

    /// This amount as a share of another of the same kind, in percent.
    pub fn percent_of(self, other: Self) -> Option<f64> {
        (self.kind == other.kind && other.amount > 0.0).then(|| self.amount / other.amount * 100.0)
    }

    /// The amount of a dose as its unit says, per kilogram or square metre where the unit is; none for an area under the curve.
    pub const fn of_flat(amount: f64, unit: DoseUnit) -> Option<Self> {
        let (kind, amount) = match unit {
            DoseUnit::Mg | DoseUnit::MgPerKg | DoseUnit::MgPerM2 => (Kind::Mass, amount),
            DoseUnit::Mcg | DoseUnit::McgPerKg | DoseUnit::McgPerM2 => (Kind::Mass, amount / 1000.0),
            DoseUnit::G => (Kind::Mass, amount * 1000.0),
            DoseUnit::Units | DoseUnit::UnitsPerM2 | DoseUnit::UnitsPerKg => (Kind::Units, amount),
            DoseUnit::MillionUnits => (Kind::Units, amount * 1e6),
            DoseUnit::Mci => (Kind::Radioactivity, amount),
            DoseUnit::UciPerKg => (Kind::Radioactivity, amount / 1000.0),
            DoseUnit::Each => (Kind::Count, amount),
            DoseUnit::Ml => (Kind::Volume, amount),
            DoseUnit::Meq => (Kind::Equivalents, amount),
            DoseUnit::Auc => return None,
        };
        Some(Self { kind, amount })
    }

    /// The amount in another unit; none where the units do not convert.
    pub fn amount_in(self, unit: FactUnit) -> Option<f64> {
        match (self.kind, unit) {
            (Kind::Mass, FactUnit::Mg) | (Kind::Units, FactUnit::Units) | (Kind::Radioactivity, FactUnit::Mci) => {
                Some(self.amount)
            }
            (Kind::Mass, FactUnit::Mcg) => Some(self.amount * 1000.0),
            (Kind::Mass, FactUnit::G) => Some(self.amount / 1000.0),
            _ => None,
        }
    }

    /// The sum of two amounts of the same kind.
    pub fn plus(self, other: Self) -> Option<Self> {
        (self.kind == other.kind).then_some(Self { kind: self.kind, amount: self.amount + other.amount })
    }
}

/// What a unit counts, and how much of the base unit it is.
pub const fn measure(unit: DoseUnit) -> (Basis, f64) {
    let (kind, per, factor) = match unit {
        DoseUnit::Mg => (Kind::Mass, Per::Flat, 1.0),
        DoseUnit::Mcg => (Kind::Mass, Per::Flat, 0.001),
        DoseUnit::G => (Kind::Mass, Per::Flat, 1000.0),
        DoseUnit::Units => (Kind::Units, Per::Flat, 1.0),
        DoseUnit::MillionUnits => (Kind::Units, Per::Flat, 1e6),
        DoseUnit::Mci => (Kind::Radioactivity, Per::Flat, 1.0),
        DoseUnit::Each => (Kind::Count, Per::Flat, 1.0),
        DoseUnit::Ml => (Kind::Volume, Per::Flat, 1.0),
        DoseUnit::Meq => (Kind::Equivalents, Per::Flat, 1.0),
        DoseUnit::MgPerM2 => (Kind::Mass, Per::SquareMetre, 1.0),
        DoseUnit::McgPerM2 => (Kind::Mass, Per::SquareMetre, 0.001),
        DoseUnit::UnitsPerM2 => (Kind::Units, Per::SquareMetre, 1.0),
        DoseUnit::UnitsPerKg => (Kind::Units, Per::Kilogram, 1.0),
        DoseUnit::MgPerKg => (Kind::Mass, Per::Kilogram, 1.0),
        DoseUnit::McgPerKg => (Kind::Mass, Per::Kilogram, 0.001),
        DoseUnit::UciPerKg => (Kind::Radioactivity, Per::Kilogram, 0.001),
        DoseUnit::Auc => (Kind::Mass, Per::Auc, 1.0),
    };
    (Basis { kind, per }, factor)
}

/// The amount of a dose for this patient, by the weight and within the body measures that the product is dosed by (SAFE-07).
///
/// # Errors
/// The measures that are missing.
pub fn given(amount: f64, unit: DoseUnit, patient: &Patient<'_>, product: Option<&Product>) -> Result<Given, Vec<Measure>> {
    let (basis, factor) = measure(unit);
    for_patient(Amount { basis, amount: amount * factor }, patient, product)
}

/// The same for an amount of content.
///
/// # Errors
/// The measures that are missing.
pub fn for_patient(dose: Amount, patient: &Patient<'_>, product: Option<&Product>) -> Result<Given, Vec<Measure>> {
    let at_most = |measure: f64, cap: Option<f64>| cap.map_or(measure, |cap| measure.min(cap));
    let times = match dose.basis.per {
        Per::Flat => 1.0,
        Per::SquareMetre => at_most(patient.body_surface()?, product.and_then(|product| product.bsa_cap_m2)),
        Per::Kilogram => at_most(weight(patient, product)?, product.and_then(|product| product.weight_cap_kg)),
        Per::Auc => patient.creatinine_clearance()? + 25.0,
    };
    Ok(Given { kind: dose.basis.kind, amount: dose.amount * times })
}

/// The weight that the product is dosed by.
fn weight(patient: &Patient<'_>, product: Option<&Product>) -> Result<f64, Vec<Measure>> {
    let basis = product.map_or(WeightBasis::Actual, |product| product.weight);
    if basis == WeightBasis::Actual {
        return patient.weight();
    }
    let height = patient.clinical.height_cm.known().copied();
    let sex = patient.clinical.sex.known().copied().or(patient.coverage.sex);
    let mut lacking = patient.weight().err().unwrap_or_default();
    lacking.extend(height.is_none().then_some(Measure::Height));
    lacking.extend(sex.is_none().then_some(Measure::Sex));
    let (Some(height), Some(sex), true) = (height, sex, lacking.is_empty()) else { return Err(lacking) };
    let formula = &patient.content.dosing.ideal_weight;
    let less = if sex == Sex::Female { formula.women } else { formula.men };
    let ideal = formula.per_cm.mul_add(height, -less);
    let actual = patient.weight()?;
    Ok(match basis {
        WeightBasis::AdjustedIdeal => formula.adjusted.mul_add(actual - ideal, ideal),
        WeightBasis::Ideal => ideal.min(actual),
        WeightBasis::Actual => actual,
    })
}

/// Billing units for one administration: dose ÷ unit, rounded up. None where the code bills another kind of amount than was ordered.
/// A code that bills a container (`each`) counts as many as hold the dose where content says what one holds, else one.
pub fn units_per_administration(dose: Given, unit: &BillingUnit, container: Option<Amount>) -> Option<u64> {
    let (kind, size) = match unit.unit.as_str() {
        "each" if dose.kind == Kind::Count => (Kind::Count, unit.amount),
        "each" => match container.filter(|container| container.basis.kind == dose.kind) {
            Some(container) => (dose.kind, container.amount),
            None => return Some(1),
        },
        _ => size_of_unit(unit)?,
    };
    (kind == dose.kind && size > 0.0).then(|| whole_units(dose.amount / size))
}

/// How much of a kind one billing unit is; none where the code bills another.
pub fn amount_of_unit(unit: &BillingUnit, kind: Kind) -> Option<f64> {
    let (own, size) = size_of_unit(unit)?;
    (own == kind && size > 0.0).then_some(size)
}

/// What a billing unit counts, but for containers.
fn size_of_unit(unit: &BillingUnit) -> Option<(Kind, f64)> {
    Some(match unit.unit.as_str() {
        "mg" => (Kind::Mass, unit.amount),
        "mcg" => (Kind::Mass, unit.amount / 1000.0),
        "g" => (Kind::Mass, unit.amount * 1000.0),
        "units" => (Kind::Units, unit.amount),
        "million_units" => (Kind::Units, unit.amount * 1e6),
        "mci" => (Kind::Radioactivity, unit.amount),
        "uci" => (Kind::Radioactivity, unit.amount / 1000.0),
        "ml" => (Kind::Volume, unit.amount),
        "meq" => (Kind::Equivalents, unit.amount),
        _ => return None,
    })
}

/// Rounds up, but not for the noise of floating point: 3.6 mg in units of 0.1 mg is 36. However small, a dose takes one unit.
fn whole_units(ratio: f64) -> u64 {
    let cleaned = (ratio * 1e6).round() / 1e6;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "doses are validated to be positive and below 1e6 in any unit"
    )]
    let units = cleaned.ceil().clamp(1.0, 1e12) as u64;
    units
}

/// The valid range of an authorization, both days included (VER-08).
pub fn valid_range(from: NaiveDate, phases: &[Phase], range: &Range) -> (NaiveDate, NaiveDate) {
    let days = |phase: &Phase| u64::from(phase.cycle_length_days) * u64::from(phase.cycles.unwrap_or(0));
    let following: u64 = phases.iter().filter(|phase| !phase.beside).map(days).sum();
    let fixed = phases.iter().filter(|phase| phase.beside).map(days).fold(following, u64::max);
    let after_fixed = from.checked_add_days(Days::new(fixed + u64::from(range.days_after_last_cycle))).unwrap_or(NaiveDate::MAX);
    let months = |count| from.checked_add_months(Months::new(count)).unwrap_or(NaiveDate::MAX);
    let open_ended = phases.iter().any(|phase| phase.cycles.is_none());
    let through = if open_ended && fixed == 0 {
        months(range.until_progression_months)
    } else if open_ended {
        months(range.until_progression_months).max(after_fixed)
    } else {
        after_fixed
    };
    (from, through.min(months(range.maximum_months)))
}

/// Days on which a line is given within the range, which ends so many days after the date of service.
pub fn administrations(line: &PlanLine<'_>, cycle_cap: Option<u32>, last: u64) -> u64 {
    let length = u64::from(line.phase.cycle_length_days.max(1));
    let planned = line.phase.cycles.map_or(u64::MAX, u64::from).min(cycle_cap.map_or(u64::MAX, u64::from));
    let in_range = |day: &u32| match last.checked_sub(line.start + u64::from(day.saturating_sub(1))) {
        Some(rest) => planned.min(rest / length + 1),
        None => 0,
    };
    // the days of a cycle differ from each other, and none is beyond it
    line.ordered.days.iter().map(in_range).sum()
}

/// Units over all administrations; the first may be a loading dose.
pub fn units_in_all(days: u64, per_day: u32, ordinary: u64, loading: Option<u64>) -> u64 {
    let administrations = days * u64::from(per_day);
    match (administrations, loading) {
        (0, _) => 0,
        (count, None) => count * ordinary,
        (count, Some(first)) => first + (count - 1) * ordinary,
    }
}

#[cfg(test)]
mod tests {
    use super::{Given, units_in_all, units_per_administration, valid_range};
    use crate::domain::content::{Amount, Basis, BillingUnit, Kind, Per, Range};
    use crate::domain::order::Phase;
    use chrono::NaiveDate;

    fn units(amount: f64, kind: Kind, per: f64, unit: &str) -> Option<u64> {
        units_per_administration(Given { kind, amount }, &BillingUnit { amount: per, unit: unit.to_owned() }, None)
    }

    #[test]
    fn a_dose_takes_as_many_containers_as_hold_it() {
        // proves SAFE-13
        let container = Amount { basis: Basis { kind: Kind::Units, per: Per::Flat }, amount: 3750.0 };
        let each = BillingUnit { amount: 1.0, unit: "each".to_owned() };
        let of = |amount, kind| units_per_administration(Given { kind, amount }, &each, Some(container));
        assert_eq!(of(3750.0, Kind::Units), Some(1));
        assert_eq!(of(3751.0, Kind::Units), Some(2));
        assert_eq!(of(5000.0, Kind::Units), Some(2));
        assert_eq!(of(2.0, Kind::Count), Some(2));
    }

    #[test]
    fn billing_units_are_rounded_up_per_administration() {
        // proves VER-07
        assert_eq!(units(135.77, Kind::Mass, 1.0, "mg"), Some(136));
        assert_eq!(units(3.6, Kind::Mass, 0.1, "mg"), Some(36));
        assert_eq!(units(6.0, Kind::Mass, 0.5, "mg"), Some(12));
        assert_eq!(units(100.0, Kind::Mass, 10.0, "mg"), Some(10));
        assert_eq!(units(100.1, Kind::Mass, 10.0, "mg"), Some(11));
        assert_eq!(units(0.3, Kind::Mass, 1.0, "mcg"), Some(300));
        assert_eq!(units(18_000_000.0, Kind::Units, 1.0, "million_units"), Some(18));
        assert_eq!(units(200.0, Kind::Radioactivity, 1.0, "mci"), Some(200));
        assert_eq!(units(50.0, Kind::Mass, 1.0, "each"), Some(1));
        assert_eq!(units(0.000_000_1, Kind::Mass, 1.0, "mg"), Some(1));
        assert_eq!(units(1500.0, Kind::Volume, 1000.0, "ml"), Some(2));
        assert_eq!(units(20.0, Kind::Equivalents, 2.0, "meq"), Some(10));
        assert_eq!(units(50.0, Kind::Mass, 1.0, "ml"), None);
        assert_eq!(units(50.0, Kind::Mass, 1.0, "units"), None);
    }

    #[test]
    fn a_loading_dose_counts_once() {
        // proves VER-07
        assert_eq!(units_in_all(6, 1, 43, Some(58)), 58 + 5 * 43);
        assert_eq!(units_in_all(6, 2, 5, None), 60);
        assert_eq!(units_in_all(0, 1, 5, Some(9)), 0);
    }

    #[test]
    fn the_range_runs_three_weeks_past_the_last_cycle_and_never_over_a_year() {
        // proves VER-08, SUB-01
        let range = Range { days_after_last_cycle: 21, maximum_months: 12, until_progression_months: 6 };
        let day = |y, m, d| NaiveDate::from_ymd_opt(y, m, d).unwrap();
        let phase = |length, cycles| Phase { cycle_length_days: length, cycles, beside: false, drugs: Vec::new() };
        let from = day(2026, 12, 1);
        for (phases, through) in [
            (vec![phase(21, Some(6))], day(2027, 4, 27)),
            (vec![phase(21, Some(4))], day(2027, 3, 16)),
            (vec![phase(21, Some(6)), phase(21, Some(12))], day(2027, 12, 1)),
            (vec![phase(21, None)], day(2027, 6, 1)),
            (vec![phase(14, Some(4)), phase(21, None)], day(2027, 6, 1)),
            (vec![phase(28, Some(8)), phase(28, None)], day(2027, 8, 3)),
        ] {
            assert_eq!(valid_range(from, &phases, &range), (from, through));
        }
        assert_eq!(valid_range(day(2027, 8, 31), &[phase(21, None)], &range).1, day(2028, 2, 29));
    }
}
