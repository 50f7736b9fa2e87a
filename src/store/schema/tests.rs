//! Every older schema becomes the current one and keeps what it held.

use super::*;

#[test]
fn an_empty_file_becomes_current_and_stays_so() {
    let mut conn = Connection::open_in_memory().unwrap();
    migrate(&mut conn).unwrap();
    migrate(&mut conn).unwrap();
    assert_eq!(check(&conn).unwrap(), VERSION);
}

#[test]
fn a_database_of_the_first_schema_becomes_current_with_all_it_holds() {
    let mut conn = Connection::open_in_memory().unwrap();
    conn.execute_batch(V1).unwrap();
    conn.pragma_update(None, "application_id", APPLICATION_ID)
        .unwrap();
    conn.pragma_update(None, "user_version", 1).unwrap();
    conn.execute_batch("INSERT INTO feed (name, url, source) VALUES ('a', 'b', 'c')")
        .unwrap();
    migrate(&mut conn).unwrap();
    assert_eq!(check(&conn).unwrap(), VERSION);
    let feeds: i64 = conn
        .query_row("SELECT count(*) FROM feed", [], |row| row.get(0))
        .unwrap();
    assert_eq!(feeds, 1);
    conn.execute_batch("SELECT generation FROM subscription; SELECT into_id FROM story_join")
        .unwrap();
}

#[test]
fn deliveries_of_the_fourth_schema_keep_their_places_and_can_be_dropped() {
    let mut conn = Connection::open_in_memory().unwrap();
    for sql in [V1, V2, V3, V4] {
        conn.execute_batch(sql).unwrap();
    }
    conn.pragma_update(None, "application_id", APPLICATION_ID)
        .unwrap();
    conn.pragma_update(None, "user_version", 4).unwrap();
    conn.execute_batch(
        "INSERT INTO alert (id, kind, created_ms, detail) VALUES ('al_1', 'feed.gone', 1, '{}');
         INSERT INTO sink (id, target) VALUES ('s', x'00');
         INSERT INTO delivery (id, alert_id, sink, state, attempts, next_attempt_ms, error,
           created_ms) VALUES (7, 'al_1', 's', 'waiting', 3, 99, 'busy', 5)",
    )
    .unwrap();
    migrate(&mut conn).unwrap();
    let row: (i64, String, i64, i64, String, i64) = conn
        .query_row(
            "SELECT id, state, attempts, next_attempt_ms, error, created_ms FROM delivery",
            [],
            |r| {
                let texts: (String, String) = (r.get(1)?, r.get(4)?);
                Ok((r.get(0)?, texts.0, r.get(2)?, r.get(3)?, texts.1, r.get(5)?))
            },
        )
        .unwrap();
    assert_eq!(row, (7, "waiting".into(), 3, 99, "busy".into(), 5));
    conn.execute("UPDATE delivery SET state = 'dropped'", [])
        .unwrap();
    let again = "INSERT INTO delivery (alert_id, sink, state, next_attempt_ms, created_ms)
        VALUES ('al_1', 's', 'waiting', 1, 1)";
    assert!(conn.execute(again, []).is_err(), "once per alert and sink");
    let paused: Option<i64> = conn
        .query_row("SELECT paused_until_ms FROM sink", [], |r| r.get(0))
        .unwrap();
    assert_eq!(paused, None);
}

#[test]
fn a_database_from_the_future_is_refused_and_left_alone() {
    let mut conn = Connection::open_in_memory().unwrap();
    migrate(&mut conn).unwrap();
    conn.pragma_update(None, "user_version", VERSION + 1)
        .unwrap();
    assert!(matches!(migrate(&mut conn), Err(StoreError::Newer { .. })));
}

#[test]
fn another_programs_database_is_refused() {
    let mut conn = Connection::open_in_memory().unwrap();
    conn.execute_batch("CREATE TABLE cookies (id INTEGER)")
        .unwrap();
    assert!(matches!(migrate(&mut conn), Err(StoreError::NotOurs(_))));
}

