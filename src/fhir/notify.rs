//! Telling subscribers: the handshake, then each event with the whole answer as it stands.

use super::answer::Known;
use super::outcome::Failure;
use super::write::bundle::Sent;
use super::write::claim_response::Kind;
use super::write::{Context, subscription as write};
use crate::app::background::PANICKED;
use crate::app::feeds;
use crate::app::subscriptions::{self, Claimed, Next, Outcome, Turn};
use crate::app::{App, Caller, Result};
use futures_util::FutureExt as _;
use serde_json::Value;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// After so long, others get a turn.
const TURN: Duration = Duration::from_secs(5);
/// What is said of an answer that this service itself cannot write out.
const NOT_WRITTEN_OUT: &str = "not_written_out";

/// Serves a claimed subscription; a panic is a failure of its delivery like any other.
pub async fn serve(app: &App, claimed: Claimed) -> Result<()> {
    match AssertUnwindSafe(turn(app, &claimed)).catch_unwind().await {
        Ok(served) => served,
        Err(_) => Turn::new(app, &claimed).fail(PANICKED).await.map(drop),
    }
}

/// Publishes what happened by now, and serves every subscription that is due.
pub async fn serve_due(app: &App) -> Result<()> {
    feeds::publish(app).await?;
    for claimed in subscriptions::claim_due(app).await? {
        serve(app, claimed).await?;
    }
    Ok(())
}

async fn turn(app: &App, claimed: &Claimed) -> Result<()> {
    let in_force = Arc::clone(app.library.in_force(app.clock.now().date_naive()));
    let base = super::base(app);
    let context = Context { base: &base, content: &in_force };
    let mut turn = Turn::new(app, claimed);
    if let Some(hindrance) = turn.hindrance() {
        return turn.fail(hindrance).await.map(drop);
    }
    if claimed.is_new {
        let handshake = write::handshake(claimed.subscription_id, claimed.delivered, app.clock.now(), context);
        if turn.shake_hands(&handshake.to_string()).await? == Outcome::Over {
            return Ok(());
        }
    }
    let began = Instant::now();
    while began.elapsed() < TURN
        && let Some(next) = turn.next().await?
    {
        let owner = turn.owner();
        let outcome = match answer(app, &owner, next, context).await {
            Ok(answer) => {
                let number = turn.delivered().saturating_add(1);
                let told = write::event(claimed.subscription_id, number, next.at, &answer, app.clock.now(), context);
                turn.tell(&owner, next, &told.to_string()).await?
            }
            Err(failure) if failure.is_not_found() => turn.pass_over(next).await?,
            Err(failure) => {
                let subscription_id = claimed.subscription_id;
                tracing::error!(%subscription_id, cause = failure.cause(), "an answer cannot be written out for a subscriber");
                turn.fail(NOT_WRITTEN_OUT).await?
            }
        };
        if outcome == Outcome::Over {
            return Ok(());
        }
    }
    turn.end().await
}

async fn answer(app: &App, owner: &Caller, next: Next, context: Context<'_>) -> std::result::Result<Value, Failure> {
    let known = Known::load(app, owner, next.case_id, context).await?;
    known.answer(Sent { of: None, kind: Kind::Response, context })
}
