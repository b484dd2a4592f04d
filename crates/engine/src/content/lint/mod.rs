//! Finds what is sound but hardly meant: criteria that can never hold, indications that another one covers, Pathways that a policy would
//! refuse, lists that lead nowhere. Every finding is a warning or a note; nothing here keeps content from being used.

mod agreement;
mod answers;
mod files;
mod pathways;
mod policies;
mod possible;
mod programs;
mod radiation;
mod regimens;
mod scene;

use super::Drafts;
use super::report::Report;
use super::source::Source;

/// Adds warnings and notes about content without errors.
pub(super) fn lint(source: &Source, drafts: &Drafts, report: &mut Report) {
    files::lint(source, report);
    policies::lint(drafts, report);
    regimens::lint(drafts, report);
    pathways::lint(drafts, report);
    programs::lint(drafts, report);
    agreement::lint(drafts, report);
    radiation::lint(drafts, report);
}
