//! Other bearers of a surname: `Emine Erdoğan` is not Erdoğan, nor is the footballer Guterres.
//!
//! A hit of a surname does not count when a given name stands directly before it that is none of
//! the topic's own. Given names are known from lists, by script, in the forms of the text's
//! language; in scripts with capitals they must be written with one. Where names are written with a
//! dot between their parts (`弗朗西斯科·古特雷斯`, `フランシスコ・グテレス`), any other part before
//! the dot will do. A patronymic between the two is passed over.
//!
//! Nor does it count behind a trade that no statesman has (`footballer`, `singer`), from a list, with
//! endings; but not where the name alone has one. The list leaves out languages where a subject may
//! stand next to an object. Nor in quotation marks by itself, in scripts with capitals: there it is
//! the name of a film, a ship or a dish (`„Modi”`). Chinese has marks for titles (`《莫迪》`).
//!
//! What stands further away, or behind the surname, is not looked at.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::LazyLock;

use super::character::{is_letter, is_small, is_unspaced};
use super::fold::Folded;
use super::inflect::{self, Languages};
use crate::model::Topic;

/// Given names by script, one a line.
const LISTS: [&str; 12] = [
    include_str!("given/latin.txt"),
    include_str!("given/cyrillic.txt"),
    include_str!("given/arabic.txt"),
    include_str!("given/hebrew.txt"),
    include_str!("given/devanagari.txt"),
    include_str!("given/bengali.txt"),
    include_str!("given/tamil.txt"),
    include_str!("given/thai.txt"),
    include_str!("given/hangul.txt"),
    include_str!("given/georgian.txt"),
    include_str!("given/greek.txt"),
    include_str!("given/armenian.txt"),
];

/// What stands between the parts of a foreign name in Han and Katakana; the full stop is a
/// full-width one, folded.
const DOTS: [char; 5] = ['·', '・', '‧', '•', '.'];
/// Letters that an inflected name may have more or other at its end.
const MOST_ENDING: usize = 5;
/// Fewest and most letters of a name that a run of letters without spaces ends with.
const LEAST_AT_END: usize = 4;
const MOST_AT_END: usize = 24;
/// Fewest letters that stay of an inflected name.
const LEAST_STEM: usize = 3;

/// Given names or trades, folded, as written; and by what is left of them without their last letter.
#[derive(Debug, Default)]
struct Given {
    names: HashMap<String, &'static str>,
    stems: HashMap<String, Vec<&'static str>>,
}

static GIVEN: LazyLock<Given> = LazyLock::new(|| Given::of(&LISTS));
/// Trades of athletes and artists, one a line.
static TRADES: LazyLock<Given> = LazyLock::new(|| Given::of(&[include_str!("given/trades.txt")]));

impl Given {
    fn of(lists: &[&'static str]) -> Self {
        let mut given = Self::default();
        for name in lists.iter().flat_map(|list| list.lines()) {
            let folded = Folded::new(name.trim()).text().to_owned();
            if folded.chars().count() < 2 {
                continue;
            }
            if let Some((last, _)) = folded.char_indices().next_back() {
                let stem = folded[..last].to_owned();
                given.stems.entry(stem).or_default().push(name);
            }
            given.names.insert(folded, name);
        }
        given
    }

    /// Whether a folded word is one of them in a text of these languages.
    fn has(&self, word: &str, languages: Languages) -> bool {
        if self.names.contains_key(word) {
            return true;
        }
        let cuts = word
            .char_indices()
            .rev()
            .take(MOST_ENDING)
            .map(|(at, _)| at);
        cuts.filter(|at| word[..*at].chars().count() >= LEAST_STEM)
            .any(|at| {
                let (stem, ending) = word.split_at(at);
                let whole = self.names.get(stem);
                let short = self.stems.get(stem).map_or(&[][..], Vec::as_slice);
                whole.into_iter().chain(short).any(|name| {
                    let folded = Folded::new(name);
                    let folded = folded.text();
                    inflect::forms(name, folded, 0, false).iter().any(|form| {
                        folded.len() - usize::from(form.cut) == stem.len()
                            && form
                                .rule
                                .rule()
                                .is_some_and(|rule| rule.allows(ending, languages))
                    })
                })
            })
    }
}

/// What makes a surname no hit; ranges are folded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Other {
    /// Another given name before it.
    Name(Range<usize>),
    /// A trade before it that no statesman has.
    Trade(Range<usize>),
    /// Quotation marks around it.
    Title,
}

