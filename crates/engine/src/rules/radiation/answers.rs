//! What the answers of a radiation order lack, and where they disagree with each other (R-05, R-07, SAFE-01, SAFE-12).

use super::ground::Ground;
use super::read::Told;
use super::said::{deviation, entered};
use super::{organs, sides};
use crate::domain::answer::Answer;
use crate::domain::case::Deviation;
use crate::domain::content::radiation::{SECONDARY, Site, Target};
use crate::domain::content::{Cancer, RadiationItem};
use crate::domain::criteria::ResultTest;
use crate::domain::fold::fold;
use crate::domain::vocabulary::{DeviationCode, DeviationEffect, Modality, Sex, TreatmentGoal, Truth};
use crate::rules::answers::Place;
use crate::rules::intake::nearest;

/// Length of the category of a diagnosis, such as `C50`.
const CATEGORY: usize = 3;

/// What codes of carcinomas in situ begin with.
const IN_SITU: &str = "D0";

/// Results that say that there is no pregnancy.
const NO_PREGNANCY: [&str; 2] = ["negative", "not_applicable"];

/// How an item stands.
enum Item {
    There,
    Missing,
    Unknown(String),
    /// With what would be understood.
    Foreign(String, String),
}

/// Everything that is missing, unknown or not understood.
pub(super) fn lacking(ground: &Ground<'_>) -> Vec<Deviation> {
    let mut found: Vec<Deviation> = ground.rules.items.iter().filter_map(|item| lacks(item, ground)).collect();
    found.extend(target(ground));
    found.extend(technique(ground));
    found.extend(technique_elsewhere(ground));
    found.extend(dose_rate(ground));
    found.extend(unclear(ground));
    found
}

/// Brachytherapy is planned and counted by its dose rate.
fn dose_rate(ground: &Ground<'_>) -> Option<Deviation> {
    let technique = &ground.treated.technique;
    let told = technique.words.iter().any(|word| matches!(*word, "hdr" | "ldr"));
    if ground.treated.modality != Modality::Brachytherapy || told {
        return None;
    }
    let written = ground.treated.entered.technique.as_deref().unwrap_or("not entered");
    let message = "the dose rate of brachytherapy is needed and not known: write hdr or ldr in the technique".to_owned();
    let (code, field) = (DeviationCode::UnknownAnswer, "/radiation/technique");
    Some(deviation(code, field, ("hdr or ldr", written), DeviationEffect::Pends, message))
}

/// Answers about earlier radiation here, a pregnancy and an implanted device that do not count may mean that there was some, or is one.
fn unclear<'g>(ground: &'g Ground<'_>) -> impl Iterator<Item = Deviation> + 'g {
    [super::PRIOR_RADIATION, super::PREGNANCY, super::CARDIAC_DEVICE].into_iter().filter_map(move |name| {
        let standing = ground.patient.assessment(name)?;
        // a negative test of another day asks nothing more than silence does, and what lasts needs no day
        if standing.value.is_ok() || name == super::PREGNANCY && standing.says_only(&NO_PREGNANCY) {
            return None;
        }
        let field = standing.place.map_or_else(|| "/clinical/assessments".to_owned(), Place::result_pointer);
        let (wanted, written) = (standing.definition.wanted(), standing.entered());
        let is_told = name == super::PREGNANCY && standing.heeded(&ResultTest::In(vec!["positive".to_owned()])) == Truth::Met;
        let message = if is_told {
            format!("a pregnancy was told ({written}): whether and how this treatment is given is for a physician to say")
        } else {
            format!("{} counts as unknown: {written}. What counts: {wanted}", standing.definition.display)
        };
        Some(deviation(DeviationCode::UnknownAnswer, &field, (&wanted, &written), DeviationEffect::Pends, message))
    })
}

fn lacks(item: &RadiationItem, ground: &Ground<'_>) -> Option<Deviation> {
    let field = item.pointer.as_str();
    let effect = item.effect;
    match standing(field, ground) {
        Item::There => None,
        Item::Missing => Some(deviation(
            DeviationCode::MissingClinicalInformation,
            field,
            (&item.name, "not entered"),
            effect,
            format!("{} belongs to a complete request and was not entered", item.name),
        )),
        Item::Unknown(entered) => Some(deviation(
            DeviationCode::UnknownAnswer,
            field,
            (&item.name, &entered),
            effect,
            format!("{} is needed and not known; entered: {entered}", item.name),
        )),
        Item::Foreign(entered, wanted) => Some(deviation(
            DeviationCode::UnknownAnswer,
            field,
            (&wanted, &entered),
            effect,
            format!("{} `{entered}` is not understood and counts as unknown: write {wanted}", item.name),
        )),
    }
}

