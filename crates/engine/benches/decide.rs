//! How long the engine takes to decide a six-drug order with all its findings: `cargo bench --bench decide`.
//! The figures and what they were measured on stand in `docs/measurements.md`.
#![allow(dead_code, reason = "the fixture of the tests has more than the bench uses")]
#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a fixture that fails has to stop the measurement")]

extern crate oncoauth_engine as oncoauth; // the name under which the fixture knows it

#[path = "../../../tests/support/orders.rs"]
mod orders;

use oncoauth::domain::content::{Content, Parts, Regimen};
use oncoauth::domain::order::OrderRequest;
use oncoauth::domain::vocabulary::CallerRole;
use oncoauth::rules::{Decision, Facts, KnownMember, KnownProvider, Submitter, decide};
use serde_json::json;
use std::sync::{Arc, LazyLock};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

static SHIPPED: LazyLock<Arc<Content>> = LazyLock::new(|| {
    let library = oncoauth::content::load_embedded().expect("the shipped content is sound");
    Arc::clone(library.releases().last().expect("there is a release"))
});

static MANY: LazyLock<Content> = LazyLock::new(|| multiplied(&SHIPPED, 5000));

fn main() {
    divan::main();
}

/// R-CHOP with pegfilgrastim, authorized on its Pathway: five treatment drugs, two policies with findings.
#[divan::bench(args = [0, 5000])]
fn on_pathway(bencher: divan::Bencher<'_, '_>, regimens: usize) {
    measure(bencher, regimens, "LYM-RCHOP", |order| {
        order["clinical"]["fn_risk_factors"] = json!(["hiv_infection"]);
        order["treatment"]["phases"][0]["drugs"]
            .as_array_mut()
            .expect("a list")
            .push(json!({"line": 9, "hcpcs": "J2506", "role": "supportive", "dose": {"amount": 6, "unit": "mg"}, "days": [2]}));
    });
}

/// TCHP in six lines with an unknown HER2: everything managed pends, and the options are worked out.
#[divan::bench(args = [0, 5000])]
fn in_progress_with_options(bencher: divan::Bencher<'_, '_>, regimens: usize) {
    measure(bencher, regimens, "BRE-TCHP", |order| order["clinical"]["biomarkers"][0]["result"] = json!("unknown"));
}

/// Six treatment drugs that match nothing: the nearest regimen is looked for as well.
#[divan::bench(args = [0, 5000])]
fn custom_plan(bencher: divan::Bencher<'_, '_>, regimens: usize) {
    measure(bencher, regimens, "BRE-TCHP", |order| {
        order["treatment"]["phases"][0]["drugs"][0]["hcpcs"] = json!("J9184");
        order["treatment"]["phases"][0]["drugs"][0]["generic"] = serde_json::Value::Null;
    });
}

/// A course of radiation with guidance, authorized: site, schedule, modality, lines and dates.
#[divan::bench]
fn radiation(bencher: divan::Bencher<'_, '_>) {
    let content: &Content = &SHIPPED;
    let text = include_str!("../../../tests/radiation/orders.json");
    let file: serde_json::Value = serde_json::from_str(text).expect("JSON");
    let mut order = file["base"].clone();
    order["member"]["member_id"] = json!("XKM100200300");
    order["ordering_provider"]["npi"] = json!("1234567893");
    order["servicing_provider"]["npi"] = json!("1245319599");
    order["radiation"]["technique"] = json!("DIBH");
    order["radiation"]["target"] = json!("whole_breast");
    let mut situation = orders::Situation::new(order, "qccp");
    if let Some(member) = &mut situation.member {
        member.birth_date = "1954-03-09".parse().expect("a date");
    }
    bench(bencher, situation, content);
}

/// A coverage question that tells everything, its words included: one look-up (COV-01).
#[divan::bench(args = ["acute_residential_substance_use", "residential substance use", "residential SUD for a 20 year old after detox"])]
fn coverage_requirement(bencher: divan::Bencher<'_, '_>, words: &str) {
    use oncoauth::domain::content::{CoverageInput, Told};
    use oncoauth::rules::coverage_requirements::{CoverageQuestion, answer};
    let guide = &SHIPPED.coverage;
    bencher.bench(|| {
        let heard = guide.words.understand(divan::black_box(words));
        let service = *heard.services.first().expect("a known service");
        let table = guide.table("bcbs-massachusetts", service).expect("a known plan");
        let mut question = CoverageQuestion::default();
        question.tell(CoverageInput::LineOfBusiness, vec![Told::Word("commercial")]);
        question.tell(CoverageInput::Product, vec![Told::Word("hmo")]);
        question.tell(CoverageInput::Age, vec![Told::Number(20)]);
        answer(table, &question)
    });
}

