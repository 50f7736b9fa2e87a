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

use std::ops::Range;

use unicode_normalization::char::compose;

use super::character::{Class, Strict, fold_char, is_mark, is_optional_mark};
use super::table::{ASCII, Ascii, Folding, entry};

/// A folded text with its way back to the source.
#[derive(Debug, Clone)]
pub(super) struct Folded<'t> {
    source: &'t str,
    text: String,
    spans: Vec<Span>,
    anchors: Vec<Anchor>,
}

/// What a [`Folded`] is made of, without its text.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    text: String,
    spans: Vec<Span>,
    anchors: Vec<Anchor>,
}

impl Buffers {
    /// Empty ones.
    pub(super) const fn new() -> Self {
        Self {
            text: String::new(),
            spans: Vec::new(),
            anchors: Vec::new(),
        }
    }

    /// Whether they are worth keeping: not those of a text far longer than others.
    pub(super) fn is_modest(&self) -> bool {
        self.text.capacity() <= 1 << 20
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

    fn letter(start: usize) -> Self {
        Self {
            start: offset(start),
            end: offset(start),
        }
    }
}

/// Where folding stands.
#[derive(Debug)]
struct State {
    /// The class of the last character that was neither dropped nor a mark.
    last: Class,
    /// Whether the last anchor's word goes on.
    open: bool,
    /// The folded form at work.
    form: String,
}

impl Default for State {
    fn default() -> Self {
        Self {
            last: Class::Other,
            open: false,
            form: String::new(),
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

impl<'t> Folded<'t> {
    /// Folds a text.
    pub(super) fn new(source: &'t str) -> Self {
        Self::with(source, Buffers::default())
    }

    /// Folds a text into buffers that were used before.
    pub(super) fn with(source: &'t str, mut buffers: Buffers) -> Self {
        buffers.text.clear();
        buffers.text.reserve(source.len());
        buffers.spans.clear();
        buffers.anchors.clear();
        let mut folded = Self {
            source,
            text: buffers.text,
            spans: buffers.spans,
            anchors: buffers.anchors,
        };
        let mut state = State::default();
        let mut at = 0;
        while at < source.len() {
            at = folded.ascii(at, &mut state);
            let Some(c) = source.get(at..).and_then(|rest| rest.chars().next()) else {
                break;
            };
            folded.character(at, c, &mut state);
            at += c.len_utf8();
        }
        folded.close(&mut state);
        folded
    }

    /// The buffers, to be used again.
    pub(super) fn into_buffers(self) -> Buffers {
        Buffers {
            text: self.text,
            spans: self.spans,
            anchors: self.anchors,
        }
    }

    /// Takes the stretch of plain ASCII that begins at `at`; returns where it ends.
    fn ascii(&mut self, at: usize, state: &mut State) -> usize {
        let bytes = self.source.as_bytes();
        let base = self.text.len();
        let mut end = at;
        while let Some(byte) = bytes.get(end) {
            let class = match ASCII[*byte as usize] {
                Ascii::Word => Class::Word,
                Ascii::Space if state.last != Class::Space => Class::Space,
                Ascii::Sign => Class::Other,
                Ascii::Space | Ascii::Slow => break,
            };
            if class != state.last {
                let here = base + end - at;
                self.close_at(here, state);
                if class == Class::Word {
                    self.anchors.push(Anchor::word(here));
                    state.open = true;
                }
                state.last = class;
            }
            end += 1;
        }
        if end > at {
            self.fit_even(at);
            self.text.push_str(&self.source[at..end]);
            self.text[base..].make_ascii_lowercase();
        }
        end
    }

    /// Takes any other character.
    fn character(&mut self, at: usize, c: char, state: &mut State) {
        let end = at + c.len_utf8();
        let Folding { class, one } = entry(c);
        match class {
            Class::Space => {
                if state.last == Class::Space {
                    self.extend_last(end);
                } else {
                    self.close(state);
                    if c.is_ascii() {
                        self.fit_even(at);
                        self.text.push(' ');
                    } else {
                        self.push_unit(at..end, " ");
                    }
                }
                state.last = Class::Space;
                return;
            }
            Class::Dropped => {
                if is_optional_mark(c) {
                    self.extend_last(end);
                }
                return;
            }
            _ => {}
        }
        if self.join_jamo(c, end) {
            return;
        }
        if !state.last.joins(class) {
            self.close(state);
            let here = self.text.len();
            match class {
                _ if class.makes_words() => {
                    self.anchors.push(Anchor::word(here));
                    state.open = true;
                }
                Class::Unspaced => self.anchors.push(Anchor::letter(here)),
                _ => {}
            }
        }
        if class != Class::Mark {
            state.last = class;
        } else if state.last == Class::Space {
            state.last = Class::Other;
        }
        match one {
            Some(one) => {
                self.fit_even(at);
                self.text.push(one);
            }
            None => {
                state.form.clear();
                fold_char(c, Strict::default(), &mut state.form);
                self.push_unit(at..end, &state.form);
            }
        }
    }

    /// Ends what stands before, a word or not.
    fn close(&mut self, state: &mut State) {
        self.close_at(self.text.len(), state);
        state.last = Class::Other;
    }

    /// Ends the word that is open, if any.
    fn close_at(&mut self, end: usize, state: &mut State) {
        if std::mem::take(&mut state.open)
            && let Some(anchor) = self.anchors.last_mut()
        {
            anchor.end = offset(end);
        }
    }

    /// Makes sure that the characters from `at` on, which keep their lengths, are in an even span.
    fn fit_even(&mut self, at: usize) {
        let fits = self.spans.last().is_some_and(|span| {
            span.unit.is_none()
                && span.source as usize + self.text.len() - span.folded as usize == at
        });
        if !fits {
            self.spans.push(Span {
                folded: offset(self.text.len()),
                source: offset(at),
                unit: None,
            });
        }
    }

    fn push_unit(&mut self, source: Range<usize>, form: &str) {
        self.spans.push(Span {
            folded: offset(self.text.len()),
            source: offset(source.start),
            unit: Some(offset(source.len())),
        });
        self.text.push_str(form);
    }

    /// Makes the last unit reach to `end` of the source.
    fn extend_last(&mut self, end: usize) {
        let Some(last) = self.last_unit() else {
            return;
        };
        let span = Span {
            folded: offset(last.folded.start),
            source: offset(last.source.start),
            unit: Some(offset(end - last.source.start)),
        };
        match self.spans.last_mut() {
            Some(open) if open.folded == span.folded => *open = span,
            _ => self.spans.push(span),
        }
    }

    fn last_unit(&self) -> Option<Unit> {
        self.before(self.text.len())
    }

    /// Joins a vowel or final jamo to the syllable before it, as NFC does.
    fn join_jamo(&mut self, c: char, end: usize) -> bool {
        if !matches!(c, '\u{1160}'..='\u{11FF}') {
            return false;
        }
        let Some(last) = self.text.chars().next_back() else {
            return false;
        };
        let Some(syllable) = compose(last, c) else {
            return false;
        };
        self.extend_last(end);
        self.text.pop();
        self.text.push(syllable);
        true
    }

    /// Where words begin, ascending; see [`Anchor`].
    pub(super) fn anchors(&self) -> &[Anchor] {
        &self.anchors
    }

    /// The folded text.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The unit that holds the folded character beginning at `at`.
    fn unit(&self, at: usize) -> Option<Unit> {
        let c = self.text.get(at..)?.chars().next()?;
        let index = self
            .spans
            .partition_point(|span| span.folded as usize <= at)
            .checked_sub(1)?;
        let span = self.spans.get(index)?;
        let (folded, source) = (span.folded as usize, span.source as usize);
        Some(match span.unit {
            None => {
                let begin = source + at - folded;
                Unit {
                    folded: at..at + c.len_utf8(),
                    source: begin..begin + c.len_utf8(),
                }
            }
            Some(len) => {
                let next = self.spans.get(index + 1);
                Unit {
                    folded: folded..next.map_or(self.text.len(), |next| next.folded as usize),
                    source: source..source + len as usize,
                }
            }
        })
    }

    /// The unit whose last folded character ends at `at`.
    fn before(&self, at: usize) -> Option<Unit> {
        let c = self.text.get(..at)?.chars().next_back()?;
        self.unit(at - c.len_utf8())
    }

    /// The class of a unit: that of the source's character.
    fn class(&self, unit: &Unit) -> Class {
        let first = self.source.get(unit.source.start..);
        let first = first.and_then(|rest| rest.chars().next());
        first.map_or(Class::Other, |c| entry(c).class)
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
            return at == self.text.len();
        };
        let Some(before) = self.before(at) else {
            return at == 0;
        };
        let mark = self.text[at..].chars().next().is_some_and(is_mark);
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn units(folded: &Folded<'_>) -> Vec<Unit> {
        let mut units: Vec<Unit> = Vec::new();
        while let Some(unit) = folded.unit(units.last().map_or(0, |unit| unit.folded.end)) {
            units.push(unit);
        }
        units
    }

    fn source_of(source: &str, found: &str) -> String {
        let folded = Folded::new(source);
        let start = folded.text().find(found).unwrap();
        let range = start..start + found.len();
        folded.source_text(range).unwrap().to_owned()
    }

    #[test]
    fn white_space_runs_become_one_space_and_dashes_one_each() {
        let folded = Folded::new("a \n\u{A0}b—c - d\u{3000}e");
        assert_eq!(folded.text(), "a b c   d e");
    }

    #[test]
    fn a_range_of_the_source_holds_what_was_dropped_within() {
        assert_eq!(
            source_of("x Pu\u{AD}ti\u{301}n\u{301} y", "putin"),
            "Pu\u{AD}ti\u{301}n\u{301}"
        );
        assert_eq!(source_of("x\u{200B}SCO\u{200B} y", "sco"), "SCO");
        assert_eq!(source_of("der Strauß \n ist", "ss ist"), "ß \n ist");
    }

    #[test]
    fn single_jamo_join_to_the_syllable_they_spell() {
        let folded = Folded::new("\u{1111}\u{116E}\u{1110}\u{1175}\u{11AB}");
        assert_eq!(folded.text(), "푸틴");
        assert_eq!(folded.source_range(0..3), Some(0..6));
        assert_eq!(folded.source_range(3..6), Some(6..15));
    }

    #[test]
    fn plain_text_needs_one_span() {
        let folded = Folded::new("The SCO met in Astana.\nПутин приехал, й и ё тоже");
        assert_eq!(folded.spans.len(), 1);
    }

    #[test]
    fn words_have_boundaries_where_their_script_has_them() {
        for (text, at, expected) in [
            ("discos", 3, false),
            ("scos", 3, false),
            ("sco2", 3, false),
            ("sco的", 3, true),
            ("峰会sco", 6, true),
            ("sco's", 3, true),
            ("scoʼs", 3, true),
            ("sco™", 3, true),
            ("sco-led", 3, true),
            ("ss", 1, false),
            ("मद\u{93F}", 6, false),
            ("カ\u{3099}", 3, false),
            ("习近平", 3, true),
        ] {
            let folded = Folded::new(text);
            assert_eq!(folded.is_boundary(at), expected, "{text} at {at}");
        }
        assert!(!Folded::new("ß").is_boundary(1));
    }

    fn piece() -> impl Strategy<Value = String> {
        prop_oneof![
            3 => prop::sample::select(vec![
                "a", "B", "ß", "ẞ", "İ", "ı", "é", "\u{301}", "Ж", "й", " ", "\n", "\u{A0}",
                "\u{200C}", "\u{AD}", "\u{2003}", "-", "—", "ʼ", "习", "ガ", "カ", "\u{3099}", "ｶ", "ﾞ",
                "ك", "ـ", "ِ", "ئ", "푸", "\u{1111}", "\u{116E}", "\u{11AB}", "ﷺ", "™", "㎞", "´", "𝐀", "ि",
            ]).prop_map(str::to_owned),
            1 => any::<char>().prop_map(String::from),
        ]
    }

    proptest! {
        #[test]
        fn every_range_slices_the_source_and_folds_to_its_folded_text(
            pieces in prop::collection::vec(piece(), 0..24),
        ) {
            let source = pieces.concat();
            let folded = Folded::new(&source);
            let units = units(&folded);
            prop_assert_eq!(units.last().map_or(0, |unit| unit.folded.end), folded.text().len());
            for pair in units.windows(2) {
                prop_assert_eq!(pair[0].folded.end, pair[1].folded.start);
                prop_assert!(pair[0].source.end <= pair[1].source.start);
            }
            for (from, first) in units.iter().enumerate() {
                for last in &units[from..] {
                    let range = first.folded.start..last.folded.end;
                    let slice = folded.source_text(range.clone());
                    prop_assert!(slice.is_some());
                    let again = Folded::new(slice.unwrap());
                    prop_assert_eq!(again.text(), &folded.text()[range]);
                }
            }
        }

        #[test]
        fn a_word_begins_at_each_anchor_and_nowhere_else(pieces in prop::collection::vec(piece(), 0..24)) {
            let source = pieces.concat();
            let folded = Folded::new(&source);
            let expected: Vec<usize> = units(&folded)
                .into_iter()
                .filter(|unit| folded.is_boundary(unit.folded.start))
                .filter(|unit| !folded.text()[unit.folded.start..].starts_with(is_mark))
                .filter(|unit| folded.class(unit).makes_words() || folded.class(unit) == Class::Unspaced)
                .map(|unit| unit.folded.start)
                .collect();
            let found: Vec<usize> = folded.anchors().iter().map(|a| a.start as usize).collect();
            prop_assert_eq!(found, expected);
            for anchor in folded.anchors().iter().filter(|anchor| anchor.end > anchor.start) {
                prop_assert!(folded.is_boundary(anchor.end as usize));
                let first = folded.unit(anchor.start as usize).unwrap();
                let end = folded.word_end(first.folded.end);
                let word = folded.text().get(anchor.start as usize..).unwrap();
                if !word.starts_with(|c: char| matches!(c, 'ァ'..='ヿ')) {
                    prop_assert_eq!(end, Some(anchor.end as usize));
                }
            }
        }

        #[test]
        fn folding_strictly_without_being_strict_is_folding(pieces in prop::collection::vec(piece(), 0..24)) {
            let source = pieces.concat();
            let folded = Folded::new(&source);
            // White space around what is dropped is one run in either.
            prop_assert_eq!(fold_strictly(&source, Strict::default()), folded.text());
        }
    }
}
