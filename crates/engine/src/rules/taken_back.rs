//! What a practice told of a patient and a change of its order takes back. To correct an answer is its right; to leave one out that spoke against
//! the treatment is no correction, and a person looks at what changed (SAFE-03, SAFE-12).

use super::answers::{Days, as_typed, reading};
use super::concern::{Concern, Pends};
use super::decide::decide;
use super::drugs::Shared;
use super::facts::Facts;
use super::findings::facts as said;
use crate::domain::answer::Answer;
use crate::domain::case::{Case, Deviation};
use crate::domain::content::Content;
use crate::domain::fold::fold;
use crate::domain::order::{Assessment, Biomarker, Clinical, OrderRequest, PriorTherapy, Reported};
use crate::domain::vocabulary::{DeviationCode, DeviationEffect, Truth};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What a deviation of this kind expects, by which it is known again.
const EXPECTED: &str = "the answer that was given before";

/// Something that was told before and is not any more.
struct Gone {
    /// In words.
    words: String,
    /// JSON pointer of its field.
    pointer: String,
    /// Puts it back.
    back: Box<dyn Fn(&mut Clinical)>,
}

/// Everything that a person has to look at. What was taken back once stays, whatever changes after that, unless it is told again.
pub fn concerns(facts: &Facts<'_>, shared: &Shared<'_>) -> Vec<Concern> {
    let Some(before) = facts.before else { return Vec::new() };
    let gone = gone(&before.request.clinical, facts, shared);
    let mut found = kept(before, &facts.order.clinical);
    if gone.is_empty() {
        return found;
    }
    let Some(now) = objections(facts, facts.order, shared.content) else { return found };
    let speaks = |some: &[&Gone]| {
        let mut order = facts.order.clone();
        for one in some {
            (one.back)(&mut order.clinical);
        }
        objections(facts, &order, shared.content).is_none_or(|then| !then.is_subset(&now))
    };
    let all: Vec<&Gone> = gone.iter().collect();
    if !speaks(&all) {
        return found;
    }
    let alone: Vec<&Gone> = all.iter().copied().filter(|one| speaks(&[one])).collect();
    for one in if alone.is_empty() { all } else { alone } {
        let message = format!(
            "{} was told on this order, and is left out now: it spoke against the treatment, or may have. A person looks at what changed; tell it \
             again, or say why it was wrong",
            one.words
        );
        if !found.iter().any(|known| known.deviation.entered == one.words) {
            found.push(concern(one.words.clone(), one.pointer.clone(), message));
        }
    }
    found
}

/// What the version before had of it already.
fn kept(before: &Case, now: &Clinical) -> Vec<Concern> {
    let is_one = |known: &&Deviation| known.code == DeviationCode::Contradiction && known.expected == EXPECTED;
    let again: Vec<String> = told(now).map(|(_, name, result, _)| in_words(name, result)).collect();
    let is_told_again = |known: &&Deviation| again.contains(&known.entered);
    let kept = before.deviations.iter().filter(is_one).filter(|known| !is_told_again(known));
    kept.map(|known| concern(known.entered.clone(), known.field.clone(), known.message.clone())).collect()
}

fn concern(words: String, pointer: String, message: String) -> Concern {
    Concern {
        rule: "answers/taken-back".to_owned(),
        outcome: Truth::Unknown,
        requirements: &["SAFE-03", "SAFE-12"],
        source: "the order".to_owned(),
        facts: said([("entered", json!(words)), ("field", json!(pointer))]),
        deviation: Deviation {
            code: DeviationCode::Contradiction,
            drug_line: None,
            line: None,
            options: Vec::new(),
            field: pointer,
            expected: EXPECTED.to_owned(),
            entered: words,
            effect: DeviationEffect::Pends,
            message,
        },
        pends: Pends::Everything,
        hold: None,
    }
}

/// What the rules hold against an order; none where they refuse it.
fn objections(facts: &Facts<'_>, order: &OrderRequest, content: &Content) -> Option<BTreeSet<(String, &'static str, String)>> {
    let alone = Facts { order, before: None, ..facts.clone() };
    let decision = decide(&alone, content, facts.received_at).ok()?;
    let is_about_answers =
        |rule: &str| ["answers/", "agreement/", "contraindications/", "history/"].iter().any(|kind| rule.starts_with(kind));
    let open = decision.findings.into_iter().filter(|finding| finding.outcome != Truth::Met);
    let objection = |finding: crate::domain::case::Finding| {
        let words = if is_about_answers(&finding.rule) { finding.message.to_string() } else { String::new() };
        (finding.rule.to_string(), finding.outcome.as_str(), words)
    };
    Some(open.map(objection).collect())
}

