//! A text as the matcher sees it, for those who look for words in their own way.
//!
//! [`FoldedText`] forgives what the matcher forgives by default, tells where words stand, and leads
//! back to the text as it was written.

use std::ops::Range;

use super::character::{is_hangul, is_mark, is_unspaced};
use super::fold::Folded;

/// A text without differences of case, diacritics, spellings and width, and the way back.
#[derive(Debug, Clone)]
pub struct FoldedText<'t>(Folded<'t>);

/// A word of a folded text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Its bytes in the folded text.
    pub range: Range<usize>,
    /// Whether it is of a script in which words are not looked for whole: one without spaces, of
    /// which each letter is a piece, or Katakana or Hangul, of which a run is.
    pub is_dense: bool,
}

impl<'t> FoldedText<'t> {
    /// Folds a text.
    #[must_use]
    pub fn new(text: &'t str) -> Self {
        Self(Folded::new(text))
    }

    /// The folded text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.text()
    }

    /// Its words in their order. None overlap; two letters of a script without spaces that stand
    /// side by side are two.
    pub fn pieces(&self) -> impl Iterator<Item = Piece> {
        let text = self.as_str();
        self.0.anchors().iter().filter_map(|anchor| {
            let (start, mut end) = (anchor.start as usize, anchor.end as usize);
            let first = text.get(start..)?.chars().next()?;
            if end == start {
                end = letter_end(text, start);
            }
            Some(Piece {
                range: start..end.min(text.len()),
                is_dense: is_unspaced(first) || is_hangul(first),
            })
        })
    }

    /// The bytes of the text as it was written that a range of the folded text came from; `None` for
    /// one that cuts what belongs together.
    #[must_use]
    pub fn source_range(&self, folded: Range<usize>) -> Option<Range<usize>> {
        self.0.source_range(folded)
    }
}

/// Where the letter that begins at `start` ends, with the marks behind it.
#[must_use]
pub fn letter_end(text: &str, start: usize) -> usize {
    let rest = text.get(start..).unwrap_or_default();
    let letter = rest.chars().next().map_or(0, char::len_utf8);
    let marks = rest.get(letter..).unwrap_or_default().chars();
    start
        + letter
        + marks
            .take_while(|c| is_mark(*c))
            .map(char::len_utf8)
            .sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(text: &str) -> Vec<(String, bool)> {
        let folded = FoldedText::new(text);
        let piece = |piece: Piece| (folded.as_str()[piece.range].to_owned(), piece.is_dense);
        folded.pieces().map(piece).collect()
    }

    fn told(pieces: &[(&str, bool)]) -> Vec<(String, bool)> {
        let owned = |(text, dense): &(&str, bool)| ((*text).to_owned(), *dense);
        pieces.iter().map(owned).collect()
    }

    #[test]
    fn words_letters_and_runs_are_told_apart() {
        let expected = [
            ("kassym", false),
            ("jomart", false),
            ("3", false),
            ("习", true),
            ("近", true),
        ];
        assert_eq!(pieces("Kassym-Jomart, 3 習近"), told(&expected));
        let expected = [
            ("sco", false),
            ("의", true),
            ("フ\u{309a}ーチン", true),
            ("大", true),
        ];
        assert_eq!(pieces("SCO의 プーチン大"), told(&expected));
        assert_eq!(
            pieces("मोदी Brand™"),
            told(&[("मोदी", false), ("brand", false)])
        );
        assert_eq!(
            pieces("โมดี"),
            told(&[("โ", true), ("ม", true), ("ดี", true)])
        );
        assert_eq!(pieces(" … "), told(&[]));
    }

    #[test]
    fn pieces_lead_back_to_what_was_written() {
        let text = "Ｅrdog\u{306}an’s 習近平";
        let folded = FoldedText::new(text);
        let written: Vec<_> = folded
            .pieces()
            .map(|piece| &text[folded.source_range(piece.range).unwrap()])
            .collect();
        assert_eq!(written, ["Ｅrdog\u{306}an", "s", "習", "近", "平"]);
    }
}
