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

// Of a hash the upper bits are used, fewer than any machine's numbers have.
#![allow(clippy::cast_possible_truncation)]

use std::collections::HashMap;

use super::fold::{Anchor, Folded};
use super::patterns::{PatternId, narrow};

/// Longest head, in bytes; of longer words so much is compared.
pub(super) const LONGEST: usize = 16;

/// The beginning of a word that a pattern has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Head {
    low: u64,
    high: u64,
    len: u8,
    /// Whether nothing may follow it in its word.
    whole: bool,
    /// Whether the word may be shorter than the first bytes that tell the lengths.
    short: bool,
}

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

/// How many first bytes tell the lengths.
const fn first_bytes(first: u8) -> usize {
    if first < 0x80 { 4 } else { 6 }
}

/// The lowest bytes of a number.
const fn lowest(number: u64, bytes: usize) -> u64 {
    if bytes >= 8 {
        number
    } else {
        number & ((1 << (8 * bytes)) - 1)
    }
}

/// The first sixteen bytes of a text as two numbers, zeros for what is missing.
fn load(text: &[u8]) -> (u64, u64) {
    let chunk = text.first_chunk::<16>().copied().unwrap_or_else(|| {
        let mut chunk = [0; 16];
        for (to, from) in chunk.iter_mut().zip(text) {
            *to = *from;
        }
        chunk
    });
    let both = u128::from_le_bytes(chunk);
    (both as u64, (both >> 64) as u64)
}

const fn mix(key: u64) -> u64 {
    key.wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

/// A hash of the first `len` bytes.
const fn hash(low: u64, high: u64, len: usize, whole: bool) -> u64 {
    let low = lowest(low, len) ^ 0xA076_1D64_78BD_642F;
    let high = lowest(high, len.saturating_sub(8)) ^ 0xE703_7ED1_A0B4_28DB;
    let kind = (len as u64) << 1 | whole as u64;
    let product = low as u128 * (high ^ kind << 57) as u128;
    product as u64 ^ (product >> 64) as u64
}

impl Head {
    /// The head of a word's bytes; `whole` says that nothing may follow them in their word.
    pub(super) fn new(word: &[u8], whole: bool) -> Self {
        let (low, high) = load(word);
        let len = word.len().min(LONGEST);
        let whole = whole && word.len() <= LONGEST;
        let first = word.first().copied().unwrap_or(0);
        Self {
            low: lowest(low, len),
            high: lowest(high, len.saturating_sub(8)),
            len: len as u8,
            whole,
            short: !whole && len < first_bytes(first),
        }
    }

    /// How many bytes it has.
    pub(super) const fn len(&self) -> usize {
        self.len as usize
    }

    const fn hash(&self) -> u64 {
        hash(self.low, self.high, self.len as usize, self.whole)
    }

    /// The hash of its first bytes, as [`Word::first`] has it.
    const fn first_hash(&self) -> u64 {
        let known = first_bytes(self.low as u8);
        mix(lowest(self.low, known))
    }
}

/// Of a place among the patterns, the bit that says that it is the pattern itself.
const ALONE: u32 = 1 << 31;

/// A table's size for so many things, as a power of two, and by how much a hash is shifted for it.
fn room(count: usize) -> (usize, u32) {
    let size = count.next_power_of_two().max(64);
    (size, 64 - size.trailing_zeros())
}

/// A word of a folded text, as the tables look at it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Word {
    low: u64,
    high: u64,
    /// Of a letter that is a word by itself, how many bytes follow.
    len: usize,
    alone: bool,
}

impl Word {
    /// The word at an anchor; `None` for an empty one.
    #[inline]
    pub(super) fn at(text: &Folded<'_>, anchor: Anchor) -> Option<Self> {
        let start = anchor.start as usize;
        let (bytes, end) = text.bytes_and_room();
        let (low, high) = load(bytes.get(start..)?);
        let alone = anchor.end == anchor.start;
        let end = if alone { end } else { anchor.end as usize };
        let len = end.saturating_sub(start);
        (len > 0).then_some(Self {
            low,
            high,
            len,
            alone,
        })
    }

    /// Its first byte.
    pub(super) const fn first_byte(self) -> u8 {
        self.low as u8
    }

    /// The hash of its first bytes.
    #[inline]
    fn first(self) -> u64 {
        let known = self.len.min(first_bytes(self.low as u8));
        mix(lowest(self.low, known))
    }
}

/// What a place in a text must have for a pattern to be looked at, told without looking at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Hint {
    /// See [`Neighbour`]; 0 for nothing.
    neighbour: u8,
    /// How many bytes may follow the head in its word.
    most: u8,
}

/// A slot of [`Heads`].
#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    /// A part of the hash; 0 for an unused slot.
    part: u16,
    hint: Hint,
    /// The pattern, or where several begin.
    place: u32,
}

