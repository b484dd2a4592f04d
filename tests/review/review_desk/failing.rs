//! What runs by itself and fails: a case over which the service panics, and a job that cannot run at all.

use crate::support::desk::*;
use crate::support::http::Service;
use oncoauth::app::{Settings, sandbox_rosters};
use oncoauth::jobs;
use serde_json::{Value, json};
use std::sync::Mutex;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;
use uuid::Uuid;

/// Whose timers panic.
static POISONED: Mutex<Option<Uuid>> = Mutex::new(None);

fn panics(_kind: &str, case_id: Uuid) {
    let poisoned = *POISONED.lock().unwrap();
    assert!(poisoned != Some(case_id), "over the case of Test Member");
}

async fn failed_jobs(service: &Service) -> Vec<Value> {
    let answer = service.get("/v1/failed-jobs", ADMINISTRATOR).await;
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.text);
    assert!(!answer.text.contains("Test Member"), "{}", answer.text);
    answer.json()["items"].as_array().unwrap().clone()
}

async fn count_sessions(service: &Service) -> i64 {
    sqlx::query_scalar("select count(*) from portal_sessions").fetch_one(&service.app.pool).await.unwrap()
}

async fn retry(service: &Service, id: &Value) -> Value {
    let answer = service.post(&format!("/v1/failed-jobs/{}/retries", id.as_str().unwrap()), ADMINISTRATOR, &json!({})).await;
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.text);
    answer.json()
}

// proves DET-05
#[tokio::test]
async fn a_case_that_panics_is_put_off_and_listed_and_the_others_have_their_deadlines() {
    let service = Service::start(Settings { sandbox: true, before_timer: Some(panics), ..Settings::default() }).await;
    sandbox_rosters::load_missing(&service.app).await.unwrap();
    let mut cases = Vec::new();
    for plan in [BMA, OVM, QCCP] {
        cases.push(id(&submit(&service, &custom(plan)).await));
    }
    *POISONED.lock().unwrap() = Some(cases[0].parse().unwrap());
    service.app.clock.freeze_at("2026-12-20T15:00:00Z".parse().unwrap());
    jobs::tick(&service.app).await.unwrap();
    for case_id in &cases[1..] {
        assert!(kinds(&service, case_id).await.contains(&"deadline_passed".to_owned()), "{case_id} has had its deadline");
    }
    assert_eq!(kinds(&service, &cases[0]).await, ["submitted"], "the other is as it was");
    let failed = failed_jobs(&service).await;
    let [job] = failed.as_slice() else { panic!("{failed:?}") };
    assert_eq!((&job["kind"], &job["case_id"]), (&json!("pend_deadline"), &json!(cases[0])));
    assert_eq!((&job["attempts"], &job["failure"]), (&json!(1), &json!("panicked")));
    assert_eq!(job["next_attempt_at"], "2026-12-20T15:01:00Z");
    let ready = service.get("/readyz", "").await;
    assert_eq!(ready.status.as_u16(), 200);
    assert_eq!(ready.text, "ready\nfailed jobs: 1, see GET /v1/failed-jobs\n");
    let metrics = service.get("/metrics", "").await.text;
    let counted = "oncoauth_timers_total{kind=\"pend_deadline\",outcome=\"panicked\"} ";
    assert!(metrics.contains(counted) && metrics.contains("oncoauth_failed_jobs "), "{metrics}");
    // not again before its time, then again, and each time later
    jobs::tick(&service.app).await.unwrap();
    assert_eq!(failed_jobs(&service).await[0]["attempts"], 1);
    service.app.clock.freeze_at("2026-12-20T15:01:00Z".parse().unwrap());
    jobs::tick(&service.app).await.unwrap();
    let failed = failed_jobs(&service).await;
    assert_eq!((&failed[0]["attempts"], &failed[0]["next_attempt_at"]), (&json!(2), &json!("2026-12-20T15:03:00Z")));
    assert_eq!(failed[0]["failed_job_id"], job["failed_job_id"]);
    assert_eq!(failed[0]["first_failed_at"], "2026-12-20T15:00:00Z");
    // the administrator tries again, in vain and then not
    let in_vain = retry(&service, &job["failed_job_id"]).await;
    assert_eq!((&in_vain["done"], &in_vain["failed_job"]["attempts"]), (&json!(false), &json!(3)));
    *POISONED.lock().unwrap() = None;
    assert_eq!(retry(&service, &job["failed_job_id"]).await, json!({"done": true, "failed_job": null}));
    assert_eq!(kinds(&service, &cases[0]).await.iter().filter(|kind| *kind == "deadline_passed").count(), 1);
    assert_eq!(failed_jobs(&service).await, Vec::<Value>::new());
    assert_eq!(service.get("/readyz", "").await.text, "ready\n");
    let address = format!("/v1/failed-jobs/{}/retries", job["failed_job_id"].as_str().unwrap());
    service.post(&address, ADMINISTRATOR, &json!({})).await.assert_problem(404, "not-found");
}

