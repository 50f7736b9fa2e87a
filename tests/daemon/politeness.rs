//! What publishers rely on, whatever the owner does: floors, bounds, freshness, and parts on demand.

use std::time::Duration;

use crate::press::{Answer, Press, most_at_a_time};
use crate::support::{Home, Hook, Item, Running, feed, rss, wait_for};

/// No URL may be asked twice in a test's time.
const HOURLY: &str = "[schedule]\ninterval = \"1h\"\nmin_interval = \"1h\"\n";
const OFTEN: &str = "[schedule]\ninterval = \"200ms\"\nmin_interval = \"1ms\"\n";

fn newspaper() -> Press {
    Press::start(|_, _| Answer::ok(rss(&[Item::new("1", "Putin")])))
}

/// How many feeds of a new configuration were never asked before. Their first polls come at random
/// within a moment, so once all of them were asked, a feed that is due now has most likely been too.
const FRESH: usize = 8;

/// A home whose feeds are these paths of the publisher and, always, some that were never asked.
struct Owner<'a> {
    press: &'a Press,
    hook: Hook,
    home: Home,
    changes: usize,
}

impl<'a> Owner<'a> {
    fn of(press: &'a Press) -> Self {
        Self {
            press,
            hook: Hook::start(),
            home: Home::new(),
            changes: 0,
        }
    }

    /// Configures feeds (id, path); returns where those that are new begin.
    fn configure(&mut self, feeds: &[(&str, &str)]) -> String {
        self.changes += 1;
        let fresh = format!("/fresh{}/", self.changes);
        let mut tables: Vec<_> = feeds
            .iter()
            .map(|(id, path)| feed(id, &self.press.url(path), ""))
            .collect();
        for n in 0..FRESH {
            let url = self.press.url(&format!("{fresh}{n}"));
            tables.push(feed(&format!("fresh{n}"), &url, ""));
        }
        self.home.arrange(&self.hook, HOURLY, &tables);
        fresh
    }

    /// The same, told to a daemon; returns when it has asked the new feeds.
    fn reload(&mut self, daemon: &Running, feeds: &[(&str, &str)]) {
        let fresh = self.configure(feeds);
        daemon.signal("HUP");
        self.press.wait(&fresh, FRESH);
    }

    /// Waits until what was asked last is on record.
    fn await_record(&self, feeds: usize) {
        wait_for("the record", || {
            let feeds_now = self.home.json(&["feeds", "--json"]);
            let recorded = feeds_now.iter().filter(|f| f["status"] == "ok").count();
            (recorded >= feeds).then_some(())
        });
    }
}

#[test]
fn nothing_an_owner_does_by_hand_makes_a_url_be_asked_twice_within_the_floor() {
    let press = newspaper();
    let mut owner = Owner::of(&press);
    owner.configure(&[("f", "/feed")]);
    owner.home.ok(&["poll"]);
    let again = owner.home.ok(&["poll"]);
    assert!(
        again.contains("left alone: f: it was polled a moment ago and rests until"),
        "{again}"
    );
    let lines = owner.home.json(&["poll", "--json"]);
    let left = lines.iter().find(|line| line["feed"] == "f").unwrap();
    assert_eq!(left["status"], "left alone");
    assert!(
        left["until"].is_string() && left["error"].is_null(),
        "{left}"
    );
    let docs = std::fs::read_to_string("docs/cli.md").unwrap();
    let (_, docs) = docs.split_once("## `poll --json`").unwrap();
    let docs = docs.split("\n## ").next().unwrap();
    for key in left.as_object().unwrap().keys() {
        assert!(docs.contains(&format!("`{key}`")), "{key}");
    }
    let named = owner.home.ok(&["poll", "f"]);
    assert!(named.contains("left alone: f:"), "{named}");
    // The id changes, then the URL there and back.
    for feeds in [
        ("g", "/feed"),
        ("g", "/other"),
        ("g", "/feed"),
        ("f", "/other"),
    ] {
        owner.configure(&[feeds]);
        let told = owner.home.ok(&["poll"]);
        assert!(told.contains("polled"), "{told}");
    }
    assert_eq!(press.asked("/feed").len(), 1);
    assert_eq!(press.asked("/other").len(), 1);
    assert_eq!(press.asked("/fresh").len(), 5 * FRESH, "new URLs are asked");
}

