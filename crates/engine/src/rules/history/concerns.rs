//! What a person has to look at about earlier treatment whatever policies and regimens say: answers that contradict each other, and
//! words that nobody understood (SAFE-04, SAFE-12).

use super::{Disagreement, Earlier, Told, again, is_same_disease, lines};
use crate::domain::case::Deviation;
use crate::domain::order::PriorTherapy;
use crate::domain::vocabulary::{DeviationCode, DeviationEffect, LineOfTreatment, Truth};
use crate::rules::concern::{Concern, Pends};
use crate::rules::drugs::Shared;
use crate::rules::facts::{RelatedCase, RelatedDrug};
use crate::rules::findings::facts as said;
use crate::rules::plan::PlanLine;
use serde_json::json;

/// Everything that a person has to look at.
pub fn concerns(shared: &Shared<'_>) -> Vec<Concern> {
    let patient = shared.patient;
    let history = &patient.history;
    let mut found: Vec<Concern> =
        history.lines_before(patient).err().and_then(|why| disagreement(why, shared)).into_iter().collect();
    let told = history.told.as_deref().unwrap_or_default();
    let over = told.iter().find_map(|earlier| line_over(earlier, shared));
    found.extend(over.or_else(|| told.iter().find_map(|earlier| line_untold(earlier, shared))));
    for earlier in told {
        found.extend(not_understood(earlier));
    }
    found.extend(again::concerns(shared));
    found.extend(lines_missing(shared));
    found.extend(none_and_on_file(shared));
    found.extend(told.iter().find_map(|earlier| residual(earlier, shared)));
    let listed = patient.clinical.prior_therapies.known().map(Vec::as_slice).unwrap_or_default();
    let says_none = |typed: &str| patient.content.therapies.name(typed).is_some_and(|therapy| therapy.none);
    if let Some(none) = listed.iter().position(|therapy| says_none(therapy.typed())).filter(|_| !told.is_empty()) {
        let other = told.iter().find(|earlier| !says_none(earlier.told.typed()));
        if let Some(other) = other {
            let pointer = format!("/clinical/prior_therapies/{none}");
            let message = format!(
                "the earlier treatments hold both \"{}\" and {}: leave one of them out",
                listed.get(none).map(PriorTherapy::typed).unwrap_or_default(),
                other.told.typed()
            );
            found.push(contradiction("history/none", &pointer, "none".to_owned(), "treatments, or none", message));
        }
    }
    found
}

fn disagreement(why: Disagreement, shared: &Shared<'_>) -> Option<Concern> {
    let patient = shared.patient;
    let number = patient.clinical.lines_of_therapy_before.known()?;
    let message = match why {
        Disagreement::NumberAndLine => format!(
            "lines_of_therapy_before is {number} and line_of_treatment is {}: correct one of them",
            patient.line().map_or("not entered", |line| line.as_str())
        ),
        Disagreement::NumberAndList => format!(
            "lines_of_therapy_before is {number}, and prior_therapies lists another number of lines: correct one of them, and give each earlier \
             treatment its line"
        ),
        Disagreement::NotComparable => format!(
            "lines_of_therapy_before is {number} and cannot be compared with prior_therapies, of which not everything is understood: name each \
             drug and outcome in plain words"
        ),
        // told by nobody in so many words: what needs the number asks for it
        Disagreement::LineAndList => return None,
    };
    let expected = if why == Disagreement::NumberAndLine {
        "a number that agrees with line_of_treatment"
    } else {
        "the lines of prior_therapies"
    };
    Some(contradiction("history/lines", "/clinical/lines_of_therapy_before", number.to_string(), expected, message))
}

/// An earlier treatment of this order's line that ended in progression, or may have, or of a later one: the order stands in another line.
fn line_over(earlier: &Earlier<'_>, shared: &Shared<'_>) -> Option<Concern> {
    let patient = shared.patient;
    let ordered = patient.line()?;
    // lines count anew where the disease has come into another setting, such as castration-resistant after sensitive
    let earlier_setting = earlier.told.setting.known();
    if patient.setting.zip(earlier_setting).is_some_and(|(now, before)| patient.content.settings.comes_after(now, before)) {
        return None;
    }
    let listed = earlier.told.line.known().copied()?;
    let (own, other) = (lines::rank(Some(ordered))?, lines::rank(Some(listed))?);
    // what is not understood may say so, too
    let has_ended =
        matches!(earlier.outcome, Told::NotUnderstood) || patient.history.progressed_on(earlier, patient) == Truth::Met;
    let is_over = ordered != LineOfTreatment::ThirdLinePlus && (other > own || (other == own && has_ended));
    if !is_over {
        return None;
    }
    let name = earlier.told.typed();
    let pointer = format!("/clinical/prior_therapies/{}/line", earlier.index);
    let message =
        format!("line_of_treatment is {ordered}, and the earlier treatment {name} was {listed}: which line is this order?");
    Some(contradiction("history/line", &pointer, listed.to_string(), "a line before line_of_treatment", message))
}

