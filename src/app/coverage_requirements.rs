//! Coverage requirements: does a service need authorization, and from whom (COV-01…04). Asks the rules and puts the answer in words; what is
//! answered stands in content.

use super::{App, Caller, Error, Result};
use crate::domain::content::{
    Content, CoverageGuide, CoverageInput, CoverageRow, CoverageService, CoverageValue, HowToRequest, Told, day_number,
};
use crate::domain::refusal::{Fault, Refusal};
use crate::domain::vocabulary::{
    CoverageRequest, CoverageRequirement, CoverageSetting, HabilitationBenefit, LineOfBusiness, Service,
};
use crate::rules::calendar::local_day;
use crate::rules::coverage_requirements::{self as rule, CoverageAnswer, CoverageQuestion};
use chrono::NaiveDate;
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
    /// The service, by its id or in other words ("MRI", "CPAP", "IOP").
    #[schema(max_length = 100)]
    pub service: String,
    /// The member's line of business.
    #[serde(default)]
    pub line_of_business: Option<LineOfBusiness>,
    /// The member's product: `hmo`, `pos`, `ppo`, `epo`, `indemnity`, `medicare_hmo`, `medicare_ppo`, or the plan's name for it.
    #[serde(default)]
    #[schema(max_length = 100)]
    pub product: Option<String>,
    /// Where the service is given.
    #[serde(default)]
    pub setting: Option<CoverageSetting>,
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
    let service = the_service(guide, &asked.service, &mut faults);
    let products = the_products(guide, asked, &mut faults);
    let (Some((index, service)), true) = (service, faults.is_empty()) else { return Err(Refusal::Validation(faults).into()) };
    let table = guide.table(&asked.health_plan, index).ok_or(Error::NotFound)?;
    let zone = content.program_of_plan(&asked.health_plan).map_or(chrono_tz::UTC, |program| program.time_zone);
    let day = asked.date.unwrap_or_else(|| local_day(now, zone));
    let answer = rule::answer(table, &question(asked, &products, day));
    Ok(body(&asked.health_plan, service, &answer, content))
}

/// Everything that is known: each service of each plan with all its branches, by words of its names where some are given.
pub fn list(app: &App, caller: &Caller, health_plan: Option<&str>, words: Option<&str>) -> Vec<CoverageAnswerBody> {
    let content = app.library.in_force(app.clock.now().date_naive());
    let guide = &content.coverage;
    let plans = guide.health_plans();
    let asked = |plan: &&&str| health_plan.is_none_or(|asked| asked == **plan) && caller.serves_plan(plan);
    let mut found = Vec::new();
    for plan in plans.iter().filter(asked) {
        for (index, service) in found_by(guide, words) {
            // the last row is what nothing answers; a service with no other row is not this plan's
            if let Some(table) = guide.table(plan, index).filter(|table| table.rows.len() > 1) {
                found.push(body(plan, service, &rule::answer(table, &CoverageQuestion::default()), content));
            }
        }
    }
    found
}

/// The services that can be asked about.
pub fn services(app: &App, words: Option<&str>) -> Vec<CoverageServiceBody> {
    let content = app.library.in_force(app.clock.now().date_naive());
    found_by(&content.coverage, words)
        .map(|(_, service)| CoverageServiceBody {
            service: service.id.clone(),
            name: service.name.clone(),
            family: service.family.clone(),
            words: service.words.clone(),
        })
        .collect()
}

fn found_by<'g>(guide: &'g CoverageGuide, words: Option<&str>) -> impl Iterator<Item = (usize, &'g CoverageService)> {
    let words: Vec<String> = words.unwrap_or_default().to_lowercase().split_whitespace().map(str::to_owned).collect();
    guide.services.iter().enumerate().filter(move |(_, service)| {
        let names =
            [&service.id, &service.name].into_iter().chain(&service.words).map(|name| name.to_lowercase().replace('_', " "));
        let names: Vec<String> = names.collect();
        words.iter().all(|word| names.iter().any(|name| name.contains(word.as_str())))
    })
}

fn the_service<'g>(guide: &'g CoverageGuide, word: &str, faults: &mut Vec<Fault>) -> Option<(usize, &'g CoverageService)> {
    let named = |services: &[&CoverageService]| {
        services.iter().map(|service| format!("{} ({})", service.id, service.name)).collect::<Vec<_>>().join(", ")
    };
    let all = "GET /v1/coverage-requirements/services lists all";
    let found = guide.services_called(word);
    match found.as_slice() {
        [one] => return Some(*one),
        [] => {
            let nearest = named(&guide.nearest(word));
            faults.push(Fault::new(
                "/service",
                "not-allowed-value",
                format!("no service is called so; nearest: {nearest}; {all}"),
            ));
        }
        several => {
            let several: Vec<&CoverageService> = several.iter().map(|(_, service)| *service).collect();
            let which = named(&several);
            faults.push(Fault::new(
                "/service",
                "not-allowed-value",
                format!("several services are called so, name one: {which}; {all}"),
            ));
        }
    }
    None
}

