//! How long news takes: `cargo bench --bench latency [-- --seconds 10 --feeds 100 --only RATE]`.
//!
//! The release binary runs as a daemon, on a database of its own for each line. In the first table a hub pushes
//! signed documents of one new entry each, at a given rate whatever the answers; in the second the feeds have a
//! new entry at every poll. Counted is the time from when the push was due to be sent, or the answer of a poll
//! was, until the webhook request for that entry comes in. What the daemon turns away with 503 is not sent again
//! (a hub would, a minute later).

// A measurement gives up when its surroundings fail.
#![allow(clippy::unwrap_used)]
#![allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]

mod newsroom;
#[path = "../process/mod.rs"]
mod process;
#[path = "../words/mod.rs"]
mod words;

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use newsroom::{Newsroom, sign};
use process::{Daemon, option, percentile};

const RATES: [usize; 5] = [10, 100, 300, 600, 1000];
/// How long the last alerts are waited for.
const PATIENCE: Duration = Duration::from_secs(20);
/// The goal for 99 of 100.
const GOAL: Duration = Duration::from_millis(50);

fn main() {
    let (seconds, feeds, only) = (
        option("--seconds", 10),
        option("--feeds", 100),
        option("--only", 0),
    );
    let rates = || RATES.into_iter().filter(|rate| only == 0 || *rate == only);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    println!("{seconds} s each; times in milliseconds\n");
    head("pushes/s", "answered 503");
    for rate in rates() {
        pushed(&runtime, feeds, rate, seconds);
    }
    println!();
    head("polls/s", "");
    for rate in rates() {
        polled(&runtime, rate, seconds);
    }
}

fn head(rate: &str, refused: &str) {
    println!(
        "{rate:>10}{:>9}{refused:>14}{:>9}{:>9}{:>9}{:>9}{:>9}{:>10}{:>9}",
        "sent", "told", "told/s", "p50", "p99", "most", "CPU s", "p99 <50"
    );
}

/// A line of a table.
struct Line {
    rate: usize,
    sent: usize,
    refused: Option<usize>,
    took: Vec<Duration>,
    /// From the first sent to the last told.
    over: Duration,
    cpu: f64,
}

impl Line {
    fn print(mut self) {
        self.took.sort_unstable();
        let millis = |d: Duration| format!("{:.1}", d.as_secs_f64() * 1000.0);
        let p99 = percentile(&self.took, 99);
        let lost = self.took.len() + self.refused.unwrap_or(0) < self.sent;
        println!(
            "{:>10}{:>9}{:>14}{:>9}{:>9.0}{:>9}{:>9}{:>9}{:>10.2}{:>9}{}",
            self.rate,
            self.sent,
            self.refused.map_or(String::new(), |n| n.to_string()),
            self.took.len(),
            self.took.len() as f64 / self.over.as_secs_f64(),
            millis(percentile(&self.took, 50)),
            millis(p99),
            millis(self.took.last().copied().unwrap_or_default()),
            self.cpu,
            if p99 < GOAL { "yes" } else { "no" },
            if lost { "  NOT ALL CAME" } else { "" }
        );
    }
}

/// A free port for the daemon's own listener, which the hub has to know beforehand.
fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

fn configure(folder: &Path, room: &Newsroom, feeds: usize, sections: &str) {
    let (base, port) = (&room.base, room.base.rsplit(':').next().unwrap());
    let mut text = format!(
        "database = \"m.db\"\n[log]\nlevel = \"warn\"\n[fetch]\nports = [{port}]\nconcurrency = 64\nper_host = 64\n\
         per_domain = 64\nhost_pause = \"0s\"\n{sections}\
         [[topic]]\nid = \"p\"\nname = \"P\"\nany = [\"Putin\"]\n\
         [[sink]]\nid = \"hook\"\ntype = \"webhook\"\nurl = \"{base}/hook\"\n"
    );
    for n in 0..feeds {
        write!(
            text,
            "[[feed]]\nid = \"f{n}\"\nurl = \"{base}/feed/{n}\"\nallow_private_addresses = true\n"
        )
        .unwrap();
    }
    std::fs::write(folder.join("mentiond.toml"), text).unwrap();
}

