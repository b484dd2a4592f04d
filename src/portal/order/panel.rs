//! The live panel: what would become of the order as it stands, what is missing, and what would make it authorize. It says what the engine
//! says, with a link to each field; it offers no clinical answer and tells no likelihood.

use super::super::faults::Faults;
use super::super::refusal::{self, Refused};
use super::form::definition;
use super::labels::{in_this_form, known, label};
use super::read::Read;
use crate::app::orders::{Drafted, Foreseen, Outlook};
use crate::documents::words;
use crate::domain::case::{Deviation, PathwayOption, ReviewQueue};
use crate::domain::content::Content;
use crate::domain::refusal::{Fault, Refusal};
use crate::domain::vocabulary::{CaseStatus, PathwayDetermination};

/// Pathways shown before the rest.
const SHOWN: usize = 3;

/// What the panel shows.
#[derive(Debug, Clone, Default)]
pub(super) struct Panel {
    /// Member and regimen, always in sight.
    pub about: String,
    pub tone: &'static str,
    pub verdict: String,
    pub text: Vec<String>,
    pub contact: Option<String>,
    /// Cells that are not understood.
    pub faults: Vec<Link>,
    /// Required items that are not there.
    pub missing: Vec<Link>,
    /// What would make it authorize, or put it on a Pathway.
    pub needs_title: &'static str,
    pub needs: Vec<Need>,
    /// What else differs, and changes nothing.
    pub warnings: Vec<Link>,
    pub notices: Vec<String>,
    pub pathway: Option<PathwayLines>,
    pub drugs: Vec<DrugLine>,
}

/// Words that lead to a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Link {
    pub field: String,
    pub text: String,
}

/// Something that would have to be otherwise.
#[derive(Debug, Clone)]
pub(super) struct Need {
    pub field: String,
    pub text: String,
    /// What it does as it is.
    pub effect: &'static str,
    pub expected: String,
    /// True where the words do not say yet what is expected.
    pub is_untold: bool,
    pub entered: String,
    /// The drug that it is about.
    drug: Option<String>,
    /// Further ones.
    pub also: Vec<String>,
}

#[derive(Debug, Clone)]
pub(super) struct PathwayLines {
    pub verdict: &'static str,
    /// The Pathway that the entered regimen would be on.
    pub own: Option<String>,
    pub s_codes: Option<String>,
    pub options: Vec<PathwayLine>,
    pub further: Vec<PathwayLine>,
}

#[derive(Debug, Clone)]
pub(super) struct PathwayLine {
    pub regimen_id: String,
    pub name: String,
    pub reason: String,
}

#[derive(Debug, Clone)]
pub(super) struct DrugLine {
    pub name: String,
    pub status: &'static str,
    pub detail: String,
}

/// The panel of a draft. `asked` are the fields of clinical results that are asked for.
pub(super) fn panel(read: &Read, drafted: Option<Drafted>, about: String, asked: &[String], content: &Content) -> Panel {
    let mut panel = Panel { about, tone: "plain", verdict: "Nothing to decide yet".to_owned(), ..Panel::default() };
    panel.faults = of_faults(&read.faults);
    let Some(drafted) = drafted else {
        "Not complete yet".clone_into(&mut panel.verdict);
        panel.tone = "bad";
        return panel;
    };
    panel.missing = links(read, &drafted.missing);
    match drafted.outlook {
        Ok(Some(outlook)) => decided(&mut panel, &outlook, read, (asked, content)),
        Ok(None) => {
            if let Some(program) = drafted.program {
                panel.text.push(format!("{program} decides this."));
            }
        }
        Err(Refusal::Validation(faults) | Refusal::MissingRequired(faults) | Refusal::NotOfThisService(faults)) => {
            "Not complete yet".clone_into(&mut panel.verdict);
            panel.tone = "bad";
            panel.faults.extend(faults.iter().map(|fault| link(read, fault)));
        }
        Err(refusal) => refused(&mut panel, refusal::in_words(refusal)),
    }
    panel
}

/// What a change would do to its order.
pub(super) enum Foresight {
    /// What is entered is not understood: nothing can be told.
    Nothing,
    /// The case as it would be.
    Decided(Box<Foreseen>),
    /// It would not be taken.
    Refused(Box<Refusal>),
    /// It is not made now, and why.
    NotNow(String),
}

