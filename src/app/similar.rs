//! What is told of a member's other cases to who may not see them (DUP-01, PRV-02): that something is on file, once and in the same words,
//! whatever they hold and however many they are. Of the holds that they raise one name stands for both kinds, because the kind would tell
//! whether a drug is shared.

use crate::domain::case::{Case, Notice};
use crate::domain::vocabulary::{Hold, NoticeCode};
use serde_json::Value;
use std::iter;
use uuid::Uuid;

const ON_FILE: &str = "another request for this member is on file for some of these days: a nurse finds out whether this one is a duplicate \
                       of it, adds to it or takes its place; where you know, say so to the nurse who reviews it (DUP-01, SUB-03)";

/// Takes out of a case what it says of those that are not visible. True where anything changed.
pub fn hide_others(case: &mut Case, visible: &[Uuid]) -> bool {
    let is_hidden = |notice: &Notice| notice.case_id.is_some_and(|case_id| !visible.contains(&case_id));
    let is_about_others = |code| matches!(code, NoticeCode::DuplicateOrder | NoticeCode::OverlappingTreatment);
    let hidden = case.notices.extract_if(.., |notice| is_hidden(notice) && is_about_others(notice.code)).count();
    let mut changed = hidden > 0;
    let mut told = Vec::new();
    case.notices.retain_mut(|notice| {
        if !is_hidden(notice) {
            return true;
        }
        changed = true;
        notice.case_id = None;
        let Some(words) = in_general(notice.code) else { return true };
        words.clone_into(&mut notice.message);
        let is_first = !told.contains(&notice.code);
        told.push(notice.code);
        is_first
    });
    if hidden > 0 {
        case.notices.push(Notice::new(NoticeCode::DuplicateOrder, ON_FILE, None));
        let own_overlap = case.notices.iter().any(|notice| notice.code == NoticeCode::OverlappingTreatment);
        if let Some(review) = &mut case.review {
            let holds = std::mem::take(&mut review.holds);
            review.holds = alike(holds, Hold::PossibleDuplicate, Hold::OverlappingTreatment, own_overlap);
        }
        case.status_reason = case.status_reason.take().map(|reason| reason_alike(&reason, own_overlap));
    }
    changed
}

/// What is said of the other order of a chemoradiation, and of radiation at another time.
const fn in_general(code: NoticeCode) -> Option<&'static str> {
    match code {
        NoticeCode::ConcurrentRadiation => Some(
            "radiation of this member is on file, and this is a regimen of chemoradiation: the two are reviewed with each other in view, and \
             are no duplicates",
        ),
        NoticeCode::ConcurrentMedicalOncology => Some(
            "a regimen of chemoradiation is on file for this member: the two are reviewed with each other in view, and are no duplicates",
        ),
        NoticeCode::EarlierRadiation => Some(
            "other radiation of this member is on file for other days, of the same or a neighbouring area: a nurse looks at both (R-42)",
        ),
        _ => None,
    }
}

/// The summary of a case in a history. Which of the holds are because of cases that the reader may see is not known there.
pub fn summary_alike(summary: &mut Value) {
    if let Some(Value::String(reason)) = summary.get_mut("status_reason") {
        *reason = reason_alike(reason, false);
    }
    if let Some(Value::Array(holds)) = summary.pointer_mut("/review/holds") {
        let word = |hold: Hold| Value::from(hold.as_str());
        *holds = alike(std::mem::take(holds), word(Hold::PossibleDuplicate), word(Hold::OverlappingTreatment), false);
    }
}

/// A status reason names holds by their words.
fn reason_alike(reason: &str, own_overlap: bool) -> String {
    let words = |hold: Hold| hold.as_str().replace('_', " ");
    let parts = reason.split("; ").map(str::to_owned).collect();
    alike(parts, words(Hold::PossibleDuplicate), words(Hold::OverlappingTreatment), own_overlap).join("; ")
}

/// `similar` in the place of both, and after it `overlapping` only where the reader knows what overlaps.
fn alike<T: PartialEq>(all: Vec<T>, similar: T, overlapping: T, own_overlap: bool) -> Vec<T> {
    let is_either = |one: &T| *one == similar || *one == overlapping;
    let Some(place) = all.iter().position(is_either) else { return all };
    let mut told: Vec<T> = all.into_iter().filter(|one| !is_either(one)).collect();
    told.splice(place..place, iter::once(similar).chain(own_overlap.then_some(overlapping)));
    told
}

#[cfg(test)]
mod tests {
    use super::{reason_alike, summary_alike};
    use serde_json::json;

    #[test]
    fn the_kind_of_what_is_on_file_elsewhere_does_not_show() {
        // proves PRV-02
        let told = |reason: &str| reason_alike(reason, false);
        for holds in ["possible duplicate", "overlapping treatment", "overlapping treatment; possible duplicate"] {
            assert_eq!(
                told(&format!("supportive only; {holds}; x needs review")),
                "supportive only; possible duplicate; x needs review"
            );
        }
        assert_eq!(told("supportive only; x needs review"), "supportive only; x needs review");
        assert_eq!(reason_alike("overlapping treatment; y", true), "possible duplicate; overlapping treatment; y");
        let mut summary = json!({"status_reason": "overlapping treatment", "review": {"holds": ["overlapping_treatment"]}});
        summary_alike(&mut summary);
        assert_eq!(summary, json!({"status_reason": "possible duplicate", "review": {"holds": ["possible_duplicate"]}}));
    }
}
