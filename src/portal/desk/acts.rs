//! What reviewers do to a case beside deciding it: taking it, asking, calling, handing it over. Each is one use case; what it refuses is
//! shown above the form, with everything that was entered still in it.

pub(super) use super::super::answer::seen;
use super::super::case::id;
use super::super::failure::Failure;
use super::super::faults::{Faults, of_error};
use super::super::fields::Fields;
use super::super::visitor::Visitor;
use super::case::{Told, drawn};
use super::reading::{self, LONG, NAME, PHONE};
use super::{kept, worklist};
use crate::app::reviews::requests::{
    CallPartner, CallPerson, Contacted, DuplicateDecision, Escalation, InformationRequest, PeerToPeerRecord,
};
use crate::app::reviews::{self, Act, claims};
use crate::app::{App, Error, Idempotent};
use crate::documents::words;
use crate::domain::review::{CallPartnerRole, PeerToPeerEvent};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use uuid::Uuid;

/// The most things asked for at once, as the API takes them.
const ITEMS: usize = 50;

/// The fields of an act, as their names begin.
const ASKED: &[&str] = &["item", "others", "contacted_", "ask_notes"];
const CALLED: &[&str] = &["event", "day", "time", "with_", "call_notes", "after_due"];

/// Takes a case and opens it. Where somebody else was faster, the worklist says who and until when.
pub(super) async fn claim(
    State(app): State<App>,
    visitor: Visitor,
    Path(case_id): Path<String>,
    fields: Fields,
) -> Result<Response, Failure> {
    let case_id = id(&case_id)?;
    kept::keep_sent(&app, &visitor.caller, &fields).await?;
    let why = match claims::take(&app, &visitor.caller, case_id).await {
        Ok(_) => return Ok(to_review(case_id)),
        Err(Error::Conflict { detail }) => match claims::of_case(&app, &visitor.caller, case_id).await? {
            Some(claim) => worklist::taken(&claim, zone(&app, &visitor, case_id).await?),
            // given back since
            None => words::sentence(&detail),
        },
        Err(Error::Review(why)) => words::sentence(&words::without_ids(why.to_string())),
        Err(other) => return Err(other.into()),
    };
    worklist::refused(&app, &visitor, why).await
}

/// Gives a case back, and leads to the worklist.
pub(super) async fn release(
    State(app): State<App>,
    visitor: Visitor,
    Path(case_id): Path<String>,
    fields: Fields,
) -> Result<Response, Failure> {
    kept::keep_sent(&app, &visitor.caller, &fields).await?;
    match claims::give_back(&app, &visitor.caller, id(&case_id)?).await {
        Ok(()) => Ok(Redirect::to("/reviews").into_response()),
        Err(Error::Conflict { .. }) => {
            worklist::refused(&app, &visitor, "Another reviewer has this case: it is not yours to give back.".to_owned()).await
        }
        Err(other) => Err(other.into()),
    }
}

pub(super) async fn ask(
    State(app): State<App>,
    visitor: Visitor,
    Path(case_id): Path<String>,
    fields: Fields,
) -> Result<Response, Failure> {
    let mut faults = Faults::default();
    let own = reading::text(&fields, "others", "Something else", LONG, &mut faults).unwrap_or_default();
    let items: Vec<String> = fields
        .all("item")
        .map(str::to_owned)
        .chain(own.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned))
        .collect();
    if items.is_empty() {
        faults.add("others", "What is needed: tick something, or write it down");
    } else if items.len() > ITEMS || items.iter().any(|item| item.chars().count() > LONG) {
        faults.add("others", format!("What is needed: at most {ITEMS} things at once, each of at most {LONG} characters"));
    }
    let name = reading::text(&fields, "contacted_name", "Who was called", NAME, &mut faults);
    let phone = reading::text(&fields, "contacted_phone", "Phone", PHONE, &mut faults);
    let notes = reading::text(&fields, "ask_notes", "Notes", LONG, &mut faults);
    let contacted = (name.is_some() || phone.is_some()).then_some(Contacted { name, phone });
    let request = InformationRequest { items, contacted, notes };
    perform(&app, &visitor, id(&case_id)?, fields, faults, (Act::AskForInformation(&request), ASKED)).await
}

