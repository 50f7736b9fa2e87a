//! Searching the history: `cargo bench --bench search [-- ENTRIES]`, or `MENTIOND_ENTRIES=1000000`.
//!
//! Makes up entries (`texts`). First two kinds of index are laid over the same texts: SQLite's trigrams of folded text, and our tokens. Then a store
//! takes the entries in as polls of ten, once without and once with an index, and is searched. Prints
//! what it takes on disk, how long a row takes, and how long queries take. The default is 20,000 entries.

// A measurement gives up when its surroundings fail.
#![allow(clippy::unwrap_used)]
// Places in small lists are made of dice.
#![allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]

mod texts;

use std::path::Path;
use std::time::{Duration, Instant};

use mentiond::matching::FoldedText;
use mentiond::model::{Entry, EntryKey, Feed, FeedId, StoryKey, TextHash, Timestamp, UpdateHints};
use mentiond::search::EntryTokens;
use mentiond::store::{
    DocumentRecord, EntryRecord, FeedRow, PollRecord, PollStatus, Renewal, SearchOrder, SearchPage,
    Store,
};
use rusqlite::{Connection, params};
use texts::{Maker, is_dense};

/// How often each query is asked.
const ROUNDS: usize = 30;
/// Rows a query gives.
const LIMIT: usize = 20;
/// Entries of a poll, and polls that end together.
const ENTRIES: usize = 10;
const CONCURRENCY: usize = 32;
const NOW: Timestamp = Timestamp::from_millis(1_720_000_000_000);

/// What is asked: its kind, and the queries of it as words.
fn asked(maker: &Maker, entries: usize) -> Vec<(&'static str, Vec<String>)> {
    let own = |texts: &[&str]| texts.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>();
    let rare = (0..10).filter_map(|n| {
        let text = maker.text(entries * (2 * n + 1) / 20);
        let words = text
            .summary
            .split_whitespace()
            .filter(|w| w.chars().all(char::is_alphabetic));
        words.max_by_key(|w| w.chars().count()).map(str::to_owned)
    });
    vec![
        ("common word", own(&["Putin", "sco", "саммит", "Modi"])),
        ("rare word", rare.filter(|w| !is_dense(w)).collect()),
        ("two words", own(&["Putin Modi", "путин шос", "Xi summit"])),
        (
            "phrase",
            own(&["\"Xi Jinping\"", "\"Владимир Путин\"", "\"Narendra Modi\""]),
        ),
        ("prefix", own(&["путин*", "presid*", "summi*"])),
        ("Han, 2 letters", own(&["普京", "莫迪", "上合"])),
        ("Han, 3 letters", own(&["習近平", "卢卡申", "国家主"])),
        ("Hangul, 2 letters", own(&["푸틴", "모디"])),
        ("Thai", own(&["โมดี", "ปูติน"])),
        ("common, without", own(&["Putin -Modi"])),
    ]
}

fn percentile(times: &mut [Duration], part: f64) -> f64 {
    times.sort();
    let at = ((times.len() - 1) as f64 * part).round() as usize;
    times[at].as_secs_f64() * 1000.0
}

fn folded(text: &str) -> String {
    FoldedText::new(text).as_str().to_owned()
}

/// A query as FTS5 wants it over trigrams; `None` where trigrams can't say it.
fn for_trigrams(query: &str) -> Option<String> {
    let quoted = |text: &str| {
        let text = folded(text.trim_matches(['"', '*']));
        (text.chars().count() > 2).then(|| format!("\"{text}\""))
    };
    if query.starts_with('"') {
        return quoted(query);
    }
    let mut parts = query.split(' ');
    let first = quoted(parts.next()?)?;
    parts.try_fold(first, |all, part| match part.strip_prefix('-') {
        Some(word) => Some(format!("{all} NOT {}", quoted(word)?)),
        None => Some(format!("{all} AND {}", quoted(part)?)),
    })
}

