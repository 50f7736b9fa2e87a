//! A daemon with very many feeds, when it starts: `cargo bench --bench many [-- --feeds 100000]`.
//!
//! The release binary is started on a new database, stopped, and started again on what it has made of it. Counted
//! are the time from the start of the process until it says that it is ready (as it says so to systemd), and its
//! memory then and ten seconds later. The feeds are on a port where nobody listens.

// A measurement gives up when its surroundings fail.
#![allow(clippy::unwrap_used)]
#![allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]

#[path = "process/mod.rs"]
mod process;

use std::fmt::Write as _;
use std::net::Ipv4Addr;
use std::time::Duration;

use process::{Daemon, option};

/// The goals for 100,000 feeds.
const READY: Duration = Duration::from_secs(5);
const MIB: f64 = 400.0;

fn main() {
    let feeds = option("--feeds", 100_000);
    let folder = tempfile::tempdir().unwrap();
    let topics = concat!(env!("CARGO_MANIFEST_DIR"), "/config/topics/sco.toml");
    std::fs::copy(topics, folder.path().join("topics.toml")).unwrap();
    let mut text =
        "include = [\"topics.toml\"]\ndatabase = \"m.db\"\n[log]\nlevel = \"error\"\n".to_owned();
    for n in 0..feeds {
        // Two feeds on a host.
        let host = u32::try_from(n / 2 + 2).unwrap();
        let host = Ipv4Addr::from(u32::from(Ipv4Addr::new(127, 0, 0, 0)) + host);
        write!(
            text,
            "[[feed]]\nid = \"f{n}\"\nurl = \"http://{host}:9/news/feed-{n}.xml\"\nname = \"Paper {n}\"\n\
             tags = [\"tag-{}\"]\nallow_private_addresses = true\n",
            n % 20
        )
        .unwrap();
    }
    println!(
        "{feeds} feeds, {:.1} MiB of configuration\n",
        text.len() as f64 / f64::from(1 << 20)
    );
    std::fs::write(folder.path().join("mentiond.toml"), text).unwrap();
    println!(
        "{:<24}{:>10}{:>14}{:>14}{:>14}{:>9}",
        "start", "ready s", "RSS MiB then", "10 s later", "most MiB", "CPU s"
    );
    let mib = |kib: u64| kib as f64 / 1024.0;
    let (mut slowest, mut largest) = (Duration::ZERO, 0.0_f64);
    for name in ["new database", "again", "again"] {
        let daemon = Daemon::start(folder.path());
        let then = daemon.sample();
        std::thread::sleep(Duration::from_secs(10));
        let later = daemon.sample();
        println!(
            "{name:<24}{:>10.2}{:>14.0}{:>14.0}{:>14.0}{:>9.2}",
            daemon.ready.as_secs_f64(),
            mib(then.rss_kib),
            mib(later.rss_kib),
            mib(later.peak_kib),
            then.cpu
        );
        slowest = slowest.max(daemon.ready);
        largest = largest.max(mib(later.peak_kib));
        daemon.stop();
    }
    let word = |reached| if reached { "reached" } else { "LOST" };
    println!(
        "\nready within 5 s: {}; less than 400 MiB at any time: {}",
        word(slowest < READY),
        word(largest < MIB)
    );
}
