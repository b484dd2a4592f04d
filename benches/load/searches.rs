//! Searches at every keystroke: what somebody types letter by letter, asked after each letter.

use crate::Outcome;
use crate::client::{Connection, get};
use crate::rosters::{Tokens, provider};
use crate::rounds::percentile;
use crate::service::Service;
use std::time::Instant;

/// How long the searches of one kind took.
#[derive(Debug)]
pub struct Searches {
    /// What was looked for.
    pub what: &'static str,
    /// Where.
    pub path: &'static str,
    /// Requests.
    pub keystrokes: usize,
    /// Requests that found something.
    pub hits: usize,
    /// Milliseconds: half, 95 of 100, all.
    pub took: [f64; 3],
}

/// Providers that are looked for.
const SOUGHT: usize = 25;

/// Types everything.
pub fn measure(service: &Service, tokens: &Tokens) -> Outcome<Vec<Searches>> {
    let mut connection = Connection::open(service.address)?;
    let mut measured = Vec::new();
    for (what, path, typed) in typed() {
        let mut micros = Vec::new();
        let mut hits = 0;
        for text in typed {
            let ends = text.char_indices().map(|(place, letter)| place + letter.len_utf8());
            for end in ends {
                let request = get(&format!("{path}?q={}", encode(&text[..end])), &tokens.ordering);
                let sent = Instant::now();
                let hit = !connection.call(&request, 200)?.starts_with(br#"{"items":[]"#);
                micros.push(u32::try_from(sent.elapsed().as_micros()).unwrap_or(u32::MAX));
                hits += usize::from(hit);
            }
        }
        micros.sort_unstable();
        let took = [0.5, 0.95, 1.0].map(|share| percentile(&micros, share) / 1000.0);
        measured.push(Searches { what, path, keystrokes: micros.len(), hits, took });
    }
    Ok(measured)
}

/// What is typed: of providers all over the file, and of each catalogue.
fn typed() -> Vec<(&'static str, &'static str, Vec<String>)> {
    let spread = |of: fn(usize) -> usize| (1..=SOUGHT).map(move |place| provider(of(place * 3_911)));
    let clinicians = || spread(|number| number / 5 * 5 + 1 + number % 4);
    let facilities = || spread(|number| number / 5 * 5 + 5);
    let name = |row: &serde_json::Value, first: &str, second: &str| {
        format!("{} {}", row[first].as_str().unwrap_or_default(), row[second].as_str().unwrap_or_default())
    };
    let facility = |row: serde_json::Value| row["name"].as_str().unwrap_or_default().to_owned();
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    let providers = "/v1/providers";
    vec![
        ("first and last name", providers, clinicians().map(|row| name(&row, "first_name", "last_name")).collect()),
        ("last and first name", providers, clinicians().map(|row| name(&row, "last_name", "first_name")).collect()),
        ("facility", providers, facilities().map(facility).collect()),
        ("NPI", providers, clinicians().map(|row| row["npi"].as_str().unwrap_or_default().to_owned()).collect()),
        ("misspelt name", providers, clinicians().map(|row| misspelt(&name(&row, "first_name", "last_name"))).collect()),
        ("misspelt facility", providers, facilities().map(|row| misspelt(&facility(row))).collect()),
        (
            "drugs",
            "/v1/drugs",
            words(&["pembrolizumab", "trastuzumab deruxtecan", "Keytruda", "J9271", "docetaxle", "carboplatin"]),
        ),
        (
            "diagnoses",
            "/v1/diagnoses",
            words(&["C50.911", "malignant neoplasm of breast", "lymphoma", "c34", "leukemai", "colon"]),
        ),
        ("regimens", "/v1/regimens", words(&["R-CHOP", "FOLFOX", "docetaxel cyclophosphamide", "breast", "carbopltain", "TCHP"])),
        ("Pathways", "/v1/pathways", words(&["R-CHOP", "FOLFOX", "pembrolizumab", "lung", "trastuzumba"])),
        ("biomarkers", "/v1/biomarkers", words(&["her2", "estrogen receptor", "pd-l1", "egfr", "brca"])),
    ]
}

/// Two neighbouring letters swapped in the first word.
fn misspelt(name: &str) -> String {
    let mut letters: Vec<char> = name.chars().collect();
    if letters.len() > 3 {
        letters.swap(2, 3);
    }
    letters.into_iter().collect()
}

fn encode(text: &str) -> String {
    text.replace('%', "%25").replace(' ', "%20").replace('&', "%26").replace('+', "%2B")
}
