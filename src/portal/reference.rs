//! The Reference Desk: whom to call and when, how long answers take, and what to have ready, by program.

use super::failure::Failure;
use super::pages::{EVERY_ROLE, Pages, Who};
use super::papers;
use super::shell::{Shell, page};
use super::visitor::Visitor;
use crate::app::rendering::Format;
use crate::app::{App, catalog, worksheets};
use crate::domain::content::{Program, ServiceHours};
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;

pub(super) fn pages(pages: Pages) -> Pages {
    let everyone = Who::SignedIn(EVERY_ROLE);
    pages.get("/desk", everyone, show).get("/worksheets/{program}/{cancer}", everyone, worksheet)
}

#[derive(Template)]
#[template(path = "reference.html")]
struct ReferencePage {
    shell: Shell,
    programs: Vec<Desk>,
    cancers: Vec<(String, String)>,
}

/// A program.
struct Desk {
    id: String,
    name: String,
    plan: String,
    lines: Vec<(String, String)>,
    reconsideration: Option<u32>,
    ready: Vec<String>,
}

async fn show(State(app): State<App>, visitor: Visitor) -> Result<Response, Failure> {
    let content = catalog::content(&app, None);
    let serves = |program: &&std::sync::Arc<Program>| visitor.caller.serves_plan(&program.health_plan);
    page(&ReferencePage {
        shell: Shell::new(&app, Some(&visitor), "/desk"),
        programs: content.programs.iter().filter(serves).map(|program| desk(program)).collect(),
        cancers: content.cancers.iter().map(|cancer| (cancer.key.clone(), cancer.name.clone())).collect(),
    })
}

fn desk(program: &Program) -> Desk {
    let hours = |one: &ServiceHours| {
        let parts = [one.phone.clone(), one.url.clone(), Some(one.hours.clone())];
        (one.name.clone(), parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
    };
    Desk {
        id: program.id.clone(),
        name: program.name.clone(),
        plan: program.health_plan_name.clone(),
        lines: vec![hours(&program.phone), hours(&program.portal_support), hours(&program.portal)],
        reconsideration: program.reconsideration.map(|rule| rule.calendar_days),
        ready: program.clinical.iter().map(|item| item.name.clone()).collect(),
    }
}

/// A worksheet for paper: nobody is named in it.
async fn worksheet(
    State(app): State<App>,
    visitor: Visitor,
    Path((program, cancer)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let content = catalog::content(&app, None);
    let known = content.program(&program).filter(|program| visitor.caller.serves_plan(&program.health_plan));
    known.ok_or_else(Failure::not_found)?;
    papers::pdf(worksheets::get(&app, &program, &cancer, Format::Pdf).await?)
}
