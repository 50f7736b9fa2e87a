//! The pass that folds a text: once over its characters, with a short way for plain ones.
//!
//! [`Pass`] writes the folded bytes, the spans of the map and the anchors. What it writes is UTF-8,
//! since it writes whole characters only.

use unicode_normalization::char::compose;

use super::super::character::{Class, Strict, fold_char};
use super::super::table::{Folding, entry, table};
use super::eight;
use super::wide::{self, BLOCK};
use super::{Anchor, Buffers, Span, char_len, offset};

/// Folding at work.
pub(super) struct Pass<'t> {
    source: &'t str,
    buffers: Buffers,
    /// The class of the last character that was neither dropped nor a mark.
    last: Class,
    /// Whether the last anchor's word goes on.
    open: bool,
    /// Whether the last span is an even one that reaches to here, in the source too.
    even: bool,
    /// How many blocks of ASCII are not tried as wide ones: where one was not plain, the next are
    /// mostly no better.
    patience: u8,
    /// A folded form that is too long for the table.
    form: String,
}

impl<'t> Pass<'t> {
    pub(super) fn new(source: &'t str, mut buffers: Buffers) -> Self {
        buffers.spans.clear();
        buffers.anchors.clear();
        buffers.len = 0;
        let mut pass = Self {
            source,
            buffers,
            last: Class::Other,
            open: false,
            even: false,
            patience: 0,
            form: String::new(),
        };
        pass.make_room(source.len());
        pass
    }

    /// Folds the whole text.
    pub(super) fn run(mut self) -> Buffers {
        let table = table();
        let mut chars = self.source.chars();
        let mut at = 0;
        while let Some(c) = chars.next() {
            if c.is_ascii() {
                // One space between two words of other letters.
                let next = self.source.as_bytes().get(at + 1);
                if c == ' ' && self.last != Class::Space && next.is_some_and(|b| !b.is_ascii()) {
                    self.uneven(at, c, table.get(0x20).copied().unwrap_or_else(|| entry(c)));
                    at += 1;
                    continue;
                }
                let end = self.ascii(at);
                if end > at {
                    at = end;
                    chars = self.source.get(end..).unwrap_or_default().chars();
                    continue;
                }
            }
            let folding = table.get(c as usize).copied().unwrap_or_else(|| entry(c));
            if !folding.is_even() {
                self.uneven(at, c, folding);
                at += c.len_utf8();
                continue;
            }
            self.even(at, c, folding);
            at += c.len_utf8();
            if matches!(self.last, Class::Word | Class::Unspaced) && self.even {
                let rest = chars.as_str();
                let size = self.alike(rest, table);
                at += size;
                chars = rest.get(size..).unwrap_or_default().chars();
            }
        }
        self.close();
        self.buffers
    }

    /// Makes sure that the text's rest, which is so long, can be written.
    fn make_room(&mut self, rest: usize) {
        let least = self.buffers.len + rest + ROOM;
        if self.buffers.text.len() < least {
            self.buffers.text.resize(least, 0);
        }
    }

    /// Takes the stretch of plain ASCII that begins at `at`; returns where it ends.
    fn ascii(&mut self, at: usize) -> usize {
        let mut end = at;
        loop {
            let size = self.block(end);
            end += size;
            if size < BLOCK {
                return end;
            }
        }
    }

