//! A long history: `cargo bench --bench history [-- ENTRIES]`, or `MENTIOND_ENTRIES=1000000`.
//!
//! Makes a database of ENTRIES entries over three years with five mentions each (`make`; 20,000 unless said
//! otherwise), tells what it takes on disk, and asks the release binary for pages, API answers, searches and the
//! export of a year (`serve`). With `MENTIOND_HISTORY=folder` the database is kept there and used again: a million
//! entries take half an hour to make.

// A measurement gives up when its surroundings fail.
#![allow(clippy::unwrap_used)]
// Places in small lists are made of dice.
#![allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]

mod make;
mod serve;
#[path = "../texts/mod.rs"]
mod texts;

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::Connection;
use serve::Daemon;

/// How often each address is asked.
const ROUNDS: usize = 30;

fn main() {
    let set = std::env::var("MENTIOND_ENTRIES").ok();
    let mut arguments = std::env::args().skip(1).chain(set);
    let entries = arguments.find_map(|a| a.parse().ok());
    let temporary = tempfile::tempdir().unwrap();
    let kept = std::env::var_os("MENTIOND_HISTORY").map(PathBuf::from);
    let folder = kept.unwrap_or_else(|| temporary.path().to_owned());
    std::fs::create_dir_all(&folder).unwrap();
    let (config, database) = (folder.join("mentiond.toml"), folder.join("mentiond.db"));
    std::fs::write(&config, make::configuration()).unwrap();
    if !database.exists() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        make::fill(&runtime, &database, entries.unwrap_or(20_000));
    }
    sizes(&database);
    let daemon = Daemon::start(&config);
    println!(
        "\nthe daemon serves {:.2} s after its start",
        daemon.start.as_secs_f64()
    );
    ask(&daemon, &database);
    println!("the most memory it held: {:.0} MiB", daemon.peak());
    daemon.stop();
    export(&config, &database);
}

/// What is in the database, and what its parts take.
fn sizes(path: &Path) {
    let conn = Connection::open(path).unwrap();
    let number = |sql: &str| conn.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    let entries = number("SELECT count(*) FROM entry");
    println!(
        "{entries} entries, {} mentions, {} stories, {} alerts over {} days",
        number("SELECT count(*) FROM mention"),
        number("SELECT count(*) FROM story"),
        number("SELECT count(*) FROM alert"),
        number("SELECT (max(first_seen_ms) - min(first_seen_ms)) / 86400000 FROM entry")
    );
    println!("\n{:<24}{:>10}{:>16}", "on disk", "MiB", "bytes an entry");
    let mut parts = conn
        .prepare(
            "SELECT CASE WHEN d.name LIKE 'search%' THEN 'search' ELSE coalesce(s.tbl_name, d.name) END AS part,
               sum(d.pgsize) AS size
             FROM dbstat d LEFT JOIN sqlite_schema s ON s.name = d.name WHERE d.aggregate = 1
             GROUP BY part ORDER BY size DESC",
        )
        .unwrap();
    let parts = parts.query_map([], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?))
    });
    let parts: Vec<_> = parts.unwrap().map(Result::unwrap).collect();
    let all: i64 = parts.iter().map(|(_, size)| size).sum();
    for (part, size) in parts.iter().filter(|(_, size)| size * 200 > all) {
        println!("{part:<24}{:>10}{:>16}", size >> 20, size / entries);
    }
    println!("{:<24}{:>10}{:>16}", "all", all >> 20, all / entries);
}

/// How long answers take.
fn ask(daemon: &Daemon, path: &Path) {
    let conn = Connection::open(path).unwrap();
    let story: String = conn
        .query_row(
            "SELECT lower(hex(s.key)) FROM story s JOIN entry e ON e.story_id = s.id
             GROUP BY s.id ORDER BY s.first_seen_ms > 0 DESC, count(*) DESC LIMIT 1",
            [],
            |row| row.get(0),
        )
        .unwrap();
    let (most, least) = (make::topic(0), make::topic(make::TOPICS - 1));
    let since = |days: u32| format!("since={days}d");
    let paths = [
        "/".to_owned(),
        format!("/topics/{most}"),
        format!("/topics/{most}?by=hour&{}", since(7)),
        format!("/topics/{most}?by=week&{}", since(365)),
        format!("/topics/{most}?by=month&{}", since(1094)),
        format!("/topics/{least}?by=month&{}", since(1094)),
        format!("/stories/{story}"),
        "/alerts".to_owned(),
        "/feeds".to_owned(),
        "/search?q=Putin".to_owned(),
        "/search?q=Putin&order=relevance".to_owned(),
        "/search?q=the&order=relevance".to_owned(),
        "/search?q=%22vladimir+putin%22&order=relevance".to_owned(),
        format!("/search?q=Putin+topic:{least}"),
        format!("/search?q=topic:{most}"),
        format!("/search?q=topic:{least}"),
        "/api/v1/topics".to_owned(),
        format!("/api/v1/topics/{most}/series?unit=day&{}", since(1094)),
        format!("/api/v1/mentions?topic={most}&limit=500"),
        format!("/api/v1/mentions?topic={least}&language=en"),
        "/api/v1/search?q=%E6%99%AE%E4%BA%AC".to_owned(),
        "/api/v1/search?q=presid*".to_owned(),
        "/metrics".to_owned(),
    ];
    println!(
        "\n{:<52}{:>8}{:>10}{:>10}{:>10}{:>10}",
        "asked", "status", "KiB", "first ms", "p50 ms", "most ms"
    );
    for path in paths {
        let (status, bytes, first) = daemon.ask(&path);
        let mut times: Vec<_> = (0..ROUNDS).map(|_| daemon.ask(&path).2).collect();
        times.sort();
        let ms = |time: Duration| time.as_secs_f64() * 1000.0;
        println!(
            "{path:<52}{status:>8}{:>10.1}{:>10.1}{:>10.1}{:>10.1}",
            bytes as f64 / 1024.0,
            ms(first),
            ms(times[ROUNDS / 2]),
            ms(times[ROUNDS - 1])
        );
    }
}

/// The export of the last year's mentions as CSV.
fn export(config: &Path, path: &Path) {
    let conn = Connection::open(path).unwrap();
    let year = "SELECT count(*) FROM mention WHERE created_ms >= (SELECT max(created_ms) FROM mention) - 365 * 86400000";
    let expected: i64 = conn.query_row(year, [], |row| row.get(0)).unwrap();
    let arguments = ["export", "--format", "csv", "--since", "365d"];
    let (bytes, lines, took, [early, late]) =
        serve::stream(config, &arguments, expected.unsigned_abs());
    println!(
        "\nexport of a year as CSV: {lines} lines, {} MiB in {:.1} s; most memory {early:.1} MiB after a tenth, {late:.1} MiB at the end",
        bytes >> 20,
        took.as_secs_f64()
    );
}
