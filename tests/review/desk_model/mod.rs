//! Random work at the review desk, held against a model that is written from the requirements: after every call the case, its history,
//! its claim and its timers are what the model says, and a refused call has changed nothing.
//!
//! Every sequence comes from a seed and can be run again by itself: a failure prints how. `ONCOAUTH_DESK_SEQUENCES` runs more of them,
//! `ONCOAUTH_DESK_SEED` begins elsewhere.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "test crate")]

use crate::support;

mod acts;
mod checks;
mod model;
mod starts;

use acts::{Act, act, change, opening, send};
use futures_util::FutureExt as _;
use model::Model;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use starts::{Order, STARTS, Start};
use std::any::Any;
use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use support::desk::*;
use support::http::Service;

/// Calls of a sequence, at most.
const STEPS: usize = 30;

#[derive(Debug, Clone)]
struct Sequence {
    order: Order,
    opening: Vec<Act>,
    steps: Vec<Step>,
}

/// What somebody may do next: the first of these that is allowed, or, one time in four, the first whether or not it is.
#[derive(Debug, Clone)]
struct Step {
    acts: Vec<Act>,
    heedless: bool,
}

impl Step {
    fn choose(&self, model: &Model) -> &Act {
        let first = &self.acts[0];
        let allowed = || self.acts.iter().find(|act| model.expect(act).is_ok());
        if self.heedless { first } else { allowed().unwrap_or(first) }
    }
}

fn sequence() -> impl Strategy<Value = Sequence> {
    let order =
        (prop::sample::select(STARTS.to_vec()), prop::sample::select(vec![BMA, BMA, OVM, QCCP]), prop::bool::weighted(0.2));
    let step = (prop::collection::vec(act(), 4), prop::bool::weighted(0.25)).prop_map(|(acts, heedless)| Step { acts, heedless });
    (order, opening(), prop::collection::vec(step, 10..=STEPS)).prop_map(|((start, plan, urgent), opening, steps)| Sequence {
        order: Order::new(start, plan, urgent),
        opening,
        steps,
    })
}

/// Submits the order that a sequence works on.
async fn begin(service: &Service, order: &Order) -> String {
    if matches!(order.start, Start::Duplicate | Start::DuplicateOnly) {
        submit(service, &tch(order.plan)).await;
    }
    id(&submit(service, &order.json()).await)
}

/// Everything that became of the cases, by word: what the sequences do not reach they do not prove.
static REACHED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// What they have to reach: every status, and everything that happens to a case.
const WORTH_REACHING: [&str; 26] = [
    "in_progress",
    "completed",
    "authorized",
    "non_authorized",
    "multiple_decisions_rendered",
    "review_cancelled",
    "claimed",
    "claim_released",
    "claim_expired",
    "duplicate_decided",
    "information_requested",
    "peer_to_peer_offered",
    "peer_to_peer_scheduled",
    "peer_to_peer_held",
    "peer_to_peer_declined",
    "peer_to_peer_unreachable",
    "determined",
    "reviewed_for_expiry",
    "denied_at_deadline",
    "deadline_passed",
    "escalated",
    "updated",
    "withdrawn",
    "s_codes_voided",
    "reconsideration_upheld",
    "reconsideration_overturned",
];

