//! The query language: its syntax (here), its meaning against a naive reading (`agreement`), and the
//! examples of its document (`docs`).

mod agreement;
mod docs;
mod generate;
mod naive;

use proptest::prelude::*;

use super::*;
use crate::matching::Matcher;
use crate::model::{Case, Field, Hit, Node, Query, Topic, TopicId};

fn topic(query: &str) -> Topic {
    let parsed = parse_query(query).unwrap_or_else(|e| panic!("{}", e.show(query)));
    Topic::of_query(TopicId::new("t").unwrap(), parsed)
}

fn hits(topic: &Topic, fields: &[(Field, &str)], facts: &Facts<'_>) -> Vec<Hit> {
    let matcher = Matcher::compile(std::slice::from_ref(topic)).unwrap();
    let found = matcher.find_with(fields, facts).pop();
    found.map(|mention| mention.hits).unwrap_or_default()
}

/// The matched pieces of a text without fields.
fn found<'t>(query: &str, text: &'t str) -> Vec<&'t str> {
    hits(&topic(query), &[(Field::Text, text)], &Facts::default())
        .iter()
        .map(|hit| &text[hit.start..hit.end])
        .collect()
}

fn error(query: &str) -> String {
    let error = parse_query(query).unwrap_err();
    assert!(query.is_char_boundary(error.at), "{query}");
    let (_, caret) = error
        .show(query)
        .split_once('\n')
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .unwrap();
    caret
}

#[test]
fn operators_bind_from_near_over_not_and_and_to_or() {
    for (text, printed) in [
        ("a1 b1 OR c1 AND d1", "a1 b1 OR c1 d1"),
        ("a1 (b1 OR c1) d1", "a1 (b1 OR c1) d1"),
        ("a1 AND NOT b1 NEAR/3 c1", "a1 NOT b1 NEAR/3 c1"),
        (
            "(a1 OR (b1)) NEAR/0 c1 ONEAR/12 \"d1\"",
            "(a1 OR b1) NEAR/0 c1 ONEAR/12 d1",
        ),
        ("((a1 b1) c1)", "(a1 b1) c1"),
        ("a1 NOT (b1 c1)", "a1 NOT (b1 c1)"),
        (
            "exact:(SCO OR plain:\"a b\")",
            "exact:SCO OR exact:plain:\"a b\"",
        ),
        ("title:body:(a1 OR b1^-5)", "title:body:(a1 OR b1^-5)"),
        (
            "a1 lang:(ru OR be) source:\"Radio Free*\" tag:x*",
            "a1 (lang:ru OR lang:be) source:\"Radio Free*\" tag:x*",
        ),
        (r"/a\/b\d+/i^2 AC/DC C++", r"/a\/b\d+/i^2 AC/DC C++"),
        (
            "SENTENCE(a1 NOT b1) PARAGRAPH(c1)",
            "SENTENCE(a1 NOT b1) PARAGRAPH(c1)",
        ),
        (
            r#""AND" "say \"x\" \\ y" "NEAR/3" "near/3""#,
            r#""AND" "say \"x\" \\ y" "NEAR/3" near/3"#,
        ),
        ("and or not", "and or not"),
    ] {
        assert_eq!(print_query(&parse_query(text).unwrap()), printed);
    }
}

#[test]
fn leaves_are_terms_with_their_marks() {
    let query = parse_query("exact:\"SCO\"^3 plain:summit* шос").unwrap();
    let [sco, summit, shos] = &query.terms[..] else {
        panic!()
    };
    assert_eq!((sco.case, sco.inflect, sco.weight), (Case::Exact, true, 3));
    assert_eq!(
        (summit.case, summit.inflect, &*summit.text),
        (Case::Fold, false, "summit*")
    );
    assert_eq!((shos.inflect, shos.weight), (true, 1));
}