// proves DET-05
#[tokio::test]
async fn a_timer_that_hangs_is_given_up_put_off_and_lets_go_of_its_case() {
    let job_limit = Duration::from_secs(1);
    let service = Service::start(Settings { sandbox: true, job_limit, ..Settings::default() }).await;
    sandbox_rosters::load_missing(&service.app).await.unwrap();
    let case_id = id(&submit(&service, &custom(BMA)).await);
    service.app.clock.freeze_at("2026-12-20T15:00:00Z".parse().unwrap());
    let mut holder = service.app.pool.begin().await.unwrap();
    sqlx::query("lock table case_events in exclusive mode").execute(&mut *holder).await.unwrap();
    let begun = Instant::now();
    oncoauth::app::timers::run_free_timers(&service.app, service.app.clock.now()).await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    let failed = failed_jobs(&service).await;
    let [job] = failed.as_slice() else { panic!("{failed:?}") };
    assert_eq!((&job["case_id"], &job["attempts"]), (&json!(case_id), &json!(1)));
    drop(holder);
    assert_eq!(retry(&service, &job["failed_job_id"]).await, json!({"done": true, "failed_job": null}));
}

// proves DET-05
#[tokio::test]
async fn neither_looking_for_a_timer_nor_the_end_of_its_work_hangs_for_ever() {
    let job_limit = Duration::from_millis(300);
    let service = Service::start(Settings { sandbox: true, job_limit, ..Settings::default() }).await;
    sandbox_rosters::load_missing(&service.app).await.unwrap();
    let case_id = id(&submit(&service, &custom(BMA)).await);
    service.app.clock.freeze_at("2026-12-20T15:00:00Z".parse().unwrap());
    let run = async || oncoauth::app::timers::run_free_timers(&service.app, service.app.clock.now()).await;
    let mut holder = service.app.pool.begin().await.unwrap();
    sqlx::query("lock table timers in access exclusive mode").execute(&mut *holder).await.unwrap();
    let begun = Instant::now();
    run().await.unwrap_err();
    assert!(begun.elapsed() < Duration::from_secs(3), "looking: {:?}", begun.elapsed());
    drop(holder);
    // a server that does not give up when it is told to, at the end of the work
    let hanging = "create function hang() returns trigger language plpgsql as $$ begin
                     begin perform pg_sleep(10); exception when query_canceled then perform pg_sleep(20); end; return null; end $$;
                   create constraint trigger hangs after update on cases deferrable initially deferred for each row execute function hang()";
    sqlx::raw_sql(hanging).execute(&service.app.pool).await.unwrap();
    let begun = Instant::now();
    let given_up = run().await.unwrap_err().to_string();
    assert!(begun.elapsed() < Duration::from_secs(15) && given_up.contains("could not be put off"), "{given_up}");
    let end =
        "select pg_terminate_backend(pid) from pg_stat_activity where query ilike 'commit%' and datname = current_database()";
    sqlx::query(end).execute(&service.app.pool).await.unwrap();
    sqlx::query("drop trigger hangs on cases").execute(&service.app.pool).await.unwrap();
    run().await.unwrap();
    assert!(kinds(&service, &case_id).await.contains(&"deadline_passed".to_owned()));
}

