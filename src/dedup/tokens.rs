//! An entry's text as tokens that can be compared: folded words, numbers, and single characters of
//! scripts that are written without spaces.
//!
//! Folding makes equal what papers write differently: case, diacritics, width, kinds of digits and
//! of white space, punctuation. Only the beginning of a text is read ([`MAX_WEIGHT`]), so that the
//! cost is bounded and a copy that was cut off looks like its original.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;

/// What a word weighs; a character of a script without spaces weighs 1.
pub(super) const WORD: usize = 2;
/// How much of a text is read: 400 words, or 800 characters of a script without spaces.
pub(super) const MAX_WEIGHT: usize = 800;
/// How many characters are looked at for that, words or not.
const MAX_CHARACTERS: usize = 20_000;
/// Of a longer word only so many bytes are kept; it is still told from others.
const MAX_WORD: usize = 120;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A word of a script with spaces.
    Word,
    /// A character of a script without them.
    Letter,
    /// Digits without their separators, or a Han numeral.
    Number,
    /// The character that names a day of the week in Japanese.
    Day,
}

/// A folded word, number or character.
#[derive(Debug, Clone)]
pub(super) struct Token {
    /// As folded.
    pub(super) text: String,
    /// Stands for the text.
    pub(super) hash: u64,
    pub(super) kind: Kind,
    /// A word with a capital that no sentence's beginning explains.
    pub(super) capital: bool,
    /// A word of a script that has capitals.
    pub(super) cased: bool,
}

impl Token {
    fn new(mut text: String, kind: Kind, capital: bool) -> Self {
        let hash = hash(text.as_bytes());
        text.truncate(text.floor_char_boundary(MAX_WORD));
        let cased = text.chars().next().is_some_and(char::is_lowercase);
        Self {
            text,
            hash,
            kind,
            capital,
            cased,
        }
    }

    pub(super) fn weight(&self) -> usize {
        let dense = self.text.chars().next().is_some_and(is_dense);
        if dense { 1 } else { WORD }
    }
}

/// What the tokens weigh together.
pub(super) fn weight(tokens: &[Token]) -> usize {
    tokens.iter().map(Token::weight).sum()
}

/// FNV-1a with a last mixing. It is stored in what is made of it: it must not change.
pub(super) fn hash(bytes: &[u8]) -> u64 {
    let folded = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    mix(folded)
}

/// Spreads what differs in some bits over all of them (the finaliser of `SplitMix64`).
pub(super) fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// Whether the character belongs to a script that is written without spaces between words.
fn is_dense(c: char) -> bool {
    matches!(u32::from(c),
        0x0e00..=0x0eff | 0x1000..=0x109f | 0x1780..=0x17ff | 0x3005..=0x3007 | 0x3040..=0x30ff
        | 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xf900..=0xfaff | 0x20000..=0x3ffff)
}

fn is_numeral(c: char) -> bool {
    "一二三四五六七八九十百千万亿億〇零两兩".contains(c)
}

/// The digit's value, in whichever script that news are written in.
fn digit(c: char) -> Option<char> {
    let zeros = [
        0x0660, 0x06f0, 0x0966, 0x09e6, 0x0a66, 0x0ae6, 0x0be6, 0x0c66, 0x0ce6, 0x0e50, 0x1040,
        0x17e0,
    ];
    if c.is_ascii_digit() {
        return Some(c);
    }
    let code = u32::from(c);
    let zero = zeros
        .into_iter()
        .find(|zero| (*zero..zero + 10).contains(&code))?;
    char::from_digit(code - zero, 10)
}

/// A letter as it is compared; letters that one keyboard or another puts for the same are one.
fn plain(c: char) -> char {
    match c {
        'ı' => 'i',
        'ς' => 'σ',
        'ي' | 'ى' => 'ی',
        'ك' => 'ک',
        'ة' => 'ه',
        other => other,
    }
}

/// A word as it is compared.
pub(super) fn fold(word: &str) -> String {
    tokens(word).into_iter().map(|token| token.text).collect()
}

/// The tokens of a text's beginning.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut reading = Reading {
        initial: true,
        ..Reading::default()
    };
    for c in text.nfkd().take(MAX_CHARACTERS) {
        reading.take(c);
        if reading.weight >= MAX_WEIGHT {
            break;
        }
    }
    reading.end_word();
    reading.found
}

