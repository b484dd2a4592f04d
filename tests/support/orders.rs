//! Orders for tests: a regimen "entered exactly", and facts around it. Patients are obviously fictional.

use oncoauth::domain::case::Case;
use oncoauth::domain::content::{Content, Form, Regimen, RegimenDrug, RegimenPhase, RequiredResult};
use oncoauth::domain::order::OrderRequest;
use oncoauth::domain::roster::{MemberRow, ProviderRow};
use oncoauth::domain::vocabulary::CallerRole;
use oncoauth::rules::{Decision, Facts, KnownMember, KnownProvider, RelatedCase, Submitter, decide};
use serde_json::{Value, json};

#[path = "told.rs"]
pub mod told;

/// When test orders are received: a Tuesday morning in Chicago.
pub const RECEIVED: &str = "2026-11-24T15:00:00Z";

/// The plans by short name.
pub fn plan(short: &str) -> &'static str {
    match short {
        "qccp" => "bcbs-massachusetts",
        "ovm" => "bcbs-michigan",
        _ => "anthem-blue-medicare-advantage",
    }
}

/// A member who is in the program of that short name.
pub fn member(short: &str) -> Value {
    let (business, product, group, trust, state) = match short {
        "qccp" => ("commercial", "ppo", None, None, "MA"),
        "ovm" => ("commercial", "ppo", Some("80001"), Some("urmbt"), "MI"),
        _ => ("medicare_advantage", "medicare_ppo", None, None, "OH"),
    };
    json!({"member_id": "XKM100200300", "first_name": "Test", "last_name": "Member", "birth_date": "1970-01-15", "sex": "female",
           "line_of_business": business, "product": product, "group_number": group, "trust": trust, "state": state,
           "coverage_from": "2020-01-01", "coverage_through": null})
}

/// An in-network clinician in a state that takes part in every program's S-codes but Massachusetts', and there for that one.
pub fn clinician(short: &str) -> Value {
    let state = if short == "qccp" { "MA" } else { "MI" };
    json!({"npi": "1234567893", "kind": "individual", "first_name": "Ordering", "last_name": "Clinician", "tax_ids": ["900000001"],
           "state": state, "in_network": true})
}

/// An infusion center.
pub fn center() -> Value {
    json!({"npi": "1245319599", "kind": "facility", "name": "Sample Infusion Center", "tax_ids": ["900000002"], "in_network": true})
}

/// Cancers that only men have.
const OF_MEN: [&str; 3] = ["prostate", "testicular", "penile"];

/// True for treatment before, after or in place of surgery.
fn is_curative(line: &str) -> bool {
    matches!(line, "neoadjuvant" | "adjuvant" | "perioperative" | "definitive" | "consolidation")
}

