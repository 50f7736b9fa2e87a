//! `[[names]]` tables: what they add to topics, and what is told of wrong ones.

use super::*;
use crate::matching::Matcher;
use crate::model::{Field, Term, Topic};

const TOPIC: &str = "[[topic]]\nid = 'a'\nany = ['Full Name']\nnear = ['summit']\n";

fn complaints(names: &str) -> String {
    let error = try_load(&format!("{TOPIC}[[names]]\n{names}")).unwrap_err();
    error.to_string().replace("/nonexistent/", "")
}

/// The topic with what the tables add to it.
fn topic(names: &str) -> Topic {
    let config = try_load(&format!("{TOPIC}[[names]]\ntopic = 'a'\n{names}")).unwrap();
    // There are no feeds.
    assert_eq!(config.warnings.len(), 1, "{}", printed(&config.warnings));
    config.topics[0].clone()
}

fn term<'t>(topic: &'t Topic, text: &str) -> &'t Term {
    topic.any.iter().find(|term| &*term.text == text).unwrap()
}

fn is_found(topic: &Topic, text: &str, language: Option<&str>) -> bool {
    let matcher = Matcher::compile(std::slice::from_ref(topic)).unwrap();
    !matcher.find_in(&[(Field::Text, text)], language).is_empty()
}

#[test]
fn names_are_for_a_topic_that_exists_and_has_lists() {
    insta::assert_snapshot!(
        complaints("topic = 'b'\nlanguage = 'ru'\nfull = ['x y']\n"),
        @"m.toml:6:9: there is no topic `b`; define it with [[topic]], or correct the id"
    );
    let query =
        "topic = 'q'\nlanguage = 'ru'\nfull = ['x y']\n[[topic]]\nid = 'q'\nquery = 'SCO'\n";
    insta::assert_snapshot!(
        complaints(query),
        @"m.toml:6:9: the topic `q` has a query, which takes no names; write them into the query"
    );
}

#[test]
fn a_topic_with_mistakes_of_its_own_is_not_said_to_be_missing() {
    let broken =
        "topic = 'b'\nlanguage = 'ru'\nfull = ['x y']\n[[topic]]\nid = 'b'\nany = ['--']\n";
    let told = complaints(broken);
    assert!(!told.contains("there is no topic"), "{told}");
    assert_eq!(told.lines().count(), 1, "{told}");
}

#[test]
fn names_without_topic_or_language_or_with_wrong_keys_are_refused() {
    insta::assert_snapshot!(
        complaints("topic = 'a'\nlanguage = 'Russian'\nfull = ['x y']\n"),
        @r#"m.toml:7:12: `Russian` is not a language code; write a code such as "en", "ru" or "zh""#
    );
    insta::assert_snapshot!(complaints("alone = []\nfulll = ['x y']\n"), @r"
    m.toml:5:1: `topic` is missing in [[names]]
    m.toml:5:1: `language` is missing in [[names]]
    m.toml:6:9: `alone` has no term; add a term, or leave the list out
    m.toml:7:1: unknown key `fulll` in [[names]]; did you mean `full`?
    ");
}

#[test]
fn short_names_count_in_texts_of_their_language_and_where_nobody_knows() {
    let topic = topic(
        "language = 'pt-BR'\nfull = ['Nome Inteiro']\nalone = ['Curto']\nnear = ['cúpula']\n",
    );
    for language in [Some("pt"), Some("pt-PT"), None] {
        assert!(is_found(&topic, "Curto falou", language), "{language:?}");
    }
    assert!(!is_found(&topic, "Curto falou", Some("es")));
    for language in [Some("pt"), Some("es"), None] {
        assert!(is_found(&topic, "Nome Inteiro", language), "{language:?}");
    }
    let near = topic.near.iter().find(|term| &*term.text == "cúpula");
    assert_eq!(near.unwrap().languages, ["pt"]);
}

#[test]
fn an_ambiguous_name_needs_context_and_a_name_alone_does_not() {
    let topic = topic(
        "language = 'en'\nalone = ['Alone']\nambiguous = ['Doubtful']\nexcept = ['Alone Street']\n",
    );
    assert!(is_found(&topic, "Alone spoke", Some("en")));
    assert!(!is_found(&topic, "Alone Street", Some("en")));
    assert!(!is_found(&topic, "Doubtful spoke", Some("en")));
    assert!(is_found(&topic, "Doubtful spoke at the summit", Some("en")));
}

#[test]
fn the_letters_of_a_short_name_decide_its_rules() {
    let names = "language = 'en'\nfull = ['UNO Full']\nalone = [\n\
        'SCO', 'ШОС+', 'Xi', 'Modi', 'bin Salman', '习', 'X', { text = 'Кан', case = 'capital' }]\n";
    let topic = topic(names);
    for (text, case, surname) in [
        ("SCO", Case::Exact, false),
        ("ШОС+", Case::Exact, false),
        ("Xi", Case::Exact, true),
        ("X", Case::Exact, true),
        ("Modi", Case::Capital, true),
        ("bin Salman", Case::Fold, true),
        ("习", Case::Fold, true),
        ("Кан", Case::Capital, true),
        ("UNO Full", Case::Fold, false),
    ] {
        let term = term(&topic, text);
        assert_eq!((term.case, term.surname), (case, surname), "{text}");
    }
    for text in ["sco", "Sco", "XI", "xi", "modi"] {
        assert!(!is_found(&topic, text, Some("en")), "{text}");
    }
    for text in ["SCO", "Xi", "Modi", "MODI"] {
        assert!(is_found(&topic, text, Some("en")), "{text}");
    }
}

#[test]
fn an_ambiguous_name_that_nothing_makes_count_is_refused() {
    let bare = "[[topic]]\nid = 'a'\nany = [{ text = 'Nom', languages = ['fr'] }]\n";
    let with = |names: &str| try_load(&format!("{bare}[[names]]\ntopic = 'a'\n{names}"));
    let told = with("language = 'en'\nambiguous = ['Doubtful']\n").unwrap_err();
    insta::assert_snapshot!(
        told.to_string().replace("/nonexistent/", ""),
        @"m.toml:5:9: `Doubtful` is ambiguous and nothing makes it count in texts of its language; list the words that make it count in `near`"
    );
    for names in [
        "language = 'en'\nambiguous = ['Doubtful']\nnear = ['summit']\n",
        "language = 'en'\nambiguous = ['Doubtful']\nalone = ['Certain']\n",
        "language = 'fr'\nambiguous = ['Douteux']\n",
        "language = 'en'\nambiguous = ['Doubtful']\n[[names]]\ntopic = 'a'\nlanguage = 'fr'\nfull = ['Tout']\n",
    ] {
        assert!(with(names).is_ok(), "{names}");
    }
}
