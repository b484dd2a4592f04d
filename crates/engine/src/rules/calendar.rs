//! Business days and deadlines in a program's own time zone (DET-05…07). Weekends and the plan's holidays do not count.

use crate::domain::content::{Clock, HolidayCalendar};
use chrono::{DateTime, Datelike, Days, Duration, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc, Weekday};
use chrono_tz::Tz;

/// True for a day that is neither Saturday, Sunday nor a holiday.
pub fn is_business_day(day: NaiveDate, holidays: &HolidayCalendar) -> bool {
    !matches!(day.weekday(), Weekday::Sat | Weekday::Sun) && !holidays.days.contains_key(&day)
}

/// The `count`th business day after `day`.
pub fn business_days_after(day: NaiveDate, count: u32, holidays: &HolidayCalendar) -> NaiveDate {
    let mut day = day;
    let mut left = count;
    while left > 0 {
        let Some(next) = day.checked_add_days(Days::new(1)) else { return day };
        day = next;
        if is_business_day(day, holidays) {
            left -= 1;
        }
    }
    day
}

/// The local day of an instant.
pub fn local_day(instant: DateTime<Utc>, zone: Tz) -> NaiveDate {
    instant.with_timezone(&zone).date_naive()
}

/// When an answer is due. Hours run by the clock; business days end at the same local time, and a receipt on a day that is none
/// counts as 00:00 of the next one (DET-07).
pub fn deadline(received: DateTime<Utc>, clock: Clock, zone: Tz, holidays: &HolidayCalendar) -> DateTime<FixedOffset> {
    match clock {
        Clock::Hours(hours) => (received + Duration::hours(i64::from(hours))).with_timezone(&zone).fixed_offset(),
        Clock::BusinessDays(count) => {
            let local = received.with_timezone(&zone).naive_local();
            let (day, time) = if is_business_day(local.date(), holidays) {
                (local.date(), local.time())
            } else {
                (business_days_after(local.date(), 1, holidays), NaiveTime::MIN)
            };
            in_zone(business_days_after(day, count, holidays).and_time(time), zone)
        }
    }
}

/// A local time as an instant: the earlier one where the clocks go back over it, an hour later where they skip it.
fn in_zone(local: NaiveDateTime, zone: Tz) -> DateTime<FixedOffset> {
    zone.from_local_datetime(&local)
        .earliest()
        .or_else(|| zone.from_local_datetime(&(local + Duration::hours(1))).earliest())
        .map_or_else(|| local.and_utc().fixed_offset(), |instant| instant.fixed_offset())
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono_tz::America::{Chicago, New_York};

    fn holidays(days: &[(i32, u32, u32)]) -> HolidayCalendar {
        let days = days.iter().map(|(y, m, d)| (NaiveDate::from_ymd_opt(*y, *m, *d).unwrap(), "Holiday".to_owned())).collect();
        HolidayCalendar { days }
    }

    fn due(received: &str, clock: Clock, zone: Tz, days: &[(i32, u32, u32)]) -> String {
        deadline(DateTime::parse_from_rfc3339(received).unwrap().to_utc(), clock, zone, &holidays(days)).to_rfc3339()
    }

    #[test]
    fn business_day_deadlines_keep_the_local_time_and_skip_weekends_and_holidays() {
        // proves DET-05, DET-06, DET-07
        let three = Clock::BusinessDays(3);
        for (received, zone, days, expected) in [
            ("2026-12-01T09:00:00-06:00", Chicago, &[][..], "2026-12-04T09:00:00-06:00"),
            ("2026-12-03T16:59:00-06:00", Chicago, &[][..], "2026-12-08T16:59:00-06:00"),
            // Saturday counts as 00:00 of Monday
            ("2026-12-05T11:00:00-05:00", New_York, &[][..], "2026-12-10T00:00:00-05:00"),
            // late on Friday in New York is already Saturday in UTC
            ("2026-12-05T03:30:00Z", New_York, &[][..], "2026-12-09T22:30:00-05:00"),
            // over Christmas and the year's end
            ("2026-12-24T10:00:00-05:00", New_York, &[(2026, 12, 25), (2027, 1, 1)][..], "2026-12-30T10:00:00-05:00"),
            ("2026-12-30T10:00:00-05:00", New_York, &[(2026, 12, 25), (2027, 1, 1)][..], "2027-01-05T10:00:00-05:00"),
            // received on a holiday
            ("2026-11-26T08:00:00-05:00", New_York, &[(2026, 11, 26)][..], "2026-12-02T00:00:00-05:00"),
            // over the change to daylight-saving time (2027-03-14) and back (2026-11-01)
            ("2027-03-11T15:00:00-06:00", Chicago, &[][..], "2027-03-16T15:00:00-05:00"),
            ("2026-10-30T15:00:00-05:00", Chicago, &[][..], "2026-11-04T15:00:00-06:00"),
        ] {
            assert_eq!(due(received, three, zone, days), expected, "received {received}");
        }
    }

    #[test]
    fn urgent_deadlines_run_by_the_clock() {
        // proves DET-05, DET-06
        assert_eq!(due("2026-12-04T22:00:00-06:00", Clock::Hours(24), Chicago, &[]), "2026-12-05T22:00:00-06:00");
        assert_eq!(due("2027-03-13T12:00:00-05:00", Clock::Hours(72), New_York, &[]), "2027-03-16T13:00:00-04:00");
    }
}
