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
