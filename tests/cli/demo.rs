//! `mentiond demo`.

use std::collections::BTreeSet;

use super::run;
use crate::support::Home;

#[test]
fn the_demo_shows_many_topics_in_many_languages_and_leaves_what_was_asked_for() {
    let home = Home::new();
    let folder = home.path("demo");
    let ended = run(&["demo", "--keep", folder.to_str().unwrap()]).code(0);
    assert_eq!(ended.error, "");
    let summary = ended
        .out
        .lines()
        .find(|l| l.contains(" verified, in "))
        .unwrap();
    let numbers: Vec<usize> = summary.split(' ').filter_map(|n| n.parse().ok()).collect();
    assert!(numbers[1] >= 10, "topics: {summary}");
    assert!(numbers[2] >= 8, "languages: {summary}");
    assert!(summary.contains("all verified"), "{summary}");
    assert!(!ended.out.contains("NOT VERIFIED"), "{}", ended.out);
    assert!(
        !ended.out.contains('\u{1b}'),
        "a pipe gets no escape sequences"
    );

    let config = folder.join("mentiond.toml");
    let config = config.to_str().unwrap();
    assert!(
        ended
            .out
            .contains(&format!("mentiond --config {config} mentions"))
    );
    let mentions = run(&["--config", config, "mentions", "--json", "--limit", "1000"]).code(0);
    let topics: BTreeSet<_> = mentions
        .json()
        .iter()
        .map(|m| m["topic"].as_str().unwrap().to_owned())
        .collect();
    assert!(topics.len() >= 10, "{topics:?}");
    assert!(
        run(&["-c", config, "mentions", "--topic", "sco"])
            .code(0)
            .out
            .contains("sco")
    );
    run(&["-c", config, "alerts"]).code(0);
    run(&["-c", config, "check"]).code(0);
}

#[test]
fn a_folder_that_cannot_be_made_is_an_error() {
    let ended = run(&["demo", "--keep", "/proc/demo"]).code(1);
    assert!(
        ended.error.contains("can't make the folder /proc/demo"),
        "{}",
        ended.error
    );
}
