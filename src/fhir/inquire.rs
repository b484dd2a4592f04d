//! `POST /fhir/Claim/$inquire`: which requests of a member are there, and where do they stand? A query by example: what the Claim says has to
//! agree, what it leaves out does not matter. Its identifier names the inquiry, not what is looked for.

use super::answer::{Known, read_case};
use super::body::Resource;
use super::element::{codings, date, extension, has_code, identifier_of, put, text};
use super::outcome::{Failure, Issue, respond};
use super::read::bundle::Bundle;
use super::read::claim::{Claim, Line};
use super::read::{items, order, people};
use super::urls;
use super::write::Context;
use super::write::bundle::Sent;
use super::write::claim_response::Kind;
use crate::app::orders::{self, Filter};
use crate::app::{App, Caller};
use crate::domain::case::{Case, CaseDrug};
use crate::domain::content::CodeTables;
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::NaiveDate;
use serde_json::{Value, json};
use std::sync::Arc;

/// Answers at most; the newest are given.
const ANSWERS_AT_MOST: usize = 50;
/// Cases of a member that are looked through.
const LOOKED_AT: i64 = 500;

/// Answers with a Bundle for each request that agrees.
pub async fn inquire_claim(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Resource(sent): Resource,
) -> Result<Response, Failure> {
    let in_force = Arc::clone(app.library.in_force(app.clock.now().date_naive()));
    let base = super::base(&app);
    let context = Context { base: &base, content: &in_force };
    let mut issues = Vec::new();
    let bundle = Bundle::read(&sent, &mut issues);
    let claim = bundle.as_ref().and_then(|bundle| Claim::read_inquiry(bundle, &mut issues));
    let (Some(bundle), Some(claim)) = (&bundle, &claim) else { return Err(Failure::bad(issues)) };
    let example = Example::read(bundle, claim, &in_force.code_tables, &mut issues);
    let (Some(example), true) = (example, issues.is_empty()) else { return Err(Failure::bad(issues)) };
    let mut answers = Vec::new();
    if let Some(health_plan) = &example.health_plan {
        let filter =
            Filter { member_id: Some(example.member_id.clone()), order_id: example.order_id.clone(), ..Filter::default() };
        for seen in orders::list(&app, &caller, &filter, None, LOOKED_AT).await? {
            let case = read_case(&seen.body)?;
            let of_plan = case.request.member.health_plan.as_ref() == Some(health_plan);
            if of_plan && example.agrees(&case, &in_force.code_tables) && answers.len() < ANSWERS_AT_MOST {
                let known = Known::load(&app, &caller, case.case_id, context).await?;
                answers.push(known.answer(Sent { of: Some(&sent), kind: Kind::Inquiry, context })?);
            }
        }
    }
    let parameters: Vec<Value> = answers.into_iter().map(|bundle| json!({"name": "return", "resource": bundle})).collect();
    let mut response = json!({"resourceType": "Parameters"});
    if !parameters.is_empty() {
        put(&mut response, "parameter", parameters);
    }
    Ok(respond(StatusCode::OK, &response))
}

/// What is looked for.
#[derive(Debug)]
struct Example {
    health_plan: Option<String>,
    member_id: String,
    order_id: Option<String>,
    case_id: Option<String>,
    icd10: Option<String>,
    npi: Option<String>,
    lines: Vec<ExampleLine>,
}

/// One line of what is looked for.
#[derive(Debug, Default)]
struct ExampleLine {
    code: Option<String>,
    days: Option<(NaiveDate, NaiveDate)>,
    action: Option<String>,
}

