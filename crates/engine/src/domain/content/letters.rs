//! What a program's letters say beside what was decided: appeals, questions, languages, the notice of nondiscrimination.

use crate::domain::review::LineOutcome;
use crate::domain::vocabulary::{LineOfBusiness, Service};
use chrono::{Datelike as _, NaiveDate};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Words of the letters (DET-10, DET-12, APP-01…03, PRG-17).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Letters {
    /// Who sends them on the plan's behalf.
    pub sender: String,
    /// How a provider asks for reconsideration; there where the program has it (APP-01).
    #[serde(default)]
    pub reconsideration: Option<String>,
    /// How a provider appeals (APP-02, APP-03). Paragraphs.
    pub appeal_provider: Vec<String>,
    /// How a member appeals. Paragraphs.
    pub appeal_member: Vec<String>,
    /// Whom a member asks (PRG-17).
    pub questions_member: String,
    /// The plan's notice of nondiscrimination (DET-12).
    pub nondiscrimination: String,
    /// Help in other languages, each in its own (DET-12).
    pub language_assistance: Vec<LanguageLine>,
    /// Denials of a line of business that has a notice and times of its own.
    #[serde(default)]
    pub lines: BTreeMap<LineOfBusiness, LineNotice>,
    /// Where the policies and criteria are to be had, free of charge.
    pub policies: String,
    /// What the law of the plan's state gives members beyond the plan's own appeal, where their line of business has no notice of its own.
    #[serde(default)]
    pub external_review: Vec<String>,
    /// Title of what decides radiation; a program that decides radiation has one.
    #[serde(default)]
    pub radiation_policy: String,
    /// Whose criteria they are, in another language than the program's own.
    #[serde(skip)]
    pub criteria_source: Option<String>,
    /// What a denial has to hold.
    pub denial: DenialSlots,
    /// Codes of the reasons that reviewers may give.
    pub reasons: Vec<String>,
    /// The same in other languages; a member reads a letter in a language that is here and among those of the letters.
    #[serde(default)]
    pub translations: BTreeMap<String, Translation>,
}

impl Letters {
    /// In a language that is among the translations; as they are, where it is none.
    #[must_use]
    pub fn in_language(&self, language: &str) -> Self {
        let Some(other) = self.translations.get(language) else { return self.clone() };
        Self {
            sender: other.sender.clone(),
            reconsideration: self.reconsideration.as_ref().and(other.reconsideration.clone()),
            appeal_provider: other.appeal_provider.clone(),
            appeal_member: other.appeal_member.clone(),
            questions_member: other.questions_member.clone(),
            nondiscrimination: other.nondiscrimination.clone(),
            policies: other.policies.clone(),
            external_review: other.external_review.clone(),
            radiation_policy: other.radiation_policy.clone(),
            criteria_source: Some(other.criteria_source.clone()),
            denial: DenialSlots {
                expedited: other.expedited.clone(),
                expedited_within: other.expedited_within.clone(),
                standard_within: other.standard_within.clone(),
                file: other.file.clone(),
                decided_by_role: other.decided_by_role.clone(),
                decided_by_specialty: other.decided_by_specialty.clone(),
                ..self.denial.clone()
            },
            ..self.clone()
        }
    }

    /// With the times that a member's line of business has of its own.
    #[must_use]
    pub fn of_line(mut self, line: LineOfBusiness, service: Service, language: &str) -> Self {
        let Some(notice) = self.lines.get(&line) else { return self };
        let within = match service {
            Service::MedicalOncology => &notice.drugs_within,
            Service::RadiationOncology => &notice.services_within,
        };
        self.denial.appeal_days = notice.appeal_days;
        if let Some(within) = within.get(language).or_else(|| within.get(ENGLISH)) {
            self.denial.standard_within.clone_from(within);
        }
        self
    }
}

/// What denials of a line of business have of their own.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LineNotice {
    /// How a denial to its members is set out.
    pub template: Template,
    /// Calendar days to appeal, from the date of the letter.
    pub appeal_days: u32,
    /// By when an ordinary appeal about drugs is decided, by language.
    pub drugs_within: BTreeMap<String, String>,
    /// By when one about other services is decided, by language.
    pub services_within: BTreeMap<String, String>,
    /// True where whoever runs the program still has to confirm it.
    #[serde(default)]
    pub verify: bool,
}

