//! Worksheets of what to have ready, one for each cancer and program, made from content.

use super::rendering::{Format, Rendered, render};
use super::{App, Error, Result};
use crate::documents::NeededAnswer;
pub use crate::documents::Worksheet;
use crate::domain::content::{Cancer, Content, Program, RequiredItem};
use crate::domain::vocabulary::Service;
use crate::rules::worksheet::{Needed, needs};
use std::sync::Arc;

/// Which worksheets there are, in the order of programs and cancers.
pub fn list(app: &App, program: Option<&str>, cancer: Option<&str>) -> Vec<(Arc<Program>, Arc<Cancer>)> {
    let content = app.library.in_force(app.clock.now().date_naive());
    let programs = content.programs.iter().filter(|known| program.is_none_or(|id| known.id == id));
    let of = |program: &Arc<Program>| {
        let cancers = content.cancers.iter().filter(|known| cancer.is_none_or(|key| known.key == key));
        cancers.map(|cancer| (Arc::clone(program), Arc::clone(cancer))).collect::<Vec<_>>()
    };
    programs.flat_map(of).collect()
}

/// One worksheet.
pub async fn get(app: &App, program: &str, cancer: &str, format: Format) -> Result<Rendered<Worksheet>> {
    let content = app.library.in_force(app.clock.now().date_naive());
    let (program, cancer) = (content.program(program), content.cancer(cancer));
    let (Some(program), Some(cancer)) = (program, cancer) else { return Err(Error::NotFound) };
    let name = format!("worksheet-{}-{}", program.id, cancer.key);
    render(app, worksheet(content, program, cancer), format, name, Worksheet::document).await
}

fn worksheet(content: &Content, program: &Program, cancer: &Cancer) -> Worksheet {
    let needs = needs(content, program, &cancer.key);
    let names = |items: &[RequiredItem]| items.iter().map(|item| item.name.clone()).collect::<Vec<_>>();
    let phone = program.phone.phone.as_deref().unwrap_or_default();
    Worksheet {
        program: program.id.clone(),
        program_name: program.name.clone(),
        health_plan_name: program.health_plan_name.clone(),
        cancer_type: cancer.key.clone(),
        cancer_name: cancer.name.clone(),
        icd10_prefixes: cancer.icd10_prefixes.clone(),
        content_release: content.release.name.clone(),
        questions: format!("{}: {phone}, {}.", program.phone.name, program.phone.hours),
        required: names(program.required.get(&Service::MedicalOncology).map(Vec::as_slice).unwrap_or_default()),
        clinical: names(&program.clinical),
        stages: needs.stages,
        pathologies: needs.pathologies.iter().map(|word| word.replace('_', " ")).collect(),
        biomarkers: needs.biomarkers.iter().map(answer).collect(),
        assessments: needs.assessments.iter().map(answer).collect(),
        managed_drugs: needs.managed,
        dated: content.release.in_force_from.and_time(chrono::NaiveTime::MIN).and_utc(),
    }
}

fn answer(needed: &Needed<'_>) -> NeededAnswer {
    NeededAnswer {
        name: needed.asked.name.clone(),
        display: needed.asked.display.clone(),
        accepted: needed.asked.wanted(),
        for_drugs: needed.drugs.clone(),
    }
}
