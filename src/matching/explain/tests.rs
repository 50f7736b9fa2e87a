//! Explanations by example, and what all of them must fulfil (`explained`, used by the property
//! tests of matching and of queries).

use super::*;
use crate::matching::parse_query;
use crate::model::TopicId;

/// Explains the topics, and checks that what is told is what is found, and coherent.
pub fn explained(
    topics: &[Topic],
    fields: &[(Field, &str)],
    facts: &Facts<'_>,
) -> Vec<Explanation> {
    let all_told = Explainer::compile(topics).unwrap().explain(fields, facts);
    assert_eq!(all_told.len(), topics.len());
    for (told, topic) in all_told.iter().zip(topics) {
        let matcher = Matcher::compile(std::slice::from_ref(topic)).unwrap();
        let found = matcher.find_with(fields, facts).pop();
        assert_eq!(told.mentioned, found.is_some(), "{told:?}");
        assert_eq!(told.mentioned, told.failed.is_empty(), "{told:?}");
        if let Some(mention) = found {
            let counted = told.hits.iter().map(|hit| Hit {
                term: hit.found.term.clone(),
                field: hit.found.place.field,
                start: hit.found.place.start,
                end: hit.found.place.end,
                because: hit.because.clone(),
            });
            assert_eq!(counted.collect::<Vec<_>>(), mention.hits);
            assert_eq!(told.score, Some(mention.score));
            let points: f64 = told.hits.iter().map(|hit| hit.points).sum();
            let score = (100.0 * points / (points + 4.0)).round().max(1.0);
            assert!((score - f64::from(mention.score)).abs() < 0.5, "{told:?}");
        }
        let weights = told.weights.iter().map(|weight| weight.weight);
        assert_eq!(weights.sum::<i32>(), told.sum, "{told:?}");
        let places = told.hits.iter().map(|hit| &hit.found.place);
        let places = places.chain(told.passed.iter().map(|passed| &passed.found.place));
        for place in places {
            let author = facts.author.map(|author| (Field::Author, author));
            let mut texts = fields.iter().copied().chain(author);
            let text = texts.find(|(field, _)| *field == place.field).unwrap().1;
            assert_eq!(text[place.start..place.end], place.text);
            assert!(!place.text.is_empty());
        }
        if let Some(query) = &told.query {
            assert_eq!(query.holds, !told.failed.contains(&Failure::Query));
            coherent(query);
        }
    }
    all_told
}

/// A node is what its children make of it.
fn coherent(branch: &Branch) {
    let mut holds = branch.children.iter().map(|child| child.holds);
    let expected = match branch.node {
        "and" => holds.all(|holds| holds),
        "or" => holds.any(|holds| holds),
        "not" => holds.all(|holds| !holds),
        "sentence" | "paragraph" => holds.all(|holds| holds) && branch.unit.is_some(),
        "scope" => holds.all(|holds| holds),
        "term" | "regex" => !branch.hits.is_empty(),
        // Each operand has a hit, and its neighbour one near enough.
        "near" => {
            let far = branch
                .words
                .iter()
                .zip(branch.text.split(' '))
                .any(|(words, link)| {
                    let most: usize = link.split('/').nth(1).unwrap().parse().unwrap();
                    words.is_none_or(|words| words > most)
                });
            let possible = holds.all(|holds| holds) && !far;
            assert!(possible || !branch.holds, "{branch:?}");
            // A chain may have links that do not meet in one hit.
            if branch.words.len() == 1 {
                possible
            } else {
                branch.holds
            }
        }
        _ => branch.holds,
    };
    assert_eq!(branch.holds, expected, "{branch:?}");
    branch.children.iter().for_each(coherent);
}

fn term_of(text: &str) -> Term {
    Term::new(text)
}

fn ambiguous(text: &str) -> Term {
    Term {
        ambiguous: true,
        ..Term::new(text)
    }
}

fn topic(any: Vec<Term>) -> Topic {
    Topic {
        within: 3,
        ..Topic::new(TopicId::new("t").unwrap(), any)
    }
}

fn why(topic: &Topic, text: &str) -> Explanation {
    in_language(topic, text, None)
}

