//! Where the entry does not align with what was expected, and what that does (DEV-01…07).

use super::criteria::Asked;
use super::drugs::{Judged, Shared};
use super::intake;
use super::matching::{Match, Nearest};
use super::plain;
use super::plan::PlanLine;
use super::policy::Open;
use super::schedule::Difference;
use crate::domain::answer::Answer;
use crate::domain::case::Deviation;
use crate::domain::content::{Content, FnRisk, Program};
use crate::domain::order::OrderRequest;
use crate::domain::vocabulary::{DeviationCode, DeviationEffect, DrugRole, DrugStatus, Truth};

/// The effect of a kind of deviation: the program's where it departs, else that of DEV-07.
pub(super) fn effect(program: &Program, code: DeviationCode, usual: DeviationEffect) -> DeviationEffect {
    program.deviation_effects.0.get(&code).copied().unwrap_or(usual)
}

/// No evidence-based regimen matches: the plan and every supportive drug are custom (DEV-01).
pub fn custom_plan(shared: &Shared<'_>) -> Vec<Deviation> {
    let program = shared.admitted.program;
    let effect = effect(program, DeviationCode::CustomTreatmentPlan, DeviationEffect::PendsAndOffPathway);
    let entered: Vec<&str> = names(shared.plan.iter().filter(|line| !line.is_supportive_by_content()));
    let (expected, hint) = match shared.nearest {
        Some(Nearest { regimen, extra, missing }) => {
            let part = |words: &str, list: &[String]| {
                if list.is_empty() { String::new() } else { format!("{words} {}", list.join(", ")) }
            };
            let differs: Vec<String> = [part("it holds no", extra), part("the order lacks", missing)]
                .into_iter()
                .filter(|part| !part.is_empty())
                .collect();
            let hint = format!("the nearest is {}: {}", regimen.name, differs.join(", and "));
            (regimen.required_ingredients.join(", "), hint)
        }
        None => (
            "an evidence-based regimen for this cancer".to_owned(),
            "no regimen for this cancer shares a drug with it".to_owned(),
        ),
    };
    let mut found = vec![Deviation {
        code: DeviationCode::CustomTreatmentPlan,
        drug_line: None,
        line: None,
        options: Vec::new(),
        field: "/treatment/phases".to_owned(),
        expected,
        entered: entered.join(", "),
        effect,
        message: format!("custom treatment plan: the combination of treatment drugs matches no evidence-based regimen; {hint}"),
    }];
    found.extend(shared.plan.iter().filter(|line| line.is_supportive_by_content() && !line.is_investigational()).map(|line| {
        Deviation {
            code: DeviationCode::CustomTreatmentPlan,
            drug_line: Some(line.ordered.line),
            line: Some(line.ordered.line),
            options: Vec::new(),
            field: line.pointer(""),
            expected: "a supportive drug of a matched regimen".to_owned(),
            entered: line.name().to_owned(),
            effect: DeviationEffect::of(effect.pends(), false),
            message: format!("{} supports a custom treatment plan and becomes a custom request with it", line.name()),
        }
    }));
    found
}

fn names<'a>(lines: impl Iterator<Item = &'a PlanLine<'a>>) -> Vec<&'a str> {
    let mut names: Vec<&str> = Vec::new();
    for line in lines {
        if !names.contains(&line.name()) {
            names.push(line.name());
        }
    }
    names
}

/// Words of content as people write them.
fn spoken(words: &str) -> String {
    words.replace('_', " ")
}

/// The patient does not fit the matched regimen, or it cannot be told (DEV-04, DEV-05).
pub fn clinical(matched: &Match<'_>, policies_met: bool, program: &Program, content: &Content) -> Vec<Deviation> {
    let pends = |name: &str| !policies_met || (matched.cancer_is_unclear && name == "cancer_type");
    matched
        .dimensions
        .iter()
        // a diagnosis outside the regimen's is told, and pends, with what it has to agree with
        .filter(|dimension| dimension.truth != Truth::Met && !(dimension.name == "diagnosis" && dimension.truth == Truth::NotMet))
        .map(|dimension| {
            let (code, words) = if dimension.truth == Truth::NotMet {
                (DeviationCode::ClinicalMismatch, "not what is expected for")
            } else if says_something(&dimension.entered) {
                (DeviationCode::UnknownAnswer, "told, and leaves open whether the patient fits")
            } else {
                (DeviationCode::UnknownAnswer, "needed and not known for")
            };
            let name = plain::name(dimension.name, content);
            Deviation {
                code,
                drug_line: None,
                line: None,
                options: Vec::new(),
                field: dimension.field.clone().into_owned(),
                expected: dimension.expected.clone().into_owned(),
                entered: dimension.entered.clone().into_owned(),
                effect: effect(program, code, DeviationEffect::of(pends(dimension.name), true)),
                message: format!(
                    "{name}: {words} {}; expected {}{}",
                    matched.regimen.name,
                    spoken(&dimension.expected),
                    entered_in_words(&dimension.entered)
                ),
            }
        })
        .collect()
}

