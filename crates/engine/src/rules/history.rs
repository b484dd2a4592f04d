//! What came before this order: earlier treatments as the practice tells them, and the member's cases on file (SAFE-04, SAFE-12, SAFE-15).
//! What is not understood is unknown, never "no". A case on file says that a drug may have been given, not that it was.

mod again;
mod concerns;
mod heard;
mod lines;
mod run;

pub use concerns::concerns;
pub use lines::{Count, Disagreement};
pub use run::{Run, ToldOf, at_pace};

use super::answers::{Days, Standing};
use super::facts::{Facts, RelatedCase, RelatedDrug};
use super::patient::Patient;
use super::plan::PlanLine;
use crate::domain::answer::Answer;
use crate::domain::content::{Content, CourseState, Outcome, Therapy, ToldAnswer, is_partner};
use crate::domain::criteria::{Partner, PriorEnd};
use crate::domain::order::{Continues, PriorTherapy};
use crate::domain::order_id::{Numbered, ReadableId};
use crate::domain::vocabulary::{LineOfTreatment, Response, Service, Toxicity, Truth};
use chrono::NaiveDate;
use std::cell::LazyCell;

/// What came before.
#[derive(Debug, Default)]
pub struct History<'a> {
    /// Earlier treatments; none where they are not told.
    told: Option<Vec<Earlier<'a>>>,
    /// Earlier treatments that other cases told of and that ended in a reaction or toxicity, or may have, and that this order does not tell.
    remembered: Vec<(Earlier<'a>, &'a RelatedCase)>,
    /// Every other case of this member.
    all_cases: &'a [RelatedCase],
    /// Approved cases of this member that began before the date of service.
    cases: Vec<&'a RelatedCase>,
    /// The order that this one goes on with, and its case.
    continues: Option<(&'a Continues, Option<&'a RelatedCase>)>,
    /// True where the order says that its treatment is already running.
    runs_already: bool,
    /// The line of treatment of the order.
    line: Option<LineOfTreatment>,
    received_on: NaiveDate,
    date_of_service: NaiveDate,
}

/// One earlier treatment.
#[derive(Debug)]
struct Earlier<'a> {
    index: usize,
    told: &'a PriorTherapy,
    /// What was given; none where the name is not known.
    given: Option<Vec<&'a Therapy>>,
    outcome: Told<'a>,
    /// Whether it was stopped for its toxicity; unknown where nobody told how it ended.
    toxicity: Truth,
    /// Whether the patient reacted severely to it, likewise.
    reaction: Truth,
    /// True where words of its outcome tell of a severe reaction, if only with doubt.
    tells_of_reaction: bool,
    /// Answers that its outcome gives.
    tells: Vec<&'a ToldAnswer>,
}

/// What an outcome says.
#[derive(Debug, Clone, Copy)]
enum Told<'a> {
    /// Nobody told it.
    Not,
    /// It is a word that content does not know.
    NotUnderstood,
    /// This.
    As(&'a Outcome),
}

impl Earlier<'_> {
    fn course(&self) -> Option<CourseState> {
        match self.outcome {
            Told::As(outcome) => Some(outcome.course),
            _ => None,
        }
    }

    /// A word for the outcome that nobody understands may say that it was never begun, and what is told with doubt may not have been.
    const fn was_given(&self) -> Truth {
        match self.outcome {
            Told::NotUnderstood => Truth::Unknown,
            Told::As(outcome) if outcome.doubt => Truth::Unknown,
            Told::Not if matches!(self.told.outcome, Answer::Unknown) => Truth::Unknown,
            _ => Truth::Met,
        }
    }

    fn is_ongoing(&self) -> bool {
        self.course() == Some(CourseState::Ongoing)
    }

    /// True where its name or its outcome is not understood.
    const fn is_foreign(&self) -> bool {
        self.given.is_none() || matches!(self.outcome, Told::NotUnderstood)
    }

    fn says_none(&self) -> bool {
        self.given.as_ref().is_some_and(|given| given.iter().all(|therapy| therapy.none))
    }

    /// Whether any of these drugs was given.
    fn held(&self, partners: &[Partner], content: &Content) -> Truth {
        let Some(given) = &self.given else { return Truth::Unknown };
        let pairs = given.iter().flat_map(|therapy| partners.iter().map(move |partner| (therapy, partner)));
        let held = pairs.fold(Truth::NotMet, |so_far, (therapy, partner)| so_far.or(therapy.held(partner, &content.drugs)));
        held.and(self.was_given())
    }
}

