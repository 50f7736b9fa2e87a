//! Routes: who gets which alert, and that the explanation says what happens.

use serde_json::Value;

use crate::server::bare;
use crate::support::{Home, Hook, Item, Site, feed, raw_server, rss};

/// Two sinks besides `hook`, and routes.
fn sections(desk: &Hook, phone: &Hook) -> String {
    let sink = |id: &str, hook: &Hook, more: &str| {
        format!(
            "[[sink]]\nid = \"{id}\"\ntype = \"webhook\"\nurl = \"{}\"\n\
             secret = {{ file = \"secret\" }}\n{more}\n",
            hook.url()
        )
    };
    format!(
        "[schedule]\nmin_interval = \"1ms\"\n[alerts]\nfeed_failing_after = \"1ms\"\n{}{}\
         [[route]]\nkinds = [\"feed\"]\nsources = [\"broken\"]\nsinks = [\"desk\"]\n\
         [[route]]\ntopics = [\"putin\"]\nmin_score = 50\nsinks = [\"phone\"]\ncontinue = true\n\
         [[route]]\ntags = [\"leader\"]\nsinks = [\"desk\"]\n",
        sink("desk", desk, ""),
        sink("phone", phone, "topics = [\"putin\"]"),
    )
}

fn told(hook: &Hook) -> Vec<String> {
    let mut told: Vec<String> = hook
        .all()
        .iter()
        .map(|told| match told.body["data"]["story"]["title"].as_str() {
            Some(title) => title.to_owned(),
            None => told.body["type"].as_str().unwrap().to_owned(),
        })
        .collect();
    told.sort();
    told
}

struct World {
    site: Site,
    hook: Hook,
    desk: Hook,
    phone: Hook,
    home: Home,
}

fn world(items: &[Item]) -> World {
    let world = World {
        site: Site::start(),
        hook: Hook::start(),
        desk: Hook::start(),
        phone: Hook::start(),
        home: Home::new(),
    };
    world.site.publish("/feed", rss(items));
    let sections = sections(&world.desk, &world.phone);
    let wire = feed("wire", &world.site.url("/feed"), "country = \"KZ\"");
    world.site.publish("/broken", rss(&[]));
    let broken = feed("broken", &world.site.url("/broken"), "");
    world.home.arrange(&world.hook, &sections, &[wire, broken]);
    world
}

fn weak() -> Item {
    Item {
        summary: "Putin was told.".to_owned(),
        ..Item::new("1", "Water")
    }
}

#[test]
fn routes_say_who_gets_an_alert_and_who_gets_it_when_its_score_rises() {
    let world = world(&[
        weak(),
        Item::new("2", "Putin speaks"),
        Item::new("3", "SCO meets"),
    ]);
    world.home.ok(&["poll"]);
    assert_eq!(told(&world.phone), ["Putin speaks"]);
    // What no route takes goes to whoever wants such alerts.
    assert_eq!(told(&world.desk), ["Putin speaks", "SCO meets", "Water"]);
    assert_eq!(told(&world.hook), ["SCO meets"]);
    assert_eq!(
        world
            .home
            .json(&["alerts", "--sink", "phone", "--json"])
            .len(),
        1
    );

    let risen = Item {
        title: "Putin at the water".to_owned(),
        ..weak()
    };
    world.site.publish("/feed", rss(&[risen]));
    world.home.ok(&["poll"]);
    assert_eq!(told(&world.phone).len(), 2, "now it is strong enough");
    assert_eq!(told(&world.desk).len(), 3, "not again");
    assert_eq!(told(&world.hook).len(), 1);
}

#[test]
fn the_history_is_told_by_the_routes_too() {
    let world = world(&[Item::new("1", "Aral Sea grows")]);
    world.home.ok(&["poll"]);
    let aral = "[[topic]]\nid = \"aral\"\nany = [\"Aral Sea\"]\ntags = [\"leader\"]\n";
    let text = std::fs::read_to_string(world.home.config()).unwrap();
    world.home.write_config(&(text + aral));
    world.home.ok(&["rematch", "--alert", "--topic", "aral"]);
    world.home.ok(&["poll"]);
    let counts = [&world.hook, &world.desk, &world.phone].map(|hook| told(hook).len());
    assert_eq!(counts, [0, 1, 0]);
}

