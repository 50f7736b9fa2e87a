//! Copies between files: whole, broken off, gone on with, and refused. With servers, `tests/store_copy.rs` has the
//! same.

use std::path::PathBuf;

use tempfile::TempDir;

use super::*;

/// Every table has rows, a few of them more than a step.
const ROWS: &str = "
WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 3)
  INSERT INTO feed (id, name, url, source, body_hash) SELECT n * 10, 'f' || n, 'u', 's', x'00ff' FROM n;
INSERT INTO schedule (feed_id, etag) VALUES (10, x'22'), (30, NULL);
INSERT INTO silence (id, topic, comment, created_ms, until_ms) VALUES (4, 't', 'why', 1, 2);
WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 1500)
  INSERT INTO story SELECT n, CAST(printf('%016d', n) AS BLOB), n FROM n;
INSERT INTO seen SELECT 10, key, key, 1 FROM story;
INSERT INTO story_source SELECT id, 20, NULL, 1 FROM story WHERE id < 10;
INSERT INTO entry (id, feed_id, key, story_id, title, summary, content, first_seen_ms)
  SELECT id * 2, 30, key, id, 'Summit ' || id, 'a' || char(0) || 'b', '上海合作组织', id FROM story;
INSERT INTO mention (id, entry_id, topic, term, field, start_byte, end_byte, snippet, snippet_start, snippet_end, hits,
    revision, created_ms)
  SELECT id, id, 't', 't', 'title', 0, 1, 'x', 0, 1, 1, 0, 1 FROM entry;
INSERT INTO alert (id, kind, topic, story_id, created_ms, detail) VALUES ('al_1', 'mention.created', 't', 1, 1, '{}'),
  ('al_2', 'digest', NULL, NULL, 1, '{\"a\": \"\\u0000\"}');
INSERT INTO delivery (id, alert_id, sink, state, next_attempt_ms, created_ms, digest_id, silence_id)
  VALUES (9, 'al_1', 's', 'gathered', 1, 1, 'al_2', 4);
INSERT INTO sink (id, target) VALUES ('s', x'01');
INSERT INTO bundle VALUES ('s', '', 1, NULL);
INSERT INTO left_url VALUES ('u', 1);
INSERT INTO page (entry_id, url, state, next_attempt_ms, created_ms) VALUES (2, 'u', 'read', 1, 1);
INSERT INTO subscription (feed_id, generation, hub, topic, callback_hash, state) VALUES (10, 1, 'h', 't', x'aa', 'gone');
INSERT INTO fingerprint SELECT id, 1, zeroblob(64) FROM entry WHERE id < 9;
INSERT INTO fingerprint_band VALUES (-5, 2), (-5, 4), (9223372036854775807, 2);
INSERT INTO story_join VALUES (2, 1, 4, 2, 0.1, 1);
INSERT INTO mention_event VALUES ('mn_1', 't', NULL, 1, '{}');
INSERT INTO mention_delivery (seq, event_id, sink, state, next_attempt_ms) VALUES (7, 'mn_1', 's', 'dead', 1);
INSERT INTO series VALUES ('t', -1, 2, 1);
INSERT INTO series_day VALUES ('t', 'feed', 1, 'f1', 2);
INSERT INTO together VALUES ('t', 'o', 1, 2);
";

struct Pair {
    folder: TempDir,
    from: Database,
    to: Database,
}

impl Pair {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("from.db");
        Store::open(&path).unwrap().close();
        let pair = Self {
            from: Database::File(path),
            to: Database::File(folder.path().join("deep/er/to.db")),
            folder,
        };
        sql(&pair.from).execute_batch(ROWS).unwrap();
        pair
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn copy(&self) -> Result<Copied, CopyError> {
        Store::copy(&self.from, &self.to, false, |_| true)
    }

    /// Stops after so many steps.
    fn copy_some(&self, steps: usize) -> Result<Copied, CopyError> {
        let mut left = steps;
        Store::copy(&self.from, &self.to, false, |_| {
            left -= 1;
            left > 0
        })
    }
}

fn sql(database: &Database) -> rusqlite::Connection {
    rusqlite::Connection::open(database.file().unwrap()).unwrap()
}

fn number(database: &Database, query: &str) -> i64 {
    sql(database)
        .query_row(query, [], |row| row.get(0))
        .unwrap()
}

#[test]
fn a_copy_has_every_row_and_can_be_searched() {
    let pair = Pair::new();
    for table in TABLES {
        let rows = format!("SELECT count(*) FROM {}", table.name);
        assert!(number(&pair.from, &rows) > 0, "{}", table.name);
    }
    let copied = pair.copy().unwrap();
    assert!(!copied.is_resumed);
    assert_eq!(copied.tables.len(), TABLES.len());
    assert_eq!(
        copied.put,
        copied.tables.iter().map(|table| table.rows).sum::<u64>()
    );
    let entries = copied.tables.iter().find(|table| table.table == "entry");
    assert_eq!(entries.unwrap().indexed, Some(1500));
    let same = "SELECT count(*) FROM entry WHERE summary = 'a' || char(0) || 'b' AND title = 'Summit ' || (id / 2)";
    assert_eq!(
        number(&pair.to, same),
        1500,
        "texts of a file keep what they have"
    );
    let found = "SELECT count(*) FROM search WHERE search MATCH 'summit'";
    assert_eq!(number(&pair.to, found), 1500);
    let reals = "SELECT count(*) FROM story_join WHERE likeness = 0.1";
    assert_eq!(number(&pair.to, reals), 1);
    let marks = "SELECT count(*) FROM sqlite_schema WHERE name = 'copying'";
    assert_eq!(number(&pair.to, marks), 0);
    Store::open(&pair.to).unwrap().close();
    let again = pair.copy();
    assert!(
        matches!(again, Err(CopyError::HoldsRows { table: "feed", .. })),
        "{again:?}"
    );
    let again = Store::copy(&pair.from, &pair.to, true, |_| true);
    assert!(
        matches!(again, Err(CopyError::HoldsRows { .. })),
        "--restart spares what is whole"
    );
}

