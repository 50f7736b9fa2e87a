//! What the store promises, shown on a database in a temporary folder.

use std::time::Duration;

use tempfile::TempDir;

use super::*;
use crate::dedup;
use crate::model::{
    AlertKind, Entry, EntryKey, Feed, FeedId, FeedTrouble, MentionAlert, SinkId, StoryKey,
    TextHash, Timestamp, TopicId, Validators,
};

/// Where the feeds are, in the order of their rows.
const URL: [&str; 2] = ["https://one.example/rss", "https://two.example/rss"];
const DAY: Duration = Duration::from_hours(24);
const NOW: Timestamp = Timestamp::from_millis(1_720_000_000_000);
const KEEP: Keep = Keep {
    entries: Duration::from_hours(24 * 90),
    seen: Duration::from_hours(24 * 365),
    deliveries: Duration::from_hours(24 * 30),
};

struct Base {
    store: Store,
    folder: TempDir,
    feeds: Vec<Registered>,
}

fn feed(id: &str, url: &str) -> Feed {
    Feed {
        id: FeedId::new(id).unwrap(),
        url: url.parse().unwrap(),
        name: format!("The {id}"),
        language: None,
        country: None,
        tags: vec![],
        interval: Duration::from_mins(30),
        allow_private_addresses: false,
    }
}

fn sink(id: &str) -> SinkId {
    SinkId::new(id).unwrap()
}

/// A store with the feeds `one` and `two` and the sinks `a` and `b`.
async fn base() -> Base {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("db")).unwrap();
    let feeds = [feed("one", URL[0]), feed("two", URL[1])];
    let feeds = store.register_feeds(&feeds).await.unwrap();
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
        Connection::open(self.folder.path().join("db")).unwrap()
    }

    fn count(&self, from: &str) -> i64 {
        let sql = format!("SELECT count(*) FROM {from}");
        self.sql().query_row(&sql, [], |row| row.get(0)).unwrap()
    }

    /// Every row of every table but `except`, as text.
    fn dump(&self, except: &str) -> Vec<String> {
        let conn = self.sql();
        let mut tables = conn
            .prepare(
                "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
            )
            .unwrap();
        let tables: Vec<String> = tables
            .query_map([], |row| row.get(0))
            .unwrap()
            .map(Result::unwrap)
            .filter(|name| name != except)
            .collect();
        let mut dump = Vec::new();
        for table in tables {
            let mut rows = conn.prepare(&format!("SELECT * FROM {table}")).unwrap();
            let columns = rows.column_count();
            let mut rows = rows.query([]).unwrap();
            while let Some(row) = rows.next().unwrap() {
                let cells: Vec<_> = (0..columns)
                    .map(|n| format!("{:?}", row.get_ref(n).unwrap()))
                    .collect();
                dump.push(format!("{table}: {}", cells.join(" | ")));
            }
        }
        assert!(!dump.is_empty());
        dump
    }

    async fn commit(&self, feed: usize, at: Timestamp, entries: Vec<EntryRecord>) -> Committed {
        let record = document(self.row(feed), at, entries);
        self.store.commit_poll(record).await.unwrap()
    }

    async fn due(&self, id: &str, at: Timestamp) -> Vec<Due> {
        self.store.due(sink(id), at, 100).await.unwrap()
    }

    async fn settle_all(&self, id: &str, outcome: Outcome, at: Timestamp) {
        for due in self.due(id, at).await {
            self.store
                .settle(due.id, outcome.clone(), at)
                .await
                .unwrap();
        }
    }
}

