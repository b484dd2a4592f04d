//! Questionnaires of what an order asks for: one for each cancer and regimen family of a program, and one for radiation, made from the content
//! that decides orders and that worksheets are made from.

use super::App;
use crate::domain::content::{Cancer, Content, Drug, Program, ResultDefinition};
use crate::domain::vocabulary::Service;
use crate::rules::worksheet::{Family, Needed, Needs, families, family_of, needs, needs_of, radiation_needs};
use chrono::NaiveDate;
use sha2::{Digest as _, Sha256};
use std::sync::Arc;

/// Characters of an id at most.
const LONGEST_ID: usize = 64;

/// Results of a marker or assessment.
#[derive(Debug, Clone, PartialEq)]
pub struct Answerable {
    /// Its name in orders.
    pub name: String,
    /// Its name for people.
    pub display: String,
    /// What would count, in words.
    pub wanted: String,
    /// Words that are accepted; empty where it is a number or a day.
    pub words: Vec<String>,
    /// Drugs that ask for it; empty where regimens do.
    pub drugs: Vec<String>,
}

/// An item that the program requires or recommends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// JSON pointer of the order's field.
    pub pointer: String,
    /// Name for people.
    pub name: String,
    /// True where an order without it is not taken.
    pub required: bool,
}

/// What a questionnaire asks.
#[derive(Debug, Clone, PartialEq)]
pub struct Form {
    /// Its id: letters, digits, dots and dashes, 64 at most.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// Version: the release of the content.
    pub version: String,
    /// First day of the release.
    pub from: NaiveDate,
    /// First day of the next one.
    pub until: Option<NaiveDate>,
    /// What is ordered.
    pub service: Service,
    /// The program's items, in its order.
    pub items: Vec<Item>,
    /// Key of the cancer; none where that is asked.
    pub cancer: Option<String>,
    /// Keys of the cancers there are, with their names.
    pub cancers: Vec<(String, String)>,
    /// Stage groups that are told apart.
    pub stages: Vec<String>,
    /// Pathologies that are told apart.
    pub pathologies: Vec<String>,
    /// Settings that lines of treatment cannot say.
    pub settings: Vec<String>,
    /// Biomarkers that are asked for.
    pub biomarkers: Vec<Answerable>,
    /// Assessments that are asked for.
    pub assessments: Vec<Answerable>,
    /// Sites of radiation, with their names.
    pub sites: Vec<(String, String)>,
}

/// For whom and what a questionnaire is looked for.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Health plan.
    pub health_plan: &'a str,
    /// What is ordered.
    pub service: Service,
    /// Codes of the diagnoses that it may be for.
    pub icd10: &'a [String],
    /// The cancer, where it is told by itself.
    pub cancer: Option<&'a str>,
    /// HCPCS codes and names of the drugs.
    pub drugs: &'a [(Option<&'a str>, Option<&'a str>)],
}

/// The questionnaire for an order: of its regimen's family, else of its cancer, else of the program as a whole. None where no program serves the
/// plan.
pub fn form_for(app: &App, wanted: Wanted<'_>) -> Option<Form> {
    let content = in_force(app);
    let program = content.program_of_plan(wanted.health_plan)?;
    let cancer = cancer_of(content, wanted);
    if wanted.service == Service::RadiationOncology {
        return Some(of_radiation(app, content, program, cancer));
    }
    let Some(cancer) = cancer else { return Some(of_drugs(app, content, program, None, None)) };
    let drugs: Vec<Arc<Drug>> = wanted.drugs.iter().filter_map(|(code, name)| drug_of(content, *code, *name)).collect();
    let family = family_of(content, &cancer.key, &drugs).filter(|_| drugs.len() == wanted.drugs.len());
    Some(of_drugs(app, content, program, Some(cancer), family.as_ref()))
}

