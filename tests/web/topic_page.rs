//! The pages of a topic and of a story, and the search.

use crate::client::{Api, OPEN, Served};
use crate::page::{self, attribute, is_page};
use crate::support::{Hook, Item, Site, rss};

/// Unpacked once by XML and once by HTML, it is a text with marks of markup in it.
const HOSTILE: &str = "Putin &amp;lt;img src=x onerror=alert(1)&amp;gt; \" onmouseover=\"x";

/// A page that must be there, with its slashes as they are read.
fn page(api: &Api, path: &str) -> String {
    page::page(api, path).replace("&#x2f;", "/")
}

fn refused(api: &Api, path: &str, status: u16) -> String {
    let answer = api.get(path);
    assert_eq!(answer.status, status, "{path}: {answer:?}");
    is_page(&answer);
    answer.body
}

/// The key of the newest story of a topic.
fn story(api: &Api, topic: &str) -> String {
    let mentions = api.json(&format!("/api/v1/mentions?topic={topic}"));
    mentions["items"][0]["story"].as_str().unwrap().to_owned()
}

#[test]
fn a_topic_shows_its_counts_and_its_stories() {
    let (served, _site, _hook) = Served::with_news(9, OPEN);
    let api = &served.api;
    for range in [
        "",
        "?since=24h",
        "?since=7d",
        "?since=365d",
        "?since=all&zone=Asia/Almaty",
    ] {
        let topic = page(api, &format!("/topics/putin{range}"));
        assert!(
            topic.contains("<h1 dir=\"auto\">Vladimir Putin</h1>"),
            "{topic}"
        );
        assert!(
            topic.contains("<dt>Mentions</dt><dd>3</dd>"),
            "{range}: {topic}"
        );
        assert!(topic.contains("Putin speaks again on matter 6") && !topic.contains("SCO has"));
        assert!(topic.contains("<svg class=\"bars\"") && topic.contains("<table>"));
    }
    let topic = page(api, "/topics/putin");
    assert!(
        topic.contains("<a href=\"/search?q=topic%3Aputin+feed%3Awire\"><bdi>wire</bdi></a>"),
        "{topic}"
    );
    assert!(topic.contains("<a href=\"/search?q=topic%3Aputin+lang%3Aen\"><bdi>en</bdi></a>"));
    let key = story(api, "putin");
    assert!(topic.contains(&format!("href=\"/stories/{key}\"")));
    assert!(page(api, "/silences?topic=putin").contains("<option value=\"putin\" selected>"));
    let overview = page(api, "/");
    assert!(
        overview.contains("<a href=\"/topics/sco\" dir=\"auto\">"),
        "{overview}"
    );
    assert!(overview.contains(&format!("href=\"/stories/{key}\"")));
    assert!(refused(api, "/topics/nobody", 404).contains("There is no such topic."));
    for wrong in [
        "zone=Mars/Base",
        "since=soon",
        "by=minute",
        "cursor=x",
        "since=2d&until=3d",
    ] {
        refused(api, &format!("/topics/putin?{wrong}"), 400);
    }
    for span in ["60d", "365d"] {
        let many = refused(api, &format!("/topics/putin?since={span}&by=hour"), 400);
        assert!(many.contains("ask for a shorter"), "{many}");
    }
}

#[test]
fn a_bar_leads_to_the_hour_and_its_stories() {
    let (served, _site, _hook) = Served::with_news(6, OPEN);
    let api = &served.api;
    let mut path = "/topics/putin?since=all&by=month".to_owned();
    for unit in ["week", "day", "hour"] {
        let topic = page(api, &path);
        // The bar that is not empty has a rectangle of that class behind its link.
        let before = topic.split("<rect class=\"bar\"").next().unwrap();
        let link = before.rsplit("<a href=\"").next().unwrap();
        let link = link.split('"').next().unwrap().replace("&amp;", "&");
        assert!(link.starts_with(&format!("?by={unit}&since=")), "{link}");
        path = format!("/topics/putin{link}");
        let closer = page(api, &path);
        assert!(
            closer.contains("Putin speaks again on matter"),
            "{path}: {closer}"
        );
        assert!(closer.contains("<p>From <b>"), "{closer}");
    }
    let hours = page(api, &path);
    assert!(
        !hours.contains("<a href=\"?by=") && !hours.contains("a closer look"),
        "{hours}"
    );
    let before = "/topics/putin?since=2024-07-04&until=2024-07-05";
    let empty = page(api, before);
    assert!(
        empty.contains("None in this span") && empty.contains("<dd>0</dd>"),
        "{empty}"
    );
}

