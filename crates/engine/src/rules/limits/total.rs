//! The most of a drug, or of drugs that count as one, in a lifetime: this order, this member's earlier cases by what they authorized, and
//! what the practice tells of earlier treatment (SAFE-15). What was given in earlier treatment is told as an answer, or asked for.

use super::Judging;
use super::calendar::{Laid, end_of_range};
use super::number::partners;
use super::said::{Broken, Told, holds, joined, say};
use crate::domain::content::{Kind, Limit, TotalDose};
use crate::domain::criteria::Partner;
use crate::domain::order::Dose;
use crate::domain::vocabulary::{DeviationCode, Truth};
use crate::rules::answers::Standing;
use crate::rules::concern::Concern;
use crate::rules::dose::{self, given};
use crate::rules::drugs::ceiling;
use crate::rules::plain;
use chrono::NaiveDate;
use serde_json::json;

/// Every line of these drugs, as one.
pub fn judge(limit: &Limit, total: &TotalDose, lines: &[&Laid<'_>], judging: &Judging<'_>) -> Vec<Concern> {
    let shared = judging.shared;
    let Some(first) = lines.first().copied() else { return Vec::new() };
    // without body measures the doses themselves are asked for
    let Ok(most) = given(total.most.amount, total.most.unit, shared.patient, first.line.product) else { return Vec::new() };
    let here: f64 = lines.iter().filter_map(|line| of_line(total, line, most.kind(), judging)).sum();
    let (on_file, mut is_open) = on_file(total, most.kind(), judging);
    let told = || total.told_as.iter().filter_map(|name| shared.patient.assessment(name));
    let told_amount = told().filter_map(Standing::at_most).reduce(f64::max).map(|told| told * most.amount() / total.most.amount);
    is_open |= told().any(Standing::is_not_understood) || (told_amount.is_none() && is_told_open(total, lines, limit, judging));
    // who tells of less than what is on file left that out
    let before = told_amount.map_or(on_file, |told| if told < on_file { told + on_file } else { told });
    let unit = total.most.unit;
    let in_unit = |amount: f64| Dose { amount: (amount / most.amount() * total.most.amount).round(), unit };
    if here + before > most.amount() * (1.0 + 1e-9) {
        let bound = Dose { amount: total.most.amount, unit };
        let also = if before > 0.0 { format!(" after {} before it", in_unit(before)) } else { String::new() };
        let counted = if limit.drugs.len() > 1 { format!(", counted as {}", limit.about) } else { String::new() };
        let broken = Broken {
            entered: in_unit(here + before).to_string(),
            expected: format!("at most {bound} in a lifetime"),
            words: format!("comes to {}{also}{counted}; at most {bound} is given in a lifetime", in_unit(here)),
            facts: vec![
                ("here", json!(in_unit(here).amount)),
                ("before", json!(in_unit(before).amount)),
                ("most", json!(bound.amount)),
            ],
            lines: lines.iter().map(|line| line.number()).collect(),
            field: "/dose",
        };
        return say(limit, broken, lines, judging);
    }
    if !is_open || holds(limit, first, judging).0 == Truth::NotMet {
        return Vec::new();
    }
    let asked = total.told_as.first().map_or("how much was given before", String::as_str);
    let name = plain::name(asked, shared.content);
    let names: Vec<String> = lines.iter().map(|line| line.words()).collect();
    let message = format!(
        "{name} is needed: {} comes to {} here, and earlier treatment with {} is told of without its dose ({})",
        joined(&names),
        in_unit(here),
        limit.about,
        limit.source
    );
    let concern = Told {
        limit,
        outcome: Truth::Unknown,
        facts: [("here", json!(in_unit(here).amount))].into(),
        lines: lines.iter().map(|line| line.number()).collect(),
        first,
    };
    let field = "/clinical/assessments".to_owned();
    vec![concern.told(DeviationCode::MissingClinicalInformation, field, name, "not told".to_owned(), message)]
}

/// What a line comes to in this order, as the drug that the others count as.
fn of_line(total: &TotalDose, line: &Laid<'_>, kind: Kind, judging: &Judging<'_>) -> Option<f64> {
    let dose = line.line.ordered.dose?;
    let one = given(dose.amount, dose.unit, judging.shared.patient, line.line.product).ok()?;
    let one = one.at_most(ceiling(line.line, judging.shared.matched).filter(|_| dose.unit.is_relative()));
    #[expect(clippy::cast_precision_loss, reason = "administrations of a plan fit a float exactly")]
    let times = line.in_all(end_of_range(judging.shared)) as f64;
    let factor = total.counts_as(line.name)?;
    (one.kind() == kind).then(|| one.amount() * times * factor)
}

/// What earlier cases authorized, and whether some of it is not counted.
fn on_file(total: &TotalDose, kind: Kind, judging: &Judging<'_>) -> (f64, bool) {
    let mut sum = 0.0;
    let mut is_open = false;
    for earlier in judging.earlier {
        let Some(factor) = total.counts_as(earlier.drug) else { continue };
        let code = earlier.code.and_then(|code| judging.shared.content.drugs.by_code(code)).map(|(_, code)| code);
        let amount = code.and_then(|code| code.billing_unit.as_ref()).and_then(|unit| dose::amount_of_unit(unit, kind));
        match amount.zip(earlier.units) {
            #[expect(clippy::cast_precision_loss, reason = "billing units fit a float exactly")]
            Some((amount, units)) => sum += amount * units as f64 * factor,
            None => is_open = true,
        }
    }
    (sum, is_open)
}

/// True where earlier treatment with such a drug is told of, or may be, and nothing on file can be it.
fn is_told_open(total: &TotalDose, lines: &[&Laid<'_>], limit: &Limit, judging: &Judging<'_>) -> bool {
    let shared = judging.shared;
    let mut partners = partners(limit, lines);
    partners.extend(total.others().map(|drug| Partner::Generic(drug.to_owned())));
    let is_on_file = |since: Option<NaiveDate>| {
        let mut cases = judging.earlier.iter().filter(|earlier| total.counts_as(earlier.drug).is_some());
        cases.any(|earlier| {
            since.is_none_or(|since| {
                (since - earlier.from).num_days().abs() <= i64::from(shared.content.limits.course_ends_after_days)
            })
        })
    };
    shared.patient.history.told_of(&partners, None, shared.content).any(|told| !is_on_file(told.since))
}
