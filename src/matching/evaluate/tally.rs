//! What of the hits of `any` counts in the whole entry, and what it weighs.

use std::collections::BTreeSet;

use crate::model::{Field, Hit, Topic};

/// A hit of `any` outside `except`, still to be weighed.
#[derive(Debug)]
pub(in crate::matching) struct Weighed {
    pub start: usize,
    pub end: usize,
    /// Index in `any`.
    pub term: usize,
    pub(super) ambiguous: bool,
    /// Index in `near` of the context that was found for an ambiguous hit.
    pub(super) near: Option<usize>,
}

/// What becomes of a hit once the whole entry is known.
pub(in crate::matching) enum Fate<'w> {
    /// It counts.
    Counts,
    /// It is ambiguous and has neither context nor an unambiguous companion.
    Alone,
    /// It begins inside this one, which counts.
    Overlaps(&'w Weighed),
}

/// The hits that count, and what they weigh.
#[derive(Debug)]
pub(in crate::matching) struct Tally {
    pub hits: Vec<Hit>,
    /// What the distinct terms among them add up to.
    pub sum: i32,
}

impl Tally {
    /// Weighs hits of `any`, and tells `note` of each what becomes of it.
    pub(in crate::matching) fn of(
        topic: &Topic,
        mut fields: Vec<(Field, Vec<Weighed>)>,
        mut note: impl FnMut(Field, &Weighed, Fate<'_>),
    ) -> Self {
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
        for (field, weighed) in &fields {
            let field = *field;
            let mut last: Option<&Weighed> = None;
            for w in weighed {
                if let Some(over) = last.filter(|last| w.start < last.end) {
                    note(field, w, Fate::Overlaps(over));
                    continue;
                }
                if w.ambiguous && w.near.is_none() && companion.is_none() {
                    note(field, w, Fate::Alone);
                    continue;
                }
                let Some(term) = topic.any.get(w.term) else {
                    continue;
                };
                last = Some(w);
                if seen.insert(w.term) {
                    sum = sum.saturating_add(term.weight);
                }
                note(field, w, Fate::Counts);
                hits.push(Hit {
                    term: term.text.clone(),
                    field,
                    start: w.start,
                    end: w.end,
                    because: because(topic, w, companion),
                });
            }
        }
        Self { hits, sum }
    }

    /// The hits, if they weigh enough.
    pub(in crate::matching) fn reaching(self, threshold: i32) -> Vec<Hit> {
        if self.sum < threshold {
            return Vec::new();
        }
        self.hits
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
