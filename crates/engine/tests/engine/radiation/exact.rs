//! Orders that enter a schedule as it stands, for a patient who could have it and whose answers agree with each other.

use super::content;
use oncoauth::domain::content::radiation::{DoseRate, FractionationSchedule};
use oncoauth::domain::criteria::{Comparison, Criterion, NumberFact, ResultTest, WordFact};
use oncoauth::domain::vocabulary::Sex;
use serde_json::{Value, json};

/// The base order of radiation: whole breast, with everything told.
pub fn base() -> Value {
    json!({
        "member": {"health_plan": "bcbs-massachusetts", "member_id": "XKM100200300", "first_name": "Test", "last_name": "Member",
                   "birth_date": "1954-03-09"},
        "service": "radiation_oncology", "setting": "outpatient", "place_of_service": "22", "channel": "portal", "urgency": "standard",
        "date_of_service": "2026-12-07",
        "ordering_provider": {"npi": "1234567893", "first_name": "Ordering", "last_name": "Clinician"},
        "servicing_provider": {"npi": "1245319599", "name": "Sample Cancer Hospital",
                               "address": {"line1": "1 Sample Way", "city": "Sample", "state": "MA", "postal_code": "02115"}},
        "contact": {"name": "Front desk", "phone": "+1 617 555 0100"},
        "diagnosis": {"icd10": "C50.911"},
        "clinical": {
            "cancer_type": "breast", "stage": "IA", "line_of_treatment": "adjuvant", "treatment_goal": "curative",
            "performance_status": {"scale": "ecog", "value": 1}, "biomarkers": [], "height_cm": 165.0, "weight_kg": 71.5,
            "sex": "female", "assessments": []
        },
        "radiation": {"modality": "three_d_conformal", "site": "breast", "total_dose_gy": 42.56, "fractions": 16,
                      "histology": "invasive_ductal_carcinoma"}
    })
}

/// The order that enters a schedule as it stands.
pub fn exact(schedule: &FractionationSchedule) -> Value {
    let mut order = base();
    let site = schedule.sites.first().map_or("breast", String::as_str);
    let cancer = schedule.cancers.first().map_or("breast", String::as_str);
    let (site, cancer) = if schedule.sites.is_empty() { ("breast", "breast") } else { (site, cancer) };
    let cancer = if schedule.cancers.is_empty() { of_site(site) } else { cancer };
    let known = content().radiation.site(site).expect("a known site");
    order["radiation"]["site"] = json!(site);
    order["clinical"]["cancer_type"] = json!(cancer);
    order["diagnosis"]["icd10"] = json!(diagnosis(&known.diagnoses, cancer));
    order["clinical"]["sex"] = json!(match (known.sex, cancer) {
        (Some(Sex::Male), _) | (_, "prostate" | "testicular" | "penile") => "male",
        _ => "female",
    });
    let metastatic = known.metastatic || schedule.stages.iter().all(|stage| stage == "IV") && !schedule.stages.is_empty();
    let goal = schedule.goal.map_or(if metastatic { "palliative" } else { "curative" }, |goal| goal.as_str());
    order["clinical"]["treatment_goal"] = json!(goal);
    // metastatic disease is not treated to cure it, nor before or after surgery
    let local = schedule.stages.iter().rev().find(|stage| *stage != "IV").map_or("II", String::as_str);
    let stage = if metastatic { "IV" } else { local };
    order["clinical"]["stage"] = json!(stage);
    order["clinical"]["line_of_treatment"] = json!(schedule.lines.first().map_or("first_line", |line| line.as_str()));
    order["radiation"]["histology"] = json!(schedule.pathologies.first().map_or("carcinoma_nos", String::as_str));
    if let Some(target) = &schedule.target {
        order["radiation"]["target"] = json!(target);
    }
    by(schedule, 0, &mut order);
    order["radiation"]["total_dose_gy"] = json!(schedule.typical.0);
    order["radiation"]["fractions"] = json!(schedule.typical.1);
    if let Some(needs) = &schedule.needs {
        meet(&needs.criterion, &mut order);
    }
    order
}

/// Enters the modality with this index.
pub fn by(schedule: &FractionationSchedule, index: usize, order: &mut Value) {
    let by = schedule.modalities[index];
    order["radiation"]["modality"] = json!(by.modality);
    order["radiation"]["technique"] = json!(by.dose_rate.map(DoseRate::as_str));
}

