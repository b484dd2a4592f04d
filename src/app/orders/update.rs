//! A practice changes its order while it is in progress (SUB-08): decided again as a whole, by the release that was in force when it came
//! in (REG-08), received when it was received. A refusal changes nothing.

use super::differences::{Difference, differences};
use super::draft::{Draft, number, remaining_ingredients};
use super::drafting::Outlook;
use super::facts::Question;
use super::find::{Seen, in_sight};
use super::submit::is_number_in_use;
use super::view;
use crate::app::reviews::{change, claims};
use crate::app::{App, Caller, Error, Expected, Result, changing, letters, visibility};
use crate::documents::Summary;
use crate::domain::case::{Case, Computed};
use crate::domain::content::Content;
use crate::domain::order::OrderRequest;
use crate::domain::roster::Person;
use crate::domain::vocabulary::{CallerRole, CaseStatus, Hold, Service};
use crate::rules::radiation::{EXTENDED_THROUGH, EXTENSION_REASON, extend, nothing_to_extend};
use crate::rules::update::{Editor, SoFar, carry_over, may_edit, same_member};
use crate::rules::{Decision, Facts, decide};
use crate::store;
use crate::store::case_events::{Actor, NewEvent};
use crate::store::cases::{HeldCase, StoredCase};
use crate::store::facts::Known;
use crate::store::order_changes::Origin;
use crate::store::timers::PEND_DEADLINE;
use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Value, json};
use sqlx::PgConnection;
use std::sync::Arc;
use uuid::Uuid;

/// The kind of the event.
const UPDATED: &str = "updated";
/// The kind of the event by which a course of radiation is extended.
const EXTENDED: &str = "extended";

/// An order that may be changed, as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Editable {
    /// Version that the change is made to.
    pub version: i64,
    /// The order as JSON.
    pub request: Value,
}

/// The order to apply a change to. Refused once decided: a change of an authorized treatment is a new order (SUB-13); only the dates of a
/// course of radiation may still be extended.
pub async fn editable(app: &App, caller: &Caller, case_id: Uuid, expected: &Expected) -> Result<Editable> {
    let mut conn = app.pool.acquire().await?;
    let stored = in_sight(store::cases::current(&mut conn, case_id).await?, caller)?;
    let version = i64::from(stored.version);
    if !expected.admits(version) {
        return Err(Error::PreconditionFailed);
    }
    let case: Case = view::read_back(&stored.document)?;
    if !is_extensible(&case) {
        in_progress(&case)?;
    }
    Ok(Editable { version, request: as_json(&case.request)? })
}

/// A change, and the case after it.
#[derive(Debug, Clone)]
pub struct Updated {
    /// The case.
    pub seen: Seen,
    /// What differs in the order.
    pub changes: Vec<Difference>,
}

/// Puts `order` in the place of what version `version` of the case says, and decides it.
pub async fn update(app: &App, caller: &Caller, case_id: Uuid, version: i64, order: &OrderRequest) -> Result<Seen> {
    let mut transaction = changing::begin(app, &caller.key_owner()).await?;
    let updated = put(app, &mut transaction, caller, case_id, version, order).await?;
    transaction.commit().await?;
    Ok(updated.seen)
}

/// What that would make of the case, with every refusal that it would meet. Nothing is stored, and nobody is kept waiting.
pub async fn preview_update(app: &App, caller: &Caller, case_id: Uuid, version: i64, order: &OrderRequest) -> Result<Updated> {
    let now = app.clock.now();
    let mut conn = app.pool.acquire().await?;
    let found = Found::of(store::cases::with_computed(&mut conn, case_id).await?, caller, version, order)?;
    if found.changes.is_empty() {
        return found.unchanged(&mut conn, caller, now).await;
    }
    let origin = store::order_changes::origin(&mut conn, case_id).await?.ok_or(Error::NotFound)?;
    let change = found.change(app, caller, &origin, now);
    let case = if is_extensible(&found.before) {
        change.extended(&mut conn, order, &found.changes).await?.0
    } else {
        nothing_to_extend(order)?;
        change.decide(&mut conn, order).await?.case
    };
    let due_at = case.review.as_ref().map(|review| review.due_at.to_utc());
    let stored = StoredCase { document: view::write_out(&case)?, due_at, ..found.stored };
    let body = view::show(&mut conn, stored, caller, now).await?;
    Ok(Updated { seen: Seen { case_id, version, body }, changes: found.changes })
}

