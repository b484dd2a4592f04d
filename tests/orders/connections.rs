//! Connections that break while they idle: the next call is answered as if nothing had happened, and stores once what it stores.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "test crate")]

use crate::support;

use oncoauth::store::pool::{Keeping, begin_by_key};
use serde_json::json;
use sqlx::Row as _;
use sqlx::postgres::PgPoolOptions;
use support::http::Service;
use support::submit::{ADMINISTRATOR, ORDERING, assert_created, authorized_order, count, sandbox};

/// Ends every connection of the service's database but the one that asks.
async fn break_connections(service: &Service) {
    sqlx::query(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
    )
    .fetch_all(&service.app.pool)
    .await
    .unwrap();
}

#[tokio::test]
async fn reads_searches_and_orders_are_answered_after_the_server_ended_every_connection() {
    let service = sandbox().await;
    let case = assert_created(&service.post("/v1/orders", ORDERING, &authorized_order()).await);
    let path = format!("/v1/orders/{}", case["case_id"].as_str().unwrap());

    break_connections(&service).await;
    let read = service.get(&path, ORDERING).await;
    assert_eq!(read.status, 200, "{}", read.text);

    break_connections(&service).await;
    let verified = service.post("/v1/verifications", ORDERING, &json!({"order_id": case["order_id"]})).await;
    assert_eq!(verified.json()["authorized"], true, "{}", verified.text);

    break_connections(&service).await;
    let found = service.get("/v1/providers?q=clinician", ORDERING).await;
    assert_eq!(found.status, 200, "{}", found.text);

    break_connections(&service).await;
    assert_created(&service.post("/v1/orders", ORDERING, &authorized_order()).await);
    assert_eq!(count(&service, "select count(*) from cases").await, 2);
}

#[tokio::test]
async fn a_connection_that_was_let_go_in_a_transaction_is_not_used_again_and_stores_nothing() {
    let service = Service::sandbox().await;
    let options = service.app.pool.connect_options().as_ref().clone();
    let pool = Keeping::default().kept(PgPoolOptions::new().max_connections(1)).connect_with(options).await.unwrap();
    let process = "select pg_backend_pid()";
    let before: i32 = sqlx::query_scalar(process).fetch_one(&pool).await.unwrap();
    let mut left = pool.acquire().await.unwrap();
    for statement in
        ["begin", "insert into enquiries values (gen_random_uuid(), now(), 'a', 'b', null, 'order', 'refused', null, null, '{}')"]
    {
        sqlx::query(statement).execute(&mut *left).await.unwrap();
    }
    drop(left);
    let rows: i64 = sqlx::query_scalar("select count(*) from enquiries").fetch_one(&pool).await.unwrap();
    let after: i32 = sqlx::query_scalar(process).fetch_one(&pool).await.unwrap();
    assert_eq!((rows, pool.size()), (0, 1));
    assert_ne!(before, after);
    // one that comes back in order is kept
    let again: i32 = sqlx::query_scalar(process).fetch_one(&pool).await.unwrap();
    assert_eq!(after, again);
}

#[tokio::test]
async fn without_its_database_the_calls_that_are_many_are_refused_like_any_other() {
    let service = sandbox().await;
    service.get("/v1/providers?q=clinician", ADMINISTRATOR).await;
    service.app.pool.close().await;
    let refused = service.get("/v1/providers?q=clinician", ADMINISTRATOR).await;
    refused.assert_problem(503, "temporarily-unavailable");
}

/// Whatever hangs, the server ends it: a statement, a wait for a lock, a transaction that nobody goes on with.
#[tokio::test]
async fn every_connection_has_limits_of_time() {
    let service = sandbox().await;
    let limits = "select current_setting('statement_timeout') as statement, current_setting('lock_timeout') as lock,
                    current_setting('idle_in_transaction_session_timeout') as idle";
    let of_pool = sqlx::query(limits).fetch_one(&service.app.pool).await.unwrap();
    let mut by_key = begin_by_key(&service.app.pool).await.unwrap();
    let of_many = sqlx::query(limits).fetch_one(&mut *by_key).await.unwrap();
    for (row, expected) in [(of_pool, ["30s", "5s", "1min"]), (of_many, ["8s", "3s", "10s"])] {
        let told: [String; 3] = std::array::from_fn(|column| row.get(column));
        assert_eq!(told, expected);
    }
}
