//! `mentiond feeds check`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use serde_json::Value;

use super::Ended;
use crate::server::{self, Reply, bare};
use crate::support::{Home, Item, TOPICS, raw_server, rss, wait_for};

fn configured(feeds: &[(&str, String)], more: &str) -> Home {
    let home = Home::new();
    let mut text = format!("database = \"m.db\"\n{more}\n");
    for (id, url) in feeds {
        let feed = ["[[feed]]\nid = \"", id, "\"\nurl = \"", url, "\"\n"].concat();
        text += &feed;
        text += "allow_private_addresses = true\n";
    }
    home.write_config(&(text + TOPICS));
    home
}

fn document(headers: &str) -> Reply {
    server::ok(headers, rss(&[Item::new("1", "Putin")]).as_bytes())
}

fn answer(head: &str) -> Reply {
    const TYPE: &str = "Content-Type: application/rss+xml\r\n";
    match head.split(' ').nth(1).unwrap_or_default() {
        "/good" => document(&format!("{TYPE}ETag: \"1\"\r\n")),
        "/moved" => bare("301 Moved Permanently", "Location: /good\r\n"),
        "/found" => bare("302 Found", "Location: /good\r\n"),
        "/plain" => document("Content-Type: text/html\r\n"),
        "/empty" => server::ok(
            &format!("{TYPE}ETag: \"1\"\r\n"),
            b"<rss version='2.0'><channel><title>x</title></channel></rss>",
        ),
        "/old" => server::ok(
            &format!("{TYPE}ETag: \"1\"\r\n"),
            b"<rss version='2.0'><channel><title>x</title><item><title>y</title>\
              <pubDate>Thu, 04 Jul 2019 09:20:00 GMT</pubDate></item></channel></rss>",
        ),
        "/page" => server::ok(
            "Content-Type: text/html\r\n",
            b"<html><title>Home</title><link rel=alternate type=application/rss+xml href=/good>",
        ),
        "/gone" => bare("410 Gone", ""),
        _ => bare("404 Not Found", ""),
    }
}

fn problems(line: &Value) -> Vec<&str> {
    let list = line["problems"].as_array().unwrap();
    list.iter()
        .map(|problem| problem["kind"].as_str().unwrap())
        .collect()
}