fn standing(field: &str, ground: &Ground<'_>) -> Item {
    let clinical = ground.patient.clinical;
    let radiation = ground.treated.entered;
    match field {
        "/radiation/site" => match ground.treated.site {
            Told::Foreign => {
                let written = entered(&radiation.site);
                let near = near_site(&written, ground);
                Item::Foreign(written, near.unwrap_or_else(|| "a site of the list (GET /v1/radiation/sites)".to_owned()))
            }
            other => of_told(&other, &radiation.site),
        },
        "/radiation/histology" => match ground.treated.histology {
            Told::Missing => of_answer(&clinical.pathology),
            // a word outside the vocabulary is asked about where the schedule names some
            Told::Foreign | Told::Known(_) => Item::There,
            Told::Unknown => Item::Unknown(entered(&radiation.histology)),
        },
        "/radiation/total_dose_gy" => of_answer(&radiation.total_dose_gy),
        "/radiation/fractions" => of_answer(&radiation.fractions),
        "/clinical/treatment_goal" => of_answer(&clinical.treatment_goal),
        "/clinical/performance_status" => of_answer(&clinical.performance_status),
        "/clinical/height_cm" => of_answer(&clinical.height_cm),
        "/clinical/weight_kg" => of_answer(&clinical.weight_kg),
        "/clinical/stage" => stage(ground),
        _ => Item::There,
    }
}

/// The site with a name that differs by a slip of the pen, or that most words of the text name: another word of the same length is another
/// place. What else the text says may be more that is treated.
fn near_site(written: &str, ground: &Ground<'_>) -> Option<String> {
    let catalog = ground.catalog();
    let folded = fold(written);
    let is_slip = |name: &str| folded.chars().next() == name.chars().next() && is_near(&folded, name);
    let of_slip = catalog.sites.iter().find(|site| is_slip(&site.key) || catalog.words_of(site).any(|word| is_slip(word)));
    let named = || {
        let words: Vec<&str> = folded.split('_').filter(|word| !word.is_empty()).collect();
        let code = ground.patient.icd10;
        let windows = (1..=words.len()).rev().flat_map(|length| words.windows(length));
        let places: Vec<_> = windows.filter_map(|of| catalog.place(&of.join("_"), code)).map(|(site, _)| site).collect();
        let first = *places.first()?;
        // what goes with the diagnosis: a site that is named, else that of the diagnosis itself
        let begins = |prefix: &str| code.is_some_and(|code| code.starts_with(prefix));
        let is_named = places.iter().copied().find(|site| site.diagnoses.iter().any(|of| begins(of)));
        let own = || catalog.sites.iter().find(|site| site.own().any(begins));
        let site = is_named.or_else(own).unwrap_or(first);
        Some(format!("{} where nothing more is treated, and else its target, too", site.key))
    };
    of_slip.map(|site| site.key.clone()).or_else(named)
}

/// One letter for ten of the name.
fn is_near(folded: &str, name: &str) -> bool {
    strsim::damerau_levenshtein(folded, name) <= 1 + name.len() / 10
}

fn of_answer<T>(answer: &Answer<T>) -> Item {
    match answer {
        Answer::Known(_) => Item::There,
        Answer::Absent => Item::Missing,
        Answer::Unknown | Answer::NotReported => Item::Unknown(answer.word().to_owned()),
    }
}

fn of_told<T>(told: &Told<T>, written: &Answer<String>) -> Item {
    match told {
        Told::Known(_) => Item::There,
        Told::Missing => Item::Missing,
        Told::Unknown | Told::Foreign => Item::Unknown(entered(written)),
    }
}

