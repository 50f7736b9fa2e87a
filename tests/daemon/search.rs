//! Searching the history from the command line, beside what polls record and an older database holds.

use serde_json::{Value, json};

use crate::support::{Home, Hook, Item, Site, wait_for};

fn found(home: &Home, args: &[&str]) -> Vec<Value> {
    home.json(&[&["search", "--json"], args].concat())
}

fn titles(home: &Home, args: &[&str]) -> Vec<String> {
    let rows = found(home, args);
    rows.iter()
        .map(|row| row["title"].as_str().unwrap().to_owned())
        .collect()
}

fn polled() -> (Site, Hook, Home) {
    let (site, hook) = (Site::start(), Hook::start());
    let home = Home::watching(&[("wire", site.url("/feed"))], &hook);
    let with = |guid: &str, title: &str, summary: &str| Item {
        summary: summary.to_owned(),
        ..Item::new(guid, title)
    };
    let items = [
        with("1", "ERDOĞAN in Ankara", "A visit of ministers"),
        with("2", "国家主席习近平会见普京", "会见"),
        with(
            "3",
            "Quiet day",
            "Nothing; Putin rests. &lt;b&gt;Rain&lt;/b&gt;",
        ),
    ];
    site.publish("/feed", crate::support::rss(&items));
    home.ok(&["poll"]);
    (site, hook, home)
}

#[test]
fn what_a_poll_brought_is_found_in_any_spelling_and_script() {
    let (_site, _hook, home) = polled();
    assert_eq!(titles(&home, &["erdogan"]), ["ERDOĞAN in Ankara"]);
    assert_eq!(titles(&home, &["習近平"]), ["国家主席习近平会见普京"]);
    assert_eq!(titles(&home, &["topic:putin"]), ["Quiet day"]);
    assert_eq!(titles(&home, &["putin", "--topic", "putin"]), ["Quiet day"]);
    assert_eq!(
        titles(&home, &["--feed", "wire", "(visit OR rain) -ankara"]),
        ["Quiet day"]
    );
    assert_eq!(titles(&home, &["title:visit"]), [""; 0]);
    let row = &found(&home, &["putin rain"])[0];
    assert_eq!(row["snippet"], "Nothing; Putin rests. Rain");
    assert_eq!(row["snippet_hits"], json!([[9, 14], [22, 26]]));
    assert_eq!(row["topics"], json!(["putin"]));
    let printed = home.ok(&["search", "erdogan OR putin"]);
    assert!(printed.contains("»ERDOĞAN« in Ankara | "), "{printed}");
    assert!(printed.contains("Nothing; »Putin« rests."), "{printed}");
}

#[test]
fn what_can_not_be_meant_is_told_and_nothing_is_not_an_error() {
    let (_site, _hook, home) = polled();
    let wrong = home.run(&["search", "rain OR lang:ru"]);
    let told = String::from_utf8_lossy(&wrong.stderr).into_owned();
    assert_eq!(wrong.status.code(), Some(2), "{told}");
    assert!(
        told.contains("rain OR lang:ru\n^ conditions hold"),
        "{told}"
    );
    assert_eq!(
        home.run(&["search", "rain", "--until", "soon"])
            .status
            .code(),
        Some(2)
    );
    let nothing = home.run(&["search", "'; DROP TABLE entry; --"]);
    assert_eq!(nothing.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&nothing.stderr), "nothing found\n");
    assert_eq!(
        home.run(&["search", "x", "--feed", "wier"]).status.code(),
        Some(2)
    );
}

#[test]
fn an_older_database_is_indexed_by_the_daemon() {
    let (_site, _hook, home) = polled();
    // As the schema before the index had it.
    home.database()
        .execute_batch(
            "DROP TABLE mention_delivery; DROP TABLE mention_event; DROP INDEX mention_counted; DROP TABLE search;
             DROP TABLE search_backlog; PRAGMA user_version = 8",
        )
        .unwrap();
    let older = home.run(&["search", "erdogan"]);
    assert_eq!(older.status.code(), Some(1));
    let daemon = home.start();
    let rows = wait_for("the older entries to be indexed", || {
        let output = home.run(&["search", "--json", "erdogan"]);
        let found = !output.stdout.is_empty() && output.stderr.is_empty();
        (output.status.success() && found).then_some(output.stdout)
    });
    assert!(String::from_utf8_lossy(&rows).contains("ERDOĞAN"));
    assert!(daemon.stop().success());
}
