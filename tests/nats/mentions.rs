//! Sinks that want every mention: what is in the stream besides alerts, also after kills.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use mentiond::dedup;
use mentiond::model::{EntryKey, FeedId, TopicId};
use serde_json::Value;

use crate::servers::Bus;
use crate::support::{Home, Item, Site, TOPICS, feed as feed_table, rss, wait_for};
use crate::{in_state, server};

/// Topics, of which no text has score enough for the last.
fn topics() -> String {
    format!(
        "{TOPICS}\n[[topic]]\nid = \"faint\"\nname = \"Faint\"\nany = [\"Almaty\"]\nmin_score = 100\n"
    )
}

/// A home that watches these feeds of a site, with a sink that wants every mention.
fn observing(url: &str, bus: &Bus, site: &Site, feeds: &[&str]) -> Home {
    let home = Home::new();
    let feeds: String = feeds
        .iter()
        .map(|feed| feed_table(feed, &site.url(&format!("/{feed}")), ""))
        .collect();
    home.write_config(&format!(
        "database = \"m.db\"\n[schedule]\ninterval = \"200ms\"\nmin_interval = \"200ms\"\n{feeds}\
         [[sink]]\nid = \"bus\"\ntype = \"nats\"\nurl = \"{url}\"\nsubject = \"{0}\"\nstream = \"{0}\"\n\
         create_stream = true\nmentions = true\nretry_initial = \"100ms\"\nretry_max = \"500ms\"\n\
         max_attempts = 100\n{1}",
        bus.name,
        topics()
    ));
    home
}

/// The events in the stream whose subjects have this word behind the prefix, each with its message's id.
fn events(bus: &Bus, word: &str) -> Vec<(String, Value)> {
    let prefix = format!("{}.{word}.", bus.name);
    let messages = bus.messages().into_iter();
    let messages = messages.filter(|message| message.subject.starts_with(&*prefix));
    messages
        .map(|message| {
            let id = message.headers.get("Nats-Msg-Id").unwrap();
            let event: Value = serde_json::from_slice(&message.payload).unwrap();
            assert_eq!(event["id"], id.as_str());
            (id.as_str().to_owned(), event)
        })
        .collect()
}

/// Waits until the stream has `n` events of mentions.
fn mentions(home: &Home, bus: &Bus, n: usize) -> Vec<Value> {
    wait_for(&format!("{n} mentions"), || {
        let waiting = home.database().query_row(
            "SELECT (SELECT count(*) FROM mention), (SELECT count(*) FROM mention_delivery)",
            [],
            |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)),
        );
        let (found, waiting) = waiting.ok()?;
        if found == 0 || waiting > 0 {
            return None;
        }
        let events = events(bus, "mention");
        (events.len() >= n).then(|| events.into_iter().map(|(_, event)| event).collect())
    })
}