pub(super) async fn call(
    State(app): State<App>,
    visitor: Visitor,
    Path(case_id): Path<String>,
    fields: Fields,
) -> Result<Response, Failure> {
    let case_id = id(&case_id)?;
    let standing = reviews::standing(&app, &visitor.caller, case_id).await?;
    let zone = standing.program.time_zone;
    let mut faults = Faults::default();
    let event = fields.text("event").and_then(event);
    if event.is_none() {
        faults.add("event", "What happened: pick one");
    }
    let at = reading::instant(&fields, zone, app.clock.now(), &mut faults);
    let name = reading::text(&fields, "with_name", "With whom", NAME, &mut faults);
    let role = match fields.text("with_role") {
        None => None,
        Some("physician") => Some(CallPartnerRole::Physician),
        Some("physician_assistant") => Some(CallPartnerRole::PhysicianAssistant),
        Some("nurse_practitioner") => Some(CallPartnerRole::NursePractitioner),
        Some(_) => {
            faults.add("with_role", "Who that is: pick one of the list");
            None
        }
    };
    if name.is_none() && role.is_some() {
        faults.add("with_name", "With whom: a name goes with the role");
    }
    if event == Some(PeerToPeerEvent::Offered) && name.is_none() {
        faults.add("with_name", "With whom: name who was offered the discussion, or the number that was called");
    }
    let with = name.map(|name| CallPartner::Person(CallPerson { name, role }));
    let notes = reading::text(&fields, "call_notes", "Notes", LONG, &mut faults);
    if event == Some(PeerToPeerEvent::Scheduled) && at.is_none() && faults.is_empty() {
        faults.add("time", "Time: a discussion that is agreed has a day and a time");
    }
    let due = standing.case.review.as_ref().map(|review| review.due_at.to_utc());
    if let (Some(PeerToPeerEvent::Scheduled), Some(at), Some(due), None) = (event, at, due, fields.text("after_due"))
        && at > due
    {
        let due = words::instant(&due, &zone);
        faults.add(
            "after_due",
            format!(
                "Time: the answer is due {due}, before this discussion. Tick that this is meant, or agree on an earlier time"
            ),
        );
    }
    let record = PeerToPeerRecord { event: event.unwrap_or(PeerToPeerEvent::Offered), at, with, notes };
    perform(&app, &visitor, case_id, fields, faults, (Act::RecordCall(&record), CALLED)).await
}

fn event(word: &str) -> Option<PeerToPeerEvent> {
    use PeerToPeerEvent::{Declined, Held, Offered, Scheduled, Unreachable};
    [Offered, Scheduled, Held, Declined, Unreachable].into_iter().find(|event| event.as_str() == word)
}

pub(super) async fn duplicate(
    State(app): State<App>,
    visitor: Visitor,
    Path(case_id): Path<String>,
    fields: Fields,
) -> Result<Response, Failure> {
    let mut faults = Faults::default();
    let duplicate = match fields.text("duplicate") {
        Some("yes") => true,
        Some("no") => false,
        _ => {
            faults.add("duplicate", "Whether it is a duplicate: pick one");
            false
        }
    };
    let rationale = rationale(&fields, "duplicate_rationale", &mut faults);
    let decision = DuplicateDecision { duplicate, rationale };
    perform(&app, &visitor, id(&case_id)?, fields, faults, (Act::DecideDuplicate(&decision), &["duplicate"])).await
}

pub(super) async fn hand_over(
    State(app): State<App>,
    visitor: Visitor,
    Path(case_id): Path<String>,
    fields: Fields,
) -> Result<Response, Failure> {
    let mut faults = Faults::default();
    let rationale = rationale(&fields, "handover_rationale", &mut faults);
    perform(&app, &visitor, id(&case_id)?, fields, faults, (Act::Escalate(&Escalation { rationale }), &["handover_rationale"]))
        .await
}

