//! A case as the request that would have made it: what is answered about cases that came in another way refers to it, and whoever reads a
//! Claim of one gets it. What it leaves out is listed in `docs/fhir.md`.

use super::{Context, concept, extension, instant, without_nothing};
use crate::domain::order::{OrderRequest, Radiation};
use crate::domain::vocabulary::{Service, Setting, Urgency};
use crate::fhir::element::put;
use crate::fhir::read::answers::ASKED;
use crate::fhir::urls;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

/// The questionnaire whose questions are the fields of an order.
const QUESTIONNAIRE: &str = "oncology-order";

/// What a request is made from.
#[derive(Debug, Clone, Copy)]
pub struct Ordered<'a> {
    /// The order.
    pub order: &'a OrderRequest,
    /// What ids are made from.
    pub id: &'a str,
    /// When it was sent.
    pub at: DateTime<Utc>,
    /// What the writer needs beside it.
    pub context: Context<'a>,
}

/// Writes the Bundle.
pub fn write(ordered: Ordered<'_>) -> Value {
    let Ordered { order, id, at, context } = ordered;
    let mut resources = vec![claim(ordered), payer(ordered), practice(ordered), role(ordered), clinician(ordered)];
    resources.extend([patient(ordered), coverage(ordered), questionnaire_response(ordered)]);
    resources.extend(order.servicing_provider.is_some().then(|| servicing(ordered)));
    resources.extend((order.setting() == Setting::Inpatient).then(|| encounter(ordered)));
    let entries: Vec<Value> = resources
        .into_iter()
        .map(|mut resource| {
            without_nothing(&mut resource);
            let kind = resource.get("resourceType").and_then(Value::as_str).unwrap_or_default();
            let url = context.url(kind, resource.get("id").and_then(Value::as_str).unwrap_or_default());
            json!({"fullUrl": url, "resource": resource})
        })
        .collect();
    json!({
        "resourceType": "Bundle",
        "id": id,
        "meta": {"profile": [urls::REQUEST_BUNDLE]},
        "identifier": {"system": format!("{}/transaction", context.base), "value": id},
        "type": "collection",
        "timestamp": instant(at),
        "entry": entries,
    })
}

impl Ordered<'_> {
    fn reference(self, kind: &str, part: &str) -> Value {
        json!({"reference": self.context.url(kind, &self.part(part))})
    }

    fn part(self, part: &str) -> String {
        if part.is_empty() { self.id.to_owned() } else { format!("{}-{part}", self.id) }
    }
}

fn claim(ordered: Ordered<'_>) -> Value {
    let Ordered { order, id, at, context } = ordered;
    let overall = |sequence: u32, provider: Value, role: &str| {
        json!({"extension": [extension(urls::CARE_TEAM_SCOPE, "valueBoolean", true)], "sequence": sequence, "provider": provider,
               "role": concept(urls::X12_ENTITIES, role, None)})
    };
    let mut team = vec![overall(1, ordered.reference("PractitionerRole", "ordering"), "DK")];
    team.extend(order.servicing_provider.as_ref().map(|_| overall(2, ordered.reference("Organization", "servicing"), "SJ")));
    let report = concept(urls::X12_REPORTS, "77", None);
    let document =
        json!({"url": urls::DOCUMENT_INFORMATION, "extension": [extension("reportTypeCode", "valueCodeableConcept", report)]});
    let mut info = vec![json!({
        "sequence": 1, "category": concept(urls::PAS_CODES, "additionalInformation", None), "extension": [document],
        "valueReference": ordered.reference("QuestionnaireResponse", ""),
    })];
    info.extend(
        order
            .date_of_service
            .map(|day| json!({"sequence": 2, "category": concept(urls::PAS_CODES, "patientEvent", None), "timingDate": day})),
    );
    let diagnosis = order.diagnosis.as_ref().and_then(|diagnosis| diagnosis.icd10.as_ref()).map(|code| {
        json!([{"sequence": 1, "diagnosisCodeableConcept": concept(urls::ICD10, code, None), "type": [concept(urls::PAS_CODES, "principal", None)]}])
    });
    let priority = if order.urgency() == Urgency::Urgent { "stat" } else { "normal" };
    let encounter = (order.setting() == Setting::Inpatient)
        .then(|| json!([extension(urls::ENCOUNTER, "valueReference", ordered.reference("Encounter", ""))]));
    json!({
        "resourceType": "Claim",
        "id": id,
        "meta": {"profile": [urls::CLAIM]},
        "extension": encounter,
        "identifier": [{"system": format!("{}/case", context.base), "value": id}],
        "status": "active",
        "type": concept("http://terminology.hl7.org/CodeSystem/claim-type", "professional", None),
        "use": "preauthorization",
        "patient": ordered.reference("Patient", ""),
        "created": instant(at),
        "insurer": ordered.reference("Organization", "payer"),
        "provider": ordered.reference("Organization", "practice"),
        "priority": concept("http://terminology.hl7.org/CodeSystem/processpriority", priority, None),
        "careTeam": team,
        "supportingInfo": info,
        "diagnosis": diagnosis,
        "insurance": [{"sequence": 1, "focal": true, "coverage": ordered.reference("Coverage", "")}],
        "item": items(ordered),
    })
}

