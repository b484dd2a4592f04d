//! What people type: days as they are written in the United States, and numbers with whatever stands between their digits. What is not
//! understood is none, and the page says so; nothing is guessed.

use chrono::{Datelike as _, NaiveDate};

/// Years that a day may be in.
const YEARS: std::ops::RangeInclusive<i32> = 1880..=2199;

/// How a year of two digits is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Century {
    /// Of this century: days of treatment.
    This,
    /// The latest that is not after this day: days of birth.
    NotAfter(NaiveDate),
}

/// A day: `3/9/54`, `03-09-1954`, `03091954`, `1954-03-09`, `Mar 9, 1954`, `9 March 1954`.
pub(super) fn day(text: &str, century: Century) -> Option<NaiveDate> {
    let parts: Vec<&str> = text.split(['/', '-', ' ', ',']).filter(|part| !part.is_empty()).collect();
    let (year, month, day) = match parts.as_slice() {
        [digits] if digits.len() == 8 && is_number(digits) => return of_eight(digits),
        [year, month, day] if year.len() == 4 && is_number(year) => (*year, *month, *day),
        [month, day, year] if is_number(month) => match month_named(day) {
            Some(_) => (*year, *day, *month),
            None => (*year, *month, *day),
        },
        [month, day, year] => (*year, *month, *day),
        _ => return None,
    };
    let month = if is_number(month) { small(month)? } else { month_named(month)? };
    let day = small(day)?;
    match year.len() {
        4 if is_number(year) => valid(year.parse().ok()?, month, day),
        2 if is_number(year) => of_short_year(year.parse().ok()?, month, day, century),
        _ => None,
    }
}

fn of_short_year(year: i32, month: u32, day: u32, century: Century) -> Option<NaiveDate> {
    match century {
        Century::This => valid(2000 + year, month, day),
        Century::NotAfter(latest) => {
            let begins = latest.year() - latest.year().rem_euclid(100);
            [begins, begins - 100].iter().filter_map(|century| valid(century + year, month, day)).find(|found| *found <= latest)
        }
    }
}

/// `03091954` or `19540309`: no year that is taken begins like a month.
fn of_eight(digits: &str) -> Option<NaiveDate> {
    let number = |from: usize, to: usize| digits.get(from..to)?.parse::<u32>().ok();
    let year = |from: usize| digits.get(from..from + 4)?.parse::<i32>().ok();
    valid(year(4)?, number(0, 2)?, number(2, 4)?).or_else(|| valid(year(0)?, number(4, 6)?, number(6, 8)?))
}

fn valid(year: i32, month: u32, day: u32) -> Option<NaiveDate> {
    YEARS.contains(&year).then(|| NaiveDate::from_ymd_opt(year, month, day)).flatten()
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn small(text: &str) -> Option<u32> {
    (is_number(text) && text.len() <= 2).then(|| text.parse().ok()).flatten()
}

/// `mar`, `March`, `Sept`: three letters or more of a month's name.
fn month_named(text: &str) -> Option<u32> {
    const NAMES: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let word = text.trim_end_matches('.').to_ascii_lowercase();
    if word.len() < 3 {
        return None;
    }
    NAMES.iter().zip(1..).find(|(name, _)| name.starts_with(&word)).map(|(_, number)| number)
}

#[cfg(test)]
mod tests {
    use super::{Century, day};
    use chrono::NaiveDate;
    use proptest::prelude::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn days_are_read_as_they_are_written_here() {
        // proves INF-08
        let today = "2026-11-20".parse().unwrap();
        for typed in [
            "3/9/54",
            "03/09/1954",
            "3-9-1954",
            "03091954",
            "19540309",
            "1954-03-09",
            "Mar 9, 1954",
            "9 March 1954",
            "march 9 54",
        ] {
            assert_eq!(day(typed, Century::NotAfter(today)), Some(date("1954-03-09")), "{typed}");
        }
        assert_eq!(day("11/20/26", Century::NotAfter(today)), Some(date("2026-11-20")));
        assert_eq!(day("11/21/26", Century::NotAfter(today)), Some(date("1926-11-21")), "nobody is born tomorrow");
        assert_eq!(day("12/1/26", Century::This), Some(date("2026-12-01")));
    }

    #[test]
    fn what_is_no_day_or_could_be_two_is_none() {
        // proves SAFE-05
        for typed in [
            "",
            "13/13/2026",
            "2/29/2026",
            "9.3.1954",
            "3/9",
            "3/9/954",
            "yesterday",
            "3/9/1954/2",
            "00/00/0000",
            "1/1/1700",
            "ma 9 1954",
            "٣/٩/1954",
        ] {
            assert_eq!(day(typed, Century::This), None, "{typed}");
        }
    }

    proptest! {
        #[test]
        fn every_day_is_read_back_from_every_form(days in 0_i64..70_000) {
            let there = NaiveDate::from_ymd_opt(1900, 1, 1).unwrap() + chrono::TimeDelta::days(days);
            for form in ["%Y-%m-%d", "%-m/%-d/%Y", "%m%d%Y", "%Y%m%d", "%b %-d, %Y", "%-d %B %Y"] {
                let typed = there.format(form).to_string();
                prop_assert_eq!(day(&typed, Century::This), Some(there), "{}", typed);
            }
        }

        #[test]
        fn nothing_typed_breaks_it(typed in ".{0,40}") {
            let _ = day(&typed, Century::This);
        }
    }
}
