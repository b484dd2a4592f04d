//! The form as it is drawn: six sections, all in sight, what was entered in each field and what is wrong with it.

use super::super::faults::Faults;
use super::super::fields::Fields;
use super::super::inputs::{Drawing, Input};
use super::super::plans::Plan;
use super::again::ADDRESS;
use super::cells::{self, PHASES, PRIOR_ROWS, ROWS};
use super::fill;
use super::labels::label;
use crate::documents::words;
use crate::domain::content::{Content, ResultDefinition};
use crate::domain::vocabulary::{DrugRole, FnRiskFactor, LineOfTreatment, Response, Toxicity, TreatmentGoal};

/// Words for an answer that is not there.
const UNKNOWN: (&str, &str) = ("unknown", "Unknown");

/// The sections.
#[derive(Debug, Clone, Default)]
pub(super) struct Sections {
    pub who: Vec<Input>,
    pub when: Vec<Input>,
    pub more_when: Vec<Input>,
    pub diagnosis: Vec<Input>,
    pub phases: Vec<Phase>,
    pub regimens: Vec<Offer>,
    pub continuation: Vec<Input>,
    pub clinical: Vec<Input>,
    pub asked: Vec<Input>,
    pub more_clinical: Vec<Input>,
    pub more_results: Vec<(Input, Input, Input)>,
    pub prior: Input,
    pub prior_rows: Vec<Vec<Input>>,
    pub fn_risks: Vec<Tick>,
    pub declarations: Vec<Input>,
    pub supportive_only: bool,
    /// What the supportive drugs go with.
    pub supports: Vec<Input>,
}

impl Sections {
    /// True where something that is folded away has to be seen: what was entered, and what is wrong with it.
    fn is_told<'a>(inputs: impl IntoIterator<Item = &'a Input>) -> bool {
        inputs.into_iter().any(|input| !input.value.is_empty() || !input.fault.is_empty())
    }

    pub fn more_when_is_told(&self) -> bool {
        Self::is_told(&self.more_when)
    }

    pub fn continuation_is_told(&self) -> bool {
        Self::is_told(&self.continuation)
    }

    pub fn prior_is_told(&self) -> bool {
        Self::is_told(self.prior_rows.iter().flatten())
    }

    pub fn more_clinical_is_told(&self) -> bool {
        let rows = self.more_results.iter().flat_map(|(name, result, on)| [name, result, on]);
        Self::is_told(self.more_clinical.iter().chain(rows)) || self.fn_risks.iter().any(|tick| tick.ticked)
    }
}

/// A phase of the grid.
#[derive(Debug, Clone)]
pub(super) struct Phase {
    pub number: usize,
    pub length: Input,
    pub cycles: Input,
    /// Runs over the time of the others.
    pub beside: Tick,
    /// True where it can: the first phase is beside nothing, unless an order says so.
    pub may_run_beside: bool,
    pub rows: Vec<Row>,
    pub is_open: bool,
}

/// A row of the grid.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub cells: Vec<Input>,
    /// The number that its line has in the order that is changed, and the field that carries it along.
    pub line: Option<(String, String)>,
}

/// A regimen that a name may mean.
#[derive(Debug, Clone)]
pub(super) struct Offer {
    pub id: String,
    pub name: String,
    pub cancer: String,
}

/// Something to tick.
#[derive(Debug, Clone)]
pub(super) struct Tick {
    pub value: &'static str,
    pub name: String,
    pub ticked: bool,
}

