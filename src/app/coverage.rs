//! Whether somebody is still covered, for what is checked long after it was authorized (SAFE-14).

use super::App;
use crate::domain::roster::{MemberRow, Person};
use crate::rules::coverage::Standing;
use chrono::NaiveDate;

/// True where the program, by the rules of the release that decided, covers the person that day. `spans` are those that the member number
/// has on the plan's file today.
pub fn covers(app: &App, (program, release): (&str, &str), person: &str, spans: &[MemberRow], day: NaiveDate) -> bool {
    let content = app.library.named(release).unwrap_or_else(|| app.library.in_force(day));
    let Some((program, person)) = content.program(program).zip(Person::parse(person)) else { return false };
    Standing { spans, person: &person, program }.covers(day)
}
