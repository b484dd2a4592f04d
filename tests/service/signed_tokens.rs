//! Programs that call the API with a token of their own OpenID provider: what opens it, and everything that must not.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "test crate")]

use crate::portal::identity::authorities;
use crate::support::http::Service;
use crate::support::openid::{self, AUDIENCE, Key, OpenId, signed};
use crate::support::submit::authorized_order;
use chrono::{DateTime, TimeDelta, Utc};
use oncoauth::app::{Settings, sandbox_rosters};
use serde_json::{Value, json};

const ROLES: &str = r#"
role = { claim = "roles", words = { orders = "ordering_provider", plan = "health_plan", admin = "administrator" } }
tax_ids = { claim = "tax_ids" }
health_plan = { claim = "plan", words = { east = "anthem-blue-medicare-advantage" } }
"#;

fn now() -> DateTime<Utc> {
    "2026-11-20T15:00:00Z".parse().unwrap()
}

async fn both() -> (OpenId, Service) {
    let openid = OpenId::start(now()).await;
    let settings = Settings { sandbox: true, authorities: authorities(&[openid.entry("ehr", ROLES)]), ..Settings::default() };
    let service = Service::start(settings).await;
    sandbox_rosters::load_missing(&service.app).await.unwrap();
    (openid, service)
}

fn desk(sub: &str, tax_id: &str) -> Value {
    json!({"sub": sub, "roles": ["orders"], "tax_ids": [tax_id]})
}

// proves PRV-02
#[tokio::test]
async fn a_program_acts_for_its_practice_with_its_own_providers_token() {
    let (openid, service) = both().await;
    let token = |claims: Value| signed(&openid.key(), &openid.api_claims(&claims));
    let (own, other) = (token(desk("ehr-1", "900000001")), token(desk("ehr-2", "900000003")));
    let placed = service.post("/v1/orders", &own, &authorized_order()).await;
    assert_eq!(placed.status.as_u16(), 201, "{}", placed.text);
    let case = format!("/v1/orders/{}", placed.json()["case_id"].as_str().unwrap());
    assert_eq!(service.get(&case, &own).await.status.as_u16(), 200);
    assert_eq!(service.get(&case, "sandbox-ordering-provider").await.status.as_u16(), 200, "the same practice by another token");
    service.get(&case, &other).await.assert_problem(404, "not-found");
    let plan = token(json!({"sub": "p", "roles": "plan", "plan": "east"}));
    assert_eq!(service.get(&case, &plan).await.status.as_u16(), 200);
    service.post("/v1/orders", &plan, &authorized_order()).await.assert_problem(403, "forbidden");
    // who it was is on record, as issuer and subject
    let history = service.get(&format!("{case}/history"), "sandbox-administrator").await;
    assert!(history.text.contains(&format!("{}#ehr-1", openid.issuer)), "{}", history.text);
    let record = service
        .post(
            "/v1/disclosures",
            "sandbox-administrator",
            &json!({"health_plan": "anthem-blue-medicare-advantage", "member_id": "XKM100200300"}),
        )
        .await;
    assert!(record.text.contains(&format!("{}#ehr-1", openid.issuer)), "{}", record.text);
    // a token that holds and names nobody is told apart from one that does not hold
    let nobody = service.get(&case, &token(json!({"sub": "x"}))).await.assert_problem(403, "forbidden");
    assert!(nobody["detail"].as_str().unwrap().contains("no role"), "{nobody}");
}

/// Several come with tokens of a new key at once: one of them has the keys fetched, and all of them are let in.
#[tokio::test]
async fn whoever_waits_for_keys_that_another_fetches_gets_them_though_that_one_hangs_up() {
    let (openid, service) = both().await;
    let token = || signed(&openid.key(), &openid.api_claims(&desk("ehr-1", "900000001")));
    assert_eq!(service.get("/v1/orders", &token()).await.status.as_u16(), 200);
    openid.rotate(Key::p256("second"));
    let later = now() + TimeDelta::minutes(1);
    service.app.clock.freeze_at(later);
    openid.set_clock(later);
    openid.hold(true);
    let token = token();
    let mut hangs_up = Box::pin(service.get("/v1/orders", &token));
    tokio::select! {
        _ = &mut hangs_up => panic!("the provider has not answered"),
        () = openid.is_asked() => {}
    }
    let others = async {
        // both of them have asked by the time that this is polled again
        tokio::task::yield_now().await;
        drop(hangs_up);
        tokio::task::yield_now().await;
        openid.hold(false);
    };
    let (one, two, ()) = tokio::join!(service.get("/v1/orders", &token), service.get("/v1/orders", &token), others);
    assert_eq!((one.status.as_u16(), two.status.as_u16(), openid.asked_for_keys()), (200, 200, 2));
}

