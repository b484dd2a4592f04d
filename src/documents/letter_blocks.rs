//! A letter as a document, in the order in which its reader needs it: what was decided, why, what can be done, whom to ask.

use super::blocks::{Block, Cell, Column, Document, Fact, Letterhead, Tone};
use super::letter::{CallInLetter, Criterion, DrugInLetter, Letter};
use super::{disease, words};
use crate::domain::case::{Case, CaseDrug};
use crate::domain::content::Program;
use crate::domain::review::ReconsiderationDecision;
use crate::domain::vocabulary::{Addressee, CaseStatus, DrugRole, DrugStatus, LetterKind, Service};

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
        dated: chrono::DateTime::UNIX_EPOCH,
        blocks: Vec::new(),
    }
}

/// Writes the letter.
pub(super) fn fill(letter: &mut Letter, case: &Case, program: &Program) {
    let mut blocks = vec![Block::Facts { items: about(letter, case, program) }];
    blocks.push(Block::paragraph(salutation(letter, case)));
    match letter.kind {
        LetterKind::Approval => approval(letter, case, program, &mut blocks),
        LetterKind::Denial => denial(letter, case, program, &mut blocks),
    }
    questions(letter, program, &mut blocks);
    notices(letter, program, &mut blocks);
    letter.document.title = title(letter).to_owned();
    letter.document.reference = letter
        .order_id
        .as_ref()
        .filter(|_| letter.kind == LetterKind::Approval)
        .map_or_else(|| format!("Case {}", case_number(letter)), |order_id| format!("Order ID {order_id}"));
    letter.document.dated = letter.issued_at;
    letter.document.blocks = blocks;
}

/// The number under which people ask about the case.
fn case_number(letter: &Letter) -> String {
    letter.case_number.clone().unwrap_or_else(|| letter.case_id.to_string())
}

fn title(letter: &Letter) -> &'static str {
    match (letter.kind, letter.reconsideration.as_ref().map(|one| one.decision)) {
        (LetterKind::Denial, Some(ReconsiderationDecision::Upheld)) => "Notice of denial after reconsideration",
        (LetterKind::Denial, _) => "Notice of denial",
        (LetterKind::Approval, Some(_)) => "Notice of approval after reconsideration",
        (LetterKind::Approval, None) => "Notice of approval",
    }
}

fn name(first: Option<&String>, last: Option<&String>) -> String {
    [first, last].into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" ")
}

fn member(case: &Case) -> String {
    name(case.request.member.first_name.as_ref(), case.request.member.last_name.as_ref())
}

fn provider(case: &Case) -> String {
    case.request.ordering_provider.as_ref().map_or_else(String::new, |one| name(one.first_name.as_ref(), one.last_name.as_ref()))
}

fn about(letter: &Letter, case: &Case, program: &Program) -> Vec<Fact> {
    let mut facts = vec![Fact::new("Date", words::day(letter.issued_at.with_timezone(&program.time_zone).date_naive()))];
    let mut fact = |name: &str, value: Option<String>| {
        facts.extend(value.filter(|value| !value.trim().is_empty()).map(|value| Fact::new(name, value)));
    };
    let to = match letter.to {
        Addressee::Member => member(case),
        Addressee::Provider => provider(case),
    };
    fact("To", Some(to));
    fact("Member", Some(member(case)));
    fact("Member ID", case.request.member.member_id.clone());
    fact("Ordering provider", Some(provider(case)));
    fact("Servicing provider", case.request.servicing_provider.as_ref().and_then(|one| one.name.clone()));
    fact("Diagnosis (ICD-10-CM)", case.request.diagnosis.as_ref().and_then(|diagnosis| diagnosis.icd10.clone()));
    fact("Request received", Some(words::day(case.submitted_at.with_timezone(&program.time_zone).date_naive())));
    // what a denial is about has no number that authorizes (DET-09)
    fact("Order ID", letter.order_id.clone().filter(|_| letter.kind == LetterKind::Approval));
    fact("Case", Some(case_number(letter)));
    facts
}

