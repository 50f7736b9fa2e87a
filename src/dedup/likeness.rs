//! Whether two texts tell one story: the second look, after the fingerprints said that they might.
//!
//! Copies of an agency's text differ in headline, byline, closing lines, length, and a paragraph or
//! two; so the measure is how much of the shorter text's shingles the longer one has. What a
//! template fills in (the date, the place, the figures) changes little of that, so [`differs`] looks
//! at what stands in the place of what, and separates texts that state different facts.
//!
//! [`differs`]: super::facts::differs

use std::fmt;
use std::time::Duration;

use super::facts;
use super::fingerprint::shingles;
use super::tokens::{Kind, Token, WORD, tokens, weight};
use crate::model::Entry;

/// How much of the shorter text must be in the longer one.
pub const LEAST_LIKENESS: f64 = 0.6;
/// Below this many words (or twice as many characters of a script without spaces) a text is short.
pub const SHORT: usize = 25;
/// Short texts must be this close in time.
pub const SHORT_APART: Duration = Duration::from_hours(6);
/// Short texts of fewer words than this never tell the same story.
const LEAST_WORDS: usize = 4;

/// Title and text of an entry, read for comparing.
#[derive(Debug, Clone)]
pub struct Passage {
    pub(super) title: Vec<Token>,
    pub(super) body: Vec<Token>,
}

impl Passage {
    /// Reads a title and a text.
    #[must_use]
    pub fn new(title: &str, body: &str) -> Self {
        Self {
            title: tokens(title),
            body: tokens(body),
        }
    }

    /// Reads an entry: its title, and the longer one of summary and content.
    #[must_use]
    pub fn of(entry: &Entry) -> Self {
        let longer = entry.content.len() >= entry.summary.len();
        let body = if longer {
            &entry.content
        } else {
            &entry.summary
        };
        Self::new(&entry.title, body)
    }

    /// The text that counts: where it is long the headline, which every paper writes itself, does
    /// not belong to it.
    fn stream(&self) -> Vec<&Token> {
        if weight(&self.body) >= SHORT * WORD {
            self.body.iter().collect()
        } else {
            self.title.iter().chain(&self.body).collect()
        }
    }

    /// Hashes of every three words (or six characters of a script without spaces) in a row,
    /// sorted, each once.
    #[must_use]
    pub fn shingles(&self) -> Vec<u64> {
        shingles(&self.stream())
    }

    /// The shingles of the text's beginning, of so much weight.
    pub(super) fn beginning(&self, most: usize) -> Vec<u64> {
        let mut weight = 0;
        let mut stream = self.stream();
        let enough = stream.iter().position(|token| {
            weight += token.weight();
            weight >= most
        });
        stream.truncate(enough.map_or(usize::MAX, |last| last + 1));
        shingles(&stream)
    }

    /// Whether any other text can tell the same story by what it says.
    pub(super) fn is_comparable(&self) -> bool {
        !self.is_short() || self.names_something()
    }

    /// What the text weighs, two for a word.
    fn weight(&self) -> usize {
        self.stream().iter().map(|token| token.weight()).sum()
    }

    /// Whether there is too little text to compare shingles.
    #[must_use]
    pub fn is_short(&self) -> bool {
        self.weight() < SHORT * WORD
    }

    /// Whether a short text names anything by which it could be known again: by a number or a
    /// capital, unless all is in capitals. Where there are no capitals, length must do.
    fn names_something(&self) -> bool {
        let stream = self.stream();
        let plain = stream.iter().skip(1).any(|t| t.cased && !t.capital);
        self.weight() >= LEAST_WORDS * WORD
            && stream
                .iter()
                .any(|token| (token.capital && plain) || token.kind != Kind::Word || !token.cased)
    }
}

/// What two texts are to each other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Verdict {
    /// They tell one story; the figure is the part of the shorter text that the longer one has.
    Same(f64),
    /// They do not.
    Apart(Reason),
}

/// Why two texts do not tell one story.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reason {
    /// They have too little in common; the figure is the part of the shorter text that is shared.
    Unlike(f64),
    /// One of them is short and they are not the same words.
    Short,
    /// They are short, the same, and name nothing.
    Vague,
    /// They are short and too far apart in time.
    FarApart,
    /// Other numbers stand in the same places.
    Numbers,
    /// Other days or months stand in the same places.
    Dates,
    /// Other names stand in the same places.
    Names,
    /// The same exchange of words again and again.
    Exchange,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unlike(likeness) => write!(f, "only {:.0} % in common", likeness * 100.0),
            Self::Short => f.write_str("short and not the same words"),
            Self::Vague => f.write_str("short and naming nothing"),
            Self::FarApart => f.write_str("short and too far apart in time"),
            Self::Numbers => f.write_str("other numbers in the same places"),
            Self::Dates => f.write_str("other days or months in the same places"),
            Self::Names => f.write_str("other names in the same places"),
            Self::Exchange => f.write_str("the same exchange of words again and again"),
        }
    }
}

