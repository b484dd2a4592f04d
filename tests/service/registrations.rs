//! Registration: from asking to acting for a practice, over the API and the pages, and everything that must not get that far.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "test crate")]

use crate::portal::browser::Browser;
use crate::portal::identity::authorities;
use crate::support::http::{Answer, Service};
use crate::support::openid::{OpenId, signed};
use crate::support::smtp::MailServer;
use crate::support::submit::{ADMINISTRATOR, NURSE, ORDERING, OTHER_PRACTICE, authorized_order};
use axum::http::Method;
use chrono::{DateTime, TimeDelta, Utc};
use oncoauth::app::mail::{self, Mailer, Smtp};
use oncoauth::app::{Settings, registrations, sandbox_rosters};
use oncoauth::http::address::Peer;
use serde_json::{Value, json};

const COOKIE: &str = "__Host-oncoauth";
const EMAIL: &str = "dana.desk@practice.example";

fn now() -> DateTime<Utc> {
    "2026-11-20T15:00:00Z".parse().unwrap()
}

fn pass(service: &Service, time: TimeDelta) {
    service.app.clock.freeze_at(service.app.clock.now() + time);
}

/// A sandbox whose people register, and sign in at this provider.
async fn both(leads_approve: bool) -> (OpenId, Service) {
    let openid = OpenId::start(now()).await;
    let settings = Settings {
        sandbox: true,
        mailer: Mailer::Shown,
        leads_approve,
        authorities: authorities(&[openid.entry("practice", "registered = true")]),
        ..Settings::default()
    };
    let service = Service::start(settings).await;
    sandbox_rosters::load_missing(&service.app).await.unwrap();
    (openid, service)
}

fn request(email: &str, tax_id: &str) -> Value {
    json!({"first_name": "Dana", "last_name": "Desk", "role": "ordering_provider", "credentials": "Practice manager",
           "tax_ids": [tax_id], "email": email, "phone": "+1 734 555 0100", "fax": null})
}

/// Registers; id and code of the mail.
async fn registered(service: &Service, email: &str, tax_id: &str) -> (String, String) {
    let answer = service.post("/v1/registrations", "", &request(email, tax_id)).await;
    assert_eq!(answer.status.as_u16(), 201, "{}", answer.text);
    let id = answer.json()["registration_id"].as_str().unwrap().to_owned();
    (id.clone(), code(service, &id).await)
}

async fn mails(service: &Service) -> Vec<Value> {
    service.get("/v1/sandbox/mails?limit=200", ADMINISTRATOR).await.json()["items"].as_array().unwrap().clone()
}

async fn code(service: &Service, id: &str) -> String {
    let address = format!("/register/{id}/");
    let mails = mails(service).await;
    let mail = mails.iter().find(|mail| mail["body"].as_str().unwrap().contains(&address)).expect("a mail with the link");
    mail["body"].as_str().unwrap().split(&address).nth(1).unwrap().split_whitespace().next().unwrap().to_owned()
}

async fn confirm(service: &Service, (id, code): &(String, String)) -> Answer {
    service.post(&format!("/v1/registrations/{id}/email-confirmations"), "", &json!({"code": code})).await
}

async fn approve(service: &Service, id: &str, token: &str, body: &Value) -> Answer {
    service.post(&format!("/v1/registrations/{id}/approvals"), token, body).await
}

/// A registration that was approved.
async fn approved(service: &Service, email: &str, tax_id: &str) -> String {
    let sent = registered(service, email, tax_id).await;
    assert_eq!(confirm(service, &sent).await.status.as_u16(), 200);
    let answer = approve(service, &sent.0, ADMINISTRATOR, &json!({})).await;
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.text);
    sent.0
}

async fn sign_in<'a>(service: &'a Service, openid: &OpenId, person: Value) -> (Browser<'a>, Answer) {
    openid.person(person);
    let mut browser = Browser::new(service);
    let answer = browser.open("/login/practice").await;
    let back = openid.sign_in(answer.header("location")).await;
    let answer = browser.open(back.strip_prefix("http://127.0.0.1:8080").unwrap()).await;
    (browser, answer)
}