#[test]
fn mistakes_are_told_at_their_character() {
    for (query, expected) in [
        ("", "^ the query is empty"),
        ("a1 AND", "      ^ expected a term, found end of query"),
        ("a1 OR OR b1", "      ^ expected a term, found `OR`"),
        ("(a1", "^ this `(` is never closed"),
        ("a1)", "  ^ this `)` closes nothing"),
        ("a1 \"b1", "   ^ this quote is never closed"),
        (
            "习近平 NEAR 普京",
            "       ^ write `NEAR/n` with n from 0 to 1000: the words between",
        ),
        (
            "a1 NEAR/2000 b1",
            "   ^ write `NEAR/n` with n from 0 to 1000: the words between",
        ),
        (
            "a1^x",
            "  ^ a weight is a whole number from -1000 to 1000, such as `^3`",
        ),
        (
            "(a1 b1)^2",
            "       ^ a weight belongs to a term, not to a group",
        ),
        (
            "a1 -b1",
            "   ^ `-` does not exclude: write `NOT b1`, or `\"b1\"` in quotes",
        ),
        (
            "a1, b1",
            "^ terms are separated by spaces: remove the comma, or quote the term",
        ),
        (
            "a1 “b1”",
            "   ^ this is no quote of the query language: use \"",
        ),
        (
            "a1 b*c",
            "   ^ `*` may stand only at the end of a word, behind its letters: move or remove it",
        ),
        ("/a(/", "^ not a regular expression: unclosed group"),
        (
            "/a*/",
            "^ this regular expression finds nothing, everywhere: it can be empty",
        ),
        (
            "a1 /b",
            "   ^ this regular expression has no closing `/` on its line; quote the word if the slash is meant",
        ),
        (
            "a1 /b\\\n/",
            "   ^ this regular expression has no closing `/` on its line; quote the word if the slash is meant",
        ),
        (
            "a1 lang:english",
            "        ^ a language is a code such as `ru`, `pt-BR` or `zh-Hans`",
        ),
        ("SENTENCE a1", "         ^ expected `(`, found `a1`"),
        (
            "a1 SENTENCE(NOT b1)",
            "           ^ what stands inside would hold in a sentence with none of its terms: add a term",
        ),
        (
            "SENTENCE(a1 title:b1)",
            "            ^ `title:` can't stand inside `SENTENCE` and `PARAGRAPH`: put it before or beside them",
        ),
    ] {
        assert_eq!(error(query), expected, "{query}");
    }
    assert!(error("Title:a1").starts_with("^ unknown scope `Title:`"));
    assert!(error("a1 NEAR/3 (b1 c1)").starts_with("          ^ `NEAR` joins"));
    let line = "a1 OR\n  (b1";
    assert_eq!(
        parse_query(line).unwrap_err().show(line),
        "  (b1\n  ^ this `(` is never closed"
    );
}

#[test]
fn what_would_hold_without_any_of_its_terms_is_refused() {
    for query in [
        "NOT a1",
        "a1 OR NOT b1",
        "lang:ru",
        "a1 OR tag:x",
        "a1^0",
        "NOT (NOT a1)",
        "(a1 OR b1^0) lang:ru",
    ] {
        assert!(
            error(query).contains("^ the query would hold where none"),
            "{query}"
        );
    }
    for query in ["a1 NOT b1", "lang:ru a1", "a1 b1^0", "SENTENCE(a1^0 b1)"] {
        parse_query(query).unwrap();
    }
}

#[test]
fn depth_and_size_are_bounded() {
    let nested = |n: usize| format!("{}a1{}", "(".repeat(n), ")".repeat(n));
    parse_query(&nested(MAX_QUERY_DEPTH)).unwrap();
    assert!(error(&nested(MAX_QUERY_DEPTH + 1)).contains("more than 64 deep"));
    for endless in ["NOT ", "title:", "(", "SENTENCE("] {
        parse_query(&endless.repeat(8_000)).unwrap_err();
    }
    let words = |n: usize| vec!["a1"; n].join(" OR ");
    parse_query(&words(MAX_QUERY_NODES - 1)).unwrap();
    assert!(error(&words(MAX_QUERY_NODES)).contains("more than 2000 parts"));
    assert!(error(&"я".repeat(MAX_QUERY_BYTES)).contains("longer than 65536 bytes"));
    assert!(error(&vec!["/a/"; 101].join(" ")).contains("at most 100 regular expressions"));
    assert!(error("/(\\w{100}){100}/").contains("too large"));
}

#[test]
fn hits_are_of_the_leaves_that_took_part() {
    assert_eq!(found("a1 OR b1 c1", "a1 b1"), ["a1"]);
    assert_eq!(found("a1 NEAR/1 b1", "a1 xx yy b1 xx a1"), ["b1", "a1"]);
    assert_eq!(found("SENTENCE(a1 b1)", "A1. B1 a1. A1"), ["B1", "a1"]);
    assert_eq!(found("a1 b1^0", "a1 b1"), ["a1"]);
    assert_eq!(found("a1 NOT b1", "a1 b1"), [""; 0]);
    assert_eq!(found(r"/\d{4}-\d\d/ OR 2024*", "on 2024-07"), ["2024-07"]);
    assert_eq!(
        found(r"sco NEAR/2 /№\s*\d+/", "SCO — № 25, № 26 xx № 7"),
        ["SCO", "№ 25", "№ 26"]
    );
    let regex = hits(&topic("/x/i^2"), &[(Field::Text, "X")], &Facts::default());
    assert_eq!(&*regex[0].term, "/x/i");
}

#[test]
fn a_chain_of_near_needs_each_link() {
    let chain = "a1 ONEAR/0 b1 ONEAR/0 c1";
    assert_eq!(
        found(chain, "a1 b1 xx b1 c1 xx a1 b1 c1"),
        ["a1", "b1", "c1"]
    );
    assert_eq!(found(chain, "a1 b1 xx b1 c1"), [""; 0]);
    assert_eq!(found("b1 ONEAR/5 a1", "a1 b1"), [""; 0]);
    assert_eq!(found("a1 NEAR/5 a1", "a1"), [""; 0], "one place is not two");
    assert_eq!(
        found("习近平 NEAR/2 普京", "习近平会见普京"),
        ["习近平", "普京"]
    );
    assert_eq!(found("习近平 NEAR/1 普京", "习近平会见普京"), [""; 0]);
}

