//! What an explanation tells, as plain data; serialized with the keys that `docs/cli.md` names.

use std::sync::Arc;

use serde::Serialize;

use crate::matching::query::Texts;
use crate::model::{Field, TopicId};

/// Why a topic is mentioned in a text, or why it is not.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// The topic's id.
    pub topic: TopicId,
    /// Its name.
    pub name: String,
    /// Whether it is mentioned: what the matcher decides too.
    pub mentioned: bool,
    /// How strongly, if it is.
    pub score: Option<u8>,
    /// What the distinct terms of `hits` add up to.
    pub sum: i32,
    /// What they must add up to.
    pub threshold: i32,
    /// Those terms.
    pub weights: Vec<Weight>,
    /// The hits that count, or would if nothing else were in the way.
    pub hits: Vec<Counted>,
    /// The hits that do not count.
    pub passed: Vec<Passed>,
    /// The groups of `all`.
    pub all: Vec<Group>,
    /// The first hits of `none` in each field.
    pub none: Vec<Found>,
    /// What is missing or in the way; empty exactly when the topic is mentioned.
    pub failed: Vec<Failure>,
    /// The query, for a topic that has one.
    pub query: Option<Branch>,
}

impl Explanation {
    /// Whether a term of the topic's `any`, or of its query, stands in the text, counting or not.
    #[must_use]
    pub fn stands(&self) -> bool {
        !self.hits.is_empty()
            || self.passed.iter().any(|passed| passed.list == List::Any)
            || self.query.as_ref().is_some_and(Branch::stands)
    }
}

/// A place in the text of a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The field.
    pub field: Field,
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// What stands there.
    pub text: String,
}

impl Place {
    pub(in crate::matching) fn of(
        texts: &Texts<'_>,
        field: Field,
        start: usize,
        end: usize,
    ) -> Self {
        let source = texts.fields().iter().find(|(which, _)| *which == field);
        let text = source.and_then(|(_, text)| text.get(start..end));
        Self {
            field,
            start,
            end,
            text: text.unwrap_or_default().to_owned(),
        }
    }
}

/// A term and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Found {
    /// The term as its owner wrote it.
    pub term: Arc<str>,
    /// Where.
    #[serde(flatten)]
    pub place: Place,
}

/// What a term adds to the sum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Weight {
    /// The term as its owner wrote it.
    pub term: Arc<str>,
    /// Its weight.
    pub weight: i32,
}

/// A hit that counts.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Counted {
    /// The term and where it stands.
    #[serde(flatten)]
    pub found: Found,
    /// How the term was made of a person's name; none when its owner wrote it.
    pub rule: Option<Arc<str>>,
    /// Why an ambiguous term counts: `near "summit"`, `with "Шанхайск*"`.
    pub because: Option<String>,
    /// The term's weight in the score.
    pub weight: i32,
    /// What the field and the place in it are worth.
    pub place: f64,
    /// 1, ½, ¼ … for the first, second, third … hit of the term in the field.
    pub repeat: f64,
    /// What the hit adds to the score's sum: the product of the three, or 0 for a weight below zero.
    pub points: f64,
}

/// A hit that does not count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Passed {
    /// The list that the term is in.
    pub list: List,
    /// The term and where it stands.
    #[serde(flatten)]
    pub found: Found,
    /// How the term was made of a person's name; none when its owner wrote it.
    pub rule: Option<Arc<str>>,
    /// Why it does not count.
    pub reason: Reason,
}

/// A list of a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum List {
    /// `any`, or the query.
    Any,
    /// `all`.
    All,
    /// `none`.
    None,
    /// `except`.
    Except,
    /// `near`.
    Near,
}

impl List {
    /// The list's name in the configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::All => "all",
            Self::None => "none",
            Self::Except => "except",
            Self::Near => "near",
        }
    }
}

/// Why a hit does not count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Reason {
    /// It lies inside a hit of `except`.
    Except {
        /// That hit.
        by: Found,
    },
    /// It is the surname of somebody with another given name.
    SomebodyElse {
        /// The given name.
        name: Place,
    },
    /// It is the surname of somebody with a trade that the topic's person does not have.
    Trade {
        /// The trade.
        name: Place,
    },
    /// It is a surname that stands in quotation marks by itself, as titles of works do.
    Title,
    /// It is ambiguous, has no context nearby, and no unambiguous term counts.
    NoContext {
        /// How many words may lie between.
        within: usize,
        /// The nearest context, if there is any in the field.
        nearest: Option<Found>,
        /// How many words lie between.
        words: Option<usize>,
    },
    /// It begins inside a hit that counts.
    Overlap {
        /// That hit.
        by: Found,
    },
    /// The term is not for the text's language.
    Language {
        /// The languages that it is for.
        languages: Vec<String>,
    },
}

/// A group of `all`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Group {
    /// Its alternatives.
    pub terms: Vec<Arc<str>>,
    /// Their first hits in each field.
    pub hits: Vec<Found>,
}

/// What keeps a topic from being mentioned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Failure {
    /// No term of `any`, or of the query, stands in the text.
    NoHit,
    /// Such terms stand there, but none counts.
    NoneCounts,
    /// A group of `all` has no hit.
    Group {
        /// Which, from 1.
        number: usize,
        /// Its alternatives.
        terms: Vec<Arc<str>>,
    },
    /// A term of `none` has one.
    Forbidden {
        /// Its first hit.
        by: Found,
    },
    /// The query does not hold.
    Query,
    /// The terms that count weigh too little.
    Threshold {
        /// What they add up to.
        sum: i32,
        /// What they must.
        threshold: i32,
    },
}

/// A node of a query, as it was judged where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Branch {
    /// `term`, `regex`, `fact`, `and`, `or`, `not`, `near`, `sentence`, `paragraph` or `scope`.
    pub node: &'static str,
    /// A leaf or condition as it is written; of others the operator.
    pub text: String,
    /// Whether it holds.
    pub holds: bool,
    /// Where a leaf stands.
    pub hits: Vec<Place>,
    /// The sentence or paragraph in which the nodes below were judged: the first in which all holds,
    /// else that with the most leaves.
    pub unit: Option<Place>,
    /// Of `NEAR`, the fewest words that lie between hits of each operand and the one before it;
    /// null where they share no field, overlap or stand in the wrong order.
    pub words: Vec<Option<usize>>,
    /// The nodes below.
    pub children: Vec<Branch>,
}

impl Branch {
    fn stands(&self) -> bool {
        !self.hits.is_empty() || self.children.iter().any(Self::stands)
    }
}
