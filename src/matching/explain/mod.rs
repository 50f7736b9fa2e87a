//! Why a topic is mentioned in a text, or why it is not.
//!
//! An [`Explainer`] has each topic compiled by itself, and finds its hits as the
//! [`Matcher`] of all topics does. Its gatherings are watched (`evaluate`), and the same functions decide:
//! an [`Explanation`] never differs from what [`Matcher::find_with`] finds. Besides, the terms that are
//! for other languages are looked for as if they were not (`choosy`).
//!
//! It is made for people who ask about one text; the daemon has no use for it. Pure, and bounded as
//! the matcher is.

mod choosy;
mod lists;
#[cfg(test)]
pub(super) mod tests;
mod told;
mod words;

use std::collections::{BTreeMap, HashSet};

use super::evaluate::Gathering;
use super::query::{self, Facts, Texts};
use super::read::Reading;
use super::score::{score, shares};
use super::{CompileError, Matcher};
use crate::model::{Field, Hit, Term, Topic};
use choosy::Choosy;
pub use told::{
    Branch, Counted, Explanation, Failure, Found, Group, List, Passed, Place, Reason, Weight,
};

/// Topics, compiled to be explained.
///
/// ```
/// use mentiond::matching::Facts;
/// use mentiond::matching::explain::{Explainer, Failure, Reason};
/// use mentiond::model::{Field, Term, Topic, TopicId};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut topic = Topic::new(TopicId::new("sco")?, vec![Term::new("SCO")]);
/// topic.except.push(Term::new("SCO Group"));
/// let explainer = Explainer::compile(&[topic])?;
/// let told = explainer.explain(&[(Field::Title, "The SCO Group sued")], &Facts::default());
/// assert_eq!(told[0].failed, [Failure::NoneCounts]);
/// assert!(matches!(&told[0].passed[0].reason, Reason::Except { by } if by.place.start == 4));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Explainer {
    topics: Vec<One>,
}

/// A topic by itself.
#[derive(Debug)]
struct One {
    topic: Topic,
    matcher: Matcher,
    /// Those of its terms that are for some languages only, if it has any.
    choosy: Option<Choosy>,
}

impl Explainer {
    /// Compiles topics.
    ///
    /// # Errors
    /// As [`Matcher::compile`].
    pub fn compile(topics: &[Topic]) -> Result<Self, CompileError> {
        let one = |topic: &Topic| {
            Ok(One {
                topic: topic.clone(),
                matcher: Matcher::compile(std::slice::from_ref(topic))?,
                choosy: Choosy::of(topic)?,
            })
        };
        let topics = topics.iter().map(one).collect::<Result<_, _>>()?;
        Ok(Self { topics })
    }

    /// What is to be told of each topic in the fields of one entry, in the topics' order. Each field
    /// stands once among the fields.
    #[must_use]
    pub fn explain(&self, fields: &[(Field, &str)], facts: &Facts<'_>) -> Vec<Explanation> {
        let one = |one: &One| one.explain(fields, facts);
        self.topics.iter().map(one).collect()
    }
}

impl One {
    fn explain(&self, fields: &[(Field, &str)], facts: &Facts<'_>) -> Explanation {
        let topic = &self.topic;
        let texts = Texts::new(self.matcher.fields(fields, facts).collect());
        let gathering = gather(&self.matcher, &texts, facts);
        let mut told = match &topic.query {
            None => lists::explain(topic, gathering, &texts),
            Some(query) => {
                let reading = query::read(query, gathering.leaves, &texts, facts);
                queried(topic, reading, &texts)
            }
        };
        if let Some(choosy) = &self.choosy {
            let passed = choosy.passed(topic, &texts, facts, &told);
            told.passed.extend(passed);
        }
        told.passed
            .sort_by_key(|p| (p.found.place.field, p.found.place.start, p.found.place.end));
        // A term that does not count stands there all the same.
        if told.failed.first() == Some(&Failure::NoHit) && told.stands() {
            told.failed[0] = Failure::NoneCounts;
        }
        told
    }
}

/// Finds the hits of a matcher's only topic.
fn gather(matcher: &Matcher, texts: &Texts<'_>, facts: &Facts<'_>) -> Gathering {
    let mut found = BTreeMap::from([(0, Gathering::watched())]);
    for (field, text) in texts.fields() {
        Reading::of(matcher, *field, facts.language, &mut found).read(text);
    }
    found.remove(&0).unwrap_or_default()
}

/// The explanation of a topic with a query.
fn queried(topic: &Topic, reading: query::Reading, texts: &Texts<'_>) -> Explanation {
    let sum = reading.tally.sum;
    let hits = reading.tally.hits.clone();
    let mentioned = reading.holds && !reading.tally.reaching(topic.threshold).is_empty();
    let mut weights: Vec<Weight> = Vec::new();
    let mut leaves = HashSet::new();
    for leaf in &reading.leaves {
        if leaves.insert(leaf.number) {
            weights.push(Weight {
                term: leaf.text.clone(),
                weight: leaf.weight,
            });
        }
    }
    let mut told = Explanation {
        weights,
        hits: counted(topic, &hits, texts, |_| None),
        query: Some(reading.root),
        ..told(topic, mentioned, &hits, sum)
    };
    for [(leaf, place), (over, at)] in reading.overlaps {
        told.passed.push(Passed {
            list: List::Any,
            found: Found {
                term: leaf.text,
                place,
            },
            rule: None,
            reason: Reason::Overlap {
                by: Found {
                    term: over.text,
                    place: at,
                },
            },
        });
    }
    if !mentioned {
        if !told.stands() {
            told.failed.push(Failure::NoHit);
        }
        if !reading.holds {
            told.failed.push(Failure::Query);
        } else if hits.is_empty() {
            told.failed.push(Failure::NoneCounts);
        } else {
            let threshold = topic.threshold;
            told.failed.push(Failure::Threshold { sum, threshold });
        }
    }
    told
}

/// What is told of every topic.
fn told(topic: &Topic, mentioned: bool, hits: &[Hit], sum: i32) -> Explanation {
    Explanation {
        topic: topic.id.clone(),
        name: topic.name.clone(),
        mentioned,
        score: mentioned.then(|| score(topic, hits)),
        sum,
        threshold: topic.threshold,
        weights: Vec::new(),
        hits: Vec::new(),
        passed: Vec::new(),
        all: Vec::new(),
        none: Vec::new(),
        failed: Vec::new(),
        query: None,
    }
}

/// The hits that count, with their shares of the score; `term` tells the term of the hit with this
/// number.
fn counted<'t>(
    topic: &Topic,
    hits: &[Hit],
    texts: &Texts<'_>,
    term: impl Fn(usize) -> Option<&'t Term>,
) -> Vec<Counted> {
    let shares = shares(topic, hits);
    let hits = hits.iter().zip(shares).enumerate();
    hits.map(|(number, (hit, share))| Counted {
        found: Found {
            term: hit.term.clone(),
            place: Place::of(texts, hit.field, hit.start, hit.end),
        },
        rule: term(number).and_then(|term| term.rule.clone()),
        because: hit.because.clone(),
        weight: share.weight,
        place: share.place,
        repeat: share.repeat,
        points: share.points(),
    })
    .collect()
}
