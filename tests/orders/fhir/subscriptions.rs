//! Subscriptions: made and kept to the guide, and what subscribers are sent, each of it held to the guide.

use super::{claim, claim_response, held, pair, post, sandbox, submit};
use crate::support::conformance::guide;
use crate::support::desk::{NURSE, PHYSICIAN, SECOND_PHYSICIAN, authorize, deny, done, offer};
use crate::support::hook::{Hook, Sent};
use crate::support::http::{Answer, Service};
use crate::support::submit::{ADMINISTRATOR, INTAKE, ORDERING, OTHER_PRACTICE, SERVICING};
use axum::http::Method;
use chrono::TimeDelta;
use oncoauth::app::sealing::Sealing;
use oncoauth::app::{App, Settings, sandbox_rosters, subscriptions};
use oncoauth::fhir::notify;
use oncoauth::{doors, store};
use serde_json::{Value, json};

pub(super) const SUBSCRIPTION: &str = "/fhir/Subscription";
const TOPIC: &str = "http://hl7.org/fhir/us/davinci-pas/SubscriptionTopic/PASSubscriptionTopic";
const BACKPORT: &str = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/";
const SECRET: &str = "Authorization: Bearer only-for-the-receiver";
/// The member of the pair.
const MEMBER: &str = "BMA000003";

/// A subscription as the guide has it, to this address.
pub(super) fn subscription(url: &str, filter: &str) -> Value {
    json!({
        "resourceType": "Subscription",
        "meta": {"profile": ["http://hl7.org/fhir/us/davinci-pas/StructureDefinition/profile-subscription"]},
        "status": "requested",
        "reason": "Results of prior authorizations",
        "criteria": TOPIC,
        "_criteria": {"extension": [{"url": format!("{BACKPORT}backport-filter-criteria"), "valueString": filter}]},
        "channel": {
            "type": "rest-hook", "endpoint": url, "header": [SECRET, "X-Room: 7"], "payload": "application/fhir+json",
            "_payload": {"extension": [{"url": format!("{BACKPORT}backport-payload-content"), "valueCode": "full-resource"}]},
        },
    })
}

pub(super) async fn subscribe(service: &Service, token: &str, url: &str, filter: &str) -> String {
    let answer = post(service, SUBSCRIPTION, token, &subscription(url, filter)).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.json()["id"].as_str().unwrap().to_owned()
}

pub(super) async fn read(service: &Service, token: &str, id: &str) -> Answer {
    held(service.get(&format!("{SUBSCRIPTION}/{id}"), token).await)
}

pub(super) async fn serve(service: &Service) {
    notify::serve_due(&service.app).await.unwrap();
}

async fn later(service: &Service, seconds: i64) {
    service.app.clock.freeze_at(service.app.clock.now() + TimeDelta::seconds(seconds));
    serve(service).await;
}

fn parameter<'p>(parameters: &'p Value, name: &str) -> &'p Value {
    let all = parameters["parameter"].as_array().unwrap();
    all.iter().find(|parameter| parameter["name"] == name).unwrap_or(&Value::Null)
}

/// How a subscription is doing. The subscription itself is not in that Bundle.
async fn doing(service: &Service, path: &str) -> Value {
    let answer = service.get(path, ORDERING).await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "application/fhir+json"), "{}", answer.text);
    let bundle = answer.json();
    assert_eq!((&bundle["resourceType"], &bundle["type"]), (&json!("Bundle"), &json!("searchset")));
    let parameters = bundle["entry"][0]["resource"].clone();
    if let Some(guide) = guide() {
        assert_eq!(guide.faults(&parameters), Vec::<String>::new());
    }
    parameters
}

