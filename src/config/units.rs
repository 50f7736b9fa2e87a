//! Durations and sizes as people write them: `30m`, `1h 30m`, `8 MiB`.
//!
//! [`parse_duration`] and [`parse_size`] read a text, [`show_duration`] and [`show_size`] print a
//! value so that reading it gives the same value again. A number without a unit is never guessed
//! at. All arithmetic saturates; nothing here panics or does I/O.

use std::time::Duration;

/// Why a text is not a duration or a size.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnitError {
    /// Nothing but white space.
    #[error("is empty; write a number with a unit, such as {example}")]
    Empty {
        /// A good value.
        example: &'static str,
    },
    /// A number and no unit.
    #[error("has no unit; write {suggestion}")]
    NoUnit {
        /// What the owner may have meant.
        suggestion: String,
    },
    /// A word that is no unit.
    #[error("has the unknown unit `{unit}`; the units are {known}")]
    UnknownUnit {
        /// The word, cut to 16 characters.
        unit: String,
        /// The units that exist.
        known: &'static str,
    },
    /// No number where one belongs.
    #[error("is not a number with a unit; write it like {example}")]
    NoNumber {
        /// A good value.
        example: &'static str,
    },
}

const SECOND: u64 = 1;
const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
const WEEK: u64 = 7 * DAY;

const DURATION_UNITS: [(&str, u64); 5] = [
    ("w", WEEK),
    ("d", DAY),
    ("h", HOUR),
    ("m", MINUTE),
    ("s", SECOND),
];
const DURATION_NAMES: &str = "ms, s, m, h, d and w";
const DURATION_EXAMPLE: &str = "\"90s\", \"15m\" or \"1h 30m\"";

const SIZE_UNITS: [(&str, u64); 8] = [
    ("GiB", 1 << 30),
    ("GB", 1_000_000_000),
    ("MiB", 1 << 20),
    ("MB", 1_000_000),
    ("KiB", 1 << 10),
    ("kB", 1_000),
    ("KB", 1_000),
    ("B", 1),
];
const SIZE_NAMES: &str = "B, kB, MB, GB, KiB, MiB and GiB";
const SIZE_EXAMPLE: &str = "\"8 MiB\" or \"512 KiB\"";

/// Splits the digits off the front; digits beyond what a `u64` holds saturate.
fn number(text: &str) -> Option<(u64, &str)> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    if digits.is_empty() {
        return None;
    }
    let value = digits.bytes().fold(0_u64, |sum, digit| {
        sum.saturating_mul(10)
            .saturating_add(u64::from(digit - b'0'))
    });
    Some((value, rest))
}

/// Splits the unit's letters off the front.
fn unit(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    let end = text
        .find(|c: char| c.is_ascii_digit() || c.is_whitespace())
        .unwrap_or(text.len());
    text.split_at(end)
}

fn unknown(unit: &str, known: &'static str) -> UnitError {
    UnitError::UnknownUnit {
        unit: unit.chars().take(16).flat_map(char::escape_debug).collect(),
        known,
    }
}

/// Reads a duration such as `90s`, `15m`, `48h`, `2d`, `1w`, `500ms` or `1h 30m`.
///
/// # Errors
/// [`UnitError`], whose message reads on from the name of what was to be a duration.
pub fn parse_duration(text: &str) -> Result<Duration, UnitError> {
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(UnitError::Empty {
            example: DURATION_EXAMPLE,
        });
    }
    let mut sum = Duration::ZERO;
    while !rest.is_empty() {
        let (value, after) = number(rest).ok_or(UnitError::NoNumber {
            example: DURATION_EXAMPLE,
        })?;
        let (name, after) = unit(after);
        let part = match name {
            "" => {
                return Err(UnitError::NoUnit {
                    suggestion: duration_suggestion(value),
                });
            }
            "ms" => Duration::from_millis(value),
            _ => {
                let (_, seconds) = DURATION_UNITS
                    .iter()
                    .find(|(known, _)| *known == name)
                    .ok_or_else(|| unknown(name, DURATION_NAMES))?;
                Duration::from_secs(value.saturating_mul(*seconds))
            }
        };
        sum = sum.saturating_add(part);
        rest = after.trim_start();
    }
    Ok(sum)
}

/// What to write in place of a bare number of a duration.
pub(super) fn duration_suggestion(value: u64) -> String {
    format!("\"{value}s\" for seconds or \"{value}m\" for minutes")
}

/// Reads a size in bytes such as `8 MiB`, `512KiB`, `100 kB` or `4096 B`.
///
/// # Errors
/// [`UnitError`], whose message reads on from the name of what was to be a size.
pub fn parse_size(text: &str) -> Result<u64, UnitError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(UnitError::Empty {
            example: SIZE_EXAMPLE,
        });
    }
    let bad = UnitError::NoNumber {
        example: SIZE_EXAMPLE,
    };
    let (value, rest) = number(text).ok_or_else(|| bad.clone())?;
    let name = rest.trim_start();
    if name.is_empty() {
        return Err(UnitError::NoUnit {
            suggestion: size_suggestion(value),
        });
    }
    if name.starts_with(|c: char| !c.is_alphabetic()) {
        return Err(bad);
    }
    SIZE_UNITS
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, bytes)| value.saturating_mul(*bytes))
        .ok_or_else(|| unknown(name, SIZE_NAMES))
}

