//! A storm of alerts to six sinks, of which four fail, each in its own way. One alert in ten is silenced, and
//! the slow sink has a rate limit, so that most of its alerts come in digests. After the storm all
//! receivers are well, and everything comes to an end.
//!
//! The usual run has 1,000 alerts. The full one is of the release binary, with figures:
//!
//! ```sh
//! cargo build --release --bin mentiond && MENTIOND_STORM=20000 MENTIOND_STORM_KILLS=100 \
//!   MENTIOND_STORM_BINARY=target/release/mentiond cargo test --test daemon storm -- --nocapture --test-threads 1
//! ```
//!
//! `MENTIOND_STORM_SECONDS` spreads the alerts over so long; without it they all come at once.

mod receivers;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

pub use receivers::{Manner, Receiver, Request};

use crate::support::{Home, Item, Running, Site, TOPICS, rss};

/// Entries of a feed; each makes an alert.
const ENTRIES: usize = 100;
/// How long the healthy sinks may take for all alerts, whatever else the machine does.
const PATIENCE: Duration = Duration::from_mins(4);
/// The most memory that the daemon may have had in use.
const MOST_MIB: u64 = 256;

fn setting(name: &str, usual: usize) -> usize {
    let value = std::env::var(name).unwrap_or_default();
    if value.is_empty() {
        return usual;
    }
    value.parse().expect("a number")
}

/// The ids of the sinks.
const SINKS: [&str; 6] = [
    "healthy-1",
    "healthy-2",
    "slow",
    "down",
    "throttling",
    "breaking",
];

/// The sinks, and what their receivers saw.
struct Storm {
    alerts: usize,
    site: Site,
    home: Home,
    healthy: [Receiver; 2],
    slow: Receiver,
    down: Receiver,
    throttling: Receiver,
    breaking: Receiver,
}

impl Storm {
    fn new() -> Self {
        let feeds = setting("MENTIOND_STORM", 1000).div_ceil(ENTRIES);
        let storm = Self {
            alerts: feeds * ENTRIES,
            site: Site::start(),
            home: Home::new(),
            healthy: [Manner::Healthy; 2].map(Receiver::start),
            slow: Receiver::start(Manner::Slow(Duration::from_secs(2))),
            down: Receiver::down(),
            throttling: Receiver::start(Manner::Throttling(1)),
            breaking: Receiver::start(Manner::Breaking),
        };
        let mut text = "database = \"m.db\"\nshutdown_timeout = \"5s\"\n\
             [schedule]\ninterval = \"1s\"\nmin_interval = \"1s\"\n\
             [fetch]\nper_host = 32\n[dedup]\nnear_duplicates = false\n"
            .to_owned();
        let impatient = "retry_max = \"2s\"\npause_initial = \"200ms\"\n";
        let breaking = "max_attempts = 1\npause_initial = \"200ms\"\npause_max = \"1s\"\n";
        let sinks = [
            (&storm.healthy[0], ""),
            (&storm.healthy[1], ""),
            (&storm.slow, "rate_limit = \"20/5s\"\n"),
            (&storm.down, impatient),
            (&storm.throttling, impatient),
            (&storm.breaking, breaking),
        ];
        let sinks = SINKS.iter().zip(sinks);
        for (id, (receiver, more)) in sinks {
            let url = &receiver.url;
            write!(
                text,
                "[[sink]]\nid = \"{id}\"\ntype = \"webhook\"\nurl = \"{url}\"\n\
                 secret = {{ file = \"secret\" }}\n{more}"
            )
            .unwrap();
        }
        for n in 0..feeds {
            let url = storm.site.url(&format!("/{n}"));
            write!(
                text,
                "[[feed]]\nid = \"f{n}\"\nurl = \"{url}\"\nlanguage = \"en\"\nallow_private_addresses = true\n"
            )
            .unwrap();
            storm.site.publish(&format!("/{n}"), rss(&[]));
        }
        storm.home.write_config(&(text + TOPICS));
        storm
    }

    /// Starts the binary that is to be tried.
    fn start(&self) -> Running {
        let Ok(binary) = std::env::var("MENTIOND_STORM_BINARY") else {
            return self.home.start();
        };
        let mut command = Command::new(std::fs::canonicalize(binary).unwrap());
        command
            .args(["--config", self.home.config().to_str().unwrap(), "run"])
            .env_clear()
            .env("HOME", self.home.folder.path())
            .env("MENTIOND_FETCH_HOST_PAUSE", "0s")
            .env("MENTIOND_FETCH_PER_DOMAIN", "256")
            .stdin(Stdio::null());
        Running::spawn(command)
    }

    /// Publishes the feed with this number.
    fn publish(&self, feed: usize) {
        let item = |n| {
            let quiet = if n % 10 == 0 { "quietly " } else { "" };
            Item::new(&format!("{feed}-{n}"), &format!("Putin {quiet}{feed} {n}"))
        };
        let items: Vec<Item> = (0..ENTRIES).map(item).collect();
        self.site.publish(&format!("/{feed}"), rss(&items));
    }

