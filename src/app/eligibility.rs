//! Eligibility checks: the program of a member, or why there is none and where to go instead.

use super::orders::Question;
use super::{App, Caller, Error, Result, enquiries};
use crate::domain::case::Contact;
use crate::domain::content::Content;
use crate::domain::order::{Diagnosis, MemberIdentity};
use crate::domain::refusal::{Fault, Refusal};
use crate::domain::text::says_something;
use crate::domain::vocabulary::{Service, Setting};
use crate::rules::eligibility::{self, Eligibility};
use crate::rules::identity;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EligibilityCheck {
    /// Who would be treated: health plan, first and last name and date of birth; the member ID where the name alone is not enough.
    pub member: MemberIdentity,
    /// What would be ordered.
    pub service: Service,
    /// Where; `outpatient` when left out.
    #[serde(default)]
    pub setting: Option<Setting>,
    /// When treatment is likely to begin.
    pub date_of_service: NaiveDate,
    /// What would be treated, where it is known.
    #[serde(default)]
    pub diagnosis: Option<Diagnosis>,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct EligibilityAnswer {
    /// True where a program takes the request.
    pub eligible: bool,
    /// That program.
    pub program: Option<String>,
    /// Its name.
    pub program_name: Option<String>,
    /// What excludes the request: `fep`, `indemnity`, `medicaid`, `dual_eligible`, `commercial`, `group_not_participating`,
    /// `not_urmbt`, `medicare_advantage`, `service_not_managed`, `inpatient`, `before_program_start`, `after_program_end`,
    /// `not_oncology_diagnosis`.
    pub exclusion: Option<String>,
    /// The requirement that the exclusion rests on.
    pub requirement: Option<String>,
    /// In words.
    pub detail: Option<String>,
    /// Where to go instead.
    pub redirect: Option<Contact>,
    /// What going without authorization means (PRG-16).
    pub without_authorization: Option<String>,
    /// Release of the content that answered.
    pub content_release: String,
}

/// Answers an eligibility check and keeps it as an enquiry.
pub async fn check(app: &App, caller: &Caller, asked: &EligibilityCheck) -> Result<EligibilityAnswer> {
    require_identity(&asked.member)?;
    let health_plan = asked.member.health_plan.as_deref().unwrap_or_default();
    if !caller.serves_plan(health_plan) {
        return Err(Error::NotFound);
    }
    let now = app.clock.now();
    let content = app.library.in_force(now.date_naive());
    let question = Question::of_member(&asked.member);
    let mut known = app.busy.facts.ask(question.asked(None, None)).await?;
    // who has the key of the name by chance is not meant; the rows of who is are there already
    let _ = question.narrowed(&mut known);
    let rows = known.members;
    if let Some(row) = rows.first() {
        caller.accessed.member(health_plan, &row.member_id);
    }
    let answer = ask_rules(asked, &question, &rows, content, now);
    let icd10 = asked.diagnosis.as_ref().and_then(|diagnosis| diagnosis.icd10.as_deref());
    let about = enquiries::Asked {
        kind: "eligibility_check",
        health_plan,
        member_id: rows.first().map(|row| row.member_id.as_str()),
        service: Some(asked.service),
        setting: asked.setting.unwrap_or(Setting::Outpatient),
        date_of_service: Some(asked.date_of_service),
        icd10,
    };
    let outcome = match &answer {
        Ok(Eligibility::Eligible { program, .. }) => enquiries::Outcome::Eligible(program),
        Ok(Eligibility::Ineligible(ineligible)) => enquiries::Outcome::NotEligible(ineligible),
        Err(refusal) => enquiries::Outcome::Refused(slug(refusal)),
    };
    enquiries::keep(app, &mut *app.pool.acquire().await?, caller, now, &about, outcome).await?;
    Ok(answer_of(answer?, health_plan, content))
}

fn ask_rules(
    asked: &EligibilityCheck,
    question: &Question,
    rows: &[crate::domain::roster::MemberRow],
    content: &Content,
    received_at: DateTime<Utc>,
) -> std::result::Result<Eligibility, Refusal> {
    let health_plan = asked.member.health_plan.as_deref().unwrap_or_default();
    eligibility::program_of(health_plan, content)?;
    let known = question.member(rows);
    let spans = identity::verify(&asked.member, &known, asked.date_of_service)?;
    let question = eligibility::Question {
        health_plan,
        member: &spans,
        service: asked.service,
        setting: asked.setting.unwrap_or(Setting::Outpatient),
        date_of_service: asked.date_of_service,
        icd10: asked.diagnosis.as_ref().and_then(|diagnosis| diagnosis.icd10.as_deref()),
        received_at,
    };
    eligibility::check(&question, content)
}

fn answer_of(answer: Eligibility, health_plan: &str, content: &Content) -> EligibilityAnswer {
    let program = content.program_of_plan(health_plan);
    let common = EligibilityAnswer {
        eligible: false,
        program: None,
        program_name: None,
        exclusion: None,
        requirement: None,
        detail: None,
        redirect: None,
        without_authorization: program.map(|program| program.without_authorization.clone()),
        content_release: content.release.name.clone(),
    };
    match answer {
        Eligibility::Eligible { program: id, .. } => EligibilityAnswer {
            eligible: true,
            program_name: content.program(&id).map(|program| program.name.clone()),
            program: Some(id),
            ..common
        },
        Eligibility::Ineligible(ineligible) => EligibilityAnswer {
            exclusion: Some(ineligible.exclusion),
            requirement: Some(ineligible.requirement),
            detail: Some(ineligible.detail),
            redirect: Some(ineligible.redirect),
            ..common
        },
    }
}

/// Name and date of birth are needed in any program, to know that the member is the one meant (INF-08).
fn require_identity(member: &MemberIdentity) -> Result<()> {
    let filled = |text: &Option<String>| text.as_deref().is_some_and(says_something);
    let items = [
        ("/member/health_plan", filled(&member.health_plan)),
        ("/member/first_name", filled(&member.first_name)),
        ("/member/last_name", filled(&member.last_name)),
        ("/member/birth_date", member.birth_date.is_some()),
    ];
    let missing: Vec<Fault> = items
        .into_iter()
        .filter(|(_, present)| !present)
        .map(|(pointer, _)| Fault::new(pointer, "missing", "is required to know who is meant"))
        .collect();
    if missing.is_empty() { Ok(()) } else { Err(Refusal::MissingRequired(missing).into()) }
}

/// The refusal's name in the contract, for the audit.
const fn slug(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::Validation(_) => "validation-failed",
        Refusal::NotOfThisService(_) => "not-of-this-service",
        Refusal::MissingRequired(_) => "missing-required-information",
        Refusal::NotEligible(_) => "not-eligible",
        Refusal::MemberNotFound => "member-not-found",
        Refusal::MemberMismatch => "member-mismatch",
        Refusal::CoverageNotActive { .. } => "coverage-not-active",
        Refusal::RetrospectiveWindowClosed { .. } => "retrospective-window-closed",
        Refusal::ChannelNotAccepted { .. } => "channel-not-accepted",
        Refusal::OrderingProviderNotOnFile { .. } => "ordering-provider-not-on-file",
        Refusal::NotPermitted { .. } => "forbidden",
    }
}
