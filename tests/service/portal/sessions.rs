//! Signing in and out, and what ends a session.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "test crate")]

use super::browser::Browser;
use super::identity::authorities;
use crate::support::http::Service;
use chrono::{TimeDelta, Utc};
use oncoauth::app::Settings;
use oncoauth::app::sandbox;

const DESK: &str = "sandbox-ordering-provider";
const COOKIE: &str = "__Host-oncoauth";

async fn is_in(browser: &mut Browser<'_>) -> bool {
    browser.open("/sandbox/clock").await.status.as_u16() == 200
}

fn pass(service: &Service, time: TimeDelta) {
    service.app.clock.freeze_at(service.app.clock.now() + time);
}

#[tokio::test]
async fn a_person_of_the_sandbox_signs_in_with_one_press_and_comes_to_where_they_wanted() {
    let service = Service::sandbox().await;
    let mut browser = Browser::new(&service);
    let sent_off = browser.open("/sandbox/clock").await;
    assert_eq!(sent_off.header("location"), "/login?then=%2Fsandbox%2Fclock");
    let page = browser.page("/login?then=%2Fsandbox%2Fclock").await;
    assert!(page.contains("name=\"then\" value=\"/sandbox/clock\""), "{page}");
    let landed = browser.follow("/login", &[("person", DESK), ("then", "/sandbox/clock")]).await;
    assert!(landed.text.contains("Front desk, Sample Oncology") && landed.text.contains("tax ID 900000001"), "{}", landed.text);
    let elsewhere = browser.send("/login", &[("person", DESK), ("then", "//evil.example")]).await;
    assert_eq!(elsewhere.header("location"), "/");
    assert_eq!(browser.send("/login", &[("person", "somebody")]).await.status.as_u16(), 404);
}

#[tokio::test]
async fn the_cookie_is_out_of_reach_and_what_is_stored_of_it_lets_nobody_in() {
    let service = Service::sandbox().await;
    let mut browser = Browser::new(&service);
    let answer = browser.send("/login", &[("person", DESK)]).await;
    let line = answer.headers.get_all("set-cookie").iter().find(|line| line.to_str().unwrap().starts_with(COOKIE)).unwrap();
    assert!(line.to_str().unwrap().ends_with("; Path=/; Secure; HttpOnly; SameSite=Lax"), "{line:?}");
    let secret = browser.cookies[COOKIE].clone();
    let stored: Vec<Vec<u8>> =
        sqlx::query_scalar("select session_hash from portal_sessions").fetch_all(&service.app.pool).await.unwrap();
    assert_eq!((stored.len(), stored[0].len()), (1, 32));
    assert!(!String::from_utf8_lossy(&stored[0]).contains(&secret));
    // neither a token of the API nor a session of the portal opens the other door
    service.get("/v1/tokens", &secret).await.assert_problem(401, "unauthenticated");
    let mut forged = Browser::new(&service);
    forged.cookies.insert(COOKIE.to_owned(), "A".repeat(43));
    assert!(!is_in(&mut forged).await);
}

#[tokio::test]
async fn whoever_signs_in_gets_a_new_secret_and_what_was_planted_before_stays_dead() {
    let service = Service::sandbox().await;
    let mut browser = Browser::of(&service, DESK).await;
    let before = browser.cookies.clone();
    browser.send("/login", &[("person", "sandbox-nurse")]).await;
    assert_ne!(before[COOKIE], browser.cookies[COOKIE]);
    let mut earlier = Browser::new(&service);
    earlier.cookies = before;
    assert!(!is_in(&mut earlier).await, "the session that the browser had before has ended");
    let mut planted = Browser::new(&service);
    planted.cookies.insert(COOKIE.to_owned(), "B".repeat(43));
    planted.send("/login", &[("person", DESK)]).await;
    assert_ne!(planted.cookies[COOKIE], "B".repeat(43));
    assert!(is_in(&mut planted).await);
}

