//! Regimens and Pathways: by cancer, name, drug or code, with what is new and what was retired; up to four side by side.

use super::failure::Failure;
use super::fields::Fields;
use super::pages::{EVERY_ROLE, ORDERING, Pages, Who};
use super::shell::{Shell, page};
use super::visitor::Visitor;
use crate::app::App;
use crate::app::catalog::pathways::{self, ListedPathway, PathwayStatus};
use crate::app::catalog::{self, regimens};
use crate::documents::words;
use crate::domain::content::{Content, Regimen, RegimenDrug, RegimenDrugRole, RegimenPhase};
use crate::domain::order::Dose;
use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use std::sync::Arc;

/// Regimens side by side.
const SIDE_BY_SIDE: usize = 4;
/// Rows of a search.
const SHOWN: usize = 100;

pub(super) fn pages(pages: Pages) -> Pages {
    let everyone = Who::SignedIn(EVERY_ROLE);
    pages.get("/pathways", everyone, show).ask("/pathways", everyone, look)
}

#[derive(Template)]
#[template(path = "pathways.html")]
struct PathwaysPage {
    shell: Shell,
    typed: String,
    cancers: Vec<Choice>,
    asked: bool,
    searched_for: Option<String>,
    rows: Vec<Row>,
    more: usize,
    compared: Option<Compared>,
    too_many: bool,
    may_order: bool,
}

struct Choice {
    key: String,
    name: String,
    chosen: bool,
}

struct Row {
    id: String,
    name: String,
    cancer: String,
    for_whom: String,
    standing: &'static str,
    tone: &'static str,
    since: String,
    ranks: String,
    ticked: bool,
}

/// Regimens side by side, a row for each thing.
struct Compared {
    names: Vec<(String, String)>,
    /// Each with its cells, below the names of their regimens.
    rows: Vec<(&'static str, Vec<(String, String)>)>,
}

/// The cancer may stand in the address: it is nobody's.
async fn show(State(app): State<App>, visitor: Visitor, RawQuery(query): RawQuery) -> Result<Response, Failure> {
    let query = query.unwrap_or_default();
    let fields: Fields = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "cancer").collect();
    drawn(&app, &visitor, &fields)
}

async fn look(State(app): State<App>, visitor: Visitor, fields: Fields) -> Result<Response, Failure> {
    drawn(&app, &visitor, &fields)
}

fn drawn(app: &App, visitor: &Visitor, fields: &Fields) -> Result<Response, Failure> {
    let content = catalog::content(app, None);
    let (typed, cancer) = (fields.text("typed"), fields.text("cancer"));
    let asked = typed.is_some() || cancer.is_some();
    let ticked: Vec<&str> = fields.all("compare").collect();
    let listed = pathways::list(app, &pathways::Filter { cancer, ..pathways::Filter::default() }).items;
    let found = regimens::search(app, content, &regimens::Filter { typed, cancer, diagnosis: None });
    let rows: Vec<&Arc<Regimen>> = if asked { found.items } else { Vec::new() };
    let picked: Vec<&Arc<Regimen>> = ticked.iter().filter_map(|id| content.regimen(id)).take(SIDE_BY_SIDE).collect();
    let standing = |regimen: &Regimen| listed.iter().find(|one| one.regimen.id == regimen.id);
    let retired = || listed.iter().filter(|one| asked && typed.is_none() && content.regimen(&one.regimen.id).is_none());
    let more = rows.len().saturating_sub(SHOWN);
    let is_ticked = |regimen: &Regimen| ticked.contains(&regimen.id.as_str());
    let current = rows.into_iter().take(SHOWN).map(|regimen| row(regimen, standing(regimen), is_ticked(regimen), content));
    page(&PathwaysPage {
        shell: Shell::new(app, Some(visitor), "/pathways"),
        typed: typed.unwrap_or_default().to_owned(),
        cancers: content
            .cancers
            .iter()
            .map(|one| Choice { key: one.key.clone(), name: one.name.clone(), chosen: cancer == Some(one.key.as_str()) })
            .collect(),
        asked,
        searched_for: found.searched_for.filter(|_| asked),
        rows: current.chain(retired().map(|one| row(&one.regimen, Some(one), false, content))).collect(),
        more,
        compared: (!picked.is_empty()).then(|| side_by_side(&picked, &listed, content)),
        too_many: ticked.len() > SIDE_BY_SIDE,
        may_order: ORDERING.contains(&visitor.caller.role),
    })
}