    fn feeds(&self) -> usize {
        self.alerts / ENTRIES
    }

    /// How many alerts no silence covers.
    fn told(&self) -> usize {
        self.alerts - self.alerts / 10
    }

    /// Silences one alert in ten, beside the daemon.
    fn silence(&self) {
        let what = ["silence", "add", "--pattern", "quietly"];
        let how = ["--until", "1d", "--comment", "known"];
        self.home.ok(&[&what[..], &how].concat());
    }

    /// Makes all receivers well and waits until nothing waits any more.
    fn end(&self, daemon: &Running) {
        for receiver in [&self.slow, &self.throttling, &self.breaking] {
            receiver.behave(Manner::Healthy);
        }
        self.down.come_up(Manner::Healthy);
        let began = Instant::now();
        let conn = self.home.database();
        let sql = "SELECT count(*) FROM delivery WHERE state IN ('held', 'waiting')";
        while conn.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap() > 0 {
            let (outbox, log) = (self.outbox(), daemon.log());
            assert!(began.elapsed() < PATIENCE, "{outbox:?}\n{}", log.join("\n"));
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Waits until both healthy receivers have got every alert.
    fn wait(&self, daemon: &Running) {
        let began = Instant::now();
        while self.healthy.iter().any(|r| r.ids().len() < self.told()) {
            let got: Vec<usize> = self.healthy.iter().map(Receiver::count).collect();
            assert!(
                began.elapsed() < PATIENCE,
                "{got:?} of {}\n{}",
                self.told(),
                daemon.log().join("\n")
            );
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Deliveries of mentions (not of digests) by sink and state.
    fn outbox(&self) -> BTreeMap<(String, String), usize> {
        let conn = self.home.database();
        let mut statement = conn
            .prepare(
                "SELECT d.sink, d.state, count(*) FROM delivery d JOIN alert a ON a.id = d.alert_id
                 WHERE a.kind = 'mention.created' GROUP BY d.sink, d.state",
            )
            .unwrap();
        let rows = statement.query_map([], |r| Ok(((r.get(0)?, r.get(1)?), r.get::<_, usize>(2)?)));
        rows.unwrap().collect::<Result<_, _>>().unwrap()
    }

    /// Every alert exists for every sink and has come to one of its ends.
    fn nothing_is_missing(&self) {
        let conn = self.home.database();
        let number = |sql: &str| -> usize { conn.query_row(sql, [], |row| row.get(0)).unwrap() };
        let mentions = "SELECT count(*) FROM alert WHERE kind = 'mention.created'";
        assert_eq!(number(mentions), self.alerts);
        let outbox = self.outbox();
        let of = |sink: &str, state: &str| {
            let key = (sink.to_owned(), state.to_owned());
            outbox.get(&key).copied().unwrap_or(0)
        };
        for sink in SINKS {
            let ends = ["delivered", "gathered", "silenced", "dead"].map(|state| of(sink, state));
            assert_eq!(
                ends.iter().sum::<usize>(),
                self.alerts,
                "{sink}: {outbox:?}"
            );
            assert_eq!(of(sink, "silenced"), self.alerts / 10, "{sink}: {outbox:?}");
        }
        for sink in ["healthy-1", "healthy-2"] {
            assert_eq!(of(sink, "delivered"), self.told(), "{sink}: {outbox:?}");
        }
        assert!(of("slow", "gathered") > 0, "{outbox:?}");
        assert!(of("breaking", "dead") > 0, "{outbox:?}");
        let digests = "SELECT count(*) FROM delivery d JOIN alert a ON a.id = d.alert_id
            WHERE a.kind = 'digest.created' AND d.state <> 'delivered'";
        assert_eq!(number(digests), 0, "every digest has arrived");
        let in_none =
            "SELECT count(*) FROM delivery d LEFT JOIN delivery t ON t.alert_id = d.digest_id
              AND t.sink = d.sink WHERE d.state = 'gathered' AND t.id IS NULL";
        assert_eq!(number(in_none), 0, "what was gathered is in a digest");
        let untold = "SELECT count(*) FROM delivery WHERE state = 'dead' AND error IS NULL";
        assert_eq!(number(untold), 0, "every failure says why");
    }

    /// Each alert to the slow sink came by itself or in a digest, and not in both ways.
    fn each_is_in_one_message(&self) {
        let conn = self.home.database();
        let ids = |state: &str| -> BTreeSet<String> {
            let sql = "SELECT alert_id FROM delivery WHERE sink = 'slow' AND state = ?1";
            let mut statement = conn.prepare(sql).unwrap();
            let rows = statement.query_map([state], |row| row.get(0)).unwrap();
            rows.collect::<Result<_, _>>().unwrap()
        };
        let came: BTreeSet<String> = self.slow.ids().into_keys().collect();
        assert_eq!(came, ids("delivered"), "alerts by themselves, and digests");
        assert!(came.is_disjoint(&ids("gathered")));
    }

    /// Milliseconds from an alert's creation to the request, sorted, over both healthy receivers.
    fn latencies(&self) -> Vec<i64> {
        let conn = self.home.database();
        let mut statement = conn.prepare("SELECT id, created_ms FROM alert").unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
        let created: BTreeMap<String, i64> = rows.unwrap().collect::<Result<_, _>>().unwrap();
        let requests = self.healthy.iter().flat_map(Receiver::all);
        let mut waits: Vec<i64> = requests.map(|r| r.at_ms - created[r.id()]).collect();
        waits.sort_unstable();
        waits
    }
}

#[test]
fn a_storm_to_sinks_of_which_four_fail_loses_nothing_and_the_healthy_get_each_alert_once() {
    let storm = Storm::new();
    let seconds = setting("MENTIOND_STORM_SECONDS", 0);
    let daemon = storm.start();
    daemon.wait_for_log("starting");
    storm.silence();
    let began = Instant::now();
    for feed in 0..storm.feeds() {
        storm.publish(feed);
        let share = (feed + 1) as f64 / storm.feeds() as f64;
        let due = began + Duration::from_secs(seconds as u64).mul_f64(share);
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
    }
    storm.wait(&daemon);
    let took = began.elapsed();
    let (slow, throttling, breaking) = (
        storm.slow.count(),
        storm.throttling.count(),
        storm.breaking.count(),
    );
    storm.end(&daemon);
    let all = began.elapsed();
    let peak_mib = peak(&daemon);
    assert!(daemon.stop().success());

    let waits = storm.latencies();
    let at = |percent: usize| waits[(waits.len() - 1) * percent / 100];
    println!(
        "{} alerts to 6 sinks in {:.1} s ({:.0} requests/s to the healthy two); from the alert to \
         the request: p50 {} ms, p99 {} ms, max {} ms; peak memory {peak_mib} MiB",
        storm.alerts,
        took.as_secs_f64(),
        waits.len() as f64 / took.as_secs_f64(),
        at(50),
        at(99),
        at(100)
    );
    println!(
        "requests in the storm: slow {slow}, throttling {throttling}, breaking {breaking}; all at an end \
         after {:.1} s",
        all.as_secs_f64()
    );
    for ((sink, state), n) in storm.outbox() {
        println!("{sink:10} {state:9} {n:6}");
    }
    storm.nothing_is_missing();
    storm.each_is_in_one_message();
    for receiver in &storm.healthy {
        let ids = receiver.ids();
        assert_eq!(ids.len(), storm.told());
        assert!(ids.values().all(|&times| times == 1), "exactly once");
    }
    // Four at once, then one a pause of a second at least.
    let most = 4.0 + took.as_secs_f64() + 6.0;
    assert!(throttling as f64 <= most, "{throttling}");
    assert!(peak_mib < MOST_MIB, "{peak_mib} MiB");
}

#[test]
fn kills_in_a_storm_lose_nothing_and_repeat_only_under_the_same_id() {
    let storm = Storm::new();
    let kills = setting("MENTIOND_STORM_KILLS", 8);
    let mut published = 0;
    for kill in 0..kills {
        let daemon = storm.start();
        daemon.wait_for_log("starting");
        if kill == 0 {
            storm.silence();
        }
        let before = storm.healthy[0].count();
        let until = storm.feeds() * (kill + 1) / kills;
        (published..until).for_each(|feed| storm.publish(feed));
        published = until;
        // The kill is to come while deliveries are under way, and now and then before.
        let patience = Instant::now() + Duration::from_millis(fastrand::u64(500..5000));
        while storm.healthy[0].count() == before && Instant::now() < patience {
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_millis(fastrand::u64(0..100)));
        daemon.kill();
    }
    let daemon = storm.start();
    storm.wait(&daemon);
    daemon.wait_for_log("starting");
    storm.end(&daemon);
    assert!(daemon.stop().success());
    storm.nothing_is_missing();
    storm.each_is_in_one_message();
    let mut repeats = 0;
    for receiver in &storm.healthy {
        let mut ids: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for request in receiver.all() {
            let body: serde_json::Value = serde_json::from_str(&request.body).unwrap();
            let link = body["data"]["story"]["link"].as_str().unwrap().to_owned();
            ids.entry(link).or_default().insert(request.id().to_owned());
        }
        assert_eq!(ids.len(), storm.told());
        assert!(ids.values().all(|ids| ids.len() == 1), "one story, one id");
        repeats += receiver.count() - storm.told();
    }
    println!(
        "{} alerts, {kills} kills: nothing lost, {repeats} of {} requests were repeats",
        storm.alerts,
        2 * storm.told() + repeats
    );
}

/// The most memory that the daemon had in use, in MiB; 0 where the system does not tell.
fn peak(daemon: &Running) -> u64 {
    let path = format!("/proc/{}/status", daemon.id());
    let status = std::fs::read_to_string(path).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
    kib.map_or(0, |kib| kib.parse::<u64>().unwrap() / 1024)
}