#[tokio::test]
async fn every_page_says_until_when_one_is_signed_in_and_a_page_of_its_own_prolongs_it() {
    let service = Service::sandbox().await;
    let mut browser = Browser::of(&service, DESK).await;
    let until = |page: &str| page.split("You stay signed in until ").nth(1).unwrap().split(',').take(3).collect::<String>();
    let first = until(&browser.page("/verify").await);
    pass(&service, TimeDelta::minutes(15));
    let page = browser.page("/session").await;
    assert!(page.contains("this page has just prolonged it") && until(&page) != first, "{page}");
    pass(&service, TimeDelta::minutes(15));
    let line = browser.send("/session", &[]).await;
    assert!(line.text.contains("id=\"session-end\"") && !line.text.contains("<html"), "{}", line.text);
    // whatever is asked, half a day is the end, and the last page says so
    for _ in 0..45 {
        pass(&service, TimeDelta::minutes(15));
        assert!(is_in(&mut browser).await);
    }
    pass(&service, TimeDelta::minutes(10));
    let page = browser.page("/verify").await;
    assert!(page.contains("data-seconds=\"300\" data-at-most=\"300\""), "eleven hours and 55 minutes have passed: {page}");
}

#[tokio::test]
async fn single_keys_that_are_switched_off_are_off_on_every_page_of_the_browser() {
    let service = Service::sandbox().await;
    let mut browser = Browser::of(&service, "sandbox-nurse").await;
    let page = browser.page("/reviews").await;
    assert!(page.contains("id=\"keys\" checked") && !page.contains("data-keys"), "{page}");
    let answer = browser.send("/session/keys", &[("keys", "off")]).await;
    assert_eq!(answer.status.as_u16(), 204, "{}", answer.text);
    for path in ["/reviews", "/", "/status"] {
        assert!(browser.page(path).await.contains("data-keys=\"off\""), "{path}");
    }
    assert!(!browser.page("/reviews").await.contains("id=\"keys\" checked"));
    browser.send("/login", &[("person", "sandbox-physician")]).await;
    assert!(browser.page("/reviews").await.contains("data-keys=\"off\""), "it is the browser's, whoever signs in");
    browser.send("/session/keys", &[("keys", "on")]).await;
    assert!(!browser.page("/reviews").await.contains("data-keys"));
}

#[tokio::test]
async fn signing_out_ends_the_session_on_the_server_and_everywhere_means_everywhere() {
    let service = Service::sandbox().await;
    let mut first = Browser::of(&service, DESK).await;
    let mut second = Browser::of(&service, DESK).await;
    let mut nurse = Browser::of(&service, "sandbox-nurse").await;
    let kept = first.cookies.clone();
    assert_eq!(first.send("/logout", &[]).await.header("location"), "/");
    assert!(first.cookies.is_empty(), "the browser forgets it");
    first.cookies = kept;
    assert!(!is_in(&mut first).await, "the server has forgotten it");
    assert!(is_in(&mut second).await);
    let mut third = Browser::of(&service, DESK).await;
    second.send("/logout/everywhere", &[]).await;
    assert!(!is_in(&mut second).await && !is_in(&mut third).await);
    assert!(is_in(&mut nurse).await, "other people stay signed in");
}

