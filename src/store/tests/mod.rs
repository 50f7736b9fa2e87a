//! What the store promises, shown on a database in a temporary folder.

mod alike;
mod broken_down;
mod counted;
mod entries;
mod feeds;
mod file;
mod first_mentions;
mod fleet;
mod grow;
mod lists;
mod observed;
mod outbox;
mod pace;
mod pages;
mod partitions;
mod poll;
mod rematch;
mod retention;
mod scores;
mod search;
mod series;
mod silences;

use std::time::Duration;

use tempfile::TempDir;

use super::*;
use crate::dedup;
use crate::model::{
    AlertKind, Entry, EntryKey, Feed, FeedId, FeedTrouble, MentionAlert, Route, ServerOptions,
    SinkId, StoryKey, TextHash, Timestamp, TopicId, UpdateHints, Validators,
};
use crate::search::EntryTokens;

/// Where the feeds are, in the order of their rows.
const URL: [&str; 2] = ["https://one.example/rss", "https://two.example/rss"];
const DAY: Duration = Duration::from_hours(24);
const NOW: Timestamp = Timestamp::from_millis(1_720_000_000_000);
const KEEP: Keep = Keep {
    entries: Duration::from_hours(24 * 90),
    seen: Duration::from_hours(24 * 365),
    deliveries: Duration::from_hours(24 * 30),
    fingerprints: Duration::from_hours(24 * 3),
};

struct Base {
    store: Store,
    folder: TempDir,
    feeds: Vec<Registered>,
}

fn feed(id: &str, url: &str) -> Feed {
    Feed {
        name: format!("The {id}"),
        ..Feed::new(FeedId::new(id).unwrap(), url.parse().unwrap())
    }
}

fn sink(id: &str) -> SinkId {
    SinkId::new(id).unwrap()
}

fn route(id: &str, min_score: u8) -> Route {
    Route {
        held: false,
        updates_at: Vec::new(),
        sink: sink(id),
        min_score,
    }
}

/// Which database the tests run on: a file, or with `STORE_ON=postgres` the server of `TEST_POSTGRES`, on which
/// each test has tables of its own.
fn server() -> Option<ServerOptions> {
    static TESTS: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let on = std::env::var("STORE_ON").ok()?;
    assert_eq!(on, "postgres", "STORE_ON can be postgres only");
    let url = std::env::var("TEST_POSTGRES").expect("STORE_ON=postgres takes TEST_POSTGRES");
    let n = TESTS.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let schema = format!("store_{}_{n}", std::process::id());
    let options = |url: &str| ServerOptions {
        connections: 4,
        ..ServerOptions::new(url)
    };
    let whole = Server::raw(&options(&url)).unwrap();
    let make = format!("CREATE SCHEMA {schema}");
    whole.session().unwrap().execute_batch(&make).unwrap();
    whole.close();
    Some(options(&format!(
        "{url}?options=-csearch_path%3D{schema}%20-csynchronous_commit%3Doff"
    )))
}

/// A store with the feeds `one` and `two` and the sinks `a` and `b`.
async fn base() -> Base {
    match server() {
        Some(server) => {
            let store = Store::open(Database::Server(Box::new(server))).unwrap();
            furnished(store, tempfile::tempdir().unwrap()).await
        }
        None => file_base().await,
    }
}

/// The same in a file, whatever the others are on.
async fn file_base() -> Base {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("db")).unwrap();
    furnished(store, folder).await
}

async fn furnished(store: Store, folder: TempDir) -> Base {
    let feeds = [feed("one", URL[0]), feed("two", URL[1])];
    let feeds = store
        .register_feeds(&feeds, Timestamp::now())
        .await
        .unwrap();
    let sinks = vec![(sink("a"), [1; 16]), (sink("b"), [2; 16])];
    store.register_sinks(sinks).await.unwrap();
    Base {
        store,
        folder,
        feeds,
    }
}

impl Base {
    fn row(&self, feed: usize) -> FeedRow {
        self.feeds[feed].row
    }

    /// A second connection, to look at the tables or to change what time would.
    fn sql(&self) -> Connection {
        match &self.store.inner.backend {
            Backend::File(_) => Connection::Sqlite(self.file()),
            Backend::Server(server) => server.session().unwrap(),
        }
    }

