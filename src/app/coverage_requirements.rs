//! Coverage requirements: does a service need authorization, and from whom (COV-01…04). Asks the rules and puts the answer in words; what is
//! answered stands in content.

use super::coverage_question::{heard, question, the_groups, the_places, the_products, the_service};
use super::{App, Caller, Error, Result};
use crate::domain::content::{
    Content, CoverageGuide, CoverageInput, CoverageRow, CoverageService, CoverageValue, HowToRequest, Told, Understood,
    day_number,
};
use crate::domain::refusal::{Fault, Refusal};
use crate::domain::vocabulary::{
    CoverageAdmission, CoverageRequest, CoverageRequirement, CoverageSetting, HabilitationBenefit, LineOfBusiness, Service,
};
use crate::rules::calendar::local_day;
use crate::rules::coverage_requirements::{self as rule, CoverageAnswer, CoverageQuestion};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::ToSchema;

/// What is asked. Whatever is left out may be anything: where the answer turns on it, every branch is answered.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CoverageQuestionBody {
    /// Health plan.
    pub health_plan: String,
    /// The service, by its id or in other words ("MRI of the knee", "CPAP", "IOP"). What the words tell beside it counts as told ("inpatient chemo");
    /// a word that is not understood is a fault, but for the reason after "for", "after" and the like.
    #[schema(max_length = 200)]
    pub service: String,
    /// The member's line of business.
    #[serde(default)]
    pub line_of_business: Option<LineOfBusiness>,
    /// The member's product: `hmo`, `pos`, `ppo`, `epo`, `indemnity`, `medicare_hmo`, `medicare_ppo`, or the plan's name for it.
    #[serde(default)]
    #[schema(max_length = 100)]
    pub product: Option<String>,
    /// The member's group or trust, where a plan tells its members apart by it: `urmbt`, a group number, or `other`.
    #[serde(default)]
    #[schema(max_length = 100)]
    pub group: Option<String>,
    /// Where the service is given.
    #[serde(default)]
    pub setting: Option<CoverageSetting>,
    /// Where it is given, as a place of service of two digits that claims have; it may stand for several settings.
    #[serde(default)]
    #[schema(max_length = 2)]
    pub place_of_service: Option<String>,
    /// Where the member was before an admission.
    #[serde(default)]
    pub admitted_from: Option<CoverageAdmission>,
    /// The member's age in years.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 130)]
    pub age: Option<u32>,
    /// Which visit it is, from 1.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 1000)]
    pub visit_number: Option<u32>,
    /// Visits that the member's benefit has; left out: no such limit.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 1000)]
    pub visit_limit: Option<u32>,
    /// True where a point-of-service member uses out-of-network benefits; left out: false.
    #[serde(default)]
    pub out_of_network_benefits: Option<bool>,
    /// False where the provider is outside the network; left out: true.
    #[serde(default)]
    pub provider_in_network: Option<bool>,
    /// First visits, more of them, or a new episode of care; left out: `initial`.
    #[serde(default)]
    pub request: Option<CoverageRequest>,
    /// Whether habilitation is a benefit of its own.
    #[serde(default)]
    pub benefits: Option<HabilitationBenefit>,
    /// Date of service; left out: today.
    #[serde(default)]
    pub date: Option<NaiveDate>,
}

/// A service that can be asked about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CoverageServiceBody {
    /// Id.
    pub service: String,
    /// Name.
    pub name: String,
    /// Family of services.
    pub family: String,
    /// What else it is called.
    pub words: Vec<String>,
}

/// An answer that holds under conditions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CoverageBranchBody {
    /// Input and the values under which this is the answer, such as `{"age": "22 or less"}`; empty in a last branch that answers whatever
    /// the others do not.
    pub when: BTreeMap<String, String>,
    /// The answer.
    #[serde(flatten)]
    pub answer: CoverageRow,
}

