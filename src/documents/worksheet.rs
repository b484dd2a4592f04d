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
    #[serde(skip)]
    pub(crate) dated: DateTime<Utc>,
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
        blocks.push(Block::heading("Every order"));
        blocks.push(blanks(&self.required));
        blocks.push(Block::heading("About the disease"));
        blocks.push(Block::Facts { items: self.disease() });
        if !self.clinical.is_empty() {
            blocks.push(blanks(&self.clinical));
        }
        for (heading, caption, answers) in [
            ("Biomarkers", "Biomarkers with the results that count", &self.biomarkers),
            ("Other answers", "Answers that policies of single drugs ask for", &self.assessments),
        ] {
            if !answers.is_empty() {
                blocks.push(Block::heading(heading));
                blocks.push(table(caption, answers));
            }
        }
        if !self.managed_drugs.is_empty() {
            blocks.push(Block::heading("Drugs that this program reviews"));
            blocks.push(Block::paragraph(words::sentence(&self.managed_drugs.join(", "))));
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

    fn disease(&self) -> Vec<Fact> {
        let mut facts = vec![Fact::new("Diagnosis", format!("ICD-10-CM {}", self.icd10_prefixes.join(", ")))];
        let mut fact = |name: &str, list: &[String]| {
            if !list.is_empty() {
                facts.push(Fact::new(name, list.join(", ")));
            }
        };
        fact("Stage, one of", &self.stages);
        fact("Pathology, such as", &self.pathologies);
        facts
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

fn blanks(items: &[String]) -> Block {
    Block::List { items: items.iter().map(|item| format!("{}: ______________________", words::capitalize(item))).collect() }
}

fn table(caption: &str, answers: &[NeededAnswer]) -> Block {
    let row = |answer: &NeededAnswer| {
        let drugs = if answer.for_drugs.is_empty() { "regimens".to_owned() } else { answer.for_drugs.join(", ") };
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
