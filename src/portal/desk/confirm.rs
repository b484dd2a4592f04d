//! The last question before a decision: member, drugs, everything that becomes of every line, and the letters. What is out of the ordinary is
//! asked for by itself: nothing is decided before each of these questions is ticked.

use super::super::case::id;
use super::super::failure::Failure;
use super::super::faults::Faults;
use super::super::fields::Fields;
use super::super::shell::{Shell, page};
use super::super::visitor::Visitor;
use super::acts::{idempotent, refused, seen, to_review};
use super::case::{Told, drawn, drawn_with};
use super::decide::{LetterPart, ahead, field_of, part, read};
use super::{compare, kept, many, timeline};
use crate::app::rendering::{Align, Block};
use crate::app::reviews::preview::{self, Previewed};
use crate::app::reviews::requests::{Determination, LineDetermination};
use crate::app::reviews::{self, Act, Standing};
use crate::app::{App, Error, orders};
use crate::documents::words;
use crate::domain::case::PeerToPeer;
use crate::domain::review::{LineOutcome, PathwayFinding};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

/// Billing units of a visit beyond which they are asked about, where none were counted.
const UNITS_A_VISIT: u64 = 10_000;
/// So many times more or less than what was counted is asked about.
const FAR: u64 = 2;

#[derive(Template)]
#[template(path = "review_confirm.html")]
struct ConfirmPage {
    shell: Shell,
    case_id: uuid::Uuid,
    number: String,
    member: String,
    lines: Vec<ConfirmLine>,
    changes: Vec<Change>,
    /// What is decided about the Pathway.
    pathway: Option<String>,
    letter: LetterPart,
    on_expiry: bool,
    questions: Vec<Question>,
    /// True where a question was not ticked.
    is_unanswered: bool,
    fields: Vec<(String, String)>,
}

/// What is decided about a line.
struct ConfirmLine {
    name: String,
    decision: &'static str,
    tone: &'static str,
    detail: Vec<String>,
}

/// What becomes of a line.
struct Change {
    name: String,
    was: &'static str,
    will: &'static str,
    /// True where it was not decided so.
    is_implied: bool,
}

/// Something that is asked for by itself.
#[derive(Debug, Clone, PartialEq)]
struct Question {
    value: String,
    text: String,
    ticked: bool,
}

pub(super) async fn send(
    State(app): State<App>,
    visitor: Visitor,
    Path(case_id): Path<String>,
    fields: Fields,
) -> Result<Response, Failure> {
    let case_id = id(&case_id)?;
    let caller = &visitor.caller;
    let standing = reviews::standing(&app, caller, case_id).await?;
    let mut faults = Faults::default();
    let request = read(&standing, &fields, &mut faults);
    let wanted = fields.text("do");
    // whatever else a form says, or says nothing, the last question comes first
    let decides = wanted == Some("decide");
    if wanted == Some("show") {
        let letter = ahead(&app, &visitor, case_id, &request, &faults).await?;
        return drawn_with(&app, &visitor, case_id, fields, Told::nothing(), letter).await;
    }
    if standing.case.review.is_none() && !(decides && faults.is_empty()) {
        let events = orders::history(&app, caller, case_id).await?;
        let told = Told::conflict("Decided meanwhile", timeline::decided(&events, standing.program.time_zone));
        return drawn(&app, &visitor, case_id, fields, told).await;
    }
    if !faults.is_empty() {
        return drawn(&app, &visitor, case_id, fields, Told::faults(faults)).await;
    }
    let place = |pointer: &str| field_of(pointer, &request, &fields);
    let questions = questions(&app, &visitor, &standing, &request, &fields).await?;
    let unsaid = unsaid(&standing, &request);
    if !decides || questions.iter().any(|question| !question.ticked) || !unsaid.is_empty() {
        if !seen(&fields).admits(standing.version) {
            return refused(&app, &visitor, case_id, fields.clone(), Error::PreconditionFailed, place).await;
        }
        return match preview::determination(&app, caller, case_id, &request).await {
            Ok(_) if !unsaid.is_empty() => drawn(&app, &visitor, case_id, fields.clone(), Told::faults(unsaid)).await,
            Ok(previewed) => {
                kept::keep(&app, caller, case_id, &fields).await?;
                let mut response = confirm(&app, &visitor, &standing, &request, previewed, &fields, questions)?;
                if decides {
                    *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
                }
                Ok(response)
            }
            Err(error) => refused(&app, &visitor, case_id, fields.clone(), error, place).await,
        };
    }
    let key = idempotent(case_id, &fields);
    match reviews::perform(&app, caller, case_id, Act::Determine(&request), &seen(&fields), key.as_ref()).await {
        Ok(_) => {
            kept::forget(&app, caller, case_id).await?;
            Ok(to_review(case_id))
        }
        Err(error) => refused(&app, &visitor, case_id, fields.clone(), error, place).await,
    }
}