/// The answer. Where the question leaves out what decides, `branches` has every answer and `decided_by` what to tell; a field at the top is then
/// what all of them have in common, else null.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CoverageAnswerBody {
    /// Health plan.
    pub health_plan: String,
    /// Id of the service.
    pub service: String,
    /// Its name.
    pub service_name: String,
    /// What the words of `service` told beside the service, such as `{"setting": "inpatient"}`.
    pub understood: BTreeMap<String, String>,
    /// Words of `service` that were taken as the reason for it and do not count, such as `torn meniscus` of "MRI for a torn meniscus".
    pub not_considered: Option<String>,
    /// What a code or a misspelled word of `service` was read as, such as `colonoscopy` for "colonscopy".
    pub read_as: Option<String>,
    /// What is needed; null where it depends on what was not told.
    pub requirement: Option<CoverageRequirement>,
    /// Hours from the admission within which it is needed.
    pub within_hours: Option<u32>,
    /// Who decides.
    pub administered_by: Option<String>,
    /// How to ask, the usual way first.
    pub how_to_request: Vec<HowToRequest>,
    /// How much of the service.
    pub limits: Option<String>,
    /// How long an authorization holds.
    pub validity: Option<String>,
    /// The numbers of the source by name.
    pub figures: BTreeMap<String, u32>,
    /// What else has to hold, and where the source contradicts itself.
    pub conditions: Vec<String>,
    /// What to have ready.
    pub have_ready: Vec<String>,
    /// What follows if it is not done.
    pub if_not_done: Option<String>,
    /// What can be done where the service was given already; where the question says that it was, also that the source does not say.
    pub afterwards: Option<String>,
    /// The answer in a sentence.
    pub message: String,
    /// Passage that it rests on.
    pub source: Option<String>,
    /// What keeps such a member out of the plan's cancer program, as `POST /v1/eligibility-checks` says it.
    pub exclusion: Option<String>,
    /// Services that are ordered from this service.
    pub orders: Vec<Service>,
    /// Inputs that were left out and taken at their usual value, with that value: the answer turns on them.
    pub assumed: BTreeMap<String, String>,
    /// Inputs that were left out and decide between the branches.
    pub decided_by: Vec<String>,
    /// Every answer that what was left out can lead to; empty where it leads to one.
    pub branches: Vec<CoverageBranchBody>,
    /// Release of the content that answered.
    pub content_release: String,
}

/// Answers a question.
pub fn ask(app: &App, caller: &Caller, asked: &CoverageQuestionBody) -> Result<CoverageAnswerBody> {
    let now = app.clock.now();
    let content = app.library.in_force(now.date_naive());
    let guide = &content.coverage;
    let mut faults = Vec::new();
    if !guide.health_plans().contains(&asked.health_plan.as_str()) {
        let plans = guide.health_plans().join(", ");
        faults.push(Fault::new(
            "/health_plan",
            "not-allowed-value",
            format!("nothing is known of this health plan; use one of {plans}"),
        ));
    } else if !caller.serves_plan(&asked.health_plan) {
        return Err(Error::NotFound);
    }
    let heard = heard(guide, asked);
    let service = the_service(guide, asked, &heard, &mut faults);
    let products = the_products(guide, asked, &heard, &mut faults);
    let places = the_places(content, asked, &mut faults);
    let table = service.and_then(|(index, _)| guide.table(&asked.health_plan, index));
    let groups = table.map(|table| the_groups(guide, table, asked, &mut faults)).unwrap_or_default();
    if !faults.is_empty() {
        return Err(Refusal::Validation(faults).into());
    }
    let (Some((_, service)), Some(table)) = (service, table) else { return Err(Error::NotFound) };
    let day = asked.date.unwrap_or_else(|| today(&asked.health_plan, content, now));
    let answer = rule::answer(table, &question(asked, &heard, (&products, &groups, &places), day));
    let mut found = body(&asked.health_plan, service, &heard, &answer, content);
    let is_past = heard.is_past || asked.date.is_some_and(|day| day < today(&asked.health_plan, content, now));
    if is_past && answer.rows.iter().all(|row| row.afterwards.is_none()) {
        found.afterwards = guide.afterwards_unsaid(&asked.health_plan).map(str::to_owned);
    }
    Ok(found)
}