/// An earlier treatment whose line nobody told, and that may have been this one or a later one: the disease progressed on it, or it was given for
/// metastatic disease, and the order is the first treatment of that, or stands before it.
fn line_untold(earlier: &Earlier<'_>, shared: &Shared<'_>) -> Option<Concern> {
    let patient = shared.patient;
    let ordered = patient.line()?;
    let is_first = ordered == LineOfTreatment::FirstLine;
    let listed = earlier.told.line.known().copied();
    let setting = earlier.told.setting.known();
    // a setting in which lines count anew ends those before it
    let is_of_another =
        setting.zip(patient.setting).is_some_and(|(before, now)| patient.content.settings.comes_after(now, before));
    // hormones go on beside other treatment, and through several lines
    let is_hormonal = || {
        let mut drugs = earlier.given.iter().flatten().flat_map(|therapy| &therapy.drugs).peekable();
        drugs.peek().is_some() && drugs.all(|drug| drug.class == "hormonal")
    };
    if is_of_another || lines::is_systemic(earlier) != Truth::Met || is_hormonal() {
        return None;
    }
    let is_metastatic = || lines::is_metastatic(earlier, patient) == Truth::Met;
    let asks = match listed {
        // what holds a response stands behind the line that it belongs to
        Some(LineOfTreatment::Maintenance) => is_first && !lines::is_early(earlier.told),
        Some(_) => lines::is_early_line(ordered) && is_metastatic(),
        None => {
            let progressed = || {
                matches!(earlier.outcome, Told::NotUnderstood) || patient.history.progressed_on(earlier, patient) == Truth::Met
            };
            (is_first || lines::is_early_line(ordered)) && is_metastatic()
                || is_first && !lines::is_early(earlier.told) && progressed()
        }
    };
    if !asks {
        return None;
    }
    let name = earlier.told.typed();
    let pointer = format!("/clinical/prior_therapies/{}/line", earlier.index);
    let (told, entered) = match (listed, setting) {
        (Some(line), _) => (format!("was {line}"), line.to_string()),
        (None, Some(setting)) => (format!("was given for {setting} disease"), setting.clone()),
        (None, None) => ("stands without its line".to_owned(), "no line".to_owned()),
    };
    let message = format!(
        "line_of_treatment is {ordered}, and the earlier treatment {name} {told}: say which line it was, or correct the line of this order"
    );
    Some(contradiction("history/line-untold", &pointer, entered, "the line of each earlier treatment", message))
}

/// No earlier treatment is told, and an approved case of this member that is over has some for the same disease. What was authorized for this very
/// line a short time ago, and what the order goes on with, are no earlier line; hormones are often left out. A case that is not over overlaps, and
/// waits for that.
fn none_and_on_file(shared: &Shared<'_>) -> Option<Concern> {
    let patient = shared.patient;
    let history = &patient.history;
    if !history.says_none() || history.runs_already {
        return None;
    }
    let treats = |drug: &&RelatedDrug| {
        let known = shared.content.drugs.by_name(&drug.generic);
        drug.may_have_been_given() && known.is_none_or(|known| !known.supportive && known.class != "hormonal")
    };
    let is_untold = |case: &&&RelatedCase| {
        let is_this_line = patient.line().is_some()
            && case.line_of_treatment == patient.line()
            && history.is_one_course(case.valid_through, history.date_of_service, shared.content);
        !is_this_line
            && case.valid_through < history.date_of_service
            && history.continued(case, shared.content).is_none()
            && is_same_disease(case, patient)
            && case.drugs.iter().any(|drug| treats(&drug))
    };
    let case = history.cases.iter().find(is_untold)?;
    let what = match case.drugs.iter().find(treats) {
        Some(drug) if case.is_theirs => format!("{} authorized from {}", drug.generic, case.valid_from),
        _ => "treatment by another order of this member".to_owned(),
    };
    let message = format!(
        "prior_therapies say that there was no earlier treatment, and on file is {what}, for the same disease: list it with its line and outcome, or \
         say that it was not given"
    );
    Some(contradiction("history/none-told", "/clinical/prior_therapies", "none".to_owned(), "the treatment on file", message))
}