/// A cancer that is treated at a site.
pub fn of_site(site: &str) -> &'static str {
    match site {
        "lung" => "lung_nsclc",
        "head_and_neck" => "head_neck",
        "esophagus" => "esophageal",
        "liver" => "hepatocellular",
        "bladder" => "bladder",
        "brain" => "cns",
        "prostate" | "prostate_bed" => "prostate",
        "rectum" => "rectal",
        "anus" => "anal",
        "stomach" => "gastroesophageal",
        "pancreas" => "pancreatic",
        "biliary" => "biliary",
        "kidney" => "renal",
        "cervix" => "cervical",
        "endometrium" => "endometrial",
        "vulva_vagina" => "vulvar",
        "thyroid" => "thyroid",
        "skin" => "skin_squamous",
        "eye" => "uveal_melanoma",
        "soft_tissue" => "sarcoma",
        _ => "breast",
    }
}

/// A billable code that the site and the cancer share, or one of where the cancer has spread to.
pub fn diagnosis(of_site: &[String], cancer: &str) -> String {
    let content = content();
    let cancer = content.cancer(cancer).expect("a known cancer");
    let mut codes: Vec<&String> = content
        .diagnoses
        .iter()
        .filter(|(_, known)| known.billable && known.oncology)
        .map(|(code, _)| code)
        .filter(|code| of_site.is_empty() || of_site.iter().any(|prefix| code.starts_with(prefix.as_str())))
        .filter(|code| cancer.agrees_with(code) || ["C77", "C78", "C79"].iter().any(|prefix| code.starts_with(prefix)))
        .collect();
    codes.sort_by_key(|code| (!cancer.agrees_with(code), (*code).clone()));
    codes.first().map_or_else(|| panic!("no code for {of_site:?} and {}", cancer.key), |code| (*code).clone())
}

/// Changes the order so that a sentence holds.
pub fn meet(criterion: &Criterion, order: &mut Value) {
    match criterion {
        Criterion::All(parts) => parts.iter().for_each(|part| meet(part, order)),
        // the first may be a target, which is another schedule's
        Criterion::Any(parts) => meet(&parts[parts.len() - 1], order),
        Criterion::Assessment { name, test, .. } => {
            let result = match test {
                ResultTest::In(words) => json!(words[0]),
                ResultTest::Compare(comparison, value) => json!(number(*comparison, *value)),
                _ => json!("yes"),
            };
            let list = order["clinical"]["assessments"].as_array_mut().expect("a list");
            list.retain(|entry| entry["name"] != name.as_str());
            list.push(json!({"name": name, "result": result, "on": "2026-11-20"}));
        }
        Criterion::Word { fact, any_of } => {
            let (part, field) = match fact {
                WordFact::Target => ("radiation", "target"),
                WordFact::Technique => ("radiation", "technique"),
                WordFact::Pathology => ("radiation", "histology"),
                WordFact::Stage => ("clinical", "stage"),
                WordFact::Goal => ("clinical", "treatment_goal"),
                WordFact::Diagnosis => ("diagnosis", "icd10"),
                WordFact::TStatus | WordFact::NStatus => {
                    let letter = if *fact == WordFact::TStatus { "t" } else { "n" };
                    order["clinical"]["tnm"][letter] = json!(any_of[0].strip_prefix(letter));
                    return;
                }
                other => panic!("{other:?}"),
            };
            order[part][field] = json!(any_of[0]);
            if *fact == WordFact::Diagnosis {
                order[part][field] = json!(
                    content()
                        .diagnoses
                        .keys()
                        .filter(|code| code.starts_with(any_of[0].as_str()))
                        .filter(|code| content().diagnoses[*code].billable)
                        .min()
                );
            }
        }
        Criterion::Number { fact: NumberFact::Ecog, comparison, value } => {
            let wanted = number(*comparison, *value);
            let grade = (0..=5_u8).find(|grade| (f64::from(*grade) - wanted).abs() < 0.5);
            order["clinical"]["performance_status"]["value"] = json!(grade.expect("an ECOG grade"));
        }
        Criterion::Number { fact: NumberFact::Age, comparison, value } => {
            let age = number(*comparison, *value);
            order["member"]["birth_date"] = json!(format!("{}-03-09", 2026.0 - age));
        }
        Criterion::Not(_) => {}
        other => panic!("{other:?}"),
    }
}

fn number(comparison: Comparison, value: f64) -> f64 {
    match comparison {
        Comparison::Less => value - 1.0,
        Comparison::More => value + 1.0,
        Comparison::AtMost | Comparison::AtLeast | Comparison::Equal => value,
    }
}
