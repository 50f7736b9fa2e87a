//! The history is read in order and bounded pages; what is found in it is recorded and told once.

use super::*;
use crate::trends::QUARTER_MS;

const HOUR: Duration = Duration::from_hours(1);

impl Base {
    async fn history(&self) -> Vec<HistoryEntry> {
        let start = HistoryPlace::before(Timestamp::from_millis(0));
        let page = self.store.history_page(start, NOW + DAY * 99, 100);
        page.await.unwrap()
    }

    /// Records these topics for an entry of the history, to be told.
    async fn rematch(&self, entry: &HistoryEntry, topics: &[&str]) -> RematchCommitted {
        let record = record(entry, topics);
        let committed = self.store.commit_rematch(vec![record], NOW + DAY * 2);
        committed.await.unwrap()
    }
}

fn record(entry: &HistoryEntry, topics: &[&str]) -> RematchRecord {
    RematchRecord {
        place: entry.place,
        version: entry.version,
        mentions: topics.iter().map(|t| mention(t, entry.story)).collect(),
        gone: vec![],
    }
}

fn changes(topic: &str, changes: &[Change]) -> RematchCommitted {
    let topic = TopicId::new(topic).unwrap();
    RematchCommitted {
        changes: changes.iter().map(|c| (topic.clone(), *c)).collect(),
        skipped: 0,
    }
}

#[tokio::test]
async fn the_history_is_read_page_by_page_in_the_order_of_its_age() {
    let base = file_base().await;
    for (n, age) in [(1, DAY * 2), (2, DAY), (3, DAY)] {
        base.commit(0, NOW - age, vec![entry(n, n, n, &[])]).await;
    }
    let store = &base.store;
    assert_eq!(store.history_size(NOW - DAY, NOW).await.unwrap(), 2);
    let mut place = HistoryPlace::before(NOW - DAY * 2);
    let mut titles = Vec::new();
    loop {
        let page = store.history_page(place, NOW, 2).await.unwrap();
        let Some(last) = page.last() else { break };
        place = last.place;
        titles.push(
            page.iter()
                .map(|e| e.entry.title.clone())
                .collect::<Vec<_>>(),
        );
    }
    assert_eq!(titles, [vec!["title 1", "title 2"], vec!["title 3"]]);
    let page = store.history_page(HistoryPlace::before(NOW - DAY), NOW, 9);
    assert_eq!(page.await.unwrap().len(), 2);
    let sql = format!("EXPLAIN QUERY PLAN {}", past::PAGE);
    let conn = base.sql();
    let mut statement = conn.prepare(&sql).unwrap();
    let rows = statement.query_map([0, 0, 0, 0], |row| row.get::<_, String>(3));
    let plan: Vec<_> = rows.unwrap().map(Result::unwrap).collect();
    assert!(plan[0].contains("entry_age (first_seen_ms>"), "{plan:?}");
    assert!(plan.iter().all(|step| !step.contains("TEMP")), "{plan:?}");
}

#[tokio::test]
async fn long_texts_make_short_pages() {
    let base = base().await;
    let long = |key| EntryRecord {
        entry: Entry {
            content: "x".repeat(5 << 20),
            ..entry(key, key, key, &[]).entry
        },
        ..entry(key, key, key, &[])
    };
    base.commit(0, NOW, vec![long(1), long(2), long(3)]).await;
    assert_eq!(base.history().await.len(), 2);
}

#[tokio::test]
async fn a_topic_is_counted_once_per_entry_and_told_once_per_story() {
    let base = base().await;
    base.commit(0, NOW, vec![entry(1, 1, 1, &[])]).await;
    base.commit(1, NOW + HOUR, vec![entry(2, 1, 2, &["xi"])])
        .await;
    let [one, two] = &base.history().await[..] else {
        panic!("two entries");
    };
    let would = base
        .store
        .rematch_would_tell(vec![record(one, &["sco"]), record(two, &["sco", "xi"])]);
    assert_eq!(
        would.await.unwrap(),
        vec![(TopicId::new("sco").unwrap(), one.story); 2]
    );
    let first = base.rematch(one, &["sco"]).await;
    assert_eq!(first, changes("sco", &[Change::Added, Change::Told]));
    assert_eq!(
        base.rematch(two, &["sco"]).await,
        changes("sco", &[Change::Added])
    );
    for entry in [one, two] {
        assert_eq!(base.rematch(entry, &["sco"]).await, changes("sco", &[]));
    }
    assert_eq!(base.count("alert WHERE topic = 'sco'"), 1);
    assert_eq!(base.due("a", NOW + DAY * 2).await.len(), 2);
    let quarter = NOW.as_millis() / QUARTER_MS;
    assert_eq!(
        base.count(&format!(
            "series WHERE topic = 'sco' AND quarter = {quarter}"
        )),
        1,
        "counted when it was seen, not when it was looked for"
    );
    let would = base.store.rematch_would_tell(vec![record(two, &["sco"])]);
    assert_eq!(would.await.unwrap(), []);
}

