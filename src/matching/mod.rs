//! Finds topics in text: many topics, many languages, one pass.
//!
//! [`Matcher`] is compiled once from all [`Topic`]s and then shared. It folds each field (`fold`),
//! runs one automaton over it that knows the literal beginnings of every term of every topic, lets
//! each term verify its candidates (`term`) and each touched topic weigh them (`evaluate`).
//! [`check_term`] tells a configuration's author what is wrong with a term, [`snippet`] cuts the
//! text around a hit for people.
//!
//! ```
//! use mentiond::matching::Matcher;
//! use mentiond::model::{Case, Field, Term, Topic, TopicId};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let sco = Term { case: Case::Exact, ..Term::new("SCO") };
//! let topic = Topic::new(TopicId::new("sco")?, vec![sco]);
//! let mentions = Matcher::compile(&[topic])?.find(&[(Field::Title, "俄罗斯SCO峰会")]);
//! assert_eq!((mentions[0].hits[0].start, mentions[0].hits[0].end), (9, 12));
//! # Ok(())
//! # }
//! ```
//!
//! # What matches
//! - Case, diacritics, full-width and other compatibility forms, spellings of one Arabic letter,
//!   apostrophes, invisible characters and the width of white space make no difference. With
//!   [`Case::Exact`](crate::model::Case) letter case does, all else stays so.
//! - A space in a term matches one run of white space or one hyphen, and so does a hyphen; hyphens
//!   and spaces at a term's ends are ignored.
//! - A hit begins and ends at a word boundary. Between Han, Kana, Thai, Lao, Khmer or Myanmar and
//!   anything else there is always one; apostrophes, hyphens and all other punctuation are one.
//!   Before a combining mark there is none.
//! - A `*` takes the further letters, digits and marks of its word, and none of a script without
//!   spaces.
//! - An unambiguous hit that supports ambiguous ones must count itself, that is stand outside
//!   `except`. Context that overlaps an ambiguous hit supports it unless it is part of it.
//!
//! # Limits
//! Of a field the first [`MAX_TEXT_BYTES`] are searched; per topic, field and list (`any`,
//! `except`, `near`) the first 1,000 hits are kept. Time grows with the text and the candidates in it, never
//! with the number of topics. Nothing here does I/O or panics.

mod character;
mod evaluate;
mod fold;
pub mod names;
mod score;
mod snippet;
mod term;
#[cfg(test)]
mod tests;

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};

use aho_corasick::{AhoCorasick, MatchKind};

use crate::model::{Case, Field, Mention, Term, Topic, TopicId};
use evaluate::{Gathering, Role, Words};
use fold::Folded;
use term::Pattern;

pub use score::score;
pub use snippet::{Snippet, snippet};
pub use term::{MAX_TERM_CHARS, TermError, check_term};

/// How much of a field is searched, in bytes.
pub const MAX_TEXT_BYTES: usize = 16 << 20;

/// Why topics can't be compiled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CompileError {
    /// A topic has a text that can't be a term.
    #[error("topic `{topic}`, term `{term}`: {reason}")]
    Term {
        /// The topic.
        topic: TopicId,
        /// The term as the owner wrote it, cut to 80 characters.
        term: String,
        /// What is wrong with it.
        reason: TermError,
    },
    /// The automaton would be too large.
    #[error("the topics have too many terms to be searched together ({0}): remove some")]
    TooLarge(String),
}

/// Where a term is used.
#[derive(Debug, Clone, Copy)]
struct Use {
    /// Index in the matcher's topics.
    topic: usize,
    role: Role,
    /// Index in the topic's list.
    term: usize,
}

/// All topics, compiled to be found in one pass over a text.
#[derive(Debug)]
pub struct Matcher {
    topics: Vec<Topic>,
    /// Finds the distinct heads of all patterns in folded text.
    heads: AhoCorasick,
    /// For each head, the patterns that begin with it.
    beginning_with: Vec<Vec<usize>>,
    /// The distinct terms of all topics.
    patterns: Vec<Pattern>,
    /// For each pattern, the topics' terms that it stands for.
    uses: Vec<Vec<Use>>,
}