fn items(ordered: Ordered<'_>) -> Vec<Value> {
    let order = ordered.order;
    let is_radiation = order.service == Some(Service::RadiationOncology);
    let place = order.place_of_service.as_ref().map(|code| concept(urls::PLACES, code, None));
    let item = |line: u32, product: Value| {
        let trace = json!({"system": format!("{}/line", ordered.context.base), "value": format!("{}-{line}", ordered.id)});
        json!({
            "extension": [
                extension(urls::REQUEST_TYPE, "valueCodeableConcept", concept(urls::X12_REQUESTS, "HS", None)),
                extension(urls::CERTIFICATION_TYPE, "valueCodeableConcept", concept(urls::X12_CERTIFICATIONS, "I", None)),
                extension(urls::TRACE_NUMBER, "valueIdentifier", trace),
            ],
            "sequence": line,
            "careTeamSequence": if order.servicing_provider.is_some() { json!([1, 2]) } else { json!([1]) },
            "diagnosisSequence": order.diagnosis.as_ref().map(|_| [1]),
            "informationSequence": [1],
            "category": concept(urls::X12_SERVICES, if is_radiation { "6" } else { "78" }, None),
            "productOrService": product,
            "servicedDate": order.date_of_service,
            "locationCodeableConcept": place,
        })
    };
    let drugs = order.drugs().map(|(_, _, _, drug)| {
        let product = match (&drug.hcpcs, &drug.generic) {
            (Some(code), generic) => {
                let mut product = concept(urls::HCPCS, code, None);
                if let Some(generic) = generic {
                    put(&mut product, "text", generic.as_str());
                }
                product
            }
            (None, Some(generic)) => json!({ "text": generic }),
            (None, None) => json!({"text": "not named"}),
        };
        item(drug.line, product)
    });
    let procedures = order.radiation.iter().flat_map(Radiation::listed).map(|procedure| {
        let system = if procedure.code.starts_with(|first: char| first.is_ascii_digit()) { urls::CPT } else { urls::HCPCS };
        let mut item = item(procedure.line, concept(system, &procedure.code, None));
        put(&mut item, "quantity", json!({"value": procedure.units, "unit": "units"}));
        item
    });
    let mut all: Vec<Value> = drugs.chain(procedures).collect();
    if is_radiation && all.is_empty() {
        all.push(item(1, json!({"text": "radiation treatment"})));
    }
    all
}

fn payer(ordered: Ordered<'_>) -> Value {
    let plan = ordered.order.member.health_plan.as_deref().unwrap_or_default();
    let id = ordered.context.content.code_tables.payer_of(plan);
    let id = id.map(|id| json!([{"system": id.system, "value": id.code}]));
    json!({
        "resourceType": "Organization", "id": ordered.part("payer"), "meta": {"profile": [urls::INSURER]}, "identifier": id,
        "active": true, "type": [concept(urls::X12_ENTITIES, "X3", None)], "name": if plan.is_empty() { "not named" } else { plan },
    })
}

fn practice(ordered: Ordered<'_>) -> Value {
    let contact = ordered.order.contact.as_ref().map(|contact| {
        let number = |system: &str, value: &Option<String>| value.as_ref().map(|value| json!({"system": system, "value": value}));
        json!([{"name": {"text": contact.name}, "telecom": [number("phone", &contact.phone), number("fax", &contact.fax)]}])
    });
    json!({
        "resourceType": "Organization", "id": ordered.part("practice"), "meta": {"profile": [urls::REQUESTOR]}, "active": true,
        "type": [concept(urls::X12_ENTITIES, "1P", None)], "name": "Requesting practice", "contact": contact,
    })
}

fn servicing(ordered: Ordered<'_>) -> Value {
    let provider = ordered.order.servicing_provider.as_ref();
    let npi = provider.and_then(|provider| provider.npi.as_ref()).map(|npi| json!([{"system": urls::NPI, "value": npi}]));
    let address = provider.and_then(|provider| provider.address.as_ref()).map(|address| {
        json!([{"line": [address.line1], "city": address.city, "state": address.state, "postalCode": address.postal_code}])
    });
    json!({
        "resourceType": "Organization", "id": ordered.part("servicing"), "meta": {"profile": [urls::ORGANIZATION]}, "identifier": npi,
        "active": true, "type": [concept(urls::X12_ENTITIES, "SJ", None)],
        "name": provider.and_then(|provider| provider.name.as_deref()).unwrap_or("not named"), "address": address,
    })
}