/// A notification, once it is found to be what the guide for backported subscriptions and the kit ask for: what kind it is, the number of its
/// event, and the answer in it.
#[track_caller]
pub(super) fn told(sent: &Sent, id: &str) -> (String, i64, Value) {
    assert_eq!(sent.headers["content-type"], "application/fhir+json");
    assert_eq!(sent.headers["authorization"], "Bearer only-for-the-receiver");
    assert_eq!(sent.headers["x-room"], "7");
    let bundle = &sent.body;
    assert_eq!((&bundle["resourceType"], &bundle["type"]), (&json!("Bundle"), &json!("history")), "{bundle}");
    assert!(bundle["timestamp"].is_string());
    let entries = bundle["entry"].as_array().unwrap();
    for entry in entries {
        let url = entry["fullUrl"].as_str().unwrap();
        assert!(url.starts_with("http://127.0.0.1:8080/fhir/"), "{url}");
        assert!(url.ends_with(&format!(
            "/{}/{}",
            entry["resource"]["resourceType"].as_str().unwrap(),
            entry["resource"]["id"].as_str().unwrap()
        )));
        assert!(entry["request"]["method"].is_string() && entry["request"]["url"].is_string(), "{entry}");
        assert_eq!(entry["response"]["status"], "200");
    }
    let status = &entries[0]["resource"];
    assert_eq!(status["resourceType"], "Parameters");
    assert_eq!(status["meta"]["profile"], json!([format!("{BACKPORT}backport-subscription-status-r4")]));
    let own = format!("http://127.0.0.1:8080/fhir/Subscription/{id}");
    assert_eq!(entries[0]["request"], json!({"method": "GET", "url": format!("{own}/$status")}));
    assert_eq!(parameter(status, "subscription")["valueReference"]["reference"], own.as_str());
    assert_eq!(parameter(status, "topic")["valueCanonical"], TOPIC);
    let kind = parameter(status, "type")["valueCode"].as_str().unwrap().to_owned();
    let number: i64 = parameter(status, "events-since-subscription-start")["valueString"].as_str().unwrap().parse().unwrap();
    let state = &parameter(status, "status")["valueCode"];
    if kind == "handshake" {
        assert_eq!((entries.len(), number, state), (1, 0, &json!("requested")));
        return (kind, number, Value::Null);
    }
    assert_eq!((kind.as_str(), entries.len(), state), ("event-notification", 2, &json!("active")));
    let parts = parameter(status, "notification-event")["part"].as_array().unwrap();
    let part = |name: &str| parts.iter().find(|part| part["name"] == name).unwrap();
    assert_eq!(part("event-number")["valueString"], number.to_string());
    assert!(part("timestamp")["valueInstant"].is_string());
    assert_eq!(part("focus")["valueReference"]["reference"], entries[1]["fullUrl"]);
    let answer = &entries[1]["resource"];
    assert_eq!((&answer["resourceType"], &answer["type"]), (&json!("Bundle"), &json!("collection")));
    assert_eq!(answer["entry"][0]["resource"]["resourceType"], "ClaimResponse");
    if let Some(guide) = guide() {
        let faults = [guide.faults(answer), guide.faults(status)].concat();
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }
    (kind, number, answer.clone())
}

/// A request that pends, of another member each time.
pub(super) async fn pended(service: &Service, member: u32) -> String {
    let text = pair("pend-her2-unknown.pas-request").to_string().replace(MEMBER, &format!("BMA{member:06}"));
    let mut request: Value = serde_json::from_str(&text).unwrap();
    claim(&mut request)["identifier"] = json!([{"system": "http://ehr.example.org/claims", "value": member.to_string()}]);
    let response = claim_response(&submit(service, &request).await);
    response["id"].as_str().unwrap().to_owned()
}

