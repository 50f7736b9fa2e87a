//! Groups, digests, limits and quiet hours of a running daemon.

use serde_json::Value;

use crate::support::{Home, Hook, Item, Site, rss, wait_for};

/// A home with a feed, and a sink `desk` with a pace beside `hook`, which has none.
fn home(items: &[Item], pace: &str) -> (Site, [Hook; 2], Home) {
    let (site, hook, desk) = (Site::start(), Hook::start(), Hook::start());
    site.publish("/feed", rss(items));
    let home = Home::new();
    let sink = format!(
        "[schedule]\nmin_interval = \"1ms\"\n[dedup]\nnear_duplicates = false\n\
         [[sink]]\nid = \"desk\"\ntype = \"webhook\"\nurl = \"{}\"\n\
         secret = {{ file = \"secret\" }}\n{pace}\n",
        desk.url()
    );
    let wire = crate::support::feed("wire", &site.url("/feed"), "");
    home.arrange(&hook, &sink, &[wire]);
    (site, [hook, desk], home)
}

fn items(n: usize) -> Vec<Item> {
    (0..n)
        .map(|n| Item::new(&n.to_string(), &format!("Putin speaks {n}")))
        .collect()
}

fn titles(digest: &Value) -> Vec<String> {
    let alerts = digest["data"]["alerts"].as_array().unwrap();
    let title = |alert: &Value| alert["data"]["story"]["title"].as_str().unwrap().to_owned();
    let mut titles: Vec<String> = alerts.iter().map(title).collect();
    titles.sort();
    titles
}

#[test]
fn a_group_comes_as_one_message_and_others_are_told_at_once() {
    let pace = "mode = \"group\"\ngroup_wait = \"300ms\"\ngroup_interval = \"300ms\"";
    let (site, [hook, desk], home) = home(&items(3), pace);
    let daemon = home.start();
    hook.wait(3);
    let first = desk.wait(1).remove(0).body;
    assert_eq!(first["type"], "digest.created");
    assert_eq!(first["data"]["reason"], "group");
    assert_eq!(first["data"]["count"], 3);
    assert_eq!(
        titles(&first),
        ["Putin speaks 0", "Putin speaks 1", "Putin speaks 2"]
    );
    assert_eq!(first["data"]["topics"][0]["id"], "putin");
    // One by itself is told as it is.
    site.publish("/feed", rss(&[Item::new("9", "Putin leaves")]));
    let second = desk.wait(2).remove(1);
    assert_eq!(second.title(), "Putin leaves");
    assert!(daemon.stop().success());
    let states: Vec<Value> = home.json(&["alerts", "--sink", "desk", "--json"]);
    let digest = &first["data"]["alert_id"];
    let gathered = states
        .iter()
        .filter(|a| a["state"] == "gathered" && a["digest"] == *digest);
    assert_eq!(gathered.count(), 3);
    let id = digest.as_str().unwrap();
    assert_eq!(home.json(&["alerts", "--digest", id, "--json"]).len(), 3);
}

#[test]
fn what_a_limit_keeps_back_is_told_in_one_digest_after_a_restart_too() {
    let (_site, [hook, desk], home) = home(&items(6), "rate_limit = \"2/4s\"");
    let daemon = home.start();
    hook.wait(6);
    desk.wait(2);
    daemon.kill();
    let daemon = home.start();
    let all = wait_for("the digest", || {
        let all = desk.all();
        all.iter()
            .any(|told| told.body["type"] == "digest.created")
            .then_some(all)
    });
    let digest = &all.last().unwrap().body;
    assert_eq!(digest["data"]["reason"], "rate_limit");
    assert_eq!(digest["data"]["count"], 4);
    assert!(daemon.stop().success());
    let alone: Vec<String> = all
        .iter()
        .map(|told| told.body["data"]["alert_id"].to_string())
        .collect();
    for alert in digest["data"]["alerts"].as_array().unwrap() {
        let id = alert["data"]["alert_id"].to_string();
        assert!(!alone.contains(&id), "told twice: {id}");
    }
}

#[test]
fn a_digest_waits_for_its_time_and_says_so() {
    let (_site, [hook, desk], home) =
        home(&items(2), "mode = \"digest\"\ndigest_at = [\"mon 03:00\"]");
    let polled = home.ok(&["poll"]);
    assert!(polled.contains(", 2 held"), "{polled}");
    assert_eq!(hook.all().len(), 2);
    assert!(desk.all().is_empty());
    let shown = home.ok(&["alerts", "--state", "held"]);
    assert!(
        shown.contains("desk: held for the next digest, told in "),
        "{shown}"
    );
    let listed = home.json(&["sinks", "--json"]);
    let desk_line = listed.iter().find(|line| line["sink"] == "desk").unwrap();
    assert_eq!(desk_line["held"], 2);
    // Without a pace they go out.
    let text = std::fs::read_to_string(home.config()).unwrap();
    let text = text
        .replace("mode = \"digest\"\n", "")
        .replace("digest_at = [\"mon 03:00\"]\n", "");
    home.write_config(&text);
    home.ok(&["poll"]);
    assert_eq!(desk.all().len(), 2);
}
