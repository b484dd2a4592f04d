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
use super::schedule::{self, Departure, Difference, Extent, Lines, Ordered};
use crate::domain::canonical::IngredientId;
use crate::domain::content::{
    self, Content, Form, Regimen, RegimenDose, RegimenDrug, RegimenDrugRole, RegimenPhase, RegimenWays, Way,
};
use crate::domain::order::{Dose, OrderRequest, Phase};
use crate::domain::text::day_list;
use crate::domain::vocabulary::Truth;
use std::sync::Arc;

/// A regimen that the plan matches, and how well.
#[derive(Debug)]
pub struct Match<'a> {
    /// The regimen.
    pub regimen: &'a Arc<Regimen>,
    /// The form of it that the order follows, where it is not as the regimen itself says.
    pub form: Option<&'a Form>,
    /// How the patient fits it.
    pub dimensions: Vec<Dimension<'a>>,
    /// How the schedule departs from it.
    pub differences: Vec<Difference>,
    /// Every regimen of the cancer with these drugs on the schedule that departs least: what drugs and schedule do (DEV-06) is theirs,
    /// whoever the patient is.
    pub twins: Vec<&'a Arc<Regimen>>,
    /// True where it is what is left of a regimen that the order goes on with: what the whole of it does is not told by it (DEV-06).
    pub is_remainder: bool,
    /// True where the cancer type is not entered and the diagnosis can be several: what matched is a guess.
    pub cancer_is_unclear: bool,
    /// Drugs that have a ceiling, with the first that its phases name.
    maxima: Vec<(&'a str, f64)>,
}

impl<'a> Match<'a> {
    /// The ceiling of a drug's dose, where it has one.
    pub fn maximum(&self, generic: &str) -> Option<f64> {
        self.maxima.iter().find(|(drug, _)| *drug == generic).map(|(_, most)| *most)
    }

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

/// Ingredients of an order, told apart by whether only a regimen can make them treatment; each once, in the order of their names.
#[derive(Debug)]
pub struct Ingredients<'a> {
    /// Never supportive.
    pub treatment: Vec<&'a str>,
    /// Supportive unless a regimen counts them in, such as leucovorin or dexamethasone.
    pub flexible: Vec<&'a str>,
}

/// The ingredients of a plan; investigational drugs are left out (TRI-02).
pub fn ingredients<'a>(plan: &[PlanLine<'a>]) -> Ingredients<'a> {
    let mut found = Ingredients { treatment: Vec::with_capacity(plan.len()), flexible: Vec::with_capacity(plan.len()) };
    for line in plan.iter().filter(|line| !line.is_investigational()) {
        let side = if line.is_supportive_by_content() { &mut found.flexible } else { &mut found.treatment };
        side.extend(line.ingredients());
    }
    for side in [&mut found.treatment, &mut found.flexible] {
        side.sort_unstable();
        side.dedup();
    }
    found
}

/// The same in the numbers of content's regimens.
struct Drugs {
    treatment: Vec<IngredientId>,
    flexible: Vec<IngredientId>,
    /// True where a treatment drug is in no regimen at all.
    has_stranger: bool,
}

impl Drugs {
    fn of(found: &Ingredients<'_>, content: &Content) -> Self {
        let known = |names: &[&str]| -> Vec<IngredientId> { names.iter().filter_map(|name| content.ingredient(name)).collect() };
        let treatment = known(&found.treatment);
        Self { has_stranger: treatment.len() < found.treatment.len(), treatment, flexible: known(&found.flexible) }
    }

    /// True where a way holds all treatment of the order that is in any regimen, and nothing that the order lacks.
    fn are_of(&self, way: &Way) -> bool {
        let is_there = |ingredient: &IngredientId| self.treatment.contains(ingredient) || self.flexible.contains(ingredient);
        self.treatment.len() <= way.required.len()
            && way.required.iter().all(is_there)
            && self.treatment.iter().all(|ingredient| way.required.contains(ingredient))
    }
}