/// Whether two texts, so far apart in time, tell one story.
#[must_use]
pub fn compare(a: &Passage, b: &Passage, apart: Duration) -> Verdict {
    compare_at(a, b, apart, LEAST_LIKENESS)
}

/// [`compare`] with another least likeness, for measuring.
#[must_use]
pub fn compare_at(a: &Passage, b: &Passage, apart: Duration, least: f64) -> Verdict {
    if a.is_short() || b.is_short() {
        return compare_short(a, b, apart);
    }
    // Of several ways to align two texts the same one is to be found from either side.
    let hashes = |passage: &Passage| -> Vec<u64> {
        let all = passage.title.iter().chain(&passage.body);
        all.map(|token| token.hash).collect()
    };
    let (a, b) = if hashes(a) <= hashes(b) {
        (a, b)
    } else {
        (b, a)
    };
    let likeness = likeness(&a.shingles(), &b.shingles());
    if likeness < least {
        return Verdict::Apart(Reason::Unlike(likeness));
    }
    match facts::differs(a, b) {
        Some(reason) => Verdict::Apart(reason),
        None => Verdict::Same(likeness),
    }
}

fn compare_short(a: &Passage, b: &Passage, apart: Duration) -> Verdict {
    let words = |passage: &Passage| -> Vec<u64> {
        let all = passage.title.iter().chain(&passage.body);
        all.map(|token| token.hash).collect()
    };
    Verdict::Apart(if words(a) != words(b) {
        Reason::Short
    } else if !a.names_something() || !b.names_something() {
        Reason::Vague
    } else if apart > SHORT_APART {
        Reason::FarApart
    } else {
        return Verdict::Same(1.0);
    })
}

/// How much of the smaller of two sorted sets the other one has.
fn likeness(a: &[u64], b: &[u64]) -> f64 {
    let smaller = a.len().min(b.len());
    if smaller == 0 {
        return 0.0;
    }
    let shared = a
        .iter()
        .filter(|shingle| b.binary_search(shingle).is_ok())
        .count();
    shared as f64 / smaller as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HOUR: Duration = Duration::from_hours(1);

    #[test]
    fn a_headline_alone_must_be_the_same_and_name_something() {
        let of = |title: &str| Passage::new(title, "");
        let judge = |a: &str, b: &str, hours| compare(&of(a), &of(b), HOUR * hours);
        let news = "Explosion reported near airport of Tashkent";
        let loud = "EXPLOSION reported near airport of Tashkent!";
        assert_eq!(judge(news, loud, 1), Verdict::Same(1.0));
        assert_eq!(judge(news, news, 9), Verdict::Apart(Reason::FarApart));
        let other = "Explosion reported near airport of Samarkand";
        assert_eq!(judge(news, other, 1), Verdict::Apart(Reason::Short));
        let vague = "What you need to know today";
        assert_eq!(judge(vague, vague, 1), Verdict::Apart(Reason::Vague));
    }

    fn text() -> impl Strategy<Value = String> {
        let word = prop::sample::select(vec!["sun", "Astana", "4", "may", "лес", "七", "峰", "x"]);
        prop::collection::vec(word, 0..60).prop_map(|words| words.join(" "))
    }

    proptest! {
        #[test]
        fn likeness_is_mutual(a in text(), b in text(), hours in 0_u32..9) {
            let (a, b) = (Passage::new("Title", &a), Passage::new("Title", &b));
            prop_assert_eq!(compare(&a, &b, HOUR * hours), compare(&b, &a, HOUR * hours));
        }

        #[test]
        fn a_long_text_is_like_itself(a in text()) {
            let text = Passage::new("", &format!("{a} {}", "and so on with words ".repeat(6)));
            prop_assert_eq!(compare(&text, &text, HOUR * 99), Verdict::Same(1.0));
        }

        #[test]
        fn no_texts_panic(a in "\\PC{0,200}", b in "\\PC{0,200}") {
            let _ = compare(&Passage::new(&a, &b), &Passage::new(&b, &a), HOUR);
        }
    }
}
