//! Letters (DET-10): what was decided, why, and what can be done about it, to the member and to the ordering provider. Nothing about
//! S-codes is ever in one (SCD-10).

use super::blocks::{Block, Document};
use super::letter_lines::{self, ProcedureInLetter};
use super::words;
use super::{dosing, letter_blocks, letter_denial};
use crate::domain::case::{Case, Finding, LetterReference, RefusedPart};
use crate::domain::content::{Content, ENGLISH, Indication, LetterWords, Policy, Program, Template};
use crate::domain::line::CaseLine;
use crate::domain::reading;
use crate::domain::review::ReconsiderationDecision;
use crate::domain::shared_text::Text;
use crate::domain::vocabulary::{Addressee, DrugStatus, LetterKind, Service, Truth};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A letter as it went out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Letter {
    /// Identifies the letter.
    pub letter_id: Uuid,
    /// The case.
    pub case_id: Uuid,
    /// The same to read out.
    #[serde(default)]
    pub case_number: Option<String>,
    /// What it says.
    pub kind: LetterKind,
    /// Whom it is written to.
    pub to: Addressee,
    /// When it was issued.
    pub issued_at: DateTime<Utc>,
    /// Program that decided.
    pub program: String,
    /// Health plan.
    pub health_plan: String,
    /// Language of the letter, such as `en`.
    #[serde(default = "english")]
    pub language: String,
    /// How it is set out.
    #[serde(default)]
    pub template: Template,
    /// True where a part of the request is denied, and not all of it.
    #[serde(default)]
    pub in_part: bool,
    /// True where the plan's file has no postal address for the member: it has to be addressed by hand.
    #[serde(default)]
    pub needs_address: bool,
    /// How easy it is to read, where it is in English.
    #[serde(default)]
    pub reading: Option<Reading>,
    /// The number that authorizes; a denied case has none (DET-09).
    pub order_id: Option<String>,
    /// The drugs that it is about; empty for radiation.
    pub drugs: Vec<DrugInLetter>,
    /// The procedures that it is about; empty for drugs.
    #[serde(default, with = "letter_lines::list")]
    #[schema(value_type = Vec<ProcedureInLetter>)]
    pub procedures: Vec<DrugInLetter>,
    /// What happened about the peer-to-peer discussion, in a denial.
    pub peer_to_peer: Vec<CallInLetter>,
    /// The reconsideration that it tells.
    pub reconsideration: Option<ReconsiderationInLetter>,
    /// What can be done about it, in a denial (APP-01…03).
    pub appeal: Option<Appeal>,
    /// The letter itself.
    pub document: Document,
}

/// A drug in a letter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DrugInLetter {
    /// Line of the order.
    pub line: u32,
    /// HCPCS code, where there is one.
    pub hcpcs: Option<String>,
    /// Generic name.
    pub name: String,
    /// Status.
    pub status: DrugStatus,
    /// Dose, route and schedule in words.
    pub dosing: String,
    /// Visits approved.
    pub visits_approved: Option<u32>,
    /// Billing units approved.
    pub units_approved: Option<u64>,
    /// Billing unit.
    pub billing_unit: Option<String>,
    /// First day.
    pub valid_from: Option<NaiveDate>,
    /// Last day.
    pub valid_through: Option<NaiveDate>,
    /// What of it is not approved, where only a part is; its reasons stand in a denial.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused_part: Option<RefusedPart>,
    /// Why it is denied, as the physician's code.
    pub reason_code: Option<String>,
    /// The same in words.
    pub reason: Option<String>,
    /// Why, in the physician's words.
    pub rationale: Option<String>,
    /// The reason in clinical words, where the physician wrote none for the member.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clinical_reason: Option<String>,
    /// Criteria that are not met, or could not be told.
    pub criteria_not_met: Vec<Criterion>,
    /// The line whose denial took this one along (CAS-04).
    pub implied_by_line: Option<u32>,
}

/// How easy a letter is to read: school grades by Flesch and Kincaid. A member's should be at most `aim`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Reading {
    /// Of the whole letter.
    pub grade: f64,
    /// Of the reviewer's own words in it.
    pub rationale_grade: Option<f64>,
    /// The grade to aim at.
    pub aim: f64,
}

fn english() -> String {
    ENGLISH.to_owned()
}

