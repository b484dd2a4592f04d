//! Calls that reach the database in one statement: each gets its own answer, and none pays for another one.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "test crate")]

use crate::support;

use futures_util::future::join_all;
use serde_json::{Value, json};
use support::http::{Answer, Service};
use support::submit::{
    HEALTH_PLAN, ORDERING, OTHER_PRACTICE, SERVICING, assert_created, authorized_order, count, for_member, pending_order,
    put_roster, sandbox, submit_with_key,
};

const MEMBERS: &str = "/v1/rosters/anthem-blue-medicare-advantage/members";
/// More than one statement is for.
const MANY: usize = 80;

fn identity(number: usize) -> (String, String) {
    (format!("XKM7{number:08}"), format!("Member{}", (b'a' + u8::try_from(number % 26).unwrap()) as char))
}

/// A sandbox with so many members.
async fn populated() -> Service {
    let service = sandbox().await;
    let row = |number| {
        let (member_id, last) = identity(number);
        json!({"member_id": member_id, "first_name": "Sample", "last_name": last, "birth_date": "1950-01-15",
               "line_of_business": "medicare_advantage", "coverage_from": "2020-01-01"})
        .to_string()
    };
    let rows: Vec<String> = (0..MANY).map(row).collect();
    let answer = put_roster(&service, HEALTH_PLAN, MEMBERS, rows.join("\n")).await;
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.text);
    service
}

/// The order of a member. Every third is one that pends, so that neighbours differ in what they write.
fn order(number: usize) -> Value {
    let (member_id, last) = identity(number);
    let order = if number.is_multiple_of(3) { pending_order() } else { authorized_order() };
    for_member(order, &member_id, "Sample", &last, "1950-01-15")
}

async fn place(service: &Service, key: &str, number: usize) -> Answer {
    submit_with_key(service, ORDERING, &format!("{key}-{number}"), &order(number)).await
}

async fn place_all(service: &Service) -> Vec<Answer> {
    join_all((0..MANY).map(async |number| place(service, "key", number).await)).await
}

// proves DET-01, DUP-03, VER-03
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whoever_asks_at_the_same_time_gets_the_answer_to_their_own_question() {
    let service = populated().await;
    let cases: Vec<Value> = place_all(&service).await.iter().map(assert_created).collect();
    for (number, case) in cases.iter().enumerate() {
        assert_eq!(case["request"]["member"]["member_id"], identity(number).0.as_str());
        let status = if number.is_multiple_of(3) { "in_progress" } else { "authorized" };
        assert_eq!(case["status"], status, "{case:#}");
    }
    // what was stored is what was answered, column by column
    let agree = "select count(*) from cases c join case_events e on e.case_id = c.case_id and e.seq = 1
                 where e.document ->> 'case_id' = c.case_id::text and e.document ->> 'status' = c.status
                   and e.document ->> 'order_id' is not distinct from c.order_id
                   and e.document -> 'request' -> 'member' ->> 'member_id' = c.member_id
                   and json_array_length(e.document -> 'drugs') = (select count(*) from case_lines d where d.case_id = c.case_id)
                   and json_array_length(e.document -> 's_codes') = (select count(*) from s_code_awards a where a.case_id = c.case_id)
                   and json_array_length(e.document -> 'letters') = (select count(*) from letters l where l.case_id = c.case_id)
                   and (select count(*) from timers t where t.case_id = c.case_id and t.due_at = c.due_at) = (c.status = 'in_progress')::int
                   and exists (select from idempotency_keys k where k.case_id = c.case_id
                                 and 'XKM7' || lpad(substr(k.key, 5), 8, '0') = c.member_id)
                   and c.visible_to = array['o900000001', 's900000002']";
    assert_eq!(usize::try_from(count(&service, agree).await).unwrap(), MANY);

    let ask = async |number: usize| {
        let case = &cases[number];
        let path = format!("/v1/orders/{}", case["case_id"].as_str().unwrap());
        let question = json!({"order_id": case["order_id"].as_str().unwrap_or("A000000000"), "hcpcs": "J9171"});
        let (mine, theirs, nobodys, verified, again) = tokio::join!(
            service.get(&path, ORDERING),
            service.get(&path, OTHER_PRACTICE),
            service.get("/v1/orders/01890000-0000-7000-8000-000000000000", ORDERING),
            service.post("/v1/verifications", SERVICING, &question),
            place(&service, "key", number),
        );
        assert_eq!(mine.json()["case_id"], case["case_id"], "{}", mine.text);
        theirs.assert_problem(404, "not-found");
        nobodys.assert_problem(404, "not-found");
        let verified = verified.json();
        assert_eq!((&verified["order_id"], &verified["authorized"]), (&case["order_id"], &json!(!number.is_multiple_of(3))));
        assert_eq!((again.header("idempotency-replayed"), &again.json()["case_id"]), ("true", &case["case_id"]));
    };
    join_all((0..MANY).map(ask)).await;
}

