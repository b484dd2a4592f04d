//! What the practice does to its order (SUB-08, DRG-05, DRG-06, SCD-13).

use super::{Expected, Model, Status, due};
use crate::desk_model::acts::Patch;
use crate::support::desk::*;
use std::collections::{BTreeMap, BTreeSet};

impl Model {
    /// SUB-08: what was decided stays where it is about the same thing, everything else is looked at anew.
    pub(super) fn change(&self, by: &'static str, what: Patch, stale: bool) -> Expected {
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
    pub(super) fn not_the_practices(&self, by: &str) -> BTreeSet<u16> {
        let mut faults = BTreeSet::new();
        if ![PRACTICE, FACILITY, OTHER_PRACTICE, INTAKE].contains(&by) {
            faults.insert(403);
        } else if !self.is_seen_by(by) {
            faults.insert(404);
        }
        faults
    }

    pub(super) fn withdrawal(&self, by: &'static str, lines: Option<&[u32]>, error_entry: bool, stale: bool) -> Expected {
        let mut faults = self.not_the_practices(by);
        faults.extend((by == FACILITY && self.order.plan == QCCP).then_some(403)); // SUB-08
        faults.extend(stale.then_some(412));
        faults.extend(matches!(self.status(), "non_authorized" | "review_cancelled").then_some(409));
        faults.extend((error_entry && self.reviewer_acted).then_some(409)); // DRG-06
        let mut after = self.clone();
        let every: Vec<u32> = self.lines.iter().filter(|line| !line.status.is_withdrawn()).map(|line| line.number).collect();
        let mut lost_treatment = false;
        for number in lines.map_or(every, <[u32]>::to_vec) {
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
}
