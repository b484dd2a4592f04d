//! Every contraindication of the content, told in each wording that content knows for it, in an order that is decided without it: none may be
//! decided any more.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a fixture that fails has to fail the test")]

use crate::support;

use oncoauth::domain::content::{Content, Contraindication, ResultDefinition, is_partner};
use oncoauth::domain::criteria::{Comparison, Criterion, Partner, PriorEnd, ResultTest};
use oncoauth::domain::vocabulary::DrugStatus;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use support::orders::{Situation, exact};

/// Wordings of one answer that are tried.
const WORDINGS: usize = 8;
/// Orders that each is told in.
const ORDERS: usize = 2;

/// What has to be told so that a sentence holds.
#[derive(Debug, Clone, Default)]
struct Told {
    assessments: Vec<Value>,
    biomarkers: Vec<Value>,
    prior: Vec<Value>,
    /// True where the sentence asks something of the order or the disease as well, which the answers do not make so.
    asks_more: bool,
}

impl Told {
    fn and(mut self, other: Self) -> Self {
        self.assessments.extend(other.assessments);
        self.biomarkers.extend(other.biomarkers);
        self.prior.extend(other.prior);
        self.asks_more |= other.asks_more;
        self
    }
}

fn tellings(criterion: &Criterion, content: &Content) -> Vec<Told> {
    match criterion {
        Criterion::Any(parts) => parts.iter().flat_map(|part| tellings(part, content)).collect(),
        Criterion::All(parts) => parts.iter().fold(vec![Told::default()], |so_far, part| {
            let own = tellings(part, content);
            let both = so_far.iter().flat_map(|told| own.iter().map(|own| told.clone().and(own.clone())));
            both.take(64).collect()
        }),
        Criterion::Assessment { name, test, .. } => {
            let known = content.assessment(name).expect("an assessment of the content");
            answers(known, test).into_iter().map(|answer| Told { assessments: vec![answer], ..Told::default() }).collect()
        }
        Criterion::Biomarker { marker, test, .. } => {
            let known = content.biomarker(marker).expect("a biomarker of the content");
            answers(known, test).into_iter().map(|answer| Told { biomarkers: vec![answer], ..Told::default() }).collect()
        }
        Criterion::DaysSince { name, .. } => {
            vec![Told { assessments: vec![json!({"name": name, "result": "2026-11-20"})], ..Told::default() }]
        }
        Criterion::Prior { partners, end } => prior(partners, *end, content),
        _ => vec![Told { asks_more: true, ..Told::default() }],
    }
}

/// An answer that passes a test, as people write it.
fn answers(known: &ResultDefinition, test: &ResultTest) -> Vec<Value> {
    let mut results: Vec<Value> = match test {
        ResultTest::In(wanted) => {
            let says = |index: usize| wanted.iter().any(|word| known.is(index, word));
            let mut words: Vec<&String> = known.words.iter().filter(|(_, index)| says(**index)).map(|(word, _)| word).collect();
            words.sort();
            words.into_iter().map(|word| json!(word)).collect()
        }
        ResultTest::Compare(comparison, bound) => {
            let (number, sign) = match comparison {
                Comparison::Less => (bound * 0.75, "<"),
                Comparison::AtMost | Comparison::Equal => (*bound, ""),
                Comparison::AtLeast => (*bound, ">="),
                Comparison::More => (bound * 1.25 + 0.5, ">"),
            };
            let unit = &known.unit;
            vec![
                json!(number),
                json!(number.to_string()),
                json!(format!("{number} {unit}")),
                json!(format!("{sign}{bound}")),
                json!(format!("{} {number}", known.display)),
            ]
        }
        ResultTest::Known | ResultTest::Told => vec![],
    };
    let step = (results.len() / WORDINGS).max(1);
    results = results.into_iter().step_by(step).collect();
    let names: Vec<&String> = std::iter::once(&known.name).chain(&known.synonyms).collect();
    let dates = [json!("2026-11-20"), Value::Null, json!("2026-06-02")];
    let answers = results.into_iter().enumerate().map(|(at, result)| {
        let mut answer = json!({"name": names[at % names.len()], "result": result});
        if let on @ Value::String(_) = &dates[at % dates.len()] {
            answer["on"] = on.clone();
        }
        answer
    });
    answers.collect()
}

