//! Coverage requirements: whether a service needs authorization, from whom and how to ask (COV-01…04).
//!
//! Rows of content, compiled to one table for each health plan and service: a question that tells every input that matters is one look-up, one that
//! does not meets every row that it may still mean.

use super::coverage_words::CoverageWords;
use crate::domain::case::Contact;
use crate::domain::fold::fold;
use crate::domain::quick::HashMap;
use crate::domain::vocabulary::{CoverageRequirement, LineOfBusiness, Service};
use chrono::NaiveDate;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::ToSchema;

/// What an answer can depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CoverageInput {
    /// Line of business.
    LineOfBusiness,
    /// Product.
    Product,
    /// Group or trust, where a plan tells its members apart by it.
    Group,
    /// Setting.
    Setting,
    /// Where the member was before an admission.
    AdmittedFrom,
    /// Age in years.
    Age,
    /// Which visit, from 1.
    VisitNumber,
    /// Visits that the benefit has.
    VisitLimit,
    /// Whether the member uses out-of-network benefits.
    OutOfNetworkBenefits,
    /// Whether the provider is in the network.
    ProviderInNetwork,
    /// First visits, more of them, or a new episode.
    Request,
    /// Whether habilitation is a benefit of its own.
    Benefits,
    /// Date of service.
    Date,
}

impl CoverageInput {
    /// Every input, in the order in which they are asked.
    pub const ALL: [Self; 13] = [
        Self::LineOfBusiness,
        Self::Product,
        Self::Group,
        Self::Setting,
        Self::AdmittedFrom,
        Self::Age,
        Self::VisitNumber,
        Self::VisitLimit,
        Self::OutOfNetworkBenefits,
        Self::ProviderInNetwork,
        Self::Request,
        Self::Benefits,
        Self::Date,
    ];

    /// Its name in a question.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LineOfBusiness => "line_of_business",
            Self::Product => "product",
            Self::Group => "group",
            Self::Setting => "setting",
            Self::AdmittedFrom => "admitted_from",
            Self::Age => "age",
            Self::VisitNumber => "visit_number",
            Self::VisitLimit => "visit_limit",
            Self::OutOfNetworkBenefits => "out_of_network_benefits",
            Self::ProviderInNetwork => "provider_in_network",
            Self::Request => "request",
            Self::Benefits => "benefits",
            Self::Date => "date",
        }
    }

    /// What is taken where a question leaves it out and the answer would turn on it: the usual case, which the answer then states.
    pub const fn usual(self) -> Option<Told<'static>> {
        match self {
            Self::VisitLimit => Some(Told::Number(i64::MAX)),
            Self::OutOfNetworkBenefits => Some(Told::Word("false")),
            Self::ProviderInNetwork => Some(Told::Word("true")),
            Self::Request => Some(Told::Word("initial")),
            _ => None,
        }
    }
}

/// What a question tells of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told<'a> {
    /// A word.
    Word(&'a str),
    /// A number, of years, visits, or days of the calendar.
    Number(i64),
}

/// One of the values of an input that an answer tells apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CoverageValue {
    /// A word.
    Word(String),
    /// From one number to another, both included.
    Range(i64, i64),
}

impl CoverageValue {
    /// True where what is told is this value.
    pub fn holds(&self, told: Told<'_>) -> bool {
        match (self, told) {
            (Self::Word(word), Told::Word(told)) => word == told,
            (Self::Range(from, to), Told::Number(number)) => (*from..=*to).contains(&number),
            _ => false,
        }
    }
}

/// An input of a table with its values.
#[derive(Debug, Clone)]
pub struct CoverageDimension {
    /// Which input.
    pub input: CoverageInput,
    /// Its values, in order.
    pub values: Vec<CoverageValue>,
}