#[test]
fn weights_of_the_distinct_terms_must_reach_the_threshold() {
    let mut t = topic("a1^2 OR b1^3 OR c1^-4");
    t.threshold = 3;
    let count = |text: &str| hits(&t, &[(Field::Text, text)], &Facts::default()).len();
    for (text, expected) in [("a1 a1", 0), ("b1", 1), ("a1 b1", 2), ("a1 b1 c1", 0)] {
        assert_eq!(count(text), expected, "{text}");
    }
}

#[test]
fn only_the_author_scope_looks_at_authors() {
    let fields = [(Field::Title, "news"), (Field::Content, "by a1")];
    let facts = Facts {
        author: Some("A1 B1"),
        ..Facts::default()
    };
    assert_eq!(hits(&topic("b1"), &fields, &facts), []);
    assert_eq!(hits(&topic("author:b1 OR news"), &fields, &facts).len(), 2);
    let hit = &hits(&topic("author:a1 body:a1"), &fields, &facts);
    assert_eq!(
        hit.iter().map(|h| h.field).collect::<Vec<_>>(),
        [Field::Content, Field::Author]
    );
    assert_eq!(hits(&topic("title:author:a1"), &fields, &facts), []);
    let lists = Topic::new(
        TopicId::new("t").unwrap(),
        vec![crate::model::Term::new("b1")],
    );
    let matcher = Matcher::compile(&[lists, topic("author:zz")]).unwrap();
    assert_eq!(matcher.find_with(&fields, &facts), []);
}

#[test]
fn what_is_unknown_fulfils_no_condition_and_its_negation() {
    let fields = [(Field::Title, "a1")];
    let is = |query: &str, facts: &Facts<'_>| !hits(&topic(query), &fields, facts).is_empty();
    let tags = ["Asia-Press".to_owned()];
    let known = Facts {
        language: Some("pt-BR"),
        feed: Some("tass-ru"),
        source: Some("ТАСС"),
        tags: &tags,
        author: None,
    };
    for yes in [
        "a1 lang:pt",
        "a1 lang:PT-br",
        "a1 source:тасс",
        "a1 source:TASS*",
        "a1 tag:asia*",
        "a1 NOT lang:pt-PT",
    ] {
        assert!(is(yes, &known), "{yes}");
    }
    for no in [
        "a1 lang:pt-PT",
        "a1 source:tass",
        "a1 tag:asia",
        "a1 lang:(en OR ru)",
    ] {
        assert!(!is(no, &known), "{no}");
        assert!(!is(no, &Facts::default()), "{no}");
    }
    assert!(is("a1 NOT lang:pt", &Facts::default()));
}

#[test]
fn hits_of_a_leaf_are_capped_per_field() {
    let text = "a1 ".repeat(1_500);
    assert_eq!(found("a1 OR /a1/", &text).len(), 1_000);
    let sentences = "A1 b1. ".repeat(1_500);
    assert_eq!(found("SENTENCE(a1 b1)", &sentences).len(), 2_000);
}

fn leaves_in_order(query: &Query) -> bool {
    let (mut terms, mut regexes) = (0, 0);
    let mut right = true;
    query.root.walk(&mut |node| match node {
        Node::Term(index) => {
            right &= *index == terms;
            terms += 1;
        }
        Node::Regex(index) => {
            right &= *index == regexes;
            regexes += 1;
        }
        _ => {}
    });
    right && terms == query.terms.len() && regexes == query.regexes.len()
}

/// Texts that are nearly queries.
fn scraps() -> impl Strategy<Value = String> {
    let scrap = prop::sample::select(vec![
        "a1",
        "习近平",
        "AND",
        "OR",
        "NOT",
        "NEAR/3",
        "ONEAR/",
        "NEAR/99999",
        "(",
        ")",
        "((",
        "\"",
        "\\",
        "/",
        "/x/i",
        "^2",
        "^-1",
        "^",
        "title:",
        "lang:",
        "lang:ru",
        "exact:",
        "SENTENCE",
        "PARAGRAPH(",
        "*",
        "-",
        "“",
        ":",
        " ",
        "\n",
        "\u{301}",
        "\u{0}",
        "İ",
        "ß",
        ",",
        "/[/",
        "\u{202e}",
    ]);
    prop::collection::vec(scrap, 0..24).prop_map(|scraps| scraps.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5_000))]
    #[test]
    fn any_text_is_a_query_or_has_a_place_where_it_is_wrong(text in prop_oneof![any::<String>(), scraps()]) {
        match parse_query(&text) {
            Ok(query) => {
                prop_assert!(query.is_anchored() && leaves_in_order(&query));
                prop_assert_eq!(parse_query(&print_query(&query)), Ok(query));
            }
            Err(error) => {
                prop_assert!(error.at <= text.len() && text.is_char_boundary(error.at));
                prop_assert_eq!(error.show(&text).lines().count(), 2);
                let turned = error.show(&text).contains('\u{202e}');
                prop_assert!(!turned);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]
    #[test]
    fn what_is_printed_is_the_same_query(query in generate::query()) {
        let printed = print_query(&query);
        prop_assert_eq!(parse_query(&printed).map_err(|e| e.show(&printed)), Ok(query));
    }
}