/// The panel of a change. What is told is what the change does to the case as it stands, with what reviewers decided about it.
pub(super) fn of_change(read: &Read, foresight: Foresight, about: String, asked: &[String], content: &Content) -> Panel {
    let mut panel = Panel { about, tone: "bad", verdict: "Not complete yet".to_owned(), ..Panel::default() };
    panel.faults = of_faults(&read.faults);
    match foresight {
        Foresight::Nothing => {}
        Foresight::Decided(foreseen) => {
            decided(&mut panel, &foreseen.outlook, read, (asked, content));
            changed(&mut panel, &foreseen);
        }
        Foresight::Refused(refusal) => match *refusal {
            Refusal::Validation(faults) | Refusal::MissingRequired(faults) | Refusal::NotOfThisService(faults) => {
                panel.faults.extend(links(read, &faults));
            }
            other => refused(&mut panel, refusal::in_words(other)),
        },
        Foresight::NotNow(why) => {
            "This change cannot be made".clone_into(&mut panel.verdict);
            panel.text.push(why);
        }
    }
    panel
}

/// The verdict of a change: what it would do, or that there is none.
fn changed(panel: &mut Panel, foreseen: &Foreseen) {
    let summary = &foreseen.outlook.summary;
    let by = summary.review.as_ref().map(|review| review.review.queue);
    let (tone, verdict) = match (foreseen.changes.is_empty(), summary.status, by) {
        (true, ..) => ("plain", "Nothing differs from the order as it stands"),
        (_, CaseStatus::Authorized, _) => ("good", "The change would authorize it at once"),
        (_, CaseStatus::Completed, _) => ("good", "No drug needs review here with the change: an Order ID at once"),
        (_, CaseStatus::InProgress, Some(ReviewQueue::Physician)) => ("waiting", "Would stay with a medical oncologist"),
        (_, CaseStatus::InProgress, _) => ("waiting", "Would stay with an oncology nurse"),
        (_, CaseStatus::NonAuthorized | CaseStatus::MultipleDecisionsRendered | CaseStatus::ReviewCancelled, _) => {
            ("waiting", "The change would end the review")
        }
    };
    panel.tone = tone;
    verdict.clone_into(&mut panel.verdict);
    panel.text.clear();
    if let Some(review) = &summary.review {
        let is = if foreseen.changes.is_empty() { "is" } else { "would be" };
        panel.text.push(format!("It {is} {}; the answer is due {}.", words::case_status(summary.status), review.due_text));
        panel.text.extend(review.review.holds.iter().map(|hold| format!("{}.", words::hold(*hold))));
    } else {
        panel.text.push(format!("The case would be {}.", words::case_status(summary.status)));
    }
}

/// Faults with their fields named.
pub(super) fn of_faults(faults: &Faults) -> Vec<Link> {
    faults
        .iter()
        .map(|fault| Link { field: fault.field.clone(), text: format!("{}: {}", label(&fault.field), fault.message) })
        .collect()
}

/// Faults as links, each once: several parts of a provider are one field.
pub(super) fn links(read: &Read, faults: &[Fault]) -> Vec<Link> {
    let mut links: Vec<Link> = Vec::new();
    for link in faults.iter().map(|fault| link(read, fault)) {
        if !links.contains(&link) {
            links.push(link);
        }
    }
    links
}

/// A fault that the engine found, at the field that it is about.
fn link(read: &Read, fault: &Fault) -> Link {
    let field = read.field_of(&fault.pointer);
    let text = match (in_this_form(fault), fault.message.strip_prefix("enter the ")) {
        (Some(words), _) => format!("{}: {words}", label(&field)),
        (None, Some(item)) => known(&field).map_or_else(|| words::capitalize(item), str::to_owned),
        (None, None) => format!("{}: {}", label(&field), fault.message),
    };
    Link { field, text }
}

fn refused(panel: &mut Panel, refused: Refused) {
    panel.tone = "bad";
    refused.title.clone_into(&mut panel.verdict);
    panel.text = vec![refused.text];
    panel.contact = refused.contact;
}

