//! A case on one screen: left as it was entered, in the middle what was entered against what is expected, right what may be done.

use super::super::case::id;
use super::super::failure::Failure;
use super::super::faults::Faults;
use super::super::fields::Fields;
use super::super::inputs::{Drawing, Input};
use super::super::rows::left;
use super::super::shell::{Shell, page, random_key};
use super::super::visitor::Visitor;
use super::compare::{self, Departure, Group};
use super::decide::{self, DecideForm, LetterPart};
use super::reconsider::{self, ReconsiderPart};
use super::timeline::{self, Happened};
use super::worklist::{age, taken};
use super::{documents, first_free, kept, many};
use crate::app::rendering::{Align, Block};
use crate::app::reviews::{self, Standing, worklist};
use crate::app::{App, Error, attachments, orders};
use crate::documents::{Summary, words};
use crate::domain::attachment::Attachment;
use crate::domain::case::{Finding, PeerToPeer, Review, ReviewQueue};
use crate::domain::vocabulary::{CallerRole, Hold, Truth, Urgency};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use chrono_tz::Tz;
use uuid::Uuid;

/// Documents that reviewers ask for most.
const DOCUMENTS: [&str; 3] = ["The clinic note of the last visit", "The pathology report", "The report of the latest imaging"];

/// Why nothing was done, above the case.
#[derive(Debug, Clone)]
pub(super) struct Told {
    pub status: StatusCode,
    pub title: &'static str,
    pub text: String,
    /// What happened since the form was drawn, or what stands in it was kept.
    pub changes: Vec<Happened>,
    pub faults: Faults,
    /// Since when what stands in the form is kept.
    pub kept: String,
}

impl Told {
    /// Nothing is wrong.
    pub fn nothing() -> Self {
        Self {
            status: StatusCode::OK,
            title: "",
            text: String::new(),
            changes: Vec::new(),
            faults: Faults::default(),
            kept: String::new(),
        }
    }

    /// Something has to be mended in the form.
    pub fn faults(faults: Faults) -> Self {
        Self { status: StatusCode::UNPROCESSABLE_ENTITY, faults, ..Self::nothing() }
    }

    /// It may not be done now.
    pub fn conflict(title: &'static str, text: String) -> Self {
        Self { status: StatusCode::CONFLICT, title, text, ..Self::nothing() }
    }
}

#[derive(Template)]
#[template(path = "review.html")]
struct ReviewPage {
    shell: Shell,
    case_id: Uuid,
    told: Told,
    /// Whether it is sent once.
    key: String,
    version: i64,
    number: String,
    member: String,
    entered: Vec<Fact>,
    lines: Vec<LineAsEntered>,
    departures: Vec<Departure>,
    holds: Vec<&'static str>,
    notices: Vec<NoticeLine>,
    groups: Vec<Group>,
    open: Option<Open>,
    /// True where there is something to send.
    has_form: bool,
    decided: Option<&'static str>,
    reconsideration: Option<ReconsiderPart>,
    documents: Vec<DocumentLine>,
    shown: Option<Uuid>,
    events: Vec<Happened>,
    next: Option<Uuid>,
    decide: DecideForm,
    letter: LetterPart,
}

/// A name and its value.
struct Fact {
    name: String,
    value: String,
}

struct LineAsEntered {
    number: u32,
    name: String,
    dosing: String,
    status: &'static str,
}

/// The state of review of a case in progress, and its forms.
#[expect(clippy::struct_excessive_bools, reason = "what a template shows or leaves out")]
struct Open {
    due: String,
    hint: String,
    tone: &'static str,
    queue: &'static str,
    is_urgent: bool,
    /// Who has it, where that is somebody else.
    taken: Option<String>,
    /// Until when it is the visitor's.
    own_until: Option<String>,
    call: String,
    /// True where a time was entered at which the answer is due already.
    is_after_due: bool,
    asked_after_due: bool,
    asked_for: Vec<String>,
    /// What may be asked for with a tick.
    items: Vec<Item>,
    others: String,
    contacted: Vec<Input>,
    ask_notes: String,
    event: Vec<Choice>,
    call_fields: Vec<Input>,
    call_notes: String,
    /// The question whether it is a duplicate, where it is open.
    duplicate: Option<&'static str>,
    duplicate_choice: String,
    duplicate_rationale: String,
    may_hand_over: bool,
    handover_rationale: String,
}

/// What the case is told beside its findings, and the other case that is meant.
#[derive(Debug, Clone)]
struct NoticeLine {
    text: String,
    other: Option<Other>,
}

