//! The pages for people.

use serde_json::json;

use crate::client::{Answer, Api, OPEN, Served, items, news};
use crate::support::{Hook, Item, Site, rss};

const LOCKED: &str = "[web]\nenabled = true\nlisten = \"127.0.0.1:0\"\n\
     token = { file = \"token\" }\nread_token = { file = \"read\" }\npassword_hash = { file = \"hash\" }\n";
const TOKENS: &str =
    "[web]\nenabled = true\nlisten = \"127.0.0.1:0\"\ntoken = { file = \"token\" }\n";
const READ: &str = "Authorization: Bearer read-token-0123456789";
const PAGES: [&str; 5] = ["/", "/search", "/alerts", "/silences", "/feeds"];

/// A page that must be there.
pub(crate) fn page(api: &Api, path: &str) -> String {
    let answer = api.get(path);
    assert_eq!(answer.status, 200, "{path}: {answer:?}");
    is_page(&answer);
    answer.body
}

pub(crate) fn is_page(answer: &Answer) {
    assert_eq!(
        answer.header("content-type"),
        Some("text/html; charset=utf-8"),
        "{answer:?}"
    );
    let policy = answer.header("content-security-policy").unwrap();
    for rule in [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "frame-ancestors 'none'",
    ] {
        assert!(policy.contains(rule), "{policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
    // The policy forbids what must not be tried either.
    let body = answer.body.to_lowercase();
    for part in [" style=", " onclick=", "<style", "<script>"] {
        assert!(!body.contains(part), "{part} in {body}");
    }
    assert_eq!(body.matches("<script").count(), 1);
}

/// What stands in the attribute of the first of these tags.
pub(crate) fn attribute<'p>(page: &'p str, before: &str) -> &'p str {
    let rest = page.split_once(before).unwrap_or_else(|| panic!("{page}"));
    rest.1.split('"').next().unwrap()
}

#[test]
fn every_page_is_there_with_what_was_found() {
    let (served, _site, _hook) = Served::with_news(6, OPEN);
    let api = &served.api;
    for path in PAGES {
        let page = page(api, path);
        let current = format!("<a href=\"{path}\" aria-current=\"page\">");
        assert!(page.contains(&current), "{page}");
    }
    let overview = page(api, "/");
    assert!(overview.contains("Putin speaks again on matter 0"));
    assert!(overview.contains("<b data-day>2</b> in 24 h"), "{overview}");
    assert_eq!(overview.matches("<svg class=\"chart\"").count(), 2);
    let narrowed = page(api, "/alerts?topic=sco&state=delivered");
    assert!(!narrowed.contains("Putin speaks"));
    let feeds = page(api, "/feeds");
    assert!(feeds.contains("<code>wire</code>") && feeds.contains("6 entries"));
    let lost = api.with("Accept: text/html,*/*;q=0.8").get("/nothing");
    assert_eq!(lost.status, 404);
    is_page(&lost);
    assert_eq!(
        api.get("/nothing").header("content-type"),
        Some("application/problem+json")
    );
    for wrong in ["/alerts?state=x", "/alerts?cursor=x", "/alerts?topik=sco"] {
        let refused = api.get(wrong);
        assert_eq!(refused.status, 400, "{wrong}");
        is_page(&refused);
    }
}

/// The list goes by time, and the stream by number.
#[test]
fn an_open_overview_is_sent_what_came_after_it_and_nothing_twice() {
    let (served, site, _hook) = Served::with_news(6, OPEN);
    let first = "UPDATE mention SET created_ms = created_ms + 60000
         WHERE id = (SELECT min(id) FROM mention)";
    assert_eq!(served.home.database().execute(first, []).unwrap(), 1);
    let overview = page(&served.api, "/");
    let mut stream = served.api.stream(attribute(&overview, "data-stream=\""));
    let mut more = news(6);
    more.push(Item::new("late", "Putin came late"));
    site.publish("/wire", rss(&more));
    assert_eq!(stream.next().unwrap().data["title"], "Putin came late");
}

#[test]
fn what_waits_for_a_stopped_sink_is_not_due() {
    let (site, hook) = (Site::start(), Hook::deciding(|_| (410, vec![])));
    site.publish("/wire", rss(&[Item::new("1", "Putin speaks")]));
    let served = Served::start(&site, &hook, OPEN);
    served.daemon.wait_for_log("sink stopped");
    let alerts = page(&served.api, "/alerts");
    let waits = "hook: waiting</span> <span class=\"quiet\">the sink is stopped</span>";
    assert!(alerts.contains(waits), "{alerts}");
    let story = format!("/stories/{}", attribute(&alerts, "<a href=\"/stories/"));
    let story = page(&served.api, &story);
    assert!(story.contains(waits), "{story}");
}

#[test]
fn style_and_script_are_kept_for_good_under_the_name_of_their_content() {
    let (served, _site, _hook) = Served::with_news(3, OPEN);
    let api = &served.api;
    let overview = page(api, "/");
    for (before, media) in [
        (
            "<link rel=\"stylesheet\" href=\"",
            "text/css; charset=utf-8",
        ),
        ("<script src=\"", "text/javascript; charset=utf-8"),
    ] {
        let path = attribute(&overview, before);
        let file = api.get(path);
        assert_eq!(
            (file.status, file.header("content-type")),
            (200, Some(media))
        );
        assert!(file.header("cache-control").unwrap().contains("immutable"));
        let tag = file.header("etag").unwrap();
        let again = api.with(&format!("If-None-Match: {tag}")).get(path);
        assert_eq!((again.status, again.body.as_str()), (304, ""));
    }
    assert_eq!(api.get("/static/page.css").status, 404);
}