/// What was entered, where something was.
pub(super) fn entered_in_words(entered: &str) -> String {
    if entered == Answer::<()>::Absent.word() { String::new() } else { format!("; entered: {}", spoken(entered)) }
}

/// True for an answer that was given and understood, whatever it leaves open.
fn says_something(entered: &str) -> bool {
    let is_missing = [Answer::<()>::Absent, Answer::Unknown, Answer::NotReported].iter().any(|answer| answer.word() == entered);
    !is_missing && !entered.contains('(') && !entered.ends_with(" listed")
}

/// The schedule departs from the matched regimen's (DEV-02).
pub fn cycles_dosing(matched: &Match<'_>, has_managed: bool, program: &Program) -> Vec<Deviation> {
    let effect = effect(program, DeviationCode::CyclesDosing, DeviationEffect::of(has_managed, true));
    matched
        .differences
        .iter()
        // what runs beside is told, and pends, by itself
        .filter(|difference| !difference.is_beside)
        .map(|difference| Deviation {
            code: DeviationCode::CyclesDosing,
            drug_line: Some(difference.line),
            line: Some(difference.line),
            options: Vec::new(),
            field: difference.field.clone(),
            expected: difference.expected.clone(),
            entered: difference.entered.clone(),
            effect,
            message: departure_in_words(difference, matched),
        })
        .collect()
}

/// How one drug's schedule departs.
pub fn departure_in_words(difference: &Difference, matched: &Match<'_>) -> String {
    format!(
        "{}: {} in {} is {}, entered was {}",
        difference.name, difference.what, matched.regimen.name, difference.expected, difference.entered
    )
}

/// What a managed drug's policy asks and the patient's answers do not give (DEV-04, DEV-05). Entries that `known` names already are
/// not repeated.
pub fn policy(line: &PlanLine<'_>, judged: &Judged, known: &[Deviation], program: &Program, content: &Content) -> Vec<Deviation> {
    let Some(review) = judged.review.as_ref().filter(|review| review.truth != Truth::Met) else { return Vec::new() };
    let supportive = judged.role == DrugRole::Supportive;
    let mut found: Vec<Deviation> = Vec::new();
    let mut named: Vec<(&str, Truth)> = Vec::new();
    for Open { asked, statement, is_limit } in &review.open {
        // each line of the drug says for itself what its schedule does
        let of_schedule = asked.pointer.starts_with("/treatment/phases");
        let repeated = known.iter().any(|deviation| {
            deviation.field == asked.pointer
                && asked.pointer != "/clinical/assessments"
                && !(of_schedule && deviation.drug_line.is_some_and(|other| other != line.ordered.line))
        });
        if repeated || named.contains(&(asked.name.as_str(), asked.truth)) {
            continue;
        }
        let Some((code, words, off_pathway)) = of_policy(asked, *is_limit, supportive) else { continue };
        named.push((&asked.name, asked.truth));
        found.push(Deviation {
            code,
            drug_line: Some(line.ordered.line),
            line: Some(line.ordered.line),
            options: Vec::new(),
            field: asked.pointer.clone(),
            expected: statement.clone(),
            entered: asked.entered.clone(),
            effect: effect(program, code, DeviationEffect::of(true, off_pathway)),
            message: asks(asked, words, line.name(), statement, content),
        });
    }
    found
}

/// What an answer that a policy waits for or fails by is; whether it leaves the Pathway. None for what the drug's own message says: the
/// drugs beside it, the regimen that it supports.
fn of_policy(asked: &Asked, is_limit: bool, supportive: bool) -> Option<(DeviationCode, &'static str, bool)> {
    let is_clinical = asked.pointer.starts_with("/clinical") || asked.pointer == "/treatment/continues";
    let is_told_elsewhere = matches!(asked.pointer.as_str(), "/treatment" | "/treatment/phases" | "/member");
    match asked.truth {
        Truth::NotMet if is_limit => Some((DeviationCode::LimitExceeded, "beyond a limit of", false)),
        Truth::NotMet if supportive => None,
        Truth::NotMet if is_clinical || asked.pointer == "/diagnosis/icd10" => {
            Some((DeviationCode::ClinicalMismatch, "not as asked by", true))
        }
        Truth::NotMet => None,
        _ if is_told_elsewhere => None,
        _ if !is_clinical || asked.pointer.starts_with("/clinical/assessments") => {
            Some((DeviationCode::MissingClinicalInformation, "needed for", false))
        }
        _ => Some((DeviationCode::UnknownAnswer, "needed and not known for", !supportive)),
    }
}

