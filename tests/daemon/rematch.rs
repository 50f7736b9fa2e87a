//! Topics over the history: what is found, what is told, and that running again changes nothing.

use std::process::Output;
use std::sync::atomic::{AtomicBool, Ordering};

use mentiond::config::{self, Environment};
use mentiond::daemon::{Rematch, rematch};
use mentiond::store::Store;
use serde_json::Value;

use crate::support::{Home, Hook, Item, Site, feed, rss, runtime};

const ARAL: &str = "[[topic]]\nid = \"aral\"\nname = \"Aral Sea\"\nany = [\"Aral Sea\"]\n";
/// The numbers that most is asked of.
const FOUND: [&str; 3] = ["entries", "found", "added"];
/// Minutes of a month and a half.
const LONG_AGO: i64 = 45 * 24 * 60;

struct World {
    site: Site,
    hook: Hook,
    home: Home,
}

impl World {
    /// Two feeds that were polled before anybody asked for the Aral Sea: a story that both carry, one
    /// of long ago, and one of another topic.
    fn polled() -> Self {
        let world = Self {
            site: Site::start(),
            hook: Hook::start(),
            home: Home::new(),
        };
        let shared = Item::new("shared", "Aral Sea grows");
        let mut old = Item::new("old", "Aral Sea shrinks");
        old.age_min = LONG_AGO;
        let other = Item::new("other", "Putin speaks");
        world
            .site
            .publish("/one", rss(&[shared.clone(), old, other]));
        world.site.publish("/two", rss(&[shared]));
        world.configure("");
        world.home.ok(&["poll"]);
        assert_eq!(world.topics_told(), ["putin"]);
        world
    }

    fn configure(&self, more: &str) {
        let sections = format!("[schedule]\ninterval = \"200ms\"\nmin_interval = \"1ms\"\n{more}");
        let feeds = ["one", "two"].map(|id| feed(id, &self.site.url(&format!("/{id}")), ""));
        self.home.arrange(&self.hook, &sections, &feeds);
    }

    /// The line of the topic `aral`.
    fn aral(&self, more: &[&str]) -> Value {
        let args = [&["rematch", "--json", "--topic", "aral"], more].concat();
        let lines = self.home.json(&args);
        assert_eq!(lines.len(), 1, "{lines:?}");
        lines[0].clone()
    }

    fn topics_told(&self) -> Vec<String> {
        let all = self.hook.all();
        all.iter().map(|told| told.topic().to_owned()).collect()
    }

    /// How many alerts of the topic `aral` have arrived once all that waits was sent.
    fn told_of_aral(&self) -> usize {
        self.home.ok(&["poll"]);
        let told = self.topics_told();
        told.iter().filter(|topic| *topic == "aral").count()
    }
}

fn numbers(line: &Value, keys: [&str; 3]) -> [u64; 3] {
    keys.map(|key| line[key].as_u64().unwrap())
}

fn failed(output: &Output) -> (Option<i32>, String) {
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), error)
}

#[test]
fn a_new_topic_finds_old_stories_and_tells_them_once_and_only_when_asked() {
    let world = World::polled();
    world.configure(ARAL);
    let untouched = world.home.dump(&[]);

    let dry = world.aral(&["--dry-run", "--alert"]);
    assert_eq!(numbers(&dry, FOUND), [4, 3, 3]);
    assert_eq!((&dry["alerts"], &dry["dry_run"]), (&2.into(), &true.into()));
    assert_eq!(world.home.dump(&[]), untouched, "nothing was written");

    let young = world.aral(&["--since", "30d"]);
    assert_eq!(numbers(&young, FOUND), [3, 2, 2], "not the one of long ago");
    assert_eq!(world.aral(&[])["added"], 1);
    assert_eq!(world.told_of_aral(), 0, "no alert without being asked");
    let before = world.home.dump(&["schedule"]);
    let again = world.aral(&[]);
    assert_eq!(numbers(&again, FOUND), [4, 3, 0]);
    assert_eq!(world.home.dump(&["schedule"]), before, "nothing new");

    assert_eq!(world.aral(&["--since", "30d", "--alert"])["alerts"], 1);
    assert_eq!(world.told_of_aral(), 1, "one story in two feeds");
    let shown = world.home.ok(&["rematch", "--topic", "aral", "--alert"]);
    assert!(
        shown.contains("aral   3      0      0     0        1\n"),
        "{shown}"
    );
    assert!(
        shown.contains("1 topic over 4 stored entries in ") && shown.contains("1 alert created"),
        "{shown}"
    );
    assert_eq!(world.told_of_aral(), 2);
    assert_eq!(world.aral(&["--alert"])["alerts"], 0);
    assert_eq!(world.told_of_aral(), 2, "never twice");
    let told = world.hook.all();
    let last = &told.last().unwrap().body["data"];
    assert_eq!(last["story"]["title"], "Aral Sea shrinks");
    assert_eq!(
        (&last["score"], &last["story"]["revised"]),
        (&50.into(), &false.into())
    );

    let mentions = world.home.json(&["mentions", "--topic", "aral", "--json"]);
    assert_eq!(mentions.len(), 3);
    assert!(mentions.iter().all(|mention| mention["score"] == 50));
}