fn row(regimen: &Regimen, listed: Option<&ListedPathway>, ticked: bool, content: &Content) -> Row {
    let (standing, tone) = match listed.map(|one| one.status) {
        Some(PathwayStatus::Current) => ("Pathway", "good"),
        Some(PathwayStatus::New) => ("New Pathway", "good"),
        Some(PathwayStatus::Retired) => ("Retired Pathway", "bad"),
        None => ("No Pathway", "plain"),
    };
    let since = listed.map(|one| match &one.retired {
        Some(release) => format!("retired by release {}", release.name),
        None => format!("since release {}", one.introduced.name),
    });
    Row {
        id: regimen.id.clone(),
        name: regimen.name.clone(),
        cancer: content.cancer(&regimen.cancer).map_or_else(|| regimen.cancer.clone(), |cancer| cancer.name.clone()),
        for_whom: for_whom(regimen),
        standing,
        tone,
        since: since.unwrap_or_default(),
        ranks: listed.map_or_else(String::new, ranks),
        ticked,
    }
}

fn ranks(listed: &ListedPathway) -> String {
    let pathway = &listed.pathway;
    format!("efficacy {}, toxicity {}, consensus {}", pathway.efficacy, pathway.toxicity, pathway.consensus)
}

/// Line, stages and markers, in a line.
fn for_whom(regimen: &Regimen) -> String {
    let lines: Vec<String> = regimen.lines.iter().map(|line| words::humanize(line.as_str())).collect();
    let stages = (!regimen.stages.is_empty()).then(|| format!("stage {}", regimen.stages.join(", ")));
    let markers: Vec<&str> = regimen.biomarkers.iter().map(|marker| marker.text.as_str()).collect();
    let parts = [Some(lines.join(", ")), stages, Some(markers.join(", "))];
    parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ")
}

fn side_by_side(picked: &[&Arc<Regimen>], listed: &[ListedPathway], content: &Content) -> Compared {
    let each = |of: &dyn Fn(&Regimen) -> String| {
        let cell = |regimen: &&Arc<Regimen>| {
            let text = of(regimen);
            (regimen.name.clone(), if text.is_empty() { "–".to_owned() } else { text })
        };
        picked.iter().map(cell).collect::<Vec<_>>()
    };
    let pathway = |regimen: &Regimen| {
        let found = listed.iter().find(|one| one.regimen.id == regimen.id);
        found.map_or_else(|| "none".to_owned(), |one| format!("{} ({})", one.pathway.id, ranks(one)))
    };
    let drugs = |role: fn(RegimenDrugRole) -> bool| {
        move |regimen: &Regimen| {
            regimen
                .phases
                .iter()
                .map(|phase| in_phase(phase, role))
                .filter(|text| !text.is_empty())
                .collect::<Vec<_>>()
                .join("\nthen: ")
        }
    };
    let rows = vec![
        ("Cancer", each(&|regimen| content.cancer(&regimen.cancer).map_or_else(String::new, |cancer| cancer.name.clone()))),
        ("For whom", each(&for_whom)),
        ("Diagnoses", each(&|regimen| regimen.icd10_prefixes.join(", "))),
        ("Drugs", each(&drugs(|role| role != RegimenDrugRole::Supportive))),
        ("Support", each(&drugs(|role| role == RegimenDrugRole::Supportive))),
        (
            "Other ways of giving it",
            each(&|regimen| regimen.forms.iter().map(|form| form.name.clone()).collect::<Vec<_>>().join("\n")),
        ),
        ("Pathway: 1 is best", each(&pathway)),
        ("Febrile neutropenia", each(&|regimen| format!("{} risk", regimen.fn_risk.as_str()))),
        ("Emetogenicity", each(&|regimen| regimen.emetogenicity.as_str().to_owned())),
        ("Evidence", each(&|regimen| regimen.citation.clone())),
    ];
    Compared { names: picked.iter().map(|regimen| (regimen.id.clone(), regimen.name.clone())).collect(), rows }
}

/// `docetaxel 75 mg/m2 iv day 1; … every 21 days, 4 cycles`.
fn in_phase(phase: &RegimenPhase, wanted: fn(RegimenDrugRole) -> bool) -> String {
    let drug = |drug: &RegimenDrug| {
        let days = drug.days.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
        format!("{} {} {} day {days}", drug.generic, Dose { amount: drug.dose.amount, unit: drug.dose.unit }, drug.route)
    };
    let drugs: Vec<String> = phase.drugs.iter().filter(|one| wanted(one.role)).map(drug).collect();
    if drugs.is_empty() {
        return String::new();
    }
    let cycles = match (phase.cycles_min, phase.cycles_max) {
        (_, None) => "until progression".to_owned(),
        (least, Some(most)) if least == most => format!("{most} cycles"),
        (least, Some(most)) => format!("{least} to {most} cycles"),
    };
    format!("{}; every {} days, {cycles}", drugs.join("; "), phase.cycle_length_days)
}
