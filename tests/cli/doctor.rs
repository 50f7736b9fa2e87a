//! `mentiond doctor`.

use std::os::unix::fs::PermissionsExt;

use mentiond::store::Store;
use serde_json::Value;

use super::Ended;
use crate::support::{Home, Hook, Item, Site, TOPICS, rss};

/// A home with a little history.
fn home() -> (Site, Hook, Home) {
    let (site, hook) = (Site::start(), Hook::start());
    site.publish(
        "/feed",
        rss(&[Item::new("1", "Putin"), Item::new("2", "Quiet")]),
    );
    let home = Home::watching(&[("wire", site.url("/feed"))], &hook);
    home.ok(&["poll"]);
    (site, hook, home)
}

/// What the doctor finds, and how it ends.
fn findings(home: &Home, args: &[&str], code: i32) -> Vec<Value> {
    let args = [&["doctor", "--json"], args].concat();
    Ended::of(home.run(&args)).code(code).json()
}

/// The first finding of a check.
fn of<'a>(findings: &'a [Value], check: &str) -> &'a Value {
    let found = findings.iter().find(|finding| finding["check"] == check);
    found.unwrap_or_else(|| panic!("no {check}: {findings:#?}"))
}

fn assert_found(home: &Home, check: &str, state: &str, text: &str) {
    let code = i32::from(state == "error");
    let findings = findings(home, &[], code);
    // A check may find more than one thing.
    let is_it = |finding: &&Value| {
        let told = finding["text"].as_str().unwrap();
        finding["check"] == check && finding["state"] == state && told.contains(text)
    };
    let found = findings.iter().find(is_it);
    let found = found.unwrap_or_else(|| panic!("no {state} of {check} with {text}: {findings:#?}"));
    assert_eq!(found["advice"].is_null(), state == "ok", "{found}");
}

#[test]
fn a_sound_home_is_all_well_beside_the_daemon_too() {
    let (_site, _hook, home) = home();
    let all_well = |home: &Home| {
        let found = findings(home, &["--deep"], 0);
        assert!(found.iter().all(|f| f["state"] == "ok"), "{found:#?}");
        for check in [
            "configuration",
            "clock",
            "database",
            "disk",
            "files",
            "file",
            "times",
            "rows",
            "counts",
            "search",
            "feeds",
            "topics",
            "deliveries",
        ] {
            of(&found, check);
        }
        assert_eq!(of(&found, "search")["text"], "2 entries can be searched");
    };
    all_well(&home);
    let before = home.dump(&[]);
    let daemon = Store::open(&home.path("m.db")).unwrap();
    all_well(&home);
    let refused = findings(&home, &["--repair"], 1);
    let advice = of(&refused, "database")["advice"].as_str().unwrap();
    assert!(advice.contains("for itself"), "{advice}");
    daemon.close();
    assert_eq!(home.dump(&[]), before);
    let told = home.ok(&["doctor"]);
    assert!(told.starts_with("ok       configuration  "), "{told}");
    assert!(told.ends_with("ok, 0 warnings, 0 errors\n"), "{told}");
}

#[test]
fn an_outage_is_a_warning_though_no_feed_is_at_fault() {
    let home = Home::new();
    // Nothing listens at the first port of any of them.
    let feeds = ["a", "b", "c"].into_iter().zip(2..).map(|(id, n)| {
        let url = format!("http://127.0.0.{n}:1/");
        format!("[[feed]]\nid = \"{id}\"\nurl = \"{url}\"\nallow_private_addresses = true\n")
    });
    let feeds: String = feeds.collect();
    home.write_config(&format!("database = \"m.db\"\n{feeds}{TOPICS}"));
    home.ok(&["poll"]);
    let found = findings(&home, &[], 0);
    let warned = found.iter().find(|f| f["state"] == "warning").unwrap();
    let text = warned["text"].as_str().unwrap();
    let begin =
        "the last poll of 3 feeds reached nobody (a: cannot connect to http://127.0.0.2:1/ ";
    assert!(text.starts_with(begin), "{text}");
    assert_eq!(
        warned["advice"],
        "is there no network? `mentiond feeds --failing` says why"
    );
}

