//! What the use cases say of orders: is an authorization on file, and do these orders, which are for one treatment, need one? How drugs are
//! given and what is known of the patient decides nothing here, and is left out.

use super::hook::Hook;
use super::request;
use crate::app::orders::{Coded, MemberFacts, Need};
use crate::app::questionnaires::{Wanted, form_for};
use crate::app::verifications::OfOneMember;
use crate::app::{self, App, Caller};
use crate::domain::case::Contact;
use crate::domain::content::Content;
use crate::domain::order::{MemberIdentity, OrderRequest};
use crate::domain::refusal::Refusal;
use crate::domain::vocabulary::{DrugStatus, Service};
use crate::fhir::element::{put, resource_type};
use crate::fhir::outcome::Failure;
use crate::fhir::read::bundle::Bundle;
use crate::fhir::read::claim::{Claim, Line};
use crate::fhir::read::items::{self, Product};
use crate::fhir::read::{observations, people};
use crate::fhir::{Documented, dtr};
use chrono::NaiveDate;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio::sync::OnceCell;

/// Diagnoses at most under which orders are judged; of more, nobody says which one is meant.
const DIAGNOSES_AT_MOST: usize = 3;

/// What is said of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// An authorization is on file.
    Satisfied {
        /// Its number.
        order_id: String,
        /// From when to when it is valid.
        valid: Option<(NaiveDate, NaiveDate)>,
    },
    /// It is reviewed here: it needs authorization.
    Needed {
        /// In words.
        why: String,
        /// Address of the questionnaire that asks for what decides.
        questionnaire: Option<String>,
    },
    /// It needs none here.
    NotNeeded {
        /// In words.
        why: String,
    },
    /// Somebody else decides about it.
    Elsewhere {
        /// In words.
        why: String,
        /// Whom to ask.
        contact: Option<Box<Contact>>,
    },
    /// It turns on what was not sent along.
    Open {
        /// In words.
        why: String,
    },
    /// The plan does not cover the patient.
    NotCovered {
        /// A code of the guide.
        code: &'static str,
        /// In words.
        why: String,
    },
    /// It cannot be told.
    Unknown {
        /// A code of the guide, where there is one.
        code: Option<&'static str>,
        /// In words.
        why: String,
    },
}

impl Answer {
    fn unknown(why: impl Into<String>) -> Self {
        Self::Unknown { code: None, why: why.into() }
    }

    /// Leaves of an answer what holds under another diagnosis, too.
    fn join(&mut self, other: &Self) {
        if let (Self::Needed { why, questionnaire }, Self::Needed { why: also, questionnaire: another }) = (&mut *self, other)
            && why == also
        {
            // what is asked for differs, and not that it is
            if questionnaire != another {
                *questionnaire = None;
            }
            return;
        }
        if self != other {
            *self = Self::Open { why: "it turns on which of the diagnoses is treated: name that one".to_owned() };
        }
    }

    fn technical(error: app::Error) -> Self {
        let failure = Failure::from(error);
        tracing::error!(cause = failure.cause(), "orders of a CDS Hooks call cannot be judged");
        Self::Unknown { code: Some("technical"), why: "this cannot be answered now".to_owned() }
    }
}

/// An order's code, and what is said of it.
pub type Told = (Option<String>, Answer);

/// What is said of a call.
#[derive(Debug)]
pub struct Judged<'v> {
    /// The coverage.
    pub coverage: &'v Value,
    /// The day, where the program is.
    pub today: NaiveDate,
    /// What is said of each order, in the orders' order.
    pub answers: Vec<Told>,
}

