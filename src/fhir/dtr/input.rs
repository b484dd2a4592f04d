//! What `$questionnaire-package` is asked: a coverage, and orders, a context or the addresses of questionnaires.

use crate::app::questionnaires::Wanted;
use crate::domain::content::Content;
use crate::domain::order::OrderRequest;
use crate::domain::vocabulary::Service;
use crate::fhir::element::{codings, date, identifier_typed, is_system, list, put, resource_type, text};
use crate::fhir::outcome::Issue;
use crate::fhir::read::dosage;
use crate::fhir::read::items::{procedure_codes, with_dot, words_of};
use crate::fhir::read::shape::Shape;
use chrono::NaiveDate;
use serde_json::{Value, json};

/// Orders at most, and questionnaires that are named.
const AT_MOST: usize = 100;
/// Types of orders that are read.
const ORDERS: [&str; 2] = ["MedicationRequest", "ServiceRequest"];

/// What is asked.
#[derive(Debug)]
pub struct Asked<'v> {
    /// The coverage.
    pub coverage: &'v Value,
    /// Orders that are read.
    pub orders: Vec<&'v Value>,
    /// Everything else that came.
    resources: Vec<&'v Value>,
    /// Addresses of questionnaires.
    pub questionnaires: Vec<&'v str>,
    /// A request that is on file.
    pub context: Option<&'v str>,
    /// What has not changed since then is not wanted.
    pub changed_since: Option<NaiveDate>,
}

/// What is known of an order that a questionnaire is for.
#[derive(Debug)]
pub struct Draft {
    /// The order, as far as it goes.
    pub order: Value,
    service: Service,
    icd10: Vec<String>,
    cancer: Option<String>,
    drugs: Vec<(Option<String>, Option<String>)>,
}

impl Default for Draft {
    fn default() -> Self {
        Self {
            order: json!({"clinical": {}}),
            service: Service::MedicalOncology,
            icd10: Vec::new(),
            cancer: None,
            drugs: Vec::new(),
        }
    }
}

/// For whom and what a questionnaire is looked for, with what it borrows.
pub struct Borrowed<'d> {
    draft: &'d Draft,
    drugs: Vec<(Option<&'d str>, Option<&'d str>)>,
}

impl Borrowed<'_> {
    /// The same for the use case.
    pub fn wanted<'a>(&'a self, health_plan: &'a str) -> Wanted<'a> {
        Wanted {
            health_plan,
            service: self.draft.service,
            icd10: &self.draft.icd10,
            cancer: self.draft.cancer.as_deref(),
            drugs: &self.drugs,
        }
    }
}

impl Draft {
    /// For whom and what its questionnaire is.
    pub fn borrowed(&self) -> Borrowed<'_> {
        let drugs = self.drugs.iter().map(|(code, name)| (code.as_deref(), name.as_deref())).collect();
        Borrowed { draft: self, drugs }
    }

    /// Of a request that is on file.
    pub fn of_request(request: &OrderRequest, order: Value) -> Self {
        let mut order = order;
        if order.get("clinical").is_none_or(Value::is_null) {
            put(&mut order, "clinical", json!({}));
        }
        Self {
            order,
            service: request.service.unwrap_or(Service::MedicalOncology),
            icd10: request.diagnosis.iter().filter_map(|diagnosis| diagnosis.icd10.clone()).collect(),
            cancer: request.clinical.cancer_type.known().cloned(),
            drugs: request.drugs().map(|(_, _, _, drug)| (drug.hcpcs.clone(), drug.generic.clone())).collect(),
        }
    }
}

