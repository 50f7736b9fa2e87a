//! A topic's query: its text to a tree, the tree to text again, and what it finds in an entry.
//!
//! After a last line `%%` an input may have a title in one line and a text below it.

use std::collections::BTreeSet;
use std::slice::from_ref;

use mentiond::matching::explain::Explainer;
use mentiond::matching::{
    CompileError, Facts, MAX_QUERY_BYTES, MAX_QUERY_DEPTH, MAX_QUERY_NODES, MAX_QUERY_REGEXES,
    Matcher, QueryError, parse_query, print_query,
};
use mentiond::model::{Field, Mention, Node, Query, Topic, TopicId};

use super::{envelope, oracle, same_twice};

/// Runs the target.
pub fn run(data: &[u8]) {
    let (query, entry) = envelope::split(data);
    let text = String::from_utf8_lossy(query);
    match same_twice(text.len(), || parse_query(&text)) {
        Ok(query) => {
            sound(&query, &text);
            again(&query);
            found(&query, &String::from_utf8_lossy(entry));
        }
        Err(error) => told(&error, &text),
    }
}

/// Asserts that an error points into the text and can be shown.
fn told(error: &QueryError, text: &str) {
    assert!(text.is_char_boundary(error.at), "{error:?} of {text:?}");
    let characters = text.chars().count();
    assert!(error.character(text) <= characters, "{error:?}");
    oracle::printable("a message", &error.message, false);
    oracle::bytes("a message", &error.message, 1_000);
    let shown = error.show(text);
    oracle::printable("an error as shown", &shown, true);
    let lines: Vec<&str> = shown.split('\n').collect();
    let [line, caret] = lines[..] else {
        panic!("not a line and a caret: {shown:?}");
    };
    oracle::chars("the line", line, 100);
    assert!(caret.trim_start().starts_with("^ "), "{caret:?}");
}

/// Asserts the bounds and the order of what was read.
fn sound(query: &Query, text: &str) {
    assert!(text.len() <= MAX_QUERY_BYTES);
    assert!(query.regexes.len() <= MAX_QUERY_REGEXES);
    assert!(query.is_anchored(), "{query:?}");
    let (mut terms, mut regexes, mut nodes) = (Vec::new(), Vec::new(), 0);
    query.root.walk(&mut |node| {
        nodes += 1;
        match node {
            Node::Term(index) => terms.push(*index),
            Node::Regex(index) => regexes.push(*index),
            Node::And(list) | Node::Or(list) => assert!(list.len() >= 2, "{query:?}"),
            Node::Near { first, rest } => {
                assert!(!rest.is_empty() && first.is_place(), "{query:?}");
                assert!(rest.iter().all(|(_, node)| node.is_place()), "{query:?}");
            }
            _ => {}
        }
    });
    assert!(nodes <= MAX_QUERY_NODES, "{nodes} nodes");
    // a group, a chain and a list are nodes within one level each
    assert!(depth(&query.root) <= 4 * MAX_QUERY_DEPTH);
    // each leaf once, in the order of the text
    assert!(terms.iter().copied().eq(0..query.terms.len()));
    assert!(regexes.iter().copied().eq(0..query.regexes.len()));
}

fn depth(node: &Node) -> usize {
    let children = node.children();
    1 + children.into_iter().map(depth).max().unwrap_or(0)
}

/// Asserts that what is printed is read as the same query.
fn again(query: &Query) {
    let printed = print_query(query);
    assert!(!printed.contains('\n'), "more than a line: {printed:?}");
    match parse_query(&printed) {
        Ok(same) => {
            assert_eq!(&same, query, "{printed:?}");
            assert_eq!(print_query(&same), printed);
        }
        // `exact:(a b)` is printed as `exact:a exact:b`, which may be too long
        Err(error) => assert!(
            error.message.contains("longer than") || error.message.contains("more than"),
            "{error} in {printed:?}"
        ),
    }
}

/// Asserts what holds of a query's hits, and that an explanation tells of the same ones.
fn found(query: &Query, entry: &str) {
    let id = TopicId::new("fuzzed").expect("an id");
    let topic = Topic::of_query(id, query.clone());
    let matcher = match Matcher::compile(from_ref(&topic)) {
        Ok(matcher) => matcher,
        Err(error) => {
            let too_large = matches!(error, CompileError::TooLarge(_));
            assert!(too_large && query.regexes.len() > 1, "{error}");
            return;
        }
    };
    let (title, text) = entry.split_once('\n').unwrap_or(("", entry));
    let fields = [(Field::Title, title), (Field::Text, text)];
    let tags = ["asia".to_owned()];
    let facts = Facts {
        language: Some("pt-BR"),
        feed: Some("lusa"),
        source: Some("Lusa Mundo"),
        tags: &tags,
        author: Some("Jane Doe"),
    };
    let mentions = same_twice(entry.len(), || matcher.find_with(&fields, &facts));
    let texts = [
        (Field::Title, title),
        (Field::Text, text),
        (Field::Author, "Jane Doe"),
    ];
    hits(query, &mentions, &texts);
    if entry.len() > 4 << 10 {
        return;
    }
    let explainer = Explainer::compile(from_ref(&topic)).expect("compiled before");
    let told = explainer.explain(&fields, &facts);
    assert_eq!(told.len(), 1);
    let mention = mentions.first();
    assert_eq!(told[0].mentioned, mention.is_some(), "{query:?}");
    assert_eq!(told[0].score, mention.map(|mention| mention.score));
    assert_eq!(told[0].failed.is_empty(), mention.is_some());
    if let Some(mention) = mention {
        let places = told[0].hits.iter().map(|hit| &hit.found.place);
        let places: Vec<_> = places.map(|at| (at.field, at.start, at.end)).collect();
        let found = mention
            .hits
            .iter()
            .map(|hit| (hit.field, hit.start, hit.end));
        assert!(found.eq(places), "{query:?}");
    }
}

/// Asserts that hits lie in their texts, in order and apart, and are those of the query's leaves.
pub fn hits(query: &Query, mentions: &[Mention], texts: &[(Field, &str)]) {
    assert!(mentions.len() <= 1);
    let terms = query.terms.iter().map(|term| &*term.text);
    let regexes = query.regexes.len();
    let terms: BTreeSet<&str> = terms.collect();
    for mention in mentions {
        assert!((1..=100).contains(&mention.score), "{}", mention.score);
        assert!(!mention.hits.is_empty());
        let mut before = None;
        for hit in &mention.hits {
            let text = texts.iter().find(|(field, _)| *field == hit.field);
            let (_, text) = text.expect("a hit in a field that was searched");
            let piece = text.get(hit.start..hit.end);
            assert!(piece.is_some_and(|piece| !piece.is_empty()), "{hit:?}");
            assert!(regexes > 0 || terms.contains(&*hit.term), "{hit:?}");
            if let Some((field, end)) = before {
                assert!(field < hit.field || (field == hit.field && end <= hit.start));
            }
            before = Some((hit.field, hit.end));
        }
    }
}
