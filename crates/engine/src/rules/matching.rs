//! Matches a plan to the evidence-based regimens (REG-01, REG-06, REG-07, REG-13).
//!
//! A regimen is a candidate when the order holds every ingredient it requires and no other treatment ingredient. Of several
//! candidates the submitter's choice is the match, else the one that fits the patient and the schedule best; equal fits go to the
//! Pathway, then to the id. A regimen that is given another way is still that regimen where an order follows one of its forms in
//! everything, the doses of what is other included (SAFE-16).

use super::dose;
use super::fit::{Dimension, fit, fit_truths};
use super::patient::Patient;
use super::plan::PlanLine;
use super::schedule::{self, Difference, compare, day_list};
use crate::domain::content::{self, Content, Form, Regimen, RegimenDose, RegimenDrug, RegimenDrugRole, RegimenPhase};
use crate::domain::order::{Dose, OrderRequest, Phase};
use crate::domain::vocabulary::Truth;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A regimen that the plan matches, and how well.
#[derive(Debug)]
pub struct Match<'a> {
    /// The regimen.
    pub regimen: &'a Arc<Regimen>,
    /// The form of it that the order follows, where it is not as the regimen itself says.
    pub form: Option<&'a Form>,
    /// How the patient fits it.
    pub dimensions: Vec<Dimension>,
    /// How the schedule departs from it.
    pub differences: Vec<Difference>,
    /// Every regimen of the cancer with these drugs on the schedule that departs least: what drugs and schedule do (DEV-06) is theirs,
    /// whoever the patient is.
    pub twins: Vec<&'a Arc<Regimen>>,
    /// True where the cancer type is not entered and the diagnosis can be several: what matched is a guess.
    pub cancer_is_unclear: bool,
}

impl<'a> Match<'a> {
    /// Its phases, in the form that the order follows.
    pub fn phases(&self) -> &'a [RegimenPhase] {
        self.form.map_or(self.regimen.phases.as_slice(), |form| &form.phases)
    }

    /// The ingredients that an order of it must contain.
    pub fn required(&self) -> &'a [String] {
        self.form.map_or(self.regimen.required_ingredients.as_slice(), |form| &form.required_ingredients)
    }

    /// Whether the patient fits the regimen in every dimension.
    pub fn clinical_fit(&self) -> Truth {
        self.dimensions.iter().fold(Truth::Met, |so_far, dimension| so_far.and(dimension.truth))
    }

    /// True where the line is part of the regimen's treatment.
    pub fn contains(&self, line: &PlanLine<'_>) -> bool {
        self.required().iter().any(|required| line.has_ingredient(required))
    }
}

/// Ingredients of an order, told apart by whether only a regimen can make them treatment.
#[derive(Debug)]
pub struct Ingredients<'a> {
    /// Never supportive.
    pub treatment: BTreeSet<&'a str>,
    /// Supportive unless a regimen counts them in, such as leucovorin or dexamethasone.
    pub flexible: BTreeSet<&'a str>,
}

/// The ingredients of a plan; investigational drugs are left out (TRI-02).
pub fn ingredients<'a>(plan: &[PlanLine<'a>]) -> Ingredients<'a> {
    let mut found = Ingredients { treatment: BTreeSet::new(), flexible: BTreeSet::new() };
    for line in plan.iter().filter(|line| !line.is_investigational()) {
        let side = if line.is_supportive_by_content() { &mut found.flexible } else { &mut found.treatment };
        side.extend(line.ingredients());
    }
    found
}

