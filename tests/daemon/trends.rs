//! Mentions over time, as the command line shows them.

use crate::support::{Home, Hook, Item, Site, rss};

#[test]
fn trends_show_each_topic_and_one_in_detail() {
    let (site, hook) = (Site::start(), Hook::start());
    let items = [
        Item::new("1", "Putin meets the SCO"),
        Item::new("2", "Putin leaves"),
    ];
    site.publish("/feed", rss(&items));
    let home = Home::watching(&[("wire", site.url("/feed"))], &hook);
    home.ok(&["poll"]);
    let topics = home.json(&["trends", "--json"]);
    assert_eq!(topics[0]["topic"], "putin");
    let total: u64 = topics[0]["days"]
        .as_array()
        .unwrap()
        .iter()
        .map(|n| n.as_u64().unwrap())
        .sum();
    assert_eq!((total, &topics[0]["stories"]), (2, &2.into()));

    let points = home.json(&[
        "trends", "putin", "--by", "hour", "--since", "24h", "--json",
    ]);
    assert!((24..=25).contains(&points.len()), "{}", points.len());
    let found: Vec<_> = points
        .iter()
        .filter(|point| point["mentions"] != 0)
        .collect();
    let counted: u64 = found
        .iter()
        .map(|point| point["mentions"].as_u64().unwrap())
        .sum();
    assert_eq!(counted, 2);
    assert_eq!(found[0]["per_thousand"], 1000.0);
    let shown = home.ok(&["trends", "putin", "--time-zone", "Asia/Kathmandu"]);
    for part in ["per 1,000", "feeds      wire 2", "with       sco 1"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let unknown = home.run(&["trends", "--time-zone", "Mars/Olympus"]);
    assert_eq!(unknown.status.code(), Some(2));
}
