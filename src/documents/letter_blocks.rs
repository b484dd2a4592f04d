//! A letter as a document, in the order in which its reader needs it: what was decided, why, what can be done, whom to ask. Its sentences are
//! content's, in the language of the letter.

use super::blocks::{Block, Cell, Column, Document, Fact, Letterhead, Mail, Tone};
use super::letter::{DrugInLetter, Letter, Told};
use super::{disease, letter_denial, letter_idn, words};
use crate::domain::case::Case;
use crate::domain::content::{ENGLISH, Program, Template};
use crate::domain::review::ReconsiderationDecision;
use crate::domain::vocabulary::{Addressee, CaseStatus, DrugStatus, LetterKind, NoticeCode, Service};

/// The frame, before there is anything in it.
pub(super) fn empty(program: &Program) -> Document {
    Document {
        title: String::new(),
        letterhead: Letterhead {
            plan: program.health_plan_name.clone(),
            program: program.name.clone(),
            sender: program.letters.sender.clone(),
        },
        reference: String::new(),
        mail: None,
        language: None,
        page_of: None,
        dated: chrono::DateTime::UNIX_EPOCH,
        blocks: Vec::new(),
        mark: None,
    }
}

/// Writes the letter.
pub(super) fn fill(letter: &mut Letter, case: &Case, told: &Told<'_>) {
    let mut blocks = vec![Block::Facts { items: about(letter, case, told) }];
    match (letter.kind, letter.template) {
        (LetterKind::Approval, _) => {
            blocks.push(Block::paragraph(salutation(letter, case, told)));
            approval(letter, case, told, &mut blocks);
        }
        (LetterKind::Denial, Template::Standard) => {
            blocks.push(Block::paragraph(salutation(letter, case, told)));
            letter_denial::denial(letter, case, told, &mut blocks);
        }
        (LetterKind::Denial, Template::IntegratedDenialNotice) => letter_idn::denial(letter, case, told, &mut blocks),
    }
    letter.document.mail = mail(letter, case, told);
    questions(letter, told, &mut blocks);
    notices(letter, told, &mut blocks);
    letter.document.title = title(letter, told);
    letter.document.reference = letter.order_id.as_ref().filter(|_| letter.kind == LetterKind::Approval).map_or_else(
        || told.words.say("case", &[("number", &case_number(letter))]),
        |order_id| told.words.say("order_id", &[("number", order_id)]),
    );
    letter.document.dated = letter.issued_at;
    letter.document.language = Some(letter.language.clone()).filter(|language| language != ENGLISH);
    letter.document.page_of = letter.document.language.as_ref().map(|_| told.words.phrase("page_of").to_owned());
    letter.document.blocks = blocks;
}

/// Where the letter goes: the member's address on the plan's file. What goes to a practice is sent as the practice asked.
fn mail(letter: &Letter, case: &Case, told: &Told<'_>) -> Option<Mail> {
    let address = case.member_on_file.as_ref().and_then(|member| member.address.clone());
    let address = address.filter(|_| letter.to == Addressee::Member)?;
    let to = std::iter::once(member(case)).chain(address).collect();
    Some(Mail { from: told.program.letters.denial.return_address.clone(), to })
}

/// The number under which people ask about the case.
fn case_number(letter: &Letter) -> String {
    letter.case_number.clone().unwrap_or_else(|| letter.case_id.to_string())
}

fn title(letter: &Letter, told: &Told<'_>) -> String {
    if letter.kind == LetterKind::Denial
        && letter.template == Template::IntegratedDenialNotice
        && letter.reconsideration.is_none()
    {
        return told.words.phrase("idn_title").to_owned();
    }
    let key = match (letter.kind, letter.reconsideration.as_ref().map(|one| one.decision)) {
        (LetterKind::Denial, Some(ReconsiderationDecision::Upheld)) => "notice_of_denial_after_reconsideration",
        (LetterKind::Denial, _) => "notice_of_denial",
        (LetterKind::Approval, Some(_)) => "notice_of_approval_after_reconsideration",
        (LetterKind::Approval, None) => "notice_of_approval",
    };
    told.words.phrase(key).to_owned()
}

