//! A worksheet: what a practice has ready before it enters an order, one for each cancer and program, to fill in by hand or to read out.

use super::blocks::{Block, Cell, Column, Document, Fact, Letterhead};
use super::words;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

/// What to have ready for orders of a cancer in a program.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Worksheet {
    /// The program.
    pub program: String,
    /// Its name.
    pub program_name: String,
    /// The plan's name.
    pub health_plan_name: String,
    /// Cancer type, as orders name it.
    pub cancer_type: String,
    /// Its name.
    pub cancer_name: String,
    /// How ICD-10-CM codes of its diagnoses begin.
    pub icd10_prefixes: Vec<String>,
    /// Release of the content that it is made from.
    pub content_release: String,
    /// Whom to ask, with phone and hours.
    pub questions: String,
    /// What an order is not taken without.
    pub required: Vec<String>,
    /// What decides and is asked for where it is missing.
    pub clinical: Vec<String>,
    /// Stages that regimens tell apart.
    pub stages: Vec<String>,
    /// Pathologies that regimens tell apart, in words.
    pub pathologies: Vec<String>,
    /// Biomarkers.
    pub biomarkers: Vec<NeededAnswer>,
    /// Other answers.
    pub assessments: Vec<NeededAnswer>,
    /// Drugs of this cancer that the program manages.
    pub managed_drugs: Vec<String>,
    /// What orders of radiation have ready; null where the program does not decide them.
    pub radiation: Option<RadiationWorksheet>,
    #[serde(skip)]
    pub(crate) dated: DateTime<Utc>,
}

/// What an order of radiation has ready.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RadiationWorksheet {
    /// What an order is not taken without.
    pub required: Vec<String>,
    /// What decides and is asked for where it is missing.
    pub clinical: Vec<String>,
    /// Sites that are treated for this cancer, by name.
    pub sites: Vec<String>,
    /// Other answers that schedules and modalities ask for.
    pub assessments: Vec<NeededAnswer>,
    /// Schedules that are preferred.
    pub preferred_schedules: Vec<PreferredSchedule>,
}

/// A schedule that is preferred.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PreferredSchedule {
    /// Its id, as `GET /v1/radiation/schedules` has it.
    pub id: String,
    /// Its name, with dose and fractions.
    pub name: String,
    /// By what it is given, in words.
    pub modalities: Vec<String>,
}

/// An answer to have ready.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct NeededAnswer {
    /// Name, as orders give it.
    pub name: String,
    /// Name for people.
    pub display: String,
    /// What counts as an answer, in words.
    pub accepted: String,
    /// Drugs whose policies ask for it; empty where regimens tell by it.
    pub for_drugs: Vec<String>,
}

impl Worksheet {
    /// The same for the eye.
    pub fn document(&self) -> Document {
        let mut blocks = vec![Block::paragraph(format!(
            "Have this at hand before you enter an order for {}. What is not known is entered as unknown; it is then asked for.",
            within(&self.cancer_name)
        ))];
        blocks.push(Block::heading(if self.radiation.is_some() { "Every order of drugs" } else { "Every order" }));
        blocks.push(self.blanks(&self.required));
        blocks.push(Block::heading("About the disease"));
        let facts = self.disease();
        if !facts.is_empty() {
            blocks.push(Block::Facts { items: facts });
        }
        if !self.clinical.is_empty() {
            blocks.push(self.blanks(&self.clinical));
        }
        for (heading, caption, answers) in [
            ("Biomarkers", "Biomarkers with the results that count", &self.biomarkers),
            ("Other answers", "Answers that policies of single drugs ask for", &self.assessments),
        ] {
            if !answers.is_empty() {
                blocks.push(Block::heading(heading));
                blocks.push(table(caption, answers, "Choice of the regimen"));
            }
        }
        if !self.managed_drugs.is_empty() {
            blocks.push(Block::heading("Drugs that this program reviews"));
            blocks.push(Block::paragraph(words::sentence(&self.managed_drugs.join(", "))));
        }
        if let Some(radiation) = &self.radiation {
            radiation.add_to(&mut blocks, self);
        }
        blocks.push(Block::heading("Questions"));
        blocks.push(Block::paragraph(self.questions.clone()));
        Document {
            title: format!("Worksheet: {}", self.cancer_name),
            letterhead: Letterhead {
                plan: self.health_plan_name.clone(),
                program: self.program_name.clone(),
                sender: String::new(),
            },
            reference: format!("Content release {}", self.content_release),
            mail: None,
            language: None,
            page_of: None,
            dated: self.dated,
            blocks,
            mark: None,
        }
    }