/// The words that may stand before a topic's surnames, folded: those of its own terms.
#[derive(Debug, Clone, Default)]
pub(super) struct Own(HashSet<String>);

impl Own {
    /// Those of a topic; `None` when it has no surname.
    pub(super) fn of(topic: &Topic) -> Option<Self> {
        if !topic.any.iter().any(|term| term.surname) {
            return None;
        }
        let mut words = HashSet::new();
        for term in &topic.any {
            let folded = Folded::new(&term.text);
            for word in folded.text().split(|c: char| !is_letter(c)) {
                words.insert(word.to_owned());
            }
        }
        Some(Self(words))
    }

    /// Whether a word is one of them, perhaps with an ending.
    fn has(&self, word: &str) -> bool {
        self.0.contains(word)
            || word
                .char_indices()
                .rev()
                .take(MOST_ENDING)
                .filter(|(at, _)| word[..*at].chars().count() >= LEAST_STEM)
                .any(|(at, _)| self.0.contains(&word[..at]) || self.has_stem(&word[..at]))
    }

    /// Whether one of them is this and one more letter, which an ending replaced: `Никиты`, `Никита`.
    fn has_stem(&self, stem: &str) -> bool {
        self.0.iter().any(|own| {
            own.strip_prefix(stem)
                .is_some_and(|rest| rest.chars().count() == 1)
        })
    }

    /// The given name of somebody else that a run of letters ends with, in scripts that put no space
    /// between what a person is and the name: `ภรรยาเอมีเน แอร์โดอัน`. Of several the longest counts.
    fn other_at_end<'r>(&self, run: &'r str) -> Option<&'r str> {
        let starts = run.char_indices().rev().map(|(at, _)| at);
        let ends = starts
            .zip(1..=MOST_AT_END)
            .filter(|(at, letters)| *at == 0 || *letters >= LEAST_AT_END)
            .filter_map(|(at, _)| run.get(at..));
        let known = |end: &&str| self.0.contains(*end) || GIVEN.names.contains_key(*end);
        let name = ends.filter(known).last()?;
        (!self.0.contains(name)).then_some(name)
    }

    /// What says that the surname at this folded range, where a term stands, is somebody else's or no
    /// person's.
    pub(super) fn somebody_else(
        &self,
        folded: &Folded<'_>,
        surname: &Range<usize>,
        term: &str,
        languages: Languages,
    ) -> Option<Other> {
        let text = folded.text();
        if is_title(folded, surname) {
            return Some(Other::Title);
        }
        // Elsewhere a dot stands between two people.
        if text.get(surname.start..)?.starts_with(is_unspaced)
            && let Some(part) = dotted(text.get(..surname.start)?)
        {
            return (!self.has(text.get(part.clone())?)).then_some(Other::Name(part));
        }
        let mut word = word_before(text, surname.start)?;
        let trade = text.get(word.clone())?;
        if TRADES.has(trade, languages) {
            // Where only the name has an ending it is no apposition: `певец Путина` is Putin's singer.
            let apart = TRADES.names.contains_key(trade) && !is_bare(text, surname, term);
            return (!apart).then_some(Other::Trade(word));
        }
        if is_patronymic(trade) {
            word = word_before(text, word.start)?;
        }
        let name = text.get(word.clone())?;
        if name.starts_with(is_unspaced) {
            let name = self.other_at_end(name)?;
            return Some(Other::Name(word.end - name.len()..word.end));
        }
        let first = folded.source_text(word.clone())?.chars().next()?;
        if is_small(first) || self.has(name) {
            return None;
        }
        GIVEN.has(name, languages).then_some(Other::Name(word))
    }
}

/// Whether a term stands at a folded range without an ending.
fn is_bare(text: &str, hit: &Range<usize>, term: &str) -> bool {
    text.get(hit.clone()) == Some(Folded::new(term).text())
}

/// Whether quotation marks stand around a hit and hold nothing else, as around titles of works.
fn is_title(folded: &Folded<'_>, hit: &Range<usize>) -> bool {
    let Some(hit) = folded.source_range(hit.clone()) else {
        return false;
    };
    let source = folded.source();
    let (Some(name), Some(before), Some(after)) = (
        source.get(hit.clone()),
        source.get(..hit.start),
        source.get(hit.end..),
    ) else {
        return false;
    };
    if before.ends_with('《') {
        return after.starts_with('》');
    }
    let opens = before.ends_with(['"', '„', '“', '”', '«', '»', '‹', '›', '‘', '‚', '\'']);
    let rest = after.strip_prefix(['"', '”', '“', '»', '«', '›', '‹', '’', '‘', '\'']);
    // Elsewhere a name is put in quotation marks to stress it; an apostrophe may go on: `'Modi's`.
    opens
        && name.starts_with(char::is_uppercase)
        && rest.is_some_and(|rest| !rest.starts_with(is_letter))
}

