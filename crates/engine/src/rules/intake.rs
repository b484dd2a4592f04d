//! What a request must carry and how (INF-01…06, SUB-03, SUB-04, SUB-10, TRI-01). Finds every fault at once.

use super::{dosing, radiation};
use crate::domain::content::{Content, CourseState, RequiredItem};
use crate::domain::items::{is_carried, text};
use crate::domain::order::{OrderRequest, OrderedDrug, Phase};
use crate::domain::refusal::Fault;
use crate::domain::roster::npi_is_valid;
use crate::domain::vocabulary::{DrugRole, Setting};
use chrono::{Datelike, Days, NaiveDate};

/// Days ahead of receipt for which an order is taken.
const FURTHEST_START_DAYS: u64 = 366;

/// The items of a list that the request lacks.
pub fn missing<'p>(order: &OrderRequest, items: impl IntoIterator<Item = &'p RequiredItem>) -> Vec<&'p RequiredItem> {
    items.into_iter().filter(|item| !is_carried(order, &item.pointer)).collect()
}

/// Every contradiction and malformed value of a request.
pub fn faults(order: &OrderRequest, content: &Content, received_on: NaiveDate) -> Vec<Fault> {
    let mut faults = Vec::new();
    dates(order, received_on, &mut faults);
    providers(order, &mut faults);
    places(order, content, &mut faults);
    clinical(order, content, &mut faults);
    plan(order, content, &mut faults);
    earlier_treatment(order, content, &mut faults);
    declarations(order, content, &mut faults);
    faults.extend(radiation::faults(order, content));
    faults
}

fn dates(order: &OrderRequest, received_on: NaiveDate, faults: &mut Vec<Fault>) {
    let furthest = received_on.checked_add_days(Days::new(FURTHEST_START_DAYS)).unwrap_or(NaiveDate::MAX);
    if let Some(day) = order.date_of_service
        && (day > furthest || day.year_ce().1 < 2000)
    {
        let message = format!("treatment must begin between 2000-01-01 and {furthest}, a year from receipt; {day} does not");
        faults.push(Fault::new("/date_of_service", "out-of-range", message));
    }
    if let Some(day) = order.member.birth_date
        && (day > received_on || day.year_ce().1 < 1880)
    {
        faults.push(Fault::new("/member/birth_date", "out-of-range", format!("{day} is not a possible date of birth")));
    }
    if let (Some(started), Some(day)) = (order.continuation_of_treatment_started_on, order.date_of_service)
        && started > day
    {
        let message = "a treatment that is continued began before the date of service; leave this out for a new treatment";
        faults.push(Fault::new("/continuation_of_treatment_started_on", "out-of-range", message));
    } else if let Some(started) = order.continuation_of_treatment_started_on.filter(|started| *started > received_on) {
        let message =
            format!("a treatment that is continued has begun, and {started} is after the day of receipt, {received_on}");
        faults.push(Fault::new("/continuation_of_treatment_started_on", "out-of-range", message));
    }
}

fn providers(order: &OrderRequest, faults: &mut Vec<Fault>) {
    let ordering = order.ordering_provider.as_ref().and_then(|p| p.npi.as_ref());
    let servicing = order.servicing_provider.as_ref().and_then(|p| p.npi.as_ref());
    for (pointer, npi) in [("/ordering_provider/npi", ordering), ("/servicing_provider/npi", servicing)] {
        if let Some(npi) = npi.filter(|npi| !npi_is_valid(npi)) {
            let message = format!(
                "{npi} is not a National Provider Identifier: ten digits, the last a check digit; a digit may be mistyped"
            );
            faults.push(Fault::new(pointer, "malformed", message));
        }
    }
}

