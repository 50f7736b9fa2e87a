//! What single characters are to the matcher: which are dropped, which are marks, which belong to
//! scripts that put spaces between words, and what each becomes when it is folded.
//!
//! [`fold_char`] is the only place that decides a character's folded form. It never looks at
//! neighbours; what depends on neighbours (white-space runs, Hangul made of single jamo) is
//! `fold`'s business.

use unicode_normalization::char::{decompose_compatible, is_combining_mark};

/// Longest compatibility decomposition that is followed, in characters. The one character beyond
/// it (U+FDFA, 18 characters) would let a text grow elevenfold.
const MAX_DECOMPOSITION: usize = 8;

/// Characters that nobody sees: zero-width and directional marks, joiners, soft hyphen, variation
/// selectors, Arabic tatweel.
pub(super) const fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{AD}'
            | '\u{640}'
            | '\u{200B}'..='\u{200F}'
            | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{2064}'
            | '\u{2066}'..='\u{2069}'
            | '\u{FE00}'..='\u{FE0F}'
            | '\u{FEFF}'
            | '\u{E0100}'..='\u{E01EF}'
    )
}

/// Marks whose absence is a common spelling: diacritics of Latin, Greek and Cyrillic, Arabic
/// harakat, Hebrew points. Vowel signs of Indic and South-East Asian scripts are letters of the
/// word and stay.
pub(super) const fn is_optional_mark(c: char) -> bool {
    matches!(
        c,
        '\u{300}'..='\u{36F}'
            | '\u{591}'..='\u{5BD}'
            | '\u{5BF}'
            | '\u{5C1}'..='\u{5C2}'
            | '\u{5C4}'..='\u{5C5}'
            | '\u{5C7}'
            | '\u{610}'..='\u{61A}'
            | '\u{64B}'..='\u{65F}'
            | '\u{670}'
            | '\u{6D6}'..='\u{6ED}'
    )
}

/// Whether the character continues the word it stands in as a combining mark.
pub(super) fn is_mark(c: char) -> bool {
    !c.is_ascii() && is_combining_mark(c)
}

/// Whether the character is of a script that is written without spaces between words: Han, Kana,
/// Thai, Lao, Khmer, Myanmar.
pub(super) const fn is_unspaced(c: char) -> bool {
    matches!(
        c,
        '\u{E00}'..='\u{EFF}'
            | '\u{1000}'..='\u{109F}'
            | '\u{1780}'..='\u{17FF}'
            | '\u{19E0}'..='\u{19FF}'
            | '\u{2E80}'..='\u{2FDF}'
            | '\u{3005}'..='\u{3007}'
            | '\u{3021}'..='\u{3029}'
            | '\u{3038}'..='\u{303B}'
            | '\u{3040}'..='\u{30FF}'
            | '\u{31F0}'..='\u{31FF}'
            | '\u{3400}'..='\u{4DBF}'
            | '\u{4E00}'..='\u{9FFF}'
            | '\u{A9E0}'..='\u{A9FF}'
            | '\u{AA60}'..='\u{AA7F}'
            | '\u{F900}'..='\u{FAFF}'
            | '\u{FF66}'..='\u{FF9F}'
            | '\u{1AFF0}'..='\u{1B16F}'
            | '\u{20000}'..='\u{3FFFF}'
    )
}

/// Whether the character is a letter, digit or mark of a script that puts spaces between words.
pub(super) fn is_spaced_word(c: char) -> bool {
    (c.is_alphanumeric() || is_mark(c)) && !is_unspaced(c)
}

/// Hangul, whole or in compatibility jamo, and the Han block: nothing to decompose.
const fn is_whole(c: char) -> bool {
    matches!(
        c,
        '\u{3131}'..='\u{318E}'
            | '\u{4E00}'..='\u{9FFF}'
            | '\u{AC00}'..='\u{D7A3}'
            | '\u{FFA0}'..='\u{FFDC}'
    )
}

