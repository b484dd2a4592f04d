//! Orders over HTTP and against PostgreSQL, from the question whether a member is in a program to the last bill of a case.

#[path = "../support/mod.rs"]
mod support;

mod changes;
mod claim_checks;
mod concurrency;
mod connections;
mod earlier_cases;
mod eligibility;
mod fhir;
mod guards;
mod ledger;
mod one_truth;
mod orders;
mod radiation;
mod radiation_courses;
mod radiation_life;
mod releases;
mod spans;
mod together;
mod verifications;
