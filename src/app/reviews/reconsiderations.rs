//! Reconsideration of a denial: asked for by the practice, decided by another physician (APP-01…04).

use super::act::{Answered, DRAWS, actor, no_number_left, value_of};
use super::change::{self, Change, program_of};
use super::decide::complete;
use super::requests::{LineDetermination, ReconsiderationDetermination, ReconsiderationRequest};
use super::steps;
use crate::app::audience::who;
use crate::app::idempotency::{self, Answer};
use crate::app::orders::{is_number_in_use, view};
use crate::app::visibility::{seen_by, sees};
use crate::app::{App, Caller, Error, Expected, Idempotent, Result};
use crate::domain::case::{Case, Computed};
use crate::domain::content::Program;
use crate::domain::refusal::Fault;
use crate::domain::review::{LineOutcome, ReconsiderationDecision};
use crate::domain::vocabulary::{CallerRole, DrugStatus};
use crate::rules::calendar::local_day;
use crate::rules::review::reconsideration::{all_denied, last_day, overturn, require_denial, reviewer};
use crate::rules::review::{LineDecision, PhysicianReview, ReviewError};
use crate::store;
use crate::store::case_events::NewEvent;
use crate::store::cases::HeldCase;
pub use crate::store::reconsiderations::Reconsideration;
use crate::store::reviews::NewDetermination;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Value, json};
use sqlx::PgConnection;
use utoipa::ToSchema;
use uuid::Uuid;

/// Asks for reconsideration (APP-01…03).
pub async fn request(
    app: &App,
    caller: &Caller,
    case_id: Uuid,
    asked: &ReconsiderationRequest,
    expected: &Expected,
    idempotent: Option<&Idempotent>,
) -> Result<Answered> {
    let mut version = None;
    let answer = idempotency::once(app, caller, idempotent, async |conn: &mut PgConnection| {
        let (one, of_case) = open(app, conn, caller, case_id, asked, expected).await?;
        version = Some(of_case);
        let location = format!("/v1/reconsiderations/{}", one.reconsideration_id);
        Ok(Answer::created(value_of(&shown(&one, caller, None))?, Some(location)))
    });
    let answer = answer.await?;
    Ok(Answered { version, answer })
}

/// The reconsideration, and the version of its case.
async fn open(
    app: &App,
    conn: &mut PgConnection,
    caller: &Caller,
    case_id: Uuid,
    asked: &ReconsiderationRequest,
    expected: &Expected,
) -> Result<(Reconsideration, i64)> {
    let now = app.clock.now();
    let (held, case) = hold(conn, caller, case_id, expected).await?;
    let reason = steps::required(&asked.reason, "/reason")?;
    let program = program_of(app, &case, now)?;
    may_ask(caller, &program)?;
    require_denial(&case)?;
    // a withdrawal afterwards may have moved the case, and does not open the window anew
    let denied_at = store::reconsiderations::denied_at(conn, case_id).await?;
    within_window(denied_at.unwrap_or(case.submitted_at), &program, now)?;
    require_own(conn, case_id, &asked.attachments).await?;
    let one = Reconsideration {
        reconsideration_id: app.ids.beside(case_id, now),
        case_id,
        requested_by: caller.subject.clone(),
        requested_as: caller.role.as_str().to_owned(),
        requested_at: now,
        reason,
        attachments: json!(asked.attachments),
        decision: None,
        decided_by: None,
        decided_at: None,
        rationale: None,
        lines: None,
        documents: store::attachments::count_for_reconsideration(conn, case_id).await?,
    };
    if !store::reconsiderations::insert(conn, &one).await? {
        return Err(asked_before(conn, &program, case_id).await?);
    }
    let detail = json!({"reconsideration_id": one.reconsideration_id, "attachments": one.attachments}).to_string();
    let event = NewEvent {
        case_id,
        at: now,
        kind: "reconsideration_requested",
        actor: actor(caller),
        reason: Some(&one.reason),
        detail: Some(&detail),
        change: None,
    };
    store::case_events::append(conn, &event).await?;
    Ok((one, i64::from(held.stored.version)))
}