fn places(order: &OrderRequest, content: &Content, faults: &mut Vec<Fault>) {
    let Some(code) = &order.place_of_service else { return };
    match content.places_of_service.get(code) {
        None => faults.push(Fault::new(
            "/place_of_service",
            "unknown-code",
            format!("{code} is not a CMS place-of-service code; 11 is an office, 19 and 22 are outpatient hospital"),
        )),
        Some(place) if place.inpatient && order.setting() == Setting::Outpatient => faults.push(Fault::new(
            "/place_of_service",
            "contradiction",
            format!("place of service {code} ({}) is inpatient, but the setting is outpatient: correct one of them", place.name),
        )),
        Some(_) => {}
    }
}

fn clinical(order: &OrderRequest, content: &Content, faults: &mut Vec<Fault>) {
    if let Some(code) = order.diagnosis.as_ref().and_then(|d| d.icd10.as_ref())
        && !is_well_formed_icd10(code)
    {
        let message = format!("`{code}` is not an ICD-10-CM code; write it with its dot, such as C50.911");
        faults.push(Fault::new("/diagnosis/icd10", "malformed-code", message));
    }
    if let Some(key) = order.clinical.cancer_type.known()
        && content.cancer(key).is_none()
    {
        let near = nearest(key, content.cancers.iter().map(|cancer| cancer.key.as_str()));
        let hint = near.map_or_else(String::new, |near| format!("did you mean `{near}`? "));
        let message = format!("`{key}` is not a cancer type; {hint}GET /v1/regimens lists them; leave it out where none fits");
        faults.push(Fault::new("/clinical/cancer_type", "not-allowed-value", message));
    }
    if let Some(status) = order.clinical.performance_status.known()
        && content.agreement.ecog(*status).is_none()
    {
        let message = "ECOG runs from 0 to 5, Karnofsky from 0 to 100";
        faults.push(Fault::new("/clinical/performance_status/value", "out-of-range", message));
    }
    contradictions(order, content, faults);
}

/// Answers that leave nothing to ask a person: nobody is treated after death (SAFE-12).
fn contradictions(order: &OrderRequest, content: &Content, faults: &mut Vec<Fault>) {
    let treats = order.treatment.is_some() || order.radiation.is_some();
    if treats && order.clinical.performance_status.known().and_then(|status| content.agreement.ecog(*status)) == Some(5) {
        let message = "this performance status (ECOG 5, Karnofsky 0) is death, and treatment is ordered: enter the performance status of \
                       the patient now";
        faults.push(Fault::new("/clinical/performance_status/value", "contradiction", message));
    }
}

/// Earlier treatments: each has a name, and nobody is treated after death.
fn earlier_treatment(order: &OrderRequest, content: &Content, faults: &mut Vec<Fault>) {
    for (index, therapy) in order.clinical.prior_therapies.known().into_iter().flatten().enumerate() {
        let at = |field: &str| format!("/clinical/prior_therapies/{index}{field}");
        let resolved = |name: &String| content.therapies.resolve(name);
        match (&therapy.generic, &therapy.name) {
            _ if therapy.typed().trim().is_empty() => {
                let message = "enter the treatment: `generic`, or `name` with a brand, code, regimen or combination as written";
                faults.push(Fault::new(at("/name"), "missing", message));
            }
            (Some(generic), Some(name)) if resolved(generic) != resolved(name) || resolved(name).is_none() => {
                let message = format!("`{name}` and `{generic}` are not known to be the same: leave one of them out");
                faults.push(Fault::new(at("/name"), "contradiction", message));
            }
            _ => {}
        }
        let (started, ended) = (therapy.started_on.known(), therapy.ended_on.known());
        if let (Some(started), Some(ended)) = (started, ended)
            && ended < started
        {
            let message =
                format!("{} ended on {ended}, before it started on {started}: correct one of the days", therapy.typed());
            faults.push(Fault::new(at("/ended_on"), "contradiction", message));
        }
        let born = order.member.birth_date;
        for (field, day) in [("/started_on", started), ("/ended_on", ended)] {
            if let (Some(day), Some(born)) = (day, born)
                && *day < born
            {
                let message = format!("{} on {day} is before the date of birth, {born}: correct one of them", therapy.typed());
                faults.push(Fault::new(at(field), "contradiction", message));
            }
        }
        let outcome = therapy.outcome.known().and_then(|word| content.therapies.outcome(word));
        if outcome.is_some_and(|outcome| outcome.course == CourseState::Died) {
            let message = format!("the outcome of {} is death, and treatment is ordered: correct the outcome", therapy.typed());
            faults.push(Fault::new(at("/outcome"), "contradiction", message));
        }
    }
}