/// True where a drug on file is, or counts as, a partner.
fn is_drug(drug: &RelatedDrug, partner: &Partner, content: &Content) -> bool {
    match content.drugs.by_name(&drug.generic) {
        Some(known) => is_partner(known, partner),
        None => matches!(partner, Partner::Generic(generic) if *generic == drug.generic),
    }
}

/// The ingredients of a line, each as a partner.
pub fn partners_of(line: &PlanLine<'_>) -> Vec<Partner> {
    line.ingredients().map(|ingredient| Partner::Generic(ingredient.to_owned())).collect()
}

/// The case behind an Order ID as typed.
pub fn case_of<'a>(typed: &str, cases: &'a [RelatedCase]) -> Option<&'a RelatedCase> {
    let id = ReadableId::parse(Numbered::Order, typed)?;
    cases.iter().find(|case| !case.is_void() && case.order_id.as_deref() == Some(id.as_str()))
}

impl<'a> History<'a> {
    /// Reads what the order tells and what is on file.
    pub fn new(facts: &'a Facts<'_>, days: Days, content: &'a Content) -> Self {
        let order = facts.order;
        let cases = &facts.related_cases;
        let told = order.clinical.prior_therapies.known().map(|list| read(list, content));
        Self {
            remembered: heard::remembered(cases, told.as_deref(), content),
            told,
            all_cases: cases,
            cases: cases
                .iter()
                .filter(|case| case.service == Service::MedicalOncology && case.is_approved() && case.valid_from < days.service)
                .collect(),
            continues: order
                .treatment
                .as_ref()
                .and_then(|treatment| treatment.continues.as_ref())
                .map(|continues| (continues, case_of(&continues.order_id, cases))),
            runs_already: order.continuation_of_treatment_started_on.is_some(),
            line: order.clinical.line_of_treatment.known().copied(),
            received_on: days.received,
            date_of_service: days.service,
        }
    }

    /// True for treatment of another line where maintenance with the drug is a course of its own.
    pub fn is_before_own_maintenance(&self, line: Option<LineOfTreatment>, partners: &[Partner], content: &Content) -> bool {
        let is_own =
            |partner: &Partner| matches!(partner, Partner::Generic(generic) if content.limits.has_own_maintenance(generic));
        self.line == Some(LineOfTreatment::Maintenance)
            && line.is_some_and(|line| line != LineOfTreatment::Maintenance)
            && partners.iter().any(is_own)
    }

    /// True where the practice tells of some earlier treatment.
    pub fn lists_treatment(&self) -> bool {
        self.told.as_ref().is_some_and(|told| !told.is_empty())
    }

    /// True where the practice says that there was no earlier treatment.
    pub fn says_none(&self) -> bool {
        self.told.as_ref().is_some_and(Vec::is_empty)
    }

    /// Whether any of these was given before and ended so.
    pub fn prior(&self, partners: &[Partner], end: PriorEnd, patient: &Patient<'_>) -> Truth {
        let content = patient.content;
        let Some(told) = &self.told else { return Truth::Unknown };
        let told = told.iter().fold(Truth::NotMet, |so_far, earlier| {
            so_far.or(match earlier.held(partners, content) {
                Truth::Met => self.ended_so(earlier, end, patient),
                held => held,
            })
        });
        let on_file = self.on_file(partners, content);
        told.or(on_file.fold(Truth::NotMet, |so_far, (case, _)| so_far.or(self.case_ended_so(case, end, content))))
    }

    /// Whether a treatment that was given ended so.
    fn ended_so(&self, earlier: &Earlier<'_>, end: PriorEnd, patient: &Patient<'_>) -> Truth {
        match (end, earlier.outcome) {
            (PriorEnd::Any, _) => Truth::Met,
            (PriorEnd::Within(days), _) => self.ended_within(earlier, days),
            (PriorEnd::Progression, _) => self.progressed_on(earlier, patient),
            // what is heard in words that are not understood as a whole helps nobody
            (PriorEnd::Toxicity | PriorEnd::Reaction, Told::NotUnderstood) => Truth::Unknown,
            (PriorEnd::Toxicity, _) => earlier.toxicity,
            (PriorEnd::Reaction, _) => earlier.reaction,
        }
    }

