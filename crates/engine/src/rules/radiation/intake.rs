//! What makes a radiation order impossible to take: lines without sense, codes that have ended, parts of another service.

use crate::domain::content::Content;
use crate::domain::content::radiation::is_service_code;
use crate::domain::order::{OrderRequest, Radiation};
use crate::domain::refusal::Fault;
use crate::domain::vocabulary::Service;
use std::collections::BTreeSet;

/// Faults of the listed lines.
pub fn faults(order: &OrderRequest, content: &Content) -> Vec<Fault> {
    let mut found = Vec::new();
    let mut lines = BTreeSet::new();
    for (index, listed) in order.radiation.iter().flat_map(Radiation::listed).enumerate() {
        let at = |field: &str| format!("/radiation/procedures/{index}/{field}");
        if !lines.insert(listed.line) {
            let message = format!("line {} is used twice; every procedure has a line number of its own", listed.line);
            found.push(Fault::new(at("line"), "duplicate-line", message));
        }
        let code = &listed.code;
        if !is_service_code(code) {
            let message =
                format!("`{code}` is no code: write five digits, a letter and four digits, or four digits and T, such as 77407");
            found.push(Fault::new(at("code"), "malformed-code", message));
            continue;
        }
        let drug = content.drugs.by_code(code).filter(|_| content.radiation.service(code).is_none());
        if let Some((drug, _)) = drug {
            let message = format!(
                "{code} ({}) is a drug and no procedure of radiation: order it as medical oncology, or leave it out",
                drug.generic
            );
            found.push(Fault::new(at("code"), "not-of-this-service", message));
            continue;
        }
        let ended = content.radiation.service(code).and_then(|service| Some((service, service.valid_through?)));
        if let Some((service, last)) = ended.filter(|(_, last)| order.date_of_service.is_none_or(|day| day > *last)) {
            let instead = match service.replaced_by.as_slice() {
                [] => "no active code for it is known here".to_owned(),
                codes => format!("use {}", codes.join(" or ")),
            };
            let message = format!("{code} ({}) ended on {last}; {instead}", service.name);
            found.push(Fault::new(at("code"), "terminated-code", message));
        }
    }
    found
}

/// The part of an order that belongs to the other service: it is neither decided nor dropped.
pub fn other_service(order: &OrderRequest) -> Vec<Fault> {
    let not_of = |pointer: &str, what: &str, service: Service| {
        let message = format!("{what} is not part of a {service} order: send an order of its own for it, or leave it out");
        Fault::new(pointer, "not-of-this-service", message)
    };
    let Some(service) = order.service else { return Vec::new() };
    let mut found = Vec::new();
    match service {
        Service::RadiationOncology => {
            if order.treatment.is_some() {
                found.push(not_of("/treatment", "drug treatment", service));
            }
            if order.supportive_only.is_some() {
                found.push(not_of("/supportive_only", "supportive drug treatment", service));
            }
        }
        Service::MedicalOncology => {
            if order.radiation.is_some() {
                found.push(not_of("/radiation", "radiation", service));
            }
        }
    }
    found
}
