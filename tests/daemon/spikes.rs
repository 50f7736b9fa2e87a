//! A topic that is mentioned far more than usual is told once, with the stories that did it.

use rusqlite::params;
use serde_json::Value;

use crate::support::{Home, Hook, Item, Site, rss};

const QUARTER_MS: i64 = 900_000;

/// Three weeks in which a topic is mentioned every few hours, and an hour in which it is everywhere.
fn history(home: &Home) {
    let now = i64::try_from(
        std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap()
            .as_millis(),
    )
    .unwrap();
    let last = now / QUARTER_MS - 1;
    let conn = home.database();
    let mut add = conn
        .prepare("INSERT OR REPLACE INTO series (topic, quarter, mentions, stories) VALUES (?1, ?2, ?3, ?3)")
        .unwrap();
    for quarter in last - 21 * 96..=last {
        add.execute(params!["", quarter, 20]).unwrap();
        if quarter % 16 == 0 {
            add.execute(params!["putin", quarter, 1]).unwrap();
        }
    }
    for quarter in last - 3..=last {
        add.execute(params!["putin", quarter, 6]).unwrap();
    }
}

fn spikes(hook: &Hook) -> Vec<Value> {
    let all = hook.all().into_iter().map(|told| told.body);
    all.filter(|body| body["type"] == "topic.spike").collect()
}

#[test]
fn a_spike_is_told_once_with_its_stories() {
    let (site, hook) = (Site::start(), Hook::start());
    site.publish("/feed", rss(&[Item::new("1", "Putin speaks")]));
    let home = Home::watching(&[("wire", site.url("/feed"))], &hook);
    home.ok(&["poll"]);
    history(&home);
    let daemon = home.start();
    daemon.wait_for_log("mentioned far more than usual");
    let spike = crate::support::wait_for("the spike", || spikes(&hook).pop());
    assert!(daemon.stop().success());
    let data = &spike["data"];
    assert_eq!(data["topic"]["id"], "putin");
    assert_eq!(data["count"], 24);
    assert!(data["expected"].as_f64().unwrap() < 2.0, "{data}");
    assert_eq!(data["stories"][0]["title"], "Putin speaks");
    // It goes on, and was told.
    let daemon = home.start();
    daemon.wait_for_log("starting");
    assert!(daemon.stop().success());
    assert_eq!(
        home.json(&["alerts", "--topic", "putin", "--json"]).len(),
        2
    );
    assert_eq!(spikes(&hook).len(), 1);
}

#[test]
fn who_wants_no_spikes_gets_none() {
    let (site, hook) = (Site::start(), Hook::start());
    site.publish("/feed", rss(&[Item::new("1", "Putin speaks")]));
    let home = Home::watching(&[("wire", site.url("/feed"))], &hook);
    let text = std::fs::read_to_string(home.config()).unwrap();
    home.write_config(&text.replace(
        "type = \"webhook\"",
        "type = \"webhook\"\nspike_alerts = false",
    ));
    home.ok(&["poll"]);
    history(&home);
    let daemon = home.start();
    daemon.wait_for_log("mentioned far more than usual");
    assert!(daemon.stop().success());
    let told = home.json(&["alerts", "--topic", "putin", "--json"]);
    let spike = told
        .iter()
        .find(|alert| alert["kind"] == "topic.spike")
        .unwrap();
    assert_eq!(spike["sink"], Value::Null);
}
