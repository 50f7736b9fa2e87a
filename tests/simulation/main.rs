//! Years of trouble in minutes: the whole daemon in a simulated world.
//!
//! Each seed makes a world: publishers that serve well, badly or not at all, a hub, receivers, a disk that
//! fills up and fails, a clock that is set, an end at any moment; then peace. The daemon in it is the real one,
//! from the service's loop to SQLite, on one thread, in simulated time: the same seed is the same
//! story each time. Rules hold at each step and at the end ([`town`], [`receiver`], [`rules`]).
//!
//! ```sh
//! cargo test --locked --test simulation                           # 200 seeds
//! cargo test --release --test simulation -- --seeds 10000 --from 1
//! cargo test --locked --test simulation -- --seed 4711            # one of them, told step by step
//! ```
//!
//! Each seed has a process of its own, as some of what chance decides is decided once a process.

// Worlds may give up as tests do.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod disk;
mod hub;
mod life;
mod publisher;
mod receiver;
mod rules;
mod town;
mod vfs;

use std::process::{Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use fastrand::Rng;
use life::Story;
use town::{Around, Town};

/// A few certificates in place of the system's; nobody here speaks TLS.
const CERTIFICATES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fetch/tls");

/// Seeds when nobody says how many.
const SEEDS: u64 = 200;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        let value = arguments.get(at + 1).map(|text| text.parse::<u64>());
        match value {
            Some(Ok(value)) => Some(value),
            _ => panic!("{name} needs a number"),
        }
    };
    // What the harness of other tests would be asked.
    let filter = arguments
        .first()
        .filter(|argument| !argument.starts_with('-'));
    if arguments.iter().any(|a| a == "--list") || filter.is_some_and(|f| f != "simulation") {
        return ExitCode::SUCCESS;
    }
    if let Some(seed) = number("--seed") {
        let told = !arguments.iter().any(|argument| argument == "--quiet");
        return one(seed, told);
    }
    let from = number("--from").unwrap_or(1);
    let seeds = number("--seeds").unwrap_or(SEEDS);
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    let jobs = number("--jobs").map_or(cores, |jobs| usize::try_from(jobs).unwrap_or(cores));
    many(from, seeds, jobs)
}

/// Lives one story in this process.
fn one(seed: u64, told: bool) -> ExitCode {
    vfs::seed(seed);
    fastrand::seed(seed);
    disk::insert(seed);
    vfs::register();
    let town = Town::new(Rng::with_seed(seed), told);
    mentiond::world::enter(Arc::new(Around(Arc::clone(&town))));
    // Told or not, the same is done.
    let log = tracing_subscriber::fmt()
        .with_env_filter("mentiond=debug")
        .without_time()
        .with_ansi(false);
    if told {
        log.with_writer(std::io::stdout).init();
    } else {
        log.with_writer(std::io::sink).init();
    }
    let summary = Story::new(town).live();
    for what in &summary.wrong {
        println!("seed {seed}: {what}");
    }
    println!(
        "seed {seed}: {} lives, {} requests, {} pushes, {} alerts, {} disk operations, {} of them failed",
        summary.lives,
        summary.requests,
        summary.pushes,
        summary.alerts,
        summary.operations,
        summary.troubles
    );
    if summary.wrong.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Lives many, a few at a time, each in a process of its own.
fn many(from: u64, seeds: u64, jobs: usize) -> ExitCode {
    let began = Instant::now();
    let next = AtomicU64::new(from);
    let failed = Mutex::new(Vec::new());
    let totals = Mutex::new([0_u64; 6]);
    let program = std::env::current_exe().expect("this program");
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= from + seeds {
                        return;
                    }
                    let output = Command::new(&program)
                        .args(["--seed", &seed.to_string(), "--quiet"])
                        // The system's certificates take longer to read than an hour to pass.
                        .env("SSL_CERT_FILE", format!("{CERTIFICATES}/ca.pem"))
                        .env("SSL_CERT_DIR", CERTIFICATES)
                        .stdin(Stdio::null())
                        .output()
                        .expect("a process");
                    let text = String::from_utf8_lossy(&output.stdout).into_owned();
                    if !output.status.success() {
                        print!("{text}{}", String::from_utf8_lossy(&output.stderr));
                        println!("seed {seed}: {}", output.status);
                        failed.lock().unwrap().push(seed);
                        continue;
                    }
                    let last = text.lines().last().unwrap_or_default();
                    let (_, counts) = last.split_once(": ").unwrap_or_default();
                    let mut totals = totals.lock().unwrap();
                    for (total, count) in totals.iter_mut().zip(counts.split(", ")) {
                        let count = count.split(' ').next().and_then(|count| count.parse().ok());
                        *total += count.unwrap_or(0_u64);
                    }
                }
            });
        }
    });
    let [lives, requests, pushes, alerts, operations, troubles] = *totals.lock().unwrap();
    println!(
        "{seeds} seeds from {from} in {:.0?}: {lives} lives, {requests} requests, {pushes} pushes, \
         {alerts} alerts, {operations} disk operations, {troubles} of them failed",
        began.elapsed()
    );
    let failed = failed.into_inner().unwrap();
    if failed.is_empty() {
        ExitCode::SUCCESS
    } else {
        println!("{} seeds FAILED: {failed:?}", failed.len());
        println!(
            "tell one step by step with: cargo test --test simulation -- --seed {}",
            failed[0]
        );
        ExitCode::FAILURE
    }
}