/// What letters say in another language; each is what the field of that name says in English.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Translation {
    /// See [`Letters`].
    pub sender: String,
    /// See [`Letters`].
    #[serde(default)]
    pub reconsideration: Option<String>,
    /// See [`Letters`].
    pub appeal_provider: Vec<String>,
    /// See [`Letters`].
    pub appeal_member: Vec<String>,
    /// See [`Letters`].
    pub questions_member: String,
    /// See [`Letters`].
    pub nondiscrimination: String,
    /// See [`Letters`].
    #[serde(default)]
    pub external_review: Vec<String>,
    /// See [`Letters`].
    pub policies: String,
    /// See [`Letters`].
    #[serde(default)]
    pub radiation_policy: String,
    /// Whose criteria they are.
    pub criteria_source: String,
    /// See [`DenialSlots`].
    pub expedited: String,
    /// See [`DenialSlots`].
    pub expedited_within: String,
    /// See [`DenialSlots`].
    pub standard_within: String,
    /// See [`DenialSlots`].
    pub file: String,
    /// See [`DenialSlots`].
    pub decided_by_role: String,
    /// See [`DenialSlots`].
    pub decided_by_specialty: String,
    /// What going without authorization means (PRG-16).
    pub without_authorization: String,
}

/// How a denial to a member is set out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Template {
    /// As this service does it.
    #[default]
    Standard,
    /// The Integrated Denial Notice of Medicare Advantage (CMS-10003): its sections in its order.
    IntegratedDenialNotice,
}

/// What a denial has to hold; a program without any of it is refused.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DenialSlots {
    /// Where appeals go by mail: lines of the address.
    pub appeal_address: Vec<String>,
    /// Fax for appeals.
    pub appeal_fax: String,
    /// Phone for appeals.
    pub appeal_phone: String,
    /// Calendar days to appeal, from the date of the letter.
    pub appeal_days: u32,
    /// How to ask for an expedited appeal: a sentence.
    pub expedited: String,
    /// By when it is decided: `72 hours after we get your request`.
    pub expedited_within: String,
    /// By when an appeal that is not expedited is decided: `7 days`.
    pub standard_within: String,
    /// The right to the criteria and to the file, free of charge: a sentence.
    pub file: String,
    /// Role of whoever decides: `medical oncologist`.
    pub decided_by_role: String,
    /// Their specialty: `medical oncology`.
    pub decided_by_specialty: String,
    /// The administrator's name.
    pub administrator: String,
    /// Its return address: lines.
    pub return_address: Vec<String>,
    /// True where whoever runs the program still has to confirm it.
    #[serde(default)]
    pub verify: bool,
}

/// The sentences of letters in one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LetterWords {
    /// Language tag such as `es`.
    pub language: String,
    /// What the language calls itself.
    pub name: String,
    phrases: BTreeMap<String, String>,
    titles: BTreeMap<String, String>,
    criteria: BTreeMap<String, String>,
    cancers: BTreeMap<String, String>,
    terms: BTreeMap<String, String>,
}

/// What stands for the part of a criterion that differs.
pub const PLACE: &str = "{}";

impl LetterWords {
    /// The sentences; `content` holds every language to the same keys before. In another language than English also titles of policies, by
    /// their ids, what criteria say, by what they say in English, names of cancer types, and terms by what they are in English.
    pub const fn new(
        language: String,
        name: String,
        phrases: BTreeMap<String, String>,
        titles: BTreeMap<String, String>,
        criteria: BTreeMap<String, String>,
        cancers: BTreeMap<String, String>,
        terms: BTreeMap<String, String>,
    ) -> Self {
        Self { language, name, phrases, titles, criteria, cancers, terms }
    }

    /// The name of a cancer type in this language, where it has one.
    pub fn cancer(&self, key: &str) -> Option<&str> {
        self.cancers.get(key).map(String::as_str)
    }

    /// The title of a policy in this language, where it has one.
    pub fn title(&self, policy: &str) -> Option<&str> {
        self.titles.get(policy).map(String::as_str)
    }