/// The questionnaire with this id, in the release in force.
pub fn form(app: &App, id: &str) -> Option<Form> {
    let content = in_force(app);
    let program = content.programs.iter().find(|program| id.split('.').next() == Some(program.id.as_str()))?;
    content.cancers.iter().map(Some).chain([None]).find_map(|cancer| {
        let radiation = id_of(program, "radiation", cancer, None);
        if radiation == id {
            return Some(of_radiation(app, content, program, cancer));
        }
        // what a longer id ends with is its hash: the cancer is always whole
        if !id.starts_with(&id_of(program, "order", cancer, None)) {
            return None;
        }
        let all = cancer.map(|cancer| families(content, &cancer.key)).unwrap_or_default();
        let with = |family: Option<&Family<'_>>| {
            (id_of(program, "order", cancer, family) == id).then(|| of_drugs(app, content, program, cancer, family))
        };
        with(None).or_else(|| all.iter().find_map(|family| with(Some(family))))
    })
}

/// Ids of all questionnaires of the release in force.
pub fn ids(app: &App) -> Vec<String> {
    let content = in_force(app);
    let mut ids = Vec::new();
    for program in &content.programs {
        for cancer in content.cancers.iter().map(Some).chain([None]) {
            ids.push(id_of(program, "order", cancer, None));
            if program.services.contains(&Service::RadiationOncology) {
                ids.push(id_of(program, "radiation", cancer, None));
            }
            let all = cancer.map(|cancer| families(content, &cancer.key)).unwrap_or_default();
            ids.extend(all.iter().map(|family| id_of(program, "order", cancer, Some(family))));
        }
    }
    ids
}

fn in_force(app: &App) -> &Arc<Content> {
    app.library.in_force(app.clock.now().date_naive())
}

fn drug_of(content: &Content, code: Option<&str>, name: Option<&str>) -> Option<Arc<Drug>> {
    let by_code = code.and_then(|code| content.drugs.by_code(code)).map(|(drug, _)| drug);
    by_code.or_else(|| content.drugs.named(name.filter(|_| code.is_none())?)).cloned()
}

/// The one cancer that an order is for.
fn cancer_of<'c>(content: &'c Content, wanted: Wanted<'_>) -> Option<&'c Arc<Cancer>> {
    if let Some(key) = wanted.cancer {
        return content.cancers.iter().find(|cancer| cancer.key == key);
    }
    let meant = |cancer: &&Arc<Cancer>| wanted.icd10.iter().any(|code| cancer.is_meant_by(code));
    let mut meant = content.cancers.iter().filter(meant);
    let one = meant.next()?;
    meant.next().is_none().then_some(one)
}

/// Program, kind, cancer and family, in the signs that ids have.
fn id_of(program: &Program, kind: &str, cancer: Option<&Arc<Cancer>>, family: Option<&Family<'_>>) -> String {
    let parts = [Some(program.id.as_str()), Some(kind), cancer.map(|cancer| cancer.key.as_str())];
    let lead = family.map(|family| family.lead.id.to_lowercase());
    let parts = parts.into_iter().flatten().chain(lead.as_deref());
    let plain = |part: &str| {
        let sign = |sign: char| if sign.is_ascii_alphanumeric() { sign } else { '-' };
        part.chars().map(sign).collect::<String>()
    };
    bounded(parts.map(plain).collect::<Vec<_>>().join("."))
}

/// An id that is no longer than ids may be: a longer one ends with a part of its hash.
fn bounded(id: String) -> String {
    if id.len() <= LONGEST_ID {
        return id;
    }
    let hash = Sha256::digest(&id).iter().take(6).fold(0_u64, |so_far, byte| so_far << 8 | u64::from(*byte));
    let hash = format!("{hash:012x}");
    let kept: String = id.chars().take(LONGEST_ID - hash.len() - 1).collect();
    format!("{kept}.{hash}")
}