/// Reads one.
pub async fn get(app: &App, caller: &Caller, id: Uuid) -> Result<ReconsiderationBody> {
    let mut conn = seen_by(app, caller).await?;
    let one = store::reconsiderations::find(&mut conn, id).await?.ok_or(Error::NotFound)?;
    let stored = store::cases::current(&mut conn, one.case_id).await?.ok_or(Error::NotFound)?;
    if !sees(caller, &stored) {
        return Err(Error::NotFound);
    }
    Ok(shown(&one, caller, None))
}

/// How the reconsideration of a case stands.
#[derive(Debug, Clone)]
pub struct Reconsidering {
    /// The reconsideration, where one was asked for.
    pub one: Option<ReconsiderationBody>,
    /// Why none may be asked for now.
    pub refused: Option<String>,
    /// True where the caller decided against authorization.
    pub is_denied_by_caller: bool,
}

/// The same of a case that this caller may see; none where nothing was denied and nothing was asked for.
pub async fn standing(app: &App, caller: &Caller, case_id: Uuid) -> Result<Option<Reconsidering>> {
    let now = app.clock.now();
    let mut conn = seen_by(app, caller).await?;
    let stored = store::cases::current(&mut conn, case_id).await?.filter(|stored| sees(caller, stored)).ok_or(Error::NotFound)?;
    let case: Case = view::read_back(&stored.document)?;
    let one = store::reconsiderations::of_case(&mut conn, case_id).await?;
    if one.is_none() && require_denial(&case).is_err() {
        return Ok(None);
    }
    let program = program_of(app, &case, now)?;
    let denied_at = store::reconsiderations::denied_at(&mut conn, case_id).await?.unwrap_or(case.submitted_at);
    let denied_by = store::reviews::denied_by(&mut conn, case_id).await?;
    let refused = match may_ask(caller, &program).and_then(|()| within_window(denied_at, &program, now)) {
        Err(Error::Conflict { detail } | Error::Forbidden { detail }) if one.is_none() => Some(detail),
        _ => None,
    };
    Ok(Some(Reconsidering {
        one: one.map(|one| shown(&one, caller, None)),
        refused,
        is_denied_by_caller: denied_by.contains(&caller.subject),
    }))
}

/// Open ones after this id, oldest first.
pub async fn list_open(app: &App, caller: &Caller, after: Option<Uuid>, limit: i64) -> Result<Vec<ReconsiderationBody>> {
    let mut conn = app.pool.acquire().await?;
    let open = store::reconsiderations::open(&mut conn, after, limit).await?;
    Ok(open.iter().map(|one| shown(one, caller, None)).collect())
}

/// Decides one: another physician than those who denied upholds, or overturns (APP-04).
pub async fn determine(
    app: &App,
    caller: &Caller,
    id: Uuid,
    decision: &ReconsiderationDetermination,
    expected: &Expected,
    idempotent: Option<&Idempotent>,
) -> Result<Answered> {
    for _ in 0..DRAWS {
        let mut version = None;
        let answer = idempotency::once(app, caller, idempotent, async |conn: &mut PgConnection| {
            let (one, written) = attempt(app, conn, caller, id, decision, expected).await?;
            version = Some(written.version);
            Ok(Answer::created(value_of(&shown(&one, caller, Some(&written.case)))?, None))
        });
        match answer.await {
            Err(Error::Store(error)) if is_number_in_use(&error) => {}
            answer => return Ok(Answered { answer: answer?, version }),
        }
    }
    Err(no_number_left())
}