    /// What a criterion says in this language, where content has words for what it says in English: for all of it, or for the sentence and what
    /// fills its one place.
    pub fn criterion(&self, says: &str) -> Option<String> {
        if let Some(known) = self.criteria.get(says) {
            return Some(known.clone());
        }
        self.criteria.iter().find_map(|(pattern, told)| {
            let (before, behind) = pattern.split_once(PLACE)?;
            let part = says.strip_prefix(before)?.strip_suffix(behind)?;
            Some(told.replace(PLACE, &self.listed(part)?))
        })
    }

    /// A term in this language; as it is in English, where content has none.
    pub fn term<'t>(&'t self, english: &'t str) -> &'t str {
        self.terms.get(english).map_or(english, String::as_str)
    }

    /// What fills a place: `a taxane or carboplatin`. Each of its parts is a term of content, or one word, which is a name or a number.
    fn listed(&self, part: &str) -> Option<String> {
        let term = |one: &str| -> Option<String> {
            let known = self.terms.get(one).cloned();
            known.or_else(|| Some(one.to_owned()).filter(|name| !name.is_empty() && !name.contains(' ')))
        };
        if let Some(whole) = self.terms.get(part) {
            return Some(whole.clone());
        }
        let all: Vec<String> = part.split(", ").flat_map(|some| some.split(" or ")).map(term).collect::<Option<_>>()?;
        match all.as_slice() {
            [only] => Some(only.clone()),
            [first @ .., last] => {
                Some(format!("{} {} {last}", first.join(", "), self.terms.get("or").map_or("or", String::as_str)))
            }
            [] => None,
        }
    }

    /// A sentence as it stands; its key where there is none, which no checked content has.
    pub fn phrase<'s>(&'s self, key: &'s str) -> &'s str {
        self.phrases.get(key).map_or(key, String::as_str)
    }

    /// A day as this language writes it: `November 20, 2026`.
    pub fn day(&self, day: NaiveDate) -> String {
        let month = usize::try_from(day.month0()).ok().and_then(|place| self.phrase("months").split(',').nth(place));
        let (number, year) = (day.day().to_string(), day.year().to_string());
        self.say("day_of_month", &[("month", month.unwrap_or_default().trim()), ("day", &number), ("year", &year)])
    }

    /// A sentence with its places filled: `{name}` by the value of that name. Values are taken as they are.
    pub fn say(&self, key: &str, values: &[(&str, &str)]) -> String {
        let mut said = String::new();
        let mut rest = self.phrase(key);
        while let Some((before, after)) = rest.split_once('{') {
            said.push_str(before);
            if let Some((name, behind)) = after.split_once('}') {
                said.push_str(values.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| *value));
                rest = behind;
            } else {
                said.push('{');
                rest = after;
            }
        }
        said.push_str(rest);
        said
    }
}

/// A reason that reviewers give for a determination (DET-10).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// Code such as `not_medically_necessary`.
    pub code: String,
    /// What it may be given for.
    pub decision: LineOutcome,
    /// For the member, by language; English always.
    pub lay: BTreeMap<String, String>,
    /// The same where no policy is behind the denial, if `lay` speaks of one.
    #[serde(default)]
    pub lay_without_policy: BTreeMap<String, String>,
    /// For the ordering provider.
    pub clinical: String,
    /// The code that it maps to in X12's code source 886, entered by whoever holds that list's licence.
    #[serde(default)]
    pub x12: Option<String>,
}

impl Reason {
    /// For a member who reads this language; where no policy is behind the denial, without a word of one.
    pub fn lay(&self, language: &str, by_policy: bool) -> &str {
        let words = if by_policy || self.lay_without_policy.is_empty() { &self.lay } else { &self.lay_without_policy };
        words.get(language).or_else(|| words.get("en")).map_or(self.clinical.as_str(), String::as_str)
    }
}

/// One line in one language.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LanguageLine {
    /// Language tag such as `es`.
    pub language: String,
    /// The line.
    pub text: String,
}

/// Letters in every language that content has.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LetterBook(BTreeMap<String, LetterWords>);

impl LetterBook {
    /// The languages.
    pub const fn new(languages: BTreeMap<String, LetterWords>) -> Self {
        Self(languages)
    }

