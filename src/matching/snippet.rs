//! The text around a hit, for people.

use super::character::{is_mark, is_spaced_word};

/// Longest part of a hit that a snippet shows, in characters.
const MAX_HIT_CHARS: usize = 400;

/// A piece of text with a hit in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snippet {
    /// The hit and what stands around it, with `…` where the text was cut.
    pub text: String,
    /// First byte of the hit in `text`.
    pub start: usize,
    /// One past the last byte of the hit in `text`.
    pub end: usize,
}

/// Cuts the hit at bytes `start..end` out of a text, with up to `around` characters on each side.
///
/// Cuts fall between characters, between words where the script has spaces, and never before a
/// combining mark; white space at the snippet's ends is dropped and line breaks and tabs within
/// become spaces. A hit of over 400 characters is cut too. Bounds outside the text or inside a
/// character are moved to the nearest character boundary that keeps the hit whole.
#[must_use]
pub fn snippet(text: &str, start: usize, end: usize, around: usize) -> Snippet {
    let start = floor(text, start);
    let mut end = ceil(text, end.max(start));
    if let Some((cut, _)) = text[start..end].char_indices().nth(MAX_HIT_CHARS) {
        end = start + cut;
    }
    let from = left_cut(&text[..start], around);
    let to = end + right_cut(&text[end..], around);

    let mut out = String::with_capacity(to - from + 8);
    if !text[..from].trim_start().is_empty() {
        out.push('…');
    }
    let offset = out.len();
    out.extend(
        text[from..to]
            .chars()
            .map(|c| if c.is_ascii_whitespace() { ' ' } else { c }),
    );
    if !text[to..].trim_end().is_empty() {
        out.push('…');
    }
    Snippet {
        start: offset + start - from,
        end: offset + end - from,
        text: out,
    }
}

fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn ceil(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at += 1;
    }
    at
}

/// Whether a cut between the two would part a word or a character from its mark.
fn parts_word(before: char, after: char) -> bool {
    is_mark(after) || (is_spaced_word(before) && is_spaced_word(after))
}

/// Where the text before the hit is cut.
fn left_cut(before: &str, around: usize) -> usize {
    let Some((cut, _)) = before.char_indices().rev().take(around).last() else {
        return before.len();
    };
    let mut from = cut;
    let mut previous = before[..cut].chars().next_back();
    for c in before[cut..].chars() {
        if !previous.is_some_and(|previous| parts_word(previous, c)) {
            break;
        }
        from += c.len_utf8();
        previous = Some(c);
    }
    let kept = &before[from..];
    from + (kept.len() - kept.trim_start().len())
}

/// Where the text after the hit is cut.
fn right_cut(after: &str, around: usize) -> usize {
    let cut = after
        .char_indices()
        .nth(around)
        .map_or(after.len(), |(cut, _)| cut);
    let mut to = cut;
    let mut next = after[cut..].chars().next();
    for c in after[..cut].chars().rev() {
        if !next.is_some_and(|next| parts_word(c, next)) {
            break;
        }
        to -= c.len_utf8();
        next = Some(c);
    }
    after[..to].trim_end().len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cut(text: &str, hit: &str, around: usize) -> Snippet {
        let start = text.find(hit).unwrap();
        snippet(text, start, start + hit.len(), around)
    }

    #[test]
    fn words_are_not_parted() {
        let s = cut("leaders of the SCO met in Astana today", "SCO", 10);
        assert_eq!(s.text, "…of the SCO met in…");
        assert_eq!(&s.text[s.start..s.end], "SCO");
    }

    #[test]
    fn scripts_without_spaces_are_cut_between_characters() {
        let s = cut("今天习近平主席出席了峰会", "习近平", 2);
        assert_eq!(s.text, "今天习近平主席…");
        assert_eq!(&s.text[s.start..s.end], "习近平");
    }

    #[test]
    fn nothing_is_marked_where_nothing_was_cut() {
        let s = cut(" the SCO\nmet \n", "SCO", 80);
        assert_eq!((s.text.as_str(), s.start, s.end), ("the SCO met", 4, 7));
    }

    #[test]
    fn a_word_longer_than_the_room_is_left_out() {
        let text = format!("{} SCO {}", "a".repeat(50), "b".repeat(50));
        assert_eq!(cut(&text, "SCO", 10).text, "…SCO…");
    }

    #[test]
    fn an_endless_hit_is_cut() {
        let s = snippet(&"я".repeat(100_000), 0, 200_000, 10);
        assert_eq!(s.text.chars().count(), MAX_HIT_CHARS + 1);
    }

    proptest! {
        #[test]
        fn any_bounds_give_a_snippet_that_holds_its_hit(
            text in "[a-c яẞ习 \\n\u{301}]{0,40}", start in 0usize..60, end in 0usize..60, around in 0usize..12,
        ) {
            let s = snippet(&text, start, end, around);
            prop_assert!(s.start <= s.end && s.end <= s.text.len());
            let hit = &s.text[s.start..s.end];
            let shown: String = text.chars().map(|c| if c == '\n' { ' ' } else { c }).collect();
            prop_assert!(shown.contains(hit));
            prop_assert!(shown.contains(s.text.trim_matches('…')));
            if let Some(whole) = text.get(start..end) {
                prop_assert_eq!(whole.replace('\n', " "), hit);
            }
            prop_assert!(s.text.chars().count() <= hit.chars().count() + 2 * around + 2);
        }
    }
}
