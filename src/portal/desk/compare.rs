//! Entered against expected: what the engine found of each field of the regimen and of each policy, with where the rule comes from and
//! since when it holds. What agrees is folded.

use super::super::differences::{place, value};
use crate::app::reviews::Standing;
use crate::documents::{Summary, words};
use crate::domain::case::{Deviation, Finding};
use crate::domain::content::{Content, Regimen, RegimenDrug, RegimenDrugRole, RegimenPhase};
use crate::domain::line::CaseLine;
use crate::domain::order::Dose;
use crate::domain::vocabulary::Truth;
use chrono::NaiveDate;

/// Rows that belong together.
#[derive(Debug, Clone, Default)]
pub(super) struct Group {
    pub title: String,
    pub note: String,
    pub differing: Vec<Row>,
    pub equal: Vec<Row>,
}

/// A field.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub name: String,
    pub entered: String,
    pub expected: String,
    pub verdict: &'static str,
    pub tone: &'static str,
    pub finding: String,
    pub source: String,
    pub since: String,
}

/// Why the case is not decided by itself.
#[derive(Debug, Clone)]
pub(super) struct Departure {
    pub text: String,
    pub entered: String,
    pub expected: String,
    /// True where the words do not say yet what is expected.
    pub is_untold: bool,
    pub effect: &'static str,
}

/// Everything that departs and counts, one cause once.
pub(super) fn departures(deviations: &[Deviation]) -> Vec<Departure> {
    let mut found: Vec<Departure> = Vec::new();
    for deviation in deviations.iter().filter(|one| one.effect.pends() || one.effect.is_off_pathway()) {
        let text = words::sentence(&words::without_ids(&deviation.message));
        if found.iter().all(|one| one.text != text) {
            let plain = |text: &str| words::without_calls(text.replace('_', " "));
            let expected = plain(&deviation.expected);
            found.push(Departure {
                is_untold: !words::says(&text, &expected),
                text,
                entered: plain(&deviation.entered),
                expected,
                effect: words::effect(deviation.effect),
            });
        }
    }
    found
}

/// The groups: the regimen, each policy, everything else.
pub(super) fn groups(standing: &Standing, summary: &Summary) -> Vec<Group> {
    let case = &standing.case;
    let matched = case.pathway.regimen_id.as_deref().and_then(|id| standing.content.regimen(id));
    let mut groups = Vec::new();
    if let Some(regimen) = matched {
        let mut group = regimen_group("The order matches this regimen", regimen, standing);
        let prefix = format!("regimen/{}/", regimen.id);
        for finding in case.findings.iter().filter(|finding| finding.rule.starts_with(&prefix)) {
            group.add(of_fit(finding, &since_of(regimen)));
        }
        drug_rows(&mut group, regimen, standing);
        groups.push(group);
    } else if let Some(regimen) = nearest(&case.findings, &standing.content) {
        let mut group = regimen_group("No regimen has these drugs. The nearest", regimen, standing);
        drug_rows(&mut group, regimen, standing);
        for row in not_judged(regimen, summary) {
            group.equal.push(row);
        }
        groups.push(group);
    }
    policy_groups(standing, &mut groups);
    let mut others = Group { title: "Everything else that was asked".to_owned(), ..Group::default() };
    let is_told = |rule: &str| rule.starts_with("policy/") || (rule.starts_with("regimen/") && matched.is_some());
    for finding in case.findings.iter().filter(|finding| !is_told(&finding.rule)) {
        others.add(of_rule(finding, String::new()));
    }
    groups.push(others);
    groups.retain(|group| !group.differing.is_empty() || !group.equal.is_empty());
    groups
}

impl Group {
    fn add(&mut self, (outcome, row): (Truth, Row)) {
        if outcome == Truth::Met { self.equal.push(row) } else { self.differing.push(row) }
    }
}

const fn verdict(outcome: Truth) -> (&'static str, &'static str) {
    match outcome {
        Truth::Met => ("agrees", "good"),
        Truth::NotMet => ("differs", "bad"),
        Truth::Unknown => ("not known", "waiting"),
    }
}

fn regimen_group(title: &str, regimen: &Regimen, standing: &Standing) -> Group {
    let day = standing.case.request.date_of_service.unwrap_or_else(|| standing.case.submitted_at.date_naive());
    let pathway =
        regimen.pathway.as_ref().filter(|pathway| pathway.is_effective(day)).map(|pathway| format!("Pathway {}", pathway.id));
    Group {
        title: format!("{title}: {}", regimen.name),
        note: [Some(regimen.id.clone()), pathway].into_iter().flatten().collect::<Vec<_>>().join(", "),
        ..Group::default()
    }
}

