//! The health plans' feeds: case events in the order in which plans are told of them.
//!
//! The database puts every event into the outbox in the statement that writes it (`case_events_checked`). One transaction at a time moves what is committed from there into the feeds, each plan's with positions of its own.

use super::Result;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// An event that no feed has yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unsent {
    /// The case.
    pub case_id: Uuid,
    /// The event's place in the case's history.
    pub seq: i32,
}

/// True where an event is committed that is in no feed, or not visible in one yet.
pub async fn outbox_has_rows(conn: &mut PgConnection) -> Result<bool> {
    Ok(sqlx::query_scalar!(r#"select exists (select from feed_outbox) as "exist!""#).fetch_one(conn).await?)
}

/// Waits until nobody else moves events, and keeps others from it until the transaction ends.
pub async fn lock_outbox(conn: &mut PgConnection) -> Result<()> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('feed outbox', 0))").execute(conn).await?;
    Ok(())
}

/// Takes up to `limit` events from the outbox, by case and place in its history: an event is never taken before an earlier one of
/// its case, because the earlier one was committed before it.
pub async fn take_from_outbox(conn: &mut PgConnection, limit: i64) -> Result<Vec<Unsent>> {
    let mut taken = sqlx::query_as!(
        Unsent,
        "delete from feed_outbox where ctid = any(array(select ctid from feed_outbox order by case_id, seq limit $1))
         returning case_id, seq",
        limit,
    )
    .fetch_all(conn)
    .await?;
    taken.sort_unstable(); // they come in the order of the heap
    Ok(taken)
}

/// Appends events to the feeds of their cases' plans, in this order, under these ids.
pub async fn append(conn: &mut PgConnection, events: &[Unsent], event_ids: &[Uuid]) -> Result<u64> {
    let case_ids: Vec<Uuid> = events.iter().map(|event| event.case_id).collect();
    let seqs: Vec<i32> = events.iter().map(|event| event.seq).collect();
    let done = sqlx::query!(
        "with taken as (
           select c.health_plan, t.case_id, t.seq, t.event_id, row_number() over (partition by c.health_plan order by t.place) as place
           from unnest($1::uuid[], $2::int[], $3::uuid[]) with ordinality as t (case_id, seq, event_id, place)
           join cases c on c.case_id = t.case_id and c.shard = shard_of_id(t.case_id)
         ), added as (
           select health_plan, count(*) as events from taken group by health_plan
         ), feed as (
           insert into feeds as feed (health_plan, last_position) select health_plan, events from added
           on conflict (health_plan) do update set last_position = feed.last_position + excluded.last_position
           returning health_plan, last_position
         )
         insert into feed_events (health_plan, position, event_id, case_id, seq)
         select taken.health_plan, feed.last_position - added.events + taken.place, taken.event_id, taken.case_id, taken.seq
         from taken join added on added.health_plan = taken.health_plan join feed on feed.health_plan = taken.health_plan",
        &case_ids,
        &seqs,
        event_ids,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// Where an event stands in a plan's feed; none where that feed does not have it.
pub async fn position_of(conn: &mut PgConnection, health_plan: &str, event_id: Uuid) -> Result<Option<i64>> {
    let position =
        sqlx::query_scalar!("select position from feed_events where event_id = $1 and health_plan = $2", event_id, health_plan,);
    Ok(position.fetch_optional(conn).await?)
}

/// An event of a feed.
#[derive(Debug, Clone, PartialEq)]
pub struct FeedEvent {
    /// Its place in the feed, from 1, without gaps.
    pub position: i64,
    /// Its id, always the same.
    pub event_id: Uuid,
    /// Its place in the case's history, from 1.
    pub seq: i32,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// What happened.
    pub kind: String,
    /// Why.
    pub reason: Option<String>,
    /// Particulars.
    pub detail: Option<serde_json::Value>,
    /// Health plan of the case.
    pub health_plan: String,
    /// The member's number on the plan's file.
    pub member_id: String,
    /// The case as it stood after the event.
    pub document: String,
}

/// Up to `limit` events of a plan's feed after a position, in order. Positions have no gaps, so that a page is a range of them: whatever
/// the planner believes of the tables, it does not touch more.
pub async fn after(conn: &mut PgConnection, health_plan: &str, position: i64, limit: i64) -> Result<Vec<FeedEvent>> {
    let events = sqlx::query_as!(
        FeedEvent,
        r#"select f.position, f.event_id, f.seq, e.at, e.kind, e.reason, e.detail, f.health_plan, c.member_id,
             stood.document::text as "document!"
           from feed_events f
           join case_events e on e.case_id = f.case_id and e.shard = shard_of_id(f.case_id) and e.seq = f.seq
           join cases c on c.case_id = e.case_id and c.shard = e.shard
           cross join lateral (
             select d.document from case_events d
             where d.case_id = e.case_id and d.shard = e.shard and d.seq <= f.seq and d.document is not null
             order by d.seq desc limit 1) as stood
           where f.health_plan = $1 and f.position > $2 and f.position <= $2 + $3::bigint
           order by f.position"#,
        health_plan,
        position,
        limit,
    )
    .fetch_all(conn)
    .await?;
    Ok(events)
}
