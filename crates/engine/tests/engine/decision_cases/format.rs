//! What a case file may say, and how it becomes a situation to decide.

use crate::support::orders::{Situation, exact, merge};
use chrono::NaiveDate;
use oncoauth::domain::content::Content;
use oncoauth::domain::order::{Assessment, PriorTherapy};
use oncoauth::domain::vocabulary::{CallerRole, CaseStatus, DrugRole, DrugStatus, LineOfTreatment, Service};
use oncoauth::rules::{RelatedCase, RelatedDrug, ToldBefore};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// One file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// Its cases.
    pub case: Vec<Case>,
}

/// One case: a regimen entered exactly, what is changed, and what is expected.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// A sentence.
    pub name: String,
    /// Requirement ids.
    pub proves: Vec<String>,
    /// `bma`, `ovm` or `qccp`.
    pub program: String,
    /// The regimen entered exactly.
    pub start: String,
    /// Merge patch of the order: a table, or JSON text where a `null` is needed.
    #[serde(default)]
    patch: Option<Value>,
    /// Values by JSON pointer, for entries of lists.
    #[serde(default)]
    set: BTreeMap<String, Value>,
    /// JSON pointers of fields to take out.
    #[serde(default)]
    remove: Vec<String>,
    /// Drugs taken out of every phase, by line.
    #[serde(default)]
    drop: Vec<u64>,
    /// Drugs added.
    #[serde(default)]
    add: Vec<Added>,
    /// Replaces the phases.
    #[serde(default)]
    phases: Option<Value>,
    /// Changes the member's row; false where the member is not on file.
    #[serde(default)]
    member: Option<Value>,
    /// Changes the ordering provider's row; false where it is not on file.
    #[serde(default)]
    ordering: Option<Value>,
    /// Changes the servicing provider's row; false where it is not on file.
    #[serde(default)]
    servicing: Option<Value>,
    /// Role of the caller.
    #[serde(default)]
    role: Option<String>,
    /// Received at.
    #[serde(default)]
    received: Option<String>,
    /// Other cases of the member.
    #[serde(default)]
    related: Vec<Related>,
    /// Changes of the order before anybody decided, one after another: values by JSON pointer.
    #[serde(default)]
    pub changes: Vec<BTreeMap<String, Value>>,
    /// What reviewers and the practice do afterwards.
    #[serde(default)]
    pub then: Vec<Step>,
    /// What is expected.
    pub expect: Expect,
}

/// A drug added to a phase.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Added {
    #[serde(default)]
    phase: usize,
    line: u32,
    #[serde(default)]
    hcpcs: Option<String>,
    #[serde(default)]
    generic: Option<String>,
    #[serde(default)]
    role: Option<String>,
    #[serde(default)]
    route: Option<String>,
    #[serde(default)]
    dose: Option<String>,
    #[serde(default)]
    days: Vec<u32>,
    #[serde(default)]
    times: Option<u32>,
}

/// Another case on file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Related {
    status: String,
    #[serde(default)]
    order_id: Option<String>,
    from: String,
    through: String,
    #[serde(default)]
    ingredients: Vec<String>,
    #[serde(default)]
    awarded: Option<String>,
    /// The regimen that it matched.
    #[serde(default)]
    regimen: Option<String>,
    /// Generic names of its lines, authorized over its range.
    #[serde(default)]
    drugs: Vec<String>,
    /// Lines in full, after those of `drugs`.
    #[serde(default)]
    given: Vec<GivenBefore>,
    #[serde(default)]
    cancer: Option<String>,
    #[serde(default)]
    line: Option<String>,
    /// Another practice's.
    #[serde(default)]
    elsewhere: bool,
    /// Assessments that it told.
    #[serde(default)]
    assessments: Vec<Assessment>,
    /// Earlier treatments that it told.
    #[serde(default)]
    prior_therapies: Vec<PriorTherapy>,
}

/// A line of another case.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct GivenBefore {
    generic: String,
    #[serde(default)]
    hcpcs: Option<String>,
    #[serde(default)]
    status: Option<String>,
    /// Not counted where left out.
    #[serde(default)]
    visits: Option<u32>,
    /// Units authorized; not counted where left out.
    #[serde(default)]
    units: Option<u64>,
}

/// An act after the decision.
#[derive(Debug, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case", deny_unknown_fields)]
pub enum Step {
    /// A reviewer's determination.
    Determine {
        /// Lines authorized.
        #[serde(default)]
        authorize: Vec<u32>,
        /// Lines denied, by a physician after an offered peer-to-peer discussion.
        #[serde(default)]
        deny: Vec<u32>,
    },
    /// DUP-02.
    Duplicate {
        /// Whether it is one.
        is_one: bool,
    },
    /// The office withdraws.
    Withdraw {
        /// Lines; all where left out.
        #[serde(default)]
        lines: Option<Vec<u32>>,
        /// True for an entry error.
        #[serde(default)]
        error_entry: bool,
    },
}