async fn run(sequence: &Sequence) {
    let service = Service::with_rosters().await;
    let case_id = begin(&service, &sequence.order).await;
    let mut model = Model::new(sequence.order);
    let mut before = checks::read(&service, &case_id).await;
    checks::agree(&model, &before, &before);
    let mut order_id: Option<String> = None;
    let opening = sequence.opening.iter().cloned().map(|act| Step { acts: vec![act], heedless: true });
    for (step, choice) in opening.chain(sequence.steps.iter().cloned()).enumerate() {
        let one = choice.choose(&model);
        let answer = match one {
            Act::Patch { by, what, stale } => {
                change(&service, &case_id, by, &model.order.patch(*what), *stale, model.version).await
            }
            one => send(one, &service, &case_id, &reconsideration(&service, &case_id).await, model.version).await,
        };
        let after = checks::read(&service, &case_id).await;
        let code = answer.status.as_u16();
        let told = format!("step {step}, {one:?}: {code} {:.300}", answer.text);
        match model.expect(one) {
            Ok(next) => {
                assert!(answer.status.is_success(), "has to be done: {told}");
                model = next;
            }
            Err(faults) => {
                assert!(faults.contains(&code), "has to be refused with one of {faults:?}: {told}");
                assert!(after == before, "a refused call changes nothing: {told}");
            }
        }
        let agrees = std::panic::catch_unwind(AssertUnwindSafe(|| checks::agree(&model, &before, &after)));
        agrees.unwrap_or_else(|panic| panic!("{}: {told}", words(panic.as_ref())));
        checks::denials_are_a_physicians(&service, &case_id).await;
        if let Some(number) = after.case["order_id"].as_str() {
            assert_eq!(order_id.get_or_insert_with(|| number.to_owned()), number, "a case has one Order ID: {told}");
        }
        REACHED.lock().expect("nobody panics here").insert(model.status().to_owned());
        service.get(&format!("/v1/orders/{case_id}"), OTHER_PRACTICE).await.assert_problem(404, "not-found");
        before = after;
    }
    REACHED.lock().expect("nobody panics here").extend(model.events.iter().map(|kind| (*kind).to_owned()));
}

/// The id of the case's reconsideration, or nobody's.
async fn reconsideration(service: &Service, case_id: &str) -> String {
    let found: Option<uuid::Uuid> = sqlx::query_scalar("select reconsideration_id from reconsiderations where case_id = $1")
        .bind(case_id.parse::<uuid::Uuid>().unwrap())
        .fetch_optional(&service.app.pool)
        .await
        .unwrap();
    found.unwrap_or_default().to_string()
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().map_or(otherwise, |text| text.parse().expect("a number"))
}

/// What a panic says.
fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
}

/// One sequence, and where it fails the shortest one that does.
fn try_seed(seed: u64) -> Result<(), String> {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config = Config { cases: 1, failure_persistence: None, max_shrink_iters: 60, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let tried = runner.run(&sequence(), |sequence| {
        let done = runtime.block_on(AssertUnwindSafe(run(&sequence)).catch_unwind());
        done.map_err(|panic| TestCaseError::fail(words(panic.as_ref())))
    });
    tried.map_err(|error| format!("ONCOAUTH_DESK_SEED={seed} ONCOAUTH_DESK_SEQUENCES=1 runs it again: {error}"))
}

// proves DUP-02, DRG-05, DRG-06, CAS-04, CAS-05, CAS-06, CAS-07, CAS-08, CAS-09, DET-02, DET-03, DET-04, DET-05, DET-06, DET-09, APP-01,
// APP-02, APP-03, APP-04, SCD-11, SCD-13, SUB-08, PRV-02
#[test]
fn whatever_anybody_does_in_whatever_order_a_case_is_what_the_requirements_say() {
    let (first, count) = (number("ONCOAUTH_DESK_SEED", 1), number("ONCOAUTH_DESK_SEQUENCES", 96));
    let next = AtomicU64::new(first);
    let workers = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    let failures: Vec<String> = std::thread::scope(|scope| {
        let work = || {
            let mut failures = Vec::new();
            while failures.is_empty() {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if seed >= first + count {
                    break;
                }
                failures.extend(try_seed(seed).err());
            }
            failures
        };
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("a worker")).collect()
    });
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    let reached = REACHED.lock().expect("nobody panicked");
    let missed: Vec<_> = WORTH_REACHING.iter().filter(|word| !reached.contains(**word)).collect();
    assert!(count < 96 || missed.is_empty(), "no sequence came to {missed:?}; begin with another seed");
}
