//! The order summary as a document: first what was decided and under which numbers, then the drugs, then what it rests on.

use super::blocks::{Block, Cell, Column, Document, Fact, Letterhead, Tone};
use super::summary::{DrugInSummary, ProcedureInSummary, Summary};
use super::words;
use crate::domain::case::{Denial, PeerToPeer, ReviewQueue};
use crate::domain::vocabulary::{CaseStatus, NoticeCode, Service, Urgency};

pub(super) fn document(summary: &Summary) -> Document {
    let mut blocks = vec![verdict(summary), Block::Facts { items: numbers(summary) }];
    review(summary, &mut blocks);
    drugs(summary, &mut blocks);
    procedures(summary, &mut blocks);
    if summary.service == Service::MedicalOncology {
        s_codes(summary, &mut blocks);
        pathway(summary, &mut blocks);
    }
    deviations(summary, &mut blocks);
    notices(summary, &mut blocks);
    next_steps(summary, &mut blocks);
    disease(summary, &mut blocks);
    people(summary, &mut blocks);
    closing(summary, &mut blocks);
    Document {
        title: "Order Request Summary".to_owned(),
        letterhead: Letterhead {
            plan: summary.health_plan_name.clone(),
            program: summary.program_name.clone(),
            sender: String::new(),
        },
        reference: reference(summary),
        mail: None,
        language: None,
        page_of: None,
        dated: summary.decided_at.unwrap_or(summary.submitted_at),
        blocks,
        mark: None,
    }
}

fn reference(summary: &Summary) -> String {
    summary.order_id.as_ref().map_or_else(|| format!("Case {}", case_number(summary)), |order_id| format!("Order ID {order_id}"))
}

/// The number under which people ask about the case.
fn case_number(summary: &Summary) -> String {
    summary.case_number.clone().unwrap_or_else(|| summary.case_id.to_string())
}

fn verdict(summary: &Summary) -> Block {
    let tone = match summary.status {
        CaseStatus::Authorized | CaseStatus::Completed => Tone::Good,
        CaseStatus::InProgress | CaseStatus::MultipleDecisionsRendered => Tone::Waiting,
        CaseStatus::NonAuthorized => Tone::Bad,
        CaseStatus::ReviewCancelled => Tone::Plain,
    };
    let mut text = vec![summary.status_meaning.clone()];
    text.extend(summary.status_reason.as_deref().map(|reason| words::sentence(&words::without_ids(reason))));
    if let Some(review) = &summary.review {
        let due = if review.review.overdue { "An answer was due" } else { "An answer is due" };
        text.push(format!("{due} {}.", review.due_text));
    }
    text.extend(summary.without_authorization.clone());
    Block::note(tone, &summary.status_text, text)
}

fn numbers(summary: &Summary) -> Vec<Fact> {
    let mut facts = Vec::new();
    let mut fact = |name: &str, value: Option<String>| facts.extend(value.map(|value| Fact::new(name, value)));
    let instant = |at| words::instant(&at, &summary.time_zone);
    fact("Order ID", Some(summary.order_id.clone().unwrap_or_else(|| "None".to_owned())));
    fact("Pathway Eligible ID", summary.pathway_eligible_id.clone());
    fact("Status", Some(summary.status_text.clone()));
    fact("Program", Some(summary.program_name.clone()));
    fact(
        "Service",
        Some(match summary.service {
            Service::MedicalOncology => "Medical oncology".to_owned(),
            Service::RadiationOncology => "Radiation oncology".to_owned(),
        }),
    );
    fact("Date of service", summary.date_of_service.map(words::day));
    fact("Received", Some(instant(summary.submitted_at)));
    fact("Decided", summary.decided_at.map(instant));
    fact("Urgency", (summary.urgency == Urgency::Urgent).then(|| "Urgent".to_owned()));
    fact("Case", Some(case_number(summary)));
    facts
}

