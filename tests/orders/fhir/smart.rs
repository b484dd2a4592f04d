//! SMART Backend Services: systems are registered, prove with signed assertions who they are, and work with tokens of minutes.

use super::{SUBMIT, claim_response, held, pair, sandbox};
use crate::support::http::{Answer, Service};
use crate::support::jwt::{Key, signed_by};
use crate::support::submit::{ADMINISTRATOR, NURSE};
use axum::body::Body;
use axum::http::{Method, Request};
use chrono::{DateTime, TimeDelta, Utc};
use oncoauth::app::{Settings, smart};
use oncoauth::http::address::Peer;
use ring::hmac;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU32, Ordering};

const TOKEN: &str = "/oauth2/token";
pub(super) const CLIENTS: &str = "/v1/smart-clients";
pub(super) const AUDIENCE: &str = "http://127.0.0.1:8080/oauth2/token";
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
pub(super) const SCOPE: &str = "system/Claim.crs system/ClaimResponse.r";

/// A registered system with its keys.
struct Client {
    id: String,
    rsa: Key,
    p384: Key,
}

pub(super) fn practice(jwks: &Value) -> Value {
    json!({"role": "ordering_provider", "tax_ids": ["900000001"], "name": "EHR of Sample Oncology", "jwks": jwks})
}

