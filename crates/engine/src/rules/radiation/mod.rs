//! Radiation orders (R-01…53): [`decide()`] reads the order in the words of content (`read`), looks for its schedule (`schedule`), whether
//! the modality is supported (`modality`) and which lines it has (`lines`), and what its answers lack (`answers`); `deciding`, `ordered`
//! and `conclusion` put them together. Units, dates and statuses follow from content; nothing here denies.

mod again;
mod aims;
mod answers;
mod beside;
mod comparison;
mod conclusion;
mod courses;
mod deciding;
mod duplicates;
mod earlier_lines;
mod extension;
mod foreign;
mod ground;
mod heard;
mod intake;
mod lines;
mod modality;
mod ordered;
mod organs;
mod place;
mod read;
mod rhythm;
mod said;
mod schedule;
mod sides;
mod staging;
mod taken_back;
mod told_before;
mod under_way;
mod withdrawal;

pub use duplicates::{begun, course_words};
pub use extension::{extend, nothing_to_extend};
pub use intake::{faults, other_service};
pub use lines::by_code;
pub use read::Treated;
pub use withdrawal::may_withdraw;

use super::admission::Admitted;
use super::answers::Days;
use super::criteria::Bench;
use super::decision::Decision;
use super::drugs::Shared;
use super::facts::Facts;
use super::history::History;
use super::patient::Patient;
use super::plan::{Identity, PlanLine};
use super::stage;
use crate::domain::answer::Answer;
use crate::domain::content::{Content, RadiationRules, Routes};
use crate::domain::order::{Clinical, OrderRequest, OrderedDrug, Phase, Radiation};
use crate::domain::vocabulary::Truth;
use chrono::{DateTime, Utc};
use ground::Ground;

/// Where an extension is asked for.
pub const EXTENDED_THROUGH: &str = "/radiation/extended_through";
/// Why it is.
pub const EXTENSION_REASON: &str = "/radiation/extension_reason";

/// The assessment that tells of earlier radiation of the same area.
const PRIOR_RADIATION: &str = "prior_radiation_here";
/// The assessment that tells of a pregnancy.
const PREGNANCY: &str = "pregnancy_test";
/// The assessment that tells of a pacemaker or defibrillator.
const CARDIAC_DEVICE: &str = "cardiac_device";

/// Decides a radiation order that was taken.
pub fn decide(facts: &Facts<'_>, admitted: &Admitted<'_>, content: &Content, now: DateTime<Utc>) -> Decision {
    let nothing = Radiation::default();
    let entered = facts.order.radiation.as_ref().unwrap_or(&nothing);
    let received = facts.received_at.with_timezone(&admitted.program.time_zone).date_naive();
    let days = Days { received, service: admitted.date_of_service };
    let treated = Treated::read(facts.order, entered, content);
    let staged =
        staging::with_tnm(&facts.order.clinical, content).map(|clinical| OrderRequest { clinical, ..facts.order.clone() });
    let order = staged.as_ref().unwrap_or(facts.order);
    let clinical = with_histology(&order.clinical, entered);
    let mut patient =
        Patient::new(order, &admitted.coverage, days, admitted.program, content, History::new(facts, days, content));
    if let Some(clinical) = &clinical {
        patient.clinical = clinical;
    }
    // M1 is stage IV, and so is a metastasis by its site
    let by_site = treated.site.known().is_some_and(|site| site.metastatic);
    if patient.stage.is_none() && (by_site || patient.metastatic == Truth::Met) {
        patient.stage = Some("IV");
    }
    let groups = staging::groups(&patient, content);
    if let Some([one]) = groups {
        patient.stage = stage::read(one, content).map(|stage| stage.group);
    }
    // what all services share speaks of the lines of a plan: this one stands for the course
    let (phase, ordered) = stand_in();
    let plan = [PlanLine {
        ordered: &ordered,
        phase: &phase,
        phase_index: 0,
        drug_index: 0,
        start: 0,
        drug: None,
        code: None,
        is_unclassified: false,
        dosing: None,
        product: None,
        route: None,
        allowed_routes: Routes::default(),
        identity: Identity::of(&ordered, None),
    }];
    let range = (admitted.date_of_service, admitted.date_of_service);
    let shared =
        Shared { admitted, patient: &patient, plan: &plan, phases: &[], matched: None, nearest: None, content, range, laid: &[] };
    let [line] = &plan;
    let bench = Bench { radiation: Some(&treated), ..shared.bench(line) };
    let without = RadiationRules::default();
    let ground = Ground {
        treated: &treated,
        patient: &patient,
        pathology: facts.order.clinical.pathology.known().map(String::as_str),
        bench,
        content,
        program: admitted.program,
        rules: admitted.program.radiation.as_ref().unwrap_or(&without),
        related: &facts.related_cases,
        groups,
        received,
    };
    deciding::decide(facts, &ground, &shared, now)
}

/// The clinical answers with the histology of the order as their pathology; none where that changes nothing.
fn with_histology(clinical: &Clinical, entered: &Radiation) -> Option<Clinical> {
    let told = entered.histology.known().filter(|told| clinical.pathology.known() != Some(told))?;
    Some(Clinical { pathology: Answer::Known(told.clone()), ..clinical.clone() })
}

fn stand_in() -> (Phase, OrderedDrug) {
    let ordered = OrderedDrug {
        line: 1,
        hcpcs: None,
        generic: Some("radiation".to_owned()),
        role: None,
        route: None,
        dose: None,
        days: Vec::new(),
        frequency_per_day: 1,
        loading_dose: None,
    };
    (Phase { cycle_length_days: 1, cycles: Some(1), beside: false, drugs: Vec::new() }, ordered)
}
