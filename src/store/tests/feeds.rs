//! Registering feeds, and what a changed URL or a visitor may do.

use super::*;

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
    let same = base
        .store
        .register_feeds(&same, Timestamp::now())
        .await
        .unwrap();
    assert!(same[0].gone && same[0].row == row);
    let state = base.store.feed_state(row).await.unwrap();
    assert_eq!(
        state.validators.unwrap().etag.unwrap(),
        b"\"\xff\"",
        "byte for byte"
    );

    let other = [feed("one", "https://one.example/atom")];
    let other = base
        .store
        .register_feeds(&other, Timestamp::now())
        .await
        .unwrap();
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
    base.store
        .register_feeds(&other, Timestamp::now())
        .await
        .unwrap();
    let before = base.dump("left_url");
    let gone = poll(row, NOW, PollStatus::Gone);
    base.store.commit_poll(gone).await.unwrap();
    base.commit(0, NOW, vec![entry(1, 1, 1, &["sco"])]).await;
    assert_eq!(base.dump("left_url"), before);
}

#[tokio::test]
async fn a_visitor_does_not_migrate_under_a_running_daemon() {
    let base = file_base().await;
    let path = base.folder.path().join("db");
    base.file().pragma_update(None, "user_version", 0).unwrap();
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
async fn the_last_poll_of_a_url_is_known_whichever_feed_made_it() {
    let base = base().await;
    let last_poll = async |id: &str, url: &str| {
        base.store
            .register_feeds(&[feed(id, url)], Timestamp::now())
            .await
            .unwrap()[0]
            .last_poll
    };
    let url = "https://one.example/rss";
    base.store
        .commit_poll(poll(base.row(0), NOW, PollStatus::Ok))
        .await
        .unwrap();
    assert_eq!(last_poll("renamed", url).await, Some(NOW), "another id");
    let elsewhere = "https://one.example/atom";
    assert_eq!(last_poll("one", elsewhere).await, None, "another URL");
    assert_eq!(last_poll("one", url).await, Some(NOW), "and back");
    let mut late = poll(base.row(0), NOW + Duration::from_secs(9), PollStatus::Ok);
    late.url = elsewhere.into();
    base.store.commit_poll(late).await.unwrap();
    assert_eq!(
        last_poll("one", elsewhere).await,
        Some(NOW + Duration::from_secs(9)),
        "a poll that ended after its URL was replaced"
    );
}

#[tokio::test]
async fn a_time_that_a_wrong_clock_wrote_hides_no_believable_one() {
    let base = base().await;
    let (now, ahead) = (NOW + Duration::from_mins(2), NOW + Duration::from_hours(9));
    base.store
        .commit_poll(poll(base.row(0), NOW, PollStatus::Ok))
        .await
        .unwrap();
    let register = async |id: &str| {
        let feeds = [feed(id, URL[0])];
        base.store
            .register_feeds(&feeds, now)
            .await
            .unwrap()
            .remove(0)
    };
    let renamed = register("renamed").await.row;
    let mut wrong = poll(base.row(0), ahead, PollStatus::Ok);
    wrong.feed = renamed;
    wrong.next_poll = Some(ahead + Duration::from_hours(1));
    base.store.commit_poll(wrong).await.unwrap();
    for id in ["one", "renamed"] {
        assert_eq!(register(id).await.last_poll, Some(NOW), "{id}");
    }
    assert_eq!(register("renamed").await.next_poll, None);
    // It may have been asked just before a crash.
    let (crash, floor) = (NOW + Duration::from_secs(30), Duration::from_mins(5));
    base.store
        .rest_after_crash(crash, crash, floor)
        .await
        .unwrap();
    let renamed = register("renamed").await;
    assert!(renamed.next_poll.unwrap() >= crash + floor);
    assert_eq!(renamed.last_poll, Some(crash));
}

#[tokio::test]
async fn feeds_that_were_due_at_a_crash_rest_for_the_floor_and_only_once() {
    let base = base().await;
    let floor = Duration::from_mins(5);
    let mut ok = poll(base.row(0), NOW, PollStatus::Ok);
    ok.next_poll = Some(NOW + Duration::from_mins(1));
    base.store.commit_poll(ok).await.unwrap();
    let next = async |at| {
        base.store.rest_after_crash(at, at, floor).await.unwrap();
        let feeds = [feed("one", URL[0]), feed("two", URL[1])];
        let known = base
            .store
            .register_feeds(&feeds, Timestamp::now())
            .await
            .unwrap();
        [known[0].next_poll, known[1].next_poll]
    };
    let early = NOW + Duration::from_secs(30);
    let [one, two] = next(early).await;
    assert_eq!(one, Some(NOW + Duration::from_mins(1)), "was not due");
    let two = two.unwrap();
    assert!(two >= early + floor && two < early + floor * 2, "{two}");
    let later = NOW + Duration::from_mins(2);
    let [one, still] = next(later).await;
    assert!(one.unwrap() >= later + floor);
    assert_eq!(still, Some(two), "a second crash puts off no feed again");
}

#[tokio::test]
async fn what_a_clock_that_was_set_back_lets_rest_is_polled_no_sooner_than_it_was_to_be() {
    let base = base().await;
    let floor = Duration::from_mins(5);
    for (feed, next) in [(0, 30), (1, 2)] {
        let mut ok = poll(base.row(feed), NOW, PollStatus::Ok);
        ok.next_poll = Some(NOW + Duration::from_mins(next));
        ok.url = URL[feed].to_owned();
        base.store.commit_poll(ok).await.unwrap();
    }
    let crashed = NOW + Duration::from_mins(1);
    let due = NOW + Duration::from_hours(1);
    base.store
        .rest_after_crash(due, crashed, floor)
        .await
        .unwrap();
    let feeds = [feed("one", URL[0]), feed("two", URL[1])];
    let known = base.store.register_feeds(&feeds, crashed).await.unwrap();
    assert_eq!(known[0].next_poll, Some(NOW + Duration::from_mins(30)));
    assert!(known[1].next_poll.unwrap() >= crashed + floor);
}
