//! The distinct terms of all topics, kept tightly, and the last word on whether one stands in a text.
//!
//! [`Patterns::verify`] walks a term's segments from where it may begin. Each segment's end follows
//! from the text alone (a word ends where it ends), so there is never anything to try twice.

use std::collections::HashMap;
use std::ops::Range;

use super::character::{Strict, is_small};
use super::compound::{goes_on, may_go_on};
use super::fold::{Folded, fold_strictly};
use super::inflect::{Form, Languages};
use super::segment;
use super::term::{Cut, Tail, is_abbreviation};
use crate::model::{Case, Term};

/// A pattern's number.
pub(super) type PatternId = u32;

/// A segment: text in the arena and what may follow it.
#[derive(Debug, Clone, Copy)]
struct Segment {
    text: u32,
    len: u16,
    tail: u16,
}

#[derive(Debug, Clone, Copy)]
#[allow(clippy::struct_excessive_bools)] // each is a rule of its own
struct Pattern {
    /// Its first segment; it ends where the next pattern's begin.
    segments: u32,
    /// Bytes before its first letter.
    lead: u16,
    /// Words before the one by which the index knows it.
    back: u8,
    /// Whether proclitics may stand before it.
    proclitics: bool,
    /// Whether it is Han or Thai, and so short that it may stand in other words by chance.
    short: bool,
    /// Whether it may be the beginning of a longer compound: it has two letters, or a hyphen.
    compound: bool,
    /// Whether its endings must be in small letters.
    abbreviation: bool,
    /// Whether its first letter must be a capital.
    capital: bool,
    /// Whether it was found only behind the article, which was cut off.
    article: bool,
}

/// What a strict pattern does not forgive, and its segments folded so.
#[derive(Debug)]
struct Exactly {
    strict: Strict,
    segments: Box<[Box<str>]>,
}

/// All patterns.
#[derive(Debug, Default)]
pub(super) struct Patterns {
    arena: String,
    segments: Vec<Segment>,
    all: Vec<Pattern>,
    /// The distinct tails.
    tails: Vec<Tail>,
    exactly: HashMap<PatternId, Exactly>,
}

/// The tails by their number, while patterns are added.
pub(super) type TailIds = HashMap<Tail, u16>;

impl Patterns {
    /// Adds a term that was cut.
    pub(super) fn add(
        &mut self,
        cut: &Cut,
        term: &Term,
        article: bool,
        tails: &mut TailIds,
    ) -> PatternId {
        let id = narrow(self.all.len());
        self.all.push(Pattern {
            segments: narrow(self.segments.len()),
            lead: u16::try_from(cut.lead).unwrap_or(u16::MAX),
            back: 0,
            proclitics: term.inflect,
            short: cut.unspaced && segment::is_short(&term.text),
            compound: may_go_on(&term.text),
            abbreviation: is_abbreviation(term, &term.text),
            capital: term.case == Case::Capital,
            article,
        });
        for segment in &cut.segments {
            let tail = tails.get(&segment.tail).copied().unwrap_or_else(|| {
                let number = u16::try_from(self.tails.len()).unwrap_or(u16::MAX);
                self.tails.push(segment.tail.clone());
                tails.insert(segment.tail.clone(), number);
                number
            });
            self.segments.push(Segment {
                text: narrow(self.arena.len()),
                len: u16::try_from(segment.text.len()).unwrap_or(u16::MAX),
                tail,
            });
            self.arena.push_str(&segment.text);
        }
        if let Some(strict) = Strict::of(term) {
            let segments = cut.segments.iter();
            let segments = segments.map(|s| s.strict.as_deref().unwrap_or_default().into());
            let exactly = Exactly {
                strict,
                segments: segments.collect(),
            };
            self.exactly.insert(id, exactly);
        }
        id
    }

    /// Sets by which of its words the index knows a pattern, as the number of words before it.
    pub(super) fn set_back(&mut self, id: PatternId, back: u8) {
        if let Some(pattern) = self.all.get_mut(id as usize) {
            pattern.back = back;
        }
    }

    /// How many words stand before the one by which the index knows the pattern, and whether
    /// proclitics may stand before it.
    pub(super) fn back(&self, id: PatternId) -> (usize, bool) {
        let pattern = self.all.get(id as usize);
        pattern.map_or((0, false), |p| (usize::from(p.back), p.proclitics))
    }

    /// Gives back memory that was kept for more patterns.
    pub(super) fn shrink(&mut self) {
        self.arena.shrink_to_fit();
        self.segments.shrink_to_fit();
        self.all.shrink_to_fit();
    }

    fn segments_of(&self, id: PatternId) -> &[Segment] {
        let id = id as usize;
        let start = self.all.get(id).map_or(0, |p| p.segments as usize);
        let next = self.all.get(id + 1);
        let end = next.map_or(self.segments.len(), |p| p.segments as usize);
        self.segments.get(start..end).unwrap_or_default()
    }

