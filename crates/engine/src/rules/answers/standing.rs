//! How an answer stands when all that was entered of it is taken together: the latest usable result, or why there is none (SAFE-02, SAFE-03).

use super::read::read;
use super::{Days, Place};
use crate::domain::answer::Answer;
use crate::domain::content::{Content, Derivation, Interval, NoResult, ResultDefinition};
use crate::domain::criteria::{Comparison, ResultTest};
use crate::domain::fold::fold;
use crate::domain::order::Reported;
use crate::domain::vocabulary::Truth;
use chrono::NaiveDate;
use std::borrow::Cow;

/// A usable result.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Results of the definition, by index; several where several stand together.
    Words(Vec<usize>),
    /// A number, or what is known of it.
    Number(Interval),
    /// A day.
    Day(NaiveDate),
    /// It never happened.
    Never,
}

/// Why there is no usable result.
#[derive(Debug, Clone, PartialEq)]
pub enum Unusable<'a> {
    /// Nothing was entered, or that it is not known.
    NotAnswered(&'static str),
    /// A word that is no result: pending, not done.
    NoResult(&'a NoResult),
    /// Not understood.
    Foreign,
    /// A number outside of what is plausible.
    OutOfRange,
    /// A number so small that it is counted in another unit, which nobody wrote.
    NoUnit,
    /// Dated after the day of receipt.
    AfterReceipt(NaiveDate),
    /// Older than the window.
    TooOld(NaiveDate),
    /// Without a date, where one is needed.
    Undated,
    /// Results of one day that do not agree.
    Disagree,
    /// A part of the question only.
    OfAPart,
    /// Contradicted, in words.
    Unclear(&'a str),
}

/// One entry as read.
#[derive(Debug)]
pub struct Entry<'a> {
    place: Place,
    entered: Cow<'a, str>,
    on: Option<NaiveDate>,
    value: Result<Value, Unusable<'a>>,
    /// What it says, whatever its date.
    said: Option<Value>,
}

impl<'a> Entry<'a> {
    /// Reads an entry.
    pub fn read(
        definition: &'a ResultDefinition,
        name: &str,
        place: Place,
        result: &'a Answer<Reported>,
        on: Option<NaiveDate>,
        content: &'a Content,
        days: Days,
    ) -> Self {
        let read = match result {
            Answer::Known(reported) => {
                let value = read(definition, reported, content, days.received);
                value.and_then(|value| of_the_whole(definition, name, value))
            }
            missing => Err(Unusable::NotAnswered(missing.word())),
        };
        let said = read.as_ref().ok().cloned();
        let value = read.and_then(|value| dated(definition, &value, on, days).map_or(Ok(value), Err));
        Self { place, entered: as_typed(result), on, value, said }
    }

    /// An entry that is this value of a question.
    pub fn of(
        definition: &ResultDefinition,
        value: Value,
        place: Place,
        result: &'a Answer<Reported>,
        on: Option<NaiveDate>,
        days: Days,
    ) -> Self {
        let said = Some(value.clone());
        let value = dated(definition, &value, on, days).map_or(Ok(value), Err);
        Self { place, entered: as_typed(result), on, value, said }
    }

    /// What it says, whatever its date.
    pub fn says(self) -> Option<Value> {
        self.said
    }

    /// True where its words are not understood.
    pub const fn is_not_understood(&self) -> bool {
        matches!(self.value, Err(Unusable::Foreign))
    }

    /// True where its words are not understood, or seem to contradict each other.
    pub const fn is_open_by_its_words(&self) -> bool {
        matches!(self.value, Err(Unusable::Foreign | Unusable::Unclear(_)))
    }

    /// An answer under a name that is not understood and holds the name of this question: it may say something else. None where it is missing.
    pub fn under_another_name(name: &str, place: Place, result: &'a Answer<Reported>, on: Option<NaiveDate>) -> Option<Self> {
        result.known()?;
        let entered = Cow::Owned(format!("`{name}` {}", as_typed(result)));
        let value = Err(Unusable::Unclear("under a name that is not understood, and may say something else"));
        Some(Self { place, entered, on, value, said: None })
    }

    /// What it says against others although its date is missing, or long ago for a result that lasts.
    fn beyond_its_date(&self, definition: &ResultDefinition) -> Option<&Value> {
        let counts = match self.value {
            Err(Unusable::Undated) => true,
            Ok(_) | Err(Unusable::TooOld(_)) => self.said.as_ref().is_some_and(|said| lasts(definition, said)),
            Err(_) => false,
        };
        self.said.as_ref().filter(|_| counts)
    }

    /// Why it makes a result unclear that says something else.
    fn against(&self, definition: &ResultDefinition, told: &Value) -> Option<&'static str> {
        let said = self.beyond_its_date(definition)?;
        if lasts(definition, said) && is_no(definition, told) {
            return Some("it lasts, and another result says that there is none");
        }
        let is_undated = matches!(self.value, Err(Unusable::Undated));
        let differs = || agreed(definition, &[told.clone(), said.clone()]).is_none();
        (is_undated && differs()).then_some("without a date, and a dated result says something else")
    }

    /// Not understood: it may say anything.
    const fn is_foreign(&self) -> bool {
        matches!(
            self.value,
            Err(Unusable::Foreign | Unusable::OutOfRange | Unusable::NoUnit | Unusable::Unclear(_) | Unusable::Disagree)
        )
    }
}