/// What candidates are compared with.
struct Compared<'p, 'a> {
    lines: Lines<'p, 'a>,
    patient: &'p Patient<'p>,
    drugs: Drugs,
    /// The order's phases with all its drugs.
    whole: Ordered,
    /// The same with the drugs that only some candidates count in.
    parts: Vec<(Vec<IngredientId>, Ordered)>,
}

impl<'p, 'a> Compared<'p, 'a> {
    /// The order's phases with the drugs of a way.
    fn ordered(&mut self, way: &Way) -> &Ordered {
        let Drugs { treatment, flexible, .. } = &self.drugs;
        let counted = |all: &[IngredientId]| all.iter().all(|ingredient| way.required.contains(ingredient));
        if counted(treatment) && counted(flexible) {
            return &self.whole;
        }
        // what the order lacks of the way is not in its phases either
        let known = self.parts.iter().position(|(ingredients, _)| *ingredients == way.required);
        let at = known.unwrap_or_else(|| {
            self.parts.push((way.required.clone(), self.whole.only(&way.required)));
            self.parts.len() - 1
        });
        self.parts.get(at).map_or(&self.whole, |(_, ordered)| ordered)
    }

    fn follows(&mut self, way: &Way, extent: Extent) -> bool {
        let lines = self.lines;
        schedule::follows(self.ordered(way), way, lines, extent)
    }

    fn departures(&mut self, way: &Way) -> Vec<Departure<'p, 'a>> {
        let lines = self.lines;
        schedule::departures(self.ordered(way), way, lines, Extent::Whole)
    }

    /// What departs of a candidate's schedule.
    fn departures_of(&mut self, candidate: &Candidate<'_, '_>) -> Vec<Departure<'p, 'a>> {
        if candidate.differences().is_some() { Vec::new() } else { self.departures(&candidate.ways.itself) }
    }
}

/// The best match, where there is one.
pub fn best<'a>(
    order: &'a OrderRequest,
    plan: &[PlanLine<'a>],
    patient: &Patient<'a>,
    content: &'a Content,
) -> Option<Match<'a>> {
    let treatment = order.treatment.as_ref();
    let chosen = treatment.and_then(|treatment| treatment.regimen_id.as_deref());
    let phases: &[Phase] = treatment.map_or(&[], |treatment| &treatment.phases);
    let cancer = Cancer::of(patient);
    let drugs = Drugs::of(&ingredients(plan), content);
    let same = same_drugs(&drugs, cancer, content);
    let continued = if drugs.has_stranger { None } else { continued(chosen, cancer, patient, content) };
    if same.is_empty() && continued.is_none() {
        return None;
    }
    let whole = Ordered::of(phases, plan, content);
    let mut compared = Compared { lines: Lines { plan, content }, patient, drugs, whole, parts: Vec::new() };
    let candidates: Vec<Candidate<'_, 'a>> =
        same.into_iter().filter_map(|regimen| Candidate::of(regimen, &mut compared)).collect();
    // how much others depart is asked only where nothing follows in everything
    let mut differences = |of: &Candidate<'_, 'a>, one_follows: bool| match of.differences() {
        Some(known) => known,
        None if one_follows => usize::MAX,
        None => compared.departures(&of.ways.itself).len(),
    };
    let one_follows = candidates.iter().any(Candidate::follows);
    let departs: Vec<(usize, Extent)> =
        candidates.iter().map(|candidate| (differences(candidate, one_follows), candidate.extent)).collect();
    let fewest = departs.iter().copied().min();
    let as_near = candidates.iter().zip(&departs).filter(|(_, departs)| Some(**departs) == fewest);
    let twins = as_near.map(|(candidate, _)| &candidate.ways.regimen).collect();
    let fits: Vec<_> = candidates.iter().map(|candidate| candidate.fit(chosen, patient)).collect();
    let best_fit = fits.iter().min();
    let fitting = || candidates.iter().zip(&fits).filter(|(_, fit)| Some(*fit) == best_fit).map(|(candidate, _)| candidate);
    let one_follows = fitting().any(Candidate::follows);
    let best = fitting().min_by_key(|candidate| candidate.rank(differences(candidate, one_follows), patient));
    // what goes on with a regimen is that regimen, whichever other has the same drugs
    let left = continued.filter(|ways| !best.is_some_and(|best| best.follows() && best.ways.regimen.id == ways.regimen.id));
    let left = left.and_then(|ways| Candidate::left_of(ways, &mut compared));
    let best = left.as_ref().or(best)?;
    let differences = best.in_words(&compared.departures_of(best), plan);
    let drugs = best.form.map_or(&best.ways.regimen.phases, |form| &form.phases).iter().flat_map(|phase| &phase.drugs);
    Some(Match {
        maxima: drugs.filter_map(|drug| Some((drug.generic.as_str(), drug.maximum_dose?))).collect(),
        regimen: &best.ways.regimen,
        form: best.form,
        dimensions: fit(&best.ways.regimen, patient),
        differences,
        twins,
        is_remainder: left.is_some(),
        cancer_is_unclear: matches!(cancer, Cancer::Unclear(_)),
    })
}

