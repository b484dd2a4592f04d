//! Several processes on one database, and one that dies half way.

use crate::support::desk::*;
use crate::support::http::Service;
use oncoauth::app::App;
use oncoauth::clock::Clock;
use oncoauth::{jobs, store};
use serde_json::json;
use sqlx::ConnectOptions as _;
use sqlx::postgres::PgPoolOptions;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Cases that are overdue and taken by somebody who did not act, all at one time.
async fn due_at_once(service: &Service, count: usize) -> i64 {
    for number in 0..count {
        let plan = [BMA, OVM, QCCP][number % 3];
        let case_id = id(&submit(service, &custom(plan)).await);
        service.post(&format!("/v1/reviews/{case_id}/claims"), PHYSICIAN, &json!({})).await;
    }
    i64::try_from(count).unwrap()
}

/// One of each kind for every case, and nothing left.
async fn assert_done_once(service: &Service, cases: i64) {
    let counted: Vec<(String, i64, i64)> = sqlx::query_as(
        "select kind, count(*), count(distinct case_id) from case_events where kind in ('deadline_passed', 'claim_expired') group by kind",
    )
    .fetch_all(&service.app.pool)
    .await
    .unwrap();
    assert_eq!(counted.len(), 2, "{counted:?}");
    assert!(counted.iter().all(|(_, events, of)| (*events, *of) == (cases, cases)), "{counted:?}");
    let versions: Vec<i32> = sqlx::query_scalar("select distinct version from cases where status = 'in_progress'")
        .fetch_all(&service.app.pool)
        .await
        .unwrap();
    assert_eq!(versions, [2], "each case was changed once");
    assert_eq!(left(service).await, 0);
}

async fn left(service: &Service) -> i64 {
    sqlx::query_scalar("select count(*) from timers").fetch_one(&service.app.pool).await.unwrap()
}

const LATE: &str = "2026-11-26T15:00:00Z";

async fn another(service: &Service) -> App {
    let options = service.app.pool.connect_options().as_ref().clone();
    let pool = PgPoolOptions::new().max_connections(2).connect_with(options).await.unwrap();
    App::new(pool, service.app.library.clone(), service.app.settings.as_ref().clone())
        .with_clock(Clock::frozen_at(LATE.parse().unwrap()))
}

// proves DET-05
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_a_process_that_died_half_way_had_begun_is_undone_and_done_by_another() {
    let service = Service::with_rosters().await;
    let cases = due_at_once(&service, 2).await;
    // it has taken a timer and written half of what belongs to it
    let dying = another(&service).await;
    let mut transaction = dying.pool.begin().await.unwrap();
    let until = LATE.parse().unwrap();
    let (case_id, kind) =
        store::timers::next(&mut transaction, until, store::timers::Patience::PassOver).await.unwrap().expect("one is due");
    store::timers::take(&mut transaction, case_id, &kind, until).await.unwrap().expect("it is free");
    let half = "insert into case_events (case_id, shard, seq, at, kind, actor_subject, actor_role)
                select $1, shard_of_id($1), max(seq) + 1, $2, 'deadline_passed', 'service', 'service' from case_events where case_id = $1";
    sqlx::query(half).bind(case_id).bind(until).execute(&mut *transaction).await.unwrap();
    let backend: i32 = sqlx::query_scalar("select pg_backend_pid()").fetch_one(&mut *transaction).await.unwrap();
    // while it lives, the others pass its case over
    let living = another(&service).await;
    jobs::tick(&living).await.unwrap();
    let untouched: i64 = sqlx::query_scalar("select count(*) from timers where case_id = $1")
        .bind(case_id)
        .fetch_one(&service.app.pool)
        .await
        .unwrap();
    assert_eq!((left(&service).await, untouched), (2, 2));
    sqlx::query("select pg_terminate_backend($1)").bind(backend).execute(&service.app.pool).await.unwrap();
    assert!(transaction.commit().await.is_err(), "it is gone");
    // gone for the client is not yet gone for the server
    let begun = Instant::now();
    while left(&service).await > 0 && begun.elapsed() < Duration::from_secs(20) {
        jobs::tick(&living).await.unwrap();
    }
    assert_done_once(&service, cases).await;
}

/// A program of its own, stopped when the test ends.
struct Process(Child);

impl Process {
    fn serve(database_url: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_oncoauth"));
        command.args(["serve", "--sandbox", "--listen", "127.0.0.1:0", "--database-url", database_url]);
        Self(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("starting the program"))
    }

    fn kill(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

// proves DET-05
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_programs_of_which_one_is_killed_handle_each_deadline_and_each_claim_exactly_once() {
    let service = Service::with_rosters().await;
    let cases = due_at_once(&service, 30).await;
    let url = service.app.pool.connect_options().to_url_lossy().to_string();
    // the sandbox's clock is the database's: they all follow it
    let ahead = Clock::sandbox().offset_for(LATE.parse().unwrap());
    store::sandbox_clock::set_offset(&mut service.app.pool.acquire().await.unwrap(), ahead).await.unwrap();
    let mut processes = [Process::serve(&url), Process::serve(&url), Process::serve(&url)];
    let all = left(&service).await;
    let begun = Instant::now();
    let mut killed = false;
    while left(&service).await > 0 {
        assert!(begun.elapsed() < Duration::from_mins(1), "{} timers are left", left(&service).await);
        if !killed && left(&service).await < all {
            processes[0].kill();
            killed = true;
        }
        tokio::time::sleep(Duration::from_millis(5)).await; // watching other processes
    }
    assert_done_once(&service, cases).await;
}
