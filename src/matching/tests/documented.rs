//! The examples of `docs/matching.md`.
//!
//! A block ```` ```match ```` holds lines `term | text | yes` or `no`; behind its name stands what is said of the
//! text (`lang=ru`) and of the terms (`case=exact`, `keep=marks,letters`, `inflect=false`, `surname`).
//! A second term behind a `+` is the topic's too. A block ```` ```score ```` holds lines
//! `term | title | text | score`. A block ```` ```explain ```` holds a topic's lists (`near: one, two`), then lines
//! `text | mentioned`, or behind the text what failed and which hits do not count, each behind a `|`.

use super::{term, topic};
use crate::matching::explain::tests::explained;
use crate::matching::inflect::expand;
use crate::matching::{Facts, Matcher};
use crate::model::{Case, Field, Keep, Mention, Term, Topic};

const DOCUMENT: &str = include_str!("../../../docs/matching.md");

/// What stands behind the name of each block of a kind, and its lines.
fn blocks(kind: &str) -> Vec<(&'static str, Vec<&'static str>)> {
    let fence = format!("\n```{kind}");
    let blocks = DOCUMENT.split(fence.as_str()).skip(1);
    let blocks = blocks.map(|block| block.split_once("```").unwrap().0);
    blocks
        .map(|block| block.split_once('\n').unwrap())
        .map(|(options, lines)| (options, lines.lines().collect()))
        .collect()
}

fn columns(line: &str) -> Vec<&str> {
    line.split('|').map(str::trim).collect()
}

fn kept(names: &str) -> Keep {
    let mut keep = Keep::default();
    for name in names.split(',') {
        let switch = match name {
            "marks" => &mut keep.marks,
            "forms" => &mut keep.forms,
            "letters" => &mut keep.letters,
            "han" => &mut keep.han,
            "joints" => &mut keep.joints,
            other => panic!("{other}"),
        };
        *switch = true;
    }
    keep
}

/// The language of a block's texts and a term by its options.
fn read(options: &'static str) -> (Option<&'static str>, Term) {
    let (mut language, mut like) = (None, term(""));
    for option in options.split_whitespace() {
        match option.split_once('=').unwrap_or((option, "")) {
            ("lang", code) => language = Some(code),
            ("case", "exact") => like.case = Case::Exact,
            ("case", "capital") => like.case = Case::Capital,
            ("keep", names) => like.keep = kept(names),
            ("inflect", "false") => like.inflect = false,
            ("surname", "") => like.surname = true,
            other => panic!("{other:?}"),
        }
    }
    (language, like)
}

fn mentions(terms: Vec<Term>, fields: &[(Field, &str)], language: Option<&str>) -> Vec<Mention> {
    let matcher = Matcher::compile(&[topic(terms)]).unwrap();
    matcher.find_in(fields, language)
}

#[test]
fn the_documents_examples_match_as_it_says() {
    let (mut found, mut missed) = (0, 0);
    for (options, lines) in blocks("match") {
        let (language, like) = read(options);
        for line in lines {
            let [texts, text, expected] = columns(line)[..] else {
                panic!("{line}")
            };
            let mut texts = texts.split(" + ");
            let mut terms = vec![Term {
                text: texts.next().unwrap().into(),
                ..like.clone()
            }];
            terms.extend(texts.map(term));
            let is_found = !mentions(terms, &[(Field::Text, text)], language).is_empty();
            let expected = match expected {
                "yes" => true,
                "no" => false,
                other => panic!("{other}"),
            };
            assert_eq!(is_found, expected, "{options}: {line}");
            *(if expected { &mut found } else { &mut missed }) += 1;
        }
    }
    assert!(found >= 25 && missed >= 20, "{found} {missed}");
}

#[test]
fn the_documents_table_has_every_language_and_its_examples_are_found() {
    let heading = "| languages | what is added | term | found in |\n";
    let table = DOCUMENT.split(heading).nth(1).unwrap();
    let rows = table.lines().skip(1);
    let rows = rows.take_while(|line| line.starts_with('|'));
    let mut told = Vec::new();
    for row in rows {
        let [_, languages, _, word, text, _] = columns(row)[..] else {
            panic!("{row}")
        };
        for language in languages.split(", ") {
            let find = |inflect| {
                let term = Term {
                    inflect,
                    ..term(word)
                };
                mentions(vec![term], &[(Field::Text, text)], Some(language))
            };
            assert!(!find(true).is_empty(), "{language}: {row}");
            assert!(find(false).is_empty(), "{language}: {row}");
            told.push(language);
        }
    }
    let mut known = expand::languages();
    known.sort_unstable();
    told.sort_unstable();
    assert_eq!(told, known);
}

#[test]
fn the_documents_scores_are_those_of_the_formula() {
    let mut count = 0;
    for (_, lines) in blocks("score") {
        for line in lines {
            let [word, title, text, expected] = columns(line)[..] else {
                panic!("{line}")
            };
            let fields = [(Field::Title, title), (Field::Content, text)];
            let mentions = mentions(vec![term(word)], &fields, None);
            let score = mentions[0].score;
            assert_eq!(score.to_string(), expected, "{line}");
            count += 1;
        }
    }
    assert!(count >= 4);
}

/// A topic by its lists; `(ambiguous)` stands behind a term.
fn lists(lines: &[&str]) -> Topic {
    let mut topic = topic(Vec::new());
    for line in lines {
        let (list, words) = line.split_once(": ").unwrap();
        let terms = words.split(", ").map(|word| match word.split_once(" (") {
            Some((word, "ambiguous)")) => Term {
                ambiguous: true,
                ..term(word)
            },
            _ => term(word),
        });
        match list {
            "any" => topic.any = terms.collect(),
            "all" => topic.all.push(terms.collect()),
            "none" => topic.none = terms.collect(),
            "except" => topic.except = terms.collect(),
            "near" => topic.near = terms.collect(),
            "within" => topic.within = words.parse().unwrap(),
            "threshold" => topic.threshold = words.parse().unwrap(),
            other => panic!("{other}"),
        }
    }
    topic
}

#[test]
fn the_documents_explanations_are_those_that_are_given() {
    let (mut found, mut missed) = (0, 0);
    for (_, lines) in blocks("explain") {
        let (texts, rules): (Vec<&str>, Vec<&str>) =
            lines.into_iter().partition(|line| line.contains(" | "));
        let topic = lists(&rules);
        for line in texts {
            let columns = columns(line);
            let fields = [(Field::Text, columns[0])];
            let told = explained(std::slice::from_ref(&topic), &fields, &Facts::default());
            let mut said: Vec<String> = told[0].failed.iter().map(ToString::to_string).collect();
            if told[0].mentioned {
                said.push("mentioned".to_owned());
                found += 1;
            } else {
                missed += 1;
            }
            let passed = told[0].passed.iter();
            said.extend(passed.map(|p| format!("{}: {}", p.found.place.text, p.reason)));
            assert_eq!(columns[1..], said, "{line}");
        }
    }
    assert!(found >= 2 && missed >= 5, "{found} {missed}");
}
