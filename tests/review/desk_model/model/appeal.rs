//! Reconsideration of a denial (APP-01…04).

use super::{Expected, Model, Reconsideration, Status, is_physician};
use crate::support::desk::*;
use chrono::{DateTime, NaiveDate, Utc};
use std::collections::BTreeSet;

impl Model {
    /// APP-01…03.
    pub(super) fn reconsider(&self, by: &'static str) -> Expected {
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
    pub(super) fn decide_reconsideration(&self, by: &'static str, overturn: bool, lines: &[(u32, bool)]) -> Expected {
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
    pub(super) fn overturn(&mut self, lines: &[(u32, bool)]) -> BTreeSet<u16> {
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
}
