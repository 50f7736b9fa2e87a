//! Which patterns may stand at a place in a text: an index over the beginnings of words.
//!
//! A pattern is known by one of its words, its key: the one that the fewest other patterns have
//! (`Tokayev`, not `President`), so that a frequent word brings few patterns however many there are.
//! Of the key its head is kept, up to [`LONGEST`] bytes: the word whole, or as much of it as is there
//! under every ending.
//!
//! At each word of the text its first bytes (4 of ASCII, 6 of others: three Cyrillic letters, two Han)
//! tell from a table which lengths the heads have that begin so; for each of those lengths a bit
//! tells whether so much of the word is a head. Almost all words end there. Nothing is walked byte by
//! byte, and the cost is that of some looks into memory for a word.
//!
//! Heads that only an ending leads to are in a table of their own, which need not be asked in a text
//! whose language has no endings in the word's script.

mod head;
mod table;

use std::collections::HashMap;

use super::fold::Folded;
use super::patterns::PatternId;
pub(super) use head::{Head, Word};
use head::{LONGEST, letters_bytes};
use table::{Beginnings, Heads, Hint};

/// A word by which a pattern may be known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key {
    /// The word itself.
    pub head: Head,
    /// What is left of it under every ending, if it may have any, and how many bytes of the word may
    /// follow that.
    pub stem: Option<(Head, u8)>,
    /// How many words of the pattern stand before it.
    pub back: u8,
}

/// All patterns by their keys.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// Words that nothing may follow.
    whole: Heads,
    /// Words with a `*`, and letters that are words by themselves.
    open: Beginnings,
    /// What is left of words under every ending.
    stems: Beginnings,
}

impl Index {
    /// Builds the index of patterns, each with the words by which it may be known; returns how many
    /// words stand before the one that was chosen, for each.
    pub(super) fn build(patterns: &[(PatternId, Vec<Key>)]) -> (Self, Vec<(PatternId, u8)>) {
        let mut counts: HashMap<Head, u32> = HashMap::new();
        for key in patterns.iter().flat_map(|(_, keys)| keys) {
            *counts.entry(key.head).or_default() += 1;
        }
        let mut backs = Vec::with_capacity(patterns.len());
        let (mut whole, mut open, mut stems) = (Vec::new(), Vec::new(), Vec::new());
        for (id, keys) in patterns {
            let rarity = |(_, key): &(usize, &Key)| {
                let others = counts.get(&key.head).copied().unwrap_or(0);
                let least = key.stem.map_or(key.head, |(stem, _)| stem);
                (least.short, others, usize::MAX - least.len(), key.back)
            };
            let Some((number, key)) = keys.iter().enumerate().min_by_key(rarity) else {
                continue;
            };
            let neighbour = neighbour(keys, number);
            let most = u8::MAX;
            let list = if key.head.whole {
                &mut whole
            } else {
                &mut open
            };
            list.push((key.head, *id, Hint { neighbour, most }));
            if let Some((stem, most)) = key.stem {
                stems.push((stem, *id, Hint { neighbour, most }));
            }
            backs.push((*id, key.back));
        }
        let index = Self {
            whole: Heads::of(whole),
            open: Beginnings::of(open),
            stems: Beginnings::of(stems),
        };
        (index, backs)
    }

    /// Whether a pattern's key may stand at a word; `latin` says whether words in Latin letters may
    /// have endings. Almost always false, and soon known.
    #[inline(always)]
    #[allow(clippy::inline_always)] // asked of each word of all texts, by one caller
    pub(super) fn may_have(&self, word: Word, latin: bool) -> bool {
        let first = word.first();
        (word.len <= LONGEST && self.whole.may_have(word.whole()))
            || (!self.open.is_empty && self.open.may_have(word, first))
            || (has_endings(word, latin) && self.stems.may_have(word, first))
    }

    /// Calls `found` with each pattern whose key may stand at a word, which has that number in a
    /// folded text; `latin` as above. A pattern may be found twice.
    pub(super) fn candidates(
        &self,
        text: &Folded<'_>,
        number: usize,
        word: Word,
        latin: bool,
        mut found: impl FnMut(PatternId),
    ) {
        let beside = |at: Option<usize>| {
            let anchor = text.anchors().get(at?)?;
            Some(Word::at(text, *anchor)?.two_letters())
        };
        let before = beside(number.checked_sub(1));
        let behind = beside(Some(number + 1));
        self.of_word(word, latin, &mut |id, hint| {
            let is_there = match hint.neighbour {
                0 => true,
                letters if letters & BEHIND == 0 => before == Some(letters),
                letters => behind == Some(letters & !BEHIND),
            };
            if is_there {
                found(id);
            }
        });
    }