#[test]
fn stories_come_in_pages() {
    let (served, _site, _hook) = Served::with_news(141, OPEN);
    let api = &served.api;
    let first = page(api, "/topics/putin?since=24h");
    let stories = |page: &str| page.matches("<a href=\"/stories/").count();
    assert_eq!(stories(&first), 40);
    let next = first.split("#stories\" rel=\"next\"").next().unwrap();
    let next = next.rsplit("href=\"").next().unwrap().replace("&amp;", "&");
    let second = page(api, &format!("/topics/putin{next}"));
    assert_eq!(stories(&second), 7);
    assert!(!second.contains("rel=\"next\""));
}

#[test]
fn a_spike_is_shown_and_what_is_usual() {
    let (served, _site, _hook) = Served::with_news(3, OPEN);
    let now = jiff::Timestamp::now().as_second() / 900;
    let mut conn = served.home.database();
    let transaction = conn.transaction().unwrap();
    let add = |topic: &str, quarter: i64, n: i64| {
        let sql = "INSERT OR REPLACE INTO series (topic, quarter, mentions, stories) VALUES (?1, ?2, ?3, ?3)";
        transaction
            .execute(sql, rusqlite::params![topic, quarter, n])
            .unwrap();
    };
    for quarter in now - 40 * 96..now - 2 {
        add("", quarter, 40);
        if quarter % 24 == 0 {
            add("sco", quarter, 1);
        }
    }
    for quarter in 0..4 {
        add("sco", now - 3 * 96 + quarter, 15);
    }
    transaction.commit().unwrap();
    let topic = page(&served.api, "/topics/sco");
    assert!(topic.contains("<h2 id=\"spikes\">"), "{topic}");
    assert!(topic.contains("mentions in an hour") && !topic.contains("goes on"));
    assert!(topic.contains("class=\"mark\"") && topic.contains(", spike\""));
    assert!(topic.contains(", usually <b>"), "{topic}");
    let earlier = page(&served.api, "/topics/sco?since=30d&until=10d");
    assert!(!earlier.contains("<h2 id=\"spikes\">"), "{earlier}");
    let overview = page(&served.api, "/");
    let card = overview.split("data-topic=\"sco\"").nth(1).unwrap();
    assert!(card.contains(" in 24 h, usually "), "{card}");
    let young = overview.split("data-topic=\"putin\"").nth(1).unwrap();
    assert!(!young.split("</li>").next().unwrap().contains("usually"));
}

#[test]
fn a_story_says_who_carries_it_and_why_it_was_told() {
    let (site, hook) = (Site::start(), Hook::start());
    let mut item = Item::new("one", "The talks go on");
    item.summary = "In Astana Mr Putin spoke to the SCO.".into();
    site.publish("/wire", rss(&[item]));
    let served = Served::start(&site, &hook, OPEN);
    hook.wait(2);
    let api = &served.api;
    let key = story(api, "putin");
    let path = format!("/stories/{key}");
    let told = page(api, &path);
    assert!(
        told.contains("<h1 dir=\"auto\">The talks go on</h1>"),
        "{told}"
    );
    assert!(
        told.contains("In Astana Mr <mark>Putin</mark> spoke"),
        "{told}"
    );
    assert!(told.contains("<bdi>SCO</bdi> in the summary"), "{told}");
    assert!(told.contains("<a href=\"/topics/sco\" dir=\"auto\">Shanghai Cooperation"));
    assert!(
        told.contains("href=\"https://news.example/one\"") && told.contains("<code>wire</code>")
    );
    assert_eq!(told.matches("<code>al_").count(), 2);
    assert!(told.contains("hook: "), "{told}");
    for unknown in ["x", "00000000000000000000000000000000"] {
        assert!(refused(api, &format!("/stories/{unknown}"), 404).contains("no such story"));
    }
}

