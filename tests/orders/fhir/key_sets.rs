//! Systems that publish their keys: the set at the registered address is fetched when it is needed, kept for minutes, and never believed for
//! longer than it may be.

use super::sandbox;
use super::smart::{AUDIENCE, CLIENTS, SCOPE, ask, jti, practice, refused};
use crate::support::http::{Answer, Service};
use crate::support::jwt::Key;
use crate::support::key_server::KeyServer;
use crate::support::submit::ADMINISTRATOR;
use axum::http::Method;
use chrono::TimeDelta;
use oncoauth::app::Settings;
use serde_json::{Value, json};

fn set(keys: &[Value]) -> String {
    json!({ "keys": keys }).to_string()
}

/// A practice that publishes its keys there.
fn published(address: &str) -> Value {
    let mut body = practice(&Value::Null);
    body.as_object_mut().unwrap().remove("jwks");
    body["jwks_uri"] = json!(address);
    body
}

async fn registered(service: &Service, address: &str) -> String {
    let answer = service.post(CLIENTS, ADMINISTRATOR, &published(address)).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let client = answer.json();
    assert_eq!((&client["jwks_uri"], &client["keys"]), (&json!(address), &json!([])));
    client["client_id"].as_str().unwrap().to_owned()
}

async fn sign_in(service: &Service, id: &str, key: &Key, kid: &str) -> Answer {
    let exp = (service.app.clock.now() + TimeDelta::minutes(4)).timestamp();
    let claims = json!({"iss": id, "sub": id, "aud": AUDIENCE, "exp": exp, "jti": jti()});
    ask(service, &key.token(&json!({"alg": key.algorithm(), "kid": kid}), &claims), SCOPE).await
}

fn pass(service: &Service, time: TimeDelta) {
    service.app.clock.freeze_at(service.app.clock.now() + time);
}

