//! Heads to patterns: a filter that says almost always that there is none, and behind it the table.

// Of a hash the upper bits are used, fewer than any machine's numbers have.
#![allow(clippy::cast_possible_truncation)]

use super::super::patterns::{PatternId, narrow};
use super::head::{Head, LONGEST, Word};

/// Of a place among the patterns, the bit that says that it is the pattern itself.
const ALONE: u32 = 1 << 31;

/// A table's size for so many things, as a power of two, and by how much a hash is shifted for it.
fn room(count: usize) -> (usize, u32) {
    let size = count.next_power_of_two().max(64);
    (size, 64 - size.trailing_zeros())
}

/// What a place in a text must have for a pattern to be looked at, told without looking at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Hint {
    /// The two letters of the word beside it; 0 for nothing.
    pub neighbour: u8,
    /// How many bytes may follow the head in its word.
    pub most: u8,
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
pub(super) struct Heads {
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
    pub(super) fn of(mut heads: Vec<(Head, PatternId, Hint)>) -> Self {
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
    pub(super) fn may_have(&self, hash: u64) -> bool {
        let bits = self.filter.get((hash >> self.filter_shift) as usize);
        let wanted = two_bits(hash);
        bits.copied().unwrap_or(0) & wanted == wanted
    }

    /// Calls `found` with the patterns of a hash, and perhaps with those of others.
    pub(super) fn find(&self, hash: u64, found: &mut impl FnMut(PatternId, Hint)) {
        if !self.may_have(hash) {
            return;
        }
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
pub(super) struct Beginnings {
    /// By the hash of first bytes, the lengths of heads that may begin so, a bit for each; those of
    /// several may be one set.
    lengths: Vec<u16>,
    lengths_shift: u32,
    /// For each first byte, the lengths of heads that are shorter than what tells the lengths.
    short: Vec<u16>,
    heads: Heads,
    pub is_empty: bool,
}

impl Beginnings {
    pub(super) fn of(heads: Vec<(Head, PatternId, Hint)>) -> Self {
        let mut firsts: Vec<u64> = heads.iter().map(|(head, ..)| head.first_hash()).collect();
        firsts.sort_unstable();
        firsts.dedup();
        let (size, lengths_shift) = room(firsts.len() * 3);
        let (mut lengths, mut short) = (vec![0; size], vec![0; 256]);
        for (head, ..) in &heads {
            let bit = 1 << (head.len - 1);
            if head.short {
                short[usize::from(head.first_byte())] |= bit;
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
    pub(super) fn may_have(&self, word: Word, first: u64) -> bool {
        let lengths = self.lengths(word, first);
        lengths != 0 && self.may_have_one_of(word, lengths)
    }

    #[inline(never)]
    fn may_have_one_of(&self, word: Word, mut lengths: u16) -> bool {
        while lengths != 0 {
            let len = lengths.trailing_zeros() as usize + 1;
            if self.heads.may_have(word.beginning(len)) {
                return true;
            }
            lengths &= lengths - 1;
        }
        false
    }

    /// Calls `found` with the patterns whose heads the word begins with, and perhaps with others.
    pub(super) fn find(&self, word: Word, first: u64, found: &mut impl FnMut(PatternId, Hint)) {
        let mut lengths = self.lengths(word, first);
        while lengths != 0 {
            let len = lengths.trailing_zeros() as usize + 1;
            lengths &= lengths - 1;
            let hash = word.beginning(len);
            let beyond = word.len - len;
            self.heads.find(hash, &mut |id, hint| {
                if beyond <= usize::from(hint.most) || hint.most == u8::MAX {
                    found(id, hint);
                }
            });
        }
    }
}