/// One kind of index over the texts, without a store around it.
fn index(
    name: &str,
    tokenizer: &str,
    texts: &mut dyn Iterator<Item = [String; 3]>,
    asked: &[(&'static str, Vec<String>)],
    said: &dyn Fn(&str) -> Option<String>,
    folder: &Path,
) {
    let path = folder.join(format!("{name}.db"));
    let conn = Connection::open(&path).unwrap();
    conn.execute_batch(&format!(
        "PRAGMA journal_mode = wal; PRAGMA synchronous = normal;
         CREATE VIRTUAL TABLE s USING fts5(title, summary, content, content = '', contentless_delete = 1,
           tokenize = \"{tokenizer}\");
         INSERT INTO s (s, rank) VALUES ('hashsize', 8388608)"
    ))
    .unwrap();
    let (mut count, mut bytes) = (0_usize, 0_usize);
    let mut spent = Duration::ZERO;
    {
        let mut insert = conn
            .prepare("INSERT INTO s (rowid, title, summary, content) VALUES (?1, ?2, ?3, ?4)")
            .unwrap();
        conn.execute_batch("BEGIN").unwrap();
        for [title, summary, content] in texts {
            count += 1;
            bytes += title.len() + summary.len() + content.len();
            let began = Instant::now();
            insert
                .execute(params![count, title, summary, content])
                .unwrap();
            if count.is_multiple_of(1000) {
                conn.execute_batch("COMMIT; BEGIN").unwrap();
            }
            spent += began.elapsed();
        }
        conn.execute_batch("COMMIT").unwrap();
    }
    let size: i64 = conn
        .query_row("SELECT (SELECT page_count FROM pragma_page_count) * (SELECT page_size FROM pragma_page_size)", [], |r| r.get(0))
        .unwrap();
    println!(
        "\n{name}: {} bytes a row given, {} bytes a row on disk, {:.0} us a row to insert",
        bytes / count,
        size as usize / count,
        spent.as_secs_f64() * 1e6 / count as f64
    );
    println!(
        "{:<20}{:>10}{:>12}{:>12}{:>12}{:>12}",
        "query", "rows", "p50 ms", "p99 ms", "rank p50", "rank p99"
    );
    for (kind, queries) in asked {
        let (mut newest, mut ranked, mut rows) = (Vec::new(), Vec::new(), 0);
        for query in queries {
            let Some(said) = said(query) else { continue };
            let count: i64 = conn
                .query_row("SELECT count(*) FROM s WHERE s MATCH ?1", [&said], |r| {
                    r.get(0)
                })
                .unwrap();
            rows += count;
            for _ in 0..ROUNDS {
                for (order, times) in [("rowid DESC", &mut newest), ("rank", &mut ranked)] {
                    let sql = format!(
                        "SELECT rowid FROM s WHERE s MATCH ?1 ORDER BY {order} LIMIT {LIMIT}"
                    );
                    let began = Instant::now();
                    let mut statement = conn.prepare_cached(&sql).unwrap();
                    let found = statement
                        .query_map([&said], |r| r.get::<_, i64>(0))
                        .unwrap();
                    let _: usize = found.count();
                    times.push(began.elapsed());
                }
            }
        }
        if newest.is_empty() {
            println!("{kind:<20}{:>10}", "can't");
            continue;
        }
        println!(
            "{kind:<20}{:>10}{:>12.2}{:>12.2}{:>12.2}{:>12.2}",
            rows as usize / (newest.len() / ROUNDS),
            percentile(&mut newest, 0.5),
            percentile(&mut newest, 0.99),
            percentile(&mut ranked, 0.5),
            percentile(&mut ranked, 0.99)
        );
    }
}

fn main() {
    let set = std::env::var("MENTIOND_ENTRIES").ok();
    let entries = std::env::args()
        .skip(1)
        .chain(set)
        .find_map(|a| a.parse().ok())
        .unwrap_or(20_000);
    let maker = Maker::read();
    let folder = tempfile::tempdir().unwrap();
    let asked = asked(&maker, entries);
    let bytes: usize = (0..200)
        .map(|n| maker.text(n))
        .map(|t| t.title.len() + t.summary.len() + t.content.len())
        .sum();
    println!(
        "{entries} entries of {} bytes, {} languages",
        bytes / 200,
        maker.languages()
    );

    let mut texts = (0..entries)
        .map(|n| maker.text(n))
        .map(|t| [t.title, t.summary, t.content].map(|t| folded(&t)));
    index(
        "trigram",
        "trigram case_sensitive 1",
        &mut texts,
        &asked,
        &for_trigrams,
        folder.path(),
    );
    for (name, tokenizer) in [
        (
            "tokens, unicode61",
            "unicode61 remove_diacritics 0 categories 'L* N* M* Co'",
        ),
        ("tokens, ascii", "ascii"),
    ] {
        let mut texts = (0..entries).map(|n| maker.text(n)).map(|t| {
            let tokens = EntryTokens::of(&t.title, &t.summary, &t.content);
            [tokens.title, tokens.summary, tokens.content]
        });
        index(name, tokenizer, &mut texts, &asked, &said, folder.path());
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for indexed in [false, true] {
        store(&runtime, &maker, entries, indexed, &asked, folder.path());
    }
}

/// A store that takes the entries in, ten a poll, and is searched. Without tokens it only tells what
/// the taking in costs.
fn store(
    runtime: &tokio::runtime::Runtime,
    maker: &Maker,
    entries: usize,
    indexed: bool,
    asked: &[(&'static str, Vec<String>)],
    folder: &Path,
) {
    let path = folder.join(format!("store-{indexed}.db"));
    let store = Store::open(&path).unwrap();
    let feed = Feed::new(
        FeedId::new("f").unwrap(),
        "https://news.example/".parse().unwrap(),
    );
    let row = runtime
        .block_on(store.register_feeds(&[feed], Timestamp::now()))
        .unwrap()[0]
        .row;
    let mut spent = Duration::ZERO;
    for first in (0..entries).step_by(CONCURRENCY * ENTRIES) {
        let polls: Vec<_> = (first..entries.min(first + CONCURRENCY * ENTRIES))
            .step_by(ENTRIES)
            .map(|first| poll(row, maker, first..entries.min(first + ENTRIES), indexed))
            .collect();
        let began = Instant::now();
        let polls = polls.into_iter().map(|poll| store.commit_poll(poll));
        runtime
            .block_on(futures_util::future::join_all(polls))
            .into_iter()
            .for_each(|made| {
                made.unwrap();
            });
        spent += began.elapsed();
    }
    let size = std::fs::metadata(&path).unwrap().len();
    println!(
        "\nstore {} index: {} MiB, {:.0} us an entry to commit",
        if indexed { "with" } else { "without" },
        size >> 20,
        spent.as_secs_f64() * 1e6 / entries as f64
    );
    if !indexed {
        return store.close();
    }
    println!(
        "{:<20}{:>10}{:>12}{:>12}{:>12}{:>12}",
        "search", "rows", "p50 ms", "p99 ms", "rank p50", "rank p99"
    );
    for (kind, queries) in asked {
        let (mut newest, mut ranked, mut rows) = (Vec::new(), Vec::new(), 0);
        for query in queries {
            for round in 0..ROUNDS {
                for (order, times) in [
                    (SearchOrder::Date, &mut newest),
                    (SearchOrder::Relevance, &mut ranked),
                ] {
                    let asked = mentiond::search::query(query, NOW).unwrap();
                    let page = SearchPage {
                        order,
                        limit: LIMIT,
                        after: None,
                    };
                    let began = Instant::now();
                    let found = runtime.block_on(store.search(asked, page)).unwrap();
                    times.push(began.elapsed());
                    rows += if round == 0 { found.rows.len() } else { 0 };
                }
            }
        }
        println!(
            "{kind:<20}{:>10}{:>12.2}{:>12.2}{:>12.2}{:>12.2}",
            rows,
            percentile(&mut newest, 0.5),
            percentile(&mut newest, 0.99),
            percentile(&mut ranked, 0.5),
            percentile(&mut ranked, 0.99)
        );
    }
    store.close();
}

/// A poll that brought these entries.
fn poll(row: FeedRow, maker: &Maker, numbers: std::ops::Range<usize>, indexed: bool) -> PollRecord {
    let entries: Vec<_> = numbers
        .map(|n| {
            let text = maker.text(n);
            let entry = Entry {
                link: Some(format!("https://news.example/{n}")),
                title: text.title,
                summary: text.summary,
                content: text.content,
                ..Entry::default()
            };
            let mut key = [0; 16];
            key[..8].copy_from_slice(&(n as u64).to_be_bytes());
            EntryRecord {
                tokens: if indexed {
                    EntryTokens::of_entry(&entry)
                } else {
                    EntryTokens::default()
                },
                entry,
                key: EntryKey(key),
                story: StoryKey(key),
                fingerprint: None,
                text_hash: TextHash(key),
                language: None,
                language_basis: None,
                counted_at: NOW,
                mentions: Vec::new(),
                page: None,
            }
        })
        .collect();
    PollRecord {
        feed: row,
        url: "https://news.example/".to_owned(),
        at: NOW,
        next_poll: None,
        wait_until: None,
        fresh_until: None,
        status: PollStatus::Ok,
        validators: Renewal::Keep,
        moved_to: None,
        document: Some(DocumentRecord {
            served: entries.iter().map(|entry| entry.key).collect(),
            entries,
            title: String::new(),
            format: "rss",
            language: None,
            hints: UpdateHints::default(),
            rhythm: None,
            partial: false,
            body_hash: [0; 16],
            window: Duration::ZERO,
        }),
        trouble: None,
    }
}

/// A query as FTS5 wants it over our tokens.
fn said(query: &str) -> Option<String> {
    let word = |text: &str| {
        let prefix = text.ends_with('*');
        let tokens = mentiond::search::tokens(text.trim_matches(['"', '*']));
        let mut tokens: Vec<_> = tokens.split(' ').collect();
        if tokens.len() > 1 && !text.starts_with('"') {
            tokens.pop();
        }
        format!("\"{}\"{}", tokens.join(" "), if prefix { "*" } else { "" })
    };
    if query.starts_with('"') {
        return Some(word(query));
    }
    let mut parts = query.split(' ');
    let first = word(parts.next()?);
    Some(parts.fold(first, |all, part| match part.strip_prefix('-') {
        Some(part) => format!("{all} NOT {}", word(part)),
        None => format!("{all} AND {}", word(part)),
    }))
}
