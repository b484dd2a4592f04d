//! Files of fictional members and providers, and tokens of those who call.

use crate::client::{Connection, with_body};
use crate::service::Service;
use crate::{Options, Outcome};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// The plan whose files are loaded.
pub const PLAN: &str = "anthem-blue-medicare-advantage";
const ADMINISTRATOR: &str = "sandbox-administrator";
const SYLLABLES: [&str; 20] = [
    "ba", "ne", "ro", "li", "tu", "ka", "mel", "sor", "vin", "dal", "per", "gon", "fi", "hul", "jam", "wes", "xan", "yor", "zel",
    "cor",
];
const WORDS: [&str; 8] = ["Oncology", "Infusion", "Hematology", "Cancer", "Medical", "Regional", "Community", "Specialty"];
const KINDS: [&str; 6] = ["Center", "Clinic", "Associates", "Partners", "Institute", "Group"];

/// Secrets of tokens that were issued: recognised by a look-up, as in production, and not by their text, as a sandbox's.
#[derive(Debug)]
pub struct Tokens {
    /// The practice's.
    pub ordering: String,
    /// The facility's.
    pub servicing: String,
}

/// Loads both files, and issues the tokens.
pub fn load(service: &Service, options: &Options) -> Outcome<Tokens> {
    let mut connection = Connection::open(service.address)?;
    let files = [("members", lines(options.members, member)), ("providers", lines(options.providers, provider))];
    for (roster, file) in files {
        let path = format!("/v1/rosters/{PLAN}/{roster}");
        let loaded = connection.json(&with_body("PUT", &path, ADMINISTRATOR, "application/x-ndjson", &file), 200)?;
        eprintln!("{roster} on file: {}", loaded["loaded"]);
    }
    let mut issue = |role: &str, tax_id: &str| {
        let body = json!({"role": role, "tax_ids": [tax_id]}).to_string();
        let issued = connection.json(&with_body("POST", "/v1/tokens", ADMINISTRATOR, "application/json", &body), 201)?;
        Ok::<_, Box<dyn std::error::Error>>(issued["token"].as_str().unwrap_or_default().to_owned())
    };
    Ok(Tokens { ordering: issue("ordering_provider", "900000001")?, servicing: issue("servicing_provider", "900000002")? })
}

fn lines(count: usize, row: impl Fn(usize) -> Value) -> String {
    (0..count).fold(String::new(), |mut file, number| {
        let _ = writeln!(file, "{}", row(number)); // writing to a String cannot fail
        file
    })
}

/// Member ID, first and last name, and date of birth of the member with this number.
pub fn identity(number: usize) -> [String; 4] {
    let birth_date = format!("{}-{:02}-{:02}", 1935 + number % 40, 1 + number % 12, 1 + number % 28);
    [format!("XKM7{number:08}"), word(number % 400), word(number / 3), birth_date]
}

fn member(number: usize) -> Value {
    let [member_id, first_name, last_name, birth_date] = identity(number);
    json!({"member_id": member_id, "first_name": first_name, "last_name": last_name, "birth_date": birth_date, "sex": "female",
           "line_of_business": "medicare_advantage", "product": "medicare_ppo", "state": "MO", "coverage_from": "2020-01-01"})
}

/// The provider with this number: the sandbox's clinician and facility first, then four clinicians for each facility.
pub fn provider(number: usize) -> Value {
    let individual = |npi: String, first: String, last: String, tax_id: String| {
        json!({"npi": npi, "kind": "individual", "first_name": first, "last_name": last, "tax_ids": [tax_id],
               "specialty": "Medical oncology", "state": "MO", "phone": "+1 555 0100", "in_network": true,
               "address": {"line1": "1 Example Street", "city": "Sampletown", "state": "MO", "postal_code": "00000"}})
    };
    let facility = |npi: String, name: String, tax_id: String| {
        json!({"npi": npi, "kind": "facility", "name": name, "tax_ids": [tax_id], "specialty": "Infusion", "state": "MO",
               "phone": "+1 555 0100", "in_network": true,
               "address": {"line1": "2 Example Street", "city": "Sampletown", "state": "MO", "postal_code": "00000"}})
    };
    match number {
        0 => individual("1234567893".into(), "Ordering".into(), "Clinician".into(), "900000001".into()),
        1 => facility("1245319599".into(), "Sample Infusion Center".into(), "900000002".into()),
        _ if number.is_multiple_of(5) => {
            let name = format!("{} {} {}", word(number), WORDS[number / 5 % 8], KINDS[number / 40 % 6]);
            facility(npi(number), name, format!("91{:07}", number / 5))
        }
        _ => individual(npi(number), word(number % 900), word(number / 7), format!("91{:07}", number / 5)),
    }
}

/// A pronounceable word; neighbouring numbers give unlike words.
fn word(number: usize) -> String {
    let mut rest = number * 7_919 + 13;
    let mut word = String::new();
    for _ in 0..4 {
        word.push_str(SYLLABLES[rest % SYLLABLES.len()]);
        rest /= SYLLABLES.len();
    }
    word[..1].to_ascii_uppercase() + &word[1..]
}

/// A number with the check digit of an NPI.
fn npi(number: usize) -> String {
    let digits = format!("16{number:07}");
    (0..10).map(|check| format!("{digits}{check}")).find(|npi| oncoauth::domain::roster::npi_is_valid(npi)).unwrap_or(digits)
}
