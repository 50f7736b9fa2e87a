//! TOML as owners write it: a file of topics, and a whole configuration.

use std::collections::BTreeSet;
use std::path::Path;

use mentiond::config::{ConfigError, Environment, Problem, load_text, parse_topics};
use mentiond::matching::{CompileError, Matcher};
use mentiond::model::{Field, Topic};

use super::{oracle, same_twice};

/// Where the file would stand, if it did.
const FILE: &str = "/nonexistent/mentiond.toml";
/// Bytes up to which what was read is also compiled and searched for.
const COMPILED: usize = 16 << 10;
/// More problems of one kind than this are counted only.
const MOST: usize = 1_001;

/// Runs the target.
pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let path = Path::new(FILE);
    let topics = same_twice(text.len(), || parse_topics(path, &text));
    match &topics {
        Ok(topics) => usable(topics, &text),
        Err(error) => refused(error, &text),
    }
    let none = Environment::from_pairs([("HOME", "/nonexistent")]);
    match load_text(path, text.clone().into_owned(), &none) {
        Ok(config) => {
            placed(&config.warnings, &text);
            assert!(!config.sinks.is_empty());
            let (low, high) = (config.schedule.min_interval, config.schedule.max_interval);
            assert!(low <= high && !low.is_zero());
            assert!((0.0..=0.5).contains(&config.schedule.jitter));
            let feeds: BTreeSet<_> = config.feeds.iter().map(|feed| &feed.id).collect();
            assert_eq!(feeds.len(), config.feeds.len(), "an id twice");
            let sinks: BTreeSet<_> = config.sinks.iter().map(|sink| &sink.id).collect();
            assert_eq!(sinks.len(), config.sinks.len(), "an id twice");
            let known = |topic: &_| config.topics.iter().any(|known| known.id == *topic);
            for topic in config
                .sinks
                .iter()
                .flat_map(|sink| sink.topics.iter().flatten())
            {
                assert!(known(topic), "a sink of no topic");
            }
            for route in &config.routes {
                assert!(
                    route.topics.iter().flatten().all(known),
                    "a route of no topic"
                );
                assert!(route.sinks.iter().all(|sink| sinks.contains(sink)));
            }
            usable(&config.topics, &text);
        }
        Err(error) => refused(&error, &text),
    }
}

/// Asserts that topics which were read can be used.
fn usable(topics: &[Topic], text: &str) {
    let ids: BTreeSet<_> = topics.iter().map(|topic| &topic.id).collect();
    assert_eq!(ids.len(), topics.len(), "an id twice");
    if text.len() > COMPILED {
        return;
    }
    match Matcher::compile(topics) {
        Ok(matcher) => {
            for mention in matcher.find(&[(Field::Text, text)]) {
                assert!(ids.contains(&mention.topic));
                for hit in mention.hits {
                    let piece = text.get(hit.start..hit.end);
                    assert!(piece.is_some_and(|piece| !piece.is_empty()), "{hit:?}");
                }
            }
        }
        Err(error) => assert!(matches!(error, CompileError::TooLarge(_)), "{error}"),
    }
}

/// Asserts that an error tells places inside the file.
fn refused(error: &ConfigError, text: &str) {
    assert!(!error.problems.is_empty());
    oracle::printable("an error", &error.to_string(), true);
    placed(&error.problems, text);
}

/// Asserts that problems point into the text and can be shown.
fn placed(problems: &[Problem], text: &str) {
    assert!(problems.len() <= MOST, "{} problems", problems.len());
    let lines: Vec<&str> = text.split('\n').collect();
    for problem in problems {
        let shown = problem.to_string();
        oracle::printable("a problem", &shown, false);
        oracle::bytes("a problem", &shown, 20_000);
        let full = format!("{problem:#}");
        oracle::printable("a problem with its excerpt", &full, true);
        let excerpt = if problem.excerpt.is_some() { 3 } else { 1 };
        assert_eq!(full.split('\n').count(), excerpt, "{full:?}");
        assert_eq!(problem.line == 0, problem.column == 0, "{shown}");
        if problem.file == Path::new(FILE) && problem.line > 0 {
            let line = lines.get(problem.line - 1);
            let columns = line.map(|line| line.chars().count() + 1);
            assert!(columns.is_some_and(|c| problem.column <= c), "{shown}");
        }
    }
}
