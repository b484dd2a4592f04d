//! Deciding: line by line or all alike, with one rationale for all that is denied, and the letters beside it while it is written. Whether a denial may be made is the rules' to say; the form shows what they say.

use super::super::case::id;
use super::super::failure::Failure;
use super::super::faults::{Faults, of_error};
use super::super::fields::Fields;
use super::super::inputs::{Drawing, Input};
use super::super::shell::page;
use super::super::visitor::Visitor;
use super::reading::{self, LONG};
use super::{compare, many, worklist};
use crate::app::rendering::{Align, Block};
use crate::app::reviews::preview::{self, Previewed};
use crate::app::reviews::requests::{Determination, LineDetermination, PathwayDecision};
use crate::app::reviews::{self, Standing, claims};
use crate::app::{App, Caller, Error, ReviewError};
use crate::documents::words;
use crate::domain::reading as grades;
use crate::domain::review::{LineOutcome, PathwayFinding};
use crate::domain::vocabulary::{Addressee, CallerRole, CaseStatus, DrugStatus, LetterKind, SCodesWithheld};
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use uuid::Uuid;

/// Longest code of a reason, most billing units and most visits, as the API takes them.
const CODE: usize = 100;
pub(super) const UNITS: u64 = 10_000_000;
pub(super) const VISITS: u32 = 366;

/// The form.
#[derive(Debug, Clone, Default)]
pub(super) struct DecideForm {
    /// True where something is left to decide and nothing keeps the visitor from it.
    pub is_open: bool,
    /// What has to come first.
    pub first: Option<String>,
    pub lines: Vec<DecideLine>,
    /// True where the visitor's role denies at all.
    pub denies: bool,
    /// Why a denial may not be made now.
    pub no_denial: Option<String>,
    /// `authorized`, `non_authorized`, or nothing: each line for itself.
    pub all: String,
    pub reason: Input,
    pub rationale: String,
    pub for_member: String,
    /// How the words for the member read.
    pub grade: Option<Grade>,
    pub pathway: Option<Input>,
    /// Whether it is for the end of the clock, where that may be.
    pub on_expiry: Option<bool>,
}

/// A line to decide.
#[derive(Debug, Clone)]
pub(super) struct DecideLine {
    pub line: u32,
    pub name: String,
    pub dosing: String,
    pub is_open: bool,
    /// True where it waits, and nobody decides it here.
    pub is_held: bool,
    pub decision: String,
    pub needs_units: bool,
    /// Units and visits as they were counted.
    pub counted: String,
    pub units: Vec<Input>,
    /// A reason of its own.
    pub reason: Input,
    pub rationale: String,
    pub for_member: String,
}

/// How easy a text is to read.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Grade {
    pub text: String,
    pub is_hard: bool,
}

/// What a decision would make, beside the form.
#[derive(Debug, Clone, Default)]
pub(super) struct LetterPart {
    /// Why nothing is shown, or what to know.
    pub text: String,
    pub lines: Vec<String>,
    pub letters: Vec<LetterView>,
    pub grade: Option<Grade>,
}

/// A letter as it would be written now.
#[derive(Debug, Clone)]
pub(super) struct LetterView {
    pub name: String,
    pub plan: String,
    pub title: String,
    pub blocks: Vec<Block>,
    pub grade: Option<Grade>,
}

/// The form of a case. What was entered stands in it.
pub(super) fn form(standing: &Standing, caller: &Caller, fields: &Fields, faults: &Faults) -> DecideForm {
    let draw = Drawing { fields, faults };
    let text = |name: &str| fields.owned(name).unwrap_or_default();
    let say = |why: &ReviewError| words::sentence(&words::without_ids(why.to_string()));
    let for_member = text("rationale_for_member");
    let never = standing.case.s_codes_withheld == Some(SCodesWithheld::NotApplicable);
    DecideForm {
        is_open: standing.undecidable.is_none() && standing.lines.iter().any(|line| line.is_open),
        first: standing.undecidable.as_ref().map(say),
        lines: standing
            .lines
            .iter()
            .zip(standing.case.lines())
            .map(|(line, drug)| DecideLine {
                line: line.line,
                name: compare::drug_name(drug),
                dosing: drug.asked_in_words().into_owned(),
                is_open: line.is_open,
                is_held: !line.is_open && drug.status == DrugStatus::InProgress,
                decision: text(&format!("decision/{}", line.line)),
                needs_units: line.needs_units,
                counted: line.units.zip(line.visits).map_or_else(String::new, |(units, visits)| {
                    format!("{} over {} were counted", many(units, "unit"), many(u64::from(visits), "visit"))
                }),
                units: vec![
                    draw.text(format!("units/{}", line.line), "Billing units").hint("over the whole range").short(),
                    draw.text(format!("visits/{}", line.line), "Visits").short(),
                ],
                reason: reasons(standing, &draw, format!("reason/{}", line.line), "Reason, if another one", "The one above"),
                rationale: text(&format!("rationale/{}", line.line)),
                for_member: text(&format!("rationale_for_member/{}", line.line)),
            })
            .collect(),
        denies: caller.role == CallerRole::Physician,
        no_denial: standing.no_denial.as_ref().map(say),
        all: text("all"),
        reason: reasons(standing, &draw, "reason".to_owned(), "Reason for what is not authorized", "Pick one"),
        rationale: text("rationale"),
        grade: grade(&for_member),
        for_member,
        pathway: (!never && standing.case.pathway.regimen_id.is_some()).then(|| {
            draw.choice(
                "pathway",
                "Pathway of the matched regimen",
                "As it was found",
                [("on_pathway", "The order follows it"), ("off_pathway", "The order does not follow it")],
            )
        }),
        on_expiry: (standing.denies_on_expiry && caller.role == CallerRole::Physician)
            .then(|| fields.text("on_expiry").is_some()),
    }
}