/// The regimen that shares most drugs with an order that matches none.
fn nearest<'c>(findings: &[Finding], content: &'c Content) -> Option<&'c Regimen> {
    let none = findings.iter().find(|finding| finding.rule == "regimen/none")?;
    content.regimen(none.facts.get("nearest_regimen")?.as_str()?).map(AsRef::as_ref)
}

fn since_of(regimen: &Regimen) -> String {
    regimen.pathway.as_ref().map(|pathway| range(pathway.effective_from, pathway.effective_through)).unwrap_or_default()
}

fn range(from: Option<NaiveDate>, through: Option<NaiveDate>) -> String {
    match (from, through) {
        (Some(from), Some(through)) => format!("{} – {}", words::short_day(from), words::short_day(through)),
        (Some(from), None) => format!("since {}", words::short_day(from)),
        (None, Some(through)) => format!("through {}", words::short_day(through)),
        (None, None) => String::new(),
    }
}

/// A field of the regimen: `Stage: expected I, II, entered IIB`.
fn of_fit(finding: &Finding, since: &str) -> (Truth, Row) {
    let (outcome, mut row) = of_rule(finding, since.to_owned());
    let parts = finding.message.split_once(": expected ").and_then(|(name, rest)| Some((name, rest.rsplit_once(", entered ")?)));
    if let Some((name, (expected, entered))) = parts {
        row.name = words::capitalize(name);
        row.expected = words::without_calls(expected);
        row.entered = entered.trim_end_matches('.').replace('_', " ");
        row.finding = String::new();
    }
    (outcome, row)
}

/// A rule, with the facts that it used against what it asks for.
fn of_rule(finding: &Finding, since: String) -> (Truth, Row) {
    let facts = finding.facts.iter().filter(|(_, fact)| !fact.is_null());
    let named = |name: &str| if name.starts_with('/') { place(name) } else { name.replace('_', " ") };
    let fact = |(name, fact): (&str, &serde_json::Value)| format!("{} {}", named(name), value(fact));
    let entered: Vec<String> = facts.map(fact).collect();
    let (verdict, tone) = verdict(finding.outcome);
    let message = words::sentence(&words::without_ids(&finding.message));
    (
        finding.outcome,
        Row {
            name: name_of(&finding.rule),
            entered: if entered.is_empty() { "–".to_owned() } else { words::capitalize(&entered.join("; ")) },
            expected: finding.says.as_deref().map_or_else(|| message.clone(), words::sentence),
            verdict,
            tone,
            finding: if finding.says.is_some() { message } else { String::new() },
            source: finding.source.to_string(),
            since: [since, format!("release {}", finding.content_release)]
                .into_iter()
                .filter(|part| !part.is_empty())
                .collect::<Vec<_>>()
                .join("; "),
        },
    )
}

/// `policy/MP-TRASTUZUMAB/general/1` to `General 1`, `drug/docetaxel/route` to `Docetaxel, route`.
fn name_of(rule: &str) -> String {
    if rule == "regimen/none" {
        return "Regimen".to_owned();
    }
    let mut parts: Vec<&str> = rule.split('/').collect();
    if matches!(parts.first(), Some(&("policy" | "regimen"))) && parts.len() > 2 {
        parts.drain(..2);
    } else if parts.len() > 1 {
        parts.drain(..1);
    }
    // the number of an indication is no word
    parts.retain(|part| !part.starts_with("IND-"));
    words::capitalize(&parts.join(", ").replace(['_', '-'], " "))
}

fn policy_groups(standing: &Standing, groups: &mut Vec<Group>) {
    let mut named: Vec<(&str, Group)> = Vec::new();
    for finding in &standing.case.findings {
        let Some(id) = finding.rule.strip_prefix("policy/").and_then(|rest| rest.split('/').next()) else { continue };
        let policy = standing.content.policies.iter().find(|policy| policy.id == id);
        let since = policy.map(|policy| range(policy.effective_from, policy.effective_through)).unwrap_or_default();
        let row = of_rule(finding, since);
        if let Some((_, group)) = named.iter_mut().find(|(known, _)| *known == id) {
            group.add(row);
            continue;
        }
        let title = policy.map_or_else(
            || "Drugs without a policy of their own, judged by the regimen".to_owned(),
            |policy| format!("Policy: {}", policy.title),
        );
        let mut group = Group { title, note: policy.map(|policy| policy.id.clone()).unwrap_or_default(), ..Group::default() };
        group.add(row);
        named.push((id, group));
    }
    groups.extend(named.into_iter().map(|(_, group)| group));
}

