//! The shipped topic pack against labelled headlines, and what the pack must have.
//!
//! The headlines are written before the pack, but the pack's author had them at hand: precision and
//! recall over them show what would break, not how the pack fares with tomorrow's news.

// Helpers may give up as tests do.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use mentiond::config::{self, Config, Environment};
use mentiond::matching::Matcher;
use mentiond::model::{Field, Topic};

/// Rows that the pack gets wrong, by their text, with what it finds and the reason.
const KNOWN_WRONG: [(&str, &str, &str); 0] = [];

/// The organisation, the leaders of its members, and those partners whom a summit brings together.
const REQUIRED: [&str; 14] = [
    "sco",
    "putin",
    "xi-jinping",
    "modi",
    "sharif",
    "tokayev",
    "japarov",
    "rahmon",
    "mirziyoyev",
    "pezeshkian",
    "lukashenko",
    "erdogan",
    "aliyev",
    "guterres",
];

fn shipped() -> Config {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/mentiond.toml");
    let environment = Environment::from_pairs([("HOME", "/nowhere")]);
    config::load(&path, &environment).expect("the shipped configuration is good")
}

struct Row<'a> {
    language: &'a str,
    expected: BTreeSet<&'a str>,
    text: &'a str,
}

fn rows(examples: &str) -> Vec<Row<'_>> {
    let lines = examples.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let mut columns = line.splitn(3, '\t');
            let mut next = || columns.next().expect("three columns");
            let (language, topics, text) = (next(), next(), next());
            let expected = topics.split(',').filter(|topic| *topic != "-").collect();
            Row {
                language,
                expected,
                text,
            }
        })
        .collect()
}

#[test]
fn headlines_are_judged_as_a_careful_reader_judges_them() {
    let config = shipped();
    let matcher = Matcher::compile(&config.topics).unwrap();
    let examples = include_str!("fixtures/pack-examples.tsv");
    let rows = rows(examples);
    let (mut right, mut missed, mut false_alarms) = (0, 0, 0);
    let mut wrong = BTreeMap::new();
    for row in &rows {
        for topic in &row.expected {
            let known = config.topics.iter().any(|t| t.id.as_str() == *topic);
            assert!(known, "no topic has the id {topic}: {}", row.text);
        }
        let mentions = matcher.find_in(&[(Field::Text, row.text)], Some(row.language));
        let found: BTreeSet<&str> = mentions.iter().map(|m| m.topic.as_str()).collect();
        right += found.intersection(&row.expected).count();
        missed += row.expected.difference(&found).count();
        false_alarms += found.difference(&row.expected).count();
        if found != row.expected {
            let found: Vec<_> = found.into_iter().collect();
            println!(
                "{} expected {:?}, found {found:?}: {}",
                row.language, row.expected, row.text
            );
            wrong.insert(row.text, found.join(","));
        }
    }
    println!(
        "{} rows, {} wrong; precision {:.3}, recall {:.3}",
        rows.len(),
        wrong.len(),
        f64::from(u32::try_from(right).unwrap())
            / f64::from(u32::try_from(right + false_alarms).unwrap()),
        f64::from(u32::try_from(right).unwrap())
            / f64::from(u32::try_from(right + missed).unwrap()),
    );
    let known: BTreeMap<_, _> = KNOWN_WRONG
        .iter()
        .map(|(text, found, _)| (*text, (*found).to_owned()))
        .collect();
    assert_eq!(wrong, known, "the wrong rows are those that are known");
}

#[test]
fn the_examples_speak_many_languages_and_half_of_the_point_is_what_must_not_match() {
    let examples = include_str!("fixtures/pack-examples.tsv");
    let rows = rows(examples);
    let languages: BTreeSet<_> = rows.iter().map(|row| row.language).collect();
    let negative = rows.iter().filter(|row| row.expected.is_empty()).count();
    assert!(rows.len() >= 200, "{} rows", rows.len());
    assert!(languages.len() >= 20, "{languages:?}");
    assert!(negative >= 80, "{negative} rows without a topic");
    let texts: BTreeSet<_> = rows.iter().map(|row| row.text).collect();
    assert_eq!(texts.len(), rows.len(), "no text stands twice");
}

fn topic<'a>(config: &'a Config, id: &str) -> &'a Topic {
    let found = config.topics.iter().find(|topic| topic.id.as_str() == id);
    found.unwrap_or_else(|| panic!("no topic has the id {id}"))
}

/// The scripts in which a topic's terms are written.
fn scripts(topic: &Topic) -> BTreeSet<&'static str> {
    let script = |c: char| match c {
        'A'..='Z' | 'a'..='z' => Some("Latin"),
        '\u{0400}'..='\u{052f}' => Some("Cyrillic"),
        '\u{4e00}'..='\u{9fff}' => Some("Han"),
        '\u{0600}'..='\u{06ff}' | '\u{0750}'..='\u{077f}' => Some("Arabic"),
        _ => None,
    };
    let terms = topic.any.iter();
    terms
        .flat_map(|term| term.text.chars())
        .filter_map(script)
        .collect()
}

#[test]
fn every_required_topic_exists_with_names_in_four_scripts() {
    let config = shipped();
    for id in REQUIRED {
        let topic = topic(&config, id);
        assert_eq!(
            scripts(topic),
            BTreeSet::from(["Arabic", "Cyrillic", "Han", "Latin"]),
            "{id}"
        );
    }
}

#[test]
fn every_person_has_names_in_four_scripts() {
    let config = shipped();
    let mut people = 0;
    for topic in config.topics.iter().filter(|t| t.id.as_str() != "sco") {
        people += 1;
        assert_eq!(
            scripts(topic),
            BTreeSet::from(["Arabic", "Cyrillic", "Han", "Latin"]),
            "{}",
            topic.id.as_str()
        );
    }
    assert!(people >= 20, "{people}");
}

#[test]
fn the_full_name_of_each_topic_is_found_alone() {
    let config = shipped();
    let matcher = Matcher::compile(&config.topics).unwrap();
    for topic in config.topics.iter() {
        let mentions = matcher.find(&[(Field::Text, &topic.name)]);
        let found: Vec<_> = mentions.iter().map(|m| m.topic.as_str()).collect();
        assert_eq!(found, [topic.id.as_str()], "{}", topic.name);
    }
}