/// The best match, where there is one.
pub fn best<'a>(
    order: &'a OrderRequest,
    plan: &[PlanLine<'a>],
    patient: &Patient<'_>,
    content: &'a Content,
) -> Option<Match<'a>> {
    let treatment = order.treatment.as_ref();
    let chosen = treatment.and_then(|treatment| treatment.regimen_id.as_deref());
    let phases = treatment.map_or(&[][..], |treatment| &treatment.phases);
    let cancer = Cancer::of(patient);
    let found = ingredients(plan);
    let candidates: Vec<Candidate<'a>> = same_drugs(&found, cancer, content)
        .into_iter()
        .filter_map(|regimen| Candidate::of(regimen, &found, phases, plan, patient))
        .collect();
    let fewest = candidates.iter().map(|candidate| candidate.differences.len()).min()?;
    let twins = candidates.iter().filter(|other| other.differences.len() == fewest).map(|other| other.regimen).collect();
    let best = candidates.into_iter().min_by_key(|candidate| candidate.rank(chosen, patient))?;
    Some(Match {
        regimen: best.regimen,
        form: best.form,
        dimensions: fit(best.regimen, patient),
        differences: best.differences,
        twins,
        cancer_is_unclear: matches!(cancer, Cancer::Unclear(_)),
    })
}

/// A regimen with the drugs of the order.
struct Candidate<'a> {
    regimen: &'a Arc<Regimen>,
    form: Option<&'a Form>,
    differences: Vec<Difference>,
}

impl<'a> Candidate<'a> {
    /// The regimen as it is, where that is what is ordered; else one of its forms that the order follows in everything; else as it is,
    /// with what departs.
    fn of(
        regimen: &'a Arc<Regimen>,
        found: &Ingredients<'_>,
        phases: &[Phase],
        plan: &[PlanLine<'_>],
        patient: &Patient<'_>,
    ) -> Option<Self> {
        let itself = has_same_drugs(&regimen.required_ingredients, found)
            .then(|| compare(phases, plan, &regimen.required_ingredients, &regimen.phases));
        let is_itself = itself.as_ref().is_some_and(Vec::is_empty);
        let other_products = other_products(&regimen.phases, plan);
        let changed: Vec<&str> = regimen.forms.iter().flat_map(|form| form.changed.iter().map(String::as_str)).collect();
        if !is_itself || !other_products.is_empty() || !has_doses_of(&regimen.phases, &changed, plan, patient) {
            let follows = |form: &&Form| {
                let own: Vec<&str> = form.changed.iter().map(String::as_str).collect();
                has_same_drugs(&form.required_ingredients, found)
                    && self::other_products(&form.phases, plan).is_empty()
                    && has_doses_of(&form.phases, &own, plan, patient)
                    && schedule::follows(phases, plan, &form.required_ingredients, &form.phases)
            };
            // of several the one that has the doses of whatever any of them changes
            let followed: Vec<&Form> = regimen.forms.iter().filter(follows).collect();
            let best = followed.iter().find(|form| has_doses_of(&form.phases, &changed, plan, patient)).or(followed.first());
            if let Some(form) = best {
                return Some(Self { regimen, form: Some(form), differences: Vec::new() });
            }
        }
        // another product is ordered as a form gives it, or it departs: nothing else compares its dose
        let differences = itself?;
        let unlike = other_products.into_iter().next().filter(|_| differences.is_empty());
        let differences = differences.into_iter().chain(unlike.map(|line| as_no_form(line, plan, regimen))).collect();
        Some(Self { regimen, form: None, differences })
    }

    /// Least is best: the submitter's choice, then the fit, the schedule, what is a regimen by itself, a Pathway.
    fn rank(&self, chosen: Option<&str>, patient: &Patient<'_>) -> (bool, usize, usize, usize, bool, bool, &'a str) {
        let (mut not_met, mut unknown) = (0, 0);
        for truth in fit_truths(self.regimen, patient) {
            not_met += usize::from(truth == Truth::NotMet);
            unknown += usize::from(truth == Truth::Unknown);
        }
        let is_pathway = self.regimen.pathway.as_ref().is_some_and(|pathway| pathway.is_effective(patient.date_of_service));
        let is_form = self.form.is_some();
        (
            chosen != Some(self.regimen.id.as_str()),
            not_met,
            unknown,
            self.differences.len(),
            is_form,
            !is_pathway,
            &self.regimen.id,
        )
    }
}

/// Which cancer's regimens an order is compared with.
#[derive(Debug, Clone, Copy)]
enum Cancer<'a> {
    /// The one entered, or the only one that the diagnosis can be.
    Key(&'a str),
    /// The diagnosis can be several: a match is a guess, and the case pends.
    Unclear(&'a str),
    /// Neither says anything.
    Untold,
}

impl<'a> Cancer<'a> {
    fn of(patient: &Patient<'a>) -> Self {
        match (patient.cancer(), patient.icd10) {
            (Some(key), _) => Cancer::Key(key),
            (None, Some(code)) => {
                let is_of = |cancer: &&Arc<content::Cancer>| cancer.is_meant_by(code);
                let mut possible = patient.content.cancers.iter().filter(is_of);
                match (possible.next(), possible.next()) {
                    (Some(only), None) => Cancer::Key(&only.key),
                    _ => Cancer::Unclear(code),
                }
            }
            (None, None) => Cancer::Untold,
        }
    }

    /// Every cancer whose regimens it may be.
    fn keys(self, content: &Content) -> impl Iterator<Item = &str> {
        content.cancers.iter().map(|known| known.key.as_str()).filter(move |known| match self {
            Cancer::Key(key) => *known == key,
            Cancer::Unclear(_) => true,
            Cancer::Untold => false,
        })
    }

    /// Among the regimens of [`Cancer::keys`].
    fn has(self, regimen: &Regimen) -> bool {
        match self {
            Cancer::Key(_) => true,
            Cancer::Unclear(code) => regimen.icd10_prefixes.iter().any(|prefix| code.starts_with(prefix.as_str())),
            Cancer::Untold => false,
        }
    }
}

/// Regimens of the cancer that hold exactly the drugs of the order, by id.
fn same_drugs<'a>(found: &Ingredients<'_>, cancer: Cancer<'_>, content: &'a Content) -> Vec<&'a Arc<Regimen>> {
    let mut same: Vec<&'a Arc<Regimen>> = Vec::new();
    for key in cancer.keys(content) {
        let with = |ingredient: &&str| content.regimens_with(key, ingredient);
        let mut add = |regimens: &'a [Arc<Regimen>]| {
            same.extend(regimens.iter().filter(|regimen| cancer.has(regimen) && is_of_drugs(regimen, found)));
        };
        // one ingredient that every candidate has; where all are flexible, whichever regimens have any of them
        match found.treatment.iter().map(with).min_by_key(|regimens| regimens.len()) {
            Some(fewest) => add(fewest),
            None => found.flexible.iter().map(with).for_each(add),
        }
    }
    same.sort_by(|left, right| left.id.cmp(&right.id));
    same.dedup_by(|left, right| left.id == right.id);
    same
}

