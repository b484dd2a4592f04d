//! Modality by site: which is supported, by the rows of content and for patients of whom everything is told.

use super::exact::{base, diagnosis, of_site};
use super::{content, decide, fact};
use oncoauth::domain::vocabulary::{DeviationCode, Modality, Sex};
use serde_json::json;
use std::fmt::Write as _;

/// A curative order of an adult with localized disease, two grays a fraction, without a plan comparison.
fn order(site: &str, modality: Modality) -> serde_json::Value {
    let known = content().radiation.site(site).expect("a known site");
    let mut order = base();
    order["radiation"]["site"] = json!(site);
    order["radiation"]["modality"] = json!(modality);
    order["radiation"]["technique"] = if modality == Modality::Brachytherapy { json!("hdr") } else { json!(null) };
    order["radiation"]["total_dose_gy"] = json!(60);
    order["radiation"]["fractions"] = json!(30);
    order["radiation"]["histology"] = json!("carcinoma_nos");
    order["clinical"]["cancer_type"] = json!(of_site(site));
    order["clinical"]["sex"] = json!(if known.sex == Some(Sex::Male) { "male" } else { "female" });
    order["diagnosis"]["icd10"] = json!(diagnosis(&known.diagnoses, of_site(site)));
    order["clinical"]["stage"] = json!("II");
    order
}

#[test]
fn what_each_modality_is_worth_at_each_site_stands_in_a_table() {
    // proves
    let mut table = String::new();
    for site in &content().radiation.sites {
        let _ = write!(table, "{:<16}", site.key);
        for modality in Modality::ALL {
            let decision = decide(&order(&site.key, *modality));
            let support = fact(&decision, "support");
            let sign = match support.as_str() {
                Some("supported") => 's',
                Some("plan_comparison") => 'c',
                Some("plan_comparison_reviewed") => 'r',
                _ => '-',
            };
            let _ = write!(table, " {sign}");
            let pends = |code: DeviationCode| {
                decision.deviations.iter().any(|deviation| deviation.code == code && deviation.effect.pends())
            };
            let told = match sign {
                's' => true,
                '-' => pends(DeviationCode::ModalityNotSupported),
                _ => pends(DeviationCode::MissingPlanComparison),
            };
            assert!(told, "{} {modality}: {:?}", site.key, decision.deviations);
        }
        table.push('\n');
    }
    let path = crate::support::copy::repository().join("tests/radiation/modalities.txt");
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    let rows = |text: &str| text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(rows(&expected), rows(&table), "{} differs; it should be\n{table}", path.display());
}
