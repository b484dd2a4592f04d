//! Verify: is an authorization in place? Asked before treating, by the Order ID, by member and drug, or for many Order IDs at once
//! (VER-03). S-codes are never shown here.

use super::failure::Failure;
use super::faults::{self, Faults};
use super::fields::Fields;
use super::pages::{EVERY_ROLE, Pages, Who};
use super::plans::{self, Plan};
use super::shell::{Shell, page};
use super::typed::{self, Century};
use super::visitor::Visitor;
use crate::app::verifications::{Verification, VerificationReason, VerificationRequest, VerifiedDrug, VerifiedProcedure, verify};
use crate::app::{App, catalog};
use crate::documents::words;
use crate::domain::content::radiation::is_service_code;
use crate::domain::order::MemberIdentity;
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use chrono::NaiveDate;

/// Rows of a list that are answered at once.
const ROWS_AT_MOST: usize = 50;

pub(super) fn pages(pages: Pages) -> Pages {
    pages.get("/verify", Who::SignedIn(EVERY_ROLE), show).ask("/verify", Who::SignedIn(EVERY_ROLE), ask)
}

#[derive(Template)]
#[template(path = "verify.html")]
struct VerifyPage {
    shell: Shell,
    fields: Fields,
    faults: Faults,
    plans: Vec<Plan>,
    answer: Option<Told>,
    rows: Vec<Row>,
}

impl VerifyPage {
    fn new(app: &App, visitor: &Visitor, fields: Fields) -> Self {
        Self {
            shell: Shell::new(app, Some(visitor), "/verify"),
            plans: plans::of(app, &visitor.caller, fields.text("/member/health_plan")),
            faults: Faults::default(),
            answer: None,
            rows: Vec::new(),
            fields,
        }
    }

    /// What was entered in a field.
    fn entered(&self, name: &str) -> &str {
        self.fields.text(name).unwrap_or_default()
    }

    /// True where that form was the last one sent, so that it stays open.
    fn is_by(&self, form: &str) -> bool {
        self.fields.text("by").unwrap_or("order_id") == form
    }
}

/// An answer in words.
struct Told {
    tone: &'static str,
    verdict: &'static str,
    message: String,
    order_id: Option<String>,
    asked: String,
    as_of: String,
    drugs: Vec<Drug>,
}

/// A drug of an answer in words.
struct Drug {
    name: String,
    code: String,
    may: &'static str,
    status: &'static str,
    units: String,
    unit: String,
    visits: String,
    valid: String,
}

/// A row of a list with its answer.
struct Row {
    typed: String,
    told: Result<Told, String>,
}

async fn show(State(app): State<App>, visitor: Visitor) -> Result<Response, Failure> {
    page(&VerifyPage::new(&app, &visitor, Fields::default()))
}

async fn ask(State(app): State<App>, visitor: Visitor, fields: Fields) -> Result<Response, Failure> {
    let mut shown = VerifyPage::new(&app, &visitor, fields);
    if shown.is_by("many") {
        shown.rows = many(&app, &visitor, shown.entered("many")).await?;
        if shown.rows.is_empty() {
            shown.faults.add("many", "enter one Order ID a line");
        }
        return page(&shown);
    }
    let asked = read(&app, &shown.fields, shown.is_by("member"), &mut shown.faults);
    if shown.faults.is_empty() {
        match verify(&app, &visitor.caller, &asked).await {
            Ok(verification) => shown.answer = Some(told(&app, &asked, verification)),
            Err(error) => {
                let by_member = shown.is_by("member");
                for fault in faults::of_error(error)? {
                    shown.faults.add(at(&fault.pointer, by_member), fault.message);
                }
            }
        }
    }
    page(&shown)
}