/// The group, M1, or T and N; nothing where the site is not staged.
fn stage(ground: &Ground<'_>) -> Item {
    if ground.treated.site.known().is_some_and(|site| !site.staged || site.metastatic) {
        return Item::There;
    }
    let clinical = ground.patient.clinical;
    let tnm = clinical.tnm.known();
    let told = tnm.is_some_and(|tnm| tnm.t.known().is_some() && tnm.n.known().is_some());
    if told || ground.patient.stage.is_some() {
        return Item::There;
    }
    match &clinical.stage {
        Answer::Known(written) => Item::Foreign(written.clone(), "a stage such as IIA, IV, limited or extensive".to_owned()),
        other => of_answer(other),
    }
}

/// At some stages what is treated beside the organ has to be said: the nodes of the breast.
fn target_by_stage(ground: &Ground<'_>) -> Option<Deviation> {
    let (site, stage) = (ground.treated.site.known()?, ground.patient.stage?);
    let is_cure = ground.patient.clinical.treatment_goal.known() == Some(&TreatmentGoal::Curative);
    if !is_cure || !site.target_at.iter().any(|at| at == stage) {
        return None;
    }
    let of_site = ground.catalog().targets.iter().filter(|target| target.sites.contains(&site.key));
    let wanted = of_site.map(|target| target.term.key.as_str()).collect::<Vec<_>>().join(", ");
    Some(deviation(
        DeviationCode::UnknownAnswer,
        "/radiation/target",
        (&wanted, "not entered"),
        DeviationEffect::Pends,
        format!("what is treated of the site {} is needed at stage {stage}: write the target, one of {wanted}", site.key),
    ))
}

/// True where the words of the site say another target, or several.
fn differs(by_place: Told<&Target>, target: &Target) -> bool {
    match by_place {
        Told::Known(of) => of.term.key != target.term.key,
        Told::Unknown => true,
        Told::Missing | Told::Foreign => false,
    }
}

/// A target that is left out excludes nothing; one that is not understood may be another one.
fn target(ground: &Ground<'_>) -> Option<Deviation> {
    let written = entered(&ground.treated.entered.target);
    let field = "/radiation/target";
    match ground.treated.target {
        Told::Missing => target_by_stage(ground),
        Told::Foreign => {
            let keys = ground.catalog().targets.iter().map(|target| target.term.key.as_str());
            let near = nearest(&written, keys).unwrap_or("a target of GET /v1/radiation/sites");
            Some(deviation(
                DeviationCode::UnknownAnswer,
                field,
                (near, &written),
                DeviationEffect::Pends,
                format!("target `{written}` is not understood and counts as unknown: write {near}, or leave it out"),
            ))
        }
        Told::Known(target) if differs(ground.treated.by_place, target) => Some(deviation(
            DeviationCode::Contradiction,
            field,
            ("the target of the site", &written),
            DeviationEffect::Pends,
            format!(
                "site `{}` and target {} contradict each other: correct one of them",
                entered(&ground.treated.entered.site),
                target.term.key
            ),
        )),
        Told::Known(target) => {
            let site = ground.treated.site_key().filter(|site| !target.sites.iter().any(|of| of == site))?;
            Some(deviation(
                DeviationCode::Contradiction,
                field,
                (&target.sites.join(", "), &written),
                DeviationEffect::Pends,
                format!(
                    "site {site} and target {} contradict each other: it lies in {}. Correct one of them",
                    target.term.key,
                    target.sites.join(" or ")
                ),
            ))
        }
        Told::Unknown => None,
    }
}

/// Words of the technique that nobody understands, that take something back, or that say another modality.
fn technique(ground: &Ground<'_>) -> Vec<Deviation> {
    let technique = &ground.treated.technique;
    let field = "/radiation/technique";
    let written = ground.treated.entered.technique.clone().unwrap_or_default();
    let mut found = Vec::new();
    if technique.is_unclear() {
        let beside: Vec<&str> = technique.denials.iter().chain(&technique.foreign).map(String::as_str).collect();
        found.push(deviation(
            DeviationCode::UnknownAnswer,
            field,
            (&technique.words.join(", "), &written),
            DeviationEffect::Pends,
            format!(
                "beside `{}` it is not clear whether {} is meant: write the words that apply and nothing else",
                beside.join("`, `"),
                technique.words.join(", ")
            ),
        ));
    } else if !technique.foreign.is_empty() {
        let message = format!("`{}` in the technique is not understood and changes nothing", technique.foreign.join("`, `"));
        let expected = "words of GET /v1/radiation/sites";
        found.push(deviation(DeviationCode::UnknownAnswer, field, (expected, &written), DeviationEffect::None, message));
    }
    let modality = ground.treated.modality;
    let other = technique.means.iter().find(|(_, means)| !means.modalities.contains(&modality));
    if let Some((word, means)) = other.filter(|_| technique.denials.is_empty() || technique.words.is_empty()) {
        let expected: Vec<&str> = means.modalities.iter().map(|modality| modality.as_str()).collect();
        found.push(deviation(
            DeviationCode::Contradiction,
            field,
            (modality.as_str(), &written),
            DeviationEffect::Pends,
            format!(
                "modality {modality} and technique `{word}` contradict each other: the word says {}. Correct one of them",
                expected.join(" or ")
            ),
        ));
    }
    found
}