#[test]
fn nothing_an_owner_tells_a_daemon_makes_a_url_be_asked_twice_within_the_floor() {
    let press = newspaper();
    let mut owner = Owner::of(&press);
    let fresh = owner.configure(&[("f", "/feed")]);
    let daemon = owner.home.start();
    press.wait(&fresh, FRESH);
    press.wait("/feed", 1);
    owner.await_record(FRESH + 1);
    for feeds in [
        ("f", "/feed"),
        ("g", "/feed"),
        ("g", "/other"),
        ("g", "/feed"),
    ] {
        owner.reload(&daemon, &[feeds]);
    }
    owner.reload(&daemon, &[]);
    owner.reload(&daemon, &[("h", "/feed"), ("i", "/other")]);
    assert!(daemon.stop().success());
    for _ in 0..2 {
        let fresh = owner.configure(&[("f", "/feed"), ("i", "/other")]);
        let daemon = owner.home.start();
        press.wait(&fresh, FRESH);
        assert!(daemon.stop().success());
    }
    assert_eq!(press.asked("/feed").len(), 1);
    assert_eq!(press.asked("/other").len(), 1);
}

#[test]
fn a_poll_that_a_kill_cut_off_counts_as_made() {
    let press = Press::start(|asked, _| match &*asked.path {
        "/feed" => Answer::ok(rss(&[])).held(),
        _ => Answer::ok(rss(&[])),
    });
    let mut owner = Owner::of(&press);
    owner.configure(&[("f", "/feed")]);
    let daemon = owner.home.start();
    press.wait("/feed", 1);
    daemon.kill();
    for feeds in [[("f", "/feed")], [("g", "/feed")]] {
        let fresh = owner.configure(&feeds);
        let daemon = owner.home.start();
        // The new feed is asked, or it was put off with the one that was cut off.
        daemon.wait_for_log("ready");
        wait_for("the new feed", || {
            let log = daemon.log();
            let rests = log.iter().any(|line| line.contains("feeds rest for"));
            (rests || !press.asked(&fresh).is_empty()).then_some(())
        });
        daemon.kill();
    }
    let told = owner.home.ok(&["poll"]);
    assert!(told.contains("left alone: g:"), "{told}");
    assert_eq!(press.asked("/feed").len(), 1);
}

#[test]
fn a_reload_during_a_poll_does_not_make_the_url_be_asked_again() {
    let press = Press::start(|asked, _| match &*asked.path {
        "/feed" => Answer::ok(rss(&[])).held(),
        _ => Answer::ok(rss(&[])),
    });
    let mut owner = Owner::of(&press);
    owner.configure(&[("f", "/feed")]);
    let daemon = owner.home.start();
    press.wait("/feed", 1);
    owner.reload(&daemon, &[("f", "/other")]);
    owner.reload(&daemon, &[("f", "/feed")]);
    press.release();
    wait_for("its end", || press.asked("/feed")[0].left);
    owner.reload(&daemon, &[("f", "/feed")]);
    owner.reload(&daemon, &[("f", "/feed")]);
    assert!(daemon.stop().success());
    assert_eq!(press.asked("/feed").len(), 1);
}

#[test]
fn a_feed_renamed_during_its_poll_is_not_asked_again() {
    let press = Press::start(|asked, _| match &*asked.path {
        "/feed" => Answer::ok(rss(&[])).held(),
        _ => Answer::ok(rss(&[])),
    });
    let mut owner = Owner::of(&press);
    owner.configure(&[("f", "/feed")]);
    let daemon = owner.home.start();
    press.wait("/feed", 1);
    owner.reload(&daemon, &[("g", "/feed")]);
    press.release();
    wait_for("its end", || press.asked("/feed")[0].left);
    owner.reload(&daemon, &[("g", "/feed")]);
    assert!(daemon.stop().success());
    assert_eq!(press.asked("/feed").len(), 1);
}