fn plan(order: &OrderRequest, content: &Content, faults: &mut Vec<Fault>) {
    let Some(treatment) = &order.treatment else { return };
    if let Some(id) = &treatment.regimen_id
        && content.regimen(id).is_none()
    {
        let near = nearest(id, content.regimens.iter().map(|regimen| regimen.id.as_str()));
        let hint = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
        faults.push(Fault::new("/treatment/regimen_id", "not-allowed-value", format!("no regimen has the id `{id}`{hint}")));
    }
    let mut lines: Vec<u32> = Vec::new();
    beside(&treatment.phases, content, faults);
    let last = treatment.phases.iter().rposition(|phase| !phase.beside);
    for (phase_index, phase) in treatment.phases.iter().enumerate() {
        if phase.drugs.is_empty() {
            let message = "a phase has at least one drug; take the phase out or fill it";
            faults.push(Fault::new(format!("/treatment/phases/{phase_index}/drugs"), "missing", message));
        }
        if phase.cycles.is_none() && !phase.beside && Some(phase_index) != last {
            let message = "only the last phase may be open-ended (null = until progression); enter a number of cycles";
            faults.push(Fault::new(format!("/treatment/phases/{phase_index}/cycles"), "open-ended-phase", message));
        }
        for (drug_index, drug) in phase.drugs.iter().enumerate() {
            let at = |field: &str| format!("/treatment/phases/{phase_index}/drugs/{drug_index}{field}");
            if lines.contains(&drug.line) {
                let message = format!("line {} is used twice; every drug has a line number of its own", drug.line);
                faults.push(Fault::new(at("/line"), "duplicate-line", message));
            }
            lines.push(drug.line);
            one_drug(drug, phase, &at, content, faults);
        }
    }
}

/// What runs beside runs beside something, and with drugs of its own: nobody could tell which of two schedules a drug follows.
fn beside(phases: &[Phase], content: &Content, faults: &mut Vec<Fault>) {
    if !phases.is_empty() && phases.iter().all(|phase| phase.beside) {
        let message = "a phase runs beside others: enter the phases that follow one another without `beside`";
        faults.push(Fault::new("/treatment/phases/0/beside", "contradiction", message));
    }
    let names = |phase: &Phase| -> std::collections::BTreeSet<String> {
        phase.drugs.iter().flat_map(|drug| ingredients(drug, content)).collect()
    };
    for (index, phase) in phases.iter().enumerate().filter(|(_, phase)| phase.beside) {
        let own = names(phase);
        let others = phases.iter().enumerate().filter(|(other, _)| *other != index);
        if let Some(twice) = others.flat_map(|(_, other)| names(other)).find(|name| own.contains(name)) {
            let message =
                format!("{twice} is in this phase and in another: a drug of a phase that runs beside is in no other phase");
            faults.push(Fault::new(format!("/treatment/phases/{index}/beside"), "contradiction", message));
        }
    }
}

/// What a drug is made of; its own name where nobody knows it.
fn ingredients(drug: &OrderedDrug, content: &Content) -> Vec<String> {
    let by_code = drug.hcpcs.as_ref().and_then(|code| content.drugs.by_code(code)).map(|(known, _)| known);
    let named = || drug.generic.as_ref().and_then(|name| content.drugs.named(name));
    match by_code.filter(|known| !known.is_unclassified()).or_else(named) {
        Some(known) => known.ingredients.clone(),
        None => drug.generic.iter().chain(&drug.hcpcs).take(1).map(|name| name.to_lowercase()).collect(),
    }
}

