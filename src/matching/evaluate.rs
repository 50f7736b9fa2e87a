//! From candidates to mentions: what of the hits of one topic counts.
//!
//! A [`Gathering`] takes the verified hits of one topic, field by field, and concludes with the
//! [`Hit`]s that count under the topic's rules. [`Words`] counts the words between two hits.
//!
//! Word distance: the number of word beginnings between the end of one hit and the beginning of the
//! other. A word begins at a letter, digit or mark of a spaced script that follows none and no
//! apostrophe of the same word; each character of a script without spaces is a word.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::ops::Range;

use super::bearers::Own;
use super::character::{is_spaced_word, is_unspaced};
use super::fold::Folded;
use super::inflect::Languages;
use super::query::{self, Facts, Leaves, Texts};
use crate::model::{Field, Hit, Term, Topic};

/// Hits kept per topic, field and list (`any`, `except`, `near`); those that end first are kept.
pub(super) const MAX_HITS: usize = 1_000;

/// The list of a topic that a term is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Any,
    All(u32),
    None,
    Except,
    Near,
    /// A term of the topic's query, by its index.
    Leaf(usize),
}

impl Role {
    /// The list.
    pub(super) fn terms(self, topic: &Topic) -> Option<&[Term]> {
        match self {
            Self::Any => Some(&topic.any),
            Self::All(group) => topic.all.get(group as usize).map(Vec::as_slice),
            Self::None => Some(&topic.none),
            Self::Except => Some(&topic.except),
            Self::Near => Some(&topic.near),
            Self::Leaf(_) => topic.query.as_ref().map(|query| query.terms.as_slice()),
        }
    }
}

/// A term's place in a field's folded text.
#[derive(Debug, Clone)]
struct Place {
    start: usize,
    end: usize,
    /// Index in the topic's list.
    term: usize,
}

/// Places ordered by start, with the furthest end up to each.
struct Places {
    places: Vec<Place>,
    /// For each index, the index up to it whose place ends last.
    furthest: Vec<usize>,
}