/// The answer as people typed it, or the word for one that is missing.
pub fn as_typed(result: &Answer<Reported>) -> Cow<'_, str> {
    match result {
        Answer::Known(Reported::Word(word)) => Cow::Borrowed(word.as_str()),
        Answer::Known(Reported::Number(number)) => Cow::Owned(number.to_string()),
        Answer::Known(Reported::Flag(flag)) => Cow::Borrowed(if *flag { "true" } else { "false" }),
        missing => Cow::Borrowed(missing.word()),
    }
}

/// True for a result that a later one does not take back.
fn lasts(definition: &ResultDefinition, value: &Value) -> bool {
    let lasts = |index: &usize| definition.details.get(*index).is_some_and(|detail| detail.lasting);
    matches!(value, Value::Words(words) if words.iter().any(lasts))
}

fn is_no(definition: &ResultDefinition, value: &Value) -> bool {
    matches!(value, Value::Words(words) if words.iter().any(|index| definition.is_negative(*index)))
}

/// A negative result of a part (`KRAS G12C`: negative) says nothing of the whole.
fn of_the_whole<'a>(definition: &ResultDefinition, name: &str, value: Value) -> Result<Value, Unusable<'a>> {
    let Value::Words(words) = &value else { return Ok(value) };
    if definition.parts.is_empty() || !words.iter().any(|index| definition.is_negative(*index)) {
        return Ok(value);
    }
    let name = fold(name);
    if definition.parts.iter().any(|part| fold(part) == name) { Err(Unusable::OfAPart) } else { Ok(value) }
}

fn dated<'a>(definition: &ResultDefinition, value: &Value, on: Option<NaiveDate>, days: Days) -> Option<Unusable<'a>> {
    match on {
        Some(on) if on > days.received => Some(Unusable::AfterReceipt(on)),
        Some(on) => {
            let age = (days.service - on).num_days();
            definition.window_days.filter(|window| age > i64::from(*window)).map(|_| Unusable::TooOld(on))
        }
        None if definition.undated_counts || matches!(value, Value::Day(_)) => None,
        None => Some(Unusable::Undated),
    }
}

/// How one question stands.
#[derive(Debug)]
pub struct Standing<'a> {
    /// The question.
    pub definition: &'a ResultDefinition,
    /// The result, or why there is none.
    pub value: Result<Value, Unusable<'a>>,
    /// When it was reported.
    pub on: Option<NaiveDate>,
    /// Where the entry stands; none where the result follows from others.
    pub place: Option<Place>,
    /// As entered.
    entered: Cow<'a, str>,
    /// What a result says that does not count and yet speaks against others: an undated one, or one that lasts.
    said: Option<Value>,
    /// Where no result counts: what was said all the same, whatever its date.
    heard: Vec<Value>,
    /// What is told beside the answer, by the outcome of an earlier treatment or an earlier order, each with its words.
    beside: Vec<(Value, String)>,
}

impl<'a> Standing<'a> {
    /// Whether the result passes a test.
    pub fn test(&self, test: &ResultTest) -> Truth {
        passes(self.definition, self.value.as_ref().ok(), test)
    }

    /// Whether a test is passed that speaks against a drug: a result that does not count for its date is heard all the same. Unknown
    /// where something was entered that is not understood, or is too coarse to tell.
    pub fn heeded(&self, test: &ResultTest) -> Truth {
        let beside = self.beside.iter().map(|(said, _)| passes(self.definition, Some(said), test));
        beside.fold(self.own_heeded(test), Truth::or)
    }