#[test]
fn trouble_with_a_feed_is_routed() {
    let world = world(&[]);
    let gone = raw_server(|_| bare("410 Gone", ""));
    let feeds = [
        feed("broken", &gone.url("/a"), ""),
        feed("other", &gone.url("/b"), ""),
    ];
    let sections = sections(&world.desk, &world.phone);
    world.home.arrange(&world.hook, &sections, &feeds);
    world.home.ok(&["poll"]);
    assert_eq!(
        told(&world.hook),
        ["feed.gone"],
        "the other one's, by default"
    );
    assert_eq!(told(&world.desk), ["feed.gone", "feed.gone"]);
    assert_eq!(told(&world.phone), ["feed.gone"]);
}

#[test]
fn an_explanation_says_what_each_route_does_and_what_happens() {
    let world = world(&[
        weak(),
        Item::new("2", "Putin speaks"),
        Item::new("3", "SCO meets"),
    ]);
    let ask = |args: &[&str]| {
        world
            .home
            .ok(&[&["alerts", "route", "--explain"], args].concat())
    };
    // Before there is a database.
    let shown = ask(&["--topic", "putin", "--source", "wire", "--score", "49"]);
    let place = |line: &str| {
        let text = std::fs::read_to_string(world.home.config()).unwrap();
        let mut found = text.lines().enumerate().filter(|(_, l)| *l == "[[route]]");
        let n = line.parse::<usize>().unwrap() - 1;
        format!(
            "{}:{}:1",
            world.home.config().display(),
            found.nth(n).unwrap().0 + 1
        )
    };
    let expected = format!(
        "topic putin, source wire, country KZ, language en, score 49\n  \
         route 1 ({}) no: `kinds` wants feed; it is mention\n  \
         route 2 ({}) no: `min_score` wants 50; it is 49\n  \
         route 3 ({}) taken: desk\n  \
         1 sink: desk\n",
        place("1"),
        place("2"),
        place("3")
    );
    assert_eq!(shown, expected);
    let trouble = ask(&["--source", "wire"]);
    assert!(
        trouble.starts_with("a feed in trouble, source wire")
            && trouble.contains("`sources` wants broken; it is wire")
            && trouble.ends_with(
                "no route takes it: it may go to every sink\n  3 sinks: desk, phone, hook\n"
            ),
        "{trouble}"
    );

    world.home.ok(&["poll"]);
    // What is explained for an entry is what happened.
    for mention in world.home.json(&["mentions", "--json"]) {
        let entry = mention["entry"].to_string();
        let lines = world
            .home
            .json(&["alerts", "route", "--entry", &entry, "--json"]);
        let line = lines.iter().find(|line| line["topic"] == mention["topic"]);
        let sinks = line.unwrap()["sinks"].as_array().unwrap();
        let mut said: Vec<&str> = sinks
            .iter()
            .filter(|sink| sink["gets_it"] == true)
            .map(|sink| sink["sink"].as_str().unwrap())
            .collect();
        said.sort_unstable();
        let alerts = world.home.json(&["alerts", "--json"]);
        let mut got: Vec<&str> = alerts
            .iter()
            .filter(|alert| {
                alert["entry"] == mention["entry"] && alert["topic"] == mention["topic"]
            })
            .map(|alert| alert["sink"].as_str().unwrap())
            .collect();
        got.sort_unstable();
        assert!(!got.is_empty());
        assert_eq!(said, got, "{mention}");
    }

    let add = ["silence", "add", "--until", "1h", "--comment", "x"];
    world
        .home
        .ok(&[&add[..], &["--pattern", "water", "--topic", "sco"]].concat());
    let line = |title: &str| {
        let args = [
            "alerts", "route", "--json", "--topic", "sco", "--title", title,
        ];
        world.home.json(&args)[0].clone()
    };
    assert_eq!(line("SCO and the water")["silence"], 1);
    assert_eq!(line("SCO alone")["silence"], Value::Null);
    for (args, complaint) in [
        (["--topic", "scoo"], "did you mean `sco`?"),
        (["--entry", "99"], "no entry has the number 99"),
    ] {
        let ended = world.home.run(&[&["alerts", "route"], &args[..]].concat());
        let error = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(2), "{error}");
        assert!(error.contains(complaint), "{error}");
    }
}
