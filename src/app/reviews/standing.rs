//! A case as its reviewer meets it: how it stands, who has it, and what may be done to it now.

use super::change::{content_of, program_of};
use super::claims;
use crate::app::orders::view;
use crate::app::visibility::sees;
use crate::app::{App, Caller, Error, Result};
use crate::domain::case::{Case, Computed, PeerToPeer};
use crate::domain::content::{Content, DeadlineEnd, Program};
use crate::domain::vocabulary::{DrugStatus, Hold};
use crate::rules::review::{PhysicianReview, ReviewError, counted, is_not_reviewed, needs_units};
use crate::store;
use crate::store::reviews::Claim;
use std::sync::Arc;
use uuid::Uuid;

/// A case on the desk.
#[derive(Debug, Clone)]
pub struct Standing {
    /// The case.
    pub case: Case,
    /// Its version.
    pub version: i64,
    /// Who has taken it; none where nobody has.
    pub claim: Option<Claim>,
    /// Its lines, in the order of the case.
    pub lines: Vec<Line>,
    /// Why nobody may decide anything yet.
    pub undecidable: Option<ReviewError>,
    /// Why this caller may not deny now.
    pub no_denial: Option<ReviewError>,
    /// True where a denial may be recorded for the end of the clock (DET-05).
    pub denies_on_expiry: bool,
    /// The content that decided.
    pub content: Arc<Content>,
    /// The program that decided.
    pub program: Arc<Program>,
}

/// What may be done to a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Line of the order.
    pub line: u32,
    /// True where it waits for a decision that is made here.
    pub is_open: bool,
    /// True where it only waits for the others: nobody reviews it here, and it is what it was found to be once they are decided (DRG-01).
    pub is_held_only: bool,
    /// True where an authorization has to say units and visits (SAFE-13).
    pub needs_units: bool,
    /// Units that the engine counted.
    pub units: Option<u64>,
    /// Visits that the engine counted.
    pub visits: Option<u32>,
}

impl Standing {
    /// True where another reviewer has the case.
    pub fn is_taken_from(&self, caller: &Caller) -> bool {
        self.claim.as_ref().is_some_and(|claim| claim.claimed_by != caller.subject)
    }

    /// True where so much is less than the line takes: authorizing it denies the rest.
    pub fn is_less(&self, line: u32, units: Option<u64>, visits: Option<u32>) -> bool {
        let known = self.lines.iter().find(|known| known.line == line);
        known.is_some_and(|known| {
            known.units.zip(units).is_some_and(|(asked, set)| set < asked)
                || known.visits.zip(visits).is_some_and(|(asked, set)| set < asked)
        })
    }

    /// True where this reviewer has it.
    pub fn is_claimed_by(&self, caller: &Caller) -> bool {
        self.claim.as_ref().is_some_and(|claim| claim.claimed_by == caller.subject)
    }
}

/// How a case stands for this reviewer, in progress or decided.
pub async fn standing(app: &App, caller: &Caller, case_id: Uuid) -> Result<Standing> {
    let now = app.clock.now();
    let mut conn = app.pool.acquire().await?;
    let held = store::cases::with_computed(&mut conn, case_id).await?;
    let held = held.filter(|held| sees(caller, &held.stored)).ok_or(Error::NotFound)?;
    let claim = claims::live(&mut conn, case_id, now).await?;
    drop(conn);
    let mut case: Case = view::read_back(&held.stored.document)?;
    let computed: Computed = view::read_back(&held.computed)?;
    if let Some(review) = &mut case.review {
        review.overdue |= review.due_at < now;
    }
    let program = program_of(app, &case, now)?;
    let review = case.review.as_ref();
    let state = review.map_or(PeerToPeer::NotOffered, |review| review.peer_to_peer);
    let duplicate = review.is_some_and(|review| review.holds.contains(&Hold::PossibleDuplicate));
    Ok(Standing {
        version: i64::from(held.stored.version),
        claim,
        lines: lines(&case, &computed),
        undecidable: duplicate.then_some(ReviewError::DuplicateUndecided),
        no_denial: PhysicianReview::of(caller.role, state).err(),
        denies_on_expiry: program.clocks.at_deadline == DeadlineEnd::DenyIfReviewed
            && review.is_some_and(|review| !review.overdue),
        content: content_of(app, &case, now),
        program,
        case,
    })
}

/// The lines; where all that wait only wait for each other, each is decided here, or nothing would end the review.
fn lines(case: &Case, computed: &Computed) -> Vec<Line> {
    let mut lines: Vec<Line> = case.lines().iter().map(|drug| line(drug, computed)).collect();
    if !lines.iter().any(|line| line.is_open) {
        for line in &mut lines {
            line.is_open = std::mem::take(&mut line.is_held_only);
        }
    }
    lines
}

fn line(drug: &crate::domain::line::CaseLine, computed: &Computed) -> Line {
    let of_engine = computed.drugs.iter().find(|one| one.line == drug.line);
    let asked = counted(computed, drug.line);
    let waits = drug.status == DrugStatus::InProgress && !is_not_reviewed(drug, computed);
    let is_held_only = waits && of_engine.is_some_and(|one| one.status == DrugStatus::ClinicalReviewNotRequired);
    Line {
        line: drug.line,
        is_open: waits && !is_held_only,
        is_held_only,
        needs_units: needs_units(drug, computed),
        units: asked.and_then(|one| one.units),
        visits: asked.and_then(|one| one.visits),
    }
}
