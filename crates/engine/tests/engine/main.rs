//! The engine with the content that is shipped, without a service around it.

extern crate oncoauth_engine as oncoauth; // the name under which the tests of the service know it, too

mod support;

mod answers;
mod audited_doses;
mod audited_orders;
mod content;
mod content_check;
mod contraindications_heard;
mod deadlines;
mod decision_cases;
mod decision_report;
mod engine_properties;
mod forms;
mod history;
mod plain_words;
mod policies_fit_regimens;
mod preferred_products;
mod radiation;
mod reactions_heard;
mod regimen_index;
mod regimens_match_themselves;
mod review_machine;
mod schedule_facts;
