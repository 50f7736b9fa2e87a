//! Which patterns may begin at a place in a text: an index over the beginnings of words.
//!
//! A mention begins where a word begins, so nothing is done between. At each anchor the first bytes
//! of the word (4 of ASCII, 6 of others: three Cyrillic letters, two Han) are the key. A bitmap tells
//! at once that almost no word begins so; behind it stands which lengths the patterns' heads with that
//! key have, and behind that, by the hash of so many bytes, the patterns. The cost is one look into
//! the bitmap per word, however many patterns there are.
//!
//! A word of the text that is shorter than the key is the key whole. A head that is shorter and may
//! be followed by more letters (`Xi*`) is looked up by its own length; `short` knows those by their
//! first byte, so that there is nothing to do where there are none.

// Of a hash the upper bits are used, fewer than any machine's numbers have.
#![allow(clippy::cast_possible_truncation)]

use std::collections::HashMap;

use super::fold::Anchor;
use super::patterns::{PatternId, narrow};
use super::term::{Cut, Tail};

/// Heads are told apart by so many bytes at most.
const MAX_PROBE: usize = 63;
/// The byte of a key that says that it is a short one, and how short.
const SHORT: u64 = 0x80;

/// Keys to the lengths of heads, and hashes of heads to patterns, both by open addressing.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// One bit for each hash of a key; a power of two of them.
    filter: Vec<u64>,
    filter_shift: u32,
    /// Keys with the lengths of their heads, one bit for each; an unused slot has no length.
    keys: Vec<(u64, u64)>,
    keys_shift: u32,
    /// Hashes of heads with the place and number of their patterns; an unused slot has none.
    heads: Vec<(u64, u32, u32)>,
    heads_shift: u32,
    /// The patterns, those of one head together.
    patterns: Vec<PatternId>,
    /// For each first byte, the lengths of short heads.
    short: Vec<u8>,
}

/// How many bytes are a key.
const fn key_len(first: u8) -> usize {
    if first < 0x80 { 4 } else { 6 }
}

fn key(bytes: &[u8]) -> u64 {
    let mut key = [0; 8];
    for (to, from) in key.iter_mut().zip(bytes) {
        *to = *from;
    }
    u64::from_le_bytes(key)
}

const fn short_key(key: u64, len: usize) -> u64 {
    key | (SHORT | len as u64) << 56
}

