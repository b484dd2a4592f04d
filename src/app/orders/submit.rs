//! Taking an order: load facts, let the rules decide, write.
//!
//! The write is guarded by the member's ledger version that the facts were loaded with. Whoever loses that race decides again with
//! the member locked, once: optimistic first, because two orders of one member at the same moment are rare, and never in a loop.

use super::concurrent;
use super::draft::{Draft, number};
use super::facts::Question;
use super::view;
use crate::app::places::Place;
use crate::app::{App, Caller, Error, Idempotent, Result, enquiries, letters, timers};
use crate::domain::order::OrderRequest;
use crate::domain::order_id::Numbered;
use crate::domain::refusal::Refusal;
use crate::domain::vocabulary::NoticeCode;
use crate::rules::decide;
use crate::rules::radiation::nothing_to_extend;
use crate::shard::Shard;
use crate::store;
use crate::store::cases::{Guard, Key, NewCase, SentColumns, Storable, Written};
use crate::store::facts::{Asked, Known, UsedKey};
use crate::store::pool::begin_by_key;
use crate::telemetry;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// Numbers are random; where one is in use already, others are drawn so many times.
const DRAWS: usize = 5;
/// How long an order waits for its turn to wait for its member.
const PATIENCE: Duration = Duration::from_secs(6);

/// A request as another standard wrote it; kept beside the case that it makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentForm {
    /// Whose numbers these are.
    pub system: String,
    /// The sender's number of the request.
    pub value: String,
    /// The request as JSON.
    pub document: String,
}

/// A case that was made, or was made before under the same key.
#[derive(Debug, Clone)]
pub struct Placed {
    /// Its id.
    pub case_id: Uuid,
    /// Its version at the time of the answer.
    pub version: i64,
    /// The answer as JSON.
    pub body: String,
    /// True where the answer is the first one, given again.
    pub replayed: bool,
}

/// One submission on its way.
struct Submission<'a> {
    app: &'a App,
    caller: &'a Caller,
    /// Whose the idempotency key is.
    owner: String,
    order: &'a OrderRequest,
    idempotent: Option<&'a Idempotent>,
    sent: Option<Arc<SentForm>>,
    question: Question,
    now: DateTime<Utc>,
}

/// How an attempt ended.
enum Attempt {
    Placed {
        placed: Placed,
        /// Cases whose Pathway it may have ended.
        may_end: Vec<Uuid>,
        /// Earlier cases that it stands beside.
        beside: Vec<(Uuid, NoticeCode)>,
    },
    /// The rules refuse the order.
    Refused { refusal: Refusal, member_id: Option<String> },
    /// Another order of this member came in between, or somebody holds the member.
    MemberMoved { member_id: String },
    /// The key was used before; or in between, where it is not said for what.
    KeyUsed(Option<UsedKey>),
    /// A number drawn is another case's.
    NumberInUse,
}

/// A decided order on its way into the database.
#[derive(Debug, Clone)]
pub struct Decided {
    draft: Draft,
    caller: Caller,
    document: String,
    computed: String,
    seen: i64,
    /// The key, after whose it is.
    idempotent: Option<(String, Idempotent)>,
    sent: Option<Arc<SentForm>>,
}

impl Storable for Decided {
    fn rows(&self) -> NewCase<'_> {
        let sent = self.sent.as_deref();
        let sent = sent.map(|sent| SentColumns { system: &sent.system, value: &sent.value, document: &sent.document });
        NewCase { sent, ..self.draft.rows(&self.caller, &self.document, &self.computed) }
    }

    fn guard(&self) -> Guard<'_> {
        let key = self.idempotent.as_ref().map(|(owner, idempotent)| Key {
            owner,
            key: &idempotent.key,
            fingerprint: &idempotent.fingerprint,
        });
        Guard { seen: self.seen, key }
    }

    fn member(&self) -> (&str, &str) {
        (self.draft.health_plan(), self.draft.member_id())
    }
}

/// Decides an order and stores it (DET-01). The same key and payload make one order, however often and fast they come (DUP-03).
pub async fn submit(app: &App, caller: &Caller, order: &OrderRequest, idempotent: Option<&Idempotent>) -> Result<Placed> {
    nothing_to_extend(order)?;
    let question = Question::of_order(order, caller);
    let (owner, now) = (caller.key_owner(), app.clock.now());
    Submission { app, caller, owner, order, idempotent, sent: None, question, now }.place().await
}

/// The same for an order that another standard wrote: its form is kept beside the case, and its key does not age.
pub async fn submit_sent(
    app: &App,
    caller: &Caller,
    order: &OrderRequest,
    idempotent: &Idempotent,
    sent: SentForm,
) -> Result<Placed> {
    nothing_to_extend(order)?;
    let question = Question::of_order(order, caller);
    let (idempotent, sent) = (Some(idempotent), Some(Arc::new(sent)));
    let (owner, now) = (caller.key_owner(), app.clock.now());
    Submission { app, caller, owner, order, idempotent, sent, question, now }.place().await
}

