//! From an order to what the database is asked, and from its answer to what the rules are told.

use crate::app::Caller;
use crate::app::visibility::{Sight, ordering_parties};
use crate::domain::names::person_key;
use crate::domain::order::{MemberIdentity, OrderRequest, OrderingProvider, ServicingProvider};
use crate::domain::roster::{MemberRow, Person, ProviderKind, ProviderRow, name_key};
use crate::domain::vocabulary::CallerRole;
use crate::rules::identity;
use crate::rules::{Facts, KnownMember, KnownProvider, RelatedCase, RelatedDrug, Submitter, ToldBefore};
use crate::store::facts::{Asked, Known, MemberCase, MemberDrug, Named};
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// Whom an order names, in the form in which the database is asked, and the member's name as it was entered.
#[derive(Debug, Clone, Default)]
pub struct Question(Named, Option<(String, String)>);

impl Question {
    /// What an order asks about. A practice finds its own clinicians by name; by NPI everybody is found, and the rules object.
    pub fn of_order(order: &OrderRequest, caller: &Caller) -> Self {
        let Self(mut named, name) = Self::of_member(&order.member);
        if let Some(provider) = &order.ordering_provider {
            named.ordering_npi = filled(provider.npi.as_deref());
            named.ordering_name = ordering_key(provider);
        }
        if let Some(provider) = &order.servicing_provider {
            named.servicing_npi = filled(provider.npi.as_deref());
            named.servicing_name = servicing_key(provider);
        }
        named.tax_ids = (caller.role == CallerRole::OrderingProvider).then(|| caller.tax_ids.clone());
        Self(named, name)
    }

    /// What an enquiry about a member asks.
    pub fn of_member(member: &MemberIdentity) -> Self {
        let name = member.first_name.as_deref().zip(member.last_name.as_deref());
        let entered = name.map(|(first, last)| (first.to_owned(), last.to_owned()));
        let named = Named {
            health_plan: member.health_plan.clone().unwrap_or_default(),
            member_id: filled(member.member_id.as_deref()),
            member_name: name.map(|(first, last)| person_key(first, last)).filter(|key| !key.is_empty()),
            birth_date: member.birth_date,
            ..Named::default()
        };
        Self(named, entered)
    }

    /// The same as the database is asked: without the case that is being decided again, and with the caller's subject and idempotency
    /// key.
    pub fn asked(&self, except: Option<Uuid>, key: Option<(&str, &str)>) -> Asked {
        let key = key.map(|(subject, key)| (subject.to_owned(), key.to_owned()));
        Asked { named: self.0.clone(), except, key }
    }

    /// What is known of the member asked about.
    pub fn member(&self, rows: &[MemberRow]) -> KnownMember {
        let asked = !self.0.health_plan.is_empty()
            && (self.0.member_id.is_some() || (self.0.member_name.is_some() && self.0.birth_date.is_some()));
        match rows {
            _ if !asked => KnownMember::NotAsked,
            [] => KnownMember::NotOnFile,
            [first, others @ ..] if others.iter().any(|row| row.member_id != first.member_id) => KnownMember::Ambiguous,
            rows => KnownMember::OnFile(rows.to_vec()),
        }
    }

    /// Takes out the rows of members whom the key of the name found by chance. Where that leaves one member of several, the question to
    /// ask instead: the cases that came along may be another's.
    #[must_use]
    pub fn narrowed(&self, known: &mut Known) -> Option<Self> {
        if self.0.member_id.is_some() || known.members.is_empty() {
            return None;
        }
        let found = known.members.first().map(|row| row.member_id.clone())?;
        let several = known.members.iter().any(|row| row.member_id != found);
        let (Some((first, last)), Some(birth_date)) = (self.1.as_ref(), self.0.birth_date) else { return None };
        let named: Vec<String> =
            known.members.iter().filter(|row| row.is_named(first, last, birth_date)).map(|row| row.member_id.clone()).collect();
        known.members.retain(|row| named.contains(&row.member_id));
        let one = named.first().filter(|one| several && named.iter().all(|other| other == *one))?;
        Some(Self(Named { member_id: Some(one.clone()), ..self.0.clone() }, self.1.clone()))
    }