/// Draws the form. `asked` are the fields of clinical results that are asked for.
pub(super) fn sections(fields: &Fields, faults: &Faults, plans: &[Plan], content: &Content, asked: &[String]) -> Sections {
    let draw = Drawing { fields, faults };
    Sections {
        who: who(&draw, plans),
        when: when(&draw, content),
        more_when: more_when(&draw),
        diagnosis: diagnosis(&draw, content),
        phases: phases(&draw, content),
        regimens: Vec::new(),
        continuation: continuation(&draw),
        clinical: clinical(&draw),
        asked: asked.iter().flat_map(|field| result(&draw, field, content)).collect(),
        more_clinical: more_clinical(&draw, content),
        more_results: more_results(&draw),
        prior: draw
            .choice(
                "/clinical/prior_therapies",
                "Earlier treatment of this cancer",
                "Not answered",
                [("none", "None"), ("given", "As below"), UNKNOWN],
            )
            .short(),
        prior_rows: prior_rows(&draw),
        fn_risks: fn_risks(fields),
        declarations: declarations(&draw),
        supports: vec![
            draw.text("/supportive_only/reference_order_id", "Order ID of the treatment that they go with"),
            draw.text("/supportive_only/reference_regimen", "or what the treatment is"),
        ],
        supportive_only: fields.text("/supportive_only/acknowledged").is_some(),
    }
}

fn who(draw: &Drawing<'_>, plans: &[Plan]) -> Vec<Input> {
    let text = |name: &str| draw.text(name, label(name));
    vec![
        draw.choice(
            "/member/health_plan",
            "Health plan",
            "Pick one",
            plans.iter().map(|plan| (plan.id.as_str(), plan.name.as_str())),
        ),
        text("/member/member_id").example("as on the card"),
        text("/member/last_name"),
        text("/member/first_name"),
        text("/member/birth_date").example("3/9/1954").short(),
    ]
}

fn when(draw: &Drawing<'_>, content: &Content) -> Vec<Input> {
    let places = content.places_of_service.iter().filter(|(_, place)| !place.inpatient);
    let places = places.map(|(code, place)| (code.clone(), format!("{code} {}", place.name)));
    vec![
        draw.text("/date_of_service", "First treatment day").example("12/1/2026").short(),
        draw.text("/ordering_provider", "Ordering clinician").hint("NPI or name; never a facility").suggesting("clinicians"),
        draw.text("/servicing_provider", "Treating site").hint("NPI or name").suggesting("sites"),
        draw.choice("/place_of_service", "Place of service", "Not said", places),
        draw.text("/contact/name", "Whom reviewers call"),
        draw.text("/contact/phone", "Phone").short(),
        draw.choice("/urgency", "Urgency", "Standard", [("urgent", "Urgent: also call")]).short(),
    ]
}

fn more_when(draw: &Drawing<'_>) -> Vec<Input> {
    let mut inputs = vec![
        draw.text("/continuation_of_treatment_started_on", "Already running since").short(),
        draw.choice("/setting", "Setting", "Outpatient", [("inpatient", "Inpatient")]).short(),
        draw.text("/contact/fax", "Fax").short(),
    ];
    // only who was entered by hand has one
    if ADDRESS.iter().any(|field| draw.fields.text(field).is_some()) {
        inputs.extend(ADDRESS.map(|field| draw.text(field, label(field))));
    }
    inputs
}

fn diagnosis(draw: &Drawing<'_>, content: &Content) -> Vec<Input> {
    let entered = draw.fields.text("/diagnosis/icd10");
    let code = entered.and_then(|typed| cells::diagnosis(typed, content));
    let title = code.as_ref().and_then(|code| content.diagnoses.get(code)).map(|diagnosis| diagnosis.title.clone());
    let only = code.as_ref().and_then(|code| cells::only_cancer(code, content));
    let only = only.and_then(|key| content.cancer(&key).map(|cancer| cancer.name.clone()));
    let none = only.map_or_else(|| "Not said".to_owned(), |name| format!("By the code: {name}"));
    let cancers = content.cancers.iter().map(|cancer| (cancer.key.as_str(), cancer.name.as_str()));
    vec![
        draw.text("/diagnosis/icd10", "Diagnosis")
            .hint(title.unwrap_or_else(|| "ICD-10-CM code, or words".to_owned()))
            .suggesting("diagnoses"),
        draw.choice("/clinical/cancer_type", "Cancer type", &none, cancers),
    ]
}