    /// Whether the treatment of a case on file ended so, by what the order says of the treatment that it goes on with.
    fn case_ended_so(&self, case: &RelatedCase, end: PriorEnd, content: &Content) -> Truth {
        let Some(told) = self.continued(case, content) else { return Truth::Unknown };
        match (end, told.response, told.toxicity) {
            (PriorEnd::Progression, Some(Response::Progressive), _) | (PriorEnd::Toxicity, _, Some(Toxicity::Unacceptable)) => {
                Truth::Met
            }
            (PriorEnd::Progression, None | Some(Response::NotEvaluated), _)
            | (PriorEnd::Toxicity, _, None | Some(Toxicity::Unknown))
            | (PriorEnd::Any | PriorEnd::Reaction | PriorEnd::Within(_), ..) => Truth::Unknown,
            (PriorEnd::Progression | PriorEnd::Toxicity, ..) => Truth::NotMet,
        }
    }

    /// Drugs of earlier cases that are these and that the practice does not tell of.
    fn on_file<'s>(
        &'s self,
        partners: &'s [Partner],
        content: &'s Content,
    ) -> impl Iterator<Item = (&'a RelatedCase, &'a RelatedDrug)> + 's {
        let drugs = self.cases.iter().flat_map(|case| case.drugs.iter().map(move |drug| (*case, drug)));
        drugs.filter(move |(_, drug)| {
            drug.may_have_been_given()
                && partners.iter().any(|partner| is_drug(drug, partner, content))
                && !self.is_told(drug, content)
        })
    }

    /// True where the practice names this drug among the earlier treatments.
    fn is_told(&self, drug: &RelatedDrug, content: &Content) -> bool {
        let same: Vec<Partner> = drug.ingredients(content).iter().cloned().map(Partner::Generic).collect();
        let is_named = |ingredient: &Partner| {
            let ingredient = std::slice::from_ref(ingredient);
            self.told.iter().flatten().any(|earlier| earlier.held(ingredient, content) == Truth::Met)
        };
        same.iter().all(is_named)
    }

    /// What the order says of the treatment of a case: the one that it goes on with, and those of the same drugs that ran into that one.
    fn continued(&self, case: &RelatedCase, content: &Content) -> Option<&'a Continues> {
        let (told, known) = self.continues?;
        let is_part = (self.run_began(known?, content)..=known?.valid_from).contains(&case.valid_from);
        (is_part && shares_a_drug(case, known?)).then_some(told)
    }

    /// The first day of the run of cases that leads to this one.
    fn run_began(&self, known: &RelatedCase, content: &Content) -> NaiveDate {
        let mut spans: Vec<(NaiveDate, NaiveDate)> = self
            .cases
            .iter()
            .filter(|case| shares_a_drug(case, known))
            .map(|case| (case.valid_from, case.valid_through))
            .filter(|span| span.0 < known.valid_from)
            .collect();
        spans.sort_unstable();
        spans.iter().rev().fold(
            known.valid_from,
            |began, (from, through)| {
                if self.is_one_course(*through, began, content) { *from } else { began }
            },
        )
    }

    /// Whether it ended no more days before this order, or goes on.
    fn ended_within(&self, earlier: &Earlier<'_>, days: u32) -> Truth {
        match earlier.told.ended_on.known() {
            _ if earlier.is_ongoing() => Truth::Met,
            Some(ended) => ((self.date_of_service - *ended).num_days() <= i64::from(days)).into(),
            None => Truth::Unknown,
        }
    }

    /// Treatment of early disease that ended a short time before this order treats advanced disease: it came back, whatever word stands for the
    /// outcome. Of drugs that content asks it for, so does one whose end nobody told.
    fn may_have_come_back(&self, earlier: &Earlier<'_>, patient: &Patient<'_>) -> bool {
        let treats_early = patient.line().is_none_or(lines::is_early_line);
        let days = patient.content.contraindications.again_after_days();
        let is_solid = || patient.cancer().and_then(|key| patient.content.cancer(key)).is_some_and(|cancer| cancer.solid);
        // a numbered line of a solid tumor treats what has spread, or cannot be removed
        let is_advanced = patient.metastatic == Truth::Met || lines::rank(patient.line()).is_some() && is_solid();
        let ended = match self.ended_within(earlier, days) {
            Truth::Unknown => {
                let asked = patient.content.contraindications.asked_when_ended();
                Truth::from(!asked.is_empty() && earlier.held(asked, patient.content) == Truth::Met)
            }
            told => told,
        };
        !treats_early && is_advanced && lines::is_early(earlier.told) && ended == Truth::Met
    }

    fn progressed_on(&self, earlier: &Earlier<'_>, patient: &Patient<'_>) -> Truth {
        let Told::As(outcome) = earlier.outcome else { return Truth::Unknown };
        let ends_later = earlier.told.ended_on.known().is_some_and(|ended| *ended > self.received_on);
        let may_hide = outcome.best_response || outcome.course == CourseState::Ongoing;
        if outcome.course == CourseState::Died
            || (ends_later && outcome.course != CourseState::Ongoing)
            || (outcome.progressed == Truth::NotMet && may_hide && self.is_followed(earlier, patient))
            || (outcome.progressed == Truth::NotMet && self.may_have_come_back(earlier, patient))
        {
            return Truth::Unknown;
        }
        outcome.progressed
    }

    /// True where a later line may follow: people write the best response, not why the line ended.
    fn is_followed(&self, earlier: &Earlier<'_>, patient: &Patient<'_>) -> bool {
        let own = match (lines::rank(earlier.told.line.known().copied()), lines::is_early(earlier.told)) {
            (Some(rank), _) => rank,
            (None, true) => return false,
            (None, false) => 1,
        };
        let is_later = |line: Option<LineOfTreatment>| {
            lines::rank(line).is_some_and(|rank| rank > own || (rank == own && line == Some(LineOfTreatment::ThirdLinePlus)))
        };
        let others = self.told.iter().flatten().filter(|other| other.index != earlier.index);
        is_later(patient.line()) || others.into_iter().any(|other| is_later(other.told.line.known().copied()))
    }

    /// Whether the order goes on with a course of this line's drug for the same indication. Only a case on file makes it so.
    pub fn continuation(&self, line: &PlanLine<'_>, patient: &Patient<'_>) -> Truth {
        let partners = LazyCell::new(|| partners_of(line));
        let content = patient.content;
        let is_it =
            |drug: &&RelatedDrug| drug.may_have_been_given() && partners.iter().any(|partner| is_drug(drug, partner, content));
        if let Some((_, Some(case))) = self.continues {
            let ended = case.drugs.iter().filter(is_it).map(|drug| drug.valid_through.unwrap_or(case.valid_through)).max();
            if let Some(ended) = ended {
                let began_before = case.is_approved() && case.valid_from < self.date_of_service;
                let is_same =
                    began_before && self.is_one_course(ended, self.date_of_service, content) && is_same_disease(case, patient);
                return if is_same { Truth::Met } else { Truth::Unknown };
            }
        }
        let on_file = self.cases.iter().any(|case| case.drugs.iter().any(|drug| is_it(&drug)));
        let still_given = self.told.iter().flatten().any(|earlier| {
            let may_go_on = earlier.course() == Some(CourseState::Ongoing) || matches!(earlier.outcome, Told::NotUnderstood);
            may_go_on && earlier.held(&partners, content) != Truth::NotMet
        });
        let is_open = self.runs_already || on_file || still_given;
        if is_open { Truth::Unknown } else { Truth::NotMet }
    }

    #[expect(clippy::unused_self, reason = "asked of a history")]
    fn is_one_course(&self, ended: NaiveDate, begins: NaiveDate, content: &Content) -> bool {
        (begins - ended).num_days() <= i64::from(content.therapies.course_gap_days)
    }

    /// The case that the order says it goes on with, where it is on file.
    pub fn continued_case(&self) -> Option<&'a RelatedCase> {
        self.continues.and_then(|(_, case)| case)
    }

    /// The regimen that the approved case followed with which the order goes on, for the same disease and without a pause that ends a course.
    pub fn continued_regimen(&self, patient: &Patient<'_>) -> Option<&'a str> {
        let case = self.continued_case()?;
        let goes_on = case.is_approved()
            && case.valid_from < self.date_of_service
            && self.is_one_course(case.valid_through, self.date_of_service, patient.content)
            && is_same_disease(case, patient);
        case.regimen_id.as_deref().filter(|_| goes_on)
    }

    /// Last response of the treatment continued, where it is this line's.
    pub fn response(&self, line: &PlanLine<'_>, patient: &Patient<'_>) -> Option<Response> {
        let Some((continues, _)) = self.continues else { return self.begun_elsewhere(line, patient)?.response(patient) };
        let told = continues.response.filter(|response| *response != Response::NotEvaluated)?;
        (self.continuation(line, patient) == Truth::Met).then_some(told)
    }

    /// Whether the treatment continued is tolerated, where it is this line's.
    pub fn toxicity(&self, line: &PlanLine<'_>, patient: &Patient<'_>) -> Option<Toxicity> {
        let Some((continues, _)) = self.continues else { return self.begun_elsewhere(line, patient)?.toxicity(patient) };
        let told = continues.toxicity.filter(|toxicity| *toxicity != Toxicity::Unknown)?;
        (self.continuation(line, patient) == Truth::Met).then_some(told)
    }

    /// The treatment that this order may go on with where no case on file bears it out: the order says since when it runs, and the latest
    /// earlier treatment with the line's drug ended not long ago, or goes on. How it went is then what was told of it.
    fn begun_elsewhere(&self, line: &PlanLine<'_>, patient: &Patient<'_>) -> Option<Elsewhere<'_>> {
        if !self.runs_already || self.continuation(line, patient) != Truth::Unknown {
            return None;
        }
        let partners = partners_of(line);
        let gap = i64::from(patient.content.therapies.course_gap_days);
        let held = self.told.iter().flatten().filter(|earlier| earlier.held(&partners, patient.content) != Truth::NotMet);
        let latest = held.max_by_key(|earlier| earlier.told.ended_on.known().copied().unwrap_or(self.date_of_service))?;
        let is_it = latest.held(&partners, patient.content) == Truth::Met && !self.ended_before(latest, gap);
        let Told::As(outcome) = latest.outcome else { return None };
        is_it.then(|| Elsewhere { outcome, progressed: self.progressed_on(latest, patient) })
    }

    /// The response with which the last earlier treatment with drugs ended no more than so many days before this order: only where every one is understood and
    /// says when it ended, and none of those that ended with it says anything else.
    pub fn response_before(&self, days: i64, patient: &Patient<'_>) -> Option<&'a str> {
        let told = self.told.as_ref()?;
        if told.iter().any(|earlier| earlier.is_foreign() || earlier.told.ended_on.known().is_none()) {
            return None;
        }
        let of_drugs = || told.iter().filter(|earlier| lines::is_systemic(earlier) != Truth::NotMet);
        let last = of_drugs().filter_map(|earlier| earlier.told.ended_on.known()).max()?;
        let mut words = of_drugs().filter(|earlier| earlier.told.ended_on.known() == Some(last)).map(|earlier| {
            let Told::As(outcome) = earlier.outcome else { return None };
            let is_response = outcome.best_response && Response::parse(&outcome.word).is_some();
            let holds =
                is_response && lines::is_systemic(earlier) == Truth::Met && self.progressed_on(earlier, patient) == Truth::NotMet;
            holds.then_some(outcome.word.as_str())
        });
        let first = words.next()??;
        let is_recent = *last <= self.received_on && (self.date_of_service - *last).num_days() <= days;
        (is_recent && words.all(|word| word == Some(first))).then_some(first)
    }

    /// Courses of a line's drug, this one included: those told, and those on file.
    pub fn courses(&self, line: &PlanLine<'_>, patient: &Patient<'_>) -> Option<Count> {
        let partners = LazyCell::new(|| partners_of(line));
        let content = patient.content;
        let (mut fewest, mut most) = (0, 0);
        for earlier in self.told.as_ref()?.iter().filter(|earlier| earlier.course() != Some(CourseState::Ongoing)) {
            let held = earlier.held(&partners, content);
            fewest += u32::from(held == Truth::Met);
            most += u32::from(held != Truth::NotMet);
        }
        // a case on file may have been given, and was not for certain
        let on_file = if self.cases.is_empty() { 0 } else { self.runs_on_file(&partners, content) };
        Some(Count { fewest: 1 + fewest, most: Some(1 + most + on_file) })
    }

    /// Runs of cases of a drug that ended long enough ago to be another course.
    fn runs_on_file(&self, partners: &[Partner], content: &Content) -> u32 {
        let is_it =
            |drug: &&RelatedDrug| drug.may_have_been_given() && partners.iter().any(|partner| is_drug(drug, partner, content));
        let with_it = self.cases.iter().filter(|case| case.drugs.iter().any(|drug| is_it(&drug)));
        let mut spans: Vec<(NaiveDate, NaiveDate)> = with_it.map(|case| (case.valid_from, case.valid_through)).collect();
        spans.sort_unstable();
        let mut ends: Vec<NaiveDate> = Vec::new();
        for (from, through) in spans {
            match ends.last_mut() {
                Some(end) if self.is_one_course(*end, from, content) => *end = through.max(*end),
                _ => ends.push(through),
            }
        }
        ends.retain(|end| !self.is_one_course(*end, self.date_of_service, content));
        u32::try_from(ends.len()).unwrap_or(u32::MAX)
    }

    /// Earlier treatments as a person reads them, each with what is not understood about it; cases on file that are not told.
    pub fn in_words(&self, partners: &[Partner], end: PriorEnd, patient: &Patient<'_>) -> Option<Vec<String>> {
        let told = self.told.as_ref()?;
        let is_open = |earlier: &Earlier<'_>| {
            let known = !earlier.is_foreign() && earlier.held(partners, patient.content) == Truth::Met;
            known && self.ended_so(earlier, end, patient) == Truth::Unknown
        };
        let question = match end {
            PriorEnd::Toxicity => "was it stopped for toxicity?",
            PriorEnd::Reaction => "was there a severe reaction?",
            PriorEnd::Within(_) => "when did it end?",
            PriorEnd::Progression | PriorEnd::Any => "did the disease progress on it?",
        };
        let in_words = |earlier: &Earlier<'_>| {
            let words = earlier.in_words();
            if is_open(earlier) { format!("{words} ({question})") } else { words }
        };
        let mut words: Vec<String> = told.iter().map(in_words).collect();
        words.extend(self.on_file(partners, patient.content).map(|(case, drug)| on_file_in_words(case, drug)));
        Some(words)
    }

    /// Earlier treatments that hold, or may hold, any of these drugs: each with its outcome; cases on file that are not told.
    pub fn given_in_words(&self, partners: &[Partner], content: &Content) -> Vec<String> {
        let told = self.told.iter().flatten().filter(|earlier| earlier.held(partners, content) != Truth::NotMet);
        let mut words: Vec<String> = told.map(Earlier::with_outcome).collect();
        words.extend(self.on_file(partners, content).map(|(case, drug)| on_file_in_words(case, drug)));
        words
    }

    /// What the order says about going on, for findings.
    pub fn continues_in_words(&self) -> Option<String> {
        let (continues, case) = self.continues?;
        let began = case.map_or_else(String::new, |case| format!(" from {}", case.valid_from));
        Some(format!("order {}{began}", continues.order_id))
    }
}