impl Places {
    fn new(mut places: Vec<Place>) -> Self {
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

    /// Whether the range lies inside a place.
    fn cover(&self, range: &Place) -> bool {
        self.furthest_before(range.start + 1)
            .is_some_and(|place| place.end >= range.end)
    }

    /// The nearest place that is no part of `hit` and at most `within` words away.
    fn near(&self, hit: &Place, within: usize, words: &Words<'_>) -> Option<&Place> {
        if let Some(over) = self.furthest_before(hit.end)
            && over.end > hit.end
        {
            return Some(over);
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
            .filter(|(distance, _)| *distance <= within)
            .min_by_key(|(distance, _)| *distance)
            .map(|(_, place)| place)
    }
}

/// The word beginnings of a field, found when first asked for.
pub(super) struct Words<'f> {
    folded: &'f Folded<'f>,
    starts: OnceCell<Vec<u32>>,
}

impl<'f> Words<'f> {
    pub(super) fn new(folded: &'f Folded<'f>) -> Self {
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
    pub(super) fn before(&self, at: usize) -> usize {
        let starts = self.starts.get_or_init(|| word_starts(self.folded.text()));
        starts.partition_point(|start| (*start as usize) < at)
    }

    /// The number of words that begin before a byte of the source.
    pub(super) fn before_source(&self, at: usize) -> usize {
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

/// A hit of `any` outside `except`, still to be weighed.
struct Weighed {
    start: usize,
    end: usize,
    term: usize,
    ambiguous: bool,
    /// Index in `near` of the context that was found for an ambiguous hit.
    near: Option<usize>,
}

/// What was found of one topic in one entry.
#[derive(Default)]
pub(super) struct Gathering {
    any: Vec<Place>,
    except: Vec<Place>,
    near: Vec<Place>,
    /// Groups of `all` that have a hit, ascending.
    groups: Vec<u32>,
    forbidden: bool,
    /// Whether the field being read has a hit.
    touched: bool,
    fields: Vec<(Field, Vec<Weighed>)>,
    /// The hits of a query's leaves.
    pub(super) leaves: Leaves,
}

impl Gathering {
    /// Whether this is the first hit of the field being read.
    pub(super) fn touch(&mut self) -> bool {
        !std::mem::replace(&mut self.touched, true)
    }

    /// Whether another hit of that list in this field could change anything; once `false`, it stays
    /// so until the field is closed.
    pub(super) fn wants(&self, role: Role) -> bool {
        match role {
            Role::Any => self.any.len() < MAX_HITS,
            Role::Except => self.except.len() < MAX_HITS,
            Role::Near => self.near.len() < MAX_HITS,
            Role::None => !self.forbidden,
            Role::All(group) => self.groups.binary_search(&group).is_err(),
            Role::Leaf(leaf) => self.leaves.wants(leaf),
        }
    }

    /// Takes a verified hit of the field being read, as a folded range.
    pub(super) fn add(&mut self, role: Role, term: usize, range: &Range<usize>) {
        if !self.wants(role) {
            return;
        }
        let place = Place {
            start: range.start,
            end: range.end,
            term,
        };
        match role {
            Role::Any => self.any.push(place),
            Role::Except => self.except.push(place),
            Role::Near => self.near.push(place),
            Role::None => self.forbidden = true,
            Role::Leaf(leaf) => self.leaves.add(leaf, range.clone()),
            Role::All(group) => {
                let at = self.groups.partition_point(|known| *known < group);
                self.groups.insert(at, group);
            }
        }
    }

    /// Weighs the hits of the field just read.
    pub(super) fn close_field(
        &mut self,
        topic: &Topic,
        field: Field,
        folded: &Folded<'_>,
        words: &Words<'_>,
        own: Option<(&Own, Languages)>,
    ) {
        self.touched = false;
        if topic.query.is_some() {
            self.leaves.close_field(field, folded, words);
            return;
        }
        let except = Places::new(std::mem::take(&mut self.except));
        let near = Places::new(std::mem::take(&mut self.near));
        let weighed: Vec<Weighed> = std::mem::take(&mut self.any)
            .into_iter()
            .filter(|place| !except.cover(place))
            .filter(|place| {
                let surname = topic.any.get(place.term).filter(|term| term.surname);
                let somebody_else = own.zip(surname).and_then(|((own, languages), term)| {
                    let at = place.start..place.end;
                    own.somebody_else(folded, &at, &term.text, languages)
                });
                somebody_else.is_none()
            })
            .filter_map(|place| {
                let source = folded.source_range(place.start..place.end)?;
                let ambiguous = topic.any.get(place.term)?.ambiguous;
                let context = if ambiguous {
                    near.near(&place, topic.within, words)
                } else {
                    None
                };
                Some(Weighed {
                    start: source.start,
                    end: source.end,
                    term: place.term,
                    ambiguous,
                    near: context.map(|place| place.term),
                })
            })
            .collect();
        if !weighed.is_empty() {
            self.fields.push((field, weighed));
        }
    }

    /// The hits that count, without overlaps; empty when the topic is not mentioned.
    pub(super) fn conclude(self, topic: &Topic, texts: &Texts<'_>, facts: &Facts<'_>) -> Vec<Hit> {
        if let Some(query) = &topic.query {
            return query::evaluate(query, topic.threshold, self.leaves, texts, facts);
        }
        if self.forbidden || self.groups.len() < topic.all.len() {
            return Vec::new();
        }
        let mut fields = self.fields;
        for (_, weighed) in &mut fields {
            weighed.sort_unstable_by_key(|w| (w.start, usize::MAX - w.end, w.ambiguous, w.term));
        }
        let companion = fields
            .iter()
            .flat_map(|(_, weighed)| weighed)
            .find(|w| !w.ambiguous)
            .map(|w| w.term);
        let mut hits: Vec<Hit> = Vec::new();
        let (mut seen, mut sum) = (BTreeSet::new(), 0_i32);
        for (field, weighed) in fields {
            let mut free_from = 0;
            for w in weighed {
                if w.start < free_from || (w.ambiguous && w.near.is_none() && companion.is_none()) {
                    continue;
                }
                let Some(term) = topic.any.get(w.term) else {
                    continue;
                };
                free_from = w.end;
                if seen.insert(w.term) {
                    sum = sum.saturating_add(term.weight);
                }
                hits.push(Hit {
                    term: term.text.clone(),
                    field,
                    start: w.start,
                    end: w.end,
                    because: because(topic, &w, companion),
                });
            }
        }
        if sum < topic.threshold {
            return Vec::new();
        }
        hits
    }
}

fn because(topic: &Topic, hit: &Weighed, companion: Option<usize>) -> Option<String> {
    if !hit.ambiguous {
        return None;
    }
    let (how, term) = match hit.near {
        Some(near) => ("near", topic.near.get(near)?),
        None => ("with", topic.any.get(companion?)?),
    };
    Some(format!("{how} \"{}\"", term.text))
}
