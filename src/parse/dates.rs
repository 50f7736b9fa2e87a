//! Dates as feeds write them: RFC 3339 and ISO 8601, RFC 2822 and its predecessors, and the faults
//! that publishers make in both.
//!
//! [`read`] never panics and never guesses a day: an impossible date is unreadable. A date without
//! zone, or with a zone nobody knows, is taken as UTC (RFC 2822 §4.3).

mod mail;
mod months;
mod script;
#[cfg(test)]
mod tests;

use super::zones::zone;
use crate::model::Timestamp;
use mail::mail;

/// 1990-01-01T00:00:00Z: no feed is older, so a date before it is a default or an accident.
const EARLIEST_MS: i64 = 631_152_000_000;
/// Clocks and zones go wrong by hours; more than a day ahead is an invention.
const AHEAD_MS: i64 = 86_400_000;
/// A date is short; what is longer is something else.
const LONGEST: usize = 100;

/// What became of a date's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// A believable instant.
    Instant(Timestamp),
    /// A date before 1990 or more than a day ahead of now.
    Wild,
    /// No date that can be read.
    Unreadable,
}

/// Reads a date.
pub(super) fn read(text: &str, now: Timestamp) -> Reading {
    let text = text.trim();
    if text.len() > LONGEST {
        return Reading::Unreadable;
    }
    let plain = script::plain(text);
    let text = plain.text.as_str();
    let parts = iso(text)
        .or_else(|| iso(without_word(text)?))
        .or_else(|| day_first(text))
        .or_else(|| mail(text))
        .map(|mut parts| {
            if plain.afternoon && parts.hour < 12 {
                parts.hour += 12;
            } else if plain.forenoon && parts.hour == 12 {
                parts.hour = 0;
            }
            if plain.korean && parts.offset == 0 && !text.ends_with(['Z', 'z']) {
                parts.offset = 9 * 60;
            }
            parts
        });
    match parts.and_then(Parts::millis) {
        Some(ms) if (EARLIEST_MS..=now.as_millis().saturating_add(AHEAD_MS)).contains(&ms) => {
            Reading::Instant(Timestamp::from_millis(ms))
        }
        Some(_) => Reading::Wild,
        None => Reading::Unreadable,
    }
}

/// A date taken apart.
#[derive(Debug, Clone, Copy, Default)]
struct Parts {
    year: i64,
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
    milli: i64,
    /// Minutes east of UTC.
    offset: i64,
}