/// Without its number, and without drug and day where it is another practice's.
fn on_file_in_words(case: &RelatedCase, drug: &RelatedDrug) -> String {
    if case.is_theirs {
        return format!("{} on file from {} (another order of this member), not told of here", drug.generic, case.valid_from);
    }
    "a treatment on file (another order of this member), not told of here".to_owned()
}

impl Earlier<'_> {
    fn with_outcome(&self) -> String {
        let words = self.in_words();
        match self.outcome {
            Told::Not => format!("{words}, outcome not entered"),
            Told::As(outcome) => format!("{words}, outcome {}", outcome.word.replace('_', " ")),
            Told::NotUnderstood => words,
        }
    }

    fn in_words(&self) -> String {
        let name = self.told.typed();
        let unclear = |given: &Vec<&Therapy>| given.iter().any(|therapy| therapy.others || !therapy.may_be.is_empty());
        let what = match &self.given {
            None => format!("{name} (not a known treatment: enter the generic name of each drug)"),
            Some(given) if unclear(given) => format!("{name} (may stand for several drugs: enter the generic name of each)"),
            Some(_) => name.to_owned(),
        };
        match (self.outcome, self.told.outcome.known()) {
            (Told::NotUnderstood, Some(outcome)) => format!("{what}, outcome {outcome} (not understood)"),
            _ => what,
        }
    }
}

