//! Where terms stand in a folded field, and how many words lie between them.
//!
//! [`Places`] answers what lies around a hit and what is nearest to it; [`Words`] counts the words.
//!
//! Word distance: the number of word beginnings between the end of one hit and the beginning of the
//! other. A word begins at a letter, digit or mark of a spaced script that follows none and no
//! apostrophe of the same word; each character of a script without spaces is a word.

use std::cell::OnceCell;
use std::ops::Range;

use crate::matching::character::{is_spaced_word, is_unspaced};
use crate::matching::fold::Folded;

/// A term's place in a field's folded text.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub start: usize,
    pub end: usize,
    /// Index in the topic's list.
    pub term: usize,
}

impl Place {
    pub(super) fn range(&self) -> Range<usize> {
        self.start..self.end
    }
}

/// Places ordered by start, with the furthest end up to each.
pub(super) struct Places {
    places: Vec<Place>,
    /// For each index, the index up to it whose place ends last.
    furthest: Vec<usize>,
}

impl Places {
    pub(super) fn new(mut places: Vec<Place>) -> Self {
        places.sort_unstable_by_key(|place| (place.start, place.end, place.term));
        let mut furthest = Vec::with_capacity(places.len());
        let mut best = 0;
        for (index, place) in places.iter().enumerate() {
            if place.end > places[best].end {
                best = index;
            }
            furthest.push(best);
        }
        Self { places, furthest }
    }

    /// Of the places that begin before `start`, the one that ends last.
    fn furthest_before(&self, start: usize) -> Option<&Place> {
        let count = self.places.partition_point(|place| place.start < start);
        let index = *self.furthest.get(count.checked_sub(1)?)?;
        self.places.get(index)
    }

    /// The first place that begins at or after `start`.
    fn first_from(&self, start: usize) -> Option<&Place> {
        self.places
            .get(self.places.partition_point(|place| place.start < start))
    }

    /// A place in which the range lies.
    pub(super) fn around(&self, range: &Place) -> Option<&Place> {
        self.furthest_before(range.start + 1)
            .filter(|place| place.end >= range.end)
    }

    /// The nearest place that is no part of `hit`, and how many words lie between.
    pub(super) fn nearest(&self, hit: &Place, words: &Words<'_>) -> Option<(usize, &Place)> {
        if let Some(over) = self.furthest_before(hit.end)
            && over.end > hit.end
        {
            return Some((0, over));
        }
        let before = self.furthest_before(hit.start).map(|place| {
            let distance = if place.end > hit.start {
                0
            } else {
                words.between(place.end..hit.start)
            };
            (distance, place)
        });
        let after = self
            .first_from(hit.end)
            .map(|place| (words.between(hit.end..place.start), place));
        before
            .into_iter()
            .chain(after)
            .min_by_key(|(distance, _)| *distance)
    }
}

/// The word beginnings of a field, found when first asked for.
pub(in crate::matching) struct Words<'f> {
    folded: &'f Folded<'f>,
    starts: OnceCell<Vec<u32>>,
}

impl<'f> Words<'f> {
    pub(in crate::matching) fn new(folded: &'f Folded<'f>) -> Self {
        Self {
            folded,
            starts: OnceCell::new(),
        }
    }

    /// The number of words that begin in a folded range.
    fn between(&self, range: Range<usize>) -> usize {
        self.before(range.end)
            .saturating_sub(self.before(range.start))
    }

    /// The number of words that begin before a folded position.
    pub(in crate::matching) fn before(&self, at: usize) -> usize {
        let starts = self.starts.get_or_init(|| word_starts(self.folded.text()));
        starts.partition_point(|start| (*start as usize) < at)
    }

    /// The number of words that begin before a byte of the source.
    pub(in crate::matching) fn before_source(&self, at: usize) -> usize {
        let text = self.folded.text();
        let starts = self.starts.get_or_init(|| word_starts(text));
        starts.partition_point(|start| {
            let start = *start as usize;
            let c = text.get(start..).and_then(|rest| rest.chars().next());
            let source = c.and_then(|c| self.folded.source_range(start..start + c.len_utf8()));
            source.is_some_and(|source| source.start < at)
        })
    }
}

fn word_starts(text: &str) -> Vec<u32> {
    let mut starts = Vec::new();
    // Whether the character before continues a word: a word character, or an apostrophe behind one.
    let mut inside = false;
    for (at, c) in text.char_indices() {
        let spaced = is_spaced_word(c);
        if (spaced && !inside) || (is_unspaced(c) && c.is_alphanumeric()) {
            starts.push(u32::try_from(at).unwrap_or(u32::MAX));
        }
        inside = spaced || (inside && c == '\'');
    }
    starts
}