impl Parts {
    fn millis(self) -> Option<i64> {
        let leap = self.year % 4 == 0 && (self.year % 100 != 0 || self.year % 400 == 0);
        let longest = match self.month {
            2 => 28 + i64::from(leap),
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        let sane = (1..=12).contains(&self.month)
            && (1..=longest).contains(&self.day)
            // 24:00 is the end of the day in ISO 8601; :60 is a leap second
            && (0..=24).contains(&self.hour)
            && (0..60).contains(&self.minute)
            && (0..=60).contains(&self.second)
            && self.offset.abs() <= 24 * 60;
        // the year is at most twelve digits, so that nothing below can overflow
        if !sane || self.year.abs() > 999_999_999_999 {
            return None;
        }
        let seconds = days(self.year, self.month, self.day).saturating_mul(86_400)
            + self.hour * 3600
            + (self.minute - self.offset) * 60
            + self.second;
        Some(seconds.saturating_mul(1000).saturating_add(self.milli))
    }
}

/// Days from 1970-01-01 in the proleptic Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Splits leading ASCII digits off, `least` to `most` of them.
pub(super) fn digits(text: &str, least: usize, most: usize) -> Option<(i64, &str)> {
    let len = text.bytes().take_while(u8::is_ascii_digit).count();
    if len < least || len > most {
        return None;
    }
    Some((text[..len].parse().ok()?, &text[len..]))
}

/// `2024-07-04T09:30:00.123+02:00` and its relatives, and Unix time.
fn iso(text: &str) -> Option<Parts> {
    let bare = text.len() >= 8 && text.bytes().all(|b| b.is_ascii_digit());
    if bare && matches!(text.len(), 10 | 13) {
        let number: i64 = text.parse().ok()?;
        let ms = if text.len() == 10 {
            number * 1000
        } else {
            number
        };
        return Some(Parts {
            year: 1970,
            month: 1,
            day: 1,
            milli: ms,
            ..Parts::default()
        });
    }
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let mut parts = Parts::default();
    let mut rest;
    if let Some((compact, after)) = digits(text, 8, 8) {
        (parts.year, parts.month, parts.day) =
            (compact / 10_000, compact / 100 % 100, compact % 100);
        rest = after;
    } else if let Some((year, day, after)) = ordinal(text) {
        parts = of_year(year, day);
        rest = after;
    } else if let Some((year, week, day, after)) = week_date(text) {
        // ISO 8601 §4.1.4: the first week is the one with 4 January
        let fourth = days(year, 1, 4);
        let monday = fourth - (fourth + 3).rem_euclid(7);
        parts = of_year(year, monday + (week - 1) * 7 + day - days(year, 1, 1));
        rest = after;
    } else if let Some((compact, after)) =
        digits(text, 6, 6).filter(|(_, a)| !a.starts_with(['-', '.', '/']))
    {
        (parts.year, parts.month, parts.day) = (
            short_year(compact / 10_000),
            compact / 100 % 100,
            compact % 100,
        );
        rest = after;
    } else if let Some((year, after)) = digits(text, 2, 2).filter(|(_, a)| a.starts_with('-')) {
        parts.year = short_year(year);
        (parts.month, rest) = digits(&after[1..], 2, 2)?;
        (parts.day, rest) = digits(rest.strip_prefix('-')?, 2, 2)?;
    } else if text.len() == 4 && text.bytes().all(|b| b.is_ascii_digit()) {
        // W3C-DTF: a year alone
        parts = of_year(text.parse().ok()?, 1);
        parts.day = 1;
        rest = "";
        parts.month = 1;
    } else {
        (parts.year, rest) = digits(text, 4, 12)?;
        let separator = rest
            .chars()
            .next()
            .filter(|c| matches!(c, '-' | '/' | '.'))?;
        (parts.month, rest) = digits(&rest[1..], 1, 2)?;
        parts.day = 1;
        if let Some(after) = rest.strip_prefix(separator) {
            (parts.day, rest) = digits(after, 1, 2)?;
        }
    }
    if negative {
        parts.year = -parts.year;
    }
    rest = rest.trim_start();
    rest = rest.strip_prefix(['T', 't']).unwrap_or(rest).trim_start();
    if rest.starts_with(|c: char| c.is_ascii_digit()) {
        rest = clock(rest, &mut parts)?;
    }
    parts.offset = zone(rest)?;
    Some(parts)
}

/// A two-digit year (RFC 2822 §4.3).
fn short_year(year: i64) -> i64 {
    year + if year < 50 { 2000 } else { 1900 }
}

/// `2024-186`, `2024186`: year and day of the year.
fn ordinal(text: &str) -> Option<(i64, i64, &str)> {
    if let Some((compact, after)) = digits(text, 7, 7) {
        return Some((compact / 1000, compact % 1000, after));
    }
    let (year, rest) = digits(text, 4, 4)?;
    let (day, after) = digits(rest.strip_prefix('-')?, 3, 3)?;
    Some((year, day, after))
}

/// `2024-W27-4`, `2024W274`, `2024-W27`.
fn week_date(text: &str) -> Option<(i64, i64, i64, &str)> {
    let (year, rest) = digits(text, 4, 4)?;
    let rest = rest.strip_prefix('-').unwrap_or(rest).strip_prefix('W')?;
    let (compact, rest) = digits(rest, 2, 3)?;
    if compact > 99 {
        return Some((year, compact / 10, compact % 10, rest));
    }
    match rest.strip_prefix('-').and_then(|r| digits(r, 1, 1)) {
        Some((day, rest)) => Some((year, compact, day, rest)),
        None => Some((year, compact, 1, rest)),
    }
}

/// The date of a day of the year, counted from 1; impossible where there is none.
fn of_year(year: i64, day: i64) -> Parts {
    let wanted = days(year, 1, 1) + day - 1;
    let mut parts = Parts {
        year,
        ..Parts::default()
    };
    if (-7..=373).contains(&day) {
        let year = match wanted {
            w if w < days(year, 1, 1) => year - 1,
            w if w >= days(year + 1, 1, 1) => year + 1,
            _ => year,
        };
        let month = (1..=12).rev().find(|m| days(year, *m, 1) <= wanted);
        parts.year = year;
        parts.month = month.unwrap_or(0);
        parts.day = wanted - days(year, parts.month.max(1), 1) + 1;
    }
    parts
}

/// What follows `Fri,` or `Fri`, where a date in figures does.
fn without_word(text: &str) -> Option<&str> {
    let rest = text.trim_start_matches(|c: char| c.is_alphabetic());
    (rest.len() < text.len())
        .then(|| rest.trim_start_matches([',', '.', ' ']))
        .filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()) && rest.len() > 4)
}

