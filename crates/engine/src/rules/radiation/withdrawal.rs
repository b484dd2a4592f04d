//! What of a course of radiation may be taken back: not what was given, and not its delivery alone (DRG-05, R-32, R-42).

use crate::domain::case::Case;
use crate::domain::content::Content;
use crate::domain::line::CaseLine;
use crate::rules::review::{ReviewError, is_withdrawn};

/// Whether these lines may be withdrawn, all of them where there are none. `billed` are the codes of which claims have matched units.
///
/// # Errors
/// See [`ReviewError`].
pub fn may_withdraw(case: &Case, lines: Option<&[u32]>, billed: &[&str], content: &Content) -> Result<(), ReviewError> {
    let is_asked = |line: &&CaseLine| !is_withdrawn(line.status) && lines.is_none_or(|lines| lines.contains(&line.line));
    let is_billed = |line: &CaseLine| line.hcpcs.as_deref().is_some_and(|code| billed.contains(&code));
    let given: Vec<&str> =
        case.procedures.iter().filter(is_asked).filter(|line| is_billed(line)).filter_map(|line| line.hcpcs.as_deref()).collect();
    if !given.is_empty() {
        return Err(ReviewError::UnitsBilled(given.join(", ")));
    }
    let delivers = |line: &CaseLine| {
        let service = line.hcpcs.as_deref().and_then(|code| content.radiation.service(code));
        service.is_some_and(|service| service.is_delivery())
    };
    let left: Vec<&CaseLine> = case.procedures.iter().filter(|line| !is_asked(line) && !is_withdrawn(line.status)).collect();
    let asked: Vec<&str> =
        case.procedures.iter().filter(is_asked).filter(|line| delivers(line)).filter_map(|line| line.hcpcs.as_deref()).collect();
    // a plan that was billed stays, though nothing is delivered by it
    let is_whole = asked.is_empty() || left.iter().any(|line| delivers(line)) || left.iter().all(|line| is_billed(line));
    if is_whole { Ok(()) } else { Err(ReviewError::NothingDelivers(asked.join(", "))) }
}
