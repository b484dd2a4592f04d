//! A case: what was decided and under which number, what is asked for, what happened, and its papers. The words are those of its summary.

use super::answer::{Answering, answering};
use super::failure::Failure;
use super::fields::Fields;
use super::pages::{EVERY_ROLE, ORDERING, Pages, Who};
use super::papers;
use super::shell::{Shell, page, role_in_words};
use super::visitor::Visitor;
use crate::app::rendering::{Align, Block, Document, Format, Rendered};
use crate::app::summaries::{self, Summary};
use crate::app::{App, letters, orders};
use crate::documents::words;
use crate::domain::case::LetterReference;
use crate::domain::vocabulary::{Addressee, CallerRole, LetterKind, Service};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use uuid::Uuid;

pub(super) fn pages(pages: Pages) -> Pages {
    pages
        .get("/cases/{case_id}", Who::SignedIn(EVERY_ROLE), show)
        .get("/cases/{case_id}/summary.pdf", Who::SignedIn(EVERY_ROLE), print)
        .get("/letters/{letter_id}", Who::SignedIn(EVERY_ROLE), letter)
        .get("/letters/{letter_id}/pdf", Who::SignedIn(EVERY_ROLE), print_letter)
}

/// The one UUID of an address; other text names nothing.
pub(super) fn id(text: &str) -> Result<Uuid, Failure> {
    text.parse().map_err(|_| Failure::not_found())
}

#[derive(Template)]
#[template(path = "case.html")]
struct CasePage {
    shell: Shell,
    case_id: Uuid,
    /// What the number is, and the number.
    number: (&'static str, String),
    member: String,
    blocks: Vec<Block>,
    letters: Vec<LetterLine>,
    may_order_again: bool,
    /// The order is in progress, and this visitor's kind may change it.
    may_change: bool,
    /// Why nothing was done.
    told: Option<Told>,
    answering: Answering,
    events: Vec<Happened>,
}

/// Why nothing was done, and the field that it is about; none where it is about the case.
#[derive(Debug, Clone)]
pub(super) struct Told {
    pub status: StatusCode,
    pub text: String,
    pub field: &'static str,
    /// What was typed, where the case has no form for it any more.
    pub typed: Option<String>,
}

impl Told {
    /// About the case.
    pub const fn of_case(status: StatusCode, text: String) -> Self {
        Self::of_field(status, text, "")
    }

    /// About a field.
    pub const fn of_field(status: StatusCode, text: String, field: &'static str) -> Self {
        Self { status, text, field, typed: None }
    }

