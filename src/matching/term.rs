//! Terms, checked and cut where a text may have more letters than they.
//!
//! A [`Cut`] is a term in folded [`Segment`]s, each of which ends where a word ends that may be
//! inflected or has a `*`. `patterns` keeps and verifies them.

use std::ops::Range;

use super::character::{Strict, is_letter, is_unspaced};
use super::fold::{Folded, fold_strictly};
use super::index::{Head, Key};
use super::inflect::{self, Form};
use crate::model::{Case, Term};

/// Longest term, in characters.
pub const MAX_TERM_CHARS: usize = 200;

/// Why a text can't be a term.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TermError {
    /// Nothing but white space and invisible characters.
    #[error("the term is empty: write a word or phrase, or remove it")]
    Empty,
    /// No letter and no digit.
    #[error("the term has no letter or digit: write a word or phrase")]
    NoLetters,
    /// Longer than [`MAX_TERM_CHARS`].
    #[error("the term has {0} characters: shorten it to {MAX_TERM_CHARS} or fewer")]
    TooLong(usize),
    /// A `*` that does not end a word.
    #[error("`*` may stand only at the end of a word, behind its letters: move or remove it")]
    StarNotAtWordEnd,
    /// A `*` behind a character of a script without spaces.
    #[error(
        "`*` can't follow `{0}`: its script has no spaces, so what follows matches anyway; remove the `*`"
    )]
    StarWithoutSpaces(char),
    /// A single letter and a `*` would match most texts.
    #[error("a single letter and `*` would match nearly every text: write more of the word")]
    StarTooBroad,
}

/// Checks that a text can be a [`Term`]'s.
///
/// # Errors
/// [`TermError`] when the text is empty, too long or without letters, or has a `*` that does not
/// end a word.
///
/// ```
/// use mentiond::matching::{TermError, check_term};
/// assert_eq!(check_term("Шанхайск* организаци*"), Ok(()));
/// assert_eq!(check_term("Pu*in"), Err(TermError::StarNotAtWordEnd));
/// ```
pub fn check_term(text: &str) -> Result<(), TermError> {
    checked(text).map(drop)
}

/// What may stand at the end of a segment.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Tail {
    /// Nothing more.
    Closed,
    /// A `*`: any further letters of the word.
    Open,
    /// The endings of these forms.
    Forms(Box<[Form]>),
}

/// A literal piece of a term, folded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Segment {
    pub text: String,
    pub tail: Tail,
    /// The piece folded but for the differences that are not forgiven, if there are any.
    pub strict: Option<String>,
}

/// A term cut into segments.
#[derive(Debug, Clone)]
pub(super) struct Cut {
    /// Never empty.
    pub segments: Vec<Segment>,
    /// Bytes before the first letter: a term may begin with a sign.
    pub lead: usize,
    /// The words by which the index may know it.
    pub keys: Vec<Key>,
    /// Whether it begins with a letter that is a word by itself.
    pub unspaced: bool,
}

/// Folds and checks a term's text, and tells where it stands without spaces around it.
fn checked(text: &str) -> Result<(Folded<'_>, Range<usize>), TermError> {
    // Counted before anything is folded, so that a huge term costs nothing.
    let count = text.chars().count();
    if count > MAX_TERM_CHARS {
        return Err(TermError::TooLong(count));
    }
    let folded = Folded::new(text);
    let whole = folded.text();
    let trimmed = whole.trim_matches(' ');
    if trimmed.is_empty() {
        return Err(TermError::Empty);
    }
    let letters = trimmed.chars().filter(|c| c.is_alphanumeric()).count();
    if letters == 0 || folded.anchors().is_empty() {
        return Err(TermError::NoLetters);
    }
    let pieces: Vec<&str> = trimmed.split('*').collect();
    let start = whole.len() - whole.trim_start_matches(' ').len();
    let mut star = start;
    for pair in pieces.windows(2) {
        let [before, after] = pair else { continue };
        star += before.len();
        let last = before.chars().next_back().filter(|c| is_letter(*c));
        let last = last.ok_or(TermError::StarNotAtWordEnd)?;
        if is_unspaced(last) {
            return Err(TermError::StarWithoutSpaces(last));
        }
        let ends_word = folded.anchors().iter().any(|a| a.end as usize == star);
        if !ends_word || after.chars().next().is_some_and(is_letter) {
            return Err(TermError::StarNotAtWordEnd);
        }
        star += 1;
    }
    if pieces.len() > 1 && letters < 2 {
        return Err(TermError::StarTooBroad);
    }
    let range = start..start + trimmed.len();
    Ok((folded, range))
}

/// An abbreviation of capitals takes endings in small letters only: `ШКУга`, not `ШКУГА`.
pub(super) fn is_abbreviation(term: &Term, written: &str) -> bool {
    term.case == Case::Exact && !written.chars().any(char::is_lowercase)
}

