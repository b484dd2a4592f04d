//! Programs and the lists of drugs that they manage.

use super::codes::text_of;
use super::document::{Document, Place};
use super::policies::known_generic;
use super::reasons::{self, Reasons};
use super::releases::{CodeSet, Lifetime, Releases, Shared};
use super::report::{Report, did_you_mean};
use super::source::Source;
use super::vocabulary::Vocabulary;
use crate::domain::content::{AttachmentRules, DenialSlots, ENGLISH, Exclusion, HolidayCalendar, Program, RequiredItem};
use crate::domain::items::pointers;
use crate::domain::vocabulary::Service;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The exclusions that callers may be told, as the API describes them.
const EXCLUSIONS: [&str; 13] = [
    "fep",
    "indemnity",
    "medicaid",
    "dual_eligible",
    "commercial",
    "group_not_participating",
    "not_urmbt",
    "medicare_advantage",
    "service_not_managed",
    "inpatient",
    "before_program_start",
    "after_program_end",
    "not_oncology_diagnosis",
];

/// A document is read through as a whole when it is stored and when it is scanned; no program may ask for more than this.
const LARGEST_ATTACHMENT_MIB: u32 = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    why: String,
    generics: Vec<String>,
    introduced: Option<String>,
    retired: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ManagedHeader {
    provenance: String,
}

/// Keys at the top of a program's file that are not the program's own: the releases that it belongs to, and what changes in them.
const OF_RELEASES: [&str; 3] = ["introduced", "retired", "in_release"];

/// What programs name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known<'k> {
    /// Holiday calendars.
    pub calendars: &'k BTreeMap<String, HolidayCalendar>,
    /// Reasons of determinations.
    pub reasons: &'k Reasons,
}

/// A program as each release has it (REG-08).
#[derive(Debug)]
pub(super) struct Draft {
    versions: Vec<Option<Arc<Program>>>,
    life: Lifetime,
}

impl Draft {
    /// The program as the release with this index has it.
    pub fn version(&self, release: usize) -> Option<Arc<Program>> {
        self.versions.get(release)?.clone()
    }

    /// The program as the newest release that has it has it.
    pub fn latest(&self) -> Option<&Arc<Program>> {
        self.versions.iter().rev().flatten().next()
    }

    /// Every state of it.
    pub fn versions(&self) -> impl Iterator<Item = &Arc<Program>> {
        self.versions.iter().flatten()
    }
}

/// Reads every program.
pub(super) fn read(
    source: &Source,
    words: &Vocabulary,
    known: Known<'_>,
    releases: &Releases,
    report: &mut Report,
) -> Vec<Draft> {
    let files = source.files("programs", "toml");
    let mut found: Vec<Draft> = Vec::new();
    for file in files.iter().filter(|file| !file.ends_with(".managed.toml")) {
        let Some(text) = text_of(source, file, report) else { continue };
        let Some(mut document) = Document::parse(file, &text, report) else { continue };
        check_time_zone(&mut document, report);
        let Some(program) = document.header::<Program>(&OF_RELEASES, report) else { continue };
        let root = document.root();
        check(&program, root, known, report);
        check_radiation(&program, root, words, report);
        if *file != format!("programs/{}.toml", program.id) {
            root.key("id").error(report, format!("the file should be programs/{}.toml", program.id), None);
        }
        let life = releases.lifetime(root.key("introduced").text(), root.key("retired").text(), root, report);
        let same_plan =
            |other: &&Draft| other.life.meets(life) && other.versions().any(|other| other.health_plan == program.health_plan);
        if let Some(other) = found.iter().find(same_plan).and_then(Draft::latest) {
            root.key("health_plan").error(report, format!("program `{}` is this health plan's already", other.id), None);
        }
        let managed = read_managed(source, &format!("programs/{}.managed.toml", program.id), words, releases, report);
        let changes = changes(&document, releases, report);
        let mut last: Shared<Program> = Shared::new();
        let versions = releases.iter().map(|(release, _)| {
            if !life.covers(release) {
                return None;
            }
            let mut program = changed(&document, &program, &changes, release, known, report)?;
            program.reasons = reasons::of(&program, known.reasons);
            program.managed.extend(managed.of::<Vec<(String, ())>>(release).into_iter().map(|(generic, ())| generic));
            Some(last.next(program))
        });
        found.push(Draft { versions: versions.collect(), life });
    }
    if files.iter().all(|file| file.ends_with(".managed.toml")) {
        report.unusable("programs", 1, "there is no program");
    }
    for file in files.iter().filter_map(|file| file.strip_suffix(".managed.toml")) {
        if !files.contains(&format!("{file}.toml")) {
            // The list is still read, so that its own errors show.
            read_managed(source, &format!("{file}.managed.toml"), words, releases, report);
        }
    }
    found
}

