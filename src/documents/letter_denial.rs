//! What a letter says of a denial: what is denied, who decided, and what can be done (DET-10, APP-01…03). Why is in `letter_reasons`.

use super::blocks::{Block, Tone};
use super::letter::{Appeal, CallInLetter, Letter, Told};
use super::{letter_blocks, letter_reasons, words};
use crate::domain::case::Case;
use crate::domain::content::ENGLISH;
use crate::domain::line::CaseLine;
use crate::domain::review::ReconsiderationDecision;
use crate::domain::vocabulary::{Addressee, CaseStatus, DrugRole, DrugStatus, LetterKind};
use chrono::{Days, NaiveDate};

/// Writes it.
pub(super) fn denial(letter: &Letter, case: &Case, told: &Told<'_>, blocks: &mut Vec<Block>) {
    decision(letter, case, told, blocks);
    appeal(letter, case, told, blocks);
    blocks.push(Block::paragraph(words::without_ids(&told.program.without_authorization)));
}

/// What was decided, and why.
fn decision(letter: &Letter, case: &Case, told: &Told<'_>, blocks: &mut Vec<Block>) {
    verdict(letter, case, told, blocks);
    reconsidered(letter, told, blocks);
    blocks.push(Block::heading(told.words.phrase("what_and_why")));
    letter_reasons::reasons(letter, case, told, blocks);
    letter_blocks::others(letter, case, told, blocks);
    peer_to_peer(letter, told, blocks);
}

/// What was decided, at a glance.
fn verdict(letter: &Letter, case: &Case, told: &Told<'_>, blocks: &mut Vec<Block>) {
    let mut text = outcome(letter, case, told);
    if let Some(first) = text.first_mut() {
        *first = [first.as_str(), told.words.phrase("reasons_below")].join(" ");
    }
    blocks.push(Block::note(Tone::Bad, told.words.phrase("not_approved"), text));
}

/// Whether all is denied or a part, and who decided.
pub(super) fn outcome(letter: &Letter, case: &Case, told: &Told<'_>) -> Vec<String> {
    let phrase = |key: &str| told.words.phrase(key).to_owned();
    let plan = told.program.health_plan_name.as_str();
    let whole = !letter.in_part;
    let mut text = vec![told.words.say(if whole { "denies_whole" } else { "denies_part" }, &[("plan", plan)])];
    if whole {
        let was_approved = case.letters.iter().any(|letter| letter.kind == LetterKind::Approval);
        let is_reviewed = |drug: &CaseLine| {
            !matches!(
                drug.status,
                DrugStatus::ClinicalReviewNotRequired | DrugStatus::OtherImpact | DrugStatus::ReferToHealthPlan
            )
        };
        text.push(phrase(match case.lines().iter().all(is_reviewed) {
            false if !was_approved => "entire_request_reviewed",
            _ if was_approved => "entire_request",
            _ => "entire_request_no_order_id",
        }));
    }
    // what the desk wrote is in English
    let reason = case.status_reason.as_deref().filter(|_| whole && told.words.language == ENGLISH);
    text.extend(reason.map(|reason| words::sentence(&words::without_ids(reason))));
    let slots = &told.program.letters.denial;
    text.push(told.words.say("decided_by", &[("role", &slots.decided_by_role)]));
    text
}

/// True where nothing of the request is approved because of a denial: of a treatment drug, or of everything. What the office withdrew
/// itself was not denied.
pub(super) fn is_denied_as_a_whole(case: &Case) -> bool {
    let denied = |drug: &CaseLine| drug.status == DrugStatus::NonAuthorized;
    let withdrawn = |drug: &CaseLine| matches!(drug.status, DrugStatus::VoluntarilyCancelled | DrugStatus::NotReviewedErrorEntry);
    let treatment = |drug: &CaseLine| denied(drug) && drug.role != DrugRole::Supportive;
    case.status == CaseStatus::NonAuthorized
        && !case.lines().iter().any(withdrawn)
        && (case.lines().iter().any(treatment) || case.lines().iter().all(denied))
}

/// The reconsideration that the letter tells.
pub(super) fn reconsidered(letter: &Letter, told: &Told<'_>, blocks: &mut Vec<Block>) {
    let Some(one) = &letter.reconsideration else { return };
    let day = told.words.day(one.decided_at.with_timezone(&told.program.time_zone).date_naive());
    blocks.push(Block::heading(told.words.phrase("reconsideration")));
    let key = match (one.decision, letter.kind) {
        (ReconsiderationDecision::Upheld, _) => "reconsidered_upheld",
        (ReconsiderationDecision::Overturned, LetterKind::Approval) => "reconsidered_overturned",
        (ReconsiderationDecision::Overturned, LetterKind::Denial) => "reconsidered_in_part",
    };
    blocks.push(Block::paragraph(told.words.say(key, &[("day", &day)])));
    blocks.push(Block::Quote { text: one.rationale.clone() });
}