/// A criterion that is not met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Criterion {
    /// The rule, or the criterion in the physician's words.
    pub rule: String,
    /// What the rule said, in words.
    pub message: Option<String>,
    /// What the criterion asks for, in plain English; null where the rule is no criterion of a policy.
    #[serde(default)]
    pub says: Option<String>,
    /// Not met, or not to be told from the request.
    #[serde(default)]
    pub outcome: Option<Truth>,
    /// Title of the policy.
    #[serde(default)]
    pub policy: Option<String>,
    /// Where the rule comes from, and whose criteria it is.
    pub source: Option<String>,
    /// What it asks for is said in the language of the letter, which is not English.
    #[serde(skip)]
    pub translated: bool,
    /// No section of the policy is for the patient's cancer.
    #[serde(skip)]
    pub another_cancer: bool,
    /// The patient's cancer, as the letter names it.
    #[serde(skip)]
    pub cancer: Option<String>,
    /// What the policy covers for the patient's cancer, where that is a handful.
    #[serde(skip)]
    pub uses: Vec<String>,
}

/// An event of the peer-to-peer discussion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CallInLetter {
    /// `offered`, `scheduled`, `held`, `declined` or `unreachable`.
    pub event: String,
    /// When it happened, or was to happen.
    pub at: DateTime<Utc>,
    /// With whom.
    pub with: Option<String>,
}

/// A reconsideration that was decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReconsiderationInLetter {
    /// How.
    pub decision: ReconsiderationDecision,
    /// When.
    pub decided_at: DateTime<Utc>,
    /// Why, in the physician's words.
    pub rationale: String,
}

/// What can be done about a denial.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Appeal {
    /// How the provider asks for reconsideration; null where there is none, or none any more.
    pub reconsideration: Option<String>,
    /// The last day for it.
    pub reconsideration_until: Option<NaiveDate>,
    /// What the provider can do.
    pub provider: Vec<String>,
    /// What the member can do.
    pub member: Vec<String>,
}

/// What was decided against a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denied {
    /// The line.
    pub line: u32,
    /// Why, as a code.
    pub reason_code: String,
    /// Why, in words.
    pub rationale: String,
    /// True where these words were written for the member.
    pub for_member: bool,
    /// Rules, or criteria in the physician's words.
    pub criteria_not_met: Vec<String>,
    /// The line whose denial took this one along.
    pub implied_by_line: Option<u32>,
}

/// What a letter tells beside the case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LetterFacts {
    /// Every line denied.
    pub denied: Vec<Denied>,
    /// The peer-to-peer discussion.
    pub calls: Vec<CallInLetter>,
    /// The last day for a reconsideration, where one may still be asked for.
    pub reconsider_until: Option<NaiveDate>,
    /// The reconsideration that was decided now.
    pub reconsidered: Option<ReconsiderationInLetter>,
}

/// What a letter is written from beside the case.
#[derive(Debug, Clone, Copy)]
pub struct Told<'t> {
    /// The program that decided.
    pub program: &'t Program,
    /// The content that it decided by.
    pub content: &'t Content,
    /// The sentences of the letter's language.
    pub words: &'t LetterWords,
}

impl Letter {
    /// The lines that it is about, whichever the service.
    pub fn lines(&self) -> &[DrugInLetter] {
        if self.procedures.is_empty() { &self.drugs } else { &self.procedures }
    }

    /// Writes a letter about a case as it stands.
    pub fn write(reference: &LetterReference, case: &Case, told: &Told<'_>, facts: &LetterFacts) -> Self {
        let program = told.program;
        let is_denial = reference.kind == LetterKind::Denial;
        let own = |drug: &&CaseLine| match drug.status {
            DrugStatus::NonAuthorized => is_denial,
            DrugStatus::Authorized => !is_denial || drug.refused_part.is_some(),
            _ => false,
        };
        let mut lines: Vec<DrugInLetter> =
            case.lines().iter().filter(own).map(|drug| in_letter(drug, case, told, facts, reference.to)).collect();
        // a treatment without lines is denied as a whole
        lines.extend(
            facts
                .denied
                .iter()
                .filter(|denied| denied.line == 0 && is_denial)
                .map(|denied| whole(denied, case, told, reference.to)),
        );
        let (drugs, procedures) = match case.request.service {
            Some(Service::RadiationOncology) => (Vec::new(), lines),
            _ => (lines, Vec::new()),
        };
        let mut letter = Self {
            letter_id: reference.letter_id,
            case_id: case.case_id,
            case_number: case.case_number.clone(),
            kind: reference.kind,
            to: reference.to,
            issued_at: reference.issued_at,
            program: case.program.clone(),
            health_plan: program.health_plan.clone(),
            language: told.words.language.clone(),
            template: template(reference, case, program),
            in_part: is_denial && !letter_denial::is_denied_as_a_whole(case),
            needs_address: reference.needs_address,
            reading: None,
            order_id: case.order_id.clone(),
            drugs,
            procedures,
            peer_to_peer: if is_denial { facts.calls.clone() } else { Vec::new() },
            reconsideration: facts.reconsidered.clone(),
            appeal: is_denial.then(|| appeal(program, facts)),
            document: letter_blocks::empty(program),
        };
        letter_blocks::fill(&mut letter, case, told);
        letter.reading = reading(&letter);
        letter
    }
}

