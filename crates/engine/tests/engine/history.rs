//! Facts about what came before, each three-valued: a policy of this test's own asks them, and its findings say what each came to.

#![expect(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a fixture that fails has to fail the test")]
#![allow(dead_code, reason = "the copy of the content is shared with another test")]

use crate::support;

use crate::support::copy::Copy;
use oncoauth::domain::content::Content;
use oncoauth::domain::vocabulary::{CaseStatus, DrugRole, DrugStatus, Service, Truth};
use oncoauth::rules::{RelatedCase, RelatedDrug};
use serde_json::{Value, json};
use std::sync::{Arc, LazyLock};
use support::orders::{Situation, exact, merge};

/// Every sentence asked; a finding carries its number.
const SENTENCES: [&str; 33] = [
    "prior docetaxel",
    "no prior docetaxel",
    "prior docetaxel progressed",
    "no prior docetaxel progressed",
    "prior class taxane",
    "prior class chemotherapy",
    "prior any [class pd_1, class pd_l1]",
    "no prior any [class pd_1, class pd_l1] progressed",
    "lines_before >= 1",
    "lines_before >= 2",
    "lines_before >= 4",
    "lines_before = 1",
    "lines_before <= 3",
    "metastatic_lines_before >= 1",
    "metastatic_lines_before >= 2",
    "lines_before_with any [docetaxel, class pd_1] >= 1",
    "lines_before_with any [docetaxel, class pd_1] >= 2",
    "continuation is yes",
    "continuation is no",
    "response in [complete_response, partial_response, stable_disease]",
    "response is progressive_disease",
    "toxicity is acceptable",
    "courses <= 1",
    "courses >= 2",
    "months since last_major_surgery_on >= 6",
    "months since last_major_surgery_on <= 6",
    "prior cabazitaxel",
    "no prior cabazitaxel",
    "prior cabazitaxel progressed",
    "no prior cabazitaxel progressed",
    "prior carboplatin",
    "prior class platinum",
    "line is third_line",
];

static CONTENT: LazyLock<Arc<Content>> = LazyLock::new(|| {
    let copy = Copy::new();
    let policy = copy.read("policies/cabazitaxel.toml");
    let sentences: Vec<String> = SENTENCES.iter().map(|sentence| format!("  {sentence:?},\n")).collect();
    let sentences = sentences.concat();
    // in front of the policy's own
    copy.write("policies/cabazitaxel.toml", &policy.replacen("general = [\n", &format!("general = [\n{sentences}"), 1));
    let library = oncoauth::content::load_dir(copy.path()).unwrap_or_else(|errors| panic!("{errors:?}"));
    Arc::clone(library.releases().last().expect("there is a release"))
});

/// Cabazitaxel in the second line, with this patch, beside these cases of the member.
fn situation(patch: &Value, related: &[RelatedCase]) -> Situation {
    let mut order = exact(CONTENT.regimen("PRO-CABA").expect("a regimen"), &CONTENT, "bma");
    order["member"]["sex"] = Value::Null;
    order["member"].as_object_mut().expect("an object").remove("sex");
    merge(&mut order, patch);
    let mut situation = Situation::new(order, "bma");
    situation.related = related.to_vec();
    situation
}

#[track_caller]
fn expect(patch: &Value, related: &[RelatedCase], expected: &[(&str, Truth)]) {
    let decision = situation(patch, related).decide(&CONTENT).unwrap_or_else(|refusal| panic!("{patch}: {refusal:?}"));
    for (sentence, truth) in expected {
        let number =
            SENTENCES.iter().position(|known| known == sentence).unwrap_or_else(|| panic!("{sentence} is not asked")) + 1;
        let rule = format!("policy/MP-CABAZITAXEL/general/{number}");
        let finding = decision.findings.iter().find(|finding| finding.rule == rule).expect("every sentence is a finding");
        assert_eq!(finding.outcome, *truth, "{sentence} for {patch}");
    }
}

fn given(name: &str) -> Value {
    json!({"clinical": {"prior_therapies": [{"name": name, "line": "adjuvant", "outcome": "completed"}]}})
}

fn ended(outcome: &Value, line: &str) -> Value {
    json!({"clinical": {"prior_therapies": [{"generic": "docetaxel", "line": line, "outcome": outcome}]}})
}

