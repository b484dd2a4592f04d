//! Schedules that no indication supports, and preferred ones that are longer than what is acceptable too.

use crate::content::Drafts;
use crate::content::report::Report;
use crate::domain::content::radiation::{Designation, FractionationSchedule, RadiationCatalog, Support};
use crate::domain::vocabulary::Modality;
use std::collections::BTreeMap;

pub(super) fn lint(drafts: &Drafts, report: &mut Report) {
    let Some(catalog) = drafts.releases.iter().last().map(|(release, _)| drafts.radiation.version(release)) else { return };
    let mut unsupported: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut longer: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (schedule, file) in drafts.radiation.schedules().filter(|(schedule, _)| catalog.schedule(&schedule.id).is_some()) {
        let bare = schedule.modalities.iter().map(|by| by.modality).filter(|of| !may_be_supported(&catalog, schedule, *of));
        unsupported.entry(file).or_default().extend(bare.map(|of| format!("{} by {}", schedule.id, of.as_str())));
        if let Some(shorter) = shorter(&catalog, schedule) {
            let fewest = |of: &FractionationSchedule| of.fractions.0;
            let said = format!("{} ({}; {} has {})", schedule.id, fewest(schedule), shorter.id, fewest(shorter));
            longer.entry(file).or_default().push(said);
        }
    }
    let mut note = |found: BTreeMap<&str, Vec<String>>, what: &str| {
        for (file, found) in found.into_iter().filter(|(_, found)| !found.is_empty()) {
            report.note(file, 1, format!("{what}: {}", found.join(", ")), None);
        }
    };
    note(unsupported, "always reviewed, since no indication supports the modality");
    note(longer, "preferred with more fractions than an acceptable schedule of the group");
}

/// True where any row that answers for the schedule supports the modality, alone or with a plan comparison.
fn may_be_supported(catalog: &RadiationCatalog, schedule: &FractionationSchedule, of: Modality) -> bool {
    let at = |site: &String| {
        let mut asked = catalog
            .indications
            .iter()
            .filter(|row| row.modality == Some(of) && row.site.as_ref().is_none_or(|other| other == site));
        // those with a condition, and the first without one
        let mut is_over = false;
        asked.any(|row| {
            let counts = !is_over && row.support != Support::NotSupported;
            is_over |= row.when.is_none();
            counts
        })
    };
    schedule.sites.is_empty() || schedule.sites.iter().any(at)
}

/// The shortest acceptable schedule that a patient for a preferred one could have instead.
fn shorter<'c>(catalog: &'c RadiationCatalog, schedule: &FractionationSchedule) -> Option<&'c FractionationSchedule> {
    fn may_agree<T: PartialEq>(one: Option<&T>, other: Option<&T>) -> bool {
        one.zip(other).is_none_or(|(one, other)| one == other)
    }
    let competes = |other: &&FractionationSchedule| {
        other.group == schedule.group
            && other.sites.iter().any(|site| schedule.is_of(site))
            && may_agree(other.goal.as_ref(), schedule.goal.as_ref())
            && may_agree(other.target.as_ref(), schedule.target.as_ref())
    };
    let acceptable = catalog.schedules.iter().map(|other| &**other).filter(|other| other.designation == Designation::Acceptable);
    acceptable
        .filter(competes)
        .filter(|other| schedule.designation == Designation::Preferred && other.fractions.1 < schedule.fractions.0)
        .min_by_key(|other| other.fractions.0)
}