fn in_language(topic: &Topic, text: &str, language: Option<&str>) -> Explanation {
    let facts = Facts {
        language,
        ..Facts::default()
    };
    let fields = [(Field::Text, text)];
    explained(std::slice::from_ref(topic), &fields, &facts)
        .pop()
        .unwrap()
}

/// What is told of the hits that do not count, and what failed, in words.
fn reasons(told: &Explanation) -> (Vec<String>, Vec<String>) {
    let passed = told.passed.iter();
    (
        passed
            .map(|p| format!("{} {}", p.found.place.text, p.reason))
            .collect(),
        told.failed.iter().map(ToString::to_string).collect(),
    )
}

#[test]
fn a_topic_of_which_nothing_stands_there_says_so() {
    let mut xi = topic(vec![term_of("Xi")]);
    xi.near = vec![Term::new("China")];
    let told = why(&xi, "China and others");
    assert!(!told.stands());
    assert_eq!(told.failed, [Failure::NoHit]);
}

#[test]
fn an_ambiguous_hit_tells_its_nearest_context_and_how_far_it_is() {
    let mut xi = topic(vec![ambiguous("Xi")]);
    xi.near = vec![Term::new("China"), Term::new("Beijing")];
    let told = why(&xi, "Beijing a b c d e Xi a b c d China");
    let Reason::NoContext {
        within,
        nearest: Some(near),
        words,
    } = &told.passed[0].reason
    else {
        panic!("{told:?}")
    };
    assert_eq!((*within, *words), (3, Some(4)));
    assert_eq!((&*near.term, near.place.text.as_str()), ("China", "China"));
    assert_eq!(told.failed, [Failure::NoneCounts]);

    let alone = why(&xi, "Xi alone");
    let nearest = &alone.passed[0].reason;
    assert!(
        matches!(
            nearest,
            Reason::NoContext {
                nearest: None,
                words: None,
                ..
            }
        ),
        "{nearest:?}"
    );
    let near = why(&xi, "China a b c Xi");
    assert_eq!(near.hits[0].because.as_deref(), Some("near \"China\""));
}

#[test]
fn a_surname_tells_the_given_name_before_it_as_written() {
    let surname = Term {
        surname: true,
        rule: Some("surname".into()),
        ..Term::new("Erdoğan")
    };
    let erdogan = topic(vec![surname, Term::new("Recep Tayyip Erdoğan")]);
    let told = in_language(&erdogan, "Yesterday Emine Erdoğan spoke", Some("en"));
    let Reason::SomebodyElse { name } = &told.passed[0].reason else {
        panic!("{told:?}")
    };
    assert_eq!((name.start, name.text.as_str()), (10, "Emine"));
    assert_eq!(told.passed[0].rule.as_deref(), Some("surname"));

    let guterres = Term {
        surname: true,
        ..Term::new("古特雷斯")
    };
    let told = in_language(&topic(vec![guterres]), "弗朗西斯科·古特雷斯", Some("zh"));
    let Reason::SomebodyElse { name } = &told.passed[0].reason else {
        panic!("{told:?}")
    };
    assert_eq!(name.text, "弗朗西斯科");
}

#[test]
fn a_trade_before_a_surname_and_quotation_marks_around_it_are_told() {
    let surname = Term {
        surname: true,
        ..Term::new("Guterres")
    };
    let guterres = topic(vec![surname]);
    let told = in_language(&guterres, "The footballer Guterres scored", Some("en"));
    let Reason::Trade { name } = &told.passed[0].reason else {
        panic!("{told:?}")
    };
    assert_eq!(name.text, "footballer");
    let told = in_language(&guterres, "The film \"Guterres\" opened", Some("en"));
    assert_eq!(told.passed[0].reason, Reason::Title);
}

