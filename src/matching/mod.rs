//! Finds topics in text: many topics, many languages, one pass.
//!
//! [`Matcher`] is compiled once from all [`Topic`]s and then shared. It folds each field (`fold`),
//! asks at the beginning of each word which terms of all topics may begin there (`index`), lets each
//! of them verify itself (`patterns`) and each touched topic weigh its hits (`evaluate`).
//! A topic with a query is decided by `query`, over hits found in the same way.
//! [`check_term`] and [`parse_query`] tell a configuration's author what is wrong with a term or
//! query, [`lint`] what is doubtful about whole topics, [`explain`] why a topic is mentioned or not;
//! [`snippet`] cuts the text around a hit for
//! people.
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
//! - Words may stand with endings and proclitics of the text's language (`inflect`), unless the term says no.
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

mod bearers;
mod character;
mod compound;
mod evaluate;
pub mod explain;
mod fold;
mod index;
mod inflect;
pub mod lint;
pub mod names;
mod patterns;
mod plain;
mod query;
mod read;
mod score;
mod segment;
mod snippet;
mod table;
mod term;
#[cfg(test)]
mod tests;

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::model::{Case, Field, Keep, Mention, Query, Term, Topic, TopicId};
use bearers::Own;
use evaluate::{Gathering, Role};
use index::{Index, Key};
use inflect::proclitic;
use patterns::{PatternId, Patterns, TailIds, narrow};
use query::{Regexes, Texts};
use read::Reading;
use term::Cut;

pub use plain::{FoldedText, Piece, letter_end};
pub use query::{
    Facts, MAX_QUERY_BYTES, MAX_QUERY_DEPTH, MAX_QUERY_NODES, MAX_QUERY_REGEXES, QueryError,
    parse_query, print_query,
};
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
    /// A query has a text that is no regular expression.
    #[error("topic `{topic}`, regular expression `{pattern}`: {reason}")]
    Regex {
        /// The topic.
        topic: TopicId,
        /// The expression, cut to 80 characters.
        pattern: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The expressions of all queries are too large together.
    #[error("the regular expressions are too large to be searched together ({0}): remove some")]
    TooLarge(String),
}

/// Where a term is used.
#[derive(Debug, Clone, Copy)]
struct Use {
    /// Index in the matcher's topics.
    topic: u32,
    /// Index in the topic's list.
    term: u32,
    role: Role,
}

/// All topics, compiled to be found in one pass over a text.
#[derive(Debug)]
pub struct Matcher {
    topics: Arc<[Topic]>,
    /// Where patterns may begin.
    index: Index,
    /// The distinct terms of all topics.
    patterns: Patterns,
    /// The topics' terms, those of one pattern together.
    uses: Vec<Use>,
    /// For each pattern, where its uses end; they begin where the pattern's before end.
    uses_end: Vec<u32>,
    /// For each topic with surnames, the names that may stand before them.
    own: HashMap<usize, Own>,
    /// The regular expressions of all queries.
    regexes: Regexes,
    /// Whether a query looks into authors' names.
    reads_authors: bool,
}

/// What makes two terms one pattern.
type Same<'t> = (&'t str, Case, Keep, bool);

impl Matcher {
    /// Compiles topics, of which it keeps a copy.
    ///
    /// # Errors
    /// As [`Matcher::share`].
    pub fn compile(topics: &[Topic]) -> Result<Self, CompileError> {
        Self::share(topics.into())
    }