    /// What is wrong with a field.
    fn of(&self, field: &str) -> Option<&str> {
        (self.field == field).then_some(self.text.as_str())
    }
}

struct LetterLine {
    letter_id: Uuid,
    name: String,
}

/// Something that happened, in words.
struct Happened {
    at: String,
    what: String,
    who: String,
}

async fn show(State(app): State<App>, visitor: Visitor, Path(case_id): Path<String>) -> Result<Response, Failure> {
    drawn(&app, &visitor, id(&case_id)?, None, Fields::default()).await
}

/// The case, with what was entered and why nothing was done.
pub(super) async fn drawn(
    app: &App,
    visitor: &Visitor,
    case_id: Uuid,
    mut told: Option<Told>,
    fields: Fields,
) -> Result<Response, Failure> {
    let summary = summary(app, visitor, case_id).await?;
    let events = orders::history(app, &visitor.caller, case_id).await?;
    let answering = answering(app, visitor, &summary, &events, &fields).await?;
    let status = told.as_ref().map_or(StatusCode::OK, |told| told.status);
    if let Some(told) = &mut told {
        told.typed = answering.left_over(&fields);
    }
    let zone = summary.time_zone();
    let happened = |event: &orders::Event| {
        let what = what_happened(&event.kind, visitor.caller.role)?;
        let who = CallerRole::parse(&event.actor_role).map_or("The clock", role_in_words);
        Some(Happened { at: words::instant(&event.at, &zone), what, who: who.to_owned() })
    };
    let member = [&summary.member.first_name, &summary.member.last_name];
    let mut response = page(&CasePage {
        shell: Shell::new(app, Some(visitor), ""),
        told,
        case_id,
        number: match (&summary.order_id, &summary.case_number) {
            (Some(order_id), _) => ("Order ID", order_id.clone()),
            (None, Some(case_number)) => ("Case number", case_number.clone()),
            (None, None) => ("Case", case_id.to_string()),
        },
        member: member.into_iter().flatten().cloned().collect::<Vec<_>>().join(" "),
        letters: summary.letters.iter().map(|letter| letter_line(letter, zone)).collect(),
        may_change: answering.may_withdraw && summary.service == Service::MedicalOncology,
        may_order_again: ORDERING.contains(&visitor.caller.role) && summary.service == Service::MedicalOncology,
        blocks: summary.document().blocks,
        answering,
        events: events.iter().filter_map(happened).collect(),
    })?;
    *response.status_mut() = status;
    Ok(response)
}

/// The summary as this visitor may see it.
pub(super) async fn summary(app: &App, visitor: &Visitor, case_id: Uuid) -> Result<Summary, Failure> {
    match summaries::get(app, &visitor.caller, case_id, Format::Json).await? {
        Rendered::Json(summary) => Ok(*summary),
        Rendered::Html(_) | Rendered::Pdf { .. } => Err(Failure::internal("a summary came in another form")),
    }
}

fn letter_line(letter: &LetterReference, zone: Tz) -> LetterLine {
    let kind = match letter.kind {
        LetterKind::Approval => "Approval",
        LetterKind::Denial => "Denial",
    };
    let to = match letter.to {
        Addressee::Member => "to the member",
        Addressee::Provider => "to the ordering provider",
    };
    let by_hand = if letter.needs_address { " (no postal address on file: address it by hand)" } else { "" };
    LetterLine { letter_id: letter.letter_id, name: format!("{kind} {to}, {}{by_hand}", on(letter.issued_at, zone)) }
}

fn on(at: DateTime<Utc>, zone: Tz) -> String {
    words::short_day(at.with_timezone(&zone).date_naive())
}

/// An event in words. What only the desk may know, such as a decision that is prepared and not made, is told to the desk alone.
pub(super) fn what_happened(kind: &str, role: CallerRole) -> Option<String> {
    let desk = matches!(role, CallerRole::Nurse | CallerRole::Physician | CallerRole::Administrator);
    let words = match kind {
        "submitted" => "The order came in",
        "updated" => "The order was changed and decided again",
        "extended" => "The course was given later dates",
        "concurrent_order" => "The other half of the chemoradiation was ordered",
        "withdrawn" => "Withdrawn",
        "information_requested" => "Information was asked for",
        "attachment_received" => "A document arrived",
        "peer_to_peer_offered" => "A peer-to-peer discussion was offered",
        "peer_to_peer_scheduled" => "A peer-to-peer discussion was agreed",
        "peer_to_peer_held" => "The peer-to-peer discussion took place",
        "peer_to_peer_declined" => "The peer-to-peer discussion was declined",
        "peer_to_peer_unreachable" => "The practice could not be reached for a peer-to-peer discussion",
        "escalated" => "Passed on to a medical oncologist",
        "determined" => "Decided",
        "denied_at_deadline" => "Denied when the answer was due, as a medical oncologist had decided",
        "deadline_passed" => "The answer was due; a medical oncologist has the case",
        "reconsideration_requested" => "A reconsideration was asked for",
        "reconsideration_upheld" => "Reconsidered: the denial stands",
        "reconsideration_overturned" => "Reconsidered: the denial was overturned",
        "s_code_claimed" => "An S-code was claimed",
        "s_codes_voided" => "S-codes that were not billed became void",
        _ if desk => return Some(words::humanize(kind)),
        _ => return None,
    };
    Some(words.to_owned())
}

async fn print(State(app): State<App>, visitor: Visitor, Path(case_id): Path<String>) -> Result<Response, Failure> {
    papers::pdf(summaries::get(&app, &visitor.caller, id(&case_id)?, Format::Pdf).await?)
}

#[derive(Template)]
#[template(path = "letter.html")]
struct LetterPage {
    shell: Shell,
    letter_id: Uuid,
    case_id: Uuid,
    letter: Document,
}

async fn letter(State(app): State<App>, visitor: Visitor, Path(letter_id): Path<String>) -> Result<Response, Failure> {
    let letter_id = id(&letter_id)?;
    let Rendered::Json(letter) = letters::get(&app, &visitor.caller, letter_id, Format::Json).await? else {
        return Err(Failure::internal("a letter came in another form"));
    };
    let shell = Shell::new(&app, Some(&visitor), "");
    page(&LetterPage { shell, letter_id, case_id: letter.case_id, letter: letter.document })
}

async fn print_letter(State(app): State<App>, visitor: Visitor, Path(letter_id): Path<String>) -> Result<Response, Failure> {
    papers::pdf(letters::get(&app, &visitor.caller, id(&letter_id)?, Format::Pdf).await?)
}
