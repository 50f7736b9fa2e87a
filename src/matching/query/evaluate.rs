//! Whether a query holds of an entry, and by which hits.
//!
//! A pure function over the [`Spot`]s of the leaves. A node is asked in a [`Window`], the fields or
//! the single unit that it may look into, and adds the hits by which it holds to those of its
//! parent; a node that does not hold adds none. Time grows with the hits and the query, not with
//! their product: each leaf's hits are sorted, and `NEAR` looks for the nearest only.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::facts::Facts;
use super::print::written;
use super::spots::{Leaves, Spot, Texts};
use super::units::unit_of;
use crate::matching::evaluate::{MAX_HITS, Tally};
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
    let search = Search::new(query, leaves, texts, facts);
    match search.holding() {
        Some(found) => search.tally(found, |_, _| ()).reaching(threshold),
        None => Vec::new(),
    }
}

/// Where a node looks.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Window {
    /// The scopes around it; none means every field but the author.
    scopes: [Option<Scope>; 3],
    /// The unit around it, by its source bytes.
    unit: Option<Piece>,
}

/// A unit of a field's text: its first source byte, and one past its last or more.
pub(super) type Piece = (Field, usize, usize);

impl Window {
    /// A unit of the window.
    pub(super) fn within(self, unit: Piece) -> Self {
        Self {
            unit: Some(unit),
            ..self
        }
    }