    fn text(&self, segment: Segment) -> &str {
        let start = segment.text as usize;
        let range = start..start + usize::from(segment.len);
        self.arena.get(range).unwrap_or_default()
    }

    /// The folded range of the pattern whose first letter stands at `at`, which is where a word
    /// begins, or where one goes on behind a proclitic.
    pub(super) fn verify(
        &self,
        id: PatternId,
        folded: &Folded<'_>,
        at: usize,
        proclitic: Option<&str>,
        languages: Languages,
    ) -> Option<Range<usize>> {
        let pattern = self.all.get(id as usize)?;
        let lead = usize::from(pattern.lead);
        let start = at.checked_sub(lead)?;
        match proclitic {
            None if pattern.article => return None,
            None if lead > 0 && !folded.is_boundary(start) => return None,
            Some(_) if !pattern.proclitics || lead > 0 => return None,
            Some(before) if pattern.article && !super::inflect::proclitic::has_article(before) => {
                return None;
            }
            _ => {}
        }
        if pattern.capital && folded.source_from(at)?.starts_with(is_small) {
            return None;
        }
        let exactly = self.exactly.get(&id);
        let mut at = start;
        for (number, segment) in self.segments_of(id).iter().enumerate() {
            let text = self.text(*segment);
            let tail = self.tails.get(usize::from(segment.tail))?;
            let step = match tail {
                Tail::Closed => literal(folded, at, text)?,
                Tail::Open => {
                    let step = literal(folded, at, text)?;
                    Step {
                        end: folded.word_end(step.literal)?,
                        ..step
                    }
                }
                Tail::Forms(forms) => inflected(folded, at, text, forms, languages)?,
            };
            if let Some(exactly) = exactly {
                let source = folded.source_text(at..step.literal)?;
                let found = fold_strictly(source, exactly.strict);
                let wanted = exactly.segments.get(number)?;
                // Where a letter of the source folds to several, either may be the longer.
                let same = **wanted == *found
                    || (step.cut && wanted.starts_with(&found))
                    || (step.end > step.literal && found.starts_with(&**wanted));
                if !same {
                    return None;
                }
            }
            // A `*` takes any letters.
            if pattern.abbreviation
                && matches!(tail, Tail::Forms(_))
                && step.end > step.literal
                && folded
                    .source_text(step.literal..step.end)?
                    .contains(char::is_uppercase)
            {
                return None;
            }
            at = step.end;
        }
        // `Si` is no part of `Si-anu`, nor `Mô-đi` of `Mô-đi-li-a-ni`.
        if pattern.compound && folded.source_from(at).is_some_and(goes_on) {
            return None;
        }
        let stands = folded.is_boundary(at)
            && !(pattern.short
                && segment::cuts_word(folded.source(), &folded.source_range(start..at)?));
        stands.then_some(start..at)
    }
}

/// How far a segment reaches.
#[derive(Debug, Clone, Copy)]
struct Step {
    /// Where the segment's own letters end.
    literal: usize,
    /// Where its word ends.
    end: usize,
    /// Whether letters at its end were left out.
    cut: bool,
}

fn literal(folded: &Folded<'_>, at: usize, text: &str) -> Option<Step> {
    let end = at + text.len();
    let stands = folded.bytes().get(at..end)? == text.as_bytes();
    stands.then_some(Step {
        literal: end,
        end,
        cut: false,
    })
}

fn inflected(
    folded: &Folded<'_>,
    at: usize,
    text: &str,
    forms: &[Form],
    languages: Languages,
) -> Option<Step> {
    if let Some(step) = literal(folded, at, text)
        && folded.word_end(step.end) == Some(step.end)
    {
        return Some(step);
    }
    let rest = folded.bytes().get(at..)?;
    let (mut stem, mut end) = (None, None);
    forms.iter().find_map(|form| {
        let rule = form.rule.rule()?;
        if !rule.counts_in(languages) {
            return None;
        }
        // Forms with equal cuts mostly follow one another.
        let (cut, literal) = match stem {
            Some((cut, literal)) if cut == form.cut => (cut, literal),
            _ => {
                let stem = text.len().checked_sub(usize::from(form.cut));
                let stem = stem.and_then(|stem| text.as_bytes().get(..stem));
                let stem = stem.filter(|stem| rest.starts_with(stem));
                (form.cut, stem.map(|stem| at + stem.len()))
            }
        };
        stem = Some((cut, literal));
        let literal = literal?;
        // The word is the same wherever one stands in it.
        let end = *end.get_or_insert_with(|| folded.word_end(literal));
        let ending = folded.piece(literal..end?)?;
        rule.allows(ending, languages).then_some(Step {
            literal,
            end: end?,
            cut: form.cut > 0,
        })
    })
}

/// Numbers are kept in 32 bits: a configuration is read into memory first.
pub(super) fn narrow(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
