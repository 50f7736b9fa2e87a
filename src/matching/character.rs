//! What single characters are to the matcher: which are dropped, which are marks, which belong to
//! scripts that put spaces between words, and what each becomes when it is folded.
//!
//! [`fold_char`] is the only place that decides a character's folded form, and [`Class::of`] what it
//! is to word boundaries. Neither looks at neighbours; what depends on neighbours (white-space runs,
//! Hangul made of single jamo) is `fold`'s business, and `table` keeps the answers for speed.

use std::collections::HashMap;
use std::sync::LazyLock;

use unicode_normalization::char::{decompose_canonical, decompose_compatible, is_combining_mark};

use crate::model::{Case, Keep, Term};

/// Traditional and Japanese forms of Han characters, each before its simplified one. Made from the
/// character tables of `OpenCC` (Apache-2.0), `TSCharacters` and `JPVariants`, followed to their end.
static HAN: LazyLock<HashMap<char, char>> = LazyLock::new(|| {
    let mut characters = include_str!("han.txt").chars().filter(|c| *c != '\n');
    let mut pairs = HashMap::with_capacity(4_500);
    while let (Some(from), Some(to)) = (characters.next(), characters.next()) {
        pairs.insert(from, to);
    }
    pairs
});

/// Which differences are not forgiven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Strict {
    /// Letter case.
    pub case: bool,
    /// All others.
    pub keep: Keep,
}

impl Strict {
    /// What a term does not forgive; `None` when it forgives everything.
    pub(super) fn of(term: &Term) -> Option<Self> {
        let strict = Self {
            case: term.case == Case::Exact,
            keep: term.keep,
        };
        (strict != Self::default()).then_some(strict)
    }
}

/// What a character is to word boundaries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Class {
    /// Punctuation, symbols and the like: a boundary on both sides.
    Other = 0,
    /// Letters and digits of scripts that put spaces between words.
    Word = 1,
    /// Letters of scripts that do not: each is a word.
    Unspaced = 2,
    /// Katakana: no spaces, but a run of it is one word.
    Katakana = 3,
    /// Hangul: a run of it is a word, also behind Latin letters (`SCO의`).
    Hangul = 7,
    /// A combining mark that is kept: a part of the letter before it.
    Mark = 4,
    /// White space.
    Space = 5,
    /// Nothing is left of it when it is folded.
    Dropped = 6,
}

impl Class {
    /// The class of a character that is folded to `form`. A reader of the source must see a letter
    /// too: `™` is none though it folds to `tm`; and `ʼ` is none, it is an apostrophe.
    pub(super) fn of(c: char, form: &str) -> Self {
        if c.is_whitespace() {
            return Self::Space;
        }
        let Some(first) = form.chars().next() else {
            return Self::Dropped;
        };
        if !is_letter(c) || !is_letter(first) {
            Self::Other
        } else if is_mark(first) {
            Self::Mark
        } else if is_hangul(first) {
            Self::Hangul
        } else if !is_unspaced(first) {
            Self::Word
        } else if is_katakana(first) {
            Self::Katakana
        } else {
            Self::Unspaced
        }
    }

    /// The class with a number.
    pub(super) const fn from_number(number: u8) -> Self {
        match number {
            1 => Self::Word,
            2 => Self::Unspaced,
            3 => Self::Katakana,
            4 => Self::Mark,
            5 => Self::Space,
            6 => Self::Dropped,
            7 => Self::Hangul,
            _ => Self::Other,
        }
    }

    /// Whether a run of such characters is one word.
    pub(super) const fn makes_words(self) -> bool {
        matches!(self, Self::Word | Self::Katakana | Self::Hangul)
    }

    /// Whether a word goes on from a character of this class to one of that.
    pub(super) fn joins(self, next: Self) -> bool {
        next == Self::Mark || (self == next && self.makes_words())
    }
}

/// Whether the character is a letter, digit or mark of any script.
pub(super) fn is_letter(c: char) -> bool {
    c.is_alphanumeric() || is_mark(c)
}

/// Whether a letter is a small one in a script whose names begin with capitals. Georgian has
/// capitals for headlines only.
pub(super) fn is_small(c: char) -> bool {
    c.is_lowercase() && !matches!(c, '\u{10D0}'..='\u{10FF}')
}

/// Hangul syllables and jamo.
pub(super) const fn is_hangul(c: char) -> bool {
    matches!(c, '\u{1100}'..='\u{11FF}' | '\u{3131}'..='\u{318E}' | '\u{A960}'..='\u{A97F}' | '\u{AC00}'..='\u{D7FF}')
}

/// Katakana letters and the sign that lengthens them, full and half width.
const fn is_katakana(c: char) -> bool {
    matches!(c, '\u{30A1}'..='\u{30FA}' | '\u{30FC}'..='\u{30FF}' | '\u{31F0}'..='\u{31FF}' | '\u{FF66}'..='\u{FF9D}')
}

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
    is_letter(c) && !is_unspaced(c)
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

