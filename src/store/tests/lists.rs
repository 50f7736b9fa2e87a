//! What the API reads: pages, what was recorded since, stories, activity, figures.

use super::*;
use crate::store::{AlertPlace, AlertQuery, MentionPlace};

const HOUR: Duration = Duration::from_hours(1);

/// Five entries with mentions of the same moment, in two feeds.
async fn filled() -> Base {
    fill(base().await).await
}

/// The same in a file, for what is about SQLite.
async fn file_filled() -> Base {
    fill(file_base().await).await
}

async fn fill(base: Base) -> Base {
    for n in 1..=5 {
        let feed = usize::from(n % 2);
        base.commit(feed, NOW, vec![entry(n, n, n, &["sco"])]).await;
    }
    base
}

#[tokio::test]
async fn mentions_of_one_moment_are_paged_without_repeats_while_others_come_in() {
    let base = filled().await;
    let (mut ids, mut behind) = (Vec::new(), None);
    loop {
        let filter = MentionFilter {
            behind,
            limit: 2,
            ..MentionFilter::default()
        };
        let rows = base.store.mentions(filter).await.unwrap();
        let Some(last) = rows.last() else { break };
        let (found, id) = (last.found, last.id);
        behind = Some(MentionPlace { found, id });
        ids.extend(rows.iter().map(|row| row.id));
        let key = 50 + u8::try_from(ids.len()).unwrap();
        base.commit(0, NOW + HOUR, vec![entry(key, key, key, &["sco"])])
            .await;
    }
    assert_eq!(ids, [5, 4, 3, 2, 1]);
}

#[tokio::test]
async fn what_was_recorded_since_comes_in_its_order_and_once() {
    let base = file_filled().await;
    let all = MentionFilter {
        limit: 9,
        ..MentionFilter::default()
    };
    let after = async |place| {
        let rows = base.store.mentions_after(place, all.clone()).await.unwrap();
        rows.iter().map(|row| row.id).collect::<Vec<_>>()
    };
    let third = base.store.last_mention(Some(3)).await.unwrap();
    assert_eq!((third.id, third.found), (3, NOW));
    assert_eq!(after(third).await, [4, 5]);
    let last = base.store.last_mention(None).await.unwrap();
    assert!(after(last).await.is_empty());
    // One that a poll found earlier and committed later.
    base.commit(0, NOW - HOUR, vec![entry(9, 9, 9, &["sco"])])
        .await;
    assert_eq!(after(last).await, [6]);
    // The newest is removed, and its number given again.
    base.sql()
        .execute_batch("DELETE FROM mention WHERE id >= 5")
        .unwrap();
    base.commit(0, NOW + HOUR, vec![entry(10, 10, 10, &["sco"])])
        .await;
    assert_eq!(after(last).await, [5]);
}

#[tokio::test]
async fn alerts_are_paged_with_all_their_deliveries() {
    let base = filled().await;
    base.settle_all("b", Outcome::Delivered, NOW).await;
    let list = async |query: AlertQuery| base.store.list_alerts(query).await.unwrap();
    let (mut ids, mut behind) = (Vec::new(), None);
    loop {
        let query = AlertQuery {
            behind,
            limit: 2,
            ..AlertQuery::default()
        };
        let page = list(query).await;
        let Some(end) = page.last() else { break };
        let (created, id) = (end.created, end.id.clone());
        behind = Some(AlertPlace { created, id });
        assert!(page.iter().all(|alert| alert.deliveries.len() == 2));
        ids.extend(page.into_iter().map(|alert| alert.id));
    }
    assert_eq!(ids.len(), 5);
    assert!(ids.is_sorted());
    let of = async |state: &str, sink: &str| {
        let query = AlertQuery {
            state: Some(state.to_owned()),
            sink: Some(sink.to_owned()),
            limit: 9,
            ..AlertQuery::default()
        };
        list(query).await.len()
    };
    assert_eq!(of("delivered", "b").await, 5);
    assert_eq!(of("waiting", "a").await, 5);
    // Both hold, but not of one and the same delivery.
    assert_eq!(of("delivered", "a").await, 0);
    assert_eq!(of("waiting", "b").await, 0);
}

#[tokio::test]
async fn a_story_that_joined_another_is_found_by_either_key() {
    let base = base().await;
    base.commit(0, NOW, vec![entry(1, 1, 1, &["sco"])]).await;
    base.commit(1, NOW + HOUR, vec![entry(2, 2, 2, &["sco"])])
        .await;
    base.sql()
        .execute_batch(
            "INSERT INTO story_join VALUES (2, 1, 2, 1, 0.9, 0); UPDATE entry SET story_id = 1",
        )
        .unwrap();
    let first = base.store.story(StoryKey([1; 16])).await.unwrap().unwrap();
    assert_eq!((first.key, first.first_seen), (StoryKey([1; 16]), NOW));
    assert_eq!(first.entries.len(), 2);
    let second = base.store.story(StoryKey([2; 16])).await.unwrap();
    assert_eq!(second, Some(first));
    let unknown = base.store.story(StoryKey([3; 16])).await.unwrap();
    assert_eq!(unknown, None);
}

