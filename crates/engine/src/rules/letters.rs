//! Which letters a decision makes (DET-10).

use crate::domain::review::ReconsiderationDecision;
use crate::domain::vocabulary::{CaseStatus, LetterKind};

/// The letters that are due, each to member and provider. A case gets them when it is decided as a whole, and again when its denial was
/// reconsidered. Where nothing was reviewed or nothing is left to review, nobody writes.
/// A line that is authorized `in_part` is denied for the rest.
pub const fn due(
    before: CaseStatus,
    after: CaseStatus,
    reconsidered: Option<ReconsiderationDecision>,
    in_part: bool,
) -> &'static [LetterKind] {
    use LetterKind::{Approval, Denial};
    match (reconsidered, before, after) {
        // what stays denied is denied again, with the next step (APP-02)
        (Some(ReconsiderationDecision::Overturned), _, CaseStatus::MultipleDecisionsRendered)
        | (None, CaseStatus::InProgress, CaseStatus::MultipleDecisionsRendered) => &[Approval, Denial],
        (Some(ReconsiderationDecision::Overturned), ..) | (None, CaseStatus::InProgress, CaseStatus::Authorized) if in_part => {
            &[Approval, Denial]
        }
        (Some(ReconsiderationDecision::Overturned), ..) | (None, CaseStatus::InProgress, CaseStatus::Authorized) => &[Approval],
        (Some(ReconsiderationDecision::Upheld), _, CaseStatus::Authorized) if in_part => &[Denial],
        (Some(ReconsiderationDecision::Upheld), _, CaseStatus::NonAuthorized | CaseStatus::MultipleDecisionsRendered)
        | (None, CaseStatus::InProgress, CaseStatus::NonAuthorized) => &[Denial],
        // closed without anything left that is denied, because it was withdrawn since
        (Some(ReconsiderationDecision::Upheld) | None, ..) => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::due;
    use crate::domain::review::ReconsiderationDecision::{Overturned, Upheld};
    use crate::domain::vocabulary::CaseStatus::{
        Authorized, Completed, InProgress, MultipleDecisionsRendered, NonAuthorized, ReviewCancelled,
    };
    use crate::domain::vocabulary::LetterKind::{Approval, Denial};

    #[test]
    fn letters_follow_decisions_and_nothing_else() {
        // proves DET-10
        let none: &[_] = &[];
        assert_eq!(due(InProgress, Authorized, None, false), [Approval]);
        assert_eq!(due(InProgress, Authorized, None, true), [Approval, Denial]);
        assert_eq!(due(InProgress, NonAuthorized, None, false), [Denial]);
        assert_eq!(due(InProgress, MultipleDecisionsRendered, None, false), [Approval, Denial]);
        for (before, after) in [
            (InProgress, InProgress),
            (InProgress, Completed),
            (InProgress, ReviewCancelled),
            (Authorized, Authorized),
            (Authorized, ReviewCancelled),
            (MultipleDecisionsRendered, Authorized),
        ] {
            assert_eq!(due(before, after, None, false), none);
        }
        assert_eq!(due(NonAuthorized, NonAuthorized, Some(Upheld), false), [Denial]);
        assert_eq!(due(MultipleDecisionsRendered, MultipleDecisionsRendered, Some(Upheld), false), [Denial]);
        assert_eq!(due(Authorized, Authorized, Some(Upheld), false), none);
        assert_eq!(due(ReviewCancelled, ReviewCancelled, Some(Upheld), false), none);
        assert_eq!(due(NonAuthorized, Authorized, Some(Overturned), false), [Approval]);
        assert_eq!(due(NonAuthorized, Authorized, Some(Overturned), true), [Approval, Denial]);
        assert_eq!(due(NonAuthorized, MultipleDecisionsRendered, Some(Overturned), false), [Approval, Denial]);
    }
}
