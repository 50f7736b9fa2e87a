//! From every schema there ever was to the newest, with rows in every table and a value in every column: all of
//! it is there afterwards, and the program of today can read it.

use std::collections::BTreeMap;

use rusqlite::types::Value;

use super::*;
use crate::model::{SinkId, Timestamp};
use crate::store::{MentionFilter, Store, StoredDetail};

/// What a mentiond of each version added to a database that had lived through those before: it fills
/// what its own version brought.
const LIVED: [&str; VERSION] = [
    FIRST,
    SECOND,
    "INSERT INTO fingerprint VALUES (1, 1719999000000, x'0102'), (2, 1719999100000, x'0304');
     INSERT INTO fingerprint_band VALUES (-7, 1), (9, 2);
     INSERT INTO story_join VALUES (2, 1, 2, 1, 0.91, 1719999100000);",
    "UPDATE mention SET score = 27 WHERE id = 1;
     UPDATE alert SET score = 27 WHERE id = 'al_1';",
    "INSERT INTO delivery (id, alert_id, sink, state, attempts, next_attempt_ms, error, response, drop_reason,
         created_ms, settled_ms)
       VALUES (50, 'al_3', 'c', 'dropped', 2, 1719999200000, 'status 500', 'oops', 'not wanted',
         1719999100000, 1719999300000);
     UPDATE sink SET paused_until_ms = 1720000900000, pauses = 2, pause_reason = 'no answer' WHERE id = 'b';",
    "INSERT INTO silence VALUES (1, 'sco', 'one', x'000102030405060708090a0b0c0d0e0f', 'summit', 'enough',
       1719999000000, 1720099000000, 1719999500000);
     INSERT INTO delivery (id, alert_id, sink, state, next_attempt_ms, created_ms, settled_ms, silence_id)
       VALUES (60, 'al_2', 'c', 'silenced', 1719999200000, 1719999100000, 1719999100000, 1);",
    "INSERT INTO alert (id, kind, created_ms, detail) VALUES ('al_7', 'digest.created', 1719999600000, '{}');
     INSERT INTO delivery (id, alert_id, sink, state, next_attempt_ms, bundle, digest_id, created_ms, settled_ms)
       VALUES (70, 'al_1', 'd', 'gathered', 1719999200000, 'k', 'al_7', 1719999100000, 1719999600000),
              (71, 'al_7', 'd', 'delivered', 1719999600000, NULL, NULL, 1719999600000, 1719999700000),
              (72, 'al_2', 'd', 'held', 1719999200000, 'k', NULL, 1719999100000, NULL);
     INSERT INTO bundle VALUES ('d', 'k', 1720003600000, 1719999600000);
     UPDATE sink SET rate_full_ms = 1719999700000 WHERE id = 'b';",
    "INSERT INTO series VALUES ('sco', 1911110, 3, 2);
     INSERT INTO series_day VALUES ('sco', 'language', 19907, 'en', 3);
     INSERT INTO together VALUES ('sco', 'putin', 19907, 1);
     UPDATE entry SET counted_ms = 1719999000000 WHERE id = 1;
     UPDATE mention SET counted_ms = 1719999000000, counted_language = 'en', counted_field = 'title',
       counted_story = 1 WHERE id = 1;",
    "INSERT INTO search (rowid, title, summary, content) VALUES (3, 'astana', 'summit', 'tokayev');",
    "",
    "INSERT INTO mention_event VALUES ('mn_1', 'sco', 'en', 1719999000000, '{}');
     INSERT INTO mention_delivery VALUES (4, 'mn_1', 'a', 'waiting', 2, 1719999900000, 'no stream');",
];

const FIRST: &str = r#"
INSERT INTO feed (id, name, url, source, title, format, language, body_hash, document_ms, ttl_ms, first_ok_ms,
    entries)
  VALUES (1, 'one', 'https://one.example/rss', 'The One', 'One', 'rss', 'en',
      x'101112131415161718191a1b1c1d1e1f', 1719999000000, 3600000, 1719000000000, 2),
    (2, 'two', 'https://two.example/rss', 'The Two', NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1);
INSERT INTO schedule (feed_id, next_poll_ms, last_poll_ms, last_ok_ms, status, error, failures, failing_since_ms,
    trouble_told, wait_until_ms, gone_ms, moved_url, moved_polls, validator_url, etag, last_modified)
  VALUES (1, 1720000300000, 1719999000000, 1719999000000, 'ok', NULL, 0, NULL, 0, NULL, NULL,
      'https://one.example/feed', 2, 'https://one.example/rss', x'2261ff22', x'4d6f6e'),
    (2, 1720000400000, 1719999000000, NULL, 'connect', 'refused', 7, 1719900000000, 1, 1720000400000,
      1719999000000, NULL, 0, NULL, NULL, NULL);
INSERT INTO story VALUES (1, x'000102030405060708090a0b0c0d0e0f', 1719999000000),
  (2, x'f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff', 1719999100000);
