//! What an order says in words that nobody understands, and that may still be earlier radiation of the area, or a pregnancy (R-41,
//! SAFE-01): where the question itself is not answered, a person reads it.

use super::courses;
use super::foreign;
use super::ground::Ground;
use super::read::Told;
use super::said::deviation;
use super::{CARDIAC_DEVICE, PREGNANCY, PRIOR_RADIATION, place};
use crate::domain::answer::Answer;
use crate::domain::case::Deviation;
use crate::domain::content::radiation::Heard;
use crate::domain::criteria::ResultTest;
use crate::domain::fold::plain;
use crate::domain::order::{PriorTherapy, Reported};
use crate::domain::vocabulary::{DeviationCode, DeviationEffect, LineOfTreatment, TreatmentGoal, Truth};
use crate::rules::answers::{Place, Standing};

/// Everything that was heard.
pub(super) fn deviations(ground: &Ground<'_>) -> Vec<Deviation> {
    let mut found = foreign_answers(ground);
    found.extend(known_assessments(ground));
    found.extend(mixed_answers(ground));
    found.extend(beside_therapies(ground));
    found.extend(therapies(ground).or_else(|| denied(ground)).or_else(|| foreign::therapy(ground)));
    found.extend(recurrence(ground));
    found.extend(texts(ground));
    found.extend(no_cancer(ground));
    found.extend(foreign::deviations(ground));
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
    /// What was done before, or is the case: any word for radiation tells of it, and so does a cancer that came back.
    History,
    /// A treatment before, by its name: the names of techniques and of courses tell of it, too.
    Before,
    /// More about one treatment before, where a cancer that came back is its outcome and nothing more.
    Outcome,
    /// The treatment ordered: radiation that came before is told beside it.
    Treatment,
    /// Plans set beside each other: fields, doses and the plan before are those of this treatment.
    Plans,
}

/// What is heard of earlier radiation where radiation was not asked about: `again` is told against the answer no as well.
fn of_radiation(text: &str, heard: &Heard, about: About, ground: &Ground<'_>) -> bool {
    let answer = answered(PRIOR_RADIATION, "no", ground);
    let clear = heard.elsewhere.out_of(text);
    if heard.again.are_in(&clear) {
        return answer != Answered::Otherwise;
    }
    let came_before = || heard.earlier.are_in(&clear);
    let is_salvage = || ground.treated.site.known().is_some_and(|site| site.salvage);
    let came_back = || heard.recurrence.are_in(&clear) && !is_salvage();
    let was_given = || heard.radiation.are_in(&clear) || is_rt(text, heard) || came_before() && heard.fields.are_in(&clear);
    let is_named = || heard.treatments.are_in(&clear) || courses::are_in(text, heard);
    answer == Answered::Not
        && match about {
            About::History => was_given() || came_back() || courses::are_in(text, heard),
            About::Before => was_given() || came_back() || is_named(),
            About::Outcome => was_given() || is_named(),
            About::Treatment => {
                let is_before = || came_before() && (heard.radiation.are_in(&clear) || heard.fields.are_in(&clear));
                came_back() || is_before() || heard.earlier_radiation.are_in(&clear)
            }
            About::Plans => heard.earlier_radiation.are_in(&clear),
        }
}

/// Words that begin another thing.
const JOINING: [&str; 14] =
    ["and", "then", "with", "w", "after", "following", "followed", "plus", "for", "to", "post", "postop", "since", "s"];

/// Sides: RT before one of them is none.
const SIDES: [&str; 6] = ["right", "left", "r", "l", "lt", "bilateral"];

/// RT is radiation, unless it is the right side of what was operated on: `Rt breast lumpectomy`.
fn is_rt(text: &str, heard: &Heard) -> bool {
    let text = plain(text);
    text.split([',', ';', '+', '/', '(', ')', '\n', ':']).any(|clause| {
        let words: Vec<&str> = clause.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
        let is_radiation =
            |(at, word): (usize, &&str)| *word == "rt" && !is_right(words.get(at + 1..).unwrap_or_default(), heard);
        words.iter().enumerate().any(is_radiation)
    })
}

