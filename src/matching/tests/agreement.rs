//! `find` against `naive`, on small alphabets of awkward characters.

use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::{naive, topic};
use crate::matching::explain::Explainer;
use crate::matching::explain::tests::explained;
use crate::matching::{Facts, Matcher, check_term, terms};
use crate::model::{Case, Field, Hit, Term, Topic};

fn pieces(most: usize) -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        6 => prop::sample::select(vec!["a", "b", "s", "A", " "]),
        3 => prop::sample::select(vec![
            "S", "ß", "ẞ", "i", "İ", "ı", "é", "\u{301}", "习", "近", "ك", "ک", "\u{200C}", "\u{AD}", "\n",
            "\u{A0}", "-", "'", "ʼ", "™", "1", "ि", "ｓ", "カ", "ガ", "\u{3099}", ".", "σ", "ς",
        ]),
    ];
    prop::collection::vec(piece, 1..most).prop_map(|pieces| pieces.concat())
}

fn any_term() -> impl Strategy<Value = Term> {
    let text = prop::collection::vec((pieces(4), any::<bool>(), prop::bool::weighted(0.3)), 1..4)
        .prop_map(|words| {
            let mut text = String::new();
            for (word, star, joined) in words {
                text.push_str(&word);
                text.push_str(if star { "*" } else { "" });
                text.push_str(if joined { "" } else { " " });
            }
            if check_term(&text).is_err() {
                text = text.replace('*', "") + "a";
            }
            if check_term(&text).is_err() {
                text = "a".to_owned();
            }
            text
        });
    (text, any::<bool>(), any::<bool>()).prop_map(|(text, exact, ambiguous)| Term {
        case: if exact { Case::Exact } else { Case::Fold },
        ambiguous,
        inflect: false,
        ..Term::new(&text)
    })
}

fn any_topic() -> impl Strategy<Value = Topic> {
    let list = |most: usize| prop::collection::vec(any_term(), 0..most);
    (
        prop::collection::vec(any_term(), 1..5),
        prop::collection::vec(prop::collection::vec(any_term(), 1..4), 0..2),
        prop_oneof![3 => Just(vec![]), 1 => list(2)],
        list(3),
        list(3),
        0usize..4,
    )
        .prop_map(|(any, all, none, except, near, within)| Topic {
            all,
            none,
            except,
            near,
            within,
            ..topic(any)
        })
}

/// A text in which the topics' terms stand, whole or with something in between.
fn text_with(
    topics: &[Topic],
    parts: &[(prop::sample::Index, prop::sample::Index, String)],
) -> String {
    let mut text = String::new();
    for (topic, number, between) in parts {
        let all: Vec<&Term> = terms(topic.get(topics)).map(|(_, _, term)| term).collect();
        text.push_str(&number.get(&all).text.trim().replace('*', ""));
        text.push_str(between);
    }
    text
}

fn topics_and_texts() -> impl Strategy<Value = (Vec<Topic>, String, String)> {
    let between = prop_oneof![3 => Just(" ".to_owned()), 2 => pieces(3)];
    let part = (
        any::<prop::sample::Index>(),
        any::<prop::sample::Index>(),
        between,
    );
    let parts = prop::collection::vec(part, 0..7);
    let topics = prop::collection::vec(any_topic(), 1..4);
    (topics, parts.clone(), parts).prop_map(|(topics, title, content)| {
        let (title, content) = (text_with(&topics, &title), text_with(&topics, &content));
        (topics, title, content)
    })
}

/// A topic without the terms that do not count in a language; `None` if it can't be found then.
fn only_in(language: &str, topic: &Topic) -> Option<Topic> {
    let keep = |terms: &[Term]| -> Vec<Term> {
        let counts = |term: &&Term| term.counts_in(Some(language));
        terms.iter().filter(counts).cloned().collect()
    };
    let left = Topic {
        any: keep(&topic.any),
        all: topic.all.iter().map(|group| keep(group)).collect(),
        none: keep(&topic.none),
        except: keep(&topic.except),
        near: keep(&topic.near),
        ..topic.clone()
    };
    let possible = !left.any.is_empty() && left.all.iter().all(|group| !group.is_empty());
    possible.then_some(left)
}