fn rationale(fields: &Fields, name: &str, faults: &mut Faults) -> String {
    let text = reading::text(fields, name, "Why", LONG, faults);
    if text.is_none() && faults.of(name).is_none() {
        faults.add(name, "Why: say it in a sentence");
    }
    text.unwrap_or_default()
}

/// Does it, where nothing is wrong with what was entered, and leads back to the case. The fields of the act are done with; what else
/// stands in the form is kept.
async fn perform(
    app: &App,
    visitor: &Visitor,
    case_id: Uuid,
    fields: Fields,
    faults: Faults,
    (act, own): (Act<'_>, &[&str]),
) -> Result<Response, Failure> {
    if !faults.is_empty() {
        return drawn(app, visitor, case_id, fields, Told::faults(faults)).await;
    }
    match reviews::perform(app, &visitor.caller, case_id, act, &seen(&fields), idempotent(case_id, &fields).as_ref()).await {
        Ok(answered) => {
            let mut rest = fields;
            for name in own {
                rest.clear(name);
            }
            // what the reviewer did just now is no news to them
            if let Some(version) = answered.version {
                rest.set("version", version.to_string());
            }
            kept::keep(app, &visitor.caller, case_id, &rest).await?;
            Ok(to_review(case_id))
        }
        Err(error) => refused(app, visitor, case_id, fields, error, field_of).await,
    }
}

/// A form is taken once, however often it is sent.
pub(super) fn idempotent(case_id: Uuid, fields: &Fields) -> Option<Idempotent> {
    super::super::answer::idempotent(&format!("/cases/{case_id}/review"), fields)
}

pub(super) fn to_review(case_id: Uuid) -> Response {
    Redirect::to(&format!("/cases/{case_id}/review")).into_response()
}

/// The case again, with why nothing was done and everything that was entered.
pub(super) async fn refused(
    app: &App,
    visitor: &Visitor,
    case_id: Uuid,
    fields: Fields,
    error: Error,
    field_of: impl Fn(&str) -> String,
) -> Result<Response, Failure> {
    let told = match error {
        Error::PreconditionFailed => Told {
            status: StatusCode::PRECONDITION_FAILED,
            title: "The case changed since you opened it, and nothing was done",
            text: "Look at what changed. What you entered still stands in the form: send it again if it still holds.".to_owned(),
            ..Told::nothing()
        },
        Error::Conflict { detail } => match claims::of_case(app, &visitor.caller, case_id).await? {
            Some(claim) if claim.claimed_by != visitor.caller.subject => {
                Told::conflict("Somebody else has this case", worklist::taken(&claim, zone(app, visitor, case_id).await?))
            }
            _ => Told::conflict("Not possible now", words::sentence(&words::without_ids(&detail))),
        },
        Error::Review(why) => Told::conflict("Not possible now", words::sentence(&words::without_ids(why.to_string()))),
        Error::IdempotencyKeyReused => Told::conflict(
            "Sent before",
            "This form was sent before with other entries, and was taken then. Look at what happened below.".to_owned(),
        ),
        Error::NotFound => return Err(Failure::not_found()),
        other => {
            let mut faults = Faults::default();
            for fault in of_error(other)? {
                faults.add(field_of(&fault.pointer), words::sentence(&words::without_ids(&fault.message)));
            }
            Told::faults(faults)
        }
    };
    drawn(app, visitor, case_id, fields, told).await
}

/// The field of the form that fills this place of a request.
fn field_of(pointer: &str) -> String {
    match pointer {
        "/with" => "with_name",
        "/at" => "time",
        pointer if pointer.starts_with("/items") => "others",
        _ => "main",
    }
    .to_owned()
}

async fn zone(app: &App, visitor: &Visitor, case_id: Uuid) -> Result<chrono_tz::Tz, Failure> {
    Ok(reviews::standing(app, &visitor.caller, case_id).await?.program.time_zone)
}
