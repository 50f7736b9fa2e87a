//! What several workers on one machine get done: `.ci/servers.sh --postgres cargo bench --bench fleet [-- --seconds
//! 20 --feeds 2000]`.
//!
//! More polls are due than can be made, and for so many seconds it is counted what is: conditional polls that are
//! answered 304, and polls that find new entries, each with a mention and an alert to the log. In one run: one
//! worker with a database in a file, then one, two and four with a database on the server of `TEST_POSTGRES`.
//! All of it, feeds and server too, shares the machine, whose processor time is told apart. Of the server it is also
//! told what it wrote down: bytes of its log (WAL) and how often it flushed that, a poll, and what tables and
//! indexes take at the end, an entry.

// A measurement gives up when its surroundings fail.
#![allow(clippy::unwrap_used)]
#![allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]

#[path = "../process/mod.rs"]
mod process;
#[path = "../words/mod.rs"]
mod words;

use std::fmt::Write as _;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use process::{Daemon, option};

/// New entries of a document that has some.
const ENTRIES: usize = 5;

/// The feeds' server.
struct Press {
    port: u16,
    /// Entries of each answer; none for "not modified" after the first.
    entries: usize,
    asked: AtomicUsize,
    next: AtomicUsize,
}

fn main() {
    let (seconds, feeds) = (option("--seconds", 20), option("--feeds", 2000));
    let seconds = Duration::from_secs(seconds as u64);
    let server = std::env::var("TEST_POSTGRES").ok();
    if server.is_none() {
        eprintln!("TEST_POSTGRES is not set: only the file is measured");
    }
    println!("{feeds} feeds, {} s each\n", seconds.as_secs());
    println!(
        "{:<12}{:>8}{:>8}{:>9}{:>11}{:>13}{:>12}{:>13}{:>15}{:>14}{:>13}",
        "database",
        "workers",
        "answer",
        "polls/s",
        "entries/s",
        "workers CPU",
        "server CPU",
        "CPU ms/poll",
        "WAL KiB/poll",
        "flushes/poll",
        "KiB/entry"
    );
    for entries in [0, ENTRIES] {
        measure(None, 1, entries, feeds, seconds);
        for workers in [1, 2, 4] {
            if let Some(server) = &server {
                measure(Some(server), workers, entries, feeds, seconds);
            }
        }
    }
}

fn measure(server: Option<&str>, workers: usize, entries: usize, feeds: usize, time: Duration) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let press = open(&runtime, entries);
    let folder = tempfile::tempdir().unwrap();
    let schema = format!("bench_{}_{workers}_{entries}", std::process::id());
    let database = match server {
        Some(url) => {
            sql(url, &format!("CREATE SCHEMA {schema}"));
            format!("{url}?options=-csearch_path%3D{schema}")
        }
        None => "m.db".to_owned(),
    };
    let daemons: Vec<_> = (0..workers)
        .map(|n| {
            let folder = folder.path().join(n.to_string());
            std::fs::create_dir(&folder).unwrap();
            configure(&folder, &database, press.port, feeds, n);
            Daemon::start(&folder)
        })
        .collect();
    // The first documents, and the sharing out.
    while press.asked.load(Relaxed) < feeds * 3 / 2 {
        std::thread::sleep(Duration::from_millis(100));
    }
    std::thread::sleep(Duration::from_secs(3));
    let counts = || (press.asked.load(Relaxed), press.next.load(Relaxed));
    let cpu = || {
        daemons
            .iter()
            .map(|daemon| daemon.sample().cpu)
            .sum::<f64>()
    };
    let wal = || server.map_or([0.0; 2], |url| numbers(url, WAL));
    let (before, cpu_before, server_before, wal_before) = (counts(), cpu(), server_cpu(), wal());
    let began = Instant::now();
    std::thread::sleep(time);
    let (after, took) = (counts(), began.elapsed().as_secs_f64());
    let (cpu, server_cpu) = (cpu() - cpu_before, server_cpu() - server_before);
    let polls = (after.0 - before.0) as f64;
    let wal_after = wal();
    let [written, flushes] = [0, 1].map(|n| (wal_after[n] - wal_before[n]) / polls);
    let [bytes, rows] = server.map_or([0.0, 1.0], |url| numbers(url, &size(&schema)));
    println!(
        "{:<12}{workers:>8}{:>8}{:>9.0}{:>11.0}{:>12.0}%{:>11.0}%{:>13.2}{:>15.1}{:>14.2}{:>13.1}",
        if server.is_some() {
            "PostgreSQL"
        } else {
            "SQLite"
        },
        if entries == 0 { "304" } else { "200" },
        polls / took,
        (after.1 - before.1) as f64 / took,
        100.0 * cpu / took,
        100.0 * server_cpu / took,
        1000.0 * (cpu + server_cpu) / polls,
        written / 1024.0,
        flushes,
        bytes / 1024.0 / rows
    );
    for daemon in daemons {
        daemon.stop();
    }
    if let Some(url) = server {
        sql(url, &format!("DROP SCHEMA {schema} CASCADE"));
    }
}