/// Gives the topics' terms languages, weights and surnames, and the topics thresholds.
fn vary(topics: &mut [Topic], picks: &[usize]) {
    let choices: [&[&str]; 4] = [&[], &[], &["ru"], &["en", "tr"]];
    let mut picks = picks.iter().cycle().copied();
    let mut pick = |most: usize| picks.next().unwrap_or_default() % most;
    for topic in topics {
        topic.threshold = [1, 1, 2, 3][pick(4)];
        let groups = topic.all.iter_mut().flatten();
        let lists = [
            &mut topic.any,
            &mut topic.none,
            &mut topic.except,
            &mut topic.near,
        ];
        for term in lists.into_iter().flatten().chain(groups) {
            term.languages = choices[pick(4)].iter().map(|&l| l.to_owned()).collect();
            term.weight = [1, 1, 2, -1][pick(4)];
            term.surname = pick(4) == 0;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]
    #[test]
    fn an_explanation_says_what_is_found_and_why_where_nothing_is(
        (mut topics, title, content) in topics_and_texts(),
        picks in prop::collection::vec(0..4_usize, 1..40),
        language in prop::sample::select(vec![None, Some("ru"), Some("en-GB")]),
    ) {
        vary(&mut topics, &picks);
        let fields = [(Field::Title, &*title), (Field::Content, &*content)];
        let facts = Facts { language, ..Facts::default() };
        explained(&topics, &fields, &facts);
    }
}

/// The agreement says something only if there is each kind of reason.
#[test]
fn random_topics_fail_for_every_reason() {
    let mut runner = TestRunner::deterministic();
    let cases = (topics_and_texts(), prop::collection::vec(0..4_usize, 1..40));
    let mut kinds = BTreeSet::new();
    for _ in 0..400 {
        let ((mut topics, title, content), picks) = cases.new_tree(&mut runner).unwrap().current();
        vary(&mut topics, &picks);
        let fields = [(Field::Title, &*title), (Field::Content, &*content)];
        let facts = Facts {
            language: Some("ru"),
            ..Facts::default()
        };
        for told in Explainer::compile(&topics)
            .unwrap()
            .explain(&fields, &facts)
        {
            kinds.extend(told.failed.iter().map(kind));
            kinds.extend(told.passed.iter().map(|passed| kind(&passed.reason)));
        }
    }
    let expected = [
        "except",
        "forbidden",
        "group",
        "language",
        "no-context",
        "no-hit",
        "none-counts",
        "overlap",
        "threshold",
    ];
    assert_eq!(
        kinds.iter().map(String::as_str).collect::<Vec<_>>(),
        expected
    );
}

/// The name of a reason in JSON.
fn kind(reason: &impl serde::Serialize) -> String {
    let value = serde_json::to_value(reason).unwrap();
    value["kind"].as_str().unwrap().to_owned()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]
    #[test]
    fn in_a_language_the_terms_of_others_are_as_good_as_absent(
        (mut topics, title, content) in topics_and_texts(),
        picks in prop::collection::vec(0..4_usize, 1..20),
    ) {
        let choices: [&[&str]; 4] = [&[], &["en"], &["ru"], &["en", "tr"]];
        let mut picks = picks.iter().cycle();
        for topic in &mut topics {
            let groups = topic.all.iter_mut().flatten();
            let lists = [&mut topic.any, &mut topic.none, &mut topic.except, &mut topic.near];
            for term in lists.into_iter().flatten().chain(groups) {
                let choice = choices[*picks.next().unwrap()];
                term.languages = choice.iter().map(|&l| l.to_owned()).collect();
            }
        }
        let fields = [(Field::Title, &*title), (Field::Content, &*content)];
        let found = Matcher::compile(&topics).unwrap().find_in(&fields, Some("en-GB"));
        let left: Vec<Topic> = topics.iter().filter_map(|t| only_in("en-GB", t)).collect();
        let expected = Matcher::compile(&left).unwrap().find(&fields);
        prop_assert_eq!(found, expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]
    #[test]
    fn find_agrees_with_a_naive_reading_of_the_rules(
        (topics, title, content) in topics_and_texts(),
    ) {
        let matcher = Matcher::compile(&topics).unwrap();
        let one_by_one: Vec<Hit> = topics
            .iter()
            .flat_map(|topic| Matcher::compile(std::slice::from_ref(topic)).unwrap()
                .find(&[(Field::Title, &title), (Field::Content, &content)]))
            .flat_map(|mention| mention.hits)
            .collect();
        let together: Vec<Hit> = matcher
            .find(&[(Field::Title, &title), (Field::Content, &content)])
            .into_iter()
            .flat_map(|mention| mention.hits)
            .collect();
        prop_assert_eq!(&together, &one_by_one);

        let expected: Vec<(naive::Expected, Arc<str>)> = topics
            .iter()
            .flat_map(|topic| naive::hits(topic, &[&title, &content])
                .into_iter()
                .map(|hit| { let text = topic.any[hit.3].text.clone(); (hit, text) }))
            .collect();
        prop_assert_eq!(together.len(), expected.len(), "{:?} {:?}", together, expected);
        for (hit, ((field, start, end, _, reasons), text)) in together.iter().zip(expected) {
            let expected_field = [Field::Title, Field::Content][field];
            prop_assert_eq!((hit.field, hit.start, hit.end), (expected_field, start, end));
            prop_assert_eq!(&hit.term, &text);
            prop_assert!(reasons.contains(&hit.because), "{:?} {:?}", hit, reasons);
        }
    }
}
