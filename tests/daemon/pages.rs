//! The pages behind entries: read for what the feed does not say, and as politely as feeds.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use crate::press::{Answer, Asked, Press, most_at_a_time};
use crate::support::{Home, Hook, Item, feed, rss, wait_for};

/// The pages of these tests all have one text, and each is to be told.
const OFTEN: &str =
    "[dedup]\nnear_duplicates = false\n[schedule]\ninterval = \"200ms\"\nmin_interval = \"1ms\"\n";
const ALWAYS: &str = "full_text = \"always\"";

/// A page as sites have them: menus and teasers around what it is about.
fn page(story: &str) -> String {
    let filler = "<p>The delegations spoke about trade, transport and water for most of the day, \
         and nobody outside the hall could tell for how long that would go on.</p>"
        .repeat(4);
    format!(
        "<html lang=en><head><title>The day's news</title></head><body>\
         <nav><ul><li><a href=/>Home</a></li><li><a href=/sco>SCO</a></li></ul></nav>\
         <article><h1>The day's news</h1>{filler}<p>{story}</p>{filler}</article>\
         <aside><h3>Read also</h3><ul><li><a href=/x>SCO summit: all about it</a></li></ul></aside>\
         <footer><a href=/about>About the SCO</a></footer></body></html>"
    )
}

fn linked(press_url: &str, id: &str) -> Item {
    let mut item = Item::new(id, "The day's news");
    item.link = format!("{press_url}{id}");
    item
}

/// A publisher with one feed, whose entries link to pages of its own; `reply` serves the rest.
fn publisher(
    pages: &'static [&'static str],
    reply: impl Fn(&Asked, usize) -> Answer + Send + Sync + 'static,
) -> Press {
    Press::start(move |asked, before| {
        if asked.path.starts_with("/feed") {
            let host = asked.header("host").unwrap_or_default();
            let items: Vec<_> = pages
                .iter()
                .map(|path| linked(&format!("http://{host}"), path))
                .collect();
            Answer::ok(rss(&items))
        } else {
            reply(asked, before)
        }
    })
}

fn no_robots(reply: impl Fn(&Asked, usize) -> Answer) -> impl Fn(&Asked, usize) -> Answer {
    move |asked, before| match &*asked.path {
        "/robots.txt" => Answer::status(404),
        _ => reply(asked, before),
    }
}