/// `at` leads to a field of the drug.
fn one_drug(drug: &OrderedDrug, phase: &Phase, at: &impl Fn(&str) -> String, content: &Content, faults: &mut Vec<Fault>) {
    code_and_name(drug, at, content, faults);
    dosing::faults(drug, at, content, faults);
    let studied = drug.role == Some(DrugRole::Investigational);
    if drug.dose.is_none() && !studied {
        faults.push(Fault::new(at("/dose"), "missing", "enter the dose per administration as {amount, unit}"));
    }
    if drug.days.is_empty() && !studied {
        faults.push(Fault::new(at("/days"), "missing", "enter the days of the cycle, such as [1] or [1, 8, 15]"));
    }
    for (index, day) in drug.days.iter().enumerate() {
        if *day == 0 || *day > phase.cycle_length_days {
            let message = format!("day {day} is outside a cycle of {} days, which are counted from 1", phase.cycle_length_days);
            faults.push(Fault::new(at(&format!("/days/{index}")), "out-of-range", message));
        }
        if drug.days.iter().take(index).any(|earlier| earlier == day) {
            let message = format!("day {day} stands twice; use frequency_per_day for several administrations a day");
            faults.push(Fault::new(at(&format!("/days/{index}")), "duplicate-day", message));
        }
    }
}

fn code_and_name(drug: &OrderedDrug, at: &impl Fn(&str) -> String, content: &Content, faults: &mut Vec<Fault>) {
    let Some(code) = &drug.hcpcs else {
        if !text(drug.generic.as_ref()) {
            let message = "enter a HCPCS code, or the generic name of a drug that has none";
            faults.push(Fault::new(at("/hcpcs"), "missing", message));
        }
        return;
    };
    if !is_well_formed_hcpcs(code) {
        let message =
            format!("`{code}` is not a HCPCS Level II code: a capital letter from A to V and four digits, such as J9171");
        faults.push(Fault::new(at("/hcpcs"), "malformed-code", message));
        return;
    }
    if let Some((known, _)) = content.drugs.by_code(code) {
        if !known.is_unclassified()
            && let Some(named) = drug.generic.as_ref().and_then(|name| content.drugs.named(name))
            && named.generic != known.generic
        {
            let message = format!("{code} is {}, not {}: correct the code or the name", known.generic, named.generic);
            faults.push(Fault::new(at("/generic"), "contradiction", message));
        }
    } else if let Some(ended) = content.drugs.terminated(code) {
        let instead = ended.instead();
        let when = ended.ended.as_ref().map_or_else(String::new, |when| format!(" ({when})"));
        let message = format!("{code} for {} is terminated{when}; {instead}", ended.generic);
        faults.push(Fault::new(at("/hcpcs"), "terminated-code", message));
    }
}

fn declarations(order: &OrderRequest, content: &Content, faults: &mut Vec<Fault>) {
    if let Some(trial) = order.clinical_trial.as_ref().filter(|trial| trial.enrolled) {
        let id = trial.trial_id.as_deref().unwrap_or_default();
        if id.is_empty() {
            let message = "an enrolled patient's order carries the Trial ID: NCT and eight digits (TRI-01)";
            faults.push(Fault::new("/clinical_trial/trial_id", "missing", message));
        } else if !(id.len() == 11 && id.starts_with("NCT") && id.bytes().skip(3).all(|byte| byte.is_ascii_digit())) {
            let message = format!("`{id}` is not a Trial ID: NCT and eight digits, such as NCT01234567");
            faults.push(Fault::new("/clinical_trial/trial_id", "malformed", message));
        }
    }
    if let Some(declared) = &order.supportive_only {
        if declared.acknowledged != Some(true) {
            let message = "acknowledge that only supportive therapy is requested by sending true (SUB-04)";
            faults.push(Fault::new("/supportive_only/acknowledged", "missing", message));
        }
        for (phase, index, _, drug) in order.drugs() {
            if is_always_treatment(drug, content) {
                let message = "a treatment drug can't be added by a supportive-only order: send a new order with all drugs of the new plan and \
                               leave `supportive_only` out (SUB-03)";
                faults.push(Fault::new(format!("/treatment/phases/{phase}/drugs/{index}"), "treatment-drug", message));
            }
        }
    }
}

