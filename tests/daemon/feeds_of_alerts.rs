//! Sinks that are feeds, served by the daemon.

use mentiond::model::{Document, Timestamp};
use mentiond::parse::{self, Input};
use reqwest::header::{CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use reqwest::{Method, Response};
use serde_json::Value;

use crate::support::{Home, Item, Running, Site, TOPICS, feed, rss, runtime, wait_for};

const TOKEN: &str = "quite-a-long-token";

/// A home with an open feed `desk` and one behind a token, `closed`, of one topic.
fn home(site: &Site) -> Home {
    let home = Home::new();
    std::fs::write(home.path("token"), TOKEN).unwrap();
    home.write_config(&format!(
        "database = \"m.db\"\n[web]\nlisten = \"127.0.0.1:0\"\n[schedule]\ninterval = \"200ms\"\nmin_interval = \"1ms\"\n{}\
         [[sink]]\nid = \"desk\"\ntype = \"feed\"\nentries = 2\n\
         [[sink]]\nid = \"closed\"\ntype = \"feed\"\ntopics = [\"sco\"]\ntoken = {{ file = \"token\" }}\n{TOPICS}",
        feed("wire", &site.url("/feed"), "")
    ));
    home
}

fn address(daemon: &Running) -> String {
    let line = daemon.wait_for_log("listening on ");
    let rest = line.split("listening on ").nth(1).unwrap();
    format!("http://{}", rest.split_whitespace().next().unwrap())
}

fn ask(method: Method, url: &str, known: Option<&str>) -> Response {
    // Another test may have done so.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::new();
    let mut request = client.request(method, url);
    if let Some(known) = known {
        request = request.header(IF_NONE_MATCH, known);
    }
    runtime().block_on(request.send()).unwrap()
}

fn get(url: &str) -> (u16, String) {
    let answer = ask(Method::GET, url, None);
    let status = answer.status().as_u16();
    (status, runtime().block_on(answer.text()).unwrap())
}

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
fn a_reader_finds_the_newest_alerts_in_both_forms() {
    let site = Site::start();
    let item = |n: u32| Item {
        summary: "Leaders, and Putin &amp;lt;too&amp;gt;, arrived.".to_owned(),
        ..Item::new(
            &n.to_string(),
            &format!("Summit &lt;{n}&gt; &amp;amp; more"),
        )
    };
    site.publish("/feed", rss(&[item(1)]));
    let home = home(&site);
    let daemon = home.start();
    let base = address(&daemon);
    let url = format!("{base}/feeds/desk.atom");
    let titles = |text: &str| -> Vec<String> {
        let entries = read(text, "application/atom+xml").entries;
        entries.into_iter().map(|entry| entry.title).collect()
    };
    wait_for("the first alert", || {
        (titles(&get(&url).1).len() == 1).then_some(())
    });
    for n in 2..=3 {
        site.publish("/feed", rss(&[item(n)]));
        let wanted = home_title(n);
        wait_for("the next alert", || {
            let found = titles(&get(&url).1);
            (found.first() == Some(&wanted)).then_some(())
        });
    }
    let (status, atom) = get(&url);
    assert_eq!(status, 200);
    assert_eq!(
        titles(&atom),
        [home_title(3), home_title(2)],
        "no more than `entries`"
    );
    assert!(atom.contains(&format!("href=\"{url}\"")), "{atom}");
    assert!(
        atom.contains("&lt;strong&gt;Putin&lt;/strong&gt;"),
        "{atom}"
    );

    let (status, json) = get(&format!("{base}/feeds/desk.json"));
    assert_eq!(status, 200);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["version"], "https://jsonfeed.org/version/1.1");
    let items = json["items"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    assert_eq!(items[0]["url"], "https://news.example/3");
    assert_eq!(
        items[0]["tags"],
        serde_json::json!(["Vladimir Putin", "leader"])
    );
    assert_eq!(items[0]["language"], "en");
    let ids: Vec<_> = read(&atom, "application/atom+xml")
        .entries
        .into_iter()
        .filter_map(|entry| entry.guid)
        .collect();
    assert_eq!(items[0]["id"], ids[0]);
    assert_eq!(items[1]["id"], ids[1]);
    let alerts = home.json(&["alerts", "--json"]);
    assert!(
        alerts.iter().all(|alert| alert["state"] == "delivered"),
        "{alerts:?}"
    );
    assert!(daemon.stop().success());
}

/// The title as our parser gives it.
fn home_title(n: u32) -> String {
    format!("Summit <{n}> & more")
}

#[test]
fn who_has_it_gets_304_and_who_has_no_token_finds_nothing() {
    let site = Site::start();
    site.publish("/feed", rss(&[Item::new("1", "Putin at the SCO")]));
    let home = home(&site);
    let daemon = home.start();
    let base = address(&daemon);
    let closed = format!("{base}/feeds/closed/{TOKEN}.atom");
    wait_for("the alert", || {
        get(&closed).1.contains("Putin at the SCO").then_some(())
    });

    let first = ask(Method::GET, &closed, None);
    assert_eq!(
        first.headers()[CONTENT_TYPE],
        "application/atom+xml; charset=utf-8"
    );
    assert_eq!(first.headers()["cache-control"], "private, max-age=60");
    let tag = first.headers()[ETAG].to_str().unwrap().to_owned();
    let body = runtime().block_on(first.text()).unwrap();
    let head = ask(Method::HEAD, &closed, None);
    assert_eq!(head.status(), 200);
    assert_eq!(head.headers()[ETAG], tag.as_str());
    assert_eq!(
        head.headers()["content-length"],
        body.len().to_string().as_str()
    );
    let known = ask(Method::GET, &closed, Some(&tag));
    assert_eq!(known.status(), 304);
    assert_eq!(runtime().block_on(known.text()).unwrap(), "");

    let nothing = get(&format!("{base}/feeds/none.atom"));
    assert_eq!(nothing.0, 404);
    for path in [
        "closed.atom",
        "closed.json",
        "closed/other-than-the-token.atom",
        "closed/.atom",
        "desk/quite-a-long-token.atom",
        "closed/quite-a-long-token",
        "closed/quite-a-long-token.xml",
        "desk",
    ] {
        assert_eq!(get(&format!("{base}/feeds/{path}")), nothing, "{path}");
    }
    assert_eq!(ask(Method::POST, &closed, None).status(), 405);
    let checked = home.ok(&["check"]);
    assert!(
        checked.contains("feed at /feeds/closed/[secret].atom and .json"),
        "{checked}"
    );
    let shown = home.ok(&["sinks", "render", "closed"]);
    assert!(
        shown.contains("<title>Test alert from mentiond</title>"),
        "{shown}"
    );
    let all = format!("{}{shown}{}", daemon.log().join("\n"), home.ok(&["sinks"]));
    assert!(!all.contains(TOKEN), "{all}");
    assert!(daemon.stop().success());
}

#[test]
fn a_reload_brings_feeds_where_there_is_a_listener_and_says_so_where_there_is_none() {
    let site = Site::start();
    site.publish("/feed", rss(&[Item::new("1", "Putin at the SCO")]));
    let home = home(&site);
    let daemon = home.start();
    let base = address(&daemon);
    let text = std::fs::read_to_string(home.config()).unwrap();
    let more = "[[sink]]\nid = \"late\"\ntype = \"feed\"\n";
    assert_eq!(get(&format!("{base}/feeds/late.atom")).0, 404);
    home.write_config(&format!("{text}{more}"));
    daemon.signal("HUP");
    wait_for("the late feed", || {
        (get(&format!("{base}/feeds/late.atom")).0 == 200).then_some(())
    });
    assert!(daemon.stop().success());

    let (before, after) = text.split_once("[[sink]]").unwrap();
    let after = &after[after.find("[[topic]]").unwrap()..];
    home.write_config(&format!("{before}{after}"));
    let daemon = home.start();
    daemon.wait_for_log(" ready");
    home.write_config(&format!("{before}{more}{after}"));
    daemon.signal("HUP");
    daemon.wait_for_log("they are served when the daemon is started again");
    assert!(daemon.stop().success());
}