    fn own_heeded(&self, test: &ResultTest) -> Truth {
        let Err(why) = &self.value else { return self.test(test) };
        let doubt = match why {
            Unusable::Foreign | Unusable::OutOfRange | Unusable::NoUnit | Unusable::Disagree | Unusable::Unclear(_) => {
                Truth::Unknown
            }
            Unusable::NoResult(reason) if reason.may_speak_against => Truth::Unknown,
            _ => Truth::NotMet,
        };
        self.heard.iter().fold(doubt, |so_far, said| so_far.or(passes(self.definition, Some(said), test)))
    }

    /// True where it answers for itself what another order told: with a usable result, unless that lasts, or does not age, and this says
    /// that there is none.
    pub fn answers(&self, told: &Value) -> bool {
        let stays = || !self.definition.ages_soon() || lasts(self.definition, told);
        // of results that may stand together, one does not take back another
        let replaces = |own: &Value| !self.definition.several && !is_no(self.definition, own);
        self.value.as_ref().is_ok_and(|own| own == told || replaces(own) || !stays())
    }

    /// Lets it be heeded, too, by what is told elsewhere.
    pub fn hear(&mut self, said: Value, words: String) {
        self.beside.push((said, words));
    }

    /// True where results were told that do not count for their dates alone, each is one of these words, and nothing else speaks of it.
    pub fn says_only(&self, words: &[&str]) -> bool {
        let test = ResultTest::In(words.iter().map(|&word| word.to_owned()).collect());
        let by_date = matches!(self.value, Err(Unusable::TooOld(_) | Unusable::Undated));
        let is_one = |said: &Value| passes(self.definition, Some(said), &test) == Truth::Met;
        by_date && self.beside.is_empty() && !self.heard.is_empty() && self.heard.iter().all(is_one)
    }

    /// Whether the result is, or counts as, one of these words; a coarse one may leave it open.
    pub fn is_one_of(&self, wanted: &[String]) -> Truth {
        is_one_of(self.definition, self.value.as_ref().ok(), wanted)
    }

    /// Whether the number compares so.
    pub fn compares(&self, comparison: Comparison, value: f64) -> Truth {
        compares(self.value.as_ref().ok(), comparison, value)
    }

    /// The only word, where it is one.
    pub fn word(&self) -> Option<&'a str> {
        match &self.value {
            Ok(Value::Words(words)) => match words.as_slice() {
                [only] => Some(self.definition.word(*only)),
                _ => None,
            },
            _ => None,
        }
    }

    /// The number, where it is one.
    pub fn number(&self) -> Option<f64> {
        match &self.value {
            Ok(Value::Number(interval)) => interval.number(),
            _ => None,
        }
    }

    /// The most that the number can be, where it is one.
    pub const fn at_most(&self) -> Option<f64> {
        match &self.value {
            Ok(Value::Number(interval)) => Some(interval.high),
            _ => None,
        }
    }

    /// The day, where it is one.
    pub const fn day(&self) -> Option<NaiveDate> {
        match &self.value {
            Ok(Value::Day(day)) => Some(*day),
            _ => None,
        }
    }

    /// True where the answer was understood and yet is no result, or was not understood; false for one that is plainly missing.
    pub const fn is_worth_telling(&self) -> bool {
        matches!(
            self.value,
            Err(Unusable::Foreign
                | Unusable::OutOfRange
                | Unusable::NoUnit
                | Unusable::AfterReceipt(_)
                | Unusable::Disagree
                | Unusable::OfAPart
                | Unusable::Unclear(_))
        )
    }

    /// True where something was entered that nobody understands.
    pub const fn is_not_understood(&self) -> bool {
        matches!(
            self.value,
            Err(Unusable::Foreign | Unusable::OutOfRange | Unusable::NoUnit | Unusable::Disagree | Unusable::Unclear(_))
        )
    }

    /// As entered.
    pub fn as_entered(&self) -> &str {
        &self.entered
    }

    /// As entered, and why it does not count where it does not.
    pub fn entered(&self) -> String {
        let mut words = self.own_entered();
        for (_, said) in &self.beside {
            if self.place.is_none() && words == "not entered" {
                words.clone_from(said);
            } else {
                words = [&words, " with ", said].concat();
            }
        }
        words
    }

    fn own_entered(&self) -> String {
        let Err(why) = &self.value else { return self.entered.clone().into_owned() };
        let entered = &self.entered;
        match why {
            Unusable::NotAnswered(word) => (*word).to_owned(),
            Unusable::NoResult(reason) => format!("{entered} ({}; {})", reason.about, reason.ask),
            Unusable::Foreign => format!("{entered} (not understood)"),
            Unusable::OutOfRange => match self.definition.range {
                Some((low, high)) => {
                    let unit = if self.definition.unit.is_empty() { "" } else { " " };
                    format!("{entered} (not plausible: {low} to {high}{unit}{} can be)", self.definition.unit)
                }
                None => format!("{entered} (not plausible)"),
            },
            Unusable::NoUnit => {
                let unit = &self.definition.unit;
                format!("{entered} (too few for {unit}: write the unit that it is counted in, or the number in {unit})")
            }
            Unusable::AfterReceipt(on) => format!("{entered} (dated {on}, after the day of receipt)"),
            Unusable::TooOld(on) => {
                let days = self.definition.window_days.unwrap_or_default();
                format!("{entered} (of {on}, more than {days} days before the date of service)")
            }
            Unusable::Undated => format!("{entered} (without a date)"),
            Unusable::Disagree => format!("{entered} (results of one day that do not agree)"),
            Unusable::OfAPart => format!("{entered} (of a part only, which leaves the whole open)"),
            Unusable::Unclear(why) => format!("{entered} ({why})"),
        }
    }
}

