//! The contradictions that content writes as sentences, and results of one marker that exclude each other.

use super::{Side, contradiction};
use crate::domain::content::{BiomarkerDefinition, Contradiction, OpposedResults, Statement};
use crate::domain::criteria::{Criterion, Partner};
use crate::domain::order::{Biomarker, Reported};
use crate::domain::vocabulary::Truth;
use crate::rules::answers::{Standing, Unusable};
use crate::rules::concern::{Concern, Pends};
use crate::rules::criteria::{self, Bench};
use crate::rules::drugs::Shared;
use crate::rules::facts::Facts;
use crate::rules::plain;
use crate::rules::plan::PlanLine;
use crate::rules::radiation::Treated;

pub(super) fn concerns(facts: &Facts<'_>, shared: &Shared<'_>, treated: Option<&Treated<'_>>, found: &mut Vec<Concern>) {
    let Some(line) = shared.plan.first() else { return };
    let bench = Bench { radiation: treated, ..shared.bench(line) };
    let continued = facts.order.continuation_of_treatment_started_on.is_some();
    let told = told_markers(shared);
    let may_hold = |markers: &[usize]| markers.is_empty() || markers.iter().any(|marker| told.contains(&Some(*marker)));
    for rule in &shared.content.agreement.contradictions {
        if !may_hold(&rule.first_markers) || !may_hold(&rule.second_markers) || (rule.unless_continued && continued) {
            continue;
        }
        if !rule.drugs.is_empty() && !shared.plan.iter().any(|line| is_of(line, rule)) {
            continue;
        }
        if !holds(&rule.first, &bench) {
            continue;
        }
        if rule.second.as_ref().is_some_and(|second| !holds(second, &bench)) {
            continue;
        }
        if rule.unless.as_ref().is_some_and(|unless| holds(unless, &bench)) {
            continue;
        }
        found.push(concern(rule, &bench, facts, shared));
    }
    opposed_results(&told, shared, found);
    unclear_results(shared, found);
}

/// The markers of the order's entries, in their order; none of a name that nobody knows.
fn told_markers(shared: &Shared<'_>) -> Vec<Option<usize>> {
    let entries = shared.patient.clinical.biomarkers.known();
    entries.into_iter().flatten().map(|entry| shared.content.biomarker_place(&entry.name)).collect()
}

fn holds(statement: &Statement, bench: &Bench<'_>) -> bool {
    criteria::judge(&statement.criterion, &heeding(statement, bench)) == Truth::Met
}

/// Of radiation, what is told without a date, or long ago, contradicts all the same: a value that nobody dated helps no order past it.
fn heeding<'b>(statement: &Statement, bench: &Bench<'b>) -> Bench<'b> {
    let is_open = || criteria::judge(&statement.criterion, bench) != Truth::Met && !statement.criterion.denies();
    Bench { heeds: bench.heeds || bench.radiation.is_some() && is_open(), ..*bench }
}

fn concern(rule: &Contradiction, bench: &Bench<'_>, facts: &Facts<'_>, shared: &Shared<'_>) -> Concern {
    let lines: Vec<&PlanLine<'_>> = shared.plan.iter().filter(|line| is_of(line, rule)).collect();
    let first = side(&rule.first, bench);
    let second = match (&rule.second, lines.first()) {
        (_, Some(line)) => Side::new("the order of", line.pointer(""), line.name()),
        (Some(second), None) => side(second, bench),
        (None, None) if facts.order.radiation.is_some() => Side::new("the order of", "/radiation", "radiation"),
        (None, None) => Side::new("the order of", "/treatment/phases", "treatment"),
    };
    let pends =
        if lines.is_empty() { Pends::Managed } else { Pends::Lines(lines.iter().map(|line| line.ordered.line).collect()) };
    contradiction(&rule.id, &rule.because, &first, &second, pends, shared)
}

/// True for a line of the drugs that a rule is about.
fn is_of(line: &PlanLine<'_>, rule: &Contradiction) -> bool {
    rule.drugs.iter().any(|partner| is_partner(line, partner))
}

fn is_partner(line: &PlanLine<'_>, partner: &Partner) -> bool {
    match partner {
        Partner::Generic(generic) => line.name() == generic || line.has_ingredient(generic),
        Partner::Class(class) => line.drug.is_some_and(|drug| drug.class == *class || drug.subclass == *class),
    }
}

/// The answers that make a sentence hold, in words; the first of them gives the field.
fn side(statement: &Statement, bench: &Bench<'_>) -> Side {
    // what would have to change for the sentence to fail is what makes it hold
    let denied = Criterion::Not(Box::new(statement.criterion.clone()));
    let open = criteria::evidence(&denied, &heeding(statement, bench), Truth::NotMet).open;
    let mut answers = open.iter().map(|asked| answer(asked, bench));
    let Some(first) = answers.next() else { return Side::new("the answers", "/clinical", statement.text.as_ref()) };
    let entered = answers.fold(first.entered.clone(), |so_far, other| format!("{so_far} with {}", other.in_words()));
    Side { entered, ..first }
}

