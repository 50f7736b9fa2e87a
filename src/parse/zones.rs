//! Time zones as feeds write them: offsets, names, and both at once (`GMT+8`).

use super::dates::digits;

/// Minutes east of UTC; no zone and unknown names are UTC, a broken offset is `None`.
pub(super) fn zone(text: &str) -> Option<i64> {
    let text = text.trim();
    let text = text.split('(').next().unwrap_or(text).trim();
    let text = text.split('[').next().unwrap_or(text).trim();
    if let Some(at) = text.find(['+', '-', '\u{2212}']) {
        let name = text[..at].trim();
        // Etc/GMT+8 would count westward, but who writes GMT+8 in a feed means Beijing
        if !name.is_empty() && named(name) != Some(0) {
            return Some(named(name).unwrap_or(0));
        }
        let sign = if text[at..].starts_with('+') { 1 } else { -1 };
        let number = text[at..]
            .trim_start_matches(['+', '-', '\u{2212}'])
            .trim_start();
        let (hours, minutes) = if let Some((h, m)) = number.split_once(':') {
            (digits(h, 1, 2)?.0, digits(m.get(..2)?, 2, 2)?.0)
        } else {
            let (value, _) = digits(number, 1, 4)?;
            if number.bytes().take_while(u8::is_ascii_digit).count() > 2 {
                (value / 100, value % 100)
            } else {
                (value, 0)
            }
        };
        return Some(sign * (hours * 60 + minutes));
    }
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    Some(named(text).unwrap_or(0))
}

/// Zone names as feeds use them. Where one name means several zones, the one whose publishers
/// write it in feeds: IST is India, CST the American one (as in RFC 2822), BST Britain in summer.
fn named(name: &str) -> Option<i64> {
    let hours = |h: i64| Some(h * 60);
    match name.to_ascii_uppercase().as_str() {
        "Z" | "UT" | "UTC" | "GMT" | "WET" => Some(0),
        "BST" | "CET" | "MEZ" | "WEST" | "WAT" => hours(1),
        "CEST" | "MESZ" | "EET" | "SAST" | "CAT" => hours(2),
        "EEST" | "MSK" | "TRT" | "EAT" | "IDT" => hours(3),
        "IRST" => Some(210),
        "MSD" | "SAMT" | "GST" | "AZT" => hours(4),
        "AFT" => Some(270),
        "PKT" | "UZT" | "TJT" | "TMT" | "YEKT" => hours(5),
        "IST" => Some(330),
        "NPT" => Some(345),
        "KGT" | "OMST" | "BDT" => hours(6),
        "ICT" | "WIB" | "KRAT" | "NOVT" => hours(7),
        "HKT" | "SGT" | "PHT" | "MYT" | "AWST" | "IRKT" | "ULAT" => hours(8),
        "JST" | "KST" | "YAKT" => hours(9),
        "ACST" => Some(570),
        "AEST" | "VLAT" => hours(10),
        "AEDT" | "MAGT" => hours(11),
        "NZST" => hours(12),
        "NZDT" => hours(13),
        "NST" => Some(-210),
        "BRT" | "ART" | "ADT" => hours(-3),
        "AST" | "EDT" | "CLT" => hours(-4),
        "EST" | "CDT" => hours(-5),
        "CST" | "MDT" => hours(-6),
        "MST" | "PDT" => hours(-7),
        "PST" | "AKDT" => hours(-8),
        "AKST" => hours(-9),
        "HST" => hours(-10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_and_names_are_minutes_east() {
        for (text, minutes) in [
            ("+08:00", 480),
            ("-0330", -210),
            ("+3", 180),
            ("GMT+8", 480),
            ("UTC-05:00", -300),
            ("MSK", 180),
            ("ist", 330),
            ("", 0),
            ("Nowhere", 0),
            ("+0200 (CEST)", 120),
            ("+08:00[Asia/Shanghai]", 480),
            ("MSK+0300", 180),
        ] {
            assert_eq!(zone(text), Some(minutes), "{text}");
        }
        assert_eq!(zone("+x"), None);
        assert_eq!(zone("5"), None);
    }
}