/// The order that enters a regimen exactly: its drugs, days and cycles, for a patient who fits it and whose answers agree with each other.
pub fn exact(regimen: &Regimen, content: &Content, short: &str) -> Value {
    let line_of_treatment = regimen.lines.first().map_or("not_reported", |line| line.as_str());
    let curative = is_curative(line_of_treatment);
    let sex = if OF_MEN.contains(&regimen.cancer.as_str()) { "male" } else { "female" };
    // of a regimen for early and for metastatic disease, what fits the line
    let early = |stage: &&String| !curative || stage.as_str() != "IV";
    let stage = regimen.stages.iter().rev().find(early).or(regimen.stages.last());
    let mut line = 0;
    let last = regimen.phases.iter().rposition(|phase| !phase.beside);
    let is_open = |index: usize, phase: &RegimenPhase| phase.beside || Some(index) == last;
    let phases = regimen.phases.iter().enumerate();
    let phases: Vec<Value> = phases.map(|(index, phase)| phase_order(phase, is_open(index, phase), content, &mut line)).collect();
    let special =
        |word: &&String| oncoauth::rules::setting::line_word(word).is_none() && !(curative && word.starts_with("metastatic"));
    // "four or more" is told as a number; the treatments behind it are left open
    let (lines_before, prior) = match regimen.fewest_lines_before {
        Some(fewest) => (json!(fewest), json!("not_reported")),
        None => (Value::Null, before(&regimen.cancer, line_of_treatment)),
    };
    let mut order = json!({
        "member": {"health_plan": plan(short), "member_id": "XKM100200300", "first_name": "Test", "last_name": "Member", "birth_date": "1970-01-15"},
        "service": "medical_oncology", "setting": "outpatient", "place_of_service": "11", "channel": "portal", "urgency": "standard",
        "date_of_service": "2026-12-01",
        "ordering_provider": {"npi": "1234567893", "first_name": "Ordering", "last_name": "Clinician"},
        "servicing_provider": {"npi": "1245319599", "name": "Sample Infusion Center"},
        "contact": {"name": "Front desk", "phone": "+1 734 555 0100"},
        "diagnosis": {"icd10": billable(&regimen.icd10_prefixes[0], content)},
        "clinical": {
            "cancer_type": regimen.cancer,
            "pathology": regimen.pathology.as_deref().unwrap_or("carcinoma_nos"),
            "stage": stage.map_or("not_reported", String::as_str),
            "line_of_treatment": line_of_treatment,
            "disease_setting": regimen.settings.iter().find(special),
            "treatment_goal": "palliative",
            "performance_status": {"scale": "ecog", "value": 1},
            "biomarkers": regimen.biomarkers.iter().map(|required| biomarker(&required.marker, &required.required, content)).collect::<Vec<_>>(),
            "height_cm": 165.0, "weight_kg": 71.5, "serum_creatinine_mg_dl": 0.8, "sex": sex,
            "fn_risk_factors": [],
            "assessments": [{"name": "lvef_percent", "result": 60, "on": "2026-11-12"}, {"name": "hepatitis_b_screen", "result": "negative", "on": "2026-11-12"},
                            {"name": "interstitial_lung_disease", "result": "none"}, {"name": "last_major_surgery_on", "result": "none"}],
            "prior_therapies": prior, "lines_of_therapy_before": lines_before
        },
        "treatment": {"regimen_id": null, "phases": phases}
    });
    document(&regimen.id, &mut order);
    told::tell(&regimen.id, &mut order);
    order
}

/// A regimen as one of its forms gives it.
pub fn in_form(regimen: &Regimen, form: &Form) -> Regimen {
    Regimen {
        phases: form.phases.clone(),
        required_ingredients: form.required_ingredients.clone(),
        forms: Vec::new(),
        ..regimen.clone()
    }
}

/// One earlier treatment for each line before a later one; none before another.
fn before(cancer: &str, line: &str) -> Value {
    let lines = match line {
        "second_line" => 1,
        "third_line" | "third_line_plus" => 2,
        _ => 0,
    };
    let generics = match cancer {
        "breast" => ["paclitaxel", "vinorelbine"],
        "colorectal" => ["oxaliplatin", "irinotecan"],
        "prostate" => ["abiraterone", "enzalutamide"],
        "lung_nsclc" | "cervical" => ["carboplatin", "gemcitabine"],
        "lung_sclc" | "testicular" => ["etoposide", "paclitaxel"],
        "cns" => ["temozolomide", "lomustine"],
        "lymphoma_ctcl" => ["romidepsin", "pralatrexate"],
        "cll" | "lymphoma_indolent" => ["bendamustine", "chlorambucil"],
        "myeloma" => ["lenalidomide", "bortezomib"],
        "neuroendocrine" => ["everolimus", "sunitinib"],
        "ovarian" => ["paclitaxel", "topotecan"],
        _ => ["doxorubicin", "gemcitabine"],
    };
    let spans = [("first_line", "2026-01-05", "2026-05-04"), ("second_line", "2026-05-18", "2026-11-02")];
    let one = |(generic, (line, from, through)): (&str, (&str, &str, &str))| json!({"generic": generic, "line": line, "outcome": "progression", "started_on": from, "ended_on": through});
    generics.into_iter().zip(spans).take(lines).map(one).collect()
}