fn poll(feed: FeedRow, at: Timestamp, status: PollStatus) -> PollRecord {
    PollRecord {
        feed,
        url: URL[usize::try_from(feed.0).unwrap() - 1].to_owned(),
        at,
        next_poll: Some(at + Duration::from_mins(30)),
        wait_until: None,
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
            ttl: None,
            body_hash: [9; 16],
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
    EntryRecord {
        entry: Entry {
            guid: Some(format!("guid {key}")),
            link: Some(format!("https://example.org/{key}")),
            title: format!("title {text}"),
            ..Entry::default()
        },
        key: EntryKey([key; 16]),
        story,
        text_hash: TextHash([text; 16]),
        language: None,
        counted_at: NOW,
        mentions: topics.iter().map(|t| mention(t, story)).collect(),
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
        alert: Some(AlertRecord {
            id: dedup::mention_alert_id(&topic, story),
            kind: AlertKind::Mention.as_str(),
            detail: serde_json::to_string(&detail).unwrap(),
            sinks: vec![sink("a"), sink("b")],
        }),
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
        detail: serde_json::to_string(&detail).unwrap(),
        sinks: vec![sink("a")],
    }
}

fn committed(new_entries: usize, revised: usize, mentions: usize, alerts: usize) -> Committed {
    Committed {
        new_entries,
        revised,
        mentions,
        alerts,
    }
}

#[tokio::test]
async fn an_entry_is_new_once_and_then_seen() {
    let base = base().await;
    let first = base.commit(0, NOW, vec![entry(1, 1, 1, &["sco"])]).await;
    assert_eq!(first, committed(1, 0, 1, 1));
    let again = base
        .commit(0, NOW + DAY, vec![entry(1, 1, 1, &["sco"])])
        .await;
    assert_eq!(again, committed(0, 0, 0, 0));
    let known = base
        .store
        .known(base.row(0), vec![EntryKey([1; 16]), EntryKey([2; 16])])
        .await
        .unwrap();
    assert_eq!(known.len(), 1);
    assert_eq!(known[&EntryKey([1; 16])], TextHash([1; 16]));
    let elsewhere = base.store.known(base.row(1), vec![EntryKey([1; 16])]);
    assert!(
        elsewhere.await.unwrap().is_empty(),
        "keys are the feed's own"
    );
    assert_eq!(base.store.totals().await.unwrap(), (1, 1));
}

#[tokio::test]
async fn an_edited_entry_tells_only_the_topics_that_are_new_in_it() {
    let base = base().await;
    base.commit(0, NOW, vec![entry(1, 1, 1, &["sco"])]).await;
    let edit = base
        .commit(0, NOW + DAY, vec![entry(1, 1, 2, &["sco", "putin"])])
        .await;
    assert_eq!(edit, committed(0, 1, 1, 1));
    // A topic that an edit took out and the next one brings back is no news either.
    base.commit(0, NOW + DAY, vec![entry(1, 1, 3, &[])]).await;
    let back = base
        .commit(0, NOW + DAY, vec![entry(1, 1, 4, &["sco"])])
        .await;
    assert_eq!(back, committed(0, 1, 0, 0));
    assert_eq!(base.count("alert"), 2);
    assert_eq!(
        base.count("entry WHERE revisions = 3 AND title = 'title 4'"),
        1
    );
    assert_eq!(
        base.store.totals().await.unwrap(),
        (1, 2),
        "counted once each"
    );
}

#[tokio::test]
async fn an_edit_that_changes_the_link_is_not_told_again() {
    let base = base().await;
    base.commit(0, NOW, vec![entry(1, 1, 1, &["sco"])]).await;
    let moved = base
        .commit(0, NOW + DAY, vec![entry(1, 7, 2, &["sco"])])
        .await;
    assert_eq!(moved, committed(0, 1, 0, 0));
    assert_eq!(base.count("entry"), 1);
}

#[tokio::test]
async fn one_story_in_two_feeds_is_told_once_with_both_sources() {
    let base = base().await;
    base.commit(0, NOW, vec![entry(1, 1, 1, &["sco"])]).await;
    let second = base
        .commit(1, NOW + DAY, vec![entry(2, 1, 2, &["sco", "xi"])])
        .await;
    assert_eq!(
        second,
        committed(1, 0, 2, 1),
        "both mentions are recorded, one is news"
    );
    let due = base.due("a", NOW + DAY).await;
    assert_eq!(due.len(), 2);
    for due in due {
        let StoredDetail::Mention { sources, .. } = due.alert.detail else {
            panic!("not a mention");
        };
        let feeds: Vec<_> = sources.iter().map(|s| s.feed.as_str()).collect();
        assert_eq!(feeds, ["one", "two"]);
        assert_eq!(sources[1].link.as_deref(), Some("https://example.org/2"));
    }
}

#[tokio::test]
async fn one_story_twice_in_one_document_is_told_once() {
    let base = base().await;
    let entries = vec![entry(1, 1, 1, &["sco"]), entry(2, 1, 2, &["sco"])];
    assert_eq!(base.commit(0, NOW, entries).await, committed(2, 0, 2, 1));
    assert_eq!(base.count("story_source"), 1);
}

#[tokio::test]
async fn an_alert_has_one_delivery_for_each_of_its_sinks_and_they_end_apart() {
    let base = base().await;
    base.commit(0, NOW, vec![entry(1, 1, 1, &["sco"])]).await;
    assert!(base.due("a", NOW - DAY).await.is_empty(), "not due yet");
    base.settle_all("a", Outcome::Delivered, NOW).await;
    assert!(base.due("a", NOW + DAY).await.is_empty());
    assert_eq!(base.due("b", NOW).await.len(), 1);
    assert_eq!(base.store.next_due(sink("a")).await.unwrap(), None);
    assert_eq!(base.store.next_due(sink("b")).await.unwrap(), Some(NOW));
    let counts = base.store.outbox_counts().await.unwrap();
    assert_eq!((counts.waiting, counts.delivered, counts.dead), (1, 1, 0));
    assert_eq!(base.store.waiting().await.unwrap(), 1);
    assert_eq!(
        base.store.waiting_by_sink().await.unwrap(),
        [("b".to_owned(), 1)]
    );
}

#[tokio::test]
async fn an_entry_too_old_to_be_told_is_recorded_and_stays_untold() {
    let base = base().await;
    let mut old = entry(1, 1, 1, &["sco"]);
    old.mentions[0].alert = None;
    assert_eq!(base.commit(0, NOW, vec![old]).await, committed(1, 0, 1, 0));
    let edit = base.commit(0, NOW, vec![entry(1, 1, 2, &["sco"])]).await;
    assert_eq!(edit, committed(0, 1, 0, 0), "the topic is not new in it");
    assert_eq!(base.count("alert"), 0);
}

#[tokio::test]
async fn an_unchanged_poll_writes_its_schedule_row_and_nothing_else() {
    let base = base().await;
    base.commit(0, NOW, vec![entry(1, 1, 1, &["sco"])]).await;
    let before = (base.dump("schedule"), base.dump(""));
    let poll = poll(base.row(0), NOW + DAY, PollStatus::NotModified);
    base.store.commit_poll(poll).await.unwrap();
    assert_eq!(base.dump("schedule"), before.0);
    let changed = base
        .dump("")
        .iter()
        .filter(|row| !before.1.contains(row))
        .count();
    assert_eq!(changed, 1);
}

#[tokio::test]
async fn a_poll_that_fails_half_way_leaves_nothing_behind() {
    let base = base().await;
    let before = base.dump("");
    let mut bad = entry(2, 2, 2, &["sco"]);
    if let Some(alert) = &mut bad.mentions[0].alert {
        // The same sink twice breaks the table's rule, after much has been written.
        alert.sinks.push(sink("a"));
    }
    let record = document(base.row(0), NOW, vec![entry(1, 1, 1, &["sco"]), bad]);
    assert!(base.store.commit_poll(record).await.is_err());
    assert_eq!(base.dump(""), before);
}

#[tokio::test]
async fn what_was_committed_is_there_after_a_crash() {
    let base = base().await;
    base.commit(0, NOW, vec![entry(1, 1, 1, &["sco"])]).await;
    // A copy of the files as they are, without closing, is what a killed process leaves.
    let copy = tempfile::tempdir().unwrap();
    for name in ["db", "db-wal"] {
        std::fs::copy(base.folder.path().join(name), copy.path().join(name)).unwrap();
    }
    let store = Store::open(&copy.path().join("db")).unwrap();
    assert_eq!(store.due(sink("a"), NOW, 9).await.unwrap().len(), 1);
    assert_eq!(
        store
            .known(base.row(0), vec![EntryKey([1; 16])])
            .await
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn failures_add_up_and_an_answer_ends_them() {
    let base = base().await;
    let row = base.row(0);
    for n in 0..3 {
        let poll = poll(row, NOW + DAY * n, failed("timeout", true));
        base.store.commit_poll(poll).await.unwrap();
    }
    let offline = poll(row, NOW + DAY * 3, failed("dns", false));
    base.store.commit_poll(offline).await.unwrap();
    let state = base.store.feed_state(row).await.unwrap();
    assert_eq!((state.failures, state.failing_since), (3, Some(NOW)));
    assert_eq!(
        (state.status.as_str(), state.error.as_deref()),
        ("dns", Some("it broke"))
    );
    base.store
        .commit_poll(poll(row, NOW + DAY * 4, PollStatus::NotModified))
        .await
        .unwrap();
    let state = base.store.feed_state(row).await.unwrap();
    assert_eq!(
        (state.failures, state.failing_since, state.error),
        (0, None, None)
    );
    assert_eq!(state.last_ok, Some(NOW + DAY * 4));
}

#[tokio::test]
async fn trouble_is_marked_as_told_until_the_feed_is_back() {
    let base = base().await;
    let row = base.row(0);
    let mut bad = poll(row, NOW, failed("timeout", true));
    bad.trouble = Some(trouble("al_1"));
    assert_eq!(base.store.commit_poll(bad).await.unwrap().alerts, 1);
    assert!(base.store.feed_state(row).await.unwrap().trouble_told);
    let due = base.due("a", NOW).await;
    assert!(matches!(&due[0].alert.detail, StoredDetail::Feed { feed, .. } if feed == "one"));
    let good = poll(row, NOW + DAY, PollStatus::NotModified);
    base.store.commit_poll(good).await.unwrap();
    assert!(!base.store.feed_state(row).await.unwrap().trouble_told);
}

#[tokio::test]
async fn a_permanent_move_is_counted_while_it_stays_the_same() {
    let base = base().await;
    let row = base.row(0);
    let moved = async |to: Option<&str>| {
        let mut poll = poll(row, NOW, PollStatus::NotModified);
        poll.moved_to = to.map(str::to_owned);
        base.store.commit_poll(poll).await.unwrap();
        base.store.feed_state(row).await.unwrap().moved
    };
    let (x, y) = ("https://x.example/", "https://y.example/");
    assert_eq!(moved(Some(x)).await, Some((x.to_owned(), 1)));
    assert_eq!(moved(Some(x)).await, Some((x.to_owned(), 2)));
    assert_eq!(moved(Some(y)).await, Some((y.to_owned(), 1)));
    assert_eq!(moved(None).await, None);
    assert_eq!(moved(Some(y)).await, Some((y.to_owned(), 1)));
}

#[tokio::test]
async fn a_feed_keeps_its_state_by_its_id_and_starts_anew_with_another_url() {
    let base = base().await;
    let row = base.row(0);
    let mut record = document(row, NOW, vec![entry(1, 1, 1, &[])]);
    record.validators = Renewal::Replace(Validators {
        url: "https://one.example/rss".into(),
        etag: Some(b"\"\xff\"".to_vec()),
        last_modified: None,
    });
    base.store.commit_poll(record).await.unwrap();
    let gone = poll(row, NOW, PollStatus::Gone);
    base.store.commit_poll(gone).await.unwrap();

    let same = [feed("one", "https://one.example/rss")];
    let same = base.store.register_feeds(&same).await.unwrap();
    assert!(same[0].gone && same[0].row == row);
    let state = base.store.feed_state(row).await.unwrap();
    assert_eq!(
        state.validators.unwrap().etag.unwrap(),
        b"\"\xff\"",
        "byte for byte"
    );

    let other = [feed("one", "https://one.example/atom")];
    let other = base.store.register_feeds(&other).await.unwrap();
    assert_eq!(
        (other[0].row, other[0].gone, other[0].next_poll),
        (row, false, None)
    );
    let state = base.store.feed_state(row).await.unwrap();
    assert_eq!(
        (state.validators, state.body_hash, state.gone),
        (None, None, None)
    );
    assert_eq!((state.status.as_str(), state.first_ok), ("new", None));
    let known = base
        .store
        .known(row, vec![EntryKey([1; 16])])
        .await
        .unwrap();
    assert_eq!(known.len(), 1, "its entries are still seen");
}

#[tokio::test]
async fn a_poll_of_a_url_that_was_replaced_meanwhile_counts_as_not_made() {
    let base = base().await;
    let row = base.row(0);
    let other = [feed("one", "https://one.example/atom")];
    base.store.register_feeds(&other).await.unwrap();
    let before = base.dump("");
    let gone = poll(row, NOW, PollStatus::Gone);
    base.store.commit_poll(gone).await.unwrap();
    base.commit(0, NOW, vec![entry(1, 1, 1, &["sco"])]).await;
    assert_eq!(base.dump(""), before);
}

#[tokio::test]
async fn a_visitor_does_not_migrate_under_a_running_daemon() {
    let base = base().await;
    let path = base.folder.path().join("db");
    base.sql().pragma_update(None, "user_version", 0).unwrap();
    let refused = Store::open_beside(&path);
    assert!(
        matches!(refused, Err(StoreError::Locked { .. })),
        "{refused:?}"
    );
}

#[tokio::test]
async fn validators_stay_unless_a_poll_brings_others() {
    let base = base().await;
    let row = base.row(0);
    let validators = Validators {
        url: "https://one.example/rss".into(),
        etag: None,
        last_modified: Some(b"yesterday".to_vec()),
    };
    let mut set = poll(row, NOW, PollStatus::Ok);
    set.validators = Renewal::Replace(validators.clone());
    base.store.commit_poll(set).await.unwrap();
    base.store
        .commit_poll(poll(row, NOW, PollStatus::NotModified))
        .await
        .unwrap();
    assert_eq!(
        base.store.feed_state(row).await.unwrap().validators,
        Some(validators)
    );
    let mut clear = poll(row, NOW, PollStatus::Ok);
    clear.validators = Renewal::Drop;
    base.store.commit_poll(clear).await.unwrap();
    assert_eq!(base.store.feed_state(row).await.unwrap().validators, None);
}

#[tokio::test]
async fn a_failed_delivery_waits_then_dies_and_can_be_revived_under_its_id() {
    let base = base().await;
    base.commit(0, NOW, vec![entry(1, 1, 1, &["sco"])]).await;
    let id = base.due("a", NOW).await[0].alert.id.clone();
    let later = Outcome::Retry {
        at: NOW + DAY,
        error: "no answer".into(),
    };
    base.settle_all("a", later, NOW).await;
    assert!(base.due("a", NOW).await.is_empty());
    assert_eq!(base.due("a", NOW + DAY).await[0].attempts, 1);
    let dead = Outcome::Dead {
        error: "no answer".into(),
    };
    base.settle_all("a", dead, NOW + DAY).await;
    assert!(base.due("a", NOW + DAY * 9).await.is_empty());
    assert_eq!(base.store.outbox_counts().await.unwrap().dead, 1);

    let store = &base.store;
    let retry = async |alert: Option<&str>, to: Option<&str>| {
        let (alert, to) = (alert.map(str::to_owned), to.map(str::to_owned));
        store.retry_dead(alert, to, NOW + DAY * 2).await.unwrap()
    };
    assert_eq!(retry(Some("al_other"), None).await, 0);
    assert_eq!(retry(None, Some("b")).await, 0);
    assert_eq!(retry(Some(&id), Some("a")).await, 1);
    assert_eq!(retry(None, None).await, 0, "it is not dead any more");
    let due = base.due("a", NOW + DAY * 2).await;
    assert_eq!(
        (due[0].alert.id.as_str(), due[0].attempts),
        (id.as_str(), 0)
    );
}

#[tokio::test]
async fn a_delivery_that_has_ended_stays_ended() {
    let base = base().await;
    base.commit(0, NOW, vec![entry(1, 1, 1, &["sco"])]).await;
    let due = base.due("a", NOW).await[0].id;
    base.store
        .settle(due, Outcome::Delivered, NOW)
        .await
        .unwrap();
    let late = Outcome::Retry {
        at: NOW,
        error: String::new(),
    };
    base.store.settle(due, late, NOW).await.unwrap();
    assert!(base.due("a", NOW).await.is_empty());
}

#[tokio::test]
async fn an_alert_that_cannot_be_read_does_not_stand_in_front_of_the_others() {
    let base = base().await;
    base.commit(0, NOW, vec![entry(1, 1, 1, &["sco", "xi"])])
        .await;
    base.sql()
        .execute("UPDATE alert SET detail = '{}' WHERE topic = 'sco'", [])
        .unwrap();
    assert_eq!(base.due("a", NOW).await.len(), 1);
    assert_eq!(base.store.outbox_counts().await.unwrap().dead, 1);
    assert_eq!(base.due("a", NOW).await.len(), 1);
}

#[tokio::test]
async fn a_delivery_that_waits_for_a_wrong_clocks_time_can_be_hastened() {
    let base = base().await;
    base.commit(0, NOW + DAY * 3000, vec![entry(1, 1, 1, &["sco"])])
        .await;
    base.commit(0, NOW, vec![entry(2, 2, 2, &["sco"])]).await;
    assert_eq!(base.due("a", NOW).await.len(), 1);
    let hastened = base.store.hasten(sink("a"), NOW + DAY, NOW).await.unwrap();
    assert_eq!(hastened, 1);
    assert_eq!(base.due("a", NOW).await.len(), 2);
    assert_eq!(
        base.due("b", NOW).await.len(),
        1,
        "each sink by its own policy"
    );
}

#[tokio::test]
async fn a_stopped_sink_keeps_its_deliveries_until_it_is_resumed_or_leads_elsewhere() {
    let base = base().await;
    base.commit(0, NOW, vec![entry(1, 1, 1, &["sco"])]).await;
    let store = &base.store;
    let stop = async || store.stop_sink(sink("a"), "410".into(), NOW).await.unwrap();
    stop().await;
    assert!(base.due("a", NOW).await.is_empty());
    assert_eq!(store.next_due(sink("a")).await.unwrap(), None);
    assert_eq!(base.due("b", NOW).await.len(), 1, "the other sink goes on");
    let stopped = store.stopped_sinks().await.unwrap();
    assert_eq!(stopped, [("a".to_owned(), "410".to_owned())]);

    let same = store
        .register_sinks(vec![(sink("a"), [1; 16])])
        .await
        .unwrap();
    assert_eq!(
        same,
        [(sink("a"), "410".to_owned())],
        "a restart does not lift it"
    );
    assert!(store.resume_sink("a".into()).await.unwrap());
    assert!(!store.resume_sink("a".into()).await.unwrap());
    assert_eq!(base.due("a", NOW).await.len(), 1);

    stop().await;
    let other = store
        .register_sinks(vec![(sink("a"), [3; 16])])
        .await
        .unwrap();
    assert!(other.is_empty());
    assert_eq!(base.due("a", NOW).await.len(), 1);
}

#[tokio::test]
async fn alerts_and_mentions_are_listed_newest_first_and_filtered() {
    let base = base().await;
    base.commit(0, NOW, vec![entry(1, 1, 1, &["sco"])]).await;
    base.commit(1, NOW + DAY, vec![entry(2, 2, 2, &["xi"])])
        .await;
    base.settle_all("b", Outcome::Delivered, NOW).await;
    let alerts = async |filter: AlertFilter| {
        let rows = base.store.alerts(filter).await.unwrap();
        rows.into_iter()
            .map(|row| (row.topic.unwrap(), row.sink.unwrap(), row.state.unwrap()))
            .collect::<Vec<_>>()
    };
    let row = |topic: &str, sink: &str, state: &str| (topic.into(), sink.into(), state.into());
    let all = AlertFilter {
        limit: 9,
        ..AlertFilter::default()
    };
    let listed = alerts(all.clone()).await;
    assert_eq!(listed.len(), 4);
    assert_eq!(listed[0].0, "xi");
    let delivered = AlertFilter {
        state: Some("delivered".into()),
        ..all.clone()
    };
    assert_eq!(alerts(delivered).await, [row("sco", "b", "delivered")]);
    let waiting = AlertFilter {
        sink: Some("a".into()),
        topic: Some("sco".into()),
        since: Some(NOW),
        ..all
    };
    assert_eq!(alerts(waiting).await, [row("sco", "a", "waiting")]);

    let mentions = MentionFilter {
        feed: Some("two".into()),
        limit: 9,
        ..MentionFilter::default()
    };
    let mentions = base.store.mentions(mentions).await.unwrap();
    assert_eq!(mentions.len(), 1);
    assert_eq!(
        (mentions[0].topic.as_str(), mentions[0].found),
        ("xi", NOW + DAY)
    );
}

#[tokio::test]
async fn pruning_goes_from_texts_to_stories_and_leaves_what_is_young() {
    let base = base().await;
    base.commit(0, NOW, vec![entry(1, 1, 1, &["sco"])]).await;
    base.settle_all("a", Outcome::Delivered, NOW).await;
    base.settle_all("b", Outcome::Delivered, NOW).await;
    // The entry has left the document.
    base.commit(0, NOW + DAY * 2, vec![entry(2, 2, 2, &[])])
        .await;
    let prune = async |at| base.store.prune(KEEP, at).await.unwrap();

    assert_eq!(prune(NOW + DAY * 29).await, Pruned::default());
    assert_eq!(prune(NOW + DAY * 31).await.deliveries, 2);
    assert_eq!(base.count("mention"), 1);
    assert_eq!(prune(NOW + DAY * 91).await.entries, 1);
    assert_eq!((base.count("mention"), base.count("entry")), (0, 1));
    let known = base
        .store
        .known(base.row(0), vec![EntryKey([1; 16])])
        .await
        .unwrap();
    assert_eq!(known.len(), 1, "it is still seen");
    assert_eq!(
        base.count("alert"),
        1,
        "so it is not told again when it is edited"
    );
    let pruned = prune(NOW + DAY * 366).await;
    assert_eq!((pruned.seen, pruned.alerts, pruned.stories), (1, 1, 1));
    assert_eq!(base.store.totals().await.unwrap(), (2, 1), "counts stay");
    assert_eq!(
        base.sql()
            .query_row("PRAGMA foreign_key_check", [], |_| Ok(()))
            .ok(),
        None
    );
}

#[tokio::test]
async fn what_a_feed_still_serves_is_never_forgotten() {
    let base = base().await;
    base.commit(0, NOW, vec![entry(1, 1, 1, &["sco"])]).await;
    base.settle_all("a", Outcome::Delivered, NOW).await;
    base.settle_all("b", Outcome::Delivered, NOW).await;
    // Years of unchanged answers: the document of today still holds the entry.
    base.store.prune(KEEP, NOW + DAY * 3000).await.unwrap();
    let known = base
        .store
        .known(base.row(0), vec![EntryKey([1; 16])])
        .await
        .unwrap();
    assert_eq!(known.len(), 1);
    let edit = base
        .commit(0, NOW + DAY * 3001, vec![entry(1, 1, 2, &["sco"])])
        .await;
    assert_eq!(
        edit,
        committed(0, 1, 0, 0),
        "an edit after years tells nothing twice"
    );
    // Nor is it told by another feed that carries the same story.
    let copy = base
        .commit(1, NOW + DAY * 3001, vec![entry(5, 1, 5, &["sco"])])
        .await;
    assert_eq!(copy, committed(1, 0, 1, 0));
}

#[tokio::test]
async fn pruning_keeps_what_was_not_delivered() {
    let base = base().await;
    base.commit(0, NOW, vec![entry(1, 1, 1, &["sco"])]).await;
    base.commit(0, NOW + DAY * 2, vec![entry(2, 2, 2, &[])])
        .await;
    base.store.prune(KEEP, NOW + DAY * 3000).await.unwrap();
    assert_eq!(base.due("a", NOW + DAY * 3000).await.len(), 1);
}

#[tokio::test]
async fn pruning_removes_more_than_one_step_takes() {
    let base = base().await;
    let many = |n: u16| {
        let mut entry = entry(1, 1, 1, &[]);
        entry.key.0[..2].copy_from_slice(&n.to_be_bytes());
        entry.story.0[..2].copy_from_slice(&n.to_be_bytes());
        entry
    };
    base.commit(0, NOW, (0..2500).map(many).collect()).await;
    base.commit(0, NOW + DAY * 2, vec![entry(9, 9, 9, &[])])
        .await;
    let pruned = base.store.prune(KEEP, NOW + DAY * 400).await.unwrap();
    assert_eq!(
        (pruned.entries, pruned.seen, pruned.stories),
        (2500, 2500, 2500)
    );
    assert_eq!((base.count("entry"), base.count("seen")), (1, 1));
}

#[tokio::test]
async fn one_database_has_one_daemon_and_many_visitors() {
    let base = base().await;
    let path = base.folder.path().join("db");
    match Store::open(&path) {
        Err(StoreError::Locked { holder, .. }) => {
            assert_eq!(holder, Some(std::process::id().to_string()));
        }
        other => panic!("{other:?}"),
    }
    let beside = Store::open_beside(&path).unwrap();
    assert!(!beside.resume_sink("a".into()).await.unwrap());
    beside.close();
    let reader = Store::open_read_only(&path).unwrap();
    assert_eq!(reader.feed_states().await.unwrap().len(), 2);
    let refused = reader.resume_sink("a".into()).await;
    assert!(matches!(refused, Err(StoreError::ReadOnly)));
    drop(reader);
    base.store.close();
    Store::open(&path).unwrap();
}

#[test]
fn a_database_that_is_not_there_is_not_made_by_a_visitor() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("db");
    assert!(matches!(
        Store::open_read_only(&path),
        Err(StoreError::Missing(_))
    ));
    assert!(matches!(
        Store::open_beside(&path),
        Err(StoreError::Missing(_))
    ));
    assert!(!path.exists());
}

#[tokio::test]
async fn a_later_or_damaged_database_is_refused_and_left_alone() {
    let base = base().await;
    let path = base.folder.path().join("db");
    base.sql().pragma_update(None, "user_version", 99).unwrap();
    base.store.close();
    let before = std::fs::read(&path).unwrap();
    for open in [Store::open, Store::open_beside, Store::open_read_only] {
        assert!(matches!(
            open(&path),
            Err(StoreError::Newer { found: 99, .. })
        ));
    }
    assert_eq!(std::fs::read(&path).unwrap(), before);
    std::fs::write(&path, "this is no database, it is a text of some length").unwrap();
    assert!(matches!(Store::open(&path), Err(StoreError::Corrupt(_))));
}

#[tokio::test]
async fn the_hot_queries_use_their_indexes() {
    let base = base().await;
    let conn = base.sql();
    let plan = |sql: &str| {
        let mut statement = conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let rows = statement
            .query_map([], |row| row.get::<_, String>(3))
            .unwrap();
        rows.map(Result::unwrap).collect::<Vec<_>>().join("\n")
    };
    for sql in [
        "SELECT d.id, a.detail, s.key, f.name FROM delivery d JOIN alert a ON a.id = d.alert_id
           LEFT JOIN story s ON s.id = a.story_id LEFT JOIN feed f ON f.id = a.feed_id
           WHERE d.state = 'waiting' AND d.sink = 'a' AND d.next_attempt_ms <= 1
           ORDER BY d.next_attempt_ms, d.id LIMIT 64",
        "SELECT min(next_attempt_ms) FROM delivery WHERE state = 'waiting' AND sink = 'a'",
        "SELECT text_hash FROM seen WHERE feed_id = 1 AND key = x'00'",
        "SELECT count(*) FROM delivery WHERE state = 'waiting'",
    ] {
        let plan = plan(sql);
        assert!(!plan.contains("TEMP B-TREE"), "{sql}\n{plan}");
        let scans = plan
            .lines()
            .filter(|l| l.starts_with("SCAN") && !l.contains("INDEX"));
        assert_eq!(scans.count(), 0, "{sql}\n{plan}");
    }
}