fn phases(draw: &Drawing<'_>, content: &Content) -> Vec<Phase> {
    let chosen = draw.fields.text("/treatment/regimen_id").and_then(|id| content.regimen(id));
    let is_used = |number: usize| {
        let at = format!("/treatment/phases/{number}/");
        draw.fields.under(&at).any(|(_, value)| !value.is_empty())
    };
    let used = (0..PHASES).filter(|number| is_used(*number)).max().map_or(0, |last| last + 1);
    let shown = (used + 1).clamp(2, PHASES);
    let phase = |number: usize| {
        let at = format!("/treatment/phases/{number}");
        let of_regimen = chosen.and_then(|regimen| regimen.phases.get(number));
        let choice = of_regimen.and_then(fill::cycles_in_words).map(|choice| format!("the regimen has {choice}"));
        Phase {
            number,
            length: draw.text(format!("{at}/cycle_length_days"), "Days of a cycle").example("21").short(),
            cycles: draw
                .text(format!("{at}/cycles"), "Cycles")
                .hint(choice.unwrap_or_else(|| "a number, or until progression".to_owned()))
                .short(),
            may_run_beside: number > 0 || draw.fields.text(&format!("{at}/beside")).is_some(),
            beside: Tick {
                value: "yes",
                name: format!("{at}/beside"),
                ticked: draw.fields.text(&format!("{at}/beside")).is_some(),
            },
            rows: rows(draw, &at, content),
            is_open: number == 0 || is_used(number),
        }
    };
    (0..shown).map(phase).collect()
}

fn rows(draw: &Drawing<'_>, at: &str, content: &Content) -> Vec<Row> {
    let is_used = |row: usize| draw.fields.under(&format!("{at}/drugs/{row}/")).any(|(_, value)| !value.is_empty());
    let used = (0..ROWS).filter(|row| is_used(*row)).max().map_or(0, |last| last + 1);
    let shown = (used + 2).min(ROWS);
    let roles = [
        (DrugRole::Treatment, "Treatment"),
        (DrugRole::Supportive, "Supportive"),
        (DrugRole::Investigational, "Studied in the trial"),
    ];
    let row = |row: usize| {
        let name = |cell: &str| format!("{at}/drugs/{row}/{cell}");
        let text = |cell: &str| draw.text(name(cell), label(&name(cell)));
        let cells = vec![
            text("drug").hint(other_codes(draw.fields.text(&name("drug")), content)).suggesting("drugs").column("Drug"),
            text("dose").column("Dose"),
            text("route").column("Route"),
            text("days").column("Days"),
            text("times").column("Times a day"),
            text("loading").column("First dose"),
            draw.choice(name("role"), label(&name("role")), "Automatic", roles.map(|(role, name)| (role.as_str(), name)))
                .column("Role"),
        ];
        Row { cells, line: draw.fields.owned(&name("line")).map(|line| (name("line"), line)) }
    };
    (0..shown).map(row).collect()
}

/// Codes of other products of the same drug.
fn other_codes(typed: Option<&str>, content: &Content) -> String {
    let Some(Ok((Some(code), _))) = typed.map(|typed| cells::drug(typed, content)) else { return String::new() };
    let Some((drug, _)) = content.drugs.by_code(&code) else { return String::new() };
    let others: Vec<&str> = drug.codes.iter().map(|known| known.hcpcs.as_str()).filter(|known| *known != code).collect();
    if others.is_empty() { drug.generic.clone() } else { format!("{}; other products: {}", drug.generic, others.join(", ")) }
}

fn continuation(draw: &Drawing<'_>) -> Vec<Input> {
    let responses = Response::ALL.iter().map(|word| (word.as_str(), words::humanize(word.as_str())));
    let toxicities = Toxicity::ALL.iter().map(|word| (word.as_str(), words::humanize(word.as_str())));
    vec![
        draw.text("/treatment/continues/order_id", "Goes on with Order ID"),
        draw.choice("/treatment/continues/response", "Last response", "Not answered", responses),
        draw.choice("/treatment/continues/toxicity", "Toxicity", "Not answered", toxicities),
    ]
}

