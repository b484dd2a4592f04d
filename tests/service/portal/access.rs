//! Every page of the portal's list, tried as nobody and as each person of the sandbox. A new page is covered without touching this file.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "test crate")]

use super::browser::Browser;
use crate::support::http::Service;
use axum::http::Method;
use oncoauth::app::Settings;
use oncoauth::app::sandbox::TOKENS;
use oncoauth::portal::{Who, pages};

/// The address with something in place of its parameters.
fn concrete(path: &str) -> String {
    let filled =
        |part: &str| if part.starts_with('{') { "00000000-0000-7000-8000-000000000000".to_owned() } else { part.to_owned() };
    path.split('/').map(filled).collect::<Vec<_>>().join("/")
}

/// These end the session with which the others are tried.
fn ends_the_session(path: &str) -> bool {
    path.starts_with("/logout") || path == "/login"
}

// proves PRV-02
#[tokio::test]
async fn every_page_lets_in_exactly_the_roles_that_it_names() {
    let service = Service::with_rosters().await;
    for (token, role, ..) in TOKENS {
        let mut browser = Browser::of(&service, token).await;
        for page in pages(true) {
            if ends_the_session(page.path) {
                continue;
            }
            let path = concrete(page.path);
            let what = format!("{} {} as {token}", page.method, page.path);
            let answer = if page.method == Method::GET { browser.open(&path).await } else { browser.send(&path, &[]).await };
            let status = answer.status.as_u16();
            assert!(status < 500, "{what}: {}", answer.text);
            if !page.who.admits(role) {
                assert_eq!(status, 404, "{what}: {}", answer.text);
                assert!(answer.text.contains("Nothing here"), "{what}: not visible reads as not there");
            } else if page.method == Method::GET && !page.path.contains('{') {
                assert_eq!(status, 200, "{what}: {}", answer.text);
            }
        }
    }
}

// proves PRV-02
#[tokio::test]
async fn nobody_gets_further_than_the_door() {
    let service = Service::with_rosters().await;
    for page in pages(true) {
        let mut nobody = Browser::new(&service);
        let path = concrete(page.path);
        let answer = if page.method == Method::GET { nobody.open(&path).await } else { nobody.send(&path, &[]).await };
        let what = format!("{} {}: {}", page.method, page.path, answer.text);
        match page.who {
            Who::Everybody => assert!(answer.status.as_u16() < 500 && answer.header("location").is_empty(), "{what}"),
            Who::SignedIn(_) => {
                assert_eq!(answer.status.as_u16(), 303, "{what}");
                assert!(answer.header("location").starts_with("/login"), "{what}");
            }
        }
    }
}

#[tokio::test]
async fn every_link_of_every_roles_pages_leads_somewhere() {
    let service = Service::with_rosters().await;
    for (token, ..) in TOKENS {
        let mut browser = Browser::of(&service, token).await;
        let mut to_read = vec!["/".to_owned()];
        let mut read = std::collections::BTreeSet::new();
        while let Some(path) = to_read.pop() {
            if !read.insert(path.clone()) || read.len() > 40 {
                continue;
            }
            let answer = browser.open(&path).await;
            assert_eq!(answer.status.as_u16(), 200, "{path} as {token}");
            if !answer.header("content-type").starts_with("text/html") {
                continue;
            }
            for link in answer.text.split(" href=\"").skip(1) {
                let link = link.split('"').next().unwrap();
                // the API's description is another door's, and moves to its own address
                if link.starts_with('/') && link != "/docs" {
                    to_read.push(link.split('#').next().unwrap().to_owned());
                }
            }
        }
    }
}