/// What a practice that documents well answers for a regimen beside what the regimen itself asks: what its policies ask for. Cabazitaxel
/// stays without the docetaxel before it, and pemetrexed without its vitamins, so that there are orders that pend.
fn document(regimen: &str, order: &mut Value) {
    let given = |line: &str, outcome: &str, generics: &[&str]| -> Vec<Value> {
        let ended = if outcome == "progression" { "2026-11-02" } else { "2026-05-04" };
        let one = |generic: &&str| json!({"generic": generic, "line": line, "outcome": outcome, "started_on": "2026-01-05", "ended_on": ended});
        generics.iter().map(one).collect()
    };
    let answer = |name: &str, result: &str| json!({"name": name, "result": result, "on": "2026-11-12"});
    let progressed = |generics: &[&str]| given("first_line", "progression", generics);
    let (prior, assessments, biomarkers): (Vec<Value>, Vec<Value>, Vec<Value>) = match regimen {
        "BRE-TDM1-ADJ" => (
            given("neoadjuvant", "completed", &["trastuzumab", "docetaxel"]),
            vec![answer("residual_disease_after_neoadjuvant", "yes")],
            vec![],
        ),
        "BRE-TDXD-HER2P" => (progressed(&["trastuzumab", "pertuzumab", "docetaxel"]), vec![], vec![]),
        "BRE-TDXD-HER2LOW" => (progressed(&["capecitabine"]), vec![], vec![]),
        "BRE-SG-TNBC" => (
            [given("neoadjuvant", "completed", &["doxorubicin", "cyclophosphamide"]), progressed(&["paclitaxel"])].concat(),
            vec![],
            vec![],
        ),
        "BRE-SG-HR" => {
            order["clinical"]["line_of_treatment"] = json!("third_line");
            (
                [progressed(&["letrozole", "palbociclib"]), given("second_line", "progression", &["capecitabine"])].concat(),
                vec![],
                vec![],
            )
        }
        "CRC-FOLFOX-PANI" => (vec![], vec![], vec![json!({"name": "braf_v600e", "result": "negative"})]),
        "END-PEMBRO-LENV" | "OVA-PLD-BEV" | "CER-TIVDAK" => (progressed(&["carboplatin", "paclitaxel"]), vec![], vec![]),
        "GE-NIVO-ADJ" => (
            given("neoadjuvant", "completed", &["carboplatin", "paclitaxel"]),
            vec![
                answer("prior_chemoradiation", "concurrent_no_progression"),
                answer("residual_disease_after_neoadjuvant", "yes"),
            ],
            vec![],
        ),
        "GE-RAM-PAC" => (progressed(&["fluorouracil", "oxaliplatin"]), vec![], vec![]),
        "NSC-DURVA-CONS" | "NSC-DURVA-CONS-Q4W" | "SCL-DURVA-CONS" => (
            given("definitive", "completed", &["cisplatin", "etoposide"]),
            vec![
                answer("prior_chemoradiation", "concurrent_no_progression"),
                json!({"name": "chemoradiation_ended_on", "result": "2026-11-10"}),
            ],
            vec![],
        ),
        "NSC-ATEZO-ADJ" => {
            order["clinical"]["stage"] = json!("IIIA");
            (given("adjuvant", "completed", &["cisplatin", "vinorelbine"]), vec![], vec![])
        }
        "NSC-TDXD-HER2M" => (progressed(&["carboplatin", "pemetrexed"]), vec![], vec![]),
        "HOD-BV" => {
            (progressed(&["doxorubicin", "vinblastine"]), vec![answer("prior_stem_cell_transplant", "autologous")], vec![])
        }
        "LYM-RMAINT" => (
            given("first_line", "completed", &["bendamustine"])
                .into_iter()
                .chain([json!({"generic": "rituximab", "line": "first_line", "outcome": "completed",
                               "started_on": "2026-01-05", "ended_on": "2026-06-01"})])
                .collect(),
            vec![answer("response_to_last_line", "complete_response")],
            vec![],
        ),
        "PTCL-BVCHP" => {
            order["diagnosis"]["icd10"] = json!("C84.41");
            (vec![], vec![], vec![])
        }
        "BLA-AVEL-MAINT" => (given("first_line", "completed", &["carboplatin", "gemcitabine"]), vec![], vec![]),
        // without lines: the order tells their number
        "MYE-TECLI" => {
            let earlier = ["bortezomib", "lenalidomide", "daratumumab", "pomalidomide", "carfilzomib"];
            (earlier.map(|generic| json!({"generic": generic, "outcome": "progression"})).to_vec(), vec![], vec![])
        }
        "SAR-TRAB" => (progressed(&["doxorubicin"]), vec![], vec![]),
        "PRO-LU-PSMA" => (progressed(&["abiraterone"]), vec![], vec![]),
        "BRE-ERIBULIN" => (
            [
                given("neoadjuvant", "completed", &["doxorubicin"]),
                progressed(&["docetaxel"]),
                given("second_line", "progression", &["capecitabine"]),
            ]
            .concat(),
            vec![],
            vec![],
        ),
        "BRE-DATO" => ([given("adjuvant", "completed", &["letrozole"]), progressed(&["capecitabine"])].concat(), vec![], vec![]),
        "SCL-LURBI" => (progressed(&["carboplatin", "etoposide"]), vec![], vec![]),
        "MYE-DRD" => (vec![], vec![answer("transplant_candidate", "no")], vec![]),
        "MYE-DPD" | "MYE-ISAKD" | "MYE-DVD" | "MYE-KRD" => (progressed(&["lenalidomide", "bortezomib"]), vec![], vec![]),
        "PAN-NALIRI" => (progressed(&["gemcitabine"]), vec![], vec![]),
        "RCC-PEMBRO-ADJ" => (vec![], vec![answer("recurrence_risk", "high")], vec![]),
        _ => return,
    };
    let clinical = &mut order["clinical"];
    clinical["prior_therapies"] = json!(prior);
    clinical["assessments"].as_array_mut().expect("a list").extend(assessments);
    clinical["biomarkers"].as_array_mut().expect("a list").extend(biomarkers);
}

