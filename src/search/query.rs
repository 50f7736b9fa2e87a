//! Reading a search: words, phrases, operators and conditions.
//!
//! [`query`] follows `docs/search.md`, which writes as `docs/query.md` does what both can say. It is
//! forgiving where a topic's query is strict: what is no operator in its place is text, or nothing.
//! Never panics; the depth and number of parts are bounded.

use std::time::Duration;

use super::lex::{Name, Token, tokens};
use super::tree::{Condition, Expression, Phrase, Query, Scope, Test};
use crate::config::units::parse_duration;
use crate::matching::QueryError;
use crate::model::Timestamp;

/// Longest search, in bytes.
pub const MAX_SEARCH_BYTES: usize = 4 << 10;
/// Most words of a search, those of phrases too.
pub const MAX_SEARCH_WORDS: usize = 100;
/// How deep groups may be.
const MAX_DEPTH: usize = 16;
/// Most values of a condition.
const MAX_VALUES: usize = 100;
const DAY: Duration = Duration::from_hours(24);

/// Reads a search; `now` is what spans of time are counted from.
///
/// # Errors
/// When there is nothing to look for, a condition's value is none, or it is too long or too deep.
pub fn query(text: &str, now: Timestamp) -> Result<Query, QueryError> {
    if text.len() > MAX_SEARCH_BYTES {
        return Err(error(
            0,
            format!("a search has at most {MAX_SEARCH_BYTES} bytes"),
        ));
    }
    let mut parser = Parser {
        tokens: tokens(text),
        at: 0,
        end: text.len(),
        now,
        words: 0,
        depth: 0,
        conditions: Vec::new(),
    };
    let mut alternatives = Vec::new();
    let mut only_without = false;
    // A closing parenthesis too many ends nothing.
    while !parser.is_done() {
        match parser.or(Scope::Anywhere)? {
            Found::Text(expression) => alternatives.push(expression),
            Found::OnlyWithout(_) => only_without = true,
            Found::Nothing => {}
        }
        parser.at += 1;
    }
    let conditions = parser.conditions;
    if alternatives.is_empty() && (only_without || conditions.is_empty()) {
        let message = if only_without {
            "a search needs a word that is to be found, beside those that are not"
        } else {
            "a search needs a word or a condition"
        };
        return Err(error(text.len(), message));
    }
    Ok(Query {
        text: together(alternatives, Vec::new()),
        conditions,
    })
}

fn error(at: usize, message: impl Into<String>) -> QueryError {
    let message = message.into();
    QueryError { at, message }
}

/// What a part of a search came to.
enum Found {
    Text(Expression),
    /// Words that must not stand there, and none that must.
    OnlyWithout(Vec<Expression>),
    /// Conditions, or signs only.
    Nothing,
}

struct Parser {
    tokens: Vec<(usize, Token)>,
    at: usize,
    end: usize,
    now: Timestamp,
    words: usize,
    depth: usize,
    conditions: Vec<Condition>,
}