fn is_of_drugs(regimen: &Regimen, found: &Ingredients<'_>) -> bool {
    has_same_drugs(&regimen.required_ingredients, found)
        || regimen.forms.iter().any(|form| has_same_drugs(&form.required_ingredients, found))
}

/// Lines of the regimen's ingredients that are other products than its phases name, such as one under the skin. What only modulates, such
/// as levoleucovorin for leucovorin, is judged by its own bounds.
fn other_products<'p, 'l>(phases: &[RegimenPhase], plan: &'p [PlanLine<'l>]) -> Vec<&'p PlanLine<'l>> {
    let drugs = || treatment(phases).map(|(_, drug)| drug);
    let is_other = |line: &&PlanLine<'_>| {
        let is_of = |drug: &RegimenDrug| drug.role == RegimenDrugRole::Therapeutic && shares_ingredient(drug, line);
        !line.is_investigational() && drugs().any(is_of) && !drugs().any(|drug| drug.generic == line.name())
    };
    plan.iter().filter(is_other).collect()
}

/// What phases give of the ingredients of a line, one after another.
fn in_turn(phases: &[RegimenPhase], line: &PlanLine<'_>) -> String {
    let mut given: Vec<String> = Vec::new();
    for (phase, drug) in treatment(phases).filter(|(_, drug)| shares_ingredient(drug, line)) {
        let dose = Dose { amount: drug.dose.amount, unit: drug.dose.unit };
        let words = format!("{} {dose}, day {} of {}", drug.generic, day_list(&drug.days), phase.cycle_length_days);
        if given.last() != Some(&words) {
            given.push(words);
        }
    }
    given.join(", then ")
}