/// Appends the folded form of one character that is not white space.
///
/// With `keep_case` letters keep their case and everything else is folded alike. Nothing is
/// appended for characters that are dropped.
pub(super) fn fold_char(c: char, keep_case: bool, out: &mut String) {
    if is_invisible(c) || is_optional_mark(c) {
        return;
    }
    if is_whole(c) {
        out.push(c);
        return;
    }
    let (mut count, mut spacing) = (0, false);
    decompose_compatible(c, |d| {
        count += 1;
        spacing |= d.is_whitespace();
    });
    // Spacing accents decompose to a space and a mark; they are no white space to a reader.
    if spacing || count > MAX_DECOMPOSITION {
        fold_letter(c, keep_case, out);
    } else {
        decompose_compatible(c, |d| {
            if !is_invisible(d) && !is_optional_mark(d) {
                fold_letter(d, keep_case, out);
            }
        });
    }
}

/// Folds a character that no longer decomposes.
fn fold_letter(c: char, keep_case: bool, out: &mut String) {
    if keep_case {
        fold_variant(c, out);
    } else {
        for lower in c.to_lowercase() {
            if !is_optional_mark(lower) {
                fold_variant(lower, out);
            }
        }
    }
}

/// Maps letters and signs that stand for one another to one of them, case kept.
fn fold_variant(c: char, out: &mut String) {
    let one = match c {
        'ß' => return out.push_str("ss"),
        'ẞ' => return out.push_str("SS"),
        'æ' => return out.push_str("ae"),
        'Æ' => return out.push_str("AE"),
        'œ' => return out.push_str("oe"),
        'Œ' => return out.push_str("OE"),
        'þ' => return out.push_str("th"),
        'Þ' => return out.push_str("TH"),
        'ı' => 'i',
        'ς' => 'σ',
        'ł' => 'l',
        'Ł' => 'L',
        'ø' => 'o',
        'Ø' => 'O',
        'đ' | 'ð' => 'd',
        'Đ' | 'Ð' => 'D',
        'ى' | 'ی' => 'ي',
        'ک' => 'ك',
        'ة' => 'ه',
        '`'
        | '´'
        | '\u{2018}'
        | '\u{2019}'
        | '\u{201B}'
        | '\u{2032}'
        | '\u{2B9}'
        | '\u{2BB}'..='\u{2BF}' => '\'',
        '-' | '\u{5BE}' | '\u{2010}'..='\u{2015}' | '\u{2212}' => ' ',
        other => other,
    };
    out.push(one);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str) -> String {
        let mut out = String::new();
        text.chars().for_each(|c| fold_char(c, false, &mut out));
        out
    }

    #[test]
    fn letters_with_variants_fold_to_one() {
        for (text, expected) in [
            ("Straße GROẞ", "strasse gross"),
            ("İıI", "iii"),
            ("Σίσυφος", "σισυφοσ"),
            (
                "Łódź Øre Đà Æsop Œuvre Þór ð",
                "lodz ore da aesop oeuvre thor d",
            ),
            ("йЁ", "ие"),
            ("علي على علی كك کک", "علي علي علي كك كك"),
            ("أإآ ؤ ئ ة", "ااا و ي ه"),
            ("مُحَمَّد مـحـمـد", "محمد محمد"),
            ("שָׁלוֹם", "שלומ"),
            ("’‘ʼʻʹ′`´＇", "'''''''''"),
            ("‐‑‒–—−-－", "        "),
            ("ＳＣＯ ﬁ ㎞", "sco fi km"),
        ] {
            let expected = expected.replace('מ', "ם");
            assert_eq!(folded(text), expected, "{text}");
        }
    }

    #[test]
    fn signs_that_are_letters_of_the_word_stay() {
        for text in ["मोदी", "শেখ", "ประเทศไทย", "푸틴", "ㅋㅋ", "习近平"]
        {
            let kept: String = text.chars().collect();
            assert_eq!(folded(text), kept);
        }
    }

    #[test]
    fn case_is_kept_on_request_and_only_case() {
        let mut out = String::new();
        "Erdoğan ŁØ ＳＣＯ ẞ"
            .chars()
            .for_each(|c| fold_char(c, true, &mut out));
        assert_eq!(out, "Erdogan LO SCO SS");
    }

    #[test]
    fn no_character_grows_beyond_reason() {
        for c in '\0'..=char::MAX {
            let mut out = String::new();
            fold_char(c, false, &mut out);
            assert!(out.chars().count() <= 9, "{c:?}");
        }
    }
}
