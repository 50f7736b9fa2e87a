//! From a feed to a delivered alert.

use crate::support::{Home, Hook, Item, Site, rss, wait_for};

#[test]
fn a_mention_in_a_feed_becomes_a_signed_alert_with_everything_a_reader_needs() {
    let (site, hook) = (Site::start(), Hook::start());
    let mut item = Item::new("1", "Leaders meet");
    item.summary = "President Путина ждут; the SCO's &lt;b&gt;summit&lt;/b&gt; opens.".into();
    item.link = "https://News.Example:443/a?utm_source=rss&amp;id=7#top".into();
    site.publish("/feed", rss(&[item, Item::new("2", "Football")]));
    let home = Home::watching(&[("wire", site.url("/feed"))], &hook);
    let daemon = home.start();

    let alerts = hook.wait(2);
    assert_eq!(alerts.len(), 2, "{alerts:?}");
    let alert = alerts.iter().find(|d| d.topic() == "putin").unwrap();
    assert_eq!(alert.body["type"], "mention.created");
    let data = &alert.body["data"];
    assert_eq!(data["alert_id"], alert.id.as_str());
    assert_eq!(data["score"], 27);
    assert_eq!(data["terms"][0], "Путин*");
    assert_eq!(data["match"]["text"], "Путина");
    assert_eq!(data["match"]["field"], "summary");
    assert_eq!(
        data["match"]["snippet"],
        "President Путина ждут; the SCO's summit opens."
    );
    assert_eq!(data["story"]["title"], "Leaders meet");
    assert_eq!(data["story"]["language"], "en");
    assert_eq!(data["feeds"][0]["feed"], "wire");
    assert!(daemon.stop().success());

    let mentions = home.json(&["mentions", "--json"]);
    assert_eq!(mentions.len(), 2);
    let deliveries = home.json(&["alerts", "list", "--state", "delivered", "--json"]);
    assert_eq!(deliveries.len(), 2);
    for row in mentions.iter().chain(&deliveries) {
        assert_eq!(row["score"], 27, "{row}");
    }
    for listed in ["mentions", "alerts"] {
        assert!(home.ok(&[listed]).contains(" | score 27"), "{listed}");
    }
    let feeds = home.json(&["feeds", "--json"]);
    assert_eq!(feeds[0]["entries"], 2);
}

#[test]
fn an_unchanged_round_is_conditional_and_writes_only_schedule_rows() {
    let (site, hook) = (Site::start(), Hook::start());
    let feeds: Vec<_> = (0..5)
        .map(|n| (format!("f{n}"), format!("/feed{n}")))
        .collect();
    for (id, path) in &feeds {
        site.publish(path, rss(&[Item::new(id, "Putin speaks")]));
    }
    let named: Vec<_> = feeds
        .iter()
        .map(|(id, path)| (id.as_str(), site.url(path)))
        .collect();
    let home = Home::watching(&named, &hook);
    assert!(home.ok(&["poll"]).contains("5 new documents"));
    let before = home.dump(&["schedule"]);

    let second = home.ok(&["poll"]);
    assert!(second.contains("5 unchanged, 0 failed"), "{second}");
    assert_eq!(home.dump(&["schedule"]), before);
    let conditional = |r: &String| r.to_lowercase().contains("if-none-match");
    assert_eq!(
        site.server
            .requests()
            .iter()
            .filter(|r| conditional(r))
            .count(),
        5
    );
}

#[test]
fn a_server_without_validators_that_serves_the_same_bytes_costs_no_entry_writes() {
    let hook = Hook::start();
    let document = rss(&[Item::new("1", "Putin speaks")]);
    let server = crate::support::raw_server(move |_| crate::server::ok("", document.as_bytes()));
    let home = Home::watching(&[("plain", server.url("/"))], &hook);
    home.ok(&["poll"]);
    let before = home.dump(&["schedule"]);
    assert!(home.ok(&["poll"]).contains("1 unchanged"));
    assert_eq!(home.dump(&["schedule"]), before);
}