fn of_drugs(app: &App, content: &Content, program: &Program, cancer: Option<&Arc<Cancer>>, family: Option<&Family<'_>>) -> Form {
    let needs = match (cancer, family) {
        (Some(cancer), Some(family)) => needs_of(content, program, &cancer.key, &family.regimens),
        (Some(cancer), None) => needs(content, program, &cancer.key),
        (None, _) => Needs::default(),
    };
    let regimens = match (cancer, family) {
        (_, Some(family)) => family.regimens.as_slice(),
        (Some(cancer), None) => content.regimens_of(&cancer.key),
        (None, _) => &[],
    };
    let mut settings: Vec<String> = Vec::new();
    for word in regimens.iter().flat_map(|regimen| &regimen.settings) {
        if !settings.contains(word) {
            settings.push(word.clone());
        }
    }
    let mut title = vec![format!("Order of {}", program.name)];
    title.extend(cancer.map(|cancer| cancer.name.clone()));
    title.extend(family.map(|family| family.lead.name.clone()));
    Form {
        stages: needs.stages,
        pathologies: needs.pathologies,
        settings,
        biomarkers: needs.biomarkers.iter().map(result).collect(),
        assessments: needs.assessments.iter().map(result).collect(),
        ..base(app, content, program, Service::MedicalOncology, id_of(program, "order", cancer, family), &title, cancer)
    }
}

fn of_radiation(app: &App, content: &Content, program: &Program, cancer: Option<&Arc<Cancer>>) -> Form {
    let needs = cancer.and_then(|cancer| radiation_needs(content, cancer));
    let mut title = vec![format!("Radiation order of {}", program.name)];
    title.extend(cancer.map(|cancer| cancer.name.clone()));
    Form {
        assessments: needs.map(|needs| needs.assessments.iter().map(result).collect()).unwrap_or_default(),
        sites: content.radiation.sites.iter().map(|site| (site.key.clone(), site.name.clone())).collect(),
        ..base(app, content, program, Service::RadiationOncology, id_of(program, "radiation", cancer, None), &title, cancer)
    }
}

fn base(
    app: &App,
    content: &Content,
    program: &Program,
    service: Service,
    id: String,
    title: &[String],
    cancer: Option<&Arc<Cancer>>,
) -> Form {
    let item = |pointer: &str, name: &str, required| Item { pointer: pointer.to_owned(), name: name.to_owned(), required };
    let required = program.required.get(&service).map(Vec::as_slice).unwrap_or_default();
    let mut items: Vec<Item> = required.iter().map(|one| item(&one.pointer, &one.name, true)).collect();
    match service {
        Service::MedicalOncology => items.extend(program.clinical.iter().map(|one| item(&one.pointer, &one.name, false))),
        Service::RadiationOncology => {
            let recommended = program.radiation.iter().flat_map(|rules| &rules.items);
            items.extend(recommended.map(|one| item(&one.pointer, &one.name, false)));
        }
    }
    let from = content.release.in_force_from;
    let until = app.library.releases().map(|other| other.release.in_force_from).filter(|other| *other > from).min();
    Form {
        id,
        title: title.join(": "),
        version: content.release.name.clone(),
        from,
        until,
        service,
        items,
        cancer: cancer.map(|cancer| cancer.key.clone()),
        cancers: content.cancers.iter().map(|cancer| (cancer.key.clone(), cancer.name.clone())).collect(),
        stages: Vec::new(),
        pathologies: Vec::new(),
        settings: Vec::new(),
        biomarkers: Vec::new(),
        assessments: Vec::new(),
        sites: Vec::new(),
    }
}

fn result(needed: &Needed<'_>) -> Answerable {
    let asked: &ResultDefinition = needed.asked;
    let words = asked.results.iter().enumerate().filter(|(index, _)| !asked.is_partial(*index));
    Answerable {
        name: asked.name.clone(),
        display: asked.display.clone(),
        wanted: asked.wanted(),
        words: words.map(|(_, (word, _))| word.clone()).collect(),
        drugs: needed.drugs.clone(),
    }
}