fn clinical(draw: &Drawing<'_>) -> Vec<Input> {
    let lines = LineOfTreatment::ALL.iter().map(|word| (word.as_str(), words::humanize(word.as_str())));
    let lines = lines.chain([(UNKNOWN.0, UNKNOWN.1.to_owned())]);
    let ecog =
        (0..=4).map(|number: u8| (number.to_string(), number.to_string())).chain([(UNKNOWN.0.to_owned(), UNKNOWN.1.to_owned())]);
    vec![
        draw.text("/clinical/stage", "Stage").example("IIA").short(),
        draw.choice("/clinical/line_of_treatment", "Line of treatment", "Not answered", lines).short(),
        draw.choice("/clinical/performance_status", "ECOG", "Not answered", ecog).short(),
        draw.text("/clinical/height_cm", "Height").example("165 or 5'5\"").hint("cm, or feet and inches").short(),
        draw.text("/clinical/weight_kg", "Weight").example("71.5 or 158 lb").hint("kg, or lb").short(),
        draw.text("/clinical/serum_creatinine_mg_dl", "Creatinine").example("0.8").hint("mg/dL").short(),
        draw.text("/clinical/pathology", "Pathology"),
    ]
}

fn more_clinical(draw: &Drawing<'_>, content: &Content) -> Vec<Input> {
    let goals = TreatmentGoal::ALL.iter().map(|word| (word.as_str(), words::humanize(word.as_str())));
    let goals = goals.chain([(UNKNOWN.0, UNKNOWN.1.to_owned())]);
    let settings = content.regimens.iter().flat_map(|regimen| &regimen.settings).collect::<std::collections::BTreeSet<_>>();
    let settings = settings.into_iter().map(|word| (word.as_str(), words::humanize(word)));
    vec![
        draw.choice("/clinical/treatment_goal", "Aim of treatment", "Not answered", goals).short(),
        draw.text("/clinical/tnm/t", "T").short(),
        draw.text("/clinical/tnm/n", "N").short(),
        draw.text("/clinical/tnm/m", "M").short(),
        draw.text("/clinical/lines_of_therapy_before", "Earlier lines of treatment").short(),
        draw.choice("/clinical/sex", "Sex", "As the plan has it", [("female", "Female"), ("male", "Male"), UNKNOWN]).short(),
        draw.choice("/clinical/disease_setting", "Situation that line and stage cannot say", "Not answered", settings),
    ]
}

/// A result that is asked for, with its day where that counts or is told.
fn result(draw: &Drawing<'_>, field: &str, content: &Content) -> Vec<Input> {
    let name = field.rsplit('/').next().unwrap_or_default();
    let is_marker = field.starts_with("/clinical/biomarkers/");
    let asked = definition(name, is_marker, content);
    let display = asked.map_or_else(|| label(field), |asked| asked.display.clone());
    let mut input = match asked {
        Some(asked) if !asked.results.is_empty() => {
            let results = asked.results.iter().map(|(word, _)| (word.clone(), words::humanize(word)));
            let results = results.chain([(UNKNOWN.0.to_owned(), UNKNOWN.1.to_owned())]);
            draw.choice(field, display.clone(), "Not answered", results)
        }
        Some(asked) if asked.is_day => draw.text(field, display.clone()).hint("a day, or none"),
        Some(asked) => {
            let range = asked.range.map(|(low, high)| format!("{low} to {high} {}", asked.unit));
            draw.text(field, display.clone()).hint(range.unwrap_or_default())
        }
        None => draw.text(field, display.clone()),
    };
    input.class = "short";
    let mut inputs = vec![input];
    let day = format!("{field}/on");
    let has_day = !is_marker && asked.is_some_and(is_dated);
    if has_day || draw.fields.has(&day) {
        inputs.push(draw.text(day, format!("{display} on")).example("11/12/2026").short());
    }
    let same = format!("{field}/{SAME_DAY}");
    if draw.fields.text(&same).is_some() || draw.faults.of(&same).is_some() {
        inputs
            .push(draw.choice(same, format!("{display}: same day?"), "Not answered", [("yes", "Yes, of the same day")]).short());
    }
    inputs
}

