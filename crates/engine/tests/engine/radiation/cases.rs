//! The orders of `tests/radiation/*.toml`: a schedule as it stands, or the base order, with something changed.

use super::exact::{base, exact};
use super::{content, deviations, fact, lines, schedule, situation};
use crate::support::orders::merge;
use oncoauth::domain::content::radiation::FractionationSchedule;
use oncoauth::domain::order::{OrderedDrug, Phase};
use oncoauth::domain::vocabulary::{CaseStatus, DeviationCode, DrugStatus, Hold, Service};
use oncoauth::rules::{Decision, RelatedCase, RelatedDrug};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeSet;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    case: Vec<Case>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    proves: Vec<String>,
    /// A schedule ordered as it stands; the base order where there is none.
    start: Option<String>,
    /// A JSON merge patch as text.
    patch: Option<String>,
    /// Values by JSON pointer.
    #[serde(default)]
    set: std::collections::BTreeMap<String, Value>,
    /// One pointer and several values: the case is decided so with each of them.
    each: Option<Each>,
    /// The member's row, as a merge patch.
    member: Option<String>,
    /// Radiation of the member on file.
    #[serde(default)]
    related: Vec<Related>,
    expect: Expect,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Each {
    at: String,
    of: Vec<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Related {
    words: Vec<String>,
    from: chrono::NaiveDate,
    through: chrono::NaiveDate,
    theirs: bool,
    status: String,
    /// Phases of drugs, as JSON, where it is an order of drugs.
    phases: Option<String>,
    /// Where several are told apart.
    #[serde(default = "seven")]
    id: u128,
}

const fn seven() -> u128 {
    7
}

impl Related {
    fn case(&self) -> RelatedCase {
        let phases: Vec<Phase> =
            self.phases.as_deref().map(|text| serde_json::from_str(text).expect("phases")).unwrap_or_default();
        let line = |drug: &OrderedDrug| RelatedDrug {
            line: drug.line,
            generic: drug.generic.clone().expect("a generic name"),
            hcpcs: None,
            role: drug.role.expect("a role"),
            status: DrugStatus::Authorized,
            valid_from: Some(self.from),
            valid_through: Some(self.through),
            visits_approved: None,
            units_approved: None,
        };
        RelatedCase {
            case_id: uuid::Uuid::from_u128(self.id),
            service: if phases.is_empty() { Service::RadiationOncology } else { Service::MedicalOncology },
            status: CaseStatus::parse(&self.status).expect("a case status"),
            order_id: Some("A000000018".to_owned()),
            valid_from: self.from,
            valid_through: self.through,
            treatment_ingredients: self.words.clone(),
            regimen_id: None,
            awarded_pathway: None,
            drugs: phases.iter().flat_map(|phase| &phase.drugs).map(line).collect(),
            cancer_type: None,
            icd10: None,
            line_of_treatment: None,
            is_theirs: self.theirs,
            told: oncoauth::rules::ToldBefore::default(),
            phases,
        }
    }
}

/// A course on file by a schedule, of the first site of the one that boosts it.
pub fn course_by(id: &str, boost: &FractionationSchedule) -> RelatedCase {
    let main = content().radiation.schedule(id).expect("a schedule");
    let (dose, fractions) = main.typical;
    let words = vec![
        format!("site:{}", boost.sites[0]),
        format!("by:{}", main.modalities[0].modality),
        format!("dose:{dose}/{fractions}"),
    ];
    let day = |text: &str| text.parse().expect("a day");
    Related {
        words,
        from: day("2026-11-02"),
        through: day("2027-01-20"),
        theirs: true,
        status: "authorized".to_owned(),
        phases: None,
        id: 7,
    }
    .case()
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    status: Option<String>,
    schedule: Option<String>,
    support: Option<String>,
    /// `code effect field`, all of them.
    deviations: Option<Vec<String>>,
    /// Some of them.
    #[serde(default)]
    deviates: Vec<String>,
    holds: Option<Vec<String>>,
    /// `code x units status`, all of them.
    lines: Option<Vec<String>>,
    /// `code x visits`, all of them.
    visits: Option<Vec<String>>,
    valid_through: Option<String>,
    /// Schedules offered by some deviation, at least these.
    #[serde(default)]
    offers: Vec<String>,
    /// Words of some deviation's message, each.
    #[serde(default)]
    says: Vec<String>,
    /// Words of some notice's message, each.
    #[serde(default)]
    notes: Vec<String>,
    /// Words of no notice's message.
    #[serde(default)]
    hides: Vec<String>,
    /// Words of some finding's message, each.
    #[serde(default)]
    finds: Vec<String>,
    /// A fact of the findings: a number with one decimal.
    #[serde(default)]
    facts: std::collections::BTreeMap<String, f64>,
    /// `pointer code` of every fault of a refusal.
    faults: Option<Vec<String>>,
}

fn file() -> File {
    let read = |name: &str| {
        let path = crate::support::copy::repository().join("tests/radiation").join(name);
        let file: File = toml::from_str(&std::fs::read_to_string(path).expect("a readable file")).expect("cases");
        file.case
    };
    File {
        case: ["cases.toml", "safety.toml", "consistency.toml", "practice.toml", "heard.toml", "facts.toml", "course.toml"]
            .into_iter()
            .flat_map(read)
            .collect(),
    }
}

impl Case {
    fn order(&self) -> Value {
        let mut order = match &self.start {
            None => base(),
            Some(id) => exact(content().radiation.schedule(id).unwrap_or_else(|| panic!("no schedule {id}"))),
        };
        if let Some(patch) = &self.patch {
            merge(&mut order, &serde_json::from_str(patch).unwrap_or_else(|error| panic!("{}: {error}", self.name)));
        }
        for (pointer, value) in &self.set {
            self.put(&mut order, pointer, value);
        }
        order
    }

    fn put(&self, order: &mut Value, pointer: &str, value: &Value) {
        let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
        order.pointer_mut(parent).unwrap_or_else(|| panic!("{}: no {parent}", self.name))[key] = value.clone();
    }

    fn differences(&self) -> Vec<String> {
        let Some(each) = &self.each else { return self.differences_of(self.order()) };
        let one = |value: &Value| {
            let mut order = self.order();
            self.put(&mut order, &each.at, value);
            self.differences_of(order).into_iter().map(|difference| format!("{value}: {difference}")).collect::<Vec<_>>()
        };
        each.of.iter().flat_map(one).collect()
    }

    fn differences_of(&self, order: Value) -> Vec<String> {
        let mut situation = situation(order);
        situation.related = self.related.iter().map(Related::case).collect();
        if let (Some(patch), Some(member)) = (&self.member, &mut situation.member) {
            let mut row = serde_json::to_value(&*member).expect("a row");
            merge(&mut row, &serde_json::from_str(patch).expect("JSON"));
            *member = serde_json::from_value(row).expect("a row");
        }
        match (situation.decide(content()), &self.expect.faults) {
            (Ok(decision), None) => self.expect.differences(&decision),
            (Ok(decision), Some(_)) => vec![format!("should be refused, is {}", decision.status)],
            (Err(refusal), None) => vec![format!("refused: {refusal:?}")],
            (Err(refusal), Some(expected)) => {
                let found: Vec<String> =
                    super::faults(&refusal).iter().map(|fault| format!("{} {}", fault.pointer, fault.code)).collect();
                if found == *expected { Vec::new() } else { vec![format!("faults: expected {expected:?}, found {found:?}")] }
            }
        }
    }
}

impl Expect {
    fn differences(&self, decision: &Decision) -> Vec<String> {
        let mut found = Vec::new();
        let mut same = |what: &str, expected: Option<String>, is: String| {
            if let Some(expected) = expected.filter(|expected| *expected != is) {
                found.push(format!("{what}: expected {expected}, found {is}"));
            }
        };
        let all = |list: &[String]| {
            let mut list = list.to_vec();
            list.sort();
            format!("{list:?}")
        };
        let told = deviations(decision);
        let holds: Vec<String> = decision.holds.iter().map(ToString::to_string).collect();
        same("status", self.status.clone(), decision.status.to_string());
        same("schedule", self.schedule.clone(), schedule(decision).unwrap_or_else(|| "none".to_owned()));
        same("support", self.support.clone(), fact(decision, "support").as_str().unwrap_or_default().to_owned());
        same("deviations", self.deviations.as_deref().map(all), all(&told));
        same("holds", self.holds.as_deref().map(all), all(&holds));
        same("lines", self.lines.as_ref().map(|lines| format!("{lines:?}")), format!("{:?}", lines(decision)));
        let visits = decision.drugs.iter().map(|decided| {
            let (code, visits) = (decided.drug.hcpcs.as_deref().unwrap_or("none"), decided.drug.visits_approved);
            format!("{code} x {}", visits.map_or_else(|| "none".to_owned(), |visits| visits.to_string()))
        });
        same("visits", self.visits.as_ref().map(|visits| format!("{visits:?}")), format!("{:?}", visits.collect::<Vec<_>>()));
        same("valid through", self.valid_through.clone(), decision.valid_through.to_string());
        for wanted in self.deviates.iter().filter(|wanted| !told.contains(wanted)) {
            found.push(format!("no deviation {wanted}; found {told:?}"));
        }
        let offered: Vec<&str> =
            decision.deviations.iter().flat_map(|deviation| &deviation.options).map(|option| option.schedule.as_str()).collect();
        for wanted in self.offers.iter().filter(|wanted| !offered.contains(&wanted.as_str())) {
            found.push(format!("{wanted} is not offered; offered are {offered:?}"));
        }
        let messages: Vec<&str> = decision.deviations.iter().map(|deviation| deviation.message.as_str()).collect();
        let messages = messages.join(" | ");
        for words in self.says.iter().filter(|words| !messages.contains(words.as_str())) {
            found.push(format!("nothing says {words:?}: {messages}"));
        }
        let notices: Vec<&str> = decision.notices.iter().map(|notice| notice.message.as_str()).collect();
        let notices = notices.join(" | ");
        for words in self.notes.iter().filter(|words| !notices.contains(words.as_str())) {
            found.push(format!("no notice says {words:?}: {notices}"));
        }
        for words in self.hides.iter().filter(|words| notices.contains(words.as_str())) {
            found.push(format!("a notice says {words:?}: {notices}"));
        }
        let findings: Vec<&str> = decision.findings.iter().map(|finding| finding.message.as_str()).collect();
        let findings = findings.join(" | ");
        for words in self.finds.iter().filter(|words| !findings.contains(words.as_str())) {
            found.push(format!("no finding says {words:?}: {findings}"));
        }
        for (name, expected) in &self.facts {
            let is = fact(decision, name).as_f64().unwrap_or(f64::NAN);
            if (is - expected).abs() > 0.051 {
                found.push(format!("{name}: expected {expected}, found {is}"));
            }
        }
        found
    }
}

#[test]
fn every_case_is_decided_as_its_file_expects() {
    let cases = file().case;
    let failures: Vec<String> = cases
        .iter()
        .filter_map(|case| {
            let found = case.differences();
            (!found.is_empty()).then(|| format!("{}\n    {}", case.name, found.join("\n    ")))
        })
        .collect();
    assert!(failures.is_empty(), "{} of {} differ\n\n{}", failures.len(), cases.len(), failures.join("\n"));
}

#[test]
fn the_cases_leave_no_rule_deviation_or_hold_of_radiation_out() {
    let cases = file().case;
    assert!(cases.len() + 25 >= 60, "{} cases beside the 25 orders", cases.len());
    let names: BTreeSet<&str> = cases.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(names.len(), cases.len(), "two cases have the same name");
    let proved: BTreeSet<&str> = cases.iter().flat_map(|case| case.proves.iter().map(String::as_str)).collect();
    for rule in [
        "R-03", "R-05", "R-07", "R-11", "R-12", "R-13", "R-14", "R-21", "R-22", "R-23", "R-24", "R-25", "R-26", "R-27", "R-31",
        "R-32", "R-33", "R-34", "R-41", "R-42", "R-51", "R-53",
    ] {
        assert!(proved.contains(rule), "no case proves {rule}");
    }
    let told: Vec<&String> =
        cases.iter().flat_map(|case| case.expect.deviations.iter().flatten().chain(&case.expect.deviates)).collect();
    for code in [
        DeviationCode::MissingPlanComparison,
        DeviationCode::Fractionation,
        DeviationCode::OffPreferredSchedule,
        DeviationCode::NotRecommendedSchedule,
        DeviationCode::ModalityNotSupported,
        DeviationCode::ProcedureMismatch,
        DeviationCode::Contradiction,
        DeviationCode::ClinicalMismatch,
        DeviationCode::UnknownAnswer,
        DeviationCode::MissingClinicalInformation,
    ] {
        assert!(told.iter().any(|one| one.starts_with(code.as_str())), "no case for {code}");
    }
    for hold in [Hold::RadiationReview, Hold::PlanComparisonReview, Hold::ReIrradiation] {
        let is = |case: &Case| case.expect.holds.iter().flatten().any(|word| word == hold.as_str());
        assert!(cases.iter().any(is), "no case for {hold}");
    }
}