/// The products that the question can mean; all where none is named.
fn the_products(guide: &CoverageGuide, asked: &CoverageQuestionBody, faults: &mut Vec<Fault>) -> Vec<String> {
    let line = asked.line_of_business;
    let Some(word) = &asked.product else {
        let sold = |line: LineOfBusiness| guide.products.iter().filter(move |product| product.lines_of_business.contains(&line));
        return line.map_or_else(Vec::new, |line| sold(line).map(|product| product.id.clone()).collect());
    };
    let found = guide.products_called(word, line);
    if found.is_empty() {
        let known: Vec<&str> = guide.products.iter().map(|product| product.id.as_str()).collect();
        let known = known.join(", ");
        let elsewhere = guide.products_called(word, None);
        let message = match (line, elsewhere.first()) {
            (Some(line), Some(product)) => {
                let lines: Vec<&str> = product.lines_of_business.iter().map(|line| line.as_str()).collect();
                format!("{} is no product of {line} members but of {}; correct one of the two", product.name, lines.join(", "))
            }
            _ => format!("is no product known here; use one of {known}, or leave it out"),
        };
        faults.push(Fault::new("/product", "not-allowed-value", message));
    }
    found.iter().map(|product| product.id.clone()).collect()
}

fn question<'a>(asked: &'a CoverageQuestionBody, products: &'a [String], day: NaiveDate) -> CoverageQuestion<'a> {
    let mut question = CoverageQuestion::default();
    let said = |told: bool| Told::Word(if told { "true" } else { "false" });
    let told = [
        (CoverageInput::LineOfBusiness, asked.line_of_business.map(|word| Told::Word(word.as_str()))),
        (CoverageInput::Setting, asked.setting.map(|word| Told::Word(word.as_str()))),
        (CoverageInput::Age, asked.age.map(|years| Told::Number(years.into()))),
        (CoverageInput::VisitNumber, asked.visit_number.map(|visit| Told::Number(visit.into()))),
        (CoverageInput::VisitLimit, asked.visit_limit.map(|visits| Told::Number(visits.into()))),
        (CoverageInput::OutOfNetworkBenefits, asked.out_of_network_benefits.map(said)),
        (CoverageInput::ProviderInNetwork, asked.provider_in_network.map(said)),
        (CoverageInput::Request, asked.request.map(|word| Told::Word(word.as_str()))),
        (CoverageInput::Benefits, asked.benefits.map(|word| Told::Word(word.as_str()))),
        (CoverageInput::Date, Some(Told::Number(day_number(day)))),
    ];
    for (input, value) in told {
        if let Some(value) = value {
            question.tell(input, vec![value]);
        }
    }
    if !products.is_empty() {
        question.tell(CoverageInput::Product, products.iter().map(|product| Told::Word(product)).collect());
    }
    question
}

fn body(health_plan: &str, service: &CoverageService, answer: &CoverageAnswer, content: &Content) -> CoverageAnswerBody {
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
        requirement: common(rows, |row| row.requirement),
        within_hours: common(rows, |row| row.within_hours).flatten(),
        administered_by: common(rows, |row| row.administered_by.clone()),
        how_to_request: common(rows, |row| row.how_to_request.clone()).unwrap_or_default(),
        limits: common(rows, |row| row.limits.clone()).flatten(),
        validity: common(rows, |row| row.validity.clone()).flatten(),
        figures: common(rows, |row| row.figures.clone()).unwrap_or_default(),
        conditions: common(rows, |row| row.conditions.clone()).unwrap_or_default(),
        have_ready: common(rows, |row| row.have_ready.clone()).unwrap_or_default(),
        if_not_done: common(rows, |row| row.if_not_done.clone()).flatten(),
        message,
        source: common(rows, |row| row.source.clone()),
        exclusion: common(rows, |row| row.exclusion.clone()).flatten(),
        orders: common(rows, |row| row.orders.clone()).unwrap_or_default(),
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

/// What all rows have in common.
fn common<T: PartialEq>(rows: &[Arc<CoverageRow>], of: impl Fn(&CoverageRow) -> T) -> Option<T> {
    let first = rows.first().map(|row| of(row))?;
    rows.iter().all(|row| of(row) == first).then_some(first)
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
