//! Sentences of the summary that depend on the program.

use super::words::without_ids;
use crate::domain::case::{Contact, SCode};
use crate::domain::content::Program;
use crate::domain::vocabulary::CaseStatus;

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