/// The regimen of the case that the order goes on with, unless another one is chosen.
fn continued<'a>(
    chosen: Option<&str>,
    cancer: Cancer<'_>,
    patient: &Patient<'_>,
    content: &'a Content,
) -> Option<&'a RegimenWays> {
    let Cancer::Key(key) = cancer else { return None };
    let id = patient.history.continued_regimen(patient)?;
    let ways = content.ways_of(key).iter().find(|ways| ways.regimen.id == id)?;
    chosen.is_none_or(|chosen| chosen == id).then_some(ways.as_ref())
}

/// A regimen with the drugs of the order.
struct Candidate<'p, 'a> {
    ways: &'a RegimenWays,
    form: Option<&'a Form>,
    /// How much of the regimen's own schedule is given, where that is what is ordered.
    own: Option<Extent>,
    extent: Extent,
    /// A line with another product, where the schedule is the regimen's own.
    unlike: Option<&'p PlanLine<'a>>,
}

impl<'p, 'a> Candidate<'p, 'a> {
    /// The regimen as it is, where that is what is ordered; else one of its forms that the order follows in everything; else the beginning
    /// of either; else as it is, with what departs.
    fn of(ways: &'a RegimenWays, compared: &mut Compared<'p, 'a>) -> Option<Self> {
        let (plan, patient) = (compared.lines.plan, compared.patient);
        let RegimenWays { regimen, itself, changed, .. } = ways;
        let is_of_drugs = compared.drugs.are_of(itself);
        let other_product = other_product(&regimen.phases, plan);
        let mut own = None;
        for extent in [Extent::Whole, Extent::Beginning] {
            if own.is_none() && is_of_drugs && compared.follows(itself, extent) {
                own = Some(extent);
            }
            let has_doses = || has_doses_of(&regimen.phases, changed, plan, patient, extent);
            if own.is_some() && other_product.is_none() && has_doses() {
                return Some(Self { ways, form: None, own, extent, unlike: None });
            }
            let forms = ways.forms().filter(|(form, _)| !gives_more_of_left_out(form, regimen, plan));
            if let Some(form) = form_followed(forms, changed, compared, extent) {
                return Some(Self { ways, form: Some(form), own: None, extent, unlike: None });
            }
        }
        // another product is ordered as a form gives it, or it departs: nothing else compares its dose
        let unlike = other_product.filter(|_| own.is_some());
        is_of_drugs.then(|| Self { ways, form: None, own, extent: own.unwrap_or(Extent::Whole), unlike })
    }