#[test]
fn counts_and_index_are_held_against_the_rows_and_mended() {
    let (_site, _hook, home) = home();
    home.database()
        .execute_batch(
            "UPDATE series SET mentions = mentions + 5 WHERE topic = 'putin';
             DELETE FROM search WHERE rowid = 2;
             INSERT INTO search (rowid, title, summary, content) VALUES (77, 'x', '', '');",
        )
        .unwrap();
    assert_found(
        &home,
        "search",
        "warning",
        "1 entry is missing in the index, 1 entry is in the index and no longer in the history",
    );
    assert_found(&home, "counts", "warning", "of topic `putin` series at ");
    let found = findings(&home, &["--repair"], 0);
    for check in ["counts", "search"] {
        assert_eq!(of(&found, check)["state"], "ok", "{found:#?}");
    }
    let found = findings(&home, &[], 0);
    assert_eq!(of(&found, "search")["text"], "2 entries can be searched");
    assert_eq!(home.json(&["search", "quiet", "--json"]).len(), 1);
    let counted: i64 = (home.database())
        .query_row(
            "SELECT sum(mentions) FROM series WHERE topic = 'putin'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(counted, 1);
}

#[test]
fn counts_of_what_was_removed_are_not_taken_for_wrong() {
    let (_site, _hook, home) = home();
    home.database()
        .execute_batch(
            "DELETE FROM mention; DELETE FROM fingerprint; DELETE FROM fingerprint_band; DELETE FROM search;
             DELETE FROM entry",
        )
        .unwrap();
    let before = home.dump(&[]);
    let found = findings(&home, &["--repair"], 0);
    let text = of(&found, "counts")["text"].as_str().unwrap();
    assert!(text.starts_with("none are recent enough"), "{text}");
    assert_eq!(home.dump(&[])["series"], before["series"]);
}

#[test]
fn what_does_not_get_out_is_told_with_what_to_do() {
    let (_site, hook, home) = home();
    let conn = home.database();
    conn.execute_batch("UPDATE delivery SET state = 'dead'")
        .unwrap();
    assert_found(&home, "deliveries", "warning", "dead letters of hook: 1");
    conn.execute_batch("UPDATE delivery SET state = 'waiting', created_ms = created_ms - 7200000")
        .unwrap();
    assert_found(
        &home,
        "deliveries",
        "warning",
        "the oldest that waits for sink hook was made 2h",
    );
    conn.execute_batch("UPDATE sink SET stopped_ms = 1, reason = '410 Gone'")
        .unwrap();
    assert_found(
        &home,
        "deliveries",
        "warning",
        "sink hook is stopped: 410 Gone",
    );
    home.write_config(&format!("database = \"m.db\"\n{TOPICS}"));
    assert_found(
        &home,
        "deliveries",
        "warning",
        "waiting for sink hook, which is not configured: 1",
    );
    assert_found(&home, "feeds", "ok", "1 feed in the history only: wire");
    assert_eq!(hook.all().len(), 1, "nobody was asked for anything");
}

#[test]
fn rows_files_and_times_that_can_not_be_are_told() {
    let (_site, _hook, home) = home();
    let conn = home.database();
    conn.execute_batch(
        "PRAGMA foreign_keys = off; DELETE FROM entry WHERE id IN (SELECT entry_id FROM mention)",
    )
    .unwrap();
    assert_found(
        &home,
        "rows",
        "error",
        "rows of `mention` without their `entry`: 1",
    );
    conn.execute_batch(
        "DELETE FROM mention; DELETE FROM fingerprint; DELETE FROM fingerprint_band;
        UPDATE schedule SET last_poll_ms = last_poll_ms + 86400000",
    )
    .unwrap();
    assert_found(&home, "times", "warning", "the newest row is of ");
    let set_mode = |name: &str, mode| {
        let mode = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(home.path(name), mode).unwrap();
    };
    std::fs::write(home.path("m.db.key"), [1; 32]).unwrap();
    set_mode("m.db.key", 0o644);
    assert_found(&home, "files", "error", "m.db.key has mode 0644");
    set_mode("m.db.key", 0o600);
    set_mode("m.db", 0o644);
    assert_found(&home, "files", "warning", "m.db has mode 0644");
    set_mode("m.db", 0o666);
    assert_found(&home, "files", "error", "m.db has mode 0666");
}

#[test]
fn what_can_not_be_opened_is_one_error_and_no_panic() {
    let home = Home::new();
    home.write_config("database = \"m.db\"\nintervall = 3\n");
    assert_found(&home, "configuration", "error", "unknown key `intervall`");
    home.write_config("database = \"m.db\"\n");
    assert_found(&home, "database", "warning", "there is no database");
    std::fs::write(
        home.path("m.db"),
        "no database at all, but a text of some length".repeat(99),
    )
    .unwrap();
    assert_found(&home, "database", "error", "is not a mentiond database");
    let found = findings(&home, &[], 1);
    let found = of(&found, "database");
    let (text, advice) = (
        found["text"].as_str().unwrap(),
        found["advice"].as_str().unwrap(),
    );
    assert!(!text.contains("another file"), "one advice: {text}");
    assert!(advice.contains("put a copy"), "{advice}");
    std::fs::remove_file(home.path("m.db")).unwrap();
    Store::open(&home.path("m.db")).unwrap().close();
    let file = std::fs::OpenOptions::new()
        .write(true)
        .open(home.path("m.db"))
        .unwrap();
    let pages = file.metadata().unwrap().len() / 4096;
    std::os::unix::fs::FileExt::write_all_at(&file, &[0xff; 4096], (pages - 1) * 4096).unwrap();
    assert_found(&home, "file", "error", "");
}

#[test]
fn an_empty_file_is_an_error_and_no_new_database() {
    let home = Home::new();
    home.write_config("database = \"m.db\"\n");
    std::fs::write(home.path("m.db"), "").unwrap();
    for args in [&[][..], &["--repair"]] {
        let found = findings(&home, args, 1);
        let found = of(&found, "database");
        assert_eq!(found["state"], "error");
        let text = found["text"].as_str().unwrap();
        assert!(text.ends_with("m.db is an empty file"), "{text}");
        let advice = found["advice"].as_str().unwrap();
        assert!(
            advice.contains("put a copy made by `mentiond backup`"),
            "{advice}"
        );
        assert_eq!(std::fs::metadata(home.path("m.db")).unwrap().len(), 0);
        for end in ["-wal", "-shm", ".lock"] {
            assert!(!home.path(&format!("m.db{end}")).exists(), "{end}");
        }
    }
}

#[test]
fn the_size_counts_what_stands_in_the_log() {
    let (_site, _hook, home) = home();
    let text = |home: &Home| {
        let found = findings(home, &[], 0);
        of(&found, "disk")["text"].as_str().unwrap().to_owned()
    };
    assert!(!text(&home).contains("log"), "{}", text(&home));
    let conn = home.database();
    conn.execute_batch(
        "PRAGMA wal_autocheckpoint = 0; CREATE TABLE filler (x); INSERT INTO filler VALUES (zeroblob(30000000));",
    )
    .unwrap();
    let told = text(&home);
    let size = told.split("the database has ").nth(1).unwrap();
    let (size, rest) = size.split_once(' ').unwrap();
    assert_eq!(rest, "MiB, write-ahead log included", "{told}");
    let size: f64 = size.parse().unwrap();
    assert!((28.0..32.0).contains(&size), "{told}");
    conn.execute_batch("DROP TABLE filler").unwrap();
    let told = home.ok(&["prune"]);
    let says = "MiB, write-ahead log included; 28.";
    assert!(told.contains(says), "{told}");
}

#[test]
fn feeds_that_fail_are_told_with_the_time_since_when() {
    let (_site, _hook, home) = home();
    let conn = home.database();
    // Who asks for patience does not fail.
    conn.execute_batch("UPDATE schedule SET failures = 3")
        .unwrap();
    let found = findings(&home, &[], 0);
    assert!(found.iter().all(|f| f["state"] == "ok"), "{found:#?}");
    conn.execute_batch("UPDATE schedule SET failing_since_ms = 1720000000000")
        .unwrap();
    assert_found(
        &home,
        "feeds",
        "warning",
        "1 feed fails: wire since 2024-07-03T09:46:40Z",
    );
}
