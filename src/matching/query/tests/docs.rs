//! The examples of `docs/query.md`.
//!
//! A block ```` ```query ```` holds a query, then lines that begin with `+` (the text is found) or `-`
//! (it is not). A text may begin with what is known of its entry: `{title: …; lang: pt; …}`. A block
//! ```` ```error ```` holds what `mentiond check` prints below the message: the query's line and the caret.

use super::{Facts, hits, parse_query, topic};
use crate::model::Field;

const DOCUMENT: &str = include_str!("../../../../docs/query.md");

fn blocks(kind: &str) -> Vec<&'static str> {
    let fence = format!("```{kind}\n");
    let blocks = DOCUMENT.split(fence.as_str()).skip(1);
    blocks
        .map(|block| block.split("```").next().unwrap())
        .collect()
}

/// Whether a query finds a text with what is said of it.
fn finds(query: &str, line: &str) -> bool {
    let (known, text) = match line.strip_prefix('{') {
        Some(rest) => rest.split_once('}').unwrap(),
        None => ("", line),
    };
    let mut facts = Facts::default();
    let mut tags = Vec::new();
    let mut fields = vec![(Field::Content, text.trim())];
    for pair in known.split(';').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once(':').unwrap();
        let value = value.trim();
        match name.trim() {
            "title" => fields.insert(0, (Field::Title, value)),
            "author" => facts.author = Some(value),
            "lang" => facts.language = Some(value),
            "source" => facts.source = Some(value),
            "tag" => tags.push(value.to_owned()),
            other => panic!("{other}"),
        }
    }
    facts.tags = &tags;
    !hits(&topic(query), &fields, &facts).is_empty()
}

#[test]
fn the_documents_examples_find_what_they_say() {
    let (mut found, mut missed) = (0, 0);
    for block in blocks("query") {
        let is_text = |line: &&str| line.starts_with("+ ") || line.starts_with("- ");
        let query: Vec<&str> = block.lines().take_while(|line| !is_text(line)).collect();
        let query = query.join("\n");
        for line in block.lines().filter(is_text) {
            let expected = line.starts_with('+');
            assert_eq!(finds(&query, line[2..].trim()), expected, "{query}\n{line}");
            *(if expected { &mut found } else { &mut missed }) += 1;
        }
    }
    assert!(found >= 12 && missed >= 15, "{found} {missed}");
}

#[test]
fn the_documents_errors_are_those_of_the_parser() {
    let blocks = blocks("error");
    for block in &blocks {
        let query = block.lines().next().unwrap();
        assert_eq!(
            parse_query(query).unwrap_err().show(query),
            block.trim_end()
        );
    }
    assert!(blocks.len() >= 3);
}
