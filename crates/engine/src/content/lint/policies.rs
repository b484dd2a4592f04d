//! Criteria of one policy, judged against each other: what can never hold, what adds nothing, what another indication covers.

use super::possible::{Wanted, World};
use crate::content::Drafts;
use crate::content::policies::{Draft, Entered};
use crate::content::report::Report;
use crate::content::vocabulary::Vocabulary;
use crate::domain::content::{Indication, PolicyBasis, Statement};
use crate::domain::criteria::{Criterion, Partner};

/// A criterion with its line.
type Line<'a> = (&'a Statement, usize);

pub(super) fn lint(drafts: &Drafts, report: &mut Report) {
    for draft in &drafts.policies {
        let world = World { words: &drafts.words, reviewed: reviewed(draft, &drafts.words) };
        let general: Vec<Line<'_>> = draft.general_statements().collect();
        if !conflict(world, &[], &general, draft, report) {
            for (indication, entered) in draft.policy.indications.iter().zip(&draft.indications) {
                lint_indication(world, indication, entered, &general, draft, report);
            }
            covered(world, &general, draft, report);
        }
        partners(drafts, draft, report);
    }
    overlaps(drafts, report);
}

/// The drug under review, where the policy is about one drug only, so that no other line of an order can be it.
fn reviewed<'a>(draft: &'a Draft, words: &Vocabulary) -> Option<&'a str> {
    match draft.policy.generics.as_slice() {
        [only] => words.drugs.by_name(only).is_some().then_some(only.as_str()),
        _ => None,
    }
}

fn wanted<'a>(lines: &[Line<'a>]) -> Vec<Wanted<'a>> {
    lines.iter().map(|(statement, _)| (&statement.criterion, true)).collect()
}

fn lint_indication<'a>(
    world: World<'a>,
    indication: &'a Indication,
    entered: &Entered,
    general: &[Line<'a>],
    draft: &Draft,
    report: &mut Report,
) {
    let own: Vec<Line<'_>> = entered.statements(indication).collect();
    if conflict(world, general, &own, draft, report) {
        return;
    }
    let all: Vec<Line<'_>> = general.iter().chain(&own).copied().collect();
    for (index, line) in all.iter().enumerate().skip(general.len()) {
        let others: Vec<Line<'_>> = all.iter().enumerate().filter(|(other, _)| *other != index).map(|(_, line)| *line).collect();
        dead_alternatives(world, line, &others, draft, report);
        // Of two criteria that say the same, the later one is reported.
        let earlier: Vec<Line<'_>> = all.iter().take(index).copied().collect();
        let later_stricter = all.iter().skip(index + 1).any(|other| implies(world, other, line) && !implies(world, line, other));
        if later_stricter || says_already(world, &earlier, line) {
            let message = format!("`{}` adds nothing: the other criteria say it already", line.0.text);
            report.warning(&draft.file, line.1, message, Some("take it out, or make it narrower".to_owned()));
        }
    }
}

fn implies<'a>(world: World<'a>, one: &Line<'a>, other: &Line<'a>) -> bool {
    !world.is_possible(&[(&one.0.criterion, true), (&other.0.criterion, false)])
}

fn says_already<'a>(world: World<'a>, others: &[Line<'a>], line: &Line<'a>) -> bool {
    let mut all = wanted(others);
    all.push((&line.0.criterion, false));
    !world.is_possible(&all)
}

/// Reports the smallest set of criteria that cannot hold together; true where there is one.
fn conflict<'a>(world: World<'a>, general: &[Line<'a>], own: &[Line<'a>], draft: &Draft, report: &mut Report) -> bool {
    let all: Vec<Line<'_>> = general.iter().chain(own).copied().collect();
    if world.is_possible(&wanted(&all)) {
        return false;
    }
    if let Some((statement, line)) = own.iter().find(|(statement, _)| !world.is_possible(&[(&statement.criterion, true)])) {
        let message = format!("`{}` can never hold", statement.text);
        report.warning(&draft.file, *line, message, Some("correct it, or take it out".to_owned()));
        return true;
    }
    for (index, second) in own.iter().enumerate() {
        let first = all.iter().take(general.len() + index).find(|first| !world.is_possible(&wanted(&[**first, *second])));
        if let Some((first, first_line)) = first {
            let (first, second_text) = (&first.text, &second.0.text);
            let message = format!("`{second_text}` can never hold together with `{first}` in line {first_line}");
            let suggestion =
                "all criteria of an indication have to hold: where either is enough, write both in one, joined by `or`";
            report.warning(&draft.file, second.1, message, Some(suggestion.to_owned()));
            return true;
        }
    }
    let line = own.first().map_or(1, |(_, line)| *line);
    let suggestion = "take them out one by one until the warning goes away".to_owned();
    report.warning(&draft.file, line, "these criteria can never hold together", Some(suggestion));
    true
}