/// Words of the technique that do not go with the modality or the site: a breath hold for the prostate. With a boost it may be the boost that they speak of.
fn technique_elsewhere(ground: &Ground<'_>) -> Vec<Deviation> {
    let treated = ground.treated;
    let written = treated.entered.technique.clone().unwrap_or_default();
    let says = |key: &str| treated.technique.words.contains(&key);
    let told = |name: &str, expected: &str, with: &str| {
        deviation(
            DeviationCode::Contradiction,
            "/radiation/technique",
            (expected, &written),
            DeviationEffect::Pends,
            format!("technique {name} and {with} contradict each other: correct one of them"),
        )
    };
    let mut found: Vec<Deviation> = Vec::new();
    for scope in ground.catalog().technique_scopes.iter().filter(|scope| says(&scope.key)) {
        let name = scope.key.replace('_', " ");
        let is_by =
            scope.modalities.is_empty() || scope.modalities.contains(&treated.modality) || treated.entered.boost.is_some();
        let is_there = scope.sites.is_empty() || treated.site_key().is_none_or(|site| scope.sites.iter().any(|of| of == site));
        if !is_by {
            let expected: Vec<&str> = scope.modalities.iter().map(|modality| modality.as_str()).collect();
            found.push(told(&name, &expected.join(", "), &format!("modality {}", treated.modality)));
        } else if !is_there {
            found.push(told(&name, &scope.sites.join(", "), &format!("the site {}", treated.site_key().unwrap_or_default())));
        }
    }
    if says("hdr") && says("ldr") {
        found.push(told("hdr", "hdr or ldr", "technique ldr"));
    }
    found
}

/// The diagnosis against site and cancer type, the sex against the site, the histologies and doses against each other.
pub(super) fn disagreeing(ground: &Ground<'_>) -> Vec<Deviation> {
    let mut found: Vec<Deviation> = [
        diagnosis(ground),
        sides::part(ground),
        cancer(ground),
        sex(ground),
        histology(ground),
        organs::disagreeing(ground),
        dose(ground),
    ]
    .into_iter()
    .flatten()
    .collect();
    found.extend(sides::disagreeing(ground));
    found
}

pub(super) fn titled(code: &str, ground: &Ground<'_>) -> String {
    ground.content.diagnoses.get(code).map_or_else(|| code.to_owned(), |known| format!("{code} ({})", known.title))
}

fn diagnosis(ground: &Ground<'_>) -> Option<Deviation> {
    let (code, site) = (ground.patient.icd10?, ground.treated.site.known()?);
    if let Some(elsewhere) = metastasis_elsewhere(code, site, ground) {
        return Some(elsewhere);
    }
    if site.diagnoses.is_empty() || site.diagnoses.iter().any(|prefix| code.starts_with(prefix.as_str())) {
        return None;
    }
    let codes = site.diagnoses.join(", ");
    Some(deviation(
        DeviationCode::ClinicalMismatch,
        "/diagnosis/icd10",
        (&codes, code),
        DeviationEffect::Pends,
        format!(
            "diagnosis {} does not go with the site {}, whose diagnoses begin with {codes}: correct the code or the site",
            titled(code, ground),
            site.key
        ),
    ))
}