    /// Compiles topics and shares them with whom they are from.
    ///
    /// # Errors
    /// [`CompileError`] names the first topic and term or expression that can't be compiled.
    pub fn share(topics: Arc<[Topic]>) -> Result<Self, CompileError> {
        let mut patterns = Patterns::default();
        let mut tails = TailIds::new();
        let mut keys: Vec<(PatternId, Vec<Key>)> = Vec::new();
        let mut uses: Vec<(PatternId, Use)> = Vec::new();
        let mut known: HashMap<Same<'_>, Vec<PatternId>> = HashMap::new();
        for (index, topic) in topics.iter().enumerate() {
            for (role, number, term) in terms(topic) {
                let same = (&*term.text, term.case, term.keep, term.inflect);
                let ids = match known.entry(same) {
                    Entry::Occupied(known) => known.into_mut(),
                    Entry::Vacant(new) => {
                        let cuts = cuts(term).map_err(|reason| CompileError::Term {
                            topic: topic.id.clone(),
                            term: term.text.chars().take(80).collect(),
                            reason,
                        })?;
                        let ids = cuts.into_iter().enumerate().map(|(variant, cut)| {
                            let id = patterns.add(&cut, term, variant > 0, &mut tails);
                            keys.push((id, cut.keys));
                            id
                        });
                        new.insert(ids.collect())
                    }
                };
                let place = Use {
                    topic: narrow(index),
                    role,
                    term: narrow(number),
                };
                uses.extend(ids.iter().map(|id| (*id, place)));
            }
        }
        drop(known);
        let (index, backs) = Index::build(&keys);
        for (id, back) in backs {
            patterns.set_back(id, back);
        }
        patterns.shrink();
        uses.sort_by_key(|(id, _)| *id);
        let mut uses_end = Vec::new();
        for (at, (id, _)) in uses.iter().enumerate() {
            uses_end.resize(*id as usize + 1, 0);
            uses_end[*id as usize] = narrow(at + 1);
        }
        Ok(Self {
            index,
            patterns,
            uses: uses.into_iter().map(|(_, used)| used).collect(),
            uses_end,
            own: topics
                .iter()
                .enumerate()
                .filter_map(|(index, topic)| Some((index, Own::of(topic)?)))
                .collect(),
            regexes: Regexes::compile(&topics)?,
            reads_authors: topics
                .iter()
                .flat_map(|topic| &topic.query)
                .any(Query::reads_authors),
            topics,
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
        let facts = Facts {
            language,
            ..Facts::default()
        };
        self.find_with(fields, &facts)
    }

    /// The same, where more is known of the entry, which queries may ask for. Each field stands
    /// once among the fields.
    #[must_use]
    pub fn find_with(&self, fields: &[(Field, &str)], facts: &Facts<'_>) -> Vec<Mention> {
        let fields = self.fields(fields, facts);
        let mut found: BTreeMap<usize, Gathering> = BTreeMap::new();
        for (field, text) in fields.clone() {
            Reading::of(self, field, facts.language, &mut found).read(text);
        }
        if found.is_empty() {
            return Vec::new();
        }
        let texts = Texts::new(fields.collect());
        found
            .into_iter()
            .filter_map(|(index, gathering)| {
                let topic = self.topics.get(index)?;
                let hits = gathering.conclude(topic, &texts, facts);
                (!hits.is_empty()).then(|| Mention {
                    topic: topic.id.clone(),
                    score: score(topic, &hits),
                    hits,
                })
            })
            .collect()
    }

    /// What of an entry is searched.
    fn fields<'t>(
        &self,
        fields: &[(Field, &'t str)],
        facts: &Facts<'t>,
    ) -> impl Iterator<Item = (Field, &'t str)> + Clone {
        let author = facts.author.filter(|_| self.reads_authors);
        let fields = fields.iter().copied();
        let fields = fields.chain(author.map(|author| (Field::Author, author)));
        fields.map(|(field, text)| (field, beginning(text, MAX_TEXT_BYTES)))
    }

    /// The topics it was compiled from, in their order.
    #[must_use]
    pub fn topics(&self) -> &[Topic] {
        &self.topics
    }
}

/// A term as the index knows it: itself, and without its Arabic article, which other proclitics
/// change.
fn cuts(term: &Term) -> Result<Vec<Cut>, TermError> {
    let mut cuts = vec![term::cut(term)?];
    if term.inflect
        && let Some(rest) = proclitic::without_article(&term.text)
        && let Ok(cut) = term::cut(&Term {
            text: rest.into(),
            ..term.clone()
        })
    {
        cuts.push(cut);
    }
    Ok(cuts)
}

/// All terms of a topic, those of its query too, with their lists and their places in them.
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
        .map(|(group, terms)| (Role::All(narrow(group)), terms));
    let listed = plain.into_iter().chain(groups).flat_map(|(role, terms)| {
        terms
            .iter()
            .enumerate()
            .map(move |(number, term)| (role, number, term))
    });
    let leaves = topic.query.iter().flat_map(|query| &query.terms);
    let leaves = leaves.enumerate();
    listed.chain(leaves.map(|(number, term)| (Role::Leaf(narrow(number)), number, term)))
}

/// At most the first `most` bytes of a text.
fn beginning(text: &str, most: usize) -> &str {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
