//! `mentiond backup`: copies that hold together, whoever writes meanwhile.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use mentiond::store::Store;
use rusqlite::Connection;

use super::Ended;
use crate::support::{Home, Hook, Item, Site, rss, wait_for};

fn number(path: &Path, sql: &str) -> i64 {
    let conn = Connection::open(path).unwrap();
    conn.query_row(sql, [], |row| row.get(0)).unwrap()
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// The names of the files beside the database that are not what a home has by itself.
fn left_behind(home: &Home) -> Vec<String> {
    let files = std::fs::read_dir(home.folder.path()).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let own =
        |name: &String| name.starts_with("m.db") || name == "secret" || name == "mentiond.toml";
    let mut names: Vec<String> = names.filter(|name| !own(name)).collect();
    names.sort();
    names
}

#[test]
fn a_copy_made_beside_a_writer_is_that_of_one_instant() {
    let home = Home::new();
    home.write_config("database = \"m.db\"\n");
    Store::open(&home.path("m.db")).unwrap().close();
    let conn = home.database();
    // Large enough for many steps.
    conn.execute_batch(
        "INSERT INTO feed (id, name, url, source, body_hash) VALUES (1, 'wire', 'u', 's', NULL), (2, 'large', 'u', 's', zeroblob(30000000));",
    )
    .unwrap();
    let is_done = &AtomicBool::new(false);
    let began = Instant::now();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let mut n = 0;
            // What it writes is always two things that belong together.
            while !is_done.load(Ordering::Relaxed) && began.elapsed() < Duration::from_mins(2) {
                conn.execute_batch(&format!(
                    "BEGIN; UPDATE feed SET entries = entries + 1 WHERE id = 1;
                     INSERT INTO left_url VALUES ('{n}', 0); COMMIT"
                ))
                .unwrap();
                n += 1;
            }
        });
        let mut before = 0;
        for n in 0..4 {
            wait_for("a write", || {
                (number(&home.path("m.db"), "SELECT sum(entries) FROM feed") > before).then_some(())
            });
            let name = format!("copy-{n}");
            let file = home.path(&name);
            home.ok(&["backup", file.to_str().unwrap()]);
            let entries = number(&file, "SELECT sum(entries) FROM feed");
            assert_eq!(number(&file, "SELECT count(*) FROM left_url"), entries);
            assert!(entries > before, "each copy is of its own time");
            before = entries;
            let check = "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'";
            assert_eq!(number(&file, check), 1);
        }
        is_done.store(true, Ordering::Relaxed);
    });
    assert_eq!(left_behind(&home), ["copy-0", "copy-1", "copy-2", "copy-3"]);
}

#[test]
fn a_copy_of_a_running_daemons_database_takes_its_place() {
    let (site, hook) = (Site::start(), Hook::start());
    site.publish("/feed", rss(&[Item::new("1", "Putin")]));
    let home = Home::watching(&[("wire", site.url("/feed"))], &hook);
    let daemon = home.start();
    hook.wait(1);
    let file = home.path("copy.db");
    let done = &home.json(&["backup", file.to_str().unwrap(), "--json"])[0];
    assert_eq!(done["file"], file.to_str().unwrap());
    assert_eq!(done["bytes"], std::fs::metadata(&file).unwrap().len());
    assert_eq!(done["key"], serde_json::Value::Null);
    assert_eq!(mode(&file), 0o600);
    assert!(daemon.stop().success());
    // One file is all there is to it.
    assert_eq!(left_behind(&home), ["copy.db"]);
    let mentions = home.ok(&["mentions", "--json"]);
    for end in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(home.path(&format!("m.db{end}")));
    }
    std::fs::rename(&file, home.path("m.db")).unwrap();
    assert_eq!(home.ok(&["mentions", "--json"]), mentions);
    home.ok(&["poll"]);
    assert_eq!(hook.all().len(), 1, "nothing is told again");
}