/// A denial to a member follows the notice of their line of business.
fn template(reference: &LetterReference, case: &Case, program: &Program) -> Template {
    let member =
        case.member_on_file.as_ref().filter(|_| reference.kind == LetterKind::Denial && reference.to == Addressee::Member);
    member.and_then(|member| program.letters.lines.get(&member.line_of_business)).map(|line| line.template).unwrap_or_default()
}

fn appeal(program: &Program, facts: &LetterFacts) -> Appeal {
    let words = &program.letters;
    Appeal {
        // it was asked for already, where one was decided
        reconsideration: words.reconsideration.clone().filter(|_| facts.reconsidered.is_none()),
        reconsideration_until: facts.reconsider_until,
        provider: words.appeal_provider.clone(),
        member: words.appeal_member.clone(),
    }
}

fn in_letter(drug: &CaseLine, case: &Case, told: &Told<'_>, facts: &LetterFacts, to: Addressee) -> DrugInLetter {
    let is_denied = drug.is_denied();
    let denial = facts.denied.iter().find(|denial| denial.line == drug.line && is_denied);
    let entry = DrugInLetter {
        line: drug.line,
        hcpcs: drug.hcpcs.clone(),
        name: drug.name.clone(),
        status: drug.status,
        dosing: dosing::in_words(drug, case, told.words),
        visits_approved: drug.visits_approved,
        units_approved: drug.units_approved,
        billing_unit: drug.billing_unit().map(str::to_owned),
        valid_from: drug.valid_from,
        valid_through: drug.valid_through,
        // the reasons stand in the letter that denies
        refused_part: drug.refused_part.clone().map(|part| RefusedPart { denial: None, ..part }),
        reason_code: None,
        reason: None,
        rationale: None,
        clinical_reason: None,
        criteria_not_met: Vec::new(),
        implied_by_line: None,
    };
    match denial {
        Some(denial) => because(entry, denial, (&drug.findings, case), told, to),
        None => entry,
    }
}

fn because(
    entry: DrugInLetter,
    denied: &Denied,
    (findings, case): (&[Text], &Case),
    told: &Told<'_>,
    to: Addressee,
) -> DrugInLetter {
    let criteria: Vec<Criterion> = denied
        .criteria_not_met
        .iter()
        .filter(|rule| is_told(rule, to))
        .map(|rule| criterion(rule, (findings, entry.hcpcs.as_deref()), case, told))
        .filter(|one| is_for(one, to))
        .collect();
    let known = told.program.reason(&denied.reason_code);
    let by_policy = criteria.iter().any(|one| one.policy.is_some()) || case.request.service == Some(Service::RadiationOncology);
    let lay =
        known.as_ref().filter(|_| to == Addressee::Member).map(|reason| reason.lay(&told.words.language, by_policy).to_owned());
    DrugInLetter {
        reason_code: Some(denied.reason_code.clone()),
        clinical_reason: lay.as_ref().filter(|_| !denied.for_member).map(|_| reason_in_words(&denied.reason_code, told.program)),
        reason: Some(lay.unwrap_or_else(|| reason_in_words(&denied.reason_code, told.program))),
        rationale: Some(denied.rationale.clone()),
        criteria_not_met: criteria,
        implied_by_line: denied.implied_by_line,
        ..entry
    }
}

fn whole(denied: &Denied, case: &Case, told: &Told<'_>, to: Addressee) -> DrugInLetter {
    let entry = DrugInLetter {
        line: 0,
        hcpcs: None,
        name: told.words.phrase("whole_treatment").to_owned(),
        status: DrugStatus::NonAuthorized,
        dosing: String::new(),
        visits_approved: None,
        units_approved: None,
        billing_unit: None,
        valid_from: None,
        valid_through: None,
        refused_part: None,
        reason_code: None,
        reason: None,
        rationale: None,
        clinical_reason: None,
        criteria_not_met: Vec::new(),
        implied_by_line: None,
    };
    because(entry, denied, (&[], case), told, to)
}