async fn registered(service: &Service) -> Client {
    let (rsa, p384) = (Key::rsa(), Key::p384());
    let body = practice(&json!({"keys": [rsa.jwk("rsa-1"), p384.jwk("ec-1")]}));
    let answer = service.post(CLIENTS, ADMINISTRATOR, &body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let client = answer.json();
    assert_eq!(client["token_endpoint"], AUDIENCE);
    assert_eq!(client["keys"], json!([{"kid": "rsa-1", "alg": "RS384"}, {"kid": "ec-1", "alg": "ES384"}]));
    Client { id: client["client_id"].as_str().unwrap().to_owned(), rsa, p384 }
}

fn now(service: &Service) -> DateTime<Utc> {
    service.app.clock.now()
}

/// A number that no other assertion of this process has.
pub(super) fn jti() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("jti-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

impl Client {
    /// What a good assertion says.
    fn claims(&self, service: &Service) -> Value {
        let exp = (now(service) + TimeDelta::minutes(4)).timestamp();
        json!({"iss": self.id, "sub": self.id, "aud": AUDIENCE, "exp": exp, "jti": jti()})
    }

    fn assertion(&self, service: &Service) -> String {
        self.p384.token(&json!({"alg": "ES384", "typ": "JWT", "kid": "ec-1"}), &self.claims(service))
    }

    async fn token(&self, service: &Service, scope: &str) -> String {
        let answer = ask(service, &self.assertion(service), scope).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()["access_token"].as_str().unwrap().to_owned()
    }
}

async fn send(service: &Service, content_type: &str, body: String) -> Answer {
    let request = Request::builder().method(Method::POST).uri(TOKEN).header("content-type", content_type);
    let answer = service.send(request.body(Body::from(body)).unwrap()).await;
    assert_eq!(answer.header("content-type"), "application/json", "{}", answer.text);
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("pragma"), "no-cache");
    answer
}

async fn form(service: &Service, parameters: &[(&str, &str)]) -> Answer {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    send(service, "application/x-www-form-urlencoded", body).await
}

pub(super) async fn ask(service: &Service, assertion: &str, scope: &str) -> Answer {
    let parameters = [
        ("grant_type", "client_credentials"),
        ("client_assertion_type", ASSERTION_TYPE),
        ("client_assertion", assertion),
        ("scope", scope),
    ];
    form(service, &parameters).await
}

#[track_caller]
pub(super) fn refused(answer: &Answer, status: u16, code: &str, what: &str) {
    assert_eq!(answer.status.as_u16(), status, "{what}: {}", answer.text);
    let body = answer.json();
    assert_eq!(body["error"], code, "{what}: {body}");
    assert!(body["error_description"].is_string() && body.get("access_token").is_none(), "{what}: {body}");
    assert_eq!(answer.header("www-authenticate").is_empty(), status != 401, "{what}");
}

#[tokio::test]
async fn a_system_finds_out_signs_in_with_either_algorithm_and_orders() {
    let service = sandbox().await;
    let configuration = service.get("/fhir/.well-known/smart-configuration", "").await;
    assert_eq!((configuration.status.as_u16(), configuration.header("content-type")), (200, "application/json"));
    let configuration = configuration.json();
    assert_eq!(configuration["token_endpoint"], AUDIENCE);
    assert_eq!(configuration["token_endpoint_auth_signing_alg_values_supported"], json!(["RS384", "ES384"]));
    assert_eq!(configuration["grant_types_supported"], json!(["client_credentials"]));
    assert_eq!(configuration["token_endpoint_auth_methods_supported"], json!(["private_key_jwt"]));
    let metadata = service.get("/fhir/metadata", "").await.json();
    let security = &metadata["rest"][0]["security"];
    assert_eq!(security["extension"][0]["extension"][0]["valueUri"], AUDIENCE, "{security}");

    let client = registered(&service).await;
    for (key, kid) in [(&client.rsa, "rsa-1"), (&client.p384, "ec-1")] {
        let mut claims = client.claims(&service);
        claims["aud"] = json!(["https://elsewhere.example/token", AUDIENCE]);
        let assertion = key.token(&json!({"alg": key.algorithm(), "kid": kid}), &claims);
        let answer = ask(&service, &assertion, SCOPE).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let token = answer.json();
        assert_eq!((&token["token_type"], &token["expires_in"], &token["scope"]), (&json!("bearer"), &json!(300), &json!(SCOPE)));
        let secret = token["access_token"].as_str().unwrap();
        let mut request = pair("approve-tc.pas-request");
        super::claim(&mut request)["identifier"] = json!([{"system": "http://ehr.example.org/claims", "value": kid}]);
        let answer = super::post(&service, SUBMIT, secret, &request).await;
        let response = claim_response(&answer);
        assert_eq!(response["outcome"], "complete");
        let read = held(service.get(&format!("/fhir/ClaimResponse/{}", response["id"].as_str().unwrap()), secret).await);
        assert_eq!(read.status, 200, "{}", read.text);
    }
}

/// Everything by which somebody might get a token that is not theirs to get.
#[tokio::test]
async fn no_assertion_but_a_good_one_gets_a_token() {
    let service = sandbox().await;
    let client = registered(&service).await;
    let other = registered(&service).await;
    let at = now(&service);
    let header = json!({"alg": "ES384", "typ": "JWT", "kid": "ec-1"});
    let with = |changes: &dyn Fn(&mut Value)| {
        let mut claims = client.claims(&service);
        changes(&mut claims);
        client.p384.token(&header, &claims)
    };
    let under = |header: Value| client.p384.token(&header, &client.claims(&service));
    let seconds = |delta: i64| json!((at + TimeDelta::seconds(delta)).timestamp());
    let without = |name: &'static str| with(&move |claims: &mut Value| drop(claims.as_object_mut().unwrap().remove(name)));
    let good = client.assertion(&service);
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let confused = |secret: &[u8], algorithm: &str, kid: &str| {
        let key = hmac::Key::new(hmac::HMAC_SHA384, secret);
        let sign = |message: &[u8]| hmac::sign(&key, message).as_ref().to_vec();
        signed_by(&json!({"alg": algorithm, "kid": kid}), &client.claims(&service), sign)
    };
    let public = client.rsa.jwk("rsa-1");
    let attacks: Vec<(&str, String)> = vec![
        ("nothing", "x".to_owned()),
        ("dots", "..".to_owned()),
        ("no signature", format!("{signed}.")),
        ("two parts", signed.to_owned()),
        ("four parts", format!("{good}.{signature}")),
        ("padding", format!("{good}==")),
        ("half a signature", format!("{signed}.{}", &signature[..64])),
        ("zeros as a signature", format!("{signed}.{}", "A".repeat(128))),
        ("none", signed_by(&json!({"alg": "none", "kid": "ec-1"}), &client.claims(&service), |_| Vec::new())),
        ("None with a signature", under(json!({"alg": "None", "kid": "ec-1"}))),
        ("no algorithm", under(json!({"kid": "ec-1"}))),
        ("another algorithm", under(json!({"alg": "ES256", "kid": "ec-1"}))),
        ("the algorithm of the other key", under(json!({"alg": "RS384", "kid": "ec-1"}))),
        ("HS384 with the modulus", confused(public["n"].as_str().unwrap().as_bytes(), "HS384", "rsa-1")),
        ("HS384 with the key as JSON", confused(public.to_string().as_bytes(), "HS384", "rsa-1")),
        ("RS384 that is HMAC", confused(public["n"].as_str().unwrap().as_bytes(), "RS384", "rsa-1")),
        ("the kid of another key", under(json!({"alg": "ES384", "kid": "rsa-1"}))),
        ("an unknown kid", under(json!({"alg": "ES384", "kid": "ec-2"}))),
        ("no kid", under(json!({"alg": "ES384"}))),
        ("critical parts", under(json!({"alg": "ES384", "kid": "ec-1", "crit": ["b64"], "b64": false}))),
        ("another type", under(json!({"alg": "ES384", "kid": "ec-1", "typ": "at+jwt"}))),
        (
            "a key of its own in the header",
            Key::p384().token(&json!({"alg": "ES384", "kid": "ec-1", "jwk": Key::p384().jwk("ec-1")}), &client.claims(&service)),
        ),
        ("another's key", other.p384.token(&header, &client.claims(&service))),
        ("another's name", with(&|claims| (claims["iss"], claims["sub"]) = (json!(other.id), json!(other.id)))),
        ("iss of another", with(&|claims| claims["iss"] = json!(other.id))),
        ("sub of another", with(&|claims| claims["sub"] = json!(other.id))),
        ("nobody", with(&|claims| (claims["iss"], claims["sub"]) = (json!("nobody"), json!("nobody")))),
        ("no iss", without("iss")),
        ("no sub", without("sub")),
        ("no aud", without("aud")),
        ("no exp", without("exp")),
        ("no jti", without("jti")),
        ("an empty jti", with(&|claims| claims["jti"] = json!(""))),
        ("a jti that is a number", with(&|claims| claims["jti"] = json!(7))),
        ("another audience", with(&|claims| claims["aud"] = json!("https://elsewhere.example/oauth2/token"))),
        ("the base as audience", with(&|claims| claims["aud"] = json!("http://127.0.0.1:8080/fhir"))),
        ("the audience and more", with(&|claims| claims["aud"] = json!(format!("{AUDIENCE}/more")))),
        ("expired", with(&|claims| claims["exp"] = seconds(-1))),
        ("expired now", with(&|claims| claims["exp"] = seconds(0))),
        ("for too long", with(&|claims| claims["exp"] = seconds(310))),
        ("for ever", with(&|claims| claims["exp"] = json!(u64::MAX))),
        ("exp as text", with(&|claims| claims["exp"] = json!(seconds(60).to_string()))),
        ("not yet", with(&|claims| claims["nbf"] = seconds(60))),
        ("from the future", with(&|claims| claims["iat"] = seconds(60))),
        ("nbf as text", with(&|claims| claims["nbf"] = json!("soon"))),
    ];
    for (what, assertion) in &attacks {
        refused(&ask(&service, assertion, SCOPE).await, 401, "invalid_client", what);
    }
    // the same assertion, unspoilt, is good, and good once
    assert_eq!(ask(&service, &good, SCOPE).await.status, 200);
    refused(&ask(&service, &good, SCOPE).await, 401, "invalid_client", "replayed");
    // its number is the client's: another may have the same
    let claims =
        |id: &str| json!({"iss": id, "sub": id, "aud": AUDIENCE, "exp": seconds(60), "jti": "shared", "iat": seconds(-1)});
    for client in [&client, &other] {
        assert_eq!(ask(&service, &client.p384.token(&header, &claims(&client.id)), SCOPE).await.status, 200);
    }
}

/// Whoever holds no key learns from no refusal whether a client is on file.
#[tokio::test]
async fn an_assertion_is_refused_in_the_same_words_whoever_is_on_file() {
    let service = sandbox().await;
    let client = registered(&service).await;
    let stranger = Key::p384();
    let nobody = "00000000-0000-7000-8000-000000000000";
    for (what, header) in [
        ("another algorithm", json!({"alg": "HS256", "kid": "ec-1"})),
        ("no key", json!({"alg": "ES384"})),
        ("critical", json!({"alg": "ES384", "kid": "ec-1", "crit": ["x"]})),
        ("another type", json!({"alg": "ES384", "kid": "ec-1", "typ": "at+jwt"})),
        ("signed by a stranger", json!({"alg": "ES384", "kid": "ec-1"})),
    ] {
        let refusal = async |id: &str| {
            let mut claims = client.claims(&service);
            (claims["iss"], claims["sub"]) = (json!(id), json!(id));
            ask(&service, &stranger.token(&header, &claims), SCOPE).await.text
        };
        assert_eq!(refusal(&client.id).await, refusal(nobody).await, "{what}");
    }
}

/// Assertions are signed by whoever likes to: those that do not hold count as tokens that do not work.
#[tokio::test]
async fn an_address_from_which_assertions_fail_waits() {
    let settings = Settings { sandbox: true, failed_sign_in_limit: Some(3), ..Settings::default() };
    let service = Service::start(settings).await;
    let client = registered(&service).await;
    let send = async |from: &str, assertion: &str| {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([
                ("grant_type", "client_credentials"),
                ("client_assertion_type", ASSERTION_TYPE),
                ("client_assertion", assertion),
                ("scope", SCOPE),
            ])
            .finish();
        let mut request = Request::post(TOKEN).header("content-type", "application/x-www-form-urlencoded");
        request.extensions_mut().unwrap().insert(Peer(from.parse().unwrap()));
        service.send(request.body(Body::from(body)).unwrap()).await.status.as_u16()
    };
    // what holds counts for nothing
    for _ in 0..5 {
        assert_eq!(send("198.51.100.7", &client.assertion(&service)).await, 200);
    }
    let bad = Key::p384().token(&json!({"alg": "ES384", "kid": "ec-1"}), &client.claims(&service));
    for _ in 0..3 {
        assert_eq!(send("198.51.100.7", &bad).await, 401);
    }
    assert_eq!(send("198.51.100.7", &bad).await, 429);
    assert_eq!(send("198.51.100.8", &client.assertion(&service)).await, 200, "another address");
}

#[tokio::test]
async fn one_assertion_that_comes_many_times_at_once_gets_one_token() {
    let service = sandbox().await;
    let client = registered(&service).await;
    let assertion = client.assertion(&service);
    let answers = futures_util::future::join_all((0..8).map(|_| ask(&service, &assertion, SCOPE))).await;
    let given = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(given, 1, "{:?}", answers.iter().map(|answer| answer.status).collect::<Vec<_>>());
    // what has ended is forgotten, and refused for its end
    service.app.clock.freeze_at(now(&service) + TimeDelta::minutes(10));
    smart::purge(&service.app).await.unwrap();
    let left: i64 = sqlx::query_scalar("select count(*) from smart_assertions").fetch_one(&service.app.pool).await.unwrap();
    assert_eq!(left, 0);
    refused(&ask(&service, &assertion, SCOPE).await, 401, "invalid_client", "ended");
}

#[tokio::test]
async fn what_is_no_request_for_a_token_is_refused_in_the_words_of_oauth() {
    let service = sandbox().await;
    let client = registered(&service).await;
    let good = |service: &Service| {
        vec![
            ("grant_type", "client_credentials".to_owned()),
            ("client_assertion_type", ASSERTION_TYPE.to_owned()),
            ("client_assertion", client.assertion(service)),
            ("scope", SCOPE.to_owned()),
        ]
    };
    let changed = async |name: &str, value: Option<&str>| {
        let mut parameters = good(&service);
        parameters.retain(|(known, _)| *known != name || value.is_some());
        for (_, text) in parameters.iter_mut().filter(|(known, _)| *known == name) {
            value.unwrap().clone_into(text);
        }
        let parameters: Vec<(&str, &str)> = parameters.iter().map(|(name, value)| (*name, value.as_str())).collect();
        form(&service, &parameters).await
    };
    for (name, value, status, code) in [
        ("grant_type", None, 400, "invalid_request"),
        ("grant_type", Some(""), 400, "invalid_request"),
        ("grant_type", Some("authorization_code"), 400, "unsupported_grant_type"),
        ("client_assertion_type", None, 401, "invalid_client"),
        ("client_assertion_type", Some("urn:ietf:params:oauth:client-assertion-type:saml2-bearer"), 401, "invalid_client"),
        ("client_assertion", None, 401, "invalid_client"),
        ("scope", None, 400, "invalid_request"),
        ("scope", Some("system/Patient.rs"), 400, "invalid_scope"),
        ("scope", Some("user/Claim.c"), 400, "invalid_scope"),
        ("scope", Some("nonsense"), 400, "invalid_scope"),
    ] {
        refused(&changed(name, value).await, status, code, &format!("{name} {value:?}"));
    }
    let body = "grant_type=client_credentials&grant_type=client_credentials".to_owned();
    refused(&send(&service, "application/x-www-form-urlencoded", body).await, 400, "invalid_request", "twice");
    refused(&send(&service, "application/json", "{}".to_owned()).await, 400, "invalid_request", "JSON");
    let large = "x".repeat(70_000);
    refused(&send(&service, "application/x-www-form-urlencoded", large).await, 400, "invalid_request", "too large");
    // an assertion that was refused for something else is not used up
    let assertion = client.assertion(&service);
    refused(&ask(&service, &assertion, "nonsense").await, 400, "invalid_scope", "scope");
    assert_eq!(ask(&service, &assertion, SCOPE).await.status, 200);
    // what is not known is left out
    let answer = ask(&service, &client.assertion(&service), "system/Claim.read system/Patient.read launch").await;
    assert_eq!(answer.json()["scope"], "system/Claim.rs");
    assert_eq!(service.get(TOKEN, "").await.status, 405);
}

#[tokio::test]
async fn a_token_is_good_for_its_scopes_only_and_for_five_minutes() {
    let service = sandbox().await;
    let client = registered(&service).await;
    let request = pair("approve-tc.pas-request");
    let reads = client.token(&service, "system/Claim.r").await;
    let refused = super::post(&service, SUBMIT, &reads, &request).await;
    assert_eq!(refused.status, 403, "{}", refused.text);
    assert!(refused.header("www-authenticate").contains("insufficient_scope") && refused.text.contains("system/Claim.c"));
    // a subscription is sent whole answers: whoever may not read one subscribes to none
    let subscriber = client.token(&service, "system/Subscription.crd").await;
    let refused = super::post(&service, "/fhir/Subscription", &subscriber, &json!({"resourceType": "Subscription"})).await;
    assert_eq!(refused.status.as_u16(), 403, "{}", refused.text);
    assert!(refused.text.contains("system/ClaimResponse.r"), "{}", refused.text);
    let orders = client.token(&service, "system/*.*").await;
    let answer = super::post(&service, SUBMIT, &orders, &request).await;
    let case_id = claim_response(&answer)["id"].as_str().unwrap().to_owned();
    assert_eq!(held(service.get(&format!("/fhir/Claim/{case_id}"), &reads).await).status, 200);
    assert_eq!(held(service.get(&format!("/fhir/ClaimResponse/{case_id}"), &reads).await).status, 403);
    // below /fhir only, and with the role that it is bound to
    service.get(&format!("/v1/orders/{case_id}"), &orders).await.assert_problem(403, "forbidden");
    service.post("/v1/tokens", &orders, &json!({"role": "nurse"})).await.assert_problem(403, "forbidden");
    // it is a token like any other in the record, and is not listed with those that administrators issue
    let listed = service.get("/v1/tokens?limit=200", ADMINISTRATOR).await;
    assert_eq!(listed.json()["items"], json!([]));
    let history = service.get(&format!("/v1/orders/{case_id}/history"), ADMINISTRATOR).await;
    assert!(history.text.contains(&client.id), "the system is the actor: {}", history.text);
    service.app.clock.freeze_at(now(&service) + TimeDelta::seconds(299));
    assert_eq!(held(service.get(&format!("/fhir/Claim/{case_id}"), &reads).await).status, 200);
    service.app.clock.freeze_at(now(&service) + TimeDelta::seconds(1));
    assert_eq!(held(service.get(&format!("/fhir/Claim/{case_id}"), &reads).await).status, 401);
    // forgotten a day later, and only these
    service.post("/v1/tokens", ADMINISTRATOR, &json!({"role": "nurse"})).await;
    service.app.clock.freeze_at(now(&service) + TimeDelta::days(2));
    smart::purge(&service.app).await.unwrap();
    let left: i64 = sqlx::query_scalar("select count(*) from tokens").fetch_one(&service.app.pool).await.unwrap();
    assert_eq!(left, 1);
}

#[tokio::test]
async fn a_revoked_client_is_out_at_once_and_other_keys_take_the_place_of_old_ones() {
    let service = sandbox().await;
    let (client, other) = (registered(&service).await, registered(&service).await);
    let (token, of_other) = (client.token(&service, SCOPE).await, other.token(&service, SCOPE).await);
    let path = "/fhir/Claim/00000000-0000-7000-8000-000000000000";
    assert_eq!(service.get(path, &token).await.status, 404);
    let new = Key::p384();
    let keys = json!({"jwks": {"keys": [new.jwk("ec-2")]}});
    let replaced = service.call(Method::PUT, &format!("{CLIENTS}/{}/jwks", client.id), ADMINISTRATOR, Some(&keys)).await;
    assert_eq!(replaced.json()["keys"], json!([{"kid": "ec-2", "alg": "ES384"}]), "{}", replaced.text);
    refused(&ask(&service, &client.assertion(&service), SCOPE).await, 401, "invalid_client", "the key before");
    let assertion = new.token(&json!({"alg": "ES384", "kid": "ec-2"}), &client.claims(&service));
    assert_eq!(ask(&service, &assertion, SCOPE).await.status, 200);
    assert_eq!(service.get(path, &token).await.status, 401, "a token that came of the key before ends with it");
    assert_eq!(service.get(path, &of_other).await.status, 404);
    let assertion = new.token(&json!({"alg": "ES384", "kid": "ec-2"}), &client.claims(&service));
    let token = ask(&service, &assertion, SCOPE).await.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(service.get(path, &token).await.status, 404);

    let revoke = async |id: &str| service.call(Method::DELETE, &format!("{CLIENTS}/{id}"), ADMINISTRATOR, None).await.status;
    assert_eq!(revoke(&client.id).await, 204);
    assert_eq!(service.get(path, &token).await.status, 401);
    assert_eq!(service.get(path, &of_other).await.status, 404);
    let assertion = new.token(&json!({"alg": "ES384", "kid": "ec-2"}), &client.claims(&service));
    refused(&ask(&service, &assertion, SCOPE).await, 401, "invalid_client", "revoked");
    assert_eq!(revoke(&client.id).await, 204, "again");
    assert_eq!(revoke("00000000-0000-7000-8000-000000000000").await, 404);
    let late = service.call(Method::PUT, &format!("{CLIENTS}/{}/jwks", client.id), ADMINISTRATOR, Some(&keys)).await;
    late.assert_problem(404, "not-found");
    let listed = service.get(CLIENTS, ADMINISTRATOR).await.json();
    let revoked = listed["items"].as_array().unwrap().iter().filter(|one| one["revoked_at"].is_string());
    assert_eq!(revoked.map(|one| one["client_id"].clone()).collect::<Vec<_>>(), [json!(client.id)]);
    let page = service.get(&format!("{CLIENTS}?limit=1"), ADMINISTRATOR).await.json();
    assert!(page["items"].as_array().unwrap().len() == 1 && page["next_cursor"].is_string(), "{page}");
}

#[tokio::test]
async fn a_client_is_registered_with_keys_that_are_good_and_public() {
    let service = sandbox().await;
    let rsa = Key::rsa();
    let keys = |changes: &dyn Fn(&mut Value)| {
        let mut key = rsa.jwk("a");
        changes(&mut key);
        practice(&json!({"keys": [key]}))
    };
    let ec = |changes: &dyn Fn(&mut Value)| {
        let mut key = Key::p384().jwk("a");
        changes(&mut key);
        practice(&json!({"keys": [key]}))
    };
    let removed = |name: &'static str| move |key: &mut Value| drop(key.as_object_mut().unwrap().remove(name));
    let twice = practice(&json!({"keys": [rsa.jwk("a"), Key::p384().jwk("a")]}));
    let mut unbound = practice(&json!({"keys": [rsa.jwk("a")]}));
    unbound.as_object_mut().unwrap().remove("tax_ids");
    let mut scoped = practice(&json!({"keys": [rsa.jwk("a")]}));
    scoped["scopes"] = json!(["system/Claim.c", "Claim.c"]);
    let mut nothing = practice(&json!({"keys": [rsa.jwk("a")]}));
    nothing.as_object_mut().unwrap().remove("jwks");
    for (what, body, pointer) in [
        ("no keys", nothing, "/jwks"),
        ("no tax ids", unbound, "/tax_ids"),
        ("a scope that is none", scoped, "/scopes/1"),
        ("no list", practice(&json!({})), "/jwks/keys"),
        ("an empty list", practice(&json!({"keys": []})), "/jwks/keys"),
        ("a text as key", practice(&json!({"keys": ["x"]})), "/jwks/keys/0"),
        ("one kid twice", twice, "/jwks/keys"),
        ("no kid", keys(&removed("kid")), "/jwks/keys/0/kid"),
        ("a private key", keys(&|key| key["d"] = json!("AQAB")), "/jwks/keys/0"),
        ("a shared key", practice(&json!({"keys": [{"kty": "oct", "kid": "a", "k": "AAAA"}]})), "/jwks/keys/0"),
        ("a short key", keys(&|key| key["n"] = json!(key["n"].as_str().unwrap()[..170].to_owned())), "/jwks/keys/0/n"),
        ("an even exponent", keys(&|key| key["e"] = json!("Ag")), "/jwks/keys/0/e"),
        ("exponent one", keys(&|key| key["e"] = json!("AQ")), "/jwks/keys/0/e"),
        ("for encryption", keys(&|key| key["use"] = json!("enc")), "/jwks/keys/0/use"),
        ("for signing", ec(&|key| key["key_ops"] = json!(["sign"])), "/jwks/keys/0/key_ops"),
        ("for another algorithm", keys(&|key| key["alg"] = json!("RS256")), "/jwks/keys/0/alg"),
        ("another curve", ec(&|key| key["crv"] = json!("P-256")), "/jwks/keys/0/crv"),
        ("half a point", ec(&|key| key["y"] = json!("AAAA")), "/jwks/keys/0/y"),
        ("no kind", ec(&removed("kty")), "/jwks/keys/0/kty"),
    ] {
        let problem = service.post(CLIENTS, ADMINISTRATOR, &body).await.assert_problem(422, "validation-failed");
        let errors = problem["errors"].as_array().unwrap();
        assert!(errors.iter().any(|fault| fault["pointer"] == pointer), "{what}: {problem}");
    }
    let body = practice(&json!({"keys": [rsa.jwk("a")]}));
    service.post(CLIENTS, NURSE, &body).await.assert_problem(403, "forbidden");
    assert_eq!(service.get(CLIENTS, ADMINISTRATOR).await.json()["items"], json!([]), "nothing was stored");
    // once, however often it is sent
    let send = async || {
        let request = Request::builder()
            .method(Method::POST)
            .uri(CLIENTS)
            .header("authorization", format!("Bearer {ADMINISTRATOR}"))
            .header("content-type", "application/json")
            .header("idempotency-key", "once");
        service.send(request.body(Body::from(body.to_string())).unwrap()).await.json()
    };
    assert_eq!(send().await, send().await);
}
