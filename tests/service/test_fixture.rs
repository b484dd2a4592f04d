//! The test fixture itself: what the other tests rely on.
#![allow(clippy::expect_used, reason = "test crate")]

use crate::support;

use sqlx::{Connection, PgConnection};
use support::postgres::{MIGRATOR, database};

#[tokio::test]
async fn two_tests_never_see_each_others_rows() {
    let (one, two) = tokio::join!(database(), database());
    let mut inside = PgConnection::connect(&one.url).await.expect("connecting");
    sqlx::query("create table only_in_one ()").execute(&mut inside).await.expect("making a table");
    let mut other = PgConnection::connect(&two.url).await.expect("connecting");
    let seen: Option<String> =
        sqlx::query_scalar("select to_regclass('only_in_one')::text").fetch_one(&mut other).await.expect("looking");
    assert_eq!(seen, None);
}

#[tokio::test]
async fn a_test_database_has_every_migration() {
    let database = database().await;
    let mut inside = PgConnection::connect(&database.url).await.expect("connecting");
    let applied: i64 =
        sqlx::query_scalar("select count(*) from _sqlx_migrations where success").fetch_one(&mut inside).await.expect("counting");
    assert_eq!(usize::try_from(applied), Ok(MIGRATOR.iter().count()));
}

#[tokio::test]
async fn a_test_database_is_gone_after_its_test_though_somebody_is_connected() {
    let (kept, dropped) = tokio::join!(database(), database());
    let _still_connected = PgConnection::connect(&dropped.url).await.expect("connecting");
    let name = dropped.url.split('?').next().and_then(|url| url.rsplit('/').next()).expect("a name").to_owned();
    let mut inside = PgConnection::connect(&kept.url).await.expect("connecting");
    let count = "select count(*) from pg_database where datname = $1";
    assert_eq!(sqlx::query_scalar::<_, i64>(count).bind(&name).fetch_one(&mut inside).await.expect("counting"), 1);
    drop(dropped);
    assert_eq!(sqlx::query_scalar::<_, i64>(count).bind(&name).fetch_one(&mut inside).await.expect("counting"), 0);
}