// proves PRV-02
#[tokio::test]
async fn nobody_subscribes_with_a_token_whose_end_is_heard_of_elsewhere_only() {
    let (openid, service) = both().await;
    let foreign = signed(&openid.key(), &openid.api_claims(&desk("ehr-1", "900000001")));
    let refused = service.post("/fhir/Subscription", &foreign, &subscription()).await;
    assert_eq!(refused.status.as_u16(), 403, "{}", refused.text);
    assert!(refused.text.contains("POST /v1/tokens") && refused.text.contains("OperationOutcome"), "{}", refused.text);
    // one that was issued here for the same system does
    let subject = format!("{}#ehr-1", openid.issuer);
    let request = json!({"role": "ordering_provider", "tax_ids": ["900000001"], "subject": subject});
    let issued = service.post("/v1/tokens", "sandbox-administrator", &request).await.json();
    let made = service.post("/fhir/Subscription", issued["token"].as_str().unwrap(), &subscription()).await;
    assert_eq!(made.status.as_u16(), 201, "{}", made.text);
}

fn subscription() -> Value {
    const BACKPORT: &str = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/";
    json!({
        "resourceType": "Subscription", "status": "requested", "reason": "Results of prior authorizations",
        "criteria": "http://hl7.org/fhir/us/davinci-pas/SubscriptionTopic/PASSubscriptionTopic",
        "_criteria": {"extension": [{"url": format!("{BACKPORT}backport-filter-criteria"), "valueString": "org-identifier=900000001"}]},
        "channel": {
            "type": "rest-hook", "endpoint": "http://127.0.0.1:9/hook", "payload": "application/fhir+json",
            "_payload": {"extension": [{"url": format!("{BACKPORT}backport-payload-content"), "valueCode": "full-resource"}]},
        },
    })
}

#[tokio::test]
async fn a_token_that_does_not_hold_opens_nothing() {
    let (openid, service) = both().await;
    let claims = |more: Value| {
        let mut claims = openid.api_claims(&desk("ehr-1", "900000001"));
        for (name, value) in more.as_object().unwrap() {
            claims[name] = value.clone();
        }
        claims
    };
    let sign = |claims: Value| signed(&openid.key(), &claims);
    let at = now().timestamp();
    let good = sign(claims(json!({})));
    assert_eq!(service.get("/v1/orders", &good).await.status.as_u16(), 200);
    let [head, payload, signature] = good.split('.').collect::<Vec<_>>().try_into().unwrap();
    let changed = sign(claims(json!({"tax_ids": ["900000003"]}))).split('.').nth(1).unwrap().to_owned();
    let typed = |typ: &str| {
        let Key::Rsa(name, _) = openid.key() else { panic!("the first key is RSA") };
        let head = json!({"alg": "RS256", "typ": typ, "kid": name});
        openid::token(&head, &claims(json!({})), |message| openid.key().sign(message))
    };
    for (what, token) in [
        ("expired", sign(claims(json!({"exp": at - 60})))),
        ("not yet valid", sign(claims(json!({"nbf": at + 61})))),
        ("issued in the future", sign(claims(json!({"iat": at + 61})))),
        ("without an end", {
            let mut claims = claims(json!({}));
            claims.as_object_mut().unwrap().remove("exp");
            sign(claims)
        }),
        ("for another service", sign(claims(json!({"aud": "https://another.example"})))),
        ("an ID token, which is for signing in", sign(claims(json!({"aud": openid::CLIENT})))),
        ("of another issuer", sign(claims(json!({"iss": "https://id.example"})))),
        ("of no issuer", sign(claims(json!({"iss": null})))),
        ("of nobody", sign(claims(json!({"sub": null})))),
        ("unsigned", openid::unsigned(&claims(json!({})))),
        ("signed with what is public", openid::confused(&openid.key(), &claims(json!({})))),
        ("signed by another key under this name", signed(&Key::rsa("first", true), &claims(json!({})))),
        ("signed by an unknown key", signed(&Key::p256("unknown"), &claims(json!({})))),
        ("of which the claims were changed", format!("{head}.{changed}.{signature}")),
        ("of which the signature was cut", format!("{head}.{payload}.")),
        ("of which the signature is another's", format!("{head}.{payload}.{}", "A".repeat(342))),
        ("of another kind", typed("logout+jwt")),
        ("with demands that are not understood", {
            let head = json!({"alg": "RS256", "kid": "first", "crit": ["b64"], "b64": false});
            openid::token(&head, &claims(json!({})), |message| openid.key().sign(message))
        }),
        ("that is no token", "a.b.c".to_owned()),
        ("too long", sign(claims(json!({"more": "x".repeat(20_000)})))),
    ] {
        println!("{what}");
        service.get("/v1/orders", &token).await.assert_problem(401, "unauthenticated");
    }
    assert_eq!(service.get("/v1/orders", &typed("at+jwt")).await.status.as_u16(), 200);
    assert_eq!(service.get("/v1/orders", &sign(claims(json!({"aud": ["another", AUDIENCE]})))).await.status.as_u16(), 200);
    // time passes, and the same token no longer opens anything
    service.app.clock.freeze_at(now() + TimeDelta::seconds(359));
    assert_eq!(service.get("/v1/orders", &good).await.status.as_u16(), 200, "clocks may differ by a minute");
    service.app.clock.freeze_at(now() + TimeDelta::seconds(360));
    service.get("/v1/orders", &good).await.assert_problem(401, "unauthenticated");
}