fn salutation(letter: &Letter, case: &Case) -> String {
    let to = match letter.to {
        Addressee::Member => member(case),
        Addressee::Provider => provider(case),
    };
    if to.is_empty() { "Dear reader:".to_owned() } else { format!("Dear {to}:") }
}

fn approval(letter: &Letter, case: &Case, program: &Program, blocks: &mut Vec<Block>) {
    let mut text = vec![match letter.to {
        Addressee::Member => format!("{} approves the treatment listed below.", program.health_plan_name),
        Addressee::Provider => {
            format!("{} approves the treatment listed below for {}.", program.health_plan_name, member(case))
        }
    }];
    if let Some(order_id) = &letter.order_id {
        text.push(format!("Order ID {order_id}. Please have it at hand at every visit and on every question."));
    }
    blocks.push(Block::note(Tone::Good, "Approved", text));
    reconsidered(letter, program, blocks);
    let approved: Vec<&DrugInLetter> = letter.lines().iter().filter(|drug| drug.status == DrugStatus::Authorized).collect();
    if !approved.is_empty() {
        let of_radiation = case.request.service == Some(Service::RadiationOncology);
        let (what, dosing) = if of_radiation { ("Procedure", "Asked for") } else { ("Drug", "Dosing") };
        blocks.push(Block::heading("What is approved"));
        blocks.push(Block::Table {
            caption: if of_radiation {
                "Approved procedures with units, treatment days and dates".to_owned()
            } else {
                "Approved drugs with dosing, visits, billing units and dates".to_owned()
            },
            columns: vec![
                Column::text(what, 26),
                Column::text(dosing, 30),
                Column::number("Visits", 10),
                Column::number("Billing units", 14),
                Column::text("Valid", 20),
            ],
            rows: approved.into_iter().map(approved_row).collect(),
        });
    }
    let radiation = disease::radiation_items(&case.request);
    if !radiation.is_empty() {
        blocks.push(Block::heading("The radiation treatment"));
        blocks.push(Block::Facts { items: radiation.into_iter().map(|item| Fact::new(item.name, item.value)).collect() });
    }
    others(case, blocks);
    if case.status == CaseStatus::MultipleDecisionsRendered {
        blocks.push(Block::paragraph(
            "Another part of the request is not approved. A separate letter says which, why, and what can be done about it.",
        ));
    }
    blocks.push(Block::paragraph(
        "The approval holds for the dates shown and for the treatment as it was requested. A changed treatment needs a new request. This \
         letter is not a guarantee of payment: it depends on coverage on the day of service and on the terms of the plan.",
    ));
}

fn approved_row(drug: &DrugInLetter) -> Vec<Cell> {
    let code = drug.hcpcs.as_ref().map(|code| format!("HCPCS {code}"));
    let unit = drug.billing_unit.as_ref().filter(|_| drug.units_approved.is_some()).map(|unit| format!("of {unit}"));
    vec![
        Cell::with(words::capitalize(&drug.name), code),
        Cell::new(drug.dosing.clone()),
        Cell::new(drug.visits_approved.map_or_else(|| "–".to_owned(), |visits| words::count(u64::from(visits)))),
        Cell::with(drug.units_approved.map_or_else(|| "–".to_owned(), words::count), unit),
        Cell::new(words::range(drug.valid_from, drug.valid_through).unwrap_or_else(|| "–".to_owned())),
    ]
}

/// Drugs that somebody else reviews, or nobody: they are on the request, and this letter does not decide them.
fn others(case: &Case, blocks: &mut Vec<Block>) {
    let not_ours = |status| {
        matches!(status, DrugStatus::ClinicalReviewNotRequired | DrugStatus::OtherImpact | DrugStatus::ReferToHealthPlan)
    };
    let items: Vec<String> = case
        .lines()
        .iter()
        .filter(|drug| not_ours(drug.status))
        .map(|drug| {
            let message = words::sentence(&words::without_ids(&drug.message));
            let contact = drug.contact.as_ref().map(|contact| format!(" Contact: {}", words::sentence(&words::contact(contact))));
            let names_it = message.to_lowercase().contains(&drug.name.to_lowercase());
            let name = if names_it { String::new() } else { format!("{}: ", words::capitalize(&drug.name)) };
            format!("{name}{message}{}", contact.unwrap_or_default())
        })
        .collect();
    if !items.is_empty() {
        let of_radiation = case.request.service == Some(Service::RadiationOncology);
        blocks.push(Block::heading(if of_radiation { "Other procedures of the request" } else { "Other drugs of the request" }));
        blocks.push(Block::List { items });
    }
}

