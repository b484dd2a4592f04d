//! TNM against the stage group, and both against a setting that says metastatic disease.

use super::{Side, contradiction};
use crate::domain::case::Deviation;
use crate::domain::content::StageRule;
use crate::domain::fold::fold;
use crate::domain::order::Tnm;
use crate::domain::vocabulary::{DeviationCode, DeviationEffect, LineOfTreatment, Truth};
use crate::rules::concern::{Concern, Pends};
use crate::rules::drugs::Shared;
use crate::rules::stage::{self, Status as Kind};
use crate::rules::tnm::{self, Status};
use serde_json::Value;

pub(super) fn concerns(shared: &Shared<'_>, found: &mut Vec<Concern>) {
    not_understood(shared, found);
    found.extend(setting_not_understood(shared));
    found.extend(tnm_and_stage(shared));
    found.extend(setting_and_extent(shared));
}

/// A part of TNM that is not understood may say that the disease has spread.
fn not_understood(shared: &Shared<'_>, found: &mut Vec<Concern>) {
    let Some(tnm) = shared.patient.clinical.tnm.known() else { return };
    for (kind, letter, answer) in [(Kind::T, "t", &tnm.t), (Kind::N, "n", &tnm.n), (Kind::M, "m", &tnm.m)] {
        let Some(entered) = answer.known().filter(|entered| stage::status(kind, entered).is_none()) else { continue };
        let expected = format!("{} such as 1, 1a or 0", letter.to_uppercase());
        let (name, field) = (["tnm ", letter].concat(), ["/clinical/tnm/", letter].concat());
        found.push(unread(&["tnm-", letter].concat(), &name, field, entered, expected, shared));
    }
}

/// A disease setting that is not understood may be another than the one that the treatment is for.
fn setting_not_understood(shared: &Shared<'_>) -> Option<Concern> {
    let (patient, content) = (shared.patient, shared.content);
    let entered = patient.clinical.disease_setting.known().filter(|_| patient.setting.is_none())?;
    let folded = fold(entered);
    let is_line_again = LineOfTreatment::parse(&folded).is_some_and(|line| patient.line() == Some(line));
    if folded.is_empty() || is_line_again || content.answers.no_result.contains_key(folded.as_ref()) {
        return None;
    }
    let expected = "a setting such as metastatic, recurrent, unresectable, metastatic CRPC or biochemical recurrence, or nothing where line \
                    of treatment and stage say it";
    Some(unread(
        "disease-setting",
        "disease setting",
        "/clinical/disease_setting".to_owned(),
        entered,
        expected.to_owned(),
        shared,
    ))
}

fn unread(rule: &str, name: &str, field: String, entered: &str, expected: String, shared: &Shared<'_>) -> Concern {
    Concern {
        rule: ["agreement/", rule].concat(),
        outcome: Truth::Unknown,
        requirements: &["SAFE-01"],
        source: shared.content.agreement.source.clone(),
        facts: [(field.clone(), Value::from(entered))].into(),
        deviation: Deviation {
            code: DeviationCode::UnknownAnswer,
            drug_line: None,
            line: None,
            options: Vec::new(),
            field,
            message: format!("{name} `{entered}` is not understood and counts as unknown: write {expected}"),
            expected,
            entered: entered.to_owned(),
            effect: DeviationEffect::Pends,
        },
        pends: Pends::Managed,
        hold: None,
    }
}

fn tnm_and_stage(shared: &Shared<'_>) -> Option<Concern> {
    let patient = shared.patient;
    let (cancer, stage) = (patient.cancer()?, patient.stage?);
    let tnm = patient.clinical.tnm.known()?;
    let told = Told { t: tnm::told(&tnm.t, Kind::T), n: tnm::told(&tnm.n, Kind::N), m: tnm::is_m1(patient.clinical) };
    let solid = shared.content.cancer(cancer).is_some_and(|known| known.solid);
    let is_of = |rule: &&StageRule| {
        rule.cancers.iter().any(|key| key == cancer || (solid && key == "any_solid"))
            && !rule.except.iter().any(|key| key == cancer)
            && (rule.diagnoses.is_empty()
                || rule.diagnoses.iter().any(|prefix| patient.icd10.is_some_and(|code| code.starts_with(prefix.as_str()))))
    };
    let mut asked = shared.content.agreement.stages.iter().filter(is_of).filter(|rule| told.fits(rule));
    // what M0 says holds without M, too, unless the stage itself is that of distant metastases
    let may_be_m1 = told.m.is_none() && matches!(stage, "IV" | "extensive");
    let broken = asked.find(|rule| !(rule.groups.iter().any(|group| group == stage) || rule.m == Some(false) && may_be_m1))?;
    let first = Side::new("TNM", pointer(broken), in_words(tnm));
    let second = Side::new("stage", "/clinical/stage", patient.clinical.stage.known()?.clone());
    let because = format!(
        "it is stage {} in {}",
        broken.groups.join(" or "),
        shared.content.cancer(cancer).map_or(cancer, |known| known.name.as_str())
    );
    Some(contradiction("tnm-stage", &because, &first, &second, Pends::Managed, shared))
}

