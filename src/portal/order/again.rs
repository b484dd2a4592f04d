//! An earlier order as the beginning of a new one: who, where, diagnosis and drugs stand in the form as they were sent then. What changes
//! with time is asked anew and left empty: day, line, performance status, weight, creatinine, earlier treatment, assessments, trial, and
//! whatever somebody declares.

use super::super::fields::Fields;
use super::cells::{PHASES, PRIOR_ROWS, ROWS};
use super::grid::days_in_words;
use crate::domain::content::Content;
use crate::domain::order::{Dose, OrderRequest, OrderedDrug, Phase};
use crate::domain::vocabulary::{Setting, Urgency};
use chrono::{Datelike as _, NaiveDate};
use serde_json::{Number, Value};

/// What stands as it was, by its place in the order.
const AS_IT_WAS: [&str; 17] = [
    "/member/health_plan",
    "/member/member_id",
    "/member/first_name",
    "/member/last_name",
    "/place_of_service",
    "/contact/name",
    "/contact/phone",
    "/contact/fax",
    "/diagnosis/icd10",
    "/clinical/cancer_type",
    "/clinical/pathology",
    "/clinical/stage",
    "/clinical/tnm/t",
    "/clinical/tnm/n",
    "/clinical/tnm/m",
    "/clinical/sex",
    "/clinical/height_cm",
];

/// Where a site is that was entered by hand.
pub(super) const ADDRESS: [&str; 4] = [
    "/servicing_provider/address/line1",
    "/servicing_provider/address/city",
    "/servicing_provider/address/state",
    "/servicing_provider/address/postal_code",
];

/// What a practice's orders have in common, whoever is treated.
const USUAL: [&str; 4] = ["/member/health_plan", "/place_of_service", "/contact/name", "/contact/phone"];

/// A form filled in from an earlier order.
pub(super) struct Again {
    pub fields: Fields,
    /// The form has no place for all of it.
    pub is_short: bool,
}

/// Providers, place and contact of an order; nothing about a patient.
pub(super) fn usual(order: &OrderRequest) -> Fields {
    let mut fields = Fields::default();
    let value = serde_json::to_value(order).unwrap_or_default();
    put(&mut fields, &value, &USUAL);
    providers(&mut fields, order);
    fields
}

/// The order as the beginning of a new one.
pub(super) fn again(order: &OrderRequest, content: &Content) -> Again {
    let mut fields = Fields::default();
    let value = serde_json::to_value(order).unwrap_or_default();
    put(&mut fields, &value, &AS_IT_WAS);
    providers(&mut fields, order);
    if order.setting() == Setting::Inpatient {
        fields.set("/setting", Setting::Inpatient.as_str());
    }
    if let Some(born) = order.member.birth_date {
        fields.set("/member/birth_date", typed_day(born));
    }
    let mut is_short = !results(&mut fields, &value, "biomarkers");
    if let Some(treatment) = &order.treatment {
        if let Some(regimen) = treatment.regimen_id.as_deref().and_then(|id| content.regimen(id)) {
            fields.set("/treatment/regimen_id", regimen.id.clone());
            fields.set("regimen", regimen.name.clone());
        }
        for (number, phase) in treatment.phases.iter().enumerate().take(PHASES) {
            put_phase(&mut fields, number, phase);
        }
        is_short |= treatment.phases.len() > PHASES || treatment.phases.iter().any(|phase| phase.drugs.len() > ROWS);
    }
    put(&mut fields, &value, &ADDRESS);
    Again { fields, is_short }
}

/// What a new order asks anew, by its place in the order.
const WITH_TIME: [&str; 11] = [
    "/clinical/line_of_treatment",
    "/clinical/treatment_goal",
    "/clinical/disease_setting",
    "/clinical/weight_kg",
    "/clinical/serum_creatinine_mg_dl",
    "/clinical/lines_of_therapy_before",
    "/treatment/continues/order_id",
    "/treatment/continues/response",
    "/treatment/continues/toxicity",
    "/supportive_only/reference_order_id",
    "/supportive_only/reference_regimen",
];