#[test]
fn by_hand_too_a_fresh_answer_and_a_server_that_asks_for_patience_are_respected() {
    let press = Press::start(|asked, _| match &*asked.path {
        "/fresh" => Answer::ok(rss(&[])).with("cache-control", "max-age=3600"),
        _ => Answer::status(429).with("retry-after", "3600"),
    });
    let (home, hook) = (Home::new(), Hook::start());
    let feeds = [
        feed("fresh", &press.url("/fresh"), ""),
        feed("busy", &press.url("/busy"), ""),
    ];
    home.arrange(&hook, OFTEN, &feeds);
    home.ok(&["poll"]);
    for args in [&["poll"][..], &["poll", "fresh", "busy"]] {
        let told = home.ok(args);
        for line in [
            "left alone: fresh: its server says that the last answer is fresh until",
            "left alone: busy: its server asked for patience until",
        ] {
            assert!(told.contains(line), "{told}");
        }
    }
    assert_eq!(press.all().len(), 2);
}

#[test]
fn two_feeds_with_one_url_are_one() {
    let press = newspaper();
    let (home, hook) = (Home::new(), Hook::start());
    let feeds = [
        feed("one", &press.url("/feed"), ""),
        feed("two", &press.url("/feed"), ""),
    ];
    home.arrange(&hook, HOURLY, &feeds);
    let check = home.run(&["check"]);
    assert!(check.status.success());
    let told = String::from_utf8(check.stderr).unwrap();
    assert!(told.contains("warning") && told.contains("one"), "{told}");
    home.ok(&["poll"]);
    assert_eq!(press.all().len(), 1);
}

fn many(press: &Press, name: &str, n: usize) -> Vec<String> {
    (0..n)
        .map(|n| {
            feed(
                &format!("{name}{n}"),
                &press.url(&format!("/{name}{n}")),
                "",
            )
        })
        .collect()
}

#[test]
fn two_hundred_due_feeds_of_one_host_come_two_at_a_time() {
    let press = Press::start(|_, _| Answer::ok(rss(&[])).after(Duration::from_millis(15)));
    let (home, hook) = (Home::new(), Hook::start());
    home.arrange(&hook, HOURLY, &many(&press, "f", 200));
    home.ok(&["poll"]);
    let asked = press.all();
    assert_eq!(asked.len(), 200);
    assert_eq!(most_at_a_time(&asked), 2);
}

#[test]
fn a_pause_lies_between_the_beginnings_of_two_polls_of_a_host() {
    const PAUSE: Duration = Duration::from_millis(10);
    let press = Press::start(|_, _| Answer::ok(rss(&[])));
    let (home, hook) = (Home::new(), Hook::start());
    let sections = format!("{HOURLY}[fetch]\nper_host = 64\n");
    home.arrange(&hook, &sections, &many(&press, "f", 100));
    let mut poll = home.command(&["poll"]);
    poll.env("MENTIOND_FETCH_HOST_PAUSE", "10ms");
    assert!(poll.output().unwrap().status.success());
    let asked = press.all();
    assert_eq!(asked.len(), 100);
    // A request may take a little longer on its way than the next one.
    for span in [20, 50, 99] {
        for (first, last) in asked.iter().zip(&asked[span..]) {
            let took = last.came - first.came;
            let least = PAUSE * u32::try_from(span - 10).unwrap();
            assert!(took >= least, "{span} requests within {took:?}");
        }
    }
}

#[test]
fn all_hosts_of_one_domain_have_bounds_together() {
    let hosts: Vec<_> = (0..4)
        .map(|_| Press::start(|_, _| Answer::ok(rss(&[])).after(Duration::from_millis(30))))
        .collect();
    let (home, hook) = (Home::new(), Hook::start());
    let feeds: Vec<_> = hosts
        .iter()
        .enumerate()
        .flat_map(|(n, press)| many(press, &format!("h{n}-"), 10))
        .collect();
    home.arrange(&hook, HOURLY, &feeds);
    let mut poll = home.command(&["poll"]);
    // An address stands for itself, whatever the port.
    poll.env("MENTIOND_FETCH_PER_DOMAIN", "3");
    assert!(poll.output().unwrap().status.success());
    let asked: Vec<_> = hosts.iter().flat_map(Press::all).collect();
    assert_eq!(asked.len(), 40);
    assert_eq!(most_at_a_time(&asked), 3);
}

