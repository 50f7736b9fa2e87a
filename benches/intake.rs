//! Cold and unchanged rounds of many feeds: `cargo bench --bench intake [-- FEEDS [--seen KEYS]]`.
//!
//! Starts a local server with FEEDS feeds of ten entries each (default 2,000), lets the release
//! binary take them in with `mentiond poll`, then again when all answer 304, and prints time and
//! peak memory of each round beside a floor: the same requests made by a bare HTTP client with the
//! same concurrency in this process, in the same run.
//!
//! With `--seen 10000000` it goes on with two databases: one as it is, and one that knows so many keys of
//! entries that are gone. Both take in new documents of all feeds, and are asked again when none has changed, in
//! turns. The keys are written as polls would have left them, at random, by SQL.
//!
//! `MENTIOND_BENCH_BINARY` names another binary to be measured, such as one of an older version.

// A measurement gives up when its surroundings fail.
#![allow(clippy::unwrap_used)]
#![allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]

#[path = "floor/mod.rs"]
mod floor;
#[path = "words/mod.rs"]
mod words;

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{Path as UrlPath, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use floor::CONCURRENCY;

const ENTRIES: usize = 10;

#[derive(Default)]
struct Answers {
    full: AtomicUsize,
    unchanged: AtomicUsize,
    /// Of another one every entry is new.
    edition: AtomicUsize,
}

fn main() {
    let feeds = std::env::args()
        .skip(1)
        .find_map(|a| a.parse().ok())
        .unwrap_or(2000);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let answers = Arc::new(Answers::default());
    let app = Router::new()
        .route("/{feed}", get(serve))
        .with_state(answers.clone());
    let listener = runtime
        .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
        .unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    runtime.spawn(async move { axum::serve(listener, app).await });

    let folder = tempfile::tempdir().unwrap();
    configure(folder.path(), &base, feeds);
    println!("{feeds} feeds, {ENTRIES} entries each, concurrency {CONCURRENCY}\n");
    println!(
        "{:<28}{:>10}{:>12}{:>14}{:>14}",
        "round", "seconds", "feeds/s", "peak RSS MiB", "200 / 304"
    );
    let floor = bare(&runtime, &base, feeds, false);
    row("bare HTTP client, cold", floor, None, feeds, &answers);
    let floor_304 = bare(&runtime, &base, feeds, true);
    let name = "bare HTTP client, all 304";
    row(name, floor_304, None, feeds, &answers);
    let cold = poll(folder.path());
    row("mentiond poll, cold", cold.0, Some(cold.1), feeds, &answers);
    let before = other_tables(folder.path());
    let unchanged = poll(folder.path());
    row(
        "mentiond poll, all 304",
        unchanged.0,
        Some(unchanged.1),
        feeds,
        &answers,
    );
    let same = before == other_tables(folder.path());
    println!(
        "\ncold / bare client: {:.1}x, 304 / bare client: {:.1}x",
        ratio(cold.0, floor),
        ratio(unchanged.0, floor_304)
    );
    println!(
        "tables but `schedule` unchanged by the 304 round: {}",
        if same { "yes" } else { "NO" }
    );
    if let Some(keys) = number_after("--seen") {
        compare_seen(folder.path(), &base, feeds, keys, &answers);
    }
}

fn number_after(name: &str) -> Option<usize> {
    let mut words = std::env::args().skip_while(|word| word != name);
    words.nth(1)?.parse().ok()
}

/// Rounds of the database in `folder` and of one with so many keys more, in turns.
fn compare_seen(folder: &Path, base: &str, feeds: usize, keys: usize, answers: &Answers) {
    let other = tempfile::tempdir().unwrap();
    configure(other.path(), base, feeds);
    poll(other.path());
    let began = Instant::now();
    fill_seen(&other.path().join("m.db"), keys);
    let size = |folder: &Path| std::fs::metadata(folder.join("m.db")).unwrap().len() >> 20;
    println!(
        "\n{keys} keys more, in {:.0} s: {} MiB against {} MiB",
        began.elapsed().as_secs_f64(),
        size(other.path()),
        size(folder)
    );
    println!(
        "{:<28}{:>12}{:>12}{:>9}",
        "round", "few, s", "many, s", "ratio"
    );
    let mut ratios = [Vec::new(), Vec::new()];
    for turn in 1..=5 {
        answers.edition.store(turn, Relaxed);
        for (name, ratios) in ["new documents", "all 304"].into_iter().zip(&mut ratios) {
            // Each goes first as often as the other, nearly.
            let (few, many) = if turn % 2 == 0 {
                let few = poll(folder).0;
                (few, poll(other.path()).0)
            } else {
                let many = poll(other.path()).0;
                (poll(folder).0, many)
            };
            let ratio = ratio(many, few);
            let (few, many) = (few.as_secs_f64(), many.as_secs_f64());
            println!("{name:<28}{few:>12.2}{many:>12.2}{ratio:>8.2}x");
            ratios.push(ratio);
        }
    }
    for ratios in &mut ratios {
        ratios.sort_by(f64::total_cmp);
    }
    let [new, unchanged] = ratios.map(|ratios| ratios[ratios.len() / 2]);
    println!("\nmedians: new documents {new:.2}x, all 304 {unchanged:.2}x (goal 1.3x)");
}

/// Keys of entries that are gone, of all feeds, in no order.
fn fill_seen(database: &Path, keys: usize) {
    let conn = rusqlite::Connection::open(database).unwrap();
    conn.execute_batch(
        "PRAGMA journal_mode = off; PRAGMA synchronous = off; PRAGMA cache_size = -2000000;
         PRAGMA foreign_keys = off",
    )
    .unwrap();
    conn.execute(
        "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ?1),
           f(low, count) AS (SELECT min(id), count(*) FROM feed)
         INSERT INTO seen (feed_id, key, text_hash, served_ms)
         SELECT f.low + abs(random() % f.count), randomblob(16), randomblob(16),
           CAST(unixepoch('subsec') * 1000 AS INTEGER) - abs(random() % 2592000000)
         FROM n, f",
        [keys],
    )
    .unwrap();
}

fn ratio(a: Duration, b: Duration) -> f64 {
    a.as_secs_f64() / b.as_secs_f64()
}

fn row(name: &str, took: Duration, rss_kib: Option<u64>, feeds: usize, answers: &Answers) {
    let rate = feeds as f64 / took.as_secs_f64();
    let rss = rss_kib.map_or("-".to_owned(), |kib| format!("{:.1}", kib as f64 / 1024.0));
    let (full, unchanged) = (
        answers.full.swap(0, Relaxed),
        answers.unchanged.swap(0, Relaxed),
    );
    let answered = format!("{full} / {unchanged}");
    println!(
        "{name:<28}{:>10.2}{rate:>12.0}{rss:>14}{answered:>14}",
        took.as_secs_f64()
    );
}

async fn serve(
    State(answers): State<Arc<Answers>>,
    UrlPath(feed): UrlPath<usize>,
    headers: HeaderMap,
) -> Response {
    let edition = answers.edition.load(Relaxed);
    let etag = format!("\"{feed}-{edition}\"");
    if headers
        .get(header::IF_NONE_MATCH)
        .is_some_and(|v| v.as_bytes() == etag.as_bytes())
    {
        answers.unchanged.fetch_add(1, Relaxed);
        return StatusCode::NOT_MODIFIED.into_response();
    }
    answers.full.fetch_add(1, Relaxed);
    let mut rss =
        format!("<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>Feed {feed}</title>");
    for n in 0..ENTRIES {
        let name = [
            "Putin",
            "Modi and the harbour",
            "A quiet day",
            "Rain",
            "Bridge closed",
        ][n % 5];
        write!(
            rss,
            "<item><guid isPermaLink=\"false\">{edition}-{feed}-{n}</guid>\
             <link>https://news.example/{edition}/{feed}/{n}</link>\
             <title>{name}: story {n} of feed {feed}, edition {edition}</title>\
             <description>{}</description></item>",
            words::text((edition << 32) + (feed << 8) + n, 35)
        )
        .unwrap();
    }
    rss.push_str("</channel></rss>");
    (
        [
            (header::ETAG, etag),
            (header::CONTENT_TYPE, "application/rss+xml".to_owned()),
        ],
        rss,
    )
        .into_response()
}

fn configure(folder: &Path, base: &str, feeds: usize) {
    let topics = concat!(env!("CARGO_MANIFEST_DIR"), "/config/topics/sco.toml");
    std::fs::copy(topics, folder.join("topics.toml")).unwrap();
    let mut text = format!(
        "include = [\"topics.toml\"]\ndatabase = \"m.db\"\n[fetch]\nconcurrency = {CONCURRENCY}\n\
         per_host = {CONCURRENCY}\nper_domain = {CONCURRENCY}\nhost_pause = \"0s\"\n\
         [schedule]\nmin_interval = \"1ms\"\n[[sink]]\nid = \"none\"\ntype = \"log\"\ntags = [\"nothing\"]\n"
    );
    for n in 0..feeds {
        write!(
            text,
            "[[feed]]\nid = \"f{n}\"\nurl = \"{base}/{n}\"\nallow_private_addresses = true\n"
        )
        .unwrap();
    }
    std::fs::write(folder.join("mentiond.toml"), text).unwrap();
}

/// Runs `mentiond poll`; returns how long it took and its peak resident memory in KiB.
fn poll(folder: &Path) -> (Duration, u64) {
    let began = Instant::now();
    let other = std::env::var_os("MENTIOND_BENCH_BINARY");
    let binary = other.unwrap_or_else(|| env!("CARGO_BIN_EXE_mentiond").into());
    let mut child = Command::new(binary)
        .args([
            "--config",
            folder.join("mentiond.toml").to_str().unwrap(),
            "poll",
        ])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    loop {
        // The kernel's own high-water mark, as long as the process is there to be asked.
        let now = std::fs::read_to_string(&status).unwrap_or_default();
        let mark = now.lines().find_map(|l| {
            l.strip_prefix("VmHWM:")?
                .trim()
                .strip_suffix(" kB")?
                .parse()
                .ok()
        });
        peak = peak.max(mark.unwrap_or(0));
        if let Some(ended) = child.try_wait().unwrap() {
            assert!(ended.success(), "poll failed");
            return (began.elapsed(), peak);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The same requests by a bare client: nothing is parsed, matched or stored.
fn bare(
    runtime: &tokio::runtime::Runtime,
    base: &str,
    feeds: usize,
    conditional: bool,
) -> Duration {
    let client = mentiond::fetch::plain_client("bench").unwrap();
    let began = Instant::now();
    runtime.block_on(floor::ask(&client, feeds, |n| {
        let tag = conditional.then(|| format!("\"{n}-0\""));
        (format!("{base}/{n}"), tag)
    }));
    began.elapsed()
}

/// A digest of every table but `schedule`.
fn other_tables(folder: &Path) -> Vec<(String, i64, String)> {
    let conn = rusqlite::Connection::open(folder.join("m.db")).unwrap();
    [
        "feed",
        "seen",
        "story",
        "story_source",
        "entry",
        "mention",
        "series",
        "alert",
        "delivery",
        "sink",
    ]
    .into_iter()
    .map(|table| {
        let mut statement = conn.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let columns = statement.column_count();
        let mut rows = statement.query([]).unwrap();
        let (mut count, mut digest) = (0, 0_u64);
        while let Some(row) = rows.next().unwrap() {
            count += 1;
            for n in 0..columns {
                let cell = format!("{:?}", row.get::<_, rusqlite::types::Value>(n).unwrap());
                digest = cell
                    .bytes()
                    .fold(digest, |d, b| d.wrapping_mul(31).wrapping_add(u64::from(b)));
            }
        }
        (table.to_owned(), count, format!("{digest:x}"))
    })
    .collect()
}