    /// The cases of the person whom the order is about, not of others who had the number (SAFE-14).
    fn own_cases<'k>(order: &OrderRequest, known: &'k Known) -> impl Iterator<Item = &'k MemberCase> {
        let spans = known.members.iter().filter(|row| identity::agrees(&order.member, row));
        let covering = spans.clone().find(|row| order.date_of_service.is_some_and(|day| row.covers(day)));
        let person = covering.or_else(|| spans.clone().next()).map(MemberRow::person);
        known.cases.iter().filter(move |case| {
            let whose = Person::parse(&case.person);
            person.as_ref().zip(whose).is_some_and(|(person, whose)| person.is(&whose))
        })
    }

    /// What the rules are told. `reader` is who gets the answer; `caller` who sent the order first.
    pub fn facts<'a>(
        &self,
        order: &'a OrderRequest,
        caller: &'a Caller,
        reader: &Caller,
        received_at: DateTime<Utc>,
        known: &Known,
    ) -> Facts<'a> {
        let ordering = provider(self.0.ordering_npi.is_some() || self.0.ordering_name.is_some(), &known.ordering);
        let practice = ordering.row().map(|row| ordering_parties(&row.tax_ids)).unwrap_or_default();
        let sight = Sight::of(reader);
        // the answer is the ordering practice's to read, whoever sends the order
        let is_theirs = |case: &MemberCase| {
            sight.reaches(&self.0.health_plan, &case.visible_to) && case.visible_to.iter().any(|party| practice.contains(party))
        };
        let asked_servicing = self.0.servicing_npi.is_some() || self.0.servicing_name.is_some();
        Facts {
            order,
            submitter: Submitter { role: caller.role, tax_ids: &caller.tax_ids },
            received_at,
            member: self.member(&known.members),
            ordering_provider: ordering,
            servicing_provider: provider(asked_servicing, &known.servicing),
            related_cases: Self::own_cases(order, known).map(|case| related(case, is_theirs(case))).collect(),
            before: None,
        }
    }
}

fn provider(asked: bool, rows: &[ProviderRow]) -> KnownProvider {
    match rows {
        _ if !asked => KnownProvider::NotAsked,
        [] => KnownProvider::NotOnFile,
        [row] => KnownProvider::OnFile(Box::new(row.clone())),
        _ => KnownProvider::Ambiguous,
    }
}

fn related(case: &MemberCase, is_theirs: bool) -> RelatedCase {
    RelatedCase {
        case_id: case.case_id,
        service: case.service,
        status: case.status,
        order_id: case.order_id.clone(),
        valid_from: case.valid_from,
        valid_through: case.valid_through,
        treatment_ingredients: case.treatment_ingredients.clone(),
        regimen_id: case.regimen_id.clone(),
        awarded_pathway: case.awarded_pathway.clone(),
        drugs: case.drugs.iter().map(related_drug).collect(),
        cancer_type: case.cancer_type.clone().filter(|word| !matches!(word.as_str(), "unknown" | "not_reported")),
        icd10: case.icd10.clone(),
        line_of_treatment: case.line(),
        told: told(case),
        phases: case.phases.clone().unwrap_or_default(),
        is_theirs,
    }
}

fn told(case: &MemberCase) -> ToldBefore {
    ToldBefore {
        stage: case.stage.clone().filter(|word| !matches!(word.as_str(), "unknown" | "not_reported")),
        assessments: case.assessments.known().cloned().unwrap_or_default(),
        biomarkers: case.biomarkers.known().cloned().unwrap_or_default(),
        prior_therapies: case.prior_therapies.known().cloned().unwrap_or_default(),
    }
}

fn related_drug(drug: &MemberDrug) -> RelatedDrug {
    RelatedDrug {
        line: drug.line,
        generic: drug.generic.clone(),
        hcpcs: drug.hcpcs.clone(),
        role: drug.role,
        status: drug.status,
        valid_from: drug.valid_from,
        valid_through: drug.valid_through,
        visits_approved: drug.visits_approved,
        units_approved: drug.units_approved,
    }
}