fn is_right(behind: &[&str], heard: &Heard) -> bool {
    let of_it: Vec<&str> = behind.iter().take_while(|word| !JOINING.contains(word)).copied().collect();
    let is_side = |word: &&str| SIDES.contains(word);
    // what an operation left is irradiated, and not operated on
    let is_left = || of_it.iter().any(|word| ["bed", "cavity"].contains(word));
    !of_it.first().is_some_and(is_side) && !is_left() && heard.sided.are_in(&of_it.join(" "))
}

/// The answer about earlier radiation of this area counts, whatever it is.
pub(super) fn is_told_of_radiation(ground: &Ground<'_>) -> bool {
    answered(PRIOR_RADIATION, "no", ground) != Answered::Not
}

/// True for the name of an earlier treatment that tells of radiation.
pub(super) fn is_radiation(name: &str, heard: &Heard) -> bool {
    let clear = heard.elsewhere.out_of(name);
    heard.radiation.are_in(&clear) || heard.treatments.are_in(&clear) || is_rt(name, heard) || courses::are_in(name, heard)
}

fn of_pregnancy(text: &str, heard: &Heard, ground: &Ground<'_>) -> bool {
    answered(PREGNANCY, "negative", ground) == Answered::Not && heard.pregnancy.are_in(text)
}

/// A device is asked about where its own question is not answered, whatever the answer.
fn of_device(text: &str, heard: &Heard, ground: &Ground<'_>) -> bool {
    answered(CARDIAC_DEVICE, "no", ground) == Answered::Not && heard.device.are_in(text)
}

/// A pregnancy or a device among the earlier treatments.
fn beside_therapies(ground: &Ground<'_>) -> Option<Deviation> {
    let heard = &ground.catalog().heard;
    let told = ground.patient.clinical.prior_therapies.known()?;
    told.iter().enumerate().find_map(|(index, told)| {
        fields(told).into_iter().find_map(|(name, text, _)| {
            let asked = if of_pregnancy(text, heard, ground) {
                PREGNANCY
            } else if of_device(text, heard, ground) {
                CARDIAC_DEVICE
            } else {
                return None;
            };
            Some(unclear(&format!("/clinical/prior_therapies/{index}/{name}"), "the earlier treatment", text, asked))
        })
    })
}

pub(super) fn unclear(field: &str, what: &str, written: &str, asked: &str) -> Deviation {
    deviation(
        DeviationCode::UnknownAnswer,
        field,
        (&format!("the assessment {asked}"), written),
        DeviationEffect::Pends,
        format!("{what} `{written}` may say more than is understood: answer it with the assessment {asked}"),
    )
}

/// Assessments and biomarkers whose name or result content does not know. What the questions themselves are answered is asked about elsewhere.
fn foreign_answers(ground: &Ground<'_>) -> Vec<Deviation> {
    let (clinical, answered) = (ground.patient.clinical, &ground.patient.answered);
    let is_asked = |name: &str| [PRIOR_RADIATION, PREGNANCY].contains(&name);
    let is_foreign = |list: &'static str, index: usize| {
        let place = Place { list, index };
        let stranger = answered.strangers().iter().any(|stranger| stranger.place == place);
        let unclear = |(_, standing): (&'static str, &Standing<'_>)| {
            standing.place == Some(place) && standing.is_not_understood() && !is_asked(&standing.definition.name)
        };
        stranger || answered.all().any(unclear)
    };
    let assessments = clinical.assessments.known().into_iter().flatten().map(|entry| (&entry.name, &entry.result));
    let biomarkers = clinical.biomarkers.known().into_iter().flatten().map(|entry| (&entry.name, &entry.result));
    let of_list = |list: &'static str, index: usize, (name, result): (&String, &Answer<Reported>)| {
        is_foreign(list, index).then(|| (list, index, in_words(name, result)))
    };
    let assessments = assessments.enumerate().filter_map(|(index, entry)| of_list("assessments", index, entry));
    let biomarkers = biomarkers.enumerate().filter_map(|(index, entry)| of_list("biomarkers", index, entry));
    let foreign = assessments.chain(biomarkers);
    let heard = &ground.catalog().heard;
    foreign
        .filter_map(|(list, index, text)| {
            let asked = if of_pregnancy(&text, heard, ground) {
                PREGNANCY
            } else if of_device(&text, heard, ground) {
                CARDIAC_DEVICE
            } else if of_radiation(&text, heard, About::History, ground) {
                PRIOR_RADIATION
            } else {
                return None;
            };
            let what = if list == "assessments" { "the assessment" } else { "the biomarker" };
            Some(unclear(&format!("/clinical/{list}/{index}/name"), what, text.trim(), asked))
        })
        .collect()
}

