//! People in topics: how `[topic.person]` is read, and the document about names.

use std::path::Path;

use super::super::parse_topics;
use crate::matching::Matcher;
use crate::model::{Case, Field, Topic};

fn topics(text: &str) -> Vec<Topic> {
    parse_topics(Path::new("pack"), text).unwrap()
}

fn mistake(text: &str) -> String {
    parse_topics(Path::new("pack"), text)
        .unwrap_err()
        .to_string()
}

const DOCUMENT: &str = include_str!("../../../docs/names.md");

fn blocks() -> Vec<&'static str> {
    let blocks = DOCUMENT.split("```toml\n").skip(1);
    blocks
        .map(|block| block.split("```").next().unwrap())
        .collect()
}

/// Every row of the document's first table is what happens.
#[test]
fn the_documents_examples_are_found_by_the_rules_it_names() {
    let topics = topics(blocks()[0]);
    let matcher = Matcher::compile(&topics).unwrap();
    let table = DOCUMENT
        .split("| text | topic | found | rule |\n")
        .nth(1)
        .unwrap();
    let rows: Vec<&str> = table
        .lines()
        .skip(1)
        .take_while(|line| line.starts_with('|'))
        .collect();
    assert!(rows.len() > 15, "{}", rows.len());
    for row in rows {
        let columns: Vec<&str> = row.split('|').map(str::trim).collect();
        let [_, text, topic, found, rule, _] = columns[..] else {
            panic!("{row}")
        };
        let mentions = matcher.find(&[(Field::Text, text)]);
        if topic.is_empty() {
            assert!(mentions.is_empty(), "{text}: {mentions:?}");
            continue;
        }
        let [mention] = &mentions[..] else {
            panic!("{text}: {mentions:?}")
        };
        assert_eq!(mention.topic.as_str(), topic, "{text}");
        let hit = &mention.hits[0];
        assert_eq!(&text[hit.start..hit.end], found, "{text}");
        let terms = topics
            .iter()
            .find(|t| t.id.as_str() == topic)
            .unwrap()
            .any
            .iter();
        let rules: Vec<_> = terms
            .filter(|t| t.text == hit.term)
            .map(|t| t.rule.as_deref())
            .collect();
        assert!(rules.contains(&Some(rule)), "{text}: {rules:?}");
    }
}

#[test]
fn a_term_of_the_topic_takes_the_place_of_the_one_that_is_made() {
    let topics = topics(blocks()[1]);
    let poutine: Vec<_> = topics[0]
        .any
        .iter()
        .filter(|t| &*t.text == "Poutine")
        .collect();
    assert_eq!(poutine.len(), 1);
    assert!(poutine[0].ambiguous && poutine[0].case == Case::Exact && poutine[0].rule.is_none());
    let matcher = Matcher::compile(&topics).unwrap();
    let is_found = |text| !matcher.find(&[(Field::Text, text)]).is_empty();
    assert!(is_found("Le président Poutine") && is_found("Vladimir Poutine"));
    assert!(!is_found("Poutine with cheese"));
}

#[test]
fn a_person_stands_beside_terms_or_alone() {
    let person =
        "[[topic]]\nid = 'a'\n[topic.person]\nnames = ['Viktor Orbán']\nsurname = 'distinctive'\n";
    let alone = topics(person);
    assert!(
        alone[0]
            .any
            .iter()
            .any(|term| &*term.text == "Orbán Viktor")
    );
    let beside = topics(&person.replace("[topic.person]", "any = ['Fidesz']\n[topic.person]"));
    assert_eq!(beside[0].any.len(), alone[0].any.len() + 1);
}

#[test]
fn mistakes_in_a_person_are_explained() {
    let person = |rest: &str| format!("[[topic]]\nid = 'a'\n[topic.person]\n{rest}\n");
    for (rest, expected) in [
        ("surname = 'common'", "`names` is missing in [topic.person]"),
        ("names = []", "the person has no name"),
        ("names = ['?!']", "the term has no letter or digit"),
        (
            "names = ['A B']\nsurname = 'rare'",
            "must be \"distinctive\" or \"common\"",
        ),
        (
            "names = ['A B']\nnick = 'x'",
            "unknown key `nick` in [topic.person]",
        ),
    ] {
        let text = mistake(&person(rest));
        assert!(text.contains(expected), "{text}");
    }
}