/// Members are told why in words of their own: without them their letter would repeat the clinical ones.
fn unsaid(standing: &Standing, request: &Determination) -> Faults {
    let mut faults = Faults::default();
    let denied = |line: &&LineDetermination| denies(standing, line);
    if request.lines.iter().filter(denied).any(|line| line.rationale_for_member.is_none()) {
        let message = "For the member: say in plain words why. The letter to the member prints them; the clinical words are for the provider";
        faults.add("rationale_for_member", message);
    }
    faults
}

/// True for what decides against authorization, of the whole line or of a part.
fn denies(standing: &Standing, line: &LineDetermination) -> bool {
    line.decision == LineOutcome::NonAuthorized || standing.is_less(line.line, line.units_approved, line.visits_approved)
}

/// What has to be ticked before this is decided.
async fn questions(
    app: &App,
    visitor: &Visitor,
    standing: &Standing,
    request: &Determination,
    fields: &Fields,
) -> Result<Vec<Question>, Failure> {
    let mut questions = Vec::new();
    let mut ask = |value: String, text: String| {
        let ticked = fields.all("sure").any(|sure| sure == value);
        questions.push(Question { value, text, ticked });
    };
    let denies = request.lines.iter().any(|line| denies(standing, line));
    let state = standing.case.review.as_ref().map(|review| review.peer_to_peer);
    if denies && !request.on_expiry && state == Some(PeerToPeer::Scheduled) {
        let events = orders::history(app, &visitor.caller, standing.case.case_id).await?;
        let when = timeline::agreed(&events, standing.program.time_zone).unwrap_or_else(|| "later".to_owned());
        ask(
            "call".to_owned(),
            format!("A peer-to-peer discussion is agreed for {when}. I decide against authorization without it."),
        );
    }
    for line in &request.lines {
        if let Some(text) = far_off(standing, line) {
            ask(format!("units/{}", line.line), text);
        }
    }
    Ok(questions)
}

/// What was entered against what was counted, where the two are far apart.
fn far_off(standing: &Standing, line: &LineDetermination) -> Option<String> {
    let (units, visits) = line.units_approved.zip(line.visits_approved)?;
    let counted = counted(standing, line.line);
    let is_far = counted.map_or_else(
        || units > UNITS_A_VISIT.saturating_mul(u64::from(visits)),
        |(of_units, of_visits)| is_apart(units, of_units) || is_apart(u64::from(visits), u64::from(of_visits)),
    );
    let against = counted.map_or_else(
        || "none were counted".to_owned(),
        |(units, visits)| format!("{} over {} were counted", many(units, "unit"), many(u64::from(visits), "visit")),
    );
    let (units, visits) = (many(units, "billing unit"), many(u64::from(visits), "visit"));
    is_far.then(|| format!("{}: {units} over {visits}; {against}. This is meant.", name_of(standing, line.line)))
}

const fn is_apart(entered: u64, counted: u64) -> bool {
    entered > counted.saturating_mul(FAR) || counted > entered.saturating_mul(FAR)
}

fn counted(standing: &Standing, line: u32) -> Option<(u64, u32)> {
    let line = standing.lines.iter().find(|known| known.line == line)?;
    line.units.zip(line.visits)
}

