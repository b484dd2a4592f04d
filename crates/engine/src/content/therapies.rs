//! Names of earlier treatments and words for their outcomes: `words/therapies.toml`, `words/outcomes.toml`, and what the drugs
//! themselves are called.

use super::codes::text_of;
use super::document::{Document, Place};
use super::report::{Report, did_you_mean};
use super::source::Source;
use super::vocabulary::Vocabulary;
use crate::domain::content::{CourseState, Drug, DrugCatalog, Outcome, Therapies, Therapy, ToldAnswer};
use crate::domain::fold::fold;
use crate::domain::vocabulary::Truth;
use serde::Deserialize;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

const NAMES: &str = "words/therapies.toml";
const OUTCOMES: &str = "words/outcomes.toml";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    provenance: String,
    course_gap_days: Option<u32>,
    early_lines: Option<u32>,
    #[serde(default)]
    doubt: Vec<String>,
    #[serde(default)]
    behind_names: Vec<String>,
    #[serde(default)]
    behind: Vec<String>,
    #[serde(default)]
    denial: Vec<String>,
    #[serde(default)]
    reasons: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a key that a clinician may write")]
struct NameEntry {
    names: Vec<String>,
    #[serde(default)]
    drugs: Vec<String>,
    #[serde(default)]
    unsure: bool,
    #[serde(default)]
    readings: Vec<Vec<String>>,
    #[serde(default)]
    classes: Vec<String>,
    #[serde(default)]
    may_be_classes: Vec<String>,
    #[serde(default)]
    others: bool,
    outside: Option<String>,
    #[serde(default)]
    no_drug: bool,
    #[serde(default)]
    none: bool,
    #[expect(dead_code, reason = "for people: what a clinician still has to verify")]
    verify: Option<bool>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Said {
    Yes,
    No,
    Unknown,
}

impl Said {
    const fn no() -> Self {
        Self::No
    }