/// The row of every combination of values; the last dimension goes fastest.
#[derive(Debug, Clone)]
pub struct CoverageTable {
    /// The inputs that the answer can depend on.
    pub dimensions: Vec<CoverageDimension>,
    /// Index into [`rows`](Self::rows); none for what cannot be, such as a commercial member of a Medicare product.
    pub cells: Vec<Option<u16>>,
    /// The answers.
    pub rows: Vec<Arc<CoverageRow>>,
}

/// How a requirement is asked for or met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct HowToRequest {
    /// `tool`, `phone`, `fax`, `form`, `website`, `service` (this service's own orders) or `refer` (somebody else decides).
    pub means: String,
    /// Name of the tool, line or form.
    pub name: String,
    /// Phone, as the source writes it.
    pub phone: Option<String>,
    /// Fax, as the source writes it.
    pub fax: Option<String>,
    /// Web address, or path of this service.
    pub url: Option<String>,
    /// Hours, as the source gives them.
    pub hours: Option<String>,
    /// What to do.
    pub instructions: Option<String>,
}

impl From<&Contact> for HowToRequest {
    fn from(contact: &Contact) -> Self {
        Self {
            means: "refer".to_owned(),
            name: contact.entity.clone(),
            phone: contact.phone.clone(),
            fax: contact.fax.clone(),
            url: contact.url.clone(),
            hours: None,
            instructions: contact.instructions.clone(),
        }
    }
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CoverageRow {
    /// What is needed.
    pub requirement: CoverageRequirement,
    /// Hours from the admission within which it is needed; null where the source names none.
    pub within_hours: Option<u32>,
    /// Who decides.
    pub administered_by: String,
    /// How to ask, the usual way first.
    pub how_to_request: Vec<HowToRequest>,
    /// How much of the service, in words.
    pub limits: Option<String>,
    /// How long an authorization holds, in words.
    pub validity: Option<String>,
    /// The numbers of the source by name: days, hours, visits, years of age, US dollars.
    pub figures: BTreeMap<String, u32>,
    /// What else has to hold, and where the source contradicts itself.
    pub conditions: Vec<String>,
    /// What to have ready.
    pub have_ready: Vec<String>,
    /// What follows if it is not done, and what can be done then.
    pub if_not_done: Option<String>,
    /// What can be done where the service was given already; null where the source does not say.
    pub afterwards: Option<String>,
    /// The answer in a sentence.
    pub message: String,
    /// Passage that it rests on.
    pub source: String,
    /// What keeps such a member out of the plan's cancer program, as eligibility checks say it.
    pub exclusion: Option<String>,
    /// Services that are ordered from this service (`POST /v1/orders`).
    pub orders: Vec<Service>,
}

/// A service that can be asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoverageService {
    /// Id, such as `sleep_testing`.
    pub id: String,
    /// Name.
    pub name: String,
    /// What else it is called.
    pub words: Vec<String>,
    /// Family: the content file.
    pub family: String,
    /// Words that may stand beside its name and change nothing ("MRI of the knee").
    pub beside: Vec<String>,
    /// Words that are not passed over beside it, though they are beside others ("psychotherapy, admitted").
    pub not_beside: Vec<String>,
    /// Words that are not passed over in what it is for: a stay is another service ("counseling for a facility program").
    pub not_for: Vec<String>,
    /// Settings in which it is another service, with the id of that ("physical therapy at home").
    pub in_setting: BTreeMap<String, String>,
    /// When it may be meant beside others.
    pub also: Option<CoverageAlso>,
}

/// A service that may be meant where the question is about another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoverageAlso {
    /// Ids of the others.
    pub of: Vec<String>,
    /// Words that make it possible, wherever they stand.
    pub words: Vec<String>,
}

/// A product of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoverageProduct {
    /// Id, as rosters have it.
    pub id: String,
    /// Name.
    pub name: String,
    /// What else it is called.
    pub words: Vec<String>,
    /// Lines of business that have it.
    pub lines_of_business: Vec<LineOfBusiness>,
}