    /// The same to a file.
    fn file(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.folder.path().join("db")).unwrap()
    }

    fn count(&self, from: &str) -> i64 {
        let sql = format!("SELECT count(*) FROM {from}");
        self.sql().query_row(&sql, [], |row| row.get(0)).unwrap()
    }

    /// From now on the database refuses new rows of a table of which this is true.
    fn refuse(&self, table: &str, when: &str) {
        let conn = self.sql();
        conn.execute_batch(&if conn.is_postgres() {
            format!("ALTER TABLE {table} ADD CONSTRAINT refused CHECK (NOT ({when}))")
        } else {
            format!(
                "CREATE TRIGGER refused BEFORE INSERT ON {table} WHEN new.{when}
                 BEGIN SELECT raise(abort, 'refused'); END"
            )
        })
        .unwrap();
    }

    /// Every row of every table but `except`, as text.
    fn dump(&self, except: &str) -> Vec<String> {
        let conn = self.sql();
        let tables = conn.either(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
            "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()",
        );
        let mut tables = conn.prepare(tables).unwrap();
        let tables: Vec<String> = tables
            .query_map([], |row| row.get(0))
            .unwrap()
            .map(Result::unwrap)
            .filter(|name| name != except)
            .collect();
        let mut dump = Vec::new();
        for table in tables {
            // What is indexed is no text that either shows.
            if conn.is_postgres() && table == "search" {
                continue;
            }
            let sql = format!("SELECT * FROM {table}");
            let mut rows = conn.prepare(&sql).unwrap();
            let mut rows = rows.query([]).unwrap();
            while let Some(row) = &rows.next().unwrap() {
                let cells: Vec<_> = (0..)
                    .map_while(|n| row.get_ref(n).ok())
                    .map(|cell| format!("{cell:?}"))
                    .collect();
                dump.push(format!("{table}: {}", cells.join(" | ")));
            }
        }
        // A server gives rows in any order.
        dump.sort_unstable();
        assert!(!dump.is_empty());
        dump
    }

    async fn commit(&self, feed: usize, at: Timestamp, entries: Vec<EntryRecord>) -> Committed {
        let record = document(self.row(feed), at, entries);
        self.store.commit_poll(record).await.unwrap()
    }

    async fn due(&self, id: &str, at: Timestamp) -> Vec<Due> {
        self.store.due(sink(id), at, 100, false).await.unwrap().due
    }

    async fn settle_all(&self, id: &str, outcome: Outcome, at: Timestamp) {
        let due = self.due(id, at).await;
        let outcomes = due.into_iter().map(|due| (due.id, outcome.clone()));
        self.store.settle(outcomes.collect(), at).await.unwrap();
    }
}

fn poll(feed: FeedRow, at: Timestamp, status: PollStatus) -> PollRecord {
    PollRecord {
        feed,
        url: URL[usize::try_from(feed.0).unwrap() - 1].to_owned(),
        at,
        next_poll: Some(at + Duration::from_mins(30)),
        wait_until: None,
        fresh_until: None,
        status,
        validators: Renewal::Keep,
        moved_to: None,
        document: None,
        trouble: None,
    }
}

fn document(feed: FeedRow, at: Timestamp, entries: Vec<EntryRecord>) -> PollRecord {
    PollRecord {
        document: Some(DocumentRecord {
            title: "Title".into(),
            format: "rss",
            language: Some("en".into()),
            hints: UpdateHints::default(),
            rhythm: Some(vec![1, 2]),
            partial: false,
            body_hash: [9; 16],
            window: DAY * 3,
            served: entries.iter().map(|entry| entry.key).collect(),
            entries,
        }),
        ..poll(feed, at, PollStatus::Ok)
    }
}

fn failed(kind: &'static str, counts: bool) -> PollStatus {
    PollStatus::Failed {
        kind,
        error: "it broke".into(),
        counts,
    }
}

/// An entry that mentions `topics`, each told to the sinks `a` and `b`.
fn entry(key: u8, story: u8, text: u8, topics: &[&str]) -> EntryRecord {
    let story = StoryKey([story; 16]);
    let entry = Entry {
        guid: Some(format!("guid {key}")),
        link: Some(format!("https://example.org/{key}")),
        title: format!("title {text}"),
        ..Entry::default()
    };
    EntryRecord {
        tokens: EntryTokens::of_entry(&entry),
        entry,
        key: EntryKey([key; 16]),
        story,
        fingerprint: None,
        text_hash: TextHash([text; 16]),
        language: None,
        language_basis: None,
        counted_at: NOW,
        mentions: topics.iter().map(|t| mention(t, story)).collect(),
        page: None,
    }
}

fn mention(topic: &str, story: StoryKey) -> MentionRecord {
    let topic = TopicId::new(topic).unwrap();
    let detail = MentionAlert {
        topic_name: topic.to_string(),
        topic_tags: vec![],
        terms: vec!["term".into()],
        matched: "term".into(),
        field: "title".into(),
        snippet: "term".into(),
        snippet_start: 0,
        snippet_end: 4,
        title: "title".into(),
        link: None,
        language: None,
        published_ms: None,
        first_seen_ms: NOW.as_millis(),
        feed: "one".into(),
        source: "The one".into(),
        revision: false,
    };
    MentionRecord {
        term: "term".into(),
        field: "title",
        range: (0, 4),
        snippet: "term".into(),
        snippet_range: (0, 4),
        hits: 1,
        score: 50,
        min_score: 1,
        alert: Some(AlertRecord {
            id: dedup::mention_alert_id(&topic, story),
            kind: AlertKind::Mention.as_str(),
            score: Some(50),
            detail: serde_json::to_string(&detail).unwrap(),
            routes: vec![route("a", 1), route("b", 1)],
        }),
        event: None,
        topic,
    }
}

fn trouble(id: &str) -> AlertRecord {
    let detail = FeedTrouble {
        source: "The one".into(),
        url: "https://one.example/rss".into(),
        error: "it broke".into(),
        since_ms: 0,
        failures: 3,
    };
    AlertRecord {
        id: id.into(),
        kind: AlertKind::FeedFailing.as_str(),
        score: None,
        detail: serde_json::to_string(&detail).unwrap(),
        routes: vec![route("a", 1)],
    }
}

fn committed(new_entries: usize, revised: usize, mentions: usize, alerts: usize) -> Committed {
    Committed {
        new_entries,
        revised,
        mentions,
        alerts,
        ..Committed::default()
    }
}