fn person(subject: &str, email: &str) -> Value {
    json!({"sub": subject, "name": "Dana Desk", "email": email, "email_verified": true})
}

// proves PRV-01, PRV-02, PRV-03
#[tokio::test]
async fn a_person_registers_is_called_and_acts_for_the_practice_of_every_plan() {
    let (openid, service) = both(false).await;
    let sent = registered(&service, "Dana.Desk@Practice.example ", "900000001").await;
    let (_, answer) = sign_in(&service, &openid, person("d", EMAIL)).await;
    assert_eq!(answer.status.as_u16(), 403, "nobody has approved anything: {}", answer.text);
    approve(&service, &sent.0, ADMINISTRATOR, &json!({})).await.assert_problem(409, "conflict");
    let confirmed = confirm(&service, &sent).await.json();
    assert_eq!(confirmed["status"], "waiting_for_approval", "{confirmed}");
    assert_eq!(confirm(&service, &sent).await.json(), confirmed, "once more changes nothing");
    let (_, answer) = sign_in(&service, &openid, person("d", EMAIL)).await;
    assert_eq!(answer.status.as_u16(), 403, "a confirmed address is not enough: {}", answer.text);
    let waiting = service.get("/v1/registrations?status=waiting_for_approval", ADMINISTRATOR).await.json();
    let found = &waiting["items"][0];
    assert_eq!((&found["email"], &found["tax_ids"]), (&json!(EMAIL), &json!(["900000001"])));
    let approved = approve(&service, &sent.0, ADMINISTRATOR, &json!({})).await.json();
    assert_eq!((&approved["status"], &approved["decided_by"]), (&json!("approved"), &json!(ADMINISTRATOR)));
    assert!(mails(&service).await.iter().any(|mail| mail["subject"] == "Your registration is approved" && mail["to"] == EMAIL));
    // the person's orders and those of the practice's program are the same practice's
    let case = service.post("/v1/orders", ORDERING, &authorized_order()).await;
    let path = format!("/cases/{}", case.json()["case_id"].as_str().unwrap());
    let (mut browser, answer) = sign_in(&service, &openid, person("d", "DANA.desk@practice.example")).await;
    assert_eq!(answer.status.as_u16(), 303, "{}", answer.text);
    assert!(browser.page("/").await.contains("tax ID 900000001"));
    assert_eq!(browser.open(&path).await.status.as_u16(), 200);
    let (subject, plan): (String, Option<String>) =
        sqlx::query_as("select subject, health_plan from portal_sessions").fetch_one(&service.app.pool).await.unwrap();
    assert_eq!((subject, plan), (format!("{}#d", openid.issuer), None));
    // from then on the person is who they are, whatever becomes of the address
    let (mut browser, _) = sign_in(&service, &openid, json!({"sub": "d", "email": "new@practice.example"})).await;
    assert_eq!(browser.open(&path).await.status.as_u16(), 200);
    let (browser, answer) = sign_in(&service, &openid, person("somebody-else", EMAIL)).await;
    assert_eq!(answer.status.as_u16(), 403, "{}", answer.text);
    assert!(!browser.cookies.contains_key(COOKIE));
}

#[tokio::test]
async fn an_address_that_the_provider_has_not_confirmed_is_nobodys() {
    let (openid, service) = both(false).await;
    approved(&service, EMAIL, "900000001").await;
    for claims in [
        json!({"sub": "x", "email": EMAIL}),
        json!({"sub": "x", "email": EMAIL, "email_verified": false}),
        json!({"sub": "x", "email": "another@practice.example", "email_verified": true}),
        json!({"sub": "x", "email_verified": true}),
    ] {
        let (browser, answer) = sign_in(&service, &openid, claims.clone()).await;
        assert_eq!(answer.status.as_u16(), 403, "{claims}");
        assert!(!browser.cookies.contains_key(COOKIE), "{claims}");
    }
    let (_, answer) = sign_in(&service, &openid, person("d", EMAIL)).await;
    assert_eq!(answer.status.as_u16(), 303);
}