/// Appends the folded form of one character that is not white space; nothing for characters that
/// are dropped. Differences that are not forgiven stay.
pub(super) fn fold_char(c: char, strict: Strict, out: &mut String) {
    let keep = strict.keep;
    let dropped =
        |c: char| (is_invisible(c) && !keep.joints) || (is_optional_mark(c) && !keep.marks);
    if dropped(c) {
        return;
    }
    if is_whole(c) {
        return fold_variant(c, keep, out);
    }
    let (mut count, mut spacing) = (0, false);
    decompose_compatible(c, |d| {
        count += 1;
        spacing |= d.is_whitespace();
    });
    let mut letter = |d: char| {
        if !dropped(d) {
            fold_letter(d, strict, out);
        }
    };
    // Spacing accents decompose to a space and a mark; they are no white space to a reader.
    if spacing || count > MAX_DECOMPOSITION {
        letter(c);
    } else if keep.forms {
        decompose_canonical(c, letter);
    } else {
        decompose_compatible(c, letter);
    }
}

/// Folds a character that no longer decomposes.
fn fold_letter(c: char, strict: Strict, out: &mut String) {
    if strict.case {
        fold_variant(c, strict.keep, out);
    } else {
        for lower in c.to_lowercase() {
            if strict.keep.marks || !is_optional_mark(lower) {
                fold_variant(lower, strict.keep, out);
            }
        }
    }
}

/// Maps letters and signs that stand for one another to one of them, case kept.
fn fold_variant(c: char, keep: Keep, out: &mut String) {
    let one = match c {
        _ if c.is_ascii_alphanumeric() => c,
        '`'
        | '´'
        | '\u{2018}'
        | '\u{2019}'
        | '\u{201B}'
        | '\u{2032}'
        | '\u{2B9}'
        | '\u{2BB}'..='\u{2BF}'
            if !keep.joints =>
        {
            '\''
        }
        '-' | '\u{5BE}' | '\u{2010}'..='\u{2015}' | '\u{2212}' if !keep.joints => ' ',
        '\u{2E80}'.. if !keep.han => HAN.get(&c).copied().unwrap_or(c),
        _ if keep.letters => c,
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
        other => other,
    };
    out.push(one);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str) -> String {
        let mut out = String::new();
        text.chars()
            .for_each(|c| fold_char(c, Strict::default(), &mut out));
        out
    }

    fn case() -> Strict {
        Strict {
            case: true,
            ..Strict::default()
        }
    }

    #[test]
    fn every_step_can_be_left_out() {
        let folded = |text: &str, keep: Keep| {
            let mut out = String::new();
            let strict = Strict { case: false, keep };
            text.chars().for_each(|c| fold_char(c, strict, &mut out));
            out
        };
        let none = Keep::default();
        let text = "Ｅrdog\u{306}an’s ß ی 習-近";
        assert_eq!(folded(text, none), "erdogan's ss ي 习 近");
        for (keep, expected) in [
            (
                Keep {
                    marks: true,
                    ..none
                },
                "erdog\u{306}an's ss ي 习 近",
            ),
            (
                Keep {
                    forms: true,
                    ..none
                },
                "ｅrdogan's ss ي 习 近",
            ),
            (
                Keep {
                    letters: true,
                    ..none
                },
                "erdogan's ß ی 习 近",
            ),
            (Keep { han: true, ..none }, "erdogan's ss ي 習 近"),
            (
                Keep {
                    joints: true,
                    ..none
                },
                "erdogan’s ss ي 习-近",
            ),
        ] {
            assert_eq!(folded(text, keep), expected);
        }
    }

    #[test]
    fn han_forms_are_one_and_folding_them_again_changes_nothing() {
        assert_eq!(folded("習近平 國 沢 澤"), "习近平 国 泽 泽");
        for to in HAN.values() {
            assert_eq!(HAN.get(to), None, "{to}");
        }
    }

    #[test]
    fn katakana_joins_katakana_only() {
        let class = |c: char| Class::of(c, &folded(&c.to_string()));
        assert!(class('モ').joins(class('ー')) && class('ﾓ').joins(class('モ')));
        assert!(!class('モ').joins(class('首')) && !class('首').joins(class('モ')));
        assert!(!class('・').joins(class('モ')) && !class('も').joins(class('も')));
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
            .for_each(|c| fold_char(c, case(), &mut out));
        assert_eq!(out, "Erdogan LO SCO SS");
    }

    #[test]
    fn no_character_grows_beyond_reason() {
        for c in '\0'..=char::MAX {
            let mut out = String::new();
            fold_char(c, Strict::default(), &mut out);
            assert!(out.chars().count() <= 9, "{c:?}");
        }
    }
}