/// An approved case of the member with one drug.
fn case(drug: &str, from: &str, through: &str) -> RelatedCase {
    let day = |text: &str| text.parse().expect("a day");
    RelatedCase {
        case_id: uuid::Uuid::from_u128(7),
        service: Service::MedicalOncology,
        status: CaseStatus::Authorized,
        order_id: Some("A000000018".to_owned()),
        valid_from: day(from),
        valid_through: day(through),
        treatment_ingredients: vec![drug.to_owned()],
        regimen_id: None,
        awarded_pathway: None,
        drugs: vec![RelatedDrug {
            line: 1,
            generic: drug.to_owned(),
            hcpcs: None,
            role: DrugRole::Treatment,
            status: DrugStatus::Authorized,
            valid_from: Some(day(from)),
            valid_through: Some(day(through)),
            visits_approved: Some(6),
            units_approved: None,
        }],
        cancer_type: Some("prostate".to_owned()),
        icd10: Some("C61".to_owned()),
        line_of_treatment: None,
        is_theirs: true,
        told: oncoauth::rules::ToldBefore::default(),
        phases: Vec::new(),
    }
}

use Truth::{Met, NotMet, Unknown};

// proves SAFE-04
#[test]
fn a_name_is_what_every_reading_of_it_contains() {
    for (name, docetaxel, taxane, chemotherapy) in [
        ("docetaxel", Met, Met, Met),
        ("DOCETAXEL", Met, Met, Met),
        ("Taxotere", Met, Met, Met),
        ("taxotere ", Met, Met, Met),
        ("J9171", Met, Met, Met),
        ("DTX", Met, Met, Met),
        ("docetaxel/prednisone", Met, Met, Met),
        ("Docetaxel, carboplatin and trastuzumab", Met, Met, Met),
        ("carboplatin-docetaxel", Met, Met, Met),
        ("TCHP", Met, Met, Met),
        ("Taxotere (docetaxel)", Met, Met, Met),
        ("Keytruda (pembrolizumab) + carbo/taxol", NotMet, Met, Met),
        ("docetaxel (planned)", Unknown, Unknown, Unknown),
        ("carbo/taxol", NotMet, Met, Met),
        ("FOLFOX", NotMet, NotMet, Met),
        ("mFOLFOX-6", NotMet, NotMet, Met),
        ("R-CHOP", NotMet, NotMet, Met),
        ("Keytruda", NotMet, NotMet, NotMet),
        ("radiation", NotMet, NotMet, NotMet),
        ("panobinostat", NotMet, Unknown, Unknown),
        ("none", NotMet, NotMet, NotMet),
        // ambiguous: what is in all readings is certain
        ("AC-T", Unknown, Met, Met),
        ("TC", Unknown, Met, Met),
        ("taxane", Unknown, Met, Met),
        ("platinum doublet", Unknown, Unknown, Met),
        ("chemo", Unknown, Unknown, Met),
        ("clinical trial", Unknown, Unknown, Unknown),
        // what does not resolve is unknown, never no
        ("Taxoter", Unknown, Unknown, Unknown),
        ("carboplatin + xyzumab", Unknown, Unknown, Unknown),
        ("T", Unknown, Unknown, Unknown),
        ("see note", Unknown, Unknown, Unknown),
        ("not docetaxel", Unknown, Unknown, Unknown),
    ] {
        expect(
            &given(name),
            &[],
            &[
                ("prior docetaxel", docetaxel),
                ("no prior docetaxel", docetaxel.negate()),
                ("prior class taxane", taxane),
                ("prior class chemotherapy", chemotherapy),
            ],
        );
    }
    expect(&given("PD-1 inhibitor"), &[], &[("prior any [class pd_1, class pd_l1]", Met), ("prior class taxane", NotMet)]);
    expect(&given("platinum/etoposide"), &[], &[("prior class platinum", Met), ("prior carboplatin", Unknown)]);
}

