//! What reviewers do (DUP-02, DET-02…05).

use super::{Expected, Model, Status, TO_PHYSICIANS, is_physician};
use crate::desk_model::acts::NURSES_AND_PHYSICIANS;
use crate::support::desk::*;
use std::collections::BTreeSet;

impl Model {
    /// Only nurses and physicians work at the desk, one at a time, and only on what is open.
    pub(super) fn not_free(&self, by: &str) -> Vec<u16> {
        let mut faults = Vec::new();
        faults.extend((!NURSES_AND_PHYSICIANS.contains(&by)).then_some(403));
        faults.extend((!self.is_open()).then_some(409));
        faults.extend(self.claim.is_some_and(|(holder, _)| holder != by).then_some(409));
        faults
    }

    pub(super) fn take(&mut self, by: &'static str) {
        if self.claim.is_none() {
            self.events.push("claimed");
        }
        self.claim = Some((by, self.now + TO_PHYSICIANS));
        self.reviewer_acted = true;
    }

    /// A reviewer did something to the case: it is theirs, unless that decided it.
    pub(super) fn reviewed(&mut self, by: &'static str, kind: &'static str) {
        self.reviewer_acted = true;
        if self.is_open() {
            self.take(by);
        }
        self.changed(kind);
    }

    pub(super) fn give_back(&self, by: &'static str) -> Expected {
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

    pub(super) fn decide_duplicate(&mut self, duplicate: bool) {
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

    pub(super) fn determination(
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
}
