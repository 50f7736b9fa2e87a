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
        "Kabar Dunia: Internasional | rss",
        " | UTF-8 | id | 1 entry",
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

/// The keys in the first table after `from` in the documentation.
fn documented(from: &str, before: &str) -> Vec<String> {
    let docs = std::fs::read_to_string("docs/cli.md").unwrap();
    let after = docs.split(from).nth(1).unwrap();
    let rows = after.lines().skip_while(|line| !line.starts_with(before));
    let rows = rows.take_while(|line| line.starts_with('|'));
    let mut keys: Vec<String> = rows
        .filter_map(|line| line.strip_prefix(before)?.split('`').next())
        .map(str::to_owned)
        .collect();
    keys.sort_unstable();
    keys
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
    let expected = documented("## `inspect --json`", "| `");
    for document in &shown {
        let mut found = keys(document);
        found.sort_unstable();
        assert_eq!(found, expected);
    }
    assert!(shown[1]["error"].as_str().unwrap().contains("an HTML page"));
    assert_eq!(shown[1]["entries"], Value::Array(vec![]));
    // The entry's keys stand in a table of their own behind the others.
    let mut entry = keys(&shown[0]["entries"][0]);
    entry.sort_unstable();
    assert_eq!(entry, documented("| entry key |", "| `"));
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
    assert_eq!(empty.out, "-: the document is empty\n");
}

#[test]
fn a_page_instead_of_a_feed_names_the_feeds_it_links_to() {
    let home = Home::new();
    let page = home.path("page.html");
    let link = "<LINK rel='alternate' TYPE=application/atom+xml href='../atom'>";
    std::fs::write(&page, format!("<html><title>News</title>{link}")).unwrap();
    let page = page.to_str().unwrap();
    let args = ["inspect", "--base", "https://news.example/a/b/", page];
    let shown = run(&args).code(1);
    let named = "; the page names this feed: https://news.example/a/atom";
    assert!(shown.out.trim_end().ends_with(named), "{}", shown.out);
}

#[test]
fn people_see_how_a_document_was_read_and_what_it_asks_for() {
    let document = "<?xml version='1.0' encoding='windows-1251'?><rss version='2.0'><channel>\
        <title>T</title><link>https://news.example/</link><ttl>60</ttl>\
        <item><title>One</title><guid>same</guid><link>https://news.example/1</link></item>\
        <item><title>Two</title><guid>same</guid><link>https://news.example/2</link></item>\
        <item><title>Three</title><guid>3</guid><pubDate>Thu, 04 Jul 2024 09:20:00 GMT</pubDate></item>\
        <item><title>Four</title></item></channel></rss>";
    let shown = fed(&["inspect", "-"], document.as_bytes()).code(0);
    for part in [
        "asks for 1h between two polls (ttl)",
        "by link, for its GUID is not its own",
        "by GUID 3",
        "by text",
        "(missing date)  One",
        "2024-07-04T09:20:00Z  Three",
        "charset windows-1251 by ",
    ] {
        assert!(shown.out.contains(part), "{part}: {}", shown.out);
    }
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
    assert!(
        refused.out.contains("add --allow-private-addresses"),
        "{}",
        refused.out
    );
    let shown = run(&["inspect", "--allow-private-addresses", &url]).code(0);
    assert!(shown.out.contains("Hello"), "{}", shown.out);
}
