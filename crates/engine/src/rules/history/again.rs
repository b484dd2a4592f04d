//! Earlier treatment that speaks against giving the same again, whatever a drug's policy asks: a severe reaction, toxicity that it was
//! stopped for, or progression on it (SAFE-04, SAFE-12). Classes of drugs that answer for one another are content's.

use super::{Earlier, Told, partners_of};
use crate::domain::case::Deviation;
use crate::domain::content::{Content, CourseState, Drug};
use crate::domain::criteria::Partner;
use crate::domain::vocabulary::{DeviationCode, DeviationEffect, LineOfTreatment, Truth};
use crate::rules::concern::{Concern, Pends};
use crate::rules::drugs::Shared;
use crate::rules::facts::RelatedCase;
use crate::rules::findings::facts as said;
use crate::rules::plan::PlanLine;
use serde_json::json;

/// Everything that a person has to look at.
pub fn concerns(shared: &Shared<'_>) -> Vec<Concern> {
    let told = shared.patient.history.told.as_deref().unwrap_or_default();
    let treating: Vec<&PlanLine<'_>> =
        shared.plan.iter().filter(|line| !line.is_supportive_by_content() && !line.is_investigational()).collect();
    let mut found = Vec::new();
    for earlier in told {
        found.extend(reaction(earlier, shared));
        found.extend(same_again(earlier, &treating, shared));
    }
    for (earlier, case) in &shared.patient.history.remembered {
        found.extend(reaction(earlier, shared).map(|concern| told_elsewhere(concern, earlier, case)));
    }
    found
}

/// A reaction that another order of the member told of: by name only to those who may see that order (PRV-02).
fn told_elsewhere(mut concern: Concern, earlier: &Earlier<'_>, case: &RelatedCase) -> Concern {
    let what = if case.is_theirs {
        format!(
            "an earlier order of this member (from {}) tells that {} ended so: {}",
            case.valid_from,
            earlier.told.typed(),
            outcome(earlier)
        )
    } else {
        "another order of this member tells of a reaction or toxicity".to_owned()
    };
    let deviation = &mut concern.deviation;
    deviation.message = format!(
        "{what}, and what is ordered may be the same: a person decides; list the earlier treatment with its outcome, or say why the drug is given all the same"
    );
    "/clinical/prior_therapies".clone_into(&mut deviation.field);
    "told in another order".clone_into(&mut deviation.entered);
    concern.facts.insert("entered".to_owned(), json!("told in another order"));
    concern
}

/// The drugs that an earlier treatment held for certain, without steroids and what else only supports.
fn drugs<'e>(earlier: &'e Earlier<'_>) -> impl Iterator<Item = &'e Drug> {
    let given = earlier.given.iter().flatten().flat_map(|therapy| &therapy.drugs);
    given.map(AsRef::as_ref)
}

/// A line with a drug to which the patient reacted, or that was stopped for its toxicity. Of a combination that nobody reacted severely to,
/// nobody says which drug it was: it counts where all of it is ordered again.
fn reaction(earlier: &Earlier<'_>, shared: &Shared<'_>) -> Option<Concern> {
    let content = shared.content;
    let (what, severe) = match earlier.outcome {
        _ if earlier.reaction == Truth::Met => ("a severe reaction to it", true),
        _ if earlier.tells_of_reaction => ("what may have been a severe reaction to it", true),
        _ if earlier.toxicity == Truth::Met => ("toxicity that it was stopped for", false),
        Told::NotUnderstood => ("an outcome that is not understood", false),
        Told::As(_) | Told::Not => return None,
    };
    if severe && earlier.given.is_none() {
        return to_something(earlier, shared);
    }
    let treatment = || drugs(earlier).filter(|drug| !drug.supportive);
    let is_combination = treatment().nth(1).is_some();
    let all_again = || treatment().all(|drug| shared.plan.iter().any(|line| shares(line, &drug.ingredients)));
    if is_combination && !severe && !all_again() {
        return None;
    }
    // steroids and fluids of a combination are not what anybody reacts to
    let meant = |line: &&PlanLine<'_>| {
        let partners = partners_of(line);
        let counts = treatment().next().is_none() || !line.is_supportive_by_content();
        !line.is_investigational() && counts && given(earlier, &partners, severe, content)
    };
    let lines: Vec<&PlanLine<'_>> = shared.plan.iter().filter(meant).collect();
    let first = lines.first()?;
    let message = format!(
        "{} is ordered again, and the earlier treatment {} ended in {what} ({}): a person decides; correct the outcome where it is wrong, or say \
         why the drug is given all the same",
        first.name(),
        earlier.told.typed(),
        outcome(earlier)
    );
    Some(concern("history/reaction", earlier, &lines, message))
}

