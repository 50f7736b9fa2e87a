//! `mentiond feeds add` and `remove`.

use std::os::unix::fs::PermissionsExt;

use mentiond::model::Timestamp;

use super::Ended;
use crate::server::{self, Reply, Server, bare};
use crate::support::{Home, Item, TOPICS, raw_server, rss};

/// A home whose configuration includes `feeds/*.toml`, where there is none yet.
pub fn home() -> Home {
    let home = Home::new();
    home.write_config(&format!(
        "# Mine.\ninclude = [\"feeds/*.toml\"] # all\ndatabase = \"m.db\"\n{TOPICS}"
    ));
    home
}

pub fn own(home: &Home) -> String {
    std::fs::read_to_string(home.path("feeds/own.toml")).unwrap_or_default()
}

/// A server with a page at `/` and documents elsewhere.
fn site(pages: &'static [(&'static str, &'static str)]) -> Server {
    raw_server(move |head| {
        let path = head.split(' ').nth(1).unwrap_or_default();
        match pages.iter().find(|(known, _)| *known == path) {
            Some((_, "feed")) => feed(path),
            Some((_, "throttled")) => bare("429 Too Many Requests", "Retry-After: 9\r\n"),
            Some((_, page)) => server::ok("Content-Type: text/html\r\n", page.as_bytes()),
            None => bare("404 Not Found", ""),
        }
    })
}

fn feed(path: &str) -> Reply {
    let items = [Item::new("1", "Putin"), Item::new("2", "Other")];
    let document = rss(&items).replace("Test feed", &format!("News of {path}"));
    server::ok(
        "Content-Type: application/rss+xml\r\nETag: \"1\"\r\n",
        document.as_bytes(),
    )
}

fn add(home: &Home, args: &[&str]) -> Ended {
    let all = [&["feeds", "add", "--allow-private-addresses"][..], args].concat();
    Ended::of(home.run(&all))
}

fn paths(server: &Server) -> Vec<String> {
    let requests = server.requests();
    let path = |request: &String| request.split(' ').nth(1).unwrap_or_default().to_owned();
    requests.iter().map(path).collect()
}

