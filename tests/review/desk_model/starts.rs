//! The cases that sequences begin with, and what the engine says of them and of every change that a practice makes to them. Written down
//! by hand; the first answer about each is held against it.

use crate::desk_model::acts::Patch;
use crate::desk_model::model::Status;
use crate::support::desk::*;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What a case begins as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// A combination that no regimen has (DEV-01).
    Custom,
    /// A Pathway's regimen whose managed drug lacks an answer.
    Unanswered,
    /// A Pathway's regimen with a supportive drug that does not meet its policy.
    Supportive,
    /// Both.
    Both,
    /// Both, while a similar order is on file (DUP-01).
    Duplicate,
    /// The regimen as it is, while a similar order is on file.
    DuplicateOnly,
    /// Supportive drugs only (SUB-04).
    SupportiveOnly,
    /// A servicing provider that is not on file (SUB-11), with the supportive drug.
    Unlisted,
}

/// All of them.
pub const STARTS: [Start; 8] = [
    Start::Custom,
    Start::Unanswered,
    Start::Supportive,
    Start::Both,
    Start::Duplicate,
    Start::DuplicateOnly,
    Start::SupportiveOnly,
    Start::Unlisted,
];

/// An order as it stands.
#[expect(clippy::struct_excessive_bools, reason = "answers of the order, each yes or no")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// What it began as.
    pub start: Start,
    /// Its plan.
    pub plan: &'static str,
    /// The heart was looked at.
    pub heart: bool,
    /// HER2 is positive.
    pub her2: bool,
    /// The urgent clock.
    pub urgent: bool,
    /// The last supportive drug in half its dose.
    pub low_dose: bool,
    /// Whom to call.
    pub contact: u8,
}

/// A line as the engine sees it.
#[derive(Debug, Clone)]
pub struct Engine {
    /// Line of the order.
    pub line: u32,
    /// True for a supportive drug.
    pub supportive: bool,
    /// What holds for it alone.
    pub status: Status,
    /// What the rules have against it.
    pub objections: BTreeSet<&'static str>,
}

impl Order {
    /// An order of that kind.
    pub fn new(start: Start, plan: &'static str, urgent: bool) -> Self {
        let heart = !matches!(start, Start::Unanswered | Start::Both | Start::Duplicate);
        Self { start, plan, heart, her2: true, urgent, low_dose: false, contact: 0 }
    }

    /// True with a supportive drug on line 5.
    fn supports(&self) -> bool {
        matches!(self.start, Start::Supportive | Start::Both | Start::Duplicate | Start::Unlisted)
    }

    /// The order as it is sent.
    pub fn json(&self) -> Value {
        let mut order = if self.start == Start::Custom { custom(self.plan) } else { tch(self.plan) };
        if self.supports() {
            let amount = if self.low_dose { 60 } else { 120 };
            let drug = json!({"line": 5, "hcpcs": "J0897", "role": "supportive", "route": "sc",
                              "dose": {"amount": amount, "unit": "mg"}, "days": [1], "frequency_per_day": 1});
            order["treatment"]["phases"][0]["drugs"].as_array_mut().unwrap().push(drug);
        }
        if self.start == Start::SupportiveOnly {
            let drug = |line: u32, hcpcs: &str, route: &str, amount: u32| json!({"line": line, "hcpcs": hcpcs, "role": "supportive", "route": route, "dose": {"amount": amount, "unit": "mg"}, "days": [1]});
            order["treatment"]["phases"] = json!([{"cycle_length_days": 21, "cycles": 4, "drugs": [
                drug(1, "J2506", "sc", 6), drug(2, "J2405", "iv", 16), drug(3, "J1453", "iv", 150)]}]);
            order["supportive_only"] = json!({"acknowledged": true});
        }
        if self.start == Start::Unlisted {
            order["servicing_provider"] = json!({"name": "Unlisted Infusion Center"});
        }
        if !self.heart {
            order["clinical"]["assessments"] = json!([]);
        }
        if !self.her2 {
            order["clinical"]["biomarkers"][0]["result"] = json!("negative");
        }
        order["urgency"] = json!(if self.urgent { "urgent" } else { "standard" });
        order["contact"]["name"] = json!(format!("Desk {}", self.contact));
        order
    }

    /// The order after a change.
    pub fn after(mut self, patch: Patch) -> Self {
        match patch {
            Patch::Contact(contact) => self.contact = contact,
            Patch::Heart(heart) => self.heart = heart,
            Patch::Her2(her2) => self.her2 = her2,
            Patch::Urgent(urgent) => self.urgent = urgent,
            Patch::LowDose(low_dose) => self.low_dose = low_dose && self.supports(),
            Patch::Nonsense => {}
        }
        self
    }

    /// The patch that makes that change.
    pub fn patch(&self, patch: Patch) -> Value {
        let then = self.after(patch).json();
        match patch {
            Patch::Contact(_) => json!({"contact": then["contact"]}),
            Patch::Heart(_) | Patch::Her2(_) => json!({"clinical": then["clinical"]}),
            Patch::Urgent(_) => json!({"urgency": then["urgency"]}),
            Patch::LowDose(_) => json!({"treatment": then["treatment"]}),
            Patch::Nonsense => json!({"clinical": {"weight_kg": 9000}}),
        }
    }

    /// What the engine says of every drug.
    pub fn engine(&self) -> Vec<Engine> {
        let line = |line, supportive, status, objections: &[&'static str]| Engine {
            line,
            supportive,
            status,
            objections: objections.iter().copied().collect(),
        };
        if self.start == Start::SupportiveOnly {
            return vec![
                line(1, true, Status::InProgress, &["growth factor"]),
                line(2, true, Status::NotRequired, &[]),
                line(3, true, Status::InProgress, &["antiemetic"]),
            ];
        }
        let mut trastuzumab = Vec::new();
        trastuzumab.extend((!self.heart).then_some("heart"));
        trastuzumab.extend((!self.her2).then_some("her2"));
        let managed = if trastuzumab.is_empty() { Status::Authorized } else { Status::InProgress };
        let second = if self.start == Start::Custom {
            line(2, false, Status::InProgress, &["nivolumab"])
        } else {
            line(2, false, Status::NotRequired, &[])
        };
        let mut lines = vec![
            line(1, false, Status::NotRequired, &[]),
            second,
            line(3, false, managed, &trastuzumab),
            line(4, false, managed, &trastuzumab),
        ];
        if self.supports() {
            lines.push(line(5, true, Status::InProgress, &["bone agent"]));
        }
        lines
    }

    /// The holds that the engine raises (CAS-08).
    pub fn holds(&self) -> BTreeSet<&'static str> {
        match self.start {
            Start::Custom => BTreeSet::from(["custom_treatment_plan"]),
            Start::Duplicate | Start::DuplicateOnly => BTreeSet::from(["possible_duplicate"]),
            Start::SupportiveOnly => BTreeSet::from(["supportive_only"]),
            Start::Unlisted => BTreeSet::from(["servicing_provider_not_on_file"]),
            _ => BTreeSet::new(),
        }
    }

    /// True where the regimen has a Pathway that the order could follow.
    pub fn has_pathway(&self) -> bool {
        !matches!(self.start, Start::Custom | Start::SupportiveOnly)
    }

    /// True where it follows it.
    pub fn on_pathway(&self) -> bool {
        self.has_pathway() && self.her2
    }
}
