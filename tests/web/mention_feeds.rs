//! A topic's mentions as Atom and JSON Feed.

use mentiond::model::{Document, Timestamp};
use mentiond::parse::{self, Input};
use serde_json::{Value, json};

use crate::client::{OPEN, Served, news};
use crate::support::{Item, rss, wait_for};

const ATOM: &str = "/api/v1/topics/putin/mentions.atom";
const JSON: &str = "/api/v1/topics/putin/mentions.json";

fn read(text: &str, kind: &str) -> Document {
    parse::parse(&Input {
        bytes: text.as_bytes(),
        content_type: Some(kind),
        base: None,
        now: Timestamp::now(),
    })
    .unwrap()
}

#[test]
fn a_reader_finds_each_story_once_in_both_forms() {
    let (served, site, hook) = Served::with_news(6, OPEN);
    let base = format!("http://{}", served.api.address);
    let answer = served.api.get(ATOM);
    assert_eq!(
        answer.header("content-type"),
        Some("application/atom+xml; charset=utf-8")
    );
    assert!(
        answer.body.contains(&format!("href=\"{base}{ATOM}\"")),
        "{answer:?}"
    );
    let atom = read(&answer.body, "application/atom+xml");
    assert_eq!(atom.title, "mentiond: Vladimir Putin");
    assert_eq!(atom.entries.len(), 2);
    let json = served.api.get(JSON);
    assert_eq!(json.header("content-type"), Some("application/feed+json"));
    let json = json.json();
    assert_eq!(json["feed_url"], format!("{base}{JSON}"));
    let listed = json["items"].as_array().unwrap();
    for (item, entry) in listed.iter().zip(&atom.entries) {
        assert_eq!(item["id"].as_str(), entry.guid.as_deref());
        assert_eq!(item["url"].as_str(), entry.link.as_deref());
        assert_eq!(item["title"], entry.title);
        assert_eq!(item["tags"], json!(["Vladimir Putin", "leader"]));
        let content = item["content_html"].as_str().unwrap();
        assert!(content.contains("wire · en · "), "{content}");
    }
    // The same story under another link, with a word more, is no entry of its own.
    let mut more = news(6);
    let known = listed[0]["title"].as_str().unwrap();
    more.push(Item {
        link: listed[0]["url"].as_str().unwrap().to_owned(),
        ..Item::new("again", known)
    });
    more.push(Item::new("new", "Putin goes home"));
    site.publish("/wire", rss(&more));
    hook.wait(5);
    let again = served.api.json(JSON);
    let again = again["items"].as_array().unwrap();
    assert_eq!(
        served.api.json("/api/v1/mentions?topic=putin")["items"]
            .as_array()
            .unwrap()
            .len(),
        4
    );
    assert_eq!(again.len(), 3);
    assert_eq!(again[0]["title"], "Putin goes home");
    assert_eq!(again[1..], listed[..], "what was there stays as it was");
}

#[test]
fn what_strangers_wrote_stays_in_its_place() {
    let (served, site, hook) = Served::with_news(3, OPEN);
    let item = Item {
        summary: "Leaders, and Putin &amp;lt;script&amp;gt;, arrived.".to_owned(),
        ..Item::new("evil", "Summit &lt;/title&gt;&lt;script&gt; &amp;amp; more")
    };
    site.publish("/wire", rss(&[item]));
    hook.wait(3);
    let atom = served.api.get(ATOM).body;
    assert!(
        !atom.contains("<script") && atom.contains("&lt;strong&gt;Putin&lt;/strong&gt;"),
        "{atom}"
    );
    let feed = served.api.json(JSON);
    let content = feed["items"][0]["content_html"].as_str().unwrap();
    assert!(
        !content.contains("<script") && content.contains("<strong>Putin</strong>"),
        "{content}"
    );
}

#[test]
fn what_has_not_changed_is_not_sent_again() {
    let (served, site, hook) = Served::with_news(3, OPEN);
    for path in [ATOM, JSON] {
        let first = served.api.get(path);
        assert_eq!(first.header("cache-control"), Some("private, no-cache"));
        assert!(first.header("vary").unwrap().contains("Authorization"));
        let tag = first.header("etag").unwrap();
        let again = served.api.with(&format!("If-None-Match: {tag}")).get(path);
        assert_eq!((again.status, again.body.as_str()), (304, ""));
        assert_eq!(again.header("etag"), Some(tag));
    }
    let dated = wait_for("a date", || {
        let answer = served.api.get(ATOM);
        answer.header("last-modified").map(str::to_owned)
    });
    let known = served.api.with(&format!("If-Modified-Since: {dated}"));
    assert_eq!(known.get(ATOM).status, 304);
    let mut more = news(3);
    more.push(Item::new("late", "Putin came late"));
    site.publish("/wire", rss(&more));
    hook.wait(3);
    assert_eq!(known.get(ATOM).status, 200);
}

#[test]
fn access_is_that_of_the_api_and_topics_must_be_known() {
    let locked = format!("{OPEN}read_token = {{ file = \"read\" }}\n");
    let (served, _site, _hook) = Served::with_news(3, &locked);
    assert_eq!(served.api.get(ATOM).status, 401);
    let reader = served
        .api
        .with("Authorization: Bearer read-token-0123456789");
    assert_eq!(reader.get(ATOM).status, 200);
    assert_eq!(reader.get(JSON).status, 200);
    let lost = reader.get("/api/v1/topics/puttin/mentions.json");
    assert_eq!(lost.status, 404);
    let detail = lost.json()["detail"].clone();
    let expected = "there is no topic with this id; did you mean `putin`?";
    assert_eq!(detail, Value::from(expected));
    assert_eq!(reader.get("/api/v1/topics/putin/mentions.xml").status, 404);
}