    /// What is left of a regimen that the order goes on with, where that is what is ordered.
    fn left_of(ways: &'a RegimenWays, compared: &mut Compared<'p, 'a>) -> Option<Self> {
        let of = |extent, compared: &mut Compared<'p, 'a>| {
            let endings = ways.endings.iter().map(|(form, way)| (form, way));
            let form = form_followed(endings, &ways.changed, compared, extent)?;
            Some(Self { ways, form: Some(form), own: None, extent, unlike: None })
        };
        of(Extent::Whole, compared).or_else(|| of(Extent::Beginning, compared))
    }

    /// True where nothing departs.
    fn follows(&self) -> bool {
        self.differences() == Some(0)
    }

    /// In how much it departs; none where the schedule has to be asked.
    fn differences(&self) -> Option<usize> {
        (self.own.is_some() || self.form.is_some()).then(|| usize::from(self.unlike.is_some()))
    }

    fn in_words(&self, departures: &[Departure<'_, '_>], plan: &[PlanLine<'_>]) -> Vec<Difference> {
        let departures = departures.iter().map(Departure::in_words);
        departures.chain(self.unlike.map(|line| as_no_form(line, plan, &self.ways.regimen))).collect()
    }

    /// Least is best: the submitter's choice, then the fit.
    fn fit(&self, chosen: Option<&str>, patient: &Patient<'_>) -> (bool, usize, usize) {
        let (mut not_met, mut unknown) = (0, 0);
        for truth in fit_truths(&self.ways.regimen, patient) {
            not_met += usize::from(truth == Truth::NotMet);
            unknown += usize::from(truth == Truth::Unknown);
        }
        (chosen != Some(self.ways.regimen.id.as_str()), not_met, unknown)
    }

    /// Of those that fit as well, least is best: the schedule, the whole of it, what is a regimen by itself, a Pathway.
    fn rank(&self, differences: usize, patient: &Patient<'_>) -> (usize, Extent, bool, bool, &'a str) {
        let regimen = &self.ways.regimen;
        let is_pathway = regimen.pathway.as_ref().is_some_and(|pathway| pathway.is_effective(patient.date_of_service));
        (differences, self.extent, self.form.is_some(), !is_pathway, &regimen.id)
    }
}

/// True where a form leaves out a drug that the order has, on more days of its cycle than the regimen: that is no way of leaving it out.
fn gives_more_of_left_out(form: &Form, regimen: &Regimen, plan: &[PlanLine<'_>]) -> bool {
    let drugs = || treatment(&regimen.phases);
    let is_left_out = |line: &PlanLine<'_>| {
        drugs().any(|(_, drug)| drug.generic == line.name())
            && !treatment(&form.phases).any(|(_, drug)| drug.generic == line.name())
    };
    let is_more = |line: &&PlanLine<'_>| {
        let own = line.ordered.days.len() * MORE_DAYS.1;
        drugs().filter(|(_, drug)| drug.generic == line.name()).all(|(_, drug)| own > drug.days.len() * MORE_DAYS.0)
    };
    plan.iter().filter(|line| !line.is_investigational() && is_left_out(line)).any(|line| is_more(&line))
}

/// More days than three for every two.
const MORE_DAYS: (usize, usize) = (3, 2);