async fn attempt(
    app: &App,
    conn: &mut PgConnection,
    caller: &Caller,
    id: Uuid,
    decision: &ReconsiderationDetermination,
    expected: &Expected,
) -> Result<(Reconsideration, change::Written)> {
    let now = app.clock.now();
    let found = store::reconsiderations::find(conn, id).await?.ok_or(Error::NotFound)?;
    let (held, case) = hold(conn, caller, found.case_id, expected).await?;
    // read again: whoever held the case before may have decided it
    let mut one = store::reconsiderations::find(conn, id).await?.ok_or(Error::NotFound)?;
    if let (Some(decided), Some(by)) = (&one.decision, &one.decided_by) {
        return Err(Error::conflict(format!("{by} has decided this reconsideration already: {decided}")));
    }
    let rationale = steps::required(&decision.rationale, "/rationale")?;
    let review = reviewer(caller.role, &caller.subject, &store::reviews::denied_by(conn, case.case_id).await?)?;
    let computed: Computed = view::read_back(&held.computed)?;
    let program = change::program_of(app, &case, now)?;
    let lines = complete(&program, &case, &computed, decision.decisions()?)?;
    one.decision = Some(decision.decision.as_str().to_owned());
    one.decided_by = Some(caller.subject.clone());
    one.decided_at = Some(now);
    one.rationale = Some(rationale.clone());
    one.lines = Some(json!(LineDetermination::in_history(&lines)));
    if !store::reconsiderations::decide(conn, &one).await? {
        return Err(Error::conflict("somebody else has decided this reconsideration"));
    }
    let (after, computed) = match decision.decision {
        ReconsiderationDecision::Upheld => (uphold(&case, &lines)?, computed),
        ReconsiderationDecision::Overturned => {
            // where what was denied was withdrawn since, the request can still be closed
            require_denial(&case)?;
            overturned(app, conn, caller, &case, &computed, (&lines, review), &rationale, now).await?
        }
    };
    let kind = decision.decision.event_kind();
    let detail = json!({"reconsideration_id": id, "drugs": one.lines});
    let change =
        Change { before: &case, after, computed: &computed, kind, actor: actor(caller), reason: Some(&rationale), detail };
    let written = change::write(app, conn, change, now).await?;
    Ok((one, written))
}

/// An upheld denial stays as it is; the next step is the plan's appeal (APP-02).
fn uphold(case: &Case, lines: &[LineDetermination]) -> Result<Case> {
    if lines.iter().any(|line| line.decision == LineOutcome::Authorized) {
        let message = "an upheld denial authorizes nothing; overturn, and name the lines that are to be authorized";
        return Err(Error::invalid(vec![Fault::new("/decision", "contradiction", message)]));
    }
    Ok(case.clone())
}