#[tokio::test]
async fn a_session_ends_after_twenty_idle_minutes_and_after_half_a_day_in_any_case() {
    let service = Service::sandbox().await;
    let mut browser = Browser::of(&service, DESK).await;
    for _ in 0..5 {
        pass(&service, TimeDelta::minutes(19));
        assert!(is_in(&mut browser).await, "asking keeps it alive");
    }
    pass(&service, TimeDelta::minutes(20));
    assert!(!is_in(&mut browser).await, "idle");
    let mut busy = Browser::of(&service, DESK).await;
    for _ in 0..47 {
        pass(&service, TimeDelta::minutes(15));
        assert!(is_in(&mut busy).await);
    }
    pass(&service, TimeDelta::minutes(15));
    assert!(!is_in(&mut busy).await, "twelve hours");
    Browser::of(&service, DESK).await;
    pass(&service, TimeDelta::minutes(30));
    assert!(oncoauth::app::sessions::purge(&service.app).await.unwrap() >= 1, "what has ended is forgotten");
    let left: i64 = sqlx::query_scalar("select count(*) from portal_sessions").fetch_one(&service.app.pool).await.unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn moving_the_sandboxs_clock_signs_nobody_out() {
    let service = Service::sandbox().await;
    let mut browser = Browser::of(&service, DESK).await;
    let before = service.app.clock.now();
    let landed = browser.follow("/sandbox/clock", &[("hours", "72")]).await;
    assert_eq!(landed.status.as_u16(), 200, "{}", landed.text);
    assert_eq!(service.app.clock.now(), before + TimeDelta::days(3));
    let there = "2027-03-01T00:00:00Z".parse::<chrono::DateTime<Utc>>().unwrap();
    sandbox::set_clock(&service.app, there).await.unwrap();
    assert!(is_in(&mut browser).await);
    assert_eq!(browser.send("/sandbox/clock", &[("hours", "5")]).await.status.as_u16(), 404, "what is not offered is not done");
    assert_eq!(service.app.clock.now(), there);
}

#[tokio::test]
async fn a_form_that_another_site_sends_does_nothing() {
    let service = Service::sandbox().await;
    let mut browser = Browser::of(&service, DESK).await;
    for site in ["cross-site", "same-site", "none"] {
        let answer = browser.send_from("/logout", &[], site).await;
        assert_eq!(answer.status.as_u16(), 403, "{site}");
        assert!(answer.text.contains("nothing was done"), "{}", answer.text);
        assert_eq!(browser.send_from("/login", &[("person", "sandbox-nurse")], site).await.status.as_u16(), 403, "{site}");
    }
    assert!(is_in(&mut browser).await);
}

#[tokio::test]
async fn outside_a_sandbox_there_is_nobody_to_pick() {
    let issuer = "[[provider]]\nname = \"id\"\ntitle = \"Id\"\nissuer = \"https://id.example\"\nclient_id = \"a\"\nrole = { value = \"nurse\" }";
    let settings = Settings { authorities: authorities(&[issuer.to_owned()]), ..Settings::default() };
    let service = Service::start(settings).await;
    let mut browser = Browser::new(&service);
    let answer = browser.send("/login", &[("person", DESK)]).await;
    assert_eq!(answer.status.as_u16(), 404, "{}", answer.text);
    assert!(browser.cookies.is_empty());
    assert_eq!(browser.open("/sandbox/clock").await.status.as_u16(), 404);
    // what a sandbox left in the database lets nobody in: its people, and what began under its clock
    let id = Some("https://id.example");
    for (subject, issuer, ahead, lets_in) in [
        (DESK, None, "0", false),
        ("somebody", None, "0", false),
        ("somebody", id, "61 seconds", false),
        ("somebody", id, "30 seconds", true),
    ] {
        sqlx::query(
            "insert into portal_sessions (session_hash, role, subject, name, tax_ids, created_at, seen_at, issuer)
             values (sha256(convert_to(repeat('A', 43), 'UTF8')), 'nurse', $1, 'N', '{}', $2 + $3::interval, $2 + $3::interval, $4)",
        )
        .bind(subject)
        .bind(service.app.clock.now())
        .bind(ahead)
        .bind(issuer)
        .execute(&service.app.pool)
        .await
        .unwrap();
        browser.cookies.insert(COOKIE.to_owned(), "A".repeat(43));
        assert_eq!(browser.open("/verify").await.status.as_u16() == 200, lets_in, "{subject} {ahead}");
        let left: i64 = sqlx::query_scalar("select count(*) from portal_sessions").fetch_one(&service.app.pool).await.unwrap();
        assert_eq!(left == 1, lets_in, "{subject} {ahead}");
    }
    browser.cookies.clear();
    assert_eq!(oncoauth::app::sessions::sign_in_to_sandbox(&service.app, DESK).await.unwrap(), None);
}
