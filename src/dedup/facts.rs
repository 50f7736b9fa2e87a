//! Whether two like texts state different facts: the guard against templates.
//!
//! Reports of two days' summits, matches or earthquakes are written on one pattern. What differs is
//! what stands between equal surroundings: another number, another day, another name. A paragraph
//! that an editor rewrote is longer than such a place, and what was added or cut has nothing in its
//! stead; neither counts.

use super::align::{Hunk, hunks, joined};
use super::calendar::{Calendar, calendar};
use super::likeness::{Passage, Reason};
use super::tokens::{Kind, Token, WORD, weight};

/// Equal surroundings: this much on both sides.
const SURROUNDINGS: usize = 3 * WORD;
/// A place that differs is at most so long; more is a rewritten passage.
const LONGEST_PLACE: usize = 12 * WORD;
/// Where more than this share of the words has a capital, capitals say nothing.
const MOST_CAPITALS: f64 = 0.4;
/// The same in a headline.
const MOST_CAPITALS_IN_TITLES: f64 = 0.5;

/// Why two like texts are about different things, if they are.
pub(super) fn differs(a: &Passage, b: &Passage) -> Option<Reason> {
    let raw = hunks(&a.body, &b.body);
    let places = joined(&raw, &a.body, SURROUNDINGS);
    let inside = |hunk: &&Hunk| {
        hunk.replaces()
            && hunk.a.start > 0
            && hunk.b.start > 0
            && hunk.a.end < a.body.len()
            && hunk.b.end < b.body.len()
            && weight(&a.body[hunk.a.clone()]) <= LONGEST_PLACE
            && weight(&b.body[hunk.b.clone()]) <= LONGEST_PLACE
    };
    let capitals = capitals_tell(&a.body, MOST_CAPITALS) && capitals_tell(&b.body, MOST_CAPITALS);
    let places: Vec<Hunk> = places.iter().filter(inside).cloned().collect();
    for place in &places {
        let reason = exchanged(&a.body[place.a.clone()], &b.body[place.b.clone()], capitals);
        if reason.is_some() {
            return reason;
        }
    }
    let mut pairs = replaced(&a.body, &b.body, &raw);
    let (more, alike) = titles(a, b);
    if let Some(reason) = alike {
        return Some(reason);
    }
    pairs.extend(more);
    pairs.sort_unstable();
    pairs
        .windows(2)
        .any(|pair| pair[0] == pair[1])
        .then_some(Reason::Exchange)
}

/// Which texts stand in place of which.
fn replaced(a: &[Token], b: &[Token], raw: &[Hunk]) -> Vec<(String, String)> {
    let text = |tokens: &[Token]| -> String { tokens.iter().map(|t| t.text.as_str()).collect() };
    raw.iter()
        .filter(|hunk| hunk.replaces())
        .filter(|hunk| weight(&a[hunk.a.clone()]) <= LONGEST_PLACE)
        .map(|hunk| (text(&a[hunk.a.clone()]), text(&b[hunk.b.clone()])))
        // Some write as one word what others write as two.
        .filter(|(a, b)| a != b)
        .collect()
}

/// Headlines are every paper's own, unless they too are one pattern: what do they exchange, and is
/// it a fact?
fn titles(a: &Passage, b: &Passage) -> (Vec<(String, String)>, Option<Reason>) {
    let raw = hunks(&a.title, &b.title);
    let differing: usize = raw.iter().map(|hunk| hunk.a.len().max(hunk.b.len())).sum();
    if differing * 2 > a.title.len().max(b.title.len()) {
        return (Vec::new(), None);
    }
    let capitals = [a, b]
        .iter()
        .all(|text| capitals_tell(&text.title, MOST_CAPITALS_IN_TITLES));
    let reason = raw
        .iter()
        .filter(|hunk| hunk.replaces())
        .find_map(|hunk| exchanged(&a.title[hunk.a.clone()], &b.title[hunk.b.clone()], capitals));
    (replaced(&a.title, &b.title, &raw), reason)
}

/// Whether capitals mark names here: not in many headlines, nor in German.
fn capitals_tell(tokens: &[Token], most: f64) -> bool {
    let words = tokens.iter().filter(|token| token.cased).count();
    let capitals = tokens.iter().filter(|token| token.capital).count();
    capitals as f64 <= most * words as f64
}

