//! A denial to a member of Medicare Advantage, as the Integrated Denial Notice (CMS-10003) sets it out: its sections in its order. What the
//! program adds stands behind it, so that the notice itself stays the form.

use super::blocks::{Block, Tone};
use super::letter::{Letter, Told};
use super::{letter_blocks, letter_denial, letter_reasons, words};
use crate::domain::case::Case;

/// Writes it.
pub(super) fn denial(letter: &Letter, case: &Case, told: &Told<'_>, blocks: &mut Vec<Block>) {
    let phrase = |key: &str| told.words.phrase(key).to_owned();
    let plan = told.program.health_plan_name.as_str();
    let slots = &told.program.letters.denial;
    blocks.push(Block::note(Tone::Plain, phrase("idn_important"), vec![phrase("idn_important_text")]));
    blocks.push(Block::heading(phrase("idn_denied")));
    blocks.push(Block::paragraph(phrase(if letter.in_part { "idn_denied_part" } else { "idn_denied_whole" })));
    blocks.push(Block::List { items: letter.lines().iter().map(|line| letter_reasons::named(line, told)).collect() });
    blocks.push(Block::heading(phrase("idn_why")));
    blocks.push(Block::paragraph(phrase("idn_why_text")));
    letter_reasons::reasons(letter, case, told, blocks);
    blocks.push(Block::paragraph(phrase("idn_share")));
    rights(letter, told, blocks);
    how(plan, told, blocks);
    blocks.push(Block::heading(phrase("idn_next")));
    blocks.push(Block::paragraph(phrase("idn_next_text")));
    blocks.push(Block::heading(phrase("idn_help")));
    blocks.push(Block::List {
        items: vec![
            told.words.say("idn_help_plan", &[("plan", plan), ("phone", &slots.appeal_phone)]),
            phrase("idn_help_medicare"),
            phrase("idn_help_rights"),
            phrase("idn_help_eldercare"),
            phrase("idn_help_ship"),
        ],
    });
    blocks.push(Block::paragraph(phrase("idn_form")));
    attachment(letter, case, told, blocks);
}

fn rights(letter: &Letter, told: &Told<'_>, blocks: &mut Vec<Block>) {
    let plan = told.program.health_plan_name.as_str();
    let slots = &told.program.letters.denial;
    let (days, last) = (slots.appeal_days.to_string(), letter_denial::last_day(letter, told, slots.appeal_days));
    let last = last.map(|day| told.words.day(day)).unwrap_or_default();
    blocks.push(Block::heading(told.words.phrase("idn_right")));
    blocks.push(Block::paragraph(told.words.say("idn_right_text", &[("plan", plan), ("days", &days), ("day", &last)])));
    blocks.push(Block::heading(told.words.phrase("idn_someone")));
    blocks.push(Block::paragraph(told.words.say("idn_someone_text", &[("phone", &slots.appeal_phone)])));
    blocks.push(Block::heading(told.words.phrase("idn_rights")));
    blocks.push(Block::subheading(told.words.say("idn_two_kinds", &[("plan", plan)])));
    blocks.push(Block::paragraph(told.words.say("idn_standard", &[("within", &slots.standard_within)])));
    blocks.push(Block::paragraph(told.words.say("idn_fast", &[("within", &slots.expedited_within)])));
}

fn how(plan: &str, told: &Told<'_>, blocks: &mut Vec<Block>) {
    let phrase = |key: &str| told.words.phrase(key).to_owned();
    blocks.push(Block::heading(told.words.say("idn_how", &[("plan", plan)])));
    blocks.push(Block::paragraph(phrase("idn_step_1")));
    let included = ["idn_include_name", "idn_include_reasons", "idn_include_kind", "idn_include_evidence"];
    blocks.push(Block::List { items: included.into_iter().map(phrase).collect() });
    blocks.push(Block::paragraph(phrase("idn_keep_copies")));
    blocks.push(Block::paragraph(phrase("idn_step_2")));
    blocks.push(letter_denial::where_to(told));
}

/// What the form has no place for: the decision as a whole, the discussion that was offered, what the practice can do.
fn attachment(letter: &Letter, case: &Case, told: &Told<'_>, blocks: &mut Vec<Block>) {
    blocks.push(Block::heading(told.words.phrase("idn_attachment")));
    blocks.extend(letter_denial::outcome(letter, case, told).into_iter().map(Block::paragraph));
    letter_blocks::others(letter, case, told, blocks);
    letter_denial::reconsidered(letter, told, blocks);
    letter_denial::peer_to_peer(letter, told, blocks);
    if let Some(appeal) = &letter.appeal {
        blocks.push(Block::heading(told.words.phrase("what_you_can_do")));
        letter_denial::for_member(appeal, told, blocks);
        letter_denial::for_provider(appeal, told, blocks);
    }
    letter_denial::who(told, blocks);
    blocks.push(Block::paragraph(words::without_ids(&told.program.without_authorization)));
}