fn configure(folder: &Path, database: &str, port: u16, feeds: usize, worker: usize) {
    let mut text = format!(
        "database = \"{database}\"\n[log]\nlevel = \"warn\"\n[schedule]\ninterval = \"1s\"\nmin_interval = \"1s\"\n\
         [fetch]\nhost_pause = \"0s\"\nper_host = 8\nper_domain = 8\nconcurrency = 64\n\
         [[topic]]\nid = \"t\"\nname = \"T\"\nany = [\"Astana\"]\n[[sink]]\nid = \"log\"\ntype = \"log\"\n"
    );
    if database.starts_with("postgres") {
        write!(
            text,
            "[postgres]\nworker = \"w{worker}\"\nlease = \"10s\"\n"
        )
        .unwrap();
    }
    for n in 0..feeds {
        let host = u32::from(Ipv4Addr::new(127, 0, 0, 2)) + u32::try_from(n / 2).unwrap();
        let host = Ipv4Addr::from(host);
        write!(
            text,
            "[[feed]]\nid = \"f{n}\"\nurl = \"http://{host}:{port}/{n}\"\nallow_private_addresses = true\n"
        )
        .unwrap();
    }
    std::fs::write(folder.join("mentiond.toml"), text).unwrap();
}

fn open(runtime: &tokio::runtime::Runtime, entries: usize) -> Arc<Press> {
    let listener = runtime
        .block_on(tokio::net::TcpListener::bind("0.0.0.0:0"))
        .unwrap();
    let press = Arc::new(Press {
        port: listener.local_addr().unwrap().port(),
        entries,
        asked: AtomicUsize::new(0),
        next: AtomicUsize::new(1),
    });
    let app = Router::new()
        .route("/{n}", get(feed))
        .with_state(press.clone());
    runtime.spawn(async move { axum::serve(listener, app).await });
    press
}

async fn feed(State(press): State<Arc<Press>>, headers: HeaderMap) -> Response {
    press.asked.fetch_add(1, Relaxed);
    if press.entries == 0 && headers.contains_key(header::IF_NONE_MATCH) {
        return StatusCode::NOT_MODIFIED.into_response();
    }
    let mut text = "<rss version=\"2.0\"><channel><title>Paper</title>".to_owned();
    for _ in 0..press.entries.max(1) {
        let n = press.next.fetch_add(1, Relaxed);
        write!(
            text,
            "<item><guid isPermaLink=\"false\">{n}</guid><link>https://news.example/{n}</link>\
             <title>Astana, report {n}</title><description>{}</description></item>",
            words::text(n, 40)
        )
        .unwrap();
    }
    text.push_str("</channel></rss>");
    let head = [
        (header::CONTENT_TYPE, "application/rss+xml"),
        (header::ETAG, "\"1\""),
    ];
    (head, text).into_response()
}

/// Runs a statement by psql, which is where the server is.
fn sql(url: &str, statement: &str) {
    let done = std::process::Command::new("psql")
        .args(["-q", "-d", url, "-c", statement])
        .env("PGOPTIONS", "-c client_min_messages=warning")
        .status()
        .unwrap();
    assert!(done.success(), "{statement}");
}

/// Bytes that the server has written to its log, and how often it has flushed that.
const WAL: &str = "SELECT wal_bytes, wal_sync FROM pg_stat_wal";

/// Bytes of a schema's tables and their indexes, and how many entries there are.
fn size(schema: &str) -> String {
    format!(
        "SELECT sum(pg_total_relation_size(c.oid)), (SELECT count(*) FROM {schema}.entry)
         FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = '{schema}'::regnamespace"
    )
}

/// The two numbers that a statement gives, by psql.
fn numbers(url: &str, statement: &str) -> [f64; 2] {
    let output = std::process::Command::new("psql")
        .args(["-q", "-A", "-t", "-d", url, "-c", statement])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let mut numbers = text.trim().split('|').map(|number| number.parse().unwrap());
    [numbers.next().unwrap(), numbers.next().unwrap()]
}

/// Seconds of processor time of all processes named `postgres`, those that have ended included.
fn server_cpu() -> f64 {
    let mut ticks = 0.0;
    for process in std::fs::read_dir("/proc").unwrap().flatten() {
        let stat = std::fs::read_to_string(process.path().join("stat")).unwrap_or_default();
        let Some((name, rest)) = stat.rsplit_once(')') else {
            continue;
        };
        if name.ends_with("(postgres") {
            let fields = rest.split_whitespace().skip(11).take(4);
            ticks += fields
                .filter_map(|field| field.parse::<f64>().ok())
                .sum::<f64>();
        }
    }
    ticks / 100.0
}
