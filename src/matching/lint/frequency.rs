//! In how many texts each term stands.

use super::sample::Finder;
use crate::matching::CompileError;
use crate::model::{Field, Node, Query, Term, Topic, TopicId};

/// Counts, for the terms that make a topic mentioned, the texts in which they stand. Terms that
/// count in context only are left out.
#[derive(Debug)]
pub struct Frequency {
    terms: Vec<(TopicId, Term)>,
    finder: Finder,
    counts: Vec<usize>,
    texts: usize,
}

/// In how many of the texts a term stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// The topic.
    pub topic: TopicId,
    /// The term.
    pub term: String,
    /// The texts in which it stands.
    pub found: usize,
    /// All texts.
    pub texts: usize,
}

impl Frequency {
    /// Begins to count for these topics.
    ///
    /// # Errors
    /// [`CompileError`] when a term can't be compiled.
    pub fn new(topics: &[Topic]) -> Result<Self, CompileError> {
        let mut terms: Vec<(TopicId, Term)> = Vec::new();
        for topic in topics {
            let listed = topic.any.iter().filter(|term| !term.ambiguous);
            let leaves = topic.query.iter().flat_map(alone);
            terms.extend(
                listed
                    .chain(leaves)
                    .map(|term| (topic.id.clone(), term.clone())),
            );
        }
        let borrowed: Vec<&Term> = terms.iter().map(|(_, term)| term).collect();
        Ok(Self {
            finder: Finder::new(&borrowed)?,
            counts: vec![0; terms.len()],
            texts: 0,
            terms,
        })
    }

    /// Counts one text.
    pub fn add(&mut self, fields: &[(Field, &str)]) {
        self.texts += 1;
        for (number, _) in self.finder.find(fields) {
            if let Some(count) = self.counts.get_mut(number) {
                *count += 1;
            }
        }
    }

    /// How many texts were counted.
    #[must_use]
    pub fn texts(&self) -> usize {
        self.texts
    }

    /// The terms that stand in more than this share of the texts (0 to 1), in the topics' order.
    #[must_use]
    pub fn above(&self, share: f64) -> Vec<Share> {
        let counted = self.terms.iter().zip(&self.counts);
        counted
            .filter(|(_, count)| **count as f64 > share * self.texts as f64)
            .map(|((topic, term), count)| Share {
                topic: topic.clone(),
                term: term.text.to_string(),
                found: *count,
                texts: self.texts,
            })
            .collect()
    }
}

/// The terms of a query any of which makes it hold.
fn alone(query: &Query) -> Vec<&Term> {
    let mut open = vec![&query.root];
    let mut terms = Vec::new();
    while let Some(node) = open.pop() {
        match node {
            Node::Term(index) => terms.extend(query.terms.get(*index)),
            Node::Or(nodes) => open.extend(nodes),
            _ => {}
        }
    }
    terms
}