/// A treatment begun elsewhere, as told.
struct Elsewhere<'a> {
    outcome: &'a Outcome,
    progressed: Truth,
}

impl Elsewhere<'_> {
    /// As the assessment says; else as its outcome does.
    fn response(&self, patient: &Patient<'_>) -> Option<Response> {
        match self.progressed {
            Truth::Met => return Some(Response::Progressive),
            Truth::Unknown => return None,
            Truth::NotMet => {}
        }
        let told = patient.assessment("response_to_last_line");
        let word = told.map_or(Some(self.outcome.word.as_str()), Standing::word)?;
        match word {
            // a course that was completed has no response of its own where nothing was left to be seen
            "completed" => Some(Response::NoEvidence),
            word => Response::parse(word).filter(|response| *response != Response::NotEvaluated),
        }
    }

    /// As the assessment says; else a course that came to its end was not stopped for its toxicity.
    fn toxicity(&self, patient: &Patient<'_>) -> Option<Toxicity> {
        if self.outcome.toxicity != Truth::NotMet {
            return (self.outcome.toxicity == Truth::Met).then_some(Toxicity::Unacceptable);
        }
        match patient.assessment("toxicity") {
            Some(told) => Some(if told.word()? == "unacceptable" { Toxicity::Unacceptable } else { Toxicity::Acceptable }),
            None => (self.outcome.course == CourseState::Over).then_some(Toxicity::Acceptable),
        }
    }
}