#[tokio::test]
async fn who_is_registered_already_is_told_to_nobody_but_support() {
    let (_, service) = both(false).await;
    approved(&service, EMAIL, "900000001").await;
    let shape = |answer: &Answer| {
        let mut body = answer.json();
        body["registration_id"] = json!(null);
        (answer.status, body)
    };
    let known = service.post("/v1/registrations", "", &request(EMAIL, "900000001")).await;
    let unknown = service.post("/v1/registrations", "", &request("nobody@practice.example", "900000009")).await;
    assert_eq!(shape(&known), shape(&unknown));
    // a wrong code, a wrong id and an id of somebody else's read alike
    let id = known.json()["registration_id"].as_str().unwrap().to_owned();
    let wrong = [
        confirm(&service, &(id.clone(), "x".repeat(43))).await,
        confirm(&service, &("00000000-0000-7000-8000-000000000000".to_owned(), "x".repeat(43))).await,
        confirm(&service, &("no-uuid".to_owned(), "x".to_owned())).await,
    ];
    for answer in wrong {
        let body = answer.assert_problem(404, "not-found");
        assert_eq!(body["detail"], "there is no such resource, or this token may not see it");
    }
    // neither does anybody else read the list
    service.get("/v1/registrations", NURSE).await.assert_problem(403, "forbidden");
    service.get("/v1/sandbox/mails", ORDERING).await.assert_problem(403, "forbidden");
    assert_eq!(service.get("/v1/registrations", ORDERING).await.json()["items"], json!([]));
    approve(&service, &id, ORDERING, &json!({})).await.assert_problem(404, "not-found");
}

#[tokio::test]
async fn each_step_expires() {
    let (openid, service) = both(false).await;
    let sent = registered(&service, EMAIL, "900000001").await;
    pass(&service, TimeDelta::days(3));
    confirm(&service, &sent).await.assert_problem(404, "not-found");
    assert_eq!(registrations::purge(&service.app).await.unwrap(), 1);
    let sent = registered(&service, EMAIL, "900000001").await;
    pass(&service, TimeDelta::days(3) - TimeDelta::seconds(1));
    assert_eq!(confirm(&service, &sent).await.status.as_u16(), 200);
    pass(&service, TimeDelta::days(30));
    approve(&service, &sent.0, ADMINISTRATOR, &json!({})).await.assert_problem(409, "conflict");
    approved(&service, EMAIL, "900000001").await;
    pass(&service, TimeDelta::days(30));
    openid.set_clock(service.app.clock.now());
    let (_, answer) = sign_in(&service, &openid, person("d", EMAIL)).await;
    assert_eq!(answer.status.as_u16(), 403, "approved, and never came: {}", answer.text);
}

#[tokio::test]
async fn what_waited_and_ran_out_is_forgotten_a_month_later() {
    let (openid, service) = both(false).await;
    let waiting = registered(&service, "waiting@practice.example", "900000001").await;
    confirm(&service, &waiting).await;
    approved(&service, "approved@practice.example", "900000001").await;
    approved(&service, EMAIL, "900000001").await;
    sign_in(&service, &openid, person("d", EMAIL)).await;
    let left = async || service.get("/v1/registrations", ADMINISTRATOR).await.json()["items"].as_array().unwrap().len();
    for (days, gone) in [(30, 0), (29, 0), (1, 2)] {
        pass(&service, TimeDelta::days(days));
        assert_eq!(registrations::purge(&service.app).await.unwrap(), gone, "{days} days later");
    }
    assert_eq!(left().await, 1, "who acts by theirs does so on");
}