/// The program's reasons for a denial, as content lists them.
pub(super) fn reasons(standing: &Standing, draw: &Drawing<'_>, name: String, label: &str, none: &str) -> Input {
    let listed = standing.program.reasons.iter().filter(|reason| reason.decision == LineOutcome::NonAuthorized);
    draw.choice(name, label, none, listed.map(|reason| (reason.code.clone(), words::sentence(&reason.clinical))))
}

/// The grade of words for a member.
fn grade(text: &str) -> Option<Grade> {
    let grade = grades::grade(text)?;
    let is_hard = grade > grades::AIM;
    let advice = if is_hard { ": shorter words and sentences read more easily" } else { "" };
    Some(Grade { text: format!("Reads like grade {grade}; members' letters aim at {} or below{advice}", grades::AIM), is_hard })
}

/// What was entered as a determination, as far as it can be read.
pub(super) fn read(standing: &Standing, fields: &Fields, faults: &mut Faults) -> Determination {
    let one = |line: u32, decision: LineOutcome, faults: &mut Faults| {
        let name = standing
            .case
            .lines()
            .iter()
            .find(|drug| drug.line == line)
            .map_or_else(|| format!("Line {line}"), compare::drug_name);
        let units_approved = reading::number(fields, &format!("units/{line}"), &format!("{name}, billing units"), UNITS, faults);
        let visits_approved = reading::number(fields, &format!("visits/{line}"), &format!("{name}, visits"), VISITS, faults);
        let denies = decision == LineOutcome::NonAuthorized || standing.is_less(line, units_approved, visits_approved);
        let mut said = |field: &str, what: &str, most: usize| {
            let own = reading::text(fields, &format!("{field}/{line}"), &format!("{name}, {what}"), most, faults);
            own.or_else(|| reading::text(fields, field, &words::capitalize(what), most, faults)).filter(|_| denies)
        };
        let reason_code = said("reason", "reason", CODE);
        let rationale = said("rationale", "clinical rationale", LONG);
        let rationale_for_member = said("rationale_for_member", "words for the member", LONG);
        LineDetermination {
            line,
            decision,
            reason_code,
            rationale,
            rationale_for_member,
            units_approved,
            visits_approved,
            criteria_not_met: None,
        }
    };
    let mut lines = Vec::new();
    if let Some(decision) = fields.text("all").and_then(outcome) {
        for line in standing.lines.iter().filter(|line| line.is_open) {
            lines.push(one(line.line, decision, faults));
        }
    } else {
        for (line, word) in fields.under("decision/") {
            match (line.parse(), outcome(word)) {
                (Ok(line), Some(_)) if is_held_only(standing, line) => {
                    faults.add(
                        "all",
                        format!("Line {line} is not reviewed by this program: it stays as it is, whatever becomes of the others"),
                    );
                }
                (Ok(line), Some(decision)) => lines.push(one(line, decision, faults)),
                (_, None) if word.is_empty() => {}
                _ => faults.add("all", "What to decide: pick it from the form"),
            }
        }
    }
    if lines.is_empty() && faults.is_empty() {
        faults.add("all", "What to decide: pick it for all lines alike, or for a line");
    }
    let pathway = fields.text("pathway").and_then(|word| match word {
        "on_pathway" => Some(PathwayDecision { determination: PathwayFinding::OnPathway }),
        "off_pathway" => Some(PathwayDecision { determination: PathwayFinding::OffPathway }),
        _ => {
            faults.add("pathway", "Pathway: pick one of the list");
            None
        }
    });
    Determination { drugs: Vec::new(), lines, pathway, on_expiry: fields.text("on_expiry").is_some() }
}

/// True where a line only waits for the others, once the order is known to be no duplicate.
fn is_held_only(standing: &Standing, line: u32) -> bool {
    standing.undecidable.is_none() && standing.lines.iter().any(|one| one.line == line && one.is_held_only)
}

fn outcome(word: &str) -> Option<LineOutcome> {
    [LineOutcome::Authorized, LineOutcome::NonAuthorized].into_iter().find(|outcome| outcome.as_str() == word)
}