fn passes(definition: &ResultDefinition, value: Option<&Value>, test: &ResultTest) -> Truth {
    match test {
        ResultTest::In(words) => is_one_of(definition, value, words),
        ResultTest::Compare(comparison, number) => compares(value, *comparison, *number),
        ResultTest::Told => Truth::Met,
        ResultTest::Known => match value {
            Some(Value::Words(words)) if words.iter().all(|index| definition.is_partial(*index)) => Truth::Unknown,
            Some(_) => Truth::Met,
            None => Truth::Unknown,
        },
    }
}

fn is_one_of(definition: &ResultDefinition, value: Option<&Value>, wanted: &[String]) -> Truth {
    let Some(Value::Words(words)) = value else { return Truth::Unknown };
    words.iter().fold(Truth::NotMet, |so_far, index| so_far.or(says(definition, *index, wanted)))
}

fn says(definition: &ResultDefinition, index: usize, wanted: &[String]) -> Truth {
    if wanted.iter().any(|word| definition.is(index, word)) {
        return Truth::Met;
    }
    let open = definition.details.get(index).map(|detail| detail.leaves_open.as_slice()).unwrap_or_default();
    match open.iter().filter(|word| wanted.contains(word)).count() {
        0 => Truth::NotMet,
        // whichever it is, it is wanted
        all if all == open.len() => Truth::Met,
        _ => Truth::Unknown,
    }
}

fn compares(value: Option<&Value>, comparison: Comparison, number: f64) -> Truth {
    match value {
        Some(Value::Number(interval)) => interval.compares(comparison, number),
        _ => Truth::Unknown,
    }
}

/// Takes the entries of one question together. Their order never counts.
pub fn settle<'a>(definition: &'a ResultDefinition, entries: &[Entry<'a>]) -> Standing<'a> {
    let usable = || entries.iter().filter_map(|entry| Some((entry, entry.value.as_ref().ok()?)));
    let latest = usable().filter_map(|(entry, _)| entry.on).max();
    let counts = |entry: &Entry<'_>| entry.on.is_none() || entry.on == latest;
    let values: Vec<Value> = usable().filter(|(entry, _)| counts(entry)).map(|(_, value)| value.clone()).collect();
    let first = entries.iter().filter(|entry| entry.value.is_ok() && counts(entry));
    let first = first.min_by_key(|entry| (entry.entered.as_ref(), entry.place)).map(|entry| entry.place);
    // what is not understood may be the later or the truer result
    let blocks = |entry: &&Entry<'_>| {
        let may_be_newer = entry.on.is_none() || entry.on >= latest;
        entry.value.is_err() && ((entry.is_foreign() && may_be_newer) || entry.on == latest)
    };
    let why = entries.iter().filter(blocks).min_by_key(|entry| (rank(&entry.value), entry.entered.as_ref(), entry.place));
    let (value, place, on) = match why {
        Some(entry) if !values.is_empty() || latest.is_none() => (entry.value.clone(), Some(entry.place), entry.on),
        _ if values.is_empty() => {
            let telling = entries.iter().min_by_key(|entry| (rank(&entry.value), entry.entered.as_ref(), entry.place));
            match telling {
                Some(entry) => (entry.value.clone(), Some(entry.place), entry.on),
                None => (Err(Unusable::NotAnswered("not entered")), None, None),
            }
        }
        _ => (agreed(definition, &values).ok_or(Unusable::Disagree), first, latest),
    };
    let against = value.as_ref().ok().and_then(|told| {
        let against = entries.iter().filter_map(|entry| Some((entry, entry.against(definition, told)?)));
        against.min_by_key(|(entry, _)| (entry.entered.as_ref(), entry.place))
    });
    let (value, place) = match against {
        Some((entry, why)) => (Err(Unusable::Unclear(why)), Some(entry.place)),
        None => (value, place),
    };
    let entered = if matches!(value, Err(Unusable::Disagree)) {
        let mut told: Vec<&str> =
            entries.iter().filter(|entry| entry.value.is_ok() && counts(entry)).map(|entry| entry.entered.as_ref()).collect();
        told.sort_unstable();
        Cow::Owned(told.join(" and "))
    } else {
        let entry = entries.iter().find(|entry| Some(entry.place) == place);
        entry.map_or(Cow::Borrowed("not entered"), |entry| entry.entered.clone())
    };
    let on = value.is_ok().then_some(on).flatten();
    // an undated result beside dated ones may be older than they are
    let on = if entries.iter().any(|entry| entry.value.is_ok() && entry.on.is_none()) { None } else { on };
    let telling = entries.iter().find(|entry| Some(entry.place) == place);
    let said = telling.filter(|_| value.is_err()).and_then(|entry| entry.beyond_its_date(definition)).cloned();
    let heard = if value.is_err() { entries.iter().filter_map(|entry| entry.said.clone()).collect() } else { Vec::new() };
    Standing { definition, value, on, place, entered, said, heard, beside: Vec::new() }
}

