//! The regular expressions of all queries, asked together.
//!
//! One pass over a field tells which of them occur in it at all; only those are then asked where.
//! The `regex` crate takes time linear in the text for each hit, the hits and the text are bounded,
//! and so is each expression's size.

use regex::{Regex as Compiled, RegexBuilder, RegexSet, RegexSetBuilder};

use crate::matching::evaluate::MAX_HITS;
use crate::matching::{CompileError, beginning};
use crate::model::{Regex, Topic};

/// The largest compiled expression, in bytes.
const MAX_SIZE: usize = 1 << 20;
/// How much of a field is searched, in bytes.
const MAX_TEXT: usize = 1 << 20;
/// The largest set of all of them, and of what is remembered while searching.
const MAX_SET: usize = 64 << 20;

/// Compiles one expression, or says what is wrong with it.
pub(super) fn compile(regex: &Regex) -> Result<Compiled, String> {
    let built = RegexBuilder::new(&regex.pattern)
        .case_insensitive(regex.ignore_case)
        .size_limit(MAX_SIZE)
        .build();
    let compiled = built.map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => {
            "this regular expression is too large: repeat less".to_owned()
        }
        // The crate draws the expression too; its last line says what is wrong.
        error => {
            let text = error.to_string();
            let last = text.lines().last().unwrap_or_default();
            let reason = last.strip_prefix("error: ").unwrap_or(last);
            format!("not a regular expression: {reason}")
        }
    })?;
    if compiled.is_match("") {
        return Err(
            "this regular expression finds nothing, everywhere: it can be empty".to_owned(),
        );
    }
    Ok(compiled)
}

/// An expression and whose it is.
#[derive(Debug)]
struct One {
    regex: Compiled,
    /// Index of the topic.
    topic: usize,
    /// Index among the query's expressions.
    number: usize,
}

/// All topics' expressions; usually none.
#[derive(Debug)]
pub(in crate::matching) struct Regexes {
    set: Option<RegexSet>,
    all: Vec<One>,
}

impl Regexes {
    pub(in crate::matching) fn compile(topics: &[Topic]) -> Result<Self, CompileError> {
        let mut all = Vec::new();
        let mut patterns: Vec<String> = Vec::new();
        for (index, topic) in topics.iter().enumerate() {
            let regexes = topic.query.iter().flat_map(|query| &query.regexes);
            for (number, regex) in regexes.enumerate() {
                let compiled = compile(regex).map_err(|reason| CompileError::Regex {
                    topic: topic.id.clone(),
                    pattern: regex.pattern.chars().take(80).collect(),
                    reason,
                })?;
                let flag = if regex.ignore_case { "(?i)" } else { "" };
                patterns.push(format!("{flag}{}", regex.pattern));
                all.push(One {
                    regex: compiled,
                    topic: index,
                    number,
                });
            }
        }
        let set = if all.is_empty() {
            None
        } else {
            let built = RegexSetBuilder::new(&patterns)
                .size_limit(MAX_SET)
                .dfa_size_limit(MAX_SET)
                .build();
            Some(built.map_err(|error| CompileError::TooLarge(error.to_string()))?)
        };
        Ok(Self { set, all })
    }

    /// Calls `add` with topic, number and source range of each hit, of each expression in the
    /// order of the text.
    pub(in crate::matching) fn find(
        &self,
        text: &str,
        mut add: impl FnMut(usize, usize, usize, usize),
    ) {
        let Some(set) = &self.set else { return };
        let text = beginning(text, MAX_TEXT);
        for which in &set.matches(text) {
            let Some(one) = self.all.get(which) else {
                continue;
            };
            let hits = one.regex.find_iter(text).filter(|hit| !hit.is_empty());
            for hit in hits.take(MAX_HITS) {
                add(one.topic, one.number, hit.start(), hit.end());
            }
        }
    }
}