/// Of several forms that an order follows, the one that has the doses of whatever any of them changes.
fn form_followed<'p, 'a>(
    forms: impl Iterator<Item = (&'a Form, &'a Way)>,
    changed: &[String],
    compared: &mut Compared<'p, 'a>,
    extent: Extent,
) -> Option<&'a Form> {
    let (plan, patient) = (compared.lines.plan, compared.patient);
    let mut first: Option<&'a Form> = None;
    for (form, way) in forms {
        let follows = compared.drugs.are_of(way)
            && compared.follows(way, extent)
            && other_product(&form.phases, plan).is_none()
            && has_doses_of(&form.phases, &form.changed, plan, patient, extent);
        if follows && has_doses_of(&form.phases, changed, plan, patient, extent) {
            return Some(form);
        }
        first = first.or_else(|| follows.then_some(form));
    }
    first
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
fn same_drugs<'a>(drugs: &Drugs, cancer: Cancer<'_>, content: &'a Content) -> Vec<&'a RegimenWays> {
    let mut same: Vec<&'a RegimenWays> = Vec::new();
    if drugs.has_stranger {
        return same;
    }
    let is_of_drugs = |ways: &RegimenWays| drugs.are_of(&ways.itself) || ways.forms.iter().any(|form| drugs.are_of(form));
    for key in cancer.keys(content) {
        let with = |ingredient: &IngredientId| content.regimens_with(key, *ingredient);
        let mut add = |regimens: &'a [Arc<RegimenWays>]| {
            let known = regimens.iter().map(AsRef::as_ref);
            same.extend(known.filter(|ways| cancer.has(&ways.regimen) && is_of_drugs(ways)));
        };
        // one ingredient that every candidate has; where all are flexible, whichever regimens have any of them
        match drugs.treatment.iter().map(with).min_by_key(|regimens| regimens.len()) {
            Some(fewest) => add(fewest),
            None => drugs.flexible.iter().map(with).for_each(add),
        }
    }
    same.sort_by(|left, right| left.regimen.id.cmp(&right.regimen.id));
    same.dedup_by(|left, right| left.regimen.id == right.regimen.id);
    same
}

