//! Samples of terms, and which terms stand in them.

use crate::matching::character::is_unspaced;
use crate::matching::{CompileError, Matcher};
use crate::model::{Case, Field, Keep, Term, Topic, TopicId};

/// A term that stands in a sample.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    /// Its index in the list.
    pub term: usize,
    /// Whether it takes the whole sample.
    pub whole: bool,
}

/// The terms of a list, each to be found by itself.
#[derive(Debug)]
pub(super) struct Finder {
    matcher: Matcher,
}

impl Finder {
    pub(super) fn new(terms: &[&Term]) -> Result<Self, CompileError> {
        let topics: Vec<Topic> = terms
            .iter()
            .enumerate()
            .filter_map(|(n, term)| alone(n, term))
            .collect();
        Ok(Self {
            matcher: Matcher::compile(&topics)?,
        })
    }

    /// The terms that stand in a text, by their index in the list.
    pub(super) fn find<'f>(
        &'f self,
        fields: &'f [(Field, &str)],
    ) -> impl Iterator<Item = (usize, usize)> + 'f {
        let mentions = self.matcher.find(fields).into_iter();
        mentions.filter_map(|mention| {
            let longest = mention.hits.iter().map(|hit| hit.end - hit.start).max()?;
            Some((number(&mention.topic)?, longest))
        })
    }

    /// The terms that stand in what a term may find.
    pub(super) fn in_sample_of(&self, term: &Term) -> impl Iterator<Item = Found> + use<> {
        let sample = sample(term);
        let found: Vec<Found> = self
            .find(&[(Field::Text, &sample)])
            .map(|(term, longest)| Found {
                term,
                whole: longest == sample.len(),
            })
            .collect();
        found.into_iter()
    }
}

/// A topic of one term, without all that keeps it from being found.
fn alone(number: usize, term: &Term) -> Option<Topic> {
    let term = Term {
        ambiguous: false,
        languages: Vec::new(),
        weight: 1,
        ..term.clone()
    };
    let id = TopicId::new(&format!("t{number}")).ok()?;
    Some(Topic::new(id, vec![term]))
}

fn number(topic: &TopicId) -> Option<usize> {
    topic.as_str().strip_prefix('t')?.parse().ok()
}

/// A text that a term finds: the term, with more letters in the place of each `*`.
fn sample(term: &Term) -> String {
    let mut sample = String::new();
    for c in term
        .text
        .trim_matches(|c: char| c.is_whitespace() || c == '-')
        .chars()
    {
        match c {
            // No ending of a language is the last letter three times.
            '*' | '＊' => {
                let last = sample.chars().next_back().unwrap_or('x');
                sample.extend([last; 3]);
            }
            c => sample.push(c),
        }
    }
    sample
}

/// Whether nothing but their texts keeps `wide` from finding what `narrow` finds.
pub(super) fn is_wider(wide: &Term, narrow: &Term) -> bool {
    (wide.case == Case::Fold || narrow.case == Case::Exact)
        && (!wide.ambiguous || narrow.ambiguous)
        && (wide.languages.is_empty() || wide.languages == narrow.languages)
        && (wide.inflect || !narrow.inflect)
        && (wide.keep == Keep::default() || wide.keep == narrow.keep)
}

/// Whether a term has so few letters that it stands in many texts by chance. One syllable of Hangul
/// or character of Han says as much as two or three letters.
pub(super) fn is_short(term: &Term) -> bool {
    let weigh = |c: char| match c {
        c if !c.is_alphanumeric() => 0,
        '\u{ac00}'..='\u{d7a3}' => 2,
        c if is_unspaced(c) => 2,
        _ => 1,
    };
    term.text.chars().map(weigh).sum::<usize>() < 3
}