fn denial(letter: &Letter, case: &Case, program: &Program, blocks: &mut Vec<Block>) {
    let whole = is_denied_as_a_whole(case);
    let what = if whole { "the treatment requested" } else { "a part of the treatment requested" };
    let mut text = vec![format!("{} does not approve {what}. The reasons are below.", program.health_plan_name)];
    if whole {
        let was_approved = case.letters.iter().any(|letter| letter.kind == LetterKind::Approval);
        let sentence = if was_approved {
            "The entire request is denied."
        } else {
            "The entire request is denied, and no Order ID is issued."
        };
        text.push(sentence.to_owned());
    }
    text.extend(case.status_reason.as_deref().filter(|_| whole).map(|reason| words::sentence(&words::without_ids(reason))));
    text.push(
        "A medical oncologist made this decision, after offering the ordering provider a peer-to-peer discussion.".to_owned(),
    );
    blocks.push(Block::note(Tone::Bad, "Not approved", text));
    reconsidered(letter, program, blocks);
    blocks.push(Block::heading("What is not approved, and why"));
    for drug in letter.lines() {
        denied_drug(drug, letter, case, blocks);
    }
    peer_to_peer(letter, program, blocks);
    appeal(letter, blocks);
    blocks.push(Block::paragraph(words::without_ids(&program.without_authorization)));
}

/// True where nothing of the request is approved because of a denial: of a treatment drug, or of everything. What the office withdrew
/// itself was not denied.
fn is_denied_as_a_whole(case: &Case) -> bool {
    let denied = |drug: &CaseDrug| drug.status == DrugStatus::NonAuthorized;
    let withdrawn = |drug: &CaseDrug| matches!(drug.status, DrugStatus::VoluntarilyCancelled | DrugStatus::NotReviewedErrorEntry);
    let treatment = |drug: &CaseDrug| denied(drug) && drug.role != DrugRole::Supportive;
    case.status == CaseStatus::NonAuthorized
        && !case.lines().iter().any(withdrawn)
        && (case.lines().iter().any(treatment) || case.lines().iter().all(denied))
}

fn denied_drug(drug: &DrugInLetter, letter: &Letter, case: &Case, blocks: &mut Vec<Block>) {
    let code = drug.hcpcs.as_ref().map(|code| format!(" (HCPCS {code})")).unwrap_or_default();
    let dosing = if drug.dosing.is_empty() { String::new() } else { format!(", {}", drug.dosing) };
    blocks.push(Block::subheading(format!("{}{code}{dosing}", words::capitalize(&drug.name))));
    // where the denial that took it along was overturned, the reasons are its own
    if let Some(cause) = drug.implied_by_line.and_then(|first| letter.lines().iter().find(|other| other.line == first)) {
        let what = if letter.procedures.is_empty() { "treatment drug" } else { "treatment" };
        blocks.push(Block::paragraph(format!(
            "Not approved because {}, a {what} of the same request, is not, and the entire request is denied.",
            cause.name
        )));
        return;
    }
    if let (Some(reason), Some(rationale)) = (&drug.reason, &drug.rationale) {
        blocks.push(Block::paragraph(format!("Reason: {reason}")));
        blocks.push(Block::paragraph("The physician's rationale:"));
        blocks.push(Block::Quote { text: rationale.clone() });
    } else {
        let message = case.lines().iter().find(|other| other.line == drug.line).map(|other| other.message.as_str());
        blocks.push(Block::paragraph(words::sentence(&words::without_ids(message.unwrap_or_default()))));
    }
    if !drug.criteria_not_met.is_empty() {
        blocks.push(Block::paragraph("Criteria that are not met, or could not be told from the request:"));
        let item = |one: &Criterion| {
            let source =
                one.source.as_ref().map(|source| format!(" Source: {}.", source.trim_end_matches('.'))).unwrap_or_default();
            let words = one.message.clone().unwrap_or_else(|| words::sentence(&one.rule));
            let rule = if one.message.is_some() { format!(" (rule {})", one.rule) } else { String::new() };
            format!("{words}{source}{rule}")
        };
        blocks.push(Block::List { items: drug.criteria_not_met.iter().map(item).collect() });
    }
}

