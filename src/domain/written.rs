//! Days and instants as text, for answers that are given by the thousand: the same text as chrono's, without its formatting machinery.

use chrono::{DateTime, Datelike as _, NaiveDate, Timelike as _, Utc};
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

/// Writes an instant as `2026-11-28T07:30:29.123456Z`.
///
/// # Errors
///
/// Those of the serializer.
pub fn instant<S: Serializer>(instant: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    let mut text = String::with_capacity(27);
    match put_instant(&mut text, *instant) {
        Some(()) => serializer.serialize_str(&text),
        None => instant.serialize(serializer),
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

/// An instant of such a day in whole microseconds, as the service's clock gives them, that is not in a whole millisecond.
fn put_instant(text: &mut String, instant: DateTime<Utc>) -> Option<()> {
    let nanos =
        Some(instant.nanosecond()).filter(|nanos| *nanos < 1_000_000_000 && nanos % 1000 == 0 && nanos % 1_000_000 != 0)?;
    put_day(text, instant.date_naive())?;
    for (mark, number) in [('T', instant.hour()), (':', instant.minute()), (':', instant.second())] {
        text.push(mark);
        put(text, number, 10)?;
    }
    text.push('.');
    put(text, nanos / 1000, 100_000)?;
    text.push('Z');
    Some(())
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
    use super::{day, instant};
    use chrono::{DateTime, NaiveDate, Utc};
    use serde_json::value::Serializer;

    #[test]
    fn days_are_written_as_chrono_writes_them() {
        let days = ["2026-11-28", "0001-01-01", "9999-12-31", "+10000-01-01", "-0001-02-03", "2024-02-29"];
        for one in days.map(|text| text.parse::<NaiveDate>().unwrap()) {
            assert_eq!(day(&Some(one), Serializer).unwrap(), serde_json::to_value(one).unwrap());
        }
        assert!(day(&None, Serializer).unwrap().is_null());
    }

    #[test]
    fn instants_are_written_as_chrono_writes_them() {
        let times = [
            "07:30:29.123456",
            "23:59:59.000001",
            "00:00:00.900000",
            "12:00:00",
            "01:02:03.004",
            "01:02:03.123456789",
            "23:59:60.5",
        ];
        for time in times {
            let one: DateTime<Utc> = format!("2016-12-31T{time}Z").parse().unwrap();
            assert_eq!(instant(&one, Serializer).unwrap(), serde_json::to_value(one).unwrap(), "{time}");
        }
    }
}