/// The field that fills this place of a determination: the common one, where the line has none of its own.
pub(super) fn field_of(pointer: &str, request: &Determination, fields: &Fields) -> String {
    let mut parts = pointer.split('/').skip(2);
    let line = parts.next().and_then(|index| index.parse::<usize>().ok()).and_then(|index| request.lines.get(index));
    let own = |name: &str, line: u32| format!("{name}/{line}");
    match (line, parts.next()) {
        (Some(line), Some("units_approved")) => own("units", line.line),
        (Some(line), Some("visits_approved")) => own("visits", line.line),
        (Some(line), Some("reason_code")) if fields.text(&own("reason", line.line)).is_some() => own("reason", line.line),
        (Some(line), Some("rationale")) if fields.text(&own("rationale", line.line)).is_some() => own("rationale", line.line),
        (Some(_), Some("reason_code")) => "reason".to_owned(),
        (Some(_), Some("rationale")) => "rationale".to_owned(),
        _ if pointer == "/pathway" => "pathway".to_owned(),
        _ => "all".to_owned(),
    }
}

/// The part of the page that follows the form while it is written.
#[derive(Template)]
#[template(path = "review_letter_part.html")]
struct LetterFragment {
    letter: LetterPart,
}

pub(super) async fn letter(
    State(app): State<App>,
    visitor: Visitor,
    Path(case_id): Path<String>,
    fields: Fields,
) -> Result<Response, Failure> {
    let case_id = id(&case_id)?;
    let standing = reviews::standing(&app, &visitor.caller, case_id).await?;
    let mut faults = Faults::default();
    let request = read(&standing, &fields, &mut faults);
    let mut letter = ahead(&app, &visitor, case_id, &request, &faults).await?;
    letter.grade = fields.text("rationale_for_member").and_then(grade);
    page(&LetterFragment { letter })
}

/// What would become of it, or why it would be refused, in words.
pub(super) async fn ahead(
    app: &App,
    visitor: &Visitor,
    case_id: Uuid,
    request: &Determination,
    faults: &Faults,
) -> Result<LetterPart, Failure> {
    if let Some(fault) = faults.iter().next() {
        return Ok(LetterPart { text: fault.message.clone(), ..LetterPart::default() });
    }
    let text = match preview::determination(app, &visitor.caller, case_id, request).await {
        Ok(previewed) => return Ok(part(previewed)),
        Err(Error::Review(why)) => words::sentence(&words::without_ids(why.to_string())),
        Err(Error::Conflict { detail }) => match claims::of_case(app, &visitor.caller, case_id).await? {
            Some(claim) => {
                let zone = reviews::standing(app, &visitor.caller, case_id).await?.program.time_zone;
                worklist::taken(&claim, zone)
            }
            None => words::sentence(&detail),
        },
        Err(other) => of_error(other)?
            .into_iter()
            .next()
            .map_or_else(|| "Not complete yet.".to_owned(), |fault| words::sentence(&words::without_ids(&fault.message))),
    };
    Ok(LetterPart { text, ..LetterPart::default() })
}

pub(super) fn part(previewed: Previewed) -> LetterPart {
    let case = &previewed.case;
    let line =
        |drug: &crate::domain::line::CaseLine| format!("{}: {}", compare::drug_name(drug), words::drug_status(drug.status));
    let text = match (case.status, previewed.letters.is_empty()) {
        (CaseStatus::InProgress, _) => "Other lines stay in review, and no letter goes out yet.".to_owned(),
        (status, true) => format!("The case would be {}. No letter goes out.", words::case_status(status)),
        (status, false) if status.has_order_id() => {
            format!("The case would be {}. The Order ID is drawn when it is decided.", words::case_status(status))
        }
        (status, false) => format!("The case would be {}.", words::case_status(status)),
    };
    LetterPart {
        text,
        lines: case.lines().iter().map(line).collect(),
        letters: previewed.letters.into_iter().map(view).collect(),
        grade: None,
    }
}

fn view(letter: crate::documents::Letter) -> LetterView {
    let kind = match letter.kind {
        LetterKind::Approval => "Approval",
        LetterKind::Denial => "Denial",
    };
    let to = match letter.to {
        Addressee::Member => "to the member",
        Addressee::Provider => "to the ordering provider",
    };
    let reading = letter.reading.filter(|_| letter.to == Addressee::Member);
    LetterView {
        name: match letter.language.as_str() {
            "en" => format!("{kind} {to}"),
            "es" => format!("{kind} {to}, in Spanish"),
            other => format!("{kind} {to}, in the language {other}"),
        },
        plan: letter.document.letterhead.plan.clone(),
        title: letter.document.title.clone(),
        blocks: letter.document.blocks,
        grade: reading.map(|reading| Grade {
            text: format!("The whole letter reads like grade {}; the aim is {} or below", reading.grade, reading.aim),
            is_hard: reading.grade > reading.aim,
        }),
    }
}