impl Example {
    fn read(bundle: &Bundle<'_>, claim: &Claim<'_>, tables: &CodeTables, issues: &mut Vec<Issue>) -> Option<Self> {
        let member = people::member(claim);
        let member_id = member.get("member_id").and_then(Value::as_str).map(str::to_owned);
        if member_id.is_none() {
            let words = "an inquiry names the member: Coverage.identifier or Patient.identifier of type MB";
            issues.push(Issue::at("required", claim.coverage.path("identifier"), words));
        }
        let provider = claim.provider.resource;
        let person = people::practitioner(bundle, claim.provider);
        let npi =
            person.and_then(|person| identifier_of(person.resource, urls::NPI)).or_else(|| identifier_of(provider, urls::NPI));
        if npi.is_none() && identifier_of(provider, urls::EIN).is_none() {
            let words = "an inquiry names who asks: an NPI or a tax id of Claim.provider";
            issues.push(Issue::at("required", claim.provider.path("identifier"), words));
        }
        let number = |url: &str| {
            let of =
                |holder: &Value| extension(holder, url).and_then(|extension| text(extension, "valueString")).map(str::to_owned);
            of(claim.entry.resource).or_else(|| claim.lines.iter().find_map(|line| of(line.item)))
        };
        Some(Self {
            health_plan: order::plan(claim, tables),
            member_id: member_id?,
            order_id: number(urls::AUTHORIZATION_NUMBER),
            case_id: number(urls::REFERENCE_NUMBER),
            icd10: items::diagnosis(bundle, claim).map(|(code, _)| code),
            // an organization asks for all of its clinicians
            npi: npi.filter(|_| claim.provider.kind() != "Organization").map(str::to_owned),
            lines: claim.lines.iter().map(|line| ExampleLine::read(bundle, claim, line)).collect(),
        })
    }

    fn agrees(&self, case: &Case, tables: &CodeTables) -> bool {
        let is = |wanted: &Option<String>, given: Option<&str>| wanted.as_deref().is_none_or(|wanted| given == Some(wanted));
        let ordering = case.request.ordering_provider.as_ref().and_then(|provider| provider.npi.as_deref());
        let servicing = case.request.servicing_provider.as_ref().and_then(|provider| provider.npi.as_deref());
        let icd10 = case.request.diagnosis.as_ref().and_then(|diagnosis| diagnosis.icd10.as_deref());
        let case_id = case.case_id.to_string();
        let numbers = [Some(case_id.as_str()), case.case_number.as_deref()];
        self.case_id.as_deref().is_none_or(|wanted| numbers.contains(&Some(wanted)))
            && is(&self.icd10, icd10)
            && (is(&self.npi, ordering) || is(&self.npi, servicing))
            && self.lines.iter().all(|line| line.agrees(case, tables))
    }
}

impl ExampleLine {
    fn read<'v>(bundle: &Bundle<'v>, claim: &Claim<'v>, line: &Line<'v>) -> Self {
        let any =
            line.item.get("productOrService").is_some_and(|concept| has_code(concept, "/data-absent-reason", "not-applicable"));
        let day = |name: &str| text(line.item, name).and_then(date).map(|day| (day, day));
        let period = || {
            let period = line.item.get("servicedPeriod")?;
            let start = text(period, "start").and_then(date).unwrap_or(NaiveDate::MIN);
            Some((start, text(period, "end").and_then(date).unwrap_or(NaiveDate::MAX)))
        };
        let action = extension(line.item, urls::REVIEW_ACTION_CODE).and_then(|extension| extension.get("valueCodeableConcept"));
        Self {
            code: items::product(bundle, claim, line).code.filter(|_| !any),
            days: day("servicedDate").or_else(period),
            action: action.and_then(|concept| codings(concept).next()).map(|coding| coding.code.to_owned()),
        }
    }

    /// True where a line of the case is one like this.
    fn agrees(&self, case: &Case, tables: &CodeTables) -> bool {
        if self.code.is_none() && self.action.is_none() && case.drugs.is_empty() {
            return self.on(case.request.date_of_service, case.request.date_of_service);
        }
        case.drugs.iter().any(|drug| self.is(drug, case, tables))
    }

    fn is(&self, drug: &CaseDrug, case: &Case, tables: &CodeTables) -> bool {
        let action = tables.lines.get(&drug.status).map(|action| action.code.as_str());
        self.code.as_deref().is_none_or(|code| drug.hcpcs.as_deref() == Some(code))
            && self.action.as_deref().is_none_or(|wanted| action == Some(wanted))
            && self.on(drug.valid_from.or(case.request.date_of_service), drug.valid_through.or(case.request.date_of_service))
    }

    fn on(&self, from: Option<NaiveDate>, through: Option<NaiveDate>) -> bool {
        let Some((first, last)) = self.days else { return true };
        from.is_none_or(|from| from <= last) && through.is_none_or(|through| through >= first)
    }
}
