//! Dates of mail: RFC 2822, its predecessors, and what publishers make of them.

use super::super::zones::zone;
use super::{Parts, clock, digits, months};

/// `Thu, 04 Jul 2024 09:30:00 GMT` and its relatives.
pub(super) fn mail(text: &str) -> Option<Parts> {
    let mut parts = Parts::default();
    let mut numbers: Vec<(i64, usize)> = Vec::new();
    let mut has_clock = false;
    let mut zone_text = String::new();
    let spaced: String = text
        .char_indices()
        .map(|(i, c)| {
            // RFC 850 writes 04-Jul-24; a `-` before a digit and after a blank is a zone
            let joins = c == '-' && text[..i].ends_with(|p: char| p.is_ascii_alphanumeric());
            let clock_seen = text[..i].contains(':');
            let before_clock = c == 'T'
                && text[..i].ends_with(|p: char| p.is_ascii_digit())
                && text[i + 1..].starts_with(|n: char| n.is_ascii_digit());
            if c == ',' || before_clock || (joins && !clock_seen) {
                ' '
            } else {
                c
            }
        })
        .collect();
    for word in spaced.split_whitespace() {
        let starts_digit = word.starts_with(|c: char| c.is_ascii_digit());
        if word.starts_with('(') {
            // an RFC 2822 comment, such as the zone's name behind its offset
            continue;
        }
        if starts_digit && word.contains(':') && !has_clock {
            zone_text.push_str(clock(word, &mut parts)?);
            has_clock = true;
        } else if starts_digit && has_clock && matches!(zone_text.as_str(), "+" | "-") {
            zone_text.push_str(word);
        } else if starts_digit {
            let number = word.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == '.');
            let (value, rest) = digits(number, 1, 12)?;
            if !rest.is_empty() || numbers.len() == 2 {
                return None;
            }
            numbers.push((value, number.len()));
        } else if (parts.month == 0 || !has_clock)
            && let Some(month) = months::month(word)
        {
            // of two before the clock the first is a weekday (`mar, 04 jul`)
            parts.month = month;
        } else if has_clock {
            if (word.eq_ignore_ascii_case("pm") || word.eq_ignore_ascii_case("am"))
                && parts.hour <= 12
            {
                parts.hour = parts.hour % 12
                    + if word.eq_ignore_ascii_case("pm") {
                        12
                    } else {
                        0
                    };
            } else {
                zone_text.push_str(word);
            }
        }
        // any other word before the clock is a weekday, in whatever language and right or wrong
    }
    let &[(first, first_len), (second, second_len)] = numbers.as_slice() else {
        return None;
    };
    let (year, year_len);
    (parts.day, year, year_len) = if first_len > 2 {
        (second, first, first_len)
    } else {
        (first, second, second_len)
    };
    // RFC 2822 §4.3
    parts.year = match (year_len, year) {
        (1 | 2, 0..=49) => year + 2000,
        (1..=3, _) => year + 1900,
        _ => year,
    };
    parts.offset = zone(&zone_text)?;
    Some(parts)
}
