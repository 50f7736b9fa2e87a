//! A guard against hits inside longer words of Han: `普京` stands in `科普京剧` by chance.
//!
//! ICU4X's dictionary segments the text around a short hit. Where a word of the dictionary reaches
//! over an end of the hit, the hit is none. Names are not in the dictionary, so what it does not know
//! is never held against a hit; and Thai, Lao, Khmer and Burmese, where it glues unknown letters to
//! their neighbours, are not judged at all.

use std::ops::Range;
use std::sync::LazyLock;

use icu_segmenter::WordSegmenter;
use icu_segmenter::WordSegmenterBorrowed;
use icu_segmenter::options::WordBreakInvariantOptions;

/// Longer hits are no accident.
pub(super) const LONGEST: usize = 3;
/// Characters on each side of a hit that are looked at: no word of the dictionary that matters is
/// longer.
const AROUND: usize = 6;

static SEGMENTER: LazyLock<WordSegmenterBorrowed<'static>> =
    LazyLock::new(|| WordSegmenter::new_dictionary(WordBreakInvariantOptions::default()));

/// Whether a character is Han.
pub(super) const fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}

/// Whether a hit of Han cuts a word of the dictionary.
pub(super) fn cuts_word(text: &str, hit: &Range<usize>) -> bool {
    let (Some(before), Some(after)) = (text.get(..hit.start), text.get(hit.end..)) else {
        return false;
    };
    let left = before.chars().rev().take(AROUND).take_while(|c| is_han(*c));
    let right = after.chars().take(AROUND).take_while(|c| is_han(*c));
    let start = hit.start - left.map(char::len_utf8).sum::<usize>();
    let end = hit.end + right.map(char::len_utf8).sum::<usize>();
    if start == hit.start && end == hit.end {
        return false;
    }
    let Some(window) = text.get(start..end) else {
        return false;
    };
    let (mut starts, mut ends) = (false, false);
    for at in SEGMENTER.segment_str(window) {
        starts |= start + at == hit.start;
        ends |= start + at == hit.end;
    }
    !starts || !ends
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_reach_over_a_hit_are_told() {
        let cut = |text: &str, hit: &str| {
            let start = text.find(hit).unwrap();
            cuts_word(text, &(start..start + hit.len()))
        };
        assert!(cut("科普京剧脸谱", "普京"));
        for text in ["普京", "俄罗斯总统普京会见", "与普京通电话", "普京京都之行"]
        {
            assert!(!cut(text, "普京"), "{text}");
        }
        assert!(cut("马上合作", "上合"));
        assert!(!cut("出席上合峰会", "上合"));
    }
}