/// One answer. A setting that nobody told is the stage or the M status that says it.
fn answer(asked: &criteria::Asked, bench: &Bench<'_>) -> Side {
    let clinical = bench.patient.clinical;
    if asked.name == "sex" && clinical.sex.known().is_none() && bench.patient.coverage.sex.is_some() {
        // what the file holds is not told (INF-08)
        return Side::new("sex in the plan's member file", "/member", "");
    }
    if asked.name != "disease_setting" {
        return Side::new(plain::name(&asked.name, bench.patient.content), asked.pointer.clone(), asked.entered.clone());
    }
    let is_metastatic = bench.patient.setting.is_some_and(|setting| setting.contains("metastatic"));
    if let Some(told) = clinical.disease_setting.known().filter(|_| is_metastatic || bench.patient.stage.is_none()) {
        return Side::new("disease setting", "/clinical/disease_setting", told.clone());
    }
    match (clinical.stage.known(), clinical.tnm.known().and_then(|tnm| tnm.m.known()), bench.patient.stage) {
        (Some(stage), _, Some("IV")) | (Some(stage), None, _) => Side::new("stage", "/clinical/stage", stage.clone()),
        (_, Some(m), _) => Side::new("M status", "/clinical/tnm/m", m.clone()),
        _ => Side::new("disease setting", "/clinical/disease_setting", asked.entered.clone()),
    }
}

/// Two entries of one marker of which content says that they exclude each other: the test would be asked for, whatever asks for it.
fn opposed_results(told: &[Option<usize>], shared: &Shared<'_>, found: &mut Vec<Concern>) {
    let Some(entries) = shared.patient.clinical.biomarkers.known() else { return };
    for (index, second) in entries.iter().enumerate().skip(1) {
        let place = told.get(index).copied().flatten();
        let Some(marker) = place.and_then(|place| shared.content.biomarkers.get(place)) else { continue };
        for (earlier, first) in entries.iter().enumerate().take(index) {
            let is_same = told.get(earlier).copied().flatten() == place;
            let excludes = |rule: &OpposedResults| excludes(rule, marker, first, second);
            if is_same && shared.content.agreement.opposed.iter().any(excludes) {
                let side = |index: usize, entry: &Biomarker| {
                    Side::new(marker.display.clone(), format!("/clinical/biomarkers/{index}/result"), shown(entry))
                };
                let because = "one tumor cannot have both";
                // in words, as the order of a list says nothing
                let mut sides = [side(earlier, first), side(index, second)];
                sides.sort_by_key(Side::in_words);
                let [first, second] = sides;
                found.push(contradiction("results-of-one-marker", because, &first, &second, Pends::Managed, shared));
            }
        }
    }
}

/// A result that other results of the order speak against: told whatever asks for it, as HER2 negative beside an amplified ISH.
fn unclear_results(shared: &Shared<'_>, found: &mut Vec<Concern>) {
    for (_, standing) in shared.patient.answered.all() {
        let Err(Unusable::Unclear(because)) = &standing.value else { continue };
        let others = standing.definition.derived.iter().flat_map(|rule| &rule.parts).map(|(name, _)| name);
        let mut told: Vec<Side> = others
            .filter_map(|name| shared.patient.answered.all().find(|(_, other)| other.definition.name == *name))
            .filter_map(|(_, other)| standing_side(other))
            .collect();
        told.dedup_by(|left, right| left.pointer == right.pointer);
        let own = standing_side(standing);
        let mut sides = told.into_iter().chain(own);
        let (Some(first), Some(second)) = (sides.next(), sides.next_back()) else { continue };
        let entered = sides.fold(first.entered.clone(), |so_far, other| format!("{so_far} with {}", other.in_words()));
        let first = Side { entered, ..first };
        found.push(contradiction("results-that-follow", because, &first, &second, Pends::Managed, shared));
    }
}

/// What was entered of a marker; none where it only follows from others.
fn standing_side(standing: &Standing<'_>) -> Option<Side> {
    Some(Side::new(standing.definition.display.clone(), standing.place?.result_pointer(), standing.as_entered()))
}

fn excludes(rule: &OpposedResults, marker: &BiomarkerDefinition, first: &Biomarker, second: &Biomarker) -> bool {
    let (Some(first), Some(second)) = (meanings(marker, first), meanings(marker, second)) else { return false };
    let of_marker = rule.markers.is_empty() || rule.markers.contains(&marker.name);
    let says = |words: &[String], meanings: &[String]| meanings.iter().any(|meaning| words.contains(meaning));
    let against = |left: &[String], right: &[String]| says(&rule.one, left) && says(&rule.other, right);
    of_marker && (against(&first, &second) || against(&second, &first))
}

/// The word and all that it counts as.
fn meanings(marker: &BiomarkerDefinition, entry: &Biomarker) -> Option<Vec<String>> {
    let said = match entry.result.known()? {
        Reported::Flag(flag) => if *flag { "positive" } else { "negative" }.into(),
        Reported::Number(_) => return None,
        Reported::Word(word) => word.as_str().into(),
    };
    let said: std::borrow::Cow<'_, str> = said;
    let (word, also) = marker.results.get(marker.result(&said)?)?;
    Some(std::iter::once(word).chain(also).cloned().collect())
}

fn shown(entry: &Biomarker) -> String {
    match entry.result.known() {
        Some(Reported::Word(word)) => word.clone(),
        Some(Reported::Number(number)) => number.to_string(),
        Some(Reported::Flag(flag)) => flag.to_string(),
        None => entry.result.word().to_owned(),
    }
}