// proves DET-05
#[tokio::test]
async fn a_timer_whose_connection_breaks_is_put_off_all_the_same() {
    let service = Service::with_rosters().await;
    let case_id = id(&submit(&service, &custom(BMA)).await);
    service.app.clock.freeze_at("2026-12-20T15:00:00Z".parse().unwrap());
    let mut holder = service.app.pool.begin().await.unwrap();
    sqlx::query("lock table case_events in exclusive mode").execute(&mut *holder).await.unwrap();
    let break_it = "select pg_terminate_backend(pid) from pg_locks where not granted and relation = 'case_events'::regclass
                    and database = (select oid from pg_database where datname = current_database())";
    let breaking = async {
        let begun = Instant::now();
        while sqlx::query(break_it).fetch_optional(&mut *holder).await.unwrap().is_none() {
            assert!(begun.elapsed() < Duration::from_secs(30), "no timer ran");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let (ran, ()) = tokio::join!(oncoauth::app::timers::run_free_timers(&service.app, service.app.clock.now()), breaking);
    ran.unwrap();
    let failed = failed_jobs(&service).await;
    let [job] = failed.as_slice() else { panic!("{failed:?}") };
    assert_eq!((&job["case_id"], &job["attempts"]), (&json!(case_id), &json!(1)));
}

// proves DET-05
/// A database on which timers had failed before failures were listed.
#[tokio::test]
async fn what_had_failed_before_the_list_was_is_on_it() {
    let service = Service::with_rosters().await;
    submit(&service, &custom(BMA)).await;
    let before = "alter table timers drop column failed_job_id, drop column first_failed_at, drop column last_failed_at;
                  update timers set attempts = 2, last_failure = 'failed'";
    sqlx::raw_sql(before).execute(&service.app.pool).await.unwrap();
    sqlx::raw_sql(include_str!("../../../migrations/0120_failed_jobs.sql")).execute(&service.app.pool).await.unwrap();
    let failed = failed_jobs(&service).await;
    assert_eq!((failed.len(), &failed[0]["attempts"]), (1, &json!(2)), "{failed:?}");
    // it names a case, and so is a read of it
    let of_case = "select count(*) from accesses where operation = 'GET /v1/failed-jobs' and case_id is not null";
    assert_eq!(crate::support::submit::count(&service, of_case).await, 1);
}

// proves DET-11
#[tokio::test]
async fn a_job_that_cannot_run_is_told_and_keeps_no_other() {
    let service = Service::with_rosters().await;
    submit(&service, &tch(BMA)).await;
    // somebody who has long gone, and keys that cannot be purged
    oncoauth::app::sessions::sign_in_to_sandbox(&service.app, "sandbox-nurse").await.unwrap();
    service.app.clock.freeze_at(service.app.clock.now() + chrono::TimeDelta::minutes(30));
    for renaming in ["alter table timers rename to no_timers", "alter table idempotency_keys rename to no_keys"] {
        sqlx::query(renaming).execute(&service.app.pool).await.unwrap();
    }
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn(jobs::run(service.app.clone(), async { drop(stopped.await) }));
    let feed = format!("/v1/feeds/{BMA}/events");
    let begun = Instant::now();
    while service.get(&feed, ADMINISTRATOR).await.json()["items"].as_array().unwrap().is_empty()
        || !service.get("/readyz", "").await.text.contains("job timers: failed ")
    {
        assert!(begun.elapsed() < Duration::from_secs(30), "{}", service.get("/readyz", "").await.text);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    while count_sessions(&service).await > 0 || !service.get("/readyz", "").await.text.contains("job purge: failed ") {
        assert!(begun.elapsed() < Duration::from_secs(30), "{}", service.get("/readyz", "").await.text);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    for renaming in ["alter table no_timers rename to timers", "alter table no_keys rename to idempotency_keys"] {
        sqlx::query(renaming).execute(&service.app.pool).await.unwrap();
    }
    while service.get("/readyz", "").await.text != "ready\n" {
        assert!(begun.elapsed() < Duration::from_mins(1), "{}", service.get("/readyz", "").await.text);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    stop.send(()).unwrap();
    running.await.unwrap();
}