#[test]
fn a_host_that_hangs_with_a_hundred_feeds_delays_nobody_else() {
    let slow = Press::start(|_, _| Answer::ok(rss(&[])).held());
    let quick = newspaper();
    let (home, hook) = (Home::new(), Hook::start());
    let mut feeds = many(&slow, "slow", 100);
    feeds.extend(many(&quick, "quick", 1));
    home.arrange(&hook, OFTEN, &feeds);
    let daemon = home.start();
    slow.wait("/", 2);
    hook.wait(1);
    quick.wait("/", 5);
    assert_eq!(slow.all().len(), 2);
    slow.release();
    slow.wait("/", 100);
    assert!(daemon.stop().success());
}

#[test]
fn parts_of_a_document_lose_no_entry_and_the_whole_is_asked_for_once_a_day() {
    // Each version has one entry more; who has a version gets what came after it.
    let press = Press::start(|asked, before| {
        let version = before + 1;
        let held = asked.header("if-none-match");
        let held = held.and_then(|tag| tag.trim_matches('"').parse::<usize>().ok());
        let wants_part = asked.header("a-im") == Some("feed");
        let after = held.filter(|_| wants_part).unwrap_or(0);
        let items: Vec<_> = (after..version)
            .map(|n| Item::new(&n.to_string(), &format!("Putin {n}")))
            .collect();
        let answer = match after {
            0 => Answer::ok(rss(&items)),
            _ => Answer::status(226).with("im", "feed").saying(rss(&items)),
        };
        answer.with("etag", format!("\"{version}\""))
    });
    let (home, hook) = (Home::new(), Hook::start());
    home.arrange(&hook, OFTEN, &[feed("wire", &press.url("/feed"), "")]);
    let whole = || -> i64 {
        let sql = "SELECT document_ms FROM feed";
        home.database().query_row(sql, [], |r| r.get(0)).unwrap()
    };
    home.ok(&["poll"]);
    let first = whole();
    home.ok(&["poll"]);
    home.ok(&["poll"]);
    assert_eq!(whole(), first, "no part counts as a whole document");
    let part = |n: usize| {
        let asked = &press.all()[n];
        (
            asked.header("a-im").is_some(),
            asked.header("if-none-match").is_some(),
        )
    };
    assert_eq!(
        [part(0), part(1), part(2)],
        [(false, false), (true, true), (true, true)]
    );
    let day = 25 * 60 * 60 * 1000;
    home.database()
        .execute("UPDATE feed SET document_ms = document_ms - ?1", [day])
        .unwrap();
    home.ok(&["poll"]);
    assert_eq!(
        part(3),
        (false, true),
        "the whole document, if it has changed"
    );
    home.ok(&["poll"]);
    assert_eq!(part(4), (true, true));
    let titles: Vec<_> = hook.all().iter().map(|d| d.title().to_owned()).collect();
    assert_eq!(
        titles,
        ["Putin 0", "Putin 1", "Putin 2", "Putin 3", "Putin 4"]
    );
    assert_eq!(home.json(&["mentions", "--json"]).len(), 5);
}

#[test]
fn after_a_part_that_fits_nothing_the_whole_document_is_asked_for() {
    let press = Press::start(|_, before| match before {
        1 => Answer::status(226)
            .with("im", "vcdiff")
            .saying(rss(&[Item::new("2", "Putin, in part")])),
        _ => Answer::ok(rss(&[
            Item::new("1", "Putin"),
            Item::new("2", "Putin, whole"),
        ]))
        .with("etag", format!("\"{before}\"")),
    });
    let (home, hook) = (Home::new(), Hook::start());
    home.arrange(&hook, OFTEN, &[feed("wire", &press.url("/feed"), "")]);
    home.ok(&["poll"]);
    assert!(home.ok(&["poll"]).contains("failed: wire:"));
    home.ok(&["poll"]);
    let asked = press.all();
    assert_eq!(asked[1].header("if-none-match"), Some("\"0\""));
    assert_eq!(asked[2].header("if-none-match"), None);
    assert_eq!(asked[2].header("a-im"), None);
    assert_eq!(hook.all().len(), 2);
}
