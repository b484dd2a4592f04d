//! The acts that decide no line: duplicates, calls, questions, escalation.

use super::act::{Also, Held, Outcome};
use super::requests::{CallPartner, Contacted, DuplicateDecision, Escalation, InformationRequest, PeerToPeerRecord};
use crate::app::{Error, Result};
use crate::domain::refusal::Fault;
use crate::domain::review::PeerToPeerEvent;
use crate::domain::text::said;
use crate::rules::review::{self, calls};
use chrono::Datelike as _;
use serde_json::json;
use std::ops::RangeInclusive;

/// Years in which a discussion may have been or be going to be.
const YEARS: RangeInclusive<i32> = 2000..=2200;

/// Text that says something; otherwise the fault of this field.
pub(super) fn required(text: &str, pointer: &str) -> Result<String> {
    let blank = || Error::invalid(vec![Fault::new(pointer, "missing", "must say something: words that can be read")]);
    said(text).map(str::to_owned).ok_or_else(blank)
}

/// Text that may be left out; none where it says nothing.
fn optional(text: Option<&str>) -> Option<String> {
    text.and_then(said).map(str::to_owned)
}

/// DUP-02.
pub(super) fn decide_duplicate(held: &Held<'_>, request: &DuplicateDecision) -> Result<Outcome> {
    let rationale = required(&request.rationale, "/rationale")?;
    let after = review::decide_duplicate(&held.case, &held.computed, request.duplicate, held.now)?;
    let others: Vec<_> = held.case.notices.iter().filter_map(|notice| notice.case_id).collect();
    Ok(Outcome {
        after,
        computed: held.computed.clone(),
        kind: "duplicate_decided",
        reason: Some(rationale),
        detail: json!({"duplicate": request.duplicate, "similar_cases": others.len()}),
        determinations: Vec::new(),
        also: Also::Nothing,
    })
}

/// DET-08. The deadline stays what it is: the sources let nothing move it.
pub(super) fn ask(held: &Held<'_>, request: &InformationRequest) -> Result<Outcome> {
    let mut items = Vec::with_capacity(request.items.len());
    for (index, item) in request.items.iter().enumerate() {
        items.push(required(item, &format!("/items/{index}"))?);
    }
    let after = calls::ask(&held.case, &items)?;
    let contacted = request
        .contacted
        .as_ref()
        .map(|who| Contacted { name: optional(who.name.as_deref()), phone: optional(who.phone.as_deref()) });
    Ok(Outcome {
        after,
        computed: held.computed.clone(),
        kind: "information_requested",
        reason: optional(request.notes.as_deref()),
        detail: json!({"items": items, "contacted": contacted}),
        determinations: Vec::new(),
        also: Also::Nothing,
    })
}

/// DET-03, DET-08, DET-13.
pub(super) fn record_call(held: &Held<'_>, request: &PeerToPeerRecord) -> Result<Outcome> {
    let with_whom = request.with.as_ref().and_then(CallPartner::words);
    if request.event == PeerToPeerEvent::Held && with_whom.is_none() {
        let message =
            "say who held the discussion: the ordering physician, their physician assistant or their nurse practitioner (DET-13)";
        return Err(Error::invalid(vec![Fault::new("/with", "missing", message)]));
    }
    if request.with.is_some() && with_whom.is_none() {
        return Err(Error::invalid(vec![Fault::new("/with", "missing", "must name somebody in words that can be read")]));
    }
    let at = request.at.unwrap_or(held.now);
    if !YEARS.contains(&at.year()) {
        let message = format!("a discussion of the years {} to {}", YEARS.start(), YEARS.end());
        return Err(Error::invalid(vec![Fault::new("/at", "out-of-range", message)]));
    }
    if !calls::is_in_time(request.event, at, held.case.submitted_at, held.now) {
        let received = held.case.submitted_at.format("%Y-%m-%dT%H:%MZ");
        let message = if request.event == PeerToPeerEvent::Scheduled {
            format!("a discussion is scheduled for the time of the order's receipt, {received}, or later")
        } else {
            format!(
                "what was {} was so between the order's receipt, {received}, and now; only what is scheduled may lie ahead",
                request.event.as_str()
            )
        };
        return Err(Error::invalid(vec![Fault::new("/at", "out-of-range", message)]));
    }
    let after = calls::record(&held.case, request.event)?;
    let notes = optional(request.notes.as_deref());
    let event = request.event.as_str();
    Ok(Outcome {
        after,
        computed: held.computed.clone(),
        kind: kind_of(request.event),
        reason: notes.clone(),
        detail: json!({"event": event, "at": at, "with": request.with}),
        determinations: Vec::new(),
        also: Also::Call { event, at, with_whom, notes },
    })
}

const fn kind_of(event: PeerToPeerEvent) -> &'static str {
    match event {
        PeerToPeerEvent::Offered => "peer_to_peer_offered",
        PeerToPeerEvent::Scheduled => "peer_to_peer_scheduled",
        PeerToPeerEvent::Held => "peer_to_peer_held",
        PeerToPeerEvent::Declined => "peer_to_peer_declined",
        PeerToPeerEvent::Unreachable => "peer_to_peer_unreachable",
    }
}

/// DET-02.
pub(super) fn escalate(held: &Held<'_>, request: &Escalation) -> Result<Outcome> {
    let rationale = required(&request.rationale, "/rationale")?;
    let after = review::escalate(&held.case)?;
    Ok(Outcome {
        after,
        computed: held.computed.clone(),
        kind: "escalated",
        reason: Some(rationale),
        detail: json!({}),
        determinations: Vec::new(),
        also: Also::Release,
    })
}
