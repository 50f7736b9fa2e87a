//! The matcher as its users see it (here and in `documented`), and against naive readings of its
//! rules (`agreement`) and of inflection (`inflected`).

mod agreement;
mod documented;
mod inflected;
mod naive;

use std::sync::Arc;

use super::*;
use crate::model::{Case, Hit};

fn term(text: &str) -> Term {
    Term::new(text)
}

fn exact(text: &str) -> Term {
    Term {
        case: Case::Exact,
        ..term(text)
    }
}

fn ambiguous(text: &str) -> Term {
    Term {
        ambiguous: true,
        ..term(text)
    }
}

fn topic(any: Vec<Term>) -> Topic {
    Topic {
        name: "T".into(),
        within: 3,
        ..Topic::new(TopicId::new("t").unwrap(), any)
    }
}

fn mentions(topic: &Topic, text: &str) -> Vec<Hit> {
    let matcher = Matcher::compile(std::slice::from_ref(topic)).unwrap();
    let mut found = matcher.find(&[(Field::Text, text)]);
    found.pop().map(|mention| mention.hits).unwrap_or_default()
}

/// The matched texts.
fn found<'t>(topic: &Topic, text: &'t str) -> Vec<&'t str> {
    mentions(topic, text)
        .iter()
        .map(|hit| &text[hit.start..hit.end])
        .collect()
}

#[test]
fn an_exact_term_finds_its_case_in_any_width_and_at_any_boundary() {
    let sco = topic(vec![exact("SCO")]);
    for text in [
        "SCO",
        "(SCO)",
        "SCO's",
        "SCO-led",
        "SCO的",
        "俄罗斯SCO峰会",
        "SCO™",
    ] {
        assert_eq!(found(&sco, text), ["SCO"], "{text}");
    }
    assert_eq!(found(&sco, "ＳＣＯ峰会"), ["ＳＣＯ"]);
    for text in ["sco", "Sco", "discos", "DISCO", "SCOs", "SCO2", "xSCO"] {
        assert_eq!(found(&sco, text), [""; 0], "{text}");
    }
}

#[test]
fn a_hit_inside_a_longer_phrase_of_except_does_not_count() {
    let mut sco = topic(vec![exact("SCO")]);
    sco.except = vec![term("SCO Group")];
    assert_eq!(found(&sco, "SCO Group sued, SCO group lost"), [""; 0]);
    assert_eq!(mentions(&sco, "SCO Group and SCO").len(), 1);
}

#[test]
fn a_short_phrase_of_except_does_not_hide_a_longer_one_around_it() {
    let mut t = topic(vec![term("c")]);
    t.except = vec![term("a b c d"), term("b")];
    assert_eq!(found(&t, "a b c d"), [""; 0]);
    assert_eq!(found(&t, "a b c e"), ["c"]);
}

#[test]
fn an_ambiguous_word_counts_near_its_context_only() {
    let mut xi = topic(vec![ambiguous("Xi"), term("Xi Jinping"), term("习近平")]);
    xi.near = vec![term("China*"), term("Beijing")];
    assert_eq!(found(&xi, "The letter xi; Louis XI; πξ"), [""; 0]);
    assert_eq!(
        found(&xi, "Chapter XI is one two three four to China"),
        [""; 0]
    );
    let hits = mentions(&xi, "In China's capital, Xi spoke");
    assert_eq!(hits.len(), 1);
    assert_eq!(hits[0].because.as_deref(), Some("near \"China*\""));
}

#[test]
fn context_counts_up_to_the_given_distance_on_either_side() {
    let mut xi = topic(vec![ambiguous("Xi")]);
    xi.near = vec![term("China")];
    for (text, count) in [
        ("Xi one two three China", 1),
        ("Xi one two three four China", 0),
        ("China one two three Xi", 1),
        ("China one two three four Xi", 0),
        ("China won't, can't, don’t Xi", 1),
        ("China 一二三 Xi", 1),
        ("China 一二三四 Xi", 0),
    ] {
        assert_eq!(mentions(&xi, text).len(), count, "{text}");
    }
}

