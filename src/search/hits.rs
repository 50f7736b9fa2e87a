//! Where a search's words stand in a text, and the piece of the text that shows them best.
//!
//! The text is read as the index read it, so each hit is found again, at the bytes at which it was
//! written. Pure; time grows with the text and the number of words.

use std::ops::Range;

use serde::Serialize;

use super::tokens::{Token, Tokenized};
use super::tree::{Part, Query, Scope};
use crate::matching::snippet;

/// Characters on each side of the first hit that is shown.
const AROUND: usize = 80;
/// Bytes of a text in which as many different words as possible are to stand.
const WINDOW: usize = 240;
/// Hits kept of a text.
const MOST: usize = 1_000;

/// A text, or a piece of one, and where hits stand in it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Marked {
    /// The text, with `…` where it was cut.
    pub text: String,
    /// First byte and one past the last of each hit, ascending; none overlap.
    pub hits: Vec<(usize, usize)>,
}

/// A place where one of the search's parts stands.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Hit {
    range: Range<usize>,
    /// Which part.
    part: usize,
}

impl Query {
    /// A title with what of it was looked for.
    #[must_use]
    pub fn mark_title(&self, title: &str) -> Marked {
        let hits = self.hits(title, Scope::Title);
        Marked {
            text: title.to_owned(),
            hits: merged(hits.into_iter().map(|hit| hit.range)),
        }
    }

    /// The piece of an entry's texts that shows most of what was looked for; the beginning of the
    /// first text that is not empty when nothing of it stands there.
    #[must_use]
    pub fn snippet(&self, texts: &[&str]) -> Marked {
        let mut best: Option<(usize, &str, Vec<Hit>, usize)> = None;
        for text in texts {
            let hits = self.hits(text, Scope::Body);
            let Some((first, parts)) = richest(&hits) else {
                continue;
            };
            if best.as_ref().is_none_or(|(_, _, _, most)| parts > *most) {
                best = Some((first, text, hits, parts));
            }
        }
        if let Some((first, text, hits, _)) = best
            && let Some(range) = hits.get(first).map(|hit| hit.range.clone())
        {
            return cut(text, &range, hits);
        }
        let text = texts.iter().find(|text| !text.trim().is_empty());
        let text = text.copied().unwrap_or_default();
        let start = text.len() - text.trim_start().len();
        Marked {
            text: snippet(text, start, start, 2 * AROUND).text,
            hits: Vec::new(),
        }
    }

    fn hits(&self, text: &str, place: Scope) -> Vec<Hit> {
        let parts = self.parts();
        let stands = |scope: Scope| scope == Scope::Anywhere || scope == place;
        if !parts.iter().any(|(scope, _)| stands(*scope)) {
            return Vec::new();
        }
        let tokenized = Tokenized::new(text);
        let mut hits = Vec::new();
        for (at, token) in tokenized.tokens.iter().enumerate() {
            for (number, (scope, part)) in parts.iter().enumerate() {
                if stands(*scope)
                    && let Some(end) = part.end(&tokenized, at)
                    && let Some(range) = tokenized.source(token, end)
                {
                    let part = number;
                    hits.push(Hit { range, part });
                }
            }
            if hits.len() >= MOST {
                break;
            }
        }
        hits
    }
}

impl Part {
    /// Where the part ends in the folded text, if it begins at this token.
    fn end(&self, text: &Tokenized<'_>, at: usize) -> Option<usize> {
        let stretch = text.tokens.get(at..at + self.tokens.len())?;
        let (last, before) = self.tokens.split_last()?;
        let (last_found, before_found) = stretch.split_last()?;
        let same = |(token, word): (&Token, &String)| text.text(token) == word;
        if !before_found.iter().zip(before).all(same) {
            return None;
        }
        let found = text.text(last_found);
        if self.goes_on {
            let goes_on = found.starts_with(last.as_str());
            // Of a dense script one letter is meant, of others the word.
            return goes_on.then_some(last_found.own_end);
        }
        (found == last).then_some(last_found.range.end)
    }
}

