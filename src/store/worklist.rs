//! The reviewers' worklist. The statement is put together from the filters that are set, so that each shape gets a plan of its own.

use super::Result;
use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection, QueryBuilder};
use uuid::Uuid;

/// Which cases to list. What is not set does not matter.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// `nurse` or `physician`.
    pub queue: Option<&'static str>,
    /// Due before this instant, or not.
    pub due_before: Option<(DateTime<Utc>, bool)>,
    /// Case number.
    pub case_number: Option<String>,
    /// Program.
    pub program: Option<String>,
    /// Urgency.
    pub urgency: Option<&'static str>,
    /// Taken by this reviewer, or by nobody or another.
    pub claimed_by: Option<(String, bool)>,
}

/// A case that waits for a reviewer.
#[derive(Debug, Clone, PartialEq, FromRow)]
pub struct Waiting {
    /// Id.
    pub case_id: Uuid,
    /// Version of the case.
    pub version: i32,
    /// Whose work it is.
    pub review_queue: String,
    /// When the answer is due.
    pub due_at: DateTime<Utc>,
    /// Who has taken it.
    pub claimed_by: Option<String>,
    /// Since when.
    pub claimed_at: Option<DateTime<Utc>>,
    /// When it comes back.
    pub expires_at: Option<DateTime<Utc>>,
    /// The whole answer.
    pub document: String,
}

/// Up to `limit` cases, the one due first in front, after this due time and id.
pub async fn list(
    conn: &mut PgConnection,
    filter: &Filter,
    now: DateTime<Utc>,
    after: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<Waiting>> {
    let mut query = QueryBuilder::new(
        "with found as (select c.case_id, c.shard, c.version, c.review_queue, c.due_at, c.document_seq, r.claimed_by, r.claimed_at, r.expires_at
           from cases c left join review_claims r on r.case_id = c.case_id and r.shard = c.shard and r.expires_at > ",
    );
    query.push_bind(now).push(" where c.status = 'in_progress'");
    if let Some((due_at, case_id)) = after {
        query.push(" and (c.due_at, c.case_id) > (").push_bind(due_at).push(", ").push_bind(case_id).push(")");
    }
    if let Some(queue) = filter.queue {
        query.push(" and c.review_queue = ").push_bind(queue);
    }
    if let Some((instant, before)) = filter.due_before {
        query.push(if before { " and c.due_at < " } else { " and c.due_at >= " }).push_bind(instant);
    }
    if let Some(number) = &filter.case_number {
        query.push(" and c.case_number = ").push_bind(number.clone());
    }
    if let Some(program) = &filter.program {
        query.push(" and c.program = ").push_bind(program.clone());
    }
    if let Some(urgency) = filter.urgency {
        query.push(" and c.urgency = ").push_bind(urgency);
    }
    if let Some((subject, mine)) = &filter.claimed_by {
        query.push(if *mine { " and r.claimed_by = " } else { " and r.claimed_by is distinct from " }).push_bind(subject.clone());
    }
    query.push(" order by c.due_at, c.case_id limit ").push_bind(limit).push(
        ") select found.*, e.document::text as document from found
           join case_events e on e.case_id = found.case_id and e.shard = found.shard and e.seq = found.document_seq order by found.due_at, found.case_id",
    );
    Ok(query.build_query_as().fetch_all(conn).await?)
}

/// A case that waits for a reviewer, without anything about its member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Id.
    pub case_id: Uuid,
    /// Version of the case.
    pub version: i32,
    /// Program.
    pub program: String,
    /// Urgency.
    pub urgency: String,
    /// Whose work it is.
    pub review_queue: String,
    /// When the answer is due.
    pub due_at: DateTime<Utc>,
    /// Who has taken it.
    pub claimed_by: Option<String>,
    /// When it comes back.
    pub expires_at: Option<DateTime<Utc>>,
}

/// Every case that waits, the one due first in front.
pub async fn marks(conn: &mut PgConnection, now: DateTime<Utc>) -> Result<Vec<Mark>> {
    let marks = sqlx::query_as!(
        Mark,
        r#"select c.case_id, c.version, c.program, c.urgency, c.review_queue as "review_queue!", c.due_at as "due_at!",
             r.claimed_by as "claimed_by?", r.expires_at as "expires_at?"
           from cases c left join review_claims r on r.case_id = c.case_id and r.shard = c.shard and r.expires_at > $1
           where c.status = 'in_progress' order by c.due_at, c.case_id"#,
        now,
    )
    .fetch_all(conn)
    .await?;
    Ok(marks)
}