    /// The part of the window that belongs to a scope.
    pub(super) fn scoped(mut self, scope: Scope) -> Self {
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
    pub(super) fn of(self, spots: &[Spot]) -> impl Iterator<Item = &Spot> {
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
pub(super) enum Side {
    Before,
    Behind,
    Either,
}

/// A query, the hits of its leaves, and what else it asks for.
pub(super) struct Search<'s> {
    pub query: &'s Query,
    leaves: Vec<Vec<Spot>>,
    texts: &'s Texts<'s>,
    facts: &'s Facts<'s>,
}

impl<'s> Search<'s> {
    pub(super) fn new(
        query: &'s Query,
        leaves: Leaves,
        texts: &'s Texts<'s>,
        facts: &'s Facts<'s>,
    ) -> Self {
        Self {
            query,
            leaves: leaves.by_leaf(query.terms.len() + query.regexes.len()),
            texts,
            facts,
        }
    }
}

impl Search<'_> {
    /// The hits by which the query holds, if it does.
    pub(super) fn holding(&self) -> Option<Vec<Spot>> {
        let mut found = Vec::new();
        self.visit(&self.query.root, Window::default(), &mut found)
            .then_some(found)
    }

    /// Weighs the hits by which the query holds, without overlaps; tells `note` of each hit of
    /// weight, and of that which stays in its place if it is not the one.
    pub(super) fn tally(
        &self,
        mut found: Vec<Spot>,
        mut note: impl FnMut(&Spot, Option<&Spot>),
    ) -> Tally {
        found.retain(|spot| self.weight(spot.leaf) != 0);
        found.sort_unstable_by_key(|s| (s.field, s.start, usize::MAX - s.end, s.leaf));
        let mut counted = BTreeSet::new();
        let mut sum = 0_i32;
        let mut last: Option<&Spot> = None;
        let mut hits = Vec::new();
        for spot in &found {
            let over = last.filter(|last| spot.field == last.field && spot.start < last.end);
            note(spot, over);
            if over.is_some() {
                continue;
            }
            last = Some(spot);
            if counted.insert(spot.leaf) {
                sum = sum.saturating_add(self.weight(spot.leaf));
            }
            hits.extend(self.text(spot.leaf).map(|term| Hit {
                term,
                field: spot.field,
                start: spot.start,
                end: spot.end,
                because: None,
            }));
        }
        Tally { hits, sum }
    }

    /// A leaf as hits are told with it.
    pub(super) fn text(&self, leaf: usize) -> Option<Arc<str>> {
        if let Some(term) = self.query.terms.get(leaf) {
            return Some(term.text.clone());
        }
        let regex = leaf.checked_sub(self.query.terms.len());
        let regex = regex.and_then(|regex| self.query.regexes.get(regex));
        regex.map(|regex| written(regex).into())
    }

    /// What a leaf weighs.
    pub(super) fn weight(&self, leaf: usize) -> i32 {
        let terms = self.query.terms.len();
        match leaf.checked_sub(terms) {
            None => self.query.weight(&Node::Term(leaf)),
            Some(regex) => self.query.weight(&Node::Regex(regex)),
        }
    }

    /// The hits of a leaf of the tree; none for other nodes.
    pub(super) fn spots(&self, node: &Node) -> &[Spot] {
        let leaf = match node {
            Node::Term(index) => *index,
            Node::Regex(index) => self.query.terms.len() + index,
            _ => return &[],
        };
        self.leaves.get(leaf).map_or(&[], Vec::as_slice)
    }

    /// Whether a node holds in a window; if so, adds the hits by which it does.
    pub(super) fn visit(&self, node: &Node, window: Window, out: &mut Vec<Spot>) -> bool {
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
    pub(super) fn all_below(&self, node: &Node, window: Window) -> Vec<Spot> {
        let mut spots = Vec::new();
        node.walk(&mut |node| spots.extend(window.of(self.spots(node))));
        spots.sort_unstable_by_key(|spot: &Spot| (spot.field, spot.start, spot.end, spot.leaf));
        spots
    }

    /// The units in which a leaf of a node stands, of each field the first ones.
    pub(super) fn units(
        &self,
        unit: Unit,
        node: &Node,
        window: Window,
    ) -> impl Iterator<Item = Piece> + use<'_> {
        let spots = self.all_below(node, window);
        FIELDS.into_iter().flat_map(move |field| {
            let mut spots = spots.iter().filter(|spot| spot.field == field).peekable();
            if spots.peek().is_none() {
                return Vec::new();
            }
            let begins = self.texts.beginnings(field, unit);
            let numbers: BTreeSet<usize> = spots
                .filter_map(|spot| unit_of(&begins, spot.start, spot.end))
                .collect();
            let pieces = numbers.into_iter().take(MAX_HITS).map(|number| {
                let start = match number.checked_sub(1) {
                    None => 0,
                    Some(before) => begins.get(before).copied().unwrap_or(0),
                };
                let end = begins.get(number).copied().unwrap_or(usize::MAX);
                (field, start, end)
            });
            pieces.collect()
        })
    }

    /// Asks a node in each unit in which a leaf of it stands.
    fn within(&self, unit: Unit, node: &Node, window: Window, out: &mut Vec<Spot>) -> bool {
        let mut holds = false;
        for piece in self.units(unit, node, window) {
            holds |= self.visit(node, window.within(piece), out);
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

/// Hits by which others are measured, by their ends too. They are sorted by field and start.
pub(super) struct Neighbours<'s> {
    by_start: &'s [Spot],
    by_end: Vec<&'s Spot>,
}

impl<'s> Neighbours<'s> {
    pub(super) fn new(spots: &'s [Spot]) -> Self {
        let mut by_end: Vec<&Spot> = spots.iter().collect();
        by_end.sort_unstable_by_key(|spot| (spot.field, spot.end));
        Self {
            by_start: spots,
            by_end,
        }
    }

    /// How many words lie between a hit and the nearest one on that side, in the same field and
    /// without overlap.
    pub(super) fn words(&self, spot: &Spot, side: Side) -> Option<usize> {
        match side {
            Side::Before => self.before(spot),
            Side::Behind => self.behind(spot),
            Side::Either => self.before(spot).into_iter().chain(self.behind(spot)).min(),
        }
    }

    fn before(&self, spot: &Spot) -> Option<usize> {
        let ends = |other: &&Spot| (other.field, other.end) <= (spot.field, spot.start);
        let count = self.by_end.partition_point(ends);
        let other = self.by_end.get(count.checked_sub(1)?)?;
        (other.field == spot.field).then(|| spot.words_before.saturating_sub(other.words_through))
    }

    fn behind(&self, spot: &Spot) -> Option<usize> {
        let begins = |other: &Spot| (other.field, other.start) < (spot.field, spot.end);
        let other = self.by_start.get(self.by_start.partition_point(begins))?;
        (other.field == spot.field).then(|| other.words_before.saturating_sub(spot.words_through))
    }
}

/// The hits that have one of the others on that side, in the same field, without overlap and with at
/// most so many words between. Both lists are sorted by field and start.
fn linked(spots: Vec<Spot>, others: &[Spot], words: u16, side: Side) -> Vec<Spot> {
    let others = Neighbours::new(others);
    let near = |spot: &Spot| others.words(spot, side);
    let is_linked = |spot: &Spot| near(spot).is_some_and(|found| found <= usize::from(words));
    spots.into_iter().filter(is_linked).collect()
}