/// A coverage question that tells nothing but the service: every branch (COV-01).
#[divan::bench]
fn coverage_branches(bencher: divan::Bencher<'_, '_>) {
    use oncoauth::rules::coverage_requirements::{CoverageQuestion, answer};
    let guide = &SHIPPED.coverage;
    let service = *guide.words.understand("residential substance use").services.first().expect("a known service");
    let table = guide.table("bcbs-massachusetts", service).expect("a known plan");
    bencher.bench(|| answer(divan::black_box(table), &CoverageQuestion::default()));
}

/// 0 regimens: those that are shipped.
fn measure(bencher: divan::Bencher<'_, '_>, regimens: usize, id: &str, change: impl Fn(&mut serde_json::Value)) {
    let content: &Content = if regimens == 5000 { &MANY } else { &SHIPPED };
    assert!(content.regimens.len() >= regimens, "the content measured against");
    let mut order = orders::exact(content.regimen(id).expect("a shipped regimen"), content, "bma");
    change(&mut order);
    bench(bencher, orders::Situation::new(order, "bma"), content);
}

fn bench(bencher: divan::Bencher<'_, '_>, situation: orders::Situation, content: &Content) {
    let order: OrderRequest = serde_json::from_value(situation.order.clone()).expect("an order");
    let received_at = chrono::DateTime::parse_from_rfc3339(&situation.received).expect("an instant").to_utc();
    let tax_ids = ["900000001".to_owned()];
    let provider = |row: Option<oncoauth::domain::roster::ProviderRow>| KnownProvider::OnFile(Box::new(row.expect("a row")));
    let facts = Facts {
        order: &order,
        submitter: Submitter { role: CallerRole::OrderingProvider, tax_ids: &tax_ids },
        received_at,
        member: KnownMember::OnFile(situation.member.into_iter().collect()),
        ordering_provider: provider(situation.ordering),
        servicing_provider: provider(situation.servicing),
        related_cases: Vec::new(),
        before: None,
    };
    bencher.bench(|| -> Decision { decide(divan::black_box(&facts), content, received_at).expect("taken") });
}

/// The shipped regimens again and again under other ids, with other doses; one copy in five keeps its cancer, the others move to another.
fn multiplied(content: &Content, count: usize) -> Content {
    let shipped = &content.regimens;
    let regimens = (0..count).map(|number| {
        let (copy, index) = (number / shipped.len(), number % shipped.len());
        if copy == 0 { Arc::clone(&shipped[index]) } else { Arc::new(copied(&shipped[index], copy, index, content)) }
    });
    Content::from(Parts {
        release: content.release.clone(),
        programs: content.programs.clone(),
        drugs: Arc::clone(&content.drugs),
        dosing: Arc::clone(&content.dosing),
        diagnoses: Arc::clone(&content.diagnoses),
        places_of_service: Arc::clone(&content.places_of_service),
        cancers: content.cancers.clone(),
        regimens: regimens.collect(),
        policies: content.policies.clone(),
        limits: content.limits.clone(),
        contraindications: content.contraindications.clone(),
        answers: Arc::clone(&content.answers),
        pathologies: content.pathologies.clone(),
        settings: Arc::clone(&content.settings),
        calendars: content.calendars.clone(),
        therapies: Arc::clone(&content.therapies),
        coverage: Arc::clone(&content.coverage),
        searches: Arc::clone(&content.searches),
        code_tables: Arc::clone(&content.code_tables),
        plain: Arc::clone(&content.plain),
        letters: Arc::clone(&content.letters),
        agreement: Arc::clone(&content.agreement),
        radiation: Arc::clone(&content.radiation),
    })
}

fn copied(regimen: &Regimen, copy: usize, index: usize, content: &Content) -> Regimen {
    let mut regimen = regimen.clone();
    regimen.id = format!("{}-{copy}", regimen.id);
    if !copy.is_multiple_of(5) {
        regimen.cancer.clone_from(&content.cancers[(index + copy) % content.cancers.len()].key);
    }
    for drug in regimen.phases.iter_mut().flat_map(|phase| &mut phase.drugs) {
        drug.dose.amount += f64::from(u32::try_from(copy).expect("a small number"));
    }
    if let Some(pathway) = &mut regimen.pathway {
        pathway.id = format!("{}-{copy}", pathway.id);
    }
    regimen
}