#[test]
fn it_works_beside_the_daemon_which_delivers_what_it_tells() {
    let world = World::polled();
    world.configure(ARAL);
    let daemon = world.home.start();
    daemon.wait_for_log("ready");
    let line = world.aral(&["--alert"]);
    assert_eq!(numbers(&line, ["added", "alerts", "skipped"]), [3, 2, 0]);
    // A story of the day has the daemon look into the outbox at once.
    world
        .site
        .publish("/two", rss(&[Item::new("new", "Putin again")]));
    let told = world.hook.wait(4);
    assert_eq!(told.iter().filter(|told| told.topic() == "aral").count(), 2);
    assert!(daemon.stop().success());
}

#[test]
fn what_a_changed_topic_finds_no_more_is_removed_only_when_asked() {
    let world = World::polled();
    world.configure(ARAL);
    world.aral(&[]);
    let narrow = ARAL.replace("[\"Aral Sea\"]", "[\"Aral Sea grows\"]");
    world.configure(&narrow);
    let gone = ["found", "gone", "removed"];
    assert_eq!(numbers(&world.aral(&[]), gone), [2, 1, 0]);
    let shown = world
        .home
        .ok(&["rematch", "--dry-run", "--remove", "--topic", "aral"]);
    assert!(shown.contains("1 would be removed"), "{shown}");
    assert_eq!(numbers(&world.aral(&["--remove"]), gone), [2, 1, 1]);
    assert_eq!(numbers(&world.aral(&["--remove"]), gone), [2, 0, 0]);
    let mentions = world.home.json(&["mentions", "--topic", "aral", "--json"]);
    let titles: Vec<_> = mentions
        .iter()
        .map(|m| m["title"].as_str().unwrap())
        .collect();
    assert_eq!(titles, ["Aral Sea grows"; 2]);
    let counted: i64 = world
        .home
        .database()
        .query_row(
            "SELECT sum(mentions) FROM series WHERE topic = 'aral'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(counted, 2);
    assert_eq!(
        world
            .home
            .json(&["mentions", "--topic", "putin", "--json"])
            .len(),
        1,
        "other topics are left alone"
    );
}

#[test]
fn a_recorded_mention_below_the_minimum_is_told_once_the_minimum_is_lower() {
    let world = World::polled();
    let strict = format!("{ARAL}min_score = 60\n");
    world.configure(&strict);
    assert_eq!(world.aral(&["--alert"])["alerts"], 0);
    world.configure(ARAL);
    assert_eq!(world.aral(&["--dry-run", "--alert"])["alerts"], 2);
    assert_eq!(world.aral(&["--alert"])["alerts"], 2);
    assert_eq!(world.told_of_aral(), 2);
}

#[test]
fn a_run_that_is_stopped_keeps_what_it_did_and_the_next_one_ends_it() {
    let world = World::polled();
    let many: Vec<Item> = (0..1100)
        .map(|n| Item::new(&format!("n{n}"), &format!("Report {n} on the Aral Sea")))
        .collect();
    world.site.publish("/two", rss(&many));
    world.home.ok(&["poll"]);
    world.configure(ARAL);
    let environment = Environment::from_pairs([("HOME", "/nonexistent")]);
    let config = config::load(&world.home.config(), &environment).unwrap();
    let store = Store::open_beside(&config.database).unwrap();
    let stop = AtomicBool::new(false);
    let run = rematch(
        &store,
        &config,
        &config.topics,
        Rematch::default(),
        &stop,
        |run| {
            assert!(run.done <= 500 && run.total == 1104);
            stop.store(true, Ordering::Relaxed);
        },
    );
    let run = runtime().block_on(run).unwrap();
    store.close();
    assert!(!run.complete && run.done == 500, "{run:?}");
    let done = u64::try_from(run.sum().added).unwrap();
    assert_eq!(done, 499, "all but the one on another topic: {run:?}");
    let rest = world.aral(&[]);
    assert_eq!(rest["complete"], true);
    assert_eq!(
        numbers(&rest, ["entries", "found", "added"]),
        [1104, 1103, 1103 - done]
    );
}

#[test]
fn mistakes_are_told_before_anything_is_done() {
    let world = World::polled();
    world.configure(ARAL);
    let run = |args: &[&str]| failed(&world.home.run(args));
    let (code, error) = run(&["rematch", "--topic", "arall"]);
    assert_eq!(code, Some(2));
    assert!(
        error.contains("no topic has the id `arall`; did you mean `aral`?"),
        "{error}"
    );
    let (code, error) = run(&["rematch", "--since", "yesterday"]);
    assert_eq!(code, Some(2));
    assert!(
        error.contains("--since yesterday: write a duration"),
        "{error}"
    );
    let home = Home::new();
    home.write_config(ARAL);
    let (code, error) = failed(&home.run(&["rematch"]));
    assert_eq!(code, Some(1));
    assert!(error.contains("there is no database"), "{error}");
}
