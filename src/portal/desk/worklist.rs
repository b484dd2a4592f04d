//! The worklist: what waits for a reviewer, most urgent first, with how many there are of each kind. It names no member.

use super::super::failure::Failure;
use super::super::fields::Fields;
use super::super::rows::left;
use super::super::shell::{Shell, page, role_in_words};
use super::super::visitor::Visitor;
use super::{first_free, queue_of};
use crate::app::reviews::worklist::{self, Filter, Mark, WorkItem};
use crate::app::reviews::{self, claims::Claim};
use crate::app::{App, Caller, catalog};
use crate::documents::words;
use crate::domain::case::ReviewQueue;
use crate::domain::content::Content;
use crate::domain::vocabulary::{CallerRole, DrugRole, Urgency};
use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use uuid::Uuid;

/// Rows on a page.
const ON_A_PAGE: u32 = 100;
/// Where nothing else changes, time left is told anew so often.
const MINUTES: i64 = 5;
/// Reconsiderations on a page.
const RECONSIDERATIONS: i64 = 20;

/// Which cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Show {
    Queue,
    Mine,
    Overdue,
    Urgent,
    Nurses,
    Physicians,
    All,
}

impl Show {
    const EACH: [Self; 7] = [Self::Queue, Self::Mine, Self::Overdue, Self::Urgent, Self::Nurses, Self::Physicians, Self::All];

    const fn word(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::Mine => "mine",
            Self::Overdue => "overdue",
            Self::Urgent => "urgent",
            Self::Nurses => "nurses",
            Self::Physicians => "physicians",
            Self::All => "all",
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Queue => "My queue",
            Self::Mine => "Taken by me",
            Self::Overdue => "Overdue",
            Self::Urgent => "Urgent",
            Self::Nurses => "Nurses' queue",
            Self::Physicians => "Oncologists' queue",
            Self::All => "All",
        }
    }

    /// What it means that there is nothing.
    const fn nothing(self) -> &'static str {
        match self {
            Self::Queue => "Nothing waits in your queue. Cases come in by themselves, most urgent first.",
            Self::Mine => {
                "You have taken no case. Take one from your queue: it is yours until you act on it, give it back, or the time is over."
            }
            Self::Overdue => "No case is past its time.",
            Self::Urgent => "No urgent case waits.",
            Self::Nurses | Self::Physicians | Self::All => "Nothing waits here.",
        }
    }

    fn has(self, mark: &Mark, caller: &Caller, now: DateTime<Utc>) -> bool {
        match self {
            Self::Queue => mark.review_queue == queue_of(caller.role),
            Self::Mine => mark.claimed_by.as_ref() == Some(&caller.subject),
            Self::Overdue => mark.due_at < now,
            Self::Urgent => mark.urgency == Urgency::Urgent.as_str(),
            Self::Nurses => mark.review_queue == "nurse",
            Self::Physicians => mark.review_queue == "physician",
            Self::All => true,
        }
    }

    fn filter(self, role: CallerRole) -> Filter {
        let queue = match (self, role) {
            (Self::Physicians, _) | (Self::Queue, CallerRole::Physician) => Some(ReviewQueue::Physician),
            (Self::Nurses | Self::Queue, _) => Some(ReviewQueue::Nurse),
            _ => None,
        };
        Filter {
            queue,
            mine: (self == Self::Mine).then_some(true),
            overdue: (self == Self::Overdue).then_some(true),
            urgency: (self == Self::Urgent).then_some(Urgency::Urgent),
            ..Filter::default()
        }
    }
}

/// What the address asks for. It says nothing about anybody.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Asked {
    show: Show,
    program: Option<String>,
}

impl Asked {
    fn read(query: &str) -> Self {
        let mut asked = Self { show: Show::Queue, program: None };
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match name.as_ref() {
                "show" => asked.show = Show::EACH.into_iter().find(|show| show.word() == value).unwrap_or(Show::Queue),
                "program" => asked.program = Some(value.into_owned()).filter(|value| !value.is_empty()),
                _ => {}
            }
        }
        asked
    }

    fn address(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("show", self.show.word());
        if let Some(program) = &self.program {
            query.append_pair("program", program);
        }
        format!("/reviews?{}", query.finish())
    }

    fn has(&self, mark: &Mark, caller: &Caller, now: DateTime<Utc>) -> bool {
        self.show.has(mark, caller, now) && self.program.as_ref().is_none_or(|program| *program == mark.program)
    }
}

#[derive(Template)]
#[template(path = "worklist.html")]
struct WorklistPage {
    shell: Shell,
    address: String,
    mark: String,
    chips: Vec<Chip>,
    programs: Vec<Chip>,
    show: Show,
    rows: Vec<Row>,
    /// Why a case was not taken.
    refused: Option<String>,
    /// The last row, where there are more.
    after: Option<String>,
    program: String,
    next: Option<Uuid>,
    reconsiderations: Vec<Open>,
}