/// Assessments that content knows, and what their results say beside what is understood of them. What asks about earlier radiation by its name tells of some,
/// unless its answer is that there was none.
fn known_assessments(ground: &Ground<'_>) -> Vec<Deviation> {
    let heard = &ground.catalog().heard;
    let none = ResultTest::In(vec!["none".to_owned()]);
    let entries = ground.patient.clinical.assessments.known().into_iter().flatten().enumerate();
    let known = entries.filter_map(|(index, entry)| Some((index, entry, ground.content.assessment(&entry.name)?)));
    let of_itself = |name: &str| [PRIOR_RADIATION, PREGNANCY].contains(&name) || heard.mixed.iter().any(|of| of == name);
    known
        .filter(|(.., of)| !of_itself(&of.name))
        .filter_map(|(index, entry, of)| {
            let says_none = || ground.patient.assessment(&of.name).is_some_and(|standing| standing.test(&none) == Truth::Met);
            let tells = heard.told_by.contains(&of.name) && entry.result.known().is_some() && !says_none();
            let text = as_typed_result(&entry.result);
            let asked = if of_pregnancy(&text, heard, ground) {
                PREGNANCY
            } else if of_device(&text, heard, ground) {
                CARDIAC_DEVICE
            } else if of_radiation(&text, heard, About::History, ground)
                || tells && answered(PRIOR_RADIATION, "no", ground) == Answered::Not
            {
                PRIOR_RADIATION
            } else {
                return None;
            };
            Some(unclear(&format!("/clinical/assessments/{index}/result"), &of.display, &text, asked))
        })
        .collect()
}

fn in_words(name: &str, result: &Answer<Reported>) -> String {
    [name, " ", &as_typed_result(result)].concat()
}

fn as_typed_result(result: &Answer<Reported>) -> String {
    match result.known() {
        Some(Reported::Word(word)) => word.clone(),
        Some(Reported::Number(number)) => number.to_string(),
        Some(Reported::Flag(flag)) => flag.to_string(),
        None => String::new(),
    }
}

/// Answers that tell of radiation among other things: where they do not say that it was an operation, radiation is asked about.
fn mixed_answers(ground: &Ground<'_>) -> Vec<Deviation> {
    let heard = &ground.catalog().heard;
    let yes = ResultTest::In(vec!["yes".to_owned()]);
    let told = heard.mixed.iter().filter_map(|name| ground.patient.assessment(name));
    told.filter(|standing| standing.test(&yes) == Truth::Met)
        .filter(|_| answered(PRIOR_RADIATION, "no", ground) == Answered::Not)
        .filter(|standing| {
            let text = standing.entered();
            !heard.sided.are_in(&text) || of_radiation(&text, heard, About::Outcome, ground)
        })
        .map(|standing| {
            let field = standing.place.map_or_else(|| "/clinical/assessments".to_owned(), Place::result_pointer);
            unclear(&field, &standing.definition.display, &standing.entered(), PRIOR_RADIATION)
        })
        .collect()
}