/// A reason code in the clinical words of content; as it stands where a case was decided before content had it.
pub fn reason_in_words(code: &str, program: &Program) -> String {
    program.reason(code).map_or_else(|| words::sentence(&words::humanize(code)), |reason| reason.clinical.clone())
}

/// Findings that are notes for whoever works the case: what an entry contradicts, how it was read, what is on file of other cases.
const FOR_THE_DESK: [&str; 6] =
    ["agreement/", "answers/", "history/", "program/", "radiation/contradiction/", "radiation/cms-determinations"];

/// What the plan's member file holds is in no letter (INF-08).
const OF_THE_MEMBER_FILE: &str = "agreement/sex-roster";

/// True for what the reader of a letter is told as a reason; a member is told nothing that is written to the desk.
fn is_told(rule: &str, to: Addressee) -> bool {
    rule != OF_THE_MEMBER_FILE && (to == Addressee::Provider || !FOR_THE_DESK.iter().any(|kind| rule.starts_with(kind)))
}

/// A member reads what a policy asks for and what the physician wrote; the notes of a check are for the practice.
const fn is_for(one: &Criterion, to: Addressee) -> bool {
    matches!(to, Addressee::Provider) || one.says.is_some() || one.message.is_none()
}

/// More uses than this are no answer to what a policy covers.
const FEW_USES: usize = 6;

fn criterion(rule: &str, (findings, hcpcs): (&[Text], Option<&str>), case: &Case, letter: &Told<'_>) -> Criterion {
    let told = |finding: &&Finding| finding.rule == rule && finding.outcome != Truth::Met;
    let of_drug = |finding: &&Finding| told(finding) && findings.contains(&finding.id);
    let finding = case.findings.iter().find(of_drug).or_else(|| case.findings.iter().find(told));
    let policy = rule.strip_prefix("policy/").and_then(|rest| rest.split('/').next());
    let policy = policy.and_then(|id| letter.content.policies.iter().find(|policy| policy.id == id));
    let says = finding.and_then(|finding| finding.says.as_deref());
    let translation = says.and_then(|says| letter.words.criterion(says));
    let cancer = case.request.clinical.cancer_type.known().and_then(|key| letter.content.cancer(key));
    let icd10 = case.request.diagnosis.as_ref().and_then(|diagnosis| diagnosis.icd10.as_deref());
    let fitting = |policy: &Policy| -> Vec<String> {
        let is_for =
            |one: &&Indication| cancer.is_some_and(|cancer| one.is_for(&cancer.key, cancer.solid)) && one.may_be(hcpcs, icd10);
        policy.indications.iter().filter(is_for).map(|one| one.title.clone()).collect()
    };
    let uses = policy.map(|policy| fitting(policy)).unwrap_or_default();
    Criterion {
        rule: rule.to_owned(),
        message: finding.map(|finding| words::sentence(&words::without_ids(&finding.message))),
        says: says.map(|says| translation.clone().unwrap_or_else(|| says.to_owned())),
        translated: translation.is_some(),
        outcome: finding.map(|finding| finding.outcome),
        policy: policy.map(|policy| letter.words.title(&policy.id).unwrap_or(&policy.title).to_owned()),
        source: finding.map(|finding| finding.source.as_ref().to_owned()),
        another_cancer: policy.is_some_and(|policy| {
            let of_cancer = |one: &Indication| cancer.is_some_and(|cancer| one.is_for(&cancer.key, cancer.solid));
            cancer.is_some() && !policy.indications.is_empty() && !policy.indications.iter().any(of_cancer)
        }),
        cancer: cancer.map(|cancer| letter.words.cancer(&cancer.key).unwrap_or(&cancer.name).to_owned()),
        uses: if uses.len() > FEW_USES { Vec::new() } else { uses },
    }
}

/// True for letters that the figure can count: Latin ones.
fn is_readable(text: &str) -> bool {
    text.chars().all(|character| !character.is_alphabetic() || character < '\u{250}')
}

/// How easy the letter is to read. Only English can be told.
fn reading(letter: &Letter) -> Option<Reading> {
    let text: Vec<String> = letter.document.blocks.iter().flat_map(Block::sentences).collect();
    let rationales: Vec<&str> = letter.lines().iter().filter_map(|line| line.rationale.as_deref()).collect();
    Some(Reading {
        grade: reading::grade(&text.join("\n")).filter(|_| letter.language == ENGLISH)?,
        rationale_grade: reading::grade(&rationales.join("\n")).filter(|_| rationales.iter().all(|text| is_readable(text))),
        aim: reading::AIM,
    })
}
