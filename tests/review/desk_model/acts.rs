//! What anybody may try to do to a case, and how it is drawn and sent.

use crate::support::desk::*;
use crate::support::http::{Answer, Service};
use axum::body::Body;
use axum::http::{Method, Request};
use proptest::prelude::*;
use serde_json::{Value, json};

/// Everybody who calls.
pub const NURSES_AND_PHYSICIANS: [&str; 3] = [NURSE, PHYSICIAN, SECOND_PHYSICIAN];

/// One call, or time passing.
#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    /// Takes the case.
    Claim(&'static str),
    /// Gives it back.
    GiveBack(&'static str),
    /// Decides whether it is a duplicate.
    Duplicate { by: &'static str, duplicate: bool },
    /// Asks the practice for something.
    Ask(&'static str),
    /// Records an event of the peer-to-peer discussion.
    Call { by: &'static str, event: &'static str, with: bool },
    /// Decides lines.
    Determine { by: &'static str, lines: Vec<(u32, bool)>, pathway: Option<bool>, on_expiry: bool, reasons: bool },
    /// Hands the case to the physicians.
    Escalate(&'static str),
    /// Changes the order.
    Patch { by: &'static str, what: Patch, stale: bool },
    /// Takes drugs back.
    Withdraw { by: &'static str, lines: Option<Vec<u32>>, error_entry: bool, stale: bool },
    /// Asks for reconsideration.
    Reconsider(&'static str),
    /// Decides it.
    DecideReconsideration { by: &'static str, overturn: bool, lines: Vec<(u32, bool)> },
    /// Time passes.
    Wait(i64),
}

/// What a practice changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patch {
    /// Whom to call: nothing that decides.
    Contact(u8),
    /// The heart was looked at, or was not.
    Heart(bool),
    /// HER2 is positive, or negative.
    Her2(bool),
    /// How fast the answer is needed.
    Urgent(bool),
    /// The dose of the last supportive drug.
    LowDose(bool),
    /// Something that no order may say.
    Nonsense,
}

fn reviewer() -> impl Strategy<Value = &'static str> {
    prop_oneof![6 => Just(NURSE), 7 => Just(PHYSICIAN), 4 => Just(SECOND_PHYSICIAN), 1 => anybody()]
}

fn practice() -> impl Strategy<Value = &'static str> {
    prop_oneof![8 => Just(PRACTICE), 2 => Just(FACILITY), 2 => Just(INTAKE), 1 => anybody()]
}

fn anybody() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        PRACTICE,
        FACILITY,
        OTHER_PRACTICE,
        INTAKE,
        NURSE,
        PHYSICIAN,
        SECOND_PHYSICIAN,
        ADMINISTRATOR,
        "sandbox-health-plan",
    ])
}

/// Lines with whether each is authorized: mostly all one way, sometimes mixed, seldom nonsense.
fn decisions() -> impl Strategy<Value = Vec<(u32, bool)>> {
    let line = prop_oneof![20 => 1_u32..=5, 1 => Just(17)];
    let one_way = |authorize| {
        prop::sample::subsequence(vec![1_u32, 2, 3, 4, 5], 1..=5)
            .prop_map(move |lines| lines.into_iter().map(|line| (line, authorize)).collect::<Vec<_>>())
    };
    prop_oneof![
        5 => one_way(true),
        3 => one_way(false),
        4 => Just(vec![(3, true), (4, true)]),
        3 => Just(vec![(5, false)]),
        2 => Just(vec![(3, true), (4, true), (5, false)]),
        2 => Just(vec![(2, false)]),
        2 => prop::collection::vec((line, any::<bool>()), 1..5),
    ]
}

fn lines() -> impl Strategy<Value = Option<Vec<u32>>> {
    let some = prop_oneof![20 => 1_u32..=5, 1 => Just(17)];
    prop_oneof![
        1 => Just(None),
        4 => prop::collection::vec(some, 1..3).prop_map(Some),
        2 => Just(Some(vec![5])),
        1 => Just(Some(vec![1, 2, 3, 4])),
        1 => Just(Some(vec![3, 4])),
    ]
}

fn patch() -> impl Strategy<Value = Patch> {
    prop_oneof![
        3 => any::<u8>().prop_map(Patch::Contact),
        3 => any::<bool>().prop_map(Patch::Heart),
        2 => any::<bool>().prop_map(Patch::Her2),
        1 => any::<bool>().prop_map(Patch::Urgent),
        2 => any::<bool>().prop_map(Patch::LowDose),
        1 => Just(Patch::Nonsense),
    ]
}

/// Minutes, odd so that no two deadlines ever fall on one instant.
fn wait() -> impl Strategy<Value = i64> {
    prop_oneof![4 => Just(11), 3 => Just(5 * 60 + 1), 2 => Just(23 * 60 + 7), 1 => Just(73 * 60 + 13), 1 => Just(11 * 24 * 60 + 3)]
}

/// Any call.
pub fn act() -> impl Strategy<Value = Act> {
    let event = prop_oneof![
        6 => Just("offered"), 1 => Just("scheduled"), 1 => Just("held"), 1 => Just("declined"), 1 => Just("unreachable"),
    ];
    let rarely = || prop::bool::weighted(0.1);
    prop_oneof![
        2 => reviewer().prop_map(Act::Claim),
        2 => prop_oneof![4 => reviewer(), 1 => Just(ADMINISTRATOR)].prop_map(Act::GiveBack),
        2 => (reviewer(), prop::bool::weighted(0.2)).prop_map(|(by, duplicate)| Act::Duplicate { by, duplicate }),
        1 => reviewer().prop_map(Act::Ask),
        5 => (reviewer(), event, prop::bool::weighted(0.8)).prop_map(|(by, event, with)| Act::Call { by, event, with }),
        8 => (reviewer(), decisions(), prop::option::weighted(0.15, any::<bool>()), prop::bool::weighted(0.2), prop::bool::weighted(0.95))
            .prop_map(|(by, lines, pathway, on_expiry, reasons)| Act::Determine { by, lines, pathway, on_expiry, reasons }),
        2 => prop_oneof![5 => Just(NURSE), 1 => anybody()].prop_map(Act::Escalate),
        4 => (practice(), patch(), rarely()).prop_map(|(by, what, stale)| Act::Patch { by, what, stale }),
        2 => (practice(), lines(), prop::bool::weighted(0.3), rarely())
            .prop_map(|(by, lines, error_entry, stale)| Act::Withdraw { by, lines, error_entry, stale }),
        3 => practice().prop_map(Act::Reconsider),
        4 => (prop_oneof![2 => Just(PHYSICIAN), 4 => Just(SECOND_PHYSICIAN), 1 => anybody()], prop::bool::weighted(0.7), overturn_lines())
            .prop_map(|(by, overturn, lines)| Act::DecideReconsideration { by, overturn, lines }),
        3 => wait().prop_map(Act::Wait),
    ]
}

/// How a sequence begins: mostly anyhow, sometimes the long way to a denial, which chance seldom walks.
pub fn opening() -> impl Strategy<Value = Vec<Act>> {
    let physician = || prop::sample::select(vec![PHYSICIAN, SECOND_PHYSICIAN]);
    let not_authorized = prop_oneof![Just(vec![(2, false)]), Just(vec![(3, false), (4, false)]), Just(vec![(1, false)])];
    let denied = (physician(), not_authorized, any::<bool>()).prop_map(|(by, lines, on_expiry)| {
        vec![
            Act::Duplicate { by, duplicate: false },
            Act::Call { by, event: "offered", with: true },
            Act::Determine { by, lines, pathway: None, on_expiry, reasons: true },
        ]
    });
    let in_part = physician().prop_map(|by| {
        vec![
            Act::Call { by, event: "offered", with: true },
            Act::Determine { by, lines: vec![(3, true), (4, true), (5, false)], pathway: None, on_expiry: false, reasons: true },
            Act::Determine { by, lines: vec![(5, false)], pathway: None, on_expiry: false, reasons: true },
        ]
    });
    let waited = physician().prop_map(|by| {
        let determine = |lines| Act::Determine { by, lines, pathway: None, on_expiry: true, reasons: true };
        vec![
            Act::Duplicate { by, duplicate: false },
            Act::Call { by, event: "offered", with: true },
            determine(vec![(3, false), (4, false)]),
            determine(vec![(2, false)]),
            Act::Wait(73 * 60 + 13),
            Act::Wait(73 * 60 + 13),
        ]
    });
    let appealed = (overturn_lines(), prop::bool::weighted(0.8)).prop_map(|(lines, overturn)| {
        let not_authorized = vec![(2, false), (3, false), (4, false)];
        vec![
            Act::Duplicate { by: PHYSICIAN, duplicate: false },
            Act::Call { by: PHYSICIAN, event: "offered", with: true },
            Act::Determine { by: PHYSICIAN, lines: not_authorized.clone(), pathway: None, on_expiry: false, reasons: true },
            Act::Determine { by: PHYSICIAN, lines: not_authorized[1..].to_vec(), pathway: None, on_expiry: false, reasons: true },
            Act::Reconsider(PRACTICE),
            Act::DecideReconsideration { by: SECOND_PHYSICIAN, overturn, lines },
        ]
    });
    prop_oneof![5 => Just(Vec::new()), 2 => denied, 1 => waited, 2 => in_part, 1 => appealed]
}

fn overturn_lines() -> impl Strategy<Value = Vec<(u32, bool)>> {
    prop_oneof![4 => Just(Vec::new()), 3 => decisions()]
}

/// Sends it. `reconsideration` is the id of the case's, or of none.
pub async fn send(act: &Act, service: &Service, case_id: &str, reconsideration: &str, version: i64) -> Answer {
    let review = |what: &str| format!("/v1/reviews/{case_id}/{what}");
    match act {
        Act::Claim(by) => service.post(&review("claims"), by, &json!({})).await,
        Act::GiveBack(by) => service.call(Method::DELETE, &review("claims"), by, None).await,
        Act::Duplicate { by, duplicate } => {
            service.post(&review("duplicate-decisions"), by, &json!({"duplicate": duplicate, "rationale": "compared"})).await
        }
        Act::Ask(by) => service.post(&review("information-requests"), by, &json!({"items": ["pathology report"]})).await,
        Act::Call { by, event, with } => {
            let with = with.then(|| json!({"name": "Ordering Clinician", "role": "nurse_practitioner"}));
            service.post(&review("peer-to-peer"), by, &json!({"event": event, "with": with})).await
        }
        Act::Determine { by, lines, pathway, on_expiry, reasons } => {
            let mut body = json!({"drugs": drugs(lines, *reasons), "on_expiry": on_expiry});
            if let Some(on) = pathway {
                body["pathway"] = json!({"determination": if *on { "on_pathway" } else { "off_pathway" }});
            }
            service.post(&review("determinations"), by, &body).await
        }
        Act::Escalate(by) => service.post(&review("escalations"), by, &json!({"rationale": "criteria not met"})).await,
        Act::Patch { .. } => panic!("an order is changed by what it is, see `change`"),
        Act::Withdraw { by, lines, error_entry, stale } => {
            let reason = if *error_entry { "error_entry" } else { "voluntarily_cancelled" };
            let body = json!({"drugs": lines.as_ref().map_or(json!("all"), |lines| json!(lines)), "reason": reason});
            let tag = if_match(*stale, version);
            post_with(service, &format!("/v1/orders/{case_id}/withdrawals"), by, &[("if-match", &tag)], &body).await
        }
        Act::Reconsider(by) => {
            service.post(&format!("/v1/orders/{case_id}/reconsiderations"), by, &json!({"reason": "new data"})).await
        }
        Act::DecideReconsideration { by, overturn, lines } => {
            let decision = if *overturn { "overturned" } else { "upheld" };
            let body = json!({"decision": decision, "rationale": "looked at again", "drugs": drugs(lines, true)});
            service.post(&format!("/v1/reconsiderations/{reconsideration}/determinations"), by, &body).await
        }
        Act::Wait(minutes) => {
            let to = service.app.clock.now() + chrono::TimeDelta::minutes(*minutes);
            service.call(Method::PUT, "/v1/sandbox/clock", ADMINISTRATOR, Some(&json!({"now": to.to_rfc3339()}))).await
        }
    }
}

fn if_match(stale: bool, version: i64) -> String {
    format!("\"{}\"", if stale { version + 1 } else { version })
}

/// Changes the order.
pub async fn change(service: &Service, case_id: &str, by: &str, patch: &Value, stale: bool, version: i64) -> Answer {
    let request = Request::builder()
        .method(Method::PATCH)
        .uri(format!("/v1/orders/{case_id}"))
        .header("authorization", format!("Bearer {by}"))
        .header("content-type", "application/merge-patch+json")
        .header("if-match", if_match(stale, version));
    service.send(request.body(Body::from(patch.to_string())).expect("a request")).await
}

fn drugs(lines: &[(u32, bool)], reasons: bool) -> Vec<Value> {
    let drug = |(line, authorize): &(u32, bool)| {
        if *authorize {
            return json!({"line": line, "decision": "authorized"});
        }
        let rationale = if reasons { "the evidence does not support it" } else { " " };
        json!({"line": line, "decision": "non_authorized", "reason_code": "not_medically_necessary", "rationale": rationale})
    };
    lines.iter().map(drug).collect()
}
