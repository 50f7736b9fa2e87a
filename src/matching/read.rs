//! Reading one field: from its words to the hits of topics.
//!
//! [`Reading`] folds the field, asks at each word which patterns may stand there, lets them verify
//! themselves, and hands what stands to the [`Gathering`]s of the topics that use it.

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};

use super::evaluate::{Gathering, Role, Words};
use super::fold::{Anchor, Buffers, Folded};
use super::index::Word;
use super::inflect::{Languages, proclitic};
use super::patterns::PatternId;
use super::{Matcher, Use};
use crate::model::Field;

thread_local! {
    /// What the last text of this thread was folded into.
    static BUFFERS: Cell<Buffers> = const { Cell::new(Buffers::new()) };
}

/// From so many hits in a field on, it is remembered which uses of a pattern want no more.
const MANY: usize = 256;

/// One field being read.
pub(super) struct Reading<'m> {
    matcher: &'m Matcher,
    field: Field,
    language: Option<&'m str>,
    languages: Languages,
    found: &'m mut BTreeMap<usize, Gathering>,
    /// The topics that have a hit in this field.
    touched: Vec<usize>,
    /// What was found to end at one place: a pattern may be found by its word and by its stem.
    last: Vec<(PatternId, usize, usize)>,
    /// How many hits there were.
    hits: usize,
    /// Behind [`MANY`] hits, for each pattern found, its uses that another hit could still change
    /// something for: a text full of one word costs no more than the hits that are kept.
    live: HashMap<PatternId, Vec<Use>>,
}

impl<'m> Reading<'m> {
    pub(super) fn of(
        matcher: &'m Matcher,
        field: Field,
        language: Option<&'m str>,
        found: &'m mut BTreeMap<usize, Gathering>,
    ) -> Self {
        Self {
            matcher,
            field,
            language,
            languages: Languages::of(language),
            found,
            touched: Vec::new(),
            last: Vec::new(),
            hits: 0,
            live: HashMap::new(),
        }
    }

    /// Reads the field's text and closes the field.
    pub(super) fn read(mut self, text: &str) {
        let folded = Folded::with(text, BUFFERS.take());
        self.words(&folded);
        self.regexes(text);
        self.close(&folded);
        let buffers = folded.into_buffers();
        if buffers.is_modest() {
            BUFFERS.set(buffers);
        }
    }

    /// Looks at each word, quickly at most.
    fn words(&mut self, folded: &Folded<'_>) {
        let index = &self.matcher.index;
        let latin = self.languages.inflect_latin();
        for (number, anchor) in folded.anchors().iter().enumerate() {
            let Some(word) = Word::at(folded, *anchor) else {
                continue;
            };
            if index.may_have(word, latin) {
                self.at_word(folded, number, word);
            }
            if proclitic::may_begin(word.first_byte()) {
                self.behind_proclitics(folded, *anchor);
            }
        }
    }

    /// Finds the patterns whose key may be this word.
    #[inline(never)]
    fn at_word(&mut self, folded: &Folded<'_>, number: usize, word: Word) {
        let matcher = self.matcher;
        let latin = self.languages.inflect_latin();
        matcher.index.candidates(folded, number, word, latin, |id| {
            let (back, proclitics) = matcher.patterns.back(id);
            let anchors = folded.anchors();
            let first = number.checked_sub(back).and_then(|at| anchors.get(at));
            let Some(first) = first else { return };
            self.take(folded, id, first.start as usize, None);
            // Those of the key itself are another word to the index.
            if proclitics && back > 0 {
                for proclitic in proclitic::of_word(folded.word(*first), self.languages) {
                    let at = first.start as usize + proclitic.len();
                    self.take(folded, id, at, Some(proclitic));
                }
            }
        });
    }

