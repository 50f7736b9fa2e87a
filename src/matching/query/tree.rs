//! A query's tree with what became of each node, for people.
//!
//! Every node is asked as [`evaluate`](super::evaluate) asks it, in the window in which it stands. What
//! stands in a `SENTENCE` or `PARAGRAPH` was asked in many; it is told as it was in one of them, so that
//! a node is always what its children make of it.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::evaluate::{Neighbours, Piece, Search, Side, Window};
use super::facts::Facts;
use super::print::label;
use super::spots::{Leaves, Spot, Texts};
use crate::matching::evaluate::Tally;
use crate::matching::explain::{Branch, Place};
use crate::model::{Field, Link, Node, Query, Unit};

/// How a query was decided.
#[derive(Debug)]
pub(in crate::matching) struct Reading {
    /// Whether it holds, whatever its hits weigh.
    pub holds: bool,
    /// The hits by which it does.
    pub tally: Tally,
    /// The leaf of each of them.
    pub leaves: Vec<Leaf>,
    /// Hits that begin inside one that stays: leaf and place of both.
    pub overlaps: Vec<[(Leaf, Place); 2]>,
    /// The tree.
    pub root: Branch,
}

/// A leaf as hits are told with it, and what it weighs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::matching) struct Leaf {
    /// Its number among the query's.
    pub number: usize,
    pub text: Arc<str>,
    pub weight: i32,
}

/// Decides as `evaluate` does, and tells how.
pub(in crate::matching) fn read(
    query: &Query,
    leaves: Leaves,
    texts: &Texts<'_>,
    facts: &Facts<'_>,
) -> Reading {
    let search = Search::new(query, leaves, texts, facts);
    let leaf = |spot: &Spot| Leaf {
        number: spot.leaf,
        text: search.text(spot.leaf).unwrap_or_default(),
        weight: search.weight(spot.leaf),
    };
    let place = |spot: &Spot| Place::of(texts, spot.field, spot.start, spot.end);
    let found = search.holding();
    let holds = found.is_some();
    let (mut counted, mut overlaps) = (Vec::new(), Vec::new());
    let tally = search.tally(found.unwrap_or_default(), |spot, over| match over {
        None => counted.push(leaf(spot)),
        Some(over) => overlaps.push([spot, over].map(|spot| (leaf(spot), place(spot)))),
    });
    let tree = Tree {
        search: &search,
        texts,
    };
    Reading {
        holds,
        tally,
        leaves: counted,
        overlaps,
        root: tree.branch(&query.root, Window::default()),
    }
}

struct Tree<'t> {
    search: &'t Search<'t>,
    texts: &'t Texts<'t>,
}

impl Tree<'_> {
    fn branch(&self, node: &Node, window: Window) -> Branch {
        let holds = self.search.visit(node, window, &mut Vec::new());
        let mut branch = Branch {
            node: kind(node),
            text: label(self.search.query, node),
            holds,
            hits: Vec::new(),
            unit: None,
            words: Vec::new(),
            children: Vec::new(),
        };
        let mut below = window;
        match node {
            Node::Term(_) | Node::Regex(_) => {
                let spots = window.of(self.search.spots(node));
                let place = |spot: &Spot| Place::of(self.texts, spot.field, spot.start, spot.end);
                branch.hits = spots.map(place).collect();
            }
            Node::Scoped(scope, _) => below = window.scoped(*scope),
            Node::Within(unit, inner) => {
                let piece = self.piece(*unit, inner, window);
                branch.unit = piece.map(|piece| self.unit(piece));
                // Without a hit there is none in which anything was asked.
                below = window.within(piece.unwrap_or((Field::Title, 0, 0)));
            }
            Node::Near { first, rest } => branch.words = self.words(first, rest, window),
            Node::Fact(_) | Node::And(_) | Node::Or(_) | Node::Not(_) => {}
        }
        let children = node.children().into_iter();
        branch.children = children.map(|child| self.branch(child, below)).collect();
        branch
    }

    /// The first unit in which a node holds, else the one in which most of its leaves stand.
    fn piece(&self, unit: Unit, node: &Node, window: Window) -> Option<Piece> {
        let holds = |piece: &Piece| {
            let window = window.within(*piece);
            self.search.visit(node, window, &mut Vec::new())
        };
        let mut holding = self.search.units(unit, node, window);
        holding.find(holds).or_else(|| {
            let leaves = |piece: Piece| {
                let spots = self.search.all_below(node, window.within(piece));
                let leaves: BTreeSet<usize> = spots.iter().map(|spot| spot.leaf).collect();
                leaves.len()
            };
            let pieces = self.search.units(unit, node, window);
            pieces.min_by_key(|piece| Reverse(leaves(*piece)))
        })
    }

    /// A unit without the white space around it.
    fn unit(&self, (field, start, end): Piece) -> Place {
        let source = self
            .texts
            .fields()
            .iter()
            .find(|(which, _)| *which == field);
        let text = source.map_or("", |(_, text)| text);
        let end = end.min(text.len());
        let whole = text.get(start..end).unwrap_or_default();
        let start = end - whole.trim_start().len();
        Place::of(self.texts, field, start, start + whole.trim().len())
    }

    /// The fewest words between hits of each operand and the one before it.
    fn words(&self, first: &Node, rest: &[(Link, Node)], window: Window) -> Vec<Option<usize>> {
        let mut left = self.search.all_below(first, window);
        let mut all = Vec::new();
        for (link, node) in rest {
            let side = if link.ordered {
                Side::Before
            } else {
                Side::Either
            };
            let right = self.search.all_below(node, window);
            let others = Neighbours::new(&left);
            all.push(
                right
                    .iter()
                    .filter_map(|spot| others.words(spot, side))
                    .min(),
            );
            left = right;
        }
        all
    }
}

const fn kind(node: &Node) -> &'static str {
    match node {
        Node::Term(_) => "term",
        Node::Regex(_) => "regex",
        Node::Fact(_) => "fact",
        Node::And(_) => "and",
        Node::Or(_) => "or",
        Node::Not(_) => "not",
        Node::Near { .. } => "near",
        Node::Within(Unit::Sentence, _) => "sentence",
        Node::Within(Unit::Paragraph, _) => "paragraph",
        Node::Scoped(..) => "scope",
    }
}
