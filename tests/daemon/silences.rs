//! Silences, beside a daemon and between polls.

use crate::support::{Home, Hook, Item, Site, rss, wait_for};

fn home(items: &[Item]) -> (Site, Hook, Home) {
    let (site, hook) = (Site::start(), Hook::start());
    site.publish("/feed", rss(items));
    let home = Home::watching(&[("wire", site.url("/feed"))], &hook);
    (site, hook, home)
}

/// An empty run, so that there is a database.
fn first_run(home: &Home, site: &Site) {
    site.publish("/feed", rss(&[]));
    home.ok(&["poll"]);
}

fn topics(hook: &Hook) -> Vec<String> {
    let told = hook.all();
    told.iter().map(|told| told.topic().to_owned()).collect()
}

fn silence(home: &Home, what: &[&str]) -> String {
    let add = [
        &["silence", "add", "--until", "1h", "--comment", "known"],
        what,
    ];
    home.ok(&add.concat())
}

#[test]
fn a_silenced_topic_is_recorded_and_not_told_until_the_silence_is_ended() {
    let first = Item::new("1", "Putin arrives");
    let (site, hook, home) = home(&[]);
    first_run(&home, &site);
    let added = silence(&home, &["--topic", "putin"]);
    assert!(added.starts_with("silence 1 holds until "), "{added}");

    site.publish("/feed", rss(std::slice::from_ref(&first)));
    let polled = home.ok(&["poll"]);
    assert!(polled.contains(", 1 silenced"), "{polled}");
    assert!(hook.all().is_empty());
    let silenced = home.json(&["alerts", "list", "--state", "silenced", "--json"]);
    assert_eq!(silenced.len(), 1);
    assert_eq!(silenced[0]["silence"], 1);
    assert_eq!(home.json(&["mentions", "--json"]).len(), 1, "it is history");
    let shown = home.ok(&["alerts"]);
    assert!(
        shown.contains("0 dead, 0 dropped, 1 silenced")
            && shown.contains("hook: silenced by silence 1"),
        "{shown}"
    );
    let listed = home.json(&["silence", "list", "--json"]);
    assert_eq!(listed.len(), 1);
    assert_eq!(
        (&listed[0]["alerts"], &listed[0]["active"]),
        (&1.into(), &true.into())
    );

    let ended = home.ok(&["silence", "end", "1"]);
    assert_eq!(ended, "silence 1 has ended; 1 alert stayed silent\n");
    site.publish("/feed", rss(&[first, Item::new("2", "Putin leaves")]));
    home.ok(&["poll"]);
    let told = hook.all();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].body["data"]["story"]["title"], "Putin leaves");
    assert!(home.json(&["silence", "list", "--json"]).is_empty());
    assert_eq!(home.json(&["silence", "list", "--all", "--json"]).len(), 1);
}

#[test]
fn a_silence_holds_at_once_beside_a_running_daemon() {
    let (site, hook, home) = home(&[Item::new("1", "SCO summit")]);
    let daemon = home.start();
    hook.wait(1);
    silence(&home, &["--pattern", "aRRives putin"]);
    site.publish(
        "/feed",
        rss(&[Item::new("2", "Putin arrives"), Item::new("3", "SCO meets")]),
    );
    hook.wait(2);
    assert_eq!(topics(&hook), ["sco", "sco"]);
    wait_for("the silenced alert", || {
        let listed = home.json(&["alerts", "--state", "silenced", "--json"]);
        (listed.len() == 1).then_some(())
    });
    home.ok(&["silence", "end", "1"]);
    site.publish("/feed", rss(&[Item::new("4", "Putin arrives again")]));
    hook.wait(3);
    assert!(daemon.stop().success());
    assert_eq!(topics(&hook), ["sco", "sco", "putin"]);
}

#[test]
fn the_story_of_an_alert_or_entry_is_silenced_for_other_topics_too() {
    let story = Item::new("1", "Putin arrives");
    let (site, hook, home) = home(std::slice::from_ref(&story));
    home.ok(&["poll"]);
    let alert = home.json(&["alerts", "--json"])[0].clone();
    let (id, entry) = (alert["id"].as_str().unwrap(), alert["entry"].to_string());
    silence(&home, &["--story", id]);
    silence(&home, &["--story", &entry]);
    let listed = home.ok(&["silence", "list"]);
    assert_eq!(listed.matches("story Putin arrives").count(), 2, "{listed}");
    let edited = Item {
        title: "Putin arrives for SCO summit".to_owned(),
        ..story
    };
    site.publish("/feed", rss(&[edited, Item::new("2", "SCO grows")]));
    home.ok(&["poll"]);
    assert_eq!(topics(&hook), ["putin", "sco"]);
    let silenced = home.json(&["alerts", "--state", "silenced", "--json"]);
    assert_eq!(silenced.len(), 1);
    assert_eq!(silenced[0]["title"], "Putin arrives for SCO summit");
}

#[test]
fn a_silence_that_could_mean_nothing_is_refused() {
    let (site, _hook, home) = home(&[]);
    first_run(&home, &site);
    for (what, complaint) in [
        (["--topic", "puttin"], "did you mean `putin`?"),
        (["--source", "wier"], "did you mean `wire`?"),
        (["--story", "al_0"], "no alert about a story has this id"),
        (["--story", "77"], "no entry has this number"),
        (["--pattern", "*"], "write at least one word"),
    ] {
        let args = ["silence", "add", "--until", "1h", "--comment", "x"];
        let ended = home.run(&[&args[..], &what].concat());
        let error = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(2), "{what:?}: {error}");
        assert!(error.contains(complaint), "{what:?}: {error}");
    }
    for (until, complaint) in [
        ("yesterday", "write a duration"),
        ("2001-01-01", "not in the future"),
    ] {
        let args = ["silence", "add", "--topic", "sco", "--comment", "x"];
        let ended = home.run(&[&args[..], &["--until", until]].concat());
        let error = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(2));
        assert!(error.contains(complaint), "{error}");
    }
    let ended = home.run(&["silence", "end", "1"]);
    assert_eq!(ended.status.code(), Some(2));
    assert_eq!(home.ok(&["silence", "list", "--all"]), "no silence\n");
}
