//! The history is found by its texts, from the commit that records an entry until it is removed.

use super::*;
use crate::search::{Query, Test, query};

const HOUR: Duration = Duration::from_hours(1);

fn asked(text: &str) -> Query {
    query(text, NOW).unwrap()
}

/// An entry with these texts.
fn telling(key: u8, title: &str, summary: &str, topics: &[&str]) -> EntryRecord {
    let mut record = entry(key, key, key, topics);
    record.entry.title = title.to_owned();
    record.entry.summary = summary.to_owned();
    record.tokens = EntryTokens::of_entry(&record.entry);
    record
}

fn page(order: SearchOrder, limit: usize, after: Option<i64>) -> SearchPage {
    SearchPage {
        order,
        limit,
        after,
    }
}

impl Base {
    async fn search(&self, text: &str) -> Vec<SearchRow> {
        let found = self.store.search(asked(text), SearchPage::default());
        found.await.unwrap().rows
    }

    /// The numbers of the entries that are found.
    async fn found(&self, text: &str) -> Vec<i64> {
        let rows = self.search(text).await;
        rows.iter().map(|row| row.entry).collect()
    }
}

#[tokio::test]
async fn an_entry_is_found_as_it_was_written_with_all_that_is_known_of_it() {
    let base = base().await;
    let mut record = telling(
        1,
        "ERDOĞAN in Astana",
        "A visit of Erdoğan’s.",
        &["xi", "sco"],
    );
    record.language = Some("tr".into());
    record.entry.published = Some(NOW - HOUR);
    base.commit(0, NOW, vec![record]).await;
    let rows = base.search("erdogan").await;
    let expected = SearchRow {
        entry: 1,
        story: StoryKey([1; 16]),
        feed: "one".into(),
        source: "The one".into(),
        title: crate::search::Marked {
            text: "ERDOĞAN in Astana".into(),
            hits: vec![(0, 8)],
        },
        link: Some("https://example.org/1".into()),
        language: Some("tr".into()),
        published: Some(NOW - HOUR),
        first_seen: NOW,
        topics: vec!["sco".into(), "xi".into()],
        snippet: crate::search::Marked {
            text: "A visit of Erdoğan’s.".into(),
            hits: vec![(11, 19)],
        },
    };
    assert_eq!(rows, [expected]);
}

#[tokio::test]
async fn a_revision_and_a_page_take_the_place_of_what_was_indexed() {
    let base = base().await;
    let mut first = telling(1, "Morning", "", &[]);
    first.page = Some("https://example.org/1".into());
    base.commit(0, NOW, vec![first]).await;
    let mut revised = telling(1, "Evening", "", &[]);
    revised.text_hash = TextHash([9; 16]);
    base.commit(0, NOW + HOUR, vec![revised]).await;
    assert_eq!(base.found("morning").await, [0_i64; 0]);
    assert_eq!(base.found("evening").await, [1]);
    let page = base.store.waiting_pages(None, 9, 9).await.unwrap()[0].id;
    let outcome = PageOutcome::Read {
        text: "Night".into(),
        language: None,
        fingerprint: None,
        window: DAY,
        tokens: Box::new(EntryTokens::of("Evening", "", "Night")),
        mentions: vec![],
    };
    let (revision, at) = (1, NOW + HOUR);
    let record = PageRecord {
        page,
        revision,
        at,
        outcome,
    };
    base.store.commit_page(record).await.unwrap();
    assert_eq!(base.found("evening night").await, [1]);
}

#[tokio::test]
async fn what_fails_leaves_nothing_in_the_index() {
    let base = base().await;
    base.refuse("mention", "topic = 'bad'");
    let bad = document(base.row(0), NOW, vec![telling(1, "Wrong", "", &["bad"])]);
    let good = document(base.row(1), NOW, vec![telling(2, "Right", "", &["sco"])]);
    let (failed, recorded) =
        tokio::join!(base.store.commit_poll(bad), base.store.commit_poll(good));
    assert!(failed.is_err() && recorded.is_ok());
    assert_eq!(base.found("wrong").await, [0_i64; 0]);
    assert_eq!(base.found("right").await.len(), 1);
    assert_eq!(base.store.check_index().await.unwrap().indexed, 1);
}

#[tokio::test]
async fn what_is_pruned_is_found_no_more() {
    let base = base().await;
    base.commit(0, NOW, vec![telling(1, "Old", "", &[])]).await;
    base.commit(
        0,
        NOW + DAY * 100,
        vec![telling(2, "Old but later", "", &[])],
    )
    .await;
    assert_eq!(base.found("old").await, [2, 1]);
    base.store.prune(KEEP, NOW + DAY * 101).await.unwrap();
    assert_eq!(base.found("old").await, [2]);
    assert_eq!(base.store.check_index().await.unwrap().indexed, 1);
}

