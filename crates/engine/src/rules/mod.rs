//! The engine: pure functions from facts and content to a decision. No clock, no I/O, no async, no randomness in here.
//!
//! [`decide()`] is the one entry point. Its steps, in order: `admission` (taken or refused), `plan` and `patient` (facts in one form),
//! `matching` with `fit` and `schedule` (which regimen), `drugs` with `policy` and `criteria` (each drug), `deviations`,
//! `agreement`, then `pathways`, `s_codes` and `derive`.

pub mod admission;
pub mod agreement;
pub mod answers;
pub mod attachments;
pub mod biomarker;
pub mod by_code;
pub mod calendar;
pub mod claims;
pub mod concern;
pub mod concurrent;
pub mod contraindications;
pub mod course;
pub mod coverage;
pub mod coverage_requirements;
pub mod criteria;
pub mod decide;
pub mod decision;
pub mod derive;
pub mod deviations;
pub mod dose;
pub mod dosing;
pub mod drafting;
pub mod drugs;
pub mod eligibility;
pub mod facts;
pub mod findings;
pub mod fit;
pub mod history;
pub mod identity;
pub mod intake;
pub mod ledger;
pub mod letters;
pub mod limits;
pub mod matching;
pub mod pathways;
pub mod patient;
pub mod plain;
pub mod plan;
pub mod policy;
pub mod radiation;
pub mod review;
pub mod s_codes;
pub mod schedule;
pub mod setting;
pub mod stage;
pub mod taken_back;
pub mod tnm;
pub mod update;
pub mod worksheet;

pub use decide::decide;
pub use decision::{DecidedDrug, Decision};
pub use drafting::decide_draft;
pub use facts::{Facts, KnownMember, KnownProvider, RelatedCase, RelatedDrug, Submitter, ToldBefore};
