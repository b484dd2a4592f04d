//! Whether the database can write.

use super::Result;
use sqlx::{Connection as _, PgConnection};

/// Writes a little, to a temporary file as to a table: on a disk without room, on a standby and on a server that is set to read only, this
/// fails. The sort is larger than what it may keep in memory.
pub async fn write_a_little(conn: &mut PgConnection) -> Result<()> {
    let mut transaction = conn.begin().await?;
    sqlx::query("select set_config('work_mem', '64kB', true)").execute(&mut *transaction).await?;
    sqlx::query(
        "select count(*) from (select number from generate_series(1, 20000) as number order by md5(number::text)) as sorted",
    )
    .execute(&mut *transaction)
    .await?;
    sqlx::query("update readiness set at = now()").execute(&mut *transaction).await?;
    Ok(transaction.commit().await?)
}
