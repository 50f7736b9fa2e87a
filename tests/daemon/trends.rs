//! Mentions over time, as the command line shows them.

use crate::support::{Home, Hook, Item, Site, TOPICS, rss};

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

/// A home whose history counts a topic on two days of January 1970, which is not configured.
fn old_home() -> Home {
    let home = Home::new();
    home.write_config(&format!("database = \"m.db\"\n{TOPICS}"));
    mentiond::store::Store::open(&home.path("m.db"))
        .unwrap()
        .close();
    home.database()
        .execute_batch(
            "INSERT INTO series VALUES ('old', 1919, 7, 1), ('old', 1920, 2, 1), ('old', 2000, 3, 1);
             INSERT INTO series_day VALUES ('old', 'language', 19, 'en', 7), ('old', 'language', 20, 'ru', 5)",
        )
        .unwrap();
    home
}

#[test]
fn a_topic_that_left_the_configuration_is_shown_over_the_time_that_is_asked_for() {
    let home = old_home();
    let of = |span: &[&str]| -> Vec<u64> {
        let points = home.json(&[&["trends", "old", "--json"], span].concat());
        let mentions = points.iter().map(|point| point["mentions"].as_u64());
        mentions.map(Option::unwrap).collect()
    };
    assert_eq!(
        of(&["--since", "1970-01-19", "--until", "1970-01-22"]),
        [0, 7, 5]
    );
    // Lines are whole days, also the last one.
    assert_eq!(
        of(&["--since", "1970-01-20", "--until", "1970-01-21T01:00:00Z"]),
        [7, 5]
    );
    let fortnight = of(&["--until", "1970-01-21"]);
    assert_eq!((fortnight.len(), fortnight[13]), (14, 7));
    let shown = home.ok(&["trends", "old", "--until", "1970-01-21"]);
    assert!(shown.ends_with("languages  en 7\n"), "{shown}");
}

#[test]
fn what_trends_can_not_show_is_said() {
    let home = old_home();
    let fails = |args: &[&str], says: &str| {
        let ended = home.run(&[&["trends"], args].concat());
        assert_eq!(ended.status.code(), Some(2), "{args:?}");
        let error = String::from_utf8(ended.stderr).unwrap();
        assert!(error.contains(says), "{args:?}: {error}");
    };
    for option in [["--since", "30d"], ["--until", "1d"], ["--by", "week"]] {
        fails(&option, "go with a topic");
    }
    fails(&["odl"], "no topic has the id `odl`");
    fails(&[""], "no topic has the id ``");
    let backwards = ["sco", "--since", "1d", "--until", "2d"];
    fails(&backwards, "nothing is between");
}