fn read(app: &App, fields: &Fields, by_member: bool, faults: &mut Faults) -> VerificationRequest {
    let today = app.clock.now().date_naive();
    let hcpcs = fields.text("/hcpcs").and_then(|typed| match code_of(app, typed) {
        Ok(code) => Some(code),
        Err(message) => {
            faults.add(at("/hcpcs", by_member), message);
            None
        }
    });
    let mut day = |name: &str, century| {
        let typed = fields.text(name)?;
        let read = typed::day(typed, century);
        if read.is_none() {
            faults.add(at(name, by_member), format!("“{typed}” is no day: write month, day and year, such as 3/9/1954"));
        }
        read
    };
    let date = day("/date", Century::This);
    if !by_member {
        let order_id = fields.owned("/order_id");
        if order_id.is_none() {
            faults.add("/order_id", "enter the Order ID: A and nine characters");
        }
        return VerificationRequest { order_id, member: None, hcpcs, date };
    }
    let birth_date = day("/member/birth_date", Century::NotAfter(today));
    let needed = [
        ("/member/health_plan", "pick the health plan"),
        ("/member/last_name", "enter the last name as on the card"),
        ("/member/first_name", "enter the first name as on the card"),
        ("/member/birth_date", "enter the date of birth"),
        ("/hcpcs", "enter the drug that is to be given"),
    ];
    for (name, message) in needed {
        if fields.text(name).is_none() {
            faults.add(name, message);
        }
    }
    let member = MemberIdentity {
        health_plan: fields.owned("/member/health_plan"),
        member_id: fields.owned("/member/member_id"),
        first_name: fields.owned("/member/first_name"),
        last_name: fields.owned("/member/last_name"),
        birth_date,
    };
    VerificationRequest { order_id: None, member: Some(member), hcpcs, date }
}

/// The field of a fault: the two forms have some of the same name.
fn at(field: &str, by_member: bool) -> String {
    match field {
        "/hcpcs" | "/date" if !by_member => format!("{field}-1"),
        _ => field.to_owned(),
    }
}

/// The HCPCS code of what was typed: a code, or the name of a drug that has one code only.
fn code_of(app: &App, typed: &str) -> Result<String, String> {
    let mut characters = typed.chars();
    let begins_like_a_code =
        characters.next().is_some_and(char::is_alphabetic) && characters.next().is_some_and(|c| c.is_ascii_digit());
    // codes of procedures begin with a digit
    if begins_like_a_code || is_service_code(&typed.to_ascii_uppercase()) {
        return Ok(typed.to_ascii_uppercase());
    }
    let content = catalog::content(app, None);
    let named = content.drugs.named(typed);
    let Some(drug) = named else {
        return Err(format!("no drug is called “{typed}” here: enter its HCPCS code, a letter and four digits"));
    };
    match drug.codes.as_slice() {
        [one] => Ok(one.hcpcs.clone()),
        [] => Err(format!("{} has no HCPCS code: verify by the Order ID, which lists every drug", drug.generic)),
        several => {
            let codes: Vec<&str> = several.iter().map(|code| code.hcpcs.as_str()).collect();
            Err(format!("{} has several HCPCS codes: enter the one that is billed, {}", drug.generic, codes.join(" or ")))
        }
    }
}

/// One Order ID a line, each with the drug and the day where they are given.
async fn many(app: &App, visitor: &Visitor, text: &str) -> Result<Vec<Row>, Failure> {
    let mut rows = Vec::new();
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    for (number, line) in lines.enumerate() {
        if number == ROWS_AT_MOST {
            let told = Err(format!("this line and those after it were not asked: {ROWS_AT_MOST} are answered at once"));
            rows.push(Row { typed: line.to_owned(), told });
            break;
        }
        let told = match row(line) {
            Ok(asked) => match verify(app, &visitor.caller, &asked).await {
                Ok(verification) => Ok(told(app, &asked, verification)),
                Err(error) => Err(faults::of_error(error)?.into_iter().map(|fault| fault.message).collect::<Vec<_>>().join("; ")),
            },
            Err(message) => Err(message),
        };
        rows.push(Row { typed: line.to_owned(), told });
    }
    Ok(rows)
}

