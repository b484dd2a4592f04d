//! Every sentence of every policy in plain English: what people read has no word of the criteria language.

#![allow(clippy::unwrap_used, clippy::panic, reason = "test crate")]

use oncoauth::domain::content::{Content, Statement};
use oncoauth::domain::reading;
use oncoauth::rules::plain;

fn statements(content: &Content) -> Vec<(String, &Statement)> {
    let mut found = Vec::new();
    for policy in &content.policies {
        let indications = policy.indications.iter().flat_map(oncoauth::domain::content::Indication::statements);
        let all = policy.general.iter().chain(&policy.general_limits).chain(indications);
        found.extend(all.map(|statement| (policy.id.clone(), statement)));
    }
    found.extend(content.regimens.iter().flat_map(|one| one.came_before.iter().map(|statement| (one.id.clone(), statement))));
    found
}

/// What no letter may say.
fn is_machine_text(text: &str) -> bool {
    let signs =
        ["_", "<=", ">=", "[", "]", "policy/", " is yes", "of the class", "  ", "msi h", "at least 1 line", "since this:"];
    signs.iter().any(|sign| text.contains(sign)) || text.len() < 10 || !text.ends_with('.')
}

// proves DET-10, REG-11
#[test]
fn no_sentence_of_any_policy_is_told_in_the_language_that_machines_read() {
    let content = crate::support::content();
    let all = statements(content);
    assert!(all.len() > 500, "{}", all.len());
    let told = all.iter().map(|(of, statement)| (of, &statement.text, plain::sentence(statement, content)));
    let wrong: Vec<String> =
        told.filter(|(.., says)| is_machine_text(says)).map(|(of, text, says)| format!("{of}: {text}\n    {says}")).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

// proves DET-10
#[test]
fn a_criterion_says_what_it_asks_for_and_what_content_says_beside_it_comes_first() {
    let content = crate::support::content();
    let says = |policy: &str, text: &str| {
        let policy = content.policies.iter().find(|known| known.id == policy).unwrap();
        let indications = policy.indications.iter().flat_map(oncoauth::domain::content::Indication::statements);
        let mut all = policy.general.iter().chain(&policy.general_limits).chain(indications);
        let statement = all.find(|statement| statement.text.as_ref() == text).unwrap_or_else(|| panic!("{text}"));
        plain::sentence(statement, content)
    };
    let trastuzumab = "MP-TRASTUZUMAB-AND-BIOSIMILARS";
    assert_eq!(says(trastuzumab, "biomarker her2 is positive"), "HER2 is positive.");
    assert_eq!(says(trastuzumab, "cancer is breast"), "The cancer is breast cancer.");
    assert_eq!(says(trastuzumab, "age >= 18"), "The patient is at least 18 years old.");
    assert_eq!(says(trastuzumab, "stage in [I, II, III]"), "The stage is I, II or III.");
    assert_eq!(
        says(trastuzumab, "line in [neoadjuvant, adjuvant, perioperative]"),
        "The treatment is given before surgery, after surgery or before and after surgery."
    );
    assert_eq!(
        says("SP-GCSF-PRIMARY", "regimen fn_risk is high"),
        "The chemotherapy has a high risk (above 20%) of fever with low white blood cells."
    );
    assert_eq!(
        says(
            "MP-NIVOLUMAB",
            "not product is J9289 or (age >= 18 and (without ipilimumab or after ipilimumab) and not cancer is lymphoma_hodgkin)"
        ),
        "If the product is nivolumab and hyaluronidase-nvhy (J9289), then the patient is at least 18 years old and the cancer is not Hodgkin lymphoma; and \
         either the drug is not given together with ipilimumab or the drug begins after ipilimumab on this request has ended.",
        "alternatives come last and are set off"
    );
    for (policy, text, expected) in [
        (
            "MP-BEVACIZUMAB-AND-BIOSIMILARS",
            "days since last_major_surgery_on >= 28",
            "At least 28 days have passed since the last major surgery.",
        ),
        (
            "MP-BEVACIZUMAB-AND-BIOSIMILARS",
            "cancer is ovarian",
            "The cancer is ovarian, fallopian tube or primary peritoneal cancer.",
        ),
    ] {
        assert_eq!(says(policy, text), expected);
    }
    assert!(reading::grade(&says("SP-GCSF-PRIMARY", "regimen fn_risk is high")).unwrap() < 12.0);
}
