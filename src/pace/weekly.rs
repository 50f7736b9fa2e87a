//! Times that come back every week, in a time zone: when digests go out, when it is to be quiet.
//!
//! Written as `[days] time`: `08:00`, `mon-fri 17:30`, `sat,sun 00:00-24:00`, `22:00-07:00`. Where the
//! clock is put forward a time that is skipped is that much later; where it is put back, a time that
//! comes twice counts the first time.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Span, ToSpan};

use crate::model::Timestamp;

const NAMES: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

/// Minutes of a day.
const DAY: u16 = 24 * 60;

/// Some days of the week; Monday is the lowest bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Days(u8);

/// A time on some days of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    days: Days,
    /// Minutes since midnight.
    at: u16,
}

/// A span of time that begins on some days of the week and lasts a day at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hours {
    days: Days,
    from: u16,
    /// Minutes since the midnight before it began; later than `from`.
    to: u16,
}

/// Why a text is no such time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WeeklyError {
    /// A day is not known.
    #[error("has a day that is not one of mon, tue, wed, thu, fri, sat, sun")]
    Day,
    /// A time is not one.
    #[error("has no time such as 08:00 where one belongs")]
    Time,
    /// A span is empty.
    #[error("begins and ends at the same time")]
    Empty,
}

impl FromStr for Moment {
    type Err = WeeklyError;

    fn from_str(text: &str) -> Result<Self, WeeklyError> {
        let (days, time) = split(text)?;
        let at = minutes(time).filter(|at| *at < DAY);
        let at = at.ok_or(WeeklyError::Time)?;
        Ok(Self { days, at })
    }
}

impl FromStr for Hours {
    type Err = WeeklyError;

    fn from_str(text: &str) -> Result<Self, WeeklyError> {
        let (days, times) = split(text)?;
        let (from, to) = times.split_once('-').ok_or(WeeklyError::Time)?;
        let from = minutes(from.trim()).filter(|from| *from < DAY);
        let (Some(from), Some(to)) = (from, minutes(to.trim())) else {
            return Err(WeeklyError::Time);
        };
        if from == to {
            return Err(WeeklyError::Empty);
        }
        let to = if to < from { to + DAY } else { to };
        Ok(Self { days, from, to })
    }
}

/// The days and the rest of a text; without days it is every day.
fn split(text: &str) -> Result<(Days, &str), WeeklyError> {
    let text = text.trim();
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return Ok((Days(0x7f), text));
    }
    let (days, rest) = text.split_once(' ').ok_or(WeeklyError::Time)?;
    Ok((days.parse()?, rest.trim()))
}

impl FromStr for Days {
    type Err = WeeklyError;

    fn from_str(text: &str) -> Result<Self, WeeklyError> {
        let day = |name: &str| {
            let found = NAMES.iter().find(|(known, _)| *known == name);
            found.map(|(_, day)| *day).ok_or(WeeklyError::Day)
        };
        let mut days = 0;
        for part in text.to_ascii_lowercase().split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (mut at, last) = (day(first)?, day(last)?);
            days |= bit(at);
            while at != last {
                at = at.next();
                days |= bit(at);
            }
        }
        Ok(Self(days))
    }
}

fn bit(day: Weekday) -> u8 {
    1 << day.to_monday_zero_offset()
}

