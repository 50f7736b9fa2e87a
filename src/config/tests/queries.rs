//! Topics with a query, and the examples of packs.

use super::*;

fn complaints(text: &str) -> String {
    let error = try_load(text).unwrap_err().to_string();
    error.replace("/nonexistent/", "")
}

#[test]
fn a_query_stands_in_the_place_of_lists() {
    let text = "[[topic]]\nid = 'a'\nquery = 'SCO NEAR/3 summit*'\nthreshold = 2\n";
    let config = try_load(text).unwrap();
    let query = config.topics[0].query.as_ref().unwrap();
    assert_eq!(query.terms.len(), 2);
    assert_eq!(config.topics[0].threshold, 2);
    assert_eq!(config.topics[0].any, []);

    let both = "[[topic]]\nid = 'a'\nquery = 'SCO'\nany = ['SCO']\nwithin = 3\n";
    insta::assert_snapshot!(complaints(both), @r##"
    m.toml:4:1: `any` does not belong in [[topic]]; say it in the `query`, or leave the `query` out
    m.toml:5:1: `within` does not belong in [[topic]]; say it in the `query`, or leave the `query` out
    "##);
    insta::assert_snapshot!(
        complaints("[[topic]]\nid = 'a'\n"),
        @"m.toml:1:1: `any` or a `query`, or a `person` is missing in [[topic]]"
    );
}

#[test]
fn a_mistake_in_a_query_is_shown_at_its_line_and_column() {
    let literal = "[[topic]]\nid = 'a'\nquery = '''\n  习近平 OR\n  (普京 AND'''\n";
    insta::assert_snapshot!(complaints(literal), @r##"
    m.toml:5:10: `query`: expected a term, found end of query
          (普京 AND
                   ^
    "##);
    let escaped = "[[topic]]\nid = 'a'\nquery = \"\\\"SCO\\\" -x\"\n";
    insta::assert_snapshot!(complaints(escaped), @r##"
    m.toml:3:18: `query`: `-` does not exclude: write `NOT x`, or `"x"` in quotes
        "SCO" -x
              ^
    "##);
}

#[test]
fn examples_are_read_and_name_topics_that_exist() {
    let topics = "[[topic]]\nid = 'sco'\nany = ['SCO']\n";
    let load = |examples: &str| try_load(&format!("{topics}{examples}"));
    let config = load(
        "[[example]]\ntext = 'SCO'\nmatch = ['sco']\nlanguage = 'en'\n[[example]]\ntext = 'x'\ntopic = 'sco'\nmatch = false\n",
    )
    .unwrap();
    let [first, second] = &config.examples[..] else {
        panic!()
    };
    assert_eq!((first.line, first.column), (4, 1));
    assert_eq!(first.language.as_deref(), Some("en"));
    assert_eq!(first.found[0].as_str(), "sco");
    assert_eq!(second.not_found[0].as_str(), "sco");

    let error = |examples: &str| complaints(&format!("{topics}{examples}"));
    insta::assert_snapshot!(
        error("[[example]]\ntext = 'x'\nno_match = ['scó', 'scp']\n[[example]]\ntext = 'x'\n[[example]]\nmatch = ['sco']\n"),
        @r##"
    m.toml:6:13: `scó` is not an id: use 1 to 64 of a-z, 0-9, `-`, `_` and `.`, beginning with a letter or digit
    m.toml:6:20: no topic has the id `scp`; did you mean `sco`?
    m.toml:7:1: the example expects nothing; name topics in `match` or `no_match`
    m.toml:9:1: `text` is missing in [[example]]
    "##
    );
    let twice = "[[example]]\ntext = 'x'\nmatch = ['sco']\nno_match = ['sco']\n";
    assert!(error(twice).contains("both in `match` and in `no_match`"));
    let pack = format!("{topics}[[example]]\ntext = 'x'\nmatch = ['sko']\n");
    let error = parse_topics(Path::new("pack"), &pack)
        .unwrap_err()
        .to_string();
    assert!(
        error.ends_with("no topic has the id `sko`; did you mean `sco`?"),
        "{error}"
    );
}