/// Each `[[in_release]]` with the index of its release.
fn changes<'d, 't>(document: &'d Document<'t>, releases: &Releases, report: &mut Report) -> Vec<(usize, Place<'d, 't>)> {
    let mut found = Vec::new();
    for place in document.places("in_release") {
        if place.key("release").text().is_none() {
            place.error(report, "say from which release on this holds: release = \"2026.4\"", None);
            continue;
        }
        for key in ["id", "health_plan", "in_release"].into_iter().filter(|key| place.has(key)) {
            place.key(key).error(report, format!("`{key}` stays the same in every release"), None);
        }
        let index = releases.named(place.key("release"), report);
        if found.last().is_some_and(|(before, _)| *before >= index) {
            place.error(report, "put the oldest release first, each once", None);
        }
        found.push((index, place));
    }
    found
}

/// The program as a release has it: what changed up to it in the place of what stood there before.
fn changed(
    document: &Document<'_>,
    program: &Program,
    changes: &[(usize, Place<'_, '_>)],
    release: usize,
    known: Known<'_>,
    report: &mut Report,
) -> Option<Program> {
    let places: Vec<Place<'_, '_>> = changes.iter().filter(|(from, _)| *from <= release).map(|(_, place)| *place).collect();
    let Some((from, newest)) = changes.iter().rev().find(|(from, _)| *from <= release) else { return Some(program.clone()) };
    // what is wrong is said once, with the release that it came with
    let mut again = Report::default();
    let said = if *from == release { report } else { &mut again };
    let without: Vec<&str> = OF_RELEASES.into_iter().chain(["release"]).collect();
    let program = document.header_changed::<Program>(&without, &places, said)?;
    check(&program, *newest, known, said);
    Some(program)
}

fn check(program: &Program, place: Place<'_, '_>, known: Known<'_>, report: &mut Report) {
    check_rules(program, place, report);
    reasons::check(program, place.key("letters"), known.reasons, report);
    let calendars = known.calendars;
    if !calendars.contains_key(&program.holiday_calendar) {
        let suggestion = did_you_mean(&program.holiday_calendar, calendars.keys().map(String::as_str));
        let message = format!("there is no calendar `{}`", program.holiday_calendar);
        place.key("holiday_calendar").error(report, message, suggestion);
    }
}

/// INF-07.
fn check_attachments(rules: &AttachmentRules, place: Place<'_, '_>, report: &mut Report) {
    if rules.media_types.is_empty() {
        place.key("media_types").error(report, "names no type, so that no document could be sent", None);
    }
    if !(1..=LARGEST_ATTACHMENT_MIB).contains(&rules.maximum_mib) {
        place.key("maximum_mib").error(report, format!("must be 1 to {LARGEST_ATTACHMENT_MIB}"), None);
    }
    if rules.maximum_per_case == 0 {
        place.key("maximum_per_case").error(report, "must be 1 or more", None);
    }
}

fn check_time_zone(document: &mut Document<'_>, report: &mut Report) {
    let place = document.root().key("time_zone");
    let Some(zone) = place.text().filter(|zone| zone.parse::<chrono_tz::Tz>().is_err()) else { return };
    let suggestion = did_you_mean(zone, chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name()));
    place.error(report, format!("there is no time zone `{zone}`"), suggestion);
    document.replace("time_zone", "UTC");
}