fn billable(prefix: &str, content: &Content) -> String {
    let mut codes: Vec<&String> = content
        .diagnoses
        .iter()
        .filter(|(code, known)| code.starts_with(prefix) && known.billable && known.oncology)
        .map(|(code, _)| code)
        .collect();
    codes.sort();
    codes.first().map_or_else(|| prefix.to_owned(), |code| (*code).clone())
}

fn biomarker(marker: &str, required: &RequiredResult, content: &Content) -> Value {
    let result = match required {
        RequiredResult::AnyOf(words) => json!(words[0]),
        RequiredResult::AtLeast(score) => json!(score),
        RequiredResult::NoneOf(words) => {
            let known = content.biomarker(marker).expect("a regimen's marker is defined");
            let other =
                known.results.iter().find(|(word, also)| !words.contains(word) && !also.iter().any(|word| words.contains(word)));
            json!(other.expect("some result is allowed").0)
        }
    };
    json!({"name": marker, "result": result, "on": "2026-11-12"})
}

fn phase_order(phase: &RegimenPhase, may_be_open: bool, content: &Content, line: &mut u32) -> Value {
    let cycles = match (phase.until_progression && may_be_open, phase.cycles_max) {
        (true, _) => None,
        (false, Some(most)) => Some(most),
        (false, None) => Some(phase.cycles_min),
    };
    let drugs: Vec<Value> = phase
        .drugs
        .iter()
        .map(|drug| {
            *line += 1;
            drug_order(drug, *line, content)
        })
        .collect();
    json!({"cycle_length_days": phase.cycle_length_days, "cycles": cycles, "beside": phase.beside, "drugs": drugs})
}