/// A code of metastases names the organ that they are in, which is not always the one that is treated.
fn metastasis_elsewhere(code: &str, site: &Site, ground: &Ground<'_>) -> Option<Deviation> {
    let begins = |prefixes: &[String]| prefixes.iter().any(|prefix| code.starts_with(prefix.as_str()));
    if site.reviewed || !SECONDARY.iter().any(|prefix| code.starts_with(prefix)) {
        return None;
    }
    if begins(&site.secondary) || begins(&ground.catalog().secondary_anywhere) {
        return None;
    }
    let codes = if site.secondary.is_empty() { "the code of the cancer".to_owned() } else { site.secondary.join(", ") };
    Some(deviation(
        DeviationCode::ClinicalMismatch,
        "/diagnosis/icd10",
        (&codes, code),
        DeviationEffect::Pends,
        format!(
            "diagnosis {} is a metastasis of another organ than the site {}: correct the code or the site, here {codes}",
            titled(code, ground),
            site.key
        ),
    ))
}

fn cancer(ground: &Ground<'_>) -> Option<Deviation> {
    let (code, key) = (ground.patient.icd10?, ground.patient.cancer()?);
    let cancer = ground.content.cancer(key)?;
    if cancer.agrees_with(code) || SECONDARY.iter().any(|prefix| code.starts_with(prefix)) || is_in_situ(code, cancer, ground) {
        return None;
    }
    let codes = cancer.icd10_prefixes.join(", ");
    Some(deviation(
        DeviationCode::ClinicalMismatch,
        "/diagnosis/icd10",
        (&codes, code),
        DeviationEffect::Pends,
        format!(
            "diagnosis {} is not among the codes of cancer type {key} ({}), which are {codes}: correct the diagnosis code or the cancer type",
            titled(code, ground),
            cancer.name
        ),
    ))
}

/// A carcinoma in situ of the site agrees with the cancer of that site: D05 with breast cancer.
fn is_in_situ(code: &str, cancer: &Cancer, ground: &Ground<'_>) -> bool {
    let Some(site) = ground.treated.site.known() else { return false };
    let of_site = |prefix: &&String| prefix.len() >= CATEGORY;
    code.starts_with(IN_SITU)
        && site.diagnoses.iter().filter(of_site).any(|prefix| code.starts_with(prefix.as_str()))
        && site.diagnoses.iter().filter(of_site).any(|prefix| cancer.icd10_prefixes.contains(prefix))
}

fn sex(ground: &Ground<'_>) -> Option<Deviation> {
    let site = ground.treated.site.known()?;
    let told = ground.patient.clinical.sex.known().copied().or(ground.patient.coverage.sex)?;
    let only: Sex = site.sex.filter(|only| *only != told)?;
    Some(deviation(
        DeviationCode::ClinicalMismatch,
        "/radiation/site",
        (only.as_str(), told.as_str()),
        DeviationEffect::Pends,
        format!("the site {} is treated in {only} patients, and the sex is {told}: correct one of them", site.key),
    ))
}

/// The histology of the order and the pathology among the clinical answers are two words for one thing.
fn histology(ground: &Ground<'_>) -> Option<Deviation> {
    let Told::Known(histology) = ground.treated.histology else { return None };
    let pathology = ground.pathology?;
    let known = ground.content.pathology(pathology)?;
    if known.word == histology || known.kinds.iter().any(|(_, kind)| kind == histology) {
        return None;
    }
    let other = ground.content.pathology(histology)?;
    if other.kinds.iter().any(|(_, kind)| *kind == known.word) {
        return None;
    }
    Some(deviation(
        DeviationCode::Contradiction,
        "/radiation/histology",
        (pathology, histology),
        DeviationEffect::Pends,
        format!("pathology {} and histology {histology} contradict each other: correct one of them", known.word),
    ))
}

/// a stated dose of a fraction that is not total by fractions.
fn dose(ground: &Ground<'_>) -> Option<Deviation> {
    let stated = *ground.treated.entered.dose_per_fraction_gy.known()?;
    let found = ground.treated.dose_per_fraction()?;
    let share = ground.rules.stated_dose_tolerance_percent / 100.0;
    if (stated - found).abs() <= found * share {
        return None;
    }
    let (expected, entered) = (format!("{found:.3} Gy"), format!("{stated} Gy"));
    Some(deviation(
        DeviationCode::Fractionation,
        "/radiation/dose_per_fraction_gy",
        (&expected, &entered),
        DeviationEffect::Pends,
        format!("total dose by fractions is {expected} a fraction, and {entered} was entered: correct one of the three"),
    ))
}
