//! `POST /fhir/Claim/$inquire`: which requests of a member are there, and where do they stand? A query by example: what the Claim says has to
//! agree, what it leaves out does not matter. Its identifier names the inquiry, not what is looked for.

use super::answer::{Known, read_case};
use super::body::Resource;
use super::element::{codings, date, extension, has_code, identifier_of, put, text};
use super::outcome::{Failure, Issue, respond};
use super::read::bundle::Bundle;
use super::read::claim::{Claim, Line};
use super::read::observations::same;
use super::read::{items, order, people};
use super::urls;
use super::write::Context;
use super::write::bundle::Sent;
use super::write::claim_response::Kind;
use crate::app::orders::{self, Filter};
use crate::app::{App, Caller};
use crate::domain::case::Case;
use crate::domain::content::{CodeTables, Content};
use crate::domain::line::CaseLine;
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{Months, NaiveDate};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Answers at most; the newest are given.
const ANSWERS_AT_MOST: usize = 50;
/// Cases of a member that are looked through.
const LOOKED_AT: usize = 500;

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
    let example = Example::read(bundle, claim, &in_force, &mut issues);
    let (Some(example), true) = (example, issues.is_empty()) else { return Err(Failure::bad(issues)) };
    let mut answers = Vec::new();
    let filter = Filter { member_id: Some(example.member_id.clone()), order_id: example.order_id.clone(), ..Filter::default() };
    for seen in orders::list(&app, &caller, &filter, None, LOOKED_AT).await? {
        let case = read_case(&seen.body)?;
        if example.agrees(&case, &in_force.code_tables) && answers.len() < ANSWERS_AT_MOST {
            let known = Known::load(&app, &caller, case.case_id, context).await?;
            answers.push(known.answer(Sent { of: Some(&sent), kind: Kind::Inquiry, context })?);
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
    member: Map<String, Value>,
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
    /// What an inquiry says and is not understood is a fault: left out, it would find more than is asked for.
    fn read(bundle: &Bundle<'_>, claim: &Claim<'_>, content: &Content, issues: &mut Vec<Issue>) -> Option<Self> {
        let mut member = people::member(claim);
        if let Some(plan) = order::plan(claim, &content.code_tables) {
            member.insert("health_plan".to_owned(), json!(plan));
        } else {
            let words = "none of the payer's identifiers is that of a health plan here";
            issues.push(Issue::at("code-invalid", claim.entry.path("insurer"), words));
        }
        if claim.patient.resource.get("birthDate").is_some() && member.get("birth_date").is_none_or(Value::is_null) {
            issues.push(Issue::at("value", claim.patient.path("birthDate"), "a date of birth has year, month and day"));
        }
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
        let icd10 = items::diagnosis(bundle, claim).map_err(|issue| issues.push(issue)).ok().flatten().map(|(code, _)| code);
        if icd10.is_none() && claim.entry.resource.get("diagnosis").is_some() {
            issues.push(Issue::at("code-invalid", claim.entry.path("diagnosis"), "no diagnosis has a code of ICD-10-CM"));
        }
        let lines = claim.lines.iter().map(|line| ExampleLine::read(claim, line));
        let lines: Vec<Result<ExampleLine, Issue>> = lines.collect();
        issues.extend(lines.iter().filter_map(|line| line.as_ref().err().cloned()));
        member.retain(|_, value| !value.is_null());
        Some(Self {
            member,
            member_id: member_id?,
            order_id: number(urls::AUTHORIZATION_NUMBER).map(|number| number.to_uppercase()),
            case_id: number(urls::REFERENCE_NUMBER),
            icd10,
            // an organization asks for all of its clinicians
            npi: npi.filter(|_| claim.provider.kind() != "Organization").map(str::to_owned),
            lines: lines.into_iter().filter_map(Result::ok).collect(),
        })
    }

    fn agrees(&self, case: &Case, tables: &CodeTables) -> bool {
        let is = |wanted: &Option<String>, given: Option<&str>| wanted.as_deref().is_none_or(|wanted| given == Some(wanted));
        let ordering = case.request.ordering_provider.as_ref().and_then(|provider| provider.npi.as_deref());
        let servicing = case.request.servicing_provider.as_ref().and_then(|provider| provider.npi.as_deref());
        let icd10 = case.request.diagnosis.as_ref().and_then(|diagnosis| diagnosis.icd10.as_deref());
        let case_id = case.case_id.to_string();
        let numbers = [Some(case_id.as_str()), case.case_number.as_deref()];
        let is_number = |wanted: &str| numbers.iter().flatten().any(|number| number.eq_ignore_ascii_case(wanted));
        let on_file = json!(case.request.member);
        self.member.iter().all(|(name, value)| on_file.get(name).is_some_and(|other| same(other, value)))
            && self.case_id.as_deref().is_none_or(is_number)
            && is(&self.icd10, icd10)
            && (is(&self.npi, ordering) || is(&self.npi, servicing))
            && self.lines.iter().all(|line| line.agrees(case, tables))
    }
}

impl ExampleLine {
    fn read(claim: &Claim<'_>, line: &Line<'_>) -> Result<Self, Issue> {
        let asked = line.item.get("productOrService");
        let any = asked.is_none_or(|concept| has_code(concept, "/data-absent-reason", "not-applicable"));
        let code = if any { None } else { items::own_code(line).code };
        if code.is_none() && !any {
            let words = "the item has no code of HCPCS or CPT; `not-applicable` of data-absent-reason asks for any";
            return Err(Issue::at("code-invalid", claim.item_path(line, "productOrService"), words));
        }
        let action = extension(line.item, urls::REVIEW_ACTION_CODE).and_then(|extension| extension.get("valueCodeableConcept"));
        Ok(Self {
            code,
            days: days(line.item).map_err(|words| Issue::at("value", claim.item_path(line, "serviced"), words))?,
            action: action.and_then(|concept| codings(concept).next()).map(|coding| coding.code.to_owned()),
        })
    }

    /// True where a line of the case is one like this.
    fn agrees(&self, case: &Case, tables: &CodeTables) -> bool {
        if self.code.is_none() && self.action.is_none() && case.lines().is_empty() {
            return self.on(case.request.date_of_service, case.request.date_of_service);
        }
        case.lines().iter().any(|line| self.is(line, case, tables))
    }

    fn is(&self, drug: &CaseLine, case: &Case, tables: &CodeTables) -> bool {
        let modified = tables.modified.iter().filter(|_| drug.refused_part.is_some());
        let has_action =
            |wanted: &str| tables.lines.get(&drug.status).into_iter().chain(modified).any(|action| action.code == wanted);
        self.code.as_deref().is_none_or(|code| drug.hcpcs.as_deref() == Some(code))
            && self.action.as_deref().is_none_or(has_action)
            && self.on(drug.valid_from.or(case.request.date_of_service), drug.valid_through.or(case.request.date_of_service))
    }

    fn on(&self, from: Option<NaiveDate>, through: Option<NaiveDate>) -> bool {
        let Some((first, last)) = self.days else { return true };
        from.is_none_or(|from| from <= last) && through.is_none_or(|through| through >= first)
    }
}

/// The days that an item asks for: from the first to the last of a day, a month, a year or a period.
fn days(item: &Value) -> Result<Option<(NaiveDate, NaiveDate)>, &'static str> {
    const UNREAD: &str = "this is no day, month, year or period of them";
    let span = |written: Option<&Value>| match written {
        None => Ok((NaiveDate::MIN, NaiveDate::MAX)),
        Some(written) => written.as_str().and_then(span_of).ok_or(UNREAD),
    };
    match (item.get("servicedDate"), item.get("servicedPeriod")) {
        (None, None) => Ok(None),
        (Some(day), None) => span(Some(day)).map(Some),
        (None, Some(period)) => {
            let (first, last) = (span(period.get("start"))?.0, span(period.get("end"))?.1);
            if first <= last { Ok(Some((first, last))) } else { Err("the period ends before it begins") }
        }
        (Some(_), Some(_)) => Err("the item has a day and a period"),
    }
}