#[test]
fn every_condition_on_the_entry_that_fails_is_told_with_its_terms_and_places() {
    let mut t = topic(vec![term_of("summit"), term_of("talks")]);
    t.threshold = 2;
    t.all = vec![
        vec![term_of("Astana"), term_of("Tashkent")],
        vec![term_of("gas")],
    ];
    t.none = vec![term_of("football"), term_of("chess")];
    let told = why(&t, "summit on gas, football and football");
    assert_eq!(
        reasons(&told).1,
        [
            "the terms that count weigh 1, the threshold is 2",
            "no hit of group 1 of `all`: Astana, Tashkent",
            "\"football\" of `none` stands at text 15..23",
        ]
    );
    assert_eq!(told.none.len(), 2);
    assert_eq!(told.all[1].hits[0].place.text, "gas");
    assert!(told.all[0].hits.is_empty());

    let told = why(&t, "summit and talks on gas in Astana");
    assert!(told.mentioned);
    assert_eq!(told.sum, 2);
    assert_eq!(told.all[0].hits[0].place.text, "Astana");
}

#[test]
fn hundreds_of_other_conditions_hide_none() {
    let mut t = topic(vec![term_of("summit")]);
    t.all = vec![vec![term_of("gas")]];
    t.none = vec![term_of("football")];
    let text = format!("{} football summit", "gas ".repeat(3_000));
    let told = why(&t, &text);
    assert_eq!(told.all[0].hits.len(), 20);
    assert_eq!(
        reasons(&told).1,
        ["\"football\" of `none` stands at text 12001..12009"]
    );
}

#[test]
fn what_lies_in_another_phrase_or_hit_names_it() {
    let mut t = topic(vec![
        term_of("SCO"),
        term_of("SCO summit"),
        term_of("summit"),
    ]);
    t.except = vec![term_of("SCO Group")];
    let told = why(&t, "SCO summit of SCO Group");
    assert_eq!(
        reasons(&told).0,
        [
            "SCO begins inside \"SCO summit\", which counts, text 0..10",
            "summit begins inside \"SCO summit\", which counts, text 0..10",
            "SCO lies inside \"SCO Group\" of `except`, text 14..23",
        ]
    );
}

#[test]
fn a_term_for_other_languages_is_told_where_the_texts_language_is_known() {
    let mut t = topic(vec![Term {
        languages: vec!["pt".to_owned(), "es".to_owned()],
        ..term_of("OCS")
    }]);
    let told = in_language(&t, "le sommet de l'OCS", Some("fr-FR"));
    assert!(told.stands());
    assert_eq!(told.failed, [Failure::NoneCounts]);
    assert_eq!(reasons(&told).0, ["OCS counts in texts in es, pt only"]);
    assert!(in_language(&t, "o OCS", Some("pt-BR")).mentioned);
    assert!(
        why(&t, "OCS").passed.is_empty(),
        "nobody knows the language"
    );

    t.any.push(term_of("OCS"));
    let told = in_language(&t, "le sommet de l'OCS", Some("fr"));
    assert!(told.passed.is_empty(), "another term stands there");
}

#[test]
fn conditions_in_other_languages_are_told_where_they_would_have_mattered() {
    let of = |text: &str, language: &str| Term {
        languages: vec![language.to_owned()],
        ..term_of(text)
    };
    let mut t = topic(vec![ambiguous("Xi")]);
    t.near = vec![term_of("China"), of("Chine", "fr"), of("Chine", "it")];
    t.all = vec![vec![of("sommet", "fr")]];
    t.none = vec![of("foot", "fr")];
    t.except = vec![of("Xi Li", "fr")];
    let told = in_language(&t, "sommet: Xi Li, Chine, foot", Some("en"));
    assert_eq!(
        reasons(&told).0,
        [
            "sommet counts in texts in fr only",
            "Xi ambiguous: no term of `near` stands in this field; and no unambiguous term counts",
            "Chine counts in texts in fr, it only",
            "foot counts in texts in fr only",
        ]
    );
    let told = in_language(&t, "China: Xi Li, Chine", Some("en"));
    assert_eq!(reasons(&told).0, ["Xi Li counts in texts in fr only"]);
}

