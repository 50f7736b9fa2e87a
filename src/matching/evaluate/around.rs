//! What is said of one hit by what stands around it in its field: `except`, `near`, given names.

use super::places::{Place, Places, Words};
use super::tally::Weighed;
use super::watch::{Context, Span, Standing, Watch, Why};
use crate::matching::bearers::{Other, Own};
use crate::matching::fold::Folded;
use crate::matching::inflect::Languages;
use crate::model::{Field, Topic};

/// What the rules about a hit and what stands around it say of one.
pub(super) enum Judged<'p> {
    /// It lies inside this place of `except`.
    Except(&'p Place),
    /// It is a surname, and somebody else's or no person's.
    SomebodyElse(Other),
    /// It is to be weighed; with the nearest context if it is ambiguous.
    Weighed(Weighed, Option<(usize, &'p Place)>),
    /// It has no place in the source.
    Nowhere,
}

/// A field of which the hits are judged.
pub(super) struct Around<'a> {
    pub topic: &'a Topic,
    pub except: Places,
    pub near: Places,
    pub folded: &'a Folded<'a>,
    pub words: &'a Words<'a>,
    pub own: Option<(&'a Own, Languages)>,
}

impl Around<'_> {
    pub(super) fn judge(&self, place: &Place) -> Judged<'_> {
        if let Some(except) = self.except.around(place) {
            return Judged::Except(except);
        }
        let term = self.topic.any.get(place.term);
        let (Some(term), Some(source)) = (term, self.folded.source_range(place.range())) else {
            return Judged::Nowhere;
        };
        if let Some((own, languages)) = self.own.filter(|_| term.surname)
            && let Some(other) =
                own.somebody_else(self.folded, &place.range(), &term.text, languages)
        {
            return Judged::SomebodyElse(other);
        }
        let nearest = if term.ambiguous {
            self.near.nearest(place, self.words)
        } else {
            None
        };
        let context = nearest.filter(|(words, _)| *words <= self.topic.within);
        let weighed = Weighed {
            start: source.start,
            end: source.end,
            term: place.term,
            ambiguous: term.ambiguous,
            near: context.map(|(_, place)| place.term),
        };
        Judged::Weighed(weighed, nearest)
    }

    /// Writes down why a hit does not count, or the context that may still be needed to say so.
    pub(super) fn note(&self, field: Field, place: &Place, judged: &Judged<'_>, watch: &mut Watch) {
        let span = |range| Span::of(field, self.folded, range);
        let standing = |place: &Place| {
            let term = place.term;
            span(place.range()).map(|span| Standing { term, span })
        };
        let Some(hit) = standing(place) else { return };
        let why = match judged {
            Judged::Except(except) => standing(except).map(Why::Except),
            Judged::SomebodyElse(Other::Name(name)) => span(name.clone()).map(Why::SomebodyElse),
            Judged::SomebodyElse(Other::Trade(trade)) => span(trade.clone()).map(Why::Trade),
            Judged::SomebodyElse(Other::Title) => Some(Why::Title),
            Judged::Weighed(weighed, nearest) => {
                if let Some((words, place)) = nearest
                    && let Some(near) = standing(place)
                {
                    let words = *words;
                    let key = (field, weighed.start, weighed.term);
                    watch.contexts.insert(key, Context { near, words });
                }
                None
            }
            Judged::Nowhere => None,
        };
        watch.passed.extend(why.map(|why| (hit, why)));
    }
}