/// A change that was not made, and the case as it would be.
#[derive(Debug, Clone)]
pub struct Foreseen {
    /// What would be decided.
    pub outlook: Outlook,
    /// What would differ in the order.
    pub changes: Vec<Difference>,
}

/// The same in words. Nothing is stored.
pub async fn foresee(app: &App, caller: &Caller, case_id: Uuid, version: i64, order: &OrderRequest) -> Result<Foreseen> {
    let Updated { seen, changes } = preview_update(app, caller, case_id, version, order).await?;
    let mut case: Case = view::read_back(&seen.body)?;
    let content = change::content_of(app, &case, app.clock.now());
    let program = content.program(&case.program).ok_or_else(|| Error::Internal(format!("no program {}", case.program)))?;
    let findings = std::mem::take(&mut case.findings);
    Ok(Foreseen { outlook: Outlook { summary: Summary::of(case, &content, program, None), findings }, changes })
}

/// A case that may be changed, and what a change would differ in.
struct Found {
    stored: StoredCase,
    before: Case,
    computed: Computed,
    changes: Vec<Difference>,
}

impl Found {
    fn of(held: Option<HeldCase>, caller: &Caller, version: i64, order: &OrderRequest) -> Result<Self> {
        let HeldCase { stored, computed } = held.ok_or(Error::NotFound)?;
        let stored = in_sight(Some(stored), caller)?;
        let before: Case = view::read_back(&stored.document)?;
        if !is_extensible(&before) {
            in_progress(&before)?;
        }
        if i64::from(stored.version) != version {
            return Err(Error::conflict("the order was changed just now; read it again and repeat the change on what it is now"));
        }
        let changes = differences(&as_json(&before.request)?, &as_json(order)?);
        Ok(Self { stored, before, computed: view::read_back(&computed)?, changes })
    }

    /// The case as it stands, where nothing differs.
    async fn unchanged(self, conn: &mut PgConnection, caller: &Caller, now: DateTime<Utc>) -> Result<Updated> {
        let (case_id, version) = (self.stored.case_id, i64::from(self.stored.version));
        let body = view::show(conn, self.stored, caller, now).await?;
        Ok(Updated { seen: Seen { case_id, version, body }, changes: self.changes })
    }

    fn change<'a>(&'a self, app: &'a App, caller: &'a Caller, origin: &'a Origin, now: DateTime<Utc>) -> Change<'a> {
        Change { app, caller, origin, parties: &self.stored.visible_to, before: &self.before, computed: &self.computed, now }
    }
}

async fn put(
    app: &App,
    conn: &mut PgConnection,
    caller: &Caller,
    case_id: Uuid,
    version: i64,
    order: &OrderRequest,
) -> Result<Updated> {
    let now = app.clock.now();
    // the case first and the member afterwards, as everybody does who needs both
    let found = Found::of(store::cases::lock(&mut *conn, case_id).await?, caller, version, order)?;
    if found.changes.is_empty() {
        return found.unchanged(conn, caller, now).await;
    }
    let origin = store::order_changes::origin(&mut *conn, case_id).await?.ok_or(Error::NotFound)?;
    store::order_changes::move_member(&mut *conn, &origin.health_plan, &origin.member_id).await?;
    let change = found.change(app, caller, &origin, now);
    if is_extensible(&found.before) {
        change.extend(&mut *conn, order, &found.changes).await?;
    } else {
        nothing_to_extend(order)?;
        let draft = change.decide(&mut *conn, order).await?;
        Write { app, caller, origin: &origin, before: &found.before, draft: &draft, changes: &found.changes, now }
            .write(&mut *conn)
            .await?;
    }
    let stored = store::cases::current(&mut *conn, case_id).await?.ok_or(Error::NotFound)?;
    let version = i64::from(stored.version);
    let body = view::show(conn, stored, caller, now).await?;
    Ok(Updated { seen: Seen { case_id, version, body }, changes: found.changes })
}

/// True for an approved course of radiation, whose dates may be extended.
fn is_extensible(case: &Case) -> bool {
    case.request.service == Some(Service::RadiationOncology) && case.status.has_order_id()
}

fn in_progress(case: &Case) -> Result<()> {
    if case.status == CaseStatus::InProgress {
        return Ok(());
    }
    Err(Error::conflict(format!(
        "the case is {}: an order can be changed while it is in progress; any change of an authorized treatment is a new order (SUB-13)",
        case.status
    )))
}

