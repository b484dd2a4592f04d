//! Loading what a letter tells, and writing it.

use crate::app::reviews::change::content_of;
use crate::app::{App, Error, Result};
use crate::documents::{CallInLetter, Denied, Letter, LetterFacts, ReconsiderationInLetter, Told};
use crate::domain::case::{Case, LetterReference};
use crate::domain::content::{Content, ENGLISH, Program};
use crate::domain::review::ReconsiderationDecision;
use crate::domain::vocabulary::{Addressee, LetterKind, Service};
use crate::rules::review::reconsideration::last_day;
use crate::store;
use crate::store::letters::{StoredCall, StoredDenial};
use sqlx::PgConnection;

/// What a letter is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum About {
    /// The decision of the case.
    Decision,
    /// The decision of its reconsideration.
    Reconsideration,
}

/// The letter about this answer.
pub(super) async fn compose(
    app: &App,
    conn: &mut PgConnection,
    case: &Case,
    reference: &LetterReference,
    about: About,
) -> Result<Letter> {
    let denials = match reference.kind {
        LetterKind::Denial => store::letters::denials(conn, case.case_id).await?,
        LetterKind::Approval => Vec::new(),
    };
    let reconsidered = match about {
        About::Decision => None,
        About::Reconsideration => decided(conn, case).await?,
    };
    compose_of(app, conn, case, reference, (reconsidered, denials)).await
}

/// The letter about this answer, with what was decided about a reconsideration, and against each line.
pub(super) async fn compose_of(
    app: &App,
    conn: &mut PgConnection,
    case: &Case,
    reference: &LetterReference,
    (reconsidered, denials): (Option<ReconsiderationInLetter>, Vec<StoredDenial>),
) -> Result<Letter> {
    let content = content_of(app, case, reference.issued_at);
    let program = content.program(&case.program).ok_or_else(|| Error::Internal(format!("no program {}", case.program)))?;
    let mut facts = LetterFacts { denied: Vec::new(), calls: Vec::new(), reconsider_until: None, reconsidered };
    if reference.kind == LetterKind::Denial {
        facts.denied = denials.into_iter().filter_map(|one| denied(one, reference.to)).collect();
        facts.calls = store::letters::calls(conn, case.case_id).await?.into_iter().map(call).collect();
        facts.reconsider_until =
            program.reconsideration.filter(|_| facts.reconsidered.is_none()).map(|rule| until(case, program, rule.calendar_days));
    }
    let language = language(case, reference, program, &content);
    let words = content.letters.get(language).ok_or_else(|| Error::Internal(format!("no letter is in `{language}`")))?;
    // a letter speaks one language, the program's words included
    let mut program = Program::clone(program);
    if let Some(translation) = program.letters.translations.get(language) {
        program.without_authorization.clone_from(&translation.without_authorization);
        program.letters = program.letters.in_language(language);
    }
    if let Some(member) = &case.member_on_file {
        let service = case.request.service.unwrap_or(Service::MedicalOncology);
        program.letters = program.letters.of_line(member.line_of_business, service, language);
    }
    Ok(Letter::write(reference, case, &Told { program: &program, content: &content, words }, &facts))
}

/// The language of a letter: the member's, where content and program have it; English for everybody else.
fn language<'l>(case: &'l Case, reference: &LetterReference, program: &Program, content: &Content) -> &'l str {
    let asked = case.member_on_file.as_ref().and_then(|member| member.language.as_deref());
    let has_it = |language: &&str| {
        *language == ENGLISH || (content.letters.get(language).is_some() && program.letters.translations.contains_key(*language))
    };
    asked.filter(|_| reference.to == Addressee::Member).filter(has_it).unwrap_or(ENGLISH)
}

/// The last day for a reconsideration (APP-01).
fn until(case: &Case, program: &Program, calendar_days: u32) -> chrono::NaiveDate {
    last_day(case.decided_at.unwrap_or(case.submitted_at), calendar_days, program.time_zone)
}

/// The reconsideration that was decided.
async fn decided(conn: &mut PgConnection, case: &Case) -> Result<Option<ReconsiderationInLetter>> {
    let Some(one) = store::reconsiderations::of_case(conn, case.case_id).await? else { return Ok(None) };
    let decision = [ReconsiderationDecision::Upheld, ReconsiderationDecision::Overturned]
        .into_iter()
        .find(|decision| Some(decision.as_str()) == one.decision.as_deref());
    Ok(match (decision, one.decided_at, one.rationale) {
        (Some(decision), Some(decided_at), Some(rationale)) => Some(ReconsiderationInLetter { decision, decided_at, rationale }),
        _ => None,
    })
}

fn denied(stored: StoredDenial, to: Addressee) -> Option<Denied> {
    let for_member = stored.rationale_for_member.filter(|_| to == Addressee::Member);
    Some(Denied {
        line: u32::try_from(stored.line).ok()?,
        reason_code: stored.reason_code?,
        for_member: for_member.is_some(),
        rationale: for_member.or(stored.rationale)?,
        criteria_not_met: stored.criteria_not_met,
        implied_by_line: stored.implied_by_line.and_then(|line| u32::try_from(line).ok()),
    })
}

fn call(stored: StoredCall) -> CallInLetter {
    CallInLetter { event: stored.event, at: stored.at, with: stored.with_whom }
}