/// A reconsideration that waits for a physician.
struct Open {
    case_id: Uuid,
    name: String,
}

struct Chip {
    address: String,
    name: String,
    count: usize,
    here: bool,
}

/// A case that waits, in words.
struct Row {
    case_id: Uuid,
    number: String,
    due: String,
    hint: String,
    is_urgent: bool,
    is_late: bool,
    program: String,
    age: String,
    cancer: String,
    treatment: String,
    why: Vec<String>,
    call: &'static str,
    documents: String,
    taken: String,
    /// True where the visitor may take it.
    is_free: bool,
    /// What the visitor does to it otherwise.
    otherwise: &'static str,
}

pub(super) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let asked = Asked::read(query.as_deref().unwrap_or_default());
    let marks = worklist::marks(&app).await?;
    let tag = tag(&asked, &marks, &visitor.caller, app.clock.now());
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let value = HeaderValue::from_str(&tag).map_err(|error| Failure::internal(&error.to_string()))?;
    if known == Some(tag.as_str()) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, value)]).into_response());
    }
    let mut response = drawn(&app, &visitor, &asked, &marks, None, None).await?;
    response.headers_mut().insert(header::ETAG, value);
    Ok(response)
}

/// The rows after those that were shown.
pub(super) async fn further(State(app): State<App>, visitor: Visitor, fields: Fields) -> Result<Response, Failure> {
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("show", fields.text("show").unwrap_or_default())
        .append_pair("program", fields.text("program").unwrap_or_default())
        .finish();
    let after = fields.text("after").and_then(|text| text.split_once(' '));
    let after = after.and_then(|(due, id)| Some((DateTime::parse_from_rfc3339(due).ok()?.to_utc(), id.parse().ok()?)));
    let marks = worklist::marks(&app).await?;
    drawn(&app, &visitor, &Asked::read(&query), &marks, after, None).await
}

/// The list again, with why a case could not be taken.
pub(super) async fn refused(app: &App, visitor: &Visitor, why: String) -> Result<Response, Failure> {
    let marks = worklist::marks(app).await?;
    let asked = Asked { show: Show::Queue, program: None };
    let mut response = drawn(app, visitor, &asked, &marks, None, Some(why)).await?;
    *response.status_mut() = StatusCode::CONFLICT;
    Ok(response)
}

async fn drawn(
    app: &App,
    visitor: &Visitor,
    asked: &Asked,
    marks: &[Mark],
    after: Option<(DateTime<Utc>, Uuid)>,
    refused: Option<String>,
) -> Result<Response, Failure> {
    let (caller, now) = (&visitor.caller, app.clock.now());
    let content = catalog::content(app, None);
    let filter = Filter { program: asked.program.clone(), ..asked.show.filter(caller.role) };
    let found = worklist::list(app, caller, &filter, after, ON_A_PAGE).await?;
    let more = found.len() > ON_A_PAGE as usize;
    let found: Vec<WorkItem> = found.into_iter().take(ON_A_PAGE as usize).collect();
    let last = found.last().filter(|_| more);
    let count = |asked: &Asked| marks.iter().filter(|mark| asked.has(mark, caller, now)).count();
    let chip = |wanted: Asked, name: &str| Chip {
        address: wanted.address(),
        name: name.to_owned(),
        count: count(&wanted),
        here: wanted == *asked,
    };
    let of_show = |show: Show| chip(Asked { show, program: asked.program.clone() }, show.name());
    // one's own queue stands in front already
    let own = if caller.role == CallerRole::Physician { Show::Physicians } else { Show::Nurses };
    let mut programs = vec![chip(Asked { show: asked.show, program: None }, "Every program")];
    programs.extend(
        content
            .programs
            .iter()
            .map(|program| chip(Asked { show: asked.show, program: Some(program.id.clone()) }, &program.name))
            .filter(|chip| chip.count > 0 || chip.here),
    );
    page(&WorklistPage {
        shell: Shell::new(app, Some(visitor), "/reviews"),
        next: first_free(marks, caller, None),
        address: asked.address(),
        mark: tag(asked, marks, caller, now),
        chips: Show::EACH.into_iter().filter(|show| *show != own).map(of_show).collect(),
        programs,
        show: asked.show,
        after: last.map(|item| format!("{} {}", item.due_at.to_rfc3339(), item.case_id)),
        program: asked.program.clone().unwrap_or_default(),
        reconsiderations: reconsiderations(app, caller).await?,
        rows: found.iter().map(|item| row(item, caller, content, now)).collect(),
        refused,
    })
}

/// Reconsiderations that wait, oldest first.
async fn reconsiderations(app: &App, caller: &Caller) -> Result<Vec<Open>, Failure> {
    let mut open = Vec::new();
    for one in reviews::reconsiderations::list_open(app, caller, None, RECONSIDERATIONS).await? {
        let standing = reviews::standing(app, caller, one.case_id).await?;
        let number = standing.case.case_number.unwrap_or_else(|| one.case_id.to_string());
        let asked = words::instant(&one.requested_at, &standing.program.time_zone);
        open.push(Open { case_id: one.case_id, name: format!("{number}, asked for {asked}") });
    }
    Ok(open)
}