/// DET-08: what is asked for, and until when.
fn review(summary: &Summary, blocks: &mut Vec<Block>) {
    let Some(in_words) = &summary.review else { return };
    let review = &in_words.review;
    blocks.push(Block::heading("Clinical review"));
    let queue = match review.queue {
        ReviewQueue::Nurse => "An oncology nurse",
        ReviewQueue::Physician => "A medical oncologist",
    };
    let due = if review.overdue { format!("{} (overdue)", in_words.due_text) } else { in_words.due_text.clone() };
    blocks.push(Block::Facts {
        items: vec![
            Fact::new("Answer due", due),
            Fact::new("Reviewed by", queue),
            Fact::new("Peer-to-peer discussion", words::sentence(&in_words.peer_to_peer_text)),
        ],
    });
    if !review.asked_for.is_empty() {
        blocks.push(Block::subheading("What the practice is asked for"));
        blocks.push(Block::List { items: review.asked_for.iter().map(|item| words::capitalize(item)).collect() });
    }
    if !review.holds.is_empty() {
        blocks.push(Block::subheading("Why the whole request waits"));
        blocks.push(Block::List { items: review.holds.iter().map(|hold| words::hold(*hold).to_owned()).collect() });
    }
    let called = matches!(review.peer_to_peer, PeerToPeer::Offered | PeerToPeer::Unreachable);
    if let Some(phone) = summary.questions.phone.as_deref().filter(|_| called) {
        blocks.push(Block::paragraph(format!(
            "A peer-to-peer discussion with a medical oncologist is offered. Call {phone} as soon as possible; until then the request \
             stays pending."
        )));
    }
}

fn drugs(summary: &Summary, blocks: &mut Vec<Block>) {
    if summary.drugs.is_empty() {
        return;
    }
    blocks.push(Block::heading("Drugs"));
    blocks.push(Block::Table {
        caption: "Drugs of the order with dosing, visits and billing units".to_owned(),
        columns: vec![
            Column::text("Drug", 24),
            Column::text("Dosing", 27),
            Column::number("Visits", 9),
            Column::number("Billing units", 13),
            Column::text("Valid", 17),
            Column::text("Status", 20),
        ],
        rows: summary.drugs.iter().map(drug_row).collect(),
    });
    units(summary, blocks);
    let said: Vec<String> = summary.drugs.iter().filter_map(drug_says).collect();
    if !said.is_empty() {
        blocks.push(Block::subheading("What the status of each drug means"));
        blocks.push(Block::List { items: said });
    }
}

fn procedures(summary: &Summary, blocks: &mut Vec<Block>) {
    if summary.procedures.is_empty() {
        return;
    }
    blocks.push(Block::heading("Procedures"));
    blocks.push(Block::Table {
        caption: "Procedures of the order with units, treatment days and dates".to_owned(),
        columns: vec![
            Column::text("Procedure", 34),
            Column::number("Units asked", 10),
            Column::number("Units approved", 10),
            Column::number("Days", 8),
            Column::text("Valid", 18),
            Column::text("Status", 20),
        ],
        rows: summary.procedures.iter().map(procedure_row).collect(),
    });
    let said: Vec<String> = summary.procedures.iter().filter_map(procedure_says).collect();
    if !said.is_empty() {
        blocks.push(Block::subheading("What the status of each procedure means"));
        blocks.push(Block::List { items: said });
    }
}

fn procedure_row(entry: &ProcedureInSummary) -> Vec<Cell> {
    let line = &entry.procedure;
    let code = line.code.as_ref().map_or_else(|| "No code".to_owned(), |code| format!("Code {code}"));
    let role = words::humanize(line.role.as_str());
    let counted = |count: Option<u64>| count.map_or_else(|| "–".to_owned(), words::count);
    let order_id = line.order_id.as_ref().map(|order_id| format!("Order ID {order_id}"));
    vec![
        Cell::with(words::capitalize(&line.name), Some(format!("{code}\n{role}, line {}", line.line))),
        Cell::new(counted(line.units.map(u64::from))),
        Cell::new(counted(line.units_approved)),
        Cell::new(counted(line.visits_approved.map(u64::from))),
        Cell::new(words::range(line.valid_from, line.valid_through).unwrap_or_else(|| "–".to_owned())),
        Cell::with(entry.status_text.clone(), order_id),
    ]
}

