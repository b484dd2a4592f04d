//! An order exactly like a regimen, for a patient who fits it, written as criteria: what is known of it, and nothing else.

use crate::content::lines;
use crate::content::vocabulary::Vocabulary;
use crate::domain::content::{BiomarkerRequirement, Drug, Regimen, RegimenDrug, RequiredResult};
use crate::domain::criteria::{Comparison, Criterion, NumberFact, Partner, ResultTest, WordFact};
use crate::domain::vocabulary::{DoseUnit, LineOfTreatment};

/// What is known of the patient.
pub(super) fn patient(regimen: &Regimen, words: &Vocabulary) -> Vec<Criterion> {
    let mut found =
        vec![word(WordFact::Cancer, vec![regimen.cancer.clone()]), word(WordFact::Diagnosis, regimen.icd10_prefixes.clone())];
    if !regimen.lines.is_empty() {
        found.push(Criterion::Line(regimen.lines.clone()));
    }
    if !regimen.stages.is_empty() {
        found.push(word(WordFact::Stage, regimen.stages.clone()));
    }
    found.extend(regimen.pathology.clone().map(|kind| word(WordFact::Pathology, vec![kind])));
    found.extend(regimen.biomarkers.iter().map(biomarker));
    let others: Vec<String> = words.settings.iter().filter(|setting| !may_be_in(setting, regimen)).cloned().collect();
    found.extend(others.into_iter().map(|setting| Criterion::Not(Box::new(word(WordFact::Setting, vec![setting])))));
    found
}

/// What is known of the order, seen from one of its drugs. Supportive drugs may be added to any order.
pub(super) fn order(regimen: &Regimen, words: &Vocabulary) -> Vec<Criterion> {
    let drugs = || regimen.phases.iter().flat_map(|phase| &phase.drugs);
    let ordered = |drug: &&Drug| {
        let has = |ingredient: &String| drugs().any(|ordered| ordered.ingredients.contains(ingredient));
        drug.ingredients.iter().any(has)
    };
    let absent = words.drugs.all().iter().map(AsRef::as_ref).filter(|drug: &&Drug| !drug.supportive && !ordered(drug));
    let absent: Vec<Partner> = absent.map(|drug| Partner::Generic(drug.generic.clone())).collect();
    let mut found = vec![
        Criterion::RegimenMatched,
        word(WordFact::RegimenFnRisk, vec![regimen.fn_risk.as_str().to_owned()]),
        word(WordFact::RegimenEmetogenicity, vec![regimen.emetogenicity.as_str().to_owned()]),
        Criterion::Not(Box::new(Criterion::With(absent))),
    ];
    let is_treatment = |drug: &RegimenDrug| words.drugs.by_name(&drug.generic).is_some_and(|known| !known.supportive);
    let with_treatment = regimen.phases.iter().filter(|phase| phase.drugs.iter().any(is_treatment));
    let shortest = with_treatment.map(|phase| phase.cycle_length_days).min();
    found.extend(shortest.map(|days| number(NumberFact::CycleLengthDays, f64::from(days))));
    let under_curve = drugs().filter(|drug| drug.generic == "carboplatin" && drug.dose.unit == DoseUnit::Auc);
    found.push(number(NumberFact::CarboplatinAuc, under_curve.map(|drug| drug.dose.amount).fold(0.0, f64::max)));
    found
}

/// `alone`, where the regimen has no other treatment drug than this one.
pub(super) fn company(regimen: &Regimen, generic: &str, words: &Vocabulary) -> Criterion {
    let others = regimen.phases.iter().flat_map(|phase| &phase.drugs).filter(|drug| drug.generic != generic);
    let is_treatment = |drug: &RegimenDrug| words.drugs.by_name(&drug.generic).is_some_and(|known| !known.supportive);
    if others.into_iter().any(is_treatment) { Criterion::Not(Box::new(Criterion::Alone)) } else { Criterion::Alone }
}

fn word(fact: WordFact, any_of: Vec<String>) -> Criterion {
    Criterion::Word { fact, any_of }
}

fn number(fact: NumberFact, value: f64) -> Criterion {
    Criterion::Number { fact, comparison: Comparison::Equal, value }
}

fn biomarker(required: &BiomarkerRequirement) -> Criterion {
    let is = |test| Criterion::Biomarker { marker: required.marker.clone(), test, within: None };
    match &required.required {
        RequiredResult::AnyOf(words) => is(ResultTest::In(words.clone())),
        RequiredResult::NoneOf(words) => Criterion::Not(Box::new(is(ResultTest::In(words.clone())))),
        RequiredResult::AtLeast(score) => is(ResultTest::Compare(Comparison::AtLeast, *score)),
    }
}

/// Whether a patient who fits the regimen may be said to be in a setting: the regimen says so, or the line or stage does.
fn may_be_in(setting: &str, regimen: &Regimen) -> bool {
    let has_stage = |stage: &str| regimen.stages.iter().any(|known| known == stage);
    let has_setting = |is: fn(&str) -> bool| regimen.settings.iter().any(|known| is(known));
    let has_line = |lines: &[LineOfTreatment]| lines.iter().any(|line| regimen.lines.contains(line));
    let is_metastatic =
        has_stage("IV") || has_setting(|known| known.starts_with("metastatic") || known == "recurrent_metastatic");
    regimen.settings.iter().any(|known| known == setting)
        || has_line(lines::of_setting(setting))
        || match setting {
            "metastatic" | "recurrent_metastatic" | "unresectable" | "locally_advanced" => is_metastatic,
            "extensive_stage" => has_stage("extensive"),
            "relapsed" | "recurrent" => {
                has_setting(|known| known.starts_with("relapsed") || known.starts_with("recurrent"))
                    || has_line(lines::of_text("2L+").unwrap_or_default())
            }
            "induction" | "primary" => {
                has_line(&[LineOfTreatment::FirstLine, LineOfTreatment::Definitive, LineOfTreatment::Neoadjuvant])
            }
            _ => false,
        }
}