#[expect(clippy::too_many_arguments, reason = "one call, from the frame that holds all of it")]
async fn overturned(
    app: &App,
    conn: &mut PgConnection,
    caller: &Caller,
    case: &Case,
    computed: &Computed,
    (lines, review): (&[LineDetermination], PhysicianReview),
    rationale: &str,
    now: DateTime<Utc>,
) -> Result<(Case, Computed)> {
    let decisions: Vec<LineDecision> = if lines.is_empty() {
        all_denied(case, computed)
    } else {
        let decision = |line: &LineDetermination| match line.decision {
            LineOutcome::Authorized => LineDecision::Authorize { line: line.line, set: line.set_units(), review: Some(review) },
            LineOutcome::NonAuthorized => LineDecision::Deny { line: line.line, review },
        };
        lines.iter().map(decision).collect()
    };
    let (after, computed) = overturn(case, computed, &decisions, now)?;
    require_reasons(conn, &after, lines).await?;
    // a denial that is lifted may not be put back by anybody without a determination of their own, and one that stays after it was looked
    // at again has this physician's reasons (DET-10)
    for drug in after.lines() {
        let was_denied = case.lines().iter().any(|was| was.line == drug.line && was.is_denied());
        let named = lines.iter().find(|line| line.line == drug.line);
        let stays_denied = drug.status == DrugStatus::NonAuthorized;
        let stays_in_part = drug.refused_part.is_some() && named.is_none_or(|line| line.decision == LineOutcome::NonAuthorized);
        if !was_denied || stays_in_part || (stays_denied && named.is_none()) {
            continue;
        }
        let decision = if stays_denied { LineOutcome::NonAuthorized } else { LineOutcome::Authorized };
        let determination = NewDetermination {
            determination_id: app.ids.beside(case.case_id, now),
            case_id: case.case_id,
            line: i32::try_from(drug.line).unwrap_or(i32::MAX),
            decision: decision.as_str(),
            decided_by: caller.subject.clone(),
            role: caller.role.as_str().to_owned(),
            at: now,
            reason_code: named.and_then(|line| line.reason_code.clone()),
            rationale: Some(named.and_then(|line| line.rationale.clone()).unwrap_or_else(|| rationale.to_owned())),
            rationale_for_member: named.and_then(|line| line.rationale_for_member.clone()),
            units_approved: named.and_then(|line| line.units_approved).and_then(|units| i64::try_from(units).ok()),
            visits_approved: named.and_then(|line| line.visits_approved).and_then(|visits| i32::try_from(visits).ok()),
            units_refused: drug.refused_part.as_ref().and_then(|part| part.units).and_then(|units| i64::try_from(units).ok()),
            visits_refused: drug.refused_part.as_ref().and_then(|part| i32::try_from(part.visits).ok()),
            criteria_not_met: named.filter(|_| stays_denied).and_then(|line| line.criteria_not_met.clone()).unwrap_or_default(),
            implied_by_line: None,
        };
        store::reviews::insert_determination(conn, &determination).await?;
    }
    Ok((after, computed))
}

/// A line that was denied only because another one was may not stay denied for that reason when the other one is not any more.
async fn require_reasons(conn: &mut PgConnection, after: &Case, lines: &[LineDetermination]) -> Result<()> {
    let stays = |line: u32| after.lines().iter().any(|drug| drug.line == line && drug.status == DrugStatus::NonAuthorized);
    for denial in store::letters::denials(conn, after.case_id).await? {
        let (Ok(line), Some(cause)) = (u32::try_from(denial.line), denial.implied_by_line) else { continue };
        let cause_stays = u32::try_from(cause).is_ok_and(stays);
        if stays(line) && !cause_stays && lines.iter().all(|named| named.line != line) {
            return Err(ReviewError::WithoutReasons(line).into());
        }
    }
    Ok(())
}

/// What goes with a reconsideration are documents of its case.
async fn require_own(conn: &mut PgConnection, case_id: Uuid, named: &[Uuid]) -> Result<()> {
    if named.is_empty() {
        return Ok(());
    }
    let own = store::attachments::of_case(conn, case_id).await?;
    let unknown = |id: &Uuid| !own.iter().any(|one| one.attachment_id == *id);
    let message = "is no attachment of this case: send the document first, and name the attachment_id that it gets";
    let faults = named.iter().enumerate().filter(|(_, id)| unknown(id));
    let faults: Vec<Fault> =
        faults.map(|(index, _)| Fault::new(format!("/attachments/{index}"), "unknown-attachment", message)).collect();
    if faults.is_empty() { Ok(()) } else { Err(Error::invalid(faults)) }
}

async fn hold(conn: &mut PgConnection, caller: &Caller, case_id: Uuid, expected: &Expected) -> Result<(HeldCase, Case)> {
    let held = store::cases::lock(conn, case_id).await?.ok_or(Error::NotFound)?;
    if !sees(caller, &held.stored) {
        return Err(Error::NotFound);
    }
    if !expected.admits(i64::from(held.stored.version)) {
        return Err(Error::PreconditionFailed);
    }
    let case = view::read_back(&held.stored.document)?;
    Ok((held, case))
}

