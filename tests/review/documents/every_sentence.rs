//! The denial of every sentence of every policy, as a member and a practice read it: no words of machines, in English and in Spanish.

use crate::support::desk::*;
use crate::support::http::Service;
use oncoauth::documents::{Denied, Letter, LetterFacts, Told, html};
use oncoauth::domain::answer::Answer;
use oncoauth::domain::case::{Case, Finding, LetterReference};
use oncoauth::domain::content::{Content, Indication, Policy, Statement};
use oncoauth::domain::vocabulary::{Addressee, DrugStatus, LetterKind, Truth};
use oncoauth::rules::plain;
use serde_json::{Value, json};
use std::sync::Arc;

/// A decided case to hang findings on.
async fn denied_case() -> Case {
    let service = Service::with_rosters().await;
    let case = denied(&service, BMA).await;
    serde_json::from_value(read(&service, case["case_id"].as_str().unwrap()).await).unwrap()
}

fn finding(number: usize, rule: &str, outcome: Truth, says: Option<String>, source: &str) -> Finding {
    let text: Value = says.map_or(Value::Null, Value::from);
    serde_json::from_value(json!({
        "id": format!("f{number}"), "rule": rule, "outcome": outcome, "requirements": [], "content_release": "test", "source": source,
        "facts": {}, "message": text.as_str().unwrap_or("something that is only for the desk, member file male"), "says": text
    }))
    .unwrap()
}

/// The sentences of one section with those that every section needs.
fn sentences<'p>(policy: &'p Policy, section: Option<&'p Indication>) -> Vec<&'p Statement> {
    policy.general.iter().chain(&policy.general_limits).chain(section.into_iter().flat_map(Indication::statements)).collect()
}

/// The letter about a denial for these sentences.
fn letter(
    case: &Case,
    content: &Content,
    policy: &Policy,
    section: Option<&Indication>,
    to: Addressee,
    language: &str,
) -> String {
    let mut case = case.clone();
    let cancer = content.cancers.iter().find(|cancer| section.is_none_or(|section| section.is_for(&cancer.key, cancer.solid)));
    case.request.clinical.cancer_type = cancer.map_or(Answer::Unknown, |cancer| Answer::Known(cancer.key.clone()));
    let program = content.program(&case.program).unwrap();
    let source = format!("{}, for want of a CMS coverage determination on file; {}", program.criteria_source, policy.source);
    let mut findings = vec![finding(0, "agreement/sex-roster", Truth::NotMet, None, "desk")];
    for (index, statement) in sentences(policy, section).into_iter().enumerate() {
        let rule = format!("policy/{}/section/{}", policy.id, index + 1);
        let outcome = if index % 2 == 0 { Truth::NotMet } else { Truth::Unknown };
        findings.push(finding(index + 1, &rule, outcome, Some(plain::sentence(statement, content)), &source));
    }
    let rules: Vec<String> = findings.iter().map(|finding| finding.rule.to_string()).collect();
    case.findings = findings;
    for line in case.lines_mut() {
        line.status = DrugStatus::NonAuthorized;
    }
    let line = case.lines()[0].line;
    let facts = LetterFacts {
        denied: vec![Denied {
            line,
            reason_code: "insufficient_information".into(),
            rationale: "This drug is not known to help with your illness.".into(),
            for_member: true,
            criteria_not_met: rules,
            implied_by_line: None,
        }],
        calls: Vec::new(),
        reconsider_until: None,
        reconsidered: None,
    };
    let mut program = oncoauth::domain::content::Program::clone(program);
    program.letters = program.letters.in_language(language);
    let told = Told { program: &program, content, words: content.letters.get(language).unwrap() };
    let reference = LetterReference {
        letter_id: case.case_id,
        kind: LetterKind::Denial,
        to,
        issued_at: case.submitted_at,
        needs_address: false,
    };
    let page = html::render(&Letter::write(&reference, &case, &told, &facts).document);
    super::forms::words_of_page(&page)
}

/// What nobody reads: words of the criteria language, keys, ids of rules, counts of things that are one, words that a space was lost from.
fn faults(text: &str) -> Vec<String> {
    let signs = [
        "<=",
        ">=",
        "policy/",
        "limits/",
        "at least 1 line",
        "at least 1 points",
        "were at least one",
        " is msi h",
        "vus",
        "null",
        "of the class",
        "member file",
        "for the desk",
        "{",
        "}",
        " is yes",
        "  ",
        "codes among those",
    ];
    let mut found: Vec<String> = signs.iter().filter(|sign| text.contains(**sign)).map(|sign| (*sign).to_owned()).collect();
    found.extend(
        text.split_whitespace()
            .filter(|word| word.contains('_') || word.starts_with("MP-") || word.starts_with("SP-"))
            .map(str::to_owned),
    );
    found
}

// proves DET-10, REG-11, INF-08
#[tokio::test]
async fn the_denial_of_every_sentence_of_a_policy_has_no_words_of_machines() {
    let case = denied_case().await;
    let library = oncoauth::content::load_embedded().unwrap();
    let content: &Arc<Content> = library.releases().last().unwrap();
    let mut wrong = Vec::new();
    let mut told = 0;
    for policy in &content.policies {
        let sections: Vec<Option<&Indication>> = policy.indications.iter().map(Some).collect();
        let sections = if sections.is_empty() { vec![None] } else { sections };
        for section in sections {
            let expected = sentences(policy, section);
            if expected.is_empty() {
                continue; // it is met by nothing, and a person decides by the drug
            }
            for (to, language) in [(Addressee::Member, "en"), (Addressee::Provider, "en"), (Addressee::Member, "es")] {
                let text = letter(&case, content, policy, section, to, language);
                let named = content.letters.get(language).unwrap().title(&policy.id).unwrap_or(&policy.title);
                assert!(text.contains(named), "no {named} in {text}");
                wrong.extend(faults(&text).into_iter().map(|fault| format!("{} {language}: {fault:?}", policy.id)));
                if language == "en" {
                    for statement in &expected {
                        let says = plain::sentence(statement, content);
                        assert!(text.contains(&says.split_whitespace().collect::<Vec<_>>().join(" ")), "no {says:?} in {text}");
                        told += 1;
                    }
                } else {
                    // what has no words in Spanish says that it is English
                    let words = content.letters.get(language).unwrap();
                    let all_translated = expected.iter().all(|one| words.criterion(&plain::sentence(one, content)).is_some());
                    assert_eq!(text.contains("Lo que dice “en inglés”"), !all_translated, "{text}");
                    assert!(!text.contains("Medical policy") && !text.contains("Criteria of"), "{text}");
                }
            }
        }
    }
    wrong.sort();
    wrong.dedup();
    assert!(told > 1000, "{told}");
    assert!(wrong.is_empty(), "{} faults:\n{}", wrong.len(), wrong.join("\n"));
}