/// A line of the regimen's ingredients that is another product than its phases name, such as one under the skin. What only modulates, such
/// as levoleucovorin for leucovorin, is judged by its own bounds.
fn other_product<'p, 'l>(phases: &[RegimenPhase], plan: &'p [PlanLine<'l>]) -> Option<&'p PlanLine<'l>> {
    let drugs = || treatment(phases).map(|(_, drug)| drug);
    let is_other = |line: &&PlanLine<'_>| {
        let is_of = |drug: &RegimenDrug| drug.role == RegimenDrugRole::Therapeutic && shares_ingredient(drug, line);
        !line.is_investigational() && !drugs().any(|drug| drug.generic == line.name()) && drugs().any(is_of)
    };
    plan.iter().find(is_other)
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
fn has_doses_of(
    phases: &[RegimenPhase],
    changed: &[String],
    plan: &[PlanLine<'_>],
    patient: &Patient<'_>,
    extent: Extent,
) -> bool {
    if changed.is_empty() {
        return true;
    }
    let other = || treatment(phases).filter(|(_, drug)| changed.contains(&drug.generic));
    let concerned =
        |drug: &RegimenDrug| other().any(|(_, other)| other.ingredients.iter().any(|name| drug.ingredients.contains(name)));
    let has_doses = |(place, (_, drug)): (usize, (&RegimenPhase, &RegimenDrug))| {
        let is_named_before = || treatment(phases).take(place).any(|(_, earlier)| earlier.generic == drug.generic);
        if !concerned(drug) || is_named_before() {
            return true;
        }
        // of one phase in the order of their days: the order in which they are written says nothing
        let place = |phase: &RegimenPhase| phases.iter().position(|known| std::ptr::eq(known, phase));
        let mut entries: Vec<_> = treatment(phases).filter(|(_, other)| other.generic == drug.generic).collect();
        entries.sort_by(|(one_phase, one), (other_phase, other)| {
            let by_days = place(one_phase).cmp(&place(other_phase)).then_with(|| one.days.cmp(&other.days));
            by_days.then_with(|| one.dose.amount.total_cmp(&other.dose.amount))
        });
        let amount = |line: &PlanLine<'_>| line.ordered.dose.map_or(0.0, |dose| dose.amount);
        let mut lines: Vec<&PlanLine<'_>> =
            plan.iter().filter(|line| !line.is_investigational() && line.name() == drug.generic).collect();
        lines.sort_by(|one, other| {
            let by_days = one.phase_index.cmp(&other.phase_index).then_with(|| one.ordered.days.cmp(&other.ordered.days));
            by_days.then_with(|| amount(one).total_cmp(&amount(other)))
        });
        let fits = |line: &&PlanLine<'_>, (phase, drug): &(&RegimenPhase, &RegimenDrug)| is_given_as(line, phase, drug, patient);
        in_step(lines.into_iter(), &entries, extent, fits, |(one, _), (other, _)| std::ptr::eq(*one, *other))
    };
    treatment(phases).enumerate().all(has_doses)
}

/// True where lines and entries go along with each other from first to last: each line stands for one entry or for several in a row, each
/// entry for one line or for several in a row, and none is passed over; of a beginning the last ones may be missing. Entries that are
/// repeated together, as those of one phase are, may begin anew.
fn in_step<L, E>(
    lines: impl Iterator<Item = L>,
    entries: &[E],
    extent: Extent,
    fits: impl Fn(&L, &E) -> bool,
    repeat: impl Fn(&E, &E) -> bool,
) -> bool {
    // before the first entry, and at each of them: whether the lines so far can have come to here
    let mut reached: Vec<bool> = std::iter::once(true).chain(entries.iter().map(|_| false)).collect();
    for line in lines {
        let mut next = vec![false];
        for (place, (entry, came)) in entries.iter().zip(reached.windows(2)).enumerate() {
            let is_reached = |later: usize| reached.get(later + 1) == Some(&true);
            let anew = entries.iter().enumerate().skip(place + 1).any(|(later, other)| is_reached(later) && repeat(entry, other));
            let comes = came.contains(&true) || next.last() == Some(&true) || anew;
            next.push(comes && fits(&line, entry));
        }
        reached = next;
    }
    match extent {
        Extent::Whole => reached.last() == Some(&true),
        Extent::Beginning => reached.iter().skip(1).any(|reached| *reached),
    }
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

/// For a plan that matches nothing: the regimen of the same cancer that differs least.
#[derive(Debug)]
pub struct Nearest<'a> {
    /// The regimen.
    pub regimen: &'a Regimen,
    /// Ingredients of the plan that it does not have.
    pub extra: Vec<String>,
    /// Ingredients of it that the plan does not have.
    pub missing: Vec<String>,
}

/// The regimen that comes nearest; none where no regimen of the cancer shares a drug with the plan.
pub fn nearest<'a>(plan: &[PlanLine<'_>], patient: &Patient<'_>, content: &'a Content) -> Option<Nearest<'a>> {
    let found = ingredients(plan);
    let drugs = Drugs::of(&found, content);
    let cancer = Cancer::of(patient);
    let is_there = |want: &IngredientId| drugs.treatment.contains(want) || drugs.flexible.contains(want);
    let strangers = found.treatment.len() - drugs.treatment.len();
    // how many are too much or missing; none where nothing is shared
    let differing = |ways: &RegimenWays| {
        let required = &ways.itself.required;
        let missing = required.iter().filter(|want| !is_there(want)).count();
        let extra = || drugs.treatment.iter().filter(|have| !required.contains(have)).count();
        (missing < required.len()).then(|| strangers + extra() + missing)
    };
    let (_, regimen) = cancer
        .keys(content)
        .flat_map(|key| content.ways_of(key))
        .filter(|ways| cancer.has(&ways.regimen))
        .filter_map(|ways| {
            let regimen = ways.regimen.as_ref();
            Some(((differing(ways)?, regimen.pathway.is_none(), regimen.id.as_str()), regimen))
        })
        .min_by_key(|(rank, _)| *rank)?;
    let is_wanted = |have: &str| regimen.required_ingredients.iter().any(|want| want == have);
    let is_ordered = |want: &str| found.treatment.contains(&want) || found.flexible.contains(&want);
    let extra = found.treatment.iter().filter(|have| !is_wanted(have)).map(|have| (*have).to_owned());
    let missing = regimen.required_ingredients.iter().filter(|want| !is_ordered(want)).cloned();
    Some(Nearest { regimen, extra: extra.collect(), missing: missing.collect() })
}