/// Radiation among the earlier treatments: whether it was here is asked.
fn therapies(ground: &Ground<'_>) -> Option<Deviation> {
    let heard = &ground.catalog().heard;
    let list = ground.patient.clinical.prior_therapies.known()?;
    let (index, (name, written)) = list.iter().enumerate().find_map(|(index, told)| {
        let fields = fields(told).into_iter();
        let mut heard_of = fields.filter(|(_, text, about)| of_radiation(text, heard, *about, ground));
        heard_of.next().map(|(name, text, _)| (index, (name, text)))
    })?;
    let mut asked =
        unclear(&format!("/clinical/prior_therapies/{index}/{name}"), "the earlier treatment", written, PRIOR_RADIATION);
    asked.message = format!(
        "the earlier treatment `{written}` is radiation or may tell of some, and nothing says whether it was of this area: answer it with \
         the assessment {PRIOR_RADIATION}"
    );
    Some(asked)
}

/// Radiation of this very place among the earlier treatments, though the order says that there was none here (SAFE-12).
fn denied(ground: &Ground<'_>) -> Option<Deviation> {
    if answered(PRIOR_RADIATION, "no", ground) != Answered::No {
        return None;
    }
    let heard = &ground.catalog().heard;
    let list = ground.patient.clinical.prior_therapies.known()?;
    let is_radiation = |text: &str| {
        let clear = heard.elsewhere.out_of(text);
        heard.radiation.are_in(&clear) || is_rt(text, heard) || heard.treatments.are_in(&clear) || courses::are_in(text, heard)
    };
    let is_here = |text: &&str| is_radiation(text) && place::is_of(text, ground.treated, ground.catalog());
    let (index, written) =
        list.iter().enumerate().find_map(|(index, told)| Some(told.typed()).filter(is_here).map(|text| (index, text)))?;
    Some(deviation(
        DeviationCode::Contradiction,
        &format!("/clinical/prior_therapies/{index}/name"),
        (&format!("{PRIOR_RADIATION} yes"), written),
        DeviationEffect::Pends,
        format!(
            "the earlier treatment `{written}` is radiation of this place, and {PRIOR_RADIATION} is answered no: correct one of them"
        ),
    ))
}

/// Everything that is written of an earlier treatment.
fn fields(told: &PriorTherapy) -> Vec<(&'static str, &str, About)> {
    let named = [("generic", told.generic.as_deref()), ("name", told.name.as_deref())];
    let more = [("setting", told.setting.known()), ("outcome", told.outcome.known())];
    let named = named.into_iter().filter_map(|(field, text)| Some((field, text?, About::Before)));
    let more = more.into_iter().filter_map(|(field, text)| Some((field, text?.as_str(), About::Outcome)));
    named.chain(more).collect()
}

/// A cancer that came back where it is treated may have been treated so before (R-41).
fn recurrence(ground: &Ground<'_>) -> Option<Deviation> {
    let site = ground.treated.site.known()?;
    if site.metastatic || site.salvage || answered(PRIOR_RADIATION, "no", ground) != Answered::Not {
        return None;
    }
    let clinical = ground.patient.clinical;
    let heard = &ground.catalog().heard;
    let came_back = |text: &&String| heard.recurrence.are_in(&heard.elsewhere.out_of(text));
    let is_late = |line: &&LineOfTreatment| {
        matches!(line, LineOfTreatment::SecondLine | LineOfTreatment::ThirdLine | LineOfTreatment::ThirdLinePlus)
    };
    // the lines of metastatic disease count its drugs
    let is_local = || ground.patient.stage != Some("IV") || clinical.treatment_goal.known() == Some(&TreatmentGoal::Curative);
    let is_understood_so = || ground.patient.setting.is_some_and(|of| of.starts_with("recurrent") || of.starts_with("relapsed"));
    let setting = clinical.disease_setting.known().filter(|text| came_back(text) || is_understood_so());
    let stage = clinical.stage.known().filter(|stage| is_stage_of_recurrence(stage));
    let (field, written) = if let Some(setting) = setting {
        ("/clinical/disease_setting", setting.as_str())
    } else if let Some(stage) = stage {
        ("/clinical/stage", stage.as_str())
    } else {
        let line = clinical.line_of_treatment.known().filter(is_late).filter(|_| is_local())?;
        ("/clinical/line_of_treatment", line.as_str())
    };
    let mut asked = unclear(field, "", written, PRIOR_RADIATION);
    asked.message = format!(
        "`{written}` says that the disease came back, and nothing says whether this area was irradiated before: answer it with the \
         assessment {PRIOR_RADIATION}"
    );
    Some(asked)
}

