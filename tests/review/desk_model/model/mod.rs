//! What has to become of a case, written from the requirements and not from the code: small, slow and obvious.
//!
//! [`Model::expect`] says of a call either every status that may refuse it, or what the case is afterwards.

mod appeal;
mod desk;
mod practice;

use crate::desk_model::acts::Act;
use crate::desk_model::starts::{Order, Start};
use crate::support::desk::*;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeSet;

/// Status of a drug.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// DRG-07.
    InProgress,
    /// DRG-01.
    NotRequired,
    /// DRG-02.
    Authorized,
    /// DRG-02.
    Denied,
    /// DRG-05.
    Cancelled,
    /// DRG-06.
    ErrorEntry,
}

impl Status {
    /// The contract's word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::InProgress => "in_progress",
            Self::NotRequired => "clinical_review_not_required",
            Self::Authorized => "authorized",
            Self::Denied => "non_authorized",
            Self::Cancelled => "voluntarily_cancelled",
            Self::ErrorEntry => "not_reviewed_error_entry",
        }
    }

    const fn is_withdrawn(self) -> bool {
        matches!(self, Self::Cancelled | Self::ErrorEntry)
    }
}

/// A drug of the case.
#[derive(Debug, Clone)]
pub struct Line {
    /// Line of the order.
    pub number: u32,
    /// True for a supportive drug.
    pub supportive: bool,
    /// Where it stands.
    pub status: Status,
    /// What it becomes when nothing holds it.
    pub alone: Status,
    /// Decided by a reviewer, once.
    decided: bool,
    objections: BTreeSet<&'static str>,
}

/// Where the request for reconsideration is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reconsideration {
    None,
    Open,
    Decided,
}