// proves SAFE-04
#[test]
fn an_outcome_says_what_content_reads_in_it_and_nothing_else() {
    for (outcome, line, progressed) in [
        ("progression", "first_line", Met),
        ("PD", "first_line", Met),
        ("Progressed on treatment", "first_line", Met),
        ("failed", "first_line", Met),
        ("refractory", "first_line", Met),
        ("PR then PD", "first_line", Met),
        ("Progressed (PD)", "first_line", Met),
        ("PD (unconfirmed)", "first_line", Unknown),
        ("did not progress", "adjuvant", NotMet),
        ("no progression", "adjuvant", NotMet),
        ("completed", "adjuvant", NotMet),
        ("toxicity", "first_line", NotMet),
        ("neuropathy", "first_line", NotMet),
        // the best response is not the end of a line that another one followed
        ("CR", "first_line", Unknown),
        ("completed", "first_line", Unknown),
        ("stable disease", "first_line", Unknown),
        ("ongoing", "first_line", Unknown),
        ("relapsed", "adjuvant", Unknown),
        ("possible progression", "first_line", Unknown),
        ("progression not seen", "first_line", Unknown),
        ("no evidence that it progressed", "adjuvant", Unknown),
        ("PD, or so he says", "first_line", Unknown),
        ("banana", "first_line", Unknown),
        ("given", "first_line", Unknown),
        // told with doubt
        ("?", "adjuvant", Unknown),
        ("unclear", "adjuvant", Unknown),
        ("not sure", "adjuvant", Unknown),
        ("possibly progressed", "adjuvant", Unknown),
        ("progression?", "adjuvant", Unknown),
        ("progression (?)", "adjuvant", Unknown),
        ("progression, unclear", "adjuvant", Unknown),
        ("completed, unknown", "adjuvant", Unknown),
    ] {
        expect(
            &ended(&json!(outcome), line),
            &[],
            &[("prior docetaxel progressed", progressed), ("no prior docetaxel progressed", progressed.negate())],
        );
    }
    // a word that is not understood may say that it was never given
    let words = [("banana", Unknown), ("PD", Met), ("possible progression", Met)];
    let doubts =
        ["?", "unclear", "not sure", "possibly progressed", "unknown", "progression, unclear"].map(|word| (word, Unknown));
    for (outcome, held) in words.into_iter().chain(doubts) {
        expect(&ended(&json!(outcome), "first_line"), &[], &[("prior docetaxel", held), ("no prior docetaxel", held.negate())]);
    }
    // one of several that is in doubt keeps a sentence from being false
    let both = json!({"clinical": {"prior_therapies": [
        {"generic": "carboplatin", "line": "adjuvant", "outcome": "completed"}, {"generic": "docetaxel", "line": "adjuvant", "outcome": "?"}]}});
    expect(
        &both,
        &[],
        &[
            ("prior docetaxel", Unknown),
            ("no prior docetaxel progressed", Unknown),
            ("prior carboplatin", Met),
            ("prior class taxane", Unknown),
        ],
    );
    let named = json!({"clinical": {"prior_therapies": [{"name": "docetaxel, ?", "line": "adjuvant", "outcome": "completed"}]}});
    expect(&named, &[], &[("prior docetaxel", Unknown), ("no prior docetaxel", Unknown)]);
    for outcome in [Value::Null, json!("not_reported")] {
        expect(&ended(&outcome, "first_line"), &[], &[("prior docetaxel progressed", Unknown), ("prior docetaxel", Met)]);
    }
    // what was never begun is no earlier treatment
    expect(&ended(&json!("planned"), "first_line"), &[], &[("prior docetaxel", NotMet), ("prior docetaxel progressed", NotMet)]);
    // an end that is still to come says nothing
    let patch = json!({"clinical": {"prior_therapies": [{"generic": "docetaxel", "line": "adjuvant", "outcome": "completed", "ended_on": "2027-03-01"}]}});
    expect(&patch, &[], &[("prior docetaxel progressed", Unknown)]);
    // a name that is not understood did not "not progress"
    let patch = json!({"clinical": {"prior_therapies": [{"name": "Taxoter", "line": "adjuvant", "outcome": "completed"}]}});
    expect(&patch, &[], &[("no prior docetaxel progressed", Unknown)]);
    for untold in [json!("unknown"), json!("not_reported"), Value::Null] {
        let patch = json!({"clinical": {"prior_therapies": untold}});
        expect(
            &patch,
            &[],
            &[("prior docetaxel", Unknown), ("no prior docetaxel", Unknown), ("prior docetaxel progressed", Unknown)],
        );
    }
}

fn lines(line: &str, number: &Value, prior: &Value) -> Value {
    json!({"clinical": {"line_of_treatment": line, "lines_of_therapy_before": number, "prior_therapies": prior}})
}

