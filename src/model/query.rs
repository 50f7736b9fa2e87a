//! A topic's query as plain data: what `matching` parses, prints and evaluates.
//!
//! A [`Query`] keeps its terms and regular expressions in lists, in the order in which they are
//! written, and a tree of [`Node`]s that refer to them by index; so the terms are found like those of
//! any other list of a topic. `docs/query.md` says what each node means to people.
//!
//! This file knows no syntax and finds nothing.

use std::sync::Arc;

use super::{Field, Keep, Term, Topic};

/// A condition on an entry, with the texts that it looks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// The words and phrases, in the order of the text.
    pub terms: Vec<Term>,
    /// The regular expressions, likewise.
    pub regexes: Vec<Regex>,
    /// The condition.
    pub root: Node,
}

/// A regular expression that is looked for in the text as it is, not folded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Regex {
    /// The expression, in the syntax of the `regex` crate.
    pub pattern: Arc<str>,
    /// Whether letter case makes no difference.
    pub ignore_case: bool,
    /// What a hit of it adds to the topic's sum.
    pub weight: i32,
}

/// A condition, or a part of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// A term has a hit: its index in [`Query::terms`].
    Term(usize),
    /// A regular expression has a hit: its index in [`Query::regexes`].
    Regex(usize),
    /// The entry's feed or language is such.
    Fact(Fact),
    /// All hold.
    And(Vec<Node>),
    /// At least one holds.
    Or(Vec<Node>),
    /// It does not hold.
    Not(Box<Node>),
    /// Hits stand near each other, each operand near the one before it.
    Near {
        /// The leftmost operand: a term, a regular expression, or alternatives of them.
        first: Box<Node>,
        /// The others, with how each is joined to the one before.
        rest: Vec<(Link, Node)>,
    },
    /// It holds in one sentence, or one paragraph, taken by itself.
    Within(Unit, Box<Node>),
    /// It holds in the fields of a scope.
    Scoped(Scope, Box<Node>),
}

/// How two operands of [`Node::Near`] are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// How many words may lie between them.
    pub words: u16,
    /// Whether the left one must come first.
    pub ordered: bool,
}

/// A piece of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unit {
    /// A sentence.
    Sentence,
    /// A paragraph.
    Paragraph,
}

/// The fields in which a part of a query holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// The title.
    Title,
    /// Summary, content and texts without fields.
    Body,
    /// The author.
    Author,
}

impl Scope {
    /// Whether a field belongs to the scope.
    #[must_use]
    pub const fn holds(self, field: Field) -> bool {
        match self {
            Self::Title => matches!(field, Field::Title),
            Self::Body => matches!(field, Field::Summary | Field::Content | Field::Text),
            Self::Author => matches!(field, Field::Author),
        }
    }
}

/// A condition on an entry's feed or language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// What it is about.
    pub kind: FactKind,
    /// What it must be; letter case makes no difference.
    pub value: Arc<str>,
    /// Whether it needs to begin so only.
    pub prefix: bool,
}

/// What a [`Fact`] is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FactKind {
    /// The feed's id or name.
    Source,
    /// The entry's language (BCP 47); `pt` includes `pt-BR`.
    Language,
    /// A tag of the feed.
    Tag,
}

impl Node {
    /// The nodes right below this one.
    #[must_use]
    pub fn children(&self) -> Vec<&Node> {
        match self {
            Self::Term(_) | Self::Regex(_) | Self::Fact(_) => Vec::new(),
            Self::And(nodes) | Self::Or(nodes) => nodes.iter().collect(),
            Self::Not(node) | Self::Within(_, node) | Self::Scoped(_, node) => vec![node],
            Self::Near { first, rest } => std::iter::once(&**first)
                .chain(rest.iter().map(|(_, node)| node))
                .collect(),
        }
    }

    /// This node and all below it, each before its children.
    pub fn walk<'n>(&'n self, visit: &mut impl FnMut(&'n Node)) {
        visit(self);
        for child in self.children() {
            child.walk(visit);
        }
    }

