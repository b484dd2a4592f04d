//! What the database refuses of the desk, whoever writes.

use crate::support::desk::*;
use crate::support::http::Service;
use serde_json::json;
use sqlx::{AssertSqlSafe, PgConnection};

/// Runs statements as one transaction; the constraint that stopped it.
async fn run(service: &Service, statements: &[&str]) -> Result<(), String> {
    let name = |error: sqlx::Error| {
        error.as_database_error().and_then(sqlx::error::DatabaseError::constraint).unwrap_or("none").to_owned()
    };
    let mut transaction = service.app.pool.begin().await.unwrap();
    for statement in statements {
        let conn: &mut PgConnection = &mut transaction;
        sqlx::query(AssertSqlSafe((*statement).to_owned())).execute(conn).await.map_err(name)?;
    }
    transaction.commit().await.map_err(name)
}

fn refused(constraint: &str) -> Result<(), String> {
    Err(constraint.to_owned())
}

// proves DET-04, APP-04
#[tokio::test]
async fn a_denial_that_was_overturned_is_not_put_back_by_hand() {
    let service = Service::with_rosters().await;
    let case_id = id(&denied(&service, BMA).await);
    let path = format!("/v1/orders/{case_id}/reconsiderations");
    let one = service.post(&path, PRACTICE, &json!({"reason": "new data"})).await.json();
    let one = one["reconsideration_id"].as_str().unwrap();
    // by hand, the physician who denied does not decide it, and nobody decides it twice or takes it away
    let by = |subject: &str| {
        format!(
            "update reconsiderations set decision = 'upheld', decided_by = '{subject}', role = 'physician', decided_at = now() + interval \
             '10 years', rationale = 'no', lines = '[]'"
        )
    };
    assert_eq!(run(&service, &[&by(PHYSICIAN)]).await, refused("reconsiderations_by_another_physician"));
    assert_eq!(run(&service, &["delete from reconsiderations"]).await, refused("reconsiderations_append_only"));
    assert_eq!(run(&service, &["update reconsiderations set reason = 'other'"]).await, refused("reconsiderations_decided_once"));
    let body = json!({"decision": "overturned", "rationale": "yes"});
    let answer = service.post(&format!("/v1/reconsiderations/{one}/determinations"), SECOND_PHYSICIAN, &body).await;
    assert_eq!(answer.status.as_u16(), 201, "{}", answer.text);
    assert_eq!(run(&service, &[&by("somebody")]).await, refused("reconsiderations_decided_once"));
    let deny = "update case_lines set status = 'non_authorized' where line = 2";
    assert_eq!(run(&service, &[deny]).await, refused("case_lines_denied_by_physician_only"));
}

// proves DET-04
#[tokio::test]
async fn reviews_and_determinations_are_written_once_and_never_before_the_offer() {
    let service = Service::with_rosters().await;
    let case_id = id(&submit(&service, &custom(BMA)).await);
    let review = format!(
        "insert into expiry_reviews (expiry_review_id, case_id, shard, reviewed_by, role, at, after_event, lines)
         values (gen_random_uuid(), '{case_id}', shard_of_id('{case_id}'), 'somebody', 'physician', now(), 1, '[]')"
    );
    assert_eq!(run(&service, &[&review]).await, refused("determinations_offer_before_denial"));
    done(&service, PHYSICIAN, &case_id, "peer-to-peer", &offer()).await;
    let nurse = review.replace("'physician'", "'nurse'");
    assert_eq!(run(&service, &[&nurse]).await, refused("expiry_reviews_role_check"));
    let mut later = deny(&[2]);
    later["on_expiry"] = json!(true);
    done(&service, PHYSICIAN, &case_id, "determinations", &later).await;
    assert_eq!(run(&service, &["update expiry_reviews set lines = '[]'"]).await, refused("expiry_reviews_append_only"));
    assert_eq!(run(&service, &["delete from expiry_reviews"]).await, refused("expiry_reviews_append_only"));
    // a review for later is none for now
    let deny_now = "update case_lines set status = 'non_authorized' where line = 2";
    assert_eq!(run(&service, &[deny_now]).await, refused("case_lines_denied_by_physician_only"));
    done(&service, PHYSICIAN, &case_id, "determinations", &authorize(&[2])).await;
    assert_eq!(run(&service, &["update determinations set rationale = 'x'"]).await, refused("determinations_append_only"));
    assert_eq!(run(&service, &["delete from determinations"]).await, refused("determinations_append_only"));
}
