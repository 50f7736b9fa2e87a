//! A made-up history in a file: entries in three scripts, with mentions, alerts, deliveries and marks of what was
//! seen. Written by SQL and not by the daemon, so that a hundred thousand entries take seconds; the index of the
//! search stays empty, as a copy makes its own.

use std::fmt::Write as _;
use std::path::Path;

use mentiond::store::Store;
use rusqlite::{Connection, params};

/// Feeds that the entries are from.
const FEEDS: usize = 100;
const CHINESE: &str = "上海合作组织成员国元首理事会会议在阿斯塔纳举行习近平主席出席并发表重要讲话";
const RUSSIAN: [&str; 10] = [
    "саммит",
    "Путин",
    "встреча",
    "страны",
    "организация",
    "сотрудничество",
    "президент",
    "заявил",
    "переговоры",
    "регион",
];

/// Makes a database of so many entries.
pub fn history(path: &Path, entries: usize) {
    Store::open(path).unwrap().close();
    let mut conn = Connection::open(path).unwrap();
    conn.execute_batch("PRAGMA synchronous = off; PRAGMA cache_size = -200000")
        .unwrap();
    let tx = conn.transaction().unwrap();
    let mut rng = fastrand::Rng::with_seed(7);
    let run = |sql: &str, values: &[&dyn rusqlite::ToSql]| {
        tx.prepare_cached(sql).unwrap().execute(values).unwrap();
    };
    for n in 0..FEEDS {
        run(
            "INSERT INTO feed (id, name, url, source, body_hash) VALUES (?1, ?2, ?3, ?2, ?4)",
            params![
                n,
                format!("feed-{n}"),
                format!("http://127.0.0.1:9/{n}"),
                hash(n)
            ],
        );
        run(
            "INSERT INTO schedule (feed_id, next_poll_ms) VALUES (?1, ?2)",
            params![n, n * 1000],
        );
    }
    for n in 1..=entries {
        let (feed, at) = (n % FEEDS, 1_700_000_000_000 + n as i64 * 1000);
        let (title, summary, content) = (
            text(&mut rng, n, 8),
            text(&mut rng, n, 40),
            text(&mut rng, n, 160),
        );
        run(
            "INSERT INTO seen VALUES (?1, ?2, ?3, ?4)",
            params![feed, hash(n), hash(n + 1), at],
        );
        run(
            "INSERT INTO story VALUES (?1, ?2, ?3)",
            params![n, hash(n), at],
        );
        run(
            "INSERT INTO story_source VALUES (?1, ?2, ?3, ?4)",
            params![n, feed, format!("https://news.example/{n}"), at],
        );
        run(
            "INSERT INTO entry (id, feed_id, key, story_id, guid, link, title, summary, content, language, published_ms,
               first_seen_ms) VALUES (?1, ?2, ?3, ?1, ?4, ?5, ?6, ?7, ?8, 'en', ?9, ?9)",
            params![n, feed, hash(n), n.to_string(), format!("https://news.example/{n}"), title, summary, content, at],
        );
        for topic in 0..3 {
            run(
                "INSERT INTO mention (entry_id, topic, term, field, start_byte, end_byte, snippet, snippet_start,
                   snippet_end, hits, revision, created_ms, score) VALUES (?1, ?2, 'term', 'title', 0, 4, ?3, 0, 4, 1, 0, ?4, 50)",
                params![n, format!("topic-{topic}"), title, at],
            );
        }
        if n % 4 == 0 {
            let id = format!("msg_{n:010}");
            run(
                "INSERT INTO alert (id, kind, topic, story_id, feed_id, created_ms, detail, score)
                 VALUES (?1, 'mention.created', 'topic-0', ?2, ?3, ?4, ?5, 50)",
                params![id, n, feed, at, format!("{{\"title\":\"{title}\"}}")],
            );
            run(
                "INSERT INTO delivery (alert_id, sink, state, attempts, next_attempt_ms, created_ms, settled_ms)
                 VALUES (?1, 'log', 'delivered', 1, ?2, ?2, ?2)",
                params![id, at],
            );
        }
    }
    tx.commit().unwrap();
}

/// 16 bytes, spread over the whole range as real hashes are.
fn hash(n: usize) -> Vec<u8> {
    let n = n as u128 + 1;
    n.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)
        .to_be_bytes()
        .to_vec()
}

fn text(rng: &mut fastrand::Rng, n: usize, words: usize) -> String {
    let mut text = String::new();
    match n % 10 {
        0 => {
            for _ in 0..words / 8 {
                text.push_str(CHINESE);
            }
            let _ = write!(text, "{n}");
        }
        1..=3 => {
            for _ in 0..words {
                let word = RUSSIAN[rng.usize(..RUSSIAN.len())];
                let _ = write!(text, "{word}{} ", rng.u8(..50));
            }
        }
        _ => {
            for _ in 0..words {
                // A few words are frequent, many rare.
                let rarity = rng.f64() * rng.f64() * rng.f64();
                let _ = write!(text, "word{:x} ", (rarity * 30_000.0) as u32);
            }
        }
    }
    text
}