/// What the types cannot say: items, requirement ids, exclusions, and numbers that make a rule void.
fn check_rules(program: &Program, root: Place<'_, '_>, report: &mut Report) {
    for (service, items) in &program.required {
        check_items(items, root.key("required").key(service.as_str()), report);
    }
    check_items(&program.recommended, root.key("recommended"), report);
    check_items(&program.clinical, root.key("clinical"), report);
    for (index, exclusion) in program.exclusions.iter().enumerate() {
        check_exclusion(exclusion, root.key("exclusions").at(index), report);
    }
    check_exclusion(&program.not_oncology, root.key("not_oncology"), report);
    for id in program.assumptions.keys() {
        check_requirement(id, root.key("assumptions").key(id), report);
    }
    for (key, hours) in [("phone", &program.phone), ("portal_support", &program.portal_support), ("portal", &program.portal)] {
        check_requirement(&hours.requirement, root.key(key).key("requirement"), report);
    }
    check_letters(program, root.key("letters"), report);
    check_requirement(&program.retrospective.requirement, root.key("retrospective").key("requirement"), report);
    for service in program.services.iter().filter(|service| !program.required.contains_key(service)) {
        root.key("required").error(report, format!("nothing says which items {service} requires"), None);
    }
    if program.services_through.is_some_and(|last| last < program.services_from) {
        root.key("services_through").error(report, "ends before services_from", None);
    }
    for (index, state) in program.s_codes.states.iter().enumerate() {
        if state.len() != 2 || !state.bytes().all(|byte| byte.is_ascii_uppercase()) {
            let suggestion = Some("write two capital letters, such as `MI`".to_owned());
            root.key("s_codes").key("states").at(index).error(report, format!("`{state}` is not a state"), suggestion);
        }
    }
    let (range, codes) = (&program.range, &program.s_codes);
    let counts = [
        ("range", "maximum_months", range.maximum_months),
        ("range", "until_progression_months", range.until_progression_months),
        ("s_codes", "step_days", codes.step_days),
        ("s_codes", "indefinite_months", codes.indefinite_months),
    ];
    for (table, key, _) in counts.into_iter().filter(|(_, _, count)| *count == 0) {
        root.key(table).key(key).error(report, "must be 1 or more", None);
    }
    check_attachments(&program.attachments, root.key("attachments"), report);
    let amounts =
        [("creatinine_clearance_cap", program.creatinine_clearance_cap), ("dose_warning_percent", program.dose_warning_percent)];
    for (key, _) in amounts.into_iter().filter(|(_, amount)| !(*amount > 0.0 && amount.is_finite())) {
        root.key(key).error(report, "must be more than 0", None);
    }
}

/// The items of a radiation order that the rules know how to look for.
const RADIATION_ITEMS: [&str; 9] = [
    "/radiation/site",
    "/clinical/treatment_goal",
    "/radiation/total_dose_gy",
    "/radiation/fractions",
    "/clinical/performance_status",
    "/radiation/histology",
    "/clinical/stage",
    "/clinical/height_cm",
    "/clinical/weight_kg",
];

/// A program that manages radiation says how, and no other does.
fn check_radiation(program: &Program, root: Place<'_, '_>, words: &Vocabulary, report: &mut Report) {
    let managed = program.services.contains(&Service::RadiationOncology);
    let Some(rules) = &program.radiation else {
        if managed {
            root.key("services").error(report, "the program manages radiation: add [radiation]", None);
        }
        return;
    };
    let place = root.key("radiation");
    if !managed {
        place.error(report, "the program does not manage radiation", None);
    }
    let numbers = [
        ("dose_tolerance_percent", rules.dose_tolerance_percent),
        ("stated_dose_tolerance_percent", rules.stated_dose_tolerance_percent),
        ("late_effects_alpha_beta_gy", rules.late_effects_alpha_beta_gy),
    ];
    for (key, _) in numbers.into_iter().filter(|(_, number)| !(*number > 0.0 && *number < 50.0)) {
        place.key(key).error(report, "must be more than 0 and less than 50", None);
    }
    for (index, class) in rules.not_beside.iter().enumerate().filter(|(_, class)| !words.classes.contains(*class)) {
        let suggestion = did_you_mean(class, words.classes.iter().map(String::as_str));
        place.key("not_beside").at(index).error(report, format!("there is no class `{class}`"), suggestion);
    }
    for (index, item) in rules.items.iter().enumerate().filter(|(_, item)| !RADIATION_ITEMS.contains(&item.pointer.as_str())) {
        let message = format!("`{}` is no item of a radiation order", item.pointer);
        let suggestion = did_you_mean(&item.pointer, RADIATION_ITEMS);
        place.key("items").at(index).key("pointer").error(report, message, suggestion);
    }
    for pointer in RADIATION_ITEMS.iter().filter(|pointer| !rules.items.iter().any(|item| item.pointer == **pointer)) {
        place.key("items").error(report, format!("says nothing of {pointer}"), None);
    }
}