/// Another case, as far as it takes to tell whether this one is the same.
#[derive(Debug, Clone)]
struct Other {
    case_id: Uuid,
    text: String,
}

struct Item {
    text: String,
    ticked: bool,
}

struct Choice {
    value: &'static str,
    name: &'static str,
    chosen: bool,
}

struct DocumentLine {
    attachment_id: Uuid,
    name: String,
    detail: String,
    is_shown: bool,
}

pub(super) async fn show(State(app): State<App>, visitor: Visitor, Path(case_id): Path<String>) -> Result<Response, Failure> {
    let case_id = id(&case_id)?;
    let zone = reviews::standing(&app, &visitor.caller, case_id).await?.program.time_zone;
    let (fields, told) = match kept::kept(&app, &visitor.caller, case_id).await? {
        Some((fields, at)) => (fields, Told { kept: words::instant(&at, &zone), ..Told::nothing() }),
        None => (Fields::default(), Told::nothing()),
    };
    drawn(&app, &visitor, case_id, fields, told).await
}

/// The case, with what was entered and why nothing was done.
pub(super) async fn drawn(app: &App, visitor: &Visitor, case_id: Uuid, fields: Fields, told: Told) -> Result<Response, Failure> {
    drawn_with(app, visitor, case_id, fields, told, LetterPart::default()).await
}

/// The same with the letters that a decision would make.
pub(super) async fn drawn_with(
    app: &App,
    visitor: &Visitor,
    case_id: Uuid,
    mut fields: Fields,
    mut told: Told,
    letter: LetterPart,
) -> Result<Response, Failure> {
    let caller = &visitor.caller;
    let standing = reviews::standing(app, caller, case_id).await?;
    let events = orders::history(app, caller, case_id).await?;
    let zone = standing.program.time_zone;
    // whoever sends or reopens a form that was drawn from another state of the case is told what is different now
    if let Some(seen) = kept::seen(&fields).filter(|seen| *seen < standing.version) {
        told.changes = timeline::since(&events, seen, caller.role, zone);
    }
    let reconsideration = if standing.case.review.is_none() {
        reconsider::part(app, caller, &standing, &fields, &told.faults).await?
    } else {
        None
    };
    let is_open = standing.case.review.is_some() || reconsideration.as_ref().is_some_and(|one| one.may_decide);
    if fields.text("version").is_some() && is_open {
        fields.set("version", standing.version.to_string());
        kept::keep(app, caller, case_id, &fields).await?;
    }
    let documents = attachments::list(app, caller, case_id).await?;
    let summary = Summary::of(standing.case.clone(), &standing.content, &standing.program, None);
    let case = &standing.case;
    let (status, now) = (told.status, app.clock.now());
    let member = [&case.request.member.first_name, &case.request.member.last_name];
    let shown = documents.iter().find(|one| documents::is_shown(one.media_type)).map(|one| one.attachment_id);
    let template = ReviewPage {
        shell: Shell::new(app, Some(visitor), ""),
        case_id,
        key: fields.owned("key").filter(|_| status == StatusCode::UNPROCESSABLE_ENTITY).unwrap_or_else(|| random_key(app)),
        version: standing.version,
        number: case.case_number.clone().unwrap_or_else(|| case_id.to_string()),
        member: member.into_iter().flatten().cloned().collect::<Vec<_>>().join(" "),
        entered: entered(&summary, now.with_timezone(&zone).date_naive(), zone),
        lines: lines(&standing),
        departures: compare::departures(&case.deviations),
        holds: case
            .review
            .as_ref()
            .map(|review| review.holds.iter().map(|hold| words::hold(*hold)).collect())
            .unwrap_or_default(),
        notices: notices(app, visitor, &standing).await?,
        groups: compare::groups(&standing, &summary),
        has_form: case.review.is_some() && !standing.is_taken_from(caller),
        open: case.review.as_ref().map(|review| Open {
            call: timeline::call(review.peer_to_peer, &events, zone),
            ..open(&standing, review, visitor, &fields, &told.faults, now)
        }),
        reconsideration,
        decided: case.review.is_none().then(|| words::case_status(case.status)),
        documents: documents.iter().map(|one| document(one, zone)).collect(),
        shown,
        events: timeline::of(&events, caller.role, zone),
        next: first_free(&worklist::marks(app).await?, caller, Some(case_id)),
        decide: decide::form(&standing, caller, &fields, &told.faults),
        letter,
        told,
    };
    let mut response = page(&template)?;
    *response.status_mut() = status;
    if shown.is_some() {
        documents::allow_frame(&mut response);
    }
    Ok(response)
}

