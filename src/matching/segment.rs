//! A guard against hits inside longer words of Han and Thai: `普京` stands in `科普京剧` by chance, and
//! `โมดี` in `เดโมดี`.
//!
//! ICU4X's dictionary segments the text around a short hit. Where a word of the dictionary reaches
//! over an end of the hit, the hit is none. Names are not in the dictionary, so what it does not know
//! is never held against a hit. In Thai it glues unknown letters to what follows them, so only words that
//! reach over a hit's beginning count, and the end is judged by the script's own rules: a vowel that is
//! written behind its consonant and a consonant that is silenced belong to the syllable before
//! them. Lao, Khmer and Burmese are not judged at all.
//!
//! ICU4X's LSTM model of Thai is no better here: of 324 headlines with `โมดี`, `ปูติน` and the like
//! it joined the name to a word before it in 45, the dictionary in one.

use std::ops::Range;
use std::sync::LazyLock;

use icu_segmenter::WordSegmenter;
use icu_segmenter::WordSegmenterBorrowed;
use icu_segmenter::options::WordBreakInvariantOptions;

/// Longer hits are no accident.
const LONGEST_HAN: usize = 3;
const LONGEST_THAI: usize = 5;
/// Characters on each side of a hit that are looked at: no word of the dictionary that matters is
/// longer. Of Thai more, because words are only told from where one begins.
const AROUND_HAN: usize = 6;
const AROUND_THAI: usize = 24;

static SEGMENTER: LazyLock<WordSegmenterBorrowed<'static>> =
    LazyLock::new(|| WordSegmenter::new_dictionary(WordBreakInvariantOptions::default()));

/// Whether a character is Han.
pub(super) const fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}

/// Whether a character is Thai, and no sign of punctuation.
const fn is_thai(c: char) -> bool {
    matches!(c, '\u{E01}'..='\u{E2E}' | '\u{E30}'..='\u{E3A}' | '\u{E40}'..='\u{E4E}')
}

/// Whether a term is so short that it may stand in other words by chance.
pub(super) fn is_short(term: &str) -> bool {
    let count = term.chars().count();
    term.chars().all(is_han) && count <= LONGEST_HAN
        || term.chars().all(is_thai) && count <= LONGEST_THAI
}

/// Whether a short hit cuts a word.
pub(super) fn cuts_word(text: &str, hit: &Range<usize>) -> bool {
    let thai = text
        .get(hit.clone())
        .is_some_and(|hit| hit.starts_with(is_thai));
    let (script, around): (fn(char) -> bool, _) = if thai {
        (is_thai, AROUND_THAI)
    } else {
        (is_han, AROUND_HAN)
    };
    let (Some(before), Some(after)) = (text.get(..hit.start), text.get(hit.end..)) else {
        return false;
    };
    if thai && goes_on(after) {
        return true;
    }
    let left = before.chars().rev().take(around).take_while(|c| script(*c));
    let right = after.chars().take(around).take_while(|c| script(*c));
    let start = hit.start - left.map(char::len_utf8).sum::<usize>();
    let end = hit.end + right.map(char::len_utf8).sum::<usize>();
    if start == hit.start && (thai || end == hit.end) {
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
    !starts || !(ends || thai)
}

/// Whether a syllable of Thai goes on with what follows it.
fn goes_on(after: &str) -> bool {
    let mut letters = after.chars();
    // sara a, sara aa, sara am, lakkhangyao; thanthakhat
    match letters.next() {
        Some('\u{E30}' | '\u{E32}' | '\u{E33}' | '\u{E45}') => true,
        Some('\u{E01}'..='\u{E2E}') => letters.next() == Some('\u{E4C}'),
        _ => false,
    }
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
        for text in ["ตัวเดโมดีเกินคาด", "โมดีส์", "โมดีล์รุ่นใหม่"]
        {
            assert!(cut(text, "โมดี"), "{text}");
        }
        assert!(cut("ลุดมิลา ปูตินา", "ปูติน"));
        for text in ["โมดี", "รัฐบาลโมดีออกกฎหมาย", "ทรัมป์แฉโมดี", "ผู้นำอินเดียโมดีกล่าวว่า"]
        {
            assert!(!cut(text, "โมดี"), "{text}");
        }
    }
}
