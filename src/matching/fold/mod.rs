//! Folding: a text without the differences that readers do not mean, and the exact way back.
//!
//! [`Folded`] holds the folded text of a source and maps every folded position to the characters
//! of the source it came from. The map's atom is the [`Unit`]: the folded form of one character
//! together with the marks that were dropped behind it, or of one white-space run. Runs of
//! characters that keep their length share one [`Span`], so plain text costs almost nothing.
//!
//! White-space runs become one space and every hyphen or dash becomes a space of its own; hence
//! `Kassym Jomart` and `Kassym-Jomart` are the same and `Kassym - Jomart` is another.
//!
//! Folding never fails and never reports a range that cuts a character of the source.

mod pass;
#[cfg(test)]
mod tests;

use std::cell::OnceCell;
use std::ops::Range;

use unicode_normalization::char::compose;

use super::character::{Class, Strict, fold_char, is_mark};
use super::table::entry;
use pass::Pass;

/// A folded text with its way back to the source.
#[derive(Debug, Clone)]
pub(super) struct Folded<'t> {
    source: &'t str,
    buffers: Buffers,
    /// The folded text as such, made when first asked for.
    text: OnceCell<String>,
}

/// What a [`Folded`] is made of.
#[derive(Debug, Clone, Default)]
pub(super) struct Buffers {
    /// The folded text in the first bytes, and room behind it.
    text: Vec<u8>,
    len: usize,
    spans: Vec<Span>,
    anchors: Vec<Anchor>,
}

impl Buffers {
    /// Empty ones.
    pub(super) const fn new() -> Self {
        Self {
            text: Vec::new(),
            len: 0,
            spans: Vec::new(),
            anchors: Vec::new(),
        }
    }

    /// Whether they are worth keeping: not those of a text far longer than others.
    pub(super) fn is_modest(&self) -> bool {
        self.text.capacity() <= 1 << 20
    }

    /// The folded text, which is UTF-8.
    fn bytes(&self) -> &[u8] {
        self.text.get(..self.len).unwrap_or_default()
    }
}

/// A place in the folded text where a word begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Anchor {
    /// The word's first byte.
    pub start: u32,
    /// One past its last byte; the same as `start` for a letter of a script without spaces, of
    /// which each is a word.
    pub end: u32,
}

impl Anchor {
    fn word(start: usize) -> Self {
        Self {
            start: offset(start),
            end: u32::MAX,
        }
    }

    /// What is left of its word behind so many bytes.
    pub(super) fn behind(self, bytes: usize) -> Self {
        Self {
            start: self.start + offset(bytes),
            end: self.end,
        }
    }

    fn letter(start: usize) -> Self {
        Self {
            start: offset(start),
            end: offset(start),
        }
    }
}

/// A stretch of folded text.
#[derive(Debug, Clone, Copy)]
struct Span {
    /// Where it begins in the folded text; it ends where the next span begins.
    folded: u32,
    /// Where it begins in the source.
    source: u32,
    /// `None`: character by character of equal length. `Some`: one unit of so many source bytes.
    unit: Option<u32>,
}

/// The smallest piece that maps back: bytes of the folded text and bytes of the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unit {
    /// Bytes of the folded text.
    pub folded: Range<usize>,
    /// Bytes of the source, at character boundaries.
    pub source: Range<usize>,
}