/// The product is none of the regimen's, or its dose or days are none that stand for the regimen's own.
fn as_no_form(line: &PlanLine<'_>, plan: &[PlanLine<'_>], regimen: &Regimen) -> Difference {
    let has_product = |phases: &&[RegimenPhase]| treatment(phases).any(|(_, drug)| drug.generic == line.name());
    let mut given: Vec<String> = Vec::new();
    let mut add = |phases: &[RegimenPhase]| {
        let words = in_turn(phases, line);
        if !given.contains(&words) {
            given.push(words);
        }
    };
    regimen.forms.iter().map(|form| form.phases.as_slice()).filter(has_product).for_each(&mut add);
    if given.is_empty() {
        given.push(in_turn(&regimen.phases, line));
    }
    let entered = line.ordered.dose.map_or_else(String::new, |dose| dose.to_string());
    // the same words on both sides: what differs is another product of the ingredient in the order
    let is_beside = |other: &&PlanLine<'_>| {
        let shares = || other.ingredients().any(|ingredient| line.has_ingredient(ingredient));
        other.name() != line.name() && !other.is_investigational() && shares()
    };
    let beside = plan.iter().find(is_beside).map_or_else(String::new, |other| format!(", beside {}", other.name()));
    Difference {
        line: line.ordered.line,
        name: line.name().to_owned(),
        field: line.pointer("/dose"),
        expected: given.join(" or "),
        entered: format!(
            "{} {entered}, day {} of {}{beside}",
            line.name(),
            day_list(&line.ordered.days),
            line.phase.cycle_length_days
        ),
        what: "product, dose and days",
        is_beside: false,
    }
}

fn treatment(phases: &[RegimenPhase]) -> impl Iterator<Item = (&RegimenPhase, &RegimenDrug)> {
    let is_part = |drug: &&RegimenDrug| drug.role != RegimenDrugRole::Supportive;
    phases.iter().flat_map(move |phase| phase.drugs.iter().filter(is_part).map(move |drug| (phase, drug)))
}

fn shares_ingredient(drug: &RegimenDrug, line: &PlanLine<'_>) -> bool {
    drug.ingredients.iter().any(|ingredient| line.has_ingredient(ingredient))
}

