//! Signing in at an OpenID provider: a real one on this machine, through the whole flow, and everything that must not let anybody in.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "test crate")]

use super::browser::Browser;
use crate::support::http::{Answer, Service, library};
use crate::support::openid::{self, Key, OpenId, SECRET};
use chrono::{DateTime, TimeDelta, Utc};
use oncoauth::app::Settings;
use oncoauth::app::identity::{self, Authority, config};
use serde_json::{Map, Value, json};
use std::time::{Duration, Instant};

const COOKIE: &str = "__Host-oncoauth";
const SIGN_IN: &str = "__Host-oncoauth-sign-in";
/// Practices and reviewers by a claim, as most providers have it.
const ROLES: &str = r#"
role = { claim = "/pa/roles", words = { orders = "ordering_provider", infuses = "servicing_provider", nurse = "nurse", admin = "administrator" } }
tax_ids = { claim = "tax_ids" }
"#;
/// Everybody there belongs to one plan.
const OF_A_PLAN: &str = r#"
role = { value = "health_plan" }
health_plan = { value = "anthem-blue-medicare-advantage" }
"#;

fn now() -> DateTime<Utc> {
    "2026-11-20T15:00:00Z".parse().unwrap()
}

/// The settings of these entries, with the client's secret in a file beside them.
pub fn authorities(entries: &[String]) -> Vec<Authority> {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("secret"), format!("{SECRET}\n")).unwrap();
    config::parse(&entries.join("\n"), dir.path(), &library()).unwrap()
}

async fn service(entries: &[String]) -> Service {
    Service::start(Settings { authorities: authorities(entries), ..Settings::default() }).await
}

/// A provider, and a service whose people sign in there.
async fn both() -> (OpenId, Service) {
    let openid = OpenId::start(now()).await;
    openid.person(desk());
    let service = service(&[openid.entry("practice", ROLES)]).await;
    (openid, service)
}

fn desk() -> Value {
    json!({"sub": "d-1", "name": "Front desk", "pa": {"roles": ["offline", "orders"]}, "tax_ids": ["90-0000001"]})
}

/// Sends the browser off, has the person sign in there, and gives the path with which it is sent back.
async fn sent_back(browser: &mut Browser<'_>, openid: &OpenId, path: &str) -> String {
    let answer = browser.open(path).await;
    assert_eq!(answer.status.as_u16(), 303, "{}", answer.text);
    let back = openid.sign_in(answer.header("location")).await;
    back.strip_prefix("http://127.0.0.1:8080").unwrap().to_owned()
}

async fn sign_in(browser: &mut Browser<'_>, openid: &OpenId) -> Answer {
    let back = sent_back(browser, openid, "/login/practice").await;
    browser.open(&back).await
}

/// Nobody is signed in: the page says so, and there is no session.
#[track_caller]
fn assert_not_in(browser: &Browser<'_>, answer: &Answer, status: u16, title: &str) {
    assert_eq!(answer.status.as_u16(), status, "{}", answer.text);
    assert!(answer.text.contains(&format!("<h1>{title}</h1>")), "{}", answer.text);
    assert!(!browser.cookies.contains_key(COOKIE));
}

async fn sessions(service: &Service) -> i64 {
    sqlx::query_scalar("select count(*) from portal_sessions").fetch_one(&service.app.pool).await.unwrap()
}