/// Judges the orders of a call together. None where no coverage by a plan here came along: then there is nothing to say.
pub async fn judge<'v>(app: &App, caller: &Caller, hook: &Hook<'v>, documented: Documented, base: &str) -> Option<Judged<'v>> {
    let content = Arc::clone(app.library.in_force(app.clock.now().date_naive()));
    let (coverage, plan) = request::coverage(hook, &content.code_tables)?;
    let zone = content.program_of_plan(&plan)?.time_zone;
    let today = app.clock.now().with_timezone(&zone).date_naive();
    let diagnoses = request::diagnoses(hook);
    let member = OnceCell::new();
    let judge = Judge { app, caller, hook, documented, content: &content, coverage, plan: &plan, today, base, member };
    let mut answers: Vec<Told> = hook.orders.iter().map(|_| (None, Answer::unknown(""))).collect();
    for service in [Service::MedicalOncology, Service::RadiationOncology] {
        let own = |order: &Value| is_radiation(order, &content) == (service == Service::RadiationOncology);
        let (places, orders): (Vec<usize>, Vec<&Value>) =
            hook.orders.iter().copied().enumerate().filter(|(_, order)| own(order)).unzip();
        if orders.is_empty() {
            continue;
        }
        let told = Box::pin(judge.together(service, &orders, &diagnoses)).await;
        for (place, told) in places.into_iter().zip(told) {
            if let Some(slot) = answers.get_mut(place) {
                *slot = told;
            }
        }
    }
    Some(Judged { coverage, today, answers })
}

/// True where an order is for a procedure of radiation.
fn is_radiation(order: &Value, content: &Content) -> bool {
    let code = order.get("code").filter(|_| resource_type(order) == "ServiceRequest");
    code.is_some_and(|concept| items::procedure_codes(concept).any(|code| content.radiation.service(code).is_some()))
}

struct Judge<'a, 'v> {
    app: &'a App,
    caller: &'a Caller,
    hook: &'a Hook<'v>,
    documented: Documented,
    content: &'a Content,
    coverage: &'v Value,
    plan: &'a str,
    today: NaiveDate,
    base: &'a str,
    /// The one member whom all orders of a call are for, looked up when it is known who that is.
    member: OnceCell<Member>,
}

/// What is known of a member, and what is on file for them.
struct Member {
    named: MemberIdentity,
    facts: MemberFacts,
    on_file: OfOneMember,
}

impl Member {
    async fn find(app: &App, named: &MemberIdentity) -> app::Result<Self> {
        let (facts, on_file) = tokio::try_join!(MemberFacts::find(app, named), OfOneMember::find(app, named))?;
        Ok(Self { named: named.clone(), facts, on_file })
    }
}

impl Judge<'_, '_> {
    /// Judges the orders of one service together, under each diagnosis that they are for. Where that makes a difference, it is open.
    async fn together(&self, service: Service, orders: &[&Value], diagnoses: &[Value]) -> Vec<Told> {
        let candidates: Vec<Option<&Value>> =
            if diagnoses.is_empty() { vec![None] } else { diagnoses.iter().map(Some).collect() };
        if candidates.len() > DIAGNOSES_AT_MOST {
            let why = "the orders name several diagnoses: say which one is treated".to_owned();
            return orders.iter().map(|_| (None, Answer::Open { why: why.clone() })).collect();
        }
        let mut all: Option<Vec<Told>> = None;
        for diagnosis in candidates {
            let told = Box::pin(self.under(service, orders, diagnosis)).await;
            match &mut all {
                None => all = Some(told),
                Some(all) => {
                    for ((_, answer), (_, other)) in all.iter_mut().zip(told) {
                        answer.join(&other);
                    }
                }
            }
        }
        all.unwrap_or_default()
    }