/// The message of a procedure, and whom to ask.
fn procedure_says(entry: &ProcedureInSummary) -> Option<String> {
    let message = words::sentence(&words::without_ids(&entry.procedure.message));
    let contact = entry.contact_text.as_ref().map(|contact| format!("Contact: {}", words::sentence(contact)));
    let part = entry.procedure.refused_part.as_ref().and_then(|part| part.denial.as_ref());
    let why = entry.procedure.denial.as_ref().or(part).map(why);
    let said: Vec<String> = [Some(message).filter(|message| !message.is_empty()), why, contact].into_iter().flatten().collect();
    (!said.is_empty()).then(|| format!("Line {}: {}", entry.procedure.line, said.join(" ")))
}

/// Claims name codes, not lines: a code on several lines is summed.
fn units(summary: &Summary, blocks: &mut Vec<Block>) {
    if summary.units_by_code.iter().all(|code| code.lines.len() < 2) {
        return;
    }
    blocks.push(Block::subheading("Billing units by HCPCS code"));
    blocks.push(Block::Table {
        caption: "Units of all lines of a code together".to_owned(),
        columns: vec![
            Column::text("HCPCS code", 16),
            Column::text("Drug", 40),
            Column::text("Lines", 18),
            Column::number("Billing units", 26),
        ],
        rows: summary
            .units_by_code
            .iter()
            .map(|code| {
                let lines: Vec<String> = code.lines.iter().map(u32::to_string).collect();
                let unit = code.billing_unit.as_ref().filter(|_| code.units_approved.is_some()).map(|unit| format!("of {unit}"));
                vec![
                    Cell::new(code.hcpcs.clone()),
                    Cell::new(words::capitalize(&code.name)),
                    Cell::new(lines.join(", ")),
                    Cell::with(code.units_approved.map_or_else(|| "not counted".to_owned(), words::count), unit),
                ]
            })
            .collect(),
    });
}

fn drug_row(entry: &DrugInSummary) -> Vec<Cell> {
    let drug = &entry.drug;
    let code = drug.hcpcs.as_ref().map_or_else(|| "No HCPCS code".to_owned(), |code| format!("HCPCS {code}"));
    let role = words::humanize(drug.role.as_str());
    let amount = |dose: crate::domain::order::Dose| format!("{} {}", words::number(dose.amount), dose.unit);
    let dose = match (drug.first_administered_dose, drug.administered_dose) {
        (Some(first), Some(later)) => Some(format!("first dose {}\nlater doses {} each", amount(first), amount(later))),
        (first, later) => later.or(first).map(|dose| format!("{} each time", amount(dose))),
    };
    let unit = drug.billing_unit.as_ref().filter(|_| drug.units_approved.is_some()).map(|unit| format!("of {unit}"));
    let order_id = drug.order_id.as_ref().map(|order_id| format!("Order ID {order_id}"));
    vec![
        Cell::with(words::capitalize(&drug.name), Some(format!("{code}\n{role}, line {}", drug.line))),
        Cell::with(drug.dosing.clone(), dose),
        Cell::new(drug.visits_approved.map_or_else(|| "–".to_owned(), |visits| words::count(u64::from(visits)))),
        Cell::with(drug.units_approved.map_or_else(|| "–".to_owned(), words::count), unit),
        Cell::new(words::range(drug.valid_from, drug.valid_through).unwrap_or_else(|| "–".to_owned())),
        Cell::with(entry.status_text.clone(), order_id),
    ]
}

/// Why a line, or a part of it, is denied (DET-10).
fn why(denial: &Denial) -> String {
    format!("Reason: {} The physician's rationale: “{}”", words::sentence(&denial.reason), denial.rationale)
}

/// The message of a drug, and whom to ask.
fn drug_says(entry: &DrugInSummary) -> Option<String> {
    let message = words::sentence(&words::without_ids(&entry.drug.message));
    let contact = entry.contact_text.as_ref().map(|contact| format!("Contact: {}", words::sentence(contact)));
    let part = entry.drug.refused_part.as_ref().and_then(|part| part.denial.as_ref());
    let why = entry.drug.denial.as_ref().or(part).map(why);
    let said: Vec<String> = [Some(message).filter(|message| !message.is_empty()), why, contact].into_iter().flatten().collect();
    (!said.is_empty()).then(|| format!("Line {}: {}", entry.drug.line, said.join(" ")))
}