INSERT INTO story_source VALUES (1, 1, 'https://one.example/a', 1719999000000), (1, 2, NULL, 1719999050000),
  (2, 2, 'https://two.example/b', 1719999100000);
INSERT INTO seen VALUES (1, zeroblob(16), x'202122232425262728292a2b2c2d2e2f', 1719999000000),
  (2, x'01010101010101010101010101010101', zeroblob(16), 1719999100000);
INSERT INTO entry (id, feed_id, key, story_id, guid, link, title, summary, content, author, language, published_ms,
    updated_ms, date_note, first_seen_ms, revised_ms, revisions)
  VALUES (1, 1, zeroblob(16), 1, 'g1', 'https://one.example/a', 'SCO summit in Astana', 'Putin came', 'All of it',
      'A. Author', 'en', 1719998000000, 1719998500000, 'missing', 1719999000000, 1719999500000, 1),
    (2, 2, x'01010101010101010101010101010101', 2, NULL, NULL, '上合组织峰会', '', '', NULL, 'zh', NULL, NULL,
      NULL, 1719999100000, NULL, 0),
    (3, 1, x'02020202020202020202020202020202', 1, NULL, NULL, 'Nothing', '', '', NULL, NULL, NULL, NULL, NULL,
      1719999200000, NULL, 0);
INSERT INTO mention (id, entry_id, topic, term, field, start_byte, end_byte, snippet, snippet_start, snippet_end,
    hits, revision, created_ms)
  VALUES (1, 1, 'sco', 'SCO', 'title', 0, 3, 'SCO summit in Astana', 0, 3, 2, 0, 1719999000000),
    (2, 1, 'putin', 'Putin', 'summary', 0, 5, 'Putin came', 0, 5, 1, 1, 1719999500000),
    (3, 2, 'sco', '上合组织', 'title', 0, 12, '上合组织峰会', 0, 12, 1, 0, 1719999100000);
INSERT INTO mention_count VALUES ('sco', 477777, 1, 3), ('sco', 477777, 2, 4), ('putin', 477778, 1, 1);
INSERT INTO alert (id, kind, topic, story_id, feed_id, created_ms, detail)
  VALUES ('al_1', 'mention.created', 'sco', 1, 1, 1719999000000,
      '{"topic_name":"SCO","topic_tags":["org"],"terms":["SCO"],"matched":"SCO","field":"title",
        "snippet":"SCO summit in Astana","snippet_start":0,"snippet_end":3,"title":"SCO summit in Astana",
        "link":"https://one.example/a","language":"en","published_ms":1719998000000,
        "first_seen_ms":1719999000000,"feed":"one","source":"The One","revision":false}'),
    ('al_2', 'mention.created', 'putin', 1, 1, 1719999500000, '{}'),
    ('al_3', 'feed.failing', NULL, NULL, 2, 1719999000000,
      '{"source":"The Two","url":"https://two.example/rss","error":"refused","since_ms":1719900000000,
        "failures":7}');
INSERT INTO delivery (id, alert_id, sink, state, attempts, next_attempt_ms, error, created_ms, settled_ms)
  VALUES (1, 'al_1', 'a', 'waiting', 3, 1719999900000, 'status 503', 1719999000000, NULL),
    (2, 'al_3', 'a', 'delivered', 1, 1719999000000, NULL, 1719999000000, 1719999001000),
    (3, 'al_1', 'b', 'dead', 16, 1719999900000, 'status 400', 1719999000000, 1719999900000);
INSERT INTO sink VALUES ('a', zeroblob(16), NULL, NULL),
  ('b', x'01010101010101010101010101010101', 1719999900000, 'status 410');
"#;

const SECOND: &str = "
UPDATE feed SET update_period_ms = 7200000, skip_hours = 7, skip_days = 1, rhythm = x'00' WHERE id = 1;
UPDATE schedule SET fresh_until_ms = 1719999300000 WHERE feed_id = 1;
INSERT INTO left_url VALUES ('https://old.example/rss', 1719000000000);
UPDATE entry SET language_basis = 'entry', text_from = 'page' WHERE id = 1;
INSERT INTO page VALUES (1, 'https://one.example/a', 'read', 1, 1719999000000, NULL, 1719999000000, 1719999010000),
  (2, 'https://two.example/b', 'failed', 3, 1719999000000, 'status 403', 1719999000000, 1719999900000);
INSERT INTO subscription VALUES (1, 0, 'https://hub.example/', 'https://one.example/rss', zeroblob(16), 'active',
  1720800000000, 1720700000000, 1, 1719999000000, 1, 'late');
";

/// When the program of today looks at it.
const NOW: Timestamp = Timestamp::from_millis(1_720_000_000_000);

/// Tables that a later version has in another form; [`converted`] says what became of them.
const CONVERTED: [&str; 1] = ["mention_count"];

/// A database that was made by the first version and lived on to this one.
fn lived_to(version: usize, conn: &Connection) {
    for (schema, rows) in MIGRATIONS.iter().zip(LIVED).take(version) {
        conn.execute_batch(schema).unwrap();
        conn.execute_batch(rows).unwrap();
    }
    conn.pragma_update(None, "application_id", APPLICATION_ID)
        .unwrap();
    conn.pragma_update(None, "user_version", version).unwrap();
}

