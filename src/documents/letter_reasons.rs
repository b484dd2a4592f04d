//! Why something is denied, drug by drug: the reason, the physician's words, and what the policies ask for. Ids of rules stay in the data.

use super::blocks::Block;
use super::letter::{Criterion, DrugInLetter, Letter, Told};
use super::{letter_blocks, words};
use crate::domain::case::Case;
use crate::domain::content::ENGLISH;
use crate::domain::vocabulary::{Addressee, Truth};

/// Each reason with the drugs that it is about, what else the review noted, and where the policies are to be had.
pub(super) fn reasons(letter: &Letter, case: &Case, told: &Told<'_>, blocks: &mut Vec<Block>) {
    for drugs in alike(letter.lines()) {
        denied_drugs(&drugs, letter, case, told, blocks);
    }
    let all: Vec<&Criterion> = letter.lines().iter().flat_map(|drug| &drug.criteria_not_met).collect();
    let is_radiation = !letter.procedures.is_empty();
    if is_radiation {
        let title = &told.program.letters.radiation_policy;
        blocks.push(Block::paragraph(told.words.say("rests_on", &[("policy", &named_policy(title, Some(whose(told))))])));
    }
    list("noted", all.iter().copied().filter(|one| one.policy.is_none()), told, blocks);
    if told.words.language != ENGLISH && all.iter().any(|one| !one.translated && text_of(one).is_some() && !one.another_cancer) {
        blocks.push(Block::paragraph(told.words.phrase("criteria_in_english")));
    }
    if is_radiation || all.iter().any(|one| one.policy.is_some() || one.says.is_some()) {
        let place = match letter.to {
            Addressee::Member => told.program.letters.policies.clone(),
            Addressee::Provider => letter_blocks::ask_the_program("ask_the_program", told),
        };
        blocks.push(Block::paragraph(told.words.say("where_policies", &[("where", &place)])));
    }
}

/// Drugs by what is said of them: equal reasons are written once.
fn alike(drugs: &[DrugInLetter]) -> Vec<Vec<&DrugInLetter>> {
    let mut groups: Vec<Vec<&DrugInLetter>> = Vec::new();
    for drug in drugs {
        let same = |group: &&mut Vec<&DrugInLetter>| group.iter().all(|other| says_the_same(other, drug));
        match groups.iter_mut().find(same) {
            Some(group) => group.push(drug),
            None => groups.push(vec![drug]),
        }
    }
    groups
}

/// True for one reason in the same words, where no policy says something else of either drug.
fn says_the_same(left: &DrugInLetter, right: &DrugInLetter) -> bool {
    match (left.implied_by_line, right.implied_by_line) {
        (Some(one), Some(other)) => one == other,
        (None, None) => {
            (&left.reason_code, &left.rationale) == (&right.reason_code, &right.rationale)
                && left.reason_code.is_some()
                && policies(&left.criteria_not_met).iter().all(|policy| {
                    let shared = policies(&right.criteria_not_met).contains(policy);
                    !shared || asked_by(policy, left) == asked_by(policy, right)
                })
        }
        _ => false,
    }
}

/// What a policy asks of a drug and is not shown.
fn asked_by(policy: &str, drug: &DrugInLetter) -> Vec<(Option<String>, Option<Truth>)> {
    let of_policy = drug.criteria_not_met.iter().filter(|one| one.policy.as_deref() == Some(policy));
    of_policy.map(|one| (text_of(one), one.outcome)).collect()
}

/// The titles of the policies, each once.
fn policies(all: &[Criterion]) -> Vec<&str> {
    let mut found: Vec<&str> = Vec::new();
    for policy in all.iter().filter_map(|one| one.policy.as_deref()) {
        if !found.contains(&policy) {
            found.push(policy);
        }
    }
    found
}

/// The drug, its code and its dose; and what of it is approved, where a part is denied.
pub(super) fn named(drug: &DrugInLetter, told: &Told<'_>) -> String {
    let code = drug.hcpcs.as_ref().map(|code| format!(" (HCPCS {code})")).unwrap_or_default();
    let dosing = if drug.dosing.is_empty() { String::new() } else { format!(", {}", drug.dosing) };
    let name = format!("{}{code}{dosing}", words::capitalize(&drug.name));
    let Some(part) = &drug.refused_part else { return name };
    let approved = amount(drug.visits_approved.unwrap_or_default(), drug.units_approved.filter(|_| part.units.is_some()), told);
    let values = [("drug", name), ("refused", amount(part.visits, part.units, told)), ("approved", approved)];
    told.words.say("in_part", &values.each_ref().map(|(name, value)| (*name, value.as_str())))
}

/// `2 visits, 72 billing units`.
fn amount(visits: u32, units: Option<u64>, told: &Told<'_>) -> String {
    let visits = match visits {
        1 => told.words.phrase("one_visit").to_owned(),
        visits => told.words.say("so_many_visits", &[("visits", &visits.to_string())]),
    };
    match units {
        None => visits,
        Some(units) => format!("{visits}, {}", told.words.say("so_many_units", &[("units", &words::count(units))])),
    }
}