#[tokio::test]
async fn a_published_set_is_fetched_once_and_anew_when_a_key_is_not_in_it() {
    let service = sandbox().await;
    let (first, second) = (Key::p384(), Key::p384());
    let server = KeyServer::start(set(&[first.jwk("a")])).await;
    let id = registered(&service, &server.url).await;
    assert_eq!(server.asked(), 0, "nobody has signed in yet");
    for _ in 0..3 {
        let answer = sign_in(&service, &id, &first, "a").await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
    assert_eq!(server.asked(), 1, "it is kept");
    // the system changes its keys without anybody here
    server.answers(200, set(&[second.jwk("b")]));
    pass(&service, TimeDelta::seconds(9));
    refused(&sign_in(&service, &id, &second, "b").await, 401, "invalid_client", "asked a moment ago");
    assert_eq!(server.asked(), 1);
    pass(&service, TimeDelta::seconds(1));
    assert_eq!(sign_in(&service, &id, &second, "b").await.status, 200);
    assert_eq!(server.asked(), 2);
    refused(&sign_in(&service, &id, &first, "a").await, 401, "invalid_client", "a key that is not published any more");
    // whoever signs with keys of their own does not make the service a source of requests
    pass(&service, TimeDelta::seconds(20));
    for _ in 0..5 {
        refused(&sign_in(&service, &id, &Key::p384(), "b").await, 401, "invalid_client", "a stranger");
    }
    assert_eq!(server.asked(), 3);
    assert_eq!(sign_in(&service, &id, &second, "b").await.status, 200);
}

#[tokio::test]
async fn a_key_that_was_withdrawn_counts_for_minutes_and_an_hour_where_its_server_is_away() {
    let service = sandbox().await;
    let key = Key::p384();
    let server = KeyServer::start(set(&[key.jwk("a")])).await;
    let id = registered(&service, &server.url).await;
    assert_eq!(sign_in(&service, &id, &key, "a").await.status, 200);
    server.answers(200, set(&[]));
    pass(&service, TimeDelta::seconds(299));
    assert_eq!(sign_in(&service, &id, &key, "a").await.status, 200);
    pass(&service, TimeDelta::seconds(1));
    refused(&sign_in(&service, &id, &key, "a").await, 401, "invalid_client", "withdrawn");
    // a set without keys is a set: what it was before does not come back when the server is away
    server.answers(503, String::new());
    pass(&service, TimeDelta::minutes(6));
    refused(&sign_in(&service, &id, &key, "a").await, 401, "invalid_client", "withdrawn, and away");
    server.answers(200, set(&[key.jwk("a")]));
    pass(&service, TimeDelta::minutes(6));
    assert_eq!(sign_in(&service, &id, &key, "a").await.status, 200);
    server.answers(503, String::new());
    pass(&service, TimeDelta::minutes(59));
    assert_eq!(sign_in(&service, &id, &key, "a").await.status, 200, "while its server is away");
    pass(&service, TimeDelta::minutes(1));
    let answer = sign_in(&service, &id, &key, "a").await;
    refused(&answer, 401, "invalid_client", "an hour later");
    assert!(answer.text.contains("key set cannot be had"), "{}", answer.text);
    server.answers(200, set(&[key.jwk("a")]));
    pass(&service, TimeDelta::seconds(10));
    assert_eq!(sign_in(&service, &id, &key, "a").await.status, 200);
}

#[tokio::test]
async fn what_is_no_key_set_lets_nobody_in() {
    let service = sandbox().await;
    let key = Key::p384();
    let good = set(&[key.jwk("a")]);
    let server = KeyServer::start(String::new()).await;
    let id = registered(&service, &server.url).await;
    let large = json!({"keys": [key.jwk("a")], "more": "x".repeat(300_000)}).to_string();
    for (what, status, body) in [
        ("away", 500, good.clone()),
        ("gone", 404, good.clone()),
        ("elsewhere", 302, good.clone()),
        ("nothing", 200, String::new()),
        ("a page", 200, "<html></html>".to_owned()),
        ("no list", 200, json!({"keys": key.jwk("a")}).to_string()),
        ("too large", 200, large),
    ] {
        server.answers(status, body);
        pass(&service, TimeDelta::seconds(10));
        let asked = server.asked();
        let answer = sign_in(&service, &id, &key, "a").await;
        refused(&answer, 401, "invalid_client", what);
        assert!(answer.text.contains("key set cannot be had"), "{what}: {}", answer.text);
        refused(&sign_in(&service, &id, &key, "a").await, 401, "invalid_client", what);
        assert_eq!(server.asked(), asked + 1, "{what}: not asked again at once");
    }
    // nothing listens
    let gone = {
        let server = KeyServer::start(good.clone()).await;
        server.url.clone()
    };
    let nowhere = registered(&service, &gone).await;
    refused(&sign_in(&service, &nowhere, &key, "a").await, 401, "invalid_client", "nothing listens");
    server.answers(200, good);
    pass(&service, TimeDelta::seconds(10));
    assert_eq!(sign_in(&service, &id, &key, "a").await.status, 200);
}

/// A set is for everything that the system signs and decrypts: what is not for this is left, and what is ambiguous as well.
#[tokio::test]
async fn of_a_set_only_what_is_good_for_signing_in_is_used() {
    let service = sandbox().await;
    let (good, twin, other, private) = (Key::p384(), Key::p384(), Key::p384(), Key::p384());
    let with = |mut jwk: Value, name: &str, value: Value| {
        jwk[name] = value;
        jwk
    };
    let keys = [
        json!("text"),
        json!({"kty": "oct", "kid": "a", "k": "AAAA"}),
        json!({"kty": "EC", "crv": "P-256", "kid": "a", "x": "AAAA", "y": "AAAA"}),
        with(other.jwk("encryption"), "use", json!("enc")),
        with(private.jwk("private"), "d", json!("AAAA")),
        twin.jwk("twin"),
        Key::p384().jwk("twin"),
        good.jwk("a"),
    ];
    let server = KeyServer::start(set(&keys)).await;
    let id = registered(&service, &server.url).await;
    assert_eq!(sign_in(&service, &id, &good, "a").await.status, 200);
    for (key, kid) in [(&twin, "twin"), (&other, "encryption"), (&private, "private"), (&good, "twin")] {
        refused(&sign_in(&service, &id, key, kid).await, 401, "invalid_client", kid);
    }
}

/// Whoever names an address makes this service call it.
#[tokio::test]
async fn an_address_of_keys_is_held_to_the_rules_of_every_address_that_is_called() {
    let service = sandbox().await;
    for address in [
        "http://ehr.example.org/jwks.json",
        "https://10.0.0.1/jwks.json",
        "https://169.254.169.254/latest/meta-data",
        "https://[fd00::1]/jwks.json",
        "https://user:secret@ehr.example.org/jwks.json",
        "https://ehr.example.org/jwks.json#a",
        "file:///etc/passwd",
        "/jwks.json",
        "",
    ] {
        let problem = service.post(CLIENTS, ADMINISTRATOR, &published(address)).await.assert_problem(422, "validation-failed");
        assert_eq!(problem["errors"][0]["pointer"], "/jwks_uri", "{address}: {problem}");
    }
    let mut both = published("https://ehr.example.org/jwks.json");
    both["jwks"] = json!({"keys": [Key::p384().jwk("a")]});
    let problem = service.post(CLIENTS, ADMINISTRATOR, &both).await.assert_problem(422, "validation-failed");
    assert_eq!((&problem["errors"][0]["pointer"], &problem["errors"][0]["code"]), (&json!("/jwks_uri"), &json!("contradiction")));
    // this machine is called by a sandbox that only this machine reaches
    let settings = Settings { sandbox: true, sandbox_allow_remote: true, ..Settings::default() };
    let open = Service::start(settings).await;
    for address in ["http://127.0.0.1:9/jwks.json", "https://localhost/jwks.json", "https://[::1]/jwks.json"] {
        let problem = open.post(CLIENTS, ADMINISTRATOR, &published(address)).await.assert_problem(422, "validation-failed");
        assert_eq!(problem["errors"][0]["pointer"], "/jwks_uri", "{address}: {problem}");
    }
}

#[tokio::test]
async fn a_client_changes_between_keys_that_are_sent_and_keys_that_it_publishes() {
    let service = sandbox().await;
    let (sent, own) = (Key::p384(), Key::p384());
    let (one, two) = (KeyServer::start(set(&[own.jwk("a")])).await, KeyServer::start(set(&[])).await);
    let id = registered(&service, &one.url).await;
    let token = sign_in(&service, &id, &own, "a").await.json()["access_token"].as_str().unwrap().to_owned();
    let path = "/fhir/Claim/00000000-0000-7000-8000-000000000000";
    assert_eq!(service.get(path, &token).await.status, 404);
    let put = async |body: Value| service.call(Method::PUT, &format!("{CLIENTS}/{id}/jwks"), ADMINISTRATOR, Some(&body)).await;
    let replaced = put(json!({"jwks": {"keys": [sent.jwk("b")]}})).await.json();
    assert_eq!((&replaced["jwks_uri"], &replaced["keys"][0]["kid"]), (&Value::Null, &json!("b")));
    assert_eq!(service.get(path, &token).await.status, 401, "tokens by the keys before have ended");
    refused(&sign_in(&service, &id, &own, "a").await, 401, "invalid_client", "published before");
    assert_eq!(sign_in(&service, &id, &sent, "b").await.status, 200);
    assert_eq!(put(json!({"jwks_uri": two.url})).await.json()["jwks_uri"], json!(two.url));
    refused(&sign_in(&service, &id, &own, "a").await, 401, "invalid_client", "published at the address before");
    refused(&sign_in(&service, &id, &sent, "b").await, 401, "invalid_client", "sent before");
    for (body, pointer) in [
        (json!({}), "/jwks"),
        (json!({"jwks_uri": "http://10.0.0.1/"}), "/jwks_uri"),
        (json!({"jwks": {"keys": []}, "jwks_uri": one.url}), "/jwks_uri"),
    ] {
        let problem = put(body).await.assert_problem(422, "validation-failed");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    }
    // asked for anew under an address that it had: nothing is kept from before
    assert_eq!(put(json!({"jwks_uri": one.url})).await.status, 200);
    assert_eq!(sign_in(&service, &id, &own, "a").await.status, 200);
    assert_eq!(one.asked(), 2);
}

#[tokio::test]
async fn an_ehr_that_publishes_its_keys_signs_its_calls_with_them() {
    let service = sandbox().await;
    let (key, issuer) = (Key::p384(), "https://ehr.example.org/fhir");
    let server = KeyServer::start(set(&[key.jwk("k")])).await;
    let mut client = published(&server.url);
    client["issuer"] = json!(issuer);
    assert_eq!(service.post(CLIENTS, ADMINISTRATOR, &client).await.status, 201);
    let path = "/cds-services/order-sign-crd";
    let now = service.app.clock.now();
    let call = async |key: &Key, kid: &str| {
        let claims = json!({"iss": issuer, "aud": format!("http://127.0.0.1:8080{path}"), "jti": jti(),
                            "exp": (now + TimeDelta::minutes(4)).timestamp()});
        // an address that the token names is not called: nothing listens there
        let header = json!({"alg": "ES384", "typ": "JWT", "kid": kid, "jku": "http://127.0.0.1:9/jwks"});
        let hook = json!({"hook": "order-sign", "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
            "context": {"patientId": "p", "userId": "Practitioner/u", "draftOrders": {"resourceType": "Bundle", "entry": []}}});
        service.post(path, &key.token(&header, &claims), &hook).await.status.as_u16()
    };
    assert_eq!(call(&key, "k").await, 200);
    assert_eq!(call(&Key::p384(), "k").await, 401);
    assert_eq!(server.asked(), 1);
}