    async fn under(&self, service: Service, orders: &[&Value], diagnosis: Option<&Value>) -> Vec<Told> {
        let request = request::write(self.hook, orders, self.coverage, diagnosis, self.base);
        let all = |answer: Answer| orders.iter().map(|_| (None, answer.clone())).collect::<Vec<_>>();
        let mut issues = Vec::new();
        let bundle = Bundle::read(&request, &mut issues);
        let claim = bundle.as_ref().and_then(|bundle| Claim::read(bundle, &mut issues));
        let (Some(bundle), Some(claim), None) = (&bundle, &claim, issues.first()) else {
            let why = issues.first().map_or_else(String::new, |issue| format!(": {}", issue.text));
            return all(Answer::unknown(format!("the orders cannot be read{why}")));
        };
        if let Some(fault) = people::faults(bundle, claim).first() {
            return all(Answer::unknown(fault.text.clone()));
        }
        if !people::is_one_member(claim) {
            return all(refused(&Refusal::MemberMismatch));
        }
        let products: Vec<Result<Product, String>> = claim.lines.iter().map(|line| self.product(bundle, claim, line)).collect();
        let order = match self.asked(service, bundle, claim) {
            Ok(order) => order,
            Err(why) => return all(Answer::Open { why }),
        };
        let lines: Vec<Coded<'_>> = products.iter().map(coded).collect();
        let member = match self.member.get_or_try_init(|| Member::find(self.app, &order.member)).await {
            Ok(member) if member.named == order.member => member,
            Ok(_) => return all(Answer::unknown("the orders are not all for the same member")),
            Err(error) => return all(Answer::technical(error)),
        };
        let needs = self.needs(member, &order, &lines, &self.days(orders));
        let form = self.questionnaire(service, &order, &lines);
        let told = products.iter().zip(needs).zip(orders).map(|((product, need), ordered)| match (product, need) {
            (_, Err(answer)) => (None, answer),
            (Err(why), Ok(_)) => (None, Answer::unknown(why.as_str())),
            (Ok(product), Ok(need)) => {
                let on_file = self.on_file(member, product.code.as_deref(), request::day(ordered));
                (product.code.clone(), on_file.unwrap_or_else(|| of_need(need, form.as_deref())))
            }
        });
        told.collect()
    }

    /// The day of each order: its own, else the first that another of the treatment names, else today.
    fn days(&self, orders: &[&Value]) -> Vec<NaiveDate> {
        let own: Vec<Option<NaiveDate>> = orders.iter().map(|order| request::day(order)).collect();
        let first = own.iter().flatten().min().copied().unwrap_or(self.today);
        own.into_iter().map(|day| day.unwrap_or(first)).collect()
    }

    /// What each line needs on its day, all of them judged together on each of these days; or what is said of it because it is not taken.
    fn needs(&self, member: &Member, order: &OrderRequest, lines: &[Coded<'_>], days: &[NaiveDate]) -> Vec<Result<Need, Answer>> {
        let on_day = |day: NaiveDate| {
            let order = OrderRequest { date_of_service: Some(day), ..order.clone() };
            (day, member.facts.needs(self.app, self.caller, &order, lines).map_err(|refusal| refused(&refusal)))
        };
        let on_days: BTreeMap<_, _> = days.iter().copied().collect::<BTreeSet<_>>().into_iter().map(on_day).collect();
        let of_line = |(index, day): (usize, &NaiveDate)| match on_days.get(day) {
            Some(Ok(needs)) => needs.get(index).cloned().ok_or_else(|| Answer::unknown("")),
            Some(Err(answer)) => Err(answer.clone()),
            None => Err(Answer::unknown("")),
        };
        days.iter().enumerate().map(of_line).collect()
    }

    /// What an order is for, or why that cannot be told.
    fn product<'v>(&self, bundle: &Bundle<'v>, claim: &Claim<'v>, line: &Line<'v>) -> Result<Product, String> {
        let request = people::requested_by(bundle, claim, line).map_err(|issue| issue.text)?;
        if request.is_some_and(|request| !observations::is_about(bundle, request, claim)) {
            return Err("this order is not said to be for the patient of the call (subject)".to_owned());
        }
        let product = items::product(bundle, claim, line, &self.content.drugs).map_err(|issue| issue.text)?;
        let is_told = product.code.is_some() || product.generic.is_some();
        let untold = "it is not told by a code of HCPCS or CPT, or by a name that is known, what is ordered";
        if is_told { Ok(product) } else { Err(untold.to_owned()) }
    }

