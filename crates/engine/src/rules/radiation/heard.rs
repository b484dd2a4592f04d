//! What an order says in words that nobody understands, and that may still be earlier radiation of the area, or a pregnancy (R-41,
//! SAFE-01): where the question itself is not answered, a person reads it.

use super::ground::Ground;
use super::said::deviation;
use super::{PREGNANCY, PRIOR_RADIATION};
use crate::domain::case::Deviation;
use crate::domain::content::radiation::Heard;
use crate::domain::criteria::ResultTest;
use crate::domain::order::{Assessment, Reported};
use crate::domain::vocabulary::{DeviationCode, DeviationEffect, Truth};

/// Everything that was heard.
pub(super) fn deviations(ground: &Ground<'_>) -> Vec<Deviation> {
    let mut found = foreign_assessments(ground);
    found.extend(therapies(ground));
    found.extend(texts(ground));
    found.extend(no_cancer(ground));
    found
}

/// Whether an assessment counts, and as what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answered {
    Not,
    No,
    Otherwise,
}

fn answered(name: &str, no: &str, ground: &Ground<'_>) -> Answered {
    let test = ResultTest::In(vec![no.to_owned()]);
    match ground.patient.assessment(name).filter(|standing| standing.value.is_ok()) {
        None => Answered::Not,
        Some(standing) if standing.test(&test) == Truth::Met => Answered::No,
        Some(_) => Answered::Otherwise,
    }
}

/// Where a text stands, which says what its words are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum About {
    /// What was done before, or is the case: any word for radiation tells of it.
    History,
    /// The treatment ordered: radiation that came before is told beside it.
    Treatment,
    /// Plans set beside each other: fields, doses and the plan before are those of this treatment.
    Plans,
}

/// What is heard of earlier radiation where radiation was not asked about: `again` is told against the answer no as well.
fn of_radiation(text: &str, heard: &Heard, about: About, ground: &Ground<'_>) -> bool {
    let answer = answered(PRIOR_RADIATION, "no", ground);
    if heard.again.are_in(text) {
        return answer != Answered::Otherwise;
    }
    let came_before = || heard.earlier.are_in(text);
    answer == Answered::Not
        && match about {
            About::History => heard.radiation.are_in(text) || came_before() && heard.fields.are_in(text),
            About::Treatment => came_before() && (heard.radiation.are_in(text) || heard.fields.are_in(text)),
            About::Plans => heard.earlier_radiation.are_in(text),
        }
}

fn of_pregnancy(text: &str, heard: &Heard, ground: &Ground<'_>) -> bool {
    answered(PREGNANCY, "negative", ground) == Answered::Not && heard.pregnancy.are_in(text)
}

fn unclear(field: &str, what: &str, written: &str, asked: &str) -> Deviation {
    deviation(
        DeviationCode::UnknownAnswer,
        field,
        (&format!("the assessment {asked}"), written),
        DeviationEffect::Pends,
        format!("{what} `{written}` may say more than is understood: answer it with the assessment {asked}"),
    )
}

/// Names of assessments that content does not know.
fn foreign_assessments(ground: &Ground<'_>) -> Vec<Deviation> {
    let heard = &ground.catalog().heard;
    let entries = ground.patient.clinical.assessments.known().into_iter().flatten().enumerate();
    let foreign = entries.filter(|(_, entry)| ground.content.assessment(&entry.name).is_none());
    foreign
        .filter_map(|(index, entry)| {
            let text = in_words(entry);
            let asked = if of_pregnancy(&text, heard, ground) {
                PREGNANCY
            } else if of_radiation(&text, heard, About::History, ground) {
                PRIOR_RADIATION
            } else {
                return None;
            };
            Some(unclear(&format!("/clinical/assessments/{index}/name"), "the assessment", text.trim(), asked))
        })
        .collect()
}

fn in_words(entry: &Assessment) -> String {
    let result = match entry.result.known() {
        Some(Reported::Word(word)) => word.clone(),
        Some(Reported::Number(number)) => number.to_string(),
        Some(Reported::Flag(flag)) => flag.to_string(),
        None => String::new(),
    };
    [entry.name.as_str(), " ", result.as_str()].concat()
}

/// Radiation among the earlier treatments: whether it was here is asked.
fn therapies(ground: &Ground<'_>) -> Option<Deviation> {
    let heard = &ground.catalog().heard;
    let list = ground.patient.clinical.prior_therapies.known()?;
    let is_radiation = |text: &str| of_radiation(text, heard, About::History, ground);
    let (index, told) = list.iter().enumerate().find(|(_, told)| is_radiation(told.typed()))?;
    let written = told.typed();
    let name = if told.generic.is_some() { "generic" } else { "name" };
    let mut asked =
        unclear(&format!("/clinical/prior_therapies/{index}/{name}"), "the earlier treatment", written, PRIOR_RADIATION);
    asked.message = format!(
        "the earlier treatment `{written}` is radiation, and nothing says whether it was of this area: answer it with the assessment \
         {PRIOR_RADIATION}"
    );
    Some(asked)
}

/// What is written freely about the treatment itself.
fn texts(ground: &Ground<'_>) -> Vec<Deviation> {
    let heard = &ground.catalog().heard;
    let radiation = ground.treated.entered;
    let texts = [
        ("/radiation/technique", "technique", radiation.technique.as_deref(), About::Treatment),
        ("/radiation/plan_comparison", "plan comparison", radiation.plan_comparison.as_deref(), About::Plans),
    ];
    let histologies = ground.foreign_histologies().map(|(field, what, text)| (field, what, text, About::Treatment));
    let told = texts.into_iter().chain(histologies).filter_map(|(field, what, text, about)| Some((field, what, text?, about)));
    told.filter_map(|(field, what, text, about)| {
        let asked = if of_pregnancy(text, heard, ground) {
            PREGNANCY
        } else if of_radiation(text, heard, about, ground) {
            PRIOR_RADIATION
        } else {
            return None;
        };
        Some(unclear(field, what, text, asked))
    })
    .collect()
}

/// A histology outside the vocabulary will do where the schedule names none, but not where it says that there is no cancer.
fn no_cancer(ground: &Ground<'_>) -> Option<Deviation> {
    let mut told = ground.foreign_histologies().filter_map(|(field, _, text)| Some((field, text?)));
    let heard = &ground.catalog().heard;
    let is_none = |text: &str| heard.no_cancer.are_in(text) || heard.benign.are_in(text) && !heard.cancer.are_in(text);
    let (field, written) = told.find(|(_, text)| is_none(text))?;
    Some(deviation(
        DeviationCode::UnknownAnswer,
        field,
        ("the histology of the cancer", written),
        DeviationEffect::Pends,
        format!("histology `{written}` may say that there is no cancer: write the word for the cancer that is treated"),
    ))
}