/// The whole order as it stands, to be changed. Each drug has the number of its line beside it.
pub(super) fn as_it_stands(order: &OrderRequest, content: &Content) -> Again {
    let Again { mut fields, mut is_short } = again(order, content);
    let value = serde_json::to_value(order).unwrap_or_default();
    put(&mut fields, &value, &WITH_TIME);
    for (phase, row, _, drug) in order.drugs().filter(|(phase, row, ..)| *phase < PHASES && *row < ROWS) {
        fields.set(&format!("/treatment/phases/{phase}/drugs/{row}/line"), drug.line.to_string());
    }
    for (field, day) in [
        ("/date_of_service", order.date_of_service),
        ("/continuation_of_treatment_started_on", order.continuation_of_treatment_started_on),
    ] {
        fields.set(field, day.map(typed_day).unwrap_or_default());
    }
    if order.urgency == Some(Urgency::Urgent) {
        fields.set("/urgency", Urgency::Urgent.as_str());
    }
    is_short |= !performance(&mut fields, &value);
    is_short |= !results(&mut fields, &value, "assessments");
    is_short |= !prior_therapies(&mut fields, &value);
    match value.pointer("/clinical/fn_risk_factors").and_then(Value::as_array).map(Vec::as_slice) {
        Some([]) => fields.set("/clinical/fn_risk_factors", "none"),
        factors => {
            for factor in factors.into_iter().flatten().filter_map(Value::as_str) {
                fields.add("/clinical/fn_risk_factors", factor);
            }
        }
    }
    if let Some(trial) = &order.clinical_trial {
        fields.set("/clinical_trial/enrolled", if trial.enrolled { "yes" } else { "no" });
        fields.set("/clinical_trial/trial_id", trial.trial_id.clone().unwrap_or_default());
    }
    if order.supportive_only.as_ref().is_some_and(|only| only.acknowledged == Some(true)) {
        fields.set("/supportive_only/acknowledged", "yes");
    }
    Again { fields, is_short }
}

/// `12/1/2026`.
fn typed_day(day: NaiveDate) -> String {
    format!("{}/{}/{}", day.month(), day.day(), day.year())
}

/// A day of the order as one types it; any other text as it stands.
fn day_or_word(value: &Value) -> Option<String> {
    let text = value.as_str()?;
    Some(text.parse().map_or_else(|_| text.to_owned(), typed_day))
}

/// False where it has no place in the form.
fn performance(fields: &mut Fields, order: &Value) -> bool {
    let typed = match order.pointer("/clinical/performance_status") {
        None | Some(Value::Null) => return true,
        Some(Value::String(word)) => Some(word.clone()),
        Some(status) => status["value"].as_u64().map(|value| {
            let scale = if status["scale"] == "karnofsky" { "K" } else { "" };
            format!("{scale}{value}")
        }),
    };
    let Some(typed) = typed else { return false };
    fields.set("/clinical/performance_status", typed);
    true
}

/// Results with their days. False where one has no place in the form.
fn results(fields: &mut Fields, order: &Value, kind: &str) -> bool {
    let mut all = true;
    for found in order.pointer(&format!("/clinical/{kind}")).and_then(Value::as_array).into_iter().flatten() {
        let name = found["name"].as_str().unwrap_or_default();
        let field = format!("/clinical/{kind}/{name}");
        let result = match &found["result"] {
            Value::Number(number) => Some(in_digits(number)),
            Value::Bool(true) => Some("yes".to_owned()),
            Value::Bool(false) => Some("no".to_owned()),
            value => day_or_word(value),
        };
        let is_name = !name.is_empty() && name.trim() == name && !name.contains(['/', '\r', '\n']);
        let fits = is_name && !name.starts_with("more-") && fields.text(&field).is_none();
        let Some(result) = result.filter(|result| fits && !result.trim().is_empty()) else {
            all = false;
            continue;
        };
        fields.set(&field, result);
        if let Some(on) = day_or_word(&found["on"]) {
            fields.set(&format!("{field}/on"), on);
        }
    }
    all
}