/// A code that strangers could try to guess counts as a token.
#[tokio::test]
async fn an_address_from_which_wrong_codes_come_waits() {
    use axum::body::Body;
    use axum::http::Request;
    let settings = Settings { sandbox: true, mailer: Mailer::Shown, failed_sign_in_limit: Some(3), ..Settings::default() };
    let service = Service::start(settings).await;
    let id = "00000000-0000-7000-8000-000000000000";
    let send = async |path: String, method: Method, from: &str| {
        let mut request = Request::builder().method(method).uri(path).header("content-type", "application/json");
        request.extensions_mut().unwrap().insert(Peer(from.parse().unwrap()));
        service.send(request.body(Body::from(json!({"code": "x"}).to_string())).unwrap()).await.status.as_u16()
    };
    let confirmation = || format!("/v1/registrations/{id}/email-confirmations");
    let page = || format!("/register/{id}/x");
    assert_eq!(send(confirmation(), Method::POST, "198.51.100.7").await, 404);
    assert_eq!(send(page(), Method::GET, "198.51.100.7").await, 404);
    assert_eq!(send(confirmation(), Method::POST, "198.51.100.7").await, 404);
    assert_eq!(send(confirmation(), Method::POST, "198.51.100.7").await, 429);
    assert_eq!(send(page(), Method::GET, "198.51.100.7").await, 429, "by whichever door");
    assert_eq!(send(confirmation(), Method::POST, "198.51.100.8").await, 404, "another address");
}

#[tokio::test]
async fn support_refuses_with_a_reason_and_ends_what_it_gave() {
    let (openid, service) = both(false).await;
    let sent = registered(&service, EMAIL, "900000001").await;
    confirm(&service, &sent).await;
    approve(&service, &sent.0, ADMINISTRATOR, &json!({"decision": "refused"})).await.assert_problem(422, "validation-failed");
    let refused =
        approve(&service, &sent.0, ADMINISTRATOR, &json!({"decision": "refused", "reason": "The practice does not know you."}))
            .await;
    assert_eq!(refused.json()["status"], "refused");
    assert!(mails(&service).await.iter().any(|mail| mail["body"].as_str().unwrap().contains("The practice does not know you.")));
    approve(&service, &sent.0, ADMINISTRATOR, &json!({})).await.assert_problem(409, "conflict");
    let (_, answer) = sign_in(&service, &openid, person("d", EMAIL)).await;
    assert_eq!(answer.status.as_u16(), 403);
    let id = approved(&service, EMAIL, "900000001").await;
    let (mut browser, _) = sign_in(&service, &openid, person("d", EMAIL)).await;
    assert_eq!(browser.open("/status").await.status.as_u16(), 200);
    let path = format!("/v1/registrations/{id}");
    service.call(Method::DELETE, &path, ORDERING, None).await.assert_problem(403, "forbidden");
    for _ in 0..2 {
        assert_eq!(service.call(Method::DELETE, &path, ADMINISTRATOR, None).await.status.as_u16(), 204);
    }
    assert_eq!(browser.open("/status").await.status.as_u16(), 303, "signed out at once");
    let (_, answer) = sign_in(&service, &openid, person("d", EMAIL)).await;
    assert_eq!(answer.status.as_u16(), 403);
    // who registers again acts by the later registration alone
    approved(&service, EMAIL, "900000003").await;
    let (mut browser, _) = sign_in(&service, &openid, person("d", EMAIL)).await;
    assert!(browser.page("/").await.contains("tax ID 900000003"));
    approved(&service, EMAIL, "900000001").await;
    let (mut browser, _) = sign_in(&service, &openid, person("d", EMAIL)).await;
    let page = browser.page("/").await;
    assert!(page.contains("tax ID 900000001") && !page.contains("900000003"), "{page}");
}

