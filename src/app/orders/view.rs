//! What a caller gets to see of a case. The stored answer is the full one; most callers get it byte for byte.

use crate::app::visibility::Sight;
use crate::app::{Caller, Error, Result, letters, similar};
use crate::domain::case::Case;
use crate::domain::shared_text::Text;
use crate::domain::vocabulary::{CallerRole, NoticeCode};
use crate::store;
use crate::store::cases::StoredCase;
use crate::store::facts::MemberCase;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::PgConnection;
use uuid::Uuid;

/// A case, or what was computed for it, as JSON.
pub fn write_out<T: Serialize>(case: &T) -> Result<String> {
    serde_json::to_string(case).map_err(|error| Error::Internal(format!("case does not serialize: {error}")))
}

/// A stored answer as a case, or what was computed for it.
pub fn read_back<T: DeserializeOwned>(document: &str) -> Result<T> {
    // the kind of fault and its place, never the text: it may be PHI
    serde_json::from_str(document).map_err(|error| {
        Error::Internal(format!("stored case does not read back: {:?} at column {}", error.classify(), error.column()))
    })
}

/// True where this caller sees a stored case byte for byte.
pub fn is_shown_as_stored(stored: &StoredCase, caller: &Caller, now: DateTime<Utc>) -> bool {
    let overdue = stored.due_at.is_some_and(|due_at| due_at < now);
    let names_others = matches!(Sight::of(caller), Sight::Parties(_)) && may_name_cases(&stored.document);
    !overdue && !names_others && caller.role != CallerRole::ServicingProvider
}

/// True where a notice may name another case: these are the notices that do (DUP-01).
fn may_name_cases(document: &str) -> bool {
    let codes = [
        "\"duplicate_order\"",
        "\"overlapping_treatment\"",
        "\"concurrent_radiation\"",
        "\"concurrent_medical_oncology\"",
        "\"earlier_radiation\"",
    ];
    codes.iter().any(|code| document.contains(code))
}

/// A stored case as this caller sees it. The caller of this function has made sure that it is within sight.
pub async fn show(conn: &mut PgConnection, stored: StoredCase, caller: &Caller, now: DateTime<Utc>) -> Result<String> {
    if is_shown_as_stored(&stored, caller, now) {
        return Ok(stored.document);
    }
    write_out(&seen(conn, &stored, caller, now).await?)
}

/// The same as a case.
pub async fn seen(conn: &mut PgConnection, stored: &StoredCase, caller: &Caller, now: DateTime<Utc>) -> Result<Case> {
    let overdue = stored.due_at.is_some_and(|due_at| due_at < now);
    let mut case: Case = read_back(&stored.document)?;
    if let Some(review) = &mut case.review {
        review.overdue |= overdue;
    }
    let others: Vec<Uuid> = case.notices.iter().filter_map(|notice| notice.case_id).collect();
    let visible = match Sight::of(caller) {
        Sight::Parties(parties) if !others.is_empty() => store::cases::visible(conn, &others, &parties).await?,
        _ => Vec::new(),
    };
    restrict(&mut case, caller, &visible);
    Ok(case)
}

/// Takes out what the caller may not know: other practices' cases, and for servicing providers everything about enhanced reimbursement
/// (SCD-10). True where anything changed.
pub fn restrict(case: &mut Case, caller: &Caller, visible: &[Uuid]) -> bool {
    let mut changed = false;
    if matches!(Sight::of(caller), Sight::Parties(_)) {
        changed |= similar::hide_others(case, visible);
    }
    if caller.role == CallerRole::ServicingProvider {
        changed = true;
        case.s_codes = None;
        case.s_codes_withheld = None;
        case.member_on_file = None;
        case.notices.retain(|notice| notice.code != NoticeCode::OutOfNetwork);
        case.letters.retain(|letter| letters::may_read(caller, letter.to));
        let speaks_of_s_codes: Vec<Text> = case
            .findings
            .extract_if(.., |finding| finding.requirements.iter().any(|requirement| requirement.starts_with("SCD-")))
            .map(|finding| finding.id)
            .collect();
        for drug in case.lines_mut() {
            drug.findings.retain(|id| !speaks_of_s_codes.contains(id));
        }
    }
    changed
}

/// Which of the member's cases the caller may see.
pub fn within_sight(cases: &[MemberCase], caller: &Caller) -> Vec<Uuid> {
    match Sight::of(caller) {
        Sight::Parties(parties) => {
            let seen = |case: &&MemberCase| case.visible_to.iter().any(|party| parties.contains(party));
            cases.iter().filter(seen).map(|case| case.case_id).collect()
        }
        // a member's cases are all of one plan, and who knows of one knows of that plan
        Sight::All | Sight::Plan(_) => cases.iter().map(|case| case.case_id).collect(),
    }
}