/// A severe reaction to a treatment that nobody understands: it may be any of those that are ordered.
fn to_something(earlier: &Earlier<'_>, shared: &Shared<'_>) -> Option<Concern> {
    let treats = |line: &&PlanLine<'_>| !line.is_supportive_by_content() && !line.is_investigational();
    let lines: Vec<&PlanLine<'_>> = shared.plan.iter().filter(treats).collect();
    let message = format!(
        "the earlier treatment {} ended in what may be a severe reaction ({}), and it is not a treatment known here: name the drug that the patient \
         reacted to, and a person decides",
        earlier.told.typed(),
        outcome(earlier)
    );
    (!lines.is_empty()).then(|| concern("history/reaction", earlier, &lines, message))
}

/// Whether it held one of these, or may have after a severe reaction, also where the word for its outcome is not understood.
fn given(earlier: &Earlier<'_>, partners: &[Partner], severe: bool, content: &Content) -> bool {
    let counts = |held: Truth| held == Truth::Met || (severe && held == Truth::Unknown);
    let mut therapies = earlier.given.iter().flatten();
    therapies.any(|therapy| partners.iter().any(|partner| counts(therapy.held(partner, &content.drugs))))
}

/// The same treatment that the disease progressed on a short time ago, or that was this very line and is over.
fn same_again(earlier: &Earlier<'_>, treating: &[&PlanLine<'_>], shared: &Shared<'_>) -> Option<Concern> {
    let (patient, content) = (shared.patient, shared.content);
    let history = &patient.history;
    let held = |line: &&PlanLine<'_>| {
        let parts = partners_of(line);
        parts.iter().all(|part| earlier.held(std::slice::from_ref(part), content) == Truth::Met)
    };
    // hormones go on beyond progression, and in later lines
    let goes_on =
        |line: &&PlanLine<'_>| line.drug.is_some_and(|drug| drug.class == "hormonal" || content.contraindications.goes_on(drug));
    let continued = |line: &&PlanLine<'_>| history.continuation(line, patient) == Truth::Met;
    if treating.is_empty() || !treating.iter().all(held) || treating.iter().all(goes_on) || treating.iter().any(continued) {
        return None;
    }
    let ended = earlier.told.ended_on.known().copied();
    let days = ended.map(|ended| (history.date_of_service - ended).num_days());
    let is_recent = days.is_none_or(|days| days <= i64::from(content.contraindications.again_after_days()));
    let name = earlier.told.typed();
    let told = matches!(earlier.outcome, Told::As(_));
    let so = match history.progressed_on(earlier, patient) {
        Truth::Met if is_recent => Some("the disease progressed on it"),
        // it came back, or may have, a short time after its end
        Truth::Unknown if is_recent && told && ended.is_some() => {
            Some("the disease progressed on it or came back soon after, or may have")
        }
        _ => None,
    };
    if let Some(so) = so {
        let message = format!(
            "all that is ordered was given before, and {so} ({name}, {}): a person decides; correct the outcome where it is wrong, or say why the \
             same is given again",
            outcome(earlier)
        );
        return Some(concern("history/same-again", earlier, treating, message));
    }
    let same_line = patient.line().filter(|line| early(*line) && earlier.told.line.known() == Some(line))?;
    let is_over = earlier.course() == Some(CourseState::Over)
        && days.is_some_and(|days| days > i64::from(content.therapies.course_gap_days));
    let message = format!(
        "line_of_treatment is {same_line}, and the earlier treatment {name} was this line, of the same drugs, and is over: which line is this order?"
    );
    is_over.then(|| concern("history/line-again", earlier, treating, message))
}

/// A line that is given once.
const fn early(line: LineOfTreatment) -> bool {
    matches!(line, LineOfTreatment::FirstLine | LineOfTreatment::SecondLine | LineOfTreatment::ThirdLine)
}

fn shares(line: &PlanLine<'_>, ingredients: &[String]) -> bool {
    ingredients.iter().any(|ingredient| line.has_ingredient(ingredient))
}

fn outcome<'e>(earlier: &'e Earlier<'_>) -> &'e str {
    earlier.told.outcome.known().map_or("no outcome", String::as_str)
}

fn concern(rule: &str, earlier: &Earlier<'_>, lines: &[&PlanLine<'_>], message: String) -> Concern {
    let mut numbers: Vec<u32> = lines.iter().map(|line| line.ordered.line).collect();
    numbers.sort_unstable();
    let field = format!("/clinical/prior_therapies/{}/outcome", earlier.index);
    let entered = format!("{} {}", earlier.told.typed(), outcome(earlier));
    Concern {
        rule: rule.to_owned(),
        outcome: Truth::NotMet,
        requirements: &["SAFE-04", "SAFE-12"],
        source: "the order".to_owned(),
        facts: said([("entered", json!(entered)), ("lines", json!(numbers))]),
        deviation: Deviation {
            code: DeviationCode::Contradiction,
            drug_line: None,
            line: None,
            options: Vec::new(),
            field,
            expected: "treatment that the earlier one does not speak against".to_owned(),
            entered,
            effect: DeviationEffect::Pends,
            message,
        },
        pends: Pends::Lines(numbers),
        hold: None,
    }
}
