//! What a [`Gathering`](super::Gathering) notes besides its decision, when somebody asks why.
//!
//! A daemon's gatherings have no [`Watch`]. One that has decides just the same: it only writes down
//! what the others forget, as places in the source. Bounded like the hits themselves.

use std::collections::HashMap;
use std::ops::Range;

use super::Role;
use crate::matching::fold::Folded;
use crate::model::Field;

/// Hits noted per field of `none` and of each group of `all`.
const MAX_NOTED: usize = 20;

/// A place in the text of a field, in source bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::matching) struct Span {
    pub field: Field,
    pub start: usize,
    pub end: usize,
}

impl Span {
    /// A folded range of a field.
    pub(super) fn of(field: Field, folded: &Folded<'_>, range: Range<usize>) -> Option<Self> {
        let source = folded.source_range(range)?;
        Some(Self {
            field,
            start: source.start,
            end: source.end,
        })
    }
}

/// Where a term of one of the topic's lists stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::matching) struct Standing {
    /// Index in the list.
    pub term: usize,
    pub span: Span,
}

/// The context that is nearest to an ambiguous hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::matching) struct Context {
    /// In `near`.
    pub near: Standing,
    /// How many words lie between.
    pub words: usize,
}

/// Why a hit of `any` does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::matching) enum Why {
    /// It lies inside this term of `except`.
    Except(Standing),
    /// It is a surname behind this given name of somebody else.
    SomebodyElse(Span),
    /// It is a surname behind this trade, which is somebody else's.
    Trade(Span),
    /// It is a surname in quotation marks, a title.
    Title,
    /// It is ambiguous, alone, and this context, if there is any, is too far away.
    Alone(Option<Context>),
    /// It begins inside this hit of `any`, which counts.
    Overlap(Standing),
}

/// What was noted of a topic in one entry.
#[derive(Debug, Default)]
pub(in crate::matching) struct Watch {
    /// Hits of `all` and `none` in the field being read, as folded ranges.
    open: Vec<(Role, usize, Range<usize>)>,
    /// How many of each list.
    counts: HashMap<Role, usize>,
    /// Hits of `all` and `none`.
    pub conditions: Vec<(Role, Standing)>,
    /// Hits of `any` that do not count.
    pub passed: Vec<(Standing, Why)>,
    /// The nearest context of ambiguous hits, by field, start and term.
    pub contexts: HashMap<(Field, usize, usize), Context>,
}

impl Watch {
    /// Whether another hit of this group of `all`, or of `none`, is noted in this field.
    pub(super) fn wants(&self, role: Role) -> bool {
        self.counts
            .get(&role)
            .is_none_or(|count| *count < MAX_NOTED)
    }

    /// Notes a hit of `all` or `none` in the field being read.
    pub(super) fn add(&mut self, role: Role, term: usize, range: Range<usize>) {
        if self.wants(role) {
            *self.counts.entry(role).or_default() += 1;
            self.open.push((role, term, range));
        }
    }

    /// Ends the field being read.
    pub(super) fn close_field(&mut self, field: Field, folded: &Folded<'_>) {
        self.counts.clear();
        for (role, term, range) in self.open.drain(..) {
            if let Some(span) = Span::of(field, folded, range) {
                self.conditions.push((role, Standing { term, span }));
            }
        }
    }
}