/// Drugs for which lines are counted, where the list of earlier treatments has fewer than the line of treatment says.
fn lines_missing(shared: &Shared<'_>) -> Option<Concern> {
    let patient = shared.patient;
    let is_short = patient.history.lines_before(patient).err() == Some(Disagreement::LineAndList);
    let line = patient.line().filter(|_| is_short)?;
    let counted = |line: &&PlanLine<'_>| line.drug.is_some_and(|drug| shared.content.contraindications.counts_lines(drug));
    let lines: Vec<u32> = shared.plan.iter().filter(counted).map(|line| line.ordered.line).collect();
    if lines.is_empty() {
        return None;
    }
    let message = format!(
        "line_of_treatment is {line}, and prior_therapies lists another number of lines: name the treatment of each earlier line, or correct the line"
    );
    let pointer = "/clinical/prior_therapies";
    let found = contradiction("history/lines-listed", pointer, line.to_string(), "each earlier line", message);
    Some(Concern { pends: Pends::Lines(lines), ..found })
}

/// A complete response to treatment before surgery, beside residual disease after it.
fn residual(earlier: &Earlier<'_>, shared: &Shared<'_>) -> Option<Concern> {
    let standing = shared.patient.assessment("residual_disease_after_neoadjuvant")?;
    let Told::As(outcome) = earlier.outcome else { return None };
    let is_before_surgery =
        matches!(earlier.told.line.known(), Some(LineOfTreatment::Neoadjuvant | LineOfTreatment::Perioperative));
    if standing.word() != Some("yes") || outcome.word != "complete_response" || !is_before_surgery {
        return None;
    }
    let name = earlier.told.typed();
    let pointer = format!("/clinical/prior_therapies/{}/outcome", earlier.index);
    let message = format!(
        "residual disease after treatment before surgery is yes, and the outcome of {name} is a complete response: correct one of them, or say \
         which is right"
    );
    Some(contradiction("history/residual", &pointer, "complete response".to_owned(), "an outcome with residual disease", message))
}

fn contradiction(rule: &str, pointer: &str, entered: String, expected: &str, message: String) -> Concern {
    Concern {
        rule: rule.to_owned(),
        outcome: Truth::Unknown,
        requirements: &["SAFE-12"],
        source: "the order".to_owned(),
        facts: said([("entered", json!(entered)), ("field", json!(pointer))]),
        deviation: Deviation {
            code: DeviationCode::Contradiction,
            drug_line: None,
            line: None,
            options: Vec::new(),
            field: pointer.to_owned(),
            expected: expected.to_owned(),
            entered,
            effect: DeviationEffect::of(true, false),
            message,
        },
        pends: Pends::Managed,
        hold: None,
    }
}

/// Says by name what was not understood. What depends on it is unknown and pends by itself.
fn not_understood(earlier: &Earlier<'_>) -> Option<Concern> {
    let name = earlier.told.typed();
    let (field, entered, message) = match (&earlier.given, earlier.outcome, earlier.told.outcome.known()) {
        (None, ..) => {
            let field = if earlier.told.generic.is_some() { "generic" } else { "name" };
            let message = format!(
                "{name} is not a treatment known here: what depends on earlier treatment stays open until each drug is named"
            );
            (field, name, message)
        }
        (_, Told::NotUnderstood, Some(outcome)) => {
            let message = format!(
                "the outcome \"{outcome}\" of {name} is not understood: say progression, completed, toxicity, ongoing or another plain word"
            );
            ("outcome", outcome.as_str(), message)
        }
        _ => return None,
    };
    Some(Concern {
        rule: format!("history/{field}"),
        outcome: Truth::Unknown,
        requirements: &["SAFE-04"],
        source: "content/words".to_owned(),
        facts: said([("entered", json!(entered))]),
        deviation: Deviation {
            code: DeviationCode::UnknownAnswer,
            drug_line: None,
            line: None,
            options: Vec::new(),
            field: format!("/clinical/prior_therapies/{}/{field}", earlier.index),
            expected: "a known word".to_owned(),
            entered: entered.to_owned(),
            effect: DeviationEffect::None,
            message,
        },
        pends: Pends::Nothing,
        hold: None,
    })
}
