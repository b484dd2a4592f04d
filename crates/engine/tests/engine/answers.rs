//! What answers are worth, as practices write them: read by the shipped content, asked as criteria ask.
#![expect(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a fixture that fails has to fail the test")]

use crate::support;

use chrono::NaiveDate;
use oncoauth::domain::content::Content;
use oncoauth::domain::criteria::{Comparison, ResultTest};
use oncoauth::domain::order::Clinical;
use oncoauth::domain::vocabulary::Truth::{self, Met, NotMet, Unknown};
use oncoauth::rules::answers::{Answered, Days};
use oncoauth::rules::stage;
use serde_json::{Value, json};
use std::sync::{Arc, LazyLock};
use support::orders::Situation;

static CONTENT: LazyLock<&Arc<Content>> = LazyLock::new(support::content);

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

/// Received on November 28, for treatment on December 7.
fn days() -> Days {
    Days { received: day("2026-11-28"), service: day("2026-12-07") }
}

fn read(clinical: &Value, ask: impl Fn(&Answered<'_>) -> Truth) -> Truth {
    let clinical: Clinical = serde_json::from_value(clinical.clone()).expect("clinical answers");
    ask(&Answered::new(&clinical, &CONTENT, days()))
}

fn test(text: &str) -> ResultTest {
    let signs = [(">=", Comparison::AtLeast), ("<=", Comparison::AtMost), (">", Comparison::More), ("<", Comparison::Less)];
    if text == "known" {
        return ResultTest::Known;
    }
    match signs.iter().find_map(|(sign, comparison)| Some((*comparison, text.strip_prefix(sign)?))) {
        Some((comparison, number)) => ResultTest::Compare(comparison, number.trim().parse().expect("a number")),
        None => ResultTest::In(text.split('|').map(str::to_owned).collect()),
    }
}

fn biomarkers(entries: &Value, name: &str, asked: &str) -> Truth {
    read(&json!({"biomarkers": entries}), |answered| {
        answered.biomarker(name).map_or(Unknown, |standing| standing.test(&test(asked)))
    })
}

fn assessments(entries: &Value, name: &str, asked: &str) -> Truth {
    read(&json!({"assessments": entries}), |answered| {
        answered.assessment(name).map_or(Unknown, |standing| standing.test(&test(asked)))
    })
}

#[test]
fn biomarkers_are_read_as_laboratories_and_practices_write_them() {
    // proves SAFE-01
    let cases: Vec<(&str, Value, &str, &str, Truth)> = vec![
        ("her2", json!("positive"), "her2", "positive", Met),
        ("HER2", json!("Positive (3+)"), "her2", "positive", Met),
        ("HER-2/neu", json!("amplified"), "her2", "positive", Met),
        ("Her2 ", json!("IHC 3+"), "her2", "positive", Met),
        ("her2", json!("HER2-"), "her2", "positive", NotMet),
        ("her2", json!("HER2-"), "her2", "negative", Met),
        ("her2", json!("neg"), "her2", "low", Unknown),
        ("her2", json!("Not detected"), "her2", "negative", Met),
        ("her2", json!("1+"), "her2", "low", Met),
        ("her2", json!("1+"), "her2", "negative", Met),
        ("her2", json!("IHC 2+/ISH-"), "her2", "low", Met),
        ("her2", json!("2+"), "her2", "positive", NotMet),
        ("her2", json!("weakly positive"), "her2", "positive", Unknown),
        ("her2", json!("detected"), "her2", "positive", Unknown),
        ("her2", json!("perhaps"), "her2", "positive", Unknown),
        ("her2", json!("pending"), "her2", "known", Unknown),
        ("her2", json!("n/a"), "her2", "known", Unknown),
        ("her2_ihc", json!(3), "her2_ihc", "3+", Met),
        ("HER2 IHC", json!("3+"), "her2", "positive", Met),
        ("egfr", json!("Not Detected"), "egfr", "negative", Met),
        ("EGFR", json!("L858R"), "egfr", "exon_21_l858r", Met),
        ("EGFR", json!("positive"), "egfr", "exon_19_deletion", Unknown),
        ("EGFR", json!("positive"), "egfr", "positive", Met),
        ("ALK", json!(false), "alk", "negative", Met),
        ("alk", json!("no rearrangement detected"), "alk", "negative", Met),
        ("KRAS", json!("wild-type"), "kras", "wild_type", Met),
        ("KRAS", json!("mutated"), "kras", "g12c", Unknown),
        ("KRAS", json!("p.G12C"), "kras", "g12c", Met),
        ("KRAS G12C", json!("negative"), "kras", "wild_type", Unknown),
        ("kras", json!("G12V"), "ras", "wild_type", NotMet),
        ("MSI", json!("MSI-H"), "msi_mmr", "msi_h|dmmr", Met),
        ("MMR", json!("proficient"), "msi_mmr", "pmmr|mss", Met),
        ("ER", json!("95%"), "er", "positive", Met),
        ("ER", json!("95% (positive)"), "er", "positive", Met),
        ("ER", json!("ER+"), "er", "positive", Met),
        ("er", json!("<1%"), "er", "negative", Met),
        ("ER", json!(5), "er", "low_positive", Met),
        ("ER", json!(1000), "er", "known", Unknown),
        ("PD-L1 TPS", json!("60 %"), "pd_l1_tps", ">= 50", Met),
        ("PD-L1 TPS", json!(">=50%"), "pd_l1_tps", ">= 50", Met),
        ("PD-L1 TPS", json!("≥ 50"), "pd_l1_tps", ">= 80", Unknown),
        ("TPS", json!("1-49%"), "pd_l1_tps", ">= 50", NotMet),
        ("TPS", json!("1-49%"), "pd_l1_tps", ">= 1", Met),
        ("TPS", json!("1–49%"), "pd_l1_tps", ">= 10", Unknown),
        ("TPS", json!("<1"), "pd_l1_tps", ">= 1", NotMet),
        ("TPS", json!("less than 1%"), "pd_l1_tps", ">= 1", NotMet),
        ("TPS", json!("TPS: 60%"), "pd_l1_tps", ">= 50", Met),
        ("TPS", json!("negative"), "pd_l1_tps", ">= 1", NotMet),
        ("TPS", json!("positive"), "pd_l1_tps", ">= 50", Unknown),
        ("TPS", json!("high"), "pd_l1_tps", ">= 50", Met),
        ("TPS", json!("high"), "pd_l1_tps", ">= 80", Unknown),
        ("TPS", json!("50 or more"), "pd_l1_tps", ">= 50", Met),
        ("TPS", json!(800), "pd_l1_tps", "known", Unknown),
        ("TPS", json!("800%"), "pd_l1_tps", ">= 1", Unknown),
        ("TPS", json!(">100"), "pd_l1_tps", ">= 1", Unknown),
        ("TPS", json!(-5), "pd_l1_tps", "known", Unknown),
        ("TPS", json!("about 60"), "pd_l1_tps", ">= 1", Unknown),
        ("TPS", json!("~60"), "pd_l1_tps", ">= 1", Unknown),
        ("TPS", json!("0,5"), "pd_l1_tps", ">= 1", Unknown),
        ("TPS", json!("5, 10"), "pd_l1_tps", ">= 1", Unknown),
        ("TPS", json!(true), "pd_l1_tps", ">= 50", Unknown),
        ("TMB", json!("12 mut/Mb"), "tmb", ">= 10", Met),
        ("CD20", json!("+"), "cd20", "positive", Met),
        ("cd20", json!("-"), "cd20", "known", Unknown),
        ("CLDN18.2", json!("80%"), "cldn18_2", "positive", Met),
        ("CLDN18.2", json!("60%"), "cldn18_2", "positive", NotMet),
        ("IMDC", json!("intermediate or poor"), "imdc_risk", "intermediate|poor", Met),
        ("IMDC", json!("intermediate or poor"), "imdc_risk", "poor", Unknown),
    ];
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|(name, result, asked, wanted, expected)| {
            let found = biomarkers(&json!([{"name": name, "result": result}]), asked, wanted);
            (found != *expected).then(|| format!("{name} {result}: {asked} {wanted} is {found:?}, not {expected:?}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn laboratory_reports_are_read_whole_or_not_at_all() {
    // proves SAFE-01, SAFE-16
    let cases = [
        // several tests of one marker
        ("HER2", "IHC 2+, FISH not amplified", "her2", "low", Met),
        ("HER2", "IHC 2+ / FISH not amplified", "her2", "negative", Met),
        ("HER2", "IHC 2+ FISH not amplified", "her2", "low", Met),
        ("HER2", "equivocal (2+), FISH negative", "her2", "negative", Met),
        ("HER2", "Equivocal (2+) by IHC; FISH not amplified", "her2", "low", Met),
        ("HER2", "IHC 2+, FISH negative (ratio 1.2)", "her2", "low", Met),
        ("HER2", "IHC 2+ / FISH positive (ratio 3.1)", "her2", "positive", Met),
        ("HER2", "FISH amplified (ratio 4.2)", "her2", "positive", Met),
        ("HER2", "Negative by FISH", "her2", "negative", Met),
        ("HER2", "negative IHC 0", "her2", "ihc_0", Met),
        ("HER2", "IHC 3+, FISH not amplified", "her2", "positive", Unknown),
        ("HER2", "IHC 3+, FISH not amplified", "her2", "negative", Unknown),
        ("HER2", "IHC 2+, FISH perhaps", "her2", "negative", Unknown),
        ("HER2", "IHC 2+, FISH pending", "her2", "negative", Unknown),
        ("HER2", "FISH not amplified (ratio 4.2)", "her2", "negative", Unknown),
        // results with what stands beside them
        ("ER", "positive, 95% strong", "er", "positive", Met),
        ("ER", "95% positive", "er", "positive", Met),
        ("ER", "positive 60%", "er", "positive", Met),
        ("ER", "POS 95%", "er", "positive", Met),
        ("ER", "Positive; 90% of nuclei, strong intensity", "er", "positive", Met),
        ("ER", "positive 95% 3+", "er", "positive", Met),
        ("ER", "Positive, Allred 8/8", "er", "positive", Met),
        ("ER", "positive (Allred 0/8)", "er", "positive", Unknown),
        ("ER", "positive (Allred 0/8)", "er", "negative", Unknown),
        ("ER", "positive, H-score 10", "er", "positive", Unknown),
        ("gBRCA", "pathogenic, germline", "gbrca1_2", "pathogenic", Met),
        ("gBRCA", "pathogenic, somatic", "gbrca1_2", "pathogenic", Unknown),
        ("gBRCA", "positive (somatic)", "gbrca1_2", "pathogenic", Unknown),
        ("BRCA", "pathogenic, somatic", "brca1_2", "pathogenic", Met),
        ("HRD", "positive, GIS 55", "hrd", "positive", Met),
        ("HRD", "positive, GIS 30", "brca1_2", "pathogenic", Unknown),
        ("ER", "negative <1%", "er", "negative", Met),
        ("ER", "positive <1%", "er", "positive", Unknown),
        ("ER", "negative 95%", "er", "negative", Unknown),
        ("ER", "positive in 2015", "er", "positive", Unknown),
        ("ER", "no longer positive", "er", "positive", Unknown),
        ("ER", "positive? by IHC", "er", "positive", Unknown),
        ("PD-L1", "TPS >=50%", "pd_l1_tps", ">= 50", Met),
        ("PD-L1", "Positive, TPS 80%", "pd_l1_tps", ">= 50", Met),
        ("PD-L1", "Negative, TPS 80%", "pd_l1_tps", ">= 50", Unknown),
        ("PD-L1", "CPS >=10", "pd_l1_cps", ">= 10", Met),
        ("PD-L1", "CPS 5 (22C3)", "pd_l1_cps", ">= 1", Met),
        ("PD-L1 CPS", "12 (22C3)", "pd_l1_cps", ">= 10", Met),
        ("PD-L1", "CPS 12, maybe 5", "pd_l1_cps", ">= 10", Unknown),
        ("EGFR", "Exon 19 deletion detected (VAF 23%)", "egfr", "exon_19_deletion", Met),
        ("EGFR", "L858R mutation detected in exon 21", "egfr", "exon_21_l858r", Met),
        ("EGFR", "T790M detected", "egfr", "t790m", Met),
        ("EGFR", "L858R not detected", "egfr", "positive", Unknown),
        ("EGFR", "L858R not detected", "egfr", "negative", Unknown),
        ("EGFR", "No pathogenic variants detected", "egfr", "negative", Met),
        ("ALK", "negative by FISH", "alk", "negative", Met),
        ("ALK", "negative (IHC D5F3)", "alk", "negative", Met),
        ("ALK", "positive by IHC (D5F3)", "alk", "positive", Met),
        ("KRAS", "wild-type (exons 2,3,4)", "kras", "wild_type", Met),
        ("KRAS", "codon 12 G12V", "kras", "wild_type", NotMet),
        ("MMR", "retained expression of MLH1, PMS2, MSH2, MSH6", "msi_mmr", "pmmr", Met),
        ("MMR", "intact nuclear expression of all four MMR proteins", "msi_mmr", "pmmr", Met),
        ("MMR", "dMMR (loss of MLH1/PMS2)", "msi_mmr", "dmmr", Met),
        ("MMR", "deficient, MLH1/PMS2 loss", "msi_mmr", "dmmr", Met),
        ("MMR", "retained MLH1, loss of MSH2", "msi_mmr", "pmmr", Unknown),
        ("TMB", "High (15 mut/Mb)", "tmb", ">= 10", Met),
        ("BRCA1", "Negative for pathogenic variants", "brca1", "negative", Met),
        ("PSMA PET", "positive, SUVmax 22", "psma_pet", "positive", Met),
    ];
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|(name, result, asked, wanted, expected)| {
            let found = biomarkers(&json!([{"name": name, "result": result}]), asked, wanted);
            (found != *expected).then(|| format!("{name} {result}: {asked} {wanted} is {found:?}, not {expected:?}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_answers_are_called_for_people_is_understood_when_they_type_it() {
    // proves SAFE-01
    let mut wrong = Vec::new();
    for (list, definitions) in [("biomarkers", &CONTENT.answers.biomarkers), ("assessments", &CONTENT.answers.assessments)] {
        for definition in definitions {
            let known = if list == "biomarkers" {
                CONTENT.biomarker(&definition.display)
            } else {
                CONTENT.assessment(&definition.display)
            };
            if known.is_none_or(|known| known.name != definition.name) {
                wrong.push(format!("{list} {}: {}", definition.name, definition.display));
            }
            for (index, (word, _)) in definition.results.iter().enumerate() {
                let said = definition.said(word);
                if definition.words.get(oncoauth::domain::fold::fold(&said).as_ref()) != Some(&index) {
                    wrong.push(format!("{list} {}: {word} is told as `{said}`", definition.name));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_answer_in_the_other_list_counts_as_in_its_own() {
    // proves SAFE-01, SAFE-16
    let lvef =
        |answered: &Answered<'_>| answered.assessment("lvef_percent").map_or(Unknown, |standing| standing.test(&test(">= 50")));
    let told = json!([{"name": "LVEF", "result": "60 %", "on": "2026-11-20"}]);
    assert_eq!(read(&json!({"biomarkers": told}), lvef), Met);
    let cea = |answered: &Answered<'_>| answered.biomarker("cea").map_or(Unknown, |standing| standing.test(&test("known")));
    assert_eq!(read(&json!({"assessments": [{"name": "CEA", "result": 12.3, "on": "2026-11-20"}]}), cea), Met);
    // a name that means another thing in each list stays where it was told
    let egfr = |answered: &Answered<'_>| {
        answered.assessment("egfr_renal_ml_min").map_or(Unknown, |standing| standing.test(&test("known")))
    };
    assert_eq!(read(&json!({"biomarkers": [{"name": "EGFR", "result": "negative"}]}), egfr), Unknown);
    // with what its own list says against it
    let both = read(
        &json!({"biomarkers": [{"name": "LVEF", "result": 30, "on": "2026-11-20"}], "assessments": [{"name": "LVEF", "result": 60, "on": "2026-11-20"}]}),
        lvef,
    );
    assert_eq!(both, Unknown);
}

#[test]
fn assessments_are_read_with_their_units_and_ranges() {
    // proves SAFE-01
    let cases: Vec<(&str, Value, &str, &str, Truth)> = vec![
        ("LVEF", json!(60), "lvef_percent", ">= 50", Met),
        ("ejection fraction", json!("60%"), "lvef_percent", ">= 50", Met),
        ("lvef_percent", json!("55-60%"), "lvef_percent", ">= 50", Met),
        ("LVEF", json!("60% by echo"), "lvef_percent", ">= 50", Met),
        ("LVEF", json!("60 % (MUGA)"), "lvef_percent", ">= 50", Met),
        ("LVEF", json!("EF 45%"), "lvef_percent", ">= 50", NotMet),
        ("LVEF", json!("45-55"), "lvef_percent", ">= 50", Unknown),
        ("LVEF", json!("normal"), "lvef_percent", "known", Unknown),
        ("LVEF", json!("pending"), "lvef_percent", "known", Unknown),
        ("LVEF", json!("not done"), "lvef_percent", "known", Unknown),
        ("LVEF", json!(0.6), "lvef_percent", "known", Unknown),
        ("LVEF", json!(650), "lvef_percent", "known", Unknown),
        ("LVEF", json!("60 mL"), "lvef_percent", "known", Unknown),
        ("LVEF", json!("see report"), "lvef_percent", "known", Unknown),
        ("LVEF", json!("about 60"), "lvef_percent", "known", Unknown),
        ("Hgb", json!("9.1 g/dL"), "hemoglobin_g_dl", "< 10", Met),
        ("Hgb", json!("91 g/L"), "hemoglobin_g_dl", "< 10", Met),
        ("hemoglobin", json!("91"), "hemoglobin_g_dl", "known", Unknown),
        ("ANC", json!("1.5 K/uL"), "neutrophils_per_ul", ">= 1500", Met),
        ("ANC", json!("1.5 x10^9/L"), "neutrophils_per_ul", ">= 1000", Met),
        ("ANC", json!(1.5), "neutrophils_per_ul", "known", Unknown),
        ("ANC", json!("1,500"), "neutrophils_per_ul", ">= 1500", Met),
        ("platelets", json!(150), "platelets_per_ul", "known", Unknown),
        ("creatinine", json!("88.4 umol/L"), "serum_creatinine_mg_dl", "<= 1.01", Met),
        ("Hep B", json!("negative"), "hepatitis_b_screen", "negative", Met),
        ("hepatitis B", json!("non-reactive"), "hepatitis_b_screen", "negative", Met),
        ("HBV", json!("HBsAg-/HBcAb-"), "hepatitis_b_screen", "negative", Met),
        ("HBV", json!("HBsAg negative"), "hepatitis_b_screen", "known", Unknown),
        ("HBV", json!("not_done"), "hepatitis_b_screen", "known", Unknown),
        ("HBV", json!("none"), "hepatitis_b_screen", "negative", Unknown),
        ("HBV", json!("maybe"), "hepatitis_b_screen", "known", Unknown),
        ("ILD", json!("no"), "interstitial_lung_disease", "none", Met),
        ("ILD", json!("absent"), "interstitial_lung_disease", "none", Met),
        ("ILD", json!(false), "interstitial_lung_disease", "none", Met),
        ("ILD", json!("history"), "interstitial_lung_disease", "none", NotMet),
        ("bone mets", json!("Y"), "bone_metastases", "yes", Met),
        ("bone mets", json!("none"), "bone_metastases", "no", Met),
        ("prior chemoradiation", json!("concurrent"), "prior_chemoradiation", "concurrent_no_progression", Unknown),
        ("prior CRT", json!("concurrent, no progression"), "prior_chemoradiation", "concurrent_no_progression", Met),
    ];
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|(name, result, asked, wanted, expected)| {
            let found = assessments(&json!([{"name": name, "result": result, "on": "2026-11-20"}]), asked, wanted);
            (found != *expected).then(|| format!("{name} {result}: {asked} {wanted} is {found:?}, not {expected:?}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_result_counts_from_its_window_to_the_day_of_receipt() {
    // proves SAFE-02
    for (on, expected) in [
        (json!("2026-11-28"), Met),
        (json!("2026-11-29"), Unknown), // after receipt, though before treatment
        (json!("2027-01-01"), Unknown),
        (json!("2026-09-08"), Met), // 90 days
        (json!("2026-09-07"), Unknown),
        (json!("2024-11-12"), Unknown),
        (Value::Null, Unknown),
    ] {
        let found = assessments(&json!([{"name": "lvef_percent", "result": 60, "on": on}]), "lvef_percent", "known");
        assert_eq!(found, expected, "{on}");
    }
    let undated = json!([{"name": "interstitial_lung_disease", "result": "none"}]);
    assert_eq!(assessments(&undated, "interstitial_lung_disease", "none"), Met, "content says that it counts undated");
}

#[test]
fn results_of_one_day_that_disagree_are_unknown_and_the_latest_counts() {
    // proves SAFE-03
    let entry = |result: Value, on: &str| json!({"name": "hemoglobin_g_dl", "result": result, "on": on});
    let cases = [
        (vec![entry(json!(12), "2026-11-25"), entry(json!(9), "2026-11-25")], Unknown),
        (vec![entry(json!(9), "2026-11-25"), entry(json!("9.0 g/dL"), "2026-11-25")], Met),
        (vec![entry(json!(12), "2026-11-20"), entry(json!(9), "2026-11-25")], Met),
        (vec![entry(json!(9), "2026-11-20"), entry(json!(12), "2026-11-25")], NotMet),
        // a later one that is pending leaves the earlier; one that is not understood may say anything
        (vec![entry(json!(9), "2026-11-20"), entry(json!("pending"), "2026-11-25")], Met),
        (vec![entry(json!(9), "2026-11-20"), entry(json!("fine"), "2026-11-25")], Unknown),
        (vec![entry(json!(9), "2026-11-25"), entry(json!("fine"), "2026-11-20")], Met),
        (vec![entry(json!(9), "2026-11-25"), entry(json!(900), "2026-11-25")], Unknown),
        // what is dated after receipt is none
        (vec![entry(json!(9), "2026-11-25"), entry(json!(12), "2026-12-25")], Met),
    ];
    for (entries, expected) in cases {
        let mut turned = entries.clone();
        turned.reverse();
        for entries in [entries, turned] {
            let found = assessments(&json!(entries), "hemoglobin_g_dl", "< 10");
            assert_eq!(found, expected, "{entries:?}");
        }
    }
}

#[test]
fn what_follows_from_other_results_agrees_with_what_was_entered_or_is_unknown() {
    // proves SAFE-01, SAFE-03
    let cases = [
        (json!([{"name": "her2_ihc", "result": "3+"}]), "her2", "positive", Met),
        (json!([{"name": "HER2 IHC", "result": "2+"}, {"name": "HER2 FISH", "result": "amplified"}]), "her2", "positive", Met),
        (json!([{"name": "HER2 IHC", "result": "2+"}, {"name": "HER2 FISH", "result": "not amplified"}]), "her2", "low", Met),
        (json!([{"name": "HER2 IHC", "result": "2+"}]), "her2", "known", Unknown),
        // a ratio told as a result
        (json!([{"name": "HER2", "result": "FISH ratio 4.2"}]), "her2", "positive", Met),
        (json!([{"name": "HER2", "result": "HER2/CEP17 ratio 2.4"}]), "her2", "positive", Met),
        (json!([{"name": "HER2", "result": "ratio: 2.4"}]), "her2", "positive", Met),
        (json!([{"name": "HER2/CEP17 ratio", "result": 2.4}]), "her2", "positive", Met),
        (json!([{"name": "HER2", "result": "FISH ratio 1.4"}]), "her2", "positive", Unknown),
        (json!([{"name": "HER2", "result": "FISH ratio 4.2, or 1.2"}]), "her2", "known", Unknown),
        (json!([{"name": "HER2", "result": "FISH ratio 42"}]), "her2", "known", Unknown),
        (
            json!([{"name": "HER2", "result": "FISH ratio 2.4"}, {"name": "HER2 copies", "result": 3.1}]),
            "her2",
            "positive",
            Unknown,
        ),
        (json!([{"name": "HER2", "result": "FISH ratio 2.4"}, {"name": "HER2 IHC", "result": "0"}]), "her2", "known", Unknown),
        (json!([{"name": "HER2 IHC", "result": "1+"}, {"name": "HER2 FISH", "result": "amplified"}]), "her2", "known", Unknown),
        (json!([{"name": "HER2 IHC", "result": "3+"}, {"name": "her2", "result": "negative"}]), "her2", "known", Unknown),
        (json!([{"name": "HER2 IHC", "result": "3+"}, {"name": "her2", "result": "banana"}]), "her2", "known", Unknown),
        (json!([{"name": "HER2 IHC", "result": "3+"}, {"name": "her2", "result": "unknown"}]), "her2", "positive", Met),
        (json!([{"name": "her2_ihc", "result": "1+"}, {"name": "her2", "result": "negative"}]), "her2", "low", Met),
        (json!([{"name": "er", "result": "neg"}, {"name": "pr", "result": "-ve"}]), "hr", "negative", Met),
        (json!([{"name": "er", "result": "neg"}, {"name": "pr", "result": "pending"}]), "hr", "negative", Unknown),
        (json!([{"name": "er", "result": "neg"}, {"name": "pr", "result": "30%"}]), "hr", "positive", Met),
        (json!([{"name": "MLH1", "result": "lost"}]), "msi_mmr", "dmmr", Met),
        (json!([{"name": "MSI", "result": "MSI-H"}, {"name": "MMR", "result": "deficient"}]), "msi_mmr", "msi_h", Met),
        (json!([{"name": "MSI", "result": "stable"}, {"name": "MMR", "result": "deficient"}]), "msi_mmr", "known", Unknown),
        (
            json!([{"name": "BRCA1", "result": "negative"}, {"name": "BRCA2", "result": "pathogenic"}]),
            "brca1_2",
            "pathogenic",
            Met,
        ),
        (json!([{"name": "BRCA1", "result": "negative"}]), "brca1_2", "negative", Unknown),
        (
            json!([{"name": "egfr", "result": "exon 19 deletion"}, {"name": "egfr", "result": "positive"}]),
            "egfr",
            "exon_19_deletion",
            Met,
        ),
        (json!([{"name": "egfr", "result": "exon 19 deletion"}, {"name": "egfr", "result": "T790M"}]), "egfr", "t790m", Met),
        (
            json!([{"name": "egfr", "result": "exon 19 deletion"}, {"name": "egfr", "result": "negative"}]),
            "egfr",
            "known",
            Unknown,
        ),
        (json!([{"name": "hla_a02", "result": "02:01P"}, {"name": "hla_a02", "result": "other"}]), "hla_a02", "02_01p", Met),
    ];
    for (entries, name, wanted, expected) in cases {
        assert_eq!(biomarkers(&entries, name, wanted), expected, "{entries}: {name} {wanted}");
    }
    let both = json!([{"name": "HBsAg", "result": "negative", "on": "2026-11-01"}, {"name": "anti-HBc", "result": "negative", "on": "2026-11-01"}]);
    assert_eq!(assessments(&both, "hepatitis_b_screen", "negative"), Met);
    let half = json!([{"name": "HBsAg", "result": "negative", "on": "2026-11-01"}]);
    assert_eq!(assessments(&half, "hepatitis_b_screen", "known"), Unknown);
}

#[test]
fn stages_are_read_as_they_are_written() {
    // proves SAFE-01, REG-01
    for (entered, group, substage) in [
        ("II", "II", "II"),
        ("II A", "II", "IIA"),
        ("pIIA", "II", "IIA"),
        ("Stage 4", "IV", "IV"),
        ("stage IIIC", "III", "IIIC"),
        ("Ⅲ", "III", "III"),
        ("FIGO IIIC2", "III", "IIIC2"),
        ("AJCC 8th edition Stage IB", "I", "IB"),
        ("Stage3b", "III", "IIIB"),
        ("ypIIB", "II", "IIB"),
        ("clinical stage IA3", "I", "IA3"),
        ("iva", "IV", "IVA"),
        ("Ann Arbor IIBX", "II", "IIBX"),
        ("ES-SCLC", "extensive", "extensive"),
        ("limited-stage", "limited", "limited"),
        ("metastatic", "IV", "IV"),
    ] {
        let stage = stage::read(entered, &CONTENT).unwrap_or_else(|| panic!("{entered} is a stage"));
        assert_eq!((stage.group, stage.substage.as_str()), (group, substage), "{entered}");
    }
    for foreign in [
        "VI",
        "banana",
        "IIIZ",
        "early",
        "locally advanced",
        "ISS II",
        "R-ISS III",
        "Rai 2",
        "Dukes C",
        "12",
        "pending",
        "II or III",
        "",
    ] {
        assert_eq!(stage::read(foreign, &CONTENT), None, "{foreign}");
    }
}

#[test]
fn pathology_is_read_as_it_is_written() {
    // proves SAFE-01, REG-13
    for (entered, word) in [
        ("Invasive Ductal Carcinoma", "invasive_ductal_carcinoma"),
        ("IDC", "invasive_ductal_carcinoma"),
        ("metastatic adenocarcinoma", "adenocarcinoma"),
        ("Squamous cell carcinoma", "squamous"),
        ("non-squamous", "non_squamous"),
    ] {
        assert_eq!(CONTENT.pathology(entered).map(|term| term.word.as_str()), Some(word), "{entered}");
    }
    for foreign in ["cancer", "pending", "low grade serous", "x"] {
        assert!(CONTENT.pathology(foreign).is_none_or(|term| term.word != "high_grade_serous"), "{foreign}");
    }
}

/// An order of the audit, decided.
fn audited(order: &Value) -> oncoauth::rules::Decision {
    // how many lines came before is no matter here, and not every order type has the field
    let mut order = order.clone();
    order["clinical"].as_object_mut().expect("an object").remove("lines_of_therapy_before");
    let mut situation = Situation::new(order.clone(), "bma");
    let member = situation.member.as_mut().expect("a member");
    member.birth_date = order["member"]["birth_date"].as_str().expect("a date of birth").parse().expect("a date");
    order["member"]["member_id"].as_str().expect("a member ID").clone_into(&mut member.member_id);
    "2026-11-28T15:00:00Z".clone_into(&mut situation.received);
    situation.decide(&CONTENT).unwrap_or_else(|refusal| panic!("refused: {refusal:?}"))
}

fn file(path: &str) -> Value {
    let path = crate::support::copy::repository().join(path);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn audited_answers_that_are_none_pend_and_are_asked_for_by_name() {
    // proves SAFE-01, SAFE-02, SAFE-03
    let decisions = file("tests/audit/decisions.json");
    let orders = decisions.as_object().expect("an object").values().find_map(Value::as_array).expect("a list of orders");
    let order = |id: &str| &orders.iter().find(|order| order["id"] == id).unwrap_or_else(|| panic!("{id}"))["request"];
    for (decided, asked) in [
        (audited(order("15a_lvef_pending")), "pending (the result is not back"),
        (audited(order("15d_lvef_not_done")), "not done (it was not done"),
        (audited(order("16a_hbv_not_done")), "not_done (it was not done"),
        (audited(order("97d_pdl1_tps_800")), "800 (not plausible: 0 to 100"),
        (audited(&file("tests/audit/faults/08f_lvef_pending_counts_as_known.json")), "a number from 10 to 85 %"),
        (audited(&file("tests/audit/faults/08c_two_values_one_day_order_decides.json")), "12 and 9"),
    ] {
        assert_eq!(decided.status.to_string(), "in_progress", "{asked}");
        let told =
            decided.deviations.iter().any(|deviation| format!("{} {}", deviation.entered, deviation.message).contains(asked));
        assert!(told, "{asked}: {:#?}", decided.deviations);
    }
    let low = audited(order("42b_tdxd_low_ild_no"));
    assert_eq!(low.status.to_string(), "authorized", "{:#?}", low.status_reason);
}

#[test]
fn metastases_told_with_a_prefix_are_metastases() {
    // proves SAFE-01
    let order = file("tests/audit/faults/12_tnm_pM1_is_unknown.json");
    let prefixed = audited(&order);
    let mut plain = order;
    plain["clinical"]["tnm"]["m"] = json!("1");
    let plain = audited(&plain);
    assert_eq!(prefixed.status, plain.status);
    assert_eq!(prefixed.pathway, plain.pathway);
    assert!(prefixed.deviations.iter().all(|deviation| deviation.field != "/clinical/tnm/m"));
}