/// Every page's path, state, attempts and error, as the database has them.
fn rows(home: &Home) -> Vec<(String, String, u32, String)> {
    let conn = home.database();
    let mut statement = conn
        .prepare("SELECT url, state, attempts, coalesce(error, '') FROM page ORDER BY url")
        .unwrap();
    let rows = statement
        .query_map([], |row| {
            let url: String = row.get(0)?;
            let path = url.splitn(4, '/').nth(3).unwrap_or_default().to_owned();
            Ok((path, row.get(1)?, row.get(2)?, row.get(3)?))
        })
        .unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

fn polled(press: &Press, sections: &str, more: &str) -> (Home, Hook) {
    let (home, hook) = (Home::new(), Hook::start());
    let feeds = [feed("wire", &press.url("/feed"), more)];
    home.arrange(&hook, &format!("{OFTEN}{sections}"), &feeds);
    home.ok(&["poll"]);
    (home, hook)
}

#[test]
fn a_name_that_only_the_page_holds_is_told_once_and_what_stands_around_the_story_never() {
    let press = publisher(
        &["/story"],
        no_robots(|_, _| Answer::html(page("In the evening Vladimir Putin arrived by train."))),
    );
    let (home, hook) = (Home::new(), Hook::start());
    // The section's word holds for a feed that says nothing.
    let sections = format!("{OFTEN}[articles]\nfull_text = \"always\"\n");
    home.arrange(&hook, &sections, &[feed("wire", &press.url("/feed"), "")]);
    let daemon = home.start();
    let alerts = hook.wait(1);
    let data = &alerts[0].body["data"];
    assert_eq!(alerts[0].topic(), "putin");
    assert_eq!(data["match"]["field"], "content");
    assert_eq!(data["match"]["text"], "Putin");
    let snippet = data["match"]["snippet"].as_str().unwrap();
    assert!(
        snippet.contains("Vladimir Putin arrived by train"),
        "{snippet}"
    );
    let polls = press.asked("/feed").len();
    press.wait("/feed", polls + 2);
    assert!(daemon.stop().success());
    assert_eq!(hook.all().len(), 1, "{:?}", hook.all());
    assert_eq!(home.json(&["mentions", "--json"]).len(), 1);
    assert_eq!(press.asked("/story").len(), 1);
    assert_eq!(rows(&home)[0].1, "read");
}

#[test]
fn only_short_texts_make_their_pages_be_read_when_short_is_all_that_is_asked_for() {
    let press = Press::start(|asked, _| {
        let host = format!("http://{}", asked.header("host").unwrap());
        let mut long = linked(&host, "/long");
        long.summary = "The delegations spoke about trade and water. ".repeat(20);
        match &*asked.path {
            "/feed" => Answer::ok(rss(&[long, linked(&host, "/short")])),
            "/robots.txt" => Answer::status(404),
            _ => Answer::html(page("Nothing else.")),
        }
    });
    let (home, _hook) = polled(&press, "", "full_text = \"when_short\"");
    assert_eq!(press.paths(), ["/feed", "/robots.txt", "/short"]);
    assert_eq!(rows(&home).len(), 1);
}

#[test]
fn without_a_wish_for_pages_not_even_robots_txt_is_asked_for() {
    let press = publisher(&["/a", "/b"], no_robots(|_, _| Answer::html(page("Putin"))));
    let (home, hook) = polled(&press, "", "");
    // A feed's own word stands above the section's.
    let section = format!("{OFTEN}[articles]\nfull_text = \"always\"\n");
    let feeds = [feed("wire2", &press.url("/feed2"), "full_text = \"never\"")];
    home.arrange(&hook, &section, &feeds);
    home.ok(&["poll"]);
    assert_eq!(press.paths(), ["/feed", "/feed2"]);
    assert!(hook.all().is_empty() && rows(&home).is_empty());
}

#[test]
fn robots_txt_is_asked_first_and_once_and_a_page_it_forbids_is_never_asked_for() {
    let press = publisher(&["/news/1", "/news/2", "/private/3"], |asked, _| {
        if asked.path == "/robots.txt" {
            return Answer::ok("User-agent: mentiond\nDisallow: /private\n");
        }
        Answer::html(page("Putin came."))
    });
    let (home, hook) = polled(&press, "", ALWAYS);
    let mut paths = press.paths();
    assert_eq!(paths[..2], ["/feed", "/robots.txt"], "{paths:?}");
    paths.sort();
    assert_eq!(paths, ["/feed", "/news/1", "/news/2", "/robots.txt"]);
    let rows = rows(&home);
    let (path, state, _, error) = &rows[2];
    assert_eq!((&**path, &**state), ("private/3", "failed"));
    assert!(error.contains("robots.txt does not let"), "{error}");
    assert_eq!(hook.all().len(), 2);
}

#[test]
fn a_site_whose_robots_txt_fails_is_not_read_now_but_its_pages_are_not_given_up() {
    let press = publisher(&["/a"], |_, _| Answer::status(503));
    let (home, _hook) = polled(&press, "", ALWAYS);
    assert_eq!(press.paths(), ["/feed", "/robots.txt"]);
    let (_, state, attempts, error) = rows(&home).remove(0);
    assert_eq!((&*state, attempts), ("waiting", 1));
    assert!(error.contains("robots.txt can't be had"), "{error}");
    let conn = home.database();
    let wait: i64 = conn
        .query_row("SELECT next_attempt_ms - created_ms FROM page", [], |r| {
            r.get(0)
        })
        .unwrap();
    assert!(wait >= 15 * 60 * 1000, "{wait}");
}

#[test]
fn a_crawl_delay_lies_between_two_pages_of_a_host() {
    let press = publisher(&["/p/1", "/p/2", "/p/3"], |asked, _| {
        if asked.path == "/robots.txt" {
            return Answer::ok("User-agent: *\nCrawl-delay: 1\n");
        }
        Answer::html(page("Putin came."))
    });
    let (_home, hook) = polled(&press, "", ALWAYS);
    let came: Vec<_> = press.asked("/p/").iter().map(|asked| asked.came).collect();
    assert_eq!(came.len(), 3);
    for two in came.windows(2) {
        let pause = two[1] - two[0];
        assert!(pause >= Duration::from_secs(1), "{pause:?}");
    }
    assert_eq!(hook.all().len(), 3);
}

#[test]
fn a_page_that_is_not_there_leaves_the_feeds_own_text_and_says_so() {
    let press = Press::start(|asked, _| {
        let mut item = linked(
            &format!("http://{}", asked.header("host").unwrap()),
            "/lost",
        );
        item.summary = "A teaser about Putin".to_owned();
        match &*asked.path {
            "/feed" => Answer::ok(rss(&[item])),
            _ => Answer::status(404),
        }
    });
    let (home, hook) = polled(&press, "", ALWAYS);
    home.ok(&["poll"]);
    assert_eq!(press.asked("/lost").len(), 1, "it is not asked for again");
    let (_, state, attempts, error) = rows(&home).remove(0);
    assert_eq!((&*state, attempts), ("failed", 1));
    assert!(error.contains("404"), "{error}");
    let (summary, from): (String, String) = home
        .database()
        .query_row("SELECT summary, text_from FROM entry", [], |r| {
            Ok((r.get(0)?, r.get(1)?))
        })
        .unwrap();
    assert_eq!((&*summary, &*from), ("A teaser about Putin", "feed"));
    assert_eq!(hook.all().len(), 1);
}

#[test]
fn a_page_is_tried_again_when_its_server_said_and_no_sooner() {
    let press = publisher(
        &["/story"],
        no_robots(|_, before| match before {
            0 => Answer::status(503).with("retry-after", "1"),
            _ => Answer::html(page("Putin came.")),
        }),
    );
    let (home, hook) = (Home::new(), Hook::start());
    home.arrange(&hook, OFTEN, &[feed("wire", &press.url("/feed"), ALWAYS)]);
    let daemon = home.start();
    hook.wait(1);
    assert!(daemon.stop().success());
    let asked = press.asked("/story");
    assert_eq!(asked.len(), 2);
    let wait = asked[1].came - asked[0].came;
    assert!(wait >= Duration::from_secs(1), "{wait:?}");
    assert_eq!(rows(&home)[0].1, "read");
    assert_eq!(rows(&home)[0].2, 2);
}

#[test]
fn a_host_that_asks_for_patience_gets_it_for_all_of_its_pages() {
    let press = publisher(
        &["/p/1", "/p/2", "/p/3"],
        no_robots(|asked, before| match (&*asked.path, before) {
            ("/p/1", 0) => Answer::status(429).with("retry-after", "1"),
            _ => Answer::html(page("Putin came.")),
        }),
    );
    let (home, hook) = (Home::new(), Hook::start());
    home.arrange(&hook, OFTEN, &[feed("wire", &press.url("/feed"), ALWAYS)]);
    let daemon = home.start();
    hook.wait(3);
    assert!(daemon.stop().success());
    let asked = press.asked("/p/");
    let place = asked.iter().position(|asked| asked.path == "/p/1").unwrap();
    let wait = asked[place + 1].came - asked[place].came;
    assert!(wait >= Duration::from_secs(1), "{wait:?} {asked:#?}");
}

#[test]
fn a_round_by_hand_does_not_wait_for_hours_for_a_host_that_asks_for_them() {
    let press = publisher(
        &["/p/1", "/p/2"],
        no_robots(|_, _| Answer::status(429).with("retry-after", "7200")),
    );
    let (home, _hook) = polled(&press, "", ALWAYS);
    assert_eq!(press.asked("/p/").len(), 1);
    assert!(rows(&home).iter().all(|row| row.1 == "waiting"));
    let sql = "SELECT max(next_attempt_ms - created_ms) FROM page";
    let wait: i64 = home.database().query_row(sql, [], |r| r.get(0)).unwrap();
    assert!(wait >= 7200 * 1000, "it keeps its time: {wait}");
}

#[test]
fn a_round_for_one_feed_leaves_the_pages_of_the_others_waiting() {
    let press = Press::start(no_robots(|asked, _| {
        let host = format!("http://{}", asked.header("host").unwrap_or_default());
        match &*asked.path {
            "/feed1" => Answer::ok(rss(&[linked(&host, "/one")])),
            "/feed2" => Answer::ok(rss(&[linked(&host, "/two")])),
            _ => Answer::html(page("Putin came.")).held(),
        }
    }));
    let (home, hook) = (Home::new(), Hook::start());
    let feeds = [
        feed("one", &press.url("/feed1"), ALWAYS),
        feed("two", &press.url("/feed2"), ALWAYS),
    ];
    home.arrange(&hook, OFTEN, &feeds);
    let daemon = home.start();
    for path in ["/feed1", "/feed2"] {
        press.wait(path, 1);
    }
    wait_for("two pages", || (rows(&home).len() == 2).then_some(()));
    daemon.kill();
    press.release();
    let states = || rows(&home).into_iter().map(|row| (row.0, row.1));
    home.ok(&["poll", "one"]);
    let expected = [("one", "read"), ("two", "waiting")];
    assert!(
        states().eq(expected.map(|(page, state)| (page.to_owned(), state.to_owned()))),
        "{:?}",
        rows(&home)
    );
    home.ok(&["poll"]);
    assert!(states().all(|(_, state)| state == "read"));
    assert_eq!(hook.all().len(), 2);
}

#[test]
fn a_page_under_way_at_a_kill_is_read_after_the_restart_and_told_once() {
    let press = publisher(
        &["/story"],
        no_robots(|_, _| Answer::html(page("Putin came.")).held()),
    );
    let (home, hook) = (Home::new(), Hook::start());
    home.arrange(&hook, OFTEN, &[feed("wire", &press.url("/feed"), ALWAYS)]);
    let daemon = home.start();
    press.wait("/story", 1);
    daemon.kill();
    assert!(hook.all().is_empty());
    let daemon = home.start();
    press.wait("/story", 2);
    press.release();
    hook.wait(1);
    let polls = press.asked("/feed").len();
    press.wait("/feed", polls + 2);
    assert!(daemon.stop().success());
    assert_eq!(hook.all().len(), 1);
    assert_eq!(press.asked("/story").len(), 2);
}

#[test]
fn the_page_of_one_story_in_two_feeds_is_asked_for_once_and_each_topic_told_once() {
    let press = publisher(
        &["/story"],
        no_robots(|_, _| Answer::html(page("Putin came to the SCO."))),
    );
    let (home, hook) = (Home::new(), Hook::start());
    let feeds = [
        feed("one", &press.url("/feed1"), ALWAYS),
        feed("two", &press.url("/feed2"), ALWAYS),
    ];
    home.arrange(&hook, OFTEN, &feeds);
    home.ok(&["poll"]);
    assert_eq!(press.asked("/story").len(), 1);
    let mut topics: Vec<_> = hook.all().iter().map(|d| d.topic().to_owned()).collect();
    topics.sort();
    assert_eq!(topics, ["putin", "sco"]);
    assert!(
        rows(&home).iter().all(|row| row.1 == "read"),
        "{:?}",
        rows(&home)
    );
    let mentions = home.json(&["mentions", "--json"]);
    assert_eq!(mentions.len(), 4, "each feed's mentions are history");
}

#[test]
fn a_feed_with_many_pages_on_a_host_that_hangs_keeps_no_others_waiting() {
    let slow = Press::start(no_robots(|asked, _| {
        let host = format!("http://{}", asked.header("host").unwrap_or_default());
        let items = (0..600).map(|n| linked(&host, &format!("/p/{n}")));
        match &*asked.path {
            "/feed" => Answer::ok(rss(&items.collect::<Vec<_>>())),
            _ => Answer::html(page("Putin came.")).held(),
        }
    }));
    let hanging = Arc::new(AtomicBool::new(false));
    let hangs = hanging.clone();
    let quick = Press::start(no_robots(move |asked, _| {
        let host = format!("http://{}", asked.header("host").unwrap_or_default());
        match &*asked.path {
            "/feed" if hangs.load(Relaxed) => Answer::ok(rss(&[linked(&host, "/story")])),
            "/feed" => Answer::ok(rss(&[])),
            _ => Answer::html(page("Putin came.")),
        }
    }));
    let (home, hook) = (Home::new(), Hook::start());
    let feeds = [
        feed("slow", &slow.url("/feed"), ALWAYS),
        feed("quick", &quick.url("/feed"), ALWAYS),
    ];
    home.arrange(&hook, OFTEN, &feeds);
    let daemon = home.start();
    slow.wait("/p/", 1);
    hanging.store(true, Relaxed);
    quick.wait("/story", 1);
    hook.wait(1);
    daemon.kill();
}

#[test]
fn a_host_is_asked_for_one_page_at_a_time() {
    const PAGES: [&str; 12] = [
        "/p/0", "/p/1", "/p/2", "/p/3", "/p/4", "/p/5", "/p/6", "/p/7", "/p/8", "/p/9", "/p/10",
        "/p/11",
    ];
    let press = publisher(
        &PAGES,
        no_robots(|_, _| Answer::html(page("Putin came.")).after(Duration::from_millis(20))),
    );
    let (home, hook) = (Home::new(), Hook::start());
    home.arrange(&hook, OFTEN, &[feed("wire", &press.url("/feed"), ALWAYS)]);
    let daemon = home.start();
    hook.wait(PAGES.len());
    assert!(daemon.stop().success());
    let asked = press.asked("/p/");
    assert_eq!(asked.len(), PAGES.len());
    assert_eq!(most_at_a_time(&asked), 1);
}

#[test]
fn leave_for_the_feeds_own_inside_host_is_no_leave_for_another() {
    let press = Press::start(|asked, _| {
        let port = asked.header("host").unwrap().split(':').nth(1).unwrap();
        let item = linked(&format!("http://localhost:{port}"), "/story");
        match &*asked.path {
            "/feed" => Answer::ok(rss(&[item])),
            _ => Answer::html(page("Putin came.")),
        }
    });
    // The port is allowed, so that it is the host that is refused.
    let ports = format!("[fetch]\nports = [{}]\n", press.port);
    let (home, hook) = polled(&press, &ports, ALWAYS);
    assert_eq!(press.paths(), ["/feed"]);
    let (_, state, _, error) = rows(&home).remove(0);
    assert_eq!(state, "failed");
    assert!(
        error.contains("address") && error.contains("localhost"),
        "{error}"
    );
    assert!(hook.all().is_empty());
}

#[test]
fn pages_get_the_feeds_headers_and_cookies_at_its_own_origin_alone() {
    let other = Press::start(|asked, _| match &*asked.path {
        "/robots.txt" => Answer::status(404),
        _ => Answer::html(page("Nothing.")),
    });
    let elsewhere = other.url("/away");
    let press = Press::start(move |asked, _| {
        let home = linked(&format!("http://{}", asked.header("host").unwrap()), "/own");
        let mut away = Item::new("away", "Elsewhere");
        away.link.clone_from(&elsewhere);
        match &*asked.path {
            "/feed" => Answer::ok(rss(&[home, away])),
            "/robots.txt" => Answer::status(404),
            _ => Answer::html(page("Nothing.")),
        }
    });
    let more = format!(
        "{ALWAYS}\nheaders = {{ X-Key = \"k1\" }}\ncookies = \"consent=yes\"\nuser_agent = \"me/1\""
    );
    let ports = format!("[fetch]\nports = [{}]\n", other.port);
    let (home, _hook) = polled(&press, &ports, &more);
    for asked in press.all() {
        let sent = ["x-key", "cookie", "user-agent"].map(|name| asked.header(name).unwrap_or(""));
        assert_eq!(sent, ["k1", "consent=yes", "me/1"], "{}", asked.path);
    }
    assert_eq!(press.paths().len(), 3);
    assert_eq!(other.paths(), ["/robots.txt", "/away"]);
    for asked in other.all() {
        assert_eq!(asked.header("x-key"), None);
        assert_eq!(asked.header("cookie"), None);
        assert!(asked.header("user-agent").unwrap().starts_with("mentiond/"));
    }
    wait_for("both pages", || {
        rows(&home).iter().all(|row| row.1 == "read").then_some(())
    });
}
