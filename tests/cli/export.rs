//! `mentiond export`: the history as other programs read it.

use std::fmt::Write as _;
use std::process::Command;

use mentiond::store::Store;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use rusqlite::{Connection, params};
use serde_json::Value;

use super::{Ended, mentiond};
use crate::support::{Home, TOPICS};

/// A history with one feed and nothing in it.
fn home() -> (Home, Connection) {
    let home = Home::new();
    home.write_config(&format!(
        "database = \"m.db\"\n[[feed]]\nid = \"wire\"\nurl = \"https://wire.example/rss\"\n{TOPICS}"
    ));
    Store::open(&home.path("m.db")).unwrap().close();
    let conn = home.database();
    conn.execute_batch(
        "INSERT INTO feed (id, name, url, source) VALUES (1, 'wire', 'https://wire.example/rss', 'The wire');
         INSERT INTO story (id, key, first_seen_ms) VALUES (1, zeroblob(16), 0);",
    )
    .unwrap();
    (home, conn)
}

/// `n` mentions, a second apart in threes, in entries of two languages.
fn many(conn: &Connection, n: u32) {
    conn.execute_batch(&format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {n})
         INSERT INTO entry (id, feed_id, key, story_id, title, summary, content, language, first_seen_ms)
           SELECT i, 1, CAST(printf('%016d', i) AS BLOB), 1, 'title ' || i, '', '',
             iif(i % 2, 'en-GB', 'ru'), 0 FROM n;
         INSERT INTO mention (entry_id, topic, term, field, start_byte, end_byte, snippet, snippet_start,
             snippet_end, hits, revision, created_ms)
           SELECT id, iif(id % 3, 'putin', 'sco'), 'x', 'title', 0, 1, 'x', 0, 1, 1, 0,
             1720000000000 + id / 3 * 1000 FROM entry ORDER BY id DESC;"
    ))
    .unwrap();
}

/// Title and term, snippet, language, link, when it was found, score.
type Recorded = (
    String,
    String,
    Option<String>,
    Option<String>,
    i64,
    Option<u8>,
);

/// Reads RFC 4180, as any reader would.
fn read_csv(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell) = (Vec::new(), Vec::new(), String::new());
    let (mut is_quoted, mut chars) = (false, text.chars().peekable());
    while let Some(c) = chars.next() {
        match c {
            '"' if is_quoted && chars.peek() == Some(&'"') => cell.extend(chars.next()),
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => row.push(std::mem::take(&mut cell)),
            '\r' if !is_quoted && chars.peek() == Some(&'\n') => {
                chars.next();
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            c => cell.push(c),
        }
    }
    assert!(row.is_empty() && cell.is_empty(), "the last line is ended");
    rows
}

/// The text without the apostrophe that keeps spreadsheets from running it.
fn unguarded(cell: &str) -> &str {
    let is_guarded = cell
        .trim_start_matches('\'')
        .starts_with(['=', '+', '-', '@', '\t', '\r']);
    if is_guarded { &cell[1..] } else { cell }
}

#[test]
fn what_is_read_back_is_what_was_recorded() {
    let (home, conn) = home();
    let text = || "['=@,\"\r\n\t-]{0,3}.{0,20}";
    let rows = prop::collection::vec(
        (
            text(),
            text(),
            prop::option::of("[a-z]{2}"),
            prop::option::of(text()),
            1_600_000_000_000..1_600_000_000_003_i64,
            prop::option::of(1..=100_u8),
        ),
        1..8,
    );
    let mut runner = TestRunner::new(Config {
        cases: 12,
        failure_persistence: None,
        ..Config::default()
    });
    let check = |rows: Vec<Recorded>| {
        conn.execute_batch("DELETE FROM mention; DELETE FROM entry")
            .unwrap();
        for (n, (title, snippet, language, link, at, score)) in (1_i64..).zip(&rows) {
            conn.execute(
                "INSERT INTO entry (id, feed_id, key, story_id, link, title, summary, content, language,
                   published_ms, first_seen_ms) VALUES (?1, 1, ?2, 1, ?3, ?4, '', '', ?5, ?6, 0)",
                params![n, n.to_be_bytes(), link, title, language, at],
            )
            .unwrap();
            conn.execute(
                "INSERT INTO mention (id, entry_id, topic, term, field, start_byte, end_byte, snippet,
                   snippet_start, snippet_end, hits, revision, created_ms, score)
                 VALUES (?1, ?1, 'sco', ?2, 'title', 1, 2, ?3, 3, 4, 5, 0, ?4, ?5)",
                params![n, title, snippet, at, score],
            )
            .unwrap();
        }
        let mut order: Vec<usize> = (0..rows.len()).collect();
        order.sort_by_key(|n| (rows[*n].4, *n));
        let csv = read_csv(&home.ok(&["export"]));
        let json = home.json(&["export", "--format", "jsonl"]);
        prop_assert_eq!((csv.len(), json.len()), (rows.len() + 1, rows.len()));
        let column = |line: &[String], name: &str| {
            let at = csv[0].iter().position(|column| column == name).unwrap();
            unguarded(&line[at]).to_owned()
        };
        for (n, (line, value)) in order.into_iter().zip(csv[1..].iter().zip(&json)) {
            let (title, snippet, language, link, at, score) = &rows[n];
            let time = mentiond::model::Timestamp::from_millis(*at).to_string();
            let texts = [
                ("title", title),
                ("term", title),
                ("snippet", snippet),
                ("found", &time),
                ("published", &time),
            ];
            for (name, text) in texts {
                prop_assert_eq!(&column(line, name), text);
                prop_assert_eq!(&value[name], text.as_str());
            }
            for (name, text) in [("language", language), ("link", link)] {
                prop_assert_eq!(column(line, name), text.clone().unwrap_or_default());
                prop_assert_eq!(value[name].as_str(), text.as_deref());
            }
            prop_assert_eq!(column(line, "id"), (n + 1).to_string());
            prop_assert_eq!(value["score"].as_u64(), score.map(u64::from));
            prop_assert_eq!(&value["start"], 1);
        }
        Ok(())
    };
    runner.run(&rows, check).unwrap();
}