/// Changes with whatever the list would show otherwise.
fn tag(asked: &Asked, marks: &[Mark], caller: &Caller, now: DateTime<Utc>) -> String {
    let mut hash = Sha256::new();
    hash.update(format!("{} {} {}", asked.address(), caller.key_owner(), now.timestamp().div_euclid(MINUTES * 60)));
    for mark in marks {
        hash.update(format!(
            "\n{} {} {:?} {:?} {}",
            mark.case_id,
            mark.version,
            mark.claimed_by,
            mark.expires_at,
            mark.due_at < now
        ));
    }
    let digest = hash.finalize();
    let mut tag = String::from("\"");
    for byte in digest.iter().take(16) {
        let _ = write!(tag, "{byte:02x}"); // writing to a String does not fail
    }
    tag.push('"');
    tag
}

fn row(item: &WorkItem, caller: &Caller, content: &Content, now: DateTime<Utc>) -> Row {
    let zone: Tz = item.time_zone.parse().unwrap_or(chrono_tz::UTC);
    let today = now.with_timezone(&zone).date_naive();
    let cancer =
        item.cancer_type.as_deref().map(|key| content.cancer(key).map_or_else(|| words::humanize(key), |one| one.name.clone()));
    let by_code = || {
        let code = item.icd10.as_ref()?;
        Some(content.diagnoses.get(code).map_or_else(|| code.clone(), |diagnosis| diagnosis.title.clone()))
    };
    let claim = item.claimed_by.as_ref();
    let is_own = claim.is_some_and(|claim| claim.subject == caller.subject);
    let taken = claim.map(|claim| {
        let until = words::instant(&claim.expires_at, &zone);
        if is_own { format!("you, until {until}") } else { format!("{}, until {until}", claim.subject) }
    });
    Row {
        case_id: item.case_id,
        number: item.case_number.clone().unwrap_or_else(|| item.case_id.to_string()),
        due: words::instant(&item.due_at, &zone),
        hint: left(TimeDelta::seconds(item.time_left_seconds), item.overdue),
        is_urgent: item.urgency == Urgency::Urgent,
        is_late: item.overdue,
        program: content.program(&item.program).map_or_else(|| item.program.clone(), |program| program.name.clone()),
        age: item.member.birth_date.and_then(|born| age(born, today)).map_or_else(|| "–".to_owned(), |age| age.to_string()),
        cancer: cancer.or_else(by_code).unwrap_or_else(|| "not said".to_owned()),
        treatment: treatment(item),
        why: why(item),
        call: item.peer_to_peer.as_words(),
        documents: match item.attachments_received {
            0 => "none".to_owned(),
            1 => "1 document".to_owned(),
            many => format!("{many} documents"),
        },
        taken: taken.unwrap_or_else(|| "nobody".to_owned()),
        is_free: claim.is_none(),
        otherwise: if is_own { "Go on with" } else { "Look at" },
    }
}

/// Whole years.
pub(super) fn age(born: NaiveDate, today: NaiveDate) -> Option<u32> {
    today.years_since(born)
}

/// The regimen that the order matches; else what is ordered.
fn treatment(item: &WorkItem) -> String {
    if let Some(name) = &item.regimen_name {
        return name.clone();
    }
    let drugs = item.drugs.iter().filter(|drug| drug.role != DrugRole::Supportive).map(|drug| drug.name.as_str());
    let mut names: Vec<&str> = drugs.chain(item.procedures.iter().map(|line| line.name.as_str())).collect();
    if names.is_empty() {
        names = item.drugs.iter().map(|drug| drug.name.as_str()).collect();
    }
    names.dedup();
    names.join(", ")
}

/// Why a case is here: what keeps it whole, then what pends, as it was found.
fn why(item: &WorkItem) -> Vec<String> {
    let mut why: Vec<String> = item.holds.iter().map(|hold| words::hold(*hold).to_owned()).collect();
    let pending = item.deviations.iter().filter(|deviation| deviation.effect.pends());
    for text in pending.map(|deviation| words::sentence(&words::without_ids(&deviation.message))) {
        if !why.contains(&text) {
            why.push(text);
        }
    }
    if why.is_empty() {
        why.extend(item.status_reason.as_deref().map(words::sentence));
    }
    why
}

/// Who has a case and until when, for somebody who wanted it.
pub(super) fn taken(claim: &Claim, zone: Tz) -> String {
    let role = CallerRole::parse(&claim.role).map_or("reviewer", role_in_words);
    format!("{} ({role}) has this case until {}.", claim.claimed_by, words::instant(&claim.expires_at, &zone))
}
