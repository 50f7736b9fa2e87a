//! From which score on a mention is told, and to whom.

use crate::support::{Home, Hook, Item, Site, feed, rss};

/// A second sink, and a topic of which only strong mentions are told.
fn more(hook: &Hook) -> String {
    format!(
        "[[sink]]\nid = \"strong\"\ntype = \"webhook\"\nurl = \"{}\"\nmin_score = 50\n\
         secret = {{ file = \"secret\" }}\n\
         [[topic]]\nid = \"aral\"\nany = [\"Aral Sea\"]\nmin_score = 50\n",
        hook.url()
    )
}

/// An item that says this in its summary only.
fn below(guid: &str, title: &str, summary: &str) -> Item {
    Item {
        summary: summary.to_owned(),
        ..Item::new(guid, title)
    }
}

#[test]
fn a_weak_mention_is_history_and_goes_only_to_whom_it_is_strong_enough_for() {
    let (site, hook, strong) = (Site::start(), Hook::start(), Hook::start());
    let home = Home::new();
    let wire = feed("wire", &site.url("/feed"), "");
    home.arrange(
        &hook,
        &format!("[schedule]\nmin_interval = \"1ms\"\n{}", more(&strong)),
        &[wire],
    );
    let weak = below(
        "1",
        "Water",
        "Fishermen of the Aral Sea hope; Putin was told.",
    );
    let title = Item::new("2", "Aral Sea grows");
    site.publish("/feed", rss(&[weak.clone(), title.clone()]));
    home.ok(&["poll"]);

    let told = |hook: &Hook| {
        let told = hook.all();
        let mut told: Vec<String> = told
            .iter()
            .map(|d| format!("{} {}", d.topic(), d.body["data"]["score"]))
            .collect();
        told.sort();
        told
    };
    assert_eq!(told(&hook), ["aral 50", "putin 27"]);
    assert_eq!(told(&strong), ["aral 50"]);
    let mentions = home.json(&["mentions", "--topic", "aral", "--json"]);
    let mut scores: Vec<_> = mentions.iter().map(|m| m["score"].as_u64()).collect();
    scores.sort_unstable();
    assert_eq!(scores, [Some(27), Some(50)], "both are history");

    // What an edit makes strong is told to those who have not heard of it.
    let edited = Item {
        title: "Putin and the Aral Sea".to_owned(),
        ..weak
    };
    site.publish("/feed", rss(&[edited, title]));
    home.ok(&["poll"]);
    assert_eq!(told(&hook), ["aral 50", "aral 58", "putin 27"]);
    assert_eq!(told(&strong), ["aral 50", "aral 58", "putin 58"]);
}