    /// What may be entered of an item, where the worksheet knows it.
    fn choices(&self, item: &str) -> Option<String> {
        let (words, list) = match item {
            "diagnosis" => ("ICD-10-CM", &self.icd10_prefixes),
            "stage" => ("one of", &self.stages),
            "pathology" => ("such as", &self.pathologies),
            _ => return None,
        };
        (!list.is_empty()).then(|| format!("{words} {}", list.join(", ")))
    }

    /// Lines to fill in, with what may be entered.
    fn blanks(&self, items: &[String]) -> Block {
        let line = |item: &String| {
            let choices = self.choices(item).map(|choices| format!(" ({choices})")).unwrap_or_default();
            format!("{}{choices}: ______________________", words::capitalize(item))
        };
        Block::List { items: items.iter().map(line).collect() }
    }

    /// What is known of the disease, where no line asks for it.
    fn disease(&self) -> Vec<Fact> {
        let is_asked = |item: &str| self.required.iter().chain(&self.clinical).any(|known| known == item);
        let items = [("diagnosis", "Diagnosis"), ("stage", "Stage"), ("pathology", "Pathology")];
        let items = items.into_iter().filter(|(item, _)| !is_asked(item));
        items.filter_map(|(item, name)| Some(Fact::new(name, self.choices(item)?))).collect()
    }
}

impl RadiationWorksheet {
    /// What an order of drugs has ready, too, is not asked for twice.
    fn add_to(&self, blocks: &mut Vec<Block>, sheet: &Worksheet) {
        let is_above = |item: &String| sheet.required.contains(item) || sheet.clinical.contains(item);
        let own = |items: &[String]| items.iter().filter(|item| !is_above(item)).cloned().collect::<Vec<_>>();
        blocks.push(Block::heading("Every order of radiation"));
        blocks.push(Block::paragraph("What stands above under “Every order of drugs” where it is not about drugs, and this:"));
        blocks.push(sheet.blanks(&own(&self.required)));
        let clinical = own(&self.clinical);
        if !clinical.is_empty() {
            blocks.push(sheet.blanks(&clinical));
        }
        if !self.sites.is_empty() {
            let sites = format!("Sites that go with these diagnoses: {}.", self.sites.join(", "));
            blocks.push(Block::paragraph(sites));
        }
        if !self.assessments.is_empty() {
            blocks.push(Block::subheading("Answers that schedules and modalities ask for"));
            blocks.push(table(
                "Answers that schedules and modalities of radiation ask for",
                &self.assessments,
                "Choice of the schedule",
            ));
        }
        if !self.preferred_schedules.is_empty() {
            blocks.push(Block::subheading("Schedules that are preferred"));
            let row = |one: &PreferredSchedule| vec![Cell::new(one.name.clone()), Cell::new(one.modalities.join(", "))];
            blocks.push(Block::Table {
                caption: "Schedules that are preferred, with what gives them".to_owned(),
                columns: vec![Column::text("Schedule", 50), Column::text("Given by", 50)],
                rows: self.preferred_schedules.iter().map(row).collect(),
            });
        }
    }
}

/// `breast cancer` within a sentence; names of people keep their capital.
fn within(name: &str) -> String {
    let mut letters = name.chars();
    let proper = ["Hodgkin", "Merkel", "Castleman", "Burkitt", "Waldenström", "Kaposi"].iter().any(|it| name.starts_with(it));
    if proper {
        return name.to_owned();
    }
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

/// `others` ask for what no drug's policy does.
fn table(caption: &str, answers: &[NeededAnswer], others: &str) -> Block {
    let row = |answer: &NeededAnswer| {
        let drugs = if answer.for_drugs.is_empty() { others.to_owned() } else { answer.for_drugs.join(", ") };
        vec![Cell::new(answer.display.clone()), Cell::new(answer.accepted.clone()), Cell::new(drugs), Cell::new(" ")]
    };
    Block::Table {
        caption: caption.to_owned(),
        columns: vec![
            Column::text("Answer", 24),
            Column::text("What counts", 30),
            Column::text("Asked for by", 30),
            Column::text("Result and date", 16),
        ],
        rows: answers.iter().map(row).collect(),
    }
}