// proves PRV-01
#[tokio::test]
async fn one_mailbox_acts_by_its_latest_registration_alone_and_by_none_once_it_is_ended() {
    let (openid, service) = both(false).await;
    let first = approved(&service, EMAIL, "900000001").await;
    let (mut before, _) = sign_in(&service, &openid, person("d", EMAIL)).await;
    assert_eq!(before.open("/orders").await.status.as_u16(), 200);
    pass(&service, TimeDelta::minutes(1));
    let spare = approved(&service, EMAIL, "900000001").await;
    pass(&service, TimeDelta::minutes(1));
    let latest = approved(&service, EMAIL, "900000003").await;
    let (mut now, answer) = sign_in(&service, &openid, person("d", EMAIL)).await;
    assert_eq!(answer.status.as_u16(), 303);
    assert_eq!(now.open("/orders").await.status.as_u16(), 200);
    assert_ne!(before.open("/orders").await.status.as_u16(), 200, "what they acted as before ends everywhere");
    let status = async |id: &str| {
        let listed = service.get("/v1/registrations", ADMINISTRATOR).await.json();
        let found = listed["items"].as_array().unwrap().iter().find(|one| one["registration_id"] == *id).cloned();
        found.unwrap()["status"].clone()
    };
    for ended in [&first, &spare] {
        assert_eq!(status(ended).await, "ended");
    }
    assert_eq!(status(&latest).await, "active");
    let ended = service.call(axum::http::Method::DELETE, &format!("/v1/registrations/{latest}"), ADMINISTRATOR, None).await;
    assert_eq!(ended.status.as_u16(), 204, "{}", ended.text);
    let (_, answer) = sign_in(&service, &openid, person("d", EMAIL)).await;
    assert_eq!(answer.status.as_u16(), 403, "{}", answer.text);
}

/// A mailbox that passes to somebody else: whoever acted by it is out with their registration.
// proves PRV-01
#[tokio::test]
async fn whoever_loses_their_registration_to_another_is_signed_out() {
    let (openid, service) = both(false).await;
    approved(&service, EMAIL, "900000001").await;
    let (mut before, _) = sign_in(&service, &openid, person("leaving", EMAIL)).await;
    assert_eq!(before.open("/orders").await.status.as_u16(), 200);
    pass(&service, TimeDelta::minutes(1));
    approved(&service, EMAIL, "900000001").await;
    let (mut after, answer) = sign_in(&service, &openid, person("coming", EMAIL)).await;
    assert_eq!((answer.status.as_u16(), after.open("/orders").await.status.as_u16()), (303, 200));
    assert_ne!(before.open("/orders").await.status.as_u16(), 200, "their registration has ended, and so have their sessions");
    let (_, answer) = sign_in(&service, &openid, json!({"sub": "leaving"})).await;
    assert_eq!(answer.status.as_u16(), 403);
}

// proves PRV-01
#[tokio::test]
async fn a_lead_sees_no_unconfirmed_address_and_may_take_whoever_let_another_approval_run_out() {
    let roles = "registered = true\nrole = { claim = \"roles\", words = { orders = \"ordering_provider\" } }\n\
                 tax_ids = { claim = \"tax_ids\" }";
    let openid = OpenId::start(now()).await;
    let settings = Settings {
        sandbox: true,
        mailer: Mailer::Shown,
        leads_approve: true,
        authorities: authorities(&[openid.entry("practice", roles)]),
        ..Settings::default()
    };
    let service = Service::start(settings).await;
    let first = registered(&service, EMAIL, "900000001").await;
    confirm(&service, &first).await;
    approve(&service, &first.0, ADMINISTRATOR, &json!({"lead": true})).await;
    assert_eq!(sign_in(&service, &openid, person("d", EMAIL)).await.1.status.as_u16(), 303);
    let lead = || signed(&openid.key(), &openid.api_claims(&json!({"sub": "d", "roles": "orders", "tax_ids": ["900000001"]})));
    let second = registered(&service, "second@practice.example", "900000001").await;
    let listed = async || service.get("/v1/registrations", &lead()).await.text;
    assert!(listed().await.contains(EMAIL));
    assert!(!listed().await.contains("second@practice.example"), "it may be anybody's");
    confirm(&service, &second).await;
    assert!(listed().await.contains("second@practice.example"));
    approved(&service, "second@practice.example", "900000003").await;
    approve(&service, &second.0, &lead(), &json!({})).await.assert_problem(403, "forbidden");
    pass(&service, TimeDelta::days(31));
    openid.set_clock(service.app.clock.now());
    let again = registered(&service, "second@practice.example", "900000001").await;
    confirm(&service, &again).await;
    let taken = approve(&service, &again.0, &lead(), &json!({})).await;
    assert_eq!(taken.json()["status"], "approved", "{}", taken.text);
}

