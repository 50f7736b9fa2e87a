//! Whether a query holds of an entry, and by which hits.
//!
//! A pure function over the [`Spot`]s of the leaves. A node is asked in a [`Window`], the fields or
//! the single unit that it may look into, and adds the hits by which it holds to those of its
//! parent; a node that does not hold adds none. Time grows with the hits and the query, not with
//! their product: each leaf's hits are sorted, and `NEAR` looks for the nearest only.

use std::collections::BTreeSet;

use super::facts::Facts;
use super::print::written;
use super::spots::{Leaves, Spot, Texts};
use super::units::unit_of;
use crate::matching::evaluate::MAX_HITS;
use crate::model::{Field, Hit, Link, Node, Query, Scope, Unit};

const FIELDS: [Field; 5] = [
    Field::Title,
    Field::Summary,
    Field::Content,
    Field::Text,
    Field::Author,
];

/// The hits by which the query holds, without overlaps; empty when it does not, or when they weigh
/// less than the threshold.
pub(in crate::matching) fn evaluate(
    query: &Query,
    threshold: i32,
    leaves: Leaves,
    texts: &Texts<'_>,
    facts: &Facts<'_>,
) -> Vec<Hit> {
    let search = Search {
        query,
        leaves: leaves.by_leaf(query.terms.len() + query.regexes.len()),
        texts,
        facts,
    };
    let mut found = Vec::new();
    if !search.visit(&query.root, Window::default(), &mut found) {
        return Vec::new();
    }
    found.retain(|spot| search.weight(spot.leaf) != 0);
    found.sort_unstable_by_key(|spot| (spot.field, spot.start, usize::MAX - spot.end, spot.leaf));
    let mut counted = BTreeSet::new();
    let mut sum = 0_i32;
    let mut free = (Field::Title, 0);
    let mut hits = Vec::new();
    for spot in found {
        if spot.field == free.0 && spot.start < free.1 {
            continue;
        }
        free = (spot.field, spot.end);
        if counted.insert(spot.leaf) {
            sum = sum.saturating_add(search.weight(spot.leaf));
        }
        let regex = || query.regexes.get(spot.leaf - query.terms.len());
        let term = match query.terms.get(spot.leaf) {
            Some(term) => Some(term.text.clone()),
            None => regex().map(|regex| written(regex).into()),
        };
        hits.extend(term.map(|term| Hit {
            term,
            field: spot.field,
            start: spot.start,
            end: spot.end,
            because: None,
        }));
    }
    if sum < threshold {
        return Vec::new();
    }
    hits
}

/// Where a node looks.
#[derive(Debug, Clone, Copy, Default)]
struct Window {
    /// The scopes around it; none means every field but the author.
    scopes: [Option<Scope>; 3],
    /// The unit around it, by its source bytes.
    unit: Option<(Field, usize, usize)>,
}

impl Window {
    /// The part of the window that belongs to a scope.
    fn scoped(mut self, scope: Scope) -> Self {
        if let Some(place) = self
            .scopes
            .iter_mut()
            .find(|place| place.is_none_or(|s| s == scope))
        {
            *place = Some(scope);
        }
        self
    }

    fn has(&self, field: Field) -> bool {
        let mut scopes = self.scopes.iter().flatten().peekable();
        if scopes.peek().is_none() {
            return field != Field::Author;
        }
        scopes.all(|scope| scope.holds(field))
    }

    /// The hits of a sorted list that lie in the window.
    fn of(self, spots: &[Spot]) -> impl Iterator<Item = &Spot> {
        let (from, to) = match self.unit {
            None => (0, spots.len()),
            Some((field, start, end)) => (
                spots.partition_point(|spot| (spot.field, spot.start) < (field, start)),
                spots.partition_point(|spot| (spot.field, spot.start) < (field, end)),
            ),
        };
        let spots = spots.get(from..to).unwrap_or_default().iter();
        spots.filter(move |spot| {
            self.has(spot.field) && self.unit.is_none_or(|(_, _, end)| spot.end <= end)
        })
    }
}

/// Where the other operand of a link may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Before,
    Behind,
    Either,
}

struct Search<'s> {
    query: &'s Query,
    leaves: Vec<Vec<Spot>>,
    texts: &'s Texts<'s>,
    facts: &'s Facts<'s>,
}