/// SCD-03, SCD-10, SCD-12. Where the caller may not know of S-codes there are none in the summary, and no word of them.
fn s_codes(summary: &Summary, blocks: &mut Vec<Block>) {
    let Some(awarded) = &summary.s_codes else { return };
    blocks.push(Block::heading("Enhanced reimbursement (S-codes)"));
    if !awarded.is_empty() {
        blocks.push(Block::Table {
            caption: "S-codes awarded to the ordering provider".to_owned(),
            columns: vec![
                Column::text("Code", 10),
                Column::number("Times", 9),
                Column::text("Billable", 26),
                Column::text("Instructions", 55),
            ],
            rows: awarded
                .iter()
                .map(|award| {
                    let apart = match award.voided_from {
                        Some(from) => Some(format!("what is not billed is void from {from}")),
                        None => award.minimum_days_apart.map(|days| format!("at least {days} days apart")),
                    };
                    let billable = words::range(Some(award.billable_from), Some(award.billable_through)).unwrap_or_default();
                    vec![
                        Cell::new(award.code.clone()),
                        Cell::new(award.times.to_string()),
                        Cell::with(billable, apart),
                        Cell::new(words::without_ids(&award.instructions)),
                    ]
                })
                .collect(),
        });
    }
    for text in [&summary.s_codes_withheld_text, &summary.s_codes_text].into_iter().flatten() {
        blocks.push(Block::paragraph(text.clone()));
    }
}

fn pathway(summary: &Summary, blocks: &mut Vec<Block>) {
    let pathway = &summary.pathway.pathway;
    blocks.push(Block::heading("Pathway"));
    let mut facts = vec![Fact::new("Determination", summary.pathway.determination_text.clone())];
    if let Some(name) = &pathway.regimen_name {
        let id = pathway.regimen_id.as_ref().map(|id| format!(" ({id})")).unwrap_or_default();
        facts.push(Fact::new("Regimen", format!("{name}{id}")));
    }
    facts.extend(pathway.pathway_id.as_ref().map(|id| Fact::new("Pathway", id.clone())));
    blocks.push(Block::Facts { items: facts });
    if !summary.pathway.options_shown.is_empty() {
        blocks.push(Block::subheading("Pathway options for this patient"));
        blocks.push(Block::Table {
            caption: "What was entered, and the Pathways that fit this patient best".to_owned(),
            columns: vec![Column::text("Pathway regimen", 38), Column::text("Why it is offered", 62)],
            rows: summary
                .pathway
                .options_shown
                .iter()
                .map(|option| {
                    let name = Cell::with(option.regimen_name.clone(), option.pathway_id.clone());
                    vec![name, Cell::new(option.reason.clone())]
                })
                .collect(),
        });
    }
}

fn deviations(summary: &Summary, blocks: &mut Vec<Block>) {
    if summary.deviations.is_empty() {
        return;
    }
    let effect = if summary.decided_at.is_some() { words::effect_then } else { words::effect };
    blocks.push(Block::heading("Deviations"));
    blocks.push(Block::Table {
        caption: "Where the entry differs from what was expected".to_owned(),
        columns: vec![
            Column::text("Deviation", 21),
            Column::text("Expected", 18),
            Column::text("Entered", 18),
            Column::text("What it did", 43),
        ],
        rows: summary
            .deviations
            .iter()
            .map(|deviation| {
                let line = deviation.line.map(|line| format!("Line {line}"));
                vec![
                    Cell::with(words::deviation(deviation.code), line),
                    Cell::new(words::capitalize(&deviation.expected)),
                    Cell::new(words::capitalize(&deviation.entered)),
                    Cell::with(effect(deviation.effect), Some(words::sentence(&words::without_ids(&deviation.message)))),
                ]
            })
            .collect(),
    });
}