fn pushed(runtime: &tokio::runtime::Runtime, feeds: usize, rate: usize, seconds: usize) {
    let room = Newsroom::open(runtime);
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let sections = format!(
        "[schedule]\ninterval = \"1h\"\n\
         [web]\nlisten = \"127.0.0.1:{port}\"\npublic_url = \"http://127.0.0.1:{port}\"\n"
    );
    configure(folder.path(), &room, feeds, &sections);
    let daemon = Daemon::start(folder.path());
    let began = Instant::now();
    while room.subscriptions.lock().unwrap().len() < feeds {
        assert!(
            began.elapsed() < Duration::from_mins(1),
            "not all subscribed"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    let subscriptions = room.subscriptions.lock().unwrap().clone();
    let client = mentiond::fetch::plain_client("hub").unwrap();
    let before = daemon.sample().cpu;
    let began = Instant::now();
    let refused = runtime.block_on(async {
        let mut pushes = tokio::task::JoinSet::new();
        for n in 0..rate * seconds {
            let due = began + Duration::from_secs_f64(n as f64 / rate as f64);
            tokio::time::sleep_until(due.into()).await;
            let feed = n % feeds;
            let (room, client) = (room.clone(), client.clone());
            let subscription = subscriptions[&feed].clone();
            pushes.spawn(async move {
                let number = room.number();
                let body = room.document(feed, Some(number));
                let signature = sign(&subscription.secret, body.as_bytes());
                room.sent.lock().unwrap().insert(number, due);
                let answer = client
                    .post(&subscription.callback)
                    .header("content-type", "application/rss+xml")
                    .header("x-hub-signature", signature)
                    .body(body)
                    .send()
                    .await
                    .unwrap();
                answer.status() != 202
            });
        }
        let refused = pushes.join_all().await;
        refused.into_iter().filter(|refused| *refused).count()
    });
    end(&room, daemon, rate, Some(refused), before, began);
}

fn polled(runtime: &tokio::runtime::Runtime, rate: usize, seconds: usize) {
    let room = Newsroom::open(runtime);
    let folder = tempfile::tempdir().unwrap();
    // As many feeds as polls a second; first polls are spread over as long.
    let schedule = "[schedule]\ninterval = \"1s\"\nmin_interval = \"1s\"\njitter = 0.0\n";
    configure(folder.path(), &room, rate, schedule);
    let daemon = Daemon::start(folder.path());
    std::thread::sleep(Duration::from_secs(3));
    let before = daemon.sample().cpu;
    let began = Instant::now();
    room.is_busy.store(true, Relaxed);
    std::thread::sleep(Duration::from_secs(seconds as u64));
    room.is_busy.store(false, Relaxed);
    end(&room, daemon, rate, None, before, began);
}

/// Waits for what is on its way, and prints what came of it.
fn end(
    room: &Arc<Newsroom>,
    daemon: Daemon,
    rate: usize,
    refused: Option<usize>,
    cpu: f64,
    began: Instant,
) {
    let due = || room.sent.lock().unwrap().len() - refused.unwrap_or(0);
    let waiting = Instant::now();
    while room.told.lock().unwrap().len() < due() && waiting.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(5));
    }
    let cpu = daemon.sample().cpu - cpu;
    let (sent, told) = (room.sent.lock().unwrap(), room.told.lock().unwrap());
    let took = told
        .iter()
        .map(|(n, at)| at.saturating_duration_since(sent[n]));
    let last = told.values().max().copied().unwrap_or(began);
    let line = Line {
        rate,
        sent: sent.len(),
        refused,
        took: took.collect(),
        over: last.saturating_duration_since(began),
        cpu,
    };
    line.print();
    for line in daemon.logged("WARN").iter().take(3) {
        println!("           {line}");
    }
    daemon.stop();
}
