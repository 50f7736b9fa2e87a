//! How well the shipped topics are found in `tests/mentions`: texts in many languages, written and
//! labelled before the matcher was made to find them.
//!
//! `cargo test --test mentions -- --nocapture` prints precision and recall by language and every
//! text that is judged wrongly. A row has the topics that the text mentions, those that a careless
//! matcher would find though it does not, the text, and what is hard about it.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeSet;
use std::path::Path;

use mentiond::config::{self, Environment};
use mentiond::matching::Matcher;
use mentiond::model::Field;

/// What must hold for all languages together.
const OVERALL: f64 = 0.99;
/// What must hold for each.
const EACH: f64 = 0.95;

#[derive(Debug, Default, Clone, Copy)]
struct Score {
    texts: usize,
    right: usize,
    wrong: usize,
    missed: usize,
}

impl Score {
    fn add(&mut self, other: Self) {
        self.texts += other.texts;
        self.right += other.right;
        self.wrong += other.wrong;
        self.missed += other.missed;
    }

    #[allow(clippy::cast_precision_loss)]
    fn precision(self) -> f64 {
        self.right as f64 / (self.right + self.wrong) as f64
    }

    #[allow(clippy::cast_precision_loss)]
    fn recall(self) -> f64 {
        self.right as f64 / (self.right + self.missed) as f64
    }
}

/// The topics of a cell.
fn ids(cell: &str) -> BTreeSet<&str> {
    cell.split(',').filter(|id| *id != "-").collect()
}

fn judge(matcher: &Matcher, labelled: &BTreeSet<&str>, path: &Path) -> (Score, Vec<String>) {
    let language = path.file_stem().unwrap().to_str().unwrap();
    let (mut score, mut failures) = (Score::default(), Vec::new());
    let file = std::fs::read_to_string(path).unwrap();
    for (number, line) in file.lines().enumerate().skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        let [topics, _tempts, text, reason] = cells[..] else {
            panic!("{}:{}: four columns", path.display(), number + 1);
        };
        let expected = ids(topics);
        let mentions = matcher.find_in(&[(Field::Text, text)], Some(language));
        let found = mentions.iter().map(|mention| mention.topic.as_str());
        let found: BTreeSet<&str> = found.filter(|id| labelled.contains(id)).collect();
        score.add(Score {
            texts: 1,
            right: found.intersection(&expected).count(),
            wrong: found.difference(&expected).count(),
            missed: expected.difference(&found).count(),
        });
        for id in found.difference(&expected) {
            let hit = mentions.iter().find(|m| m.topic.as_str() == *id).unwrap();
            let hit = &hit.hits[0];
            failures.push(format!(
                "{language}:{}: {id} is found though not meant, by \"{}\": {text} ({reason})",
                number + 1,
                hit.term
            ));
        }
        for id in expected.difference(&found) {
            failures.push(format!(
                "{language}:{}: {id} is missed: {text} ({reason})",
                number + 1
            ));
        }
    }
    (score, failures)
}

#[test]
fn mentions_in_many_languages_are_found_and_only_those() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let environment = Environment::from_pairs([("HOME", "/nonexistent")]);
    let config = config::load(&root.join("config/mentiond.toml"), &environment).unwrap();
    let matcher = Matcher::compile(&config.topics).unwrap();
    let mut paths: Vec<_> = std::fs::read_dir(root.join("tests/mentions"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    let files: Vec<String> = paths
        .iter()
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect();
    let labelled: BTreeSet<&str> = files
        .iter()
        .flat_map(|file| file.lines().skip(1))
        .flat_map(|line| ids(line.split('\t').next().unwrap()))
        .collect();

    let (mut all, mut failures, mut below) = (Score::default(), Vec::new(), Vec::new());
    println!("language   texts  precision  recall");
    for path in &paths {
        let (score, failed) = judge(&matcher, &labelled, path);
        let language = path.file_stem().unwrap().to_str().unwrap();
        let (precision, recall) = (score.precision(), score.recall());
        println!(
            "{language:9}  {:5}  {precision:9.3}  {recall:6.3}",
            score.texts
        );
        if precision < EACH || recall < EACH {
            below.push(language.to_owned());
        }
        all.add(score);
        failures.extend(failed);
    }
    let (precision, recall) = (all.precision(), all.recall());
    println!(
        "all        {:5}  {precision:9.3}  {recall:6.3}\n",
        all.texts
    );
    for failure in &failures {
        println!("{failure}");
    }
    assert!(all.texts >= 1_500 && paths.len() >= 25);
    assert!(
        precision >= OVERALL && recall >= OVERALL,
        "{precision:.3} {recall:.3}"
    );
    assert!(below.is_empty(), "below {EACH}: {below:?}");
}
