//! Does a service need authorization, and from whom (COV-01…04). What is left out and decides is answered branch by branch.

use super::failure::Failure;
use super::faults::{Faults, of_error};
use super::fields::Fields;
use super::inputs::{Drawing, Input};
use super::pages::{EVERY_ROLE, Pages, Who};
use super::plans;
use super::shell::{Shell, page};
use super::typed::{Century, day};
use super::visitor::Visitor;
use crate::app::App;
use crate::app::coverage_requirements::{self, CoverageAnswerBody, CoverageQuestionBody};
use crate::documents::words;
use crate::domain::content::HowToRequest;
use crate::domain::vocabulary::{CoverageSetting, LineOfBusiness};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

pub(super) fn pages(pages: Pages) -> Pages {
    let everyone = Who::SignedIn(EVERY_ROLE);
    pages.get("/coverage", everyone, show).ask("/coverage", everyone, ask)
}

#[derive(Template)]
#[template(path = "coverage.html")]
struct CoveragePage {
    shell: Shell,
    faults: Faults,
    inputs: Vec<Input>,
    more: Vec<Input>,
    services: Vec<String>,
    answer: Option<Answer>,
}

/// An answer in words.
struct Answer {
    service: String,
    verdict: String,
    text: String,
    /// What was taken at its usual value.
    assumed: Vec<String>,
    /// What was left out and decides.
    depends: Vec<String>,
    parts: Vec<Part>,
    release: String,
}