fn row(line: &str) -> Result<VerificationRequest, String> {
    let mut parts = line.split(['\t', ',', ';', ' ']).map(str::trim).filter(|part| !part.is_empty());
    let mut asked = VerificationRequest { order_id: parts.next().map(str::to_owned), ..VerificationRequest::default() };
    for part in parts {
        let is_code =
            part.len() == 5 && part.starts_with(|c: char| c.is_ascii_alphabetic()) || is_service_code(&part.to_ascii_uppercase());
        if is_code && asked.hcpcs.is_none() {
            asked.hcpcs = Some(part.to_ascii_uppercase());
        } else if let Some(day) = typed::day(part, Century::This).filter(|_| asked.date.is_none()) {
            asked.date = Some(day);
        } else {
            return Err(format!("“{part}” is neither a HCPCS code nor a day, and nothing was asked for this line"));
        }
    }
    Ok(asked)
}

fn told(app: &App, asked: &VerificationRequest, verification: Verification) -> Told {
    let (tone, verdict) = match (verification.authorized, verification.reason) {
        (true, _) => ("good", "Yes"),
        (false, VerificationReason::InProgress) => ("waiting", "Not yet"),
        (false, _) => ("bad", "No"),
    };
    Told {
        tone,
        verdict,
        message: verification.message,
        order_id: verification.order_id,
        asked: question(asked),
        as_of: super::shell::instant(app, verification.as_of),
        drugs: verification.drugs.into_iter().map(drug).chain(verification.procedures.into_iter().map(procedure)).collect(),
    }
}

/// What was asked, so that a misread day or code is seen.
fn question(asked: &VerificationRequest) -> String {
    let subject = match (&asked.order_id, &asked.member) {
        (Some(order_id), _) => format!("Order ID {order_id}"),
        (None, Some(member)) => {
            let born = member.birth_date.map(|day| format!(", born {}", words::day(day))).unwrap_or_default();
            let text = |part: &Option<String>| part.clone().unwrap_or_default();
            format!("{} {}{born}", text(&member.first_name), text(&member.last_name))
        }
        (None, None) => String::new(),
    };
    let drug = asked.hcpcs.as_ref().map(|code| format!(", {code}")).unwrap_or_default();
    let day = asked.date.map(|day: NaiveDate| format!(", to be given {}", words::day(day))).unwrap_or_default();
    format!("{subject}{drug}{day}")
}

fn drug(drug: VerifiedDrug) -> Drug {
    let dash = || "–".to_owned();
    Drug {
        name: words::capitalize(&drug.name),
        code: drug.hcpcs.unwrap_or_else(|| "No HCPCS code".to_owned()),
        may: if drug.authorized { "Yes" } else { "No" },
        status: words::drug_status(drug.status),
        units: drug.units_approved.map_or_else(dash, words::count),
        unit: drug.billing_unit.map(|unit| format!("of {unit}")).filter(|_| drug.units_approved.is_some()).unwrap_or_default(),
        visits: drug.visits_approved.map_or_else(dash, |visits| words::count(u64::from(visits))),
        valid: words::range(drug.valid_from, drug.valid_through).unwrap_or_else(dash),
    }
}

fn procedure(line: VerifiedProcedure) -> Drug {
    let dash = || "–".to_owned();
    Drug {
        name: words::capitalize(&line.name),
        code: line.code.unwrap_or_else(|| "No code".to_owned()),
        may: if line.authorized { "Yes" } else { "No" },
        status: words::drug_status(line.status),
        units: line.units_approved.map_or_else(dash, words::count),
        unit: String::new(),
        visits: line.visits_approved.map_or_else(dash, |visits| words::count(u64::from(visits))),
        valid: words::range(line.valid_from, line.valid_through).unwrap_or_else(dash),
    }
}

#[cfg(test)]
mod tests {
    use super::row;

    #[test]
    fn a_row_is_an_order_id_with_a_drug_and_a_day_and_nothing_is_passed_over() {
        // proves VER-03
        let asked = row("A7K3-MQ2X-WP\tj9171, 12/1/2026").unwrap();
        assert_eq!(asked.order_id.as_deref(), Some("A7K3-MQ2X-WP"));
        assert_eq!((asked.hcpcs.as_deref(), asked.date), (Some("J9171"), "2026-12-01".parse().ok()));
        for line in ["A7K3MQ2XWP tomorrow", "A7K3MQ2XWP J9171 J9075", "A7K3MQ2XWP 12/1/2026 12/2/2026"] {
            assert!(row(line).unwrap_err().contains("nothing was asked"), "{line}");
        }
    }
}