/// A name as its bearer writes it: Chinese, Japanese and Korean put the family first.
fn name(first: Option<&String>, last: Option<&String>) -> String {
    if let (Some(first), Some(last)) = (first, last)
        && words::is_family_first(first, last)
    {
        return format!("{last}{first}");
    }
    [first, last].into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" ")
}

pub(super) fn member(case: &Case) -> String {
    name(case.request.member.first_name.as_ref(), case.request.member.last_name.as_ref())
}

fn provider(case: &Case) -> String {
    case.request.ordering_provider.as_ref().map_or_else(String::new, |one| name(one.first_name.as_ref(), one.last_name.as_ref()))
}

fn addressee(letter: &Letter, case: &Case) -> String {
    match letter.to {
        Addressee::Member => member(case),
        Addressee::Provider => provider(case),
    }
}

fn about(letter: &Letter, case: &Case, told: &Told<'_>) -> Vec<Fact> {
    let program = told.program;
    let local = |at: &chrono::DateTime<chrono::Utc>| told.words.day(at.with_timezone(&program.time_zone).date_naive());
    let mut facts = Vec::new();
    let mut fact = |key: &str, value: Option<String>| {
        let value = value.filter(|value| !value.trim().is_empty());
        facts.extend(value.map(|value| Fact::new(told.words.phrase(key), value)));
    };
    fact("date", Some(local(&letter.issued_at)));
    fact("to", Some(addressee(letter, case)));
    fact("member", Some(member(case)));
    fact("member_id", case.request.member.member_id.clone());
    fact("ordering_provider", Some(provider(case)));
    fact("servicing_provider", case.request.servicing_provider.as_ref().and_then(|one| one.name.clone()));
    fact("diagnosis", disease::diagnosis(&case.request, told.content).map(|known| diagnosis(known, case, told)));
    fact("request_received", Some(local(&case.submitted_at)));
    // what a denial is about has no number that authorizes (DET-09)
    fact("order_id_name", letter.order_id.clone().filter(|_| letter.kind == LetterKind::Approval));
    fact("case_name", Some(case_number(letter)));
    facts
}

/// The name first: the code says nothing to whoever has the disease. The classification is in English; another language names the cancer, and
/// says that the title is English.
fn diagnosis(known: disease::DiagnosisInWords, case: &Case, told: &Told<'_>) -> String {
    let Some(title) = known.description else { return known.icd10 };
    if told.words.language == ENGLISH {
        return format!("{title} ({})", known.icd10);
    }
    let in_english = told.words.say("in_english", &[("text", &title)]);
    let cancer = case.request.clinical.cancer_type.known().and_then(|cancer| told.words.cancer(cancer));
    match cancer {
        Some(cancer) => format!("{cancer} ({}): {in_english}", known.icd10),
        None => format!("{in_english} ({})", known.icd10),
    }
}

fn salutation(letter: &Letter, case: &Case, told: &Told<'_>) -> String {
    let to = addressee(letter, case);
    if to.is_empty() { told.words.phrase("dear_reader").to_owned() } else { told.words.say("dear", &[("name", &to)]) }
}