    /// Whether it can hold only where a leaf outside `NOT` for which `counts` says so has a hit.
    pub fn needs(&self, counts: &impl Fn(&Node) -> bool) -> bool {
        match self {
            Self::Term(_) | Self::Regex(_) => counts(self),
            Self::Fact(_) | Self::Not(_) => false,
            Self::And(nodes) => nodes.iter().any(|node| node.needs(counts)),
            Self::Or(nodes) => !nodes.is_empty() && nodes.iter().all(|node| node.needs(counts)),
            Self::Within(_, node) | Self::Scoped(_, node) => node.needs(counts),
            Self::Near { first, rest } => {
                first.needs(counts) || rest.iter().any(|(_, node)| node.needs(counts))
            }
        }
    }

    /// Whether it is a term, a regular expression, or alternatives of them: what can stand near
    /// something.
    #[must_use]
    pub fn is_place(&self) -> bool {
        match self {
            Self::Term(_) | Self::Regex(_) => true,
            Self::Or(nodes) => nodes.iter().all(Self::is_place),
            _ => false,
        }
    }
}

impl Query {
    /// What a leaf of the tree weighs; nothing for other nodes.
    #[must_use]
    pub fn weight(&self, node: &Node) -> i32 {
        match node {
            Node::Term(index) => self.terms.get(*index).map_or(0, |term| term.weight),
            Node::Regex(index) => self.regexes.get(*index).map_or(0, |regex| regex.weight),
            _ => 0,
        }
    }

    /// Whether it can hold only where there is a hit to show: one of a leaf outside `NOT` whose
    /// weight is not zero.
    #[must_use]
    pub fn is_anchored(&self) -> bool {
        self.root.needs(&|leaf| self.weight(leaf) != 0)
    }

    /// Whether it looks into authors' names.
    #[must_use]
    pub fn reads_authors(&self) -> bool {
        let mut reads = false;
        self.root
            .walk(&mut |node| reads |= matches!(node, Node::Scoped(Scope::Author, _)));
        reads
    }
}

impl Topic {
    /// A query that finds what the lists of this topic find, with the same hits.
    ///
    /// `None` where the topic has no lists, or one that queries have no words for: `except`, an
    /// ambiguous term, a term for some languages only, one that keeps differences, or one of `any`
    /// that weighs nothing.
    ///
    /// ```
    /// use mentiond::matching::print_query;
    /// use mentiond::model::{Term, Topic, TopicId};
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mut topic = Topic::new(TopicId::new("x")?, vec![Term::new("SCO"), Term::new("ШОС")]);
    /// topic.none.push(Term::new("SCO Group"));
    /// let query = topic.to_query().ok_or("expressible")?;
    /// assert_eq!(print_query(&query), r#"(SCO OR ШОС) NOT "SCO Group""#);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn to_query(&self) -> Option<Query> {
        if self.any.is_empty() || !self.except.is_empty() {
            return None;
        }
        let mut terms = Vec::new();
        let mut group = |list: &[Term], weight: Option<i32>| -> Option<Node> {
            let mut nodes = Vec::new();
            for term in list {
                let plain = !term.ambiguous && term.languages.is_empty();
                if !plain || term.keep != Keep::default() || (weight.is_none() && term.weight == 0)
                {
                    return None;
                }
                nodes.push(Node::Term(terms.len()));
                terms.push(Term {
                    weight: weight.unwrap_or(term.weight),
                    ..term.clone()
                });
            }
            Some(one_or(nodes, Node::Or))
        };
        let mut nodes = vec![group(&self.any, None)?];
        for alternatives in &self.all {
            nodes.push(group(alternatives, Some(0))?);
        }
        if !self.none.is_empty() {
            nodes.push(Node::Not(Box::new(group(&self.none, Some(1))?)));
        }
        Some(Query {
            root: one_or(nodes, Node::And),
            terms,
            regexes: Vec::new(),
        })
    }
}

/// The only node, or all of them under one.
fn one_or(mut nodes: Vec<Node>, join: fn(Vec<Node>) -> Node) -> Node {
    match nodes.pop() {
        Some(only) if nodes.is_empty() => only,
        Some(last) => {
            nodes.push(last);
            join(nodes)
        }
        None => join(nodes),
    }
}
