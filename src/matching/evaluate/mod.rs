//! From candidates to mentions: what of the hits of one topic counts.
//!
//! A [`Gathering`] takes the verified hits of one topic, field by field, and concludes with the
//! [`Hit`]s that count under the topic's rules. One that is watched also notes why others do not
//! (`watch`); both ask the same functions, so that an explanation can't differ from the decision.
//! What lies around a hit is found by `places` and judged by `around`; `tally` has the last word.

mod around;
mod places;
mod tally;
mod watch;

use std::ops::Range;

use super::bearers::Own;
use super::fold::Folded;
use super::inflect::Languages;
use super::query::{self, Facts, Leaves, Texts};
use crate::model::{Field, Hit, Term, Topic};
use around::{Around, Judged};
pub(super) use places::Words;
use places::{Place, Places};
pub(super) use tally::{Fate, Tally, Weighed};
pub(super) use watch::{Context, Span, Standing, Watch, Why};

/// Hits kept per topic, field and list (`any`, `except`, `near`); those that end first are kept.
pub(super) const MAX_HITS: usize = 1_000;

/// The list of a topic that a term is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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
    /// What is noted besides, when an explanation is wanted.
    watch: Option<Box<Watch>>,
}

impl Gathering {
    /// One that notes what an explanation tells.
    pub(super) fn watched() -> Self {
        Self {
            watch: Some(Box::default()),
            ..Self::default()
        }
    }

    /// Whether this is the first hit of the field being read.
    pub(super) fn touch(&mut self) -> bool {
        !std::mem::replace(&mut self.touched, true)
    }

    /// Whether another hit of that list in this field could change anything; once `false`, it stays
    /// so until the field is closed.
    pub(super) fn wants(&self, role: Role) -> bool {
        let noted = || self.watch.as_ref().is_some_and(|watch| watch.wants(role));
        match role {
            Role::Any => self.any.len() < MAX_HITS,
            Role::Except => self.except.len() < MAX_HITS,
            Role::Near => self.near.len() < MAX_HITS,
            Role::None => !self.forbidden || noted(),
            Role::All(group) => self.groups.binary_search(&group).is_err() || noted(),
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
                if let Err(at) = self.groups.binary_search(&group) {
                    self.groups.insert(at, group);
                }
            }
        }
        if let (Role::None | Role::All(_), Some(watch)) = (role, &mut self.watch) {
            watch.add(role, term, range.clone());
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
        let around = Around {
            topic,
            except: Places::new(std::mem::take(&mut self.except)),
            near: Places::new(std::mem::take(&mut self.near)),
            folded,
            words,
            own,
        };
        let mut weighed: Vec<Weighed> = Vec::new();
        for place in std::mem::take(&mut self.any) {
            let judged = around.judge(&place);
            if let Some(watch) = &mut self.watch {
                around.note(field, &place, &judged, watch);
            }
            if let Judged::Weighed(one, _) = judged {
                weighed.push(one);
            }
        }
        if let Some(watch) = &mut self.watch {
            watch.close_field(field, folded);
        }
        if !weighed.is_empty() {
            self.fields.push((field, weighed));
        }
    }

    /// The groups of `all` without a hit, by their index.
    pub(super) fn missing(&self, topic: &Topic) -> impl Iterator<Item = usize> {
        let has = |group: usize| self.groups.iter().any(|known| *known as usize == group);
        (0..topic.all.len()).filter(move |group| !has(*group))
    }

    /// Whether a condition on the whole entry forbids the mention, whatever its hits.
    pub(super) fn is_barred(&self, topic: &Topic) -> bool {
        self.forbidden || self.groups.len() < topic.all.len()
    }

    /// The hits that count, without overlaps; empty when the topic is not mentioned.
    pub(super) fn conclude(self, topic: &Topic, texts: &Texts<'_>, facts: &Facts<'_>) -> Vec<Hit> {
        if let Some(query) = &topic.query {
            return query::evaluate(query, topic.threshold, self.leaves, texts, facts);
        }
        if self.is_barred(topic) {
            return Vec::new();
        }
        let tally = Tally::of(topic, self.fields, |_, _, _| ());
        tally.reaching(topic.threshold)
    }

    /// The hits of `any` that stand outside `except`, and what was noted.
    pub(super) fn into_parts(self) -> (Vec<(Field, Vec<Weighed>)>, Watch) {
        (
            self.fields,
            self.watch.map(|watch| *watch).unwrap_or_default(),
        )
    }
}
