//! Lines of treatment, counted and not guessed (SAFE-12). What cannot be told is an interval; what disagrees is unknown.

use super::{Earlier, History};
use crate::domain::content::{Content, Therapy};
use crate::domain::criteria::{Comparison, Partner};
use crate::domain::fold::fold;
use crate::domain::order::PriorTherapy;
use crate::domain::vocabulary::{LineOfTreatment, Truth};
use crate::rules::patient::Patient;
use crate::rules::setting;
use crate::rules::stage;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A number that may lie between two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// At least so many.
    pub fewest: u32,
    /// At most so many; none where there is no most.
    pub most: Option<u32>,
}

/// Two answers that cannot both be right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disagreement {
    /// The number of earlier lines and the line of treatment.
    NumberAndLine,
    /// The number of earlier lines and the earlier treatments.
    NumberAndList,
    /// The line of treatment and the earlier treatments.
    LineAndList,
    /// The number of earlier lines cannot be compared with treatments that nobody understood.
    NotComparable,
}

impl Count {
    const fn exactly(number: u32) -> Self {
        Self { fewest: number, most: Some(number) }
    }

    fn meets(self, other: Self) -> bool {
        self.most.is_none_or(|most| most >= other.fewest) && other.most.is_none_or(|most| most >= self.fewest)
    }

    /// Compares.
    pub fn holds(self, comparison: Comparison, value: f64) -> Truth {
        let (low, high) = (f64::from(self.fewest), self.most.map_or(f64::INFINITY, f64::from));
        let (always, ever) = match comparison {
            Comparison::AtLeast | Comparison::More => (comparison.holds(low, value), comparison.holds(high, value)),
            Comparison::AtMost | Comparison::Less => (comparison.holds(high, value), comparison.holds(low, value)),
            Comparison::Equal => (
                comparison.holds(low, value) && comparison.holds(high, value),
                Comparison::AtMost.holds(low, value) && Comparison::AtLeast.holds(high, value),
            ),
        };
        match (always, ever) {
            (true, _) => Truth::Met,
            (false, true) => Truth::Unknown,
            (false, false) => Truth::NotMet,
        }
    }

    /// As a fact of a finding: a number, or what is known of it.
    pub fn shown(self) -> Value {
        match self.most {
            Some(most) if most == self.fewest => json!(most),
            Some(most) => json!(format!("{} to {most}", self.fewest)),
            None => json!(format!("{} or more", self.fewest)),
        }
    }
}

/// Place among the lines of advanced disease.
pub(super) const fn rank(line: Option<LineOfTreatment>) -> Option<u32> {
    match line {
        Some(LineOfTreatment::FirstLine) => Some(1),
        Some(LineOfTreatment::SecondLine) => Some(2),
        Some(LineOfTreatment::ThirdLine | LineOfTreatment::ThirdLinePlus) => Some(3),
        _ => None,
    }
}

pub(super) const fn is_early_line(line: LineOfTreatment) -> bool {
    matches!(
        line,
        LineOfTreatment::Neoadjuvant | LineOfTreatment::Adjuvant | LineOfTreatment::Perioperative | LineOfTreatment::Definitive
    )
}

/// True where a treatment was given for early disease.
pub(super) fn is_early(told: &PriorTherapy) -> bool {
    told.line.known().copied().or_else(|| setting::line_word(&fold(told.setting.known()?))).is_some_and(is_early_line)
}

/// Whether it was a line of systemic treatment. Supportive drugs are none.
pub(super) fn is_systemic(earlier: &Earlier<'_>) -> Truth {
    let Some(given) = &earlier.given else { return Truth::Unknown };
    given.iter().fold(Truth::NotMet, |so_far, therapy| so_far.or(treats(therapy))).and(earlier.was_given())
}

fn treats(therapy: &Therapy) -> Truth {
    if therapy.no_drug || therapy.none {
        return Truth::NotMet;
    }
    let holds = therapy.drugs.iter().any(|drug| !drug.supportive) || !therapy.classes.is_empty() || therapy.outside.is_some();
    if holds {
        return Truth::Met;
    }
    let may = therapy.others || !therapy.may_be_classes.is_empty() || therapy.may_be.iter().any(|drug| !drug.supportive);
    if may { Truth::Unknown } else { Truth::NotMet }
}