/// What tells most of an unusable answer first.
const fn rank(value: &Result<Value, Unusable<'_>>) -> u8 {
    match value {
        Err(Unusable::Foreign) => 0,
        Err(Unusable::OutOfRange | Unusable::NoUnit) => 1,
        Err(Unusable::Unclear(_)) => 2,
        Err(Unusable::Disagree) => 3,
        Err(Unusable::OfAPart) => 4,
        Err(Unusable::AfterReceipt(_)) => 5,
        Err(Unusable::Undated) => 6,
        Err(Unusable::TooOld(_)) => 7,
        Err(Unusable::NoResult(_)) => 8,
        Err(Unusable::NotAnswered(_)) => 9,
        Ok(_) => 10,
    }
}

/// What several results of one question say together; none where they contradict each other.
pub fn agreed(definition: &ResultDefinition, values: &[Value]) -> Option<Value> {
    let first = values.first()?;
    match first {
        Value::Words(_) => {
            let mut words: Vec<usize> = Vec::new();
            for value in values {
                let Value::Words(more) = value else { return None };
                words.extend(more);
            }
            words.sort_unstable();
            words.dedup();
            together(definition, words)
        }
        Value::Number(_) => {
            let intervals = values.iter().map(|value| match value {
                Value::Number(interval) => Some(*interval),
                _ => None,
            });
            intervals.reduce(|left, right| left?.and(right?)).flatten().map(Value::Number)
        }
        Value::Day(_) | Value::Never => values.iter().all(|value| value == first).then(|| first.clone()),
    }
}

fn together(definition: &ResultDefinition, words: Vec<usize>) -> Option<Value> {
    if words.len() < 2 {
        return Some(Value::Words(words));
    }
    // the finest says it all: `exon 19 deletion` beside `positive`
    let covers = |coarse: usize, fine: usize| {
        coarse == fine || definition.is(fine, definition.word(coarse)) || definition.leaves_open(coarse, definition.word(fine))
    };
    if let Some(finest) = words.iter().find(|fine| words.iter().all(|coarse| covers(*coarse, **fine))) {
        return Some(Value::Words(vec![*finest]));
    }
    let contradict = |left: usize, right: usize| {
        let opposite = definition.details.get(left).map(|detail| detail.opposite.as_slice()).unwrap_or_default();
        definition.is_negative(left) != definition.is_negative(right) || opposite.iter().any(|word| definition.is(right, word))
    };
    let agree = words.iter().all(|left| words.iter().all(|right| left == right || !contradict(*left, *right)));
    (definition.several && agree).then_some(Value::Words(words))
}

