//! A naive reading of the rules: every term of a topic at every position, in every way.
//!
//! Slow and plain; it shares with the matcher only what a single character folds to.

use std::ops::Range;

use crate::matching::character::{
    Strict, fold_char, is_hangul, is_invisible, is_mark, is_optional_mark, is_unspaced,
};
use crate::model::{Case, Term, Topic};

/// One folded character, with what is known of the source character it came from.
struct Letter {
    folded: char,
    cased: char,
    /// 0 between words, 1 in a word, 2 in a word of Katakana.
    word: u8,
    source: Range<usize>,
    first: bool,
    last: bool,
    /// Whether its source begins with a hyphen and a small letter.
    hyphenates: bool,
}

fn letters(text: &str) -> Vec<Letter> {
    let mut out: Vec<Letter> = Vec::new();
    let mut space = false;
    for (at, c) in text.char_indices() {
        let source = at..at + c.len_utf8();
        if is_invisible(c) {
            continue;
        }
        if is_optional_mark(c) || (c.is_whitespace() && space) {
            let Some(base) = out.last().map(|l| l.source.start) else {
                continue;
            };
            for letter in out.iter_mut().filter(|l| l.source.start == base) {
                letter.source.end = source.end;
            }
            continue;
        }
        space = c.is_whitespace();
        let mut next = text[at..].chars().skip(1);
        let hyphenates = matches!(c, '-' | '\u{2010}' | '\u{2011}')
            && next.next().is_some_and(char::is_lowercase);
        let (mut folded, mut cased) = (String::new(), String::new());
        if space {
            folded.push(' ');
            cased.push(' ');
        } else {
            fold_char(c, Strict::default(), &mut folded);
            let case = true;
            fold_char(
                c,
                Strict {
                    case,
                    ..Strict::default()
                },
                &mut cased,
            );
        }
        let count = folded.chars().count();
        assert_eq!(count, cased.chars().count());
        let head = folded.chars().next().unwrap();
        let letter = |c: char| c.is_alphanumeric() || is_mark(c);
        let word = if !letter(head) || !letter(c) {
            0
        } else if is_mark(head) {
            out.last().map_or(0, |before| before.word)
        } else if is_hangul(head) {
            3
        } else if !is_unspaced(head) {
            1
        } else if ('ァ'..='ヿ').contains(&head) && head != '・' {
            2
        } else {
            0
        };
        for (index, (folded, cased)) in folded.chars().zip(cased.chars()).enumerate() {
            out.push(Letter {
                folded,
                cased,
                word,
                source: source.clone(),
                first: index == 0,
                last: index + 1 == count,
                hyphenates,
            });
        }
    }
    out
}

fn boundary(text: &[Letter], at: usize) -> bool {
    if at == 0 || at == text.len() {
        return true;
    }
    let (before, after) = (&text[at - 1], &text[at]);
    before.last
        && after.first
        && !is_mark(after.folded)
        && !(before.word != 0 && before.word == after.word)
}

/// All ends of a pattern at a position, tried in every way.
fn ends(text: &[Letter], at: usize, pattern: &[char], cased: bool, out: &mut Vec<usize>) {
    match pattern {
        [] => out.push(at),
        ['*', rest @ ..] => {
            let kind = at.checked_sub(1).map_or(0, |before| text[before].word);
            let inside = |at: usize| at < text.len() && text[at].word == kind && kind % 2 == 1;
            let mut to = at;
            while inside(to) {
                to += 1;
            }
            if to == text.len() || text[to].first {
                ends(text, to, rest, cased, out);
            }
        }
        [c, rest @ ..] => {
            if let Some(letter) = text.get(at)
                && *c == (if cased { letter.cased } else { letter.folded })
            {
                ends(text, at + 1, rest, cased, out);
            }
        }
    }
}