#[test]
fn a_word_is_no_context_of_itself_but_a_phrase_around_it_is() {
    let mut xi = topic(vec![ambiguous("Xi")]);
    xi.near = vec![term("Xi"), term("President Xi")];
    assert_eq!(mentions(&xi, "Louis Xi").len(), 0);
    assert_eq!(
        mentions(&xi, "President Xi")[0].because.as_deref(),
        Some("near \"President Xi\"")
    );
}

#[test]
fn an_ambiguous_word_counts_with_an_unambiguous_term_in_any_field() {
    let mut xi = topic(vec![ambiguous("Xi"), term("习近平")]);
    let fields = [
        (Field::Title, "Xi speaks"),
        (Field::Summary, "今天习近平出席"),
    ];
    let matcher = Matcher::compile(std::slice::from_ref(&xi)).unwrap();
    let hits = &matcher.find(&fields)[0].hits;
    assert_eq!(hits[0].because.as_deref(), Some("with \"习近平\""));
    assert_eq!(
        (hits[1].field, hits[1].because.as_deref()),
        (Field::Summary, None)
    );

    xi.except = vec![term("习近平出席")];
    let matcher = Matcher::compile(&[xi]).unwrap();
    assert_eq!(matcher.find(&fields), []);
}

#[test]
fn a_star_takes_the_rest_of_its_word() {
    let putin = topic(vec![term("Путин*")]);
    assert_eq!(
        found(&putin, "Путин с Путиным, путинский-же; Распутин"),
        ["Путин", "Путиным", "путинский"]
    );
    let sco = topic(vec![term("Шанхайск* организаци* сотрудничества")]);
    let text = "саммит Шанхайской  организации\nсотрудничества начался";
    assert_eq!(
        found(&sco, text),
        ["Шанхайской  организации\nсотрудничества"]
    );
    assert_eq!(
        found(&sco, "Шанхайская большая организация сотрудничества"),
        [""; 0]
    );
    let gros = topic(vec![term("Gros*"), exact("Klein*")]);
    assert_eq!(found(&gros, "Groß KLEIN Kleine kleine"), ["Groß", "Kleine"]);
}

#[test]
fn diacritics_and_dotted_letters_make_no_difference() {
    let erdogan = topic(vec![term("Erdoğan"), term("İstanbul")]);
    for text in [
        "Erdoğan",
        "Erdogan",
        "ERDOĞAN",
        "ERDOGAN'IN",
        "Erdoğan’ın",
        "erdog\u{306}an",
        "İSTANBUL",
        "istanbul",
        "ISTANBUL",
        "ıstanbul",
        "i\u{307}stanbul",
    ] {
        assert_eq!(found(&erdogan, text).len(), 1, "{text}");
    }
    assert_eq!(found(&erdogan, "Erdoğan’ın"), ["Erdoğan"]);
}

#[test]
fn names_stand_inside_sentences_without_spaces() {
    let xi = topic(vec![term("习近平")]);
    assert_eq!(found(&xi, "今天习近平主席出席"), ["习近平"]);
    let thai = topic(vec![term("ปูติน")]);
    assert_eq!(found(&thai, "ประธานาธิบดีปูตินพบ"), ["ปูติน"]);
}

#[test]
fn arabic_spellings_are_one() {
    let term_ar = topic(vec![term("شي جين بينغ"), term("كريم علي")]);
    for text in [
        "شی جین بینغ",
        "شي‌ جين بينغ",
        "كَرِيم عَلي",
        "کریم علی",
        "كـريم على",
    ] {
        assert_eq!(found(&term_ar, text), [text], "{text}");
    }
}

