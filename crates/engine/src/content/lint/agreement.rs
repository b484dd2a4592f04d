//! Contradictions that can never be found, because their sides already exclude each other in what an order can say.

use super::possible::World;
use crate::content::Drafts;
use crate::content::report::Report;

pub(super) fn lint(drafts: &Drafts, report: &mut Report) {
    let world = World { words: &drafts.words, reviewed: None };
    for (contradiction, line) in drafts.agreement.agreement.contradictions.iter().zip(&drafts.agreement.lines) {
        let sides = std::iter::once(&contradiction.first).chain(&contradiction.second);
        let wanted: Vec<_> = sides.map(|side| (&side.criterion, true)).collect();
        if !world.is_possible(&wanted) {
            let message = format!("no order can be found in contradiction `{}`: its sides never hold together", contradiction.id);
            report.warning("agreement.toml", *line, message, Some("correct it, or take it out".to_owned()));
        }
    }
}