/// The first and the last day of a day, a month or a year.
fn span_of(written: &str) -> Option<(NaiveDate, NaiveDate)> {
    if let Some(day) = date(written) {
        return Some((day, day));
    }
    let (year, month) = match written.split_once('-') {
        Some((year, month)) => (year, Some(month.parse().ok()?)),
        None => (written, None),
    };
    let year: i32 = year.parse().ok().filter(|year| (1900..=9998).contains(year))?;
    let first = NaiveDate::from_ymd_opt(year, month.unwrap_or(1), 1)?;
    let next = first.checked_add_months(Months::new(if month.is_some() { 1 } else { 12 }))?;
    Some((first, next.pred_opt()?))
}

#[cfg(test)]
mod tests {
    use super::days;
    use serde_json::json;

    #[test]
    fn a_month_is_all_of_its_days_and_what_is_no_date_asks_for_nothing() {
        let read = |item| days(&item).map(|days| days.map(|(first, last)| format!("{first} {last}")));
        for (item, wanted) in [
            (json!({}), None),
            (json!({"servicedDate": "2029-01-15"}), Some("2029-01-15 2029-01-15")),
            (json!({"servicedDate": "2028-02"}), Some("2028-02-01 2028-02-29")),
            (json!({"servicedDate": "2029"}), Some("2029-01-01 2029-12-31")),
            (json!({"servicedPeriod": {"start": "2029-01", "end": "2029-06"}}), Some("2029-01-01 2029-06-30")),
        ] {
            assert_eq!(read(item), Ok(wanted.map(str::to_owned)));
        }
        for item in [
            json!({"servicedDate": "15.01.2029"}),
            json!({"servicedDate": 2029}),
            json!({"servicedPeriod": {"start": "soon"}}),
            json!({"servicedPeriod": {"start": "2029-02", "end": "2029-01"}}),
            json!({"servicedDate": "2029", "servicedPeriod": {"start": "2029"}}),
        ] {
            assert!(read(item).is_err());
        }
    }
}
