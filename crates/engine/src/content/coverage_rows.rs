//! Rows of `coverage/`: the questions that each answers (COV-01).

use super::releases::Lifetime;
use crate::domain::content::{
    CoverageDimension, CoverageInput, CoverageValue, OTHER_GROUP, Told, When as ProgramWhen, day_number,
};
use crate::domain::vocabulary::{
    CoverageAdmission, CoverageRequest, CoverageRequirement, CoverageSetting, HabilitationBenefit, LineOfBusiness, Service,
};
use chrono::NaiveDate;
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Bounds {
    pub(super) at_least: Option<i64>,
    pub(super) at_most: Option<i64>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct When {
    #[serde(default)]
    pub(super) line_of_business: Vec<LineOfBusiness>,
    #[serde(default)]
    pub(super) product: Vec<String>,
    #[serde(default)]
    pub(super) group: Vec<String>,
    #[serde(default)]
    pub(super) setting: Vec<CoverageSetting>,
    #[serde(default)]
    pub(super) admitted_from: Vec<CoverageAdmission>,
    pub(super) age: Option<Bounds>,
    pub(super) visit_number: Option<Bounds>,
    pub(super) visit_limit: Option<Bounds>,
    pub(super) out_of_network_benefits: Option<bool>,
    pub(super) provider_in_network: Option<bool>,
    #[serde(default)]
    pub(super) request: Vec<CoverageRequest>,
    #[serde(default)]
    pub(super) benefits: Vec<HabilitationBenefit>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Row {
    pub(super) services: Vec<String>,
    pub(super) when: When,
    #[serde(default)]
    pub(super) exception: bool,
    pub(super) requirement: CoverageRequirement,
    pub(super) within_hours: Option<u32>,
    pub(super) administered_by: Option<String>,
    #[serde(default)]
    pub(super) ask: Vec<String>,
    pub(super) limits: Option<String>,
    pub(super) validity: Option<String>,
    #[serde(default)]
    pub(super) figures: BTreeMap<String, u32>,
    #[serde(default)]
    pub(super) conditions: Vec<String>,
    #[serde(default)]
    pub(super) have_ready: Vec<String>,
    pub(super) if_not_done: Option<String>,
    pub(super) afterwards: Option<String>,
    pub(super) message: Option<String>,
    pub(super) lines: String,
    pub(super) exclusion: Option<String>,
    #[serde(default)]
    pub(super) order: Vec<Service>,
    pub(super) effective_from: Option<NaiveDate>,
    pub(super) effective_through: Option<NaiveDate>,
    pub(super) introduced: Option<String>,
    pub(super) retired: Option<String>,
}

/// A row with where it stands.
#[derive(Debug)]
pub(super) struct RowDraft {
    pub(super) row: Row,
    pub(super) health_plan: String,
    pub(super) document: String,
    pub(super) position: (String, usize),
    pub(super) life: Lifetime,
}

/// The groups that rows name, and all others.
pub(super) fn groups(rows: &[&RowDraft]) -> Vec<String> {
    let mut groups: Vec<String> = rows.iter().flat_map(|draft| draft.row.when.group.iter().cloned()).collect();
    groups.push(OTHER_GROUP.to_owned());
    groups.sort_unstable();
    groups.dedup();
    groups
}

/// The values between the bounds that rows name.
pub(super) fn ranges(least: i64, bounds: impl Iterator<Item = Bounds>) -> Vec<CoverageValue> {
    let mut starts = vec![least];
    for bound in bounds {
        starts.extend(bound.at_least);
        starts.extend(bound.at_most.map(|most| most.saturating_add(1)));
    }
    starts.sort_unstable();
    starts.dedup();
    let ends = starts.iter().skip(1).map(|next| next - 1).chain(std::iter::once(i64::MAX));
    starts.iter().zip(ends).map(|(from, to)| CoverageValue::Range(*from, to)).collect()
}

/// Every combination of values, the last dimension fastest.
pub(super) fn points(dimensions: &[CoverageDimension]) -> impl Iterator<Item = Vec<(CoverageInput, &CoverageValue)>> {
    let count: usize = dimensions.iter().map(|dimension| dimension.values.len()).product();
    (0..count).map(move |mut at| {
        let mut point = Vec::with_capacity(dimensions.len());
        for dimension in dimensions.iter().rev() {
            let size = dimension.values.len().max(1);
            point.extend(dimension.values.get(at % size).map(|value| (dimension.input, value)));
            at /= size;
        }
        point.reverse();
        point
    })
}

/// Indexes of the rows that hold at a point, exceptions first.
pub(super) fn matching(rows: &[&RowDraft], point: &[(CoverageInput, &CoverageValue)]) -> Vec<usize> {
    let holds = |draft: &RowDraft| point.iter().all(|(input, value)| draft.row.holds(*input, value));
    let mut found: Vec<usize> = rows.iter().enumerate().filter(|(_, draft)| holds(draft)).map(|(index, _)| index).collect();
    found.sort_by_key(|index| !rows.get(*index).is_some_and(|draft| draft.row.exception));
    found
}

impl Row {
    /// True where an exclusion can be about these members; some have the same id for several kinds of members.
    pub(super) fn is_about(&self, when: &ProgramWhen) -> bool {
        when.line_of_business.is_empty() || self.when.line_of_business.iter().any(|line| when.line_of_business.contains(line))
    }

    pub(super) fn days(&self) -> Bounds {
        Bounds { at_least: self.effective_from.map(day_number), at_most: self.effective_through.map(day_number) }
    }

    pub(super) fn speaks_of(&self, input: CoverageInput) -> bool {
        let when = &self.when;
        match input {
            // each tells of the other
            CoverageInput::LineOfBusiness | CoverageInput::Product => {
                !when.line_of_business.is_empty() || !when.product.is_empty()
            }
            CoverageInput::Group => !when.group.is_empty(),
            CoverageInput::Setting => !when.setting.is_empty(),
            CoverageInput::AdmittedFrom => !when.admitted_from.is_empty(),
            CoverageInput::Age => when.age.is_some(),
            CoverageInput::VisitNumber => when.visit_number.is_some(),
            CoverageInput::VisitLimit => when.visit_limit.is_some(),
            CoverageInput::OutOfNetworkBenefits => when.out_of_network_benefits.is_some(),
            CoverageInput::ProviderInNetwork => when.provider_in_network.is_some(),
            CoverageInput::Request => !when.request.is_empty(),
            CoverageInput::Benefits => !when.benefits.is_empty(),
            CoverageInput::Date => self.effective_from.is_some() || self.effective_through.is_some(),
        }
    }

    pub(super) fn holds(&self, input: CoverageInput, value: &CoverageValue) -> bool {
        if input == CoverageInput::Date { within(Some(self.days()), value) } else { self.when.holds(input, value) }
    }
}

impl When {
    /// True where this input may have this value, as far as it is spoken of.
    pub(super) fn holds(&self, input: CoverageInput, value: &CoverageValue) -> bool {
        fn one_of<'w>(mut words: impl Iterator<Item = &'w str>, value: &CoverageValue) -> bool {
            words.any(|word| value.holds(Told::Word(word)))
        }
        let said = |told: Option<bool>| told.is_none_or(|told| value.holds(Told::Word(if told { "true" } else { "false" })));
        match input {
            CoverageInput::LineOfBusiness => {
                self.line_of_business.is_empty() || one_of(self.line_of_business.iter().map(|word| word.as_str()), value)
            }
            CoverageInput::Product => self.product.is_empty() || one_of(self.product.iter().map(String::as_str), value),
            CoverageInput::Group => self.group.is_empty() || one_of(self.group.iter().map(String::as_str), value),
            CoverageInput::Setting => self.setting.is_empty() || one_of(self.setting.iter().map(|word| word.as_str()), value),
            CoverageInput::AdmittedFrom => {
                self.admitted_from.is_empty() || one_of(self.admitted_from.iter().map(|word| word.as_str()), value)
            }
            CoverageInput::Request => self.request.is_empty() || one_of(self.request.iter().map(|word| word.as_str()), value),
            CoverageInput::Benefits => self.benefits.is_empty() || one_of(self.benefits.iter().map(|word| word.as_str()), value),
            CoverageInput::OutOfNetworkBenefits => said(self.out_of_network_benefits),
            CoverageInput::ProviderInNetwork => said(self.provider_in_network),
            CoverageInput::Age => within(self.age, value),
            CoverageInput::VisitNumber => within(self.visit_number, value),
            CoverageInput::VisitLimit => within(self.visit_limit, value),
            CoverageInput::Date => true,
        }
    }
}

/// Ranges are cut at every bound, so that one lies wholly within bounds or wholly outside.
fn within(bounds: Option<Bounds>, value: &CoverageValue) -> bool {
    let (Some(bounds), CoverageValue::Range(from, to)) = (bounds, value) else { return true };
    bounds.at_least.is_none_or(|least| *from >= least) && bounds.at_most.is_none_or(|most| *to <= most)
}