/// Hashes of heads to patterns.
#[derive(Debug, Default)]
struct Heads {
    /// Two bits for each hash, both in one number.
    filter: Vec<u64>,
    filter_shift: u32,
    /// By open addressing.
    slots: Vec<Slot>,
    slots_shift: u32,
    /// The patterns of heads that have several, each group with its number before it.
    groups: Vec<(PatternId, Hint)>,
}

/// The bits that a hash sets in a number of the filter.
#[inline]
const fn two_bits(hash: u64) -> u64 {
    1 << (hash & 63) | 1 << (hash >> 6 & 63)
}

/// What of a hash is kept in a slot; never zero.
const fn part(hash: u64) -> u16 {
    (hash >> 12) as u16 | 1
}

impl Heads {
    fn of(mut heads: Vec<(Head, PatternId, Hint)>) -> Self {
        heads.sort_unstable_by_key(|(head, id, _)| (head.hash(), *id));
        let groups = heads.chunk_by(|a, b| a.0.hash() == b.0.hash());
        let count = groups.clone().count();
        let (numbers, filter_shift) = room(count / 5);
        let (size, slots_shift) = room(count * 4 / 3);
        let mut table = Self {
            filter: vec![0; numbers],
            filter_shift,
            slots: vec![Slot::default(); size],
            slots_shift,
            groups: Vec::new(),
        };
        for group in groups {
            let Some((head, id, hint)) = group.first().copied() else {
                continue;
            };
            let hash = head.hash();
            table.filter[(hash >> table.filter_shift) as usize] |= two_bits(hash);
            let (place, hint) = if group.len() == 1 {
                (id | ALONE, hint)
            } else {
                let place = narrow(table.groups.len());
                table.groups.push((narrow(group.len()), Hint::default()));
                table
                    .groups
                    .extend(group.iter().map(|(_, id, hint)| (*id, *hint)));
                (place, Hint::default())
            };
            let mut slot = (hash >> table.slots_shift) as usize;
            while table.slots[slot].part != 0 {
                slot = (slot + 1) % size;
            }
            let part = part(hash);
            table.slots[slot] = Slot { part, hint, place };
        }
        table.groups.shrink_to_fit();
        table
    }

    /// Whether a hash may be that of a head.
    #[inline]
    fn may_have(&self, hash: u64) -> bool {
        let bits = self.filter.get((hash >> self.filter_shift) as usize);
        let wanted = two_bits(hash);
        bits.copied().unwrap_or(0) & wanted == wanted
    }

    /// Calls `found` with the patterns of a hash, and perhaps with those of others.
    fn find(&self, hash: u64, found: &mut impl FnMut(PatternId, Hint)) {
        let mask = self.slots.len() - 1;
        let mut at = (hash >> self.slots_shift) as usize;
        while let Some(slot) = self.slots.get(at).filter(|slot| slot.part != 0) {
            // The part may be that of several hashes.
            if slot.part == part(hash) {
                if slot.place & ALONE != 0 {
                    found(slot.place & !ALONE, slot.hint);
                } else {
                    let start = slot.place as usize;
                    let count = self
                        .groups
                        .get(start)
                        .map_or(0, |(count, _)| *count as usize);
                    let group = self.groups.get(start + 1..=start + count);
                    for (id, hint) in group.unwrap_or_default() {
                        found(*id, *hint);
                    }
                }
            }
            at = (at + 1) & mask;
        }
    }
}

/// Heads that more letters may follow, with the lengths that are worth a look.
#[derive(Debug, Default)]
struct Beginnings {
    /// By the hash of first bytes, the lengths of heads that may begin so, a bit for each; those of
    /// several may be one set.
    lengths: Vec<u16>,
    lengths_shift: u32,
    /// For each first byte, the lengths of heads that are shorter than what tells the lengths.
    short: Vec<u16>,
    heads: Heads,
    is_empty: bool,
}

impl Beginnings {
    fn of(heads: Vec<(Head, PatternId, Hint)>) -> Self {
        let mut firsts: Vec<u64> = heads.iter().map(|(head, ..)| head.first_hash()).collect();
        firsts.sort_unstable();
        firsts.dedup();
        let (size, lengths_shift) = room(firsts.len() * 3);
        let (mut lengths, mut short) = (vec![0; size], vec![0; 256]);
        for (head, ..) in &heads {
            let bit = 1 << (head.len - 1);
            if head.short {
                short[usize::from(head.low as u8)] |= bit;
            } else {
                lengths[(head.first_hash() >> lengths_shift) as usize] |= bit;
            }
        }
        Self {
            is_empty: heads.is_empty(),
            lengths,
            lengths_shift,
            short,
            heads: Heads::of(heads),
        }
    }