#[tokio::test]
async fn pages_and_their_files_go_packed_to_browsers_that_take_them_so() {
    use std::io::Read as _;
    let service = Service::sandbox().await;
    let plain = Browser::new(&service).page("/login").await;
    let file = plain.split("href=\"/assets/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let mut sizes = Vec::new();
    for path in ["/login".to_owned(), format!("/assets/{file}")] {
        let request =
            axum::http::Request::builder().uri(&path).header("accept", "text/html").header("accept-encoding", "br, gzip");
        let answer = service.send(request.body(axum::body::Body::empty()).unwrap()).await;
        assert_eq!(answer.header("content-encoding"), "gzip", "{path}");
        let packed = answer.bytes;
        let mut text = String::new();
        flate2::read::GzDecoder::new(&packed[..]).read_to_string(&mut text).unwrap();
        assert_eq!(text, Browser::new(&service).open(&path).await.text, "{path}");
        sizes.push((packed.len(), text.len()));
    }
    assert!(sizes.iter().all(|(packed, plain)| packed * 2 < *plain), "{sizes:?}");
}

#[tokio::test]
async fn an_unknown_address_is_a_page_to_a_browser_and_a_problem_to_a_program() {
    let service = Service::sandbox().await;
    let answer = Browser::new(&service).open("/nowhere").await;
    assert_eq!(answer.status.as_u16(), 404);
    assert!(answer.header("content-type").starts_with("text/html") && answer.text.contains("Nothing here"), "{}", answer.text);
    service.get("/nowhere", "").await.assert_problem(404, "not-found");
    // below the API it is a problem to a browser, too
    for path in ["/v1", "/v1/", "/v1/nowhere", "/v1/orders/x/y/z"] {
        Browser::new(&service).open(path).await.assert_problem(404, "not-found");
    }
    for path in ["/fhir", "/fhir/nowhere", "/fhir/"] {
        let answer = Browser::new(&service).open(path).await;
        assert_eq!((answer.status.as_u16(), answer.header("content-type")), (404, "application/fhir+json"), "{path}");
    }
    assert!(Browser::new(&service).open("/v1st").await.text.contains("Nothing here"));
}

#[tokio::test]
async fn an_address_that_cannot_be_read_is_a_page_like_any_other() {
    let service = Service::sandbox().await;
    let mut browser = Browser::of(&service, "sandbox-nurse").await;
    assert!(browser.page("/login?then=/verify&then=/status").await.contains("name=\"then\" value=\"/\""));
    let answer = browser.open("/cases/%FF").await;
    assert_eq!(answer.status.as_u16(), 404, "{}", answer.text);
    assert!(answer.header("content-type").starts_with("text/html") && answer.text.contains("Nothing here"), "{}", answer.text);
}

#[tokio::test]
async fn pages_and_the_api_count_together_how_often_one_calls() {
    let service = Service::start(Settings { sandbox: true, rate_limit: Some(1), ..Settings::default() }).await;
    let mut browser = Browser::of(&service, "sandbox-administrator").await;
    let mut last = browser.open("/verify").await;
    for _ in 0..20 {
        if last.status.as_u16() != 200 {
            break;
        }
        last = browser.open("/verify").await;
    }
    assert_eq!((last.status.as_u16(), last.header("retry-after")), (429, "1"), "{}", last.text);
    assert!(last.text.contains("Too many requests"), "{}", last.text);
    let of_the_api = service.get("/v1/tokens", "sandbox-administrator").await;
    // a bucket fills by one a second: a slow machine may have one left
    assert!(matches!(of_the_api.status.as_u16(), 200 | 429), "{}", of_the_api.text);
    assert_eq!(Browser::of(&service, "sandbox-nurse").await.open("/verify").await.status.as_u16(), 200, "others go on");
}

#[tokio::test]
async fn a_page_that_takes_too_long_is_given_up_also_while_it_is_found_out_who_asks() {
    let request_timeout = std::time::Duration::from_millis(100);
    let service = Service::start(Settings { sandbox: true, request_timeout, ..Settings::default() }).await;
    let secret = oncoauth::app::sessions::sign_in_to_sandbox(&service.app, "sandbox-nurse").await.unwrap().unwrap();
    let mut browser = Browser::new(&service);
    browser.cookies.insert("__Host-oncoauth".to_owned(), secret);
    let mut held = Vec::new();
    for _ in 0..service.app.pool.options().get_max_connections() {
        held.push(service.app.pool.acquire().await.unwrap());
    }
    let answer = browser.open("/sandbox/clock").await;
    assert_eq!(answer.status.as_u16(), 503, "{}", answer.text);
    assert!(answer.text.contains("Not available now"), "{}", answer.text);
}

#[tokio::test]
async fn a_character_that_no_database_keeps_is_a_fault_of_the_visitor() {
    let service = Service::with_rosters().await;
    let mut browser = Browser::of(&service, "sandbox-ordering-provider").await;
    for (path, fields) in [
        ("/verify", [("by", "order_id"), ("/order_id", "A12\0")]),
        ("/verify", [("by", "many"), ("many", "A12\0")]),
        ("/status", [("number", "A12\0"), ("member_id", "")]),
        ("/status", [("number", ""), ("member_id", "XKM\x00100200300")]),
        ("/login", [("person", "sandbox\0"), ("then", "/\0")]),
    ] {
        let answer = browser.send(path, &fields).await;
        assert!(answer.status.as_u16() < 500 && !answer.text.contains('\0'), "{path} {fields:?}: {}", answer.text);
    }
}

#[tokio::test]
async fn the_first_page_shows_a_sandbox_its_people_and_tokens_and_production_nothing_of_them() {
    let sandbox = Service::sandbox().await;
    let page = Browser::new(&sandbox).page("/").await;
    for (token, ..) in TOKENS {
        assert!(page.contains(&format!("<code>{token}</code>")), "{token}");
    }
    assert!(page.contains("href=\"/docs\""), "where the API is described");
    let production = Service::start(Settings::default()).await;
    for path in ["/", "/login"] {
        let page = Browser::new(&production).page(path).await;
        assert!(!page.contains("sandbox-") && !page.contains("name=\"person\""), "{page}");
    }
}

/// Pages name patients: nothing may keep, frame or leak them, and nothing but our own files may run in them.
#[tokio::test]
async fn every_answer_forbids_keeping_framing_and_foreign_scripts() {
    let service = Service::with_rosters().await;
    let mut browser = Browser::of(&service, "sandbox-ordering-provider").await;
    for path in ["/", "/login", "/sandbox/clock", "/nowhere"] {
        let answer = browser.open(path).await;
        let policy = answer.header("content-security-policy");
        for part in ["default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe") && !policy.contains('*'), "{path}: {policy}");
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        assert_eq!(answer.header("referrer-policy"), "same-origin", "{path}: browsers then say where a form comes from");
        assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin", "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
    }
}

#[tokio::test]
async fn the_files_of_a_page_are_kept_for_good_under_an_address_that_changes_with_them() {
    let service = Service::sandbox().await;
    let page = Browser::new(&service).page("/").await;
    let mut files = 0;
    for link in page.split('"').filter(|part| part.starts_with("/assets/")) {
        let answer = service.get(link, "").await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("cache-control")),
            (200, "public, max-age=31536000, immutable"),
            "{link}"
        );
        files += 1;
    }
    assert_eq!(files, 3, "style, script and icon");
    assert_eq!(service.get("/assets/portal-000000000000.css", "").await.status.as_u16(), 404);
}
