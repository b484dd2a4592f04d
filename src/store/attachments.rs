//! Clinical documents, in pieces (INF-07).

use super::{Error, Result, shard_of};
use crate::domain::attachment::{Attachment, MediaType, Purpose, Scan};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// Bytes of every piece but the last.
pub const CHUNK: usize = 256 * 1024;

/// A document to store; its pieces follow in the same transaction.
#[derive(Debug, Clone, Copy)]
pub struct NewAttachment<'a> {
    /// Id.
    pub attachment_id: Uuid,
    /// The case.
    pub case_id: Uuid,
    /// Name without path.
    pub file_name: &'a str,
    /// What it is.
    pub media_type: MediaType,
    /// Size in bytes.
    pub size_bytes: u64,
    /// SHA-256 of its bytes.
    pub sha256: &'a [u8; 32],
    /// What the sender says it is.
    pub description: Option<&'a str>,
    /// What it came for.
    pub purpose: Purpose,
    /// When.
    pub received_at: DateTime<Utc>,
    /// Who sent it.
    pub received_from: &'a str,
    /// As what.
    pub received_as: &'a str,
    /// What the virus scanner said.
    pub scan: Scan,
}

/// Stores what is known of a document. The database refuses to commit it without all of its pieces.
pub async fn insert(conn: &mut PgConnection, one: &NewAttachment<'_>) -> Result<()> {
    sqlx::query!(
        "insert into attachments (attachment_id, case_id, file_name, media_type, size_bytes, sha256, description, purpose, received_at,
           received_from, received_as, scan, shard)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        one.attachment_id,
        one.case_id,
        one.file_name,
        one.media_type.as_str(),
        i64::try_from(one.size_bytes).unwrap_or(i64::MAX),
        one.sha256.as_slice(),
        one.description,
        one.purpose.as_str(),
        one.received_at,
        one.received_from,
        one.received_as,
        one.scan.as_str(),
        shard_of(one.case_id),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Stores piece `n`, from 0; all but the last have [`CHUNK`] bytes.
pub async fn insert_chunk(conn: &mut PgConnection, attachment_id: Uuid, n: i32, bytes: &[u8]) -> Result<()> {
    sqlx::query!(
        "insert into attachment_chunks (attachment_id, n, bytes, shard) values ($1, $2, $3, $4)",
        attachment_id,
        n,
        bytes,
        shard_of(attachment_id),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Piece `n` of a document.
pub async fn chunk(conn: &mut PgConnection, attachment_id: Uuid, n: i32) -> Result<Option<Vec<u8>>> {
    let bytes = sqlx::query_scalar!(
        "select bytes from attachment_chunks where attachment_id = $1 and shard = $3 and n = $2",
        attachment_id,
        n,
        shard_of(attachment_id),
    )
    .fetch_optional(conn)
    .await?;
    Ok(bytes)
}

struct Row {
    attachment_id: Uuid,
    case_id: Uuid,
    file_name: String,
    media_type: String,
    size_bytes: i64,
    sha256: Vec<u8>,
    description: Option<String>,
    purpose: String,
    received_at: DateTime<Utc>,
    received_from: String,
    received_as: String,
    scan: String,
}

impl TryFrom<Row> for Attachment {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let corrupt = |why: &str| Error::Corrupt { what: "attachments", why: why.to_owned() };
        Ok(Self {
            attachment_id: row.attachment_id,
            case_id: row.case_id,
            file_name: row.file_name,
            media_type: MediaType::parse(&row.media_type).ok_or_else(|| corrupt("no such media type"))?,
            size_bytes: u64::try_from(row.size_bytes).map_err(|_| corrupt("a negative size"))?,
            sha256: hex(&row.sha256),
            description: row.description,
            purpose: Purpose::parse(&row.purpose).ok_or_else(|| corrupt("no such purpose"))?,
            received_at: row.received_at,
            received_from: row.received_from,
            received_as: row.received_as,
            scan: Scan::parse(&row.scan).ok_or_else(|| corrupt("no such scan"))?,
        })
    }
}

/// Bytes in hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // writing to a String does not fail
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// What is known of a document.
pub async fn find(conn: &mut PgConnection, attachment_id: Uuid) -> Result<Option<Attachment>> {
    let row = sqlx::query_as!(
        Row,
        "select attachment_id, case_id, file_name, media_type, size_bytes, sha256, description, purpose, received_at, received_from,
           received_as, scan
         from attachments where attachment_id = $1 and shard = $2",
        attachment_id,
        shard_of(attachment_id),
    )
    .fetch_optional(conn)
    .await?;
    row.map(Attachment::try_from).transpose()
}

/// Every document of a case, in the order in which they arrived.
pub async fn of_case(conn: &mut PgConnection, case_id: Uuid) -> Result<Vec<Attachment>> {
    let rows = sqlx::query_as!(
        Row,
        "select attachment_id, case_id, file_name, media_type, size_bytes, sha256, description, purpose, received_at, received_from,
           received_as, scan
         from attachments where case_id = $1 and shard = $2 order by received_at, attachment_id",
        case_id,
        shard_of(case_id),
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Attachment::try_from).collect()
}

/// How many documents came for the reconsideration of a case.
pub async fn count_for_reconsideration(conn: &mut PgConnection, case_id: Uuid) -> Result<i64> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from attachments
           where case_id = $1 and shard = $2 and purpose = 'reconsideration'"#,
        case_id,
        shard_of(case_id),
    )
    .fetch_one(conn)
    .await?;
    Ok(count)
}

/// What decides whether a document is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Circumstances {
    /// True where a reviewer has asked the practice for information.
    pub asked: bool,
    /// True where the case has a reconsideration.
    pub reconsidered: bool,
    /// True where that is decided.
    pub reconsideration_decided: bool,
    /// Documents that the case has.
    pub stored: i64,
}

/// What decides whether a document is taken for a case.
pub async fn circumstances(conn: &mut PgConnection, case_id: Uuid) -> Result<Circumstances> {
    let found = sqlx::query_as!(
        Circumstances,
        r#"select
             exists (select from case_events where case_id = $1 and shard = $2 and kind = 'information_requested') as "asked!",
             exists (select from reconsiderations where case_id = $1 and shard = $2) as "reconsidered!",
             exists (select from reconsiderations where case_id = $1 and shard = $2 and decision is not null) as "reconsideration_decided!",
             (select count(*) from attachments where case_id = $1 and shard = $2) as "stored!""#,
        case_id,
        shard_of(case_id),
    )
    .fetch_one(conn)
    .await?;
    Ok(found)
}