/// Cuts a term.
///
/// # Errors
/// [`TermError`] when it can't be a term.
pub(super) fn cut(term: &Term) -> Result<Cut, TermError> {
    let (folded, range) = checked(&term.text)?;
    let text = folded.text();
    let strict = Strict::of(term);
    let mut segments = Vec::new();
    let mut begin = range.start;
    let mut segment = |begin: usize, end: usize, tail: Tail| {
        let source = folded.source_text(begin..end).unwrap_or_default();
        segments.push(Segment {
            text: text.get(begin..end).unwrap_or_default().to_owned(),
            tail,
            strict: strict.map(|strict| fold_strictly(source, strict)),
        });
    };
    let mut keys = Vec::new();
    let mut key = |back: usize, head: Head, stem: Option<(Head, u8)>| {
        // No term has more words than that.
        if let Ok(back) = u8::try_from(back) {
            keys.push(Key { head, stem, back });
        }
    };
    // Letters of the written word that the folded one is the end of, and where they end.
    let (mut letters, mut last_end) = (0, range.start);
    let anchors = folded.anchors();
    for (number, anchor) in anchors.iter().enumerate() {
        let (start, end) = (anchor.start as usize, anchor.end as usize);
        if start == end {
            // What may be inflected is not known letter by letter.
            let next = anchors[number..].iter().find(|next| next.end > next.start);
            let end = next.map_or(range.end, |next| next.start as usize);
            let run = &text.as_bytes()[start..end];
            key(number, Head::new(run, false), None);
            continue;
        }
        let hyphen = matches!(
            folded.source_text(last_end..start),
            Some("-" | "\u{2010}" | "\u{2011}")
        );
        let joined = hyphen || &text[last_end..start] == "'";
        let before = if joined { letters } else { 0 };
        letters = before + text[start..end].chars().count();
        last_end = end;
        let word = &text.as_bytes()[start..end];
        if text[end..].starts_with('*') {
            key(number, Head::new(word, false), None);
            segment(begin, end, Tail::Open);
            begin = end + 1;
            continue;
        }
        let written = folded.source_text(start..end).unwrap_or_default();
        let abbreviation = is_abbreviation(term, written);
        let forms = if term.inflect {
            inflect::forms(written, &text[start..end], before, abbreviation)
        } else {
            Vec::new()
        };
        key(number, Head::new(word, true), stem(word, &forms));
        if !forms.is_empty() {
            segment(begin, end, Tail::Forms(forms.into()));
            begin = end;
        }
    }
    if begin < range.end {
        segment(begin, range.end, Tail::Closed);
    }
    let first = anchors.first();
    Ok(Cut {
        segments,
        lead: first.map_or(0, |anchor| anchor.start as usize - range.start),
        keys,
        unspaced: first.is_some_and(|anchor| anchor.end == anchor.start),
    })
}

/// What is left of a word under each of these forms, and how many bytes may follow it.
fn stem(word: &[u8], forms: &[Form]) -> Option<(Head, u8)> {
    let cut = forms.iter().map(|form| form.cut).max()?;
    let stem = word.get(..word.len().checked_sub(usize::from(cut))?)?;
    let beyond = |form: &Form| {
        let kept = usize::from(cut - form.cut);
        form.rule
            .rule()
            .map_or(usize::MAX, |rule| kept + rule.longest())
    };
    let most = forms.iter().map(beyond).max()?;
    let most = u8::try_from(most).unwrap_or(u8::MAX);
    (!stem.is_empty()).then(|| (Head::new(stem, false), most))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_phrases_and_prefixes_are_terms() {
        for good in [
            "SCO",
            "C++",
            "习近平",
            "习",
            "Шанхайск* организаци* сотрудничества",
            "Xi J*",
            "О'зб* х",
            "Мирзиёев*-led",
            "\"Putin*\"",
            "Ｐｕｔｉｎ＊",
        ] {
            assert_eq!(check_term(good), Ok(()), "{good}");
        }
    }

    #[test]
    fn what_cannot_be_a_term_says_why() {
        for (bad, why) in [
            ("", TermError::Empty),
            (" \u{200B}\u{A0}", TermError::Empty),
            ("-", TermError::Empty),
            ("*", TermError::NoLetters),
            ("?!", TermError::NoLetters),
            ("*tin", TermError::StarNotAtWordEnd),
            ("Pu*in", TermError::StarNotAtWordEnd),
            ("Putin**", TermError::StarNotAtWordEnd),
            ("Putin *", TermError::StarNotAtWordEnd),
            ("习*", TermError::StarWithoutSpaces('习')),
            ("x*", TermError::StarTooBroad),
        ] {
            assert_eq!(check_term(bad), Err(why), "{bad}");
        }
        assert_eq!(check_term(&"я".repeat(200)), Ok(()));
        assert_eq!(check_term(&"я".repeat(201)), Err(TermError::TooLong(201)));
    }
}