/// The field beside a corrected result that says that its day holds.
pub(super) const SAME_DAY: &str = "same_day";

/// True for a result beside which the day counts.
const fn is_dated(asked: &ResultDefinition) -> bool {
    !asked.is_day && (asked.window_days.is_some() || !asked.undated_counts)
}

/// What counts as a result of that name.
pub(super) fn definition<'a>(name: &str, is_marker: bool, content: &'a Content) -> Option<&'a ResultDefinition> {
    let known = if is_marker { &content.answers.biomarkers } else { &content.answers.assessments };
    known.iter().find(|asked| asked.name == name).map(AsRef::as_ref)
}

/// Rows for results that nobody asked for.
fn more_results(draw: &Drawing<'_>) -> Vec<(Input, Input, Input)> {
    let row = |kind: &str, number: usize| {
        let at = format!("/clinical/{kind}/more-{number}");
        (
            draw.text(format!("/clinical/{kind}/{number}/name"), if kind == "biomarkers" { "Biomarker" } else { "Assessment" })
                .suggesting(if kind == "biomarkers" { "biomarkers" } else { "assessments" }),
            draw.text(at.clone(), "Result"),
            draw.text(format!("{at}/on"), "On").short(),
        )
    };
    (0..3).map(|number| row("biomarkers", number)).chain((0..3).map(|number| row("assessments", number))).collect()
}

fn prior_rows(draw: &Drawing<'_>) -> Vec<Vec<Input>> {
    let at = |number: usize, cell: &str| format!("/clinical/prior_therapies/{number}/{cell}");
    let is_used = |number: usize| draw.fields.under(&at(number, "")).any(|(_, value)| !value.is_empty());
    let used = (0..PRIOR_ROWS).filter(|number| is_used(*number)).max().map_or(0, |last| last + 1);
    let row = |number: usize| {
        let lines = LineOfTreatment::ALL.iter().map(|word| (word.as_str(), words::humanize(word.as_str())));
        let mut row = vec![
            draw.text(at(number, "name"), "Treatment").example("AC, or carbo/taxol"),
            draw.choice(at(number, "line"), "Line", "Not answered", lines).short(),
            draw.text(at(number, "started_on"), "From").short(),
            draw.text(at(number, "ended_on"), "Until").short(),
            draw.text(at(number, "outcome"), "Outcome").example("progression"),
        ];
        if draw.fields.text(&at(number, "setting")).is_some() {
            row.push(draw.text(at(number, "setting"), "Situation").short());
        }
        row
    };
    (0..(used + 2).min(PRIOR_ROWS)).map(row).collect()
}

fn fn_risks(fields: &Fields) -> Vec<Tick> {
    let ticked = |value: &str| fields.all("/clinical/fn_risk_factors").any(|entered| entered == value);
    let none = Tick { value: "none", name: "None of these".to_owned(), ticked: ticked("none") };
    let factor = |factor: &FnRiskFactor| Tick {
        value: factor.as_str(),
        name: words::humanize(factor.as_str()),
        ticked: ticked(factor.as_str()),
    };
    std::iter::once(none).chain(FnRiskFactor::ALL.iter().map(factor)).collect()
}

fn declarations(draw: &Drawing<'_>) -> Vec<Input> {
    vec![
        draw.choice(
            "/clinical_trial/enrolled",
            "Clinical trial",
            "Not answered",
            [("no", "Not in a trial"), ("yes", "Enrolled")],
        )
        .short(),
        draw.text("/clinical_trial/trial_id", "Trial ID").example("NCT01234567").short(),
    ]
}
