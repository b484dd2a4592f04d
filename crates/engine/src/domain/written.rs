//! Days as text, for answers that are given by the thousand: the same text as chrono's, without its formatting machinery, which took
//! 12,000 instructions of a verification's 201,000.

use chrono::{Datelike as _, NaiveDate};
use serde::{Serialize as _, Serializer};

/// Writes a day as `2026-11-28`, or null.
///
/// # Errors
///
/// Those of the serializer.
pub fn day<S: Serializer>(day: &Option<NaiveDate>, serializer: S) -> Result<S::Ok, S::Error> {
    let Some(day) = day else { return serializer.serialize_none() };
    let mut text = String::with_capacity(10);
    match put_day(&mut text, *day) {
        Some(()) => serializer.serialize_str(&text),
        None => day.serialize(serializer),
    }
}

/// A day whose year has four digits.
fn put_day(text: &mut String, day: NaiveDate) -> Option<()> {
    let year = u32::try_from(day.year()).ok().filter(|year| *year <= 9999)?;
    put(text, year, 1000)?;
    text.push('-');
    put(text, day.month(), 10)?;
    text.push('-');
    put(text, day.day(), 10)
}

/// The digits of a number, from the one at this place on.
fn put(text: &mut String, number: u32, mut place: u32) -> Option<()> {
    while place > 0 {
        text.push(char::from_digit(number / place % 10, 10)?);
        place /= 10;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::day;
    use chrono::NaiveDate;
    use serde_json::value::Serializer;

    #[test]
    fn days_are_written_as_chrono_writes_them() {
        let days = ["2026-11-28", "0001-01-01", "9999-12-31", "+10000-01-01", "-0001-02-03", "2024-02-29"];
        for one in days.map(|text| text.parse::<NaiveDate>().unwrap()) {
            assert_eq!(day(&Some(one), Serializer).unwrap(), serde_json::to_value(one).unwrap());
        }
        assert!(day(&None, Serializer).unwrap().is_null());
    }
}