// proves SAFE-12
#[test]
fn lines_are_counted_from_the_number_told_or_the_treatments_listed() {
    let first = json!({"generic": "docetaxel", "line": "first_line", "outcome": "progression"});
    let second = json!({"generic": "carboplatin", "line": "second_line", "outcome": "progression"});
    let third = json!({"generic": "mitoxantrone", "line": "third_line", "outcome": "progression"});
    let adjuvant = json!({"generic": "docetaxel", "line": "adjuvant", "outcome": "completed"});
    for (line, number, prior, expected) in [
        // told
        ("second_line", json!(1), json!("unknown"), [Met, NotMet, NotMet, Met, Met]),
        ("third_line_plus", json!(4), json!("unknown"), [Met, Met, Met, NotMet, NotMet]),
        // listed
        ("second_line", Value::Null, json!([first]), [Met, NotMet, NotMet, Met, Met]),
        ("third_line", Value::Null, json!([first, second]), [Met, Met, NotMet, NotMet, Met]),
        ("second_line", Value::Null, json!([first, first]), [Met, NotMet, NotMet, Met, Met]),
        ("second_line", Value::Null, json!([adjuvant, first]), [Met, Met, NotMet, NotMet, Met]),
        ("third_line_plus", Value::Null, json!([first, second, third]), [Met, Met, NotMet, NotMet, Met]),
        ("first_line", Value::Null, json!([]), [NotMet, NotMet, NotMet, NotMet, Met]),
        // surgery is no line; maintenance belongs to one
        (
            "first_line",
            Value::Null,
            json!([{"name": "prostatectomy", "line": "definitive"}]),
            [NotMet, NotMet, NotMet, NotMet, Met],
        ),
        (
            "second_line",
            Value::Null,
            json!([first, {"generic": "olaparib", "line": "maintenance"}]),
            [Met, NotMet, NotMet, Met, Met],
        ),
        // neither told nor countable
        ("second_line", Value::Null, json!("unknown"), [Unknown; 5]),
        ("third_line_plus", json!("not_reported"), json!("unknown"), [Unknown; 5]),
        (
            "second_line",
            Value::Null,
            json!([{"generic": "docetaxel", "outcome": "progression"}]),
            [Unknown, NotMet, NotMet, Unknown, Met],
        ),
        (
            "second_line",
            Value::Null,
            json!([first, {"name": "xyz", "line": "second_line"}]),
            [Met, Unknown, NotMet, Unknown, Met],
        ),
        // a third or later line may be any number
        (
            "third_line_plus",
            Value::Null,
            json!([{"generic": "docetaxel", "line": "third_line_plus"}]),
            [Met, Met, Unknown, NotMet, Unknown],
        ),
        // what disagrees is unknown
        ("second_line", json!(0), json!("unknown"), [Unknown; 5]),
        ("second_line", json!(5), json!("unknown"), [Unknown; 5]),
        ("third_line", json!(1), json!("unknown"), [Unknown; 5]),
        ("first_line", json!(4), json!("unknown"), [Unknown; 5]),
        ("second_line", json!(2), json!([first]), [Unknown; 5]),
        ("second_line", json!(1), json!([]), [Unknown; 5]),
        ("second_line", Value::Null, json!([]), [Unknown; 5]),
    ] {
        let sentences = ["lines_before >= 1", "lines_before >= 2", "lines_before >= 4", "lines_before = 1", "lines_before <= 3"];
        let expected: Vec<(&str, Truth)> = sentences.into_iter().zip(expected).collect();
        expect(&lines(line, &number, &prior), &[], &expected);
    }
}