/// Whether it was given for metastatic or unresectable disease.
pub(super) fn is_metastatic(earlier: &Earlier<'_>, patient: &Patient<'_>) -> Truth {
    let line = earlier.told.line.known().copied();
    let by_line = match line {
        Some(line) if is_early_line(line) => Truth::NotMet,
        Some(_) if rank(line).is_some() => {
            let solid = patient.cancer().and_then(|key| patient.content.cancer(key)).is_some_and(|cancer| cancer.solid);
            if solid { Truth::Met } else { Truth::Unknown }
        }
        _ => Truth::Unknown,
    };
    let by_setting = earlier.told.setting.known().map(|word| match fold(word).as_ref() {
        word if word.starts_with("metastatic") || matches!(word, "recurrent_metastatic" | "unresectable" | "extensive_stage") => {
            Truth::Met
        }
        word if setting::line_word(word).is_some_and(is_early_line) => Truth::NotMet,
        // `stage IV`, `M1`: what practices write for it
        _ if stage::read(word, patient.content).is_some_and(|told| told.group == "IV") => Truth::Met,
        _ => Truth::Unknown,
    });
    match (by_line, by_setting) {
        (by_line, None) => by_line,
        (Truth::Unknown, Some(by_setting)) => by_setting,
        (by_line, Some(by_setting)) if by_line == by_setting => by_line,
        _ => Truth::Unknown,
    }
}

/// What is counted of one kind of earlier treatment.
#[derive(Debug, Default)]
struct Tally {
    certain: BTreeSet<LineOfTreatment>,
    possible: BTreeSet<LineOfTreatment>,
    /// Treatments of a third or later line, each of which may be a line of its own.
    late: u32,
    /// Treatments without a line.
    without_line: u32,
}

impl Tally {
    fn of<'e, 'a: 'e>(entries: impl Iterator<Item = &'e Earlier<'a>>, is_it: impl Fn(&Earlier<'_>) -> Truth) -> Self {
        let mut tally = Self::default();
        for earlier in entries {
            let truth = is_it(earlier);
            if truth == Truth::NotMet {
                continue;
            }
            let Some(line) = earlier.told.line.known().copied() else {
                tally.without_line += 1;
                continue;
            };
            tally.possible.insert(line);
            if truth == Truth::Met {
                tally.certain.insert(line);
            }
            tally.late += u32::from(line == LineOfTreatment::ThirdLinePlus);
        }
        tally
    }

    fn count(&self) -> Count {
        let ranked = |line: &&LineOfTreatment| rank(Some(**line)).is_some() && **line != LineOfTreatment::ThirdLinePlus;
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let has_late =
            self.certain.contains(&LineOfTreatment::ThirdLinePlus) && !self.certain.contains(&LineOfTreatment::ThirdLine);
        let early = self.certain.iter().any(|line| is_early_line(*line));
        let mut fewest = number(self.certain.iter().filter(ranked).count()) + u32::from(has_late) + u32::from(early);
        let mut most = number(self.possible.iter().filter(ranked).count())
            + self.late
            + number(self.possible.iter().filter(|line| is_early_line(**line)).count())
            + self.without_line;
        // maintenance and consolidation belong to a line, which the list may leave out
        let follows = |lines: &BTreeSet<LineOfTreatment>| {
            lines.contains(&LineOfTreatment::Maintenance) || lines.contains(&LineOfTreatment::Consolidation)
        };
        fewest = fewest.max(u32::from(follows(&self.certain)));
        most = most.max(u32::from(follows(&self.possible)));
        Count { fewest, most: Some(most) }
    }
}

