//! Several workers of the real binary that share the feeds by one PostgreSQL database, held to what mentiond
//! promises, by what a server of feeds and a receiver of webhooks see of them:
//!
//! - every story that a feed showed is told for each of its topics, under one id;
//! - no feed is asked twice within `min_interval`, whoever asks;
//! - no host has more requests than `per_host` at a time, and they begin `host_pause` apart;
//! - what was recorded of a feed is never replaced by something older;
//! - a WebSub hub may call any of them.
//!
//! `.ci/servers.sh cargo test --locked --test fleet` gives these tests a server; without `TEST_POSTGRES` they say
//! that they were skipped, and pass. These variables make them larger:
//!
//! | variable | meaning | unless set |
//! |---|---|---|
//! | `FLEET_FEEDS` | feeds of the test with kills | 80 |
//! | `FLEET_ROUNDS` | its rounds of trouble | 4 |
//! | `FLEET_TROUBLES` | kinds of trouble, such as `Kill,LongCrash` ([`chaos`]) | all in turn |
//! | `FLEET_WORKERS` | its workers, 1 to 9 | 3 |
//! | `FLEET_INTERVAL` | the interval of its feeds, in seconds | 4, and more for more than 600 feeds |
//! | `FLEET_SEED` | what its chance is made from; the moments of processes and sockets are not | random |
//! | `FLEET_BINARY` | the program | the one that cargo has built |
//! | `FLEET_LOG` | `level` of `[log]` | `info` |
//!
//! The logs of the workers are left in `target/tmp/fleet`.

// Helpers may give up as tests do.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "fleet/account.rs"]
mod account;
#[path = "fleet/chaos.rs"]
mod chaos;
#[path = "fleet/crew.rs"]
mod crew;
#[path = "fleet/cut.rs"]
mod cut;
#[expect(
    dead_code,
    reason = "shared with the tests of `push`, which use more of it"
)]
#[path = "push/hub.rs"]
mod hub;
#[path = "fleet/hubs.rs"]
mod hubs;
#[path = "fleet/join.rs"]
mod join;
#[path = "fleet/journal.rs"]
mod journal;
#[path = "fleet/newsroom.rs"]
mod newsroom;
#[path = "fleet/pause.rs"]
mod pause;
#[path = "fleet/postgres.rs"]
mod postgres;
#[path = "fleet/press.rs"]
mod press;
#[path = "fleet/proxy.rs"]
mod proxy;
#[path = "fleet/receiver.rs"]
mod receiver;
#[path = "fleet/sight.rs"]
mod sight;
#[path = "fleet/start.rs"]
mod start;
#[path = "fleet/stories.rs"]
mod stories;
#[path = "fleet/worker.rs"]
mod worker;

use std::io::Write as _;
use std::str::FromStr;
use std::sync::OnceLock;

/// The runtime on which all test servers run.
fn runtime() -> &'static tokio::runtime::Runtime {
    static RUNTIME: OnceLock<tokio::runtime::Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| tokio::runtime::Runtime::new().unwrap())
}

/// A number from the environment.
fn setting<T: FromStr>(name: &str) -> Option<T> {
    let value = std::env::var(name).ok().filter(|value| !value.is_empty())?;
    let Ok(number) = value.parse() else {
        panic!("{name} is no number: {value}");
    };
    Some(number)
}

/// Whether there is a server; says so if not, past the harness, and counts it in the file that `GATE_SKIPPED`
/// names.
fn can_run(test: &str) -> bool {
    if std::env::var_os("TEST_POSTGRES").is_some() {
        return true;
    }
    let line = format!("skipped: {test}: TEST_POSTGRES is not set; run it by .ci/servers.sh\n");
    let _ = std::io::stderr().write_all(line.as_bytes());
    if let Some(file) = std::env::var_os("GATE_SKIPPED") {
        let mut file = std::fs::File::options()
            .create(true)
            .append(true)
            .open(file)
            .unwrap();
        file.write_all(line.as_bytes()).unwrap();
    }
    false
}
