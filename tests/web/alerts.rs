//! Alerts, what to do with their deliveries, sinks and silences.

use serde_json::json;

use crate::client::{OPEN, Served, items, news};
use crate::support::{Hook, Item, Site, rss, wait_for};

#[test]
fn alerts_come_with_their_deliveries_page_by_page() {
    let (served, _site, _hook) = Served::with_news(9, OPEN);
    let api = &served.api;
    let delivered = "/api/v1/alerts?state=delivered&sink=hook";
    wait_for("all to be recorded as delivered", || {
        (items(&api.json(delivered)).len() == 6).then_some(())
    });
    let first = api.json("/api/v1/alerts?limit=4");
    let next = first["next"].as_str().unwrap();
    let second = api.json(&format!("/api/v1/alerts?limit=4&cursor={next}"));
    assert!(second["next"].is_null());
    let mut ids: Vec<_> = [&first, &second]
        .into_iter()
        .flat_map(items)
        .map(|alert| alert["id"].as_str().unwrap().to_owned())
        .collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 6);
    for (query, n) in [
        ("topic=sco", 3),
        ("state=dead", 0),
        ("sink=x", 0),
        ("since=1h", 6),
        ("until=1h", 0),
    ] {
        let found = api.json(&format!("/api/v1/alerts?{query}"));
        assert_eq!(items(&found).len(), n, "{query}");
    }
    let alert = api.json(&format!("/api/v1/alerts/{}", ids[0]));
    assert_eq!(alert["alert"]["deliveries"][0]["state"], "delivered");
    assert_eq!(alert["payload"]["data"]["alert_id"], ids[0].as_str());
}

#[test]
fn dead_letters_are_tried_again_or_dropped() {
    let site = Site::start();
    site.publish("/wire", rss(&news(6)));
    let hook = Hook::deciding(|n| if n < 4 { (400, vec![]) } else { (204, vec![]) });
    let home_options = "max_attempts = 1\n";
    let served = {
        let served = Served::start(&site, &hook, OPEN);
        let text = std::fs::read_to_string(served.home.config()).unwrap();
        let home = served.home;
        drop(served.daemon);
        let text = text.replace("retry_initial", &format!("{home_options}retry_initial"));
        home.write_config(&text);
        std::fs::remove_file(home.path("m.db")).ok();
        Served::run(home)
    };
    let api = &served.api;
    let dead = wait_for("dead letters", || {
        let dead = api.json("/api/v1/alerts?state=dead");
        (!items(&dead).is_empty()).then_some(dead)
    });
    let id = items(&dead)[0]["id"].as_str().unwrap().to_owned();
    assert!(items(&dead)[0]["deliveries"][0]["error"].is_string());
    let dropped = api.post(
        &format!("/api/v1/alerts/{id}/drop"),
        &json!({ "reason": "known" }),
    );
    assert_eq!(
        (dropped.status, dropped.json()),
        (200, json!({ "deliveries": 1 }))
    );
    let alert = api.json(&format!("/api/v1/alerts/{id}"));
    let delivery = &alert["alert"]["deliveries"][0];
    assert_eq!(
        (&delivery["state"], &delivery["drop_reason"]),
        (&json!("dropped"), &json!("known"))
    );
    // Until the receiver takes it; each try may meet one of its refusals.
    wait_for("the delivery", || {
        let retried = api.ask("POST", &format!("/api/v1/alerts/{id}/retry"), None);
        assert_eq!(retried.status, 200, "{retried:?}");
        hook.accepted()
            .iter()
            .any(|delivery| delivery.id == id)
            .then_some(())
    });
    assert_eq!(
        api.post("/api/v1/alerts/al_0/retry", &json!({})).status,
        404
    );
    let long = json!({ "reason": "x".repeat(501) });
    let refused = api.post(&format!("/api/v1/alerts/{id}/drop"), &long);
    assert_eq!(
        (refused.status, &refused.json()["parameter"]),
        (400, &json!("reason"))
    );
}

#[test]
fn a_sink_that_was_stopped_goes_on() {
    let site = Site::start();
    site.publish("/wire", rss(&news(3)));
    let gone = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true));
    let decide = gone.clone();
    let hook = Hook::deciding(move |_| {
        let gone = decide.load(std::sync::atomic::Ordering::Relaxed);
        (if gone { 410 } else { 204 }, vec![])
    });
    let served = Served::start(&site, &hook, OPEN);
    let api = &served.api;
    let state = || items(&api.json("/api/v1/sinks"))[0]["state"].clone();
    wait_for("the stop", || (state() == "stopped").then_some(()));
    gone.store(false, std::sync::atomic::Ordering::Relaxed);
    let resumed = api.ask("POST", "/api/v1/sinks/hook/resume", None);
    assert_eq!(
        (resumed.status, &resumed.json()["stopped"]),
        (200, &json!(null))
    );
    hook.wait(2);
    assert_eq!(
        api.ask("POST", "/api/v1/sinks/hook/resume", None).status,
        409
    );
    assert_eq!(api.ask("POST", "/api/v1/sinks/x/resume", None).status, 404);
}

#[test]
fn a_silence_holds_until_it_is_ended() {
    let (served, site, hook) = Served::with_news(3, OPEN);
    let api = &served.api;
    let wanted = json!({ "topic": "putin", "until": "8h", "comment": " we\tknow " });
    let added = api.post("/api/v1/silences", &wanted);
    assert_eq!(added.status, 201, "{added:?}");
    let path = added.header("location").unwrap().to_owned();
    assert_eq!(added.json()["comment"], "we know");
    let mut more = news(3);
    more.push(Item::new("quiet", "Putin is silent"));
    site.publish("/wire", rss(&more));
    wait_for("the silenced alert", || {
        let silenced = api.json("/api/v1/alerts?state=silenced");
        (items(&silenced).len() == 1).then_some(())
    });
    let held = api.json("/api/v1/silences");
    assert_eq!(
        (items(&held).len(), &items(&held)[0]["alerts"]),
        (1, &json!(1))
    );
    let ended = api.ask("DELETE", &path, None);
    assert_eq!(
        (ended.status, &ended.json()["active"]),
        (200, &json!(false))
    );
    let again = api.ask("DELETE", &path, None);
    assert_eq!(
        (again.status, again.json()["ended"].clone()),
        (200, ended.json()["ended"].clone())
    );
    assert!(items(&api.json("/api/v1/silences")).is_empty());
    assert_eq!(items(&api.json("/api/v1/silences?all=true")).len(), 1);
    assert_eq!(api.ask("DELETE", "/api/v1/silences/999", None).status, 404);
    more.push(Item::new("loud", "Putin is loud"));
    site.publish("/wire", rss(&more));
    hook.wait(3);
}

#[test]
fn a_story_is_silenced_by_its_key_its_alert_and_its_entry() {
    let (served, _site, _hook) = Served::with_news(3, OPEN);
    let api = &served.api;
    let alert = items(&api.json("/api/v1/alerts?topic=sco"))[0].clone();
    let names = [
        alert["story"].clone(),
        alert["id"].clone(),
        json!(alert["entry"].to_string()),
    ];
    for name in names {
        let wanted = json!({ "story": name, "until": "1h", "comment": "test" });
        let added = api.post("/api/v1/silences", &wanted);
        assert_eq!(
            (added.status, &added.json()["story"]),
            (201, &alert["story"]),
            "{name}"
        );
    }
}