    /// The sentences in this language, where content has it.
    pub fn get(&self, language: &str) -> Option<&LetterWords> {
        self.0.get(language)
    }

    /// Every language.
    pub fn languages(&self) -> impl Iterator<Item = &LetterWords> {
        self.0.values()
    }
}

/// The language that every content has.
pub const ENGLISH: &str = "en";

/// Every sentence of the letters, by key.
pub const PHRASES: &[&str] = &[
    "months",
    "day_of_month",
    "notice_of_denial",
    "notice_of_denial_after_reconsideration",
    "notice_of_approval",
    "notice_of_approval_after_reconsideration",
    "case",
    "order_id",
    "date",
    "to",
    "member",
    "member_id",
    "ordering_provider",
    "servicing_provider",
    "diagnosis",
    "request_received",
    "order_id_name",
    "case_name",
    "dear",
    "dear_reader",
    "approved",
    "not_approved",
    "approves_to_member",
    "approves_to_provider",
    "keep_order_id",
    "what_is_approved",
    "approved_table",
    "approved_procedures_table",
    "the_radiation",
    "drug",
    "procedure",
    "dosing",
    "asked_for",
    "visits",
    "billing_units",
    "valid",
    "of_unit",
    "other_drugs",
    "other_procedures",
    "contact",
    "status_not_required",
    "status_refer",
    "status_pharmacy",
    "status_approved",
    "status_withdrawn",
    "another_part",
    "not_a_guarantee",
    "not_a_guarantee_in_part",
    "coverage_ends",
    "of_asked",
    "in_part",
    "one_visit",
    "so_many_visits",
    "so_many_units",
    "denies_whole",
    "denies_part",
    "reasons_below",
    "entire_request",
    "entire_request_reviewed",
    "entire_request_no_order_id",
    "decided_by",
    "what_and_why",
    "these_drugs",
    "these_procedures",
    "whole_treatment",
    "because_of",
    "because_of_treatment",
    "also_denied",
    "reason",
    "medical_terms",
    "rationale",
    "rationale_to_member",
    "rests_on",
    "rests_on_regimen",
    "criteria_in_english",
    "in_english",
    "not_for_cancer",
    "policy_uses",
    "asks_not_met",
    "asks_unknown",
    "noted",
    "where_policies",
    "ask_the_program",
    "file_for_provider",
    "standard_appeal",
    "reconsideration",
    "reconsidered_upheld",
    "reconsidered_overturned",
    "reconsidered_in_part",
    "peer_to_peer",
    "call_offered",
    "call_scheduled",
    "call_held",
    "call_declined",
    "call_unreachable",
    "what_you_can_do",
    "for_provider",
    "for_member",
    "how_to_reconsider",
    "first_then",
    "no_dose",
    "times_a_day",
    "on_day",
    "on_days",
    "one_cycle",
    "cycles",
    "until_progression",
    "one_unit",
    "units_asked",
    "units_not_known",
    "last_day",
    "how_to_appeal",
    "appeal_days",
    "appeal_where",
    "appeal_by_mail",
    "appeal_by_fax",
    "appeal_by_phone",
    "expedited",
    "rights",
    "questions",
    "questions_provider",
    "language_help",
    "who_decided",
    "who_decided_text",
    "administrator",
    "page_of",
    "idn_title",
    "idn_important",
    "idn_important_text",
    "idn_denied",
    "idn_denied_whole",
    "idn_denied_part",
    "idn_why",
    "idn_why_text",
    "idn_share",
    "idn_right",
    "idn_right_text",
    "idn_someone",
    "idn_someone_text",
    "idn_rights",
    "idn_two_kinds",
    "idn_standard",
    "idn_fast",
    "idn_how",
    "idn_step_1",
    "idn_include_name",
    "idn_include_reasons",
    "idn_include_kind",
    "idn_include_evidence",
    "idn_keep_copies",
    "idn_step_2",
    "idn_next",
    "idn_next_text",
    "idn_help",
    "idn_help_plan",
    "idn_help_medicare",
    "idn_help_rights",
    "idn_help_eldercare",
    "idn_help_ship",
    "idn_form",
    "idn_attachment",
];