#[test]
fn a_feed_is_added_to_a_new_file_and_polled_from_there() {
    let site = site(&[("/feed", "feed")]);
    let home = home();
    let url = site.url("/feed");
    let ended = add(
        &home,
        &[
            &url,
            "--id",
            "wire",
            "--tag",
            "a",
            "--tag",
            "b",
            "--language",
            "ru",
        ],
    );
    let ended = ended.code(0);
    assert!(
        ended.out.starts_with("added `wire` (News of /feed) to "),
        "{}",
        ended.out
    );
    let shown = own(&home).replace(&url, "URL");
    insta::assert_snapshot!(shown, @r#"
# Feeds added by `mentiond feeds add` and `mentiond feeds import`.

[[feed]]
id = "wire"
url = "URL"
name = "News of /feed"
language = "ru"
tags = ["a", "b"]
allow_private_addresses = true
"#);
    let mode = std::fs::metadata(home.path("feeds/own.toml"))
        .unwrap()
        .permissions();
    assert_eq!(mode.mode() & 0o777, 0o644);
    let polled = home.json(&["poll", "--json"]);
    assert_eq!(polled[0]["feed"], "wire");
    assert_eq!(polled[0]["status"], "ok");
}

#[test]
fn a_feed_that_is_configured_already_is_not_added_again() {
    let site = site(&[
        ("/feed", "feed"),
        (
            "/",
            "<html><link rel=alternate type=application/rss+xml href=/feed?utm_source=page>",
        ),
    ]);
    let home = home();
    add(&home, &[&site.url("/feed"), "--id", "wire"]).code(0);
    let before = own(&home);
    site.forget();
    let again = add(&home, &[&site.url("/feed?utm_source=x#top")]).code(0);
    assert!(
        again.out.starts_with("configured already as `wire`"),
        "{}",
        again.out
    );
    assert_eq!(paths(&site), Vec::<String>::new());
    assert_eq!(own(&home), before);
}

#[test]
fn a_page_leads_to_the_feed_that_it_declares() {
    let site = site(&[
        (
            "/",
            "<!doctype html><HEAD><base href='/x/'><LINK TYPE='Application/RSS+XML' REL=alternate HREF=news.xml></HEAD>",
        ),
        ("/x/news.xml", "feed"),
    ]);
    let home = home();
    let ended = add(&home, &[&site.url("/")]).code(0);
    assert!(
        ended.out.contains(&site.url("/x/news.xml")),
        "{}",
        ended.out
    );
    assert_eq!(ended.error, "", "nothing was guessed");
    assert_eq!(paths(&site), ["/", "/x/news.xml"]);
}

#[test]
fn of_several_feeds_one_must_be_chosen() {
    let site = site(&[
        (
            "/",
            "<html><link rel=alternate type=application/rss+xml href=/a><link rel=alternate type=application/atom+xml href=/gone>\
             <link rel=alternate type=application/rss+xml href=/b><a href=/c.rss>",
        ),
        ("/a", "feed"),
        ("/b", "feed"),
        ("/c.rss", "feed"),
    ]);
    let home = home();
    let url = site.url("/");
    let asked = add(&home, &[&url]).code(2);
    let today = Timestamp::now().to_string()[..10].to_owned();
    let table = asked
        .out
        .replace(&site.url(""), "http://site")
        .replace(&today, "TODAY");
    insta::assert_snapshot!(table, @r#"
#  title       entries  newest      format   found                 url
1  News of /a  2        TODAY  rss 2.0  declared by the page  http://site/a
2  News of /b  2        TODAY  rss 2.0  declared by the page  http://site/b
"#);
    assert!(
        asked
            .error
            .contains("2 feeds found: choose one with --choose N"),
        "{}",
        asked.error
    );
    assert_eq!(own(&home), "");
    add(&home, &[&url, "--choose", "3"]).code(2);
    add(&home, &[&url, "--choose", "0"]).code(2);
    add(&home, &[&url, "--choose", "2", "--id", "second"]).code(0);
    assert!(own(&home).contains(&format!("url = \"{}\"", site.url("/b"))));
    // The other one is the only one left.
    let rest = add(&home, &[&url, "--id", "first"]).code(0);
    assert!(
        rest.error.contains("is configured already as `second`"),
        "{}",
        rest.error
    );
    assert!(own(&home).contains(&format!("url = \"{}\"", site.url("/a"))));
    let none = add(&home, &[&url]).code(0);
    assert!(
        none.out.starts_with("configured already as"),
        "{}",
        none.out
    );
}

#[test]
fn links_that_look_like_feeds_are_tried_when_nothing_is_declared() {
    let site = site(&[
        (
            "/",
            "<p><a href='/about'>x</a><a href='/news/rss.xml'>RSS</a>",
        ),
        ("/news/rss.xml", "feed"),
    ]);
    let home = home();
    add(&home, &[&site.url("/")]).code(0);
    assert_eq!(paths(&site), ["/", "/news/rss.xml"]);
}

#[test]
fn common_paths_are_tried_last_one_by_one_and_told() {
    let pages = [
        ("/blog/", "<html><p>x"),
        ("/rss.xml", "feed"),
        ("/feed.xml", "feed"),
    ];
    let site = site(Box::leak(Box::new(pages)));
    let home = home();
    let ended = add(&home, &[&site.url("/blog/"), "--dry-run"]).code(0);
    assert_eq!(paths(&site), ["/blog/", "/feed", "/rss", "/rss.xml"]);
    let tried = format!(
        "nothing named a feed, so common paths were tried: {} {} {}",
        site.url("/feed"),
        site.url("/rss"),
        site.url("/rss.xml")
    );
    assert!(ended.error.contains(&tried), "{}", ended.error);
    assert!(ended.out.contains("[[feed]]\nid = "), "{}", ended.out);
    assert!(!home.path("feeds").exists(), "a dry run writes nothing");
}

#[test]
fn a_server_that_asks_for_patience_is_not_guessed_at() {
    let site = site(&[
        ("/", "<html><p>x"),
        ("/feed", "throttled"),
        ("/rss", "feed"),
    ]);
    let home = home();
    let ended = add(&home, &[&site.url("/")]).code(1);
    assert_eq!(paths(&site), ["/", "/feed"]);
    assert!(
        ended.error.contains("no feed was found behind"),
        "{}",
        ended.error
    );
    assert!(
        ended.error.contains("it asks for fewer requests"),
        "{}",
        ended.error
    );
}

#[test]
fn a_known_site_is_asked_where_it_has_its_feeds() {
    let site = site(&[("/@someone.rss", "feed"), ("/@someone", "<html>")]);
    let home = home();
    add(&home, &[&site.url("/@someone")]).code(0);
    assert_eq!(paths(&site), ["/@someone.rss"]);
}

#[test]
fn a_private_address_takes_leave_and_the_refusal_names_the_option() {
    let site = site(&[("/feed", "feed")]);
    let home = home();
    let url = site.url("/feed");
    let refused = Ended::of(home.run(&["feeds", "add", &url])).code(1);
    assert!(
        refused.error.contains("--allow-private-addresses"),
        "{}",
        refused.error
    );
    assert_eq!(paths(&site), Vec::<String>::new());
}

#[test]
fn a_feed_that_has_moved_for_good_is_added_where_it_is_now() {
    let site = raw_server(|head| match head.split(' ').nth(1) {
        Some("/old") => bare("301 Moved Permanently", "Location: /new\r\n"),
        Some("/new") => feed("/new"),
        _ => bare("404 Not Found", ""),
    });
    let home = home();
    add(&home, &[&site.url("/old")]).code(0);
    assert!(own(&home).contains(&site.url("/new")), "{}", own(&home));
}

#[test]
fn a_file_keeps_its_comments_and_its_mode() {
    let site = site(&[("/feed", "feed")]);
    let home = home();
    std::fs::create_dir(home.path("feeds")).unwrap();
    let path = home.path("feeds/mine.toml");
    let text = "# Hand made.\n[[feed]]\nurl = 'https://a.example/rss' # the first\n\n# The end.\n";
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    add(
        &home,
        &[
            &site.url("/feed"),
            "--file",
            "feeds/mine.toml",
            "--id",
            "wire",
        ],
    )
    .code(0);
    let now = std::fs::read_to_string(&path).unwrap();
    assert!(
        now.starts_with("# Hand made.\n[[feed]]\nurl = 'https://a.example/rss' # the first\n"),
        "{now}"
    );
    assert!(
        now.ends_with("# The end.\n") && now.contains("id = \"wire\""),
        "{now}"
    );
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let left: Vec<_> = std::fs::read_dir(home.path("feeds")).unwrap().collect();
    assert_eq!(left.len(), 1, "no temporary file stays");
    home.ok(&["feeds", "remove", "wire"]);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
}

#[test]
fn a_link_to_a_file_stays_a_link() {
    let site = site(&[("/feed", "feed")]);
    let home = home();
    std::fs::create_dir(home.path("feeds")).unwrap();
    std::fs::write(home.path("elsewhere.toml"), "# Elsewhere.\n").unwrap();
    std::os::unix::fs::symlink("../elsewhere.toml", home.path("feeds/own.toml")).unwrap();
    add(&home, &[&site.url("/feed")]).code(0);
    let link = std::fs::symlink_metadata(home.path("feeds/own.toml")).unwrap();
    assert!(link.is_symlink());
    let text = std::fs::read_to_string(home.path("elsewhere.toml")).unwrap();
    assert!(text.starts_with("# Elsewhere.\n\n[[feed]]\n"), "{text}");
}

#[test]
fn a_file_that_is_not_included_is_not_made() {
    let site = site(&[("/feed", "feed")]);
    let home = Home::new();
    home.write_config(&format!("database = \"m.db\"\n{TOPICS}"));
    let ended = add(&home, &[&site.url("/feed")]).code(2);
    assert!(
        ended
            .error
            .contains("does not include feeds/own.toml: add \"feeds/own.toml\" to its `include`"),
        "{}",
        ended.error
    );
    assert!(!home.path("feeds").exists());
    // The main file itself is always read.
    add(
        &home,
        &[
            &site.url("/feed"),
            "--file",
            "mentiond.toml",
            "--id",
            "wire",
        ],
    )
    .code(0);
    assert!(
        std::fs::read_to_string(home.config())
            .unwrap()
            .contains("id = \"wire\"")
    );
}

#[test]
fn a_change_that_would_break_the_configuration_is_undone() {
    let site = site(&[("/feed", "feed")]);
    let home = home();
    let url = site.url("/feed");
    add(&home, &[&url, "--id", "wire"]).code(0);
    let before = own(&home);
    let other = site.url("/feed?2");
    let site = raw_server(|_| feed("/any"));
    let other = other.replace(&other[..other.rfind('/').unwrap()], &site.url(""));
    let ended = add(&home, &[&other, "--interval", "1s"]).code(2);
    assert!(
        ended
            .error
            .contains("`interval` is shorter than `min_interval`"),
        "{}",
        ended.error
    );
    assert!(ended.error.contains("is left as it was"), "{}", ended.error);
    assert_eq!(own(&home), before);
    add(&home, &[&other, "--id", "wire"]).code(2);
    add(&home, &[&other, "--language", "english"]).code(2);
    add(&home, &["ftp://a.example/"]).code(2);
    add(&home, &["https://u:hunter2@a.example/"]).code(2);
    assert_eq!(own(&home), before);
}

#[test]
fn a_poll_that_meets_a_page_names_the_feeds_of_the_page() {
    let site = site(&[(
        "/",
        "<html><title>x</title><link rel=alternate type=application/rss+xml href=/rss>",
    )]);
    let home = home();
    home.write_config(&format!(
        "database = \"m.db\"\n[[feed]]\nid = \"wire\"\nurl = \"{}\"\nallow_private_addresses = true\n{TOPICS}",
        site.url("/")
    ));
    let line = &home.json(&["poll", "--json"])[0];
    assert_eq!(line["status"], "not-a-feed");
    let named = format!("the page names this feed: {}", site.url("/rss"));
    assert!(line["error"].as_str().unwrap().ends_with(&named), "{line}");
}
