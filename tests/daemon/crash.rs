//! SIGKILL at random instants: nothing is lost, nothing gets a second id.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::support::{Home, Hook, Item, Site, rss, wait_for};

const KILLS: usize = 50;
const FEEDS: [&str; 3] = ["a", "b", "c"];

#[test]
fn after_fifty_kills_every_matching_entry_has_arrived_under_one_id() {
    let site = Site::start();
    // One request in four fails, by chance: a fixed rhythm could meet the same alert every time.
    let hook = Hook::deciding(|_| (if fastrand::u8(..4) == 0 { 500 } else { 204 }, vec![]));
    let mut documents: BTreeMap<&str, Vec<Item>> = BTreeMap::new();
    let mut expected: BTreeSet<(String, String)> = BTreeSet::new();
    let mut publish = |round: usize| {
        for feed in FEEDS {
            let items = documents.entry(feed).or_default();
            // Every feed has a story of its own, one without a topic, and one that all share.
            let mut own = Item::new(&format!("{feed}-{round}"), &format!("Putin {feed} {round}"));
            own.summary = if round.is_multiple_of(3) {
                "SCO summit".into()
            } else {
                String::new()
            };
            let mut shared = Item::new(&format!("{feed}-s{round}"), &format!("SCO shared {round}"));
            shared.link = format!("https://news.example/shared/{round}?utm_source={feed}");
            expected.insert(("putin".into(), own.link.clone()));
            if round.is_multiple_of(3) {
                expected.insert(("sco".into(), own.link.clone()));
            }
            expected.insert(("sco".into(), format!("https://news.example/shared/{round}")));
            items.extend([
                own,
                shared,
                Item::new(&format!("{feed}-n{round}"), "Football"),
            ]);
            site.publish(
                &format!("/{feed}"),
                rss(items)
                    .replace(
                        // Dates must not change a document that has no new entries; they play no part here.
                        "<pubDate>",
                        "<ignored>",
                    )
                    .replace("</pubDate>", "</ignored>"),
            );
        }
        expected.clone()
    };
    publish(0);
    let feeds: Vec<_> = FEEDS
        .iter()
        .map(|f| (*f, site.url(&format!("/{f}"))))
        .collect();
    let home = Home::watching(&feeds, &hook);
    let mut expected = BTreeSet::new();
    for round in 1..=KILLS {
        let daemon = home.start();
        std::thread::sleep(Duration::from_millis(fastrand::u64(5..150)));
        expected = publish(round);
        std::thread::sleep(Duration::from_millis(fastrand::u64(5..150)));
        daemon.kill();
    }

    let daemon = home.start();
    let story = |link: &str| link.split('?').next().unwrap_or_default().to_owned();
    wait_for("every alert", || {
        let arrived: BTreeSet<_> = hook
            .accepted()
            .iter()
            .map(|d| (d.topic().to_owned(), story(d.link())))
            .collect();
        arrived.is_superset(&expected).then_some(())
    });
    // Every alert may have arrived before the last kill, and then this one has only just begun.
    daemon.wait_for_log("starting");
    assert!(daemon.stop().success());

    let mut ids: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for delivery in hook.all() {
        ids.entry((delivery.topic().to_owned(), story(delivery.link())))
            .or_default()
            .insert(delivery.id);
    }
    let ambiguous: Vec<_> = ids.iter().filter(|(_, ids)| ids.len() != 1).collect();
    assert!(ambiguous.is_empty(), "{ambiguous:?}");
    assert_eq!(
        ids.keys().cloned().collect::<BTreeSet<_>>(),
        expected,
        "and nothing else"
    );
    let all: BTreeSet<_> = ids.values().flatten().collect();
    assert_eq!(all.len(), ids.len(), "no id stands for two alerts");
    let sound: String = home
        .database()
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(sound, "ok");
}