/// Who asks about another drug of the same order learns about that drug.
// proves VER-03
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn questions_about_several_drugs_of_one_order_are_not_mixed_up() {
    let service = populated().await;
    let cases = join_all((1..3).map(async |number| assert_created(&place(&service, "key", number).await))).await;
    let asked = ["J9171", "J9045", "J9355", "J9299", ""];
    let ask = async |number: usize| {
        let (case, code) = (&cases[number % 2], asked[number % asked.len()]);
        let mut question = json!({"order_id": case["order_id"]});
        if !code.is_empty() {
            question["hcpcs"] = json!(code);
        }
        let answer = service.post("/v1/verifications", SERVICING, &question).await.json();
        let lines =
            |drugs: &Value| drugs.as_array().unwrap().iter().map(|drug| (drug["line"].clone(), drug["hcpcs"].clone())).collect();
        let (told, mut expected): (Vec<_>, Vec<_>) = (lines(&answer["drugs"]), lines(&case["drugs"]));
        assert!(!expected.is_empty());
        expected.retain(|(_, hcpcs)| code.is_empty() || hcpcs == code);
        assert_eq!(told, expected, "{question}: {answer:#}");
        assert_eq!(answer["order_id"], case["order_id"]);
        assert_eq!(answer["authorized"], !expected.is_empty(), "{question}: {answer:#}");
        expected.len()
    };
    let found = join_all((0..MANY).map(ask)).await;
    assert!(found.contains(&0) && found.contains(&1) && found.iter().any(|lines| *lines > 1), "{found:?}");
}

// proves DUP-03
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_order_that_the_database_refuses_takes_no_other_with_it() {
    let service = populated().await;
    for statement in [
        "create function refuse_one() returns trigger language plpgsql as
         $$ begin raise exception 'refused' using errcode = 'integrity_constraint_violation'; end $$",
        "create trigger refuse_one before insert on cases for each row
         when (new.member_id in ('XKM700000007', 'XKM700000050')) execute function refuse_one()",
    ] {
        sqlx::query(statement).execute(&service.app.pool).await.unwrap();
    }
    let answers = place_all(&service).await;
    for (number, answer) in answers.iter().enumerate() {
        let expected = if matches!(number, 7 | 50) { 500 } else { 201 };
        assert_eq!(answer.status.as_u16(), expected, "{number}: {}", answer.text);
    }
    let (stored, tables) = (i64::try_from(MANY).unwrap() - 2, count(&service, "select count(*) from cases").await);
    assert_eq!(tables, stored);
    assert_eq!(count(&service, "select count(*) from idempotency_keys").await, stored);
    assert_eq!(count(&service, "select count(*) from member_ledger").await, stored);

    sqlx::query("drop trigger refuse_one on cases").execute(&service.app.pool).await.unwrap();
    for number in [7, 50] {
        assert_created(&place(&service, "key", number).await);
    }
}

// proves DUP-01, DUP-03
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn orders_of_one_member_among_those_of_many_see_each_other() {
    let service = populated().await;
    let again = async |number: usize| tokio::join!(place(&service, "one", number), place(&service, "other", number));
    for (one, other) in join_all((0..MANY).map(again)).await {
        let holds = [assert_created(&one), assert_created(&other)].map(|case| case["review"]["holds"].to_string());
        let held = holds.iter().filter(|holds| holds.contains("possible_duplicate")).count();
        assert_eq!(held, 1, "{holds:?}");
    }
}

// proves DET-01
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_member_whom_somebody_keeps_locked_holds_up_no_other_member() {
    let service = populated().await;
    assert_created(&place(&service, "before", 5).await);
    let mut locked = service.app.pool.begin().await.unwrap();
    sqlx::query("select from member_ledger where member_id = 'XKM700000005' for update").execute(&mut *locked).await.unwrap();
    let others = join_all((0..MANY).filter(|number| *number != 5).map(async |number| place(&service, "key", number).await));
    let released = async {
        for answer in others.await {
            assert_created(&answer);
        }
        locked.rollback().await.unwrap();
    };
    let (waited, ()) = tokio::join!(place(&service, "key", 5), released);
    assert_created(&waited);
    assert_eq!(usize::try_from(count(&service, "select count(*) from cases").await).unwrap(), MANY + 1);
}