/// Alternatives of an `or` that the other criteria rule out.
fn dead_alternatives<'a>(world: World<'a>, line: &Line<'a>, others: &[Line<'a>], draft: &Draft, report: &mut Report) {
    let Criterion::Any(parts) = &line.0.criterion else { return };
    for (index, part) in parts.iter().enumerate() {
        let mut all = wanted(others);
        all.push((part, true));
        if !world.is_possible(&all) {
            let message = format!("alternative {} of `{}` can never hold with the other criteria", index + 1, line.0.text);
            report.warning(&draft.file, line.1, message, Some("take the alternative out".to_owned()));
        }
    }
}

/// Indications that hold only where another one of the same policy holds too.
fn covered<'a>(world: World<'a>, general: &[Line<'a>], draft: &'a Draft, report: &mut Report) {
    let listed = || draft.policy.indications.iter().zip(&draft.indications);
    for (index, (indication, entered)) in listed().enumerate() {
        let found = listed().enumerate().find(|(other_index, (other, at))| {
            *other_index != index && entered.life.meets(at.life) && is_covered(world, general, indication, other)
                // Of two that say the same, the later one is reported.
                && (*other_index < index || !is_covered(world, general, other, indication))
        });
        if let Some((_, (other, at))) = found {
            let (id, other, line) = (&indication.id, &other.id, at.line);
            let message = format!("indication `{id}` is never needed: wherever it holds, `{other}` in line {line} holds too");
            report.warning(&draft.file, entered.line, message, Some(format!("take `{id}` out, or make `{other}` narrower")));
        }
    }
}

fn is_covered<'a>(world: World<'a>, general: &[Line<'a>], one: &'a Indication, other: &'a Indication) -> bool {
    let holds: Vec<Wanted<'_>> =
        wanted(general).into_iter().chain(one.statements().map(|statement| (&statement.criterion, true))).collect();
    // The other holds too where none of its criteria can fail.
    other.statements().all(|statement| {
        let mut all = holds.clone();
        all.push((&statement.criterion, false));
        !world.is_possible(&all)
    })
}

/// Partners that no regimen has: an order with one is a custom plan, which pends whatever policy says. Supportive drugs may be added to
/// any regimen.
fn partners(drafts: &Drafts, draft: &Draft, report: &mut Report) {
    let words = &drafts.words;
    let may_match = |partner: &Partner| match partner {
        Partner::Generic(generic) => {
            words.drugs.by_name(generic).is_some_and(|drug| drug.supportive)
                || drafts.regimens.iter().any(|regimen| regimen.regimen.required_ingredients.contains(generic))
        }
        Partner::Class(_) => true,
    };
    let of_indications = draft.policy.indications.iter().zip(&draft.indications);
    let own = of_indications.flat_map(|(indication, entered)| entered.statements(indication));
    for (statement, line) in draft.general_statements().chain(own) {
        let mut named = Vec::new();
        given(&statement.criterion, true, &mut named);
        for partners in named.into_iter().filter(|partners| !partners.iter().any(may_match)) {
            let generics = partners.iter().filter_map(|partner| match partner {
                Partner::Generic(generic) => Some(format!("`{generic}`")),
                Partner::Class(_) => None,
            });
            let generics = generics.collect::<Vec<_>>().join(" or ");
            let message =
                format!("no regimen has {generics}: an order with it is a custom plan and pends whatever the policy says");
            report.warning(&draft.file, line, message, Some("add the regimen, or take the partner out".to_owned()));
        }
    }
}

/// Partners of which an order has to contain one.
fn given<'a>(criterion: &'a Criterion, is_wanted: bool, found: &mut Vec<&'a [Partner]>) {
    match criterion {
        Criterion::All(parts) | Criterion::Any(parts) => {
            for part in parts {
                given(part, is_wanted, found);
            }
        }
        Criterion::Not(part) => given(part, !is_wanted, found),
        Criterion::With(partners) if is_wanted => found.push(partners),
        _ => {}
    }
}

/// Two policies of the same owner for one drug at the same time: only the first would ever decide.
fn overlaps(drafts: &Drafts, report: &mut Report) {
    for (index, later) in drafts.policies.iter().enumerate() {
        for earlier in drafts.policies.iter().take(index) {
            let (one, two) = (&earlier.policy, &later.policy);
            let same_owner = (one.basis == PolicyBasis::Plan) == (two.basis == PolicyBasis::Plan) && one.scope.meets(&two.scope);
            let at_once = one.effective_from.is_none_or(|from| two.effective_through.is_none_or(|through| from <= through))
                && two.effective_from.is_none_or(|from| one.effective_through.is_none_or(|through| from <= through));
            let shared = one.generics.iter().find(|generic| two.generics.contains(generic));
            let Some(shared) = shared.filter(|_| same_owner && at_once && earlier.life.meets(later.life)) else { continue };
            let message = format!("`{shared}` has the policy `{}` in {} already, which decides", one.id, earlier.file);
            report.warning(&later.file, 1, message, Some("take the drug out of one of them, or give both dates".to_owned()));
        }
    }
}