/// One row a drug: as ordered, and as the regimen gives it.
fn drug_rows(group: &mut Group, regimen: &Regimen, standing: &Standing) {
    for drug in &standing.case.drugs {
        let about = |deviation: &&Deviation| deviation.drug_line == Some(drug.line) && deviation.field.starts_with("/treatment");
        let departs = standing.case.deviations.iter().find(about);
        let given = given(regimen, &drug.name);
        let outcome = if departs.is_none() && !given.is_empty() { Truth::Met } else { Truth::NotMet };
        // support is no part of what is compared (REG-06)
        if given.is_empty() && drug.role == crate::domain::vocabulary::DrugRole::Supportive && departs.is_none() {
            continue;
        }
        let (verdict, tone) = verdict(outcome);
        group.add((
            outcome,
            Row {
                name: drug_name(drug),
                entered: drug.asked_in_words().into_owned(),
                expected: if given.is_empty() { "not part of this regimen".to_owned() } else { given.join("; then ") },
                verdict,
                tone,
                finding: departs.map(|one| words::sentence(&words::without_ids(&one.message))).unwrap_or_default(),
                source: regimen.citation.clone(),
                since: since_of(regimen),
            },
        ));
    }
    let is_ordered = |drug: &RegimenDrug| standing.case.drugs.iter().any(|ordered| ordered.name == drug.generic);
    let mut named: Vec<&str> = Vec::new();
    for drug in regimen.phases.iter().flat_map(|phase| &phase.drugs).filter(|drug| drug.role != RegimenDrugRole::Supportive) {
        if is_ordered(drug) || named.contains(&drug.generic.as_str()) || standing.case.pathway.regimen_id.is_some() {
            continue;
        }
        named.push(&drug.generic);
        group.differing.push(Row {
            name: words::capitalize(&drug.generic),
            entered: "not ordered".to_owned(),
            expected: given(regimen, &drug.generic).join("; then "),
            verdict: "differs",
            tone: "bad",
            finding: String::new(),
            source: regimen.citation.clone(),
            since: since_of(regimen),
        });
    }
}

pub(super) fn drug_name(drug: &CaseLine) -> String {
    let name = words::capitalize(&drug.name);
    drug.hcpcs.as_ref().map_or_else(|| name.clone(), |code| format!("{name} ({code})"))
}

/// How a regimen gives a drug, phase by phase.
fn given(regimen: &Regimen, generic: &str) -> Vec<String> {
    let in_phase = |phase: &RegimenPhase| {
        let drug = phase.drugs.iter().find(|drug| drug.generic == generic)?;
        let dose = |dose: crate::domain::content::RegimenDose| Dose { amount: dose.amount, unit: dose.unit };
        let first = drug.loading_dose.map(|first| format!(", first {}", dose(first))).unwrap_or_default();
        let days = drug.days.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
        let cycles = match (phase.cycles_min, phase.cycles_max) {
            (_, None) => "until progression".to_owned(),
            (least, Some(most)) if least == most => format!("{most} cycles"),
            (least, Some(most)) => format!("{least} to {most} cycles"),
        };
        Some(format!("{} {}{first}, day {days} of {}, {cycles}", dose(drug.dose), drug.route, phase.cycle_length_days))
    };
    regimen.phases.iter().filter_map(in_phase).collect()
}

/// What the nearest regimen is for, beside what was entered. The engine judges only a regimen that has the drugs.
fn not_judged(regimen: &Regimen, summary: &Summary) -> Vec<Row> {
    let entered = |item: &str| {
        let found = summary.disease.iter().find(|one| one.item == item);
        found.map_or_else(|| "not entered".to_owned(), |one| one.value.clone())
    };
    let code = summary.diagnosis.as_ref().map_or_else(|| "not entered".to_owned(), |diagnosis| diagnosis.icd10.clone());
    let lines: Vec<String> = regimen.lines.iter().map(|line| words::humanize(line.as_str())).collect();
    let markers: Vec<&str> = regimen.biomarkers.iter().map(|marker| marker.text.as_str()).collect();
    let fields = [
        ("Diagnosis", code, regimen.icd10_prefixes.join(", ")),
        ("Line of treatment", entered("line_of_treatment"), lines.join(", ")),
        ("Stage", entered("stage"), regimen.stages.join(", ")),
        ("Pathology", entered("pathology"), regimen.pathology.as_deref().map(words::humanize).unwrap_or_default()),
        ("Biomarkers", entered("biomarkers"), markers.join(", ")),
    ];
    let row = |(name, entered, expected): (&str, String, String)| Row {
        name: name.to_owned(),
        entered,
        expected,
        verdict: "not judged",
        tone: "plain",
        finding: String::new(),
        source: regimen.citation.clone(),
        since: since_of(regimen),
    };
    fields.into_iter().filter(|(_, _, expected)| !expected.is_empty()).map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::name_of;

    #[test]
    fn rules_are_named_by_what_they_are_about() {
        assert_eq!(name_of("policy/MP-TRASTUZUMAB/general/1"), "General, 1");
        assert_eq!(name_of("drug/docetaxel/route"), "Docetaxel, route");
        assert_eq!(name_of("regimen/none"), "Regimen");
        assert_eq!(name_of("radiation/modality/IND-069"), "Modality");
    }
}