#[test]
fn a_copy_that_is_stopped_anywhere_goes_on_where_it_was() {
    let pair = Pair::new();
    let mut runs = 0;
    let copied = loop {
        runs += 1;
        assert!(runs < 70, "it gets on");
        // Once all is there, it is only compared.
        let steps = if runs < 35 { 1 } else { 60 };
        match pair.copy_some(steps) {
            Err(CopyError::Stopped) => {
                let opened = Store::open(&pair.to);
                assert!(
                    matches!(opened, Err(StoreError::BeingCopied { .. })),
                    "{opened:?}"
                );
                let opened = Store::open_read_only(&pair.to);
                assert!(
                    matches!(opened, Err(StoreError::BeingCopied { .. })),
                    "{opened:?}"
                );
            }
            Ok(copied) => break copied,
            Err(error) => panic!("{error}"),
        }
    };
    assert!(copied.is_resumed && runs > TABLES.len());
    assert_eq!(copied.put, 0, "the last run had only to compare");
    Store::open(&pair.to).unwrap().close();
}

#[test]
fn a_change_between_or_during_runs_is_noticed() {
    let pair = Pair::new();
    assert!(matches!(pair.copy_some(8), Err(CopyError::Stopped)));
    sql(&pair.from)
        .execute_batch("UPDATE feed SET title = 'new' WHERE id = 20")
        .unwrap();
    let Err(CopyError::Different(copied)) = pair.copy() else {
        panic!("it was not noticed");
    };
    let differing: Vec<&str> = copied
        .tables
        .iter()
        .filter(|table| !table.is_same())
        .map(|table| table.table)
        .collect();
    assert_eq!(differing, ["feed"]);
    let told = CopyError::Different(copied).to_string();
    assert!(
        told.contains("in table `feed` (3 rows, the copy 3), so it is not used"),
        "{told}"
    );
    let opened = Store::open(&pair.to);
    assert!(
        matches!(opened, Err(StoreError::BeingCopied { .. })),
        "{opened:?}"
    );
    let mut is_changed = false;
    let result = Store::copy(&pair.from, &pair.to, true, |progress| {
        if !is_changed && progress.table == "mention" {
            sql(&pair.from)
                .execute_batch("DELETE FROM together")
                .unwrap();
            is_changed = true;
        }
        true
    });
    assert!(matches!(result, Err(CopyError::Changed(_))), "{result:?}");
    Store::copy(&pair.from, &pair.to, true, |_| true).unwrap();
    assert_eq!(number(&pair.to, "SELECT count(*) FROM together"), 0);
    assert_eq!(
        number(
            &pair.to,
            "SELECT count(*) FROM search WHERE search MATCH 'summit'"
        ),
        1500
    );
}

#[test]
fn an_index_that_lacks_an_entry_is_noticed() {
    let pair = Pair::new();
    let is_copied = |progress: CopyProgress| progress.step == CopyStep::Copying;
    let stopped = Store::copy(&pair.from, &pair.to, false, is_copied);
    assert!(matches!(stopped, Err(CopyError::Stopped)));
    sql(&pair.to)
        .execute_batch("DELETE FROM search WHERE rowid = 2")
        .unwrap();
    let told = pair.copy().unwrap_err().to_string();
    assert!(
        told.contains("`entry` (1500 rows, the copy 1500, of which 1499 can be searched)"),
        "{told}"
    );
}

#[test]
fn what_can_not_be_copied_is_refused_and_left_alone() {
    let pair = Pair::new();
    let file = |name: &str| Database::File(pair.at(name));
    let missing = Store::copy(&file("none"), &pair.to, false, |_| true);
    assert!(matches!(
        missing,
        Err(CopyError::Store(StoreError::Missing(_)))
    ));
    assert!(!pair.at("deep").exists());
    let itself = Store::copy(&pair.from, &pair.from, false, |_| true);
    assert!(matches!(itself, Err(CopyError::Itself(_))));
    let daemon = Store::open(&pair.from).unwrap();
    let locked = pair.copy();
    assert!(
        matches!(locked, Err(CopyError::Store(StoreError::Locked { .. }))),
        "{locked:?}"
    );
    daemon.close();
    assert!(matches!(pair.copy_some(3), Err(CopyError::Stopped)));
    let onward = Store::copy(&pair.to, &file("third.db"), false, |_| true);
    assert!(
        matches!(
            onward,
            Err(CopyError::Store(StoreError::BeingCopied { .. }))
        ),
        "half of one"
    );
    std::fs::copy(pair.from.file().unwrap(), pair.at("other.db")).unwrap();
    let other = Store::copy(&file("other.db"), &pair.to, false, |_| true);
    assert!(matches!(other, Err(CopyError::Other { .. })), "{other:?}");
    Store::copy(&file("other.db"), &pair.to, true, |_| true).unwrap();
    sql(&pair.from)
        .pragma_update(None, "user_version", 3)
        .unwrap();
    let older = Store::copy(&pair.from, &file("fourth.db"), false, |_| true);
    assert!(
        matches!(
            older,
            Err(CopyError::Store(StoreError::Older { found: 3, .. }))
        ),
        "{older:?}"
    );
}
