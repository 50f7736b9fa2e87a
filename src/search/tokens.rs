//! A text as the index of the history holds it.
//!
//! [`tokens`] is what is stored, [`Tokenized`] the same with the way back to the text, by which hits
//! are shown. Both come from one pass, so what is found in the index is found in the text again.
//!
//! A word of a script with spaces is one token. Of Han, Kana, Hangul, Thai, Lao, Khmer and Myanmar each
//! letter is one, together with the letter behind it if there is one in its run: `习近平` is `习近`, `近平`,
//! `平`. So a run of n letters is looked for as n - 1 tokens in a row, and one letter as what tokens begin
//! with. A token holds nothing but letters, digits and marks.

use std::ops::Range;

use crate::matching::{FoldedText, letter_end};
use crate::model::Entry;

/// Of a text so many bytes are indexed.
pub const MAX_INDEXED_BYTES: usize = 256 << 10;

/// The tokens of an entry, as they are stored: those of each text, with spaces between.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EntryTokens {
    /// Those of the title.
    pub title: String,
    /// Those of the summary; none where the content begins with it.
    pub summary: String,
    /// Those of the content.
    pub content: String,
}

impl EntryTokens {
    /// The tokens of these texts of an entry.
    #[must_use]
    pub fn of(title: &str, summary: &str, content: &str) -> Self {
        let again = content.starts_with(summary);
        Self {
            title: tokens(title),
            summary: tokens(if again { "" } else { summary }),
            content: tokens(content),
        }
    }

    /// The tokens of an entry.
    #[must_use]
    pub fn of_entry(entry: &Entry) -> Self {
        Self::of(&entry.title, &entry.summary, &entry.content)
    }
}

/// A token of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    /// Its bytes in the folded text.
    pub range: Range<usize>,
    /// Where its own part ends: behind the first letter of a dense script, else at its end.
    pub own_end: usize,
    /// Whether it is of a dense script.
    pub is_dense: bool,
    /// Whether it is the last of a run of such letters.
    pub ends_run: bool,
}

/// A text with its tokens.
#[derive(Debug)]
pub(super) struct Tokenized<'t> {
    folded: FoldedText<'t>,
    pub tokens: Vec<Token>,
}

impl<'t> Tokenized<'t> {
    /// Reads the beginning of a text.
    pub fn new(text: &'t str) -> Self {
        let end = text.floor_char_boundary(MAX_INDEXED_BYTES);
        let folded = FoldedText::new(text.get(..end).unwrap_or(text));
        let mut tokens = Vec::with_capacity(end / 5);
        for piece in folded.pieces() {
            if piece.is_dense {
                let mut at = piece.range.start;
                while at < piece.range.end {
                    let end = letter_end(folded.as_str(), at);
                    push_dense(&mut tokens, at..end);
                    at = end;
                }
            } else {
                tokens.push(Token {
                    own_end: piece.range.end,
                    range: piece.range,
                    is_dense: false,
                    ends_run: false,
                });
            }
        }
        Self { folded, tokens }
    }

    /// What stands in the index for a token.
    pub fn text(&self, token: &Token) -> &str {
        let text = self.folded.as_str();
        text.get(token.range.clone()).unwrap_or_default()
    }

    /// The bytes of the text as it was written from one token to another.
    pub fn source(&self, first: &Token, last_end: usize) -> Option<Range<usize>> {
        self.folded.source_range(first.range.start..last_end)
    }
}

/// Adds a letter of a dense script, and to the letter before it what it is followed by.
fn push_dense(tokens: &mut Vec<Token>, letter: Range<usize>) {
    if let Some(last) = tokens.last_mut()
        && last.is_dense
        && last.own_end == letter.start
    {
        last.range.end = letter.end;
        last.ends_run = false;
    }
    tokens.push(Token {
        own_end: letter.end,
        range: letter,
        is_dense: true,
        ends_run: true,
    });
}

/// The tokens of a text, with spaces between.
#[must_use]
pub fn tokens(text: &str) -> String {
    let tokenized = Tokenized::new(text);
    let mut out = String::with_capacity(text.len() + text.len() / 4);
    for token in &tokenized.tokens {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(tokenized.text(token));
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_are_tokens_and_letters_of_dense_scripts_come_in_pairs() {
        for (text, expected) in [
            ("Erdoğan’s G20", "erdogan s g20"),
            ("習近平 見普京", "习近 近平 平 见普 普京 京"),
            ("SCO峰会。会", "sco 峰会 会 会"),
            ("푸틴이 SCO의", "푸틴 틴이 이 sco 의"),
            ("プーチン大統領", "フ\u{309a}ー ーチ チン ン大 大统 统领 领"),
            ("โมดี", "โม มดี ดี"),
            ("नरेंद्र मोदी", "नरेंद्र मोदी"),
            ("علی عليّ", "علي علي"),
            ("…", ""),
        ] {
            assert_eq!(tokens(text), expected, "{text}");
        }
    }

    #[test]
    fn a_summary_that_the_content_begins_with_is_not_indexed_twice() {
        let tokens = EntryTokens::of("A", "One two", "One two three");
        assert_eq!((&*tokens.summary, &*tokens.content), ("", "one two three"));
        assert_eq!(EntryTokens::of("A", "One", "").summary, "one");
    }

    #[test]
    fn of_an_endless_text_the_beginning_is_indexed() {
        let text = "аб ".repeat(MAX_INDEXED_BYTES);
        assert!(tokens(&text).len() <= MAX_INDEXED_BYTES);
    }

    proptest! {
        #[test]
        fn tokens_hold_letters_digits_and_marks_only(text in "\\PC{0,40}") {
            for token in tokens(&text).split(' ').filter(|t| !t.is_empty()) {
                prop_assert!(!token.contains(['"', '*', '\0', '(', ':', '^', '-']), "{token}");
                prop_assert!(!token.contains(char::is_whitespace), "{token}");
            }
        }

        #[test]
        fn a_token_leads_back_to_the_text(text in "[a-c яẞ习近ーかพีด푸틴 \\-'\u{301}]{0,30}") {
            let tokenized = Tokenized::new(&text);
            for token in &tokenized.tokens {
                prop_assert!(tokenized.source(token, token.own_end).is_some());
                prop_assert!(tokenized.source(token, token.range.end).is_some());
            }
        }
    }
}