/// What a denial has to hold (DET-10).
fn check_denial(denial: &DenialSlots, place: Place<'_, '_>, report: &mut Report) {
    let single = [
        ("appeal_fax", &denial.appeal_fax),
        ("appeal_phone", &denial.appeal_phone),
        ("expedited", &denial.expedited),
        ("expedited_within", &denial.expedited_within),
        ("standard_within", &denial.standard_within),
        ("file", &denial.file),
        ("decided_by_role", &denial.decided_by_role),
        ("decided_by_specialty", &denial.decided_by_specialty),
        ("administrator", &denial.administrator),
    ];
    for (key, _) in single.into_iter().filter(|(_, text)| text.trim().is_empty()) {
        place.key(key).error(report, "a denial has to say this", None);
    }
    for (key, lines) in [("appeal_address", &denial.appeal_address), ("return_address", &denial.return_address)] {
        let is_full = (2..=5).contains(&lines.len()) && lines.iter().all(|line| !line.trim().is_empty());
        if !is_full {
            place.key(key).error(report, "an address has two to five lines", None);
        }
    }
    if denial.appeal_days == 0 {
        place.key("appeal_days").error(report, "must be 1 or more", None);
    }
}

/// A denial of radiation names what decides it, as one of drugs names a policy (DET-10).
fn check_radiation_policy(program: &Program, title: &str, place: Place<'_, '_>, report: &mut Report) {
    if program.services.contains(&Service::RadiationOncology) == title.trim().is_empty() {
        let message = "give the title of what decides radiation where the program decides it, and only there (DET-10)";
        place.key("radiation_policy").error(report, message, None);
    }
}

/// Letters that would say nothing where they have to say something (DET-10, DET-12).
fn check_letters(program: &Program, place: Place<'_, '_>, report: &mut Report) {
    let letters = &program.letters;
    let single = [
        ("sender", &letters.sender),
        ("questions_member", &letters.questions_member),
        ("nondiscrimination", &letters.nondiscrimination),
        ("policies", &letters.policies),
    ];
    for (key, _) in single.into_iter().filter(|(_, text)| text.trim().is_empty()) {
        place.key(key).error(report, "a letter has to say this", None);
    }
    for (key, paragraphs) in [("appeal_provider", &letters.appeal_provider), ("appeal_member", &letters.appeal_member)] {
        if paragraphs.iter().all(|text| text.trim().is_empty()) {
            place.key(key).error(report, "a denial letter carries instructions for the appeal (DET-10)", None);
        }
    }
    check_denial(&letters.denial, place.key("denial"), report);
    check_radiation_policy(program, &letters.radiation_policy, place, report);
    for (line, notice) in &letters.lines {
        let here = place.key("lines").key(line.as_str());
        if notice.appeal_days == 0 {
            here.key("appeal_days").error(report, "must be 1 or more", None);
        }
        for (key, within) in [("drugs_within", &notice.drugs_within), ("services_within", &notice.services_within)] {
            for language in [ENGLISH].into_iter().chain(letters.translations.keys().map(String::as_str)) {
                if within.get(language).is_none_or(|text| text.trim().is_empty()) {
                    here.key(key).error(report, format!("say it in `{language}`"), None);
                }
            }
        }
    }
    for (language, other) in &letters.translations {
        let here = place.key("translations").key(language);
        let told = [
            ("sender", &other.sender),
            ("questions_member", &other.questions_member),
            ("nondiscrimination", &other.nondiscrimination),
            ("policies", &other.policies),
            ("criteria_source", &other.criteria_source),
            ("expedited", &other.expedited),
            ("expedited_within", &other.expedited_within),
            ("standard_within", &other.standard_within),
            ("file", &other.file),
            ("decided_by_role", &other.decided_by_role),
            ("decided_by_specialty", &other.decided_by_specialty),
            ("without_authorization", &other.without_authorization),
        ];
        for (key, _) in told.into_iter().filter(|(_, text)| text.trim().is_empty()) {
            here.key(key).error(report, "say it in this language, too", None);
        }
        check_radiation_policy(program, &other.radiation_policy, here, report);
        if other.reconsideration.is_some() != letters.reconsideration.is_some() {
            here.key("reconsideration").error(report, "say it in this language where English says it, and only there", None);
        }
    }
    if letters.reconsideration.is_some() != program.reconsideration.is_some() {
        let message = "say how to ask for reconsideration where the program has it, and only there (APP-01, APP-03)";
        place.key("reconsideration").error(report, message, None);
    }
    if letters.language_assistance.is_empty() {
        place.key("language_assistance").error(report, "a member's letter offers help in other languages (DET-12)", None);
    }
    for (index, line) in letters.language_assistance.iter().enumerate() {
        let here = place.key("language_assistance").at(index);
        if !(2..=3).contains(&line.language.len()) || !line.language.bytes().all(|byte| byte.is_ascii_lowercase()) {
            let suggestion = Some("write a language tag such as `es`".to_owned());
            here.key("language").error(report, format!("`{}` is not a language", line.language), suggestion);
        }
        if line.text.trim().is_empty() {
            here.key("text").error(report, "say it in this language", None);
        }
    }
}