impl Matcher {
    /// Compiles topics.
    ///
    /// # Errors
    /// [`CompileError`] names the first topic and term that can't be compiled.
    pub fn compile(topics: &[Topic]) -> Result<Self, CompileError> {
        let mut patterns: Vec<Pattern> = Vec::new();
        let mut uses: Vec<Vec<Use>> = Vec::new();
        let mut pattern_ids: HashMap<(&str, bool), usize> = HashMap::new();
        for (index, topic) in topics.iter().enumerate() {
            for (role, number, term) in terms(topic) {
                let id = match pattern_ids.entry((&term.text, term.case == Case::Exact)) {
                    Entry::Occupied(known) => *known.get(),
                    Entry::Vacant(new) => {
                        let pattern = Pattern::compile(term);
                        patterns.push(pattern.map_err(|reason| CompileError::Term {
                            topic: topic.id.clone(),
                            term: term.text.chars().take(80).collect(),
                            reason,
                        })?);
                        uses.push(Vec::new());
                        *new.insert(patterns.len() - 1)
                    }
                };
                uses[id].push(Use {
                    topic: index,
                    role,
                    term: number,
                });
            }
        }
        let mut heads: Vec<&str> = Vec::new();
        let mut beginning_with: Vec<Vec<usize>> = Vec::new();
        let mut head_ids: HashMap<&str, usize> = HashMap::new();
        for (id, pattern) in patterns.iter().enumerate() {
            let head = *head_ids.entry(pattern.head()).or_insert_with(|| {
                heads.push(pattern.head());
                beginning_with.push(Vec::new());
                heads.len() - 1
            });
            beginning_with[head].push(id);
        }
        let heads = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .build(&heads)
            .map_err(|error| CompileError::TooLarge(error.to_string()))?;
        Ok(Self {
            topics: topics.to_vec(),
            heads,
            beginning_with,
            patterns,
            uses,
        })
    }

    /// The mentions of all topics in the fields of one entry.
    ///
    /// Mentions come in the topics' order; a mention's hits in the fields' order, then by start.
    /// Where hits of a topic overlap, the leftmost wins, of those the longest, of those an
    /// unambiguous one, of those the first in `any`.
    #[must_use]
    pub fn find(&self, fields: &[(Field, &str)]) -> Vec<Mention> {
        self.find_in(fields, None)
    }

    /// The same, where the language of the entry is known: terms that are for other languages do
    /// not count.
    #[must_use]
    pub fn find_in(&self, fields: &[(Field, &str)], language: Option<&str>) -> Vec<Mention> {
        let mut found: BTreeMap<usize, Gathering> = BTreeMap::new();
        for (field, text) in fields {
            self.read(*field, beginning(text), language, &mut found);
        }
        found
            .into_iter()
            .filter_map(|(index, gathering)| {
                let topic = self.topics.get(index)?;
                let hits = gathering.conclude(topic);
                (!hits.is_empty()).then(|| Mention {
                    topic: topic.id.clone(),
                    score: score(topic, &hits),
                    hits,
                })
            })
            .collect()
    }

    /// The topics it was compiled from, in their order.
    #[must_use]
    pub fn topics(&self) -> &[Topic] {
        &self.topics
    }

    /// The topics' terms that a pattern stands for in a text of this language.
    fn uses(&self, pattern: usize, language: Option<&str>) -> Vec<Use> {
        let uses = self.uses.get(pattern).into_iter().flatten();
        uses.filter(|used| {
            let topic = self.topics.get(used.topic);
            let term = topic.and_then(|topic| used.role.terms(topic)?.get(used.term));
            term.is_some_and(|term| term.counts_in(language))
        })
        .copied()
        .collect()
    }

    fn read(
        &self,
        field: Field,
        text: &str,
        language: Option<&str>,
        found: &mut BTreeMap<usize, Gathering>,
    ) {
        let folded = Folded::new(text, false);
        let mut touched = Vec::new();
        // For each pattern found so far, its uses that another hit could still change something
        // for: a text full of one word costs no more than the hits that are kept.
        let mut live: HashMap<usize, Vec<Use>> = HashMap::new();
        for candidate in self.heads.find_overlapping_iter(folded.text()) {
            if !folded.is_boundary(candidate.start()) {
                continue;
            }
            let patterns = self.beginning_with.get(candidate.pattern().as_usize());
            for &id in patterns.into_iter().flatten() {
                if live.get(&id).is_some_and(Vec::is_empty) {
                    continue;
                }
                let Some(pattern) = self.patterns.get(id) else {
                    continue;
                };
                let Some(range) = pattern.verify(&folded, candidate.start()) else {
                    continue;
                };
                live.entry(id)
                    .or_insert_with(|| self.uses(id, language))
                    .retain(|used| {
                        let gathering = found.entry(used.topic).or_default();
                        if gathering.touch() {
                            touched.push(used.topic);
                        }
                        gathering.add(used.role, used.term, &range);
                        gathering.wants(used.role)
                    });
            }
        }
        let words = Words::new(&folded);
        for index in touched {
            if let (Some(topic), Some(gathering)) = (self.topics.get(index), found.get_mut(&index))
            {
                gathering.close_field(topic, field, &folded, &words);
            }
        }
    }
}

/// All terms of a topic with their lists and their places in them.
fn terms(topic: &Topic) -> impl Iterator<Item = (Role, usize, &Term)> {
    let plain = [
        (Role::Any, &topic.any),
        (Role::None, &topic.none),
        (Role::Except, &topic.except),
        (Role::Near, &topic.near),
    ];
    let groups = topic
        .all
        .iter()
        .enumerate()
        .map(|(group, terms)| (Role::All(group), terms));
    plain.into_iter().chain(groups).flat_map(|(role, terms)| {
        terms
            .iter()
            .enumerate()
            .map(move |(number, term)| (role, number, term))
    })
}

/// As much of a text as is searched.
fn beginning(text: &str) -> &str {
    let mut end = text.len().min(MAX_TEXT_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