#[tokio::test]
async fn a_provider_opens_the_api_only_where_its_audience_is_named() {
    let openid = OpenId::start(now()).await;
    let audience = format!("api_audience = \"{AUDIENCE}\"\n");
    let entry = openid.entry("ehr", ROLES).replace(&audience, "");
    let service = Service::start(Settings { authorities: authorities(&[entry]), ..Settings::default() }).await;
    let token = signed(&openid.key(), &openid.api_claims(&json!({"sub": "a", "roles": "admin"})));
    service.get("/v1/tokens", &token).await.assert_problem(401, "unauthenticated");
    assert_eq!(openid.asked_for_keys(), 0, "nobody is asked about it");
}

#[tokio::test]
async fn a_provider_that_is_away_is_no_reason_to_call_a_token_bad() {
    let (openid, service) = both().await;
    openid.redirect_to(Some(format!("{}/elsewhere", openid.issuer)));
    let token = signed(&openid.key(), &openid.api_claims(&desk("ehr-1", "900000001")));
    service.get("/v1/orders", &token).await.assert_problem(503, "temporarily-unavailable");
    openid.redirect_to(None);
    service.app.clock.freeze_at(now() + TimeDelta::seconds(10));
    assert_eq!(service.get("/v1/orders", &token).await.status.as_u16(), 200);
    // a new key counts as soon as it is seen
    openid.rotate(Key::p256("second"));
    service.app.clock.freeze_at(now() + TimeDelta::seconds(20));
    let token = signed(&openid.key(), &openid.api_claims(&desk("ehr-1", "900000001")));
    assert_eq!(service.get("/v1/orders", &token).await.status.as_u16(), 200);
    assert_eq!(openid.followed(), 0);
}

#[tokio::test]
async fn tokens_that_do_not_hold_are_slowed_down_like_any_other() {
    use axum::body::Body;
    use axum::http::Request;
    use oncoauth::http::address::Peer;
    let openid = OpenId::start(now()).await;
    let settings = Settings {
        failed_sign_in_limit: Some(3),
        authorities: authorities(&[openid.entry("ehr", ROLES)]),
        ..Settings::default()
    };
    let service = Service::start(settings).await;
    let call = async |token: String| {
        let mut request =
            Request::get("/v1/orders").header("authorization", format!("Bearer {token}")).body(Body::empty()).unwrap();
        request.extensions_mut().insert(Peer("198.51.100.7".parse().unwrap()));
        service.send(request).await.status.as_u16()
    };
    for number in 0..3 {
        assert_eq!(call(openid::unsigned(&openid.api_claims(&json!({"sub": number.to_string()})))).await, 401);
    }
    assert_eq!(call(openid::unsigned(&openid.api_claims(&json!({"sub": "x"})))).await, 429);
}