fn notices(summary: &Summary, blocks: &mut Vec<Block>) {
    let notice = |notice: &crate::domain::case::Notice| {
        let case = notice.case_id.map(|case_id| format!(" (case {case_id})")).unwrap_or_default();
        format!("{}{case}", words::with_days(&words::sentence(&words::without_ids(&notice.message))))
    };
    // what could still be added speaks of an order that is open
    let counts =
        |notice: &&crate::domain::case::Notice| summary.decided_at.is_none() || notice.code != NoticeCode::RecommendedInformation;
    let items: Vec<String> = summary.notices.iter().filter(counts).map(notice).collect();
    if items.is_empty() {
        return;
    }
    blocks.push(Block::heading("Notices"));
    blocks.push(Block::List { items });
}

/// What can be done about a denial (APP-01 to APP-03).
fn next_steps(summary: &Summary, blocks: &mut Vec<Block>) {
    if !summary.next_steps.is_empty() {
        blocks.push(Block::heading("What you can do"));
        blocks.push(Block::List { items: summary.next_steps.clone() });
    }
}

fn disease(summary: &Summary, blocks: &mut Vec<Block>) {
    let mut facts = Vec::new();
    if let Some(diagnosis) = &summary.diagnosis {
        let title = diagnosis.description.as_ref().map(|title| format!(" {title}")).unwrap_or_default();
        facts.push(Fact::new("Diagnosis (ICD-10-CM)", format!("{}{title}", diagnosis.icd10)));
    }
    facts.extend(summary.disease.iter().map(|item| Fact::new(item.name.clone(), item.value.clone())));
    if !facts.is_empty() {
        blocks.push(Block::heading("Disease information and codes"));
        blocks.push(Block::Facts { items: facts });
    }
}

fn people(summary: &Summary, blocks: &mut Vec<Block>) {
    blocks.push(Block::heading("Member and providers"));
    let mut facts = Vec::new();
    let mut fact = |name: &str, parts: Vec<Option<String>>| {
        let value = parts.into_iter().flatten().filter(|part| !part.trim().is_empty()).collect::<Vec<_>>().join(", ");
        if !value.is_empty() {
            facts.push(Fact::new(name, value));
        }
    };
    let member = &summary.member;
    let full = |first: &Option<String>, last: &Option<String>| {
        Some([first, last].into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" "))
    };
    fact("Member", vec![full(&member.first_name, &member.last_name)]);
    fact("Member ID", vec![member.member_id.clone()]);
    fact("Date of birth", vec![member.birth_date.map(words::day)]);
    if let Some(ordering) = &summary.ordering_provider {
        let npi = ordering.npi.as_ref().map(|npi| format!("NPI {npi}"));
        fact("Ordering provider", vec![full(&ordering.first_name, &ordering.last_name), npi]);
    }
    if let Some(servicing) = &summary.servicing_provider {
        let npi = servicing.npi.as_ref().map(|npi| format!("NPI {npi}"));
        fact("Servicing provider", vec![servicing.name.clone(), npi]);
        if let Some(address) = &servicing.address {
            let city = [&address.state, &address.postal_code].into_iter().flatten().map(String::as_str).collect::<Vec<_>>();
            fact("Location", vec![address.line1.clone(), address.city.clone(), Some(city.join(" "))]);
        }
    }
    fact("Place of service", vec![summary.place_of_service.clone()]);
    if let Some(contact) = &summary.contact {
        let part = |kind: &str, value: &Option<String>| value.as_ref().map(|value| format!("{kind} {value}"));
        fact("Practice contact", vec![contact.name.clone(), part("phone", &contact.phone), part("fax", &contact.fax)]);
    }
    blocks.push(Block::Facts { items: facts });
}

fn closing(summary: &Summary, blocks: &mut Vec<Block>) {
    blocks.push(Block::heading("Questions"));
    let phone = summary.questions.phone.as_ref().map(|phone| format!(" {phone}")).unwrap_or_default();
    let hours = summary.questions.instructions.as_ref().map(|hours| format!(", {hours}")).unwrap_or_default();
    blocks.push(Block::paragraph(format!(
        "Providers call the {}:{phone}{hours}. Servicing providers verify that an authorization is in place before treatment. Any change \
         of an authorized treatment is a new order.",
        summary.questions.entity
    )));
    blocks.push(Block::paragraph(format!(
        "Decided by release {} of the program's content. This summary is not a guarantee of payment.",
        summary.content_release
    )));
}