/// What ends a registration ends the sessions that are begun by it at the same moment.
#[tokio::test]
async fn a_registration_that_is_ended_while_its_person_signs_in_leaves_no_session() {
    let (openid, service) = both(false).await;
    let id = approved(&service, EMAIL, "900000001").await;
    sign_in(&service, &openid, person("d", EMAIL)).await;
    // their next session is being stored
    let slow = "create function wait_for_lock() returns trigger language plpgsql as
                  $$ begin perform pg_advisory_xact_lock(7); return new; end $$;
                create trigger slow before insert on portal_sessions for each row execute function wait_for_lock()";
    sqlx::raw_sql(slow).execute(&service.app.pool).await.unwrap();
    let mut holder = service.app.pool.begin().await.unwrap();
    sqlx::query("select pg_advisory_xact_lock(7)").execute(&mut *holder).await.unwrap();
    let waiting = async |so_many: i64| {
        let waiting = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
        while sqlx::query_scalar::<_, i64>(waiting).fetch_one(&service.app.pool).await.unwrap() < so_many {}
    };
    let path = format!("/v1/registrations/{id}");
    let ends = async {
        waiting(1).await;
        let mut end = Box::pin(service.call(Method::DELETE, &path, ADMINISTRATOR, None));
        let ended = tokio::select! {
            ended = &mut end => Some(ended),
            () = waiting(2) => None,
        };
        holder.commit().await.unwrap();
        if let Some(ended) = ended { ended } else { end.await }
    };
    let ((mut browser, _), ended) = tokio::join!(sign_in(&service, &openid, person("d", EMAIL)), ends);
    assert_eq!(ended.status.as_u16(), 204, "{}", ended.text);
    assert_ne!(browser.open("/orders").await.status.as_u16(), 200, "signed in by what had ended");
}

// proves PRV-01
#[tokio::test]
async fn a_second_person_is_approved_by_the_practices_lead_where_that_is_set() {
    for leads_approve in [true, false] {
        let (openid, service) = both(leads_approve).await;
        let first = registered(&service, EMAIL, "900000001").await;
        confirm(&service, &first).await;
        assert_eq!(approve(&service, &first.0, ADMINISTRATOR, &json!({"lead": true})).await.json()["lead"], true);
        let (mut lead, _) = sign_in(&service, &openid, person("d", EMAIL)).await;
        let second = registered(&service, "second@practice.example", "900000001").await;
        let other = registered(&service, "third@other.example", "900000003").await;
        let unconfirmed = registered(&service, "fourth@practice.example", "900000001").await;
        confirm(&service, &second).await;
        confirm(&service, &other).await;
        let page = lead.page("/admin/registrations").await;
        assert_eq!(page.contains("second@practice.example"), leads_approve, "{page}");
        assert!(!page.contains("third@other.example") && !page.contains("fourth@practice.example"), "{page}");
        let decide = async |lead: &mut Browser<'_>, id: &str| {
            lead.send(&format!("/admin/registrations/{id}"), &[("decision", "approved")]).await.status.as_u16()
        };
        for not_theirs in [&other.0, &unconfirmed.0] {
            assert_eq!(decide(&mut lead, not_theirs).await, 404);
        }
        if leads_approve {
            // neither themselves, nor somebody who acts for another practice
            let own = registered(&service, EMAIL, "900000001").await;
            approved(&service, "elsewhere@other.example", "900000003").await;
            let lured = registered(&service, "elsewhere@other.example", "900000001").await;
            for not_theirs in [&own, &lured] {
                confirm(&service, not_theirs).await;
                assert_eq!(decide(&mut lead, &not_theirs.0).await, 404);
            }
        }
        assert_eq!(decide(&mut lead, &second.0).await, if leads_approve { 303 } else { 404 });
        let (mut second, answer) = sign_in(&service, &openid, person("s", "second@practice.example")).await;
        assert_eq!(answer.status.as_u16(), if leads_approve { 303 } else { 403 }, "{}", answer.text);
        if leads_approve {
            // the second one leads nobody
            confirm(&service, &unconfirmed).await;
            assert!(!second.page("/admin/registrations").await.contains("fourth@practice.example"));
            assert_eq!(decide(&mut second, &unconfirmed.0).await, 404);
        }
    }
}