/// Everything that is known: each service of each plan with all its branches, by words of its names where some are given.
pub fn list(app: &App, caller: &Caller, health_plan: Option<&str>, words: Option<&str>) -> Vec<CoverageAnswerBody> {
    let now = app.clock.now();
    let content = app.library.in_force(now.date_naive());
    let guide = &content.coverage;
    let plans = guide.health_plans();
    let asked = |plan: &&&str| health_plan.is_none_or(|asked| asked == **plan) && caller.serves_plan(plan);
    let mut found = Vec::new();
    for plan in plans.iter().filter(asked) {
        for (index, service) in found_by(guide, words) {
            // the last row is what nothing answers; a service with no other row is not this plan's
            if let Some(table) = guide.table(plan, index).filter(|table| table.rows.len() > 1) {
                let mut question = CoverageQuestion::default();
                question.tell(CoverageInput::Date, vec![Told::Number(day_number(today(plan, content, now)))]);
                let answer = rule::answer(table, &question);
                found.push(body(plan, service, &Understood::default(), &answer, content));
            }
        }
    }
    found
}

fn today(health_plan: &str, content: &Content, now: DateTime<Utc>) -> NaiveDate {
    let zone = content.program_of_plan(health_plan).map_or(chrono_tz::UTC, |program| program.time_zone);
    local_day(now, zone)
}

/// The services that can be asked about.
pub fn services(app: &App, words: Option<&str>) -> Vec<CoverageServiceBody> {
    let content = app.library.in_force(app.clock.now().date_naive());
    found_by(&content.coverage, words)
        .into_iter()
        .map(|(_, service)| CoverageServiceBody {
            service: service.id.clone(),
            name: service.name.clone(),
            family: service.family.clone(),
            words: service.words.clone(),
        })
        .collect()
}

/// The services with names in which a word begins with each of these; where there is none, those that a question of these words would mean.
fn found_by<'g>(guide: &'g CoverageGuide, words: Option<&str>) -> Vec<(usize, &'g CoverageService)> {
    let asked = words.unwrap_or_default();
    let words: Vec<String> = asked.to_lowercase().split_whitespace().map(str::to_owned).collect();
    let begins = |name: &String, word: &str| {
        let name = name.to_lowercase();
        name.starts_with(word) || name.split(|letter: char| !letter.is_alphanumeric()).any(|part| part.starts_with(word))
    };
    let has = |service: &CoverageService, word: &String| {
        [&service.id, &service.name].into_iter().chain(&service.words).any(|name| begins(name, word))
    };
    let all = || guide.services.iter().enumerate();
    let found: Vec<_> = all().filter(|(_, service)| words.iter().all(|word| has(service, word))).collect();
    if !found.is_empty() {
        return found;
    }
    let heard = guide.words.understand(asked);
    all().filter(|(index, _)| heard.services.contains(index)).collect()
}

