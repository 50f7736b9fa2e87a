//! A daemon with many feeds, watched for long: `cargo bench --bench soak -- --feeds 10000 --minutes 60`.
//!
//! The release binary runs with its usual schedule over feeds that change as real ones do, on a loopback server
//! in this process. Printed are, each minute, what the kernel says of the daemon and what the server saw; at the end
//! how its memory grows by the hour (least squares over the second half), how late polls were, and what it took.
//! `--speed 10` lets all feeds publish ten times as often; `MENTIOND_SOAK` names a folder to be kept.

// A measurement gives up when its surroundings fail.
#![allow(clippy::unwrap_used)]
#![allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]

#[path = "../process/mod.rs"]
mod process;
mod publishers;
#[allow(dead_code)] // shared with other benches
#[path = "../texts/mod.rs"]
mod texts;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use process::{Daemon, Sample, option, percentile};
use publishers::{Publishers, entries_a_day, millis};

const SAMPLE_EVERY: Duration = Duration::from_secs(10);

fn main() {
    let (feeds, minutes) = (option("--feeds", 200), option("--minutes", 2));
    let speed = option("--speed", 1) as f64;
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let all = Publishers::start(&runtime, feeds, speed);
    let own = tempfile::tempdir().unwrap();
    let kept = std::env::var_os("MENTIOND_SOAK").map(PathBuf::from);
    let folder = kept.as_deref().unwrap_or(own.path());
    configure(folder, &all, feeds);
    println!(
        "{feeds} feeds with {:.0} entries a day in all, {minutes} minutes\n",
        entries_a_day(feeds, speed)
    );
    let mut daemon = Daemon::start(folder);
    all.watch(folder.join("m.db"));
    println!("ready after {:.2} s\n", daemon.ready.as_secs_f64());
    println!(
        "{:>6}{:>9}{:>6}{:>9}{:>8}{:>9}{:>9}{:>8}{:>8}{:>9}{:>9}{:>9}",
        "minute",
        "RSS MiB",
        "fds",
        "threads",
        "CPU s",
        "DB MiB",
        "WAL MiB",
        "200",
        "304",
        "entries",
        "alerts",
        "lag p99"
    );
    let began = Instant::now();
    let mut samples = vec![(0.0, daemon.sample())];
    let (mut printed, mut told) = (0, 0);
    while began.elapsed() < Duration::from_mins(minutes as u64) {
        std::thread::sleep(SAMPLE_EVERY);
        assert!(
            !daemon.has_ended(),
            "the daemon ended: {:?}",
            daemon.logged("")
        );
        let (at, sample) = (began.elapsed().as_secs_f64(), daemon.sample());
        samples.push((at, sample));
        let minute = (at / 60.0) as usize;
        if minute > printed {
            printed = minute;
            let lags = all.lags.lock().unwrap();
            let mut new = lags[told..].to_vec();
            told = lags.len();
            drop(lags);
            new.sort_unstable();
            line(minute, &sample, folder, &all, percentile(&new, 99));
        }
    }
    let warnings = daemon.logged("WARN").len() + daemon.logged("ERROR").len();
    daemon.stop();
    summary(&samples, &all, warnings);
}

fn configure(folder: &Path, all: &Publishers, feeds: usize) {
    let topics = concat!(env!("CARGO_MANIFEST_DIR"), "/config/topics/sco.toml");
    std::fs::copy(topics, folder.join("topics.toml")).unwrap();
    let mut text = format!(
        "include = [\"topics.toml\"]\ndatabase = \"m.db\"\n[log]\nlevel = \"warn\"\n\
         [[sink]]\nid = \"hook\"\ntype = \"webhook\"\nurl = \"{}\"\n",
        all.hook()
    );
    for n in 0..feeds {
        let url = all.url(n);
        write!(
            text,
            "[[feed]]\nid = \"f{n}\"\nurl = \"{url}\"\nallow_private_addresses = true\n"
        )
        .unwrap();
    }
    std::fs::write(folder.join("mentiond.toml"), text).unwrap();
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

fn size(folder: &Path, name: &str) -> f64 {
    mib(std::fs::metadata(folder.join(name)).map_or(0, |meta| meta.len()))
}

fn line(minute: usize, sample: &Sample, folder: &Path, all: &Publishers, lag: Duration) {
    println!(
        "{minute:>6}{:>9.1}{:>6}{:>9}{:>8.1}{:>9.1}{:>9.1}{:>8}{:>8}{:>9}{:>9}{:>7.0}ms",
        mib(sample.rss_kib * 1024),
        sample.fds,
        sample.threads,
        sample.cpu,
        size(folder, "m.db"),
        size(folder, "m.db-wal"),
        all.full.load(Relaxed),
        all.unchanged.load(Relaxed),
        all.published.load(Relaxed),
        all.alerts.load(Relaxed),
        millis(lag)
    );
}

/// The slope of a line through the points, by least squares.
fn slope(points: &[(f64, f64)]) -> f64 {
    let n = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / n;
    let (x, y) = (mean(|p| p.0), mean(|p| p.1));
    let covariance: f64 = points.iter().map(|p| (p.0 - x) * (p.1 - y)).sum();
    let variance: f64 = points.iter().map(|p| (p.0 - x).powi(2)).sum();
    if variance > 0.0 {
        covariance / variance
    } else {
        0.0
    }
}

fn summary(samples: &[(f64, Sample)], all: &Publishers, warnings: usize) {
    let second_half = &samples[samples.len() / 2..];
    let hourly = |of: fn(&Sample) -> f64| {
        let points: Vec<_> = second_half.iter().map(|(at, s)| (*at, of(s))).collect();
        slope(&points) * 3600.0
    };
    let (last, first) = (samples[samples.len() - 1], samples[0]);
    let most = |of: fn(&Sample) -> u64| samples.iter().map(|(_, s)| of(s)).max().unwrap_or(0);
    let hours = last.0 / 3600.0;
    println!(
        "\nmemory in the second half: {:+.2} MiB an hour; {:.1} MiB at the end, {:.1} MiB at most",
        hourly(|s| mib(s.rss_kib * 1024)),
        mib(last.1.rss_kib * 1024),
        mib(last.1.peak_kib * 1024)
    );
    println!(
        "open files: {:+.2} an hour, {} at most; threads: {} at most",
        hourly(|s| s.fds as f64),
        most(|s| s.fds),
        most(|s| s.threads)
    );
    println!(
        "processor: {:.1} s an hour in all, {:.1} s an hour in the second half",
        (last.1.cpu - first.1.cpu) / hours,
        hourly(|s| s.cpu)
    );
    let mut lags = all.lags.lock().unwrap();
    lags.sort_unstable();
    println!(
        "polls after their due time, of {} that were due at a known one: p50 {:.0} ms, p99 {:.0} ms, most {:.0} ms",
        lags.len(),
        millis(percentile(&lags, 50)),
        millis(percentile(&lags, 99)),
        millis(lags.last().copied().unwrap_or_default())
    );
    println!(
        "{} whole documents, {} unchanged, {} entries published, {} alerts told, {warnings} warnings or errors",
        all.full.load(Relaxed),
        all.unchanged.load(Relaxed),
        all.published.load(Relaxed),
        all.alerts.load(Relaxed)
    );
}
