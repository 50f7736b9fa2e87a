//! How strongly an entry is about a topic, as one number.
//!
//! A mention's score is 1 to 100. Each hit counts by its field (a headline says what a text is
//! about) and by the weight of its term, a term's second and further hits in a field for less each;
//! a hit early in a text counts more than one further down. The sum `s` becomes `100 * s / (s + 4)`, so that more is
//! always more and nothing is ever above 100. One plain hit in a title scores 50, one in a text's
//! first lines about 27, one far down in it 11.

use std::collections::HashMap;

use crate::model::{Field, Hit, Topic};

/// The sum of hits that scores 50.
const HALF: f64 = 4.0;
/// From here on, in bytes, a hit's place in a text makes no more difference.
const FAR: usize = 4_000;

/// What one hit counts by its field and place.
fn place(field: Field, start: usize) -> f64 {
    #[allow(clippy::cast_precision_loss)] // at most FAR
    let depth = start.min(FAR) as f64 / FAR as f64;
    match field {
        Field::Title => 4.0,
        Field::Summary | Field::Content | Field::Text | Field::Author => 1.5 - depth,
    }
}

/// What one hit adds to the sum, by its parts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Share {
    /// The weight of its term.
    pub weight: i32,
    /// By field and place.
    pub place: f64,
    /// 1 for the first hit of the term in the field, ½ for the second, and so on.
    pub repeat: f64,
}

impl Share {
    /// What the hit adds.
    pub(super) fn points(self) -> f64 {
        f64::from(self.weight.max(0)) * self.place * self.repeat
    }
}

/// What each hit of a topic adds to the sum.
pub(super) fn shares(topic: &Topic, hits: &[Hit]) -> impl Iterator<Item = Share> {
    let mut repeats: HashMap<(Field, &str), f64> = HashMap::new();
    hits.iter().map(move |hit| {
        let leaves = topic.query.iter().flat_map(|query| &query.terms);
        let mut terms = topic.any.iter().chain(leaves);
        let term = terms.find(|term| term.text == hit.term);
        let repeat = repeats.entry((hit.field, &hit.term)).or_insert(2.0);
        *repeat /= 2.0;
        Share {
            weight: term.map_or(1, |term| term.weight),
            place: place(hit.field, hit.start),
            repeat: *repeat,
        }
    })
}

/// The score of a topic's hits in one entry.
///
/// ```
/// use mentiond::matching::Matcher;
/// use mentiond::model::{Field, Term, Topic, TopicId};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let topic = Topic::new(TopicId::new("iaea")?, vec![Term::new("IAEA")]);
/// let matcher = Matcher::compile(&[topic])?;
/// let score = |fields: &[(Field, &str)]| matcher.find(fields)[0].score;
/// assert_eq!(score(&[(Field::Title, "IAEA meets")]), 50);
/// assert_eq!(score(&[(Field::Content, "In Vienna the IAEA met")]), 27);
/// # Ok(())
/// # }
/// ```
#[must_use]
pub fn score(topic: &Topic, hits: &[Hit]) -> u8 {
    let sum: f64 = shares(topic, hits).map(Share::points).sum();
    let score = (100.0 * sum / (sum + HALF)).round().clamp(1.0, 100.0);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // clamped
    let score = score as u8;
    score
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::{Term, TopicId};

    fn topic(weight: i32) -> Topic {
        let term = Term {
            weight,
            ..Term::new("a")
        };
        Topic::new(TopicId::new("t").unwrap(), vec![term])
    }

    fn hit(field: Field, start: usize) -> Hit {
        Hit {
            term: Arc::from("a"),
            field,
            start,
            end: start + 1,
            because: None,
        }
    }

    #[test]
    fn a_title_says_more_than_a_text_and_its_beginning_more_than_its_end() {
        let score = |field, start| score(&topic(1), &[hit(field, start)]);
        assert_eq!(score(Field::Title, 90), 50);
        assert_eq!(score(Field::Content, 0), 27);
        assert_eq!(score(Field::Content, 1_000_000), 11);
    }

    #[test]
    fn more_is_more_and_never_above_a_hundred() {
        let hits: Vec<Hit> = (0..500).map(|n| hit(Field::Title, n)).collect();
        let scores: Vec<u8> = (1..=hits.len())
            .map(|n| score(&topic(1), &hits[..n]))
            .collect();
        assert!(scores.is_sorted() && scores[1] > scores[0]);
        assert_eq!(score(&topic(1000), &hits), 100);
        assert_eq!(score(&topic(-5), &hits), 1);
    }
}