fn read<'a>(list: &'a [PriorTherapy], content: &'a Content) -> Vec<Earlier<'a>> {
    let mut found: Vec<Earlier<'a>> = list
        .iter()
        .enumerate()
        .map(|(index, told)| {
            let ending = told.outcome.known().map(|word| content.therapies.ending(word));
            Earlier {
                index,
                told,
                given: content.therapies.resolve(told.typed()),
                outcome: ending.as_ref().map_or(Told::Not, |ending| ending.outcome.map_or(Told::NotUnderstood, Told::As)),
                toxicity: ending.as_ref().map_or(Truth::Unknown, |ending| ending.toxicity),
                reaction: ending.as_ref().map_or(Truth::Unknown, |ending| ending.reaction),
                tells_of_reaction: ending.as_ref().is_some_and(|ending| ending.tells_of_reaction),
                tells: ending.map(|ending| ending.tells).unwrap_or_default(),
            }
        })
        // what was planned and never begun is no earlier treatment
        .filter(|earlier| earlier.course() != Some(CourseState::Never))
        .collect();
    if found.iter().all(|earlier| earlier.says_none() && earlier.was_given() == Truth::Met) {
        found.clear();
    }
    // `none` beside a treatment is a contradiction, and says nothing
    for earlier in found.iter_mut().filter(|earlier| earlier.says_none()) {
        earlier.given = None;
    }
    found
}

/// True where a drug was given in both.
fn shares_a_drug(case: &RelatedCase, other: &RelatedCase) -> bool {
    let given = |drug: &&RelatedDrug| drug.may_have_been_given();
    case.drugs.iter().filter(given).any(|drug| other.drugs.iter().filter(given).any(|same| same.generic == drug.generic))
}

/// Whether a case is for the disease of this order. What neither says is not.
fn is_same_disease(case: &RelatedCase, patient: &Patient<'_>) -> bool {
    match (case.cancer_type.as_deref(), patient.cancer()) {
        (Some(left), Some(right)) => left == right,
        _ => match (case.icd10.as_deref(), patient.icd10) {
            (Some(left), Some(right)) => left.get(..3).is_some_and(|category| right.starts_with(category)),
            _ => false,
        },
    }
}
