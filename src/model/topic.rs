//! What is tracked, and what it looks like when found.

use std::sync::Arc;

use serde::Serialize;

use super::{Field, Query, TopicId};

/// Something to be told about: an organisation, a person, a theme.
///
/// A topic is mentioned in an entry when at least one hit of `any` counts, every group of `all`
/// has a hit somewhere in the entry, no term of `none` has one, and the weights of the distinct
/// terms of `any` that count reach the threshold. A hit of `any` counts when it
/// does not lie inside a hit of `except` and, if its term is [`Term::ambiguous`], when a term of
/// `near` stands within `within` words of it in the same field, or the entry also has a hit of an
/// unambiguous term of the topic.
///
/// A topic with a [`Query`] has no lists: it is mentioned where the query holds and the weights reach
/// the threshold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// Stable id.
    pub id: TopicId,
    /// The name people read.
    pub name: String,
    /// Free words for filtering and routing.
    pub tags: Vec<String>,
    /// The terms whose hits are mentions; empty only where there is a query.
    pub any: Vec<Term>,
    /// Groups of alternatives; each group must have a hit.
    pub all: Vec<Vec<Term>>,
    /// Terms that forbid the mention anywhere in the entry.
    pub none: Vec<Term>,
    /// Longer phrases inside which a hit does not count.
    pub except: Vec<Term>,
    /// The context that makes an ambiguous term count.
    pub near: Vec<Term>,
    /// How many words may lie between an ambiguous hit and its context.
    pub within: usize,
    /// What the weights of the distinct terms that were found must add up to.
    pub threshold: i32,
    /// From which score on its mentions are told; below it they are recorded only.
    pub min_score: u8,
    /// The condition that stands in the place of all lists.
    pub query: Option<Query>,
}

impl Topic {
    /// A topic of these terms and no further rule.
    #[must_use]
    pub fn new(id: TopicId, any: Vec<Term>) -> Self {
        Self {
            name: id.as_str().to_owned(),
            id,
            tags: Vec::new(),
            any,
            all: Vec::new(),
            none: Vec::new(),
            except: Vec::new(),
            near: Vec::new(),
            within: 12,
            threshold: 1,
            min_score: 1,
            query: None,
        }
    }

    /// A topic of this query.
    #[must_use]
    pub fn of_query(id: TopicId, query: Query) -> Self {
        Self {
            query: Some(query),
            ..Self::new(id, Vec::new())
        }
    }
}

/// One thing to look for in text.
///
/// The text is a word or phrase. A `*` at the end of a word stands for any further letters of that
/// word (`Путин*`, `Шанхайск* организаци* сотрудничества`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// The word or phrase as the owner wrote it.
    pub text: Arc<str>,
    /// Whether letter case matters.
    pub case: Case,
    /// Whether a hit counts only in the topic's context.
    pub ambiguous: bool,
    /// The languages (BCP 47) in whose texts it counts; none means all. In a text whose language
    /// nobody knows every term counts.
    pub languages: Vec<String>,
    /// Whether the endings and clitics of a text's language may stand at its words (`Путина` for
    /// `Путин`, `وبوتين` for `بوتين`).
    pub inflect: bool,
    /// The differences, besides letter case, that are not forgiven.
    pub keep: Keep,
    /// Whether it is a surname: behind a given name that is none of the topic's own it is somebody
    /// else's (`Emine Erdoğan`) and does not count.
    pub surname: bool,
    /// What a hit of it adds to the topic's sum; below zero it speaks against the topic.
    pub weight: i32,
    /// How it was made of a person's name; none when the owner wrote it.
    pub rule: Option<Arc<str>>,
}

/// Differences between a term and a text that matter although readers mostly do not mean them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[allow(clippy::struct_excessive_bools)] // each is a switch of its own
pub struct Keep {
    /// Diacritics and optional vowel points: `Erdoğan` does not find `Erdogan`.
    pub marks: bool,
    /// Compatibility forms: `SCO` does not find `ＳＣＯ`.
    pub forms: bool,
    /// Spellings of one letter, as `ي` and `ی`, `ß` and `ss`, `ı` and `i`.
    pub letters: bool,
    /// Traditional and simplified Han.
    pub han: bool,
    /// Apostrophes of different shapes, hyphens and spaces, and characters that nobody sees.
    pub joints: bool,
}

impl Keep {
    /// What either keeps.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            marks: self.marks || other.marks,
            forms: self.forms || other.forms,
            letters: self.letters || other.letters,
            han: self.han || other.han,
            joints: self.joints || other.joints,
        }
    }

    /// Whether nothing is kept.
    #[must_use]
    pub fn is_none(self) -> bool {
        self == Self::default()
    }
}

impl Term {
    /// A term as it is when its owner writes a text and nothing else.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self {
            text: text.into(),
            case: Case::Fold,
            ambiguous: false,
            languages: Vec::new(),
            inflect: true,
            keep: Keep::default(),
            surname: false,
            weight: 1,
            rule: None,
        }
    }

    /// Whether the term counts in a text of this language. `pt` includes `pt-BR`.
    #[must_use]
    pub fn counts_in(&self, language: Option<&str>) -> bool {
        let Some(language) = language.filter(|_| !self.languages.is_empty()) else {
            return true;
        };
        self.languages
            .iter()
            .any(|wanted| is_in_language(language, wanted))
    }
}

/// Whether a language is the wanted one or a variety of it: `pt-BR` is in `pt`.
#[must_use]
pub fn is_in_language(language: &str, wanted: &str) -> bool {
    language
        .get(..wanted.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(wanted))
        && matches!(language.as_bytes().get(wanted.len()), None | Some(b'-'))
}

/// Whether letter case matters to a term.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Case {
    /// `Erdoğan` finds `ERDOGAN`.
    #[default]
    Fold,
    /// `SCO` finds neither `sco` nor `Sco`.
    Exact,
    /// `Modi` finds `MODI` but not `modi`: the first letter must be a capital, in scripts that have
    /// them.
    Capital,
}

/// One place where a term of a topic stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hit {
    /// The term as the owner wrote it.
    pub term: Arc<str>,
    /// The field it stands in.
    pub field: Field,
    /// First byte of the hit in the field's text; always at a character boundary.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// Why an ambiguous term counted, for people: `near "summit"`, `with "Шанхайск*"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
}

/// One topic found in one entry: all its hits, by field and position, never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    /// Which topic.
    pub topic: TopicId,
    /// How strongly, from 1 to 100: see `matching::score`.
    pub score: u8,
    /// Where; ordered by field, then by start, without overlaps.
    pub hits: Vec<Hit>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_term_counts_in_its_languages_and_where_nobody_knows() {
        let term = |languages: &[&str]| Term {
            languages: languages.iter().map(|&l| l.to_owned()).collect(),
            ..Term::new("SCO")
        };
        let pt = term(&["en", "pt"]);
        for yes in [Some("pt"), Some("PT-br"), Some("en"), None] {
            assert!(pt.counts_in(yes), "{yes:?}");
        }
        for no in ["p", "ptx", "es", ""] {
            assert!(!pt.counts_in(Some(no)), "{no}");
        }
        assert!(!term(&["zh-Hans"]).counts_in(Some("zh-Hant")));
        assert!(term(&[]).counts_in(Some("es")));
    }
}
