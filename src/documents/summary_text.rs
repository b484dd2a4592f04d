//! Sentences of the summary that depend on the program.

use super::summary::{OptionInSummary, UnitsOfCode};
use super::words;
use super::words::without_ids;
use crate::domain::case::{Case, Contact, Deviation, Pathway, SCode};
use crate::domain::content::{Content, Program};
use crate::domain::line::CaseLine;
use crate::domain::vocabulary::{CaseStatus, DrugStatus, LetterKind, PathwayDetermination};
use chrono::NaiveDate;

/// What holds for every S-code (SCD-04, SCD-12); nothing for those who see none (SCD-10).
pub(super) fn s_codes(awarded: Option<&[SCode]>, status: CaseStatus, program: &Program) -> Option<String> {
    let may_come = !matches!(status, CaseStatus::NonAuthorized | CaseStatus::ReviewCancelled);
    let awarded = awarded.filter(|awarded| may_come || !awarded.is_empty())?;
    let keep = if awarded.is_empty() { "" } else { " Save this summary: no letters are sent about S-codes." };
    Some(format!(
        "S-codes that are not billed pay nothing. The amounts are in {}'s fee schedule. Only the ordering provider may bill S-codes, \
         on a professional claim; a facility claim does not qualify.{keep}",
        program.health_plan_name
    ))
}

/// PRG-16, where something on the case is not authorized.
pub(super) fn without_authorization(status: CaseStatus, program: &Program) -> Option<String> {
    let matters = !matches!(status, CaseStatus::Authorized | CaseStatus::Completed);
    matters.then(|| without_ids(&program.without_authorization))
}

/// What can be done about a denial: reconsideration until its last day, then the appeal (APP-01 to APP-03).
pub(super) fn next_steps(case: &Case, program: &Program, reconsider_until: Option<NaiveDate>) -> Vec<String> {
    let denials = || case.letters.iter().filter(|letter| letter.kind == LetterKind::Denial);
    let Some(decided_at) = case.decided_at.filter(|_| case.lines().iter().any(CaseLine::is_denied) || denials().next().is_some())
    else {
        return Vec::new();
    };
    let denied_as_a_line = case.lines().iter().any(CaseLine::is_denied);
    let mut steps = Vec::new();
    // each decision writes to two: a later denial tells how a reconsideration ended
    let last = denials().map(|letter| letter.issued_at).max().filter(|last| *last > decided_at);
    if let Some(at) = last {
        steps.push(format!("Reconsidered {}: the denial stands.", words::instant(&at, &program.time_zone)));
    } else if let Some(until) = reconsider_until.filter(|_| denied_as_a_line) {
        let how = program.letters.reconsideration.clone().unwrap_or_default();
        steps.push(format!("{how} The last day is {}.", words::day(until)).trim().to_owned());
    }
    steps.extend(program.letters.appeal_provider.iter().cloned());
    steps
}

/// Whom the practice asks (SUB-15).
pub(super) fn questions(program: &Program) -> Contact {
    Contact {
        entity: program.phone.name.clone(),
        phone: program.phone.phone.clone(),
        fax: None,
        url: program.phone.url.clone().or_else(|| program.portal.url.clone()),
        instructions: Some(program.phone.hours.clone()),
    }
}

/// Why what was entered stands among the options; of what it lacks the most is told with the deviations.
fn entered_in_words(lacks: &[String]) -> String {
    match lacks {
        [] => "Entered.".to_owned(),
        [only] => format!("Entered. {only}"),
        many => format!("Entered. {} points keep it off a Pathway; the deviations below name them.", many.len()),
    }
}

/// Options beside what was entered.
const OTHERS: usize = 3;

/// Units of each code, its lines together.
pub(super) fn units_by_code(drugs: &[CaseLine]) -> Vec<UnitsOfCode> {
    let mut found: Vec<UnitsOfCode> = Vec::new();
    for drug in drugs.iter().filter(|drug| drug.status == DrugStatus::Authorized) {
        let Some(hcpcs) = &drug.hcpcs else { continue };
        match found.iter_mut().find(|known| known.hcpcs == *hcpcs) {
            Some(known) => {
                known.lines.push(drug.line);
                known.units_approved = known.units_approved.zip(drug.units_approved).map(|(so_far, more)| so_far + more);
            }
            None => found.push(UnitsOfCode {
                hcpcs: hcpcs.clone(),
                name: drug.name.clone(),
                lines: vec![drug.line],
                billing_unit: drug.billing_unit().map(str::to_owned),
                units_approved: drug.units_approved,
            }),
        }
    }
    found
}

/// What was entered with what it lacks, then the best of the others (REG-09).
pub(super) fn options(pathway: &Pathway, deviations: &[Deviation], content: &Content) -> Vec<OptionInSummary> {
    if pathway.determination == PathwayDetermination::OnPathway || pathway.options.is_empty() {
        return Vec::new();
    }
    let own = pathway.regimen_id.as_deref();
    let designated = own.and_then(|id| content.regimen(id)).and_then(|regimen| regimen.pathway.as_ref());
    let mut lacks: Vec<String> = Vec::new();
    for deviation in deviations.iter().filter(|deviation| deviation.effect.is_off_pathway()) {
        let lack = words::sentence(&without_ids(&deviation.message));
        if !lacks.contains(&lack) {
            lacks.push(lack);
        }
    }
    if own.is_some() && designated.is_none() {
        lacks.push("It is not designated as a Pathway.".to_owned());
    }
    let entered = OptionInSummary {
        entered: true,
        regimen_id: pathway.regimen_id.clone(),
        regimen_name: pathway.regimen_name.clone().unwrap_or_else(|| "The treatment as entered".to_owned()),
        pathway_id: designated.map(|pathway| pathway.id.clone()),
        reason: entered_in_words(&lacks),
        lacks,
    };
    let others = pathway.options.iter().filter(|option| Some(option.regimen_id.as_str()) != own).take(OTHERS);
    let others = others.map(|option| OptionInSummary {
        entered: false,
        regimen_id: Some(option.regimen_id.clone()),
        regimen_name: option.regimen_name.clone(),
        pathway_id: Some(option.pathway_id.clone()),
        lacks: Vec::new(),
        reason: words::sentence(&option.reason),
    });
    std::iter::once(entered).chain(others).collect()
}