/// A denied item has the reason of its code and, in a note, the reviewer's own words.
#[track_caller]
fn says_why(response: &Value) {
    let item = response["item"].as_array().unwrap().iter().find(|item| item["adjudication"].to_string().contains("A3")).unwrap();
    let review = item["adjudication"][0]["extension"][0]["extension"].as_array().unwrap();
    let reason = review.iter().find(|part| part["url"] == "reasonCode").unwrap_or_else(|| panic!("{item}"));
    assert!(reason["valueCodeableConcept"]["text"].as_str().is_some_and(|words| !words.is_empty()), "{reason}");
    let numbers = item["noteNumber"].as_array().unwrap();
    let notes = response["processNote"].as_array().unwrap().iter().filter(|note| numbers.contains(&note["number"]));
    let words: Vec<&str> = notes.map(|note| note["text"].as_str().unwrap()).collect();
    assert!(words.contains(&"the evidence does not support this drug here"), "{words:?}");
    let flag = response["extension"].to_string();
    assert!(flag.contains(r#""url":"wasHumanReviewedFlag","valueBoolean":true"#), "{flag}");
}

pub(super) async fn statuses(service: &Service, case_id: &str) -> Vec<u32> {
    let case = service.get(&format!("/v1/orders/{case_id}"), ORDERING).await.json();
    let drugs = case["drugs"].as_array().unwrap();
    drugs
        .iter()
        .filter(|drug| drug["status"] == "in_progress")
        .map(|drug| u32::try_from(drug["line"].as_u64().unwrap()).unwrap())
        .collect()
}

#[tokio::test]
async fn a_subscriber_shakes_hands_and_is_told_of_every_change_in_order_and_by_number() {
    // proves DET-11
    let service = sandbox().await;
    let hook = Hook::start().await;
    let id = subscribe(&service, ORDERING, &hook.url, "org-identifier=900000001").await;
    let stored = read(&service, ORDERING, &id).await.json();
    assert_eq!(stored["status"], "requested");
    serve(&service).await;
    assert_eq!(told(&hook.sent()[0], &id).0, "handshake");
    let stored = read(&service, ORDERING, &id).await.json();
    assert_eq!((&stored["status"], &stored["reason"]), (&json!("active"), &json!("Results of prior authorizations")));
    assert_eq!(stored["_criteria"]["extension"][0]["valueString"], "org-identifier=900000001");
    // what was answered to the sender is not told again
    let (one, two) = (pended(&service, 31).await, pended(&service, 32).await);
    serve(&service).await;
    assert_eq!(hook.sent().len(), 1);
    // a change while it is pended, an authorization, a denial
    done(&service, NURSE, &one, "information-requests", &json!({"items": ["receptor status"]})).await;
    done(&service, NURSE, &one, "determinations", &authorize(&statuses(&service, &one).await)).await;
    done(&service, NURSE, &two, "peer-to-peer", &offer()).await;
    done(&service, NURSE, &two, "escalations", &json!({"rationale": "does not meet the criteria"})).await;
    done(&service, PHYSICIAN, &two, "determinations", &deny(&statuses(&service, &two).await)).await;
    serve(&service).await;
    let sent = hook.sent();
    let told: Vec<(i64, Value)> =
        sent[1..].iter().map(|sent| told(sent, &id)).map(|(_, number, answer)| (number, answer)).collect();
    let numbers: Vec<i64> = told.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, (1..=i64::try_from(told.len()).unwrap()).collect::<Vec<_>>(), "no gaps");
    assert!(told.len() >= 3, "{}", told.len());
    let last_of = |case_id: &str| told.iter().rfind(|(_, answer)| answer["id"] == case_id).unwrap().1.clone();
    let action = |answer: &Value| {
        super::actions(&answer["entry"][0]["resource"]).into_iter().map(|(_, action)| action).collect::<Vec<_>>()
    };
    let of_one = action(&last_of(&one));
    assert!(of_one.contains(&"A1".to_owned()) && !of_one.contains(&"A4".to_owned()), "{of_one:?}");
    assert!(action(&last_of(&two)).contains(&"A3".to_owned()));
    says_why(&last_of(&two)["entry"][0]["resource"]);
    let parameters = &doing(&service, &format!("{SUBSCRIPTION}/{id}/$status")).await;
    assert_eq!(parameter(parameters, "type")["valueCode"], "query-status");
    assert_eq!(parameter(parameters, "events-since-subscription-start")["valueString"], told.len().to_string());
    // the focus can be read, and is on record as told
    let focus = held(service.get(&format!("/fhir/Bundle/{one}"), ORDERING).await);
    assert_eq!(focus.json(), last_of(&one));
    let kept: i64 = sqlx::query_scalar("select count(*) from accesses where operation = 'subscription' and actor_subject = $1")
        .bind(ORDERING)
        .fetch_one(&service.app.pool)
        .await
        .unwrap();
    assert_eq!(usize::try_from(kept).unwrap(), told.len());
    serve(&service).await;
    assert_eq!(hook.sent().len(), sent.len(), "nothing is told twice");
}

#[tokio::test]
async fn what_fails_is_told_again_under_its_number_and_nothing_is_left_out() {
    // proves DET-11
    let service = sandbox().await;
    let hook = Hook::start().await;
    let id = subscribe(&service, ORDERING, &hook.url, "org-identifier=900000001").await;
    serve(&service).await;
    let (one, two) = (pended(&service, 31).await, pended(&service, 32).await);
    for case_id in [&one, &two] {
        done(&service, NURSE, case_id, "determinations", &authorize(&statuses(&service, case_id).await)).await;
    }
    for (status, failure) in [(500, "status_500"), (302, "status_302"), (401, "status_401")] {
        hook.answers(status);
        later(&service, 60).await;
        let stored = read(&service, ORDERING, &id).await.json();
        assert_eq!((&stored["status"], &stored["error"]), (&json!("error"), &json!(failure)));
    }
    let parameters = &doing(&service, &format!("{SUBSCRIPTION}/{id}/%24status")).await;
    assert_eq!(parameter(parameters, "events-since-subscription-start")["valueString"], "2", "those that wait count");
    assert_eq!(parameter(parameters, "error")["valueCodeableConcept"]["text"], "status_401");
    hook.answers(200);
    let before = hook.sent().len();
    later(&service, 1).await;
    assert_eq!(hook.sent().len(), before, "it waits longer after each failure");
    later(&service, 3600).await;
    let taken: Vec<i64> = hook.sent().iter().filter(|sent| sent.status == 200).map(|sent| told(sent, &id).1).collect();
    assert_eq!(taken, [0, 1, 2]);
    assert!(hook.sent()[1..before].iter().all(|sent| told(sent, &id).1 == 1), "the one behind it waited");
    assert_eq!(read(&service, ORDERING, &id).await.json()["status"], "active");
}

/// A service whose key of the headers is gone sends nothing, and says so to its owner and to whoever operates it.
#[tokio::test]
async fn headers_are_sealed_where_there_is_a_key_and_nothing_is_sent_without_them() {
    let keys = |keys: &str| Settings { sandbox: true, sealing: Sealing::parse(keys).unwrap(), ..Settings::default() };
    let (old, new) = ("ab".repeat(32), "0f".repeat(32));
    let service = Service::start(Settings { sandbox: true, ..Settings::default() }).await;
    sandbox_rosters::load_missing(&service.app).await.unwrap();
    let with = |settings: Settings| {
        App::new(service.app.pool.clone(), service.app.library.clone(), settings).with_clock(service.app.clock.clone())
    };
    let kept = async || {
        let kept: Vec<u8> = sqlx::query_scalar("select headers from subscriptions").fetch_one(&service.app.pool).await.unwrap();
        kept
    };
    let tells = |kept: &[u8]| String::from_utf8_lossy(kept).contains("only-for-the-receiver");
    let hook = Hook::start().await;
    let id = subscribe(&service, ORDERING, &hook.url, "org-identifier=900000001").await;
    assert!(tells(&kept().await), "without a key they are kept as they are");
    let sealing = with(keys(&old));
    subscriptions::seal_headers(&sealing).await.unwrap();
    assert!(!tells(&kept().await));
    subscriptions::seal_headers(&with(keys(&format!("{new}\n{old}")))).await.unwrap();
    subscriptions::seal_headers(&sealing).await.unwrap_err();
    // as it was before the old key was taken away
    notify::serve_due(&sealing).await.unwrap();
    assert!(hook.sent().is_empty());
    let failing = async || store::subscriptions::count_failing(&mut service.app.pool.acquire().await.unwrap()).await.unwrap();
    assert_eq!(failing().await, 1);
    let why: Option<String> =
        sqlx::query_scalar("select last_failure from subscriptions").fetch_one(&service.app.pool).await.unwrap();
    assert_eq!(why.as_deref(), Some("secret_sealed"));
    // not again and again: it waits as any other that fails
    notify::serve_due(&sealing).await.unwrap();
    assert_eq!(sqlx::query_scalar::<_, i32>("select failures from subscriptions").fetch_one(&service.app.pool).await.unwrap(), 1);
    service.app.clock.freeze_at(service.app.clock.now() + TimeDelta::minutes(1));
    let renewed = with(keys(&new));
    notify::serve_due(&renewed).await.unwrap();
    assert_eq!(told(&hook.sent()[0], &id).0, "handshake");
    assert_eq!(failing().await, 0);
    let router = doors::router(renewed);
    let shown = read(&service.beside(router), ORDERING, &id).await.json();
    assert_eq!(shown["channel"]["header"], json!(["Authorization: ********", "X-Room: ********"]));
}

#[tokio::test]
async fn one_that_ended_a_month_ago_is_forgotten_with_what_it_was_still_to_be_told() {
    let service = sandbox().await;
    let mut ending = subscription("http://127.0.0.1:9/hook", "org-identifier=900000001");
    let end = service.app.clock.now() + TimeDelta::hours(1);
    ending["end"] = json!(end.to_rfc3339());
    let ending = post(&service, SUBSCRIPTION, ORDERING, &ending).await.json()["id"].as_str().unwrap().to_owned();
    let lasting = subscribe(&service, ORDERING, "http://127.0.0.1:9/hook", "org-identifier=900000001").await;
    let case_id = pended(&service, 31).await;
    done(&service, NURSE, &case_id, "determinations", &authorize(&statuses(&service, &case_id).await)).await;
    serve(&service).await;
    for (days, forgotten) in [(30, 0), (31, 1)] {
        service.app.clock.freeze_at(end + TimeDelta::days(days));
        assert_eq!(subscriptions::purge(&service.app).await.unwrap(), forgotten, "after {days} days");
    }
    assert_eq!(read(&service, ORDERING, &ending).await.status, 404);
    assert_eq!(read(&service, ORDERING, &lasting).await.status, 200);
}

#[tokio::test]
async fn a_receiver_that_does_not_shake_hands_is_told_nothing() {
    let service = sandbox().await;
    let hook = Hook::start().await;
    hook.answers(404);
    let id = subscribe(&service, ORDERING, &hook.url, "org-identifier=900000001").await;
    serve(&service).await;
    let case_id = pended(&service, 31).await;
    done(&service, NURSE, &case_id, "determinations", &authorize(&statuses(&service, &case_id).await)).await;
    hook.answers(200);
    later(&service, 7200).await;
    assert_eq!(hook.sent().len(), 1);
    let stored = read(&service, ORDERING, &id).await.json();
    assert_eq!((&stored["status"], &stored["error"]), (&json!("error"), &json!("status_404")));
}

#[tokio::test]
async fn each_is_told_of_their_own_cases_only_and_for_as_long_as_they_can_sign_in() {
    // proves PRV-02
    let service = sandbox().await;
    let (ordering, servicing, other) = (Hook::start().await, Hook::start().await, Hook::start().await);
    let own = subscribe(&service, ORDERING, &ordering.url, "orgIdentifier=1019000011").await;
    subscribe(&service, SERVICING, &servicing.url, "org-identifier=900000002").await;
    subscribe(&service, OTHER_PRACTICE, &other.url, "org-identifier=900000003").await;
    let issued = service
        .post("/v1/tokens", ADMINISTRATOR, &json!({"role": "ordering_provider", "tax_ids": ["900000001"], "subject": "EHR"}))
        .await
        .json();
    let (token, token_id) = (issued["token"].as_str().unwrap(), issued["token_id"].as_str().unwrap());
    let leaving = Hook::start().await;
    let left = subscribe(&service, token, &leaving.url, "org-identifier=900000001").await;
    serve(&service).await;
    // nobody else reads, asks after or removes it
    for (who, status) in [(token, 404), (SERVICING, 404), (OTHER_PRACTICE, 404), (ADMINISTRATOR, 403), ("", 401)] {
        assert_eq!(read(&service, who, &own).await.status, status);
        let removed = service.call(Method::DELETE, &format!("{SUBSCRIPTION}/{own}"), who, None).await;
        assert_eq!(held(removed).status, status);
    }
    let case_id = pended(&service, 31).await;
    done(&service, NURSE, &case_id, "determinations", &authorize(&statuses(&service, &case_id).await)).await;
    serve(&service).await;
    let count = |hook: &Hook| hook.sent().len();
    // the first answer is news to everybody but its sender
    assert_eq!([count(&ordering), count(&servicing), count(&other), count(&leaving)], [2, 3, 1, 3]);
    // what the facility is told is what the facility may see
    let answer = servicing.sent()[1].body["entry"][1]["resource"].clone();
    assert_eq!(answer, held(service.get(&format!("/fhir/Bundle/{case_id}"), SERVICING).await).json());
    // whoever is out is told nothing more; whoever has a new token goes on where they were
    service.call(Method::DELETE, &format!("/v1/tokens/{token_id}"), ADMINISTRATOR, None).await;
    let case_id = pended(&service, 32).await;
    done(&service, NURSE, &case_id, "determinations", &authorize(&statuses(&service, &case_id).await)).await;
    serve(&service).await;
    assert_eq!([count(&ordering), count(&leaving)], [3, 3]);
    let renewed = json!({"role": "ordering_provider", "tax_ids": ["900000001"], "subject": "EHR"});
    let renewed = service.post("/v1/tokens", ADMINISTRATOR, &renewed).await.json();
    serve(&service).await;
    assert_eq!(count(&leaving), 5);
    let removed = service.call(Method::DELETE, &format!("{SUBSCRIPTION}/{left}"), renewed["token"].as_str().unwrap(), None).await;
    assert_eq!((removed.status.as_u16(), removed.text.as_str()), (204, ""));
    let case_id = pended(&service, 33).await;
    done(&service, NURSE, &case_id, "determinations", &authorize(&statuses(&service, &case_id).await)).await;
    serve(&service).await;
    assert_eq!([count(&ordering), count(&leaving)], [4, 5]);
}

#[tokio::test]
async fn orders_that_came_another_way_are_told_when_they_come_and_until_the_end() {
    let service = sandbox().await;
    let hook = Hook::start().await;
    let mut body = subscription(&hook.url, "org-identifier=90-0000001");
    body["end"] = json!((service.app.clock.now() + TimeDelta::hours(1)).to_rfc3339());
    let id = post(&service, SUBSCRIPTION, ORDERING, &body).await.json()["id"].as_str().unwrap().to_owned();
    let mut past = subscription(&hook.url, "org-identifier=900000001");
    past["end"] = json!("2020-12-31T12:00:00Z");
    past["channel"]["header"] = json!([]);
    let corrected = post(&service, SUBSCRIPTION, SERVICING, &{
        let mut past = past.clone();
        past.as_object_mut().unwrap().remove("_criteria");
        past
    })
    .await;
    assert_eq!(corrected.status, 201, "{}", corrected.text);
    assert!(corrected.json().get("end").is_none(), "an end that is past is left out");
    assert_eq!(corrected.json()["_criteria"]["extension"][0]["valueString"], "org-identifier=900000002");
    serve(&service).await;
    let order = service.post("/v1/orders", ORDERING, &pair("approve-tc.order")).await;
    assert_eq!(order.status, 201, "{}", order.text);
    serve(&service).await;
    let of_ours: Vec<Sent> = hook.sent().into_iter().filter(|sent| sent.headers.contains_key("authorization")).collect();
    let (_, number, answer) = told(&of_ours[1], &id);
    assert_eq!((number, &answer["id"]), (1, &order.json()["case_id"]));
    service.app.clock.freeze_at(service.app.clock.now() + TimeDelta::hours(2));
    assert_eq!(read(&service, ORDERING, &id).await.json()["status"], "off");
    let mut later = pair("approve-tc.order");
    later["member"]["member_id"] = json!("BMA000030");
    assert_eq!(service.post("/v1/orders", ORDERING, &later).await.status, 201);
    serve(&service).await;
    let ours = hook.sent().iter().filter(|sent| sent.headers.contains_key("authorization")).count();
    assert_eq!(ours, of_ours.len());
}

#[tokio::test]
async fn what_is_not_done_here_is_refused_with_its_place_and_secrets_are_told_to_nobody() {
    let service = sandbox().await;
    let good = subscription("http://127.0.0.1:9/hook", "org-identifier=900000001");
    let with = |changes: &dyn Fn(&mut Value)| {
        let mut body = good.clone();
        changes(&mut body);
        body
    };
    let filter = |filter: &str| subscription("http://127.0.0.1:9/hook", filter);
    let of_another = "Subscription.criteria.extension";
    for (what, body, status, place) in [
        ("another resource", json!({"resourceType": "Claim"}), 400, "Subscription"),
        ("a status", with(&|it| it["status"] = json!("off")), 400, "Subscription.status"),
        ("no reason", with(&|it| drop(it.as_object_mut().unwrap().remove("reason"))), 400, "Subscription.reason"),
        ("another topic", with(&|it| it["criteria"] = json!("http://example.org/topic")), 400, "Subscription.criteria"),
        ("a search", with(&|it| it["criteria"] = json!("ClaimResponse?status=active")), 400, "Subscription.criteria"),
        ("mail", with(&|it| it["channel"]["type"] = json!("email")), 400, "Subscription.channel.type"),
        ("XML", with(&|it| it["channel"]["payload"] = json!("application/fhir+xml")), 400, "Subscription.channel.payload"),
        (
            "ids only",
            with(&|it| it["channel"]["_payload"]["extension"][0]["valueCode"] = json!("id-only")),
            400,
            "Subscription.channel.payload.extension",
        ),
        ("no content", with(&|it| it["channel"]["_payload"] = json!({})), 400, "Subscription.channel.payload.extension"),
        ("no address", with(&|it| it["channel"]["endpoint"] = json!("")), 400, "Subscription.channel.endpoint"),
        (
            "a private network",
            with(&|it| it["channel"]["endpoint"] = json!("https://10.0.0.1/")),
            400,
            "Subscription.channel.endpoint",
        ),
        (
            "plain http",
            with(&|it| it["channel"]["endpoint"] = json!("http://ehr.example.org/")),
            400,
            "Subscription.channel.endpoint",
        ),
        ("a header that is none", with(&|it| it["channel"]["header"][1] = json!("x")), 400, "Subscription.channel.header[1]"),
        ("another host", with(&|it| it["channel"]["header"][0] = json!("Host: x")), 400, "Subscription.channel.header[0]"),
        ("a header as text", with(&|it| it["channel"]["header"] = json!(SECRET)), 400, "Subscription.channel.header"),
        ("an end", with(&|it| it["end"] = json!("soon")), 400, "Subscription.end"),
        ("another filter", filter("patient=1"), 400, "Subscription.criteria.extension"),
        ("an empty filter", filter("org-identifier="), 400, "Subscription.criteria.extension"),
        ("another's tax id", filter("org-identifier=900000002"), 403, of_another),
        ("one of another's", filter("org-identifier=900000001,900000003"), 403, of_another),
        ("another's NPI", filter("org-identifier=1019000052"), 403, of_another),
        ("nobody", filter("org-identifier=8189991234"), 403, of_another),
        (
            "a modifier",
            with(&|it| it["modifierExtension"] = json!([{"url": "http://example.org/x", "valueBoolean": true}])),
            400,
            "Subscription.modifierExtension",
        ),
    ] {
        let answer = post(&service, SUBSCRIPTION, ORDERING, &body).await;
        assert_eq!(answer.status.as_u16(), status, "{what}: {}", answer.text);
        let places: Vec<Value> =
            answer.json()["issue"].as_array().unwrap().iter().map(|issue| issue["expression"][0].clone()).collect();
        assert!(places.contains(&json!(place)), "{what}: {places:?}");
        assert!(!answer.text.contains("only-for-the-receiver"));
    }
    for who in [INTAKE, ADMINISTRATOR, NURSE, SECOND_PHYSICIAN] {
        assert_eq!(post(&service, SUBSCRIPTION, who, &good).await.status, 403);
    }
    let count: i64 = sqlx::query_scalar("select count(*) from subscriptions").fetch_one(&service.app.pool).await.unwrap();
    assert_eq!(count, 0);
    let made = post(&service, SUBSCRIPTION, ORDERING, &good).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let id = made.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(made.header("location"), format!("http://127.0.0.1:8080/fhir/Subscription/{id}"));
    let again = read(&service, ORDERING, &id).await;
    for answer in [&made, &again] {
        assert_eq!(answer.json()["channel"]["header"], json!(["Authorization: ********", "X-Room: ********"]));
        assert!(!answer.text.contains("only-for-the-receiver"));
    }
    for _ in 1..50 {
        assert_eq!(post(&service, SUBSCRIPTION, ORDERING, &good).await.status, 201);
    }
    assert_eq!(post(&service, SUBSCRIPTION, ORDERING, &good).await.status, 409);
    assert_eq!(read(&service, ORDERING, "nonsense").await.status, 404);
}