#[test]
fn a_topic_tells_of_its_spike_for_a_day() {
    let (served, _site, _hook) = Served::with_news(3, OPEN);
    let add = |id: &str, topic: &str, hours: i64| {
        let at = jiff::Timestamp::now().as_millisecond() - hours * 3_600_000;
        let sql = "INSERT INTO alert (id, kind, topic, created_ms, detail)
             VALUES (?1, 'topic.spike', ?2, ?3, '{\"title\": \"far more than usual\"}')";
        let conn = served.home.database();
        conn.execute(sql, rusqlite::params![id, topic, at]).unwrap();
    };
    add("al_old", "sco", 25);
    assert!(!page(&served.api, "/").contains("badge warn"));
    add("al_new", "sco", 2);
    let overview = page(&served.api, "/");
    assert_eq!(overview.matches("badge warn").count(), 1);
    let card = overview.split("data-topic=\"sco\"").nth(1).unwrap();
    let card = card.split("</li>").next().unwrap();
    assert!(
        card.contains("Spike <time") && card.contains("2 h ago"),
        "{card}"
    );
}

#[test]
fn hostile_texts_stay_texts() {
    let (site, hook) = (Site::start(), Hook::start());
    // Unpacked once by XML and once by HTML, it is a text with marks of markup in it.
    let title = "Putin &amp;lt;script&amp;gt;alert(1)&amp;lt;/script&amp;gt; \" onmouseover=\"x";
    site.publish("/wire", rss(&[Item::new("evil", title)]));
    let served = Served::start(&site, &hook, OPEN);
    hook.wait(1);
    let api = &served.api;
    let comment = "</p><img src=x onerror=alert(2)>";
    let wanted = json!({ "pattern": "<b>bold</b>", "until": "1h", "comment": comment });
    assert_eq!(api.post("/api/v1/silences", &wanted).status, 201);
    for path in ["/", "/alerts"] {
        let page = page(api, path);
        assert!(page.contains("Putin &lt;script&gt;alert"), "{page}");
        assert!(!page.contains("<script>alert") && !page.contains("\" onmouseover=\""));
    }
    let silences = page(api, "/silences");
    assert!(silences.contains("&lt;img src=x"), "{silences}");
    assert!(!silences.contains("<img") && !silences.contains("<b>bold"));
}

#[test]
fn a_silence_is_added_and_ended_as_the_page_does_it() {
    let (served, _site, _hook) = Served::with_news(3, OPEN);
    let api = &served.api;
    let own = api
        .with("X-Mentiond: page")
        .with("Sec-Fetch-Site: same-origin")
        .with(&format!("Origin: http://{}", api.address));
    let alerts = page(&own, "/alerts?topic=sco");
    let story = attribute(&alerts, "<option value=\"story\" data-value=\"");
    let wanted = json!({ "story": story, "until": "8h", "comment": "known" });
    assert_eq!(own.post("/api/v1/silences", &wanted).status, 201);
    let listed = page(&own, "/silences");
    assert!(listed.contains("known"), "{listed}");
    let path = attribute(&listed, "data-method=\"DELETE\" data-path=\"");
    assert_eq!(own.ask("DELETE", path, None).status, 200);
    let listed = page(&own, "/silences");
    assert!(!listed.contains("data-method=\"DELETE\"") && listed.contains("known"));
    assert!(items(&api.json("/api/v1/silences")).is_empty());
}

#[test]
fn who_may_only_read_sees_no_buttons_and_who_may_not_is_asked_to_log_in() {
    let (served, _site, _hook) = Served::with_news(3, LOCKED);
    let api = &served.api;
    for path in PAGES {
        let denied = api.get(path);
        assert_eq!(denied.status, 401, "{path}");
        is_page(&denied);
        assert!(denied.body.contains("type=\"password\"") && !denied.body.contains("Putin"));
        let read = page(&api.with(READ), path);
        assert!(!read.contains("<button type=\"button\"") && !read.contains("data-silence"));
    }
    let login = api.post("/api/v1/session", &json!({ "password": "correct horse" }));
    let cookie = login.header("set-cookie").unwrap().split(';').next();
    let known = api.with(&format!("Cookie: {}", cookie.unwrap()));
    let alerts = page(&known, "/alerts");
    assert!(alerts.contains("data-silence") && alerts.contains("data-logout"));
    let foreign = known.with("Sec-Fetch-Site: cross-site").get("/");
    assert_eq!(foreign.status, 403);
    let elsewhere = known.with("Host: evil.example").get("/");
    assert_eq!(elsewhere.status, 421);
}

#[test]
fn without_a_password_nobody_is_asked_for_one() {
    let (served, _site, _hook) = Served::with_news(3, TOKENS);
    let denied = served.api.get("/");
    assert_eq!(denied.status, 401);
    is_page(&denied);
    assert!(!denied.body.contains("<form") && denied.body.contains("password_hash"));
}