/// Offsets are kept in 32 bits: callers cut texts far below 4 GiB.
fn offset(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// How many bytes the character has that begins with this byte; 0 for the inside of one.
const fn char_len(first: u8) -> usize {
    match first {
        0..0x80 => 1,
        0x80..0xC0 => 0,
        0xC0..0xE0 => 2,
        0xE0..0xF0 => 3,
        0xF0.. => 4,
    }
}

impl<'t> Folded<'t> {
    /// Folds a text.
    pub(super) fn new(source: &'t str) -> Self {
        Self::with(source, Buffers::default())
    }

    /// Folds a text into buffers that were used before.
    pub(super) fn with(source: &'t str, buffers: Buffers) -> Self {
        Self {
            source,
            buffers: Pass::new(source, buffers).run(),
            text: OnceCell::new(),
        }
    }

    /// The buffers, to be used again.
    pub(super) fn into_buffers(self) -> Buffers {
        self.buffers
    }

    /// Where words begin, ascending; see [`Anchor`].
    pub(super) fn anchors(&self) -> &[Anchor] {
        &self.buffers.anchors
    }

    /// The folded text's bytes.
    pub(super) fn bytes(&self) -> &[u8] {
        self.buffers.bytes()
    }

    /// The bytes of an anchor's word; none for a letter that is a word by itself.
    pub(super) fn word(&self, anchor: Anchor) -> &[u8] {
        let range = anchor.start as usize..anchor.end as usize;
        self.bytes().get(range).unwrap_or_default()
    }

    /// The folded text's bytes with the room behind them, and how many they are.
    #[inline]
    pub(super) fn bytes_and_room(&self) -> (&[u8], usize) {
        (&self.buffers.text, self.buffers.len)
    }

    /// The folded text; copied once for all who ask.
    pub(super) fn text(&self) -> &str {
        self.text
            .get_or_init(|| String::from_utf8(self.bytes().to_vec()).unwrap_or_default())
    }

    /// A piece of the folded text; `None` where it cuts a character.
    pub(super) fn piece(&self, range: Range<usize>) -> Option<&str> {
        std::str::from_utf8(self.bytes().get(range)?).ok()
    }

    /// The unit that holds the folded character beginning at `at`.
    fn unit(&self, at: usize) -> Option<Unit> {
        let size = char_len(*self.bytes().get(at)?);
        if size == 0 {
            return None;
        }
        let spans = &self.buffers.spans;
        let index = spans
            .partition_point(|span| span.folded as usize <= at)
            .checked_sub(1)?;
        let span = spans.get(index)?;
        let (folded, source) = (span.folded as usize, span.source as usize);
        Some(match span.unit {
            None => {
                let begin = source + at - folded;
                Unit {
                    folded: at..at + size,
                    source: begin..begin + size,
                }
            }
            Some(len) => {
                let next = spans.get(index + 1);
                Unit {
                    folded: folded..next.map_or(self.buffers.len, |next| next.folded as usize),
                    source: source..source + len as usize,
                }
            }
        })
    }

    /// The unit whose last folded character ends at `at`.
    fn before(&self, at: usize) -> Option<Unit> {
        let before = self.bytes().get(..at)?;
        self.unit(before.iter().rposition(|byte| char_len(*byte) > 0)?)
    }

    /// The class of a unit: that of the source's character.
    fn class(&self, unit: &Unit) -> Class {
        let first = self.source.get(unit.source.start..);
        let first = first.and_then(|rest| rest.chars().next());
        first.map_or(Class::Other, |c| entry(c).class())
    }

    /// Whether the folded text goes on at `at` with a word that began before it.
    fn is_inside(&self, before: &Unit, after: &Unit) -> bool {
        let mut class = self.class(before);
        let mut at = before.folded.start;
        // What a mark belongs to decides.
        while class == Class::Mark {
            let Some(unit) = self.before(at) else {
                return false;
            };
            class = self.class(&unit);
            at = unit.folded.start;
        }
        class.joins(self.class(after))
    }

    /// Whether a hit may begin or end at this folded position: between units, not before a
    /// combining mark, and not inside a word of a spaced script or of Katakana.
    pub(super) fn is_boundary(&self, at: usize) -> bool {
        let Some(after) = self.unit(at) else {
            return at == self.buffers.len;
        };
        let Some(before) = self.before(at) else {
            return at == 0;
        };
        let mark = self.piece(at..after.folded.end);
        let mark = mark.is_some_and(|piece| piece.starts_with(is_mark));
        after.folded.start == at && !mark && !self.is_inside(&before, &after)
    }

    /// Where the word that reaches to or over `at` ends; `None` when `at` cuts a unit that is no
    /// part of a word.
    pub(super) fn word_end(&self, at: usize) -> Option<usize> {
        let mut end = at;
        let mut word = self.before(at).map(|unit| self.class(&unit));
        while word == Some(Class::Mark) {
            word = self.before(end).and_then(|unit| {
                end = unit.folded.start;
                self.before(end).map(|unit| self.class(&unit))
            });
        }
        let word = word.filter(|class| matches!(class, Class::Word | Class::Hangul));
        end = at;
        while let Some(unit) = self.unit(end) {
            let class = self.class(&unit);
            if class == Class::Mark || Some(class) == word {
                end = unit.folded.end;
            } else if unit.folded.start < end {
                return None;
            } else {
                break;
            }
        }
        Some(end)
    }

    /// The source bytes of a folded range that begins and ends between units.
    pub(super) fn source_range(&self, folded: Range<usize>) -> Option<Range<usize>> {
        let first = self.unit(folded.start)?;
        let last = self.before(folded.end)?;
        Some(first.source.start..last.source.end)
    }

    /// The source.
    pub(super) fn source(&self) -> &'t str {
        self.source
    }

    /// The source from the unit on that begins at a folded position.
    pub(super) fn source_from(&self, at: usize) -> Option<&'t str> {
        self.source.get(self.unit(at)?.source.start..)
    }

    /// The source text of such a range.
    pub(super) fn source_text(&self, folded: Range<usize>) -> Option<&'t str> {
        self.source.get(self.source_range(folded)?)
    }
}

/// A text folded but for the differences that are not forgiven; white space as in [`Folded`].
pub(super) fn fold_strictly(text: &str, strict: Strict) -> String {
    let mut out = String::with_capacity(text.len());
    let mut in_space = false;
    for c in text.chars() {
        if c.is_whitespace() {
            if !in_space {
                out.push(' ');
            }
            in_space = true;
            continue;
        }
        let begin = out.len();
        fold_char(c, strict, &mut out);
        in_space &= out.len() == begin;
        if matches!(c, '\u{1160}'..='\u{11FF}')
            && let Some(last) = out[..begin].chars().next_back()
            && let Some(syllable) = compose(last, c)
        {
            out.truncate(begin - last.len_utf8());
            out.push(syllable);
        }
    }
    out
}