/// Every group that no row names.
pub const OTHER_GROUP: &str = "other";

/// Names less alike than this are other words: "ambulance" and "appliance" are 0.8 alike.
const NEAR: f64 = 0.82;
/// The same for a text of few letters, which are easily alike by chance.
const NEARER: f64 = 0.9;
/// A text of so few letters is near to nothing.
const SHORTEST: usize = 3;
/// Letters of a text that is not short.
const LONG: usize = 7;

/// Everything that can be answered about coverage.
#[derive(Debug, Clone, Default)]
pub struct CoverageGuide {
    /// Services, in order of their files.
    pub services: Vec<CoverageService>,
    /// Products.
    pub products: Vec<CoverageProduct>,
    /// What questions are made of.
    pub words: CoverageWords,
    tables: HashMap<String, Vec<CoverageTable>>,
    unsaid: HashMap<String, String>,
}

impl CoverageGuide {
    /// Puts a guide together; each plan has a table for each service, in the order of the services, and a sentence for services that were given
    /// already and of which no row says what can be done then.
    pub fn new(
        services: Vec<CoverageService>,
        products: Vec<CoverageProduct>,
        words: CoverageWords,
        (tables, unsaid): (HashMap<String, Vec<CoverageTable>>, HashMap<String, String>),
    ) -> Self {
        Self { services, products, words, tables, unsaid }
    }

    /// Health plans that there are answers about.
    pub fn health_plans(&self) -> Vec<&str> {
        let mut plans: Vec<&str> = self.tables.keys().map(String::as_str).collect();
        plans.sort_unstable();
        plans
    }

    /// The services whose names come near a text, nearest first, three at most; words that change nothing do not count.
    pub fn nearest(&self, text: &str) -> Vec<&CoverageService> {
        let words = self.words.significant(text);
        let (key, letters) = (words.join("_"), words.iter().map(String::len).sum::<usize>());
        if letters < SHORTEST {
            return Vec::new();
        }
        let near = if letters < LONG { NEARER } else { NEAR };
        let likeness = |service: &CoverageService| {
            let names = [&service.id, &service.name].into_iter().chain(&service.words).map(|name| fold(name));
            let like = |name: std::borrow::Cow<'_, str>| {
                let inside = words.iter().filter(|part| part.len() > 2 && name.split('_').any(|other| other == *part)).count();
                let inside = u32::try_from(inside).map_or(0.0, f64::from);
                let alike = strsim::jaro_winkler(&key, &name);
                if alike > near || inside > 0.0 { alike + inside } else { 0.0 }
            };
            names.map(like).fold(0.0, f64::max)
        };
        let mut ranked: Vec<(f64, &CoverageService)> = self.services.iter().map(|service| (likeness(service), service)).collect();
        ranked.retain(|(likeness, _)| *likeness > NEAR);
        ranked.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        ranked.into_iter().take(3).map(|(_, service)| service).collect()
    }

    /// What a plan's sources say of a service that was given already, where no row does.
    pub fn afterwards_unsaid(&self, health_plan: &str) -> Option<&str> {
        self.unsaid.get(health_plan).map(String::as_str)
    }

    /// The table of a service.
    pub fn table(&self, health_plan: &str, service: usize) -> Option<&CoverageTable> {
        self.tables.get(health_plan)?.get(service)
    }

    /// Products that a word names.
    pub fn products_called(&self, word: &str) -> Vec<&CoverageProduct> {
        let key = fold(word);
        let named = |product: &&CoverageProduct| {
            let names = [&product.id, &product.name].into_iter().chain(&product.words);
            names.into_iter().any(|name| fold(name) == key)
        };
        self.products.iter().filter(named).collect()
    }
}

/// The number that stands for a day in a table.
pub fn day_number(date: NaiveDate) -> i64 {
    use chrono::Datelike;
    i64::from(date.num_days_from_ce())
}
