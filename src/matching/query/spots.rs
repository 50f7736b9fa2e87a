//! Where the leaves of a query stand in the fields of one entry.
//!
//! [`Leaves`] collects the hits field by field; a [`Spot`] is one of them in terms of the source, so
//! that nothing after this knows folded text. [`Texts`] holds the fields and cuts them into
//! sentences or paragraphs when first asked.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

use super::units;
use crate::matching::evaluate::{MAX_HITS, Words};
use crate::matching::fold::Folded;
use crate::model::{Field, Query, Unit};

/// A hit of a leaf.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spot {
    /// Index among the terms, or behind them among the regular expressions.
    pub leaf: usize,
    pub field: Field,
    /// Source bytes.
    pub start: usize,
    pub end: usize,
    /// How many words of the field begin before its start.
    pub words_before: usize,
    /// How many begin before its end.
    pub words_through: usize,
}

/// The hits of a topic's leaves.
#[derive(Debug, Default)]
pub(in crate::matching) struct Leaves {
    /// For each leaf, its hits in the field being read.
    counts: HashMap<usize, usize>,
    folded: Vec<(usize, Range<usize>)>,
    source: Vec<(usize, Range<usize>)>,
    spots: Vec<Spot>,
}

impl Leaves {
    /// Whether another hit of a leaf in this field is kept.
    pub(in crate::matching) fn wants(&self, leaf: usize) -> bool {
        self.counts.get(&leaf).is_none_or(|count| *count < MAX_HITS)
    }

    /// Takes a hit of a term as a folded range.
    pub(in crate::matching) fn add(&mut self, leaf: usize, folded: Range<usize>) {
        if self.wants(leaf) {
            *self.counts.entry(leaf).or_default() += 1;
            self.folded.push((leaf, folded));
        }
    }

    /// Takes a hit of a regular expression as a source range.
    pub(in crate::matching) fn add_regex(
        &mut self,
        query: &Query,
        number: usize,
        source: Range<usize>,
    ) {
        self.source.push((query.terms.len() + number, source));
    }

    /// Ends the field being read.
    pub(in crate::matching) fn close_field(
        &mut self,
        field: Field,
        folded: &Folded<'_>,
        words: &Words<'_>,
    ) {
        self.counts.clear();
        for (leaf, hit) in self.folded.drain(..) {
            let Some(source) = folded.source_range(hit.clone()) else {
                continue;
            };
            self.spots.push(Spot {
                leaf,
                field,
                start: source.start,
                end: source.end,
                words_before: words.before(hit.start),
                words_through: words.before(hit.end),
            });
        }
        for (leaf, hit) in self.source.drain(..) {
            self.spots.push(Spot {
                leaf,
                field,
                start: hit.start,
                end: hit.end,
                words_before: words.before_source(hit.start),
                words_through: words.before_source(hit.end),
            });
        }
    }

    /// The hits of each leaf, by field and start.
    pub(super) fn by_leaf(self, count: usize) -> Vec<Vec<Spot>> {
        let mut leaves = vec![Vec::new(); count];
        for spot in self.spots {
            if let Some(leaf) = leaves.get_mut(spot.leaf) {
                leaf.push(spot);
            }
        }
        for leaf in &mut leaves {
            leaf.sort_unstable_by_key(|spot: &Spot| (spot.field, spot.start, spot.end));
        }
        leaves
    }
}

/// The first bytes of a field's units but the first.
pub(super) type Beginnings = Rc<Vec<usize>>;

/// The fields of an entry, and where their units begin.
#[derive(Debug)]
pub(in crate::matching) struct Texts<'t> {
    fields: Vec<(Field, &'t str)>,
    cuts: RefCell<HashMap<(Field, Unit), Beginnings>>,
}

impl<'t> Texts<'t> {
    pub(in crate::matching) fn new(fields: Vec<(Field, &'t str)>) -> Self {
        Self {
            fields,
            cuts: RefCell::default(),
        }
    }

    pub(in crate::matching) fn fields(&self) -> &[(Field, &'t str)] {
        &self.fields
    }

    /// The beginnings of a field's units but the first.
    pub(super) fn beginnings(&self, field: Field, unit: Unit) -> Beginnings {
        let mut cuts = self.cuts.borrow_mut();
        let cut = cuts.entry((field, unit)).or_insert_with(|| {
            let text = self.fields.iter().find(|(which, _)| *which == field);
            Rc::new(units::beginnings(text.map_or("", |(_, text)| text), unit))
        });
        cut.clone()
    }
}