fn as_json(request: &OrderRequest) -> Result<Value> {
    serde_json::to_value(request).map_err(|error| Error::Internal(format!("order does not serialize: {error}")))
}

/// A change on its way to a decision.
struct Change<'a> {
    app: &'a App,
    caller: &'a Caller,
    origin: &'a Origin,
    /// Who may see the case as it was.
    parties: &'a [String],
    before: &'a Case,
    computed: &'a Computed,
    now: DateTime<Utc>,
}

impl Change<'_> {
    async fn decide(&self, conn: &mut PgConnection, order: &OrderRequest) -> Result<Draft> {
        let question = Question::of_order(order, self.caller);
        let known = self.known(conn, &question).await?;
        let submitter = self.submitter();
        let facts = question.facts(order, &submitter, self.caller, self.before.submitted_at, &known);
        let decision = self.decision(order, &facts)?;
        self.draft(conn, decision, &facts, &submitter).await
    }

    /// An approved course with other dates, and nothing else: the case, what is computed for it, and its last day.
    async fn extended(
        &self,
        conn: &mut PgConnection,
        order: &OrderRequest,
        changes: &[Difference],
    ) -> Result<(Case, Computed, NaiveDate)> {
        let is_extension = |change: &Difference| matches!(change.pointer.as_str(), EXTENDED_THROUGH | EXTENSION_REASON);
        if !changes.iter().all(is_extension) {
            in_progress(self.before)?;
        }
        let question = Question::of_order(order, self.caller);
        let known = self.known(conn, &question).await?;
        let submitter = self.submitter();
        let facts = question.facts(order, &submitter, self.caller, self.before.submitted_at, &known);
        let decision = self.decision(order, &facts)?;
        Ok(extend(self.before, self.computed, order, &decision, self.content(), self.now)?)
    }

    /// Extends the dates of an approved course.
    async fn extend(&self, conn: &mut PgConnection, order: &OrderRequest, changes: &[Difference]) -> Result<()> {
        let (after, computed, through) = self.extended(conn, order, changes).await?;
        let reason = order.radiation.as_ref().and_then(|radiation| radiation.extension_reason.clone());
        let extended = change::Change {
            before: self.before,
            after,
            computed: &computed,
            kind: EXTENDED,
            actor: Actor { subject: &self.caller.subject, role: self.caller.role.as_str() },
            reason: reason.as_deref(),
            detail: json!({"changes": changes, "valid_through": through}),
        };
        store::order_changes::set_valid_through(conn, self.before.case_id, through).await?;
        change::write(self.app, conn, extended, self.now).await?;
        Ok(())
    }

    /// What is on file for the order as it is to be.
    async fn known(&self, conn: &mut PgConnection, question: &Question) -> Result<Known> {
        let case_id = self.before.case_id;
        let mut known = store::facts::load(conn, &question.asked(Some(case_id), None)).await?;
        if let Some(of_one) = question.narrowed(&mut known) {
            known = store::facts::load(conn, &of_one.asked(Some(case_id), None)).await?;
        }
        Ok(known)
    }

    /// What the engine says of the order as it is to be, where the caller may change it so.
    fn decision(&self, order: &OrderRequest, facts: &Facts<'_>) -> Result<Decision> {
        let content = self.content();
        let program = content.program(&self.before.program).ok_or_else(|| Error::Internal("a case of no program".to_owned()))?;
        let (ordering, servicing) = (facts.ordering_provider.row(), facts.servicing_provider.row());
        let of_servicing = self.origin.submitted_as == CallerRole::ServicingProvider.as_str();
        let editor = Editor { role: self.caller.role, tax_ids: &self.caller.tax_ids, of_servicing };
        may_edit(editor, &program.submitters, &visibility::ordering_tax_ids(self.parties), ordering, servicing)?;
        // that the caller may order for them is settled; who submitted first counts for the channel alone
        let tax_ids: Vec<String> = ordering.into_iter().chain(servicing).flat_map(|row| row.tax_ids.clone()).collect();
        let mut facts = facts.clone();
        facts.submitter.tax_ids = &tax_ids;
        facts.before = Some(self.before);
        let decision = decide(&facts, content, self.now)?;
        let same_person = Person::parse(&self.origin.person).is_some_and(|person| decision.member.is_of(&person));
        same_member(&self.before.request, order, (&self.origin.member_id, &decision.member.member_id), same_person)?;
        Ok(decision)
    }

    async fn draft(&self, conn: &mut PgConnection, decision: Decision, facts: &Facts<'_>, submitter: &Caller) -> Result<Draft> {
        let reviewed = store::order_changes::reviewed(conn, self.before.case_id).await?;
        let holds: Vec<Hold> = reviewed.holds.iter().filter_map(|word| Hold::parse(word)).collect();
        let lines: Vec<u32> = reviewed.lines.iter().filter_map(|line| u32::try_from(*line).ok()).collect();
        let so_far = SoFar {
            case: self.before,
            computed: self.computed,
            holds_raised: &holds,
            similar_cases: &reviewed.similar_cases,
            lines_decided: &lines,
        };
        let mut draft = Draft::new(self.before.case_id, decision, facts, submitter, self.now);
        draft.case = carry_over(&so_far, &draft.case, &mut draft.computed, self.now);
        draft.case.case_number.clone_from(&self.before.case_number);
        draft.treatment_ingredients = remaining_ingredients(&draft.case, self.content());
        draft.case.letters.clone_from(&self.before.letters);
        number(&mut draft.case, self.app.ids);
        letters::issue(self.app.ids, self.before, &mut draft.case, UPDATED, self.now);
        Ok(draft)
    }

    /// Who submitted first.
    fn submitter(&self) -> Caller {
        Caller {
            role: CallerRole::parse(&self.origin.submitted_as).unwrap_or(self.caller.role),
            subject: self.origin.submitted_by.clone(),
            tax_ids: Vec::new(),
            health_plan: None,
            token_id: None,
            scopes: None,
            accessed: self.caller.accessed.clone(),
        }
    }

    /// The release that decided the order when it came in.
    fn content(&self) -> &Arc<Content> {
        let library = &self.app.library;
        library.named(&self.before.content_release).unwrap_or_else(|| library.in_force(self.before.submitted_at.date_naive()))
    }
}

