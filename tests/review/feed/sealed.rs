//! Secrets of webhooks are sealed where there is a key for that.

use super::receiver::Receiver;
use super::support::desk::{ADMINISTRATOR, BMA, custom, submit};
use super::support::http::Service;
use axum::http::Method;
use oncoauth::app::sealing::Sealing;
use oncoauth::app::{App, Settings, sandbox_rosters, webhooks};
use serde_json::{Value, json};

fn settings(keys: &str) -> Settings {
    let sealing = if keys.is_empty() { Sealing::default() } else { Sealing::parse(keys).unwrap() };
    Settings { sandbox: true, sealing, ..Settings::default() }
}

/// The same service with other keys.
fn with_keys(service: &Service, keys: &str) -> App {
    App::new(service.app.pool.clone(), service.app.library.clone(), settings(keys)).with_clock(service.app.clock.clone())
}

async fn kept(service: &Service) -> Vec<u8> {
    sqlx::query_scalar("select secret from feed_webhooks").fetch_one(&service.app.pool).await.unwrap()
}

// proves DET-11
#[tokio::test]
async fn a_copy_of_the_database_does_not_sign_and_deliveries_do() {
    let (old, new) = ("ab".repeat(32), "0f".repeat(32));
    let service = Service::start(settings("")).await;
    sandbox_rosters::load_missing(&service.app).await.unwrap();
    let receiver = Receiver::start().await;
    let put = async |body: Value| {
        service.call(Method::PUT, &format!("/v1/feeds/{BMA}/webhook"), ADMINISTRATOR, Some(&body)).await.json()
    };
    let secret = put(json!({"url": receiver.url})).await["secret"].as_str().unwrap().to_owned();
    assert_eq!(kept(&service).await.len(), 32, "without a key it is kept as it is");
    submit(&service, &custom(BMA)).await;
    // a service that has a key seals what it finds, and signs as before
    let sealing = with_keys(&service, &old);
    webhooks::seal_secrets(&sealing).await.unwrap();
    let sealed = kept(&service).await;
    assert_eq!(sealed.len(), 61);
    webhooks::deliver_due(&sealing).await.unwrap();
    assert!(!receiver.deliveries().is_empty());
    assert!(receiver.deliveries().iter().all(|delivery| delivery.is_signed_with(&secret)));
    // a key is replaced: the newest one seals, and the one before is needed no more
    let both = with_keys(&service, &format!("{new}\n{old}"));
    webhooks::seal_secrets(&both).await.unwrap();
    assert_ne!(kept(&service).await, sealed);
    assert!(webhooks::seal_secrets(&with_keys(&service, &new)).await.is_ok());
    // a service without the right key says so at its start and sends nothing that is signed otherwise
    for keys in [old.as_str(), ""] {
        assert!(webhooks::seal_secrets(&with_keys(&service, keys)).await.is_err());
    }
    let before = receiver.deliveries().len();
    submit(&service, &custom(BMA)).await;
    for _ in 0..2 {
        webhooks::deliver_due(&with_keys(&service, "")).await.unwrap();
    }
    assert_eq!(receiver.deliveries().len(), before);
    // it is put off as any other that fails, and told so
    let shown = service.get(&format!("/v1/feeds/{BMA}/webhook"), ADMINISTRATOR).await.json();
    assert_eq!(
        (&shown["state"], &shown["failures"], &shown["last_failure"]),
        (&json!("retrying"), &json!(1), &json!("secret_sealed"))
    );
}