pub(super) fn peer_to_peer(letter: &Letter, told: &Told<'_>, blocks: &mut Vec<Block>) {
    if letter.peer_to_peer.is_empty() {
        return;
    }
    blocks.push(Block::heading(told.words.phrase("peer_to_peer")));
    let item = |call: &CallInLetter| {
        let local = call.at.with_timezone(&told.program.time_zone);
        let at = words::instant(&call.at, &told.program.time_zone);
        let at = at.replace(&words::day(local.date_naive()), &told.words.day(local.date_naive()));
        let with = call.with.as_ref().map(|with| format!(", {with}")).unwrap_or_default();
        let key = match call.event.as_str() {
            "scheduled" => "call_scheduled",
            "held" => "call_held",
            "declined" => "call_declined",
            "unreachable" => "call_unreachable",
            _ => "call_offered",
        };
        told.words.say(key, &[("at", &format!("{at}{with}"))])
    };
    blocks.push(Block::List { items: letter.peer_to_peer.iter().map(item).collect() });
}

fn appeal(letter: &Letter, case: &Case, told: &Told<'_>, blocks: &mut Vec<Block>) {
    let Some(appeal) = &letter.appeal else { return };
    blocks.push(Block::heading(told.words.phrase("what_you_can_do")));
    match letter.to {
        Addressee::Member => {
            for_member(appeal, told, blocks);
            for_provider(appeal, told, blocks);
        }
        Addressee::Provider => {
            for_provider(appeal, told, blocks);
            for_member(appeal, told, blocks);
        }
    }
    let slots = &told.program.letters.denial;
    let day = last_day(letter, told, slots.appeal_days).map(|day| told.words.day(day)).unwrap_or_default();
    let values = [("days", slots.appeal_days.to_string()), ("day", day)];
    let values: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
    blocks.push(Block::paragraph(told.words.say("appeal_days", &values)));
    blocks.push(Block::subheading(told.words.phrase("appeal_where")));
    blocks.push(where_to(told));
    let values = [("how", slots.expedited.as_str()), ("within", slots.expedited_within.as_str())];
    blocks.push(Block::paragraph(told.words.say("expedited", &values)));
    blocks.push(Block::subheading(told.words.phrase("rights")));
    blocks.push(Block::paragraph(match letter.to {
        Addressee::Member => slots.file.clone(),
        Addressee::Provider => letter_blocks::ask_the_program("file_for_provider", told),
    }));
    blocks.push(Block::paragraph(told.words.say("standard_appeal", &[("within", &slots.standard_within)])));
    // members of Medicare Advantage have other steps, which their own notice says
    let line = case.member_on_file.as_ref().map(|member| member.line_of_business);
    if line.is_none_or(|line| !told.program.letters.lines.contains_key(&line)) {
        blocks.extend(told.program.letters.external_review.iter().cloned().map(Block::paragraph));
    }
    who(told, blocks);
}

/// Where appeals go.
pub(super) fn where_to(told: &Told<'_>) -> Block {
    let slots = &told.program.letters.denial;
    let to = |key: &str, value: String| super::blocks::Fact::new(told.words.phrase(key), value);
    Block::Facts {
        items: vec![
            to("appeal_by_mail", slots.appeal_address.join("\n")),
            to("appeal_by_fax", slots.appeal_fax.clone()),
            to("appeal_by_phone", slots.appeal_phone.clone()),
        ],
    }
}

/// Who decided, and on whose behalf.
pub(super) fn who(told: &Told<'_>, blocks: &mut Vec<Block>) {
    let slots = &told.program.letters.denial;
    blocks.push(Block::subheading(told.words.phrase("who_decided")));
    let values = [("role", slots.decided_by_role.as_str()), ("specialty", slots.decided_by_specialty.as_str())];
    blocks.push(Block::paragraph(told.words.say("who_decided_text", &values)));
    blocks.push(Block::subheading(told.words.phrase("administrator")));
    let name = Some(&slots.administrator).filter(|name| slots.return_address.first() != Some(name));
    let lines: Vec<&str> = name.into_iter().chain(&slots.return_address).map(String::as_str).collect();
    blocks.push(Block::paragraph(lines.join("\n")));
}

/// The last day for an appeal, counted from the date of the letter.
pub(super) fn last_day(letter: &Letter, told: &Told<'_>, days: u32) -> Option<NaiveDate> {
    letter.issued_at.with_timezone(&told.program.time_zone).date_naive().checked_add_days(Days::new(u64::from(days)))
}

pub(super) fn for_provider(appeal: &Appeal, told: &Told<'_>, blocks: &mut Vec<Block>) {
    blocks.push(Block::subheading(told.words.phrase("for_provider")));
    if let Some(how) = &appeal.reconsideration {
        let last = appeal.reconsideration_until.map(|day| told.words.say("last_day", &[("day", &told.words.day(day))]));
        let how = told.words.say("how_to_reconsider", &[("how", how)]);
        blocks.push(Block::paragraph([how, last.unwrap_or_default()].join(" ").trim_end().to_owned()));
    }
    for text in &appeal.provider {
        blocks.push(Block::paragraph(told.words.say("how_to_appeal", &[("how", text)])));
    }
}

pub(super) fn for_member(appeal: &Appeal, told: &Told<'_>, blocks: &mut Vec<Block>) {
    blocks.push(Block::subheading(told.words.phrase("for_member")));
    for text in &appeal.member {
        blocks.push(Block::paragraph(text.clone()));
    }
}