/// `rIIA`: the stage of what came back.
fn is_stage_of_recurrence(stage: &str) -> bool {
    let stage = plain(stage);
    let rest = stage.trim().strip_prefix(['r']).unwrap_or_default();
    rest.starts_with(['i', '0', '1', '2', '3', '4']) || rest.starts_with("pt") || rest.starts_with("ct")
}

/// What is written freely about the treatment itself.
fn texts(ground: &Ground<'_>) -> Vec<Deviation> {
    let heard = &ground.catalog().heard;
    let radiation = ground.treated.entered;
    let texts = [
        ("/radiation/technique", "technique", radiation.technique.as_deref(), About::Treatment),
        ("/radiation/plan_comparison", "plan comparison", radiation.plan_comparison.as_deref(), About::Plans),
    ];
    let histologies = ground.histologies().map(|(field, what, text)| (field, what, text, About::Treatment));
    let told = texts.into_iter().chain(histologies).filter_map(|(field, what, text, about)| Some((field, what, text?, about)));
    told.filter_map(|(field, what, text, about)| {
        let asked = if of_pregnancy(text, heard, ground) {
            PREGNANCY
        } else if of_device(text, heard, ground) {
            CARDIAC_DEVICE
        } else if of_radiation(text, heard, about, ground) {
            PRIOR_RADIATION
        } else {
            return None;
        };
        Some(unclear(field, what, text, asked))
    })
    .collect()
}

/// A histology outside the vocabulary will do where the schedule names none, if it is one: a word for a cancer stands in it, or its code in
/// ICD-O is of one (R-21).
fn no_cancer(ground: &Ground<'_>) -> Option<Deviation> {
    let is_asked = |field: &str| field == "/radiation/histology" && ground.treated.histology == Told::Unknown;
    // a word that is known says nothing of the doubt that stands beside it
    let foreign = ground.foreign_histologies().filter_map(|(field, _, text)| Some((field, text?)));
    let doubted = ground.histologies().filter_map(|(field, _, text)| Some((field, text.filter(|text| text.contains('?'))?)));
    let told = foreign.chain(doubted);
    let mut told = told.filter(|(field, _)| !is_asked(field));
    let words = &ground.content.answers.histology;
    let is_none = |text: &str| {
        let is_named = || words.cancer.is_said_in(text) == Some(true) || is_solid(text);
        text.contains('?') || words.says_cancer(text) != Some(true) || !is_named()
    };
    let (field, written) = told.find(|(_, text)| is_none(text))?;
    Some(deviation(
        DeviationCode::UnknownAnswer,
        field,
        ("the histology of the cancer", written),
        DeviationEffect::Pends,
        format!(
            "histology `{written}` is not understood as a cancer, and may say that there is no cancer: write the word for the cancer that is treated"
        ),
    ))
}

/// Kinds of solid tumors in ICD-O; those above are of the blood and the lymph nodes, and the codes do not say which.
const SOLID: std::ops::Range<u16> = 8000..9590;

/// True for the code of one, such as `8500/3`.
fn is_solid(text: &str) -> bool {
    let is_code = |word: &str| {
        word.split_once('/').is_some_and(|(kind, behavior)| {
            kind.len() == 4 && kind.parse::<u16>().is_ok_and(|kind| SOLID.contains(&kind)) && behavior == "3"
        })
    };
    text.split(|c: char| !c.is_alphanumeric() && c != '/').any(is_code)
}