    /// Who asks and for what, or what keeps that from being read.
    fn asked(&self, service: Service, bundle: &Bundle<'_>, claim: &Claim<'_>) -> Result<OrderRequest, String> {
        let mut member = people::member(claim);
        member.insert("health_plan".to_owned(), json!(self.plan));
        let mut order =
            json!({"member": member, "service": service, "channel": "api", "date_of_service": self.today, "clinical": {}});
        if items::is_admission(bundle, claim).map_err(|issue| issue.text)? {
            put(&mut order, "setting", "inpatient");
        }
        if let Some((icd10, _)) = items::diagnosis(bundle, claim).map_err(|issue| issue.text)? {
            put(&mut order, "diagnosis", json!({"icd10": icd10}));
        }
        (self.documented.read)(&order)
            .map_err(|faults| faults.first().map_or_else(String::new, |fault| format!("{}: {}", fault.pointer, fault.message)))
    }

    /// Address of the questionnaire that asks for what decides these orders.
    fn questionnaire(&self, service: Service, order: &OrderRequest, lines: &[Coded<'_>]) -> Option<String> {
        let icd10: Vec<String> = order.diagnosis.iter().filter_map(|diagnosis| diagnosis.icd10.clone()).collect();
        let drugs: Vec<_> = lines.iter().map(|line| (line.code, line.generic)).collect();
        let wanted = Wanted { health_plan: self.plan, service, icd10: &icd10, cancer: None, drugs: &drugs };
        form_for(self.app, wanted).map(|form| dtr::canonical(&form, self.base))
    }

    /// An authorization on file for this member and code: on the day of the order, or, where it names none, one that goes on.
    fn on_file(&self, member: &Member, code: Option<&str>, day: Option<NaiveDate>) -> Option<Answer> {
        let found = member.on_file.verify(self.app, self.caller, &code?.to_ascii_uppercase(), day);
        if !found.authorized {
            return None;
        }
        let valid = found.valid_from.zip(found.valid_through);
        let goes_on = day.is_some() || valid.is_some_and(|(_, through)| through >= self.today);
        let order_id = found.order_id.filter(|_| goes_on)?;
        Some(Answer::Satisfied { order_id, valid })
    }
}

fn coded(product: &Result<Product, String>) -> Coded<'_> {
    let product = product.as_ref().ok();
    let code = product.and_then(|product| product.code.as_deref());
    Coded { code, generic: product.and_then(|product| product.generic.as_deref()) }
}

fn of_need(need: Need, questionnaire: Option<&str>) -> Answer {
    let Need { status, message: why, contact } = need;
    match status {
        None => Answer::Open { why },
        Some(DrugStatus::ClinicalReviewNotRequired) => Answer::NotNeeded { why },
        Some(DrugStatus::OtherImpact | DrugStatus::ReferToHealthPlan) => {
            Answer::Elsewhere { why, contact: contact.map(Box::new) }
        }
        Some(_) => Answer::Needed { why, questionnaire: questionnaire.map(str::to_owned) },
    }
}

fn refused(refusal: &Refusal) -> Answer {
    let elsewhere =
        |why: &str, contact: &Contact| Answer::Elsewhere { why: why.to_owned(), contact: Some(Box::new(contact.clone())) };
    match refusal {
        Refusal::MemberNotFound | Refusal::MemberMismatch => Answer::NotCovered {
            code: "no-member-found",
            why: "the health plan's file has no such member: check number, names and date of birth".to_owned(),
        },
        Refusal::CoverageNotActive { date_of_service } => {
            Answer::NotCovered { code: "no-active-coverage", why: format!("the member has no coverage on {date_of_service}") }
        }
        Refusal::NotEligible(ineligible) => elsewhere(&ineligible.detail, &ineligible.redirect),
        Refusal::OrderingProviderNotOnFile { detail, redirect } => elsewhere(detail, redirect),
        Refusal::Validation(faults) | Refusal::MissingRequired(faults) | Refusal::NotOfThisService(faults) => {
            Answer::Open { why: faults.iter().map(|fault| fault.message.as_str()).collect::<Vec<_>>().join("; ") }
        }
        Refusal::RetrospectiveWindowClosed { detail, .. }
        | Refusal::ChannelNotAccepted { detail }
        | Refusal::NotPermitted { detail } => Answer::unknown(detail.clone()),
    }
}