/// Adds what other results say of a question, and checks it against what was entered of it.
pub fn derived<'a>(definition: &'a ResultDefinition, found: &mut Vec<Standing<'a>>) {
    let told = |name: &str| found.iter().find(|standing| standing.definition.name == name);
    // a rule of which no part was entered says nothing
    let may_say = |rule: &Derivation| rule.parts.is_empty() || rule.parts.iter().any(|(name, _)| told(name).is_some());
    if !definition.derived.iter().any(may_say) {
        return;
    }
    let mut values = Vec::new();
    let mut unclear = None;
    for rule in &definition.derived {
        match (rule.gives, holds(rule, found)) {
            (Some(index), Truth::Met) => values.push(Value::Words(vec![index])),
            (None, Truth::Met) => unclear = Some(rule.unclear.as_str()),
            (None, Truth::Unknown) if has_part_in_doubt(rule, found) => {
                unclear = unclear.or(Some("a part of it is not understood"));
            }
            _ => {}
        }
    }
    let entered = told(&definition.name).and_then(|standing| standing.value.as_ref().ok());
    let beside: Vec<Value> = values.iter().chain(entered).cloned().collect();
    let mut beyond = definition.derived.iter().filter(|rule| holds_whatever_its_date(rule, found)).filter_map(|rule| rule.gives);
    let against = |index: usize| {
        let said = Value::Words(vec![index]);
        beside.iter().any(|value| agreed(definition, &[value.clone(), said.clone()]).is_none())
    };
    if beyond.any(against) {
        unclear = unclear.or(Some("a result that has no date, or that lasts, says something else"));
    }
    if values.is_empty() && unclear.is_none() {
        return;
    }
    let names = || definition.derived.iter().flat_map(|rule| &rule.parts).map(|(name, _)| name.as_str());
    let dates: Vec<Option<NaiveDate>> =
        names().filter_map(told).filter(|standing| standing.value.is_ok()).map(|standing| standing.on).collect();
    let on = if dates.iter().all(Option::is_some) { dates.into_iter().flatten().min() } else { None };
    let value = match unclear {
        Some(why) => Err(Unusable::Unclear(why)),
        None => agreed(definition, &values).ok_or(Unusable::Unclear("results that it follows from do not agree")),
    };
    let Some(standing) = found.iter_mut().find(|standing| std::ptr::eq(standing.definition, definition)) else {
        let entered = match &value {
            Ok(Value::Words(words)) => words.iter().map(|index| definition.word(*index)).collect::<Vec<_>>().join(" and "),
            _ => "not entered".to_owned(),
        };
        let heard = Vec::new();
        let entered = Cow::Owned(entered);
        found.push(Standing { definition, value, on, place: None, entered, said: None, heard, beside: Vec::new() });
        return;
    };
    let (value, on) = match (&standing.value, value) {
        (Ok(entered), Ok(follows)) => {
            let both = agreed(definition, &[entered.clone(), follows]);
            (both.ok_or(Unusable::Unclear("other results of this order say something else")), standing.on)
        }
        (Ok(_), Err(why)) => (Err(why), None),
        (Err(why), _) if rank(&Err(why.clone())) <= 3 => return,
        (Err(_), follows) => (follows, on),
    };
    standing.value = value;
    standing.on = on;
}

fn holds(rule: &Derivation, found: &[Standing<'_>]) -> Truth {
    joined(rule, found, Standing::test)
}

/// Whether a rule holds by what its parts say, counted or not.
fn holds_whatever_its_date(rule: &Derivation, found: &[Standing<'_>]) -> bool {
    let said = |standing: &Standing<'_>, test: &ResultTest| match (&standing.value, &standing.said) {
        (Err(_), Some(said)) => passes(standing.definition, Some(said), test),
        _ => standing.test(test),
    };
    joined(rule, found, said) == Truth::Met
}

fn joined<'a>(rule: &Derivation, found: &[Standing<'a>], judge: impl Fn(&Standing<'a>, &ResultTest) -> Truth) -> Truth {
    let part = |(name, test): &(String, ResultTest)| {
        let told = found.iter().find(|standing| standing.definition.name == *name);
        told.map_or(Truth::Unknown, |standing| judge(standing, test))
    };
    let parts = rule.parts.iter().map(part);
    if rule.any { parts.fold(Truth::NotMet, Truth::or) } else { parts.fold(Truth::Met, Truth::and) }
}

/// True where a part was entered and is not understood.
fn has_part_in_doubt(rule: &Derivation, found: &[Standing<'_>]) -> bool {
    let is_part = |standing: &&Standing<'_>| rule.parts.iter().any(|(name, _)| standing.definition.name == *name);
    found.iter().filter(is_part).any(Standing::is_worth_telling)
}