impl<'v> Asked<'v> {
    /// Reads the parameters; every fault where they cannot be taken.
    pub fn read(sent: &'v Value) -> Result<Self, Vec<Issue>> {
        if resource_type(sent) != "Parameters" {
            return Err(vec![Issue::at("structure", "Parameters", "the body is Parameters")]);
        }
        let mut faults = Vec::new();
        let all = list(sent, "parameter");
        let named = |name: &'static str| all.iter().filter(move |parameter| text(parameter, "name") == Some(name));
        let resources = |name: &'static str| named(name).filter_map(|parameter| parameter.get("resource"));
        let coverage = resources("coverage").find(|resource| resource_type(resource) == "Coverage");
        if coverage.is_none() {
            faults.push(Issue::at(
                "required",
                "Parameters.parameter.where(name='coverage')",
                "say under which Coverage it is ordered",
            ));
        }
        let orders: Vec<&Value> = resources("order").filter(|order| ORDERS.contains(&resource_type(order))).collect();
        for (name, count) in [("order", orders.len()), ("questionnaire", named("questionnaire").count())] {
            if count > AT_MOST {
                let at = format!("Parameters.parameter.where(name='{name}')");
                faults.push(Issue::at("too-long", at, format!("{AT_MOST} at most")));
            }
        }
        let written = |parameter: &'v Value, names: [&str; 2]| names.iter().find_map(|name| text(parameter, name));
        let since = named("changedsince").find_map(|parameter| written(parameter, ["valueInstant", "valueDateTime"]));
        let changed_since = since.and_then(date);
        if since.is_some() && changed_since.is_none() {
            faults.push(Issue::at("value", "Parameters.parameter.where(name='changedsince')", "this is an instant"));
        }
        let (Some(coverage), true) = (coverage, faults.is_empty()) else { return Err(faults) };
        Ok(Self {
            coverage,
            orders,
            resources: all.iter().filter_map(|parameter| parameter.get("resource")).collect(),
            questionnaires: named("questionnaire")
                .filter_map(|parameter| written(parameter, ["valueCanonical", "valueUri"]))
                .collect(),
            context: named("context").find_map(|parameter| written(parameter, ["valueString", "valueId"])),
            changed_since,
        })
    }

    /// What a reference leads to: something contained, or something that came along.
    fn resolve(&self, from: &'v Value, reference: &str) -> Option<&'v Value> {
        if let Some(id) = reference.strip_prefix('#') {
            return list(from, "contained").iter().find(|resource| text(resource, "id") == Some(id));
        }
        let (before, id) = reference.rsplit_once('/')?;
        let kind = before.rsplit('/').next().unwrap_or(before);
        self.resources.iter().copied().find(|resource| resource_type(resource) == kind && text(resource, "id") == Some(id))
    }

    /// Identifiers of who pays.
    pub fn payer(&self) -> Option<&'v [Value]> {
        let payor = list(self.coverage, "payor").first()?;
        let organization = text(payor, "reference").and_then(|reference| self.resolve(self.coverage, reference));
        Some(list(organization.unwrap_or(payor), "identifier"))
    }

    /// The coverage and the orders, as references.
    pub fn references(&self) -> Vec<String> {
        let of = |resource: &Value| Some(format!("{}/{}", resource_type(resource), text(resource, "id")?));
        std::iter::once(self.coverage).chain(self.orders.iter().copied()).filter_map(of).collect()
    }

