//! Queries against a naive reading of them, and against the lists of a topic that mean the same.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::{generate, hits, naive};
use crate::matching::explain::tests::explained;
use crate::matching::{Facts, Matcher};
use crate::model::{Case, Field, Term, Topic, TopicId};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]
    #[test]
    fn a_query_holds_by_the_hits_that_a_naive_reading_finds(
        query in generate::query(),
        title in generate::text(),
        content in generate::text(),
        author in prop::option::of(generate::text()),
        language in prop::sample::select(vec![None, Some("ru"), Some("pt-BR"), Some("en")]),
        source in prop::sample::select(vec![None, Some("TASS World"), Some("radio one")]),
        tagged in any::<bool>(),
        threshold in 1..4_i32,
    ) {
        let tags = ["asia".to_owned()];
        let facts = Facts {
            language,
            feed: None,
            source,
            tags: if tagged { &tags } else { &[] },
            author: author.as_deref(),
        };
        let mut fields = vec![(Field::Title, &*title), (Field::Content, &*content)];
        let topic = Topic { threshold, ..Topic::of_query(TopicId::new("t").unwrap(), query) };
        let found = hits(&topic, &fields, &facts);
        explained(std::slice::from_ref(&topic), &fields, &facts);

        fields.extend(author.as_deref().map(|author| (Field::Author, author)));
        let query = topic.query.as_ref().unwrap();
        let mut expected = naive::without_overlaps(naive::places(&topic, &fields, &facts));
        let mut leaves: Vec<usize> = expected.iter().map(|place| place.3).collect();
        leaves.sort_unstable();
        leaves.dedup();
        if leaves.iter().map(|leaf| naive::weight(query, *leaf)).sum::<i32>() < threshold {
            expected.clear();
        }
        let found: Vec<_> = found.iter().map(|hit| (hit.field, hit.start, hit.end)).collect();
        let expected: Vec<_> = expected.iter().map(|(f, start, end, _)| (*f, *start, *end)).collect();
        prop_assert_eq!(found, expected);
    }
}

/// The agreement says something only if many of the queries hold.
#[test]
fn a_good_part_of_the_random_queries_holds() {
    let mut runner = TestRunner::deterministic();
    let cases = (generate::query(), generate::text(), generate::text());
    let held = (0..300)
        .filter(|_| {
            let (query, title, content) = cases.new_tree(&mut runner).unwrap().current();
            let topic = Topic::of_query(TopicId::new("t").unwrap(), query);
            let fields = [(Field::Title, &*title), (Field::Content, &*content)];
            !hits(&topic, &fields, &Facts::default()).is_empty()
        })
        .count();
    assert!((60..240).contains(&held), "{held}");
}

fn term() -> impl Strategy<Value = Term> {
    let text = prop::sample::select(vec!["Ab", "Cd", "Ef", "Gh", "A*", "Ab cd", "习近"]);
    let text = text.prop_map(|text| if text == "A*" { "Ab*" } else { text });
    let weight = prop::sample::select(vec![1, 1, 1, 2, -1]);
    (text, any::<bool>(), weight).prop_map(|(text, exact, weight)| Term {
        case: if exact { Case::Exact } else { Case::Fold },
        weight,
        ..Term::new(text)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]
    #[test]
    fn lists_and_their_query_find_the_same(
        any in prop::collection::vec(term(), 1..4),
        all in prop::collection::vec(prop::collection::vec(term(), 1..3), 0..3),
        none in prop::collection::vec(term(), 0..2),
        threshold in 1..4_i32,
        title in generate::text(),
        content in generate::text(),
    ) {
        let id = TopicId::new("t").unwrap();
        let lists = Topic { all, none, threshold, ..Topic::new(id.clone(), any) };
        let query = Topic { threshold, ..Topic::of_query(id, lists.to_query().unwrap()) };
        let fields = [(Field::Title, &*title), (Field::Content, &*content)];
        let find = |topic: &Topic| Matcher::compile(std::slice::from_ref(topic)).unwrap().find(&fields);
        let (found, expected) = (find(&query), find(&lists));
        prop_assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(&expected) {
            prop_assert_eq!(&found.hits, &expected.hits);
        }
    }
}

#[test]
fn lists_that_no_query_can_say_have_none() {
    let id = || TopicId::new("t").unwrap();
    let plain = Topic::new(id(), vec![Term::new("a1")]);
    assert!(plain.to_query().is_some());
    let changed: [&dyn Fn(&mut Topic); 5] = [
        &|topic| topic.except.push(Term::new("a1 b1")),
        &|topic| topic.any[0].ambiguous = true,
        &|topic| topic.any[0].languages.push("ru".to_owned()),
        &|topic| topic.any[0].keep.marks = true,
        &|topic| topic.any[0].weight = 0,
    ];
    for change in changed {
        let mut topic = plain.clone();
        change(&mut topic);
        assert_eq!(topic.to_query(), None);
    }
    assert_eq!(
        Topic::of_query(id(), plain.to_query().unwrap()).to_query(),
        None
    );
}
