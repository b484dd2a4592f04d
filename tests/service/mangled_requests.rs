//! Requests that were sound and have been damaged at random: whatever arrives is answered, as a refusal where it has to be, and never by a
//! failure of the service. `ONCOAUTH_MANGLED=5000` tries more, `ONCOAUTH_MANGLED_SEED` others.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "test crate")]

use crate::support::http::{Answer, Service};
use crate::support::submit::{ADMINISTRATOR, ORDERING, SERVICING, assert_created, authorized_order, pending_order};
use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use std::path::Path;

/// Numbers that look drawn and are the same for a seed.
struct Draws(u64);

impl Draws {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound.max(1) as u64).unwrap()
    }
}

fn from_environment(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// What nobody sends who means well.
fn odd(draws: &mut Draws, now: &Value) -> Value {
    let texts = [
        "",
        " ",
        "\u{0}",
        "\u{202e}txet",
        "ﬁ¼²",
        "null",
        "0",
        "-0",
        "1e999",
        "9999-12-31",
        "0000-01-01",
        "2026-02-30",
        "2026-12-01T25:61:61Z",
        "'; drop table cases; --",
        "{{7*7}}",
        "../../etc/passwd",
        "\u{1F9EC}\u{200d}",
        "C50.911\n",
        "j9355 ",
        "NaN",
        "mg/m2",
        "IIB IIB",
        "T2N1M0",
    ];
    match draws.below(12) {
        0 => Value::Null,
        1 => json!(draws.below(2) == 0),
        2 => [json!(-1), json!(0), json!(1.5), json!(1e308), json!(-1e-308), json!(i64::MAX), json!(u64::MAX)][draws.below(7)]
            .clone(),
        3 => json!([]),
        4 => json!({}),
        5 => json!("x".repeat(draws.below(20_000))),
        6 => Value::Array(vec![now.clone(); 2 + draws.below(60)]),
        7 => (0..draws.below(150)).fold(now.clone(), |inner, _| json!([inner])),
        8 => now.as_str().map_or_else(|| json!(now.to_string()), |text| json!(text.to_uppercase())),
        9 => now.as_f64().map_or(json!({"value": now}), |number| json!(-number * 1e9)),
        _ => json!(texts[draws.below(texts.len())]),
    }
}

/// Damages one place of a document, whichever.
fn damage(document: &mut Value, draws: &mut Draws) {
    let (mut place, mut top) = (document, true);
    loop {
        let deeper = std::mem::take(&mut top) || draws.below(5) > 0;
        let goes_on = match place {
            Value::Object(members) => !members.is_empty(),
            Value::Array(items) => !items.is_empty(),
            _ => false,
        };
        if !goes_on || !deeper {
            *place = odd(draws, place);
            return;
        }
        match place {
            Value::Object(members) => {
                let name = members.keys().nth(draws.below(members.len())).unwrap().clone();
                if draws.below(9) == 0 {
                    let value = members.remove(&name).unwrap();
                    if draws.below(2) == 0 {
                        members.insert(format!("{name}s"), value);
                    }
                    return;
                }
                place = members.get_mut(&name).unwrap();
            }
            Value::Array(items) => {
                let at = draws.below(items.len());
                match draws.below(9) {
                    0 => drop(items.remove(at)),
                    1 => items.push(items[at].clone()),
                    _ => {
                        place = &mut items[at];
                        continue;
                    }
                }
                return;
            }
            _ => return,
        }
    }
}

/// The text of a document that was damaged once or a few times; now and then its bytes, too.
fn mangled(sound: &Value, draws: &mut Draws) -> Vec<u8> {
    let mut document = sound.clone();
    for _ in 0..=draws.below(7) / 3 {
        damage(&mut document, draws);
    }
    let mut bytes = document.to_string().into_bytes();
    match draws.below(24) {
        0 => bytes.truncate(draws.below(bytes.len())),
        1 => {
            let at = draws.below(bytes.len());
            if let Some(byte) = bytes.get_mut(at) {
                *byte = u8::try_from(draws.below(256)).unwrap();
            }
        }
        2 => bytes.extend_from_slice(b"{}"),
        _ => {}
    }
    bytes
}

async fn send(service: &Service, method: &str, path: &str, token: &str, kind: &str, body: Vec<u8>) -> Answer {
    let request = Request::builder().method(method).uri(path).header("content-type", kind);
    service.send(request.header("authorization", format!("Bearer {token}")).body(Body::from(body)).unwrap()).await
}

#[tokio::test]
async fn whatever_arrives_is_answered_and_never_by_a_failure_of_the_service() {
    let service = Service::with_rosters().await;
    let authorized = assert_created(&service.post("/v1/orders", ORDERING, &authorized_order()).await);
    let pending = assert_created(&service.post("/v1/orders", ORDERING, &pending_order()).await);
    let changed = format!("/v1/orders/{}", pending["case_id"].as_str().unwrap());
    let documented = |name: &str| -> Value {
        let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/fhir").join(name)).unwrap();
        serde_json::from_str(&text).unwrap()
    };
    let patch = json!({"clinical": pending_order()["clinical"], "treatment": pending_order()["treatment"], "contact": {"name": "Other desk"}});
    let (json, merge, ndjson) = ("application/json", "application/merge-patch+json", "application/x-ndjson");
    let verification = json!({"order_id": authorized["order_id"]});
    let by_member = json!({"member": authorized_order()["member"], "hcpcs": "J9355", "date": "2026-12-01"});
    let question = json!({"health_plan": "bcbs-massachusetts", "service": "residential substance use", "line_of_business": "commercial",
                          "product": "ppo"});
    let lines = json!({"lines": [{"order_id": authorized["order_id"], "hcpcs": "J9355", "units": 60, "service_date": "2026-12-01",
                                  "billing_npi": "1245319599"}]});
    let member = json!({"member_id": "M1", "first_name": "Test", "last_name": "Member", "birth_date": "1950-01-15", "sex": "female",
                        "line_of_business": "medicare_advantage", "coverage_from": "2020-01-01", "language": "es"});
    let of_radiation = json!({
        "member": {"health_plan": "bcbs-massachusetts", "member_id": "XXP100200301", "first_name": "Commercial", "last_name": "Hmo",
                   "birth_date": "1972-07-07"},
        "service": "radiation_oncology", "place_of_service": "22", "date_of_service": "2026-12-07",
        "ordering_provider": {"npi": "1234567893", "first_name": "Ordering", "last_name": "Clinician"},
        "servicing_provider": {"npi": "1245319599", "name": "Sample Infusion Center",
          "address": {"line1": "2 Example Street", "city": "Sampletown", "state": "MA", "postal_code": "00000"}},
        "diagnosis": {"icd10": "C50.911"},
        "clinical": {"cancer_type": "breast", "stage": "IA", "line_of_treatment": "adjuvant", "treatment_goal": "curative",
          "performance_status": {"scale": "ecog", "value": 1}, "height_cm": 165, "weight_kg": 71.5, "sex": "female"},
        "radiation": {"modality": "three_d_conformal", "site": "right breast", "total_dose_gy": 42.56, "fractions": 16,
          "histology": "invasive ductal carcinoma"}
    });
    let readers = [
        ("POST", "/v1/orders", ORDERING, json, authorized_order()),
        ("POST", "/v1/orders/preview", ORDERING, json, pending_order()),
        ("POST", "/v1/orders/preview", ORDERING, json, of_radiation),
        ("PATCH", changed.as_str(), ORDERING, merge, patch),
        ("POST", "/fhir/Claim/$submit", ORDERING, "application/fhir+json", documented("request.json")),
        (
            "POST",
            "/fhir/Questionnaire/$questionnaire-package",
            ORDERING,
            "application/fhir+json",
            documented("questionnaire-package.json"),
        ),
        ("POST", "/v1/verifications", SERVICING, json, verification),
        ("POST", "/v1/verifications", SERVICING, json, by_member),
        ("POST", "/v1/coverage-requirements", ORDERING, json, question),
        ("POST", "/v1/claim-checks", ADMINISTRATOR, json, lines),
        ("PUT", "/v1/rosters/bcbs-michigan/members?allow_drop=true", ADMINISTRATOR, ndjson, member),
    ];
    let (cases, seed) = (from_environment("ONCOAUTH_MANGLED", 60), from_environment("ONCOAUTH_MANGLED_SEED", 0x5eed));
    let mut draws = Draws(seed);
    let (mut taken, mut refused) = (0, 0);
    for (method, path, token, kind, sound) in &readers {
        let answer = send(&service, method, path, token, kind, sound.to_string().into_bytes()).await;
        assert!(answer.status.is_success(), "{method} {path}: what is damaged afterwards is sound: {}", answer.text);
        for case in 0..cases {
            let body = mangled(sound, &mut draws);
            let answer = send(&service, method, path, token, kind, body.clone()).await;
            let sent =
                || format!("{method} {path}, case {case} of seed {seed}: {}: {}", answer.text, String::from_utf8_lossy(&body));
            assert!(!answer.status.is_server_error(), "{}", sent());
            let described = ["application/problem+json", "application/fhir+json"]
                .iter()
                .any(|kind| answer.header("content-type").starts_with(kind));
            assert!(answer.status.is_success() || described, "{}", sent());
            if answer.status.is_success() { taken += 1 } else { refused += 1 }
        }
    }
    // both are tried: what is still sound, and what is not
    assert!(taken > readers.len() && refused > readers.len(), "{taken} were taken, {refused} refused");
}