// proves SAFE-12, SAFE-04
#[test]
fn lines_for_metastatic_disease_and_lines_with_a_drug_are_counted_apart() {
    let first = json!({"generic": "docetaxel", "line": "first_line"});
    let late = json!({"generic": "pembrolizumab", "line": "second_line"});
    for (prior, metastatic, with) in [
        // a second line after nothing contradicts itself
        (json!([]), [Unknown, Unknown], [Unknown, Unknown]),
        (json!([first]), [Met, NotMet], [Met, NotMet]),
        (json!([first, late]), [Met, Met], [Met, Met]),
        (json!([{"generic": "docetaxel", "line": "adjuvant"}]), [NotMet, NotMet], [Met, NotMet]),
        (json!([{"generic": "docetaxel", "line": "first_line", "setting": "metastatic"}]), [Met, NotMet], [Met, NotMet]),
        (json!([{"generic": "docetaxel", "line": "first_line", "setting": "adjuvant"}]), [Unknown, NotMet], [Met, NotMet]),
        (json!([{"generic": "docetaxel"}]), [Unknown, NotMet], [Unknown, NotMet]),
        (json!([first, {"name": "Keytrudda", "line": "second_line"}]), [Met, Unknown], [Met, Unknown]),
        (json!([{"generic": "abiraterone", "line": "first_line"}]), [Met, NotMet], [NotMet, NotMet]),
        (json!("unknown"), [Unknown, Unknown], [Unknown, Unknown]),
    ] {
        let line = if prior.as_array().is_some_and(|list| list.len() == 2) { "third_line" } else { "second_line" };
        expect(
            &lines(line, &Value::Null, &prior),
            &[],
            &[
                ("metastatic_lines_before >= 1", metastatic[0]),
                ("metastatic_lines_before >= 2", metastatic[1]),
                ("lines_before_with any [docetaxel, class pd_1] >= 1", with[0]),
                ("lines_before_with any [docetaxel, class pd_1] >= 2", with[1]),
            ],
        );
    }
}

fn continues(response: &Value, toxicity: &Value) -> Value {
    json!({"treatment": {"continues": {"order_id": "A000000018", "response": response, "toxicity": toxicity}}})
}

// proves SAFE-15
#[test]
fn only_a_case_on_file_makes_a_continuation() {
    let ours = [case("cabazitaxel", "2026-05-01", "2026-11-20")];
    let told = continues(&json!("partial_response"), &json!("acceptable"));
    let good = "response in [complete_response, partial_response, stable_disease]";
    expect(
        &told,
        &ours,
        &[("continuation is yes", Met), ("continuation is no", NotMet), (good, Met), ("toxicity is acceptable", Met)],
    );
    let poor = continues(&json!("progressive_disease"), &json!("unacceptable"));
    expect(&poor, &ours, &[(good, NotMet), ("response is progressive_disease", Met), ("toxicity is acceptable", NotMet)]);
    for (response, toxicity) in [(Value::Null, Value::Null), (json!("not_evaluated"), json!("unknown"))] {
        let patch = continues(&response, &toxicity);
        expect(&patch, &ours, &[("continuation is yes", Met), (good, Unknown), ("toxicity is acceptable", Unknown)]);
    }
    // nothing told: no, unless something speaks for it
    expect(&json!({}), &[], &[("continuation is yes", NotMet), ("continuation is no", Met), (good, Unknown)]);
    expect(&json!({}), &ours, &[("continuation is yes", Unknown), ("continuation is no", Unknown)]);
    let running = json!({"continuation_of_treatment_started_on": "2026-06-01"});
    expect(&running, &[], &[("continuation is yes", Unknown), ("continuation is no", Unknown)]);
    expect(&json!({}), &[case("docetaxel", "2026-01-01", "2026-05-01")], &[("continuation is yes", NotMet)]);
    // told, and not borne out: another drug, another disease, too long ago
    let other_disease = RelatedCase { cancer_type: Some("breast".to_owned()), ..ours[0].clone() };
    expect(&told, &[case("docetaxel", "2026-05-01", "2026-11-20")], &[("continuation is yes", NotMet), (good, Unknown)]);
    expect(&told, &[other_disease], &[("continuation is yes", Unknown), ("continuation is no", Unknown), (good, Unknown)]);
    expect(
        &told,
        &[case("cabazitaxel", "2025-01-01", "2025-06-01")],
        &[("continuation is yes", Unknown), ("continuation is no", Unknown)],
    );
    let mut denied = ours[0].clone();
    denied.drugs[0].status = DrugStatus::NonAuthorized;
    expect(&told, &[denied], &[("continuation is yes", NotMet)]);
}