const fn mix(key: u64) -> u64 {
    key.wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

fn hash(bytes: &[u8]) -> u64 {
    let mut hash = bytes.len() as u64;
    let mut chunks = bytes.chunks_exact(8);
    for chunk in &mut chunks {
        let chunk = chunk.try_into().map_or(0, u64::from_le_bytes);
        hash = (hash.rotate_left(5) ^ chunk).wrapping_mul(0x517C_C1B7_2722_0A95);
    }
    hash = (hash.rotate_left(5) ^ key(chunks.remainder())).wrapping_mul(0x517C_C1B7_2722_0A95);
    hash ^ hash >> 29
}

/// What a pattern begins with, for the index.
#[derive(Debug)]
pub(super) struct Head {
    key: u64,
    /// The length of a short head, else 0.
    short: usize,
    first: u8,
    hash: u64,
    len: u8,
}

impl Head {
    /// The head of a term.
    pub(super) fn of(cut: &Cut) -> Option<Self> {
        let segment = cut.segments.first()?;
        let dropped = match &segment.tail {
            Tail::Forms(forms) => forms.iter().map(|form| usize::from(form.cut)).max(),
            Tail::Open | Tail::Closed => None,
        };
        let end = segment.text.len().checked_sub(dropped.unwrap_or(0))?;
        let head = segment.text.as_bytes().get(cut.lead..end)?;
        let first = *head.first()?;
        let size = key_len(first);
        let (known, complete) = if cut.word == 0 {
            (head.len(), false)
        } else {
            // The word is whole in the head when something follows it, or nothing may.
            let whole =
                cut.word < head.len() || (cut.word == head.len() && segment.tail == Tail::Closed);
            (cut.word.min(head.len()), whole)
        };
        let len = known.min(size);
        let plain = key(head.get(..len)?);
        let short = if len < size && !complete { len } else { 0 };
        let probe = head.get(..head.len().min(MAX_PROBE))?;
        Some(Self {
            key: if short > 0 {
                short_key(plain, short)
            } else {
                plain
            },
            short,
            first,
            hash: hash(probe),
            len: u8::try_from(probe.len()).ok()?,
        })
    }
}

/// A table's size for so many things, as a power of two, and by how much a hash is shifted for it.
fn room(count: usize) -> (usize, u32) {
    let size = (count * 2).next_power_of_two().max(16);
    (size, 64 - size.trailing_zeros())
}

impl Index {
    /// Builds the index of these heads.
    pub(super) fn build(heads: &[(Head, PatternId)]) -> Self {
        let mut keys: HashMap<u64, u64> = HashMap::new();
        let mut short = vec![0_u8; 256];
        for (head, _) in heads {
            *keys.entry(head.key).or_default() |= 1 << head.len;
            if head.short > 0 {
                short[usize::from(head.first)] |= 1 << head.short;
            }
        }
        let mut order: Vec<(u64, PatternId)> = heads.iter().map(|(h, id)| (h.hash, *id)).collect();
        order.sort_unstable();
        let groups = order.chunk_by(|a, b| a.0 == b.0);

        let mut index = Self {
            short,
            ..Self::default()
        };
        let (size, shift) = room(keys.len());
        // Sixteen bits for each key.
        let bits = (size * 8).max(1024);
        index.filter = vec![0; bits / 64];
        index.filter_shift = 64 - bits.trailing_zeros();
        index.keys = vec![(0, 0); size];
        index.keys_shift = shift;
        for (key, lengths) in keys {
            let bit = (mix(key) >> index.filter_shift) as usize;
            index.filter[bit / 64] |= 1 << (bit % 64);
            let mut slot = (mix(key) >> shift) as usize;
            while index.keys[slot].1 != 0 {
                slot = (slot + 1) % size;
            }
            index.keys[slot] = (key, lengths);
        }
        let (size, shift) = room(groups.clone().count());
        index.heads = vec![(0, 0, 0); size];
        index.heads_shift = shift;
        for group in groups {
            let Some((hash, _)) = group.first() else {
                continue;
            };
            let mut slot = (mix(*hash) >> shift) as usize;
            while index.heads[slot].2 != 0 {
                slot = (slot + 1) % size;
            }
            index.heads[slot] = (*hash, narrow(index.patterns.len()), narrow(group.len()));
            index.patterns.extend(group.iter().map(|(_, id)| *id));
        }
        index
    }

    /// Calls `found` with each pattern whose head stands at the anchor.
    pub(super) fn candidates(&self, text: &str, anchor: Anchor, mut found: impl FnMut(PatternId)) {
        let bytes = text.as_bytes();
        let Some(rest) = bytes.get(anchor.start as usize..) else {
            return;
        };
        let Some(first) = rest.first() else {
            return;
        };
        let size = key_len(*first);
        let word = match anchor.end - anchor.start {
            0 => rest.len(),
            len => len as usize,
        };
        let known = word.min(size);
        // The whole eight bytes are read and cut, where there are as many.
        let plain = rest.first_chunk::<8>().map_or_else(
            || key(rest.get(..known).unwrap_or_default()),
            |chunk| u64::from_le_bytes(*chunk) & (u64::MAX >> (64 - 8 * known as u32)),
        );
        self.of_key(plain, rest, &mut found);
        let mut lengths = self.short.get(usize::from(*first)).copied().unwrap_or(0);
        while lengths != 0 {
            let len = lengths.trailing_zeros() as usize;
            lengths &= lengths - 1;
            if len <= known {
                let plain = plain & (u64::MAX >> (64 - 8 * len));
                self.of_key(short_key(plain, len), rest, &mut found);
            }
        }
    }

    fn of_key(&self, key: u64, rest: &[u8], found: &mut impl FnMut(PatternId)) {
        let mixed = mix(key);
        let bit = (mixed >> self.filter_shift) as usize;
        let word = self.filter.get(bit / 64).copied().unwrap_or(0);
        if word & 1 << (bit % 64) == 0 {
            return;
        }
        let mask = self.keys.len() - 1;
        let mut slot = (mixed >> self.keys_shift) as usize;
        let mut lengths = loop {
            match self.keys.get(slot) {
                Some((known, lengths)) if *known == key || *lengths == 0 => break *lengths,
                Some(_) => slot = (slot + 1) & mask,
                None => return,
            }
        };
        while lengths != 0 {
            let len = lengths.trailing_zeros() as usize;
            lengths &= lengths - 1;
            let Some(head) = rest.get(..len) else {
                return;
            };
            self.of_head(hash(head), found);
        }
    }

    fn of_head(&self, hash: u64, found: &mut impl FnMut(PatternId)) {
        let mask = self.heads.len() - 1;
        let mut slot = (mix(hash) >> self.heads_shift) as usize;
        while let Some((known, first, count)) = self.heads.get(slot) {
            if *count == 0 {
                return;
            }
            if *known == hash {
                let range = *first as usize..*first as usize + *count as usize;
                for id in self.patterns.get(range).unwrap_or_default() {
                    found(*id);
                }
                return;
            }
            slot = (slot + 1) & mask;
        }
    }
}