fn check_items(items: &[RequiredItem], list: Place<'_, '_>, report: &mut Report) {
    for (index, item) in items.iter().enumerate() {
        let place = list.at(index);
        if !pointers().any(|known| known == item.pointer) {
            let message = format!("`{}` is no item that a program can ask for", item.pointer);
            place.key("pointer").error(report, message, did_you_mean(&item.pointer, pointers()));
        }
        check_requirement(&item.requirement, place.key("requirement"), report);
    }
}

fn check_exclusion(exclusion: &Exclusion, place: Place<'_, '_>, report: &mut Report) {
    let code = exclusion.exclusion.as_str();
    if !EXCLUSIONS.contains(&code) {
        let suggestion = did_you_mean(code, EXCLUSIONS).or_else(|| Some(format!("one of {}", EXCLUSIONS.join(", "))));
        place.key("exclusion").error(report, format!("unknown exclusion `{code}`"), suggestion);
    }
    check_requirement(&exclusion.requirement, place.key("requirement"), report);
}

/// `PRG-03`, `SAFE-06`: three or four capital letters and two digits.
fn check_requirement(id: &str, place: Place<'_, '_>, report: &mut Report) {
    let well_formed = id.split_once('-').is_some_and(|(area, number)| {
        matches!(area.len(), 3 | 4)
            && number.len() == 2
            && area.bytes().all(|byte| byte.is_ascii_uppercase())
            && number.bytes().all(|byte| byte.is_ascii_digit())
    });
    if !well_formed {
        place.error(report, format!("`{id}` is not a requirement id"), Some("write it like `PRG-03`".to_owned()));
    }
}

/// The managed drugs, each in the releases in which it is on the list (PRG-18, REG-08).
fn read_managed(source: &Source, file: &str, words: &Vocabulary, releases: &Releases, report: &mut Report) -> CodeSet<()> {
    let mut found = CodeSet::new();
    let Some(text) = text_of(source, file, report) else { return found };
    let Some(document) = Document::parse(file, &text, report) else { return found };
    if document.header::<ManagedHeader>(&["group"], report).is_some_and(|header| header.provenance.trim().is_empty()) {
        document.root().key("provenance").error(report, "say where the list comes from", None);
    }
    for (group, place) in document.entries::<Group>("group", report) {
        if group.why.trim().is_empty() {
            place.key("why").error(report, "say why these drugs are managed", None);
        }
        let life = releases.lifetime(group.introduced.as_deref(), group.retired.as_deref(), place, report);
        for (index, generic) in group.generics.into_iter().enumerate() {
            let here = place.key("generics").at(index);
            known_generic(&generic, here, words, report);
            if !found.add(&generic, (), life) {
                here.error(report, format!("`{generic}` is in the list twice"), None);
            }
        }
    }
    found
}