/// A case.
#[expect(clippy::struct_excessive_bools, reason = "each says what a requirement asks for, and they are independent")]
#[derive(Debug, Clone)]
pub struct Model {
    /// The order.
    pub order: Order,
    /// Its drugs.
    pub lines: Vec<Line>,
    /// What holds it.
    pub holds: BTreeSet<&'static str>,
    /// The time.
    pub now: DateTime<Utc>,
    /// When the answer is due.
    pub due: DateTime<Utc>,
    /// The clock has ended.
    pub overdue: bool,
    /// With the physicians.
    pub with_physicians: bool,
    /// The discussion.
    pub discussion: &'static str,
    /// Who has the case, and until when.
    pub claim: Option<(&'static str, DateTime<Utc>)>,
    /// Version.
    pub version: i64,
    /// On its Pathway, should it be approved.
    pub on_pathway: bool,
    /// Every event, by kind.
    pub events: Vec<&'static str>,
    /// Codes were awarded and are not void.
    awarded: bool,
    reviewer_acted: bool,
    reviewed_for_expiry: Option<(&'static str, Vec<u32>)>,
    denied_at: Option<DateTime<Utc>>,
    deniers: BTreeSet<&'static str>,
    reconsideration: Reconsideration,
}

/// A refusal with any of these, or the case afterwards.
pub type Expected = Result<Model, BTreeSet<u16>>;

const TO_PHYSICIANS: TimeDelta = TimeDelta::hours(4);

fn instant(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// DET-05, DET-06 for orders received on Friday 2026-11-20, 15:00 UTC, worked out by hand.
fn due(order: &Order) -> DateTime<Utc> {
    instant(match (order.urgent, order.plan) {
        (false, _) => "2026-11-25T15:00:00Z",
        (true, BMA) => "2026-11-21T15:00:00Z",
        (true, _) => "2026-11-23T15:00:00Z",
    })
}

fn is_physician(token: &str) -> bool {
    token == PHYSICIAN || token == SECOND_PHYSICIAN
}

impl Model {
    /// The case as it has to be when it comes in.
    pub fn new(order: Order) -> Self {
        let holds = order.holds();
        let lines = order.engine().into_iter().map(|engine| Line {
            number: engine.line,
            supportive: engine.supportive,
            status: if holds.is_empty() { engine.status } else { Status::InProgress },
            alone: engine.status,
            decided: false,
            objections: engine.objections,
        });
        Self {
            lines: lines.collect(),
            now: instant("2026-11-20T15:00:00Z"),
            due: due(&order),
            overdue: false,
            with_physicians: false,
            discussion: "not_offered",
            claim: None,
            version: 1,
            on_pathway: order.on_pathway(),
            events: vec!["submitted"],
            awarded: false,
            reviewer_acted: false,
            reviewed_for_expiry: None,
            denied_at: None,
            deniers: BTreeSet::new(),
            reconsideration: Reconsideration::None,
            holds,
            order,
        }
    }

    /// CAS-01…09, read off the table of the requirements.
    pub fn status(&self) -> &'static str {
        let live: Vec<&Line> = self.lines.iter().filter(|line| !line.status.is_withdrawn()).collect();
        let is = |status| live.iter().any(|line| line.status == status);
        let denied = |supportive| live.iter().any(|line| line.status == Status::Denied && line.supportive == supportive);
        match () {
            () if live.is_empty() => "review_cancelled",
            () if is(Status::InProgress) => "in_progress",
            () if denied(false) => "non_authorized",
            () if denied(true) && is(Status::Authorized) => "multiple_decisions_rendered",
            () if denied(true) => "non_authorized",
            () if is(Status::Authorized) => "authorized",
            () => "completed",
        }
    }

    /// True while a reviewer's work.
    pub fn is_open(&self) -> bool {
        self.status() == "in_progress"
    }

    /// True with an Order ID.
    pub fn is_approved(&self) -> bool {
        matches!(self.status(), "authorized" | "completed" | "multiple_decisions_rendered")
    }

    /// True where this caller may know of the case (PRV-02).
    pub fn is_seen_by(&self, token: &str) -> bool {
        match token {
            OTHER_PRACTICE => false,
            FACILITY => self.order.start != Start::Unlisted,
            "sandbox-health-plan" => self.order.plan == BMA,
            _ => true,
        }
    }

    /// A case has a reconsideration that can be named.
    pub fn has_reconsideration(&self) -> bool {
        self.reconsideration != Reconsideration::None
    }

    /// What has to come of a call.
    pub fn expect(&self, act: &Act) -> Expected {
        let mut faults = BTreeSet::new();
        let mut after = self.clone();
        match act {
            Act::Claim(by) => {
                faults.extend(self.not_free(by));
                after.take(by);
            }
            Act::GiveBack(by) => return self.give_back(by),
            Act::Duplicate { by, duplicate } => {
                faults.extend(self.not_free(by));
                faults.extend((!self.holds.contains("possible_duplicate")).then_some(409));
                after.decide_duplicate(*duplicate);
                after.reviewed(by, "duplicate_decided");
                after.reviewed_for_expiry = None;
            }
            Act::Ask(by) => {
                faults.extend(self.not_free(by));
                after.reviewed(by, "information_requested");
            }
            Act::Call { by, event, with } => {
                faults.extend(self.not_free(by));
                faults.extend((*event == "held" && !with).then_some(422));
                match (self.discussion, *event) {
                    ("not_offered", "offered") => {}
                    ("not_offered", _) | ("held", "offered" | "declined" | "unreachable") => faults.extend([409]),
                    _ => {}
                }
                if self.discussion != "held" {
                    after.discussion = event;
                }
                after.reviewed(by, call_kind(event));
            }
            Act::Determine { by, lines, pathway, on_expiry, reasons } => {
                return self.determination(by, lines, *pathway, *on_expiry, *reasons);
            }
            Act::Escalate(by) => {
                faults.extend(self.not_free(by));
                faults.extend((*by != NURSE).then_some(403));
                faults.extend(self.with_physicians.then_some(409));
                after.with_physicians = true;
                after.reviewer_acted = true;
                after.claim = None;
                after.changed("escalated");
            }
            Act::Patch { by, what, stale } => return self.change(by, *what, *stale),
            Act::Withdraw { by, lines, error_entry, stale } => {
                return self.withdrawal(by, lines.as_deref(), *error_entry, *stale);
            }
            Act::Reconsider(by) => return self.reconsider(by),
            Act::DecideReconsideration { by, overturn, lines } => return self.decide_reconsideration(by, *overturn, lines),
            Act::Wait(minutes) => after.wait(*minutes),
        }
        if faults.is_empty() { Ok(after) } else { Err(faults) }
    }

    fn changed(&mut self, kind: &'static str) {
        self.version += 1;
        self.events.push(kind);
        self.settle();
    }

    /// A decided case is nobody's work, and an approved one on its Pathway has awards.
    fn settle(&mut self) {
        if self.is_open() {
            return;
        }
        self.claim = None;
        self.reviewed_for_expiry = None;
        self.awarded = self.is_approved() && (self.awarded || self.on_pathway);
        if matches!(self.status(), "non_authorized" | "multiple_decisions_rendered") && self.denied_at.is_none() {
            self.denied_at = Some(self.now);
        }
    }

    fn line(&mut self, number: u32) -> Option<&mut Line> {
        self.lines.iter_mut().find(|line| line.number == number)
    }

    /// What was held alone returns to what it is for itself.
    fn lift(&mut self) {
        for line in self.lines.iter_mut().filter(|line| line.status == Status::InProgress) {
            line.status = line.alone;
        }
    }

    /// CAS-04, CAS-09.
    fn deny_whole(&mut self) {
        if self.lines.iter().any(|line| line.status == Status::Denied && !line.supportive) {
            for line in &mut self.lines {
                if matches!(line.status, Status::Authorized | Status::InProgress) {
                    line.status = Status::Denied;
                    line.decided = true;
                }
            }
        }
    }

    /// Time passes: claims run out and clocks end, in the order in which they do.
    fn wait(&mut self, minutes: i64) {
        self.now += TimeDelta::minutes(minutes);
        loop {
            let claim = self.claim.map(|(_, until)| until).filter(|until| *until <= self.now);
            let clock = Some(self.due).filter(|due| *due <= self.now && !self.overdue && self.is_open());
            match (claim, clock) {
                (None, None) => return,
                (Some(claim), clock) if clock.is_none_or(|clock| claim < clock) => {
                    self.claim = None;
                    self.events.push("claim_expired");
                }
                _ => self.clock_ends(),
            }
        }
    }

    /// DET-05 with DET-04: a clock alone never denies.
    fn clock_ends(&mut self) {
        let reviewed = self.reviewed_for_expiry.clone().filter(|_| self.discussion != "held");
        if let Some((by, lines)) = reviewed {
            for number in lines {
                if let Some(line) = self.line(number) {
                    line.status = Status::Denied;
                    line.decided = true;
                }
            }
            self.holds.clear();
            self.lift();
            self.deny_whole();
            self.deniers.insert(by);
            self.changed("denied_at_deadline");
            return;
        }
        if self.claim.is_some_and(|(holder, _)| !is_physician(holder)) {
            self.claim = None;
        }
        self.overdue = true;
        self.with_physicians = true;
        self.reviewed_for_expiry = None;
        self.changed("deadline_passed");
    }
}

const fn call_kind(event: &str) -> &'static str {
    match event.as_bytes() {
        b"offered" => "peer_to_peer_offered",
        b"scheduled" => "peer_to_peer_scheduled",
        b"held" => "peer_to_peer_held",
        b"declined" => "peer_to_peer_declined",
        _ => "peer_to_peer_unreachable",
    }
}
