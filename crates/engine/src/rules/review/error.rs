//! Why the rules of review refuse.

use crate::domain::vocabulary::CaseStatus;

/// Why an act on a case is refused. The case stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReviewError {
    /// The case is decided already.
    #[error("the case is {0} already")]
    AlreadyDecided(CaseStatus),
    /// No such line.
    #[error("the order has no line {0}")]
    NoSuchLine(u32),
    /// The line is not pending.
    #[error("line {0} is not in progress")]
    LineNotPending(u32),
    /// The line was not denied.
    #[error("line {0} was not denied")]
    LineNotDenied(u32),
    /// A line is decided twice.
    #[error("line {0} is decided twice")]
    DecidedTwice(u32),
    /// Only a physician denies (DET-02, DET-04).
    #[error(
        "only a physician may decide against authorization, of the whole or of a part of what was asked for; escalate the case instead (DET-02, DET-04)"
    )]
    OnlyPhysiciansDeny,
    /// No denial before the offer (DET-03).
    #[error("offer a peer-to-peer discussion before deciding against authorization (DET-03)")]
    PeerToPeerNotOffered,
    /// DUP-02 first.
    #[error("decide first whether the order is a duplicate (DUP-02)")]
    DuplicateUndecided,
    /// There is no duplicate notice.
    #[error("no possible duplicate is open on this case")]
    NoDuplicateOpen,
    /// The regimen has no Pathway to be on.
    #[error("the order matches no regimen with a Pathway, or lost a treatment drug, so it cannot be found on one")]
    NoPathwayToBeOn,
    /// A drug is withdrawn already.
    #[error("line {0} is withdrawn already")]
    WithdrawnAlready(u32),
    /// DRG-06: after a reviewer acted it is no entry error any more.
    #[error("a reviewer has acted on the case, or it is decided: withdraw as voluntarily_cancelled (DRG-05, DRG-06)")]
    ReviewerActed,
    /// What claims have matched was given.
    #[error(
        "units of {0} were billed under this order, and matched: treatment that was given is not withdrawn. Leave out what was billed; what is left of \
         the course ends with its dates"
    )]
    UnitsBilled(String),
    /// A course of radiation without its delivery.
    #[error(
        "without {0} nothing is left that delivers the treatment: withdraw all lines, or all that were not billed, and order anew what is to be given"
    )]
    NothingDelivers(String),
    /// A denied or cancelled case has nothing to withdraw.
    #[error("a case that is {0} has nothing to withdraw")]
    NothingToWithdraw(CaseStatus),
    /// DRG-03, DRG-04, DRG-08.
    #[error(
        "line {0} is studied in a trial, or another entity's to review, and not reviewed here (DRG-03, DRG-04, DRG-08); leave it out"
    )]
    NotReviewed(u32),
    /// SAFE-13.
    #[error("no billing units were counted for line {0}: authorize it with `units_approved` and `visits_approved`")]
    UnitsNotCounted(u32),
    /// SAFE-13.
    #[error("line {0}: visits and billing units lie between what a visit needs and what was ordered")]
    UnitsOutOfRange(u32),
    /// Units are those of a code.
    #[error("line {0} has no code, so that there are no billing units to approve; leave them out")]
    NoCodeToCount(u32),
    /// It is there already.
    #[error("the case is a physician's already")]
    WithPhysicianAlready,
    /// A discussion is offered before anything else happens to it, and what was held stays held.
    #[error("the peer-to-peer discussion is {state}: {event} cannot follow")]
    CallOutOfOrder {
        /// Where it stands, in words.
        state: &'static str,
        /// What was to be recorded.
        event: &'static str,
    },
    /// DET-05 speaks of some programs only.
    #[error("in this program no case is denied when its clock ends; decide now, or leave it (DET-05)")]
    NoDenialOnExpiry,
    /// The clock has ended already.
    #[error("the deadline has passed; decide the case now")]
    DeadlinePassed,
    /// A review for the end of the clock denies, and decides the case.
    #[error("a review for the end of the clock denies every line named, and leaves none in progress; line {0} does not fit")]
    LeavesOpen(u32),
    /// Only a denial is reconsidered.
    #[error("nothing on a case that is {0} was denied, so there is nothing to reconsider")]
    NothingDenied(CaseStatus),
    /// Another physician reconsiders.
    #[error("the physician who decided against authorization does not decide its reconsideration")]
    SamePhysician,
    /// An overturned case is approved.
    #[error("line {0} would stay denied and the case with it: decide that line too, or uphold")]
    StillDenied(u32),
    /// A line that went along with another one's denial needs a decision of its own.
    #[error("line {0} was denied only because another line was: decide it, too")]
    WithoutReasons(u32),
    /// An overturn authorizes something.
    #[error("a reconsideration that overturns authorizes at least one line, or more of one")]
    NothingOverturned,
}
