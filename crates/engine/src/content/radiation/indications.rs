//! `radiation/indications.toml`: which modality is supported for which site.

use super::{Drafts, modality, open, says, statement};
use crate::content::releases::Releases;
use crate::content::report::{Report, did_you_mean};
use crate::content::source::Source;
use crate::content::vocabulary::Vocabulary;
use crate::domain::content::radiation::{ModalityIndication, Support};
use crate::domain::vocabulary::Modality;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::sync::Arc;

const FILE: &str = "radiation/indications.toml";
/// The word for the guidance line in the place of a modality.
const GUIDANCE: &str = "igrt_guidance";
/// The word for every site.
const ANY: &str = "any";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    site: String,
    modality: String,
    support: Support,
    when: Option<String>,
    compare_with: Option<String>,
    source: String,
    provenance: String,
    #[serde(rename = "verify")]
    _verify: bool,
    #[serde(rename = "note")]
    _note: Option<String>,
    introduced: Option<String>,
    retired: Option<String>,
}

/// Reads the file.
pub(super) fn read(source: &Source, words: &Vocabulary, releases: &Releases, drafts: &mut Drafts, report: &mut Report) {
    let mut ids = BTreeSet::new();
    open(source, FILE, &["indication"], report, |document, report| {
        for (entry, place) in document.entries::<Entry>("indication", report) {
            if !ids.insert(entry.id.clone()) {
                place.key("id").error(report, format!("indication `{}` is here twice", entry.id), None);
            }
            says(&entry.source, place.key("source"), "what it rests on", report);
            says(&entry.provenance, place.key("provenance"), "where it comes from", report);
            let site = Some(entry.site).filter(|site| site != ANY);
            if let Some(site) = site.as_deref().filter(|site| drafts.words.site(site).is_none()) {
                let suggestion = did_you_mean(site, drafts.words.sites.iter().map(|site| site.key.as_str()));
                place.key("site").error(report, format!("there is no site `{site}`"), suggestion);
            }
            let of = if entry.modality == GUIDANCE { None } else { modality(&entry.modality, place.key("modality"), report) };
            let compares = matches!(entry.support, Support::PlanComparison | Support::PlanComparisonReviewed);
            if compares != entry.compare_with.is_some() {
                place.error(report, "say with what a plan is compared where it is compared, and only there", None);
            }
            let life = releases.lifetime(entry.introduced.as_deref(), entry.retired.as_deref(), place, report);
            let indication = ModalityIndication {
                when: statement(entry.when.as_deref(), place.key("when"), words, report),
                compare_with: entry.compare_with.and_then(|word| modality(&word, place.key("compare_with"), report)),
                id: entry.id,
                site,
                modality: of,
                support: entry.support,
                source: entry.source,
            };
            drafts.indications.push((Arc::new(indication), life, place.position()));
        }
        let missing: Vec<&str> = Modality::ALL
            .iter()
            .filter(|of| {
                let answers_all =
                    |row: &ModalityIndication| row.modality == Some(**of) && row.site.is_none() && row.when.is_none();
                releases
                    .iter()
                    .any(|(release, _)| !drafts.indications.iter().any(|(row, life, _)| life.covers(release) && answers_all(row)))
            })
            .map(|of| of.as_str())
            .collect();
        if !missing.is_empty() {
            let message = format!("no last row for any site answers for {}", missing.join(", "));
            report.error(FILE, 1, message, Some("add one with site = \"any\" and without `when`".to_owned()));
        }
    });
}
