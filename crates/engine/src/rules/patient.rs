//! The patient as the rules see them: answers brought to one form, and measures worked out from them (VER-07).

use super::answers::{Answered, Days, Place, Standing};
use super::stage::{self, Stage, Status};
use super::tnm;
use crate::domain::content::{Content, PathologyTerm, Program};
use crate::domain::order::{Clinical, OrderRequest};
use crate::domain::roster::MemberRow;
use crate::domain::vocabulary::{FnRiskFactor, LineOfTreatment, Sex, Truth};
use crate::rules::history::History;
use chrono::{Datelike, NaiveDate};
use std::cell::OnceCell;

/// Everything known about the patient, ready to be asked.
#[derive(Debug)]
pub struct Patient<'a> {
    /// The answers as entered.
    pub clinical: &'a Clinical,
    /// Content of the release.
    pub content: &'a Content,
    /// Diagnosis.
    pub icd10: Option<&'a str>,
    /// Coverage on the date of service.
    pub coverage: &'a MemberRow,
    /// Date of service.
    pub date_of_service: NaiveDate,
    /// CMS place of service, where told.
    pub place_of_service: Option<&'a str>,
    /// When a treatment that is already running began, where told (PRG-05).
    pub continued_since: Option<NaiveDate>,
    /// Age in whole years on that day.
    pub age: u32,
    /// Stage group such as `II`, `limited`; none where unknown or not a stage.
    pub stage: Option<&'static str>,
    /// Stage with its subgroup such as `IIB`, where one was told.
    pub substage: Option<String>,
    /// True where the stage was told by a word that says distant metastases.
    pub is_spread: bool,
    /// Biomarkers and assessments as they stand.
    pub answered: Answered<'a>,
    /// ECOG, from either scale.
    pub ecog: Option<u8>,
    /// Disease setting, where told, by the word that content has for it.
    pub setting: Option<&'a str>,
    /// Whether there are distant metastases.
    pub metastatic: Truth,
    /// What came before.
    pub history: History<'a>,
    /// Cap on creatinine clearance, mL/min.
    clearance_cap: f64,
    /// Where the pathology that was entered stands in content, once it was looked up.
    pathology: OnceCell<Option<usize>>,
}

/// A measure that a dose needs and the order lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Measure {
    /// Height.
    Height,
    /// Weight.
    Weight,
    /// Serum creatinine.
    Creatinine,
    /// Sex.
    Sex,
}

impl Measure {
    /// JSON pointer of the item.
    pub const fn pointer(self) -> &'static str {
        match self {
            Self::Height => "/clinical/height_cm",
            Self::Weight => "/clinical/weight_kg",
            Self::Creatinine => "/clinical/serum_creatinine_mg_dl",
            Self::Sex => "/clinical/sex",
        }
    }

    /// Name for people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Height => "height",
            Self::Weight => "weight",
            Self::Creatinine => "serum creatinine",
            Self::Sex => "sex",
        }
    }
}

impl<'a> Patient<'a> {
    /// Brings the answers to one form.
    pub fn new(
        order: &'a OrderRequest,
        coverage: &'a MemberRow,
        days: Days,
        program: &Program,
        content: &'a Content,
        history: History<'a>,
    ) -> Self {
        let clinical = &order.clinical;
        let date_of_service = days.service;
        let told = clinical.stage.known().and_then(|entered| stage::read(entered, content));
        let is_spread = told.as_ref().is_some_and(|told| told.is_spread);
        let (stage, substage) = told.map(|Stage { group, substage, .. }| (group, substage)).unzip();
        let typed = clinical.disease_setting.known();
        let setting = typed.and_then(|typed| content.settings.read(typed, metastatic(clinical, None, stage)));
        Self {
            clinical,
            content,
            icd10: order.diagnosis.as_ref().and_then(|diagnosis| diagnosis.icd10.as_deref()),
            coverage,
            date_of_service,
            place_of_service: order.place_of_service.as_deref(),
            continued_since: order.continuation_of_treatment_started_on,
            age: age_on(coverage.birth_date, date_of_service),
            ecog: clinical.performance_status.known().and_then(|status| content.agreement.ecog(*status)),
            metastatic: metastatic(clinical, setting, stage),
            setting,
            stage,
            answered: Answered::new(clinical, content, days).beside(history.told_answers(), content).remember(
                history.other_cases(),
                content,
                days,
            ),
            history,
            substage,
            is_spread,
            clearance_cap: program.creatinine_clearance_cap,
            pathology: OnceCell::new(),
        }
    }

    /// Whether distant metastases are told: by M, or by a word for the stage that says them.
    pub fn is_m1(&self) -> Option<bool> {
        tnm::is_m1(self.clinical).or(self.is_spread.then_some(true))
    }