fn reconsidered(letter: &Letter, program: &Program, blocks: &mut Vec<Block>) {
    let Some(one) = &letter.reconsideration else { return };
    let day = words::day(one.decided_at.with_timezone(&program.time_zone).date_naive());
    blocks.push(Block::heading("Reconsideration"));
    let outcome = match (one.decision, letter.kind) {
        (ReconsiderationDecision::Upheld, _) => "and upholds the denial: it stands",
        (ReconsiderationDecision::Overturned, LetterKind::Approval) => "and overturned the denial",
        (ReconsiderationDecision::Overturned, LetterKind::Denial) => "and overturned a part of the denial; the rest stands",
    };
    blocks.push(Block::paragraph(format!("Another physician reconsidered the request on {day} {outcome}. The rationale:")));
    blocks.push(Block::Quote { text: one.rationale.clone() });
}

fn peer_to_peer(letter: &Letter, program: &Program, blocks: &mut Vec<Block>) {
    if letter.peer_to_peer.is_empty() {
        return;
    }
    blocks.push(Block::heading("Peer-to-peer discussion"));
    let item = |call: &CallInLetter| {
        let at = words::instant(&call.at, &program.time_zone);
        let with = call.with.as_ref().map(|with| format!(", {with}")).unwrap_or_default();
        match call.event.as_str() {
            "offered" => format!("Offered to the ordering provider on {at}{with}"),
            "scheduled" => format!("Scheduled for {at}{with}"),
            "held" => format!("Held on {at}{with}"),
            "declined" => format!("Declined by the practice on {at}{with}"),
            "unreachable" => format!("The practice could not be reached on {at}{with}"),
            other => format!("{} on {at}{with}", words::humanize(other)),
        }
    };
    blocks.push(Block::List { items: letter.peer_to_peer.iter().map(item).collect() });
}

fn appeal(letter: &Letter, blocks: &mut Vec<Block>) {
    let Some(appeal) = &letter.appeal else { return };
    blocks.push(Block::heading("What you can do"));
    blocks.push(Block::subheading("For the provider"));
    if let Some(how) = &appeal.reconsideration {
        let until = appeal.reconsideration_until.map(|day| format!(" The last day is {}.", words::day(day))).unwrap_or_default();
        blocks.push(Block::paragraph(format!("Reconsideration: {how}{until}")));
    }
    for text in &appeal.provider {
        blocks.push(Block::paragraph(format!("Appeal: {text}")));
    }
    blocks.push(Block::subheading("For the member"));
    for text in &appeal.member {
        blocks.push(Block::paragraph(text.clone()));
    }
}

/// PRG-17: members ask the plan, providers the program.
fn questions(letter: &Letter, program: &Program, blocks: &mut Vec<Block>) {
    blocks.push(Block::heading("Questions"));
    blocks.push(Block::paragraph(match letter.to {
        Addressee::Member => program.letters.questions_member.clone(),
        Addressee::Provider => {
            let phone = program.phone.phone.as_ref().map(|phone| format!(" {phone}")).unwrap_or_default();
            format!(
                "Providers call the {}:{phone}, {}. {}",
                program.phone.name,
                program.phone.hours,
                words::without_ids(&program.member_questions)
            )
        }
    }));
}

/// DET-12: in a member's letter.
fn notices(letter: &Letter, program: &Program, blocks: &mut Vec<Block>) {
    if letter.to != Addressee::Member {
        return;
    }
    blocks.push(Block::heading("Help in your language, and your rights"));
    for line in &program.letters.language_assistance {
        let language = Some(line.language.clone()).filter(|language| language != "en");
        blocks.push(Block::Paragraph { text: line.text.clone(), language });
    }
    blocks.push(Block::paragraph(program.letters.nondiscrimination.clone()));
}