    /// Finds the patterns whose key, their first word, may stand behind a proclitic.
    fn behind_proclitics(&mut self, folded: &Folded<'_>, anchor: Anchor) {
        let matcher = self.matcher;
        for proclitic in proclitic::of_word(folded.word(anchor), self.languages) {
            let inside = anchor.behind(proclitic.len());
            let Some(word) = Word::at(folded, inside) else {
                continue;
            };
            matcher.index.candidates_inside(word, |id| {
                if matcher.patterns.back(id).0 == 0 {
                    self.take(folded, id, inside.start as usize, Some(proclitic));
                }
            });
        }
    }

    /// Takes a pattern that may stand at a place.
    fn take(&mut self, folded: &Folded<'_>, id: PatternId, at: usize, proclitic: Option<&str>) {
        if self.live.get(&id).is_some_and(Vec::is_empty) {
            return;
        }
        let patterns = &self.matcher.patterns;
        let Some(range) = patterns.verify(id, folded, at, proclitic, self.languages) else {
            return;
        };
        let place = (id, range.start, range.end);
        if self.last.contains(&place) {
            return;
        }
        if self
            .last
            .first()
            .is_some_and(|(_, _, end)| *end != range.end)
        {
            self.last.clear();
        }
        self.last.push(place);
        self.hits += 1;
        let (found, touched) = (&mut *self.found, &mut self.touched);
        let mut add = |used: &Use| {
            let topic = used.topic as usize;
            let gathering = found.entry(topic).or_default();
            if gathering.touch() {
                touched.push(topic);
            }
            gathering.add(used.role, used.term as usize, &range);
            gathering.wants(used.role)
        };
        let uses = self.matcher.uses(id).iter();
        let counting = uses.filter(|used| self.matcher.counts(used, self.field, self.language));
        if self.hits < MANY {
            counting.for_each(|used| {
                add(used);
            });
            return;
        }
        let live = self.live.entry(id);
        live.or_insert_with(|| counting.copied().collect())
            .retain(add);
    }

    /// Finds the regular expressions of all queries.
    fn regexes(&mut self, text: &str) {
        let (found, touched) = (&mut *self.found, &mut self.touched);
        let topics = &self.matcher.topics;
        self.matcher
            .regexes
            .find(text, |index, number, start, end| {
                let query = topics.get(index).and_then(|topic| topic.query.as_ref());
                let Some(query) = query else { return };
                let gathering = found.entry(index).or_default();
                if gathering.touch() {
                    touched.push(index);
                }
                gathering.leaves.add_regex(query, number, start..end);
            });
    }

    /// Lets the topics that have a hit weigh what they have.
    fn close(&mut self, folded: &Folded<'_>) {
        let words = Words::new(folded);
        for index in self.touched.drain(..) {
            let topic = self.matcher.topics.get(index);
            if let (Some(topic), Some(gathering)) = (topic, self.found.get_mut(&index)) {
                let own = self.matcher.own.get(&index);
                let own = own.map(|own| (own, self.languages));
                gathering.close_field(topic, self.field, folded, &words, own);
            }
        }
    }
}

impl Matcher {
    /// The topics' terms that a pattern stands for.
    fn uses(&self, pattern: PatternId) -> &[Use] {
        let id = pattern as usize;
        let end = self.uses_end.get(id).copied().unwrap_or(0) as usize;
        let before = id.checked_sub(1).and_then(|id| self.uses_end.get(id));
        let start = before.copied().unwrap_or(0) as usize;
        self.uses.get(start..end).unwrap_or_default()
    }

    /// Whether a topic's term counts in this field of a text of this language.
    fn counts(&self, used: &Use, field: Field, language: Option<&str>) -> bool {
        // Only queries look into authors' names.
        if field == Field::Author && !matches!(used.role, Role::Leaf(_)) {
            return false;
        }
        if language.is_none() {
            return true;
        }
        let topic = self.topics.get(used.topic as usize);
        let term = topic.and_then(|topic| used.role.terms(topic)?.get(used.term as usize));
        term.is_some_and(|term| term.counts_in(language))
    }
}