/// Everything that is gone.
fn gone(before: &Clinical, facts: &Facts<'_>, shared: &Shared<'_>) -> Vec<Gone> {
    let mut found = fields(before, shared.patient.clinical);
    found.extend(answers(before, facts, shared));
    found.extend(treatments(before, shared));
    found
}

/// A field that was answered and is not any more.
fn field<T: Clone + Serialize + 'static>(
    name: &'static str,
    (before, now): (&Answer<T>, &Answer<T>),
    place: fn(&mut Clinical) -> &mut Answer<T>,
) -> Option<Gone> {
    let told = before.known().filter(|_| now.known().is_none())?.clone();
    let shown = match serde_json::to_value(&told) {
        Ok(Value::String(word)) => word,
        Ok(other) => other.to_string(),
        Err(_) => String::new(),
    };
    let back = move |clinical: &mut Clinical| *place(clinical) = Answer::Known(told.clone());
    Some(Gone { words: format!("{name} {shown}"), pointer: format!("/clinical/{name}"), back: Box::new(back) })
}

fn fields(before: &Clinical, now: &Clinical) -> Vec<Gone> {
    let (b, n) = (before, now);
    [
        field("cancer_type", (&b.cancer_type, &n.cancer_type), |clinical| &mut clinical.cancer_type),
        field("pathology", (&b.pathology, &n.pathology), |clinical| &mut clinical.pathology),
        field("stage", (&b.stage, &n.stage), |clinical| &mut clinical.stage),
        field("tnm", (&b.tnm, &n.tnm), |clinical| &mut clinical.tnm),
        field("line_of_treatment", (&b.line_of_treatment, &n.line_of_treatment), |clinical| &mut clinical.line_of_treatment),
        field("treatment_goal", (&b.treatment_goal, &n.treatment_goal), |clinical| &mut clinical.treatment_goal),
        field("performance_status", (&b.performance_status, &n.performance_status), |clinical| &mut clinical.performance_status),
        field("disease_setting", (&b.disease_setting, &n.disease_setting), |clinical| &mut clinical.disease_setting),
        field("sex", (&b.sex, &n.sex), |clinical| &mut clinical.sex),
        field("height_cm", (&b.height_cm, &n.height_cm), |clinical| &mut clinical.height_cm),
        field("weight_kg", (&b.weight_kg, &n.weight_kg), |clinical| &mut clinical.weight_kg),
        field("serum_creatinine_mg_dl", (&b.serum_creatinine_mg_dl, &n.serum_creatinine_mg_dl), |clinical| {
            &mut clinical.serum_creatinine_mg_dl
        }),
        field("lines_of_therapy_before", (&b.lines_of_therapy_before, &n.lines_of_therapy_before), |clinical| {
            &mut clinical.lines_of_therapy_before
        }),
    ]
    .into_iter()
    .flatten()
    .collect()
}

type Entry<'a> = (&'static str, &'a str, &'a Answer<Reported>, Option<chrono::NaiveDate>);

/// Every biomarker and assessment.
fn told(clinical: &Clinical) -> impl Iterator<Item = Entry<'_>> {
    let biomarkers =
        clinical.biomarkers.known().into_iter().flatten().map(|one| ("biomarkers", one.name.as_str(), &one.result, one.on));
    let assessments =
        clinical.assessments.known().into_iter().flatten().map(|one| ("assessments", one.name.as_str(), &one.result, one.on));
    biomarkers.chain(assessments)
}

fn in_words(name: &str, result: &Answer<Reported>) -> String {
    format!("{name} {}", as_typed(result))
}