    const fn truth(self) -> Truth {
        match self {
            Self::Yes => Truth::Met,
            Self::No => Truth::NotMet,
            Self::Unknown => Truth::Unknown,
        }
    }
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum CourseWord {
    Over,
    Ongoing,
    Never,
    Died,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OutcomeEntry {
    word: String,
    names: Vec<String>,
    progressed: Said,
    #[serde(default = "Said::no")]
    toxicity: Said,
    #[serde(default = "Said::no")]
    reaction: Said,
    course: CourseWord,
    #[serde(default)]
    best_response: bool,
    #[serde(default)]
    doubt: bool,
    #[serde(default)]
    heard: Vec<String>,
    #[serde(default)]
    tells: Vec<Tells>,
    #[expect(dead_code, reason = "for people: what a clinician still has to verify")]
    verify: Option<bool>,
}

/// An answer that an outcome gives.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tells {
    answer: String,
    result: String,
}

/// Reads both files; what drugs are called comes from the catalogue.
pub(super) fn read(source: &Source, words: &Vocabulary, report: &mut Report) -> Therapies {
    let (drugs, classes) = (&*words.drugs, &words.classes);
    let mut found = Therapies::default();
    let own = of_catalogue(drugs, &mut found);
    let header = each::<NameEntry>(source, NAMES, "therapy", report, |entries, report| {
        let mut seen: HashMap<String, usize> = HashMap::new();
        for (entry, place) in entries {
            no_name_twice(&entry.names, place, &mut seen, report);
            let therapy = Arc::new(therapy(&entry, place, drugs, classes, report));
            for (index, name) in entry.names.iter().enumerate() {
                if let Some(generic) = own.get(fold(name).as_ref()).filter(|generic| !is_only(&therapy, generic)) {
                    let message = format!("`{name}` is what the catalogue calls {generic}");
                    place.key("names").at(index).error(report, message, None);
                }
                found.add_name(name, &therapy);
            }
        }
    });
    if let Some(header) = header {
        match (header.course_gap_days, header.early_lines) {
            (Some(gap), Some(early)) => (found.course_gap_days, found.early_lines) = (gap, early),
            _ => report.error(NAMES, 1, "give `course_gap_days` and `early_lines`", None),
        }
    }
    let header = each::<OutcomeEntry>(source, OUTCOMES, "outcome", report, |entries, report| {
        let mut seen: HashMap<String, usize> = HashMap::new();
        for (entry, place) in entries {
            no_name_twice(&entry.names, place, &mut seen, report);
            let outcome = Arc::new(outcome(&entry, place, words, report));
            for name in entry.names.iter().chain(std::iter::once(&entry.word)) {
                found.add_outcome(name, &outcome);
            }
            for word in &entry.heard {
                found.add_heard(word, &outcome);
            }
        }
    });
    if let Some(header) = header {
        if header.doubt.is_empty() || header.denial.is_empty() {
            report.error(OUTCOMES, 1, "give `doubt` and `denial`", None);
        }
        found.set_doubt(&header.doubt, &header.denial, &header.reasons);
        found.set_behind(&header.behind_names, &header.behind);
    }
    found
}

fn each<T: for<'t> Deserialize<'t>>(
    source: &Source,
    file: &str,
    name: &str,
    report: &mut Report,
    take: impl FnOnce(Vec<(T, Place<'_, '_>)>, &mut Report),
) -> Option<Header> {
    let text = text_of(source, file, report)?;
    let document = Document::parse(file, &text, report)?;
    let header = document.header::<Header>(&[name], report);
    if header.as_ref().is_some_and(|header| header.provenance.trim().is_empty()) {
        document.root().key("provenance").error(report, "say where these words come from", None);
    }
    let entries = document.entries::<T>(name, report);
    if entries.is_empty() {
        report.error(file, 1, format!("there is no `[[{name}]]`"), None);
    }
    take(entries, report);
    header
}

fn no_name_twice(names: &[String], place: Place<'_, '_>, seen: &mut HashMap<String, usize>, report: &mut Report) {
    if names.is_empty() {
        place.error(report, "an entry needs `names`", None);
    }
    for (index, name) in names.iter().enumerate() {
        let here = place.key("names").at(index);
        let key = fold(name).into_owned();
        if key.is_empty() {
            here.error(report, "a name needs a letter or a digit", None);
        } else if let Some(line) = seen.insert(key, here.line()) {
            here.error(report, format!("`{name}` is also at line {line}: case, spaces and hyphens do not matter"), None);
        }
    }
}

/// Generic names, synonyms, brands, products and codes. Returns generics and synonyms, which nothing else may take.
fn of_catalogue(drugs: &DrugCatalog, found: &mut Therapies) -> HashMap<String, String> {
    let mut own = HashMap::new();
    // where several drugs share a brand it may be any of them
    let mut shared: HashMap<String, Vec<Arc<Drug>>> = HashMap::new();
    for drug in drugs.all() {
        let products = drug.codes.iter().flat_map(|code| code.product.iter().chain(&code.biosimilar_name));
        for name in drug.brands.iter().chain(products) {
            let known = shared.entry(name.clone()).or_default();
            if !known.iter().any(|known| known.generic == drug.generic) {
                known.push(Arc::clone(drug));
            }
        }
    }
    for (name, drugs) in shared {
        let therapy = match drugs.as_slice() {
            [only] => Therapy::of(Arc::clone(only)),
            _ => Therapy { may_be: drugs, ..Therapy::default() },
        };
        found.add_name(&name, &Arc::new(therapy));
    }
    for drug in drugs.all() {
        let therapy = Arc::new(Therapy::of(Arc::clone(drug)));
        for code in &drug.codes {
            found.add_name(&code.hcpcs, &therapy);
        }
        if let Some(stem) = stem(&drug.generic).filter(|stem| drugs.by_name(stem).is_none()) {
            found.add_name(stem, &therapy);
        }
        for name in std::iter::once(&drug.generic).chain(&drug.synonyms) {
            found.add_name(name, &therapy);
            own.insert(fold(name).into_owned(), drug.generic.clone());
        }
    }
    for code in drugs.ended_codes() {
        if let Some(drug) = drugs.by_name(&code.generic) {
            found.add_name(&code.hcpcs, &Arc::new(Therapy::of(Arc::clone(drug))));
        }
    }
    own
}

/// A biological product's name without its four-letter suffix: `teclistamab` of `teclistamab-cqyv`.
fn stem(generic: &str) -> Option<&str> {
    let (stem, suffix) = generic.rsplit_once('-')?;
    (suffix.len() == 4 && suffix.bytes().all(|byte| byte.is_ascii_lowercase()) && stem.ends_with("mab")).then_some(stem)
}

fn is_only(therapy: &Therapy, generic: &str) -> bool {
    matches!(therapy.drugs.as_slice(), [only] if only.generic == generic) && !therapy.others
}

fn therapy(
    entry: &NameEntry,
    place: Place<'_, '_>,
    drugs: &DrugCatalog,
    classes: &BTreeSet<String>,
    report: &mut Report,
) -> Therapy {
    let known = |list: &[String], place: Place<'_, '_>, report: &mut Report| -> Vec<Arc<Drug>> {
        let mut found = Vec::new();
        for (index, name) in list.iter().enumerate() {
            if let Some(drug) = drugs.by_name(name) {
                found.push(Arc::clone(drug));
            } else {
                let suggestion = did_you_mean(name, drugs.all().iter().map(|drug| drug.generic.as_str()));
                place.at(index).error(report, format!("there is no drug `{name}`"), suggestion);
            }
        }
        found
    };
    let told = known(&entry.drugs, place.key("drugs"), report);
    let readings: Vec<Vec<Arc<Drug>>> = entry
        .readings
        .iter()
        .enumerate()
        .map(|(index, reading)| known(reading, place.key("readings").at(index), report))
        .collect();
    for (key, list) in [("classes", &entry.classes), ("may_be_classes", &entry.may_be_classes)] {
        for (index, class) in list.iter().enumerate().filter(|(_, class)| !classes.contains(*class)) {
            let suggestion = did_you_mean(class, classes.iter().map(String::as_str));
            place.key(key).at(index).error(report, format!("unknown class `{class}`"), suggestion);
        }
    }
    consistent(entry, place, report);
    let mut found = Therapy {
        classes: with_wider(&entry.classes, drugs),
        may_be_classes: entry.may_be_classes.clone(),
        others: entry.others || entry.unsure,
        outside: entry.outside.clone(),
        is_listed: is_listed(entry),
        no_drug: entry.no_drug,
        none: entry.none,
        ..Therapy::default()
    };
    if entry.unsure {
        found.may_be = told;
    } else {
        found.drugs = told;
    }
    add_readings(&mut found, &readings);
    found
}

/// True where the drugs of an entry, or of its readings, are all that its names can hold.
fn is_listed(entry: &NameEntry) -> bool {
    let open = entry.others || entry.unsure || entry.outside.is_some();
    !entry.readings.is_empty() && entry.classes.is_empty() && entry.may_be_classes.is_empty() && !open
}

fn consistent(entry: &NameEntry, place: Place<'_, '_>, report: &mut Report) {
    let holds = !entry.drugs.is_empty()
        || !entry.readings.is_empty()
        || !entry.classes.is_empty()
        || !entry.may_be_classes.is_empty()
        || entry.others
        || entry.outside.is_some();
    if [holds, entry.no_drug, entry.none].into_iter().filter(|is_so| *is_so).count() != 1 {
        let suggestion = Some(
            "give `drugs`, `readings`, `classes`, `may_be_classes`, `others` or `outside`; or `no_drug`; or `none`".to_owned(),
        );
        place.error(report, "say what the names stand for, once", suggestion);
    }
    if entry.readings.len() == 1 {
        place.key("readings").error(report, "one reading is no choice: write `drugs`", None);
    }
}

/// A class of which every drug belongs to another class, too, says that one as well: platinum is chemotherapy.
fn with_wider(classes: &[String], drugs: &DrugCatalog) -> Vec<String> {
    let mut found = classes.to_vec();
    for class in classes {
        let mut members = drugs.all().iter().filter(|drug| drug.subclass == *class).map(|drug| &drug.class);
        if let Some(wider) = members.next()
            && members.all(|other| other == wider)
            && !found.contains(wider)
        {
            found.push(wider.clone());
        }
    }
    found
}

/// What is in all readings, and the classes that all have, are certain; the rest may be.
fn add_readings(therapy: &mut Therapy, readings: &[Vec<Arc<Drug>>]) {
    let Some((first, others)) = readings.split_first() else { return };
    let in_all = |is_it: &dyn Fn(&Arc<Drug>) -> bool| others.iter().all(|reading| reading.iter().any(is_it));
    for drug in first {
        if in_all(&|other| other.generic == drug.generic) {
            therapy.drugs.push(Arc::clone(drug));
        }
        for class in [&drug.class, &drug.subclass] {
            if in_all(&|other| other.class == *class || other.subclass == *class) && !therapy.classes.contains(class) {
                therapy.classes.push(class.clone());
            }
        }
    }
    let certain = therapy.drugs.clone();
    let rest = readings.iter().flatten().filter(|drug| !certain.iter().any(|known| known.generic == drug.generic));
    therapy.may_be.extend(rest.cloned());
}

fn outcome(entry: &OutcomeEntry, place: Place<'_, '_>, words: &Vocabulary, report: &mut Report) -> Outcome {
    for (index, told) in entry.tells.iter().enumerate() {
        let known = words.assessment(&told.answer).or_else(|| words.biomarker(&told.answer));
        if known.is_none_or(|known| known.result(&told.result).is_none()) {
            let message = format!("there is no answer `{}` with a result `{}`", told.answer, told.result);
            place.key("tells").at(index).error(report, message, None);
        }
    }
    let told = |told: &Tells| ToldAnswer { name: told.answer.clone(), result: told.result.clone() };
    Outcome {
        word: entry.word.clone(),
        progressed: entry.progressed.truth(),
        toxicity: entry.toxicity.truth(),
        reaction: entry.reaction.truth(),
        course: match entry.course {
            CourseWord::Over => CourseState::Over,
            CourseWord::Ongoing => CourseState::Ongoing,
            CourseWord::Never => CourseState::Never,
            CourseWord::Died => CourseState::Died,
        },
        best_response: entry.best_response,
        doubt: entry.doubt,
        tells: entry.tells.iter().map(told).collect(),
    }
}