/// An earlier treatment with one of the drugs that ended so.
fn prior(partners: &[Partner], end: PriorEnd, content: &Content) -> Vec<Told> {
    let outcomes: &[&str] = match end {
        PriorEnd::Reaction => &[
            "anaphylaxis",
            "stopped for anaphylaxis",
            "discontinued due to severe hypersensitivity",
            "severe infusion reaction in cycle 2",
            "grade 4 toxicity",
            "allergic to it",
            "progression, anaphylaxis",
            "intolerant",
            "stopped, HSR",
        ],
        PriorEnd::Toxicity => &[
            "toxicity",
            "stopped for toxicity",
            "intolerant",
            "unable to tolerate",
            "toxicity grade 3",
            "stopped due to grade 3 colitis",
        ],
        PriorEnd::Progression => &["progression", "PD", "refractory", "progressed after 3 cycles", "possibly progressed"],
        PriorEnd::Any | PriorEnd::Within(_) => &["completed"],
    };
    let is_one = |generic: &str| {
        content.drugs.by_name(generic).is_some_and(|drug| partners.iter().any(|partner| is_partner(drug, partner)))
    };
    let mut drugs: Vec<&str> =
        content.drugs.all().iter().map(|drug| drug.generic.as_str()).filter(|generic| is_one(generic)).collect();
    drugs.sort_unstable();
    let told = |(at, outcome): (usize, &&str)| {
        let drug = drugs[at % drugs.len()];
        let given = json!({"generic": drug, "line": "neoadjuvant", "outcome": outcome, "started_on": "2026-01-05", "ended_on": "2026-02-02"});
        Told { prior: vec![given], ..Told::default() }
    };
    outcomes.iter().enumerate().map(told).collect()
}

/// True where it speaks against one of the drugs.
fn is_meant(entry: &Contraindication, generics: &BTreeSet<String>, content: &Content) -> bool {
    generics
        .iter()
        .filter_map(|generic| content.drugs.by_name(generic))
        .any(|drug| !entry.except.contains(&drug.generic) && entry.drugs.iter().any(|partner| is_partner(drug, partner)))
}

/// The order with the answers, in place of what it said of the same questions.
fn with(order: &Value, told: &Told, content: &Content) -> Value {
    let mut order = order.clone();
    for (list, added) in [("assessments", &told.assessments), ("biomarkers", &told.biomarkers)] {
        let key = |answer: &Value| {
            let name = answer["name"].as_str().expect("a name");
            let known = if list == "assessments" { content.assessment(name) } else { content.biomarker(name) };
            known.map(|known| known.name.clone())
        };
        let said: Vec<_> = added.iter().map(key).collect();
        let entries = order["clinical"][list].as_array_mut().expect("a list");
        entries.retain(|entry| !said.contains(&key(entry)));
        entries.extend(added.iter().cloned());
    }
    if let Some(prior) = order["clinical"]["prior_therapies"].as_array_mut() {
        prior.extend(told.prior.iter().cloned());
    } else if !told.prior.is_empty() {
        order["clinical"]["prior_therapies"] = json!(told.prior);
    }
    order
}

/// The drugs that may be given without a person; those of the pharmacy benefit are another's to review.
fn given(order: &Value, content: &Content) -> BTreeSet<String> {
    let Ok(decision) = Situation::new(order.clone(), "bma").decide(content) else { return BTreeSet::new() };
    let is_given = |status: DrugStatus| matches!(status, DrugStatus::Authorized | DrugStatus::ClinicalReviewNotRequired);
    let drugs = decision.drugs.into_iter().filter(|decided| is_given(decided.drug.status));
    drugs.map(|decided| decided.drug.name).collect()
}

#[test]
fn no_order_is_decided_that_tells_a_contraindication_in_whatever_words() {
    // proves SAFE-01, SAFE-04, SAFE-12
    let content = support::content();
    let orders: Vec<(&str, Value, BTreeSet<String>)> = content
        .regimens
        .iter()
        .map(|regimen| {
            let order = exact(regimen, content, "bma");
            let drugs = given(&order, content);
            (regimen.id.as_str(), order, drugs)
        })
        .collect();
    let is_decided = |entry: &Contraindication, order: &Value| is_meant(entry, &given(order, content), content);
    let (mut still, mut tried, mut untried) = (Vec::new(), 0, Vec::new());
    for entry in content.contraindications.all().iter().filter(|entry| !entry.needed && entry.with.is_empty()) {
        let all = tellings(&entry.told.criterion, content);
        // what asks more than answers holds for some orders only
        let (more, plain): (Vec<Told>, Vec<Told>) = all.into_iter().partition(|told| told.asks_more);
        let (mut found, mut heard) = (0, more.is_empty());
        for (id, order, drugs) in &orders {
            if (found >= ORDERS && heard) || !is_meant(entry, drugs, content) {
                continue;
            }
            found += 1;
            for told in plain.iter().take(if found > ORDERS { 0 } else { 40 }) {
                tried += 1;
                if is_decided(entry, &with(order, told, content)) {
                    still.push(format!("{} in {id}: {:?} {:?} {:?}", entry.id, told.assessments, told.biomarkers, told.prior));
                }
            }
            heard = heard || more.iter().take(4).any(|told| !is_decided(entry, &with(order, told, content)));
        }
        let is_of_answers = |told: &Told| !(told.assessments.is_empty() && told.biomarkers.is_empty() && told.prior.is_empty());
        if found == 0 {
            untried.push(entry.id.as_str());
        } else if plain.is_empty() && more.iter().any(is_of_answers) && !heard {
            still.push(format!("{}: never heard", entry.id));
        }
    }
    assert!(tried > 1000, "{tried} tried");
    assert!(untried.len() <= 20, "no order to try with: {}", untried.join(", "));
    assert!(still.is_empty(), "{} of {tried} still decided (untried: {})\n{}", still.len(), untried.join(", "), still.join("\n"));
}