#[tokio::test]
async fn the_pages_lead_from_the_form_to_the_first_sign_in() {
    let (openid, service) = both(false).await;
    let mut browser = Browser::new(&service);
    assert!(browser.page("/login").await.contains("href=\"/register\""));
    assert!(browser.page("/register").await.contains("Tax IDs of your providers"));
    let fields = [
        ("/first_name", "Dana"),
        ("/last_name", "Desk"),
        ("/role", "ordering_provider"),
        ("/credentials", "RN"),
        ("/tax_ids", "90-0000001, 900000003"),
        ("/email", EMAIL),
        ("/phone", "734 555 0100"),
    ];
    let mut wrong = fields;
    wrong[4] = ("/tax_ids", "12");
    let answer = browser.send("/register", &wrong).await;
    assert!(answer.text.contains("a tax ID has nine digits") && answer.text.contains("value=\"Dana\""), "{}", answer.text);
    let landed = browser.follow("/register", &fields).await;
    assert!(landed.text.contains("Look into your mailbox"), "{}", landed.text);
    let body = mails(&service).await[0]["body"].as_str().unwrap().to_owned();
    let link = body.split("http://127.0.0.1:8080").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    // looking at the page confirms nothing: programs that look at mails open every link
    for _ in 0..2 {
        assert!(browser.page(&link).await.contains("This address is mine"));
    }
    assert!(browser.follow(&link, &[]).await.text.contains("support is next"));
    assert_eq!(browser.open(&link.replace("/register/", "/register/x")).await.status.as_u16(), 404);
    let mut support = Browser::of(&service, ADMINISTRATOR).await;
    let page = support.page("/admin/registrations").await;
    assert!(page.contains("Desk, Dana") && page.contains("900000001, 900000003"), "{page}");
    let address = format!("/admin/registrations/{}", link.split('/').nth(2).unwrap());
    let answer = support.send(&address, &[("decision", "refused")]).await;
    assert!(answer.text.contains("Say why it is refused"), "{}", answer.text);
    assert!(support.follow(&address, &[("decision", "approved")]).await.text.contains("Approved"));
    assert!(browser.page(&link).await.contains("Your registration is approved"));
    let (_, answer) = sign_in(&service, &openid, person("d", EMAIL)).await;
    assert_eq!(answer.status.as_u16(), 303);
    assert!(browser.page(&link).await.contains("You are registered"));
    assert_eq!(support.follow(&format!("{address}/end"), &[]).await.status.as_u16(), 200);
    assert!(browser.page(&link).await.contains("This registration has ended"));
}

#[tokio::test]
async fn every_fault_of_a_registration_is_told_at_once_and_nothing_is_mailed() {
    let (_, service) = both(false).await;
    let wrong = json!({"first_name": " ", "last_name": "a\nb", "role": "administrator", "credentials": "RN", "tax_ids": ["12", "900000001"],
                       "email": "nobody at all", "phone": "call me"});
    let body = service.post("/v1/registrations", "", &wrong).await.assert_problem(422, "validation-failed");
    let pointers: Vec<&str> = body["errors"].as_array().unwrap().iter().map(|fault| fault["pointer"].as_str().unwrap()).collect();
    for pointer in ["/first_name", "/last_name", "/role", "/tax_ids/0", "/email", "/phone"] {
        assert!(pointers.contains(&pointer), "{pointer}: {body}");
    }
    assert!(mails(&service).await.is_empty());
    // a key repeats the first answer, and writes once
    let sent = |key: &'static str, body: Value| {
        axum::http::Request::post("/v1/registrations")
            .header("content-type", "application/json")
            .header("idempotency-key", key)
            .body(axum::body::Body::from(body.to_string()))
            .unwrap()
    };
    let first = service.send(sent("k", request(EMAIL, "900000001"))).await;
    let again = service.send(sent("k", request(EMAIL, "900000001"))).await;
    assert_eq!((first.json(), again.header("idempotency-replayed")), (again.json(), "true"));
    service.send(sent("k", request("other@practice.example", "900000001"))).await.assert_problem(422, "idempotency-key-reused");
    assert_eq!(mails(&service).await.len(), 1);
    // what strangers write never stands in a mail
    let text = mails(&service).await[0]["body"].as_str().unwrap().to_owned();
    assert!(!text.contains("Dana") && !text.contains("900000001"), "{text}");
    assert_eq!(service.get("/v1/registrations", OTHER_PRACTICE).await.json()["items"], json!([]));
}