#[test]
fn one_story_in_two_feeds_is_one_alert_that_names_both() {
    let (site, hook) = (
        Site::start(),
        Hook::deciding(|n| (if n == 0 { 500 } else { 204 }, vec![])),
    );
    let mut original = Item::new("a1", "Putin arrives");
    original.link = "https://news.example/story?id=1".into();
    let mut copy = Item::new("b9", "Putin arrives");
    copy.link = "http://news.example/story?id=1&amp;utm_campaign=x#c".into();
    site.publish("/a", rss(&[original]));
    site.publish("/b", rss(&[copy]));
    let home = Home::watching(&[("a", site.url("/a")), ("b", site.url("/b"))], &hook);
    home.ok(&["poll"]);
    // The first attempt failed; the second one knows of both feeds.
    let daemon = home.start();
    let alerts = hook.wait(1);
    assert!(daemon.stop().success());
    assert_eq!(alerts.len(), 1);
    assert_eq!(alerts[0].body["data"]["feeds"].as_array().unwrap().len(), 2);
    assert_eq!(
        home.json(&["mentions", "--json"]).len(),
        2,
        "each feed's mention is history"
    );
}

#[test]
fn an_edited_entry_alerts_only_for_topics_that_are_new_in_it() {
    let (site, hook) = (Site::start(), Hook::start());
    let mut item = Item::new("1", "Putin arrives");
    site.publish("/feed", rss(&[item.clone()]));
    let home = Home::watching(&[("wire", site.url("/feed"))], &hook);
    home.ok(&["poll"]);
    item.title = "Putin arrives, SCO summit opens".into();
    site.publish("/feed", rss(&[item]));
    home.ok(&["poll"]);
    let topics: Vec<_> = hook.all().iter().map(|d| d.topic().to_owned()).collect();
    assert_eq!(topics, ["putin", "sco"]);
    assert_eq!(hook.all()[1].body["data"]["story"]["revised"], true);
}

#[test]
fn entries_of_one_document_are_recorded_in_the_order_in_which_they_were_published() {
    let (site, hook) = (Site::start(), Hook::start());
    let aged = |guid: &str, age_min| Item {
        age_min,
        ..Item::new(guid, &format!("Putin speaks, {guid}"))
    };
    let items = [aged("third", 1), aged("first", 50), aged("second", 20)];
    site.publish("/feed", rss(&items));
    let home = Home::watching(&[("wire", site.url("/feed"))], &hook);
    home.ok(&["poll"]);
    let newest_first = home.json(&["mentions", "--json"]);
    let titles: Vec<_> = newest_first
        .iter()
        .map(|m| m["title"].as_str().unwrap())
        .collect();
    assert_eq!(
        titles,
        [
            "Putin speaks, third",
            "Putin speaks, second",
            "Putin speaks, first"
        ]
    );
}

#[test]
fn the_first_poll_records_everything_and_tells_only_what_is_young() {
    let (site, hook) = (Site::start(), Hook::start());
    let mut old = Item::new("old", "Putin last week");
    old.age_min = 60 * 24 * 7;
    site.publish(
        "/feed",
        rss(&[Item::new("new", "Putin today"), old.clone()]),
    );
    let home = Home::watching(&[("wire", site.url("/feed"))], &hook);
    home.ok(&["poll"]);
    assert_eq!(
        hook.all()
            .iter()
            .map(|d| d.title().to_owned())
            .collect::<Vec<_>>(),
        ["Putin today"]
    );
    assert_eq!(home.json(&["mentions", "--json"]).len(), 2);

    // Later polls tell whatever is new, however old it says it is.
    let mut late = Item::new("late", "Putin, told late");
    late.age_min = old.age_min;
    site.publish("/feed", rss(&[late, old]));
    home.ok(&["poll"]);
    assert_eq!(hook.all().last().unwrap().title(), "Putin, told late");
}

#[test]
fn a_restart_polls_nothing_before_its_time() {
    let (site, hook) = (Site::start(), Hook::start());
    site.publish("/feed", rss(&[Item::new("1", "Putin")]));
    let home = Home::new();
    home.write_config(&format!(
        "database = \"m.db\"\n[[feed]]\nid = \"f\"\nurl = \"{}\"\nallow_private_addresses = true\n{}",
        site.url("/feed"),
        crate::support::TOPICS
    ));
    let daemon = home.start();
    wait_for("the first poll", || {
        (site.requests("/feed") == 1).then_some(())
    });
    wait_for("its commit", || {
        home.json(&["feeds", "--json"])[0]["next_poll"]
            .is_string()
            .then_some(())
    });
    assert!(daemon.stop().success());
    for _ in 0..3 {
        let daemon = home.start();
        daemon.wait_for_log("ready");
        assert!(daemon.stop().success());
    }
    assert_eq!(site.requests("/feed"), 1);
    drop(hook);
}