    /// Takes up to [`BLOCK`] bytes of plain ASCII; returns how many.
    #[inline]
    fn block(&mut self, at: usize) -> usize {
        let bytes = self.source.as_bytes();
        let here = self.buffers.len;
        let room = self.buffers.text.get_mut(here..).unwrap_or_default();
        let rest = bytes.get(at..).unwrap_or_default();
        let after_space = self.last == Class::Space;
        let block = rest.first_chunk().filter(|_| self.patience == 0);
        let (mut word, size, last) = match (block, room.first_chunk_mut()) {
            (Some(block), Some(room)) if wide::is_plain(block, after_space) => {
                *room = wide::folded(block);
                (wide::words(block), BLOCK, block[BLOCK - 1])
            }
            _ => {
                self.patience = self.patience.checked_sub(1).unwrap_or(PATIENCE);
                eight::take(rest, after_space, room)
            }
        };
        if size == 0 {
            return 0;
        }
        self.fit_even(at);
        let within = u64::MAX >> (BLOCK - size);
        word &= within;
        let before = word << 1 | u64::from(self.last == Class::Word);
        let mut starts = word & !before;
        let mut ends = !word & before & within;
        if self.last != Class::Word {
            // A word of other letters ends here.
            self.close_at(here);
        } else if ends.trailing_zeros() < starts.trailing_zeros() {
            self.close_at(here + ends.trailing_zeros() as usize);
            ends &= ends - 1;
        }
        while starts != 0 {
            let start = here + starts.trailing_zeros() as usize;
            starts &= starts - 1;
            let mut anchor = Anchor::word(start);
            if ends == 0 {
                self.open = true;
            } else {
                anchor.end = offset(here + ends.trailing_zeros() as usize);
                ends &= ends - 1;
            }
            self.buffers.anchors.push(anchor);
        }
        self.last = match last {
            _ if word >> (size - 1) & 1 != 0 => Class::Word,
            b' ' => Class::Space,
            _ => Class::Other,
        };
        self.buffers.len += size;
        size
    }

    /// Takes a character that becomes one of as many bytes.
    #[inline]
    fn even(&mut self, at: usize, c: char, folding: Folding) {
        let class = folding.class();
        if class == Class::Hangul && self.join_jamo(c, at + c.len_utf8()) {
            return;
        }
        self.meet(class);
        self.fit_even(at);
        self.write(folding.form());
    }

    /// Takes characters like the last one, of which a word or each of which is a word; returns how
    /// many bytes they were.
    #[inline]
    fn alike(&mut self, rest: &str, table: &[Folding]) -> usize {
        let class = self.last;
        let Buffers {
            text, len, anchors, ..
        } = &mut self.buffers;
        let mut size = 0;
        for c in rest.chars() {
            let folding = table.get(c as usize);
            let folding = folding.filter(|folding| folding.is_even_of(class) && !c.is_ascii());
            let Some((form, bytes)) = folding.and_then(|folding| folding.form()) else {
                break;
            };
            let Some(to) = text.get_mut(*len + size..*len + size + 4) else {
                break;
            };
            if class == Class::Unspaced {
                anchors.push(Anchor::letter(*len + size));
            }
            to.copy_from_slice(&form);
            size += bytes;
        }
        *len += size;
        size
    }

    /// Takes any other character.
    fn uneven(&mut self, at: usize, c: char, folding: Folding) {
        let end = at + c.len_utf8();
        match folding.class() {
            Class::Space => {
                if self.last == Class::Space {
                    self.extend_last(end);
                    return;
                }
                self.close();
                if c.is_ascii() {
                    self.fit_even(at);
                } else {
                    self.push_unit(at, end);
                }
                self.write(Some((*b" \0\0\0", 1)));
                self.last = Class::Space;
            }
            Class::Dropped => {
                self.even = false;
                if folding.is_optional_mark() {
                    self.extend_last(end);
                }
            }
            class => {
                self.meet(class);
                self.push_unit(at, end);
                if let form @ Some(_) = folding.form() {
                    self.write(form);
                } else {
                    self.form.clear();
                    fold_char(c, Strict::default(), &mut self.form);
                    self.make_room(self.form.len() + self.source.len() - end);
                    let (start, long) = (self.buffers.len, self.form.len());
                    if let Some(to) = self.buffers.text.get_mut(start..start + long) {
                        to.copy_from_slice(self.form.as_bytes());
                        self.buffers.len += long;
                    }
                }
            }
        }
    }

