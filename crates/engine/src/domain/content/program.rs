//! A program: who is in it, what it manages, its clocks, phones and rules of reimbursement. Read straight from its file.

use super::super::attachment::MediaType;
use super::super::case::Contact;
use super::super::citation;
use super::super::vocabulary::{CallerRole, Channel, DeviationCode, DeviationEffect, LineOfBusiness, Service, Setting, Urgency};
use super::letters::{Letters, Reason};
use chrono::NaiveDate;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// A program.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Program {
    /// Id such as `quality-care-cancer`.
    pub id: String,
    /// Name.
    pub name: String,
    /// Health plan's id.
    pub health_plan: String,
    /// Health plan's name.
    pub health_plan_name: String,
    /// Who decides, and by whose criteria (REG-12).
    pub criteria_source: String,
    /// Requirement ids and passages behind the program.
    pub sources: Vec<String>,
    /// Assumptions that this file makes, by requirement id.
    pub assumptions: BTreeMap<String, String>,
    /// First day of service (PRG-05, PRG-06).
    pub services_from: NaiveDate,
    /// Last day of service.
    #[serde(default)]
    pub services_through: Option<NaiveDate>,
    /// First day on which requests are taken (PRG-06).
    #[serde(default)]
    pub requests_from: Option<NaiveDate>,
    /// IANA time zone (DET-07).
    pub time_zone: chrono_tz::Tz,
    /// Holiday calendar.
    pub holiday_calendar: String,
    /// Services managed.
    pub services: Vec<Service>,
    /// Lines of business that may be in the program.
    pub lines_of_business: Vec<LineOfBusiness>,
    /// Roles that may submit (SUB-08).
    pub submitters: Vec<CallerRole>,
    /// Exclusions in the order in which they are asked; the first that applies answers.
    pub exclusions: Vec<Exclusion>,
    /// Where a diagnosis outside oncology goes (PRG-11).
    pub not_oncology: Exclusion,
    /// Required items by service (INF-01…06).
    pub required: BTreeMap<Service, Vec<RequiredItem>>,
    /// Clinical items of medical oncology: one that is left out is a deviation, never a refusal (INF-02, INF-05).
    #[serde(default)]
    pub clinical: Vec<RequiredItem>,
    /// Items that speed up review (INF-06).
    #[serde(default)]
    pub recommended: Vec<RequiredItem>,
    /// Channels (SUB-07).
    pub channels: Channels,
    /// Retrospective requests (SUB-05, SUB-06).
    pub retrospective: Retrospective,
    /// Clocks (DET-05, DET-06).
    pub clocks: Clocks,
    /// Reconsideration of a denial, where the program has it (APP-01, APP-03).
    #[serde(default)]
    pub reconsideration: Option<Reconsideration>,
    /// Clinical documents (INF-07).
    #[serde(default)]
    pub attachments: AttachmentRules,
    /// Valid range of an authorization (VER-08).
    pub range: Range,
    /// Radiation, where the program manages it.
    #[serde(default)]
    pub radiation: Option<RadiationRules>,
    /// S-codes (SCD-01…07).
    pub s_codes: SCodeRules,
    /// Effects of deviations (DEV-07).
    #[serde(default)]
    pub deviation_effects: DeviationEffects,
    /// Generic names that the program manages (PRG-18), in `managed.toml` of the program.
    #[serde(default)]
    pub managed: BTreeSet<String>,
    /// The administrator's phone for this program (SUB-09, SUB-15).
    pub phone: ServiceHours,
    /// Help with the portal (SUB-15).
    pub portal_support: ServiceHours,
    /// The portal's hours (SUB-12).
    pub portal: ServiceHours,
    /// Pharmacy benefit manager (PRG-12).
    pub pharmacy_benefit: Contact,
    /// The plan, where it reviews a drug itself (DRG-04).
    pub plan_contact: Contact,
    /// What going without authorization means (PRG-16).
    #[serde(deserialize_with = "citation::told")]
    pub without_authorization: String,
    /// Whom members ask (PRG-17).
    #[serde(deserialize_with = "citation::told")]
    pub member_questions: String,
    /// Words of the letters (DET-10, DET-12).
    pub letters: Letters,
    /// The reasons that its reviewers may give, with their words: those that `letters.reasons` names.
    #[serde(skip)]
    pub reasons: Vec<Reason>,
    /// Calvert's cap on creatinine clearance, mL/min (VER-07).
    pub creatinine_clearance_cap: f64,
    /// Share of the expected dose, in percent, beyond which a warning is raised (DEV-03).
    pub dose_warning_percent: f64,
}