/// Biomarkers and assessments that are gone, and for which no answer stands now.
fn answers(before: &Clinical, facts: &Facts<'_>, shared: &Shared<'_>) -> Vec<Gone> {
    let now: Vec<Entry<'_>> = told(shared.patient.clinical).collect();
    let is_in = |list: &[Entry<'_>], one: &Entry<'_>| {
        list.iter().any(|(_, name, result, _)| fold(name) == fold(one.1) && *result == one.2)
    };
    let earlier: Vec<Entry<'_>> = told(before).collect();
    let left: Vec<&Entry<'_>> = earlier.iter().filter(|one| one.2.known().is_some() && !is_in(&now, one)).collect();
    // an answer under a name that nobody knows may be told again under another one
    let mut renamed = now.iter().filter(|one| !is_in(&earlier, one)).count();
    let received = facts.received_at.with_timezone(&shared.admitted.program.time_zone).date_naive();
    let days = Days { received, service: shared.admitted.date_of_service };
    let mut found = Vec::new();
    for &&(list, name, result, on) in &left {
        let is_answered = match known(list, name, shared.content) {
            Some(definition) => {
                let standing = shared.patient.answered.of(definition);
                // what a laboratory finds may be corrected; regimens and policies judge what it is now
                let said = if list == "biomarkers" { None } else { reading(definition, name, result, shared.content, days) };
                standing.is_some_and(|standing| said.map_or(standing.value.is_ok(), |said| standing.answers(&said)))
            }
            None if shared.content.contraindications.speaks_against(&in_words(name, result)) => false,
            None => {
                let again = renamed > 0;
                renamed = renamed.saturating_sub(1);
                again
            }
        };
        if !is_answered {
            found.push(back_in(list, name, result, on));
        }
    }
    found
}

fn known<'c>(list: &str, name: &str, content: &'c Content) -> Option<&'c crate::domain::content::ResultDefinition> {
    let (marker, assessment) = (content.biomarker(name), content.assessment(name));
    let own = if list == "biomarkers" { marker.or(assessment) } else { assessment.or(marker) };
    own.map(AsRef::as_ref)
}

fn back_in(list: &'static str, name: &str, result: &Answer<Reported>, on: Option<chrono::NaiveDate>) -> Gone {
    let (words, name, result) = (in_words(name, result), name.to_owned(), result.clone());
    let back = move |clinical: &mut Clinical| {
        let (name, result) = (name.clone(), result.clone());
        if list == "biomarkers" {
            push(&mut clinical.biomarkers, Biomarker { name, result, on });
        } else {
            push(&mut clinical.assessments, Assessment { name, result, on });
        }
    };
    Gone { words, pointer: format!("/clinical/{list}"), back: Box::new(back) }
}

fn push<T: Clone>(list: &mut Answer<Vec<T>>, one: T) {
    let mut entries = list.known().cloned().unwrap_or_default();
    entries.push(one);
    *list = Answer::Known(entries);
}

/// Earlier treatments that are gone, or of which something that was told is gone.
fn treatments(before: &Clinical, shared: &Shared<'_>) -> Vec<Gone> {
    let now = shared.patient.clinical.prior_therapies.known().map(Vec::as_slice).unwrap_or_default();
    let earlier = before.prior_therapies.known().map(Vec::as_slice).unwrap_or_default();
    let mut renamed = now.iter().filter(|one| !earlier.iter().any(|other| other.typed() == one.typed())).count();
    let mut found = Vec::new();
    for one in earlier {
        let same = now.iter().find(|other| other.typed() == one.typed());
        let is_told = if let Some(same) = same {
            tells_as_much(same, one)
        } else if let Some(drugs) = drugs(one, shared.content) {
            let all: BTreeSet<String> = now.iter().filter_map(|other| self::drugs(other, shared.content)).flatten().collect();
            drugs.is_subset(&all)
        } else {
            let again = renamed > 0;
            renamed = renamed.saturating_sub(1);
            again
        };
        if !is_told {
            let therapy = one.clone();
            let back = move |clinical: &mut Clinical| push(&mut clinical.prior_therapies, therapy.clone());
            let outcome = one.outcome.known().map_or_else(String::new, |outcome| format!(" ({outcome})"));
            found.push(Gone {
                words: format!("the earlier treatment {}{outcome}", one.typed()),
                pointer: "/clinical/prior_therapies".to_owned(),
                back: Box::new(back),
            });
        }
    }
    found
}

/// True where nothing that was told of an earlier treatment is left open now.
fn tells_as_much(now: &PriorTherapy, before: &PriorTherapy) -> bool {
    fn stays<T>(before: &Answer<T>, now: &Answer<T>) -> bool {
        before.known().is_none() || now.known().is_some()
    }
    stays(&before.outcome, &now.outcome)
        && stays(&before.line, &now.line)
        && stays(&before.setting, &now.setting)
        && stays(&before.ended_on, &now.ended_on)
        && stays(&before.started_on, &now.started_on)
}

/// The drugs that an earlier treatment held for certain; none where its name does not say any.
fn drugs(therapy: &PriorTherapy, content: &Content) -> Option<BTreeSet<String>> {
    let given = content.therapies.resolve(therapy.typed())?;
    let drugs: BTreeSet<String> =
        given.iter().flat_map(|therapy| &therapy.drugs).flat_map(|drug| drug.ingredients.iter().cloned()).collect();
    (!drugs.is_empty()).then_some(drugs)
}