fn decided(panel: &mut Panel, outlook: &Outlook, read: &Read, (asked, content): (&[String], &Content)) {
    let summary = &outlook.summary;
    let (tone, verdict) = match summary.status {
        CaseStatus::Authorized => ("good", "Would be authorized at once"),
        CaseStatus::Completed => ("good", "No drug needs review here: an Order ID at once"),
        CaseStatus::InProgress => match summary.review.as_ref().map(|review| review.review.queue) {
            Some(ReviewQueue::Physician) => ("waiting", "Would go to a medical oncologist"),
            _ => ("waiting", "Would go to an oncology nurse"),
        },
        CaseStatus::NonAuthorized | CaseStatus::MultipleDecisionsRendered | CaseStatus::ReviewCancelled => {
            ("waiting", "Would go to review")
        }
    };
    panel.tone = tone;
    verdict.clone_into(&mut panel.verdict);
    if let Some(review) = &summary.review {
        panel.text.push(format!("An answer would be due {}.", review.due_text));
        panel.text.extend(review.review.holds.iter().map(|hold| format!("{}.", words::hold(*hold))));
    }
    if !panel.missing.is_empty() {
        panel.text.push("It can be sent once what is missing is entered.".to_owned());
    }
    let name_of = |line: u32| summary.drugs.iter().find(|drug| drug.drug.line == line).map(|drug| drug.drug.name.clone());
    for deviation in &summary.deviations {
        let field = field_of(read, deviation, asked, content);
        let text = words::sentence(&words::without_ids(&deviation.message));
        if !deviation.effect.pends() && !deviation.effect.is_off_pathway() {
            panel.warnings.push(Link { field, text });
            continue;
        }
        let drug = deviation.drug_line.and_then(name_of);
        let expected = words::without_calls(deviation.expected.as_str());
        // one cause of several drugs is one line
        if let Some(same) = panel.needs.iter_mut().find(|need| need.field == field && need.expected == expected) {
            if drug != same.drug {
                same.also.extend(drug.filter(|drug| !same.also.contains(drug)));
            }
            continue;
        }
        panel.needs.push(Need {
            field,
            is_untold: !words::says(&text, &expected),
            text,
            effect: words::effect(deviation.effect),
            expected,
            entered: deviation.entered.clone(),
            drug,
            also: Vec::new(),
        });
    }
    panel.needs_title = match (tone, summary.deviations.iter().any(|deviation| deviation.effect.is_off_pathway())) {
        ("good", _) => "What would put this on a Pathway",
        (_, true) => "What would make this authorize, and on a Pathway",
        (_, false) => "What would make this authorize",
    };
    panel.notices = summary.notices.iter().map(|notice| words::sentence(&words::without_ids(&notice.message))).collect();
    panel.drugs = summary
        .drugs
        .iter()
        .map(|entry| {
            let drug = &entry.drug;
            let dose = drug.administered_dose.map(|dose| format!("{} {} each time", words::number(dose.amount), dose.unit));
            let units = drug
                .units_approved
                .map(|units| format!("{} units of {}", words::count(units), drug.billing_unit.as_deref().unwrap_or("the code")));
            let parts: Vec<String> = [Some(drug.dosing.clone()), dose, units].into_iter().flatten().collect();
            DrugLine { name: words::capitalize(&drug.name), status: words::drug_status(drug.status), detail: parts.join("; ") }
        })
        .collect();
    panel.pathway = Some(pathway(outlook));
}

fn pathway(outlook: &Outlook) -> PathwayLines {
    let summary = &outlook.summary;
    let found = &summary.pathway.pathway;
    let line = |option: &PathwayOption| PathwayLine {
        regimen_id: option.regimen_id.clone(),
        name: option.regimen_name.clone(),
        reason: words::sentence(&option.reason),
    };
    let mut options: Vec<PathwayLine> = Vec::new();
    let mut further: Vec<PathwayLine> = Vec::new();
    let is_own = |option: &PathwayOption| Some(&option.regimen_id) == found.regimen_id.as_ref();
    let others = found.options.iter().filter(|option| !is_own(option));
    for option in others.filter(|_| found.determination != PathwayDetermination::OnPathway) {
        // what fits as entered comes before what may fit
        let fits = !option.reason.starts_with("may fit") && options.len() < SHOWN;
        if fits { options.push(line(option)) } else { further.push(line(option)) }
    }
    let awarded = summary.s_codes.as_deref().unwrap_or_default();
    let codes: Vec<String> = awarded.iter().map(|award| format!("{} {}×", award.code, award.times)).collect();
    let s_codes =
        if codes.is_empty() { summary.s_codes_withheld_text.clone() } else { Some(format!("S-codes: {}", codes.join(", "))) };
    let own = found.options.iter().find(|option| is_own(option)).map(|option| option.regimen_name.clone());
    let own = own.filter(|_| found.determination != PathwayDetermination::OnPathway);
    PathwayLines { verdict: words::pathway(found.determination), own, s_codes, options, further }
}

/// The field that a deviation is about. Results that are missing have no place in the order yet: the sentence names them first.
fn field_of(read: &Read, deviation: &Deviation, asked: &[String], content: &Content) -> String {
    let field = read.field_of(&deviation.field);
    if !matches!(field.as_str(), "/clinical/biomarkers" | "/clinical/assessments") {
        return field;
    }
    let named = asked.iter().find(|name| {
        let result = name.rsplit('/').next().unwrap_or_default();
        let known = definition(result, field == "/clinical/biomarkers", content);
        name.starts_with(&field) && known.is_some_and(|known| deviation.message.starts_with(&known.display))
    });
    named.cloned().unwrap_or(field)
}
