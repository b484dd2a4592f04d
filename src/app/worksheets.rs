//! Worksheets of what to have ready, one for each cancer and program, made from content.

use super::rendering::{Format, Rendered, render};
use super::{App, Error, Result};
pub use crate::documents::Worksheet;
use crate::documents::{NeededAnswer, PreferredSchedule, RadiationWorksheet};
use crate::domain::content::radiation::FractionationSchedule;
use crate::domain::content::{Cancer, Content, Program, RequiredItem};
use crate::domain::vocabulary::Service;
use crate::rules::plain::modality_name;
use crate::rules::worksheet::{Needed, RadiationNeeds, needs, radiation_needs};
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
        radiation: radiation(content, program, cancer),
        dated: content.release.in_force_from.and_time(chrono::NaiveTime::MIN).and_utc(),
    }
}

/// The part about radiation, in programs that decide it.
fn radiation(content: &Content, program: &Program, cancer: &Cancer) -> Option<RadiationWorksheet> {
    let (rules, required) = (program.radiation.as_ref()?, program.required.get(&Service::RadiationOncology)?);
    let RadiationNeeds { sites, assessments, preferred } = radiation_needs(content, cancer)?;
    let schedule = |schedule: &&FractionationSchedule| PreferredSchedule {
        id: schedule.id.clone(),
        name: format!("{}: {} Gy in {} fractions", schedule.name, schedule.typical.0, schedule.typical.1),
        modalities: schedule.modalities.iter().map(|by| modality_name(by.modality).to_owned()).collect(),
    };
    Some(RadiationWorksheet {
        required: required.iter().map(|item| item.name.clone()).collect(),
        clinical: rules.items.iter().map(|item| item.name.clone()).collect(),
        sites: sites.into_iter().map(str::to_owned).collect(),
        assessments: assessments.iter().map(answer).collect(),
        preferred_schedules: preferred.iter().map(schedule).collect(),
    })
}

fn answer(needed: &Needed<'_>) -> NeededAnswer {
    NeededAnswer {
        name: needed.asked.name.clone(),
        display: needed.asked.display.clone(),
        accepted: needed.asked.wanted(),
        for_drugs: needed.drugs.clone(),
    }
}