    /// The lengths, a bit for each, of heads that a word may begin with.
    #[inline]
    fn lengths(&self, word: Word, first: u64) -> u16 {
        let slot = (first >> self.lengths_shift) as usize;
        let lengths = self.lengths.get(slot).copied().unwrap_or(0);
        let short = usize::from(word.first_byte());
        let short = self.short.get(short).copied().unwrap_or(0);
        (lengths | short) & u16::MAX >> (LONGEST - word.len.min(LONGEST))
    }

    /// Whether the word may begin with a head.
    #[inline]
    fn may_have(&self, word: Word, first: u64) -> bool {
        let mut lengths = self.lengths(word, first);
        while lengths != 0 {
            let len = lengths.trailing_zeros() as usize + 1;
            if self.heads.may_have(hash(word.low, word.high, len, false)) {
                return true;
            }
            lengths &= lengths - 1;
        }
        false
    }

    /// Calls `found` with the patterns whose heads the word begins with, and perhaps with others.
    fn find(&self, word: Word, first: u64, found: &mut impl FnMut(PatternId, Hint)) {
        let mut lengths = self.lengths(word, first);
        while lengths != 0 {
            let len = lengths.trailing_zeros() as usize + 1;
            lengths &= lengths - 1;
            let hash = hash(word.low, word.high, len, false);
            let beyond = word.len - len;
            self.heads.find(hash, &mut |id, hint| {
                if beyond <= usize::from(hint.most) || hint.most == u8::MAX {
                    found(id, hint);
                }
            });
        }
    }
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
    #[inline]
    pub(super) fn may_have(&self, word: Word, latin: bool) -> bool {
        let first = word.first();
        (word.len <= LONGEST
            && self
                .whole
                .may_have(hash(word.low, word.high, word.len, true)))
            || (!self.open.is_empty && self.open.may_have(word, first))
            || (!word.alone
                && (latin || word.first_byte() >= 0x80)
                && self.stems.may_have(word, first))
    }

    /// Calls `found` with each pattern whose key may stand at a word, which has that number in a
    /// folded text. A pattern may be found twice.
    pub(super) fn candidates(
        &self,
        text: &Folded<'_>,
        number: usize,
        word: Word,
        mut found: impl FnMut(PatternId),
    ) {
        self.of_word(word, &mut |id, hint| {
            if hint.neighbour == 0 || is_beside(text, number, hint.neighbour) {
                found(id);
            }
        });
    }

    /// The same for what is left of a word behind a proclitic; what stands beside it is not looked
    /// at.
    pub(super) fn candidates_inside(&self, word: Word, mut found: impl FnMut(PatternId)) {
        self.of_word(word, &mut |id, _| found(id));
    }

    fn of_word(&self, word: Word, found: &mut impl FnMut(PatternId, Hint)) {
        if word.len <= LONGEST {
            let hash = hash(word.low, word.high, word.len, true);
            self.whole.find(hash, found);
        }
        let first = word.first();
        self.open.find(word, first, found);
        self.stems.find(word, first, found);
    }
}

/// Of a hint on a neighbour, the bit that says that it is the one behind.
const BEHIND: u8 = 0x80;

/// A hash of the first two letters of a word, below [`BEHIND`] and not zero.
const fn two_letters(low: u64) -> u8 {
    let known = if (low as u8) < 0x80 { 2 } else { 4 };
    (mix(lowest(low, known)) >> 57) as u8 | 1
}

/// What is known of the word beside the key of that number: of the one before it, or else of the one
/// behind it. Nothing where an ending or a proclitic may change its first two letters.
fn neighbour(keys: &[Key], number: usize) -> u8 {
    let known = |key: &Key, before: bool| {
        let least = key.stem.map_or(key.head, |(stem, _)| stem);
        let first = least.low as u8;
        let size = if first < 0x80 { 2 } else { 4 };
        // Hebrew and Arabic letters, before which proclitics may stand.
        let proclitics = before && matches!(first, 0xD7..=0xDB);
        let is_word = key.head.whole || key.stem.is_some();
        (is_word && least.len() >= size && !proclitics).then(|| two_letters(least.low))
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

/// Whether such a word stands beside that of the number.
fn is_beside(text: &Folded<'_>, number: usize, neighbour: u8) -> bool {
    let other = if neighbour & BEHIND == 0 {
        number.checked_sub(1)
    } else {
        Some(number + 1)
    };
    let anchor = other.and_then(|other| text.anchors().get(other));
    anchor.is_some_and(|anchor| {
        let (bytes, _) = text.bytes_and_room();
        let word = bytes.get(anchor.start as usize..).unwrap_or_default();
        two_letters(load(word).0) == neighbour & !BEHIND
    })
}