fn approval(letter: &Letter, case: &Case, told: &Told<'_>, blocks: &mut Vec<Block>) {
    let say = |key: &str, values: &[(&str, &str)]| told.words.say(key, values);
    let plan = told.program.health_plan_name.as_str();
    let mut text = vec![match letter.to {
        Addressee::Member => say("approves_to_member", &[("plan", plan)]),
        Addressee::Provider => say("approves_to_provider", &[("plan", plan), ("member", &member(case))]),
    }];
    if let Some(order_id) = &letter.order_id {
        text.push(say("keep_order_id", &[("number", order_id)]));
    }
    blocks.push(Block::note(Tone::Good, told.words.phrase("approved"), text));
    letter_denial::reconsidered(letter, told, blocks);
    let approved: Vec<&DrugInLetter> = letter.lines().iter().filter(|line| line.status == DrugStatus::Authorized).collect();
    if !approved.is_empty() {
        let [what, dosing, caption] = if of_radiation(case) {
            ["procedure", "asked_for", "approved_procedures_table"]
        } else {
            ["drug", "dosing", "approved_table"]
        };
        blocks.push(Block::heading(told.words.phrase("what_is_approved")));
        blocks.push(Block::Table {
            caption: told.words.phrase(caption).to_owned(),
            columns: vec![
                Column::text(told.words.phrase(what), 26),
                Column::text(told.words.phrase(dosing), 30),
                Column::number(told.words.phrase("visits"), 10),
                Column::number(told.words.phrase("billing_units"), 14),
                Column::text(told.words.phrase("valid"), 20),
            ],
            rows: approved.into_iter().map(|drug| approved_row(drug, told)).collect(),
        });
    }
    let radiation = disease::radiation_items(&case.request);
    if !radiation.is_empty() {
        blocks.push(Block::heading(told.words.phrase("the_radiation")));
        blocks.push(Block::Facts { items: radiation.into_iter().map(|item| Fact::new(item.name, item.value)).collect() });
    }
    others(letter, case, told, blocks);
    let refused = case.lines().iter().any(|line| line.refused_part.is_some());
    let ends = coverage_ends(case);
    if let Some(day) = ends {
        blocks.push(Block::paragraph(told.words.say("coverage_ends", &[("day", &told.words.day(day))])));
    }
    let in_part = refused || ends.is_some();
    if refused || case.status == CaseStatus::MultipleDecisionsRendered {
        blocks.push(Block::paragraph(told.words.phrase("another_part")));
    }
    blocks.push(Block::paragraph(told.words.phrase(if in_part { "not_a_guarantee_in_part" } else { "not_a_guarantee" })));
}

fn approved_row(drug: &DrugInLetter, told: &Told<'_>) -> Vec<Cell> {
    let code = drug.hcpcs.as_ref().map(|code| format!("HCPCS {code}"));
    let unit = drug.billing_unit.as_ref().filter(|_| drug.units_approved.is_some());
    let unit = unit.map(|unit| told.words.say("of_unit", &[("unit", unit)]));
    let part = drug.refused_part.as_ref();
    vec![
        Cell::with(words::capitalize(&drug.name), code),
        Cell::new(drug.dosing.clone()),
        Cell::new(of_asked(drug.visits_approved.map(u64::from), part.map(|part| u64::from(part.visits_asked)), told)),
        Cell::with(of_asked(drug.units_approved, part.and_then(|part| part.units_asked), told), unit),
        Cell::new(valid(drug, told).unwrap_or_else(|| "–".to_owned())),
    ]
}

/// The last day of an approval that ends with the coverage (SAFE-14).
fn coverage_ends(case: &Case) -> Option<chrono::NaiveDate> {
    let cut = case.notices.iter().any(|notice| notice.code == NoticeCode::CoverageEnds);
    case.lines().iter().filter_map(|line| line.valid_through).max().filter(|_| cut)
}

/// What is approved; and of how much, where that is a part.
fn of_asked(approved: Option<u64>, asked: Option<u64>, told: &Told<'_>) -> String {
    let Some(approved) = approved.map(words::count) else { return "–".to_owned() };
    asked.map_or_else(
        || approved.clone(),
        |asked| told.words.say("of_asked", &[("approved", &approved), ("asked", &words::count(asked))]),
    )
}

/// The dates of a drug, in the language of the letter.
fn valid(drug: &DrugInLetter, told: &Told<'_>) -> Option<String> {
    if told.words.language == ENGLISH {
        return words::range(drug.valid_from, drug.valid_through);
    }
    Some(format!("{} – {}", told.words.day(drug.valid_from?), told.words.day(drug.valid_through?)))
}

