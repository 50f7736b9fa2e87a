//! Where sentences and paragraphs of a text end.
//!
//! A sentence ends behind `。`, `！`, `？`, `｡`, `؟`, `۔`, `।` and `॥`; behind `.`, `!`, `?` and `…` (and the
//! quotes and brackets that close there) where white space or the text's end follows and no
//! lower-case letter comes next; and at a line break. A `.` behind a single letter (`K.`, `U.S.`) or a
//! title such as `Dr.` ends none.
//!
//! A paragraph ends at a blank line; in a text without blank lines, as the texts of pages are, at
//! each line break.

use crate::model::Unit;

/// Words before a `.` that ends no sentence, in lower case.
const ABBREVIATIONS: [&str; 21] = [
    "adm", "capt", "col", "dr", "fr", "gen", "gov", "jr", "lt", "mr", "mrs", "ms", "pres", "prof",
    "rep", "sen", "sgt", "sr", "st", "vs", "г-н",
];

/// The first bytes of all units but the first, ascending.
pub(super) fn beginnings(text: &str, unit: Unit) -> Vec<usize> {
    match unit {
        Unit::Sentence => sentences(text),
        Unit::Paragraph => paragraphs(text),
    }
}

fn sentences(text: &str) -> Vec<usize> {
    let mut found = Vec::new();
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let mut end = at + c.len_utf8();
        match c {
            '\n' | '\r' | '\u{2028}' | '\u{2029}' => found.push(end),
            '。' | '！' | '？' | '｡' | '؟' | '۔' | '।' | '॥' | '.' | '!' | '?' | '…' =>
            {
                let mut only_stop = c == '.';
                while let Some((from, next)) = chars.next_if(|(_, c)| is_end(*c) || is_closing(*c))
                {
                    only_stop &= !is_end(next);
                    end = from + next.len_utf8();
                }
                let rest = text.get(end..).unwrap_or_default();
                let spaced = matches!(c, '.' | '!' | '?' | '…');
                if spaced && !is_followed_by_sentence(rest) {
                    continue;
                }
                if only_stop && ends_abbreviation(text.get(..at).unwrap_or_default()) {
                    continue;
                }
                found.push(end);
            }
            _ => {}
        }
    }
    found
}

fn is_end(c: char) -> bool {
    matches!(
        c,
        '。' | '！' | '？' | '｡' | '؟' | '۔' | '।' | '॥' | '.' | '!' | '?' | '…'
    )
}

fn is_closing(c: char) -> bool {
    matches!(
        c,
        ')' | ']' | '"' | '\'' | '”' | '’' | '»' | '」' | '』' | '）' | '】' | '》'
    )
}

/// Whether what follows a sentence's mark lets a new one begin.
fn is_followed_by_sentence(rest: &str) -> bool {
    let mut chars = rest.chars();
    match chars.next() {
        None => true,
        Some(c) if c.is_whitespace() => {
            let first = chars.find(|c| !c.is_whitespace() && !"\"'“‘«(—–-".contains(*c));
            !first.is_some_and(char::is_lowercase)
        }
        Some(_) => false,
    }
}

/// Whether the last word of a text is a single letter, letters with stops, or a title.
fn ends_abbreviation(before: &str) -> bool {
    let boundary = |c: char| c.is_whitespace() || "\"'“‘«(.-–—".contains(c);
    let word = before.rsplit(boundary).next().unwrap_or_default();
    // No abbreviation is longer.
    if word.len() > 16 {
        return false;
    }
    let mut chars = word.chars();
    match (chars.next(), chars.next()) {
        (Some(only), None) => only.is_alphabetic(),
        _ => ABBREVIATIONS.contains(&&*word.to_lowercase()),
    }
}

fn paragraphs(text: &str) -> Vec<usize> {
    let mut blank = Vec::new();
    let mut lines = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive(['\n', '\u{2029}']) {
        if line.ends_with('\u{2029}') || (line.trim().is_empty() && line.ends_with('\n')) {
            blank.push(at + line.len());
        }
        at += line.len();
        if line.ends_with(['\n', '\u{2029}']) {
            lines.push(at);
        }
    }
    if blank.is_empty() { lines } else { blank }
}

/// The unit of a hit: the number of beginnings up to it; `None` when it reaches over one.
pub(super) fn unit_of(beginnings: &[usize], start: usize, end: usize) -> Option<usize> {
    let unit = beginnings.partition_point(|begin| *begin <= start);
    let last = beginnings.partition_point(|begin| *begin < end);
    (unit == last).then_some(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str, unit: Unit) -> Vec<&str> {
        let mut pieces = Vec::new();
        let mut from = 0;
        for to in beginnings(text, unit).into_iter().chain([text.len()]) {
            let piece = text[from..to].trim();
            if !piece.is_empty() {
                pieces.push(piece);
            }
            from = to;
        }
        pieces
    }

    #[test]
    fn sentences_end_at_their_marks_in_every_script() {
        for (text, expected) in [
            (
                "Putin spoke. Xi listened! Why? 5 agreed…",
                &["Putin spoke.", "Xi listened!", "Why?", "5 agreed…"][..],
            ),
            ("习近平讲话。普京听。", &["习近平讲话。", "普京听。"]),
            ("قال بوتين؟ نعم", &["قال بوتين؟", "نعم"]),
            ("मोदी ने कहा। फिर", &["मोदी ने कहा।", "फिर"]),
            ("شہباز نے کہا۔ پھر", &["شہباز نے کہا۔", "پھر"]),
            (
                "He said \"No.\" Then left.",
                &["He said \"No.\"", "Then left."],
            ),
            ("One\nTwo", &["One", "Two"]),
            ("Wait... what", &["Wait... what"]),
            ("Really?! Yes", &["Really?!", "Yes"]),
        ] {
            assert_eq!(cut(text, Unit::Sentence), expected, "{text}");
        }
    }

    #[test]
    fn initials_abbreviations_and_numbers_end_no_sentence() {
        for text in [
            "K. Tokayev met the U.S. President",
            "В. В. Путин и Г. Алиев",
            "Dr. Smith and Mr. Xi",
            "It cost 3.5 billion",
            "see e.g. the treaty, approx. half",
            "mentiond.example.org is up",
        ] {
            assert_eq!(cut(text, Unit::Sentence), [text]);
        }
    }

    #[test]
    fn paragraphs_end_at_blank_lines_or_without_any_at_each_line() {
        assert_eq!(cut("a\nb\n \nc", Unit::Paragraph), ["a\nb", "c"]);
        assert_eq!(cut("a\nb\r\nc", Unit::Paragraph), ["a", "b", "c"]);
        assert_eq!(cut("a. b", Unit::Paragraph), ["a. b"]);
    }

    #[test]
    fn a_hit_over_a_border_is_in_no_unit() {
        let borders = [4, 9];
        assert_eq!(unit_of(&borders, 0, 4), Some(0));
        assert_eq!(unit_of(&borders, 3, 5), None);
        assert_eq!(unit_of(&borders, 4, 9), Some(1));
        assert_eq!(unit_of(&borders, 9, 12), Some(2));
        assert_eq!(unit_of(&borders, 0, 12), None);
    }
}
