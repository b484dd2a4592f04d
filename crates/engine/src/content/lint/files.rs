//! Files that nothing reads, most often because of a mistyped name.

use crate::content::code_tables;
use crate::content::report::{Report, did_you_mean};
use crate::content::source::Source;

/// Everything with a meaning at the top of a content directory.
const KNOWN: [&str; 25] = [
    "README.md",
    "agreement.toml",
    "releases.toml",
    "cancers.toml",
    "biomarkers.toml",
    "pathologies.toml",
    "assessments.toml",
    "settings.toml",
    "words",
    "letters",
    "administration.toml",
    "programs",
    "policies",
    "radiation",
    "limits",
    "contraindications",
    "coverage",
    "regimens",
    "forms",
    "drugs",
    "dosing",
    "calendars",
    "code-sets",
    "fhir",
    "sandbox",
];

/// Folders of `.toml` files.
const TABLES: [&str; 12] = [
    "coverage",
    "letters",
    "programs",
    "policies",
    "limits",
    "contraindications",
    "regimens",
    "forms",
    "drugs",
    "dosing",
    "calendars",
    "radiation/schedules",
];

const RADIATION: [&str; 4] = ["indications.toml", "schedules", "services.toml", "sites.toml"];

const WORDS: [&str; 10] = [
    "diagnoses.toml",
    "regimens.toml",
    "groups.toml",
    "no_result.toml",
    "outcomes.toml",
    "plain.toml",
    "reasons.toml",
    "stages.toml",
    "therapies.toml",
    "units.toml",
];

const CODE_SETS: [&str; 3] = ["icd10cm.tsv", "hcpcs_terminated.tsv", "place_of_service.tsv"];

pub(super) fn lint(source: &Source, report: &mut Report) {
    let mut unread = |path: String, suggestion: Option<String>| {
        report.warning(&path, 1, "nothing reads this", suggestion);
    };
    for name in source.names("").into_iter().filter(|name| !KNOWN.contains(&name.as_str())) {
        let suggestion = did_you_mean(&name, KNOWN);
        unread(name, suggestion);
    }
    for folder in TABLES {
        let read = source.files(folder, "toml");
        let others = source.names(folder).into_iter().filter(|name| !read.contains(&format!("{folder}/{name}")));
        for name in others {
            unread(format!("{folder}/{name}"), Some("files here end in `.toml`".to_owned()));
        }
    }
    for name in source.names("radiation").into_iter().filter(|name| !RADIATION.contains(&name.as_str())) {
        let suggestion = did_you_mean(&name, RADIATION);
        unread(format!("radiation/{name}"), suggestion);
    }
    for name in source.names("words").into_iter().filter(|name| !WORDS.contains(&name.as_str())) {
        let suggestion = did_you_mean(&name, WORDS);
        unread(format!("words/{name}"), suggestion);
    }
    for name in source.names("code-sets").into_iter().filter(|name| !CODE_SETS.contains(&name.as_str())) {
        let suggestion = did_you_mean(&name, CODE_SETS);
        unread(format!("code-sets/{name}"), suggestion);
    }
    for name in source.names("fhir").into_iter().filter(|name| !code_tables::FILES.contains(&name.as_str())) {
        let suggestion = did_you_mean(&name, code_tables::FILES);
        unread(format!("fhir/{name}"), suggestion);
    }
}
