//! Beginnings of words as numbers: of patterns, as heads, and of texts.

// Of a number only as many bytes are used as it has.
#![allow(clippy::cast_possible_truncation)]

use super::super::fold::{Anchor, Folded};

/// Longest head, in bytes; of longer words so much is compared.
pub(super) const LONGEST: usize = 16;

/// The beginning of a word that a pattern has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::matching) struct Head {
    low: u64,
    high: u64,
    pub(super) len: u8,
    /// Whether nothing may follow it in its word.
    pub(super) whole: bool,
    /// Whether the word may be shorter than the first bytes that tell the lengths.
    pub(super) short: bool,
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
    pub(in crate::matching) fn new(word: &[u8], whole: bool) -> Self {
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

    /// Its first byte.
    pub(super) const fn first_byte(&self) -> u8 {
        self.low as u8
    }

    /// A hash of its first two letters; see [`Word::two_letters`].
    pub(super) const fn two_letters(&self) -> u8 {
        two_letters(self.low)
    }

    /// How many bytes it has.
    pub(super) const fn len(&self) -> usize {
        self.len as usize
    }

    /// Its hash, as the tables know it.
    pub(super) const fn hash(&self) -> u64 {
        hash(self.low, self.high, self.len as usize, self.whole)
    }

    /// The hash of its first bytes, as [`Word::first`] has it.
    pub(super) const fn first_hash(&self) -> u64 {
        let known = first_bytes(self.low as u8);
        mix(lowest(self.low, known))
    }
}

/// A word of a folded text, as the tables look at it.
#[derive(Debug, Clone, Copy)]
pub(in crate::matching) struct Word {
    low: u64,
    high: u64,
    /// Of a letter that is a word by itself, how many bytes follow.
    pub(super) len: usize,
    pub(super) alone: bool,
}

impl Word {
    /// The word at an anchor; `None` for an empty one.
    #[inline]
    pub(in crate::matching) fn at(text: &Folded<'_>, anchor: Anchor) -> Option<Self> {
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

    /// A hash of its first two letters: seven bits, not zero.
    pub(super) const fn two_letters(self) -> u8 {
        two_letters(self.low)
    }

    /// Its first byte.
    pub(in crate::matching) const fn first_byte(self) -> u8 {
        self.low as u8
    }

    /// The hash of the whole word, as a head has it of which nothing may follow.
    #[inline]
    pub(super) const fn whole(self) -> u64 {
        hash(self.low, self.high, self.len, true)
    }

    /// The hash of so many bytes, as a head has it that more letters may follow.
    #[inline]
    pub(super) const fn beginning(self, len: usize) -> u64 {
        hash(self.low, self.high, len, false)
    }

    /// The hash of its first bytes.
    #[inline]
    pub(super) fn first(self) -> u64 {
        let known = self.len.min(first_bytes(self.low as u8));
        mix(lowest(self.low, known))
    }
}

/// How many bytes are two letters, or near.
pub(super) const fn letters_bytes(first: u8) -> usize {
    if first < 0x80 { 2 } else { 4 }
}

const fn two_letters(low: u64) -> u8 {
    match (mix(lowest(low, letters_bytes(low as u8))) >> 57) as u8 {
        0 => 1,
        letters => letters,
    }
}