/// What fact stands in the place of another.
fn exchanged(a: &[Token], b: &[Token], capitals: bool) -> Option<Reason> {
    if other_numbers(&numbers(a), &numbers(b)) {
        return Some(Reason::Numbers);
    }
    let dates = |tokens: &[Token], day: bool| -> Vec<Calendar> {
        let all = tokens.iter().filter_map(|token| calendar(&token.text));
        all.filter(|found| matches!(found, Calendar::Day(_)) == day)
            .collect()
    };
    let kanji = |tokens: &[Token]| -> Vec<u64> {
        let days = tokens.iter().filter(|token| token.kind == Kind::Day);
        days.map(|token| token.hash).collect()
    };
    if differ(&dates(a, true), &dates(b, true))
        || differ(&dates(a, false), &dates(b, false))
        || differ(&kanji(a), &kanji(b))
    {
        return Some(Reason::Dates);
    }
    if capitals {
        let (a, b) = (names(a), names(b));
        let spelt = |one: &&str, other: &[&str]| {
            other
                .iter()
                .any(|name| strsim::normalized_levenshtein(one, name) >= 0.5)
        };
        if a.iter().any(|name| !spelt(name, &b)) && b.iter().any(|name| !spelt(name, &a)) {
            return Some(Reason::Names);
        }
    }
    None
}

/// Whether figures stand in place of others, however they are written (`10 000`, `10,000`).
fn other_numbers(a: &[&str], b: &[&str]) -> bool {
    a.concat() != b.concat() && (a.len() == b.len() || differ(a, b))
}

/// Whether each has something that the other lacks.
fn differ<T: PartialEq>(a: &[T], b: &[T]) -> bool {
    a.iter().any(|x| !b.contains(x)) && b.iter().any(|x| !a.contains(x))
}

fn numbers(tokens: &[Token]) -> Vec<&str> {
    let numbers = tokens.iter().filter(|token| token.kind == Kind::Number);
    numbers.map(|token| token.text.as_str()).collect()
}

fn names(tokens: &[Token]) -> Vec<&str> {
    let names = tokens.iter().filter(|token| token.capital);
    names.map(|token| token.text.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What separates a text from the one in which `from` is `to`.
    fn change(text: &str, from: &str, to: &str) -> Option<Reason> {
        assert!(text.contains(from));
        let read = |text: &str| Passage::new("", text);
        differs(&read(text), &read(&text.replace(from, to)))
    }

    const REPORT: &str = "The leaders of ten countries met in Astana on Thursday and signed 25 papers, \
        among them one on energy. The next meeting of the leaders will be in Tianjin, said the host \
        after the talks. He thanked all who took part in the work of the day.";

    #[test]
    fn another_number_day_or_name_in_the_same_place_separates() {
        assert_eq!(
            change(REPORT, "25 papers", "24 papers"),
            Some(Reason::Numbers)
        );
        assert_eq!(change(REPORT, "Thursday", "Friday"), Some(Reason::Dates));
        assert_eq!(
            change(REPORT, "in Tianjin", "in Bishkek"),
            Some(Reason::Names)
        );
        let chinese = "国家主席在会议上说,双方签署了二十五份文件,并将继续深化合作。";
        assert_eq!(change(chinese, "二十五", "二十四"), Some(Reason::Numbers));
    }

    #[test]
    fn the_same_fact_written_otherwise_does_not() {
        assert_eq!(change(REPORT, "Astana", "Astaná"), None);
        assert_eq!(change(REPORT, "Tianjin", "Tientsin"), None);
        assert_eq!(
            change("about 10,000 people came to see it", "10,000", "10 000"),
            None
        );
    }

    #[test]
    fn what_was_added_cut_or_rewritten_does_not() {
        assert_eq!(change(REPORT, ", among them one on energy", ""), None);
        assert_eq!(change(REPORT, "signed", "put their names under"), None);
        let rewritten = "In 2001 the group had six members, and few thought that it would ever be more \
            than a club of neighbours with 3 or 4 common worries, of which Kabul was one.";
        let rest =
            "The next meeting of the leaders will be in Tianjin, said the host after the talks.";
        assert_eq!(change(REPORT, rest, rewritten), None);
    }

    #[test]
    fn the_same_exchange_again_and_again_is_a_name() {
        let arabic = "بحث الوزير مع نظيره التركي العلاقات بين البلدين وأكد الوزير مع نظيره التركي أهمية التعاون";
        assert_eq!(change(arabic, "التركي", "الفرنسي"), Some(Reason::Exchange));
    }

    #[test]
    fn headlines_on_one_pattern_are_held_to_their_facts_and_others_are_not() {
        let titled = |title: &str| Passage::new(title, REPORT);
        let judge = |a: &str, b: &str| differs(&titled(a), &titled(b));
        let weather = "Weather in the north on Monday";
        assert_eq!(
            judge(weather, "Weather in the north on Tuesday"),
            Some(Reason::Dates)
        );
        assert_eq!(
            judge(weather, "Rain and storms: what Tuesday will bring us"),
            None
        );
    }
}