/// Drugs that this letter does not decide: somebody else reviews them, or nobody. A denial also names what is approved, of which another letter
/// tells, and what is no longer requested.
pub(super) fn others(letter: &Letter, case: &Case, told: &Told<'_>, blocks: &mut Vec<Block>) {
    let is_denial = letter.kind == LetterKind::Denial;
    let not_ours = |status| match status {
        DrugStatus::ClinicalReviewNotRequired | DrugStatus::OtherImpact | DrugStatus::ReferToHealthPlan => true,
        DrugStatus::Authorized | DrugStatus::VoluntarilyCancelled | DrugStatus::NotReviewedErrorEntry => is_denial,
        DrugStatus::NonAuthorized | DrugStatus::InProgress => false,
    };
    let items: Vec<String> = case
        .lines()
        .iter()
        .filter(|drug| not_ours(drug.status) && drug.refused_part.is_none())
        .map(|drug| {
            let key = match drug.status {
                DrugStatus::OtherImpact => "status_pharmacy",
                DrugStatus::ReferToHealthPlan => "status_refer",
                DrugStatus::Authorized => "status_approved",
                DrugStatus::VoluntarilyCancelled | DrugStatus::NotReviewedErrorEntry => "status_withdrawn",
                _ => "status_not_required",
            };
            if letter.to == Addressee::Member
                || told.words.language != ENGLISH
                || matches!(key, "status_approved" | "status_withdrawn")
            {
                return told.words.say(key, &[("name", &words::capitalize(&drug.name))]);
            }
            let message = words::sentence(&words::without_ids(&drug.message));
            let contact = drug.contact.as_ref().map(|contact| words::sentence(&words::contact(contact)));
            let contact = contact.map(|contact| format!(" {}", told.words.say("contact", &[("contact", &contact)])));
            let names_it = message.to_lowercase().contains(&drug.name.to_lowercase());
            let name = if names_it { String::new() } else { format!("{}: ", words::capitalize(&drug.name)) };
            format!("{name}{message}{}", contact.unwrap_or_default())
        })
        .collect();
    if !items.is_empty() {
        let heading = if of_radiation(case) { "other_procedures" } else { "other_drugs" };
        blocks.push(Block::heading(told.words.phrase(heading)));
        blocks.push(Block::List { items });
    }
}

/// Whom a practice asks: it has no ID card.
pub(super) fn ask_the_program(key: &str, told: &Told<'_>) -> String {
    let phone = &told.program.phone;
    told.words.say(key, &[("name", &phone.name), ("phone", phone.phone.as_deref().unwrap_or_default())])
}

fn of_radiation(case: &Case) -> bool {
    case.request.service == Some(Service::RadiationOncology)
}

/// PRG-17: members ask the plan, providers the program.
fn questions(letter: &Letter, told: &Told<'_>, blocks: &mut Vec<Block>) {
    let program = told.program;
    blocks.push(Block::heading(told.words.phrase("questions")));
    blocks.push(Block::paragraph(match letter.to {
        Addressee::Member => program.letters.questions_member.clone(),
        Addressee::Provider => told.words.say(
            "questions_provider",
            &[
                ("name", &program.phone.name),
                ("phone", program.phone.phone.as_deref().unwrap_or_default()),
                ("hours", &program.phone.hours),
                ("members", &words::without_ids(&program.member_questions)),
            ],
        ),
    }));
}

/// DET-12: in a member's letter.
fn notices(letter: &Letter, told: &Told<'_>, blocks: &mut Vec<Block>) {
    if letter.to != Addressee::Member {
        return;
    }
    blocks.push(Block::heading(told.words.phrase("language_help")));
    for line in &told.program.letters.language_assistance {
        let language = Some(line.language.clone()).filter(|language| *language != letter.language);
        blocks.push(Block::Paragraph { text: line.text.clone(), language });
    }
    blocks.push(Block::paragraph(told.program.letters.nondiscrimination.clone()));
}
