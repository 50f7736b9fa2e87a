//! One poll, one transaction: entries, stories, alerts and the schedule.

use super::*;

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
    let early = NOW - DAY;
    let next = async |id| {
        base.store
            .due(sink(id), early, 9, false)
            .await
            .unwrap()
            .next
    };
    assert_eq!((next("a").await, next("b").await), (None, Some(NOW)));
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
    // The last row to be written is refused.
    base.refuse("delivery", "sink = 'broken'");
    let before = base.dump("");
    let mut bad = entry(2, 2, 2, &["sco"]);
    if let Some(alert) = &mut bad.mentions[0].alert {
        alert.routes.push(route("broken", 1));
    }
    let record = document(base.row(0), NOW, vec![entry(1, 1, 1, &["sco"]), bad]);
    assert!(base.store.commit_poll(record).await.is_err());
    assert_eq!(base.dump(""), before);
}

#[tokio::test]
async fn what_was_committed_is_there_after_a_crash() {
    let base = file_base().await;
    base.commit(0, NOW, vec![entry(1, 1, 1, &["sco"])]).await;
    // A copy of the files as they are, without closing, is what a killed process leaves.
    let copy = tempfile::tempdir().unwrap();
    for name in ["db", "db-wal"] {
        std::fs::copy(base.folder.path().join(name), copy.path().join(name)).unwrap();
    }
    let store = Store::open(&copy.path().join("db")).unwrap();
    let outbox = store.due(sink("a"), NOW, 9, false).await.unwrap();
    assert_eq!(outbox.due.len(), 1);
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