/// Decides an order and stores nothing, not even the enquiry. The case has the nil UUID and no numbers.
pub async fn preview(app: &App, caller: &Caller, order: &OrderRequest) -> Result<String> {
    nothing_to_extend(order)?;
    let question = Question::of_order(order, caller);
    let now = app.clock.now();
    let mut known = app.busy.facts.ask(question.asked(None, None)).await?;
    if let Some(of_one) = question.narrowed(&mut known) {
        known = app.busy.facts.ask(of_one.asked(None, None)).await?;
    }
    note_member(caller, order, &known);
    let facts = question.facts(order, caller, caller, now, &known);
    let decision = decide(&facts, app.library.in_force(now.date_naive()), now)?;
    let mut case = Draft::new(Uuid::nil(), decision, &facts, caller, now).case;
    view::restrict(&mut case, caller, &view::within_sight(&known.cases, caller));
    view::write_out(&case)
}

/// What the answer says of the member is told, whatever becomes of the order.
pub(super) fn note_member(caller: &Caller, order: &OrderRequest, known: &Known) {
    if let (Some(health_plan), Some(row)) = (&order.member.health_plan, known.members.first()) {
        caller.accessed.member(health_plan, &row.member_id);
    }
}

impl Submission<'_> {
    /// Tries until the order is placed or cannot be.
    async fn place(&self) -> Result<Placed> {
        for _ in 0..DRAWS {
            let mut known = self.app.busy.facts.ask(self.asked()).await?;
            if let Some(of_one) = self.question.narrowed(&mut known) {
                known = self.app.busy.facts.ask(of_one.asked(None, self.key())).await?;
            }
            let mut attempt = self.attempt(None, known).await?;
            if let Attempt::MemberMoved { member_id } = attempt {
                // whoever waits for a member keeps a connection: few do at a time, and one for each member
                let _place = self.place_to_wait(&member_id).await?;
                attempt = self.attempt_locked(&member_id).await?;
            }
            match attempt {
                Attempt::Placed { placed, may_end, beside } => {
                    timers::run_pathway_ends(self.app, &may_end, self.now).await;
                    concurrent::tell(self.app, self.caller, &beside, placed.case_id, self.now).await;
                    return Ok(placed);
                }
                Attempt::Refused { refusal, member_id } => return Err(self.refuse(refusal, member_id.as_deref()).await?),
                Attempt::KeyUsed(used) => return self.replay(used).await,
                Attempt::MemberMoved { .. } => return Err(Error::Internal("a locked member moved".to_owned())),
                Attempt::NumberInUse => {}
            }
        }
        Err(Error::Internal("every number drawn was in use".to_owned()))
    }

    /// What the decision depends on.
    fn asked(&self) -> Asked {
        self.question.asked(None, self.key())
    }

    /// Whose idempotency key, and which.
    fn key(&self) -> Option<(&str, &str)> {
        self.idempotent.map(|idempotent| (self.owner.as_str(), idempotent.key.as_str()))
    }

    /// Decides and writes: over this connection, or together with others.
    async fn attempt(&self, conn: Option<&mut PgConnection>, mut known: Known) -> Result<Attempt> {
        if let Some(used) = known.key.take() {
            return Ok(Attempt::KeyUsed(Some(used)));
        }
        note_member(self.caller, self.order, &known);
        let facts = self.question.facts(self.order, self.caller, self.caller, self.now, &known);
        let content = self.app.library.in_force(self.now.date_naive());
        let decision = match decide(&facts, content, self.now) {
            Ok(decision) => decision,
            Err(refusal) => {
                let member_id = known.members.first().map(|row| row.member_id.clone());
                return Ok(Attempt::Refused { refusal, member_id });
            }
        };
        let ids = self.app.ids;
        let health_plan = self.order.member.health_plan.as_deref().unwrap_or_default();
        let case_id = ids.case(Shard::of_member(health_plan, &decision.member.member_id), self.now);
        let mut draft = Draft::new(case_id, decision, &facts, self.caller, self.now);
        draft.case.case_number = Some(ids.readable(Numbered::Case, case_id).to_string());
        number(&mut draft.case, ids);
        letters::issue_at_once(ids, &mut draft.case, self.now);
        self.write(conn, draft, &known).await
    }

    async fn write(&self, conn: Option<&mut PgConnection>, draft: Draft, known: &Known) -> Result<Attempt> {
        let decided = Arc::new(Decided {
            document: view::write_out(&draft.case)?,
            computed: view::write_out(&draft.computed)?,
            caller: self.caller.clone(),
            seen: known.seen,
            idempotent: self.idempotent.map(|idempotent| (self.owner.clone(), idempotent.clone())),
            sent: self.sent.clone(),
            draft,
        });
        // noted before it is there: of a case that is not, there will be no record
        self.caller.accessed.case(decided.draft.case.case_id);
        let written = match conn {
            Some(conn) => store::cases::insert_one(conn, &*decided).await,
            None => self.app.busy.orders.ask(Arc::clone(&decided)).await,
        };
        match written {
            Ok(Written::Stored) => {}
            Ok(Written::KeyUsed) => return Ok(Attempt::KeyUsed(None)),
            Ok(Written::MemberMoved | Written::MemberBusy) => {
                return Ok(Attempt::MemberMoved { member_id: decided.draft.member_id().to_owned() });
            }
            Err(error) if is_number_in_use(&error) => return Ok(Attempt::NumberInUse),
            Err(error) => return Err(error.into()),
        }
        let Decided { draft, document, .. } = Arc::unwrap_or_clone(decided);
        let may_end = draft.may_end().to_vec();
        let beside = concurrent::beside(&draft.case);
        self.caller.accessed.new_case(draft.case.case_id, draft.health_plan(), draft.member_id());
        let Draft { mut case, .. } = draft;
        let case_id = case.case_id;
        telemetry::count_decision(&case.program, case.status);
        let visible = view::within_sight(&known.cases, self.caller);
        let body = if view::restrict(&mut case, self.caller, &visible) { view::write_out(&case)? } else { document };
        Ok(Attempt::Placed { placed: Placed { case_id, version: 1, body, replayed: false }, may_end, beside })
    }

    /// A place to wait for a member.
    async fn place_to_wait(&self, member_id: &str) -> Result<Place> {
        let member = format!("{} {member_id}", self.order.member.health_plan.as_deref().unwrap_or_default());
        let otherwise = "another order of this member is being stored";
        self.app.waiting.take(&member, PATIENCE, otherwise).await
    }

    /// The same while no other order of this member can be stored.
    async fn attempt_locked(&self, member_id: &str) -> Result<Attempt> {
        let health_plan = self.order.member.health_plan.as_deref().unwrap_or_default();
        let mut transaction = begin_by_key(&self.app.pool).await?;
        // most often the same submission was sent twice, and its answer is there already
        if let Some(used) = self.used_key(&mut transaction).await? {
            return Ok(Attempt::KeyUsed(Some(used)));
        }
        store::cases::lock_member(&mut transaction, health_plan, member_id).await?;
        let mut known = store::facts::load(&mut transaction, &self.asked()).await?;
        if let Some(of_one) = self.question.narrowed(&mut known) {
            known = store::facts::load(&mut transaction, &of_one.asked(None, self.key())).await?;
        }
        let attempt = self.attempt(Some(&mut transaction), known).await?;
        match attempt {
            Attempt::Placed { .. } => transaction.commit().await?,
            _ => transaction.rollback().await?,
        }
        Ok(attempt)
    }

    /// What the key was used for by now.
    async fn used_key(&self, conn: &mut PgConnection) -> Result<Option<UsedKey>> {
        let Some(idempotent) = self.idempotent else { return Ok(None) };
        let answer = store::idempotency::find(conn, &self.owner, &idempotent.key).await?;
        Ok(answer.map(|answer| UsedKey { fingerprint: answer.fingerprint, case_id: answer.case_id }))
    }

    /// The first answer, where the key came with this payload.
    async fn replay(&self, used: Option<UsedKey>) -> Result<Placed> {
        let mut conn = self.app.pool.acquire().await?;
        let used = match used {
            Some(used) => Some(used),
            None => self.used_key(&mut conn).await?,
        };
        match used {
            Some(used) => self.first_answer(&mut conn, &used).await,
            None => Err(Error::conflict("the idempotency key was in use just now; send the request again")),
        }
    }

    async fn first_answer(&self, conn: &mut PgConnection, used: &UsedKey) -> Result<Placed> {
        let same = self.idempotent.is_some_and(|idempotent| idempotent.fingerprint == *used.fingerprint);
        let case_id = used.case_id.filter(|_| same).ok_or(Error::IdempotencyKeyReused)?;
        let first = store::cases::first(conn, case_id).await?.ok_or(Error::NotFound)?;
        self.caller.accessed.case(case_id);
        let version = i64::from(first.version);
        let body = view::show(conn, first, self.caller, self.now).await?;
        Ok(Placed { case_id, version, body, replayed: true })
    }

    /// Keeps the enquiry where no program takes the order (PRG-15).
    async fn refuse(&self, refusal: Refusal, member_id: Option<&str>) -> Result<Error> {
        if let Refusal::NotEligible(ineligible) = &refusal {
            let asked = enquiries::Asked {
                kind: "order",
                health_plan: self.order.member.health_plan.as_deref().unwrap_or_default(),
                member_id,
                service: self.order.service,
                setting: self.order.setting(),
                date_of_service: self.order.date_of_service,
                icd10: self.order.diagnosis.as_ref().and_then(|diagnosis| diagnosis.icd10.as_deref()),
            };
            let mut conn = self.app.pool.acquire().await?;
            enquiries::keep(self.app, &mut conn, self.caller, self.now, &asked, enquiries::Outcome::NotEligible(ineligible))
                .await?;
        }
        Ok(refusal.into())
    }
}

/// True where a number that was drawn belongs to another case.
pub(in crate::app) fn is_number_in_use(error: &store::Error) -> bool {
    error
        .violated()
        .is_some_and(|constraint| matches!(constraint, "cases_case_number" | "cases_order_id" | "cases_pathway_eligible_id"))
}