#[test]
fn nothing_that_is_there_is_overwritten_unasked() {
    let home = Home::new();
    home.write_config("database = \"m.db\"\n");
    let copy = home.path("copy.db");
    let path = copy.to_str().unwrap();
    let ended = Ended::of(home.run(&["backup", path])).code(1);
    assert!(
        ended.error.contains("there is no database"),
        "{}",
        ended.error
    );
    assert!(left_behind(&home).is_empty());
    Store::open(&home.path("m.db")).unwrap().close();

    std::fs::write(&copy, "precious").unwrap();
    let ended = Ended::of(home.run(&["backup", path])).code(1);
    assert!(ended.error.contains("--force"), "{}", ended.error);
    assert_eq!(std::fs::read_to_string(&copy).unwrap(), "precious");
    let ended = Ended::of(home.run(&["backup", path, "--force"])).code(0);
    assert!(ended.out.contains(", schema version "), "{}", ended.out);
    assert_eq!(number(&copy, "SELECT count(*) FROM feed"), 0);
    assert_eq!(mode(&copy), 0o600, "whatever the mode was");

    // The database and what belongs to it is no target, by no name.
    std::os::unix::fs::symlink(home.path("m.db"), home.path("link")).unwrap();
    for name in ["m.db", "link", "m.db-wal", "m.db.key", "."] {
        let name = home.path(name);
        let args = ["backup", "--force", name.to_str().unwrap()];
        Ended::of(home.run(&args)).code(2);
    }
    let nowhere = home.path("nowhere/copy");
    let ended = Ended::of(home.run(&["backup", nowhere.to_str().unwrap()])).code(1);
    let says = format!(
        "error: can't write {} (No such file or directory (os error 2)); check the path and its permissions\n",
        nowhere.display()
    );
    assert!(ended.error.ends_with(&says), "{}", ended.error);
}

#[test]
fn the_key_comes_along_only_when_it_is_asked_for() {
    let home = Home::new();
    home.write_config("database = \"m.db\"\n");
    Store::open(&home.path("m.db")).unwrap().close();
    let (one, two) = (home.path("one"), home.path("two"));
    let ended = Ended::of(home.run(&["backup", one.to_str().unwrap(), "--with-key"])).code(0);
    assert!(ended.error.contains("there is no key"), "{}", ended.error);
    std::fs::write(home.path("m.db.key"), [7; 32]).unwrap();
    home.ok(&["backup", two.to_str().unwrap()]);
    assert_eq!(left_behind(&home), ["one", "two"]);
    let ended = Ended::of(home.run(&["backup", one.to_str().unwrap(), "--with-key", "--force"]));
    assert!(
        ended.out.ends_with("one.key: the key of the callbacks\n"),
        "{}",
        ended.out
    );
    assert_eq!(std::fs::read(home.path("one.key")).unwrap(), [7; 32]);
    assert_eq!(mode(&home.path("one.key")), 0o600);
}

#[test]
fn a_copy_is_not_made_of_what_is_damaged() {
    let home = Home::new();
    home.write_config("database = \"m.db\"\n");
    Store::open(&home.path("m.db")).unwrap().close();
    home.database()
        .execute_batch("PRAGMA journal_mode = delete")
        .unwrap();
    let file = std::fs::OpenOptions::new()
        .write(true)
        .open(home.path("m.db"))
        .unwrap();
    std::os::unix::fs::FileExt::write_all_at(&file, &[0xff; 4096], 3 * 4096).unwrap();
    let copy = home.path("copy");
    let ended = Ended::of(home.run(&["backup", copy.to_str().unwrap()])).code(1);
    assert!(ended.error.contains("damaged"), "{}", ended.error);
    let error = ended.error.split("error: ").nth(1).unwrap();
    assert_eq!(error.lines().count(), 1, "{error}");
    assert!(!ended.error.contains(".mentiond-"), "{}", ended.error);
    assert!(left_behind(&home).is_empty());
}
