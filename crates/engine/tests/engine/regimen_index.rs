//! The page that lists every regimen (`docs/regimens.md`) is made from the content; `scripts/regimen-index` writes it anew.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a page that cannot be made has to fail the test")]

use oncoauth::domain::content::{Content, Regimen};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

const HEAD: &str = "# Regimens of the demonstration

Made from `content/regimens/` by `scripts/regimen-index`; a test compares. Not for clinical use. A regimen stands in one file of its cancer,
with all its phases; files of a cancer with many regimens are divided by situation, and within a file by when they are given, then by id. **P**: a
Pathway, with its ranks of efficacy, toxicity, consensus. FN: risk of febrile neutropenia. *Also given*: forms that count as the regimen, from
`content/forms/`; they combine.
";

/// Where each regimen is written.
fn files() -> BTreeMap<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../content/regimens");
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).expect("there are regimens") {
        let path = entry.expect("a file").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).expect("a readable file");
        let ids = text.lines().filter_map(|line| line.strip_prefix("id = \"")?.strip_suffix('"'));
        found.extend(ids.map(|id| (id.to_owned(), name.clone())));
    }
    found
}

fn row(regimen: &Regimen, files: &BTreeMap<String, String>) -> String {
    let rank = |pathway: &oncoauth::domain::content::RegimenPathway| {
        format!("**P** {}/{}/{}", pathway.efficacy, pathway.toxicity, pathway.consensus)
    };
    let markers: Vec<&str> = regimen.biomarkers.iter().map(|asked| asked.text.as_str()).collect();
    let mut asked = regimen.pathology.clone().into_iter().collect::<Vec<String>>();
    asked.extend(markers.iter().map(|text| text.replace('|', "/")));
    format!(
        "| [{}](../content/regimens/{}) | {} | {} {} | {} | {} | {} |",
        regimen.id,
        files[&regimen.id],
        regimen.name,
        regimen.settings.join(", ").replace('_', " "),
        regimen.line_text,
        asked.join(", ").replace('_', " "),
        regimen.pathway.as_ref().map_or_else(String::new, rank),
        regimen.fn_risk.as_str(),
    )
}

/// What is other in its forms, each said once: they combine.
fn forms(regimen: &Regimen) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in regimen.forms.iter().flat_map(|form| form.parts.iter().map(String::as_str)) {
        if !parts.contains(&part) {
            parts.push(part);
        }
    }
    (!parts.is_empty()).then(|| format!("- {}: {}", regimen.id, parts.join("; ")))
}

fn page(content: &Content) -> String {
    let files = files();
    let pathways = content.regimens.iter().filter(|regimen| regimen.pathway.is_some()).count();
    let mut text =
        format!("{HEAD}\nRelease {}: {} regimens, {pathways} Pathways.\n", content.release.name, content.regimens.len());
    for cancer in &content.cancers {
        let mut regimens: Vec<&Regimen> = content.regimens_of(&cancer.key).iter().map(AsRef::as_ref).collect();
        if regimens.is_empty() {
            continue;
        }
        regimens.sort_by(|left, right| (&files[&left.id], &left.id).cmp(&(&files[&right.id], &right.id)));
        write!(text, "\n## {} (`{}`)\n\n", cancer.name, cancer.key).expect("a string takes everything");
        text.push_str("| Regimen | Name | Setting, line | Asks for | Pathway | FN |\n|---|---|---|---|---|---|\n");
        for regimen in &regimens {
            text.push_str(&row(regimen, &files));
            text.push('\n');
        }
        let formed: Vec<String> = regimens.iter().filter_map(|regimen| forms(regimen)).collect();
        if !formed.is_empty() {
            write!(text, "\nAlso given:\n\n{}\n", formed.join("\n")).expect("a string takes everything");
        }
    }
    text
}

// proves SAFE-16
#[test]
fn the_list_of_regimens_is_what_the_content_has() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/regimens.md");
    let made = page(crate::support::content());
    if std::env::var_os("ONCOAUTH_WRITE").is_some() {
        std::fs::write(&path, &made).expect("a page that can be written");
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = made.lines().zip(written.lines()).find(|(made, written)| made != written);
    assert!(made == written, "docs/regimens.md is not what the content has: run scripts/regimen-index. First: {differs:?}");
}
