//! Billing of enhanced reimbursement: whether an S-code may be billed for a day (SCD-04…09, SCD-13). What is awarded is decided with the
//! order, in `s_codes`; this module may not award anything.
//!
//! The windows hold between any two accepted claims, in whatever order they arrive: what was accepted first stays.

use crate::domain::vocabulary::{CaseStatus, SCodesWithheld};
use chrono::NaiveDate;
use uuid::Uuid;

/// On which form the claim is billed (SCD-04).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClaimForm {
    /// A professional claim.
    Professional,
    /// A facility claim.
    Facility,
}

/// A claim for an S-code.
#[derive(Debug, Clone, Copy)]
pub struct Claim<'a> {
    /// The code.
    pub code: &'a str,
    /// The day billed for; any day, future ones too.
    pub service_date: NaiveDate,
    /// Who bills.
    pub billing_npi: &'a str,
    /// On which form.
    pub form: ClaimForm,
}

/// The case on which the claim rests.
#[derive(Debug, Clone, Copy)]
pub struct Basis<'a> {
    /// Its id.
    pub case_id: Uuid,
    /// Its status.
    pub status: CaseStatus,
    /// Its ordering provider.
    pub ordering_npi: &'a str,
    /// The Pathway it follows or followed.
    pub pathway_id: Option<&'a str>,
    /// What was awarded under the code claimed.
    pub award: Option<Award<'a>>,
    /// Why nothing, or not all, was awarded.
    pub withheld: Option<SCodesWithheld>,
    /// The program's code at the onset of treatment.
    pub onset_code: &'a str,
    /// Days between two monthly claims, and between the onset's and a monthly one.
    pub step_days: u32,
    /// A later order that changed the treatment.
    pub changed_by: Option<LaterTreatment>,
}

/// An award.
#[derive(Debug, Clone, Copy)]
pub struct Award<'a> {
    /// How often it may be billed.
    pub times: u32,
    /// First day.
    pub billable_from: NaiveDate,
    /// Last day.
    pub billable_through: NaiveDate,
    /// From which day on, and why, what was not billed of it is void.
    pub voided: Option<(NaiveDate, &'a str)>,
}

/// Another treatment of the same cancer, approved later.
#[derive(Debug, Clone, Copy)]
pub struct LaterTreatment {
    /// Its first day.
    pub starts_on: NaiveDate,
}

/// An S-code claim of this patient that was accepted before, on any case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Billed {
    /// Its case.
    pub case_id: Uuid,
    /// True for the code at onset.
    pub onset: bool,
    /// The day billed for.
    pub service_date: NaiveDate,
    /// The Pathway of its case.
    pub pathway_id: Option<String>,
}

/// Why a claim is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The requirement it breaks.
    pub rule: &'static str,
    /// In words.
    pub message: String,
}

type Ruling = Result<(), Refused>;

fn refuse(rule: &'static str, message: impl Into<String>) -> Ruling {
    Err(Refused { rule, message: message.into() })
}

/// Accepts a claim, or says which rule it breaks. `billed` are the accepted claims of the same patient.
///
/// # Errors
/// The rule that the claim breaks.
pub fn rule(claim: &Claim<'_>, basis: &Basis<'_>, billed: &[Billed]) -> Ruling {
    billed_by_ordering_provider(claim, basis)?;
    let award = awarded(claim, basis)?;
    still_on_pathway(claim, basis)?;
    not_voided(claim, &award)?;
    let onset = claim.code == basis.onset_code;
    within_range(claim, &award, onset)?;
    not_used_up(claim, basis, &award, billed, onset)?;
    apart(claim, basis, billed, onset)
}

fn billed_by_ordering_provider(claim: &Claim<'_>, basis: &Basis<'_>) -> Ruling {
    if claim.billing_npi != basis.ordering_npi {
        return refuse("SCD-04", "only the ordering provider of the case bills S-codes, never the servicing provider");
    }
    match claim.form {
        ClaimForm::Professional => Ok(()),
        ClaimForm::Facility => refuse("SCD-04", "S-codes are billed on a professional claim, never on a facility claim"),
    }
}