    /// The same for what is left of a word behind a proclitic; what stands beside it is not looked
    /// at.
    pub(super) fn candidates_inside(&self, word: Word, mut found: impl FnMut(PatternId)) {
        self.of_word(word, true, &mut |id, _| found(id));
    }

    fn of_word(&self, word: Word, latin: bool, found: &mut impl FnMut(PatternId, Hint)) {
        if word.len <= LONGEST {
            self.whole.find(word.whole(), found);
        }
        let first = word.first();
        self.open.find(word, first, found);
        if has_endings(word, latin) {
            self.stems.find(word, first, found);
        }
    }
}

/// Whether a word may have endings.
#[inline]
const fn has_endings(word: Word, latin: bool) -> bool {
    !word.alone && (latin || word.first_byte() >= 0x80)
}

/// Of a hint on a neighbour, the bit that says that it is the one behind.
const BEHIND: u8 = 0x80;

/// What is known of the word beside the key of that number: of the one before it, or else of the one
/// behind it. Nothing where an ending or a proclitic may change its first two letters.
fn neighbour(keys: &[Key], number: usize) -> u8 {
    let known = |key: &Key, before: bool| {
        let least = key.stem.map_or(key.head, |(stem, _)| stem);
        let first = least.first_byte();
        // Hebrew and Arabic letters, before which proclitics may stand.
        let proclitics = before && matches!(first, 0xD7..=0xDB);
        let is_word = key.head.whole || key.stem.is_some();
        (is_word && least.len() >= letters_bytes(first) && !proclitics).then(|| least.two_letters())
    };
    if let Some(before) = number.checked_sub(1) {
        return keys
            .get(before)
            .and_then(|key| known(key, true))
            .unwrap_or(0);
    }
    let behind = keys.get(number + 1).and_then(|key| known(key, false));
    behind.map_or(0, |hash| hash | BEHIND)
}

#[cfg(test)]
mod tests {
    use super::super::term::cut;
    use super::*;
    use crate::model::Term;

    fn index(terms: &[String]) -> (Index, Vec<(PatternId, u8)>) {
        let keys = |text: &String| cut(&Term::new(text)).unwrap().keys;
        let patterns: Vec<_> = (0..).zip(terms.iter().map(keys)).collect();
        Index::build(&patterns)
    }

    fn candidates(index: &Index, text: &str) -> Vec<PatternId> {
        let folded = Folded::new(text);
        let mut found = Vec::new();
        for (number, anchor) in folded.anchors().iter().enumerate() {
            let word = Word::at(&folded, *anchor).unwrap();
            let before = found.len();
            index.candidates(&folded, number, word, true, |id| found.push(id));
            assert!(found.len() == before || index.may_have(word, true));
        }
        found.dedup();
        found
    }

    #[test]
    fn a_word_that_many_patterns_share_brings_none_of_them() {
        let names = ["Arlov", "Berkut", "Cedeno", "Dvorak", "Eklund", "Fabiani"];
        let terms: Vec<String> = names
            .iter()
            .flat_map(|name| {
                [
                    format!("President {name}"),
                    format!("{name} Vladimir Group"),
                ]
            })
            .collect();
        let (index, backs) = index(&terms);
        let before: Vec<u8> = backs.iter().map(|(_, back)| *back).collect();
        assert_eq!(before[..4], [1, 0, 1, 0]);
        assert_eq!(
            candidates(&index, "President Vladimir Group, President"),
            [0; 0]
        );
        assert_eq!(candidates(&index, "Then President Cedeno spoke"), [4]);
        assert_eq!(candidates(&index, "the Cedeno Vladimir Group"), [5]);
    }

    #[test]
    fn the_word_beside_it_decides_before_the_pattern_is_looked_at() {
        let terms = ["Kim Jong", "Lee Jong", "Jong Park"].map(str::to_owned);
        let (index, _) = index(&terms);
        assert_eq!(candidates(&index, "Anna Jong says"), [0; 0]);
        assert_eq!(candidates(&index, "Lee Jong says"), [1]);
        assert_eq!(candidates(&index, "Jong Park"), [2]);
    }

    #[test]
    fn endings_letters_and_stars_are_candidates_too() {
        let terms = ["Путин", "习近平", "Xi", "Shang*", "الرئيس"].map(str::to_owned);
        let (index, _) = index(&terms);
        assert_eq!(candidates(&index, "о Путине"), [0]);
        assert_eq!(candidates(&index, "Пустыня"), [0; 0]);
        assert_eq!(candidates(&index, "会见习近平主席"), [1]);
        assert_eq!(candidates(&index, "Xi in Shanghai"), [2, 3]);
    }
}