fn role(ordered: Ordered<'_>) -> Value {
    json!({
        "resourceType": "PractitionerRole", "id": ordered.part("ordering"), "meta": {"profile": [urls::PRACTITIONER_ROLE]},
        "practitioner": ordered.reference("Practitioner", ""), "organization": ordered.reference("Organization", "practice"),
    })
}

fn clinician(ordered: Ordered<'_>) -> Value {
    let provider = ordered.order.ordering_provider.as_ref();
    let npi = provider.and_then(|provider| provider.npi.as_ref()).map(|npi| json!([{"system": urls::NPI, "value": npi}]));
    let name = provider.map(|provider| json!([{"family": provider.last_name, "given": [provider.first_name]}]));
    json!({
        "resourceType": "Practitioner", "id": ordered.part(""), "meta": {"profile": [urls::PRACTITIONER]}, "identifier": npi, "name": name,
    })
}

/// An identifier of type member number, which stays without one where the order names none.
fn member_id(ordered: Ordered<'_>) -> Value {
    let id = ordered.order.member.member_id.as_ref();
    let system = id.map(|_| format!("{}/member", ordered.context.base));
    json!([{"type": concept("http://terminology.hl7.org/CodeSystem/v2-0203", "MB", None), "system": system, "value": id}])
}

fn patient(ordered: Ordered<'_>) -> Value {
    let member = &ordered.order.member;
    // a patient has an identifier with a value: where the order names none, the one of this request
    let own = || json!([{"system": format!("{}/patient", ordered.context.base), "value": ordered.id}]);
    let identifier = member.member_id.as_ref().map_or_else(own, |_| member_id(ordered));
    let sex = ordered.order.clinical.sex.known().map_or("unknown", |sex| sex.as_str());
    json!({
        "resourceType": "Patient", "id": ordered.part(""), "meta": {"profile": [urls::BENEFICIARY]}, "identifier": identifier,
        "name": [{"family": member.last_name, "given": [member.first_name]}], "gender": sex, "birthDate": member.birth_date,
    })
}

fn coverage(ordered: Ordered<'_>) -> Value {
    json!({
        "resourceType": "Coverage", "id": ordered.part(""), "meta": {"profile": [urls::COVERAGE]}, "identifier": member_id(ordered),
        "status": "active", "subscriberId": ordered.order.member.member_id, "beneficiary": ordered.reference("Patient", ""),
        "relationship": concept("http://terminology.hl7.org/CodeSystem/subscriber-relationship", "self", None),
        "payor": [ordered.reference("Organization", "payer")],
    })
}

fn encounter(ordered: Ordered<'_>) -> Value {
    json!({
        "resourceType": "Encounter", "id": ordered.part(""), "status": "planned",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"}, "subject": ordered.reference("Patient", ""),
    })
}

fn questionnaire_response(ordered: Ordered<'_>) -> Value {
    let order = serde_json::to_value(ordered.order).unwrap_or_default();
    let asked = ASKED.iter().filter_map(|name| Some((*name, order.get(*name)?)));
    let items: Vec<Value> = asked.flat_map(|(name, value)| questions(&format!("/{name}"), value)).collect();
    json!({
        "resourceType": "QuestionnaireResponse", "id": ordered.part(""),
        "questionnaire": format!("{}|1", ordered.context.url("Questionnaire", QUESTIONNAIRE)), "status": "completed",
        "subject": ordered.reference("Patient", ""), "authored": instant(ordered.at), "item": items,
    })
}

/// The answers that say a field: a group for an object, one for each entry of a list, `none` for an empty list.
fn questions(link: &str, value: &Value) -> Vec<Value> {
    let group = |members: &serde_json::Map<String, Value>| {
        let items: Vec<Value> = members.iter().flat_map(|(name, value)| questions(&format!("{link}/{name}"), value)).collect();
        json!({"linkId": link, "item": items})
    };
    let answered = |answers: Vec<Value>| vec![json!({"linkId": link, "answer": answers})];
    match value {
        Value::Null => Vec::new(),
        Value::Object(members) if members.values().all(Value::is_null) => Vec::new(),
        Value::Object(members) => vec![group(members)],
        Value::Array(items) if items.is_empty() => answered(vec![json!({"valueString": "none"})]),
        Value::Array(items) if items.iter().all(Value::is_object) => {
            items.iter().filter_map(Value::as_object).map(group).collect()
        }
        Value::Array(items) => answered(items.iter().map(answer).collect()),
        value => answered(vec![answer(value)]),
    }
}

fn answer(value: &Value) -> Value {
    match value {
        Value::Bool(flag) => json!({"valueBoolean": flag}),
        Value::Number(number) if number.is_f64() => json!({"valueDecimal": number}),
        Value::Number(number) => json!({"valueInteger": number}),
        Value::String(text) => json!({"valueString": text}),
        other => json!({"valueString": other.to_string()}),
    }
}