#[test]
fn layout_makes_no_difference() {
    let sco = topic(vec![term("Shanghai Cooperation"), term("Kassym-Jomart")]);
    for text in [
        "Shang\u{AD}hai Cooper\u{200B}ation",
        "Shanghai \n\tCooperation",
        "SHANGHAI\u{A0}Cooperation",
        "Shanghai-Cooperation",
        "Kassym Jomart",
        "Kassym‑Jomart",
    ] {
        assert_eq!(found(&sco, text), [text], "{text}");
    }
    assert_eq!(found(&sco, "Kassym - Jomart"), [""; 0]);
}

#[test]
fn every_group_of_all_and_no_term_of_none() {
    let mut t = topic(vec![term("summit")]);
    t.all = vec![vec![term("Astana"), term("Tashkent")], vec![term("gas*")]];
    t.none = vec![term("football")];
    for (text, count) in [
        ("summit in Astana on gasoline", 1),
        ("Tashkent summit: gas", 1),
        ("summit in Astana", 0),
        ("summit on gas", 0),
        ("Astana gas", 0),
        ("summit in Astana on gas and football", 0),
    ] {
        assert_eq!(mentions(&t, text).len(), count, "{text}");
    }
}

#[test]
fn of_overlapping_hits_the_leftmost_and_longest_stays() {
    let t = topic(vec![term("b c"), term("a b"), term("a b c"), term("c d")]);
    assert_eq!(found(&t, "a b c d"), ["a b c"]);
    let two = topic(vec![ambiguous("SCO"), exact("SCO")]);
    assert_eq!(mentions(&two, "SCO")[0].because, None);
}

#[test]
fn ten_thousand_topics_are_told_apart() {
    let topics: Vec<Topic> = (0..10_000)
        .map(|n| Topic {
            id: TopicId::new(&format!("t{n}")).unwrap(),
            ..topic(vec![term(&format!("name{n}")), term("common thing")])
        })
        .collect();
    let matcher = Matcher::compile(&topics).unwrap();
    let text = "a name17, then name1700 and name9999; name10000";
    let found = matcher.find(&[(Field::Title, text), (Field::Content, text)]);
    let ids: Vec<&str> = found.iter().map(|m| m.topic.as_str()).collect();
    assert_eq!(ids, ["t17", "t1700", "t9999"]);
    assert!(found.iter().all(|m| m.hits.len() == 2));
    assert_eq!(matcher.find(&[(Field::Text, "common thing")]).len(), 10_000);
}

#[test]
fn hits_are_capped_per_field() {
    let text = "sco ".repeat(evaluate::MAX_HITS + 5);
    assert_eq!(
        mentions(&topic(vec![term("SCO")]), &text).len(),
        evaluate::MAX_HITS
    );
}

#[test]
fn a_bad_term_is_named_with_its_topic() {
    let mut t = topic(vec![term("SCO")]);
    t.near = vec![term("*bad")];
    let error = Matcher::compile(&[t]).unwrap_err();
    let expected = CompileError::Term {
        topic: TopicId::new("t").unwrap(),
        term: "*bad".into(),
        reason: TermError::StarNotAtWordEnd,
    };
    assert_eq!(error, expected);
}

#[test]
fn no_topics_find_nothing() {
    assert_eq!(
        Matcher::compile(&[]).unwrap().find(&[(Field::Text, "SCO")]),
        []
    );
}

#[test]
fn a_matcher_can_be_shared() {
    fn shared<T: Send + Sync>(_: &T) {}
    shared(&Arc::new(Matcher::compile(&[]).unwrap()));
}

#[test]
fn a_star_may_begin_inside_a_letter_that_folds_to_two() {
    let t = topic(vec![term("as*")]);
    assert_eq!(found(&t, "aß"), ["aß"]);
    assert_eq!(found(&t, "a a aß"), ["aß"]);
    assert_eq!(found(&t, "as assa"), ["as", "assa"]);
    assert_eq!(found(&topic(vec![exact("as*")]), "aß As"), ["aß"]);
}