#[test]
fn each_feed_is_asked_once_and_told_what_is_wrong_with_it() {
    let site = raw_server(answer);
    let names = [
        "good", "moved", "found", "plain", "empty", "old", "page", "gone", "lost",
    ];
    let feeds: Vec<_> = names
        .iter()
        .map(|name| (*name, site.url(&format!("/{name}"))))
        .collect();
    let home = configured(&feeds, "");
    let ended = Ended::of(home.run(&["feeds", "check", "--json"])).code(1);
    assert_eq!(ended.error, "");
    let lines = ended.json();
    let told: Vec<_> = lines
        .iter()
        .map(|line| {
            (
                line["feed"].as_str().unwrap(),
                line["status"].as_str().unwrap(),
                problems(line),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("good", "ok", vec![]),
            ("moved", "ok", vec!["moved"]),
            ("found", "ok", vec![]),
            ("plain", "ok", vec!["content-type", "no-validators"]),
            ("empty", "ok", vec!["no-entries"]),
            ("old", "ok", vec!["stale"]),
            ("page", "not-a-feed", vec!["not-a-feed"]),
            ("gone", "gone", vec!["gone"]),
            ("lost", "status", vec!["status"]),
        ]
    );
    assert_eq!(lines[1]["redirect"], "permanent");
    assert_eq!(lines[1]["moved_to"], site.url("/good"));
    assert_eq!(lines[2]["redirect"], "temporary");
    assert_eq!(lines[0]["redirect"], Value::Null);
    let advice = format!("the page names this feed: {}", site.url("/good"));
    assert!(
        lines[6]["error"].as_str().unwrap().ends_with(&advice),
        "{}",
        lines[6]
    );
    assert!(!home.path("m.db").exists(), "the database is not touched");
    let unconditional = site
        .requests()
        .iter()
        .all(|head| server::header(head, "if-none-match").is_none());
    assert!(unconditional);
}

#[test]
fn a_feed_is_asked_with_its_secrets_and_those_of_sinks_are_not_needed() {
    let site = raw_server(|head| match server::header(head, "authorization") {
        Some("Basic bWU6aHVzaA==") => document(""),
        _ => bare("401 Unauthorized", ""),
    });
    let home = Home::new();
    std::fs::write(home.path("password"), "hush\n").unwrap();
    let feed = format!(
        "database = \"m.db\"\n[[feed]]\nid = \"own\"\nurl = \"{}\"\nallow_private_addresses = true\n\
         basic_auth = {{ user = \"me\", password = {{ file = \"password\" }} }}\n\
         [[sink]]\nid = \"hook\"\ntype = \"webhook\"\nurl = {{ file = \"not-here\" }}\n",
        site.url("/good"),
    );
    home.write_config(&(feed + TOPICS));
    let ended = Ended::of(home.run(&["feeds", "check", "--json"])).code(0);
    assert_eq!(ended.json()[0]["status"], "ok", "{}", ended.out);
    std::fs::remove_file(home.path("password")).unwrap();
    let ended = Ended::of(home.run(&["feeds", "check"])).code(2);
    assert!(ended.error.contains("does not exist"), "{}", ended.error);
}

#[test]
fn a_proxy_that_is_a_secret_is_used_for_pages_too() {
    let site = raw_server(answer);
    let proxy = raw_server(|_| document(""));
    let home = Home::new();
    std::fs::write(home.path("proxy"), proxy.url("")).unwrap();
    home.write_config(&format!(
        "database = \"m.db\"\n[fetch]\nproxy = {{ file = \"proxy\" }}\n{TOPICS}"
    ));
    let url = site.url("/good");
    let private = "--allow-private-addresses";
    Ended::of(home.run(&["inspect", private, &url])).code(0);
    Ended::of(home.run(&["feeds", "add", private, "--dry-run", &url])).code(0);
    assert_eq!(site.requests(), Vec::<String>::new());
    assert_eq!(proxy.requests().len(), 2);
}

#[test]
fn people_get_a_table_and_advice() {
    let site = raw_server(answer);
    let feeds = ["moved", "plain"].map(|name| (name, site.url(&format!("/{name}"))));
    let home = configured(&feeds, "");
    let ended = Ended::of(home.run(&["feeds", "check"])).code(0);
    // What depends on the machine, the day and the length of its name is left out.
    let shown: Vec<String> = ended
        .out
        .replace(&site.url(""), "http://site")
        .replace(" 2.0", "")
        .lines()
        .map(|line| {
            let cells = line.split("  ").filter(|cell| !cell.is_empty());
            let cells = cells.map(|cell| match cell.trim().rsplit_once(' ') {
                Some((_, "ms")) => "TIME",
                Some((_, "B")) => "SIZE",
                _ => cell.trim(),
            });
            cells.collect::<Vec<_>>().join("  ")
        })
        .collect();
    let shown = shown.join("\n");
    insta::assert_snapshot!(shown, @r#"
feed  status  format  charset  entries  newest  hub  size  time
moved  ok, permanent redirect  rss  UTF-8  1  5m ago  -  SIZE  TIME
plain  ok  rss  UTF-8  1  5m ago  -  SIZE  TIME

moved: it has moved permanently: change its URL to http://site/good
plain: it is served as `text/html`, which is not its format's type: other readers may refuse it; tell the publisher
plain: it has neither ETag nor Last-Modified: every poll costs a full download; give it a longer `interval`, or tell the publisher

2 feeds checked, 0 failed; 3 problems
"#);
    let one = Ended::of(home.run(&["feeds", "check", "--json", "plain"])).code(0);
    assert_eq!(one.json().len(), 1);
    let bad = Ended::of(home.run(&["feeds", "check", "plian"])).code(2);
    assert!(bad.error.contains("did you mean `plain`?"), "{}", bad.error);
    Ended::of(home.run(&["feeds", "check", "--concurrency", "0"])).code(2);
}

#[test]
fn json_lines_have_the_documented_keys() {
    let site = raw_server(answer);
    let feeds = ["good", "lost"].map(|name| (name, site.url(&format!("/{name}"))));
    let home = configured(&feeds, "");
    let docs = std::fs::read_to_string("docs/cli.md").unwrap();
    let section = docs.split("## `feeds check --json`").nth(1).unwrap();
    let section = section.split("\nA problem's").next().unwrap();
    let mut documented: Vec<&str> = section
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .collect();
    documented.sort_unstable();
    for line in Ended::of(home.run(&["feeds", "check", "--json"]))
        .code(1)
        .json()
    {
        let mut keys: Vec<_> = line
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        keys.sort_unstable();
        assert_eq!(keys, documented);
    }
}

#[test]
fn one_host_is_asked_by_no_more_than_allowed_at_a_time() {
    let (now, most, all) = (
        Arc::new(AtomicUsize::new(0)),
        Arc::new(AtomicUsize::new(0)),
        Arc::new(AtomicUsize::new(0)),
    );
    let counts = (now.clone(), most.clone(), all.clone());
    let site = raw_server(move |_| {
        let (now, most, all) = &counts;
        let here = now.fetch_add(1, SeqCst) + 1;
        most.fetch_max(here, SeqCst);
        let nth = all.fetch_add(1, SeqCst);
        // The first waits until its neighbour is here too, so that two at a time are really seen.
        if nth < 2 {
            wait_for("the second request", || {
                (all.load(SeqCst) >= 2).then_some(())
            });
        }
        now.fetch_sub(1, SeqCst);
        document("Content-Type: application/rss+xml\r\nETag: \"1\"\r\n")
    });
    let names: Vec<String> = (0..8).map(|n| format!("f{n}")).collect();
    let feeds: Vec<_> = names
        .iter()
        .map(|name| (name.as_str(), site.url(&format!("/{name}"))))
        .collect();
    let home = configured(&feeds, "[fetch]\nper_host = 2\n");
    let lines = home.json(&["feeds", "check", "--json"]);
    let order: Vec<_> = lines
        .iter()
        .map(|line| line["feed"].as_str().unwrap())
        .collect();
    assert_eq!(order, names, "in the configuration's order");
    assert_eq!(most.load(SeqCst), 2);
}