impl Parser {
    fn is_done(&self) -> bool {
        self.at >= self.tokens.len()
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|(_, token)| token)
    }

    fn place(&self) -> usize {
        self.tokens.get(self.at).map_or(self.end, |(at, _)| *at)
    }

    fn or(&mut self, scope: Scope) -> Result<Found, QueryError> {
        let (place, before) = (self.place(), self.conditions.len());
        let mut alternatives = Vec::new();
        let mut without = None;
        let mut others = 0;
        loop {
            match self.and(scope)? {
                Found::Text(expression) => alternatives.push(expression),
                Found::OnlyWithout(words) => without = Some(words),
                Found::Nothing => {}
            }
            if self.peek() != Some(&Token::Or) {
                break;
            }
            self.at += 1;
            others += 1;
        }
        if others > 0 && self.conditions.len() > before {
            let message = "conditions hold for the whole search: \
                           write them outside of what `OR` joins, as in `lang:(ru OR be)`";
            return Err(error(place, message));
        }
        match (without, alternatives.is_empty()) {
            (Some(words), true) => Ok(Found::OnlyWithout(words)),
            (Some(_), false) => {
                let message =
                    "an alternative needs a word that is to be found, beside those that are not";
                Err(error(place, message))
            }
            (None, true) => Ok(Found::Nothing),
            (None, false) => Ok(Found::Text(any(alternatives))),
        }
    }

    fn and(&mut self, scope: Scope) -> Result<Found, QueryError> {
        let (mut with, mut without) = (Vec::new(), Vec::new());
        loop {
            let mut negated = false;
            while let Some(Token::And | Token::Not) = self.peek() {
                negated ^= self.peek() == Some(&Token::Not);
                self.at += 1;
            }
            if matches!(self.peek(), None | Some(Token::Or | Token::Close)) {
                break;
            }
            match (self.near(scope, negated)?, negated) {
                (Found::Text(expression), false) => with.push(expression),
                (Found::Text(expression), true) => without.push(expression),
                (Found::OnlyWithout(words), false) => without.extend(words),
                (Found::OnlyWithout(words), true) => with.push(any(words)),
                (Found::Nothing, _) => {}
            }
        }
        if with.is_empty() && !without.is_empty() {
            return Ok(Found::OnlyWithout(without));
        }
        Ok(together(with, without).map_or(Found::Nothing, Found::Text))
    }

    fn near(&mut self, scope: Scope, negated: bool) -> Result<Found, QueryError> {
        let mut first = self.primary(scope, negated)?;
        while let Some(Token::Near(words)) = self.peek() {
            let words = *words;
            let place = self.place();
            self.at += 1;
            let second = match self.peek() {
                Some(Token::Text(_)) => self.primary(scope, negated)?,
                _ => Found::Nothing,
            };
            first = match (first, second) {
                (Found::Text(Expression::Phrase(a)), Found::Text(Expression::Phrase(b))) => {
                    Found::Text(Expression::Near(a, b, words))
                }
                _ => {
                    let message = "in a search `NEAR/n` stands between two words or phrases";
                    return Err(error(place, message));
                }
            };
        }
        Ok(first)
    }

    fn primary(&mut self, scope: Scope, negated: bool) -> Result<Found, QueryError> {
        let place = self.place();
        let Some(token) = self.peek().cloned() else {
            return Ok(Found::Nothing);
        };
        self.at += 1;
        match token {
            Token::Text(text) => {
                let Some(phrase) = Phrase::read(&text, scope) else {
                    return Ok(Found::Nothing);
                };
                self.words += phrase.tokens();
                if self.words > MAX_SEARCH_WORDS {
                    return Err(error(
                        place,
                        format!("a search has at most {MAX_SEARCH_WORDS} words"),
                    ));
                }
                Ok(Found::Text(Expression::Phrase(phrase)))
            }
            Token::Open => {
                self.depth += 1;
                if self.depth > MAX_DEPTH {
                    return Err(error(place, format!("groups are at most {MAX_DEPTH} deep")));
                }
                let before = self.conditions.len();
                let found = self.or(scope)?;
                if self.conditions.len() > before {
                    return Err(error(place, "conditions stand outside of groups"));
                }
                self.depth -= 1;
                if self.peek() == Some(&Token::Close) {
                    self.at += 1;
                }
                Ok(found)
            }
            Token::Name(Name::Title) => self.primary(scope.within(Scope::Title), negated),
            Token::Name(Name::Body) => self.primary(scope.within(Scope::Body), negated),
            Token::Name(name) => {
                let values = self.values()?;
                let test = self.test(place, name, values)?;
                if negated && matches!(test, Test::Since(_) | Test::Until(_)) {
                    return Err(error(
                        place,
                        "write `until:` for not `since:`, and the other way round",
                    ));
                }
                self.conditions.push(Condition { negated, test });
                Ok(Found::Nothing)
            }
            Token::Foreign(name) => {
                let message =
                    format!("`{name}:` is for the queries of topics: a search does not know it");
                Err(error(place, message))
            }
            // Operators where none belongs.
            _ => Ok(Found::Nothing),
        }
    }

    /// A value, or alternatives in parentheses.
    fn values(&mut self) -> Result<Vec<String>, QueryError> {
        let mut values = Vec::new();
        match self.peek() {
            Some(Token::Text(text)) => {
                values.push(text.clone());
                self.at += 1;
            }
            Some(Token::Open) => {
                self.at += 1;
                loop {
                    match self.peek() {
                        Some(Token::Text(text)) => values.push(text.clone()),
                        Some(Token::Or) => {}
                        Some(Token::Close) => {
                            self.at += 1;
                            break;
                        }
                        None => break,
                        Some(_) => {
                            let message = "only values and `OR` stand between these parentheses";
                            return Err(error(self.place(), message));
                        }
                    }
                    self.at += 1;
                }
            }
            _ => {}
        }
        values.retain(|value| !value.trim().is_empty());
        if values.is_empty() || values.len() > MAX_VALUES {
            return Err(error(
                self.place(),
                format!("a condition needs a value, and has at most {MAX_VALUES}"),
            ));
        }
        Ok(values)
    }

    fn test(&self, place: usize, name: Name, values: Vec<String>) -> Result<Test, QueryError> {
        let time = |ends: bool| match values.as_slice() {
            [value] => time(value, self.now, ends).ok_or_else(|| {
                let message = "a time is a span such as 24h or 7d, a date such as 2024-07-04, \
                               or an instant such as 2024-07-04T09:30:00Z (in quotes)";
                error(place, message)
            }),
            _ => Err(error(place, "this condition has one value")),
        };
        Ok(match name {
            Name::Since => Test::Since(time(false)?),
            Name::Until => Test::Until(time(true)?),
            Name::Topic => Test::Topic(values),
            Name::Feed => Test::Feed(values),
            Name::Language => {
                let is_tag =
                    |value: &String| value.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
                if !values.iter().all(is_tag) {
                    return Err(error(place, "a language is a code such as `pt` or `pt-BR`"));
                }
                Test::Language(values)
            }
            _ => Test::Source(values),
        })
    }
}

/// Reads a time: a span before now, an instant, or a day (UTC), which counts whole: what `ends` with it
/// ends when it is over.
#[must_use]
pub fn time(text: &str, now: Timestamp, ends: bool) -> Option<Timestamp> {
    if let Some(at) = Timestamp::parse_rfc3339(text) {
        return Some(at);
    }
    if let Some(day) = Timestamp::parse_rfc3339(&format!("{text}T00:00:00Z")) {
        return Some(if ends { day + DAY } else { day });
    }
    parse_duration(text).ok().map(|age| now - age)
}

impl Scope {
    fn within(self, inner: Self) -> Self {
        if self == Self::Anywhere { inner } else { self }
    }
}

/// All of these without those, as short as it can be said.
fn together(mut with: Vec<Expression>, without: Vec<Expression>) -> Option<Expression> {
    if with.len() > 1 || !without.is_empty() {
        return (!with.is_empty()).then_some(Expression::All(with, without));
    }
    with.pop()
}

fn any(mut alternatives: Vec<Expression>) -> Expression {
    match alternatives.pop() {
        Some(one) if alternatives.is_empty() => one,
        last => Expression::Any(alternatives.into_iter().chain(last).collect()),
    }
}