/// Every older schema, filled, becomes the current one and keeps what it held.
#[test]
fn a_database_of_the_first_schema_keeps_its_rows() {
    let mut conn = Connection::open_in_memory().unwrap();
    conn.execute_batch(V1).unwrap();
    conn.pragma_update(None, "application_id", APPLICATION_ID)
        .unwrap();
    conn.pragma_update(None, "user_version", 1).unwrap();
    conn.execute_batch(
        "INSERT INTO feed (id, name, url, source, ttl_ms) VALUES (1, 'a', 'http://a/', 'A', 60000);
         INSERT INTO schedule (feed_id, etag) VALUES (1, x'2261ff22');
         INSERT INTO story VALUES (1, zeroblob(16), 5);
         INSERT INTO entry (id, feed_id, key, story_id, title, summary, content, first_seen_ms)
           VALUES (1, 1, zeroblob(16), 1, 'title', 'summary', 'content', 5);
         INSERT INTO mention VALUES (1, 1, 't', 't', 'title', 0, 1, 't', 0, 1, 1, 0, 5);
         INSERT INTO alert VALUES ('al_1', 'mention.created', 't', 1, 1, 5, '{}');
         INSERT INTO delivery (alert_id, sink, state, attempts, next_attempt_ms, created_ms)
           VALUES ('al_1', 'a', 'waiting', 2, 9, 5), ('al_1', 'b', 'dead', 16, 9, 5);",
    )
    .unwrap();
    migrate(&mut conn).unwrap();
    assert_eq!(check(&conn).unwrap(), VERSION);
    let row: (i64, i64, Option<Vec<u8>>, String, String, Vec<u8>) = conn
        .query_row(
            "SELECT f.ttl_ms, f.skip_hours, f.rhythm, e.content, e.text_from, s.etag
             FROM feed f JOIN entry e ON e.feed_id = f.id JOIN schedule s ON s.feed_id = f.id",
            [],
            |r| {
                Ok((
                    r.get(0)?,
                    r.get(1)?,
                    r.get(2)?,
                    r.get(3)?,
                    r.get(4)?,
                    r.get(5)?,
                ))
            },
        )
        .unwrap();
    let etag = b"\"a\xff\"".to_vec();
    assert_eq!(
        row,
        (60_000, 0, None, "content".into(), "feed".into(), etag)
    );
    let scores: (Option<i64>, Option<i64>) = conn
        .query_row("SELECT m.score, a.score FROM mention m, alert a", [], |r| {
            Ok((r.get(0)?, r.get(1)?))
        })
        .unwrap();
    assert_eq!(scores, (None, None), "nobody knows them");
    let deliveries: String = conn
        .query_row(
            "SELECT group_concat(sink || ' ' || state || ' ' || attempts, ', ' ORDER BY sink)
             FROM delivery",
            [],
            |r| r.get(0),
        )
        .unwrap();
    assert_eq!(deliveries, "a waiting 2, b dead 16");
    for (state, allowed) in [("silenced", true), ("lost", false)] {
        let sql = "UPDATE delivery SET state = ?1 WHERE sink = 'a'";
        assert_eq!(conn.execute(sql, [state]).is_ok(), allowed, "{state}");
    }
}

#[test]
fn the_document_explains_every_table_and_column() {
    let document = include_str!("../../../docs/schema.md");
    let mut conn = Connection::open_in_memory().unwrap();
    migrate(&mut conn).unwrap();
    let mut columns = conn
        .prepare(
            "SELECT t.name, c.name FROM sqlite_schema t, pragma_table_info(t.name) c
             WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%'
               AND NOT EXISTS (SELECT 1 FROM pragma_table_list l
                 WHERE l.name = t.name AND l.type = 'shadow')",
        )
        .unwrap();
    let rows = columns
        .query_map([], |r| Ok((r.get::<_, String>(0)?, r.get::<_, String>(1)?)))
        .unwrap();
    for row in rows {
        let (table, column) = row.unwrap();
        let section = document
            .split("\n## ")
            .find(|s| s.starts_with(&format!("`{table}`")))
            .unwrap_or_else(|| panic!("docs/schema.md has no section for `{table}`"));
        assert!(
            section.contains(&format!("| `{column}` |")),
            "{table}.{column}"
        );
    }
}

#[test]
fn counts_of_the_seventh_schema_are_kept_by_quarter_hour_and_day() {
    let mut conn = Connection::open_in_memory().unwrap();
    for sql in [V1, V2, V3, V4, V5, V6, V7] {
        conn.execute_batch(sql).unwrap();
    }
    conn.pragma_update(None, "application_id", APPLICATION_ID)
        .unwrap();
    conn.pragma_update(None, "user_version", 7).unwrap();
    conn.execute_batch(
        "INSERT INTO feed (id, name, url, source) VALUES (1, 'one', 'a', 'A'), (2, 'two', 'b', 'B');
         INSERT INTO mention_count (topic, hour, feed_id, mentions)
           VALUES ('sco', 48, 1, 3), ('sco', 48, 2, 4), ('sco', 72, 1, 5), ('xi', 48, 1, 1)",
    )
    .unwrap();
    migrate(&mut conn).unwrap();
    let all = |sql: &str| -> Vec<String> {
        let mut statement = conn.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    };
    let series = "SELECT topic || ' ' || quarter || ' ' || mentions || ' ' || stories FROM series
        ORDER BY topic, quarter";
    assert_eq!(all(series), ["sco 192 7 7", "sco 288 5 5", "xi 192 1 1"]);
    let days = "SELECT topic || ' ' || dim || ' ' || day || ' ' || value || ' ' || mentions
        FROM series_day ORDER BY topic, day, value";
    let expected = [
        "sco feed 2 one 3",
        "sco feed 2 two 4",
        "sco feed 3 one 5",
        "xi feed 2 one 1",
    ];
    assert_eq!(all(days), expected);
}