impl Program {
    /// A reason that its reviewers may give.
    pub fn reason(&self, code: &str) -> Option<&Reason> {
        self.reasons.iter().find(|reason| reason.code == code)
    }
}

/// A rule that keeps a request out of the program.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exclusion {
    /// Code of the contract.
    pub exclusion: String,
    /// Requirement id.
    pub requirement: String,
    /// When it applies; every stated condition must hold.
    #[serde(default)]
    pub when: When,
    /// What the caller reads.
    pub message: String,
    /// Where to go.
    pub redirect: Contact,
}

/// Conditions of an exclusion.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct When {
    /// Line of business is one of these.
    #[serde(default)]
    pub line_of_business: Vec<LineOfBusiness>,
    /// Product is one of these.
    #[serde(default)]
    pub product: Vec<String>,
    /// Group number is one of these.
    #[serde(default)]
    pub group_number: Vec<String>,
    /// The member's trust is none of these.
    #[serde(default)]
    pub trust_not: Vec<String>,
    /// Service is one of these.
    #[serde(default)]
    pub service: Vec<Service>,
    /// Setting is one of these.
    #[serde(default)]
    pub setting: Vec<Setting>,
    /// Date of service is before this day.
    #[serde(default)]
    pub date_of_service_before: Option<NaiveDate>,
    /// The request is received before this day, in the program's zone.
    #[serde(default)]
    pub received_before: Option<NaiveDate>,
}

/// An item that a request must or should carry.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequiredItem {
    /// JSON pointer into the request.
    pub pointer: String,
    /// Name for people.
    pub name: String,
    /// Requirement id.
    pub requirement: String,
}

/// Channels that are open.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Channels {
    /// Open to practices.
    pub practices: Vec<Channel>,
    /// Open to intake.
    pub intake: Vec<Channel>,
    /// Open to anyone who attests a temporary technical problem (SUB-07).
    #[serde(default)]
    pub with_attested_technical_problem: Vec<Channel>,
    /// What a caller on a closed channel reads.
    pub message: String,
    /// What a caller on an attested channel reads.
    #[serde(default)]
    pub attested_notice: Option<String>,
}

/// Requests after treatment began.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retrospective {
    /// Business days of grace (SUB-05).
    pub business_days: u32,
    /// What a later caller reads.
    pub message: String,
    /// Who takes later requests.
    pub redirect: Contact,
    /// Days after which nobody takes them, where there is such a limit; words only.
    #[serde(default)]
    pub plan_handles_for: Option<String>,
    /// Requirement id.
    pub requirement: String,
}

/// A deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Clock {
    /// So many business days (DET-07).
    BusinessDays(u32),
    /// So many hours by the clock.
    Hours(u32),
}

/// What happens when a deadline passes (DET-05).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeadlineEnd {
    /// Denied where peer-to-peer was offered and a physician reviewed; else escalated as overdue.
    DenyIfReviewed,
    /// Escalated as overdue.
    Escalate,
}

/// The clocks of a program.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clocks {
    /// For standard requests.
    pub standard: Clock,
    /// For urgent requests.
    pub urgent: Clock,
    /// At the end.
    pub at_deadline: DeadlineEnd,
    /// Clocks of the law around the program's own: whichever ends first counts.
    #[serde(default)]
    pub outer: Vec<OuterClock>,
}

/// A clock of the law, for some requests.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OuterClock {
    /// What it is called, for people.
    pub name: String,
    /// Members whom it is about.
    pub lines_of_business: Vec<LineOfBusiness>,
    /// Services that it is about.
    pub services: Vec<Service>,
    /// For standard requests.
    pub standard: Clock,
    /// For urgent requests.
    pub urgent: Clock,
    /// First day of receipt that counts, where the program is; none while it is not in force.
    #[serde(default)]
    pub received_from: Option<NaiveDate>,
    /// Where it is written.
    pub source: String,
    /// True where a person still has to confirm it.
    #[serde(default)]
    pub verify: bool,
}

impl Clocks {
    /// The program's own clock.
    pub const fn own(&self, urgency: Urgency) -> Clock {
        match urgency {
            Urgency::Standard => self.standard,
            Urgency::Urgent => self.urgent,
        }
    }

