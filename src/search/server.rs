//! The index of the history as a PostgreSQL server holds it: its `tsvector` and `tsquery`, written out.
//!
//! A token stands at its places in title (weight A), summary (B) and content (C), with a gap between the
//! three, so that no phrase goes from one to the next. The server has room for [`PLACES`] places of a text and
//! for 256 of one token: what stands further back is found as a word, and not as part of a phrase. Our tokens
//! are written as they are; the server's own ideas of words and languages are not asked.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::tokens::EntryTokens;
use super::tree::{Expression, Part, Phrase, Query, Scope};

/// Places that a text has.
const PLACES: usize = 16_383;
/// Places between title, summary and content.
const GAP: usize = 50;
/// Bytes of a token that are kept; the server takes 2,046.
const LONGEST: usize = 2000;
/// Places of one token.
const PLACES_OF_TOKEN: usize = 255;
/// Words that may stand between two phrases, at most: each number of them is asked for by itself.
const MOST_BETWEEN: usize = 50;

impl EntryTokens {
    /// What the server's index holds of an entry.
    #[must_use]
    pub fn tsvector(&self) -> String {
        let mut places: BTreeMap<&str, Vec<(usize, char)>> = BTreeMap::new();
        let mut place = 0;
        for (text, weight) in [
            (&self.title, 'A'),
            (&self.summary, 'B'),
            (&self.content, 'C'),
        ] {
            for token in text.split(' ').filter(|token| !token.is_empty()) {
                place += 1;
                let token = &token[..token.floor_char_boundary(LONGEST)];
                let known = places.entry(token).or_default();
                // Behind the last place a token stands at it, for which it need not be repeated.
                let at = (place.min(PLACES), weight);
                if known.len() < PLACES_OF_TOKEN && known.last() != Some(&at) {
                    known.push(at);
                }
            }
            place += GAP;
        }
        let mut out = String::new();
        for (token, places) in places {
            if !out.is_empty() {
                out.push(' ');
            }
            write_token(token, &mut out);
            for (n, (place, weight)) in places.into_iter().enumerate() {
                // Writing to a String can't fail.
                let _ = write!(out, "{}{place}{weight}", if n == 0 { ':' } else { ',' });
            }
        }
        out
    }
}

impl Query {
    /// What the server's index is asked for; `None` when nothing must stand in the texts.
    #[must_use]
    pub fn tsquery(&self) -> Option<String> {
        let mut out = String::new();
        self.text.as_ref()?.write_for_server(&mut out);
        Some(out)
    }
}

impl Expression {
    fn write_for_server(&self, out: &mut String) {
        match self {
            Self::Phrase(phrase) => phrase.write_for_server(out),
            Self::Near(a, b, words) => {
                let (first, second) = (written(a), written(b));
                let (first_tail, second_tail) = (tail(a), tail(b));
                let words = usize::from(*words).min(MOST_BETWEEN);
                out.push('(');
                write_near(&first, &second, first_tail + words, out);
                out.push_str(" | ");
                write_near(&second, &first, second_tail + words, out);
                out.push(')');
            }
            Self::All(with, without) => {
                out.push('(');
                write_joined(with, " & ", out);
                if !without.is_empty() {
                    out.push_str(" & !");
                    write_joined(without, " | ", out);
                }
                out.push(')');
            }
            Self::Any(alternatives) => write_joined(alternatives, " | ", out),
        }
    }
}

fn write_joined(all: &[Expression], operator: &str, out: &mut String) {
    out.push('(');
    for (n, one) in all.iter().enumerate() {
        if n > 0 {
            out.push_str(operator);
        }
        one.write_for_server(out);
    }
    out.push(')');
}

fn written(phrase: &Phrase) -> String {
    let mut out = String::new();
    phrase.write_for_server(&mut out);
    out
}

/// Places that a phrase takes behind its last token: the last letter of a dense script has one of its own.
fn tail(phrase: &Phrase) -> usize {
    phrase
        .parts
        .last()
        .map_or(0, |part| usize::from(part.has_tail))
}

/// One behind the other, with at most so many places between.
fn write_near(first: &str, second: &str, between: usize, out: &mut String) {
    out.push('(');
    for distance in 1..=between + 1 {
        if distance > 1 {
            out.push_str(" | ");
        }
        let _ = write!(out, "({first} <{distance}> {second})");
    }
    out.push(')');
}

impl Phrase {
    fn write_for_server(&self, out: &mut String) {
        out.push('(');
        for (n, part) in self.parts.iter().enumerate() {
            if n > 0 {
                // A run of a dense script has its last letter as a token of its own.
                let before = self.parts.get(n - 1).is_some_and(|before| before.has_tail);
                let _ = write!(out, " <{}> ", if before { 2 } else { 1 });
            }
            part.write_for_server(self.scope, out);
        }
        out.push(')');
    }
}

impl Part {
    fn write_for_server(&self, scope: Scope, out: &mut String) {
        for (n, token) in self.tokens.iter().enumerate() {
            if n > 0 {
                out.push_str(" <-> ");
            }
            write_token(token, out);
            let goes_on = self.goes_on && n + 1 == self.tokens.len();
            out.push_str(match (goes_on, scope) {
                (false, Scope::Anywhere) => "",
                (false, Scope::Title) => ":A",
                (false, Scope::Body) => ":BC",
                (true, Scope::Anywhere) => ":*",
                (true, Scope::Title) => ":*A",
                (true, Scope::Body) => ":*BC",
            });
        }
    }
}

/// A token between quotes, in which it has none itself.
fn write_token(token: &str, out: &mut String) {
    out.push('\'');
    out.extend(token.chars().filter(|c| !matches!(c, '\'' | '\\' | '\0')));
    out.push('\'');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::query;

    #[test]
    fn tokens_stand_at_their_places_with_gaps_between_the_texts() {
        let tokens = EntryTokens::of("Summit of the summit", "习近平", "习近平 in Astana");
        assert_eq!(
            tokens.tsvector(),
            "'astana':109C 'in':108C 'of':2A 'summit':1A,4A 'the':3A '习近':105C '平':107C '近平':106C"
        );
        let long = EntryTokens::of("", "", &"a b ".repeat(20_000));
        let written = long.tsvector();
        assert!(written.len() < 8_000, "{}", written.len());
    }

    #[test]
    fn a_query_is_asked_as_the_server_reads_it() {
        let asked = |text| {
            query(text, crate::model::Timestamp::from_millis(0))
                .unwrap()
                .tsquery()
                .unwrap()
        };
        for (text, expected) in [
            ("summit", "('summit')"),
            ("\"shanghai cooperation\"", "('shanghai' <-> 'cooperation')"),
            ("title:sco -nato", "((('sco':A)) & !(('nato')))"),
            ("astan*", "('astan':*)"),
            ("习近平", "('习近' <-> '近平')"),
        ] {
            assert_eq!(asked(text), expected, "{text}");
        }
    }
}