fn minutes(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let digits = |text: &str, most: usize| {
        let is = (1..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        is.then(|| text.parse::<u16>().ok()).flatten()
    };
    let (hours, minutes) = (
        digits(hours, 2)?,
        digits(minutes, 2).filter(|_| minutes.len() == 2)?,
    );
    let at = hours * 60 + minutes;
    (minutes < 60 && at <= DAY).then_some(at)
}

/// The first of these moments after `after`; `None` without moments.
#[must_use]
pub fn next(moments: &[Moment], zone: &TimeZone, after: Timestamp) -> Option<Timestamp> {
    let today = date(zone, after)?;
    // A date may have been skipped in a zone, and a time moved past midnight: eight days hold a whole
    // week after today.
    let days = (-1..=8).filter_map(|n: i64| today.checked_add(n.days()).ok());
    let on = |day: Date| {
        let those = moments
            .iter()
            .filter(move |m| m.days.0 & bit(day.weekday()) != 0);
        those.filter_map(move |moment| instant(zone, day, moment.at))
    };
    days.flat_map(on).filter(|at| *at > after).min()
}

/// When the quiet ends that reigns at `now`; `None` when there is none. Spans that touch are one; one
/// that never ends is taken to end within ten days.
#[must_use]
pub fn quiet_until(spans: &[Hours], zone: &TimeZone, now: Timestamp) -> Option<Timestamp> {
    let mut end = None;
    for _ in 0..20 {
        let at = end.unwrap_or(now);
        match span_end(spans, zone, at) {
            Some(later) => end = Some(later),
            None => break,
        }
    }
    end
}

/// The latest end of the spans that hold the instant.
fn span_end(spans: &[Hours], zone: &TimeZone, at: Timestamp) -> Option<Timestamp> {
    let today = date(zone, at)?;
    let days = (-1..=0).filter_map(|n: i64| today.checked_add(n.days()).ok());
    let on = |day: Date| {
        let those = spans
            .iter()
            .filter(move |s| s.days.0 & bit(day.weekday()) != 0);
        those.filter_map(move |s| Some((instant(zone, day, s.from)?, instant(zone, day, s.to)?)))
    };
    let holding = days
        .flat_map(on)
        .filter(|(from, to)| (*from..*to).contains(&at));
    holding.map(|(_, to)| to).max()
}

fn date(zone: &TimeZone, at: Timestamp) -> Option<Date> {
    let at = jiff::Timestamp::from_millisecond(at.as_millis()).ok()?;
    Some(zone.to_datetime(at).date())
}

/// The instant at which it is so many minutes after a day's midnight, by the clock on the wall.
fn instant(zone: &TimeZone, day: Date, minutes: u16) -> Option<Timestamp> {
    let day = day
        .checked_add(Span::new().days(i64::from(minutes / DAY)))
        .ok()?;
    let (hour, minute) = ((minutes % DAY) / 60, minutes % 60);
    let time = Time::new(i8::try_from(hour).ok()?, i8::try_from(minute).ok()?, 0, 0).ok()?;
    let zoned = day.to_datetime(time).to_zoned_datetime(zone.clone()).ok()?;
    Some(Timestamp::from_millis(zoned.timestamp().as_millisecond()))
}

impl fmt::Display for Days {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = NAMES.iter().filter(|(_, day)| self.0 & bit(*day) != 0);
        let names: Vec<&str> = names.map(|(name, _)| *name).collect();
        f.write_str(&names.join(","))
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.days.0 != 0x7f {
            write!(f, "{} ", self.days)?;
        }
        write!(f, "{:02}:{:02}", self.at / 60, self.at % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse_rfc3339(text).unwrap()
    }

    fn moments(texts: &[&str]) -> Vec<Moment> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn spans(texts: &[&str]) -> Vec<Hours> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).unwrap()
    }

    #[test]
    fn the_next_moment_is_found_by_day_and_time_in_the_zone() {
        let jakarta = zone("Asia/Jakarta");
        let times = moments(&["08:00", "mon-fri 17:30"]);
        // A Friday: 2026-11-27.
        for (after, expected) in [
            ("2026-11-27T00:59:00Z", "2026-11-27T01:00:00Z"),
            ("2026-11-27T01:00:00Z", "2026-11-27T10:30:00Z"),
            ("2026-11-27T10:30:00Z", "2026-11-28T01:00:00Z"),
            ("2026-11-28T01:00:00Z", "2026-11-29T01:00:00Z"),
            ("2026-11-29T01:00:00Z", "2026-11-30T01:00:00Z"),
        ] {
            assert_eq!(
                next(&times, &jakarta, at(after)),
                Some(at(expected)),
                "{after}"
            );
        }
        let weekly = moments(&["sun 09:00"]);
        let after = at("2026-11-29T02:00:00Z");
        assert_eq!(
            next(&weekly, &jakarta, after),
            Some(at("2026-12-06T02:00:00Z"))
        );
        assert_eq!(next(&[], &jakarta, after), None);
    }

    #[test]
    fn a_clock_that_is_put_forward_or_back_neither_skips_nor_doubles_a_digest() {
        let berlin = zone("Europe/Berlin");
        let night = moments(&["02:30"]);
        // Put forward on 2026-03-29 at 02:00, back on 2026-10-25 at 03:00.
        let spring = next(&night, &berlin, at("2026-03-28T12:00:00Z")).unwrap();
        assert_eq!(spring, at("2026-03-29T01:30:00Z"), "03:30 summer time");
        let after = next(&night, &berlin, spring).unwrap();
        assert_eq!(after, at("2026-03-30T00:30:00Z"));
        let autumn = next(&night, &berlin, at("2026-10-24T12:00:00Z")).unwrap();
        assert_eq!(autumn, at("2026-10-25T00:30:00Z"), "the first of the two");
        let after = next(&night, &berlin, autumn).unwrap();
        assert_eq!(after, at("2026-10-26T01:30:00Z"));
    }

    #[test]
    fn quiet_hours_cross_midnight_and_join() {
        let almaty = zone("Asia/Almaty");
        let night = spans(&["22:00-07:00"]);
        for (now, expected) in [
            ("2026-11-27T16:59:00Z", None),
            ("2026-11-27T17:00:00Z", Some("2026-11-28T02:00:00Z")),
            ("2026-11-28T01:59:59Z", Some("2026-11-28T02:00:00Z")),
            ("2026-11-28T02:00:00Z", None),
        ] {
            assert_eq!(
                quiet_until(&night, &almaty, at(now)),
                expected.map(at),
                "{now}"
            );
        }
        // From Friday night to Monday morning.
        let all = spans(&["22:00-07:00", "sat-sun 00:00-24:00"]);
        let now = at("2026-11-27T18:00:00Z");
        assert_eq!(
            quiet_until(&all, &almaty, now),
            Some(at("2026-11-30T02:00:00Z"))
        );
        let forever = spans(&["00:00-24:00"]);
        let end = quiet_until(&forever, &almaty, now).unwrap();
        assert!(end.since(now).as_secs() <= 20 * 86_400);
    }

    #[test]
    fn days_are_lists_and_ranges_and_may_pass_the_weekend() {
        let days = |text: &str| text.parse::<Days>().unwrap().to_string();
        assert_eq!(days("mon"), "mon");
        assert_eq!(days("Fri-Mon"), "mon,fri,sat,sun");
        assert_eq!(days("mon,wed-thu"), "mon,wed,thu");
        assert_eq!(
            "mon-fri 7:05".parse::<Moment>().unwrap().to_string(),
            "mon,tue,wed,thu,fri 07:05"
        );
    }

    #[test]
    fn what_is_no_time_is_refused_with_the_reason() {
        for (text, expected) in [
            ("", WeeklyError::Time),
            ("8", WeeklyError::Time),
            ("24:00", WeeklyError::Time),
            ("08:60", WeeklyError::Time),
            ("8:5", WeeklyError::Time),
            ("mon", WeeklyError::Time),
            ("monday 08:00", WeeklyError::Day),
            ("mon- 08:00", WeeklyError::Day),
        ] {
            assert_eq!(text.parse::<Moment>(), Err(expected), "{text}");
        }
        for (text, expected) in [
            ("22:00", WeeklyError::Time),
            ("07:00-07:00", WeeklyError::Empty),
            ("25:00-26:00", WeeklyError::Time),
            ("xyz 22:00-07:00", WeeklyError::Day),
        ] {
            assert_eq!(text.parse::<Hours>(), Err(expected), "{text}");
        }
        assert!("sat 00:00-24:00".parse::<Hours>().is_ok());
    }
}