#[test]
fn a_search_finds_marks_and_says_what_is_wrong() {
    let (served, _site, _hook) = Served::with_news(75, OPEN);
    let api = &served.api;
    let form = page(api, "/search");
    assert!(
        form.contains("<details open>") && !form.contains("id=\"found\""),
        "{form}"
    );
    let found = page(api, "/search?q=putin+matter");
    assert!(
        found.contains("<mark>Putin</mark> speaks again on <mark>matter</mark>"),
        "{found}"
    );
    assert!(found.contains("value=\"putin matter\"") && found.contains("href=\"/topics/putin\""));
    let stories = |page: &str| page.matches("<a href=\"/stories/").count();
    assert_eq!(stories(&found), 20);
    let next = attribute(&found, "<p><a href=\"").replace("&amp;", "&");
    let second = page(api, &next);
    assert_eq!(stories(&second), 5);
    assert!(!second.contains("rel=\"next\""));
    let best = page(api, "/search?q=topic:sco+summit&order=relevance");
    assert!(
        best.contains("order=relevance&amp;after=20") || best.contains("order=relevance&after=20")
    );
    assert_eq!(stories(&page(api, "/search?q=nobody")), 0);
    let wrong = refused(api, "/search?q=%3Cb%3E+OR+lang:ru", 400);
    assert!(
        wrong.contains("conditions hold for the whole search"),
        "{wrong}"
    );
    assert!(
        wrong.contains("aria-invalid=\"true\"") && wrong.contains("value=\"&lt;b&gt; OR lang:ru\"")
    );
    assert!(wrong.contains("<mark>&lt;b&gt; OR lang:ru</mark>") && !wrong.contains("<b> OR"));
    for path in [
        "/search?q=a&order=best",
        "/search?q=a&after=x",
        "/search?query=a",
    ] {
        refused(api, path, 400);
    }
}

#[test]
fn hostile_and_right_to_left_texts_stay_texts_in_their_direction() {
    let (site, hook) = (Site::start(), Hook::start());
    let mut arabic = Item::new("ar", "قمة شنغهاي: Putin يلتقي شي جين بينغ في أستانا اليوم");
    arabic.summary = "قال Putin إن القمة في أستانا كانت ناجحة للغاية".into();
    let mut evil = Item::new("evil", HOSTILE);
    evil.summary = "&amp;lt;script&amp;gt;alert(2)&amp;lt;/script&amp;gt; said Putin".into();
    site.publish("/wire", rss(&[evil, arabic]));
    let served = Served::start(&site, &hook, OPEN);
    hook.wait(2);
    let api = &served.api;
    let mentions = api.json("/api/v1/mentions?topic=putin");
    let mut paths: Vec<String> = mentions["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|mention| format!("/stories/{}", mention["story"].as_str().unwrap()))
        .collect();
    paths.extend([
        "/topics/putin".to_owned(),
        "/search?q=putin".to_owned(),
        "/".to_owned(),
    ]);
    let mut seen = 0;
    for path in paths {
        let page = page(api, &path);
        assert!(
            !page.contains("<img") && !page.contains("<script>alert"),
            "{path}: {page}"
        );
        assert!(!page.contains("\" onmouseover=\""), "{path}: {page}");
        for title in page.split("<p class=\"title\" ").skip(1) {
            assert!(title.starts_with("dir=\"auto\" lang=\""), "{path}: {title}");
        }
        seen += page.matches("lang=\"ar\"").count();
    }
    assert!(seen >= 3, "{seen}");
}

/// The page of a topic that has left the configuration is there for as long as it was counted.
#[test]
fn a_topic_that_was_removed_is_still_known() {
    let (served, _site, _hook) = Served::with_news(3, OPEN);
    let Served { home, daemon, .. } = served;
    assert!(daemon.stop().success());
    let text = std::fs::read_to_string(home.config()).unwrap();
    let (before, rest) = text.split_once("[[topic]]\nid = \"putin\"").unwrap();
    let (_, rest) = rest.split_once("[[topic]]").unwrap();
    home.write_config(&format!("{before}[[topic]]{rest}"));
    let served = Served::run(home);
    let topic = page(&served.api, "/topics/putin");
    assert!(
        topic.contains("not in the configuration any more"),
        "{topic}"
    );
    assert!(topic.contains("Putin speaks again") && !topic.contains("/silences?topic="));
}