/// False where they have no place in the form.
fn prior_therapies(fields: &mut Fields, order: &Value) -> bool {
    let given = match order.pointer("/clinical/prior_therapies") {
        None | Some(Value::Null) => return true,
        Some(Value::String(word)) => {
            fields.set("/clinical/prior_therapies", word.clone());
            return true;
        }
        Some(given) => given.as_array().map(Vec::as_slice).unwrap_or_default(),
    };
    fields.set("/clinical/prior_therapies", if given.is_empty() { "none" } else { "given" });
    for (row, one) in given.iter().enumerate().take(PRIOR_ROWS) {
        let mut set = |cell: &str, value: Option<String>| {
            fields.set(&format!("/clinical/prior_therapies/{row}/{cell}"), value.unwrap_or_default());
        };
        set("name", one["name"].as_str().or_else(|| one["generic"].as_str()).map(str::to_owned));
        set("line", one["line"].as_str().map(str::to_owned));
        set("started_on", day_or_word(&one["started_on"]));
        set("ended_on", day_or_word(&one["ended_on"]));
        set("outcome", one["outcome"].as_str().map(str::to_owned));
        set("setting", one["setting"].as_str().map(str::to_owned));
    }
    given.len() <= PRIOR_ROWS
}

fn put(fields: &mut Fields, order: &Value, places: &[&str]) {
    for place in places {
        match order.pointer(place) {
            Some(Value::String(text)) => fields.set(place, text.clone()),
            Some(Value::Number(number)) => fields.set(place, in_digits(number)),
            _ => {}
        }
    }
}

/// `165.0` as 165.
fn in_digits(number: &Number) -> String {
    number.as_f64().map_or_else(|| number.to_string(), |number| number.to_string())
}

fn providers(fields: &mut Fields, order: &OrderRequest) {
    let mut set = |name: &str, parts: [Option<&String>; 3]| {
        let text = parts.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" ");
        if !text.is_empty() {
            fields.set(name, text);
        }
    };
    if let Some(provider) = &order.ordering_provider {
        set("/ordering_provider", [provider.npi.as_ref(), provider.first_name.as_ref(), provider.last_name.as_ref()]);
    }
    if let Some(provider) = &order.servicing_provider {
        set("/servicing_provider", [provider.npi.as_ref(), provider.name.as_ref(), None]);
    }
}

fn put_phase(fields: &mut Fields, number: usize, phase: &Phase) {
    let at = format!("/treatment/phases/{number}");
    fields.set(&format!("{at}/cycle_length_days"), phase.cycle_length_days.to_string());
    fields.set(&format!("{at}/cycles"), phase.cycles.map_or_else(|| "until progression".to_owned(), |cycles| cycles.to_string()));
    if phase.beside {
        fields.set(&format!("{at}/beside"), "yes");
    }
    for (row, drug) in phase.drugs.iter().enumerate().take(ROWS) {
        put_drug(fields, &format!("{at}/drugs/{row}"), drug);
    }
}

fn put_drug(fields: &mut Fields, at: &str, drug: &OrderedDrug) {
    let mut set = |cell: &str, value: Option<String>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            fields.set(&format!("{at}/{cell}"), value);
        }
    };
    let dose = |dose: &Dose| dose.to_string();
    set("drug", Some([&drug.hcpcs, &drug.generic].into_iter().flatten().cloned().collect::<Vec<_>>().join(" ")));
    set("dose", drug.dose.as_ref().map(dose));
    set("loading", drug.loading_dose.as_ref().map(dose));
    set("route", drug.route.clone());
    set("days", Some(days_in_words(&drug.days)));
    set("times", (drug.frequency_per_day > 1).then(|| drug.frequency_per_day.to_string()));
    set("role", drug.role.map(|role| role.as_str().to_owned()));
}