/// What the case is told; of another case that is meant what this visitor may see of it.
async fn notices(app: &App, visitor: &Visitor, standing: &Standing) -> Result<Vec<NoticeLine>, Failure> {
    let mut lines = Vec::new();
    for notice in &standing.case.notices {
        let other = match notice.case_id {
            Some(case_id) => match reviews::standing(app, &visitor.caller, case_id).await {
                Ok(other) => Some(Other { case_id, text: in_short(&other) }),
                Err(Error::NotFound) => None,
                Err(error) => return Err(error.into()),
            },
            None => None,
        };
        lines.push(NoticeLine { text: words::sentence(&words::without_ids(&notice.message)), other });
    }
    Ok(lines)
}

fn in_short(other: &Standing) -> String {
    let case = &other.case;
    let drugs: Vec<String> = case.lines().iter().map(compare::drug_name).collect();
    let number = case.order_id.as_ref().or(case.case_number.as_ref()).cloned().unwrap_or_else(|| case.case_id.to_string());
    let day = case.request.date_of_service.map(|day| format!("from {}", words::short_day(day)));
    let parts = [Some(number), day, Some(drugs.join(", ")), Some(words::case_status(case.status).to_owned())];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

fn entered(summary: &Summary, today: chrono::NaiveDate, zone: Tz) -> Vec<Fact> {
    let mut facts = Vec::new();
    let mut fact = |name: &str, value: Option<String>| {
        facts.extend(value.filter(|value| !value.trim().is_empty()).map(|value| Fact { name: name.to_owned(), value }));
    };
    let member = &summary.member;
    fact("Member ID", member.member_id.clone());
    fact(
        "Born",
        member.birth_date.map(|born| {
            let years = age(born, today).map(|years| format!(", {years} years")).unwrap_or_default();
            format!("{}{years}", words::short_day(born))
        }),
    );
    fact("Program", Some(summary.program_name.clone()));
    fact("Received", Some(words::instant(&summary.submitted_at, &zone)));
    fact("First treatment day", summary.date_of_service.map(words::short_day));
    fact(
        "Ordering clinician",
        summary
            .ordering_provider
            .as_ref()
            .map(|one| [&one.first_name, &one.last_name, &one.npi].into_iter().flatten().cloned().collect::<Vec<_>>().join(" ")),
    );
    fact(
        "Treating site",
        summary
            .servicing_provider
            .as_ref()
            .map(|one| [&one.name, &one.npi].into_iter().flatten().cloned().collect::<Vec<_>>().join(" ")),
    );
    fact("Place of service", summary.place_of_service.clone());
    fact(
        "Whom to call",
        summary.contact.as_ref().map(|one| [&one.name, &one.phone].into_iter().flatten().cloned().collect::<Vec<_>>().join(", ")),
    );
    fact(
        "Diagnosis",
        summary
            .diagnosis
            .as_ref()
            .map(|one| one.description.as_ref().map_or_else(|| one.icd10.clone(), |title| format!("{} {title}", one.icd10))),
    );
    facts.extend(summary.disease.iter().map(|item| Fact { name: item.name.clone(), value: item.value.clone() }));
    facts
}

fn lines(standing: &Standing) -> Vec<LineAsEntered> {
    let line = |line: &crate::domain::line::CaseLine| LineAsEntered {
        number: line.line,
        name: compare::drug_name(line),
        dosing: line
            .units()
            .map_or_else(|| line.asked_in_words().into_owned(), |units| format!("{} asked for", many(units.into(), "unit"))),
        status: words::drug_status(line.status),
    };
    standing.case.lines().iter().map(line).collect()
}

fn open(
    standing: &Standing,
    review: &Review,
    visitor: &Visitor,
    fields: &Fields,
    faults: &Faults,
    now: chrono::DateTime<chrono::Utc>,
) -> Open {
    let caller = &visitor.caller;
    let draw = Drawing { fields, faults };
    let zone = standing.program.time_zone;
    let text = |name: &str| fields.owned(name).unwrap_or_default();
    let until = |claim: &crate::app::reviews::claims::Claim| words::instant(&claim.expires_at, &zone);
    let duplicate = if review.holds.contains(&Hold::PossibleDuplicate) {
        Some("A similar order is on file. Nothing is decided before this is.")
    } else if review.holds.contains(&Hold::OverlappingTreatment) {
        Some("Other treatment on the same days is on file. Say whether this order repeats it.")
    } else {
        None
    };
    let ticked: Vec<&str> = fields.all("item").collect();
    let contact = standing.case.request.contact.as_ref();
    let prefill = |name: &str, label: &str, known: Option<&String>| {
        let mut input = draw.text(name, label);
        if input.value.is_empty() && fields.text("version").is_none() {
            input.value = known.cloned().unwrap_or_default();
        }
        input
    };
    Open {
        due: words::instant(&review.due_at, &zone),
        hint: left(review.due_at.to_utc() - now, review.overdue),
        tone: if review.overdue { "bad" } else { "waiting" },
        queue: match review.queue {
            ReviewQueue::Nurse => "Nurses' queue",
            ReviewQueue::Physician => "Medical oncologists' queue",
        },
        is_urgent: standing.case.urgency == Urgency::Urgent,
        taken: standing.claim.as_ref().filter(|_| standing.is_taken_from(caller)).map(|claim| taken(claim, zone)),
        own_until: standing.claim.as_ref().filter(|_| standing.is_claimed_by(caller)).map(until),
        call: String::new(),
        is_after_due: faults.of("after_due").is_some() || fields.text("after_due").is_some(),
        asked_after_due: fields.text("after_due").is_some(),
        asked_for: review.asked_for.iter().map(|item| words::sentence(&words::without_ids(item))).collect(),
        items: items(standing, review, &ticked),
        others: text("others"),
        contacted: vec![
            prefill("contacted_name", "Who was called", contact.and_then(|contact| contact.name.as_ref())),
            prefill("contacted_phone", "Phone", contact.and_then(|contact| contact.phone.as_ref())).short(),
        ],
        ask_notes: text("ask_notes"),
        event: calls(review.peer_to_peer, fields.text("event")),
        call_fields: vec![
            draw.text("day", "Day").example("12/1/2026").hint("now, if left empty").short(),
            draw.text("time", "Time").example("3:40 pm").hint(zone.name()).short(),
            draw.text("with_name", "With whom, or the number called"),
            draw.choice(
                "with_role",
                "Who that is",
                "Somebody else",
                [
                    ("physician", "Ordering physician"),
                    ("physician_assistant", "Physician assistant"),
                    ("nurse_practitioner", "Nurse practitioner"),
                ],
            )
            .short(),
        ],
        call_notes: text("call_notes"),
        duplicate,
        duplicate_choice: text("duplicate"),
        duplicate_rationale: text("duplicate_rationale"),
        may_hand_over: caller.role == CallerRole::Nurse && review.queue == ReviewQueue::Nurse,
        handover_rationale: text("handover_rationale"),
    }
}

/// What is not known, as it may be asked for; what was asked for already is not asked again.
fn items(standing: &Standing, review: &Review, ticked: &[&str]) -> Vec<Item> {
    let unknown = standing.case.findings.iter().filter(|finding| finding.outcome == Truth::Unknown);
    let criterion = |finding: &Finding| words::sentence(&words::without_ids(finding.says.as_deref().unwrap_or(&finding.message)));
    let words = unknown.map(|finding| format!("The records that show whether this holds: {}", criterion(finding)));
    let mut items: Vec<Item> = Vec::new();
    for text in words.chain(DOCUMENTS.map(str::to_owned)) {
        let is_known = items.iter().any(|item| item.text == text) || review.asked_for.contains(&text);
        if !is_known {
            items.push(Item { ticked: ticked.contains(&text.as_str()), text });
        }
    }
    items
}

/// What may follow in the peer-to-peer discussion, as a choice; the rules refuse what may not.
fn calls(state: PeerToPeer, chosen: Option<&str>) -> Vec<Choice> {
    let all = [
        ("offered", "Offered"),
        ("scheduled", "Agreed for"),
        ("held", "Held"),
        ("declined", "Declined by the practice"),
        ("unreachable", "Practice not reached"),
    ];
    let fits = |(word, _): &(&str, &str)| match state {
        PeerToPeer::NotOffered => *word == "offered",
        PeerToPeer::Held => matches!(*word, "scheduled" | "held"),
        _ => true,
    };
    all.into_iter().filter(fits).map(|(value, name)| Choice { value, name, chosen: chosen == Some(value) }).collect()
}

fn document(one: &Attachment, zone: Tz) -> DocumentLine {
    let size = one.size_bytes.div_ceil(1024);
    DocumentLine {
        attachment_id: one.attachment_id,
        name: one.description.clone().unwrap_or_else(|| one.file_name.clone()),
        detail: format!(
            "{}, {} KB, {}, from {}",
            one.media_type.extension().to_uppercase(),
            words::count(size),
            words::instant(&one.received_at, &zone),
            one.received_from
        ),
        is_shown: documents::is_shown(one.media_type),
    }
}