#[test]
fn every_mention_is_published_and_only_the_news_is_told() {
    let Some(url) = server("every_mention_is_published_and_only_the_news_is_told") else {
        return;
    };
    let bus = Bus::of(&url, "observed");
    let site = Site::start();
    let putin = Item::new("1", "Putin in Astana");
    let mut old = Item::new("2", "SCO summit of long ago");
    old.age_min = 60 * 24 * 30;
    let faint = Item::new("3", "Almaty in spring");
    let first = [putin.clone(), old, faint];
    site.publish("/one", rss(&first));
    site.publish("/two", rss(std::slice::from_ref(&putin)));
    let home = observing(&url, &bus, &site, &["one", "two"]);
    let daemon = home.start();
    let found = mentions(&home, &bus, 4);
    let alert = in_state(&home, "delivered", 1).remove(0);
    let mut told: Vec<_> = found
        .iter()
        .map(|event| {
            let data = &event["data"];
            assert_eq!(event["type"], "mentiond.mention.observed");
            assert_eq!(data["change"], "found");
            assert_eq!(data["mention_id"], event["id"]);
            let why = data["why_not_told"].as_str().unwrap_or("told").to_owned();
            let alert = data["alert_id"].as_str().unwrap_or("-").to_owned();
            (event["subject"].as_str().unwrap().to_owned(), why, alert)
        })
        .collect();
    told.sort();
    let id = alert["id"].as_str().unwrap();
    let expected = [
        ("faint", "below_min_score", "-"),
        ("putin", "story_known", id),
        ("putin", "told", id),
        ("sco", "too_old", "-"),
    ];
    let expected = expected.map(|(a, b, c)| (a.to_owned(), b.to_owned(), c.to_owned()));
    assert_eq!(told, expected);
    let subjects: BTreeSet<String> = bus
        .messages()
        .iter()
        .map(|message| message.subject.to_string())
        .collect();
    let of = |rest: &str| format!("{}.{rest}", bus.name);
    let expected = [
        of("alert.putin.en"),
        of("mention.faint.en"),
        of("mention.putin.en"),
        of("mention.sco.en"),
    ];
    assert_eq!(subjects, expected.into());

    // An edit of what one feed says of the story.
    let mut edited = putin;
    edited.title = "Putin in Astana, and Putin speaks".to_owned();
    edited.summary = "Putin said more".to_owned();
    site.publish("/two", rss(&[edited]));
    let all = mentions(&home, &bus, 5);
    let revised = &all[4]["data"];
    assert_eq!(revised["change"], "revised");
    assert_eq!(revised["story"]["feed"], "two");
    assert_ne!(revised["mention_id"], all[4]["id"]);
    let first = all
        .iter()
        .find(|event| event["id"] == revised["mention_id"]);
    assert_eq!(first.unwrap()["data"]["story"]["feed"], "two");
    let polls = site.requests("/two");
    wait_for("further polls", || {
        (site.requests("/two") > polls + 1).then_some(())
    });
    assert!(daemon.stop().success());
    assert_eq!(events(&bus, "mention").len(), 5);
    assert_eq!(events(&bus, "alert").len(), 1);
    let left: i64 = home
        .database()
        .query_row("SELECT count(*) FROM mention_event", [], |row| row.get(0))
        .unwrap();
    assert_eq!(left, 0);
}

#[test]
fn what_a_rematch_finds_is_published_too() {
    let Some(url) = server("what_a_rematch_finds_is_published_too") else {
        return;
    };
    let bus = Bus::of(&url, "rematch");
    let site = Site::start();
    site.publish("/one", rss(&[Item::new("1", "Putin in Bishkek")]));
    let home = observing(&url, &bus, &site, &["one"]);
    let daemon = home.start();
    mentions(&home, &bus, 1);
    assert!(daemon.stop().success());
    let text = std::fs::read_to_string(home.config()).unwrap();
    home.write_config(&format!(
        "{text}\n[[topic]]\nid = \"city\"\nname = \"City\"\nany = [\"Bishkek\"]\n"
    ));
    home.ok(&["rematch"]);
    let daemon = home.start();
    let all = mentions(&home, &bus, 2);
    assert!(daemon.stop().success());
    assert_eq!(all[1]["subject"], "city");
    assert_eq!(all[1]["data"]["why_not_told"], "rematch");
}

#[test]
fn a_sink_that_wants_none_any_more_gets_what_waited() {
    let Some(url) = server("a_sink_that_wants_none_any_more_gets_what_waited") else {
        return;
    };
    let bus = Bus::of(&url, "leaving");
    let site = Site::start();
    site.publish("/one", rss(&[Item::new("1", "Putin in Astana")]));
    let home = observing("nats://127.0.0.1:9", &bus, &site, &["one"]);
    let daemon = home.start();
    wait_for("a mention that waits", || {
        let sinks = home.run(&["sinks", "--json"]).stdout;
        let sinks: Value = serde_json::from_slice(&sinks).ok()?;
        (sinks["mentions"] == 1).then_some(())
    });
    assert!(daemon.stop().success());
    let text = std::fs::read_to_string(home.config()).unwrap();
    let text = text.replace("nats://127.0.0.1:9", &url);
    home.write_config(&text.replace("mentions = true\n", ""));
    let daemon = home.start();
    mentions(&home, &bus, 1);
    assert!(daemon.stop().success());
}