/// The word that stands directly before `at`, with one space or hyphen between.
fn word_before(text: &str, at: usize) -> Option<Range<usize>> {
    let before = text.get(..at)?.strip_suffix(' ')?;
    let begin = word_start(before);
    (begin < before.len()).then_some(begin..before.len())
}

/// Where the word begins that a text ends with.
fn word_start(text: &str) -> usize {
    let letters = text.char_indices().rev().take_while(|(_, c)| is_letter(*c));
    letters.last().map_or(text.len(), |(at, _)| at)
}

/// Whether a word ends as patronymics do.
fn is_patronymic(word: &str) -> bool {
    let ends = [
        "вич",
        "вна",
        "вича",
        "вны",
        "вичу",
        "вне",
        "вичем",
        "вной",
        "vich",
        "vna",
    ];
    ends.iter().any(|end| word.ends_with(end))
}

/// The part of a name that ends, with a dot behind it, where a text ends.
fn dotted(text: &str) -> Option<Range<usize>> {
    let text = text.strip_suffix(DOTS)?;
    let start = word_start(text);
    (start < text.len()).then_some(start..text.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Term, TopicId};

    fn other(own: &[&str], surname: &str, text: &str, language: &str) -> bool {
        let mut terms: Vec<Term> = own.iter().map(|text| Term::new(text)).collect();
        terms.push(Term {
            surname: true,
            ..Term::new(surname)
        });
        let topic = Topic::new(TopicId::new("t").unwrap(), terms);
        let folded = Folded::new(text);
        let at = folded.text().find(Folded::new(surname).text()).unwrap();
        let own = Own::of(&topic).unwrap();
        let end = at + Folded::new(surname).text().len();
        let end = folded.word_end(end).unwrap();
        own.somebody_else(&folded, &(at..end), surname, Languages::of(Some(language)))
            .is_some()
    }

    #[test]
    fn another_given_name_makes_it_somebody_else() {
        let erdogan = ["Recep Tayyip Erdoğan"];
        for (surname, text, language) in [
            ("Erdoğan", "Emine Erdoğan opened a show", "en"),
            ("Erdoğan", "(Emine Erdoğan)", "en"),
            ("Путин", "Людмила Путина", "ru"),
            ("Путин", "о Людмиле Александровне Путиной", "ru"),
            ("古特雷斯", "弗朗西斯科·古特雷斯", "zh"),
            ("グテレス", "フランシスコ・グテレス", "ja"),
            ("Guterres", "the footballer Guterres scored", "en"),
            ("Guterres", "Fotbalistovi Guterresovi", "cs"),
            ("Modi", "w kinach „Modi” z Pacino", "pl"),
            ("Путин", "танкер «Путин»", "ru"),
            ("莫迪", "电影《莫迪》", "zh"),
            ("แอร์โดอัน", "ภรรยาเอมีเน แอร์โดอัน", "th"),
        ] {
            assert!(other(&erdogan, surname, text, language), "{text}");
        }
    }

    #[test]
    fn titles_places_and_the_persons_own_names_do_not() {
        let own = [
            "Recep Tayyip Erdoğan",
            "Владимир Путин",
            "安东尼奥·古特雷斯",
            "ไตยิป แอร์โดอัน",
        ];
        for (surname, text, language) in [
            ("Erdoğan", "Tayyip Erdoğan", "tr"),
            ("Erdoğan", "President Erdoğan", "en"),
            ("Erdoğan", "Emine, Erdoğan", "en"),
            ("Erdoğan", "Erdoğan", "en"),
            ("Путин", "Владимира Путина", "ru"),
            ("Путин", "Владимира Владимировича Путина", "ru"),
            ("Путин", "в Москве Путина", "ru"),
            ("古特雷斯", "安东尼奥·古特雷斯", "zh"),
            ("古特雷斯", "秘书长古特雷斯", "zh"),
            ("Путин", "певец Путина", "ru"),
            ("แอร์โดอัน", "ประธานาธิบดีไตยิป แอร์โดอัน", "th"),
            ("Modi", "'Modi's wave is over'", "en"),
            ("Путин", "«Путин сказал»", "ru"),
        ] {
            assert!(!other(&own, surname, text, language), "{text}");
        }
    }
}
