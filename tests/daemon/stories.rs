//! One agency report in many papers is one story; two reports on one pattern are two.

use crate::support::{Home, Hook, Item, Site, rss};

const DECLARATION: &str = "ASTANA, July 4 - Leaders of the Shanghai Cooperation Organisation signed the \
    Astana declaration on Thursday, calling for a fairer world order and closer work on security, energy \
    and trade. President Putin and the other members adopted 25 documents, among them a strategy for \
    energy until 2030. The Shanghai Cooperation Organisation was founded in 2001 and covers about 40 per \
    cent of the world's population.";

/// An item of its own link.
fn item(guid: &str, title: &str, summary: &str) -> Item {
    Item {
        summary: summary.to_owned(),
        ..Item::new(guid, title)
    }
}

/// Two feeds, one item each, polled at once.
fn polled(first: Item, second: Item) -> (Home, Hook) {
    let (site, hook) = (Site::start(), Hook::start());
    site.publish("/one", rss(&[first]));
    site.publish("/two", rss(&[second]));
    let feeds = [("one", site.url("/one")), ("two", site.url("/two"))];
    let home = Home::watching(&feeds, &hook);
    home.ok(&["poll"]);
    (home, hook)
}

#[test]
fn one_agency_text_under_two_links_is_one_alert_and_the_history_says_why() {
    let copy = format!("By our desk. {DECLARATION} Sign up for our newsletter.");
    let (home, hook) = polled(
        item("1", "Leaders sign Astana declaration", DECLARATION),
        item("2", "What the summit brought", &copy),
    );
    let alerts = hook.all();
    assert_eq!(alerts.len(), 1, "{alerts:?}");
    assert_eq!(alerts[0].body["data"]["feeds"].as_array().unwrap().len(), 2);
    let mentions = home.json(&["mentions", "--json"]);
    assert_eq!(mentions.len(), 2, "each feed's mention is history");
    let joined: Vec<_> = mentions.iter().filter(|m| !m["alike"].is_null()).collect();
    assert_eq!(joined.len(), 1);
    assert!(joined[0]["alike"]["likeness"].as_f64().unwrap() > 0.9);
    assert!(home.ok(&["mentions"]).contains("same story as \""));
}

#[test]
fn two_summit_days_with_the_same_boilerplate_are_two_alerts() {
    let second = DECLARATION
        .replace("ASTANA, July 4", "TIANJIN, September 1")
        .replace(
            "Astana declaration on Thursday",
            "Tianjin declaration on Monday",
        )
        .replace("25 documents", "24 documents");
    let (_, hook) = polled(
        item("1", "Leaders sign declaration", DECLARATION),
        item("2", "Leaders sign declaration", &second),
    );
    assert_eq!(hook.all().len(), 2);
}

#[test]
fn headlines_alone_are_one_story_only_if_they_are_the_same() {
    let (_, hook) = polled(
        item("1", "Plane of Putin lands in Astana", ""),
        item("2", "PLANE of Putin lands in Astana!", ""),
    );
    assert_eq!(hook.all().len(), 1);
    let (_, hook) = polled(
        item("1", "Plane of Putin lands in Astana", ""),
        item("2", "Plane of Putin lands in Bishkek", ""),
    );
    assert_eq!(hook.all().len(), 2);
}

#[test]
fn the_owner_can_have_every_link_told() {
    let (site, hook) = (Site::start(), Hook::start());
    site.publish("/one", rss(&[item("1", "Summit", DECLARATION)]));
    site.publish("/two", rss(&[item("2", "Summit", DECLARATION)]));
    let feeds = [("one", site.url("/one")), ("two", site.url("/two"))];
    let home = Home::new();
    home.configure(&feeds, &hook, "[dedup]\nnear_duplicates = false");
    home.ok(&["poll"]);
    assert_eq!(hook.all().len(), 2);
}
