//! What is wrong with a query, and at which character.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// How many characters of a long line are shown before the place.
const BEFORE: usize = 60;
/// How many characters of a long line are shown behind it.
const BEHIND: usize = 30;

/// Why a text is no query.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct QueryError {
    /// The byte of the query at which it is wrong: a character's first, or the query's length.
    pub at: usize,
    /// What is wrong, in words that read on from "here": `expected a term, found end of query`.
    pub message: String,
}

impl QueryError {
    pub(super) fn new(at: usize, message: impl Into<String>) -> Self {
        Self {
            at,
            message: message.into(),
        }
    }

    /// The same place counted in characters from the query's beginning.
    #[must_use]
    pub fn character(&self, query: &str) -> usize {
        query.get(..self.at).unwrap_or(query).chars().count()
    }

    /// The query's line with the place, and below it a caret and the message.
    ///
    /// ```
    /// use mentiond::matching::parse_query;
    /// let text = "shanghai cooperation AND (";
    /// let shown = parse_query(text).unwrap_err().show(text);
    /// let caret = "                          ^ expected a term, found end of query";
    /// assert_eq!(shown, format!("{text}\n{caret}"));
    /// ```
    #[must_use]
    pub fn show(&self, query: &str) -> String {
        let (line, indent) = self.line(query);
        format!("{line}\n{}^ {}", " ".repeat(indent), self.message)
    }

    /// The line with the place, cut where it is long, and how many columns stand before the place.
    pub(crate) fn line(&self, query: &str) -> (String, usize) {
        let before = query.get(..self.at).unwrap_or(query);
        let behind = query.get(self.at..).unwrap_or_default();
        let before = before.rsplit('\n').next().unwrap_or_default();
        let behind = behind.split('\n').next().unwrap_or_default();
        let mut shown = String::new();
        let hidden = before.chars().count().saturating_sub(BEFORE);
        if hidden > 0 {
            shown.push('…');
        }
        shown.extend(before.chars().skip(hidden).map(visible));
        let indent = shown.width();
        shown.extend(behind.chars().take(BEHIND).map(visible));
        if behind.chars().nth(BEHIND).is_some() {
            shown.push('…');
        }
        (shown.trim_end().to_owned(), indent)
    }
}

/// A character that takes the columns that it is counted for.
pub(super) fn visible(c: char) -> char {
    match c {
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' => {
            '·'
        }
        c if c.is_control() || c.is_whitespace() => ' ',
        c if c.width().is_none() => '·',
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_below_the_place_on_its_own_line() {
        let text = "习近平 AND\n\t(普京 OR\n)";
        let error = QueryError::new(text.find("普").unwrap(), "here");
        assert_eq!(error.show(text), " (普京 OR\n  ^ here");
        assert_eq!(error.character(text), 10);
        let error = QueryError::new("习近平 ".len(), "here");
        assert_eq!(error.show(text), "习近平 AND\n       ^ here");
    }

    #[test]
    fn a_long_line_is_cut_around_the_place() {
        let text = format!("{} ) {}", "a".repeat(500), "b".repeat(500));
        let shown = QueryError::new(501, "here").show(&text);
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines[0].chars().count(), BEFORE + BEHIND + 2);
        assert_eq!(lines[0].chars().nth(lines[1].find('^').unwrap()), Some(')'));
    }
}
