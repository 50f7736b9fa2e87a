//! The hours and days that a document asks to be spared (RSS 2.0 `skipHours`, `skipDays`; UTC).

use std::time::Duration;

use crate::model::{Timestamp, UpdateHints};

const HOUR_MS: i64 = 3_600_000;
const HOURS_OF_WEEK: i64 = 168;
/// Feeds that were moved to one hour start spread over this much of it.
const SPREAD: Duration = Duration::from_mins(10);

/// The first allowed time from `at` on; `at` itself when everything is forbidden or nothing up to
/// `latest` is allowed.
pub(super) fn spare(
    hints: &UpdateHints,
    at: Timestamp,
    latest: Timestamp,
    random: f64,
) -> Timestamp {
    if allowed(hints, at) {
        return at;
    }
    let hour = at.as_millis().div_euclid(HOUR_MS);
    let later = (1..=HOURS_OF_WEEK)
        .map(|hours| Timestamp::from_millis(hour.saturating_add(hours).saturating_mul(HOUR_MS)))
        .take_while(|start| *start <= latest);
    for start in later {
        if allowed(hints, start) {
            return (start + SPREAD.mul_f64(random)).min(latest);
        }
    }
    at
}

/// Whether the document lets itself be asked in this hour. It forbids nothing if it forbids
/// everything.
fn allowed(hints: &UpdateHints, at: Timestamp) -> bool {
    let hours = at.as_millis().div_euclid(HOUR_MS);
    let hour_of_day = hours.rem_euclid(24);
    // 1970-01-01 was a Thursday; bit 0 is Monday.
    let day_of_week = (hours.div_euclid(24) + 3).rem_euclid(7);
    let everything = hints.skip_hours & 0xff_ffff == 0xff_ffff || hints.skip_days & 0x7f == 0x7f;
    everything
        || (hints.skip_hours >> hour_of_day) & 1 == 0 && (hints.skip_days >> day_of_week) & 1 == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Timestamp {
        Timestamp::parse_rfc3339(text).unwrap()
    }

    /// `spare` a poll at noon of Saturday the 6th for the given hours and days.
    fn moved(skip_hours: u32, skip_days: u8, latest: &str) -> Timestamp {
        let hints = UpdateHints {
            skip_hours,
            skip_days,
            ..UpdateHints::default()
        };
        spare(&hints, time("2024-07-06T12:30:00Z"), time(latest), 0.5)
    }

    #[test]
    fn a_spared_hour_moves_the_poll_into_the_next_one_that_is_not() {
        let noon_to_three = 0b111 << 12;
        assert_eq!(
            moved(noon_to_three, 0, "2024-07-07T12:30:00Z"),
            time("2024-07-06T15:05:00Z")
        );
        let eleven = 1 << 11;
        let unmoved = time("2024-07-06T12:30:00Z");
        assert_eq!(moved(eleven, 0, "2024-07-07T12:30:00Z"), unmoved);
    }

    #[test]
    fn a_spared_weekend_moves_the_poll_to_monday_if_that_is_near_enough() {
        let weekend = 0b110_0000;
        assert_eq!(
            moved(0, weekend, "2024-07-09T00:00:00Z"),
            time("2024-07-08T00:05:00Z")
        );
        let unmoved = time("2024-07-06T12:30:00Z");
        assert_eq!(moved(0, weekend, "2024-07-07T12:30:00Z"), unmoved);
    }

    #[test]
    fn a_document_that_forbids_everything_forbids_nothing() {
        let unmoved = time("2024-07-06T12:30:00Z");
        assert_eq!(moved(0xff_ffff, 0, "2024-08-01T00:00:00Z"), unmoved);
        assert_eq!(moved(0, 0x7f, "2024-08-01T00:00:00Z"), unmoved);
        assert_eq!(moved(u32::MAX, u8::MAX, "2024-08-01T00:00:00Z"), unmoved);
    }

    #[test]
    fn no_time_makes_it_panic() {
        let hints = UpdateHints {
            skip_hours: 0xff_fffe,
            ..UpdateHints::default()
        };
        for ms in [i64::MIN, -1, 0, i64::MAX] {
            let at = Timestamp::from_millis(ms);
            let latest = at + Duration::from_hours(24);
            assert!(spare(&hints, at, latest, 0.9) >= at);
        }
    }
}