/// The hit from which on the most parts stand close together, and how many.
fn richest(hits: &[Hit]) -> Option<(usize, usize)> {
    let mut best: Option<(usize, usize)> = None;
    for (n, hit) in hits.iter().enumerate() {
        let rest = hits.iter().skip(n).take(50);
        let near = rest.take_while(|other| other.range.end <= hit.range.start + WINDOW);
        let mut parts: Vec<usize> = near.map(|other| other.part).collect();
        parts.sort_unstable();
        parts.dedup();
        if best.is_none_or(|(_, most)| parts.len() > most) {
            best = Some((n, parts.len()));
        }
    }
    best
}

/// The text around a hit, with all hits that stand whole in it.
fn cut(text: &str, first: &Range<usize>, hits: Vec<Hit>) -> Marked {
    let shown = snippet(text, first.start, first.end, AROUND);
    let lead = if shown.text.starts_with('…') && shown.start >= '…'.len_utf8() {
        '…'.len_utf8()
    } else {
        0
    };
    // Behind its first sign the snippet is a stretch of the text, byte for byte as long.
    let from = first.start + lead - shown.start.min(first.start + lead);
    let to = from + shown.text.trim_end_matches('…').len() - lead;
    let inside = hits
        .into_iter()
        .map(|hit| hit.range)
        .filter(|range| from <= range.start && range.end <= to);
    let hits = merged(inside)
        .into_iter()
        .map(|(start, end)| (start - from + lead, end - from + lead))
        .collect();
    Marked {
        text: shown.text,
        hits,
    }
}

/// Ranges in their order, those that touch or overlap made one.
fn merged(ranges: impl Iterator<Item = Range<usize>>) -> Vec<(usize, usize)> {
    let mut sorted: Vec<_> = ranges.map(|range| (range.start, range.end)).collect();
    sorted.sort_unstable();
    let mut merged: Vec<(usize, usize)> = Vec::with_capacity(sorted.len());
    for (start, end) in sorted {
        match merged.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => merged.push((start, end)),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::super::query;
    use super::*;
    use crate::model::Timestamp;

    fn marked(search: &str, text: &str) -> Vec<String> {
        let query = query(search, Timestamp::from_millis(0)).unwrap();
        let marked = query.snippet(&[text]);
        let hit = |(start, end): &(usize, usize)| marked.text[*start..*end].to_owned();
        marked.hits.iter().map(hit).collect()
    }

    #[test]
    fn hits_are_marked_as_they_were_written() {
        for (search, text, expected) in [
            ("Erdogan", "President ERDOĞAN’s visit", vec!["ERDOĞAN"]),
            ("習近平", "今天习近平主席", vec!["习近平"]),
            ("近", "今天习近平主席", vec!["近"]),
            ("푸틴", "블라디미르 푸틴이 왔다", vec!["푸틴"]),
            ("โมดี", "รัฐบาลโมดีออกกฎหมาย", vec!["โมดี"]),
            ("путин*", "Путина и Путину", vec!["Путина", "Путину"]),
            (
                "\"xi jinping\" sco",
                "Xi Jinping, Xi and the SCO",
                vec!["Xi Jinping", "SCO"],
            ),
            (
                "\"шанхайск* организаци*\"",
                "Шанхайской организации",
                vec!["Шанхайской", "организации"],
            ),
            ("title:sco", "the SCO", vec![]),
            ("sco -summit", "the SCO", vec!["SCO"]),
            ("\"峰会 SCO\"", "上合峰会 SCO", vec!["峰会 SCO"]),
        ] {
            assert_eq!(marked(search, text), expected, "{search}");
        }
    }

    #[test]
    fn the_place_with_the_most_words_is_shown() {
        let query = query("sco summit", Timestamp::from_millis(0)).unwrap();
        let text = format!("The SCO. {}The SCO summit ended.", "word ".repeat(100));
        let marked = query.snippet(&["", &text]);
        assert!(
            marked.text.ends_with("word The SCO summit ended."),
            "{marked:?}"
        );
        assert_eq!(marked.hits.len(), 2);
    }

    #[test]
    fn without_a_hit_the_beginning_is_shown() {
        let query = query("title:sco", Timestamp::from_millis(0)).unwrap();
        let shown = query.snippet(&["", " a summary", "a content"]);
        assert_eq!((&*shown.text, shown.hits.len()), ("a summary", 0));
        assert_eq!(query.mark_title("An SCO").hits, [(3, 6)]);
        assert_eq!(query.snippet(&[]), Marked::default());
    }
}
