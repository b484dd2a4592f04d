//! What the use cases say of orders: is an authorization on file, and would these orders together need one? They are asked as they are asked
//! of any order that is being written; how the drugs are given decides nothing here, and is left out.

use super::hook::Hook;
use crate::app::orders::preview_draft;
use crate::app::verifications::{self, VerificationRequest};
use crate::app::{App, Caller};
use crate::domain::case::Contact;
use crate::domain::content::Content;
use crate::domain::line::CaseDrug;
use crate::domain::order::{MemberIdentity, OrderRequest};
use crate::domain::refusal::Refusal;
use crate::domain::vocabulary::DrugStatus;
use crate::fhir::Documented;
use crate::fhir::element::{list, put, resource_type, text};
use crate::fhir::outcome::Failure;
use crate::fhir::read::bundle::Bundle;
use crate::fhir::read::claim::{Claim, Line};
use crate::fhir::read::items::{self, Product};
use crate::fhir::read::{order, people};
use crate::fhir::urls;
use serde_json::{Value, json};
use std::sync::Arc;

/// Id of a clinician of whom nothing came along.
const NOBODY: &str = "not-sent";

/// What is said of an order.
#[derive(Debug, Clone)]
pub enum Answer {
    /// An authorization is on file.
    Satisfied {
        /// Its number.
        order_id: String,
    },
    /// The drug is managed: it needs authorization.
    Needed,
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

/// What is said of a call.
#[derive(Debug, Default)]
pub struct Judged {
    /// Where the coverage is.
    pub coverage: String,
    /// The code of each order, and what is said of it, in the orders' order.
    pub answers: Vec<(Option<String>, Answer)>,
}

/// Judges the orders of a call together. None where no coverage of a plan here came along: then there is nothing to say.
pub async fn judge(app: &App, caller: &Caller, hook: &Hook<'_>, documented: Documented, base: &str) -> Option<Judged> {
    let content = Arc::clone(app.library.in_force(app.clock.now().date_naive()));
    let coverages = hook.resources.iter().filter(|resource| resource_type(resource) == "Coverage");
    let mut of_plan = coverages.filter_map(|coverage| {
        let request = request(hook, coverage, base)?;
        let mut issues = Vec::new();
        let bundle = Bundle::read(&request, &mut issues)?;
        let claim = Claim::read(&bundle, &mut issues)?;
        order::plan(&claim, &content.code_tables).map(|plan| (*coverage, plan))
    });
    let (coverage, plan) = of_plan.next()?;
    let request = request(hook, coverage, base)?;
    let answers = Box::pin(told(app, caller, hook, &request, &plan, (documented, &*content))).await;
    let coverage = format!("Coverage/{}", text(coverage, "id")?);
    Some(Judged { coverage, answers })
}

/// The orders as a request for authorization would have them, so that they are read as one is.
fn request(hook: &Hook<'_>, coverage: &Value, base: &str) -> Option<Value> {
    let payor = list(coverage, "payor").first()?;
    let payor = payor.get("identifier").map_or_else(|| payor.clone(), |identifier| json!({ "identifier": identifier }));
    let url = |resource: &Value| format!("{base}/crd/{}/{}", resource_type(resource), text(resource, "id").unwrap_or("none"));
    let nobody = json!({"resourceType": "Practitioner", "id": NOBODY});
    let orders = || hook.orders.iter().filter_map(|order| text(order.get("requester")?, "reference"));
    let requester = orders().find_map(|reference| hook.resources.iter().find(|it| names(reference, it)).copied());
    let is_person = |resource: &&&Value| matches!(resource_type(resource), "PractitionerRole" | "Practitioner");
    let requester = requester.or_else(|| hook.resources.iter().find(is_person).copied()).unwrap_or(&nobody);
    let reference = |resource: &Value| json!({"reference": url(resource)});
    let items: Vec<Value> = hook
        .orders
        .iter()
        .enumerate()
        .map(|(index, order)| {
            let mut item = json!({
                "sequence": index + 1,
                "extension": [{"url": urls::REQUESTED_SERVICE, "valueReference": reference(order)}],
            });
            if let Some(concept) = order.get("medicationCodeableConcept").or_else(|| order.get("code")) {
                put(&mut item, "productOrService", concept.clone());
            }
            item
        })
        .collect();
    let mut claim = json!({
        "resourceType": "Claim", "id": "crd", "status": "active", "use": "preauthorization",
        "identifier": [{"system": format!("{base}/crd"), "value": hook.instance}],
        "patient": {"reference": format!("{base}/crd/Patient/{}", hook.patient_id)},
        "insurer": payor,
        "provider": reference(requester),
        "insurance": [{"sequence": 1, "focal": true, "coverage": reference(coverage)}],
        "item": items,
    });
    let diagnosis: Vec<Value> =
        diagnoses(hook).into_iter().take(1).map(|concept| json!({"sequence": 1, "diagnosisCodeableConcept": concept})).collect();
    if !diagnosis.is_empty() {
        put(&mut claim, "diagnosis", diagnosis);
    }
    let others = hook.resources.iter().chain(&hook.orders).copied().chain([&nobody]);
    let entries = std::iter::once(json!({"fullUrl": format!("{base}/crd/Claim/crd"), "resource": claim}))
        .chain(others.map(|resource| json!({"fullUrl": url(resource), "resource": resource})));
    Some(json!({"resourceType": "Bundle", "type": "collection", "entry": entries.collect::<Vec<_>>()}))
}

/// True where a reference leads to this resource.
fn names(reference: &str, resource: &Value) -> bool {
    let own = text(resource, "id").map(|id| format!("{}/{id}", resource_type(resource)));
    own.is_some_and(|own| reference == own || reference.ends_with(&format!("/{own}")))
}

/// What the orders are for: their reasons, in words of a code or as a Condition that came along.
fn diagnoses(hook: &Hook<'_>) -> Vec<Value> {
    let mut found = Vec::new();
    for order in &hook.orders {
        found.extend(list(order, "reasonCode").iter().cloned());
        for reference in list(order, "reasonReference") {
            let named = text(reference, "reference").and_then(|reference| reference.rsplit_once("Condition/")).map(|(_, id)| id);
            let condition =
                hook.resources.iter().find(|it| resource_type(it) == "Condition" && text(it, "id") == named && named.is_some());
            found.extend(condition.and_then(|condition| condition.get("code")).cloned());
        }
    }
    found.retain(|concept| {
        list(concept, "coding").iter().any(|coding| text(coding, "system").is_some_and(|it| it == urls::ICD10))
    });
    found.dedup();
    found
}

/// What is said of each order.
async fn told(
    app: &App,
    caller: &Caller,
    hook: &Hook<'_>,
    request: &Value,
    plan: &str,
    (documented, content): (Documented, &Content),
) -> Vec<(Option<String>, Answer)> {
    let all = |answer: Answer| hook.orders.iter().map(|_| (None, answer.clone())).collect::<Vec<_>>();
    let mut issues = Vec::new();
    let bundle = Bundle::read(request, &mut issues);
    let claim = bundle.as_ref().and_then(|bundle| Claim::read(bundle, &mut issues));
    let (Some(bundle), Some(claim)) = (&bundle, &claim) else {
        return all(Answer::Unknown { code: None, why: "the orders cannot be read".to_owned() });
    };
    if let Some(issue) = issues.first() {
        return all(Answer::Unknown { code: None, why: format!("the orders cannot be read: {}", issue.text) });
    }
    if let Some(fault) = people::faults(bundle, claim).first() {
        return all(Answer::Unknown { code: None, why: fault.text.clone() });
    }
    if !people::is_one_member(claim) {
        return all(refused(&Refusal::MemberMismatch));
    }
    let products: Vec<Option<Product>> =
        claim.lines.iter().map(|line| items::product(bundle, claim, line, &content.drugs).ok().filter(is_named)).collect();
    let codes: Vec<Option<String>> =
        products.iter().map(|product| product.as_ref().and_then(|product| product.code.clone())).collect();
    let drafted = draft(app, bundle, claim, plan, &products);
    let order = match (documented.read)(&drafted) {
        Ok(order) => order,
        Err(faults) => {
            let why = faults.first().map_or_else(String::new, |fault| format!("{}: {}", fault.pointer, fault.message));
            return all(Answer::Open { why });
        }
    };
    let outlook = match preview_draft(app, caller, &order).await {
        Ok(drafted) => match drafted.outlook {
            Ok(Some(outlook)) => Outlook::Lines(outlook.summary.drugs.into_iter().map(|line| line.drug).collect()),
            Ok(None) => Outlook::Open(drafted.missing.iter().map(|fault| fault.message.clone()).collect()),
            Err(refusal) => Outlook::Refused(Box::new(refusal)),
        },
        Err(error) => {
            let failure = Failure::from(error);
            tracing::error!(cause = failure.cause(), "orders of a CDS Hooks call cannot be judged");
            return all(Answer::Unknown { code: Some("technical"), why: "this cannot be answered now".to_owned() });
        }
    };
    let mut answers = Vec::with_capacity(codes.len());
    for ((line, product), code) in claim.lines.iter().zip(&products).zip(codes) {
        let answer = match on_file(app, caller, &order, code.as_deref()).await {
            Some(order_id) => Answer::Satisfied { order_id },
            None => outlook.of(line, product.as_ref()),
        };
        answers.push((code, answer));
    }
    answers
}

fn is_named(product: &Product) -> bool {
    product.code.is_some() || product.generic.is_some()
}

/// The orders as one that is being written.
fn draft(app: &App, bundle: &Bundle<'_>, claim: &Claim<'_>, plan: &str, products: &[Option<Product>]) -> Value {
    let mut member = people::member(claim);
    member.insert("health_plan".to_owned(), json!(plan));
    let drugs: Vec<Value> = claim
        .lines
        .iter()
        .zip(products)
        .filter_map(|(line, product)| {
            let product = product.as_ref()?;
            let mut drug = json!({"line": line.sequence, "days": [1]});
            match (&product.code, &product.generic) {
                (Some(code), _) => put(&mut drug, "hcpcs", code.as_str()),
                (None, generic) => put(&mut drug, "generic", json!(generic)),
            }
            Some(drug)
        })
        .collect();
    let mut order = json!({
        "member": member,
        "service": "medical_oncology",
        "setting": "outpatient",
        "channel": "api",
        "urgency": "standard",
        "date_of_service": app.clock.now().date_naive(),
        "clinical": {},
        "treatment": {"phases": [{"cycle_length_days": 28, "drugs": drugs}]},
    });
    if let Some((provider, _)) = people::ordering(bundle, claim) {
        put(&mut order, "ordering_provider", provider);
    }
    if let Ok(Some((icd10, _))) = items::diagnosis(bundle, claim) {
        put(&mut order, "diagnosis", json!({"icd10": icd10}));
    }
    order
}

/// The number of an authorization on file for this member, drug and day.
async fn on_file(app: &App, caller: &Caller, order: &OrderRequest, code: Option<&str>) -> Option<String> {
    let member: MemberIdentity = order.member.clone();
    let asked =
        VerificationRequest { order_id: None, member: Some(member), hcpcs: Some(code?.to_owned()), date: order.date_of_service };
    let found = verifications::verify(app, caller, &asked).await.ok()?;
    found.order_id.filter(|_| found.authorized)
}

/// What would become of the orders.
enum Outlook {
    Lines(Vec<CaseDrug>),
    Open(Vec<String>),
    Refused(Box<Refusal>),
}

impl Outlook {
    fn of(&self, line: &Line<'_>, product: Option<&Product>) -> Answer {
        if product.is_none() {
            return Answer::Unknown {
                code: None,
                why: "it is not told by a code of HCPCS, or by a name that is known, what is ordered".to_owned(),
            };
        }
        match self {
            Self::Lines(drugs) => match drugs.iter().find(|drug| drug.line == line.sequence) {
                Some(drug) => of_line(drug),
                None => Answer::Unknown { code: None, why: "nothing is known of this order".to_owned() },
            },
            Self::Open(missing) => Answer::Open { why: missing.join("; ") },
            Self::Refused(refusal) => refused(refusal),
        }
    }
}

fn of_line(drug: &CaseDrug) -> Answer {
    let words = || drug.message.clone();
    match drug.status {
        DrugStatus::Authorized | DrugStatus::InProgress | DrugStatus::NonAuthorized => Answer::Needed,
        DrugStatus::ClinicalReviewNotRequired => Answer::NotNeeded { why: words() },
        DrugStatus::OtherImpact | DrugStatus::ReferToHealthPlan => {
            Answer::Elsewhere { why: words(), contact: drug.contact.clone().map(Box::new) }
        }
        DrugStatus::VoluntarilyCancelled | DrugStatus::NotReviewedErrorEntry => {
            Answer::Unknown { code: None, why: "nothing is known of this order".to_owned() }
        }
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
        | Refusal::NotPermitted { detail } => Answer::Unknown { code: None, why: detail.clone() },
    }
}
