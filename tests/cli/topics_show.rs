//! `mentiond topics show`.

use super::run;

#[test]
fn a_person_is_shown_with_the_rule_of_each_term() {
    let ended = run(&["topics", "show", "putin", "--json"]).code(0);
    let terms = ended.json();
    let rule = |text: &str| {
        let term = terms.iter().find(|term| term["text"] == text);
        term.map(|term| term["rule"].as_str().unwrap_or("the owner's").to_owned())
    };
    assert_eq!(rule("Poetin").as_deref(), Some("surname, Dutch"));
    assert_eq!(rule("Poutine").as_deref(), Some("the owner's"));
    let shown = run(&["topics", "show", "putin"]).code(0).out;
    assert!(
        shown.contains("  Poetin  [surname, Dutch; with a capital]\n"),
        "{shown}"
    );
    assert!(
        shown.contains("  Poutine  [in context only; with a capital]\n"),
        "{shown}"
    );
}

#[test]
fn an_unknown_topic_is_corrected() {
    let ended = run(&["topics", "show", "puttin"]).code(2);
    assert!(ended.error.contains("putin"), "{}", ended.error);
}