fn column<T: rusqlite::types::FromSql>(conn: &Connection, sql: &str) -> Vec<T> {
    let mut statement = conn.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

fn tables(conn: &Connection) -> Vec<String> {
    column(
        conn,
        "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table'
           AND name NOT LIKE 'sqlite_%' ORDER BY name",
    )
}

/// The rows of a table, by these columns, in an order that depends on nothing else.
fn rows(conn: &Connection, table: &str, columns: &[String]) -> Vec<String> {
    let sql = format!("SELECT \"{}\" FROM {table}", columns.join("\", \""));
    let mut statement = conn.prepare(&sql).unwrap();
    let read = |row: &rusqlite::Row<'_>| {
        let cells = (0..columns.len()).map(|n| row.get::<_, Value>(n));
        Ok(format!("{:?}", cells.collect::<Result<Vec<_>, _>>()?))
    };
    let rows = statement.query_map([], read).unwrap();
    let mut rows: Vec<String> = rows.map(Result::unwrap).collect();
    rows.sort();
    rows
}

type Tables = BTreeMap<String, (Vec<String>, Vec<String>)>;

/// All tables with their columns and rows. None is empty, nor is any column.
fn held(conn: &Connection) -> Tables {
    let mut held = Tables::new();
    for table in tables(conn) {
        let columns: Vec<String> = column(
            conn,
            &format!("SELECT name FROM pragma_table_info('{table}')"),
        );
        for name in &columns {
            let sql = format!("SELECT count(\"{name}\") FROM {table}");
            let filled: i64 = conn.query_row(&sql, [], |row| row.get(0)).unwrap();
            assert!(filled > 0, "the test puts nothing into {table}.{name}");
        }
        let rows = rows(conn, &table, &columns);
        held.insert(table, (columns, rows));
    }
    held
}

/// What became of the counts by hour, of a database in which they were.
fn converted(conn: &Connection) {
    let sums: Vec<String> = column(
        conn,
        "SELECT topic || ' ' || (quarter / 4) || ' ' || mentions FROM series ORDER BY topic, quarter",
    );
    assert_eq!(sums, ["putin 477778 1", "sco 477777 7"]);
    let feeds: Vec<String> = column(
        conn,
        "SELECT topic || ' ' || value || ' ' || mentions FROM series_day WHERE dim = 'feed' ORDER BY 1",
    );
    assert_eq!(feeds, ["putin one 1", "sco one 3", "sco two 4"]);
}

/// What the program of today reads of it.
async fn read(store: &Store, version: usize) {
    let feeds = store.feed_states().await.unwrap();
    let names: Vec<_> = feeds.iter().map(|feed| &*feed.name).collect();
    assert_eq!(names, ["one", "two"]);
    assert_eq!((feeds[0].entries, feeds[1].failures), (2, 7));
    let all = MentionFilter {
        limit: 10,
        ..MentionFilter::default()
    };
    let mentions = store.mentions(all).await.unwrap();
    assert_eq!(mentions.len(), 3);
    let scores: Vec<_> = mentions
        .iter()
        .filter_map(|mention| mention.score)
        .collect();
    assert_eq!(scores, if version < 4 { vec![] } else { vec![27] });
    let due = store.due(SinkId::new("a").unwrap(), NOW, 10, false).await;
    let due = due.unwrap().due;
    assert_eq!((due.len(), due[0].attempts), (1, 3));
    match &due[0].alert.detail {
        StoredDetail::Mention { detail, .. } => {
            assert_eq!(detail.heading(), "SCO summit in Astana");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn nothing_is_lost_from_any_schema_to_the_newest() {
    for version in 1..=VERSION {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.db");
        let before = {
            let conn = Connection::open(&path).unwrap();
            lived_to(version, &conn);
            held(&conn)
        };
        let store = Store::open(&path).unwrap();
        read(&store, version).await;
        store.close();

        let conn = Connection::open(&path).unwrap();
        assert_eq!(check(&conn).unwrap(), VERSION);
        for (table, (columns, old)) in &before {
            if CONVERTED.contains(&table.as_str()) {
                converted(&conn);
                continue;
            }
            let now = rows(&conn, table, columns);
            assert_eq!(now, *old, "{table}, from version {version}");
        }
        assert_eq!(column::<String>(&conn, "PRAGMA integrity_check"), ["ok"]);
        assert!(column::<String>(&conn, "PRAGMA foreign_key_check").is_empty());
        // What was recorded before there was a search waits for being indexed; what was, is found.
        let found: Vec<i64> = column(
            &conn,
            "SELECT rowid FROM search WHERE search MATCH 'tokayev'",
        );
        assert_eq!(found, if version < 9 { vec![] } else { vec![3] });
        assert_eq!(
            column::<i64>(&conn, "SELECT last_id FROM search_backlog"),
            [3]
        );
    }
}