#[test]
fn all_pages_come_in_order_and_each_mention_once() {
    let (home, conn) = home();
    many(&conn, 4500);
    let ids: Vec<u64> = (home.json(&["export", "--format", "jsonl"]).iter())
        .map(|row| row["entry"].as_u64().unwrap())
        .collect();
    assert_eq!(ids.len(), 4500);
    let mut expected: Vec<u64> = (1..=4500).collect();
    // Numbers were given from the last entry down.
    expected.sort_by_key(|id| (id / 3, std::cmp::Reverse(*id)));
    assert_eq!(ids, expected);
    let lines = |args: &[&str]| home.ok(&[&["export"], args].concat()).lines().count() - 1;
    assert_eq!(lines(&["--topic", "sco"]), 1500);
    assert_eq!(lines(&["--language", "en", "--feed", "wire"]), 2250);
    let until = [
        "--since",
        "2024-07-03T09:46:41Z",
        "--until",
        "2024-07-03T09:46:43Z",
    ];
    assert_eq!(
        lines(&until),
        6,
        "from the first instant until the last one"
    );
}

#[test]
fn a_file_is_written_whole_or_not_at_all() {
    let (home, conn) = home();
    many(&conn, 10);
    let file = home.path("mentions.jsonl");
    let path = file.to_str().unwrap();
    let ended = Ended::of(home.run(&["export", "--output", path])).code(0);
    assert_eq!(ended.out, "");
    assert_eq!(ended.error, format!("10 mentions written to {path}\n"));
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(text, home.ok(&["export", "--format", "jsonl"]));
    // A topic that nobody knows and what can't be read to its end replace nothing, and leave nothing else behind.
    Ended::of(home.run(&["export", "--topic", "scoo", "--output", path])).code(2);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
    conn.execute_batch("UPDATE mention SET snippet_start = -1 WHERE id = 10")
        .unwrap();
    Ended::of(home.run(&["export", "--output", path])).code(1);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
    let files = std::fs::read_dir(home.folder.path()).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    assert_eq!(
        names.filter(|name| name.starts_with(".mentiond")).count(),
        0
    );
    let nowhere = home.path("nowhere/x.csv");
    let ended = Ended::of(home.run(&["export", "--output", nowhere.to_str().unwrap()])).code(1);
    let says = format!("error: can't write {} (No such file", nowhere.display());
    assert!(ended.error.starts_with(&says), "{}", ended.error);
    assert!(!ended.error.contains(".mentiond-"), "{}", ended.error);
}

#[test]
fn a_dash_is_standard_output_and_an_ending_that_is_not_ours_is_not_guessed() {
    let (home, conn) = home();
    many(&conn, 3);
    let mut dash = home.command(&["export", "--output", "-"]);
    dash.current_dir(home.folder.path());
    let ended = Ended::of(dash.output().unwrap()).code(0);
    assert_eq!(ended.out, home.ok(&["export"]));
    assert_eq!(ended.error, "");
    assert!(!home.path("-").exists());
    let file = home.path("x.json");
    let path = file.to_str().unwrap();
    let ended = Ended::of(home.run(&["export", "--output", path])).code(2);
    assert!(
        ended.error.contains(".jsonl") && ended.error.contains("--format"),
        "{}",
        ended.error
    );
    assert!(!file.exists());
    home.ok(&["export", "--output", path, "--format", "jsonl"]);
    assert_eq!(std::fs::read_to_string(&file).unwrap().lines().count(), 3);
}

