//! A search as it was understood, and as the index is asked for it.
//!
//! What is written for SQLite is made of tokens, which hold letters, digits and marks only, between
//! quotes, and of operators that are written here. So no text of a user can be read as an operator.

use std::fmt::Write as _;

use super::tokens::Tokenized;
use crate::model::Timestamp;

/// What is looked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Query {
    /// What must stand in the texts; without it entries are found by the conditions alone.
    pub(super) text: Option<Expression>,
    /// What must be true of an entry besides, all of it.
    pub(super) conditions: Vec<Condition>,
}

/// What must be true of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// Whether it must not be true.
    pub negated: bool,
    /// What.
    pub test: Test,
}

/// What can be asked of an entry besides its texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// It mentions one of these topics.
    Topic(Vec<String>),
    /// Its feed has one of these ids.
    Feed(Vec<String>),
    /// Its feed's id or name is one of these, or begins so where a `*` stands behind.
    Source(Vec<String>),
    /// Its language is one of these, or a variety of one.
    Language(Vec<String>),
    /// It was first seen at this time or later.
    Since(Timestamp),
    /// It was first seen before this time.
    Until(Timestamp),
}

impl From<Test> for Condition {
    fn from(test: Test) -> Self {
        let negated = false;
        Self { negated, test }
    }
}

/// What must stand in the texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Expression {
    Phrase(Phrase),
    /// Two phrases with at most so many words between.
    Near(Phrase, Phrase, u16),
    /// All of the first, none of the second; there is one of the first at least.
    All(Vec<Expression>, Vec<Expression>),
    /// One of them.
    Any(Vec<Expression>),
}

/// Where a phrase may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Scope {
    #[default]
    Anywhere,
    Title,
    Body,
}

/// Words in a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Phrase {
    pub scope: Scope,
    /// One part, unless a `*` stands inside.
    pub parts: Vec<Part>,
}

/// Tokens in a row, of which the last may go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    pub tokens: Vec<String>,
    pub goes_on: bool,
    /// Whether a letter of a dense script stands behind, which the last token has in it already.
    pub has_tail: bool,
}

impl Phrase {
    /// Reads words, of which each may end with `*`; `None` when there is no letter in them.
    pub fn read(text: &str, scope: Scope) -> Option<Self> {
        let mut pieces = text.split('*').peekable();
        let mut parts = Vec::new();
        while let Some(piece) = pieces.next() {
            let starred = pieces.peek().is_some() && piece.ends_with(|c: char| !c.is_whitespace());
            parts.extend(Part::read(piece, starred));
        }
        (!parts.is_empty()).then_some(Self { scope, parts })
    }

    pub fn tokens(&self) -> usize {
        self.parts.iter().map(|part| part.tokens.len()).sum()
    }

    fn write(&self, out: &mut String) {
        self.scope.write(out);
        match self.parts.as_slice() {
            [part] => part.write(out),
            // FTS5 lets only a phrase's last word go on, so the parts stand side by side.
            parts => write_near(parts, 0, out),
        }
    }
}

impl Part {
    fn read(text: &str, starred: bool) -> Option<Self> {
        let tokenized = Tokenized::new(text);
        let mut tokens: Vec<String> = Vec::new();
        for token in &tokenized.tokens {
            tokens.push(tokenized.text(token).to_owned());
        }
        let (mut goes_on, mut has_tail) = (starred, false);
        if let Some(last) = tokenized.tokens.last().filter(|last| last.is_dense) {
            let before = tokenized.tokens.len().checked_sub(2);
            let before = before.and_then(|at| tokenized.tokens.get(at));
            // In a text the run may go on: what the last letter is followed by is unknown.
            if before.is_some_and(|before| before.is_dense && before.range.end == last.range.end) {
                tokens.pop();
                (goes_on, has_tail) = (false, true);
            } else {
                goes_on = true;
            }
        }
        (!tokens.is_empty()).then_some(Self {
            tokens,
            goes_on,
            has_tail,
        })
    }

    fn write(&self, out: &mut String) {
        out.push('"');
        for (n, token) in self.tokens.iter().enumerate() {
            if n > 0 {
                out.push(' ');
            }
            out.extend(token.chars().filter(|c| *c != '"' && *c != '\0'));
        }
        out.push('"');
        if self.goes_on {
            out.push_str(" *");
        }
    }
}

impl Scope {
    fn write(self, out: &mut String) {
        out.push_str(match self {
            Self::Anywhere => "",
            Self::Title => "title : ",
            Self::Body => "{summary content} : ",
        });
    }
}

/// The parts, with at most so many words between. FTS5 counts from the end of the first to the beginning
/// of the last, what stands between them included.
fn write_near(parts: &[Part], words: usize, out: &mut String) {
    let between = parts.iter().skip(1).take(parts.len().saturating_sub(2));
    let tails = parts.iter().filter(|part| part.has_tail).count();
    let words = words + tails + between.map(|part| part.tokens.len()).sum::<usize>();
    out.push_str("NEAR(");
    for part in parts {
        part.write(out);
        out.push(' ');
    }
    // Writing to a String can't fail.
    let _ = write!(out, ", {words})");
}

impl Expression {
    fn write(&self, out: &mut String) {
        match self {
            Self::Phrase(phrase) => phrase.write(out),
            Self::Near(a, b, words) => {
                a.scope.write(out);
                let parts: Vec<Part> = a.parts.iter().chain(&b.parts).cloned().collect();
                write_near(&parts, usize::from(*words), out);
            }
            Self::All(with, without) => {
                let whole = !without.is_empty();
                if whole {
                    out.push('(');
                }
                write_joined(with, " AND ", out);
                if whole {
                    out.push_str(" NOT ");
                    write_joined(without, " OR ", out);
                    out.push(')');
                }
            }
            Self::Any(alternatives) => write_joined(alternatives, " OR ", out),
        }
    }

    /// The parts that make an entry be found, with where they may stand.
    fn parts<'e>(&'e self, out: &mut Vec<(Scope, &'e Part)>) {
        let mut add = |phrase: &'e Phrase| {
            out.extend(phrase.parts.iter().map(|part| (phrase.scope, part)));
        };
        match self {
            Self::Phrase(phrase) => add(phrase),
            Self::Near(a, b, _) => [a, b].into_iter().for_each(add),
            Self::All(all, _) | Self::Any(all) => all.iter().for_each(|one| one.parts(out)),
        }
    }
}

fn write_joined(all: &[Expression], operator: &str, out: &mut String) {
    out.push('(');
    for (n, one) in all.iter().enumerate() {
        if n > 0 {
            out.push_str(operator);
        }
        one.write(out);
    }
    out.push(')');
}

impl Query {
    /// A query of conditions alone, to which more can be added.
    #[must_use]
    pub fn everything() -> Self {
        Self::default()
    }

    /// The same, of entries of which this is true too.
    #[must_use]
    pub fn and(mut self, condition: impl Into<Condition>) -> Self {
        self.conditions.push(condition.into());
        self
    }

    /// Conditions on entries, all of which must hold.
    #[must_use]
    pub fn conditions(&self) -> &[Condition] {
        &self.conditions
    }

    /// What FTS5 is asked for over the columns `title`, `summary` and `content`; `None` when nothing
    /// must stand in the texts.
    #[must_use]
    pub fn expression(&self) -> Option<String> {
        let mut out = String::new();
        self.text.as_ref()?.write(&mut out);
        Some(out)
    }

    pub(super) fn parts(&self) -> Vec<(Scope, &Part)> {
        let mut parts = Vec::new();
        if let Some(text) = &self.text {
            text.parts(&mut parts);
        }
        parts
    }
}