fn places(text: &[Letter], term: &Term) -> Vec<Range<usize>> {
    let spell = |cased: bool| -> Vec<char> {
        let all: String = letters(&term.text)
            .iter()
            .map(|l| if cased { l.cased } else { l.folded })
            .collect();
        all.trim_matches(' ').chars().collect()
    };
    let alphabetic = term.text.chars().filter(|c| c.is_alphabetic()).count();
    let hyphen = !term.text.contains(' ') && term.text.trim_matches('-').contains('-');
    let part_of_longer = |end: usize| {
        term.text.starts_with(char::is_uppercase)
            && (alphabetic <= 2 || hyphen)
            && text.get(end).is_some_and(|after| after.hyphenates)
    };
    let mut found = Vec::new();
    for start in 0..text.len() {
        let (mut folded, mut cased) = (vec![], vec![]);
        ends(text, start, &spell(false), false, &mut folded);
        ends(text, start, &spell(true), true, &mut cased);
        for end in folded {
            let right_case = term.case == Case::Fold || cased.contains(&end);
            let whole = boundary(text, start) && boundary(text, end) && !part_of_longer(end);
            if right_case && whole {
                found.push(start..end);
            }
        }
    }
    found
}

fn words(text: &[Letter], range: Range<usize>) -> usize {
    let joined = |at: usize| -> bool {
        let spaced = |l: &Letter| {
            (l.folded.is_alphanumeric() || is_mark(l.folded)) && !is_unspaced(l.folded)
        };
        let mut before = at;
        while before > 0 && text[before - 1].folded == '\'' {
            before -= 1;
        }
        before > 0 && spaced(&text[before - 1])
    };
    range
        .filter(|at| {
            let c = text[*at].folded;
            if is_unspaced(c) {
                c.is_alphanumeric()
            } else {
                (c.is_alphanumeric() || is_mark(c)) && !joined(*at)
            }
        })
        .count()
}

/// A hit as (field, start, end, term, allowed reasons).
pub type Expected = (usize, usize, usize, usize, Vec<Option<String>>);

pub fn hits(topic: &Topic, fields: &[&str]) -> Vec<Expected> {
    let texts: Vec<Vec<Letter>> = fields.iter().map(|f| letters(f)).collect();
    let somewhere = |term: &Term| texts.iter().any(|text| !places(text, term).is_empty());
    if topic.none.iter().any(somewhere)
        || !topic.all.iter().all(|group| group.iter().any(somewhere))
    {
        return vec![];
    }
    let mut counting: Vec<Expected> = Vec::new();
    let mut lonely: Vec<Expected> = Vec::new();
    for (field, text) in texts.iter().enumerate() {
        for (number, term) in topic.any.iter().enumerate() {
            for hit in places(text, term) {
                let excepted = |except: &Term| {
                    places(text, except)
                        .iter()
                        .any(|p| p.start <= hit.start && hit.end <= p.end)
                };
                if topic.except.iter().any(excepted) {
                    continue;
                }
                let start = text[hit.start].source.start;
                let end = text[hit.end - 1].source.end;
                if !term.ambiguous {
                    counting.push((field, start, end, number, vec![None]));
                    continue;
                }
                let mut reasons = Vec::new();
                for near in &topic.near {
                    for p in places(text, near) {
                        if hit.start <= p.start && p.end <= hit.end {
                            continue;
                        }
                        let distance = if p.end <= hit.start {
                            words(text, p.end..hit.start)
                        } else if hit.end <= p.start {
                            words(text, hit.end..p.start)
                        } else {
                            0
                        };
                        if distance <= topic.within {
                            reasons.push((distance, Some(format!("near \"{}\"", near.text))));
                        }
                    }
                }
                let nearest = reasons.iter().map(|(d, _)| *d).min();
                let best = reasons
                    .into_iter()
                    .filter(|(d, _)| Some(*d) == nearest)
                    .map(|(_, reason)| reason)
                    .collect::<Vec<_>>();
                let list = if best.is_empty() {
                    &mut lonely
                } else {
                    &mut counting
                };
                list.push((field, start, end, number, best));
            }
        }
    }
    let companions: Vec<Option<String>> = counting
        .iter()
        .filter(|h| !topic.any[h.3].ambiguous)
        .map(|h| Some(format!("with \"{}\"", topic.any[h.3].text)))
        .collect();
    if !companions.is_empty() {
        counting.extend(
            lonely
                .into_iter()
                .map(|h| (h.0, h.1, h.2, h.3, companions.clone())),
        );
    }
    let mut chosen: Vec<Expected> = Vec::new();
    while let Some(best) = counting
        .iter()
        .min_by_key(|h| (h.0, h.1, usize::MAX - h.2, topic.any[h.3].ambiguous, h.3))
        .cloned()
    {
        counting.retain(|h| h.0 != best.0 || h.2 <= best.1 || best.2 <= h.1);
        chosen.push(best);
    }
    chosen
}