#[tokio::test]
async fn activity_and_figures_count_what_is_there() {
    let base = filled().await;
    let topics = vec!["sco".to_owned(), "xi".to_owned()];
    let activity = base.store.topic_activity(topics, NOW).await.unwrap();
    assert_eq!((activity[0].last, activity[0].total), (Some(NOW), 5));
    assert_eq!((activity[1].last, activity[1].total), (None, 0));
    let later = base.store.topic_activity(vec!["sco".into()], NOW + DAY * 3);
    assert_eq!(later.await.unwrap()[0].day, 0);
    let figures = base.store.figures().await.unwrap();
    assert_eq!((figures.rows["entry"], figures.mentions["sco"]), (5, 5));
    assert_eq!(figures.deliveries[&("a".into(), "waiting")], 5);
    assert_eq!(figures.oldest_waiting["a"], NOW);
    assert_eq!(figures.last_entry, Some(NOW));
    assert!(figures.sizes.file > 0);
    // A server's log and disk are its own.
    let is_file = base.store.path().is_some();
    assert_eq!(figures.sizes.wal > 0, is_file);
    assert_eq!(figures.sizes.disk_available.is_some(), is_file);
    assert!(base.store.try_writing().await.is_ok());
}

#[tokio::test]
async fn mentions_are_counted_on_and_never_fall() {
    let base = filled().await;
    let count = async || base.store.figures().await.unwrap().mentions["sco"];
    assert_eq!(count().await, 5);
    assert_eq!(count().await, 5);
    base.commit(0, NOW, vec![entry(6, 6, 6, &["sco"])]).await;
    assert_eq!(count().await, 6);
    // Such as by a rematch, when a topic no longer says so.
    base.sql()
        .execute_batch("DELETE FROM mention WHERE id > 3")
        .unwrap();
    assert_eq!(count().await, 6);
    base.commit(0, NOW, vec![entry(7, 7, 7, &["sco"])]).await;
    assert_eq!(count().await, 7);
}

#[tokio::test]
async fn figures_tell_which_sinks_stand_still_and_what_is_given_up() {
    let base = filled().await;
    base.store
        .register_sinks(vec![(sink("a"), [0; 16]), (sink("b"), [0; 16])])
        .await
        .unwrap();
    base.store
        .stop_sink(sink("a"), "gone".into(), NOW)
        .await
        .unwrap();
    let dead = Outcome::Dead {
        error: "no".into(),
        response: None,
    };
    base.settle_all("b", dead, NOW).await;
    let figures = base.store.figures().await.unwrap();
    let stopped = |id: &str| (figures.sinks[id].stopped, figures.sinks[id].paused);
    assert_eq!(
        (stopped("a"), stopped("b")),
        ((true, false), (false, false))
    );
    assert_eq!(figures.deliveries[&("b".into(), "dead")], 5);
    assert_eq!(figures.deliveries.get(&("b".into(), "waiting")), None);
    assert_eq!(figures.oldest_waiting.get("b"), None);
}

#[tokio::test]
async fn mentions_in_order_are_paged_and_never_sorted() {
    let base = file_filled().await;
    base.commit(0, NOW - HOUR, vec![entry(9, 9, 9, &["sco"])])
        .await;
    let read = async |filter: MentionFilter| {
        let rows = base.store.mentions_in_order(filter).await.unwrap();
        rows.iter().map(|row| row.id).collect::<Vec<_>>()
    };
    let page = |behind| MentionFilter {
        behind,
        limit: 4,
        ..MentionFilter::default()
    };
    assert_eq!(read(page(None)).await, [6, 1, 2, 3]);
    let (found, id) = (NOW, 3);
    let behind = Some(MentionPlace { found, id });
    assert_eq!(read(page(behind)).await, [4, 5]);
    let filters = [
        page(behind),
        MentionFilter {
            feed: Some("two".to_owned()),
            language: Some("en".to_owned()),
            until: Some(NOW),
            ..page(behind)
        },
        MentionFilter {
            topic: Some("sco".to_owned()),
            since: Some(NOW),
            ..page(None)
        },
    ];
    // Also where statistics say that there are few feeds and many mentions of each topic.
    for statistics in ["", "ANALYZE"] {
        let conn = base.sql();
        conn.execute_batch(statistics).unwrap();
        for filter in filters.clone() {
            let plan = history::plan(&conn, filter).unwrap();
            assert!(plan.contains("SEARCH m USING INDEX mention_"), "{plan}");
            assert!(!plan.contains("TEMP B-TREE"), "{plan}");
        }
    }
}

#[tokio::test]
async fn a_page_of_mentions_costs_the_same_wherever_it_is() {
    let base = file_base().await;
    let at = |n: u8| NOW + HOUR * u32::from(n);
    for n in 0..100 {
        base.commit(0, at(n), vec![entry(n, n, n, &["a", "b", "c", "d", "e"])])
            .await;
    }
    let page = |behind: Option<(u8, i64)>, topic: Option<&str>| MentionFilter {
        topic: topic.map(str::to_owned),
        since: Some(NOW - HOUR),
        until: Some(at(200)),
        behind: behind.map(|(n, id)| MentionPlace { found: at(n), id }),
        limit: 10,
        ..MentionFilter::default()
    };
    let conn = base.sql();
    for topic in [None, Some("c")] {
        let cost = |behind| history::costs(&conn, page(behind, topic)).unwrap();
        let (first, early, late) = (cost(None), cost(Some((20, 105))), cost(Some((80, 405))));
        for (newest_first, in_order) in [(early, late), (late, early)] {
            assert!(
                newest_first[0] < first[0] * 3 / 2,
                "{first:?} {newest_first:?}"
            );
            assert!(in_order[1] < first[1] * 3 / 2, "{first:?} {in_order:?}");
        }
    }
}

#[tokio::test]
async fn a_mention_whose_entry_is_gone_is_told_and_not_left_out() {
    let base = file_filled().await;
    base.sql()
        .execute_batch("PRAGMA foreign_keys = off; DELETE FROM entry WHERE id = 2")
        .unwrap();
    let read = base.store.mentions_in_order(MentionFilter {
        limit: 9,
        ..MentionFilter::default()
    });
    let error = read.await.unwrap_err();
    assert!(
        error.to_string().contains("mention 2 lacks its entry"),
        "{error}"
    );
}