/// A practice asks where it may order; the administrator's own people take the call for any.
fn may_ask(caller: &Caller, program: &Program) -> Result<()> {
    if caller.role == CallerRole::ServicingProvider && !program.submitters.contains(&caller.role) {
        return Err(Error::forbidden(format!("{} takes requests from ordering providers (SUB-08)", program.name)));
    }
    Ok(())
}

/// APP-01…03.
fn within_window(denied_at: DateTime<Utc>, program: &Program, now: DateTime<Utc>) -> Result<()> {
    let appeal = appeal(program);
    let Some(rule) = program.reconsideration else {
        return Err(Error::conflict(format!("{} has no reconsideration (APP-03): {appeal}", program.name)));
    };
    let last = last_day(denied_at, rule.calendar_days, program.time_zone);
    if local_day(now, program.time_zone) > last {
        let days = rule.calendar_days;
        return Err(Error::conflict(format!(
            "reconsideration could be asked for within {days} calendar days of the denial, until {last} (APP-01, APP-02): {appeal}"
        )));
    }
    Ok(())
}

fn appeal(program: &Program) -> String {
    format!("provider and member may submit a first-level appeal to {}, as the denial letter says", program.health_plan_name)
}

async fn asked_before(conn: &mut PgConnection, program: &Program, case_id: Uuid) -> Result<Error> {
    let earlier = store::reconsiderations::of_case(conn, case_id).await?;
    let decided = earlier.as_ref().and_then(|one| one.decision.clone());
    let id = earlier.map(|one| one.reconsideration_id.to_string()).unwrap_or_default();
    Ok(Error::conflict(match decided {
        Some(decided) => format!("the denial was reconsidered already, and {decided} (APP-02): {}", appeal(program)),
        None => format!("reconsideration {id} is open for this case"),
    }))
}

/// A reconsideration as callers see it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ReconsiderationBody {
    /// Identifies it.
    pub reconsideration_id: Uuid,
    /// The case.
    pub case_id: Uuid,
    /// `open`, `upheld` or `overturned`.
    pub state: String,
    /// Who asked.
    pub requested_by: String,
    /// As what.
    pub requested_as: String,
    /// When.
    pub requested_at: DateTime<Utc>,
    /// Why.
    pub reason: String,
    /// Ids of the attachments that were named.
    #[schema(value_type = Vec<Uuid>)]
    pub attachments: Value,
    /// Documents that came for it, named in the request or not (`GET /v1/orders/{case_id}/attachments`).
    pub attachments_received: i64,
    /// `upheld` or `overturned`; null while open.
    pub decision: Option<String>,
    /// Who decided.
    pub decided_by: Option<String>,
    /// When.
    pub decided_at: Option<DateTime<Utc>>,
    /// Why.
    pub rationale: Option<String>,
    /// What was decided about single lines.
    #[schema(value_type = Option<Vec<LineDetermination>>)]
    pub drugs: Option<Value>,
    /// The case as it is after the decision; only in the answer to it.
    pub case: Option<Case>,
}

/// Who is no reviewer learns of reviewers and of other practices by role.
fn shown(one: &Reconsideration, caller: &Caller, case: Option<&Case>) -> ReconsiderationBody {
    let one = one.clone();
    let physician = CallerRole::Physician.as_str();
    ReconsiderationBody {
        reconsideration_id: one.reconsideration_id,
        case_id: one.case_id,
        state: one.decision.clone().unwrap_or_else(|| "open".to_owned()),
        requested_by: who(&one.requested_by, &one.requested_as, caller),
        requested_as: one.requested_as,
        requested_at: one.requested_at,
        reason: one.reason,
        attachments: one.attachments,
        attachments_received: one.documents,
        decision: one.decision,
        decided_by: one.decided_by.map(|subject| who(&subject, physician, caller)),
        decided_at: one.decided_at,
        rationale: one.rationale,
        drugs: one.lines,
        case: case.cloned(),
    }
}