#[test]
fn hits_that_count_tell_their_shares_of_the_score() {
    let t = topic(vec![Term {
        weight: 2,
        rule: Some("surname, Dutch".into()),
        ..term_of("Poetin")
    }]);
    let fields = [(Field::Title, "Poetin, Poetin"), (Field::Content, "Poetin")];
    let told = &explained(&[t], &fields, &Facts::default())[0];
    let shares: Vec<_> = told
        .hits
        .iter()
        .map(|hit| (hit.weight, hit.place, hit.repeat, hit.points))
        .collect();
    assert_eq!(
        shares,
        [(2, 4.0, 1.0, 8.0), (2, 4.0, 0.5, 4.0), (2, 1.5, 1.0, 3.0)]
    );
    assert_eq!(told.score, Some(79));
    assert_eq!(told.hits[0].rule.as_deref(), Some("surname, Dutch"));
}

/// A tree as indented lines.
fn drawn(branch: &Branch, depth: usize, out: &mut Vec<String>) {
    let hits: Vec<&str> = branch.hits.iter().map(|hit| hit.text.as_str()).collect();
    let mut line = format!(
        "{}{} {}",
        " ".repeat(depth),
        if branch.holds { '+' } else { '-' },
        branch.text
    );
    if !hits.is_empty() {
        line = format!("{line} [{}]", hits.join(", "));
    }
    if let Some(unit) = &branch.unit {
        line = format!("{line} in {:?}", unit.text);
    }
    if !branch.words.is_empty() {
        line = format!("{line} {:?}", branch.words);
    }
    out.push(line);
    for child in &branch.children {
        drawn(child, depth + 1, out);
    }
}

fn tree(query: &str, text: &str) -> (Vec<String>, Vec<Failure>) {
    let query = parse_query(query).unwrap();
    let told = why(&Topic::of_query(TopicId::new("t").unwrap(), query), text);
    let mut out = Vec::new();
    drawn(&told.query.unwrap(), 0, &mut out);
    (out, told.failed)
}

#[test]
fn a_query_shows_which_of_its_parts_hold() {
    let (lines, failed) = tree(
        "(SCO OR exact:ШОС) NEAR/2 summit* title:gas NOT (football OR lang:uk)",
        "The SCO held its own yearly summits and football",
    );
    assert_eq!(failed, [Failure::Query]);
    assert_eq!(
        lines,
        [
            "- AND",
            " - NEAR/2 [Some(4)]",
            "  + OR",
            "   + SCO [SCO]",
            "   - exact:ШОС",
            "  + summit* [summits]",
            " - title:",
            "  - gas",
            " - NOT",
            "  + OR",
            "   + football [football]",
            "   - lang:uk",
        ]
    );
}

#[test]
fn a_sentence_is_told_that_holds_or_comes_closest() {
    let query = "SENTENCE(Tokayev (gas OR oil) NOT denied)";
    let (lines, failed) = tree(query, "Gas rose. Tokayev denied that gas rose. Oil fell.");
    assert_eq!(failed, [Failure::Query]);
    assert_eq!(
        lines,
        [
            "- SENTENCE in \"Tokayev denied that gas rose.\"",
            " - AND",
            "  + Tokayev [Tokayev]",
            "  + OR",
            "   + gas [gas]",
            "   - oil",
            "  - NOT",
            "   + denied [denied]",
        ]
    );
    let (lines, failed) = tree(query, "Gas rose. Tokayev spoke of oil.");
    assert_eq!(failed, []);
    assert_eq!(lines[0], "+ SENTENCE in \"Tokayev spoke of oil.\"");
    let (lines, failed) = tree(query, "nothing");
    assert_eq!(failed, [Failure::NoHit, Failure::Query]);
    assert_eq!(lines[0], "- SENTENCE");
}

#[test]
fn weights_of_a_query_are_told_against_its_threshold() {
    let query = parse_query("Putin^2 OR football^-2 OR /foot\\w+/").unwrap();
    let t = Topic::of_query(TopicId::new("t").unwrap(), query);
    let told = why(&t, "Putin and football");
    assert_eq!(
        told.failed,
        [Failure::Threshold {
            sum: 0,
            threshold: 1
        }]
    );
    let weights = told.weights.iter().map(|w| (&*w.term, w.weight));
    assert_eq!(
        weights.collect::<Vec<_>>(),
        [("Putin", 2), ("football", -2)]
    );
    assert_eq!(
        reasons(&told).0,
        ["football begins inside \"football\", which counts, text 10..18"],
        "the expression's"
    );
}