#[tokio::test]
async fn a_person_signs_in_at_their_provider_and_comes_to_where_they_wanted() {
    let (openid, service) = both().await;
    let mut browser = Browser::new(&service);
    let sent_off = browser.open("/orders").await;
    assert_eq!(sent_off.header("location"), "/login?then=%2Forders");
    let page = browser.page("/login?then=%2Forders").await;
    assert!(page.contains(r#"<a class="button" href="/login/practice?then=%2Forders">practice account</a>"#), "{page}");
    assert!(!page.contains("sandbox"), "nobody is there to be picked");
    let back = sent_back(&mut browser, &openid, "/login/practice?then=%2Forders").await;
    let answer = browser.open(&back).await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (303, "/orders"), "{}", answer.text);
    let page = browser.page("/orders").await;
    assert!(page.contains("Front desk") && page.contains("tax ID 900000001"), "{page}");
    assert!(!browser.cookies.contains_key(SIGN_IN), "what the sign-in needed is gone");
    let (subject, issuer): (String, String) =
        sqlx::query_as("select subject, issuer from portal_sessions").fetch_one(&service.app.pool).await.unwrap();
    assert_eq!((subject, issuer), (format!("{}#d-1", openid.issuer), openid.issuer.clone()));
    assert_eq!(browser.send("/logout", &[]).await.header("location"), "/");
    assert_eq!(sessions(&service).await, 0);
    assert_eq!(browser.open("/orders").await.status.as_u16(), 303);
}

#[tokio::test]
async fn people_of_several_providers_are_told_apart_by_issuer_and_subject() {
    let (practice, plan) = (OpenId::start(now()).await, OpenId::start(now()).await);
    practice.person(desk());
    plan.person(json!({"sub": "d-1", "name": "Analyst"}));
    plan.rotate(Key::p256("curve"));
    let service = service(&[practice.entry("practice", ROLES), plan.entry("plan", OF_A_PLAN)]).await;
    let (mut desk, mut analyst) = (Browser::new(&service), Browser::new(&service));
    sign_in(&mut desk, &practice).await;
    let back = sent_back(&mut analyst, &plan, "/login/plan").await;
    assert_eq!(analyst.open(&back).await.status.as_u16(), 303);
    assert!(analyst.page("/").await.contains("acts for anthem-blue-medicare-advantage"));
    // the same subject there is another person here
    desk.send("/logout/everywhere", &[]).await;
    assert_eq!(desk.open("/status").await.status.as_u16(), 303);
    assert_eq!(analyst.open("/status").await.status.as_u16(), 200);
    // a sign-in that began at one of them does not end at the other
    let back = sent_back(&mut desk, &practice, "/login/practice").await;
    let answer = desk.open(&back.replace("/login/practice/", "/login/plan/")).await;
    assert_not_in(&desk, &answer, 400, "Sign in once more");
    assert_eq!(desk.open("/login/nowhere").await.status.as_u16(), 404);
    assert_eq!(desk.open("/login/nowhere/callback").await.status.as_u16(), 404);
}

// proves PRV-02
#[tokio::test]
async fn whoever_is_not_mapped_gets_a_page_that_says_why_and_no_session() {
    let (openid, service) = both().await;
    for (person, why) in [
        (json!({"sub": "x"}), "The account has no role in this service."),
        (json!({"sub": "x", "pa": {"roles": ["physician"]}}), "The account has no role in this service."),
        (json!({"sub": "x", "pa": {"roles": ["orders", "nurse"]}, "tax_ids": "900000001"}), "more than one role"),
        (json!({"sub": "x", "pa": {"roles": ["orders"]}}), "names no tax ID"),
        (json!({"sub": "x", "pa": {"roles": ["orders"]}, "tax_ids": ["900000001", "anything"]}), "has not nine digits"),
    ] {
        openid.person(person.clone());
        let mut browser = Browser::new(&service);
        let answer = sign_in(&mut browser, &openid).await;
        assert_not_in(&browser, &answer, 403, "You have no access here");
        assert!(answer.text.contains(why), "{person}: {}", answer.text);
    }
    assert_eq!(sessions(&service).await, 0);
}

#[tokio::test]
async fn an_id_token_that_does_not_hold_lets_nobody_in() {
    type Spoil = fn(&mut Map<String, Value>);
    type Sign = fn(&OpenId, &Value) -> String;
    fn set(claims: &mut Map<String, Value>, name: &str, value: Value) {
        claims.insert(name.to_owned(), value);
    }
    let spoiled: [(&str, Spoil); 15] = [
        ("expired", |claims| set(claims, "exp", json!(now().timestamp() - 61))),
        ("issued in the future", |claims| set(claims, "iat", json!(now().timestamp() + 120))),
        ("not yet valid", |claims| set(claims, "nbf", json!(now().timestamp() + 61))),
        ("valid from no time", |claims| set(claims, "nbf", json!("soon"))),
        ("for another client", |claims| set(claims, "aud", json!("another"))),
        ("also for a client that is not known", |claims| set(claims, "aud", json!(["oncoauth", "another"]))),
        ("for nobody", |claims| drop(claims.remove("aud"))),
        ("made for another party", |claims| set(claims, "azp", json!("another"))),
        ("of another issuer", |claims| set(claims, "iss", json!("https://id.example"))),
        ("almost of this issuer", |claims| set(claims, "iss", json!(format!("{}/", claims["iss"].as_str().unwrap())))),
        ("of another sign-in", |claims| set(claims, "nonce", json!("another"))),
        ("of no sign-in", |claims| drop(claims.remove("nonce"))),
        ("about nobody", |claims| drop(claims.remove("sub"))),
        ("about an empty subject", |claims| set(claims, "sub", json!(""))),
        ("that never expires", |claims| drop(claims.remove("exp"))),
    ];
    let signed: [(&str, Sign); 5] = [
        ("that nobody signed", |_, claims| openid::unsigned(claims)),
        ("that the public key signed", |openid, claims| openid::confused(&openid.key(), claims)),
        ("that another key signed under its name", |_, claims| openid::signed(&Key::rsa("first", true), claims)),
        ("that an unknown key signed", |_, claims| openid::signed(&Key::p256("unknown"), claims)),
        ("that is none", |_, _| "a.b.c".to_owned()),
    ];
    let (openid, service) = both().await;
    for (what, spoil) in spoiled {
        openid.spoil(Some(spoil));
        let mut browser = Browser::new(&service);
        let answer = sign_in(&mut browser, &openid).await;
        println!("{what}");
        assert_not_in(&browser, &answer, 403, "Not signed in");
    }
    openid.spoil(None);
    for (what, sign) in signed {
        openid.sign_with(Some(sign));
        let mut browser = Browser::new(&service);
        let answer = sign_in(&mut browser, &openid).await;
        println!("{what}");
        assert_not_in(&browser, &answer, 403, "Not signed in");
    }
    assert_eq!(sessions(&service).await, 0);
    openid.sign_with(None);
    // clocks may differ by a minute
    openid.spoil(Some(|claims| {
        set(claims, "exp", json!(now().timestamp() - 59));
        set(claims, "iat", json!(now().timestamp() + 59));
        set(claims, "nbf", json!(now().timestamp() + 59));
        set(claims, "azp", json!("oncoauth"));
    }));
    assert_eq!(sign_in(&mut Browser::new(&service), &openid).await.status.as_u16(), 303);
}

#[tokio::test]
async fn a_sign_in_counts_once_for_ten_minutes_and_in_the_browser_that_began_it() {
    let (openid, service) = both().await;
    let mut browser = Browser::new(&service);
    let back = sent_back(&mut browser, &openid, "/login/practice").await;
    // somebody else is sent the address with which the person would come back, or has begun one of their own
    let mut other = Browser::new(&service);
    let answer = other.open(&back).await;
    assert_not_in(&other, &answer, 400, "Sign in once more");
    let of_the_other = sent_back(&mut other, &openid, "/login/practice").await;
    let answer = other.open(&back).await;
    assert_not_in(&other, &answer, 400, "Sign in once more");
    let answer = browser.open(&of_the_other).await;
    assert_not_in(&browser, &answer, 400, "Sign in once more");
    // a code of another sign-in does not fit this one
    let swapped = {
        let code = |address: &str| address.split("code=").nth(1).unwrap().split('&').next().unwrap().to_owned();
        back.replace(&code(&back), &code(&of_the_other))
    };
    let kept = browser.cookies.clone();
    let answer = browser.open(&swapped).await;
    assert_not_in(&browser, &answer, 403, "Not signed in");
    // and that was this one's only attempt
    browser.cookies = kept;
    let answer = browser.open(&back).await;
    assert_not_in(&browser, &answer, 400, "Sign in once more");
    // what was used cannot be used again, with whatever the browser kept
    let back = sent_back(&mut browser, &openid, "/login/practice").await;
    let kept = browser.cookies.clone();
    assert_eq!(browser.open(&back).await.status.as_u16(), 303);
    let mut replayed = Browser::new(&service);
    replayed.cookies = kept;
    let answer = replayed.open(&back).await;
    assert_not_in(&replayed, &answer, 400, "Sign in once more");
    // too late
    let mut slow = Browser::new(&service);
    let back = sent_back(&mut slow, &openid, "/login/practice").await;
    service.app.clock.freeze_at(now() + TimeDelta::minutes(10));
    openid.set_clock(now() + TimeDelta::minutes(10));
    let answer = slow.open(&back).await;
    assert_not_in(&slow, &answer, 400, "Sign in once more");
    // those who do not come back are forgotten
    sent_back(&mut slow, &openid, "/login/practice").await;
    service.app.clock.freeze_at(now() + TimeDelta::minutes(21));
    assert!(identity::purge(&service.app).await.unwrap() >= 1);
    let left: i64 = sqlx::query_scalar("select count(*) from sign_ins").fetch_one(&service.app.pool).await.unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn whoever_declines_or_comes_from_elsewhere_is_not_signed_in() {
    let (openid, service) = both().await;
    let mut browser = Browser::new(&service);
    let back = sent_back(&mut browser, &openid, "/login/practice").await;
    let state = back.split("state=").nth(1).unwrap().split('&').next().unwrap();
    let answer =
        browser.open(&format!("/login/practice/callback?state={state}&error=access_denied&error_description=%3Cb%3E")).await;
    assert_not_in(&browser, &answer, 403, "Not signed in");
    assert!(!answer.text.contains("access_denied"), "nothing of the address is repeated");
    let back = sent_back(&mut browser, &openid, "/login/practice").await;
    let issuer: String = form_urlencoded::byte_serialize(openid.issuer.as_bytes()).collect();
    let answer = browser.open(&back.replace(&issuer, "https%3A%2F%2Fevil.example")).await;
    assert_not_in(&browser, &answer, 403, "Not signed in");
    for address in
        ["/login/practice/callback", "/login/practice/callback?state=a&state=b", "/login/practice/callback?code=code-0"]
    {
        let answer = browser.open(address).await;
        assert_not_in(&browser, &answer, 400, "Sign in once more");
    }
}

#[tokio::test]
async fn whoever_signs_in_gets_a_new_secret_and_what_was_there_before_is_over() {
    let (openid, service) = both().await;
    let mut browser = Browser::new(&service);
    browser.cookies.insert(COOKIE.to_owned(), "B".repeat(43));
    sign_in(&mut browser, &openid).await;
    let first = browser.cookies.clone();
    assert_ne!(first[COOKIE], "B".repeat(43), "what was planted stays dead");
    openid.person(json!({"sub": "n-1", "name": "Nurse", "pa": {"roles": ["nurse"]}}));
    sign_in(&mut browser, &openid).await;
    assert_ne!(first[COOKIE], browser.cookies[COOKIE]);
    assert!(browser.page("/").await.contains("Oncology nurse"));
    let mut before = Browser::new(&service);
    before.cookies = first;
    assert_eq!(before.open("/status").await.status.as_u16(), 303, "the session before has ended");
    // what is stored of a sign-in or a session lets nobody in
    let stored: Vec<Vec<u8>> =
        sqlx::query_scalar("select session_hash from portal_sessions").fetch_all(&service.app.pool).await.unwrap();
    assert_eq!((stored.len(), stored[0].len()), (1, 32));
}

#[tokio::test]
async fn a_session_ends_with_its_provider_and_a_sandboxs_people_are_nobody_elsewhere() {
    let (openid, service) = both().await;
    let mut browser = Browser::new(&service);
    sign_in(&mut browser, &openid).await;
    assert_eq!(browser.open("/status").await.status.as_u16(), 200);
    let kept = browser.cookies.clone();
    let mut without = service.app.clone();
    without.authorities = identity::Authorities::default();
    let without = service.beside(oncoauth::doors::router(without));
    let mut browser = Browser::new(&without);
    browser.cookies = kept;
    assert_eq!(browser.open("/status").await.status.as_u16(), 303);
    assert_eq!(sessions(&service).await, 0);
    assert!(browser.page("/login").await.contains("People cannot sign in here yet"));
}

#[tokio::test]
async fn a_sandbox_has_its_people_beside_those_of_a_provider() {
    let openid = OpenId::start(now()).await;
    openid.person(desk());
    let service = Service::start(Settings {
        sandbox: true,
        authorities: authorities(&[openid.entry("practice", ROLES)]),
        ..Settings::default()
    })
    .await;
    let mut browser = Browser::new(&service);
    let page = browser.page("/login").await;
    assert!(page.contains("practice account") && page.contains("pick who you want to be"), "{page}");
    assert_eq!(sign_in(&mut browser, &openid).await.status.as_u16(), 303);
    assert!(browser.page("/").await.contains("Front desk"));
}

#[tokio::test]
async fn keys_are_fetched_anew_when_they_change_and_not_more_often_than_that() {
    let (openid, service) = both().await;
    assert_eq!(sign_in(&mut Browser::new(&service), &openid).await.status.as_u16(), 303);
    assert_eq!(sign_in(&mut Browser::new(&service), &openid).await.status.as_u16(), 303);
    assert_eq!(openid.asked_for_keys(), 1, "they are kept");
    openid.rotate(Key::p256("second"));
    let at = |seconds: i64| {
        service.app.clock.freeze_at(now() + TimeDelta::seconds(seconds));
        openid.set_clock(now() + TimeDelta::seconds(seconds));
    };
    at(9);
    assert_eq!(sign_in(&mut Browser::new(&service), &openid).await.status.as_u16(), 403, "asked a moment ago");
    assert_eq!(openid.asked_for_keys(), 1);
    at(10);
    assert_eq!(sign_in(&mut Browser::new(&service), &openid).await.status.as_u16(), 303);
    assert_eq!(openid.asked_for_keys(), 2);
    // tokens of unknown keys do not make the service a source of requests
    openid.sign_with(Some(|_, claims| openid::signed(&Key::p256("unknown"), claims)));
    at(30);
    for _ in 0..5 {
        assert_eq!(sign_in(&mut Browser::new(&service), &openid).await.status.as_u16(), 403);
    }
    assert_eq!(openid.asked_for_keys(), 3);
    openid.sign_with(None);
    // a key that was withdrawn counts for an hour at most
    at(30 + 3600);
    assert_eq!(sign_in(&mut Browser::new(&service), &openid).await.status.as_u16(), 303);
    assert_eq!(openid.asked_for_keys(), 4);
}

/// One caller looks at what the provider publishes after an hour; the others need not wait for that.
#[tokio::test]
async fn keys_that_are_usable_serve_while_somebody_else_fetches_them_anew() {
    let (openid, service) = both().await;
    assert_eq!(sign_in(&mut Browser::new(&service), &openid).await.status.as_u16(), 303);
    service.app.clock.freeze_at(now() + TimeDelta::minutes(61));
    openid.set_clock(now() + TimeDelta::minutes(61));
    openid.hold(true);
    let (mut fetching, mut meanwhile) = (Browser::new(&service), Browser::new(&service));
    let others = async {
        openid.is_asked().await;
        let begun = Instant::now();
        assert_eq!(meanwhile.open("/login/practice").await.status.as_u16(), 303);
        assert!(begun.elapsed() < Duration::from_secs(3), "it waited for the provider: {:?}", begun.elapsed());
        openid.hold(false);
    };
    let (answer, ()) = tokio::join!(fetching.open("/login/practice"), others);
    assert_eq!((answer.status.as_u16(), openid.asked_for_keys()), (303, 2));
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_a_provider_that_is_away_is_said_to_be() {
    let (openid, service) = both().await;
    openid.redirect_to(Some(format!("{}/elsewhere", openid.issuer)));
    let mut browser = Browser::new(&service);
    assert_eq!(browser.open("/login/practice").await.status.as_u16(), 503, "no discovery");
    openid.redirect_to(None);
    assert_eq!(browser.open("/login/practice").await.status.as_u16(), 503, "asked a moment ago");
    service.app.clock.freeze_at(now() + TimeDelta::seconds(10));
    openid.set_clock(now() + TimeDelta::seconds(10));
    let back = sent_back(&mut browser, &openid, "/login/practice").await;
    openid.redirect_to(Some(format!("{}/elsewhere", openid.issuer)));
    let answer = browser.open(&back).await;
    assert_not_in(&browser, &answer, 403, "Not signed in");
    assert_eq!(openid.followed(), 0);
    // what is known is used while the provider is away, though not for days
    for (hours, status) in [(5, 303), (7, 503)] {
        service.app.clock.freeze_at(now() + TimeDelta::hours(hours));
        assert_eq!(browser.open("/login/practice").await.status.as_u16(), status, "after {hours} hours");
    }
}

#[tokio::test]
async fn a_file_that_could_let_the_wrong_people_in_is_refused_with_every_reason() {
    let refused = |text: &str| config::parse(text, std::path::Path::new("/nowhere"), &library()).unwrap_err().to_string();
    let entry = |rest: &str| {
        format!(
            "[[provider]]\nname = \"practice\"\ntitle = \"Practice\"\nissuer = \"https://id.example\"\nclient_id = \"oncoauth\"\n{rest}"
        )
    };
    assert!(config::parse(&entry("role = { value = \"nurse\" }"), std::path::Path::new(""), &library()).is_ok());
    for (rest, why) in [
        ("", "role: give either"),
        ("role = { value = \"superuser\" }", "`superuser` is none of the service's roles"),
        ("role = { claim = \"role\" }", "role: give either"),
        ("role = { value = \"ordering_provider\" }", "tax_ids: practices are bound"),
        ("role = { value = \"health_plan\" }", "health_plan: people of a plan are bound"),
        ("role = { value = \"health_plan\" }\nhealth_plan = { value = \"no-plan\" }", "no program is run for `no-plan`"),
        ("role = { value = \"health_plan\" }\nhealth_plan = { claim = \"plan\" }", "health_plan: give either"),
        ("algorithms = [\"none\"]\nrole = { value = \"nurse\" }", "`none` is none of"),
        ("algorithms = [\"HS256\"]\nrole = { value = \"nurse\" }", "`HS256` is none of"),
        ("algorithms = []\nrole = { value = \"nurse\" }", "name at least one"),
        ("api_audience = \"oncoauth\"\nrole = { value = \"nurse\" }", "must be another than client_id"),
        ("clock_skew_seconds = 3600\nrole = { value = \"nurse\" }", "300 at most"),
        ("client_secret_file = \"secret\"\nrole = { value = \"nurse\" }", "client_secret_file: /nowhere/secret"),
        ("client_secret = \"in the open\"\nrole = { value = \"nurse\" }", "unknown field"),
    ] {
        let said = refused(&entry(rest));
        assert!(said.contains(why), "{rest}: {said}");
    }
    let said = refused(&entry("role = { value = \"nurse\" }").replace("https://id.example", "http://id.example"));
    assert!(said.contains("must begin with https://"), "{said}");
    let said = refused(&format!("{}\n{}", entry("role = { value = \"nurse\" }"), entry("role = { value = \"nobody\" }")));
    assert!(said.contains("another provider has this name") && said.contains("`nobody`"), "all at once: {said}");
}
