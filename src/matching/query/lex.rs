//! The query's text as tokens, each with its place.
//!
//! Never panics and reads each character once.

use std::iter::Peekable;
use std::str::CharIndices;

use super::error::{QueryError, visible};
use crate::model::{Link, Unit};

/// The largest distance of `NEAR/n`.
pub(super) const MOST_WORDS: u16 = 1_000;
/// The largest weight.
const MOST_WEIGHT: i32 = 1_000;

/// What a token is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    Open,
    Close,
    /// A word as it is written.
    Word(String),
    /// What stands between quotes.
    Phrase(String),
    Regex {
        pattern: String,
        ignore_case: bool,
    },
    /// A word with a colon right behind it.
    Prefix(String),
    /// `^n`, right behind a term.
    Weight(i32),
    And,
    Or,
    Not,
    Near(Link),
    /// `SENTENCE` or `PARAGRAPH`.
    Unit(Unit),
}

impl Token {
    /// How messages call it.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Open => "`(`".to_owned(),
            Self::Close => "`)`".to_owned(),
            Self::Word(word) => format!("`{}`", short(word)),
            Self::Phrase(_) => "a phrase".to_owned(),
            Self::Regex { .. } => "a regular expression".to_owned(),
            Self::Prefix(name) => format!("`{}:`", short(name)),
            Self::Weight(weight) => format!("`^{weight}`"),
            Self::And => "`AND`".to_owned(),
            Self::Or => "`OR`".to_owned(),
            Self::Not => "`NOT`".to_owned(),
            Self::Near(link) if link.ordered => format!("`ONEAR/{}`", link.words),
            Self::Near(link) => format!("`NEAR/{}`", link.words),
            Self::Unit(Unit::Sentence) => "`SENTENCE`".to_owned(),
            Self::Unit(Unit::Paragraph) => "`PARAGRAPH`".to_owned(),
        }
    }
}

/// A word as messages show it.
pub(super) fn short(word: &str) -> String {
    let mut shown: String = word.chars().take(40).map(visible).collect();
    if word.chars().nth(40).is_some() {
        shown.push('…');
    }
    shown
}

/// A token and its first byte.
pub(super) type Placed = (usize, Token);

/// Whether a character ends a word.
pub(super) fn ends_word(c: char) -> bool {
    c.is_whitespace() || matches!(c, '(' | ')' | '"' | '^' | ':')
}

/// Reads all tokens.
pub(super) fn tokens(text: &str) -> Result<Vec<Placed>, QueryError> {
    let mut lexer = Lexer {
        text,
        chars: text.char_indices().peekable(),
    };
    let mut tokens: Vec<Placed> = Vec::new();
    while let Some(&(at, c)) = lexer.chars.peek() {
        if c.is_whitespace() {
            lexer.chars.next();
            continue;
        }
        let token = match c {
            '(' => lexer.single(Token::Open),
            ')' => lexer.single(Token::Close),
            '"' => lexer.phrase(at)?,
            '/' => lexer.regex(at)?,
            '^' => lexer.weight(at)?,
            ':' => {
                let message =
                    "`:` needs a scope before it, such as `title:`; quote it if it is meant";
                return Err(QueryError::new(at, message));
            }
            _ => lexer.word(at)?,
        };
        tokens.push((at, token));
    }
    Ok(tokens)
}

struct Lexer<'t> {
    text: &'t str,
    chars: Peekable<CharIndices<'t>>,
}