#[test]
fn a_feed_that_keeps_failing_or_is_gone_is_an_alert_of_its_own_told_once() {
    let hook = Hook::start();
    let server = crate::support::raw_server(|head| {
        let gone = head.starts_with("GET /gone ");
        crate::server::bare(
            if gone {
                "410 Gone"
            } else {
                "500 Internal Server Error"
            },
            "",
        )
    });
    let home = Home::new();
    let feeds = [
        ("broken", server.url("/broken?key=hidden")),
        ("gone", server.url("/gone")),
    ];
    home.configure(&feeds, &hook, "[alerts]\nfeed_failing_after = \"1ms\"\n");
    let daemon = home.start();
    let alerts = hook.wait(2);
    let kinds: Vec<_> = alerts
        .iter()
        .map(|d| d.body["type"].as_str().unwrap())
        .collect();
    assert!(
        kinds.contains(&"feed.failing") && kinds.contains(&"feed.gone"),
        "{kinds:?}"
    );
    assert!(!alerts.iter().any(|d| d.body.to_string().contains("hidden")));
    wait_for("more failures", || {
        let feeds = home.json(&["feeds", "--json"]);
        (feeds[0]["failures"].as_u64() >= Some(4)).then_some(())
    });
    assert!(daemon.stop().success());
    assert_eq!(hook.all().len(), 2, "each is told once");
    let feeds = home.ok(&["feeds"]);
    assert!(feeds.contains("never"), "{feeds}");
    let before = server
        .requests()
        .iter()
        .filter(|r| r.starts_with("GET /gone "))
        .count();
    assert_eq!(before, 1, "a gone feed is not asked again");
    let left =
        "left alone: gone: its server answered 410 Gone; remove it, or name it to ask again\n";
    let told = home.ok(&["poll"]);
    assert!(told.contains(left), "{told}");
    let lines = home.json(&["poll", "--json"]);
    let gone = lines.iter().find(|line| line["feed"] == "gone").unwrap();
    assert_eq!(gone["status"], "left alone");
    assert!(gone["until"].is_null() && gone["error"].is_null(), "{gone}");
    let named = home.ok(&["poll", "gone"]);
    let failed =
        "failed: gone: the server answered 410 Gone: the feed is not coming back; remove it\n";
    assert!(named.contains(failed), "{named}");
}

#[test]
fn a_feed_whose_server_asks_for_patience_is_left_alone() {
    let hook = Hook::start();
    let server = crate::support::raw_server(|_| {
        crate::server::bare("429 Too Many Requests", "Retry-After: 3600\r\n")
    });
    let home = Home::watching(&[("busy", server.url("/"))], &hook);
    home.ok(&["poll"]);
    let again = home.ok(&["poll"]);
    assert!(again.contains("left alone: busy"), "{again}");
    let daemon = home.start();
    daemon.wait_for_log("ready");
    assert!(daemon.stop().success());
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_permanent_move_is_believed_after_three_polls() {
    let hook = Hook::start();
    // On one server, as another port is not followed to.
    let server = crate::support::raw_server(move |request| {
        if request.starts_with("GET /old ") {
            crate::server::bare("301 Moved Permanently", "Location: /new\r\n")
        } else {
            crate::server::ok("", rss(&[Item::new("1", "Putin")]).as_bytes())
        }
    });
    let home = Home::watching(&[("moved", server.url("/old"))], &hook);
    for _ in 0..5 {
        home.ok(&["poll"]);
    }
    let asked = |path: &str| {
        let line = format!("GET {path} ");
        let requests = server.requests();
        requests
            .iter()
            .filter(|request| request.starts_with(&line))
            .count()
    };
    assert_eq!((asked("/old"), asked("/new")), (3, 5));
    assert_eq!(hook.all().len(), 1);
}