/// A change on its way into the database.
struct Write<'a> {
    app: &'a App,
    caller: &'a Caller,
    origin: &'a Origin,
    before: &'a Case,
    draft: &'a Draft,
    changes: &'a [Difference],
    now: DateTime<Utc>,
}

impl Write<'_> {
    async fn write(&self, conn: &mut PgConnection) -> Result<()> {
        let case = &self.draft.case;
        let document = view::write_out(case)?;
        let computed = view::write_out(&self.draft.computed)?;
        let submitter = Caller { subject: self.origin.submitted_by.clone(), ..self.caller.clone() };
        store::order_changes::replace(conn, &self.draft.rows(&submitter, &document, &computed)).await.map_err(|error| {
            if is_number_in_use(&error) { Error::conflict("send the same request again") } else { error.into() }
        })?;
        let detail = json!({
            "changes": self.changes,
            "status": {"before": self.before.status, "after": case.status},
            "before": change::summary(self.before),
            "after": change::summary(case),
        });
        let detail = view::write_out(&detail)?;
        let event = NewEvent {
            case_id: case.case_id,
            at: self.now,
            kind: UPDATED,
            actor: Actor { subject: &self.caller.subject, role: self.caller.role.as_str() },
            reason: None,
            detail: Some(&detail),
            change: Some((&document, &computed)),
        };
        store::case_events::append(conn, &event).await?;
        let issued = case.letters.get(self.before.letters.len()..).unwrap_or_default();
        letters::keep(self.app, conn, case, issued, self.now).await?;
        if case.status.has_order_id() {
            store::timers::look_for_ended_pathways(conn, case.case_id, self.now).await?;
        }
        self.move_deadline(conn).await
    }

    fn is_overdue(&self) -> bool {
        self.before.review.as_ref().is_some_and(|review| review.overdue)
    }

    async fn move_deadline(&self, conn: &mut PgConnection) -> Result<()> {
        let due = |case: &Case| case.review.as_ref().map(|review| review.due_at.to_utc());
        let case = &self.draft.case;
        match (due(self.before), due(case)) {
            (_, None) => {
                store::timers::cancel(conn, case.case_id, PEND_DEADLINE).await?;
                claims::release(conn, case.case_id).await?;
            }
            // a clock ends once: what is overdue already stays with the physicians
            (before, Some(after)) if before != Some(after) && !self.is_overdue() => {
                store::timers::set(conn, case.case_id, PEND_DEADLINE, after).await?;
            }
            _ => {}
        }
        Ok(())
    }
}
