//! What reviewers type: bounded text, numbers, and times as people tell them. What is not understood is a fault, and nothing is done.

use super::super::faults::Faults;
use super::super::fields::Fields;
use super::super::typed::{self, Century};
use chrono::{DateTime, NaiveTime, TimeZone as _, Utc};
use chrono_tz::Tz;
use std::fmt::Display;
use std::str::FromStr;

/// The longest note or rationale, in characters, as the API takes it.
pub(super) const LONG: usize = 4_000;
/// The longest name.
pub(super) const NAME: usize = 200;
/// The longest phone number.
pub(super) const PHONE: usize = 50;

/// What was typed in a field, where it is no longer than this.
pub(super) fn text(fields: &Fields, name: &str, label: &str, most: usize, faults: &mut Faults) -> Option<String> {
    let typed = fields.text(name)?;
    let long = typed.chars().count();
    if long > most {
        faults.add(name, format!("{label}: {long} characters are too many; at most {most} fit"));
        return None;
    }
    Some(typed.to_owned())
}

/// A whole number up to this, with or without commas.
pub(super) fn number<N: Copy + FromStr + PartialOrd + Display>(
    fields: &Fields,
    name: &str,
    label: &str,
    most: N,
    faults: &mut Faults,
) -> Option<N> {
    let typed = fields.text(name)?;
    let digits: String = typed.chars().filter(|letter| *letter != ',').collect();
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
    let number = digits.parse().ok().filter(|number| is_plain && *number <= most);
    if number.is_none() {
        faults.add(name, format!("{label}: enter a whole number from 1 to {most}"));
    }
    number
}

/// A day and a time of the program's zone; none where neither was entered, which means now.
pub(super) fn instant(fields: &Fields, zone: Tz, now: DateTime<Utc>, faults: &mut Faults) -> Option<DateTime<Utc>> {
    let (day, time) = (fields.text("day"), fields.text("time"));
    if day.is_none() && time.is_none() {
        return None;
    }
    let today = now.with_timezone(&zone).date_naive();
    let date = day.map_or(Some(today), |typed| typed::day(typed, Century::This));
    if date.is_none() {
        faults.add("day", "Day: enter it as month, day and year, such as 12/1/2026");
    }
    let at = time.and_then(clock);
    if at.is_none() {
        faults.add("time", "Time: enter it as 3:40 pm, or as 15:40");
    }
    // an hour that a change of clocks skips or repeats is its earliest
    let found = zone.from_local_datetime(&date?.and_time(at?)).earliest().map(|at| at.to_utc());
    if found.is_none() {
        faults.add("time", format!("Time: there is no such hour on that day in {zone}"));
    }
    found
}

/// `3:40 pm`, `3 p.m.`, `15:40`.
fn clock(typed: &str) -> Option<NaiveTime> {
    let plain: String = typed.to_ascii_lowercase().chars().filter(|letter| !matches!(letter, ' ' | '.')).collect();
    let (digits, half) = match (plain.strip_suffix("am"), plain.strip_suffix("pm")) {
        (Some(rest), _) => (rest, Some(0)),
        (_, Some(rest)) => (rest, Some(12)),
        (None, None) => (plain.as_str(), None),
    };
    let (hours, minutes) = match digits.split_once(':') {
        Some((hours, minutes)) if minutes.len() == 2 => (hours, minutes.parse::<u32>().ok()?),
        Some(_) => return None,
        // a bare number is an hour only where morning or afternoon is told
        None => (digits, half.map(|_| 0)?),
    };
    let hours: u32 = hours.parse().ok().filter(|_| (1..=2).contains(&hours.len()))?;
    let hours = match half {
        Some(half) => (1..=12).contains(&hours).then_some(hours % 12 + half)?,
        None => hours,
    };
    NaiveTime::from_hms_opt(hours, minutes, 0)
}

#[cfg(test)]
mod tests {
    use super::{clock, instant, number};
    use crate::portal::faults::Faults;
    use crate::portal::fields::Fields;

    #[test]
    fn times_are_read_as_people_tell_them_and_nothing_is_guessed() {
        let time = |typed: &str| clock(typed).map(|time| time.format("%H:%M").to_string());
        for (typed, meant) in [
            ("3:40 pm", "15:40"),
            ("3 p.m.", "15:00"),
            ("15:40", "15:40"),
            ("12 am", "00:00"),
            ("12:05 PM", "12:05"),
            ("08:00", "08:00"),
        ] {
            assert_eq!(time(typed).as_deref(), Some(meant), "{typed}");
        }
        for typed in ["", "3", "3:4", "25:00", "13 pm", "0 am", "three", "3:40:10", "-3:40", "٣:٤٠"] {
            assert_eq!(time(typed), None, "{typed}");
        }
    }

    #[test]
    fn a_time_without_a_day_is_today_in_the_programs_zone() {
        let now = "2026-12-01T03:00:00Z".parse().unwrap();
        let read = |pairs: &[(&str, &str)]| {
            let mut faults = Faults::default();
            let fields: Fields = pairs.iter().copied().collect();
            (instant(&fields, chrono_tz::America::Chicago, now, &mut faults), faults.is_empty())
        };
        assert_eq!(read(&[]), (None, true));
        assert_eq!(read(&[("time", "8 pm")]), (Some("2026-12-01T02:00:00Z".parse().unwrap()), true), "still November 30 there");
        assert_eq!(read(&[("day", "12/2/2026"), ("time", "15:40")]).0, Some("2026-12-02T21:40:00Z".parse().unwrap()));
        assert_eq!(read(&[("day", "12/2/2026")]), (None, false), "a day alone is no time of a call");
        assert!(!read(&[("day", "3/14/2027"), ("time", "2:30 am")]).1, "the clocks skip it");
    }

    #[test]
    fn numbers_are_whole_and_at_least_one() {
        let read = |typed: &str| {
            let mut faults = Faults::default();
            let fields: Fields = [("units", typed)].into_iter().collect();
            (number::<u64>(&fields, "units", "Units", 10_000, &mut faults), faults.is_empty())
        };
        assert_eq!(read("1,632"), (Some(1632), true));
        for typed in ["0", "-1", "+1", "1.5", "ten", "10001", "99999999999999999999999"] {
            assert_eq!(read(typed), (None, false), "{typed}");
        }
    }
}
