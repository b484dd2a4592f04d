//! Deadlines against a naive oracle: holidays by the statute's rules, daylight-saving time by the rule of the United States, one day at
//! a time, and nothing of the service's own calendar.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "test crate")]

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeDelta, Utc, Weekday};
use oncoauth::domain::content::{Clock, HolidayCalendar};
use oncoauth::rules::calendar::{deadline, is_business_day};
use proptest::prelude::*;
use std::sync::LazyLock;

static HOLIDAYS: LazyLock<HolidayCalendar> = LazyLock::new(|| crate::support::content().calendars["us-federal"].clone());

fn date(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap()
}

/// The nth such day of a month.
fn nth(year: i32, month: u32, weekday: Weekday, n: u32) -> NaiveDate {
    let days = (1..=31).filter_map(|day| NaiveDate::from_ymd_opt(year, month, day)).filter(|day| day.weekday() == weekday);
    days.into_iter().nth(n as usize - 1).unwrap()
}

fn last_monday_of_may(year: i32) -> NaiveDate {
    (25..=31).map(|day| date(year, 5, day)).find(|day| day.weekday() == Weekday::Mon).unwrap()
}

/// 5 U.S.C. 6103: eleven holidays, those on a Saturday kept on Friday, those on a Sunday on Monday.
fn is_holiday(day: NaiveDate) -> bool {
    let of_year = |year: i32| {
        let fixed = [date(year, 1, 1), date(year, 6, 19), date(year, 7, 4), date(year, 11, 11), date(year, 12, 25)];
        let kept = fixed.map(|day| match day.weekday() {
            Weekday::Sat => day.pred_opt().unwrap(),
            Weekday::Sun => day.succ_opt().unwrap(),
            _ => day,
        });
        let moving = [
            nth(year, 1, Weekday::Mon, 3),
            nth(year, 2, Weekday::Mon, 3),
            last_monday_of_may(year),
            nth(year, 9, Weekday::Mon, 1),
            nth(year, 10, Weekday::Mon, 2),
            nth(year, 11, Weekday::Thu, 4),
        ];
        [&kept[..], &moving[..]].concat()
    };
    of_year(day.year()).contains(&day) || of_year(day.year() + 1).contains(&day)
}

fn works(day: NaiveDate) -> bool {
    !matches!(day.weekday(), Weekday::Sat | Weekday::Sun) && !is_holiday(day)
}

/// Hours behind Greenwich at an instant, in a zone that is so many behind in winter.
fn behind(instant: DateTime<Utc>, in_winter: i64) -> i64 {
    let year = instant.year();
    let begins = nth(year, 3, Weekday::Sun, 2).and_hms_opt(2, 0, 0).unwrap() + TimeDelta::hours(in_winter);
    let ends = nth(year, 11, Weekday::Sun, 1).and_hms_opt(2, 0, 0).unwrap() + TimeDelta::hours(in_winter - 1);
    let utc = instant.naive_utc();
    if begins <= utc && utc < ends { in_winter - 1 } else { in_winter }
}

fn local(instant: DateTime<Utc>, in_winter: i64) -> NaiveDateTime {
    instant.naive_utc() - TimeDelta::hours(behind(instant, in_winter))
}

/// The instant that shows this local time: business days never begin in a skipped or repeated hour, which lie on Sundays.
fn instant(at: NaiveDateTime, in_winter: i64) -> DateTime<Utc> {
    let tries = [in_winter - 1, in_winter].map(|hours| (at + TimeDelta::hours(hours)).and_utc());
    tries.into_iter().find(|instant| local(*instant, in_winter) == at).unwrap()
}

fn oracle(received: DateTime<Utc>, business_days: u32, in_winter: i64) -> DateTime<Utc> {
    let mut at = local(received, in_winter);
    if !works(at.date()) {
        at = at.date().and_hms_opt(0, 0, 0).unwrap();
        while !works(at.date()) {
            at += TimeDelta::days(1);
        }
    }
    for _ in 0..business_days {
        at += TimeDelta::days(1);
        while !works(at.date()) {
            at += TimeDelta::days(1);
        }
    }
    instant(at, in_winter)
}

// proves DET-07
#[test]
fn the_calendar_of_content_is_that_of_the_statute() {
    let mut day = date(2026, 1, 1);
    while day.year() < 2030 {
        assert_eq!(is_business_day(day, &HOLIDAYS), works(day), "{day}");
        day = day.succ_opt().unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    // proves DET-05, DET-06, DET-07
    #[test]
    fn deadlines_are_what_counting_on_fingers_gives(minutes in 0_i64..4 * 525_600, seconds in 0_i64..60, eastern: bool) {
        let from: DateTime<Utc> = "2026-01-01T00:00:00Z".parse().unwrap();
        let received = from + TimeDelta::minutes(minutes) + TimeDelta::seconds(seconds);
        let (zone, in_winter) = if eastern { (chrono_tz::America::New_York, 5) } else { (chrono_tz::America::Chicago, 6) };
        let due = deadline(received, Clock::BusinessDays(3), zone, &HOLIDAYS);
        prop_assert_eq!(due.to_utc(), oracle(received, 3, in_winter), "received {}", received);
        let offset = i64::from(due.offset().local_minus_utc()) / 3600;
        prop_assert_eq!(offset, -behind(due.to_utc(), in_winter), "shown with the offset of its day");
        for hours in [24, 72] {
            let urgent = deadline(received, Clock::Hours(hours), zone, &HOLIDAYS);
            prop_assert_eq!(urgent.to_utc() - received, TimeDelta::hours(i64::from(hours)));
            prop_assert_eq!(i64::from(urgent.offset().local_minus_utc()) / 3600, -behind(urgent.to_utc(), in_winter));
        }
    }
}