/// A line with the drug's first code for its route, or its name where it has none.
pub fn drug_order(drug: &RegimenDrug, line: u32, content: &Content) -> Value {
    let known = content.drugs.by_name(&drug.generic).expect("a regimen's drug is in the catalogue");
    let oral = drug.route == "po";
    let code =
        known.codes.iter().find(|code| code.hcpcs.starts_with("J8") == oral).or(if oral { None } else { known.codes.first() });
    json!({
        "line": line, "hcpcs": code.map(|code| code.hcpcs.clone()), "generic": drug.generic, "role": "treatment", "route": drug.route,
        "dose": {"amount": drug.dose.amount, "unit": drug.dose.unit}, "days": drug.days, "frequency_per_day": drug.frequency_per_day,
        "loading_dose": drug.loading_dose.map(|dose| json!({"amount": dose.amount, "unit": dose.unit}))
    })
}

/// What a decision is made from, owned.
#[derive(Debug, Clone)]
pub struct Situation {
    /// The order as JSON.
    pub order: Value,
    /// The member's row; none for a member not on file.
    pub member: Option<MemberRow>,
    /// The ordering provider's row.
    pub ordering: Option<ProviderRow>,
    /// The servicing provider's row.
    pub servicing: Option<ProviderRow>,
    /// Role of the caller.
    pub role: CallerRole,
    /// Other cases.
    pub related: Vec<RelatedCase>,
    /// Received at, RFC 3339.
    pub received: String,
}

impl Situation {
    /// The ordinary situation around an order of that program.
    pub fn new(order: Value, short: &str) -> Self {
        let row = |value| serde_json::from_value(value).expect("a row of the fixture");
        let mut member = member(short);
        if let Some(sex @ ("female" | "male")) = order["clinical"]["sex"].as_str() {
            member["sex"] = json!(sex);
        }
        Self {
            order,
            member: Some(serde_json::from_value(member).expect("a row of the fixture")),
            ordering: Some(row(clinician(short))),
            servicing: Some(row(center())),
            role: CallerRole::OrderingProvider,
            related: Vec::new(),
            received: RECEIVED.to_owned(),
        }
    }

    /// Decides it.
    pub fn decide(&self, content: &Content) -> Result<Decision, oncoauth::domain::refusal::Refusal> {
        self.decide_after(None, content)
    }

    /// Decides it as a change of the case that it was before.
    pub fn decide_after(&self, before: Option<&Case>, content: &Content) -> Result<Decision, oncoauth::domain::refusal::Refusal> {
        let order: OrderRequest = serde_json::from_value(self.order.clone()).expect("an order");
        let received_at = chrono::DateTime::parse_from_rfc3339(&self.received).expect("an instant").to_utc();
        let known =
            |row: &Option<ProviderRow>| row.clone().map_or(KnownProvider::NotOnFile, |row| KnownProvider::OnFile(Box::new(row)));
        let tax_ids = match self.role {
            CallerRole::OrderingProvider => vec!["900000001".to_owned()],
            CallerRole::ServicingProvider => vec!["900000002".to_owned()],
            _ => Vec::new(),
        };
        let facts = Facts {
            order: &order,
            submitter: Submitter { role: self.role, tax_ids: &tax_ids },
            received_at,
            member: self.member.clone().map_or(KnownMember::NotOnFile, |row| KnownMember::OnFile(vec![row])),
            ordering_provider: known(&self.ordering),
            servicing_provider: known(&self.servicing),
            related_cases: self.related.clone(),
            before,
        };
        decide(&facts, content, received_at)
    }
}

/// JSON merge patch (RFC 7396).
pub fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    for (key, value) in patch {
        let fields = target.as_object_mut().expect("made an object above");
        if value.is_null() {
            fields.remove(key);
        } else {
            merge(fields.entry(key.clone()).or_insert(Value::Null), value);
        }
    }
}