    /// The pathology, where a known one was entered.
    pub fn pathology(&self) -> Option<&'a PathologyTerm> {
        let look_up = || self.clinical.pathology.known().and_then(|entered| self.content.pathology_place(entered));
        let place = (*self.pathology.get_or_init(look_up))?;
        self.content.pathologies.get(place).map(AsRef::as_ref)
    }

    /// Line of treatment, where known.
    pub fn line(&self) -> Option<LineOfTreatment> {
        self.clinical.line_of_treatment.known().copied()
    }

    /// Cancer type, where known.
    pub fn cancer(&self) -> Option<&'a str> {
        self.clinical.cancer_type.known().map(String::as_str)
    }

    /// Body surface area in square metres, Mosteller.
    ///
    /// # Errors
    /// The measures that are missing.
    pub fn body_surface(&self) -> Result<f64, Vec<Measure>> {
        match (self.clinical.height_cm.known(), self.clinical.weight_kg.known()) {
            (Some(height), Some(weight)) => Ok((height * weight / 3600.0).sqrt()),
            (None, None) => Err(vec![Measure::Height, Measure::Weight]),
            (None, _) => Err(vec![Measure::Height]),
            (_, None) => Err(vec![Measure::Weight]),
        }
    }

    /// Body mass index, where height and weight are known.
    pub fn body_mass_index(&self) -> Option<f64> {
        let (height, weight) = (self.clinical.height_cm.known()?, self.clinical.weight_kg.known()?);
        Some(weight / (height / 100.0).powi(2))
    }

    /// Weight in kilograms.
    ///
    /// # Errors
    /// The measure that is missing.
    pub fn weight(&self) -> Result<f64, Vec<Measure>> {
        self.clinical.weight_kg.known().copied().ok_or_else(|| vec![Measure::Weight])
    }

    /// Creatinine clearance in mL/min: Cockcroft-Gault, capped.
    ///
    /// # Errors
    /// The measures that are missing.
    pub fn creatinine_clearance(&self) -> Result<f64, Vec<Measure>> {
        let sex = self.clinical.sex.known().copied().or(self.coverage.sex);
        let weight = self.clinical.weight_kg.known();
        let creatinine = self.clinical.serum_creatinine_mg_dl.known();
        if let (Some(sex), Some(weight), Some(creatinine)) = (sex, weight, creatinine) {
            let for_sex = if sex == Sex::Female { 0.85 } else { 1.0 };
            let years_left = (140.0 - f64::from(self.age)).max(0.0);
            return Ok((years_left * weight / (72.0 * creatinine) * for_sex).min(self.clearance_cap));
        }
        let mut missing = Vec::new();
        if weight.is_none() {
            missing.push(Measure::Weight);
        }
        if creatinine.is_none() {
            missing.push(Measure::Creatinine);
        }
        if sex.is_none() {
            missing.push(Measure::Sex);
        }
        Err(missing)
    }

    /// How a biomarker stands, by its name in content; none where nothing was entered that says anything of it.
    pub fn biomarker(&self, name: &str) -> Option<&Standing<'a>> {
        self.answered.biomarker(name)
    }

    /// JSON pointer of a biomarker's entry, or of the list where it has none.
    pub fn biomarker_pointer(&self, name: &str) -> String {
        self.biomarker(name)
            .and_then(|standing| standing.place)
            .map_or_else(|| "/clinical/biomarkers".to_owned(), Place::result_pointer)
    }

    /// How an assessment stands, by its name in content.
    pub fn assessment(&self, name: &str) -> Option<&Standing<'a>> {
        self.answered.assessment(name)
    }

    /// Febrile neutropenia risk factors that the patient has: ticked ones, and those that age, performance status and renal function
    /// say by themselves (DEV-06).
    pub fn fn_risk_factors(&self) -> Vec<FnRiskFactor> {
        FnRiskFactor::ALL.iter().copied().filter(|factor| self.has_fn_risk_factor(*factor) == Truth::Met).collect()
    }

    /// Whether the patient has a risk factor. One that nobody was asked about, and that no answer tells, is unknown.
    pub fn has_fn_risk_factor(&self, factor: FnRiskFactor) -> Truth {
        let ticked: Truth = self.clinical.fn_risk_factors.known().map(|ticked| ticked.contains(&factor)).into();
        let says = self.content.agreement.fn_risk_told;
        let told: Truth = match factor {
            FnRiskFactor::Age65OrOlder => (self.age >= says.age_from).into(),
            FnRiskFactor::PoorPerformanceStatus => self.ecog.map(|ecog| ecog >= says.ecog_from).into(),
            FnRiskFactor::RenalDysfunction => {
                self.creatinine_clearance().ok().map(|clearance| clearance < says.clearance_below).into()
            }
            _ => Truth::NotMet,
        };
        ticked.or(told)
    }
}

/// Whole years between two days.
pub fn age_on(birth: NaiveDate, day: NaiveDate) -> u32 {
    let years = day.year() - birth.year();
    let before_birthday = (day.month(), day.day()) < (birth.month(), birth.day());
    u32::try_from(years - i32::from(before_birthday)).unwrap_or(0)
}

fn metastatic(clinical: &Clinical, setting: Option<&str>, stage: Option<&str>) -> Truth {
    let setting = setting.unwrap_or_default();
    if setting.starts_with("metastatic") || setting == "recurrent_metastatic" {
        return Truth::Met;
    }
    let m = clinical.tnm.known().and_then(|tnm| stage::status(Status::M, tnm.m.known()?)).and_then(|m| m.chars().next());
    match (stage, m) {
        (Some("IV"), _) | (_, Some('1')) => Truth::Met,
        (Some("0" | "I" | "II" | "III"), _) | (_, Some('0')) => Truth::NotMet,
        _ => Truth::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::age_on;
    use chrono::NaiveDate;

    #[test]
    fn age_turns_on_the_birthday() {
        let day = |y, m, d| NaiveDate::from_ymd_opt(y, m, d).unwrap();
        assert_eq!(age_on(day(1961, 12, 1), day(2026, 11, 30)), 64);
        assert_eq!(age_on(day(1961, 12, 1), day(2026, 12, 1)), 65);
        assert_eq!(age_on(day(2000, 2, 29), day(2001, 2, 28)), 0);
    }
}
