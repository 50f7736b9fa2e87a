//! What was found: topics, feeds, mentions, stories, entries.

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::client::{OPEN, Served, items, news};
use crate::support::{Item, rss, wait_for};

#[test]
fn topics_and_feeds_say_how_they_are() {
    let (served, _site, _hook) = Served::with_news(6, OPEN);
    let topics = served.api.json("/api/v1/topics");
    let told: Vec<_> = items(&topics)
        .iter()
        .map(|t| {
            (
                t["topic"].as_str().unwrap(),
                t["mentions_24h"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(told, [("putin", 2), ("sco", 2)]);
    assert_eq!(items(&topics)[0]["tags"], json!(["leader"]));
    assert!(items(&topics)[0]["last_mention"].is_string());
    let feeds = served.api.json("/api/v1/feeds");
    let feed = &items(&feeds)[0];
    assert_eq!(
        (&feed["feed"], &feed["entries"]),
        (&json!("wire"), &json!(6))
    );
    assert!(feed["next_poll"].is_string() && feed["error"].is_null());
    let failing = served.api.json("/api/v1/feeds?failing=true");
    assert!(items(&failing).is_empty());
}

#[test]
fn a_feed_that_fails_says_why_and_hides_the_secrets_of_its_url() {
    let (served, site, _hook) = Served::with_news(3, OPEN);
    site.publish("/wire", "<html><body>out of order</body></html>");
    let feed = wait_for("the failure", || {
        let feeds = served.api.json("/api/v1/feeds?failing=true");
        items(&feeds).first().cloned()
    });
    assert!(!feed["error"].as_str().unwrap().is_empty() && feed["failures"].as_u64() > Some(0));
    let url = format!("{}?key=hunter2", site.url("/wire"));
    let text = std::fs::read_to_string(served.home.config()).unwrap();
    served
        .home
        .write_config(&text.replace(&site.url("/wire"), &url));
    served.daemon.signal("HUP");
    served.daemon.wait_for_log("configuration reloaded");
    let feeds = served.api.get("/api/v1/feeds");
    assert!(
        feeds.body.contains("/wire\"") && !feeds.body.contains("hunter2"),
        "{}",
        feeds.body
    );
}

#[test]
fn mentions_are_filtered_as_they_are_asked_for() {
    let (served, _site, _hook) = Served::with_news(9, OPEN);
    let found = |query: &str| {
        let mentions = served.api.json(&format!("/api/v1/mentions?{query}"));
        items(&mentions).len()
    };
    assert_eq!(found(""), 6);
    assert_eq!(found("topic=sco"), 3);
    assert_eq!(found("topic=sco&feed=wire&language=en"), 3);
    assert_eq!(found("feed=other"), 0);
    assert_eq!(found("language=ru"), 0);
    assert_eq!(found("since=1h"), 6);
    assert_eq!(found("until=1h"), 0);
    assert_eq!(found("min_score=1"), 6);
    assert_eq!(found("min_score=100"), 0);
    assert_eq!(found("limit=2"), 2);
}

/// Pages go on behind the last item, whatever comes in at the head meanwhile.
#[test]
fn pages_give_each_mention_once_while_new_ones_come_in() {
    let (served, site, hook) = Served::with_news(12, OPEN);
    let mut seen: Vec<i64> = Vec::new();
    let mut path = "/api/v1/mentions?limit=3".to_owned();
    for round in 0.. {
        let answer = served.api.get(&path);
        let page = answer.json();
        seen.extend(items(&page).iter().map(|m| m["id"].as_i64().unwrap()));
        if round == 0 {
            let mut more = news(12);
            more.push(Item::new("late", "Putin came late"));
            site.publish("/wire", rss(&more));
            hook.wait(9);
        }
        let Some(next) = page["next"].as_str() else {
            break;
        };
        path = format!("/api/v1/mentions?limit=3&cursor={next}");
        let link = answer.header("link").unwrap();
        assert_eq!(link, format!("<{path}>; rel=\"next\""));
    }
    let distinct: HashSet<_> = seen.iter().collect();
    assert_eq!((seen.len(), distinct.len()), (8, 8), "{seen:?}");
    assert_eq!(items(&served.api.json("/api/v1/mentions")).len(), 9);
}

#[test]
fn mentions_come_as_csv_by_parameter_and_by_accept() {
    let (served, site, hook) = Served::with_news(3, OPEN);
    site.publish("/wire", rss(&[Item::new("evil", "=cmd, \"Putin\"")]));
    hook.wait(3);
    let by_parameter = served.api.get("/api/v1/mentions?format=csv&limit=2");
    let by_accept = served
        .api
        .with("Accept: text/csv")
        .get("/api/v1/mentions?limit=2");
    assert_eq!(by_parameter.body, by_accept.body);
    let media = by_accept.header("content-type").unwrap();
    assert!(media.starts_with("text/csv"), "{media}");
    assert!(by_accept.header("link").unwrap().ends_with("rel=\"next\""));
    let lines: Vec<&str> = by_accept.body.lines().collect();
    assert!(
        lines[0].starts_with("id,found,topic,score,") && lines.len() == 3,
        "{lines:?}"
    );
    assert!(lines[1].contains("\"'=cmd, \"\"Putin\"\"\""), "{lines:?}");
    let both = served.api.with("Accept: application/json, text/csv");
    assert!(both.json("/api/v1/mentions")["items"].is_array());
}

#[test]
fn a_mention_leads_to_its_story_and_its_entry() {
    let (served, _site, _hook) = Served::with_news(3, OPEN);
    let mention = served.api.json("/api/v1/mentions?topic=putin")["items"][0].clone();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let story = served
        .api
        .json(&format!("/api/v1/stories/{}", text(&mention["story"])));
    assert_eq!(story["sources"][0]["feed"], "wire");
    assert_eq!(story["entries"][0]["entry"], mention["entry"]);
    assert_eq!(story["mentions"][0]["id"], mention["id"]);
    let entry = served
        .api
        .json(&format!("/api/v1/entries/{}", mention["entry"]));
    assert_eq!(entry["title"], mention["title"]);
    assert_eq!(entry["story"], mention["story"]);
    assert_eq!(entry["mentions"][0]["topic"], "putin");
    let nothing = "/api/v1/stories/00000000000000000000000000000000";
    for path in [
        nothing,
        "/api/v1/stories/x",
        "/api/v1/entries/99999",
        "/api/v1/entries/x",
    ] {
        assert_eq!(served.api.get(path).status, 404, "{path}");
    }
}

#[test]
fn what_has_not_changed_is_not_sent_again() {
    let (served, site, hook) = Served::with_news(3, OPEN);
    let path = "/api/v1/mentions";
    let first = served.api.get(path);
    let tag = first.header("etag").unwrap();
    assert!(tag.starts_with("W/\"") && first.header("cache-control") == Some("private, no-cache"));
    let known = served.api.with(&format!("If-None-Match: {tag}"));
    let again = known.get(path);
    assert_eq!((again.status, again.body.as_str()), (304, ""));
    assert_eq!(again.header("etag"), Some(tag));
    let mut more = news(3);
    more.push(Item::new("late", "Putin came late"));
    site.publish("/wire", rss(&more));
    hook.wait(3);
    assert_eq!(known.get(path).status, 200);
}