/// What is compared; only what is stated.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Expect {
    /// Case status.
    pub status: Option<String>,
    /// Words of the reason.
    pub reason: Option<String>,
    /// Drug status by line.
    pub drugs: BTreeMap<String, String>,
    /// Role by line.
    pub roles: BTreeMap<String, String>,
    /// Units by line; -1 for none shown.
    pub units: BTreeMap<String, i64>,
    /// Visits by line; -1 for none shown.
    pub visits: BTreeMap<String, i64>,
    /// Administered dose by line, as `135.77 mg`.
    pub doses: BTreeMap<String, String>,
    /// Words of the message by line.
    pub messages: BTreeMap<String, String>,
    /// Words of the contact by line.
    pub contacts: BTreeMap<String, String>,
    /// Last day of the range.
    pub valid_through: Option<String>,
    /// Every deviation, `code@line effect /field` with line, effect and field as far as stated.
    pub deviations: Option<Vec<String>>,
    /// Deviations that are among others.
    pub deviates: Vec<String>,
    /// Every notice.
    pub notices: Option<Vec<String>>,
    /// Words of some notice.
    pub notice: Option<String>,
    /// Every hold.
    pub holds: Option<Vec<String>>,
    /// Pathway determination.
    pub pathway: Option<String>,
    /// Pathway id; empty for none.
    pub pathway_id: Option<String>,
    /// Regimen matched; empty for none.
    pub regimen: Option<String>,
    /// The first option; empty for none at all.
    pub first_option: Option<String>,
    /// Options in this order, with others between.
    pub options: Vec<String>,
    /// Awards by code; all of them.
    pub s_codes: Option<BTreeMap<String, u32>>,
    /// Why withheld; empty for no reason.
    pub withheld: Option<String>,
    /// Deadline with offset.
    pub due_at: Option<String>,
    /// Outcome by rule.
    pub findings: BTreeMap<String, String>,
    /// Words of a finding's source, by rule.
    pub sources: BTreeMap<String, String>,
    /// Words of some item asked for, each.
    pub asked_for: Vec<String>,
    /// Words that stand nowhere in the answer, each.
    pub unsaid: Vec<String>,
    /// The refusal.
    pub refusal: Option<Refused>,
}

/// An expected refusal.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Refused {
    /// Problem slug.
    pub slug: String,
    /// Exclusion.
    pub exclusion: Option<String>,
    /// Requirement.
    pub requirement: Option<String>,
    /// Faults as `pointer code`, all of them.
    pub faults: Option<Vec<String>>,
    /// Words of the whole refusal, each.
    pub says: Vec<String>,
}

impl Case {
    /// The situation to decide.
    pub fn situation(&self, content: &Content) -> Result<Situation, String> {
        let regimen = content.regimen(&self.start).ok_or_else(|| format!("there is no regimen {}", self.start))?;
        let mut order = exact(regimen, content, &self.program);
        if let Some(phases) = &self.phases {
            order["treatment"]["phases"] = with_doses(phases.clone());
        }
        if let Some(patch) = &self.patch {
            merge(&mut order, &patch_of(patch)?);
        }
        for added in &self.add {
            add(&mut order, added)?;
        }
        set(&mut order, &self.set)?;
        for pointer in &self.remove {
            let (parent, key) = pointer.rsplit_once('/').ok_or_else(|| format!("remove: {pointer} is no pointer"))?;
            let parent = order.pointer_mut(parent).and_then(Value::as_object_mut);
            parent.and_then(|parent| parent.remove(key)).ok_or_else(|| format!("remove: the order has no {pointer}"))?;
        }
        for phase in order.pointer_mut("/treatment/phases").and_then(Value::as_array_mut).into_iter().flatten() {
            let drugs = phase["drugs"].as_array_mut().ok_or("a phase has drugs")?;
            drugs.retain(|drug| !drug["line"].as_u64().is_some_and(|line| self.drop.contains(&line)));
        }
        let mut situation = Situation::new(order, &self.program);
        situation.member = row(situation.member, self.member.as_ref())?;
        situation.ordering = row(situation.ordering, self.ordering.as_ref())?;
        situation.servicing = row(situation.servicing, self.servicing.as_ref())?;
        if let Some(role) = &self.role {
            situation.role = CallerRole::parse(role).ok_or_else(|| format!("{role} is no role"))?;
        }
        if let Some(received) = &self.received {
            situation.received.clone_from(received);
        }
        situation.related = self.related.iter().enumerate().map(related).collect::<Result<_, _>>()?;
        Ok(situation)
    }
}