impl Search<'_> {
    fn weight(&self, leaf: usize) -> i32 {
        let terms = self.query.terms.len();
        match leaf.checked_sub(terms) {
            None => self.query.weight(&Node::Term(leaf)),
            Some(regex) => self.query.weight(&Node::Regex(regex)),
        }
    }

    /// The hits of a leaf of the tree; none for other nodes.
    fn spots(&self, node: &Node) -> &[Spot] {
        let leaf = match node {
            Node::Term(index) => *index,
            Node::Regex(index) => self.query.terms.len() + index,
            _ => return &[],
        };
        self.leaves.get(leaf).map_or(&[], Vec::as_slice)
    }

    /// Whether a node holds in a window; if so, adds the hits by which it does.
    fn visit(&self, node: &Node, window: Window, out: &mut Vec<Spot>) -> bool {
        let mark = out.len();
        match node {
            Node::Term(_) | Node::Regex(_) => {
                out.extend(window.of(self.spots(node)));
                out.len() > mark
            }
            Node::Fact(fact) => self.facts.fulfil(fact),
            Node::And(nodes) => {
                let holds = nodes.iter().all(|node| self.visit(node, window, out));
                if !holds {
                    out.truncate(mark);
                }
                holds
            }
            Node::Or(nodes) => {
                let mut holds = false;
                for node in nodes {
                    holds |= self.visit(node, window, out);
                }
                holds
            }
            Node::Not(node) => {
                let holds = self.visit(node, window, out);
                out.truncate(mark);
                !holds
            }
            Node::Scoped(scope, node) => self.visit(node, window.scoped(*scope), out),
            Node::Within(unit, node) => self.within(*unit, node, window, out),
            Node::Near { first, rest } => self.near(first, rest, window, out),
        }
    }

    /// All hits of the leaves at and below a node, by field and start.
    fn all_below(&self, node: &Node, window: Window) -> Vec<Spot> {
        let mut spots = Vec::new();
        node.walk(&mut |node| spots.extend(window.of(self.spots(node))));
        spots.sort_unstable_by_key(|spot: &Spot| (spot.field, spot.start, spot.end, spot.leaf));
        spots
    }

    /// Asks a node in each unit in which a leaf of it stands, of each field the first ones.
    fn within(&self, unit: Unit, node: &Node, window: Window, out: &mut Vec<Spot>) -> bool {
        let spots = self.all_below(node, window);
        let mut holds = false;
        for field in FIELDS {
            let mut spots = spots.iter().filter(|spot| spot.field == field).peekable();
            if spots.peek().is_none() {
                continue;
            }
            let begins = self.texts.beginnings(field, unit);
            let units: BTreeSet<usize> = spots
                .filter_map(|spot| unit_of(&begins, spot.start, spot.end))
                .collect();
            for number in units.into_iter().take(MAX_HITS) {
                let start = match number.checked_sub(1) {
                    None => 0,
                    Some(before) => begins.get(before).copied().unwrap_or(0),
                };
                let end = begins.get(number).copied().unwrap_or(usize::MAX);
                let unit = Some((field, start, end));
                holds |= self.visit(node, Window { unit, ..window }, out);
            }
        }
        holds
    }

    /// Keeps of each operand's hits those that are part of a whole chain.
    fn near(
        &self,
        first: &Node,
        rest: &[(Link, Node)],
        window: Window,
        out: &mut Vec<Spot>,
    ) -> bool {
        let first = self.all_below(first, window);
        if first.is_empty() {
            return false;
        }
        let mut chain = vec![first];
        for (link, node) in rest {
            let side = if link.ordered {
                Side::Before
            } else {
                Side::Either
            };
            let others = chain.last().map_or(&[][..], Vec::as_slice);
            let kept = linked(self.all_below(node, window), others, link.words, side);
            if kept.is_empty() {
                return false;
            }
            chain.push(kept);
        }
        // What has a way to its left needs one to its right too.
        let mut right = chain.pop().unwrap_or_default();
        for (link, _) in rest.iter().rev() {
            let side = if link.ordered {
                Side::Behind
            } else {
                Side::Either
            };
            let left = linked(chain.pop().unwrap_or_default(), &right, link.words, side);
            out.extend(std::mem::replace(&mut right, left));
        }
        out.extend(right);
        true
    }
}

/// The hits that have one of the others on that side, in the same field, without overlap and with at
/// most so many words between. Both lists are sorted by field and start.
fn linked(spots: Vec<Spot>, others: &[Spot], words: u16, side: Side) -> Vec<Spot> {
    let words = usize::from(words);
    let mut by_end: Vec<&Spot> = others.iter().collect();
    by_end.sort_unstable_by_key(|spot| (spot.field, spot.end));
    let before = |spot: &Spot| {
        let count =
            by_end.partition_point(|other| (other.field, other.end) <= (spot.field, spot.start));
        let nearest = count.checked_sub(1).and_then(|index| by_end.get(index));
        nearest.is_some_and(|other| {
            other.field == spot.field
                && spot.words_before.saturating_sub(other.words_through) <= words
        })
    };
    let behind = |spot: &Spot| {
        let from =
            others.partition_point(|other| (other.field, other.start) < (spot.field, spot.end));
        others.get(from).is_some_and(|other| {
            other.field == spot.field
                && other.words_before.saturating_sub(spot.words_through) <= words
        })
    };
    let is_linked = |spot: &Spot| match side {
        Side::Before => before(spot),
        Side::Behind => behind(spot),
        Side::Either => before(spot) || behind(spot),
    };
    spots.into_iter().filter(is_linked).collect()
}
