//! Searches as they are read, and that no text of a user is more than text to SQLite.

use std::time::Duration;

use proptest::prelude::*;
use rusqlite::Connection;

use super::*;
use crate::model::Timestamp;

const NOW: Timestamp = Timestamp::from_millis(1_720_000_000_000);

fn read(text: &str) -> Query {
    query(text, NOW).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn said(text: &str) -> String {
    read(text).expression().unwrap_or_default()
}

fn index(texts: &[&str]) -> Connection {
    let conn = Connection::open_in_memory().unwrap();
    conn.execute_batch(
        "CREATE VIRTUAL TABLE s USING fts5(title, summary, content, content = '',
           contentless_delete = 1, tokenize = 'ascii')",
    )
    .unwrap();
    for text in texts {
        let (title, body) = text.split_once(" | ").unwrap_or(("", text));
        let tokens = EntryTokens::of(title, body, "");
        let row = (tokens.title, tokens.summary, tokens.content);
        conn.execute(
            "INSERT INTO s (title, summary, content) VALUES (?1, ?2, ?3)",
            row,
        )
        .unwrap();
    }
    conn
}

fn found(conn: &Connection, expression: &str) -> rusqlite::Result<Vec<usize>> {
    let mut statement = conn.prepare("SELECT rowid FROM s WHERE s MATCH ?1 ORDER BY rowid")?;
    statement
        .query_map([expression], |row| row.get(0))?
        .collect()
}