fn filled(text: Option<&str>) -> Option<String> {
    text.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

fn ordering_key(provider: &OrderingProvider) -> Option<String> {
    joined_key(provider.first_name.as_deref()?, provider.last_name.as_deref()?)
}

fn servicing_key(provider: &ServicingProvider) -> Option<String> {
    Some(typed_key(provider.name.as_deref()?)).filter(|key| !key.is_empty())
}

/// The key of a name as somebody types it: of a facility, or of a clinician by first and last name, or by last name, comma, first name
/// (PRV-04, PRV-07).
fn typed_key(name: &str) -> String {
    match name.split_once(',') {
        // the comma of "Sample Oncology, Inc." is no reason to swap
        Some((last, first)) if !is_company_suffix(first) => name_key(first) + &name_key(last),
        _ => name_key(name),
    }
}

fn is_company_suffix(text: &str) -> bool {
    matches!(name_key(text).as_str(), "inc" | "llc" | "llp" | "pc" | "pllc" | "pa" | "md" | "do" | "corp" | "ltd" | "lp")
}

fn joined_key(first: &str, last: &str) -> Option<String> {
    let (first, last) = (name_key(first), name_key(last));
    (!first.is_empty() && !last.is_empty()).then(|| first + &last)
}

/// The key under which a roster files a member.
pub fn member_key(row: &MemberRow) -> String {
    person_key(&row.first_name, &row.last_name)
}

/// The key under which a roster files a provider: clinicians by first and last name, facilities by name.
pub fn provider_key(row: &ProviderRow) -> String {
    match row.kind {
        ProviderKind::Individual => [&row.first_name, &row.last_name].into_iter().flatten().map(|name| name_key(name)).collect(),
        ProviderKind::Facility => name_key(&row.display_name()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Question, ordering_key, servicing_key};
    use crate::domain::order::{MemberIdentity, OrderingProvider, ServicingProvider};
    use crate::domain::roster::MemberRow;
    use crate::domain::vocabulary::LineOfBusiness;
    use crate::rules::KnownMember;

    fn servicing(name: &str) -> Option<String> {
        servicing_key(&ServicingProvider { npi: None, name: Some(name.to_owned()), address: None })
    }

    fn row(member_id: &str) -> MemberRow {
        MemberRow {
            member_id: member_id.to_owned(),
            first_name: "Test".to_owned(),
            last_name: "Member".to_owned(),
            birth_date: "1950-01-15".parse().unwrap(),
            sex: None,
            line_of_business: LineOfBusiness::Commercial,
            product: None,
            group_number: None,
            trust: None,
            state: None,
            address: None,
            language: None,
            coverage_from: "2020-01-01".parse().unwrap(),
            coverage_through: None,
        }
    }

    #[test]
    fn a_clinician_is_found_by_last_and_first_name_and_a_company_keeps_its_comma() {
        // proves PRV-04, PRV-07
        let clinician =
            OrderingProvider { npi: None, first_name: Some("Ordering".to_owned()), last_name: Some("Clinician".to_owned()) };
        assert_eq!(servicing("Clinician, Ordering"), ordering_key(&clinician));
        assert_eq!(servicing("Sample Oncology, Inc."), servicing("sample oncology inc"));
    }

    #[test]
    fn who_is_not_asked_for_is_not_missing_and_two_of_a_name_are_told_apart() {
        let nobody = Question::of_member(&MemberIdentity::default());
        assert_eq!(nobody.member(&[]), KnownMember::NotAsked);
        let named = Question::of_member(&MemberIdentity {
            health_plan: Some("plan".to_owned()),
            first_name: Some("Test".to_owned()),
            last_name: Some("Member".to_owned()),
            birth_date: Some("1950-01-15".parse().unwrap()),
            member_id: Some("  ".to_owned()),
        });
        assert_eq!(named.member(&[]), KnownMember::NotOnFile);
        assert_eq!(named.member(&[row("1"), row("2")]), KnownMember::Ambiguous);
        assert!(matches!(named.member(&[row("1"), row("1")]), KnownMember::OnFile(rows) if rows.len() == 2));
    }
}
