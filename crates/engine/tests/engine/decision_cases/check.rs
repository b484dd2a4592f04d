//! Compares what came of a case with what its file expects, and says every difference.

use super::format::{Expect, Refused};
use super::outcome::{faults, review, slug};
use oncoauth::domain::case::{Case, Deviation};
use oncoauth::domain::line::CaseLine;
use oncoauth::domain::refusal::Refusal;
use std::collections::BTreeMap;
use std::fmt::Debug;

/// Every difference, in words; none where the case is as expected.
pub fn differences(expected: &Expect, outcome: &Result<Case, Refusal>) -> Vec<String> {
    let mut found = Differences(Vec::new());
    match (outcome, &expected.refusal) {
        (Err(refusal), Some(wanted)) => found.refusal(wanted, refusal),
        (Err(refusal), None) => found.0.push(format!("refused: {refusal:?}")),
        (Ok(case), Some(wanted)) => found.0.push(format!("should be refused as {}, is {}", wanted.slug, case.status)),
        (Ok(case), None) => found.case(expected, case),
    }
    found.0
}

struct Differences(Vec<String>);

impl Differences {
    fn same<T: PartialEq + Debug>(&mut self, what: &str, expected: &T, found: &T) {
        if expected != found {
            self.0.push(format!("{what}: expected {expected:?}, found {found:?}"));
        }
    }

    fn stated<T: PartialEq + Debug>(&mut self, what: &str, expected: Option<&T>, found: &T) {
        if let Some(expected) = expected {
            self.same(what, expected, found);
        }
    }

    fn holds_words(&mut self, what: &str, words: &str, text: &str) {
        if !text.contains(words) {
            self.0.push(format!("{what}: expected the words {words:?}, found {text:?}"));
        }
    }

    fn refusal(&mut self, wanted: &Refused, refusal: &Refusal) {
        self.same("refusal", &wanted.slug.as_str(), &slug(refusal));
        let text = format!("{refusal:?}");
        if let Refusal::NotEligible(ineligible) = refusal {
            self.stated("exclusion", wanted.exclusion.as_ref(), &ineligible.exclusion);
            self.stated("requirement", wanted.requirement.as_ref(), &ineligible.requirement);
        } else if wanted.exclusion.is_some() {
            self.0.push(format!("exclusion: none in {text}"));
        }
        if let Some(expected) = &wanted.faults {
            let found = faults(refusal).iter().map(|fault| format!("{} {}", fault.pointer, fault.code));
            self.same("faults", &sorted(expected.iter().cloned()), &sorted(found));
        }
        for words in &wanted.says {
            self.holds_words("refusal", words, &text);
        }
    }

    fn case(&mut self, expected: &Expect, case: &Case) {
        self.stated("status", expected.status.as_ref(), &case.status.to_string());
        if let Some(words) = &expected.reason {
            self.holds_words("reason", words, case.status_reason.as_deref().unwrap_or_default());
        }
        self.drugs(expected, case);
        if let Some(wanted) = &expected.deviations {
            self.deviations(wanted, case);
        }
        for wanted in &expected.deviates {
            if !case.deviations.iter().any(|deviation| is_as(wanted, deviation)) {
                self.0.push(format!("no deviation {wanted}; found {:?}", case.deviations.iter().map(short).collect::<Vec<_>>()));
            }
        }
        if let Some(wanted) = &expected.notices {
            let found = case.notices.iter().map(|notice| notice.code.to_string());
            self.same("notices", &sorted(wanted.iter().cloned()), &sorted(found));
        }
        if let Some(words) = &expected.notice {
            self.holds_words("notices", words, &format!("{:?}", case.notices));
        }
        if let Some(wanted) = &expected.holds {
            let found = review(case).into_iter().flat_map(|review| &review.holds).map(ToString::to_string);
            self.same("holds", &sorted(wanted.iter().cloned()), &sorted(found));
        }
        self.pathway(expected, case);
        let due_at = review(case).map(|review| review.due_at.to_rfc3339()).unwrap_or_default();
        self.stated("due at", expected.due_at.as_ref(), &due_at);
        for (rule, outcome) in &expected.findings {
            let found = case.findings.iter().find(|finding| finding.rule == *rule).map(|finding| finding.outcome.as_str());
            self.same(&format!("finding {rule}"), &Some(outcome.as_str()), &found);
        }
        for (rule, words) in &expected.sources {
            let found = case.findings.iter().find(|finding| finding.rule == *rule).map(|finding| finding.source.as_ref());
            self.holds_words(&format!("source of {rule}"), words, found.unwrap_or_default());
        }
        let asked_for = review(case).map(|review| review.asked_for.join(" | ")).unwrap_or_default();
        for words in &expected.asked_for {
            self.holds_words("asked for", words, &asked_for);
        }
        let said = serde_json::json!(case).to_string();
        let mut told = expected.unsaid.iter().filter(|words| said.contains(words.as_str()));
        self.same("words that nobody is to read", &None, &told.next());
    }

