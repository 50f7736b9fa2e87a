//! `mentiond inspect`.

use serde_json::Value;

use super::{fed, run};
use crate::support::{Home, Item, rss};

const SAMPLE: &str = "tests/fixtures/astana-2024.rss";

#[test]
fn the_sample_feed_is_shown_as_the_daemon_reads_it() {
    let shown = run(&["inspect", SAMPLE]).code(0);
    assert_eq!(shown.error, "");
    for part in [
        "Kabar Dunia: Internasional | rss | UTF-8 | id | 1 entry",
        "2024-07-04T09:20:00Z  Putin dan Xi Jinping Bertemu di Astana",
        "by GUID",
    ] {
        assert!(shown.out.contains(part), "{}", shown.out);
    }
    let shown = run(&["inspect", "--json", SAMPLE]).code(0).json();
    assert_eq!(shown.len(), 1);
    let document = &shown[0];
    assert_eq!(document["source"], SAMPLE);
    assert_eq!(document["format"], "rss");
    assert_eq!(document["language"], "id");
    assert_eq!(document["ttl_s"], 900);
    assert_eq!(document["error"], Value::Null);
    let entry = &document["entries"][0];
    assert_eq!(entry["published"], "2024-07-04T09:20:00Z");
    assert_eq!(
        entry["canonical_link"],
        "https://kabar.example/internasional/2024/07/04/putin-xi-astana"
    );
    let summary = entry["summary"].as_str().unwrap();
    assert!(
        summary.starts_with("Presiden Rusia Vladimir Putin"),
        "{summary}"
    );
}

fn keys(value: &Value) -> Vec<&str> {
    value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

#[test]
fn json_has_the_same_keys_for_good_and_bad_documents() {
    let home = Home::new();
    let bad = home.path("bad.html");
    std::fs::write(&bad, "<html><title>Not a feed</title></html>").unwrap();
    let shown = run(&["inspect", "--json", SAMPLE, bad.to_str().unwrap()])
        .code(1)
        .json();
    let expected = [
        "charset", "entries", "error", "format", "language", "repairs", "source", "title", "ttl_s",
    ];
    for document in &shown {
        let mut found = keys(document);
        found.sort_unstable();
        assert_eq!(found, expected);
    }
    assert!(shown[1]["error"].as_str().unwrap().contains("an HTML page"));
    assert_eq!(shown[1]["entries"], Value::Array(vec![]));
    let mut entry = keys(&shown[0]["entries"][0]);
    entry.sort_unstable();
    assert_eq!(
        entry,
        [
            "author",
            "canonical_link",
            "content",
            "date_note",
            "guid",
            "key",
            "key_basis",
            "language",
            "link",
            "published",
            "summary",
            "title",
            "updated",
        ]
    );
}

#[test]
fn a_bad_file_among_good_ones_is_told_in_its_place() {
    let home = Home::new();
    let garbage = home.path("garbage");
    std::fs::write(&garbage, vec![0xfe; 100_000]).unwrap();
    let paths = [
        SAMPLE,
        garbage.to_str().unwrap(),
        "/nowhere/feed.xml",
        "tests",
        SAMPLE,
    ];
    let shown = run(&[&["inspect", "--json"][..], &paths].concat())
        .code(1)
        .json();
    let sources: Vec<_> = shown
        .iter()
        .map(|d| d["source"].as_str().unwrap())
        .collect();
    assert_eq!(sources, paths);
    let good: Vec<_> = shown.iter().map(|d| d["error"].is_null()).collect();
    assert_eq!(good, [true, false, false, false, true]);
    let shown = run(&[&["inspect"][..], &paths].concat()).code(1);
    assert_eq!(shown.out.matches("Bertemu di Astana").count(), 2);
    assert!(
        shown.out.contains("/nowhere/feed.xml: can't open it"),
        "{}",
        shown.out
    );
}

#[test]
fn standard_input_is_a_document_too() {
    let mut item = Item::new("1", "Hello");
    item.link = "../a?b=1".into();
    let document = rss(&[item]);
    let args = [
        "inspect",
        "--json",
        "--base",
        "https://news.example/feeds/x.xml",
        "-",
    ];
    let shown = fed(&args, document.as_bytes()).code(0).json();
    assert_eq!(shown[0]["source"], "-");
    assert_eq!(shown[0]["entries"][0]["link"], "https://news.example/a?b=1");
    let empty = fed(&["inspect", "-"], b"").code(1);
    assert!(empty.out.contains("-: the body is empty"), "{}", empty.out);
}

#[test]
fn a_url_of_this_machine_takes_leave() {
    let site = crate::support::Site::start();
    site.publish("/feed", rss(&[Item::new("1", "Hello")]));
    let url = site.url("/feed");
    let refused = run(&["inspect", &url]).code(1);
    assert!(
        refused.out.contains("not a public address"),
        "{}",
        refused.out
    );
    let shown = run(&["inspect", "--allow-private-addresses", &url]).code(0);
    assert!(shown.out.contains("Hello"), "{}", shown.out);
}
