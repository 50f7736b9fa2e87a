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

use super::character::{fold_char, is_mark, is_optional_mark, is_spaced_word};

/// A folded text with its way back to the source.
#[derive(Debug, Clone)]
pub(super) struct Folded<'t> {
    source: &'t str,
    text: String,
    spans: Vec<Span>,
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
    /// Folds a text; with `keep_case` everything but letter case.
    pub(super) fn new(source: &'t str, keep_case: bool) -> Self {
        let mut folded = Self {
            source,
            text: String::with_capacity(source.len()),
            spans: Vec::new(),
        };
        let mut form = String::new();
        let mut in_space = false;
        for (at, c) in source.char_indices() {
            let end = at + c.len_utf8();
            if c.is_ascii_alphanumeric() {
                let c = if keep_case { c } else { c.to_ascii_lowercase() };
                folded.push_even(at, c);
                in_space = false;
            } else if c.is_whitespace() {
                if in_space {
                    folded.extend_last(end);
                } else if c.is_ascii() {
                    folded.push_even(at, ' ');
                } else {
                    folded.push_unit(at..end, " ");
                }
                in_space = true;
            } else if !folded.join_jamo(c, end) {
                form.clear();
                fold_char(c, keep_case, &mut form);
                let mut chars = form.chars();
                match (chars.next(), chars.next()) {
                    (None, _) if is_optional_mark(c) => folded.extend_last(end),
                    (None, _) => {}
                    (Some(one), None) if one.len_utf8() == c.len_utf8() => {
                        folded.push_even(at, one);
                        in_space = false;
                    }
                    _ => {
                        folded.push_unit(at..end, &form);
                        in_space = false;
                    }
                }
            }
        }
        folded
    }

    fn push_even(&mut self, at: usize, c: char) {
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
        self.text.push(c);
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

    /// Whether the unit is a letter, digit or mark of a spaced script, both to the reader of the
    /// source (`™` is none though it folds to `tm`) and folded (`ʼ` is none, it is an apostrophe).
    fn is_word(&self, unit: &Unit) -> bool {
        let first = |text: &str, at: usize| text.get(at..).and_then(|rest| rest.chars().next());
        first(&self.text, unit.folded.start).is_some_and(is_spaced_word)
            && first(self.source, unit.source.start).is_some_and(is_letter)
    }

    /// Whether a hit may begin or end at this folded position: between units, not before a
    /// combining mark, and not between two word characters of spaced scripts.
    pub(super) fn is_boundary(&self, at: usize) -> bool {
        let Some(after) = self.unit(at) else {
            return at == self.text.len();
        };
        let Some(before) = self.before(at) else {
            return at == 0;
        };
        let mark = self.text[at..].chars().next().is_some_and(is_mark);
        after.folded.start == at && !mark && !(self.is_word(&before) && self.is_word(&after))
    }

    /// Where the word that reaches to or over `at` ends; `None` when `at` cuts a unit that is no
    /// part of a word.
    pub(super) fn word_end(&self, at: usize) -> Option<usize> {
        let mut end = at;
        while let Some(unit) = self.unit(end) {
            if self.is_word(&unit) {
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

    /// The source text of such a range.
    pub(super) fn source_text(&self, folded: Range<usize>) -> Option<&'t str> {
        self.source.get(self.source_range(folded)?)
    }
}

/// Whether a character of the source is a letter, digit or mark of any script.
fn is_letter(c: char) -> bool {
    c.is_alphanumeric() || is_mark(c)
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
        let folded = Folded::new(source, false);
        let start = folded.text().find(found).unwrap();
        let range = start..start + found.len();
        folded.source_text(range).unwrap().to_owned()
    }

    #[test]
    fn white_space_runs_become_one_space_and_dashes_one_each() {
        let folded = Folded::new("a \n\u{A0}b—c - d\u{3000}e", false);
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
        let folded = Folded::new("\u{1111}\u{116E}\u{1110}\u{1175}\u{11AB}", false);
        assert_eq!(folded.text(), "푸틴");
        assert_eq!(folded.source_range(0..3), Some(0..6));
        assert_eq!(folded.source_range(3..6), Some(6..15));
    }

    #[test]
    fn plain_text_needs_one_span() {
        let folded = Folded::new("The SCO met in Astana.\nПутин приехал, й и ё тоже", false);
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
            let folded = Folded::new(text, false);
            assert_eq!(folded.is_boundary(at), expected, "{text} at {at}");
        }
        assert!(!Folded::new("ß", false).is_boundary(1));
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
            pieces in prop::collection::vec(piece(), 0..24), keep_case: bool,
        ) {
            let source = pieces.concat();
            let folded = Folded::new(&source, keep_case);
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
                    let again = Folded::new(slice.unwrap(), keep_case);
                    prop_assert_eq!(again.text(), &folded.text()[range]);
                }
            }
        }

        #[test]
        fn keeping_case_changes_no_range(pieces in prop::collection::vec(piece(), 0..24)) {
            let source = pieces.concat();
            let (cased, folded) = (Folded::new(&source, true), Folded::new(&source, false));
            let sources = |folded| units(folded).into_iter().map(|unit| unit.source).collect();
            let (a, b): (Vec<_>, Vec<_>) = (sources(&cased), sources(&folded));
            prop_assert_eq!(a, b);
            prop_assert_eq!(cased.text().chars().count(), folded.text().chars().count());
        }
    }
}