    /// Clocks of the law for a request of a member with this line of business that came in on this day.
    pub fn outer(
        &self,
        urgency: Urgency,
        service: Service,
        line_of_business: LineOfBusiness,
        received: NaiveDate,
    ) -> impl Iterator<Item = Clock> {
        let applies = move |outer: &&OuterClock| {
            outer.received_from.is_some_and(|first| first <= received)
                && outer.services.contains(&service)
                && outer.lines_of_business.contains(&line_of_business)
        };
        self.outer.iter().filter(applies).map(move |outer| match urgency {
            Urgency::Standard => outer.standard,
            Urgency::Urgent => outer.urgent,
        })
    }
}

/// Until when a denial is reconsidered (APP-01).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reconsideration {
    /// Calendar days after the denial decision, in the program's zone; the last one counts to its end.
    pub calendar_days: u32,
}

/// Which clinical documents are taken when a clinician asks for them (INF-07).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttachmentRules {
    /// What they may be.
    pub media_types: Vec<MediaType>,
    /// The largest file, in MiB.
    pub maximum_mib: u32,
    /// Files that a case may have.
    pub maximum_per_case: u32,
}

impl Default for AttachmentRules {
    fn default() -> Self {
        Self { media_types: MediaType::ALL.to_vec(), maximum_mib: 25, maximum_per_case: 50 }
    }
}

impl AttachmentRules {
    /// The largest file, in bytes.
    pub fn maximum_bytes(&self) -> u64 {
        u64::from(self.maximum_mib) * 1024 * 1024
    }
}

/// Valid range of an authorization (VER-08).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Range {
    /// Days added after the last planned cycle.
    pub days_after_last_cycle: u32,
    /// Months at most.
    pub maximum_months: u32,
    /// Months for treatment until progression.
    pub until_progression_months: u32,
}

/// Radiation orders of a program.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RadiationRules {
    /// By how many percent a dose may miss the range of its schedule.
    pub dose_tolerance_percent: f64,
    /// By how many percent a stated dose of a fraction may differ from total and fractions.
    pub stated_dose_tolerance_percent: f64,
    /// α/β of late effects in gray.
    pub late_effects_alpha_beta_gy: f64,
    /// Days for planning before the first fraction.
    pub planning_days: u32,
    /// Days after the last one.
    pub days_after_last_fraction: u32,
    /// Days beyond that range to which a course that broke off or moved may be extended.
    pub extension_days: u32,
    /// Days after an earlier course before which a second one of the same area is a nurse's to read, whatever its schedule.
    pub again_after_days: u32,
    /// Classes and subclasses of drugs that are not given on the days of curative radiation, unless the regimen is one of chemoradiation (SUB-03).
    pub not_beside: Vec<String>,
    /// Clinical items with what their absence does.
    pub items: Vec<RadiationItem>,
    /// What is said of CMS determinations, for Medicare Advantage.
    pub cms_determinations: String,
}

/// A clinical item of a radiation order.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RadiationItem {
    /// JSON pointer.
    pub pointer: String,
    /// Name for people.
    pub name: String,
    /// What it does when it is missing or unknown.
    pub effect: DeviationEffect,
}

/// Enhanced reimbursement (SCD).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SCodeRules {
    /// States whose in-network providers take part (SCD-02).
    pub states: Vec<String>,
    /// Code at the onset of treatment.
    pub onset_code: String,
    /// Code for the months after it.
    pub monthly_code: String,
    /// Days between two awards.
    pub step_days: u32,
    /// Monthly awards at most (SCD-07).
    pub maximum_months: u32,
    /// Months in all for indefinite treatment, onset included (SCD-07).
    pub indefinite_months: u32,
    /// Billing instructions (SCD-10, SCD-12).
    #[serde(deserialize_with = "citation::told_of_each")]
    pub instructions: BTreeMap<String, String>,
}

/// Effects of deviations where a program departs from DEV-07.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(transparent)]
pub struct DeviationEffects(pub BTreeMap<DeviationCode, DeviationEffect>);

/// A phone or portal with its hours.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceHours {
    /// Name.
    pub name: String,
    /// Number, as the source writes it.
    #[serde(default)]
    pub phone: Option<String>,
    /// Web address.
    #[serde(default)]
    pub url: Option<String>,
    /// Hours in words.
    pub hours: String,
    /// Requirement id.
    pub requirement: String,
}

/// Holidays of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HolidayCalendar {
    /// Observed days with their names.
    pub days: BTreeMap<NaiveDate, String>,
}
