//! What has to become of a case, written from the requirements and not from the code: small, slow and obvious.
//!
//! [`Model::expect`] says of a call either every status that may refuse it, or what the case is afterwards.

use crate::acts::{Act, NURSES_AND_PHYSICIANS, Patch};
use crate::starts::{Order, Start};
use crate::support::desk::*;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use std::collections::{BTreeMap, BTreeSet};

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

    /// Only nurses and physicians work at the desk, one at a time, and only on what is open.
    fn not_free(&self, by: &str) -> Vec<u16> {
        let mut faults = Vec::new();
        faults.extend((!NURSES_AND_PHYSICIANS.contains(&by)).then_some(403));
        faults.extend((!self.is_open()).then_some(409));
        faults.extend(self.claim.is_some_and(|(holder, _)| holder != by).then_some(409));
        faults
    }

    fn take(&mut self, by: &'static str) {
        if self.claim.is_none() {
            self.events.push("claimed");
        }
        self.claim = Some((by, self.now + TO_PHYSICIANS));
        self.reviewer_acted = true;
    }

    /// A reviewer did something to the case: it is theirs, unless that decided it.
    fn reviewed(&mut self, by: &'static str, kind: &'static str) {
        self.reviewer_acted = true;
        if self.is_open() {
            self.take(by);
        }
        self.changed(kind);
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

    fn give_back(&self, by: &'static str) -> Expected {
        if !NURSES_AND_PHYSICIANS.contains(&by) && by != ADMINISTRATOR {
            return Err(BTreeSet::from([403]));
        }
        let mut after = self.clone();
        match self.claim {
            Some((holder, _)) if holder != by && by != ADMINISTRATOR => return Err(BTreeSet::from([409])),
            Some(_) => {
                after.claim = None;
                after.events.push("claim_released");
            }
            None => {}
        }
        Ok(after)
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

    fn decide_duplicate(&mut self, duplicate: bool) {
        if duplicate {
            for line in self.lines.iter_mut().filter(|line| !line.status.is_withdrawn()) {
                line.status = Status::ErrorEntry;
            }
        } else {
            self.holds.remove("possible_duplicate");
            if self.holds.is_empty() {
                self.lift();
            }
        }
    }

    fn determination(
        &self,
        by: &'static str,
        lines: &[(u32, bool)],
        pathway: Option<bool>,
        on_expiry: bool,
        reasons: bool,
    ) -> Expected {
        let mut faults: BTreeSet<u16> = self.not_free(by).into_iter().collect();
        let denies = lines.iter().any(|(_, authorize)| !authorize);
        faults.extend((denies && !is_physician(by)).then_some(403)); // DET-02, DET-04
        faults.extend((denies && self.discussion == "not_offered").then_some(409)); // DET-03
        faults.extend((denies && !reasons).then_some(422)); // DET-10
        faults.extend(self.holds.contains("possible_duplicate").then_some(409)); // DUP-02
        let lost = self.lines.iter().any(|line| !line.supportive && line.status.is_withdrawn());
        faults.extend((pathway == Some(true) && (lost || !self.order.has_pathway())).then_some(409));
        let mut after = self.clone();
        for (index, (number, authorize)) in lines.iter().enumerate() {
            faults.extend(lines[..index].iter().any(|(earlier, _)| earlier == number).then_some(422));
            let Some(line) = after.line(*number) else {
                faults.insert(422);
                continue;
            };
            if line.status != Status::InProgress && !lines[..index].iter().any(|(earlier, _)| earlier == number) {
                faults.insert(409);
            }
            line.status = if *authorize { Status::Authorized } else { Status::Denied };
            line.decided = true;
        }
        after.holds.clear();
        after.lift();
        after.deny_whole();
        if on_expiry {
            faults.extend(pathway.map(|_| 422));
            faults.extend((self.order.plan != BMA).then_some(409));
            faults.extend((self.overdue || self.due < self.now).then_some(409));
            faults.extend(lines.iter().any(|(_, authorize)| *authorize).then_some(422));
            faults.extend(after.is_open().then_some(422));
            let mut later = self.clone();
            later.reviewed(by, "reviewed_for_expiry");
            later.reviewed_for_expiry = Some((by, lines.iter().map(|(line, _)| *line).collect()));
            return if faults.is_empty() { Ok(later) } else { Err(faults) };
        }
        if let Some(on) = pathway {
            after.on_pathway = on;
        }
        if denies {
            after.deniers.insert(by);
        }
        after.reviewed(by, "determined");
        after.reviewed_for_expiry = None;
        if faults.is_empty() { Ok(after) } else { Err(faults) }
    }

    /// SUB-08: what was decided stays where it is about the same thing, everything else is looked at anew.
    fn change(&self, by: &'static str, what: Patch, stale: bool) -> Expected {
        let mut faults = self.not_the_practices(by);
        faults.extend(stale.then_some(412));
        faults.extend((!self.is_open()).then_some(409));
        faults.extend((what == Patch::Nonsense).then_some(422));
        if !faults.is_empty() {
            return Err(faults);
        }
        let mut after = self.clone();
        after.order = self.order.after(what);
        if after.order == self.order {
            return Ok(after); // says nothing new
        }
        if by == FACILITY && self.order.plan == QCCP {
            return Err(BTreeSet::from([403]));
        }
        let same_treatment = after.order.low_dose == self.order.low_dose;
        let same_patient = (after.order.heart, after.order.her2) == (self.order.heart, self.order.her2);
        let was_lifted = |hold: &&'static str| !self.holds.contains(hold);
        let stays_lifted = |hold: &&'static str| {
            was_lifted(hold)
                && match *hold {
                    "custom_treatment_plan" => same_treatment && same_patient,
                    "supportive_only" => same_treatment,
                    _ => true,
                }
        };
        after.holds = after.order.holds().into_iter().filter(|hold| !stays_lifted(hold)).collect();
        let engine: BTreeMap<u32, _> = after.order.engine().into_iter().map(|line| (line.line, line)).collect();
        let held = !after.holds.is_empty();
        for line in &mut after.lines {
            let fresh = &engine[&line.number];
            let as_ordered = line.decided && (line.number != 5 || same_treatment);
            let by_reviewer =
                line.status == Status::Authorized || line.status == Status::InProgress && line.alone == Status::Authorized;
            let stays_authorized = as_ordered && by_reviewer && fresh.objections.is_subset(&line.objections);
            let stays_denied = as_ordered && line.status == Status::Denied && fresh.objections == line.objections;
            line.objections.clone_from(&fresh.objections);
            line.alone = if stays_authorized { Status::Authorized } else { fresh.status };
            if !line.status.is_withdrawn() && !stays_denied {
                line.status = if held { Status::InProgress } else { line.alone };
            }
        }
        let lost = after.lines.iter().any(|line| !line.supportive && line.status.is_withdrawn());
        if lost {
            after.on_pathway = false;
        } else if !(same_treatment && same_patient) {
            after.on_pathway = after.order.on_pathway();
        }
        after.due = self.due.min(due(&after.order));
        after.reviewed_for_expiry = None;
        after.changed("updated");
        Ok(after)
    }

    /// The practice's calls are the practice's and the facility's, and the call center's for them (PRV-02).
    fn not_the_practices(&self, by: &str) -> BTreeSet<u16> {
        let mut faults = BTreeSet::new();
        if ![PRACTICE, FACILITY, OTHER_PRACTICE, INTAKE].contains(&by) {
            faults.insert(403);
        } else if !self.is_seen_by(by) {
            faults.insert(404);
        }
        faults
    }

    fn withdrawal(&self, by: &'static str, lines: Option<&[u32]>, error_entry: bool, stale: bool) -> Expected {
        let mut faults = self.not_the_practices(by);
        faults.extend((by == FACILITY && self.order.plan == QCCP).then_some(403)); // SUB-08
        faults.extend(stale.then_some(412));
        faults.extend(matches!(self.status(), "non_authorized" | "review_cancelled").then_some(409));
        faults.extend((error_entry && (self.reviewer_acted || !self.is_open())).then_some(409)); // DRG-06
        let mut after = self.clone();
        let live: Vec<u32> = self.lines.iter().filter(|line| !line.status.is_withdrawn()).map(|line| line.number).collect();
        let mut lost_treatment = false;
        for number in lines.map_or(live, <[u32]>::to_vec) {
            match after.line(number) {
                None => faults.extend([422]),
                Some(line) if line.status.is_withdrawn() => faults.extend([409]),
                Some(line) => {
                    line.status = if error_entry { Status::ErrorEntry } else { Status::Cancelled };
                    lost_treatment |= !line.supportive;
                }
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        after.reviewed_for_expiry = None;
        after.on_pathway &= !lost_treatment;
        let voids = self.is_approved() && self.awarded && lost_treatment;
        after.awarded &= !voids;
        after.changed("withdrawn");
        if voids {
            after.events.push("s_codes_voided"); // SCD-13
        }
        Ok(after)
    }

    /// APP-01…03.
    fn reconsider(&self, by: &'static str) -> Expected {
        let mut faults = BTreeSet::new();
        if [ADMINISTRATOR, "sandbox-health-plan"].contains(&by) {
            faults.insert(403);
        } else if !self.is_seen_by(by) {
            faults.insert(404);
        }
        faults.extend((by == FACILITY && self.order.plan == QCCP).then_some(403));
        let denied = self.lines.iter().any(|line| line.status == Status::Denied);
        faults.extend((!denied || self.is_open()).then_some(409));
        faults.extend((self.order.plan != BMA).then_some(409));
        faults.extend((self.reconsideration != Reconsideration::None).then_some(409));
        let day = |at: DateTime<Utc>| -> NaiveDate { at.with_timezone(&chrono_tz::America::Chicago).date_naive() };
        let late = self.denied_at.is_some_and(|at| (day(self.now) - day(at)).num_days() > 10);
        faults.extend(late.then_some(409));
        if !faults.is_empty() {
            return Err(faults);
        }
        let mut after = self.clone();
        after.reconsideration = Reconsideration::Open;
        after.events.push("reconsideration_requested");
        Ok(after)
    }

    /// APP-02, APP-04.
    fn decide_reconsideration(&self, by: &'static str, overturn: bool, lines: &[(u32, bool)]) -> Expected {
        let mut faults = BTreeSet::new();
        faults.extend((!self.has_reconsideration()).then_some(404));
        faults.extend((!is_physician(by)).then_some(403));
        faults.extend(self.deniers.contains(by).then_some(403));
        faults.extend((self.reconsideration == Reconsideration::Decided).then_some(409));
        let mut after = self.clone();
        for (number, _) in lines {
            faults.extend((after.line(*number).is_none()).then_some(422));
        }
        if overturn {
            faults.extend((!self.lines.iter().any(|line| line.status == Status::Denied)).then_some(409));
            faults.extend(after.overturn(lines));
        } else {
            faults.extend(lines.iter().any(|(_, authorize)| *authorize).then_some(422));
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        after.reconsideration = Reconsideration::Decided;
        if self.is_approved() {
            after.awarded = self.awarded;
        }
        after.changed(if overturn { "reconsideration_overturned" } else { "reconsideration_upheld" });
        Ok(after)
    }

    /// Why not, in numbers.
    fn overturn(&mut self, lines: &[(u32, bool)]) -> BTreeSet<u16> {
        let mut faults = BTreeSet::new();
        let denied = |model: &Self| model.lines.iter().filter(|line| line.status == Status::Denied).count();
        let before = denied(self);
        let named: Vec<(u32, bool)> = if lines.is_empty() {
            let waits = self.lines.iter().filter(|line| line.status == Status::Denied && line.alone == Status::InProgress);
            waits.map(|line| (line.number, true)).collect()
        } else {
            lines.to_vec()
        };
        let mut treatment_stays = false;
        for (index, (number, authorize)) in named.iter().enumerate() {
            let twice = named[..index].iter().any(|(earlier, _)| earlier == number);
            faults.extend(twice.then_some(422));
            let Some(line) = self.line(*number) else { continue };
            faults.extend((line.status != Status::Denied && !twice).then_some(409));
            if *authorize {
                line.status = Status::Authorized;
            } else {
                treatment_stays |= !line.supportive;
            }
        }
        for line in self.lines.iter_mut().filter(|line| line.status == Status::Denied) {
            let undecided = !named.iter().any(|(number, _)| *number == line.number);
            if undecided && line.alone != Status::InProgress && !treatment_stays {
                line.status = line.alone;
            }
        }
        self.deny_whole();
        faults.extend((!self.is_approved()).then_some(422));
        faults.extend((denied(self) >= before).then_some(422));
        faults
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
