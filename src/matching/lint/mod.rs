//! What is doubtful about topics that compile: terms that never count, that say what another says,
//! that are too short, that can't stand where they must.
//!
//! [`lint`] asks the matcher itself: each term is looked for in a sample of every other term of the
//! same list, so that folding and endings are judged by what they do. [`Frequency`] counts in how many of
//! some texts each term stands. Pure; it says nothing about a term that it can't make a sample of.

mod frequency;
mod query;
mod sample;
#[cfg(test)]
mod tests;

use std::fmt;

use serde::Serialize;

use super::CompileError;
use crate::model::{Case, Term, Topic, TopicId};
use sample::{Finder, is_short, is_wider};

pub use frequency::{Frequency, Share};

/// Something doubtful.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The topic.
    pub topic: TopicId,
    /// The term as the owner wrote it.
    pub term: String,
    /// What kind of doubt.
    pub kind: Kind,
    /// The term or list that it is about besides, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other: Option<String>,
}

/// What is doubtful about a term.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// It stands twice, in the same or another spelling.
    Twice,
    /// Another term of the list finds all that it finds.
    Covered,
    /// Where it stands, a shorter term of the list stands too; it makes hits longer, nothing more.
    Longer,
    /// Every hit of it lies inside a hit of `except`.
    Excepted,
    /// It must stand where it must not.
    Contradiction,
    /// It is in scopes that have no field in common.
    NoField,
    /// It has one or two letters and needs no context.
    Short,
    /// It reads like an operator and is a word.
    Operator,
}

impl Kind {
    /// Whether it is only worth knowing.
    #[must_use]
    pub const fn is_note(self) -> bool {
        matches!(self, Self::Longer)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let other = self.other.as_deref().unwrap_or_default();
        write!(f, "`{}` ", self.term)?;
        match self.kind {
            Kind::Twice => write!(f, "says the same as `{other}`: remove one of them"),
            Kind::Covered => write!(f, "finds nothing that `{other}` does not find: remove it"),
            Kind::Longer => write!(
                f,
                "stands only where `{other}` stands too: it makes hits longer, nothing more"
            ),
            Kind::Excepted => write!(f, "never counts: it lies inside `{other}` of `except`"),
            Kind::Contradiction => write!(f, "must stand there, and `NOT {other}` forbids it"),
            Kind::NoField => f.write_str("can't stand anywhere: its scopes have no field in common"),
            Kind::Short => f.write_str(
                "is short and will stand in many texts: ask for its letter case (exact) or for context (near)",
            ),
            Kind::Operator => f.write_str("is looked for as a word: operators are in upper case"),
        }
    }
}

/// What is doubtful about topics, in their order.
///
/// # Errors
/// [`CompileError`] when a term can't be compiled at all.
///
/// ```
/// use mentiond::matching::lint::{Kind, lint};
/// use mentiond::model::{Term, Topic, TopicId};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let topic = Topic::new(TopicId::new("t")?, vec![Term::new("Putin*"), Term::new("Putin")]);
/// let found = lint(&[topic])?;
/// assert_eq!((found[0].kind, &*found[0].term), (Kind::Covered, "Putin"));
/// # Ok(())
/// # }
/// ```
pub fn lint(topics: &[Topic]) -> Result<Vec<Finding>, CompileError> {
    let mut findings = Vec::new();
    for topic in topics {
        let mut report = Report {
            topic,
            findings: &mut findings,
        };
        match &topic.query {
            Some(query) => query::lint(query, &mut report)?,
            None => lists(topic, &mut report)?,
        }
    }
    Ok(findings)
}

/// Where the findings of one topic go.
struct Report<'r> {
    topic: &'r Topic,
    findings: &'r mut Vec<Finding>,
}

impl Report<'_> {
    fn add(&mut self, kind: Kind, term: &str, other: Option<&str>) {
        let finding = Finding {
            topic: self.topic.id.clone(),
            term: term.to_owned(),
            kind,
            other: other.map(str::to_owned),
        };
        if !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
    }
}

fn lists(topic: &Topic, report: &mut Report<'_>) -> Result<(), CompileError> {
    let any: Vec<&Term> = topic.any.iter().collect();
    alternatives(&any, report)?;
    for list in [&topic.none, &topic.except, &topic.near]
        .into_iter()
        .chain(&topic.all)
    {
        let list: Vec<&Term> = list.iter().collect();
        alternatives(&list, report)?;
    }
    let except: Vec<&Term> = topic.except.iter().collect();
    let finder = Finder::new(&except)?;
    for term in any {
        if is_short(term) && term.case == Case::Fold && !term.ambiguous {
            report.add(Kind::Short, &term.text, None);
        }
        let whole = finder.in_sample_of(term).filter(|found| found.whole);
        let mut covering = whole.filter_map(|found| except.get(found.term));
        if let Some(cover) = covering.find(|cover| is_wider(cover, term)) {
            report.add(Kind::Excepted, &term.text, Some(&cover.text));
        }
    }
    Ok(())
}

/// Looks for terms of a list that others of it make needless.
fn alternatives(terms: &[&Term], report: &mut Report<'_>) -> Result<(), CompileError> {
    let finder = Finder::new(terms)?;
    // For each term, the others that find all that it finds, and those that stand inside it.
    let found: Vec<Vec<_>> = terms
        .iter()
        .map(|term| finder.in_sample_of(term).collect())
        .collect();
    let covers = |one: usize, other: usize| {
        let pair = terms.get(one).zip(terms.get(other));
        let wider =
            pair.is_some_and(|(one, other)| one.weight == other.weight && is_wider(one, other));
        let finds = found.get(other).is_some_and(|list| {
            list.iter()
                .any(|hit: &sample::Found| hit.term == one && hit.whole)
        });
        one != other && wider && finds
    };
    for (index, term) in terms.iter().enumerate() {
        let cover = (0..terms.len()).find(|other| {
            // Of two that say the same the first stays.
            covers(*other, index) && (*other < index || !covers(index, *other))
        });
        if let Some(cover) = cover {
            let kind = if covers(index, cover) {
                Kind::Twice
            } else {
                Kind::Covered
            };
            report.add(kind, &term.text, terms.get(cover).map(|term| &*term.text));
            continue;
        }
        let inner = found.get(index).into_iter().flatten().find(|hit| {
            let other = terms.get(hit.term);
            hit.term != index
                && !hit.whole
                && other.is_some_and(|other| other.weight == term.weight && is_wider(other, term))
        });
        if let Some(inner) = inner {
            report.add(
                Kind::Longer,
                &term.text,
                terms.get(inner.term).map(|term| &*term.text),
            );
        }
    }
    Ok(())
}
