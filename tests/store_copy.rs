//! The real binary, which copies databases between files and a real PostgreSQL server.
//!
//! `.ci/servers.sh cargo test --locked --test store_copy` gives these tests a server; without `TEST_POSTGRES`
//! they say that they were skipped, and pass. `MENTIOND_COPY_ENTRIES=100000` makes the history that is copied there
//! and back longer; what it took is printed with `-- --nocapture`. With `MENTIOND_COPY_FILE=file` it is kept there and
//! used again.

// Helpers may give up as tests do.
#![allow(clippy::unwrap_used, clippy::expect_used)]
// Places in small lists are made of dice.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss
)]

#[path = "store_copy/made.rs"]
mod made;
#[path = "store_copy/tables.rs"]
mod tables;
// The paths of these are those of the tests that they are shared with.
#[allow(
    dead_code,
    reason = "shared with the tests of `fetch`, which use more of it"
)]
#[path = "fetch/server.rs"]
mod server;
#[allow(
    dead_code,
    reason = "shared with the tests of the daemon, which use more of it"
)]
#[path = "daemon/support.rs"]
mod support;

use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::Value;
use support::{Home, Hook, Item, Running, Site, TOPICS, feed, rss, wait_for};
use tables::Tables;

/// A home with next to no configuration.
fn bare_home() -> Home {
    let home = Home::new();
    home.write_config("database = \"m.db\"\n");
    home
}

/// The command, with the configuration of the home.
fn copy(home: &Home, args: &[&str]) -> Output {
    home.run(&[&["store", "copy"], args].concat())
}

/// The command, which must succeed; its JSON.
fn copied(home: &Home, args: &[&str]) -> Value {
    let text = home.ok(&[&["store", "copy", "--json"], args].concat());
    serde_json::from_str(&text).unwrap()
}