impl History<'_> {
    /// Earlier lines of systemic treatment of this cancer; none where nobody tells.
    ///
    /// # Errors
    /// Two answers that disagree.
    pub fn lines_before(&self, patient: &Patient<'_>) -> Result<Option<Count>, Disagreement> {
        let number = patient.clinical.lines_of_therapy_before.known().copied().map(Count::exactly);
        let listed = self.listed_lines(patient);
        let by_line = self.by_line(patient);
        if let Some(number) = number {
            if !number.meets(by_line) {
                return Err(Disagreement::NumberAndLine);
            }
            if listed.is_some_and(|listed| !number.meets(listed)) {
                return Err(Disagreement::NumberAndList);
            }
            if self.told.iter().flatten().any(Earlier::is_foreign) {
                return Err(Disagreement::NotComparable);
            }
        } else if listed.is_some_and(|listed| !listed.meets(by_line)) {
            return Err(Disagreement::LineAndList);
        }
        // a list may be short: without the line of treatment nothing speaks for its being whole
        let open = |listed: Count| if patient.line().is_none() { Count { most: None, ..listed } } else { listed };
        Ok(number.or(listed.map(open)))
    }

    /// What the list of earlier treatments leaves possible.
    fn listed_lines(&self, patient: &Patient<'_>) -> Option<Count> {
        let told = self.told.as_ref()?;
        let tally = Tally::of(told.iter(), is_systemic);
        let mut count = tally.count();
        // who had a second line had a first one
        let highest = tally.certain.iter().filter_map(|line| rank(Some(*line))).max().unwrap_or(0);
        count.fewest = count.fewest.max(highest);
        let has_gap = [LineOfTreatment::FirstLine, LineOfTreatment::SecondLine].iter().any(|line| !tally.possible.contains(line));
        if tally.late > 0 && has_gap {
            count.most = None;
        }
        let untold = u32::try_from(self.untold_treatments(patient.content).count()).unwrap_or(u32::MAX);
        count.most = count.most.map(|most| most.max(count.fewest).saturating_add(untold));
        Some(count)
    }

    /// Earlier cases with treatment that the list does not have and this order does not go on with.
    fn untold_treatments<'s>(&'s self, content: &'s Content) -> impl Iterator<Item = ()> + 's {
        let continued = self.continues.and_then(|(_, case)| case).map(|case| case.case_id);
        let cases = self.cases.iter().filter(move |case| Some(case.case_id) != continued);
        let is_untold = move |case: &&&crate::rules::facts::RelatedCase| {
            let mut treatment = case.drugs.iter().filter(|drug| {
                let supportive = content.drugs.by_name(&drug.generic).is_some_and(|known| known.supportive);
                drug.may_have_been_given() && !supportive
            });
            treatment.any(|drug| !self.is_told(drug, content))
        };
        cases.filter(is_untold).map(|_| ())
    }

    /// What the line of treatment leaves possible.
    fn by_line(&self, patient: &Patient<'_>) -> Count {
        let solid = patient.cancer().and_then(|key| patient.content.cancer(key)).is_none_or(|cancer| cancer.solid);
        let kinds: BTreeSet<LineOfTreatment> = self
            .told
            .iter()
            .flatten()
            .filter_map(|earlier| earlier.told.line.known().copied())
            .filter(|line| is_early_line(*line))
            .collect();
        let listed = u32::try_from(kinds.len()).unwrap_or(u32::MAX);
        let early = if solid { listed.max(patient.content.therapies.early_lines) } else { listed };
        match (patient.line(), rank(patient.line())) {
            (Some(LineOfTreatment::ThirdLinePlus), _) => Count { fewest: 2, most: None },
            (_, Some(rank)) => Count { fewest: rank - 1, most: Some(rank - 1 + early) },
            _ => Count { fewest: 0, most: None },
        }
    }

    /// Earlier lines given for metastatic disease; none where nobody tells.
    pub fn metastatic_lines_before(&self, patient: &Patient<'_>) -> Option<Count> {
        let all = self.lines_before(patient).ok()?;
        let by_number = |count: Count| {
            all.and_then(|all| all.most).map_or(count, |most| Count {
                fewest: count.fewest.min(most),
                most: Some(count.most.map_or(most, |found| found.min(most))),
            })
        };
        let Some(told) = &self.told else {
            // no earlier line at all is no metastatic one
            return (all == Some(Count::exactly(0))).then(|| Count::exactly(0));
        };
        let count = Tally::of(told.iter(), |earlier| is_systemic(earlier).and(is_metastatic(earlier, patient))).count();
        let untold = u32::try_from(self.untold_treatments(patient.content).count()).unwrap_or(u32::MAX);
        Some(by_number(Count { most: count.most.map(|most| most.saturating_add(untold)), ..count }))
    }

    /// Earlier lines that had any of these drugs; none where nobody tells.
    pub fn lines_before_with(&self, partners: &[Partner], patient: &Patient<'_>) -> Option<Count> {
        self.lines_before(patient).ok()?;
        let count = Tally::of(self.told.as_ref()?.iter(), |earlier| earlier.held(partners, patient.content)).count();
        let untold = u32::try_from(self.on_file(partners, patient.content).count()).unwrap_or(u32::MAX);
        Some(Count { most: count.most.map(|most| most.saturating_add(untold)), ..count })
    }
}