#[test]
fn mentions_are_listed_until_a_time_as_they_are_exported() {
    let (home, conn) = home();
    many(&conn, 9);
    let span = ["--since", "2024-07-03T09:46:41Z", "--until"];
    let listed = home.json(
        &[
            &["mentions", "--json"],
            &span[..],
            &["2024-07-03T09:46:42Z"],
        ]
        .concat(),
    );
    assert_eq!(listed.len(), 3);
    assert!(listed.iter().all(|m| m["found"] == "2024-07-03T09:46:41Z"));
    let ended = Ended::of(home.run(&["mentions", "--until", "soon"])).code(2);
    assert!(ended.error.contains("--until soon: "), "{}", ended.error);
}

#[test]
fn names_that_left_the_configuration_are_known_where_the_history_has_them() {
    let (home, conn) = home();
    many(&conn, 3);
    conn.execute_batch("INSERT INTO series VALUES ('old', 1920, 2, 1)")
        .unwrap();
    conn.execute_batch("UPDATE feed SET name = 'gone'; INSERT INTO schedule (feed_id) VALUES (1)")
        .unwrap();
    for args in [
        &["mentions"][..],
        &["export"],
        &["search", "nothing"],
        &["alerts"],
    ] {
        home.ok(&[args, &["--topic", "old"]].concat());
        for name in ["odl", ""] {
            Ended::of(home.run(&[args, &["--topic", name]].concat())).code(2);
        }
        if args[0] != "alerts" {
            home.ok(&[args, &["--feed", "gone", "--since", "1h"]].concat());
            Ended::of(home.run(&[args, &["--feed", "goen"]].concat())).code(2);
        }
    }
}

#[test]
fn a_reader_that_leaves_ends_it_without_a_word() {
    let (home, conn) = home();
    many(&conn, 4500);
    let pipe = "set -o pipefail; \"$0\" -c \"$1\" export | head -n 1";
    let mut bash = Command::new("bash");
    bash.args(["-c", pipe, env!("CARGO_BIN_EXE_mentiond")])
        .arg(home.config());
    let ended = Ended::of(bash.output().unwrap()).code(0);
    assert_eq!(
        ended.out,
        "id,found,topic,score,entry,story,feed,source,language,published,title,link,term,field,hits,snippet\r\n"
    );
    assert_eq!(ended.error, "");
}

#[test]
fn counts_come_by_day_and_told_apart() {
    let (home, conn) = home();
    let mut sql = String::new();
    // Three quarters of a day, one of the day before, and all entries read.
    for (topic, quarter, mentions) in [
        ("sco", 1920, 2),
        ("sco", 1950, 3),
        ("sco", 1919, 7),
        ("", 1921, 90),
    ] {
        write!(
            sql,
            "INSERT INTO series VALUES ('{topic}', {quarter}, {mentions}, 1);"
        )
        .unwrap();
    }
    conn.execute_batch(&(sql + "
        INSERT INTO series_day VALUES ('sco', 'language', 20, 'ru', 4), ('sco', 'language', 20, '', 1),
          ('sco', 'language', 19, 'en', 0), ('sco', 'feed', 20, 'wire', 5);"))
        .unwrap();
    assert_eq!(
        home.ok(&["export", "--what", "series"]),
        "topic,day,mentions,stories,entries\r\n\
         sco,1970-01-20,7,1,0\r\nsco,1970-01-21,5,2,90\r\n"
    );
    assert_eq!(
        home.ok(&[
            "export",
            "--what",
            "series",
            "--by",
            "language",
            "--since",
            "1970-01-20"
        ]),
        "topic,day,by,value,mentions\r\n\
         sco,1970-01-21,language,,1\r\nsco,1970-01-21,language,ru,4\r\n"
    );
    let of_feed = &home.json(&[
        "export", "--what", "series", "--by", "feed", "--format", "jsonl",
    ])[0];
    assert_eq!(of_feed["value"], Value::from("wire"));
    let none = ["export", "--what", "series", "--until", "1970-01-20"];
    assert_eq!(home.ok(&none).lines().count(), 1, "the day before is none");
}

#[test]
fn what_does_not_go_together_is_said() {
    let (home, _conn) = home();
    for args in [
        &["export", "--by", "feed"][..],
        &["export", "--what", "series", "--feed", "wire"],
        &["export", "--until", "soon"],
        &["export", "--topic", "scoo"],
        &["export", "--language", "?"],
    ] {
        let ended = Ended::of(home.run(args)).code(2);
        assert!(!ended.error.is_empty(), "{args:?}");
    }
    // Before the first run there is nothing, and no file is begun.
    let file = home.path("x.csv");
    let args = [
        "export",
        "-c",
        "config/mentiond.toml",
        "--output",
        file.to_str().unwrap(),
    ];
    Ended::of(mentiond(&args).output().unwrap()).code(1);
    assert!(!file.exists());
}