/// What a statement of policy waits for: what was entered, where something was, and what would count.
fn asks(asked: &Asked, words: &str, drug: &str, statement: &str, content: &Content) -> String {
    let name = plain::name(&asked.name, content);
    let is_open = asked.truth == Truth::Unknown;
    let is_told =
        is_open && (!asked.wanted.is_empty() || asked.pointer == "/clinical/prior_therapies") && !asked.entered.is_empty();
    let entered = if is_told { entered_in_words(&asked.entered) } else { String::new() };
    let counts = if is_open && !asked.wanted.is_empty() { format!(". What counts: {}", asked.wanted) } else { String::new() };
    format!("{name}: {words} the policy of {drug}, which asks for this: {statement}{entered}{counts}")
}

/// Clinical items that the program asks for and the request leaves out (INF-02, INF-05). What another deviation names already, and what
/// no regimen of this cancer asks for, is not told.
pub fn missing_items(order: &OrderRequest, known: &[Deviation], shared: &Shared<'_>) -> Vec<Deviation> {
    let program = shared.admitted.program;
    let regimens = || shared.patient.cancer().into_iter().flat_map(|cancer| shared.content.regimens_of(cancer));
    let is_asked = |pointer: &str| match pointer {
        "/clinical/pathology" => regimens().any(|regimen| regimen.pathology.is_some()),
        "/clinical/stage" => regimens().any(|regimen| !regimen.stages.is_empty()),
        "/clinical/biomarkers" => regimens().any(|regimen| !regimen.biomarkers.is_empty()),
        _ => true,
    };
    let code = DeviationCode::MissingClinicalInformation;
    intake::missing(order, &program.clinical)
        .into_iter()
        .filter(|item| !known.iter().any(|deviation| deviation.field == item.pointer) && is_asked(&item.pointer))
        .map(|item| Deviation {
            code,
            drug_line: None,
            line: None,
            options: Vec::new(),
            field: item.pointer.clone(),
            expected: item.name.clone(),
            entered: Answer::<()>::Absent.word().to_owned(),
            effect: effect(program, code, DeviationEffect::None),
            message: format!("{} belongs to a complete request and was not entered", item.name),
        })
        .collect()
}

/// Measures that a dose lacks.
pub fn missing_measures(line: &PlanLine<'_>, judged: &Judged, program: &Program) -> Vec<Deviation> {
    let pends = judged.status == DrugStatus::InProgress;
    judged
        .lacking
        .iter()
        .map(|measure| Deviation {
            code: DeviationCode::MissingClinicalInformation,
            drug_line: Some(line.ordered.line),
            line: Some(line.ordered.line),
            options: Vec::new(),
            field: measure.pointer().to_owned(),
            expected: measure.name().to_owned(),
            entered: Answer::<()>::Absent.word().to_owned(),
            effect: effect(program, DeviationCode::MissingClinicalInformation, DeviationEffect::of(pends, false)),
            message: format!("{} is needed to work out the dose of {}", measure.name(), line.name()),
        })
        .collect()
}

/// A growth factor that the risk of febrile neutropenia does not support (DEV-06).
pub fn fn_risk(line: &PlanLine<'_>, judged: &Judged, shared: &Shared<'_>) -> Option<Deviation> {
    let review = judged.review.as_ref().filter(|review| review.growth_factor && review.truth != Truth::Met)?;
    let risk = shared.matched.map_or(FnRisk::Unknown, |matched| matched.regimen.fn_risk);
    let factors: Vec<&str> = shared.patient.fn_risk_factors().iter().map(|factor| factor.as_str()).collect();
    let none = if shared.patient.clinical.fn_risk_factors.known().is_some() { "none" } else { "none known" };
    let (expected, why) = match risk {
        FnRisk::Intermediate => {
            ("an additional risk factor", "an intermediate risk (10 to 20 %) needs an additional risk factor")
        }
        FnRisk::High => ("a supported growth factor", "the growth factor's policy is not met"),
        FnRisk::Low => ("no growth factor", "a low risk (below 10 %) indicates no growth factor"),
        FnRisk::Unknown if shared.matched.is_none() => {
            ("the regimen that it supports", "no regimen tells the risk of this treatment, which then counts as low")
        }
        FnRisk::Unknown => {
            ("no growth factor", "the regimen's risk category is unknown and counts as low, which indicates no growth factor")
        }
    };
    let program = shared.admitted.program;
    Some(Deviation {
        code: DeviationCode::FnRisk,
        drug_line: Some(line.ordered.line),
        line: Some(line.ordered.line),
        options: Vec::new(),
        field: line.pointer(""),
        expected: expected.to_owned(),
        entered: format!(
            "{}; risk {}; risk factors: {}",
            line.name(),
            risk.as_str(),
            if factors.is_empty() { none.to_owned() } else { factors.join(", ") }
        ),
        effect: effect(program, DeviationCode::FnRisk, DeviationEffect::Pends),
        message: format!("febrile neutropenia risk: {why}. {}", review.summary),
    })
}