impl Lexer<'_> {
    fn single(&mut self, token: Token) -> Token {
        self.chars.next();
        token
    }

    fn phrase(&mut self, at: usize) -> Result<Token, QueryError> {
        self.chars.next();
        let mut phrase = String::new();
        while let Some((_, c)) = self.chars.next() {
            match c {
                '"' => return Ok(Token::Phrase(phrase)),
                '\\' => match self.chars.next_if(|(_, c)| matches!(c, '"' | '\\')) {
                    Some((_, escaped)) => phrase.push(escaped),
                    None => phrase.push('\\'),
                },
                // A phrase may go on in the next line.
                c => phrase.push(if c.is_control() { ' ' } else { c }),
            }
        }
        Err(QueryError::new(at, "this quote is never closed"))
    }

    fn regex(&mut self, at: usize) -> Result<Token, QueryError> {
        self.chars.next();
        let mut pattern = String::new();
        loop {
            match self.chars.next() {
                Some((_, '/')) => break,
                // What a backslash stands before is on the same line.
                Some((_, '\\')) => match self.chars.next_if(|(_, c)| *c != '\n') {
                    Some((_, '/')) => pattern.push('/'),
                    Some((_, c)) => pattern.extend(['\\', c]),
                    None => pattern.push('\\'),
                },
                Some((_, '\n')) | None => {
                    let message = "this regular expression has no closing `/` on its line; \
                                   quote the word if the slash is meant";
                    return Err(QueryError::new(at, message));
                }
                Some((_, c)) => pattern.push(c),
            }
        }
        let ignore_case = self.chars.next_if(|(_, c)| *c == 'i').is_some();
        if let Some(&(at, c)) = self.chars.peek()
            && !ends_word(c)
        {
            let message = "expected `i` or a space behind the regular expression";
            return Err(QueryError::new(at, message));
        }
        Ok(Token::Regex {
            pattern,
            ignore_case,
        })
    }

    fn weight(&mut self, at: usize) -> Result<Token, QueryError> {
        self.chars.next();
        let mut digits = String::new();
        while let Some((_, c)) = self.chars.next_if(|(_, c)| !ends_word(*c)) {
            digits.push(c);
        }
        let weight = digits.parse().ok();
        let weight = weight.filter(|weight| (-MOST_WEIGHT..=MOST_WEIGHT).contains(weight));
        // One text for one weight, and no sign but a minus.
        let weight = weight.filter(|weight: &i32| weight.to_string() == digits);
        weight.map(Token::Weight).ok_or_else(|| {
            let message = format!(
                "a weight is a whole number from -{MOST_WEIGHT} to {MOST_WEIGHT}, such as `^3`"
            );
            QueryError::new(at, message)
        })
    }

    fn word(&mut self, at: usize) -> Result<Token, QueryError> {
        let mut end = at;
        while let Some((from, c)) = self.chars.next_if(|(_, c)| !ends_word(*c)) {
            end = from + c.len_utf8();
        }
        let word = self.text.get(at..end).unwrap_or_default();
        if self.chars.next_if(|(_, c)| *c == ':').is_some() {
            return Ok(Token::Prefix(word.to_owned()));
        }
        match word {
            "AND" => return Ok(Token::And),
            "OR" => return Ok(Token::Or),
            "NOT" => return Ok(Token::Not),
            "SENTENCE" => return Ok(Token::Unit(Unit::Sentence)),
            "PARAGRAPH" => return Ok(Token::Unit(Unit::Paragraph)),
            _ => {}
        }
        if let Some((operator, words)) = near(word) {
            let words = words.and_then(|words| words.parse().ok());
            return match words.filter(|words| *words <= MOST_WORDS) {
                Some(words) => Ok(Token::Near(Link {
                    words,
                    ordered: operator == "ONEAR",
                })),
                None => Err(QueryError::new(
                    at,
                    format!(
                        "write `{operator}/n` with n from 0 to {MOST_WORDS}: the words between"
                    ),
                )),
            };
        }
        if let Some(message) = doubtful(word) {
            return Err(QueryError::new(at, message));
        }
        Ok(Token::Word(word.to_owned()))
    }
}

/// `NEAR` or `ONEAR`, and what stands behind its slash.
fn near(word: &str) -> Option<(&str, Option<&str>)> {
    let (operator, words) = match word.split_once('/') {
        Some((operator, words)) => (operator, Some(words)),
        None => (word, None),
    };
    matches!(operator, "NEAR" | "ONEAR").then_some((operator, words))
}

/// What most likely was not meant as it is written.
fn doubtful(word: &str) -> Option<String> {
    let rest = word.trim_start_matches('-');
    if rest.len() < word.len() {
        return Some(format!(
            "`-` does not exclude: write `NOT {0}`, or `\"{0}\"` in quotes",
            short(rest)
        ));
    }
    if word.starts_with(['“', '”', '„', '«', '»']) {
        return Some("this is no quote of the query language: use \"".to_owned());
    }
    if word.ends_with([',', ';']) {
        return Some(
            "terms are separated by spaces: remove the comma, or quote the term".to_owned(),
        );
    }
    None
}

/// Whether a text written without quotes is read as a word of just that text.
pub(super) fn is_plain_word(text: &str) -> bool {
    matches!(tokens(text).as_deref(), Ok([(0, Token::Word(word))]) if word == text)
}
