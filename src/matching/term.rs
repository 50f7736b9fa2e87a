//! One term, checked and ready to be found.
//!
//! A [`Pattern`] is a term cut at its `*`s into folded [`Segment`]s. The automaton finds the first
//! segment; [`Pattern::verify`] decides whether the whole term stands there and where it ends. No
//! segment can begin with a letter after a `*`, so there is never anything to try twice.

use std::ops::Range;

use super::character::{is_mark, is_unspaced};
use super::fold::Folded;
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
    segments(text, false).map(drop)
}

/// A literal piece of a term.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Segment {
    /// Folded text.
    text: String,
    /// Whether a `*` follows.
    open: bool,
}

fn segments(text: &str, keep_case: bool) -> Result<Vec<Segment>, TermError> {
    // Counted before anything is folded, so that a huge term costs nothing.
    let count = text.chars().count();
    if count > MAX_TERM_CHARS {
        return Err(TermError::TooLong(count));
    }
    let folded = Folded::new(text, keep_case);
    let folded = folded.text().trim_matches(' ');
    if folded.is_empty() {
        return Err(TermError::Empty);
    }
    let letters = folded.chars().filter(|c| c.is_alphanumeric()).count();
    if letters == 0 {
        return Err(TermError::NoLetters);
    }
    let pieces: Vec<&str> = folded.split('*').collect();
    let ends_word = |piece: &str| piece.chars().next_back().filter(|c| is_letter(*c));
    for pair in pieces.windows(2) {
        let [before, after] = pair else { continue };
        let last = ends_word(before).ok_or(TermError::StarNotAtWordEnd)?;
        if is_unspaced(last) {
            return Err(TermError::StarWithoutSpaces(last));
        }
        if after.chars().next().is_some_and(is_letter) {
            return Err(TermError::StarNotAtWordEnd);
        }
    }
    if pieces.len() > 1 && letters < 2 {
        return Err(TermError::StarTooBroad);
    }
    let last = pieces.len() - 1;
    Ok(pieces
        .iter()
        .enumerate()
        .map(|(index, piece)| Segment {
            text: (*piece).to_owned(),
            open: index < last,
        })
        .filter(|segment| !segment.text.is_empty())
        .collect())
}

fn is_letter(c: char) -> bool {
    c.is_alphanumeric() || is_mark(c)
}

/// Where the segments end when they stand at `at`.
fn walk(segments: &[Segment], folded: &Folded<'_>, at: usize) -> Option<usize> {
    segments.iter().try_fold(at, |at, segment| {
        let rest = folded.text().get(at..)?;
        let end = at + segment.text.len();
        if !rest.starts_with(&segment.text) {
            None
        } else if segment.open {
            folded.word_end(end)
        } else {
            Some(end)
        }
    })
}

/// A term, ready to be found.
#[derive(Debug, Clone)]
pub(super) struct Pattern {
    folded: Vec<Segment>,
    /// The segments with case kept, when case matters.
    exact: Option<Vec<Segment>>,
}

impl Pattern {
    pub(super) fn compile(term: &Term) -> Result<Self, TermError> {
        Ok(Self {
            folded: segments(&term.text, false)?,
            exact: match term.case {
                Case::Fold => None,
                Case::Exact => Some(segments(&term.text, true)?),
            },
        })
    }

    /// The literal that every hit begins with, folded.
    pub(super) fn head(&self) -> &str {
        self.folded.first().map_or("", |segment| &segment.text)
    }

    /// The folded range of the hit that begins at `start`, a boundary where the head stands.
    pub(super) fn verify(&self, folded: &Folded<'_>, start: usize) -> Option<Range<usize>> {
        let end = walk(&self.folded, folded, start)?;
        if !folded.is_boundary(end) {
            return None;
        }
        if let Some(exact) = &self.exact {
            let cased = Folded::new(folded.source_text(start..end)?, true);
            if walk(exact, &cased, 0)? != cased.text().len() {
                return None;
            }
        }
        Some(start..end)
    }
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