#[test]
fn mentions_that_no_stream_takes_hold_up_no_alert() {
    let Some(url) = server("mentions_that_no_stream_takes_hold_up_no_alert") else {
        return;
    };
    let bus = Bus::of(&url, "apart");
    bus.make_stream_of("alert.>");
    let site = Site::start();
    let items: Vec<Item> = (0..20)
        .map(|n| Item::new(&n.to_string(), &format!("Putin in town {n}")))
        .collect();
    site.publish("/one", rss(&items));
    let home = observing(&url, &bus, &site, &["one"]);
    let text = std::fs::read_to_string(home.config()).unwrap();
    home.write_config(&text.replace("create_stream = true\n", ""));
    let daemon = home.start();
    in_state(&home, "delivered", 20);
    daemon.wait_for_log("mentions wait until");
    let sinks = home.run(&["sinks", "--json"]).stdout;
    let sinks: Value = serde_json::from_slice(&sinks).unwrap();
    assert_eq!(
        (&sinks["state"], &sinks["waiting"]),
        (&"ok".into(), &0.into())
    );
    assert_eq!(sinks["mentions"], 20);
    bus.remove_stream();
    bus.make_stream();
    mentions(&home, &bus, 20);
    daemon.wait_for_log("mentions are published again");
    assert!(daemon.stop().success());
}

/// How many mentions are recorded.
fn count(home: &Home) -> i64 {
    let count = home
        .database()
        .query_row("SELECT count(*) FROM mention", [], |row| row.get(0));
    count.unwrap_or_default()
}

#[test]
fn after_kills_in_a_storm_each_mention_is_in_the_stream_once() {
    const KILLS: usize = 12;
    const EACH: usize = 6;
    const FEEDS: [&str; 3] = ["a", "b", "c"];
    let Some(url) = server("after_kills_in_a_storm_each_mention_is_in_the_stream_once") else {
        return;
    };
    let bus = Bus::of(&url, "storm");
    let site = Site::start();
    let mut documents: BTreeMap<&str, Vec<Item>> = BTreeMap::new();
    let mut publish = |round: usize| {
        for feed in FEEDS {
            let items = documents.entry(feed).or_default();
            for n in 0..EACH {
                let title = format!("Putin at SCO summit {feed} {round} {n}");
                let mut item = Item::new(&format!("{feed}-{round}-{n}"), &title);
                if n % 2 == 0 {
                    item.link = format!("https://news.example/shared/{round}/{n}");
                }
                items.push(item);
            }
            site.publish(&format!("/{feed}"), rss(items));
        }
    };
    publish(0);
    let home = observing(&url, &bus, &site, &FEEDS);
    let mut recorded = 0;
    for round in 1..=KILLS {
        let daemon = home.start();
        // From here on it polls, records and publishes.
        daemon.wait_for_log("ready");
        publish(round);
        if round % 3 == 0 {
            // The moment in which the most is on its way.
            wait_for("further mentions", || {
                (count(&home) > recorded).then_some(())
            });
        } else {
            std::thread::sleep(Duration::from_millis(fastrand::u64(..800)));
        }
        daemon.kill();
        recorded = count(&home);
    }
    let daemon = home.start();
    let all = FEEDS.len() * EACH * (KILLS + 1) * 2;
    mentions(&home, &bus, all);
    assert!(daemon.stop().success());

    let database = home.database();
    let mut rows = database
        .prepare(
            "SELECT f.name, e.key, m.topic FROM mention m JOIN entry e ON e.id = m.entry_id
               JOIN feed f ON f.id = e.feed_id",
        )
        .unwrap();
    let recorded: BTreeSet<String> = rows
        .query_map([], |row| {
            let feed = FeedId::new(&row.get::<_, String>(0)?).unwrap();
            let topic = TopicId::new(&row.get::<_, String>(2)?).unwrap();
            Ok(dedup::mention_id(&feed, EntryKey(row.get(1)?), &topic))
        })
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(recorded.len(), all);
    let published: Vec<String> = events(&bus, "mention")
        .into_iter()
        .map(|(id, _)| id)
        .collect();
    assert_eq!(published.len(), all, "each once");
    assert_eq!(BTreeSet::from_iter(published), recorded);
}