#[test]
fn searches_are_read_as_documented() {
    for (text, expected) in [
        ("Putin", r#""putin""#),
        ("Putin Xi", r#"("putin" AND "xi")"#),
        ("Putin AND Xi", r#"("putin" AND "xi")"#),
        ("Putin and Xi", r#"("putin" AND "and" AND "xi")"#),
        ("Putin OR Xi", r#"("putin" OR "xi")"#),
        ("\"Xi Jinping\"", r#""xi jinping""#),
        ("Kassym-Jomart", r#""kassym jomart""#),
        ("Путин*", r#""путин" *"#),
        (
            "\"Шанхайск* организаци*\"",
            r#"NEAR("шанхаиск" * "организаци" * , 0)"#,
        ),
        ("習近平", r#""习近 近平""#),
        ("習", r#""习" *"#),
        ("SCO -football", r#"(("sco") NOT ("football"))"#),
        ("SCO NOT football", r#"(("sco") NOT ("football"))"#),
        ("a (b OR c) -d", r#"(("a" AND ("b" OR "c")) NOT ("d"))"#),
        ("title:SCO", r#"title : "sco""#),
        (
            "title:(SCO OR ШОС) Astana",
            r#"((title : "sco" OR title : "шос") AND "astana")"#,
        ),
        ("body:SCO", r#"{summary content} : "sco""#),
        ("a NEAR/3 \"b c\"", r#"NEAR("a" "b c" , 3)"#),
        ("-(a b) c", r#"(("c") NOT (("a" AND "b")))"#),
        ("-(-a) c", r#"("a" AND "c")"#),
        // What is no operator in its place is text, or nothing.
        ("OR Putin OR", r#""putin""#),
        ("(Putin", r#""putin""#),
        ("Putin) Xi", r#"("putin" AND "xi")"#),
        ("\"Xi Jin", r#""xi jin""#),
        ("C++ * -", r#""c""#),
        ("12:30", r#""12 30""#),
        ("a--b", r#""a b""#),
        ("putin topic:sco", r#""putin""#),
    ] {
        assert_eq!(said(text), expected, "{text}");
    }
}

#[test]
fn conditions_are_read_and_hold_for_the_whole_search() {
    let search =
        read("topic:sco -lang:(ru OR be) source:\"Radio Free*\" since:7d until:2024-07-04 x");
    let lang = Test::Language(vec!["ru".into(), "be".into()]);
    let midnight = Timestamp::parse_rfc3339("2024-07-05T00:00:00Z").unwrap();
    let week = NOW - Duration::from_hours(7 * 24);
    let expected: Vec<Condition> = vec![
        Test::Topic(vec!["sco".into()]).into(),
        Condition {
            negated: true,
            test: lang,
        },
        Test::Source(vec!["Radio Free*".into()]).into(),
        Test::Since(week).into(),
        Test::Until(midnight).into(),
    ];
    assert_eq!(search.conditions(), expected);
    assert_eq!(search.expression().as_deref(), Some("\"x\""));
    assert_eq!(read("feed:tass").expression(), None);
    let instant = read("since:\"2024-07-04T09:30:00Z\"");
    let at = Timestamp::parse_rfc3339("2024-07-04T09:30:00Z").unwrap();
    assert_eq!(instant.conditions(), [Test::Since(at).into()]);
}

#[test]
fn what_can_not_be_meant_is_told_with_its_place() {
    for (text, at, message) in [
        ("", 0, "needs a word or a condition"),
        (" … ", 5, "needs a word or a condition"),
        ("-football", 9, "that is to be found"),
        ("feed:x -football", 16, "that is to be found"),
        ("a OR -b", 0, "that is to be found"),
        ("a OR lang:ru", 0, "outside of what `OR` joins"),
        ("a (b lang:ru)", 2, "outside of groups"),
        ("a since:yesterday", 2, "a time is a span"),
        ("a since:", 8, "needs a value"),
        ("a -since:7d", 3, "write `until:`"),
        ("a lang:p%", 2, "a language is a code"),
        ("a author:Doe", 2, "is for the queries of topics"),
        ("a NEAR/3 (b OR c)", 2, "between two words"),
    ] {
        let error = query(text, NOW).unwrap_err();
        assert!(error.message.contains(message), "{text}: {error}");
        assert_eq!(error.at, at, "{text}: {error}");
    }
    let deep = "(".repeat(100) + "a";
    assert!(query(&deep, NOW).unwrap_err().message.contains("deep"));
    let long = "a ".repeat(MAX_SEARCH_WORDS + 1);
    assert!(query(&long, NOW).unwrap_err().message.contains("words"));
    assert!(query(&"a".repeat(MAX_SEARCH_BYTES + 1), NOW).is_err());
}

#[test]
fn spellings_of_one_name_find_one_another() {
    let texts = [
        "Erdoğan Ankara’da",
        "国家主席习近平会见普京",
        "Путин приехал",
        "سید علی خامنه‌ای",
        "블라디미르 푸틴이",
        "นายกรัฐมนตรีโมดีกล่าว",
        "プーチン大統領",
        "Sommet | L’Élysée à Astana",
    ];
    let conn = index(&texts);
    for (search, row) in [
        ("ERDOGAN", 1),
        ("習近平", 2),
        ("习近", 2),
        ("席", 2),
        ("普京", 2),
        ("京", 2),
        ("путин", 3),
        ("пут*", 3),
        ("علي", 4),
        ("\"سيد على\"", 4),
        ("푸틴", 5),
        ("틴이", 5),
        ("โมดี", 6),
        ("プーチン", 7),
        ("大統", 7),
        ("elysee", 8),
        ("\"l'elysee\"", 8),
        ("title:sommet body:ASTANA", 8),
        ("習近平 NEAR/2 普京", 2),
        ("\"会见普京\"", 2),
    ] {
        assert_eq!(found(&conn, &said(search)).unwrap(), [row], "{search}");
    }
    for search in [
        "title:astana",
        "\"普京会见\"",
        "近习",
        "путина",
        "習近平 NEAR/0 普京",
        "body:sommet",
    ] {
        assert_eq!(
            found(&conn, &said(search)).unwrap(),
            [0_usize; 0],
            "{search}"
        );
    }
}

#[test]
fn phrases_with_endings_open_stand_side_by_side() {
    let conn = index(&[
        "Шанхайской организации сотрудничества",
        "организация в Шанхайской области",
    ]);
    let search = said("\"Шанхайск* организаци* сотрудничеств*\"");
    assert_eq!(found(&conn, &search).unwrap(), [1]);
}

/// Words, signs that mean something to FTS5 or SQL, and pieces of the language.
fn typed() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "\\PC{0,6}",
        "[a-cя习近ิ모 ]{1,4}",
        Just("\"".to_owned()),
        Just("'; DROP TABLE s; --".to_owned()),
        proptest::sample::select(vec![
            "AND", "OR", "NOT", "NEAR", "NEAR/2", "NEAR(", "(", ")", "*", "^", "{", "}", ":", "-",
            "+", "title:", "body:", "summary:", "s:", "rowid:", "topic:x", "\\", "\0", ",",
        ])
        .prop_map(str::to_owned),
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.join(" "))
}

proptest! {
    #[test]
    fn nothing_that_is_typed_is_an_error_of_sqlite(text in typed(), glued in any::<bool>()) {
        let text = if glued { text.replace(' ', "") } else { text };
        let conn = index(&["a b", "я 习近"]);
        if let Ok(search) = query(&text, NOW)
            && let Some(expression) = search.expression()
        {
            let result = found(&conn, &expression);
            prop_assert!(result.is_ok(), "{text:?} became {expression:?}: {result:?}");
        }
    }

    #[test]
    fn any_piece_of_a_text_in_quotes_finds_the_text(
        text in "[a-cяẞ习近ーかพด푸틴\\-' \u{301}]{1,12}", start in 0usize..12, length in 1usize..6,
    ) {
        // Whole letters and words are looked for, so the piece is of those that stand alone.
        let dense = |c: &char| "习近ーか푸틴".contains(*c);
        let chars: Vec<char> = text.chars().collect();
        let starts: Vec<usize> = (0..chars.len()).filter(|at| dense(&chars[*at])).collect();
        let Some(first) = starts.get(start % starts.len().max(1)) else {
            return Ok(());
        };
        let piece: String = chars.iter().skip(*first).take(length).take_while(|c| dense(c)).collect();
        let conn = index(&[&text]);
        let search = said(&format!("\"{piece}\""));
        prop_assert_eq!(found(&conn, &search).unwrap(), [1], "{} in {}", search, text);
        let marked = read(&format!("\"{piece}\"")).snippet(&[&text]);
        prop_assert!(!marked.hits.is_empty(), "{} in {}", piece, text);
    }

    #[test]
    fn hits_are_pieces_of_the_text(text in "[a-c яẞ习近ー\\n\u{301}]{0,60}", search in "[a-cя习近 *\"]{1,8}") {
        if let Ok(query) = query(&search, NOW) {
            for marked in [query.snippet(&[&text]), query.mark_title(&text)] {
                for (start, end) in marked.hits {
                    let hit = marked.text.get(start..end);
                    prop_assert!(hit.is_some_and(|hit| !hit.is_empty()
                        && text.replace('\n', " ").contains(&hit.replace('\n', " "))));
                }
            }
        }
    }
}
