//! Reasons as sentences for people; what `match --explain` and `explain` print.

use std::fmt::{self, Display, Formatter};
use std::sync::Arc;

use super::told::{Failure, Place, Reason};

impl Display for Place {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}..{}", self.field.as_str(), self.start, self.end)
    }
}

impl Display for Reason {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Except { by } => {
                write!(f, "lies inside \"{}\" of `except`, {}", by.term, by.place)
            }
            Self::SomebodyElse { name } => write!(
                f,
                "somebody else's: the given name \"{}\" before it is in none of the topic's terms",
                name.text
            ),
            Self::Trade { name } => {
                write!(
                    f,
                    "somebody else's: \"{}\" before it is the trade of another",
                    name.text
                )
            }
            Self::Title => {
                f.write_str("stands in quotation marks by itself, as titles of works do")
            }
            Self::NoContext {
                within,
                nearest: Some(near),
                words: Some(words),
            } => write!(
                f,
                "ambiguous: between it and the nearest context, \"{}\" at {}, lie {words} words, {within} may; \
                 and no unambiguous term counts",
                near.term, near.place
            ),
            Self::NoContext { .. } => f.write_str(
                "ambiguous: no term of `near` stands in this field; and no unambiguous term counts",
            ),
            Self::Overlap { by } => {
                write!(
                    f,
                    "begins inside \"{}\", which counts, {}",
                    by.term, by.place
                )
            }
            Self::Language { languages } => {
                write!(f, "counts in texts in {} only", languages.join(", "))
            }
        }
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoHit => f.write_str("no term that it looks for stands in the text"),
            Self::NoneCounts => f.write_str("no hit counts"),
            Self::Group { number, terms } => {
                write!(f, "no hit of group {number} of `all`: {}", listed(terms))
            }
            Self::Forbidden { by } => {
                write!(f, "\"{}\" of `none` stands at {}", by.term, by.place)
            }
            Self::Query => f.write_str("the query does not hold"),
            Self::Threshold { sum, threshold } => write!(
                f,
                "the terms that count weigh {sum}, the threshold is {threshold}"
            ),
        }
    }
}

/// Terms in a row, the first ones of many.
fn listed(terms: &[Arc<str>]) -> String {
    const MOST: usize = 10;
    let mut list = terms
        .iter()
        .take(MOST)
        .map(|term| &**term)
        .collect::<Vec<_>>();
    let more = terms.len().saturating_sub(MOST);
    let rest = format!("{more} more");
    if more > 0 {
        list.push(&rest);
    }
    list.join(", ")
}
