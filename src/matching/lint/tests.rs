//! What lint tells and what it lets pass.

use super::*;
use crate::matching::parse_query;
use crate::model::Field;

fn id() -> TopicId {
    TopicId::new("t").unwrap()
}

fn found(topic: Topic) -> Vec<(Kind, String, Option<String>)> {
    let findings = lint(&[topic]).unwrap();
    findings
        .into_iter()
        .map(|f| (f.kind, f.term, f.other))
        .collect()
}

fn of_terms(terms: &[&str]) -> Vec<(Kind, String, Option<String>)> {
    found(Topic::new(
        id(),
        terms.iter().map(|text| Term::new(text)).collect(),
    ))
}

fn of_query(query: &str) -> Vec<(Kind, String, Option<String>)> {
    found(Topic::of_query(id(), parse_query(query).unwrap()))
}

fn one(kind: Kind, term: &str, other: Option<&str>) -> Vec<(Kind, String, Option<String>)> {
    vec![(kind, term.to_owned(), other.map(str::to_owned))]
}

#[test]
fn of_terms_that_find_the_same_the_narrower_or_later_is_told() {
    assert_eq!(
        of_terms(&["Putin", "PUTIN"]),
        one(Kind::Twice, "PUTIN", Some("Putin"))
    );
    assert_eq!(
        of_terms(&["Erdoğan", "Erdogan"]),
        one(Kind::Twice, "Erdogan", Some("Erdoğan"))
    );
    assert_eq!(
        of_terms(&["Putin", "Putin*"]),
        one(Kind::Covered, "Putin", Some("Putin*"))
    );
    assert_eq!(
        of_terms(&["Put*", "Putin*"]),
        one(Kind::Covered, "Putin*", Some("Put*"))
    );
    assert_eq!(of_terms(&["Путин", "Путина*", "Си Цзиньпин"]), []);
    assert_eq!(
        of_terms(&["Muizzu", "Mohamed Muizzu"]),
        one(Kind::Longer, "Mohamed Muizzu", Some("Muizzu"))
    );
}

#[test]
fn terms_that_differ_in_more_than_their_text_are_no_doubles() {
    let exact = Term {
        case: Case::Exact,
        ..Term::new("SCO")
    };
    let heavy = Term {
        weight: 3,
        ..Term::new("SCO")
    };
    let spanish = Term {
        languages: vec!["es".to_owned()],
        ..Term::new("OCS")
    };
    assert_eq!(found(Topic::new(id(), vec![Term::new("SCO"), heavy])), []);
    assert_eq!(
        found(Topic::new(id(), vec![exact.clone(), Term::new("SCO")])),
        one(Kind::Covered, "SCO", Some("SCO"))
    );
    assert_eq!(
        found(Topic::new(id(), vec![spanish, Term::new("OCS X")])),
        []
    );
}

#[test]
fn what_except_covers_never_counts() {
    let mut topic = Topic::new(id(), vec![Term::new("SCO Group"), Term::new("SCO")]);
    topic.except = vec![Term::new("the SCO Group"), Term::new("SCO Group*")];
    let findings = found(topic);
    assert!(
        findings.contains(&(
            Kind::Excepted,
            "SCO Group".into(),
            Some("SCO Group*".into())
        )),
        "{findings:?}"
    );
    assert!(
        !findings
            .iter()
            .any(|f| f.1 == "SCO" && f.0 == Kind::Excepted)
    );
}

#[test]
fn short_terms_need_their_case_or_context() {
    assert_eq!(of_terms(&["Xi"]), one(Kind::Short, "Xi", None));
    assert_eq!(of_terms(&["习"]), one(Kind::Short, "习", None));
    assert_eq!(of_terms(&["普京", "푸틴", "ШОС"]), []);
    assert_eq!(of_query("Xi OR Putin"), one(Kind::Short, "Xi", None));
    for query in ["Xi NEAR/3 China*", "exact:Xi", "Xi Putin", "Putin NOT Xi"] {
        assert_eq!(of_query(query), [], "{query}");
    }
}

#[test]
fn what_a_query_can_never_find_is_told() {
    assert_eq!(of_query("summit OR title:(body:SCO gas)"), {
        let mut both = one(Kind::NoField, "SCO", None);
        both.truncate(1);
        both
    });
    assert_eq!(
        of_query("Putin NOT Put*"),
        one(Kind::Contradiction, "Putin", Some("Put*"))
    );
    assert_eq!(
        of_query("\"SCO Group\" NOT (gas OR SCO)"),
        one(Kind::Contradiction, "SCO Group", Some("SCO"))
    );
    assert_eq!(of_query("Putin NOT Putina"), []);
    assert_eq!(
        of_query("Putin and Lavrov"),
        one(Kind::Operator, "and", None)
    );
    assert_eq!(
        of_query("gas (Putin* OR Putin)"),
        one(Kind::Covered, "Putin", Some("Putin*"))
    );
}

#[test]
fn shares_are_of_the_texts_in_which_a_term_stands() {
    let lists = Topic::new(id(), vec![Term::new("the"), Term::new("SCO")]);
    let query = Topic::of_query(id(), parse_query("met OR (gas the)").unwrap());
    let mut frequency = Frequency::new(&[lists, query]).unwrap();
    for text in ["the SCO met", "the the gas", "oil", "met"] {
        frequency.add(&[(Field::Title, text), (Field::Content, text)]);
    }
    let above: Vec<_> = frequency
        .above(0.3)
        .into_iter()
        .map(|s| (s.term, s.found, s.texts))
        .collect();
    assert_eq!(above, [("the".to_owned(), 2, 4), ("met".to_owned(), 2, 4)]);
    assert_eq!(frequency.above(0.5), []);
}