/// True where what is other in a form has the doses that its phases give, one after another, at their intervals: 200 mg every 6 weeks is
/// no form of a regimen that gives 400 mg.
fn has_doses_of(phases: &[RegimenPhase], changed: &[&str], plan: &[PlanLine<'_>], patient: &Patient<'_>) -> bool {
    let other = || treatment(phases).filter(|(_, drug)| changed.contains(&drug.generic.as_str()));
    let concerned =
        |drug: &RegimenDrug| other().any(|(_, other)| other.ingredients.iter().any(|name| drug.ingredients.contains(name)));
    let entries: Vec<(&RegimenPhase, &RegimenDrug)> = treatment(phases).filter(|(_, drug)| concerned(drug)).collect();
    let mut names: Vec<&str> = entries.iter().map(|(_, drug)| drug.generic.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    names.into_iter().all(|name| {
        let entries: Vec<_> = entries.iter().copied().filter(|(_, drug)| drug.generic == name).collect();
        let lines = plan.iter().filter(|line| !line.is_investigational() && line.name() == name);
        in_step(lines, &entries, |line, (phase, drug)| is_given_as(line, phase, drug, patient))
    })
}

/// True where lines and entries go along with each other from first to last: each line stands for one entry or for several in a row, each
/// entry for one line or for several in a row, and none is passed over.
fn in_step<L, E>(lines: impl Iterator<Item = L>, entries: &[E], fits: impl Fn(&L, &E) -> bool) -> bool {
    // before the first entry, and at each of them: whether the lines so far can have come to here
    let mut reached: Vec<bool> = std::iter::once(true).chain(entries.iter().map(|_| false)).collect();
    for line in lines {
        let mut next = vec![false];
        for (entry, came) in entries.iter().zip(reached.windows(2)) {
            let comes = came.contains(&true) || next.last() == Some(&true);
            next.push(comes && fits(&line, entry));
        }
        reached = next;
    }
    reached.last() == Some(&true)
}

/// True for a line with the product, the interval and the dose of an entry.
fn is_given_as(line: &PlanLine<'_>, phase: &RegimenPhase, drug: &RegimenDrug, patient: &Patient<'_>) -> bool {
    let days = |days: &[u32]| u32::try_from(days.len()).unwrap_or(u32::MAX);
    let as_often = line.phase.cycle_length_days.saturating_mul(days(&drug.days))
        == phase.cycle_length_days.saturating_mul(days(&line.ordered.days));
    let is_dose = |dose: Dose| {
        let mut doses = std::iter::once(drug.dose).chain(drug.loading_dose);
        doses.any(|expected| is_dose_of(dose, expected, line, patient))
    };
    drug.generic == line.name()
        && as_often
        && drug.frequency_per_day == line.ordered.frequency_per_day
        && line.ordered.dose.is_some_and(is_dose)
        && line.ordered.loading_dose.is_none_or(is_dose)
}

/// Within whole vials of it, or reduced as is usual where body measures make the dose. Two doses of one unit need no body measures.
fn is_dose_of(ordered: Dose, expected: RegimenDose, line: &PlanLine<'_>, patient: &Patient<'_>) -> bool {
    let shares = &patient.content.dosing.shares;
    let given = |amount: f64, unit| dose::given(amount, unit, patient, line.product).ok();
    let below = if expected.unit.is_relative() { shares.usual_reduction_percent } else { shares.rounding_percent };
    let percent = if ordered.unit == expected.unit {
        Some(100.0 * ordered.amount / expected.amount)
    } else {
        let both = given(ordered.amount, ordered.unit).zip(given(expected.amount, expected.unit));
        both.and_then(|(ordered, expected)| ordered.percent_of(expected))
    };
    percent.is_some_and(|percent| percent >= 100.0 - below - 1e-9 && percent <= 100.0 + shares.rounding_percent + 1e-9)
}

fn has_same_drugs(required: &[String], found: &Ingredients<'_>) -> bool {
    required
        .iter()
        .all(|ingredient| found.treatment.contains(ingredient.as_str()) || found.flexible.contains(ingredient.as_str()))
        && found.treatment.iter().all(|ingredient| required.iter().any(|wanted| wanted == ingredient))
}

/// For a plan that matches nothing: the regimen of the same cancer that differs least, with what is too much and what is missing.
pub fn nearest<'a>(
    plan: &[PlanLine<'_>],
    patient: &Patient<'_>,
    content: &'a Content,
) -> Option<(&'a Arc<Regimen>, Vec<String>, Vec<String>)> {
    let found = ingredients(plan);
    let cancer = Cancer::of(patient);
    let is_wanted = |regimen: &Regimen, have: &str| regimen.required_ingredients.iter().any(|want| want == have);
    let is_there = |want: &str| found.treatment.contains(want) || found.flexible.contains(want);
    // how many are too much or missing; none where nothing is shared
    let differing = |regimen: &Regimen| {
        let missing = regimen.required_ingredients.iter().filter(|want| !is_there(want)).count();
        let extra = || found.treatment.iter().filter(|have| !is_wanted(regimen, have)).count();
        (missing < regimen.required_ingredients.len()).then(|| extra() + missing)
    };
    let (_, regimen) = cancer
        .keys(content)
        .flat_map(|key| content.regimens_of(key))
        .filter(|regimen| cancer.has(regimen))
        .filter_map(|regimen| Some(((differing(regimen)?, regimen.pathway.is_none(), regimen.id.as_str()), regimen)))
        .min_by_key(|(rank, _)| *rank)?;
    let extra = found.treatment.iter().filter(|have| !is_wanted(regimen, have)).map(|have| (*have).to_owned());
    let missing = regimen.required_ingredients.iter().filter(|want| !is_there(want)).cloned();
    Some((regimen, extra.collect(), missing.collect()))
}