/// One answer, or one of several with what it holds for.
struct Part {
    when: String,
    requirement: String,
    by: String,
    text: String,
    ways: Vec<String>,
    facts: Vec<(&'static str, String)>,
    conditions: Vec<String>,
    source: String,
}

async fn show(State(app): State<App>, visitor: Visitor) -> Result<Response, Failure> {
    drawn(&app, &visitor, &Fields::default(), Faults::default(), None)
}

async fn ask(State(app): State<App>, visitor: Visitor, fields: Fields) -> Result<Response, Failure> {
    let mut faults = Faults::default();
    let question = question(&fields, &mut faults);
    if !faults.is_empty() {
        return drawn(&app, &visitor, &fields, faults, None);
    }
    match coverage_requirements::ask(&app, &visitor.caller, &question) {
        Ok(found) => drawn(&app, &visitor, &fields, faults, Some(answer(found))),
        Err(error) => {
            for fault in of_error(error)? {
                // what the API lists, the page lists below the field
                let message =
                    fault.message.replace("; GET /v1/coverage-requirements/services lists all", "; all are listed below");
                faults.add(fault.pointer.trim_start_matches('/'), words::sentence(&message));
            }
            drawn(&app, &visitor, &fields, faults, None)
        }
    }
}

fn question(fields: &Fields, faults: &mut Faults) -> CoverageQuestionBody {
    let mut required = |name: &str, what: &str| {
        let typed = fields.owned(name);
        if typed.is_none() {
            faults.add(name, what);
        }
        typed.unwrap_or_default()
    };
    let health_plan = required("health_plan", "Health plan: pick one");
    let service = required("service", "Service: name it, such as MRI of the knee");
    let mut word = |name: &str, known: bool| {
        if !known {
            faults.add(name, "Pick one of the list");
        }
    };
    let line_of_business = fields.text("line_of_business").map(LineOfBusiness::parse);
    word("line_of_business", line_of_business != Some(None));
    let setting = fields.text("setting").map(CoverageSetting::parse);
    word("setting", setting != Some(None));
    let mut number = |name: &str, most: u32| {
        let typed = fields.text(name)?;
        let number = typed.parse().ok().filter(|number| *number <= most);
        if number.is_none() {
            faults.add(name, format!("{}: a whole number up to {most}", words::humanize(name)));
        }
        number
    };
    let (age, visit_number, visit_limit) = (number("age", 130), number("visit_number", 1000), number("visit_limit", 1000));
    let date = fields.text("date").map(|typed| day(typed, Century::This));
    if date == Some(None) {
        faults.add("date", "Day of service: enter it as month, day and year, such as 12/1/2026");
    }
    CoverageQuestionBody {
        health_plan,
        service,
        line_of_business: line_of_business.flatten(),
        product: fields.owned("product"),
        group: fields.owned("group"),
        setting: setting.flatten(),
        place_of_service: None,
        admitted_from: None,
        age,
        visit_number,
        visit_limit,
        out_of_network_benefits: None,
        provider_in_network: fields.text("out_of_network").map(|_| false),
        request: None,
        benefits: None,
        date: date.flatten(),
    }
}

fn drawn(app: &App, visitor: &Visitor, fields: &Fields, faults: Faults, answer: Option<Answer>) -> Result<Response, Failure> {
    let draw = Drawing { fields, faults: &faults };
    let plans = plans::of(app, &visitor.caller, None);
    let plans = plans.iter().map(|plan| (plan.id.as_str(), plan.name.as_str()));
    let lines = LineOfBusiness::ALL.iter().map(|line| (line.as_str(), words::humanize(line.as_str())));
    let settings = CoverageSetting::ALL.iter().map(|one| (one.as_str(), words::humanize(one.as_str())));
    let inputs = vec![
        draw.choice("health_plan", "Health plan", "Pick one", plans),
        draw.text("service", "Service").example("MRI of the knee").hint("in your own words"),
        draw.choice("line_of_business", "Line of business", "Not said", lines),
        draw.text("product", "Product").example("ppo").short(),
        draw.choice("setting", "Where", "Not said", settings).short(),
    ];
    let more = vec![
        draw.text("group", "Group or trust").short(),
        draw.text("age", "Age").short(),
        draw.text("visit_number", "Which visit").short(),
        draw.text("visit_limit", "Visits of the benefit").short(),
        draw.text("date", "Day of service").example("12/1/2026").hint("today, if left empty").short(),
        draw.choice("out_of_network", "Provider", "In the network", [("yes", "Out of network")]).short(),
    ];
    let is_wrong = !faults.is_empty();
    let services = coverage_requirements::services(app, None).into_iter().map(|service| service.name).collect();
    let shell = Shell::new(app, Some(visitor), "/coverage");
    let mut response = page(&CoveragePage { shell, faults, inputs, more, services, answer })?;
    if is_wrong {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(response)
}

fn answer(found: CoverageAnswerBody) -> Answer {
    let whole = Part {
        when: String::new(),
        requirement: found.requirement.map(|one| words::humanize(one.as_str())).unwrap_or_default(),
        by: found.administered_by.clone().unwrap_or_default(),
        text: found.message.clone(),
        ways: found.how_to_request.iter().map(way).collect(),
        facts: facts([
            ("How much", &found.limits),
            ("How long it holds", &found.validity),
            ("If it is not done", &found.if_not_done),
        ]),
        conditions: found.conditions.iter().chain(&found.have_ready).cloned().collect(),
        source: found.source.clone().unwrap_or_default(),
    };
    let branch = |branch: &coverage_requirements::CoverageBranchBody| {
        let when: Vec<String> =
            branch.when.iter().map(|(input, value)| format!("{} {}", input.replace('_', " "), value.replace('_', " "))).collect();
        let row = &branch.answer;
        Part {
            when: if when.is_empty() { "Otherwise".to_owned() } else { words::capitalize(&when.join(", ")) },
            requirement: words::humanize(row.requirement.as_str()),
            by: row.administered_by.clone(),
            text: row.message.clone(),
            ways: row.how_to_request.iter().map(way).collect(),
            facts: facts([
                ("How much", &row.limits),
                ("How long it holds", &row.validity),
                ("If it is not done", &row.if_not_done),
            ]),
            conditions: row.conditions.iter().chain(&row.have_ready).cloned().collect(),
            source: row.source.clone(),
        }
    };
    let several = !found.branches.is_empty();
    let verdict = if several { "It depends".to_owned() } else { whole.requirement.clone() };
    Answer {
        service: found.service_name,
        verdict,
        text: found.message,
        assumed: found
            .assumed
            .iter()
            .map(|(input, value)| format!("{}: {}", words::humanize(input), value.replace('_', " ")))
            .collect(),
        depends: found.decided_by.iter().map(|input| words::humanize(input)).collect(),
        parts: if several { found.branches.iter().map(branch).collect() } else { vec![whole] },
        release: found.content_release,
    }
}

fn facts<const N: usize>(pairs: [(&'static str, &Option<String>); N]) -> Vec<(&'static str, String)> {
    pairs.into_iter().filter_map(|(name, value)| Some((name, value.clone()?))).collect()
}

fn way(way: &HowToRequest) -> String {
    let phone = way.phone.as_ref().map(|phone| format!("phone {phone}"));
    let fax = way.fax.as_ref().map(|fax| format!("fax {fax}"));
    [Some(way.name.clone()), phone, fax, way.hours.clone(), way.instructions.clone()]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(", ")
}