/// The command, which must fail with this code; what it said.
fn refused(home: &Home, args: &[&str], code: i32) -> String {
    let output = copy(home, args);
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{error}");
    error
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// The sums of all tables.
fn sums(report: &Value) -> Vec<(String, u64, String)> {
    let tables = report["tables"].as_array().unwrap();
    let sum = |table: &Value| {
        assert_eq!(table["checksum"], table["target_checksum"]);
        (
            table["table"].as_str().unwrap().to_owned(),
            table["rows"].as_u64().unwrap(),
            table["checksum"].as_str().unwrap().to_owned(),
        )
    };
    tables.iter().map(sum).collect()
}

/// What a database tells who asks.
fn figures(home: &Home) -> Vec<Vec<Value>> {
    [
        &["mentions", "--json"][..],
        &["alerts", "--json"],
        &["search", "summit", "--json"],
        &["search", "上合组织", "--json"],
        &["trends", "--json"],
        &["trends", "putin", "--json"],
        &["silence", "list", "--json"],
        &["sinks", "--json"],
        &["export", "--format", "jsonl"],
    ]
    .map(|args| home.json(args))
    .to_vec()
}

/// Makes sure that it tells the same.
fn unchanged(home: &Home, before: &[Vec<Value>]) {
    for (now, before) in figures(home).iter().zip(before) {
        assert_eq!(now, before);
    }
}

/// The configuration of the daemon over a database.
fn configure(home: &Home, site: &Site, hook: &Hook, database: &str) {
    home.write_config(&format!(
        "database = \"{database}\"\nshutdown_timeout = \"5s\"\n\
         [schedule]\ninterval = \"200ms\"\nmin_interval = \"1ms\"\n\
         [[sink]]\nid = \"hook\"\ntype = \"webhook\"\nurl = \"{}\"\nsecret = {{ file = \"secret\" }}\n{}{TOPICS}",
        hook.url(),
        feed("wire", &site.url("/feed"), "")
    ));
}

#[test]
fn what_a_daemon_recorded_is_the_same_on_a_server_and_back_in_a_file() {
    let Some(server) = Tables::new("round trip") else {
        return;
    };
    let (site, hook, home) = (Site::start(), Hook::start(), Home::new());
    let mut items = vec![
        Item::new("1", "Putin at the SCO summit"),
        Item::new("2", "上合组织 in Astana"),
        Item::new("3", "A summit of others"),
    ];
    site.publish("/feed", rss(&items));
    configure(&home, &site, &hook, "m.db");
    let daemon = home.start();
    hook.wait(3);
    let locked = refused(&home, &["--to", &server.url], 1);
    assert!(locked.contains("another mentiond"), "{locked}");
    assert!(daemon.stop().success());
    home.ok(&[
        "silence",
        "add",
        "--topic",
        "sco",
        "--until",
        "1h",
        "--comment",
        "a while",
    ]);
    // What no server can hold, and a key that comes in another order then.
    home.database()
        .execute_batch(
            "UPDATE entry SET author = 'a' || char(0) || 'b' WHERE title LIKE 'Putin%';
             INSERT INTO left_url VALUES ('a' || char(0), 1), ('a!', 2), ('aé', 3)",
        )
        .unwrap();
    let before = figures(&home);
    assert!(before.iter().all(|lines| !lines.is_empty()), "{before:?}");

    let there = copied(&home, &["--to", &server.url]);
    assert_eq!(
        (&there["same"], &there["resumed"]),
        (&true.into(), &false.into())
    );
    assert_eq!(there["replaced"], 2);
    assert!(
        !there["to"].as_str().unwrap().contains("options"),
        "{there}"
    );
    configure(&home, &site, &hook, &server.url);
    unchanged(&home, &before);

    // From server to server, which goes on with ids.
    server.run("SELECT nextval('story_id_seq'), nextval('story_id_seq')");
    let last = server.number("SELECT last_value FROM story_id_seq");
    let other = Tables::new("round trip").unwrap();
    let over = copied(&home, &["--to", &other.url]);
    assert_eq!(sums(&over), sums(&there));
    let story = "INSERT INTO story (key, first_seen_ms) VALUES ('x', 1) RETURNING id";
    assert_eq!(other.number(story), last + 1);
    let entry = "SELECT nextval('entry_id_seq') - max(id) FROM entry";
    assert_eq!(other.number(entry), 1);

    // And back, by the variable.
    let file = home.path("back.db");
    let back = copied(
        &home,
        &[
            "--from",
            &server.url,
            "--to",
            &format!("sqlite:{}", text(&file)),
        ],
    );
    assert_eq!(sums(&back), sums(&there));
    assert_eq!(back["replaced"], 0);
    configure(&home, &site, &hook, "back.db");
    unchanged(&home, &before);
    let doctor = home.json(&["doctor", "--json"]);
    let bad: Vec<&Value> = doctor
        .iter()
        .filter(|line| line["state"] == "error")
        .collect();
    assert!(bad.is_empty(), "{bad:?}");

    // A daemon goes on there: it knows what was told, and tells what is new.
    configure(&home, &site, &hook, &server.url);
    let told = hook.accepted().len();
    items.push(Item::new("4", "Putin again"));
    site.publish("/feed", rss(&items));
    let daemon = home.start();
    let all = hook.wait(told + 1);
    assert_eq!(all[told].title(), "Putin again");
    assert!(daemon.stop().success());
    assert_eq!(hook.accepted().len(), told + 1);
}

/// Waits until a copy is in the middle of `seen`, and kills it.
fn kill_in_the_middle(home: &Home, args: &[&str], seen: impl Fn() -> Option<i64>) -> i64 {
    let running = Running::spawn(home.command(&[&["store", "copy"], args].concat()));
    let rows = wait_for("a few rows", || seen().filter(|rows| *rows > 0));
    running.kill();
    rows
}

/// How many rows of `seen` are in a file, if it has the table.
fn in_file(path: &Path) -> Option<i64> {
    if !path.exists() {
        return None;
    }
    let conn = rusqlite::Connection::open(path).unwrap();
    conn.query_row("SELECT count(*) FROM seen", [], |row| row.get(0))
        .ok()
}

#[test]
fn a_copy_that_is_killed_goes_on_and_puts_no_row_twice() {
    let Some(server) = Tables::new("killed") else {
        return;
    };
    let home = bare_home();
    let file = home.path("from.db");
    made::history(&file, 300);
    // Many small steps.
    let many = "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 60000)
        INSERT INTO seen SELECT 1, CAST(printf('%016d', n) AS BLOB), x'00', n FROM n";
    rusqlite::Connection::open(&file)
        .unwrap()
        .execute_batch(many)
        .unwrap();
    let (from, to) = (text(&file), server.url.as_str());
    let there = ["--from", from, "--to", to];
    for _ in 0..3 {
        let rows = kill_in_the_middle(&home, &there, || server.rows("seen"));
        assert!(rows < 60_300, "it was killed before the end");
        home.write_config(&format!("database = \"{to}\"\n"));
        let opened = home.run(&["mentions"]);
        let error = String::from_utf8(opened.stderr).unwrap();
        assert!(
            error.contains(&format!("a copy of {from} into it was broken off")),
            "{error}"
        );
        assert!(!home.run(&["run"]).status.success());
    }
    // Another database, or the same one under another name, is not what is missing.
    std::fs::copy(&file, home.path("other.db")).unwrap();
    let other = refused(
        &home,
        &["--from", text(&home.path("other.db")), "--to", to],
        1,
    );
    assert!(other.contains("holds part of a copy of"), "{other}");
    let done = copied(&home, &there);
    assert_eq!(done["resumed"], true);
    assert!(done["copied"].as_u64() < done["rows"].as_u64(), "{done}");
    assert_eq!(server.number("SELECT count(*) FROM pg_tables WHERE tablename = 'copying' AND schemaname = current_schema()"), 0);

    // The other way, and a row that is not what it was.
    let back = home.path("back.db");
    let args = ["--from", to, "--to", text(&back)];
    kill_in_the_middle(&home, &args, || in_file(&back));
    let conn = rusqlite::Connection::open(&back).unwrap();
    conn.execute_batch("UPDATE seen SET served_ms = -1 WHERE key = (SELECT min(key) FROM seen)")
        .unwrap();
    drop(conn);
    let output = copy(&home, &args);
    let (out, error) = (
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    );
    assert_eq!(output.status.code(), Some(1));
    assert!(out.contains("DIFFERS: the copy has 60300 rows"), "{out}");
    assert!(
        error.contains("differs from its source in table `seen` (60300 rows"),
        "{error}"
    );
    let again = copied(&home, &[&args[..], &["--restart"]].concat());
    assert_eq!(
        (&again["resumed"], &again["same"]),
        (&false.into(), &true.into())
    );
    assert_eq!(sums(&again), sums(&done));
}

#[test]
fn a_copy_whose_connection_is_lost_goes_on() {
    let Some(server) = Tables::new("cut off") else {
        return;
    };
    let home = bare_home();
    let file = home.path("from.db");
    made::history(&file, 2_000);
    let url = format!(
        "{}&application_name=cut-off-{}",
        server.url,
        std::process::id()
    );
    let args = ["--from", text(&file), "--to", &url];
    let mut running = Running::spawn(home.command(&[&["store", "copy"], &args[..]].concat()));
    wait_for("a few rows", || {
        server.rows("seen").filter(|rows| *rows > 0)
    });
    let cut = format!(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
         WHERE application_name LIKE 'cut-off-{} %'",
        std::process::id()
    );
    assert_eq!(server.number(&cut), 1);
    assert_eq!(running.wait().code(), Some(1));
    running.wait_for_log("goes on where it was");
    drop(running);
    assert_eq!(copied(&home, &args)["resumed"], true);
}

#[test]
fn a_database_in_use_or_with_rows_of_its_own_is_refused() {
    let Some(server) = Tables::new("refused") else {
        return;
    };
    let home = bare_home();
    let file = home.path("from.db");
    made::history(&file, 10);
    let there = ["--from", text(&file), "--to", &server.url];
    copied(&home, &there);
    let full = refused(&home, &there, 1);
    assert!(full.contains("holds rows already (table `feed`)"), "{full}");
    let itself = refused(&home, &["--from", &server.url, "--to", &server.url], 1);
    assert!(itself.contains("can't be copied into itself"), "{itself}");
    let back = home.path("back.db");
    let args = ["--from", &server.url, "--to", text(&back)];
    server.run(
        "INSERT INTO worker (name, process, program, configuration, started_ms, seen_ms, until_ms) \
         VALUES ('a', 1, '0', '', 1, 1, 4000000000000)",
    );
    let alive = refused(&home, &args, 1);
    assert!(
        alive.contains("is in use by 1 worker: stop them first"),
        "{alive}"
    );
    assert!(!alive.contains("options="), "{alive}");
    assert!(!back.exists());
    server.run("UPDATE worker SET until_ms = 1");
    copied(&home, &args);
    let wrong = refused(
        &home,
        &["--from", "mysql://me@host/db", "--to", text(&back)],
        2,
    );
    assert!(wrong.contains("a database is sqlite:PATH"), "{wrong}");
    let nowhere = refused(
        &home,
        &[
            "--from",
            text(&file),
            "--to",
            "postgres://me:hush@127.0.0.1:1/db",
        ],
        1,
    );
    assert!(
        nowhere.contains("can't be reached") && !nowhere.contains("hush"),
        "{nowhere}"
    );
}

#[test]
fn a_history_is_copied_there_and_back() {
    let Some(server) = Tables::new("history") else {
        return;
    };
    let entries = std::env::var("MENTIOND_COPY_ENTRIES").map_or(1_000, |n| n.parse().unwrap());
    let home = bare_home();
    let kept = std::env::var_os("MENTIOND_COPY_FILE").map(PathBuf::from);
    let (file, back) = (
        kept.unwrap_or_else(|| home.path("from.db")),
        home.path("back.db"),
    );
    if !file.exists() {
        made::history(&file, entries);
    }
    let tell = |way: &str, report: &Value| {
        let (rows, milliseconds) = (report["rows"].as_f64(), report["milliseconds"].as_f64());
        let (rows, seconds) = (rows.unwrap(), milliseconds.unwrap() / 1000.0);
        println!(
            "{way}: {rows} rows in {seconds:.1} s, {:.0} rows/s",
            rows / seconds
        );
    };
    let there = copied(&home, &["--from", text(&file), "--to", &server.url]);
    tell("file to server", &there);
    let home_again = copied(&home, &["--from", &server.url, "--to", text(&back)]);
    tell("server to file", &home_again);
    assert_eq!(sums(&home_again), sums(&there));
    let third = copied(
        &home,
        &["--from", text(&back), "--to", text(&home.path("third.db"))],
    );
    tell("file to file", &third);
    assert_eq!(sums(&third), sums(&there));
}