#[tokio::test]
async fn mails_go_to_the_server_are_tried_again_and_fill_nobodys_mailbox() {
    let server = MailServer::start().await;
    let smtp = Smtp::new(&server.url, None, "Prior authorization <pa@example.org>").unwrap();
    let service = Service::start(Settings { mailer: Mailer::Smtp(smtp), ..Settings::default() }).await;
    server.refuse(true);
    assert_eq!(service.post("/v1/registrations", "", &request(EMAIL, "900000001")).await.status.as_u16(), 201);
    mail::send_due(&service.app).await.unwrap();
    assert!(server.mails().is_empty());
    server.refuse(false);
    mail::send_due(&service.app).await.unwrap();
    assert!(server.mails().is_empty(), "not before its turn");
    pass(&service, TimeDelta::seconds(30));
    mail::send_due(&service.app).await.unwrap();
    let [sent] = <[String; 1]>::try_from(server.mails()).unwrap();
    assert!(sent.contains(&format!("To: {EMAIL}")) && sent.contains("Subject: Confirm your email address"), "{sent}");
    let left: i64 =
        sqlx::query_scalar("select count(*) from mails where body is not null").fetch_one(&service.app.pool).await.unwrap();
    assert_eq!(left, 0, "what was sent is forgotten");
    // a stranger uses up nobody's mails, and all of them together fill no mailbox
    let register_from = async |from: &str| {
        let mut request = axum::http::Request::post("/v1/registrations").header("content-type", "application/json");
        request.extensions_mut().unwrap().insert(Peer(from.parse().unwrap()));
        assert_eq!(service.send(request.body(axum::body::Body::from(request_text())).unwrap()).await.status.as_u16(), 201);
    };
    for (from, mails) in [("192.0.2.1", 4), ("192.0.2.2", 7), ("192.0.2.3", 10), ("192.0.2.4", 12), ("192.0.2.5", 12)] {
        for _ in 0..9 {
            register_from(from).await;
        }
        mail::send_due(&service.app).await.unwrap();
        assert_eq!(server.mails().len(), mails, "{from}");
    }
    pass(&service, TimeDelta::days(1));
    register_from("192.0.2.1").await;
    mail::send_due(&service.app).await.unwrap();
    assert_eq!(server.mails().len(), 13);
    assert_eq!(service.get("/v1/sandbox/mails", ADMINISTRATOR).await.status.as_u16(), 404, "sandbox only");
    let without = Service::start(Settings::default()).await;
    without.post("/v1/registrations", "", &request(EMAIL, "900000001")).await.assert_problem(409, "conflict");
}

#[tokio::test]
async fn an_address_registers_so_often_an_hour() {
    use axum::body::Body;
    use axum::http::Request;
    let service = Service::start(Settings { mailer: Mailer::Shown, registration_limit: Some(3), ..Settings::default() }).await;
    let send = async |path: &str, from: &str| {
        let mut request = Request::post(path).header("content-type", "application/json").header("sec-fetch-site", "same-origin");
        request.extensions_mut().unwrap().insert(Peer(from.parse().unwrap()));
        service.send(request.body(Body::from(request_text())).unwrap()).await.status.as_u16()
    };
    for _ in 0..3 {
        assert_eq!(send("/v1/registrations", "198.51.100.7").await, 201);
    }
    assert_eq!(send("/v1/registrations", "198.51.100.7").await, 429);
    assert_eq!(send("/register", "198.51.100.7").await, 429, "by whichever door");
    assert_eq!(send("/v1/registrations", "198.51.100.8").await, 201);
}

fn request_text() -> String {
    request(EMAIL, "900000001").to_string()
}