/// In a rule's `n`: where N is not told.
const NOT_TOLD: &str = "not_told";

struct Told {
    t: Option<Status>,
    n: Option<Status>,
    m: Option<bool>,
}

impl Told {
    /// True where the rule is about this TNM. A status after treatment says nothing about the stage before it.
    fn fits(&self, rule: &StageRule) -> bool {
        let fits = |told: &Option<Status>, named: &[String]| {
            named.is_empty() || told.as_ref().is_some_and(|told| !told.is_later && named.iter().any(|named| told.is(named)))
        };
        let is_untold = |told: &Option<Status>| told.as_ref().is_none_or(|told| told.value == "x");
        let n = fits(&self.n, &rule.n) || (is_untold(&self.n) && rule.n.iter().any(|named| named == NOT_TOLD));
        // M alone is asked only where it is told
        let needs_m = rule.t.is_empty() && rule.n.is_empty();
        let m = rule.m.is_none_or(|m| self.m == Some(m) || (!m && !needs_m && self.m.is_none()));
        fits(&self.t, &rule.t) && n && m
    }
}

/// Where the TNM that a rule asks for stands.
const fn pointer(rule: &StageRule) -> &'static str {
    if rule.t.is_empty() && rule.n.is_empty() { "/clinical/tnm/m" } else { "/clinical/tnm" }
}

fn in_words(tnm: &Tnm) -> String {
    let part = |letter: &str, told: Option<&String>| {
        told.map(|told| if told.starts_with(|c: char| c.is_ascii_digit()) { [letter, told].concat() } else { told.clone() })
    };
    [part("T", tnm.t.known()), part("N", tnm.n.known()), part("M", tnm.m.known())]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" ")
}

/// A setting that says metastases, against M0, or against an early stage where nothing says that the disease came back since.
fn setting_and_extent(shared: &Shared<'_>) -> Option<Concern> {
    let patient = shared.patient;
    patient.setting.filter(|setting| setting.starts_with("metastatic"))?;
    let setting = patient.clinical.disease_setting.known()?;
    let second = Side::new("disease setting", "/clinical/disease_setting", setting.clone());
    let told_before = patient.clinical.prior_therapies.known().is_none_or(|list| !list.is_empty());
    let came_back = told_before || patient.line().is_some_and(is_later);
    let concern =
        |first: &Side, because: &str| Some(contradiction("setting-extent", because, first, &second, Pends::Managed, shared));
    if tnm::is_m1(patient.clinical) == Some(false) && !came_back {
        let m = patient.clinical.tnm.known().and_then(|tnm| tnm.m.known()).cloned().unwrap_or_default();
        return concern(&Side::new("M status", "/clinical/tnm/m", m), "M0 says that there are no metastases");
    }
    let stage = patient.stage.filter(|stage| matches!(*stage, "0" | "I" | "II" | "III"))?;
    let by_regimen = shared.matched.is_some_and(|matched| matched.regimen.stages.iter().any(|known| known == stage));
    if came_back || by_regimen || tnm::is_m1(patient.clinical) == Some(true) {
        return None;
    }
    let entered = patient.clinical.stage.known().cloned().unwrap_or_default();
    concern(
        &Side::new("stage", "/clinical/stage", entered),
        "this stage has no metastases, and no earlier treatment says that the disease came back",
    )
}

const fn is_later(line: LineOfTreatment) -> bool {
    matches!(
        line,
        LineOfTreatment::SecondLine | LineOfTreatment::ThirdLine | LineOfTreatment::ThirdLinePlus | LineOfTreatment::Maintenance
    )
}