    fn drugs(&mut self, expected: &Expect, case: &Case) {
        self.by_line("status", &expected.drugs, case, |drug| drug.status.to_string());
        self.by_line("role", &expected.roles, case, |drug| drug.role.to_string());
        self.by_line("units", &expected.units, case, |drug| drug.units_approved.map_or(-1, u64::cast_signed));
        self.by_line("visits", &expected.visits, case, |drug| drug.visits_approved.map_or(-1, i64::from));
        self.by_line("dose", &expected.doses, case, |drug| {
            drug.drug()
                .and_then(|drug| drug.administered_dose)
                .map_or_else(String::new, |dose| format!("{} {}", dose.amount, dose.unit))
        });
        let text = |what: &str, words: &BTreeMap<String, String>, of: fn(&CaseLine) -> String, found: &mut Self| {
            for (line, words) in words {
                match drug(case, line) {
                    Some(drug) => found.holds_words(&format!("{what} of line {line}"), words, &of(drug)),
                    None => found.0.push(format!("there is no line {line}")),
                }
            }
        };
        text("message", &expected.messages, |drug| drug.message.clone(), self);
        text("contact", &expected.contacts, |drug| format!("{:?}", drug.contact), self);
        if let Some(through) = &expected.valid_through {
            let shown: Vec<String> = case.drugs.iter().filter_map(|drug| drug.valid_through).map(|day| day.to_string()).collect();
            if shown.is_empty() || shown.iter().any(|day| day != through) {
                self.0.push(format!("valid through: expected {through}, found {shown:?}"));
            }
        }
    }

    fn by_line<T: PartialEq + Debug>(
        &mut self,
        what: &str,
        expected: &BTreeMap<String, T>,
        case: &Case,
        of: impl Fn(&CaseLine) -> T,
    ) {
        for (line, expected) in expected {
            match drug(case, line) {
                Some(drug) => self.same(&format!("{what} of line {line} ({})", drug.name), expected, &of(drug)),
                None => self.0.push(format!("there is no line {line}")),
            }
        }
    }

    fn deviations(&mut self, wanted: &[String], case: &Case) {
        let mut left: Vec<&Deviation> = case.deviations.iter().collect();
        for wanted in wanted {
            match left.iter().position(|deviation| is_as(wanted, deviation)) {
                Some(index) => drop(left.remove(index)),
                None => self.0.push(format!("no deviation {wanted}")),
            }
        }
        for deviation in left {
            self.0.push(format!("unexpected deviation {}: {}", short(deviation), deviation.message));
        }
    }

    fn pathway(&mut self, expected: &Expect, case: &Case) {
        let pathway = &case.pathway;
        self.stated("pathway", expected.pathway.as_ref(), &pathway.determination.to_string());
        self.stated("pathway id", expected.pathway_id.as_ref(), &pathway.pathway_id.clone().unwrap_or_default());
        self.stated("regimen", expected.regimen.as_ref(), &pathway.regimen_id.clone().unwrap_or_default());
        let options: Vec<String> = pathway.options.iter().map(|option| option.regimen_id.clone()).collect();
        self.stated("first option", expected.first_option.as_ref(), &options.first().cloned().unwrap_or_default());
        let places: Vec<Option<usize>> =
            expected.options.iter().map(|wanted| options.iter().position(|found| found == wanted)).collect();
        if places.contains(&None) || !places.is_sorted() {
            self.0.push(format!("options: expected {:?} in this order, found {options:?}", expected.options));
        }
        if let Some(wanted) = &expected.s_codes {
            let found = case.s_codes.iter().flatten().map(|award| (award.code.clone(), award.times)).collect();
            self.same("S-codes", wanted, &found);
        }
        let withheld = case.s_codes_withheld.map(|reason| reason.to_string()).unwrap_or_default();
        self.stated("withheld", expected.withheld.as_ref(), &withheld);
    }
}

fn drug<'c>(case: &'c Case, line: &str) -> Option<&'c CaseLine> {
    case.drugs.iter().find(|drug| drug.line.to_string() == line)
}

fn sorted(items: impl Iterator<Item = String>) -> Vec<String> {
    let mut items: Vec<String> = items.collect();
    items.sort();
    items
}

/// `code@line effect /field`; what is not stated is not compared.
fn is_as(wanted: &str, deviation: &Deviation) -> bool {
    wanted.split_whitespace().enumerate().all(|(index, word)| match (index, word.split_once('@')) {
        (0, Some((code, line))) => {
            code == deviation.code.as_str() && deviation.drug_line.is_some_and(|found| found.to_string() == line)
        }
        (0, None) => word == deviation.code.as_str(),
        _ if word.starts_with('/') => word == deviation.field,
        _ => word == deviation.effect.as_str(),
    })
}

fn short(deviation: &Deviation) -> String {
    let line = deviation.drug_line.map(|line| format!("@{line}")).unwrap_or_default();
    format!("{}{line} {} {}", deviation.code, deviation.effect, deviation.field)
}