/// `31.12.2024 09:30`, and `31/12/2024` or `12/31/2024` where only one reading is possible.
fn day_first(text: &str) -> Option<Parts> {
    let (first, rest) = digits(text, 1, 2)?;
    let separator = rest.chars().next().filter(|c| "./-".contains(*c))?;
    let (second, rest) = digits(&rest[1..], 1, 2)?;
    let (year, rest) = digits(rest.strip_prefix(separator)?, 4, 4)?;
    let (day, month) = match separator {
        '.' => (first, second),
        _ if first > 12 => (first, second),
        _ if second > 12 || first == second => (second, first),
        _ => return None,
    };
    let mut parts = Parts {
        year,
        month,
        day,
        ..Parts::default()
    };
    let mut rest = rest.trim_start_matches([',', ' ']);
    if rest.starts_with(|c: char| c.is_ascii_digit()) {
        rest = clock(rest, &mut parts)?;
    }
    parts.offset = zone(rest)?;
    Some(parts)
}

/// `9:30`, `09:30:00.5`, `093000`, with `AM` or `PM`; gives what follows.
fn clock<'a>(text: &'a str, parts: &mut Parts) -> Option<&'a str> {
    let mut rest;
    if let Some((compact, after)) = digits(text, 6, 6) {
        (parts.hour, parts.minute, parts.second) =
            (compact / 10_000, compact / 100 % 100, compact % 100);
        rest = after;
    } else if let Some((compact, after)) = digits(text, 4, 4) {
        (parts.hour, parts.minute) = (compact / 100, compact % 100);
        rest = after;
    } else {
        (parts.hour, rest) = digits(text, 1, 2)?;
        let separator = rest.chars().next().filter(|c| matches!(c, ':' | '.'))?;
        (parts.minute, rest) = digits(&rest[1..], 1, 2)?;
        if let Some(after) = rest.strip_prefix(separator)
            && after.starts_with(|c: char| c.is_ascii_digit())
        {
            (parts.second, rest) = digits(after, 1, 2)?;
        }
    }
    if let Some(after) = rest.strip_prefix(['.', ',']) {
        let len = after.bytes().take_while(u8::is_ascii_digit).count();
        let padded = format!("{:0<3}", &after[..len.min(3)]);
        parts.milli = padded.parse().ok()?;
        rest = &after[len..];
    }
    let half = rest.trim_start();
    let is = |name: &str| {
        half.get(..2).is_some_and(|h| h.eq_ignore_ascii_case(name))
            && !half[2..].starts_with(|c: char| c.is_ascii_alphabetic())
    };
    if is("am") || is("pm") {
        parts.hour = parts.hour % 12 + if is("pm") { 12 } else { 0 };
        rest = &half[2..];
    }
    Some(rest)
}