/// Puts values in their places.
pub fn set(order: &mut Value, values: &BTreeMap<String, Value>) -> Result<(), String> {
    for (pointer, value) in values {
        *order.pointer_mut(pointer).ok_or_else(|| format!("set: the order has no {pointer}"))? = value.clone();
    }
    Ok(())
}

/// A table, or JSON text.
fn patch_of(patch: &Value) -> Result<Value, String> {
    match patch {
        Value::String(text) => serde_json::from_str(text).map_err(|error| format!("patch: {error}")),
        table => Ok(table.clone()),
    }
}

fn add(order: &mut Value, added: &Added) -> Result<(), String> {
    let dose = added.dose.as_deref().map(dose).transpose()?;
    let drug = json!({"line": added.line, "hcpcs": added.hcpcs, "generic": added.generic, "role": added.role, "route": added.route,
        "dose": dose, "days": added.days, "frequency_per_day": added.times.unwrap_or(1)});
    let phase = order["treatment"]["phases"].get_mut(added.phase).ok_or_else(|| format!("add: no phase {}", added.phase))?;
    phase["drugs"].as_array_mut().ok_or("a phase has drugs")?.push(drug);
    Ok(())
}

fn dose(text: &str) -> Result<Value, String> {
    let (amount, unit) = text.split_once(' ').ok_or_else(|| format!("`{text}` is no dose"))?;
    let amount: f64 = amount.parse().map_err(|_| format!("`{text}` is no dose"))?;
    Ok(json!({"amount": amount, "unit": unit}))
}

/// Doses of inline phases are written as text, too.
fn with_doses(mut phases: Value) -> Value {
    for drug in phases.as_array_mut().into_iter().flatten().flat_map(|phase| phase["drugs"].as_array_mut().into_iter().flatten())
    {
        for field in ["dose", "loading_dose"] {
            if let Some(written) = drug.get(field).and_then(Value::as_str) {
                drug[field] = dose(written).expect("a dose such as `75 mg/m2`");
            }
        }
    }
    phases
}

fn row<T: serde::Serialize + serde::de::DeserializeOwned>(row: Option<T>, change: Option<&Value>) -> Result<Option<T>, String> {
    match change {
        None => Ok(row),
        Some(Value::Bool(false)) => Ok(None),
        Some(change) => {
            let mut value = serde_json::to_value(&row).map_err(|error| error.to_string())?;
            merge(&mut value, &patch_of(change)?);
            serde_json::from_value(value).map(Some).map_err(|error| format!("row: {error}"))
        }
    }
}

fn related((index, related): (usize, &Related)) -> Result<RelatedCase, String> {
    let day = |text: &str| text.parse::<NaiveDate>().map_err(|error| format!("related: {text}: {error}"));
    Ok(RelatedCase {
        case_id: uuid::Uuid::from_u128(index as u128 + 1),
        service: Service::MedicalOncology,
        status: CaseStatus::parse(&related.status).ok_or_else(|| format!("{} is no case status", related.status))?,
        order_id: related.order_id.clone(),
        valid_from: day(&related.from)?,
        valid_through: day(&related.through)?,
        treatment_ingredients: related.ingredients.clone(),
        regimen_id: related.regimen.clone(),
        awarded_pathway: related.awarded.clone(),
        drugs: related
            .drugs
            .iter()
            .zip(1..)
            .map(|(generic, line)| RelatedDrug {
                line,
                generic: generic.clone(),
                hcpcs: None,
                role: DrugRole::Treatment,
                status: DrugStatus::Authorized,
                valid_from: related.from.parse().ok(),
                valid_through: related.through.parse().ok(),
                visits_approved: Some(1),
                units_approved: None,
            })
            .chain(
                related.given.iter().zip(100..).map(|(given, line)| RelatedDrug {
                    line,
                    generic: given.generic.clone(),
                    hcpcs: given.hcpcs.clone(),
                    role: DrugRole::Treatment,
                    status: given
                        .status
                        .as_deref()
                        .map_or(DrugStatus::Authorized, |word| DrugStatus::parse(word).expect("a drug status")),
                    valid_from: related.from.parse().ok(),
                    valid_through: related.through.parse().ok(),
                    visits_approved: given.visits,
                    units_approved: given.units,
                }),
            )
            .collect(),
        cancer_type: related.cancer.clone(),
        icd10: None,
        line_of_treatment: related.line.as_deref().and_then(LineOfTreatment::parse),
        is_theirs: !related.elsewhere,
        phases: Vec::new(),
        told: ToldBefore {
            stage: None,
            assessments: related.assessments.clone(),
            biomarkers: Vec::new(),
            prior_therapies: related.prior_therapies.clone(),
        },
    })
}