/// What to write in place of a bare number of a size.
pub(super) fn size_suggestion(value: u64) -> String {
    format!("\"{value} B\" for bytes or \"{value} MiB\" for mebibytes")
}

/// Prints a duration with the fewest units: `1h 30m`, `2d`, `500ms`, `0s`.
///
/// What is smaller than a millisecond is left out.
#[must_use]
pub fn show_duration(duration: Duration) -> String {
    let mut seconds = duration.as_secs();
    let mut parts = Vec::new();
    // Weeks are left to the reader: `365d` says more than `52w 1d`.
    for (name, size) in DURATION_UNITS.iter().skip(1) {
        let count = seconds / size;
        seconds %= size;
        if count > 0 {
            parts.push(format!("{count}{name}"));
        }
    }
    let millis = duration.subsec_millis();
    if millis > 0 {
        parts.push(format!("{millis}ms"));
    }
    if parts.is_empty() {
        return "0s".to_owned();
    }
    // `48h` is how people speak of two days; longer times read better in days.
    if parts.len() == 1 && (DAY..=2 * DAY).contains(&duration.as_secs()) {
        return format!("{}h", duration.as_secs() / HOUR);
    }
    parts.join(" ")
}

/// Prints a size in the largest unit that divides it: `8 MiB`, `100 kB`, `4097 B`.
#[must_use]
pub fn show_size(bytes: u64) -> String {
    let (name, size) = SIZE_UNITS
        .iter()
        .find(|(_, size)| bytes >= *size && bytes.is_multiple_of(*size))
        .unwrap_or(&("B", 1));
    format!("{} {name}", bytes / size)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn durations_are_read_as_people_write_them() {
        for (text, seconds) in [
            ("90s", 90),
            ("15m", 900),
            ("48h", 172_800),
            ("2d", 172_800),
            ("1w", 604_800),
            ("1h 30m", 5_400),
            ("1h30m", 5_400),
            (" 5 m ", 300),
        ] {
            assert_eq!(
                parse_duration(text),
                Ok(Duration::from_secs(seconds)),
                "{text}"
            );
        }
        assert_eq!(parse_duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(parse_duration("0s"), Ok(Duration::ZERO));
    }

    #[test]
    fn a_bare_number_is_answered_with_what_to_write() {
        assert_eq!(
            parse_duration("30").unwrap_err().to_string(),
            "has no unit; write \"30s\" for seconds or \"30m\" for minutes"
        );
        assert_eq!(
            parse_size("8").unwrap_err().to_string(),
            "has no unit; write \"8 B\" for bytes or \"8 MiB\" for mebibytes"
        );
        assert!(matches!(
            parse_duration("1h 30"),
            Err(UnitError::NoUnit { .. })
        ));
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in ["", "m", "-5m", "1.5h", "5 minutes", "1h,30m", "5M", "５m"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_are_read_in_both_kinds_of_units() {
        for (text, bytes) in [
            ("8 MiB", 8 << 20),
            ("512KiB", 512 << 10),
            ("1 GiB", 1 << 30),
            ("100 kB", 100_000),
            ("4096 B", 4096),
        ] {
            assert_eq!(parse_size(text), Ok(bytes), "{text}");
        }
        for text in [
            "",
            "MiB",
            "8 mib",
            "8 MiB 3 B",
            "1.5 MiB",
            "-1 B",
            "8 parsec",
        ] {
            assert!(parse_size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn durations_print_with_the_fewest_units() {
        for text in [
            "30m", "48h", "24h", "365d", "1h 30m", "500ms", "0s", "1d 1h",
        ] {
            assert_eq!(show_duration(parse_duration(text).unwrap()), text);
        }
    }

    #[test]
    fn values_too_large_to_hold_saturate() {
        let digits = "9".repeat(60);
        assert_eq!(
            parse_duration(&format!("{digits}w")),
            Ok(Duration::from_secs(u64::MAX))
        );
        assert_eq!(parse_size(&format!("{digits} GiB")), Ok(u64::MAX));
    }

    proptest! {
        #[test]
        fn a_printed_duration_reads_back_the_same(seconds in any::<u64>(), millis in 0_u32..1000) {
            let duration = Duration::new(seconds, millis * 1_000_000);
            prop_assert_eq!(parse_duration(&show_duration(duration)), Ok(duration));
        }

        #[test]
        fn a_short_printed_duration_reads_back_the_same(millis in 0_u64..400_000_000) {
            let duration = Duration::from_millis(millis);
            prop_assert_eq!(parse_duration(&show_duration(duration)), Ok(duration));
        }

        #[test]
        fn a_printed_size_reads_back_the_same(bytes in any::<u64>(), shift in 0_u32..64) {
            prop_assert_eq!(parse_size(&show_size(bytes >> shift)), Ok(bytes >> shift));
        }

        #[test]
        fn no_text_makes_the_readers_panic(text in "\\PC{0,40}|[0-9a-z .]{0,20}") {
            let _ = parse_duration(&text);
            let _ = parse_size(&text);
        }
    }
}
