//! The items of a request that a program's file may require or recommend (INF-01…06), by JSON pointer. `content` checks the files
//! against this list and the intake rules read requests by it, so that neither can know an item that the other does not.

use super::order::OrderRequest;
use super::text::says_something;

/// Says whether a request carries an item.
type Carries = fn(&OrderRequest) -> bool;

const ITEMS: &[(&str, Carries)] = &[
    ("/member/health_plan", |o| text(o.member.health_plan.as_ref())),
    ("/member/member_id", |o| text(o.member.member_id.as_ref())),
    ("/member/first_name", |o| text(o.member.first_name.as_ref())),
    ("/member/last_name", |o| text(o.member.last_name.as_ref())),
    ("/member/birth_date", |o| o.member.birth_date.is_some()),
    ("/service", |o| o.service.is_some()),
    ("/date_of_service", |o| o.date_of_service.is_some()),
    ("/place_of_service", |o| text(o.place_of_service.as_ref())),
    ("/ordering_provider/first_name", |o| o.ordering_provider.as_ref().is_some_and(|p| text(p.first_name.as_ref()))),
    ("/ordering_provider/last_name", |o| o.ordering_provider.as_ref().is_some_and(|p| text(p.last_name.as_ref()))),
    ("/servicing_provider/name", |o| o.servicing_provider.as_ref().is_some_and(|p| text(p.name.as_ref()))),
    ("/servicing_provider/address", |o| o.servicing_provider.as_ref().is_some_and(|p| p.address.is_some())),
    ("/diagnosis/icd10", |o| o.diagnosis.as_ref().is_some_and(|d| text(d.icd10.as_ref()))),
    ("/treatment/phases", |o| o.treatment.as_ref().is_some_and(|t| !t.phases.is_empty())),
    ("/radiation/modality", |o| o.radiation.as_ref().is_some_and(|r| r.modality.is_some())),
    ("/contact/phone", |o| o.contact.as_ref().is_some_and(|c| text(c.phone.as_ref()))),
    ("/clinical/cancer_type", |o| !o.clinical.cancer_type.is_absent()),
    ("/clinical/pathology", |o| !o.clinical.pathology.is_absent()),
    ("/clinical/line_of_treatment", |o| !o.clinical.line_of_treatment.is_absent()),
    ("/clinical/performance_status", |o| !o.clinical.performance_status.is_absent()),
    ("/clinical/height_cm", |o| !o.clinical.height_cm.is_absent()),
    ("/clinical/weight_kg", |o| !o.clinical.weight_kg.is_absent()),
    ("/clinical/stage", |o| !o.clinical.stage.is_absent()),
    ("/clinical/biomarkers", |o| !o.clinical.biomarkers.is_absent()),
    ("/clinical/prior_therapies", |o| !o.clinical.prior_therapies.is_absent()),
];

/// Every item, by its JSON pointer.
pub fn pointers() -> impl Iterator<Item = &'static str> {
    ITEMS.iter().map(|(pointer, _)| *pointer)
}

/// Whether a request carries an item; false for a pointer that is no item.
pub fn is_carried(order: &OrderRequest, pointer: &str) -> bool {
    ITEMS.iter().find(|(known, _)| *known == pointer).is_some_and(|(_, carries)| carries(order))
}

/// True for text that says something; what nobody can see does not.
pub fn text(value: Option<&String>) -> bool {
    value.is_some_and(|value| says_something(value))
}