fn denied_drugs(drugs: &[&DrugInLetter], letter: &Letter, case: &Case, told: &Told<'_>, blocks: &mut Vec<Block>) {
    let Some(drug) = drugs.first() else { return };
    let implied_by = drug.implied_by_line.and_then(|first| letter.lines().iter().find(|other| other.line == first));
    if let [only] = drugs {
        blocks.push(Block::subheading(named(only, told)));
    } else {
        let heading = match implied_by {
            Some(_) => "also_denied",
            None if letter.procedures.is_empty() => "these_drugs",
            None => "these_procedures",
        };
        blocks.push(Block::subheading(told.words.phrase(heading)));
        blocks.push(Block::List { items: drugs.iter().map(|drug| named(drug, told)).collect() });
    }
    // where the denial that took it along was overturned, the reasons are its own
    if let Some(implied_by) = implied_by {
        let key = if letter.procedures.is_empty() { "because_of" } else { "because_of_treatment" };
        blocks.push(Block::paragraph(told.words.say(key, &[("name", &implied_by.name)])));
        return;
    }
    if let (Some(reason), Some(rationale)) = (&drug.reason, &drug.rationale) {
        blocks.push(Block::paragraph(told.words.say("reason", &[("reason", reason)])));
        let from = if letter.to == Addressee::Member { "rationale_to_member" } else { "rationale" };
        blocks.push(Block::paragraph(told.words.phrase(from)));
        blocks.push(Block::Quote { text: rationale.clone() });
        if let Some(reason) = &drug.clinical_reason {
            blocks.push(Block::paragraph(told.words.say("medical_terms", &[("reason", reason)])));
        }
    } else {
        let message = case.lines().iter().find(|other| other.line == drug.line).map(|other| other.message.as_str());
        blocks.push(Block::paragraph(words::sentence(&words::without_ids(message.unwrap_or_default()))));
    }
    let all: Vec<Criterion> = drugs.iter().flat_map(|drug| drug.criteria_not_met.iter().cloned()).collect();
    criteria(&all, told, blocks);
}

/// What the policies ask for and is not so, and what the request does not show.
fn criteria(all: &[Criterion], told: &Told<'_>, blocks: &mut Vec<Block>) {
    for policy in policies(all) {
        let of_policy = || all.iter().filter(|one| one.policy.as_deref() == Some(policy));
        let source = of_policy().find_map(|one| one.source.as_deref()).map(|source| owner(source, told));
        blocks.push(Block::paragraph(told.words.say("rests_on", &[("policy", &named_policy(policy, source))])));
        // what a section for another illness asks for is no reason here
        if let Some(cancer) = of_policy().filter(|one| one.another_cancer).find_map(|one| one.cancer.as_deref()) {
            blocks.push(Block::paragraph(told.words.say("not_for_cancer", &[("cancer", cancer)])));
            continue;
        }
        let uses = of_policy().map(|one| one.uses.as_slice()).next().unwrap_or_default();
        if uses.len() > 1 && told.words.language == ENGLISH {
            blocks.push(Block::paragraph(told.words.phrase("policy_uses")));
            blocks.push(Block::List { items: uses.iter().map(|one| words::sentence(one)).collect() });
        }
        for (outcome, key) in [(Truth::NotMet, "asks_not_met"), (Truth::Unknown, "asks_unknown")] {
            list(key, of_policy().filter(|one| one.outcome == Some(outcome)), told, blocks);
        }
    }
    let by_regimen = |one: &&Criterion| one.policy.is_none() && one.rule.starts_with("policy/by-regimen/");
    if all.iter().any(|one| by_regimen(&one)) {
        blocks.push(Block::paragraph(told.words.phrase("rests_on_regimen")));
    }
}

fn named_policy(title: &str, owner: Option<&str>) -> String {
    owner.map_or_else(|| format!("“{title}”"), |owner| format!("“{title}” ({owner})"))
}

/// Whose criteria they are, without what they rest on: that stays in the data.
fn owner<'s>(source: &'s str, told: &'s Told<'_>) -> &'s str {
    let owner = source.split(';').next().unwrap_or(source);
    let owner = owner.split(", for want of").next().unwrap_or(owner).trim().trim_end_matches('.');
    if owner == told.program.criteria_source { whose(told) } else { owner }
}

/// The program's own criteria, in the language of the letter.
fn whose<'t>(told: &'t Told<'_>) -> &'t str {
    told.program.letters.criteria_source.as_deref().unwrap_or(&told.program.criteria_source)
}

fn list<'c>(key: &str, criteria: impl Iterator<Item = &'c Criterion>, told: &Told<'_>, blocks: &mut Vec<Block>) {
    let mut items: Vec<String> = Vec::new();
    for one in criteria {
        let Some(text) = text_of(one) else { continue };
        let item = if told.words.language == ENGLISH || one.translated {
            text
        } else {
            told.words.say("in_english", &[("text", text.trim_end_matches('.'))])
        };
        if !items.contains(&item) {
            items.push(item);
        }
    }
    if !items.is_empty() {
        blocks.push(Block::paragraph(told.words.phrase(key)));
        blocks.push(Block::List { items });
    }
}

/// The words for a criterion: what it asks for, what the review said, or what the physician wrote. A rule of which nothing is known but its
/// id has none.
fn text_of(one: &Criterion) -> Option<String> {
    let own = || Some(one.rule.as_str()).filter(|rule| rule.contains(' ') && !rule.contains('_')).map(words::sentence);
    one.says.clone().or_else(|| one.message.clone()).or_else(own)
}
