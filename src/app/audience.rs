//! What is told of an event, and to whom (PRV-02). The review desk and its administrator read all of it. To everybody else a case's history
//! says what happened and when, and what is meant for them; not what reviewers wrote for each other, whom they called, who they are, nor
//! what is prepared and not in force.
//!
//! What is not listed here is told without its reason and particulars, so that a new kind of event tells too little rather than too much.

use super::{Caller, similar};
use crate::domain::vocabulary::CallerRole;
use crate::store::case_events::{Event, SERVICE};
use serde_json::{Map, Value};

/// Who is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Those who work on cases of everybody.
    Desk,
    /// The ordering practice.
    Ordering,
    /// The practice that treats.
    Servicing,
    /// The plan.
    Plan,
}

/// What is told of a kind of event.
struct Told {
    reason: bool,
    /// Members of the particulars; all of them where none are named.
    detail: &'static [&'static str],
}

/// The case before and after belongs to every change.
const SUMMARIES: [&str; 2] = ["before", "after"];
/// All of the particulars.
const ALL: &[&str] = &[];
/// None of them but the summaries.
const NOTHING_ELSE: &[&str] = &["before"];

impl Audience {
    /// Of this caller.
    pub const fn of(caller: &Caller) -> Self {
        match caller.role {
            CallerRole::OrderingProvider => Self::Ordering,
            CallerRole::ServicingProvider => Self::Servicing,
            CallerRole::HealthPlan => Self::Plan,
            CallerRole::Intake | CallerRole::Nurse | CallerRole::Physician | CallerRole::Administrator => Self::Desk,
        }
    }

    /// The reason and particulars of an event; none where it does not exist for this audience.
    pub fn told(self, kind: &str, reason: Option<String>, detail: Option<Value>) -> Option<(Option<String>, Option<Value>)> {
        if self == Self::Desk {
            return Some((reason, detail));
        }
        let told = self.share(kind)?;
        let mut detail = detail.map(|detail| match detail {
            Value::Object(members) if !told.detail.is_empty() => Value::Object(only(members, told.detail)),
            Value::Object(mut members) => {
                members.remove("reviewed_by");
                Value::Object(members)
            }
            other => other,
        });
        if self != Self::Plan {
            let summaries = detail.as_mut().and_then(Value::as_object_mut).into_iter().flatten();
            summaries
                .filter(|(name, _)| SUMMARIES.contains(&name.as_str()))
                .for_each(|(_, summary)| similar::summary_alike(summary));
        }
        Some((reason.filter(|_| told.reason), detail))
    }

    fn share(self, kind: &str) -> Option<Told> {
        let all = Some(Told { reason: true, detail: ALL });
        match kind {
            // what a physician has prepared for the end of the clock is the desk's, and so is who works on a case; a plan learns that
            // somebody does
            "reviewed_for_expiry" => None,
            "claimed" | "claim_released" | "claim_expired" if self != Self::Plan => None,
            "s_code_claimed" | "s_codes_voided" | "s_codes_restored" if self == Self::Servicing => None, // SCD-10
            "submitted"
            | "updated"
            | "withdrawn"
            | "attachment_received"
            | "deadline_passed"
            | "s_code_claimed"
            | "s_codes_voided"
            | "s_codes_restored"
            // the reasons of these are in the letter to the provider, word for word (DET-10)
            | "determined"
            | "denied_at_deadline"
            | "reconsideration_upheld"
            | "reconsideration_overturned" => all,
            "reconsideration_requested" => Some(Told { reason: self != Self::Servicing, detail: ALL }),
            "duplicate_decided" => Some(Told { reason: false, detail: &["duplicate"] }),
            "information_requested" => Some(Told { reason: false, detail: &["items"] }),
            "peer_to_peer_offered"
            | "peer_to_peer_scheduled"
            | "peer_to_peer_held"
            | "peer_to_peer_declined"
            | "peer_to_peer_unreachable" => Some(Told { reason: false, detail: &["event", "at"] }),
            _ => Some(Told { reason: false, detail: NOTHING_ELSE }),
        }
    }
}

fn only(members: Map<String, Value>, named: &[&str]) -> Map<String, Value> {
    members.into_iter().filter(|(name, _)| named.contains(&name.as_str()) || SUMMARIES.contains(&name.as_str())).collect()
}

/// A history as this caller reads it.
pub fn history(events: Vec<Event>, caller: &Caller) -> Vec<Event> {
    let audience = Audience::of(caller);
    let told = |event: Event| {
        let (reason, detail) = audience.told(&event.kind, event.reason, event.detail)?;
        let actor_subject = who(&event.actor_subject, &event.actor_role, caller);
        Some(Event { actor_subject, reason, detail, ..event })
    };
    events.into_iter().filter_map(told).collect()
}

/// Somebody, by subject to the desk and to themselves; to everybody else by role.
pub fn who(subject: &str, role: &str, caller: &Caller) -> String {
    let by_subject = Audience::of(caller) == Audience::Desk || subject == caller.subject || subject == SERVICE.subject;
    if by_subject { subject.to_owned() } else { role.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::Audience;
    use serde_json::json;

    const OUTSIDERS: [Audience; 3] = [Audience::Ordering, Audience::Servicing, Audience::Plan];

    #[test]
    fn notes_of_the_desk_and_what_is_prepared_stay_there() {
        // proves PRV-02
        let told = |audience: Audience, kind: &str| {
            let detail = json!({"items": ["ejection fraction"], "contacted": {"name": "Front desk"}, "before": {}, "similar_cases": 2,
                                "reviewed_by": "somebody", "with": "the office"});
            audience.told(kind, Some("a note".to_owned()), Some(detail))
        };
        for kind in [
            "reviewed_for_expiry",
            "claimed",
            "information_requested",
            "escalated",
            "duplicate_decided",
            "peer_to_peer_held",
            "new",
        ] {
            let (reason, detail) = told(Audience::Desk, kind).unwrap();
            assert!(reason.is_some() && detail.unwrap().as_object().unwrap().len() == 6, "{kind}");
            for audience in OUTSIDERS {
                let Some((reason, detail)) = told(audience, kind) else { continue };
                let detail = detail.unwrap().to_string();
                assert_eq!(reason, None, "{kind} to {audience:?}");
                for hidden in ["Front desk", "similar_cases", "somebody", "the office"] {
                    assert!(!detail.contains(hidden), "{kind} to {audience:?}: {detail}");
                }
            }
        }
        for audience in OUTSIDERS {
            assert_eq!(told(audience, "reviewed_for_expiry"), None);
            let (_, detail) = told(audience, "information_requested").unwrap();
            assert_eq!(detail.unwrap(), json!({"items": ["ejection fraction"], "before": {}}));
            let (reason, detail) = told(audience, "denied_at_deadline").unwrap();
            assert!(reason.is_some() && !detail.unwrap().to_string().contains("somebody"));
        }
        assert_eq!(told(Audience::Servicing, "s_code_claimed"), None);
    }
}
