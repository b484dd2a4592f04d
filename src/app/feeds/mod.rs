//! What health plans are told: every event of every case of theirs, in an order that never changes (DET-11).

pub mod item;
mod outbox;

pub use item::FeedItem;
pub use outbox::publish;

use super::visibility::seen_by;
use super::{App, Caller, Error, Result};
use crate::domain::refusal::Fault;
use crate::store;
use sqlx::PgConnection;
use uuid::Uuid;

/// Where a feed begins: the cursor before its first item.
pub const BEGINNING: Uuid = Uuid::nil();

/// A part of a feed.
#[derive(Debug, Clone, PartialEq)]
pub struct FeedPart {
    /// The items, in order.
    pub items: Vec<FeedItem>,
    /// The cursor behind them: the id of the last item, or the one that was sent where there is none.
    pub next: Uuid,
}

/// Up to `limit` items of a plan's feed after the item with this id; from the beginning where none is given. Whatever was committed
/// before the call is there.
pub async fn read(app: &App, caller: &Caller, health_plan: &str, after: Option<Uuid>, limit: i64) -> Result<FeedPart> {
    check_plan(app, caller, health_plan)?;
    let after = after.unwrap_or(BEGINNING);
    publish(app).await?;
    let mut conn = seen_by(app, caller).await?;
    let position = position_of(&mut conn, health_plan, after, "?after").await?;
    let items = items_after(&mut conn, health_plan, position, limit).await?;
    for item in &items {
        caller.accessed.case(item.case_id);
    }
    let next = items.last().map_or(after, |item| item.event_id);
    Ok(FeedPart { items, next })
}

/// A plan that there is, and that the caller may know of.
pub(in crate::app) fn check_plan(app: &App, caller: &Caller, health_plan: &str) -> Result<()> {
    let known = app.library.in_force(app.clock.now().date_naive()).program_of_plan(health_plan).is_some();
    if known && caller.serves_plan(health_plan) { Ok(()) } else { Err(Error::NotFound) }
}

/// The position that a cursor stands for. One that is not of this feed is refused: guessing would lose events.
pub(in crate::app) async fn position_of(conn: &mut PgConnection, health_plan: &str, cursor: Uuid, pointer: &str) -> Result<i64> {
    if cursor == BEGINNING {
        return Ok(0);
    }
    store::feeds::position_of(conn, health_plan, cursor).await?.ok_or_else(|| {
        let message = "is not the id of an event of this feed: send `next` of the page before unchanged, or leave it out to begin \
                       with the first event";
        Error::invalid(vec![Fault::new(pointer, "unknown-cursor", message)])
    })
}

/// The items after a position, in order.
pub(in crate::app) async fn items_after(
    conn: &mut PgConnection,
    health_plan: &str,
    position: i64,
    limit: i64,
) -> Result<Vec<FeedItem>> {
    store::feeds::after(conn, health_plan, position, limit).await?.into_iter().map(FeedItem::of).collect()
}