fn awarded<'a>(claim: &Claim<'_>, basis: &Basis<'a>) -> Result<Award<'a>, Refused> {
    let code = claim.code;
    if let Some(award) = basis.award {
        if !basis.status.has_order_id() {
            refuse("SCD-11", format!("the case is not approved any more, and {code} goes with the approval"))?;
        }
        return Ok(award);
    }
    let (rule, why) = match (basis.status, basis.withheld) {
        (CaseStatus::InProgress, _) => ("SCD-01", "the case is not decided yet"),
        (CaseStatus::NonAuthorized | CaseStatus::ReviewCancelled, _) => ("SCD-11", "the case was not approved"),
        (_, Some(SCodesWithheld::OutOfNetwork)) => ("SCD-03", "the ordering provider is out of network"),
        (_, Some(SCodesWithheld::StateNotParticipating)) => {
            ("SCD-02", "the ordering provider's state takes no part in enhanced reimbursement")
        }
        (_, Some(SCodesWithheld::AlreadyAwarded)) if code == basis.onset_code => {
            ("SCD-05", "it was awarded to the patient for this Pathway before")
        }
        (_, Some(SCodesWithheld::OffPathway | SCodesWithheld::NotDecided)) => ("SCD-01", "the treatment is not on a Pathway"),
        _ => ("SCD-01", "the order summary does not list it"),
    };
    Err(Refused { rule, message: format!("{code} is not awarded on this case: {why}") })
}

/// What was not billed is void from a day on.
fn not_voided(claim: &Claim<'_>, award: &Award<'_>) -> Ruling {
    match award.voided {
        Some((from, reason)) if from <= claim.service_date => {
            refuse("SCD-13", format!("what was not billed of {} is void from {from}: {reason}", claim.code))
        }
        _ => Ok(()),
    }
}

/// SCD-09; for the onset's code the change of treatment ends the Pathway as well (SCD-13).
fn still_on_pathway(claim: &Claim<'_>, basis: &Basis<'_>) -> Ruling {
    let Some(later) = basis.changed_by.filter(|later| later.starts_on <= claim.service_date) else { return Ok(()) };
    let rule = if claim.code == basis.onset_code { "SCD-13" } else { "SCD-09" };
    let (code, day) = (claim.code, later.starts_on);
    refuse(
        rule,
        format!(
            "{code} is billed while the patient stays on the Pathway it was awarded for; another order of this member \
             changed the treatment from {day}"
        ),
    )
}

fn within_range(claim: &Claim<'_>, award: &Award<'_>, onset: bool) -> Ruling {
    let (code, from, through) = (claim.code, award.billable_from, award.billable_through);
    if claim.service_date < from {
        let rule = if onset { "SCD-05" } else { "SCD-06" };
        return refuse(rule, format!("{code} may be billed from {from} on, not before"));
    }
    if claim.service_date > through {
        return refuse("SCD-08", format!("{code} may be billed through {through}; beyond that a new order is needed"));
    }
    Ok(())
}

fn not_used_up(claim: &Claim<'_>, basis: &Basis<'_>, award: &Award<'_>, billed: &[Billed], onset: bool) -> Ruling {
    let code = claim.code;
    if onset {
        let same_pathway = |earlier: &&Billed| {
            let same = basis.pathway_id.is_some() && earlier.pathway_id.as_deref() == basis.pathway_id;
            earlier.onset && (earlier.case_id == basis.case_id || same)
        };
        return match billed.iter().find(same_pathway) {
            Some(earlier) => refuse(
                "SCD-05",
                format!(
                    "{code} was billed for {}: it is billed once per patient, and again only when the treatment changed and a new Pathway was ordered",
                    earlier.service_date
                ),
            ),
            None => Ok(()),
        };
    }
    let so_far = billed.iter().filter(|earlier| !earlier.onset && earlier.case_id == basis.case_id).count();
    if u32::try_from(so_far).is_ok_and(|so_far| so_far < award.times) {
        return Ok(());
    }
    refuse(
        "SCD-08",
        format!("{code} was billed {so_far} times, as often as the order summary allows; beyond that a new order is needed"),
    )
}

/// SCD-06. A monthly claim keeps its distance from every other one, and from the onset's: on the same case in both directions, on another
/// case from an onset that lies before it (the onset of a changed treatment may follow a monthly claim of the old one at once).
fn apart(claim: &Claim<'_>, basis: &Basis<'_>, billed: &[Billed], onset: bool) -> Ruling {
    let too_near = |earlier: &&Billed| {
        let same_case = earlier.case_id == basis.case_id;
        let from_earlier = (claim.service_date - earlier.service_date).num_days();
        let from_onset = if earlier.onset { from_earlier } else { -from_earlier };
        let distance_counts = match (onset, earlier.onset) {
            (true, true) => false,
            (false, false) => true,
            _ => same_case || from_onset >= 0,
        };
        distance_counts && from_earlier.abs() < i64::from(basis.step_days)
    };
    match billed.iter().find(too_near) {
        None => Ok(()),
        Some(earlier) => {
            let what = if earlier.onset { "the onset code" } else { "the monthly code" };
            let (code, days, day) = (claim.code, basis.step_days, earlier.service_date);
            refuse("SCD-06", format!("{code} is billed {days} days or more apart; {what} was billed for {day}"))
        }
    }
}