/// True for a drug that content never counts as supportive; an unknown one counts as treatment (SUB-16).
fn is_always_treatment(drug: &OrderedDrug, content: &Content) -> bool {
    let known = match (&drug.hcpcs, &drug.generic) {
        (Some(code), _) => content.drugs.by_code(code).map(|(known, _)| known),
        (None, Some(name)) => content.drugs.named(name),
        (None, None) => None,
    };
    known.is_none_or(|known| !known.supportive)
}

/// `A0000` to `V9999`.
pub fn is_well_formed_hcpcs(code: &str) -> bool {
    let mut bytes = code.bytes();
    code.len() == 5 && bytes.next().is_some_and(|first| (b'A'..=b'V').contains(&first)) && bytes.all(|byte| byte.is_ascii_digit())
}

/// A letter, a digit, a digit or letter; then, where there is more, a dot and up to four characters.
pub fn is_well_formed_icd10(code: &str) -> bool {
    let (head, tail) = match code.split_once('.') {
        Some((head, tail)) => (head, Some(tail)),
        None => (code, None),
    };
    let place = |byte: u8| byte.is_ascii_digit() || byte.is_ascii_uppercase();
    let head_fits = match head.as_bytes() {
        [first, second, third] => first.is_ascii_uppercase() && second.is_ascii_digit() && place(*third),
        _ => false,
    };
    head_fits && tail.is_none_or(|tail| (1..=4).contains(&tail.len()) && tail.bytes().all(place))
}

/// The known word nearest to a mistyped one, where it is near enough to be meant.
pub fn nearest<'w>(typed: &str, known: impl Iterator<Item = &'w str>) -> Option<&'w str> {
    let known: Vec<&str> = known.collect();
    let typed = typed.to_lowercase();
    // a word that is a beginning of one other was cut short, and not mistyped: `medicare` is no `medicaid`
    let mut longer = known.iter().filter(|word| typed.len() > 3 && word.to_lowercase().starts_with(&typed));
    if let (Some(one), None) = (longer.next(), longer.next()) {
        return Some(one);
    }
    known
        .into_iter()
        .map(|word| (strsim::damerau_levenshtein(&typed, &word.to_lowercase()), word))
        .filter(|(distance, word)| *distance <= 1 + word.len() / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::{is_well_formed_hcpcs, is_well_formed_icd10, nearest};

    #[test]
    fn codes_are_judged_by_their_form() {
        // proves SUB-16, PRG-11
        for code in ["J9171", "Q5116", "C9257", "A9513"] {
            assert!(is_well_formed_hcpcs(code), "{code}");
        }
        for code in ["j9171", "J917", "J91711", "W0001", "96413", "J9I71", ""] {
            assert!(!is_well_formed_hcpcs(code), "{code}");
        }
        for code in ["C50.911", "C20", "C4A.0", "D70.1", "Z51.11", "C83.38"] {
            assert!(is_well_formed_icd10(code), "{code}");
        }
        for code in ["C50911", "50.911", "C50.", "C50.91111", "c50.911", "", "CC0.1", "C5"] {
            assert!(!is_well_formed_icd10(code), "{code}");
        }
    }

    #[test]
    fn a_mistyped_word_finds_its_neighbour_and_nonsense_finds_none() {
        assert_eq!(nearest("brest", ["breast", "prostate"].into_iter()), Some("breast"));
        assert_eq!(nearest("xyz", ["breast", "prostate"].into_iter()), None);
    }
}