fn name_of(standing: &Standing, line: u32) -> String {
    standing.case.lines().iter().find(|drug| drug.line == line).map_or_else(String::new, compare::drug_name)
}

/// The last question.
fn confirm(
    app: &App,
    visitor: &Visitor,
    standing: &Standing,
    request: &Determination,
    previewed: Previewed,
    fields: &Fields,
    questions: Vec<Question>,
) -> Result<Response, Failure> {
    let case = &standing.case;
    let member = [&case.request.member.first_name, &case.request.member.last_name];
    page(&ConfirmPage {
        shell: Shell::new(app, Some(visitor), ""),
        case_id: case.case_id,
        number: case.case_number.clone().unwrap_or_else(|| case.case_id.to_string()),
        member: member.into_iter().flatten().cloned().collect::<Vec<_>>().join(" "),
        lines: request.lines.iter().map(|line| decided(standing, line)).collect(),
        changes: changes(standing, request, &previewed),
        pathway: request.pathway.as_ref().map(|decision| pathway(standing, decision.determination)),
        letter: part(previewed),
        on_expiry: request.on_expiry,
        questions,
        is_unanswered: fields.text("do") == Some("decide"),
        fields: fields
            .under("")
            .filter(|(name, _)| !matches!(*name, "do" | "sure"))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
    })
}

fn decided(standing: &Standing, line: &LineDetermination) -> ConfirmLine {
    let reason =
        |code: &String| standing.program.reason(code).map_or_else(|| code.clone(), |reason| words::sentence(&reason.clinical));
    let (decision, tone) = match line.decision {
        LineOutcome::Authorized if denies(standing, line) => ("Authorize in part", "bad"),
        LineOutcome::Authorized => ("Authorize", "good"),
        LineOutcome::NonAuthorized => ("Do not authorize", "bad"),
    };
    let units = line.units_approved.zip(line.visits_approved).map(|(units, visits)| {
        let against = counted(standing, line.line)
            .map(|(units, visits)| format!("; {} over {visits} were counted", words::count(units)))
            .unwrap_or_default();
        format!("{} over {}{against}", many(units, "billing unit"), many(u64::from(visits), "visit"))
    });
    let member = line.rationale_for_member.as_ref().map(|text| format!("For the member: {text}"));
    let detail = [line.reason_code.as_ref().map(reason), line.rationale.clone(), member, units];
    ConfirmLine { name: name_of(standing, line.line), decision, tone, detail: detail.into_iter().flatten().collect() }
}

/// What is decided about the Pathway, beside what was found.
fn pathway(standing: &Standing, decided: PathwayFinding) -> String {
    let found = &standing.case.pathway;
    let regimen = found.regimen_name.as_deref().unwrap_or("the matched regimen");
    let decision = match decided {
        PathwayFinding::OnPathway => "The order follows the Pathway of",
        PathwayFinding::OffPathway => "The order does not follow the Pathway of",
    };
    format!("{decision} {regimen}. As it was found: {}.", words::pathway(found.determination))
}

/// Every line whose status would be another one, decided or taken along.
fn changes(standing: &Standing, request: &Determination, previewed: &Previewed) -> Vec<Change> {
    let now = standing.case.lines();
    let changed = previewed.case.lines().iter().filter_map(|line| {
        let was = now.iter().find(|before| before.line == line.line)?.status;
        let decided = request.lines.iter().find(|decided| decided.line == line.line);
        (was != line.status).then(|| Change {
            name: compare::drug_name(line),
            was: words::drug_status(was),
            will: words::drug_status(line.status),
            is_implied: decided.is_none_or(|decided| decided.decision.as_str() != line.status.as_str()),
        })
    });
    changed.collect()
}

#[cfg(test)]
mod tests {
    use super::is_apart;

    #[test]
    fn more_than_twice_or_less_than_half_is_far_off() {
        for (entered, counted, far) in [(10, 10, false), (20, 10, false), (21, 10, true), (5, 10, false), (4, 10, true)] {
            assert_eq!(is_apart(entered, counted), far, "{entered} against {counted}");
        }
    }
}