#[tokio::test]
async fn conditions_narrow_what_is_found_also_without_a_word() {
    let base = base().await;
    let mut first = telling(1, "SCO", "", &["sco"]);
    first.language = Some("pt-BR".into());
    base.commit(0, NOW, vec![first]).await;
    let mut second = telling(2, "SCO", "", &["sco", "xi"]);
    second.language = Some("ru".into());
    base.commit(1, NOW + HOUR, vec![second]).await;
    base.commit(1, NOW + HOUR * 2, vec![telling(3, "SCO", "", &[])])
        .await;
    let until = (NOW + HOUR).to_string();
    for (conditions, expected) in [
        ("", vec![3, 2, 1]),
        ("topic:xi", vec![2]),
        ("-topic:xi", vec![3, 1]),
        ("topic:(xi OR sco)", vec![2, 1]),
        ("topic:xi topic:sco", vec![2]),
        ("feed:one", vec![1]),
        ("source:\"the TWO\"", vec![3, 2]),
        ("source:the*", vec![3, 2, 1]),
        ("source:the", vec![]),
        ("lang:pt", vec![1]),
        ("-lang:pt", vec![3, 2]),
        ("lang:(PT-br OR ru)", vec![2, 1]),
        (&format!("until:\"{until}\""), vec![1]),
        (&format!("since:\"{until}\""), vec![3, 2]),
        ("since:2100-01-01", vec![]),
    ] {
        assert_eq!(
            base.found(&format!("sco {conditions}")).await,
            expected,
            "{conditions}"
        );
        if !conditions.is_empty() {
            assert_eq!(base.found(conditions).await, expected, "{conditions} alone");
        }
        let ranked = asked(&format!("sco {conditions}"));
        let found = base
            .store
            .search(ranked, page(SearchOrder::Relevance, 9, None));
        assert_eq!(
            found.await.unwrap().rows.len(),
            expected.len(),
            "{conditions} ranked"
        );
    }
    let composed = Query::everything().and(Test::Feed(vec!["one".into()]));
    let found = base.store.search(composed, SearchPage::default()).await;
    assert_eq!(found.unwrap().rows.len(), 1);
}

#[tokio::test]
async fn what_mentions_a_topic_comes_each_once_however_far_back() {
    let base = base().await;
    for n in 1..=12 {
        let topics: &[&str] = if n % 5 == 0 { &[] } else { &["sco"] };
        base.commit(0, NOW, vec![telling(n, "Words", "", topics)])
            .await;
    }
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = page(SearchOrder::Date, 3, after);
        let found = base.store.search(asked("topic:sco"), page).await.unwrap();
        seen.extend(found.rows.iter().map(|row| row.entry));
        after = found.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen, [12, 11, 9, 8, 7, 6, 4, 3, 2, 1]);
}

#[tokio::test]
async fn titles_weigh_more_and_pages_follow_one_another() {
    let base = base().await;
    let entries = (1..=5).map(|n| match n {
        2 => telling(n, "The summit", "of today", &[]),
        _ => telling(n, "The day", "and its summit", &[]),
    });
    base.commit(0, NOW, entries.collect()).await;
    for (order, expected) in [
        (SearchOrder::Date, [5, 4, 3, 2, 1]),
        (SearchOrder::Relevance, [2, 5, 4, 3, 1]),
    ] {
        let (mut after, mut all) = (None, Vec::new());
        loop {
            let found = base
                .store
                .search(asked("summit"), page(order, 2, after))
                .await
                .unwrap();
            all.extend(found.rows.iter().map(|row| row.entry));
            after = found.next;
            if after.is_none() {
                break;
            }
            assert_eq!(found.rows.len(), 2);
        }
        assert_eq!(all, expected);
    }
}

#[tokio::test]
async fn entries_of_before_the_index_are_indexed_in_steps_that_go_on_after_a_restart() {
    let base = file_base().await;
    let entries = (1..=5).map(|n| telling(n, "Before the index", "", &[]));
    base.commit(0, NOW, entries.collect()).await;
    // As a migration leaves it.
    base.sql()
        .execute_batch("DELETE FROM search; INSERT INTO search_backlog SELECT max(id) FROM entry")
        .unwrap();
    base.commit(0, NOW + HOUR, vec![telling(6, "After the index", "", &[])])
        .await;
    assert_eq!(base.store.index_missing(2).await.unwrap(), 2);
    assert_eq!(base.found("index").await, [6, 5, 4], "the latest first");
    let mut revised = telling(1, "The index, revised", "", &[]);
    revised.text_hash = TextHash([9; 16]);
    base.commit(0, NOW + HOUR, vec![revised]).await;
    let again = base
        .store
        .search(asked("index"), SearchPage::default())
        .await;
    assert!(again.unwrap().is_incomplete);
    let Base { store, folder, .. } = base;
    store.close();
    let store = Store::open(&folder.path().join("db")).unwrap();
    assert_eq!(store.index_missing(2).await.unwrap(), 2);
    assert_eq!(store.index_missing(2).await.unwrap(), 1);
    assert_eq!(store.index_missing(2).await.unwrap(), 0);
    let found = store
        .search(asked("index"), SearchPage::default())
        .await
        .unwrap();
    assert_eq!(found.rows.len(), 6);
    assert!(!found.is_incomplete);
    let revised = store.search(asked("revised"), SearchPage::default()).await;
    assert_eq!(revised.unwrap().rows.len(), 1);
    let before = store.search(asked("before"), SearchPage::default()).await;
    assert_eq!(before.unwrap().rows.len(), 4);
}