fn body(
    health_plan: &str,
    service: &CoverageService,
    heard: &Understood,
    answer: &CoverageAnswer,
    content: &Content,
) -> CoverageAnswerBody {
    let rows = &answer.rows;
    let message = if let [one] = rows.as_slice() {
        one.message.clone()
    } else {
        let open: Vec<String> = answer.decided_by.iter().map(|input| input.as_str().replace('_', " ")).collect();
        format!("The answer depends on {}: see the branches.", open.join(", "))
    };
    CoverageAnswerBody {
        health_plan: health_plan.to_owned(),
        service: service.id.clone(),
        service_name: service.name.clone(),
        understood: understood(heard),
        read_as: Some(heard.read_as.join("; ")).filter(|read| !read.is_empty()),
        not_considered: Some(heard.reason.join(" ")).filter(|reason| !reason.is_empty()),
        requirement: common(rows, |row| row.requirement),
        within_hours: common(rows, |row| row.within_hours).flatten(),
        administered_by: common(rows, |row| row.administered_by.clone()),
        how_to_request: shared(rows, |row| &row.how_to_request),
        limits: common(rows, |row| row.limits.clone()).flatten(),
        validity: common(rows, |row| row.validity.clone()).flatten(),
        figures: shared_figures(rows),
        conditions: shared(rows, |row| &row.conditions),
        have_ready: shared(rows, |row| &row.have_ready),
        if_not_done: common(rows, |row| row.if_not_done.clone()).flatten(),
        afterwards: common(rows, |row| row.afterwards.clone()).flatten(),
        message,
        source: common(rows, |row| row.source.clone()),
        exclusion: common(rows, |row| row.exclusion.clone()).flatten(),
        orders: shared(rows, |row| &row.orders),
        assumed: answer.assumed.iter().map(|input| (input.as_str().to_owned(), usual_word(*input).to_owned())).collect(),
        decided_by: answer.decided_by.iter().map(|input| input.as_str().to_owned()).collect(),
        branches: answer
            .branches
            .iter()
            .map(|branch| CoverageBranchBody {
                when: branch.when.iter().map(|(input, values)| (input.as_str().to_owned(), in_words(values))).collect(),
                answer: CoverageRow::clone(&branch.row),
            })
            .collect(),
        content_release: content.release.name.clone(),
    }
}

/// `{"setting": "inpatient"}`.
fn understood(heard: &Understood) -> BTreeMap<String, String> {
    let mut told: BTreeMap<String, String> = BTreeMap::new();
    for (input, value) in &heard.told {
        told.entry(input.as_str().to_owned())
            .and_modify(|before| {
                before.push_str(" or ");
                before.push_str(value);
            })
            .or_insert_with(|| value.clone());
    }
    told
}

/// What all rows have in common.
fn common<T: PartialEq>(rows: &[Arc<CoverageRow>], of: impl Fn(&CoverageRow) -> T) -> Option<T> {
    let first = rows.first().map(|row| of(row))?;
    rows.iter().all(|row| of(row) == first).then_some(first)
}

/// What the lists of all rows have in common, in the order of the first.
fn shared<T: Clone + PartialEq>(rows: &[Arc<CoverageRow>], of: impl Fn(&CoverageRow) -> &[T]) -> Vec<T> {
    let everywhere = |entry: &&T| rows.iter().all(|row| of(row).contains(entry));
    rows.first().into_iter().flat_map(|first| of(first)).filter(everywhere).cloned().collect()
}

fn shared_figures(rows: &[Arc<CoverageRow>]) -> BTreeMap<String, u32> {
    let everywhere = |(name, figure): &(&String, &u32)| rows.iter().all(|row| row.figures.get(*name) == Some(*figure));
    let first = rows.first().into_iter().flat_map(|first| &first.figures);
    first.filter(everywhere).map(|(name, figure)| (name.clone(), *figure)).collect()
}

const fn usual_word(input: CoverageInput) -> &'static str {
    match input.usual() {
        Some(Told::Word(word)) => word,
        Some(Told::Number(_)) => "no limit",
        None => "",
    }
}

/// `22 or less`, `13 or more`, `hmo or pos`.
fn in_words(values: &[CoverageValue]) -> String {
    let word = |value: &CoverageValue| match value {
        CoverageValue::Word(word) => word.clone(),
        CoverageValue::Range(from, i64::MAX) => format!("{from} or more"),
        CoverageValue::Range(from, to) if from == to => from.to_string(),
        CoverageValue::Range(0 | 1 | i64::MIN, to) => format!("{to} or less"),
        CoverageValue::Range(from, to) => format!("{from} to {to}"),
    };
    values.iter().map(word).collect::<Vec<_>>().join(" or ")
}