#[tokio::test]
async fn what_was_told_under_a_link_that_an_edit_took_away_is_not_told_again() {
    let base = base().await;
    base.commit(0, NOW, vec![entry(1, 1, 1, &["sco"])]).await;
    base.commit(0, NOW + HOUR, vec![entry(1, 7, 2, &["sco"])])
        .await;
    // An entry of the same poll that was too old to be told, edited too.
    let mut untold = entry(2, 2, 1, &["sco"]);
    untold.mentions[0].alert = None;
    base.commit(0, NOW, vec![untold]).await;
    let mut edited = entry(2, 2, 2, &["sco"]);
    edited.mentions[0].alert = None;
    base.commit(0, NOW + HOUR, vec![edited]).await;
    let [moved, untold] = &base.history().await[..] else {
        panic!("two entries");
    };
    let would = base.store.rematch_would_tell(vec![record(moved, &["sco"])]);
    assert_eq!(would.await.unwrap(), []);
    assert_eq!(base.rematch(moved, &["sco"]).await, changes("sco", &[]));
    let told = base.rematch(untold, &["sco"]).await;
    assert_eq!(told, changes("sco", &[Change::Told]));
}

#[tokio::test]
async fn an_entry_that_got_another_text_meanwhile_is_left_alone() {
    let base = base().await;
    base.commit(0, NOW, vec![entry(1, 1, 1, &[])]).await;
    let before = base.history().await;
    base.commit(0, NOW + HOUR, vec![entry(1, 1, 2, &[])]).await;
    assert_eq!(base.rematch(&before[0], &["sco"]).await.skipped, 1);
    let record = record(&before[0], &["sco"]);
    assert_eq!(
        base.store.rematch_would_tell(vec![record]).await.unwrap(),
        []
    );
    assert_eq!((base.count("mention"), base.count("alert")), (0, 0));
}

#[tokio::test]
async fn a_recorded_mention_fits_while_the_text_in_which_it_was_found_is_kept() {
    let base = base().await;
    let mut one = entry(1, 1, 1, &["sco"]);
    one.entry.title = "term 1".into();
    base.commit(0, NOW, vec![one]).await;
    base.sql()
        .execute_batch("UPDATE mention SET score = NULL")
        .unwrap();
    let known = base.history().await[0].known.clone();
    let expected = KnownMention {
        topic: "sco".into(),
        has_score: false,
        fits: true,
    };
    assert_eq!(known, [expected]);
    let scored = base.rematch(&base.history().await[0], &["sco"]).await;
    assert_eq!(scored, changes("sco", &[Change::Scored]));
    let known = base.history().await[0].known.clone();
    assert!(known[0].has_score && known[0].fits);
    base.commit(0, NOW + HOUR, vec![entry(1, 1, 2, &[])]).await;
    assert!(!base.history().await[0].known[0].fits, "edited");
}

#[tokio::test]
async fn a_removed_mention_leaves_the_counts_and_what_was_told_stays_told() {
    let base = base().await;
    base.commit(0, NOW, vec![entry(1, 1, 1, &["sco", "xi"])])
        .await;
    let entry = &base.history().await[0];
    let gone = vec![TopicId::new("sco").unwrap()];
    let remove = |gone: &[TopicId]| RematchRecord {
        gone: gone.to_vec(),
        ..record(entry, &[])
    };
    let removed = base.store.commit_rematch(vec![remove(&gone)], NOW + HOUR);
    assert_eq!(removed.await.unwrap(), changes("sco", &[Change::Removed]));
    let again = base.store.commit_rematch(vec![remove(&gone)], NOW + HOUR);
    assert_eq!(again.await.unwrap(), changes("sco", &[]));
    assert_eq!(base.count("mention"), 1);
    assert_eq!(base.count("series WHERE topic <> '' AND mentions > 0"), 1);
    assert_eq!((base.count("alert"), base.count("delivery")), (2, 4));
    let back = base.rematch(entry, &["sco"]).await;
    assert_eq!(
        back,
        changes("sco", &[Change::Added]),
        "recorded, not told again"
    );
}