// proves SAFE-15
#[test]
fn a_case_on_file_keeps_no_from_being_true() {
    let ours = [case("docetaxel", "2026-01-01", "2026-05-01")];
    let untold = json!({"clinical": {"prior_therapies": []}});
    let open = [("prior docetaxel", Unknown), ("no prior docetaxel", Unknown), ("no prior docetaxel progressed", Unknown)];
    expect(&untold, &ours, &open);
    // what the practice tells of it decides
    expect(&ended(&json!("toxicity"), "first_line"), &ours, &[("prior docetaxel", Met), ("no prior docetaxel progressed", Met)]);
    // cases that were never approved, and drugs taken back, say nothing
    let mut pending = ours[0].clone();
    pending.status = CaseStatus::InProgress;
    let mut withdrawn = ours[0].clone();
    withdrawn.drugs[0].status = DrugStatus::VoluntarilyCancelled;
    for other in [pending, withdrawn, case("docetaxel", "2026-12-15", "2027-05-01")] {
        expect(&untold, &[other], &[("prior docetaxel", NotMet), ("no prior docetaxel", Met)]);
    }
    // the treatment that goes on progresses, or does not, as its response says
    let same = [case("cabazitaxel", "2026-05-01", "2026-11-20")];
    for (response, progressed) in [("progressive_disease", Met), ("stable_disease", NotMet), ("not_evaluated", Unknown)] {
        let patch = continues(&json!(response), &json!("acceptable"));
        expect(
            &patch,
            &same,
            &[("prior cabazitaxel progressed", progressed), ("no prior cabazitaxel progressed", progressed.negate())],
        );
    }
}

// proves SAFE-15
#[test]
fn courses_are_told_and_on_file() {
    let (once, again) = ("courses <= 1", "courses >= 2");
    let told = |list: &Value| json!({"clinical": {"prior_therapies": list}});
    expect(&told(&json!([])), &[], &[(once, Met), (again, NotMet)]);
    expect(&told(&json!([{"name": "Jevtana", "outcome": "completed"}])), &[], &[(once, NotMet), (again, Met)]);
    expect(&told(&json!([{"name": "Jevtanna", "outcome": "completed"}])), &[], &[(once, Unknown), (again, Unknown)]);
    expect(&told(&json!("unknown")), &[], &[(once, Unknown), (again, Unknown)]);
    // within 90 days it is one course, after more another one; that it was given, nobody says
    expect(&told(&json!([])), &[case("cabazitaxel", "2026-03-01", "2026-09-15")], &[(once, Met)]);
    expect(&told(&json!([])), &[case("cabazitaxel", "2025-03-01", "2025-09-15")], &[(once, Unknown), (again, Unknown)]);
}

// proves SAFE-12
#[test]
fn a_third_line_or_later_may_be_a_third_one() {
    let third = "line is third_line";
    for (line, outcome) in [("third_line", Met), ("third_line_plus", Unknown), ("second_line", NotMet), ("unknown", Unknown)] {
        expect(&json!({"clinical": {"line_of_treatment": line}}), &[], &[(third, outcome)]);
    }
}

// proves SAFE-09
#[test]
fn months_are_calendar_months() {
    let (long, short) = ("months since last_major_surgery_on >= 6", "months since last_major_surgery_on <= 6");
    for (day, at_least, at_most) in [
        ("2026-06-01", Met, Met),
        ("2026-06-02", NotMet, Met),
        ("2026-01-15", Met, NotMet),
        ("none", Met, NotMet),
        ("soon", Unknown, Unknown),
    ] {
        let patch = json!({"clinical": {"assessments": [{"name": "last_major_surgery_on", "result": day}]}});
        expect(&patch, &[], &[(long, at_least), (short, at_most)]);
    }
    expect(&json!({"clinical": {"assessments": []}}), &[], &[(long, Unknown), (short, Unknown)]);
}

// proves SAFE-04
#[test]
fn the_order_of_the_list_changes_nothing() {
    let list = [
        json!({"generic": "docetaxel", "line": "first_line", "outcome": "PR"}),
        json!({"name": "Keytruda", "line": "second_line", "outcome": "PD"}),
        json!({"name": "AC-T", "line": "adjuvant", "outcome": "completed"}),
        json!({"name": "whatever", "line": "third_line", "outcome": "who knows"}),
    ];
    let outcomes = |list: &[Value]| {
        let patch = json!({"clinical": {"line_of_treatment": "third_line_plus", "prior_therapies": list}});
        let decision = situation(&patch, &[]).decide(&CONTENT).expect("an order");
        decision.findings.iter().map(|finding| (finding.rule.clone(), finding.outcome)).collect::<std::collections::BTreeSet<_>>()
    };
    let plain = outcomes(&list);
    for turn in 1..list.len() {
        let mut turned = list.to_vec();
        turned.rotate_left(turn);
        assert_eq!(outcomes(&turned), plain);
        turned.reverse();
        assert_eq!(outcomes(&turned), plain);
    }
}
