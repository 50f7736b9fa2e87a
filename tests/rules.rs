//! The rules of docs/fetching.md and the defences of docs/security.md are held by tests that exist.

// Helpers may give up as tests do.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::HashSet;
use std::path::Path;

/// The fewest rules that the document may hold.
const FEWEST: usize = 60;

#[test]
fn every_rule_of_the_fetching_document_names_a_test_that_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let document = std::fs::read_to_string(root.join("docs/fetching.md")).unwrap();
    let tests = all_tests(root);
    let mut rules = 0;
    let mut missing = Vec::new();
    for line in document.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let [rule, source, test] = cells[..] else {
            panic!("a row needs three cells: {line}");
        };
        if rule == "rule" {
            continue;
        }
        rules += 1;
        assert!(!source.is_empty(), "no source: {line}");
        let name = test.trim_matches('`').rsplit("::").next().unwrap();
        if !tests.contains(name) {
            missing.push(test.to_owned());
        }
    }
    assert!(missing.is_empty(), "there is no test {missing:#?}");
    assert!(rules >= FEWEST, "only {rules} rules");
}

/// The fewest threats that the document may hold.
const FEWEST_THREATS: usize = 50;

/// Every threat has a defence, and a test or a script that shows it; what none shows says so in words.
#[test]
fn every_threat_of_the_security_document_names_tests_and_files_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let document = std::fs::read_to_string(root.join("docs/security.md")).unwrap();
    let tests = all_tests(root);
    let mut threats = 0;
    let mut missing = Vec::new();
    for line in document.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let [threat, defence, shown] = cells[..] else {
            panic!("a row needs three cells: {line}");
        };
        if threat == "what could happen" {
            continue;
        }
        threats += 1;
        let mut names = 0;
        for name in in_backticks(shown) {
            names += 1;
            let exists = if name.contains('/') {
                root.join(name).exists()
            } else {
                tests.contains(name.rsplit("::").next().unwrap())
            };
            if !exists {
                missing.push(name.to_owned());
            }
        }
        assert!(names > 0, "nothing shows it: {line}");
        for name in in_backticks(defence).filter(|name| name.contains('/')) {
            let is_there = ["", "src/", "src/web/"]
                .iter()
                .any(|folder| root.join(format!("{folder}{name}")).exists());
            if !is_there {
                missing.push(name.to_owned());
            }
        }
    }
    assert!(missing.is_empty(), "there is no {missing:#?}");
    assert!(threats >= FEWEST_THREATS, "only {threats} threats");
}

/// What stands in backticks.
fn in_backticks(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

fn all_tests(root: &Path) -> HashSet<String> {
    let mut tests = HashSet::new();
    collect(&root.join("src"), &mut tests);
    collect(&root.join("tests"), &mut tests);
    tests
}

/// The names of all functions that follow a test attribute or stand in a property test.
fn collect(folder: &Path, tests: &mut HashSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, tests);
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let mut is_test = false;
            for line in text.lines().map(str::trim) {
                if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
                    is_test = true;
                } else if let Some(rest) = line
                    .strip_prefix("fn ")
                    .or_else(|| line.strip_prefix("async fn "))
                    && std::mem::take(&mut is_test)
                {
                    let name = rest.split(['(', '<']).next().unwrap();
                    tests.insert(name.to_owned());
                }
            }
        }
    }
}