    /// Sets anchors where a character of this class comes next.
    #[inline]
    fn meet(&mut self, class: Class) {
        if !self.last.joins(class) {
            self.close();
            if class.makes_words() {
                self.buffers.anchors.push(Anchor::word(self.buffers.len));
                self.open = true;
            } else if class == Class::Unspaced {
                self.buffers.anchors.push(Anchor::letter(self.buffers.len));
            }
        }
        if class != Class::Mark {
            self.last = class;
        } else if self.last == Class::Space {
            self.last = Class::Other;
        }
    }

    /// Writes a short folded form.
    #[inline]
    fn write(&mut self, form: Option<([u8; 4], usize)>) {
        let start = self.buffers.len;
        if let Some((form, size)) = form
            && let Some(to) = self.buffers.text.get_mut(start..start + 4)
        {
            to.copy_from_slice(&form);
            self.buffers.len += size;
        }
    }

    /// Ends what stands before, a word or not.
    fn close(&mut self) {
        self.close_at(self.buffers.len);
        self.last = Class::Other;
    }

    /// Ends the word that is open, if any.
    fn close_at(&mut self, end: usize) {
        if std::mem::take(&mut self.open)
            && let Some(anchor) = self.buffers.anchors.last_mut()
        {
            anchor.end = offset(end);
        }
    }

    /// Makes sure that the characters from `at` on, which keep their lengths, are in an even span.
    #[inline]
    fn fit_even(&mut self, at: usize) {
        if !self.even {
            self.even = true;
            self.buffers.spans.push(Span {
                folded: offset(self.buffers.len),
                source: offset(at),
                unit: None,
            });
        }
    }

    /// Begins a unit for these source bytes.
    fn push_unit(&mut self, start: usize, end: usize) {
        self.even = false;
        self.buffers.spans.push(Span {
            folded: offset(self.buffers.len),
            source: offset(start),
            unit: Some(offset(end - start)),
        });
    }

    /// Makes the last unit reach to `end` of the source.
    fn extend_last(&mut self, end: usize) {
        self.even = false;
        let Some(span) = self.buffers.spans.last_mut() else {
            return;
        };
        if span.unit.is_some() {
            span.unit = Some(offset(end - span.source as usize));
            return;
        }
        let text = self.buffers.text.get(..self.buffers.len);
        let Some(text) = text else { return };
        let start = last_char(text);
        let source = span.source as usize + start - span.folded as usize;
        let unit = Span {
            folded: offset(start),
            source: offset(source),
            unit: Some(offset(end - source)),
        };
        if span.folded == unit.folded {
            *span = unit;
        } else {
            self.buffers.spans.push(unit);
        }
    }

    /// Joins a vowel or final jamo to the syllable before it, as NFC does.
    fn join_jamo(&mut self, jamo: char, end: usize) -> bool {
        if !matches!(jamo, '\u{1160}'..='\u{11FF}') {
            return false;
        }
        let start = last_char(self.buffers.bytes());
        let last = self.buffers.bytes().get(start..);
        let last = last.and_then(|bytes| std::str::from_utf8(bytes).ok()?.chars().next());
        let Some(syllable) = last.and_then(|last| compose(last, jamo)) else {
            return false;
        };
        self.extend_last(end);
        self.buffers.len = start;
        let mut form = [0; 4];
        let size = syllable.encode_utf8(&mut form).len();
        self.write(Some((form, size)));
        true
    }
}

/// What must be free behind the text, so that each character is written in one piece and the index
/// reads its words so.
pub(super) const ROOM: usize = 16;

/// After how many blocks a wide one is tried again.
const PATIENCE: u8 = 8;

/// Where the last character of a text begins.
fn last_char(text: &[u8]) -> usize {
    text.iter()
        .rposition(|byte| char_len(*byte) > 0)
        .unwrap_or(0)
}