#[derive(Default)]
struct Reading {
    found: Vec<Token>,
    weight: usize,
    word: String,
    number: bool,
    capital: bool,
    /// A sentence, quotation or line begins here.
    initial: bool,
    /// A separator that belongs to the number if a digit follows.
    separator: Option<char>,
}

impl Reading {
    fn take(&mut self, c: char) {
        // Accents, vowel signs of Arabic, and what only joins or parts letters.
        let joiner = matches!(c, '\u{200b}'..='\u{200f}' | '\u{ad}' | '\u{feff}' | 'ـ');
        if canonical_combining_class(c) > 0 || joiner {
            return;
        }
        if let Some(digit) = digit(c) {
            self.number |= self.word.is_empty();
            self.separator = None;
            self.word.push(digit);
            return;
        }
        if self.separator.is_some() {
            self.end_word();
        }
        if is_dense(c) && c.is_alphanumeric() {
            self.end_word();
            let kind = if is_numeral(c) {
                Kind::Number
            } else {
                Kind::Letter
            };
            if c == '曜'
                && let Some(last) = self.found.last_mut()
            {
                last.kind = Kind::Day;
            }
            self.push(c.to_string(), kind, false);
        } else if c.is_alphanumeric() {
            if self.number {
                self.end_word();
            }
            if self.word.is_empty() {
                self.capital = c.is_uppercase() && !self.initial;
            }
            self.word.extend(
                c.to_lowercase()
                    .map(plain)
                    .filter(|c| canonical_combining_class(*c) == 0),
            );
        } else if self.number && matches!(c, '.' | ',' | '٫' | '٬') {
            self.separator = Some(c);
        } else {
            self.end_word();
            self.ends_sentence(c);
        }
    }

    fn ends_sentence(&mut self, c: char) {
        let ends = matches!(c, '.' | '!' | '?' | ':' | '\n' | '"' | '(' | '[')
            || matches!(c, '…' | '«' | '»' | '“' | '”' | '„' | '—' | '–' | '。');
        self.initial |= ends;
    }

    fn end_word(&mut self) {
        if !self.word.is_empty() {
            let word = std::mem::take(&mut self.word);
            let kind = if self.number {
                Kind::Number
            } else {
                Kind::Word
            };
            self.push(word, kind, self.capital && !self.number);
        }
        self.number = false;
        if let Some(c) = self.separator.take() {
            self.ends_sentence(c);
        }
    }

    fn push(&mut self, text: String, kind: Kind, capital: bool) {
        let token = Token::new(text, kind, capital);
        self.weight += token.weight();
        self.found.push(token);
        self.initial = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn texts(text: &str) -> Vec<String> {
        tokens(text).into_iter().map(|token| token.text).collect()
    }

    #[test]
    fn words_numbers_and_characters_are_tokens() {
        assert_eq!(
            texts("The SCO's 25 papers"),
            ["the", "sco", "s", "25", "papers"]
        );
        assert_eq!(texts("1,234.5 and 4, 11."), ["12345", "and", "4", "11"]);
        assert_eq!(texts("7月4日"), ["7", "月", "4", "日"]);
        assert_eq!(texts("۲۰۳۰ and २५"), ["2030", "and", "25"]);
        assert_eq!(
            texts("Astaná İstanbul Ёлка"),
            ["astana", "istanbul", "елка"]
        );
        assert_eq!(texts("G20 25th"), ["g20", "25", "th"]);
    }

    #[test]
    fn a_capital_counts_within_a_sentence_only() {
        let capitals: Vec<String> = tokens("Leaders met. They left Astana; \"Good,\" said Xi.")
            .into_iter()
            .filter(|token| token.capital)
            .map(|token| token.text)
            .collect();
        assert_eq!(capitals, ["astana", "xi"]);
    }

    proptest! {
        #[test]
        fn case_space_and_accents_make_no_difference(words in prop::collection::vec("[a-zà-öж-ъ]{1,6}", 0..20)) {
            let plain = words.join(" ");
            let upper = format!(" {}\n", words.join(" \t").to_uppercase());
            let bare: String = plain.nfd().filter(|c| canonical_combining_class(*c) == 0).collect();
            prop_assert_eq!(texts(&plain), texts(&upper));
            prop_assert_eq!(texts(&plain), texts(&bare));
        }

        #[test]
        fn any_text_can_be_read(text in "\\PC{0,200}") {
            prop_assert!(weight(&tokens(&text)) <= MAX_WEIGHT + WORD);
        }
    }
}