    /// The patient, as the orders or the coverage name them.
    pub fn subject(&self) -> Option<&'v str> {
        let of_orders = self.orders.iter().find_map(|order| text(order.get("subject")?, "reference"));
        of_orders.or_else(|| text(self.coverage.get("beneficiary")?, "reference"))
    }

    /// The orders as drafts, those of drugs and those of radiation apart.
    pub fn drafts(&self, plan: &str, shape: &Shape, content: &Content) -> Vec<Draft> {
        let is_radiation = |order: &&Value| {
            order
                .get("code")
                .is_some_and(|concept| procedure_codes(concept).any(|code| content.radiation.service(code).is_some()))
        };
        let (procedures, drugs): (Vec<&Value>, Vec<&Value>) = self.orders.iter().copied().partition(is_radiation);
        [(Service::MedicalOncology, drugs), (Service::RadiationOncology, procedures)]
            .into_iter()
            .filter(|(_, orders)| !orders.is_empty())
            .map(|(service, orders)| self.draft(service, &orders, plan, shape, content))
            .collect()
    }

    fn draft(&self, service: Service, orders: &[&'v Value], plan: &str, shape: &Shape, content: &Content) -> Draft {
        let mut icd10: Vec<String> = Vec::new();
        for concept in orders.iter().flat_map(|order| self.reasons(order)) {
            for coding in codings(concept).filter(|coding| is_system(coding.system, "/icd-10-cm")) {
                let code = with_dot(coding.code);
                if !icd10.contains(&code) {
                    icd10.push(code);
                }
            }
        }
        let mut order =
            json!({"service": service, "clinical": {}, "member": {"health_plan": plan, "member_id": self.member_id()}});
        if let [one] = icd10.as_slice() {
            put(&mut order, "diagnosis", json!({"icd10": one}));
        }
        let drugs: Vec<(Option<String>, Option<String>)> = if service == Service::MedicalOncology {
            orders.iter().map(|order| self.product(order, content)).collect()
        } else {
            Vec::new()
        };
        if !drugs.is_empty() {
            put(&mut order, "treatment", json!({"phases": [phase(orders, &drugs, shape, content)]}));
        }
        Draft { order, service, icd10, cancer: None, drugs }
    }

    fn reasons(&self, order: &'v Value) -> Vec<&'v Value> {
        let referred = list(order, "reasonReference").iter().filter_map(|reference| {
            self.resolve(order, text(reference, "reference")?).filter(|it| resource_type(it) == "Condition")?.get("code")
        });
        list(order, "reasonCode").iter().chain(referred).collect()
    }

    /// Code and name of what is ordered, as far as they are told.
    fn product(&self, order: &'v Value, content: &Content) -> (Option<String>, Option<String>) {
        let referred = order.get("medicationReference").and_then(|reference| text(reference, "reference"));
        let medication =
            referred.and_then(|reference| self.resolve(order, reference)).and_then(|medication| medication.get("code"));
        let own = ["medicationCodeableConcept", "code"].into_iter().filter_map(|name| order.get(name));
        let concepts: Vec<&Value> = own.chain(medication).collect();
        let code = concepts.iter().find_map(|concept| procedure_codes(concept).next()).map(str::to_owned);
        let name = concepts.iter().flat_map(|concept| words_of(concept)).find_map(|word| content.drugs.named(word));
        let name = name.map(|drug| drug.generic.clone());
        (code, name)
    }

    /// The member's number.
    pub fn member_id(&self) -> Option<&'v str> {
        identifier_typed(self.coverage, "MB").or_else(|| text(self.coverage, "subscriberId"))
    }
}

/// How the drugs are given, as far as their orders say it: doses and days where they are read, the cycle where it is one.
fn phase(orders: &[&Value], drugs: &[(Option<String>, Option<String>)], shape: &Shape, content: &Content) -> Value {
    let mut cycles = Vec::new();
    let drugs = orders.iter().zip(drugs).map(|(order, (code, name))| {
        let mut drug = match code {
            Some(code) => json!({"hcpcs": code}),
            None => json!({"generic": name}),
        };
        if let Ok(given) = dosage::read(order, shape, content) {
            put(&mut drug, "dose", given.dose);
            put(&mut drug, "days", json!([given.day]));
            put(&mut drug, "route", json!(given.route));
            cycles.push((given.cycle_length_days, given.cycles));
        }
        drug
    });
    let mut phase = json!({"drugs": drugs.collect::<Vec<_>>()});
    if let Some((days, count)) =
        cycles.first().filter(|first| cycles.len() == orders.len() && cycles.iter().all(|cycle| cycle == *first))
    {
        put(&mut phase, "cycle_length_days", *days);
        put(&mut phase, "cycles", *count);
    }
    phase
}

/// Which questionnaire was in the way, and how many things were wrong with it.
pub fn errors(sent: &Value) -> Result<(&str, usize), Vec<Issue>> {
    let all = list(sent, "parameter");
    let named =
        |name: &str| all.iter().find(|parameter| text(parameter, "name").is_some_and(|own| own.eq_ignore_ascii_case(name)));
    let questionnaire = named("questionnaire").and_then(|parameter| text(parameter, "valueCanonical"));
    let outcome = named("outcome").or_else(|| named("operationoutcome")).and_then(|parameter| parameter.get("resource"));
    if let (Some(questionnaire), Some(outcome)) = (questionnaire, outcome) {
        return Ok((questionnaire, list(outcome, "issue").len()));
    }
    let words = "send Parameters with the `questionnaire` (canonical) and its `outcome` (OperationOutcome)";
    Err(vec![Issue::at("required", "Parameters.parameter", words)])
}
